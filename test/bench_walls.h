/* SPDX-License-Identifier: MIT
 *
 * Walls: what one core of this machine can do at most, measured by loops that do nothing else.
 *
 *   fma    fused multiply-adds of registers, in twelve independent sums; the work is counted in FLOP
 *
 *   i8     multiply-adds of eight-bit numbers into 32-bit sums, likewise: vpdpbusd on a level named after VNNI, else the
 *          faster of the two exact ways of AVX2 (maddubs, madd, add; or madd, add)
 *
 *   read   loads that use nothing, over an array, in so many streams side by side; the work is counted in bytes
 *
 * Levels are known by the width in their names; a level that is not known has no walls, and its columns stay empty.
 */
#ifndef BENCH_WALLS_H
#define BENCH_WALLS_H

#include "base/cpu.h"
#include "bench_sides.h"

#include <string.h>

enum { BENCH_WALL_LOOPS = 1 << 16, BENCH_SUMS = 12 };

typedef struct bench_read {
  const char *from;
  size_t bytes, streams;
} bench_read;

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

/* x is made unknown after each use, so that nothing moves out of the loop. */
#define BENCH_SUM(sum, expression) sum = expression, BENCH_UNKNOWN(sum), BENCH_UNKNOWN(x)
#define BENCH_UNKNOWN(x) __extension__({ __asm__ volatile("" : "+v"(x)); })

#define BENCH_WALL(name, isa, type, start, other, step, add)                                                           \
  __attribute__((target(isa))) static void name(void *job) {                                                           \
    type x = start, a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;                \
    const type y = other;                                                                                              \
    for (long n = 0; n < BENCH_WALL_LOOPS; n++) {                                                                      \
      BENCH_SUM(a, step(a)), BENCH_SUM(b, step(b)), BENCH_SUM(c, step(c)), BENCH_SUM(d, step(d));                      \
      BENCH_SUM(e, step(e)), BENCH_SUM(f, step(f)), BENCH_SUM(g, step(g)), BENCH_SUM(h, step(h));                      \
      BENCH_SUM(i, step(i)), BENCH_SUM(j, step(j)), BENCH_SUM(k, step(k)), BENCH_SUM(l, step(l));                      \
    }                                                                                                                  \
    a = add(add(add(add(a, b), add(c, d)), add(add(e, f), add(g, h))), add(add(i, j), add(k, l)));                     \
    __asm__ volatile("" : : "v"(a));                                                                                   \
    (void)job;                                                                                                         \
  }

#define BENCH_FMA_256(sum) _mm256_fmadd_ps(x, y, sum)
#define BENCH_FMA_512(sum) _mm512_fmadd_ps(x, y, sum)
#define BENCH_DOT_512(sum) _mm512_dpbusd_epi32(sum, x, y)
#define BENCH_DOT_256(sum) _mm256_dpbusd_avx_epi32(sum, x, y)
#define BENCH_MADDUBS_256(sum)                                                                                         \
  _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(x, y), _mm256_set1_epi16(1)))
#define BENCH_MADDUBS_512(sum)                                                                                         \
  _mm512_add_epi32(sum, _mm512_madd_epi16(_mm512_maddubs_epi16(x, y), _mm512_set1_epi16(1)))
#define BENCH_MADD_256(sum) _mm256_add_epi32(sum, _mm256_madd_epi16(x, y))

BENCH_WALL(bench_fma_256, "avx2,fma", __m256, _mm256_set1_ps(1e-9f), _mm256_set1_ps(1), BENCH_FMA_256, _mm256_add_ps)
BENCH_WALL(bench_fma_512, "avx512f", __m512, _mm512_set1_ps(1e-9f), _mm512_set1_ps(1), BENCH_FMA_512, _mm512_add_ps)
BENCH_WALL(bench_dot_512, "avx512f,avx512vnni", __m512i, _mm512_set1_epi32(1), _mm512_set1_epi32(3), BENCH_DOT_512,
           _mm512_add_epi32)
BENCH_WALL(bench_dot_256, "avxvnni", __m256i, _mm256_set1_epi32(1), _mm256_set1_epi32(3), BENCH_DOT_256,
           _mm256_add_epi32)
BENCH_WALL(bench_maddubs_256, "avx2", __m256i, _mm256_set1_epi32(1), _mm256_set1_epi32(3), BENCH_MADDUBS_256,
           _mm256_add_epi32)
BENCH_WALL(bench_maddubs_512, "avx512f,avx512bw", __m512i, _mm512_set1_epi32(1), _mm512_set1_epi32(3),
           BENCH_MADDUBS_512, _mm512_add_epi32)
BENCH_WALL(bench_madd_256, "avx2", __m256i, _mm256_set1_epi32(1), _mm256_set1_epi32(3), BENCH_MADD_256,
           _mm256_add_epi32)

/* Each stream reads its share of the array from the start to the end; a step is 512 bytes of each. */
#define BENCH_READ(name, isa, type, load)                                                                              \
  __attribute__((target(isa))) static void name(void *job) {                                                           \
    const bench_read *read = job;                                                                                      \
    const size_t share = read->bytes / read->streams / 512 * 512;                                                      \
    for (size_t at = 0; at < share; at += 512)                                                                         \
      for (size_t s = 0; s < read->streams; s++)                                                                       \
        for (size_t i = 0; i < 512; i += 4 * sizeof(type)) {                                                           \
          const char *from = read->from + s * share + at + i;                                                          \
          const type a = load((const void *)from), b = load((const void *)(from + sizeof(type)));                      \
          const type c = load((const void *)(from + 2 * sizeof(type)));                                                \
          const type d = load((const void *)(from + 3 * sizeof(type)));                                                \
          __asm__ volatile("" : : "v"(a), "v"(b), "v"(c), "v"(d));                                                     \
        }                                                                                                              \
  }
BENCH_READ(bench_read_256, "avx2", __m256i, _mm256_load_si256)
BENCH_READ(bench_read_512, "avx512f", __m512i, _mm512_load_si512)

#undef BENCH_SUM
#undef BENCH_UNKNOWN
#undef BENCH_WALL
#undef BENCH_READ

/* Bytes of a level's vectors; 0 for a level without walls. */
static size_t bench_width(const char *level) {
  return strncmp(level, "avx512", 6) == 0 ? 64 : strncmp(level, "avx", 3) == 0 ? 32 : 0;
}

static bench_side bench_wall_fma(const char *level) {
  const size_t width = bench_width(level);
  const double work = 2.0 * BENCH_SUMS * BENCH_WALL_LOOPS * (double)(width / sizeof(float));
  return (bench_side){width == 64 ? bench_fma_512 : width == 32 ? bench_fma_256 : NULL, NULL, NULL, work};
}

static inline bench_side bench_wall_i8(const char *level) {
  const size_t width = bench_width(level);
  const double work = 2.0 * BENCH_SUMS * BENCH_WALL_LOOPS * (double)width;
  const bench_side exact[] = {{bench_maddubs_256, NULL, NULL, work}, {bench_madd_256, NULL, NULL, work / 2}};
  if (width == 64) return (bench_side){strstr(level, "vnni") ? bench_dot_512 : bench_maddubs_512, NULL, NULL, work};
  if (width == 32 && !strstr(level, "vnni")) return *bench_fastest(exact, 2);
  return (bench_side){width && (s2s__cpu_features() & S2S__CPU_AVXVNNI) ? bench_dot_256 : NULL, NULL, NULL, work};
}

static bench_run *bench_reader(const char *level) {
  return bench_width(level) == 64 ? bench_read_512 : bench_width(level) == 32 ? bench_read_256 : NULL;
}

#else

static size_t bench_width(const char *level) {
  (void)level;
  return 0;
}
static bench_side bench_wall_fma(const char *level) { return (bench_side){.work = (double)bench_width(level)}; }
static inline bench_side bench_wall_i8(const char *level) { return bench_wall_fma(level); }
static bench_run *bench_reader(const char *level) {
  (void)level;
  return NULL;
}

#endif

/* Reads `bytes` from `from`, 64-byte aligned, in the fastest number of streams, which is kept in *read. */
static bench_side bench_wall_read(const char *level, const void *from, size_t bytes, bench_read *read) {
  enum { WAYS = 4 };
  bench_read ways[WAYS];
  bench_side sides[WAYS];
  for (size_t i = 0; i < WAYS; i++) {
    ways[i] = (bench_read){.from = from, .bytes = bytes, .streams = (size_t)1 << i};
    sides[i] = (bench_side){bench_reader(level), NULL, &ways[i], (double)bytes};
  }
  bench_side fastest = *bench_fastest(sides, WAYS);
  if (fastest.run) *read = *(const bench_read *)fastest.job, fastest.job = read;
  return fastest;
}

#endif
