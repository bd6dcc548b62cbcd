/* SPDX-License-Identifier: MIT
 *
 * Documents to sentences and back.
 *
 *     text       "  One. Two!\n\nThree, very long"          sentences are parts of the text;
 *     sentences    ^---  ^---    ^----- ^--------           what stands between them is a gap
 *
 * A sentence of too many tokens is cut where a reader would: behind a comma or the like, else at white space, else
 * between what a reader takes for characters.
 */
#include "text/document.h"

#include "base/utf8.h"
#include "text/sentence.h"
#include "text/splitter.h"

#include <string.h>

/* ---- lines ------------------------------------------------------------------------------------------------------- */

static int document_is_line_end(uint32_t c) {
  return (c >= 0x0A && c <= 0x0D) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

static size_t document_read(s2s__text text, size_t at, uint32_t *c) {
  return s2s__utf8_decode(text.text + at, text.length - at, c);
}

/* The character before `at`, or 0. */
static uint32_t document_last(const char *text, size_t at) {
  uint32_t c = 0;
  size_t begin = at;
  while (begin > 0 && ((unsigned char)text[begin - 1] & 0xC0) == 0x80) begin--;
  if (begin > 0) (void)s2s__utf8_decode(text + begin - 1, at - begin + 1, &c);
  return c;
}

/* Behind the white space at `at`. A byte order mark at the begin of the text is white space too. */
static size_t document_skip_space(s2s__text text, size_t at) {
  while (at < text.length) {
    uint32_t c = 0;
    const size_t bytes = document_read(text, at, &c);
    if (!s2s__utf8_is_space(c) && !(at == 0 && c == 0xFEFF)) break;
    at += bytes;
  }
  return at;
}

/* Whether the white space text[begin..end) is more than the end of a line inside a paragraph. */
static int document_ends_paragraph(s2s__document_lines lines, s2s__text text, size_t begin, size_t end) {
  size_t ends = 0;
  for (size_t at = begin; at < end;) {
    uint32_t c = 0;
    at += document_read(text, at, &c);
    if (document_is_line_end(c)) {
      if (c == '\r' && at < end && text.text[at] == '\n') at++;
      if (c == '\f' || c == 0x2029) return 1;
      ends++;
    } else if (ends > 0) {
      return 1; /* an indented line */
    }
  }
  return lines == S2S__LINES_KEEP ? ends > 0 : ends > 1;
}

/* Where the line that begins at `begin`, or the paragraph, ends: its last character that is no white space. */
static size_t document_line(s2s__document_lines lines, s2s__text text, size_t begin) {
  for (size_t at = begin; at < text.length;) {
    uint32_t c = 0;
    const size_t bytes = document_read(text, at, &c);
    if (!s2s__utf8_is_space(c)) {
      at += bytes;
      continue;
    }
    const size_t next = document_skip_space(text, at);
    if (next == text.length || document_ends_paragraph(lines, text, at, next)) return at;
    at = next;
  }
  return text.length;
}

/* ---- long sentences ---------------------------------------------------------------------------------------------- */

enum { DOCUMENT_TOKEN_BYTES = 4, DOCUMENT_MOST_TOKEN_BYTES = 64 }; /* what is tried first, and last */

static int document_is_comma(uint32_t c) {
  return c == ',' || c == ';' || c == ':' || c == 0x2013 || c == 0x2014 || c == 0x060C || c == 0x061B || c == 0x3001 ||
         c == 0xFF0C || c == 0xFF1A || c == 0xFF1B;
}

/* The best place to cut at `far`, which is behind `begin`, or before: never between a character and its marks, unless
 * they alone are too many. */
static size_t document_place(s2s__text text, size_t begin, size_t far) {
  size_t clause = begin, blank = begin, cluster = begin;
  uint32_t last = 0;
  for (size_t at = begin, bytes; at <= far; at += bytes) {
    int before_blank = at == text.length;
    bytes = s2s__grapheme_read(text.text + at, text.length - at, &before_blank);
    if (before_blank) blank = at;
    if (document_is_comma(last) && (before_blank || s2s__is_wide(last))) clause = at;
    cluster = at;
    if (bytes == 0) break;
    (void)document_read(text, at, &last);
  }
  if (clause > begin + (far - begin) / 2) return clause;
  return blank > begin ? blank : cluster > begin ? cluster : far;
}

/* text[begin..] up to `far`, or where the character there ends. */
static size_t document_whole(s2s__text text, size_t begin, size_t far) {
  uint32_t c;
  if (far <= begin) return begin + document_read(text, begin, &c);
  while (far < text.length && ((unsigned char)text.text[far] & 0xC0) == 0x80) far++;
  return far;
}

/* text[begin..] as far as so many tokens may reach, but not beyond `end`. */
static size_t document_reach(s2s__text text, size_t begin, size_t end, size_t tokens, size_t token_bytes) {
  return tokens < (end - begin) / token_bytes ? document_whole(text, begin, begin + tokens * token_bytes) : end;
}

/* How far the sentence text[begin..end) goes on in at most so many tokens: one character at least. */
static int32_t document_take(const s2s__document_rules *rules, s2s__text text, size_t begin, size_t end,
                             s2s__tokens *scratch, size_t *taken, s2s__error *error) {
  const size_t most = rules->max_tokens;
  size_t token_bytes = DOCUMENT_TOKEN_BYTES;
  size_t far = document_reach(text, begin, end, most, token_bytes);
  for (;;) {
    S2S__TRY(s2s__segment(rules->segmenter, text.text + begin, far - begin, NULL, scratch, error));
    *taken = far;
    if (scratch->count <= most) {
      if (far == end) return S2S_OK;
      if (token_bytes >= DOCUMENT_MOST_TOKEN_BYTES) break;
      token_bytes *= 2;
      far = document_reach(text, begin, end, most, token_bytes);
      continue;
    }
    size_t shorter = document_whole(text, begin, begin + scratch->item[most - 1].end);
    if (shorter >= far) shorter = document_whole(text, begin, begin + (far - begin) / 2);
    shorter = document_place(text, begin, shorter);
    if (shorter >= far) return S2S_OK; /* one character, of too many tokens */
    end = far = shorter;               /* a good place already */
  }
  *taken = document_place(text, begin, far);
  return S2S_OK;
}

/* ---- splitting --------------------------------------------------------------------------------------------------- */

/* A sentence as one line: a line end inside it becomes a space, or nothing in a script that has none. */
static int32_t document_add(s2s__text text, size_t begin, size_t end, s2s__tokens *sentences, s2s__error *error) {
  char *copy = S2S__TAKE(&sentences->arena, char, end - begin + 1);
  size_t size = 0;
  if (!copy) return s2s__fail_memory(error, end - begin + 1, "a sentence");
  for (size_t at = begin; at < end;) {
    uint32_t c = 0, next = 0;
    const size_t bytes = document_read(text, at, &c);
    if (!document_is_line_end(c)) {
      memcpy(copy + size, text.text + at, bytes);
      size += bytes;
      at += bytes;
      continue;
    }
    const uint32_t before = document_last(copy, size);
    at = document_skip_space(text, at);
    if (at < end) (void)document_read(text, at, &next);
    if (!(s2s__is_wide(before) && s2s__is_wide(next)) && !s2s__utf8_is_space(before)) copy[size++] = ' ';
  }
  copy[size] = '\0';
  return s2s__tokens_push(sentences, (s2s__token){copy, (uint32_t)size, (uint32_t)begin, (uint32_t)end}, error);
}

static int32_t document_add_parts(const s2s__document_rules *rules, s2s__text text, size_t begin, size_t end,
                                  s2s__tokens *scratch, s2s__tokens *sentences, s2s__error *error) {
  while (begin < end) {
    size_t part = end;
    if (rules->segmenter) S2S__TRY(document_take(rules, text, begin, end, scratch, &part, error));
    S2S__TRY(document_add(text, begin, part, sentences, error));
    begin = document_skip_space(text, part);
  }
  return S2S_OK;
}

static int32_t document_split_all(const s2s__document_rules *rules, s2s__text text, s2s__tokens *scratch,
                                  s2s__tokens *sentences, s2s__error *error) {
  for (size_t at = document_skip_space(text, 0); at < text.length; at = document_skip_space(text, at)) {
    const size_t line = document_line(rules->lines, text, at);
    while (at < line) {
      const size_t end = s2s__sentence_end(text.text, line, at);
      S2S__TRY(document_add_parts(rules, text, at, end, scratch, sentences, error));
      at = document_skip_space(text, end);
    }
  }
  return S2S_OK;
}

int32_t s2s__document_split(const s2s__document_rules *rules, const char *text, size_t length, s2s__tokens *sentences,
                            s2s__error *error) {
  s2s__tokens scratch;
  s2s__tokens_clear(sentences);
  S2S__TRY(s2s__text_accept(text, length, &sentences->arena, &sentences->text, error));
  s2s__tokens_init(&scratch, &sentences->host);
  const int32_t status = document_split_all(rules, sentences->text, &scratch, sentences, error);
  s2s__tokens_free(&scratch);
  return status;
}

/* ---- joining ----------------------------------------------------------------------------------------------------- */

typedef struct document_writer { /* counts first, then writes */
  char *out;                     /* NULL while it counts */
  size_t size;
  uint32_t last; /* the last character written, or 0 */
} document_writer;

static void document_put(document_writer *w, const char *text, size_t length) {
  if (length == 0) return;
  if (w->out) memcpy(w->out + w->size, text, length);
  w->size += length;
  w->last = document_last(text, length);
}

/* The gap before a sentence that begins with the character `next`; `source` is the text that had the gap. */
static void document_put_gap(document_writer *w, s2s__document_lines lines, s2s__text source, size_t begin, size_t end,
                             uint32_t next) {
  uint32_t source_next = 0;
  const int both_wide = s2s__is_wide(w->last) && s2s__is_wide(next);
  if (end < source.length) (void)document_read(source, end, &source_next);
  const int source_wide = s2s__is_wide(document_last(source.text, begin)) || s2s__is_wide(source_next);
  const int inside = begin > 0 && end < source.length && !document_ends_paragraph(lines, source, begin, end);
  if (!inside) {
    document_put(w, source.text + begin, end - begin);
  } else if (begin == end) {
    if (source_wide && w->last && next && !s2s__is_wide(w->last) && !s2s__is_wide(next)) document_put(w, " ", 1);
  } else if (!both_wide || source_wide) {
    int line_end = 0;
    for (size_t at = begin; at < end;) {
      uint32_t c = 0;
      at += document_read(source, at, &c);
      line_end |= document_is_line_end(c);
    }
    if (!line_end)
      document_put(w, source.text + begin, end - begin);
    else if (!both_wide)
      document_put(w, " ", 1);
  }
}

/* With `joined`, whose text has room for it, as tokens there too. */
static int32_t document_write(document_writer *w, s2s__document_lines lines, const s2s__tokens *sentences,
                              const s2s__text *made, s2s__tokens *joined, s2s__error *error) {
  const s2s__text source = sentences->text;
  size_t at = 0;
  for (size_t i = 0; i < sentences->count; i++) {
    uint32_t next = 0;
    if (made[i].length > 0) (void)document_read(made[i], 0, &next);
    document_put_gap(w, lines, source, at, sentences->item[i].begin, next);
    const size_t begin = w->size;
    document_put(w, made[i].text, made[i].length);
    if (joined) S2S__TRY(s2s__tokens_add(joined, w->out, begin, w->size, error));
    at = sentences->item[i].end;
  }
  document_put_gap(w, lines, source, at, source.length, 0);
  return S2S_OK;
}

int32_t s2s__document_join(s2s__document_lines lines, const s2s__tokens *sentences, const s2s__text *made,
                           s2s__tokens *joined, s2s__error *error) {
  document_writer w = {NULL, 0, 0};
  s2s__tokens_clear(joined);
  S2S__TRY(document_write(&w, lines, sentences, made, NULL, error));
  if (w.size > UINT32_MAX) return s2s__fail(error, S2S_LIMIT, "%zu bytes of text are too many", w.size);
  char *out = S2S__TAKE(&joined->arena, char, w.size + 1);
  if (!out) return s2s__fail_memory(error, w.size + 1, "a text");
  joined->text = (s2s__text){out, w.size};
  w = (document_writer){out, 0, 0};
  S2S__TRY(document_write(&w, lines, sentences, made, joined, error));
  out[w.size] = '\0';
  return S2S_OK;
}
