/* SPDX-License-Identifier: MIT
 *
 * The learning rate over time: a linear warm-up, then what the schedule says.
 */
#ifndef S2S__TRAIN_SCHEDULE_H
#define S2S__TRAIN_SCHEDULE_H

#include "base/option.h"

typedef enum s2s__schedule_kind { /* option schedule */
  S2S__SCHEDULE_CONSTANT,
  S2S__SCHEDULE_PLATEAU, /* times `factor` after more than `patience` evaluations without improvement */
  S2S__SCHEDULE_COSINE,  /* times (1 + cos(pi x)) / 2, where x is how much of the updates after the warm-up is over */
  S2S__SCHEDULE_INVERSE_SQRT /* times sqrt(warmup / n): Vaswani et al. 2017 */
} s2s__schedule_kind;

typedef struct s2s__schedule {
  s2s__schedule_kind kind;
  double learning_rate; /* the peak */
  double warmup;        /* updates */
  double total;         /* updates of the whole training */
  double factor;
  size_t patience;
  double scale; /* what plateaus and setbacks have made of the rate so far */
  size_t bad;   /* evaluations since the last improvement or reduction */
} s2s__schedule;

/* batches: updates of an epoch. S2S_BAD_OPTION: a cosine without an end. */
int32_t s2s__schedule_init(s2s__schedule *schedule, const s2s_options *options, size_t batches, s2s__error *error);
/* The rate of update `number`, from 1. */
double s2s__schedule_rate(const s2s__schedule *schedule, uint64_t number);
void s2s__schedule_evaluated(s2s__schedule *schedule, int improved);

#endif
