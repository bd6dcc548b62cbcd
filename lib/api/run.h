/* SPDX-License-Identifier: MIT
 *
 * What the public functions that run models share: an encoder handle, and the translation of many texts.
 */
#ifndef S2S__API_RUN_H
#define S2S__API_RUN_H

#include "base/gate.h"
#include "search/decoder.h"

struct s2s_encoder {
  s2s__gate gate;
  s2s__host host;
  s2s__budget budget;
  const s2s_model *model; /* retained */
  size_t max_source_length;
  s2s__sources sources;
  size_t *number; /* 0, 1, 2 ... */
  size_t number_capacity;
  s2s__arena arena; /* of one call: what lies between tokens and states */
};

/* translate.c: many texts, sorted by length, encoded and decoded in batches that threads share. */
typedef struct s2s__translation {
  s2s__host host; /* of all but the result, one budget */
  s2s__budget budget;
  const s2s_model *model; /* borrowed */
  s2s__search search;
  size_t max_source_length;
  size_t threads;
  s2s__pool *pool;
  s2s_decoder **decoder; /* [threads] */
  s2s__arena *scratch;   /* [threads] */
  s2s__sources sources, targets;
  s2s__arena arena;
} s2s__translation;

/* nbest 0: as the options say. To be freed whatever the status. */
int32_t s2s__translation_init(s2s__translation *t, const s2s_model *model, const s2s_options *options,
                              const s2s__host *given, size_t nbest, s2s__error *error);
void s2s__translation_free(s2s__translation *t);

/* A result of as many texts, of the host `given`. Messages name the text by its number. */
int32_t s2s__translation_run(s2s__translation *t, const s2s__host *given, const char *const *texts,
                             const size_t *lengths, size_t count, s2s_result **result, s2s__error *error);
/* The same of targets that are given. */
int32_t s2s__translation_score(s2s__translation *t, const s2s__host *given, const char *const *texts,
                               const size_t *lengths, const char *const *targets, const size_t *target_lengths,
                               size_t count, s2s_result **result, s2s__error *error);

#endif
