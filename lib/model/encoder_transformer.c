/* SPDX-License-Identifier: MIT
 *
 * Transformer encoder (Vaswani et al. 2017): x = embedding * sqrt(D) + position, then encoder.layers layers and a norm.
 * states = x, [rows, D]. For a recurrent decoder the one final state is the mean of a sentence's states.
 */
#include "model/transformer.h"

#include <string.h>

static int32_t encoder_transformer_declare(s2s__network *network, s2s__error *error) {
  s2s__transformer *encoder = S2S__TAKE(network->params.arena, s2s__transformer, 1);
  if (!encoder) return s2s__fail_memory(error, sizeof *encoder, "the encoder");
  network->encoder = encoder;
  S2S__TRY(s2s__network_embedding(network, S2S_SOURCE, error));
  return s2s__transformer_declare(network, "transformer.encoder", "src_positions.weight",
                                  network->config.encoder_layers, 0, encoder, error);
}

/* last->h [sentences, D]: the mean of each sentence's states, a weighted sum with equal weights. */
static int32_t encoder_transformer_mean(s2s__graph *graph, const s2s__rows *rows, s2s__tensor *states,
                                        s2s__recurrent_state *last) {
  s2s__ragged *ragged;
  s2s__rows *one;
  s2s__tensor *weights;
  S2S__GRAPH_TAKE(graph, s2s__ragged, 1, ragged);
  S2S__GRAPH_TAKE(graph, s2s__rows, 1, one);
  S2S__TRY(s2s__rows_init_step(one, graph->arena, rows->count, 0, graph->error));
  S2S__TRY(s2s__ragged_init(ragged, graph->arena, one, NULL, rows, graph->error));
  S2S__TRY(s2s__graph_tensor(graph, 1, ragged->total, &weights));
  for (size_t s = 0; s < rows->count; s++)
    for (size_t t = 0; t < rows->length[s]; t++)
      weights->data[ragged->offset[s] + t] = (s2s__real)(1.0 / (double)rows->length[s]);
  last->c = NULL;
  return s2s__weighted_sum(graph, weights, states, ragged, &last->h);
}

static int32_t encoder_transformer_forward(s2s__graph *graph, const s2s__network *network, const int32_t *ids,
                                           const s2s__rows *rows, s2s__encoding *encoding) {
  const s2s__transformer *encoder = network->encoder;
  s2s__ragged *ragged;
  s2s__tensor *x;
  S2S__GRAPH_TAKE(graph, s2s__ragged, 1, ragged);
  S2S__TRY(s2s__ragged_init(ragged, graph->arena, rows, NULL, rows, graph->error));
  S2S__TRY(s2s__transformer_embed(graph, network, encoder, S2S_SOURCE, ids, rows, &x));
  for (size_t l = 0; l < encoder->layers; l++) {
    s2s__sight self = {.ragged = ragged};
    S2S__TRY(s2s__transformer_forward(graph, &network->config, &encoder->layer[l], rows,
                                      S2S__DROPOUT_ENCODER_LAYER + 4 * l, &self, NULL, x, &x));
  }
  S2S__TRY(s2s__layer_norm(graph, encoder->gain, encoder->bias, x, &encoding->states));
  S2S__GRAPH_TAKE(graph, s2s__recurrent_state, 1, encoding->last);
  encoding->layers = 1;
  return encoder_transformer_mean(graph, rows, encoding->states, encoding->last);
}

const s2s__encoder_type s2s__encoder_transformer = {"transformer", "src_embedding.weight", encoder_transformer_declare,
                                                    encoder_transformer_forward};
