/* SPDX-License-Identifier: MIT
 *
 * UTF-8 as in the table of RFC 3629, section 4: the first byte gives the length and, for four of its values, a
 * narrower range for the second byte, which is what keeps overlong forms and surrogates out.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* the same in every file of base/, for the amalgamation: the first #include settles it */
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif

#include "base/utf8.h"

/* Length by the first byte, and the range its second byte must be in. 0 for a byte that begins nothing. */
static size_t utf8_lead(unsigned char byte, unsigned char *low, unsigned char *high) {
  *low = 0x80;
  *high = 0xBF;
  if (byte < 0x80) return 1;
  if (byte < 0xC2) return 0;
  if (byte < 0xE0) return 2;
  if (byte == 0xE0) *low = 0xA0;
  if (byte == 0xED) *high = 0x9F;
  if (byte < 0xF0) return 3;
  if (byte == 0xF0) *low = 0x90;
  if (byte == 0xF4) *high = 0x8F;
  return byte < 0xF5 ? 4 : 0;
}

size_t s2s__utf8_decode(const char *text, size_t length, uint32_t *code_point) {
  if (length == 0) return 0;
  const unsigned char *bytes = (const unsigned char *)text;
  unsigned char low = 0, high = 0;
  const size_t size = utf8_lead(bytes[0], &low, &high);
  if (size == 0 || size > length) return 0;
  if (size == 1) {
    *code_point = bytes[0];
    return 1;
  }
  if (bytes[1] < low || bytes[1] > high) return 0;
  uint32_t value = bytes[0] & (0x7Fu >> size);
  for (size_t i = 1; i < size; i++) {
    if ((bytes[i] & 0xC0) != 0x80) return 0;
    value = value << 6 | (bytes[i] & 0x3Fu);
  }
  *code_point = value;
  return size;
}

size_t s2s__utf8_encode(uint32_t code_point, char out[4]) {
  if (code_point < 0x80) {
    out[0] = (char)code_point;
    return 1;
  }
  if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF)) return 0;
  const size_t size = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
  uint32_t rest = code_point;
  for (size_t i = size - 1; i > 0; i--, rest >>= 6) out[i] = (char)(unsigned char)(0x80 | (rest & 0x3F));
  out[0] = (char)(unsigned char)((0xF00u >> size & 0xF0) | rest);
  return size;
}

size_t s2s__utf8_check(const char *text, size_t length) {
  size_t at = 0;
  while (at < length) {
    uint32_t code_point = 0;
    const size_t size = s2s__utf8_decode(text + at, length - at, &code_point);
    if (size == 0) return at;
    at += size;
  }
  return length;
}

size_t s2s__utf8_invalid(const char *text, size_t length) {
  const unsigned char *bytes = (const unsigned char *)text;
  unsigned char low = 0, high = 0;
  const size_t size = length > 0 ? utf8_lead(bytes[0], &low, &high) : 0;
  size_t at = 1;
  for (; at < size && at < length; at++, low = 0x80, high = 0xBF)
    if (bytes[at] < low || bytes[at] > high) break;
  return at;
}

int s2s__utf8_is_space(uint32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}
