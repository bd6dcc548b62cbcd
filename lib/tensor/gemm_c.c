/* SPDX-License-Identifier: MIT
 *
 * Packing and multiplication in portable C: what s2s__gemm means, and what runs where there is nothing better.
 *
 * Panels of 8 columns, tiles of 4 x 8 outputs held in registers while k runs from 0 to K-1; compilers turn the loops
 * over columns into whatever vectors the baseline has. Each product is rounded, then each sum, in the order of k, so
 * an output does not depend on the rows beside it.
 */
#include "tensor/isa.h"

#include <string.h>

#define S2S__ROWS_C 4

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

/* Rows row .. row+rows-1 of one panel, whose first column is j. */
static void panel_rows_c(const s2s__gemm *g, size_t row, size_t rows, size_t j) {
  const size_t columns = g->n - j < S2S__PANEL_C ? g->n - j : S2S__PANEL_C;
  const s2s__real *a = g->a + row * g->a_row, *b = g->b + j * g->k;
  s2s__real *c = g->c + row * g->c_row + j;
  s2s__real s[S2S__ROWS_C][S2S__PANEL_C] = {{0}};
  for (size_t r = 0; r < rows; r++) {
    if (g->accumulate)
      memcpy(s[r], c + r * g->c_row, columns * sizeof *c);
    else if (g->bias)
      memcpy(s[r], g->bias + j, columns * sizeof *c);
  }
  if (rows == S2S__ROWS_C)
    tile4_c(g->k, a, g->a_row, g->a_step, b, s);
  else
    for (size_t r = 0; r < rows; r++) tile1_c(g->k, a + r * g->a_row, g->a_step, b, s[r]);
  for (size_t r = 0; r < rows; r++) memcpy(c + r * g->c_row, s[r], columns * sizeof *c);
}

void s2s__gemm_c(const s2s__gemm *g) {
  for (size_t j = 0; j < g->n; j += S2S__PANEL_C) {
    for (size_t row = 0; row < g->m; row += S2S__ROWS_C)
      panel_rows_c(g, row, g->m - row < S2S__ROWS_C ? g->m - row : S2S__ROWS_C, j);
  }
}
