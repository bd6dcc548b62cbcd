/* SPDX-License-Identifier: MIT
 *
 * Learning pieces from a corpus. Adding a learner is one file and one name in base/members.h.
 */
#ifndef S2S__TEXT_LEARN_H
#define S2S__TEXT_LEARN_H

#include "base/option.h"
#include "text/pieces.h"
#include "text/text.h"
#include "text/vocabulary.h"

typedef struct s2s__learner {
  const char *name; /* the value of source.tokens and target.tokens, before a ':' */
  s2s__piece_algorithm algorithm;
  /* Pieces learnt from words, which have a space mark in front in place of the space before them: best first, in the
   * arena: normal ones only, at most `size` of them (fewer when the words have not so many), among them all characters
   * that are covered. S2S_BAD_OPTION when there is no room for those. `coverage`: the share of all characters that
   * become pieces; the rarest are left out. */
  int32_t (*learn)(const s2s__counted *word, size_t words, size_t size, double coverage, const s2s__host *host,
                   s2s__arena *arena, s2s__piece **piece, size_t *pieces, s2s__error *error);
} s2s__learner;

/* NULL for an unknown name. */
const s2s__learner *s2s__learner_find(const char *name, size_t length);

/* Pieces by options: `tokens` is a learner's name, with ":N" behind it for N pieces. Texts are normalised before.
 * S2S_BAD_TEXT "text I: ..." counts them from 0. */
int32_t s2s__pieces_learn(const char *tokens, const s2s_options *options, s2s__normal_form form, int casefold,
                          const s2s__texts *texts,
                          const s2s__host *host, s2s__arena *arena, const s2s__pieces **pieces, s2s__error *error);

#endif
