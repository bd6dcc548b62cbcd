/* SPDX-License-Identifier: MIT
 *
 * Layer normalisation in portable C (norm_c.c), and the piece that the vector levels share with it.
 */
#ifndef S2S__TENSOR_NORM_H
#define S2S__TENSOR_NORM_H

#include "tensor/math_c.h"

void s2s__layer_norm_c(size_t n, const s2s__real *x, const s2s__real *gain, const s2s__real *bias, s2s__real eps,
                       s2s__real *moments, s2s__real *y);
void s2s__layer_norm_backward_c(size_t n, const s2s__real *x, const s2s__real *gain, const s2s__real *moments,
                                const s2s__real *dy, s2s__real *dx, s2s__real *dgain, s2s__real *dbias);

/* Mean and 1 / sqrt(variance + eps) of n > 0 numbers, from the sum of d = x - middle and of d^2, where middle is a
 * first mean, rounded: what d still has of a mean is added to it and taken out of the variance. */
S2S__INLINE void s2s__norm_moments(size_t n, s2s__real middle, s2s__real sum, s2s__real squares, s2s__real eps,
                                   s2s__real *moments) {
  const s2s__real rest = sum / (s2s__real)n, variance = (squares - sum * rest) / (s2s__real)n;
  moments[0] = middle + rest;
  moments[1] = 1 / s2s__sqrt_c((variance < 0 ? 0 : variance) + eps);
}

#endif
