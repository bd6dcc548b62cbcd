/* SPDX-License-Identifier: MIT
 *
 * A recurrent layer over a batch of packed sentences.
 *
 * Inside, states stand in rank order (s2s__rows.order, longest sentence first), so that the sentences still going on at
 * step t are the first active[t] rows and each step is one dense multiplication:
 *
 *     step t:  u[active, G*H] = h[active, H] W_hh^T + b_hh
 *              row r of it meets input row offset[order[r]] + t (or + length - 1 - t when reading backwards)
 */
#include "nn/recurrent.h"

#include "base/members.h"
#include "nn/layers.h"

#include <string.h>

#define RECURRENT_DECLARE(name) extern const s2s__cell s2s__cell_##name;
#define RECURRENT_ROW(name) &s2s__cell_##name,
S2S__CELLS(RECURRENT_DECLARE)
static const s2s__cell *const recurrent_cells[] = {S2S__CELLS(RECURRENT_ROW)};

const s2s__cell *s2s__cell_find(const char *name) {
  for (size_t i = 0; i < sizeof recurrent_cells / sizeof *recurrent_cells; i++)
    if (strcmp(recurrent_cells[i]->name, name) == 0) return recurrent_cells[i];
  return NULL;
}

/* The normalisation of one projection, and what its backward pass reads. */
typedef struct recurrent_norm {
  const s2s__param *gain, *bias; /* gain NULL: none */
  s2s__real *before;             /* [rows, G*H]; only when recording */
  s2s__real *moments;            /* [rows, 2] */
} recurrent_norm;

typedef struct recurrent_op {
  const s2s__recurrent *layer;
  const s2s__rows *rows;
  int reverse;
  s2s__tensor *x, *y, *h0, *c0;
  s2s__recurrent_state last;
  s2s__real *saved; /* [rows, saved * H] */
  s2s__real *c;     /* [rows, H]: memory cells after each token */
  recurrent_norm norm_ih, norm_hh;
} recurrent_op;

/* Input row of the sentence with rank r at step t. */
static size_t recurrent_row(const recurrent_op *op, size_t rank, size_t t) {
  const size_t s = op->rows->order[rank];
  return op->rows->offset[s] + (op->reverse ? op->rows->length[s] - 1 - t : t);
}

/* dst[rank] = src[order[rank]], or zero without src. */
static void recurrent_to_ranks(const s2s__rows *rows, size_t cols, const s2s__real *src, s2s__real *dst) {
  if (!src) {
    memset(dst, 0, rows->count * cols * sizeof *dst);
    return;
  }
  for (size_t r = 0; r < rows->count; r++) memcpy(dst + r * cols, src + rows->order[r] * cols, cols * sizeof *dst);
}

static void recurrent_from_ranks(const s2s__rows *rows, size_t cols, const s2s__real *src, s2s__real *dst) {
  for (size_t r = 0; r < rows->count; r++) memcpy(dst + rows->order[r] * cols, src + r * cols, cols * sizeof *dst);
}

/* ---- normalised projections ----------------------------------------------------------------------------------------
 */

static int32_t recurrent_norm_init(s2s__graph *graph, const s2s__param *gain, const s2s__param *bias, size_t rows,
                                   size_t width, recurrent_norm *norm) {
  *norm = (recurrent_norm){.gain = gain, .bias = bias};
  if (!gain || !s2s__graph_records(graph)) return S2S_OK;
  S2S__GRAPH_TAKE(graph, s2s__real, rows * width, norm->before);
  S2S__GRAPH_TAKE(graph, s2s__real, rows * 2, norm->moments);
  return S2S_OK;
}

/* v[G*H] of `row`, in place. */
static void recurrent_norm_row(const s2s__graph *graph, const recurrent_norm *norm, size_t width, size_t row,
                               s2s__real *v) {
  s2s__real moments[2];
  if (norm->before) memcpy(norm->before + row * width, v, width * sizeof *v);
  graph->kernels->layer_norm(width, v, norm->gain->value, norm->bias->value, (s2s__real)S2S__NORM_EPS,
                             norm->before ? norm->moments + 2 * row : moments, v);
}

/* dv from dy; adds to the gradients of gain and bias. */
static void recurrent_norm_row_back(const s2s__graph *graph, const recurrent_norm *norm, size_t width, size_t row,
                                    const s2s__real *dy, s2s__real *dv) {
  memset(dv, 0, width * sizeof *dv);
  graph->kernels->layer_norm_backward(width, norm->before + row * width, norm->gain->value, norm->moments + 2 * row, dy,
                                      dv, s2s__graph_parameter(graph, norm->gain),
                                      s2s__graph_parameter(graph, norm->bias));
}

/* ---- forward -------------------------------------------------------------------------------------------------------
 */

/* Buffers of the time loop. */
typedef struct recurrent_loop {
  s2s__real *a;     /* [rows, G*H] */
  s2s__real *u;     /* [count, G*H] */
  s2s__real *h, *c; /* [count, H], by rank */
  s2s__real *saved; /* one row, when nothing is recorded */
} recurrent_loop;

/* What a multiplication starts from: the bias, unless a norm follows and adds it. */
static const s2s__real *recurrent_bias(const s2s__param *bias, const recurrent_norm *norm) {
  return bias && !norm->gain ? bias->value : NULL;
}

/* u = h W_hh^T + b_hh; at the first step from a zero state only the bias is left. */
static int32_t recurrent_multiply_state(const s2s__graph *graph, const recurrent_op *op, const recurrent_loop *loop,
                                        size_t t, size_t active) {
  const size_t hidden = op->layer->hidden, width = op->layer->cell->gates * hidden;
  const s2s__real *bias = recurrent_bias(op->layer->bias_hh, &op->norm_hh);
  if (t > 0 || op->h0) {
    const s2s__work work = s2s__graph_work(graph);
    return s2s__weight_multiply(op->layer->weight_hh->weight, &work, active, loop->h, hidden, loop->u, width, bias, 0);
  }
  for (size_t r = 0; r < active; r++)
    if (bias)
      memcpy(loop->u + r * width, bias, width * sizeof *bias);
    else
      memset(loop->u + r * width, 0, width * sizeof *loop->u);
  return S2S_OK;
}

static int32_t recurrent_project_state(const s2s__graph *graph, const recurrent_op *op, const recurrent_loop *loop,
                                       size_t t, size_t active) {
  const size_t width = op->layer->cell->gates * op->layer->hidden;
  S2S__TRY(recurrent_multiply_state(graph, op, loop, t, active));
  for (size_t r = 0; op->norm_hh.gain && r < active; r++)
    recurrent_norm_row(graph, &op->norm_hh, width, recurrent_row(op, r, t), loop->u + r * width);
  return S2S_OK;
}

static int32_t recurrent_step(const s2s__graph *graph, const recurrent_op *op, const recurrent_loop *loop, size_t t) {
  const s2s__cell *cell = op->layer->cell;
  const size_t hidden = op->layer->hidden, width = cell->gates * hidden, active = op->rows->active[t];
  S2S__TRY(recurrent_project_state(graph, op, loop, t, active));
  for (size_t r = 0; r < active; r++) {
    const size_t row = recurrent_row(op, r, t);
    s2s__real *saved = op->saved ? op->saved + row * cell->saved * hidden : loop->saved;
    s2s__real *h = loop->h + r * hidden, *c = cell->has_c ? loop->c + r * hidden : NULL;
    cell->forward(graph->kernels, hidden, loop->a + row * width, loop->u + r * width, h, c, saved, h, c);
    memcpy(op->y->data + row * hidden, h, hidden * sizeof *h);
    if (op->c) memcpy(op->c + row * hidden, c, hidden * sizeof *c);
  }
  return S2S_OK;
}

static int32_t recurrent_loop_init(s2s__graph *graph, const recurrent_op *op, recurrent_loop *loop) {
  const s2s__cell *cell = op->layer->cell;
  const size_t hidden = op->layer->hidden, width = cell->gates * hidden, count = op->rows->count;
  memset(loop, 0, sizeof *loop);
  S2S__GRAPH_TAKE(graph, s2s__real, op->rows->total * width, loop->a);
  S2S__GRAPH_TAKE(graph, s2s__real, count * width, loop->u);
  S2S__GRAPH_TAKE(graph, s2s__real, count * hidden, loop->h);
  recurrent_to_ranks(op->rows, hidden, op->h0 ? op->h0->data : NULL, loop->h);
  if (cell->has_c) {
    S2S__GRAPH_TAKE(graph, s2s__real, count * hidden, loop->c);
    recurrent_to_ranks(op->rows, hidden, op->c0 ? op->c0->data : NULL, loop->c);
  }
  if (!op->saved) S2S__GRAPH_TAKE(graph, s2s__real, cell->saved * hidden, loop->saved);
  const s2s__work work = s2s__graph_work(graph);
  S2S__TRY(s2s__weight_multiply(op->layer->weight_ih->weight, &work, op->rows->total, op->x->data, op->x->cols, loop->a,
                                width, recurrent_bias(op->layer->bias_ih, &op->norm_ih), 0));
  for (size_t row = 0; op->norm_ih.gain && row < op->rows->total; row++)
    recurrent_norm_row(graph, &op->norm_ih, width, row, loop->a + row * width);
  return S2S_OK;
}

/* What must outlive the call: outputs, and when recording what backward reads. */
static int32_t recurrent_outputs(s2s__graph *graph, recurrent_op *op) {
  const s2s__cell *cell = op->layer->cell;
  const size_t hidden = op->layer->hidden, total = op->rows->total;
  S2S__TRY(s2s__graph_tensor(graph, total, hidden, &op->y));
  S2S__TRY(s2s__graph_tensor(graph, op->rows->count, hidden, &op->last.h));
  if (cell->has_c) S2S__TRY(s2s__graph_tensor(graph, op->rows->count, hidden, &op->last.c));
  const s2s__recurrent *layer = op->layer;
  const size_t width = cell->gates * hidden;
  S2S__TRY(recurrent_norm_init(graph, layer->norm_ih, layer->bias_ih, total, width, &op->norm_ih));
  S2S__TRY(recurrent_norm_init(graph, layer->norm_hh, layer->bias_hh, total, width, &op->norm_hh));
  if (!s2s__graph_records(graph)) return S2S_OK;
  S2S__GRAPH_TAKE(graph, s2s__real, total * cell->saved * hidden, op->saved);
  if (cell->has_c) S2S__GRAPH_TAKE(graph, s2s__real, total * hidden, op->c);
  return S2S_OK;
}

static int32_t recurrent_backward(s2s__graph *graph, void *data);

int32_t s2s__recurrent_forward(s2s__graph *graph, const s2s__recurrent *layer, s2s__tensor *x, const s2s__rows *rows,
                               int reverse, const s2s__recurrent_state *initial, s2s__tensor **y,
                               s2s__recurrent_state *last) {
  recurrent_op *op;
  S2S__GRAPH_TAKE(graph, recurrent_op, 1, op);
  *op = (recurrent_op){.layer = layer, .rows = rows, .reverse = reverse, .x = x};
  if (initial) op->h0 = initial->h, op->c0 = initial->c;
  S2S__TRY(recurrent_outputs(graph, op));
  const s2s__mark mark = s2s__arena_mark(graph->arena);
  recurrent_loop loop;
  S2S__TRY(recurrent_loop_init(graph, op, &loop));
  for (size_t t = 0; t < rows->steps; t++) S2S__TRY(recurrent_step(graph, op, &loop, t));
  recurrent_from_ranks(rows, layer->hidden, loop.h, op->last.h->data);
  if (layer->cell->has_c) recurrent_from_ranks(rows, layer->hidden, loop.c, op->last.c->data);
  s2s__arena_rewind(graph->arena, mark);
  *y = op->y;
  *last = op->last;
  return s2s__graph_records(graph) ? s2s__graph_record(graph, recurrent_backward, op) : S2S_OK;
}

/* ---- backward ------------------------------------------------------------------------------------------------------
 */

typedef struct recurrent_return {
  s2s__real *da, *du;   /* [rows, G*H]: one array when the cell shares its gates and nothing is normalised */
  s2s__real *du_row;    /* [G*H]: with a norm, the gradient of its output */
  s2s__real *du_active; /* [count, G*H]: this step's du, dense */
  s2s__real *dh, *dc;   /* [count, H], by rank */
  s2s__real *h_prev;    /* [rows, H]: the state each row started from */
  s2s__real *zero;      /* [H] */
} recurrent_return;

/* The state that row `row` (rank r, step t) started from. */
static const s2s__real *recurrent_previous(const recurrent_op *op, const s2s__real *states, const s2s__tensor *initial,
                                           const s2s__real *zero, size_t rank, size_t t) {
  const size_t hidden = op->layer->hidden;
  if (t > 0) return states + recurrent_row(op, rank, t - 1) * hidden;
  return initial ? initial->data + op->rows->order[rank] * hidden : zero;
}

static int32_t recurrent_step_back(s2s__graph *graph, const recurrent_op *op, const recurrent_return *back, size_t t) {
  const s2s__cell *cell = op->layer->cell;
  const size_t hidden = op->layer->hidden, width = cell->gates * hidden, active = op->rows->active[t];
  for (size_t r = 0; r < active; r++) {
    const size_t row = recurrent_row(op, r, t);
    s2s__real *dh = back->dh + r * hidden, *dc = cell->has_c ? back->dc + r * hidden : NULL;
    const s2s__real *h_prev = recurrent_previous(op, op->y->data, op->h0, back->zero, r, t);
    const s2s__real *c_prev = op->c ? recurrent_previous(op, op->c, op->c0, back->zero, r, t) : NULL;
    const s2s__real *c = op->c ? op->c + row * hidden : NULL;
    if (op->y->grad) graph->kernels->add(hidden, op->y->grad + row * hidden, dh);
    memcpy(back->h_prev + row * hidden, h_prev, hidden * sizeof *h_prev);
    s2s__real *da = back->da + row * width, *du = back->du + row * width;
    cell->backward(graph->kernels, hidden, op->saved + row * cell->saved * hidden, h_prev, c_prev, c, dh, dc, da,
                   back->du_row ? back->du_row : du);
    if (back->du_row)
      recurrent_norm_row_back(graph, &op->norm_hh, width, row, cell->shares_gates ? da : back->du_row, du);
    memcpy(back->du_active + r * width, back->du + row * width, width * sizeof *back->du);
  }
  if (t == 0 && !op->h0) return S2S_OK;
  const s2s__work work = s2s__graph_work(graph);
  return s2s__weight_multiply(op->layer->weight_hh->transposed, &work, active, back->du_active, width, back->dh, hidden,
                              NULL, 1);
}

static int32_t recurrent_return_init(s2s__graph *graph, const recurrent_op *op, recurrent_return *back) {
  const s2s__cell *cell = op->layer->cell;
  const size_t hidden = op->layer->hidden, width = cell->gates * hidden;
  const size_t count = op->rows->count, total = op->rows->total;
  const s2s__tensor *h = op->last.h, *c = op->last.c;
  S2S__GRAPH_TAKE(graph, s2s__real, total * width, back->da);
  back->du = back->da;
  if (!cell->shares_gates || op->norm_hh.gain) S2S__GRAPH_TAKE(graph, s2s__real, total * width, back->du);
  if (op->norm_hh.gain) S2S__GRAPH_TAKE(graph, s2s__real, width, back->du_row);
  S2S__GRAPH_TAKE(graph, s2s__real, total * hidden, back->h_prev);
  S2S__GRAPH_TAKE(graph, s2s__real, count * width, back->du_active);
  S2S__GRAPH_TAKE(graph, s2s__real, count * hidden, back->dh);
  S2S__GRAPH_TAKE(graph, s2s__real, count * hidden, back->dc);
  S2S__GRAPH_TAKE(graph, s2s__real, hidden, back->zero);
  memset(back->zero, 0, hidden * sizeof *back->zero);
  recurrent_to_ranks(op->rows, hidden, h->grad, back->dh);
  recurrent_to_ranks(op->rows, hidden, c ? c->grad : NULL, back->dc);
  return S2S_OK;
}

/* Adds what is left of the state's gradient after the first step to the initial state's. */
static int32_t recurrent_initial_gradient(s2s__graph *graph, const recurrent_op *op, s2s__tensor *initial,
                                          const s2s__real *by_rank) {
  if (!initial) return S2S_OK;
  const size_t hidden = op->layer->hidden;
  s2s__real *grad;
  S2S__TRY(s2s__graph_gradient(graph, initial, &grad));
  for (size_t r = 0; r < op->rows->count; r++)
    graph->kernels->add(hidden, by_rank + r * hidden, grad + op->rows->order[r] * hidden);
  return S2S_OK;
}

/* da of what came out of the norm becomes that of what went in. */
static int32_t recurrent_inputs_back(s2s__graph *graph, const recurrent_op *op, recurrent_return *back) {
  const size_t width = op->layer->cell->gates * op->layer->hidden;
  s2s__real *before;
  if (!op->norm_ih.gain) return S2S_OK;
  S2S__GRAPH_TAKE(graph, s2s__real, op->rows->total * width, before);
  for (size_t row = 0; row < op->rows->total; row++)
    recurrent_norm_row_back(graph, &op->norm_ih, width, row, back->da + row * width, before + row * width);
  back->da = before;
  return S2S_OK;
}

/* dx = da W_ih, and the gradients of the four parameters, each for all steps at once. */
static int32_t recurrent_gradients(s2s__graph *graph, const recurrent_op *op, const recurrent_return *back) {
  const s2s__recurrent *layer = op->layer;
  const size_t total = op->rows->total, width = layer->cell->gates * layer->hidden;
  s2s__real *dx;
  int fresh;
  S2S__TRY(s2s__graph_gradient_or_fresh(graph, op->x, &dx, &fresh));
  const s2s__work work = s2s__graph_work(graph);
  S2S__TRY(
      s2s__weight_multiply(layer->weight_ih->transposed, &work, total, back->da, width, dx, op->x->cols, NULL, !fresh));
  if (layer->bias_ih && !layer->norm_ih) s2s__graph_bias_gradient(graph, layer->bias_ih, total, back->da);
  if (layer->bias_hh && !layer->norm_hh) s2s__graph_bias_gradient(graph, layer->bias_hh, total, back->du);
  S2S__TRY(s2s__graph_weight_gradient(graph, layer->weight_ih, total, back->da, op->x->data));
  return s2s__graph_weight_gradient(graph, layer->weight_hh, total, back->du, back->h_prev);
}

static int32_t recurrent_backward(s2s__graph *graph, void *data) {
  const recurrent_op *op = data;
  if (!op->y->grad && !op->last.h->grad && !(op->last.c && op->last.c->grad)) return S2S_OK;
  recurrent_return back;
  memset(&back, 0, sizeof back);
  S2S__TRY(recurrent_return_init(graph, op, &back));
  for (size_t t = op->rows->steps; t > 0; t--) S2S__TRY(recurrent_step_back(graph, op, &back, t - 1));
  S2S__TRY(recurrent_initial_gradient(graph, op, op->h0, back.dh));
  S2S__TRY(recurrent_initial_gradient(graph, op, op->layer->cell->has_c ? op->c0 : NULL, back.dc));
  S2S__TRY(recurrent_inputs_back(graph, op, &back));
  return recurrent_gradients(graph, op, &back);
}
