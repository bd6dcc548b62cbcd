/* SPDX-License-Identifier: MIT
 *
 * Recurrent decoder with attention, in two orders. e is the embedding of the last token, f what is fed back.
 *
 * luong (Luong, Pham, Manning 2015; f only with input feeding, zero at first):
 *   s = rnn([e; f]);  c = attend(s);  o = f' = tanh(linear_out [c; s])
 * bahdanau (Bahdanau, Cho, Bengio 2015; the query is the top layer's state before the step):
 *   c = attend(s_prev);  s = rnn([e; c]);  o = s
 * Without attention there is neither c nor linear_out, and o = s.
 *
 * readout > 0 adds the deep output of Pascanu et al. 2014 as Bahdanau uses it: o = tanh(readout [e; c; o]).
 * The first state is the encoder's final one, layer for layer from the top (bridge copy), or
 * tanh(bridge(final state of the encoder's top layer)) cut into layers, for h and c alike (bridge linear).
 *
 * With residual connections (Wu et al. 2016) layers above the first add their input, as it was before dropout, to their
 * output. Luong's order asks with the sum, Bahdanau's with the top layer's own state.
 *
 * A decoder that copies decides between generating and copying by [e; c; s]. Coverage (nn/coverage.h) goes from step to step.
 *
 * State tensors: h of each layer, c of each layer (cells that have one), f, coverage.
 */
#include "model/stack.h"

#include <string.h>

typedef struct decoder_rnn {
  s2s__recurrent *stack;
  const s2s__param *bridge, *bridge_bias;
  const s2s__param *linear_out;
  const s2s__param *readout, *readout_bias;
} decoder_rnn;

/* Places in s2s__decoder_state. */
static size_t decoder_rnn_c(const s2s__config *c, size_t layer) { return c->decoder_layers + layer; }
static size_t decoder_rnn_feed(const s2s__config *c) {
  return c->decoder_layers * (c->decoder_cell->has_c ? 2 : 1);
}

static size_t decoder_rnn_coverage(const s2s__config *c) { return decoder_rnn_feed(c) + (c->input_feeding ? 1 : 0); }

static int decoder_rnn_feeds_context(const s2s__config *c) {
  return c->has_attention && c->order == S2S__ORDER_BAHDANAU;
}

/* ---- parameters -------------------------------------------------------------------------------------------------- */

static int32_t decoder_rnn_declare_output(s2s__network *network, decoder_rnn *decoder, s2s__error *error) {
  const s2s__config *c = &network->config;
  network->output_dim = c->decoder_hidden;
  S2S__TRY(s2s__network_declare_gate(network, c->embedding_dim[S2S_TARGET] + c->memory_dim + c->decoder_hidden, error));
  if (c->has_attention && c->order == S2S__ORDER_LUONG)
    S2S__TRY(s2s__params_linear(&network->params, "attention.linear_out", c->decoder_hidden,
                                c->memory_dim + c->decoder_hidden, &decoder->linear_out, NULL, error));
  if (c->readout == 0) return S2S_OK;
  const size_t in = c->embedding_dim[S2S_TARGET] + (c->has_attention ? c->memory_dim : 0) + c->decoder_hidden;
  network->output_dim = c->readout;
  return s2s__params_linear(&network->params, "readout", c->readout, in, &decoder->readout, &decoder->readout_bias,
                            error);
}

static int32_t decoder_rnn_declare(s2s__network *network, s2s__error *error) {
  const s2s__config *c = &network->config;
  s2s__params *params = &network->params;
  decoder_rnn *decoder = s2s__arena_take_zeroed(params->arena, sizeof *decoder);
  if (!decoder) return s2s__fail_memory(error, sizeof *decoder, "the decoder");
  network->decoder = decoder;
  size_t in = c->embedding_dim[S2S_TARGET];
  if (c->input_feeding) in += c->decoder_hidden;
  if (decoder_rnn_feeds_context(c)) in += c->memory_dim;
  S2S__TRY(s2s__network_embedding(network, S2S_TARGET, error));
  S2S__TRY(s2s__stack_declare(params, "decoder.rnn", c->decoder_cell, c->decoder_layers, 1, in, c->decoder_hidden,
                              c->decoder_norm, &decoder->stack, error));
  if (c->bridge == S2S__BRIDGE_LINEAR)
    S2S__TRY(s2s__params_linear(params, "bridge", c->decoder_layers * c->decoder_hidden, c->memory_dim,
                                &decoder->bridge, &decoder->bridge_bias, error));
  return decoder_rnn_declare_output(network, decoder, error);
}

/* ---- the first state --------------------------------------------------------------------------------------------- */

static int32_t decoder_rnn_start_copy(const s2s__config *c, const s2s__encoding *encoding, s2s__decoder_state *state) {
  for (size_t l = 0; l < c->decoder_layers; l++) {
    const s2s__recurrent_state *from = &encoding->last[encoding->layers - c->decoder_layers + l];
    state->tensor[l] = from->h;
    if (c->decoder_cell->has_c) state->tensor[decoder_rnn_c(c, l)] = from->c;
  }
  return S2S_OK;
}

/* b[n, layers * H] seen as [n * layers, H]: row n * layers + l is layer l's state. */
static int32_t decoder_rnn_start_linear(s2s__graph *graph, const s2s__network *network, const s2s__encoding *encoding,
                                        s2s__decoder_state *state) {
  const s2s__config *c = &network->config;
  const decoder_rnn *decoder = network->decoder;
  s2s__tensor *b;
  S2S__TRY(s2s__linear(graph, decoder->bridge, decoder->bridge_bias, encoding->last[encoding->layers - 1].h, &b));
  S2S__TRY(s2s__tanh(graph, b, &b));
  const size_t n = b->rows;
  b->rows *= c->decoder_layers; /* the same numbers and, in backward, the same gradients */
  b->cols = c->decoder_hidden;
  for (size_t l = 0; l < c->decoder_layers; l++) {
    size_t *index;
    S2S__GRAPH_TAKE(graph, size_t, n, index);
    for (size_t i = 0; i < n; i++) index[i] = i * c->decoder_layers + l;
    S2S__TRY(s2s__select_rows(graph, b, index, n, &state->tensor[l]));
    if (c->decoder_cell->has_c) state->tensor[decoder_rnn_c(c, l)] = state->tensor[l];
  }
  return S2S_OK;
}

static int32_t decoder_rnn_start(s2s__graph *graph, const s2s__network *network, const s2s__encoding *encoding,
                                 s2s__decoder_state *state) {
  const s2s__config *c = &network->config;
  memset(state, 0, sizeof *state);
  state->count = decoder_rnn_coverage(c) + (c->coverage ? 1 : 0);
  return c->bridge == S2S__BRIDGE_COPY ? decoder_rnn_start_copy(c, encoding, state)
                                       : decoder_rnn_start_linear(graph, network, encoding, state);
}

/* ---- a block ----------------------------------------------------------------------------------------------------- */

static int32_t decoder_rnn_layers(s2s__graph *graph, const s2s__network *network, s2s__block *block, s2s__tensor *x,
                                  s2s__tensor **y) {
  const s2s__config *c = &network->config;
  const decoder_rnn *decoder = network->decoder;
  for (size_t l = 0; l < c->decoder_layers; l++) {
    s2s__tensor **h = &block->state.tensor[l], **cell = &block->state.tensor[decoder_rnn_c(c, l)];
    s2s__recurrent_state state = {*h, c->decoder_cell->has_c ? *cell : NULL};
    s2s__tensor *in = x;
    if (l > 0) S2S__TRY(s2s__dropout(graph, x, block->rows, S2S__DROPOUT_DECODER_LAYER + l, &in));
    S2S__TRY(s2s__recurrent_forward(graph, &decoder->stack[l], in, block->rows, 0, &state, &in, &state));
    if (l > 0 && c->decoder_residual) S2S__TRY(s2s__sum(graph, x, in, &x));
    else x = in;
    *h = state.h;
    if (c->decoder_cell->has_c) *cell = state.c;
  }
  *y = x;
  return S2S_OK;
}

/* f of the first step is zero. */
static int32_t decoder_rnn_first_feed(s2s__graph *graph, const s2s__network *network, s2s__block *block) {
  s2s__tensor **feed = &block->state.tensor[decoder_rnn_feed(&network->config)];
  if (*feed) return S2S_OK;
  S2S__TRY(s2s__graph_tensor(graph, block->rows->count, network->config.decoder_hidden, feed));
  memset((*feed)->data, 0, (*feed)->rows * (*feed)->cols * sizeof(s2s__real));
  return S2S_OK;
}

static int32_t decoder_rnn_attend(s2s__graph *graph, const s2s__network *network, s2s__block *block, s2s__tensor *query,
                                  s2s__tensor **context) {
  s2s__tensor **coverage = &block->state.tensor[decoder_rnn_coverage(&network->config)];
  if (network->config.coverage) block->coverage = *coverage;
  S2S__TRY(s2s__network_attend(graph, network, block, query, context));
  if (network->config.coverage) *coverage = block->coverage;
  return S2S_OK;
}

static int32_t decoder_rnn_luong(s2s__graph *graph, const s2s__network *network, s2s__block *block, s2s__tensor *e,
                                 s2s__tensor **context, s2s__tensor **output) {
  const s2s__config *c = &network->config;
  const decoder_rnn *decoder = network->decoder;
  s2s__tensor *x = e;
  if (c->input_feeding) {
    S2S__TRY(decoder_rnn_first_feed(graph, network, block));
    S2S__TRY(s2s__concat(graph, (s2s__tensor *[]){e, block->state.tensor[decoder_rnn_feed(c)]}, 2, &x));
  }
  S2S__TRY(decoder_rnn_layers(graph, network, block, x, output));
  if (!c->has_attention) return s2s__dropout(graph, *output, block->rows, S2S__DROPOUT_OUTPUT, output);
  S2S__TRY(decoder_rnn_attend(graph, network, block, *output, context));
  S2S__TRY(s2s__network_gate(graph, network, block, (s2s__tensor *[]){e, *context, *output}, 3));
  S2S__TRY(s2s__concat(graph, (s2s__tensor *[]){*context, *output}, 2, &x));
  S2S__TRY(s2s__linear(graph, decoder->linear_out, NULL, x, &x));
  S2S__TRY(s2s__tanh(graph, x, &x));
  S2S__TRY(s2s__dropout(graph, x, block->rows, S2S__DROPOUT_OUTPUT, output));
  if (c->input_feeding) block->state.tensor[decoder_rnn_feed(c)] = *output;
  return S2S_OK;
}

static int32_t decoder_rnn_bahdanau(s2s__graph *graph, const s2s__network *network, s2s__block *block, s2s__tensor *e,
                                    s2s__tensor **context, s2s__tensor **output) {
  const s2s__config *c = &network->config;
  s2s__tensor *x = e;
  if (c->has_attention) {
    S2S__TRY(decoder_rnn_attend(graph, network, block, block->state.tensor[c->decoder_layers - 1], context));
    S2S__TRY(s2s__concat(graph, (s2s__tensor *[]){e, *context}, 2, &x));
  }
  S2S__TRY(decoder_rnn_layers(graph, network, block, x, output));
  S2S__TRY(s2s__network_gate(graph, network, block, (s2s__tensor *[]){e, *context, *output}, 3));
  return s2s__dropout(graph, *output, block->rows, S2S__DROPOUT_OUTPUT, output);
}

static int32_t decoder_rnn_block(s2s__graph *graph, const s2s__network *network, s2s__block *block) {
  const s2s__config *c = &network->config;
  const decoder_rnn *decoder = network->decoder;
  s2s__tensor *e, *context = NULL, *output;
  S2S__TRY(s2s__network_embed(graph, network, S2S_TARGET, block->ids, block->rows, &e));
  S2S__TRY(s2s__dropout(graph, e, block->rows, S2S__DROPOUT_TARGET_EMBEDDING, &e));
  if (c->order == S2S__ORDER_LUONG) S2S__TRY(decoder_rnn_luong(graph, network, block, e, &context, &output));
  else S2S__TRY(decoder_rnn_bahdanau(graph, network, block, e, &context, &output));
  if (c->readout) {
    S2S__TRY(s2s__concat(graph, (s2s__tensor *[]){e, context, output}, 3, &output));
    S2S__TRY(s2s__linear(graph, decoder->readout, decoder->readout_bias, output, &output));
    S2S__TRY(s2s__tanh(graph, output, &output));
  }
  block->output = output;
  return S2S_OK;
}

static int decoder_rnn_is_stepwise(const s2s__network *network) {
  const s2s__config *c = &network->config;
  return c->input_feeding || c->coverage || decoder_rnn_feeds_context(c);
}

const s2s__decoder_type s2s__decoder_rnn = {
    .name = "rnn",
    .embedding = "decoder.embedding.weight",
    .declare = decoder_rnn_declare,
    .start = decoder_rnn_start,
    .block = decoder_rnn_block,
    .is_stepwise = decoder_rnn_is_stepwise,
};
