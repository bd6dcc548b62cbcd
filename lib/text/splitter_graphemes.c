/* SPDX-License-Identifier: MIT
 *
 * The splitter `graphemes`: what a reader takes for one character, extended grapheme clusters (Unicode Standard Annex
 * 29): a letter with its marks, a syllable of Hangul jamo, an emoji with what belongs to it. White space inside a text
 * is kept, at both ends it is dropped.
 */
#include "base/utf8.h"
#include "text/splitter.h"
#include "text/unicode.h"

typedef struct grapheme_state {
  s2s__unicode_break last;
  int flags;   /* the regional indicators so far are an odd number */
  int picture; /* what came is a pictograph with nothing but extensions behind it */
  int joined;  /* ... and then a joiner */
} grapheme_state;

/* Whether a cluster goes on with a character of this kind: rules GB3 to GB13. */
static int grapheme_goes_on(const grapheme_state *state, s2s__unicode_break next) {
  const s2s__unicode_break last = state->last;
  if (last == S2S__BREAK_CR && next == S2S__BREAK_LF) return 1;
  if (last == S2S__BREAK_CR || last == S2S__BREAK_LF || last == S2S__BREAK_CONTROL) return 0;
  switch (next) {
  case S2S__BREAK_EXTEND:
  case S2S__BREAK_ZWJ:
  case S2S__BREAK_SPACING_MARK:
    return 1;
  case S2S__BREAK_CR:
  case S2S__BREAK_LF:
  case S2S__BREAK_CONTROL:
    return 0;
  default:
    break;
  }
  if (last == S2S__BREAK_PREPEND) return 1;
  if (last == S2S__BREAK_L)
    return next == S2S__BREAK_L || next == S2S__BREAK_V || next == S2S__BREAK_LV || next == S2S__BREAK_LVT;
  if (last == S2S__BREAK_LV || last == S2S__BREAK_V) return next == S2S__BREAK_V || next == S2S__BREAK_T;
  if (last == S2S__BREAK_LVT || last == S2S__BREAK_T) return next == S2S__BREAK_T;
  if (next == S2S__BREAK_PICTOGRAPHIC) return state->joined;
  return next == S2S__BREAK_REGIONAL_INDICATOR && state->flags;
}

static void grapheme_note(grapheme_state *state, s2s__unicode_break kind) {
  state->joined = state->picture && kind == S2S__BREAK_ZWJ;
  state->picture = kind == S2S__BREAK_PICTOGRAPHIC || (state->picture && kind == S2S__BREAK_EXTEND);
  state->flags = kind == S2S__BREAK_REGIONAL_INDICATOR && !state->flags;
  state->last = kind;
}

size_t s2s__grapheme_read(const char *text, size_t length, int *blank) {
  grapheme_state state = {S2S__BREAK_OTHER, 0, 0, 0};
  size_t at = 0;
  while (at < length) {
    uint32_t c;
    const size_t bytes = s2s__utf8_decode(text + at, length - at, &c);
    if (bytes == 0) return 0;
    const s2s__unicode_break kind = s2s__unicode_break_of(c);
    if (at == 0)
      *blank = s2s__utf8_is_space(c);
    else if (!grapheme_goes_on(&state, kind))
      break;
    grapheme_note(&state, kind);
    at += bytes;
  }
  return at;
}

static int32_t splitter_graphemes_split(const char *text, size_t length, s2s__tokens *tokens, s2s__error *error) {
  const size_t before = tokens->count;
  size_t inked = before;
  int32_t status = S2S_OK;
  for (size_t at = 0, bytes; at < length && status == S2S_OK; at += bytes) {
    int blank = 0;
    bytes = s2s__grapheme_read(text + at, length - at, &blank);
    if (bytes == 0)
      status = s2s__text_check(text, length, error); /* the caller did not check: never loop on it */
    else if (!blank || tokens->count > before)
      status = s2s__tokens_add(tokens, text, at, at + bytes, error);
    if (!blank) inked = tokens->count;
  }
  tokens->count = status == S2S_OK ? inked : before;
  return status;
}

const s2s__splitter s2s__splitter_graphemes = {"graphemes", splitter_graphemes_split, ""};
