/* SPDX-License-Identifier: MIT
 *
 * The check a text must pass before it is split, and the array of tokens.
 */
#include "text/text.h"

#include "base/utf8.h"

#include <string.h>

int32_t s2s__text_check(const char *text, size_t length, s2s__error *error) {
  if (length > UINT32_MAX)
    return s2s__fail(error, S2S_BAD_TEXT, "%zu bytes of text, at most %lu are allowed", length,
                     (unsigned long)UINT32_MAX);
  const size_t valid = s2s__utf8_check(text, length);
  if (valid < length) return s2s__fail(error, S2S_BAD_TEXT, "invalid UTF-8 at byte %zu", valid + 1);
  return S2S_OK;
}

void s2s__tokens_init(s2s__tokens *tokens, const s2s__host *host) {
  memset(tokens, 0, sizeof *tokens);
  tokens->host = *host;
  s2s__arena_init(&tokens->arena, host);
}

void s2s__tokens_clear(s2s__tokens *tokens) {
  tokens->count = 0;
  s2s__arena_reset(&tokens->arena);
}

void s2s__tokens_free(s2s__tokens *tokens) {
  s2s__free(&tokens->host, tokens->item, tokens->capacity * sizeof *tokens->item);
  tokens->item = NULL;
  tokens->count = tokens->capacity = 0;
  s2s__arena_free(&tokens->arena);
}

int32_t s2s__tokens_push(s2s__tokens *tokens, s2s__token token, s2s__error *error) {
  if (tokens->count == tokens->capacity)
    S2S__TRY(
        s2s__grow(&tokens->host, &tokens->item, &tokens->capacity, tokens->count + 1, sizeof *tokens->item, error));
  tokens->item[tokens->count++] = token;
  return S2S_OK;
}

int32_t s2s__tokens_add(s2s__tokens *tokens, const char *text, size_t begin, size_t end, s2s__error *error) {
  return s2s__tokens_push(tokens, (s2s__token){text + begin, (uint32_t)(end - begin), (uint32_t)begin, (uint32_t)end},
                          error);
}
