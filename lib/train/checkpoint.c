/* SPDX-License-Identifier: MIT
 *
 * Checkpoints: a model file with, beside the present model, all that training needs to go on as if it had not stopped.
 *
 *     metadata   train.NUMBER       where training is, how good the best model was
 *                train.option.KEY   every option of scope train or decode
 *                train.metric.NAME  figures of the last evaluation
 *     tensors    train.state.N      the optimiser's arrays, in the order of the parameters
 *                train.average      the moving average, where there is one
 *                train.best         the best model's parameters, where one was evaluated
 *
 * Random numbers are functions of seed, epoch and update, so that no generator's state is to be kept.
 */
#include "train/trainer.h"

#include "base/number.h"
#include "base/stream.h"

#include <stdio.h>
#include <string.h>

#define CHECKPOINT_START "optimizer_start"
/* X(name, place, type): numbers, none below zero where the type has no sign, all exact in a double */
#define CHECKPOINT_NUMBERS(X)                                                                                          \
  X("updates", t->updates, uint64_t)                                                                                   \
  X("epochs", t->epochs, uint64_t)                                                                                     \
  X("next_batch", t->next_batch, size_t)                                                                               \
  X("evaluation_owed", t->evaluation_owed, int)                                                                        \
  X("setbacks", t->setbacks, size_t)                                                                                   \
  X("evaluations_since_best", t->evaluations_since_best, size_t)                                                       \
  X("schedule_scale", t->schedule.scale, double)                                                                       \
  X("schedule_bad", t->schedule.bad, size_t)                                                                           \
  X("best_figure", t->best_score.figure[0], double)                                                                    \
  X("best_token_error_rate", t->best_score.figure[1], double)                                                          \
  X("best_loss", t->best_score.figure[2], double)                                                                      \
  X("epoch_loss", t->epoch_loss, double)                                                                               \
  X("epoch_tokens", t->epoch_tokens, double)                                                                           \
  X("epoch_seconds", t->epoch_seconds, double)                                                                         \
  X("seconds", t->seconds, double)                                                                                     \
  X("tokens", t->tokens, double)                                                                                       \
  X("sentences", t->sentences, double)                                                                                 \
  X("kept", t->kept.count, size_t)                                                                                     \
  X("data_crc", t->data_crc[0], uint32_t)                                                                              \
  X("dev_crc", t->data_crc[1], uint32_t)                                                                               \
  X(CHECKPOINT_START, t->optimizer_start, uint64_t)

/* "train.kept.I.NAME": of the models that are kept, in their order */
static const char *const checkpoint_kept[] = {"update", "figure", "token_error_rate", "loss"};
enum { CHECKPOINT_KEPT = sizeof checkpoint_kept / sizeof *checkpoint_kept };
static const char *const checkpoint_state[2] = {S2S__EXTRA "state.0", S2S__EXTRA "state.1"};
#define CHECKPOINT_BEST S2S__EXTRA "best"
#define CHECKPOINT_AVERAGE S2S__EXTRA "average"
#define CHECKPOINT_METRIC S2S__EXTRA "metric."
#define CHECKPOINT_OPTION S2S__EXTRA "option."
enum { CHECKPOINT_KEY = 64, CHECKPOINT_VECTORS = 4 };

/* Figures that training does not compute anew. */
#define CHECKPOINT_FIGURE(name) "dev_" name, "best_dev_" name
static const char *const checkpoint_metrics[] = {"best_epoch",
                                                 "improved",
                                                 "kept",
                                                 "dropped_update",
                                                 CHECKPOINT_FIGURE("loss"),
                                                 CHECKPOINT_FIGURE("perplexity"),
                                                 CHECKPOINT_FIGURE("token_error_rate"),
                                                 CHECKPOINT_FIGURE("sequence_error_rate"),
                                                 CHECKPOINT_FIGURE("character_error_rate"),
                                                 CHECKPOINT_FIGURE("bleu"),
                                                 CHECKPOINT_FIGURE("chrf")};
#undef CHECKPOINT_FIGURE

static int checkpoint_has_option(size_t option) {
  const int32_t scope = s2s__option_table[option].scope;
  return scope == S2S_SCOPE_TRAIN || scope == S2S_SCOPE_DECODE;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

typedef struct checkpoint_draft {
  s2s__arena arena;
  s2s__st_entry *entry;
  size_t entries, room;
  s2s__error *error;
} checkpoint_draft;

static int32_t checkpoint_add(checkpoint_draft *d, const char *prefix, const char *name, const char *value) {
  char *key = S2S__TAKE(&d->arena, char, CHECKPOINT_KEY);
  const char *text = s2s__arena_text(&d->arena, value, strlen(value));
  if (!key || !text || d->entries == d->room) return s2s__fail_memory(d->error, CHECKPOINT_KEY, "a checkpoint");
  snprintf(key, CHECKPOINT_KEY, "%s%s", prefix, name);
  d->entry[d->entries++] = (s2s__st_entry){.key = key, .value = text};
  return S2S_OK;
}

static int32_t checkpoint_add_number(checkpoint_draft *d, const char *prefix, const char *name, double value) {
  char text[32];
  (void)s2s__format_real(value, text);
  return checkpoint_add(d, prefix, name, text);
}

static int32_t checkpoint_add_kept(checkpoint_draft *d, const s2s__kept *kept) {
  for (size_t i = 0; i < kept->count; i++)
    for (size_t j = 0; j < CHECKPOINT_KEPT; j++) {
      char name[CHECKPOINT_KEY];
      snprintf(name, sizeof name, "kept.%zu.%s", i, checkpoint_kept[j]);
      const double value = j == 0 ? (double)kept->update[i] : kept->score[i].figure[j - 1];
      S2S__TRY(checkpoint_add_number(d, S2S__EXTRA, name, value));
    }
  return S2S_OK;
}

static int32_t checkpoint_draft_metadata(checkpoint_draft *d, const s2s_trainer *t) {
  d->room = S2S__OPTION_COUNT + 64 + CHECKPOINT_KEPT * t->kept.count;
  d->entry = S2S__TAKE(&d->arena, s2s__st_entry, d->room);
  if (!d->entry) return s2s__fail_memory(d->error, d->room * sizeof *d->entry, "a checkpoint");
#define CHECKPOINT_ADD(name, place, type) S2S__TRY(checkpoint_add_number(d, S2S__EXTRA, name, (double)(place)));
  CHECKPOINT_NUMBERS(CHECKPOINT_ADD)
#undef CHECKPOINT_ADD
  S2S__TRY(checkpoint_add_kept(d, &t->kept));
  for (size_t i = 0; i < sizeof checkpoint_metrics / sizeof *checkpoint_metrics; i++) {
    const double *value = s2s__metrics_find(&t->metrics, checkpoint_metrics[i]);
    if (value) S2S__TRY(checkpoint_add_number(d, CHECKPOINT_METRIC, checkpoint_metrics[i], *value));
  }
  for (size_t i = 0; i < S2S__OPTION_COUNT; i++) {
    const char *value = s2s__option_text(&t->options, (s2s__option_id)i);
    if (checkpoint_has_option(i)) S2S__TRY(checkpoint_add(d, CHECKPOINT_OPTION, s2s__option_table[i].key, value));
  }
  return S2S_OK;
}

/* The parameters of a model as one array, in the order and places of the trainer's. */
static int32_t checkpoint_flatten(const s2s_trainer *t, const s2s_model *model, s2s__arena *arena, s2s__real *flat,
                                  s2s__error *error) {
  for (size_t i = 0; i < t->network.params.count; i++) {
    const s2s__param *p = t->network.params.item[i];
    const size_t size = s2s__param_size(p);
    const s2s__mark mark = s2s__arena_mark(arena);
    float *values = S2S__TAKE(arena, float, size);
    if (!values) return s2s__fail_memory(error, size * sizeof *values, p->name);
    S2S__TRY(s2s__param_read(model->network.params.item[i], arena, values, error));
    for (size_t j = 0; j < size; j++) flat[p->offset + j] = (s2s__real)values[j];
    s2s__arena_rewind(arena, mark);
  }
  return S2S_OK;
}

static int32_t checkpoint_write(checkpoint_draft *d, const s2s_trainer *t, const char *path) {
  const size_t total = t->network.params.total;
  s2s__file_vector vector[CHECKPOINT_VECTORS];
  s2s__file_extras extras = {NULL, 0, vector, 0};
  s2s_model *present;
  S2S__TRY(checkpoint_draft_metadata(d, t));
  extras.metadata = d->entry;
  extras.entries = d->entries;
  for (size_t i = 0; i < t->optimizer->states; i++)
    vector[extras.vectors++] = (s2s__file_vector){checkpoint_state[i], t->state[i], total};
  if (t->average) vector[extras.vectors++] = (s2s__file_vector){CHECKPOINT_AVERAGE, t->average, total};
  if (t->best) {
    s2s__real *best = S2S__TAKE(&d->arena, s2s__real, total);
    if (!best) return s2s__fail_memory(d->error, total * sizeof *best, "a checkpoint");
    S2S__TRY(checkpoint_flatten(t, t->best, &d->arena, best, d->error));
    vector[extras.vectors++] = (s2s__file_vector){CHECKPOINT_BEST, best, total};
  }
  S2S__TRY(s2s__model_clone(t->origin, &t->host, t->kernels, t->network.params.value, &present, d->error));
  const int32_t status = s2s__model_write(present, &extras, path, d->error);
  s2s__model_release(present);
  return status;
}

int32_t s2s__trainer_save(const s2s_trainer *trainer, const char *path, s2s__error *error) {
  checkpoint_draft d = {.error = error};
  s2s__arena_init(&d.arena, &trainer->host);
  const int32_t status = checkpoint_write(&d, trainer, path);
  s2s__arena_free(&d.arena);
  return s2s__name_limit(&trainer->host, error, status);
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

typedef struct checkpoint_reading {
  const char *path;
  s2s__host host;
  s2s__arena arena;
  s2s__st_header header;
  s2s_options options; /* those that were given, and of the others what the checkpoint has */
  s2s_model *model;
  s2s__error *error;
} checkpoint_reading;

static int32_t checkpoint_open(const checkpoint_reading *r, s2s__reader *reader) {
  return s2s__reader_open_path(reader, &r->host, r->path, r->error);
}

static int32_t checkpoint_read_header(checkpoint_reading *r) {
  s2s__reader reader;
  S2S__TRY(checkpoint_open(r, &reader));
  const int32_t status = s2s__st_read_header(&reader, &r->arena, &r->header, r->error);
  s2s__reader_close(&reader);
  if (status != S2S_OK) return status;
  if (s2s__st_metadata(&r->header, S2S__EXTRA "updates")) return S2S_OK;
  return s2s__fail(r->error, S2S_BAD_FILE, "%s: no checkpoint; a model alone cannot be trained on from where it was",
                   r->path);
}

static int32_t checkpoint_read_model(checkpoint_reading *r, const s2s_options *options) {
  s2s__reader reader;
  S2S__TRY(checkpoint_open(r, &reader));
  const int32_t status = s2s__model_read(&reader, options, &r->model, r->error);
  s2s__reader_close(&reader);
  return status;
}

static int32_t checkpoint_read_options(checkpoint_reading *r, const s2s_options *given) {
  S2S__TRY(s2s__options_copy(&r->options, given, r->error));
  r->options.given = r->host;
  for (size_t i = 0; i < S2S__OPTION_COUNT; i++) {
    char key[CHECKPOINT_KEY];
    snprintf(key, sizeof key, CHECKPOINT_OPTION "%s", s2s__option_table[i].key);
    const char *value = s2s__st_metadata(&r->header, key);
    if (!value || !checkpoint_has_option(i) || s2s__option_is_set(given, (s2s__option_id)i)) continue;
    if (s2s__options_set(&r->options, s2s__option_table[i].key, value, r->error) == S2S_OK) continue;
    if (r->error->status == S2S_BAD_OPTION) r->error->status = S2S_BAD_FILE;
    return s2s__fail_prefix(r->error, "%s", r->path);
  }
  return S2S_OK;
}

static int32_t checkpoint_number(const checkpoint_reading *r, const char *name, int is_count, double *value) {
  char key[CHECKPOINT_KEY];
  snprintf(key, sizeof key, S2S__EXTRA "%s", name);
  const char *text = s2s__st_metadata(&r->header, key);
  if (!text && strcmp(name, CHECKPOINT_START) == 0) return *value = 0, S2S_OK; /* checkpoints of 1.0.0 */
  if (text && s2s__parse_real(text, strlen(text), value) &&
      (!is_count || (*value >= 0 && *value <= 9007199254740992.0)))
    return S2S_OK;
  return s2s__fail(r->error, S2S_BAD_FILE, "%s: the checkpoint's '%s' is %s%.40s%s", r->path, name,
                   text ? "no number: '" : "missing", text ? text : "", text ? "'" : "");
}

/* The trainer has been made, from the same corpora or others. */
static int32_t checkpoint_read_numbers(const checkpoint_reading *r, s2s_trainer *t) {
  const uint32_t crc[2] = {t->data_crc[0], t->data_crc[1]};
  double value;
#define CHECKPOINT_IS_COUNT(type) ((type)0.5 == 0) /* else it is a double */
#define CHECKPOINT_READ(name, place, type)                                                                             \
  S2S__TRY(checkpoint_number(r, name, CHECKPOINT_IS_COUNT(type), &value));                                             \
  place = (type)value;
  CHECKPOINT_NUMBERS(CHECKPOINT_READ)
#undef CHECKPOINT_READ
#undef CHECKPOINT_IS_COUNT
  for (int i = 0; i < 2; i++)
    if (t->data_crc[i] != crc[i])
      return s2s__fail(r->error, S2S_BAD_ARGUMENT, "%s: the checkpoint is of another %s, or of one cut in another way",
                       r->path, i ? "dev set" : "corpus");
  return S2S_OK;
}

/* The number of them has been read; keep_best may have become smaller. */
static int32_t checkpoint_read_kept(const checkpoint_reading *r, s2s__kept *kept) {
  if (kept->count > kept->most) kept->count = kept->most;
  for (size_t i = 0; i < kept->count; i++)
    for (size_t j = 0; j < CHECKPOINT_KEPT; j++) {
      char name[CHECKPOINT_KEY];
      double value;
      snprintf(name, sizeof name, "kept.%zu.%s", i, checkpoint_kept[j]);
      S2S__TRY(checkpoint_number(r, name, j == 0, &value));
      if (j == 0)
        kept->update[i] = (uint64_t)value;
      else
        kept->score[i].figure[j - 1] = value;
    }
  return S2S_OK;
}

/* What an option of scope train or decode was when the checkpoint was written; NULL where it does not say. */
static const char *checkpoint_option(const checkpoint_reading *r, s2s__option_id id) {
  char key[CHECKPOINT_KEY];
  snprintf(key, sizeof key, CHECKPOINT_OPTION "%s", s2s__option_table[id].key);
  return s2s__st_metadata(&r->header, key);
}

static int32_t checkpoint_compare(const checkpoint_reading *r, s2s__option_id id, const char *then, const char *why) {
  const char *now = s2s__option_text(&r->options, id);
  if (!then || strcmp(then, now) == 0) return S2S_OK;
  return s2s__fail(r->error, S2S_BAD_ARGUMENT, "%s: option '%s' is %.40s, and was %.40s: %s", r->path,
                   s2s__option_table[id].key, now, then, why);
}

/* An option that was given anew must be what the checkpoint has. */
static int32_t checkpoint_check_same(const checkpoint_reading *r, s2s__option_id id, const char *why) {
  return checkpoint_compare(r, id, checkpoint_option(r, id), why);
}

/* A model keeps its shape. How text is cut is left to the checksums of the corpora: it has several spellings. */
static int32_t checkpoint_check_model(const checkpoint_reading *r) {
  for (size_t i = 0; i < S2S__OPTION_COUNT; i++) {
    const s2s__option_id id = (s2s__option_id)i;
    if (s2s__option_table[i].scope != S2S_SCOPE_MODEL || !s2s__option_is_set(&r->options, id)) continue;
    if (id == S2S__SOURCE_TOKENS || id == S2S__TARGET_TOKENS) continue;
    S2S__TRY(checkpoint_compare(r, id, s2s__option_text(&r->model->options, id), "the checkpoint is of another model"));
  }
  return checkpoint_check_same(r, S2S__PRESET, "the checkpoint is of another model or training");
}

/* What the best model so far was chosen by. */
static int32_t checkpoint_check_best(const checkpoint_reading *r, const s2s_trainer *t) {
  static const s2s__option_id judged[] = {S2S__BEST_BY, S2S__BLEU_TOKENIZE, S2S__BLEU_SMOOTHING};
  for (size_t i = 0; t->best && i < sizeof judged / sizeof *judged; i++)
    S2S__TRY(checkpoint_check_same(r, judged[i], "the best model so far was chosen by that"));
  return S2S_OK;
}

/* Another optimiser than that of the checkpoint begins with states of its own. */
static int checkpoint_has_state(const checkpoint_reading *r, const s2s_trainer *t) {
  const char *optimizer = checkpoint_option(r, S2S__OPTIMIZER);
  return !optimizer || strcmp(optimizer, t->optimizer->name) == 0;
}

static int32_t checkpoint_check_average(const checkpoint_reading *r, const s2s_trainer *t) {
  const int had_average = s2s__st_find(&r->header, CHECKPOINT_AVERAGE) != NULL;
  if (had_average == (t->average != NULL)) return S2S_OK;
  return checkpoint_check_same(r, S2S__MOVING_AVERAGE, "a moving average cannot begin or end here");
}

/* The order of an epoch in whose midst training is. */
static int32_t checkpoint_arrange(const checkpoint_reading *r, s2s_trainer *t) {
  static const s2s__option_id cut[] = {S2S__BATCH_SENTENCES, S2S__BATCH_TOKENS, S2S__ACCUMULATE, S2S__SEED};
  if (t->next_batch == 0) return S2S_OK;
  for (size_t i = 0; i < sizeof cut / sizeof *cut; i++)
    S2S__TRY(checkpoint_check_same(r, cut[i], "an epoch that has begun cannot be cut in another way"));
  S2S__TRY(s2s__trainer_arrange(t, r->error));
  if (t->next_batch < t->epoch.batches) return S2S_OK;
  return s2s__fail(r->error, S2S_BAD_ARGUMENT,
                   "%s: the checkpoint stands at batch %zu, but with these options an epoch has %zu", r->path,
                   t->next_batch, t->epoch.batches);
}

static void checkpoint_read_metrics(const checkpoint_reading *r, s2s_trainer *t) {
  for (size_t i = 0; i < sizeof checkpoint_metrics / sizeof *checkpoint_metrics; i++) {
    char key[CHECKPOINT_KEY];
    double value;
    snprintf(key, sizeof key, CHECKPOINT_METRIC "%s", checkpoint_metrics[i]);
    const char *text = s2s__st_metadata(&r->header, key);
    if (text && s2s__parse_real(text, strlen(text), &value))
      s2s__metrics_set(&t->metrics, checkpoint_metrics[i], value);
  }
}

static int32_t checkpoint_read_vectors(checkpoint_reading *r, s2s_trainer *t) {
  const size_t total = t->network.params.total;
  const int has_best = s2s__st_find(&r->header, CHECKPOINT_BEST) != NULL;
  s2s__file_vector vector[CHECKPOINT_VECTORS];
  s2s__reader reader;
  size_t vectors = 0;
  s2s__real *best = S2S__TAKE(&r->arena, s2s__real, has_best ? total : 0);
  if (!best) return s2s__fail_memory(r->error, total * sizeof *best, "a checkpoint");
  if (!checkpoint_has_state(r, t)) t->optimizer_start = t->updates;
  for (; vectors < t->optimizer->states && checkpoint_has_state(r, t); vectors++)
    vector[vectors] = (s2s__file_vector){checkpoint_state[vectors], t->state[vectors], total};
  if (t->average) vector[vectors++] = (s2s__file_vector){CHECKPOINT_AVERAGE, t->average, total};
  if (has_best) vector[vectors++] = (s2s__file_vector){CHECKPOINT_BEST, best, total};
  S2S__TRY(checkpoint_open(r, &reader));
  int32_t status = s2s__file_read_vectors(&reader, &r->host, vector, vectors, r->error);
  s2s__reader_close(&reader);
  if (status == S2S_OK && has_best)
    status = s2s__model_clone(t->origin, &t->host, t->kernels, best, &t->best, r->error);
  return status;
}

static int32_t checkpoint_resume(checkpoint_reading *r, const s2s_corpus *corpus, const s2s_corpus *dev,
                                 const s2s_options *options, s2s_trainer **trainer) {
  S2S__TRY(checkpoint_read_header(r));
  S2S__TRY(checkpoint_read_model(r, options));
  S2S__TRY(checkpoint_read_options(r, options));
  S2S__TRY(checkpoint_check_model(r));
  S2S__TRY(s2s__trainer_new(r->model, corpus, dev, &r->options, trainer, r->error));
  S2S__TRY(checkpoint_read_numbers(r, *trainer));
  S2S__TRY(checkpoint_read_kept(r, &(*trainer)->kept));
  S2S__TRY(checkpoint_check_average(r, *trainer));
  S2S__TRY(checkpoint_read_vectors(r, *trainer));
  S2S__TRY(checkpoint_check_best(r, *trainer));
  checkpoint_read_metrics(r, *trainer);
  S2S__TRY(checkpoint_arrange(r, *trainer));
  s2s__trainer_report(*trainer);
  return S2S_OK;
}

int32_t s2s__trainer_resume(const char *path, const s2s_corpus *corpus, const s2s_corpus *dev,
                            const s2s_options *options, s2s_trainer **trainer, s2s__error *error) {
  checkpoint_reading r = {.path = path, .host = s2s__options_host(options), .error = error};
  *trainer = NULL;
  s2s__arena_init(&r.arena, &r.host);
  s2s__options_init(&r.options, &r.host);
  const int32_t status = checkpoint_resume(&r, corpus, dev, options, trainer);
  s2s__model_release(r.model);
  s2s__options_clear(&r.options);
  s2s__arena_free(&r.arena);
  if (status == S2S_OK) return S2S_OK;
  s2s__trainer_free(*trainer);
  *trainer = NULL;
  return status;
}

#undef CHECKPOINT_NUMBERS
#undef CHECKPOINT_START
#undef CHECKPOINT_BEST
#undef CHECKPOINT_AVERAGE
#undef CHECKPOINT_METRIC
#undef CHECKPOINT_OPTION
