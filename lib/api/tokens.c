/* SPDX-License-Identifier: MIT
 *
 * s2s_tokens_*.
 */
#include "api/tokens.h"

int32_t s2s__api_tokens_new(const s2s__host *host, s2s_tokens **tokens, s2s__error *error) {
  s2s_tokens *t = *tokens = s2s__allocate_zeroed(host, sizeof *t);
  if (!t) return s2s__fail_memory(error, sizeof *t, "tokens");
  s2s__host_own(&t->host, host, &t->budget, sizeof *t);
  s2s__tokens_init(&t->tokens, &t->host);
  return S2S_OK;
}

static int32_t tokens_own(s2s_tokens *t, const char **text, size_t length, s2s__error *error) {
  *text = s2s__arena_text(&t->tokens.arena, *text, length);
  return *text ? S2S_OK : s2s__fail_memory(error, length, "tokens");
}

int32_t s2s__api_tokens_own(s2s_tokens *tokens, s2s__error *error) {
  s2s__tokens *t = &tokens->tokens;
  for (size_t i = 0; i < t->count; i++) S2S__TRY(tokens_own(tokens, &t->item[i].text, t->item[i].length, error));
  return tokens_own(tokens, &t->text.text, t->text.length, error);
}

int32_t s2s__api_tokens_finish(s2s_tokens *made, int32_t status, s2s__error *error, s2s_tokens **tokens) {
  if (status == S2S_OK) {
    *tokens = made;
  } else if (made) {
    (void)s2s__name_limit(&made->host, error, status);
    s2s_tokens_free(made);
  }
  return s2s__api_finish(error, status);
}

size_t s2s_tokens_count(const s2s_tokens *tokens) { return tokens ? tokens->tokens.count : 0; }

const char *s2s_tokens_get(const s2s_tokens *tokens, size_t index) {
  return tokens && index < tokens->tokens.count ? tokens->tokens.item[index].text : NULL;
}

void s2s_tokens_range(const s2s_tokens *tokens, size_t index, size_t *begin, size_t *end) {
  const int there = tokens && index < tokens->tokens.count;
  if (begin) *begin = there ? tokens->tokens.item[index].begin : 0;
  if (end) *end = there ? tokens->tokens.item[index].end : 0;
}

const char *s2s_tokens_text(const s2s_tokens *tokens) { return tokens ? tokens->tokens.text.text : NULL; }

void s2s_tokens_free(s2s_tokens *tokens) {
  if (!tokens) return;
  const s2s__host host = s2s__host_given(&tokens->host, &tokens->budget);
  s2s__tokens_free(&tokens->tokens);
  s2s__free(&host, tokens, sizeof *tokens);
}
