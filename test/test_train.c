/* SPDX-License-Identifier: MIT
 *
 * Training and evaluation do what the header says: they learn, obey each option, count what they skip, keep the best
 * model, stop when told to, and give the same bytes for one seed whatever the threads.
 */
#include "model/model.h"
#include "tiny.h"
#include "train/preset.h"
#include "train/trainer.h"

#include <math.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/stat.h>

#define FOLDER "build/tmp/test_train"

static tiny_watch watch;

/* ---- tasks ------------------------------------------------------------------------------------------------------- */

/* `count` strings of 3 to 6 letters out of four, with the same letters backwards; a few may come twice. */
static s2s_corpus *reversal(const s2s_options *options, size_t count, uint32_t draw) {
  s2s_corpus *corpus = NULL;
  s2s_corpus_new(options, &corpus);
  for (size_t i = 0; i < count; i++) {
    char source[8] = "", target[8] = "";
    draw = draw * 1664525u + 1013904223u;
    const size_t length = 3 + (draw >> 28) % 4;
    for (size_t j = 0; j < length; j++) {
      source[j] = "abcd"[draw >> (8 + 2 * j) & 3];
      target[length - 1 - j] = source[j];
    }
    if (tiny_add(corpus, source, target) != S2S_OK) diag("%s", s2s_error_message());
  }
  return corpus;
}

static s2s_options *task_options(void) {
  static const char *const settings[][2] = {
      {"source.tokens", "chars"}, {"target.tokens", "chars"}, {"embedding.dim", "12"}, {"encoder.hidden", "16"},
      {"decoder.hidden", "32"},   {"dropout", "0"},           {"warmup", "0"},         {"learning_rate", "0.01"},
      {"batch_sentences", "32"},  {"max_epochs", "40"},       {"patience", "0"},       {"label_smoothing", "0"}};
  s2s_options *options = tiny_plain_options(&watch);
  for (size_t i = 0; i < TINY_COUNT(settings); i++) tiny_set(options, settings[i][0], settings[i][1]);
  return options;
}

/* What most cases need: a small corpus, options to change, a model. */
typedef struct task {
  s2s_options *options;
  s2s_corpus *corpus;
  s2s_model *model;
} task;

static task make_task(size_t pairs) {
  task t = {task_options(), NULL, NULL};
  t.corpus = reversal(t.options, pairs, 1);
  if (s2s_model_create(t.corpus, t.options, &t.model) != S2S_OK) diag("%s", s2s_error_message());
  return t;
}

static void free_task(task *t) {
  s2s_model_free(t->model);
  s2s_corpus_free(t->corpus);
  s2s_options_free(t->options);
}

static s2s_trainer *make_trainer(const task *t, const s2s_corpus *dev) {
  s2s_trainer *trainer = NULL;
  if (s2s_trainer_new(t->model, t->corpus, dev, t->options, &trainer) != S2S_OK) diag("%s", s2s_error_message());
  return trainer;
}

static double figure(const s2s_metrics *metrics, const char *name) {
  double value = -1;
  return s2s_metrics_get(metrics, name, &value) == S2S_OK ? value : (double)NAN;
}
static double trainer_figure(const s2s_trainer *trainer, const char *name) {
  return figure(s2s_trainer_metrics(trainer), name);
}

static tiny_digest snapshot_digest(s2s_trainer *trainer) {
  s2s_model *model;
  if (s2s_trainer_model(trainer, &model) != S2S_OK) return diag("%s", s2s_error_message()), 0;
  const tiny_digest digest = tiny_model_digest(model);
  s2s_model_free(model);
  return digest;
}

/* ---- learning ---------------------------------------------------------------------------------------------------- */

static void test_learning(void) {
  task t = make_task(400);
  s2s_corpus *dev = reversal(t.options, 60, 77);
  s2s_trainer *trainer = make_trainer(&t, dev);
  const tiny_digest before = tiny_model_digest(t.model);
  double first = 0, last = 0;
  s2s_trainer_step(trainer, &first);
  for (int i = 0; i < 250; i++) s2s_trainer_step(trainer, &last);
  ok(first > 1.2 && last < first / 10, "the loss falls on strings to be written backwards");
  diag("loss %.3f, then %.4f", first, last);
  is_int(s2s_trainer_evaluate(trainer), S2S_OK, "new strings are tried");
  const double wrong = trainer_figure(trainer, "dev_sequence_error_rate");
  ok(wrong < 10, "and nearly all are right");
  diag("%.1f %% wrong", wrong);
  ok(tiny_model_digest(t.model) == before, "the model that training began with is as it was");
  s2s_trainer_free(trainer);
  s2s_corpus_free(dev);
  free_task(&t);
}

/* With everything off that training adds, its loss is the plain one of an evaluation. */
static void test_plain_loss(void) {
  task t = make_task(20);
  s2s_metrics *metrics;
  double loss = 0;
  is_int(s2s_evaluate(t.model, t.corpus, t.options, &metrics), S2S_OK, "a model is evaluated");
  s2s_trainer *trainer = make_trainer(&t, NULL);
  is_int(s2s_trainer_step(trainer, &loss), S2S_OK, "and trained on the same batch, no dropout, no smoothing");
  ok(fabs(loss - figure(metrics, "loss")) < 1e-5, "with the same loss");
  ok(loss == trainer_figure(trainer, "loss"), "which is the trainer's figure too");
  s2s_trainer_free(trainer);
  static const char *const added[][3] = {{"label_smoothing", "0.2", "0"},
                                         {"dropout", "0.5", "0"},
                                         {"word_dropout.target", "0.5", "-1"},
                                         {"word_dropout", "0.5", "0"}};
  double last = loss;
  for (size_t i = 0; i < sizeof added / sizeof *added; i++) {
    double other = 0;
    tiny_set(t.options, added[i][0], added[i][1]);
    trainer = make_trainer(&t, NULL);
    is_int(s2s_trainer_step(trainer, &other), S2S_OK, "%s", added[i][0]);
    ok(fabs(other - loss) > 1e-4 && fabs(other - last) > 1e-4, "gives another loss");
    s2s_trainer_free(trainer);
    tiny_set(t.options, added[i][0], added[i][2]);
    last = other;
  }
  s2s_metrics_free(metrics);
  free_task(&t);
}

/* ---- batches ----------------------------------------------------------------------------------------------------- */

static void test_accumulate(void) {
  task t = make_task(64);
  double loss[2] = {0, 0};
  s2s_model *model[2];
  float worst = 0;
  for (int i = 0; i < 2; i++) { /* 32 pairs at once, or 8 four times */
    tiny_set(t.options, "dropout", "0.2");
    tiny_set(t.options, "optimizer", "sgd");
    tiny_set(t.options, "batch_sentences", i ? "8" : "32");
    tiny_set(t.options, "accumulate", i ? "4" : "1");
    s2s_trainer *trainer = make_trainer(&t, NULL);
    for (int update = 0; update < 3; update++) s2s_trainer_step(trainer, &loss[i]);
    s2s_trainer_model(trainer, &model[i]);
    s2s_trainer_free(trainer);
  }
  ok(fabs(loss[0] - loss[1]) < 1e-5, "accumulated batches are one batch, with the same dropout");
  size_t size;
  const size_t parameter = tiny_parameter(model[0], "decoder.rnn.weight_hh_l0", &size);
  float *values[2] = {malloc(size * sizeof(float)), malloc(size * sizeof(float))};
  for (int i = 0; i < 2; i++) s2s_model_parameter_read(model[i], parameter, values[i], size);
  for (size_t j = 0; j < size; j++) worst = fmaxf(worst, fabsf(values[0][j] - values[1][j]));
  ok(worst < 1e-6f, "and lead to the same parameters");
  for (int i = 0; i < 2; i++) free(values[i]), s2s_model_free(model[i]);
  free_task(&t);
}

static void test_batch_tokens(void) {
  task t = make_task(70);
  tiny_set(t.options, "batch_tokens", "40");
  s2s_trainer *trainer = make_trainer(&t, NULL);
  s2s_trainer_step(trainer, NULL);
  size_t most = 0, pairs = 0, seen[70] = {0}, twice = 0;
  for (size_t b = 0; b < trainer->epoch.batches; b++) {
    size_t count, tokens = 0;
    const uint32_t *pair = s2s__epoch_batch(&trainer->epoch, b, &count);
    for (size_t i = 0; i < count; i++) {
      tokens += s2s__dataset_length(&trainer->dataset, S2S_SOURCE, pair[i]) +
                s2s__dataset_length(&trainer->dataset, S2S_TARGET, pair[i]) + 1;
      twice += seen[pair[i]]++;
    }
    pairs += count;
    if (tokens > most) most = tokens;
  }
  ok(most <= 40 && most > 26, "batch_tokens bounds a batch, which is as full as can be");
  ok(pairs == 70 && twice == 0, "every pair is in one");
  s2s_trainer_free(trainer);
  tiny_set(t.options, "batch_tokens", "1");
  trainer = make_trainer(&t, NULL);
  is_int((int64_t)trainer->epoch.batches, 70, "a pair that has more is a batch by itself");
  s2s_trainer_free(trainer);
  free_task(&t);
}

static void test_moving_average(void) {
  task t = make_task(64);
  tiny_set(t.options, "moving_average", "0.25");
  s2s_trainer *trainer = make_trainer(&t, NULL);
  const size_t total = trainer->network.params.total;
  double *wanted = malloc(total * sizeof *wanted), worst = 0;
  for (size_t i = 0; i < total; i++) wanted[i] = (double)trainer->network.params.value[i];
  for (int update = 1; update <= 3; update++) {
    const double decay = fmin(0.25, (1.0 + update) / (10.0 + update));
    s2s_trainer_step(trainer, NULL);
    for (size_t i = 0; i < total; i++)
      wanted[i] = decay * wanted[i] + (1 - decay) * (double)trainer->network.params.value[i];
  }
  for (size_t i = 0; i < total; i++) worst = fmax(worst, fabs(wanted[i] - (double)trainer->average[i]));
  ok(worst < 1e-6, "a moving average follows the parameters");
  s2s_model *model;
  size_t size;
  s2s_trainer_model(trainer, &model);
  const size_t parameter = tiny_parameter(model, "generator.bias", &size);
  float *values = malloc(size * sizeof *values);
  s2s_model_parameter_read(model, parameter, values, size);
  for (size_t i = 0; i < trainer->network.params.count; i++)
    if (strcmp(trainer->network.params.item[i]->name, "generator.bias") == 0)
      ok(memcmp(values, trainer->average + trainer->network.params.item[i]->offset, size * sizeof *values) == 0,
         "and is the model that is handed out");
  free(values);
  s2s_model_free(model);
  s2s_trainer_free(trainer);
  free(wanted);
  free_task(&t);
}

/* ---- the same bytes ---------------------------------------------------------------------------------------------- */

/* Trains for a few epochs from the seed on, saves, and reads the file. */
static char *trained_file(const char *seed, const char *threads, const char *shards, size_t *size) {
  task t = make_task(90);
  s2s_model *model = NULL;
  s2s_corpus *dev = reversal(t.options, 20, 5);
  tiny_set(t.options, "seed", seed);
  tiny_set(t.options, "threads", threads);
  tiny_set(t.options, "batch_shards", shards);
  tiny_set(t.options, "max_epochs", "3");
  tiny_set(t.options, "dropout", "0.2");
  tiny_set(t.options, "label_smoothing", "0.1");
  s2s_trainer *trainer = make_trainer(&t, dev);
  if (s2s_trainer_run(trainer) != S2S_OK || s2s_trainer_model(trainer, &model) != S2S_OK ||
      s2s_model_save(model, FOLDER "/model.safetensors") != S2S_OK)
    diag("%s", s2s_error_message());
  s2s_model_free(model);
  s2s_trainer_free(trainer);
  s2s_corpus_free(dev);
  free_task(&t);
  return tiny_read_file(FOLDER "/model.safetensors", size);
}

static void test_same_bytes(void) {
  static const struct {
    const char *seed, *threads, *shards, *name;
    int same;
  } runs[] = {{"4", "1", "2", "a second run", 1},
              {"4", "2", "2", "a run with two threads", 1},
              {"4", "5", "2", "a run with five threads", 1},
              {"5", "1", "2", "a run from another seed", 0},
              {"4", "1", "1", "a run with one shard", 0},
              {"4", "1", "3", "a run with three shards", 0}};
  size_t size, other;
  char *first = trained_file("4", "1", "2", &size);
  for (size_t i = 0; i < TINY_COUNT(runs); i++) {
    char *again = trained_file(runs[i].seed, runs[i].threads, runs[i].shards, &other);
    const int same = size == other && memcmp(first, again, size) == 0;
    ok(size > 1000 && same == runs[i].same, "%s gives %s file", runs[i].name, runs[i].same ? "the same" : "another");
    free(again);
  }
  char *three = trained_file("4", "3", "3", &size), *one = trained_file("4", "1", "3", &other);
  ok(size == other && memcmp(three, one, size) == 0, "three shards in three threads are three shards in one");
  free(first), free(three), free(one);
}

/* The losses of two updates, of a model whose multiplications are large enough to be shared out. */
static tiny_digest wide_losses(const char *threads) {
  task t = {task_options(), NULL, NULL};
  double loss = 0;
  tiny_digest digest = TINY_DIGEST;
  tiny_set(t.options, "encoder.hidden", "96");
  tiny_set(t.options, "decoder.hidden", "192");
  tiny_set(t.options, "batch_shards", "1");
  tiny_set(t.options, "threads", threads);
  t.corpus = reversal(t.options, 64, 1);
  if (s2s_model_create(t.corpus, t.options, &t.model) != S2S_OK) diag("%s", s2s_error_message());
  s2s_trainer *trainer = make_trainer(&t, NULL);
  for (int i = 0; i < 2; i++) {
    if (s2s_trainer_step(trainer, &loss) != S2S_OK) diag("%s", s2s_error_message());
    tiny_mix_number(&digest, loss);
  }
  s2s_trainer_free(trainer);
  free_task(&t);
  return digest;
}

static void test_spare_threads(void) {
  const tiny_digest one = wide_losses("1");
  ok(one == wide_losses("3"), "threads beyond one a shard share its multiplications, to the same bits");
}

typedef struct side_by_side {
  const task *t;
  tiny_digest digest;
} side_by_side;

static void *train_in_thread(void *data) {
  side_by_side *job = data;
  s2s_trainer *trainer = NULL;
  s2s_trainer_new(job->t->model, job->t->corpus, job->t->corpus, job->t->options, &trainer);
  s2s_trainer_run(trainer);
  job->digest = snapshot_digest(trainer);
  s2s_trainer_free(trainer);
  return NULL;
}

static void test_two_trainers(void) {
  task t = make_task(60);
  side_by_side alone = {&t, 0}, pair[2] = {{&t, 1}, {&t, 2}};
  pthread_t thread[2];
  tiny_set(t.options, "max_epochs", "3");
  tiny_set(t.options, "threads", "2");
  (void)train_in_thread(&alone);
  for (int i = 0; i < 2; i++) pthread_create(&thread[i], NULL, train_in_thread, &pair[i]);
  for (int i = 0; i < 2; i++) pthread_join(thread[i], NULL);
  ok(alone.digest && alone.digest == pair[0].digest && alone.digest == pair[1].digest,
     "two trainers of one model in two threads get what one gets alone");
  free_task(&t);
}

/* ---- ends -------------------------------------------------------------------------------------------------------- */

static void test_ends(void) {
  task t = make_task(100); /* four batches */
  tiny_set(t.options, "max_updates", "6");
  s2s_trainer *trainer = make_trainer(&t, t.corpus);
  is_int(s2s_trainer_run(trainer), S2S_OK, "a run with max_updates ends");
  ok(trainer_figure(trainer, "updates") == 6 && trainer_figure(trainer, "epochs") == 1,
     "after so many, inside an epoch");
  ok(isfinite(trainer_figure(trainer, "dev_loss")), "and was evaluated");
  is_int(s2s_trainer_run(trainer), S2S_OK, "a second run");
  ok(trainer_figure(trainer, "updates") == 6, "has nothing left to do");
  s2s_trainer_free(trainer);
  tiny_set(t.options, "max_updates", "0");
  tiny_set(t.options, "max_epochs", "3");
  trainer = make_trainer(&t, t.corpus);
  is_int(s2s_trainer_run(trainer), S2S_OK, "a run with max_epochs ends");
  ok(trainer_figure(trainer, "updates") == 12 && trainer_figure(trainer, "epochs") == 3, "after so many");
  s2s_trainer_free(trainer);
  tiny_set(t.options, "learning_rate", "0");
  tiny_set(t.options, "max_epochs", "40");
  tiny_set(t.options, "patience", "3");
  trainer = make_trainer(&t, t.corpus);
  is_int(s2s_trainer_run(trainer), S2S_OK, "a run that does not get better ends by patience");
  ok(trainer_figure(trainer, "epochs") == 4 && trainer_figure(trainer, "best_epoch") == 1 &&
         trainer_figure(trainer, "improved") == 0,
     "so many evaluations after the best");
  s2s_trainer_free(trainer);
  free_task(&t);
}

/* ---- learning rate ----------------------------------------------------------------------------------------------- */

/* A rate too small to change a parameter: no evaluation after the first is better. */
static void test_plateau(void) {
  static const struct {
    const char *schedule;
    double rate[6]; /* of the last update of each epoch, in units of the first */
  } cases[] = {{"plateau", {1, 1, 1, 0.5, 0.5, 0.25}}, {"constant", {1, 1, 1, 1, 1, 1}}};
  for (size_t c = 0; c < 2; c++) {
    task t = make_task(10);
    tiny_set(t.options, "learning_rate", "1e-30");
    tiny_set(t.options, "schedule", cases[c].schedule);
    tiny_set(t.options, "schedule.patience", "1");
    s2s_trainer *trainer = make_trainer(&t, t.corpus);
    int good = 1;
    for (size_t epoch = 0; epoch < 6; epoch++) {
      good = good && s2s_trainer_step(trainer, NULL) == S2S_OK && s2s_trainer_evaluate(trainer) == S2S_OK;
      const double rate = trainer_figure(trainer, "learning_rate") * 1e30;
      good = good && fabs(rate - cases[c].rate[epoch]) < 1e-9 && trainer_figure(trainer, "improved") == (epoch == 0);
    }
    ok(good, "the rate of the schedule %s on a plateau", cases[c].schedule);
    s2s_trainer_free(trainer);
    free_task(&t);
  }
}

/* Rates of updates 1, 2, 4, 8 and 16, of a peak of 1. */
static void test_schedules(void) {
  static const struct {
    const char *schedule, *warmup, *updates, *epochs;
    double rate[5];
  } cases[] = {{"constant", "4", "16", "0", {0.25, 0.5, 1, 1, 1}},
               {"inverse_sqrt", "4", "16", "0", {0.25, 0.5, 1, 0.70710678, 0.5}},
               {"inverse_sqrt", "0", "16", "0", {1, 0.70710678, 0.5, 0.35355339, 0.25}},
               {"cosine", "0", "16", "0", {0.99039264, 0.96193977, 0.85355339, 0.5, 0}},
               {"cosine", "4", "20", "0", {0.25, 0.5, 1, 0.85355339, 0.14644661}},
               {"cosine", "0", "0", "4", {0.99039264, 0.96193977, 0.85355339, 0.5, 0}}, /* of 4 batches */
               {"cosine", "0", "16", "30", {0.99039264, 0.96193977, 0.85355339, 0.5, 0}}};
  static const uint64_t number[5] = {1, 2, 4, 8, 16};
  s2s_options *o = tiny_options(NULL);
  s2s__error error = {.status = S2S_OK};
  s2s__schedule schedule;
  tiny_set(o, "learning_rate", "1");
  for (size_t c = 0; c < TINY_COUNT(cases); c++) {
    int good = 1;
    tiny_set(o, "schedule", cases[c].schedule);
    tiny_set(o, "warmup", cases[c].warmup);
    tiny_set(o, "max_updates", cases[c].updates);
    tiny_set(o, "max_epochs", cases[c].epochs);
    good &= s2s__schedule_init(&schedule, o, 4, &error) == S2S_OK;
    for (size_t i = 0; i < 5; i++) good &= fabs(s2s__schedule_rate(&schedule, number[i]) - cases[c].rate[i]) < 1e-7;
    ok(good, "schedule %s, warm-up %s", cases[c].schedule, cases[c].warmup);
  }
  tiny_set(o, "max_updates", "0");
  tiny_set(o, "max_epochs", "0");
  ok(s2s__schedule_init(&schedule, o, 4, &error) == S2S_BAD_OPTION && strstr(error.text, "max_updates"),
     "a cosine needs an end");
  s2s_options_free(o);
}

static void test_plateau_options(void) {
  task t = make_task(10);
  tiny_set(t.options, "learning_rate", "1e-30");
  tiny_set(t.options, "schedule.patience", "0");
  tiny_set(t.options, "schedule.factor", "0.1");
  s2s_trainer *trainer = make_trainer(&t, t.corpus);
  for (int epoch = 0; epoch < 4; epoch++) s2s_trainer_step(trainer, NULL), s2s_trainer_evaluate(trainer);
  ok(fabs(trainer_figure(trainer, "learning_rate") * 1e32 - 1) < 1e-9,
     "schedule.patience and schedule.factor are obeyed");
  s2s_trainer_free(trainer);
  free_task(&t);
}

/* What decoders may draw is searched for when models are compared. */
static void test_dev_is_searched(void) {
  task t = make_task(10);
  s2s_trainer *searched = make_trainer(&t, t.corpus);
  tiny_set(t.options, "temperature", "5");
  s2s_trainer *told_to_draw = make_trainer(&t, t.corpus);
  is_int(s2s_trainer_evaluate(searched), S2S_OK, "dev is evaluated");
  is_int(s2s_trainer_evaluate(told_to_draw), S2S_OK, "and with a temperature");
  ok(fabs(trainer_figure(searched, "dev_token_error_rate") - trainer_figure(told_to_draw, "dev_token_error_rate")) <
         1e-9,
     "to the same figures");
  s2s_trainer_free(told_to_draw);
  s2s_trainer_free(searched);
  free_task(&t);
}

/* While the rate rises, which it does for 12 of these updates, nothing wears out. */
static void test_patience_warming_up(void) {
  task t = make_task(10);
  tiny_set(t.options, "learning_rate", "1e-30");
  tiny_set(t.options, "warmup", "12");
  tiny_set(t.options, "schedule.patience", "1");
  tiny_set(t.options, "patience", "3");
  tiny_set(t.options, "max_epochs", "40");
  s2s_trainer *trainer = make_trainer(&t, t.corpus);
  is_int(s2s_trainer_run(trainer), S2S_OK, "a run that does not get better, with a warm-up");
  ok(trainer_figure(trainer, "updates") == 14, "ends by patience after it, not in it");
  ok(fabs(trainer_figure(trainer, "learning_rate") * 1e30 - 0.5) < 1e-9, "and its rate falls after it");
  s2s_trainer_free(trainer);
  free_task(&t);
}

static void test_warmup(void) {
  task t = make_task(10);
  tiny_set(t.options, "learning_rate", "0.8");
  tiny_set(t.options, "warmup", "4");
  s2s_trainer *trainer = make_trainer(&t, NULL);
  static const double wanted[] = {0.2, 0.4, 0.6, 0.8, 0.8, 0.8};
  int good = 1;
  for (size_t i = 0; i < 6; i++) {
    s2s_trainer_step(trainer, NULL);
    good = good && fabs(trainer_figure(trainer, "learning_rate") - wanted[i]) < 1e-12;
  }
  ok(good, "the rate rises over the warm-up and stays");
  s2s_trainer_free(trainer);
  free_task(&t);
}

/* The largest change of a parameter by one update. */
static double largest_change(const task *t) {
  s2s_trainer *trainer = make_trainer(t, NULL);
  s2s_model *after;
  double largest = 0;
  s2s_trainer_step(trainer, NULL);
  s2s_trainer_model(trainer, &after);
  for (size_t i = 0; i < s2s_model_parameter_count(after); i++) {
    size_t size;
    (void)tiny_parameter(after, s2s_model_parameter_name(after, i), &size);
    float *a = calloc(size, sizeof *a), *b = calloc(size, sizeof *b);
    s2s_model_parameter_read(t->model, i, a, size);
    s2s_model_parameter_read(after, i, b, size);
    for (size_t j = 0; j < size; j++) largest = fmax(largest, fabs((double)a[j] - (double)b[j]));
    free(a), free(b);
  }
  s2s_model_free(after);
  s2s_trainer_free(trainer);
  return largest;
}

/* Adam's first step is the rate in each direction, however small the gradient; far below its epsilon it is less. */
static void test_clip_norm(void) {
  task t = make_task(20);
  tiny_set(t.options, "clip_norm", "0");
  const double whole = largest_change(&t);
  ok(fabs(whole - 0.01) < 1e-4, "Adam's first update moves parameters by the learning rate");
  tiny_set(t.options, "clip_norm", "1e9");
  ok(largest_change(&t) == whole, "clip_norm 0 is no limit");
  tiny_set(t.options, "clip_norm", "1e-11");
  const double clipped = largest_change(&t);
  ok(clipped > 0 && clipped < 1e-4, "a tiny clip_norm makes a tiny update");
  free_task(&t);
}

/* ---- what is left out -------------------------------------------------------------------------------------------- */

static void test_max_train_length(void) {
  task t = make_task(30);
  s2s_corpus *corpus = NULL;
  s2s_trainer *trainer;
  s2s_corpus_new(t.options, &corpus);
  tiny_add(corpus, "abc", "cba"), tiny_add(corpus, "abcd", "dcb"), tiny_add(corpus, "abc", "dcba"),
      tiny_add(corpus, "a", "a");
  tiny_set(t.options, "max_train_length", "3");
  is_int(s2s_trainer_new(t.model, corpus, NULL, t.options, &trainer), S2S_OK, "a corpus with long pairs is learnt");
  ok(trainer_figure(trainer, "skipped_pairs") == 2, "without the pairs that are too long on either side");
  is_int(s2s_trainer_step(trainer, NULL), S2S_OK, "in one update");
  ok(trainer_figure(trainer, "epochs") == 1, "an epoch");
  s2s_trainer_free(trainer);
  tiny_set(t.options, "long_pairs", "error");
  failed(s2s_trainer_new(t.model, corpus, NULL, t.options, &trainer), S2S_LIMIT, "2 of the corpus's 4 pairs",
         "or they are an error");
  tiny_set(t.options, "max_train_length", "1");
  tiny_set(t.options, "long_pairs", "skip");
  s2s_corpus *dev = corpus;
  failed(s2s_trainer_new(t.model, t.corpus, dev, t.options, &trainer), S2S_BAD_ARGUMENT, "max_train_length 1",
         "a corpus of which nothing is left is refused");
  ok(strstr(s2s_error_message(), "30") != NULL, "with the number of its pairs");
  s2s_corpus_free(corpus);
  free_task(&t);
}

/* ---- progress, the best model ------------------------------------------------------------------------------------ */

typedef struct events {
  s2s_trainer *trainer;
  int64_t batches, epochs; /* of an epoch; of the run */
  int64_t update, evaluated;
  int good;
  int64_t stop_at_update, stop_at_epoch; /* 0: never */
  double best[3];                        /* dev figures of the best evaluation */
  tiny_digest best_model;
} events;

static int32_t watch_events(void *user, int32_t event, int64_t done, int64_t total) {
  events *e = user;
  e->good = e->good && (event == S2S_PROGRESS_UPDATE || event == S2S_PROGRESS_EVALUATED);
  if (event == S2S_PROGRESS_UPDATE) {
    e->update++;
    e->good = e->good && total == e->batches && done == (e->update - 1) % e->batches + 1 &&
              trainer_figure(e->trainer, "updates") == (double)e->update;
    return e->update == e->stop_at_update;
  }
  e->evaluated++;
  e->good = e->good && done == e->evaluated && total == e->epochs && e->update == e->evaluated * e->batches;
  if (trainer_figure(e->trainer, "improved") == 1) {
    e->best[0] = trainer_figure(e->trainer, "dev_sequence_error_rate");
    e->best[1] = trainer_figure(e->trainer, "dev_token_error_rate");
    e->best[2] = trainer_figure(e->trainer, "dev_loss");
    e->best_model = snapshot_digest(e->trainer);
  }
  return e->evaluated == e->stop_at_epoch;
}

static void test_progress(void) {
  task t = make_task(70); /* three batches */
  events seen = {.batches = 3, .epochs = 4, .good = 1};
  tiny_set(t.options, "max_epochs", "4");
  s2s_options_set_progress(t.options, watch_events, &seen);
  seen.trainer = make_trainer(&t, t.corpus);
  is_int(s2s_trainer_run(seen.trainer), S2S_OK, "a run tells its progress");
  ok(seen.good && seen.update == 12 && seen.evaluated == 4, "each update, then each evaluation, with their numbers");
  s2s_trainer_free(seen.trainer);
  seen = (events){.batches = 3, .epochs = 4, .good = 1, .stop_at_update = 5};
  seen.trainer = make_trainer(&t, t.corpus);
  failed(s2s_trainer_run(seen.trainer), S2S_CANCELLED, "update 5", "a callback stops a run at an update");
  ok(seen.update == 5 && trainer_figure(seen.trainer, "updates") == 5, "at once");
  ok(seen.best_model && snapshot_digest(seen.trainer) == seen.best_model, "the best model so far is there");
  is_int(s2s_trainer_run(seen.trainer), S2S_OK, "another run goes on");
  ok(seen.good && seen.update == 12 && seen.evaluated == 4, "where the first had stopped");
  s2s_trainer_free(seen.trainer);
  seen = (events){.batches = 3, .epochs = 4, .good = 1, .stop_at_epoch = 2};
  seen.trainer = make_trainer(&t, t.corpus);
  failed(s2s_trainer_run(seen.trainer), S2S_CANCELLED, "callback", "a callback stops a run at an evaluation");
  ok(seen.update == 6 && seen.evaluated == 2, "at once");
  s2s_trainer_free(seen.trainer);
  free_task(&t);
}

static void test_best_model(void) {
  task t = make_task(60);
  s2s_corpus *dev = reversal(t.options, 40, 9);
  s2s_model *best;
  s2s_metrics *metrics;
  events seen = {.batches = 2, .epochs = 12, .good = 1};
  tiny_set(t.options, "learning_rate", "0.2"); /* too large: it gets better and worse */
  tiny_set(t.options, "max_epochs", "12");
  tiny_set(t.options, "beam", "1");
  s2s_options_set_progress(t.options, watch_events, &seen);
  seen.trainer = make_trainer(&t, dev);
  is_int(s2s_trainer_run(seen.trainer), S2S_OK, "training goes up and down");
  const double last = trainer_figure(seen.trainer, "dev_loss"), epoch = trainer_figure(seen.trainer, "best_epoch");
  ok(seen.good && epoch >= 1 && epoch < 12 && last != seen.best[2], "its last model is not its best");
  is_int(s2s_trainer_model(seen.trainer, &best), S2S_OK, "a model is asked for");
  ok(tiny_model_digest(best) == seen.best_model, "and is the best one");
  is_int(s2s_evaluate(best, dev, t.options, &metrics), S2S_OK, "it is evaluated");
  ok(figure(metrics, "sequence_error_rate") == seen.best[0] && figure(metrics, "token_error_rate") == seen.best[1] &&
         figure(metrics, "loss") == seen.best[2],
     "and has the figures of the best evaluation");
  s2s_metrics_free(metrics);
  s2s_model_free(best);
  s2s_trainer_free(seen.trainer);
  s2s_corpus_free(dev);
  free_task(&t);
}

/* The best by each figure: its evaluation's figure is the best of all evaluations. */
static struct {
  const char *name;
  s2s_trainer *trainer;
  double best, sign;
} best_seen;

static int32_t watch_best(void *user, int32_t event, int64_t done, int64_t total) {
  (void)user;
  (void)done;
  (void)total;
  if (event != S2S_PROGRESS_EVALUATED) return 0;
  const double value = best_seen.sign * trainer_figure(best_seen.trainer, best_seen.name);
  if (value < best_seen.best) best_seen.best = value;
  return 0;
}

static void test_best_by(void) {
  static const char *const names[] = {"token_error_rate", "character_error_rate", "loss", "perplexity", "bleu", "chrf"};
  for (size_t i = 0; i < TINY_COUNT(names); i++) {
    task t = make_task(60);
    char dev_name[40];
    s2s_model *model;
    s2s_metrics *metrics;
    snprintf(dev_name, sizeof dev_name, "dev_%s", names[i]);
    tiny_set(t.options, "best_by", names[i]);
    tiny_set(t.options, "learning_rate", "0.2"); /* too large: it gets better and worse */
    tiny_set(t.options, "max_epochs", "6");
    tiny_set(t.options, "bleu.tokenize", "char");
    tiny_set(t.options, "beam", "1");
    best_seen.name = dev_name;
    best_seen.sign = i < 4 ? 1 : -1;
    best_seen.best = 1e9;
    s2s_options_set_progress(t.options, watch_best, NULL);
    best_seen.trainer = make_trainer(&t, t.corpus);
    s2s_trainer_run(best_seen.trainer);
    s2s_trainer_model(best_seen.trainer, &model);
    is_int(s2s_evaluate(model, t.corpus, t.options, &metrics), S2S_OK, "the best by %s is evaluated", names[i]);
    ok(best_seen.sign * figure(metrics, names[i]) == best_seen.best, "and is the best of all evaluations");
    s2s_metrics_free(metrics);
    s2s_model_free(model);
    s2s_trainer_free(best_seen.trainer);
    free_task(&t);
  }
}

static void test_evaluate_every(void) {
  task t = make_task(70); /* three batches */
  events seen = {.batches = 3, .epochs = 3, .good = 1};
  tiny_set(t.options, "max_epochs", "3");
  tiny_set(t.options, "evaluate.every", "2");
  tiny_set(t.options, "evaluate.beam", "3");
  s2s_options_set_progress(t.options, watch_events, &seen);
  seen.trainer = make_trainer(&t, t.corpus);
  is_int(s2s_trainer_run(seen.trainer), S2S_OK, "a run evaluates every two updates");
  is_int(seen.update, 9, "of nine");
  is_int(seen.evaluated, 5, "four times, and at the end");
  s2s_trainer_free(seen.trainer);
  free_task(&t);
}

static void test_no_dev(void) {
  task t = make_task(60);
  double value;
  tiny_set(t.options, "max_epochs", "3");
  s2s_trainer *trainer = make_trainer(&t, NULL);
  failed(s2s_trainer_evaluate(trainer), S2S_BAD_ARGUMENT, "dev", "without a dev set nothing is evaluated on request");
  is_int(s2s_trainer_run(trainer), S2S_OK, "a run without a dev set");
  ok(trainer_figure(trainer, "best_epoch") == 3 && trainer_figure(trainer, "improved") == 1,
     "goes by the loss of training");
  ok(s2s_metrics_get(s2s_trainer_metrics(trainer), "dev_loss", &value) == S2S_BAD_ARGUMENT, "and has no dev figures");
  ok(snapshot_digest(trainer) != tiny_model_digest(t.model), "its model is a trained one");
  s2s_trainer_free(trainer);
  free_task(&t);
}

/* ---- cancelling -------------------------------------------------------------------------------------------------- */

static int32_t tell_thread(void *user, int32_t event, int64_t done, int64_t total) {
  (void)event, (void)done, (void)total;
  atomic_int *started = user;
  atomic_fetch_add(started, 1);
  return 0;
}

typedef struct endless {
  s2s_trainer *trainer;
  int32_t status;
  char message[512];
} endless;

static void *run_endlessly(void *data) {
  endless *run = data;
  run->status = s2s_trainer_run(run->trainer);
  snprintf(run->message, sizeof run->message, "%s", s2s_error_message());
  return NULL;
}

static void test_cancel_from_thread(void) {
  task t = make_task(60);
  atomic_int events_seen;
  tiny_set(t.options, "max_epochs", "0");
  pthread_t thread;
  atomic_init(&events_seen, 0);
  s2s_options_set_progress(t.options, tell_thread, &events_seen);
  endless run = {.trainer = make_trainer(&t, t.corpus)};
  pthread_create(&thread, NULL, run_endlessly, &run);
  while (atomic_load(&events_seen) < 7) sched_yield(); /* two epochs of two updates, and their evaluations */
  s2s_trainer_cancel(run.trainer);
  pthread_join(thread, NULL);
  is_int(run.status, S2S_CANCELLED, "an endless run is cancelled from another thread");
  ok(strstr(run.message, "cancelled") != NULL, "and its own thread has the message");
  ok(trainer_figure(run.trainer, "best_epoch") >= 1 && snapshot_digest(run.trainer), "the best model is there");
  is_int(s2s_trainer_step(run.trainer, NULL), S2S_OK, "and the trainer works on");
  s2s_trainer_free(run.trainer);
  free_task(&t);
}

static void test_cancel_before(void) {
  task t = make_task(10);
  tiny_set(t.options, "max_epochs", "1");
  s2s_trainer *trainer = make_trainer(&t, t.corpus);
  s2s_trainer_cancel(trainer);
  s2s_trainer_cancel(trainer);
  failed(s2s_trainer_run(trainer), S2S_CANCELLED, "cancelled", "the run after a cancel is cancelled");
  ok(trainer_figure(trainer, "updates") == 0 && snapshot_digest(trainer) == tiny_model_digest(t.model),
     "before it has changed anything");
  s2s_trainer_cancel(trainer);
  failed(s2s_trainer_step(trainer, NULL), S2S_CANCELLED, "cancelled", "and so is a step");
  is_int(s2s_trainer_run(trainer), S2S_OK, "one cancel stops one call");
  s2s_trainer_free(trainer);
  free_task(&t);
}

/* Cancels as soon as memory is asked for, which an evaluation does and a warm update does not. */
static void cancel_now(void *user) { s2s_trainer_cancel(*(s2s_trainer **)user); }

static int32_t cancel_in_evaluation(void *user, int32_t event, int64_t done, int64_t total) {
  if (event == S2S_PROGRESS_UPDATE && done == total) {
    watch.before_user = user;
    watch.before = cancel_now;
  }
  return 0;
}

static void test_cancel_in_evaluation(void) {
  task t = make_task(60);
  s2s_trainer *trainer;
  tiny_set(t.options, "max_epochs", "1");
  s2s_options_set_progress(t.options, cancel_in_evaluation, &trainer);
  trainer = make_trainer(&t, t.corpus);
  const int32_t status = s2s_trainer_run(trainer);
  watch.before = NULL;
  failed(status, S2S_CANCELLED, "cancelled", "an evaluation is cancelled");
  ok(trainer_figure(trainer, "updates") == 2, "after the updates of its epoch");
  is_int(s2s_trainer_run(trainer), S2S_OK, "a run that has nothing to learn any more");
  ok(trainer_figure(trainer, "dev_loss") > 0 && trainer_figure(trainer, "updates") == 2, "still judges that epoch");
  is_int(s2s_trainer_step(trainer, NULL), S2S_OK, "and that cancel does not stop the next call as well");
  s2s_trainer_free(trainer);
  free_task(&t);
}

/* ---- divergence -------------------------------------------------------------------------------------------------- */

static void poison(s2s_model *model, const char *name, float value) {
  size_t size;
  const size_t index = tiny_parameter(model, name, &size);
  float *values = calloc(size, sizeof *values);
  s2s_model_parameter_read(model, index, values, size);
  values[size / 2] = value;
  s2s__error error = {.status = S2S_OK}; /* the public call would refuse it */
  if (s2s__param_write(model->network.params.item[index], &model->arena, values, &error) != S2S_OK)
    diag("%s", error.text);
  free(values);
}

static void test_diverged(void) {
  static const struct {
    const char *parameter;
    float value;
  } cases[] = {{"generator.bias", NAN},
               {"generator.bias", INFINITY},
               {"encoder.rnn.weight_hh_l0", NAN},
               {"attention.linear_out.weight", -INFINITY}};
  for (size_t i = 0; i < TINY_COUNT(cases); i++) {
    task t = make_task(10);
    poison(t.model, cases[i].parameter, cases[i].value);
    s2s_trainer *trainer = make_trainer(&t, NULL);
    const tiny_digest before = snapshot_digest(trainer);
    failed(s2s_trainer_step(trainer, NULL), S2S_DIVERGED, "update 1", "numbers out of range are found");
    ok(snapshot_digest(trainer) == before && trainer_figure(trainer, "updates") == 0, "and change no parameter");
    failed(s2s_trainer_run(trainer), S2S_DIVERGED, "finite", "by a run too");
    s2s_trainer_free(trainer);
    free_task(&t);
  }
}

static void count_setbacks(void *user, int32_t level, const char *message) {
  int *setbacks = user;
  *setbacks += level == S2S_LOG_WARNING && strstr(message, "not finite") && strstr(message, "learning rate");
}

static void test_setback(void) {
  task t = make_task(40);
  int setbacks = 0;
  tiny_set(t.options, "optimizer", "sgd");
  tiny_set(t.options, "max_epochs", "20");
  s2s_options_set_log(t.options, count_setbacks, &setbacks);
  s2s_trainer *trainer = make_trainer(&t, t.corpus);
  const tiny_digest before = snapshot_digest(trainer);
  trainer->schedule.learning_rate = (double)INFINITY;
  is_int(s2s_trainer_run(trainer), S2S_DIVERGED, "a rate that breaks the numbers again and again ends a run");
  is_int(setbacks, 8, "after eight ways back, which are told");
  ok(snapshot_digest(trainer) == before && trainer->schedule.scale == 1.0 / 256,
     "to good numbers, at ever smaller rates");
  trainer->schedule.learning_rate = 0.01;
  is_int(s2s_trainer_run(trainer), S2S_OK, "at a better one another run goes on");
  ok(isfinite(trainer_figure(trainer, "dev_loss")), "as if nothing had been");
  s2s_trainer_free(trainer);
  tiny_set(t.options, "max_epochs", "2");
  trainer = make_trainer(&t, t.corpus);
  trainer->schedule.learning_rate = (double)INFINITY;
  failed(s2s_trainer_run(trainer), S2S_DIVERGED, "never finite", "a run that ends before that has failed too");
  s2s_trainer_free(trainer);
  free_task(&t);
}

/* How far the one number of a parameter's middle moves in an update. */
static double first_move(s2s_trainer *trainer, size_t place) {
  const double before = (double)trainer->network.params.value[place];
  s2s_trainer_step(trainer, NULL);
  return fabs((double)trainer->network.params.value[place] - before);
}

/* After a way back Adam's moments are zero again, and its first step is as long as that of a fresh one: the learning
 * rate. */
static void test_setback_steps(void) {
  task t = make_task(40);
  tiny_set(t.options, "batch_sentences", "40");
  tiny_set(t.options, "max_updates", "40");
  s2s_trainer *trainer = make_trainer(&t, t.corpus);
  const size_t place = trainer->network.params.total - 1; /* of the output's bias, which every update moves */
  s2s_trainer_run(trainer);
  const s2s__schedule schedule = trainer->schedule;
  trainer->schedule.learning_rate = (double)INFINITY;
  s2s_trainer_step(trainer, NULL);
  tiny_set(&trainer->options, "max_updates", "42");
  s2s_trainer_run(trainer);
  ok(trainer->setbacks > 0 || trainer->schedule.scale < schedule.scale, "a training of 40 updates is thrown back");
  trainer->schedule = schedule;
  const uint64_t made = trainer->updates - trainer->optimizer_start;
  ok(trainer->optimizer_start >= 40 && made == 0, "and its optimiser begins afresh");
  ok(fabs(first_move(trainer, place) / 0.01 - 1) < 0.01, "with a step as long as the rate");
  s2s_trainer_free(trainer);
  free_task(&t);
}

/* Whatever a wild rate does, it does without a crash, and no model with broken numbers comes out. */
static void test_wild_rate(void) {
  task t = make_task(40);
  tiny_set(t.options, "learning_rate", "10");
  tiny_set(t.options, "clip_norm", "0");
  tiny_set(t.options, "max_epochs", "20");
  s2s_trainer *trainer = make_trainer(&t, t.corpus);
  const int32_t status = s2s_trainer_run(trainer);
  ok(status == S2S_OK || status == S2S_DIVERGED, "a learning rate of 10 is survived");
  diag("%s", s2s_status_name(status));
  s2s_model *model;
  s2s_metrics *metrics;
  s2s_trainer_model(trainer, &model);
  is_int(s2s_evaluate(model, t.corpus, t.options, &metrics), S2S_OK, "and its best model is evaluated");
  ok(isfinite(figure(metrics, "loss")), "to a finite loss");
  s2s_metrics_free(metrics);
  s2s_model_free(model);
  s2s_trainer_free(trainer);
  free_task(&t);
}

/* ---- presets ----------------------------------------------------------------------------------------------------- */

/* What a trainer of so many pairs takes for an option. */
static void takes(s2s_options *o, size_t pairs, s2s__option_id id, const char *wanted, const char *name) {
  s2s_options copy;
  s2s__error error = {.status = S2S_OK};
  s2s__options_init(&copy, &o->host);
  s2s__options_copy(&copy, o, &error);
  is_int(s2s__preset_apply(&copy, pairs, &error), S2S_OK, "%s", name);
  is_text(s2s__option_text(&copy, id), wanted, "%s: %s", name, wanted);
  s2s__options_clear(&copy);
}

static void test_presets(void) {
  s2s_options *o = tiny_plain_options(&watch);
  takes(o, 800, S2S__BATCH_SENTENCES, "16", "few pairs");
  takes(o, 8000, S2S__BATCH_SENTENCES, "32", "more pairs");
  takes(o, 30000, S2S__BATCH_SENTENCES, "128", "many pairs");
  takes(o, 800, S2S__DECODER_HIDDEN, "256", "a small model for few pairs");
  tiny_set(o, "source.tokens", "chars");
  takes(o, 800, S2S__DECODER_HIDDEN, "256", "whatever their tokens are");
  tiny_set(o, "warmup", "7");
  takes(o, 800, S2S__WARMUP, "7", "what is set stays");
  tiny_set(o, "attention.type", "dot");
  tiny_set(o, "attention.coverage", "yes");
  takes(o, 800, S2S__DECODER_HIDDEN, "256", "what fits every shape leaves the rest of it");
  tiny_set(o, "embedding.dim", "10");
  takes(o, 800, S2S__DECODER_HIDDEN, "512", "a shape whose sizes are set in part is not mixed with another");
  takes(o, 800, S2S__BATCH_SENTENCES, "16", "batches may be");
  tiny_set(o, "preset", "rnn-tiny");
  takes(o, 100000, S2S__DECODER_HIDDEN, "256", "unless the preset is named");
  takes(o, 100000, S2S__ATTENTION_TYPE, "dot", "where what is set stays too");
  tiny_set(o, "preset", "none");
  takes(o, 800, S2S__BATCH_SENTENCES, "128", "none is the plain defaults");
  s2s_options_free(o);
  for (size_t i = 0; i < s2s_preset_count(); i++) { /* each makes a model that can be trained */
    s2s_options *named = tiny_plain_options(&watch);
    s2s_model *model = NULL;
    s2s_trainer *trainer = NULL;
    tiny_set(named, "preset", s2s_preset_name(i));
    s2s_corpus *corpus = reversal(named, 8, 1);
    is_int(s2s_model_create(corpus, named, &model), S2S_OK, "preset %s makes a model", s2s_preset_name(i));
    is_int(s2s_trainer_new(model, corpus, NULL, named, &trainer), S2S_OK, "and a trainer");
    is_int(s2s_trainer_step(trainer, NULL), S2S_OK, "which learns");
    s2s_trainer_free(trainer);
    s2s_model_free(model);
    s2s_corpus_free(corpus);
    s2s_options_free(named);
  }
}

/* The form that a model of a source in Hangul, of so many pairs in Latin letters beside it, gets by the options. */
static void reads(const s2s_options *o, size_t latin, const char *wanted, const char *name) {
  s2s_corpus *corpus;
  s2s_model *model = NULL;
  const char *form = "";
  s2s_corpus_new(o, &corpus);
  for (int i = 0; i < 3; i++) s2s_corpus_add(corpus, "\xea\xb0\x80\xeb\x82\x98", 6, "ka", 2);
  for (size_t i = 0; i < latin; i++) s2s_corpus_add(corpus, "an", 2, "na", 2);
  is_int(s2s_model_create(corpus, o, &model), S2S_OK, "%s", name);
  s2s_model_get(model, "source.normalize", &form);
  is_text(form, wanted, "%s: %s", name, wanted);
  s2s_model_free(model);
  s2s_corpus_free(corpus);
}

static void test_hangul(void) {
  s2s_options *o = tiny_plain_options(&watch);
  tiny_set(o, "preset", "auto");
  tiny_set(o, "source.tokens", "chars"), tiny_set(o, "target.tokens", "chars");
  reads(o, 2, "nfd", "a source in Hangul");
  reads(o, 3, "none", "one that is so by half");
  tiny_set(o, "source.normalize", "nfc");
  reads(o, 0, "nfc", "with a form that is set");
  s2s_options_set(o, "source.normalize", NULL);
  tiny_set(o, "vocabulary.joint", "yes");
  reads(o, 0, "none", "with one vocabulary for both sides");
  tiny_set(o, "vocabulary.joint", "no");
  tiny_set(o, "source.tokens", "words");
  reads(o, 0, "none", "of words");
  tiny_set(o, "source.tokens", "chars");
  tiny_set(o, "preset", "none");
  reads(o, 0, "none", "without presets");
  s2s_options_free(o);
}

/* ---- going on from a model --------------------------------------------------------------------------------------- */

static int same_parameter(const s2s_model *a, const s2s_model *b, size_t index) {
  const size_t size = s2s_model_parameter_size(a, index);
  float *x = malloc(size * sizeof *x), *y = malloc(size * sizeof *y);
  s2s_model_parameter_read(a, index, x, size);
  s2s_model_parameter_read(b, index, y, size);
  const int same = memcmp(x, y, size * sizeof *x) == 0;
  free(x);
  free(y);
  return same;
}

static void test_freeze(void) {
  static const char *const rules[] = {"adam", "adamw", "sgd", "adagrad"};
  for (size_t r = 0; r < TINY_COUNT(rules); r++) {
    task t = make_task(64);
    s2s_model *model;
    tiny_set(t.options, "freeze", "encoder decoder.embedding");
    tiny_set(t.options, "optimizer", rules[r]);
    tiny_set(t.options, "optimizer.momentum", "0.5");
    tiny_set(t.options, "weight_decay", "0.1");
    tiny_set(t.options, "moving_average", r % 2 ? "0.9" : "0");
    s2s_trainer *trainer = make_trainer(&t, NULL);
    for (int update = 0; update < 3; update++) s2s_trainer_step(trainer, NULL);
    s2s_trainer_model(trainer, &model);
    int right = 1;
    for (size_t i = 0; i < s2s_model_parameter_count(model); i++) {
      const char *name = s2s_model_parameter_name(model, i);
      const int frozen = !strncmp(name, "encoder", 7) || !strncmp(name, "decoder.embedding", 17);
      right &= same_parameter(t.model, model, i) == frozen;
    }
    ok(right, "freeze with %s: what is frozen stays, all else moves", rules[r]);
    s2s_model_free(model);
    s2s_trainer_free(trainer);
    free_task(&t);
  }
  task t = make_task(10);
  s2s_trainer *trainer;
  tiny_set(t.options, "freeze", "encoder nosuch");
  failed(s2s_trainer_new(t.model, t.corpus, NULL, t.options, &trainer), S2S_BAD_OPTION, "'nosuch'",
         "a name that is none");
  tiny_set(t.options, "freeze", "encoder decoder attention generator");
  failed(s2s_trainer_new(t.model, t.corpus, NULL, t.options, &trainer), S2S_BAD_OPTION, "nothing to train",
         "all frozen");
  free_task(&t);
}

static void test_extend(const char *tie) {
  task t = {task_options(), NULL, NULL};
  s2s_corpus *more = NULL;
  s2s_model *extended = NULL;
  s2s_trainer *trainer = NULL;
  t.corpus = reversal(t.options, 30, 1);
  tiny_set(t.options, "embedding.tie", tie);
  tiny_set(t.options, "embedding.dim", "32");
  s2s_model_create(t.corpus, t.options, &t.model);
  s2s_corpus_new(t.options, &more);
  for (int i = 0; i < 8; i++) tiny_add(more, i % 2 ? "xab" : "bay", i % 2 ? "baz" : "zab");
  is_int(s2s_model_extend(t.model, more, t.options, &extended), S2S_OK, "embedding.tie %s: a model is extended", tie);
  const size_t old = s2s_model_vocabulary_size(t.model, S2S_SOURCE),
               now = s2s_model_vocabulary_size(extended, S2S_SOURCE);
  is_int((int64_t)(now - old), strcmp(tie, "all") == 0 ? 3 : 2, "by the tokens it lacked");
  int kept = 1;
  for (size_t i = 0; i < old; i++)
    kept &=
        !strcmp(s2s_model_token(t.model, S2S_SOURCE, (int32_t)i), s2s_model_token(extended, S2S_SOURCE, (int32_t)i));
  ok(kept, "old tokens keep their ids");
  const char *text = "abcd";
  const s2s_model *models[2] = {t.model, extended};
  for (int i = 0; i < 2; i++) {
    s2s_encoder *encoder;
    s2s_memory *memory;
    s2s_encoder_init(models[i], t.options, &encoder);
    s2s_encode(encoder, &text, NULL, 1, &memory);
    static float first[4 * 64];
    const float *states = s2s_memory_states(memory, 0, NULL);
    if (i == 0)
      memcpy(first, states, 4 * 32 * sizeof *first);
    else
      ok(memcmp(first, states, 4 * 32 * sizeof *first) == 0, "and what they mean");
    s2s_memory_free(memory);
    s2s_encoder_free(encoder);
  }
  tiny_set(t.options, "max_epochs", "200");
  tiny_set(t.options, "schedule", "constant");
  is_int(s2s_trainer_new(extended, more, more, t.options, &trainer), S2S_OK, "it is trained on");
  is_int(s2s_trainer_run(trainer), S2S_OK, "to its end");
  is_int((int64_t)trainer_figure(trainer, "best_dev_sequence_error_rate"), 0, "and has learnt the new tokens");
  s2s_trainer_free(trainer);
  s2s_model_free(extended);
  s2s_corpus_free(more);
  free_task(&t);
}

/* ---- checkpoints ------------------------------------------------------------------------------------------------- */

#define CHECKPOINT FOLDER "/checkpoint"

static task checkpoint_task(void) {
  static const char *const settings[][2] = {
      {"dropout", "0.2"},         {"word_dropout", "0.1"}, {"max_epochs", "4"},        {"target.tokens", "bpe:12"},
      {"subword.dropout", "0.2"}, {"warmup", "3"},         {"schedule.patience", "0"}, {"learning_rate", "0.05"}};
  task t = {task_options(), NULL, NULL};
  t.corpus = reversal(t.options, 90, 1); /* three batches */
  for (size_t i = 0; i < TINY_COUNT(settings); i++) tiny_set(t.options, settings[i][0], settings[i][1]);
  s2s_model_create(t.corpus, t.options, &t.model);
  return t;
}

typedef struct stop { /* at the n-th event */
  s2s_trainer *trainer;
  int64_t event, at;
} stop;

static int32_t stop_there(void *user, int32_t event, int64_t done, int64_t total) {
  stop *s = user;
  (void)event;
  (void)done;
  (void)total;
  if (++s->event != s->at) return 0;
  if (s2s_trainer_save(s->trainer, CHECKPOINT) != S2S_OK) diag("%s", s2s_error_message());
  return 1;
}

static int same_figures(const s2s_trainer *a, const s2s_trainer *b) {
  static const char *const names[] = {"updates",      "epochs",     "learning_rate", "loss",
                                      "dev_loss",     "best_epoch", "improved",      "best_dev_token_error_rate",
                                      "best_dev_bleu"};
  for (size_t i = 0; i < TINY_COUNT(names); i++)
    if (trainer_figure(a, names[i]) != trainer_figure(b, names[i])) return diag("%s", names[i]), 0;
  return 1;
}

static void test_resume(void) {
  task t = checkpoint_task();
  s2s_options *runtime = tiny_plain_options(&watch);
  s2s_trainer *whole = make_trainer(&t, t.corpus);
  int resumed = 0, same = 0;
  is_int(s2s_trainer_run(whole), S2S_OK, "a training without a stop");
  const tiny_digest wanted = snapshot_digest(whole);
  for (int64_t at = 1; at < 16; at++) { /* 12 updates and 4 evaluations */
    stop s = {NULL, 0, at};
    s2s_options_set_progress(t.options, stop_there, &s);
    s.trainer = make_trainer(&t, t.corpus);
    s2s_trainer_run(s.trainer);
    s2s_trainer_free(s.trainer);
    s2s_trainer *trainer = NULL; /* the options are in the checkpoint */
    resumed += s2s_trainer_resume(CHECKPOINT, t.corpus, t.corpus, runtime, &trainer) == S2S_OK;
    if (!trainer) diag("%s", s2s_error_message());
    same += s2s_trainer_run(trainer) == S2S_OK && snapshot_digest(trainer) == wanted && same_figures(trainer, whole);
    s2s_trainer_free(trainer);
  }
  is_int(resumed, 15, "one that is stopped at any update or evaluation goes on");
  is_int(same, 15, "to the same bytes and figures");
  s2s_model *model = NULL;
  is_int(s2s_model_load(CHECKPOINT, runtime, &model), S2S_OK, "a checkpoint is a model too");
  s2s_model_free(model);
  s2s_trainer_free(whole);
  s2s_options_free(runtime);
  free_task(&t);
}

/* Any optimiser goes on from any other's checkpoint. */
static void test_resume_other_rules(const task *t) {
  static const char *const rules[] = {"adam", "adamw", "sgd", "adagrad"};
  int right = 0;
  for (size_t i = 0; i < TINY_COUNT(rules) * TINY_COUNT(rules); i++) {
    s2s_trainer *trainer = NULL;
    tiny_set(t->options, "optimizer", rules[i / TINY_COUNT(rules)]);
    trainer = make_trainer(t, t->corpus);
    for (int update = 0; update < 3; update++) s2s_trainer_step(trainer, NULL);
    s2s_trainer_save(trainer, CHECKPOINT);
    s2s_trainer_free(trainer);
    tiny_set(t->options, "optimizer", rules[i % TINY_COUNT(rules)]);
    if (s2s_trainer_resume(CHECKPOINT, t->corpus, t->corpus, t->options, &trainer) != S2S_OK) continue;
    right += s2s_trainer_step(trainer, NULL) == S2S_OK && s2s_trainer_step(trainer, NULL) == S2S_OK &&
             trainer->optimizer_start == (i / TINY_COUNT(rules) == i % TINY_COUNT(rules) ? 0 : 3);
    s2s_trainer_free(trainer);
  }
  is_int(right, 16, "each optimiser goes on from a checkpoint of each");
  tiny_set(t->options, "optimizer", NULL);
}

static void test_resume_of_another(void) {
  static const char *const settings[][3] = {{"best_by", "bleu", "chosen by"},
                                            {"bleu.tokenize", "char", "chosen by"},
                                            {"encoder.hidden", "17", "another model"},
                                            {"attention.type", "dot", "another model"},
                                            {"preset", "rnn-small", "another model"}};
  task t = make_task(40);
  s2s_options *other = tiny_plain_options(&watch);
  tiny_set(t.options, "max_epochs", "1");
  s2s_trainer *trainer = make_trainer(&t, t.corpus), *resumed = NULL;
  s2s_trainer_run(trainer);
  s2s_trainer_save(trainer, CHECKPOINT);
  s2s_trainer_free(trainer);
  for (size_t i = 0; i < TINY_COUNT(settings); i++) {
    const char *before = "";
    s2s_options_get(other, settings[i][0], &before);
    const int unset = strcmp(settings[i][0], "preset") != 0;
    char kept[32];
    snprintf(kept, sizeof kept, "%s", before);
    tiny_set(other, settings[i][0], settings[i][1]);
    failed(s2s_trainer_resume(CHECKPOINT, t.corpus, t.corpus, other, &resumed), S2S_BAD_ARGUMENT, settings[i][2],
           settings[i][0]);
    tiny_set(other, settings[i][0], unset ? NULL : kept);
  }
  tiny_set(other, "encoder.hidden", "16");
  tiny_set(other, "best_by", "sequence_error_rate");
  is_int(s2s_trainer_resume(CHECKPOINT, t.corpus, t.corpus, other, &resumed), S2S_OK, "what is as it was may be said");
  s2s_trainer_free(resumed);
  s2s_options_free(other);
  free_task(&t);
}

/* A figure beyond all numbers is the worst one, and can be written down. */
static void test_resume_infinite(void) {
  task t = make_task(40);
  s2s_trainer *resumed = NULL;
  tiny_set(t.options, "best_by", "perplexity");
  tiny_set(t.options, "max_epochs", "2");
  tiny_set(t.options, "learning_rate", "0");
  poison(t.model, "generator.bias", 2000);
  s2s_trainer *trainer = make_trainer(&t, t.corpus);
  is_int(s2s_trainer_run(trainer), S2S_OK, "a model that is certain of what is wrong is judged");
  ok(isinf(trainer_figure(trainer, "dev_perplexity")), "its perplexity is infinite");
  is_int(s2s_trainer_save(trainer, CHECKPOINT), S2S_OK, "saved");
  is_int(s2s_trainer_resume(CHECKPOINT, t.corpus, t.corpus, t.options, &resumed), S2S_OK, "and gone on from");
  s2s_trainer_free(resumed);
  s2s_trainer_free(trainer);
  free_task(&t);
}

static void test_resume_otherwise(void) {
  task t = checkpoint_task();
  s2s_options *other = tiny_plain_options(&watch);
  s2s_corpus *corpus = reversal(t.options, 80, 7);
  s2s_trainer *trainer = make_trainer(&t, t.corpus), *resumed = NULL;
  s2s_trainer_step(trainer, NULL);
  s2s_trainer_step(trainer, NULL);
  is_int(s2s_trainer_save(trainer, CHECKPOINT), S2S_OK, "a checkpoint before any evaluation");
  failed(s2s_trainer_save(trainer, FOLDER "/nowhere/x"), S2S_IO, "nowhere", "where none can be written");
  is_int(s2s_trainer_step(trainer, NULL), S2S_OK, "training goes on");
  tiny_set(other, "max_epochs", "1");
  is_int(s2s_trainer_resume(CHECKPOINT, t.corpus, t.corpus, other, &resumed), S2S_OK, "it is gone on from");
  is_int(s2s_trainer_run(resumed), S2S_OK, "to another end");
  ok(trainer_figure(resumed, "updates") == 3, "which is given");
  s2s_trainer_free(resumed);
  failed(s2s_trainer_resume(CHECKPOINT, corpus, t.corpus, other, &resumed), S2S_BAD_ARGUMENT, "another corpus",
         "another corpus is found");
  failed(s2s_trainer_resume(CHECKPOINT, t.corpus, corpus, other, &resumed), S2S_BAD_ARGUMENT, "another dev set",
         "another dev set too");
  failed(s2s_trainer_resume(CHECKPOINT, t.corpus, NULL, other, &resumed), S2S_BAD_ARGUMENT, "another dev set",
         "or none");
  static const char *const settings[][2] = {
      {"batch_sentences", "64"}, {"batch_sentences", "7"}, {"batch_tokens", "50"},
      {"accumulate", "2"},       {"seed", "77"},           {"moving_average", "0.9"}};
  for (size_t i = 0; i < TINY_COUNT(settings); i++) {
    tiny_set(other, settings[i][0], settings[i][1]);
    failed(s2s_trainer_resume(CHECKPOINT, t.corpus, t.corpus, other, &resumed), S2S_BAD_ARGUMENT, settings[i][0],
           "what cannot change inside an epoch");
    tiny_set(other, settings[i][0], NULL);
  }
  s2s_model_save(t.model, FOLDER "/model");
  failed(s2s_trainer_resume(FOLDER "/model", t.corpus, t.corpus, other, &resumed), S2S_BAD_FILE, "no checkpoint",
         "a model is no checkpoint");
  failed(s2s_trainer_resume(FOLDER "/nosuch", t.corpus, t.corpus, other, &resumed), S2S_IO, "nosuch", "nor is nothing");
  tiny_set(other, "optimizer", "sgd");
  is_int(s2s_trainer_resume(CHECKPOINT, t.corpus, t.corpus, other, &resumed), S2S_OK,
         "another optimiser begins afresh");
  is_int((int64_t)resumed->optimizer_start, 2, "from where training is");
  s2s_trainer_free(resumed);
  test_resume_other_rules(&t);
  s2s_trainer_free(trainer);
  s2s_corpus_free(corpus);
  s2s_options_free(other);
  free_task(&t);
}

/* Every byte of the header, and some of the data, broken. */
static void test_resume_damaged(void) {
  task t = checkpoint_task();
  size_t size = 0, taken = 0;
  s2s_trainer *trainer = make_trainer(&t, t.corpus);
  s2s_trainer_step(trainer, NULL);
  s2s_trainer_save(trainer, CHECKPOINT);
  s2s_trainer_free(trainer);
  char *bytes = tiny_read_file(CHECKPOINT, &size);
  s2s_options *unverified = tiny_plain_options(&watch);
  tiny_set(unverified, "verify", "no");
  const size_t key = (size_t)(strstr(bytes + 8, "crc32") - bytes); /* without it there is no checksum */
  for (size_t i = 8; i < size; i += i < 9000 ? 61 : 9973) {
    const char kept = bytes[i];
    if (i >= key && i < key + 5) continue;
    bytes[i] = (char)(kept ^ 1);
    FILE *file = fopen(CHECKPOINT, "wb");
    fwrite(bytes, 1, size, file);
    fclose(file);
    bytes[i] = kept;
    if (s2s_trainer_resume(CHECKPOINT, t.corpus, t.corpus, NULL, &trainer) == S2S_OK) {
      taken++;
      s2s_trainer_free(trainer);
    }
    if (s2s_trainer_resume(CHECKPOINT, t.corpus, t.corpus, unverified, &trainer) == S2S_OK) s2s_trainer_free(trainer);
  }
  is_int((int64_t)taken, 0, "a damaged checkpoint is refused, and with verify no never a crash");
  free(bytes);
  s2s_options_free(unverified);
  free_task(&t);
}

/* ---- evaluation -------------------------------------------------------------------------------------------------- */

/* A model that says "bbb" to everything, each token with a probability known beforehand. */
static s2s_model *constant_model(const task *t, int32_t id) {
  s2s_model *model = NULL;
  s2s_model_create(t->corpus, t->options, &model);
  tiny_make_constant(model, id, 4);
  tiny_set(t->options, "beam", "1");
  tiny_set(t->options, "max_length", "3");
  return model;
}

static s2s_metrics *judge(const s2s_model *model, const task *t, const char *const pairs[][2], size_t count) {
  s2s_corpus *corpus = NULL;
  s2s_metrics *metrics = NULL;
  s2s_corpus_new(t->options, &corpus);
  for (size_t i = 0; i < count; i++) tiny_add(corpus, pairs[i][0], pairs[i][1]);
  if (s2s_evaluate(model, corpus, t->options, &metrics) != S2S_OK) diag("%s", s2s_error_message());
  s2s_corpus_free(corpus);
  return metrics;
}

static int near(double a, double b) { return fabs(a - b) < 1e-4; }

static void test_alternatives(void) {
  static const char *const pairs[][2] = {
      {"ab", "cbc"},  {"ab", "bbb"}, /* right by its second alternative; the first has 2 edits of 3 tokens */
      {"ba", "bb"},                  /* 1 edit of 2 */
      {"ac", "bbbb"}, {"ac", "b"},   /* nearest: 1 of 4 against 2 of 1 */
      {"ab", "ccc"}};                /* a third alternative, elsewhere in the corpus: 3 of 3 */
  task t = make_task(30);
  s2s_model *model = constant_model(&t, tiny_target_id(t.model, "b"));
  s2s_metrics *m = judge(model, &t, pairs, TINY_COUNT(pairs));
  ok(figure(m, "sentences") == 3 && figure(m, "lines") == 6, "lines with equal sources are one sentence");
  ok(near(figure(m, "sequence_error_rate"), 200.0 / 3), "which is right when it equals one of them");
  ok(near(figure(m, "token_error_rate"), 100.0 * (0 + 1 + 1) / (3 + 2 + 4)),
     "the nearest alternative counts for tokens");
  ok(near(figure(m, "line_sequence_error_rate"), 500.0 / 6), "line_sequence_error_rate takes each line by itself");
  ok(near(figure(m, "line_token_error_rate"), 100.0 * (2 + 0 + 1 + 1 + 2 + 3) / (3 + 3 + 2 + 4 + 1 + 3)),
     "and so does line_token_error_rate");
  const double z = 4 + log(1 + 6 * exp(-4.0)); /* of 7 tokens one has 4 and six have 0 */
  ok(near(figure(m, "loss"), z - 4.0 * (1 + 3 + 2 + 4 + 1) / (16 + 6)),
     "loss is per token of every line, end mark included");
  ok(near(figure(m, "perplexity"), exp(figure(m, "loss"))), "perplexity is its exponential");
  /* The answer is bbb three times. For "ab" the best reference is bbb (all 3, 2, 1 n-grams right and found); for "ba"
   * bb: 2 of 3 and 1 of 2 right, all found; for "ac" b: 1 of 3 right and found, for bbbb would give 0.689, b 0.714. */
  const double precision = (6.0 / 9 + 3.0 / 4 + 1) / 3, recall = 1;
  ok(near(figure(m, "chrf"), 100 * 5 * precision * recall / (4 * precision + recall)),
     "chrf takes the best of the alternatives, over characters");
  ok(near(figure(m, "bleu"), 0), "bleu takes words, and finds no four in a row");
  s2s_metrics_free(m);
  s2s_model_free(model);
  free_task(&t);
}

/* Pieces can be cut in several ways: "b", "b", "b" is the text "bbb", whatever its own pieces are. */
static void test_pieces_are_texts(void) {
  static const char *const pairs[][2] = {{"ab", "bbb"}, {"ba", "bcb"}};
  task t = make_task(30);
  s2s_model *model = NULL;
  s2s_segmenter *segmenter = NULL;
  s2s_tokens *tokens = NULL;
  tiny_set(t.options, "target.tokens", "bpe:24");
  s2s_model_create(t.corpus, t.options, &model);
  const int32_t b = tiny_target_id(model, "b");
  s2s_model_free(model);
  model = constant_model(&t, b);
  s2s_segmenter_of(model, S2S_TARGET, &segmenter);
  s2s_segment(segmenter, "bbb", 3, &tokens);
  ok(s2s_tokens_count(tokens) > 0 && strcmp(s2s_tokens_get(tokens, 0), "b") != 0,
     "bbb does not begin with the piece b");
  s2s_metrics *m = judge(model, &t, pairs, TINY_COUNT(pairs));
  ok(figure(m, "token_error_rate") > 50, "so that its tokens are wrong");
  ok(figure(m, "sequence_error_rate") == 50 && figure(m, "line_sequence_error_rate") == 50, "but not its text");
  s2s_metrics_free(m);
  s2s_tokens_free(tokens);
  s2s_segmenter_free(segmenter);
  s2s_model_free(model);
  free_task(&t);
}

/* ---- texts cut at random ----------------------------------------------------------------------------------------- */

/* A trainer of the task's corpus with pieces learnt on both sides. */
static tiny_digest sampled_digest(const char *key, const char *value, const char *threads, int free_early) {
  task t = make_task(200);
  s2s_model_free(t.model);
  tiny_set(t.options, "source.tokens", "bpe:12");
  tiny_set(t.options, "target.tokens", "unigram:12");
  tiny_set(t.options, "max_epochs", "3");
  tiny_set(t.options, "threads", threads);
  tiny_set(t.options, key, value);
  if (s2s_model_create(t.corpus, t.options, &t.model)) diag("%s", s2s_error_message());
  s2s_trainer *trainer = make_trainer(&t, NULL);
  if (free_early) free_task(&t);
  if (s2s_trainer_run(trainer)) diag("%s", s2s_error_message());
  const tiny_digest digest = snapshot_digest(trainer);
  s2s_trainer_free(trainer);
  if (!free_early) free_task(&t);
  return digest;
}

static void test_sampled_texts(void) {
  const tiny_digest plain = sampled_digest("subword.dropout", "0", "1", 0);
  const tiny_digest dropout = sampled_digest("subword.dropout", "0.3", "1", 0);
  const tiny_digest alpha = sampled_digest("subword.alpha", "0.3", "1", 0);
  ok(dropout != plain, "subword.dropout changes what is learnt");
  ok(alpha != plain && alpha != dropout, "so does subword.alpha");
  ok(sampled_digest("subword.dropout", "0.3", "2", 1) == dropout,
     "in the same way each time, for any number of threads, and though the corpus was freed");
  task t = make_task(20);
  s2s_trainer *trainer;
  tiny_set(t.options, "subword.dropout", "0.1");
  is_int(s2s_trainer_new(t.model, t.corpus, NULL, t.options, &trainer), S2S_BAD_OPTION, "chars are cut in one way");
  is_text(s2s_error_message(), "subword.dropout is of bpe, which the model's tokens are not", "says why");
  free_task(&t);
}

static void test_unknown_references(void) {
  static const char *const pairs[][2] = {{"ab", "zzz"}, {"ba", "yzy"}};
  task t = make_task(30);
  s2s_model *model = constant_model(&t, 0);
  s2s_result *result;
  is_int(s2s_translate(model, t.options, &(const char *){"ab"}, NULL, 1, &result), S2S_OK,
         "a model that knows nothing");
  is_text(s2s_result_text(result, 0, 0), "<unk><unk><unk>", "says so");
  s2s_metrics *m = judge(model, &t, pairs, 2);
  ok(figure(m, "sequence_error_rate") == 100 && figure(m, "token_error_rate") == 100,
     "a reference token that is unknown matches nothing");
  s2s_metrics_free(m);
  s2s_result_free(result);
  s2s_model_free(model);
  free_task(&t);
}

static void test_evaluation_threads(void) {
  task t = make_task(300);
  double first[8];
  int good = 1;
  for (int threads = 1; threads <= 3; threads++) {
    s2s_metrics *m;
    s2s_options_set_int(t.options, "threads", threads);
    is_int(s2s_evaluate(t.model, t.corpus, t.options, &m), S2S_OK, "an evaluation in %d threads", threads);
    for (size_t i = 0; i < s2s_metrics_count(m) && i < 8; i++) {
      if (threads == 1) first[i] = s2s_metrics_value(m, i);
      good = good && first[i] == s2s_metrics_value(m, i);
    }
    s2s_metrics_free(m);
  }
  ok(good, "gives the same figures");
  free_task(&t);
}

static void test_evaluation_limit(void) {
  task t = make_task(10);
  s2s_metrics *m;
  tiny_set(t.options, "max_source_length", "2");
  failed(s2s_evaluate(t.model, t.corpus, t.options, &m), S2S_LIMIT, "max_source_length 2",
         "long sources are not judged");
  free_task(&t);
}

/* ---- the log ----------------------------------------------------------------------------------------------------- */

typedef struct heard {
  int warnings, infos;
  char last[128];
} heard;

static void hear(void *user, int32_t level, const char *message) {
  if (strncmp(message, "preset ", 7) == 0) return; /* said of every trainer */
  heard *h = user;
  h->warnings += level == S2S_LOG_WARNING;
  h->infos += level == S2S_LOG_INFO;
  snprintf(h->last, sizeof h->last, "%s", message);
}

static void test_log(void) {
  task t = make_task(40);
  heard h = {0, 0, ""};
  s2s_options_set_log(t.options, hear, &h);
  tiny_set(t.options, "max_train_length", "4");
  tiny_set(t.options, "learning_rate", "0"); /* nothing can improve */
  tiny_set(t.options, "schedule.patience", "0");
  tiny_set(t.options, "max_epochs", "3");
  s2s_trainer *trainer = make_trainer(&t, t.corpus);
  ok(h.warnings == 1 && strstr(h.last, "max_train_length 4"), "pairs left out are said: %s", h.last);
  is_int(s2s_trainer_run(trainer), S2S_OK, "a training that stands still ends");
  ok(h.infos == 2 && strstr(h.last, "learning rate"), "each fall of the learning rate is said: %s", h.last);
  s2s_trainer_free(trainer);
  free_task(&t);
}

/* Every option whose need is not there. */
static void test_log_options(void) {
  static const struct {
    const char *key, *value, *why;
  } cases[] = {{"optimizer.momentum", "0.5", "not sgd"},          {"optimizer.nesterov", "yes", "not sgd"},
               {"optimizer.beta1", "0.8", "neither adam nor"},    {"optimizer.beta2", "0.9", "neither adam nor"},
               {"schedule.factor", "0.1", "not plateau"},         {"schedule.patience", "2", "not plateau"},
               {"best_by", "loss", "no pairs to judge by"},       {"evaluate.beam", "2", "no pairs to judge by"},
               {"dropout.attention", "0.1", "no attention"},      {"coverage_loss", "2", "no coverage"},
               {"dropout.feed_forward", "0.1", "no transformer"}, {"subword.coverage", "0.9", "not pieces"},
               {"subword.symbols", "ab", "not pieces"},           {"subword.byte_fallback", "yes", "not pieces"}};
  for (size_t c = 0; c < TINY_COUNT(cases); c++) {
    task t = make_task(10);
    heard h = {0, 0, ""};
    s2s_options_set_log(t.options, hear, &h);
    tiny_set(t.options, "attention.type", "none");
    tiny_set(t.options, "schedule", "constant");
    tiny_set(t.options, "optimizer", "adagrad");
    s2s_trainer *trainer = make_trainer(&t, NULL);
    s2s_trainer_free(trainer);
    const int before = h.warnings;
    tiny_set(t.options, cases[c].key, cases[c].value);
    s2s_model_free(t.model);
    t.model = NULL;
    s2s_model_create(t.corpus, t.options, &t.model);
    s2s_trainer_free(make_trainer(&t, NULL));
    ok(before == 0 && h.warnings == 1 && strstr(h.last, cases[c].key) && strstr(h.last, cases[c].why), "%s", h.last);
    free_task(&t);
  }
}

/* A dev set or a corpus in other letters. */
static void test_log_unknown(void) {
  task t = make_task(40);
  heard h = {0, 0, ""};
  s2s_corpus *other = NULL;
  s2s_options_set_log(t.options, hear, &h);
  s2s_corpus_new(t.options, &other);
  tiny_add(other, "xyz", "abc");
  s2s_trainer *trainer = make_trainer(&t, other);
  ok(h.warnings == 1 && strstr(h.last, "none of the source tokens of the dev set"), "a dev set in other letters: %s",
     h.last);
  s2s_trainer_free(trainer);
  s2s_trainer_new(t.model, other, NULL, t.options, &trainer);
  ok(h.warnings == 2 && strstr(h.last, "none of the source tokens of the corpus"), "and a corpus: %s", h.last);
  s2s_trainer_free(trainer);
  s2s_corpus_free(other);
  free_task(&t);
}

/* What is longer than a model has positions for is left out, or an error, before anything is learnt. */
static void test_learned_positions(void) {
  task t = {task_options(), NULL, NULL};
  heard h = {0, 0, ""};
  s2s_trainer *trainer = NULL;
  s2s_corpus *dev = NULL;
  static const char *const settings[][2] = {{"encoder.type", "transformer"},    {"decoder.type", "transformer"},
                                            {"transformer.dim", "8"},           {"transformer.heads", "2"},
                                            {"transformer.ffn", "8"},           {"transformer.positions", "learned"},
                                            {"transformer.max_positions", "5"}, {"max_epochs", "1"}};
  for (size_t i = 0; i < TINY_COUNT(settings); i++) tiny_set(t.options, settings[i][0], settings[i][1]);
  t.corpus = reversal(t.options, 40, 1);
  s2s_options_set_log(t.options, hear, &h);
  s2s_model_create(t.corpus, t.options, &t.model);
  s2s_trainer_new(t.model, t.corpus, NULL, t.options, &trainer);
  ok(trainer && h.warnings == 1 && strstr(h.last, "learned positions allow: 4"), "long pairs are left out: %s", h.last);
  is_int(s2s_trainer_run(trainer), S2S_OK, "and the others learnt from");
  s2s_trainer_free(trainer);
  s2s_corpus_new(t.options, &dev);
  tiny_add(dev, "abcd", "dcba");
  tiny_add(dev, "abcda", "adcba");
  failed(s2s_trainer_new(t.model, t.corpus, dev, t.options, &trainer), S2S_LIMIT, "pair 2 of the dev set",
         "but none of dev");
  tiny_set(t.options, "long_pairs", "error");
  failed(s2s_trainer_new(t.model, t.corpus, NULL, t.options, &trainer), S2S_LIMIT, "learned positions",
         "or they are an error");
  s2s_corpus_free(dev);
  free_task(&t);
}

int main(void) {
  (void)mkdir("build", 0777);
  (void)mkdir("build/tmp", 0777);
  (void)mkdir(FOLDER, 0777);
  tiny_watch_init(&watch);
  test_learning();
  test_plain_loss();
  test_accumulate();
  test_batch_tokens();
  test_moving_average();
  test_same_bytes();
  test_spare_threads();
  test_two_trainers();
  test_ends();
  test_plateau();
  test_plateau_options();
  test_patience_warming_up();
  test_dev_is_searched();
  test_schedules();
  test_warmup();
  test_clip_norm();
  test_max_train_length();
  test_progress();
  test_best_model();
  test_best_by();
  test_evaluate_every();
  test_no_dev();
  test_cancel_from_thread();
  test_cancel_before();
  test_cancel_in_evaluation();
  test_diverged();
  test_setback();
  test_setback_steps();
  test_wild_rate();
  test_presets();
  test_hangul();
  test_freeze();
  test_extend("none");
  test_extend("target");
  test_extend("all");
  test_resume();
  test_resume_otherwise();
  test_resume_of_another();
  test_resume_infinite();
  test_resume_damaged();
  test_alternatives();
  test_pieces_are_texts();
  test_sampled_texts();
  test_unknown_references();
  test_evaluation_threads();
  test_evaluation_limit();
  test_log();
  test_log_unknown();
  test_log_options();
  test_learned_positions();
  ok(tiny_watch_is_clean(&watch), "at the end nothing is held");
  return done();
}
