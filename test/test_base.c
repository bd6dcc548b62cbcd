/* SPDX-License-Identifier: MIT
 *
 * base/: messages, memory, numbers, UTF-8, random numbers. The rest of the room has programs of its own:
 * test_base_option, test_base_thread, test_json, test_stream.
 */
#include "test_base.h"
#include "tap.h"

#include "base/number.h"
#include "base/random.h"
#include "base/utf8.h"

#include <float.h>
#include <locale.h>
#include <math.h>

/* ---- messages ---------------------------------------------------------------------------------------------------- */

static void test_status(void) {
  s2s__error error;
  s2s__error_clear(&error);
  is_int(s2s__fail(&error, S2S_IO, "first %d", 1), S2S_IO, "a failure returns its status");
  is_int(s2s__fail(&error, S2S_LIMIT, "second"), S2S_LIMIT, "a later one too");
  is_text(error.text, "first 1", "but the first message is kept");
  is_int(s2s__fail_prefix(&error, "%s: line %d", "a.tsv", 7), S2S_IO, "a prefix returns the status that stands");
  is_text(error.text, "a.tsv: line 7: first 1", "a prefix stands before the message");
  s2s__error_clear(&error);
  is_int(s2s__fail_memory(&error, 12, "a cat"), S2S_OUT_OF_MEMORY, "out of memory is a status");
  is_text(error.text, "out of memory (12 bytes for a cat)", "and a sentence");
  s2s__error_clear(&error);
  ok(error.status == S2S_OK && error.text[0] == '\0', "clear clears");
  (void)s2s__fail(&error, S2S_IO,
                  "a\nb\x7F"
                  "c\xC3(\xC2\x85 \xE2\x82\xAC");
  is_text(error.text, "a?b?c?(?? \xE2\x82\xAC", "control characters and invalid bytes become question marks");
}

static void test_status_long(void) {
  char text[1200];
  s2s__error error;
  int valid = 1;
  for (size_t offset = 0; offset < 3; offset++) { /* so that the end falls on each byte of a character */
    memset(text, 'x', sizeof text);
    for (size_t i = offset; i + 3 < sizeof text; i += 3) memcpy(text + i, "\xE2\x82\xAC", 3);
    text[sizeof text - 1] = '\0';
    s2s__error_clear(&error);
    (void)s2s__fail(&error, S2S_IO, "%s", text);
    const size_t length = strlen(error.text);
    valid = valid && length > 500 && s2s__utf8_check(error.text, length) == length && !strchr(error.text, '?');
    (void)s2s__fail_prefix(&error, "%s", "prefix");
    valid = valid && strncmp(error.text, "prefix: ", 8) == 0 && strlen(error.text) > 500 && !strchr(error.text, '?');
    (void)s2s__fail_prefix(&error, "%s", text);
    valid = valid && strlen(error.text) < S2S__ERROR_TEXT && !strchr(error.text, '?');
  }
  ok(valid, "a long message is cut between characters");
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

static void test_blocks(void) {
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__free(&host, NULL, 0);
  is_int((int64_t)memory.wrong_sizes, 0, "freeing NULL asks the host nothing");
  unsigned char *block = s2s__allocate_zeroed(&host, 1000);
  int zero = block != NULL;
  for (size_t i = 0; i < 1000; i++) zero = zero && block[i] == 0;
  ok(zero, "zeroed memory is zero");
  memset(block, 7, 1000);
  block = s2s__resize(&host, block, 1000, 5000);
  ok(block && block[999] == 7, "a resized block keeps its bytes");
  memory.fail_at = 1;
  ok(s2s__resize(&host, block, 5000, 9000) == NULL && block[999] == 7, "a refused resize leaves the block");
  memory.fail_at = 0;
  void *empty = s2s__resize(&host, NULL, 0, 0);
  ok(empty != NULL, "a block of no bytes is not NULL");
  empty = s2s__resize(&host, empty, 0, 10);
  s2s__free(&host, empty, 10);
  s2s__free(&host, block, 5000);
  ok(memory.live_blocks == 0 && memory.wrong_sizes == 0, "all is given back, with the right sizes");
  s2s__host plain;
  s2s__host_init(&plain);
  block = s2s__resize(&plain, NULL, 0, 10);
  block = s2s__resize(&plain, block, 10, 100000);
  ok(block != NULL && !plain.log && !plain.progress, "the default host allocates");
  s2s__free(&plain, block, 100000);
}

static void test_grow(void) {
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__error error;
  s2s__error_clear(&error);
  uint32_t *items = NULL;
  size_t capacity = 0;
  int good = 1;
  for (uint32_t i = 0; i < 10000; i++) {
    good = good && s2s__grow(&host, &items, &capacity, i + 1, sizeof *items, &error) == S2S_OK && capacity > i;
    items[i] = i;
  }
  for (uint32_t i = 0; i < 10000; i++) good = good && items[i] == i;
  ok(good, "a growing array keeps its items");
  ok(memory.requests < 40, "it grows by half again (%zu requests)", memory.requests);
  const size_t before = capacity;
  memory.fail_at = 1;
  is_int(s2s__grow(&host, &items, &capacity, before + 1, sizeof *items, &error), S2S_OUT_OF_MEMORY, "refused growth");
  ok(capacity == before && items[9999] == 9999, "leaves all as it was");
  memory.fail_at = 0;
  is_int(s2s__grow(&host, &items, &capacity, SIZE_MAX / 2, sizeof *items, &error), S2S_OUT_OF_MEMORY,
         "a size that overflows is out of memory");
  s2s__free(&host, items, capacity * sizeof *items);
  ok(memory.live_blocks == 0 && memory.wrong_sizes == 0, "no leak");
  size_t product = 0;
  ok(s2s__multiply_fits(SIZE_MAX, 1, &product) && product == SIZE_MAX, "SIZE_MAX * 1 fits");
  ok(s2s__multiply_fits(0, SIZE_MAX, &product) && s2s__multiply_fits(SIZE_MAX, 0, &product) && product == 0,
     "nothing of anything fits");
  ok(!s2s__multiply_fits(SIZE_MAX / 2 + 1, 2, &product), "SIZE_MAX + 1 does not fit");
}

static void test_arena(void) {
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__arena arena;
  s2s__arena_init(&arena, &host);
  is_int((int64_t)memory.requests, 0, "an arena asks for nothing before it must");
  int aligned = 1, apart = 1;
  unsigned char *last = NULL;
  size_t last_size = 0;
  for (size_t size = 0; size < 3000; size += 7) {
    unsigned char *block = s2s__arena_take(&arena, size);
    aligned = aligned && block && ((uintptr_t)block & 63) == 0;
    if (size > 0) memset(block, (int)(size & 255), size);
    if (last_size > 0) apart = apart && last[0] == (last_size & 255) && last[last_size - 1] == (last_size & 255);
    last = block;
    last_size = size;
  }
  ok(aligned, "blocks are 64-byte aligned, whatever the host's are");
  ok(apart, "blocks do not overlap");
  ok(arena.reserved == memory.live_bytes && arena.used <= arena.reserved,
     "reserved is what the host gave");
  ok(memory.live_blocks > 1, "several chunks are in use");
  s2s__arena_reset(&arena);
  is_int((int64_t)memory.live_blocks, 1, "reset leaves one chunk");
  is_int((int64_t)arena.used, 0, "and nothing used");
  const size_t requests = memory.requests;
  for (size_t round = 0; round < 3; round++, s2s__arena_reset(&arena))
    for (size_t size = 0; size < 3000; size += 7) aligned = aligned && s2s__arena_take(&arena, size) != NULL;
  ok(aligned && memory.requests == requests, "the same round again makes no request");
  char *text = s2s__arena_text(&arena, "abcdef", 3);
  is_text(text, "abc", "a text is copied and ended");
  is_text(s2s__arena_text(&arena, NULL, 0), "", "an empty one too");
  unsigned char *zero = s2s__arena_take_zeroed(&arena, 333);
  int sum = 0;
  for (size_t i = 0; i < 333; i++) sum |= zero[i];
  is_int(sum, 0, "zeroed memory is zero, in used memory too");
  ok(S2S__TAKE(&arena, uint64_t, SIZE_MAX / 4) == NULL, "a count that overflows is refused");
  ok(s2s__arena_take(&arena, SIZE_MAX) == NULL && s2s__arena_take(&arena, SIZE_MAX - 100) == NULL &&
         s2s__arena_text(&arena, "", SIZE_MAX) == NULL,
     "so are sizes that overflow");
  uint64_t *numbers = S2S__TAKE(&arena, uint64_t, 100000);
  ok(numbers != NULL, "a block larger than a chunk has one of its own");
  numbers[99999] = 1;
  s2s__arena_free(&arena);
  ok(memory.live_blocks == 0 && arena.reserved == 0 && memory.wrong_sizes == 0, "free gives all back");
  ok(s2s__arena_take(&arena, 10) != NULL, "and the arena may be used again");
  s2s__arena_free(&arena);
}

/* Takes `count` blocks of `size` and rewinds; returns false when one was refused. */
static int take_and_rewind(s2s__arena *arena, size_t count, size_t size) {
  const s2s__mark mark = s2s__arena_mark(arena);
  int good = 1;
  for (size_t i = 0; i < count; i++) {
    unsigned char *block = s2s__arena_take(arena, size);
    good = good && block != NULL;
    if (block) memset(block, 0xEE, size);
  }
  s2s__arena_rewind(arena, mark);
  return good;
}

static void test_mark(void) {
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__arena arena;
  s2s__arena_init(&arena, &host);
  const s2s__mark empty = s2s__arena_mark(&arena);
  unsigned char *kept = s2s__arena_take(&arena, 100);
  memset(kept, 1, 100);
  const size_t used = arena.used;
  const s2s__mark mark = s2s__arena_mark(&arena);
  unsigned char *first = s2s__arena_take(&arena, 100);
  s2s__arena_rewind(&arena, mark);
  ok(s2s__arena_take(&arena, 100) == first, "after rewind the same memory is taken again");
  s2s__arena_rewind(&arena, mark);
  int good = take_and_rewind(&arena, 500, 1000);
  ok(good && arena.used == used && kept[0] == 1 && kept[99] == 1, "rewind over chunks keeps what was there before");
  size_t requests = memory.requests;
  for (int i = 0; i < 5; i++) good = good && take_and_rewind(&arena, 500, 1000);
  ok(good && memory.requests == requests, "the same loop again makes no request");
  for (size_t i = 0; i < 60; i++)
    good = good && take_and_rewind(&arena, 10, 1000 + 977 * i); /* other sizes each time */
  ok(good && arena.reserved < (size_t)4 << 20, "changing sizes do not pile up chunks (%zu bytes)", arena.reserved);
  requests = memory.requests;
  for (size_t i = 0; i < 60; i++) good = good && take_and_rewind(&arena, 10, 1000 + 977 * i);
  ok(good && memory.requests == requests, "and come to rest");
  const s2s__mark outer = s2s__arena_mark(&arena);
  (void)s2s__arena_take(&arena, 300000);
  good = take_and_rewind(&arena, 10, 100000);
  s2s__arena_rewind(&arena, outer);
  ok(good && arena.used == used && kept[0] == 1, "marks nest");
  s2s__arena_rewind(&arena, empty);
  is_int((int64_t)arena.used, 0, "a mark of an empty arena empties it");
  s2s__arena_reset(&arena);
  is_int((int64_t)memory.live_blocks, 1, "reset joins spare chunks");
  s2s__arena_free(&arena);
  ok(memory.live_blocks == 0 && memory.wrong_sizes == 0, "no leak");
}

/* Of 100; AddressSanitizer's arenas leave a gap behind every block. */
#if defined(__SANITIZE_ADDRESS__)
enum { LEAST_BLOCKS = 70 };
#else
enum { LEAST_BLOCKS = 80 };
#endif

static void test_arena_limit(void) {
  test_memory memory;
  s2s__host given = test_host(&memory), host;
  s2s__budget budget;
  s2s__arena arena;
  given.limit = 100000;
  s2s__host_own(&host, &given, &budget, 0);
  s2s__arena_init(&arena, &host);
  size_t taken = 0;
  while (s2s__arena_take(&arena, 1000)) taken++;
  ok(taken > LEAST_BLOCKS && taken < 100, "a limit of 100000 bytes holds %zu blocks of 1000", taken);
  ok(arena.reserved == memory.live_bytes && budget.held == memory.live_bytes && budget.peak <= 100000, "and is never passed");
  s2s__arena_reset(&arena);
  size_t again = 0;
  while (s2s__arena_take(&arena, 1000)) again++;
  ok(again >= taken && budget.peak <= 100000, "after reset as much fits again");
  s2s__arena_reset(&arena);
  ok(s2s__arena_take(&arena, 90000) != NULL && s2s__arena_take(&arena, 50000) == NULL, "too much at once is refused");
  s2s__arena_free(&arena);
  given.limit = 10;
  s2s__host_own(&host, &given, &budget, 0);
  s2s__arena_init(&arena, &host);
  ok(s2s__arena_take(&arena, 1) == NULL && memory.live_blocks == 0, "a tiny limit refuses all");
  given.limit = 0;
  s2s__host_own(&host, &given, &budget, 0);
  s2s__arena_init(&arena, &host);
  (void)s2s__arena_take(&arena, 40000);
  (void)s2s__arena_take(&arena, 40000);
  memory.fail_at = memory.requests + 1;
  ok(s2s__arena_take(&arena, 40000) == NULL, "a refusal of the host is NULL");
  s2s__arena_reset(&arena);
  ok(s2s__arena_take(&arena, 40000) == NULL, "reset without memory leaves an empty arena");
  memory.fail_at = 0;
  ok(s2s__arena_take(&arena, 40000) != NULL, "which works again when there is some");
  s2s__arena_free(&arena);
  ok(memory.live_blocks == 0 && memory.wrong_sizes == 0, "no leak");
}

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

static void test_parse_int(void) {
  static const struct {
    const char *text;
    int good;
    int64_t value;
  } cases[] = {{"0", 1, 0},
               {"-0", 1, 0},
               {"+7", 1, 7},
               {"007", 1, 7},
               {"-12", 1, -12},
               {"9223372036854775807", 1, INT64_MAX},
               {"-9223372036854775808", 1, INT64_MIN},
               {"9223372036854775808", 0, 0},
               {"-9223372036854775809", 0, 0},
               {"99999999999999999999", 0, 0},
               {"", 0, 0},
               {"-", 0, 0},
               {"+", 0, 0},
               {"+-1", 0, 0},
               {" 1", 0, 0},
               {"1 ", 0, 0},
               {"1.0", 0, 0},
               {"0x10", 0, 0},
               {"1e3", 0, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    int64_t value = 0;
    const int good = s2s__parse_int(cases[i].text, strlen(cases[i].text), &value);
    ok(good == cases[i].good && value == cases[i].value, "whole number \"%s\"", cases[i].text);
  }
}

static void test_parse_real(void) {
  static const struct {
    const char *text;
    double value;
  } good[] = {{"0", 0},
              {"1", 1},
              {"-1.5", -1.5},
              {"+0.1", 0.1},
              {"1e22", 1e22},
              {"1E+2", 100},
              {"5e-324", 5e-324},
              {"2.2250738585072014e-308", DBL_MIN},
              {"2.2250738585072011e-308", 2.2250738585072011e-308},
              {"1.7976931348623157e308", DBL_MAX},
              {"0.000000000000000000000000000001e30", 1},
              {"1e-400", 0},
              {"123456789012345678901234567890", 123456789012345678901234567890.0},
              {"0e999999999999", 0},
              {"3.14159265358979323846264338327950288", 3.14159265358979323846},
              {"9007199254740993", 9007199254740992},
              {"9007199254740993.0", 9007199254740992},
              {"9007199254740995", 9007199254740996},
              {"1e-7", 1e-7},
              {"8.41e21", 8.41e21},
              {"9.5e-11", 9.5e-11},
              {"6.02214076e23", 6.02214076e23},
              {"179769313486231570000000000000e279", DBL_MAX},
              {"4.9406564584124654e-324", 5e-324},
              {"2e-324", 0}};
  static const char *const bad[] = {"",   "-",   ".",     "1.",    ".5",    "1e",      "1e+",
                                    "e5", "inf", "nan",   "0x1",   "1,5",   "1 ",      " 1",
                                    "1f", "--1", "1.5.2", "1e5.0", "1e400", "1.8e308", "-1e999999999999999999999"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    double value = -7;
    const int parsed = s2s__parse_real(good[i].text, strlen(good[i].text), &value);
    ok(parsed && value == good[i].value, "real number \"%s\"", good[i].text);
  }
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    double value = 0;
    ok(!s2s__parse_real(bad[i], strlen(bad[i]), &value), "no real number: \"%s\"", bad[i]);
  }
  double negative_zero = 1;
  ok(s2s__parse_real("-0", 2, &negative_zero) && signbit(negative_zero), "minus zero keeps its sign");
}

static void test_format_real(void) {
  static const struct {
    double value;
    const char *text;
  } cases[] = {{0, "0"},
               {-0.0, "-0"},
               {1, "1"},
               {-1.5, "-1.5"},
               {0.1, "0.1"},
               {0.001, "0.001"},
               {1e9, "1000000000"},
               {1e16, "10000000000000000"},
               {1e17, "1e17"},
               {0.00001, "0.00001"},
               {0.000001, "1e-6"},
               {123.456, "123.456"},
               {1.0 / 3, "0.3333333333333333"},
               {5e-324, "5e-324"},
               {DBL_MAX, "1.7976931348623157e308"},
               {1e22, "1e22"},
               {1e23, "1e23"},
               {DBL_MIN, "2.2250738585072014e-308"},
               {9007199254740993.0, "9007199254740992"},
               {0.30000000000000004, "0.30000000000000004"},
               {100, "100"},
               {HUGE_VAL, "inf"},
               {-HUGE_VAL, "-inf"},
               {2e-5, "0.00002"},
               {1.0000000000000001e23, "1.0000000000000001e23"},
               {(float)0.1, "0.10000000149011612"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[32];
    const size_t length = s2s__format_real(cases[i].value, text);
    is_text(text, cases[i].text, "%s is written", cases[i].text);
    if (length != strlen(text)) ok(0, "the length of %s", text);
  }
  char text[32];
  (void)s2s__format_real(nan(""), text);
  is_text(text, "nan", "nan is written");
}

/* Digits from the first to the last that is not 0. */
static int significant(const char *text) {
  int digits = 0, zeros = 0;
  for (; *text && *text != 'e'; text++) {
    if (*text < '0' || *text > '9') continue;
    if (*text == '0') {
      zeros += digits > 0;
      continue;
    }
    digits += zeros + 1;
    zeros = 0;
  }
  return digits;
}

/* Against the C library, in its "C" locale. */
static void test_round_trip(void) {
  size_t lost = 0, wrong = 0, longer = 0;
  const size_t count = 20000;
  for (uint64_t i = 0; i < count; i++) {
    const uint64_t bits =
        i % 2 ? s2s__key(1, i) : (s2s__key(2, i) & UINT64_C(0x800FFFFFFFFFFFFF)) | (1000 + i % 60) << 52;
    double value = 0, back = 0;
    memcpy(&value, &bits, sizeof value);
    if (!isfinite(value)) continue;
    char text[40], other[40];
    const size_t length = s2s__format_real(value, text);
    lost += !s2s__parse_real(text, length, &back) || memcmp(&back, &value, sizeof back) != 0;
    snprintf(other, sizeof other, "%.17g", value);
    wrong += strtod(text, NULL) != value || !s2s__parse_real(other, strlen(other), &back) || back != value;
    for (int digits = 1; i % 8 < 2 && digits <= 17; digits++) {
      snprintf(other, sizeof other, "%.*e", digits - 1, value);
      if (strtod(other, NULL) != value) continue;
      longer += significant(text) > digits;
      break;
    }
  }
  is_int((int64_t)lost, 0, "%zu doubles, written and read, are the same bits", count);
  is_int((int64_t)wrong, 0, "and the C library agrees");
  is_int((int64_t)longer, 0, "and finds no shorter way to write them");
}

static void test_locale(void) {
  static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8", "fr_FR.utf8", "ru_RU.UTF-8"};
  const char *found = NULL;
  for (size_t i = 0; i < sizeof names / sizeof names[0] && !found; i++) found = setlocale(LC_ALL, names[i]);
  if (!found) {
    skip("no locale with a decimal comma is installed");
    return;
  }
  char text[32];
  double value = 0;
  (void)s2s__format_real(1234.5, text);
  ok(strcmp(text, "1234.5") == 0 && s2s__parse_real("0.25", 4, &value) && value == 0.25, "numbers ignore locale %s",
     found);
  setlocale(LC_ALL, "C");
}

/* ---- UTF-8 ------------------------------------------------------------------------------------------------------- */

static void test_utf8(void) {
  static const struct {
    const char *bytes;
    size_t size;
    uint32_t code_point;
  } good[] = {{"A", 1, 'A'},
              {"\x7F", 1, 0x7F},
              {"\xC2\x80", 2, 0x80},
              {"\xDF\xBF", 2, 0x7FF},
              {"\xE0\xA0\x80", 3, 0x800},
              {"\xED\x9F\xBF", 3, 0xD7FF},
              {"\xEE\x80\x80", 3, 0xE000},
              {"\xEF\xBF\xBF", 3, 0xFFFF},
              {"\xF0\x90\x80\x80", 4, 0x10000},
              {"\xF4\x8F\xBF\xBF", 4, 0x10FFFF}};
  static const char *const bad[] = {"\x80",
                                    "\xBF",
                                    "\xC0\x80",
                                    "\xC1\xBF",
                                    "\xE0\x80\x80",
                                    "\xE0\x9F\xBF",
                                    "\xED\xA0\x80",
                                    "\xED\xBF\xBF",
                                    "\xF0\x80\x80\x80",
                                    "\xF0\x8F\xBF\xBF",
                                    "\xF4\x90\x80\x80",
                                    "\xF5\x80\x80\x80",
                                    "\xFF",
                                    "\xFE",
                                    "\xC2",
                                    "\xC2"
                                    "A",
                                    "\xE2\x82",
                                    "\xE2\x82"
                                    "A",
                                    "\xF0\x9F\x98",
                                    "\xF0\x9F\x98"
                                    "A",
                                    "\xF8\x88\x80\x80\x80"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    uint32_t code_point = 0;
    char bytes[4];
    const size_t size = s2s__utf8_decode(good[i].bytes, good[i].size, &code_point);
    ok(size == good[i].size && code_point == good[i].code_point && s2s__utf8_encode(code_point, bytes) == size &&
           memcmp(bytes, good[i].bytes, size) == 0,
       "U+%04X is decoded and encoded", (unsigned)good[i].code_point);
  }
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    uint32_t code_point = 0;
    is_int((int64_t)s2s__utf8_decode(bad[i], strlen(bad[i]), &code_point), 0, "invalid form %zu is refused", i + 1);
  }
  char out[4];
  uint32_t code_point = 0;
  ok(s2s__utf8_encode(0xD800, out) == 0 && s2s__utf8_encode(0xDFFF, out) == 0 && s2s__utf8_encode(0x110000, out) == 0 &&
         s2s__utf8_encode(UINT32_MAX, out) == 0,
     "surrogates and values past U+10FFFF are not encoded");
  is_int((int64_t)s2s__utf8_decode("", 0, &code_point), 0, "nothing is no code point");
  ok(s2s__utf8_decode("\0", 1, &code_point) == 1 && code_point == 0, "NUL is one");
  is_int((int64_t)s2s__utf8_check("a\xC3\xA4\xFF"
                                  "b",
                                  5),
         3, "check finds the first invalid byte");
  is_int((int64_t)s2s__utf8_check("a\xC3\xA4", 3), 3, "check of valid text is its length");
  size_t wrong = 0, spaces = 0;
  for (uint32_t c = 0; c <= 0x10FFFF; c++) {
    const size_t size = s2s__utf8_encode(c, out);
    wrong += (size == 0) != (c >= 0xD800 && c <= 0xDFFF);
    if (size > 0) wrong += s2s__utf8_decode(out, size, &code_point) != size || code_point != c;
    spaces += s2s__utf8_is_space(c) != 0;
  }
  is_int((int64_t)wrong, 0, "all code points go round");
  is_int((int64_t)spaces, 25, "Unicode has 25 white-space characters");
  ok(s2s__utf8_is_space(0x3000) && s2s__utf8_is_space(0x85) && !s2s__utf8_is_space(0x200B) &&
         !s2s__utf8_is_space(0xFEFF),
     "the ideographic space is one, the zero-width space is none");
}

/* ---- random numbers ---------------------------------------------------------------------------------------------- */

static void test_random(void) {
  ok(s2s__mix(0) == UINT64_C(0xE220A8397B1DCDAF), "the mixer is SplitMix64's (first value of seed 0)");
  static uint32_t items[1000], seen[1000], again[1000];
  for (uint32_t i = 0; i < 1000; i++) items[i] = i;
  s2s__shuffle(items, 1000, 42);
  size_t moved = 0, lost = 0;
  for (uint32_t i = 0; i < 1000; i++) {
    seen[items[i] % 1000]++;
    moved += items[i] != i;
  }
  for (uint32_t i = 0; i < 1000; i++) lost += seen[i] != 1;
  ok(lost == 0 && moved > 950, "a shuffle is a permutation");
  for (uint32_t i = 0; i < 1000; i++) again[i] = i;
  s2s__shuffle(again, 1000, 42);
  ok(memcmp(items, again, sizeof items) == 0, "the same key shuffles alike");
  s2s__shuffle(again, 0, 1);
  s2s__shuffle(again, 1, 1);
  double sum = 0, squares = 0, low = 1, high = 0;
  int finite = 1;
  for (uint64_t i = 0; i < 100000; i++) {
    const double normal = s2s__normal(7, i), uniform = s2s__uniform(7, i);
    sum += normal;
    squares += normal * normal;
    finite = finite && isfinite(normal);
    low = fmin(low, uniform);
    high = fmax(high, uniform);
  }
  ok(finite && fabs(sum / 1e5) < 0.02 && fabs(squares / 1e5 - 1) < 0.02, "normal numbers have mean 0 and variance 1");
  ok(low >= 0 && low < 1e-3 && high < 1 && high > 0.999, "uniform numbers are in [0, 1)");
  size_t count[6] = {0}, worst = 0;
  for (uint64_t i = 0; i < 60000; i++) count[s2s__below(3, i, 6)]++;
  for (size_t i = 0; i < 6; i++) worst = count[i] > worst ? count[i] : worst;
  ok(worst < 10400, "a die is fair");
}

int main(void) {
  test_status();
  test_status_long();
  test_blocks();
  test_grow();
  test_arena();
  test_mark();
  test_arena_limit();
  test_parse_int();
  test_parse_real();
  test_format_real();
  test_round_trip();
  test_locale();
  test_utf8();
  test_random();
  return done();
}
