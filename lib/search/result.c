/* SPDX-License-Identifier: MIT
 *
 * The life of a result.
 */
#include "search/result.h"

#include <string.h>

int32_t s2s__result_new(const s2s__host *host, size_t memory_limit, size_t count, s2s_result **result,
                        s2s__error *error) {
  s2s_result *r = s2s__allocate_zeroed(host, sizeof *r);
  *result = NULL;
  if (!r) return s2s__fail_memory(error, sizeof *r, "a result");
  r->host = *host;
  s2s__arena_init(&r->arena, host, memory_limit);
  r->text = S2S__TAKE(&r->arena, s2s__hypotheses, count);
  if (!r->text) return s2s__result_free(r), s2s__fail_memory(error, count * sizeof *r->text, "a result");
  memset(r->text, 0, count * sizeof *r->text);
  r->count = count;
  *result = r;
  return S2S_OK;
}

void s2s__result_free(s2s_result *result) {
  if (!result) return;
  const s2s__host host = result->host;
  s2s__arena_free(&result->arena);
  s2s__free(&host, result, sizeof *result);
}
