/* SPDX-License-Identifier: MIT
 *
 * A corpus as token ids, and batches of it.
 */
#ifndef S2S__TRAIN_DATASET_H
#define S2S__TRAIN_DATASET_H

#include "model/copier.h"
#include "model/model.h"
#include "train/corpus.h"

/* Pairs of id sequences: side s of pair i is ids[s][begin[s][i]] .. [begin[s][i + 1]]. Targets have no marks; with copying they
 * may have the source's own words (sentence i of the copier). */
typedef struct s2s__dataset {
  s2s__ids ids[2];
  size_t *begin[2]; /* [count + 1] */
  size_t count, capacity;
  size_t skipped; /* pairs left out for their length */
  const s2s_model *copies; /* whose decoder copies, borrowed; NULL: it does not */
  s2s__copier copier;
} s2s__dataset;

/* The first `pairs` of the corpus, less those with more than max_length tokens on a side (0: no limit). With sampling, whose
 * key is that of all pairs, texts are cut at random, but the same pairs are left out: one that has become too long is
 * cut the best way. */
int32_t s2s__dataset_init(s2s__dataset *dataset, const s2s__host *host, const s2s_model *model,
                          const s2s_corpus *corpus, size_t pairs, size_t max_length, const s2s__sampling *sampling,
                          s2s__error *error);
void s2s__dataset_free(s2s__dataset *dataset);

static inline size_t s2s__dataset_length(const s2s__dataset *dataset, int32_t side, size_t pair) {
  return dataset->begin[side][pair + 1] - dataset->begin[side][pair];
}
static inline const int32_t *s2s__dataset_ids(const s2s__dataset *dataset, int32_t side, size_t pair) {
  return dataset->ids[side].item + dataset->begin[side][pair];
}

/* The pairs pair[0], pair[step], pair[2 * step], ... below `count`, as one teacher-forced example. Dropout streams are their
 * places in pair[], so that cutting a batch into shards does not change any draw. */
int32_t s2s__dataset_example(const s2s__dataset *dataset, const uint32_t *pair, size_t count, size_t first, size_t step,
                             s2s__arena *arena, s2s__example *example, s2s__error *error);

/* One epoch's batches: all pairs shuffled, sorted by length within pools of many batches, cut, and the batches shuffled. */
typedef struct s2s__epoch {
  s2s__host host;
  uint32_t *pair;  /* [count] */
  uint32_t *batch; /* [batches] numbers of batches in the order of training */
  uint32_t *begin; /* [batches + 1] first pair of each */
  size_t count, batches;
  size_t most_sentences, most_tokens; /* of a batch; 0 tokens: no limit */
} s2s__epoch;

int32_t s2s__epoch_init(s2s__epoch *epoch, const s2s__host *host, size_t count, size_t most_sentences,
                        size_t most_tokens, s2s__error *error);
void s2s__epoch_shuffle(s2s__epoch *epoch, const s2s__dataset *dataset, uint64_t key);
/* Pairs of the n-th batch. */
const uint32_t *s2s__epoch_batch(const s2s__epoch *epoch, size_t n, size_t *count);
void s2s__epoch_free(s2s__epoch *epoch);

#endif
