/* SPDX-License-Identifier: MIT
 *
 * The loss of an example: output layer and cross-entropy.
 */
#include "model/network.h"

int32_t s2s__network_loss(s2s__graph *graph, const s2s__network *network, const s2s__example *example,
                          const s2s__outputs *outputs, double smoothing, double scale, double *loss, double *plain) {
  s2s__tensor *logits;
  S2S__TRY(s2s__network_logits(graph, network, NULL, outputs->rows, &logits));
  return s2s__cross_entropy(graph, logits, example->expected, smoothing, scale, loss, plain);
}
