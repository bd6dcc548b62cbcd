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

static int32_t config_check_transformer(const s2s__config *c, s2s__error *error) {
  const int encoder = c->is_transformer[S2S_SOURCE], decoder = c->is_transformer[S2S_TARGET];
  if ((encoder || decoder) && c->dim % c->heads != 0)
    return s2s__fail(error, S2S_BAD_OPTION, "transformer.heads %zu does not divide transformer.dim %zu", c->heads,
                     c->dim);
  if (decoder && c->memory_dim != c->dim)
    return s2s__fail(error, S2S_BAD_OPTION,
                     "decoder.type transformer needs transformer.dim equal to the encoder's state of %zu, not %zu",
                     c->memory_dim, c->dim);
  if (decoder && c->input_feeding)
    return s2s__fail(error, S2S_BAD_OPTION, "attention.input_feeding yes needs decoder.type rnn");
  if (encoder && !decoder && c->bridge == S2S__BRIDGE_COPY)
    return s2s__fail(error, S2S_BAD_OPTION,
                     "encoder.type transformer has no recurrent state to copy; set decoder.bridge linear");
  return S2S_OK;
}

/* One matrix for both embeddings needs one size of each; the output's is checked where it is known. */
static int32_t config_check_tie(const s2s__config *c, s2s__error *error) {
  if (c->tie != S2S__TIE_ALL) return S2S_OK;
  if (c->embedding_dim[S2S_SOURCE] != c->embedding_dim[S2S_TARGET])
    return s2s__fail(error, S2S_BAD_OPTION, "embedding.tie all needs embeddings of one size, not %zu and %zu",
                     c->embedding_dim[S2S_SOURCE], c->embedding_dim[S2S_TARGET]);
  if (c->vocabulary[S2S_SOURCE] != c->vocabulary[S2S_TARGET])
    return s2s__fail(error, S2S_BAD_OPTION, "embedding.tie all needs one vocabulary, not one of %zu and one of %zu",
                     c->vocabulary[S2S_SOURCE], c->vocabulary[S2S_TARGET]);
  return S2S_OK;
}

/* What is copied is one token of the source that becomes one of the target. */
static int32_t config_check_copy_tokens(const s2s__config *c, const s2s_options *options, s2s__error *error) {
  const char *source = s2s__option_text(options, S2S__SOURCE_TOKENS);
  const char *target = s2s__option_text(options, S2S__TARGET_TOKENS);
  if (c->copy && strcmp(source, target) != 0)
    return s2s__fail(error, S2S_BAD_OPTION,
                     "decoder.copy yes needs source.tokens and target.tokens to be the same, not %s and %s", source,
                     target);
  return S2S_OK;
}

static int32_t config_check_pointing(const s2s__config *c, s2s__error *error) {
  const int decoder = c->is_transformer[S2S_TARGET];
  if (c->coverage && decoder)
    return s2s__fail(error, S2S_BAD_OPTION, "attention.coverage yes needs decoder.type rnn");
  if (c->coverage && !c->has_attention)
    return s2s__fail(error, S2S_BAD_OPTION, "attention.coverage yes needs an attention.type other than none");
  if (c->copy && !c->has_attention && !decoder)
    return s2s__fail(error, S2S_BAD_OPTION, "decoder.copy yes needs an attention.type other than none");
  return S2S_OK;
}

static int32_t config_check(const s2s__config *c, s2s__error *error) {
  S2S__TRY(config_check_transformer(c, error));
  S2S__TRY(config_check_tie(c, error));
  S2S__TRY(config_check_pointing(c, error));
  if (c->is_transformer[S2S_TARGET]) return S2S_OK; /* what follows is of recurrent decoders */
  if (c->input_feeding && !c->has_attention)
    return s2s__fail(error, S2S_BAD_OPTION, "attention.input_feeding yes needs an attention.type other than none");
  if (c->input_feeding && c->order != S2S__ORDER_LUONG)
    return s2s__fail(
        error, S2S_BAD_OPTION,
        "attention.input_feeding yes needs decoder.order luong (the bahdanau order always feeds the context)");
  return c->bridge == S2S__BRIDGE_COPY ? config_check_copy(c, error) : S2S_OK;
}

static void config_read_transformer(s2s__config *c, const s2s_options *options) {
  static const s2s__activation activations[] = {S2S__ACTIVATION_RELU, S2S__ACTIVATION_GELU, S2S__ACTIVATION_SWISH};
  c->is_transformer[S2S_SOURCE] = strcmp(s2s__option_text(options, S2S__ENCODER_TYPE), "transformer") == 0;
  c->is_transformer[S2S_TARGET] = strcmp(s2s__option_text(options, S2S__DECODER_TYPE), "transformer") == 0;
  c->dim = s2s__option_size(options, S2S__TRANSFORMER_DIM);
  c->heads = s2s__option_size(options, S2S__TRANSFORMER_HEADS);
  c->ffn = s2s__option_size(options, S2S__TRANSFORMER_FFN);
  c->max_positions = s2s__option_size(options, S2S__TRANSFORMER_MAX_POSITIONS);
  c->activation = activations[s2s__option_choice(options, S2S__TRANSFORMER_ACTIVATION)];
  c->pre_norm = s2s__option_choice(options, S2S__TRANSFORMER_NORM) == 0;
  c->learned_positions = s2s__option_choice(options, S2S__TRANSFORMER_POSITIONS) == 1;
  c->scale_embedding = s2s__option_bool(options, S2S__TRANSFORMER_SCALE_EMBEDDING);
}

int32_t s2s__config_read(s2s__config *config, const s2s_options *options, size_t source_vocabulary,
                         size_t target_vocabulary, s2s__error *error) {
  s2s__config *c = config;
  memset(c, 0, sizeof *c);
  c->vocabulary[S2S_SOURCE] = source_vocabulary;
  c->vocabulary[S2S_TARGET] = target_vocabulary;
  config_read_transformer(c, options);
  if (s2s__option_choice(options, S2S__EMBEDDING_TIE) == S2S__TIE_ALL &&
      strcmp(s2s__option_text(options, S2S__SOURCE_TOKENS), s2s__option_text(options, S2S__TARGET_TOKENS)) != 0)
    return s2s__fail(error, S2S_BAD_OPTION, "embedding.tie all needs source.tokens and target.tokens to be the same");
  c->tie = (s2s__tie)s2s__option_choice(options, S2S__EMBEDDING_TIE);
  for (int side = 0; side < 2; side++)
    c->embedding_dim[side] = c->is_transformer[side] ? c->dim : s2s__option_size(options, S2S__EMBEDDING_DIM);
  c->encoder_cell = s2s__cell_find(s2s__option_text(options, S2S__ENCODER_CELL));
  c->encoder_layers = s2s__option_size(options, S2S__ENCODER_LAYERS);
  c->encoder_hidden = s2s__option_size(options, S2S__ENCODER_HIDDEN);
  c->encoder_directions = s2s__option_bool(options, S2S__ENCODER_BIDIRECTIONAL) ? 2 : 1;
  c->memory_dim = c->is_transformer[S2S_SOURCE] ? c->dim : c->encoder_hidden * c->encoder_directions;
  c->decoder_cell = s2s__cell_find(s2s__option_text(options, S2S__DECODER_CELL));
  c->decoder_layers = s2s__option_size(options, S2S__DECODER_LAYERS);
  c->decoder_hidden = s2s__option_size(options, S2S__DECODER_HIDDEN);
  c->encoder_residual = s2s__option_bool(options, S2S__ENCODER_RESIDUAL);
  c->decoder_residual = s2s__option_bool(options, S2S__DECODER_RESIDUAL);
  c->encoder_norm = s2s__option_bool(options, S2S__ENCODER_LAYER_NORM);
  c->decoder_norm = s2s__option_bool(options, S2S__DECODER_LAYER_NORM);
  c->order = (s2s__order)s2s__option_choice(options, S2S__DECODER_ORDER);
  c->bridge = (s2s__bridge)s2s__option_choice(options, S2S__DECODER_BRIDGE);
  c->readout = s2s__option_size(options, S2S__DECODER_READOUT);
  c->has_attention =
      !c->is_transformer[S2S_TARGET] && strcmp(s2s__option_text(options, S2S__ATTENTION_TYPE), "none") != 0;
  c->attention_dim = s2s__option_size(options, S2S__ATTENTION_DIM);
  if (c->attention_dim == 0) c->attention_dim = c->decoder_hidden;
  c->attention_heads = s2s__option_size(options, S2S__ATTENTION_HEADS);
  c->input_feeding = s2s__option_bool(options, S2S__ATTENTION_INPUT_FEEDING);
  c->coverage = s2s__option_bool(options, S2S__ATTENTION_COVERAGE);
  c->copy = s2s__option_bool(options, S2S__DECODER_COPY);
  S2S__TRY(config_check_copy_tokens(c, options, error));
  return config_check(c, error);
}
