/* SPDX-License-Identifier: MIT
 *
 * Judging a model on a corpus: loss with the references, error rates of what it decodes.
 */
#ifndef S2S__TRAIN_EVALUATE_H
#define S2S__TRAIN_EVALUATE_H

#include "base/thread.h"
#include "search/decoder.h"
#include "train/compare.h"
#include "train/dataset.h"
#include "train/metrics.h"

/* A corpus made ready once: tokens, and which lines are alternatives of one source. */
typedef struct s2s__evaluation {
  s2s__host host;
  s2s__dataset dataset;
  uint32_t *line; /* [lines] sorted by source length and text: alternatives stand together */
  size_t *group;  /* [groups + 1] first line of each source */
  size_t groups;
  const s2s_corpus *corpus; /* retained, for the figures of texts */
  s2s__bleu_tokens bleu_tokens;
  int bleu_smooth;
} s2s__evaluation;

/* BLEU will be that of the options bleu.*. */
int32_t s2s__evaluation_init(s2s__evaluation *evaluation, const s2s__host *host, const s2s_model *model,
                             const s2s_corpus *corpus, const s2s_options *options, s2s__error *error);
void s2s__evaluation_free(s2s__evaluation *evaluation);

/* Figures as s2s_evaluate documents them. Sources are decoded in parallel by the pool (NULL: here); the figures do not
 * depend on it. Between batches `cancelled` (the caller's, may be NULL) is looked at and `progress` (NULL: nobody listens)
 * told. */
int32_t s2s__evaluate(const s2s__evaluation *evaluation, const s2s_model *model, const s2s__search *search,
                      s2s__pool *pool, atomic_int *cancelled, s2s__progress *progress, s2s_metrics *metrics,
                      s2s__error *error);

#endif
