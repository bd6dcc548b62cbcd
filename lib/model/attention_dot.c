/* SPDX-License-Identifier: MIT
 *
 * Luong's dot attention (Luong, Pham, Manning 2015): score(q, m) = q . m, unscaled, without parameters. The decoder's
 * state and the encoder's are of one size.
 */
#include "model/network.h"

static int32_t attention_dot_declare(s2s__network *network, s2s__error *error) {
  const s2s__config *c = &network->config;
  if (c->decoder_hidden != c->memory_dim)
    return s2s__fail(error, S2S_BAD_OPTION,
                     "attention.type dot needs decoder.hidden equal to the encoder's state of %zu, not %zu; set "
                     "decoder.hidden %zu or attention.type general",
                     c->memory_dim, c->decoder_hidden, c->memory_dim);
  return s2s__network_declare_coverage(network, c->memory_dim, error);
}

static int32_t attention_dot_prepare(s2s__graph *graph, const s2s__network *network, s2s__tensor *memory,
                                     s2s__tensor **keys) {
  (void)graph, (void)network;
  *keys = memory;
  return S2S_OK;
}

static int32_t attention_dot_score(s2s__graph *graph, const s2s__network *network, s2s__tensor *queries,
                                   s2s__tensor *keys, const s2s__ragged *ragged, s2s__tensor **scores) {
  (void)network;
  return s2s__score_dot(graph, queries, keys, ragged, scores);
}

const s2s__attention_type s2s__attention_dot = {
    .name = "dot",
    .declare = attention_dot_declare,
    .prepare = attention_dot_prepare,
    .score = attention_dot_score,
};
