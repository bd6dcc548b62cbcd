/* SPDX-License-Identifier: MIT
 *
 * search: beam search against all sequences there are, what comes back and in which order, limits of length, empty
 * sources, when it stops, NaN.
 *
 *     test_search [--seed N]
 */
#include "test_search.h"

static uint64_t seed = 20240609;

/* Tokens of a hypothesis as its score counts them, with the end mark where it has one; 0 when the score is wrong. */
static size_t scored_length(const s2s_result *result, size_t rank, double penalty) {
  const double score = s2s_result_score(result, 0, rank), sum = s2s_result_log_probability(result, 0, rank);
  size_t n;
  s2s_result_tokens(result, 0, rank, &n);
  for (size_t length = n; length <= n + 1; length++)
    if (fabs(score - sum / pow((double)length, penalty)) < 1e-9) return length;
  return 0;
}

enum { LONGEST = 4, NODES = 1024 };

/* ---- all sequences ----------------------------------------------------------------------------------------------- */

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
    if (v != S2S__EOS && next.length < LONGEST)
      enumerate(all, &next);
    else if (all->count < NODES)
      all->item[all->count++] = next;
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

/* ---- n-best ------------------------------------------------------------------------------------------------------ */

static int same_hypothesis(const s2s_result *result, size_t a, size_t b) {
  size_t n, m;
  const int32_t *x = s2s_result_tokens(result, 0, a, &n), *y = s2s_result_tokens(result, 0, b, &m);
  return n == m && memcmp(x, y, n * sizeof *x) == 0 &&
         !(s2s_result_log_probability(result, 0, a) != s2s_result_log_probability(result, 0, b));
}

static int rows_add_to_one(const float *weights, size_t rows, size_t columns) {
  for (size_t r = 0; r < rows; r++) {
    double sum = 0;
    for (size_t c = 0; c < columns; c++) sum += (double)weights[r * columns + c];
    if (fabs(sum - 1) > 1e-5) return 0;
  }
  return 1;
}

/* Feeds a hypothesis to a decoder of its own: the same sum of log-probabilities, the same attention. */
static int is_own_path(const s2s_model *model, const s2s_memory *memory, const s2s_result *result, size_t rank,
                       size_t steps) {
  s2s_decoder *decoder = decoder_with(model, "");
  size_t n, columns;
  const int32_t *ids = s2s_result_tokens(result, 0, rank, &n);
  const float *weights = s2s_result_alignment(result, 0, rank, NULL, &columns), *row;
  double sum = 0;
  int same = 1;
  need(s2s_decoder_start(decoder, memory));
  for (size_t t = 0; t < steps; t++) {
    const int32_t token = t ? ids[t - 1] : S2S__BOS;
    need(s2s_decoder_step(decoder, &token, &(int32_t){0}, 1, &row));
    sum += (double)row[t < n ? ids[t] : S2S__EOS];
    if (weights) same &= memcmp(weights + t * columns, decoder->searcher[0].stepper.weights->data, columns * sizeof *weights) == 0;
  }
  s2s_decoder_free(decoder);
  return same && !(sum != s2s_result_log_probability(result, 0, rank));
}

static void check_nbest(size_t shape, uint64_t *random) {
  s2s_model *model = sharp_model(shape, random);
  s2s_memory *memory = drawn_memory(model, 6, random);
  s2s_result *result = decoded(model, memory, "beam 6 nbest 6 length_penalty 0.7 max_length 12");
  const size_t count = s2s_result_hypotheses(result, 0);
  int ordered = 1, distinct = 1, scored = 1, aligned = 1, own = 1;
  for (size_t rank = 0; rank < count; rank++) {
    size_t rows, columns;
    const float *weights = s2s_result_alignment(result, 0, rank, &rows, &columns);
    ordered &= rank == 0 || s2s_result_score(result, 0, rank) <= s2s_result_score(result, 0, rank - 1);
    for (size_t other = 0; other < rank; other++) distinct &= !same_hypothesis(result, rank, other);
    const size_t length = scored_length(result, rank, 0.7);
    scored &= length > 0;
    own &= is_own_path(model, memory, result, rank, length);
    aligned &= !weights || (rows == length && columns == 6 && rows_add_to_one(weights, rows, columns));
  }
  is_int((int64_t)count, 6, "model %zu: as many hypotheses as nbest", shape);
  ok(ordered, "model %zu: hypotheses are ordered by score", shape);
  ok(distinct, "model %zu: hypotheses differ", shape);
  ok(scored, "model %zu: a score is log-probability over length ^ penalty", shape);
  ok(aligned, "model %zu: each row of attention adds up to one", shape);
  ok(own, "model %zu: log-probability and attention are those of the hypothesis fed alone", shape);
  ok(!s2s_result_text(result, 0, count) && !s2s_result_text(result, 1, 0) && s2s_result_score(result, 0, count) == 0,
     "model %zu: out of range there is nothing", shape);
  s2s_result_free(result);
  result = decoded(model, memory, "beam 2 nbest 5 max_length 12");
  is_int((int64_t)s2s_result_hypotheses(result, 0), 5, "model %zu: the beam is as wide as nbest", shape);
  s2s_result_free(result);
  s2s_memory_free(memory);
  s2s_model_free(model);
}

/* All tokens equally probable at every step: what came first stays first. */
static void check_ties(uint64_t *random) {
  static const char *const wanted[3] = {"", "<unk>", "<unk> <unk>"};
  s2s_model *model = sharp_model(0, random);
  float zeros[TARGETS * 16] = {0};
  int same = 1;
  fixture_write(model, "generator.weight", zeros);
  fixture_write(model, "generator.bias", zeros);
  s2s_memory *memory = drawn_memory(model, 3, random);
  s2s_result *result = decoded(model, memory, "beam 3 nbest 3 length_penalty 1");
  for (size_t rank = 0; rank < 3; rank++) same &= strcmp(s2s_result_text(result, 0, rank), wanted[rank]) == 0;
  ok(same, "equal scores stand in the order of hypotheses and tokens");
  s2s_result_free(result);
  s2s_memory_free(memory);
  s2s_model_free(model);
}

/* ---- limits ------------------------------------------------------------------------------------------------------ */

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
  is_int((int64_t)endless_length(model, 4, "max_length 1 max_length_ratio 0", random), 1,
         "max_length 1 gives one token");
  is_int((int64_t)endless_length(model, 4, "max_length 99 max_length_ratio 1.5", random), 16,
         "max_length_ratio allows 10 + 1.5 * 4 tokens");
  is_int((int64_t)endless_length(model, 4, "max_length 12 max_length_ratio 1.5", random), 12,
         "the lesser limit counts");
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

/* ---- empty sources ----------------------------------------------------------------------------------------------- */

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

/* ---- stopping ---------------------------------------------------------------------------------------------------- */

static void check_safe(uint64_t *random) {
  static const char *const penalties[4] = {"0", "0.5", "1", "3"};
  int never_worse = 1, better = 0;
  for (size_t trial = 0; trial < 200; trial++) {
    char first[128], safe[128];
    s2s_model *model = sharp_model(trial, random);
    s2s_memory *memory = drawn_memory(model, 1 + fixture_below(random, 6), random);
    const int n =
        snprintf(first, sizeof first, "max_length 15 beam %zu nbest %zu length_penalty %s",
                 1 + fixture_below(random, 5), 1 + fixture_below(random, 3), penalties[fixture_below(random, 4)]);
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

/* ---- NaN and infinities ------------------------------------------------------------------------------------------ */

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

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "--seed") == 0) seed = strtoull(argv[2], NULL, 0);
  diag("seed %llu, cpu %s", (unsigned long long)seed, fixture_kernels()->name);
  uint64_t random = seed;
  for (size_t shape = 0; shape < SHAPES; shape++) {
    check_all_sequences(shape, &random);
    check_nbest(shape, &random);
    check_empty(shape, &random);
  }
  check_ties(&random);
  check_limits(&random);
  check_lengths_of_all(&random);
  check_safe(&random);
  check_nan(&random);
  check_all_nan(&random);
  return done();
}
