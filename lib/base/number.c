/* SPDX-License-Identifier: MIT
 *
 * Decimal to binary and back without the C library, whose functions follow the locale.
 *
 * A number is held as a 128-bit fraction and a power of two (number_wide). Powers of ten are products of such numbers,
 * each rounded down, so that a power up to 10^400 is off by less than 2^-115 of itself. A decimal of up to 19 digits
 * times that power is then rounded once to 53 bits: correctly, unless it lies within 2^-115 of half way between two
 * doubles. Small cases (15 digits, 10^22) are one exact operation on doubles.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* the same in every file of base/, for the amalgamation: the first #include settles it */
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif

#include "base/number.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* hi:lo * 2^exponent; the top bit of hi is set, unless all is zero. */
typedef struct number_wide {
  uint64_t hi, lo;
  int exponent;
} number_wide;

int s2s__parse_int(const char *text, size_t length, int64_t *value) {
  size_t at = 0;
  const int negative = length > 0 && text[0] == '-';
  if (negative || (length > 0 && text[0] == '+')) at = 1;
  if (at == length) return 0;
  const uint64_t most = (uint64_t)INT64_MAX + (negative ? 1 : 0);
  uint64_t magnitude = 0;
  for (; at < length; at++) {
    if (text[at] < '0' || text[at] > '9') return 0;
    const unsigned digit = (unsigned)(text[at] - '0');
    if (magnitude > (most - digit) / 10) return 0;
    magnitude = magnitude * 10 + digit;
  }
  if (!negative)
    *value = (int64_t)magnitude;
  else
    *value = magnitude > (uint64_t)INT64_MAX ? INT64_MIN : -(int64_t)magnitude;
  return 1;
}

/* 64 x 64 -> 128 bits, by 32-bit halves. */
static uint64_t number_multiply(uint64_t a, uint64_t b, uint64_t *low) {
  const uint64_t a0 = a & 0xFFFFFFFFu, a1 = a >> 32, b0 = b & 0xFFFFFFFFu, b1 = b >> 32;
  const uint64_t middle = a1 * b0 + (a0 * b0 >> 32);
  const uint64_t other = a0 * b1 + (middle & 0xFFFFFFFFu);
  *low = a * b;
  return a1 * b1 + (middle >> 32) + (other >> 32);
}

static number_wide number_normal(number_wide x) {
  if ((x.hi | x.lo) == 0) return x;
  while ((x.hi & UINT64_C(1) << 63) == 0) {
    x.hi = x.hi << 1 | x.lo >> 63;
    x.lo <<= 1;
    x.exponent--;
  }
  return x;
}

/* Adds high:low to a 256-bit number from its second word on. */
static void number_add(uint64_t words[4], uint64_t high, uint64_t low) {
  words[1] += low;
  high += words[1] < low; /* high is at most 2^64 - 2 */
  words[2] += high;
  words[3] += words[2] < high;
}

/* The top 128 of 256 bits; what is below is dropped. */
static number_wide number_times(number_wide a, number_wide b) {
  uint64_t words[4], low = 0;
  words[1] = number_multiply(a.lo, b.lo, &words[0]);
  words[3] = number_multiply(a.hi, b.hi, &words[2]);
  uint64_t high = number_multiply(a.hi, b.lo, &low);
  number_add(words, high, low);
  high = number_multiply(a.lo, b.hi, &low);
  number_add(words, high, low);
  const number_wide product = {words[3], words[2], a.exponent + b.exponent + 128};
  return number_normal(product);
}

static number_wide number_from(uint64_t integer) {
  const number_wide x = {integer, 0, -64};
  return number_normal(x);
}

/* 10^power for |power| <= 400, by squaring. */
static number_wide number_ten(int power) {
  const number_wide tenth = {UINT64_C(0xCCCCCCCCCCCCCCCC), UINT64_C(0xCCCCCCCCCCCCCCCD), -131};
  number_wide base = power < 0 ? tenth : number_from(10), result = number_from(1);
  for (int rest = power < 0 ? -power : power; rest != 0; rest >>= 1) {
    if (rest & 1) result = number_times(result, base);
    base = number_times(base, base);
  }
  return result;
}

/* Nearest double, ties to even; infinity when out of range. */
static double number_round(number_wide x) {
  if (x.hi == 0) return 0.0;
  const int top = x.exponent + 127; /* the value is in [2^top, 2^(top+1)) */
  if (top > 1023) return HUGE_VAL;
  int dropped = 11; /* bits of hi that are not kept: more for subnormal numbers */
  if (top < -1022) dropped += -1022 - top;
  if (dropped > 64) return 0.0;
  const uint64_t kept = dropped == 64 ? 0 : x.hi >> dropped;
  const uint64_t rest = x.hi << (64 - dropped), half = UINT64_C(1) << 63;
  const int up = rest > half || (rest == half && (x.lo != 0 || (kept & 1) != 0));
  return ldexp((double)(kept + (up ? 1 : 0)), x.exponent + 64 + dropped);
}

/* What stands in the text: digits * 10^exponent. */
typedef struct number_decimal {
  uint64_t digits;
  int count; /* of significant digits taken, at most 19 */
  int64_t exponent;
} number_decimal;

/* Digits before or after the point. Those past the 19th only move the exponent. Returns how many were read. */
static size_t number_digits(const char *text, size_t length, int after_point, number_decimal *decimal) {
  size_t at = 0;
  for (; at < length && text[at] >= '0' && text[at] <= '9'; at++) {
    if (decimal->count < 19) {
      decimal->digits = decimal->digits * 10 + (unsigned)(text[at] - '0');
      decimal->count += decimal->digits != 0;
      decimal->exponent -= after_point;
    } else {
      decimal->exponent += !after_point;
    }
  }
  return at;
}

/* "[-+]digits" behind an 'e'; anything huge is as good as a million. */
static int number_exponent(const char *text, size_t length, int64_t *exponent) {
  size_t at = length > 0 && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  const int negative = at == 1 && text[0] == '-';
  if (at == length) return 0;
  int64_t value = 0;
  for (; at < length; at++) {
    if (text[at] < '0' || text[at] > '9') return 0;
    if (value < 1000000) value = value * 10 + (text[at] - '0');
  }
  *exponent += negative ? -value : value;
  return 1;
}

static double number_scale(number_decimal decimal) {
  while (decimal.digits != 0 && decimal.digits % 10 == 0) {
    decimal.digits /= 10;
    decimal.exponent++;
  }
  if (decimal.digits == 0 || decimal.exponent < -400) return 0.0;
  if (decimal.exponent > 400) return HUGE_VAL;
  static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  const int power = (int)decimal.exponent;
  const int rounds_once = FLT_EVAL_METHOD == 0 || FLT_EVAL_METHOD == 1; /* x87 would round twice */
  if (rounds_once && decimal.digits < UINT64_C(1) << 53 && power >= -22 && power <= 22)
    return power < 0 ? (double)decimal.digits / tens[-power] : (double)decimal.digits * tens[power];
  return number_round(number_times(number_from(decimal.digits), number_ten(power)));
}

int s2s__parse_real(const char *text, size_t length, double *value) {
  size_t at = length > 0 && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  const int negative = at == 1 && text[0] == '-';
  number_decimal decimal = {0, 0, 0};
  size_t digits = number_digits(text + at, length - at, 0, &decimal);
  if (digits == 0) return 0;
  at += digits;
  if (at < length && text[at] == '.') {
    digits = number_digits(text + at + 1, length - at - 1, 1, &decimal);
    if (digits == 0) return 0;
    at += 1 + digits;
  }
  if (at < length) {
    if (text[at] != 'e' && text[at] != 'E') return 0;
    if (!number_exponent(text + at + 1, length - at - 1, &decimal.exponent)) return 0;
  }
  const double magnitude = number_scale(decimal);
  if (magnitude > DBL_MAX) return 0;
  *value = negative ? -magnitude : magnitude;
  return 1;
}

/* The whole part of x, between 1 and 2^64. When there was more behind the point, a last digit 0 or 5 becomes 1 or 6: so
 * what is exactly half way between two shorter numbers is told from what is a little above. */
static uint64_t number_whole(number_wide x) {
  const int dropped = -(x.exponent + 64); /* bits of hi behind the point, 0 to 63 */
  const uint64_t whole = x.hi >> dropped;
  const int more = x.lo != 0 || whole << dropped != x.hi;
  return more && whole % 5 == 0 ? whole + 1 : whole;
}

/* The first 18 digits of a finite magnitude above 0, which is 0.ddd... * 10^point. */
static uint64_t number_eighteen(double magnitude, int *point) {
  const uint64_t most = UINT64_C(1000000000000000000); /* 10^18 */
  int exponent = 0;
  const double fraction = frexp(magnitude, &exponent); /* in [0.5, 1) */
  number_wide x = number_from((uint64_t)ldexp(fraction, 53));
  x.exponent += exponent - 53;
  *point = (int)floor((exponent - 1) * 0.30102999566398120) + 1; /* log10 2: right, or one too small */
  const uint64_t digits = number_whole(number_times(x, number_ten(18 - *point)));
  if (digits < most) return digits;
  *point += 1;
  return number_whole(number_times(x, number_ten(18 - *point)));
}

/* Rounds 18 digits to `count` and writes them; a carry out of the first moves the point. */
static void number_shorten(uint64_t digits, size_t count, int *point, char out[17]) {
  uint64_t divisor = 1, first = 1;
  for (size_t i = count; i < 18; i++) divisor *= 10;
  for (size_t i = 1; i < count; i++) first *= 10;
  uint64_t rest = (digits + divisor / 2) / divisor;
  if (rest >= first * 10) {
    rest /= 10;
    *point += 1;
  }
  for (size_t i = count; i > 0; i--, rest /= 10) out[i - 1] = (char)('0' + rest % 10);
}

/* d.ddde-xx */
static size_t number_scientific(const char *digits, size_t count, int point, char *out) {
  size_t at = 0;
  out[at++] = digits[0];
  if (count > 1) out[at++] = '.';
  for (size_t i = 1; i < count; i++) out[at++] = digits[i];
  out[at++] = 'e';
  int exponent = point - 1;
  if (exponent < 0) out[at++] = '-';
  if (exponent < 0) exponent = -exponent;
  if (exponent >= 100) out[at++] = (char)('0' + exponent / 100);
  if (exponent >= 10) out[at++] = (char)('0' + exponent / 10 % 10);
  out[at++] = (char)('0' + exponent % 10);
  return at;
}

static size_t number_layout(const char *digits, size_t count, int point, char *out) {
  if (point < -4 || point > 17) return number_scientific(digits, count, point, out);
  size_t at = 0;
  if (point <= 0) {
    memcpy(out, "0.0000", 6);
    at = 2 + (size_t)-point;
  }
  for (size_t i = 0; i < count; i++) {
    if (point > 0 && i == (size_t)point) out[at++] = '.';
    out[at++] = digits[i];
  }
  for (size_t i = count; point > 0 && i < (size_t)point; i++) out[at++] = '0';
  return at;
}

static size_t number_word(const char *word, char out[32]) {
  const size_t length = strlen(word);
  memcpy(out, word, length + 1);
  return length;
}

size_t s2s__format_real(double value, char out[32]) {
  if (isnan(value)) return number_word("nan", out);
  if (isinf(value)) return number_word(value < 0 ? "-inf" : "inf", out);
  const size_t sign = signbit(value) ? 1 : 0;
  out[0] = '-';
  if (value == 0.0) return sign + number_word("0", out + sign);
  int point = 0;
  const double magnitude = fabs(value);
  const uint64_t eighteen = number_eighteen(magnitude, &point);
  size_t length = 0;
  for (size_t count = 1; count <= 17; count++) {
    char digits[17];
    int moved = point;
    double back = 0;
    number_shorten(eighteen, count, &moved, digits);
    length = number_layout(digits, count, moved, out + sign);
    if (s2s__parse_real(out + sign, length, &back) && back == magnitude) break;
  }
  out[sign + length] = '\0';
  return sign + length;
}
