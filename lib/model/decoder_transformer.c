/* SPDX-License-Identifier: MIT
 *
 * Transformer decoder (Vaswani et al. 2017): x = embedding * sqrt(D) + position, then decoder.layers layers with causal
 * self-attention and attention to the memory, and a norm. The attention weights it gives out are those of the last
 * layer, the mean of its heads.
 *
 * State tensors: for each layer the keys and values of all tokens so far, [hypotheses, t * 2D]. The keys and values of
 * the memory are made once for each batch, and shared by all hypotheses of a sentence.
 */
#include "model/transformer.h"

#include <string.h>

static int32_t decoder_transformer_declare(s2s__network *network, s2s__error *error) {
  s2s__transformer *decoder = S2S__TAKE(network->params.arena, s2s__transformer, 1);
  if (!decoder) return s2s__fail_memory(error, sizeof *decoder, "the decoder");
  network->decoder = decoder;
  network->output_dim = network->config.dim;
  S2S__TRY(s2s__network_embedding(network, S2S_TARGET, error));
  return s2s__transformer_declare(network, "transformer.decoder", "tgt_positions.weight",
                                  network->config.decoder_layers, 1, decoder, error);
}

static int32_t decoder_transformer_prepare(s2s__graph *graph, const s2s__network *network, s2s__encoding *encoding) {
  const s2s__transformer *decoder = network->decoder;
  S2S__GRAPH_TAKE(graph, s2s__tensor *, decoder->layers, encoding->cross);
  for (size_t l = 0; l < decoder->layers; l++)
    S2S__TRY(s2s__heads_memory(graph, &decoder->layer[l].cross, encoding->states, &encoding->cross[l]));
  return S2S_OK;
}

static int32_t decoder_transformer_start(s2s__graph *graph, const s2s__network *network, const s2s__encoding *encoding,
                                         s2s__decoder_state *state) {
  (void)graph, (void)encoding;
  memset(state, 0, sizeof *state);
  state->count = network->config.decoder_layers;
  return S2S_OK;
}

/* What the rows of a block see of themselves: sentences up to each token, or in a step each its own cache. */
static int32_t decoder_transformer_ragged(s2s__graph *graph, const s2s__block *block, int steps, s2s__ragged **ragged) {
  S2S__GRAPH_TAKE(graph, s2s__ragged, 1, *ragged);
  return steps
             ? s2s__ragged_init_even(*ragged, graph->arena, block->rows->total, block->rows->position + 1, graph->error)
             : s2s__ragged_init_causal(*ragged, graph->arena, block->rows, graph->error);
}

static int32_t decoder_transformer_block(s2s__graph *graph, const s2s__network *network, s2s__block *block) {
  const s2s__transformer *decoder = network->decoder;
  const int steps = !graph->recording && block->rows->steps <= 1; /* one token a row, after those in the caches */
  s2s__ragged *own;
  s2s__tensor *x;
  s2s__sight cross = {.ragged = &block->ragged};
  S2S__TRY(decoder_transformer_ragged(graph, block, steps, &own));
  S2S__TRY(s2s__ragged_init(&block->ragged, graph->arena, block->rows, block->sentence, block->encoding->rows,
                            graph->error));
  S2S__TRY(s2s__transformer_embed(graph, network, decoder, S2S_TARGET, block->ids, block->rows, &x));
  for (size_t l = 0; l < decoder->layers; l++) {
    s2s__sight self = {.ragged = own, .cache = steps ? &block->state.tensor[l] : NULL};
    cross.memory = block->encoding->cross[l];
    S2S__TRY(s2s__transformer_forward(graph, &network->config, &decoder->layer[l], block->rows,
                                      S2S__DROPOUT_DECODER_LAYER + 4 * l, &self, &cross, x, &x));
  }
  if (!graph->recording) S2S__TRY(s2s__multihead_mean(graph, cross.weights, &block->weights));
  return s2s__layer_norm(graph, decoder->gain, decoder->bias, x, &block->output);
}

/* The last layer's attention to the memory, asked with what that layer asks with. */
static int32_t decoder_transformer_attend(s2s__graph *graph, const s2s__network *network, s2s__tensor *queries,
                                          const s2s__encoding *encoding, const s2s__ragged *ragged,
                                          s2s__tensor **context, s2s__tensor **weights) {
  const s2s__transformer *decoder = network->decoder;
  s2s__sight cross = {.ragged = ragged, .memory = encoding->cross[decoder->layers - 1]};
  S2S__TRY(s2s__heads_attend(graph, &decoder->layer[decoder->layers - 1].cross, &cross, queries, context));
  return s2s__multihead_mean(graph, cross.weights, weights);
}

static int decoder_transformer_is_stepwise(const s2s__network *network) {
  (void)network;
  return 0;
}

const s2s__decoder_type s2s__decoder_transformer = {
    .name = "transformer",
    .embedding = "tgt_embedding.weight",
    .declare = decoder_transformer_declare,
    .prepare = decoder_transformer_prepare,
    .start = decoder_transformer_start,
    .block = decoder_transformer_block,
    .attend = decoder_transformer_attend,
    .is_stepwise = decoder_transformer_is_stepwise,
};
