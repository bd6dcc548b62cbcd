/* SPDX-License-Identifier: MIT
 *
 * The life of a result.
 */
#include "search/result.h"

int32_t s2s__result_new(const s2s__host *host, size_t count, size_t arenas, s2s_result **result, s2s__error *error) {
  s2s_result *r = s2s__allocate_zeroed(host, sizeof *r);
  *result = NULL;
  if (!r) return s2s__fail_memory(error, sizeof *r, "a result");
  s2s__host_own(&r->host, host, &r->budget, sizeof *r);
  r->arena = s2s__allocate_zeroed(&r->host, arenas * sizeof *r->arena);
  for (; r->arena && r->arenas < arenas; r->arenas++) s2s__arena_init(&r->arena[r->arenas], &r->host);
  r->text = r->arena ? s2s__arena_take_zeroed(&r->arena[0], count * sizeof *r->text) : NULL;
  if (!r->text) {
    (void)s2s__fail_memory(error, count * sizeof *r->text, "a result");
    (void)s2s__name_limit(&r->host, error, S2S_OUT_OF_MEMORY);
    return s2s__result_free(r), S2S_OUT_OF_MEMORY;
  }
  r->count = count;
  *result = r;
  return S2S_OK;
}

int32_t s2s__result_nothing(s2s_result *result, size_t arena, size_t text, int32_t ending, s2s__error *error) {
  static const int32_t no_ids[1];
  s2s__hypothesis *h = S2S__TAKE(&result->arena[arena], s2s__hypothesis, 1);
  if (!h) return s2s__fail_memory(error, sizeof *h, "a result");
  *h = (s2s__hypothesis){.text = "", .ending = ending, .ids = no_ids};
  result->text[text] = (s2s__hypotheses){.item = h, .count = 1};
  return S2S_OK;
}

int32_t s2s__result_own_words(s2s_result *result, s2s__arena *arena, size_t text, const s2s_memory *memory,
                              size_t sentence, s2s__error *error) {
  s2s__hypotheses *h = &result->text[text];
  if (!memory->own.first) return S2S_OK;
  const s2s__text *from = memory->own.word + memory->own.first[sentence];
  const size_t n = memory->own.first[sentence + 1] - memory->own.first[sentence];
  s2s__text *own = S2S__TAKE(arena, s2s__text, n);
  if (!own) return s2s__fail_memory(error, n * sizeof *own, "a result");
  for (size_t w = 0; w < n; w++) {
    own[w] = (s2s__text){s2s__arena_text(arena, from[w].text, from[w].length), from[w].length};
    if (!own[w].text) return s2s__fail_memory(error, from[w].length, "a result");
  }
  h->own = own, h->own_count = n, h->vocabulary = memory->copies.vocabulary;
  return S2S_OK;
}

void s2s__result_free(s2s_result *result) {
  if (!result) return;
  const s2s__host host = s2s__host_given(&result->host, &result->budget);
  for (size_t i = 0; i < result->arenas; i++) s2s__arena_free(&result->arena[i]);
  s2s__free(&result->host, result->arena, result->arenas * sizeof *result->arena);
  s2s__free(&host, result, sizeof *result);
}
