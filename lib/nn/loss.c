/* SPDX-License-Identifier: MIT
 *
 * Softmax cross-entropy with label smoothing, over all rows of a batch.
 */
#include "nn/layers.h"

int32_t s2s__cross_entropy(s2s__graph *graph, s2s__tensor *logits, const int32_t *targets, double smoothing,
                           double scale, double *loss, double *plain) {
  *loss = *plain = 0;
  for (size_t r = 0; r < logits->rows; r++) {
    s2s__real row_plain;
    const s2s__real row = graph->kernels->cross_entropy(logits->cols, logits->data + r * logits->cols,
                                                        (size_t)targets[r], (s2s__real)smoothing, (s2s__real)scale,
                                                        &row_plain);
    *loss += (double)row;
    *plain += (double)row_plain;
  }
  logits->grad = s2s__graph_records(graph) ? logits->data : NULL; /* the kernel left the gradient in the logits' place */
  return S2S_OK;
}
