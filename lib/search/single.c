/* SPDX-License-Identifier: MIT
 *
 * Searches in which a live hypothesis goes on with one token: the most probable (greedy), one that is drawn (sampling),
 * or one that is given (a prefix, a target to be scored).
 *
 * A draw depends on the seed, the source's tokens, the number of the sample and the place in it, and on nothing else.
 */
#include "search/batch.h"

#include <math.h>

int32_t s2s__greedy_advance(s2s__batch *batch, s2s__sentence *sentence, size_t first) {
  const s2s__node *node = sentence->live[0];
  const s2s__real *p = s2s__batch_row(batch, sentence, node, first);
  const size_t v = batch->decoder->model->kernels->argmax(batch->searcher->stepper.log_probabilities->cols, p);
  const double total = s2s__node_total(node) + (double)p[v];
  s2s__batch_undo(batch, first);
  s2s__batch_turn(batch, sentence);
  return total > -HUGE_VAL ? s2s__batch_extend(batch, sentence, first, 0, (int32_t)v, total) : S2S_OK;
}

int32_t s2s__forced_advance(s2s__batch *batch, s2s__sentence *sentence, size_t first) {
  const int32_t token = sentence->prefix[batch->length - 1];
  const s2s__tensor *lp = batch->searcher->stepper.log_probabilities;
  s2s__batch_turn(batch, sentence);
  for (size_t i = 0; i < batch->old_count; i++) {
    const double own = (double)lp->data[(first + i) * lp->cols + (size_t)token];
    S2S__TRY(s2s__batch_extend(batch, sentence, first, i, token, s2s__node_total(batch->old[i]) + own));
  }
  return S2S_OK;
}

/* ---- sampling ---------------------------------------------------------------------------------------------------- */

/* The tokens that may be drawn from: batch->best[0 .. count), with probabilities batch->copy, which add up to `sum`. */
typedef struct single_choice {
  size_t count;
  double sum;
} single_choice;

/* batch->copy = softmax(p / temperature) */
static void single_heat(s2s__batch *batch, const s2s__real *p, size_t vocabulary) {
  const s2s__kernels *kernels = batch->decoder->model->kernels;
  const double sharpness = 1 / batch->decoder->search.temperature;
  for (size_t v = 0; v < vocabulary; v++) batch->copy[v] = p[v];
  kernels->scale(vocabulary, (s2s__real)(sharpness < 1e6 ? sharpness : 1e6), batch->copy);
  kernels->softmax(vocabulary, batch->copy);
}

static double single_sum(const s2s__batch *batch, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += (double)batch->copy[batch->best[i]];
  return sum;
}

/* The fewest of the sorted ones that have the share `top_p` of `sum`; SIZE_MAX when all `count` have less. */
static size_t single_nucleus(const s2s__batch *batch, size_t count, double sum) {
  double so_far = 0;
  for (size_t i = 0; i < count; i++) {
    so_far += (double)batch->copy[batch->best[i]];
    if (so_far >= batch->decoder->search.top_p * sum) return i + 1;
  }
  return SIZE_MAX;
}

/* Of all tokens: more and more of the best are looked at until they are enough. */
static single_choice single_choose_nucleus(s2s__batch *batch, size_t vocabulary) {
  const s2s__kernels *kernels = batch->decoder->model->kernels;
  for (size_t most = 64;; most *= 4) {
    const size_t count = most < vocabulary ? most : vocabulary;
    kernels->top_k(vocabulary, batch->copy, count, batch->best);
    const size_t kept = single_nucleus(batch, count, 1);
    if (kept == SIZE_MAX && count < vocabulary) continue;
    const size_t all = kept < count ? kept : count;
    return (single_choice){all, single_sum(batch, all)};
  }
}

static single_choice single_choose(s2s__batch *batch, size_t vocabulary) {
  const s2s__search *search = &batch->decoder->search;
  if (search->top_k == 0 && search->top_p < 1) return single_choose_nucleus(batch, vocabulary);
  size_t count = vocabulary;
  if (search->top_k > 0 && search->top_k < vocabulary) {
    count = search->top_k;
    batch->decoder->model->kernels->top_k(vocabulary, batch->copy, count, batch->best);
  } else {
    for (size_t v = 0; v < vocabulary; v++) batch->best[v] = v;
    if (search->top_p < 1) batch->decoder->model->kernels->top_k(vocabulary, batch->copy, count, batch->best);
  }
  const double sum = single_sum(batch, count);
  const size_t kept = search->top_p < 1 ? single_nucleus(batch, count, sum) : count;
  if (kept >= count) return (single_choice){count, sum};
  return (single_choice){kept, single_sum(batch, kept)};
}

/* The token at `uniform`, in [0, 1), of the way through the probabilities; SIZE_MAX when they are no numbers. */
static size_t single_draw(const s2s__batch *batch, single_choice choice, double uniform) {
  double left = uniform * choice.sum;
  size_t token = SIZE_MAX;
  for (size_t i = 0; i < choice.count; i++) {
    const double own = (double)batch->copy[batch->best[i]];
    if (!(own > 0)) continue;
    token = batch->best[i];
    if (left < own) break;
    left -= own;
  }
  return token;
}

/* Samples from ... of one row: all of them at the first draw, else one. */
static int32_t single_sample_row(s2s__batch *batch, s2s__sentence *s, size_t first, size_t number, size_t from,
                                 size_t to) {
  const size_t vocabulary = batch->searcher->stepper.log_probabilities->cols, row = first + number;
  const s2s__node *node = batch->old[number];
  const s2s__real *p = s2s__batch_row(batch, s, node, row);
  single_heat(batch, p, vocabulary);
  const single_choice choice = single_choose(batch, vocabulary);
  for (size_t sample = from; sample < to; sample++) {
    if (sample > from) p = s2s__batch_row(batch, s, node, row);
    const size_t v = single_draw(batch, choice, s2s__uniform(s2s__key(s->key, sample), batch->length));
    const double total = s2s__node_total(node) + (v == SIZE_MAX ? 0 : (double)p[v]);
    s2s__batch_undo(batch, row);
    if (v == SIZE_MAX) continue;
    const size_t live = s->live_count;
    S2S__TRY(s2s__batch_extend(batch, s, first, number, (int32_t)v, total));
    if (s->live_count > live) s->sample[live] = sample;
  }
  return S2S_OK;
}

int32_t s2s__sample_advance(s2s__batch *batch, s2s__sentence *sentence, size_t first) {
  s2s__batch_turn(batch, sentence);
  if (batch->length == sentence->prefix_length + 1)
    return single_sample_row(batch, sentence, first, 0, 0, batch->width);
  for (size_t i = 0; i < batch->old_count; i++)
    S2S__TRY(single_sample_row(batch, sentence, first, i, sentence->sample[i], sentence->sample[i] + 1));
  return S2S_OK;
}
