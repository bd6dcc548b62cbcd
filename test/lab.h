/* SPDX-License-Identifier: MIT
 *
 * One golden file, a recording graph and the parameters of a layer: what the tests of layers begin with.
 *
 * A golden batch is padded; here its real rows stand packed, one sentence after another.
 */
#ifndef LAB_H
#define LAB_H

#include "fixture.h"
#include "golden.h"
#include "tap.h"

#include "nn/layers.h"

#include <math.h>
#include <stdlib.h>

#define TOLERANCE 1e-5

/* One golden file, a graph that records, and the parameters declared so far. */
typedef struct lab {
  golden g;
  s2s__arena arena;
  s2s__graph graph;
  s2s__params params;
  s2s__error error;
  double worst; /* of what was compared since the last report */
  char where[96];
} lab;

static double worst_of_all;

static inline void lab_open(lab *l, const char *name) {
  memset(l, 0, sizeof *l);
  golden_open(&l->g, name);
  s2s__arena_init(&l->arena, &l->g.arena.host);
  s2s__graph_init(&l->graph, &l->arena, fixture_kernels(), &l->error);
  s2s__params_init(&l->params, &l->arena, l->graph.kernels, 1);
  l->graph.recording = 1;
}

static inline void lab_close(lab *l) {
  s2s__arena_free(&l->arena);
  golden_close(&l->g);
}

static inline void must(lab *l, int32_t status) { fixture_must(status, &l->error); }

static inline void *lab_take(lab *l, size_t count, size_t size) {
  void *block = s2s__arena_take_zeroed(&l->arena, count * size);
  if (!block) must(l, s2s__fail_memory(&l->error, count * size, "a test"));
  return block;
}

/* ---- parameters -------------------------------------------------------------------------------------------------- */

static inline const s2s__param *lab_matrix(lab *l, const char *name, s2s__weight_use use) {
  const golden_tensor t = golden_get(&l->g, "param.%s", name);
  const s2s__param *param;
  must(l, s2s__params_matrix(&l->params, name, t.shape[0], t.shape[1], use, S2S__INIT_UNIFORM, 1, &param, &l->error));
  return param;
}

/* NULL when the file has none. */
static inline const s2s__param *lab_vector(lab *l, const char *name) {
  const golden_tensor t = golden_find(&l->g, "param.%s", name);
  const s2s__param *param;
  if (!t.value) return NULL;
  must(l, s2s__params_vector(&l->params, name, t.shape[0], 1, &param, &l->error));
  return param;
}

/* After the last declaration. */
static inline void lab_fill(lab *l) {
  must(l, s2s__params_allocate(&l->params, &l->error));
  for (size_t i = 0; i < l->params.count; i++) {
    const s2s__param *p = l->params.item[i];
    must(l, s2s__param_write(p, &l->arena, golden_get(&l->g, "param.%s", p->name).value, &l->error));
  }
  l->graph.gradient = lab_take(l, l->params.total, sizeof(s2s__real));
}

/* ---- tensors ----------------------------------------------------------------------------------------------------- */

static inline s2s__real *lab_reals(lab *l, const float *values, size_t count) {
  s2s__real *reals = lab_take(l, count, sizeof *reals);
  for (size_t i = 0; i < count; i++) reals[i] = (s2s__real)values[i];
  return reals;
}

static inline s2s__tensor *lab_tensor(lab *l, const float *values, size_t rows, size_t cols) {
  s2s__tensor *t;
  must(l, s2s__graph_tensor(&l->graph, rows, cols, &t));
  t->data = lab_reals(l, values, rows * cols);
  return t;
}

/* Sentences of const.lengths, or all of `steps` tokens. */
static inline void lab_rows(lab *l, size_t count, size_t steps, s2s__rows *rows) {
  const golden_tensor lengths = golden_find(&l->g, "const.lengths");
  size_t *length = lab_take(l, count, sizeof *length);
  for (size_t s = 0; s < count; s++) length[s] = lengths.value ? (size_t)lengths.value[s] : steps;
  must(l, s2s__rows_init(rows, &l->arena, length, count, &l->error));
}

/* The real rows of a padded [B, T, C], one sentence after another. */
static inline float *lab_pack(lab *l, golden_tensor t, const s2s__rows *rows) {
  const size_t cols = t.shape[2];
  float *packed = lab_take(l, rows->total * cols, sizeof *packed);
  for (size_t s = 0; s < rows->count; s++)
    memcpy(packed + rows->offset[s] * cols, t.value + s * t.shape[1] * cols, rows->length[s] * cols * sizeof *packed);
  return packed;
}

/* ---- comparing --------------------------------------------------------------------------------------------------- */

static inline void lab_compare(lab *l, const char *what, const s2s__real *got, const float *wanted, size_t count) {
  const double error = got ? golden_error(got, wanted, count) : HUGE_VAL;
  if (error < l->worst) return;
  l->worst = error;
  snprintf(l->where, sizeof l->where, "%s", what);
}

static inline void lab_compare_loss(lab *l, double loss) {
  const s2s__real got = (s2s__real)loss;
  lab_compare(l, "loss", &got, golden_get(&l->g, "output.loss").value, 1);
}

static inline void lab_compare_params(lab *l) {
  for (size_t i = 0; i < l->params.count; i++) {
    const s2s__param *p = l->params.item[i];
    lab_compare(l, p->name, s2s__graph_parameter(&l->graph, p), golden_get(&l->g, "grad.param.%s", p->name).value,
                s2s__param_size(p));
  }
}

static inline void lab_report(lab *l, const char *what) {
  if (!ok(l->worst < TOLERANCE, "%s: %s", l->g.name, what)) diag("%s: error %.2e", l->where, l->worst);
  if (l->worst > worst_of_all) worst_of_all = l->worst;
  l->worst = 0;
}

/* The loss's share of an output, sum(y * g), and the output's gradient g. */
static inline double lab_seed(lab *l, s2s__tensor *y, const float *g) {
  double loss = 0;
  y->grad = lab_reals(l, g, y->rows * y->cols);
  for (size_t i = 0; i < y->rows * y->cols; i++) loss += (double)y->data[i] * (double)g[i];
  return loss;
}

#endif
