/* SPDX-License-Identifier: MIT
 *
 * What the tests of searches begin with: small models that are sure of what they say, memories, decoders.
 */
#ifndef TEST_SEARCH_H
#define TEST_SEARCH_H

#include "fixture.h"
#include "tap.h"

#include "search/decoder.h"

#include <math.h>
#include <stdlib.h>

enum { SOURCES = 11, TARGETS = 7, MOST_TOKENS = 64 };

static const char *const shapes[] = {
    "embedding.dim 6 encoder.hidden 5 decoder.hidden 10 attention.input_feeding yes",
    ("embedding.dim 5 encoder.cell gru encoder.hidden 6 decoder.cell gru decoder.hidden 7 decoder.order bahdanau "
     "decoder.bridge linear decoder.readout 9 attention.type additive"),
    "embedding.dim 6 encoder.hidden 4 decoder.hidden 8 attention.type none",
    ("encoder.type transformer decoder.type transformer transformer.dim 8 transformer.heads 2 transformer.ffn 12 "
     "decoder.layers 2")};
#define SHAPES (sizeof shapes / sizeof *shapes)

/* ---- models and their decoders ----------------------------------------------------------------------------------- */

/* A model whose output layer is drawn wider than training begins with, so that distributions are sharp. */
static inline s2s_model *sharp_model(size_t shape, uint64_t *random) {
  char options[320];
  snprintf(options, sizeof options, "%s seed %zu", shapes[shape % SHAPES], fixture_below(random, 1000000));
  s2s_model *model = fixture_model(options, SOURCES, TARGETS);
  const s2s__param *p = fixture_param(model, "generator.weight");
  float values[TARGETS * 16];
  for (size_t i = 0; i < s2s__param_size(p); i++) values[i] = (float)fixture_uniform(random, -2, 2);
  fixture_write(model, "generator.weight", values);
  return model;
}

/* generator.bias: `end` for the end mark, zero for all others. */
static inline void bias_end(s2s_model *model, double end) {
  float values[TARGETS] = {0};
  values[S2S__EOS] = (float)end;
  fixture_write(model, "generator.bias", values);
}

static inline s2s_memory *encoded(const s2s_model *model, const int32_t *ids, const size_t *lengths, size_t count) {
  s2s_encoder *encoder;
  s2s_memory *memory;
  need(s2s_encoder_init(model, NULL, &encoder));
  need(s2s_encode_ids(encoder, ids, lengths, count, &memory));
  s2s_encoder_free(encoder);
  return memory;
}

/* One sentence of n random tokens. */
static inline s2s_memory *drawn_memory(const s2s_model *model, size_t n, uint64_t *random) {
  int32_t ids[MOST_TOKENS];
  for (size_t i = 0; i < n; i++) ids[i] = (int32_t)fixture_below(random, SOURCES);
  return encoded(model, ids, &n, 1);
}

static inline s2s_decoder *decoder_with(const s2s_model *model, const char *text) {
  s2s_options *options = fixture_options(text);
  s2s_decoder *decoder;
  need(s2s_decoder_init(model, options, &decoder));
  s2s_options_free(options);
  return decoder;
}

static inline s2s_result *decoded(const s2s_model *model, const s2s_memory *memory, const char *text) {
  s2s_decoder *decoder = decoder_with(model, text);
  s2s_result *result;
  need(s2s_decode(decoder, memory, &result));
  s2s_decoder_free(decoder);
  return result;
}

#endif
