/* SPDX-License-Identifier: MIT
 *
 * Attention with heads: parameters and projections. See heads.h.
 */
#include "model/heads.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { HEADS_NAME = 160 };

/* ---- parameters ----------------------------------------------------------------------------------------------------
 */

/* PREFIX.kind, a matrix with Glorot's uniform as nn.MultiheadAttention's, or with cols 0 a vector of zeros. */
static int32_t heads_param(s2s__params *params, const char *prefix, const char *kind, size_t rows, size_t cols,
                           const s2s__param **param, s2s__error *error) {
  char name[HEADS_NAME];
  snprintf(name, sizeof name, "%s.%s", prefix, kind);
  if (cols == 0) return s2s__params_constant(params, name, rows, 0, param, error);
  return s2s__params_matrix(params, name, rows, cols, S2S__WEIGHT_MULTIPLY, S2S__INIT_UNIFORM,
                            sqrt(6.0 / (double)(rows + cols)), param, error);
}

int32_t s2s__heads_declare(s2s__params *params, const char *prefix, size_t dim, size_t count, int crosses,
                           s2s__heads *heads, s2s__error *error) {
  *heads = (s2s__heads){.dim = dim, .count = count};
  S2S__TRY(heads_param(params, prefix, "in_proj_weight", 3 * dim, dim, &heads->in_weight, error));
  S2S__TRY(heads_param(params, prefix, "in_proj_bias", 3 * dim, 0, &heads->in_bias, error));
  S2S__TRY(heads_param(params, prefix, "out_proj.weight", dim, dim, &heads->out_weight, error));
  S2S__TRY(heads_param(params, prefix, "out_proj.bias", dim, 0, &heads->out_bias, error));
  if (!crosses) return S2S_OK;
  S2S__TRY(s2s__params_split(params, heads->in_weight, dim, heads->in_part, error));
  return s2s__params_split(params, heads->in_bias, dim, heads->in_part_bias, error);
}

/* ---- forward -------------------------------------------------------------------------------------------------------
 */

int32_t s2s__heads_memory(s2s__graph *graph, const s2s__heads *heads, s2s__tensor *memory, s2s__tensor **keys_values) {
  return s2s__linear(graph, heads->in_part[1], heads->in_part_bias[1], memory, keys_values);
}

/* A step's queries see their own tokens, this one too. */
static int32_t heads_look_back(s2s__graph *graph, const s2s__heads *heads, const s2s__sight *sight, s2s__tensor *own,
                               s2s__tensor **context) {
  S2S__TRY(s2s__past_keep(sight->past, sight->layer, own, heads->dim, graph->error));
  return s2s__multihead_past(graph, own, sight->past, sight->layer, heads->dim, heads->count, context);
}

static int32_t heads_look(s2s__graph *graph, const s2s__heads *heads, s2s__sight *sight, s2s__tensor *own,
                          s2s__tensor **context) {
  const size_t dim = heads->dim;
  if (sight->past) return heads_look_back(graph, heads, sight, own, context);
  const s2s__columns q = {own, 0};
  const s2s__columns k = sight->memory ? (s2s__columns){sight->memory, 0} : (s2s__columns){own, dim};
  return s2s__multihead(graph, q, k, (s2s__columns){k.x, k.first + dim}, dim, heads->count, sight->ragged, sight->rows,
                        sight->site, context, &sight->weights);
}

int32_t s2s__heads_attend(s2s__graph *graph, const s2s__heads *heads, s2s__sight *sight, s2s__tensor *x,
                          s2s__tensor **y) {
  const s2s__param *weight = sight->memory ? heads->in_part[0] : heads->in_weight;
  const s2s__param *bias = sight->memory ? heads->in_part_bias[0] : heads->in_bias;
  s2s__tensor *own, *context;
  if (sight->query) memcpy(sight->query->data, x->data, x->rows * x->cols * sizeof *x->data);
  S2S__TRY(s2s__linear(graph, weight, bias, x, &own));
  S2S__TRY(heads_look(graph, heads, sight, own, &context));
  return s2s__linear(graph, heads->out_weight, heads->out_bias, context, y);
}
