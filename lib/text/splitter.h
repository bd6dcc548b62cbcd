/* SPDX-License-Identifier: MIT
 *
 * Splitters: ways to cut a text that need nothing but the text. Adding one is one file and one name in base/members.h.
 */
#ifndef S2S__TEXT_SPLITTER_H
#define S2S__TEXT_SPLITTER_H

#include "text/text.h"

typedef struct s2s__splitter {
  const char *name; /* the value of source.tokens and target.tokens */
  /* Appends the tokens of `text` (valid UTF-8, at most UINT32_MAX bytes), which are parts of it; on failure none. */
  int32_t (*split)(const char *text, size_t length, s2s__tokens *tokens, s2s__error *error);
  /* What stands between two tokens when they are joined again: "" or " ". */
  const char *separator;
} s2s__splitter;

/* chars: every Unicode code point is a token (white space too, but leading and trailing white space is dropped).
 * words: tokens are separated by runs of Unicode white space. NULL for an unknown name. */
const s2s__splitter *s2s__splitter_find(const char *name);

/* Bytes of the extended grapheme cluster that a text begins with. *blank: its first character is white space. 0: no valid
 * UTF-8, or no text. */
size_t s2s__grapheme_read(const char *text, size_t length, int *blank);

#endif
