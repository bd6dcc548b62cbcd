/* SPDX-License-Identifier: MIT
 *
 * Model files: whatever the bytes, loading fails with a message or gives a model that translates, says what it is, and
 * can be saved. The checksum is not looked at, or nothing but it would be tested.
 */
#include "fuzz.h"

#define FOLDER FUZZ_FOLDER "fuzz_model"

static s2s_options *options;

static void make_input(const char *path, const char *const settings[][2], size_t count) {
  s2s_options *o = tiny_options(NULL);
  for (size_t i = 0; i < count; i++) tiny_set(o, settings[i][0], settings[i][1]);
  s2s_model *model = tiny_model(o);
  fuzz_must(s2s_model_save(model, path) == S2S_OK, "a first input is written");
  s2s_model_free(model);
  s2s_options_free(o);
}

static void make_inputs(void) {
  static const char *const plain[][2] = {{"embedding.dim", "1"}, {"encoder.hidden", "1"}, {"decoder.hidden", "2"}};
  static const char *const full[][2] = {
      {"embedding.dim", "1"},      {"encoder.hidden", "1"},        {"encoder.bidirectional", "no"},
      {"decoder.hidden", "2"},     {"decoder.bridge", "linear"},   {"attention.type", "additive"},
      {"decoder.readout", "1"},    {"encoder.cell", "gru"},        {"attention.input_feeding", "yes"},
      {"target.tokens", "words"},  {"source.eos", "yes"}};
  make_input(FOLDER "/input-plain", plain, TINY_COUNT(plain));
  make_input(FOLDER "/input-full", full, TINY_COUNT(full));
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  static char folder[] = FOLDER;
  fuzz_use_folder(argc, argv, folder);
  if (strcmp((*argv)[*argc - 1], FOLDER) == 0) make_inputs();
  options = tiny_plain_options(NULL);
  tiny_set(options, "verify", "no");
  tiny_set(options, "memory_limit", "67108864");
  tiny_set(options, "max_length", "4");
  tiny_set(options, "beam", "2");
  tiny_set(options, "nbest", "2");
  return 0;
}

static void use(const s2s_model *model) {
  static const char *const texts[] = {"ab", ""};
  s2s_result *result;
  const char *value;
  const int32_t status = s2s_translate(model, options, texts, NULL, 2, &result);
  fuzz_must(status == S2S_OK || status == S2S_OUT_OF_MEMORY, "a model that was loaded translates");
  fuzz_must(s2s_model_get(model, "parameters", &value) == S2S_OK && *value, "it knows its size");
  for (size_t text = 0; text < s2s_result_count(result); text++)
    fuzz_must(s2s_result_text(result, text, 0) != NULL, "each text has a hypothesis");
  s2s_result_free(result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  s2s_model *model;
  const int32_t status = s2s_model_load_buffer(size ? (const char *)data : "", size, options, &model);
  if (status == S2S_OK) use(model);
  else fuzz_must(model == NULL && *s2s_error_message(), "a failure has a message and no model");
  s2s_model_free(model);
  return 0;
}
