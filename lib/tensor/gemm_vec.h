/* SPDX-License-Identifier: MIT
 *
 * Packing and multiplication over the verbs of a level. Included once for each level.
 *
 *            panel 0   panel 1
 *   B packed [K x NR]  [K x NR] ...     NR = 2 vectors; a panel is k-major; f32 or binary16
 *
 *   copy of A  for each tile depth x GEMM_A_ROW, k-major, in the caller's scratch; few rows are read where they stand
 *   tile       rows x NR outputs in registers: for each k two loads of B and, for each row, one broadcast of A and two
 *              fused multiply-adds. Up to VEC_TILE_ROWS rows; M is cut into tiles as equal as can be
 *
 * Loops, from outside: groups of columns (so that a block of B stays in the second-level cache), blocks of k, groups of
 * tiles (as many as scratch holds), panels, tiles. Between blocks of k the sums rest in C, exactly; so each output is
 * start + k = 0, 1, ... K-1, one fused multiply-add each, whatever M, N, the blocks and the tiles are.
 */

#define GEMM_PANEL (2 * VEC_WIDTH)
#define GEMM_A_ROW (VEC_TILE_ROWS > VEC_SQUARE ? VEC_TILE_ROWS : VEC_SQUARE)
#define GEMM_FEW (VEC_TILE_ROWS > 6 ? 6 : 3) /* rows that are multiplied without a copy of A */
#define PACK_SLICE 32                        /* steps of k, between f32 and f16 */
#ifndef VEC_TILE_DEPTH                       /* a level's own figures; these are plain ones */
#define VEC_TILE_DEPTH 256
#define VEC_A_AHEAD 0
#define VEC_B_AHEAD 0
#endif

/* ---- packing ----------------------------------------------------------------------------------------------------- */

/* Rows 0..k-1 of a panel with fewer columns than GEMM_PANEL, or with general strides. */
static void KERNEL(pack_slowly)(size_t columns, size_t k, const float *b, size_t b_row, size_t b_step, float *packed) {
  for (size_t i = 0; i < k; i++) {
    size_t j = 0;
    for (; j < columns; j++) packed[i * GEMM_PANEL + j] = b[i * b_row + j * b_step];
    for (; j < GEMM_PANEL; j++) packed[i * GEMM_PANEL + j] = 0;
  }
}

/* A whole panel of B with b_step 1: rows are copied. */
static void KERNEL(pack_rows)(size_t k, const float *b, size_t b_row, float *packed) {
  for (size_t i = 0; i < k; i++, b += b_row, packed += GEMM_PANEL) {
    VEC(store)(packed, VEC(load)(b));
    VEC(store)(packed + VEC_WIDTH, VEC(load)(b + VEC_WIDTH));
  }
}

/* A whole panel of B with b_row 1, the transpose of a row-major matrix. */
static void KERNEL(pack_columns)(size_t k, const float *b, size_t b_step, float *packed) {
  const size_t whole = k / VEC_SQUARE * VEC_SQUARE;
  for (size_t i = 0; i < whole; i += VEC_SQUARE)
    for (size_t j = 0; j < GEMM_PANEL; j += VEC_SQUARE)
      VEC(transpose)(b + i + j * b_step, b_step, packed + i * GEMM_PANEL + j, GEMM_PANEL);
  KERNEL(pack_slowly)(GEMM_PANEL, k - whole, b + whole, 1, b_step, packed + whole * GEMM_PANEL);
}

static void KERNEL(pack)(size_t n, size_t k, const float *b, size_t b_row, size_t b_step, float *packed) {
  for (size_t j = 0; j < n; j += GEMM_PANEL, b += GEMM_PANEL * b_step, packed += GEMM_PANEL * k) {
    if (n - j < GEMM_PANEL)
      KERNEL(pack_slowly)(n - j, k, b, b_row, b_step, packed);
    else if (b_step == 1)
      KERNEL(pack_rows)(k, b, b_row, packed);
    else if (b_row == 1)
      KERNEL(pack_columns)(k, b, b_step, packed);
    else
      KERNEL(pack_slowly)(GEMM_PANEL, k, b, b_row, b_step, packed);
  }
}

/* The same panels in binary16, by slices of k. */
static void KERNEL(pack_f16)(size_t n, size_t k, const float *b, size_t b_row, size_t b_step, uint16_t *packed) {
  float slice[PACK_SLICE * GEMM_PANEL];
  for (size_t j = 0; j < n; j += GEMM_PANEL)
    for (size_t i = 0; i < k; i += PACK_SLICE) {
      const size_t depth = k - i < PACK_SLICE ? k - i : PACK_SLICE;
      KERNEL(pack)(n - j < GEMM_PANEL ? n - j : GEMM_PANEL, depth, b + j * b_step + i * b_row, b_row, b_step, slice);
      for (size_t e = 0; e < depth * GEMM_PANEL; e += VEC_WIDTH, packed += VEC_WIDTH)
        VEC(store_f16)(packed, VEC(load)(slice + e));
    }
}

/* ---- A ----------------------------------------------------------------------------------------------------------- */

#define COPY_AHEAD 24 /* steps of k that are asked for ahead where A is transposed */

/* The copy of a tile's A: GEMM_A_ROW numbers for each k, the tile's rows side by side. A tile with fewer rows than a
 * square takes in rows after it, or, at the end of A, before it: it starts `copy_extra` numbers into the copy. */
S2S__INLINE size_t KERNEL(copy_extra)(size_t m, size_t row, size_t rows) {
  return rows < VEC_SQUARE && m >= VEC_SQUARE && m - row < VEC_SQUARE ? VEC_SQUARE - (m - row) : 0;
}

/* to[i * GEMM_A_ROW + r] = a[r * a_row + i] for r < VEC_SQUARE, i < depth, a multiple of 16: whole cache lines of A,
 * because rows that are a power of two apart push each other out of the cache. The next rows are asked for meanwhile.
 */
static void KERNEL(copy_square)(const float *a, size_t a_row, size_t depth, float *to) {
  for (size_t i = 0; i < depth; i += 16) {
    for (size_t r = 0; r < VEC_SQUARE; r++) VEC(prefetch)(a + i + (r + VEC_SQUARE) * a_row);
    for (size_t k = i; k < i + 16; k += VEC_SQUARE) VEC(transpose)(a + k, a_row, to + k * GEMM_A_ROW, GEMM_A_ROW);
  }
}

/* The same for any number of rows and any depth. The last square ends with the last row, over some that are done. */
static void KERNEL(copy_rows)(const float *a, size_t a_row, size_t rows, size_t depth, float *to) {
  const size_t whole = rows < VEC_SQUARE ? 0 : depth / 16 * 16;
  for (size_t r = 0; whole > 0 && r < rows; r += VEC_SQUARE) {
    const size_t at = r + VEC_SQUARE <= rows ? r : rows - VEC_SQUARE;
    KERNEL(copy_square)(a + at * a_row, a_row, whole, to + at);
  }
  for (size_t i = whole; i < depth; i++)
    for (size_t r = 0; r < rows; r++) to[i * GEMM_A_ROW + r] = a[r * a_row + i];
}

/* to[r] = a[r] for r < rows */
S2S__INLINE void KERNEL(copy_column)(const float *a, size_t rows, float *to) {
  if (rows < VEC_SQUARE) {
    for (size_t r = 0; r < rows; r++) to[r] = a[r];
    return;
  }
  for (size_t r = 0; r < rows; r += VEC_SQUARE) {
    const size_t at = r + VEC_SQUARE <= rows ? r : rows - VEC_SQUARE;
    memcpy(to + at, a + at, VEC_SQUARE * sizeof *a);
  }
}

/* Tiles t .. end-1 of a block, plan->depth * GEMM_A_ROW numbers apart. A transposed matrix is read along its rows. */
static void KERNEL(copy_tiles)(const s2s__gemm *g, const s2s__gemm_plan *plan, const s2s__gemm_block *block, size_t t,
                               size_t end, float *scratch) {
  size_t row[S2S__GEMM_GROUP], rows[S2S__GEMM_GROUP], count = 0;
  for (; t < end; t++, count++) {
    const size_t at = s2s__gemm_row(g->m, plan->tiles, t), next = s2s__gemm_row(g->m, plan->tiles, t + 1);
    row[count] = at - KERNEL(copy_extra)(g->m, at, next - at);
    rows[count] = next - row[count] < VEC_SQUARE && g->m >= VEC_SQUARE ? VEC_SQUARE : next - row[count];
  }
  const float *a = g->a + block->k * g->a_step;
  if (g->a_step == 1)
    for (size_t i = 0; i < count; i++)
      KERNEL(copy_rows)(a + row[i] * g->a_row, g->a_row, rows[i], block->depth, scratch + i * plan->depth * GEMM_A_ROW);
  else if (g->a_row == 1)
    for (size_t k = 0; k < block->depth; k++) {
      for (size_t p = row[0]; p < row[count - 1] + rows[count - 1]; p += 16)
        VEC(prefetch)(a + (k + COPY_AHEAD) * g->a_step + p);
      for (size_t i = 0; i < count; i++)
        KERNEL(copy_column)(a + k * g->a_step + row[i], rows[i], scratch + (i * plan->depth + k) * GEMM_A_ROW);
    }
  else
    for (size_t i = 0; i < count; i++)
      for (size_t k = 0; k < block->depth; k++)
        for (size_t r = 0; r < rows[i]; r++)
          scratch[(i * plan->depth + k) * GEMM_A_ROW + r] = a[(row[i] + r) * g->a_row + k * g->a_step];
}

/* ---- repetition -------------------------------------------------------------------------------------------------- */

#define TILE_REPEAT_1(X) X(0)
#define TILE_REPEAT_2(X) TILE_REPEAT_1(X) X(1)
#define TILE_REPEAT_3(X) TILE_REPEAT_2(X) X(2)
#define TILE_REPEAT_4(X) TILE_REPEAT_3(X) X(3)
#define TILE_REPEAT_5(X) TILE_REPEAT_4(X) X(4)
#define TILE_REPEAT_6(X) TILE_REPEAT_5(X) X(5)
#define TILE_REPEAT_7(X) TILE_REPEAT_6(X) X(6)
#define TILE_REPEAT_8(X) TILE_REPEAT_7(X) X(7)
#define TILE_REPEAT_9(X) TILE_REPEAT_8(X) X(8)
#define TILE_REPEAT_10(X) TILE_REPEAT_9(X) X(9)
#define TILE_REPEAT_11(X) TILE_REPEAT_10(X) X(10)
#define TILE_REPEAT_12(X) TILE_REPEAT_11(X) X(11)
#define WIDE_ROWS_1(X, p) X(0, p)
#define WIDE_ROWS_2(X, p) X(0, p) X(1, p)
#define WIDE_ROWS_3(X, p) X(0, p) X(1, p) X(2, p)
#define WIDE_ROWS_4(X, p) X(0, p) X(1, p) X(2, p) X(3, p)
#define WIDE_ROWS_5(X, p) X(0, p) X(1, p) X(2, p) X(3, p) X(4, p)
#define WIDE_ROWS_6(X, p) X(0, p) X(1, p) X(2, p) X(3, p) X(4, p) X(5, p)
#define WIDE_PANELS_1(X, rows) X(0, rows)
#define WIDE_PANELS_2(X, rows) X(0, rows) X(1, rows)
#define WIDE_PANELS_4(X, rows) X(0, rows) X(1, rows) X(2, rows) X(3, rows)

/* Tiles of fewer rows are not needed: products of up to GEMM_FEW rows have none, and more rows are cut as equal as can be. */
#define TILE_LEAST ((VEC_TILE_ROWS + 1) / 2 <= GEMM_FEW ? (VEC_TILE_ROWS + 1) / 2 : GEMM_FEW + 1)
#define TILE_HAS(rows) (TILE_LEAST <= (rows) && (rows) <= VEC_TILE_ROWS)

#define GEMM_STORED float
#define GEMM_LOAD VEC(load)
#define GEMM_NAME(name) KERNEL(name)
#include "tensor/gemm_tile_vec.h"
#undef GEMM_STORED
#undef GEMM_LOAD
#undef GEMM_NAME

#define GEMM_STORED uint16_t
#define GEMM_LOAD VEC(load_f16)
#ifdef VEC_SLIM_WIDTH
#define GEMM_SLIM_LOAD VEC(slim_load_f16)
#endif
#define GEMM_NAME(name) KERNEL(name##_f16)
#include "tensor/gemm_tile_vec.h"
#undef GEMM_STORED
#undef GEMM_LOAD
#undef GEMM_NAME

#undef TILE_LEAST
#undef TILE_HAS
#undef GEMM_PANEL
#undef GEMM_A_ROW
#undef PACK_SLICE
#undef TILE_REPEAT_1
#undef TILE_REPEAT_2
#undef TILE_REPEAT_3
#undef TILE_REPEAT_4
#undef TILE_REPEAT_5
#undef TILE_REPEAT_6
#undef TILE_REPEAT_7
#undef TILE_REPEAT_8
#undef TILE_REPEAT_9
#undef TILE_REPEAT_10
#undef TILE_REPEAT_11
#undef TILE_REPEAT_12
#undef WIDE_ROWS_1
#undef WIDE_ROWS_2
#undef WIDE_ROWS_3
#undef WIDE_ROWS_4
#undef WIDE_ROWS_5
#undef WIDE_ROWS_6
#undef WIDE_PANELS_1
#undef WIDE_PANELS_2
#undef WIDE_PANELS_4
#undef GEMM_FEW
#undef COPY_AHEAD
