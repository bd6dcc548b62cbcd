/* SPDX-License-Identifier: MIT
 *
 * The segmenter `chars`: every Unicode code point is a token, so a combining accent is a token after its letter. White
 * space inside a text is kept, for it parts words; at both ends it says nothing and is dropped.
 */
#include "base/utf8.h"
#include "text/segmenter.h"

/* Appends every code point from the first that is no space; *inked counts the spans up to the last that is none. */
static int32_t segmenter_chars_append(const char *text, size_t length, s2s__spans *spans, size_t *inked,
                                      s2s__error *error) {
  const size_t first = spans->count;
  for (size_t at = 0; at < length;) {
    uint32_t code_point;
    const size_t bytes = s2s__utf8_decode(text + at, length - at, &code_point);
    if (bytes == 0) return s2s__text_check(text, length, error); /* the caller did not check: never loop on it */
    const int space = s2s__utf8_is_space(code_point);
    if (!space || spans->count > first) S2S__TRY(s2s__spans_add(spans, at, at + bytes, error));
    if (!space) *inked = spans->count;
    at += bytes;
  }
  return S2S_OK;
}

static int32_t segmenter_chars_split(const char *text, size_t length, s2s__spans *spans, s2s__error *error) {
  const size_t before = spans->count;
  size_t inked = before;
  const int32_t status = segmenter_chars_append(text, length, spans, &inked, error);
  spans->count = status == S2S_OK ? inked : before;
  return status;
}

const s2s__segmenter s2s__segmenter_chars = {"chars", segmenter_chars_split, ""};
