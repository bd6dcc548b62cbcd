/* SPDX-License-Identifier: MIT
 *
 * Beam search over a batch of sentences (greedy search is a beam of 1).
 *
 * Each sentence has up to `beam` live hypotheses, each a row of the next decoder step. Every step, the candidates
 * (live hypothesis x token) are ranked by total log-probability; the best `beam` that do not end become the new live ones; an
 * end mark counts only if its rank is below `beam`. A sentence is done when `beam` hypotheses have finished (beam_stop first),
 * or when no live one can still beat the worst it would return (safe), or at its length limit, where the live ones count as
 * they stand. Finished sentences leave the batch at once.
 *
 * Hypotheses share their beginnings: a node is a token and a link to the node before it.
 */
#include "search/decoder.h"

#include <math.h>
#include <string.h>

typedef struct beam_node {
  const struct beam_node *previous; /* NULL: the begin mark */
  int32_t token;
  size_t length;           /* tokens up to here */
  double log_probability;  /* of all of them */
  const float *weights;    /* attention when this token was chosen */
} beam_node;

typedef struct beam_candidate {
  size_t row; /* of the step */
  int32_t token;
  double log_probability;
} beam_candidate;

typedef struct beam_sentence {
  size_t limit;             /* most tokens of a hypothesis */
  const beam_node **live;   /* [beam] */
  size_t live_count;
  const beam_node **finished; /* best first, at most `beam` kept; others are counted only */
  size_t finished_count, finished_kept;
} beam_sentence;

typedef struct beam_state {
  s2s_decoder *decoder;
  s2s__error *error;
  const s2s_memory *memory;
  beam_sentence *sentence;
  beam_candidate *candidate; /* [2 * beam] of one sentence */
  size_t candidates;
  size_t *best;              /* [2 * beam + 1] tokens of a row */
  int32_t *token;            /* rows of the next step */
  size_t *parent, rows;
} beam_state;

#define BEAM_TAKE(beam, type, count, pointer)                                                                          \
  do {                                                                                                                 \
    (pointer) = S2S__TAKE(&(beam)->decoder->arena, type, (count));                                                     \
    if (!(pointer)) return s2s__fail_memory((beam)->error, (count) * sizeof(type), "a search");                        \
  } while (0)

/* ---- scores ------------------------------------------------------------------------------------------------------ */

static double beam_normalise(const s2s__search *search, double log_probability, size_t length) {
  if (search->length_penalty == 0 || length == 0) return log_probability;
  return log_probability / pow((double)length, search->length_penalty);
}

static double beam_score(const beam_state *beam, const beam_node *node) {
  return beam_normalise(&beam->decoder->search, node->log_probability, node->length);
}

/* Keeps the best `beam` finished ones, equal ones in the order they came. */
static void beam_finish(const beam_state *beam, beam_sentence *s, const beam_node *node) {
  const size_t most = beam->decoder->search.beam;
  s->finished_count++;
  size_t at = s->finished_kept;
  while (at > 0 && beam_score(beam, s->finished[at - 1]) < beam_score(beam, node)) at--;
  if (at == most) return;
  if (s->finished_kept < most) s->finished_kept++;
  for (size_t i = s->finished_kept - 1; i > at; i--) s->finished[i] = s->finished[i - 1];
  s->finished[at] = node;
}

/* ---- candidates -------------------------------------------------------------------------------------------------- */

/* Keeps the 2 * beam best, equal ones in the order of rows and tokens. */
static void beam_offer(beam_state *beam, size_t row, int32_t token, double log_probability) {
  const size_t most = 2 * beam->decoder->search.beam;
  beam_candidate *c = beam->candidate;
  size_t at = beam->candidates;
  while (at > 0 && c[at - 1].log_probability < log_probability) at--;
  if (at == most) return;
  if (beam->candidates < most) beam->candidates++;
  for (size_t i = beam->candidates - 1; i > at; i--) c[i] = c[i - 1];
  c[at] = (beam_candidate){row, token, log_probability};
}

/* Offers a row's best tokens: those of the 2 * beam highest and one more, since the begin mark may be among them. NaN is
 * never offered, nor what is impossible, such as another sentence's own words. */
static void beam_offer_row(beam_state *beam, size_t row, double so_far) {
  const s2s__tensor *lp = beam->decoder->stepper.log_probabilities;
  const s2s__real *p = lp->data + row * lp->cols;
  const size_t most = 2 * beam->decoder->search.beam, count = most < lp->cols ? most + 1 : lp->cols;
  beam->decoder->model->kernels->top_k(lp->cols, p, count, beam->best);
  for (size_t i = 0; i < count; i++) {
    const size_t v = beam->best[i];
    const double total = so_far + (double)p[v];
    if (beam->candidates == most && !(total > beam->candidate[most - 1].log_probability)) return;
    if (total > -INFINITY && v != S2S__BOS) beam_offer(beam, row, (int32_t)v, total);
  }
}

/* ---- one step ---------------------------------------------------------------------------------------------------- */

/* The attention of a step's row, kept for the alignment; children of a row share it. */
static int32_t beam_weights(const beam_state *beam, size_t row, const float **weights) {
  const s2s__stepper *stepper = &beam->decoder->stepper;
  *weights = NULL;
  if (!stepper->weights) return S2S_OK;
  const size_t n = stepper->ragged.length[row], at = stepper->ragged.offset[row];
  float *copy;
  BEAM_TAKE(beam, float, n, copy);
  for (size_t i = 0; i < n; i++) copy[i] = (float)stepper->weights->data[at + i];
  *weights = copy;
  return S2S_OK;
}

static int32_t beam_extend(const beam_state *beam, const beam_node *parent, const beam_candidate *candidate,
                           const float *weights, const beam_node **node) {
  beam_node *n;
  BEAM_TAKE(beam, beam_node, 1, n);
  *n = (beam_node){parent, candidate->token, (parent ? parent->length : 0) + 1, candidate->log_probability, weights};
  *node = n;
  return S2S_OK;
}

/* Turns the ranked candidates of a sentence, whose rows begin at `first`, into finished and live hypotheses. */
static int32_t beam_choose(beam_state *beam, beam_sentence *s, size_t first) {
  const size_t width = beam->decoder->search.beam;
  const beam_node **old = NULL;
  const float **weights;
  BEAM_TAKE(beam, const beam_node *, s->live_count, old);
  BEAM_TAKE(beam, const float *, s->live_count, weights);
  for (size_t i = 0; i < s->live_count; i++) {
    old[i] = s->live[i];
    S2S__TRY(beam_weights(beam, first + i, &weights[i]));
  }
  s->live_count = 0;
  for (size_t rank = 0; rank < beam->candidates && s->live_count < width; rank++) {
    const beam_candidate *c = &beam->candidate[rank];
    const beam_node *node = NULL;
    if (c->token == S2S__EOS && rank >= width) continue;
    S2S__TRY(beam_extend(beam, old[c->row - first], c, weights[c->row - first], &node));
    if (c->token == S2S__EOS) {
      beam_finish(beam, s, node);
      continue;
    }
    beam->token[beam->rows] = c->token;
    beam->parent[beam->rows++] = c->row;
    s->live[s->live_count++] = node;
  }
  return S2S_OK;
}

/* No live hypothesis can end above what would be returned: log-probabilities only fall, and the most favourable length is
 * the limit. */
static int beam_is_safe(const beam_state *beam, const beam_sentence *s) {
  const s2s__search *search = &beam->decoder->search;
  if (s->finished_kept < search->nbest) return 0;
  const double worst = beam_score(beam, s->finished[search->nbest - 1]);
  for (size_t i = 0; i < s->live_count; i++)
    if (beam_normalise(search, s->live[i]->log_probability, s->limit) > worst) return 0;
  return 1;
}

static int beam_is_done(const beam_state *beam, const beam_sentence *s) {
  if (s->live_count == 0) return 1;
  const s2s__search *search = &beam->decoder->search;
  return search->stop_safe ? beam_is_safe(beam, s) : s->finished_count >= search->beam;
}

/* After step `length`: what becomes of a sentence whose rows begin at `first`. */
static int32_t beam_advance(beam_state *beam, beam_sentence *s, size_t first, size_t length) {
  const size_t rows_before = beam->rows;
  beam->candidates = 0;
  for (size_t i = 0; i < s->live_count; i++)
    beam_offer_row(beam, first + i, s->live[i] ? s->live[i]->log_probability : 0);
  S2S__TRY(beam_choose(beam, s, first));
  const int at_limit = length >= s->limit;
  if (!at_limit && !beam_is_done(beam, s)) return S2S_OK;
  for (size_t i = 0; at_limit && i < s->live_count; i++) beam_finish(beam, s, s->live[i]);
  s->live_count = 0;
  beam->rows = rows_before;
  return S2S_OK;
}

/* ---- results ----------------------------------------------------------------------------------------------------- */

static int32_t beam_join(const beam_state *beam, s2s_result *result, const s2s__text *own, s2s__hypothesis *h) {
  s2s__arena *scratch = &beam->decoder->arena;
  const s2s__mark mark = s2s__arena_mark(scratch);
  s2s__text text;
  S2S__TRY(s2s__model_join(beam->decoder->model, S2S_TARGET, h->ids, h->length, own, scratch, &text, beam->error));
  h->text = s2s__arena_text(&result->arena, text.text, text.length);
  s2s__arena_rewind(scratch, mark);
  return h->text ? S2S_OK : s2s__fail_memory(beam->error, text.length, "a result's text");
}

static int32_t beam_copy_out(const beam_state *beam, const beam_node *node, size_t columns, s2s_result *result,
                             const s2s__text *own, s2s__hypothesis *h) {
  const size_t steps = node ? node->length : 0;
  int32_t *ids = S2S__TAKE(&result->arena, int32_t, steps + 1);
  float *alignment = NULL;
  if (node && node->weights) alignment = S2S__TAKE(&result->arena, float, steps * columns);
  if (!ids || (node && node->weights && !alignment))
    return s2s__fail_memory(beam->error, steps * (columns + 1) * sizeof(float), "a result");
  *h = (s2s__hypothesis){.ids = ids, .length = steps, .alignment = alignment};
  if (alignment) h->rows = steps, h->columns = columns;
  if (node) h->log_probability = node->log_probability, h->score = beam_score(beam, node);
  if (node && node->token == S2S__EOS) h->length--;
  for (const beam_node *n = node; n; n = n->previous) {
    ids[n->length - 1] = n->token;
    if (alignment) memcpy(alignment + (n->length - 1) * columns, n->weights, columns * sizeof *alignment);
  }
  return beam_join(beam, result, own, h);
}

/* A sentence without tokens, or one whose every probability was NaN, has the empty hypothesis. */
static int32_t beam_results(const beam_state *beam, const beam_sentence *s, size_t columns, s2s_result *result,
                            s2s__hypotheses *out) {
  const size_t nbest = beam->decoder->search.nbest;
  out->count = s->finished_kept < nbest ? s->finished_kept : nbest;
  if (out->count == 0) out->count = 1;
  out->item = S2S__TAKE(&result->arena, s2s__hypothesis, out->count);
  if (!out->item) return s2s__fail_memory(beam->error, out->count * sizeof *out->item, "a result");
  for (size_t i = 0; i < out->count; i++)
    S2S__TRY(beam_copy_out(beam, s->finished_kept ? s->finished[i] : NULL, columns, result, out->own,
                           &out->item[i]));
  return S2S_OK;
}

/* ---- the search -------------------------------------------------------------------------------------------------- */

/* Most tokens for a source: by the options, and by the positions that the model has. */
static size_t beam_limit(const beam_state *beam, size_t source_length) {
  const s2s__search *search = &beam->decoder->search;
  const size_t longest = s2s__model_longest(beam->decoder->model, S2S_TARGET);
  const size_t most = longest < search->max_length ? longest : search->max_length;
  if (search->max_length_ratio <= 0) return most;
  const double by_ratio = 10 + search->max_length_ratio * (double)source_length;
  return by_ratio < (double)most ? (size_t)by_ratio : most;
}

static int32_t beam_init(beam_state *beam) {
  const s2s__search *search = &beam->decoder->search;
  const s2s__rows *rows = &beam->memory->rows;
  const size_t most = rows->count * search->beam;
  BEAM_TAKE(beam, beam_sentence, rows->count + 1, beam->sentence);
  BEAM_TAKE(beam, beam_candidate, 2 * search->beam, beam->candidate);
  BEAM_TAKE(beam, size_t, 2 * search->beam + 1, beam->best);
  BEAM_TAKE(beam, int32_t, most + 1, beam->token);
  BEAM_TAKE(beam, size_t, most + 1, beam->parent);
  beam->rows = 0;
  for (size_t i = 0; i < rows->count; i++) {
    beam_sentence *s = &beam->sentence[i];
    memset(s, 0, sizeof *s);
    BEAM_TAKE(beam, const beam_node *, search->beam, s->live);
    BEAM_TAKE(beam, const beam_node *, search->beam, s->finished);
    s->limit = beam_limit(beam, rows->length[i]);
    if (rows->length[i] == 0) continue;
    s->live[0] = NULL;
    s->live_count = 1;
    beam->token[beam->rows] = S2S__BOS;
    beam->parent[beam->rows++] = i;
  }
  return S2S_OK;
}

static int32_t beam_run(beam_state *beam) {
  s2s_decoder *decoder = beam->decoder;
  for (size_t length = 1;; length++) {
    if (atomic_exchange(&decoder->cancelled, 0))
      return s2s__fail(beam->error, S2S_CANCELLED, "decoding was cancelled after %zu tokens", length - 1);
    if (beam->rows == 0) return S2S_OK;
    S2S__TRY(s2s__stepper_step(&decoder->stepper, beam->token, beam->parent, beam->rows, beam->error));
    size_t first = 0;
    beam->rows = 0;
    for (size_t i = 0; i < beam->memory->rows.count; i++) {
      beam_sentence *s = &beam->sentence[i];
      const size_t live = s->live_count;
      if (live) S2S__TRY(beam_advance(beam, s, first, length));
      first += live;
    }
  }
}

int32_t s2s__decoder_search(s2s_decoder *decoder, const s2s_memory *memory, s2s_result *result, size_t first,
                            s2s__error *error) {
  beam_state beam = {.decoder = decoder, .error = error, .memory = memory};
  s2s__arena_reset(&decoder->arena);
  S2S__TRY(s2s__stepper_start(&decoder->stepper, memory, error));
  decoder->stepper.started = 0; /* a search leaves nothing for s2s_decoder_step, even when it fails */
  S2S__TRY(beam_init(&beam));
  S2S__TRY(beam_run(&beam));
  for (size_t i = 0; i < memory->rows.count; i++)
    S2S__TRY(s2s__result_own_words(result, first + i, memory, i, error));
  for (size_t i = 0; i < memory->rows.count; i++)
    S2S__TRY(beam_results(&beam, &beam.sentence[i], memory->rows.length[i], result, &result->text[first + i]));
  return S2S_OK;
}
