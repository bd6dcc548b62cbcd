/* SPDX-License-Identifier: MIT
 *
 * Characters and their width. See letters.h.
 */
#include "letters.h"

size_t letter_bytes(const char *text) {
  unsigned char c = (unsigned char)*text;
  return c < 0x80 ? (c != 0) : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

uint32_t letter_code(const char *text) {
  size_t n = letter_bytes(text);
  uint32_t code = (unsigned char)text[0];
  if (n > 1) code &= 0x7fu >> n;
  for (size_t i = 1; i < n; i++) code = code << 6 | ((unsigned char)text[i] & 0x3fu);
  return code;
}

static bool in_range(uint32_t code, uint32_t first, uint32_t last) { return code >= first && code <= last; }

/* The common ranges. */
bool letter_is_mark(uint32_t code) {
  return in_range(code, 0x300, 0x36f) || in_range(code, 0x591, 0x5bd) || in_range(code, 0x64b, 0x65f) ||
         in_range(code, 0x93a, 0x94f) || in_range(code, 0x1ab0, 0x1aff) || in_range(code, 0x1dc0, 0x1dff) ||
         in_range(code, 0x200b, 0x200f) || in_range(code, 0x20d0, 0x20ff) || in_range(code, 0xfe00, 0xfe0f);
}

bool letter_is_wide(uint32_t code) {
  return in_range(code, 0x1100, 0x115f) || in_range(code, 0x2e80, 0xa4cf) || in_range(code, 0xac00, 0xd7a3) ||
         in_range(code, 0xf900, 0xfaff) || in_range(code, 0xfe30, 0xfe6f) || in_range(code, 0xff00, 0xff60) ||
         in_range(code, 0x1f300, 0x1f64f) || in_range(code, 0x1f900, 0x1f9ff) || in_range(code, 0x20000, 0x3fffd);
}

int letter_columns(uint32_t code) { return letter_is_mark(code) ? 0 : letter_is_wide(code) ? 2 : 1; }
