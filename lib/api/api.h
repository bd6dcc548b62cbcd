/* SPDX-License-Identifier: MIT
 *
 * What the public functions share: they check their arguments, call down, and leave the message.
 */
#ifndef S2S__API_API_H
#define S2S__API_API_H

#include "base/gate.h"
#include "base/option.h"
#include "base/thread.h"

/* Copies the message of a failed call to the calling thread's text; gives the status back. */
int32_t s2s__api_finish(const s2s__error *error, int32_t status);

/* A number that a macro stands for, as text. */
#define S2S__API_QUOTE(x) #x
#define S2S__API_TEXT(x) S2S__API_QUOTE(x)

/* Fails a public call with S2S_BAD_ARGUMENT when a pointer is NULL. */
#define S2S__API_NEED(pointer)                                                                                         \
  do {                                                                                                                 \
    if (!(pointer)) {                                                                                                  \
      s2s__error error_ = {.status = S2S_OK};                                                                          \
      return s2s__api_finish(&error_, s2s__fail(&error_, S2S_BAD_ARGUMENT, "%s: %s is NULL", __func__, #pointer));     \
    }                                                                                                                  \
  } while (0)

/* The same for a text, which may be NULL where its length is 0. */
#define S2S__API_TEXT_OF(text, length)                                                                                 \
  do {                                                                                                                 \
    if ((length) > 0) S2S__API_NEED(text);                                                                             \
    if (!(text)) (text) = "";                                                                                          \
  } while (0)

/* The same for an output handle, which is cleared at once so that a failure leaves it NULL. */
#define S2S__API_OUT(pointer)                                                                                          \
  do {                                                                                                                 \
    S2S__API_NEED(pointer);                                                                                            \
    *(pointer) = NULL;                                                                                                 \
  } while (0)

/* Goes into a handle's gate, or fails with S2S_BUSY. Who went in leaves by S2S__API_LEAVE with the call's status. */
#define S2S__API_ENTER(handle)                                                                                         \
  do {                                                                                                                 \
    if (!s2s__gate_enter(&(handle)->gate, s2s__api_thread())) return s2s__api_fail_busy(__func__, #handle);            \
  } while (0)

#define S2S__API_LEAVE(handle, release, status)                                                                        \
  do {                                                                                                                 \
    const int32_t status_ = (status);                                                                                  \
    if (s2s__gate_leave(&(handle)->gate)) release(handle);                                                             \
    return status_;                                                                                                    \
  } while (0)

int32_t s2s__api_fail_busy(const char *function, const char *handle);

/* A number of the calling thread, for gates. */
uintptr_t s2s__api_thread(void);

#endif
