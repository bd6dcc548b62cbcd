/* SPDX-License-Identifier: MIT
 *
 * exp, log, tanh, sigmoid, gelu, swish and two slopes of a vector, over the verbs of a level: the formulas of math_c.h
 * with fused multiply-adds. Lanes do not depend on each other, so a number's result is the same wherever it stands, and
 * on every level of this text. Included once for each level.
 *
 * exp and sigmoid look first whether every lane is near zero (|x| < 87), where results are normal numbers: then
 * exp takes a table of eighth powers of two and a cubic, seven multiplications in all, and scales in the table's bits.
 * Any other vector takes a slower way, apart, which gives near lanes the same bits.
 *
 * Largest errors in ULP, measured on every float of 2^-27 <= |x| < 128 (log: 1/8 <= x < 8) and every 61st of the rest;
 * avx2 and avx512 agree to the bit, and portable C (math_c.h) is last:
 *
 *            exp   log   tanh  sigmoid  gelu  swish
 *   vector   1.14  0.87  2.61  2.88     5.96  3.35
 *   c        0.99  0.87  2.67  2.41     6.24  3.40
 *
 * Slopes, in roundings of the size of their terms: gelu 6.7 (c 6.6), swish 4.4 (c 4.3), on every 61st float.
 */

/* A number split as x = n ln 2 + r. */
typedef struct VEC(reduced) {
  VEC(real) r, n, shifted; /* n a whole number; n + 1.5 * 2^23, as VEC(raise) takes it */
} VEC(reduced);

S2S__INLINE VEC(reduced) VEC(exp_reduce)(VEC(real) x) {
  const VEC(real) big = VEC(set1)(12582912.0f); /* adding it rounds to a whole number */
  const VEC(real) shifted = VEC(fma)(x, VEC(set1)(S2S__LOG2E), big), n = VEC(sub)(shifted, big);
  const VEC(real) high = VEC(fnma)(n, VEC(set1)(0.693147182f), x);
  return (VEC(reduced)){VEC(fnma)(n, VEC(set1)(-1.904654300e-9f), high), n, shifted};
}

/* (e^r - 1 - r) / r^2 */
S2S__INLINE VEC(real) VEC(exp_rest)(VEC(real) r) {
  VEC(real) q = VEC(fma)(VEC(set1)(S2S__EXP_Q4), r, VEC(set1)(S2S__EXP_Q3));
  q = VEC(fma)(q, r, VEC(set1)(S2S__EXP_Q2));
  q = VEC(fma)(q, r, VEC(set1)(S2S__EXP_Q1));
  return VEC(fma)(q, r, VEC(set1)(S2S__EXP_Q0));
}

/* e^r */
S2S__INLINE VEC(real) VEC(exp_series)(VEC(real) r) {
  const VEC(real) one = VEC(set1)(1.0f);
  return VEC(fma)(VEC(fma)(VEC(exp_rest)(r), r, one), r, one);
}

/* With x = m ln 2 / 8 + r: power (1 + r + r^2 (E0 + E1 r)), where power is 2^(m / 8). */
S2S__INLINE VEC(real) VEC(exp_eighths)(VEC(real) r, VEC(real) power) {
  const VEC(real) q = VEC(fma)(VEC(set1)(S2S__EXP_E1), r, VEC(set1)(S2S__EXP_E0));
  return VEC(fma)(power, VEC(fma)(VEC(mul)(r, r), q, r), power);
}

/* r and m, as n. */
S2S__INLINE VEC(reduced) VEC(exp_reduce_eighths)(VEC(real) x) {
  const VEC(real) big = VEC(set1)(12582912.0f);
  const VEC(real) shifted = VEC(fma)(x, VEC(set1)(8 * S2S__LOG2E), big), m = VEC(sub)(shifted, big);
  const VEC(real) high = VEC(fnma)(m, VEC(set1)(0.693147182f / 8), x);
  return (VEC(reduced)){VEC(fnma)(m, VEC(set1)(-1.904654300e-9f / 8), high), m, shifted};
}

/* exp where |x| < S2S__EXP_NEAR, so that neither it nor its inverse leaves the normal numbers. */
S2S__INLINE VEC(real) VEC(exp_near)(VEC(real) x) {
  const VEC(reduced) x_is = VEC(exp_reduce_eighths)(x);
  return VEC(exp_eighths)(x_is.r, VEC(eighth_power)(x_is.shifted));
}
S2S__INLINE int VEC(is_near)(VEC(real) x) { return VEC(all_less)(VEC(abs)(x), VEC(set1)(S2S__EXP_NEAR)); }

/* exp anywhere; the same bits as exp_near there: n, the whole part of m / 8, comes in last. Rare, so it stays apart. */
S2S__APART VEC(real) VEC(exp_far)(VEC(real) x) {
  const VEC(real) below = VEC(min)(VEC(set1)(S2S__EXP_HIGH), x);
  const VEC(reduced) x_is = VEC(exp_reduce_eighths)(VEC(max)(VEC(set1)(S2S__EXP_LOW), below));
  const VEC(real) n = VEC(round)(VEC(fma)(x_is.n, VEC(set1)(0.125f), VEC(set1)(-0.4375f)));
  const VEC(real) power = VEC(eighth_power)(VEC(fnma)(n, VEC(set1)(8.0f), x_is.shifted));
  return VEC(scale_power)(VEC(exp_eighths)(x_is.r, power), n);
}

S2S__INLINE VEC(real) VEC(exp)(VEC(real) x) { return VEC(is_near)(x) ? VEC(exp_near)(x) : VEC(exp_far)(x); }

/* With w = e^(2|x|) - 1 = (e^r - 1) 2^n + (2^n - 1): w / (w + 2). */
S2S__INLINE VEC(real) VEC(tanh)(VEC(real) x) {
  const VEC(real) one = VEC(set1)(1.0f), bounded = VEC(min)(VEC(set1)(S2S__TANH_HIGH), VEC(abs)(x));
  const VEC(reduced) x_is = VEC(exp_reduce)(VEC(add)(bounded, bounded));
  const VEC(real) p = VEC(fma)(VEC(mul)(x_is.r, x_is.r), VEC(exp_rest)(x_is.r), x_is.r);
  const VEC(real) power = VEC(raise)(one, x_is.shifted), w = VEC(fma)(p, power, VEC(sub)(power, one));
  return VEC(copy_sign)(VEC(div)(w, VEC(add)(w, VEC(set1)(2.0f))), x);
}

/* exp_near of -x: the same steps with r = -s. */
S2S__INLINE VEC(real) VEC(exp_near_minus)(VEC(real) x) {
  const VEC(real) big = VEC(set1)(12582912.0f);
  const VEC(real) shifted = VEC(fnma)(x, VEC(set1)(8 * S2S__LOG2E), big), m = VEC(sub)(shifted, big);
  const VEC(real) high = VEC(fma)(m, VEC(set1)(0.693147182f / 8), x);
  const VEC(real) s = VEC(fma)(m, VEC(set1)(-1.904654300e-9f / 8), high), power = VEC(eighth_power)(shifted);
  const VEC(real) q = VEC(fnma)(VEC(set1)(S2S__EXP_E1), s, VEC(set1)(S2S__EXP_E0));
  return VEC(fnma)(power, VEC(fnma)(VEC(mul)(s, s), q, s), power);
}

S2S__INLINE VEC(real) VEC(sigmoid_near)(VEC(real) x) {
  const VEC(real) one = VEC(set1)(1.0f);
  return VEC(div)(one, VEC(add)(one, VEC(exp_near_minus)(x)));
}

/* sigmoid anywhere: e^x where x is far below zero. */
S2S__APART VEC(real) VEC(sigmoid_far)(VEC(real) x) {
  const VEC(real) high = VEC(set1)(S2S__EXP_NEAR), low = VEC(set1)(-S2S__EXP_NEAR);
  const VEC(real) near = VEC(sigmoid_near)(VEC(max)(low, VEC(min)(high, x)));
  return VEC(keep_nan)(VEC(greater)(low, x, VEC(exp_far)(x), near), x);
}

S2S__INLINE VEC(real) VEC(sigmoid)(VEC(real) x) { return VEC(is_near)(x) ? VEC(sigmoid_near)(x) : VEC(sigmoid_far)(x); }

/* max(x, 0) - w with the sign of x (w has that of -x or is smaller), so that minus zero and minus infinity give -0 */
S2S__INLINE VEC(real) VEC(above_less)(VEC(real) x, VEC(real) w) {
  return VEC(copy_sign)(VEC(sub)(VEC(max)(VEC(zero)(), x), w), x);
}

S2S__INLINE VEC(real) VEC(swish)(VEC(real) x) {
  const VEC(real) one = VEC(set1)(1.0f), t = VEC(min)(VEC(set1)(S2S__SWISH_HIGH), VEC(abs)(x));
  const VEC(reduced) x_is = VEC(exp_reduce)(VEC(sub)(VEC(zero)(), t));
  const VEC(real) e = VEC(exp_series)(x_is.r);
  const VEC(real) w = VEC(div)(VEC(mul)(t, e), VEC(add)(one, VEC(scale_power)(e, x_is.n)));
  return VEC(above_less)(x, VEC(scale_power)(w, x_is.n));
}

/* s (1 + x s'), s = sigmoid(x), s' = sigmoid(-x); x bounded, since infinity times zero would be NaN */
S2S__INLINE VEC(real) VEC(swish_slope)(VEC(real) x) {
  const VEC(real) one = VEC(set1)(1.0f), t = VEC(min)(VEC(set1)(S2S__SWISH_HIGH), VEC(abs)(x));
  const VEC(real) e = VEC(exp)(VEC(sub)(VEC(zero)(), t)), more = VEC(div)(one, VEC(add)(one, e));
  const VEC(real) less = VEC(mul)(e, more); /* sigmoid of t and of -t */
  return VEC(select_sign)(x, VEC(mul)(less, VEC(fnma)(t, more, one)), VEC(mul)(more, VEC(fma)(t, less, one)));
}

/* v, where Phi(-t) = v 2^n and e^(-t^2 / 2) = e 2^n, 0 <= t <= S2S__GELU_HIGH. */
S2S__INLINE VEC(real) VEC(gauss_tail)(VEC(real) t, VEC(real) * e, VEC(real) * n) {
  const VEC(real) one = VEC(set1)(1.0f), half = VEC(mul)(VEC(set1)(0.5f), t);
  const VEC(real) square = VEC(mul)(half, t), less = VEC(fnma)(half, t, square); /* t^2 / 2 = square - less */
  const VEC(reduced) x_is = VEC(exp_reduce)(VEC(sub)(VEC(zero)(), square));
  const VEC(real) inverse = VEC(div)(one, VEC(add)(t, VEC(set1)(4.0f)));
  const VEC(real) u = VEC(mul)(VEC(sub)(t, VEC(set1)(4.0f)), inverse);
  VEC(real) g = VEC(fma)(VEC(set1)(S2S__GELU_G9), u, VEC(set1)(S2S__GELU_G8));
  g = VEC(fma)(g, u, VEC(set1)(S2S__GELU_G7));
  g = VEC(fma)(g, u, VEC(set1)(S2S__GELU_G6));
  g = VEC(fma)(g, u, VEC(set1)(S2S__GELU_G5));
  g = VEC(fma)(g, u, VEC(set1)(S2S__GELU_G4));
  g = VEC(fma)(g, u, VEC(set1)(S2S__GELU_G3));
  g = VEC(fma)(g, u, VEC(set1)(S2S__GELU_G2));
  g = VEC(fma)(g, u, VEC(set1)(S2S__GELU_G1));
  g = VEC(fma)(g, u, VEC(set1)(S2S__GELU_G0));
  *e = VEC(exp_series)(VEC(add)(x_is.r, less));
  *n = x_is.n;
  return VEC(mul)(*e, VEC(mul)(g, inverse));
}

S2S__INLINE VEC(real) VEC(gelu)(VEC(real) x) {
  VEC(real) e, n;
  const VEC(real) t = VEC(min)(VEC(set1)(S2S__GELU_HIGH), VEC(abs)(x)), v = VEC(gauss_tail)(t, &e, &n);
  return VEC(above_less)(x, VEC(scale_power)(VEC(mul)(t, v), n));
}

/* Phi(x) + x phi(x), which is d = Phi(-t) - t phi(t) for x = -t, and 1 - d for x = t. */
S2S__INLINE VEC(real) VEC(gelu_slope)(VEC(real) x) {
  VEC(real) e, n;
  const VEC(real) t = VEC(min)(VEC(set1)(S2S__GELU_HIGH), VEC(abs)(x)), v = VEC(gauss_tail)(t, &e, &n);
  const VEC(real) density = VEC(mul)(e, VEC(set1)(S2S__ROOT_2_PI_INVERSE));
  const VEC(real) d = VEC(scale_power)(VEC(fnma)(t, density, v), n);
  return VEC(select_sign)(x, d, VEC(sub)(VEC(set1)(1.0f), d));
}

S2S__INLINE VEC(real) VEC(log)(VEC(real) x) {
  const VEC(real) normal = VEC(set1)(1.17549435e-38f), zero = VEC(zero)();
  const VEC(real) raised = VEC(greater)(normal, x, VEC(mul)(x, VEC(set1)(16777216.0f)), x);
  VEC(real) n;
  const VEC(real) f = VEC(sub)(VEC(split)(raised, &n), VEC(set1)(1.0f)), square = VEC(mul)(f, f);
  n = VEC(sub)(n, VEC(greater)(normal, x, VEC(set1)(24.0f), zero));
  VEC(real) p = VEC(fma)(VEC(set1)(S2S__LOG_P7), f, VEC(set1)(S2S__LOG_P6));
  p = VEC(fma)(p, f, VEC(set1)(S2S__LOG_P5));
  p = VEC(fma)(p, f, VEC(set1)(S2S__LOG_P4));
  p = VEC(fma)(p, f, VEC(set1)(S2S__LOG_P3));
  p = VEC(fma)(p, f, VEC(set1)(S2S__LOG_P2));
  p = VEC(fma)(p, f, VEC(set1)(S2S__LOG_P1));
  p = VEC(fma)(p, f, VEC(set1)(S2S__LOG_P0));
  const VEC(real) low = VEC(fma)(VEC(mul)(square, f), p, VEC(mul)(n, VEC(set1)(-2.12194440e-4f)));
  const VEC(real) rest = VEC(add)(f, VEC(fnma)(square, VEC(set1)(0.5f), low));
  const VEC(real) y = VEC(fma)(n, VEC(set1)(0.693359375f), rest);
  const VEC(real) below = VEC(greater)(zero, x, VEC(set1)(NAN), VEC(set1)(-INFINITY)); /* where x is not above zero */
  const VEC(real) finite = VEC(greater)(VEC(set1)(INFINITY), x, y, x);
  return VEC(keep_nan)(VEC(greater)(x, zero, finite, below), x);
}
