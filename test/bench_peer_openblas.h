/* SPDX-License-Identifier: MIT
 *
 * OpenBLAS as a peer (see bench_peer.h): cblas_sgemm, and cblas_sgemv for one row, with B as it stands or as the
 * weights W = B^T [n,k]. What is needed of cblas.h is declared here.
 */
#ifndef BENCH_PEER_OPENBLAS_H
#define BENCH_PEER_OPENBLAS_H

#include "bench_peer.h"

#include <dlfcn.h>

enum { BLAS_ROW_MAJOR = 101, BLAS_PLAIN = 111, BLAS_TRANSPOSED = 112 };

static struct {
  void (*gemm)(int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float *a, int a_row,
               const float *b, int b_row, float beta, float *c, int c_row);
  void (*gemv)(int order, int trans, int m, int n, float alpha, const float *a, int a_row, const float *x, int x_step,
               float beta, float *y, int y_step);
  char *(*core)(void);
  bench_question question;
  float *a, *b, *c;
} blas;

/* A function out of a library. */
static int bench_find(void *library, const char *name, void *function_pointer) {
  void *found = library ? dlsym(library, name) : NULL;
  memcpy(function_pointer, &found, sizeof found);
  return found != NULL;
}

static int blas_load(char *core, size_t size) {
  void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
  if (!library) library = dlopen("libopenblas.so", RTLD_NOW | RTLD_LOCAL);
  if (!bench_find(library, "cblas_sgemm", &blas.gemm) || !bench_find(library, "cblas_sgemv", &blas.gemv)) return 0;
  snprintf(core, size, "OpenBLAS %s", bench_find(library, "openblas_get_corename", &blas.core) ? blas.core() : "");
  return 1;
}

static const char *blas_way(const bench_question *q) {
  if (q->type != BENCH_F32 || q->way >= (q->shape.gradient ? 1 : 2)) return NULL;
  if (q->shape.m == 1) return q->way ? "sgemv" : "sgemv, B^T"; /* its matrix is W or B^T */
  return q->way ? "sgemm, W^T" : "sgemm";
}

static int blas_prepare(const bench_question *q) {
  free(blas.a), free(blas.b), free(blas.c);
  blas.question = *q;
  blas.a = bench_numbers(q->shape.m * q->shape.k, -1, 1);
  blas.b = bench_numbers(q->shape.k * q->shape.n, -1, 1);
  blas.c = bench_numbers(q->shape.m * q->shape.n, -1, 1);
  return 1;
}

static void blas_run(void *unused) {
  const bench_shape *s = &blas.question.shape;
  const int m = (int)s->m, n = (int)s->n, k = (int)s->k, weights = blas.question.way;
  (void)unused;
  if (m == 1 && weights)
    blas.gemv(BLAS_ROW_MAJOR, BLAS_PLAIN, n, k, 1, blas.b, k, blas.a, 1, 0, blas.c, 1);
  else if (m == 1)
    blas.gemv(BLAS_ROW_MAJOR, BLAS_TRANSPOSED, k, n, 1, blas.b, n, blas.a, 1, 0, blas.c, 1);
  else
    blas.gemm(BLAS_ROW_MAJOR, s->gradient ? BLAS_TRANSPOSED : BLAS_PLAIN, weights ? BLAS_TRANSPOSED : BLAS_PLAIN, m, n,
              k, 1, blas.a, s->gradient ? m : k, blas.b, weights ? k : n, s->gradient ? 1 : 0, blas.c, n);
}

static const bench_library bench_openblas = {
    .name = "OpenBLAS",
    .variable = "OPENBLAS_CORETYPE",
    .load = blas_load,
    .way = blas_way,
    .prepare = blas_prepare,
    .run = blas_run,
};

#endif
