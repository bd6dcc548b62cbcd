/* SPDX-License-Identifier: MIT
 *
 * seq2seq train: learns from pairs and writes a model. The best model so far is saved from inside the run, so that
 * neither a crash nor an impatient Ctrl-C loses it.
 */
#define _POSIX_C_SOURCE 200809L
#include "command.h"
#include "progress.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of the model that was kept; printed without "best_". */
static const char *const best_names[] = {"best_dev_loss",
                                         "best_dev_perplexity",
                                         "best_dev_token_error_rate",
                                         "best_dev_sequence_error_rate",
                                         "best_dev_character_error_rate",
                                         "best_dev_bleu",
                                         "best_dev_chrf"};
enum { BEST_NAMES = sizeof best_names / sizeof best_names[0] };

typedef struct training {
  const flags *given;
  s2s_corpus *corpus, *dev;
  s2s_model *model;
  s2s_trainer *trainer;
  FILE *log;
  progress progress;
  bool saved;
  bool save_failed; /* the newest best model is not in the file */
  bool save_told;   /* why was told, and nothing has been learnt since */
  bool resumed;
  double checkpointed; /* seconds_now() when the last checkpoint was written or tried */
} training;

enum { CHECKPOINT_SECONDS = 600 };

/* ---------------------------------------------------------------------------------------------------------------------
 * Ctrl-C
 * ------------------------------------------------------------------------------------------------------------------ */

static s2s_trainer *volatile trainer_to_stop;
static volatile sig_atomic_t was_stopped;

/* A second signal ends the program, but not one that comes with the first: timeout(1) sends each twice. */
static void stop_trainer(int signal_number) {
  was_stopped = 1;
  static double stopped = 0;
  double now = seconds_now();
  if (stopped > 0 && now - stopped > 0.25) {
    signal(signal_number, SIG_DFL);
    raise(signal_number);
  } else if (!(stopped > 0)) {
    stopped = now;
    if (trainer_to_stop) s2s_trainer_cancel(trainer_to_stop);
  }
}

/* A signal that was ignored from the start, as behind nohup, stays ignored. */
static void catch_signal(int signal_number) {
  struct sigaction action;
  if (sigaction(signal_number, NULL, &action) || action.sa_handler == SIG_IGN) return;
  memset(&action, 0, sizeof action);
  action.sa_handler = stop_trainer;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaddset(&action.sa_mask, SIGINT);
  sigaddset(&action.sa_mask, SIGTERM);
  sigaction(signal_number, &action, NULL);
}

static void catch_signals(s2s_trainer *trainer) {
  trainer_to_stop = trainer;
  catch_signal(SIGINT);
  catch_signal(SIGTERM);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * The output file
 * ------------------------------------------------------------------------------------------------------------------ */

/* A new file beside `path`, made and removed again: what saving will do. */
static int probe_folder(const char *path) {
  size_t size = strlen(path) + 32;
  char *probe = malloc(size);
  if (!probe) return failed("no memory");
  snprintf(probe, size, "%s.probe-%ld", path, (long)getpid());
  int file = open(probe, O_WRONLY | O_CREAT | O_EXCL, 0600), reason = errno;
  if (file >= 0) {
    close(file);
    unlink(probe);
  }
  free(probe);
  return file < 0 ? failed("cannot write %s: %s", path, strerror(reason)) : 0;
}

/* Tried before training, so that an hour's work is not lost to a typing error. A file that is there is not touched. */
static int check_output(const char *path) {
  struct stat found;
  if (stat(path, &found) != 0 || S_ISREG(found.st_mode)) return probe_folder(path);
  if (S_ISDIR(found.st_mode)) return failed("cannot write %s: it is a folder", path);
  return access(path, W_OK) ? failed("cannot write %s: %s", path, strerror(errno)) : 0;
}

/* A regular file that an early Ctrl-C must not replace by a model that has learnt nothing. */
static bool file_exists(const char *path) {
  struct stat found;
  return stat(path, &found) == 0 && S_ISREG(found.st_mode);
}

/* "folder/model.u3.safetensors" for "folder/model.safetensors", "u" and 3; the caller frees it. NULL stays NULL. */
static char *numbered(const char *path, const char *letter, int64_t number) {
  if (!path) return NULL;
  const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
  size_t stem = dot && dot > (slash ? slash + 1 : path) ? (size_t)(dot - path) : strlen(path), size = strlen(path) + 32;
  char *name = malloc(size);
  if (name) snprintf(name, size, "%.*s.%s%lld%s", (int)stem, path, letter, (long long)number, path + stem);
  return name;
}

/* With --keep-best: the model that was evaluated gets a file of its own while it is among the best. */
static void keep(const training *t, const s2s_metrics *metrics) {
  const char *most = "1", *path = t->given->value[FLAG_OUTPUT][0];
  s2s_options_get(t->given->options, "keep_best", &most);
  if (strcmp(most, "1") == 0 || !(figure(metrics, "kept") > 0)) return;
  char *name = numbered(path, "u", (int64_t)figure(metrics, "updates"));
  char *dropped = numbered(path, "u", (int64_t)figure(metrics, "dropped_update"));
  s2s_model *model = NULL;
  int32_t status = s2s_trainer_present(t->trainer, &model);
  if (!status && name) status = s2s_model_save(model, name);
  if (status || !name)
    message("warning: %s", status ? s2s_error_message() : "no memory");
  else if (dropped && figure(metrics, "dropped_update") > 0)
    unlink(dropped);
  s2s_model_free(model);
  free(dropped);
  free(name);
}

static int32_t save_snapshot(const training *t) {
  s2s_model *model;
  int32_t status = s2s_trainer_model(t->trainer, &model);
  if (!status) status = s2s_model_save(model, t->given->value[FLAG_OUTPUT][0]);
  s2s_model_free(model);
  return status;
}

static void save(training *t) {
  int32_t status = save_snapshot(t);
  if (status && !t->save_told) message("%s", s2s_error_message());
  t->save_failed = t->save_told = status != S2S_OK;
  t->saved = t->saved || !status;
}

/* A failure is told, and training goes on with the checkpoint before this one in its place. */
static void checkpoint(training *t) {
  const char *path = t->given->value[FLAG_CHECKPOINT][0];
  t->checkpointed = seconds_now();
  if (path && s2s_trainer_save(t->trainer, path)) message("warning: no checkpoint: %s", s2s_error_message());
}

/* ---------------------------------------------------------------------------------------------------------------------
 * What happens on the way
 * ------------------------------------------------------------------------------------------------------------------ */

static void on_evaluated(training *t, const s2s_metrics *metrics) {
  bool improved = figure(metrics, "improved") > 0;
  if (improved) save(t);
  keep(t, metrics);
  if (t->log) {
    json_metrics(t->log, metrics);
    fflush(t->log);
  }
  checkpoint(t);
  progress_evaluated(&t->progress, metrics, improved && !t->save_failed ? "saved" : "");
}

static int32_t on_progress(void *user, int32_t event, int64_t done, int64_t total) {
  training *t = user;
  const s2s_metrics *metrics = s2s_trainer_metrics(t->trainer);
  if (event == S2S_PROGRESS_EVALUATED) return on_evaluated(t, metrics), 0;
  t->save_told = false;
  if (seconds_now() - t->checkpointed > CHECKPOINT_SECONDS) checkpoint(t);
  progress_update(&t->progress, metrics, done, total);
  return 0;
}

static void on_log(void *user, int32_t level, const char *text) {
  const training *t = user;
  if (level == S2S_LOG_INFO && t->given->has[FLAG_QUIET]) return;
  message("%s%s", level == S2S_LOG_WARNING ? "warning: " : "", text);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Start, run, end
 * ------------------------------------------------------------------------------------------------------------------ */

/* One that is there is never begun anew over: it may be hours of work. */
static int check_checkpoint(const flags *given) {
  const char *path = given->value[FLAG_CHECKPOINT][0];
  if (file_exists(path) && !given->has[FLAG_RESUME])
    return failed("%s is there already; go on from it with --resume, or remove it to begin anew", path);
  return check_output(path);
}

static int check_flags(const flags *given) {
  if (!given->has[FLAG_TRAIN]) return usage_error("no pairs to learn from; say where they are with --train FILE");
  if (!given->has[FLAG_OUTPUT]) return usage_error("no place for the model; say where it goes with -o FILE");
  if (given->has[FLAG_EXTEND] && !given->has[FLAG_FROM])
    return usage_error("--extend-vocabulary is for a model that is there; say which with --from MODEL");
  if (given->has[FLAG_FROM] && given->model_option)
    return usage_error("the option %s shapes a new model; that of --from has its shape", given->model_option);
  if (given->has[FLAG_RESUME] && !given->has[FLAG_CHECKPOINT])
    return usage_error("--resume goes on from a checkpoint; say which with --checkpoint FILE");
  int failure = check_output(given->value[FLAG_OUTPUT][0]);
  return failure || !given->has[FLAG_CHECKPOINT] ? failure : check_checkpoint(given);
}

static int open_log(training *t) {
  const char *path = t->given->value[FLAG_LOG][0];
  if (!path) return 0;
  t->log = fopen(path, t->resumed ? "a" : "w");
  return t->log ? 0 : failed("cannot write %s: %s", path, strerror(errno));
}

static int load_pairs(training *t) {
  int failure = load_corpus(t->given, FLAG_TRAIN, &t->corpus);
  if (!failure && t->given->has[FLAG_DEV]) failure = load_corpus(t->given, FLAG_DEV, &t->dev);
  return failure;
}

static int32_t resume(training *t) {
  const char *path = t->given->value[FLAG_CHECKPOINT][0];
  int32_t status = s2s_trainer_resume(path, t->corpus, t->dev, t->given->options, &t->trainer);
  if (!status) status = s2s_model_load(path, t->given->options, &t->model);
  t->resumed = true;
  return status;
}

/* The model that training begins with: a new one, or that of --from, with what the new pairs add to it. */
static int32_t first_model(training *t) {
  const flags *given = t->given;
  s2s_model *old = NULL;
  if (!given->has[FLAG_FROM]) return s2s_model_create(t->corpus, given->options, &t->model);
  int32_t status = s2s_model_load(given->value[FLAG_FROM][0], given->options, &old);
  if (status || !given->has[FLAG_EXTEND]) return t->model = old, status;
  status = s2s_model_extend(old, t->corpus, given->options, &t->model);
  s2s_model_free(old);
  return status;
}

/* So that a mistyped name is not found out hours later. */
static void tell_no_checkpoint(const flags *given) {
  if (given->has[FLAG_RESUME] && !given->has[FLAG_QUIET])
    message("there is no %s yet: training begins anew", given->value[FLAG_CHECKPOINT][0]);
}

static int make_trainer(training *t) {
  s2s_options *options = t->given->options;
  int32_t status = s2s_options_set_progress(options, on_progress, t);
  if (!status) status = s2s_options_set_log(options, on_log, t);
  if (!status && t->given->has[FLAG_RESUME] && file_exists(t->given->value[FLAG_CHECKPOINT][0])) {
    status = resume(t);
  } else {
    tell_no_checkpoint(t->given);
    if (!status) status = first_model(t);
    if (!status) status = s2s_trainer_new(t->model, t->corpus, t->dev, options, &t->trainer);
  }
  t->checkpointed = seconds_now();
  return status ? library_failed(status) : 0;
}

static void introduce(const training *t) {
  const char *parameters = "?";
  if (t->given->has[FLAG_QUIET]) return;
  s2s_model_get(t->model, "parameters", &parameters);
  fprintf(stderr, "%zu pairs", s2s_corpus_size(t->corpus));
  if (t->dev) fprintf(stderr, " and %zu to judge by", s2s_corpus_size(t->dev));
  fprintf(stderr, "; vocabularies of %zu and %zu tokens; %s parameters\n",
          s2s_model_vocabulary_size(t->model, S2S_SOURCE), s2s_model_vocabulary_size(t->model, S2S_TARGET), parameters);
}

static bool was_evaluated(const training *t) { return figure(s2s_trainer_metrics(t->trainer), "improved") >= 0; }

static void print_results(const training *t) {
  static const char *const names[] = {
      "updates", "epochs", "parameters", "train_seconds", "tokens_per_second", "sentences_per_second"};
  const s2s_metrics *metrics = s2s_trainer_metrics(t->trainer);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) print_metric(stdout, names[i], figure(metrics, names[i]));
  for (size_t i = 0; i < BEST_NAMES && t->dev && was_evaluated(t); i++)
    print_metric(stdout, best_names[i] + strlen("best_"), figure(metrics, best_names[i]));
}

static int run_trainer(training *t) {
  catch_signals(t->trainer);
  introduce(t);
  const char *best_by = "";
  s2s_options_get(t->given->options, "best_by", &best_by);
  progress_begin(&t->progress, t->given->has[FLAG_QUIET], t->dev != NULL, best_by);
  int32_t status = s2s_trainer_run(t->trainer);
  progress_wipe();
  if (status && status != S2S_CANCELLED) return library_failed(status);
  if (status) checkpoint(t);
  if (status && !was_evaluated(t) && file_exists(t->given->value[FLAG_OUTPUT][0])) {
    message("stopped before the first evaluation; %s is left as it was", t->given->value[FLAG_OUTPUT][0]);
    return EXIT_FAILED;
  }
  if (status) message("stopped%s", was_evaluated(t) ? "; the best model so far is kept" : "");
  if (!t->saved || t->save_failed) save(t);
  if (t->save_failed && t->saved)
    message("%s is not this model but the last one that could be written", t->given->value[FLAG_OUTPUT][0]);
  print_results(t);
  return t->save_failed ? EXIT_FAILED : EXIT_DONE;
}

static int prepare(training *t) {
  int failure = check_flags(t->given);
  if (!failure) failure = load_pairs(t);
  if (!failure) failure = make_trainer(t);
  return failure ? failure : open_log(t);
}

static int end(training *t, int status) {
  if (t->log && close_output(t->log, t->given->value[FLAG_LOG][0])) status = EXIT_FAILED;
  trainer_to_stop = NULL;
  s2s_trainer_free(t->trainer);
  s2s_model_free(t->model);
  s2s_corpus_free(t->dev);
  s2s_corpus_free(t->corpus);
  return status;
}

/* One training; adds the figures of its best model to `sum`. */
static int train_once(const flags *given, double sum[BEST_NAMES]) {
  training t;
  memset(&t, 0, sizeof t);
  t.given = given;
  int status = prepare(&t);
  if (!status) status = run_trainer(&t);
  for (size_t i = 0; i < BEST_NAMES && t.trainer; i++) sum[i] += figure(s2s_trainer_metrics(t.trainer), best_names[i]);
  return end(&t, status);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Several seeds
 * ------------------------------------------------------------------------------------------------------------------ */

static int try_seed(const flags *one) {
  size_t i = 0;
  while (commands[i].bit != COMMAND_TRAIN) i++;
  int failure = check_clashes(one, &commands[i]);
  return failure ? failure : check_flags(one);
}

/* With `sum` NULL only what can be told beforehand. */
static int train_seed(const flags *given, int64_t seed, double sum[BEST_NAMES]) {
  static const flag_id files[] = {FLAG_OUTPUT, FLAG_CHECKPOINT, FLAG_LOG};
  enum { FILES = sizeof files / sizeof files[0] };
  flags one = *given;
  char *name[FILES];
  bool named = true;
  for (size_t i = 0; i < FILES; i++) {
    name[i] = numbered(given->value[files[i]][0], "", seed);
    named = named && (name[i] || !given->value[files[i]][0]);
    one.value[files[i]][0] = name[i];
  }
  int32_t failure = s2s_options_set_int(given->options, "seed", seed);
  int status = !named ? failed("no memory") : failure ? library_failed(failure) : 0;
  if (!status && !sum) status = try_seed(&one);
  if (!status && sum) {
    printf("seed\t%lld\n", (long long)seed);
    status = train_once(&one, sum);
  }
  for (size_t i = 0; i < FILES; i++) free(name[i]);
  return status;
}

static int train_seeds(const flags *given) {
  const char *text = given->value[FLAG_SEEDS][0], *first = "1";
  char *end = NULL;
  long long count = strtoll(text, &end, 10);
  double sum[BEST_NAMES] = {0};
  int status = 0;
  if (count < 1 || count > MOST_MODELS || *end)
    return usage_error("--seeds %s: it must be a whole number from 1 to %d", text, MOST_MODELS);
  if (!given->has[FLAG_OUTPUT]) return usage_error("no place for the models; say where they go with -o FILE");
  s2s_options_get(given->options, "seed", &first);
  int64_t seed = strtoll(first, NULL, 10), trained = 0;
  if (seed > INT64_MAX - count)
    return usage_error("--seeds %s: the last seeds would be beyond %lld", text, (long long)INT64_MAX);
  for (int64_t i = 0; i < count && !status; i++) status = train_seed(given, seed + i, NULL);
  for (; trained < count && !status && !was_stopped; trained++) status = train_seed(given, seed + trained, sum);
  for (size_t i = 0; i < BEST_NAMES && !status && !isnan(sum[i]); i++) {
    char name[64];
    snprintf(name, sizeof name, "mean_%s", best_names[i] + strlen("best_"));
    print_metric(stdout, name, sum[i] / (double)trained);
  }
  return status;
}

int command_train(const flags *given) {
  double sum[BEST_NAMES] = {0};
  return given->has[FLAG_SEEDS] ? train_seeds(given) : train_once(given, sum);
}
