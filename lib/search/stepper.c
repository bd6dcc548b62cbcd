/* SPDX-License-Identifier: MIT
 *
 * Decoder steps for search: select the parents' states, run a block of one token a row, log-softmax. The
 * log-probabilities and attention weights of an ensemble are the means of its members'.
 */
#include "search/stepper.h"

#include <string.h>

void s2s__stepper_init(s2s__stepper *stepper, const s2s_model *model, const s2s__host *host) {
  memset(stepper, 0, sizeof *stepper);
  stepper->model = model;
  stepper->host = *host;
  s2s__arena_init(&stepper->base, host);
  s2s__arena_init(&stepper->step[0], host);
  s2s__arena_init(&stepper->step[1], host);
}

void s2s__stepper_free(s2s__stepper *stepper) {
  for (size_t i = 0; i < stepper->others; i++) s2s__stepper_free(&stepper->other[i]);
  s2s__free(&stepper->host, stepper->other, stepper->others * sizeof *stepper->other);
  stepper->other = NULL;
  stepper->others = 0;
  s2s__arena_free(&stepper->base);
  s2s__arena_free(&stepper->step[0]);
  s2s__arena_free(&stepper->step[1]);
}

static int32_t stepper_make_others(s2s__stepper *stepper, size_t others, s2s__error *error) {
  if (stepper->other || others == 0) return S2S_OK;
  stepper->other = s2s__allocate_zeroed(&stepper->host, others * sizeof *stepper->other);
  if (!stepper->other) return s2s__fail_memory(error, others * sizeof *stepper->other, "an ensemble's steps");
  for (; stepper->others < others; stepper->others++)
    s2s__stepper_init(&stepper->other[stepper->others], stepper->model->member[stepper->others + 1], &stepper->host);
  return S2S_OK;
}

int32_t s2s__stepper_rewind(s2s__stepper *stepper, s2s__error *error) {
  s2s__graph graph;
  stepper->started = 0;
  s2s__arena_rewind(&stepper->base, stepper->prepared);
  s2s__graph_init(&graph, &stepper->base, stepper->model->kernels, error);
  stepper->state = stepper->first;
  if (stepper->first.past.kept) S2S__TRY(s2s__past_init_like(&graph, &stepper->first.past, &stepper->state.past));
  stepper->choice.list = NULL;
  stepper->rows = stepper->memory->rows.count;
  stepper->position = 0;
  stepper->sentence = NULL;
  for (size_t i = 0; i < stepper->others; i++) S2S__TRY(s2s__stepper_rewind(&stepper->other[i], error));
  stepper->started = 1;
  return S2S_OK;
}

int32_t s2s__stepper_choose(s2s__stepper *stepper, const s2s__lexicon *lexicon, const s2s__wish *wish, size_t wishes,
                            s2s__error *error) {
  s2s__graph graph;
  s2s__graph_init(&graph, &stepper->base, stepper->model->kernels, error);
  S2S__TRY(s2s__choice_make(&graph, &stepper->model->network, lexicon, stepper->memory, wish, wishes, &stepper->choice));
  for (size_t i = 0; i < stepper->others; i++)
    S2S__TRY(s2s__stepper_choose(&stepper->other[i], lexicon, wish, wishes, error));
  return S2S_OK;
}

static int32_t stepper_prepare(s2s__stepper *stepper, const s2s_memory *memory, s2s__error *error) {
  const s2s__network *network = &stepper->model->network;
  s2s__graph graph;
  stepper->started = 0;
  stepper->memory = memory;
  s2s__arena_reset(&stepper->base);
  s2s__graph_init(&graph, &stepper->base, stepper->model->kernels, error);
  stepper->encoding = memory->encoding;
  stepper->copies = network->config.copy ? &memory->copies : NULL;
  S2S__TRY(s2s__network_prepare(&graph, network, &stepper->encoding));
  S2S__TRY(network->decoder_type->start(&graph, network, &stepper->encoding, &stepper->first));
  stepper->prepared = s2s__arena_mark(&stepper->base);
  S2S__TRY(stepper_make_others(stepper, memory->others, error));
  for (size_t i = 0; i < stepper->others; i++)
    S2S__TRY(stepper_prepare(&stepper->other[i], memory->other[i], error));
  return S2S_OK;
}

int32_t s2s__stepper_start(s2s__stepper *stepper, const s2s_memory *memory, s2s__error *error) {
  S2S__TRY(stepper_prepare(stepper, memory, error));
  return s2s__stepper_rewind(stepper, error);
}

static void stepper_borrow(s2s__stepper *stepper, const s2s__stepper *started) {
  stepper->started = 0;
  s2s__arena_reset(&stepper->base);
  stepper->prepared = s2s__arena_mark(&stepper->base);
  stepper->memory = started->memory;
  stepper->encoding = started->encoding;
  stepper->copies = started->copies;
  stepper->first = started->first;
  for (size_t i = 0; i < stepper->others; i++) stepper_borrow(&stepper->other[i], &started->other[i]);
}

int32_t s2s__stepper_share(s2s__stepper *stepper, const s2s__stepper *started, s2s__error *error) {
  S2S__TRY(stepper_make_others(stepper, started->others, error));
  stepper_borrow(stepper, started);
  return s2s__stepper_rewind(stepper, error);
}

/* ---- copying ----------------------------------------------------------------------------------------------------- */

static int32_t stepper_copy_tensor(s2s__graph *graph, const s2s__tensor *from, s2s__tensor **to) {
  *to = NULL;
  if (!from) return S2S_OK;
  S2S__TRY(s2s__graph_tensor(graph, from->rows, from->cols, to));
  memcpy((*to)->data, from->data, from->rows * from->cols * sizeof *from->data);
  return S2S_OK;
}

static int32_t stepper_copy_state(s2s__stepper *copy, const s2s__stepper *stepper, s2s__error *error) {
  s2s__graph graph;
  s2s__arena *arena = &copy->step[copy->turn ^= 1];
  s2s__arena_reset(arena);
  s2s__graph_init(&graph, arena, copy->model->kernels, error);
  copy->state.count = stepper->state.count;
  for (size_t i = 0; i < stepper->state.count; i++)
    S2S__TRY(stepper_copy_tensor(&graph, stepper->state.tensor[i], &copy->state.tensor[i]));
  s2s__graph_init(&graph, &copy->base, copy->model->kernels, error);
  if (stepper->state.past.kept)
    S2S__TRY(s2s__past_copy(&graph, &stepper->state.past, stepper->rows, &copy->state.past));
  size_t *sentence = S2S__TAKE(arena, size_t, stepper->rows + 1);
  if (!sentence) return s2s__fail_memory(error, stepper->rows * sizeof *sentence, "a step");
  memcpy(sentence, stepper->sentence, stepper->rows * sizeof *sentence);
  copy->sentence = sentence;
  copy->rows = stepper->rows;
  copy->position = stepper->position;
  copy->weights = NULL;
  for (size_t i = 0; i < stepper->others; i++)
    S2S__TRY(stepper_copy_state(&copy->other[i], &stepper->other[i], error));
  return S2S_OK;
}

int32_t s2s__stepper_copy(s2s__stepper *copy, const s2s__stepper *stepper, s2s__error *error) {
  S2S__TRY(s2s__stepper_start(copy, stepper->memory, error));
  if (stepper->position == 0) return S2S_OK;
  copy->started = 0;
  S2S__TRY(stepper_copy_state(copy, stepper, error));
  copy->started = 1;
  return S2S_OK;
}

/* ---- steps ------------------------------------------------------------------------------------------------------- */

/* A state tensor that the block passed on unchanged still lies in the other arena, which the next step resets. */
static int32_t stepper_keep(s2s__graph *graph, const s2s__decoder_state *before, s2s__decoder_state *after) {
  for (size_t i = 0; i < after->count; i++) {
    s2s__tensor *t = after->tensor[i], *copy;
    if (!t || t != before->tensor[i]) continue;
    S2S__TRY(s2s__graph_tensor(graph, t->rows, t->cols, &copy));
    memcpy(copy->data, t->data, t->rows * t->cols * sizeof *t->data);
    after->tensor[i] = copy;
  }
  return S2S_OK;
}

/* A decoder reads the sentence's own words, which it has copied, as unknown ones. */
static int32_t stepper_ids(const s2s__stepper *stepper, s2s__arena *arena, const int32_t *tokens, size_t n,
                           const int32_t **ids, s2s__error *error) {
  *ids = tokens;
  if (!stepper->copies) return S2S_OK;
  int32_t *known = S2S__TAKE(arena, int32_t, n + 1);
  if (!known) return s2s__fail_memory(error, n * sizeof *known, "a step");
  for (size_t i = 0; i < n; i++) known[i] = (size_t)tokens[i] < stepper->copies->vocabulary ? tokens[i] : S2S__UNK;
  *ids = known;
  return S2S_OK;
}

static void stepper_mean(const s2s__stepper *stepper, s2s__real *sum, size_t count, size_t members) {
  stepper->model->kernels->scale(count, (s2s__real)(1.0 / (double)members), sum);
}

/* Attention is averaged where all members have it. */
static int32_t stepper_step_others(s2s__stepper *stepper, const int32_t *tokens, const size_t *parents, size_t n,
                                   s2s__error *error) {
  const size_t count = stepper->log_probabilities->rows * stepper->log_probabilities->cols;
  size_t attending = stepper->weights != NULL;
  for (size_t i = 0; i < stepper->others; i++) {
    s2s__stepper *other = &stepper->other[i];
    S2S__TRY(s2s__stepper_step(other, tokens, parents, n, error));
    stepper->model->kernels->add(count, other->log_probabilities->data, stepper->log_probabilities->data);
    attending += other->weights != NULL;
  }
  stepper_mean(stepper, stepper->log_probabilities->data, count, stepper->others + 1);
  if (attending <= stepper->others) return S2S_OK;
  const size_t weights = stepper->ragged.total;
  for (size_t i = 0; i < stepper->others; i++)
    stepper->model->kernels->add(weights, stepper->other[i].weights->data, stepper->weights->data);
  stepper_mean(stepper, stepper->weights->data, weights, stepper->others + 1);
  return S2S_OK;
}

static int32_t stepper_probabilities(s2s__stepper *stepper, s2s__graph *graph, const s2s__block *block) {
  const s2s__network *network = &stepper->model->network;
  const s2s__outputs outputs = s2s__block_outputs(block);
  if (stepper->choice.list)
    return s2s__choice_log_probabilities(graph, network, &stepper->choice, block->sentence, outputs.rows,
                                         &stepper->log_probabilities);
  return s2s__network_log_probabilities(graph, network, &outputs, stepper->copies, &stepper->log_probabilities);
}

int32_t s2s__stepper_step(s2s__stepper *stepper, const int32_t *tokens, const size_t *parents, size_t n,
                          s2s__error *error) {
  const s2s__network *network = &stepper->model->network;
  s2s__arena *arena = &stepper->step[stepper->turn ^= 1];
  s2s__arena_reset(arena);
  s2s__graph graph;
  s2s__graph_init(&graph, arena, stepper->model->kernels, error);
  size_t *sentence = S2S__TAKE(arena, size_t, n + 1);
  if (!sentence) return s2s__fail_memory(error, n * sizeof *sentence, "a step");
  for (size_t i = 0; i < n; i++) sentence[i] = stepper->sentence ? stepper->sentence[parents[i]] : parents[i];
  s2s__rows rows;
  S2S__TRY(s2s__rows_init_step(&rows, arena, n, stepper->position, error));
  s2s__block block;
  memset(&block, 0, sizeof block);
  block.encoding = &stepper->encoding;
  block.rows = &rows;
  block.sentence = sentence;
  S2S__TRY(stepper_ids(stepper, arena, tokens, n, &block.ids, error));
  s2s__decoder_state selected;
  S2S__TRY(s2s__decoder_state_select(&graph, &stepper->state, parents, n, &selected));
  block.state = selected;
  S2S__TRY(network->decoder_type->block(&graph, network, &block));
  S2S__TRY(stepper_keep(&graph, &selected, &block.state));
  S2S__TRY(stepper_probabilities(stepper, &graph, &block));
  stepper->state = block.state;
  stepper->weights = block.weights;
  stepper->query = block.query;
  stepper->ragged = block.ragged;
  stepper->sentence = sentence;
  stepper->rows = n;
  stepper->position++;
  return stepper->others > 0 ? stepper_step_others(stepper, tokens, parents, n, error) : S2S_OK;
}
