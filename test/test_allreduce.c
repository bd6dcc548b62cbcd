/* SPDX-License-Identifier: MIT
 *
 * Training in several processes, which here are threads with a barrier: they come to the bytes of one process.
 */
#include "tiny.h"

#include <pthread.h>

enum { MOST_RANKS = 4 };

static s2s_options *options;
static s2s_corpus *corpus;
static s2s_model *model;

/* A collective: everyone leaves values, the last one adds them in a binary tree, everyone takes the sums. */
typedef struct world {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  size_t ranks, arrived, round, calls, fails_at;
  float *values[MOST_RANKS];
} world;

typedef struct process {
  world *shared;
  int32_t rank, status;
  tiny_digest digest;
  double loss;
} process;

static void add_up(const world *w, size_t count) {
  for (size_t step = 1; step < w->ranks; step *= 2)
    for (size_t r = 0; r + step < w->ranks; r += 2 * step)
      for (size_t i = 0; i < count; i++) w->values[r][i] += w->values[r + step][i];
  for (size_t r = 1; r < w->ranks; r++) memcpy(w->values[r], w->values[0], count * sizeof(float));
}

static int32_t allreduce(void *user, float *values, size_t count) {
  process *p = user;
  world *w = p->shared;
  pthread_mutex_lock(&w->mutex);
  const size_t round = w->round;
  w->values[p->rank] = values;
  if (++w->arrived == w->ranks) {
    add_up(w, count);
    w->arrived = 0;
    w->calls++;
    w->round++;
    pthread_cond_broadcast(&w->changed);
  }
  while (w->round == round) pthread_cond_wait(&w->changed, &w->mutex);
  const int failed = w->fails_at > 0 && w->calls >= w->fails_at;
  pthread_mutex_unlock(&w->mutex);
  return failed;
}

static void *train(void *data) {
  process *p = data;
  s2s_trainer *trainer = NULL;
  s2s_model *trained = NULL;
  p->status = s2s_trainer_new(model, corpus, corpus, options, &trainer);
  if (!p->status && p->shared)
    p->status = s2s_trainer_set_allreduce(trainer, allreduce, p, p->rank, (int32_t)p->shared->ranks);
  if (!p->status) p->status = s2s_trainer_run(trainer);
  if (!p->status) p->status = s2s_trainer_model(trainer, &trained);
  if (!p->status) p->digest = tiny_model_digest(trained);
  s2s_metrics_get(s2s_trainer_metrics(trainer), "loss", &p->loss);
  s2s_model_free(trained);
  s2s_trainer_free(trainer);
  return NULL;
}

static void train_together(size_t ranks, size_t fails_at, process out[MOST_RANKS]) {
  world w = {.ranks = ranks, .fails_at = fails_at};
  pthread_t thread[MOST_RANKS];
  pthread_mutex_init(&w.mutex, NULL);
  pthread_cond_init(&w.changed, NULL);
  for (size_t r = 0; r < ranks; r++) {
    out[r] = (process){.shared = &w, .rank = (int32_t)r};
    if (pthread_create(&thread[r], NULL, train, &out[r])) diag("no thread");
  }
  for (size_t r = 0; r < ranks; r++) pthread_join(thread[r], NULL);
  pthread_cond_destroy(&w.changed);
  pthread_mutex_destroy(&w.mutex);
}

static void test_together(const char *shards, size_t ranks) {
  process alone = {.shared = NULL}, each[MOST_RANKS];
  int same = 1;
  tiny_set(options, "batch_shards", shards);
  (void)train(&alone);
  train_together(ranks, 0, each);
  for (size_t r = 0; r < ranks; r++)
    same &= each[r].status == S2S_OK && each[r].digest == alone.digest && each[r].loss - alone.loss < 1e-8 &&
            alone.loss - each[r].loss < 1e-8;
  ok(alone.status == S2S_OK && same, "%s shards in %zu processes give the bytes of one", shards, ranks);
}

static void test_refused(void) {
  s2s_trainer *trainer;
  process each[MOST_RANKS];
  tiny_set(options, "batch_shards", "6");
  s2s_trainer_new(model, corpus, NULL, options, &trainer);
  failed(s2s_trainer_set_allreduce(trainer, allreduce, NULL, 0, 2), S2S_BAD_ARGUMENT, "6", "3 shards each are no tree");
  failed(s2s_trainer_set_allreduce(trainer, allreduce, NULL, 0, 4), S2S_BAD_ARGUMENT, "4 processes", "nor is 1.5");
  failed(s2s_trainer_set_allreduce(trainer, allreduce, NULL, 2, 2), S2S_BAD_ARGUMENT, "rank 2 of 2", "no such rank");
  failed(s2s_trainer_set_allreduce(trainer, allreduce, NULL, 0, 0), S2S_BAD_ARGUMENT, "rank 0 of 0", "nobody");
  failed(s2s_trainer_set_allreduce(trainer, NULL, NULL, 0, 2), S2S_BAD_ARGUMENT, "allreduce", "no collective");
  s2s_trainer_free(trainer);
  tiny_set(options, "batch_shards", "2");
  train_together(2, 5, each);
  ok(each[0].status == S2S_CANCELLED && each[1].status == S2S_CANCELLED, "a collective that fails ends the training");
}

int main(void) {
  options = tiny_options(NULL);
  tiny_set(options, "max_epochs", "3");
  tiny_set(options, "batch_sentences", "5"); /* fewer pairs in the last batch than shards */
  tiny_set(options, "dropout", "0.2");
  corpus = tiny_corpus(options);
  model = tiny_model(options);
  test_together("2", 2);
  test_together("4", 2);
  test_together("8", 2);
  test_together("4", 4);
  test_together("6", 3);
  test_together("2", 1);
  test_refused();
  s2s_model_free(model);
  s2s_corpus_free(corpus);
  s2s_options_free(options);
  return done();
}
