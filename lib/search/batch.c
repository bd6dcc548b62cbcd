/* SPDX-License-Identifier: MIT
 *
 * The loop over steps of one batch: a step, each sentence's advance, limits of length and time; and what the advance
 * functions share.
 */
#include "search/batch.h"

#include <math.h>
#include <string.h>

/* ---- rows -------------------------------------------------------------------------------------------------------- */

static s2s__real *batch_model_row(const s2s__batch *batch, size_t row) {
  const s2s__tensor *lp = batch->searcher->stepper.log_probabilities;
  return lp->data + row * lp->cols;
}

/* Banned words that the sentence could copy, which the vocabulary need not have. */
static void batch_ban_own(s2s__batch *batch, const s2s__sentence *s, s2s__real *row) {
  const s2s__own_words *own = &batch->request->memory->own;
  const size_t vocabulary = batch->decoder->model->vocabulary[S2S_TARGET].size, first = own->first[s->number];
  for (size_t i = first; i < own->first[s->number + 1]; i++)
    if (s2s__words_have(batch->decoder->search.banned, own->word[i].text, own->word[i].length))
      s2s__rules_ban(row, vocabulary + i - first, &batch->changes);
}

s2s__real *s2s__batch_row(s2s__batch *batch, const s2s__sentence *sentence, const s2s__node *node, size_t row) {
  const s2s__rules *rules = &batch->decoder->search.rules;
  s2s__real *p = batch_model_row(batch, row);
  const size_t length = node ? node->length : 0;
  for (const s2s__node *n = node; n && rules->look_back; n = n->previous) batch->before[n->length - 1] = n->token;
  s2s__rules_apply(rules, batch->before, length, p, &batch->changes);
  if (batch->searcher->stepper.copies && *batch->decoder->search.banned) batch_ban_own(batch, sentence, p);
  return p;
}

void s2s__batch_undo(s2s__batch *batch, size_t row) { s2s__rules_undo(batch_model_row(batch, row), &batch->changes); }

/* ---- hypotheses -------------------------------------------------------------------------------------------------- */

void s2s__batch_turn(s2s__batch *batch, s2s__sentence *sentence) {
  for (size_t i = 0; i < sentence->live_count; i++) {
    batch->old[i] = sentence->live[i];
    batch->weights[i] = NULL;
  }
  batch->old_count = sentence->live_count;
  sentence->live_count = 0;
}

/* The attention of a step's row, kept for the alignment; children of a row share it. */
static int32_t batch_weights(const s2s__batch *batch, size_t row, const float **weights) {
  const s2s__stepper *stepper = &batch->searcher->stepper;
  if (!stepper->weights || *weights) return S2S_OK;
  const size_t n = stepper->ragged.length[row], at = stepper->ragged.offset[row];
  float *copy;
  S2S__BATCH_TAKE(batch, float, n, copy);
  for (size_t i = 0; i < n; i++) copy[i] = (float)stepper->weights->data[at + i];
  *weights = copy;
  return S2S_OK;
}

int32_t s2s__batch_extend(s2s__batch *batch, s2s__sentence *sentence, size_t first, size_t number, int32_t token,
                          double total) {
  const s2s__node *old = batch->old[number];
  const float own = (float)batch_model_row(batch, first + number)[token];
  s2s__node *node;
  S2S__TRY(batch_weights(batch, first + number, &batch->weights[number]));
  S2S__BATCH_TAKE(batch, s2s__node, 1, node);
  *node = (s2s__node){.previous = old,
                      .token = token,
                      .own = own,
                      .length = (old ? old->length : 0) + 1,
                      .total = total,
                      .log_probability = (old ? old->log_probability : 0) + (double)own,
                      .weights = batch->weights[number]};
  if (token == S2S__EOS) {
    s2s__batch_finish(batch, sentence, node, S2S_ENDING_MARK);
    return S2S_OK;
  }
  batch->token[batch->rows] = token;
  batch->parent[batch->rows++] = first + number;
  sentence->live[sentence->live_count++] = node;
  return S2S_OK;
}

/* ---- scores ------------------------------------------------------------------------------------------------------ */

/* Of the attention that each source token has got (Wu et al. 2016, equation 14). */
static double batch_coverage(const s2s__sentence *s, const s2s__node *node) {
  double sum = 0;
  for (size_t j = 0; j < s->columns; j++) {
    double got = 0;
    for (const s2s__node *n = node; n; n = n->previous) got += (double)n->weights[j];
    if (got < 1) sum += log(got > 1e-9 ? got : 1e-9);
  }
  return sum;
}

static double batch_score(const s2s__batch *batch, const s2s__sentence *s, const s2s__node *node) {
  const s2s__search *search = &batch->decoder->search;
  if (!node) return 0;
  const double score = s2s__search_normalise(search, node->total, node->length);
  if (search->coverage_penalty > 0 && node->weights) return score + search->coverage_penalty * batch_coverage(s, node);
  return score;
}

void s2s__batch_finish(s2s__batch *batch, s2s__sentence *sentence, const s2s__node *node, int32_t ending) {
  const s2s__finished made = {node, batch_score(batch, sentence, node), ending};
  s2s__finished *f = sentence->finished;
  size_t at = sentence->finished_kept;
  sentence->finished_count++;
  while (at > 0 && f[at - 1].score < made.score) at--;
  if (at == batch->width) return;
  if (sentence->finished_kept < batch->width) sentence->finished_kept++;
  for (size_t i = sentence->finished_kept - 1; i > at; i--) f[i] = f[i - 1];
  f[at] = made;
}

/* ---- the beginning ----------------------------------------------------------------------------------------------- */

static size_t batch_least(size_t a, size_t b) { return a < b ? a : b; }

/* Most tokens for a source: by the options, and by the positions that the model has. A prefix, or min_length, is worth
 * more than max_length_ratio. */
static size_t batch_limit(const s2s__batch *batch, const s2s__sentence *s) {
  const s2s__search *search = &batch->decoder->search;
  if (batch->request->targets) return s->prefix_length;
  const size_t longest = s2s__model_longest(batch->decoder->model, S2S_TARGET);
  const size_t most = batch_least(longest, search->max_length);
  if (search->max_length_ratio <= 0) return most;
  double by_ratio = 10 + search->max_length_ratio * (double)s->columns;
  if (by_ratio < (double)(s->prefix_length + 1)) by_ratio = (double)(s->prefix_length + 1);
  if (by_ratio < (double)(search->rules.min_length + 1)) by_ratio = (double)(search->rules.min_length + 1);
  return by_ratio < (double)most ? (size_t)by_ratio : most;
}

/* What the sentence must begin with: a target to be scored, a prefix of its own, or that of the options. */
static void batch_prefix(const s2s__batch *batch, s2s__sentence *s) {
  const s2s_decoder *decoder = batch->decoder;
  const s2s__sequences *targets = batch->request->targets;
  if (targets || decoder->prefix.count > 0) {
    const s2s__sequences *from = targets ? targets : &decoder->prefix;
    const size_t number = targets ? s->number : 0;
    s->prefix = from->ids + from->first[number];
    s->prefix_length = from->first[number + 1] - from->first[number];
  }
  if (!targets && s->number < decoder->prefixes.count) {
    const s2s__source *own = &decoder->prefixes.item[s->number];
    s->prefix = decoder->prefixes.ids.item + own->first;
    s->prefix_length = own->tokens;
  }
}

static uint64_t batch_key(const s2s__batch *batch, const s2s__sentence *s) {
  const s2s_memory *memory = batch->request->memory;
  const int32_t *ids = memory->ids + memory->rows.offset[s->number];
  uint64_t key = s2s__key(batch->decoder->search.seed, s->columns);
  for (size_t i = 0; i < s->columns; i++) key = s2s__key(key, (uint64_t)ids[i]);
  return key;
}

static int32_t batch_begin_sentence(s2s__batch *batch, s2s__sentence *s, size_t number) {
  const s2s__search *search = &batch->decoder->search;
  memset(s, 0, sizeof *s);
  s->number = number;
  s->columns = batch->request->memory->rows.length[number];
  batch_prefix(batch, s);
  s->limit = batch_limit(batch, s);
  S2S__BATCH_TAKE(batch, const s2s__node *, batch->width, s->live);
  S2S__BATCH_TAKE(batch, s2s__finished, batch->width, s->finished);
  if (search->temperature > 0) {
    S2S__BATCH_TAKE(batch, size_t, batch->width, s->sample);
    s->key = batch_key(batch, s);
  }
  if (s->columns == 0) return S2S_OK;
  s->live[0] = NULL;
  s->live_count = 1;
  batch->token[batch->rows] = S2S__BOS;
  batch->parent[batch->rows++] = number;
  return S2S_OK;
}

/* Scratch for one sentence at a time. */
static int32_t batch_begin_scratch(s2s__batch *batch, size_t longest) {
  const s2s__search *search = &batch->decoder->search;
  const s2s__copies *copies = batch->searcher->stepper.copies;
  const size_t vocabulary = batch->decoder->model->vocabulary[S2S_TARGET].size + (copies ? copies->extra : 0);
  const int samples = search->temperature > 0;
  S2S__BATCH_TAKE(batch, s2s__candidate, 2 * batch->width, batch->candidate);
  S2S__BATCH_TAKE(batch, size_t, samples ? vocabulary : 2 * batch->width, batch->best);
  S2S__BATCH_TAKE(batch, s2s__real, samples ? vocabulary : 0, batch->copy);
  S2S__BATCH_TAKE(batch, int32_t, search->rules.look_back ? longest : 0, batch->before);
  S2S__BATCH_TAKE(batch, const s2s__node *, batch->width, batch->old);
  S2S__BATCH_TAKE(batch, const float *, batch->width, batch->weights);
  return s2s__rule_changes_init(&batch->changes, &search->rules, vocabulary, copies ? copies->extra : 0, longest,
                                &batch->searcher->arena, batch->error);
}

static void batch_choose_advance(s2s__batch *batch) {
  const s2s__search *search = &batch->decoder->search;
  batch->advance = s2s__beam_advance;
  batch->width = search->beam;
  if (batch->request->targets) {
    batch->advance = s2s__forced_advance;
    batch->width = 1;
  } else if (search->temperature > 0) {
    batch->advance = s2s__sample_advance;
    batch->width = search->nbest;
  } else if (search->beam == 1 && search->stop == S2S__STOP_FIRST) {
    batch->advance = s2s__greedy_advance;
  }
}

/* Each sentence's shortlist, and what it must begin with. */
static int32_t batch_choose(s2s__batch *batch) {
  const s2s_decoder *decoder = batch->decoder;
  s2s__wish *wish;
  if (!decoder->search.shortlist || batch->request->targets) return S2S_OK;
  S2S__BATCH_TAKE(batch, s2s__wish, batch->count + 1, wish);
  for (size_t i = 0; i < batch->count; i++) {
    const s2s__sentence *s = &batch->sentence[i];
    wish[i] = (s2s__wish){s->number, s->prefix, s->prefix_length};
  }
  return s2s__stepper_choose(&batch->searcher->stepper, decoder->model->lexicon, wish, batch->count, batch->error);
}

static int32_t batch_begin(s2s__batch *batch, const size_t *number, size_t count) {
  size_t most, longest = 1;
  s2s__arena_reset(&batch->searcher->arena);
  batch_choose_advance(batch);
  batch->count = count;
  batch->rows = 0;
  if (!s2s__multiply_fits(count, batch->width, &most)) return s2s__fail_memory(batch->error, SIZE_MAX, "a search");
  S2S__BATCH_TAKE(batch, s2s__sentence, count + 1, batch->sentence);
  S2S__BATCH_TAKE(batch, int32_t, most + 1, batch->token);
  S2S__BATCH_TAKE(batch, size_t, most + 1, batch->parent);
  for (size_t i = 0; i < count; i++) {
    S2S__TRY(batch_begin_sentence(batch, &batch->sentence[i], number[i]));
    if (batch->sentence[i].limit > longest) longest = batch->sentence[i].limit;
  }
  S2S__TRY(batch_choose(batch));
  return batch_begin_scratch(batch, longest);
}

/* ---- the loop ---------------------------------------------------------------------------------------------------- */

static void batch_end_live(s2s__batch *batch, s2s__sentence *s, int32_t ending) {
  for (size_t i = 0; i < s->live_count; i++) s2s__batch_finish(batch, s, s->live[i], ending);
  s->live_count = 0;
}

/* Where nothing may follow what is there, it stays as it is. */
static void batch_end_stuck(s2s__batch *batch, s2s__sentence *s) {
  for (size_t i = 0; i < batch->old_count; i++) s2s__batch_finish(batch, s, batch->old[i], S2S_ENDING_STUCK);
}

static void batch_count_done(const s2s__batch *batch) {
  if (batch->request->progress) atomic_fetch_add(&batch->request->progress->done, 1);
}

static int32_t batch_tell(const s2s__batch *batch) {
  if (!batch->reports || !batch->request->progress) return S2S_OK;
  return s2s__progress_tell(batch->request->progress, batch->error);
}

/* After a step: what becomes of a sentence whose rows begin at `first`. */
static int32_t batch_advance(s2s__batch *batch, s2s__sentence *s, size_t first) {
  const size_t rows_before = batch->rows;
  if (batch->length <= s->prefix_length)
    S2S__TRY(s2s__forced_advance(batch, s, first));
  else
    S2S__TRY(batch->advance(batch, s, first));
  if (s->live_count == 0 && s->finished_kept == 0) batch_end_stuck(batch, s);
  if (batch->length >= s->limit) {
    batch_end_live(batch, s, S2S_ENDING_LENGTH);
    batch->rows = rows_before;
  }
  if (s->live_count == 0) batch_count_done(batch);
  return s2s__batch_report(batch, s);
}

static int32_t batch_step(s2s__batch *batch) {
  size_t first = 0;
  S2S__TRY(s2s__stepper_step(&batch->searcher->stepper, batch->token, batch->parent, batch->rows, batch->error));
  batch->rows = 0;
  for (size_t i = 0; i < batch->count; i++) {
    const size_t live = batch->sentence[i].live_count;
    if (live) S2S__TRY(batch_advance(batch, &batch->sentence[i], first));
    first += live;
  }
  return batch_tell(batch);
}

static int32_t batch_end_time(s2s__batch *batch) {
  for (size_t i = 0; i < batch->count; i++) {
    s2s__sentence *s = &batch->sentence[i];
    if (s->live_count == 0) continue;
    batch_end_live(batch, s, S2S_ENDING_TIME);
    batch_count_done(batch);
    S2S__TRY(s2s__batch_report(batch, s));
  }
  batch->rows = 0;
  return batch_tell(batch);
}

static int32_t batch_loop(s2s__batch *batch) {
  const double deadline = batch->request->deadline;
  for (batch->length = 1;; batch->length++) {
    if (atomic_load(batch->request->cancelled))
      return s2s__fail(batch->error, S2S_CANCELLED, "decoding was cancelled after %zu tokens", batch->length - 1);
    if (batch->rows == 0) return S2S_OK;
    if (deadline > 0 && s2s__clock() >= deadline) return batch_end_time(batch);
    S2S__TRY(batch_step(batch));
  }
}

static int32_t batch_put(s2s__batch *batch, const s2s__sentence *s) {
  const s2s__request *r = batch->request;
  const size_t text = r->place ? r->place[s->number] : r->first + s->number;
  S2S__TRY(s2s__result_own_words(batch->result, batch->out, text, r->memory, s->number, batch->error));
  return s2s__batch_results(batch, s, &batch->result->text[text]);
}

int32_t s2s__batch_run(s2s__batch *batch, const size_t *number, size_t count) {
  S2S__TRY(batch_begin(batch, number, count));
  for (size_t i = 0; i < count; i++) {
    if (batch->sentence[i].live_count > 0) continue; /* else its source is empty */
    batch_count_done(batch);
    S2S__TRY(s2s__batch_report(batch, &batch->sentence[i]));
  }
  S2S__TRY(batch_loop(batch));
  for (size_t i = 0; i < count; i++) S2S__TRY(batch_put(batch, &batch->sentence[i]));
  return S2S_OK;
}
