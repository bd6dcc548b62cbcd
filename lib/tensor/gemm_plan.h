/* SPDX-License-Identifier: MIT
 *
 * How a multiplication is cut up: the parts that every level's gemm_vec.h works through, and their sizes.
 */
#ifndef S2S__TENSOR_GEMM_PLAN_H
#define S2S__TENSOR_GEMM_PLAN_H

#include "tensor/isa.h"

#define S2S__GEMM_SCRATCH 1792                                        /* floats of a block of A: 7 KB of stack */
#define S2S__GEMM_STRIDE(rows) (S2S__GEMM_SCRATCH / (rows) / 16 * 16) /* its row stride, and the deepest block of k */
#define S2S__GEMM_B_BLOCK ((size_t)96 * 1024) /* floats of a block of B, which the second-level cache should hold */

/* A tile of outputs, one panel wide, over `depth` steps of k. */
typedef struct s2s__gemm_tile {
  size_t depth;
  const float *a; /* block of A: row r at a + r * S2S__GEMM_STRIDE(rows) */
  const float *b; /* of the panel */
  float *c;
  size_t c_row;
  const float *bias; /* of the panel; NULL: zero */
  int from_c;        /* start from C itself, not from the bias */
  const float *next; /* B to come: `next_step` floats of it are fetched ahead at each step of k, after C's next tile */
  size_t next_step;
} s2s__gemm_tile;

/* A tile's rows, a group of columns, a block of k. */
typedef struct s2s__gemm_block {
  size_t row, rows, column, columns, k, depth;
  const float *next; /* the tile's share of B to come, in the first panel of the group */
  size_t next_step;
} s2s__gemm_block;

/* The least multiple of `unit` that cuts `size` into as few parts as `most` does. */
S2S__INLINE size_t s2s__gemm_part(size_t size, size_t most, size_t unit) {
  const size_t parts = (size + most - 1) / most, even = parts > 0 ? (size + parts - 1) / parts : 0;
  return even > 0 ? (even + unit - 1) / unit * unit : unit;
}

/* Where B's next block stands, given the block under way: the next in k, or else the first of the next columns; with
 * a single tile of rows, which passes B once, the next panel. NULL when nothing comes. */
S2S__INLINE const float *s2s__gemm_next(const s2s__gemm *g, const s2s__gemm_block *block, size_t tiles, size_t panel) {
  const size_t k = block->k + block->depth, column = block->column + block->columns;
  if (tiles == 1) return (const float *)g->b + (block->column + panel) * g->k + block->k * panel;
  if (k < g->k) return (const float *)g->b + block->column * g->k + k * panel;
  return column < g->n ? (const float *)g->b + column * g->k : NULL;
}

#endif
