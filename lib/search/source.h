/* SPDX-License-Identifier: MIT
 *
 * Texts on their way into an encoder: cut into tokens, one text after another, with the place of each token in its
 * text. Batches of them are then made in any order.
 */
#ifndef S2S__SEARCH_SOURCE_H
#define S2S__SEARCH_SOURCE_H

#include "model/copier.h"

/* Bytes begin .. end - 1 of a text. */
typedef struct s2s__span {
  uint32_t begin, end;
} s2s__span;

typedef struct s2s__source {
  size_t first, tokens; /* in ids and span */
  size_t at, bytes;     /* in text, where a NUL follows */
} s2s__source;

typedef struct s2s__sources {
  s2s__host host;
  s2s__tokens scratch;
  s2s__ids ids;
  s2s__copier copier; /* of a model that copies: what can be copied of each text */
  s2s__span *span;    /* of each id; an end mark stands behind the text */
  char *text;
  s2s__source *item;
  size_t count;
  size_t span_capacity, text_length, text_capacity, item_capacity;
} s2s__sources;

void s2s__sources_init(s2s__sources *sources, const s2s__host *host);
void s2s__sources_free(s2s__sources *sources);
void s2s__sources_clear(s2s__sources *sources); /* keeps the memory */

/* One more text; a side's segmenter cuts it. Words that a model copies are found among those of `from`, whose last text
 * is this one's source (may be NULL). S2S_BAD_TEXT. */
int32_t s2s__sources_add(s2s__sources *sources, const s2s_model *model, int32_t side, const char *text, size_t length,
                         const s2s__sources *from, s2s__error *error);
/* texts[0 .. count): lengths NULL when they end with NUL. No text may have more than `most` tokens: S2S_LIMIT. Messages
 * name the text. */
int32_t s2s__sources_add_all(s2s__sources *sources, const s2s_model *model, int32_t side, const char *const *texts,
                             const size_t *lengths, size_t count, size_t most, s2s__error *error);

#endif
