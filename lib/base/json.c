/* SPDX-License-Identifier: MIT
 *
 * The pull parser. Each depth of nesting has one byte: whether it is an object, and whether its first member is still
 * to come; that is all the state there is besides the position, so nothing recurses and nothing is allocated.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* the same in every file of base/, for the amalgamation: the first #include settles it */
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif

#include "base/json.h"
#include "base/utf8.h"

#include <string.h>

#define JSON_FIRST 1u  /* no member was read yet */
#define JSON_OBJECT 2u /* else an array */

void s2s__json_init(s2s__json *json, const char *text, size_t length, s2s__error *error) {
  memset(json, 0, sizeof *json);
  json->text = text;
  json->length = length;
  json->error = error;
}

static int json_fail(s2s__json *json, const char *what) {
  if (!json->failed) (void)s2s__fail(json->error, S2S_BAD_FILE, "JSON: %s at byte %zu", what, json->at);
  json->failed = 1;
  return 0;
}

/* The next byte behind white space; -1 at the end. */
static int json_peek(s2s__json *json) {
  while (json->at < json->length) {
    const char c = json->text[json->at];
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') return (unsigned char)c;
    json->at++;
  }
  return -1;
}

static int json_open(s2s__json *json, char bracket, unsigned kind) {
  if (json->failed) return 0;
  if (json_peek(json) != bracket) return json_fail(json, bracket == '{' ? "expected '{'" : "expected '['");
  if (json->depth == S2S__JSON_DEPTH) return json_fail(json, "nested too deeply");
  json->first[json->depth++] = (unsigned char)(JSON_FIRST | kind);
  json->at++;
  return 1;
}

int s2s__json_open_object(s2s__json *json) { return json_open(json, '{', JSON_OBJECT); }

int s2s__json_open_array(s2s__json *json) { return json_open(json, '[', 0); }

/* To the next member of the innermost object or array; false at its end, which is consumed, or on failure. */
static int json_member(s2s__json *json, unsigned kind) {
  if (json->failed) return 0;
  if (json->depth == 0 || (json->first[json->depth - 1] & JSON_OBJECT) != kind)
    return json_fail(json, "no such object or array is open");
  unsigned char *state = &json->first[json->depth - 1];
  const char closing = kind == JSON_OBJECT ? '}' : ']';
  const int c = json_peek(json);
  if (c == closing) {
    json->at++;
    json->depth--;
    return 0;
  }
  if (*state & JSON_FIRST) {
    *state = (unsigned char)kind;
    return c < 0 ? json_fail(json, "unexpected end") : 1;
  }
  if (c != ',') return json_fail(json, kind == JSON_OBJECT ? "expected ',' or '}'" : "expected ',' or ']'");
  json->at++;
  if (json_peek(json) == closing) return json_fail(json, "a comma before the end");
  return 1;
}

/* Four hexadecimal digits at `at`. */
static int json_hex(const s2s__json *json, size_t at, uint32_t *value) {
  if (json->length < 4 || at > json->length - 4) return 0;
  *value = 0;
  for (size_t i = at; i < at + 4; i++) {
    const char c = json->text[i];
    uint32_t digit = 0;
    if (c >= '0' && c <= '9')
      digit = (uint32_t)(c - '0');
    else if (c >= 'a' && c <= 'f')
      digit = (uint32_t)(c - 'a') + 10;
    else if (c >= 'A' && c <= 'F')
      digit = (uint32_t)(c - 'A') + 10;
    else
      return 0;
    *value = *value << 4 | digit;
  }
  return 1;
}

/* At the 'u' of an escape, perhaps the first of a surrogate pair. */
static int json_unicode(s2s__json *json, uint32_t *code_point) {
  uint32_t low = 0;
  if (!json_hex(json, json->at + 1, code_point)) return json_fail(json, "\\u without four hexadecimal digits");
  json->at += 5;
  if (*code_point < 0xD800 || *code_point > 0xDFFF) return 1;
  const int paired = *code_point < 0xDC00 && json->length - json->at >= 6 && json->text[json->at] == '\\' &&
                     json->text[json->at + 1] == 'u' && json_hex(json, json->at + 2, &low) && low >= 0xDC00 &&
                     low <= 0xDFFF;
  if (!paired) return json_fail(json, "a lone surrogate");
  json->at += 6;
  *code_point = 0x10000 + ((*code_point - 0xD800) << 10) + (low - 0xDC00);
  return 1;
}

/* Behind a backslash. */
static int json_escape(s2s__json *json, uint32_t *code_point) {
  static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
  if (json->at == json->length) return json_fail(json, "unexpected end");
  const char c = json->text[json->at];
  if (c == 'u') return json_unicode(json, code_point);
  const char *found = c == '\0' ? NULL : strchr(names, c);
  if (!found) return json_fail(json, "unknown escape");
  *code_point = (unsigned char)values[found - names];
  json->at++;
  return 1;
}

/* One character of a string, escaped or not. */
static int json_character(s2s__json *json, uint32_t *code_point) {
  if (json->at == json->length) return json_fail(json, "a string without end");
  const unsigned char c = (unsigned char)json->text[json->at];
  if (c < 0x20) return json_fail(json, "a control character in a string");
  if (c == '\\') {
    json->at++;
    return json_escape(json, code_point);
  }
  const size_t size = s2s__utf8_decode(json->text + json->at, json->length - json->at, code_point);
  if (size == 0) return json_fail(json, "invalid UTF-8");
  json->at += size;
  return 1;
}

/* A string into out, or nowhere when out is NULL. */
static int json_text(s2s__json *json, char *out, size_t capacity, size_t *length) {
  *length = 0;
  if (json->failed) return 0;
  if (json_peek(json) != '"') return json_fail(json, "expected a string");
  json->at++;
  while (json->at == json->length || json->text[json->at] != '"') {
    uint32_t code_point = 0;
    char bytes[4];
    if (!json_character(json, &code_point)) return 0;
    const size_t size = s2s__utf8_encode(code_point, bytes);
    if (!out) continue;
    if (size > capacity - *length) return json_fail(json, "a string that is too long");
    memcpy(out + *length, bytes, size);
    *length += size;
  }
  json->at++;
  return 1;
}

int s2s__json_string(s2s__json *json, char *out, size_t capacity, size_t *length) {
  return json_text(json, out, capacity, length);
}

static int json_colon(s2s__json *json) {
  if (json_peek(json) != ':') return json_fail(json, "expected ':'");
  json->at++;
  return 1;
}

int s2s__json_next_key(s2s__json *json, char *key, size_t capacity, size_t *length) {
  *length = 0;
  return json_member(json, JSON_OBJECT) && json_text(json, key, capacity, length) && json_colon(json);
}

int s2s__json_next_item(s2s__json *json) { return json_member(json, 0); }

static int json_is_digit(const s2s__json *json) {
  return json->at < json->length && json->text[json->at] >= '0' && json->text[json->at] <= '9';
}

static int json_is_one_of(const s2s__json *json, const char *set) {
  return json->at < json->length && json->text[json->at] != '\0' && strchr(set, json->text[json->at]) != NULL;
}

int s2s__json_u64(s2s__json *json, uint64_t *value) {
  if (json->failed) return 0;
  (void)json_peek(json);
  if (!json_is_digit(json)) return json_fail(json, "expected a whole number");
  const int zero = json->text[json->at] == '0';
  uint64_t sum = 0;
  for (size_t count = 0; json_is_digit(json); json->at++, count++) {
    const unsigned digit = (unsigned)(json->text[json->at] - '0');
    if (zero && count > 0) return json_fail(json, "a number that begins with 0");
    if (sum > (UINT64_MAX - digit) / 10) return json_fail(json, "a number past 2^64 - 1");
    sum = sum * 10 + digit;
  }
  if (json_is_one_of(json, ".eE")) return json_fail(json, "expected a whole number");
  *value = sum;
  return 1;
}

static int json_digits(s2s__json *json) {
  if (!json_is_digit(json)) return json_fail(json, "expected a digit");
  while (json_is_digit(json)) json->at++;
  return 1;
}

static int json_skip_number(s2s__json *json) {
  if (json_is_one_of(json, "-")) json->at++;
  const int zero = json_is_one_of(json, "0");
  if (zero)
    json->at++;
  else if (!json_digits(json))
    return 0;
  if (zero && json_is_digit(json)) return json_fail(json, "a number that begins with 0");
  if (json_is_one_of(json, ".")) {
    json->at++;
    if (!json_digits(json)) return 0;
  }
  if (!json_is_one_of(json, "eE")) return 1;
  json->at++;
  if (json_is_one_of(json, "+-")) json->at++;
  return json_digits(json);
}

static int json_skip_word(s2s__json *json, const char *word) {
  const size_t size = strlen(word);
  if (json->length - json->at < size || memcmp(json->text + json->at, word, size) != 0)
    return json_fail(json, "expected a value");
  json->at += size;
  return 1;
}

/* A value without what is inside: objects and arrays are only opened. */
static int json_skip_start(s2s__json *json) {
  size_t length = 0;
  switch (json_peek(json)) {
  case '{':
    return s2s__json_open_object(json);
  case '[':
    return s2s__json_open_array(json);
  case '"':
    return json_text(json, NULL, 0, &length);
  case 't':
    return json_skip_word(json, "true");
  case 'f':
    return json_skip_word(json, "false");
  case 'n':
    return json_skip_word(json, "null");
  case -1:
    return json_fail(json, "unexpected end");
  default:
    break;
  }
  if (!json_is_digit(json) && !json_is_one_of(json, "-")) return json_fail(json, "expected a value");
  return json_skip_number(json);
}

int s2s__json_skip(s2s__json *json) {
  if (json->failed) return 0;
  const int outside = json->depth;
  if (!json_skip_start(json)) return 0;
  while (json->depth > outside) {
    size_t length = 0;
    const int object = (json->first[json->depth - 1] & JSON_OBJECT) != 0;
    const int more = object ? s2s__json_next_key(json, NULL, 0, &length) : s2s__json_next_item(json);
    if (more && !json_skip_start(json)) return 0;
    if (json->failed) return 0;
  }
  return 1;
}

int s2s__json_end(s2s__json *json) {
  if (json->failed) return 0;
  if (json->depth != 0) return json_fail(json, "an object or array without end");
  if (json_peek(json) >= 0) return json_fail(json, "more text behind the value");
  return 1;
}

int32_t s2s__json_status(const s2s__json *json) { return json->failed ? S2S_BAD_FILE : S2S_OK; }

/* One character's escape, or 0 when it stands for itself. */
static size_t json_quote_ascii(unsigned char c, char *out) {
  static const char names[] = "\"\\bfnrt", values[] = "\"\\\b\f\n\r\t", hex[] = "0123456789abcdef";
  const char *found = c == 0 ? NULL : strchr(values, c);
  out[0] = '\\';
  if (found) {
    out[1] = names[found - values];
    return 2;
  }
  if (c >= 0x20) return 0;
  memcpy(out + 1, "u00", 3);
  out[4] = hex[c >> 4];
  out[5] = hex[c & 15];
  return 6;
}

size_t s2s__json_quote(const char *text, size_t length, char *out) {
  size_t at = 0, end = 0;
  out[end++] = '"';
  while (at < length) {
    uint32_t code_point = 0;
    const size_t size = s2s__utf8_decode(text + at, length - at, &code_point);
    const size_t escaped = size == 1 ? json_quote_ascii((unsigned char)text[at], out + end) : 0;
    if (size == 0)
      end += s2s__utf8_encode(0xFFFD, out + end); /* what is written must be JSON, whatever came in */
    else if (escaped == 0)
      memcpy(out + end, text + at, size);
    end += escaped != 0 ? escaped : size;
    at += size == 0 ? 1 : size;
  }
  out[end++] = '"';
  return end;
}

#undef JSON_FIRST
#undef JSON_OBJECT
