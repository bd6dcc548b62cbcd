/* SPDX-License-Identifier: MIT
 *
 * BLEU's tokens. `13a` rewrites the line in passes, as the definition does: each is a substitution from left to right
 * whose matches do not overlap.
 */
#include "base/utf8.h"
#include "text/bleu.h"

#include <string.h>

static int bleu_is_digit(char c) { return c >= '0' && c <= '9'; }

/* White space, and the four separators of ASCII that Python's split() takes for it too. */
static int bleu_is_space(uint32_t c) { return s2s__utf8_is_space(c) || (c >= 0x1C && c <= 0x1F); }

/* What stands apart from all else: ASCII punctuation but ' , - . and the dollar sign's like. */
static int bleu_stands_apart(char c) {
  return (c >= '{' && c <= '~') || (c >= '[' && c <= '`') || (c >= ' ' && c <= '&') || (c >= '(' && c <= '+') ||
         (c >= ':' && c <= '@') || c == '/';
}

/* The ranges of sacreBLEU's `zh`. Those from 0x2001 and from 0x2F81 are as that program has them: it means the
 * supplementary planes, but writes them with four digits and one more character. */
static int bleu_is_chinese(uint32_t c) {
  static const uint16_t range[][2] = {{0x2001, 0x2A6D}, {0x2E80, 0x2EFF}, {0x2F00, 0x2FDF}, {0x2F81, 0x2FA1},
                                      {0x2FF0, 0x2FFF}, {0x3000, 0x303F}, {0x3100, 0x312F}, {0x31A0, 0x31BF},
                                      {0x31C0, 0x31EF}, {0x3200, 0x32FF}, {0x3300, 0x33FF}, {0x3400, 0x4DB5},
                                      {0x4E00, 0x9FBB}, {0xF900, 0xFA2D}, {0xFA30, 0xFA6A}, {0xFA70, 0xFAD9},
                                      {0xFE10, 0xFE1F}, {0xFE30, 0xFE4F}, {0xFF00, 0xFFEF}};
  for (size_t i = 0; i < sizeof range / sizeof *range; i++)
    if (c >= range[i][0] && c <= range[i][1]) return 1;
  return 0;
}

/* ---- passes: `out` has room enough; each returns how much it wrote ----------------------------------------------- */

/* Every `from` becomes `to`, which is not longer. */
static size_t bleu_replace(const char *from, const char *to, const char *in, size_t length, char *out) {
  const size_t gone = strlen(from), put = strlen(to);
  size_t n = 0;
  for (size_t i = 0; i < length;) {
    if (length - i >= gone && memcmp(in + i, from, gone) == 0) {
      memcpy(out + n, to, put);
      n += put;
      i += gone;
    } else {
      out[n++] = in[i++];
    }
  }
  return n;
}

static size_t bleu_part_punctuation(const char *in, size_t length, char *out) {
  size_t n = 0;
  for (size_t i = 0; i < length; i++) {
    const int apart = bleu_stands_apart(in[i]);
    if (apart) out[n++] = ' ';
    out[n++] = in[i];
    if (apart) out[n++] = ' ';
  }
  return n;
}

/* A point or comma that follows no digit (a byte of a longer character is none). */
static size_t bleu_part_after_words(const char *in, size_t length, char *out) {
  size_t n = 0;
  for (size_t i = 0; i < length; i++) {
    out[n++] = in[i];
    if (bleu_is_digit(in[i]) || i + 1 == length || (in[i + 1] != '.' && in[i + 1] != ',')) continue;
    out[n++] = ' ';
    out[n++] = in[++i];
    out[n++] = ' ';
  }
  return n;
}

/* A point or comma before no digit. */
static size_t bleu_part_before_words(const char *in, size_t length, char *out) {
  size_t n = 0;
  for (size_t i = 0; i < length; i++) {
    const int part = (in[i] == '.' || in[i] == ',') && i + 1 < length && !bleu_is_digit(in[i + 1]);
    if (part) out[n++] = ' ';
    out[n++] = in[i];
    if (!part) continue;
    out[n++] = ' ';
    out[n++] = in[++i];
  }
  return n;
}

/* A hyphen behind a digit. */
static size_t bleu_part_hyphens(const char *in, size_t length, char *out) {
  size_t n = 0;
  for (size_t i = 0; i < length; i++) {
    out[n++] = in[i];
    if (!bleu_is_digit(in[i]) || i + 1 == length || in[i + 1] != '-') continue;
    out[n++] = ' ';
    out[n++] = in[++i];
    out[n++] = ' ';
  }
  return n;
}

/* Puts every code point of a kind between spaces. */
static size_t bleu_part_characters(int (*kind)(uint32_t), const char *in, size_t length, char *out) {
  size_t n = 0;
  for (size_t i = 0, bytes; i < length; i += bytes) {
    uint32_t c = 0;
    bytes = s2s__utf8_decode(in + i, length - i, &c);
    if (bytes == 0) bytes = 1;
    const int apart = kind(c);
    if (apart) out[n++] = ' ';
    memcpy(out + n, in + i, bytes);
    n += bytes;
    if (apart) out[n++] = ' ';
  }
  return n;
}

static int bleu_is_any(uint32_t c) { return (void)c, 1; }

/* Runs of white space become one space; none at the ends. */
static size_t bleu_tidy(const char *in, size_t length, char *out) {
  size_t n = 0;
  for (size_t i = 0, bytes; i < length; i += bytes) {
    uint32_t c = 0;
    bytes = s2s__utf8_decode(in + i, length - i, &c);
    if (bytes == 0) bytes = 1;
    if (!bleu_is_space(c)) {
      memcpy(out + n, in + i, bytes);
      n += bytes;
    } else if (n > 0 && out[n - 1] != ' ') {
      out[n++] = ' ';
    }
  }
  return n - (n > 0 && out[n - 1] == ' ');
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

/* A text and the place for the next: a pass reads one and writes the other, and they change places. */
typedef struct bleu_passes {
  char *now, *next;
  size_t length;
} bleu_passes;

static void bleu_pass(bleu_passes *p, size_t length) {
  char *now = p->now;
  p->now = p->next;
  p->next = now;
  p->length = length;
}

#define BLEU_PASS(p, pass) bleu_pass(p, pass((p)->now, (p)->length, (p)->next))

static void bleu_unescape(bleu_passes *p) {
  static const char *const escape[][2] = {{"<skipped>", ""}, {"-\n", ""},   {"\n", " "},  {"&quot;", "\""},
                                          {"&amp;", "&"},    {"&lt;", "<"}, {"&gt;", ">"}};
  for (size_t i = 0; i < sizeof escape / sizeof *escape; i++)
    bleu_pass(p, bleu_replace(escape[i][0], escape[i][1], p->now, p->length, p->next));
}

static void bleu_part(bleu_passes *p) {
  BLEU_PASS(p, bleu_part_punctuation);
  BLEU_PASS(p, bleu_part_after_words);
  BLEU_PASS(p, bleu_part_before_words);
  BLEU_PASS(p, bleu_part_hyphens);
}

#define BLEU_GROWTH 5 /* a byte becomes five at most: a point, and two spaces from each of two passes */

int32_t s2s__bleu_tokenize(s2s__arena *arena, s2s__bleu_tokens tokens, const s2s__text *text, s2s__text *out,
                           s2s__error *error) {
  if (text->length > SIZE_MAX / (2 * BLEU_GROWTH) - 2) return s2s__fail_memory(error, SIZE_MAX, "the tokens of a text");
  const size_t room = (text->length + 2) * BLEU_GROWTH;
  bleu_passes p = {.now = s2s__arena_take(arena, 2 * room)};
  if (!p.now) return s2s__fail_memory(error, 2 * room, "the tokens of a text");
  p.next = p.now + room;
  p.now[0] = ' '; /* what begins or ends the line is parted like the rest */
  if (text->length) memcpy(p.now + 1, text->text, text->length);
  p.now[text->length + 1] = ' ';
  p.length = text->length + 2;
  if (tokens == S2S__BLEU_13A) bleu_unescape(&p);
  if (tokens == S2S__BLEU_ZH) {
    bleu_pass(&p, bleu_tidy(p.now, p.length, p.next));
    bleu_pass(&p, bleu_part_characters(bleu_is_chinese, p.now, p.length, p.next));
  }
  if (tokens == S2S__BLEU_CHAR) bleu_pass(&p, bleu_part_characters(bleu_is_any, p.now, p.length, p.next));
  if (tokens == S2S__BLEU_13A || tokens == S2S__BLEU_ZH) bleu_part(&p);
  BLEU_PASS(&p, bleu_tidy);
  p.now[p.length] = '\0';
  *out = (s2s__text){p.now, p.length};
  return S2S_OK;
}

#undef BLEU_PASS
#undef BLEU_GROWTH
