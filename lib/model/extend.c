/* SPDX-License-Identifier: MIT
 *
 * A model with a larger vocabulary: old tokens keep their ids and their rows, new ones come behind them.
 */
#include "model/model.h"

#include <string.h>

/* Old tokens, then those of `more` without its special ones. */
static int32_t extend_join(const s2s__vocabulary *old, const s2s__vocabulary *more, s2s__arena *scratch,
                           s2s__vocabulary *vocabulary, s2s__arena *arena, s2s__error *error) {
  const size_t count = old->size + more->size - 2 * S2S__SPECIALS;
  s2s__counted *token = S2S__TAKE(scratch, s2s__counted, count);
  size_t n = 0;
  if (!token) return s2s__fail_memory(error, count * sizeof *token, "a vocabulary");
  for (size_t i = S2S__SPECIALS; i < old->size; i++) token[n++] = (s2s__counted){old->text[i], old->length[i], 0};
  for (size_t i = S2S__SPECIALS; i < more->size; i++) token[n++] = (s2s__counted){more->text[i], more->length[i], 0};
  return s2s__vocabulary_of(vocabulary, arena, token, n, error);
}

static int32_t extend_side(const s2s_model *model, int32_t side, const s2s__texts *texts, const s2s_options *options,
                           s2s__arena *scratch, s2s_model *to, s2s__error *error) {
  const s2s__vocabulary *old = &model->vocabulary[side];
  const size_t most = s2s__option_size(options, S2S__VOCABULARY_MAX_SIZE);
  s2s__vocabulary more;
  s2s__token_counter *counter;
  S2S__TRY(s2s__token_counter_new(&to->host, &counter, error));
  int32_t status = S2S_OK;
  if (model->segmenter[side]->splitter) status = s2s__model_count_tokens(model, side, texts, old, counter, error);
  if (status == S2S_OK)
    status =
        s2s__vocabulary_build(&more, scratch, counter, (uint64_t)s2s__option_int(options, S2S__VOCABULARY_MIN_COUNT),
                              most > old->size ? most - old->size + S2S__SPECIALS : S2S__SPECIALS, error);
  if (status == S2S_OK) status = extend_join(old, &more, scratch, &to->vocabulary[side], &to->arena, error);
  s2s__token_counter_free(counter);
  return status;
}

/* What was there: parameters that have a row for each token have more rows now, all others their size. */
static int32_t extend_copy(const s2s_model *model, s2s_model *to, s2s__arena *scratch, s2s__error *error) {
  for (size_t i = 0; i < to->network.params.count; i++) {
    const s2s__param *old = model->network.params.item[i], *now = to->network.params.item[i];
    const s2s__mark mark = s2s__arena_mark(scratch);
    float *values = S2S__TAKE(scratch, float, s2s__param_size(now));
    if (!values) return s2s__fail_memory(error, s2s__param_size(now) * sizeof *values, now->name);
    S2S__TRY(s2s__param_read(now, scratch, values, error));
    S2S__TRY(s2s__param_read(old, scratch, values, error)); /* rows come first in memory */
    S2S__TRY(s2s__param_write(now, scratch, values, error));
    s2s__arena_rewind(scratch, mark);
  }
  return S2S_OK;
}

static int32_t extend_fill(const s2s_model *model, const s2s__texts texts[2], const s2s_options *options,
                           s2s__arena *scratch, s2s_model *to, s2s__error *error) {
  s2s__options_clear(&to->options);
  S2S__TRY(s2s__options_copy(&to->options, &model->options, error));
  for (int32_t side = 0; side < 2; side++) {
    s2s__segmenter_retain(model->segmenter[side]);
    to->segmenter[side] = model->segmenter[side];
    S2S__TRY(extend_side(model, side, &texts[side], options, scratch, to, error));
  }
  S2S__TRY(s2s__model_build(to, error));
  S2S__TRY(s2s__params_draw(&to->network.params, (uint64_t)s2s__option_int(options, S2S__SEED), error));
  return extend_copy(model, to, scratch, error);
}

int32_t s2s__model_extend(const s2s_model *model, const s2s__texts texts[2], const s2s_options *options,
                          s2s_model **extended, s2s__error *error) {
  const s2s__host host = s2s__options_host(options);
  s2s_model *to;
  s2s__arena scratch;
  *extended = NULL;
  S2S__TRY(s2s__model_new(&host, options, &to, error));
  s2s__arena_init(&scratch, &to->host);
  const int32_t status = extend_fill(model, texts, options, &scratch, to, error);
  s2s__arena_free(&scratch);
  if (status != S2S_OK) return s2s__model_abandon(to, status, error);
  *extended = to;
  return S2S_OK;
}
