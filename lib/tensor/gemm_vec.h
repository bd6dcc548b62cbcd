/* SPDX-License-Identifier: MIT
 *
 * Packing and multiplication over the verbs of a level. Included once for each level.
 *
 *            panel 0   panel 1
 *   B packed [K x NR]  [K x NR] ...     NR = 2 vectors; a panel is k-major
 *
 *   A block  rows x depth, copied to `scratch` row by row with a constant stride, so that a tile reads it with one
 *            pointer and constant offsets whatever A's strides are
 *   tile     rows x NR outputs in registers: for each k two loads of B and, for each row, one broadcast of A and two
 *            fused multiply-adds. Up to VEC_TILE_ROWS rows; M is cut into tiles as equal as can be
 *
 * Loops, from outside: groups of columns (so that a block of B stays in the second-level cache), blocks of k, tiles of
 * rows, panels. Between blocks of k the sums rest in C, exactly; so each output is start + k = 0, 1, ... K-1, one fused
 * multiply-add each, whatever M, N, the blocks and the tiles are. M = 1 has its own path, in the same order.
 */

#define GEMM_PANEL (2 * VEC_WIDTH)

/* ---- packing ---- */

/* to[i * to_row + j] = from[i + j * from_row] for i, j < 8 */
S2S__INLINE void KERNEL(transpose8)(const float *from, size_t from_row, float *to, size_t to_row) {
  const __m256 r0 = _mm256_loadu_ps(from), r1 = _mm256_loadu_ps(from + from_row);
  const __m256 r2 = _mm256_loadu_ps(from + 2 * from_row), r3 = _mm256_loadu_ps(from + 3 * from_row);
  const __m256 r4 = _mm256_loadu_ps(from + 4 * from_row), r5 = _mm256_loadu_ps(from + 5 * from_row);
  const __m256 r6 = _mm256_loadu_ps(from + 6 * from_row), r7 = _mm256_loadu_ps(from + 7 * from_row);
  const __m256 s0 = _mm256_unpacklo_ps(r0, r1), s1 = _mm256_unpackhi_ps(r0, r1);
  const __m256 s2 = _mm256_unpacklo_ps(r2, r3), s3 = _mm256_unpackhi_ps(r2, r3);
  const __m256 s4 = _mm256_unpacklo_ps(r4, r5), s5 = _mm256_unpackhi_ps(r4, r5);
  const __m256 s6 = _mm256_unpacklo_ps(r6, r7), s7 = _mm256_unpackhi_ps(r6, r7);
  const __m256 t0 = _mm256_shuffle_ps(s0, s2, 0x44), t1 = _mm256_shuffle_ps(s0, s2, 0xee);
  const __m256 t2 = _mm256_shuffle_ps(s1, s3, 0x44), t3 = _mm256_shuffle_ps(s1, s3, 0xee);
  const __m256 t4 = _mm256_shuffle_ps(s4, s6, 0x44), t5 = _mm256_shuffle_ps(s4, s6, 0xee);
  const __m256 t6 = _mm256_shuffle_ps(s5, s7, 0x44), t7 = _mm256_shuffle_ps(s5, s7, 0xee);
  _mm256_storeu_ps(to, _mm256_permute2f128_ps(t0, t4, 0x20));
  _mm256_storeu_ps(to + to_row, _mm256_permute2f128_ps(t1, t5, 0x20));
  _mm256_storeu_ps(to + 2 * to_row, _mm256_permute2f128_ps(t2, t6, 0x20));
  _mm256_storeu_ps(to + 3 * to_row, _mm256_permute2f128_ps(t3, t7, 0x20));
  _mm256_storeu_ps(to + 4 * to_row, _mm256_permute2f128_ps(t0, t4, 0x31));
  _mm256_storeu_ps(to + 5 * to_row, _mm256_permute2f128_ps(t1, t5, 0x31));
  _mm256_storeu_ps(to + 6 * to_row, _mm256_permute2f128_ps(t2, t6, 0x31));
  _mm256_storeu_ps(to + 7 * to_row, _mm256_permute2f128_ps(t3, t7, 0x31));
}

/* The same for i, j < 4. */
S2S__INLINE void KERNEL(transpose4)(const float *from, size_t from_row, float *to, size_t to_row) {
  const __m128 r0 = _mm_loadu_ps(from), r1 = _mm_loadu_ps(from + from_row);
  const __m128 r2 = _mm_loadu_ps(from + 2 * from_row), r3 = _mm_loadu_ps(from + 3 * from_row);
  const __m128 s0 = _mm_unpacklo_ps(r0, r1), s1 = _mm_unpackhi_ps(r0, r1);
  const __m128 s2 = _mm_unpacklo_ps(r2, r3), s3 = _mm_unpackhi_ps(r2, r3);
  _mm_storeu_ps(to, _mm_movelh_ps(s0, s2));
  _mm_storeu_ps(to + to_row, _mm_movehl_ps(s2, s0));
  _mm_storeu_ps(to + 2 * to_row, _mm_movelh_ps(s1, s3));
  _mm_storeu_ps(to + 3 * to_row, _mm_movehl_ps(s3, s1));
}

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
  const size_t whole = k & ~(size_t)7;
  for (size_t i = 0; i < whole; i += 8)
    for (size_t j = 0; j < GEMM_PANEL; j += 8)
      KERNEL(transpose8)(b + i + j * b_step, b_step, packed + i * GEMM_PANEL + j, GEMM_PANEL);
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

/* ---- tiles ---- */

#define TILE_REPEAT_1(X, rows) X(0, rows)
#define TILE_REPEAT_2(X, rows) TILE_REPEAT_1(X, rows) X(1, rows)
#define TILE_REPEAT_3(X, rows) TILE_REPEAT_2(X, rows) X(2, rows)
#define TILE_REPEAT_4(X, rows) TILE_REPEAT_3(X, rows) X(3, rows)
#define TILE_REPEAT_5(X, rows) TILE_REPEAT_4(X, rows) X(4, rows)
#define TILE_REPEAT_6(X, rows) TILE_REPEAT_5(X, rows) X(5, rows)
#define TILE_REPEAT_7(X, rows) TILE_REPEAT_6(X, rows) X(6, rows)
#define TILE_REPEAT_8(X, rows) TILE_REPEAT_7(X, rows) X(7, rows)
#define TILE_REPEAT_9(X, rows) TILE_REPEAT_8(X, rows) X(8, rows)
#define TILE_REPEAT_10(X, rows) TILE_REPEAT_9(X, rows) X(9, rows)

#define TILE_DECLARE(r, rows) VEC(real) s##r, t##r;
#define TILE_LOAD(r, rows) s##r = VEC(load)(c + (r)*c_row), t##r = VEC(load)(c + (r)*c_row + VEC_WIDTH);
#define TILE_SET(r, rows) s##r = start0, t##r = start1;
#define TILE_STEP(r, rows)                                                                                             \
  x = VEC(set1)(a[(r)*S2S__GEMM_STRIDE(rows)]), s##r = VEC(fma)(x, b0, s##r), t##r = VEC(fma)(x, b1, t##r);
#define TILE_STORE(r, rows) VEC(store)(c + (r)*c_row, s##r), VEC(store)(c + (r)*c_row + VEC_WIDTH, t##r);

#define TILE(rows)                                                                                                     \
  static void KERNEL(tile##rows)(const s2s__gemm_tile *tile) {                                                         \
    const float *a = tile->a, *b = tile->b, *ahead = tile->c + GEMM_PANEL, *const last = a + tile->depth;              \
    const float *end = tile->depth > (rows) ? a + (rows) : last;                                                       \
    float *const c = tile->c;                                                                                          \
    const size_t c_row = tile->c_row;                                                                                  \
    size_t step = c_row;                                                                                               \
    TILE_REPEAT_##rows(TILE_DECLARE, rows) if (tile->from_c) { TILE_REPEAT_##rows(TILE_LOAD, rows) }                   \
    else {                                                                                                             \
      const VEC(real) start0 = tile->bias ? VEC(load)(tile->bias) : VEC(zero)();                                       \
      const VEC(real) start1 = tile->bias ? VEC(load)(tile->bias + VEC_WIDTH) : VEC(zero)();                           \
      TILE_REPEAT_##rows(TILE_SET, rows)                                                                               \
    }                                                                                                                  \
    for (;;) {                                                                                                         \
      for (; a < end; a++, b += GEMM_PANEL, ahead += step) {                                                           \
        const VEC(real) b0 = VEC(load)(b), b1 = VEC(load)(b + VEC_WIDTH);                                              \
        VEC(real) x;                                                                                                   \
        _mm_prefetch((const char *)ahead, _MM_HINT_T0);                                                                \
        if (GEMM_PANEL > 16) _mm_prefetch((const char *)(ahead + 16), _MM_HINT_T0);                                    \
        TILE_REPEAT_##rows(TILE_STEP, rows)                                                                            \
      }                                                                                                                \
      if (end == last) break;                                                                                          \
      end = last, ahead = tile->next, step = tile->next_step;                                                          \
    }                                                                                                                  \
    TILE_REPEAT_##rows(TILE_STORE, rows)                                                                               \
  }

TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)
TILE(6)
#if VEC_TILE_ROWS > 6
TILE(7)
TILE(8)
TILE(9)
TILE(10)
#endif

/* tile with r rows at [r - 1] */
static void (*const KERNEL(tiles)[VEC_TILE_ROWS])(const s2s__gemm_tile *) = {
    KERNEL(tile1), KERNEL(tile2), KERNEL(tile3), KERNEL(tile4),  KERNEL(tile5), KERNEL(tile6),
#if VEC_TILE_ROWS > 6
    KERNEL(tile7), KERNEL(tile8), KERNEL(tile9), KERNEL(tile10),
#endif
};

/* The last panel, of fewer columns than GEMM_PANEL: the tile works on a copy of its part of C. */
S2S__APART void KERNEL(tile_edge)(size_t rows, size_t columns, const s2s__gemm_tile *tile) {
  float part[VEC_TILE_ROWS * GEMM_PANEL] = {0}, start[GEMM_PANEL] = {0};
  s2s__gemm_tile whole = *tile;
  whole.c = part, whole.c_row = GEMM_PANEL, whole.bias = start;
  if (tile->from_c)
    for (size_t r = 0; r < rows; r++) memcpy(part + r * GEMM_PANEL, tile->c + r * tile->c_row, columns * sizeof *part);
  else if (tile->bias)
    memcpy(start, tile->bias, columns * sizeof *start);
  KERNEL(tiles)[rows - 1](&whole);
  for (size_t r = 0; r < rows; r++) memcpy(tile->c + r * tile->c_row, part + r * GEMM_PANEL, columns * sizeof *part);
}

/* ---- blocks ---- */

/* scratch[r * stride + i] = a[r + i * a_step] for r < rows, i < depth: part of a transposed matrix */
static void KERNEL(copy_transposed)(const float *a, size_t a_step, size_t rows, size_t depth, size_t stride,
                                    float *scratch) {
  size_t i = 0;
  for (; rows >= 4 && i + 8 <= depth; i += 8) {
    const float *from = a + i * a_step;
    float *to = scratch + i;
    size_t r = 0;
    for (; r + 8 <= rows; r += 8) KERNEL(transpose8)(from + r, a_step, to + r * stride, stride);
    for (; r < rows; r += 4) { /* the last squares end with the last row, over some that are done */
      const size_t at = r + 4 <= rows ? r : rows - 4;
      KERNEL(transpose4)(from + at, a_step, to + at * stride, stride);
      KERNEL(transpose4)(from + at + 4 * a_step, a_step, to + at * stride + 4, stride);
    }
  }
  for (; i < depth; i++)
    for (size_t r = 0; r < rows; r++) scratch[r * stride + i] = a[r + i * a_step];
}

/* scratch[r * stride + i] = A(row + r, k + i) */
static void KERNEL(copy_block)(const s2s__gemm *g, const s2s__gemm_block *block, size_t stride, float *scratch) {
  const float *a = g->a + block->row * g->a_row + block->k * g->a_step;
  if (g->a_step == 1)
    for (size_t r = 0; r < block->rows; r++) memcpy(scratch + r * stride, a + r * g->a_row, block->depth * sizeof *a);
  else if (g->a_row == 1)
    KERNEL(copy_transposed)(a, g->a_step, block->rows, block->depth, stride, scratch);
  else
    for (size_t i = 0; i < block->depth; i++)
      for (size_t r = 0; r < block->rows; r++) scratch[r * stride + i] = a[r * g->a_row + i * g->a_step];
}

static void KERNEL(block_run)(const s2s__gemm *g, const s2s__gemm_block *block) {
  float scratch[S2S__GEMM_SCRATCH];
  const size_t end = block->column + block->columns;
  s2s__gemm_tile tile = {.depth = block->depth,
                         .a = scratch,
                         .c_row = g->c_row,
                         .from_c = g->accumulate || block->k > 0,
                         .next = block->next,
                         .next_step = block->next_step};
  if (block->depth > 0) KERNEL(copy_block)(g, block, S2S__GEMM_STRIDE(block->rows), scratch);
  for (size_t j = block->column; j < end; j += GEMM_PANEL, tile.next += g->k * GEMM_PANEL) {
    tile.b = g->b + j * g->k + block->k * GEMM_PANEL;
    tile.c = g->c + block->row * g->c_row + j;
    tile.bias = g->bias ? g->bias + j : NULL;
    if (g->n - j >= GEMM_PANEL)
      KERNEL(tiles)[block->rows - 1](&tile);
    else
      KERNEL(tile_edge)(block->rows, g->n - j, &tile);
  }
}

/* ---- one row ---- */

/* Whole panels side by side, so that enough sums are under way to hide their latency, and enough streams of B that of
 * memory. s and t are a panel's two vectors, of `first` and `second` columns. */
#define ROW_START(p, unused)                                                                                           \
  VEC(real) s##p = start ? VEC(get)(start + (p)*GEMM_PANEL, first) : VEC(zero)();                                      \
  VEC(real) t##p = start ? VEC(get)(start + (p)*GEMM_PANEL + VEC_WIDTH, second) : VEC(zero)();
#define ROW_STEP(p, unused)                                                                                            \
  s##p = VEC(fma)(x, VEC(load)(b + (p)*stride), s##p);                                                                 \
  t##p = VEC(fma)(x, VEC(load)(b + (p)*stride + VEC_WIDTH), t##p);
#define ROW_STORE(p, unused)                                                                                           \
  VEC(put)(c + (p)*GEMM_PANEL, first, s##p), VEC(put)(c + (p)*GEMM_PANEL + VEC_WIDTH, second, t##p);

#define ROW(panels)                                                                                                    \
  S2S__INLINE void KERNEL(row##panels)(const s2s__gemm *g, size_t j, size_t first, size_t second) {                    \
    const size_t k = g->k, stride = k * GEMM_PANEL, a_step = g->a_step;                                                \
    const float *a = g->a, *b = g->b + j * k, *start = g->accumulate ? g->c + j : g->bias ? g->bias + j : NULL;        \
    float *c = g->c + j;                                                                                               \
    TILE_REPEAT_##panels(ROW_START, ) for (size_t i = 0; i < k; i++, a += a_step, b += GEMM_PANEL) {                   \
      const VEC(real) x = VEC(set1)(*a);                                                                               \
      TILE_REPEAT_##panels(ROW_STEP, )                                                                                 \
    }                                                                                                                  \
    TILE_REPEAT_##panels(ROW_STORE, )                                                                                  \
  }

ROW(1)
ROW(4)

static void KERNEL(gemm_row)(const s2s__gemm *g) {
  size_t j = 0;
  for (; j + 4 * GEMM_PANEL <= g->n; j += 4 * GEMM_PANEL) KERNEL(row4)(g, j, VEC_WIDTH, VEC_WIDTH);
  for (; j + GEMM_PANEL <= g->n; j += GEMM_PANEL) KERNEL(row1)(g, j, VEC_WIDTH, VEC_WIDTH);
  if (j < g->n) {
    const size_t left = g->n - j, first = left < VEC_WIDTH ? left : VEC_WIDTH;
    KERNEL(row1)(g, j, first, left - first);
  }
}

/* ---- the whole ---- */

/* All rows of one group of columns and one block of k; each tile of rows fetches its share of B to come. */
static void KERNEL(gemm_block)(const s2s__gemm *g, s2s__gemm_block block, size_t tiles) {
  const size_t rows = g->m / tiles, longer = g->m % tiles; /* the first `longer` tiles have one row more */
  const float *next = s2s__gemm_next(g, &block, tiles, GEMM_PANEL);
  block.next_step = next ? GEMM_PANEL / tiles : 0;
  block.next = next ? next : g->b;
  for (size_t t = 0; t < tiles; t++, block.row += block.rows, block.next += block.depth * block.next_step) {
    block.rows = rows + (t < longer);
    KERNEL(block_run)(g, &block);
  }
}

static void KERNEL(gemm)(const s2s__gemm *g) {
  if (g->m == 1) {
    KERNEL(gemm_row)(g);
    return;
  }
  const size_t tiles = (g->m + VEC_TILE_ROWS - 1) / VEC_TILE_ROWS;
  if (tiles == 0) return;
  const size_t depth = s2s__gemm_part(g->k, S2S__GEMM_STRIDE((g->m + tiles - 1) / tiles), 8);
  const size_t columns = s2s__gemm_part(g->n, S2S__GEMM_B_BLOCK / depth, GEMM_PANEL);
  for (size_t j = 0; j < g->n; j += columns) {
    s2s__gemm_block block = {.column = j, .columns = g->n - j < columns ? g->n - j : columns};
    do {
      block.depth = g->k - block.k < depth ? g->k - block.k : depth;
      KERNEL(gemm_block)(g, block, tiles);
      block.k += depth;
    } while (block.k < g->k);
  }
}

#undef GEMM_PANEL
#undef GEMM_STRIDE
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
#undef TILE_DECLARE
#undef TILE_LOAD
#undef TILE_SET
#undef TILE_STEP
#undef TILE_STORE
#undef TILE
#undef ROW_START
#undef ROW_STEP
#undef ROW_STORE
#undef ROW
