/* SPDX-License-Identifier: MIT
 *
 * Dropout without stored masks: the draw is a function of counters, so the backward pass makes it again, and neither
 * threads nor batching can change it.
 */
#include "nn/layers.h"

#include <string.h>

typedef struct dropout_op {
  s2s__tensor *x, *y;
  const s2s__rows *rows;
  uint64_t site;
} dropout_op;

/* Applies the mask to every row of `in`: out may be `in`. */
static void dropout_apply(const s2s__graph *graph, const dropout_op *op, const s2s__real *in, s2s__real *out) {
  const s2s__rows *rows = op->rows;
  const size_t cols = op->x->cols;
  const uint32_t threshold = (uint32_t)(graph->dropout * 4294967296.0);
  const s2s__real scale = (s2s__real)(1.0 / (1.0 - graph->dropout));
  for (size_t s = 0; s < rows->count; s++) {
    const uint64_t sentence = s2s__key(graph->dropout_key, rows->stream ? rows->stream[s] : s);
    const uint64_t key = s2s__key(sentence, op->site);
    for (size_t t = 0; t < rows->length[s]; t++) {
      const size_t at = (rows->offset[s] + t) * cols;
      graph->kernels->dropout(cols, s2s__key(key, graph->dropout_variational ? 0 : rows->position + t), threshold, scale, in + at, out + at);
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

int32_t s2s__dropout(s2s__graph *graph, s2s__tensor *x, const s2s__rows *rows, uint64_t site, s2s__tensor **y) {
  if (graph->dropout <= 0) return *y = x, S2S_OK;
  dropout_op *op;
  S2S__GRAPH_TAKE(graph, dropout_op, 1, op);
  S2S__TRY(s2s__graph_tensor(graph, x->rows, x->cols, y));
  *op = (dropout_op){x, *y, rows, site};
  dropout_apply(graph, op, x->data, (*y)->data);
  return graph->recording ? s2s__graph_record(graph, dropout_backward, op) : S2S_OK;
}
