/* SPDX-License-Identifier: MIT
 *
 * Options: whatever stands in a file of options, it is read or refused with a message, and every value that was taken
 * is one that may be set.
 */
#include "fuzz.h"

#include "base/option.h"

#define FOLDER FUZZ_FOLDER "fuzz_options"

/* Every option there is, one a line. */
static void write_defaults(void) {
  static char text[4096];
  size_t at = 0;
  for (size_t i = 0; i < s2s_option_count() && at < sizeof text - 128; i++)
    at += (size_t)snprintf(text + at, sizeof text - at, "%.60s = %.60s\n", s2s_option_name(i), s2s_option_default(i));
  tiny_write_file(FOLDER "/input-defaults", text);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  static char folder[] = FOLDER;
  static const char *const inputs[] = {"# remark\n\nbeam = 5\nseed=1\n", "learning_rate = 1e-3\r\nencoder.cell = gru",
                                       "\xef\xbb\xbfverify = no\nattention.type=none\ndropout = 0.25\n"};
  fuzz_use_folder(argc, argv, folder);
  if (strcmp((*argv)[*argc - 1], FOLDER) != 0) return 0;
  fuzz_write_inputs(FOLDER, inputs, TINY_COUNT(inputs));
  write_defaults();
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  s2s_options *options;
  s2s__reader reader;
  s2s__host host;
  s2s__error error = {.status = S2S_OK};
  s2s__host_init(&host);
  fuzz_must(s2s_options_new(&options) == S2S_OK, "options are made");
  s2s__reader_open_memory(&reader, &host, data, size);
  if (s2s__options_read(options, &reader, &error) != S2S_OK) fuzz_must(error.text[0], "a failure has a message");
  for (size_t i = 0; i < s2s_option_count(); i++) {
    const char *value, *name = s2s_option_name(i);
    fuzz_must(s2s_options_get(options, name, &value) == S2S_OK, "each option has a value");
    fuzz_must(s2s_options_set(options, name, value) == S2S_OK, "that may be set");
  }
  s2s_options_free(options);
  return 0;
}
