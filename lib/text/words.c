/* SPDX-License-Identifier: MIT
 *
 * Numbering words: they are sorted, and equal ones then stand together.
 */
#include "text/words.h"

#include "base/sort.h"

#include <string.h>

static int words_compare(const s2s__text *a, const s2s__text *b) {
  const size_t common = a->length < b->length ? a->length : b->length;
  const int order = memcmp(a->text, b->text, common);
  return order != 0 || a->length == b->length ? order : a->length < b->length ? -1 : 1;
}

static int words_before(const void *context, uint32_t a, uint32_t b) {
  const s2s__text *word = context;
  return words_compare(&word[a], &word[b]) < 0;
}

size_t s2s__words_count(const s2s__text *text) {
  size_t count = text->length > 0;
  for (size_t i = 0; i < text->length; i++) count += text->text[i] == ' ';
  return count;
}

static size_t words_cut(const s2s__text *text, s2s__text *word) {
  const char *at = text->text, *end = at + text->length;
  size_t count = 0;
  while (at < end) {
    const char *space = memchr(at, ' ', (size_t)(end - at));
    const size_t length = (size_t)((space ? space : end) - at);
    word[count++] = (s2s__text){at, length};
    at += length + 1;
  }
  return count;
}

int32_t s2s__words_number(s2s__words *words, s2s__arena *arena, const s2s__text *text, size_t texts,
                          s2s__error *error) {
  size_t count = 0;
  for (size_t i = 0; i < texts; i++) count += s2s__words_count(&text[i]);
  s2s__text *word = S2S__TAKE(arena, s2s__text, count);
  uint32_t *order = S2S__TAKE(arena, uint32_t, 2 * count);
  *words = (s2s__words){S2S__TAKE(arena, uint32_t, count), count};
  if (!order || !word || !words->number) return s2s__fail_memory(error, count * sizeof *word, "words");
  for (size_t i = 0, at = 0; i < texts; i++) at += words_cut(&text[i], word + at);
  for (size_t i = 0; i < count; i++) order[i] = (uint32_t)i;
  s2s__sort(order, count, order + count, words_before, word);
  for (size_t i = 0; i < count; i++) {
    const int is_new = i == 0 || words_compare(&word[order[i - 1]], &word[order[i]]) != 0;
    words->number[order[i]] = is_new ? (uint32_t)i : words->number[order[i - 1]];
  }
  return S2S_OK;
}
