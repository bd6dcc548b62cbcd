/* SPDX-License-Identifier: MIT
 *
 * The splitter `words`: tokens stand between runs of Unicode white space (no-break and ideographic spaces are white
 * space too; the zero-width space and joiners are not). Joining puts one space between tokens.
 */
#include "base/utf8.h"
#include "text/splitter.h"

static int32_t splitter_words_append(const char *text, size_t length, s2s__tokens *tokens, s2s__error *error) {
  size_t begin = 0; /* of the word that is being read; == at while there is none */
  for (size_t at = 0; at < length;) {
    uint32_t code_point;
    const size_t bytes = s2s__utf8_decode(text + at, length - at, &code_point);
    if (bytes == 0) return s2s__text_check(text, length, error); /* the caller did not check: never loop on it */
    const int space = s2s__utf8_is_space(code_point);
    if (space && begin < at) S2S__TRY(s2s__tokens_add(tokens, text, begin, at, error));
    at += bytes;
    if (space) begin = at;
  }
  return begin < length ? s2s__tokens_add(tokens, text, begin, length, error) : S2S_OK;
}

static int32_t splitter_words_split(const char *text, size_t length, s2s__tokens *tokens, s2s__error *error) {
  const size_t before = tokens->count;
  const int32_t status = splitter_words_append(text, length, tokens, error);
  if (status != S2S_OK) tokens->count = before;
  return status;
}

const s2s__splitter s2s__splitter_words = {"words", splitter_words_split, " "};
