/* SPDX-License-Identifier: MIT
 *
 * The output layer: from what a decoder made of its rows to log-probabilities in search, to a loss in training. Both are of
 * the softmax over the vocabulary, or for a decoder that copies of its mixture with the attention (nn/copy.h).
 */
#include "model/network.h"

static s2s__pointers loss_pointers(const s2s__outputs *outputs, const s2s__copies *copies) {
  return (s2s__pointers){copies, outputs->gate, outputs->weights, &outputs->ragged};
}

/* ---- log-probabilities ------------------------------------------------------------------------------------------- */

/* Logits in rows that have room for the sentence's own words; then the mixture in their place. */
static int32_t loss_mixture(s2s__graph *graph, const s2s__network *network, const s2s__outputs *outputs,
                            const s2s__copies *copies, s2s__tensor **log_probabilities) {
  const size_t rows = outputs->rows->rows, width = copies->vocabulary + copies->extra;
  const s2s__pointers pointers = loss_pointers(outputs, copies);
  const s2s__work work = s2s__graph_work(graph);
  S2S__TRY(s2s__graph_tensor(graph, rows, width, log_probabilities));
  s2s__real *lp = (*log_probabilities)->data;
  S2S__TRY(s2s__weight_multiply(network->generator_weight->weight, &work, rows, outputs->rows->data,
                                outputs->rows->cols, lp, width, network->generator_bias->value, 0));
  for (size_t r = 0; r < rows; r++) s2s__copy_mix(graph->kernels, &pointers, r, lp + r * width, lp + r * width);
  return S2S_OK;
}

int32_t s2s__network_log_probabilities(s2s__graph *graph, const s2s__network *network, const s2s__shortlist *shortlist,
                                       const s2s__outputs *outputs, const s2s__copies *copies,
                                       s2s__tensor **log_probabilities) {
  if (outputs->gate && shortlist)
    return s2s__fail(graph->error, S2S_UNSUPPORTED, "a model with decoder.copy yes cannot use a shortlist");
  if (outputs->gate) return loss_mixture(graph, network, outputs, copies, log_probabilities);
  S2S__TRY(s2s__network_logits(graph, network, shortlist, outputs->rows, log_probabilities));
  const size_t cols = (*log_probabilities)->cols;
  for (size_t r = 0; r < outputs->rows->rows; r++) {
    s2s__real *row = (*log_probabilities)->data + r * cols;
    graph->kernels->log_softmax(cols, row, row);
  }
  return S2S_OK;
}

/* ---- loss -------------------------------------------------------------------------------------------------------- */

static int32_t loss_penalty(s2s__graph *graph, s2s__tensor *penalty, const s2s__loss_settings *settings, double *loss) {
  for (size_t r = 0; r < penalty->rows; r++) *loss += settings->coverage * (double)penalty->data[r];
  if (!graph->recording) return S2S_OK;
  s2s__real *gradient;
  S2S__TRY(s2s__graph_gradient(graph, penalty, &gradient));
  for (size_t r = 0; r < penalty->rows; r++) gradient[r] += (s2s__real)(settings->scale * settings->coverage);
  return S2S_OK;
}

int32_t s2s__network_loss(s2s__graph *graph, const s2s__network *network, const s2s__example *example,
                          const s2s__outputs *outputs, const s2s__loss_settings *settings, double *loss,
                          double *plain) {
  s2s__tensor *logits;
  S2S__TRY(s2s__network_logits(graph, network, NULL, outputs->rows, &logits));
  if (outputs->gate) {
    const s2s__pointers pointers = loss_pointers(outputs, &example->copies);
    S2S__TRY(s2s__copy_cross_entropy(graph, logits, &pointers, 0, example->expected, settings->smoothing,
                                     settings->scale, loss, plain));
  } else
    S2S__TRY(s2s__cross_entropy(graph, logits, example->expected, settings->smoothing, settings->scale, loss, plain));
  return outputs->penalty ? loss_penalty(graph, outputs->penalty, settings, loss) : S2S_OK;
}
