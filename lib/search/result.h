/* SPDX-License-Identifier: MIT
 *
 * What a search found: for each text its hypotheses from the best to the worst, in one arena.
 */
#ifndef S2S__SEARCH_RESULT_H
#define S2S__SEARCH_RESULT_H

#include "search/memory.h"

typedef struct s2s__hypothesis {
  const char *text;
  double score, log_probability;
  const int32_t *ids; /* without marks */
  size_t length;
  const float *alignment; /* [rows, columns]; NULL without attention */
  size_t rows, columns;
} s2s__hypothesis;

typedef struct s2s__hypotheses {
  s2s__hypothesis *item;
  size_t count;
  const s2s__text *own; /* [own_count] words of the source with ids from the target vocabulary's size on, where they are copied */
  size_t own_count, vocabulary;
} s2s__hypotheses;

struct s2s_result {
  s2s__host host;
  s2s__budget budget;
  s2s__arena arena;
  s2s__hypotheses *text; /* [count] */
  size_t count;
};

int32_t s2s__result_new(const s2s__host *host, size_t count, s2s_result **result, s2s__error *error);
/* Keeps sentence `sentence`'s own words with text `text`. */
int32_t s2s__result_own_words(s2s_result *result, size_t text, const s2s_memory *memory, size_t sentence,
                              s2s__error *error);
void s2s__result_free(s2s_result *result);

#endif
