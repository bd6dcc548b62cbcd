/* SPDX-License-Identifier: MIT
 *
 * Luong's general attention (Luong, Pham, Manning 2015): score(q, m) = q^T W m, W = attention.linear_in.weight
 * [decoder_hidden, memory_dim]. The keys W m are made once for each memory, so that a step is dot products alone.
 */
#include "model/network.h"

typedef struct attention_general {
  const s2s__param *linear_in;
} attention_general;

static int32_t attention_general_declare(s2s__network *network, s2s__error *error) {
  attention_general *attention = S2S__TAKE(network->params.arena, attention_general, 1);
  if (!attention) return s2s__fail_memory(error, sizeof *attention, "the attention");
  network->attention = attention;
  S2S__TRY(s2s__network_declare_coverage(network, network->config.decoder_hidden, error));
  return s2s__params_linear(&network->params, "attention.linear_in", network->config.decoder_hidden,
                            network->config.memory_dim, &attention->linear_in, NULL, error);
}

static int32_t attention_general_prepare(s2s__graph *graph, const s2s__network *network, s2s__tensor *memory,
                                         s2s__tensor **keys) {
  const attention_general *attention = network->attention;
  return s2s__linear(graph, attention->linear_in, NULL, memory, keys);
}

static int32_t attention_general_score(s2s__graph *graph, const s2s__network *network, s2s__tensor *queries,
                                       s2s__tensor *keys, const s2s__ragged *ragged, s2s__tensor **scores) {
  (void)network;
  return s2s__score_dot(graph, queries, keys, ragged, scores);
}

const s2s__attention_type s2s__attention_general = {
    .name = "general",
    .declare = attention_general_declare,
    .prepare = attention_general_prepare,
    .score = attention_general_score,
};
