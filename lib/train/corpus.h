/* SPDX-License-Identifier: MIT
 *
 * Parallel text in memory: pairs of UTF-8 texts, checked when they are added.
 */
#ifndef S2S__TRAIN_CORPUS_H
#define S2S__TRAIN_CORPUS_H

#include "base/stream.h"

typedef struct s2s__pair {
  const char *text[2]; /* S2S_SOURCE, S2S_TARGET; NUL-terminated, in the corpus's arena */
  uint32_t length[2];  /* bytes */
} s2s__pair;

struct s2s_corpus {
  atomic_size_t references;
  s2s__budget budget;
  s2s__arena arena; /* texts */
  s2s__pair *pair;
  size_t count, capacity;
};

#define S2S__MAX_LINE_BYTES (16u << 20)

int32_t s2s__corpus_new(const s2s__host *host, s2s_corpus **corpus, s2s__error *error);
int32_t s2s__corpus_add(s2s_corpus *corpus, const char *source, size_t source_length, const char *target,
                        size_t target_length, s2s__error *error);
/* On failure the corpus holds what it held before. Messages: "FILE:LINE: no tab between source and target" etc. */
int32_t s2s__corpus_read_pairs(s2s_corpus *corpus, s2s__reader *reader, s2s__error *error);
int32_t s2s__corpus_read_aligned(s2s_corpus *corpus, s2s__reader *source, s2s__reader *target, s2s__error *error);
void s2s__corpus_retain(const s2s_corpus *corpus);
void s2s__corpus_release(const s2s_corpus *corpus); /* frees it with the last reference; NULL does nothing */

#endif
