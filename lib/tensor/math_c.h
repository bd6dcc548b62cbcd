/* SPDX-License-Identifier: MIT
 *
 * exp, tanh, sigmoid and log of one number in portable C, and the constants that the vector levels share.
 *
 * In float they are our own, from additions, multiplications and divisions alone, so that a result does not depend on
 * the platform's libm. In the double test build they are libm's, accurate enough for finite differences.
 *
 *   exp      x = n ln 2 + r, |r| <= ln 2 / 2;  e^r - 1 = r + r^2 Q(r), Q a minimax polynomial of degree 4 (relative
 *            error of e^r 3.6e-9); e^x = (1 + (e^r - 1)) 2^n, which is 0, denormal or infinite where it should be
 *   tanh     with w = e^(2|x|) - 1 = (e^r - 1) 2^n + (2^n - 1):  w / (w + 2), with the sign of x; exact near zero
 *   sigmoid  with e = e^-|x|:  1 / (1 + e) for x >= 0, e / (1 + e) for x < 0; never overflows
 *   log      for positive normal floats, in double: m 2^n, 2 atanh((m - 1) / (m + 1)) as a series
 *
 * Largest errors, tested over the whole float range on every level: exp 2 ULP, tanh 4 ULP, sigmoid 4 ULP.
 */
#ifndef S2S__TENSOR_MATH_C_H
#define S2S__TENSOR_MATH_C_H

#include "tensor/isa.h"

#include <math.h>
#include <string.h>

#define S2S__LOG2E 1.44269504f
#define S2S__EXP_LOW (-104.0f) /* exp of this and of all below is zero */
#define S2S__EXP_HIGH 89.0f    /* exp of this and of all above is infinite */
#define S2S__TANH_HIGH 9.25f   /* tanh of this and of all above is one */
#define S2S__EXP_Q0 0.4999999404f
#define S2S__EXP_Q1 0.1666652113f
#define S2S__EXP_Q2 0.04166838899f
#define S2S__EXP_Q3 0.008368745446f
#define S2S__EXP_Q4 0.001381454058f

#if defined(S2S_DOUBLE) && S2S_DOUBLE

S2S__INLINE s2s__real s2s__exp_c(s2s__real x) { return exp(x); }
S2S__INLINE s2s__real s2s__tanh_c(s2s__real x) { return tanh(x); }
S2S__INLINE s2s__real s2s__log_c(s2s__real x) { return log(x); }
S2S__INLINE s2s__real s2s__sqrt_c(s2s__real x) { return sqrt(x); }

#else

S2S__INLINE float s2s__float_of_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

S2S__INLINE uint32_t s2s__bits_of_float(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

/* 2^n for -126 <= n <= 127. */
S2S__INLINE float s2s__power_of_two(int32_t n) { return s2s__float_of_bits((uint32_t)(n + 127) << 23); }

/* e^r - 1, where x = n ln 2 + r. |x| < 2^13; NaN gives any n. ln 2 is taken in two parts, the first of ten bits.
 * Without branches, so that compilers can make vectors of it. */
S2S__INLINE float s2s__exp_parts(float x, int32_t *n) {
  const float big = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer, in the lowest bits */
  const float shifted = x * S2S__LOG2E + big;
  const float whole = shifted - big;
  const float high = x - whole * 0.693359375f;
  const float r = high - whole * -2.12194440e-4f;
  const float q = (((S2S__EXP_Q4 * r + S2S__EXP_Q3) * r + S2S__EXP_Q2) * r + S2S__EXP_Q1) * r + S2S__EXP_Q0;
  *n = (int32_t)(s2s__bits_of_float(shifted) - 0x4b400000u);
  return r + r * r * q;
}

S2S__INLINE float s2s__exp_c(float x) {
  int32_t n;
  const float below = S2S__EXP_HIGH < x ? S2S__EXP_HIGH : x, bounded = S2S__EXP_LOW > below ? S2S__EXP_LOW : below;
  const float p = s2s__exp_parts(bounded, &n);
  const int32_t half = n / 2; /* two steps: 2^n itself may not be a normal number */
  return (1.0f + p) * s2s__power_of_two(half) * s2s__power_of_two(n - half);
}

S2S__INLINE float s2s__tanh_c(float x) {
  int32_t n;
  const float size = s2s__float_of_bits(s2s__bits_of_float(x) & 0x7fffffffu);
  const float bounded = S2S__TANH_HIGH < size ? S2S__TANH_HIGH : size;
  const float p = s2s__exp_parts(2.0f * bounded, &n);
  const float power = s2s__power_of_two(n);
  const float w = p * power + (power - 1.0f);
  const float y = w / (w + 2.0f);
  return s2s__float_of_bits(s2s__bits_of_float(y) | (s2s__bits_of_float(x) & 0x80000000u));
}

/* sqrtf is exact on every platform, by IEEE 754. */
S2S__INLINE float s2s__sqrt_c(float x) { return sqrtf(x); }

/* x a positive normal number or infinity or NaN (a sum of exponentials of which one is 1). Error below 0.51 ULP. */
S2S__INLINE float s2s__log_c(float x) {
  const uint32_t bits = s2s__bits_of_float(x);
  if (bits >= 0x7f800000u) return x;
  const int32_t n = (int32_t)(bits - 0x3f3504f3u) >> 23; /* mantissa in sqrt(1/2) .. sqrt(2) */
  const double m = (double)s2s__float_of_bits(bits - ((uint32_t)n << 23));
  const double t = (m - 1.0) / (m + 1.0), s = t * t; /* |t| <= 0.1716 */
  const double series =
      1.0 + s * (1.0 / 3 + s * (1.0 / 5 + s * (1.0 / 7 + s * (1.0 / 9 + s * (1.0 / 11 + s * (1.0 / 13))))));
  return (float)(n * 0.69314718055994530942 + 2.0 * t * series);
}

#endif

S2S__INLINE s2s__real s2s__sigmoid_c(s2s__real x) {
  const s2s__real e = s2s__exp_c(x < 0 ? x : -x);
  return (x < 0 ? e : (s2s__real)1) / ((s2s__real)1 + e);
}

#endif
