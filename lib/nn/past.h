/* SPDX-License-Identifier: MIT
 *
 * What hypotheses have in mind of their own tokens: rows of numbers (keys and values) for each layer, token and hypothesis,
 * that stay where they were written first. A hypothesis is a way through them, so that reordering hypotheses moves small
 * numbers and no rows:
 *
 *     kept       token 0  [n0, cols]    token 1  [n1, cols]    ...  token t  [nt, cols]      for each layer
 *     way        of hypothesis i: the row that it has in each of them, the last one being i
 */
#ifndef S2S__NN_PAST_H
#define S2S__NN_PAST_H

#include "nn/graph.h"

typedef struct s2s__past_kept s2s__past_kept;

typedef struct s2s__past {
  s2s__past_kept *kept; /* shared by all that came of one start */
  const size_t *way;    /* [hypotheses, tokens + 1]; NULL before the first s2s__past_select */
} s2s__past;

/* No tokens yet. What is kept lives in the graph's arena. */
int32_t s2s__past_init(s2s__graph *graph, size_t layers, size_t cols, s2s__past *past);

/* No tokens, of layers and columns as another has. */
int32_t s2s__past_init_like(s2s__graph *graph, const s2s__past *other, s2s__past *past);
/* One with copies of all that n hypotheses have in mind, after s2s__past_next. */
int32_t s2s__past_copy(s2s__graph *graph, const s2s__past *past, size_t n, s2s__past *copy);

/* The hypotheses of the next token: number i goes on from index[i]; before the first token the index plays no part. In the
 * graph's arena. */
int32_t s2s__past_select(s2s__graph *graph, const s2s__past *past, const size_t *index, size_t n, s2s__past *selected);

/* Keeps columns first .. first+cols-1 of x [hypotheses, ...] as a layer's rows of the token that was selected for. */
int32_t s2s__past_keep(const s2s__past *past, size_t layer, const s2s__tensor *x, size_t first, s2s__error *error);
/* After all layers: the token counts among the past ones. */
void s2s__past_next(const s2s__past *past);

/* Tokens, the one that was selected for included. */
size_t s2s__past_tokens(const s2s__past *past);
/* row[t]: where a layer's row of hypothesis i for token t stands. */
void s2s__past_rows(const s2s__past *past, size_t layer, size_t i, const s2s__real **row);

#endif
