/* SPDX-License-Identifier: MIT
 *
 * Attention with heads, forward and backward side by side. See multihead.h.
 */
#include "nn/multihead.h"

#include "base/random.h"

#include <math.h>
#include <string.h>

/* ---- what a query sees ----------------------------------------------------------------------------------------------
 */

static int32_t multihead_ragged(s2s__ragged *ragged, s2s__arena *arena, size_t queries, size_t **index,
                                s2s__error *error) {
  size_t count;
  *index = s2s__multiply_fits(queries, 3, &count) ? S2S__TAKE(arena, size_t, count + 1) : NULL;
  if (!*index) return s2s__fail_memory(error, queries * 3 * sizeof(size_t), "an attention");
  *ragged = (s2s__ragged){queries, 0, *index, *index + queries, *index + 2 * queries};
  return S2S_OK;
}

int32_t s2s__ragged_init_causal(s2s__ragged *ragged, s2s__arena *arena, const s2s__rows *rows, s2s__error *error) {
  size_t *index;
  S2S__TRY(multihead_ragged(ragged, arena, rows->total, &index, error));
  size_t *first = index, *length = index + rows->total, *offset = length + rows->total;
  for (size_t s = 0; s < rows->count; s++)
    for (size_t t = 0; t < rows->length[s]; t++) {
      const size_t i = rows->offset[s] + t;
      first[i] = rows->offset[s];
      length[i] = t + 1;
    }
  for (size_t i = 0; i < rows->total; i++) {
    offset[i] = ragged->total;
    ragged->total += length[i];
  }
  return S2S_OK;
}

/* ---- forward -------------------------------------------------------------------------------------------------------
 */

typedef struct multihead_op {
  s2s__columns q, k, v;
  size_t dim, heads;
  const s2s__ragged *ragged;
  s2s__tensor *context, *weights;
  const uint64_t *key; /* [queries] of dropout; NULL: there is none */
  double rate;
  s2s__real *dropped; /* one query's weights after it */
} multihead_op;

/* Where the rows stand that a query sees. */
typedef struct multihead_seen {
  const s2s__real **k, **v; /* [count] */
  size_t first, count;
} multihead_seen;

/* Row r of columns, from column `at` on. */
static s2s__real *multihead_row(s2s__columns c, s2s__real *data, size_t r, size_t at) {
  return data + r * c.x->cols + c.first + at;
}

static s2s__real multihead_scale(const multihead_op *op) {
  return (s2s__real)(1.0 / sqrt((double)(op->dim / op->heads)));
}

/* The mask of a query and head; out may be in. */
static void multihead_drop(const s2s__kernels *kernels, const multihead_op *op, size_t i, size_t head,
                           const s2s__real *in, s2s__real *out) {
  const uint32_t threshold = (uint32_t)(op->rate * 4294967296.0);
  kernels->dropout(op->ragged->length[i], s2s__key(op->key[i], head), threshold, (s2s__real)(1.0 / (1.0 - op->rate)),
                   in, out);
}

/* The weights that the context was made with. */
static const s2s__real *multihead_used(const s2s__kernels *kernels, const multihead_op *op, size_t i, size_t head,
                                       const s2s__real *w) {
  if (!op->key) return w;
  multihead_drop(kernels, op, i, head, w, op->dropped);
  return op->dropped;
}

static int32_t multihead_see_nothing(s2s__graph *graph, size_t most, multihead_seen *seen) {
  *seen = (multihead_seen){.count = 0};
  S2S__GRAPH_TAKE(graph, const s2s__real *, most, seen->k);
  S2S__GRAPH_TAKE(graph, const s2s__real *, most, seen->v);
  return S2S_OK;
}

/* Queries of one sentence see the same rows, or one more than the query before. */
static void multihead_see(const multihead_op *op, size_t i, multihead_seen *seen) {
  const size_t first = op->ragged->first[i], count = op->ragged->length[i];
  if (first != seen->first) seen->count = 0;
  for (size_t j = seen->count; j < count; j++) {
    seen->k[j] = multihead_row(op->k, op->k.x->data, first + j, 0);
    seen->v[j] = multihead_row(op->v, op->v.x->data, first + j, 0);
  }
  if (seen->count < count) seen->count = count;
  seen->first = first;
}

static void multihead_softmax(const s2s__kernels *kernels, const s2s__attend *a) {
  for (size_t h = 0; h < a->heads; h++) kernels->softmax(a->n, a->w + h * a->w_row);
}

/* One query: weights, then context; where weights are dropped, head by head. */
static void multihead_forward(const s2s__kernels *kernels, const multihead_op *op, const multihead_seen *seen,
                              size_t i) {
  const size_t d = op->dim / op->heads;
  s2s__attend a = {.n = op->ragged->length[i],
                   .heads = op->heads,
                   .d = d,
                   .scale = multihead_scale(op),
                   .q = multihead_row(op->q, op->q.x->data, i, 0),
                   .key = seen->k,
                   .value = seen->v,
                   .w = op->weights->data + op->ragged->offset[i],
                   .w_row = op->ragged->total,
                   .y = op->context->data + i * op->dim};
  kernels->look(&a);
  multihead_softmax(kernels, &a);
  if (!op->key) kernels->mix(&a);
  a.heads = 1;
  for (size_t head = 0; op->key && head < op->heads; head++, a.value_at += d, a.y += d) {
    a.w = op->dropped;
    multihead_drop(kernels, op, i, head, op->weights->data + head * op->ragged->total + op->ragged->offset[i], a.w);
    kernels->mix(&a);
  }
}

/* ---- backward ------------------------------------------------------------------------------------------------------
 */

typedef struct multihead_gradients {
  s2s__real *q, *k, *v;
  s2s__real *dw, *ds; /* of one query's scores */
} multihead_gradients;

/* dw_j = dy . v_j, and dv_j += w_j dy, both through dropout; ds = softmax backward of dw; dq += scale ds_j k_j; dk_j +=
 * scale ds_j q */
static void multihead_step_back(const s2s__kernels *kernels, const multihead_op *op, const multihead_gradients *g,
                                size_t i, size_t head) {
  const size_t d = op->dim / op->heads, at = head * d, n = op->ragged->length[i], first = op->ragged->first[i];
  const s2s__real *dy = op->context->grad + i * op->dim + at, scale = multihead_scale(op);
  const s2s__real *w = op->weights->data + head * op->ragged->total + op->ragged->offset[i];
  const s2s__real *q = multihead_row(op->q, op->q.x->data, i, at);
  s2s__real *dq = multihead_row(op->q, g->q, i, at);
  const s2s__real *used = multihead_used(kernels, op, i, head, w);
  for (size_t j = 0; j < n; j++) {
    g->dw[j] = kernels->dot(d, dy, multihead_row(op->v, op->v.x->data, first + j, at));
    kernels->axpy(d, used[j], dy, multihead_row(op->v, g->v, first + j, at));
  }
  if (op->key) multihead_drop(kernels, op, i, head, g->dw, g->dw);
  if (op->weights->grad) kernels->add(n, op->weights->grad + (w - op->weights->data), g->dw);
  memset(g->ds, 0, n * sizeof *g->ds);
  kernels->softmax_backward(n, w, g->dw, g->ds);
  for (size_t j = 0; j < n; j++) {
    const s2s__real ds = scale * g->ds[j];
    kernels->axpy(d, ds, multihead_row(op->k, op->k.x->data, first + j, at), dq);
    kernels->axpy(d, ds, q, multihead_row(op->k, g->k, first + j, at));
  }
}

static size_t multihead_longest(const s2s__ragged *ragged) {
  size_t longest = 0;
  for (size_t i = 0; i < ragged->queries; i++)
    if (ragged->length[i] > longest) longest = ragged->length[i];
  return longest;
}

static int32_t multihead_backward(s2s__graph *graph, void *data) {
  const multihead_op *op = data;
  if (!op->context->grad && !op->weights->grad) return S2S_OK;
  multihead_gradients g;
  s2s__real *dy;
  S2S__TRY(s2s__graph_gradient(graph, op->context, &dy));
  const size_t longest = multihead_longest(op->ragged);
  S2S__TRY(s2s__graph_gradient(graph, op->q.x, &g.q));
  S2S__TRY(s2s__graph_gradient(graph, op->k.x, &g.k));
  S2S__TRY(s2s__graph_gradient(graph, op->v.x, &g.v));
  const s2s__mark mark = s2s__arena_mark(graph->arena);
  S2S__GRAPH_TAKE(graph, s2s__real, longest, g.dw);
  S2S__GRAPH_TAKE(graph, s2s__real, longest, g.ds);
  for (size_t i = 0; i < op->ragged->queries; i++)
    for (size_t head = 0; head < op->heads; head++) multihead_step_back(graph->kernels, op, &g, i, head);
  s2s__arena_rewind(graph->arena, mark);
  return S2S_OK;
}

/* Keys of the queries: functions of sentence, place and position, as s2s__dropout's. */
static int32_t multihead_init_dropout(s2s__graph *graph, multihead_op *op, const s2s__rows *rows, uint64_t site) {
  uint64_t *key;
  if (graph->attention_dropout <= 0 || !rows) return S2S_OK;
  S2S__GRAPH_TAKE(graph, uint64_t, op->ragged->queries, key);
  S2S__GRAPH_TAKE(graph, s2s__real, multihead_longest(op->ragged), op->dropped);
  for (size_t s = 0; s < rows->count; s++) {
    const uint64_t sentence = s2s__key(graph->dropout_key, rows->stream ? rows->stream[s] : s);
    const uint64_t place = s2s__key(s2s__key(sentence, site), 0x68656164U);
    for (size_t t = 0; t < rows->length[s]; t++) key[rows->offset[s] + t] = s2s__key(place, rows->position + t);
  }
  op->key = key;
  op->rate = graph->attention_dropout;
  return S2S_OK;
}

int32_t s2s__multihead(s2s__graph *graph, s2s__columns q, s2s__columns k, s2s__columns v, size_t dim, size_t heads,
                       const s2s__ragged *ragged, const s2s__rows *rows, uint64_t site, s2s__tensor **context,
                       s2s__tensor **weights) {
  multihead_op *op;
  S2S__GRAPH_TAKE(graph, multihead_op, 1, op);
  *op = (multihead_op){.q = q, .k = k, .v = v, .dim = dim, .heads = heads, .ragged = ragged};
  S2S__TRY(s2s__graph_tensor(graph, ragged->queries, dim, &op->context));
  if (!*weights) S2S__TRY(s2s__graph_tensor(graph, heads, ragged->total, weights));
  op->weights = *weights;
  S2S__TRY(multihead_init_dropout(graph, op, rows, site));
  const s2s__mark mark = s2s__arena_mark(graph->arena);
  multihead_seen seen;
  S2S__TRY(multihead_see_nothing(graph, multihead_longest(ragged), &seen));
  for (size_t i = 0; i < ragged->queries; i++) {
    multihead_see(op, i, &seen);
    multihead_forward(graph->kernels, op, &seen, i);
  }
  s2s__arena_rewind(graph->arena, mark);
  *context = op->context;
  return s2s__graph_records(graph) ? s2s__graph_record(graph, multihead_backward, op) : S2S_OK;
}

int32_t s2s__multihead_past(s2s__graph *graph, const s2s__tensor *x, const s2s__past *past, size_t layer, size_t dim,
                            size_t heads, s2s__tensor **context) {
  const size_t tokens = s2s__past_tokens(past);
  const s2s__real **row;
  s2s__attend a = {.n = tokens, .heads = heads, .d = dim / heads, .value_at = dim, .w_row = tokens};
  S2S__TRY(s2s__graph_tensor(graph, x->rows, dim, context));
  const s2s__mark mark = s2s__arena_mark(graph->arena);
  S2S__GRAPH_TAKE(graph, const s2s__real *, tokens, row);
  S2S__GRAPH_TAKE(graph, s2s__real, tokens * heads, a.w);
  a.key = a.value = row;
  a.scale = (s2s__real)(1.0 / sqrt((double)a.d));
  for (size_t i = 0; i < x->rows; i++) {
    s2s__past_rows(past, layer, i, row);
    a.q = x->data + i * x->cols, a.y = (*context)->data + i * dim;
    graph->kernels->look(&a);
    multihead_softmax(graph->kernels, &a);
    graph->kernels->mix(&a);
  }
  s2s__arena_rewind(graph->arena, mark);
  return S2S_OK;
}

typedef struct multihead_mean_op {
  s2s__tensor *weights, *mean;
} multihead_mean_op;

static int32_t multihead_mean_backward(s2s__graph *graph, void *data) {
  const multihead_mean_op *op = data;
  const size_t n = op->weights->cols;
  s2s__real *dw;
  if (!op->mean->grad) return S2S_OK;
  S2S__TRY(s2s__graph_gradient(graph, op->weights, &dw));
  for (size_t head = 0; head < op->weights->rows; head++)
    graph->kernels->axpy(n, (s2s__real)(1.0 / (double)op->weights->rows), op->mean->grad, dw + head * n);
  return S2S_OK;
}

int32_t s2s__multihead_mean(s2s__graph *graph, s2s__tensor *weights, s2s__tensor **mean) {
  const size_t n = weights->cols;
  S2S__TRY(s2s__graph_tensor(graph, 1, n, mean));
  memset((*mean)->data, 0, n * sizeof *(*mean)->data);
  for (size_t head = 0; head < weights->rows; head++) graph->kernels->add(n, weights->data + head * n, (*mean)->data);
  graph->kernels->scale(n, (s2s__real)(1.0 / (double)weights->rows), (*mean)->data);
  if (!s2s__graph_records(graph)) return S2S_OK;
  multihead_mean_op *op;
  S2S__GRAPH_TAKE(graph, multihead_mean_op, 1, op);
  *op = (multihead_mean_op){weights, *mean};
  return s2s__graph_record(graph, multihead_mean_backward, op);
}
