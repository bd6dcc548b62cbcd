/* SPDX-License-Identifier: MIT
 *
 * s2s_split_document and s2s_translate_document.
 */
#include "text/document.h"
#include "api/run.h"
#include "api/tokens.h"

#include <string.h>

static size_t document_least(size_t a, size_t b) { return a < b ? a : b; }

/* A sentence may have as many tokens as the options and the model's positions allow, with its end mark. */
static s2s__document_rules document_rules(const s2s_model *model, const s2s_options *options) {
  s2s__document_rules rules = {(s2s__document_lines)s2s__option_choice(options, S2S__DOCUMENT_LINES), NULL, 0};
  if (!model) return rules;
  size_t most = document_least(s2s__option_size(options, S2S__DOCUMENT_MAX_LENGTH),
                               s2s__option_size(options, S2S__MAX_SOURCE_LENGTH));
  most = document_least(most, s2s__model_longest(model, S2S_SOURCE));
  if (most > 1 && s2s__option_bool(&model->options, S2S__SOURCE_EOS)) most--;
  rules.segmenter = model->segmenter[S2S_SOURCE];
  rules.max_tokens = most;
  return rules;
}

int32_t s2s_split_document(const s2s_model *model, const s2s_options *options, const char *text, size_t length,
                           s2s_tokens **sentences) {
  S2S__API_OUT(sentences);
  S2S__API_TEXT_OF(text, length);
  s2s__error error = {.status = S2S_OK};
  s2s_tokens *made = NULL;
  const s2s__host host = s2s__options_host(options);
  const s2s__document_rules rules = document_rules(model, options);
  int32_t status = s2s__api_tokens_new(&host, &made, &error);
  if (status == S2S_OK) status = s2s__document_split(&rules, text, length, &made->tokens, &error);
  if (status == S2S_OK) status = s2s__api_tokens_own(made, &error);
  return s2s__api_tokens_finish(made, status, &error, sentences);
}

/* ---- translating ------------------------------------------------------------------------------------------------- */

typedef struct document_work {
  s2s__translation translation;
  s2s__tokens sentences;
  const char **text; /* of the sentences */
  size_t *length;
  s2s__text *made; /* what each becomes */
} document_work;

static int32_t document_start(document_work *w, const s2s_model *model, const s2s_options *options, const char *text,
                              size_t length, s2s__error *error) {
  const s2s__document_rules rules = document_rules(model, options);
  S2S__TRY(s2s__document_split(&rules, text, length, &w->sentences, error));
  const size_t count = w->sentences.count;
  w->text = S2S__TAKE(&w->sentences.arena, const char *, count);
  w->length = S2S__TAKE(&w->sentences.arena, size_t, count);
  w->made = S2S__TAKE(&w->sentences.arena, s2s__text, count);
  if (!w->text || !w->length || !w->made) return s2s__fail_memory(error, count * sizeof *w->made, "the sentences");
  for (size_t i = 0; i < count; i++) {
    w->text[i] = w->sentences.item[i].text;
    w->length[i] = w->sentences.item[i].length;
  }
  return S2S_OK;
}

/* The best of each sentence. */
static int32_t document_translate(document_work *w, s2s_result **result, s2s__error *error) {
  const size_t count = w->sentences.count;
  S2S__TRY(s2s__translation_run(&w->translation, &w->translation.host, w->text, w->length, count, result, error));
  for (size_t i = 0; i < count; i++) {
    const char *text = (*result)->text[i].item[0].text;
    w->made[i] = (s2s__text){text, strlen(text)};
  }
  return S2S_OK;
}

int32_t s2s_translate_document(const s2s_model *model, const s2s_options *options, const char *text, size_t length,
                               s2s_tokens **translated) {
  S2S__API_OUT(translated);
  S2S__API_NEED(model);
  S2S__API_TEXT_OF(text, length);
  s2s__error error = {.status = S2S_OK};
  document_work w;
  s2s_tokens *made = NULL;
  const s2s__host host = s2s__options_host(options);
  s2s_result *result = NULL;
  const s2s__float_mode mode = s2s__float_mode_enter();
  int32_t status = s2s__translation_init(&w.translation, model, options, &host, 1, &error);
  s2s__tokens_init(&w.sentences, &w.translation.host);
  if (status == S2S_OK) status = document_start(&w, model, options, text, length, &error);
  if (status == S2S_OK) status = document_translate(&w, &result, &error);
  s2s__float_mode_leave(mode);
  (void)s2s__name_limit(&w.translation.host, &error, status);
  if (status == S2S_OK) status = s2s__api_tokens_new(&host, &made, &error);
  if (status == S2S_OK)
    status = s2s__document_join((s2s__document_lines)s2s__option_choice(options, S2S__DOCUMENT_LINES), &w.sentences,
                                w.made, &made->tokens, &error);
  if (status == S2S_OK) status = s2s__api_tokens_own(made, &error);
  s2s__result_free(result);
  s2s__tokens_free(&w.sentences);
  s2s__translation_free(&w.translation);
  return s2s__api_tokens_finish(made, status, &error, translated);
}
