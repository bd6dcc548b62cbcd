/* SPDX-License-Identifier: MIT
 *
 * What all levels of the eight-bit multiplication share: the layout of its operands, the scales, the activation.
 *
 *   packed B   panel p: `panel` int32 (the head), then for each group of four k `panel` columns of four bytes.
 *              Zeros past N and K. A level that offsets its activations to unsigned numbers puts into the head what
 *              takes the offset back, -128 times a column's sum; other levels put zero. Sums start from the head.
 *   quantised  M is cut into tiles of rows, as equal as can be, of at most a level's number. A tile of R rows is
 *              [groups][R][4], so that one pointer and constant offsets read it. (portable C: R = 1, plain rows)
 */
#ifndef S2S__TENSOR_I8_H
#define S2S__TENSOR_I8_H

#include "tensor/isa.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define S2S__I8_MOST 127

S2S__INLINE size_t s2s__i8_groups(size_t k) { return (k + 3) / 4; }

/* Row tiles: the first `longer` have rows + 1 rows, the others rows. */
typedef struct s2s__i8_cut {
  size_t tiles, rows, longer;
} s2s__i8_cut;

S2S__INLINE s2s__i8_cut s2s__i8_cut_rows(size_t m, size_t most) {
  const size_t tiles = (m + most - 1) / most;
  return (s2s__i8_cut){tiles, tiles > 0 ? m / tiles : 0, tiles > 0 ? m % tiles : 0};
}

/* Columns of a tile of outputs over whole panels. */
typedef struct s2s__i8_tile {
  const uint8_t *a;       /* [groups][rows][4] */
  const unsigned char *b; /* first panel, its head */
  size_t panel_bytes;     /* from a panel to the next */
  size_t groups;
  int32_t *sums;             /* out: [rows][columns], 64-byte aligned */
  const unsigned char *next; /* B to come: next_step bytes of it are fetched ahead with each group of k */
  size_t next_step;
} s2s__i8_tile;

/* A row whose largest size is `most` is multiplied by the result and rounded; 0 where 127 / most is infinite. */
S2S__INLINE s2s__real s2s__i8_inverse(s2s__real most) {
  const s2s__real inverse = most > 0 ? S2S__I8_MOST / most : 0;
  return isinf(inverse) ? 0 : inverse;
}

/* Its scale: zero where the inverse is. */
S2S__INLINE s2s__real s2s__i8_scale(s2s__real most, s2s__real inverse) { return inverse > 0 ? most / S2S__I8_MOST : 0; }

/* c = f(c), for those that are not part of the tile's own end (none, relu), by the vector kernels of a table. */
S2S__INLINE void s2s__i8_activate(const s2s__kernels *kernels, s2s__activation activation, size_t n, s2s__real *c) {
  switch (activation) {
  case S2S__ACTIVATION_GELU:
    kernels->gelu(n, c, c);
    break;
  case S2S__ACTIVATION_SWISH:
    kernels->swish(n, c, c);
    break;
  case S2S__ACTIVATION_TANH:
    kernels->tanh(n, c, c);
    break;
  case S2S__ACTIVATION_SIGMOID:
    kernels->sigmoid(n, c, c);
    break;
  case S2S__ACTIVATION_NONE:
  case S2S__ACTIVATION_RELU:
    break;
  }
}

/* A column into its place in a panel, four numbers at a time: their sum. */
S2S__INLINE int32_t s2s__i8_pack_column(size_t stride, size_t k, const int8_t *column, size_t b_row, unsigned char *at) {
  const size_t whole = k / 4 * 4;
  int32_t sum = 0;
  for (size_t i = 0; i < whole; i += 4, at += stride) {
    const int8_t *from = column + i * b_row;
    const int8_t group[4] = {from[0], from[b_row], from[2 * b_row], from[3 * b_row]};
    sum += group[0] + group[1] + group[2] + group[3];
    memcpy(at, group, sizeof group);
  }
  for (size_t i = whole; i < k; i++) {
    sum += column[i * b_row];
    at[i - whole] = (unsigned char)column[i * b_row];
  }
  return sum;
}

/* Packs B as described above; head: what a column's sum is multiplied by. */
S2S__INLINE void s2s__i8_pack(size_t panel, int32_t head, size_t n, size_t k, const int8_t *b, size_t b_row,
                              size_t b_step, void *packed) {
  const size_t bytes = panel * 4 * (s2s__i8_groups(k) + 1);
  unsigned char *to = packed;
  for (size_t j = 0; j < n; j += panel, to += bytes) {
    if (j + panel > n || k % 4) memset(to, 0, bytes);
    for (size_t c = 0; c < panel && j + c < n; c++) {
      const int8_t *column = b + (j + c) * b_step;
      const int32_t sum = head * s2s__i8_pack_column(panel * 4, k, column, b_row, to + (panel + c) * 4);
      memcpy(to + c * 4, &sum, sizeof sum);
    }
  }
}

#endif
