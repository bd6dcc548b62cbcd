/* SPDX-License-Identifier: MIT
 *
 * Parameters: matrices W [out, in] and vectors b [n], by name, under PyTorch's names and shapes.
 *
 * A trainer keeps the values of all parameters in one flat array (`offset` is a parameter's place in it, and in the arrays
 * of gradients and optimiser states beside it); layers read matrices through packed weights, repacked after every update. A
 * model that only runs has the packed weights and the vectors, and no flat array.
 */
#ifndef S2S__NN_PARAM_H
#define S2S__NN_PARAM_H

#include "tensor/weight.h"

/* How a new parameter is drawn. */
typedef enum s2s__param_init {
  S2S__INIT_UNIFORM, /* uniform in [-bound, bound] */
  S2S__INIT_NORMAL,  /* normal with standard deviation `bound` */
  S2S__INIT_CONSTANT /* `bound` itself */
} s2s__param_init;

typedef struct s2s__param s2s__param;
struct s2s__param {
  const char *name;
  size_t rows, cols; /* a vector has rows 1 */
  int is_vector;
  s2s__param_init init;
  double bound;
  size_t offset;       /* in the flat arrays; rows * cols numbers */
  s2s__weight_use use; /* of a matrix */
  s2s__storage storage; /* of a matrix's numbers where there is no training */
  s2s__real *value;    /* vectors: always; matrices: only in training (points into the flat array) */
  s2s__weight *weight;     /* matrices: W */
  s2s__weight *transposed; /* matrices that are multiplied, in training: W^T, for the gradient of the input */
  s2s__param *part[2];     /* of one that is used in two parts: its upper and lower rows, which then hold the weights */
};

static inline size_t s2s__param_size(const s2s__param *param) { return param->rows * param->cols; }

#endif
