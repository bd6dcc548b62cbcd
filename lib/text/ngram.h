/* SPDX-License-Identifier: MIT
 *
 * Counting the n-grams that texts have in common, for BLEU and chrF.
 */
#ifndef S2S__TEXT_NGRAM_H
#define S2S__TEXT_NGRAM_H

#include "base/memory.h"

/* The n-grams of a sequence in sorted order: gram i begins at item[order[i]]. */
typedef struct s2s__ngrams {
  const uint32_t *item;
  uint32_t *order;
  size_t count, n;
} s2s__ngrams;

/* All n-grams of item[0..length): length - n + 1 of them, or none. The order is from the arena. */
int32_t s2s__ngrams_init(s2s__ngrams *ngrams, s2s__arena *arena, const uint32_t *item, size_t length, size_t n,
                         s2s__error *error);

/* How many n-grams of `a` are there in one of others[0..count) too, each counted at most as often as in the one of them
 * that has most of it (clipped counts, Papineni et al. 2002). */
size_t s2s__ngrams_match(const s2s__ngrams *a, const s2s__ngrams *others, size_t count);

#endif
