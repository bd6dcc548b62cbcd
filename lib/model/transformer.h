/* SPDX-License-Identifier: MIT
 *
 * Transformer layers (Vaswani et al. 2017) under the names and shapes of PyTorch's nn.Transformer. With SA and CA
 * attention with heads over the layer's own rows and over the memory, FF(x) = linear2(activation(linear1(x))):
 *
 *     post   x = norm1(x + SA(x));  x = norm2(x + CA(x));  x = norm3(x + FF(x))      norm(x + f(x))
 *     pre    x = x + SA(norm1(x));  x = x + CA(norm2(x));  x = x + FF(norm3(x))      x + f(norm(x)) (Xiong et al. 2020)
 *
 * An encoder layer has no CA, and norm2 before or after FF. Both stacks end in a norm. Dropout stands on each f, inside
 * FF after the activation, and on the sum of embedding and position.
 */
#ifndef S2S__MODEL_TRANSFORMER_H
#define S2S__MODEL_TRANSFORMER_H

#include "model/heads.h"
#include "model/network.h"

typedef struct s2s__transformer_layer {
  s2s__heads self, cross; /* cross: of a decoder */
  const s2s__param *linear1, *linear1_bias, *linear2, *linear2_bias;
  const s2s__param *gain[3], *bias[3]; /* norm1 .. */
} s2s__transformer_layer;

typedef struct s2s__transformer {
  size_t layers;
  int crosses; /* a decoder */
  s2s__transformer_layer *layer;
  const s2s__param *gain, *bias; /* the last norm */
  const s2s__param *positions;   /* learned; NULL: sinusoidal */
} s2s__transformer;

/* prefix "transformer.encoder" or "transformer.decoder"; positions: the name of learned ones. */
int32_t s2s__transformer_declare(s2s__network *network, const char *prefix, const char *positions, size_t layers,
                                 int crosses, s2s__transformer *transformer, s2s__error *error);

/* x = embedding scaled, positions added, dropout. */
int32_t s2s__transformer_embed(s2s__graph *graph, const s2s__network *network, const s2s__transformer *transformer,
                               int32_t side, const int32_t *ids, const s2s__rows *rows, s2s__tensor **x);

/* One layer over x [rows, D]; cross NULL in an encoder; `site` is the first of four places of dropout. Where the graph is
 * not recording, weights that are looked at afterwards have their memory from before (s2s__sight.weights). */
int32_t s2s__transformer_forward(s2s__graph *graph, const s2s__config *config, const s2s__transformer_layer *layer,
                                 const s2s__rows *rows, uint64_t site, s2s__sight *self, s2s__sight *cross,
                                 s2s__tensor *x, s2s__tensor **y);

#endif
