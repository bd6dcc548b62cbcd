/* SPDX-License-Identifier: MIT
 *
 * Scaled dot-product attention with heads (Vaswani et al. 2017) for a recurrent decoder: attention.in_proj_weight and
 * the others of heads.h. The decoder's state and the encoder's are of one size; the weights given out are the heads'
 * mean.
 */
#include "model/heads.h"
#include "model/network.h"

static int32_t attention_multihead_declare(s2s__network *network, s2s__error *error) {
  const s2s__config *c = &network->config;
  s2s__heads *heads = S2S__TAKE(network->params.arena, s2s__heads, 1);
  if (!heads) return s2s__fail_memory(error, sizeof *heads, "the attention");
  network->attention = heads;
  if (c->decoder_hidden != c->memory_dim)
    return s2s__fail(error, S2S_BAD_OPTION,
                     "attention.type multihead needs decoder.hidden equal to the encoder's state of %zu, not %zu",
                     c->memory_dim, c->decoder_hidden);
  if (c->decoder_hidden % c->attention_heads != 0)
    return s2s__fail(error, S2S_BAD_OPTION, "attention.heads %zu does not divide decoder.hidden %zu",
                     c->attention_heads, c->decoder_hidden);
  return s2s__heads_declare(&network->params, "attention", c->decoder_hidden, c->attention_heads, 1, heads, error);
}

static int32_t attention_multihead_prepare(s2s__graph *graph, const s2s__network *network, s2s__tensor *memory,
                                           s2s__tensor **keys) {
  return s2s__heads_memory(graph, network->attention, memory, keys);
}

static int32_t attention_multihead_attend(s2s__graph *graph, const s2s__network *network, s2s__block *block,
                                          s2s__tensor *queries, s2s__tensor **context) {
  s2s__sight sight = {
      .ragged = &block->ragged, .memory = block->encoding->keys, .rows = block->rows, .site = S2S__DROPOUT_WEIGHTS};
  S2S__TRY(s2s__heads_attend(graph, network->attention, &sight, queries, context));
  return s2s__multihead_mean(graph, sight.weights, &block->weights);
}

const s2s__attention_type s2s__attention_multihead = {
    .name = "multihead",
    .declare = attention_multihead_declare,
    .prepare = attention_multihead_prepare,
    .attend = attention_multihead_attend,
};
