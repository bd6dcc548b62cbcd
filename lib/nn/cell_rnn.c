/* SPDX-License-Identifier: MIT
 *
 * The plain recurrent cell (Elman 1990), PyTorch's nn.RNN with tanh:  h' = tanh(a + u)
 * Saved: h'.
 */
#include "nn/recurrent.h"

#include <string.h>

static void cell_rnn_forward(const s2s__kernels *k, size_t hidden, const s2s__real *a, const s2s__real *u,
                             const s2s__real *h_prev, const s2s__real *c_prev, s2s__real *saved, s2s__real *h,
                             s2s__real *c) {
  (void)h_prev, (void)c_prev, (void)c;
  memcpy(saved, a, hidden * sizeof *saved);
  k->add(hidden, u, saved);
  k->tanh(hidden, saved, saved);
  memcpy(h, saved, hidden * sizeof *h);
}

static void cell_rnn_backward(const s2s__kernels *k, size_t hidden, const s2s__real *saved, const s2s__real *h_prev,
                              const s2s__real *c_prev, const s2s__real *c, s2s__real *dh, s2s__real *dc, s2s__real *da,
                              s2s__real *du) {
  (void)h_prev, (void)c_prev, (void)c, (void)dc, (void)du;
  memset(da, 0, hidden * sizeof *da);
  k->tanh_backward(hidden, saved, dh, da);
  memset(dh, 0, hidden * sizeof *dh); /* h_prev is reached through u alone */
}

const s2s__cell s2s__cell_rnn = {"rnn", 1, 1, 0, 1, cell_rnn_forward, S2S__IF_TRAINS(cell_rnn_backward)};
