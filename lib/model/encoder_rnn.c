/* SPDX-License-Identifier: MIT
 *
 * Recurrent encoder: embedding, then layers of cells, uni- or bidirectional (Schuster and Paliwal 1997).
 *
 *   x_0 = dropout(embedding(ids));  x_{l+1} = [forward_l(x_l); backward_l(x_l)], dropout between layers; with residual
 *   connections (Wu et al. 2016) layers above the first add x_l, as it was before dropout
 *   states = x_layers, [rows, hidden * directions];  final state of layer l = [forward's; backward's]
 */
#include "model/stack.h"

#include <string.h>

typedef struct encoder_rnn {
  s2s__recurrent *stack;
} encoder_rnn;

static int32_t encoder_rnn_declare(s2s__network *network, s2s__error *error) {
  const s2s__config *c = &network->config;
  encoder_rnn *encoder = S2S__TAKE(network->params.arena, encoder_rnn, 1);
  if (!encoder) return s2s__fail_memory(error, sizeof *encoder, "the encoder");
  network->encoder = encoder;
  S2S__TRY(s2s__network_embedding(network, S2S_SOURCE, error));
  return s2s__stack_declare(&network->params, "encoder.rnn", c->encoder_cell, c->encoder_layers, c->encoder_directions,
                            c->embedding_dim[S2S_SOURCE], c->encoder_hidden, c->encoder_norm, &encoder->stack, error);
}

/* One layer in all its directions: outputs side by side, final states side by side. */
static int32_t encoder_rnn_layer(s2s__graph *graph, const s2s__config *c, const s2s__recurrent *layer, s2s__tensor *x,
                                 const s2s__rows *rows, s2s__tensor **y, s2s__recurrent_state *last) {
  s2s__tensor *out[2] = {NULL, NULL}, *h[2] = {NULL, NULL}, *cell[2] = {NULL, NULL};
  for (size_t d = 0; d < c->encoder_directions; d++) {
    s2s__recurrent_state state;
    S2S__TRY(s2s__recurrent_forward(graph, &layer[d], x, rows, d == 1, NULL, &out[d], &state));
    h[d] = state.h;
    cell[d] = state.c;
  }
  S2S__TRY(s2s__concat(graph, out, 2, y));
  S2S__TRY(s2s__concat(graph, h, 2, &last->h));
  last->c = NULL;
  return c->encoder_cell->has_c ? s2s__concat(graph, cell, 2, &last->c) : S2S_OK;
}

static int32_t encoder_rnn_forward(s2s__graph *graph, const s2s__network *network, const int32_t *ids,
                                   const s2s__rows *rows, s2s__encoding *encoding) {
  const s2s__config *c = &network->config;
  const encoder_rnn *encoder = network->encoder;
  s2s__tensor *x, *y, *below = NULL;
  S2S__GRAPH_TAKE(graph, s2s__recurrent_state, c->encoder_layers, encoding->last);
  encoding->layers = c->encoder_layers;
  S2S__TRY(s2s__network_embed(graph, network, S2S_SOURCE, ids, rows, &x));
  S2S__TRY(s2s__dropout(graph, x, rows, S2S__DROPOUT_SOURCE_EMBEDDING, &x));
  for (size_t l = 0; l < c->encoder_layers; l++) {
    if (l > 0) S2S__TRY(s2s__dropout(graph, below, rows, S2S__DROPOUT_ENCODER_LAYER + l, &x));
    S2S__TRY(encoder_rnn_layer(graph, c, &encoder->stack[l * c->encoder_directions], x, rows, &y, &encoding->last[l]));
    if (l > 0 && c->encoder_residual) S2S__TRY(s2s__sum(graph, below, y, &y));
    below = y;
  }
  encoding->states = below;
  return S2S_OK;
}

const s2s__encoder_type s2s__encoder_rnn = {"rnn", "encoder.embedding.weight", encoder_rnn_declare, encoder_rnn_forward};
