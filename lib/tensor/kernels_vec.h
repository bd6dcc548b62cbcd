/* SPDX-License-Identifier: MIT
 *
 * Sums, elementwise kernels and softmax over the verbs of a level (vec_NAME.h); kernels_c.c says what each means.
 * Included once for each level.
 *
 * Elementwise kernels are written for `count` numbers from j on, at most VEC_WIDTH; VEC_EACH and VEC_MAP run that over
 * a row, in full vectors (where count is a constant, and nothing is masked) and the rest. Sums run in four vectors that
 * are added as a tree, full vectors first and the rest of the row, filled up with zeros, into the first: a function of
 * the length alone.
 */

/* A statement for each j and count of n numbers. */
#define VEC_EACH(n, statement)                                                                                         \
  do {                                                                                                                 \
    size_t j = 0;                                                                                                      \
    for (; j + VEC_WIDTH <= (n); j += VEC_WIDTH) {                                                                     \
      const size_t count = VEC_WIDTH;                                                                                  \
      statement;                                                                                                       \
    }                                                                                                                  \
    if (j < (n)) {                                                                                                     \
      const size_t count = (n)-j;                                                                                      \
      statement;                                                                                                       \
    }                                                                                                                  \
  } while (0)
#define AT(x) VEC(get)((x) + j, count) /* the numbers of x there */
#define VEC_MAP(n, y, value) VEC_EACH(n, VEC(put)((y) + j, count, value))

/* ---- sums and maxima --------------------------------------------------------------------------------------------- */

S2S__INLINE float KERNEL(sum_of_four)(VEC(real) s0, VEC(real) s1, VEC(real) s2, VEC(real) s3) {
  return VEC(sum)(VEC(add)(VEC(add)(s0, s2), VEC(add)(s1, s3)));
}

S2S__INLINE float KERNEL(dot_of)(size_t n, const float *x, const float *y) {
  VEC(real) s0 = VEC(zero)(), s1 = s0, s2 = s0, s3 = s0;
  size_t j = 0;
  for (; j + 4 * VEC_WIDTH <= n; j += 4 * VEC_WIDTH) {
    s0 = VEC(fma)(VEC(load)(x + j), VEC(load)(y + j), s0);
    s1 = VEC(fma)(VEC(load)(x + j + VEC_WIDTH), VEC(load)(y + j + VEC_WIDTH), s1);
    s2 = VEC(fma)(VEC(load)(x + j + 2 * VEC_WIDTH), VEC(load)(y + j + 2 * VEC_WIDTH), s2);
    s3 = VEC(fma)(VEC(load)(x + j + 3 * VEC_WIDTH), VEC(load)(y + j + 3 * VEC_WIDTH), s3);
  }
  for (; j + VEC_WIDTH <= n; j += VEC_WIDTH) s0 = VEC(fma)(VEC(load)(x + j), VEC(load)(y + j), s0);
  if (j < n) s0 = VEC(fma)(VEC(get)(x + j, n - j), VEC(get)(y + j, n - j), s0);
  return KERNEL(sum_of_four)(s0, s1, s2, s3);
}

static float KERNEL(dot)(size_t n, const float *x, const float *y) { return KERNEL(dot_of)(n, x, y); }

static float KERNEL(sum)(size_t n, const float *x) {
  VEC(real) s0 = VEC(zero)(), s1 = s0, s2 = s0, s3 = s0;
  size_t j = 0;
  for (; j + 4 * VEC_WIDTH <= n; j += 4 * VEC_WIDTH) {
    s0 = VEC(add)(s0, VEC(load)(x + j));
    s1 = VEC(add)(s1, VEC(load)(x + j + VEC_WIDTH));
    s2 = VEC(add)(s2, VEC(load)(x + j + 2 * VEC_WIDTH));
    s3 = VEC(add)(s3, VEC(load)(x + j + 3 * VEC_WIDTH));
  }
  for (; j + VEC_WIDTH <= n; j += VEC_WIDTH) s0 = VEC(add)(s0, VEC(load)(x + j));
  if (j < n) s0 = VEC(add)(s0, VEC(get)(x + j, n - j));
  return KERNEL(sum_of_four)(s0, s1, s2, s3);
}

static double KERNEL(sum_squares)(size_t n, const float *x) {
  VEC(wide) low = VEC(wide_zero)(), high = low, low2 = low, high2 = low;
  size_t from = 0;
  for (; from + 2 * VEC_WIDTH <= n; from += 2 * VEC_WIDTH) {
    const VEC(real) x0 = VEC(load)(x + from), x1 = VEC(load)(x + from + VEC_WIDTH);
    low = VEC(wide_square)(VEC(wide_low)(x0), low), high = VEC(wide_square)(VEC(wide_high)(x0), high);
    low2 = VEC(wide_square)(VEC(wide_low)(x1), low2), high2 = VEC(wide_square)(VEC(wide_high)(x1), high2);
  }
  x += from;
  VEC_EACH(n - from, low = VEC(wide_square)(VEC(wide_low)(AT(x)), low);
           high = VEC(wide_square)(VEC(wide_high)(AT(x)), high));
  return (VEC(wide_sum)(low) + VEC(wide_sum)(low2)) + (VEC(wide_sum)(high) + VEC(wide_sum)(high2));
}

/* The higher, and m where it is NaN: max gives its second operand then, so that NaN comes in, and here it stays. */
S2S__INLINE VEC(real) KERNEL(max_step)(VEC(real) m, VEC(real) x) { return VEC(keep_nan)(VEC(max)(m, x), m); }

static float KERNEL(max)(size_t n, const float *x) {
  VEC(real) m0 = VEC(set1)(-INFINITY), m1 = m0, m2 = m0, m3 = m0;
  size_t j = 0;
  for (; j + 4 * VEC_WIDTH <= n; j += 4 * VEC_WIDTH) {
    m0 = KERNEL(max_step)(m0, VEC(load)(x + j));
    m1 = KERNEL(max_step)(m1, VEC(load)(x + j + VEC_WIDTH));
    m2 = KERNEL(max_step)(m2, VEC(load)(x + j + 2 * VEC_WIDTH));
    m3 = KERNEL(max_step)(m3, VEC(load)(x + j + 3 * VEC_WIDTH));
  }
  for (; j + VEC_WIDTH <= n; j += VEC_WIDTH) m0 = KERNEL(max_step)(m0, VEC(load)(x + j));
  m0 = KERNEL(max_step)(KERNEL(max_step)(m0, m1), KERNEL(max_step)(m2, m3));
  if (n >= VEC_WIDTH) m0 = KERNEL(max_step)(m0, VEC(load)(x + n - VEC_WIDTH)), j = n; /* over some that are done */
  if (VEC(any_nan)(m0)) return NAN;
  float most = VEC(highest)(m0);
  for (; j < n; j++)
    if (x[j] > most || x[j] != x[j]) most = x[j];
  return most;
}

/* ---- elementwise ------------------------------------------------------------------------------------------------- */

static void KERNEL(axpy)(size_t n, float alpha, const float *x, float *y) {
  const VEC(real) factor = VEC(set1)(alpha);
  VEC_MAP(n, y, VEC(fma)(factor, AT(x), AT(y)));
}

static void KERNEL(add)(size_t n, const float *x, float *y) { VEC_MAP(n, y, VEC(add)(AT(x), AT(y))); }

static void KERNEL(scale)(size_t n, float alpha, float *x) {
  const VEC(real) factor = VEC(set1)(alpha);
  VEC_MAP(n, x, VEC(mul)(AT(x), factor));
}

static void KERNEL(exp)(size_t n, const float *x, float *y) { VEC_MAP(n, y, VEC(exp)(AT(x))); }
static void KERNEL(tanh)(size_t n, const float *x, float *y) { VEC_MAP(n, y, VEC(tanh)(AT(x))); }
static void KERNEL(sigmoid)(size_t n, const float *x, float *y) { VEC_MAP(n, y, VEC(sigmoid)(AT(x))); }
static void KERNEL(log)(size_t n, const float *x, float *y) { VEC_MAP(n, y, VEC(log)(AT(x))); }
static void KERNEL(relu)(size_t n, const float *x, float *y) {
  const VEC(real) zero = VEC(zero)();
  VEC_MAP(n, y, VEC(greater)(zero, AT(x), zero, AT(x)));
}
static void KERNEL(gelu)(size_t n, const float *x, float *y) { VEC_MAP(n, y, VEC(gelu)(AT(x))); }
static void KERNEL(swish)(size_t n, const float *x, float *y) { VEC_MAP(n, y, VEC(swish)(AT(x))); }

/* 1 - y^2, rounded once */
S2S__INLINE VEC(real) KERNEL(tanh_slope)(VEC(real) y) { return VEC(fnma)(y, y, VEC(set1)(1.0f)); }
/* y (1 - y) */
S2S__INLINE VEC(real) KERNEL(sigmoid_slope)(VEC(real) y) { return VEC(mul)(y, VEC(sub)(VEC(set1)(1.0f), y)); }

static void KERNEL(tanh_backward)(size_t n, const float *y, const float *dy, float *dx) {
  VEC_MAP(n, dx, VEC(fma)(AT(dy), KERNEL(tanh_slope)(AT(y)), AT(dx)));
}

static void KERNEL(relu_backward)(size_t n, const float *x, const float *dy, float *dx) {
  const VEC(real) zero = VEC(zero)();
  VEC_MAP(n, dx, VEC(add)(VEC(keep_nan)(VEC(greater)(AT(x), zero, AT(dy), zero), AT(x)), AT(dx)));
}

static void KERNEL(gelu_backward)(size_t n, const float *x, const float *dy, float *dx) {
  VEC_MAP(n, dx, VEC(fma)(AT(dy), VEC(gelu_slope)(AT(x)), AT(dx)));
}

static void KERNEL(swish_backward)(size_t n, const float *x, const float *dy, float *dx) {
  VEC_MAP(n, dx, VEC(fma)(AT(dy), VEC(swish_slope)(AT(x)), AT(dx)));
}

/* ---- softmax ----------------------------------------------------------------------------------------------------- */

/* sum of exp(x - most), the terms also stored when y is not NULL. In place allowed. */
S2S__INLINE float KERNEL(exp_shifted)(size_t n, const float *x, float most, float *y) {
  const VEC(real) shift = VEC(set1)(most);
  VEC(real) sum = VEC(zero)();
  size_t j = 0;
  for (; j + VEC_WIDTH <= n; j += VEC_WIDTH) {
    const VEC(real) e = VEC(exp)(VEC(sub)(VEC(load)(x + j), shift));
    if (y) VEC(store)(y + j, e);
    sum = VEC(add)(sum, e);
  }
  float rest[VEC_WIDTH] = {0};
  if (j < n) {
    const VEC(real) e = VEC(exp)(VEC(sub)(VEC(get)(x + j, n - j), shift));
    if (y) VEC(put)(y + j, n - j, e);
    VEC(put)(rest, n - j, e); /* the lanes past the end hold exp(-most) */
  }
  return VEC(sum)(VEC(add)(sum, VEC(load)(rest)));
}

static void KERNEL(softmax)(size_t n, float *x) {
  const float sum = KERNEL(exp_shifted)(n, x, KERNEL(max)(n, x), x);
  KERNEL(scale)(n, 1.0f / sum, x);
}

static void KERNEL(softmax_backward)(size_t n, const float *p, const float *dp, float *dx) {
  const VEC(real) mean = VEC(set1)(KERNEL(dot)(n, p, dp));
  VEC_MAP(n, dx, VEC(fma)(AT(p), VEC(sub)(AT(dp), mean), AT(dx)));
}

static void KERNEL(log_softmax)(size_t n, const float *x, float *y) {
  const float most = KERNEL(max)(n, x);
  const VEC(real) shift = VEC(set1)(most), log_sum = VEC(set1)(s2s__log_c(KERNEL(exp_shifted)(n, x, most, NULL)));
  VEC_MAP(n, y, VEC(sub)(VEC(sub)(AT(x), shift), log_sum));
}

/* sum of x - most */
static float KERNEL(sum_shifted)(size_t n, const float *x, float most) {
  const VEC(real) shift = VEC(set1)(most);
  VEC(real) sum = VEC(zero)();
  float rest = 0;
  size_t j = 0;
  for (; j + VEC_WIDTH <= n; j += VEC_WIDTH) sum = VEC(add)(sum, VEC(sub)(VEC(load)(x + j), shift));
  for (; j < n; j++) rest += x[j] - most;
  return VEC(sum)(sum) + rest;
}

static float KERNEL(cross_entropy)(size_t n, float *logits, size_t target, float eps, float scale, float *plain) {
  *plain = 0;
  if (n == 0) return 0;
  const float most = KERNEL(max)(n, logits), at_target = logits[target] - most, share = eps / (float)n;
  const float shifted_sum = eps > 0 ? KERNEL(sum_shifted)(n, logits, most) : 0;
  const float sum = KERNEL(exp_shifted)(n, logits, most, logits), log_sum = s2s__log_c(sum), inverse = 1.0f / sum;
  const float target_gradient = logits[target] * inverse - (1.0f - eps) - share;
  const VEC(real) factor = VEC(set1)(scale * inverse), offset = VEC(set1)(scale * share);
  VEC_MAP(n, logits, VEC(sub)(VEC(mul)(AT(logits), factor), offset));
  logits[target] = scale * target_gradient;
  *plain = log_sum - at_target;
  return (1.0f - eps) * *plain + (eps > 0 ? eps * log_sum - share * shifted_sum : 0);
}
