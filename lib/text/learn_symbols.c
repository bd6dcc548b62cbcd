/* SPDX-License-Identifier: MIT
 *
 * Counting characters, and choosing those that cover a corpus.
 */
#include "text/learn_symbols.h"

#include "base/sort.h"
#include "base/utf8.h"

#include <string.h>

static size_t learn_character_bytes(const char *text, size_t length) {
  uint32_t code_point;
  const size_t bytes = s2s__utf8_decode(text, length, &code_point);
  return bytes ? bytes : 1;
}

static int32_t learn_count_characters(s2s__token_counter *counter, const s2s__counted *word, size_t words,
                                      size_t *characters, s2s__error *error) {
  *characters = 0;
  for (size_t i = 0; i < words; i++)
    for (size_t at = 0, bytes; at < word[i].length; at += bytes, ++*characters) {
      bytes = learn_character_bytes(word[i].text + at, word[i].length - at);
      S2S__TRY(s2s__token_counter_add_many(counter, word[i].text + at, bytes, word[i].count, error));
    }
  return S2S_OK;
}

static int learn_character_before(const void *context, uint32_t a, uint32_t b) {
  const s2s__counted *x = (const s2s__counted *)context + a, *y = (const s2s__counted *)context + b;
  if (x->count != y->count) return x->count > y->count;
  return memcmp(x->text, y->text, x->length < y->length ? x->length : y->length) < 0;
}

static size_t learn_covered(const s2s__counted *character, const uint32_t *order, size_t count, double coverage) {
  double all = 0, covered = 0;
  size_t n = 0;
  for (size_t i = 0; i < count; i++) all += (double)character[i].count;
  while (n < count && covered < coverage * all) covered += (double)character[order[n++]].count;
  return n;
}

static int32_t learn_choose(s2s__learn_symbols *s, const s2s__counted *character, size_t count, size_t size,
                            double coverage, s2s__arena *arena, s2s__error *error) {
  uint32_t *order = S2S__TAKE(arena, uint32_t, 2 * count);
  if (!order) return s2s__fail_memory(error, 2 * count * sizeof *order, "characters");
  for (size_t i = 0; i < count; i++) order[i] = (uint32_t)i;
  s2s__sort(order, count, order + count, learn_character_before, character);
  s->count = learn_covered(character, order, count, coverage);
  if (s->count > size)
    return s2s__fail(
        error, S2S_BAD_OPTION,
        "%zu pieces are fewer than the %zu characters that are to be covered: more pieces are needed, or a "
        "lower subword.coverage",
        size, s->count);
  s->text = S2S__TAKE(arena, const char *, s->count);
  s->length = S2S__TAKE(arena, uint32_t, s->count);
  s->seen = S2S__TAKE(arena, uint64_t, s->count);
  if (!s->text || !s->length || !s->seen) return s2s__fail_memory(error, s->count * 20, "characters");
  for (size_t i = 0; i < s->count; i++) {
    s->text[i] = s2s__arena_text(arena, character[order[i]].text, character[order[i]].length);
    s->length[i] = character[order[i]].length;
    s->seen[i] = character[order[i]].count;
    if (!s->text[i]) return s2s__fail_memory(error, s->length[i], "characters");
    order[i] = (uint32_t)i; /* its place is free, and numbers are wanted */
  }
  size_t twice;
  return s2s__trie_new(&s->trie, s->text, s->length, s->count, order, &arena->host, arena, &twice, error);
}

int32_t s2s__learn_symbols_init(s2s__learn_symbols *symbols, const s2s__counted *word, size_t words, size_t size,
                                double coverage, s2s__arena *arena, s2s__error *error) {
  s2s__token_counter *counter;
  const s2s__counted *character;
  size_t count;
  memset(symbols, 0, sizeof *symbols);
  S2S__TRY(s2s__token_counter_new(&arena->host, &counter, error));
  int32_t status = learn_count_characters(counter, word, words, &symbols->characters, error);
  if (status == S2S_OK) status = s2s__token_counter_list(counter, arena, &character, &count, error);
  if (status == S2S_OK) status = learn_choose(symbols, character, count, size, coverage, arena, error);
  s2s__token_counter_free(counter);
  return status;
}

uint32_t s2s__learn_symbol(const s2s__learn_symbols *symbols, const char *text, size_t length, size_t *bytes) {
  *bytes = learn_character_bytes(text, length);
  const int32_t found = s2s__trie_find(&symbols->trie, text, *bytes);
  return found < 0 ? UINT32_MAX : (uint32_t)found;
}
