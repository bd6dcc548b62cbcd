/* SPDX-License-Identifier: MIT
 *
 * The list of a network's parameters: declared by its parts, drawn, read, written and packed here.
 */
#ifndef S2S__MODEL_PARAMS_H
#define S2S__MODEL_PARAMS_H

#include "nn/param.h"

#define S2S__MAX_PARAMETERS ((size_t)1 << 31) /* numbers in a network: 8 GB */

typedef struct s2s__params {
  s2s__arena *arena;
  const s2s__kernels *kernels;
  int training; /* keep flat values and transposed weights */
  s2s__param **item;
  size_t count, capacity;
  size_t total;     /* numbers */
  s2s__real *value; /* flat, [total]; only in training */
} s2s__params;

void s2s__params_init(s2s__params *params, s2s__arena *arena, const s2s__kernels *kernels, int training);

/* Declares W [rows, cols] or b [cols]. The name is copied. */
int32_t s2s__params_matrix(s2s__params *params, const char *name, size_t rows, size_t cols, s2s__weight_use use,
                           s2s__param_init init, double bound, const s2s__param **param, s2s__error *error);
int32_t s2s__params_vector(s2s__params *params, const char *name, size_t size, double bound, const s2s__param **param,
                           s2s__error *error);
/* A vector that begins with one value everywhere. */
int32_t s2s__params_constant(s2s__params *params, const char *name, size_t size, double value,
                             const s2s__param **param, s2s__error *error);
/* Declares that a matrix or vector is used in two parts, rows (or numbers) 0 .. first-1 and the rest; one name and one
 * tensor all the same. */
int32_t s2s__params_split(s2s__params *params, const s2s__param *param, size_t first, const s2s__param *part[2],
                          s2s__error *error);
/* A linear layer as PyTorch's: PREFIX.weight [out, in] and, unless bias is NULL, PREFIX.bias [out], both uniform in 1/sqrt(in). */
int32_t s2s__params_linear(s2s__params *params, const char *prefix, size_t out, size_t in, const s2s__param **weight,
                           const s2s__param **bias, s2s__error *error);

/* After the last declaration: takes the memory of all values. */
int32_t s2s__params_allocate(s2s__params *params, s2s__error *error);

/* Draws every value from `seed` (the same for any cpu level and for training or not). */
int32_t s2s__params_draw(const s2s__params *params, uint64_t seed, s2s__error *error);

/* One parameter's values, row-major, as float. Needs scratch from `arena` for matrices. A matrix of f16 or int8 gives what
 * it stands for, and rounds what is written. */
int32_t s2s__param_read(const s2s__param *param, s2s__arena *arena, float *values, s2s__error *error);
/* Of numbers first .. first + count - 1: S2S_BAD_ARGUMENT for the first that is not finite, or beyond f16 where it is to be
 * stored so. */
int32_t s2s__param_check(const s2s__param *param, size_t first, size_t count, const float *values, s2s__error *error);
int32_t s2s__param_write(const s2s__param *param, s2s__arena *arena, const float *values, s2s__error *error);

/* The same in pieces, of parameters that are not in training: rows first .. first + count - 1. A piece that is written is one
 * of s2s__param_piece(): `first` is 0 or where the piece before ended. */
int32_t s2s__param_get(const s2s__param *param, s2s__arena *arena, size_t first, size_t count, float *values,
                       s2s__error *error);
int32_t s2s__param_put(const s2s__param *param, s2s__arena *arena, size_t first, size_t count, const float *values,
                       s2s__error *error);
/* Rows of the piece that begins with row `first`: about `numbers` numbers, more where the packing asks for it. A vector is
 * one piece of one row. */
size_t s2s__param_piece(const s2s__param *param, size_t first, size_t numbers);

/* Of int8 matrices: the whole numbers, and the scale of each row. */
void s2s__param_get_i8(const s2s__param *param, size_t first, size_t count, int8_t *q);
void s2s__param_put_i8(const s2s__param *param, size_t first, size_t count, const int8_t *q);
void s2s__param_get_scales(const s2s__param *param, float *scales);
void s2s__param_put_scales(const s2s__param *param, const float *scales);

/* The values of a parameter of the same shape, to the bit where both are stored alike. */
int32_t s2s__param_copy(const s2s__param *from, const s2s__param *to, s2s__arena *arena, s2s__error *error);

/* "f32", "f16" or "int8": how all matrices are stored, those of a single row aside; "mixed" where they differ. */
const char *s2s__params_storage(const s2s__params *params);
/* Before the memory is taken: all matrices are to be stored so, except those of a single row, which stand for vectors. */
void s2s__params_store(const s2s__params *params, s2s__storage storage);

/* Packs a matrix's weights afresh from its values in the flat array (training). */
void s2s__param_pack(const s2s__param *param);

#endif
