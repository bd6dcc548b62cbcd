/* SPDX-License-Identifier: MIT
 *
 * exp, log, tanh, sigmoid, gelu and swish of one number in portable C, and the constants that the vector levels share.
 *
 * In float they are our own, from additions, multiplications and divisions alone, so that a result does not depend on
 * the platform's libm; without branches, so that compilers can make vectors of them. In the double test build they are
 * libm's, accurate enough for finite differences.
 *
 *   exp      x = n ln 2 + r, |r| <= ln 2 / 2;  e^r - 1 = r + r^2 Q(r), Q a minimax polynomial of degree 4 (relative
 *            error of e^r 3.6e-9); e^x = (1 + (e^r - 1)) 2^n, which is 0, denormal or infinite where it should be
 *   log      x = m 2^n, sqrt(1/2) <= m < sqrt(2), f = m - 1;  log x = n ln 2 + f - f^2 / 2 + f^3 P(f), P a minimax
 *            polynomial of degree 7 (relative error of log m 5.9e-9)
 *   tanh     with w = e^(2|x|) - 1 = (e^r - 1) 2^n + (2^n - 1):  w / (w + 2), with the sign of x; exact near zero
 *   sigmoid  with e = e^-|x|:  1 / (1 + e) for x >= 0, e / (1 + e) for x < 0; never overflows
 *   swish    max(x, 0) - |x| e / (1 + e); e times |x| before it is scaled by 2^n, so that the tail is right
 *   gelu     max(x, 0) - |x| Phi(-|x|), and with t = |x|:  Phi(-t) = e^(-t^2 / 2) G(t) / (t + 4), where G is a minimax
 *            polynomial of degree 9 in u = (t - 4) / (t + 4), relative error 9.1e-9 for t in 0 .. 15; t^2 / 2 is taken
 *            in two parts, since its absolute error becomes e's relative one
 *
 * The polynomials were made by Remez' exchange in forty digits, weighted for relative error, and rounded to float.
 * Largest errors, tested over the whole float range on every level: exp and log 2 ULP, tanh, sigmoid and swish 4 ULP,
 * gelu 8 ULP.
 */
#ifndef S2S__TENSOR_MATH_C_H
#define S2S__TENSOR_MATH_C_H

#include "tensor/bits.h"

#include <math.h>
#include <string.h>

#define S2S__LOG2E 1.44269504f
#define S2S__EXP_LOW (-104.0f) /* exp of this and of all below is zero */
#define S2S__EXP_HIGH 89.0f    /* exp of this and of all above is infinite */
#define S2S__EXP_NEAR 87.0f    /* exp of numbers of smaller size is a normal number */
#define S2S__TANH_HIGH 9.25f   /* tanh of this and of all above is one */
#define S2S__EXP_Q0 0.4999999404f
#define S2S__EXP_Q1 0.1666652113f
#define S2S__EXP_Q2 0.04166838899f
#define S2S__EXP_Q3 0.008368745446f
#define S2S__EXP_Q4 0.001381454058f
/* For vectors, x = m ln 2 / 8 + r: e^x = 2^(m / 8) (1 + r + r^2 (E0 + E1 r)), relative error 2.6e-8. The eighth powers
 * of two, i = 0 .. 7, are stored as bits less i << 20, so that adding m << 20 gives 2^(m / 8). */
#define S2S__EXP_E0 0.5000646017f
#define S2S__EXP_E1 0.1666685886f
#define S2S__EIGHTHS 0x3f800000, 0x3f7b95c2, 0x3f7837f0, 0x3f75fed7, 0x3f7504f3, 0x3f75672a, 0x3f7744fd, 0x3f7ac0c7
#define S2S__LOG_P0 0.3333333171f
#define S2S__LOG_P1 -0.2500082106f
#define S2S__LOG_P2 0.200012271f
#define S2S__LOG_P3 -0.1662335654f
#define S2S__LOG_P4 0.1420175162f
#define S2S__LOG_P5 -0.1316018351f
#define S2S__LOG_P6 0.127616211f
#define S2S__LOG_P7 -0.07634547302f
#define S2S__GELU_HIGH 15.0f /* Phi(-this) and all beyond is less than any float */
#define S2S__GELU_G0 0.7552851352f
#define S2S__GELU_G1 -0.6078965799f
#define S2S__GELU_G2 0.3871369167f
#define S2S__GELU_G3 -0.1865236564f
#define S2S__GELU_G4 0.06040348777f
#define S2S__GELU_G5 -0.00752400431f
#define S2S__GELU_G6 -0.003510206807f
#define S2S__GELU_G7 0.001568409283f
#define S2S__GELU_G8 0.0001746561499f
#define S2S__GELU_G9 -0.0001341977712f
#define S2S__ROOT_2_PI_INVERSE 0.3989422804f /* 1 / sqrt(2 pi) */
#define S2S__SWISH_HIGH 110.0f               /* |x| e^-|x| of this and of all beyond is less than any float */

#if defined(S2S_DOUBLE) && S2S_DOUBLE

S2S__INLINE s2s__real s2s__select_c(int condition, s2s__real a, s2s__real b) { return condition ? a : b; }
S2S__INLINE s2s__real s2s__exp_c(s2s__real x) { return exp(x); }
S2S__INLINE s2s__real s2s__tanh_c(s2s__real x) { return tanh(x); }
S2S__INLINE s2s__real s2s__log_c(s2s__real x) { return log(x); }
S2S__INLINE s2s__real s2s__sqrt_c(s2s__real x) { return sqrt(x); }
S2S__INLINE s2s__real s2s__gelu_c(s2s__real x) { return x < -40 ? -0.0 : x * (0.5 * erfc(x * -sqrt(0.5))); }
S2S__INLINE s2s__real s2s__swish_c(s2s__real x) { return x < -800 ? -0.0 : x / (1 + exp(-x)); }
S2S__INLINE s2s__real s2s__gelu_slope_c(s2s__real x) {
  const s2s__real bounded = x < -40 ? -40 : x > 40 ? 40 : x;
  return 0.5 * erfc(bounded * -sqrt(0.5)) + bounded * exp(-0.5 * bounded * bounded) * 0.39894228040143267794;
}

#else

/* condition ? a : b, as a mask: a branch on it would keep compilers from making vectors. */
S2S__INLINE float s2s__select_c(int condition, float a, float b) {
  const uint32_t mask = 0u - (uint32_t)condition, bits = s2s__bits_of_float(b);
  return s2s__float_of_bits(bits ^ ((s2s__bits_of_float(a) ^ bits) & mask));
}

/* 2^n for -126 <= n <= 127. */
S2S__INLINE float s2s__power_of_two(int32_t n) { return s2s__float_of_bits((uint32_t)(n + 127) << 23); }

/* p 2^n for -250 <= n <= 250, rounded once; p near 1, or n zero. */
S2S__INLINE float s2s__scale_power_c(float p, int32_t n) {
  const int32_t half = n / 2; /* two steps: 2^n itself may not be a normal number */
  return p * s2s__power_of_two(half) * s2s__power_of_two(n - half);
}

/* e^r - 1, where x + low = n ln 2 + r. |x| < 2^13, low small; NaN gives any n. ln 2 is taken in two parts, the first of
 * ten bits. */
S2S__INLINE float s2s__exp_parts(float x, float low, int32_t *n) {
  const float big = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer, in the lowest bits */
  const float shifted = x * S2S__LOG2E + big;
  const float whole = shifted - big;
  const float high = x - whole * 0.693359375f;
  const float r = (high - whole * -2.12194440e-4f) + low;
  const float q = (((S2S__EXP_Q4 * r + S2S__EXP_Q3) * r + S2S__EXP_Q2) * r + S2S__EXP_Q1) * r + S2S__EXP_Q0;
  *n = (int32_t)(s2s__bits_of_float(shifted) - 0x4b400000u);
  return r + r * r * q;
}

S2S__INLINE float s2s__exp_c(float x) {
  int32_t n;
  const float below = s2s__select_c(x > S2S__EXP_HIGH, S2S__EXP_HIGH, x);
  const float bounded = s2s__select_c(below < S2S__EXP_LOW, S2S__EXP_LOW, below);
  const float p = s2s__exp_parts(bounded, -0.0f, &n);
  return s2s__scale_power_c(1.0f + p, n);
}

/* |x|, at most `most`; NaN stays. */
S2S__INLINE float s2s__size_c(float x, float most) {
  const float size = s2s__float_of_bits(s2s__bits_of_float(x) & 0x7fffffffu);
  return s2s__select_c(size > most, most, size);
}

/* y, whose sign bit is clear or that of x, with the sign of x. */
S2S__INLINE float s2s__with_sign_c(float y, float x) {
  return s2s__float_of_bits(s2s__bits_of_float(y) | (s2s__bits_of_float(x) & 0x80000000u));
}

S2S__INLINE float s2s__tanh_c(float x) {
  int32_t n;
  const float p = s2s__exp_parts(2.0f * s2s__size_c(x, S2S__TANH_HIGH), -0.0f, &n);
  const float power = s2s__power_of_two(n);
  const float w = p * power + (power - 1.0f);
  return s2s__with_sign_c(w / (w + 2.0f), x);
}

/* v, where Phi(-t) = v 2^n and e^(-t^2 / 2) = e 2^n, 0 <= t <= S2S__GELU_HIGH. */
S2S__INLINE float s2s__gauss_tail_c(float t, float *e, int32_t *n) {
  const float th = s2s__float_of_bits(s2s__bits_of_float(t) & 0xfffff000u); /* its square is exact */
  const float p = s2s__exp_parts(-0.5f * th * th, -0.5f * (t - th) * (t + th), n);
  const float inverse = 1.0f / (t + 4.0f), u = (t - 4.0f) * inverse;
  float g = (S2S__GELU_G9 * u + S2S__GELU_G8) * u + S2S__GELU_G7;
  g = ((g * u + S2S__GELU_G6) * u + S2S__GELU_G5) * u + S2S__GELU_G4;
  g = (((g * u + S2S__GELU_G3) * u + S2S__GELU_G2) * u + S2S__GELU_G1) * u + S2S__GELU_G0;
  *e = 1.0f + p;
  return *e * (g * inverse);
}

S2S__INLINE float s2s__gelu_c(float x) {
  int32_t n;
  float e;
  const float t = s2s__size_c(x, S2S__GELU_HIGH), v = s2s__gauss_tail_c(t, &e, &n);
  return s2s__with_sign_c(s2s__select_c(x < 0.0f, 0.0f, x) - s2s__scale_power_c(t * v, n), x);
}

/* Phi(x) + x phi(x), which is d = Phi(-t) - t phi(t) for x = -t, and 1 - d for x = t. */
S2S__INLINE float s2s__gelu_slope_c(float x) {
  int32_t n;
  float e;
  const float t = s2s__size_c(x, S2S__GELU_HIGH), v = s2s__gauss_tail_c(t, &e, &n);
  const float d = s2s__scale_power_c(v - t * e * S2S__ROOT_2_PI_INVERSE, n);
  return s2s__select_c(x > 0.0f, 1.0f - d, d);
}

S2S__INLINE float s2s__swish_c(float x) {
  int32_t n;
  const float t = s2s__size_c(x, S2S__SWISH_HIGH), e = 1.0f + s2s__exp_parts(-t, -0.0f, &n);
  const float w = t * e / (1.0f + s2s__scale_power_c(e, n));
  return s2s__with_sign_c(s2s__select_c(x < 0.0f, 0.0f, x) - s2s__scale_power_c(w, n), x);
}

/* sqrtf is exact on every platform, by IEEE 754. */
S2S__INLINE float s2s__sqrt_c(float x) { return sqrtf(x); }

S2S__INLINE float s2s__log_c(float x) {
  const int small = x < 1.17549435e-38f; /* denormal (or zero, or less) */
  const uint32_t bits = s2s__bits_of_float(s2s__select_c(small, x * 16777216.0f, x));
  const int32_t exponent = (int32_t)(bits - 0x3f3504f3u) >> 23; /* 0x3f3504f3: sqrt(1/2) */
  const float n = (float)exponent - s2s__select_c(small, 24.0f, 0.0f);
  const float f = s2s__float_of_bits(bits - ((uint32_t)exponent << 23)) - 1.0f;
  float p = ((S2S__LOG_P7 * f + S2S__LOG_P6) * f + S2S__LOG_P5) * f + S2S__LOG_P4;
  p = (((p * f + S2S__LOG_P3) * f + S2S__LOG_P2) * f + S2S__LOG_P1) * f + S2S__LOG_P0;
  const float square = f * f, low = square * f * p + n * -2.12194440e-4f;
  const float y = n * 0.693359375f + (f + (low - 0.5f * square));
  const float finite = s2s__select_c(x < INFINITY, y, x); /* NaN and infinity stay */
  return s2s__select_c(x < 0.0f, NAN, s2s__select_c(x == 0.0f, -INFINITY, finite));
}

#endif

S2S__INLINE s2s__real s2s__sigmoid_c(s2s__real x) {
  const s2s__real e = s2s__exp_c(s2s__select_c(x < 0, x, -x));
  return s2s__select_c(x < 0, e, 1) / (1 + e);
}

S2S__INLINE s2s__real s2s__relu_c(s2s__real x) { return s2s__select_c(x < 0, 0, x); }

/* s (1 + x s'), s = sigmoid(x), s' = sigmoid(-x); x bounded, since infinity times zero would be NaN */
S2S__INLINE s2s__real s2s__swish_slope_c(s2s__real x) {
  const s2s__real most = (s2s__real)S2S__SWISH_HIGH, above = s2s__select_c(x < -most, -most, x);
  const s2s__real bounded = s2s__select_c(above > most, most, above);
  return s2s__sigmoid_c(bounded) * (1 + bounded * s2s__sigmoid_c(-bounded));
}

#endif
