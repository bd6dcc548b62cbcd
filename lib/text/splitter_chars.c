/* SPDX-License-Identifier: MIT
 *
 * The splitter `chars`: every Unicode code point is a token, so a combining accent is a token after its letter. White
 * space inside a text is kept, for it parts words; at both ends it says nothing and is dropped.
 */
#include "base/utf8.h"
#include "text/splitter.h"

/* Appends every code point from the first that is no space; *inked counts the tokens up to the last that is none. */
static int32_t splitter_chars_append(const char *text, size_t length, s2s__tokens *tokens, size_t *inked,
                                     s2s__error *error) {
  const size_t first = tokens->count;
  for (size_t at = 0; at < length;) {
    uint32_t code_point;
    const size_t bytes = s2s__utf8_decode(text + at, length - at, &code_point);
    if (bytes == 0) return s2s__text_check(text, length, error); /* the caller did not check: never loop on it */
    const int space = s2s__utf8_is_space(code_point);
    if (!space || tokens->count > first) S2S__TRY(s2s__tokens_add(tokens, text, at, at + bytes, error));
    if (!space) *inked = tokens->count;
    at += bytes;
  }
  return S2S_OK;
}

static int32_t splitter_chars_split(const char *text, size_t length, s2s__tokens *tokens, s2s__error *error) {
  const size_t before = tokens->count;
  size_t inked = before;
  const int32_t status = splitter_chars_append(text, length, tokens, &inked, error);
  tokens->count = status == S2S_OK ? inked : before;
  return status;
}

const s2s__splitter s2s__splitter_chars = {"chars", splitter_chars_split, ""};
