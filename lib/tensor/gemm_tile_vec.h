/* SPDX-License-Identifier: MIT
 *
 * The multiplication itself for one storage type of B. Included by gemm_vec.h once for each type, with
 *
 *   GEMM_STORED    a number of B as stored
 *   GEMM_LOAD(p)   VEC_WIDTH of them as floats
 *   GEMM_NAME(f)   the name of function f for this type
 */

/* ---- tiles ------------------------------------------------------------------------------------------------------- */

#define TILE_DECLARE(r) VEC(real) s##r, t##r;
#define TILE_LOAD(r) s##r = VEC(load)(c + (r)*c_row), t##r = VEC(load)(c + (r)*c_row + VEC_WIDTH);
#define TILE_GET(r) s##r = VEC(get)(c + (r)*c_row, first), t##r = VEC(get)(c + (r)*c_row + VEC_WIDTH, second);
#define TILE_SET(r) s##r = start0, t##r = start1;
#ifdef VEC_FMA_LANE /* A by whole vectors: GEMM_A_ROW is a multiple of VEC_WIDTH */
#define TILE_STEP(r)                                                                                                   \
  if ((r) % VEC_WIDTH == 0) x = VEC(load)(a + (r));                                                                    \
  s##r = VEC_FMA_LANE(x, (r) % VEC_WIDTH, b0, s##r), t##r = VEC_FMA_LANE(x, (r) % VEC_WIDTH, b1, t##r);
#else
#define TILE_STEP(r) x = VEC(set1)(a[r]), s##r = VEC(fma)(x, b0, s##r), t##r = VEC(fma)(x, b1, t##r);
#endif
#define TILE_STORE(r) VEC(store)(c + (r)*c_row, s##r), VEC(store)(c + (r)*c_row + VEC_WIDTH, t##r);
#define TILE_PUT(r) VEC(put)(c + (r)*c_row, first, s##r), VEC(put)(c + (r)*c_row + VEC_WIDTH, second, t##r);
#define TILE(rows)                                                                                                     \
  static void GEMM_NAME(tile##rows)(const s2s__gemm_tile *tile) {                                                      \
    const float *a = tile->a, *const last = a + tile->depth * GEMM_A_ROW;                                              \
    const float *end = tile->depth > (rows) ? a + (rows)*GEMM_A_ROW : last;                                            \
    const GEMM_STORED *b = tile->b;                                                                                    \
    float *const c = tile->c;                                                                                          \
    const size_t c_row = tile->c_row, columns = tile->columns;                                                         \
    const size_t first = columns < VEC_WIDTH ? columns : VEC_WIDTH, second = columns - first;                          \
    const char *ahead = (const char *)tile->c_next;                                                                    \
    size_t step = c_row * sizeof *c;                                                                                   \
    TILE_REPEAT_##rows(TILE_DECLARE) if (!tile->from_c) {                                                              \
      const VEC(real) start0 = tile->bias ? VEC(get)(tile->bias, first) : VEC(zero)();                                 \
      const VEC(real) start1 = tile->bias ? VEC(get)(tile->bias + VEC_WIDTH, second) : VEC(zero)();                    \
      TILE_REPEAT_##rows(TILE_SET)                                                                                     \
    }                                                                                                                  \
    else if (columns == GEMM_PANEL) {                                                                                  \
      TILE_REPEAT_##rows(TILE_LOAD)                                                                                    \
    }                                                                                                                  \
    else {                                                                                                             \
      TILE_REPEAT_##rows(TILE_GET)                                                                                     \
    }                                                                                                                  \
    for (;;) {                                                                                                         \
      for (; a < end; a += GEMM_A_ROW, b += GEMM_PANEL, ahead += step) {                                               \
        const VEC(real) b0 = GEMM_LOAD(b), b1 = GEMM_LOAD(b + VEC_WIDTH);                                              \
        VEC(real) x;                                                                                                   \
        VEC(prefetch)(ahead);                                                                                          \
        if (GEMM_PANEL > 16) VEC(prefetch)(ahead + 64);                                                                \
        if (VEC_A_AHEAD) VEC(prefetch)(a + GEMM_A_ROW * VEC_A_AHEAD);                                                  \
        if (VEC_B_AHEAD) VEC(prefetch)(b + GEMM_PANEL * VEC_B_AHEAD);                                                  \
        if (VEC_B_AHEAD && GEMM_PANEL * sizeof *b > 64) VEC(prefetch)(b + GEMM_PANEL * VEC_B_AHEAD + VEC_WIDTH);       \
        TILE_REPEAT_##rows(TILE_STEP)                                                                                  \
      }                                                                                                                \
      if (end == last) break;                                                                                          \
      end = last, ahead = tile->next, step = tile->next_step;                                                          \
    }                                                                                                                  \
    if (columns == GEMM_PANEL) {                                                                                       \
      TILE_REPEAT_##rows(TILE_STORE)                                                                                   \
    } else {                                                                                                           \
      TILE_REPEAT_##rows(TILE_PUT)                                                                                     \
    }                                                                                                                  \
  }

#if TILE_HAS(2)
TILE(2)
#endif
#if TILE_HAS(3)
TILE(3)
#endif
#if TILE_HAS(4)
TILE(4)
#endif
#if TILE_HAS(5)
TILE(5)
#endif
#if TILE_HAS(6)
TILE(6)
#endif
#if TILE_HAS(7)
TILE(7)
#endif
#if TILE_HAS(8)
TILE(8)
#endif
#if TILE_HAS(9)
TILE(9)
#endif
#if TILE_HAS(10)
TILE(10)
#endif
#if TILE_HAS(11)
TILE(11)
#endif
#if TILE_HAS(12)
TILE(12)
#endif

/* tile with r rows at [r - TILE_LEAST] */
static void (*const GEMM_NAME(tiles)[])(const s2s__gemm_tile *) = {
#if TILE_HAS(2)
    GEMM_NAME(tile2),
#endif
#if TILE_HAS(3)
    GEMM_NAME(tile3),
#endif
#if TILE_HAS(4)
    GEMM_NAME(tile4),
#endif
#if TILE_HAS(5)
    GEMM_NAME(tile5),
#endif
#if TILE_HAS(6)
    GEMM_NAME(tile6),
#endif
#if TILE_HAS(7)
    GEMM_NAME(tile7),
#endif
#if TILE_HAS(8)
    GEMM_NAME(tile8),
#endif
#if TILE_HAS(9)
    GEMM_NAME(tile9),
#endif
#if TILE_HAS(10)
    GEMM_NAME(tile10),
#endif
#if TILE_HAS(11)
    GEMM_NAME(tile11),
#endif
#if TILE_HAS(12)
    GEMM_NAME(tile12),
#endif
};

/* ---- few rows ---------------------------------------------------------------------------------------------------- */

/* Whole panels side by side, so that enough sums are under way to hide their latency, and enough streams of B that of
 * memory; two streams are too few for the machine to do that by itself, so that they ask for B ahead. s and t are a
 * panel's two vectors, of `first` and `second` columns. A is read where it stands. */
#define WIDE_AHEAD 4096 /* bytes */
#define WIDE_FETCH(p)                                                                                                  \
  VEC(prefetch)((const char *)(b + (p)*stride) + WIDE_AHEAD);                                                          \
  if (GEMM_PANEL * sizeof *b > 64) VEC(prefetch)((const char *)(b + (p)*stride) + WIDE_AHEAD + 64);
#define WIDE_A(r, unused) const float *a##r = g->a + (r)*g->a_row;
#define WIDE_START(r, p)                                                                                               \
  VEC(real) s##r##_##p = start ? VEC(get)(start + (r)*start_row + (p)*GEMM_PANEL, first) : VEC(zero)();                \
  VEC(real) t##r##_##p = start ? VEC(get)(start + (r)*start_row + (p)*GEMM_PANEL + VEC_WIDTH, second) : VEC(zero)();
#define WIDE_SET(r, unused) const VEC(real) x##r = VEC(set1)(*a##r);
#define WIDE_NEXT(r, unused) a##r += a_step;
#define WIDE_FMA_S(r, p) s##r##_##p = VEC(fma)(x##r, bp, s##r##_##p);
#define WIDE_FMA_T(r, p) t##r##_##p = VEC(fma)(x##r, bp, t##r##_##p);
#define WIDE_STORE(r, p)                                                                                               \
  VEC(put)(c + (r)*g->c_row + (p)*GEMM_PANEL, first, s##r##_##p);                                                      \
  VEC(put)(c + (r)*g->c_row + (p)*GEMM_PANEL + VEC_WIDTH, second, t##r##_##p);
#define WIDE_PANEL_START(p, rows) WIDE_ROWS_##rows(WIDE_START, p)
#define WIDE_PANEL_STORE(p, rows) WIDE_ROWS_##rows(WIDE_STORE, p)
#define WIDE_PANEL_STEP(p, rows)                                                                                       \
  {                                                                                                                    \
    if ((rows) > 3) {                                                                                                  \
      WIDE_FETCH(p)                                                                                                    \
    }                                                                                                                  \
    VEC(real) bp = GEMM_LOAD(b + (p)*stride);                                                                          \
    WIDE_ROWS_##rows(WIDE_FMA_S, p) bp = GEMM_LOAD(b + (p)*stride + VEC_WIDTH);                                        \
    WIDE_ROWS_##rows(WIDE_FMA_T, p)                                                                                    \
  }
#define WIDE(rows, panels)                                                                                             \
  S2S__INLINE void GEMM_NAME(wide##rows##x##panels)(const s2s__gemm *g, size_t j, size_t first, size_t second) {       \
    const size_t stride = g->k * GEMM_PANEL, a_step = g->a_step, start_row = g->accumulate ? g->c_row : 0;             \
    const GEMM_STORED *b = (const GEMM_STORED *)g->b + j * g->k, *const end = b + stride;                              \
    const float *start = g->accumulate ? g->c + j : g->bias ? g->bias + j : NULL;                                      \
    float *c = g->c + j;                                                                                               \
    WIDE_ROWS_##rows(WIDE_A, ) WIDE_PANELS_##panels(WIDE_PANEL_START, rows) for (; b < end; b += GEMM_PANEL){          \
        WIDE_ROWS_##rows(WIDE_SET, ) WIDE_PANELS_##panels(WIDE_PANEL_STEP, rows)                                       \
            WIDE_ROWS_##rows(WIDE_NEXT, )} WIDE_PANELS_##panels(WIDE_PANEL_STORE, rows)                                \
  }

#define WIDE_GEMM(rows, panels)                                                                                        \
  WIDE(rows, 1)                                                                                                        \
  WIDE(rows, panels)                                                                                                   \
  static void GEMM_NAME(gemm_wide##rows)(const s2s__gemm *g) {                                                         \
    size_t j = 0;                                                                                                      \
    for (; j + (panels)*GEMM_PANEL <= g->n; j += (panels)*GEMM_PANEL)                                                  \
      GEMM_NAME(wide##rows##x##panels)(g, j, VEC_WIDTH, VEC_WIDTH);                                                    \
    for (; j < g->n; j += GEMM_PANEL) {                                                                                \
      const size_t left = g->n - j < GEMM_PANEL ? g->n - j : GEMM_PANEL, first = left < VEC_WIDTH ? left : VEC_WIDTH;  \
      GEMM_NAME(wide##rows##x1)(g, j, first, left - first);                                                            \
    }                                                                                                                  \
  }

WIDE_GEMM(1, 4)
#if VEC_TILE_ROWS > 6 /* 32 registers */
WIDE_GEMM(2, 4)
WIDE_GEMM(3, 4)
WIDE_GEMM(4, 2)
WIDE_GEMM(5, 2)
WIDE_GEMM(6, 2)
#else
WIDE_GEMM(2, 2)
WIDE_GEMM(3, 2)
#endif

#ifdef GEMM_SLIM_LOAD
/* One row of whole panels, two at a time, by half vectors. */
#define SLIM_START(e, p)                                                                                               \
  VEC(slim) s##p##_##e = start ? VEC(slim_load)(start + (p)*GEMM_PANEL + (e)*VEC_SLIM_WIDTH) : VEC(slim_set1)(0);
#define SLIM_STEP(e, p) s##p##_##e = VEC(slim_fma)(x, GEMM_SLIM_LOAD(b + (p)*stride + (e)*VEC_SLIM_WIDTH), s##p##_##e);
#define SLIM_STORE(e, p) VEC(slim_store)(c + (p)*GEMM_PANEL + (e)*VEC_SLIM_WIDTH, s##p##_##e);
#define SLIM_PANELS(X) WIDE_ROWS_4(X, 0) WIDE_ROWS_4(X, 1) WIDE_ROWS_4(X, 2) WIDE_ROWS_4(X, 3)

static void GEMM_NAME(gemm_slim)(const s2s__gemm *g) {
  const size_t stride = g->k * GEMM_PANEL;
  size_t j = 0;
  for (; j + 4 * GEMM_PANEL <= g->n; j += 4 * GEMM_PANEL) {
    const GEMM_STORED *b = (const GEMM_STORED *)g->b + j * g->k, *const end = b + stride;
    const float *start = g->accumulate ? g->c + j : g->bias ? g->bias + j : NULL, *a = g->a;
    float *c = g->c + j;
    SLIM_PANELS(SLIM_START)
    for (; b < end; b += GEMM_PANEL, a += g->a_step) {
      const VEC(slim) x = VEC(slim_set1)(*a);
      SLIM_PANELS(SLIM_STEP)
    }
    SLIM_PANELS(SLIM_STORE)
  }
  s2s__gemm rest = *g;
  rest.n = g->n - j, rest.c = g->c + j, rest.b = (const GEMM_STORED *)g->b + j * g->k;
  rest.bias = g->bias ? g->bias + j : NULL;
  GEMM_NAME(gemm_wide1)(&rest);
}

#undef SLIM_START
#undef SLIM_STEP
#undef SLIM_STORE
#undef SLIM_PANELS
#define GEMM_ONE GEMM_NAME(gemm_slim)
#else
#define GEMM_ONE GEMM_NAME(gemm_wide1)
#endif

/* m at [m - 1] */
static void (*const GEMM_NAME(wide)[])(const s2s__gemm *) = {
    GEMM_ONE,
    GEMM_NAME(gemm_wide2),
    GEMM_NAME(gemm_wide3),
#if VEC_TILE_ROWS > 6
    GEMM_NAME(gemm_wide4),
    GEMM_NAME(gemm_wide5),
    GEMM_NAME(gemm_wide6),
#endif
};

/* All rows, a few at a time. */
static void GEMM_NAME(gemm_few)(const s2s__gemm *g) {
  s2s__gemm part = *g;
  for (size_t row = 0; row < g->m; row += part.m) {
    part.m = g->m - row < GEMM_FEW ? g->m - row : GEMM_FEW;
    part.a = g->a + row * g->a_row, part.c = g->c + row * g->c_row;
    GEMM_NAME(wide)[part.m - 1](&part);
  }
}

/* ---- many rows --------------------------------------------------------------------------------------------------- */

/* Where B goes on after panel j of a block: the next panel, or the first of the next block; NULL at the end. A single
 * tile of rows passes B once, and asks for what comes a little later. */
static const char *GEMM_NAME(next_panel)(const s2s__gemm *g, const s2s__gemm_block *block, size_t j) {
  const size_t end = block->column + block->columns, k = block->k + block->depth;
  const GEMM_STORED *b = g->b;
  if (g->m <= VEC_TILE_ROWS) return (const char *)(b + j * g->k + block->k * GEMM_PANEL) + S2S__GEMM_AHEAD;
  if (j + GEMM_PANEL < end) return (const char *)(b + (j + GEMM_PANEL) * g->k + block->k * GEMM_PANEL);
  if (k < g->k) return (const char *)(b + block->column * g->k + k * GEMM_PANEL);
  return end < g->n ? (const char *)(b + end * g->k) : NULL;
}

/* One panel of a block by the tiles t .. end-1, whose A is in `scratch`; each fetches its share of the next panel. */
static void GEMM_NAME(gemm_panel)(const s2s__gemm *g, const s2s__gemm_plan *plan, const s2s__gemm_block *block,
                                  size_t t, size_t end, size_t j, const float *scratch) {
  const GEMM_STORED *b = (const GEMM_STORED *)g->b + j * g->k + block->k * GEMM_PANEL;
  const char *next = GEMM_NAME(next_panel)(g, block, j);
  size_t row = s2s__gemm_row(g->m, plan->tiles, t);
  const size_t first = row;
  s2s__gemm_tile tile = {.depth = block->depth,
                         .columns = g->n - j < GEMM_PANEL ? g->n - j : GEMM_PANEL,
                         .b = b,
                         .c_row = g->c_row,
                         .bias = g->bias ? g->bias + j : NULL,
                         .from_c = g->accumulate || block->k > 0,
                         .next = next ? next : (const char *)b,
                         .next_step = next ? GEMM_PANEL * sizeof *b / (end - t) : 0};
  for (; t < end; t++, scratch += plan->depth * GEMM_A_ROW, tile.next += tile.next_step * tile.depth) {
    const size_t rows = s2s__gemm_row(g->m, plan->tiles, t + 1) - row;
    tile.a = scratch + KERNEL(copy_extra)(g->m, row, rows);
    tile.c = g->c + row * g->c_row + j;
    tile.c_next = t + 1 < end ? tile.c + rows * g->c_row : g->c + first * g->c_row + j + GEMM_PANEL;
    GEMM_NAME(tiles)[rows - TILE_LEAST](&tile);
    row += rows;
  }
}

/* All rows of one block. When the whole of A's block is in `scratch` already, it is not copied again. */
static void GEMM_NAME(gemm_block)(const s2s__gemm *g, const s2s__gemm_plan *plan, const s2s__gemm_block *block,
                                  int copied) {
  float *const scratch = g->scratch;
  for (size_t t = 0; t < plan->tiles; t += plan->group) {
    const size_t end = plan->tiles - t < plan->group ? plan->tiles : t + plan->group;
    if (!copied) KERNEL(copy_tiles)(g, plan, block, t, end, scratch);
    for (size_t j = block->column; j < block->column + block->columns; j += GEMM_PANEL)
      GEMM_NAME(gemm_panel)(g, plan, block, t, end, j, scratch);
  }
}

/* All blocks of k of one group of columns. */
static void GEMM_NAME(gemm_columns)(const s2s__gemm *g, const s2s__gemm_plan *plan, size_t column) {
  s2s__gemm_block block = {.column = column, .columns = g->n - column < plan->columns ? g->n - column : plan->columns};
  do {
    block.depth = g->k - block.k < plan->depth ? g->k - block.k : plan->depth;
    GEMM_NAME(gemm_block)(g, plan, &block, plan->depth >= g->k && plan->group >= plan->tiles && column > 0);
    block.k += plan->depth;
  } while (block.k < g->k);
}

static void GEMM_NAME(gemm)(const s2s__gemm *g) {
  if (g->m <= GEMM_FEW || !g->scratch) {
    GEMM_NAME(gemm_few)(g);
    return;
  }
  const s2s__gemm_plan plan =
      s2s__gemm_plan_make(g, VEC_TILE_ROWS, GEMM_A_ROW, GEMM_PANEL, sizeof(GEMM_STORED), VEC_TILE_DEPTH);
  for (size_t j = 0; j < g->n; j += plan.columns) GEMM_NAME(gemm_columns)(g, &plan, j);
}

#undef TILE_DECLARE
#undef TILE_LOAD
#undef TILE_GET
#undef TILE_SET
#undef TILE_STEP
#undef TILE_STORE
#undef TILE_PUT
#undef TILE
#undef WIDE_AHEAD
#undef WIDE_FETCH
#undef WIDE_A
#undef WIDE_START
#undef WIDE_SET
#undef WIDE_NEXT
#undef WIDE_FMA_S
#undef WIDE_FMA_T
#undef WIDE_STORE
#undef WIDE_PANEL_START
#undef WIDE_PANEL_STORE
#undef WIDE_PANEL_STEP
#undef WIDE
#undef WIDE_GEMM
#undef GEMM_ONE
#undef GEMM_SLIM_LOAD
