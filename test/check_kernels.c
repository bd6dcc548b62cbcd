/* SPDX-License-Identifier: MIT
 *
 * The kernels of every level that this machine has, held against a reference in double (multiplication, exp, tanh,
 * sigmoid) or against portable C (the rest): odd sizes, odd addresses, guard bytes around every array, special values,
 * equal bits for a row alone and in any batch.
 *
 *     check_kernels [--seed N] [--stride N] [--bench]
 *
 * --stride: exp, tanh and sigmoid are tried on every N-th pattern of bits (997). --bench prints the speed of each
 * kernel on each level instead. S2S_TEST_CPU limits the levels to one.
 */
#include "base/cpu.h"
#include "check_kernels_arrays.h"
#include "check_kernels_bench.h"
#include "tap.h"
#include "tensor/weight.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const size_t sizes[] = {0,  1,  2,  3,  4,  5,  7,  8,  9,  12,  15,  16,  17,  23,  31,
                               32, 33, 40, 47, 48, 63, 64, 65, 96, 100, 127, 129, 255, 513, 1000};
#define SIZES (sizeof sizes / sizeof sizes[0])

typedef struct level {
  const s2s__kernels *kernels, *c; /* the level, and portable C */
} level;

/* ---- packing and multiplication ---- */

typedef struct product {
  s2s__gemm g;
  size_t b_row, b_step;
  real *b; /* unpacked */
} product;

static size_t packed_size(const s2s__kernels *kernels, size_t n, size_t k) {
  return (n + kernels->panel - 1) / kernels->panel * kernels->panel * k;
}

enum { START_ZERO, START_BIAS, START_C };

/* Random matrices of the given sizes; A and B plain or transposed, with rows wider than they need be. */
static product product_new(const s2s__kernels *kernels, size_t m, size_t n, size_t k, int a_transposed,
                           int b_transposed, int start) {
  product p = {.g = {.m = m, .n = n, .k = k, .accumulate = start == START_C}};
  const size_t a_row = (a_transposed ? m : k) + random_below(3), b_row = (b_transposed ? k : n) + random_below(3);
  p.g.a_row = a_transposed ? 1 : a_row, p.g.a_step = a_transposed ? a_row : 1;
  p.b_row = b_transposed ? 1 : b_row, p.b_step = b_transposed ? b_row : 1;
  p.g.a = take(a_row * (a_transposed ? k : m), 1);
  p.b = take(b_row * (b_transposed ? n : k), 1);
  p.g.c_row = n + random_below(3);
  p.g.c = take(p.g.c_row * m, 1);
  if (start == START_BIAS) p.g.bias = take(n, 1);
  real *packed = take_at(packed_size(kernels, n, k) * sizeof *packed, 0);
  kernels->pack(n, k, p.b, p.b_row, p.b_step, packed);
  p.g.b = packed;
  return p;
}

/* Every output within (K + 1) roundings (two each where there is no fused multiplication) of the sum of its terms'
 * sizes: the bound for a sum taken in order. `before` is C as it was. */
static int product_right(const product *p, const real *before, int fused) {
  const s2s__gemm *g = &p->g;
  for (size_t i = 0; i < g->m; i++) {
    for (size_t j = 0; j < g->c_row; j++) {
      const real got = g->c[i * g->c_row + j], was = before[i * g->c_row + j];
      if (j >= g->n) {
        if (!same_bits(1, &got, &was)) return diag("wrote past row %zu", i), 0;
        continue;
      }
      long double sum = g->accumulate ? was : g->bias ? g->bias[j] : 0, size = fabsl(sum);
      for (size_t k = 0; k < g->k; k++) {
        const long double term =
            (long double)g->a[i * g->a_row + k * g->a_step] * (long double)p->b[k * p->b_row + j * p->b_step];
        sum += term, size += fabsl(term);
      }
      const double bound = (double)(g->k + (fused ? 0 : 1)) * UNIT * 1.001 * (double)size;
      if (!(fabs((double)(got - sum)) <= bound)) {
        return diag("m %zu n %zu k %zu: C(%zu,%zu) is %.9g, wanted %.9g, bound %.3g", g->m, g->n, g->k, i, j,
                    (double)got, (double)sum, bound),
               0;
      }
    }
  }
  return 1;
}

static int check_pack(const level *l) {
  int good = 1;
  const size_t panel = l->kernels->panel;
  for (size_t t = 0; t < 60 && good; t++) {
    const size_t n = 1 + random_below(3 * panel), k = random_below(40);
    const product p = product_new(l->kernels, 1, n, k, 0, (int)(t % 2), START_ZERO);
    for (size_t j = 0; j < (n + panel - 1) / panel * panel; j++)
      for (size_t i = 0; i < k; i++) {
        const real wanted = j < n ? p.b[i * p.b_row + j * p.b_step] : 0;
        good = good && same_bits(1, &p.g.b[j / panel * panel * k + i * panel + j % panel], &wanted);
      }
    good = release() && good;
  }
  return good;
}

static int gemm_case(const level *l, size_t m, size_t n, size_t k) {
  const product p = product_new(l->kernels, m, n, k, (int)random_below(2), (int)random_below(2), (int)random_below(3));
  const real *before = copy(m * p.g.c_row, p.g.c);
  l->kernels->gemm(&p.g);
  const int good = product_right(&p, before, l->kernels != l->c);
  return release() && good;
}

static int check_gemm(const level *l) {
  static const size_t depths[] = {0, 1, 2, 7, 16, 63, 97, 113, 256, 300, 530};
  int good = 1;
  for (size_t m = 0; m <= 32 && good; m++)
    for (size_t d = 0; d < sizeof depths / sizeof depths[0] && good; d++)
      good = gemm_case(l, m, random_below(80), depths[d]);
  good = good && gemm_case(l, 30, 1030, 290) && gemm_case(l, 2, 2049, 70) && gemm_case(l, 1, 300, 1700);
  return good && gemm_case(l, 131, 40, 1601) && gemm_case(l, 3, 70, 2000);
}

/* A row's result alone, in any batch and among any columns has the same bits. */
static int rows_case(const level *l, size_t m, size_t n, size_t k, int a_transposed, int start) {
  const product p = product_new(l->kernels, m, n, k, a_transposed, 1, start);
  const real *before = copy(m * p.g.c_row, p.g.c);
  real *c = copy(m * p.g.c_row, p.g.c);
  int good = 1;
  l->kernels->gemm(&p.g);
  for (size_t i = 0; i < m && good;) {
    s2s__gemm g = p.g;
    g.m = i % 3 == 0 ? 1 : 1 + random_below(m - i); /* rows i .. i+g.m-1 */
    g.n = i % 2 == 0 || n < l->kernels->panel ? n : l->kernels->panel * (1 + random_below(n / l->kernels->panel));
    g.a += i * g.a_row;
    g.c = c + i * g.c_row;
    memcpy(c, before, m * g.c_row * sizeof *c);
    l->kernels->gemm(&g);
    for (size_t r = 0; r < g.m; r++) good = good && same_bits(g.n, g.c + r * g.c_row, p.g.c + (i + r) * g.c_row);
    i += g.m > 4 ? 1 : g.m;
  }
  if (!good) diag("m %zu n %zu k %zu start %d: bits differ", m, n, k, start);
  return release() && good;
}

static int check_rows(const level *l) {
  static const size_t depths[] = {1, 8, 100, 113, 260, 301, 900, 1700};
  int good = 1;
  for (size_t d = 0; d < sizeof depths / sizeof depths[0]; d++)
    for (int start = START_ZERO; start <= START_C && good; start++) {
      good = rows_case(l, 1 + random_below(45), 1 + random_below(150), depths[d], 0, start);
      good = good && rows_case(l, 1 + random_below(45), 1 + random_below(150), depths[d], 1, start);
    }
  return good && rows_case(l, 64, 1500, 200, 0, START_BIAS);
}

/* NaN and infinity stay in their row; zero times infinity is NaN; a packed panel's padding does not leak. */
static int check_gemm_special(const level *l) {
  int good = 1;
  for (size_t m = 1; m <= 20; m++) {
    const product p = product_new(l->kernels, m, 37, 50, 0, 1, START_ZERO);
    real *a = copy(m * p.g.a_row, p.g.a);
    const size_t row = m / 2;
    s2s__gemm g = p.g;
    a[row * g.a_row + 49] = (real)(m % 2 ? NAN : INFINITY);
    g.a = a;
    g.c = copy(m * g.c_row, p.g.c);
    l->kernels->gemm(&p.g);
    l->kernels->gemm(&g);
    for (size_t i = 0; i < m; i++)
      for (size_t j = 0; j < g.n; j++) {
        const real x = g.c[i * g.c_row + j];
        good = good && (i == row ? (m % 2 ? isnan(x) : isinf(x)) : same_bits(1, &x, &p.g.c[i * g.c_row + j]));
      }
    good = release() && good;
  }
  return good;
}

/* ---- weights ---- */

static int check_weight(const level *l) {
  s2s__host host;
  s2s__arena arena;
  s2s__error error = {0};
  int good = 1;
  s2s__host_init(&host);
  s2s__arena_init(&arena, &host);
  for (size_t t = 0; t < 40 && good; t++) {
    const size_t out = 1 + random_below(100), in = 1 + random_below(50);
    const real *w = take(out * in, 1);
    const int transposed = t % 4 >= 2;
    s2s__weight weight;
    good = s2s__weight_init(&weight, &arena, l->kernels, out, in, t % 2 ? S2S__WEIGHT_ROWS : S2S__WEIGHT_MULTIPLY,
                            &error) == S2S_OK;
    s2s__weight_pack(&weight, w, transposed ? 1 : in, transposed ? out : 1);
    for (size_t o = 0; o < out; o++) {
      real *row = take(in, 0);
      s2s__weight_row(&weight, o, row);
      for (size_t i = 0; i < in; i++) good = good && same_bits(1, &row[i], &w[transposed ? i * out + o : o * in + i]);
      block_count--;
      free(blocks[block_count].start);
    }
    good = release() && good;
    s2s__arena_reset(&arena);
  }
  s2s__arena_free(&arena);
  return good;
}

static int check_weight_gradient(const level *l) {
  s2s__host host;
  s2s__arena arena;
  s2s__error error = {0};
  int good = 1;
  s2s__host_init(&host);
  s2s__arena_init(&arena, &host);
  for (size_t t = 0; t < 30 && good; t++) {
    const size_t rows = random_below(300), out = 1 + random_below(70), in = 1 + random_below(90);
    const size_t dy_row = out + random_below(4), x_row = in + random_below(4);
    product p = {.g = {.m = out, .n = in, .k = rows, .a_row = 1, .a_step = dy_row, .c_row = in, .accumulate = 1},
                 .b_row = x_row,
                 .b_step = 1};
    p.g.a = take(rows * dy_row, 1);
    p.b = take(rows * x_row, 1);
    p.g.c = take(out * in, 1);
    const real *before = copy(out * in, p.g.c);
    const size_t used = arena.used;
    good = s2s__weight_gradient(l->kernels, &arena, rows, p.g.a, dy_row, out, p.b, x_row, in, p.g.c, &error) == S2S_OK;
    good = good && arena.used == used && product_right(&p, before, l->kernels != l->c);
    good = release() && good;
  }
  s2s__arena_free(&arena);
  return good;
}

/* ---- vectors ---- */

/* Sums: against a sum in long double; and the same bits at another address. */
static int check_sums(const level *l) {
  int good = 1;
  for (size_t s = 0; s < SIZES && good; s++) {
    const size_t n = sizes[s];
    const real *x = take(n, 3), *y = take(n, 3), *x2 = copy(n, x), *y2 = copy(n, y);
    long double dot = 0, sum = 0, squares = 0, dot_size = 0, sum_size = 0;
    real most = (real)-INFINITY;
    for (size_t j = 0; j < n; j++) {
      dot += (long double)x[j] * y[j], dot_size += fabsl((long double)x[j] * y[j]);
      sum += x[j], sum_size += fabsl((long double)x[j]);
      squares += (long double)x[j] * x[j];
      if (x[j] > most) most = x[j];
    }
    const real d = l->kernels->dot(n, x, y), d2 = l->kernels->dot(n, x2, y2);
    const real t = l->kernels->sum(n, x), t2 = l->kernels->sum(n, x2);
    const double q = l->kernels->sum_squares(n, x), q2 = l->kernels->sum_squares(n, x2);
    good = same_bits(1, &d, &d2) && same_bits(1, &t, &t2) && q == q2 && l->kernels->max(n, x) == most;
    good = good && fabs((double)(d - dot)) <= (double)(n + 1) * UNIT * (double)dot_size;
    good = good && fabs((double)(t - sum)) <= (double)(n + 1) * UNIT * (double)sum_size;
    good = good && fabs((double)(q - squares)) <= (double)(n + 1) * DBL_EPSILON * (double)squares;
    if (!good) diag("size %zu", n);
    good = release() && good;
  }
  return good;
}

static int check_max_special(const level *l) {
  int good = l->kernels->max(0, NULL) == (real)-INFINITY;
  for (size_t n = 1; n < 70; n++) {
    real *x = take(n, 3);
    const size_t at = random_below(n);
    x[at] = (real)INFINITY;
    good = good && l->kernels->max(n, x) == (real)INFINITY;
    x[random_below(n)] = (real)NAN;
    good = good && isnan(l->kernels->max(n, x));
    for (size_t j = 0; j < n; j++) x[j] = (real)-INFINITY;
    good = good && l->kernels->max(n, x) == (real)-INFINITY;
    good = release() && good;
  }
  return good;
}

/* y += alpha x and its like: one rounding, or two, of terms no larger than 10. */
static int check_updates(const level *l) {
  int good = 1;
  for (size_t s = 0; s < SIZES && good; s++) {
    const size_t n = sizes[s];
    const real *x = take(n, 3), *z = take(n, 3), *y = take(n, 3);
    real *got = copy(n, y), *wanted = copy(n, y);
    l->kernels->axpy(n, (real)0.7, x, got), l->c->axpy(n, (real)0.7, x, wanted);
    good = near("axpy", n, got, wanted, 2, 3);
    l->kernels->multiply_add(n, x, z, got), l->c->multiply_add(n, x, z, wanted);
    good = good && near("multiply_add", n, got, wanted, 4, 15);
    memcpy(got, wanted, n * sizeof *got);
    l->kernels->add(n, x, got), l->c->add(n, x, wanted);
    good = good && same_bits(n, got, wanted);
    l->kernels->scale(n, (real)1.3, got), l->c->scale(n, (real)1.3, wanted);
    good = good && same_bits(n, got, wanted);
    l->kernels->tanh_backward(n, x, z, got), l->c->tanh_backward(n, x, z, wanted);
    good = good && near("tanh_backward", n, got, wanted, 4, 40);
    good = release() && good;
  }
  return good;
}

/* ---- exp, tanh, sigmoid ---- */

static void apply(const s2s__kernels *kernels, size_t f, size_t n, const real *x, real *y) {
  (f == 0 ? kernels->exp : f == 1 ? kernels->tanh : kernels->sigmoid)(n, x, y);
}

/* In place, at odd sizes and addresses: the same bits as one number alone. */
static int check_function_places(const level *l, size_t f) {
  int good = 1;
  for (size_t s = 0; s < SIZES && good; s++) {
    const size_t n = sizes[s];
    real *x = take(n, 20), *y = copy(n, x);
    apply(l->kernels, f, n, y, y);
    for (size_t j = 0; j < n; j++) {
      apply(l->kernels, f, 1, x + j, x + j);
      good = good && same_bits(1, x + j, y + j);
    }
    good = release() && good;
  }
  return good;
}

#if defined(S2S_DOUBLE) && S2S_DOUBLE

static int check_functions(const level *l, size_t f) { return check_function_places(l, f); }

#else

static uint32_t stride = 997;

static double sigmoid_of(double x) { return 1 / (1 + exp(-x)); }

typedef struct function {
  const char *name;
  double (*exact)(double);
  double ulp; /* what is promised */
} function;

static const function functions[] = {{"exp", exp, 2}, {"tanh", tanh, 4}, {"sigmoid", sigmoid_of, 4}};

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

/* The largest error over every stride-th float. */
static int function_within(const level *l, size_t f) {
  static float x[BATCH], y[BATCH];
  double worst = 0;
  float at = 0;
  for (uint64_t bits = 0; bits < 0x100000000u;) {
    size_t n = 0;
    for (; n < BATCH && bits < 0x100000000u; n++, bits += stride) {
      const uint32_t pattern = (uint32_t)bits;
      memcpy(x + n, &pattern, sizeof pattern);
    }
    apply(l->kernels, f, n, x, y);
    for (size_t j = 0; j < n; j++) {
      const double error = ulp_error(y[j], functions[f].exact((double)x[j]));
      if (error > worst) worst = error, at = x[j];
    }
  }
  diag("%s %s: largest error %.3f ULP, at %.9g", l->kernels->name, functions[f].name, worst, (double)at);
  return worst <= functions[f].ulp;
}

/* Zeros keep their sign, infinities give limits, NaN stays, denormals go through tanh. */
static int function_special(const level *l, size_t f) {
  const float x[] = {0.0f, -0.0f, INFINITY, -INFINITY, NAN, 1e-45f, -3e-39f, 200, -200, FLT_MAX, -FLT_MAX};
  const float wanted[3][11] = {{1, 1, INFINITY, 0, NAN, 1, 1, INFINITY, 0, INFINITY, 0},
                               {0.0f, -0.0f, 1, -1, NAN, 1e-45f, -3e-39f, 1, -1, 1, -1},
                               {0.5f, 0.5f, 1, 0, NAN, 0.5f, 0.5f, 1, 0, 1, 0}};
  int good = 1;
  for (size_t j = 0; j < 11; j++) {
    float y;
    apply(l->kernels, f, 1, x + j, &y);
    if (isnan(wanted[f][j]) ? isnan(y) : same_bits(1, &y, &wanted[f][j])) continue;
    diag("%s(%g) is %g", functions[f].name, (double)x[j], (double)y);
    good = 0;
  }
  return good;
}

static int check_functions(const level *l, size_t f) {
  return check_function_places(l, f) && function_special(l, f) && function_within(l, f);
}

#endif

static int check_exp(const level *l) { return check_functions(l, 0); }
static int check_tanh(const level *l) { return check_functions(l, 1); }
static int check_sigmoid(const level *l) { return check_functions(l, 2); }

/* ---- softmax ---- */

static int check_softmax(const level *l) {
  int good = 1;
  for (size_t s = 0; s < SIZES && good; s++) {
    const size_t n = sizes[s];
    const real *x = take(n, 20), *dp = take(n, 3), *dx = take(n, 3);
    real *got = copy(n, x), *again = copy(n, x), *wanted = copy(n, x), *got_dx = copy(n, dx), *wanted_dx = copy(n, dx);
    l->kernels->softmax(n, got), l->kernels->softmax(n, again), l->c->softmax(n, wanted);
    good = same_bits(n, got, again) && near("softmax", n, got, wanted, 40, 0);
    l->kernels->softmax_backward(n, wanted, dp, got_dx), l->c->softmax_backward(n, wanted, dp, wanted_dx);
    good = good && near("softmax_backward", n, got_dx, wanted_dx, 40, 6);
    l->kernels->log_softmax(n, x, got), l->kernels->log_softmax(n, copy(n, x), again), l->c->log_softmax(n, x, wanted);
    good = good && same_bits(n, got, again) && near("log_softmax", n, got, wanted, 4, 40);
    memcpy(again, x, n * sizeof *x);
    l->kernels->log_softmax(n, again, again);
    good = good && same_bits(n, got, again);
    good = release() && good;
  }
  return good;
}

/* Minus infinity is probability zero; NaN makes the row NaN. */
static int check_softmax_special(const level *l) {
  int good = 1;
  for (size_t n = 2; n < 70; n++) {
    real *x = take(n, 1), *y = copy(n, x), sum = 0;
    const size_t at = random_below(n);
    x[at] = (real)-INFINITY;
    l->kernels->log_softmax(n, x, y);
    good = good && isinf(y[at]);
    l->kernels->softmax(n, x);
    for (size_t j = 0; j < n; j++) sum += x[j];
    good = good && x[at] == 0 && fabs((double)sum - 1) < 100 * UNIT;
    x[at] = (real)NAN;
    l->kernels->softmax(n, x);
    for (size_t j = 0; j < n; j++) good = good && isnan(x[j]);
    good = release() && good;
  }
  return good;
}

static int check_cross_entropy(const level *l) {
  int good = 1;
  for (size_t s = 1; s < 2 * SIZES && good; s++) {
    const size_t n = sizes[s / 2], target = n ? random_below(n) : 0;
    const real *x = take(n, 10);
    real *got = copy(n, x), *wanted = copy(n, x), *again = copy(n, x), out[6];
    const real eps = (real)(s % 2 ? 0.1 : 0);
    out[0] = l->kernels->cross_entropy(n, got, target, eps, (real)0.3, out + 1);
    out[2] = l->c->cross_entropy(n, wanted, target, eps, (real)0.3, out + 3);
    out[4] = l->kernels->cross_entropy(n, again, target, eps, (real)0.3, out + 5);
    good = same_bits(n, got, again) && same_bits(2, out, out + 4) && near("loss", 2, out, out + 2, 10, 20);
    good = good && near("cross_entropy", n, got, wanted, 40, 0.05);
    good = release() && good;
  }
  return good;
}

/* ---- cells, attention, dropout, Adam ---- */

static int check_lstm(const level *l) {
  int good = 1;
  for (size_t s = 0; s < SIZES && good; s++) {
    const size_t n = sizes[s];
    const real *a = take(4 * n, 4), *r = take(4 * n, 4), *c_prev = take(n, 2), *dh = take(n, 1), *dc = take(n, 1);
    real *gates = copy(4 * n, a), *c = copy(n, c_prev), *h = take(n, 0);
    real *gates2 = take(4 * n, 0), *c2 = take(n, 0), *h2 = take(n, 0);
    l->kernels->lstm(n, gates, r, c, gates, c, h); /* gates over a, c over c_prev */
    l->c->lstm(n, a, r, c_prev, gates2, c2, h2);
    good = near("gates", 4 * n, gates, gates2, 24, 0) && near("c", n, c, c2, 24, 3) && near("h", n, h, h2, 40, 1);
    real *da = take(4 * n, 0), *da2 = take(4 * n, 0), *got_dc = copy(n, dc), *dc2 = copy(n, dc);
    l->kernels->lstm_backward(n, gates2, c_prev, c2, dh, got_dc, da);
    l->c->lstm_backward(n, gates2, c_prev, c2, dh, dc2, da2);
    good = good && near("dc", n, got_dc, dc2, 24, 2) && near("da", 4 * n, da, da2, 24, 2);
    good = release() && good;
  }
  return good;
}

static int check_gru(const level *l) {
  int good = 1;
  for (size_t s = 0; s < SIZES && good; s++) {
    const size_t n = sizes[s];
    const real *a = take(3 * n, 4), *u = take(3 * n, 4), *h_prev = take(n, 1), *dh = take(n, 1);
    real *gates = take(4 * n, 0), *h = copy(n, h_prev), *gates2 = take(4 * n, 0), *h2 = take(n, 0);
    l->kernels->gru(n, a, u, h, gates, h); /* h over h_prev */
    l->c->gru(n, a, u, h_prev, gates2, h2);
    good = near("gates", 4 * n, gates, gates2, 24, 4) && near("h", n, h, h2, 40, 2);
    real *da = take(3 * n, 0), *du = take(3 * n, 0), *got_dh = copy(n, dh);
    real *da2 = take(3 * n, 0), *du2 = take(3 * n, 0), *dh2 = copy(n, dh);
    l->kernels->gru_backward(n, gates2, h_prev, got_dh, da, du);
    l->c->gru_backward(n, gates2, h_prev, dh2, da2, du2);
    good = good && near("dh", n, got_dh, dh2, 4, 0) && near("da", 3 * n, da, da2, 24, 4);
    good = good && near("du", 3 * n, du, du2, 24, 4);
    good = release() && good;
  }
  return good;
}

static int check_additive(const level *l) {
  int good = 1;
  for (size_t s = 0; s < SIZES && good; s++) {
    const size_t n = sizes[s];
    const real *q = take(n, 2), *k = take(n, 2), *v = take(n, 1), *dq = take(n, 1), *dk = take(n, 1), *dv = take(n, 1);
    const real got = l->kernels->additive(n, q, k, v),
               again = l->kernels->additive(n, copy(n, q), copy(n, k), copy(n, v));
    const real wanted = l->c->additive(n, q, k, v);
    real *g[3] = {copy(n, dq), copy(n, dk), copy(n, dv)}, *w[3] = {copy(n, dq), copy(n, dk), copy(n, dv)};
    good = same_bits(1, &got, &again) && near("additive", 1, &got, &wanted, 20 + (double)n, (double)n);
    l->kernels->additive_backward(n, q, k, v, (real)0.6, g[0], g[1], g[2]);
    l->c->additive_backward(n, q, k, v, (real)0.6, w[0], w[1], w[2]);
    for (size_t i = 0; i < 3; i++) good = good && near("additive_backward", n, g[i], w[i], 16, 2);
    good = release() && good;
  }
  return good;
}

/* The hash as kernels.h gives it. */
static uint32_t hash_of(uint64_t key, size_t j) {
  uint32_t u = (uint32_t)j * 0x9E3779B9u + (uint32_t)(key & 0xFFFFFFFFu);
  u ^= u >> 16, u *= 0x85EBCA6Bu, u ^= (uint32_t)(key >> 32), u ^= u >> 13, u *= 0xC2B2AE35u, u ^= u >> 16;
  return u;
}

static int check_dropout(const level *l) {
  static const uint32_t thresholds[] = {0, 1, 0x33333333u, 0x80000000u, 0xF0000000u, 0xFFFFFFFFu};
  int good = 1;
  for (size_t s = 0; s < SIZES && good; s++) {
    const size_t n = sizes[s];
    real *x = take(n, 3), *y = take(n, 0);
    if (n > 0) x[random_below(n)] = (real)NAN;
    const uint64_t key = (uint64_t)random_bits() << 32 | random_bits();
    const uint32_t threshold = thresholds[s % 6];
    l->kernels->dropout(n, key, threshold, (real)1.7, x, y);
    for (size_t j = 0; j < n; j++) {
      const real wanted = hash_of(key, j) >= threshold ? x[j] * (real)1.7 : 0;
      good = good && (isnan(wanted) ? isnan(y[j]) : same_bits(1, y + j, &wanted));
    }
    l->kernels->dropout(n, key, threshold, (real)1.7, x, x);
    good = good && same_bits(n, x, y);
    good = release() && good;
  }
  return good;
}

static int check_adam(const level *l) {
  int good = 1;
  for (size_t s = 0; s < SIZES && good; s++) {
    const size_t n = sizes[s];
    const real *g = take(n, 1), *m = take(n, 1), *p = take(n, 1);
    real *v = take(n, 1);
    for (size_t j = 0; j < n; j++) v[j] = j % 5 ? v[j] * v[j] : 0;
    real *m1 = copy(n, m), *v1 = copy(n, v), *p1 = copy(n, p), *m2 = copy(n, m), *v2 = copy(n, v), *p2 = copy(n, p);
    const double b1 = 0.9, b2 = 0.999;
    const real rate = (real)0.01, v_scale = (real)1.5, eps = (real)1e-4;
    l->kernels->adam(n, g, (real)0.5, b1, b2, rate, v_scale, eps, m1, v1, p1);
    l->c->adam(n, g, (real)0.5, b1, b2, rate, v_scale, eps, m2, v2, p2);
    good = near("m", n, m1, m2, 4, 1) && near("v", n, v1, v2, 4, 0);
    for (size_t j = 0; j < n; j++) { /* the step's relative error is that of m, v and five operations */
      const double step = 0.01 / (sqrt((double)v2[j]) * 1.5 + 1e-4);
      good = good && near("p", 1, p1 + j, p2 + j, 2, 16 * step * (1 + fabs((double)m2[j])));
    }
    good = release() && good;
  }
  return good;
}

/* ---- all of them ---- */

typedef struct check {
  const char *name;
  int (*run)(const level *l);
} check;

static const check checks[] = {
    {"pack puts every number in its place, zeros around", check_pack},
    {"gemm is within its bound of the exact product", check_gemm},
    {"gemm gives a row the same bits alone and in any batch", check_rows},
    {"gemm keeps NaN and infinity in their row", check_gemm_special},
    {"a weight's rows come back as packed", check_weight},
    {"weight_gradient is within its bound", check_weight_gradient},
    {"dot, sum, sum_squares and max", check_sums},
    {"max of NaN and infinities", check_max_special},
    {"axpy, add, multiply_add, scale and tanh_backward", check_updates},
    {"exp is within 2 ULP", check_exp},
    {"tanh is within 4 ULP", check_tanh},
    {"sigmoid is within 4 ULP", check_sigmoid},
    {"softmax, its gradient and log_softmax", check_softmax},
    {"softmax of NaN and infinities", check_softmax_special},
    {"cross_entropy", check_cross_entropy},
    {"lstm, forward and backward", check_lstm},
    {"gru, forward and backward", check_gru},
    {"additive, forward and backward", check_additive},
    {"dropout follows its hash", check_dropout},
    {"adam", check_adam},
};

static int check_choice(uint32_t features) {
  const s2s__kernels *best = s2s__kernels_choose("auto", features);
  size_t count = 0;
  while (s2s__kernels_level(count, features)) count++;
  return best && strcmp(best->name, s2s__kernels_level(count - 1, features)) == 0 &&
         !s2s__kernels_choose("mmx", features) && !s2s__kernels_choose("avx2", 0) && s2s__kernels_choose("c", 0);
}

static void check_level(const s2s__kernels *kernels, const s2s__kernels *c) {
  const level l = {kernels, c};
  for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
    random_state = seed + i;
    ok(checks[i].run(&l), "%s: %s", kernels->name, checks[i].name);
  }
}

int main(int argc, char **argv) {
  const char *only = getenv("S2S_TEST_CPU"), *name;
  const uint32_t features = s2s__cpu_features();
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--bench") == 0) return bench(features);
    if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) seed = strtoull(argv[++i], NULL, 0);
#if !(defined(S2S_DOUBLE) && S2S_DOUBLE)
    if (strcmp(argv[i], "--stride") == 0 && i + 1 < argc) stride = (uint32_t)strtoul(argv[++i], NULL, 0) | 1;
#endif
  }
  diag("seed %llu", (unsigned long long)seed);
  ok(check_choice(features), "the best level is chosen, and none that the machine lacks");
  for (size_t i = 0; (name = s2s__kernels_level(i, features)) != NULL; i++) {
    if (only && strcmp(only, "auto") != 0 && strcmp(only, name) != 0) continue;
    check_level(s2s__kernels_choose(name, features), s2s__kernels_choose("c", features));
  }
  return done();
}
