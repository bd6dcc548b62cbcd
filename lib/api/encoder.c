/* SPDX-License-Identifier: MIT
 *
 * s2s_encoder_*, s2s_encode* and s2s_memory_*.
 */
#include "api/api.h"
#include "api/run.h"

int32_t s2s_encoder_init(const s2s_model *model, const s2s_options *options, s2s_encoder **encoder) {
  S2S__API_OUT(encoder);
  S2S__API_NEED(model);
  s2s__error error = {.status = S2S_OK};
  const s2s__host host = s2s__options_host(options);
  s2s_encoder *e = s2s__allocate_zeroed(&host, sizeof *e);
  if (!e) return s2s__api_finish(&error, s2s__fail_memory(&error, sizeof *e, "an encoder"));
  s2s__host_own(&e->host, &host, &e->budget, sizeof *e);
  e->model = model;
  e->max_source_length = s2s__option_size(options, S2S__MAX_SOURCE_LENGTH);
  s2s__sources_init(&e->sources, &e->host);
  s2s__arena_init(&e->arena, &e->host);
  s2s__model_retain(model);
  *encoder = e;
  return S2S_OK;
}

static void encoder_free(s2s_encoder *encoder) {
  const s2s__host host = s2s__host_given(&encoder->host, &encoder->budget);
  s2s__sources_free(&encoder->sources);
  s2s__arena_free(&encoder->arena);
  s2s__free(&encoder->host, encoder->number, encoder->number_capacity * sizeof *encoder->number);
  s2s__model_release(encoder->model);
  s2s__free(&host, encoder, sizeof *encoder);
}

void s2s_encoder_free(s2s_encoder *encoder) {
  if (encoder && s2s__gate_close(&encoder->gate)) encoder_free(encoder);
}

/* The memory is a handle of its own; the way to it is charged to the encoder, which keeps that memory for the next
 * call, unless there was too little. */
static int32_t encoder_finish(s2s_encoder *e, int32_t status, s2s__error *error) {
  if (status == S2S_OUT_OF_MEMORY) s2s__arena_free(&e->arena);
  return s2s__name_limit(&e->host, error, status);
}

static int32_t encoder_encode(s2s_encoder *e, const char *const *texts, const size_t *lengths, size_t count,
                              s2s_memory **memory, s2s__error *error) {
  const s2s__host host = s2s__host_given(&e->host, &e->budget);
  s2s__sources_clear(&e->sources);
  S2S__TRY(s2s__sources_add_all(&e->sources, e->model, S2S_SOURCE, texts, lengths, count, e->max_source_length, error));
  S2S__TRY(s2s__grow(&e->host, &e->number, &e->number_capacity, count, sizeof *e->number, error));
  for (size_t i = 0; i < count; i++) e->number[i] = i;
  s2s__arena_reset(&e->arena);
  return s2s__memory_of(e->model, &host, &e->sources, e->number, count, &e->arena, memory, error);
}

int32_t s2s_encode(s2s_encoder *encoder, const char *const *texts, const size_t *lengths, size_t count,
                   s2s_memory **memory) {
  S2S__API_OUT(memory);
  S2S__API_NEED(encoder);
  if (count) S2S__API_NEED(texts);
  S2S__API_ENTER(encoder);
  s2s__error error = {.status = S2S_OK};
  const s2s__float_mode mode = s2s__float_mode_enter();
  const int32_t status = encoder_encode(encoder, texts, lengths, count, memory, &error);
  s2s__float_mode_leave(mode);
  S2S__API_LEAVE(encoder, encoder_free, s2s__api_finish(&error, encoder_finish(encoder, status, &error)));
}

static int32_t encoder_check_length(const s2s_encoder *e, size_t tokens, s2s__error *error) {
  if (tokens <= e->max_source_length) return S2S_OK;
  return s2s__fail(error, S2S_LIMIT, "%zu tokens are more than max_source_length %zu", tokens, e->max_source_length);
}

static int32_t encoder_check_ids(const s2s_encoder *e, const int32_t *ids, const size_t *lengths, size_t count,
                                 s2s__error *error) {
  const size_t size = e->model->vocabulary[S2S_SOURCE].size;
  S2S__TRY(s2s__check_count(count, "sequences", error));
  for (size_t i = 0, at = 0; i < count; at += lengths[i], i++) {
    if (encoder_check_length(e, lengths[i], error) != S2S_OK) return s2s__fail_prefix(error, "sequence %zu", i);
    for (size_t j = 0; j < lengths[i]; j++)
      if (ids[at + j] < 0 || (size_t)ids[at + j] >= size)
        return s2s__fail(error, S2S_BAD_ARGUMENT, "sequence %zu: id %d is outside the vocabulary of %zu", i,
                         (int)ids[at + j], size);
  }
  return S2S_OK;
}

static int32_t encoder_encode_ids(s2s_encoder *e, const int32_t *ids, const size_t *lengths, size_t count,
                                  s2s_memory **memory, s2s__error *error) {
  const s2s__host host = s2s__host_given(&e->host, &e->budget);
  s2s__arena_reset(&e->arena);
  return s2s__memory_new(e->model, &host, ids, lengths, count, NULL, &e->arena, memory, error);
}

int32_t s2s_encode_ids(s2s_encoder *encoder, const int32_t *ids, const size_t *lengths, size_t count,
                       s2s_memory **memory) {
  S2S__API_OUT(memory);
  S2S__API_NEED(encoder);
  if (count) S2S__API_NEED(ids);
  if (count) S2S__API_NEED(lengths);
  S2S__API_ENTER(encoder);
  s2s__error error = {.status = S2S_OK};
  const s2s__float_mode mode = s2s__float_mode_enter();
  int32_t status = encoder_check_ids(encoder, ids, lengths, count, &error);
  if (status == S2S_OK) status = encoder_encode_ids(encoder, ids, lengths, count, memory, &error);
  s2s__float_mode_leave(mode);
  S2S__API_LEAVE(encoder, encoder_free, s2s__api_finish(&error, encoder_finish(encoder, status, &error)));
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

size_t s2s_memory_count(const s2s_memory *memory) { return memory ? memory->rows.count : 0; }
size_t s2s_memory_dim(const s2s_memory *memory) { return memory ? memory->encoding.states->cols : 0; }

const float *s2s_memory_states(const s2s_memory *memory, size_t index, size_t *rows) {
  const int there = memory && index < memory->rows.count;
  if (rows) *rows = there ? memory->rows.length[index] : 0;
  return there ? memory->states + memory->rows.offset[index] * memory->encoding.states->cols : NULL;
}

const int32_t *s2s_memory_tokens(const s2s_memory *memory, size_t index, size_t *count) {
  const int there = memory && index < memory->rows.count;
  if (count) *count = there ? memory->rows.length[index] : 0;
  return there ? memory->ids + memory->rows.offset[index] : NULL;
}

size_t s2s_memory_target_size(const s2s_memory *memory) {
  return memory ? memory->model->vocabulary[S2S_TARGET].size + memory->copies.extra : 0;
}

const char *s2s_memory_copied(const s2s_memory *memory, size_t index, int32_t id) {
  if (!memory || !memory->own.first || index >= memory->rows.count || id < 0) return NULL;
  const size_t before = memory->copies.vocabulary, first = memory->own.first[index];
  if ((size_t)id < before || (size_t)id - before >= memory->own.first[index + 1] - first) return NULL;
  return memory->own.word[first + (size_t)id - before].text;
}

const char *s2s_memory_text(const s2s_memory *memory, size_t index, size_t *length) {
  const int there = memory && memory->text && index < memory->rows.count;
  if (length) *length = there ? memory->text[index].length : 0;
  return there ? memory->text[index].text : NULL;
}

void s2s_memory_range(const s2s_memory *memory, size_t index, size_t token, size_t *begin, size_t *end) {
  const int there = memory && memory->span && index < memory->rows.count && token < memory->rows.length[index];
  const s2s__span span = there ? memory->span[memory->rows.offset[index] + token] : (s2s__span){0, 0};
  if (begin) *begin = span.begin;
  if (end) *end = span.end;
}

void s2s_memory_free(s2s_memory *memory) { s2s__memory_release(memory); }
