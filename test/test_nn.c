/* SPDX-License-Identifier: MIT
 *
 * nn: every layer against PyTorch, values and gradients within 1e-5 (largest difference over largest value, tensor by
 * tensor); then rows and dropout, which PyTorch has otherwise.
 */
#include "lab.h"

#include "nn/attend.h"
#include "nn/recurrent.h"
#include "train/optimizer.h"

/* ---- linear and embedding ---------------------------------------------------------------------------------------- */

static void check_linear(const char *name) {
  lab l;
  s2s__tensor *y;
  lab_open(&l, name);
  const golden_tensor input = golden_get(&l.g, "input.x");
  const size_t in = input.shape[input.rank - 1];
  const s2s__param *weight = lab_matrix(&l, "weight", S2S__WEIGHT_MULTIPLY), *bias = lab_vector(&l, "bias");
  lab_fill(&l);
  s2s__tensor *x = lab_tensor(&l, input.value, input.count / in, in);
  must(&l, s2s__linear(&l.graph, weight, bias, x, &y));
  lab_compare(&l, "y", y->data, golden_get(&l.g, "output.y").value, y->rows * y->cols);
  lab_compare_loss(&l, lab_seed(&l, y, golden_get(&l.g, "const.gy").value));
  lab_report(&l, "values");
  must(&l, s2s__graph_backward(&l.graph));
  lab_compare(&l, "x", x->grad, golden_get(&l.g, "grad.input.x").value, input.count);
  lab_compare_params(&l);
  lab_report(&l, "gradients");
  lab_close(&l);
}

static void check_embedding(void) {
  lab l;
  s2s__tensor *y;
  lab_open(&l, "embedding");
  const golden_tensor ids = golden_get(&l.g, "const.ids");
  const s2s__param *weight = lab_matrix(&l, "weight", S2S__WEIGHT_ROWS);
  lab_fill(&l);
  must(&l, s2s__embedding(&l.graph, weight, golden_ids(&l.g, ids), ids.count, &y));
  lab_compare(&l, "y", y->data, golden_get(&l.g, "output.y").value, y->rows * y->cols);
  lab_compare_loss(&l, lab_seed(&l, y, golden_get(&l.g, "const.gy").value));
  lab_report(&l, "values");
  must(&l, s2s__graph_backward(&l.graph));
  lab_compare_params(&l);
  lab_report(&l, "gradients");
  lab_close(&l);
}

/* ---- recurrent layers -------------------------------------------------------------------------------------------- */

enum { MOST_LAYERS = 4 };

typedef struct stack {
  size_t layers, directions; /* layer number n = l * directions + d, as in PyTorch's h_n */
  s2s__recurrent layer[MOST_LAYERS];
  s2s__recurrent_state initial[MOST_LAYERS], last[MOST_LAYERS];
  int has_initial;
} stack;

static const char *stack_name(char *name, const char *kind, size_t layer, size_t direction) {
  snprintf(name, 64, "%s_l%zu%s", kind, layer, direction ? "_reverse" : "");
  return name;
}

static const char *golden_cell(const golden *g) {
  const char *kind = golden_text(g, "kind");
  return strcmp(kind, "rnn_tanh") == 0 ? "rnn" : kind;
}

static void stack_declare(lab *l, stack *s) {
  char name[64];
  const s2s__cell *cell = s2s__cell_find(golden_cell(&l->g));
  s->layers = golden_number(&l->g, "num_layers");
  s->directions = golden_number(&l->g, "bidirectional") ? 2 : 1;
  for (size_t n = 0; n < s->layers * s->directions; n++) {
    const size_t at = n / s->directions, d = n % s->directions;
    s->layer[n].cell = cell;
    s->layer[n].hidden = golden_number(&l->g, "hidden_size");
    s->layer[n].weight_ih = lab_matrix(l, stack_name(name, "weight_ih", at, d), S2S__WEIGHT_MULTIPLY);
    s->layer[n].weight_hh = lab_matrix(l, stack_name(name, "weight_hh", at, d), S2S__WEIGHT_MULTIPLY);
    s->layer[n].bias_ih = lab_vector(l, stack_name(name, "bias_ih", at, d));
    s->layer[n].bias_hh = lab_vector(l, stack_name(name, "bias_hh", at, d));
  }
}

/* Part n of a golden [layers * directions, B, H]; NULL when it is not there. */
static const float *stack_part(const lab *l, const char *name, size_t n) {
  const golden_tensor t = golden_find(&l->g, "%s", name);
  return t.value ? t.value + n * t.shape[1] * t.shape[2] : NULL;
}

static void stack_initial(lab *l, stack *s, size_t sentences) {
  for (size_t n = 0; n < s->layers * s->directions; n++) {
    const float *h = stack_part(l, "input.h_0", n), *c = stack_part(l, "input.c_0", n);
    if (h) s->initial[n].h = lab_tensor(l, h, sentences, s->layer[n].hidden);
    if (c) s->initial[n].c = lab_tensor(l, c, sentences, s->layer[n].hidden);
    s->has_initial = h != NULL;
  }
}

static s2s__tensor *stack_forward(lab *l, stack *s, s2s__tensor *x, const s2s__rows *rows) {
  for (size_t at = 0; at < s->layers; at++) {
    s2s__tensor *out[2] = {NULL, NULL};
    for (size_t d = 0; d < s->directions; d++) {
      const size_t n = at * s->directions + d;
      must(l, s2s__recurrent_forward(&l->graph, &s->layer[n], x, rows, d == 1, s->has_initial ? &s->initial[n] : NULL,
                                     &out[d], &s->last[n]));
    }
    must(l, s2s__concat(&l->graph, out, 2, &x));
  }
  return x;
}

static void stack_compare_states(lab *l, const stack *s, const char *h, const char *c,
                                 const s2s__recurrent_state *states, int gradients) {
  for (size_t n = 0; n < s->layers * s->directions; n++) {
    const s2s__recurrent_state *state = &states[n];
    const size_t count = state->h->rows * state->h->cols;
    lab_compare(l, h, gradients ? state->h->grad : state->h->data, stack_part(l, h, n), count);
    if (state->c) lab_compare(l, c, gradients ? state->c->grad : state->c->data, stack_part(l, c, n), count);
  }
}

static double stack_seed(lab *l, stack *s) {
  double loss = 0;
  for (size_t n = 0; n < s->layers * s->directions; n++) {
    loss += lab_seed(l, s->last[n].h, stack_part(l, "const.g_h_n", n));
    if (s->last[n].c) loss += lab_seed(l, s->last[n].c, stack_part(l, "const.g_c_n", n));
  }
  return loss;
}

static void check_recurrent(const char *name) {
  lab l;
  stack s;
  s2s__rows rows;
  memset(&s, 0, sizeof s);
  lab_open(&l, name);
  const golden_tensor input = golden_get(&l.g, "input.x");
  stack_declare(&l, &s);
  lab_fill(&l);
  lab_rows(&l, input.shape[0], input.shape[1], &rows);
  stack_initial(&l, &s, rows.count);
  s2s__tensor *x = lab_tensor(&l, lab_pack(&l, input, &rows), rows.total, input.shape[2]);
  s2s__tensor *y = stack_forward(&l, &s, x, &rows);
  lab_compare(&l, "y", y->data, lab_pack(&l, golden_get(&l.g, "output.y"), &rows), y->rows * y->cols);
  stack_compare_states(&l, &s, "output.h_n", "output.c_n", s.last, 0);
  const double loss = stack_seed(&l, &s) + lab_seed(&l, y, lab_pack(&l, golden_get(&l.g, "const.gy"), &rows));
  lab_compare_loss(&l, loss);
  lab_report(&l, "values");
  must(&l, s2s__graph_backward(&l.graph));
  lab_compare(&l, "x", x->grad, lab_pack(&l, golden_get(&l.g, "grad.input.x"), &rows), x->rows * x->cols);
  if (s.has_initial) stack_compare_states(&l, &s, "grad.input.h_0", "grad.input.c_0", s.initial, 1);
  lab_compare_params(&l);
  lab_report(&l, "gradients");
  lab_close(&l);
}

/* ---- attention --------------------------------------------------------------------------------------------------- */

typedef struct gaze {
  s2s__rows memory_rows, query_rows;
  s2s__ragged ragged;
  s2s__tensor *memory, *query, *weights, *context;
} gaze;

/* Queries [B, Tq, Dq] are all real; memories [B, S, Dk] are packed by const.lengths. */
static void gaze_open(lab *l, gaze *z) {
  const golden_tensor query = golden_get(&l->g, "input.query"), key = golden_get(&l->g, "input.key");
  size_t *length = lab_take(l, query.shape[0], sizeof *length);
  for (size_t s = 0; s < query.shape[0]; s++) length[s] = query.shape[1];
  must(l, s2s__rows_init(&z->query_rows, &l->arena, length, query.shape[0], &l->error));
  lab_rows(l, key.shape[0], key.shape[1], &z->memory_rows);
  must(l, s2s__ragged_init(&z->ragged, &l->arena, &z->query_rows, NULL, &z->memory_rows, &l->error));
  z->query = lab_tensor(l, query.value, z->query_rows.total, query.shape[2]);
  z->memory = lab_tensor(l, lab_pack(l, key, &z->memory_rows), z->memory_rows.total, key.shape[2]);
}

/* The weights that stand for real states, of a padded [B, Tq, S]. */
static float *gaze_pack_weights(lab *l, const gaze *z, golden_tensor t) {
  float *packed = lab_take(l, z->ragged.total, sizeof *packed);
  for (size_t i = 0; i < z->ragged.queries; i++)
    memcpy(packed + z->ragged.offset[i], t.value + i * t.shape[2], z->ragged.length[i] * sizeof *packed);
  return packed;
}

/* Weights and context from scores. */
static void gaze_attend(lab *l, gaze *z, s2s__tensor *scores) {
  must(l, s2s__softmax_ragged(&l->graph, scores, &z->ragged, &z->weights));
  must(l, s2s__weighted_sum(&l->graph, z->weights, z->memory, &z->ragged, &z->context));
  lab_compare(l, "weights", z->weights->data, gaze_pack_weights(l, z, golden_get(&l->g, "output.weights")),
              z->ragged.total);
  lab_compare(l, "context", z->context->data, golden_get(&l->g, "output.context").value,
              z->context->rows * z->context->cols);
}

static void gaze_close(lab *l, gaze *z) {
  must(l, s2s__graph_backward(&l->graph));
  lab_compare(l, "query", z->query->grad, golden_get(&l->g, "grad.input.query").value, z->query->rows * z->query->cols);
  lab_compare(l, "key", z->memory->grad, lab_pack(l, golden_get(&l->g, "grad.input.key"), &z->memory_rows),
              z->memory->rows * z->memory->cols);
  lab_compare_params(l);
  lab_report(l, "gradients");
  lab_close(l);
}

static void gaze_seed(lab *l, gaze *z) {
  double loss = lab_seed(l, z->context, golden_get(&l->g, "const.g_context").value);
  loss += lab_seed(l, z->weights, gaze_pack_weights(l, z, golden_get(&l->g, "const.g_weights")));
  lab_compare_loss(l, loss);
  lab_report(l, "values");
}

static void check_additive(void) {
  lab l;
  gaze z;
  s2s__tensor *query, *keys, *scores;
  lab_open(&l, "attn_bahdanau");
  const s2s__param *query_weight = lab_matrix(&l, "query.weight", S2S__WEIGHT_MULTIPLY);
  const s2s__param *key_weight = lab_matrix(&l, "key.weight", S2S__WEIGHT_MULTIPLY);
  const s2s__param *key_bias = lab_vector(&l, "key.bias"), *v = lab_matrix(&l, "v.weight", S2S__WEIGHT_ROWS);
  lab_fill(&l);
  gaze_open(&l, &z);
  must(&l, s2s__linear(&l.graph, query_weight, NULL, z.query, &query));
  must(&l, s2s__linear(&l.graph, key_weight, key_bias, z.memory, &keys));
  must(&l, s2s__score_additive(&l.graph, query, keys, v, &z.ragged, &scores));
  gaze_attend(&l, &z, scores);
  gaze_seed(&l, &z);
  gaze_close(&l, &z);
}

/* W [q; m] as the attention makes it, from [q; 0] and [0; m]. */
static void check_concat_attention(void) {
  lab l;
  gaze z;
  s2s__tensor *x, *query, *keys, *scores;
  lab_open(&l, "attn_luong_concat");
  const s2s__param *linear = lab_matrix(&l, "linear.weight", S2S__WEIGHT_MULTIPLY);
  const s2s__param *v = lab_matrix(&l, "v.weight", S2S__WEIGHT_ROWS);
  lab_fill(&l);
  gaze_open(&l, &z);
  float *zeros = lab_take(&l, (z.query->rows + z.memory->rows) * linear->cols, sizeof *zeros);
  memset(zeros, 0, (z.query->rows + z.memory->rows) * linear->cols * sizeof *zeros);
  s2s__tensor *behind = lab_tensor(&l, zeros, z.query->rows, z.memory->cols);
  s2s__tensor *before = lab_tensor(&l, zeros, z.memory->rows, z.query->cols);
  must(&l, s2s__concat(&l.graph, (s2s__tensor *[]){z.query, behind}, 2, &x));
  must(&l, s2s__linear(&l.graph, linear, NULL, x, &query));
  must(&l, s2s__concat(&l.graph, (s2s__tensor *[]){before, z.memory}, 2, &x));
  must(&l, s2s__linear(&l.graph, linear, NULL, x, &keys));
  must(&l, s2s__score_additive(&l.graph, query, keys, v, &z.ragged, &scores));
  gaze_attend(&l, &z, scores);
  gaze_seed(&l, &z);
  gaze_close(&l, &z);
}

static void check_dot(void) {
  lab l;
  gaze z;
  s2s__tensor *scores;
  lab_open(&l, "attn_luong_dot");
  lab_fill(&l);
  gaze_open(&l, &z);
  must(&l, s2s__score_dot(&l.graph, z.query, z.memory, &z.ragged, &scores));
  gaze_attend(&l, &z, scores);
  gaze_seed(&l, &z);
  gaze_close(&l, &z);
}

static void gaze_general(lab *l, gaze *z, const s2s__param *linear_in) {
  s2s__tensor *keys, *scores;
  gaze_open(l, z);
  must(l, s2s__linear(&l->graph, linear_in, NULL, z->memory, &keys));
  must(l, s2s__score_dot(&l->graph, z->query, keys, &z->ragged, &scores));
  gaze_attend(l, z, scores);
}

static void check_general(void) {
  lab l;
  gaze z;
  lab_open(&l, "attn_luong_general");
  const s2s__param *linear_in = lab_matrix(&l, "linear_in.weight", S2S__WEIGHT_MULTIPLY);
  lab_fill(&l);
  gaze_general(&l, &z, linear_in);
  gaze_seed(&l, &z);
  gaze_close(&l, &z);
}

static void check_general_full(void) {
  lab l;
  gaze z;
  s2s__tensor *x;
  lab_open(&l, "attn_luong_general_full");
  const s2s__param *linear_in = lab_matrix(&l, "linear_in.weight", S2S__WEIGHT_MULTIPLY);
  const s2s__param *linear_out = lab_matrix(&l, "linear_out.weight", S2S__WEIGHT_MULTIPLY);
  lab_fill(&l);
  gaze_general(&l, &z, linear_in);
  must(&l, s2s__concat(&l.graph, (s2s__tensor *[]){z.context, z.query}, 2, &x));
  must(&l, s2s__linear(&l.graph, linear_out, NULL, x, &x));
  must(&l, s2s__tanh(&l.graph, x, &x));
  lab_compare(&l, "attn_h", x->data, golden_get(&l.g, "output.attn_h").value, x->rows * x->cols);
  lab_compare_loss(&l, lab_seed(&l, x, golden_get(&l.g, "const.gy").value));
  lab_report(&l, "values");
  gaze_close(&l, &z);
}

/* ---- cross-entropy ----------------------------------------------------------------------------------------------- */

/* Rows [n, cols] of those with a target; PyTorch's padding class has none. */
static size_t keep_rows(lab *l, const int32_t *targets, golden_tensor t, float **kept, int32_t **kept_targets) {
  const size_t cols = t.shape[2], rows = t.count / cols;
  size_t n = 0;
  *kept = lab_take(l, t.count, sizeof **kept);
  *kept_targets = lab_take(l, rows, sizeof **kept_targets);
  for (size_t r = 0; r < rows; r++) {
    if (targets[r] == 0) continue;
    (*kept_targets)[n] = targets[r];
    memcpy(*kept + n++ * cols, t.value + r * cols, cols * sizeof **kept);
  }
  return n;
}

static void check_cross_entropy(const char *name) {
  lab l;
  float *logits, *log_probs, *gradient;
  int32_t *targets;
  double loss, plain, reference = 0;
  lab_open(&l, name);
  const int32_t *padded = golden_ids(&l.g, golden_get(&l.g, "const.targets"));
  const golden_tensor input = golden_get(&l.g, "input.logits");
  const size_t cols = input.shape[2], n = keep_rows(&l, padded, input, &logits, &targets);
  keep_rows(&l, padded, golden_get(&l.g, "output.log_probs"), &log_probs, &targets);
  keep_rows(&l, padded, golden_get(&l.g, "grad.input.logits"), &gradient, &targets);
  s2s__tensor *x = lab_tensor(&l, logits, n, cols);
  s2s__real *row = lab_take(&l, n * cols, sizeof *row);
  for (size_t r = 0; r < n; r++) {
    l.graph.kernels->log_softmax(cols, x->data + r * cols, row + r * cols);
    reference -= (double)log_probs[r * cols + (size_t)targets[r]];
  }
  lab_compare(&l, "log_probs", row, log_probs, n * cols);
  must(&l, s2s__cross_entropy(&l.graph, x, targets, strtod(golden_text(&l.g, "eps"), NULL), 1.0 / (double)n, &loss,
                              &plain));
  const s2s__real sum = (s2s__real)loss, unsmoothed = (s2s__real)plain;
  const float wanted = (float)reference;
  lab_compare(&l, "loss_sum", &sum, golden_get(&l.g, "output.loss_sum").value, 1);
  lab_compare(&l, "plain loss", &unsmoothed, &wanted, 1);
  lab_compare_loss(&l, loss / (double)n);
  lab_report(&l, "values");
  lab_compare(&l, "logits", x->grad, gradient, n * cols);
  lab_report(&l, "gradients");
  lab_close(&l);
}

/* ---- optimiser --------------------------------------------------------------------------------------------------- */

typedef struct optimizer_case {
  const char *file, *name, *state[2];
  double rate;
  s2s__optimizer_settings settings;
} optimizer_case;

static void check_optimizer(const optimizer_case *c) {
  lab l;
  lab_open(&l, c->file);
  const golden_tensor start = golden_get(&l.g, "input.p0");
  const s2s__optimizer *optimizer = s2s__optimizer_find(c->name);
  s2s__real *value = lab_reals(&l, start.value, start.count);
  s2s__update u = {.kernels = l.graph.kernels,
                   .settings = c->settings,
                   .learning_rate = c->rate,
                   .gradient_scale = 1,
                   .value = value};
  for (size_t i = 0; i < 2; i++) u.state[i] = lab_take(&l, start.count, sizeof(s2s__real));
  for (u.number = 1; u.number <= 5; u.number++) {
    u.gradient = lab_reals(&l, golden_get(&l.g, "input.g%d", (int)u.number).value, start.count);
    optimizer->apply(&u, 0, start.count / 2); /* two threads' parts */
    optimizer->apply(&u, start.count / 2, start.count);
    lab_compare(&l, "p", value, golden_get(&l.g, "output.p%d", (int)u.number).value, start.count);
  }
  lab_report(&l, "five updates");
  for (size_t i = 0; i < optimizer->states && c->state[i]; i++) {
    lab_compare(&l, c->state[i], u.state[i], golden_get(&l.g, "output.state.%s", c->state[i]).value, start.count);
    lab_report(&l, c->state[i]);
  }
  lab_close(&l);
}

static void check_optimizers(void) {
  static const optimizer_case cases[] = {
      {"optim_adam", "adam", {"exp_avg", "exp_avg_sq"}, 0.01, {.beta1 = 0.9, .beta2 = 0.999}},
      {"optim_adam_b98", "adam", {"exp_avg", "exp_avg_sq"}, 0.01, {.beta1 = 0.9, .beta2 = 0.98}},
      {"optim_adam_l2", "adam", {"exp_avg", "exp_avg_sq"}, 0.01, {.beta1 = 0.9, .beta2 = 0.999, .weight_decay = 0.1}},
      {"optim_adamw", "adamw", {"exp_avg", "exp_avg_sq"}, 0.01, {.beta1 = 0.9, .beta2 = 0.999, .weight_decay = 0.1}},
      {"optim_sgd", "sgd", {NULL}, 0.1, {.momentum = 0}},
      {"optim_sgd_momentum", "sgd", {"momentum_buffer"}, 0.1, {.momentum = 0.9}},
      {"optim_sgd_nesterov_wd",
       "sgd",
       {"momentum_buffer"},
       0.1,
       {.momentum = 0.9, .weight_decay = 0.01, .nesterov = 1}},
      {"optim_adagrad", "adagrad", {"sum"}, 0.1, {.momentum = 0}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check_optimizer(&cases[i]);
}

/* The trainer's own clipping is held against golden_clip in test_model. */
static void check_clip(void) {
  lab l;
  static const double most[2] = {1, 100};
  lab_open(&l, "clip_grad_norm");
  for (size_t m = 0; m < 2; m++) {
    double square = 0;
    for (int part = 0; part < 2; part++) {
      const golden_tensor g = golden_get(&l.g, "input.g%d", part);
      square += l.graph.kernels->sum_squares(g.count, lab_reals(&l, g.value, g.count));
    }
    const s2s__real norm = (s2s__real)sqrt(square);
    lab_compare(&l, "norm", &norm, golden_get(&l.g, "output.max%d.norm", (int)most[m]).value, 1);
    for (int part = 0; part < 2; part++) {
      const golden_tensor g = golden_get(&l.g, "input.g%d", part);
      s2s__real *clipped = lab_reals(&l, g.value, g.count);
      l.graph.kernels->scale(g.count, (s2s__real)golden_clip(sqrt(square), most[m]), clipped);
      lab_compare(&l, "g", clipped, golden_get(&l.g, "output.max%d.g%d", (int)most[m], part).value, g.count);
    }
  }
  lab_report(&l, "norm and clipped gradients");
  lab_close(&l);
}

/* ---- rows and dropout -------------------------------------------------------------------------------------------- */

static void check_rows(void) {
  static const size_t length[5] = {2, 0, 3, 2, 1}, order[5] = {2, 0, 3, 4, 1}, active[3] = {4, 3, 1};
  lab l;
  s2s__rows rows;
  lab_open(&l, "linear");
  must(&l, s2s__rows_init(&rows, &l.arena, length, 5, &l.error));
  ok(rows.total == 8 && rows.steps == 3 && rows.offset[4] == 7, "rows of sentences stand one after another");
  ok(memcmp(rows.order, order, sizeof order) == 0, "sentences are ordered by length, equal ones as they came");
  ok(memcmp(rows.active, active, sizeof active) == 0, "a step's sentences are those longer than it");
  must(&l, s2s__rows_init(&rows, &l.arena, length + 1, 1, &l.error));
  ok(rows.count == 1 && rows.total == 0 && rows.steps == 0, "an empty sentence has no rows");
  lab_close(&l);
}

static s2s__tensor *dropped(lab *l, s2s__tensor *x, const s2s__rows *rows, uint64_t site) {
  s2s__tensor *y;
  must(l, s2s__dropout(&l->graph, x, rows, site, &y));
  return y;
}

/* Ones in, so that what comes out is the mask. */
static void check_dropout(void) {
  enum { ROWS = 40, COLS = 100 };
  static const uint64_t stream[2] = {7, 3}, swapped[2] = {3, 7};
  const size_t length[2] = {ROWS / 2, ROWS / 2};
  const double rate = 0.3;
  lab l;
  s2s__rows rows;
  size_t zeros = 0, scaled = 0;
  float ones[ROWS * COLS];
  for (size_t i = 0; i < ROWS * COLS; i++) ones[i] = 1;
  lab_open(&l, "linear");
  must(&l, s2s__rows_init(&rows, &l.arena, length, 2, &l.error));
  s2s__tensor *x = lab_tensor(&l, ones, ROWS, COLS);
  ok(dropped(&l, x, &rows, 1) == x, "dropout 0 does nothing");
  l.graph.dropout = rate;
  l.graph.dropout_key = 12345;
  rows.stream = stream;
  const s2s__tensor *mask = dropped(&l, x, &rows, 1), *again = dropped(&l, x, &rows, 1);
  for (size_t i = 0; i < ROWS * COLS; i++) {
    zeros += mask->data[i] == 0;
    scaled += fabs((double)mask->data[i] - 1 / (1 - rate)) < 1e-6;
  }
  const double share = (double)zeros / (ROWS * COLS), deviation = sqrt(rate * (1 - rate) / (ROWS * COLS));
  ok(zeros + scaled == ROWS * COLS, "a unit is dropped, or divided by the share that is kept");
  ok(fabs(share - rate) < 4 * deviation, "the share of dropped units is the rate (%.4f)", share);
  const size_t half = ROWS / 2 * COLS, bytes = half * sizeof(s2s__real);
  ok(memcmp(mask->data, again->data, 2 * bytes) == 0, "the same draw is made again");
  ok(memcmp(mask->data, dropped(&l, x, &rows, 2)->data, bytes) != 0, "another site draws other units");
  rows.stream = swapped;
  const s2s__tensor *other = dropped(&l, x, &rows, 1);
  ok(memcmp(mask->data, other->data + half, bytes) == 0 && memcmp(mask->data + half, other->data, bytes) == 0,
     "a sentence's draw does not depend on its place in the batch");
  l.graph.dropout_variational = 1;
  const s2s__tensor *whole = dropped(&l, x, &rows, 1);
  ok(memcmp(whole->data, whole->data + COLS, COLS * sizeof(s2s__real)) == 0 &&
         memcmp(whole->data, whole->data + half, COLS * sizeof(s2s__real)) != 0,
     "variational dropout draws once for a sentence");
  l.graph.dropout_variational = 0;
  rows.position = 1;
  const s2s__tensor *later = dropped(&l, x, &rows, 1);
  ok(memcmp(later->data, other->data + COLS, bytes - COLS * sizeof(s2s__real)) == 0,
     "a row's draw goes by its position in the sentence");
  lab_close(&l);
}

static s2s__tensor *without_words(lab *l, s2s__tensor *x, const s2s__rows *rows, int32_t side) {
  s2s__tensor *y;
  must(l, s2s__word_dropout(&l->graph, x, rows, side, &y));
  return y;
}

static void check_word_dropout(void) {
  enum { ROWS = 1000, COLS = 5 };
  const size_t length[2] = {ROWS / 2, ROWS / 2};
  const double rate = 0.4;
  lab l;
  s2s__rows rows;
  size_t zeros = 0, scaled = 0;
  float ones[ROWS * COLS];
  for (size_t i = 0; i < ROWS * COLS; i++) ones[i] = 1;
  lab_open(&l, "linear");
  must(&l, s2s__rows_init(&rows, &l.arena, length, 2, &l.error));
  s2s__tensor *x = lab_tensor(&l, ones, ROWS, COLS);
  l.graph.word_dropout[S2S_TARGET] = rate;
  l.graph.dropout_key = 12345;
  ok(without_words(&l, x, &rows, S2S_SOURCE) == x, "word dropout of the target leaves the source alone");
  const s2s__tensor *mask = without_words(&l, x, &rows, S2S_TARGET);
  for (size_t r = 0; r < ROWS; r++) {
    const s2s__real *row = mask->data + r * COLS;
    size_t same = 1;
    for (size_t i = 1; i < COLS; i++) same += row[i] == row[0];
    zeros += same == COLS && row[0] == 0;
    scaled += same == COLS && fabs((double)row[0] - 1 / (1 - rate)) < 1e-6;
  }
  const double share = (double)zeros / ROWS, deviation = sqrt(rate * (1 - rate) / ROWS);
  ok(zeros + scaled == ROWS, "a word is dropped as a whole, or divided by the share that is kept");
  ok(fabs(share - rate) < 4 * deviation, "the share of dropped words is the rate (%.4f)", share);
  l.graph.word_dropout[S2S_SOURCE] = rate;
  ok(memcmp(mask->data, without_words(&l, x, &rows, S2S_SOURCE)->data, sizeof(s2s__real) * ROWS * COLS) != 0,
     "the source draws other words");
  rows.position = 1;
  const s2s__tensor *later = without_words(&l, x, &rows, S2S_TARGET);
  ok(memcmp(later->data, mask->data + COLS, (ROWS / 2 - 1) * COLS * sizeof(s2s__real)) == 0,
     "a word's draw goes by its position in the sentence");
  lab_close(&l);
}

int main(void) {
  static const char *const recurrent[] = {
      "lstm_1l",   "lstm_1l_len", "lstm_1l_nobias",  "lstm_2l",     "lstm_bi_len",     "lstm_bi_2l_len",
      "lstm_wide", "gru_1l",      "gru_1l_len",      "gru_2l",      "gru_bi_len",      "gru_bi_2l_len",
      "gru_wide",  "rnn_tanh_1l", "rnn_tanh_1l_len", "rnn_tanh_2l", "rnn_tanh_bi_len", "rnn_tanh_bi_2l_len"};
  diag("cpu %s", fixture_kernels()->name);
  check_linear("linear");
  check_linear("linear_nobias");
  check_embedding();
  for (size_t i = 0; i < sizeof recurrent / sizeof *recurrent; i++) check_recurrent(recurrent[i]);
  check_additive();
  check_dot();
  check_concat_attention();
  check_general();
  check_general_full();
  check_cross_entropy("cross_entropy");
  check_cross_entropy("cross_entropy_ls0.1");
  check_optimizers();
  check_clip();
  check_rows();
  check_dropout();
  check_word_dropout();
  diag("worst error %.2e", worst_of_all);
  return done();
}
