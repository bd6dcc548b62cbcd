/* SPDX-License-Identifier: MIT
 *
 * search: what hypotheses may be made of (rules), and what they are worth: each rule against all sequences there are or
 * against the steps, scores by other formulas, limits, endings, prefixes, and the same bits however sentences are put
 * together, for every kind of search.
 *
 *     test_rules [--seed N] [--batches N]
 */
#include "test_search.h"

static uint64_t seed = 20241125;
static size_t batches = 2000;

static const int32_t *tokens_of(const s2s_result *r, size_t text, size_t rank, size_t *n) {
  return s2s_result_tokens(r, text, rank, n);
}

/* ---- rules ------------------------------------------------------------------------------------------------------- */

typedef int (*holds_fn)(const s2s_result *r, size_t rank);

/* Every hypothesis of many searches, with and without the option: the rule holds with it, and not always without. */
static void check_rule(const char *option, const char *without, holds_fn holds, uint64_t *random) {
  static const char *const kinds[] = {"beam 1", "beam 4 nbest 4", "beam 3 beam_stop safe", "temperature 1 nbest 3"};
  int kept = 1, free_ones = 0;
  for (size_t trial = 0; trial < 120; trial++) {
    char text[256];
    s2s_model *model = sharp_model(trial, random);
    bias_end(model, -1);
    s2s_memory *memory = drawn_memory(model, 1 + fixture_below(random, 5), random);
    for (int ruled = 0; ruled < 2; ruled++) {
      snprintf(text, sizeof text, "max_length 12 max_length_ratio 0 %s %s", kinds[trial / 4 % 4],
               ruled ? option : without);
      s2s_result *r = decoded(model, memory, text);
      for (size_t rank = 0; rank < s2s_result_hypotheses(r, 0); rank++) {
        if (ruled)
          kept &= holds(r, rank);
        else
          free_ones += !holds(r, rank);
      }
      s2s_result_free(r);
    }
    s2s_memory_free(memory);
    s2s_model_free(model);
  }
  ok(kept, "%s holds in every hypothesis", option);
  ok(free_ones > 0, "and would not without it (%d times)", free_ones);
}

static int has_min_length(const s2s_result *r, size_t rank) {
  size_t n;
  (void)tokens_of(r, 0, rank, &n);
  return n >= 5 || s2s_result_ending(r, 0, rank) != S2S_ENDING_MARK;
}

static int repeats(const s2s_result *r, size_t rank, size_t gram) {
  size_t n;
  const int32_t *ids = tokens_of(r, 0, rank, &n);
  for (size_t i = 0; i + gram <= n; i++)
    for (size_t j = 0; j < i; j++)
      if (memcmp(ids + i, ids + j, gram * sizeof *ids) == 0) return 1;
  return 0;
}

static int has_no_bigram_twice(const s2s_result *r, size_t rank) { return !repeats(r, rank, 2); }
static int has_no_token_twice(const s2s_result *r, size_t rank) { return !repeats(r, rank, 1); }

static int lacks(const s2s_result *r, size_t rank, int32_t id) {
  size_t n;
  const int32_t *ids = tokens_of(r, 0, rank, &n);
  for (size_t i = 0; i < n; i++)
    if (ids[i] == id) return 0;
  return 1;
}

static int lacks_4(const s2s_result *r, size_t rank) { return lacks(r, rank, 4); }
static int lacks_unknown(const s2s_result *r, size_t rank) { return lacks(r, rank, S2S__UNK); }

static int begins_5(const s2s_result *r, size_t rank) {
  size_t n;
  const int32_t *ids = tokens_of(r, 0, rank, &n);
  return n >= 1 && ids[0] == 5;
}

/* A penalty on what was written: log-probability stays the model's, and scores are the rules'. */
static void check_repetition(uint64_t *random) {
  int own = 1, other = 0;
  for (size_t trial = 0; trial < 60; trial++) {
    s2s_model *model = sharp_model(trial, random);
    bias_end(model, -2);
    s2s_memory *memory = drawn_memory(model, 3, random);
    s2s_result *r = decoded(model, memory, "beam 3 max_length 8 length_penalty 0 repetition_penalty 3");
    size_t n, scores;
    double sum = 0, penalised = 0;
    const int32_t *ids = tokens_of(r, 0, 0, &n);
    const float *score = s2s_result_token_scores(r, 0, 0, &scores);
    for (size_t i = 0; i < scores; i++) {
      int before = 0;
      for (size_t j = 0; j < i && i < n; j++) before |= ids[j] == ids[i];
      sum += (double)score[i];
      penalised += (double)score[i] * (before ? 3 : 1);
    }
    own &= fabs(sum - s2s_result_log_probability(r, 0, 0)) < 1e-5;
    own &= fabs(penalised - s2s_result_score(r, 0, 0)) < 1e-4;
    other += fabs(penalised - sum) > 1e-4;
    s2s_result_free(r);
    s2s_memory_free(memory);
    s2s_model_free(model);
  }
  ok(own, "repetition_penalty multiplies what is repeated in the score, and leaves the model's numbers");
  ok(other > 0, "it was needed (%d of 60)", other);
}

/* Nothing can be written at all: the end mark is forbidden by min_length, the others are banned. */
static void check_stuck(uint64_t *random) {
  static const char *const kinds[] = {"beam 1", "beam 4 nbest 4", "beam 2 beam_stop safe", "temperature 1 nbest 3"};
  s2s_model *model = sharp_model(0, random);
  s2s_memory *memory = drawn_memory(model, 3, random);
  for (size_t k = 0; k < 4; k++) {
    char text[160];
    size_t n;
    snprintf(text, sizeof text, "%s min_length 4 banned 3|4|5|6 ban_unknown yes prefix 3|3", kinds[k]);
    s2s_options *options = fixture_options("max_length 9");
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
      char *value = strtok(NULL, " ");
      for (char *c = value; *c; c++) *c = *c == '|' ? ' ' : *c;
      need(s2s_options_set(options, word, value));
    }
    s2s_decoder *decoder;
    s2s_result *r;
    need(s2s_decoder_init(model, options, &decoder));
    need(s2s_decode(decoder, memory, &r));
    (void)tokens_of(r, 0, 0, &n);
    ok(n == 2 && s2s_result_ending(r, 0, 0) == S2S_ENDING_STUCK, "%s: where nothing may follow, what is there stays",
       kinds[k]);
    s2s_result_free(r);
    s2s_decoder_free(decoder);
    s2s_options_free(options);
  }
  s2s_memory_free(memory);
  s2s_model_free(model);
}

/* ---- scores ------------------------------------------------------------------------------------------------------ */

static double coverage(const s2s_result *r, size_t rank) {
  size_t rows, columns;
  const float *w = s2s_result_alignment(r, 0, rank, &rows, &columns);
  double sum = 0;
  for (size_t j = 0; j < columns; j++) {
    double got = 0;
    for (size_t i = 0; i < rows; i++) got += (double)w[i * columns + j];
    sum += got < 1 ? log(got) : 0;
  }
  return sum;
}

static void check_scores(uint64_t *random) {
  int right = 1, ordered = 1;
  for (size_t trial = 0; trial < 40; trial++) {
    s2s_model *model = sharp_model(trial % 2, random);
    s2s_memory *memory = drawn_memory(model, 4, random);
    s2s_result *r =
        decoded(model, memory, "beam 4 nbest 4 max_length 9 length_norm wu length_penalty 0.8 coverage_penalty 0.3");
    for (size_t rank = 0; rank < s2s_result_hypotheses(r, 0); rank++) {
      size_t n;
      s2s_result_token_scores(r, 0, rank, &n);
      const double wanted =
          s2s_result_log_probability(r, 0, rank) / pow((5 + (double)n) / 6, 0.8) + 0.3 * coverage(r, rank);
      right &= fabs(wanted - s2s_result_score(r, 0, rank)) < 1e-5;
      ordered &= !rank || s2s_result_score(r, 0, rank) <= s2s_result_score(r, 0, rank - 1);
    }
    s2s_result_free(r);
    s2s_memory_free(memory);
    s2s_model_free(model);
  }
  ok(right, "length_norm wu and coverage_penalty are Wu et al.'s");
  ok(ordered, "and hypotheses are ordered by them");
}

/* The n best that a search finds which never stops early. */
static void check_safe_is_safe(uint64_t *random) {
  static const char *const norms[] = {"length_norm wu length_penalty 0.9", "length_penalty 2", "length_penalty 0",
                                      "length_norm wu length_penalty 3 coverage_penalty 0.4",
                                      "length_penalty 1 repetition_penalty 1.7"};
  size_t wrong = 0, differs = 0;
  for (size_t trial = 0; trial < 300; trial++) {
    char text[200];
    s2s_model *model = sharp_model(trial % 2 ? 3 : trial / 2 % 2, random);
    s2s_memory *memory = drawn_memory(model, 1 + fixture_below(random, 5), random);
    const int at = snprintf(text, sizeof text, "max_length 14 beam %zu nbest %zu %s beam_stop ",
                            1 + fixture_below(random, 5), 1 + fixture_below(random, 3), norms[trial % 5]);
    snprintf(text + at, sizeof text - (size_t)at, "safe");
    s2s_result *safe = decoded(model, memory, text), *never, *first;
    s2s_decoder *decoder = decoder_with(model, text);
    decoder->search.stop = S2S__STOP_NEVER;
    need(s2s_decode(decoder, memory, &never));
    snprintf(text + at, sizeof text - (size_t)at, "first");
    first = decoded(model, memory, text);
    wrong += s2s_result_hypotheses(safe, 0) != s2s_result_hypotheses(never, 0);
    for (size_t rank = 0; rank < s2s_result_hypotheses(safe, 0); rank++) {
      wrong += fabs(s2s_result_score(safe, 0, rank) - s2s_result_score(never, 0, rank)) > 0;
      differs += fabs(s2s_result_score(safe, 0, rank) - s2s_result_score(first, 0, rank)) > 0;
    }
    s2s_result_free(safe);
    s2s_result_free(never);
    s2s_result_free(first);
    s2s_decoder_free(decoder);
    s2s_memory_free(memory);
    s2s_model_free(model);
  }
  is_int((int64_t)wrong, 0, "beam_stop safe returns what a search returns that never stops early");
  ok(differs > 0, "which beam_stop first does not always (%zu times)", differs);
}

/* ---- sampling ---------------------------------------------------------------------------------------------------- */

/* How often each first token is drawn, from as many sources' seeds, against softmax(lp / temperature) of those allowed.
 */
static double sampling_error(s2s_model *model, const s2s_memory *memory, const char *options, double temperature,
                             size_t top_k, double top_p) {
  enum { SAMPLES = 1000, ROUNDS = 8 };
  double wanted[TARGETS], sum = 0, worst = 0;
  size_t drawn[TARGETS] = {0}, order[TARGETS];
  const float *row;
  s2s_decoder *steps = decoder_with(model, "");
  need(s2s_decoder_start(steps, memory));
  need(s2s_decoder_step(steps, &(int32_t){S2S__BOS}, &(int32_t){0}, 1, &row));
  for (size_t v = 0; v < TARGETS; v++) wanted[v] = v == S2S__BOS ? 0 : exp((double)row[v] / temperature), order[v] = v;
  for (size_t i = 0; i < TARGETS; i++)
    for (size_t j = 1; j < TARGETS; j++)
      if (wanted[order[j - 1]] < wanted[order[j]]) {
        const size_t other = order[j];
        order[j] = order[j - 1], order[j - 1] = other;
      }
  for (size_t i = top_k ? top_k : TARGETS; i < TARGETS; i++) wanted[order[i]] = 0;
  for (size_t v = 0; v < TARGETS; v++) sum += wanted[v];
  double so_far = 0;
  for (size_t i = 0; i < TARGETS; i++) {
    const double own = wanted[order[i]];
    if (so_far >= top_p * sum) wanted[order[i]] = 0;
    so_far += own;
  }
  sum = 0;
  for (size_t v = 0; v < TARGETS; v++) sum += wanted[v];
  for (size_t round = 0; round < ROUNDS; round++) {
    char text[200];
    snprintf(text, sizeof text, "%s nbest %d max_length 1 seed %zu", options, SAMPLES, round);
    s2s_result *r = decoded(model, memory, text);
    for (size_t rank = 0; rank < SAMPLES; rank++) {
      size_t n;
      const int32_t *ids = tokens_of(r, 0, rank, &n);
      drawn[n ? (size_t)ids[0] : S2S__EOS]++;
    }
    s2s_result_free(r);
  }
  for (size_t v = 0; v < TARGETS; v++) {
    const double error = fabs((double)drawn[v] / (SAMPLES * ROUNDS) - wanted[v] / sum);
    if (wanted[v] <= 0 && drawn[v] > 0) worst = 1;
    if (error > worst) worst = error;
  }
  s2s_decoder_free(steps);
  return worst;
}

static void check_sampling(uint64_t *random) {
  s2s_model *model = sharp_model(0, random);
  s2s_memory *memory = drawn_memory(model, 4, random);
  ok(sampling_error(model, memory, "temperature 1", 1, 0, 1) < 0.025,
     "temperature 1 draws from the model's distribution");
  ok(sampling_error(model, memory, "temperature 2.5", 2.5, 0, 1) < 0.025, "a temperature flattens it");
  ok(sampling_error(model, memory, "temperature 0.4", 0.4, 0, 1) < 0.025, "or sharpens it");
  ok(sampling_error(model, memory, "temperature 2 top_k 3", 2, 3, 1) < 0.025, "top_k leaves the best ones");
  ok(sampling_error(model, memory, "temperature 2 top_p 0.6", 2, 0, 0.6) < 0.025,
     "top_p leaves a share of probability");
  ok(sampling_error(model, memory, "temperature 3 top_k 4 top_p 0.7", 3, 4, 0.7) < 0.025, "top_p of what top_k leaves");
  s2s_result *cold = decoded(model, memory, "temperature 0.000001 max_length 9");
  s2s_result *greedy = decoded(model, memory, "beam 1 max_length 9");
  is_text(s2s_result_text(cold, 0, 0), s2s_result_text(greedy, 0, 0), "no warmth is greedy");
  s2s_result_free(cold);
  s2s_result_free(greedy);
  s2s_result *a = decoded(model, memory, "temperature 1 seed 5 max_length 9"), *b, *c;
  int other = 0;
  for (int s = 6; s < 12; s++) {
    char text[64];
    snprintf(text, sizeof text, "temperature 1 seed %d max_length 9", s);
    b = decoded(model, memory, text);
    other += strcmp(s2s_result_text(a, 0, 0), s2s_result_text(b, 0, 0)) != 0;
    s2s_result_free(b);
  }
  c = decoded(model, memory, "temperature 1 seed 5 max_length 9");
  ok(other > 0 && !strcmp(s2s_result_text(a, 0, 0), s2s_result_text(c, 0, 0)), "a seed is a draw, another one another");
  s2s_result_free(a);
  s2s_result_free(c);
  s2s_memory_free(memory);
  s2s_model_free(model);
}

/* ---- endings ----------------------------------------------------------------------------------------------------- */

static void check_endings(uint64_t *random) {
  s2s_model *model = sharp_model(1, random);
  s2s_memory *memory = drawn_memory(model, 3, random);
  bias_end(model, 50);
  s2s_result *r = decoded(model, memory, "beam 2");
  is_int(s2s_result_ending(r, 0, 0), S2S_ENDING_MARK, "a hypothesis with its end mark has ended");
  s2s_result_free(r);
  s2s_memory_free(memory);
  s2s_model_free(model);
  model = sharp_model(1, random);
  bias_end(model, -1000);
  memory = drawn_memory(model, 3, random);
  r = decoded(model, memory, "beam 2 max_length 4");
  is_int(s2s_result_ending(r, 0, 0), S2S_ENDING_LENGTH, "one that was cut says so");
  s2s_result_free(r);
  r = decoded(model, memory, "beam 2 nbest 2 max_length 4 min_length 3");
  is_int(s2s_result_ending(r, 0, 1), S2S_ENDING_LENGTH, "each of them");
  is_int(s2s_result_ending(r, 0, 2), -1, "and none past the end");
  s2s_result_free(r);
  r = decoded(model, memory, "max_length 100000 max_length_ratio 0 time_limit 0.05");
  size_t n;
  (void)tokens_of(r, 0, 0, &n);
  ok(s2s_result_ending(r, 0, 0) == S2S_ENDING_TIME && n < 100000, "time_limit ends a long search with what there is (%zu)",
     n);
  s2s_result_free(r);
  r = decoded(model, memory, "beam 2 max_length 60 min_length 40 max_length_ratio 1");
  (void)tokens_of(r, 0, 0, &n);
  is_int((int64_t)n, 41, "min_length goes before max_length_ratio");
  s2s_result_free(r);
  s2s_memory_free(memory);
  s2s_model_free(model);
}

static int32_t init_with(const s2s_model *model, const char *text) {
  s2s_options *options = fixture_options(text);
  s2s_decoder *decoder;
  const int32_t status = s2s_decoder_init(model, options, &decoder);
  s2s_decoder_free(decoder);
  s2s_options_free(options);
  return status;
}

static void check_refused(uint64_t *random) {
  s2s_model *model = sharp_model(0, random), *blind = sharp_model(2, random);
  const char *two[] = {"3", "4 5"}, *unknown[] = {"3", "99"}, *invalid[] = {"\xff", "3"};
  s2s_memory *memory = drawn_memory(model, 3, random);
  s2s_decoder *decoder = decoder_with(model, "max_length 3");
  s2s_result *r;
  is_int(init_with(model, "top_k 3"), S2S_BAD_OPTION, "top_k without temperature");
  is_int(init_with(model, "top_p 0.3"), S2S_BAD_OPTION, "top_p without temperature");
  is_int(init_with(model, "min_length 5 max_length 5"), S2S_BAD_OPTION, "min_length that leaves no room");
  is_int(init_with(blind, "coverage_penalty 1"), S2S_BAD_OPTION, "coverage of a model without attention");
  is_int(init_with(blind, "replace_unknown yes"), S2S_BAD_OPTION, "so is replacing by attention");
  is_int(init_with(model, "prefix 99"), S2S_BAD_TEXT, "a prefix that cannot be written");
  is_int(init_with(model, "prefix 3 max_length 1"), S2S_LIMIT, "a prefix that leaves no room");
  is_int(s2s_decoder_set_prefixes(decoder, unknown, NULL, 2), S2S_BAD_TEXT, "prefixes likewise");
  ok(strstr(s2s_error_message(), "text 1") && strstr(s2s_error_message(), "99"), "the message says which and what");
  is_int(s2s_decoder_set_prefixes(decoder, invalid, NULL, 2), S2S_BAD_TEXT, "prefixes are UTF-8");
  need(s2s_decoder_set_prefixes(decoder, two, NULL, 2));
  is_int(s2s_decode(decoder, memory, &r), S2S_BAD_ARGUMENT, "more prefixes than sequences");
  is_int(s2s_decode(decoder, memory, &r), S2S_OK, "count for one call");
  s2s_result_free(r);
  s2s_decoder_free(decoder);
  s2s_memory_free(memory);
  s2s_model_free(model);
  s2s_model_free(blind);
}

/* ---- the same bits ----------------------------------------------------------------------------------------------- */

static int same_bits(const s2s_result *a, size_t x, const s2s_result *b, size_t y) {
  if (s2s_result_hypotheses(a, x) != s2s_result_hypotheses(b, y)) return 0;
  for (size_t rank = 0; rank < s2s_result_hypotheses(a, x); rank++) {
    const s2s__hypothesis *h = &a->text[x].item[rank], *g = &b->text[y].item[rank];
    if (h->length != g->length || memcmp(h->ids, g->ids, h->length * sizeof *h->ids) || strcmp(h->text, g->text))
      return 0;
    if (memcmp(&h->score, &g->score, sizeof h->score) || h->ending != g->ending || h->rows != g->rows) return 0;
    if (memcmp(&h->log_probability, &g->log_probability, sizeof h->score)) return 0;
    if (memcmp(h->token_scores, g->token_scores, h->scores * sizeof(float))) return 0;
    if (h->rows && memcmp(h->alignment, g->alignment, h->rows * h->columns * sizeof(float))) return 0;
  }
  return 1;
}

static const char *const searches[] = {
    "beam 1 max_length 10",
    "beam 5 nbest 3 max_length 10",
    "beam 3 beam_stop safe length_norm wu max_length 12",
    "temperature 1 nbest 2 max_length 10",
    "temperature 1.3 top_k 4 top_p 0.9 max_length 10",
    "beam 4 no_repeat_ngram 2 min_length 3 max_length 10",
    "beam 2 repetition_penalty 1.5 ban_unknown yes prefix 5 max_length 10",
};
#define SEARCHES (sizeof searches / sizeof *searches)

/* A random batch, by one thread, by three, and each sentence alone. */
static size_t wrong_in_batch(const s2s_model *model, const s2s_memory *pool[12], const int32_t *ids[12],
                             const size_t length[12], s2s_decoder *one, s2s_decoder *three, s2s_decoder *alone,
                             uint64_t *random) {
  int32_t all[160];
  size_t lengths[20], which[20], total = 0, wrong = 0;
  const size_t count = 1 + fixture_below(random, 20);
  for (size_t i = 0; i < count; i++) {
    which[i] = fixture_below(random, 12);
    lengths[i] = length[which[i]];
    memcpy(all + total, ids[which[i]], lengths[i] * sizeof *all);
    total += lengths[i];
  }
  s2s_memory *memory = encoded(model, all, lengths, count);
  s2s_result *a, *b, *c;
  need(s2s_decode(one, memory, &a));
  need(s2s_decode(three, memory, &b));
  for (size_t i = 0; i < count; i++) wrong += !same_bits(a, i, b, i);
  const size_t i = fixture_below(random, count);
  need(s2s_decode(alone, pool[which[i]], &c));
  wrong += !same_bits(a, i, c, 0);
  s2s_result_free(a);
  s2s_result_free(b);
  s2s_result_free(c);
  s2s_memory_free(memory);
  return wrong;
}

static void check_batches(size_t shape, uint64_t *random) {
  s2s_model *model = sharp_model(shape, random);
  int32_t token[12][8];
  const int32_t *ids[12];
  size_t length[12], wrong = 0, made = 0;
  const s2s_memory *pool[12];
  for (size_t i = 0; i < 12; i++) {
    length[i] = fixture_below(random, 9);
    for (size_t j = 0; j < length[i]; j++) token[i][j] = (int32_t)fixture_below(random, SOURCES);
    ids[i] = token[i];
    pool[i] = encoded(model, token[i], &length[i], 1);
  }
  for (size_t s = 0; s < SEARCHES; s++) {
    char text[160];
    snprintf(text, sizeof text, "%s threads 3", searches[s]);
    s2s_decoder *one = decoder_with(model, searches[s]), *three = decoder_with(model, text);
    s2s_decoder *alone = decoder_with(model, searches[s]);
    for (size_t trial = 0; trial < 1 + batches / (SHAPES * SEARCHES); trial++, made++)
      wrong += wrong_in_batch(model, pool, ids, length, one, three, alone, random);
    s2s_decoder_free(one);
    s2s_decoder_free(three);
    s2s_decoder_free(alone);
  }
  is_int((int64_t)wrong, 0, "model %zu: %zu random batches have the bits of one by one, by one thread and by three",
         shape, made);
  for (size_t i = 0; i < 12; i++) s2s_memory_free((s2s_memory *)(uintptr_t)pool[i]);
  s2s_model_free(model);
}

int main(int argc, char **argv) {
  for (int i = 1; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], "--seed") == 0) seed = strtoull(argv[i + 1], NULL, 0);
    if (strcmp(argv[i], "--batches") == 0) batches = (size_t)strtoull(argv[i + 1], NULL, 0);
  }
  diag("seed %llu, cpu %s", (unsigned long long)seed, fixture_kernels()->name);
  uint64_t random = seed;
  check_rule("min_length 5", "", has_min_length, &random);
  check_rule("no_repeat_ngram 2", "", has_no_bigram_twice, &random);
  check_rule("no_repeat_ngram 1", "", has_no_token_twice, &random);
  check_rule("banned 4", "", lacks_4, &random);
  check_rule("ban_unknown yes", "", lacks_unknown, &random);
  check_rule("prefix 5", "", begins_5, &random);
  check_repetition(&random);
  check_stuck(&random);
  check_scores(&random);
  check_safe_is_safe(&random);
  check_sampling(&random);
  check_endings(&random);
  check_refused(&random);
  for (size_t shape = 0; shape < SHAPES; shape++) check_batches(shape, &random);
  return done();
}
