/* SPDX-License-Identifier: MIT
 *
 * Which evaluations of a training were its best, by their update: whose models are worth keeping, for an average or an
 * ensemble. The models themselves are the caller's to keep.
 */
#ifndef S2S__TRAIN_KEPT_H
#define S2S__TRAIN_KEPT_H

#include "base/memory.h"

/* How good an evaluation was; smaller is better, compared in this order: by the figure of option best_by, by the token
 * error rate, by the loss. */
typedef struct s2s__score {
  double figure[3];
} s2s__score;

int s2s__score_is_better(const s2s__score *a, const s2s__score *b);

typedef struct s2s__kept {
  size_t count, most;
  uint64_t *update; /* [most] the best first; of equal ones the earliest */
  s2s__score *score;
} s2s__kept;

/* None yet; most: 1 or more. */
int32_t s2s__kept_init(s2s__kept *kept, s2s__arena *arena, size_t most, s2s__error *error);

/* Puts an evaluation in its place among the best. Returns whether it is one of them; *dropped is the update of the one
 * that is no longer, or 0. */
int s2s__kept_add(s2s__kept *kept, uint64_t update, const s2s__score *score, uint64_t *dropped);

#endif
