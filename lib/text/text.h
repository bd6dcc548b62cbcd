/* SPDX-License-Identifier: MIT
 *
 * Texts that are somewhere, and tokens cut from them.
 */
#ifndef S2S__TEXT_TEXT_H
#define S2S__TEXT_TEXT_H

#include "base/memory.h"

typedef struct s2s__text {
  const char *text; /* valid UTF-8 */
  size_t length;
} s2s__text;

/* Many texts, wherever they are. */
typedef struct s2s__texts {
  const void *data;
  size_t count;
  s2s__text (*get)(const void *data, size_t number);
} s2s__texts;

/* S2S_BAD_TEXT "invalid UTF-8 at byte N" (counted from 1) unless the text is valid and shorter than 4 GiB. */
int32_t s2s__text_check(const char *text, size_t length, s2s__error *error);

/* A text from outside as one that passes the check: itself, or where the arena's host replaces what is invalid, a copy there
 * with U+FFFD in its place. */
int32_t s2s__text_accept(const char *text, size_t length, s2s__arena *arena, s2s__text *accepted, s2s__error *error);

typedef struct s2s__token {
  const char *text;    /* as a vocabulary knows it; not NUL-terminated */
  uint32_t length;     /* its bytes */
  uint32_t begin, end; /* the bytes of the text that it stands for; in order, and they never overlap */
} s2s__token;

typedef struct s2s__tokens { /* a growing array */
  s2s__host host;
  s2s__token *item;
  size_t count, capacity;
  s2s__text text;   /* what was cut, where s2s__segment() cut it */
  s2s__arena arena; /* texts that tokens point into, and scratch */
} s2s__tokens;
void s2s__tokens_init(s2s__tokens *tokens, const s2s__host *host);
void s2s__tokens_clear(s2s__tokens *tokens); /* forgets tokens and texts, keeps the memory for the next */
void s2s__tokens_free(s2s__tokens *tokens);
int32_t s2s__tokens_push(s2s__tokens *tokens, s2s__token token, s2s__error *error);
/* Appends the token text[begin..end). */
int32_t s2s__tokens_add(s2s__tokens *tokens, const char *text, size_t begin, size_t end, s2s__error *error);

#endif
