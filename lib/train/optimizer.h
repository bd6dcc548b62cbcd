/* SPDX-License-Identifier: MIT
 *
 * Optimisers: rules that turn a gradient into an update. Adding one is one file and one name in base/members.h.
 *
 * A rule works on any range of the flat arrays, so that threads can share an update.
 */
#ifndef S2S__TRAIN_OPTIMIZER_H
#define S2S__TRAIN_OPTIMIZER_H

#include "tensor/kernels.h"

typedef struct s2s__update {
  const s2s__kernels *kernels;
  uint64_t number;         /* of this update, from 1 */
  double learning_rate;
  double gradient_scale;   /* clipping */
  const s2s__real *gradient;
  s2s__real *value;
  s2s__real *state[2];     /* as many as the rule has, zero at the start */
} s2s__update;

typedef struct s2s__optimizer {
  const char *name; /* the value of `optimizer` */
  size_t states;    /* flat arrays it keeps */
  void (*apply)(const s2s__update *update, size_t begin, size_t end);
} s2s__optimizer;


const s2s__optimizer *s2s__optimizer_find(const char *name);

#endif
