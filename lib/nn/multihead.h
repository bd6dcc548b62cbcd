/* SPDX-License-Identifier: MIT
 *
 * Scaled dot-product attention with heads (Vaswani et al. 2017), over packed rows. Head h of H uses columns h*D/H ..
 * (h+1)*D/H-1 of queries, keys and values:
 *
 *     w_ij = softmax over j of (q_i . k_j / sqrt(D/H));  context_i = sum over j of w_ij v_j
 *
 * What query i sees is a s2s__ragged: the rows of one sentence, or those up to itself (causal); or its own past.
 */
#ifndef S2S__NN_MULTIHEAD_H
#define S2S__NN_MULTIHEAD_H

#include "nn/attend.h"
#include "nn/past.h"

/* Columns first .. first+D-1 of a tensor. */
typedef struct s2s__columns {
  s2s__tensor *x;
  size_t first;
} s2s__columns;

/* A token sees those of its sentence up to itself. */
int32_t s2s__ragged_init_causal(s2s__ragged *ragged, s2s__arena *arena, const s2s__rows *rows, s2s__error *error);

/* context [queries, dim]; *weights [heads, ragged->total], without dropout: when it is not NULL before, the numbers go there.
 * heads divides dim. `rows` are those of the queries, whose dropout draws like s2s__dropout for `site`; NULL: no dropout. */
int32_t s2s__multihead(s2s__graph *graph, s2s__columns q, s2s__columns k, s2s__columns v, size_t dim, size_t heads,
                       const s2s__ragged *ragged, const s2s__rows *rows, uint64_t site, s2s__tensor **context,
                       s2s__tensor **weights);

/* context [queries, dim] of queries x [queries, ...], columns 0 .. dim-1, to their own past: keys are the first half of a
 * layer's rows, values the second. In steps of decoding, where nothing is recorded. */
int32_t s2s__multihead_past(s2s__graph *graph, const s2s__tensor *x, const s2s__past *past, size_t layer, size_t dim,
                            size_t heads, s2s__tensor **context);

/* The heads' mean [1, total] of weights [heads, total]. */
int32_t s2s__multihead_mean(s2s__graph *graph, s2s__tensor *weights, s2s__tensor **mean);

#endif
