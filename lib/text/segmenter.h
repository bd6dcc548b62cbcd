/* SPDX-License-Identifier: MIT
 *
 * Segmenters: text to tokens and back. Adding one is one file and one name in base/members.h.
 *
 * A token is a span of the text; spans do not overlap and are in order.
 */
#ifndef S2S__TEXT_SEGMENTER_H
#define S2S__TEXT_SEGMENTER_H

#include "base/memory.h"

typedef struct s2s__span {
  uint32_t begin, length; /* bytes */
} s2s__span;

typedef struct s2s__spans { /* a growing array; init all zero but host */
  s2s__host host;
  s2s__span *item;
  size_t count, capacity;
} s2s__spans;
void s2s__spans_init(s2s__spans *spans, const s2s__host *host);
void s2s__spans_free(s2s__spans *spans);
/* Appends text[begin..end); what segmenters are made of. */
int32_t s2s__spans_add(s2s__spans *spans, size_t begin, size_t end, s2s__error *error);

typedef struct s2s__segmenter {
  const char *name; /* the value of source.tokens and target.tokens */
  /* Appends the tokens of `text` (valid UTF-8, at most UINT32_MAX bytes) to spans; on failure none. */
  int32_t (*split)(const char *text, size_t length, s2s__spans *spans, s2s__error *error);
  /* What stands between two tokens when they are joined again: "" or " ". */
  const char *separator;
} s2s__segmenter;

/* chars: every Unicode code point is a token (white space too, but leading and trailing white space is dropped).
 * words: tokens are separated by runs of Unicode white space. NULL for an unknown name. */
const s2s__segmenter *s2s__segmenter_find(const char *name);

/* S2S_BAD_TEXT "invalid UTF-8 at byte N" (counted from 1) unless the text is valid and shorter than 4 GiB. */
int32_t s2s__text_check(const char *text, size_t length, s2s__error *error);

#endif
