/* SPDX-License-Identifier: MIT
 *
 * Scores, softmax and weighted sum over packed memories, forward and backward side by side.
 */
#include "nn/attend.h"

#include <string.h>

int32_t s2s__ragged_init(s2s__ragged *ragged, s2s__arena *arena, const s2s__rows *queries, const size_t *sentence,
                         const s2s__rows *memory, s2s__error *error) {
  size_t *index = S2S__TAKE(arena, size_t, 3 * queries->total + 1);
  if (!index) return s2s__fail_memory(error, 3 * queries->total * sizeof(size_t), "an attention");
  size_t *first = index, *length = index + queries->total, *offset = length + queries->total, total = 0;
  for (size_t s = 0; s < queries->count; s++) {
    const size_t m = sentence ? sentence[s] : s;
    for (size_t i = queries->offset[s]; i < queries->offset[s] + queries->length[s]; i++) {
      first[i] = memory->offset[m];
      length[i] = memory->length[m];
      offset[i] = total;
      total += length[i];
    }
  }
  *ragged = (s2s__ragged){queries->total, total, first, length, offset};
  return S2S_OK;
}

typedef struct attend_op {
  s2s__tensor *a, *b, *y; /* scores: queries, keys; softmax: scores, -; sum: weights, values */
  const s2s__param *v;
  const s2s__ragged *ragged;
} attend_op;

static int32_t attend_record(s2s__graph *graph, s2s__backward_fn backward, s2s__tensor *a, s2s__tensor *b,
                             s2s__tensor *y, const s2s__param *v, const s2s__ragged *ragged) {
  if (!s2s__graph_records(graph)) return S2S_OK;
  attend_op *op;
  S2S__GRAPH_TAKE(graph, attend_op, 1, op);
  *op = (attend_op){a, b, y, v, ragged};
  return s2s__graph_record(graph, backward, op);
}

/* Where the rows of a memory stand. */
static int32_t attend_rows(s2s__graph *graph, const s2s__tensor *memory, const s2s__real ***row) {
  S2S__GRAPH_TAKE(graph, const s2s__real *, memory->rows, *row);
  for (size_t r = 0; r < memory->rows; r++) (*row)[r] = memory->data + r * memory->cols;
  return S2S_OK;
}

/* ---- dot: score_ij = q_i . k_j ----------------------------------------------------------------------------------- */

/* dq_i += sum over j of ds_ij k_j; dk_j += sum over i of ds_ij q_i */
static int32_t score_dot_backward(s2s__graph *graph, void *data) {
  const attend_op *op = data;
  if (!op->y->grad) return S2S_OK;
  const size_t dim = op->a->cols;
  s2s__real *dq, *dk;
  S2S__TRY(s2s__graph_gradient(graph, op->a, &dq));
  S2S__TRY(s2s__graph_gradient(graph, op->b, &dk));
  for (size_t i = 0; i < op->ragged->queries; i++) {
    const s2s__real *ds = op->y->grad + op->ragged->offset[i];
    for (size_t j = 0; j < op->ragged->length[i]; j++) {
      const size_t key = (op->ragged->first[i] + j) * dim;
      graph->kernels->axpy(dim, ds[j], op->b->data + key, dq + i * dim);
      graph->kernels->axpy(dim, ds[j], op->a->data + i * dim, dk + key);
    }
  }
  return S2S_OK;
}

int32_t s2s__score_dot(s2s__graph *graph, s2s__tensor *queries, s2s__tensor *keys, const s2s__ragged *ragged,
                       s2s__tensor **scores) {
  const size_t dim = queries->cols;
  const s2s__real **row;
  S2S__TRY(s2s__graph_tensor(graph, 1, ragged->total, scores));
  const s2s__mark mark = s2s__arena_mark(graph->arena);
  S2S__TRY(attend_rows(graph, keys, &row));
  for (size_t i = 0; i < ragged->queries; i++)
    graph->kernels->look(&(s2s__attend){.n = ragged->length[i],
                                        .heads = 1,
                                        .d = dim,
                                        .scale = 1,
                                        .q = queries->data + i * dim,
                                        .key = row + ragged->first[i],
                                        .w = (*scores)->data + ragged->offset[i]});
  s2s__arena_rewind(graph->arena, mark);
  return attend_record(graph, score_dot_backward, queries, keys, *scores, NULL, ragged);
}

/* ---- additive: score_ij = v . tanh(q_i + k_j) -------------------------------------------------------------------- */

static int32_t score_additive_backward(s2s__graph *graph, void *data) {
  const attend_op *op = data;
  if (!op->y->grad) return S2S_OK;
  const size_t dim = op->a->cols;
  s2s__real *dq, *dk, *dv = s2s__graph_parameter(graph, op->v), *v;
  S2S__TRY(s2s__graph_gradient(graph, op->a, &dq));
  S2S__TRY(s2s__graph_gradient(graph, op->b, &dk));
  S2S__GRAPH_TAKE(graph, s2s__real, dim, v);
  s2s__weight_row(op->v->weight, 0, v);
  for (size_t i = 0; i < op->ragged->queries; i++) {
    const s2s__real *ds = op->y->grad + op->ragged->offset[i];
    for (size_t j = 0; j < op->ragged->length[i]; j++) {
      const size_t key = (op->ragged->first[i] + j) * dim;
      graph->kernels->additive_backward(dim, op->a->data + i * dim, op->b->data + key, v, ds[j], dq + i * dim, dk + key,
                                        dv);
    }
  }
  return S2S_OK;
}

int32_t s2s__score_additive(s2s__graph *graph, s2s__tensor *queries, s2s__tensor *keys, const s2s__param *v,
                            const s2s__ragged *ragged, s2s__tensor **scores) {
  const size_t dim = queries->cols;
  s2s__real *row;
  S2S__GRAPH_TAKE(graph, s2s__real, dim, row);
  s2s__weight_row(v->weight, 0, row);
  S2S__TRY(s2s__graph_tensor(graph, 1, ragged->total, scores));
  for (size_t i = 0; i < ragged->queries; i++)
    for (size_t j = 0; j < ragged->length[i]; j++)
      (*scores)->data[ragged->offset[i] + j] =
          graph->kernels->additive(dim, queries->data + i * dim, keys->data + (ragged->first[i] + j) * dim, row);
  return attend_record(graph, score_additive_backward, queries, keys, *scores, v, ragged);
}

/* ---- softmax ----------------------------------------------------------------------------------------------------- */

static int32_t softmax_ragged_backward(s2s__graph *graph, void *data) {
  const attend_op *op = data;
  if (!op->y->grad) return S2S_OK;
  s2s__real *ds;
  S2S__TRY(s2s__graph_gradient(graph, op->a, &ds));
  for (size_t i = 0; i < op->ragged->queries; i++) {
    const size_t at = op->ragged->offset[i];
    graph->kernels->softmax_backward(op->ragged->length[i], op->y->data + at, op->y->grad + at, ds + at);
  }
  return S2S_OK;
}

int32_t s2s__softmax_ragged(s2s__graph *graph, s2s__tensor *scores, const s2s__ragged *ragged, s2s__tensor **weights) {
  S2S__GRAPH_TAKE(graph, s2s__tensor, 1, *weights);
  **weights = (s2s__tensor){scores->data, NULL, scores->rows, scores->cols};
  for (size_t i = 0; i < ragged->queries; i++)
    graph->kernels->softmax(ragged->length[i], scores->data + ragged->offset[i]);
  return attend_record(graph, softmax_ragged_backward, scores, NULL, *weights, NULL, ragged);
}

/* ---- placing ----------------------------------------------------------------------------------------------------- */

typedef struct attend_place {
  s2s__tensor *x, *y;
  const s2s__ragged *from, *to;
  const size_t *index;
} attend_place;

static int32_t place_ragged_backward(s2s__graph *graph, void *data) {
  const attend_place *op = data;
  if (!op->y->grad) return S2S_OK;
  s2s__real *dx;
  S2S__TRY(s2s__graph_gradient(graph, op->x, &dx));
  for (size_t i = 0; i < op->from->queries; i++)
    graph->kernels->add(op->from->length[i], op->y->grad + op->to->offset[op->index[i]], dx + op->from->offset[i]);
  return S2S_OK;
}

int32_t s2s__place_ragged(s2s__graph *graph, s2s__tensor *x, const s2s__ragged *from, const size_t *index,
                          s2s__tensor *y, const s2s__ragged *to) {
  for (size_t i = 0; i < from->queries; i++)
    memcpy(y->data + to->offset[index[i]], x->data + from->offset[i], from->length[i] * sizeof *y->data);
  if (!s2s__graph_records(graph)) return S2S_OK;
  attend_place *op;
  S2S__GRAPH_TAKE(graph, attend_place, 1, op);
  *op = (attend_place){x, y, from, to, index};
  return s2s__graph_record(graph, place_ragged_backward, op);
}

/* ---- context_i = sum over j of w_ij value_j ---------------------------------------------------------------------- */

static int32_t weighted_sum_backward(s2s__graph *graph, void *data) {
  const attend_op *op = data;
  if (!op->y->grad) return S2S_OK;
  const size_t dim = op->b->cols;
  s2s__real *dw, *dv;
  S2S__TRY(s2s__graph_gradient(graph, op->a, &dw));
  S2S__TRY(s2s__graph_gradient(graph, op->b, &dv));
  for (size_t i = 0; i < op->ragged->queries; i++) {
    const s2s__real *dy = op->y->grad + i * dim;
    const size_t at = op->ragged->offset[i];
    for (size_t j = 0; j < op->ragged->length[i]; j++) {
      const size_t value = (op->ragged->first[i] + j) * dim;
      dw[at + j] += graph->kernels->dot(dim, dy, op->b->data + value);
      graph->kernels->axpy(dim, op->a->data[at + j], dy, dv + value);
    }
  }
  return S2S_OK;
}

int32_t s2s__weighted_sum(s2s__graph *graph, s2s__tensor *weights, s2s__tensor *values, const s2s__ragged *ragged,
                          s2s__tensor **context) {
  const size_t dim = values->cols;
  const s2s__real **row;
  S2S__TRY(s2s__graph_tensor(graph, ragged->queries, dim, context));
  const s2s__mark mark = s2s__arena_mark(graph->arena);
  S2S__TRY(attend_rows(graph, values, &row));
  for (size_t i = 0; i < ragged->queries; i++)
    graph->kernels->mix(&(s2s__attend){.n = ragged->length[i],
                                       .heads = 1,
                                       .d = dim,
                                       .value = row + ragged->first[i],
                                       .w = weights->data + ragged->offset[i],
                                       .y = (*context)->data + i * dim});
  s2s__arena_rewind(graph->arena, mark);
  return attend_record(graph, weighted_sum_backward, weights, values, *context, NULL, ragged);
}
