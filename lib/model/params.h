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

/* One parameter's values, row-major, as float. Needs scratch from `arena` for matrices. */
int32_t s2s__param_read(const s2s__param *param, s2s__arena *arena, float *values, s2s__error *error);
/* S2S_BAD_ARGUMENT for the first value that is not finite. */
int32_t s2s__param_check(const s2s__param *param, const float *values, s2s__error *error);
int32_t s2s__param_write(const s2s__param *param, s2s__arena *arena, const float *values, s2s__error *error);

/* Packs a matrix's weights afresh from its values in the flat array (training). */
void s2s__param_pack(const s2s__param *param);

#endif
