/* SPDX-License-Identifier: MIT
 *
 * model: gradients of whole networks against central differences, in double precision, to 1e-7: every combination of
 * cell, directions, layers, attention, order, bridge, input feeding, readout and dropout, in random sizes, some with
 * copying, some with coverage.
 *
 *     test_gradient_network_double [--seed N]
 */
#include "test_gradient_double.h"

enum { BIT_BIDIRECTIONAL, BIT_LAYERS, BIT_ORDER, BIT_BRIDGE, BIT_FEEDING, BIT_READOUT, BIT_DROPOUT, BITS };
static unsigned rounds = 1; /* each combination in so many random sizes; S2S_TEST_ROUNDS says another number */

typedef struct plan_of {
  const char *cell, *attention;
  unsigned bits;
} plan_of;

static int bit(const plan_of *p, int which) { return p->bits >> which & 1; }

/* Random small sizes; a copied bridge and dot and multihead attention need equal ones. */
static void plan_options(const plan_of *p, char *text, size_t size) {
  const size_t hidden = 1 + below(3), layers = bit(p, BIT_LAYERS) ? 2 : 1;
  const size_t memory = hidden * (bit(p, BIT_BIDIRECTIONAL) ? 2 : 1);
  const int copy = bit(p, BIT_BRIDGE) == 0;
  const char *other = strcmp(p->cell, "lstm") == 0 ? "gru" : "lstm";
  const char *cell = below(4) == 0 && !(copy && strcmp(other, "lstm") == 0) ? other : p->cell;
  const int equal = copy || strcmp(p->attention, "dot") == 0 || strcmp(p->attention, "multihead") == 0;
  const size_t own = equal ? memory : 1 + below(4);
  const int n = snprintf(text, size,
                         "embedding.dim %zu encoder.cell %s decoder.cell %s encoder.bidirectional %s "
                         "encoder.layers %zu decoder.layers %zu encoder.hidden %zu decoder.hidden %zu ",
                         1 + below(4), p->cell, cell, bit(p, BIT_BIDIRECTIONAL) ? "yes" : "no", layers,
                         copy ? 1 + below(layers) : 1 + below(2), hidden, own);
  snprintf(text + n, size - (size_t)n,
           "decoder.order %s decoder.bridge %s attention.type %s attention.dim %zu attention.input_feeding %s "
           "attention.heads 1 decoder.readout %d encoder.residual %s decoder.residual %s decoder.copy %s "
           "attention.coverage %s",
           bit(p, BIT_ORDER) ? "bahdanau" : "luong", copy ? "copy" : "linear", p->attention, below(4),
           bit(p, BIT_FEEDING) ? "yes" : "no", bit(p, BIT_READOUT) ? 5 : 0, below(2) ? "yes" : "no",
           below(2) ? "yes" : "no", strcmp(p->attention, "none") != 0 && below(2) ? "yes" : "no",
           strcmp(p->attention, "none") != 0 && strcmp(p->attention, "multihead") != 0 && below(2) ? "yes" : "no");
}

/* By the rules of the options' documentation, not by the code that refuses. */
static int plan_is_refused(const plan_of *p) {
  return bit(p, BIT_FEEDING) && (strcmp(p->attention, "none") == 0 || bit(p, BIT_ORDER));
}

typedef struct whole {
  s2s__arena arena, run;
  s2s__network network;
  s2s__example example;
  s2s__graph graph;
  s2s__error error;
  double *gradient, *direction;
} whole;

static int32_t *drawn_ids(whole *w, size_t n, size_t vocabulary) {
  int32_t *ids = S2S__TAKE(&w->arena, int32_t, n + 1);
  for (size_t i = 0; i < n; i++) ids[i] = (int32_t)below(vocabulary);
  return ids;
}

/* Source tokens as random target tokens or one of two own words, of which some are expected. */
static void whole_copies(whole *w, size_t targets) {
  enum { OWN = 2 };
  const s2s__rows *source = &w->example.source_rows, *target = &w->example.target_rows;
  int32_t *ids = drawn_ids(w, source->total, targets + OWN), *expected = drawn_ids(w, target->total, targets);
  for (size_t s = 0; s < target->count; s++)
    for (size_t t = 0; t < target->length[s]; t++)
      if (below(2)) expected[target->offset[s] + t] = ids[source->offset[s] + below(source->length[s])];
  w->example.copies = (s2s__copies){targets, OWN, ids};
  w->example.expected = expected;
}

static void whole_example(whole *w, size_t sources, size_t targets) {
  size_t source[4] = {1, 0, 0, 0}, target[4] = {1, 0, 0, 0}; /* one token first, then whatever comes */
  const size_t count = 1 + below(4);
  uint64_t *stream = S2S__TAKE(&w->arena, uint64_t, count);
  for (size_t i = 0; i < count; i++) stream[i] = below(100);
  for (size_t i = 1; i < count; i++) source[i] = 1 + below(5), target[i] = 1 + below(4);
  if (count > 1 && below(2)) target[0] = 1 + below(4);
  fixture_must(s2s__rows_init(&w->example.source_rows, &w->arena, source, count, &w->error), &w->error);
  fixture_must(s2s__rows_init(&w->example.target_rows, &w->arena, target, count, &w->error), &w->error);
  w->example.source_rows.stream = w->example.target_rows.stream = stream;
  w->example.source = drawn_ids(w, w->example.source_rows.total, sources);
  w->example.input = drawn_ids(w, w->example.target_rows.total, targets);
  w->example.expected = drawn_ids(w, w->example.target_rows.total, targets);
  if (w->network.config.copy) whole_copies(w, targets);
}

static double penalty_weight; /* of coverage */

static double whole_evaluate(whole *w, int recording) {
  const s2s__loss_settings settings = {0.1, 1, penalty_weight};
  s2s__outputs outputs;
  double loss, plain;
  s2s__arena_reset(&w->run);
  w->graph.recording = recording;
  fixture_must(s2s__network_forward(&w->graph, &w->network, &w->example, NULL, &outputs), &w->error);
  fixture_must(s2s__network_loss(&w->graph, &w->network, &w->example, &outputs, &settings, &loss, &plain),
               &w->error);
  if (recording) fixture_must(s2s__graph_backward(&w->graph), &w->error);
  return loss;
}

/* Moves all parameters along the direction, and packs them. */
static double whole_at(whole *w, double distance) {
  const s2s__params *params = &w->network.params;
  for (size_t i = 0; i < params->total; i++) params->value[i] += distance * w->direction[i];
  for (size_t i = 0; i < params->count; i++) s2s__param_pack(params->item[i]);
  const double loss = whole_evaluate(w, 0);
  for (size_t i = 0; i < params->total; i++) params->value[i] -= distance * w->direction[i];
  return loss;
}

static double whole_along(whole *w) {
  return slope(whole_at(w, STEP), whole_at(w, -STEP), whole_at(w, 2 * STEP), whole_at(w, -2 * STEP));
}

/* All parameters at once along a random direction: a mistake in any of them shows. */
static double whole_direction_error(whole *w) {
  double expected = 0, size = 0;
  for (size_t i = 0; i < w->network.params.total; i++) {
    w->direction[i] = 0.1 * draw();
    expected += w->direction[i] * w->gradient[i];
    size += w->direction[i] * w->direction[i] * w->gradient[i] * w->gradient[i];
  }
  return fabs(whole_along(w) - expected) / (sqrt(size) + 1e-3);
}

/* One number of a parameter, over the largest gradient of that parameter. */
static double whole_entry_error(whole *w, const s2s__param *p) {
  const size_t at = p->offset + below(s2s__param_size(p));
  double most = 1e-3;
  memset(w->direction, 0, w->network.params.total * sizeof *w->direction);
  w->direction[at] = 1;
  for (size_t i = 0; i < s2s__param_size(p); i++) most = worse(most, fabs(w->gradient[p->offset + i]));
  return fabs(whole_along(w) - w->gradient[at]) / most;
}

static double whole_error(whole *w) {
  const s2s__params *params = &w->network.params;
  w->gradient = s2s__arena_take_zeroed(&w->arena, params->total * sizeof(double));
  w->direction = S2S__TAKE(&w->arena, double, params->total);
  w->graph.gradient = w->gradient;
  params_fill(params, 0.8);
  whole_evaluate(w, 1);
  double error = whole_direction_error(w);
  for (size_t i = 0; i < params->count; i++) error = worse(error, whole_entry_error(w, params->item[i]));
  return error;
}

/* The error of a network of this plan, or -1 when its options are refused. */
static double plan_error(const plan_of *p, whole *w, char *text, size_t size) {
  const size_t sources = 3 + below(4), targets = 3 + below(4);
  plan_options(p, text, size);
  s2s_options *options = fixture_options(text);
  s2s__arena_reset(&w->arena);
  s2s__error_clear(&w->error);
  s2s__graph_init(&w->graph, &w->run, fixture_kernels(), &w->error);
  w->graph.dropout = bit(p, BIT_DROPOUT) ? 0.3 : 0;
  w->graph.attention_dropout = w->graph.feed_forward_dropout = w->graph.dropout;
  w->graph.word_dropout[S2S_SOURCE] = w->graph.word_dropout[S2S_TARGET] = w->graph.dropout;
  w->graph.dropout_variational = (int)below(2);
  w->graph.dropout_key = random_state;
  const int32_t status =
      s2s__network_init(&w->network, &w->arena, w->graph.kernels, options, sources, targets, 1, &w->error);
  s2s_options_free(options);
  if (status == S2S_BAD_OPTION) return -1;
  fixture_must(status, &w->error);
  whole_example(w, sources, targets);
  return whole_error(w);
}

static void check_networks(const char *cell, const char *attention, whole *w) {
  double most = 0;
  size_t made = 0, wrongly_refused = 0;
  char text[720], blamed[720] = "";
  for (unsigned bits = 0; bits < rounds << BITS; bits++) {
    const plan_of p = {cell, attention, bits};
    const double error = plan_error(&p, w, text, sizeof text);
    wrongly_refused += (error < 0) != plan_is_refused(&p);
    if (error < 0) continue;
    made++;
    if (!(error < TOLERANCE)) snprintf(blamed, sizeof blamed, "%s", text);
    most = worse(most, error);
  }
  worst_of_all = worse(worst_of_all, most);
  ok(wrongly_refused == 0, "%s, attention %s: only options that contradict each other are refused", cell, attention);
  if (!ok(made > 0 && most < TOLERANCE, "%s, attention %s: gradients of %zu networks", cell, attention, made))
    diag("error %.2e; %s", most, blamed);
}

/* ---- transformers ------------------------------------------------------------------------------------------------ */

static const char *drawn(const char *a, const char *b, const char *c) {
  const char *const all[3] = {a, b, c};
  return all[below(3)];
}

/* A network with a transformer on one side or on both; the other side recurrent. */
static void transformer_options(const char *encoder, const char *decoder, char *text, size_t size) {
  const size_t heads = 1 + below(3), dim = 6 * heads; /* a norm of few numbers is nearly a step */
  const int both = strcmp(encoder, decoder) == 0;
  int n = snprintf(text, size,
                   "encoder.type %s decoder.type %s transformer.dim %zu transformer.heads %zu transformer.ffn %zu "
                   "transformer.activation %s transformer.norm %s transformer.positions %s transformer.max_positions 9 "
                   "transformer.scale_embedding %s encoder.layers %zu decoder.layers %zu embedding.tie %s decoder.copy %s ",
                   encoder, decoder, dim, heads, 1 + below(6), drawn("gelu", "swish", "gelu"),
                   drawn("pre", "post", "pre"), drawn("sinusoidal", "learned", "learned"), drawn("yes", "no", "yes"),
                   1 + below(2), 1 + below(2), both ? drawn("none", "target", "target") : "none", drawn("yes", "no", "yes"));
  snprintf(text + n, size - (size_t)n,
           "embedding.dim %zu encoder.cell %s decoder.cell %s encoder.hidden %zu decoder.hidden %zu "
           "decoder.order %s decoder.bridge linear attention.type %s",
           1 + below(4), drawn("lstm", "gru", "rnn"), drawn("lstm", "gru", "rnn"), dim / 2, 1 + below(4),
           drawn("luong", "bahdanau", "luong"), drawn("general", "additive", "concat"));
}

static double options_error(const char *text, whole *w, double dropout) {
  const size_t sources = 3 + below(4), targets = 3 + below(4);
  s2s_options *options = fixture_options(text);
  s2s__arena_reset(&w->arena);
  s2s__error_clear(&w->error);
  s2s__graph_init(&w->graph, &w->run, fixture_kernels(), &w->error);
  w->graph.dropout = w->graph.attention_dropout = w->graph.feed_forward_dropout = dropout;
  w->graph.dropout_key = random_state;
  fixture_must(s2s__network_init(&w->network, &w->arena, w->graph.kernels, options, sources, targets, 1, &w->error),
               &w->error);
  s2s_options_free(options);
  whole_example(w, sources, targets);
  return whole_error(w);
}

static void check_transformers(const char *encoder, const char *decoder, whole *w) {
  char text[800], blamed[800] = "";
  double most = 0;
  for (int round = 0; round < 40; round++) {
    transformer_options(encoder, decoder, text, sizeof text);
    const double error = options_error(text, w, round % 2 ? 0.3 : 0);
    if (!(error < TOLERANCE)) snprintf(blamed, sizeof blamed, "%s", text);
    most = worse(most, error);
  }
  worst_of_all = worse(worst_of_all, most);
  if (!ok(most < TOLERANCE, "encoder %s, decoder %s: gradients of 40 networks", encoder, decoder))
    diag("error %.2e; %s", most, blamed);
}

/* Cells whose projections are normalised, of sizes where a norm is smooth enough for finite differences. */
static void check_normalised_cells(whole *w) {
  static const char *const cells[] = {"lstm", "gru", "rnn"};
  for (size_t i = 0; i < 3; i++) {
    double most = 0;
    char text[400];
    for (int round = 0; round < 12; round++) {
      snprintf(text, sizeof text,
               "embedding.dim 12 encoder.cell %s decoder.cell %s encoder.layers 2 encoder.hidden 6 decoder.hidden 12 "
               "encoder.layer_norm %s decoder.layer_norm yes attention.type general decoder.order %s decoder.layers %d "
               "attention.coverage %s",
               cells[i], cells[i], round % 3 ? "yes" : "no", round % 2 ? "luong" : "bahdanau", 1 + round % 2,
               round % 3 ? "no" : "yes");
      most = worse(most, options_error(text, w, round % 4 ? 0 : 0.3));
    }
    worst_of_all = worse(worst_of_all, most);
    if (!ok(most < TOLERANCE, "%s with layer norm: gradients of 12 networks", cells[i])) diag("error %.2e", most);
  }
}

/* The penalty has a corner where weight and coverage are equal. Some draws have one within reach of the differences, and they
 * are wrong there; a mistake would show in every draw. */
static void check_coverage_penalty(whole *w) {
  static const char *const attentions[] = {"additive", "dot", "general", "concat"};
  enum { DRAWS = 24 };
  penalty_weight = 0.7;
  for (size_t i = 0; i < sizeof attentions / sizeof *attentions; i++) {
    int right = 0;
    char text[300];
    for (int round = 0; round < DRAWS; round++) {
      snprintf(text, sizeof text,
               "embedding.dim 3 encoder.hidden 3 decoder.hidden 6 attention.type %s attention.coverage yes "
               "decoder.copy %s decoder.order %s attention.input_feeding %s",
               attentions[i], round % 2 ? "yes" : "no", round % 4 < 2 ? "luong" : "bahdanau", round % 4 ? "no" : "yes");
      right += options_error(text, w, round % 3 ? 0 : 0.3) < TOLERANCE;
    }
    if (!ok(right * 2 > DRAWS, "attention %s: gradients of the coverage penalty", attentions[i]))
      diag("right in %d of %d draws", right, DRAWS);
  }
  penalty_weight = 0;
}

/* One matrix for everything. */
static void check_tied(whole *w) {
  double most = 0;
  static const char *const texts[] = {
      "encoder.type transformer decoder.type transformer transformer.dim 4 transformer.heads 2 transformer.ffn 3 "
      "transformer.activation gelu embedding.tie all source.tokens words",
      "embedding.dim 6 encoder.hidden 3 decoder.hidden 6 embedding.tie all source.tokens words",
      "embedding.dim 5 encoder.hidden 3 decoder.hidden 6 decoder.readout 5 embedding.tie target"};
  for (int i = 0; i < 3; i++) {
    s2s_options *options = fixture_options(texts[i]);
    s2s__arena_reset(&w->arena);
    s2s__graph_init(&w->graph, &w->run, fixture_kernels(), &w->error);
    fixture_must(s2s__network_init(&w->network, &w->arena, w->graph.kernels, options, 7, 7, 1, &w->error), &w->error);
    s2s_options_free(options);
    whole_example(w, 7, 7);
    most = worse(most, whole_error(w));
  }
  if (!ok(most < TOLERANCE, "tied embeddings: the gradients of all uses are added")) diag("error %.2e", most);
}

static void check_all_networks(void) {
  static const char *const attentions[] = {"none", "additive", "dot", "general", "concat", "multihead"};
  s2s__host host;
  whole w;
  memset(&w, 0, sizeof w);
  s2s__host_init(&host);
  s2s__arena_init(&w.arena, &host);
  s2s__arena_init(&w.run, &host);
  for (size_t i = 0; i < sizeof attentions / sizeof *attentions; i++) {
    check_networks("lstm", attentions[i], &w);
    check_networks("gru", attentions[i], &w);
    check_networks("rnn", attentions[i], &w);
  }
  check_transformers("transformer", "transformer", &w);
  check_transformers("transformer", "rnn", &w);
  check_transformers("rnn", "transformer", &w);
  check_normalised_cells(&w);
  check_coverage_penalty(&w);
  check_tied(&w);
  s2s__arena_free(&w.run);
  s2s__arena_free(&w.arena);
}

int main(int argc, char **argv) {
  begin_with_seed(argc, argv);
  if (getenv("S2S_TEST_ROUNDS")) rounds = (unsigned)strtoul(getenv("S2S_TEST_ROUNDS"), NULL, 0);
  check_all_networks();
  diag("worst error %.2e", worst_of_all);
  return done();
}
