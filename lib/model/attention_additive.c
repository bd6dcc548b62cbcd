/* SPDX-License-Identifier: MIT
 *
 * Additive attention (Bahdanau, Cho, Bengio 2015): score(q, m) = v . tanh(W_q q + W_k m + b), with
 * attention.query.weight [A, decoder_hidden], attention.key.weight [A, memory_dim], attention.key.bias [A],
 * attention.v.weight [1, A]. The keys W_k m + b are made once for each memory.
 */
#include "model/network.h"

#include <math.h>

typedef struct attention_additive {
  const s2s__param *query, *key, *key_bias, *v;
} attention_additive;

static int32_t attention_additive_declare(s2s__network *network, s2s__error *error) {
  const s2s__config *c = &network->config;
  s2s__params *params = &network->params;
  attention_additive *attention = S2S__TAKE(params->arena, attention_additive, 1);
  if (!attention) return s2s__fail_memory(error, sizeof *attention, "the attention");
  network->attention = attention;
  S2S__TRY(s2s__params_linear(params, "attention.query", c->attention_dim, c->decoder_hidden, &attention->query, NULL,
                              error));
  S2S__TRY(s2s__params_linear(params, "attention.key", c->attention_dim, c->memory_dim, &attention->key,
                              &attention->key_bias, error));
  S2S__TRY(s2s__network_declare_coverage(network, c->attention_dim, error));
  return s2s__params_matrix(params, "attention.v.weight", 1, c->attention_dim, S2S__WEIGHT_ROWS, S2S__INIT_UNIFORM,
                            1.0 / sqrt((double)c->attention_dim), &attention->v, error);
}

static int32_t attention_additive_prepare(s2s__graph *graph, const s2s__network *network, s2s__tensor *memory,
                                          s2s__tensor **keys) {
  const attention_additive *attention = network->attention;
  return s2s__linear(graph, attention->key, attention->key_bias, memory, keys);
}

static int32_t attention_additive_score(s2s__graph *graph, const s2s__network *network, s2s__tensor *queries,
                                        s2s__tensor *keys, const s2s__ragged *ragged, s2s__tensor **scores) {
  const attention_additive *attention = network->attention;
  s2s__tensor *projected;
  S2S__TRY(s2s__linear(graph, attention->query, NULL, queries, &projected));
  return s2s__score_additive(graph, projected, keys, attention->v, ragged, scores);
}

const s2s__attention_type s2s__attention_additive = {
    .name = "additive",
    .declare = attention_additive_declare,
    .prepare = attention_additive_prepare,
    .score = attention_additive_score,
};
