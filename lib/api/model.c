/* SPDX-License-Identifier: MIT
 *
 * s2s_model_*.
 */
#include "model/model.h"
#include "api/api.h"
#include "train/corpus.h"
#include "train/preset.h"

#include <string.h>

/* ---- making ------------------------------------------------------------------------------------------------------ */

/* The texts of one side of a corpus, or of both, one after the other. */
typedef struct model_texts {
  const s2s_corpus *corpus;
  int32_t side, sides;
} model_texts;

static s2s__text model_text(const void *data, size_t number) {
  const model_texts *texts = data;
  const size_t pairs = texts->corpus->count;
  const s2s__pair *pair = &texts->corpus->pair[number % pairs];
  const int32_t side = texts->side + (int32_t)(number / pairs);
  return (s2s__text){pair->text[side], pair->length[side]};
}

static s2s__texts model_texts_of(const model_texts *texts) {
  return (s2s__texts){texts, texts->corpus->count * (size_t)texts->sides, model_text};
}

/* Tokens that are seen; of pieces all are known beforehand. */
static int32_t model_learn_vocabulary(s2s_model *model, int32_t side, const s2s__texts *texts,
                                      const s2s_options *options, s2s__error *error) {
  s2s__token_counter *counter;
  if (!model->segmenter[side]->splitter)
    return s2s__pieces_vocabulary(model->segmenter[side]->pieces, &model->vocabulary[side], &model->arena, error);
  S2S__TRY(s2s__token_counter_new(&model->host, &counter, error));
  int32_t status = s2s__model_count_tokens(model, side, texts, NULL, counter, error);
  if (status == S2S_OK)
    status = s2s__vocabulary_build(&model->vocabulary[side], &model->arena, counter,
                                   (uint64_t)s2s__option_int(options, S2S__VOCABULARY_MIN_COUNT),
                                   s2s__option_size(options, S2S__VOCABULARY_MAX_SIZE), error);
  s2s__token_counter_free(counter);
  return status;
}

/* Segmenter and vocabulary of a side; when both sides share theirs, from the texts of both. */
static int32_t model_learn_side(s2s_model *model, const s2s_corpus *corpus, int32_t side, int joint,
                                const s2s_options *options, s2s__error *error) {
  const model_texts data = {corpus, joint ? S2S_SOURCE : side, joint ? 2 : 1};
  const s2s__texts texts = model_texts_of(&data);
  const s2s__pieces *known = model->segmenter[S2S_SOURCE]->pieces;
  if (joint && side == S2S_TARGET && known)
    S2S__TRY(s2s__segmenter_parse(model->segmenter[side], known->bytes, known->size, error));
  else
    S2S__TRY(s2s__segmenter_learn(model->segmenter[side], options, side, &texts, error));
  return model_learn_vocabulary(model, side, &texts, options, error);
}

static int32_t model_learn(s2s_model *model, const s2s_corpus *corpus, const s2s_options *options, s2s__error *error) {
  const int joint = s2s__option_choice(options, S2S__EMBEDDING_TIE) == S2S__TIE_ALL ||
                    s2s__option_bool(options, S2S__VOCABULARY_JOINT);
  if (corpus->count == 0) return s2s__fail(error, S2S_BAD_ARGUMENT, "s2s_model_create: the corpus is empty");
  if (joint &&
      strcmp(s2s__option_text(options, S2S__SOURCE_TOKENS), s2s__option_text(options, S2S__TARGET_TOKENS)) != 0)
    return s2s__fail(error, S2S_BAD_OPTION,
                     "one vocabulary for both sides (%s) needs source.tokens and target.tokens to "
                     "be the same",
                     s2s__option_bool(options, S2S__VOCABULARY_JOINT) ? "vocabulary.joint yes" : "embedding.tie all");
  S2S__TRY(s2s__model_make_segmenters(model, error));
  for (int32_t side = 0; side < 2; side++) S2S__TRY(model_learn_side(model, corpus, side, joint, options, error));
  S2S__TRY(s2s__model_build(model, error));
  return s2s__params_draw(&model->network.params, (uint64_t)s2s__option_int(options, S2S__SEED), error);
}

/* With the options that a preset adds to those that were given. */
static int32_t model_create(const s2s_corpus *corpus, const s2s_options *given, s2s_options *options, s2s_model **model,
                            s2s__error *error) {
  const s2s__host host = s2s__options_host(given);
  S2S__TRY(s2s__options_copy(options, given, error));
  S2S__TRY(s2s__preset_apply(options, corpus->count, error));
  S2S__TRY(s2s__model_new(&host, options, model, error));
  const int32_t status = model_learn(*model, corpus, options, error);
  return status == S2S_OK ? S2S_OK : s2s__model_abandon(*model, status, error);
}

int32_t s2s_model_create(const s2s_corpus *corpus, const s2s_options *options, s2s_model **model) {
  S2S__API_OUT(model);
  S2S__API_NEED(corpus);
  s2s__error error = {.status = S2S_OK};
  s2s_options all;
  s2s_model *m = NULL;
  const s2s__host host = s2s__options_host(options);
  s2s__options_init(&all, &host);
  const s2s__float_mode mode = s2s__float_mode_enter();
  const int32_t status = model_create(corpus, options, &all, &m, &error);
  s2s__float_mode_leave(mode);
  s2s__options_clear(&all);
  if (status == S2S_OK) *model = m;
  return s2s__api_finish(&error, status);
}

int32_t s2s_model_extend(const s2s_model *model, const s2s_corpus *corpus, const s2s_options *options,
                         s2s_model **extended) {
  S2S__API_OUT(extended);
  S2S__API_NEED(model);
  S2S__API_NEED(corpus);
  s2s__error error = {.status = S2S_OK};
  const int joint = s2s__option_choice(&model->options, S2S__EMBEDDING_TIE) == S2S__TIE_ALL;
  const model_texts data[2] = {{corpus, S2S_SOURCE, joint ? 2 : 1},
                               {corpus, joint ? S2S_SOURCE : S2S_TARGET, joint ? 2 : 1}};
  const s2s__texts texts[2] = {model_texts_of(&data[0]), model_texts_of(&data[1])};
  const s2s__float_mode mode = s2s__float_mode_enter();
  int32_t status = s2s__model_check_single(model, "extended", &error);
  if (status == S2S_OK) status = s2s__model_extend(model, texts, options, extended, &error);
  s2s__float_mode_leave(mode);
  return s2s__api_finish(&error, status);
}

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

int32_t s2s_model_parameter_shape(const s2s_model *model, size_t index, size_t shape[2]) {
  S2S__API_NEED(model);
  S2S__API_NEED(shape);
  s2s__error error = {.status = S2S_OK};
  const s2s__param *param;
  const int32_t status = model_need_parameter(model, index, &param, &error);
  if (status != S2S_OK) return s2s__api_finish(&error, status);
  shape[0] = param->is_vector ? param->cols : param->rows;
  shape[1] = param->is_vector ? 0 : param->cols;
  return S2S_OK;
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
  int32_t status = model_need_idle(model, path, &error);
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
  int32_t status = model_need_values(model, index, count, &param, &error);
  if (status == S2S_OK) status = model_need_idle(model, param->name, &error);
  if (status == S2S_OK) status = s2s__param_check(param, 0, count, values, &error);
  if (status == S2S_OK) status = s2s__param_write(param, &model->arena, values, &error);
  return s2s__api_finish(&error, s2s__name_limit(&model->host, &error, status));
}
