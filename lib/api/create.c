/* SPDX-License-Identifier: MIT
 *
 * Models from corpora: s2s_model_create and s2s_model_extend.
 */
#include "api/api.h"
#include "model/model.h"
#include "train/corpus.h"
#include "train/preset.h"
#include "train/shortlist.h"

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
  S2S__TRY(s2s__preset_choose_text(options, corpus, error));
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

int32_t s2s_model_shortlist(const s2s_model *model, const s2s_corpus *corpus, const s2s_options *options,
                            s2s_model **with) {
  S2S__API_OUT(with);
  S2S__API_NEED(model);
  S2S__API_NEED(corpus);
  s2s__error error = {.status = S2S_OK};
  const s2s__float_mode mode = s2s__float_mode_enter();
  const int32_t status = s2s__shortlist_learn(model, corpus, options, with, &error);
  s2s__float_mode_leave(mode);
  return s2s__api_finish(&error, status);
}
