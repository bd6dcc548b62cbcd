/* SPDX-License-Identifier: MIT
 *
 * UTF-8 (RFC 3629): overlong forms, surrogates and code points past U+10FFFF are invalid.
 */
#ifndef S2S__BASE_UTF8_H
#define S2S__BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the code point at text[0..length), or 0 when it is invalid or cut short (or length is 0). */
size_t s2s__utf8_decode(const char *text, size_t length, uint32_t *code_point);

/* Writes 1 to 4 bytes, returns how many; 0 for a surrogate or a value past U+10FFFF. */
size_t s2s__utf8_encode(uint32_t code_point, char out[4]);

/* Offset of the first invalid byte, or `length` when all is valid. */
size_t s2s__utf8_check(const char *text, size_t length);

/* How many of the bytes at text[0..length), which begin nothing valid, one U+FFFD stands for: as many as could have begun a
 * code point, at least one (the "maximal subpart" of the Unicode Standard, 3.9). */
size_t s2s__utf8_invalid(const char *text, size_t length);

/* Unicode White_Space property. */
int s2s__utf8_is_space(uint32_t code_point);

#endif
