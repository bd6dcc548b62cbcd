/* SPDX-License-Identifier: MIT
 *
 * One model in several threads at once: each with an encoder, an attention and a decoder of its own, with translations,
 * evaluations and readings of the model beside them. All get what one thread gets alone. Made for ThreadSanitizer too.
 */
#include "tiny.h"

#include <sched.h>
#include <stdatomic.h>

enum { THREADS = 4, ROUNDS = 12, TEXTS = 70 };

static tiny_watch watch;
static s2s_options *options;
static s2s_model *model;
static s2s_corpus *corpus;
static char letters[TEXTS][16];
static const char *texts[TEXTS];

static void make_texts(void) {
  uint32_t draw = 9;
  for (size_t i = 0; i < TEXTS; i++) {
    draw = draw * 1664525u + 1013904223u;
    for (size_t j = 0; j < (draw >> 28) % 12; j++) letters[i][j] = "abcx"[draw >> (2 * j) & 3];
    texts[i] = letters[i];
  }
}

static int32_t attend(const s2s_memory *memory, tiny_digest *digest) {
  s2s_attention *attention;
  const float query[6] = {1, -1, 0.5f};
  float context[6];
  int32_t status = s2s_attention_init(model, options, &attention);
  for (size_t i = 0; i < s2s_memory_count(memory) && !status; i++) {
    status = s2s_attend(attention, memory, i, query, 1, NULL, context);
    tiny_mix(digest, context, sizeof context);
  }
  s2s_attention_free(attention);
  return status;
}

/* With handles that last for all rounds. */
static int32_t decode(tiny_digest *digest) {
  s2s_encoder *encoder = NULL;
  s2s_decoder *decoder = NULL;
  int32_t status = s2s_encoder_init(model, options, &encoder);
  if (!status) status = s2s_decoder_init(model, options, &decoder);
  for (size_t round = 0; round < ROUNDS && !status; round++) {
    s2s_memory *memory = NULL;
    s2s_result *result = NULL;
    status = s2s_encode(encoder, texts + round, NULL, TEXTS - round, &memory);
    if (!status) status = s2s_decode(decoder, memory, &result);
    if (!status) tiny_mix_result(digest, result), status = attend(memory, digest);
    s2s_memory_free(memory);
    s2s_result_free(result);
  }
  s2s_decoder_free(decoder);
  s2s_encoder_free(encoder);
  return status;
}

/* Without handles. */
static int32_t translate(tiny_digest *digest) {
  s2s_result *result = NULL;
  s2s_metrics *metrics = NULL;
  int32_t status = s2s_translate(model, options, texts, NULL, TEXTS, &result);
  if (!status) status = s2s_evaluate(model, corpus, options, &metrics);
  tiny_mix_result(digest, result);
  for (size_t i = 0; i < s2s_metrics_count(metrics); i++) tiny_mix_number(digest, s2s_metrics_value(metrics, i));
  tiny_mix_model(digest, model);
  s2s_result_free(result);
  s2s_metrics_free(metrics);
  return status;
}

typedef struct job {
  atomic_int *waiting; /* threads that have not come yet: all begin together */
  int32_t status;
  tiny_digest digest;
  int message_is_own;
} job;

static void *work(void *data) {
  job *j = data;
  j->digest = TINY_DIGEST;
  if (j->waiting) {
    atomic_fetch_sub(j->waiting, 1);
    while (atomic_load(j->waiting) > 0) sched_yield();
  }
  j->status = decode(&j->digest);
  if (!j->status) j->status = translate(&j->digest);
  char key[32];
  snprintf(key, sizeof key, "key.%p", data);
  const char *value;
  (void)s2s_options_get(options, key, &value);
  j->message_is_own = strstr(s2s_error_message(), key) != NULL;
  return NULL;
}

int main(void) {
  job alone = {NULL, 0, 0, 0}, jobs[THREADS];
  pthread_t thread[THREADS];
  atomic_int waiting;
  make_texts();
  tiny_watch_init(&watch);
  options = tiny_options(&watch);
  model = tiny_model(options);
  corpus = tiny_corpus(options);
  (void)work(&alone);
  is_int(alone.status, S2S_OK, "a thread decodes, attends, translates, evaluates and reads a model");
  atomic_init(&waiting, THREADS);
  for (size_t i = 0; i < THREADS; i++) jobs[i] = (job){&waiting, -1, 0, 0};
  for (size_t i = 0; i < THREADS; i++) pthread_create(&thread[i], NULL, work, &jobs[i]);
  for (size_t i = 0; i < THREADS; i++) pthread_join(thread[i], NULL);
  for (size_t i = 0; i < THREADS; i++) {
    ok(jobs[i].status == S2S_OK && jobs[i].digest == alone.digest, "thread %zu of %d at once gets the same", i,
       THREADS);
    ok(jobs[i].message_is_own, "and its own message");
  }
  s2s_model_free(model);
  s2s_corpus_free(corpus);
  s2s_options_free(options);
  ok(tiny_watch_is_clean(&watch), "at the end nothing is held");
  return done();
}
