/* SPDX-License-Identifier: MIT
 *
 * Hard alignment: from attention weights to a link for each word of the target.
 *
 * A word is a token, where tokens are characters, graphemes or words; pieces make one word together as long as no white
 * space parts them, but a character of a script without spaces between words is never in one word with what is beside
 * it. Tokens of white space alone, and end marks, are in none. The attention from one word to another is the sum over
 * the source's tokens and the target's; a target word's link goes to the source word that has most, the first of equal
 * ones.
 */
#ifndef S2S__SEARCH_ALIGN_H
#define S2S__SEARCH_ALIGN_H

#include "search/source.h"

typedef struct s2s__link {
  size_t source, target; /* numbers of the words */
  s2s__span source_span, target_span;
} s2s__link;

/* One side of a pair: its tokens and where they stand. */
typedef struct s2s__aligned {
  const s2s_segmenter *segmenter;
  s2s__text text;
  const s2s__span *span; /* [count] */
  size_t count;
} s2s__aligned;

/* weights: [target->count or more, columns]; columns may be more than source->count. In the arena. */
int32_t s2s__align(const s2s__aligned *source, const s2s__aligned *target, const float *weights, size_t columns,
                   s2s__arena *arena, s2s__arena *scratch, const s2s__link **link, size_t *links, s2s__error *error);

#endif
