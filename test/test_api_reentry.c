/* SPDX-License-Identifier: MIT
 *
 * Handles that are used while a call of theirs is at work, from its callbacks or from another thread: S2S_BUSY, and no
 * harm. Handles that are freed while others still need them.
 */
#include "tiny.h"

#include <stdlib.h>

static s2s_options *options;
static s2s_model *model;
static s2s_memory *memory; /* of "abc" and "c" */

static s2s_decoder *new_decoder(void) {
  s2s_decoder *decoder = NULL;
  if (s2s_decoder_init(model, options, &decoder) != S2S_OK) diag("%s", s2s_error_message());
  return decoder;
}

static void busy(int32_t status, const char *call) { failed(status, S2S_BUSY, "at work", call); }
#define BUSY(call) busy(call, #call)

/* ---- inside a token callback ------------------------------------------------------------------------------------- */

typedef struct inside {
  s2s_decoder *decoder;
  s2s_memory *memory;
  size_t calls;
  char text[64];
} inside;

static int32_t ask_all(void *user, size_t sequence, const char *text, size_t length, size_t settled, int32_t done_) {
  inside *in = user;
  s2s_result *result;
  s2s_decoder *copy;
  const float *rows;
  (void)sequence, (void)length, (void)settled;
  if (done_ && sequence == 0) snprintf(in->text, sizeof in->text, "%s", text);
  if (in->calls++ > 0) return 0;
  BUSY(s2s_decode(in->decoder, memory, &result));
  ok(result == NULL, "no result");
  BUSY(s2s_decoder_start(in->decoder, memory));
  BUSY(s2s_decoder_step(in->decoder, &(int32_t){S2S_TOKEN_BEGIN}, &(int32_t){0}, 1, &rows));
  BUSY(s2s_decoder_copy(in->decoder, &copy));
  BUSY(s2s_decoder_set_prefixes(in->decoder, NULL, NULL, 0));
  BUSY(s2s_decoder_on_token(in->decoder, NULL, NULL));
  ok(!s2s_decoder_attention(in->decoder, 0, NULL) && !s2s_decoder_query(in->decoder, 0, NULL), "nothing to look at");
  s2s_decoder *other = new_decoder();
  ok(s2s_decode(other, memory, &result) == S2S_OK, "another decoder works inside");
  s2s_result_free(result);
  s2s_decoder_free(other);
  return 0;
}

static void test_inside_decode(void) {
  inside in = {.decoder = new_decoder()};
  s2s_result *alone, *result;
  ok(s2s_decode(in.decoder, memory, &alone) == S2S_OK, "a decoding without callback");
  s2s_decoder_on_token(in.decoder, ask_all, &in);
  ok(s2s_decode(in.decoder, memory, &result) == S2S_OK && in.calls > 1, "one with a callback that asks for everything");
  is_text(s2s_result_text(result, 0, 0), s2s_result_text(alone, 0, 0), "gives the same");
  is_text(in.text, s2s_result_text(alone, 0, 0), "and told the same");
  s2s_result_free(alone);
  s2s_result_free(result);
  s2s_decoder_free(in.decoder);
}

static int32_t free_all(void *user, size_t sequence, const char *text, size_t length, size_t settled, int32_t done_) {
  inside *in = user;
  (void)sequence, (void)text, (void)length, (void)settled, (void)done_;
  if (in->calls++ > 0) return 0;
  s2s_memory_free(in->memory);
  s2s_decoder_free(in->decoder);
  return 0;
}

static void test_freed_inside(const char *what) {
  inside in = {.decoder = new_decoder()};
  s2s_encoder *encoder;
  s2s_result *result;
  s2s_encoder_init(model, options, &encoder);
  s2s_encode(encoder, (const char *const[]){"abc"}, NULL, 1, &in.memory);
  s2s_encoder_free(encoder);
  s2s_decoder_on_token(in.decoder, free_all, &in);
  failed(s2s_decode(in.decoder, in.memory, &result), S2S_CANCELLED, "cancelled", what);
  ok(in.calls == 1 && result == NULL, "which ends the call");
}

static int32_t count_done(void *user, size_t sequence, const char *text, size_t length, size_t settled, int32_t done_) {
  size_t *ended = user;
  if (done_ && sequence == 1 && length == 0 && settled == 0 && !*text) ended[1]++;
  else if (done_) ended[0]++;
  return 0;
}

static void test_empty_source(void) {
  s2s_decoder *decoder = new_decoder();
  s2s_encoder *encoder;
  s2s_memory *own;
  s2s_result *result;
  size_t ended[2] = {0, 0};
  s2s_encoder_init(model, options, &encoder);
  s2s_encode(encoder, (const char *const[]){"abc", NULL}, (const size_t[]){3, 0}, 2, &own);
  s2s_encoder_free(encoder);
  s2s_decoder_on_token(decoder, count_done, ended);
  ok(s2s_decode(decoder, own, &result) == S2S_OK && ended[0] == 1 && ended[1] == 1,
     "a sequence from nothing, NULL of length 0, is told as done too");
  s2s_result_free(result);
  s2s_memory_free(own);
  s2s_decoder_free(decoder);
}

/* ---- a memory that is freed before its steps --------------------------------------------------------------------- */

static float step_first(s2s_decoder *decoder, int32_t token) {
  const float *rows = NULL;
  return s2s_decoder_step(decoder, &token, &(int32_t){0}, 1, &rows) == S2S_OK ? rows[S2S_TOKEN_END] : 1;
}

static void test_memory_freed(void) {
  s2s_decoder *kept = new_decoder(), *orphan = new_decoder(), *copy;
  s2s_encoder *encoder;
  s2s_memory *own;
  s2s_encoder_init(model, options, &encoder);
  s2s_encode(encoder, (const char *const[]){"abc"}, NULL, 1, &own);
  s2s_encoder_free(encoder);
  ok(s2s_decoder_start(kept, memory) == S2S_OK && s2s_decoder_start(orphan, own) == S2S_OK, "two decoders start");
  s2s_memory_free(own);
  ok(step_first(kept, S2S_TOKEN_BEGIN) == step_first(orphan, S2S_TOKEN_BEGIN), "a freed memory serves the first step");
  ok(s2s_decoder_copy(orphan, &copy) == S2S_OK, "and a copy");
  s2s_decoder_free(orphan);
  const float wanted = step_first(kept, 3);
  ok(wanted < 0 && step_first(copy, 3) == wanted, "which goes on when the first is gone");
  s2s_decoder_free(copy);
  s2s_result *result;
  ok(s2s_decode(kept, memory, &result) == S2S_OK, "a decoding between steps");
  failed(s2s_decoder_step(kept, &(int32_t){3}, &(int32_t){0}, 1, &(const float *){NULL}), S2S_BAD_ARGUMENT, "start",
         "ends them");
  s2s_result_free(result);
  s2s_decoder_free(kept);
}

/* ---- cancelling -------------------------------------------------------------------------------------------------- */

static void test_clear_cancel(s2s_trainer *trainer) {
  s2s_decoder *decoder = new_decoder();
  s2s_result *result;
  s2s_decoder_cancel(decoder), s2s_decoder_clear_cancel(decoder);
  ok(s2s_decode(decoder, memory, &result) == S2S_OK, "a cancel that was taken back stops no decoding");
  s2s_result_free(result);
  s2s_decoder_free(decoder);
  s2s_trainer_cancel(trainer), s2s_trainer_clear_cancel(trainer);
  ok(s2s_trainer_step(trainer, NULL) == S2S_OK, "and no training");
}

/* ---- inside a trainer's callback --------------------------------------------------------------------------------- */

typedef struct training {
  s2s_trainer *trainer;
  size_t calls;
  int frees;
} training;

/* In a thread of its own: 1 when it is told that the trainer is busy. */
static void *look_elsewhere(void *trainer) {
  s2s_model *model_;
  const int told = s2s_trainer_model(trainer, &model_) == S2S_BUSY && s2s_trainer_present(trainer, &model_) == S2S_BUSY &&
                   s2s_trainer_save(trainer, "build/tmp/torn.safetensors") == S2S_BUSY;
  return told ? trainer : NULL;
}

static int32_t train_inside(void *user, int32_t event, int64_t done_, int64_t total) {
  training *t = user;
  s2s_model *snapshot;
  double loss;
  (void)event, (void)done_, (void)total;
  if (!t->trainer || t->calls++ > 0) return 0;
  BUSY(s2s_trainer_step(t->trainer, &loss));
  BUSY(s2s_trainer_run(t->trainer));
  BUSY(s2s_trainer_evaluate(t->trainer));
  ok(s2s_trainer_metrics(t->trainer) != NULL, "the figures are there");
  ok(s2s_trainer_model(t->trainer, &snapshot) == S2S_OK, "and the model");
  s2s_model_free(snapshot);
  ok(s2s_trainer_save(t->trainer, "build/tmp/reentry.safetensors") == S2S_OK, "it is saved");
  pthread_t thread;
  void *told = NULL;
  pthread_create(&thread, NULL, look_elsewhere, t->trainer);
  pthread_join(thread, &told);
  ok(told != NULL, "but not from another thread");
  if (t->frees) s2s_trainer_free(t->trainer);
  return 0;
}

static s2s_trainer *new_trainer(training *t) {
  s2s_corpus *corpus = tiny_corpus(options);
  s2s_trainer *trainer = NULL;
  s2s_options_set_progress(options, train_inside, t);
  if (s2s_trainer_new(model, corpus, corpus, options, &trainer) != S2S_OK) diag("%s", s2s_error_message());
  s2s_options_set_progress(options, NULL, NULL);
  s2s_corpus_free(corpus);
  return t->trainer = trainer;
}

static void test_inside_training(int frees, const char *what) {
  training t = {.frees = frees};
  s2s_trainer *trainer = new_trainer(&t);
  const int32_t status = s2s_trainer_run(trainer);
  ok(frees ? status == S2S_CANCELLED : status == S2S_OK && t.calls > 1, "%s", what);
  if (frees) return;
  t.trainer = NULL;
  test_clear_cancel(trainer);
  s2s_trainer_free(trainer);
}

/* ---- evaluations ------------------------------------------------------------------------------------------------- */

static int32_t count_or_stop(void *user, int32_t event, int64_t done_, int64_t total) {
  int64_t *last = user;
  if (*last < 0) return 1;
  if (event == S2S_PROGRESS_TRANSLATED && done_ > *last && done_ <= total) *last = done_;
  return 0;
}

static void test_evaluation_progress(void) {
  s2s_corpus *corpus = tiny_corpus(options);
  s2s_metrics *metrics;
  int64_t last = 0;
  s2s_options_set_progress(options, count_or_stop, &last);
  ok(s2s_evaluate(model, corpus, options, &metrics) == S2S_OK && last == (int64_t)TINY_COUNT(tiny_pairs),
     "an evaluation tells how far it is");
  s2s_metrics_free(metrics);
  last = -1;
  failed(s2s_evaluate(model, corpus, options, &metrics), S2S_CANCELLED, "progress callback", "and can be stopped");
  ok(metrics == NULL, "then there are no figures");
  s2s_options_set_progress(options, NULL, NULL);
  s2s_corpus_free(corpus);
}

/* ---- another thread ---------------------------------------------------------------------------------------------- */

typedef struct waiting {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int inside, leave;
} waiting;

static int32_t wait_inside(void *user, size_t sequence, const char *text, size_t length, size_t settled, int32_t done_) {
  waiting *w = user;
  (void)sequence, (void)text, (void)length, (void)settled, (void)done_;
  pthread_mutex_lock(&w->mutex);
  w->inside = 1;
  pthread_cond_broadcast(&w->changed);
  while (!w->leave) pthread_cond_wait(&w->changed, &w->mutex);
  pthread_mutex_unlock(&w->mutex);
  return 0;
}

static void *decode_there(void *decoder) {
  s2s_result *result;
  const int32_t status = s2s_decode(decoder, memory, &result);
  s2s_result_free(result);
  return status == S2S_CANCELLED ? decoder : NULL;
}

static void test_two_threads(void) {
  waiting w = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};
  s2s_decoder *decoder = new_decoder();
  s2s_result *result;
  pthread_t thread;
  void *worked = NULL;
  s2s_decoder_on_token(decoder, wait_inside, &w);
  pthread_create(&thread, NULL, decode_there, decoder);
  pthread_mutex_lock(&w.mutex);
  while (!w.inside) pthread_cond_wait(&w.changed, &w.mutex);
  pthread_mutex_unlock(&w.mutex);
  BUSY(s2s_decode(decoder, memory, &result));
  s2s_decoder_free(decoder); /* goes when the other thread's call ends */
  pthread_mutex_lock(&w.mutex);
  w.leave = 1;
  pthread_cond_broadcast(&w.changed);
  pthread_mutex_unlock(&w.mutex);
  pthread_join(thread, &worked);
  ok(worked != NULL, "a decoder that was freed elsewhere ended its call");
}

int main(void) {
  tiny_watch watch;
  tiny_watch_init(&watch);
  options = tiny_options(&watch);
  model = tiny_model(options);
  s2s_encoder *encoder;
  s2s_encoder_init(model, options, &encoder);
  s2s_encode(encoder, (const char *const[]){"abc", "c"}, NULL, 2, &memory);
  s2s_encoder_free(encoder);
  test_inside_decode();
  test_freed_inside("decoder and memory are freed from inside");
  test_empty_source();
  test_memory_freed();
  test_inside_training(0, "a training with a callback that asks for everything");
  test_inside_training(1, "a trainer is freed from inside");
  test_evaluation_progress();
  test_two_threads();
  s2s_memory_free(memory);
  s2s_model_free(model);
  s2s_options_free(options);
  ok(tiny_watch_is_clean(&watch), "nothing is left");
  return done();
}
