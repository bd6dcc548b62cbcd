/* SPDX-License-Identifier: MIT
 *
 * The mixture of generating and copying, and its loss. Everything is computed in logarithms, so that nothing is lost
 * where one of the two has next to no probability.
 */
#include "nn/copy.h"

#include <math.h>
#include <string.h>

#define COPY_LEAST ((s2s__real)1e-30) /* of a weight: its logarithm is finite */

static s2s__real copy_exp(const s2s__kernels *kernels, s2s__real x) { return kernels->exp(1, &x, &x), x; }
static s2s__real copy_log(const s2s__kernels *kernels, s2s__real x) { return kernels->log(1, &x, &x), x; }

/* log(e^a + e^b) */
static s2s__real copy_log_add(const s2s__kernels *kernels, s2s__real a, s2s__real b) {
  const s2s__real high = a > b ? a : b, low = a > b ? b : a;
  if (low == -INFINITY) return high;
  return high + copy_log(kernels, 1 + copy_exp(kernels, low - high));
}

/* log sigmoid(x) */
static s2s__real copy_log_sigmoid(const s2s__kernels *kernels, s2s__real x) {
  return x < 0 ? x - copy_log(kernels, 1 + copy_exp(kernels, x)) : -copy_log(kernels, 1 + copy_exp(kernels, -x));
}

/* One row: its sources, and the logarithms of g and 1 - g. */
typedef struct copy_row {
  size_t sources;
  const int32_t *id;
  const s2s__real *weight;
  s2s__real log_generate, log_copy;
} copy_row;

static copy_row copy_row_of(const s2s__kernels *kernels, const s2s__pointers *p, size_t row) {
  const size_t sources = p->ragged->length[row];
  const s2s__real gate = p->gate->data[row];
  return (copy_row){sources, p->copies->id + p->ragged->first[row], p->weights->data + p->ragged->offset[row],
                    sources ? copy_log_sigmoid(kernels, gate) : 0, /* without a source there is nothing to copy */
                    copy_log_sigmoid(kernels, -gate)};
}

/* From the logarithms of the softmax. */
static void copy_mix(const s2s__kernels *kernels, const s2s__copies *copies, const copy_row *row,
                     const s2s__real *log_softmax, s2s__real *lp) {
  for (size_t v = 0; v < copies->vocabulary; v++) lp[v] = log_softmax[v] + row->log_generate;
  for (size_t w = 0; w < copies->extra; w++) lp[copies->vocabulary + w] = -INFINITY;
  for (size_t j = 0; j < row->sources; j++) {
    const s2s__real weight = row->weight[j] < COPY_LEAST ? COPY_LEAST : row->weight[j]; /* a NaN stays one */
    s2s__real *at = &lp[row->id[j]];
    *at = copy_log_add(kernels, *at, row->log_copy + copy_log(kernels, weight));
  }
}

void s2s__copy_mix(const s2s__kernels *kernels, const s2s__pointers *pointers, size_t row, const s2s__real *logits,
                   s2s__real *lp) {
  const copy_row r = copy_row_of(kernels, pointers, row);
  kernels->log_softmax(pointers->copies->vocabulary, logits, lp);
  copy_mix(kernels, pointers->copies, &r, lp, lp);
}

/* What the loss asks for: sum over v of -w_v log P(v), w_v = share in the vocabulary, 1 - eps more for the target. */
typedef struct copy_wanted {
  size_t vocabulary, target;
  s2s__real eps, share;
} copy_wanted;

static s2s__real copy_weight(const copy_wanted *wanted, size_t v) {
  return (v < wanted->vocabulary ? wanted->share : 0) + (v == wanted->target ? 1 - wanted->eps : 0);
}

/* With r_j = (1 - g) weight_j / P(v_j), the share of P(v_j) that source token j gives, and R = 1 - sum over j of w_j r_j, the
 * share of the loss that falls to generating (w_j: that of v_j):
 *     d loss / d gate = g - R;  d / d weight_j = -w_j (1 - g) / P(v_j);
 *     d / d logit_v = R softmax_v - w_v + sum over j that are v of w_v r_j */
static void copy_backward(const s2s__kernels *kernels, const copy_row *row, const copy_wanted *wanted,
                          const s2s__real *lp, s2s__real scale, s2s__real *logits, s2s__real *dgate,
                          s2s__real *dweight) {
  s2s__real generated = 1;
  for (size_t j = 0; j < row->sources; j++) {
    const s2s__real w = copy_weight(wanted, (size_t)row->id[j]);
    if (w > 0) generated -= w * row->weight[j] * copy_exp(kernels, row->log_copy - lp[row->id[j]]);
  }
  kernels->exp(wanted->vocabulary, logits, logits);
  for (size_t v = 0; v < wanted->vocabulary; v++) logits[v] = scale * (generated * logits[v] - wanted->share);
  if (wanted->target < wanted->vocabulary) logits[wanted->target] -= scale * (1 - wanted->eps);
  for (size_t j = 0; j < row->sources; j++) {
    const size_t v = (size_t)row->id[j];
    const s2s__real w = copy_weight(wanted, v);
    if (!(w > 0)) continue;
    const s2s__real part = scale * w * copy_exp(kernels, row->log_copy - lp[v]);
    dweight[j] -= part;
    if (v < wanted->vocabulary) logits[v] += part * row->weight[j];
  }
  *dgate += scale * (copy_exp(kernels, row->log_generate) - generated);
}

static double copy_loss(const s2s__kernels *kernels, const copy_wanted *wanted, const s2s__real *lp) {
  const double plain = -(double)lp[wanted->target];
  if (!(wanted->eps > 0)) return plain;
  return (double)(1 - wanted->eps) * plain - (double)wanted->share * (double)kernels->sum(wanted->vocabulary, lp);
}

int32_t s2s__copy_cross_entropy(s2s__graph *graph, s2s__tensor *logits, const s2s__pointers *pointers, size_t first,
                                const int32_t *targets, double smoothing, double scale, double *loss, double *plain) {
  const s2s__copies *copies = pointers->copies;
  const s2s__kernels *kernels = graph->kernels;
  s2s__real *lp, *dgate = NULL, *dweight = NULL;
  *loss = *plain = 0;
  if (s2s__graph_records(graph)) S2S__TRY(s2s__graph_gradient(graph, pointers->gate, &dgate));
  if (s2s__graph_records(graph)) S2S__TRY(s2s__graph_gradient(graph, pointers->weights, &dweight));
  const s2s__mark mark = s2s__arena_mark(graph->arena);
  S2S__GRAPH_TAKE(graph, s2s__real, copies->vocabulary + copies->extra, lp);
  for (size_t r = first; r < first + logits->rows; r++) {
    s2s__real *z = logits->data + (r - first) * logits->cols;
    const copy_row row = copy_row_of(kernels, pointers, r);
    const copy_wanted wanted = {logits->cols, (size_t)targets[r], (s2s__real)smoothing,
                                (s2s__real)smoothing / (s2s__real)logits->cols};
    kernels->log_softmax(logits->cols, z, z);
    copy_mix(kernels, copies, &row, z, lp);
    *loss += copy_loss(kernels, &wanted, lp);
    *plain -= (double)lp[wanted.target];
    if (s2s__graph_records(graph))
      copy_backward(kernels, &row, &wanted, lp, (s2s__real)scale, z, dgate + r,
                    dweight + pointers->ragged->offset[r]);
  }
  s2s__arena_rewind(graph->arena, mark);
  logits->grad = s2s__graph_records(graph) ? logits->data : NULL; /* as s2s__cross_entropy's */
  return S2S_OK;
}
