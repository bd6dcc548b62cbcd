/* SPDX-License-Identifier: MIT
 *
 * Transformer decoder (Vaswani et al. 2017): x = embedding * sqrt(D) + position, then decoder.layers layers with causal
 * self-attention and attention to the memory, and a norm. The attention weights it gives out are those of the last
 * layer, the mean of its heads. Of them it copies, where it copies, as its output says.
 *
 * State: no tensors, and as its past the keys and values of all tokens so far. The keys and values of the memory are
 * made once for each batch, and shared by all hypotheses of a sentence.
 */
#include "model/transformer.h"

#include <string.h>

static int32_t decoder_transformer_declare(s2s__network *network, s2s__error *error) {
  s2s__transformer *decoder = S2S__TAKE(network->params.arena, s2s__transformer, 1);
  if (!decoder) return s2s__fail_memory(error, sizeof *decoder, "the decoder");
  network->decoder = decoder;
  network->output_dim = network->config.dim;
  S2S__TRY(s2s__network_declare_gate(network, network->config.dim, error));
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
  (void)encoding;
  memset(state, 0, sizeof *state);
  return s2s__past_init(graph, network->config.decoder_layers, 2 * network->config.dim, &state->past);
}

/* What the rows of a block see: of themselves, where they have no past, those up to each token; and of the memory. */
static int32_t decoder_transformer_see(s2s__graph *graph, s2s__block *block, s2s__ragged **own) {
  *own = NULL;
  S2S__TRY(s2s__ragged_init(&block->ragged, graph->arena, block->rows, block->sentence, block->encoding->rows,
                            graph->error));
  if (block->state.past.way) return S2S_OK;
  S2S__GRAPH_TAKE(graph, s2s__ragged, 1, *own);
  return s2s__ragged_init_causal(*own, graph->arena, block->rows, graph->error);
}

static int32_t decoder_transformer_layer(s2s__graph *graph, const s2s__network *network, const s2s__block *block,
                                         size_t layer, const s2s__ragged *own, s2s__sight *cross, s2s__tensor **x) {
  const s2s__transformer *decoder = network->decoder;
  s2s__sight self = {.ragged = own, .past = own ? NULL : &block->state.past, .layer = layer};
  cross->memory = block->encoding->cross[layer];
  if (s2s__graph_records(graph)) cross->weights = NULL; /* each layer keeps its own */
  return s2s__transformer_forward(graph, &network->config, &decoder->layer[layer], block->rows,
                                  S2S__DROPOUT_DECODER_LAYER + 4 * layer, &self, cross, *x, x);
}

static int32_t decoder_transformer_block(s2s__graph *graph, const s2s__network *network, s2s__block *block) {
  const s2s__transformer *decoder = network->decoder;
  s2s__ragged *own;
  s2s__tensor *x;
  s2s__sight cross = {.ragged = &block->ragged};
  S2S__TRY(decoder_transformer_see(graph, block, &own));
  S2S__TRY(s2s__transformer_embed(graph, network, decoder, S2S_TARGET, block->ids, block->rows, &x));
  if (!s2s__graph_records(graph)) {
    S2S__TRY(s2s__graph_tensor(graph, network->config.heads, block->ragged.total, &cross.weights));
    S2S__TRY(s2s__graph_tensor(graph, x->rows, x->cols, &cross.query));
  }
  for (size_t l = 0; l < decoder->layers; l++)
    S2S__TRY(decoder_transformer_layer(graph, network, block, l, own, &cross, &x));
  block->query = cross.query;
  if (!own) s2s__past_next(&block->state.past);
  if (!s2s__graph_records(graph) || network->config.copy) S2S__TRY(s2s__multihead_mean(graph, cross.weights, &block->weights));
  S2S__TRY(s2s__layer_norm(graph, decoder->gain, decoder->bias, x, &block->output));
  return s2s__network_gate(graph, network, block, &block->output, 1);
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
