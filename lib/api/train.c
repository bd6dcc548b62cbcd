/* SPDX-License-Identifier: MIT
 *
 * s2s_corpus_*, s2s_trainer_*, and s2s_evaluate.
 */
#include "api/api.h"
#include "train/notes.h"
#include "train/trainer.h"

/* ---- corpora ----------------------------------------------------------------------------------------------------- */

int32_t s2s_corpus_new(const s2s_options *options, s2s_corpus **corpus) {
  S2S__API_OUT(corpus);
  s2s__error error = {.status = S2S_OK};
  const s2s__host host = s2s__options_host(options);
  return s2s__api_finish(&error, s2s__corpus_new(&host, corpus, &error));
}

int32_t s2s_corpus_add(s2s_corpus *corpus, const char *source, size_t source_length, const char *target,
                       size_t target_length) {
  S2S__API_NEED(corpus);
  S2S__API_TEXT_OF(source, source_length);
  S2S__API_TEXT_OF(target, target_length);
  s2s__error error = {.status = S2S_OK};
  return s2s__api_finish(&error, s2s__corpus_add(corpus, source, source_length, target, target_length, &error));
}

int32_t s2s_corpus_load(s2s_corpus *corpus, const char *path) {
  S2S__API_NEED(corpus);
  S2S__API_NEED(path);
  s2s__error error = {.status = S2S_OK};
  s2s__reader reader;
  int32_t status = s2s__reader_open_path(&reader, &corpus->arena.host, path, &error);
  if (status != S2S_OK) return s2s__api_finish(&error, status);
  status = s2s__corpus_read_pairs(corpus, &reader, &error);
  s2s__reader_close(&reader);
  return s2s__api_finish(&error, status);
}

int32_t s2s_corpus_load_aligned(s2s_corpus *corpus, const char *source_path, const char *target_path) {
  S2S__API_NEED(corpus);
  S2S__API_NEED(source_path);
  S2S__API_NEED(target_path);
  s2s__error error = {.status = S2S_OK};
  s2s__reader source, target;
  int32_t status = s2s__reader_open_path(&source, &corpus->arena.host, source_path, &error);
  if (status != S2S_OK) return s2s__api_finish(&error, status);
  status = s2s__reader_open_path(&target, &corpus->arena.host, target_path, &error);
  if (status == S2S_OK) {
    status = s2s__corpus_read_aligned(corpus, &source, &target, &error);
    s2s__reader_close(&target);
  }
  s2s__reader_close(&source);
  return s2s__api_finish(&error, status);
}

size_t s2s_corpus_size(const s2s_corpus *corpus) { return corpus ? corpus->count : 0; }

const char *s2s_corpus_text(const s2s_corpus *corpus, size_t index, int32_t side) {
  if (!corpus || index >= corpus->count || (side != S2S_SOURCE && side != S2S_TARGET)) return NULL;
  return corpus->pair[index].text[side];
}

void s2s_corpus_free(s2s_corpus *corpus) { s2s__corpus_release(corpus); }

/* ---- trainers ---------------------------------------------------------------------------------------------------- */

int32_t s2s_trainer_new(const s2s_model *model, const s2s_corpus *corpus, const s2s_corpus *dev,
                        const s2s_options *options, s2s_trainer **trainer) {
  S2S__API_OUT(trainer);
  S2S__API_NEED(model);
  S2S__API_NEED(corpus);
  s2s__error error = {.status = S2S_OK};
  const s2s__float_mode mode = s2s__float_mode_enter();
  int32_t status = s2s__model_check_single(model, "trained", &error);
  if (status == S2S_OK) status = s2s__trainer_new(model, corpus, dev, options, trainer, &error);
  if (status == S2S_OK) s2s__trainer_note_options(*trainer, options);
  s2s__float_mode_leave(mode);
  return s2s__api_finish(&error, status);
}

int32_t s2s_trainer_step(s2s_trainer *trainer, double *loss) {
  S2S__API_NEED(trainer);
  S2S__API_ENTER(trainer);
  s2s__error error = {.status = S2S_OK};
  const s2s__float_mode mode = s2s__float_mode_enter();
  const int32_t status = s2s__trainer_step(trainer, loss, &error);
  s2s__float_mode_leave(mode);
  S2S__API_LEAVE(trainer, s2s__trainer_free, s2s__api_finish(&error, s2s__name_limit(&trainer->host, &error, status)));
}

int32_t s2s_trainer_run(s2s_trainer *trainer) {
  S2S__API_NEED(trainer);
  S2S__API_ENTER(trainer);
  s2s__error error = {.status = S2S_OK};
  const s2s__float_mode mode = s2s__float_mode_enter();
  const int32_t status = s2s__trainer_run(trainer, &error);
  s2s__float_mode_leave(mode);
  S2S__API_LEAVE(trainer, s2s__trainer_free, s2s__api_finish(&error, s2s__name_limit(&trainer->host, &error, status)));
}

int32_t s2s_trainer_evaluate(s2s_trainer *trainer) {
  S2S__API_NEED(trainer);
  s2s__error error = {.status = S2S_OK};
  if (!trainer->has_dev)
    return s2s__api_finish(&error, s2s__fail(&error, S2S_BAD_ARGUMENT, "the trainer was made without a dev corpus"));
  S2S__API_ENTER(trainer);
  const s2s__float_mode mode = s2s__float_mode_enter();
  const int32_t status = s2s__trainer_evaluate(trainer, &error);
  s2s__float_mode_leave(mode);
  S2S__API_LEAVE(trainer, s2s__trainer_free, s2s__api_finish(&error, s2s__name_limit(&trainer->host, &error, status)));
}

/* ---- looking at it, also from its callbacks ---- */

/* Goes in, unless a callback of the call that is inside asks; `looks` says which. */
#define TRAIN_LOOK(trainer)                                                                                            \
  const int looks = s2s__gate_is_mine(&(trainer)->gate, s2s__api_thread());                                            \
  if (!looks) S2S__API_ENTER(trainer)

static int32_t train_looked(s2s_trainer *trainer, int looks, int32_t status) {
  if (!looks && s2s__gate_leave(&trainer->gate)) s2s__trainer_free(trainer);
  return status;
}

const s2s_metrics *s2s_trainer_metrics(const s2s_trainer *trainer) { return trainer ? &trainer->metrics : NULL; }

int32_t s2s_trainer_model(s2s_trainer *trainer, s2s_model **model) {
  S2S__API_OUT(model);
  S2S__API_NEED(trainer);
  TRAIN_LOOK(trainer);
  s2s__error error = {.status = S2S_OK};
  return train_looked(trainer, looks, s2s__api_finish(&error, s2s__trainer_model(trainer, model, &error)));
}

int32_t s2s_trainer_present(s2s_trainer *trainer, s2s_model **model) {
  S2S__API_OUT(model);
  S2S__API_NEED(trainer);
  TRAIN_LOOK(trainer);
  s2s__error error = {.status = S2S_OK};
  return train_looked(trainer, looks, s2s__api_finish(&error, s2s__trainer_present(trainer, model, &error)));
}

int32_t s2s_trainer_save(s2s_trainer *trainer, const char *path) {
  S2S__API_NEED(trainer);
  S2S__API_NEED(path);
  TRAIN_LOOK(trainer);
  s2s__error error = {.status = S2S_OK};
  const s2s__float_mode mode = s2s__float_mode_enter();
  const int32_t status = s2s__trainer_save(trainer, path, &error);
  s2s__float_mode_leave(mode);
  return train_looked(trainer, looks, s2s__api_finish(&error, status));
}

int32_t s2s_trainer_resume(const char *path, const s2s_corpus *corpus, const s2s_corpus *dev,
                           const s2s_options *options, s2s_trainer **trainer) {
  S2S__API_OUT(trainer);
  S2S__API_NEED(path);
  S2S__API_NEED(corpus);
  s2s__error error = {.status = S2S_OK};
  const s2s__float_mode mode = s2s__float_mode_enter();
  const int32_t status = s2s__trainer_resume(path, corpus, dev, options, trainer, &error);
  s2s__float_mode_leave(mode);
  return s2s__api_finish(&error, status);
}

int32_t s2s_trainer_set_allreduce(s2s_trainer *trainer, s2s_allreduce_fn allreduce, void *user, int32_t rank,
                                  int32_t ranks) {
  S2S__API_NEED(trainer);
  S2S__API_NEED(allreduce);
  S2S__API_ENTER(trainer);
  s2s__error error = {.status = S2S_OK};
  const int32_t status = s2s__trainer_set_allreduce(trainer, allreduce, user, rank, ranks, &error);
  S2S__API_LEAVE(trainer, s2s__trainer_free, s2s__api_finish(&error, status));
}

void s2s_trainer_cancel(s2s_trainer *trainer) {
  if (trainer) atomic_store(&trainer->cancelled, 1);
}

void s2s_trainer_clear_cancel(s2s_trainer *trainer) {
  if (trainer) atomic_store(&trainer->cancelled, 0);
}

void s2s_trainer_free(s2s_trainer *trainer) {
  if (!trainer) return;
  atomic_store(&trainer->cancelled, 1); /* whoever is inside shall leave */
  if (s2s__gate_close(&trainer->gate)) s2s__trainer_free(trainer);
}

/* ---- evaluation -------------------------------------------------------------------------------------------------- */

static int32_t evaluate_check_lengths(const s2s__dataset *dataset, size_t most, s2s__error *error) {
  for (size_t i = 0; i < dataset->count; i++)
    if (s2s__dataset_length(dataset, S2S_SOURCE, i) > most)
      return s2s__fail(error, S2S_LIMIT, "pair %zu: a source of %zu tokens is longer than max_source_length %zu", i,
                       s2s__dataset_length(dataset, S2S_SOURCE, i), most);
  return S2S_OK;
}

static int32_t evaluate_run(const s2s_model *model, const s2s_corpus *corpus, const s2s_options *options,
                            const s2s__host *given, s2s_metrics *metrics, s2s__error *error) {
  s2s__evaluation evaluation;
  s2s__pool *pool = NULL;
  s2s__search search;
  S2S__TRY(s2s__search_read(&search, options, error));
  search.nbest = search.threads = 1;
  s2s__host host;
  s2s__budget budget;
  s2s__host_own(&host, given, &budget, 0);
  int32_t status = s2s__evaluation_init(&evaluation, &host, model, corpus, options, error);
  if (status == S2S_OK)
    status = evaluate_check_lengths(&evaluation.dataset, s2s__option_size(options, S2S__MAX_SOURCE_LENGTH), error);
  if (status == S2S_OK) status = s2s__pool_new(&host, s2s__option_size(options, S2S__THREADS), &pool, error);
  s2s__progress progress = {.host = &host, .total = evaluation.groups};
  atomic_init(&progress.done, 0);
  if (status == S2S_OK) status = s2s__evaluate(&evaluation, model, &search, pool, NULL, &progress, metrics, error);
  if (status == S2S_OK) status = s2s__progress_tell(&progress, error);
  s2s__pool_free(pool);
  s2s__evaluation_free(&evaluation);
  return s2s__name_limit(&host, error, status);
}

int32_t s2s_evaluate(const s2s_model *model, const s2s_corpus *corpus, const s2s_options *options,
                     s2s_metrics **metrics) {
  S2S__API_OUT(metrics);
  S2S__API_NEED(model);
  S2S__API_NEED(corpus);
  s2s__error error = {.status = S2S_OK};
  const s2s__host host = s2s__options_host(options);
  s2s_metrics *m = s2s__allocate_zeroed(&host, sizeof *m);
  if (!m) return s2s__api_finish(&error, s2s__fail_memory(&error, sizeof *m, "the figures"));
  m->host = host;
  const s2s__float_mode mode = s2s__float_mode_enter();
  const int32_t status = evaluate_run(model, corpus, options, &host, m, &error);
  s2s__float_mode_leave(mode);
  if (status == S2S_OK)
    *metrics = m;
  else
    s2s__free(&host, m, sizeof *m);
  return s2s__api_finish(&error, status);
}

#undef TRAIN_LOOK
