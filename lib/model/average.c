/* SPDX-License-Identifier: MIT
 *
 * The mean of several models' parameters as one model: checkpoint averaging (Vaswani et al. 2017, section 6.1).
 */
#include "model/model.h"

#include <string.h>

/* Parameters can be averaged where each stands for the same thing. */
static int32_t average_check(const s2s_model *first, const s2s_model *other, size_t number, s2s__error *error) {
  const s2s__params *a = &first->network.params, *b = &other->network.params;
  S2S__TRY(s2s__model_check_alike(first, other, number, "an average", error));
  int alike = a->count == b->count;
  for (size_t i = 0; alike && i < a->count; i++)
    alike = strcmp(a->item[i]->name, b->item[i]->name) == 0 && a->item[i]->rows == b->item[i]->rows &&
            a->item[i]->cols == b->item[i]->cols;
  for (int32_t id = 0; alike && id < S2S__OPTION_COUNT; id++)
    alike = s2s__option_table[id].scope != S2S_SCOPE_MODEL ||
            strcmp(s2s__option_text(&first->options, (s2s__option_id)id),
                   s2s__option_text(&other->options, (s2s__option_id)id)) == 0;
  if (alike) return S2S_OK;
  return s2s__fail(error, S2S_BAD_ARGUMENT, "an average: model %zu is of another shape than model 0", number);
}

/* flat[size] = the mean of one parameter; added up in double, in the order of the models. */
static int32_t average_parameter(const s2s_model *const *models, size_t count, size_t number, s2s__arena *scratch,
                                 s2s__real *flat, s2s__error *error) {
  const size_t size = s2s__param_size(models[0]->network.params.item[number]);
  const s2s__mark mark = s2s__arena_mark(scratch);
  float *values = S2S__TAKE(scratch, float, size);
  double *sum = s2s__arena_take_zeroed(scratch, size * sizeof *sum);
  if (!values || !sum) return s2s__fail_memory(error, size * sizeof *sum, "an average");
  for (size_t m = 0; m < count; m++) {
    S2S__TRY(s2s__param_read(models[m]->network.params.item[number], scratch, values, error));
    for (size_t i = 0; i < size; i++) sum[i] += (double)values[i];
  }
  for (size_t i = 0; i < size; i++) flat[i] = (s2s__real)(sum[i] / (double)count);
  s2s__arena_rewind(scratch, mark);
  return S2S_OK;
}

static int32_t average_make(const s2s_model *const *models, size_t count, const s2s__host *host, s2s__arena *scratch,
                            s2s_model **average, s2s__error *error) {
  const s2s__params *params = &models[0]->network.params;
  for (size_t i = 0; i < count; i++) S2S__TRY(average_check(models[0], models[i], i, error));
  s2s__real *flat = S2S__TAKE(scratch, s2s__real, params->total);
  if (!flat) return s2s__fail_memory(error, params->total * sizeof *flat, "an average");
  for (size_t i = 0; i < params->count; i++)
    S2S__TRY(average_parameter(models, count, i, scratch, flat + params->item[i]->offset, error));
  return s2s__model_clone(models[0], host, models[0]->kernels, flat, average, error);
}

int32_t s2s__model_average(const s2s_model *const *models, size_t count, const s2s_options *options,
                           s2s_model **average, s2s__error *error) {
  const s2s__host host = s2s__options_host(options);
  s2s__arena scratch;
  *average = NULL;
  if (count == 0) return s2s__fail(error, S2S_BAD_ARGUMENT, "an average of no models");
  s2s__arena_init(&scratch, &host);
  const int32_t status = average_make(models, count, &host, &scratch, average, error);
  s2s__arena_free(&scratch);
  return status;
}
