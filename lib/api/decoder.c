/* SPDX-License-Identifier: MIT
 *
 * s2s_decoder_*, s2s_decode, s2s_translate.
 */
#include "api/api.h"
#include "api/run.h"


int32_t s2s_decoder_init(const s2s_model *model, const s2s_options *options, s2s_decoder **decoder) {
  S2S__API_OUT(decoder);
  S2S__API_NEED(model);
  s2s__error error = {.status = S2S_OK};
  const s2s__host host = s2s__options_host(options);
  s2s__search search;
  s2s__search_read(&search, options);
  return s2s__api_finish(&error, s2s__decoder_new(model, &host, &search, decoder, &error));
}

void s2s_decoder_free(s2s_decoder *decoder) { s2s__decoder_free(decoder); }

void s2s_decoder_cancel(s2s_decoder *decoder) {
  if (decoder) atomic_store(&decoder->cancelled, 1);
}

static int32_t decoder_check_memory(const s2s_decoder *decoder, const s2s_memory *memory, s2s__error *error) {
  if (memory->model == decoder->model) return S2S_OK;
  return s2s__fail(error, S2S_BAD_ARGUMENT, "the memory is of another model than the decoder");
}

static int32_t decoder_decode(s2s_decoder *decoder, const s2s_memory *memory, s2s_result **result, s2s__error *error) {
  S2S__TRY(decoder_check_memory(decoder, memory, error));
  const s2s__host host = s2s__host_given(&decoder->host, &decoder->budget);
  s2s_result *r;
  S2S__TRY(s2s__result_new(&host, memory->rows.count, &r, error));
  const int32_t status = s2s__name_limit(&r->host, error, s2s__decoder_search(decoder, memory, r, 0, error));
  if (status == S2S_OK) *result = r;
  else s2s__result_free(r);
  return status;
}

int32_t s2s_decode(s2s_decoder *decoder, const s2s_memory *memory, s2s_result **result) {
  S2S__API_OUT(result);
  S2S__API_NEED(decoder);
  S2S__API_NEED(memory);
  s2s__error error = {.status = S2S_OK};
  const s2s__float_mode mode = s2s__float_mode_enter();
  const int32_t status = decoder_decode(decoder, memory, result, &error);
  s2s__float_mode_leave(mode);
  return s2s__api_finish(&error, s2s__decoder_finish(decoder, status, &error));
}

/* ---- step by step ------------------------------------------------------------------------------------------------ */

int32_t s2s_decoder_start(s2s_decoder *decoder, const s2s_memory *memory) {
  S2S__API_NEED(decoder);
  S2S__API_NEED(memory);
  s2s__error error = {.status = S2S_OK};
  const s2s__float_mode mode = s2s__float_mode_enter();
  int32_t status = decoder_check_memory(decoder, memory, &error);
  if (status == S2S_OK) status = s2s__stepper_start(&decoder->stepper, memory, &error);
  s2s__float_mode_leave(mode);
  return s2s__api_finish(&error, s2s__decoder_finish(decoder, status, &error));
}

/* Checks and converts the rows of a step. */
static int32_t decoder_check_step(s2s_decoder *d, const int32_t *tokens, const int32_t *parents, size_t n,
                                  s2s__error *error) {
  const size_t own = d->stepper.copies ? d->stepper.copies->extra : 0, rows = d->stepper.rows;
  const size_t vocabulary = d->model->vocabulary[S2S_TARGET].size + own;
  if (!d->stepper.started) return s2s__fail(error, S2S_BAD_ARGUMENT, "s2s_decoder_step before s2s_decoder_start");
  S2S__TRY(s2s__grow(&d->host, &d->parents, &d->parents_capacity, n, sizeof *d->parents, error));
  for (size_t i = 0; i < n; i++) {
    if (tokens[i] < 0 || (size_t)tokens[i] >= vocabulary)
      return s2s__fail(error, S2S_BAD_ARGUMENT, "row %zu: token %d is outside the vocabulary of %zu", i, (int)tokens[i],
                       vocabulary);
    if (parents[i] < 0 || (size_t)parents[i] >= rows)
      return s2s__fail(error, S2S_BAD_ARGUMENT, "row %zu: parent %d, but the step before had %zu rows", i,
                       (int)parents[i], rows);
    d->parents[i] = (size_t)parents[i];
  }
  return S2S_OK;
}

static int32_t decoder_step(s2s_decoder *d, const int32_t *tokens, const int32_t *parents, size_t n,
                            const float **log_probabilities, s2s__error *error) {
  S2S__TRY(decoder_check_step(d, tokens, parents, n, error));
  const int32_t status = s2s__stepper_step(&d->stepper, tokens, d->parents, n, error);
  if (status != S2S_OK) return d->stepper.started = 0, status; /* half a step cannot be continued */
  const s2s__tensor *lp = d->stepper.log_probabilities;
  *log_probabilities = s2s__public_floats(&d->stepper.step[d->stepper.turn], lp->data, lp->rows * lp->cols);
  return *log_probabilities ? S2S_OK : s2s__fail_memory(error, lp->rows * lp->cols * sizeof(float), "a step");
}

int32_t s2s_decoder_step(s2s_decoder *decoder, const int32_t *tokens, const int32_t *parents, size_t n,
                         const float **log_probabilities) {
  S2S__API_OUT(log_probabilities);
  S2S__API_NEED(decoder);
  if (n) S2S__API_NEED(tokens);
  if (n) S2S__API_NEED(parents);
  s2s__error error = {.status = S2S_OK};
  const s2s__float_mode mode = s2s__float_mode_enter();
  const int32_t status = decoder_step(decoder, tokens, parents, n, log_probabilities, &error);
  s2s__float_mode_leave(mode);
  return s2s__api_finish(&error, s2s__decoder_finish(decoder, status, &error));
}

/* ---- in one call ------------------------------------------------------------------------------------------------- */

enum { TRANSLATE_BATCH = 64 }; /* texts encoded and decoded together */

static int32_t translate_batch(s2s_encoder *encoder, s2s_decoder *decoder, const char *const *texts,
                               const size_t *lengths, size_t first, size_t count, s2s_result *result,
                               s2s__error *error) {
  s2s_memory *memory;
  S2S__TRY(s2s__encoder_encode(encoder, texts, lengths, first, count, &memory, error));
  const int32_t status = s2s__decoder_search(decoder, memory, result, first, error);
  s2s__memory_free(memory);
  return status;
}

static int32_t translate_all(s2s_encoder *encoder, s2s_decoder *decoder, const char *const *texts,
                             const size_t *lengths, s2s_result *result, s2s__error *error) {
  for (size_t at = 0; at < result->count; at += TRANSLATE_BATCH) {
    const size_t left = result->count - at, n = left < TRANSLATE_BATCH ? left : TRANSLATE_BATCH;
    S2S__TRY(translate_batch(encoder, decoder, texts, lengths, at, n, result, error));
  }
  return S2S_OK;
}

static int32_t translate_handles(const s2s_model *model, const s2s_options *options, const s2s__host *host,
                                 s2s_encoder **encoder, s2s_decoder **decoder, s2s__error *error) {
  s2s__search search;
  s2s__search_read(&search, options);
  S2S__TRY(s2s__encoder_new(model, host, options, encoder, error));
  return s2s__decoder_new(model, host, &search, decoder, error);
}

int32_t s2s_translate(const s2s_model *model, const s2s_options *options, const char *const *texts,
                      const size_t *lengths, size_t count, s2s_result **result) {
  S2S__API_OUT(result);
  S2S__API_NEED(model);
  if (count) S2S__API_NEED(texts);
  s2s__error error = {.status = S2S_OK};
  s2s_encoder *encoder = NULL;
  s2s_decoder *decoder = NULL;
  s2s_result *r = NULL;
  const s2s__host given = s2s__options_host(options);
  s2s__host host; /* encoder, memories and decoder have one budget; the result is a handle of its own */
  s2s__budget budget;
  s2s__host_own(&host, &given, &budget, 0);
  const s2s__float_mode mode = s2s__float_mode_enter();
  int32_t status = translate_handles(model, options, &host, &encoder, &decoder, &error);
  if (status == S2S_OK) status = s2s__result_new(&given, count, &r, &error);
  if (status == S2S_OK) {
    status = translate_all(encoder, decoder, texts, lengths, r, &error);
    (void)s2s__name_limit(&r->host, &error, status);
  }
  s2s__float_mode_leave(mode);
  (void)s2s__name_limit(&host, &error, status);
  s2s__encoder_free(encoder);
  s2s__decoder_free(decoder);
  if (status == S2S_OK) *result = r;
  else s2s__result_free(r);
  return s2s__api_finish(&error, status);
}
