/* SPDX-License-Identifier: MIT
 *
 * base/option: the table is sound, values are checked when set, messages help, options are copied and read from text.
 */
#include "tap.h"
#include "test_base.h"

#include "base/option.h"

static int32_t set(s2s_options *options, const char *key, const char *value, s2s__error *error) {
  s2s__error_clear(error);
  return s2s__options_set(options, key, value, error);
}

static void test_option_table(void) {
  s2s__host host;
  s2s_options options;
  s2s__error error;
  s2s__host_init(&host);
  s2s__options_init(&options, &host);
  size_t bad = 0, twins = 0;
  for (int32_t i = 0; i < S2S__OPTION_COUNT; i++) {
    const s2s__option *row = &s2s__option_table[i];
    if (set(&options, row->key, row->fallback, &error) != S2S_OK) {
      diag("%s", error.text);
      bad++;
    }
    bad += s2s__option_find(row->key) != i || row->help[0] == '\0' || strlen(row->key) > 63;
    if (row->type == S2S_OPTION_BOOL) bad += strcmp(row->range, "yes|no") != 0;
    if (row->type == S2S_OPTION_CHOICE) bad += s2s__option_choice(NULL, (s2s__option_id)i) < 0;
    char flag[2][64];
    for (int32_t k = 0; k < i; k++) {
      const char *keys[2] = {row->key, s2s__option_table[k].key};
      for (size_t w = 0; w < 2; w++) {
        snprintf(flag[w], sizeof flag[w], "%s", keys[w]);
        for (char *c = flag[w]; *c; c++) *c = *c == '.' || *c == '_' ? '-' : *c;
      }
      twins += strcmp(flag[0], flag[1]) == 0;
    }
  }
  is_int((int64_t)bad, 0, "every row's default is valid and its key is found");
  is_int((int64_t)twins, 0, "no two keys give one flag");
  s2s__options_clear(&options);
  is_int(s2s__option_find("no such key"), -1, "an unknown key is not found");
}

static void test_option_values(void) {
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s_options options;
  s2s__error error;
  s2s__options_init(&options, &host);
  is_int(s2s__option_int(NULL, S2S__BEAM), 5, "without options there are defaults");
  is_int(set(&options, "beam", "12", &error), S2S_OK, "a value is set");
  ok(s2s__option_int(&options, S2S__BEAM) == 12 && s2s__option_size(&options, S2S__BEAM) == 12 &&
         s2s__option_is_set(&options, S2S__BEAM),
     "and read");
  ok(!s2s__option_is_set(&options, S2S__NBEST) && !s2s__option_is_set(NULL, S2S__BEAM), "others are not set");
  is_int(set(&options, "beam", "0", &error), S2S_BAD_OPTION, "a value below the range is refused");
  is_text(error.text, "option 'beam': '0' is not in 1..1024", "with a sentence");
  is_int(set(&options, "beam", "1025", &error), S2S_BAD_OPTION, "a value above it too");
  is_int(set(&options, "beam", "4.5", &error), S2S_BAD_OPTION, "and what is no whole number");
  is_text(error.text, "option 'beam': '4.5' is not a whole number in 1..1024", "with another sentence");
  is_int(set(&options, "beam", "", &error), S2S_BAD_OPTION, "and nothing");
  is_int(s2s__option_int(&options, S2S__BEAM), 12, "the old value stands");
  is_int(set(&options, "seed", "9223372036854775807", &error), S2S_OK, "the largest seed is allowed");
  is_int(set(&options, "seed", "9223372036854775808", &error), S2S_BAD_OPTION, "one more is not");
  is_int(set(&options, "dropout", "0.95", &error), S2S_OK, "a real number at its upper end");
  ok(s2s__option_real(&options, S2S__DROPOUT) == (double)0.95, "is read exactly");
  is_int(set(&options, "dropout", "0.951", &error), S2S_BAD_OPTION, "past it is refused");
  is_int(set(&options, "dropout", "nan", &error), S2S_BAD_OPTION, "so is nan");
  is_text(error.text, "option 'dropout': 'nan' is not a number in 0..0.95", "with a sentence");
  is_int(set(&options, "clip_norm", "1e9", &error), S2S_OK, "a range may have an exponent");
  is_int(set(&options, "decoder.order", "bahdanau", &error), S2S_OK, "a choice");
  is_int(s2s__option_choice(&options, S2S__DECODER_ORDER), 1, "is its position");
  is_int(set(&options, "decoder.order", "bahdana", &error), S2S_BAD_OPTION, "part of a choice is none");
  is_text(error.text, "option 'decoder.order': 'bahdana' is not one of luong|bahdanau", "with a sentence");
  is_int(set(&options, "decoder.order", "luong|bahdanau", &error), S2S_BAD_OPTION, "neither are two");
  is_int(set(&options, "verify", "no", &error), S2S_OK, "no");
  ok(!s2s__option_bool(&options, S2S__VERIFY) && s2s__option_bool(NULL, S2S__VERIFY), "is not yes");
  static const char *const spelling[][2] = {{"true", "yes"}, {"on", "yes"}, {"1", "yes"},
                                            {"false", "no"}, {"off", "no"}, {"0", "no"}};
  for (size_t i = 0; i < sizeof spelling / sizeof *spelling; i++) {
    is_int(set(&options, "verify", spelling[i][0], &error), S2S_OK, "another word");
    is_text(s2s__option_text(&options, S2S__VERIFY), spelling[i][1], "is kept as the one");
  }
  is_int(set(&options, "verify", "True", &error), S2S_BAD_OPTION, "True is neither");
  is_int(set(&options, "beem", "3", &error), S2S_BAD_OPTION, "an unknown key is refused");
  is_text(error.text, "there is no option 'beem'; the nearest is 'beam'", "and the nearest named");
  (void)set(&options, "encoder.layer", "3", &error);
  is_text(error.text, "there is no option 'encoder.layer'; the nearest is 'encoder.layers'", "also for a longer one");
  char endless[5000];
  memset(endless, 'z', sizeof endless);
  endless[sizeof endless - 1] = '\0';
  is_int(set(&options, endless, endless, &error), S2S_BAD_OPTION, "an endless key is refused");
  is_int(set(&options, "beam", endless, &error), S2S_BAD_OPTION, "and an endless value");
  is_int(set(&options, "beam", NULL, &error), S2S_OK, "NULL puts the default back");
  ok(s2s__option_int(&options, S2S__BEAM) == 5 && !s2s__option_is_set(&options, S2S__BEAM), "it does");
  s2s__options_clear(&options);
  ok(memory.live_blocks == 0 && memory.wrong_sizes == 0, "no leak");
}

static void test_option_copy(void) {
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s_options from, to;
  s2s__error error;
  s2s__options_init(&from, &host);
  s2s__options_init(&to, &host);
  (void)set(&from, "beam", "7", &error);
  (void)set(&from, "cpu", "c", &error);
  is_int(s2s__options_copy(&to, &from, &error), S2S_OK, "options are copied");
  (void)set(&from, "beam", "8", &error);
  ok(s2s__option_int(&to, S2S__BEAM) == 7 && strcmp(s2s__option_text(&to, S2S__CPU), "c") == 0,
     "with their own values");
  is_int(s2s__options_copy(&to, NULL, &error), S2S_OK, "from nothing nothing is copied");
  s2s__options_clear(&to);
  int32_t status = S2S_OUT_OF_MEMORY;
  size_t failures = 0;
  for (; status != S2S_OK && failures < 10; failures++) {
    s2s__error_clear(&error);
    memory.requests = 0;
    memory.fail_at = failures + 1;
    status = s2s__options_copy(&to, &from, &error);
    s2s__options_clear(&to);
  }
  memory.fail_at = 0;
  is_int((int64_t)failures, 3, "out of memory at each of the two values, then success");
  s2s__options_clear(&from);
  ok(memory.live_blocks == 0 && memory.wrong_sizes == 0, "no leak");
}

static int32_t read_options(s2s_options *options, const char *text, size_t length, s2s__error *error) {
  s2s__reader reader;
  s2s__error_clear(error);
  s2s__reader_open_memory(&reader, &options->host, text, length);
  const int32_t status = s2s__options_read(options, &reader, error);
  s2s__reader_close(&reader);
  return status;
}

static void test_option_read(void) {
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s_options options;
  s2s__error error;
  s2s__options_init(&options, &host);
  const char *good = "\xEF\xBB\xBF# a comment\r\n\r\n  beam =  3\t\r\nverify=no\n\t# more\nseed = 9";
  is_int(read_options(&options, good, strlen(good), &error), S2S_OK, "a text of options is read");
  ok(s2s__option_int(&options, S2S__BEAM) == 3 && !s2s__option_bool(&options, S2S__VERIFY) &&
         s2s__option_int(&options, S2S__SEED) == 9,
     "with its values");
  static const char *const bad[][2] = {
      {"beam = 3\nbeam 4\n", "memory: line 2: 'beam 4' is not of the form key = value"},
      {"\n\nbeam = 0", "memory: line 3: option 'beam': '0' is not in 1..1024"},
      {"beam =", "memory: line 1: option 'beam': '' is not a whole number in 1..1024"},
      {"= 3", "memory: line 1: there is no option ''; the nearest is 'cpu'"},
      {"beam = 3 = 4", "memory: line 1: option 'beam': '3 = 4' is not a whole number in 1..1024"}};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    is_int(read_options(&options, bad[i][0], strlen(bad[i][0]), &error), S2S_BAD_OPTION, "a bad line is refused");
    is_text(error.text, bad[i][1], "and named");
  }
  is_int(read_options(&options, "be\0am = 3", 9, &error), S2S_BAD_OPTION, "a NUL byte is refused");
  static char endless[5000];
  memset(endless, '#', sizeof endless);
  is_int(read_options(&options, endless, sizeof endless, &error), S2S_LIMIT, "an endless line is refused");
  is_int(read_options(&options, "", 0, &error), S2S_OK, "an empty text is fine");
  s2s__options_clear(&options);
  ok(memory.live_blocks == 0 && memory.wrong_sizes == 0, "no leak");
}

int main(void) {
  test_option_table();
  test_option_values();
  test_option_copy();
  test_option_read();
  return done();
}
