/* SPDX-License-Identifier: MIT
 *
 * A producer of TAP (testanything.org) in one header, for test programs that `prove` or a person reads.
 *
 *     int main(void) {
 *       plan(2);                                    (optional: done() prints the plan when nobody did)
 *       ok(1 + 1 == 2, "addition works");
 *       is_int(f(3), 9, "f squares %d", 3);
 *       return done();                              (0 when all was as planned, else 1)
 *     }
 *
 * Every check returns whether it held. Names are printf formats. Not for use from several threads at once.
 */
#ifndef TEST_TAP_H
#define TEST_TAP_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#if defined(__GNUC__)
#define TAP_PRINTF(text, first) __attribute__((__format__(__printf__, text, first), __unused__))
#else
#define TAP_PRINTF(text, first)
#endif

static int tap_planned = -1, tap_run = 0, tap_failed = 0;

static void tap_line(int held, const char *format, va_list arguments) {
  tap_run++;
  tap_failed += !held;
  printf("%sok %d - ", held ? "" : "not ", tap_run);
  vprintf(format, arguments);
  printf("\n");
  fflush(stdout); /* what was printed last is known even after a crash */
}

static inline void plan(int tests) {
  tap_planned = tests;
  printf("1..%d\n", tests);
}

/* A remark that is no result. */
TAP_PRINTF(1, 2) static void diag(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  printf("# ");
  vprintf(format, arguments);
  printf("\n");
  va_end(arguments);
}

TAP_PRINTF(2, 3) static int ok(int held, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  tap_line(held != 0, format, arguments);
  va_end(arguments);
  return held != 0;
}

TAP_PRINTF(3, 4) static int is_int(int64_t got, int64_t wanted, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  tap_line(got == wanted, format, arguments);
  va_end(arguments);
  if (got != wanted) diag("got %lld, wanted %lld", (long long)got, (long long)wanted);
  return got == wanted;
}

/* NULL is equal to NULL only. */
TAP_PRINTF(3, 4) static int is_text(const char *got, const char *wanted, const char *format, ...) {
  const int same = got && wanted ? strcmp(got, wanted) == 0 : got == wanted;
  va_list arguments;
  va_start(arguments, format);
  tap_line(same, format, arguments);
  va_end(arguments);
  if (!same) diag("got \"%s\", wanted \"%s\"", got ? got : "(null)", wanted ? wanted : "(null)");
  return same;
}

/* Counts as passed, with the reason why it was not run. */
TAP_PRINTF(1, 2) static void skip(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  tap_run++;
  printf("ok %d # SKIP ", tap_run);
  vprintf(format, arguments);
  printf("\n");
  va_end(arguments);
}

static inline int done(void) {
  if (tap_planned < 0) plan(tap_run);
  if (tap_run != tap_planned) diag("planned %d, run %d", tap_planned, tap_run);
  if (tap_failed > 0) diag("%d of %d failed", tap_failed, tap_run);
  return tap_failed > 0 || tap_run != tap_planned;
}

#endif
