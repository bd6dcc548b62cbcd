/* SPDX-License-Identifier: MIT
 *
 * seq2seq quantize: a model in fewer bits.
 */
#define _POSIX_C_SOURCE 200809L
#include "command.h"

#include <sys/stat.h>

static void print_figures(const s2s_model *model, const char *path) {
  const char *value;
  struct stat file;
  if (!s2s_model_get(model, "parameters", &value)) printf("parameters\t%s\n", value);
  if (!s2s_model_get(model, "weights", &value)) printf("weights\t%s\n", value);
  if (stat(path, &file) == 0) printf("bytes\t%lld\n", (long long)file.st_size);
}

int command_quantize(const flags *given) {
  const char *path = given->value[FLAG_OUTPUT][0];
  s2s_model *model, *quantized;
  if (!path) return usage_error("nowhere to write the model; say where with -o FILE");
  if (given->model_count > 1) return usage_error("it works on one model at a time");
  int failure = load_model(given, &model);
  if (failure) return failure;
  int32_t status = s2s_model_quantize(model, given->options, &quantized);
  if (!status) status = s2s_model_save(quantized, path);
  if (!status) print_figures(quantized, path);
  s2s_model_free(quantized);
  s2s_model_free(model);
  return status ? library_failed(status) : EXIT_DONE;
}
