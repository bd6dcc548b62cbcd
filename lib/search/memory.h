/* SPDX-License-Identifier: MIT
 *
 * What an encoder hands out: the states of a batch of sequences, in an arena of their own.
 */
#ifndef S2S__SEARCH_MEMORY_H
#define S2S__SEARCH_MEMORY_H

#include "model/copier.h"
#include "search/source.h"

struct s2s_memory {
  atomic_size_t references; /* the handle, and decoders at work with it */
  s2s__host host;
  s2s__budget budget;
  const s2s_model *model; /* retained */
  s2s__arena arena;
  const int32_t *ids;     /* [rows->total] */
  s2s__rows rows;
  s2s__encoding encoding; /* keys are left to the decoder */
  s2s__copies copies;     /* for a decoder that copies */
  s2s__own_words own;
  const float *states;    /* encoding.states as the public sees them */
  s2s_memory **other;     /* of an ensemble: those of members 1 .. others */
  size_t others;
  /* of texts, NULL of ids: */
  const s2s__span *span;   /* [rows->total] where each token stands in its text */
  const s2s__text *text;   /* [rows->count] each ends with NUL */
};

/* Numbers as float: themselves, or in the double-precision test build a copy in the arena (NULL: no memory). */
const float *s2s__public_floats(s2s__arena *arena, const s2s__real *values, size_t count);

/* Encodes `count` sequences of ids that lie one after another. The ids are copied and must be in range. For a decoder that
 * copies, `part` is what can be copied of them; NULL: what the ids stand for. What is needed on the way is taken from
 * `scratch`, which is as it was on success. */
int32_t s2s__memory_new(const s2s_model *model, const s2s__host *host, const int32_t *ids, const size_t *length,
                        size_t count, const s2s__copier_part *part, s2s__arena *scratch, s2s_memory **memory,
                        s2s__error *error);
/* Encodes sources number[0 .. count), in this order, with copies of their texts. */
int32_t s2s__memory_of(const s2s_model *model, const s2s__host *host, const s2s__sources *sources, const size_t *number,
                       size_t count, s2s__arena *scratch, s2s_memory **memory, s2s__error *error);
void s2s__memory_retain(const s2s_memory *memory);
void s2s__memory_release(const s2s_memory *memory); /* frees it with the last reference; NULL does nothing */

#endif
