/* SPDX-License-Identifier: MIT
 *
 * Encoding a batch into a memory.
 */
#include "search/memory.h"

#include <string.h>

/* Moves a tensor from the scratch arena to the memory's own. */
static int32_t memory_keep(s2s_memory *memory, s2s__tensor **tensor, s2s__error *error) {
  s2s__graph graph;
  s2s__tensor *kept;
  if (!*tensor) return S2S_OK;
  s2s__graph_init(&graph, &memory->arena, memory->model->kernels, error);
  S2S__TRY(s2s__graph_tensor(&graph, (*tensor)->rows, (*tensor)->cols, &kept));
  memcpy(kept->data, (*tensor)->data, kept->rows * kept->cols * sizeof *kept->data);
  *tensor = kept;
  return S2S_OK;
}

static int32_t memory_keep_encoding(s2s_memory *memory, s2s__error *error) {
  s2s__encoding *encoding = &memory->encoding;
  s2s__recurrent_state *last = S2S__TAKE(&memory->arena, s2s__recurrent_state, encoding->layers);
  if (!last) return s2s__fail_memory(error, encoding->layers * sizeof *last, "the states");
  memcpy(last, encoding->last, encoding->layers * sizeof *last);
  encoding->last = last;
  S2S__TRY(memory_keep(memory, &encoding->states, error));
  for (size_t l = 0; l < encoding->layers; l++) {
    S2S__TRY(memory_keep(memory, &last[l].h, error));
    S2S__TRY(memory_keep(memory, &last[l].c, error));
  }
  return S2S_OK;
}

static int32_t memory_gather(s2s_memory *memory, s2s__copier_part part, s2s__error *error) {
  S2S__TRY(s2s__copier_copies(part, memory->model, &memory->arena, &memory->copies, error));
  return s2s__copier_words(part, &memory->arena, &memory->own, error);
}

static int32_t memory_copies(s2s_memory *memory, const s2s__copier_part *part, s2s__error *error) {
  const s2s__rows *rows = &memory->rows;
  if (!memory->model->network.config.copy) return S2S_OK;
  if (part) return memory_gather(memory, *part, error);
  s2s__copier copier;
  s2s__copier_init(&copier, &memory->host);
  int32_t status = S2S_OK;
  for (size_t i = 0; i < rows->count && status == S2S_OK; i++)
    status = s2s__copier_add_ids(&copier, memory->model, memory->ids + rows->offset[i], rows->length[i], error);
  if (status == S2S_OK) status = memory_gather(memory, (s2s__copier_part){&copier, NULL, rows->count}, error);
  s2s__copier_free(&copier);
  return status;
}

static int32_t memory_encode(s2s_memory *memory, const int32_t *ids, const size_t *length, size_t count,
                             const s2s__copier_part *part, s2s__arena *scratch, s2s__error *error) {
  S2S__TRY(s2s__rows_init(&memory->rows, &memory->arena, length, count, error));
  const size_t total = memory->rows.total;
  int32_t *copy = S2S__TAKE(&memory->arena, int32_t, total + 1);
  if (!copy) return s2s__fail_memory(error, total * sizeof *copy, "the source tokens");
  if (total) memcpy(copy, ids, total * sizeof *copy);
  memory->ids = copy;
  S2S__TRY(memory_copies(memory, part, error));
  s2s__graph graph;
  s2s__graph_init(&graph, scratch, memory->model->kernels, error);
  memory->encoding.rows = &memory->rows;
  const s2s__network *network = &memory->model->network;
  const s2s__mark mark = s2s__arena_mark(scratch);
  S2S__TRY(network->encoder_type->forward(&graph, network, copy, &memory->rows, &memory->encoding));
  S2S__TRY(memory_keep_encoding(memory, error));
  s2s__arena_rewind(scratch, mark);
  const s2s__tensor *states = memory->encoding.states;
  memory->states = s2s__public_floats(&memory->arena, states->data, states->rows * states->cols);
  return memory->states ? S2S_OK : s2s__fail_memory(error, states->rows * states->cols * sizeof(float), "the states");
}

#if defined(S2S_DOUBLE) && S2S_DOUBLE
const float *s2s__public_floats(s2s__arena *arena, const s2s__real *values, size_t count) {
  float *copy = S2S__TAKE(arena, float, count);
  for (size_t i = 0; copy && i < count; i++) copy[i] = (float)values[i];
  return copy;
}
#else
const float *s2s__public_floats(s2s__arena *arena, const s2s__real *values, size_t count) {
  return (void)arena, (void)count, values;
}
#endif

static int32_t memory_encode_others(s2s_memory *m, const int32_t *ids, const size_t *length, size_t count,
                                    const s2s__copier_part *part, s2s__arena *scratch, s2s__error *error) {
  const size_t others = m->model->members - 1;
  m->other = S2S__TAKE(&m->arena, s2s_memory *, others);
  if (!m->other) return s2s__fail_memory(error, others * sizeof *m->other, "a memory");
  for (; m->others < others; m->others++)
    S2S__TRY(s2s__memory_new(m->model->member[m->others + 1], &m->host, ids, length, count, part, scratch,
                             &m->other[m->others], error));
  return S2S_OK;
}

int32_t s2s__memory_new(const s2s_model *model, const s2s__host *host, const int32_t *ids, const size_t *length,
                        size_t count, const s2s__copier_part *part, s2s__arena *scratch,
                        s2s_memory **memory, s2s__error *error) {
  s2s_memory *m = s2s__allocate_zeroed(host, sizeof *m);
  *memory = NULL;
  if (!m) return s2s__fail_memory(error, sizeof *m, "a memory");
  s2s__host_own(&m->host, host, &m->budget, sizeof *m);
  atomic_init(&m->references, 1);
  m->model = model;
  s2s__model_retain(model);
  s2s__arena_init(&m->arena, &m->host);
  int32_t status = s2s__name_limit(&m->host, error, memory_encode(m, ids, length, count, part, scratch, error));
  if (status == S2S_OK && model->members > 1) status = memory_encode_others(m, ids, length, count, part, scratch, error);
  if (status != S2S_OK) return s2s__memory_release(m), status;
  *memory = m;
  return S2S_OK;
}

/* ---- of texts ---------------------------------------------------------------------------------------------------- */

static int32_t memory_keep_texts(s2s_memory *m, const s2s__sources *sources, const size_t *number, s2s__error *error) {
  const size_t count = m->rows.count, total = m->rows.total;
  s2s__span *span = S2S__TAKE(&m->arena, s2s__span, total + 1);
  s2s__text *text = S2S__TAKE(&m->arena, s2s__text, count + 1);
  if (!span || !text) return s2s__fail_memory(error, total * sizeof *span, "the sources' texts");
  for (size_t i = 0; i < count; i++) {
    const s2s__source *s = &sources->item[number[i]];
    if (s->tokens) memcpy(span + m->rows.offset[i], sources->span + s->first, s->tokens * sizeof *span);
    text[i] = (s2s__text){s2s__arena_text(&m->arena, sources->text + s->at, s->bytes), s->bytes};
    if (!text[i].text) return s2s__fail_memory(error, s->bytes, "a source's text");
  }
  m->span = span;
  m->text = text;
  return S2S_OK;
}

/* Ids and lengths, in the order that is asked for. */
static int32_t memory_gather_ids(s2s__arena *scratch, const s2s__sources *sources, const size_t *number, size_t count,
                             int32_t **ids, size_t **length, s2s__error *error) {
  size_t total = 0;
  for (size_t i = 0; i < count; i++) total += sources->item[number[i]].tokens;
  *ids = S2S__TAKE(scratch, int32_t, total + 1);
  *length = S2S__TAKE(scratch, size_t, count + 1);
  if (!*ids || !*length) return s2s__fail_memory(error, total * sizeof **ids, "a batch");
  int32_t *at = *ids;
  for (size_t i = 0; i < count; i++) {
    const s2s__source *s = &sources->item[number[i]];
    if (s->tokens) memcpy(at, sources->ids.item + s->first, s->tokens * sizeof *at);
    (*length)[i] = s->tokens;
    at += s->tokens;
  }
  return S2S_OK;
}

int32_t s2s__memory_of(const s2s_model *model, const s2s__host *host, const s2s__sources *sources, const size_t *number,
                       size_t count, s2s__arena *scratch, s2s_memory **memory, s2s__error *error) {
  const s2s__mark mark = s2s__arena_mark(scratch);
  int32_t *ids;
  size_t *length;
  *memory = NULL;
  S2S__TRY(memory_gather_ids(scratch, sources, number, count, &ids, &length, error));
  const s2s__copier_part part = {&sources->copier, number, count};
  S2S__TRY(s2s__memory_new(model, host, ids, length, count, &part, scratch, memory, error));
  s2s__arena_rewind(scratch, mark);
  int32_t status = memory_keep_texts(*memory, sources, number, error);
  if (status == S2S_OK) return S2S_OK;
  status = s2s__name_limit(&(*memory)->host, error, status);
  s2s__memory_release(*memory);
  *memory = NULL;
  return status;
}

void s2s__memory_retain(const s2s_memory *memory) { atomic_fetch_add(&((s2s_memory *)memory)->references, 1); }

void s2s__memory_release(const s2s_memory *shared) {
  s2s_memory *memory = (s2s_memory *)shared;
  if (!memory || atomic_fetch_sub(&memory->references, 1) > 1) return;
  const s2s__host host = s2s__host_given(&memory->host, &memory->budget);
  for (size_t i = 0; i < memory->others; i++) s2s__memory_release(memory->other[i]);
  s2s__model_release(memory->model);
  s2s__arena_free(&memory->arena);
  s2s__free(&host, memory, sizeof *memory);
}
