/* SPDX-License-Identifier: MIT
 *
 * Numbers as text, the same in every locale (strtod, printf("%f") and their like are not).
 */
#ifndef S2S__BASE_NUMBER_H
#define S2S__BASE_NUMBER_H

#include <stddef.h>
#include <stdint.h>

/* Whole text must be the number: [-+]digits. False on anything else or overflow. */
int s2s__parse_int(const char *text, size_t length, int64_t *value);

/* [-+]digits[.digits][e[-+]digits]; no inf, no nan, no hexadecimal. Within 1 ulp; exact for up to 15 digits and
 * |exponent| <= 22. False on anything else or overflow. */
int s2s__parse_real(const char *text, size_t length, double *value);

/* Shortest of up to 17 significant digits that s2s__parse_real reads back as `value` where it can; "inf" "-inf" "nan"
 * otherwise. `out` has 32 bytes. Returns the length. */
size_t s2s__format_real(double value, char out[32]);

#endif
