/* SPDX-License-Identifier: MIT
 *
 * The life of a trainer: making it, epochs of updates, evaluation, the best model, the end.
 */
#include "train/trainer.h"

#include "base/number.h"
#include "base/stream.h"
#include "train/preset.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- making ------------------------------------------------------------------------------------------------------ */

static int32_t trainer_copy_values(s2s_trainer *t, const s2s_model *model, s2s__error *error) {
  for (size_t i = 0; i < t->network.params.count; i++)
    S2S__TRY(s2s__param_copy(model->network.params.item[i], t->network.params.item[i], &t->arena, error));
  return S2S_OK;
}

/* Whether a name begins with one of the words of a list; marks the word in *used. */
static int trainer_is_frozen(const char *name, const char *words, uint64_t *used) {
  int frozen = 0;
  for (size_t number = 0; *words; number++) {
    const size_t length = strcspn(words, " ");
    if (length > 0 && strncmp(name, words, length) == 0) {
      frozen = 1;
      if (number < 64) *used |= (uint64_t)1 << number;
    }
    words += length + (words[length] == ' ');
  }
  return frozen;
}

static int32_t trainer_check_frozen(const s2s_trainer *t, const char *words, uint64_t used, s2s__error *error) {
  for (size_t number = 0; *words && number < 64; number++) {
    const size_t length = strcspn(words, " ");
    if (length > 0 && !(used >> number & 1))
      return s2s__fail(error, S2S_BAD_OPTION, "freeze: no parameter's name begins with '%.*s'",
                       (int)(length < 60 ? length : 60), words);
    words += length + (words[length] == ' ');
  }
  if (t->frozen_count == t->network.params.count)
    return s2s__fail(error, S2S_BAD_OPTION, "freeze leaves nothing to train");
  return S2S_OK;
}

static int32_t trainer_init_frozen(s2s_trainer *t, s2s__error *error) {
  const char *words = s2s__option_text(&t->options, S2S__FREEZE);
  uint64_t used = 0;
  t->frozen = S2S__TAKE(&t->arena, s2s__range, t->network.params.count);
  if (!t->frozen) return s2s__fail_memory(error, t->network.params.count * sizeof *t->frozen, "frozen parameters");
  for (size_t i = 0; i < t->network.params.count; i++) {
    const s2s__param *p = t->network.params.item[i];
    if (trainer_is_frozen(p->name, words, &used))
      t->frozen[t->frozen_count++] = (s2s__range){p->offset, p->offset + s2s__param_size(p)};
  }
  return trainer_check_frozen(t, words, used, error);
}

static int32_t trainer_init_network(s2s_trainer *t, s2s__error *error) {
  const s2s_model *m = t->origin;
  S2S__TRY(s2s__network_init(&t->network, &t->arena, t->kernels, &m->options, m->vocabulary[S2S_SOURCE].size,
                             m->vocabulary[S2S_TARGET].size, 1, error));
  S2S__TRY(trainer_copy_values(t, t->origin, error));
  S2S__TRY(trainer_init_frozen(t, error));
  const size_t total = t->network.params.total;
  if (s2s__option_real(&t->options, S2S__MOVING_AVERAGE) > 0) {
    t->average = S2S__TAKE(&t->arena, s2s__real, total);
    if (!t->average) return s2s__fail_memory(error, total * sizeof *t->average, "a moving average");
    memcpy(t->average, t->network.params.value, total * sizeof *t->average);
  }
  for (size_t i = 0; i < t->optimizer->states; i++) {
    t->state[i] = s2s__arena_take_zeroed(&t->arena, total * sizeof *t->state[i]);
    if (!t->state[i]) return s2s__fail_memory(error, total * sizeof *t->state[i], "the optimiser");
  }
  return S2S_OK;
}

/* Threads beyond one a shard are divided among the shards, for their large multiplications. */
static int32_t trainer_init_shards(s2s_trainer *t, s2s__error *error) {
  const size_t shards = s2s__option_size(&t->options, S2S__BATCH_SHARDS), total = t->network.params.total;
  const size_t threads = s2s__pool_threads(t->pool) / shards;
  t->shard = s2s__arena_take_zeroed(&t->arena, shards * sizeof *t->shard);
  if (!t->shard) return s2s__fail_memory(error, shards * sizeof *t->shard, "the shards");
  for (size_t s = 0; s < shards; s++) s2s__arena_init(&t->shard[s].arena, &t->host);
  t->shards = t->own_shards = shards;
  for (size_t s = 0; s < shards; s++) {
    t->shard[s].gradient = S2S__TAKE(&t->arena, s2s__real, total);
    if (!t->shard[s].gradient) return s2s__fail_memory(error, total * sizeof(s2s__real), "the gradients");
    if (threads >= 2) S2S__TRY(s2s__pool_new(&t->host, threads, &t->shard[s].pool, error));
  }
  return S2S_OK;
}

int32_t s2s__trainer_set_allreduce(s2s_trainer *trainer, s2s_allreduce_fn allreduce, void *user, int32_t rank,
                                   int32_t ranks, s2s__error *error) {
  s2s_trainer *t = trainer;
  if (ranks < 1 || rank < 0 || rank >= ranks)
    return s2s__fail(error, S2S_BAD_ARGUMENT, "rank %d of %d processes", (int)rank, (int)ranks);
  const size_t own = t->shards / (size_t)ranks;
  if (own * (size_t)ranks != t->shards || (own & (own - 1)) != 0 || own == 0)
    return s2s__fail(error, S2S_BAD_ARGUMENT,
                     "batch_shards %zu cannot be divided among %d processes: each must get 1, 2, 4 ... of them",
                     t->shards, (int)ranks);
  if (sizeof(s2s__real) != sizeof(float))
    return s2s__fail(error, S2S_UNSUPPORTED, "this build has no numbers to hand to a host");
  t->first_shard = own * (size_t)rank;
  t->own_shards = own;
  t->allreduce = ranks > 1 ? allreduce : NULL;
  t->allreduce_user = user;
  return S2S_OK;
}

static void trainer_log(const s2s_trainer *t, int32_t level, const char *message) {
  if (t->host.log) t->host.log(t->host.log_user, level, message);
}

/* The most tokens that a side of a pair may have: max_train_length, or what learned positions reach, beside a mark; and
 * which of the two it is. */
typedef struct trainer_length {
  size_t most; /* 0: no limit */
  const char *name;
} trainer_length;

/* The most tokens of a side beside a mark that a model has learned positions for; SIZE_MAX: as many as there are. */
static size_t trainer_positions(const s2s_trainer *t) {
  const s2s__network *network = &t->origin->network;
  const size_t source = s2s__network_longest(network, S2S_SOURCE), target = s2s__network_longest(network, S2S_TARGET);
  const size_t least = source < target ? source : target;
  return least == SIZE_MAX ? SIZE_MAX : least - 1;
}

static trainer_length trainer_longest(const s2s_trainer *t) {
  const trainer_length given = {s2s__option_size(&t->options, S2S__MAX_TRAIN_LENGTH), "max_train_length"};
  const size_t positions = trainer_positions(t);
  if (positions == SIZE_MAX || (given.most > 0 && given.most <= positions)) return given;
  return (trainer_length){positions, "learned positions allow:"};
}

static void trainer_log_skipped(const s2s_trainer *t, size_t pairs, const trainer_length *longest) {
  char line[160];
  if (t->dataset.skipped == 0) return;
  snprintf(line, sizeof line, "%zu of %zu pairs are left out: a side has more tokens than %s %zu", t->dataset.skipped,
           pairs, longest->name, longest->most);
  trainer_log(t, S2S_LOG_WARNING, line);
}

/* Says so where the model knows not a single token of a side. */
static void trainer_log_unknown(const s2s_trainer *t, const s2s__dataset *dataset, const char *called) {
  for (int side = 0; side < 2; side++) {
    const int32_t *id = dataset->ids[side].item;
    const size_t tokens = dataset->begin[side][dataset->count];
    size_t unknown = 0;
    while (unknown < tokens && id[unknown] == S2S_TOKEN_UNKNOWN) unknown++;
    if (tokens == 0 || unknown < tokens) continue;
    char line[128];
    snprintf(line, sizeof line, "the model's vocabulary has none of the %s tokens of the %s",
             side == S2S_SOURCE ? "source" : "target", called);
    trainer_log(t, S2S_LOG_WARNING, line);
  }
}

/* Whether a side is cut by pieces of this algorithm. */
static int trainer_cuts_by(const s2s_trainer *t, s2s__piece_algorithm algorithm) {
  for (int side = 0; side < 2; side++) {
    const s2s__pieces *pieces = t->origin->segmenter[side]->pieces;
    if (pieces && pieces->algorithm == algorithm) return 1;
  }
  return 0;
}

static int32_t trainer_init_sampling(s2s_trainer *t, const s2s_corpus *corpus, s2s__error *error) {
  const int dropout = s2s__option_real(&t->options, S2S__SUBWORD_DROPOUT) > 0;
  const int alpha = s2s__option_real(&t->options, S2S__SUBWORD_ALPHA) > 0;
  if (dropout && !trainer_cuts_by(t, S2S__PIECES_BPE))
    return s2s__fail(error, S2S_BAD_OPTION, "subword.dropout is of bpe, which the model's tokens are not");
  if (alpha && !trainer_cuts_by(t, S2S__PIECES_UNIGRAM))
    return s2s__fail(error, S2S_BAD_OPTION, "subword.alpha is of unigram, which the model's tokens are not");
  t->pairs = corpus->count;
  if (!dropout && !alpha) return S2S_OK;
  s2s__corpus_retain(corpus);
  t->corpus = corpus;
  return S2S_OK;
}

static uint32_t trainer_crc(const s2s__dataset *d) {
  uint32_t crc = 0;
  for (int side = 0; side < 2; side++) {
    for (size_t i = 0; i <= d->count; i++) {
      const uint64_t begin = d->begin[side][i];
      crc = s2s__crc32(crc, &begin, sizeof begin);
    }
    crc = s2s__crc32(crc, d->ids[side].item, d->begin[side][d->count] * sizeof *d->ids[side].item);
  }
  return crc;
}

/* A dev set is not cut short, since its figures would be of another one. */
static int32_t trainer_check_dev(const s2s_trainer *t, s2s__error *error) {
  const s2s__dataset *dev = &t->dev.dataset;
  const size_t most = trainer_positions(t);
  for (size_t i = 0; i < dev->count; i++)
    for (int side = 0; side < 2; side++)
      if (s2s__dataset_length(dev, side, i) > most)
        return s2s__fail(error, S2S_LIMIT,
                         "pair %zu of the dev set has %zu tokens on a side; learned positions allow %zu", i + 1,
                         s2s__dataset_length(dev, side, i), most);
  return S2S_OK;
}

static int32_t trainer_init_data(s2s_trainer *t, const s2s_corpus *corpus, const s2s_corpus *dev, s2s__error *error) {
  const trainer_length longest = trainer_longest(t);
  if (corpus->count == 0) return s2s__fail(error, S2S_BAD_ARGUMENT, "nothing to learn from: the corpus has no pairs");
  S2S__TRY(trainer_init_sampling(t, corpus, error));
  S2S__TRY(s2s__dataset_init(&t->dataset, &t->host, t->origin, corpus, corpus->count, longest.most, NULL, error));
  if (t->dataset.count == 0)
    return s2s__fail(error, S2S_BAD_ARGUMENT,
                     "nothing to learn from: %zu of the corpus's %zu pairs are longer than %s %zu", t->dataset.skipped,
                     corpus->count, longest.name, longest.most);
  if (t->dataset.skipped > 0 && s2s__option_choice(&t->options, S2S__LONG_PAIRS) == 1)
    return s2s__fail(error, S2S_LIMIT, "%zu of the corpus's %zu pairs are longer than %s %zu", t->dataset.skipped,
                     corpus->count, longest.name, longest.most);
  trainer_log_skipped(t, corpus->count, &longest);
  trainer_log_unknown(t, &t->dataset, "corpus");
  t->data_crc[0] = trainer_crc(&t->dataset);
  const size_t accumulate = s2s__option_size(&t->options, S2S__ACCUMULATE);
  S2S__TRY(s2s__epoch_init(&t->epoch, &t->host, t->dataset.count,
                           accumulate * s2s__option_size(&t->options, S2S__BATCH_SENTENCES),
                           accumulate * s2s__option_size(&t->options, S2S__BATCH_TOKENS), error));
  s2s__epoch_shuffle(&t->epoch, &t->dataset, 0); /* for the number of batches, until the first epoch begins */
  if (!dev) return S2S_OK;
  t->has_dev = 1;
  S2S__TRY(s2s__evaluation_init(&t->dev, &t->host, t->origin, dev, &t->options, error));
  t->data_crc[1] = trainer_crc(&t->dev.dataset);
  trainer_log_unknown(t, &t->dev.dataset, "dev set");
  return trainer_check_dev(t, error);
}

void s2s__trainer_report(s2s_trainer *trainer) {
  s2s_trainer *t = trainer;
  s2s_metrics *m = &t->metrics;
  const double done = (double)t->next_batch, left = (double)(t->epoch.batches - t->next_batch);
  s2s__metrics_set(m, "updates", (double)t->updates);
  s2s__metrics_set(m, "epochs", (double)t->epochs);
  s2s__metrics_set(m, "learning_rate", s2s__schedule_rate(&t->schedule, t->updates));
  s2s__metrics_set(m, "loss", t->epoch_tokens > 0 ? t->epoch_loss / t->epoch_tokens : 0);
  s2s__metrics_set(m, "train_seconds", t->seconds);
  s2s__metrics_set(m, "tokens_per_second", t->seconds > 0 ? t->tokens / t->seconds : 0);
  s2s__metrics_set(m, "sentences_per_second", t->seconds > 0 ? t->sentences / t->seconds : 0);
  s2s__metrics_set(m, "seconds_left", done > 0 ? t->epoch_seconds / done * left : 0);
  s2s__metrics_set(m, "peak_memory_bytes", (double)atomic_load(&t->budget.peak));
}

static int32_t trainer_init(s2s_trainer *t, const s2s_corpus *corpus, const s2s_corpus *dev, const s2s_options *given,
                            s2s__error *error) {
  S2S__TRY(s2s__options_copy(&t->options, given, error));
  S2S__TRY(s2s__preset_apply(&t->options, corpus->count, error));
  const s2s_options *options = &t->options;
  S2S__TRY(s2s__kernels_for(options, &t->kernels, error));
  S2S__TRY(s2s__pool_new(&t->host, s2s__option_size(options, S2S__THREADS), &t->pool, error));
  t->optimizer = s2s__optimizer_find(s2s__option_text(options, S2S__OPTIMIZER));
  s2s__optimizer_read(&t->optimizer_settings, options);
  S2S__TRY(trainer_init_data(t, corpus, dev, error));
  S2S__TRY(s2s__schedule_init(&t->schedule, options, t->epoch.batches, error));
  S2S__TRY(trainer_init_network(t, error));
  S2S__TRY(trainer_init_shards(t, error));
  S2S__TRY(s2s__kept_init(&t->kept, &t->arena, s2s__option_size(options, S2S__KEEP_BEST), error));
  s2s__trainer_report(t);
  s2s__metrics_set(&t->metrics, "parameters", (double)t->network.params.total);
  s2s__metrics_set(&t->metrics, "skipped_pairs", (double)t->dataset.skipped);
  return S2S_OK;
}

int32_t s2s__trainer_new(const s2s_model *model, const s2s_corpus *corpus, const s2s_corpus *dev,
                         const s2s_options *options, s2s_trainer **trainer, s2s__error *error) {
  const s2s__host host = s2s__options_host(options);
  s2s_trainer *t = s2s__allocate_zeroed(&host, sizeof *t);
  *trainer = NULL;
  if (!t) return s2s__fail_memory(error, sizeof *t, "a trainer");
  s2s__host_own(&t->host, &host, &t->budget, sizeof *t);
  s2s__options_init(&t->options, &t->host);
  s2s__arena_init(&t->arena, &t->host);
  t->origin = model;
  s2s__model_retain(model);
  atomic_init(&t->cancelled, 0);
  const int32_t status = s2s__name_limit(&t->host, error, trainer_init(t, corpus, dev, options, error));
  if (status != S2S_OK) return s2s__trainer_free(t), status;
  *trainer = t;
  return S2S_OK;
}

void s2s__trainer_free(s2s_trainer *trainer) {
  if (!trainer) return;
  s2s_trainer *t = trainer;
  const s2s__host host = s2s__host_given(&t->host, &t->budget);
  s2s__pool_free(t->pool);
  for (size_t s = 0; s < t->shards; s++) {
    s2s__pool_free(t->shard[s].pool);
    s2s__arena_free(&t->shard[s].arena);
  }
  if (t->has_dev) s2s__evaluation_free(&t->dev);
  if (t->epoch.host.allocate) s2s__epoch_free(&t->epoch);
  if (t->dataset.capacity) s2s__dataset_free(&t->dataset);
  s2s__model_release(t->best);
  s2s__corpus_release(t->corpus);
  s2s__model_release(t->origin);
  s2s__arena_free(&t->arena);
  s2s__options_clear(&t->options);
  s2s__free(&host, t, sizeof *t);
}

/* ---- updates ----------------------------------------------------------------------------------------------------- */

static int32_t trainer_check_cancelled(s2s_trainer *t, s2s__error *error) {
  if (!atomic_exchange(&t->cancelled, 0)) return S2S_OK;
  return s2s__fail(error, S2S_CANCELLED, "training was cancelled after update %llu", (unsigned long long)t->updates);
}

/* Cuts the texts anew. */
static int32_t trainer_sample(s2s_trainer *t, uint64_t key, s2s__error *error) {
  const s2s__sampling sampling = {key, s2s__option_real(&t->options, S2S__SUBWORD_DROPOUT),
                                  s2s__option_real(&t->options, S2S__SUBWORD_ALPHA)};
  s2s__dataset fresh;
  const int32_t status =
      s2s__dataset_init(&fresh, &t->host, t->origin, t->corpus, t->pairs, trainer_longest(t).most, &sampling, error);
  s2s__dataset_free(status == S2S_OK ? &t->dataset : &fresh);
  if (status == S2S_OK) t->dataset = fresh;
  return status;
}

int32_t s2s__trainer_arrange(s2s_trainer *trainer, s2s__error *error) {
  s2s_trainer *t = trainer;
  const uint64_t seed = (uint64_t)s2s__option_int(&t->options, S2S__SEED);
  if (t->corpus) S2S__TRY(trainer_sample(t, s2s__key(s2s__key(seed, 0x63757473U), t->epochs), error));
  s2s__epoch_shuffle(&t->epoch, &t->dataset, s2s__key(s2s__key(seed, 0x65706F63U), t->epochs));
  return S2S_OK;
}

static int32_t trainer_begin_epoch(s2s_trainer *t, s2s__error *error) {
  S2S__TRY(s2s__trainer_arrange(t, error));
  t->epoch_loss = t->epoch_tokens = t->epoch_seconds = 0;
  return S2S_OK;
}

static void trainer_count(s2s_trainer *t, const uint32_t *pair, size_t count, double loss, double seconds) {
  size_t source = 0, target = 0;
  for (size_t i = 0; i < count; i++) {
    source += s2s__dataset_length(&t->dataset, S2S_SOURCE, pair[i]);
    target += s2s__dataset_length(&t->dataset, S2S_TARGET, pair[i]) + 1;
  }
  t->seconds += seconds;
  t->epoch_seconds += seconds;
  t->tokens += (double)(source + target);
  t->sentences += (double)count;
  t->epoch_loss += loss * (double)target;
  t->epoch_tokens += (double)target;
}

int32_t s2s__trainer_step(s2s_trainer *trainer, double *loss, s2s__error *error) {
  s2s_trainer *t = trainer;
  double mean, norm;
  size_t count;
  S2S__TRY(trainer_check_cancelled(t, error));
  if (t->next_batch == 0) S2S__TRY(trainer_begin_epoch(t, error));
  const uint32_t *pair = s2s__epoch_batch(&t->epoch, t->next_batch, &count);
  const double start = s2s__clock();
  const int32_t status = s2s__trainer_update(t, pair, count, &mean, &norm, error);
  for (size_t s = 0; status == S2S_OUT_OF_MEMORY && s < t->shards; s++) s2s__arena_free(&t->shard[s].arena);
  if (status != S2S_OK) return status;
  t->next_batch++;
  trainer_count(t, pair, count, mean, s2s__clock() - start);
  s2s__trainer_report(t);
  const uint64_t every = (uint64_t)s2s__option_int(&t->options, S2S__EVALUATE_EVERY);
  if (every && t->updates % every == 0) t->evaluation_owed = 1;
  if (t->next_batch == t->epoch.batches) {
    t->next_batch = 0;
    t->epochs++;
    if (!every) t->evaluation_owed = 1;
    s2s__metrics_set(&t->metrics, "epochs", (double)t->epochs);
  }
  if (loss) *loss = mean;
  return S2S_OK;
}

/* ---- evaluation -------------------------------------------------------------------------------------------------- */

/* The figures of an evaluation as the trainer calls them, in the order of option best_by. */
static const struct {
  const char *name, *dev_name, *best_name;
  double sign; /* -1: more is better */
} trainer_figures[] = {
#define TRAINER_FIGURE(name, sign) {name, "dev_" name, "best_dev_" name, sign},
    TRAINER_FIGURE("sequence_error_rate", 1) TRAINER_FIGURE("token_error_rate", 1)
        TRAINER_FIGURE("character_error_rate", 1) TRAINER_FIGURE("loss", 1) TRAINER_FIGURE("perplexity", 1)
            TRAINER_FIGURE("bleu", -1) TRAINER_FIGURE("chrf", -1)
#undef TRAINER_FIGURE
};
enum { TRAINER_FIGURES = sizeof trainer_figures / sizeof *trainer_figures };

static void trainer_note_best(s2s_trainer *t) {
  s2s__metrics_set(&t->metrics, "best_epoch", (double)t->epochs);
  for (size_t i = 0; i < TRAINER_FIGURES && t->has_dev; i++)
    s2s__metrics_set(&t->metrics, trainer_figures[i].best_name,
                     *s2s__metrics_find(&t->metrics, trainer_figures[i].dev_name));
}

static void trainer_log_rate(const s2s_trainer *t) {
  char rate[32], line[96];
  s2s__format_real(s2s__schedule_rate(&t->schedule, t->updates + 1), rate);
  snprintf(line, sizeof line, "epoch %llu: the learning rate falls to %s", (unsigned long long)t->epochs, rate);
  trainer_log(t, S2S_LOG_INFO, line);
}

static void trainer_note_kept(s2s_trainer *t, const s2s__score *score) {
  uint64_t dropped;
  s2s__metrics_set(&t->metrics, "kept", s2s__kept_add(&t->kept, t->updates, score, &dropped));
  s2s__metrics_set(&t->metrics, "dropped_update", (double)dropped);
}

/* Keeps `model` (or frees it), and tells the schedule and the metrics. */
static void trainer_judge(s2s_trainer *t, const s2s__score *score, s2s_model *model) {
  const int improved = !t->best || s2s__score_is_better(score, &t->best_score);
  const int warming_up = (double)t->updates < t->schedule.warmup; /* while the rate rises, no patience wears out */
  s2s__model_release(improved ? t->best : model);
  if (improved) {
    t->best = model;
    t->best_score = *score;
    t->evaluations_since_best = 0;
    trainer_note_best(t);
  } else if (!warming_up) {
    t->evaluations_since_best++;
  }
  s2s__metrics_set(&t->metrics, "improved", improved);
  trainer_note_kept(t, score);
  const double before = t->schedule.scale;
  if (improved || !warming_up) s2s__schedule_evaluated(&t->schedule, improved);
  if (t->schedule.scale < before) trainer_log_rate(t);
}

/* What can be written down and compared: a perplexity may be beyond all numbers. */
static double trainer_finite(double figure) { return figure < DBL_MAX ? figure : DBL_MAX; }

static int32_t trainer_evaluate_dev(s2s_trainer *t, const s2s_model *model, s2s__score *score, s2s__error *error) {
  const size_t best_by = (size_t)s2s__option_choice(&t->options, S2S__BEST_BY);
  s2s__search search;
  s2s_metrics figures = {.count = 0};
  S2S__TRY(s2s__search_read(&search, &t->options, error));
  search.beam = s2s__option_size(&t->options, S2S__EVALUATE_BEAM);
  search.nbest = search.threads = 1;
  search.temperature = 0; /* whatever is drawn later: models are compared */
  const int32_t status = s2s__evaluate(&t->dev, model, &search, t->pool, &t->cancelled, NULL, &figures, error);
  if (status == S2S_CANCELLED) atomic_store(&t->cancelled, 0); /* one cancel stops one call */
  if (status != S2S_OK) return status;
  for (size_t i = 0; i < TRAINER_FIGURES; i++) {
    const double value = *s2s__metrics_find(&figures, trainer_figures[i].name);
    s2s__metrics_set(&t->metrics, trainer_figures[i].dev_name, value);
    if (i == best_by) score->figure[0] = trainer_finite(value * trainer_figures[i].sign);
  }
  score->figure[1] = trainer_finite(*s2s__metrics_find(&figures, "token_error_rate"));
  score->figure[2] = trainer_finite(*s2s__metrics_find(&figures, "loss"));
  return S2S_OK;
}

/* The parameters that are evaluated and handed out. */
static const s2s__real *trainer_judged(const s2s_trainer *t) {
  return t->average ? t->average : t->network.params.value;
}

/* The last update before an evaluation is followed by no loss that would show what it broke. */
static int32_t trainer_check_values(const s2s_trainer *t, s2s__error *error) {
  if (isfinite(t->kernels->sum_squares(t->network.params.total, trainer_judged(t)))) return S2S_OK;
  return s2s__fail(error, S2S_DIVERGED, "update %llu: a parameter is not finite; a smaller learning_rate may help",
                   (unsigned long long)t->updates);
}

int32_t s2s__trainer_evaluate(s2s_trainer *trainer, s2s__error *error) {
  s2s_trainer *t = trainer;
  s2s_model *model;
  S2S__TRY(trainer_check_values(t, error));
  s2s__score score = {{0, 0, t->epoch_tokens > 0 ? t->epoch_loss / t->epoch_tokens : 0}};
  S2S__TRY(s2s__model_clone(t->origin, &t->host, t->kernels, trainer_judged(t), &model, error));
  const int32_t status = t->has_dev ? trainer_evaluate_dev(t, model, &score, error) : S2S_OK;
  if (status != S2S_OK) return s2s__model_release(model), status;
  trainer_judge(t, &score, model);
  t->evaluation_owed = 0;
  t->setbacks = 0;
  return S2S_OK;
}

/* ---- the run ----------------------------------------------------------------------------------------------------- */

static int32_t trainer_progress(s2s_trainer *t, int32_t event, uint64_t done, uint64_t total, s2s__error *error) {
  if (!t->host.progress || t->host.progress(t->host.progress_user, event, (int64_t)done, (int64_t)total) == 0)
    return S2S_OK;
  return s2s__fail(error, S2S_CANCELLED, "the progress callback stopped training after update %llu",
                   (unsigned long long)t->updates);
}

static int trainer_is_finished(const s2s_trainer *t) {
  const uint64_t updates = (uint64_t)s2s__option_int(&t->options, S2S__MAX_UPDATES);
  const uint64_t epochs = (uint64_t)s2s__option_int(&t->options, S2S__MAX_EPOCHS);
  const size_t patience = s2s__option_size(&t->options, S2S__PATIENCE);
  return (updates && t->updates >= updates) || (epochs && t->epochs >= epochs) ||
         (patience && t->evaluations_since_best >= patience);
}

static int32_t trainer_evaluate_and_tell(s2s_trainer *t, s2s__error *error) {
  S2S__TRY(s2s__trainer_evaluate(t, error));
  return trainer_progress(t, S2S_PROGRESS_EVALUATED, t->epochs, s2s__option_size(&t->options, S2S__MAX_EPOCHS), error);
}

enum { TRAINER_SETBACKS = 8 }; /* most in a row */

/* Back to the best model so far, or to the first one, with the optimiser's memory wiped and half the learning rate. */
static int32_t trainer_set_back(s2s_trainer *t, const char *why, s2s__error *error) {
  char rate[32], line[256];
  S2S__TRY(trainer_copy_values(t, t->best ? t->best : t->origin, error));
  for (size_t i = 0; i < t->optimizer->states; i++)
    memset(t->state[i], 0, t->network.params.total * sizeof *t->state[i]);
  t->optimizer_start = t->updates;
  if (t->average) memcpy(t->average, t->network.params.value, t->network.params.total * sizeof *t->average);
  t->schedule.scale /= 2;
  s2s__format_real(s2s__schedule_rate(&t->schedule, t->updates + 1), rate);
  snprintf(line, sizeof line, "%.160s; back to the %s, at the learning rate %s", why,
           t->best ? "best model so far" : "first parameters", rate);
  trainer_log(t, S2S_LOG_WARNING, line);
  return S2S_OK;
}

/* Where an update or evaluation has left the range of numbers: a way back, unless there were too many. */
static int32_t trainer_set_back_after(s2s_trainer *t, int32_t status, s2s__error *error) {
  if (status != S2S_DIVERGED) return status;
  t->evaluation_owed = 0;
  const s2s__error why = *error;
  s2s__error_clear(error);
  S2S__TRY(trainer_set_back(t, why.text, error));
  if (++t->setbacks < TRAINER_SETBACKS) return S2S_OK;
  t->setbacks = 0;
  return s2s__fail(error, status, "%s", why.text);
}

int32_t s2s__trainer_run(s2s_trainer *trainer, s2s__error *error) {
  s2s_trainer *t = trainer;
  for (;;) {
    if (t->evaluation_owed) /* also one that was cancelled earlier */
      S2S__TRY(trainer_set_back_after(t, trainer_evaluate_and_tell(t, error), error));
    if (trainer_is_finished(t) && (t->best || t->setbacks == 0)) return S2S_OK;
    if (trainer_is_finished(t))
      return s2s__fail(error, S2S_DIVERGED,
                       "training has ended, and its loss was never finite; try a smaller learning_rate");
    S2S__TRY(trainer_set_back_after(t, s2s__trainer_step(t, NULL, error), error));
    if (trainer_is_finished(t)) t->evaluation_owed = 1; /* max_updates within an epoch */
    const uint64_t done = t->next_batch ? t->next_batch : t->epoch.batches;
    S2S__TRY(trainer_progress(t, S2S_PROGRESS_UPDATE, done, t->epoch.batches, error));
  }
}

int32_t s2s__trainer_present(const s2s_trainer *trainer, s2s_model **model, s2s__error *error) {
  const s2s__host host = s2s__host_given(&trainer->host, &trainer->budget);
  return s2s__model_clone(trainer->origin, &host, trainer->kernels, trainer_judged(trainer), model, error);
}

int32_t s2s__trainer_model(const s2s_trainer *trainer, s2s_model **model, s2s__error *error) {
  const s2s__host host = s2s__host_given(&trainer->host, &trainer->budget);
  if (!trainer->best) return s2s__trainer_present(trainer, model, error);
  return s2s__model_clone(trainer->best, &host, trainer->kernels, NULL, model, error);
}
