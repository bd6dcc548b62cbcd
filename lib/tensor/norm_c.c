/* SPDX-License-Identifier: MIT
 *
 * Layer normalisation of a row and its gradient in portable C (Ba et al. 2016).
 *
 *   xhat = (x - mean) / sqrt(variance + eps)          y = xhat * gain + bias
 *   g = dy * gain          dx += (g - mean(g) - xhat mean(g xhat)) / sqrt(variance + eps)
 *   dgain += dy * xhat     dbias += dy
 *
 * Sums run in eight parts, as in kernels_c.c.
 */
#include "tensor/norm.h"

#define S2S__NORM_PARTS 8

static s2s__real norm_parts_sum(const s2s__real *part) {
  return ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
}

static s2s__real norm_mean(size_t n, const s2s__real *x) {
  s2s__real part[S2S__NORM_PARTS] = {0};
  for (size_t j = 0; j < n; j++) part[j % S2S__NORM_PARTS] += x[j];
  return norm_parts_sum(part) / (s2s__real)n;
}

void s2s__layer_norm_c(size_t n, const s2s__real *x, const s2s__real *gain, const s2s__real *bias, s2s__real eps,
                       s2s__real *moments, s2s__real *y) {
  s2s__real sum[S2S__NORM_PARTS] = {0}, squares[S2S__NORM_PARTS] = {0};
  moments[0] = moments[1] = 0;
  if (n == 0) return;
  const s2s__real middle = norm_mean(n, x);
  for (size_t j = 0; j < n; j++) {
    const s2s__real d = x[j] - middle;
    sum[j % S2S__NORM_PARTS] += d;
    squares[j % S2S__NORM_PARTS] += d * d;
  }
  s2s__norm_moments(n, middle, norm_parts_sum(sum), norm_parts_sum(squares), eps, moments);
  const s2s__real mean = moments[0], inverse = moments[1];
  for (size_t j = 0; j < n; j++) y[j] = (x[j] - mean) * inverse * gain[j] + bias[j];
}

void s2s__layer_norm_backward_c(size_t n, const s2s__real *x, const s2s__real *gain, const s2s__real *moments,
                                const s2s__real *dy, s2s__real *dx, s2s__real *dgain, s2s__real *dbias) {
  s2s__real sum[S2S__NORM_PARTS] = {0}, product[S2S__NORM_PARTS] = {0};
  const s2s__real mean = moments[0], inverse = moments[1];
  if (n == 0) return;
  for (size_t j = 0; j < n; j++) {
    const s2s__real g = dy[j] * gain[j];
    sum[j % S2S__NORM_PARTS] += g;
    product[j % S2S__NORM_PARTS] += g * ((x[j] - mean) * inverse);
  }
  const s2s__real mean_g = norm_parts_sum(sum) / (s2s__real)n, mean_gx = norm_parts_sum(product) / (s2s__real)n;
  for (size_t j = 0; j < n; j++) {
    const s2s__real xhat = (x[j] - mean) * inverse;
    dx[j] += inverse * (dy[j] * gain[j] - mean_g - xhat * mean_gx);
    dgain[j] += dy[j] * xhat;
    dbias[j] += dy[j];
  }
}
