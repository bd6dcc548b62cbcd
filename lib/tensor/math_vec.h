/* SPDX-License-Identifier: MIT
 *
 * exp, tanh and sigmoid of a vector, over the verbs of a level: the formulas and constants of math_c.h with fused
 * multiply-adds. Lanes do not depend on each other, so a number's result is the same wherever it stands, and on every
 * level of this text. Included once for each level.
 *
 * Largest errors over the whole float range, measured on every 97th pattern of bits: exp 1.01, tanh 2.5, sigmoid 2.3
 * ULP; the test holds 2, 4 and 4.
 */

/* e^r - 1, where x = n ln 2 + r; n a whole number. NaN stays NaN. */
S2S__INLINE VEC(real) VEC(exp_parts)(VEC(real) x, VEC(real) * n) {
  const VEC(real) whole = VEC(round)(VEC(mul)(x, VEC(set1)(S2S__LOG2E)));
  const VEC(real) high = VEC(fnma)(whole, VEC(set1)(0.693147182f), x);
  const VEC(real) r = VEC(fnma)(whole, VEC(set1)(-1.904654300e-9f), high);
  VEC(real) q = VEC(fma)(VEC(set1)(S2S__EXP_Q4), r, VEC(set1)(S2S__EXP_Q3));
  q = VEC(fma)(q, r, VEC(set1)(S2S__EXP_Q2));
  q = VEC(fma)(q, r, VEC(set1)(S2S__EXP_Q1));
  q = VEC(fma)(q, r, VEC(set1)(S2S__EXP_Q0));
  *n = whole;
  return VEC(fma)(VEC(mul)(r, r), q, r);
}

S2S__INLINE VEC(real) VEC(exp)(VEC(real) x) {
  VEC(real) n;
  const VEC(real) bounded = VEC(max)(VEC(set1)(S2S__EXP_LOW), VEC(min)(VEC(set1)(S2S__EXP_HIGH), x));
  const VEC(real) p = VEC(exp_parts)(bounded, &n);
  return VEC(scale_power)(VEC(add)(VEC(set1)(1.0f), p), n);
}

S2S__INLINE VEC(real) VEC(tanh)(VEC(real) x) {
  VEC(real) n;
  const VEC(real) bounded = VEC(min)(VEC(set1)(S2S__TANH_HIGH), VEC(abs)(x));
  const VEC(real) p = VEC(exp_parts)(VEC(add)(bounded, bounded), &n), power = VEC(power)(n);
  const VEC(real) w = VEC(fma)(p, power, VEC(sub)(power, VEC(set1)(1.0f)));
  return VEC(copy_sign)(VEC(div)(w, VEC(add)(w, VEC(set1)(2.0f))), x);
}

S2S__INLINE VEC(real) VEC(sigmoid)(VEC(real) x) {
  const VEC(real) one = VEC(set1)(1.0f), e = VEC(exp)(VEC(copy_sign)(VEC(abs)(x), VEC(set1)(-0.0f)));
  return VEC(div)(VEC(select_sign)(x, e, one), VEC(add)(one, e));
}
