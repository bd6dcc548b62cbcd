/* SPDX-License-Identifier: MIT
 *
 * The life of a result.
 */
#include "search/result.h"

#include <string.h>

int32_t s2s__result_new(const s2s__host *host, size_t count, s2s_result **result, s2s__error *error) {
  s2s_result *r = s2s__allocate_zeroed(host, sizeof *r);
  *result = NULL;
  if (!r) return s2s__fail_memory(error, sizeof *r, "a result");
  s2s__host_own(&r->host, host, &r->budget, sizeof *r);
  s2s__arena_init(&r->arena, &r->host);
  r->text = S2S__TAKE(&r->arena, s2s__hypotheses, count);
  if (!r->text) {
    (void)s2s__fail_memory(error, count * sizeof *r->text, "a result");
    (void)s2s__name_limit(&r->host, error, S2S_OUT_OF_MEMORY);
    return s2s__result_free(r), S2S_OUT_OF_MEMORY;
  }
  memset(r->text, 0, count * sizeof *r->text);
  r->count = count;
  *result = r;
  return S2S_OK;
}

int32_t s2s__result_own_words(s2s_result *result, size_t text, const s2s_memory *memory, size_t sentence,
                              s2s__error *error) {
  s2s__hypotheses *h = &result->text[text];
  if (!memory->own.first) return S2S_OK;
  const s2s__text *from = memory->own.word + memory->own.first[sentence];
  const size_t n = memory->own.first[sentence + 1] - memory->own.first[sentence];
  s2s__text *own = S2S__TAKE(&result->arena, s2s__text, n);
  if (!own) return s2s__fail_memory(error, n * sizeof *own, "a result");
  for (size_t w = 0; w < n; w++) {
    own[w] = (s2s__text){s2s__arena_text(&result->arena, from[w].text, from[w].length), from[w].length};
    if (!own[w].text) return s2s__fail_memory(error, from[w].length, "a result");
  }
  h->own = own, h->own_count = n, h->vocabulary = memory->copies.vocabulary;
  return S2S_OK;
}

void s2s__result_free(s2s_result *result) {
  if (!result) return;
  const s2s__host host = s2s__host_given(&result->host, &result->budget);
  s2s__arena_free(&result->arena);
  s2s__free(&host, result, sizeof *result);
}
