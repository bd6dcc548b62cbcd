/* SPDX-License-Identifier: MIT
 *
 * Dropout of units, of attention weights and of whole words, without stored masks: the draw is a function of counters,
 * so the backward pass makes it again, and neither threads nor batching can change it.
 */
#include "nn/attend.h"
#include "nn/layers.h"

#include <string.h>

typedef struct dropout_op {
  s2s__tensor *x, *y;
  const s2s__rows *rows;
  const s2s__ragged *ragged; /* of weights: a row is what one query has of them; NULL: as long as x is wide */
  uint64_t site;
  double rate;
  int words; /* a row is dropped or kept as a whole */
} dropout_op;

static void dropout_row(const s2s__graph *graph, const dropout_op *op, uint64_t key, size_t position, size_t cols,
                        const s2s__real *in, s2s__real *out) {
  const s2s__real kept = (s2s__real)(1.0 / (1.0 - op->rate));
  if (op->words) {
    const s2s__real scale = s2s__uniform(key, position) < op->rate ? 0 : kept;
    for (size_t i = 0; i < cols; i++) out[i] = in[i] * scale;
  } else {
    const uint32_t threshold = (uint32_t)(op->rate * 4294967296.0);
    graph->kernels->dropout(cols, s2s__key(key, graph->dropout_variational ? 0 : position), threshold, kept, in, out);
  }
}

/* Applies the mask to every row of `in`: out may be `in`. */
static void dropout_apply(const s2s__graph *graph, const dropout_op *op, const s2s__real *in, s2s__real *out) {
  const s2s__rows *rows = op->rows;
  for (size_t s = 0; s < rows->count; s++) {
    const uint64_t sentence = s2s__key(graph->dropout_key, rows->stream ? rows->stream[s] : s);
    const uint64_t key = s2s__key(sentence, op->site);
    for (size_t t = 0; t < rows->length[s]; t++) {
      const size_t row = rows->offset[s] + t, cols = op->ragged ? op->ragged->length[row] : op->x->cols;
      const size_t at = op->ragged ? op->ragged->offset[row] : row * cols;
      dropout_row(graph, op, key, rows->position + t, cols, in + at, out + at);
    }
  }
}

static int32_t dropout_backward(s2s__graph *graph, void *data) {
  dropout_op *op = data;
  if (!op->y->grad) return S2S_OK;
  s2s__real *dx;
  int fresh;
  S2S__TRY(s2s__graph_gradient_or_fresh(graph, op->x, &dx, &fresh));
  if (fresh) return dropout_apply(graph, op, op->y->grad, dx), S2S_OK;
  dropout_apply(graph, op, op->y->grad, op->y->grad); /* nobody reads it after this */
  graph->kernels->add(op->x->rows * op->x->cols, op->y->grad, dx);
  return S2S_OK;
}

static int32_t dropout_forward(s2s__graph *graph, dropout_op new, s2s__tensor **y) {
  if (!S2S__TRAINS || new.rate <= 0) return *y = new.x, S2S_OK;
  dropout_op *op;
  S2S__GRAPH_TAKE(graph, dropout_op, 1, op);
  S2S__TRY(s2s__graph_tensor(graph, new.x->rows, new.x->cols, y));
  *op = new;
  op->y = *y;
  dropout_apply(graph, op, op->x->data, op->y->data);
  return s2s__graph_records(graph) ? s2s__graph_record(graph, dropout_backward, op) : S2S_OK;
}

int32_t s2s__dropout(s2s__graph *graph, s2s__tensor *x, const s2s__rows *rows, uint64_t site, s2s__tensor **y) {
  return dropout_forward(graph, (dropout_op){.x = x, .rows = rows, .site = site, .rate = graph->dropout}, y);
}

int32_t s2s__dropout_at(s2s__graph *graph, s2s__tensor *x, const s2s__rows *rows, uint64_t site, double rate,
                        s2s__tensor **y) {
  return dropout_forward(graph, (dropout_op){.x = x, .rows = rows, .site = site, .rate = rate}, y);
}

int32_t s2s__dropout_weights(s2s__graph *graph, s2s__tensor *weights, const s2s__rows *rows, const s2s__ragged *ragged,
                             s2s__tensor **y) {
  return dropout_forward(
      graph,
      (dropout_op){
          .x = weights, .rows = rows, .ragged = ragged, .site = S2S__DROPOUT_WEIGHTS, .rate = graph->attention_dropout},
      y);
}

int32_t s2s__word_dropout(s2s__graph *graph, s2s__tensor *x, const s2s__rows *rows, int32_t side, s2s__tensor **y) {
  const uint64_t site = side == S2S_SOURCE ? S2S__DROPOUT_SOURCE_WORD : S2S__DROPOUT_TARGET_WORD;
  const double rate = graph->word_dropout[side];
  return dropout_forward(graph, (dropout_op){.x = x, .rows = rows, .site = site, .rate = rate, .words = 1}, y);
}
