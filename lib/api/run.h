/* SPDX-License-Identifier: MIT
 *
 * An encoder handle: text to memory.
 */
#ifndef S2S__API_RUN_H
#define S2S__API_RUN_H

#include "search/decoder.h"

struct s2s_encoder {
  s2s__host host;
  s2s__budget budget;
  const s2s_model *model; /* retained */
  size_t max_source_length;
  s2s__tokens tokens;
  s2s__ids ids;
  s2s__copier copier;
  size_t *length;
  size_t length_capacity;
  s2s__arena arena; /* of one call: what lies between tokens and states */
};

int32_t s2s__encoder_new(const s2s_model *model, const s2s__host *host, const s2s_options *options,
                         s2s_encoder **encoder, s2s__error *error);
/* Texts first .. first + count - 1, which `lengths` (may be NULL) and messages count from 0. */
int32_t s2s__encoder_encode(s2s_encoder *encoder, const char *const *texts, const size_t *lengths, size_t first,
                            size_t count, s2s_memory **memory, s2s__error *error);
void s2s__encoder_free(s2s_encoder *encoder);

#endif
