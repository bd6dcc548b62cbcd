/* SPDX-License-Identifier: MIT
 *
 * The layers that are not recurrent and not attention. Each computes at once and records its backward pass when the
 * graph is recording. Outputs are new tensors in the graph's arena.
 */
#ifndef S2S__NN_LAYERS_H
#define S2S__NN_LAYERS_H

#include "nn/graph.h"

/* y[rows, out] = x[rows, in] W^T + b; bias NULL for none. */
int32_t s2s__linear(s2s__graph *graph, const s2s__param *weight, const s2s__param *bias, s2s__tensor *x,
                    s2s__tensor **y);

/* Its way back at once, for a caller whose y does not stay: dx += dy W (x->grad must be there), dW += dy^T x, db += sum
 * of dy. */
int32_t s2s__linear_gradient(s2s__graph *graph, const s2s__param *weight, const s2s__param *bias, const s2s__tensor *x,
                             const s2s__tensor *y);

/* y[n, dim] = rows ids[0..n) of the matrix [vocabulary, dim]. Ids must be in range; they are borrowed until backward.
 */
int32_t s2s__embedding(s2s__graph *graph, const s2s__param *weight, const int32_t *ids, size_t n, s2s__tensor **y);

/* y = f(x): tanh; relu, gelu, swish (see the kernels). Unless the graph is recording, x's numbers become y's. */
int32_t s2s__tanh(s2s__graph *graph, s2s__tensor *x, s2s__tensor **y);
int32_t s2s__activate(s2s__graph *graph, s2s__activation activation, s2s__tensor *x, s2s__tensor **y);

#define S2S__NORM_EPS 1e-5
/* Layer normalisation of each row (Ba et al. 2016); gain and bias: vectors [cols]. */
int32_t s2s__layer_norm(s2s__graph *graph, const s2s__param *gain, const s2s__param *bias, s2s__tensor *x,
                        s2s__tensor **y);

/* What is added to tokens: row p of `learned` [positions, cols], or sinusoidal when it is NULL, whose first rows stand
 * in `table` [S2S__POSITIONS_KEPT, cols], since a step would spend more time on their sines than on its matrices. */
#define S2S__POSITIONS_KEPT 128
typedef struct s2s__position_rows {
  const s2s__param *learned;
  const s2s__real *table; /* NULL: all are computed when they are needed */
} s2s__position_rows;

/* y = scale x + the position of each token. S2S_LIMIT for a token past the last learned position. `rows` is borrowed
 * until backward. */
int32_t s2s__positions(s2s__graph *graph, const s2s__position_rows *positions, double scale, const s2s__rows *rows,
                       s2s__tensor *x, s2s__tensor **y);
/* row[dim] of one sinusoidal position. */
void s2s__position_sinusoidal(size_t position, size_t dim, s2s__real *row);

/* y = a + b, of one shape: a residual connection (He et al. 2016). Unless the graph is recording, b's numbers become
 * y's. */
int32_t s2s__sum(s2s__graph *graph, s2s__tensor *a, s2s__tensor *b, s2s__tensor **y);

/* Where a dropout stands in the network: each place draws its own numbers. */
typedef enum s2s__dropout_site {
  S2S__DROPOUT_SOURCE_EMBEDDING = 1,
  S2S__DROPOUT_TARGET_EMBEDDING = 2,
  S2S__DROPOUT_OUTPUT = 3,
  S2S__DROPOUT_SOURCE_WORD = 4,
  S2S__DROPOUT_TARGET_WORD = 5,
  S2S__DROPOUT_WEIGHTS = 6,
  S2S__DROPOUT_ENCODER_LAYER = 256, /* + layer */
  S2S__DROPOUT_DECODER_LAYER = 512  /* + layer */
} s2s__dropout_site;

/* Inverted dropout (Srivastava et al. 2014): a unit is zero with probability graph->dropout, else scaled by 1 / (1 -
 * rate). The draw depends on (dropout_key, sentence stream, site, position, unit) alone; with
 * graph->dropout_variational not on the position: one draw for a whole sentence (Gal and Ghahramani 2016). Rate 0: y is
 * x itself. */
int32_t s2s__dropout(s2s__graph *graph, s2s__tensor *x, const s2s__rows *rows, uint64_t site, s2s__tensor **y);
int32_t s2s__dropout_at(s2s__graph *graph, s2s__tensor *x, const s2s__rows *rows, uint64_t site, double rate,
                        s2s__tensor **y);

/* The same of whole rows, the embeddings of words, with probability graph->word_dropout[side] (Sennrich, Haddow, Birch
 * 2016). */
int32_t s2s__word_dropout(s2s__graph *graph, s2s__tensor *x, const s2s__rows *rows, int32_t side, s2s__tensor **y);

/* y[rows, sum of cols] = the parts side by side; NULL parts are left out. */
#define S2S__CONCAT_MAX 4
int32_t s2s__concat(s2s__graph *graph, s2s__tensor *const *parts, size_t count, s2s__tensor **y);

/* y[i] = x[index[i]], i < n. The index is borrowed until backward; an identity gives x itself. */
int32_t s2s__select_rows(s2s__graph *graph, s2s__tensor *x, const size_t *index, size_t n, s2s__tensor **y);

/* y[index[i]] = x[i]: fills some rows of an existing tensor; rows must be filled once each before y is used. */
int32_t s2s__place_rows(s2s__graph *graph, s2s__tensor *x, const size_t *index, s2s__tensor *y);

/* Cross-entropy of logits[rows, classes] against targets[rows] with label smoothing (see the kernel), summed over rows:
 * *loss the smoothed, *plain the unsmoothed one, in nats, added in double row after row. When recording, the gradient
 * of the logits is set to scale * d loss / d logits, in the logits' own memory. */
int32_t s2s__cross_entropy(s2s__graph *graph, s2s__tensor *logits, const int32_t *targets, double smoothing,
                           double scale, double *loss, double *plain);

#endif
