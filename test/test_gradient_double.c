/* SPDX-License-Identifier: MIT
 *
 * nn: gradients of every operation against central differences, in double precision, to 1e-7: alone, beside another use
 * of its input, and twice.
 *
 *     test_gradient_double [--seed N]
 */
#include "test_gradient_double.h"

#include "nn/attend.h"
#include "nn/layers.h"
#include "nn/recurrent.h"

enum { MOST_LEAVES = 4, MOST_PARAMS = 4, MOST_OUTPUTS = 6 };

/* ---- a rig: leaves and parameters, an operation, and the loss sum(y * g) for fixed g ----------------------------- */

typedef struct rig rig;
typedef int32_t (*rig_forward)(rig *r);

struct rig {
  s2s__arena arena, run; /* run: reset before every evaluation */
  s2s__graph graph;
  s2s__error error;
  s2s__params params;
  const s2s__param *param[MOST_PARAMS];
  size_t param_count;
  s2s__tensor leaf[MOST_LEAVES];
  size_t leaves;
  s2s__tensor *output[MOST_OUTPUTS];
  size_t outputs;
  double loss; /* added to that of the outputs */
  rig_forward forward;
  /* what operations are told */
  s2s__rows rows, memory;
  s2s__ragged ragged;
  s2s__recurrent layer;
  const size_t *index;
  const int32_t *ids;
  int reverse, has_initial;
  double smoothing;
};

static void must(rig *r, int32_t status) { fixture_must(status, &r->error); }

static void rig_open(rig *r) {
  s2s__host host;
  memset(r, 0, sizeof *r);
  s2s__host_init(&host);
  s2s__arena_init(&r->arena, &host);
  s2s__arena_init(&r->run, &host);
  s2s__graph_init(&r->graph, &r->run, fixture_kernels(), &r->error);
  s2s__params_init(&r->params, &r->arena, r->graph.kernels, 1);
}

static void rig_close(rig *r) {
  s2s__arena_free(&r->run);
  s2s__arena_free(&r->arena);
}

static void rig_leaf(rig *r, size_t rows, size_t cols) {
  s2s__tensor *t = &r->leaf[r->leaves++];
  *t = (s2s__tensor){S2S__TAKE(&r->arena, s2s__real, rows * cols), NULL, rows, cols};
  for (size_t i = 0; i < rows * cols; i++) t->data[i] = draw();
}

static const s2s__param *rig_matrix(rig *r, size_t rows, size_t cols, s2s__weight_use use) {
  must(r, s2s__params_matrix(&r->params, "w", rows, cols, use, S2S__INIT_UNIFORM, 1, &r->param[r->param_count],
                             &r->error));
  return r->param[r->param_count++];
}

static const s2s__param *rig_vector(rig *r, size_t size) {
  must(r, s2s__params_vector(&r->params, "b", size, 1, &r->param[r->param_count], &r->error));
  return r->param[r->param_count++];
}

static void rig_fill(rig *r) {
  must(r, s2s__params_allocate(&r->params, &r->error));
  r->graph.gradient = S2S__TAKE(&r->arena, s2s__real, r->params.total + 1);
  params_fill(&r->params, 1);
}

static void rig_output(rig *r, s2s__tensor *y) { r->output[r->outputs++] = y; }

/* The fixed gradient of number i of an output. */
static double cotangent(size_t output, size_t i) { return 2 * s2s__uniform(seed + output, i) - 1; }

static void rig_seed(rig *r, size_t n) {
  s2s__tensor *y = r->output[n];
  s2s__real *grad = NULL;
  must(r, s2s__graph_gradient(&r->graph, y, &grad));
  for (size_t i = 0; i < y->rows * y->cols; i++) grad[i] += cotangent(n, i);
}

/* The loss; with `backward` also all gradients. Recording, so that no layer works in the leaves' own memory. */
static double rig_evaluate(rig *r, int backward) {
  s2s__arena_reset(&r->run);
  memset(r->graph.gradient, 0, r->params.total * sizeof(s2s__real));
  for (size_t i = 0; i < r->leaves; i++) r->leaf[i].grad = NULL;
  r->graph.recording = 1;
  r->graph.tape = NULL;
  r->outputs = 0;
  r->loss = 0;
  must(r, r->forward(r));
  for (size_t n = 0; n < r->outputs; n++)
    for (size_t i = 0; i < r->output[n]->rows * r->output[n]->cols; i++)
      r->loss += r->output[n]->data[i] * cotangent(n, i);
  if (!backward) return r->loss;
  for (size_t n = 0; n < r->outputs; n++) rig_seed(r, n);
  must(r, s2s__graph_backward(&r->graph));
  return r->loss;
}

/* The loss where one number is moved; `param` (may be NULL) is packed again. */
static double rig_at(rig *r, s2s__real *value, double distance, const s2s__param *param) {
  const double was = *value;
  *value = was + distance;
  if (param) s2s__param_pack(param);
  const double loss = rig_evaluate(r, 0);
  *value = was;
  if (param) s2s__param_pack(param);
  return loss;
}

static double rig_difference(rig *r, s2s__real *value, const s2s__param *param) {
  return slope(rig_at(r, value, STEP, param), rig_at(r, value, -STEP, param), rig_at(r, value, 2 * STEP, param),
               rig_at(r, value, -2 * STEP, param));
}

/* Largest error of n gradients over the largest of them. */
static double rig_compare(rig *r, s2s__real *values, const double *gradient, size_t n, const s2s__param *param) {
  double difference = 0, most = 1e-3;
  for (size_t i = 0; i < n; i++) {
    const double d = fabs(rig_difference(r, values + i, param) - gradient[i]);
    if (!(d <= difference)) difference = d;
    if (fabs(gradient[i]) > most) most = fabs(gradient[i]);
  }
  return difference / most;
}

static double rig_error(rig *r) {
  double error = 0, *kept[MOST_LEAVES];
  rig_evaluate(r, 1);
  double *gradient = S2S__TAKE(&r->arena, double, r->params.total + 1);
  memcpy(gradient, r->graph.gradient, r->params.total * sizeof *gradient);
  for (size_t i = 0; i < r->leaves; i++) {
    const size_t n = r->leaf[i].rows * r->leaf[i].cols;
    kept[i] = s2s__arena_take_zeroed(&r->arena, (n + 1) * sizeof(double));
    if (r->leaf[i].grad) memcpy(kept[i], r->leaf[i].grad, n * sizeof(double));
  }
  for (size_t i = 0; i < r->leaves; i++)
    error = worse(error, rig_compare(r, r->leaf[i].data, kept[i], r->leaf[i].rows * r->leaf[i].cols, NULL));
  for (size_t i = 0; i < r->param_count; i++) {
    const s2s__param *p = r->param[i];
    error = worse(error, rig_compare(r, p->value, gradient + p->offset, s2s__param_size(p), p));
  }
  return error;
}

static void rig_check(rig *r, const char *what) {
  const double error = rig_error(r);
  worst_of_all = worse(worst_of_all, error);
  if (!ok(error < TOLERANCE, "%s", what)) diag("error %.2e", error);
  rig_close(r);
}

/* ---- the same input used twice ----------------------------------------------------------------------------------- */

static rig_forward inner_forward;

/* tanh of the first leaf: its gradient arrives before (recorded later) or after that of the operation. */
static int32_t forward_and_tanh(rig *r) {
  s2s__tensor *y;
  S2S__TRY(inner_forward(r));
  S2S__TRY(s2s__tanh(&r->graph, &r->leaf[0], &y));
  rig_output(r, y);
  return S2S_OK;
}

static int32_t tanh_and_forward(rig *r) {
  s2s__tensor *y;
  S2S__TRY(s2s__tanh(&r->graph, &r->leaf[0], &y));
  rig_output(r, y);
  return inner_forward(r);
}

/* The operation twice: its parameters' gradients add up, and their few rows wait for each other. */
static int32_t forward_twice(rig *r) {
  S2S__TRY(inner_forward(r));
  return inner_forward(r);
}

static void rig_check_all(rig *r, const char *what) {
  static const rig_forward ways[3] = {tanh_and_forward, forward_and_tanh, forward_twice};
  double error = rig_error(r);
  inner_forward = r->forward;
  for (size_t i = 0; i < 3; i++) {
    r->forward = ways[i];
    error = worse(error, rig_error(r));
  }
  worst_of_all = worse(worst_of_all, error);
  if (!ok(error < TOLERANCE, "%s, alone and beside other uses", what)) diag("error %.2e", error);
  rig_close(r);
}

/* ---- layers ------------------------------------------------------------------------------------------------------ */

static int32_t forward_linear(rig *r) {
  s2s__tensor *y;
  S2S__TRY(s2s__linear(&r->graph, r->param[0], r->param[1], &r->leaf[0], &y));
  return rig_output(r, y), S2S_OK;
}

static void check_linear(size_t rows, size_t in, size_t out, int bias) {
  rig r;
  char what[80];
  rig_open(&r);
  r.forward = forward_linear;
  rig_matrix(&r, out, in, S2S__WEIGHT_MULTIPLY);
  if (bias) rig_vector(&r, out);
  rig_fill(&r);
  rig_leaf(&r, rows, in);
  snprintf(what, sizeof what, "linear of %zu rows %s bias", rows, bias ? "with" : "without");
  rig_check_all(&r, what);
}

static int32_t forward_embedding(rig *r) {
  s2s__tensor *y;
  S2S__TRY(s2s__embedding(&r->graph, r->param[0], r->ids, 6, &y));
  return rig_output(r, y), S2S_OK;
}

static void check_embedding(void) {
  static const int32_t ids[6] = {3, 0, 3, 4, 3, 1};
  rig r;
  rig_open(&r);
  r.forward = forward_embedding;
  r.ids = ids;
  rig_matrix(&r, 5, 3, S2S__WEIGHT_ROWS);
  rig_fill(&r);
  rig_check(&r, "embedding with ids that repeat");
}

static int32_t forward_tanh(rig *r) {
  s2s__tensor *y;
  S2S__TRY(s2s__tanh(&r->graph, &r->leaf[0], &y));
  return rig_output(r, y), S2S_OK;
}

static int32_t forward_concat(rig *r) {
  s2s__tensor *y;
  S2S__TRY(s2s__concat(&r->graph, (s2s__tensor *[]){&r->leaf[0], NULL, &r->leaf[1], &r->leaf[0]}, 4, &y));
  return rig_output(r, y), S2S_OK;
}

static int32_t forward_select(rig *r) {
  s2s__tensor *y;
  S2S__TRY(s2s__select_rows(&r->graph, &r->leaf[0], r->index, 4, &y));
  return rig_output(r, y), S2S_OK;
}

/* Rows 0 2 from the first leaf, 1 3 from the second. */
static int32_t forward_place(rig *r) {
  static const size_t even[2] = {0, 2}, odd[2] = {3, 1};
  s2s__tensor *y;
  S2S__TRY(s2s__graph_tensor(&r->graph, 4, r->leaf[0].cols, &y));
  S2S__TRY(s2s__place_rows(&r->graph, &r->leaf[0], even, y));
  S2S__TRY(s2s__place_rows(&r->graph, &r->leaf[1], odd, y));
  return rig_output(r, y), S2S_OK;
}

static void check_rows(const char *what, rig_forward forward, size_t rows, const size_t *index) {
  rig r;
  rig_open(&r);
  r.forward = forward;
  r.index = index;
  rig_fill(&r);
  rig_leaf(&r, rows, 3);
  rig_leaf(&r, rows, 3);
  rig_check_all(&r, what);
}

static int32_t forward_dropout(rig *r) {
  s2s__tensor *y;
  S2S__TRY(s2s__dropout(&r->graph, &r->leaf[0], &r->rows, 7, &y));
  return rig_output(r, y), S2S_OK;
}

static int32_t forward_word_dropout(rig *r) {
  s2s__tensor *y;
  S2S__TRY(s2s__word_dropout(&r->graph, &r->leaf[0], &r->rows, S2S_TARGET, &y));
  return rig_output(r, y), S2S_OK;
}

static void check_dropout(const char *name, rig_forward forward, double rate) {
  static const size_t length[4] = {3, 1, 0, 2};
  static const uint64_t stream[4] = {4, 9, 2, 6};
  rig r;
  char what[48];
  rig_open(&r);
  r.forward = forward;
  r.graph.dropout = r.graph.word_dropout[S2S_TARGET] = rate;
  r.graph.dropout_key = seed;
  must(&r, s2s__rows_init(&r.rows, &r.arena, length, 4, &r.error));
  r.rows.stream = stream;
  rig_fill(&r);
  rig_leaf(&r, r.rows.total, 5);
  snprintf(what, sizeof what, "%s %.1f", name, rate);
  rig_check_all(&r, what);
}

/* ---- recurrent layers -------------------------------------------------------------------------------------------- */

static int32_t forward_recurrent(rig *r) {
  s2s__tensor *y;
  s2s__recurrent_state initial = {&r->leaf[1], r->layer.cell->has_c ? &r->leaf[2] : NULL}, last;
  S2S__TRY(s2s__recurrent_forward(&r->graph, &r->layer, &r->leaf[0], &r->rows, r->reverse,
                                  r->has_initial ? &initial : NULL, &y, &last));
  rig_output(r, y);
  rig_output(r, last.h);
  if (last.c) rig_output(r, last.c);
  return S2S_OK;
}

static void check_recurrent(const char *cell, int reverse, int initial, int bias, const size_t length[4]) {
  enum { IN = 3, HIDDEN = 2, SENTENCES = 4 };
  rig r;
  char what[112];
  rig_open(&r);
  r.forward = forward_recurrent;
  r.reverse = reverse;
  r.has_initial = initial;
  r.layer.cell = s2s__cell_find(cell);
  r.layer.hidden = HIDDEN;
  const size_t width = r.layer.cell->gates * HIDDEN;
  r.layer.weight_ih = rig_matrix(&r, width, IN, S2S__WEIGHT_MULTIPLY);
  r.layer.weight_hh = rig_matrix(&r, width, HIDDEN, S2S__WEIGHT_MULTIPLY);
  if (bias) r.layer.bias_ih = rig_vector(&r, width), r.layer.bias_hh = rig_vector(&r, width);
  rig_fill(&r);
  must(&r, s2s__rows_init(&r.rows, &r.arena, length, SENTENCES, &r.error));
  rig_leaf(&r, r.rows.total, IN);
  for (int i = 0; initial && i < 1 + r.layer.cell->has_c; i++) rig_leaf(&r, SENTENCES, HIDDEN);
  snprintf(what, sizeof what, "%s %s, %s initial state, %s bias, lengths %zu %zu %zu %zu", cell,
           reverse ? "backwards" : "forwards", initial ? "with" : "without", bias ? "with" : "without", length[0],
           length[1], length[2], length[3]);
  rig_check_all(&r, what);
}

/* ---- attention --------------------------------------------------------------------------------------------------- */

static int32_t forward_dot(rig *r) {
  s2s__tensor *y;
  S2S__TRY(s2s__score_dot(&r->graph, &r->leaf[0], &r->leaf[1], &r->ragged, &y));
  return rig_output(r, y), S2S_OK;
}

static int32_t forward_additive(rig *r) {
  s2s__tensor *y;
  S2S__TRY(s2s__score_additive(&r->graph, &r->leaf[0], &r->leaf[1], r->param[0], &r->ragged, &y));
  return rig_output(r, y), S2S_OK;
}

/* The softmax takes its input's memory, so it is given a copy: the leaf's second row. */
static int32_t forward_softmax(rig *r) {
  static const size_t second[1] = {1};
  s2s__tensor *scores, *y;
  S2S__TRY(s2s__select_rows(&r->graph, &r->leaf[2], second, 1, &scores));
  S2S__TRY(s2s__softmax_ragged(&r->graph, scores, &r->ragged, &y));
  return rig_output(r, y), S2S_OK;
}

static int32_t forward_sum(rig *r) {
  s2s__tensor *y;
  S2S__TRY(s2s__weighted_sum(&r->graph, &r->leaf[2], &r->leaf[1], &r->ragged, &y));
  return rig_output(r, y), S2S_OK;
}

/* Sentences of queries look at memories 1 3 1 2: one is seen twice, one by nobody, one is empty. */
static void check_attention(const char *what, rig_forward forward) {
  enum { DIM = 3 };
  static const size_t queries[4] = {2, 1, 1, 2}, memories[4] = {2, 3, 0, 1}, sentence[4] = {1, 3, 1, 2};
  rig r;
  rig_open(&r);
  r.forward = forward;
  must(&r, s2s__rows_init(&r.rows, &r.arena, queries, 4, &r.error));
  must(&r, s2s__rows_init(&r.memory, &r.arena, memories, 4, &r.error));
  must(&r, s2s__ragged_init(&r.ragged, &r.arena, &r.rows, sentence, &r.memory, &r.error));
  rig_matrix(&r, 1, DIM, S2S__WEIGHT_ROWS);
  rig_fill(&r);
  rig_leaf(&r, r.rows.total, DIM);
  rig_leaf(&r, r.memory.total, DIM);
  rig_leaf(&r, 2, r.ragged.total);
  rig_check_all(&r, what);
}

/* ---- cross-entropy ----------------------------------------------------------------------------------------------- */

static int32_t forward_cross_entropy(rig *r) {
  static const int32_t targets[4] = {2, 0, 4, 2};
  const double scale = 0.25;
  s2s__tensor *logits;
  double loss, plain;
  S2S__TRY(s2s__linear(&r->graph, r->param[0], r->param[1], &r->leaf[0], &logits));
  S2S__TRY(s2s__cross_entropy(&r->graph, logits, targets, r->smoothing, scale, &loss, &plain));
  r->loss += scale * loss;
  return S2S_OK;
}

static void check_cross_entropy(double smoothing) {
  rig r;
  char what[64];
  rig_open(&r);
  r.forward = forward_cross_entropy;
  r.smoothing = smoothing;
  rig_matrix(&r, 5, 3, S2S__WEIGHT_MULTIPLY);
  rig_vector(&r, 5);
  rig_fill(&r);
  rig_leaf(&r, 4, 3);
  snprintf(what, sizeof what, "cross-entropy, label smoothing %.1f", smoothing);
  rig_check_all(&r, what);
}

/* ---- every operation --------------------------------------------------------------------------------------------- */

static void check_layers(void) {
  static const size_t shuffled[4] = {2, 0, 2, 1}, same[4] = {0, 1, 2, 3};
  check_linear(5, 4, 3, 1);
  check_linear(1, 9, 10, 0);
  check_linear(200, 2, 2, 1); /* too many rows to wait */
  check_embedding();
  check_rows("tanh", forward_tanh, 3, NULL);
  check_rows("concatenation with a part left out and one twice", forward_concat, 3, NULL);
  check_rows("selected rows, one twice, one never", forward_select, 4, shuffled);
  check_rows("all rows selected in their order", forward_select, 4, same);
  check_rows("placed rows", forward_place, 2, NULL);
  check_dropout("dropout", forward_dropout, 0);
  check_dropout("dropout", forward_dropout, 0.3);
  check_dropout("word dropout", forward_word_dropout, 0.5);
}

static void check_recurrent_layers(void) {
  static const size_t mixed[4] = {2, 4, 1, 0}, ones[4] = {1, 1, 1, 1};
  for (int cell = 0; cell < 2; cell++)
    for (int bits = 0; bits < 8; bits++)
      check_recurrent(cell ? "gru" : "lstm", bits & 1, bits >> 1 & 1, bits >> 2 & 1, mixed);
  check_recurrent("lstm", 0, 1, 1, ones);
  check_recurrent("gru", 0, 1, 1, ones);
}

int main(int argc, char **argv) {
  begin_with_seed(argc, argv);
  check_layers();
  check_recurrent_layers();
  check_attention("dot scores", forward_dot);
  check_attention("additive scores", forward_additive);
  check_attention("ragged softmax", forward_softmax);
  check_attention("weighted sum", forward_sum);
  check_cross_entropy(0);
  check_cross_entropy(0.1);
  diag("worst error %.2e", worst_of_all);
  return done();
}
