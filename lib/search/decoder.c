/* SPDX-License-Identifier: MIT
 *
 * The life of a decoder, its settings, and a memory's way through it: sentences are sorted by length and cut into
 * batches, which the threads share.
 */
#include "search/batch.h"

#include <math.h>
#include <string.h>

/* ---- settings ---------------------------------------------------------------------------------------------------- */

static void search_read_rules(s2s__rules *rules, const s2s_options *options) {
  rules->min_length = s2s__option_size(options, S2S__MIN_LENGTH);
  rules->no_repeat_ngram = s2s__option_size(options, S2S__NO_REPEAT_NGRAM);
  rules->repetition_penalty = s2s__option_real(options, S2S__REPETITION_PENALTY);
  rules->ban_unknown = s2s__option_bool(options, S2S__BAN_UNKNOWN);
  rules->banned = (s2s__sequences){NULL, NULL, 0};
  rules->look_back = rules->no_repeat_ngram > 0 || rules->repetition_penalty > 1 || rules->repetition_penalty < 1;
}

static int32_t search_check(const s2s__search *search, s2s__error *error) {
  const int draws = search->temperature > 0;
  if (!draws && (search->top_k > 0 || search->top_p < 1))
    return s2s__fail(error, S2S_BAD_OPTION, "option '%s' says how to draw tokens, and needs temperature above 0",
                     search->top_k > 0 ? "top_k" : "top_p");
  if (search->rules.min_length < search->max_length) return S2S_OK;
  return s2s__fail(error, S2S_BAD_OPTION, "min_length %zu leaves no room for the end mark below max_length %zu",
                   search->rules.min_length, search->max_length);
}

int32_t s2s__search_read(s2s__search *search, const s2s_options *options, s2s__error *error) {
  memset(search, 0, sizeof *search);
  search->beam = s2s__option_size(options, S2S__BEAM);
  search->nbest = s2s__option_size(options, S2S__NBEST);
  search->stop = s2s__option_choice(options, S2S__BEAM_STOP) == 1 ? S2S__STOP_SAFE : S2S__STOP_FIRST;
  search->length_penalty = s2s__option_real(options, S2S__LENGTH_PENALTY);
  search->length_wu = s2s__option_choice(options, S2S__LENGTH_NORM) == 1;
  search->coverage_penalty = s2s__option_real(options, S2S__COVERAGE_PENALTY);
  search->max_length = s2s__option_size(options, S2S__MAX_LENGTH);
  search->max_length_ratio = s2s__option_real(options, S2S__MAX_LENGTH_RATIO);
  search->time_limit = s2s__option_real(options, S2S__TIME_LIMIT);
  search_read_rules(&search->rules, options);
  search->replace_unknown = s2s__option_bool(options, S2S__REPLACE_UNKNOWN);
  search->shortlist = s2s__option_bool(options, S2S__SHORTLIST);
  search->temperature = s2s__option_real(options, S2S__TEMPERATURE);
  search->top_k = s2s__option_size(options, S2S__TOP_K);
  search->top_p = s2s__option_real(options, S2S__TOP_P);
  search->seed = (uint64_t)s2s__option_int(options, S2S__SEED);
  search->threads = s2s__option_size(options, S2S__THREADS);
  search->banned = s2s__option_text(options, S2S__BANNED);
  search->prefix = s2s__option_text(options, S2S__PREFIX);
  return search_check(search, error);
}

double s2s__search_normalise(const s2s__search *search, double log_probability, size_t length) {
  if (search->length_penalty == 0 || length == 0) return log_probability;
  const double base = search->length_wu ? (5 + (double)length) / 6 : (double)length;
  return log_probability / pow(base, search->length_penalty);
}

double s2s__search_deadline(const s2s__search *search) {
  return search->time_limit > 0 ? s2s__clock() + search->time_limit : 0;
}

/* ---- making ------------------------------------------------------------------------------------------------------ */

/* An ensemble's attention is that of the first model, or the mean where all have it. */
static int32_t decoder_check_attention(const s2s_decoder *d, s2s__error *error) {
  const char *option = d->search.coverage_penalty > 0 ? "coverage_penalty" : "replace_unknown";
  if (s2s__network_query_dim(&s2s__model_member(d->model, 0)->network) > 0) return S2S_OK;
  if (d->search.coverage_penalty <= 0 && !d->search.replace_unknown) return S2S_OK;
  return s2s__fail(error, S2S_BAD_OPTION, "option '%s' asks where the %s looks, and it has no attention", option,
                   s2s__model_members(d->model) > 1 ? "ensemble's first model" : "model");
}

static int32_t decoder_find_unknown(const s2s_decoder *d, const s2s__sources *texts, size_t number, s2s__error *error) {
  const s2s__source *s = &texts->item[number];
  for (size_t i = s->first; i < s->first + s->tokens; i++)
    if (texts->ids.item[i] == S2S__UNK)
      return s2s__fail(error, S2S_BAD_TEXT, "the prefix has a token which the target vocabulary lacks: '%.*s'",
                       (int)(texts->span[i].end - texts->span[i].begin), texts->text + s->at + texts->span[i].begin);
  const size_t longest = s2s__model_longest(d->model, S2S_TARGET);
  const size_t most = longest < d->search.max_length ? longest : d->search.max_length;
  if (s->tokens < most) return S2S_OK;
  return s2s__fail(error, S2S_LIMIT, "a prefix of %zu tokens, where a hypothesis may have %zu, the end mark included",
                   s->tokens, most);
}

int32_t s2s__decoder_set_prefixes(s2s_decoder *decoder, const char *const *texts, const size_t *lengths, size_t count,
                                  s2s__error *error) {
  s2s__sources *p = &decoder->prefixes;
  s2s__sources_clear(p);
  int32_t status = s2s__sources_add_all(p, decoder->model, S2S_TARGET, texts, lengths, count, SIZE_MAX, error);
  for (size_t i = 0; i < count && status == S2S_OK; i++) {
    status = decoder_find_unknown(decoder, p, i, error);
    if (status != S2S_OK) (void)s2s__fail_prefix(error, "text %zu", i);
  }
  if (status != S2S_OK) s2s__sources_clear(p);
  return status;
}

/* The prefix of the options. */
static int32_t decoder_read_prefix(s2s_decoder *d, s2s__error *error) {
  const char *text = d->search.prefix;
  if (!*text) return S2S_OK;
  if (s2s__decoder_set_prefixes(d, &text, NULL, 1, error) != S2S_OK) return s2s__fail_prefix(error, "option 'prefix'");
  const size_t count = d->prefixes.ids.count;
  int32_t *ids = S2S__TAKE(&d->arena, int32_t, count + 1);
  size_t *first = S2S__TAKE(&d->arena, size_t, 2);
  if (!ids || !first) return s2s__fail_memory(error, count * sizeof *ids, "a prefix");
  if (count) memcpy(ids, d->prefixes.ids.item, count * sizeof *ids);
  first[0] = 0, first[1] = count;
  d->prefix = (s2s__sequences){ids, first, 1};
  s2s__sources_clear(&d->prefixes);
  return S2S_OK;
}

static int32_t decoder_check_shortlist(const s2s_decoder *d, s2s__error *error) {
  if (!d->search.shortlist) return S2S_OK;
  if (d->model->network.config.copy)
    return s2s__fail(error, S2S_BAD_OPTION, "option 'shortlist': a model that copies (decoder.copy) cannot use one");
  if (d->model->lexicon) return S2S_OK;
  return s2s__fail(error, S2S_BAD_OPTION,
                   "option 'shortlist': the model has none; s2s_model_shortlist and `seq2seq shortlist` make one");
}

static int32_t decoder_read_texts(s2s_decoder *d, s2s__error *error) {
  S2S__TRY(decoder_check_attention(d, error));
  S2S__TRY(decoder_check_shortlist(d, error));
  S2S__TRY(s2s__sequences_of(d->model, d->search.banned, &d->host, &d->arena, &d->search.rules.banned, error));
  d->search.rules.look_back |= d->search.rules.banned.count > 0;
  S2S__TRY(decoder_read_prefix(d, error));
  d->search.banned = s2s__arena_text(&d->arena, d->search.banned, strlen(d->search.banned));
  d->search.prefix = s2s__arena_text(&d->arena, d->search.prefix, strlen(d->search.prefix));
  return d->search.banned && d->search.prefix ? S2S_OK : s2s__fail_memory(error, 1, "a decoder");
}

static int32_t decoder_make_searchers(s2s_decoder *d, s2s__error *error) {
  const size_t threads = d->search.threads;
  d->searcher = S2S__TAKE(&d->arena, s2s__searcher, threads);
  if (!d->searcher) return s2s__fail_memory(error, threads * sizeof *d->searcher, "a decoder");
  for (; d->searchers < threads; d->searchers++) {
    s2s__stepper_init(&d->searcher[d->searchers].stepper, d->model, &d->host);
    s2s__arena_init(&d->searcher[d->searchers].arena, &d->host);
  }
  return threads > 1 ? s2s__pool_new(&d->host, threads, &d->pool, error) : S2S_OK;
}

int32_t s2s__decoder_new(const s2s_model *model, const s2s__host *host, const s2s__search *search,
                         s2s_decoder **decoder, s2s__error *error) {
  s2s_decoder *d = s2s__allocate_zeroed(host, sizeof *d);
  *decoder = NULL;
  if (!d) return s2s__fail_memory(error, sizeof *d, "a decoder");
  s2s__host_own(&d->host, host, &d->budget, sizeof *d);
  d->model = model;
  d->search = *search;
  if (search->temperature <= 0 && search->nbest > search->beam) d->search.beam = search->nbest;
  s2s__model_retain(model);
  s2s__arena_init(&d->arena, &d->host);
  s2s__sources_init(&d->prefixes, &d->host);
  atomic_init(&d->cancelled, 0);
  int32_t status = decoder_make_searchers(d, error);
  if (status == S2S_OK) status = decoder_read_texts(d, error);
  if (status != S2S_OK) {
    status = s2s__name_limit(&d->host, error, status);
    return s2s__decoder_free(d), status;
  }
  *decoder = d;
  return S2S_OK;
}

int32_t s2s__decoder_choose(s2s_decoder *decoder, s2s__error *error) {
  s2s__searcher *searcher = &decoder->searcher[0];
  const size_t count = decoder->memory->rows.count;
  if (!decoder->search.shortlist) return S2S_OK;
  s2s__arena_reset(&searcher->arena);
  s2s__wish *wish = S2S__TAKE(&searcher->arena, s2s__wish, count + 1);
  if (!wish) return s2s__fail_memory(error, count * sizeof *wish, "a step");
  for (size_t i = 0; i < count; i++) wish[i] = (s2s__wish){.sentence = i};
  return s2s__stepper_choose(&searcher->stepper, decoder->model->lexicon, wish, count, error);
}

void s2s__decoder_end_steps(s2s_decoder *decoder) {
  if (decoder->searchers > 0) decoder->searcher[0].stepper.started = 0;
  s2s__memory_release(decoder->memory);
  decoder->memory = NULL;
}

static void decoder_free_work(s2s_decoder *d) {
  s2s__decoder_end_steps(d);
  for (size_t i = 0; i < d->searchers; i++) {
    d->searcher[i].stepper.started = 0;
    s2s__stepper_free(&d->searcher[i].stepper);
    s2s__arena_free(&d->searcher[i].arena);
  }
  s2s__free(&d->host, d->parents, d->parents_capacity * sizeof *d->parents);
  d->parents = NULL;
  d->parents_capacity = 0;
  s2s__sources_free(&d->prefixes);
}

int32_t s2s__decoder_finish(s2s_decoder *decoder, int32_t status, s2s__error *error) {
  if (status == S2S_OUT_OF_MEMORY) decoder_free_work(decoder);
  return s2s__name_limit(&decoder->host, error, status);
}

void s2s__decoder_free(s2s_decoder *decoder) {
  if (!decoder) return;
  const s2s__host host = s2s__host_given(&decoder->host, &decoder->budget);
  s2s__pool_free(decoder->pool);
  decoder_free_work(decoder);
  s2s__arena_free(&decoder->arena);
  s2s__model_release(decoder->model);
  s2s__free(&host, decoder, sizeof *decoder);
}

/* ---- a memory's way through it ----------------------------------------------------------------------------------- */

enum { DECODER_BATCH = 64 }; /* most sentences searched together */

typedef struct decoder_job {
  s2s_decoder *decoder;
  const s2s__request *request;
  s2s_result *result;
  const size_t *order;  /* [count] sentences, the longest first */
  size_t count, size;   /* of a batch */
  s2s__error *error;    /* [batches] */
  atomic_size_t failed; /* the batch that failed first, and 1 */
} decoder_job;

static void decoder_part(void *data, size_t part, size_t worker) {
  decoder_job *job = data;
  const size_t at = part * job->size, left = job->count - at;
  s2s__batch batch;
  size_t none = 0;
  memset(&batch, 0, sizeof batch);
  batch.decoder = job->decoder;
  batch.searcher = &job->decoder->searcher[worker];
  batch.request = job->request;
  batch.result = job->result;
  batch.out = &job->result->arena[job->request->arena + worker];
  batch.reports = job->request->reports && worker == 0;
  batch.error = &job->error[part];
  s2s__stepper *first = &job->decoder->searcher[0].stepper;
  int32_t status = S2S_OK;
  if (worker == 0)
    status = s2s__stepper_rewind(first, batch.error);
  else
    status = s2s__stepper_share(&batch.searcher->stepper, first, batch.error);
  if (status == S2S_OK) status = s2s__batch_run(&batch, job->order + at, left < job->size ? left : job->size);
  if (status == S2S_OK) return;
  if (!atomic_compare_exchange_strong(&job->failed, &none, part + 1)) return;
  atomic_store(job->request->cancelled, 1);
}

static int32_t decoder_run(decoder_job *job, s2s__arena *arena, s2s__error *error) {
  const size_t batches = (job->count + job->size - 1) / job->size;
  job->error = s2s__arena_take_zeroed(arena, batches * sizeof *job->error);
  if (!job->error) return s2s__fail_memory(error, batches * sizeof *job->error, "a search");
  /* A token callback hears of all texts in the caller's thread. */
  s2s__pool_run(job->decoder->on_token ? NULL : job->decoder->pool, batches, decoder_part, job);
  const size_t failed = atomic_load(&job->failed);
  return failed ? s2s__fail(error, job->error[failed - 1].status, "%s", job->error[failed - 1].text) : S2S_OK;
}

/* Batches of sentences of like lengths, and enough of them for all threads. */
int32_t s2s__decoder_search(s2s_decoder *decoder, const s2s__request *request, s2s_result *result, s2s__error *error) {
  const s2s__rows *rows = &request->memory->rows;
  const size_t share = (rows->count + decoder->searchers - 1) / decoder->searchers;
  decoder_job job = {.decoder = decoder, .request = request, .result = result, .order = rows->order};
  s2s__decoder_end_steps(decoder);
  job.count = rows->count;
  job.size = share < DECODER_BATCH ? (share ? share : 1) : DECODER_BATCH;
  atomic_init(&job.failed, 0);
  int32_t status = s2s__stepper_start(&decoder->searcher[0].stepper, request->memory, error);
  if (status == S2S_OK && atomic_load(request->cancelled))
    status = s2s__fail(error, S2S_CANCELLED, "decoding was cancelled before it began");
  if (status == S2S_OK && decoder->prefixes.count > 0 && decoder->prefixes.count != rows->count)
    status = s2s__fail(error, S2S_BAD_ARGUMENT, "%zu prefixes for a memory of %zu sequences", decoder->prefixes.count,
                       rows->count);
  if (status == S2S_OK) {
    const s2s__mark mark = s2s__arena_mark(&decoder->arena);
    status = decoder_run(&job, &decoder->arena, error);
    s2s__arena_rewind(&decoder->arena, mark);
  }
  s2s__decoder_end_steps(decoder); /* a search leaves nothing for s2s_decoder_step, even when it fails */
  s2s__sources_clear(&decoder->prefixes);
  return status;
}
