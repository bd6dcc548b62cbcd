/* SPDX-License-Identifier: MIT
 *
 * Attention with heads: parameters, projections, and the cache of a decoder's steps. See heads.h.
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

/* The cache [n, t * 2D] with this step's keys and values, columns D .. 3D-1 of `own`, behind; seen as one row a
 * position. Only in steps of decoding, where nothing is recorded. */
static int32_t heads_grow(s2s__graph *graph, const s2s__tensor *own, size_t dim, s2s__tensor **cache,
                          s2s__tensor **seen) {
  const size_t before = *cache ? (*cache)->cols : 0, cols = before + 2 * dim;
  s2s__tensor *grown;
  S2S__TRY(s2s__graph_tensor(graph, own->rows, cols, &grown));
  for (size_t r = 0; r < own->rows; r++) {
    if (before) memcpy(grown->data + r * cols, (*cache)->data + r * before, before * sizeof *grown->data);
    memcpy(grown->data + r * cols + before, own->data + r * own->cols + dim, 2 * dim * sizeof *grown->data);
  }
  *cache = grown;
  S2S__GRAPH_TAKE(graph, s2s__tensor, 1, *seen);
  **seen = (s2s__tensor){grown->data, NULL, grown->rows * (cols / (2 * dim)), 2 * dim};
  return S2S_OK;
}

int32_t s2s__heads_attend(s2s__graph *graph, const s2s__heads *heads, s2s__sight *sight, s2s__tensor *x,
                          s2s__tensor **y) {
  const size_t dim = heads->dim;
  s2s__tensor *own, *context;
  s2s__columns q, k, v;
  if (sight->memory) {
    S2S__TRY(s2s__linear(graph, heads->in_part[0], heads->in_part_bias[0], x, &own));
    q = (s2s__columns){own, 0}, k = (s2s__columns){sight->memory, 0}, v = (s2s__columns){sight->memory, dim};
  } else {
    S2S__TRY(s2s__linear(graph, heads->in_weight, heads->in_bias, x, &own));
    q = (s2s__columns){own, 0}, k = (s2s__columns){own, dim}, v = (s2s__columns){own, 2 * dim};
    if (sight->cache) {
      s2s__tensor *seen;
      S2S__TRY(heads_grow(graph, own, dim, sight->cache, &seen));
      k = (s2s__columns){seen, 0}, v = (s2s__columns){seen, dim};
    }
  }
  S2S__TRY(s2s__multihead(graph, q, k, v, dim, heads->count, sight->ragged, sight->rows, sight->site, &context,
                          &sight->weights));
  return s2s__linear(graph, heads->out_weight, heads->out_bias, context, y);
}
