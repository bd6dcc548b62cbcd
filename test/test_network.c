/* SPDX-License-Identifier: MIT
 *
 * model: what connects a network's parts and no golden model has: bridges between stacks of different heights, the
 * attention's query in a stack, the places of dropout, and how parameters are drawn.
 */
#include "fixture.h"
#include "tap.h"

#include "base/cpu.h"
#include "search/decoder.h"

#include <math.h>

enum { SOURCES = 11, TARGETS = 9, MOST_DIM = 64 };

/* ---- a model that has read two sentences and begun to decode ----------------------------------------------------- */

typedef struct begun {
  s2s_model *model;
  s2s_encoder *encoder;
  s2s_memory *memory;
  s2s_decoder *decoder;
} begun;

static void begin(begun *b, const char *options) {
  static const int32_t ids[5] = {3, 7, 4, 9, 5};
  static const size_t lengths[2] = {3, 2};
  b->model = fixture_model(options, SOURCES, TARGETS);
  need(s2s_encoder_init(b->model, NULL, &b->encoder));
  need(s2s_encode_ids(b->encoder, ids, lengths, 2, &b->memory));
  need(s2s_decoder_init(b->model, NULL, &b->decoder));
  need(s2s_decoder_start(b->decoder, b->memory));
}

static void end(begun *b) {
  s2s_decoder_free(b->decoder);
  s2s_memory_free(b->memory);
  s2s_encoder_free(b->encoder);
  s2s_model_free(b->model);
}

static int same_tensor(const s2s__tensor *a, const s2s__tensor *b) {
  return a && b && a->rows == b->rows && a->cols == b->cols &&
         memcmp(a->data, b->data, a->rows * a->cols * sizeof *a->data) == 0;
}

/* ---- bridges ----------------------------------------------------------------------------------------------------- */

static void check_copy(void) {
  begun b;
  begin(&b, "embedding.dim 5 encoder.layers 3 encoder.hidden 4 decoder.layers 2 decoder.hidden 8");
  const s2s__decoder_state *state = &b.decoder->stepper.state;
  const s2s__recurrent_state *last = b.memory->encoding.last;
  ok(same_tensor(state->tensor[0], last[1].h) && same_tensor(state->tensor[1], last[2].h) &&
         same_tensor(state->tensor[2], last[1].c) && same_tensor(state->tensor[3], last[2].c),
     "a copied bridge takes the final states of the encoder's top layers, h and c");
  end(&b);
}

static void read_param(const s2s_model *model, const char *name, float *values) {
  for (size_t i = 0; i < s2s_model_parameter_count(model); i++)
    if (strcmp(s2s_model_parameter_name(model, i), name) == 0)
      need(s2s_model_parameter_read(model, i, values, s2s__param_size(model->network.params.item[i])));
}

/* Largest difference of a layer's state from tanh(W h + b), rows layer * H .. of W. */
static double bridge_difference(const begun *b, const s2s__tensor *state, size_t layer) {
  const s2s__tensor *h = b->memory->encoding.last[b->memory->encoding.layers - 1].h;
  float weight[MOST_DIM * MOST_DIM], bias[MOST_DIM];
  double most = 0;
  read_param(b->model, "bridge.weight", weight);
  read_param(b->model, "bridge.bias", bias);
  for (size_t i = 0; i < h->rows; i++)
    for (size_t j = 0; j < state->cols; j++) {
      const size_t out = layer * state->cols + j;
      double sum = (double)bias[out];
      for (size_t k = 0; k < h->cols; k++) sum += (double)weight[out * h->cols + k] * (double)h->data[i * h->cols + k];
      const double d = fabs(tanh(sum) - (double)state->data[i * state->cols + j]);
      if (!(d <= most)) most = d;
    }
  return most;
}

static void check_linear_bridge(void) {
  begun b;
  begin(&b,
        "embedding.dim 5 encoder.layers 2 encoder.hidden 4 decoder.layers 3 decoder.hidden 6 decoder.bridge linear");
  s2s__tensor *const *state = b.decoder->stepper.state.tensor;
  double most = 0;
  for (size_t layer = 0; layer < 3; layer++) {
    most = fmax(most, bridge_difference(&b, state[layer], layer));
    most = fmax(most, bridge_difference(&b, state[3 + layer], layer));
  }
  ok(most < 1e-6, "a linear bridge gives each layer its part of tanh(W h + b), for h and c");
  end(&b);
}

/* ---- the query --------------------------------------------------------------------------------------------------- */

/* Whether a step's attention is what the top layer's state, before it (bahdanau) or after it (luong), is answered. */
static void check_query(const char *order) {
  char options[200];
  begun b;
  s2s_attention *attention;
  float weights[3], query[MOST_DIM];
  const float *row;
  snprintf(options, sizeof options,
           "embedding.dim 5 encoder.layers 2 encoder.hidden 4 decoder.layers 2 decoder.hidden 8 decoder.order %s",
           order);
  begin(&b, options);
  const s2s__stepper *stepper = &b.decoder->stepper;
  const int before = strcmp(order, "bahdanau") == 0;
  need(s2s_decoder_step(b.decoder, (int32_t[]){1, 1}, (int32_t[]){0, 1}, 2, &row));
  if (before) memcpy(query, stepper->state.tensor[1]->data, 8 * sizeof *query);
  need(s2s_decoder_step(b.decoder, (int32_t[]){4, 5}, (int32_t[]){0, 1}, 2, &row));
  if (!before) memcpy(query, stepper->state.tensor[1]->data, 8 * sizeof *query);
  need(s2s_attention_init(b.model, NULL, &attention));
  need(s2s_attend(attention, b.memory, 0, query, 1, weights, NULL));
  ok(memcmp(weights, stepper->weights->data, sizeof weights) == 0, "%s: the query is the top layer's state %s the step",
     order, before ? "before" : "after");
  s2s_attention_free(attention);
  end(&b);
}

/* ---- dropout ----------------------------------------------------------------------------------------------------- */

static size_t dropped_units;

static void count_dropout(size_t n, uint64_t key, uint32_t threshold, s2s__real scale, const s2s__real *x,
                          s2s__real *y) {
  (void)key, (void)threshold, (void)scale;
  dropped_units += n;
  memmove(y, x, n * sizeof *y);
}

/* Units that a forward pass over S = 5 source and T = 7 target tokens offers to dropout. */
static size_t units_of(const char *text) {
  static const int32_t ids[7] = {3, 7, 4, 1, 5, 6, 2};
  static const size_t sources[2] = {3, 2}, targets[2] = {4, 3};
  s2s__kernels kernels = *fixture_kernels();
  s2s__arena arena;
  s2s__network network;
  s2s__graph graph;
  s2s__example example = {.source = ids, .input = ids, .expected = ids};
  s2s__tensor *logits;
  s2s__host host;
  s2s__error error;
  s2s_options *options = fixture_options(text);
  kernels.dropout = count_dropout;
  dropped_units = 0;
  s2s__host_init(&host);
  s2s__error_clear(&error);
  s2s__arena_init(&arena, &host);
  fixture_must(s2s__network_init(&network, &arena, &kernels, options, SOURCES, TARGETS, 1, &error), &error);
  fixture_must(s2s__params_draw(&network.params, 1, &error), &error);
  fixture_must(s2s__rows_init(&example.source_rows, &arena, sources, 2, &error), &error);
  fixture_must(s2s__rows_init(&example.target_rows, &arena, targets, 2, &error), &error);
  s2s__graph_init(&graph, &arena, &kernels, &error);
  graph.dropout = 0.5;
  fixture_must(s2s__network_forward(&graph, &network, &example, NULL, &logits), &error);
  s2s__arena_free(&arena);
  s2s_options_free(options);
  return dropped_units;
}

static void check_dropout(void) {
  const size_t s = 5, t = 7;
  is_int((int64_t)units_of("embedding.dim 3 encoder.layers 3 encoder.hidden 4 decoder.layers 2 decoder.hidden 8"),
         (int64_t)(s * 3 + 2 * s * 8 + t * 3 + t * 8 + t * 8),
         "dropout is on embeddings, between layers, and on the attentional state");
  is_int((int64_t)units_of("embedding.dim 3 encoder.layers 3 encoder.hidden 4 decoder.layers 2 decoder.hidden 8 "
                           "attention.input_feeding yes"),
         (int64_t)(s * 3 + 2 * s * 8 + t * 3 + t * 8 + t * 8), "the same with input feeding");
  is_int(
      (int64_t)units_of("embedding.dim 3 encoder.hidden 4 decoder.hidden 8 decoder.order bahdanau decoder.readout 6"),
      (int64_t)(s * 3 + t * 3 + t * 8), "in the bahdanau order, on the state before the readout");
  is_int((int64_t)units_of("embedding.dim 3 encoder.hidden 4 decoder.hidden 8 attention.type none"),
         (int64_t)(s * 3 + t * 3 + t * 8), "without attention, on the state");
}

/* ---- parameters -------------------------------------------------------------------------------------------------- */

static const char small[] = "embedding.dim 5 encoder.cell gru encoder.hidden 4 decoder.hidden 7 decoder.bridge linear "
                            "decoder.readout 6 attention.type additive";

static void draw_with(const s2s__kernels *kernels, int training, uint64_t seed, s2s__arena *arena,
                      s2s__network *network) {
  s2s__error error;
  s2s_options *options = fixture_options(small);
  s2s__error_clear(&error);
  fixture_must(s2s__network_init(network, arena, kernels, options, SOURCES, TARGETS, training, &error), &error);
  fixture_must(s2s__params_draw(&network->params, seed, &error), &error);
  s2s_options_free(options);
}

static int same_values(const s2s__network *a, const s2s__network *b, s2s__arena *arena) {
  s2s__error error;
  int same = a->params.count == b->params.count;
  s2s__error_clear(&error);
  for (size_t i = 0; same && i < a->params.count; i++) {
    const size_t n = s2s__param_size(a->params.item[i]);
    float *x = S2S__TAKE(arena, float, n), *y = S2S__TAKE(arena, float, n);
    fixture_must(s2s__param_read(a->params.item[i], arena, x, &error), &error);
    fixture_must(s2s__param_read(b->params.item[i], arena, y, &error), &error);
    same = memcmp(x, y, n * sizeof *x) == 0;
  }
  return same;
}

/* PyTorch's: embeddings normal, linear layers uniform in 1/sqrt(in), recurrent ones in 1/sqrt(hidden). */
static int is_drawn_as(const s2s__network *network, const char *name, double bound) {
  const s2s__param *p = NULL;
  for (size_t i = 0; i < network->params.count; i++)
    if (strcmp(network->params.item[i]->name, name) == 0) p = network->params.item[i];
  double most = 0;
  for (size_t i = 0; p && i < s2s__param_size(p); i++) most = fmax(most, fabs((double)p->value[i]));
  return most <= bound + 1e-7 && most > 0.8 * bound;
}

static void check_drawing(void) {
  s2s__host host;
  s2s__arena arena;
  s2s__network first, other;
  const char *name;
  s2s__host_init(&host);
  s2s__arena_init(&arena, &host);
  const uint32_t features = s2s__cpu_features();
  draw_with(s2s__kernels_choose("c", features), 1, 7, &arena, &first);
  for (size_t i = 0; (name = s2s__kernels_level(i, features)) != NULL; i++) {
    draw_with(s2s__kernels_choose(name, features), 0, 7, &arena, &other);
    ok(same_values(&first, &other, &arena), "%s: a seed draws the same parameters for running and for training", name);
  }
  draw_with(s2s__kernels_choose("c", features), 1, 8, &arena, &other);
  ok(!same_values(&first, &other, &arena), "another seed draws others");
  ok(is_drawn_as(&first, "encoder.rnn.weight_ih_l0", 1 / sqrt(4)) &&
         is_drawn_as(&first, "encoder.rnn.bias_hh_l0_reverse", 1 / sqrt(4)) &&
         is_drawn_as(&first, "bridge.weight", 1 / sqrt(8)) &&
         is_drawn_as(&first, "readout.weight", 1 / sqrt(5 + 8 + 7)) &&
         is_drawn_as(&first, "generator.weight", 1 / sqrt(6)),
     "layers are drawn within PyTorch's bounds");
  s2s__arena_free(&arena);
}

int main(void) {
  diag("cpu %s", fixture_kernels()->name);
  check_copy();
  check_linear_bridge();
  check_query("luong");
  check_query("bahdanau");
  check_dropout();
  check_drawing();
  return done();
}
