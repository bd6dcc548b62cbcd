/* SPDX-License-Identifier: MIT
 *
 * Normal forms (Unicode Standard Annex 15). Characters are decomposed, marks behind each one are put in order, and for
 * C forms what can be composed is composed. Before an ASCII character all that came before is settled.
 */
#include "text/normalize.h"

#include "base/sort.h"
#include "base/utf8.h"
#include "text/unicode.h"

#include <string.h>

/* ---- mapped texts ------------------------------------------------------------------------------------------------ */

int32_t s2s__mapper_reserve(s2s__mapper *mapper, size_t more, s2s__error *error) {
  const size_t needed = mapper->length + more;
  if (needed <= mapper->capacity) return S2S_OK;
  if (more > UINT32_MAX || needed > UINT32_MAX)
    return s2s__fail(error, S2S_BAD_TEXT, "normalised, the text has more than 4 GiB");
  const size_t capacity = needed + needed / 2 + 64;
  char *text = S2S__TAKE(mapper->arena, char, capacity + 1);
  uint32_t *origin = S2S__TAKE(mapper->arena, uint32_t, capacity + 1);
  if (!text || !origin) return s2s__fail_memory(error, capacity * 5, "a normalised text");
  if (mapper->length) {
    memcpy(text, mapper->text, mapper->length);
    memcpy(origin, mapper->origin, mapper->length * sizeof *origin);
  }
  mapper->text = text;
  mapper->origin = origin;
  mapper->capacity = capacity;
  return S2S_OK;
}

void s2s__mapper_put(s2s__mapper *mapper, const char *text, size_t length, size_t origin) {
  memcpy(mapper->text + mapper->length, text, length);
  for (size_t i = 0; i < length; i++) mapper->origin[mapper->length++] = (uint32_t)origin;
}

int32_t s2s__mapper_put_character(s2s__mapper *mapper, uint32_t c, size_t origin, s2s__error *error) {
  char bytes[4];
  S2S__TRY(s2s__mapper_reserve(mapper, 4, error));
  s2s__mapper_put(mapper, bytes, s2s__utf8_encode(c, bytes), origin);
  return S2S_OK;
}

s2s__mapped s2s__mapper_end(s2s__mapper *mapper, size_t end) {
  mapper->text[mapper->length] = '\0';
  mapper->origin[mapper->length] = (uint32_t)end;
  return (s2s__mapped){mapper->text, mapper->length, mapper->origin};
}

/* ---- the characters that are not settled ------------------------------------------------------------------------- */

typedef struct normal_character {
  uint32_t c, origin;
  uint8_t class;
} normal_character;

typedef struct normal_run {
  s2s__arena *arena;
  normal_character *item;
  size_t count, capacity;
} normal_run;

static int32_t normal_push(normal_run *run, uint32_t c, size_t origin, s2s__error *error) {
  if (run->count == run->capacity) {
    const size_t capacity = 2 * run->capacity + 64;
    normal_character *item = S2S__TAKE(run->arena, normal_character, capacity);
    if (!item) return s2s__fail_memory(error, capacity * sizeof *item, "a normalised text");
    if (run->count) memcpy(item, run->item, run->count * sizeof *item);
    run->item = item;
    run->capacity = capacity;
  }
  run->item[run->count++] = (normal_character){c, (uint32_t)origin, s2s__unicode_class(c)};
  return S2S_OK;
}

static int normal_before(const void *context, uint32_t a, uint32_t b) {
  const normal_character *item = context;
  return item[a].class < item[b].class;
}

/* Marks by their classes, those of one class as they stood; origins stay where they are, so that they never fall. */
static int32_t normal_sort_marks(normal_run *run, size_t begin, size_t end, s2s__error *error) {
  const size_t count = end - begin;
  normal_character *item = run->item + begin;
  if (count < 2) return S2S_OK;
  if (count == 2 && item[0].class <= item[1].class) return S2S_OK;
  const s2s__mark mark = s2s__arena_mark(run->arena);
  uint32_t *order = S2S__TAKE(run->arena, uint32_t, 2 * count);
  normal_character *sorted = S2S__TAKE(run->arena, normal_character, count);
  if (!order || !sorted) return s2s__fail_memory(error, count * (8 + sizeof *sorted), "a normalised text");
  for (size_t i = 0; i < count; i++) order[i] = (uint32_t)i;
  s2s__sort(order, count, order + count, normal_before, item);
  for (size_t i = 0; i < count; i++) {
    sorted[i] = item[order[i]];
    sorted[i].origin = item[i].origin;
  }
  memcpy(item, sorted, count * sizeof *item);
  s2s__arena_rewind(run->arena, mark);
  return S2S_OK;
}

static int32_t normal_sort(normal_run *run, s2s__error *error) {
  for (size_t begin = 0, end; begin < run->count; begin = end + 1) {
    for (end = begin; end < run->count && run->item[end].class != 0;) end++;
    S2S__TRY(normal_sort_marks(run, begin, end, error));
  }
  return S2S_OK;
}

/* A mark is composed with the character that it stands on, unless a mark of its own class or a higher one is between.
 */
static void normal_compose(normal_run *run) {
  size_t kept = 0, base = SIZE_MAX;
  for (size_t i = 0; i < run->count; i++) {
    const normal_character item = run->item[i];
    const int last = base == SIZE_MAX || base + 1 == kept ? -1 : run->item[kept - 1].class;
    if (base != SIZE_MAX && last < item.class) {
      const uint32_t c = s2s__unicode_compose(run->item[base].c, item.c);
      if (c) {
        run->item[base].c = c;
        continue;
      }
    }
    if (item.class == 0) base = kept;
    run->item[kept++] = item;
  }
  run->count = kept;
}

static int32_t normal_settle(normal_run *run, int compose, s2s__mapper *out, s2s__error *error) {
  if (run->count == 0) return S2S_OK;
  S2S__TRY(normal_sort(run, error));
  if (compose) normal_compose(run);
  for (size_t i = 0; i < run->count; i++)
    S2S__TRY(s2s__mapper_put_character(out, run->item[i].c, run->item[i].origin, error));
  run->count = 0;
  return S2S_OK;
}

/* ---- a text ------------------------------------------------------------------------------------------------------ */

/* Whether it plainly is in the form already: ASCII in all of them, and in NFC up to U+02FF. */
static int normal_is_plain(s2s__normal_form form, const char *text, size_t length) {
  const unsigned char most = form == S2S__NORMAL_NFC ? 0xCB : 0x7F; /* U+02FF is CB BF */
  for (size_t i = 0; i < length; i++)
    if ((unsigned char)text[i] > most) return 0;
  return 1;
}

int32_t s2s__normalize(s2s__normal_form form, const char *text, size_t length, s2s__arena *arena, s2s__mapped *out,
                       s2s__error *error) {
  const int compose = form == S2S__NORMAL_NFC || form == S2S__NORMAL_NFKC;
  const int compatible = form == S2S__NORMAL_NFKC || form == S2S__NORMAL_NFKD;
  normal_run run = {.arena = arena};
  s2s__mapper mapper = {.arena = arena};
  *out = (s2s__mapped){text, length, NULL};
  if (form == S2S__NORMAL_NONE || normal_is_plain(form, text, length)) return S2S_OK;
  S2S__TRY(s2s__mapper_reserve(&mapper, length, error));
  for (size_t at = 0, bytes; at < length; at += bytes) {
    uint32_t c = 0, part[S2S__UNICODE_EXPANSION];
    if (run.count == 0 && at + 1 < length && ((unsigned char)text[at] | (unsigned char)text[at + 1]) < 0x80) {
      S2S__TRY(s2s__mapper_reserve(&mapper, 1, error)); /* ASCII before ASCII stays */
      s2s__mapper_put(&mapper, text + at, bytes = 1, at);
      continue;
    }
    bytes = s2s__utf8_decode(text + at, length - at, &c);
    if (bytes == 0) return s2s__fail(error, S2S_BAD_TEXT, "invalid UTF-8 at byte %zu", at + 1);
    if (c < 0x80) S2S__TRY(normal_settle(&run, compose, &mapper, error));
    const size_t parts = s2s__unicode_decompose(c, compatible, part);
    for (size_t i = 0; i < parts; i++) S2S__TRY(normal_push(&run, part[i], at, error));
  }
  S2S__TRY(normal_settle(&run, compose, &mapper, error));
  *out = s2s__mapper_end(&mapper, length);
  return S2S_OK;
}

int32_t s2s__casefold(const char *text, size_t length, s2s__arena *arena, s2s__mapped *out, s2s__error *error) {
  s2s__mapper mapper = {.arena = arena};
  S2S__TRY(s2s__mapper_reserve(&mapper, length + 1, error));
  for (size_t at = 0, bytes; at < length; at += bytes) {
    uint32_t c = 0, to[3];
    bytes = s2s__utf8_decode(text + at, length - at, &c);
    if (bytes == 0) return s2s__fail(error, S2S_BAD_TEXT, "invalid UTF-8 at byte %zu", at + 1);
    const size_t count = s2s__unicode_fold(c, to);
    for (size_t i = 0; i < count; i++) S2S__TRY(s2s__mapper_put_character(&mapper, to[i], at, error));
  }
  *out = s2s__mapper_end(&mapper, length);
  return S2S_OK;
}

/* `now` becomes what the next step made of its text, with origins in the first of all texts. */
static void normal_follow(s2s__mapped *now, s2s__mapped next) {
  if (!next.origin) return; /* nothing was changed */
  for (size_t i = 0; now->origin && i <= next.length; i++) next.origin[i] = now->origin[next.origin[i]];
  *now = next;
}

int32_t s2s__prepare(s2s__normal_form form, int casefold, const char *text, size_t length, s2s__arena *arena,
                     s2s__mapped *out, s2s__error *error) {
  s2s__mapped next;
  S2S__TRY(s2s__normalize(form, text, length, arena, out, error));
  if (!casefold) return S2S_OK;
  S2S__TRY(s2s__casefold(out->text, out->length, arena, &next, error));
  normal_follow(out, next);
  S2S__TRY(s2s__normalize(form, out->text, out->length, arena, &next, error)); /* folding may undo the form */
  normal_follow(out, next);
  return S2S_OK;
}
