/* SPDX-License-Identifier: MIT
 *
 * Messages of failures: one sentence in a fixed buffer, so that reporting "out of memory" needs none.
 *
 * A message is always valid UTF-8 without control characters, whatever stood in the file or path it quotes: bindings
 * decode it, terminals show it. A message that does not fit is cut at a character's border.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* the same in every file of base/, for the amalgamation: the first #include settles it */
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif

#include "base/status.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { STATUS_THING = 64 }; /* bytes that the work on one thing takes at the least */

/* Every control character and invalid byte becomes '?'; a character that was cut by the buffer's end goes. */
static void status_clean(char *text, int cut) {
  const size_t length = strlen(text);
  size_t at = 0;
  while (at < length) {
    uint32_t code_point = 0;
    size_t bytes = s2s__utf8_decode(text + at, length - at, &code_point);
    if (bytes == 0 && cut && length - at < 4 && (unsigned char)text[at] >= 0xC0) {
      text[at] = '\0';
      return;
    }
    if (bytes == 0 || code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0)) {
      bytes = bytes == 0 ? 1 : bytes;
      memset(text + at, '?', bytes);
    }
    at += bytes;
  }
}

int32_t s2s__fail(s2s__error *error, int32_t status, const char *format, ...) {
  if (error->status != S2S_OK) return status;
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(error->text, sizeof error->text, format, arguments);
  va_end(arguments);
  if (length < 0) error->text[0] = '\0';
  status_clean(error->text, length >= S2S__ERROR_TEXT);
  error->status = status;
  return status;
}

int32_t s2s__fail_prefix(s2s__error *error, const char *format, ...) {
  char message[S2S__ERROR_TEXT];
  memcpy(message, error->text, sizeof message);
  va_list arguments;
  va_start(arguments, format);
  const int written = vsnprintf(error->text, sizeof error->text, format, arguments);
  va_end(arguments);
  if (written < 0) error->text[0] = '\0';
  size_t at = strlen(error->text);
  const int rest = snprintf(error->text + at, sizeof error->text - at, ": %s", message);
  status_clean(error->text, rest < 0 || (size_t)rest >= sizeof error->text - at);
  return error->status;
}

int32_t s2s__fail_suffix(s2s__error *error, const char *format, ...) {
  const size_t at = strlen(error->text), room = sizeof error->text - at;
  va_list arguments;
  va_start(arguments, format);
  const int written = vsnprintf(error->text + at, room, format, arguments);
  va_end(arguments);
  if (written < 0) error->text[at] = '\0';
  status_clean(error->text, written >= 0 && (size_t)written >= room);
  return error->status;
}

int32_t s2s__fail_memory(s2s__error *error, size_t bytes, const char *what) {
  return s2s__fail(error, S2S_OUT_OF_MEMORY, "out of memory (%zu bytes for %s)", bytes, what);
}

int32_t s2s__check_count(size_t count, const char *things, s2s__error *error) {
  if (count <= PTRDIFF_MAX / STATUS_THING) return S2S_OK;
  return s2s__fail(error, S2S_OUT_OF_MEMORY, "%zu %s are more than memory has room for", count, things);
}

void s2s__error_clear(s2s__error *error) {
  error->status = S2S_OK;
  error->text[0] = '\0';
}
