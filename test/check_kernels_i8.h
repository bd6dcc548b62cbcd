/* SPDX-License-Identifier: MIT
 *
 * For check_kernels.c: eight-bit quantisation and multiplication, against sums in 64 bits and the formulas of kernels.h
 * taken literally. Everything but tanh and the like is compared by bits.
 */
#ifndef CHECK_KERNELS_I8_H
#define CHECK_KERNELS_I8_H

#include "check_kernels_arrays.h"

typedef struct product_i8 {
  s2s__gemm_i8 g;
  size_t x_row;
  real *x; /* what A is quantised from */
  int8_t *b;
  size_t b_row, b_step;
} product_i8;

enum { I8_START_ZERO, I8_START_BIAS, I8_START_C, I8_STARTS };

static void *i8_packed(const s2s__kernels *kernels, size_t n, size_t k, const int8_t *b, size_t b_row, size_t b_step) {
  const size_t padded = (n + kernels->panel - 1) / kernels->panel * kernels->panel;
  void *packed = take_at(S2S__PACKED_I8_BYTES(padded, k), 0);
  kernels->pack_i8(n, k, b, b_row, b_step, packed);
  return packed;
}

/* (Re)quantises rows 0..m-1 of p's x. */
static void i8_quantize(const s2s__kernels *kernels, product_i8 *p, real *scale) {
  void *q = take_at(S2S__QUANTIZED_BYTES(p->g.m, p->g.k), 0);
  kernels->quantize(p->g.m, p->g.k, p->x, p->x_row, q, scale);
  p->g.a = q, p->g.a_scale = scale;
}

static product_i8 i8_product(const s2s__kernels *kernels, size_t m, size_t n, size_t k, int start) {
  product_i8 p = {.g = {.m = m, .n = n, .k = k, .c_row = n + random_below(5)}, .x_row = k + random_below(5)};
  const int transposed = (int)random_below(2);
  p.x = take(m * p.x_row, 3);
  p.b_row = transposed ? 1 : n + random_below(3), p.b_step = transposed ? k + random_below(3) : 1;
  const size_t size = n == 0 || k == 0 ? 0 : (k - 1) * p.b_row + (n - 1) * p.b_step + 1;
  p.b = take_at(size, random_below(GUARD));
  for (size_t i = 0; i < size; i++)
    p.b[i] = (int8_t)(random_below(4) ? (int)random_below(255) - 127 : i % 2 ? 127 : -127);
  p.g.b = i8_packed(kernels, n, k, p.b, p.b_row, p.b_step);
  p.g.b_scale = take(n, 0.01);
  p.g.c = take(m * p.g.c_row, 1);
  if (start == I8_START_BIAS) p.g.bias = take(n, 1);
  p.g.accumulate = start == I8_START_C;
  i8_quantize(kernels, &p, take(m, 1));
  return p;
}

static int i8_same(real x, real y) { return same_bits(1, &x, &y) || (isnan(x) && isnan(y)); }

/* ---- quantisation ------------------------------------------------------------------------------------------------ */

/* The largest |x|; NaN when there is NaN or infinity. */
static real i8_most(size_t k, const real *x) {
  real most = 0;
  for (size_t i = 0; i < k; i++) {
    if (!isfinite(x[i])) return (real)NAN;
    if ((real)fabs((double)x[i]) > most) most = (real)fabs((double)x[i]);
  }
  return most;
}

/* q[k] and the scale of one row, as kernels.h says. */
static real i8_reference(size_t k, const real *x, int *q) {
  const real most = i8_most(k, x), inverse = 127 / most;
  const int used = isfinite(most) && isfinite(inverse);
  for (size_t i = 0; i < k; i++) {
    const real scaled = used ? x[i] * inverse : 0;
    q[i] = (int)rint((double)scaled);
  }
  return isnan(most) ? most : used ? most / 127 : 0;
}

/* One of several kinds of row. */
static void i8_row(size_t kind, size_t k, real *x) {
  static const double scales[] = {1, 1e-30, 1e-37, 4e-37, 1e-40, 3e38, 1e5};
  for (size_t i = 0; i < k; i++) x[i] = (real)(scales[kind % 7] * (double)random_real());
  if (kind % 12 == 7) /* halves: between two whole numbers */
    for (size_t i = 0; i < k; i++) x[i] = (real)random_below(254) / 2 * (real)(i % 2 ? 1 : -1);
  if (kind % 12 == 7 && k > 0) x[random_below(k)] = 127;
  if (kind % 12 == 8) memset(x, 0, k * sizeof *x);
  if (k > 0 && kind % 12 > 8)
    x[random_below(k)] = (real)(kind % 12 == 9 ? NAN : kind % 12 == 10 ? -INFINITY : INFINITY);
}

/* The quantised numbers come to light as products with the unit matrix. */
static int i8_quantize_case(const level *l, size_t m, size_t k) {
  product_i8 p = {.g = {.m = m, .n = k, .k = k, .c_row = k}, .x_row = k + random_below(3)};
  p.x = take(m * p.x_row, 0);
  p.b = take_at(k * k, 1);
  real *ones = take(k + m, 0), *scale = take(m, 0);
  int8_t *unit = p.b;
  int good = 1;
  for (size_t i = 0; i < k * k; i++) unit[i] = i / k == i % k;
  for (size_t i = 0; i < k + m; i++) ones[i] = 1;
  for (size_t r = 0; r < m; r++) i8_row(r + k, k, p.x + r * p.x_row);
  p.g.b = i8_packed(l->kernels, k, k, unit, k, 1);
  p.g.b_scale = ones, p.g.c = take(m * k, 1);
  i8_quantize(l->kernels, &p, scale);
  p.g.a_scale = ones;
  l->kernels->gemm_i8(&p.g);
  int *q = take_at(k * sizeof *q, 0);
  for (size_t r = 0; r < m && good; r++) {
    const real wanted = i8_reference(k, p.x + r * p.x_row, q);
    good = i8_same(scale[r], wanted);
    if (!good) diag("k %zu: scale %zu is %.9g, wanted %.9g", k, r, (double)scale[r], (double)wanted);
    for (size_t i = 0; i < k && good; i++) {
      good = p.g.c[r * k + i] == (real)q[i];
      if (!good) diag("k %zu: q(%zu,%zu) is %g, wanted %d", k, r, i, (double)p.g.c[r * k + i], q[i]);
    }
  }
  return release() && good;
}

static int check_i8_quantize(const level *l) {
  int good = 1;
  for (size_t k = 0; k <= 40 && good; k++) good = i8_quantize_case(l, random_below(30), k);
  return good && i8_quantize_case(l, 40, 130) && i8_quantize_case(l, 64, 100);
}

/* ---- products ---------------------------------------------------------------------------------------------------- */

static int64_t i8_sum(const product_i8 *p, const int *q, size_t j) {
  int64_t sum = 0;
  for (size_t i = 0; i < p->g.k; i++) sum += q[i] * p->b[i * p->b_row + j * p->b_step];
  return sum;
}

/* Is C what kernels.h says, to the bit? (none or relu) */
static int i8_right(const product_i8 *p, const real *before) {
  const s2s__gemm_i8 *g = &p->g;
  int *q = take_at(g->k * sizeof *q, 0);
  for (size_t r = 0; r < g->m; r++) {
    i8_reference(g->k, p->x + r * p->x_row, q);
    for (size_t j = 0; j < g->c_row; j++) {
      const real got = g->c[r * g->c_row + j], old = before[r * g->c_row + j];
      real wanted = old;
      if (j < g->n) {
        const real sum = (real)i8_sum(p, q, j), part = sum * g->a_scale[r], scaled = part * g->b_scale[j];
        wanted = scaled + (g->accumulate ? old : g->bias ? g->bias[j] : 0);
        if (g->activation == S2S__ACTIVATION_RELU && wanted < 0) wanted = 0;
      }
      if (i8_same(got, wanted)) continue;
      return diag("m %zu n %zu k %zu: C(%zu,%zu) is %.9g, wanted %.9g", g->m, g->n, g->k, r, j, (double)got,
                  (double)wanted),
             0;
    }
  }
  return 1;
}

static int i8_case(const level *l, size_t m, size_t n, size_t k) {
  product_i8 p = i8_product(l->kernels, m, n, k, (int)random_below(I8_STARTS));
  const real *before = copy(m * p.g.c_row, p.g.c);
  p.g.activation = random_below(2) ? S2S__ACTIVATION_RELU : S2S__ACTIVATION_NONE;
  l->kernels->gemm_i8(&p.g);
  const int good = i8_right(&p, before);
  return release() && good;
}

static int check_i8_gemm(const level *l) {
  static const size_t depths[] = {0, 1, 2, 3, 4, 5, 31, 64, 130, 515};
  int good = 1;
  for (size_t m = 0; m <= 30 && good; m++)
    for (size_t d = 0; d < sizeof depths / sizeof depths[0] && good; d++)
      good =
          i8_case(l, m, random_below(80), depths[d]) && i8_case(l, m, random_below(10) * l->kernels->panel, depths[d]);
  good = good && i8_case(l, 1, 1030, 290) && i8_case(l, 2, 300, 70) && i8_case(l, 131, 40, 400);
  return good && i8_case(l, 70, 70, 9000) && i8_case(l, 40, 3, 20000);
}

/* All k at their extremes: the highest sums that there are, and sums that reach half of them and come back. */
static int check_i8_deep(const level *l) {
  const size_t k = S2S__K_LIMIT_I8, n = 35;
  int good = 1;
  for (size_t m = 1; m <= 13 && good; m += 4) {
    product_i8 p = i8_product(l->kernels, m, n, k, I8_START_ZERO);
    const real *before = copy(m * p.g.c_row, p.g.c);
    for (size_t r = 0; r < m; r++)
      for (size_t i = 0; i < k; i++)
        p.x[r * p.x_row + i] = (real)((r % 4 == 1 && i >= k / 2) || r % 4 == 3 ? -127 : 127);
    for (size_t j = 0; j < n; j++)
      for (size_t i = 0; i < k; i++) {
        const int sign = j % 4 == 1 || (j % 4 == 2 && i >= k / 2) || (j % 4 == 3 && i % 2);
        p.b[i * p.b_row + j * p.b_step] = (int8_t)(sign ? -127 : 127);
      }
    for (size_t j = 0; j < n; j++) p.b[(j * 1000 + j % 7) * p.b_row + j * p.b_step] = (int8_t)j;
    p.g.b = i8_packed(l->kernels, n, k, p.b, p.b_row, p.b_step);
    i8_quantize(l->kernels, &p, take(m, 0));
    l->kernels->gemm_i8(&p.g);
    good = i8_right(&p, before);
    good = release() && good;
  }
  return good;
}

/* ---- rows and activations ---------------------------------------------------------------------------------------- */

/* Rows i .. i+count-1 quantised and multiplied alone have the bits that they have in the whole. */
static int i8_rows_same(const level *l, const product_i8 *p, const real *before, size_t i, size_t count) {
  product_i8 part = *p;
  part.g.m = count, part.x += i * p->x_row;
  part.g.c = copy(count * p->g.c_row, before + i * p->g.c_row);
  i8_quantize(l->kernels, &part, take(count, 0));
  l->kernels->gemm_i8(&part.g);
  int good = same_bits(count, part.g.a_scale, p->g.a_scale + i);
  for (size_t r = 0; r < count; r++)
    good = good && same_bits(p->g.n, part.g.c + r * p->g.c_row, p->g.c + (i + r) * p->g.c_row);
  return good;
}

static int check_i8_rows(const level *l) {
  int good = 1;
  for (size_t t = 0; t < 90 && good; t++) {
    const size_t m = 1 + random_below(45), n = 1 + random_below(200), k = 1 + random_below(300);
    product_i8 p = i8_product(l->kernels, m, n, k, (int)(t % I8_STARTS));
    const real *before = copy(m * p.g.c_row, p.g.c);
    p.g.activation = (s2s__activation)(t % 6);
    if (p.g.activation == S2S__ACTIVATION_GELU && !l->kernels->gelu) p.g.activation = S2S__ACTIVATION_NONE;
    if (p.g.activation == S2S__ACTIVATION_SWISH && !l->kernels->swish) p.g.activation = S2S__ACTIVATION_NONE;
    l->kernels->gemm_i8(&p.g);
    for (size_t tries = 0; tries < 6 && good; tries++) {
      const size_t i = random_below(m);
      good = i8_rows_same(l, &p, before, i, 1) && i8_rows_same(l, &p, before, i, 1 + random_below(m - i));
    }
    if (!good) diag("m %zu n %zu k %zu activation %d: bits differ", m, n, k, (int)p.g.activation);
    good = release() && good;
  }
  return good;
}

/* Each activation is the level's own function of the plain result. */
static int check_i8_activations(const level *l) {
  void (*const functions[])(size_t, const real *, real *) = {
      NULL, NULL, l->kernels->gelu, l->kernels->swish, l->kernels->tanh, l->kernels->sigmoid};
  int good = 1;
  for (size_t t = 0; t < 60 && good; t++) {
    const size_t m = 1 + random_below(20), n = random_below(120), a = 2 + t % 4;
    if (!functions[a]) continue;
    product_i8 p = i8_product(l->kernels, m, n, 1 + random_below(50), I8_START_BIAS), q = p;
    q.g.activation = (s2s__activation)a;
    q.g.c = copy(m * p.g.c_row, p.g.c);
    l->kernels->gemm_i8(&p.g);
    l->kernels->gemm_i8(&q.g);
    for (size_t r = 0; r < m; r++) functions[a](n, p.g.c + r * p.g.c_row, p.g.c + r * p.g.c_row);
    good = same_bits(m * p.g.c_row, p.g.c, q.g.c);
    good = release() && good;
  }
  return good;
}

/* NaN and infinity in a row make that row NaN, and no other. */
static int check_i8_special(const level *l) {
  int good = 1;
  for (size_t m = 1; m <= 30 && good; m++) {
    product_i8 p = i8_product(l->kernels, m, 37, 50, (int)(m % I8_STARTS));
    const real *before = copy(m * p.g.c_row, p.g.c);
    p.x[m / 2 * p.x_row + m % 50] = (real)(m % 3 == 0 ? NAN : m % 3 == 1 ? INFINITY : -INFINITY);
    p.g.activation = m % 2 ? S2S__ACTIVATION_RELU : S2S__ACTIVATION_NONE;
    i8_quantize(l->kernels, &p, take(m, 0));
    l->kernels->gemm_i8(&p.g);
    for (size_t j = 0; j < p.g.n; j++) good = good && isnan(p.g.c[m / 2 * p.g.c_row + j]);
    good = good && i8_right(&p, before);
    good = release() && good;
  }
  return good;
}

#endif
