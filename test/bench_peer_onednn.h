/* SPDX-License-Identifier: MIT
 *
 * oneDNN 2 as a peer (see bench_peer.h): dnnl_sgemm, with B as it stands or as the weights W = B^T [n,k], and the
 * matmul primitive with weights packed as it likes best (format tag any); for eight bits that primitive, signed or
 * unsigned x signed -> 32 bits, with nothing else in it. Without oneDNN's header there is no such peer.
 */
#ifndef BENCH_PEER_ONEDNN_H
#define BENCH_PEER_ONEDNN_H

#include "bench_peer_openblas.h"

#if defined(__has_include)
#if __has_include(<dnnl.h>) && __has_include(<dnnl_version.h>)
#include <dnnl.h>
#include <dnnl_version.h>
#endif
#endif

#if defined(DNNL_VERSION_MAJOR) && DNNL_VERSION_MAJOR == 2

#define ONEDNN_FUNCTIONS(X)                                                                                            \
  X(sgemm)                                                                                                             \
  X(engine_create)                                                                                                     \
  X(stream_create)                                                                                                     \
  X(stream_wait)                                                                                                       \
  X(memory_desc_init_by_tag)                                                                                           \
  X(matmul_desc_init)                                                                                                  \
  X(primitive_desc_create)                                                                                             \
  X(primitive_desc_query_md)                                                                                           \
  X(primitive_desc_destroy) X(primitive_create) X(primitive_destroy) X(primitive_execute) X(memory_create)             \
      X(memory_destroy) X(reorder_primitive_desc_create)

#define ONEDNN_DECLARE(name) __typeof__(dnnl_##name) *name;
static struct {
  ONEDNN_FUNCTIONS(ONEDNN_DECLARE)
  dnnl_engine_t engine;
  dnnl_stream_t stream;
  bench_question question;
  float *a, *b, *c;
  dnnl_primitive_t matmul;
  dnnl_memory_t source, weights, result;
} onednn;
#undef ONEDNN_DECLARE

static int onednn_load(char *core, size_t size) {
  void *library = dlopen("libdnnl.so.2", RTLD_NOW | RTLD_LOCAL);
  int there = library != NULL;
#define ONEDNN_FIND(name) there = there && bench_find(library, "dnnl_" #name, &onednn.name);
  ONEDNN_FUNCTIONS(ONEDNN_FIND)
#undef ONEDNN_FIND
  snprintf(core, size, "oneDNN");
  return there && onednn.engine_create(&onednn.engine, dnnl_cpu, 0) == dnnl_success &&
         onednn.stream_create(&onednn.stream, onednn.engine, dnnl_stream_default_flags) == dnnl_success;
}

static const char *onednn_way(const bench_question *q) {
  static const char *const f32[] = {"sgemm", "sgemm, W^T", "matmul"}, *const i8[] = {"matmul s8", "matmul u8"};
  if (q->type == BENCH_I8) return q->way < 2 ? i8[q->way] : NULL;
  return q->way < (q->shape.gradient ? 1 : 3) ? f32[q->way] : NULL;
}

/* ---- the matmul primitive ---------------------------------------------------------------------------------------- */

static dnnl_memory_desc_t onednn_matrix(size_t rows, size_t columns, dnnl_data_type_t type, dnnl_format_tag_t tag) {
  const dnnl_dims_t dims = {(dnnl_dim_t)rows, (dnnl_dim_t)columns};
  dnnl_memory_desc_t matrix;
  memset(&matrix, 0, sizeof matrix);
  onednn.memory_desc_init_by_tag(&matrix, 2, dims, type, tag);
  return matrix;
}

static dnnl_memory_t onednn_memory(const dnnl_memory_desc_t *matrix, void *numbers) {
  dnnl_memory_t memory = NULL;
  onednn.memory_create(&memory, matrix, onednn.engine, numbers);
  return memory;
}

/* The weights in the layout that the primitive asks for. */
static dnnl_memory_t onednn_packed(const dnnl_memory_desc_t *from, const dnnl_memory_desc_t *to, void *numbers) {
  dnnl_memory_t plain = onednn_memory(from, numbers), packed = onednn_memory(to, DNNL_MEMORY_ALLOCATE);
  dnnl_primitive_desc_t description = NULL;
  dnnl_primitive_t reorder = NULL;
  const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, plain}, {DNNL_ARG_TO, packed}};
  if (onednn.reorder_primitive_desc_create(&description, from, onednn.engine, to, onednn.engine, NULL) ||
      onednn.primitive_create(&reorder, description) ||
      onednn.primitive_execute(reorder, onednn.stream, 2, arguments) || onednn.stream_wait(onednn.stream))
    onednn.memory_destroy(packed), packed = NULL;
  onednn.primitive_destroy(reorder);
  onednn.primitive_desc_destroy(description);
  onednn.memory_destroy(plain);
  return packed;
}

static int onednn_prepare_matmul(const bench_question *q) {
  const bench_shape *s = &q->shape;
  const int bytes = q->type == BENCH_I8;
  const dnnl_data_type_t weight = bytes ? dnnl_s8 : dnnl_f32, activation = bytes && q->way ? dnnl_u8 : weight;
  const dnnl_memory_desc_t a = onednn_matrix(s->m, s->k, activation, dnnl_ab);
  const dnnl_memory_desc_t b = onednn_matrix(s->k, s->n, weight, dnnl_ab);
  const dnnl_memory_desc_t any = onednn_matrix(s->k, s->n, weight, dnnl_format_tag_any);
  const dnnl_memory_desc_t c = onednn_matrix(s->m, s->n, bytes ? dnnl_s32 : dnnl_f32, dnnl_ab);
  dnnl_matmul_desc_t matmul;
  dnnl_primitive_desc_t description = NULL;
  if (onednn.matmul_desc_init(&matmul, &a, &any, NULL, &c) ||
      onednn.primitive_desc_create(&description, &matmul, NULL, onednn.engine, NULL))
    return 0;
  onednn.source = onednn_memory(&a, onednn.a);
  onednn.result = onednn_memory(&c, onednn.c);
  onednn.weights = onednn_packed(&b, onednn.primitive_desc_query_md(description, dnnl_query_weights_md, 0), onednn.b);
  onednn.primitive_create(&onednn.matmul, description);
  onednn.primitive_desc_destroy(description);
  return onednn.matmul && onednn.weights && onednn.source && onednn.result;
}

static int onednn_is_matmul(const bench_question *q) { return q->type == BENCH_I8 || q->way == 2; }

static void onednn_forget(void) {
  free(onednn.a), free(onednn.b), free(onednn.c);
  onednn.primitive_destroy(onednn.matmul);
  onednn.memory_destroy(onednn.source);
  onednn.memory_destroy(onednn.weights);
  onednn.memory_destroy(onednn.result);
  onednn.matmul = NULL;
  onednn.source = onednn.weights = onednn.result = NULL;
}

/* Random bits do for eight-bit numbers too: the arrays are four times as long as those need. */
static int onednn_prepare(const bench_question *q) {
  onednn_forget();
  onednn.question = *q;
  onednn.a = bench_numbers(q->shape.m * q->shape.k, -1, 1);
  onednn.b = bench_numbers(q->shape.k * q->shape.n, -1, 1);
  onednn.c = bench_numbers(q->shape.m * q->shape.n, -1, 1);
  return !onednn_is_matmul(q) || onednn_prepare_matmul(q);
}

static void onednn_run(void *unused) {
  const bench_shape *s = &onednn.question.shape;
  const dnnl_dim_t m = (dnnl_dim_t)s->m, n = (dnnl_dim_t)s->n, k = (dnnl_dim_t)s->k;
  const int weights = onednn.question.way == 1;
  const dnnl_exec_arg_t arguments[] = {
      {DNNL_ARG_SRC, onednn.source}, {DNNL_ARG_WEIGHTS, onednn.weights}, {DNNL_ARG_DST, onednn.result}};
  (void)unused;
  if (onednn_is_matmul(&onednn.question)) {
    onednn.primitive_execute(onednn.matmul, onednn.stream, 3, arguments);
    onednn.stream_wait(onednn.stream);
  } else
    onednn.sgemm(s->gradient ? 'T' : 'N', weights ? 'T' : 'N', m, n, k, 1, onednn.a, s->gradient ? m : k, onednn.b,
                 weights ? k : n, s->gradient ? 1 : 0, onednn.c, n);
}

#else

static int onednn_load(char *core, size_t size) { return (int)(0 * size) * (core != NULL); }
static const char *onednn_way(const bench_question *q) { return q ? NULL : NULL; }
static int onednn_prepare(const bench_question *q) { return 0 * (q != NULL); }
static void onednn_run(void *unused) { (void)unused; }

#endif

static const bench_library bench_onednn = {
    .name = "oneDNN",
    .variable = "DNNL_MAX_CPU_ISA",
    .load = onednn_load,
    .way = onednn_way,
    .prepare = onednn_prepare,
    .run = onednn_run,
};

#endif
