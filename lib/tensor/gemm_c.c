/* SPDX-License-Identifier: MIT
 *
 * Packing and multiplication in portable C: what s2s__gemm means, and what runs where there is nothing better.
 *
 * Panels of 8 columns, tiles of 4 x 8 outputs held in registers while k runs; compilers turn the loops over columns
 * into whatever vectors the baseline has. Each product is rounded, then each sum, in the order of k, so an output does
 * not depend on the rows beside it. K is cut into blocks, between which the sums rest in C, exactly; B in binary16 is
 * widened a block of a panel at a time.
 */
#include "tensor/half.h"
#include "tensor/isa.h"

#include <string.h>

#define S2S__ROWS_C 4
#define S2S__DEPTH_C 64 /* of a widened block: 4 KB of doubles */

/* ---- packing ----------------------------------------------------------------------------------------------------- */

/* One panel: columns of B from `b` on, `columns` of them. */
static void pack_panel_c(size_t columns, size_t k, const s2s__real *b, size_t b_row, size_t b_step, s2s__real *packed) {
  if (columns < S2S__PANEL_C) memset(packed, 0, k * S2S__PANEL_C * sizeof *packed);
  for (size_t i = 0; i < k; i++)
    for (size_t j = 0; j < columns; j++) packed[i * S2S__PANEL_C + j] = b[i * b_row + j * b_step];
}

void s2s__gemm_pack_c(size_t n, size_t k, const s2s__real *b, size_t b_row, size_t b_step, s2s__real *packed) {
  for (size_t j = 0; j < n; j += S2S__PANEL_C) {
    pack_panel_c(n - j < S2S__PANEL_C ? n - j : S2S__PANEL_C, k, b + j * b_step, b_row, b_step, packed + j * k);
  }
}

void s2s__gemm_pack_f16_c(size_t n, size_t k, const s2s__real *b, size_t b_row, size_t b_step, uint16_t *packed) {
  s2s__real row[S2S__PANEL_C];
  for (size_t j = 0; j < n; j += S2S__PANEL_C)
    for (size_t i = 0; i < k; i++, packed += S2S__PANEL_C) {
      const size_t columns = n - j < S2S__PANEL_C ? n - j : S2S__PANEL_C;
      pack_panel_c(columns, 1, b + j * b_step + i * b_row, b_row, b_step, row);
      for (size_t e = 0; e < S2S__PANEL_C; e++) packed[e] = s2s__half_of_real(row[e]);
    }
}

/* ---- multiplication ---------------------------------------------------------------------------------------------- */

/* s[4,8] += A[4,k] B[k,8] */
static void tile4_c(size_t k, const s2s__real *a, size_t a_row, size_t a_step, const s2s__real *b,
                    s2s__real (*s)[S2S__PANEL_C]) {
  s2s__real s0[S2S__PANEL_C], s1[S2S__PANEL_C], s2[S2S__PANEL_C], s3[S2S__PANEL_C];
  memcpy(s0, s[0], sizeof s0), memcpy(s1, s[1], sizeof s1), memcpy(s2, s[2], sizeof s2), memcpy(s3, s[3], sizeof s3);
  for (size_t i = 0; i < k; i++, a += a_step, b += S2S__PANEL_C) {
    const s2s__real a0 = a[0], a1 = a[a_row], a2 = a[2 * a_row], a3 = a[3 * a_row];
    for (size_t j = 0; j < S2S__PANEL_C; j++) s0[j] += a0 * b[j];
    for (size_t j = 0; j < S2S__PANEL_C; j++) s1[j] += a1 * b[j];
    for (size_t j = 0; j < S2S__PANEL_C; j++) s2[j] += a2 * b[j];
    for (size_t j = 0; j < S2S__PANEL_C; j++) s3[j] += a3 * b[j];
  }
  memcpy(s[0], s0, sizeof s0), memcpy(s[1], s1, sizeof s1), memcpy(s[2], s2, sizeof s2), memcpy(s[3], s3, sizeof s3);
}

/* s[8] += A[1,k] B[k,8] */
static void tile1_c(size_t k, const s2s__real *a, size_t a_step, const s2s__real *b, s2s__real *s) {
  s2s__real s0[S2S__PANEL_C];
  memcpy(s0, s, sizeof s0);
  for (size_t i = 0; i < k; i++, a += a_step, b += S2S__PANEL_C) {
    const s2s__real a0 = a[0];
    for (size_t j = 0; j < S2S__PANEL_C; j++) s0[j] += a0 * b[j];
  }
  memcpy(s, s0, sizeof s0);
}

/* c[32] = start + A[1,k] B[k,32], over four panels: enough sums to hide their latency. */
static void row4_c(const s2s__gemm *g, size_t row, size_t j) {
  const size_t stride = g->k * S2S__PANEL_C;
  const s2s__real *a = g->a + row * g->a_row, *b = (const s2s__real *)g->b + j * g->k;
  s2s__real *c = g->c + row * g->c_row + j;
  const s2s__real *start = g->accumulate ? c : g->bias ? g->bias + j : NULL;
  s2s__real s0[S2S__PANEL_C] = {0}, s1[S2S__PANEL_C] = {0}, s2[S2S__PANEL_C] = {0}, s3[S2S__PANEL_C] = {0};
  if (start) {
    memcpy(s0, start, sizeof s0), memcpy(s1, start + S2S__PANEL_C, sizeof s1);
    memcpy(s2, start + 2 * S2S__PANEL_C, sizeof s2), memcpy(s3, start + 3 * S2S__PANEL_C, sizeof s3);
  }
  for (size_t i = 0; i < g->k; i++, a += g->a_step, b += S2S__PANEL_C) {
    const s2s__real x = *a;
    for (size_t e = 0; e < S2S__PANEL_C; e++) s0[e] += x * b[e];
    for (size_t e = 0; e < S2S__PANEL_C; e++) s1[e] += x * b[stride + e];
    for (size_t e = 0; e < S2S__PANEL_C; e++) s2[e] += x * b[2 * stride + e];
    for (size_t e = 0; e < S2S__PANEL_C; e++) s3[e] += x * b[3 * stride + e];
  }
  memcpy(c, s0, sizeof s0), memcpy(c + S2S__PANEL_C, s1, sizeof s1);
  memcpy(c + 2 * S2S__PANEL_C, s2, sizeof s2), memcpy(c + 3 * S2S__PANEL_C, s3, sizeof s3);
}

/* Steps k .. k+depth-1 of rows row .. row+rows-1 of one panel, whose first column is j; b: those steps of B. */
static void panel_rows_c(const s2s__gemm *g, size_t row, size_t rows, size_t j, size_t k, size_t depth,
                         const s2s__real *b) {
  const size_t columns = g->n - j < S2S__PANEL_C ? g->n - j : S2S__PANEL_C;
  const s2s__real *a = g->a + row * g->a_row + k * g->a_step;
  s2s__real *c = g->c + row * g->c_row + j;
  s2s__real s[S2S__ROWS_C][S2S__PANEL_C] = {{0}};
  for (size_t r = 0; r < rows; r++) {
    if (g->accumulate || k > 0)
      memcpy(s[r], c + r * g->c_row, columns * sizeof *c);
    else if (g->bias)
      memcpy(s[r], g->bias + j, columns * sizeof *c);
  }
  if (rows == S2S__ROWS_C)
    tile4_c(depth, a, g->a_row, g->a_step, b, s);
  else
    for (size_t r = 0; r < rows; r++) tile1_c(depth, a + r * g->a_row, g->a_step, b, s[r]);
  for (size_t r = 0; r < rows; r++) memcpy(c + r * g->c_row, s[r], columns * sizeof *c);
}

/* The same of all rows. */
static void panel_c(const s2s__gemm *g, size_t j, size_t k, size_t depth, const s2s__real *b) {
  for (size_t row = 0; row < g->m; row += S2S__ROWS_C)
    panel_rows_c(g, row, g->m - row < S2S__ROWS_C ? g->m - row : S2S__ROWS_C, j, k, depth, b);
}

void s2s__gemm_c(const s2s__gemm *g) {
  const size_t whole = g->m / S2S__ROWS_C * S2S__ROWS_C, wide = g->n / (4 * S2S__PANEL_C) * (4 * S2S__PANEL_C);
  s2s__gemm tiles = *g;
  tiles.m = whole;
  for (size_t j = 0; j < g->n; j += S2S__PANEL_C) /* the last rows have their own way where it is wide enough */
    panel_c(j < wide ? &tiles : g, j, 0, g->k, (const s2s__real *)g->b + j * g->k);
  for (size_t row = whole; row < g->m; row++)
    for (size_t j = 0; j < wide; j += 4 * S2S__PANEL_C) row4_c(g, row, j);
}

void s2s__gemm_f16_c(const s2s__gemm *g) {
  s2s__real b[S2S__DEPTH_C * S2S__PANEL_C];
  const uint16_t *half = g->b;
  for (size_t j = 0; j < g->n; j += S2S__PANEL_C) {
    size_t k = 0;
    do {
      const size_t depth = g->k - k < S2S__DEPTH_C ? g->k - k : S2S__DEPTH_C;
      for (size_t e = 0; e < depth * S2S__PANEL_C; e += S2S__PANEL_C, half += S2S__PANEL_C)
        for (size_t i = 0; i < S2S__PANEL_C; i++) b[e + i] = s2s__half_widen(half[i]);
      panel_c(g, j, k, depth, b);
      k += depth;
    } while (k < g->k);
  }
}
