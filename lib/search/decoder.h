/* SPDX-License-Identifier: MIT
 *
 * A decoder handle: a stepper, the settings of a search, and the search itself.
 */
#ifndef S2S__SEARCH_DECODER_H
#define S2S__SEARCH_DECODER_H

#include "search/result.h"
#include "search/stepper.h"

typedef struct s2s__search {
  size_t beam, nbest;
  int stop_safe; /* beam_stop safe */
  double length_penalty;
  size_t max_length;
  double max_length_ratio;
} s2s__search;

struct s2s_decoder {
  s2s__host host;
  s2s__budget budget;
  const s2s_model *model; /* retained */
  s2s__search search;
  s2s__stepper stepper;
  s2s__arena arena; /* of one search: hypotheses, candidates */
  size_t *parents;          /* the public step's, converted */
  size_t parents_capacity;
  atomic_int cancelled;
};

void s2s__search_read(s2s__search *search, const s2s_options *options);

int32_t s2s__decoder_new(const s2s_model *model, const s2s__host *host, const s2s__search *search,
                         s2s_decoder **decoder, s2s__error *error);
/* Ends a call: one that found no memory gives back what it took, so that the next can have it. Names the limit; returns
 * `status`. */
int32_t s2s__decoder_finish(s2s_decoder *decoder, int32_t status, s2s__error *error);
void s2s__decoder_free(s2s_decoder *decoder);

/* Searches for all sentences of the memory; their hypotheses become result->text[first ...]. */
int32_t s2s__decoder_search(s2s_decoder *decoder, const s2s_memory *memory, s2s_result *result, size_t first,
                            s2s__error *error);

#endif
