/* SPDX-License-Identifier: MIT
 *
 * Attention with heads and its projections (Vaswani et al. 2017), under the names, shapes and numbers of PyTorch's
 * nn.MultiheadAttention:
 *
 *     [q; k; v] = in_proj x + in_proj_bias;  y = out_proj(context of all heads) + out_proj.bias
 */
#ifndef S2S__MODEL_HEADS_H
#define S2S__MODEL_HEADS_H

#include "model/params.h"
#include "nn/layers.h"
#include "nn/multihead.h"

/* in_proj_weight [3D, D] with rows q, k, v; across to a memory q is one part, k and v another. */
typedef struct s2s__heads {
  size_t dim, count;                              /* D, heads */
  const s2s__param *in_weight, *in_bias;          /* all of it */
  const s2s__param *in_part[2], *in_part_bias[2]; /* q; k and v */
  const s2s__param *out_weight, *out_bias;
} s2s__heads;

/* One attention's place: what queries see, in a decoder's step the keys and values so far. */
typedef struct s2s__sight {
  const s2s__ragged *ragged;
  s2s__tensor *memory;  /* keys and values side by side [*, 2D]; NULL: the layer's own rows */
  const s2s__past *past; /* of queries that are one token each, keys and values [.., 2D]; NULL: all rows are here */
  size_t layer;          /* in it */
  s2s__tensor *query;    /* in: [rows, D] where to put what is asked with, or NULL */
  s2s__tensor *weights;  /* in: where to put them, or NULL; out: [heads, total], NULL with a past */
  const s2s__rows *rows; /* of the queries, for dropout; NULL: none */
  uint64_t site;         /* where it stands in the network */
} s2s__sight;

/* PREFIX.in_proj_weight and the others; `crosses`: queries and memory are not the same rows. */
int32_t s2s__heads_declare(s2s__params *params, const char *prefix, size_t dim, size_t count, int crosses,
                           s2s__heads *heads, s2s__error *error);

/* Keys and values [rows, 2D] of a memory, side by side. */
int32_t s2s__heads_memory(s2s__graph *graph, const s2s__heads *heads, s2s__tensor *memory, s2s__tensor **keys_values);

/* y [rows, D] for queries x [rows, D]. */
int32_t s2s__heads_attend(s2s__graph *graph, const s2s__heads *heads, s2s__sight *sight, s2s__tensor *x,
                          s2s__tensor **y);

#endif
