/* SPDX-License-Identifier: MIT
 *
 * s2s_translate and s2s_score, and the translation of many texts that s2s_translate_document uses too.
 *
 * All texts are cut into tokens first, in order, so that what is wrong with one is found before work begins. Then they
 * are sorted by length and go in batches to the threads, each of which encodes and decodes its batch by itself.
 */
#include "api/api.h"
#include "api/run.h"

#include "base/sort.h"

#include <string.h>

enum { TRANSLATE_BATCH = 64 }; /* most texts encoded and decoded together */

/* ---- making ------------------------------------------------------------------------------------------------------ */

static int32_t translation_make(s2s__translation *t, s2s__error *error) {
  s2s__search search = t->search;
  search.threads = 1;
  t->decoder = s2s__arena_take_zeroed(&t->arena, t->threads * sizeof *t->decoder);
  t->scratch = t->decoder ? S2S__TAKE(&t->arena, s2s__arena, t->threads) : NULL;
  if (!t->scratch) return s2s__fail_memory(error, t->threads * sizeof *t->scratch, "decoders");
  for (size_t i = 0; i < t->threads; i++) s2s__arena_init(&t->scratch[i], &t->host);
  for (size_t i = 0; i < t->threads; i++)
    S2S__TRY(s2s__decoder_new(t->model, &t->host, &search, &t->decoder[i], error));
  return t->threads > 1 ? s2s__pool_new(&t->host, t->threads, &t->pool, error) : S2S_OK;
}

int32_t s2s__translation_init(s2s__translation *t, const s2s_model *model, const s2s_options *options,
                              const s2s__host *given, size_t nbest, s2s__error *error) {
  memset(t, 0, sizeof *t);
  t->model = model;
  s2s__host_own(&t->host, given, &t->budget, 0);
  s2s__sources_init(&t->sources, &t->host);
  s2s__sources_init(&t->targets, &t->host);
  s2s__arena_init(&t->arena, &t->host);
  S2S__TRY(s2s__search_read(&t->search, options, error));
  if (nbest) t->search.nbest = nbest;
  t->max_source_length = s2s__option_size(options, S2S__MAX_SOURCE_LENGTH);
  t->threads = t->search.threads;
  return s2s__name_limit(&t->host, error, translation_make(t, error));
}

void s2s__translation_free(s2s__translation *t) {
  s2s__pool_free(t->pool);
  for (size_t i = 0; t->scratch && i < t->threads; i++) {
    s2s__decoder_free(t->decoder[i]);
    s2s__arena_free(&t->scratch[i]);
  }
  s2s__sources_free(&t->sources);
  s2s__sources_free(&t->targets);
  s2s__arena_free(&t->arena);
}

/* ---- one batch --------------------------------------------------------------------------------------------------- */

typedef struct translate_job {
  s2s__translation *t;
  s2s_result *result;
  const size_t *order; /* [count] texts, the longest first */
  size_t count, size;  /* of a batch */
  int scores;          /* targets are given */
  double deadline;
  atomic_int cancelled;
  s2s__progress progress;
  s2s__error *error;    /* [batches] */
  atomic_size_t failed; /* the batch that failed first, and 1 */
} translate_job;

/* The targets of a batch, each with its end mark. */
static int32_t translate_targets(const s2s__sources *targets, const size_t *number, size_t count, s2s__arena *arena,
                                 s2s__sequences *sequences, s2s__error *error) {
  size_t total = 0;
  for (size_t i = 0; i < count; i++) total += targets->item[number[i]].tokens + 1;
  int32_t *ids = S2S__TAKE(arena, int32_t, total + 1), *at = ids;
  size_t *first = S2S__TAKE(arena, size_t, count + 1);
  if (!ids || !first) return s2s__fail_memory(error, total * sizeof *ids, "the targets");
  for (size_t i = 0; i < count; i++) {
    const s2s__source *s = &targets->item[number[i]];
    first[i] = (size_t)(at - ids);
    if (s->tokens) memcpy(at, targets->ids.item + s->first, s->tokens * sizeof *at);
    at += s->tokens;
    *at++ = S2S__EOS;
  }
  first[count] = total;
  *sequences = (s2s__sequences){ids, first, count};
  return S2S_OK;
}

static int32_t translate_batch(translate_job *job, const size_t *number, size_t count, size_t worker,
                               s2s__error *error) {
  s2s__translation *t = job->t;
  s2s__arena *scratch = &t->scratch[worker];
  s2s__sequences targets;
  s2s_memory *memory;
  s2s__arena_reset(scratch);
  if (job->scores) S2S__TRY(translate_targets(&t->targets, number, count, scratch, &targets, error));
  S2S__TRY(s2s__memory_of(t->model, &t->host, &t->sources, number, count, scratch, &memory, error));
  const s2s__request request = {.memory = memory,
                                .place = number,
                                .targets = job->scores ? &targets : NULL,
                                .deadline = job->deadline,
                                .cancelled = &job->cancelled,
                                .progress = &job->progress,
                                .reports = worker == 0,
                                .arena = worker};
  const int32_t status = s2s__decoder_search(t->decoder[worker], &request, job->result, error);
  s2s__memory_release(memory);
  return status;
}

/* Time is up before the batch has begun. */
static int32_t translate_nothing(translate_job *job, const size_t *number, size_t count, size_t worker,
                                 s2s__error *error) {
  for (size_t i = 0; i < count; i++) S2S__TRY(s2s__result_nothing(job->result, worker, number[i], S2S_ENDING_TIME, error));
  atomic_fetch_add(&job->progress.done, count);
  return S2S_OK;
}

static void translate_part(void *data, size_t part, size_t worker) {
  translate_job *job = data;
  const size_t at = part * job->size, left = job->count - at, count = left < job->size ? left : job->size;
  s2s__error *error = &job->error[part];
  size_t none = 0;
  if (atomic_load(&job->cancelled)) return;
  const int late = job->deadline > 0 && s2s__clock() >= job->deadline;
  const int32_t status = late ? translate_nothing(job, job->order + at, count, worker, error)
                              : translate_batch(job, job->order + at, count, worker, error);
  if (status == S2S_OK || !atomic_compare_exchange_strong(&job->failed, &none, part + 1)) return;
  atomic_store(&job->cancelled, 1);
}

/* ---- all of them ------------------------------------------------------------------------------------------------- */

static int translate_is_longer(const void *data, uint32_t a, uint32_t b) {
  const translate_job *job = data;
  const s2s__source *s = job->t->sources.item, *target = job->t->targets.item;
  if (s[a].tokens != s[b].tokens || !job->scores) return s[a].tokens > s[b].tokens;
  return target[a].tokens > target[b].tokens;
}

static int32_t translate_order(translate_job *job, s2s__error *error) {
  s2s__arena *arena = &job->t->arena;
  uint32_t *sorted = S2S__TAKE(arena, uint32_t, 2 * job->count + 1);
  size_t *order = S2S__TAKE(arena, size_t, job->count + 1);
  if (!sorted || !order || job->count > UINT32_MAX) return s2s__fail_memory(error, job->count * sizeof *order, "texts");
  for (size_t i = 0; i < job->count; i++) sorted[i] = (uint32_t)i;
  s2s__sort(sorted, job->count, sorted + job->count, translate_is_longer, job);
  for (size_t i = 0; i < job->count; i++) order[i] = sorted[i];
  job->order = order;
  return S2S_OK;
}

static int32_t translate_all(translate_job *job, s2s__error *error) {
  s2s__translation *t = job->t;
  const size_t share = (job->count + t->threads - 1) / t->threads;
  job->size = share < TRANSLATE_BATCH ? (share ? share : 1) : TRANSLATE_BATCH;
  const size_t batches = (job->count + job->size - 1) / job->size;
  job->deadline = s2s__search_deadline(&t->search);
  job->progress.host = &t->host;
  job->progress.total = job->count;
  job->error = s2s__arena_take_zeroed(&t->arena, batches * sizeof *job->error);
  if (!job->error) return s2s__fail_memory(error, batches * sizeof *job->error, "texts");
  S2S__TRY(translate_order(job, error));
  s2s__pool_run(t->pool, batches, translate_part, job);
  const size_t failed = atomic_load(&job->failed);
  if (failed) return s2s__fail(error, job->error[failed - 1].status, "%s", job->error[failed - 1].text);
  return s2s__progress_tell(&job->progress, error);
}

static int32_t translation_finish(translate_job *job, const s2s__host *given, s2s_result **result, s2s__error *error) {
  s2s__translation *t = job->t;
  S2S__TRY(s2s__result_new(given, job->count, t->threads, &job->result, error));
  atomic_init(&job->cancelled, 0);
  atomic_init(&job->progress.done, 0);
  atomic_init(&job->failed, 0);
  const int32_t status = s2s__name_limit(&job->result->host, error, translate_all(job, error));
  if (status == S2S_OK)
    *result = job->result;
  else
    s2s__result_free(job->result);
  return status;
}

int32_t s2s__translation_run(s2s__translation *t, const s2s__host *given, const char *const *texts,
                             const size_t *lengths, size_t count, s2s_result **result, s2s__error *error) {
  translate_job job = {.t = t, .count = count};
  int32_t status =
      s2s__sources_add_all(&t->sources, t->model, S2S_SOURCE, texts, lengths, count, t->max_source_length, error);
  if (status == S2S_OK) status = translation_finish(&job, given, result, error);
  return s2s__name_limit(&t->host, error, status);
}

/* ---- scoring ----------------------------------------------------------------------------------------------------- */

static int32_t score_add(s2s__translation *t, s2s__sources *to, int32_t side, const char *text, const size_t *length,
                         s2s__error *error) {
  if (!text && !(length && *length == 0))
    return s2s__fail(error, S2S_BAD_ARGUMENT, "the %s is NULL", side == S2S_SOURCE ? "source" : "target");
  if (!text) text = "";
  return s2s__sources_add(to, t->model, side, text, length ? *length : strlen(text),
                          side == S2S_TARGET ? &t->sources : NULL, error);
}

/* What was added last. */
static int32_t score_check(const s2s__translation *t, s2s__error *error) {
  const size_t source = t->sources.item[t->sources.count - 1].tokens;
  const size_t target = t->targets.item[t->targets.count - 1].tokens;
  const size_t longest = s2s__model_longest(t->model, S2S_TARGET);
  if (source == 0) return s2s__fail(error, S2S_BAD_TEXT, "the source is empty");
  if (source > t->max_source_length)
    return s2s__fail(error, S2S_LIMIT, "%zu tokens are more than max_source_length %zu", source, t->max_source_length);
  if (target < longest) return S2S_OK;
  return s2s__fail(error, S2S_LIMIT, "a target of %zu tokens, where the model has positions for %zu, end mark included",
                   target, longest);
}

int32_t s2s__translation_score(s2s__translation *t, const s2s__host *given, const char *const *texts,
                               const size_t *lengths, const char *const *targets, const size_t *target_lengths,
                               size_t count, s2s_result **result, s2s__error *error) {
  translate_job job = {.t = t, .count = count, .scores = 1};
  int32_t status = s2s__check_count(count, "texts", error);
  for (size_t i = 0; i < count && status == S2S_OK; i++) {
    status = score_add(t, &t->sources, S2S_SOURCE, texts[i], lengths ? &lengths[i] : NULL, error);
    if (status == S2S_OK)
      status = score_add(t, &t->targets, S2S_TARGET, targets[i], target_lengths ? &target_lengths[i] : NULL, error);
    if (status == S2S_OK) status = score_check(t, error);
    if (status != S2S_OK) (void)s2s__fail_prefix(error, "pair %zu", i);
  }
  if (status == S2S_OK) status = translation_finish(&job, given, result, error);
  return s2s__name_limit(&t->host, error, status);
}

/* ---- in one call ------------------------------------------------------------------------------------------------- */

int32_t s2s_translate(const s2s_model *model, const s2s_options *options, const char *const *texts,
                      const size_t *lengths, size_t count, s2s_result **result) {
  S2S__API_OUT(result);
  S2S__API_NEED(model);
  if (count) S2S__API_NEED(texts);
  s2s__error error = {.status = S2S_OK};
  s2s__translation t;
  const s2s__host given = s2s__options_host(options);
  const s2s__float_mode mode = s2s__float_mode_enter();
  int32_t status = s2s__translation_init(&t, model, options, &given, 0, &error);
  if (status == S2S_OK) status = s2s__translation_run(&t, &given, texts, lengths, count, result, &error);
  s2s__translation_free(&t);
  s2s__float_mode_leave(mode);
  return s2s__api_finish(&error, status);
}

int32_t s2s_score(const s2s_model *model, const s2s_options *options, const char *const *sources,
                  const size_t *source_lengths, const char *const *targets, const size_t *target_lengths, size_t count,
                  s2s_result **result) {
  S2S__API_OUT(result);
  S2S__API_NEED(model);
  if (count) S2S__API_NEED(sources);
  if (count) S2S__API_NEED(targets);
  s2s__error error = {.status = S2S_OK};
  s2s__translation t;
  const s2s__host given = s2s__options_host(options);
  const s2s__float_mode mode = s2s__float_mode_enter();
  int32_t status = s2s__translation_init(&t, model, options, &given, 1, &error);
  if (status == S2S_OK)
    status =
        s2s__translation_score(&t, &given, sources, source_lengths, targets, target_lengths, count, result, &error);
  s2s__translation_free(&t);
  s2s__float_mode_leave(mode);
  return s2s__api_finish(&error, status);
}
