/* SPDX-License-Identifier: MIT
 *
 * Options to numbers, and the combinations that cannot be.
 */
#include "model/config.h"

#include <string.h>

/* A copied bridge hands each decoder layer the final state of an encoder layer, so they must have the same shape. */
static int32_t config_check_copy(const s2s__config *c, s2s__error *error) {
  if (c->decoder_hidden != c->memory_dim)
    return s2s__fail(error, S2S_BAD_OPTION,
                     "decoder.bridge copy needs decoder.hidden equal to the encoder's state of %zu, not %zu; set "
                     "decoder.hidden %zu or decoder.bridge linear",
                     c->memory_dim, c->decoder_hidden, c->memory_dim);
  if (c->decoder_layers > c->encoder_layers)
    return s2s__fail(error, S2S_BAD_OPTION,
                     "decoder.bridge copy needs at least as many encoder.layers (%zu) as decoder.layers (%zu); set "
                     "decoder.bridge linear",
                     c->encoder_layers, c->decoder_layers);
  if (c->decoder_cell->has_c && !c->encoder_cell->has_c)
    return s2s__fail(error, S2S_BAD_OPTION,
                     "decoder.bridge copy cannot start an %s decoder from a %s encoder; set decoder.bridge linear",
                     c->decoder_cell->name, c->encoder_cell->name);
  return S2S_OK;
}

static int32_t config_check(const s2s__config *c, s2s__error *error) {
  if (c->input_feeding && !c->has_attention)
    return s2s__fail(error, S2S_BAD_OPTION, "attention.input_feeding yes needs an attention.type other than none");
  if (c->input_feeding && c->order != S2S__ORDER_LUONG)
    return s2s__fail(error, S2S_BAD_OPTION,
                     "attention.input_feeding yes needs decoder.order luong (the bahdanau order always feeds the context)");
  return c->bridge == S2S__BRIDGE_COPY ? config_check_copy(c, error) : S2S_OK;
}

int32_t s2s__config_read(s2s__config *config, const s2s_options *options, size_t source_vocabulary,
                         size_t target_vocabulary, s2s__error *error) {
  s2s__config *c = config;
  memset(c, 0, sizeof *c);
  c->vocabulary[S2S_SOURCE] = source_vocabulary;
  c->vocabulary[S2S_TARGET] = target_vocabulary;
  c->embedding_dim = s2s__option_size(options, S2S__EMBEDDING_DIM);
  c->encoder_cell = s2s__cell_find(s2s__option_text(options, S2S__ENCODER_CELL));
  c->encoder_layers = s2s__option_size(options, S2S__ENCODER_LAYERS);
  c->encoder_hidden = s2s__option_size(options, S2S__ENCODER_HIDDEN);
  c->encoder_directions = s2s__option_bool(options, S2S__ENCODER_BIDIRECTIONAL) ? 2 : 1;
  c->memory_dim = c->encoder_hidden * c->encoder_directions;
  c->decoder_cell = s2s__cell_find(s2s__option_text(options, S2S__DECODER_CELL));
  c->decoder_layers = s2s__option_size(options, S2S__DECODER_LAYERS);
  c->decoder_hidden = s2s__option_size(options, S2S__DECODER_HIDDEN);
  c->order = (s2s__order)s2s__option_choice(options, S2S__DECODER_ORDER);
  c->bridge = (s2s__bridge)s2s__option_choice(options, S2S__DECODER_BRIDGE);
  c->readout = s2s__option_size(options, S2S__DECODER_READOUT);
  c->has_attention = strcmp(s2s__option_text(options, S2S__ATTENTION_TYPE), "none") != 0;
  c->attention_dim = s2s__option_size(options, S2S__ATTENTION_DIM);
  if (c->attention_dim == 0) c->attention_dim = c->decoder_hidden;
  c->input_feeding = s2s__option_bool(options, S2S__ATTENTION_INPUT_FEEDING);
  return config_check(c, error);
}
