/* SPDX-License-Identifier: MIT
 *
 * Unicode normalisation and case folding, of whole texts.
 */
#ifndef S2S__TEXT_NORMALIZE_H
#define S2S__TEXT_NORMALIZE_H

#include "base/memory.h"

/* A text made from another, and where each of its bytes comes from. */
typedef struct s2s__mapped {
  const char *text; /* valid UTF-8, NUL-terminated unless it is the given text */
  size_t length;
  uint32_t *origin; /* [length + 1] the byte of the given text where what made this byte begins, never falling; that of
                     * the end is the given text's length. NULL: it is the given text. */
} s2s__mapped;

typedef enum s2s__normal_form { /* in the order of the options source.normalize and target.normalize */
                                S2S__NORMAL_NONE,
                                S2S__NORMAL_NFC,
                                S2S__NORMAL_NFD,
                                S2S__NORMAL_NFKC,
                                S2S__NORMAL_NFKD
} s2s__normal_form;

/* Of valid UTF-8 of less than 4 GiB. All memory is from the arena. */
int32_t s2s__normalize(s2s__normal_form form, const char *text, size_t length, s2s__arena *arena, s2s__mapped *out,
                       s2s__error *error);
int32_t s2s__casefold(const char *text, size_t length, s2s__arena *arena, s2s__mapped *out, s2s__error *error);

/* The one, and the other if it is wanted. */
int32_t s2s__prepare(s2s__normal_form form, int casefold, const char *text, size_t length, s2s__arena *arena,
                     s2s__mapped *out, s2s__error *error);

/* A text that is being made: what writes mapped texts uses it. */
typedef struct s2s__mapper {
  s2s__arena *arena;
  char *text;
  uint32_t *origin;
  size_t length, capacity; /* bytes there is room for, with one more for the end */
} s2s__mapper;

/* Room for `more` bytes. S2S_BAD_TEXT when the text would have more than 4 GiB. */
int32_t s2s__mapper_reserve(s2s__mapper *mapper, size_t more, s2s__error *error);
/* Appends bytes for which there is room. */
void s2s__mapper_put(s2s__mapper *mapper, const char *text, size_t length, size_t origin);
int32_t s2s__mapper_put_character(s2s__mapper *mapper, uint32_t c, size_t origin, s2s__error *error);
/* The text so far; `end` is the origin of its end. */
s2s__mapped s2s__mapper_end(s2s__mapper *mapper, size_t end);

#endif
