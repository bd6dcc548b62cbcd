/* SPDX-License-Identifier: MIT
 *
 * search: greedy and beam search against all sequences there are, what comes back and in which order, limits of length,
 * empty sources, NaN, cancelling, and the steps for a search of one's own.
 *
 *     test_search [--seed N]
 */
#include "fixture.h"
#include "tap.h"
#include "test_base.h"

#include "base/thread.h"
#include "search/decoder.h"

#include <math.h>

enum { SOURCES = 11, TARGETS = 7, MOST_TOKENS = 64, LONGEST = 4, NODES = 1024 };

static uint64_t seed = 20240609;

static const char *const shapes[] = {
    "embedding.dim 6 encoder.hidden 5 decoder.hidden 10 attention.input_feeding yes",
    ("embedding.dim 5 encoder.cell gru encoder.hidden 6 decoder.cell gru decoder.hidden 7 decoder.order bahdanau "
     "decoder.bridge linear decoder.readout 9 attention.type additive"),
    "embedding.dim 6 encoder.hidden 4 decoder.hidden 8 attention.type none"};
#define SHAPES (sizeof shapes / sizeof *shapes)

static void need(int32_t status) {
  s2s__error error;
  snprintf(error.text, sizeof error.text, "%s", s2s_error_message());
  fixture_must(status, &error);
}

/* ---- models and their decoders ------------------------------------------------------------------------------------------ */

/* A model whose output layer is drawn wider than training begins with, so that distributions are sharp. */
static s2s_model *sharp_model(size_t shape, uint64_t *random) {
  char options[320];
  snprintf(options, sizeof options, "%s seed %zu", shapes[shape % SHAPES], fixture_below(random, 1000000));
  s2s_model *model = fixture_model(options, SOURCES, TARGETS);
  const s2s__param *p = fixture_param(model, "generator.weight");
  float values[TARGETS * 16];
  for (size_t i = 0; i < s2s__param_size(p); i++) values[i] = (float)fixture_uniform(random, -2, 2);
  fixture_write(model, "generator.weight", values);
  return model;
}

/* generator.bias: `end` for the end mark, zero for all others. */
static void bias_end(s2s_model *model, double end) {
  float values[TARGETS] = {0};
  values[S2S__EOS] = (float)end;
  fixture_write(model, "generator.bias", values);
}

static s2s_memory *encoded(const s2s_model *model, const int32_t *ids, const size_t *lengths, size_t count) {
  s2s_encoder *encoder;
  s2s_memory *memory;
  need(s2s_encoder_init(model, NULL, &encoder));
  need(s2s_encode_ids(encoder, ids, lengths, count, &memory));
  s2s_encoder_free(encoder);
  return memory;
}

/* One sentence of n random tokens. */
static s2s_memory *drawn_memory(const s2s_model *model, size_t n, uint64_t *random) {
  int32_t ids[MOST_TOKENS];
  for (size_t i = 0; i < n; i++) ids[i] = (int32_t)fixture_below(random, SOURCES);
  return encoded(model, ids, &n, 1);
}

static s2s_decoder *decoder_with(const s2s_model *model, const char *text) {
  s2s_options *options = fixture_options(text);
  s2s_decoder *decoder;
  need(s2s_decoder_init(model, options, &decoder));
  s2s_options_free(options);
  return decoder;
}

static s2s_result *decoded(const s2s_model *model, const s2s_memory *memory, const char *text) {
  s2s_decoder *decoder = decoder_with(model, text);
  s2s_result *result;
  need(s2s_decode(decoder, memory, &result));
  s2s_decoder_free(decoder);
  return result;
}

/* Tokens of a hypothesis as its length counts them: with the end mark where it has one. */
static size_t full_length(const s2s_result *result, size_t text, size_t rank) {
  size_t n, rows;
  s2s_result_tokens(result, text, rank, &n);
  s2s_result_alignment(result, text, rank, &rows, NULL);
  return rows ? rows : n; /* without attention: cut at the limit in the tests that ask */
}

/* ---- all sequences ---------------------------------------------------------------------------------------------------------- */

typedef struct sequence {
  int32_t token[LONGEST];
  size_t length; /* the end mark included */
  double log_probability;
} sequence;

typedef struct sequences {
  s2s_decoder *decoder;
  const s2s_memory *memory;
  sequence item[NODES];
  size_t count;
} sequences;

/* Log-probabilities after a prefix, from a fresh start. */
static const float *after(const sequences *all, const sequence *prefix) {
  const float *log_probabilities;
  int32_t token = S2S__BOS, parent = 0;
  need(s2s_decoder_start(all->decoder, all->memory));
  need(s2s_decoder_step(all->decoder, &token, &parent, 1, &log_probabilities));
  for (size_t t = 0; t < prefix->length; t++)
    need(s2s_decoder_step(all->decoder, &prefix->token[t], &parent, 1, &log_probabilities));
  return log_probabilities;
}

/* Every sequence that begins so and ends with the end mark or has LONGEST tokens. */
static void enumerate(sequences *all, const sequence *prefix) {
  float row[TARGETS];
  memcpy(row, after(all, prefix), sizeof row);
  for (int32_t v = 0; v < TARGETS; v++) {
    sequence next = *prefix;
    if (v == S2S__BOS) continue;
    next.token[next.length++] = v;
    next.log_probability += (double)row[v];
    if (v != S2S__EOS && next.length < LONGEST) enumerate(all, &next);
    else if (all->count < NODES) all->item[all->count++] = next;
  }
}

/* Best first, by log-probability over length ^ penalty. */
static void sort_sequences(sequences *all, double penalty) {
  for (size_t i = 1; i < all->count; i++) {
    const sequence moved = all->item[i];
    const double score = moved.log_probability / pow((double)moved.length, penalty);
    size_t at = i;
    for (; at > 0; at--) {
      const sequence *before = &all->item[at - 1];
      if (before->log_probability / pow((double)before->length, penalty) >= score) break;
      all->item[at] = *before;
    }
    all->item[at] = moved;
  }
}

static int is_sequence(const s2s_result *result, size_t rank, const sequence *wanted) {
  size_t n;
  const int32_t *ids = s2s_result_tokens(result, 0, rank, &n);
  const size_t tokens = wanted->length - (wanted->token[wanted->length - 1] == S2S__EOS);
  return n == tokens && memcmp(ids, wanted->token, n * sizeof *ids) == 0 &&
         fabs(s2s_result_log_probability(result, 0, rank) - wanted->log_probability) < 1e-5;
}

static size_t wrong_sequences(const sequences *all, const s2s_result *result, size_t best) {
  size_t wrong = s2s_result_hypotheses(result, 0) != best;
  for (size_t rank = 0; rank < best; rank++) wrong += !is_sequence(result, rank, &all->item[rank]);
  return wrong;
}

static void check_all_sequences(size_t shape, uint64_t *random) {
  static sequences all;
  s2s_model *model = sharp_model(shape, random);
  s2s_memory *memory = drawn_memory(model, 5, random);
  const sequence empty = {.length = 0};
  all.decoder = decoder_with(model, "");
  all.memory = memory;
  all.count = 0;
  enumerate(&all, &empty);
  sort_sequences(&all, 0);
  s2s_result *result = decoded(model, memory, "beam 1024 nbest 1024 length_penalty 0 max_length 4 max_length_ratio 0");
  is_int((int64_t)wrong_sequences(&all, result, all.count), 0,
         "model %zu: a beam wider than all %zu sequences returns them all, best first", shape, all.count);
  s2s_result_free(result);
  result = decoded(model, memory, "beam 200 nbest 20 length_penalty 0 max_length 4 max_length_ratio 0 beam_stop safe");
  is_int((int64_t)wrong_sequences(&all, result, 20), 0, "model %zu: a wide beam finds the true 20 best", shape);
  s2s_result_free(result);
  sort_sequences(&all, 1.5);
  result = decoded(model, memory, "beam 1024 nbest 30 length_penalty 1.5 max_length 4 max_length_ratio 0");
  is_int((int64_t)wrong_sequences(&all, result, 30), 0, "model %zu: ranks are by log-probability over length ^ 1.5",
         shape);
  s2s_result_free(result);
  s2s_decoder_free(all.decoder);
  s2s_memory_free(memory);
  s2s_model_free(model);
}

/* ---- n-best --------------------------------------------------------------------------------------------------------------------- */

static int same_hypothesis(const s2s_result *result, size_t a, size_t b) {
  size_t n, m;
  const int32_t *x = s2s_result_tokens(result, 0, a, &n), *y = s2s_result_tokens(result, 0, b, &m);
  return n == m && full_length(result, 0, a) == full_length(result, 0, b) && memcmp(x, y, n * sizeof *x) == 0;
}

static int rows_add_to_one(const float *weights, size_t rows, size_t columns) {
  for (size_t r = 0; r < rows; r++) {
    double sum = 0;
    for (size_t c = 0; c < columns; c++) sum += (double)weights[r * columns + c];
    if (fabs(sum - 1) > 1e-5) return 0;
  }
  return 1;
}

static void check_nbest(size_t shape, uint64_t *random) {
  s2s_model *model = sharp_model(shape, random);
  s2s_memory *memory = drawn_memory(model, 6, random);
  s2s_result *result = decoded(model, memory, "beam 6 nbest 6 length_penalty 0.7 max_length 12");
  const size_t count = s2s_result_hypotheses(result, 0);
  int ordered = 1, distinct = 1, scored = 1, aligned = 1;
  for (size_t rank = 0; rank < count; rank++) {
    size_t rows, columns;
    const float *weights = s2s_result_alignment(result, 0, rank, &rows, &columns);
    const double score = s2s_result_score(result, 0, rank), sum = s2s_result_log_probability(result, 0, rank);
    ordered &= rank == 0 || score <= s2s_result_score(result, 0, rank - 1);
    for (size_t other = 0; other < rank; other++) distinct &= !same_hypothesis(result, rank, other);
    if (!weights) continue;
    scored &= fabs(score - sum / pow((double)rows, 0.7)) < 1e-9;
    aligned &= columns == 6 && rows_add_to_one(weights, rows, columns);
  }
  is_int((int64_t)count, 6, "model %zu: as many hypotheses as nbest", shape);
  ok(ordered, "model %zu: hypotheses are ordered by score", shape);
  ok(distinct, "model %zu: hypotheses differ", shape);
  ok(scored, "model %zu: a score is log-probability over length ^ penalty", shape);
  ok(aligned, "model %zu: each row of attention adds up to one", shape);
  ok(!s2s_result_text(result, 0, count) && !s2s_result_text(result, 1, 0) && s2s_result_score(result, 0, count) == 0,
     "model %zu: out of range there is nothing", shape);
  s2s_result_free(result);
  result = decoded(model, memory, "beam 2 nbest 5 max_length 12");
  is_int((int64_t)s2s_result_hypotheses(result, 0), 2, "model %zu: nbest is at most the beam", shape);
  s2s_result_free(result);
  s2s_memory_free(memory);
  s2s_model_free(model);
}

/* ---- limits ---------------------------------------------------------------------------------------------------------------------- */

/* The greedy hypothesis of a model that never ends, from a source of n tokens. */
static size_t endless_length(const s2s_model *model, size_t n, const char *limits, uint64_t *random) {
  char text[96];
  s2s_memory *memory = drawn_memory(model, n, random);
  snprintf(text, sizeof text, "beam 2 %s", limits);
  s2s_result *result = decoded(model, memory, text);
  size_t tokens;
  s2s_result_tokens(result, 0, 0, &tokens);
  s2s_result_free(result);
  s2s_memory_free(memory);
  return tokens;
}

static void check_limits(uint64_t *random) {
  s2s_model *model = sharp_model(0, random);
  bias_end(model, -1000);
  is_int((int64_t)endless_length(model, 4, "max_length 7 max_length_ratio 0", random), 7, "max_length is kept");
  is_int((int64_t)endless_length(model, 4, "max_length 1 max_length_ratio 0", random), 1, "max_length 1 gives one token");
  is_int((int64_t)endless_length(model, 4, "max_length 99 max_length_ratio 1.5", random), 16,
         "max_length_ratio allows 10 + 1.5 * 4 tokens");
  is_int((int64_t)endless_length(model, 4, "max_length 12 max_length_ratio 1.5", random), 12, "the lesser limit counts");
  is_int((int64_t)endless_length(model, 4, "", random), 22, "by default 10 + 3 * 4 tokens are allowed");
  s2s_model_free(model);
  model = sharp_model(0, random);
  bias_end(model, 1000);
  is_int((int64_t)endless_length(model, 4, "", random), 0, "a model that ends at once gives an empty text");
  s2s_model_free(model);
}

static void check_lengths_of_all(uint64_t *random) {
  int kept = 1, cut = 0;
  for (size_t trial = 0; trial < 40; trial++) {
    s2s_model *model = sharp_model(trial % 2, random);
    s2s_memory *memory = drawn_memory(model, 1 + fixture_below(random, 6), random);
    s2s_result *result = decoded(model, memory, "beam 5 nbest 5 max_length 6");
    for (size_t rank = 0; rank < s2s_result_hypotheses(result, 0); rank++) {
      size_t n, rows;
      s2s_result_tokens(result, 0, rank, &n);
      s2s_result_alignment(result, 0, rank, &rows, NULL);
      kept &= rows <= 6 && (rows == n + 1 || (rows == n && n == 6));
      cut += rows == n;
    }
    s2s_result_free(result);
    s2s_memory_free(memory);
    s2s_model_free(model);
  }
  ok(kept, "a hypothesis ends with an end mark within max_length, or has max_length tokens");
  ok(cut > 0, "hypotheses that were cut count as they stand (%d)", cut);
}

/* ---- empty sources ------------------------------------------------------------------------------------------------------------------ */

static int is_empty_hypothesis(const s2s_result *result, size_t text) {
  size_t n, rows;
  const int32_t *ids = s2s_result_tokens(result, text, 0, &n);
  s2s_result_alignment(result, text, 0, &rows, NULL);
  return s2s_result_hypotheses(result, text) == 1 && ids && n == 0 && rows == 0 &&
         strcmp(s2s_result_text(result, text, 0), "") == 0;
}

static void check_empty(size_t shape, uint64_t *random) {
  static const int32_t ids[5] = {3, 4, 5, 6, 7};
  static const size_t mixed[4] = {0, 3, 0, 2}, none[2] = {0, 0};
  s2s_model *model = sharp_model(shape, random);
  s2s_memory *memory = encoded(model, ids, mixed, 4);
  s2s_result *result = decoded(model, memory, "beam 3 nbest 2");
  ok(is_empty_hypothesis(result, 0) && is_empty_hypothesis(result, 2),
     "model %zu: an empty source has one empty hypothesis", shape);
  ok(s2s_result_hypotheses(result, 1) == 2 && s2s_result_hypotheses(result, 3) == 2,
     "model %zu: sources beside it have theirs", shape);
  s2s_result_free(result);
  s2s_memory_free(memory);
  memory = encoded(model, ids, none, 2);
  result = decoded(model, memory, "beam 3");
  ok(is_empty_hypothesis(result, 0) && is_empty_hypothesis(result, 1), "model %zu: a batch of empty sources", shape);
  s2s_result_free(result);
  s2s_memory_free(memory);
  memory = encoded(model, ids, none, 0);
  result = decoded(model, memory, "beam 3");
  is_int((int64_t)s2s_result_count(result), 0, "model %zu: a batch of no sources", shape);
  s2s_result_free(result);
  s2s_memory_free(memory);
  s2s_model_free(model);
}

/* ---- stopping ---------------------------------------------------------------------------------------------------------------------- */

static void check_safe(uint64_t *random) {
  static const char *const penalties[4] = {"0", "0.5", "1", "3"};
  int never_worse = 1, better = 0;
  for (size_t trial = 0; trial < 200; trial++) {
    char first[128], safe[128];
    s2s_model *model = sharp_model(trial, random);
    s2s_memory *memory = drawn_memory(model, 1 + fixture_below(random, 6), random);
    const int n = snprintf(first, sizeof first, "max_length 15 beam %zu nbest %zu length_penalty %s", 1 + fixture_below(random, 5),
                           1 + fixture_below(random, 3), penalties[fixture_below(random, 4)]);
    snprintf(safe, sizeof safe, "%.*s beam_stop safe", n, first);
    s2s_result *a = decoded(model, memory, first), *b = decoded(model, memory, safe);
    never_worse &= s2s_result_score(b, 0, 0) >= s2s_result_score(a, 0, 0);
    better += s2s_result_score(b, 0, 0) > s2s_result_score(a, 0, 0);
    s2s_result_free(a);
    s2s_result_free(b);
    s2s_memory_free(memory);
    s2s_model_free(model);
  }
  ok(never_worse, "beam_stop safe never returns less than first");
  ok(better > 0, "beam_stop safe sometimes returns more (%d of 200)", better);
}

/* ---- NaN and infinities ---------------------------------------------------------------------------------------------------------- */

static void fill_param(s2s_model *model, const s2s__param *p, float value, size_t first) {
  float values[2048];
  s2s__error error;
  s2s__error_clear(&error);
  fixture_must(s2s__param_read(p, &model->arena, values, &error), &error);
  for (size_t i = first; i < s2s__param_size(p); i++) values[i] = value;
  fixture_must(s2s__param_write(p, &model->arena, values, &error), &error);
}

/* A search over a model with one parameter gone wrong comes to an end within its limits. */
static int survives(size_t shape, size_t param, float value, size_t first, uint64_t *random) {
  s2s_model *model = sharp_model(shape, random);
  const s2s__params *params = &model->network.params;
  fill_param(model, params->item[param % params->count], value, first);
  s2s_memory *memory = drawn_memory(model, 4, random);
  int fine = 1;
  for (int safe = 0; safe < 2; safe++) {
    s2s_result *result = decoded(model, memory, safe ? "beam 3 nbest 3 beam_stop safe" : "beam 3 nbest 3");
    size_t n;
    fine &= s2s_result_hypotheses(result, 0) >= 1 && s2s_result_tokens(result, 0, 0, &n) && n <= 22;
    s2s_result_free(result);
  }
  s2s_memory_free(memory);
  s2s_model_free(model);
  return fine;
}

static void check_nan(uint64_t *random) {
  static const struct {
    const char *name;
    float value;
  } bad[4] = {{"NaN", NAN}, {"infinity", INFINITY}, {"-infinity", -INFINITY}, {"1e38", 1e38f}};
  for (size_t b = 0; b < 4; b++) {
    int fine = 1;
    for (size_t shape = 0; shape < SHAPES; shape++)
      for (size_t param = 0; param < 20; param++) {
        fine &= survives(shape, param, bad[b].value, 0, random);
        fine &= survives(shape, param, bad[b].value, 1, random);
      }
    ok(fine, "parameters of %s: a search ends, with a hypothesis", bad[b].name);
  }
}

/* One class of NaN alone makes the whole distribution NaN; the others must not be taken for good. */
static void check_all_nan(uint64_t *random) {
  s2s_model *model = sharp_model(0, random);
  s2s_memory *memory;
  float values[TARGETS] = {0};
  values[3] = NAN;
  fixture_write(model, "generator.bias", values);
  memory = drawn_memory(model, 3, random);
  s2s_result *result = decoded(model, memory, "beam 4 nbest 4");
  ok(is_empty_hypothesis(result, 0), "where every probability is NaN the hypothesis is empty");
  s2s_result_free(result);
  s2s_memory_free(memory);
  s2s_model_free(model);
}

/* ---- cancelling -------------------------------------------------------------------------------------------------------------------- */

typedef struct race {
  s2s_decoder *decoder;
  const s2s_memory *memory;
  int32_t status;
} race;

static void race_part(void *data, size_t part, size_t worker) {
  race *r = data;
  s2s_result *result;
  (void)worker;
  if (part == 1) {
    s2s_decoder_cancel(r->decoder);
    return;
  }
  r->status = s2s_decode(r->decoder, r->memory, &result);
  s2s_result_free(result);
}

static void check_cancel(uint64_t *random) {
  s2s_model *model = sharp_model(0, random);
  bias_end(model, -1000);
  s2s_memory *memory = drawn_memory(model, 5, random);
  s2s_decoder *decoder = decoder_with(model, "max_length 100000 max_length_ratio 0");
  s2s_result *result;
  const float *row;
  s2s_decoder_cancel(decoder);
  is_int(s2s_decode(decoder, memory, &result), S2S_CANCELLED, "a cancel before decoding cancels it");
  ok(result == NULL, "a cancelled decoding gives no result");
  is_int(s2s_decoder_step(decoder, &(int32_t){1}, &(int32_t){0}, 1, &row), S2S_BAD_ARGUMENT,
         "a cancelled decoding cannot be continued by steps");
  s2s__error error;
  s2s__pool *pool;
  race r = {decoder, memory, S2S_OK};
  s2s__error_clear(&error);
  fixture_must(s2s__pool_new(&model->host, 2, &pool, &error), &error);
  s2s__pool_run(pool, 2, race_part, &r);
  s2s__pool_free(pool);
  is_int(r.status, S2S_CANCELLED, "a cancel from another thread ends a long decoding");
  s2s_decoder_free(decoder);
  decoder = decoder_with(model, "max_length 5");
  s2s_decoder_cancel(decoder);
  (void)s2s_decode(decoder, memory, &result);
  is_int(s2s_decode(decoder, memory, &result), S2S_OK, "the decoding after a cancelled one works");
  s2s_result_free(result);
  s2s_decoder_free(decoder);
  s2s_memory_free(memory);
  s2s_model_free(model);
}

/* ---- steps --------------------------------------------------------------------------------------------------------------------------- */

static int32_t best_token(const float *row) {
  int32_t best = -1;
  for (int32_t v = 0; v < TARGETS; v++)
    if (v != S2S__BOS && (best < 0 || row[v] > row[best])) best = v;
  return best;
}

/* Greedy search by hand, for three sentences at once; those that end leave. */
static void step_greedily(s2s_decoder *decoder, const s2s_memory *memory, size_t most, int32_t out[3][MOST_TOKENS],
                          size_t length[3]) {
  int32_t tokens[3] = {S2S__BOS, S2S__BOS, S2S__BOS}, parents[3] = {0, 1, 2};
  size_t sentence[3] = {0, 1, 2}, n = 3;
  need(s2s_decoder_start(decoder, memory));
  for (size_t step = 0; n > 0 && step < most; step++) {
    const float *rows;
    size_t left = 0;
    need(s2s_decoder_step(decoder, tokens, parents, n, &rows));
    for (size_t i = 0; i < n; i++) {
      const int32_t token = best_token(rows + i * TARGETS);
      if (token == S2S__EOS) continue;
      out[sentence[i]][length[sentence[i]]++] = token;
      tokens[left] = token;
      parents[left] = (int32_t)i;
      sentence[left++] = sentence[i];
    }
    n = left;
  }
}

static void check_greedy(size_t shape, uint64_t *random) {
  int same = 1;
  for (size_t trial = 0; trial < 20; trial++) {
    int32_t ids[9], tokens[3][MOST_TOKENS];
    const size_t lengths[3] = {4, 2, 3};
    size_t length[3] = {0, 0, 0};
    s2s_model *model = sharp_model(shape, random);
    for (size_t i = 0; i < 9; i++) ids[i] = (int32_t)fixture_below(random, SOURCES);
    s2s_memory *memory = encoded(model, ids, lengths, 3);
    s2s_decoder *decoder = decoder_with(model, "");
    s2s_result *result = decoded(model, memory, "beam 1 max_length 9 max_length_ratio 0");
    step_greedily(decoder, memory, 9, tokens, length);
    for (size_t i = 0; i < 3; i++) {
      size_t n;
      const int32_t *got = s2s_result_tokens(result, i, 0, &n);
      same &= n == length[i] && memcmp(got, tokens[i], n * sizeof *got) == 0;
    }
    s2s_result_free(result);
    s2s_decoder_free(decoder);
    s2s_memory_free(memory);
    s2s_model_free(model);
  }
  ok(same, "model %zu: greedy search by steps gives what a beam of 1 gives", shape);
}

static int32_t try_step(s2s_decoder *decoder, int32_t token, int32_t parent) {
  const float *row;
  return s2s_decoder_step(decoder, &token, &parent, 1, &row);
}

static void check_bad_steps(uint64_t *random) {
  s2s_model *model = sharp_model(0, random), *other = sharp_model(1, random);
  s2s_memory *memory = drawn_memory(model, 3, random), *foreign = drawn_memory(other, 3, random);
  s2s_decoder *decoder = decoder_with(model, "");
  s2s_result *result;
  const float *row;
  is_int(try_step(decoder, 1, 0), S2S_BAD_ARGUMENT, "a step before start is refused");
  is_int(s2s_decoder_start(decoder, foreign), S2S_BAD_ARGUMENT, "a memory of another model is refused");
  is_int(try_step(decoder, 1, 0), S2S_BAD_ARGUMENT, "a start that failed is no start");
  need(s2s_decoder_start(decoder, memory));
  is_int(try_step(decoder, 1, 1), S2S_BAD_ARGUMENT, "a parent past the sentences is refused");
  is_int(try_step(decoder, 1, -1), S2S_BAD_ARGUMENT, "a negative parent is refused");
  is_int(try_step(decoder, TARGETS, 0), S2S_BAD_ARGUMENT, "a token past the vocabulary is refused");
  is_int(try_step(decoder, -1, 0), S2S_BAD_ARGUMENT, "a negative token is refused");
  is_int(try_step(decoder, INT32_MIN, INT32_MIN), S2S_BAD_ARGUMENT, "the least numbers are refused");
  is_int(try_step(decoder, 1, 0), S2S_OK, "a refused step changes nothing");
  is_int(s2s_decoder_step(decoder, NULL, NULL, 0, &row), S2S_OK, "a step of no rows works");
  is_int(try_step(decoder, 3, 0), S2S_BAD_ARGUMENT, "after it no parent is left");
  is_int(s2s_decoder_step(decoder, NULL, NULL, 1, &row), S2S_BAD_ARGUMENT, "rows of NULL are refused");
  need(s2s_decoder_start(decoder, memory));
  need(s2s_decode(decoder, memory, &result));
  is_int(try_step(decoder, 1, 0), S2S_BAD_ARGUMENT, "a search ends the steps before it");
  s2s_result_free(result);
  s2s_decoder_free(decoder);
  s2s_memory_free(memory);
  s2s_memory_free(foreign);
  s2s_model_free(model);
  s2s_model_free(other);
}

/* A row of the batch below: its sentence and the tokens it has been fed. */
typedef struct history {
  int32_t sentence, token[8];
} history;

/* The log-probabilities of one history, stepped alone. */
static void step_alone(s2s_decoder *decoder, const s2s_memory *memory, const history *h, size_t steps,
                       float wanted[TARGETS]) {
  const float *row = NULL;
  need(s2s_decoder_start(decoder, memory));
  for (size_t t = 0; t < steps; t++) {
    const int32_t parent = t ? 0 : h->sentence;
    need(s2s_decoder_step(decoder, &h->token[t], &parent, 1, &row));
  }
  memcpy(wanted, row, TARGETS * sizeof *wanted);
}

/* Random trees of rows: dropped, doubled and shuffled at every step. */
static void check_rows(size_t shape, uint64_t *random) {
  enum { ROWS = 12, STEPS = 6 };
  static const size_t lengths[4] = {3, 1, 4, 2};
  int32_t ids[10];
  history rows[ROWS], next[ROWS];
  size_t n = 4, wrong = 0;
  s2s_model *model = sharp_model(shape, random);
  for (size_t i = 0; i < 10; i++) ids[i] = (int32_t)fixture_below(random, SOURCES);
  s2s_memory *memory = encoded(model, ids, lengths, 4);
  s2s_decoder *decoder = decoder_with(model, ""), *alone = decoder_with(model, "");
  for (int32_t i = 0; i < 4; i++) rows[i].sentence = i;
  need(s2s_decoder_start(decoder, memory));
  for (size_t step = 0; step < STEPS; step++) {
    int32_t tokens[ROWS], parents[ROWS];
    const size_t count = 1 + fixture_below(random, ROWS);
    const float *got;
    for (size_t i = 0; i < count; i++) {
      parents[i] = (int32_t)fixture_below(random, n);
      tokens[i] = step ? (int32_t)fixture_below(random, TARGETS) : S2S__BOS;
      next[i] = rows[parents[i]];
      next[i].token[step] = tokens[i];
    }
    need(s2s_decoder_step(decoder, tokens, parents, count, &got));
    for (size_t i = 0; i < count; i++) {
      float wanted[TARGETS];
      rows[i] = next[i];
      step_alone(alone, memory, &rows[i], step + 1, wanted);
      wrong += memcmp(got + i * TARGETS, wanted, sizeof wanted) != 0;
    }
    n = count;
  }
  is_int((int64_t)wrong, 0, "model %zu: rows dropped, doubled and shuffled give what each gives alone", shape);
  s2s_decoder_free(alone);
  s2s_decoder_free(decoder);
  s2s_memory_free(memory);
  s2s_model_free(model);
}

/* ---- memory ---------------------------------------------------------------------------------------------------------------------------- */

static void check_no_allocation(size_t shape, uint64_t *random) {
  test_memory counted;
  s2s_options *options = fixture_options("");
  s2s_model *model = sharp_model(shape, random);
  s2s_memory *memory = drawn_memory(model, 5, random);
  s2s_decoder *decoder;
  size_t before = 0;
  memset(&counted, 0, sizeof counted);
  need(s2s_options_set_allocator(options, test_allocate, &counted));
  need(s2s_decoder_init(model, options, &decoder));
  for (int round = 0; round < 4; round++) {
    before = counted.requests;
    need(s2s_decoder_start(decoder, memory));
    for (size_t step = 0; step < 20; step++) need(try_step(decoder, step ? 3 : S2S__BOS, 0));
  }
  is_int((int64_t)(counted.requests - before), 0, "model %zu: after warm-up, steps allocate nothing", shape);
  s2s_decoder_free(decoder);
  ok(counted.live_blocks == 0 && counted.wrong_sizes == 0, "model %zu: a decoder gives its memory back", shape);
  s2s_memory_free(memory);
  s2s_model_free(model);
  s2s_options_free(options);
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "--seed") == 0) seed = strtoull(argv[2], NULL, 0);
  diag("seed %llu, cpu %s", (unsigned long long)seed, fixture_kernels()->name);
  uint64_t random = seed;
  for (size_t shape = 0; shape < SHAPES; shape++) {
    check_all_sequences(shape, &random);
    check_nbest(shape, &random);
    check_empty(shape, &random);
    check_greedy(shape, &random);
    check_rows(shape, &random);
    check_no_allocation(shape, &random);
  }
  check_limits(&random);
  check_lengths_of_all(&random);
  check_safe(&random);
  check_nan(&random);
  check_all_nan(&random);
  check_bad_steps(&random);
  check_cancel(&random);
  return done();
}
