/* SPDX-License-Identifier: MIT
 *
 * search: cancelling, and the steps for a search of one's own: greedy search by hand, rows in any order, bad rows.
 *
 *     test_search_steps [--seed N]
 */
#include "test_base.h"
#include "test_search.h"

#include "base/thread.h"

static uint64_t seed = 20240610;

/* ---- cancelling -------------------------------------------------------------------------------------------------- */

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

/* ---- steps ------------------------------------------------------------------------------------------------------- */

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

/* ---- what attention is asked with --------------------------------------------------------------------------------- */

static const char *const attending[] = {
    "embedding.dim 6 encoder.hidden 5 decoder.hidden 10 attention.input_feeding yes",
    ("embedding.dim 5 encoder.cell gru encoder.hidden 6 decoder.cell gru decoder.hidden 7 decoder.order bahdanau "
     "decoder.bridge linear decoder.layers 2 attention.type additive"),
    "embedding.dim 6 encoder.hidden 4 decoder.hidden 8 attention.type dot",
    "embedding.dim 6 encoder.hidden 4 decoder.hidden 8 attention.type multihead attention.heads 2",
    ("encoder.type transformer decoder.type transformer transformer.dim 8 transformer.heads 2 transformer.ffn 12 "
     "decoder.layers 2"),
    ("encoder.type transformer decoder.type transformer transformer.dim 8 transformer.heads 4 transformer.ffn 12 "
     "decoder.layers 2 transformer.norm post")};

/* Of each row of a step: the decoder's query, asked by itself, looks where the decoder looked. */
static int asks_alike(s2s_decoder *decoder, s2s_attention *attention, const s2s_memory *memory, size_t rows) {
  int alike = 1;
  for (size_t row = 0; row < rows; row++) {
    size_t dim, count, sources;
    float weights[MOST_TOKENS], contexts[64];
    const float *query = s2s_decoder_query(decoder, row, &dim), *looked = s2s_decoder_attention(decoder, row, &count);
    (void)s2s_memory_states(memory, row, &sources);
    alike &= query && looked && dim == s2s_attention_query_dim(attention) && count == sources;
    if (!alike) return 0;
    need(s2s_attend(attention, memory, row, query, 1, weights, contexts));
    for (size_t i = 0; i < count; i++) alike &= fabs((double)(weights[i] - looked[i])) < 1e-6;
    alike &= isfinite(contexts[s2s_memory_dim(memory) - 1]);
  }
  return alike;
}

static void check_query(size_t shape, uint64_t *random) {
  const size_t lengths[3] = {4, 2, 3};
  int32_t ids[9];
  int alike = 1;
  s2s_model *model = fixture_model(attending[shape], SOURCES, TARGETS);
  for (size_t i = 0; i < 9; i++) ids[i] = (int32_t)fixture_below(random, SOURCES);
  s2s_memory *memory = encoded(model, ids, lengths, 3);
  s2s_decoder *decoder = decoder_with(model, "");
  s2s_attention *attention;
  need(s2s_attention_init(model, NULL, &attention));
  need(s2s_decoder_start(decoder, memory));
  ok(!s2s_decoder_query(decoder, 0, NULL), "attention %zu: nothing was asked before the first step", shape);
  for (size_t step = 0; step < 4; step++) {
    int32_t tokens[3] = {S2S__BOS, S2S__BOS, S2S__BOS};
    const float *rows;
    for (size_t i = 0; step > 0 && i < 3; i++) tokens[i] = (int32_t)fixture_below(random, TARGETS);
    need(s2s_decoder_step(decoder, tokens, (const int32_t[]){0, 1, 2}, 3, &rows));
    alike &= asks_alike(decoder, attention, memory, 3);
  }
  ok(alike, "attention %zu: s2s_attend with the decoder's queries gives the decoder's weights", shape);
  ok(!s2s_decoder_query(decoder, 3, NULL), "attention %zu: no query past the rows", shape);
  s2s_attention_free(attention);
  s2s_decoder_free(decoder);
  s2s_memory_free(memory);
  s2s_model_free(model);
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

/* ---- memory ------------------------------------------------------------------------------------------------------ */

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
    check_greedy(shape, &random);
    check_rows(shape, &random);
    check_no_allocation(shape, &random);
  }
  check_bad_steps(&random);
  for (size_t shape = 0; shape < sizeof attending / sizeof *attending; shape++) check_query(shape, &random);
  check_cancel(&random);
  return done();
}
