/* SPDX-License-Identifier: MIT
 *
 * What a search found: for each text its hypotheses from the best to the worst, in arenas, one for each thread that
 * worked.
 */
#ifndef S2S__SEARCH_RESULT_H
#define S2S__SEARCH_RESULT_H

#include "search/align.h"
#include "search/memory.h"

typedef struct s2s__hypothesis {
  const char *text;
  double score, log_probability;
  int32_t ending;     /* S2S_ENDING_MARK ... */
  const int32_t *ids; /* without marks */
  size_t length;
  const float *token_scores; /* [scores]: of each token, the end mark too where there is one */
  size_t scores;
  const s2s__span *span;     /* [length] in text */
  const float *alignment;    /* [rows, columns]; NULL without attention */
  size_t rows, columns;
  const s2s__link *link; /* [links] */
  size_t links;
} s2s__hypothesis;

typedef struct s2s__hypotheses {
  s2s__hypothesis *item;
  size_t count;
  const s2s__text
      *own; /* [own_count] words of the source with ids from the target vocabulary's size on, where they are copied */
  size_t own_count, vocabulary;
} s2s__hypotheses;

struct s2s_result {
  s2s__host host;
  s2s__budget budget;
  s2s__arena *arena; /* [arenas] */
  size_t arenas;
  s2s__hypotheses *text; /* [count], in the first arena */
  size_t count;
};

/* `arenas` threads may work for it at once. */
int32_t s2s__result_new(const s2s__host *host, size_t count, size_t arenas, s2s_result **result, s2s__error *error);
/* Keeps sentence `sentence`'s own words with text `text`. */
int32_t s2s__result_own_words(s2s_result *result, s2s__arena *arena, size_t text, const s2s_memory *memory,
                              size_t sentence, s2s__error *error);
/* A text of which nothing was written, in this arena. */
int32_t s2s__result_nothing(s2s_result *result, size_t arena, size_t text, int32_t ending, s2s__error *error);
void s2s__result_free(s2s_result *result);

#endif
