/* SPDX-License-Identifier: MIT
 *
 * s2s_segmenter_*, s2s_segment and s2s_join.
 */
#include "api/tokens.h"
#include "base/stream.h"
#include "model/model.h"

#include <string.h>

/* ---- segmenters -------------------------------------------------------------------------------------------------- */

typedef struct segmenter_texts {
  const char *const *text;
  const size_t *length;
} segmenter_texts;

static s2s__text segmenter_text(const void *data, size_t number) {
  const segmenter_texts *texts = data;
  const char *text = texts->text[number];
  return (s2s__text){text, texts->length ? texts->length[number] : strlen(text)};
}

static int32_t segmenter_check(int32_t side, const char *const *texts, size_t count, s2s__error *error) {
  if (side != S2S_SOURCE && side != S2S_TARGET)
    return s2s__fail(error, S2S_BAD_ARGUMENT, "s2s_segmenter_new: side is neither S2S_SOURCE nor S2S_TARGET");
  S2S__TRY(s2s__check_count(count, "texts", error));
  for (size_t i = 0; i < count; i++)
    if (!texts || !texts[i]) return s2s__fail(error, S2S_BAD_ARGUMENT, "s2s_segmenter_new: text %zu is NULL", i);
  return S2S_OK;
}

int32_t s2s_segmenter_new(const s2s_options *options, int32_t side, const char *const *texts, const size_t *lengths,
                          size_t count, s2s_segmenter **segmenter) {
  S2S__API_OUT(segmenter);
  s2s__error error = {.status = S2S_OK};
  const s2s__host host = s2s__options_host(options);
  const segmenter_texts data = {texts, lengths};
  const s2s__texts all = {&data, count, segmenter_text};
  s2s_segmenter *made = NULL;
  int32_t status = segmenter_check(side, texts, count, &error);
  if (status == S2S_OK) status = s2s__segmenter_new(&host, options, side, &made, &error);
  if (status == S2S_OK) status = s2s__segmenter_learn(made, options, side, &all, &error);
  if (status == S2S_OK)
    *segmenter = made;
  else
    s2s__segmenter_release(made);
  return s2s__api_finish(&error, status);
}

int32_t s2s_segmenter_of(const s2s_model *model, int32_t side, s2s_segmenter **segmenter) {
  S2S__API_OUT(segmenter);
  S2S__API_NEED(model);
  s2s__error error = {.status = S2S_OK};
  if (side != S2S_SOURCE && side != S2S_TARGET)
    return s2s__api_finish(
        &error, s2s__fail(&error, S2S_BAD_ARGUMENT, "s2s_segmenter_of: side is neither S2S_SOURCE nor S2S_TARGET"));
  s2s__segmenter_retain(model->segmenter[side]);
  *segmenter = model->segmenter[side];
  return S2S_OK;
}

static int32_t segmenter_save(const s2s_segmenter *segmenter, const char *path, s2s__error *error) {
  s2s__writer writer;
  if (segmenter->splitter)
    return s2s__fail(error, S2S_UNSUPPORTED, "s2s_segmenter_save: '%s' has no pieces", segmenter->splitter->name);
  S2S__TRY(s2s__writer_open(&writer, &segmenter->host, path, error));
  int32_t status = s2s__writer_write(&writer, segmenter->pieces->bytes, segmenter->pieces->size, error);
  if (status == S2S_OK) status = s2s__writer_commit(&writer, error);
  s2s__writer_discard(&writer);
  return status;
}

int32_t s2s_segmenter_save(const s2s_segmenter *segmenter, const char *path) {
  S2S__API_NEED(segmenter);
  S2S__API_NEED(path);
  s2s__error error = {.status = S2S_OK};
  return s2s__api_finish(&error, segmenter_save(segmenter, path, &error));
}

void s2s_segmenter_free(s2s_segmenter *segmenter) { s2s__segmenter_release(segmenter); }

/* ---- there and back ---------------------------------------------------------------------------------------------- */

static int32_t segmenter_segment(const s2s_segmenter *segmenter, const char *text, size_t length, s2s_tokens *t,
                                 s2s__error *error) {
  S2S__TRY(s2s__segment(segmenter, text, length, NULL, &t->tokens, error));
  return s2s__api_tokens_own(t, error);
}

static int32_t segmenter_join(const s2s_segmenter *segmenter, const char *const *token, size_t count, s2s_tokens *t,
                              s2s__error *error) {
  S2S__TRY(s2s__check_count(count, "tokens", error));
  for (size_t i = 0; i < count; i++) {
    s2s__text text;
    if (!token[i]) return s2s__fail(error, S2S_BAD_ARGUMENT, "s2s_join: token %zu is NULL", i);
    if (s2s__text_accept(token[i], strlen(token[i]), &t->tokens.arena, &text, error) != S2S_OK)
      return s2s__fail_prefix(error, "token %zu", i);
    S2S__TRY(s2s__tokens_push(&t->tokens, (s2s__token){text.text, (uint32_t)text.length, 0, 0}, error));
  }
  S2S__TRY(s2s__join(segmenter, t->tokens.item, count, &t->tokens.arena, &t->tokens.text, error));
  return s2s__api_tokens_own(t, error);
}

int32_t s2s_segment(const s2s_segmenter *segmenter, const char *text, size_t length, s2s_tokens **tokens) {
  S2S__API_OUT(tokens);
  S2S__API_NEED(segmenter);
  S2S__API_TEXT_OF(text, length);
  s2s__error error = {.status = S2S_OK};
  s2s_tokens *made = NULL;
  const s2s__host host = s2s__host_given(&segmenter->host, &segmenter->budget); /* but not charged to the segmenter */
  int32_t status = s2s__api_tokens_new(&host, &made, &error);
  if (status == S2S_OK) status = segmenter_segment(segmenter, text, length, made, &error);
  return s2s__api_tokens_finish(made, status, &error, tokens);
}

int32_t s2s_join(const s2s_segmenter *segmenter, const char *const *tokens, size_t count, s2s_tokens **joined) {
  S2S__API_OUT(joined);
  S2S__API_NEED(segmenter);
  if (count > 0) S2S__API_NEED(tokens);
  s2s__error error = {.status = S2S_OK};
  s2s_tokens *made = NULL;
  const s2s__host host = s2s__host_given(&segmenter->host, &segmenter->budget);
  int32_t status = s2s__api_tokens_new(&host, &made, &error);
  if (status == S2S_OK) status = segmenter_join(segmenter, tokens, count, made, &error);
  return s2s__api_tokens_finish(made, status, &error, joined);
}
