/* SPDX-License-Identifier: MIT
 *
 * nn and model: the pieces of Transformers against PyTorch, values and gradients within 1e-5: layer norm, positions,
 * attention with heads, whole encoder and decoder layers.
 */
#include "lab.h"

#include "model/transformer.h"

/* ---- layer norm, positions --------------------------------------------------------------------------------------- */

static void check_layer_norm(void) {
  lab l;
  s2s__tensor *y;
  lab_open(&l, "layernorm");
  const s2s__param *gain = lab_vector(&l, "weight"), *bias = lab_vector(&l, "bias");
  lab_fill(&l);
  const golden_tensor input = golden_get(&l.g, "input.x");
  const size_t cols = input.shape[input.rank - 1];
  s2s__tensor *x = lab_tensor(&l, input.value, input.count / cols, cols);
  must(&l, s2s__layer_norm(&l.graph, gain, bias, x, &y));
  lab_compare(&l, "y", y->data, golden_get(&l.g, "output.y").value, input.count);
  lab_compare_loss(&l, lab_seed(&l, y, golden_get(&l.g, "const.gy").value));
  lab_report(&l, "values");
  must(&l, s2s__graph_backward(&l.graph));
  lab_compare(&l, "x", x->grad, golden_get(&l.g, "grad.input.x").value, input.count);
  lab_compare_params(&l);
  lab_report(&l, "gradients");
  lab_close(&l);
}

static void check_positions(void) {
  static const char *const tables[] = {"output.pe_d8", "output.pe_d7", "output.pe_d64"};
  lab l;
  lab_open(&l, "positional");
  for (size_t i = 0; i < 3; i++) {
    const golden_tensor t = golden_get(&l.g, "%s", tables[i]);
    s2s__real *row = lab_take(&l, t.count, sizeof *row);
    for (size_t p = 0; p < t.shape[0]; p++) s2s__position_sinusoidal(p, t.shape[1], row + p * t.shape[1]);
    lab_compare(&l, tables[i], row, t.value, t.count);
  }
  lab_report(&l, "sines and cosines");
  lab_close(&l);
}

/* ---- rows of a batch -----------------------------------------------------------------------------------------------
 */

/* Sentences of the lengths in `name`, or all of `steps` tokens where there are none. */
static void rows_of(lab *l, const char *name, size_t count, size_t steps, s2s__rows *rows) {
  const golden_tensor lengths = golden_find(&l->g, "%s", name);
  size_t *length = lab_take(l, count, sizeof *length);
  for (size_t s = 0; s < count; s++) length[s] = lengths.value ? (size_t)lengths.value[s] : steps;
  must(l, s2s__rows_init(rows, &l->arena, length, count, &l->error));
}

typedef struct batch {
  s2s__rows rows;
  s2s__tensor *x;
} batch;

static batch batch_of(lab *l, const char *input, const char *lengths) {
  batch b;
  const golden_tensor t = golden_get(&l->g, "%s", input);
  rows_of(l, lengths, t.shape[0], t.shape[1], &b.rows);
  b.x = lab_tensor(l, lab_pack(l, t, &b.rows), b.rows.total, t.shape[2]);
  return b;
}

static void compare_gradient(lab *l, const batch *b, const char *name) {
  lab_compare(l, name, b->x->grad, lab_pack(l, golden_get(&l->g, "%s", name), &b->rows), b->x->rows * b->x->cols);
}

/* ---- attention with heads ------------------------------------------------------------------------------------------
 */

/* Query i's weights (counted over the batch) of head h in [B, heads, Tq, Tk]. */
static const float *weight_row(golden_tensor t, size_t i, size_t h) {
  return t.value + ((i / t.shape[2] * t.shape[1] + h) * t.shape[2] + i % t.shape[2]) * t.shape[3];
}

/* What each query sees: the real keys of its sentence; those up to itself when causal. */
static void ragged_of(lab *l, const s2s__rows *queries, const s2s__rows *memory, int causal, s2s__ragged *ragged) {
  const golden_tensor lengths = golden_find(&l->g, "const.key_lengths");
  size_t *length = lab_take(l, memory->count, sizeof *length);
  s2s__rows seen = *memory;
  for (size_t s = 0; s < memory->count; s++) length[s] = lengths.value ? (size_t)lengths.value[s] : memory->length[s];
  seen.length = length;
  must(l, s2s__ragged_init(ragged, &l->arena, queries, NULL, &seen, &l->error));
  if (!causal) return;
  must(l, s2s__ragged_init_causal(ragged, &l->arena, queries, &l->error));
  size_t *shorter = lab_take(l, queries->total, sizeof *shorter);
  for (size_t s = 0; s < queries->count; s++)
    for (size_t t = 0; t < queries->length[s]; t++) {
      const size_t i = queries->offset[s] + t;
      shorter[i] = t + 1 < length[s] ? t + 1 : length[s];
    }
  ragged->length = shorter; /* the offsets leave room for more */
}

/* Queries and memory projected each by all of in_proj: the rows that are not used get no gradient. */
static void check_heads(const char *name) {
  lab l;
  s2s__ragged ragged;
  s2s__tensor *q, *kv, *context, *weights = NULL, *y;
  lab_open(&l, name);
  const int cross = strstr(name, "cross") != NULL;
  const s2s__param *in = lab_matrix(&l, "in_proj_weight", S2S__WEIGHT_MULTIPLY);
  const s2s__param *in_bias = lab_vector(&l, "in_proj_bias");
  const s2s__param *out = lab_matrix(&l, "out_proj.weight", S2S__WEIGHT_MULTIPLY);
  const s2s__param *out_bias = lab_vector(&l, "out_proj.bias");
  lab_fill(&l);
  const batch query = batch_of(&l, "input.query", ""), memory = cross ? batch_of(&l, "input.key_value", "") : query;
  must(&l, s2s__linear(&l.graph, in, in_bias, query.x, &q));
  kv = q;
  if (cross) must(&l, s2s__linear(&l.graph, in, in_bias, memory.x, &kv));
  ragged_of(&l, &query.rows, &memory.rows, strstr(name, "causal") != NULL, &ragged);
  const size_t dim = query.x->cols;
  must(&l, s2s__multihead(&l.graph, (s2s__columns){q, 0}, (s2s__columns){kv, dim}, (s2s__columns){kv, 2 * dim}, dim,
                          golden_number(&l.g, "num_heads"), &ragged, NULL, 0, &context, &weights));
  must(&l, s2s__linear(&l.graph, out, out_bias, context, &y));
  lab_compare(&l, "y", y->data, lab_pack(&l, golden_get(&l.g, "output.y"), &query.rows), y->rows * y->cols);
  const golden_tensor wanted = golden_get(&l.g, "output.weights");
  for (size_t h = 0; h < wanted.shape[1]; h++)
    for (size_t i = 0; i < ragged.queries; i++)
      lab_compare(&l, "weights", weights->data + h * ragged.total + ragged.offset[i], weight_row(wanted, i, h),
                  ragged.length[i]);
  lab_compare_loss(&l, lab_seed(&l, y, lab_pack(&l, golden_get(&l.g, "const.gy"), &query.rows)));
  lab_report(&l, "values");
  must(&l, s2s__graph_backward(&l.graph));
  compare_gradient(&l, &query, "grad.input.query");
  if (cross) compare_gradient(&l, &memory, "grad.input.key_value");
  lab_compare_params(&l);
  lab_report(&l, "gradients");
  lab_close(&l);
}

/* ---- layers --------------------------------------------------------------------------------------------------------
 */

static void declare_heads(lab *l, const char *prefix, s2s__heads *heads) {
  char name[64];
  heads->count = golden_number(&l->g, "num_heads");
  snprintf(name, sizeof name, "%s.in_proj_weight", prefix);
  heads->in_weight = lab_matrix(l, name, S2S__WEIGHT_MULTIPLY);
  heads->dim = heads->in_weight->cols;
  snprintf(name, sizeof name, "%s.in_proj_bias", prefix);
  heads->in_bias = lab_vector(l, name);
  snprintf(name, sizeof name, "%s.out_proj.weight", prefix);
  heads->out_weight = lab_matrix(l, name, S2S__WEIGHT_MULTIPLY);
  snprintf(name, sizeof name, "%s.out_proj.bias", prefix);
  heads->out_bias = lab_vector(l, name);
}

static void declare_layer(lab *l, int crosses, s2s__transformer_layer *layer) {
  char name[64];
  memset(layer, 0, sizeof *layer);
  declare_heads(l, "self_attn", &layer->self);
  if (crosses) {
    declare_heads(l, "multihead_attn", &layer->cross);
    const size_t dim = layer->cross.in_weight->cols;
    must(l, s2s__params_split(&l->params, layer->cross.in_weight, dim, layer->cross.in_part, &l->error));
    must(l, s2s__params_split(&l->params, layer->cross.in_bias, dim, layer->cross.in_part_bias, &l->error));
  }
  layer->linear1 = lab_matrix(l, "linear1.weight", S2S__WEIGHT_MULTIPLY);
  layer->linear1_bias = lab_vector(l, "linear1.bias");
  layer->linear2 = lab_matrix(l, "linear2.weight", S2S__WEIGHT_MULTIPLY);
  layer->linear2_bias = lab_vector(l, "linear2.bias");
  for (size_t n = 0; n < (crosses ? 3u : 2u); n++) {
    snprintf(name, sizeof name, "norm%zu.weight", n + 1);
    layer->gain[n] = lab_vector(l, name);
    snprintf(name, sizeof name, "norm%zu.bias", n + 1);
    layer->bias[n] = lab_vector(l, name);
  }
}

static void check_layer(const char *name) {
  lab l;
  s2s__transformer_layer layer;
  s2s__ragged own, across;
  s2s__tensor *y;
  lab_open(&l, name);
  const int crosses = strstr(name, "decoder") != NULL;
  declare_layer(&l, crosses, &layer);
  lab_fill(&l);
  const batch in = batch_of(&l, "input.x", "const.lengths");
  batch memory = in;
  s2s__sight self = {.ragged = &own}, cross = {.ragged = &across};
  const s2s__config config = {.dim = in.x->cols,
                              .pre_norm = golden_number(&l.g, "norm_first") != 0,
                              .activation = strstr(name, "gelu") ? S2S__ACTIVATION_GELU : S2S__ACTIVATION_RELU};
  if (crosses) {
    memory = batch_of(&l, "input.memory", "const.memory_lengths");
    must(&l, s2s__heads_memory(&l.graph, &layer.cross, memory.x, &cross.memory));
    must(&l, s2s__ragged_init(&across, &l.arena, &in.rows, NULL, &memory.rows, &l.error));
    must(&l, s2s__ragged_init_causal(&own, &l.arena, &in.rows, &l.error));
  } else
    must(&l, s2s__ragged_init(&own, &l.arena, &in.rows, NULL, &in.rows, &l.error));
  must(&l, s2s__transformer_forward(&l.graph, &config, &layer, &in.rows, 1, &self, crosses ? &cross : NULL, in.x, &y));
  lab_compare(&l, "y", y->data, lab_pack(&l, golden_get(&l.g, "output.y"), &in.rows), y->rows * y->cols);
  lab_compare_loss(&l, lab_seed(&l, y, lab_pack(&l, golden_get(&l.g, "const.gy"), &in.rows)));
  lab_report(&l, "values");
  must(&l, s2s__graph_backward(&l.graph));
  compare_gradient(&l, &in, "grad.input.x");
  if (crosses) compare_gradient(&l, &memory, "grad.input.memory");
  lab_compare_params(&l);
  lab_report(&l, "gradients");
  lab_close(&l);
}

int main(void) {
  static const char *const heads[] = {"mha_self_padding", "mha_self_causal", "mha_self_causal_padding",
                                      "mha_cross_padding"};
  static const char *const layers[] = {"tf_encoder_layer_postnorm_relu", "tf_encoder_layer_postnorm_gelu",
                                       "tf_encoder_layer_prenorm_relu",  "tf_encoder_layer_prenorm_gelu",
                                       "tf_decoder_layer_postnorm_relu", "tf_decoder_layer_postnorm_gelu",
                                       "tf_decoder_layer_prenorm_relu",  "tf_decoder_layer_prenorm_gelu"};
  diag("cpu %s", fixture_kernels()->name);
  check_layer_norm();
  check_positions();
  for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) check_heads(heads[i]);
  for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) check_layer(layers[i]);
  diag("worst error %.2e", worst_of_all);
  return done();
}
