/* SPDX-License-Identifier: MIT
 *
 * LSTM (Hochreiter and Schmidhuber 1997; forget gates: Gers et al. 2000), PyTorch's gate order i f g o:
 *   i, f, o = sigmoid(a + u), g = tanh(a + u);  c' = f * c + i * g;  h' = o * tanh(c')
 * Saved: i f g o.
 */
#include "nn/recurrent.h"

static void cell_lstm_forward(const s2s__kernels *k, size_t hidden, const s2s__real *a, const s2s__real *u,
                              const s2s__real *h_prev, const s2s__real *c_prev, s2s__real *saved, s2s__real *h,
                              s2s__real *c) {
  (void)h_prev;
  k->lstm(hidden, a, u, c_prev, saved, c, h);
}

static void cell_lstm_backward(const s2s__kernels *k, size_t hidden, const s2s__real *saved, const s2s__real *h_prev,
                               const s2s__real *c_prev, const s2s__real *c, s2s__real *dh, s2s__real *dc, s2s__real *da,
                               s2s__real *du) {
  (void)h_prev, (void)du;
  k->lstm_backward(hidden, saved, c_prev, c, dh, dc, da);
  for (size_t j = 0; j < hidden; j++) dh[j] = 0; /* h_prev is reached through u alone */
}

const s2s__cell s2s__cell_lstm = {"lstm", 4, 4, 1, 1, cell_lstm_forward, S2S__IF_TRAINS(cell_lstm_backward)};
