/* SPDX-License-Identifier: MIT
 *
 * The operations that attentions are made of: scores, softmax, weighted sum, over packed memories.
 *
 * Every query row looks at the memory rows of one sentence, so a batch's scores are ragged: query i has length[i]
 * numbers at offset[i] of one long row. Nothing is padded, nothing is masked.
 */
#ifndef S2S__NN_ATTEND_H
#define S2S__NN_ATTEND_H

#include "nn/graph.h"

typedef struct s2s__ragged {
  size_t queries;       /* query rows */
  size_t total;         /* scores in all */
  const size_t *first;  /* [queries] first memory row that query i sees */
  const size_t *length; /* [queries] how many it sees */
  const size_t *offset; /* [queries] where its scores begin */
} s2s__ragged;

/* Sentence s of `queries` looks at memory sentence sentence[s] (NULL: at s). */
int32_t s2s__ragged_init(s2s__ragged *ragged, s2s__arena *arena, const s2s__rows *queries, const size_t *sentence,
                         const s2s__rows *memory, s2s__error *error);

/* scores[1, total]: q_i . k_j (q, k: [rows, D]) */
int32_t s2s__score_dot(s2s__graph *graph, s2s__tensor *queries, s2s__tensor *keys, const s2s__ragged *ragged,
                       s2s__tensor **scores);
/* scores[1, total]: v . tanh(q_i + k_j), v: matrix [1, D] */
int32_t s2s__score_additive(s2s__graph *graph, s2s__tensor *queries, s2s__tensor *keys, const s2s__param *v,
                            const s2s__ragged *ragged, s2s__tensor **scores);

/* weights = softmax of each query's scores; takes the place of the scores (one memory, two gradients). */
int32_t s2s__softmax_ragged(s2s__graph *graph, s2s__tensor *scores, const s2s__ragged *ragged, s2s__tensor **weights);

/* Query i's numbers of x become those of query index[i] of y, which sees as many rows: fills some of an existing
 * tensor, each once before y is used. All but y's data is borrowed until backward. */
int32_t s2s__place_ragged(s2s__graph *graph, s2s__tensor *x, const s2s__ragged *from, const size_t *index,
                          s2s__tensor *y, const s2s__ragged *to);

/* context[queries, D] = sum over j of weights_ij values_j; zero for a query that sees nothing. */
int32_t s2s__weighted_sum(s2s__graph *graph, s2s__tensor *weights, s2s__tensor *values, const s2s__ragged *ragged,
                          s2s__tensor **context);

/* y[1, total] = weights, of which each is zero with probability graph->attention_dropout, as s2s__dropout's units;
 * rows: of the queries. */
int32_t s2s__dropout_weights(s2s__graph *graph, s2s__tensor *weights, const s2s__rows *rows, const s2s__ragged *ragged,
                             s2s__tensor **y);

#endif
