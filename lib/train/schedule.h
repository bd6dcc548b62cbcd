/* SPDX-License-Identifier: MIT
 *
 * The learning rate over time: a linear warm-up, then what the schedule says.
 */
#ifndef S2S__TRAIN_SCHEDULE_H
#define S2S__TRAIN_SCHEDULE_H

#include "base/option.h"

typedef struct s2s__schedule {
  double learning_rate; /* the peak */
  double warmup;        /* updates */
  int plateau;          /* multiply by `factor` after more than `patience` evaluations without improvement */
  double factor;
  size_t patience;
  double scale;         /* what the plateaus have made of the rate so far */
  size_t bad;           /* evaluations since the last improvement or reduction */
} s2s__schedule;

void s2s__schedule_init(s2s__schedule *schedule, const s2s_options *options);
/* The rate of update `number`, from 1. */
double s2s__schedule_rate(const s2s__schedule *schedule, uint64_t number);
void s2s__schedule_evaluated(s2s__schedule *schedule, int improved);

#endif
