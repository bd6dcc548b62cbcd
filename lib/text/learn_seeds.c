/* SPDX-License-Identifier: MIT
 *
 * Substrings are found by sorting the suffixes of all words (Manber and Myers 1990): those that begin alike then stand
 * together. A substring that always goes on with the same character is no seed, the longer one is. Suffixes are
 * compared up to the longest piece only.
 */
#include "text/learn_seeds.h"

#include "base/sort.h"

#include <string.h>

#define SEEDS_MOST 1000000 /* substrings */

/* ---- words of covered characters --------------------------------------------------------------------------------- */

static int32_t seeds_cut_words(const s2s__learn_symbols *symbols, const s2s__counted *word, size_t words,
                               s2s__counted *part, size_t *parts) {
  *parts = 0;
  for (size_t i = 0; i < words; i++) {
    size_t begin = 0;
    for (size_t at = 0, bytes; at <= word[i].length; at += bytes) {
      const int end = at == word[i].length;
      bytes = 1;
      if (!end && s2s__learn_symbol(symbols, word[i].text + at, word[i].length - at, &bytes) != UINT32_MAX) continue;
      if (at > begin) part[(*parts)++] = (s2s__counted){word[i].text + begin, (uint32_t)(at - begin), word[i].count};
      begin = at + bytes;
    }
  }
  return S2S_OK;
}

/* ---- suffixes ---------------------------------------------------------------------------------------------------- */

typedef struct seeds_suffixes {
  const uint32_t *symbol;  /* [places] all words one after another */
  const uint32_t *left;    /* [places] characters to the end of the word, at most those of a piece */
  const uint32_t *word_at; /* [places] */
  const char *const *text; /* [places] */
  uint32_t *order;         /* [places] suffixes in order */
  const s2s__counted *word;
  size_t places;
} seeds_suffixes;

static uint32_t seeds_common(const seeds_suffixes *s, uint32_t a, uint32_t b) {
  const uint32_t most = s->left[a] < s->left[b] ? s->left[a] : s->left[b];
  uint32_t common = 0;
  while (common < most && s->symbol[a + common] == s->symbol[b + common]) common++;
  return common;
}

static int seeds_before(const void *context, uint32_t a, uint32_t b) {
  const seeds_suffixes *s = context;
  const uint32_t common = seeds_common(s, a, b);
  if (common == s->left[a] || common == s->left[b]) return s->left[a] < s->left[b];
  return s->symbol[a + common] < s->symbol[b + common];
}

static int32_t seeds_sort_suffixes(seeds_suffixes *s, const s2s__learn_symbols *symbols, size_t words,
                                   s2s__arena *arena, s2s__error *error) {
  uint32_t *symbol = S2S__TAKE(arena, uint32_t, s->places), *left = S2S__TAKE(arena, uint32_t, s->places);
  uint32_t *word_at = S2S__TAKE(arena, uint32_t, s->places), *order = S2S__TAKE(arena, uint32_t, s->places * 3 / 2 + 1);
  const char **text = S2S__TAKE(arena, const char *, s->places);
  if (!symbol || !left || !word_at || !order || !text || s->places > UINT32_MAX - 1)
    return s2s__fail_memory(error, s->places * 24, "the substrings of words");
  size_t at = 0;
  for (size_t i = 0; i < words; i++) {
    const size_t begin = at;
    for (size_t j = 0, bytes; j < s->word[i].length; j += bytes, at++) {
      text[at] = s->word[i].text + j;
      symbol[at] = s2s__learn_symbol(symbols, text[at], s->word[i].length - j, &bytes);
      word_at[at] = (uint32_t)i;
      order[at] = (uint32_t)at;
    }
    for (size_t j = begin; j < at; j++)
      left[j] = (uint32_t)(at - j < S2S__LEARN_MAX_CHARACTERS ? at - j : S2S__LEARN_MAX_CHARACTERS);
  }
  s->symbol = symbol;
  s->left = left;
  s->word_at = word_at;
  s->text = text;
  s->order = order;
  s2s__sort(order, s->places, order + s->places, seeds_before, s);
  return S2S_OK;
}

/* ---- substrings -------------------------------------------------------------------------------------------------- */

typedef struct seeds_open { /* suffixes from here on begin with the same characters */
  uint32_t characters;
  double count; /* of those that are closed already, deeper in the stack of open ones */
} seeds_open;

typedef struct seeds_list {
  s2s__seed *item;
  size_t count, capacity;
  s2s__host host;
} seeds_list;

static int32_t seeds_add(seeds_list *list, const seeds_suffixes *s, uint32_t suffix, const seeds_open *open,
                         s2s__error *error) {
  if (open->characters < 2 || open->count < 2) return S2S_OK;
  const uint32_t last = suffix + open->characters - 1;
  const s2s__counted *word = &s->word[s->word_at[suffix]];
  const char *end = last + 1 < s->places && s->word_at[last + 1] == s->word_at[suffix] ? s->text[last + 1]
                                                                                       : word->text + word->length;
  S2S__TRY(s2s__grow(&list->host, &list->item, &list->capacity, list->count + 1, sizeof *list->item, error));
  list->item[list->count++] =
      (s2s__seed){s->text[suffix], (uint32_t)(end - s->text[suffix]), open->count * open->characters};
  return S2S_OK;
}

/* Goes through the suffixes in order with a stack of the beginnings that they share, each longer than the one below. */
static int32_t seeds_collect(const seeds_suffixes *s, seeds_list *list, s2s__error *error) {
  seeds_open stack[S2S__LEARN_MAX_CHARACTERS + 2];
  size_t depth = 0;
  stack[depth++] = (seeds_open){0, 0};
  for (size_t i = 0; i < s->places; i++) {
    const uint32_t suffix = s->order[i];
    const uint32_t common = i + 1 < s->places ? seeds_common(s, suffix, s->order[i + 1]) : 0;
    double count = (double)s->word[s->word_at[suffix]].count;
    const seeds_open alone = {s->left[suffix], count}; /* a beginning that no other suffix shares */
    if (alone.characters > common && alone.characters > stack[depth - 1].characters)
      S2S__TRY(seeds_add(list, s, suffix, &alone, error));
    for (; stack[depth - 1].characters > common; depth--) {
      stack[depth - 1].count += count;
      S2S__TRY(seeds_add(list, s, suffix, &stack[depth - 1], error));
      count = stack[depth - 1].count;
    }
    if (stack[depth - 1].characters < common) stack[depth++] = (seeds_open){common, 0};
    stack[depth - 1].count += count;
  }
  return S2S_OK;
}

static int seeds_heavier(const void *context, uint32_t a, uint32_t b) {
  const s2s__seed *seed = context;
  return seed[a].weight > seed[b].weight;
}

static int32_t seeds_choose(s2s__seeds *seeds, const s2s__learn_symbols *symbols, const seeds_list *list,
                            s2s__arena *arena, s2s__error *error) {
  const size_t count = list->count < SEEDS_MOST ? list->count : SEEDS_MOST;
  uint32_t *order = S2S__TAKE(arena, uint32_t, 2 * list->count);
  seeds->seed = S2S__TAKE(arena, s2s__seed, symbols->count + count);
  if (!order || !seeds->seed) return s2s__fail_memory(error, (symbols->count + count) * sizeof *seeds->seed, "pieces");
  for (size_t i = 0; i < symbols->count; i++)
    seeds->seed[i] = (s2s__seed){symbols->text[i], symbols->length[i], (double)symbols->seen[i]};
  for (size_t i = 0; i < list->count; i++) order[i] = (uint32_t)i;
  s2s__sort(order, list->count, order + list->count, seeds_heavier, list->item);
  for (size_t i = 0; i < count; i++) seeds->seed[symbols->count + i] = list->item[order[i]];
  seeds->characters = symbols->count;
  seeds->count = symbols->count + count;
  return S2S_OK;
}

int32_t s2s__seeds_find(s2s__seeds *seeds, const s2s__counted *word, size_t words, size_t size, double coverage,
                        s2s__arena *arena, s2s__error *error) {
  s2s__learn_symbols symbols;
  memset(seeds, 0, sizeof *seeds);
  S2S__TRY(s2s__learn_symbols_init(&symbols, word, words, size, coverage, arena, error));
  s2s__counted *part = S2S__TAKE(arena, s2s__counted, symbols.characters);
  if (!part) return s2s__fail_memory(error, symbols.characters * sizeof *part, "words");
  S2S__TRY(seeds_cut_words(&symbols, word, words, part, &seeds->words));
  seeds->word = part;
  seeds_suffixes suffixes = {.word = part, .places = 0};
  for (size_t i = 0; i < seeds->words; i++)
    for (uint32_t j = 0; j < part[i].length; j++) suffixes.places += ((unsigned char)part[i].text[j] & 0xC0u) != 0x80u;
  S2S__TRY(seeds_sort_suffixes(&suffixes, &symbols, seeds->words, arena, error));
  seeds_list list = {.host = arena->host};
  int32_t status = seeds_collect(&suffixes, &list, error);
  if (status == S2S_OK) status = seeds_choose(seeds, &symbols, &list, arena, error);
  s2s__free(&list.host, list.item, list.capacity * sizeof *list.item);
  return status;
}
