/* SPDX-License-Identifier: MIT
 *
 * Positions of tokens, added to their embeddings (Vaswani et al. 2017):
 *
 *     sinusoidal  PE[p, 2i] = sin(p / 10000^(2i/D)), PE[p, 2i+1] = cos(p / 10000^(2i/D)); an odd D ends with a sine
 *     learned     row p of a matrix
 *
 * y = scale x + PE[p]; p counts from the sentence's first token, 0.
 */
#include "nn/layers.h"

#include <math.h>
#include <string.h>

typedef struct position_op {
  const s2s__param *learned; /* NULL: sinusoidal */
  const s2s__real *table;    /* their first ones */
  const s2s__rows *rows;
  s2s__tensor *x, *y;
  s2s__real scale;
} position_op;

void s2s__position_sinusoidal(size_t position, size_t dim, s2s__real *row) {
  for (size_t j = 0; j < dim; j++) {
    const double angle = (double)position * pow(10000.0, -(double)(j / 2 * 2) / (double)dim);
    row[j] = (s2s__real)(j % 2 ? cos(angle) : sin(angle));
  }
}

/* dx += scale dy; dPE[p] += dy */
static int32_t position_backward(s2s__graph *graph, void *data) {
  const position_op *op = data;
  if (!op->y->grad) return S2S_OK;
  const size_t dim = op->x->cols;
  const s2s__rows *rows = op->rows;
  s2s__real *dx;
  S2S__TRY(s2s__graph_gradient(graph, op->x, &dx));
  graph->kernels->axpy(op->x->rows * dim, op->scale, op->y->grad, dx);
  if (!op->learned) return S2S_OK;
  s2s__real *table = s2s__graph_parameter(graph, op->learned);
  for (size_t s = 0; s < rows->count; s++)
    for (size_t t = 0; t < rows->length[s]; t++)
      graph->kernels->add(dim, op->y->grad + (rows->offset[s] + t) * dim, table + (rows->position + t) * dim);
  return S2S_OK;
}

static int32_t position_check(const s2s__graph *graph, const position_op *op) {
  const s2s__rows *rows = op->rows;
  for (size_t s = 0; op->learned && s < rows->count; s++)
    if (rows->position + rows->length[s] > op->learned->rows)
      return s2s__fail(graph->error, S2S_LIMIT,
                       "a sequence of %zu tokens, of a model that has learned positions for %zu "
                       "(transformer.max_positions)",
                       rows->position + rows->length[s], op->learned->rows);
  return S2S_OK;
}

static void position_row(const position_op *op, size_t position, s2s__real *row) {
  const size_t dim = op->x->cols;
  if (op->learned)
    s2s__weight_row(op->learned->weight, position, row);
  else if (op->table && position < S2S__POSITIONS_KEPT)
    memcpy(row, op->table + position * dim, dim * sizeof *row);
  else
    s2s__position_sinusoidal(position, dim, row);
}

/* The rows of one position stand in one table row, made once for each position of the longest sentence. */
static void position_table(const position_op *op, size_t steps, s2s__real *table) {
  for (size_t t = 0; t < steps; t++) position_row(op, op->rows->position + t, table + t * op->x->cols);
}

int32_t s2s__positions(s2s__graph *graph, const s2s__position_rows *positions, double scale, const s2s__rows *rows,
                       s2s__tensor *x, s2s__tensor **y) {
  position_op *op;
  const size_t dim = x->cols;
  S2S__GRAPH_TAKE(graph, position_op, 1, op);
  S2S__TRY(s2s__graph_tensor(graph, x->rows, dim, y));
  *op = (position_op){positions->learned, positions->table, rows, x, *y, (s2s__real)scale};
  S2S__TRY(position_check(graph, op));
  const s2s__mark mark = s2s__arena_mark(graph->arena);
  s2s__real *table;
  S2S__GRAPH_TAKE(graph, s2s__real, rows->steps * dim, table);
  position_table(op, rows->steps, table);
  for (size_t s = 0; s < rows->count; s++)
    for (size_t t = 0; t < rows->length[s]; t++) {
      const size_t at = (rows->offset[s] + t) * dim;
      memcpy((*y)->data + at, table + t * dim, dim * sizeof *table);
      graph->kernels->axpy(dim, op->scale, x->data + at, (*y)->data + at);
    }
  s2s__arena_rewind(graph->arena, mark);
  return s2s__graph_records(graph) ? s2s__graph_record(graph, position_backward, op) : S2S_OK;
}
