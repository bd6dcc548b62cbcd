/* SPDX-License-Identifier: MIT
 *
 * Shortlists as bytes, and what a source's tokens have together. See lexicon.h.
 */
#include "model/lexicon.h"

#include <string.h>

/* ---- writing ----------------------------------------------------------------------------------------------------- */

/* Writes a number, unless `out` is NULL; returns its bytes. */
static size_t lexicon_put(size_t number, unsigned char *out) {
  size_t size = 0;
  do {
    const unsigned char low = (unsigned char)(number & 127);
    number >>= 7;
    if (out) out[size] = (unsigned char)(low | (number ? 128 : 0));
    size++;
  } while (number);
  return size;
}

static size_t lexicon_encode(const s2s__lexicon *lexicon, unsigned char *out) {
  size_t at = 0;
  for (size_t list = 0; list <= lexicon->sources; list++) {
    const size_t begin = lexicon->first[list], end = lexicon->first[list + 1];
    int32_t before = -1;
    at += lexicon_put(end - begin, out ? out + at : NULL);
    for (size_t i = begin; i < end; before = lexicon->ids[i++])
      at += lexicon_put((size_t)(lexicon->ids[i] - before), out ? out + at : NULL);
  }
  return at;
}

size_t s2s__lexicon_bytes(const s2s__lexicon *lexicon) { return lexicon_encode(lexicon, NULL); }

void s2s__lexicon_write(const s2s__lexicon *lexicon, unsigned char *out) { (void)lexicon_encode(lexicon, out); }

/* ---- reading ----------------------------------------------------------------------------------------------------- */

typedef struct lexicon_reading {
  const unsigned char *bytes;
  size_t size, at;
} lexicon_reading;

/* 0 where there is no number, or one that is too large for an id. */
static int lexicon_get(lexicon_reading *r, size_t *number) {
  *number = 0;
  for (unsigned shift = 0; shift < 28 && r->at < r->size; shift += 7) {
    const unsigned char byte = r->bytes[r->at++];
    *number |= (size_t)(byte & 127) << shift;
    if (byte < 128) return 1;
  }
  return 0;
}

/* One list; its ids go to `ids` unless that is NULL. 0: damaged. */
static int lexicon_read_list(lexicon_reading *r, size_t targets, int32_t *ids, size_t *count) {
  size_t step, id = 0;
  if (!lexicon_get(r, count) || *count > targets) return 0;
  for (size_t i = 0; i < *count; i++) {
    if (!lexicon_get(r, &step) || step == 0) return 0;
    id += step; /* and 1 less: an id */
    if (id > targets) return 0;
    if (ids) ids[i] = (int32_t)(id - 1);
  }
  return 1;
}

/* All lists; first[] and ids[] unless they are NULL. */
static int32_t lexicon_read(lexicon_reading *r, size_t sources, size_t targets, size_t *first, int32_t *ids,
                            size_t *total, s2s__error *error) {
  r->at = *total = 0;
  for (size_t list = 0; list <= sources; list++) {
    size_t count;
    if (first) first[list] = *total;
    if (!lexicon_read_list(r, targets, ids ? ids + *total : NULL, &count))
      return s2s__fail(error, S2S_BAD_FILE, "list %zu of a shortlist is damaged, near byte %zu", list, r->at);
    *total += count;
  }
  if (first) first[sources + 1] = *total;
  if (r->at == r->size) return S2S_OK;
  return s2s__fail(error, S2S_BAD_FILE, "a shortlist has %zu bytes more than its lists", r->size - r->at);
}

int32_t s2s__lexicon_parse(const unsigned char *bytes, size_t size, size_t sources, size_t targets, s2s__arena *arena,
                           const s2s__lexicon **lexicon, s2s__error *error) {
  lexicon_reading r = {bytes, size, 0};
  size_t total;
  S2S__TRY(lexicon_read(&r, sources, targets, NULL, NULL, &total, error));
  s2s__lexicon *made = S2S__TAKE(arena, s2s__lexicon, 1);
  size_t *first = S2S__TAKE(arena, size_t, sources + 2);
  int32_t *ids = S2S__TAKE(arena, int32_t, total + 1);
  if (!made || !first || !ids) return s2s__fail_memory(error, total * sizeof *ids, "a shortlist");
  S2S__TRY(lexicon_read(&r, sources, targets, first, ids, &total, error));
  *made = (s2s__lexicon){sources, targets, first, ids};
  *lexicon = made;
  return S2S_OK;
}

int32_t s2s__lexicon_copy(const s2s__lexicon *from, s2s__arena *arena, const s2s__lexicon **to, s2s__error *error) {
  const size_t lists = from->sources + 2, total = s2s__lexicon_size(from);
  s2s__lexicon *made = S2S__TAKE(arena, s2s__lexicon, 1);
  size_t *first = S2S__TAKE(arena, size_t, lists);
  int32_t *ids = S2S__TAKE(arena, int32_t, total + 1);
  if (!made || !first || !ids) return s2s__fail_memory(error, total * sizeof *ids, "a shortlist");
  memcpy(first, from->first, lists * sizeof *first);
  if (total) memcpy(ids, from->ids, total * sizeof *ids);
  *made = (s2s__lexicon){from->sources, from->targets, first, ids};
  *to = made;
  return S2S_OK;
}

/* ---- choosing ---------------------------------------------------------------------------------------------------- */

static void lexicon_mark_list(const s2s__lexicon *lexicon, size_t list, uint64_t *set) {
  for (size_t i = lexicon->first[list]; i < lexicon->first[list + 1]; i++) s2s__lexicon_mark(set, lexicon->ids[i]);
}

void s2s__lexicon_choose(const s2s__lexicon *lexicon, const int32_t *ids, size_t count, uint64_t *set) {
  lexicon_mark_list(lexicon, 0, set);
  for (size_t i = 0; i < count; i++) lexicon_mark_list(lexicon, 1 + (size_t)ids[i], set);
}
