/* SPDX-License-Identifier: MIT
 *
 * What the training functions are in a library that was built with S2S_TRAIN=0: there, so that the ABI is one, and
 * S2S_UNSUPPORTED. What gives no status gives nothing.
 */
#include "api/api.h"

#if !S2S__TRAINS

static int32_t no_train(const char *function) {
  s2s__error error = {.status = S2S_OK};
  const int32_t status = s2s__fail(&error, S2S_UNSUPPORTED, "%s: this library was built without training", function);
  return s2s__api_finish(&error, status);
}

/* With an output, which becomes NULL; and without. */
#define NO_TRAIN_OUT(function, out, ...)                                                                               \
  int32_t function(__VA_ARGS__) {                                                                                      \
    if (out) *(out) = NULL;                                                                                            \
    return no_train(#function);                                                                                        \
  }
#define NO_TRAIN(function, ...)                                                                                        \
  int32_t function(__VA_ARGS__) { return no_train(#function); }

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#endif

/* ---- models and corpora ------------------------------------------------------------------------------------------ */

NO_TRAIN_OUT(s2s_model_create, model, const s2s_corpus *corpus, const s2s_options *options, s2s_model **model)
NO_TRAIN_OUT(s2s_model_extend, extended, const s2s_model *model, const s2s_corpus *corpus, const s2s_options *options,
             s2s_model **extended)
NO_TRAIN_OUT(s2s_model_shortlist, with, const s2s_model *model, const s2s_corpus *corpus, const s2s_options *options,
             s2s_model **with)
NO_TRAIN_OUT(s2s_corpus_new, corpus, const s2s_options *options, s2s_corpus **corpus)
NO_TRAIN(s2s_corpus_add, s2s_corpus *corpus, const char *source, size_t source_length, const char *target,
         size_t target_length)
NO_TRAIN(s2s_corpus_load, s2s_corpus *corpus, const char *path)
NO_TRAIN(s2s_corpus_load_aligned, s2s_corpus *corpus, const char *source_path, const char *target_path)
size_t s2s_corpus_size(const s2s_corpus *corpus) { return 0; }
const char *s2s_corpus_text(const s2s_corpus *corpus, size_t index, int32_t side) { return NULL; }
void s2s_corpus_free(s2s_corpus *corpus) {}

/* ---- trainers ---------------------------------------------------------------------------------------------------- */

NO_TRAIN_OUT(s2s_trainer_new, trainer, const s2s_model *model, const s2s_corpus *corpus, const s2s_corpus *dev,
             const s2s_options *options, s2s_trainer **trainer)
NO_TRAIN(s2s_trainer_step, s2s_trainer *trainer, double *loss)
NO_TRAIN(s2s_trainer_run, s2s_trainer *trainer)
NO_TRAIN(s2s_trainer_evaluate, s2s_trainer *trainer)
const s2s_metrics *s2s_trainer_metrics(const s2s_trainer *trainer) { return NULL; }
NO_TRAIN_OUT(s2s_trainer_model, model, s2s_trainer *trainer, s2s_model **model)
NO_TRAIN_OUT(s2s_trainer_present, model, s2s_trainer *trainer, s2s_model **model)
NO_TRAIN(s2s_trainer_save, s2s_trainer *trainer, const char *path)
NO_TRAIN_OUT(s2s_trainer_resume, trainer, const char *path, const s2s_corpus *corpus, const s2s_corpus *dev,
             const s2s_options *options, s2s_trainer **trainer)
NO_TRAIN(s2s_trainer_set_allreduce, s2s_trainer *trainer, s2s_allreduce_fn allreduce, void *user, int32_t rank,
         int32_t ranks)
void s2s_trainer_cancel(s2s_trainer *trainer) {}
void s2s_trainer_clear_cancel(s2s_trainer *trainer) {}
void s2s_trainer_free(s2s_trainer *trainer) {}

/* ---- figures ----------------------------------------------------------------------------------------------------- */

NO_TRAIN_OUT(s2s_evaluate, metrics, const s2s_model *model, const s2s_corpus *corpus, const s2s_options *options,
             s2s_metrics **metrics)
NO_TRAIN_OUT(s2s_metric_texts, metrics, const s2s_options *options, const char *const *hypotheses,
             const char *const *references, size_t count, size_t alternatives, s2s_metrics **metrics)
NO_TRAIN_OUT(s2s_metric_compare, metrics, const s2s_options *options, const char *const *hypotheses,
             const char *const *others, const char *const *references, size_t count, size_t alternatives,
             s2s_metrics **metrics)
size_t s2s_metrics_count(const s2s_metrics *metrics) { return 0; }
const char *s2s_metrics_name(const s2s_metrics *metrics, size_t index) { return NULL; }
double s2s_metrics_value(const s2s_metrics *metrics, size_t index) { return 0; }
NO_TRAIN(s2s_metrics_get, const s2s_metrics *metrics, const char *name, double *value)
void s2s_metrics_free(s2s_metrics *metrics) {}

#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#undef NO_TRAIN
#undef NO_TRAIN_OUT

#endif
