/* SPDX-License-Identifier: MIT
 *
 * Luong's concat attention (Luong, Pham, Manning 2015): score(q, m) = v . tanh(W [q; m]), W = attention.linear.weight
 * [A, decoder_hidden + memory_dim], attention.v.weight [1, A].
 *
 * W [q; m] = W [q; 0] + W [0; m]: the second half is made once for each memory, and what is left is the additive score.
 */
#include "model/network.h"

#include <math.h>
#include <string.h>

typedef struct attention_concat {
  const s2s__param *linear, *v;
} attention_concat;

static int32_t attention_concat_declare(s2s__network *network, s2s__error *error) {
  const s2s__config *c = &network->config;
  s2s__params *params = &network->params;
  attention_concat *attention = S2S__TAKE(params->arena, attention_concat, 1);
  if (!attention) return s2s__fail_memory(error, sizeof *attention, "the attention");
  network->attention = attention;
  S2S__TRY(s2s__params_linear(params, "attention.linear", c->attention_dim, c->decoder_hidden + c->memory_dim,
                              &attention->linear, NULL, error));
  S2S__TRY(s2s__network_declare_coverage(network, c->attention_dim, error));
  return s2s__params_matrix(params, "attention.v.weight", 1, c->attention_dim, S2S__WEIGHT_ROWS, S2S__INIT_UNIFORM,
                            1.0 / sqrt((double)c->attention_dim), &attention->v, error);
}

/* W [x; 0] or, with x behind, W [0; x]; `zeros` columns of zeros. */
static int32_t attention_concat_half(s2s__graph *graph, const attention_concat *attention, s2s__tensor *x,
                                     size_t zeros, int behind, s2s__tensor **y) {
  s2s__tensor *zero, *whole;
  S2S__TRY(s2s__graph_tensor(graph, x->rows, zeros, &zero));
  memset(zero->data, 0, zero->rows * zero->cols * sizeof *zero->data);
  S2S__TRY(s2s__concat(graph, (s2s__tensor *[]){behind ? zero : x, behind ? x : zero}, 2, &whole));
  return s2s__linear(graph, attention->linear, NULL, whole, y);
}

static int32_t attention_concat_prepare(s2s__graph *graph, const s2s__network *network, s2s__tensor *memory,
                                        s2s__tensor **keys) {
  return attention_concat_half(graph, network->attention, memory, network->config.decoder_hidden, 1, keys);
}

static int32_t attention_concat_score(s2s__graph *graph, const s2s__network *network, s2s__tensor *queries,
                                      s2s__tensor *keys, const s2s__ragged *ragged, s2s__tensor **scores) {
  const attention_concat *attention = network->attention;
  s2s__tensor *projected;
  S2S__TRY(attention_concat_half(graph, attention, queries, network->config.memory_dim, 0, &projected));
  return s2s__score_additive(graph, projected, keys, attention->v, ragged, scores);
}

const s2s__attention_type s2s__attention_concat = {
    .name = "concat",
    .declare = attention_concat_declare,
    .prepare = attention_concat_prepare,
    .score = attention_concat_score,
};
