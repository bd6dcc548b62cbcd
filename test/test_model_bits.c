/* SPDX-License-Identifier: MIT
 *
 * model, search and train: the same bits every time. A sentence's states, logits and hypotheses do not depend on the
 * batch it is in, training and decoding compute the same numbers, and threads change nothing.
 *
 *     test_model_bits [--seed N]
 */
#include "fixture.h"
#include "tap.h"

#include "search/decoder.h"
#include "train/trainer.h"

#include <math.h>
#include <stdlib.h>

enum { SOURCES = 23, TARGETS = 17, POOL = 14, LONGEST = 13, MOST_TARGETS = 9, BATCHES = 75, MOST_BATCH = 8 };

static uint64_t seed = 20240607;

/* Every way through the network: stepwise or whole, each attention, cell, order and bridge; sizes that fill no vector.
 */
static const char *const shapes[] = {
    "embedding.dim 9 encoder.layers 2 encoder.hidden 7 decoder.layers 2 decoder.hidden 14 attention.input_feeding yes",
    ("embedding.dim 11 encoder.cell gru encoder.hidden 13 encoder.bidirectional no decoder.cell gru decoder.hidden 19 "
     "decoder.order bahdanau decoder.bridge linear decoder.readout 12 attention.type additive attention.dim 10"),
    "embedding.dim 20 encoder.hidden 24 decoder.hidden 48",
    ("embedding.dim 10 encoder.cell gru encoder.layers 2 encoder.hidden 9 decoder.cell lstm decoder.hidden 21 "
     "decoder.bridge linear attention.type none"),
    ("encoder.type transformer decoder.type transformer transformer.dim 18 transformer.heads 3 transformer.ffn 21 "
     "encoder.layers 2 decoder.layers 2 transformer.activation gelu embedding.tie target"),
    ("encoder.type transformer transformer.dim 12 transformer.heads 2 transformer.ffn 7 transformer.norm post "
     "transformer.activation swish decoder.cell rnn decoder.hidden 12 decoder.bridge linear attention.type multihead"),
    ("embedding.dim 10 encoder.layers 2 encoder.hidden 9 encoder.layer_norm yes encoder.residual yes decoder.hidden 18 "
     "decoder.layer_norm yes attention.type concat")};

/* A sentence of the pool, and what it gives alone. */
typedef struct sentence {
  int32_t source[LONGEST], input[MOST_TARGETS], expected[MOST_TARGETS];
  size_t sources, targets;
  float *states, *logits;
  s2s_result *result;
} sentence;

typedef struct pool {
  s2s_model *model;
  s2s_encoder *encoder;
  s2s_decoder *decoder;
  s2s_options *options;
  s2s__arena arena, scratch;
  s2s__error error;
  sentence sentence[POOL];
} pool;

static void must(pool *p, int32_t status) { fixture_must(status, &p->error); }

/* ---- batches ----------------------------------------------------------------------------------------------------- */

static s2s_memory *encoded(const pool *p, const size_t *choice, size_t count) {
  int32_t ids[MOST_BATCH * LONGEST];
  size_t lengths[MOST_BATCH], n = 0;
  s2s_memory *memory;
  for (size_t i = 0; i < count; i++) {
    const sentence *s = &p->sentence[choice[i]];
    memcpy(ids + n, s->source, s->sources * sizeof *ids);
    lengths[i] = s->sources;
    n += s->sources;
  }
  need(s2s_encode_ids(p->encoder, ids, lengths, count, &memory));
  return memory;
}

static s2s_result *decoded(s2s_decoder *decoder, const s2s_memory *memory) {
  s2s_result *result;
  need(s2s_decode(decoder, memory, &result));
  return result;
}

/* A batch of teacher-forced sentences, in the scratch arena. */
static s2s__example *example_of(pool *p, const size_t *choice, size_t count) {
  size_t sources[MOST_BATCH], targets[MOST_BATCH], m = 0, n = 0;
  s2s__example *e = s2s__arena_take_zeroed(&p->scratch, sizeof *e);
  int32_t *source = S2S__TAKE(&p->scratch, int32_t, MOST_BATCH * LONGEST);
  int32_t *input = S2S__TAKE(&p->scratch, int32_t, MOST_BATCH * MOST_TARGETS);
  int32_t *expected = S2S__TAKE(&p->scratch, int32_t, MOST_BATCH * MOST_TARGETS);
  for (size_t i = 0; i < count; i++) {
    const sentence *s = &p->sentence[choice[i]];
    memcpy(source + m, s->source, s->sources * sizeof *source);
    memcpy(input + n, s->input, s->targets * sizeof *input);
    memcpy(expected + n, s->expected, s->targets * sizeof *expected);
    m += sources[i] = s->sources;
    n += targets[i] = s->targets;
  }
  e->source = source, e->input = input, e->expected = expected;
  must(p, s2s__rows_init(&e->source_rows, &p->scratch, sources, count, &p->error));
  must(p, s2s__rows_init(&e->target_rows, &p->scratch, targets, count, &p->error));
  return e;
}

static const s2s__tensor *forward(pool *p, const s2s__network *network, const s2s__example *e, int recording,
                                  double dropout) {
  s2s__graph graph;
  s2s__outputs outputs;
  s2s__tensor *logits;
  s2s__graph_init(&graph, &p->scratch, p->model->kernels, &p->error);
  graph.recording = recording;
  graph.dropout = graph.attention_dropout = graph.feed_forward_dropout = dropout;
  must(p, s2s__network_forward(&graph, network, e, NULL, &outputs));
  must(p, s2s__network_logits(&graph, network, NULL, outputs.rows, &logits));
  return logits;
}

/* ---- the pool ---------------------------------------------------------------------------------------------------- */

static void draw_sentence(sentence *s, size_t sources, uint64_t *random) {
  s->sources = sources;
  for (size_t i = 0; i < sources; i++) s->source[i] = (int32_t)fixture_below(random, SOURCES);
  s->targets = 1 + fixture_below(random, MOST_TARGETS);
  for (size_t i = 0; i < s->targets; i++) s->expected[i] = (int32_t)fixture_below(random, TARGETS);
  s->input[0] = S2S__BOS;
  memcpy(s->input + 1, s->expected, (s->targets - 1) * sizeof *s->input);
}

/* What sentence `number` gives alone, with a decoder of its own. */
static void run_alone(pool *p, size_t number) {
  sentence *s = &p->sentence[number];
  s2s_memory *memory = encoded(p, &number, 1);
  s2s_decoder *decoder;
  const size_t count = s->sources * s2s_memory_dim(memory);
  need(s2s_decoder_init(p->model, p->options, &decoder));
  s->result = decoded(decoder, memory);
  s->states = S2S__TAKE(&p->arena, float, count + 1);
  memcpy(s->states, s2s_memory_states(memory, 0, NULL), count * sizeof(float));
  s2s__arena_reset(&p->scratch);
  const s2s__tensor *logits = forward(p, &p->model->network, example_of(p, &number, 1), 0, 0);
  s->logits = S2S__TAKE(&p->arena, float, s->targets *TARGETS);
  memcpy(s->logits, logits->data, s->targets * TARGETS * sizeof(float));
  s2s_decoder_free(decoder);
  s2s_memory_free(memory);
}

static void pool_open(pool *p, const char *shape, uint64_t *random) {
  s2s__host host;
  memset(p, 0, sizeof *p);
  s2s__host_init(&host);
  s2s__arena_init(&p->arena, &host);
  s2s__arena_init(&p->scratch, &host);
  p->model = fixture_model(shape, SOURCES, TARGETS);
  p->options = fixture_options("beam 4 nbest 3 max_length 9");
  need(s2s_encoder_init(p->model, p->options, &p->encoder));
  need(s2s_decoder_init(p->model, p->options, &p->decoder));
  for (size_t i = 0; i < POOL; i++) {
    draw_sentence(&p->sentence[i], i < LONGEST ? i : 1, random); /* one empty, two of one token */
    run_alone(p, i);
  }
}

static void pool_close(pool *p) {
  for (size_t i = 0; i < POOL; i++) s2s_result_free(p->sentence[i].result);
  s2s_decoder_free(p->decoder);
  s2s_encoder_free(p->encoder);
  s2s_options_free(p->options);
  s2s_model_free(p->model);
  s2s__arena_free(&p->scratch);
  s2s__arena_free(&p->arena);
}

/* ---- in any batch ------------------------------------------------------------------------------------------------ */

static int same_alignment(const s2s_result *a, size_t i, const s2s_result *b, size_t rank) {
  size_t rows, columns, b_rows, b_columns;
  const float *x = s2s_result_alignment(a, i, rank, &rows, &columns);
  const float *y = s2s_result_alignment(b, 0, rank, &b_rows, &b_columns);
  if (rows != b_rows || columns != b_columns || !x != !y) return 0;
  return !x || memcmp(x, y, rows * columns * sizeof *x) == 0;
}

/* Text i of a batch's result against the only text of another. */
static int same_hypotheses(const s2s_result *a, size_t i, const s2s_result *b) {
  const size_t count = s2s_result_hypotheses(b, 0);
  int same = s2s_result_hypotheses(a, i) == count;
  for (size_t rank = 0; same && rank < count; rank++) {
    size_t n, m;
    const int32_t *x = s2s_result_tokens(a, i, rank, &n), *y = s2s_result_tokens(b, 0, rank, &m);
    same = n == m && memcmp(x, y, n * sizeof *x) == 0 && same_alignment(a, i, b, rank) &&
           !(s2s_result_score(a, i, rank) != s2s_result_score(b, 0, rank)) &&
           !(s2s_result_log_probability(a, i, rank) != s2s_result_log_probability(b, 0, rank)) &&
           strcmp(s2s_result_text(a, i, rank), s2s_result_text(b, 0, rank)) == 0;
  }
  return same;
}

typedef struct differing {
  size_t states, logits, hypotheses;
} differing;

static void run_batch(pool *p, const size_t *choice, size_t count, differing *d) {
  s2s_memory *memory = encoded(p, choice, count);
  s2s_result *result = decoded(p->decoder, memory);
  s2s__arena_reset(&p->scratch);
  const s2s__example *e = example_of(p, choice, count);
  const s2s__tensor *logits = forward(p, &p->model->network, e, 0, 0);
  const size_t dim = s2s_memory_dim(memory);
  for (size_t i = 0; i < count; i++) {
    const sentence *s = &p->sentence[choice[i]];
    const float *at = logits->data + e->target_rows.offset[i] * TARGETS;
    d->states += memcmp(s2s_memory_states(memory, i, NULL), s->states, s->sources * dim * sizeof(float)) != 0;
    d->logits += memcmp(at, s->logits, s->targets * TARGETS * sizeof(float)) != 0;
    d->hypotheses += !same_hypotheses(result, i, s->result);
  }
  s2s_result_free(result);
  s2s_memory_free(memory);
}

static void check_batches(pool *p, size_t shape, uint64_t *random) {
  differing d = {0, 0, 0};
  for (size_t b = 0; b < BATCHES; b++) {
    size_t choice[MOST_BATCH];
    const size_t count = 1 + fixture_below(random, MOST_BATCH);
    for (size_t i = 0; i < count; i++) choice[i] = fixture_below(random, POOL);
    run_batch(p, choice, count, &d);
  }
  is_int((int64_t)d.states, 0, "model %zu: encoder states are the same alone and in %d batches", shape, BATCHES);
  is_int((int64_t)d.logits, 0, "model %zu: logits are the same alone and in %d batches", shape, BATCHES);
  is_int((int64_t)d.hypotheses, 0, "model %zu: n-best, scores and attention are the same alone and in %d batches",
         shape, BATCHES);
}

/* ---- one forward path -------------------------------------------------------------------------------------------- */

/* The steps of a decoder that is fed a sentence's own target. */
static int same_steps(pool *p, size_t number) {
  const sentence *s = &p->sentence[number];
  s2s_memory *memory = encoded(p, &number, 1);
  float wanted[TARGETS];
  int same = 1;
  need(s2s_decoder_start(p->decoder, memory));
  for (size_t t = 0; t < s->targets; t++) {
    const float *got;
    need(s2s_decoder_step(p->decoder, &s->input[t], &(int32_t){0}, 1, &got));
    p->model->kernels->log_softmax(TARGETS, s->logits + t * TARGETS, wanted);
    same = same && memcmp(got, wanted, sizeof wanted) == 0;
  }
  s2s_memory_free(memory);
  return same;
}

/* A network as a trainer has it, with the model's values. */
static void training_network(pool *p, s2s__network *network) {
  const s2s_model *m = p->model;
  must(p, s2s__network_init(network, &p->arena, m->kernels, &m->options, SOURCES, TARGETS, 1, &p->error));
  for (size_t i = 0; i < network->params.count; i++) {
    const s2s__param *from = m->network.params.item[i], *to = network->params.item[i];
    float *values = S2S__TAKE(&p->arena, float, s2s__param_size(to));
    must(p, s2s__param_read(from, &p->arena, values, &p->error));
    must(p, s2s__param_write(to, &p->arena, values, &p->error));
  }
}

static void check_one_path(pool *p, size_t shape) {
  s2s__network network;
  int stepped = 1, trained = 1;
  training_network(p, &network);
  for (size_t i = 0; i < POOL; i++) {
    const sentence *s = &p->sentence[i];
    stepped = same_steps(p, i) && stepped;
    s2s__arena_reset(&p->scratch);
    const s2s__tensor *logits = forward(p, &network, example_of(p, &i, 1), 1, 0);
    trained = trained && memcmp(logits->data, s->logits, s->targets * TARGETS * sizeof(float)) == 0;
  }
  ok(stepped, "model %zu: decoder steps give the log-probabilities of teacher forcing", shape);
  ok(trained, "model %zu: a network that records gives the logits of one that does not", shape);
}

/* Whether a model fed back with weights of zero computes what the same model without feeding does, dropout and all: the
 * one goes step by step, the other takes all target tokens at once. */
static void check_stepwise(uint64_t *random) {
  static const char whole[] = "embedding.dim 9 encoder.hidden 7 decoder.hidden 14";
  static const char fed[] = "embedding.dim 9 encoder.hidden 7 decoder.hidden 14 attention.input_feeding yes";
  static float values[4096], wide[4 * 14 * (9 + 14)];
  size_t choice[POOL];
  pool a, b;
  pool_open(&a, whole, random);
  pool_open(&b, fed, random);
  for (size_t i = 0; i < a.model->network.params.count; i++) {
    const s2s__param *p = a.model->network.params.item[i];
    need(s2s_model_parameter_read(a.model, i, values, s2s__param_size(p)));
    const int feeds = strcmp(p->name, "decoder.rnn.weight_ih_l0") == 0;
    for (size_t r = 0; feeds && r < p->rows; r++) memcpy(wide + r * 23, values + r * 9, 9 * sizeof *wide);
    fixture_write(b.model, p->name, feeds ? wide : values);
  }
  for (size_t i = 0; i < MOST_BATCH; i++) choice[i] = 1 + fixture_below(random, POOL - 1);
  const s2s__example *e = example_of(&a, choice, MOST_BATCH);
  const s2s__tensor *x = forward(&a, &a.model->network, e, 0, 0.3), *y = forward(&b, &b.model->network, e, 0, 0.3);
  ok(memcmp(x->data, y->data, x->rows * x->cols * sizeof *x->data) == 0,
     "all target tokens at once and step by step give the same logits, dropout drawn");
  pool_close(&b);
  pool_close(&a);
}

/* ---- training ---------------------------------------------------------------------------------------------------- */

static s2s_corpus *drawn_corpus(uint64_t *random) {
  s2s_corpus *corpus;
  need(s2s_corpus_new(NULL, &corpus));
  for (size_t i = 0; i < 24; i++) {
    char text[2][96];
    int length[2] = {0, 0};
    for (int side = 0; side < 2; side++)
      for (size_t n = 1 + fixture_below(random, 12); n > 0; n--)
        length[side] += sprintf(text[side] + length[side], "%zu ", 3 + fixture_below(random, 14));
    need(s2s_corpus_add(corpus, text[0], (size_t)length[0], text[1], (size_t)length[1]));
  }
  return corpus;
}

static s2s_trainer *trained(const s2s_model *model, const s2s_corpus *corpus, const char *more, double losses[3]) {
  char text[160];
  s2s_trainer *trainer;
  snprintf(text, sizeof text, "dropout 0.3 batch_sentences 8 learning_rate 0.01 warmup 0 %s", more);
  s2s_options *options = fixture_options(text);
  need(s2s_trainer_new(model, corpus, NULL, options, &trainer));
  for (size_t i = 0; i < 3; i++) need(s2s_trainer_step(trainer, &losses[i]));
  s2s_options_free(options);
  return trainer;
}

static void check_threads(const pool *p, size_t shape, const s2s_corpus *corpus, const char *one, const char *other) {
  double a_losses[3], b_losses[3];
  s2s_trainer *a = trained(p->model, corpus, one, a_losses), *b = trained(p->model, corpus, other, b_losses);
  const s2s__params *x = &a->network.params, *y = &b->network.params;
  ok(memcmp(a_losses, b_losses, sizeof a_losses) == 0 && memcmp(x->value, y->value, x->total * sizeof *x->value) == 0,
     "model %zu: three updates of %zu parameters with %s and with %s give the same bits", shape, x->total, one, other);
  s2s_trainer_free(a);
  s2s_trainer_free(b);
}

static void check_shards(const pool *p, size_t shape, const s2s_corpus *corpus) {
  double one[3], three[3];
  s2s_trainer_free(trained(p->model, corpus, "batch_shards 1", one));
  s2s_trainer_free(trained(p->model, corpus, "batch_shards 3", three));
  ok(fabs(one[0] - three[0]) < 1e-6 * one[0], "model %zu: shards do not change what dropout draws", shape);
}

/* The loss of the first batch at update 1 and at update 2, nothing learnt between. */
static void two_losses(const pool *p, const s2s_corpus *corpus, const char *more, double losses[2]) {
  static const uint32_t pair[4] = {0, 1, 2, 3};
  char text[96];
  double norm;
  s2s_trainer *trainer;
  s2s__error error;
  snprintf(text, sizeof text, "learning_rate 0 %s", more);
  s2s_options *options = fixture_options(text);
  s2s__error_clear(&error);
  need(s2s_trainer_new(p->model, corpus, NULL, options, &trainer));
  for (size_t i = 0; i < 2; i++) fixture_must(s2s__trainer_update(trainer, pair, 4, &losses[i], &norm, &error), &error);
  s2s_trainer_free(trainer);
  s2s_options_free(options);
}

static void check_draws(const pool *p, size_t shape, const s2s_corpus *corpus) {
  double none[2], drawn[2], other[2];
  two_losses(p, corpus, "dropout 0", none);
  two_losses(p, corpus, "dropout 0.3", drawn);
  two_losses(p, corpus, "dropout 0.3 seed 2", other);
  ok(!(none[0] != none[1]), "model %zu: without dropout and learning every update has the same loss", shape);
  ok(drawn[0] != drawn[1] && drawn[0] != none[0], "model %zu: every update draws its own dropout", shape);
  ok(drawn[0] != other[0], "model %zu: every seed draws its own dropout", shape);
}

static void check_evaluation(const pool *p, size_t shape, const s2s_corpus *corpus) {
  s2s_metrics *figures[2];
  static const char *const threads[2] = {"threads 1 max_length 9", "threads 2 max_length 9"};
  int same = 1;
  for (int i = 0; i < 2; i++) {
    s2s_options *options = fixture_options(threads[i]);
    need(s2s_evaluate(p->model, corpus, options, &figures[i]));
    s2s_options_free(options);
  }
  for (size_t i = 0; i < s2s_metrics_count(figures[0]); i++)
    same = same && !(s2s_metrics_value(figures[0], i) != s2s_metrics_value(figures[1], i));
  ok(same && s2s_metrics_count(figures[0]) > 0, "model %zu: an evaluation with two threads has the same figures",
     shape);
  s2s_metrics_free(figures[0]);
  s2s_metrics_free(figures[1]);
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "--seed") == 0) seed = strtoull(argv[2], NULL, 0);
  diag("seed %llu, cpu %s", (unsigned long long)seed, fixture_kernels()->name);
  uint64_t random = seed;
  s2s_corpus *corpus = drawn_corpus(&random);
  for (size_t shape = 0; shape < sizeof shapes / sizeof *shapes; shape++) {
    pool p;
    pool_open(&p, shapes[shape], &random);
    check_batches(&p, shape, &random);
    check_one_path(&p, shape);
    check_threads(&p, shape, corpus, "threads 1", "threads 1");
    check_threads(&p, shape, corpus, "threads 1", "threads 2");
    check_threads(&p, shape, corpus, "threads 1 batch_shards 5", "threads 3 batch_shards 5");
    check_shards(&p, shape, corpus);
    check_draws(&p, shape, corpus);
    check_evaluation(&p, shape, corpus);
    pool_close(&p);
  }
  check_stepwise(&random);
  s2s_corpus_free(corpus);
  return done();
}
