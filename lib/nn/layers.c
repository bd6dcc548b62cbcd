/* SPDX-License-Identifier: MIT
 *
 * Linear, embedding, tanh, concatenation, row selection: forward and backward side by side.
 */
#include "nn/layers.h"

#include <string.h>

/* ---- linear: y = x W^T + b --------------------------------------------------------------------------------------- */

typedef struct linear_op {
  const s2s__param *weight, *bias;
  s2s__tensor *x, *y;
} linear_op;

/* dx += dy W; dW += dy^T x; db += sum of dy over rows */
static int32_t linear_backward(s2s__graph *graph, void *data) {
  linear_op *op = data;
  const s2s__tensor *y = op->y;
  if (!y->grad) return S2S_OK;
  s2s__real *dx;
  int fresh;
  S2S__TRY(s2s__graph_gradient_or_fresh(graph, op->x, &dx, &fresh));
  const s2s__work work = s2s__graph_work(graph);
  S2S__TRY(
      s2s__weight_multiply(op->weight->transposed, &work, y->rows, y->grad, y->cols, dx, op->x->cols, NULL, !fresh));
  if (op->bias) s2s__graph_bias_gradient(graph, op->bias, y->rows, y->grad);
  return s2s__graph_weight_gradient(graph, op->weight, y->rows, y->grad, op->x->data);
}

int32_t s2s__linear(s2s__graph *graph, const s2s__param *weight, const s2s__param *bias, s2s__tensor *x,
                    s2s__tensor **y) {
  S2S__TRY(s2s__graph_tensor(graph, x->rows, weight->rows, y));
  const s2s__work work = s2s__graph_work(graph);
  S2S__TRY(s2s__weight_multiply(weight->weight, &work, x->rows, x->data, x->cols, (*y)->data, weight->rows,
                                bias ? bias->value : NULL, 0));
  if (!s2s__graph_records(graph)) return S2S_OK;
  linear_op *op;
  S2S__GRAPH_TAKE(graph, linear_op, 1, op);
  *op = (linear_op){weight, bias, x, *y};
  return s2s__graph_record(graph, linear_backward, op);
}

int32_t s2s__linear_gradient(s2s__graph *graph, const s2s__param *weight, const s2s__param *bias, const s2s__tensor *x,
                             const s2s__tensor *y) {
  const s2s__work work = s2s__graph_work(graph);
  S2S__TRY(s2s__weight_multiply(weight->transposed, &work, y->rows, y->grad, y->cols, x->grad, x->cols, NULL, 1));
  if (bias) s2s__graph_bias_gradient(graph, bias, y->rows, y->grad);
  return s2s__graph_weight_gradient_now(graph, weight, y->rows, y->grad, x->data);
}

/* ---- embedding: y[i] = W[ids[i]] --------------------------------------------------------------------------------- */

typedef struct embedding_op {
  const s2s__param *weight;
  const int32_t *ids;
  s2s__tensor *y;
} embedding_op;

static int32_t embedding_backward(s2s__graph *graph, void *data) {
  embedding_op *op = data;
  if (!op->y->grad) return S2S_OK;
  const size_t dim = op->y->cols;
  s2s__real *dw = s2s__graph_parameter(graph, op->weight);
  for (size_t i = 0; i < op->y->rows; i++)
    graph->kernels->add(dim, op->y->grad + i * dim, dw + (size_t)op->ids[i] * dim);
  return S2S_OK;
}

int32_t s2s__embedding(s2s__graph *graph, const s2s__param *weight, const int32_t *ids, size_t n, s2s__tensor **y) {
  S2S__TRY(s2s__graph_tensor(graph, n, weight->cols, y));
  for (size_t i = 0; i < n; i++) s2s__weight_row(weight->weight, (size_t)ids[i], (*y)->data + i * weight->cols);
  if (!s2s__graph_records(graph)) return S2S_OK;
  embedding_op *op;
  S2S__GRAPH_TAKE(graph, embedding_op, 1, op);
  *op = (embedding_op){weight, ids, *y};
  return s2s__graph_record(graph, embedding_backward, op);
}

/* ---- tanh -------------------------------------------------------------------------------------------------------- */

typedef struct unary_op {
  s2s__tensor *x, *y;
} unary_op;

static int32_t tanh_layer_backward(s2s__graph *graph, void *data) {
  unary_op *op = data;
  if (!op->y->grad) return S2S_OK;
  s2s__real *dx;
  S2S__TRY(s2s__graph_gradient(graph, op->x, &dx));
  graph->kernels->tanh_backward(op->y->rows * op->y->cols, op->y->data, op->y->grad, dx);
  return S2S_OK;
}

/* A new tensor of x's shape while recording, else x itself, to be overwritten. */
static int32_t layer_output(s2s__graph *graph, s2s__tensor *x, s2s__tensor **y) {
  if (!s2s__graph_records(graph)) return *y = x, S2S_OK;
  return s2s__graph_tensor(graph, x->rows, x->cols, y);
}

int32_t s2s__tanh(s2s__graph *graph, s2s__tensor *x, s2s__tensor **y) {
  S2S__TRY(layer_output(graph, x, y));
  /* Row by row: a vector kernel may treat the end of its range differently, and a row must not depend on its
   * neighbours. */
  for (size_t r = 0; r < x->rows; r++) graph->kernels->tanh(x->cols, x->data + r * x->cols, (*y)->data + r * x->cols);
  if (!s2s__graph_records(graph)) return S2S_OK;
  unary_op *op;
  S2S__GRAPH_TAKE(graph, unary_op, 1, op);
  *op = (unary_op){x, *y};
  return s2s__graph_record(graph, tanh_layer_backward, op);
}

/* ---- relu, gelu, swish ------------------------------------------------------------------------------------------- */

typedef struct activate_op {
  s2s__activation activation;
  s2s__tensor *x, *y;
} activate_op;

typedef void activate_fn(size_t n, const s2s__real *x, s2s__real *y);
typedef void activate_backward_fn(size_t n, const s2s__real *x, const s2s__real *dy, s2s__real *dx);

static activate_fn *activate_forward_of(const s2s__kernels *k, s2s__activation activation) {
  return activation == S2S__ACTIVATION_GELU ? k->gelu : activation == S2S__ACTIVATION_SWISH ? k->swish : k->relu;
}

static activate_backward_fn *activate_backward_of(const s2s__kernels *k, s2s__activation activation) {
  return activation == S2S__ACTIVATION_GELU    ? k->gelu_backward
         : activation == S2S__ACTIVATION_SWISH ? k->swish_backward
                                               : k->relu_backward;
}

static int32_t activate_backward(s2s__graph *graph, void *data) {
  activate_op *op = data;
  if (!op->y->grad) return S2S_OK;
  s2s__real *dx;
  S2S__TRY(s2s__graph_gradient(graph, op->x, &dx));
  activate_backward_of(graph->kernels, op->activation)(op->x->rows * op->x->cols, op->x->data, op->y->grad, dx);
  return S2S_OK;
}

int32_t s2s__activate(s2s__graph *graph, s2s__activation activation, s2s__tensor *x, s2s__tensor **y) {
  S2S__TRY(layer_output(graph, x, y));
  activate_forward_of(graph->kernels, activation)(x->rows * x->cols, x->data, (*y)->data);
  if (!s2s__graph_records(graph)) return S2S_OK;
  activate_op *op;
  S2S__GRAPH_TAKE(graph, activate_op, 1, op);
  *op = (activate_op){activation, x, *y};
  return s2s__graph_record(graph, activate_backward, op);
}

/* ---- sum --------------------------------------------------------------------------------------------------------- */

typedef struct sum_op {
  s2s__tensor *a, *b, *y;
} sum_op;

static int32_t sum_layer_backward(s2s__graph *graph, void *data) {
  sum_op *op = data;
  if (!op->y->grad) return S2S_OK;
  s2s__real *da, *db;
  S2S__TRY(s2s__graph_gradient(graph, op->a, &da));
  graph->kernels->add(op->y->rows * op->y->cols, op->y->grad, da);
  S2S__TRY(s2s__graph_gradient(graph, op->b, &db));
  graph->kernels->add(op->y->rows * op->y->cols, op->y->grad, db);
  return S2S_OK;
}

int32_t s2s__sum(s2s__graph *graph, s2s__tensor *a, s2s__tensor *b, s2s__tensor **y) {
  S2S__TRY(layer_output(graph, b, y));
  if (*y != b) memcpy((*y)->data, b->data, b->rows * b->cols * sizeof *b->data);
  graph->kernels->add(a->rows * a->cols, a->data, (*y)->data);
  if (!s2s__graph_records(graph)) return S2S_OK;
  sum_op *op;
  S2S__GRAPH_TAKE(graph, sum_op, 1, op);
  *op = (sum_op){a, b, *y};
  return s2s__graph_record(graph, sum_layer_backward, op);
}

/* ---- concatenation of columns ------------------------------------------------------------------------------------ */

typedef struct concat_op {
  s2s__tensor *part[S2S__CONCAT_MAX];
  size_t count;
  s2s__tensor *y;
} concat_op;

static int32_t concat_backward(s2s__graph *graph, void *data) {
  concat_op *op = data;
  const s2s__tensor *y = op->y;
  if (!y->grad) return S2S_OK;
  size_t at = 0;
  for (size_t p = 0; p < op->count; at += op->part[p]->cols, p++) {
    const size_t cols = op->part[p]->cols;
    s2s__real *dx;
    S2S__TRY(s2s__graph_gradient(graph, op->part[p], &dx));
    for (size_t r = 0; r < y->rows; r++) graph->kernels->add(cols, y->grad + r * y->cols + at, dx + r * cols);
  }
  return S2S_OK;
}

static void concat_forward(const concat_op *op) {
  size_t at = 0;
  for (size_t p = 0; p < op->count; at += op->part[p]->cols, p++) {
    const s2s__tensor *x = op->part[p];
    for (size_t r = 0; r < x->rows; r++)
      memcpy(op->y->data + r * op->y->cols + at, x->data + r * x->cols, x->cols * sizeof(s2s__real));
  }
}

int32_t s2s__concat(s2s__graph *graph, s2s__tensor *const *parts, size_t count, s2s__tensor **y) {
  concat_op *op;
  S2S__GRAPH_TAKE(graph, concat_op, 1, op);
  memset(op, 0, sizeof *op);
  size_t cols = 0;
  for (size_t p = 0; p < count; p++) {
    if (!parts[p]) continue;
    op->part[op->count++] = parts[p];
    cols += parts[p]->cols;
  }
  if (op->count == 1) return *y = op->part[0], S2S_OK;
  S2S__TRY(s2s__graph_tensor(graph, op->part[0]->rows, cols, y));
  op->y = *y;
  concat_forward(op);
  return s2s__graph_records(graph) ? s2s__graph_record(graph, concat_backward, op) : S2S_OK;
}

/* ---- rows picked out, rows put in place -------------------------------------------------------------------------- */

typedef struct rows_op {
  s2s__tensor *x, *y;
  const size_t *index;
} rows_op;

static int32_t rows_record(s2s__graph *graph, s2s__backward_fn backward, s2s__tensor *x, s2s__tensor *y,
                           const size_t *index) {
  if (!s2s__graph_records(graph)) return S2S_OK;
  rows_op *op;
  S2S__GRAPH_TAKE(graph, rows_op, 1, op);
  *op = (rows_op){x, y, index};
  return s2s__graph_record(graph, backward, op);
}

static int32_t select_backward(s2s__graph *graph, void *data) {
  rows_op *op = data;
  if (!op->y->grad) return S2S_OK;
  const size_t cols = op->y->cols;
  s2s__real *dx;
  S2S__TRY(s2s__graph_gradient(graph, op->x, &dx));
  for (size_t i = 0; i < op->y->rows; i++) graph->kernels->add(cols, op->y->grad + i * cols, dx + op->index[i] * cols);
  return S2S_OK;
}

static int select_is_identity(const s2s__tensor *x, const size_t *index, size_t n) {
  if (n != x->rows) return 0;
  for (size_t i = 0; i < n; i++)
    if (index[i] != i) return 0;
  return 1;
}

int32_t s2s__select_rows(s2s__graph *graph, s2s__tensor *x, const size_t *index, size_t n, s2s__tensor **y) {
  if (select_is_identity(x, index, n)) return *y = x, S2S_OK;
  S2S__TRY(s2s__graph_tensor(graph, n, x->cols, y));
  const size_t bytes = x->cols * sizeof(s2s__real);
  for (size_t i = 0; i < n; i++) memcpy((*y)->data + i * x->cols, x->data + index[i] * x->cols, bytes);
  return rows_record(graph, select_backward, x, *y, index);
}

static int32_t place_backward(s2s__graph *graph, void *data) {
  rows_op *op = data;
  if (!op->y->grad) return S2S_OK;
  const size_t cols = op->x->cols;
  s2s__real *dx;
  S2S__TRY(s2s__graph_gradient(graph, op->x, &dx));
  for (size_t i = 0; i < op->x->rows; i++) graph->kernels->add(cols, op->y->grad + op->index[i] * cols, dx + i * cols);
  return S2S_OK;
}

int32_t s2s__place_rows(s2s__graph *graph, s2s__tensor *x, const size_t *index, s2s__tensor *y) {
  const size_t bytes = x->cols * sizeof(s2s__real);
  for (size_t i = 0; i < x->rows; i++) memcpy(y->data + index[i] * x->cols, x->data + i * x->cols, bytes);
  return rows_record(graph, place_backward, x, y, index);
}
