/* SPDX-License-Identifier: MIT
 *
 * For check_kernels.c: packing and multiplication.
 */
#ifndef CHECK_KERNELS_GEMM_H
#define CHECK_KERNELS_GEMM_H

#include "check_kernels_arrays.h"
#include "tensor/half.h"

/* ---- packing and multiplication ---------------------------------------------------------------------------------- */

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
  p.g.scratch = take_at(s2s__gemm_scratch(m, k), 0);
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
        good = good && same_bits(1, (const real *)p.g.b + (j / panel * panel * k + i * panel + j % panel), &wanted);
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

/* Without scratch: the same bits. */
static int scratchless_case(const level *l, size_t m, size_t n, size_t k, int a_transposed) {
  const product p = product_new(l->kernels, m, n, k, a_transposed, 1, START_C);
  s2s__gemm g = p.g;
  g.scratch = NULL;
  g.c = copy(m * g.c_row, p.g.c);
  l->kernels->gemm(&p.g), l->kernels->gemm(&g);
  const int good = same_bits(m * g.c_row, g.c, p.g.c);
  return release() && good;
}

/* Depths at which the blocks of k, of one tile of rows and of several, begin and end. */
static int check_gemm_depths(const level *l) {
  static const size_t depths[] = {255, 257, 512, 1365, 2048, 2729, 2730, 2731, 4097, 5458, 8190, 10923};
  int good = 1;
  for (size_t d = 0; d < sizeof depths / sizeof depths[0] && good; d++)
    for (size_t m = 2; m <= 13 && good; m += 1 + random_below(3)) {
      good = gemm_case(l, m, 1 + random_below(40), depths[d]) && rows_case(l, m, 33, depths[d], (int)(m % 2), START_C);
      good = good && scratchless_case(l, m, 20, depths[d], (int)(m % 2));
    }
  return good;
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

/* What a column of one infinite factor comes to: infinity with the sign of B's number. */
static real infinite(const s2s__gemm *g, size_t j, const product *p) {
  return (real)INFINITY * p->b[(g->k - 1) * p->b_row + j * p->b_step];
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
        good = good && (i == row ? (m % 2 ? isnan(x) : isinf(x) && signbit(x) == signbit(infinite(&g, j, &p))) : same_bits(1, &x, &p.g.c[i * g.c_row + j]));
      }
    good = release() && good;
  }
  return good;
}

/* ---- binary16 ---------------------------------------------------------------------------------------------------- */

/* A half's value from its definition. */
static double half_value(uint16_t half) {
  const int exponent = half >> 10 & 31, fraction = half & 1023;
  const double size = exponent == 31  ? (fraction ? (double)NAN : (double)INFINITY)
                      : exponent == 0 ? ldexp(fraction, -24)
                                      : ldexp(1024 + fraction, exponent - 25);
  return half & 0x8000 ? -size : size;
}

/* B of one column and K rows, packed: the column's numbers stand `panel` apart. */
static uint16_t *half_column(const s2s__kernels *kernels, size_t k, const real *b) {
  uint16_t *packed = take_at(packed_size(kernels, 1, k) * sizeof *packed, 0);
  kernels->pack_f16(1, k, b, 1, k, packed);
  return packed;
}

/* All halves, as the one row of B, times 1 (K = 1). */
static int check_half_widen(const level *l) {
  static const real one = 1;
  const size_t n = 65536;
  uint16_t *b = take_at(n * sizeof *b, 0);
  real *c = take(n, 1);
  const s2s__gemm g = {.m = 1, .n = n, .k = 1, .a = &one, .a_row = 1, .a_step = 1, .b = b, .c = c, .c_row = n};
  int good = 1;
  for (size_t j = 0; j < n; j++) b[j] = (uint16_t)j;
  l->kernels->gemm_f16(&g);
  for (size_t j = 0; j < n && good; j++) {
    const double wanted = half_value((uint16_t)j), plain = (double)s2s__half_widen((uint16_t)j), got = (double)c[j];
    good = isnan(wanted) ? isnan(got) && isnan(plain) : got == wanted && plain == wanted;
    good = good && (isnan(wanted) || !signbit(plain) == !signbit(wanted));
    if (!good) diag("%04zx is %.9g and %.9g, wanted %.9g", j, plain, got, wanted);
  }
  return release() && good;
}

/* The nearest half of x, the even one of two, by search among the halves of its sign; x is not NaN. */
static uint16_t half_nearest(double x) {
  const double size = fabs(x);
  unsigned low = 0, high = 0x7c00; /* value(low) <= size; infinity counts as 65536 */
  while (high - low > 1) {
    const unsigned middle = (low + high) / 2;
    if (half_value((uint16_t)middle) <= size)
      low = middle;
    else
      high = middle;
  }
  const double below = size - half_value((uint16_t)low),
               above = (high == 0x7c00 ? 65536 : half_value((uint16_t)high)) - size;
  const unsigned nearest = below < above || (!(above < below) && low % 2 == 0) ? low : high;
  return (uint16_t)(nearest | (signbit(x) ? 0x8000u : 0u));
}

/* Every half, the middle between it and the next, and the numbers on both sides of each. */
static int check_half_narrow(const level *l) {
  const size_t each = 6, n = 0x7c00 * 2 * each + 64;
  real *x = take(n, 100000);
  int good = 1;
  for (size_t h = 0; h < 0x7c00 * 2; h++) {
    const double sign = h % 2 ? -1 : 1, at = half_value((uint16_t)(h / 2));
    const double next = h / 2 == 0x7bff ? 65536 : half_value((uint16_t)(h / 2 + 1)), middle = (at + next) / 2;
    const real near[] = {(real)at, (real)middle};
    for (size_t e = 0; e < 2; e++) {
      const double down = (double)near[e] * (1 - 2 * UNIT), up = (double)near[e] * (1 + 4 * UNIT);
      x[h * each + 3 * e] = (real)(sign * down);
      x[h * each + 3 * e + 1] = (real)(sign * (double)near[e]);
      x[h * each + 3 * e + 2] = (real)(sign * up);
    }
  }
  x[n - 1] = (real)INFINITY, x[n - 2] = (real)-INFINITY, x[n - 3] = (real)1e30, x[n - 4] = (real)-1e-30;
  x[n - 5] = (real)NAN;
  const uint16_t *packed = half_column(l->kernels, n, x);
  for (size_t j = 0; j < n && good; j++) {
    const uint16_t got = packed[j * l->kernels->panel], wanted = isnan(x[j]) ? got : half_nearest((double)x[j]);
    good = got == wanted && (isnan(x[j]) ? isnan(half_value(got)) : got == s2s__half_of_real(x[j]));
    if (!good) diag("%.9g becomes %04x, wanted %04x", (double)x[j], got, wanted);
  }
  return release() && good;
}

/* gemm_f16 gives the bits of gemm on the rounded numbers. */
static int half_case(const level *l, size_t m, size_t n, size_t k, int start) {
  const product p = product_new(l->kernels, m, n, k, (int)random_below(2), (int)random_below(2), start);
  const size_t size = packed_size(l->kernels, n, k);
  uint16_t *half = take_at(size * sizeof *half, 0);
  real *wide = take_at(size * sizeof *wide, 0);
  s2s__gemm g = p.g;
  l->kernels->pack_f16(n, k, p.b, p.b_row, p.b_step, half);
  int good = 1;
  for (size_t e = 0; e < size; e++) {
    good = good && half[e] == s2s__half_of_real(((const real *)p.g.b)[e]);
    wide[e] = s2s__half_widen(half[e]);
  }
  real *c = copy(m * g.c_row, p.g.c);
  g.b = half, g.c = c;
  l->kernels->gemm_f16(&g);
  g.b = wide, g.c = p.g.c;
  l->kernels->gemm(&g);
  good = good && same_bits(m * g.c_row, c, p.g.c);
  if (!good) diag("m %zu n %zu k %zu start %d", m, n, k, start);
  return release() && good;
}

static int check_gemm_f16(const level *l) {
  static const size_t depths[] = {0, 1, 7, 33, 97, 300};
  int good = 1;
  for (size_t m = 0; m <= 32 && good; m++)
    for (size_t d = 0; d < sizeof depths / sizeof depths[0] && good; d++)
      good = half_case(l, m, 1 + 2 * random_below(50), depths[d], (int)random_below(3));
  for (size_t m = 4; m <= 12 && good; m += 4)
    good = half_case(l, m, 37, 2729, START_C) && half_case(l, m, 5, 8190, START_ZERO);
  return good && half_case(l, 67, 601, 601, START_BIAS) && half_case(l, 1, 1031, 1501, START_C) &&
         half_case(l, 9, 1031, 601, START_ZERO) && half_case(l, 3, 1031, 601, START_BIAS);
}

#endif
