/* SPDX-License-Identifier: MIT
 *
 * Layer normalisation of a row and its gradient, over the verbs of a level; norm_c.c says what they are. Included once
 * for each level, after kernels_vec.h.
 *
 * Both read the row twice: once for two sums, which are functions of the length alone, once for the result.
 */

typedef struct KERNEL(pair) {
  float first, second;
} KERNEL(pair);

/* sum of d and of d^2, d = x - middle */
static KERNEL(pair) KERNEL(norm_sums)(size_t n, const float *x, float middle) {
  const VEC(real) shift = VEC(set1)(middle);
  VEC(real) s0 = VEC(zero)(), s1 = s0, q0 = s0, q1 = s0;
  size_t j = 0;
  for (; j + 2 * VEC_WIDTH <= n; j += 2 * VEC_WIDTH) {
    const VEC(real) d0 = VEC(sub)(VEC(load)(x + j), shift), d1 = VEC(sub)(VEC(load)(x + j + VEC_WIDTH), shift);
    s0 = VEC(add)(s0, d0), q0 = VEC(fma)(d0, d0, q0);
    s1 = VEC(add)(s1, d1), q1 = VEC(fma)(d1, d1, q1);
  }
  float rest[2 * VEC_WIDTH] = {0};
  for (size_t i = 0; j + i < n; i++) rest[i] = x[j + i] - middle;
  const VEC(real) d0 = VEC(load)(rest), d1 = VEC(load)(rest + VEC_WIDTH);
  s0 = VEC(add)(s0, d0), q0 = VEC(fma)(d0, d0, q0);
  s1 = VEC(add)(s1, d1), q1 = VEC(fma)(d1, d1, q1);
  return (KERNEL(pair)){VEC(sum)(VEC(add)(s0, s1)), VEC(sum)(VEC(add)(q0, q1))};
}

static void KERNEL(layer_norm)(size_t n, const float *x, const float *gain, const float *bias, float eps,
                               float *moments, float *y) {
  moments[0] = moments[1] = 0;
  if (n == 0) return;
  const float middle = KERNEL(sum)(n, x) / (float)n;
  const KERNEL(pair) sums = KERNEL(norm_sums)(n, x, middle);
  s2s__norm_moments(n, middle, sums.first, sums.second, eps, moments);
  const VEC(real) mean = VEC(set1)(moments[0]), inverse = VEC(set1)(moments[1]);
  VEC_MAP(n, y, VEC(fma)(VEC(mul)(VEC(sub)(AT(x), mean), inverse), AT(gain), AT(bias)));
}

typedef struct KERNEL(norm_row) {
  VEC(real) mean, inverse, mean_g, mean_gx; /* of g and of g xhat */
} KERNEL(norm_row);

S2S__INLINE VEC(real) KERNEL(norm_xhat)(const KERNEL(norm_row) * by, size_t count, const float *x) {
  return VEC(mul)(VEC(sub)(VEC(get)(x, count), by->mean), by->inverse);
}

S2S__INLINE void KERNEL(layer_norm_backward_at)(const KERNEL(norm_row) * by, size_t count, const float *x,
                                                const float *gain, const float *dy_in, float *dx, float *dgain,
                                                float *dbias) {
  const VEC(real) xhat = KERNEL(norm_xhat)(by, count, x), dy = VEC(get)(dy_in, count);
  const VEC(real) g = VEC(mul)(dy, VEC(get)(gain, count));
  const VEC(real) rest = VEC(fnma)(xhat, by->mean_gx, VEC(sub)(g, by->mean_g));
  VEC(put)(dx, count, VEC(fma)(by->inverse, rest, VEC(get)(dx, count)));
  VEC(put)(dgain, count, VEC(fma)(dy, xhat, VEC(get)(dgain, count)));
  VEC(put)(dbias, count, VEC(add)(dy, VEC(get)(dbias, count)));
}

/* The means of g and of g xhat, n > 0. */
S2S__INLINE void KERNEL(norm_means)(KERNEL(norm_row) * by, size_t n, const float *x, const float *gain,
                                    const float *dy) {
  VEC(real) s0 = VEC(zero)(), s1 = s0, p0 = s0, p1 = s0;
  size_t j = 0;
  for (; j + 2 * VEC_WIDTH <= n; j += 2 * VEC_WIDTH) {
    const VEC(real) g0 = VEC(mul)(VEC(load)(dy + j), VEC(load)(gain + j));
    const VEC(real) g1 = VEC(mul)(VEC(load)(dy + j + VEC_WIDTH), VEC(load)(gain + j + VEC_WIDTH));
    s0 = VEC(add)(s0, g0), p0 = VEC(fma)(g0, KERNEL(norm_xhat)(by, VEC_WIDTH, x + j), p0);
    s1 = VEC(add)(s1, g1), p1 = VEC(fma)(g1, KERNEL(norm_xhat)(by, VEC_WIDTH, x + j + VEC_WIDTH), p1);
  }
  for (; j < n; j += VEC_WIDTH) { /* past the end g is zero */
    const size_t count = n - j < VEC_WIDTH ? n - j : VEC_WIDTH;
    const VEC(real) g = VEC(mul)(VEC(get)(dy + j, count), VEC(get)(gain + j, count));
    s0 = VEC(add)(s0, g), p0 = VEC(fma)(g, KERNEL(norm_xhat)(by, count, x + j), p0);
  }
  by->mean_g = VEC(set1)(VEC(sum)(VEC(add)(s0, s1)) / (float)n);
  by->mean_gx = VEC(set1)(VEC(sum)(VEC(add)(p0, p1)) / (float)n);
}

static void KERNEL(layer_norm_backward)(size_t n, const float *x, const float *gain, const float *moments,
                                        const float *dy, float *dx, float *dgain, float *dbias) {
  KERNEL(norm_row) by = {.mean = VEC(set1)(moments[0]), .inverse = VEC(set1)(moments[1])};
  if (n == 0) return;
  KERNEL(norm_means)(&by, n, x, gain, dy);
  VEC_EACH(n, KERNEL(layer_norm_backward_at)(&by, count, x + j, gain + j, dy + j, dx + j, dgain + j, dbias + j));
}
