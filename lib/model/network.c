/* SPDX-License-Identifier: MIT
 *
 * Joining encoder, attention and decoder; the loop over time of decoders that are stepwise.
 */
#include "model/network.h"

#include "base/members.h"
#include "nn/coverage.h"

#include <math.h>
#include <string.h>

#define NETWORK_DECLARE_ENCODER(name) extern const s2s__encoder_type s2s__encoder_##name;
#define NETWORK_DECLARE_ATTENTION(name) extern const s2s__attention_type s2s__attention_##name;
#define NETWORK_DECLARE_DECODER(name) extern const s2s__decoder_type s2s__decoder_##name;
#define NETWORK_ENCODER(name) &s2s__encoder_##name,
#define NETWORK_ATTENTION(name) &s2s__attention_##name,
#define NETWORK_DECODER(name) &s2s__decoder_##name,
S2S__ENCODERS(NETWORK_DECLARE_ENCODER)
S2S__ATTENTIONS(NETWORK_DECLARE_ATTENTION)
S2S__DECODERS(NETWORK_DECLARE_DECODER)
static const s2s__encoder_type *const network_encoders[] = {S2S__ENCODERS(NETWORK_ENCODER)};
static const s2s__attention_type *const network_attentions[] = {S2S__ATTENTIONS(NETWORK_ATTENTION)};
static const s2s__decoder_type *const network_decoders[] = {S2S__DECODERS(NETWORK_DECODER)};

#define NETWORK_FIND(table, wanted, found)                                                                             \
  do {                                                                                                                 \
    for (size_t i_ = 0; i_ < sizeof(table) / sizeof *(table); i_++)                                                    \
      if (strcmp((table)[i_]->name, (wanted)) == 0) (found) = (table)[i_];                                             \
  } while (0)

const char *s2s__network_embedding_name(const s2s_options *options, int32_t side) {
  const s2s__encoder_type *encoder = NULL;
  const s2s__decoder_type *decoder = NULL;
  NETWORK_FIND(network_encoders, s2s__option_text(options, S2S__ENCODER_TYPE), encoder);
  NETWORK_FIND(network_decoders, s2s__option_text(options, S2S__DECODER_TYPE), decoder);
  if (!encoder || !decoder) return NULL;
  const int tied = s2s__option_choice(options, S2S__EMBEDDING_TIE) == S2S__TIE_ALL;
  return side == S2S_SOURCE && !tied ? encoder->embedding : decoder->embedding;
}

/* Numbers whose sum of squares is about one where they are multiplied up or are the output's weights too. */
int32_t s2s__network_embedding(s2s__network *network, int32_t side, s2s__error *error) {
  const s2s__config *c = &network->config;
  const size_t dim = c->embedding_dim[side];
  const int multiplied = c->tie == S2S__TIE_ALL || (side == S2S_TARGET && c->tie == S2S__TIE_TARGET);
  const int small = multiplied || (c->is_transformer[side] && c->scale_embedding);
  const char *name = side == S2S_SOURCE && c->tie != S2S__TIE_ALL ? network->encoder_type->embedding
                                                                  : network->decoder_type->embedding;
  if (side == S2S_TARGET && c->tie == S2S__TIE_ALL) {
    network->embedding[S2S_TARGET] = network->embedding[S2S_SOURCE];
    return S2S_OK;
  }
  return s2s__params_matrix(&network->params, name, c->vocabulary[side], dim,
                            multiplied ? S2S__WEIGHT_MULTIPLY : S2S__WEIGHT_ROWS, S2S__INIT_NORMAL,
                            small ? 1.0 / sqrt((double)dim) : 1.0, &network->embedding[side], error);
}

int32_t s2s__network_embed(s2s__graph *graph, const s2s__network *network, int32_t side, const int32_t *ids,
                           const s2s__rows *rows, s2s__tensor **x) {
  S2S__TRY(s2s__embedding(graph, network->embedding[side], ids, rows->total, x));
  return s2s__word_dropout(graph, *x, rows, side, x);
}

/* The output layer, its matrix tied or not. */
static int32_t network_declare_generator(s2s__network *n, s2s__error *error) {
  const s2s__config *c = &n->config;
  const size_t vocabulary = c->vocabulary[S2S_TARGET];
  if (c->tie == S2S__TIE_NONE)
    return s2s__params_linear(&n->params, "generator", vocabulary, n->output_dim, &n->generator_weight,
                              &n->generator_bias, error);
  if (n->output_dim != c->embedding_dim[S2S_TARGET])
    return s2s__fail(error, S2S_BAD_OPTION,
                     "embedding.tie needs a target embedding of the size of the decoder's output, %zu, not %zu; set "
                     "embedding.dim %zu or decoder.readout %zu",
                     n->output_dim, c->embedding_dim[S2S_TARGET], n->output_dim, c->embedding_dim[S2S_TARGET]);
  n->generator_weight = n->embedding[S2S_TARGET];
  return s2s__params_vector(&n->params, "generator.bias", vocabulary, 1.0 / sqrt((double)n->output_dim),
                            &n->generator_bias, error);
}

int32_t s2s__network_declare_gate(s2s__network *network, size_t in, s2s__error *error) {
  if (!network->config.copy) return S2S_OK;
  return s2s__params_linear(&network->params, "copy_gate", 1, in, &network->gate_weight, &network->gate_bias, error);
}

int32_t s2s__network_gate(s2s__graph *graph, const s2s__network *network, s2s__block *block, s2s__tensor *const *parts,
                          size_t count) {
  s2s__tensor *x;
  if (!network->config.copy) return S2S_OK;
  S2S__TRY(s2s__concat(graph, parts, count, &x));
  return s2s__linear(graph, network->gate_weight, network->gate_bias, x, &block->gate);
}

int32_t s2s__network_declare_coverage(s2s__network *network, size_t dim, s2s__error *error) {
  if (!network->config.coverage) return S2S_OK;
  return s2s__params_vector(&network->params, "attention.coverage", dim, 1.0 / sqrt((double)dim), &network->coverage,
                            error);
}

static int32_t network_declare(s2s__network *n, s2s__error *error) {
  S2S__TRY(n->encoder_type->declare(n, error));
  S2S__TRY(n->decoder_type->declare(n, error));
  if (n->attention_type) S2S__TRY(n->attention_type->declare(n, error));
  if (n->config.coverage && !n->coverage)
    return s2s__fail(error, S2S_BAD_OPTION, "attention.coverage yes is not for attention.type %s",
                     n->attention_type->name);
  return network_declare_generator(n, error);
}

int32_t s2s__network_declare(s2s__network *network, s2s__arena *arena, const s2s__kernels *kernels,
                             const s2s_options *options, size_t source_vocabulary, size_t target_vocabulary,
                             int training, s2s__error *error) {
  memset(network, 0, sizeof *network);
  network->kernels = kernels;
  s2s__params_init(&network->params, arena, kernels, training);
  S2S__TRY(s2s__config_read(&network->config, options, source_vocabulary, target_vocabulary, error));
  NETWORK_FIND(network_encoders, s2s__option_text(options, S2S__ENCODER_TYPE), network->encoder_type);
  if (!network->config.is_transformer[S2S_TARGET])
    NETWORK_FIND(network_attentions, s2s__option_text(options, S2S__ATTENTION_TYPE), network->attention_type);
  NETWORK_FIND(network_decoders, s2s__option_text(options, S2S__DECODER_TYPE), network->decoder_type);
  return network_declare(network, error);
}

int32_t s2s__network_allocate(s2s__network *network, s2s__error *error) {
  const s2s__config *c = &network->config;
  const size_t count = S2S__POSITIONS_KEPT * c->dim;
  S2S__TRY(s2s__params_allocate(&network->params, error));
  if (c->learned_positions || (!c->is_transformer[S2S_SOURCE] && !c->is_transformer[S2S_TARGET])) return S2S_OK;
  network->positions = S2S__TAKE(network->params.arena, s2s__real, count);
  if (!network->positions) return s2s__fail_memory(error, count * sizeof(s2s__real), "the positions");
  for (size_t p = 0; p < S2S__POSITIONS_KEPT; p++) s2s__position_sinusoidal(p, c->dim, network->positions + p * c->dim);
  return S2S_OK;
}

int32_t s2s__network_init(s2s__network *network, s2s__arena *arena, const s2s__kernels *kernels,
                          const s2s_options *options, size_t source_vocabulary, size_t target_vocabulary, int training,
                          s2s__error *error) {
  S2S__TRY(
      s2s__network_declare(network, arena, kernels, options, source_vocabulary, target_vocabulary, training, error));
  return s2s__network_allocate(network, error);
}

int32_t s2s__network_prepare(s2s__graph *graph, const s2s__network *network, s2s__encoding *encoding) {
  encoding->keys = NULL;
  if (network->decoder_type->prepare) S2S__TRY(network->decoder_type->prepare(graph, network, encoding));
  if (!network->attention_type) return S2S_OK;
  return network->attention_type->prepare(graph, network, encoding->states, &encoding->keys);
}

int32_t s2s__network_encode(s2s__graph *graph, const s2s__network *network, const int32_t *ids, const s2s__rows *rows,
                            s2s__encoding *encoding) {
  memset(encoding, 0, sizeof *encoding);
  encoding->rows = rows;
  S2S__TRY(network->encoder_type->forward(graph, network, ids, rows, encoding));
  return s2s__network_prepare(graph, network, encoding);
}

size_t s2s__network_query_dim(const s2s__network *network) {
  if (network->decoder_type->attend) return network->config.dim;
  return network->attention_type ? network->config.decoder_hidden : 0;
}

/* Scores against the keys with each query's coverage in them. */
static int32_t network_score(s2s__graph *graph, const s2s__network *network, s2s__block *block, s2s__tensor *queries,
                             s2s__tensor **scores) {
  s2s__tensor *keys = block->encoding->keys;
  s2s__ragged *ragged;
  if (!network->coverage || !block->coverage)
    return network->attention_type->score(graph, network, queries, keys, &block->ragged, scores);
  S2S__GRAPH_TAKE(graph, s2s__ragged, 1, ragged);
  S2S__TRY(s2s__coverage_keys(graph, keys, block->coverage, network->coverage, &block->ragged, &keys, ragged));
  return network->attention_type->score(graph, network, queries, keys, ragged, scores);
}

/* The penalty of these weights, and the coverage after them. */
static int32_t network_cover(s2s__graph *graph, const s2s__network *network, s2s__block *block) {
  if (!network->coverage) return S2S_OK;
  S2S__TRY(s2s__coverage_penalty(graph, block->coverage, block->weights, &block->ragged, &block->penalty));
  return s2s__coverage_add(graph, block->coverage, block->weights, &block->ragged, block->encoding->rows->steps,
                           &block->coverage);
}

int32_t s2s__network_attend(s2s__graph *graph, const s2s__network *network, s2s__block *block, s2s__tensor *queries,
                            s2s__tensor **context) {
  const s2s__encoding *encoding = block->encoding;
  s2s__tensor *scores, *kept;
  block->query = queries;
  S2S__TRY(s2s__ragged_init(&block->ragged, graph->arena, block->rows, block->sentence, encoding->rows, graph->error));
  const s2s__ragged *ragged = &block->ragged;
  if (network->decoder_type->attend)
    return network->decoder_type->attend(graph, network, queries, encoding, ragged, context, &block->weights);
  if (!network->attention_type->score) return network->attention_type->attend(graph, network, block, queries, context);
  S2S__TRY(network_score(graph, network, block, queries, &scores));
  S2S__TRY(s2s__softmax_ragged(graph, scores, ragged, &block->weights));
  S2S__TRY(network_cover(graph, network, block));
  S2S__TRY(s2s__dropout_weights(graph, block->weights, block->rows, ragged, &kept));
  return s2s__weighted_sum(graph, kept, encoding->states, ragged, context);
}

int32_t s2s__network_shortlist(s2s__graph *graph, const s2s__network *network, const int32_t *ids, size_t count,
                               s2s__shortlist **shortlist) {
  const s2s__weight *whole = network->generator_weight->weight;
  S2S__GRAPH_TAKE(graph, s2s__shortlist, 1, *shortlist);
  s2s__shortlist *s = *shortlist;
  *s = (s2s__shortlist){.count = count, .ids = ids};
  S2S__TRY(s2s__weight_init(&s->weight, graph->arena, whole->kernels, count, whole->in, S2S__WEIGHT_MULTIPLY,
                            whole->storage, graph->error));
  S2S__GRAPH_TAKE(graph, s2s__real, count, s->bias);
  s2s__weight_gather(whole, ids, &s->weight);
  for (size_t i = 0; i < count; i++) s->bias[i] = network->generator_bias->value[ids[i]];
  return S2S_OK;
}

size_t s2s__network_longest(const s2s__network *network, int32_t side) {
  const s2s__config *c = &network->config;
  return c->is_transformer[side] && c->learned_positions ? c->max_positions : SIZE_MAX;
}

int32_t s2s__network_logits(s2s__graph *graph, const s2s__network *network, const s2s__shortlist *shortlist,
                            s2s__tensor *output, s2s__tensor **logits) {
  if (shortlist) {
    const s2s__work work = s2s__graph_work(graph);
    S2S__TRY(s2s__graph_tensor(graph, output->rows, shortlist->count, logits));
    return s2s__weight_multiply(&shortlist->weight, &work, output->rows, output->data, output->cols, (*logits)->data,
                                shortlist->count, shortlist->bias, 0);
  }
  return s2s__linear(graph, network->generator_weight, network->generator_bias, output, logits);
}

int32_t s2s__decoder_state_select(s2s__graph *graph, const s2s__decoder_state *state, const size_t *index, size_t n,
                                  s2s__decoder_state *selected) {
  selected->count = state->count;
  for (size_t i = 0; i < state->count; i++) {
    selected->tensor[i] = NULL;
    if (state->tensor[i]) S2S__TRY(s2s__select_rows(graph, state->tensor[i], index, n, &selected->tensor[i]));
  }
  selected->past = state->past;
  return state->past.kept ? s2s__past_select(graph, &state->past, index, n, &selected->past) : S2S_OK;
}

s2s__outputs s2s__block_outputs(const s2s__block *block) {
  return (s2s__outputs){block->output, block->gate, block->gate ? block->weights : NULL, block->ragged, block->penalty};
}

/* ---- teacher forcing --------------------------------------------------------------------------------------------- */

/* All target tokens in one block. */
static int32_t network_forward_whole(s2s__graph *graph, const s2s__network *network, const s2s__example *example,
                                     const s2s__encoding *encoding, s2s__outputs *outputs) {
  s2s__block *block;
  S2S__GRAPH_TAKE(graph, s2s__block, 1, block);
  memset(block, 0, sizeof *block);
  block->encoding = encoding;
  block->rows = &example->target_rows;
  block->ids = example->input;
  S2S__TRY(network->decoder_type->start(graph, network, encoding, &block->state));
  S2S__TRY(network->decoder_type->block(graph, network, block));
  *outputs = s2s__block_outputs(block);
  return S2S_OK;
}

/* What one step needs in memory until the backward pass. */
typedef struct network_step {
  s2s__rows rows;
  s2s__block block;
} network_step;

/* Step t: the sentences still going on, longest first, and where their rows are. */
static int32_t network_step_init(s2s__graph *graph, const s2s__example *example, const s2s__encoding *encoding,
                                 size_t t, network_step **step, size_t **index) {
  const s2s__rows *target = &example->target_rows;
  const size_t n = target->active[t];
  int32_t *ids;
  uint64_t *stream;
  S2S__GRAPH_TAKE(graph, network_step, 1, *step);
  S2S__GRAPH_TAKE(graph, int32_t, n, ids);
  S2S__GRAPH_TAKE(graph, uint64_t, n, stream);
  S2S__GRAPH_TAKE(graph, size_t, n, *index);
  S2S__TRY(s2s__rows_init_step(&(*step)->rows, graph->arena, n, t, graph->error));
  for (size_t r = 0; r < n; r++) {
    const size_t s = target->order[r], row = target->offset[s] + t;
    ids[r] = example->input[row];
    stream[r] = target->stream ? target->stream[s] : s;
    (*index)[r] = row;
  }
  (*step)->rows.stream = stream;
  memset(&(*step)->block, 0, sizeof(*step)->block);
  (*step)->block.encoding = encoding;
  (*step)->block.rows = &(*step)->rows;
  (*step)->block.sentence = target->order;
  (*step)->block.ids = ids;
  return S2S_OK;
}

/* Rows 0 .. n-1, or the target order: how a step's state comes out of the one before. */
static int32_t network_first_rows(s2s__graph *graph, size_t n, size_t **index) {
  S2S__GRAPH_TAKE(graph, size_t, n, *index);
  for (size_t i = 0; i < n; i++) (*index)[i] = i;
  return S2S_OK;
}

/* Room for the outputs of all steps. */
static int32_t network_outputs_init(s2s__graph *graph, const s2s__network *network, const s2s__example *example,
                                    s2s__outputs *outputs) {
  const s2s__rows *target = &example->target_rows;
  S2S__TRY(s2s__graph_tensor(graph, target->total, network->output_dim, &outputs->rows));
  if (network->coverage) S2S__TRY(s2s__graph_tensor(graph, target->total, 1, &outputs->penalty));
  if (!network->config.copy) return S2S_OK;
  S2S__TRY(s2s__graph_tensor(graph, target->total, 1, &outputs->gate));
  S2S__TRY(s2s__ragged_init(&outputs->ragged, graph->arena, target, NULL, &example->source_rows, graph->error));
  return s2s__graph_tensor(graph, 1, outputs->ragged.total, &outputs->weights);
}

/* Those of a step become rows index[]. */
static int32_t network_outputs_place(s2s__graph *graph, const s2s__block *block, const size_t *index,
                                     const s2s__outputs *outputs) {
  S2S__TRY(s2s__place_rows(graph, block->output, index, outputs->rows));
  if (outputs->penalty) S2S__TRY(s2s__place_rows(graph, block->penalty, index, outputs->penalty));
  if (!outputs->gate) return S2S_OK;
  S2S__TRY(s2s__place_rows(graph, block->gate, index, outputs->gate));
  s2s__ragged *all;
  S2S__GRAPH_TAKE(graph, s2s__ragged, 1, all);
  *all = outputs->ragged;
  return s2s__place_ragged(graph, block->weights, &block->ragged, index, outputs->weights, all);
}

static int32_t network_forward_steps(s2s__graph *graph, const s2s__network *network, const s2s__example *example,
                                     const s2s__encoding *encoding, s2s__outputs *outputs) {
  const s2s__rows *target = &example->target_rows;
  s2s__decoder_state start;
  S2S__TRY(network->decoder_type->start(graph, network, encoding, &start));
  S2S__TRY(network_outputs_init(graph, network, example, outputs));
  const s2s__decoder_state *state = &start;
  const size_t *from = target->order;
  for (size_t t = 0; t < target->steps; t++) {
    network_step *step;
    size_t *index, *next;
    S2S__TRY(network_step_init(graph, example, encoding, t, &step, &index));
    S2S__TRY(s2s__decoder_state_select(graph, state, from, step->rows.count, &step->block.state));
    S2S__TRY(network->decoder_type->block(graph, network, &step->block));
    S2S__TRY(network_outputs_place(graph, &step->block, index, outputs));
    S2S__TRY(network_first_rows(graph, step->rows.count, &next));
    state = &step->block.state;
    from = next;
  }
  return S2S_OK;
}

int32_t s2s__network_forward(s2s__graph *graph, const s2s__network *network, const s2s__example *example,
                             s2s__encoding *encoding, s2s__outputs *outputs) {
  s2s__encoding *own;
  S2S__GRAPH_TAKE(graph, s2s__encoding, 1, own);
  S2S__TRY(s2s__network_encode(graph, network, example->source, &example->source_rows, own));
  if (encoding) *encoding = *own;
  memset(outputs, 0, sizeof *outputs);
  return network->decoder_type->is_stepwise(network) ? network_forward_steps(graph, network, example, own, outputs)
                                                     : network_forward_whole(graph, network, example, own, outputs);
}
