/* SPDX-License-Identifier: MIT
 *
 * A pull parser for JSON (RFC 8259), small and strict: made for safetensors headers, which nobody vouches for.
 * It never recurses, never allocates, and checks every byte. Values are visited in order:
 *
 *     s2s__json_open_object(&j); while (s2s__json_next_key(&j, key, &n)) { ... read or skip one value ... }
 *
 * The first failure sticks: later calls return false, and s2s__json_status() tells what and at which byte.
 */
#ifndef S2S__BASE_JSON_H
#define S2S__BASE_JSON_H

#include "base/status.h"

#define S2S__JSON_DEPTH 32

typedef struct s2s__json {
  const char *text;
  size_t length;
  size_t at;                     /* byte offset of the next character */
  int depth;                     /* open objects and arrays */
  unsigned char first[S2S__JSON_DEPTH]; /* no member read yet at this depth */
  s2s__error *error;
  int failed;
} s2s__json;

void s2s__json_init(s2s__json *json, const char *text, size_t length, s2s__error *error);

int s2s__json_open_object(s2s__json *json);
/* True and the key, decoded, in key[0..*length) when there is a member; false at '}' (which is consumed) or failure.
 * A key that decodes to more than `capacity` bytes fails. */
int s2s__json_next_key(s2s__json *json, char *key, size_t capacity, size_t *length);

int s2s__json_open_array(s2s__json *json);
int s2s__json_next_item(s2s__json *json); /* true when there is one more item; false at ']' (consumed) or failure */

/* A string, decoded to UTF-8; more than `capacity` bytes fails. */
int s2s__json_string(s2s__json *json, char *out, size_t capacity, size_t *length);
int s2s__json_u64(s2s__json *json, uint64_t *value); /* digits only; overflow fails */
int s2s__json_skip(s2s__json *json);                 /* any one value */
int s2s__json_end(s2s__json *json);                  /* nothing but white space is left */
int32_t s2s__json_status(const s2s__json *json);     /* S2S_OK, or S2S_BAD_FILE with the sentence in error */

/* Writes `text` as a JSON string with quotes: at most 6 * length + 2 bytes. Returns the bytes written. */
size_t s2s__json_quote(const char *text, size_t length, char *out);

#endif
