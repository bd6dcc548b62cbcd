/* SPDX-License-Identifier: MIT
 *
 * Layer normalisation (Ba, Kiros, Hinton 2016) of every row: y = (x - mean) / sqrt(variance + eps) * gain + bias, the
 * variance biased, eps S2S__NORM_EPS as in PyTorch.
 */
#include "nn/layers.h"

typedef struct norm_op {
  const s2s__param *gain, *bias;
  s2s__tensor *x, *y;
  s2s__real *moments; /* [rows, 2] */
} norm_op;

static int32_t layer_norm_backward(s2s__graph *graph, void *data) {
  norm_op *op = data;
  if (!op->y->grad) return S2S_OK;
  const size_t cols = op->x->cols;
  s2s__real *dx, *dgain = s2s__graph_parameter(graph, op->gain), *dbias = s2s__graph_parameter(graph, op->bias);
  S2S__TRY(s2s__graph_gradient(graph, op->x, &dx));
  for (size_t r = 0; r < op->x->rows; r++)
    graph->kernels->layer_norm_backward(cols, op->x->data + r * cols, op->gain->value, op->moments + 2 * r,
                                        op->y->grad + r * cols, dx + r * cols, dgain, dbias);
  return S2S_OK;
}

int32_t s2s__layer_norm(s2s__graph *graph, const s2s__param *gain, const s2s__param *bias, s2s__tensor *x,
                        s2s__tensor **y) {
  const size_t cols = x->cols;
  s2s__real *moments;
  S2S__TRY(s2s__graph_tensor(graph, x->rows, cols, y));
  S2S__GRAPH_TAKE(graph, s2s__real, 2 * x->rows, moments);
  for (size_t r = 0; r < x->rows; r++)
    graph->kernels->layer_norm(cols, x->data + r * cols, gain->value, bias->value, (s2s__real)S2S__NORM_EPS,
                               moments + 2 * r, (*y)->data + r * cols);
  if (!s2s__graph_records(graph)) return S2S_OK;
  norm_op *op;
  S2S__GRAPH_TAKE(graph, norm_op, 1, op);
  *op = (norm_op){gain, bias, x, *y, moments};
  return s2s__graph_record(graph, layer_norm_backward, op);
}
