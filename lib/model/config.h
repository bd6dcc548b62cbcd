/* SPDX-License-Identifier: MIT
 *
 * The shape of a model: its options as numbers, checked against each other.
 */
#ifndef S2S__MODEL_CONFIG_H
#define S2S__MODEL_CONFIG_H

#include "base/option.h"
#include "nn/recurrent.h"

typedef enum s2s__order { S2S__ORDER_LUONG, S2S__ORDER_BAHDANAU } s2s__order;  /* as in decoder.order's choices */
typedef enum s2s__bridge { S2S__BRIDGE_COPY, S2S__BRIDGE_LINEAR } s2s__bridge; /* as in decoder.bridge's choices */

typedef enum s2s__tie { S2S__TIE_NONE, S2S__TIE_TARGET, S2S__TIE_ALL } s2s__tie; /* as in embedding.tie's choices */

typedef struct s2s__config {
  size_t vocabulary[2];    /* S2S_SOURCE, S2S_TARGET */
  size_t embedding_dim[2]; /* transformer.dim for a transformer's side */
  s2s__tie tie;
  int is_transformer[2]; /* encoder, decoder */
  /* of transformers */
  size_t dim, heads, ffn, max_positions;
  s2s__activation activation;
  int pre_norm, learned_positions, scale_embedding;
  /* of recurrent networks */
  const s2s__cell *encoder_cell, *decoder_cell;
  size_t encoder_layers, encoder_hidden, encoder_directions;
  size_t decoder_layers, decoder_hidden;
  int encoder_residual, decoder_residual, encoder_norm, decoder_norm;
  size_t memory_dim; /* numbers in an encoder state */
  s2s__order order;
  s2s__bridge bridge;
  size_t readout; /* 0: none */
  int has_attention;
  size_t attention_heads; /* of the attention with heads */
  size_t attention_dim;   /* of the additive attention */
  int input_feeding;
  int coverage;
  int copy; /* of either kind of decoder */
} s2s__config;

/* S2S_BAD_OPTION when options contradict each other: the message names both and what would fit. */
int32_t s2s__config_read(s2s__config *config, const s2s_options *options, size_t source_vocabulary,
                         size_t target_vocabulary, s2s__error *error);

#endif
