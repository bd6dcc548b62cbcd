/* SPDX-License-Identifier: MIT
 *
 * s2s_model_*.
 */
#include "model/model.h"
#include "api/api.h"

#include <string.h>

/* ---- making ------------------------------------------------------------------------------------------------------ */

int32_t s2s_model_quantize(const s2s_model *model, const s2s_options *options, s2s_model **quantized) {
  S2S__API_OUT(quantized);
  S2S__API_NEED(model);
  s2s__error error = {.status = S2S_OK};
  const s2s__float_mode mode = s2s__float_mode_enter();
  int32_t status = s2s__model_check_single(model, "quantized", &error);
  if (status == S2S_OK) status = s2s__model_quantize(model, options, quantized, &error);
  s2s__float_mode_leave(mode);
  return s2s__api_finish(&error, status);
}

typedef int32_t (*model_join_fn)(const s2s_model *const *models, size_t count, const s2s_options *options,
                                 s2s_model **model, s2s__error *error);

static int32_t model_join(const char *function, model_join_fn join, const s2s_model *const *models, size_t count,
                          const s2s_options *options, s2s_model **joined) {
  s2s__error error = {.status = S2S_OK};
  for (size_t i = 0; i < count; i++)
    if (!models[i])
      return s2s__api_finish(&error, s2s__fail(&error, S2S_BAD_ARGUMENT, "%s: model %zu is NULL", function, i));
  const s2s__float_mode mode = s2s__float_mode_enter();
  const int32_t status = join(models, count, options, joined, &error);
  s2s__float_mode_leave(mode);
  return s2s__api_finish(&error, status);
}

int32_t s2s_model_ensemble(const s2s_model *const *models, size_t count, const s2s_options *options,
                           s2s_model **ensemble) {
  S2S__API_OUT(ensemble);
  S2S__API_NEED(models);
  return model_join("s2s_model_ensemble", s2s__model_ensemble, models, count, options, ensemble);
}

int32_t s2s_model_average(const s2s_model *const *models, size_t count, const s2s_options *options,
                          s2s_model **average) {
  S2S__API_OUT(average);
  S2S__API_NEED(models);
  return model_join("s2s_model_average", s2s__model_average, models, count, options, average);
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

static int32_t model_load(s2s__reader *reader, const s2s_options *options, s2s_model **model, s2s__error *error) {
  const s2s__float_mode mode = s2s__float_mode_enter();
  const int32_t status = s2s__model_read(reader, options, model, error);
  s2s__float_mode_leave(mode);
  s2s__reader_close(reader);
  return s2s__api_finish(error, status);
}

int32_t s2s_model_load(const char *path, const s2s_options *options, s2s_model **model) {
  S2S__API_OUT(model);
  S2S__API_NEED(path);
  s2s__error error = {.status = S2S_OK};
  const s2s__host host = s2s__options_host(options);
  s2s__reader reader;
  const int32_t status = s2s__reader_open_path(&reader, &host, path, &error);
  return status == S2S_OK ? model_load(&reader, options, model, &error) : s2s__api_finish(&error, status);
}

int32_t s2s_model_load_buffer(const void *bytes, size_t size, const s2s_options *options, s2s_model **model) {
  S2S__API_OUT(model);
  S2S__API_NEED(bytes);
  s2s__error error = {.status = S2S_OK};
  const s2s__host host = s2s__options_host(options);
  s2s__reader reader;
  s2s__reader_open_memory(&reader, &host, bytes, size);
  return model_load(&reader, options, model, &error);
}

int32_t s2s_model_load_reader(s2s_read_fn read, void *user, const s2s_options *options, s2s_model **model) {
  S2S__API_OUT(model);
  S2S__API_NEED(read);
  s2s__error error = {.status = S2S_OK};
  const s2s__host host = s2s__options_host(options);
  s2s__reader reader;
  s2s__reader_open_callback(&reader, &host, read, user);
  return model_load(&reader, options, model, &error);
}

int32_t s2s_model_save(const s2s_model *model, const char *path) {
  S2S__API_NEED(model);
  S2S__API_NEED(path);
  s2s__error error = {.status = S2S_OK};
  int32_t status = s2s__model_check_single(model, "saved", &error);
  if (status == S2S_OK) status = s2s__model_write(model, NULL, path, &error);
  return s2s__api_finish(&error, status);
}

void s2s_model_free(s2s_model *model) { s2s__model_release(model); }

/* ---- what it says of itself -------------------------------------------------------------------------------------- */

int32_t s2s_model_get(const s2s_model *model, const char *key, const char **value) {
  S2S__API_OUT(value);
  S2S__API_NEED(model);
  S2S__API_NEED(key);
  s2s__error error = {.status = S2S_OK};
  const int32_t id = s2s__option_find(key);
  if (id >= 0 && s2s__option_table[id].scope == S2S_SCOPE_MODEL)
    *value = s2s__option_text(&model->options, (s2s__option_id)id);
  else if (strcmp(key, "format") == 0)
    *value = S2S__API_TEXT(S2S__FILE_FORMAT);
  else if (strcmp(key, "parameters") == 0)
    *value = model->parameters;
  else if (strcmp(key, "weights") == 0)
    *value = s2s__params_storage(&model->network.params);
  else if (strcmp(key, "shortlist") == 0)
    *value = model->shortlist;
  else if (strcmp(key, "cpu") == 0)
    *value = model->kernels->name;
  if (*value) return S2S_OK;
  return s2s__api_finish(&error, s2s__fail(&error, S2S_BAD_OPTION, "a model has no property '%.100s'", key));
}

static const s2s__vocabulary *model_vocabulary(const s2s_model *model, int32_t side) {
  return model && (side == S2S_SOURCE || side == S2S_TARGET) ? &model->vocabulary[side] : NULL;
}

size_t s2s_model_vocabulary_size(const s2s_model *model, int32_t side) {
  const s2s__vocabulary *vocabulary = model_vocabulary(model, side);
  return vocabulary ? vocabulary->size : 0;
}

const char *s2s_model_token(const s2s_model *model, int32_t side, int32_t id) {
  const s2s__vocabulary *vocabulary = model_vocabulary(model, side);
  return vocabulary && id >= 0 && (size_t)id < vocabulary->size ? vocabulary->text[id] : NULL;
}

/* ---- parameters -------------------------------------------------------------------------------------------------- */

static const s2s__param *model_parameter(const s2s_model *model, size_t index) {
  return model && index < model->network.params.count ? model->network.params.item[index] : NULL;
}

static int32_t model_need_parameter(const s2s_model *model, size_t index, const s2s__param **param, s2s__error *error) {
  *param = model_parameter(model, index);
  if (*param) return S2S_OK;
  return s2s__fail(error, S2S_BAD_ARGUMENT, "parameter index %zu: the model has %zu parameters", index,
                   model->network.params.count);
}

static int32_t model_need_values(const s2s_model *model, size_t index, size_t count, const s2s__param **param,
                                 s2s__error *error) {
  S2S__TRY(model_need_parameter(model, index, param, error));
  if (count == s2s__param_size(*param)) return S2S_OK;
  return s2s__fail(error, S2S_BAD_ARGUMENT, "parameter %s has %zu values, not %zu", (*param)->name,
                   s2s__param_size(*param), count);
}

size_t s2s_model_parameter_count(const s2s_model *model) { return model ? model->network.params.count : 0; }

const char *s2s_model_parameter_name(const s2s_model *model, size_t index) {
  const s2s__param *param = model_parameter(model, index);
  return param ? param->name : NULL;
}

size_t s2s_model_parameter_size(const s2s_model *model, size_t index) {
  const s2s__param *param = model_parameter(model, index);
  return param ? s2s__param_size(param) : 0;
}

size_t s2s_model_parameter_dims(const s2s_model *model, size_t index) {
  const s2s__param *param = model_parameter(model, index);
  return param ? (param->is_vector ? 1 : 2) : 0;
}

size_t s2s_model_parameter_dim(const s2s_model *model, size_t index, size_t dimension) {
  if (dimension >= s2s_model_parameter_dims(model, index)) return 0;
  const s2s__param *param = model_parameter(model, index);
  return dimension > 0 || param->is_vector ? param->cols : param->rows;
}

int32_t s2s_model_parameter_read(const s2s_model *model, size_t index, float *values, size_t count) {
  S2S__API_NEED(model);
  S2S__API_NEED(values);
  s2s__error error = {.status = S2S_OK};
  const s2s__param *param;
  int32_t status = model_need_values(model, index, count, &param, &error);
  s2s__arena scratch;
  s2s__arena_init(&scratch, &model->host);
  if (status == S2S_OK) status = s2s__param_read(param, &scratch, values, &error);
  s2s__arena_free(&scratch);
  return s2s__api_finish(&error, s2s__name_limit(&model->host, &error, status));
}

static int32_t model_need_idle(const s2s_model *model, const char *what, s2s__error *error) {
  if (!atomic_load(&model->in_use)) return S2S_OK;
  return s2s__fail(error, S2S_BUSY, "%s: the model is in use; write before the first handle is made", what);
}

int32_t s2s_model_load_parameters(s2s_model *model, const char *path) {
  S2S__API_NEED(model);
  S2S__API_NEED(path);
  s2s__error error = {.status = S2S_OK};
  s2s__reader reader;
  int32_t status = s2s__model_check_single(model, "written", &error);
  if (status == S2S_OK) status = model_need_idle(model, path, &error);
  if (status == S2S_OK) status = s2s__reader_open_path(&reader, &model->host, path, &error);
  if (status != S2S_OK) return s2s__api_finish(&error, status);
  const s2s__float_mode mode = s2s__float_mode_enter();
  status = s2s__model_read_parameters(&reader, model, &error);
  s2s__float_mode_leave(mode);
  s2s__reader_close(&reader);
  return s2s__api_finish(&error, s2s__name_limit(&model->host, &error, status));
}

int32_t s2s_model_parameter_write(s2s_model *model, size_t index, const float *values, size_t count) {
  S2S__API_NEED(model);
  S2S__API_NEED(values);
  s2s__error error = {.status = S2S_OK};
  const s2s__param *param;
  int32_t status = s2s__model_check_single(model, "written", &error);
  if (status == S2S_OK) status = model_need_values(model, index, count, &param, &error);
  if (status == S2S_OK) status = model_need_idle(model, param->name, &error);
  if (status == S2S_OK) status = s2s__param_check(param, 0, count, values, &error);
  if (status == S2S_OK) status = s2s__param_write(param, &model->arena, values, &error);
  return s2s__api_finish(&error, s2s__name_limit(&model->host, &error, status));
}
