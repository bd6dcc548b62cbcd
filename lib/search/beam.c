/* SPDX-License-Identifier: MIT
 *
 * Beam search. Every step, the candidates (live hypothesis x token) are ranked by their totals; the best `beam` that do
 * not end become the new live ones; an end mark counts only if its rank is below `beam`. A sentence is done when `beam`
 * hypotheses have finished (beam_stop first), or when no live one can still beat the worst it would return (safe).
 */
#include "search/batch.h"

#include <math.h>

/* Keeps the 2 * beam best, equal ones in the order of rows and tokens. */
static void beam_offer(s2s__batch *batch, size_t row, int32_t token, double total) {
  const size_t most = 2 * batch->width;
  s2s__candidate *c = batch->candidate;
  size_t at = batch->candidates;
  while (at > 0 && c[at - 1].total < total) at--;
  if (at == most) return;
  if (batch->candidates < most) batch->candidates++;
  for (size_t i = batch->candidates - 1; i > at; i--) c[i] = c[i - 1];
  c[at] = (s2s__candidate){row, token, total};
}

/* Offers a row's best tokens. What is ruled out and NaN are never offered. */
static void beam_offer_row(s2s__batch *batch, const s2s__sentence *s, const s2s__node *node, size_t row) {
  const size_t vocabulary = batch->searcher->stepper.log_probabilities->cols, most = 2 * batch->width;
  const size_t count = most < vocabulary ? most : vocabulary;
  const s2s__real *p = s2s__batch_row(batch, s, node, row);
  const double so_far = s2s__node_total(node);
  batch->decoder->model->kernels->top_k(vocabulary, p, count, batch->best);
  for (size_t i = 0; i < count; i++) {
    const size_t v = batch->best[i];
    const double total = so_far + (double)p[v];
    if (!(total > -HUGE_VAL)) break;
    if (batch->candidates == most && !(total > batch->candidate[most - 1].total)) break;
    beam_offer(batch, row, (int32_t)v, total);
  }
  s2s__batch_undo(batch, row);
}

/* Turns the ranked candidates into finished and live hypotheses. */
static int32_t beam_choose(s2s__batch *batch, s2s__sentence *s, size_t first) {
  s2s__batch_turn(batch, s);
  for (size_t rank = 0; rank < batch->candidates && s->live_count < batch->width; rank++) {
    const s2s__candidate *c = &batch->candidate[rank];
    if (c->token == S2S__EOS && rank >= batch->width) continue;
    S2S__TRY(s2s__batch_extend(batch, s, first, c->row - first, c->token, c->total));
  }
  return S2S_OK;
}

/* No live hypothesis can end above what would be returned: totals only fall, what is less than nothing weighs least at
 * the greatest length, and the coverage adds nothing above zero. */
static int beam_is_safe(const s2s__batch *batch, const s2s__sentence *s) {
  const s2s__search *search = &batch->decoder->search;
  if (s->finished_kept < search->nbest) return 0;
  const double worst = s->finished[search->nbest - 1].score;
  for (size_t i = 0; i < s->live_count; i++)
    if (s2s__search_normalise(search, s->live[i]->total, s->limit) > worst) return 0;
  return 1;
}

static int beam_is_done(const s2s__batch *batch, const s2s__sentence *s) {
  switch (batch->decoder->search.stop) {
  case S2S__STOP_FIRST:
    return s->finished_count >= batch->width;
  case S2S__STOP_SAFE:
    return beam_is_safe(batch, s);
  default:
    return 0;
  }
}

int32_t s2s__beam_advance(s2s__batch *batch, s2s__sentence *sentence, size_t first) {
  const size_t rows_before = batch->rows;
  batch->candidates = 0;
  for (size_t i = 0; i < sentence->live_count; i++) beam_offer_row(batch, sentence, sentence->live[i], first + i);
  S2S__TRY(beam_choose(batch, sentence, first));
  if (batch->length < sentence->limit && beam_is_done(batch, sentence)) {
    sentence->live_count = 0;
    batch->rows = rows_before;
  }
  return S2S_OK;
}
