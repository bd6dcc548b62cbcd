/* SPDX-License-Identifier: MIT
 *
 * check_kernels --bench: every kernel on every level in one table, medians of nine runs.
 *
 * Multiplications in GFLOP/s and as a share of the FMA peak, which is measured by a loop of register-only fused
 * multiply-adds of the level's width before and after each; M = 1 also in GB/s of B. With B in binary16 beside it, and
 * its ratio to f32. Vector kernels in millions of
 * numbers a second (exp and the like beside libm's loop). Each level's ratio to portable C stands behind its figure.
 */
#ifndef CHECK_KERNELS_BENCH_H
#define CHECK_KERNELS_BENCH_H

#include "tensor/weight.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef BENCH_RUNS
#define BENCH_RUNS 9
#endif
#ifndef BENCH_PICK
#define BENCH_PICK (BENCH_RUNS / 2) /* the median */
#endif
#define BENCH_RUN_SECONDS 0.004
#define BENCH_LEVELS 8

typedef struct bench_job {
  const s2s__kernels *kernels;
  size_t n;
  s2s__gemm g;
  s2s__real *x, *y, *z, *w, *v, *u;
} bench_job;

typedef void bench_fn(bench_job *job);

/* Processor time, so that other processes disturb less. */
static double bench_now(void) { return (double)clock() / CLOCKS_PER_SEC; }

static int bench_order(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Seconds of one call, the median of BENCH_RUNS. */
static double bench_seconds(bench_fn *run, bench_job *job) {
  double seconds[BENCH_RUNS], once;
  long calls = 1;
  for (;; calls *= 2) { /* also warms up */
    const double start = bench_now();
    for (long i = 0; i < calls; i++) run(job);
    once = bench_now() - start;
    if (once >= BENCH_RUN_SECONDS) break;
  }
  for (int r = 0; r < BENCH_RUNS; r++) {
    const double start = bench_now();
    for (long i = 0; i < calls; i++) run(job);
    seconds[r] = (bench_now() - start) / (double)calls;
  }
  qsort(seconds, BENCH_RUNS, sizeof *seconds, bench_order);
  return seconds[BENCH_PICK];
}

/* ---- the FMA peak ------------------------------------------------------------------------------------------------ */

#if defined(__x86_64__) && defined(__GNUC__) && !(defined(S2S_NO_SIMD) && S2S_NO_SIMD)

#include <immintrin.h>

static volatile float bench_sink;

/* Twelve independent sums; 2^16 rounds. */
#define BENCH_PEAK(name, isa, type, set1, fma, width)                                                                  \
  __attribute__((target(isa))) static void name(bench_job *job) {                                                      \
    const type x = set1(0.9999999f), y = set1(1e-9f);                                                                  \
    type a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;                           \
    float out[width];                                                                                                  \
    for (long n = 0; n < 65536; n++) {                                                                                 \
      a = fma(a, x, y), b = fma(b, x, y), c = fma(c, x, y), d = fma(d, x, y), e = fma(e, x, y), f = fma(f, x, y);      \
      g = fma(g, x, y), h = fma(h, x, y), i = fma(i, x, y), j = fma(j, x, y), k = fma(k, x, y), l = fma(l, x, y);      \
      __asm__ volatile("" : "+v"(a), "+v"(b), "+v"(c), "+v"(d), "+v"(e), "+v"(f));                                     \
      __asm__ volatile("" : "+v"(g), "+v"(h), "+v"(i), "+v"(j), "+v"(k), "+v"(l));                                     \
    }                                                                                                                  \
    a = a + b + c + d + e + f + g + h + i + j + k + l;                                                                 \
    memcpy(out, &a, sizeof out);                                                                                       \
    bench_sink = out[0];                                                                                               \
    (void)job;                                                                                                         \
  }
BENCH_PEAK(bench_peak_avx2, "avx2,fma", __m256, _mm256_set1_ps, _mm256_fmadd_ps, 8)
BENCH_PEAK(bench_peak_avx512, "avx512f", __m512, _mm512_set1_ps, _mm512_fmadd_ps, 16)
#undef BENCH_PEAK

/* FLOP/s; 0 where it is not known. */
static double bench_peak(const s2s__kernels *kernels) {
  const int wide = strncmp(kernels->name, "avx512", 6) == 0;
  if (strncmp(kernels->name, "avx", 3) != 0) return 0;
  return 65536.0 * 12 * (wide ? 32 : 16) / bench_seconds(wide ? bench_peak_avx512 : bench_peak_avx2, NULL);
}

#else

static double bench_peak(const s2s__kernels *kernels) { return 0 * (double)kernels->panel; }

#endif

/* ---- multiplications --------------------------------------------------------------------------------------------- */

static s2s__real *bench_numbers(size_t n, double low, double high) {
  s2s__real *x = aligned_alloc(64, (n * sizeof *x + 63) / 64 * 64);
  uint32_t state = 1;
  if (!x) exit(2);
  for (size_t j = 0; j < n; j++) {
    state = state * 1664525u + 1013904223u;
    x[j] = (s2s__real)(low + (high - low) * (state >> 8) / 16777216.0);
  }
  return x;
}

static void bench_gemm(bench_job *job) { job->kernels->gemm(&job->g); }

static void bench_gemm_f16(bench_job *job) { job->kernels->gemm_f16(&job->g); }

static void bench_pack(bench_job *job) {
  const s2s__gemm *g = &job->g;
  job->kernels->pack(g->n, g->k, job->x, job->y ? g->n : 1, job->y ? 1 : g->k, job->z);
}

typedef struct bench_shape {
  size_t m, n, k;
  int transposed; /* A, as in a weight gradient, which adds to C */
} bench_shape;

/* The same product with B in binary16, beside the f32 one's seconds. */
static void bench_shape_f16(bench_job *job, const s2s__real *b, double f32_seconds) {
  const size_t panel = job->kernels->panel, n = job->g.n, k = job->g.k, padded = (n + panel - 1) / panel * panel;
  uint16_t *half = aligned_alloc(64, (padded * k * sizeof *half + 63) / 64 * 64);
  if (!half) exit(2);
  job->kernels->pack_f16(n, k, b, n, 1, half);
  job->g.b = half;
  const double seconds = bench_seconds(bench_gemm_f16, job);
  printf(" f16 %6.1f", 2e-9 * (double)job->g.m * (double)n * (double)k / seconds);
  if (job->g.m == 1) printf(" %5.1f GB/s", 1e-9 * (double)(n * k * sizeof *half) / seconds);
  printf(" %4.2fx", f32_seconds / seconds);
  free(half);
}

static void bench_shape_level(const bench_shape *s, const s2s__kernels *kernels, double *c_rate) {
  const size_t padded = (s->n + kernels->panel - 1) / kernels->panel * kernels->panel;
  s2s__real *a = bench_numbers(s->m * s->k, -1, 1), *b = bench_numbers(padded * s->k, -1, 1);
  bench_job job = {.kernels = kernels,
                   .g = {.m = s->m,
                         .n = s->n,
                         .k = s->k,
                         .a = a,
                         .a_row = s->transposed ? 1 : s->k,
                         .a_step = s->transposed ? s->m : 1,
                         .b = b,
                         .c = bench_numbers(s->m * s->n, -1, 1),
                         .c_row = s->n,
                         .accumulate = s->transposed,
                         .scratch = aligned_alloc(64, S2S__GEMM_SCRATCH)}};
  const double before = bench_peak(kernels), seconds = bench_seconds(bench_gemm, &job), after = bench_peak(kernels);
  const double rate = 2.0 * (double)s->m * (double)s->n * (double)s->k / seconds;
  if (strcmp(kernels->name, "c") == 0) *c_rate = rate;
  printf("  %7.1f", rate / 1e9);
  if (before > 0) printf(" %3.0f%%", 200 * rate / (before + after));
  if (s->m == 1) printf(" %5.1f GB/s", rate / 2e9 * sizeof(s2s__real));
  if (rate < *c_rate || rate > *c_rate) printf(" %4.1fx", rate / *c_rate);
  bench_shape_f16(&job, b, seconds);
  fflush(stdout);
  free(a), free(b), free(job.g.c), free(job.g.scratch);
}

static void bench_gemms(const s2s__kernels *const *levels, size_t count) {
  static const bench_shape shapes[] = {
      {1024, 1024, 1024, 0}, {64, 2048, 512, 0},   {128, 2048, 640, 0},  {32, 1024, 256, 0},
      {32, 2048, 512, 0},    {640, 8000, 512, 0},  {4, 2048, 512, 0},    {8, 2048, 512, 0},
      {12, 2048, 512, 0},    {1, 2048, 512, 0},    {1, 8000, 512, 0},    {1, 512, 256, 0},
      {2048, 512, 512, 1},   {2048, 512, 1000, 1}, {2048, 128, 1000, 1}, {100, 20, 64, 0}};
  printf("GFLOP/s, share of the FMA peak, ratio to c; with B in binary16, ratio to f32\n");
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
    const bench_shape *s = &shapes[i];
    double c_rate = 0;
    printf("%4zu %4zu %4zu%s", s->m, s->n, s->k, s->transposed ? " A^T" : "    ");
    for (size_t l = 0; l < count; l++) bench_shape_level(s, levels[l], &c_rate);
    printf("\n");
  }
}

static void bench_packs(const s2s__kernels *const *levels, size_t count) {
  const size_t n = 512, k = 512;
  for (int plain = 0; plain < 2; plain++) {
    printf("%-20s", plain ? "pack 512 512, GB/s" : "pack W^T, GB/s");
    for (size_t l = 0; l < count; l++) {
      s2s__real *x = bench_numbers(n * k, -1, 1), *z = bench_numbers(n * k, -1, 1);
      bench_job job = {.kernels = levels[l], .g = {.n = n, .k = k}, .x = x, .y = plain ? x : NULL, .z = z};
      printf("  %10.1f", (double)(n * k * sizeof *x) / bench_seconds(bench_pack, &job) / 1e9);
      free(x), free(z);
    }
    printf("\n");
  }
}

/* ---- vectors ----------------------------------------------------------------------------------------------------- */

static volatile s2s__real bench_scalar;

static void bench_dot(bench_job *j) { bench_scalar = j->kernels->dot(j->n, j->x, j->y); }
static void bench_axpy(bench_job *j) { j->kernels->axpy(j->n, (s2s__real)1e-9, j->x, j->y); }
static void bench_add(bench_job *j) { j->kernels->add(j->n, j->x, j->y); }
static void bench_scale(bench_job *j) { j->kernels->scale(j->n, (s2s__real)0.9999999, j->y); }
static void bench_sum(bench_job *j) { bench_scalar = j->kernels->sum(j->n, j->x); }
static void bench_max(bench_job *j) { bench_scalar = j->kernels->max(j->n, j->x); }
static void bench_sum_squares(bench_job *j) { bench_scalar = (s2s__real)j->kernels->sum_squares(j->n, j->x); }
static void bench_exp(bench_job *j) { j->kernels->exp(j->n, j->x, j->z); }
static void bench_log(bench_job *j) { j->kernels->log(j->n, j->u, j->z); }
static void bench_relu(bench_job *j) { j->kernels->relu(j->n, j->x, j->z); }
static void bench_gelu(bench_job *j) { j->kernels->gelu(j->n, j->x, j->z); }
static void bench_swish(bench_job *j) { j->kernels->swish(j->n, j->x, j->z); }
static void bench_relu_backward(bench_job *j) { j->kernels->relu_backward(j->n, j->x, j->z, j->y); }
static void bench_gelu_backward(bench_job *j) { j->kernels->gelu_backward(j->n, j->x, j->z, j->y); }
static void bench_swish_backward(bench_job *j) { j->kernels->swish_backward(j->n, j->x, j->z, j->y); }
static void bench_layer_norm(bench_job *j) {
  s2s__real moments[2];
  j->kernels->layer_norm(j->n, j->x, j->u, j->v, (s2s__real)1e-5, moments, j->z);
}
static void bench_layer_norm_backward(bench_job *j) {
  static const s2s__real moments[2] = {(s2s__real)0.1, (s2s__real)0.4};
  j->kernels->layer_norm_backward(j->n, j->x, j->u, moments, j->z, j->y, j->v, j->w);
}
static void bench_argmax(bench_job *j) { bench_scalar = (s2s__real)j->kernels->argmax(j->n, j->x); }
static void bench_top_k(bench_job *j, size_t k) {
  size_t place[64];
  j->kernels->top_k(j->n, j->x, k, place);
  bench_scalar = (s2s__real)place[k - 1];
}
static void bench_top_4(bench_job *j) { bench_top_k(j, 4); }
static void bench_top_32(bench_job *j) { bench_top_k(j, 32); }
static void bench_tanh(bench_job *j) { j->kernels->tanh(j->n, j->x, j->z); }
static void bench_sigmoid(bench_job *j) { j->kernels->sigmoid(j->n, j->x, j->z); }
static void bench_tanh_backward(bench_job *j) { j->kernels->tanh_backward(j->n, j->x, j->z, j->y); }
static void bench_softmax(bench_job *j) { j->kernels->softmax(j->n, j->y); }
static void bench_softmax_backward(bench_job *j) { j->kernels->softmax_backward(j->n, j->x, j->z, j->y); }
static void bench_log_softmax(bench_job *j) { j->kernels->log_softmax(j->n, j->x, j->z); }
static void bench_cross_entropy(bench_job *j) {
  s2s__real plain;
  bench_scalar = j->kernels->cross_entropy(j->n, j->y, 3, (s2s__real)0.1, 1, &plain);
}
static void bench_lstm(bench_job *j) {
  j->kernels->lstm(j->n / 4, j->x, j->y, j->u, j->z, j->u + j->n / 4, j->u + j->n / 2);
}
static void bench_lstm_backward(bench_job *j) {
  const size_t h = j->n / 4;
  j->kernels->lstm_backward(h, j->x, j->u, j->u + h, j->u + 2 * h, j->u + 3 * h, j->z);
}
static void bench_gru(bench_job *j) { j->kernels->gru(j->n / 4, j->x, j->y, j->u, j->z, j->u + j->n / 4); }
static void bench_gru_backward(bench_job *j) {
  j->kernels->gru_backward(j->n / 4, j->x, j->u, j->u + j->n / 4, j->z, j->w);
}
static void bench_additive(bench_job *j) { bench_scalar = j->kernels->additive(j->n, j->x, j->y, j->z); }
static void bench_additive_backward(bench_job *j) {
  j->kernels->additive_backward(j->n, j->x, j->y, j->z, (s2s__real)1e-9, j->u, j->v, j->w);
}
static void bench_dropout(bench_job *j) { j->kernels->dropout(j->n, 12345, 1u << 30, (s2s__real)1.33, j->x, j->z); }
static void bench_adam(bench_job *j) {
  j->kernels->adam(j->n, j->x, 1, 0.9, 0.999, (s2s__real)1e-9, 1, (s2s__real)1e-8, j->u, j->w, j->y);
}

/* libm's loops, for comparison. */
static void bench_libm_exp(bench_job *job) {
  for (size_t j = 0; j < job->n; j++) job->z[j] = (s2s__real)expf((float)job->x[j]);
}
static void bench_libm_tanh(bench_job *job) {
  for (size_t j = 0; j < job->n; j++) job->z[j] = (s2s__real)tanhf((float)job->x[j]);
}
static void bench_libm_sigmoid(bench_job *job) {
  for (size_t j = 0; j < job->n; j++) job->z[j] = (s2s__real)(1 / (1 + expf((float)-job->x[j])));
}
static void bench_libm_log(bench_job *job) {
  for (size_t j = 0; j < job->n; j++) job->z[j] = (s2s__real)logf((float)job->u[j]);
}
static void bench_libm_gelu(bench_job *job) {
  for (size_t j = 0; j < job->n; j++) {
    const float x = (float)job->x[j];
    job->z[j] = (s2s__real)(x * (0.5f * erfcf(x * -0.70710678f)));
  }
}
static void bench_libm_swish(bench_job *job) {
  for (size_t j = 0; j < job->n; j++) job->z[j] = (s2s__real)((float)job->x[j] / (1 + expf((float)-job->x[j])));
}

typedef struct bench_vector {
  const char *name;
  bench_fn *run, *libm;
} bench_vector;

static const bench_vector bench_vectors[] = {
    {"dot", bench_dot, NULL},
    {"axpy", bench_axpy, NULL},
    {"add", bench_add, NULL},
    {"scale", bench_scale, NULL},
    {"sum", bench_sum, NULL},
    {"max", bench_max, NULL},
    {"sum_squares", bench_sum_squares, NULL},
    {"exp", bench_exp, bench_libm_exp},
    {"log", bench_log, bench_libm_log},
    {"tanh", bench_tanh, bench_libm_tanh},
    {"sigmoid", bench_sigmoid, bench_libm_sigmoid},
    {"relu", bench_relu, NULL},
    {"gelu", bench_gelu, bench_libm_gelu},
    {"swish", bench_swish, bench_libm_swish},
    {"tanh_backward", bench_tanh_backward, NULL},
    {"relu_backward", bench_relu_backward, NULL},
    {"gelu_backward", bench_gelu_backward, NULL},
    {"swish_backward", bench_swish_backward, NULL},
    {"layer_norm", bench_layer_norm, NULL},
    {"layer_norm_backward", bench_layer_norm_backward, NULL},
    {"argmax", bench_argmax, NULL},
    {"top_k, k 4", bench_top_4, NULL},
    {"top_k, k 32", bench_top_32, NULL},
    {"softmax", bench_softmax, NULL},
    {"softmax_backward", bench_softmax_backward, NULL},
    {"log_softmax", bench_log_softmax, NULL},
    {"cross_entropy", bench_cross_entropy, NULL},
    {"lstm", bench_lstm, NULL},
    {"lstm_backward", bench_lstm_backward, NULL},
    {"gru", bench_gru, NULL},
    {"gru_backward", bench_gru_backward, NULL},
    {"additive", bench_additive, NULL},
    {"additive_backward", bench_additive_backward, NULL},
    {"dropout", bench_dropout, NULL},
    {"adam", bench_adam, NULL},
};

/* One kernel over n numbers (cells: n / 4 units). */
static void bench_vector_row(const bench_vector *v, size_t n, const s2s__kernels *const *levels, size_t count) {
  double c_rate = 0, rate = 0;
  printf("%-20s", v->name);
  for (size_t l = 0; l < count; l++) {
    bench_job job = {.kernels = levels[l], .n = n};
    job.x = bench_numbers(n, -4, 4), job.y = bench_numbers(n, -4, 4), job.z = bench_numbers(n, -4, 4);
    job.u = bench_numbers(n, 0, 1), job.v = bench_numbers(n, 0, 1), job.w = bench_numbers(n, 0, 1);
    rate = (double)n / bench_seconds(v->run, &job);
    if (l == 0) c_rate = rate;
    printf("  %8.0f", rate / 1e6);
    if (l > 0) printf(" %4.1fx", rate / c_rate);
    if (v->libm && l + 1 == count) printf("   libm %6.0f", (double)n / bench_seconds(v->libm, &job) / 1e6);
    free(job.x), free(job.y), free(job.z), free(job.u), free(job.v), free(job.w);
  }
  printf("\n");
  fflush(stdout);
}

/* Bytes a second read by the best level's sum over more than the second-level cache holds: the wall of M = 1. */
static void bench_read(const s2s__kernels *best) {
  static const size_t kilobytes[] = {512, 4096, 16000};
  for (size_t i = 0; i < 3; i++) {
    bench_job job = {.kernels = best, .n = kilobytes[i] * 1024 / sizeof(s2s__real)};
    job.x = bench_numbers(job.n, -1, 1);
    printf("read %5zu KB: %.1f GB/s\n", kilobytes[i],
           (double)(job.n * sizeof(s2s__real)) / bench_seconds(bench_sum, &job) / 1e9);
    free(job.x);
  }
}

static int bench(uint32_t features) {
  const s2s__kernels *levels[BENCH_LEVELS];
  const char *name;
  size_t count = 0;
  for (; count < BENCH_LEVELS && (name = s2s__kernels_level(count, features)) != NULL; count++) {
    levels[count] = s2s__kernels_choose(name, features);
    const double peak = bench_peak(levels[count]);
    if (peak > 0) printf("%s: FMA peak %.1f GFLOP/s\n", name, peak / 1e9);
  }
  bench_read(levels[count - 1]);
  bench_gemms(levels, count);
  bench_packs(levels, count);
  printf("4096 numbers, millions a second, ratio to c\n");
  for (size_t i = 0; i < sizeof bench_vectors / sizeof bench_vectors[0]; i++)
    bench_vector_row(&bench_vectors[i], 4096, levels, count);
  return 0;
}

#endif
