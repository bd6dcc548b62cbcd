/* SPDX-License-Identifier: MIT
 *
 * Opaque weights: a matrix W [out, in] as the multiplication wants it, stored as f32, f16 or int8. Layers never look
 * inside and never ask how it is stored.
 *
 *     multiply   panels of `kernels->panel` outputs: panel p = W[p*NR .. p*NR+NR-1, :]^T, k-major, zero-padded in out
 *     rows       plain row-major, for what is only read by row
 *
 *     f32, f16   the numbers
 *     int8       q[o, i] = W[o, i] / scale[o] rounded, -127 .. 127, scale[o] = largest |W[o, :]| / 127 (symmetric, one
 *                scale an output); a multiplication quantises each row of x in the same way
 *
 * Embeddings read rows out of the same panels, so that tied matrices exist once.
 */
#ifndef S2S__TENSOR_WEIGHT_H
#define S2S__TENSOR_WEIGHT_H

#include "base/memory.h"
#include "base/thread.h"
#include "tensor/kernels.h"

typedef enum s2s__weight_use {
  S2S__WEIGHT_MULTIPLY, /* panels */
  S2S__WEIGHT_ROWS      /* only read by row: plain row-major */
} s2s__weight_use;

typedef enum s2s__storage { S2S__STORAGE_F32, S2S__STORAGE_F16, S2S__STORAGE_I8 } s2s__storage;

typedef struct s2s__weight {
  const s2s__kernels *kernels;
  size_t out, in;
  s2s__weight_use use;
  s2s__storage storage;
  void *data;       /* 64-byte aligned, from the arena */
  s2s__real *scale; /* [out], int8 only */
} s2s__weight;

/* What a multiplication works with. */
typedef struct s2s__work {
  s2s__arena *arena; /* for scratch; as it was on return */
  s2s__pool *pool;   /* shares out large products, bit for bit the same; NULL: the caller's thread alone */
  s2s__error *error;
} s2s__work;

/* Takes the memory; the content is undefined until the first pack. S2S_LIMIT when the size overflows, or for int8 when
 * `in` is more than S2S__K_LIMIT_I8. */
int32_t s2s__weight_init(s2s__weight *weight, s2s__arena *arena, const s2s__kernels *kernels, size_t out, size_t in,
                         s2s__weight_use use, s2s__storage storage, s2s__error *error);

/* W(o,i) = values[o * out_stride + i * in_stride]; W itself: (in, 1); its transpose: (1, out of the source matrix). The
 * values should be finite: a row of int8 with others gives NaN. Only int8 needs scratch: f32 and f16 never fail. */
int32_t s2s__weight_pack(s2s__weight *weight, const s2s__work *work, const s2s__real *values, size_t out_stride,
                         size_t in_stride);

/* Piece by piece: rows first .. first + count - 1 from values [count, in]. `first` is a multiple of `kernels->panel`, and
 * so is `count` unless the piece ends with the last row. */
int32_t s2s__weight_put(s2s__weight *weight, const s2s__work *work, size_t first, size_t count,
                        const s2s__real *values);
/* The same of whole numbers, for int8, as they are; the scales are the caller's to write. */
void s2s__weight_put_i8(s2s__weight *weight, size_t first, size_t count, const int8_t *q);

/* Row i of `to` becomes row ids[i] of `from`, as stored: both of one storage, use and width, by the same kernels. */
void s2s__weight_gather(const s2s__weight *from, const int32_t *ids, s2s__weight *to);

/* y[rows,out] = start + x[rows,in] W^T; start as in s2s__gemm. A row's result is the same alone and in any batch. */
int32_t s2s__weight_multiply(const s2s__weight *weight, const s2s__work *work, size_t rows, const s2s__real *x,
                             size_t x_row, s2s__real *y, size_t y_row, const s2s__real *bias, int accumulate);

/* row[in] = W[out_index, :], exactly as stored. */
void s2s__weight_row(const s2s__weight *weight, size_t out_index, s2s__real *row);
/* The whole numbers of an int8 row, before the scale. */
void s2s__weight_row_i8(const s2s__weight *weight, size_t out_index, int8_t *row);

/* Bytes that the data of such a weight have, scales aside; 0 when they overflow. */
size_t s2s__weight_bytes(const s2s__kernels *kernels, size_t out, size_t in, s2s__weight_use use,
                         s2s__storage storage);

/* dW[out,in] += dy[rows,out]^T x[rows,in]. */
int32_t s2s__weight_gradient(const s2s__kernels *kernels, const s2s__work *work, size_t rows, const s2s__real *dy,
                             size_t dy_row, size_t out, const s2s__real *x, size_t x_row, size_t in, s2s__real *dw);

#endif
