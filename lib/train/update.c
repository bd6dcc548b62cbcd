/* SPDX-License-Identifier: MIT
 *
 * One update of a trainer: the three parallel passes that trainer.h draws.
 */
#include "train/trainer.h"

#include <math.h>
#include <string.h>

enum { UPDATE_BLOCK = 16384 }; /* parameters that one part adds and optimises */

typedef struct update_job {
  s2s_trainer *trainer;
  const uint32_t *pair;
  size_t count;
  double scale;   /* 1 / target tokens of the batch */
  double *square; /* [blocks] squares of the gradient, added up */
  double gradient_scale;
  size_t blocks;
  size_t shards; /* of this batch: never more than it has pairs */
} update_job;

/* ---- forward and backward of one shard --------------------------------------------------------------------------- */

static void update_word_dropout(const s2s_options *options, double rate[2]) {
  const double target = s2s__option_real(options, S2S__WORD_DROPOUT_TARGET);
  rate[S2S_SOURCE] = s2s__option_real(options, S2S__WORD_DROPOUT);
  rate[S2S_TARGET] = target < 0 ? rate[S2S_SOURCE] : target;
}

/* Forward and backward of every shards'th of pair[first..end), added to the shard's gradient and loss. */
static int32_t update_piece(const update_job *job, s2s__shard *shard, size_t first, size_t end) {
  s2s_trainer *t = job->trainer;
  s2s__example *example;
  s2s__graph graph;
  s2s__outputs outputs;
  double loss, plain;
  s2s__arena_reset(&shard->arena);
  s2s__graph_init(&graph, &shard->arena, t->kernels, &shard->error);
  graph.pool = shard->pool;
  graph.recording = 1;
  graph.gradient = shard->gradient;
  graph.dropout = s2s__option_real(&t->options, S2S__DROPOUT);
  graph.attention_dropout = s2s__option_real(&t->options, S2S__DROPOUT_ATTENTION);
  const double inner = s2s__option_real(&t->options, S2S__DROPOUT_FEED_FORWARD);
  graph.feed_forward_dropout = inner < 0 ? graph.dropout : inner;
  update_word_dropout(&t->options, graph.word_dropout);
  graph.dropout_variational = s2s__option_bool(&t->options, S2S__DROPOUT_VARIATIONAL);
  graph.dropout_key =
      s2s__key(s2s__key((uint64_t)s2s__option_int(&t->options, S2S__SEED), 0x64726F70U), t->updates + 1);
  S2S__GRAPH_TAKE(&graph, s2s__example, 1, example);
  S2S__TRY(s2s__dataset_example(&t->dataset, job->pair, end, first, t->shards, &shard->arena, example, &shard->error));
  S2S__TRY(s2s__network_forward(&graph, &t->network, example, NULL, &outputs));
  const s2s__loss_settings settings = {s2s__option_real(&t->options, S2S__LABEL_SMOOTHING), job->scale,
                                       s2s__option_real(&t->options, S2S__COVERAGE_LOSS)};
  S2S__TRY(s2s__network_loss(&graph, &t->network, example, &outputs, &settings, &loss, &plain));
  shard->loss += loss;
  return s2s__graph_backward(&graph);
}

static size_t update_pair_tokens(const s2s_trainer *t, uint32_t pair) {
  return s2s__dataset_length(&t->dataset, S2S_SOURCE, pair) + s2s__dataset_length(&t->dataset, S2S_TARGET, pair) + 1;
}

/* The shard's part of pair[first..end), as many pairs at a time as piece_tokens allows, but one at least: what layers
 * keep for their way back is of one piece. */
static int32_t update_part(const update_job *job, s2s__shard *shard, size_t first, size_t end) {
  const s2s_trainer *t = job->trainer;
  const size_t most = s2s__option_size(&t->options, S2S__PIECE_TOKENS);
  while (first < end) {
    size_t behind = first, tokens = 0;
    do tokens += update_pair_tokens(t, job->pair[behind]), behind += t->shards;
    while (behind < end && (most == 0 || tokens + update_pair_tokens(t, job->pair[behind]) <= most));
    S2S__TRY(update_piece(job, shard, first, behind < end ? behind : end));
    first = behind;
  }
  return S2S_OK;
}

/* The batches of an update one after another. */
static int32_t update_shard(const update_job *job, s2s__shard *shard, size_t number) {
  const s2s_trainer *t = job->trainer;
  const size_t batches = s2s__option_size(&t->options, S2S__ACCUMULATE);
  memset(shard->gradient, 0, t->network.params.total * sizeof *shard->gradient);
  shard->loss = 0;
  for (size_t b = 0; b < batches; b++) {
    const size_t begin = job->count * b / batches, end = job->count * (b + 1) / batches;
    S2S__TRY(update_part(job, shard, begin + number, end));
  }
  return S2S_OK;
}

static void update_shard_part(void *data, size_t part, size_t worker) {
  (void)worker;
  const update_job *job = data;
  const size_t number = job->trainer->first_shard + part;
  (void)update_shard(job, &job->trainer->shard[number], number);
}

/* ---- adding, norm ------------------------------------------------------------------------------------------------ */

static size_t update_block_end(const update_job *job, size_t block) {
  const size_t total = job->trainer->network.params.total, end = (block + 1) * UPDATE_BLOCK;
  return end < total ? end : total;
}

/* The part of a frozen range that is in [begin, end); nothing: begin >= end. */
static s2s__range update_frozen_part(const s2s__range *range, size_t begin, size_t end) {
  return (s2s__range){range->begin > begin ? range->begin : begin, range->end < end ? range->end : end};
}

/* Where the sum of this process's shards ends, and after the collective that of all. */
static s2s__real *update_gradient(const s2s_trainer *t) { return t->shard[t->first_shard].gradient; }

static void update_clear_frozen(const s2s_trainer *t, size_t begin, size_t end) {
  for (size_t i = 0; i < t->frozen_count; i++) {
    const s2s__range part = update_frozen_part(&t->frozen[i], begin, end);
    if (part.begin < part.end) memset(update_gradient(t) + part.begin, 0, (part.end - part.begin) * sizeof(s2s__real));
  }
}

/* Adds shards in a fixed tree: 0+1, 2+3, ...; then 0+2, ... */
static void update_add_block(const update_job *job, size_t begin, size_t n) {
  const s2s_trainer *t = job->trainer;
  const size_t first = t->first_shard, behind = first + t->own_shards;
  const size_t last = job->shards < behind ? job->shards : behind;
  for (size_t step = 1; first + step < last; step *= 2)
    for (size_t s = first; s + step < last; s += 2 * step)
      t->kernels->add(n, t->shard[s + step].gradient + begin, t->shard[s].gradient + begin);
}

static void update_add_part(void *data, size_t part, size_t worker) {
  (void)worker;
  const update_job *job = data;
  const size_t begin = part * UPDATE_BLOCK;
  update_add_block(job, begin, update_block_end(job, part) - begin);
}

static void update_measure_part(void *data, size_t part, size_t worker) {
  (void)worker;
  const update_job *job = data;
  const s2s_trainer *t = job->trainer;
  const size_t begin = part * UPDATE_BLOCK, n = update_block_end(job, part) - begin;
  if (!t->allreduce) update_add_block(job, begin, n); /* while it is at hand */
  update_clear_frozen(t, begin, begin + n);
  job->square[part] = t->kernels->sum_squares(n, update_gradient(t) + begin);
}

enum {
  UPDATE_DIGITS = 5
}; /* of a loss in base 4096, the last worth 2^-32: floats add up those of 4096 processes exactly */

static void update_digits(double loss, float digit[UPDATE_DIGITS]) {
  const int fits = loss >= 0 && loss < 268435456.0; /* 2^28; neither is it a NaN */
  double rest = fits ? loss * 4294967296.0 : 0;
  for (size_t i = UPDATE_DIGITS; i-- > 0;) {
    const double higher = floor(rest / 4096);
    digit[i] = fits ? (float)(rest - 4096 * higher) : NAN;
    rest = higher;
  }
}

/* The sums over all processes. */
static int32_t update_allreduce(const update_job *job, double *loss, s2s__error *error) {
  const s2s_trainer *t = job->trainer;
  float digit[UPDATE_DIGITS];
  if (!t->allreduce) return S2S_OK;
  update_digits(*loss, digit);
  s2s__pool_run(t->pool, job->blocks, update_add_part, (void *)(uintptr_t)job);
  float *gradient = (float *)(void *)update_gradient(t);
  if (t->allreduce(t->allreduce_user, gradient, t->network.params.total) ||
      t->allreduce(t->allreduce_user, digit, UPDATE_DIGITS))
    return s2s__fail(error, S2S_CANCELLED, "update %llu: the collective of the host failed",
                     (unsigned long long)t->updates + 1);
  *loss = 0;
  for (size_t i = 0; i < UPDATE_DIGITS; i++) *loss = *loss * 4096 + (double)digit[i];
  *loss /= 4294967296.0;
  return S2S_OK;
}

/* ---- optimiser, packing ------------------------------------------------------------------------------------------ */

/* Follows faster at first, when the parameters move far: the decay is at most (1 + n) / (10 + n) at update n. */
static void update_average(s2s_trainer *t, size_t begin, size_t end) {
  const double n = (double)t->updates + 1, start = (1 + n) / (10 + n);
  const double option = s2s__option_real(&t->options, S2S__MOVING_AVERAGE), decay = option < start ? option : start;
  t->kernels->scale(end - begin, (s2s__real)decay, t->average + begin);
  t->kernels->axpy(end - begin, (s2s__real)(1 - decay), t->network.params.value + begin, t->average + begin);
}

/* What is not frozen of [begin, end) in one piece. */
static void update_apply(s2s_trainer *t, const s2s__update *update, size_t begin, size_t end) {
  if (begin >= end) return;
  t->optimizer->apply(update, begin, end);
  if (t->average) update_average(t, begin, end);
}

static void update_apply_part(void *data, size_t part, size_t worker) {
  (void)worker;
  const update_job *job = data;
  s2s_trainer *t = job->trainer;
  const s2s__update update = {.kernels = t->kernels,
                              .settings = t->optimizer_settings,
                              .number = t->updates + 1 - t->optimizer_start,
                              .learning_rate = s2s__schedule_rate(&t->schedule, t->updates + 1),
                              .gradient_scale = job->gradient_scale,
                              .gradient = update_gradient(t),
                              .value = t->network.params.value,
                              .state = {t->state[0], t->state[1]}};
  const size_t end = update_block_end(job, part);
  size_t begin = part * UPDATE_BLOCK;
  for (size_t i = 0; i < t->frozen_count; i++) {
    const s2s__range frozen = update_frozen_part(&t->frozen[i], begin, end);
    if (frozen.begin >= frozen.end) continue;
    update_apply(t, &update, begin, frozen.begin);
    begin = frozen.end;
  }
  update_apply(t, &update, begin, end);
}

static void update_pack_part(void *data, size_t part, size_t worker) {
  (void)worker;
  const update_job *job = data;
  s2s__param_pack(job->trainer->network.params.item[part]);
}

/* ---- the update -------------------------------------------------------------------------------------------------- */

static int32_t update_collect(const s2s_trainer *t, double *loss, s2s__error *error) {
  *loss = 0;
  for (size_t s = t->first_shard; s < t->first_shard + t->own_shards; s++) {
    const s2s__error *e = &t->shard[s].error;
    if (e->status != S2S_OK) return s2s__fail(error, e->status, "%s", e->text);
    *loss += t->shard[s].loss;
  }
  return S2S_OK;
}

/* As PyTorch's clip_grad_norm_: the gradient is scaled by min(1, most / (norm + 1e-6)). */
static double update_clip(const s2s_trainer *t, double norm) {
  const double most = s2s__option_real(&t->options, S2S__CLIP_NORM);
  if (most <= 0) return 1;
  const double scale = most / (norm + 1e-6);
  return scale < 1 ? scale : 1;
}

static size_t update_target_tokens(const s2s_trainer *t, const uint32_t *pair, size_t count) {
  size_t tokens = 0;
  for (size_t i = 0; i < count; i++) tokens += s2s__dataset_length(&t->dataset, S2S_TARGET, pair[i]) + 1;
  return tokens;
}

int32_t s2s__trainer_update(s2s_trainer *trainer, const uint32_t *pair, size_t count, double *loss, double *norm,
                            s2s__error *error) {
  s2s_trainer *t = trainer;
  const size_t tokens = update_target_tokens(t, pair, count);
  update_job job = {.trainer = t, .pair = pair, .count = count, .scale = 1.0 / (double)tokens};
  job.blocks = (t->network.params.total + UPDATE_BLOCK - 1) / UPDATE_BLOCK;
  for (size_t s = 0; s < t->shards; s++) s2s__error_clear(&t->shard[s].error);
  job.shards = t->shards < count ? t->shards : count;
  s2s__pool_run(t->pool, t->own_shards, update_shard_part, &job);
  S2S__TRY(update_collect(t, loss, error));
  S2S__TRY(update_allreduce(&job, loss, error));
  *loss /= (double)tokens;
  job.square = S2S__TAKE(&t->shard[t->first_shard].arena, double, job.blocks);
  if (!job.square) return s2s__fail_memory(error, job.blocks * sizeof(double), "an update");
  s2s__pool_run(t->pool, job.blocks, update_measure_part, &job);
  double square = 0;
  for (size_t b = 0; b < job.blocks; b++) square += job.square[b];
  *norm = sqrt(square);
  if (!isfinite(*loss) || !isfinite(*norm))
    return s2s__fail(error, S2S_DIVERGED,
                     "update %llu: the %s is not finite; a smaller learning_rate or clip_norm may help",
                     (unsigned long long)t->updates + 1, isfinite(*loss) ? "gradient" : "loss");
  job.gradient_scale = update_clip(t, *norm);
  s2s__pool_run(t->pool, job.blocks, update_apply_part, &job);
  s2s__pool_run(t->pool, t->network.params.count, update_pack_part, &job);
  t->updates++;
  return S2S_OK;
}
