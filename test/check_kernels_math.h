/* SPDX-License-Identifier: MIT
 *
 * For check_kernels.c: exp, log, tanh, sigmoid, relu, gelu and swish, and the slopes that their backward kernels
 * multiply by, over the whole float range, against libm's functions of double.
 */
#ifndef CHECK_KERNELS_MATH_H
#define CHECK_KERNELS_MATH_H

#include "check_kernels_arrays.h"

/* ---- y = f(x) ---------------------------------------------------------------------------------------------------- */

typedef enum which { EXP, LOG, TANH, SIGMOID, RELU, GELU, SWISH, FUNCTIONS } which;

static void apply(const s2s__kernels *kernels, which f, size_t n, const real *x, real *y) {
  void (*const slot[FUNCTIONS])(size_t, const real *, real *) = {
      kernels->exp, kernels->log, kernels->tanh, kernels->sigmoid, kernels->relu, kernels->gelu, kernels->swish};
  slot[f](n, x, y);
}

/* In place, at odd sizes and addresses: the same bits as one number alone. */
static int check_function_places(const level *l, which f) {
  int good = 1;
  for (size_t s = 0; s < SIZES && good; s++) {
    const size_t n = sizes[s];
    real *x = take(n, 20);
    for (size_t j = 0; j < n; j += 3) x[j] *= j % 2 ? 8 : 5; /* some where the vector levels take another way */
    if (n > 0) x[random_below(n)] = (real)(s % 2 ? INFINITY : -INFINITY);
    real *y = copy(n, x);
    apply(l->kernels, f, n, y, y);
    for (size_t j = 0; j < n; j++) {
      apply(l->kernels, f, 1, x + j, x + j);
      good = good && (isnan(y[j]) ? isnan(x[j]) : same_bits(1, x + j, y + j));
    }
    good = release() && good;
  }
  return good;
}

#if defined(S2S_DOUBLE) && S2S_DOUBLE

static int check_functions(const level *l, which f) { return check_function_places(l, f); }

#else

static uint32_t stride = 1999;

static double sigmoid_of(double x) { return 1 / (1 + exp(-x)); }
static double relu_of(double x) { return x < 0 ? 0 : x; }
static double gelu_of(double x) { return x < -40 ? -0.0 : x * (0.5 * erfc(x * -sqrt(0.5))); }
static double swish_of(double x) { return x < -800 ? -0.0 : x / (1 + exp(-x)); }

typedef struct function {
  const char *name;
  double (*exact)(double);
  double ulp; /* what is promised */
} function;

static const function functions[FUNCTIONS] = {
    {"exp", exp, 2},      {"log", log, 2},      {"tanh", tanh, 4},     {"sigmoid", sigmoid_of, 4},
    {"relu", relu_of, 0}, {"gelu", gelu_of, 8}, {"swish", swish_of, 4}};

/* Error of y in units of the last place of a float near the exact value. Beyond the largest float stands infinity, as
 * if it were 2^128. */
static double ulp_error(float y, double exact) {
  int exponent;
  if (isnan(exact) || isnan(y)) return isnan(exact) && isnan(y) ? 0 : INFINITY;
  if (isinf(exact) || fabs(exact) > 0x1p128) exact = copysign(0x1p128, exact);
  const double got = isinf(y) ? copysign(0x1p128, (double)y) : (double)y;
  frexp(exact, &exponent);
  exponent = exponent > 128 ? 128 : exponent < -125 ? -125 : exponent;
  return fabs(got - exact) / ldexp(1.0, exponent - 24);
}

#define BATCH 4096

/* Every stride-th float from *bits on; how many. */
static size_t next_floats(uint64_t *bits, float *x) {
  size_t n = 0;
  for (; n < BATCH && *bits < 0x100000000u; n++, *bits += stride) {
    const uint32_t pattern = (uint32_t)*bits;
    memcpy(x + n, &pattern, sizeof pattern);
  }
  return n;
}

/* The largest error over every stride-th float. */
static int function_within(const level *l, which f) {
  static float x[BATCH], y[BATCH];
  double worst = 0;
  float at = 0;
  uint64_t bits = 0;
  for (size_t n; (n = next_floats(&bits, x)) > 0;) {
    apply(l->kernels, f, n, x, y);
    for (size_t j = 0; j < n; j++) {
      const double error = ulp_error(y[j], functions[f].exact((double)x[j]));
      if (error > worst) worst = error, at = x[j];
    }
  }
  diag("%s %s: largest error %.3f ULP, at %.9g", l->kernels->name, functions[f].name, worst, (double)at);
  return worst <= functions[f].ulp;
}

/* Zeros keep their sign, infinities give limits, NaN stays, denormals go through. */
static int function_special(const level *l, which f) {
  const float x[] = {0.0f, -0.0f, INFINITY, -INFINITY, NAN, 3e-45f, -3e-39f, 200, -200, FLT_MAX, -FLT_MAX};
  const float wanted[FUNCTIONS][11] = {
      {1, 1, INFINITY, 0, NAN, 1, 1, INFINITY, 0, INFINITY, 0},
      {-INFINITY, -INFINITY, INFINITY, NAN, NAN, -102.585785f, NAN, 5.29831737f, NAN, 88.7228391f, NAN},
      {0.0f, -0.0f, 1, -1, NAN, 3e-45f, -3e-39f, 1, -1, 1, -1},
      {0.5f, 0.5f, 1, 0, NAN, 0.5f, 0.5f, 1, 0, 1, 0},
      {0.0f, -0.0f, INFINITY, 0, NAN, 3e-45f, 0, 200, 0, FLT_MAX, 0},
      {0.0f, -0.0f, INFINITY, -0.0f, NAN, 1e-45f, -1.5e-39f, 200, -0.0f, FLT_MAX, -0.0f},
      {0.0f, -0.0f, INFINITY, -0.0f, NAN, 1e-45f, -1.5e-39f, 200, -0.0f, FLT_MAX, -0.0f}};
  int good = 1;
  for (size_t j = 0; j < 11; j++) {
    float y;
    apply(l->kernels, f, 1, x + j, &y);
    if (isnan(wanted[f][j]) ? isnan(y) : same_bits(1, &y, &wanted[f][j])) continue;
    diag("%s(%g) is %.9g", functions[f].name, (double)x[j], (double)y);
    good = 0;
  }
  return good;
}

static int check_functions(const level *l, which f) {
  return check_function_places(l, f) && function_special(l, f) && function_within(l, f);
}

#endif

static int check_exp(const level *l) { return check_functions(l, EXP); }
static int check_log(const level *l) { return check_functions(l, LOG); }
static int check_tanh(const level *l) { return check_functions(l, TANH); }
static int check_sigmoid(const level *l) { return check_functions(l, SIGMOID); }
static int check_relu(const level *l) { return check_functions(l, RELU); }
static int check_gelu(const level *l) { return check_functions(l, GELU); }
static int check_swish(const level *l) { return check_functions(l, SWISH); }

/* ---- dx += dy f'(x) ---------------------------------------------------------------------------------------------- */

static void apply_backward(const s2s__kernels *kernels, which f, size_t n, const real *x, const real *dy, real *dx) {
  (f == RELU ? kernels->relu_backward : f == GELU ? kernels->gelu_backward : kernels->swish_backward)(n, x, dy, dx);
}

/* f'(x), and the size of its terms. NaN for NaN. */
static double slope_of(which f, double x, double *size) {
  const double bounded = x < -1000 ? -1000 : x > 1000 ? 1000 : x; /* no infinity times zero */
  const double s = 1 / (1 + exp(-bounded)), other = 1 / (1 + exp(bounded));
  const double below = 0.5 * erfc(bounded * -sqrt(0.5)), density = exp(-0.5 * x * x) * 0.39894228040143267794;
  if (f == GELU) return *size = below + fabs(bounded) * density, below + bounded * density;
  if (f == SWISH) return *size = s + fabs(bounded) * s * (other + UNIT), s + bounded * s * other;
  return *size = 0, x > 0 ? 1 : x <= 0 ? 0 : x;
}

/* At odd sizes and addresses, with infinities and NaN among the inputs. */
static int check_backward_places(const level *l, which f) {
  int good = 1;
  for (size_t s = 0; s < SIZES && good; s++) {
    const size_t n = sizes[s];
    const real *dy = take(n, 2), *dx = take(n, 2);
    real *x = take(n, 8), *got = copy(n, dx), *again = copy(n, dx);
    for (size_t j = 0; j < n; j += 5) x[j] = (real)(j % 3 ? j % 2 ? NAN : 0 : j % 2 ? INFINITY : -INFINITY);
    apply_backward(l->kernels, f, n, x, dy, got);
    for (size_t j = 0; j < n; j++) {
      double size;
      const real slope = (real)slope_of(f, (double)x[j], &size), wanted = dx[j] + dy[j] * slope;
      good = good && near("backward", 1, got + j, &wanted, 4, 24 * (1 + size));
      apply_backward(l->kernels, f, 1, x + j, dy + j, again + j);
    }
    good = good && same_bits(n, again, got);
    good = release() && good;
  }
  return good;
}

#if defined(S2S_DOUBLE) && S2S_DOUBLE

static int check_backward(const level *l, which f) { return check_backward_places(l, f); }

#else

/* The slope alone over every stride-th float: the largest error in roundings of its terms (of which swish multiplies a
 * sigmoid that may be denormal by x). */
static int slope_within(const level *l, which f, double roundings) {
  static float x[BATCH], one[BATCH], y[BATCH];
  double worst = 0;
  float at = 0;
  uint64_t bits = 0;
  for (size_t j = 0; j < BATCH; j++) one[j] = 1;
  for (size_t n; (n = next_floats(&bits, x)) > 0;) {
    memset(y, 0, sizeof y);
    apply_backward(l->kernels, f, n, x, one, y);
    for (size_t j = 0; j < n; j++) {
      double size;
      const double slope = slope_of(f, (double)x[j], &size);
      const double unit = UNIT * size + (double)FLT_TRUE_MIN * (f == SWISH ? 1 + fmin(fabs((double)x[j]), 110) : 1);
      const double error = isnan(slope) && isnan(y[j]) ? 0 : fabs((double)y[j] - slope) / unit;
      if (!(error <= worst)) worst = error, at = x[j];
    }
  }
  diag("%s %s': largest error %.2f roundings, at %.9g", l->kernels->name, functions[f].name, worst, (double)at);
  return worst <= roundings;
}

static int check_backward(const level *l, which f) {
  return check_backward_places(l, f) && slope_within(l, f, f == RELU ? 0 : 8);
}

#endif

static int check_relu_backward(const level *l) { return check_backward(l, RELU); }
static int check_gelu_backward(const level *l) { return check_backward(l, GELU); }
static int check_swish_backward(const level *l) { return check_backward(l, SWISH); }

#endif
