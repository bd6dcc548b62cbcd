/* SPDX-License-Identifier: MIT
 *
 * The check a text must pass before it is split, and the array of tokens.
 */
#include "text/text.h"

#include "base/utf8.h"

#include <string.h>

/* Bytes before the first that is not valid: also a NUL is not, since what texts become ends with one. */
static size_t text_valid(const char *text, size_t length) {
  const char *nul = length ? memchr(text, '\0', length) : NULL;
  return s2s__utf8_check(text, nul ? (size_t)(nul - text) : length);
}

int32_t s2s__text_check(const char *text, size_t length, s2s__error *error) {
  if (length > UINT32_MAX)
    return s2s__fail(error, S2S_BAD_TEXT, "%zu bytes of text, at most %lu are allowed", length,
                     (unsigned long)UINT32_MAX);
  const size_t valid = text_valid(text, length);
  if (valid == length) return S2S_OK;
  return s2s__fail(error, S2S_BAD_TEXT, "%s at byte %zu", text[valid] ? "invalid UTF-8" : "a NUL byte", valid + 1);
}

/* Bytes of the text with U+FFFD for what is invalid; they are written to `out` unless it is NULL. */
static size_t text_repair(const char *text, size_t length, char *out) {
  size_t size = 0;
  for (size_t at = 0; at < length;) {
    const size_t valid = text_valid(text + at, length - at);
    if (out) memcpy(out + size, text + at, valid);
    size += valid;
    at += valid;
    if (at == length) break;
    if (out) memcpy(out + size, "\xEF\xBF\xBD", 3);
    size += 3;
    at += s2s__utf8_invalid(text + at, length - at);
  }
  return size;
}

int32_t s2s__text_accept(const char *text, size_t length, s2s__arena *arena, s2s__text *accepted, s2s__error *error) {
  *accepted = (s2s__text){text, length};
  if (!arena->host.replace_invalid || length > UINT32_MAX || text_valid(text, length) == length)
    return s2s__text_check(text, length, error);
  const size_t size = text_repair(text, length, NULL);
  char *copy = S2S__TAKE(arena, char, size + 1);
  if (!copy) return s2s__fail_memory(error, size + 1, "a text");
  copy[text_repair(text, length, copy)] = '\0';
  *accepted = (s2s__text){copy, size};
  return s2s__text_check(copy, size, error); /* it may have grown */
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
