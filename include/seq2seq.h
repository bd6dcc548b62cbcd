/* SPDX-License-Identifier: MIT
 *
 * libseq2seq: sequence-to-sequence models with attention, trained and run by one small C library.
 */
#ifndef SEQ2SEQ_H
#define SEQ2SEQ_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(S2S_STATIC) || !(defined(_WIN32) || defined(__GNUC__))
#define S2S_API
#elif defined(_WIN32) && defined(S2S_BUILD)
#define S2S_API __declspec(dllexport)
#elif defined(_WIN32)
#define S2S_API __declspec(dllimport)
#else
#define S2S_API __attribute__((visibility("default")))
#endif

#define S2S_VERSION_MAJOR 0
#define S2S_VERSION_MINOR 1
#define S2S_VERSION_PATCH 0

/* X(NAME, value, "what it means") */
#define S2S_STATUSES(X)                                                                                                \
  X(S2S_OK, 0, "success")                                                                                              \
  X(S2S_BAD_ARGUMENT, 1, "an argument is NULL, out of range or does not fit the others")                               \
  X(S2S_BAD_OPTION, 2, "an option is unknown, or its value is not allowed")                                            \
  X(S2S_BAD_TEXT, 3, "a text is not valid UTF-8, or not in the form that was asked for")                               \
  X(S2S_BAD_FILE, 4, "a file is damaged, cut short, or not what it should be")                                         \
  X(S2S_IO, 5, "the operating system refused to open, read or write")                                                  \
  X(S2S_OUT_OF_MEMORY, 6, "no memory, or a memory limit was reached")                                                  \
  X(S2S_LIMIT, 7, "an input is longer or larger than an option allows")                                                \
  X(S2S_UNSUPPORTED, 8, "this build, machine or model cannot do it")                                                   \
  X(S2S_BUSY, 9, "the handle is in use in a way that forbids the call")                                                \
  X(S2S_CANCELLED, 10, "a cancel call or a callback asked to stop")                                                    \
  X(S2S_DIVERGED, 11, "training left the range of numbers: the loss is not finite")

enum {
#define S2S_STATUS_ENUM(name, value, text) name = value,
  S2S_STATUSES(S2S_STATUS_ENUM)
#undef S2S_STATUS_ENUM
  S2S_STATUS_COUNT = 12
};

enum { S2S_OPTION_INT = 0, S2S_OPTION_REAL = 1, S2S_OPTION_BOOL = 2, S2S_OPTION_CHOICE = 3, S2S_OPTION_TEXT = 4 };
enum { S2S_SCOPE_MODEL = 0, S2S_SCOPE_TRAIN = 1, S2S_SCOPE_DECODE = 2, S2S_SCOPE_RUNTIME = 3 };
enum { S2S_LOG_ERROR = 0, S2S_LOG_WARNING = 1, S2S_LOG_INFO = 2 };
enum { S2S_PROGRESS_UPDATE = 0, S2S_PROGRESS_EVALUATED = 1 };

typedef struct s2s_options s2s_options;

typedef void *(*s2s_allocate_fn)(void *user, void *block, size_t old_size, size_t new_size);
typedef void (*s2s_log_fn)(void *user, int32_t level, const char *message);
typedef int32_t (*s2s_progress_fn)(void *user, int32_t event, int64_t done, int64_t total);
typedef int64_t (*s2s_read_fn)(void *user, void *bytes, size_t size);

#ifdef __cplusplus
}
#endif
#endif
