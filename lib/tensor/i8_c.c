/* SPDX-License-Identifier: MIT
 *
 * Whole numbers of eight bits in portable C: what quantize, pack_i8 and gemm_i8 mean.
 *
 * Activations are plain rows [M][groups][4] of signed bytes, panels have a head of zeros. Sums are exact; each
 * operation on real numbers after them is rounded once.
 */
#include "tensor/i8.h"

void s2s__i8_pack_c(size_t n, size_t k, const int8_t *b, size_t b_row, size_t b_step, void *packed) {
  s2s__i8_pack(S2S__PANEL_C, 0, n, k, b, b_row, b_step, packed);
}

/* The largest |x|; NaN when there is NaN or infinity. */
static s2s__real i8_most_c(size_t k, const s2s__real *x) {
  s2s__real most = 0;
  for (size_t i = 0; i < k; i++) {
    const s2s__real size = x[i] < 0 ? -x[i] : x[i];
    if (!(size <= most)) most = size; /* nothing is more than NaN, and NaN stays */
    if (most != most) break;
  }
  return isinf(most) ? (s2s__real)NAN : most;
}

/* x rounded to nearest even, |x| < 2^21 */
static s2s__real i8_round_c(s2s__real x) {
  const s2s__real big = (s2s__real)(sizeof(s2s__real) == 4 ? 12582912.0 : 6755399441055744.0); /* 1.5 * 2^23, 2^52 */
  const s2s__real shifted = x + big;
  return shifted - big;
}

void s2s__i8_quantize_c(size_t m, size_t k, const s2s__real *x, size_t x_row, void *q, s2s__real *scale) {
  const size_t bytes = s2s__i8_groups(k) * 4;
  int8_t *to = q;
  for (size_t r = 0; r < m; r++, x += x_row, to += bytes) {
    const s2s__real most = i8_most_c(k, x), inverse = s2s__i8_inverse(most);
    memset(to, 0, bytes);
    scale[r] = most != most ? (s2s__real)NAN : s2s__i8_scale(most, inverse);
    if (most != most) continue;
    for (size_t i = 0; i < k; i++) {
      const s2s__real scaled = x[i] * inverse;
      to[i] = (int8_t)i8_round_c(scaled);
    }
  }
}

/* The two bytes of a pair, as numbers; which is which depends on the machine, and does not matter. */
S2S__INLINE int16_t i8_low_c(uint16_t pair) { return (int16_t)((int16_t)(uint16_t)(pair << 8) >> 8); }
S2S__INLINE int16_t i8_high_c(uint16_t pair) { return (int16_t)((int16_t)pair >> 8); }

#define S2S__I8_PAIRS 8 /* of bytes, in a step that compilers make vectors of: four columns */

/* s[j] += the sum of the products of x's and y's pairs j: two products and their sum fit in 16 bits. */
S2S__INLINE void i8_pairs_c(const uint32_t *x, const unsigned char *b, int32_t *s) {
  uint16_t xs[S2S__I8_PAIRS], ys[S2S__I8_PAIRS];
  memcpy(xs, x, sizeof xs), memcpy(ys, b, sizeof ys);
  for (size_t j = 0; j < S2S__I8_PAIRS; j++)
    s[j] += (int16_t)(i8_low_c(xs[j]) * i8_low_c(ys[j]) + i8_high_c(xs[j]) * i8_high_c(ys[j]));
}

/* sums[8] = head + a b, one row and one panel */
static void i8_sums_c(size_t groups, const int8_t *a, const unsigned char *panel, int32_t *sums) {
  int32_t s[S2S__I8_PAIRS] = {0}, t[S2S__I8_PAIRS] = {0};
  const unsigned char *b = panel + S2S__PANEL_C * sizeof *s;
  for (size_t i = 0; i < groups; i++, a += 4, b += S2S__PANEL_C * 4) {
    uint32_t four, x[S2S__I8_PAIRS / 2];
    memcpy(&four, a, sizeof four);
    for (size_t j = 0; j < S2S__I8_PAIRS / 2; j++) x[j] = four;
    i8_pairs_c(x, b, s);
    i8_pairs_c(x, b + 2 * S2S__I8_PAIRS, t);
  }
  memcpy(sums, panel, S2S__PANEL_C * sizeof *s);
  for (size_t j = 0; j < S2S__PANEL_C / 2; j++) {
    sums[j] += s[2 * j] + s[2 * j + 1];
    sums[j + S2S__PANEL_C / 2] += t[2 * j] + t[2 * j + 1];
  }
}

/* Columns j .. j+columns-1 of one row. */
static void i8_finish_c(const s2s__gemm_i8 *g, size_t row, size_t j, size_t columns, const int32_t *sums) {
  s2s__real *c = g->c + row * g->c_row + j;
  for (size_t i = 0; i < columns; i++) {
    const s2s__real sum = (s2s__real)sums[i], part = sum * g->a_scale[row], product = part * g->b_scale[j + i];
    const s2s__real y = product + (g->accumulate ? c[i] : g->bias ? g->bias[j + i] : 0);
    c[i] = g->activation == S2S__ACTIVATION_RELU && 0 > y ? 0 : y;
  }
  s2s__i8_activate(&s2s__kernels_c, g->activation, columns, c);
}

void s2s__i8_gemm_c(const s2s__gemm_i8 *g) {
  const size_t groups = s2s__i8_groups(g->k), bytes = S2S__PANEL_C * 4 * (groups + 1);
  const unsigned char *b = g->b;
  int32_t sums[S2S__PANEL_C];
  for (size_t j = 0; j < g->n; j += S2S__PANEL_C, b += bytes) {
    const size_t columns = g->n - j < S2S__PANEL_C ? g->n - j : S2S__PANEL_C;
    for (size_t r = 0; r < g->m; r++) {
      i8_sums_c(groups, (const int8_t *)g->a + r * groups * 4, b, sums);
      i8_finish_c(g, r, j, columns, sums);
    }
  }
}
