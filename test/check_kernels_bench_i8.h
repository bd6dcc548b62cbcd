/* SPDX-License-Identifier: MIT
 *
 * check_kernels --bench: eight-bit multiplication.
 *
 * Each figure is of quantize and gemm_i8 together, with bias and relu: in GOP/s, as a share of the int8 wall (a loop of
 * register-only dot products of bytes, the widest that the machine has, before and after), as a ratio to portable C and
 * to the same level's f32 multiplication; M = 1 also in GB/s of B, beside the speed of reading as many bytes.
 */
#ifndef CHECK_KERNELS_BENCH_I8_H
#define CHECK_KERNELS_BENCH_I8_H

#include "check_kernels_bench.h"

/* ---- the int8 wall ----------------------------------------------------------------------------------------------- */

#if defined(__x86_64__) && defined(__GNUC__) && !(defined(S2S_NO_SIMD) && S2S_NO_SIMD)

static volatile int bench_i8_sink;

/* Twelve independent sums; 2^16 rounds. */
__attribute__((target("avx512f,avx512vnni"))) static void bench_i8_dots(bench_job *job) {
  const __m512i x = _mm512_set1_epi8(1);
  __m512i a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
  for (long n = 0; n < 65536; n++) {
    a = _mm512_dpbusd_epi32(a, x, x), b = _mm512_dpbusd_epi32(b, x, x), c = _mm512_dpbusd_epi32(c, x, x);
    d = _mm512_dpbusd_epi32(d, x, x), e = _mm512_dpbusd_epi32(e, x, x), f = _mm512_dpbusd_epi32(f, x, x);
    g = _mm512_dpbusd_epi32(g, x, x), h = _mm512_dpbusd_epi32(h, x, x), i = _mm512_dpbusd_epi32(i, x, x);
    j = _mm512_dpbusd_epi32(j, x, x), k = _mm512_dpbusd_epi32(k, x, x), l = _mm512_dpbusd_epi32(l, x, x);
    __asm__ volatile("" : "+v"(a), "+v"(b), "+v"(c), "+v"(d), "+v"(e), "+v"(f));
    __asm__ volatile("" : "+v"(g), "+v"(h), "+v"(i), "+v"(j), "+v"(k), "+v"(l));
  }
  bench_i8_sink = _mm512_reduce_add_epi32(a | b | c | d | e | f | g | h | i | j | k | l);
  (void)job;
}

/* Operations a second; 0 where it is not known. */
static double bench_i8_wall(uint32_t features) {
  return features & S2S__CPU_AVX512VNNI ? 65536.0 * 12 * 128 / bench_seconds(bench_i8_dots, NULL) : 0;
}

#else

static double bench_i8_wall(uint32_t features) { return 0 * (double)features; }

#endif

/* ---- products ---------------------------------------------------------------------------------------------------- */

typedef struct bench_i8_operands { /* bench_job comes first: the functions get its address */
  bench_job job;
  s2s__gemm_i8 g;
  s2s__real *a_scale;
  void *q;
} bench_i8_operands;

static void *bench_i8_bytes(size_t n) {
  uint32_t state = 1;
  int8_t *x = aligned_alloc(64, (n + 63) / 64 * 64);
  if (!x) exit(2);
  for (size_t j = 0; j < n; j++) {
    state = state * 1664525u + 1013904223u;
    x[j] = (int8_t)((int)(state >> 24) % 255 - 127);
  }
  return x;
}

static void bench_i8_run(bench_job *job) {
  const bench_i8_operands *o = (const bench_i8_operands *)(const void *)job;
  job->kernels->quantize(o->g.m, o->g.k, job->x, o->g.k, o->q, o->a_scale);
  job->kernels->gemm_i8(&o->g);
}

static bench_i8_operands bench_i8_operands_new(const s2s__kernels *kernels, size_t m, size_t n, size_t k) {
  const size_t padded = (n + kernels->panel - 1) / kernels->panel * kernels->panel;
  int8_t *b = bench_i8_bytes(n * k);
  void *packed = bench_i8_bytes(S2S__PACKED_I8_BYTES(padded, k));
  kernels->pack_i8(n, k, b, 1, k, packed);
  free(b);
  bench_i8_operands o = {.job = {.kernels = kernels, .x = bench_numbers(m * k, -1, 1)},
                         .a_scale = bench_numbers(m, 0, 1),
                         .q = bench_i8_bytes(S2S__QUANTIZED_BYTES(m, k))};
  o.g = (s2s__gemm_i8){.m = m, .n = n, .k = k, .a = o.q, .a_scale = o.a_scale, .b = packed, .c_row = n};
  o.g.b_scale = bench_numbers(n, 0, 1), o.g.bias = bench_numbers(n, -1, 1), o.g.c = bench_numbers(m * n, -1, 1);
  o.g.activation = S2S__ACTIVATION_RELU;
  o.job.g = (s2s__gemm){.m = m, .n = n, .k = k, .a = o.job.x, .a_row = k, .a_step = 1, .c = o.g.c, .c_row = n};
  o.job.g.b = bench_numbers(padded * k, -1, 1), o.job.g.bias = o.g.bias;
  o.job.g.scratch = aligned_alloc(64, S2S__GEMM_SCRATCH);
  return o;
}

static void bench_i8_operands_free(const bench_i8_operands *o) {
  const void *const parts[] = {o->job.x,  o->a_scale, o->q,       o->g.b,          o->g.b_scale,
                               o->g.bias, o->g.c,     o->job.g.b, o->job.g.scratch};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) free((void *)(uintptr_t)parts[i]);
}

static void bench_i8_level(const size_t *size, const s2s__kernels *kernels, uint32_t features, double *c_rate) {
  bench_i8_operands o = bench_i8_operands_new(kernels, size[0], size[1], size[2]);
  const double work = 2.0 * (double)size[0] * (double)size[1] * (double)size[2], before = bench_i8_wall(features);
  const double rate = work / bench_seconds(bench_i8_run, &o.job), after = bench_i8_wall(features);
  const double f32 = work / bench_seconds(bench_gemm, &o.job);
  if (strcmp(kernels->name, "c") == 0) *c_rate = rate;
  printf("  %7.1f", rate / 1e9);
  if (before > 0) printf(" %3.0f%%", 200 * rate / (before + after));
  if (size[0] == 1) {
    bench_job read = {.kernels = kernels, .n = size[1] * size[2] / sizeof(s2s__real), .x = (s2s__real *)o.job.g.b};
    printf(" %5.1f of %5.1f GB/s", rate / 2e9, (double)(size[1] * size[2]) / bench_seconds(bench_sum, &read) / 1e9);
  }
  printf(" %4.1fx f32", rate / f32);
  if (rate < *c_rate || rate > *c_rate) printf(" %5.1fx c", rate / *c_rate);
  fflush(stdout);
  bench_i8_operands_free(&o);
}

static int bench_i8(uint32_t features) {
  static const size_t shapes[][3] = {{64, 2048, 512}, {32, 2048, 512}, {12, 2048, 512}, {8, 2048, 512},
                                     {4, 2048, 512},  {2, 2048, 512},  {1, 2048, 512},  {1, 8000, 512},
                                     {64, 512, 512},  {64, 512, 2048}};
  const double wall = bench_i8_wall(features);
  const char *name;
  printf("int8: GOP/s with quantisation, share of the wall of dot products (%.1f GOP/s), ratio to f32 and to c\n",
         wall / 1e9);
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
    double c_rate = 0;
    printf("%4zu %4zu %4zu    ", shapes[i][0], shapes[i][1], shapes[i][2]);
    for (size_t l = 0; (name = s2s__kernels_level(l, features)) != NULL; l++)
      bench_i8_level(shapes[i], s2s__kernels_choose(name, features), features, &c_rate);
    printf("\n");
  }
  return 0;
}

#endif
