/* SPDX-License-Identifier: MIT
 *
 * Recurrent layers: a cell run over the tokens of every sentence of a batch, as one operation.
 *
 * A layer multiplies all inputs by W_ih at once, then steps through time with one multiplication by W_hh a step, over
 * just those sentences that are still going on. With rows of one token each it is also the single step of a decoder.
 *
 * Adding a cell is one file and one name in base/members.h.
 */
#ifndef S2S__NN_RECURRENT_H
#define S2S__NN_RECURRENT_H

#include "nn/graph.h"

/* The equations of a cell, for one row. H is the hidden size; `a` = x W_ih^T + b_ih and `u` = h_prev W_hh^T + b_hh have
 * gates * H numbers; `saved` has saved * H numbers that the backward step reads again. */
typedef struct s2s__cell {
  const char *name; /* the value of encoder.cell and decoder.cell */
  size_t gates;
  size_t saved;
  int has_c;        /* a memory cell beside the hidden state */
  int shares_gates; /* the gradients of a and u are the same */
  void (*forward)(const s2s__kernels *k, size_t hidden, const s2s__real *a, const s2s__real *u, const s2s__real *h_prev,
                  const s2s__real *c_prev, s2s__real *saved, s2s__real *h, s2s__real *c);
  /* dh: in: gradient of h, out: the part of h_prev's gradient that does not go through u. dc: in: of c, out: of c_prev.
   * du is not written when shares_gates. */
  void (*backward)(const s2s__kernels *k, size_t hidden, const s2s__real *saved, const s2s__real *h_prev,
                   const s2s__real *c_prev, const s2s__real *c, s2s__real *dh, s2s__real *dc, s2s__real *da,
                   s2s__real *du);
} s2s__cell;

const s2s__cell *s2s__cell_find(const char *name);

/* Parameters of one layer in one direction: [gates*H, in], [gates*H, H], [gates*H], [gates*H]. Biases may be NULL.
 * With norm_ih and norm_hh, vectors [gates*H], the two projections are normalised before they meet in the cell (Ba et al.
 * 2016, without their normalisation of an LSTM's memory cell): a = LN(x W_ih^T) * norm_ih + b_ih, u likewise; the biases
 * then are there. */
typedef struct s2s__recurrent {
  const s2s__cell *cell;
  size_t hidden;
  const s2s__param *weight_ih, *weight_hh, *bias_ih, *bias_hh;
  const s2s__param *norm_ih, *norm_hh;
} s2s__recurrent;

/* A state: h and, for cells that have one, c; [sentences, H] each, row s belongs to sentence s. NULL is zero. */
typedef struct s2s__recurrent_state {
  s2s__tensor *h, *c;
} s2s__recurrent_state;

/* y[rows, H]: the hidden state after each token. `reverse` reads every sentence from its last token to its first. *last is
 * the state after the last token read; for a sentence without tokens, the initial one. initial may be NULL; `rows` and what it points to stay alive until
 * backward. */
int32_t s2s__recurrent_forward(s2s__graph *graph, const s2s__recurrent *layer, s2s__tensor *x, const s2s__rows *rows,
                               int reverse, const s2s__recurrent_state *initial, s2s__tensor **y,
                               s2s__recurrent_state *last);

#endif
