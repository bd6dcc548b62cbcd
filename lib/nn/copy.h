/* SPDX-License-Identifier: MIT
 *
 * Copying from the source (pointer-generator: See, Liu, Manning 2017). A token is generated with probability g, else it
 * is one of the source tokens, each as likely as the attention's weight for it:
 *
 *     g = sigmoid(gate);  P(v) = g softmax(logits)[v] + (1 - g) (sum of weight[j] over the source tokens j that are v)
 *
 * v is a token of the target vocabulary, or behind it a word of the source that the vocabulary lacks: each sentence has
 * words of its own, with ids from the vocabulary's size on. The softmax has nothing for them; the sum has.
 */
#ifndef S2S__NN_COPY_H
#define S2S__NN_COPY_H

#include "nn/attend.h"

/* What the source tokens of a batch are as target tokens. */
typedef struct s2s__copies {
  size_t vocabulary; /* size of the target vocabulary */
  size_t extra;      /* most words of its own that a sentence has */
  const int32_t *id; /* [source rows] below vocabulary, or vocabulary + w: word w of the sentence's own */
} s2s__copies;

/* What a batch of target rows copies with. */
typedef struct s2s__pointers {
  const s2s__copies *copies;
  s2s__tensor *gate;          /* [rows, 1] */
  s2s__tensor *weights;       /* ragged */
  const s2s__ragged *ragged;  /* of rows over the sources */
} s2s__pointers;

/* log P of every token, for row `row` of the pointers: lp[vocabulary + extra] from logits[vocabulary], where -infinity stands
 * for another sentence's words. In place (logits == lp) allowed. A weight counts as 1e-30 at least. */
void s2s__copy_mix(const s2s__kernels *kernels, const s2s__pointers *pointers, size_t row, const s2s__real *logits,
                   s2s__real *lp);

/* As s2s__cross_entropy, of P. Row r of the logits is row first + r of pointers and targets; smoothing spreads over the
 * vocabulary without the sentence's own words. The gradients of gate and weights are added to. */
int32_t s2s__copy_cross_entropy(s2s__graph *graph, s2s__tensor *logits, const s2s__pointers *pointers, size_t first,
                                const int32_t *targets, double smoothing, double scale, double *loss, double *plain);

#endif
