/* SPDX-License-Identifier: MIT
 *
 * Opaque weights: a matrix W [out, in] as the multiplication wants it. Layers never look inside; a storage type (f32
 * now, f16 and int8 later) is a matter of this file alone.
 *
 *     W -> panels of `kernels->panel` outputs: panel p = W[p*NR .. p*NR+NR-1, :]^T, k-major, zero-padded in out
 *
 * Embeddings read rows out of the same panels, so that tied matrices exist once.
 */
#ifndef S2S__TENSOR_WEIGHT_H
#define S2S__TENSOR_WEIGHT_H

#include "base/memory.h"
#include "tensor/kernels.h"

typedef enum s2s__weight_use {
  S2S__WEIGHT_MULTIPLY, /* panels */
  S2S__WEIGHT_ROWS      /* only read by row: plain row-major */
} s2s__weight_use;

typedef struct s2s__weight {
  const s2s__kernels *kernels;
  size_t out, in;
  s2s__weight_use use;
  s2s__real *data; /* 64-byte aligned, from the arena */
} s2s__weight;

/* Takes the memory; the content is undefined until the first pack. */
int32_t s2s__weight_init(s2s__weight *weight, s2s__arena *arena, const s2s__kernels *kernels, size_t out, size_t in,
                         s2s__weight_use use, s2s__error *error);

/* W(o,i) = values[o * out_stride + i * in_stride]; W itself: (in, 1); its transpose: (1, out of the source matrix). */
void s2s__weight_pack(s2s__weight *weight, const s2s__real *values, size_t out_stride, size_t in_stride);

/* y[rows,out] = start + x[rows,in] W^T; start as in s2s__gemm. */
void s2s__weight_multiply(const s2s__weight *weight, size_t rows, const s2s__real *x, size_t x_row, s2s__real *y,
                          size_t y_row, const s2s__real *bias, int accumulate);

/* row[in] = W[out_index, :], exactly as packed. */
void s2s__weight_row(const s2s__weight *weight, size_t out_index, s2s__real *row);

/* dW[out,in] += dy[rows,out]^T x[rows,in]. Needs scratch from `arena` (rewound on return) to pack x. */
int32_t s2s__weight_gradient(const s2s__kernels *kernels, s2s__arena *arena, size_t rows, const s2s__real *dy,
                             size_t dy_row, size_t out, const s2s__real *x, size_t x_row, size_t in, s2s__real *dw,
                             s2s__error *error);

#endif
