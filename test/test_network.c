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
  const s2s__decoder_state *state = &b.decoder->searcher[0].stepper.state;
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
  s2s__tensor *const *state = b.decoder->searcher[0].stepper.state.tensor;
  double most = 0;
  for (size_t layer = 0; layer < 3; layer++) {
    most = fmax(most, bridge_difference(&b, state[layer], layer));
    most = fmax(most, bridge_difference(&b, state[3 + layer], layer));
  }
  ok(most < 1e-6, "a linear bridge gives each layer its part of tanh(W h + b), for h and c");
  end(&b);
}

/* ---- a part of the vocabulary ------------------------------------------------------------------------------------ */

/* The logits of a shortlist are those of the whole layer, bit for bit. */
static void check_shortlist(const char *options) {
  static const int32_t ids[] = {7, 2, 8, 3, 0};
  enum { ROWS = 3, COUNT = sizeof ids / sizeof *ids };
  s2s_model *model = fixture_model(options, SOURCES, TARGETS);
  const s2s__network *network = &model->network;
  s2s__host host;
  s2s__arena arena;
  s2s__error error = {0};
  s2s__graph graph;
  s2s__shortlist *list;
  s2s__tensor *output, *all, *some;
  s2s__host_init(&host);
  s2s__arena_init(&arena, &host);
  s2s__graph_init(&graph, &arena, model->kernels, &error);
  fixture_must(s2s__graph_tensor(&graph, ROWS, network->output_dim, &output), &error);
  for (size_t i = 0; i < ROWS * network->output_dim; i++) output->data[i] = (s2s__real)(0.37 * (double)(i % 11) - 1.5);
  fixture_must(s2s__network_shortlist(&graph, network, ids, COUNT, &list), &error);
  fixture_must(s2s__network_logits(&graph, network, NULL, output, &all), &error);
  fixture_must(s2s__network_logits(&graph, network, list, output, &some), &error);
  int same = some->cols == COUNT && all->cols == TARGETS;
  for (size_t r = 0; r < ROWS && same; r++)
    for (size_t j = 0; j < COUNT; j++)
      same =
          same && memcmp(&some->data[r * COUNT + j], &all->data[r * TARGETS + (size_t)ids[j]], sizeof *all->data) == 0;
  ok(same, "a shortlist's logits are the whole layer's: %s", options);
  s2s__arena_free(&arena);
  s2s_model_free(model);
}

/* ---- learned positions ------------------------------------------------------------------------------------------- */

/* A source past the last position is refused; a target ends there. */
static void check_learned_positions(void) {
  static const int32_t ids[6] = {3, 4, 5, 6, 7, 8};
  s2s_model *model =
      fixture_model("encoder.type transformer decoder.type transformer transformer.dim 8 transformer.heads 2 "
                    "transformer.ffn 8 transformer.positions learned transformer.max_positions 5",
                    SOURCES, TARGETS);
  s2s_encoder *encoder;
  s2s_decoder *decoder;
  s2s_memory *memory;
  s2s_result *result;
  need(s2s_encoder_init(model, NULL, &encoder));
  ok(s2s_encode_ids(encoder, ids, (size_t[]){6}, 1, &memory) == S2S_LIMIT &&
         strstr(s2s_error_message(), "transformer.max_positions"),
     "refused: %s", s2s_error_message());
  need(s2s_encode_ids(encoder, ids, (size_t[]){5}, 1, &memory));
  need(s2s_decoder_init(model, NULL, &decoder));
  need(s2s_decode(decoder, memory, &result));
  size_t longest = 0, count;
  for (size_t rank = 0; rank < s2s_result_hypotheses(result, 0); rank++) {
    (void)s2s_result_tokens(result, 0, rank, &count);
    if (count > longest) longest = count;
  }
  ok(longest <= 5, "a target ends with the last position");
  s2s_result_free(result);
  s2s_decoder_free(decoder);
  s2s_memory_free(memory);
  s2s_encoder_free(encoder);
  s2s_model_free(model);
}

/* ---- sizes that do not fit --------------------------------------------------------------------------------------- */

static void check_refusals(void) {
  static const char *const cases[][2] = {
      {"encoder.hidden 4 decoder.hidden 6 decoder.bridge linear attention.type dot",
       "attention.type dot needs decoder.hidden equal to the encoder's state of 8, not 6"},
      {"encoder.hidden 4 decoder.hidden 6", "decoder.bridge copy needs decoder.hidden equal"},
      {"encoder.hidden 4 decoder.hidden 8 attention.type none attention.input_feeding yes",
       "attention.input_feeding yes needs an attention.type"},
      {"encoder.type transformer decoder.type transformer transformer.dim 6 transformer.heads 4",
       "transformer.heads 4 does not divide transformer.dim 6"},
      {"decoder.type transformer transformer.dim 6 transformer.heads 2 encoder.hidden 4",
       "decoder.type transformer needs transformer.dim equal to the encoder's state of 8, not 6"},
      {"encoder.type transformer transformer.dim 8 decoder.hidden 8",
       "encoder.type transformer has no recurrent state to copy; set decoder.bridge linear"},
      {"encoder.hidden 4 decoder.hidden 8 embedding.dim 5 embedding.tie target",
       "embedding.tie needs a target embedding of the size of the decoder's output, 8, not 5"},
      {"encoder.hidden 4 decoder.hidden 8 embedding.dim 8 embedding.tie all source.tokens chars",
       "embedding.tie all needs source.tokens and target.tokens to be the same"},
      {"encoder.hidden 4 decoder.hidden 8 attention.type multihead attention.heads 3",
       "attention.heads 3 does not divide decoder.hidden 8"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    s2s__arena arena;
    s2s__host host;
    s2s__network network;
    s2s__error error = {0};
    s2s_options *options = fixture_options(cases[i][0]);
    s2s__host_init(&host);
    s2s__arena_init(&arena, &host);
    const int32_t status = s2s__network_init(&network, &arena, fixture_kernels(), options, 9, 9, 0, &error);
    ok(status == S2S_BAD_OPTION && strstr(error.text, cases[i][1]), "refused: %s", error.text);
    s2s__arena_free(&arena);
    s2s_options_free(options);
  }
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
  const s2s__stepper *stepper = &b.decoder->searcher[0].stepper;
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

/* ---- residual connections ---------------------------------------------------------------------------------------- */

/* With all weights of the upper layers zero an LSTM's layer gives zero, so a residual stack gives what its first layer
 * does. */
static void check_residual(void) {
  static const char *const sizes =
      "embedding.dim 5 encoder.hidden 4 encoder.layers 3 decoder.hidden 8 encoder.residual yes decoder.residual yes";
  begun b;
  begin(&b, sizes);
  float zeros[32 * 8] = {0};
  s2s_model *flat = fixture_model(sizes, SOURCES, TARGETS);
  for (size_t i = 0; i < s2s_model_parameter_count(flat); i++) {
    const char *name = s2s_model_parameter_name(flat, i);
    if (strncmp(name, "encoder.rnn", 11) == 0 && !strstr(name, "_l0"))
      need(s2s_model_parameter_write(flat, i, zeros, s2s__param_size(flat->network.params.item[i])));
  }
  s2s_encoder *encoder;
  s2s_memory *memory;
  need(s2s_encoder_init(flat, NULL, &encoder));
  need(s2s_encode_ids(encoder, (int32_t[]){3, 7, 4, 9, 5}, (size_t[]){3, 2}, 2, &memory));
  const s2s__tensor *states = memory->encoding.states, *first = memory->encoding.last[0].h;
  ok(states->cols == 8 && memcmp(states->data + 2 * 8, first->data, 4 * sizeof *states->data) == 0 &&
         memcmp(states->data + 2 * 8, b.memory->encoding.states->data + 2 * 8, 8 * sizeof *states->data) != 0,
     "a residual layer adds its input: layers of zeros change nothing");
  s2s_memory_free(memory);
  s2s_encoder_free(encoder);
  s2s_model_free(flat);
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

static double unit_rate = 0.5, weight_rate = 0;

/* Units that a forward pass over S = 5 source and T = 7 target tokens offers to dropout. */
static size_t units_of(const char *text) {
  static const int32_t ids[7] = {3, 7, 4, 1, 5, 6, 2};
  static const size_t sources[2] = {3, 2}, targets[2] = {4, 3};
  s2s__kernels kernels = *fixture_kernels();
  s2s__arena arena;
  s2s__network network;
  s2s__graph graph;
  s2s__example example = {.source = ids, .input = ids, .expected = ids};
  s2s__outputs outputs;
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
  graph.dropout = graph.feed_forward_dropout = unit_rate;
  graph.attention_dropout = weight_rate;
  fixture_must(s2s__network_forward(&graph, &network, &example, NULL, &outputs), &error);
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
  unit_rate = 0,
  weight_rate = 0.5; /* weights: of 3 and 2 source tokens, of 4 and 3 target tokens that see those before */
  is_int((int64_t)units_of("encoder.type transformer decoder.type transformer transformer.dim 8 transformer.heads 2 "
                           "encoder.layers 3 decoder.layers 1"),
         2 * (3 * (9 + 4) + (10 + 6) + (4 * 3 + 3 * 2)), "dropout.attention is on each head's weights");
  static const char *const recurrent[] = {"attention.type dot", "attention.type general attention.input_feeding yes",
                                          "attention.type concat", "attention.type additive decoder.order bahdanau",
                                          "attention.type additive attention.coverage yes"};
  for (size_t i = 0; i < sizeof recurrent / sizeof *recurrent; i++) {
    char text[128];
    snprintf(text, sizeof text, "embedding.dim 3 encoder.hidden 4 decoder.hidden 8 %s", recurrent[i]);
    is_int((int64_t)units_of(text), 4 * 3 + 3 * 2, "and on those of a recurrent decoder: %s", recurrent[i]);
  }
  is_int(
      (int64_t)units_of("embedding.dim 3 encoder.hidden 4 decoder.hidden 8 attention.type multihead attention.heads 2"),
      2 * (4 * 3 + 3 * 2), "on each head's there too");
  unit_rate = 0.5, weight_rate = 0;
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
  check_shortlist("embedding.dim 5 encoder.hidden 4 decoder.hidden 8");
  check_shortlist("embedding.dim 8 encoder.hidden 4 decoder.hidden 8 embedding.tie target");
  check_learned_positions();
  check_residual();
  check_refusals();
  check_copy();
  check_linear_bridge();
  check_query("luong");
  check_query("bahdanau");
  check_dropout();
  check_drawing();
  return done();
}
