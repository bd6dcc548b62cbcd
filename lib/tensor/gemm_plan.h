/* SPDX-License-Identifier: MIT
 *
 * How a multiplication is cut up: the parts that every level's gemm_vec.h works through, and their sizes.
 */
#ifndef S2S__TENSOR_GEMM_PLAN_H
#define S2S__TENSOR_GEMM_PLAN_H

#include "tensor/isa.h"

#define S2S__GEMM_B_BLOCK ((size_t)512 * 1024) /* bytes of a block of B, which the second-level cache should hold */
#define S2S__GEMM_DEPTH 256                    /* of it, when it holds all columns */
#define S2S__GEMM_AHEAD 16384                  /* bytes of B that a single tile of rows asks for ahead */
#define S2S__GEMM_GROUP 16                     /* most tiles copied at a time */

/* A tile of outputs, at most one panel wide, over `depth` steps of k. */
typedef struct s2s__gemm_tile {
  size_t depth, columns;
  const float *a;    /* depth x VEC_TILE_ROWS or more: the rows' numbers side by side */
  const void *b;     /* of the panel */
  float *c, *c_next; /* the next tile's */
  size_t c_row;
  const float *bias; /* of the panel; NULL: zero */
  int from_c;        /* start from C itself, not from the bias */
  const char *next;  /* B to come: `next_step` bytes of it are fetched ahead at each step of k, after C's next tile */
  size_t next_step;
} s2s__gemm_tile;

/* How one product is cut: M into `tiles` as equal as can be, `group` of them copied at a time, K and N into blocks. */
typedef struct s2s__gemm_plan {
  size_t tiles, group, depth, columns;
} s2s__gemm_plan;

/* The part of it under way. */
typedef struct s2s__gemm_block {
  size_t column, columns, k, depth;
} s2s__gemm_block;

/* The least multiple of `unit` that cuts `size` into as few parts as `most` does. */
S2S__INLINE size_t s2s__gemm_part(size_t size, size_t most, size_t unit) {
  const size_t parts = (size + most - 1) / most, even = parts > 0 ? (size + parts - 1) / parts : 0;
  return even > 0 ? (even + unit - 1) / unit * unit : unit;
}

/* First row of tile t: the first m % tiles tiles have one row more than the others. */
S2S__INLINE size_t s2s__gemm_row(size_t m, size_t tiles, size_t t) {
  const size_t longer = m % tiles;
  return m / tiles * t + (t < longer ? t : longer);
}

/* `rows`: a tile's most; `a_row`: numbers for each k in the copy of a tile's A; `size`: bytes of a number of B;
 * `deepest`: block of k that suits the level. */
S2S__INLINE s2s__gemm_plan s2s__gemm_plan_make(const s2s__gemm *g, size_t rows, size_t a_row, size_t panel, size_t size,
                                               size_t deepest) {
  const size_t room = S2S__GEMM_SCRATCH / sizeof(float) / a_row / 8 * 8; /* depths are multiples of 8 */
  s2s__gemm_plan plan = {.tiles = (g->m + rows - 1) / rows};
  const int holds_all = g->n <= S2S__GEMM_B_BLOCK / size / S2S__GEMM_DEPTH;
  plan.depth = s2s__gemm_part(g->k, plan.tiles == 1 ? room : holds_all ? S2S__GEMM_DEPTH : deepest, 8);
  plan.columns = s2s__gemm_part(g->n, S2S__GEMM_B_BLOCK / size / plan.depth, panel);
  plan.group = room / plan.depth < S2S__GEMM_GROUP ? room / plan.depth : S2S__GEMM_GROUP;
  return plan;
}

#endif
