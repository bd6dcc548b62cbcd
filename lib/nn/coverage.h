/* SPDX-License-Identifier: MIT
 *
 * Coverage (See, Liu, Manning 2017; Tu et al. 2016): what attention has fallen on each source token so far,
 *
 *     c_t = sum of the weights of the steps before t
 *
 * tells the score where it has looked, as a part of the keys: k_j + c_t[j] w, for a vector w; and a penalty, the sum over j
 * of min(weight_t[j], c_t[j]), keeps it from looking there again. A row's coverage is as long as the longest source of
 * the batch; what is behind its own stays zero.
 */
#ifndef S2S__NN_COVERAGE_H
#define S2S__NN_COVERAGE_H

#include "nn/attend.h"

/* covered [ragged->total, D]: the keys that each query sees, its own coverage in them; `own` says so: query i sees rows
 * offset[i] .. of them. coverage: [queries, n]; w: vector [D]. */
int32_t s2s__coverage_keys(s2s__graph *graph, s2s__tensor *keys, s2s__tensor *coverage, const s2s__param *w,
                           const s2s__ragged *ragged, s2s__tensor **covered, s2s__ragged *own);

/* after [queries, n] = coverage + weights; coverage NULL: zero. */
int32_t s2s__coverage_add(s2s__graph *graph, s2s__tensor *coverage, s2s__tensor *weights, const s2s__ragged *ragged,
                          size_t n, s2s__tensor **after);

/* penalty [queries, 1]; coverage NULL: zero. */
int32_t s2s__coverage_penalty(s2s__graph *graph, s2s__tensor *coverage, s2s__tensor *weights,
                              const s2s__ragged *ragged, s2s__tensor **penalty);

#endif
