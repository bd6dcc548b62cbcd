/* SPDX-License-Identifier: MIT
 *
 * Parallel text in memory. Both texts of a pair stand in one block of the arena, "source\0target\0"; the array of pairs
 * is the host's and grows.
 *
 * A file is added whole or not at all: on failure the arena goes back to its mark and the count to what it was. A
 * message of a file reads "FILE:LINE: what is wrong", and bytes are counted from 1 in the text of their side.
 */
#include "train/corpus.h"

#include "base/utf8.h"
#include "text/text.h"

#include <string.h>

/* ---- The handle -------------------------------------------------------------------------------------------------- */

int32_t s2s__corpus_new(const s2s__host *host, s2s_corpus **corpus, s2s__error *error) {
  s2s_corpus *made = s2s__allocate_zeroed(host, sizeof *made);
  *corpus = NULL;
  if (!made) return s2s__fail_memory(error, sizeof *made, "a corpus");
  s2s__host own;
  atomic_init(&made->references, 1);
  s2s__host_own(&own, host, &made->budget, sizeof *made);
  s2s__arena_init(&made->arena, &own);
  *corpus = made;
  return S2S_OK;
}

/* Counting is all that happens to a shared corpus, so const is cast away here. */
void s2s__corpus_retain(const s2s_corpus *corpus) {
  atomic_fetch_add(&((s2s_corpus *)(uintptr_t)corpus)->references, 1);
}

void s2s__corpus_release(const s2s_corpus *corpus) {
  s2s_corpus *c = (s2s_corpus *)(uintptr_t)corpus;
  if (!c || atomic_fetch_sub(&c->references, 1) != 1) return;
  const s2s__host host = s2s__host_given(&c->arena.host, &c->budget);
  s2s__free(&c->arena.host, c->pair, c->capacity * sizeof *c->pair);
  s2s__arena_free(&c->arena);
  s2s__free(&host, c, sizeof *c);
}

/* ---- One pair ---------------------------------------------------------------------------------------------------- */

static int corpus_is_blank(const char *text, size_t length) {
  for (size_t at = 0; at < length;) {
    uint32_t code_point;
    const size_t bytes = s2s__utf8_decode(text + at, length - at, &code_point);
    if (bytes == 0 || !s2s__utf8_is_space(code_point)) return 0;
    at += bytes;
  }
  return 1;
}

/* Makes sure that a text may be a side of a pair. A line break would not survive a file of lines, in which vocabularies
 * are stored too. */
static int32_t corpus_accept(s2s_corpus *corpus, int32_t side, s2s__text *text, s2s__error *error) {
  const char *name = side == S2S_SOURCE ? "source" : "target";
  if (text->length == 0) return s2s__fail(error, S2S_BAD_TEXT, "%s is empty", name);
  if (s2s__text_accept(text->text, text->length, &corpus->arena, text, error) != S2S_OK)
    return s2s__fail_prefix(error, "%s", name);
  for (size_t i = 0; i < text->length; i++)
    if (text->text[i] == '\n' || text->text[i] == '\r')
      return s2s__fail(error, S2S_BAD_TEXT, "%s: a line break at byte %zu", name, i + 1);
  if (corpus_is_blank(text->text, text->length)) return s2s__fail(error, S2S_BAD_TEXT, "%s is blank", name);
  return S2S_OK;
}

/* Room for one pair more in the array. */
static int32_t corpus_reserve(s2s_corpus *corpus, s2s__error *error) {
  if (corpus->count < corpus->capacity) return S2S_OK;
  const size_t capacity = corpus->capacity + corpus->capacity / 2 + 16;
  size_t bytes;
  const int fits = s2s__multiply_fits(capacity, sizeof *corpus->pair, &bytes);
  if (!fits) return s2s__fail_memory(error, SIZE_MAX, "the pairs of a corpus");
  const size_t old_bytes = corpus->capacity * sizeof *corpus->pair;
  s2s__pair *pair = s2s__resize(&corpus->arena.host, corpus->pair, old_bytes, bytes);
  if (!pair) return s2s__fail_memory(error, bytes, "the pairs of a corpus");
  corpus->pair = pair;
  corpus->capacity = capacity;
  return S2S_OK;
}

/* Copies a pair that was accepted. */
static int32_t corpus_store(s2s_corpus *corpus, const s2s__text pair[2], s2s__error *error) {
  const s2s__text source = pair[S2S_SOURCE], target = pair[S2S_TARGET];
  S2S__TRY(corpus_reserve(corpus, error));
  const size_t bytes = source.length > SIZE_MAX - target.length - 2 ? SIZE_MAX : source.length + target.length + 2;
  char *block = s2s__arena_take(&corpus->arena, bytes);
  if (!block) return s2s__fail_memory(error, bytes, "the texts of a corpus");
  memcpy(block, source.text, source.length);
  block[source.length] = 0;
  char *second = block + source.length + 1;
  memcpy(second, target.text, target.length);
  second[target.length] = 0;
  corpus->pair[corpus->count++] = (s2s__pair){{block, second}, {(uint32_t)source.length, (uint32_t)target.length}};
  return S2S_OK;
}

int32_t s2s__corpus_add(s2s_corpus *corpus, const char *source, size_t source_length, const char *target,
                        size_t target_length, s2s__error *error) {
  s2s__text pair[2] = {{source, source_length}, {target, target_length}};
  int32_t status = corpus_accept(corpus, S2S_SOURCE, &pair[S2S_SOURCE], error);
  if (status == S2S_OK) status = corpus_accept(corpus, S2S_TARGET, &pair[S2S_TARGET], error);
  if (status == S2S_OK) status = corpus_store(corpus, pair, error);
  return s2s__name_limit(&corpus->arena.host, error, status);
}

/* ---- Files ------------------------------------------------------------------------------------------------------- */

/* Puts "FILE:LINE: " before a message about the line last read. */
static int32_t corpus_name_line(const s2s__lines *lines, s2s__error *error) {
  return s2s__fail_prefix(error, "%s:%llu", lines->reader->name, (unsigned long long)lines->number);
}

static int32_t corpus_add_line(s2s_corpus *corpus, const char *line, size_t length, s2s__error *error) {
  const char *tab = memchr(line, '\t', length);
  if (!tab) return s2s__fail(error, S2S_BAD_TEXT, "no tab between source and target");
  const size_t source_length = (size_t)(tab - line), target_length = length - source_length - 1;
  if (memchr(tab + 1, '\t', target_length))
    return s2s__fail(error, S2S_BAD_TEXT, "more than one tab, where one stands between source and target");
  return s2s__corpus_add(corpus, line, source_length, tab + 1, target_length, error);
}

static int32_t corpus_add_lines(s2s_corpus *corpus, s2s__lines *lines, s2s__error *error) {
  for (;;) {
    const char *line;
    size_t length;
    S2S__TRY(s2s__lines_next(lines, &line, &length, error));
    if (!line) break;
    if (corpus_add_line(corpus, line, length, error) != S2S_OK) return corpus_name_line(lines, error);
  }
  if (lines->number == 0) return s2s__fail(error, S2S_BAD_TEXT, "%s: the file is empty", lines->reader->name);
  return S2S_OK;
}

/* The next line of each file; both NULL at the end that they must reach together. */
static int32_t corpus_next_aligned(s2s__lines lines[2], s2s__text line[2], s2s__error *error) {
  for (int side = 0; side < 2; side++)
    S2S__TRY(s2s__lines_next(&lines[side], &line[side].text, &line[side].length, error));
  if (!line[0].text == !line[1].text) return S2S_OK;
  const int shorter = line[0].text ? S2S_TARGET : S2S_SOURCE;
  return s2s__fail(error, S2S_BAD_TEXT, "%s:%llu: the file ends here, but '%s' goes on", lines[shorter].reader->name,
                   (unsigned long long)lines[shorter].number + 1, lines[!shorter].reader->name);
}

static int32_t corpus_add_aligned(s2s_corpus *corpus, s2s__lines lines[2], s2s__error *error) {
  for (;;) {
    s2s__text line[2];
    S2S__TRY(corpus_next_aligned(lines, line, error));
    if (!line[0].text) break;
    for (int32_t side = 0; side < 2; side++)
      if (corpus_accept(corpus, side, &line[side], error) != S2S_OK) return corpus_name_line(&lines[side], error);
    if (corpus_store(corpus, line, error) != S2S_OK) return corpus_name_line(&lines[0], error);
  }
  if (lines[0].number == 0) return s2s__fail(error, S2S_BAD_TEXT, "%s: the file is empty", lines[0].reader->name);
  return S2S_OK;
}

/* Where a corpus stood before a file was added to it, and the way back there when that failed. */
typedef struct corpus_state {
  s2s__mark mark;
  size_t count;
} corpus_state;

static int32_t corpus_keep_or_undo(s2s_corpus *corpus, corpus_state before, int32_t status, s2s__error *error) {
  if (status == S2S_OK) return S2S_OK;
  (void)s2s__name_limit(&corpus->arena.host, error, status);
  corpus->count = before.count;
  s2s__arena_rewind(&corpus->arena, before.mark);
  return status;
}

int32_t s2s__corpus_read_pairs(s2s_corpus *corpus, s2s__reader *reader, s2s__error *error) {
  const corpus_state before = {s2s__arena_mark(&corpus->arena), corpus->count};
  s2s__lines lines;
  s2s__lines_init(&lines, reader, S2S__MAX_LINE_BYTES);
  const int32_t status = corpus_add_lines(corpus, &lines, error);
  s2s__lines_free(&lines);
  return corpus_keep_or_undo(corpus, before, status, error);
}

int32_t s2s__corpus_read_aligned(s2s_corpus *corpus, s2s__reader *source, s2s__reader *target, s2s__error *error) {
  const corpus_state before = {s2s__arena_mark(&corpus->arena), corpus->count};
  s2s__lines lines[2];
  s2s__lines_init(&lines[0], source, S2S__MAX_LINE_BYTES);
  s2s__lines_init(&lines[1], target, S2S__MAX_LINE_BYTES);
  const int32_t status = corpus_add_aligned(corpus, lines, error);
  s2s__lines_free(&lines[0]);
  s2s__lines_free(&lines[1]);
  return corpus_keep_or_undo(corpus, before, status, error);
}
