/* SPDX-License-Identifier: MIT
 *
 * Evaluation: lines are grouped by source, sorted by length, decoded in batches over the pool, and counted.
 *
 * Each batch leaves its counts in a place of its own; they are added in order at the end, so that the figures are the
 * same for any number of threads.
 */
#include "train/evaluate.h"

#include "base/sort.h"
#include "text/metric.h"

#include <math.h>
#include <string.h>

enum { EVALUATE_BATCH = 64 }; /* sources decoded together */

/* ---- groups of alternatives -------------------------------------------------------------------------------------- */

typedef struct evaluation_lines {
  const s2s_corpus *corpus;
  const s2s__dataset *dataset;
} evaluation_lines;

/* By source length, then by source text. */
static int evaluation_compare(const evaluation_lines *lines, uint32_t a, uint32_t b) {
  const size_t na = s2s__dataset_length(lines->dataset, S2S_SOURCE, a);
  const size_t nb = s2s__dataset_length(lines->dataset, S2S_SOURCE, b);
  if (na != nb) return na < nb ? -1 : 1;
  return strcmp(lines->corpus->pair[a].text[S2S_SOURCE], lines->corpus->pair[b].text[S2S_SOURCE]);
}

static int evaluation_before(const void *lines, uint32_t a, uint32_t b) { return evaluation_compare(lines, a, b) < 0; }

static int32_t evaluation_group(s2s__evaluation *e, const s2s_corpus *corpus, s2s__error *error) {
  const size_t lines = e->dataset.count;
  const evaluation_lines order = {corpus, &e->dataset};
  e->line = s2s__allocate_zeroed(&e->host, (2 * lines + 1) * sizeof *e->line);
  e->group = s2s__allocate_zeroed(&e->host, (lines + 1) * sizeof *e->group);
  if (!e->line || !e->group) return s2s__fail_memory(error, lines * sizeof *e->group, "an evaluation");
  for (size_t i = 0; i < lines; i++) e->line[i] = (uint32_t)i;
  s2s__sort(e->line, lines, e->line + lines, evaluation_before, &order);
  for (size_t i = 0; i < lines; i++)
    if (i == 0 || evaluation_compare(&order, e->line[i - 1], e->line[i]) != 0) e->group[e->groups++] = i;
  e->group[e->groups] = lines;
  return S2S_OK;
}

int32_t s2s__evaluation_init(s2s__evaluation *evaluation, const s2s__host *host, const s2s_model *model,
                             const s2s_corpus *corpus, const s2s_options *options, s2s__error *error) {
  memset(evaluation, 0, sizeof *evaluation);
  evaluation->host = *host;
  evaluation->bleu_tokens = (s2s__bleu_tokens)s2s__option_choice(options, S2S__BLEU_TOKENIZE);
  evaluation->bleu_smooth = s2s__option_choice(options, S2S__BLEU_SMOOTHING) == 0;
  if (corpus->count == 0) return s2s__fail(error, S2S_BAD_ARGUMENT, "the corpus to evaluate on is empty");
  if (corpus->count > UINT32_MAX) return s2s__fail(error, S2S_LIMIT, "a corpus of %zu pairs", corpus->count);
  s2s__corpus_retain(corpus);
  evaluation->corpus = corpus;
  S2S__TRY(s2s__dataset_init(&evaluation->dataset, host, model, corpus, corpus->count, 0, NULL, error));
  return evaluation_group(evaluation, corpus, error);
}

void s2s__evaluation_free(s2s__evaluation *evaluation) {
  s2s__evaluation *e = evaluation;
  s2s__free(&e->host, e->line, (2 * e->dataset.count + 1) * sizeof *e->line);
  s2s__free(&e->host, e->group, (e->dataset.count + 1) * sizeof *e->group);
  if (e->dataset.capacity) s2s__dataset_free(&e->dataset);
  s2s__corpus_release(e->corpus);
  memset(e, 0, sizeof *e);
}

/* ---- counting ---------------------------------------------------------------------------------------------------- */

typedef struct evaluate_counts {
  double loss;
  size_t tokens;                        /* that the loss is over */
  size_t edits, length, wrong, sources; /* against the nearest alternative */
  size_t line_edits, line_length, line_wrong, lines;
  s2s__text_counts texts;
} evaluate_counts;

typedef struct evaluate_worker {
  s2s_decoder *decoder;
  s2s__arena arena;
} evaluate_worker;

typedef struct evaluate_job {
  const s2s__evaluation *evaluation;
  const s2s_model *model;
  atomic_int *cancelled;
  s2s__progress *progress;
  atomic_int stopped;      /* by the progress callback */
  evaluate_worker *worker; /* [threads] */
  evaluate_counts *counts; /* [parts] */
  s2s__error *errors;      /* [parts] */
} evaluate_job;

/* A reference token that the vocabulary lacks equals nothing that can be decoded. Returns how many there are. */
static size_t evaluate_hide_unknown(int32_t *ids, size_t n) {
  size_t unknown = 0;
  for (size_t i = 0; i < n; i++)
    if (ids[i] == S2S__UNK) ids[i] = -1, unknown++;
  return unknown;
}

/* Pieces can be cut in several ways and still be one text: whether they are the text of the hypothesis. */
static int32_t evaluate_same_text(const evaluate_job *job, s2s__arena *arena, const int32_t *ids, size_t count,
                                  const s2s__text *own, const s2s__hypothesis *h, size_t *wrong, s2s__error *error) {
  s2s__text text;
  S2S__TRY(s2s__model_join(job->model, S2S_TARGET, ids, count, own, arena, &text, error));
  *wrong = text.length != strlen(h->text) || memcmp(text.text, h->text, text.length) != 0;
  return S2S_OK;
}

static int32_t evaluate_line(const evaluate_job *job, s2s__arena *arena, uint32_t line, const s2s__hypotheses *all,
                             size_t *edits, size_t *length, size_t *wrong, s2s__error *error) {
  const s2s__dataset *d = &job->evaluation->dataset;
  const s2s__hypothesis *h = &all->item[0];
  const s2s__mark mark = s2s__arena_mark(arena);
  *length = s2s__dataset_length(d, S2S_TARGET, line);
  int32_t *reference = S2S__TAKE(arena, int32_t, *length + 1);
  if (!reference) return s2s__fail_memory(error, *length * sizeof *reference, "an evaluation");
  memcpy(reference, s2s__dataset_ids(d, S2S_TARGET, line), *length * sizeof *reference);
  const size_t unknown = evaluate_hide_unknown(reference, *length);
  S2S__TRY(s2s__edit_distance(arena, h->ids, h->length, reference, *length, edits, error));
  *wrong = *edits > 0;
  if (*wrong && unknown == 0 && !job->model->segmenter[S2S_TARGET]->splitter)
    S2S__TRY(evaluate_same_text(job, arena, reference, *length, all->own, h, wrong, error));
  s2s__arena_rewind(arena, mark);
  return S2S_OK;
}

/* One source: each of its lines by itself, and the nearest of them (fewest edits per token). It is right if a line is.
 */
static int32_t evaluate_group(const evaluate_job *job, s2s__arena *arena, size_t group, const s2s__hypotheses *h,
                              evaluate_counts *counts, s2s__error *error) {
  const s2s__evaluation *e = job->evaluation;
  size_t best_edits = 0, best_length = 0, all_wrong = 1;
  for (size_t i = e->group[group]; i < e->group[group + 1]; i++) {
    size_t edits = 0, length = 0, wrong = 1;
    S2S__TRY(evaluate_line(job, arena, e->line[i], h, &edits, &length, &wrong, error));
    counts->line_edits += edits;
    counts->line_length += length;
    counts->line_wrong += wrong;
    all_wrong &= wrong;
    counts->lines++;
    if (i > e->group[group] && edits * best_length >= best_edits * length) continue;
    best_edits = edits;
    best_length = length;
  }
  counts->edits += best_edits;
  counts->length += best_length;
  counts->wrong += all_wrong;
  counts->sources++;
  return S2S_OK;
}

/* The text against those of all lines. */
static int32_t evaluate_text(const evaluate_job *job, s2s__arena *arena, size_t group, const char *text,
                             evaluate_counts *counts, s2s__error *error) {
  const s2s__evaluation *e = job->evaluation;
  const size_t first = e->group[group], references = e->group[group + 1] - first;
  const s2s__text hypothesis = {text, strlen(text)};
  s2s__text *reference = S2S__TAKE(arena, s2s__text, references);
  if (!reference) return s2s__fail_memory(error, references * sizeof *reference, "an evaluation");
  for (size_t i = 0; i < references; i++) {
    const s2s__pair *pair = &e->corpus->pair[e->line[first + i]];
    reference[i] = (s2s__text){pair->text[S2S_TARGET], pair->length[S2S_TARGET]};
  }
  return s2s__text_counts_add(&counts->texts, arena, e->bleu_tokens, &hypothesis, reference, references, error);
}

static int32_t evaluate_decode(const evaluate_job *job, evaluate_worker *worker, size_t first, size_t count,
                               evaluate_counts *counts, s2s__error *error) {
  const s2s__evaluation *e = job->evaluation;
  s2s_memory *memory = NULL;
  s2s_result *result = NULL;
  s2s__example example;
  atomic_int cancelled;
  s2s__request request = {.cancelled = &cancelled};
  uint32_t pair[EVALUATE_BATCH];
  size_t sentence[EVALUATE_BATCH];
  int32_t status;
  atomic_init(&cancelled, 0);
  for (size_t g = 0; g < count; g++) sentence[g] = pair[g] = e->line[e->group[first + g]];
  S2S__TRY(s2s__dataset_example(&e->dataset, pair, count, 0, 1, &worker->arena, &example, error));
  const s2s__copier_part part = {&e->dataset.copier, sentence, count};
  S2S__TRY_GOTO(status,
                s2s__memory_new(job->model, &e->host, example.source, example.source_rows.length, count, &part,
                                &worker->arena, &memory, error),
                done);
  S2S__TRY_GOTO(status, s2s__result_new(&e->host, count, 1, &result, error), done);
  request.memory = memory;
  S2S__TRY_GOTO(status, s2s__decoder_search(worker->decoder, &request, result, error), done);
  for (size_t g = 0; g < count && status == S2S_OK; g++) {
    const s2s__hypotheses *found = &result->text[g];
    status = evaluate_group(job, &worker->arena, first + g, found, counts, error);
    if (status == S2S_OK) status = evaluate_text(job, &worker->arena, first + g, found->item[0].text, counts, error);
  }
done:
  s2s__result_free(result);
  s2s__memory_release(memory);
  return status;
}

/* Cross-entropy of an example, without smoothing; of an ensemble the mean of its members', whose log-probabilities are
 * averaged. */
static int32_t evaluate_example_loss(const evaluate_job *job, s2s__arena *arena, const s2s__example *example,
                                     double *sum, s2s__error *error) {
  const size_t members = s2s__model_members(job->model);
  for (size_t i = 0; i < members; i++) {
    const s2s__mark mark = s2s__arena_mark(arena);
    s2s__graph graph;
    const s2s__network *network = &s2s__model_member(job->model, i)->network;
    const s2s__loss_settings settings = {0, 1, 0};
    s2s__outputs outputs;
    double loss, plain;
    s2s__graph_init(&graph, arena, job->model->kernels, error);
    S2S__TRY(s2s__network_forward(&graph, network, example, NULL, &outputs));
    S2S__TRY(s2s__network_loss(&graph, network, example, &outputs, &settings, &loss, &plain));
    *sum += plain / (double)members;
    s2s__arena_rewind(arena, mark);
  }
  return S2S_OK;
}

/* Of lines [begin, end) given their sources. */
static int32_t evaluate_loss(const evaluate_job *job, evaluate_worker *worker, size_t begin, size_t end,
                             evaluate_counts *counts, s2s__error *error) {
  const s2s__evaluation *e = job->evaluation;
  for (size_t at = begin; at < end; at += EVALUATE_BATCH) {
    const size_t n = end - at < EVALUATE_BATCH ? end - at : EVALUATE_BATCH;
    s2s__arena_reset(&worker->arena);
    s2s__example example;
    S2S__TRY(s2s__dataset_example(&e->dataset, e->line + at, n, 0, 1, &worker->arena, &example, error));
    S2S__TRY(evaluate_example_loss(job, &worker->arena, &example, &counts->loss, error));
    counts->tokens += example.target_rows.total;
  }
  return S2S_OK;
}

static void evaluate_part(void *data, size_t part, size_t number) {
  evaluate_job *job = data;
  evaluate_worker *worker = &job->worker[number];
  s2s__error *error = &job->errors[part];
  const s2s__evaluation *e = job->evaluation;
  const size_t first = part * EVALUATE_BATCH, left = e->groups - first;
  const size_t count = left < EVALUATE_BATCH ? left : EVALUATE_BATCH;
  if ((job->cancelled && atomic_load(job->cancelled)) || atomic_load(&job->stopped)) {
    s2s__fail(error, S2S_CANCELLED, "the evaluation was cancelled");
    return;
  }
  s2s__arena_reset(&worker->arena);
  if (evaluate_decode(job, worker, first, count, &job->counts[part], error) != S2S_OK) return;
  if (evaluate_loss(job, worker, e->group[first], e->group[first + count], &job->counts[part], error) != S2S_OK) return;
  if (!job->progress) return;
  atomic_fetch_add(&job->progress->done, count);
  if (number == 0 && s2s__progress_tell(job->progress, error) != S2S_OK) atomic_store(&job->stopped, 1);
}

/* ---- figures ----------------------------------------------------------------------------------------------------- */

static double evaluate_percent(size_t part, size_t whole) { return whole ? 100.0 * (double)part / (double)whole : 0; }

static void evaluate_add(evaluate_counts *sum, const evaluate_counts *c) {
  sum->loss += c->loss;
  sum->tokens += c->tokens;
  sum->edits += c->edits;
  sum->length += c->length;
  sum->wrong += c->wrong;
  sum->sources += c->sources;
  sum->line_edits += c->line_edits;
  sum->line_length += c->line_length;
  sum->line_wrong += c->line_wrong;
  sum->lines += c->lines;
  s2s__text_counts_sum(&sum->texts, &c->texts);
}

static void evaluate_report(const s2s__evaluation *e, const evaluate_counts *c, s2s_metrics *metrics) {
  const double loss = c->tokens ? c->loss / (double)c->tokens : 0;
  s2s__metrics_set(metrics, "loss", loss);
  s2s__metrics_set(metrics, "perplexity", exp(loss));
  s2s__metrics_set(metrics, "token_error_rate", evaluate_percent(c->edits, c->length));
  s2s__metrics_set(metrics, "sequence_error_rate", evaluate_percent(c->wrong, c->sources));
  s2s__metrics_set(metrics, "line_token_error_rate", evaluate_percent(c->line_edits, c->line_length));
  s2s__metrics_set(metrics, "line_sequence_error_rate", evaluate_percent(c->line_wrong, c->lines));
  s2s__metrics_set(metrics, "character_error_rate", evaluate_percent(c->texts.character_edits, c->texts.characters));
  s2s__metrics_set(metrics, "bleu", s2s__bleu_score(&c->texts.bleu, e->bleu_smooth));
  s2s__metrics_set(metrics, "chrf", s2s__chrf_score(&c->texts.chrf));
  s2s__metrics_set(metrics, "sentences", (double)c->sources);
  s2s__metrics_set(metrics, "lines", (double)c->lines);
}

/* The first failure in the order of parts. */
static int32_t evaluate_collect(const evaluate_job *job, size_t parts, s2s_metrics *metrics, s2s__error *error) {
  evaluate_counts sum;
  memset(&sum, 0, sizeof sum);
  for (size_t p = 0; p < parts; p++) {
    if (job->errors[p].status != S2S_OK) return s2s__fail(error, job->errors[p].status, "%s", job->errors[p].text);
    evaluate_add(&sum, &job->counts[p]);
  }
  evaluate_report(job->evaluation, &sum, metrics);
  return S2S_OK;
}

static int32_t evaluate_prepare(evaluate_job *job, s2s__arena *arena, size_t threads, size_t parts,
                                const s2s__search *search, s2s__error *error) {
  const s2s__evaluation *e = job->evaluation;
  job->worker = s2s__arena_take_zeroed(arena, threads * sizeof *job->worker);
  job->counts = s2s__arena_take_zeroed(arena, parts * sizeof *job->counts);
  job->errors = s2s__arena_take_zeroed(arena, parts * sizeof *job->errors);
  if (!job->worker || !job->counts || !job->errors) {
    job->worker = NULL;
    return s2s__fail_memory(error, parts * sizeof *job->errors, "an evaluation");
  }
  for (size_t w = 0; w < threads; w++) {
    s2s__arena_init(&job->worker[w].arena, &e->host);
    S2S__TRY(s2s__decoder_new(job->model, &e->host, search, &job->worker[w].decoder, error));
  }
  return S2S_OK;
}

int32_t s2s__evaluate(const s2s__evaluation *evaluation, const s2s_model *model, const s2s__search *search,
                      s2s__pool *pool, atomic_int *cancelled, s2s__progress *progress, s2s_metrics *metrics,
                      s2s__error *error) {
  const size_t threads = s2s__pool_threads(pool), parts = (evaluation->groups + EVALUATE_BATCH - 1) / EVALUATE_BATCH;
  evaluate_job job = {.evaluation = evaluation, .model = model, .cancelled = cancelled, .progress = progress};
  s2s__arena arena;
  s2s__arena_init(&arena, &evaluation->host);
  int32_t status = evaluate_prepare(&job, &arena, threads, parts, search, error);
  if (status == S2S_OK) {
    s2s__pool_run(pool, parts, evaluate_part, &job);
    status = evaluate_collect(&job, parts, metrics, error);
  }
  for (size_t w = 0; job.worker && w < threads; w++) {
    s2s__decoder_free(job.worker[w].decoder);
    s2s__arena_free(&job.worker[w].arena);
  }
  s2s__arena_free(&arena);
  return status;
}
