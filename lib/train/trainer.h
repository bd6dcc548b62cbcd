/* SPDX-License-Identifier: MIT
 *
 * The trainer: parameters, gradients and optimiser states as flat arrays; a batch cut into shards, one thread each.
 *
 *   update = shards (forward, backward; each into a gradient of its own, in parallel)
 *          -> blocks (add the shards' gradients, measure the norm; in parallel)
 *          -> blocks (clip, optimise), then matrices (pack); in parallel
 *
 * The number of shards, the blocks and every order of addition are fixed, so the number of threads changes nothing.
 */
#ifndef S2S__TRAIN_TRAINER_H
#define S2S__TRAIN_TRAINER_H

#include "base/gate.h"
#include "train/evaluate.h"
#include "train/kept.h"
#include "train/optimizer.h"
#include "train/schedule.h"

typedef struct s2s__shard {
  s2s__arena arena;
  s2s__error error;
  s2s__real *gradient; /* flat */
  s2s__pool *pool;     /* of its own, where there are threads to spare */
  double loss;         /* smoothed, summed over target tokens */
} s2s__shard;

typedef struct s2s__range { /* of the flat arrays */
  size_t begin, end;
} s2s__range;

struct s2s_trainer {
  s2s__gate gate;
  s2s__host host;
  s2s__budget budget;
  s2s_options options;     /* a copy */
  const s2s_model *origin; /* retained: options, vocabularies, segmenters */
  const s2s__kernels *kernels;
  s2s__pool *pool;
  s2s__arena arena; /* network, flat arrays */
  s2s__network network;
  s2s__real *state[2];
  s2s__range *frozen; /* [frozen_count] places of parameters that are left alone, in order */
  size_t frozen_count;
  s2s__real *average; /* moving average of the parameters, or NULL */
  const s2s__optimizer *optimizer;
  s2s__optimizer_settings optimizer_settings;
  uint64_t optimizer_start; /* updates that were made when its states were zero */
  s2s__schedule schedule;
  s2s__shard *shard;
  size_t shards;
  size_t first_shard, own_shards; /* those of this process */
  s2s_allreduce_fn allreduce;     /* NULL: there is no other */
  void *allreduce_user;

  s2s__dataset dataset;
  const s2s_corpus *corpus; /* retained, to cut its texts anew in each epoch; NULL: they are cut once */
  size_t pairs;             /* of the corpus, when the trainer was made */
  s2s__epoch epoch;
  size_t next_batch; /* of this epoch */
  uint64_t updates, epochs;
  uint32_t data_crc[2]; /* of the tokens of corpus and dev set: whether a checkpoint is of the same */
  int evaluation_owed;  /* an epoch has ended that was not judged yet */
  size_t setbacks;      /* since the last evaluation */

  int has_dev;
  s2s__evaluation dev;
  s2s_model *best; /* NULL: nothing evaluated yet */
  s2s__score best_score;
  size_t evaluations_since_best;
  s2s__kept kept; /* the keep_best best */

  double epoch_loss, epoch_tokens; /* of this epoch so far */
  double seconds, tokens, sentences, epoch_seconds;
  s2s_metrics metrics;
  atomic_int cancelled;
};

int32_t s2s__trainer_new(const s2s_model *model, const s2s_corpus *corpus, const s2s_corpus *dev,
                         const s2s_options *options, s2s_trainer **trainer, s2s__error *error);
void s2s__trainer_free(s2s_trainer *trainer);

int32_t s2s__trainer_step(s2s_trainer *trainer, double *loss, s2s__error *error);
int32_t s2s__trainer_evaluate(s2s_trainer *trainer, s2s__error *error);
int32_t s2s__trainer_run(s2s_trainer *trainer, s2s__error *error);
/* A copy of the best model, or of the present one where none was evaluated; and always of the present one. */
int32_t s2s__trainer_model(const s2s_trainer *trainer, s2s_model **model, s2s__error *error);
int32_t s2s__trainer_present(const s2s_trainer *trainer, s2s_model **model, s2s__error *error);

/* From here on this process computes part `rank` of `ranks` of each batch. */
int32_t s2s__trainer_set_allreduce(s2s_trainer *trainer, s2s_allreduce_fn allreduce, void *user, int32_t rank,
                                   int32_t ranks, s2s__error *error);

/* Cuts (where it is cut anew) and orders the pairs for the present epoch: depends on nothing but its number. */
int32_t s2s__trainer_arrange(s2s_trainer *trainer, s2s__error *error);
void s2s__trainer_report(s2s_trainer *trainer); /* updates the metrics of the training itself */

/* checkpoint.c: all that training needs to go on as if it had not stopped, beside the present model in a model file. */
int32_t s2s__trainer_save(const s2s_trainer *trainer, const char *path, s2s__error *error);
int32_t s2s__trainer_resume(const char *path, const s2s_corpus *corpus, const s2s_corpus *dev,
                            const s2s_options *options, s2s_trainer **trainer, s2s__error *error);

/* update.c: forward, backward, optimise. pair[0..count) is one batch; *loss its mean smoothed loss. */
int32_t s2s__trainer_update(s2s_trainer *trainer, const uint32_t *pair, size_t count, double *loss, double *norm,
                            s2s__error *error);

#endif
