/* SPDX-License-Identifier: MIT
 *
 * The tape, gradients on demand, and the weight gradients that wait for each other.
 *
 * A decoder that loops over time uses each weight once a step with a handful of rows. Multiplying dy^T x for each step
 * would read and write all of dW every time; instead such pieces are remembered and laid together at the end of the
 * backward pass, so that a weight costs one multiplication a batch, as it does in layers that take all steps at once.
 */
#include "nn/graph.h"

#include <string.h>

enum { GRAPH_FEW_ROWS = 192 };

struct s2s__record {
  s2s__record *previous;
  s2s__backward_fn backward;
  void *op;
};

typedef struct graph_piece {
  struct graph_piece *next;
  size_t rows;
  const s2s__real *dy, *x;
} graph_piece;

struct s2s__pending {
  s2s__pending *next;
  const s2s__param *param;
  graph_piece *pieces; /* the last one added first: the first step of a backward loop over time */
  size_t rows;
};

/* Sentences from the longest to the shortest by counting lengths: stable and linear. */
static int32_t rows_order(s2s__rows *rows, s2s__arena *arena, s2s__error *error) {
  size_t *active = S2S__TAKE(arena, size_t, rows->steps + 1);
  size_t *order = S2S__TAKE(arena, size_t, rows->count + 1);
  if (!active || !order) return s2s__fail_memory(error, (rows->steps + rows->count) * sizeof(size_t), "a batch");
  memset(active, 0, (rows->steps + 1) * sizeof(size_t));
  for (size_t s = 0; s < rows->count; s++) active[rows->length[s]]++;
  for (size_t n = rows->steps; n > 0; n--) active[n - 1] += active[n]; /* sentences of at least n - 1 tokens */
  /* A sentence of n tokens stands behind the active[n + 1] longer ones. Walking back keeps equal ones in order: the
   * last of them takes place active[n] - 1. */
  for (size_t s = rows->count; s > 0; s--) order[--active[rows->length[s - 1]]] = s - 1;
  /* Taking places has turned active[n] into the number of sentences of more than n tokens. */
  rows->active = active;
  rows->order = order;
  return S2S_OK;
}

int32_t s2s__rows_init(s2s__rows *rows, s2s__arena *arena, const size_t *length, size_t count, s2s__error *error) {
  memset(rows, 0, sizeof *rows);
  size_t *lengths = S2S__TAKE(arena, size_t, count + 1), *offset = S2S__TAKE(arena, size_t, count + 1);
  if (!lengths || !offset) return s2s__fail_memory(error, 2 * count * sizeof(size_t), "a batch");
  for (size_t s = 0; s < count; s++) {
    lengths[s] = length[s];
    offset[s] = rows->total;
    rows->total += length[s];
    if (length[s] > rows->steps) rows->steps = length[s];
  }
  rows->count = count;
  rows->length = lengths;
  rows->offset = offset;
  return rows_order(rows, arena, error);
}

int32_t s2s__rows_init_step(s2s__rows *rows, s2s__arena *arena, size_t count, size_t position, s2s__error *error) {
  size_t *index = S2S__TAKE(arena, size_t, 2 * count + 1);
  if (!index) return s2s__fail_memory(error, 2 * count * sizeof(size_t), "a step");
  for (size_t s = 0; s < count; s++) index[s] = s, index[count + s] = 1;
  index[2 * count] = count;
  memset(rows, 0, sizeof *rows);
  rows->count = rows->total = count;
  rows->steps = count > 0;
  rows->offset = rows->order = index;
  rows->length = index + count;
  rows->active = index + 2 * count;
  rows->position = position;
  return S2S_OK;
}

void s2s__graph_init(s2s__graph *graph, s2s__arena *arena, const s2s__kernels *kernels, s2s__error *error) {
  memset(graph, 0, sizeof *graph);
  graph->arena = arena;
  graph->kernels = kernels;
  graph->error = error;
}

s2s__work s2s__graph_work(const s2s__graph *graph) {
  return (s2s__work){.arena = graph->arena, .pool = graph->pool, .error = graph->error};
}

int32_t s2s__graph_tensor(s2s__graph *graph, size_t rows, size_t cols, s2s__tensor **tensor) {
  S2S__GRAPH_TAKE(graph, s2s__tensor, 1, *tensor);
  s2s__tensor *t = *tensor;
  t->rows = rows;
  t->cols = cols;
  t->grad = NULL;
  size_t count;
  if (!s2s__multiply_fits(rows, cols, &count)) return s2s__fail_memory(graph->error, SIZE_MAX, "a tensor");
  S2S__GRAPH_TAKE(graph, s2s__real, count, t->data);
  return S2S_OK;
}

int32_t s2s__graph_record(s2s__graph *graph, s2s__backward_fn backward, void *op) {
  s2s__record *record;
  S2S__GRAPH_TAKE(graph, s2s__record, 1, record);
  record->previous = graph->tape;
  record->backward = backward;
  record->op = op;
  graph->tape = record;
  return S2S_OK;
}

int32_t s2s__graph_gradient_or_fresh(s2s__graph *graph, s2s__tensor *tensor, s2s__real **grad, int *fresh) {
  *fresh = tensor->grad == NULL;
  if (*fresh) S2S__GRAPH_TAKE(graph, s2s__real, tensor->rows * tensor->cols, tensor->grad);
  *grad = tensor->grad;
  return S2S_OK;
}

int32_t s2s__graph_gradient(s2s__graph *graph, s2s__tensor *tensor, s2s__real **grad) {
  int fresh;
  S2S__TRY(s2s__graph_gradient_or_fresh(graph, tensor, grad, &fresh));
  if (fresh) memset(*grad, 0, tensor->rows * tensor->cols * sizeof(s2s__real));
  return S2S_OK;
}

s2s__real *s2s__graph_parameter(const s2s__graph *graph, const s2s__param *param) {
  return graph->gradient + param->offset;
}

void s2s__graph_bias_gradient(s2s__graph *graph, const s2s__param *param, size_t rows, const s2s__real *dy) {
  s2s__real *db = s2s__graph_parameter(graph, param);
  const size_t n = s2s__param_size(param);
  for (size_t r = 0; r < rows; r++) graph->kernels->add(n, dy + r * n, db);
}

int32_t s2s__graph_weight_gradient_now(s2s__graph *graph, const s2s__param *param, size_t rows, const s2s__real *dy,
                                       const s2s__real *x) {
  const s2s__work work = s2s__graph_work(graph);
  return s2s__weight_gradient(graph->kernels, &work, rows, dy, param->rows, param->rows, x, param->cols, param->cols,
                              s2s__graph_parameter(graph, param));
}

static s2s__pending *graph_pending(const s2s__graph *graph, const s2s__param *param) {
  s2s__pending *p = graph->pending;
  while (p && p->param != param) p = p->next;
  return p;
}

static int32_t graph_wait(s2s__graph *graph, const s2s__param *param, size_t rows, const s2s__real *dy,
                          const s2s__real *x) {
  s2s__pending *p = graph_pending(graph, param);
  if (!p) {
    S2S__GRAPH_TAKE(graph, s2s__pending, 1, p);
    *p = (s2s__pending){graph->pending, param, NULL, 0};
    graph->pending = p;
  }
  graph_piece *piece;
  S2S__GRAPH_TAKE(graph, graph_piece, 1, piece);
  *piece = (graph_piece){p->pieces, rows, dy, x};
  p->pieces = piece;
  p->rows += rows;
  return S2S_OK;
}

int32_t s2s__graph_weight_gradient(s2s__graph *graph, const s2s__param *param, size_t rows, const s2s__real *dy,
                                   const s2s__real *x) {
  if (rows == 0) return S2S_OK;
  return rows < GRAPH_FEW_ROWS ? graph_wait(graph, param, rows, dy, x)
                               : s2s__graph_weight_gradient_now(graph, param, rows, dy, x);
}

/* Lays the pieces of one weight together and multiplies once. */
static int32_t graph_flush(s2s__graph *graph, const s2s__pending *p) {
  if (!p->pieces->next) return s2s__graph_weight_gradient_now(graph, p->param, p->rows, p->pieces->dy, p->pieces->x);
  const s2s__mark mark = s2s__arena_mark(graph->arena);
  const size_t out = p->param->rows, in = p->param->cols;
  s2s__real *dy, *x;
  S2S__GRAPH_TAKE(graph, s2s__real, p->rows * out, dy);
  S2S__GRAPH_TAKE(graph, s2s__real, p->rows * in, x);
  size_t at = 0;
  for (const graph_piece *q = p->pieces; q; at += q->rows, q = q->next) {
    memcpy(dy + at * out, q->dy, q->rows * out * sizeof *dy);
    memcpy(x + at * in, q->x, q->rows * in * sizeof *x);
  }
  S2S__TRY(s2s__graph_weight_gradient_now(graph, p->param, p->rows, dy, x));
  s2s__arena_rewind(graph->arena, mark);
  return S2S_OK;
}

int32_t s2s__graph_backward(s2s__graph *graph) {
  for (const s2s__record *r = graph->tape; r; r = r->previous) S2S__TRY(r->backward(graph, r->op));
  for (const s2s__pending *p = graph->pending; p; p = p->next) S2S__TRY(graph_flush(graph, p));
  graph->tape = NULL;
  graph->pending = NULL;
  return S2S_OK;
}
