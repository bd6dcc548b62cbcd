/* SPDX-License-Identifier: MIT
 *
 * GRU (Cho et al. 2014) in the reset-after form of cuDNN and PyTorch, gate order r z n:
 *   r = sigmoid(a_r + u_r);  z = sigmoid(a_z + u_z);  n = tanh(a_n + r * u_n);  h' = (1 - z) * n + z * h
 * Saved: r z n u_n.
 */
#include "nn/recurrent.h"

static void cell_gru_forward(const s2s__kernels *k, size_t hidden, const s2s__real *a, const s2s__real *u,
                             const s2s__real *h_prev, const s2s__real *c_prev, s2s__real *saved, s2s__real *h,
                             s2s__real *c) {
  (void)c_prev, (void)c;
  k->gru(hidden, a, u, h_prev, saved, h);
}

static void cell_gru_backward(const s2s__kernels *k, size_t hidden, const s2s__real *saved, const s2s__real *h_prev,
                              const s2s__real *c_prev, const s2s__real *c, s2s__real *dh, s2s__real *dc, s2s__real *da,
                              s2s__real *du) {
  (void)c_prev, (void)c, (void)dc;
  k->gru_backward(hidden, saved, h_prev, dh, da, du);
}

const s2s__cell s2s__cell_gru = {"gru", 3, 4, 0, 0, cell_gru_forward, S2S__IF_TRAINS(cell_gru_backward)};
