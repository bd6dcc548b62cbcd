/* SPDX-License-Identifier: MIT
 *
 * s2s_decoder_* and s2s_decode.
 */
#include "api/api.h"
#include "search/batch.h"

int32_t s2s_decoder_init(const s2s_model *model, const s2s_options *options, s2s_decoder **decoder) {
  S2S__API_OUT(decoder);
  S2S__API_NEED(model);
  s2s__error error = {.status = S2S_OK};
  const s2s__host host = s2s__options_host(options);
  s2s__search search;
  int32_t status = s2s__search_read(&search, options, &error);
  if (status == S2S_OK) status = s2s__decoder_new(model, &host, &search, decoder, &error);
  return s2s__api_finish(&error, status);
}

void s2s_decoder_free(s2s_decoder *decoder) {
  if (!decoder) return;
  atomic_store(&decoder->cancelled, 1); /* whoever is inside shall leave */
  if (s2s__gate_close(&decoder->gate)) s2s__decoder_free(decoder);
}

void s2s_decoder_cancel(s2s_decoder *decoder) {
  if (decoder) atomic_store(&decoder->cancelled, 1);
}

void s2s_decoder_clear_cancel(s2s_decoder *decoder) {
  if (decoder) atomic_store(&decoder->cancelled, 0);
}

size_t s2s_decoder_memory(const s2s_decoder *decoder, size_t *peak) {
  if (peak) *peak = decoder ? atomic_load(&decoder->budget.peak) : 0;
  return decoder ? atomic_load(&decoder->budget.held) : 0;
}

static int32_t decoder_check_memory(const s2s_decoder *decoder, const s2s_memory *memory, s2s__error *error) {
  if (memory->model == decoder->model) return S2S_OK;
  return s2s__fail(error, S2S_BAD_ARGUMENT, "the memory is of another model than the decoder");
}

static int32_t decoder_decode(s2s_decoder *decoder, const s2s_memory *memory, s2s_result **result, s2s__error *error) {
  S2S__TRY(decoder_check_memory(decoder, memory, error));
  const s2s__host host = s2s__host_given(&decoder->host, &decoder->budget);
  s2s__progress progress = {.host = &decoder->host, .total = memory->rows.count};
  const s2s__request request = {.memory = memory,
                                .deadline = s2s__search_deadline(&decoder->search),
                                .cancelled = &decoder->cancelled,
                                .progress = &progress,
                                .reports = 1};
  s2s_result *r;
  atomic_init(&progress.done, 0);
  S2S__TRY(s2s__result_new(&host, memory->rows.count, decoder->searchers, &r, error));
  int32_t status = s2s__name_limit(&r->host, error, s2s__decoder_search(decoder, &request, r, error));
  if (status == S2S_OK) status = s2s__progress_tell(&progress, error);
  if (status == S2S_OK)
    *result = r;
  else
    atomic_store(&decoder->cancelled, 0), s2s__result_free(r); /* one cancel stops one call */
  return status;
}

int32_t s2s_decode(s2s_decoder *decoder, const s2s_memory *memory, s2s_result **result) {
  S2S__API_OUT(result);
  S2S__API_NEED(decoder);
  S2S__API_NEED(memory);
  S2S__API_ENTER(decoder);
  s2s__error error = {.status = S2S_OK};
  const s2s__float_mode mode = s2s__float_mode_enter();
  s2s__memory_retain(memory); /* a callback may free it */
  const int32_t status = decoder_decode(decoder, memory, result, &error);
  s2s__memory_release(memory);
  s2s__float_mode_leave(mode);
  S2S__API_LEAVE(decoder, s2s__decoder_free, s2s__api_finish(&error, s2s__decoder_finish(decoder, status, &error)));
}

int32_t s2s_decoder_set_prefixes(s2s_decoder *decoder, const char *const *texts, const size_t *lengths, size_t count) {
  S2S__API_NEED(decoder);
  if (count) S2S__API_NEED(texts);
  S2S__API_ENTER(decoder);
  s2s__error error = {.status = S2S_OK};
  const int32_t status = s2s__decoder_set_prefixes(decoder, texts, lengths, count, &error);
  S2S__API_LEAVE(decoder, s2s__decoder_free, s2s__api_finish(&error, s2s__decoder_finish(decoder, status, &error)));
}

int32_t s2s_decoder_on_token(s2s_decoder *decoder, s2s_token_fn on_token, void *user) {
  S2S__API_NEED(decoder);
  S2S__API_ENTER(decoder);
  decoder->on_token = on_token;
  decoder->on_token_user = user;
  S2S__API_LEAVE(decoder, s2s__decoder_free, S2S_OK);
}

/* ---- step by step ------------------------------------------------------------------------------------------------ */

/* The steps keep the memory. */
static int32_t decoder_start(s2s_decoder *d, const s2s_memory *memory, s2s__error *error) {
  S2S__TRY(decoder_check_memory(d, memory, error));
  s2s__memory_retain(memory);
  s2s__decoder_end_steps(d); /* maybe of the same memory */
  d->memory = memory;
  int32_t status = s2s__stepper_start(&d->searcher[0].stepper, memory, error);
  if (status == S2S_OK) status = s2s__decoder_choose(d, error);
  if (status != S2S_OK) s2s__decoder_end_steps(d);
  return status;
}

int32_t s2s_decoder_start(s2s_decoder *decoder, const s2s_memory *memory) {
  S2S__API_NEED(decoder);
  S2S__API_NEED(memory);
  S2S__API_ENTER(decoder);
  s2s__error error = {.status = S2S_OK};
  const s2s__float_mode mode = s2s__float_mode_enter();
  const int32_t status = decoder_start(decoder, memory, &error);
  s2s__float_mode_leave(mode);
  S2S__API_LEAVE(decoder, s2s__decoder_free, s2s__api_finish(&error, s2s__decoder_finish(decoder, status, &error)));
}

/* Checks and converts the rows of a step. */
static int32_t decoder_check_step(s2s_decoder *d, const int32_t *tokens, const int32_t *parents, size_t n,
                                  s2s__error *error) {
  const s2s__stepper *stepper = &d->searcher[0].stepper;
  const size_t own = stepper->copies ? stepper->copies->extra : 0, rows = stepper->rows;
  const size_t vocabulary = d->model->vocabulary[S2S_TARGET].size + own;
  if (!stepper->started) return s2s__fail(error, S2S_BAD_ARGUMENT, "s2s_decoder_step before s2s_decoder_start");
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
  s2s__stepper *stepper = &d->searcher[0].stepper;
  const int32_t status = s2s__stepper_step(stepper, tokens, d->parents, n, error);
  if (status != S2S_OK) return s2s__decoder_end_steps(d), status; /* half a step cannot be continued */
  const s2s__tensor *lp = stepper->log_probabilities;
  *log_probabilities = s2s__public_floats(&stepper->step[stepper->turn], lp->data, lp->rows * lp->cols);
  return *log_probabilities ? S2S_OK : s2s__fail_memory(error, lp->rows * lp->cols * sizeof(float), "a step");
}

int32_t s2s_decoder_step(s2s_decoder *decoder, const int32_t *tokens, const int32_t *parents, size_t n,
                         const float **log_probabilities) {
  S2S__API_OUT(log_probabilities);
  S2S__API_NEED(decoder);
  if (n) S2S__API_NEED(tokens);
  if (n) S2S__API_NEED(parents);
  S2S__API_ENTER(decoder);
  s2s__error error = {.status = S2S_OK};
  const s2s__float_mode mode = s2s__float_mode_enter();
  const int32_t status = decoder_step(decoder, tokens, parents, n, log_probabilities, &error);
  s2s__float_mode_leave(mode);
  S2S__API_LEAVE(decoder, s2s__decoder_free, s2s__api_finish(&error, s2s__decoder_finish(decoder, status, &error)));
}

/* What stands behind the last step, which has such a row; or NULL. */
static s2s__stepper *decoder_stepped(s2s_decoder *decoder, size_t row) {
  if (!decoder || !s2s__gate_is_open(&decoder->gate)) return NULL;
  s2s__stepper *stepper = &decoder->searcher[0].stepper;
  return stepper->started && stepper->position > 0 && row < stepper->rows && stepper->weights ? stepper : NULL;
}

const float *s2s_decoder_query(s2s_decoder *decoder, size_t row, size_t *dim) {
  s2s__stepper *stepper = decoder_stepped(decoder, row);
  if (dim) *dim = 0;
  if (!stepper) return NULL;
  const s2s__tensor *query = stepper->query;
  const float *values = s2s__public_floats(&stepper->step[stepper->turn], query->data + row * query->cols, query->cols);
  if (dim && values) *dim = query->cols;
  return values;
}

const float *s2s_decoder_attention(s2s_decoder *decoder, size_t row, size_t *count) {
  s2s__stepper *stepper = decoder_stepped(decoder, row);
  if (count) *count = 0;
  if (!stepper) return NULL;
  const size_t n = stepper->ragged.length[row];
  const float *weights =
      s2s__public_floats(&stepper->step[stepper->turn], stepper->weights->data + stepper->ragged.offset[row], n);
  if (count && weights) *count = n;
  return weights;
}

static int32_t decoder_copy(const s2s_decoder *d, s2s_decoder **copy, s2s__error *error) {
  const s2s__host host = s2s__host_given(&d->host, &d->budget);
  if (!d->searcher[0].stepper.started)
    return s2s__fail(error, S2S_BAD_ARGUMENT, "s2s_decoder_copy before s2s_decoder_start");
  s2s_decoder *c;
  S2S__TRY(s2s__decoder_new(d->model, &host, &d->search, &c, error));
  c->memory = d->memory;
  s2s__memory_retain(c->memory);
  int32_t status = s2s__stepper_copy(&c->searcher[0].stepper, &d->searcher[0].stepper, error);
  if (status == S2S_OK) status = s2s__decoder_choose(c, error);
  status = s2s__name_limit(&c->host, error, status);
  if (status == S2S_OK)
    *copy = c;
  else
    s2s__decoder_free(c);
  return status;
}

int32_t s2s_decoder_copy(s2s_decoder *decoder, s2s_decoder **copy) {
  S2S__API_OUT(copy);
  S2S__API_NEED(decoder);
  if (!s2s__gate_is_open(&decoder->gate)) return s2s__api_fail_busy(__func__, "decoder");
  s2s__error error = {.status = S2S_OK};
  const s2s__float_mode mode = s2s__float_mode_enter();
  const int32_t status = decoder_copy(decoder, copy, &error);
  s2s__float_mode_leave(mode);
  return s2s__api_finish(&error, status);
}
