/* SPDX-License-Identifier: MIT
 *
 * Figures of texts against references, and whether two systems differ by more than chance.
 */
#ifndef S2S__TRAIN_COMPARE_H
#define S2S__TRAIN_COMPARE_H

#include "base/option.h"
#include "text/chrf.h"
#include "train/metrics.h"

typedef struct s2s__text_counts { /* sums over texts: all that figures are made from */
  s2s__bleu bleu;
  s2s__chrf chrf;
  size_t edits, words;                /* against the nearest reference: fewest edits per word */
  size_t character_edits, characters; /* likewise by characters */
  size_t wrong, texts;                /* wrong: equal to no reference */
} s2s__text_counts;

/* Counts a text with its references (at least one). Scratch from the arena, rewound on return. */
int32_t s2s__text_counts_add(s2s__text_counts *counts, s2s__arena *arena, s2s__bleu_tokens tokens,
                             const s2s__text *hypothesis, const s2s__text *reference, size_t references,
                             s2s__error *error);
void s2s__text_counts_sum(s2s__text_counts *sum, const s2s__text_counts *added);

/* Many texts of one or two systems and their references. */
typedef struct s2s__comparison {
  const s2s__text *system[2]; /* [count]; the second may be NULL */
  const s2s__text *reference; /* [alternatives, count]; text NULL: that text has no such reference */
  size_t count, alternatives;
} s2s__comparison;

/* Sets bleu, chrf, token_error_rate, character_error_rate, sequence_error_rate and texts; with two systems also those
 * of the other, and for each figure NAME the difference and what bootstrap resampling says of it (seq2seq.h). */
int32_t s2s__compare(const s2s__comparison *comparison, const s2s_options *options, const s2s__host *host,
                     s2s_metrics *metrics, s2s__error *error);

#endif
