/* SPDX-License-Identifier: MIT
 *
 * Tiny options, corpora and models for tests of the public API, and a watch over their memory: counted, refused on
 * demand, safe for several threads.
 */
#ifndef TEST_TINY_H
#define TEST_TINY_H

#include "tap.h"
#include "test_base.h"

#include "seq2seq.h"

#include <pthread.h>
#include <stdio.h>

#define TINY_COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- memory ------------------------------------------------------------------------------------------------------ */

typedef struct tiny_watch {
  test_memory memory; /* fail_at of it: refuse this request and all later ones */
  size_t fail_only;   /* refuse this request alone; 0: none */
  size_t refused;
  pthread_mutex_t mutex;
  void (*before)(void *user); /* called before each request, outside the lock; may be NULL */
  void *before_user;
} tiny_watch;

static void *tiny_allocate(void *user, void *block, size_t old_size, size_t new_size) {
  tiny_watch *watch = user;
  if (watch->before && new_size) watch->before(watch->before_user);
  pthread_mutex_lock(&watch->mutex);
  const size_t all = watch->memory.fail_at, number = watch->memory.requests + 1;
  if (new_size && watch->fail_only == number) watch->memory.fail_at = number;
  void *result = test_allocate(&watch->memory, block, old_size, new_size);
  watch->refused += new_size && !result;
  watch->memory.fail_at = all;
  pthread_mutex_unlock(&watch->mutex);
  return result;
}

static inline void tiny_watch_init(tiny_watch *watch) {
  memset(watch, 0, sizeof *watch);
  pthread_mutex_init(&watch->mutex, NULL);
}

/* Nothing held, and every old size was what had been asked for. */
static inline int tiny_watch_is_clean(const tiny_watch *watch) {
  return watch->memory.live_blocks == 0 && watch->memory.live_bytes == 0 && watch->memory.wrong_sizes == 0;
}

/* ---- options ----------------------------------------------------------------------------------------------------- */

static inline void tiny_set(s2s_options *options, const char *key, const char *value) {
  if (s2s_options_set(options, key, value) != S2S_OK) diag("%s", s2s_error_message());
}

/* Default options but for S2S_TEST_CPU and the allocator; watch may be NULL. */
static inline s2s_options *tiny_plain_options(tiny_watch *watch) {
  const char *cpu = getenv("S2S_TEST_CPU");
  s2s_options *options = NULL;
  if (s2s_options_new(&options) != S2S_OK) return NULL;
  if (watch) s2s_options_set_allocator(options, tiny_allocate, watch);
  if (cpu && *cpu) tiny_set(options, "cpu", cpu);
  return options;
}

/* Characters to characters, odd sizes, no randomness beyond the seed's. */
static inline s2s_options *tiny_options(tiny_watch *watch) {
  static const char *const settings[][2] = {
      {"source.tokens", "chars"}, {"target.tokens", "chars"}, {"embedding.dim", "5"}, {"encoder.hidden", "3"},
      {"decoder.hidden", "6"},    {"max_length", "9"},        {"beam", "3"},          {"batch_sentences", "4"},
      {"warmup", "0"},            {"max_epochs", "2"},        {"dropout", "0.1"}};
  s2s_options *options = tiny_plain_options(watch);
  for (size_t i = 0; options && i < TINY_COUNT(settings); i++) tiny_set(options, settings[i][0], settings[i][1]);
  return options;
}

/* ---- corpora and models ------------------------------------------------------------------------------------------ */

static inline int32_t tiny_add(s2s_corpus *corpus, const char *source, const char *target) {
  return s2s_corpus_add(corpus, source, strlen(source), target, strlen(target));
}

static const char *const tiny_pairs[][2] = {{"abc", "cba"}, {"ab", "ba"},     {"c", "c"},         {"bca", "acb"},
                                            {"cc", "cc"},   {"abca", "acba"}, {"\xc3\xa9", "\xc3\x89"}};

/* The pairs that every tiny model is made from. */
static inline s2s_corpus *tiny_corpus(const s2s_options *options) {
  s2s_corpus *corpus = NULL;
  if (s2s_corpus_new(options, &corpus) != S2S_OK) return NULL;
  for (size_t i = 0; i < TINY_COUNT(tiny_pairs); i++)
    if (tiny_add(corpus, tiny_pairs[i][0], tiny_pairs[i][1]) != S2S_OK) diag("%s", s2s_error_message());
  return corpus;
}

static inline s2s_model *tiny_model(const s2s_options *options) {
  s2s_corpus *corpus = tiny_corpus(options);
  s2s_model *model = NULL;
  if (!corpus || s2s_model_create(corpus, options, &model) != S2S_OK) diag("%s", s2s_error_message());
  s2s_corpus_free(corpus);
  return model;
}

/* Index of a parameter by name, and how many numbers it has. */
static inline size_t tiny_parameter(const s2s_model *model, const char *name, size_t *size) {
  size_t i = 0;
  while (i < s2s_model_parameter_count(model) && strcmp(s2s_model_parameter_name(model, i), name) != 0) i++;
  *size = s2s_model_parameter_size(model, i);
  return i;
}

/* The id of a target token; -1 when there is none. */
static inline int32_t tiny_target_id(const s2s_model *model, const char *token) {
  for (int32_t id = 0; id < (int32_t)s2s_model_vocabulary_size(model, S2S_TARGET); id++)
    if (strcmp(s2s_model_token(model, S2S_TARGET, id), token) == 0) return id;
  return -1;
}

/* A fresh model made to say one token for ever: its output layer is `high` for that token and 0 for the others. */
static inline int32_t tiny_make_constant(s2s_model *model, int32_t id, float high) {
  size_t size;
  size_t index = tiny_parameter(model, "generator.weight", &size);
  float *zero = calloc(size, sizeof *zero);
  int32_t status = s2s_model_parameter_write(model, index, zero, size);
  index = tiny_parameter(model, "generator.bias", &size);
  if (id >= 0 && (size_t)id < size) zero[id] = high;
  if (status == S2S_OK) status = s2s_model_parameter_write(model, index, zero, size);
  free(zero);
  return status;
}

/* ---- digests: what came out, as one number ----------------------------------------------------------------------- */

typedef uint64_t tiny_digest;
#define TINY_DIGEST UINT64_C(0xCBF29CE484222325)

static inline void tiny_mix(tiny_digest *digest, const void *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) *digest = (*digest ^ ((const unsigned char *)bytes)[i]) * UINT64_C(0x100000001B3);
}

static inline void tiny_mix_number(tiny_digest *digest, double value) { tiny_mix(digest, &value, sizeof value); }

static inline void tiny_mix_result(tiny_digest *digest, const s2s_result *result) {
  for (size_t text = 0; text < s2s_result_count(result); text++)
    for (size_t rank = 0; rank < s2s_result_hypotheses(result, text); rank++) {
      size_t rows, columns;
      const float *alignment = s2s_result_alignment(result, text, rank, &rows, &columns);
      const char *written = s2s_result_text(result, text, rank);
      tiny_mix(digest, written, strlen(written) + 1);
      tiny_mix_number(digest, s2s_result_score(result, text, rank));
      tiny_mix_number(digest, s2s_result_log_probability(result, text, rank));
      if (alignment) tiny_mix(digest, alignment, rows * columns * sizeof *alignment);
    }
}

static inline void tiny_mix_model(tiny_digest *digest, const s2s_model *model) {
  for (size_t i = 0; i < s2s_model_parameter_count(model); i++) {
    size_t size;
    (void)tiny_parameter(model, s2s_model_parameter_name(model, i), &size);
    float *values = calloc(size, sizeof *values);
    if (s2s_model_parameter_read(model, i, values, size) != S2S_OK) diag("%s", s2s_error_message());
    tiny_mix(digest, values, size * sizeof *values);
    free(values);
  }
}

static inline tiny_digest tiny_model_digest(const s2s_model *model) {
  tiny_digest digest = TINY_DIGEST;
  tiny_mix_model(&digest, model);
  return digest;
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

/* All bytes of a file, NUL behind them; NULL when it cannot be read. */
static inline char *tiny_read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (!file) return *size = 0, NULL;
  fseek(file, 0, SEEK_END);
  const long length = ftell(file);
  rewind(file);
  char *bytes = malloc((size_t)length + 1);
  *size = fread(bytes, 1, (size_t)length, file);
  bytes[*size] = '\0';
  fclose(file);
  return bytes;
}

static inline void tiny_write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "wb");
  if (!file) {
    diag("cannot write %s", path);
    return;
  }
  fwrite(text, 1, strlen(text), file);
  fclose(file);
}

/* The call had this status, and the message has the word. */
static inline int failed(int32_t status, int32_t wanted, const char *word, const char *name) {
  const char *message = s2s_error_message();
  const int held = status == wanted && *message && strstr(message, word);
  ok(held, "%s", name);
  if (!held) diag("%s where %s was wanted: %s", s2s_status_name(status), s2s_status_name(wanted), message);
  return held;
}

#endif
