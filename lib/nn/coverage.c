/* SPDX-License-Identifier: MIT
 *
 * Coverage, forward and backward side by side. See coverage.h.
 */
#include "nn/coverage.h"

#include <string.h>

typedef struct coverage_op {
  s2s__tensor *keys, *coverage, *weights, *y;
  const s2s__param *w;
  const s2s__ragged *ragged;
} coverage_op;

static int32_t coverage_record(s2s__graph *graph, s2s__backward_fn backward, const coverage_op *op) {
  if (!s2s__graph_records(graph)) return S2S_OK;
  coverage_op *kept;
  S2S__GRAPH_TAKE(graph, coverage_op, 1, kept);
  *kept = *op;
  return s2s__graph_record(graph, backward, kept);
}

/* ---- keys: y_ij = k_j + c_ij w ----------------------------------------------------------------------------------- */

/* dk_j += dy_ij; dc_ij += w . dy_ij; dw += c_ij dy_ij */
static int32_t coverage_keys_backward(s2s__graph *graph, void *data) {
  const coverage_op *op = data;
  if (!op->y->grad) return S2S_OK;
  const size_t dim = op->y->cols;
  s2s__real *dk, *dc, *dw = s2s__graph_parameter(graph, op->w);
  S2S__TRY(s2s__graph_gradient(graph, op->keys, &dk));
  S2S__TRY(s2s__graph_gradient(graph, op->coverage, &dc));
  for (size_t i = 0; i < op->ragged->queries; i++)
    for (size_t j = 0; j < op->ragged->length[i]; j++) {
      const s2s__real *dy = op->y->grad + (op->ragged->offset[i] + j) * dim;
      const size_t at = i * op->coverage->cols + j;
      graph->kernels->add(dim, dy, dk + (op->ragged->first[i] + j) * dim);
      dc[at] += graph->kernels->dot(dim, op->w->value, dy);
      graph->kernels->axpy(dim, op->coverage->data[at], dy, dw);
    }
  return S2S_OK;
}

int32_t s2s__coverage_keys(s2s__graph *graph, s2s__tensor *keys, s2s__tensor *coverage, const s2s__param *w,
                           const s2s__ragged *ragged, s2s__tensor **covered, s2s__ragged *own) {
  const size_t dim = keys->cols;
  S2S__TRY(s2s__graph_tensor(graph, ragged->total, dim, covered));
  for (size_t i = 0; i < ragged->queries; i++)
    for (size_t j = 0; j < ragged->length[i]; j++) {
      s2s__real *y = (*covered)->data + (ragged->offset[i] + j) * dim;
      memcpy(y, keys->data + (ragged->first[i] + j) * dim, dim * sizeof *y);
      graph->kernels->axpy(dim, coverage->data[i * coverage->cols + j], w->value, y);
    }
  *own = *ragged;
  own->first = ragged->offset;
  const coverage_op op = {.keys = keys, .coverage = coverage, .y = *covered, .w = w, .ragged = ragged};
  return coverage_record(graph, coverage_keys_backward, &op);
}

/* ---- sum: y_ij = c_ij + weight_ij -------------------------------------------------------------------------------- */

static int32_t coverage_add_backward(s2s__graph *graph, void *data) {
  const coverage_op *op = data;
  if (!op->y->grad) return S2S_OK;
  s2s__real *dc, *dw;
  if (op->coverage) {
    S2S__TRY(s2s__graph_gradient(graph, op->coverage, &dc));
    graph->kernels->add(op->y->rows * op->y->cols, op->y->grad, dc);
  }
  S2S__TRY(s2s__graph_gradient(graph, op->weights, &dw));
  for (size_t i = 0; i < op->ragged->queries; i++)
    graph->kernels->add(op->ragged->length[i], op->y->grad + i * op->y->cols, dw + op->ragged->offset[i]);
  return S2S_OK;
}

int32_t s2s__coverage_add(s2s__graph *graph, s2s__tensor *coverage, s2s__tensor *weights, const s2s__ragged *ragged,
                          size_t n, s2s__tensor **after) {
  const size_t rows = ragged->queries;
  S2S__TRY(s2s__graph_tensor(graph, rows, n, after));
  if (coverage) memcpy((*after)->data, coverage->data, rows * n * sizeof *coverage->data);
  else memset((*after)->data, 0, rows * n * sizeof *weights->data);
  for (size_t i = 0; i < rows; i++)
    graph->kernels->add(ragged->length[i], weights->data + ragged->offset[i], (*after)->data + i * n);
  const coverage_op op = {.coverage = coverage, .weights = weights, .y = *after, .ragged = ragged};
  return coverage_record(graph, coverage_add_backward, &op);
}

/* ---- penalty: y_i = sum over j of min(weight_ij, c_ij) ----------------------------------------------------------- */

/* To the smaller one; to the weight where they are equal. */
static int32_t coverage_penalty_backward(s2s__graph *graph, void *data) {
  const coverage_op *op = data;
  if (!op->y->grad || !op->coverage) return S2S_OK;
  s2s__real *dc, *dw;
  S2S__TRY(s2s__graph_gradient(graph, op->coverage, &dc));
  S2S__TRY(s2s__graph_gradient(graph, op->weights, &dw));
  for (size_t i = 0; i < op->ragged->queries; i++)
    for (size_t j = 0; j < op->ragged->length[i]; j++) {
      const size_t weight = op->ragged->offset[i] + j, covered = i * op->coverage->cols + j;
      if (op->coverage->data[covered] < op->weights->data[weight]) dc[covered] += op->y->grad[i];
      else dw[weight] += op->y->grad[i];
    }
  return S2S_OK;
}

int32_t s2s__coverage_penalty(s2s__graph *graph, s2s__tensor *coverage, s2s__tensor *weights,
                              const s2s__ragged *ragged, s2s__tensor **penalty) {
  S2S__TRY(s2s__graph_tensor(graph, ragged->queries, 1, penalty));
  for (size_t i = 0; i < ragged->queries; i++) {
    s2s__real sum = 0;
    for (size_t j = 0; coverage && j < ragged->length[i]; j++) {
      const s2s__real w = weights->data[ragged->offset[i] + j], c = coverage->data[i * coverage->cols + j];
      sum += c < w ? c : w;
    }
    (*penalty)->data[i] = sum;
  }
  const coverage_op op = {.coverage = coverage, .weights = weights, .y = *penalty, .ragged = ragged};
  return coverage_record(graph, coverage_penalty_backward, &op);
}
