/* SPDX-License-Identifier: MIT
 *
 * Optimisers: rules that turn a gradient into an update, with PyTorch's meaning of every setting. Adding one is one
 * file and one name in base/members.h.
 *
 * A rule works on any range of the flat arrays, so that threads can share an update.
 */
#ifndef S2S__TRAIN_OPTIMIZER_H
#define S2S__TRAIN_OPTIMIZER_H

#include "base/option.h"
#include "tensor/kernels.h"

typedef struct s2s__optimizer_settings {
  double momentum, beta1, beta2, weight_decay;
  int nesterov;
} s2s__optimizer_settings;

typedef struct s2s__update {
  const s2s__kernels *kernels;
  s2s__optimizer_settings settings;
  uint64_t number; /* of this update, from 1 where the states were zero */
  double learning_rate;
  double gradient_scale; /* clipping */
  s2s__real *gradient;   /* used up */
  s2s__real *value;
  s2s__real *state[2]; /* as many as the rule has, zero at the start */
} s2s__update;

typedef struct s2s__optimizer {
  const char *name; /* the value of `optimizer` */
  size_t states;    /* flat arrays it keeps */
  void (*apply)(const s2s__update *update, size_t begin, size_t end);
} s2s__optimizer;

const s2s__optimizer *s2s__optimizer_find(const char *name);
void s2s__optimizer_read(s2s__optimizer_settings *settings, const s2s_options *options);

/* Makes gradient[begin..end) what a rule works on: scaled, and with weight decay as an L2 penalty's gradient added. */
void s2s__update_prepare(const s2s__update *update, size_t begin, size_t end);

/* Adam's step with a gradient times `scale`, shared by adam and adamw. */
void s2s__update_adam(const s2s__update *update, double scale, size_t begin, size_t end);

#endif
