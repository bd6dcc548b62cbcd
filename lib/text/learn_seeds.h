/* SPDX-License-Identifier: MIT
 *
 * The pieces that the unigram learner begins with: all characters that are covered, and the substrings of words that
 * stand for most of the corpus, count times length.
 */
#ifndef S2S__TEXT_LEARN_SEEDS_H
#define S2S__TEXT_LEARN_SEEDS_H

#include "text/learn_symbols.h"

typedef struct s2s__seed {
  const char *text;
  uint32_t length;
  double weight; /* of a character its count, of others count times characters */
} s2s__seed;

typedef struct s2s__seeds {
  s2s__seed *seed;
  size_t count, characters; /* the characters come first */
  const s2s__counted *word; /* the words, cut where characters are not covered */
  size_t words;
} s2s__seeds;

/* All memory is from the arena. */
int32_t s2s__seeds_find(s2s__seeds *seeds, const s2s__counted *word, size_t words, size_t size, double coverage,
                        s2s__arena *arena, s2s__error *error);

#endif
