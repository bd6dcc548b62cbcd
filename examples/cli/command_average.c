/* SPDX-License-Identifier: MIT
 *
 * seq2seq average: several models of one shape, such as the best of a training, as their mean.
 */
#include "command.h"

static int32_t load_all(const flags *given, s2s_model *models[MOST_MODELS]) {
  int32_t status = S2S_OK;
  for (size_t i = 0; i < given->model_count && !status; i++)
    status = s2s_model_load(given->models[i], given->options, &models[i]);
  return status;
}

int command_average(const flags *given) {
  const char *path = given->value[FLAG_OUTPUT][0];
  s2s_model *models[MOST_MODELS] = {NULL}, *average = NULL;
  if (!path) return usage_error("nowhere to write the model; say where with -o FILE");
  if (given->model_count < 2) return usage_error("nothing to average; name two models or more, each with -m FILE");
  int32_t status = load_all(given, models), mean = S2S_OK;
  if (!status) mean = s2s_model_average((const s2s_model *const *)models, given->model_count, given->options, &average);
  if (!status && !mean) status = s2s_model_save(average, path);
  int failure = mean ? models_failed(mean) : status ? library_failed(status) : EXIT_DONE;
  s2s_model_free(average);
  for (size_t i = 0; i < given->model_count; i++) s2s_model_free(models[i]);
  return failure;
}
