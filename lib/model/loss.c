/* SPDX-License-Identifier: MIT
 *
 * The output layer: from what a decoder made of its rows to log-probabilities in search, to a loss in training. Both
 * are of the softmax over the vocabulary, or for a decoder that copies of its mixture with the attention (nn/copy.h).
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

int32_t s2s__network_log_probabilities(s2s__graph *graph, const s2s__network *network, const s2s__outputs *outputs,
                                       const s2s__copies *copies, s2s__tensor **log_probabilities) {
  if (outputs->gate) return loss_mixture(graph, network, outputs, copies, log_probabilities);
  S2S__TRY(s2s__network_logits(graph, network, NULL, outputs->rows, log_probabilities));
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
  if (!s2s__graph_records(graph)) return S2S_OK;
  s2s__real *gradient;
  S2S__TRY(s2s__graph_gradient(graph, penalty, &gradient));
  for (size_t r = 0; r < penalty->rows; r++) gradient[r] += (s2s__real)(settings->scale * settings->coverage);
  return S2S_OK;
}

enum { LOSS_ROWS = 256 }; /* whose logits are there at a time */

/* The gradients that pieces add to must not be taken inside one. */
static int32_t loss_gradients(s2s__graph *graph, const s2s__outputs *outputs) {
  s2s__real *unused;
  if (!s2s__graph_records(graph)) return S2S_OK;
  S2S__TRY(s2s__graph_gradient(graph, outputs->rows, &unused));
  if (!outputs->gate) return S2S_OK;
  S2S__TRY(s2s__graph_gradient(graph, outputs->gate, &unused));
  return s2s__graph_gradient(graph, outputs->weights, &unused);
}

/* Rows [first, first + count) of the outputs, as a tensor. */
static s2s__tensor loss_rows(const s2s__tensor *rows, size_t first, size_t count) {
  const size_t at = first * rows->cols;
  return (s2s__tensor){rows->data + at, rows->grad ? rows->grad + at : NULL, count, rows->cols};
}

/* The loss of some rows, and where it is recorded its way back through the output layer at once: the logits are gone
 * after. */
static int32_t loss_piece(s2s__graph *graph, const s2s__network *network, const s2s__example *example,
                          const s2s__outputs *outputs, const s2s__loss_settings *settings, size_t first, size_t count,
                          double *loss, double *plain) {
  const s2s__param *weight = network->generator_weight, *bias = network->generator_bias;
  const s2s__work work = s2s__graph_work(graph);
  s2s__tensor x = loss_rows(outputs->rows, first, count), *logits;
  S2S__TRY(s2s__graph_tensor(graph, count, weight->rows, &logits));
  S2S__TRY(
      s2s__weight_multiply(weight->weight, &work, count, x.data, x.cols, logits->data, logits->cols, bias->value, 0));
  if (outputs->gate) {
    const s2s__pointers pointers = loss_pointers(outputs, &example->copies);
    S2S__TRY(s2s__copy_cross_entropy(graph, logits, &pointers, first, example->expected, settings->smoothing,
                                     settings->scale, loss, plain));
  } else
    S2S__TRY(s2s__cross_entropy(graph, logits, example->expected + first, settings->smoothing, settings->scale, loss,
                                plain));
  return s2s__graph_records(graph) ? s2s__linear_gradient(graph, weight, bias, &x, logits) : S2S_OK;
}

int32_t s2s__network_loss(s2s__graph *graph, const s2s__network *network, const s2s__example *example,
                          const s2s__outputs *outputs, const s2s__loss_settings *settings, double *loss,
                          double *plain) {
  const size_t rows = outputs->rows->rows;
  *loss = *plain = 0;
  S2S__TRY(loss_gradients(graph, outputs));
  for (size_t first = 0; first < rows; first += LOSS_ROWS) {
    const size_t count = rows - first < LOSS_ROWS ? rows - first : LOSS_ROWS;
    const s2s__mark mark = s2s__arena_mark(graph->arena);
    double piece_loss, piece_plain;
    S2S__TRY(loss_piece(graph, network, example, outputs, settings, first, count, &piece_loss, &piece_plain));
    s2s__arena_rewind(graph->arena, mark);
    *loss += piece_loss;
    *plain += piece_plain;
  }
  return outputs->penalty ? loss_penalty(graph, outputs->penalty, settings, loss) : S2S_OK;
}
