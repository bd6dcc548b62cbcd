/* SPDX-License-Identifier: MIT
 *
 * Checks of option values, and the values themselves. A value is the text the caller gave, checked by its row of the
 * table; it is read as a number again each time it is asked for, which is cheap beside anything options steer.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* the same in every file of base/, for the amalgamation: the first #include settles it */
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif

#include "base/option.h"
#include "base/number.h"
#include "base/utf8.h"

#include <string.h>

#define OPTION_KEY_MAX 63    /* bytes of an unknown key that are compared */
#define OPTION_LINE_MAX 4095 /* bytes of a line of an options file */

const s2s__option s2s__option_table[S2S__OPTION_COUNT] = {
#define S2S__OPTION_ROW(name, key, type, scope, fallback, range, help)                                                 \
  {key, S2S_OPTION_##type, S2S_SCOPE_##scope, fallback, range, help},
    S2S__OPTIONS(S2S__OPTION_ROW)
#undef S2S__OPTION_ROW
};

int32_t s2s__option_find(const char *key) {
  for (int32_t i = 0; i < S2S__OPTION_COUNT; i++)
    if (strcmp(s2s__option_table[i].key, key) == 0) return i;
  return -1;
}

/* Levenshtein's distance, one row of the matrix at a time; b has at most OPTION_KEY_MAX bytes. */
static size_t option_distance(const char *a, size_t a_length, const char *b, size_t b_length) {
  size_t row[OPTION_KEY_MAX + 1];
  for (size_t j = 0; j <= b_length; j++) row[j] = j;
  for (size_t i = 1; i <= a_length; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b_length; j++) {
      size_t best = diagonal + (a[i - 1] != b[j - 1]);
      if (row[j] + 1 < best) best = row[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      diagonal = row[j];
      row[j] = best;
    }
  }
  return row[b_length];
}

static const char *option_nearest(const char *key) {
  const char *nearest = s2s__option_table[0].key;
  size_t least = SIZE_MAX, length = strlen(key);
  if (length > OPTION_KEY_MAX) length = OPTION_KEY_MAX;
  for (size_t i = 0; i < S2S__OPTION_COUNT; i++) {
    const char *known = s2s__option_table[i].key;
    const size_t distance = option_distance(known, strlen(known), key, length);
    if (distance >= least) continue;
    least = distance;
    nearest = known;
  }
  return nearest;
}

/* Whether a value is a choice: itself, or where the choice is "name:N" or "name:TEXT", also the name with a whole number
 * from 1 on, or with any text. */
static int option_is_choice(const char *choice, size_t size, const char *value) {
  const char *colon = memchr(choice, ':', size);
  const size_t name = colon ? (size_t)(colon - choice) : size;
  int64_t number;
  if (strncmp(value, choice, name) != 0) return 0;
  if (value[name] == '\0') return 1;
  if (!colon || value[name] != ':' || value[name + 1] == '\0') return 0;
  const char *argument = value + name + 1;
  return colon[1] != 'N' || (s2s__parse_int(argument, strlen(argument), &number) && number >= 1);
}

/* Position of `value` in "a|b|c:N", or -1. */
static int32_t option_position(const char *range, const char *value) {
  int32_t position = 0;
  for (const char *at = range;; position++) {
    const char *bar = strchr(at, '|');
    const size_t size = bar ? (size_t)(bar - at) : strlen(at);
    if (option_is_choice(at, size, value)) return position;
    if (!bar) return -1;
    at = bar + 1;
  }
}

/* 1 inside the range, 0 outside, -1 no number of this type. A row whose range is no "min..max" allows nothing. */
static int option_check_number(const s2s__option *row, const char *value) {
  const char *dots = strstr(row->range, "..");
  const size_t length = strlen(value), low_length = dots ? (size_t)(dots - row->range) : 0;
  const char *high_text = dots ? dots + 2 : "";
  int64_t whole = 0, whole_low = 0, whole_high = 0;
  double real = 0, real_low = 0, real_high = 0;
  if (row->type == S2S_OPTION_INT) {
    if (!s2s__parse_int(value, length, &whole)) return -1;
    return s2s__parse_int(row->range, low_length, &whole_low) &&
           s2s__parse_int(high_text, strlen(high_text), &whole_high) && whole >= whole_low && whole <= whole_high;
  }
  if (!s2s__parse_real(value, length, &real)) return -1;
  return s2s__parse_real(row->range, low_length, &real_low) &&
         s2s__parse_real(high_text, strlen(high_text), &real_high) && real >= real_low && real <= real_high;
}

static int32_t option_fail(const s2s__option *row, const char *value, const char *what, const char *range,
                           s2s__error *error) {
  return s2s__fail(error, S2S_BAD_OPTION, "option '%s': '%.100s' is not %s%s", row->key, value, what, range);
}

static int32_t option_check(const s2s__option *row, const char *value, s2s__error *error) {
  const size_t length = strlen(value);
  if (row->type == S2S_OPTION_TEXT) {
    if (s2s__utf8_check(value, length) == length) return S2S_OK;
    return option_fail(row, value, "valid UTF-8", "", error);
  }
  if (row->type == S2S_OPTION_CHOICE || row->type == S2S_OPTION_BOOL) {
    if (option_position(row->range, value) >= 0) return S2S_OK;
    return option_fail(row, value, strchr(row->range, '|') ? "one of " : "", row->range, error);
  }
  const int found = option_check_number(row, value);
  if (found > 0) return S2S_OK;
  if (found == 0) return option_fail(row, value, "in ", row->range, error);
  return option_fail(row, value, row->type == S2S_OPTION_INT ? "a whole number in " : "a number in ", row->range,
                     error);
}

/* What a value is kept as: yes or no for all that means these. */
static const char *option_canonical(const s2s__option *row, const char *value) {
  static const char *const spelling[][2] = {{"1", "yes"}, {"true", "yes"}, {"on", "yes"},
                                            {"0", "no"},  {"false", "no"}, {"off", "no"}};
  for (size_t i = 0; row->type == S2S_OPTION_BOOL && i < sizeof spelling / sizeof *spelling; i++)
    if (strcmp(value, spelling[i][0]) == 0) return spelling[i][1];
  return value;
}

static void option_drop(s2s_options *options, int32_t id) {
  char *value = options->value[id];
  if (value) s2s__free(&options->host, value, strlen(value) + 1);
  options->value[id] = NULL;
}

static int32_t option_keep(s2s_options *options, int32_t id, const char *value, s2s__error *error) {
  const size_t size = strlen(value) + 1;
  char *copy = s2s__resize(&options->host, NULL, 0, size);
  if (!copy) return s2s__fail_memory(error, size, "an option");
  memcpy(copy, value, size);
  option_drop(options, id);
  options->value[id] = copy;
  return S2S_OK;
}

int32_t s2s__options_set(s2s_options *options, const char *key, const char *value, s2s__error *error) {
  const int32_t id = s2s__option_find(key);
  if (id < 0)
    return s2s__fail(error, S2S_BAD_OPTION, "there is no option '%.100s'; the nearest is '%s'", key,
                     option_nearest(key));
  if (!value) {
    option_drop(options, id);
    return S2S_OK;
  }
  value = option_canonical(&s2s__option_table[id], value);
  S2S__TRY(option_check(&s2s__option_table[id], value, error));
  return option_keep(options, id, value, error);
}

const char *s2s__option_text(const s2s_options *options, s2s__option_id id) {
  return options && options->value[id] ? options->value[id] : s2s__option_table[id].fallback;
}

int64_t s2s__option_int(const s2s_options *options, s2s__option_id id) {
  const char *text = s2s__option_text(options, id);
  int64_t value = 0;
  (void)s2s__parse_int(text, strlen(text), &value);
  return value;
}

size_t s2s__option_size(const s2s_options *options, s2s__option_id id) {
  const int64_t value = s2s__option_int(options, id);
  if (value < 0) return 0;
  return (uint64_t)value > SIZE_MAX ? SIZE_MAX : (size_t)value;
}

double s2s__option_real(const s2s_options *options, s2s__option_id id) {
  const char *text = s2s__option_text(options, id);
  double value = 0;
  (void)s2s__parse_real(text, strlen(text), &value);
  return value;
}

int s2s__option_bool(const s2s_options *options, s2s__option_id id) {
  return strcmp(s2s__option_text(options, id), "yes") == 0;
}

int32_t s2s__option_choice(const s2s_options *options, s2s__option_id id) {
  return option_position(s2s__option_table[id].range, s2s__option_text(options, id));
}

int s2s__option_is_set(const s2s_options *options, s2s__option_id id) {
  return options != NULL && options->value[id] != NULL;
}

s2s__host s2s__options_host(const s2s_options *options) {
  s2s__host host;
  s2s__host_init(&host);
  if (options) host = options->given;
  host.limit = s2s__option_size(options, S2S__MEMORY_LIMIT);
  host.replace_invalid = s2s__option_choice(options, S2S__INVALID_UTF8) == 1;
  return host;
}

void s2s__options_init(s2s_options *options, const s2s__host *host) {
  memset(options, 0, sizeof *options);
  options->host = *host;
}

void s2s__options_clear(s2s_options *options) {
  for (int32_t id = 0; id < S2S__OPTION_COUNT; id++) option_drop(options, id);
}

int32_t s2s__options_copy(s2s_options *dst, const s2s_options *src, s2s__error *error) {
  for (int32_t id = 0; src && id < S2S__OPTION_COUNT; id++)
    if (src->value[id]) S2S__TRY(option_keep(dst, id, src->value[id], error));
  return S2S_OK;
}

/* Takes blanks off both ends of text[0..length) and ends it with a NUL. */
static char *option_trim(char *text, size_t length) {
  while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t')) length--;
  text[length] = '\0';
  while (*text == ' ' || *text == '\t') text++;
  return text;
}

static int32_t option_read_line(s2s_options *options, const char *line, size_t length, s2s__error *error) {
  char copy[OPTION_LINE_MAX + 1];
  if (memchr(line, '\0', length)) return s2s__fail(error, S2S_BAD_OPTION, "the line holds a NUL byte");
  memcpy(copy, line, length);
  char *key = option_trim(copy, length);
  if (*key == '\0' || *key == '#') return S2S_OK;
  char *equals = strchr(key, '=');
  if (!equals) return s2s__fail(error, S2S_BAD_OPTION, "'%.100s' is not of the form key = value", key);
  char *value = option_trim(equals + 1, strlen(equals + 1));
  return s2s__options_set(options, option_trim(key, (size_t)(equals - key)), value, error);
}

int32_t s2s__options_read(s2s_options *options, s2s__reader *reader, s2s__error *error) {
  s2s__lines lines;
  s2s__lines_init(&lines, reader, OPTION_LINE_MAX);
  int32_t status = S2S_OK;
  while (status == S2S_OK) {
    const char *line = NULL;
    size_t length = 0;
    status = s2s__lines_next(&lines, &line, &length, error);
    if (status != S2S_OK || !line) break;
    status = option_read_line(options, line, length, error);
    if (status != S2S_OK)
      (void)s2s__fail_prefix(error, "%s: line %llu", reader->name, (unsigned long long)lines.number);
  }
  s2s__lines_free(&lines);
  return status;
}

#undef OPTION_KEY_MAX
#undef OPTION_LINE_MAX
