/* SPDX-License-Identifier: MIT
 *
 * Status and message of a failure inside the library.
 *
 * Every internal function that can fail returns an int32_t status (S2S_OK is 0, the values are those of
 * seq2seq.h) and writes one sentence into the s2s__error it was given. api/ copies that sentence into the
 * thread-local text that s2s_error_message() returns; nothing below api/ touches thread-local state, so a
 * worker thread's failure reaches the caller like any other.
 */
#ifndef S2S__BASE_STATUS_H
#define S2S__BASE_STATUS_H

#include "base/train.h"
#include "seq2seq.h"

#include <stddef.h>
#include <stdint.h>

#define S2S__ERROR_TEXT 512 /* bytes of a message, the final NUL included */

typedef struct s2s__error {
  int32_t status;
  char text[S2S__ERROR_TEXT];
} s2s__error;

#if defined(__GNUC__)
#define S2S__PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))
#else
#define S2S__PRINTF(text, first)
#endif

/* Writes the message and returns `status`. The first failure is kept: a later one in the same error does not
 * overwrite it. Use %s %d %zu %lld and the like; never %f (it depends on the locale), see s2s__format_real. */
int32_t s2s__fail(s2s__error *error, int32_t status, const char *format, ...) S2S__PRINTF(3, 4);

/* Puts "prefix: " before the message that stands in `error` (a file's name, a line, a tensor). Returns its status. */
int32_t s2s__fail_prefix(s2s__error *error, const char *format, ...) S2S__PRINTF(2, 3);

/* The same behind the message. */
int32_t s2s__fail_suffix(s2s__error *error, const char *format, ...) S2S__PRINTF(2, 3);

/* S2S_OUT_OF_MEMORY, "out of memory (N bytes for WHAT)". */
int32_t s2s__fail_memory(s2s__error *error, size_t bytes, const char *what);

/* S2S_OUT_OF_MEMORY for so many things that memory could not hold the work on them: such a number is a mistake, and
 * nothing of the array is to be read. */
int32_t s2s__check_count(size_t count, const char *things, s2s__error *error);

void s2s__error_clear(s2s__error *error);

#define S2S__TRY(call)                                                                                                 \
  do {                                                                                                                 \
    const int32_t s2s__status_ = (call);                                                                               \
    if (s2s__status_ != S2S_OK) return s2s__status_;                                                                   \
  } while (0)

/* As S2S__TRY, in a function that must clean up: remembers the status and goes to `label`. */
#define S2S__TRY_GOTO(status, call, label)                                                                             \
  do {                                                                                                                 \
    (status) = (call);                                                                                                 \
    if ((status) != S2S_OK) goto label;                                                                                \
  } while (0)

#endif
