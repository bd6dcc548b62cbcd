/* SPDX-License-Identifier: MIT
 *
 * SentencePiece's normaliser. At each place the longest rule is applied, else a character is copied.
 */
#include "text/charsmap.h"

#include "base/utf8.h"
#include "text/piece.h"

#include <string.h>

/* ---- rules ------------------------------------------------------------------------------------------------------- */

static uint32_t charsmap_u32(const unsigned char *bytes) {
  return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

int s2s__charsmap_parse(s2s__charsmap *map, const unsigned char *bytes, size_t size, s2s__arena *arena) {
  if (size == 0) return 1; /* no rules */
  if (size < 4) return 0;
  const size_t trie = charsmap_u32(bytes), units = trie / 4;
  if (trie > size - 4 || trie % 4 != 0 || units == 0) return 0;
  if (size - 4 - trie == 0 || bytes[size - 1] != 0) return 0; /* the last replacement would not end */
  uint32_t *unit = S2S__TAKE(arena, uint32_t, units);
  if (!unit) return 0;
  for (size_t i = 0; i < units; i++) unit[i] = charsmap_u32(bytes + 4 + 4 * i);
  map->rules = (s2s__trie){unit, units};
  map->replacements = (const char *)bytes + 4 + trie;
  map->replacement_bytes = size - 4 - trie;
  return 1;
}

/* Whether no key of the trie is the character, or begins with it and an ASCII character. */
static int charsmap_is_plain(const s2s__trie *trie, unsigned char c) {
  uint32_t position = S2S__TRIE_ROOT;
  if (!trie || trie->units == 0 || !s2s__trie_step(trie, &position, c)) return 1;
  if (s2s__trie_value(trie, position) >= 0) return 0;
  for (unsigned next = 0; next < 128; next++) {
    uint32_t there = position;
    if (s2s__trie_step(trie, &there, (unsigned char)next)) return 0;
  }
  return 1;
}

void s2s__charsmap_finish(s2s__charsmap *map) {
  memset(map->plain, 0, sizeof map->plain);
  for (unsigned char c = 0; c < 128; c++)
    if (c != ' ' && charsmap_is_plain(&map->rules, c) && charsmap_is_plain(map->symbols, c))
      map->plain[c / 8] |= (unsigned char)(1u << c % 8);
}

typedef struct charsmap_part { /* what a place of the text becomes */
  const char *text;
  size_t length;
  size_t read; /* bytes of the text that it is for */
} charsmap_part;

static charsmap_part charsmap_at(const s2s__charsmap *map, const char *text, size_t length) {
  size_t matched = 0;
  uint32_t character;
  if (map->symbols && s2s__trie_longest(map->symbols, text, length, &matched) >= 0)
    return (charsmap_part){text, matched, matched};
  const int32_t rule = s2s__trie_longest(&map->rules, text, length, &matched);
  if (rule >= 0 && (size_t)rule < map->replacement_bytes)
    return (charsmap_part){map->replacements + rule, strlen(map->replacements + rule), matched};
  const size_t bytes = s2s__utf8_decode(text, length, &character);
  return bytes ? (charsmap_part){text, bytes, bytes} : (charsmap_part){"\xEF\xBF\xBD", 3, 1};
}

/* ---- a text ------------------------------------------------------------------------------------------------------ */

static void charsmap_put_space(const s2s__charsmap *map, s2s__mapper *out, size_t origin) {
  if (map->escape_spaces)
    s2s__mapper_put(out, S2S__SPACE_MARK, 3, origin);
  else
    s2s__mapper_put(out, " ", 1, origin);
}

/* Copies a part, for which there is room three times over. */
static void charsmap_put_part(const s2s__charsmap *map, s2s__mapper *out, const charsmap_part *part, size_t origin) {
  for (size_t i = 0; i < part->length; i++) {
    if (part->text[i] == ' ')
      charsmap_put_space(map, out, origin);
    else
      s2s__mapper_put(out, part->text + i, 1, origin);
  }
}

/* Where the text begins, once spaces at its beginning are left out. */
static size_t charsmap_skip_spaces(const s2s__charsmap *map, const char *text, size_t length) {
  size_t at = 0;
  while (map->remove_extra_spaces && at < length) {
    const charsmap_part part = charsmap_at(map, text + at, length - at);
    if (part.length != 1 || part.text[0] != ' ') break;
    at += part.read;
  }
  return at;
}

/* Leaves out spaces at the end; returns where in the text the first of them was, or `end`. */
static size_t charsmap_trim(const s2s__charsmap *map, s2s__mapper *out, size_t end) {
  const char *space = map->escape_spaces ? S2S__SPACE_MARK : " ";
  const size_t bytes = strlen(space);
  if (!map->remove_extra_spaces) return end;
  while (out->length >= bytes && memcmp(out->text + out->length - bytes, space, bytes) == 0) {
    out->length -= bytes;
    end = out->origin[out->length];
  }
  return end;
}

static int32_t charsmap_body(const s2s__charsmap *map, const char *text, size_t at, size_t length, s2s__mapper *out,
                             s2s__error *error) {
  int after_space = map->remove_extra_spaces;
  while (at < length) {
    const unsigned char c = (unsigned char)text[at];
    if (c < 128 && map->plain[c / 8] >> c % 8 & 1 && at + 1 < length && (unsigned char)text[at + 1] < 128) {
      S2S__TRY(s2s__mapper_reserve(out, 1, error));
      out->origin[out->length] = (uint32_t)at++;
      out->text[out->length++] = (char)c;
      after_space = 0;
      continue;
    }
    charsmap_part part = charsmap_at(map, text + at, length - at);
    for (; after_space && part.length > 0 && part.text[0] == ' '; part.length--) part.text++;
    S2S__TRY(s2s__mapper_reserve(out, 3 * part.length, error));
    charsmap_put_part(map, out, &part, at);
    if (part.length > 0) after_space = map->remove_extra_spaces && part.text[part.length - 1] == ' ';
    at += part.read;
  }
  return S2S_OK;
}

int32_t s2s__charsmap_normalize(const s2s__charsmap *map, const char *text, size_t length, s2s__arena *arena,
                                s2s__mapped *out, s2s__error *error) {
  s2s__mapper mapper = {.arena = arena};
  const size_t begin = charsmap_skip_spaces(map, text, length);
  size_t end = length;
  S2S__TRY(s2s__mapper_reserve(&mapper, length + length / 2 + 8, error));
  if (begin < length) { /* nothing but spaces is nothing */
    if (map->dummy_prefix && !map->space_behind) charsmap_put_space(map, &mapper, begin);
    S2S__TRY(charsmap_body(map, text, begin, length, &mapper, error));
    end = charsmap_trim(map, &mapper, end);
    S2S__TRY(s2s__mapper_reserve(&mapper, 3, error));
    if (map->dummy_prefix && map->space_behind) charsmap_put_space(map, &mapper, end);
  }
  *out = s2s__mapper_end(&mapper, end);
  return S2S_OK;
}
