/* SPDX-License-Identifier: MIT
 *
 * Transformer layers: parameters and forward passes. See transformer.h.
 */
#include "model/transformer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TRANSFORMER_NAME = 96 };

/* ---- parameters ----------------------------------------------------------------------------------------------------
 */

/* PREFIX.kind as a matrix, Glorot's uniform as nn.Transformer's, or as a vector of one value. */
static int32_t transformer_matrix(s2s__params *params, const char *prefix, const char *kind, size_t rows, size_t cols,
                                  const s2s__param **param, s2s__error *error) {
  char name[2 * TRANSFORMER_NAME];
  snprintf(name, sizeof name, "%s.%s", prefix, kind);
  return s2s__params_matrix(params, name, rows, cols, S2S__WEIGHT_MULTIPLY, S2S__INIT_UNIFORM,
                            sqrt(6.0 / (double)(rows + cols)), param, error);
}

static int32_t transformer_vector(s2s__params *params, const char *prefix, const char *kind, size_t size, double value,
                                  const s2s__param **param, s2s__error *error) {
  char name[2 * TRANSFORMER_NAME];
  snprintf(name, sizeof name, "%s.%s", prefix, kind);
  return s2s__params_constant(params, name, size, value, param, error);
}

static int32_t transformer_norm(s2s__params *params, const char *prefix, size_t dim, const s2s__param **gain,
                                const s2s__param **bias, s2s__error *error) {
  S2S__TRY(transformer_vector(params, prefix, "weight", dim, 1, gain, error));
  return transformer_vector(params, prefix, "bias", dim, 0, bias, error);
}

static int32_t transformer_layer_declare(s2s__network *network, const char *prefix, size_t number, int crosses,
                                         s2s__transformer_layer *layer, s2s__error *error) {
  const size_t dim = network->config.dim, ffn = network->config.ffn, heads = network->config.heads;
  s2s__params *params = &network->params;
  char name[TRANSFORMER_NAME];
  snprintf(name, sizeof name, "%s.layers.%zu.self_attn", prefix, number);
  S2S__TRY(s2s__heads_declare(params, name, dim, heads, 0, &layer->self, error));
  snprintf(name, sizeof name, "%s.layers.%zu.multihead_attn", prefix, number);
  if (crosses) S2S__TRY(s2s__heads_declare(params, name, dim, heads, 1, &layer->cross, error));
  snprintf(name, sizeof name, "%s.layers.%zu", prefix, number);
  S2S__TRY(transformer_matrix(params, name, "linear1.weight", ffn, dim, &layer->linear1, error));
  S2S__TRY(transformer_vector(params, name, "linear1.bias", ffn, 0, &layer->linear1_bias, error));
  S2S__TRY(transformer_matrix(params, name, "linear2.weight", dim, ffn, &layer->linear2, error));
  S2S__TRY(transformer_vector(params, name, "linear2.bias", dim, 0, &layer->linear2_bias, error));
  for (size_t n = 0; n < (crosses ? 3u : 2u); n++) {
    snprintf(name, sizeof name, "%s.layers.%zu.norm%zu", prefix, number, n + 1);
    S2S__TRY(transformer_norm(params, name, dim, &layer->gain[n], &layer->bias[n], error));
  }
  return S2S_OK;
}

int32_t s2s__transformer_declare(s2s__network *network, const char *prefix, const char *positions, size_t layers,
                                 int crosses, s2s__transformer *transformer, s2s__error *error) {
  const s2s__config *c = &network->config;
  char name[TRANSFORMER_NAME];
  *transformer = (s2s__transformer){.layers = layers, .crosses = crosses};
  transformer->layer = s2s__arena_take_zeroed(network->params.arena, layers * sizeof *transformer->layer);
  if (!transformer->layer) return s2s__fail_memory(error, layers * sizeof *transformer->layer, "the layers");
  if (c->learned_positions)
    S2S__TRY(s2s__params_matrix(&network->params, positions, c->max_positions, c->dim, S2S__WEIGHT_ROWS,
                                S2S__INIT_NORMAL, 1.0 / sqrt((double)c->dim), &transformer->positions, error));
  for (size_t l = 0; l < layers; l++)
    S2S__TRY(transformer_layer_declare(network, prefix, l, crosses, &transformer->layer[l], error));
  snprintf(name, sizeof name, "%s.norm", prefix);
  return transformer_norm(&network->params, name, c->dim, &transformer->gain, &transformer->bias, error);
}

/* ---- layers --------------------------------------------------------------------------------------------------------
 */

/* What stands around each f: norm(x + dropout(f(x))) or x + dropout(f(norm(x))). */
typedef struct transformer_around {
  s2s__graph *graph;
  const s2s__config *config;
  const s2s__rows *rows;
  const s2s__param *gain, *bias;
  uint64_t site;
} transformer_around;

static int32_t transformer_before(const transformer_around *a, s2s__tensor *x, s2s__tensor **in) {
  if (!a->config->pre_norm) return *in = x, S2S_OK;
  return s2s__layer_norm(a->graph, a->gain, a->bias, x, in);
}

static int32_t transformer_after(const transformer_around *a, s2s__tensor *x, s2s__tensor *f, s2s__tensor **y) {
  S2S__TRY(s2s__dropout(a->graph, f, a->rows, a->site, &f));
  S2S__TRY(s2s__sum(a->graph, x, f, y));
  return a->config->pre_norm ? S2S_OK : s2s__layer_norm(a->graph, a->gain, a->bias, *y, y);
}

static int32_t transformer_feed_forward(const transformer_around *a, const s2s__transformer_layer *layer,
                                        s2s__tensor *x, s2s__tensor **y) {
  s2s__tensor *f;
  S2S__TRY(transformer_before(a, x, &f));
  S2S__TRY(s2s__linear(a->graph, layer->linear1, layer->linear1_bias, f, &f));
  S2S__TRY(s2s__activate(a->graph, a->config->activation, f, &f));
  S2S__TRY(s2s__dropout_at(a->graph, f, a->rows, a->site + 1, a->graph->feed_forward_dropout, &f));
  S2S__TRY(s2s__linear(a->graph, layer->linear2, layer->linear2_bias, f, &f));
  return transformer_after(a, x, f, y);
}

static int32_t transformer_look(const transformer_around *a, const s2s__heads *heads, s2s__sight *sight, s2s__tensor *x,
                                s2s__tensor **y) {
  s2s__tensor *f;
  S2S__TRY(transformer_before(a, x, &f));
  sight->rows = a->rows, sight->site = a->site;
  S2S__TRY(s2s__heads_attend(a->graph, heads, sight, f, &f));
  return transformer_after(a, x, f, y);
}

static int32_t transformer_sublayers(s2s__graph *graph, const s2s__config *config, const s2s__transformer_layer *layer,
                                     const s2s__rows *rows, uint64_t site, s2s__sight *self, s2s__sight *cross,
                                     s2s__tensor *x, s2s__tensor **y) {
  transformer_around a = {graph, config, rows, layer->gain[0], layer->bias[0], site};
  S2S__TRY(transformer_look(&a, &layer->self, self, x, &x));
  size_t norm = 1;
  if (cross) {
    a.gain = layer->gain[norm], a.bias = layer->bias[norm++], a.site = site + 1;
    S2S__TRY(transformer_look(&a, &layer->cross, cross, x, &x));
  }
  a.gain = layer->gain[norm], a.bias = layer->bias[norm], a.site = site + 2;
  return transformer_feed_forward(&a, layer, x, y);
}

/* Where nothing is recorded all layers work in the same memory, and only their outputs are kept. */
int32_t s2s__transformer_forward(s2s__graph *graph, const s2s__config *config, const s2s__transformer_layer *layer,
                                 const s2s__rows *rows, uint64_t site, s2s__sight *self, s2s__sight *cross,
                                 s2s__tensor *x, s2s__tensor **y) {
  if (s2s__graph_records(graph)) return transformer_sublayers(graph, config, layer, rows, site, self, cross, x, y);
  s2s__tensor *out, *last;
  S2S__TRY(s2s__graph_tensor(graph, x->rows, x->cols, &out));
  const s2s__mark mark = s2s__arena_mark(graph->arena);
  S2S__TRY(transformer_sublayers(graph, config, layer, rows, site, self, cross, x, &last));
  memcpy(out->data, last->data, out->rows * out->cols * sizeof *out->data);
  s2s__arena_rewind(graph->arena, mark);
  *y = out;
  return S2S_OK;
}

int32_t s2s__transformer_embed(s2s__graph *graph, const s2s__network *network, const s2s__transformer *transformer,
                               int32_t side, const int32_t *ids, const s2s__rows *rows, s2s__tensor **x) {
  const s2s__config *c = &network->config;
  const uint64_t site = side == S2S_SOURCE ? S2S__DROPOUT_SOURCE_EMBEDDING : S2S__DROPOUT_TARGET_EMBEDDING;
  S2S__TRY(s2s__network_embed(graph, network, side, ids, rows, x));
  const s2s__position_rows positions = {transformer->positions, network->positions};
  S2S__TRY(s2s__positions(graph, &positions, c->scale_embedding ? sqrt((double)c->dim) : 1, rows, *x, x));
  return s2s__dropout(graph, *x, rows, site, x);
}
