/* SPDX-License-Identifier: MIT
 *
 * Words of texts as numbers, for counting and comparing.
 */
#ifndef S2S__TEXT_WORDS_H
#define S2S__TEXT_WORDS_H

#include "text/text.h"

typedef struct s2s__words {
  uint32_t *number; /* [count] text after text; equal words have equal numbers, below count */
  size_t count;
} s2s__words;

/* Of texts whose words have single spaces between them. From the arena. */
int32_t s2s__words_number(s2s__words *words, s2s__arena *arena, const s2s__text *text, size_t texts, s2s__error *error);

/* How many words such a text has. */
size_t s2s__words_count(const s2s__text *text);

#endif
