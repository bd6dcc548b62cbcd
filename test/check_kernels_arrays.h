/* SPDX-License-Identifier: MIT
 *
 * For check_kernels.c: random arrays at odd addresses between guard bytes, and comparison with a bound that is counted
 * in roundings.
 */
#ifndef CHECK_KERNELS_ARRAYS_H
#define CHECK_KERNELS_ARRAYS_H

#include "tap.h"
#include "tensor/kernels.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef s2s__real real;

#if defined(S2S_DOUBLE) && S2S_DOUBLE
#define UNIT (DBL_EPSILON / 2) /* largest relative error of one rounding */
#else
#define UNIT (FLT_EPSILON / 2)
#endif

static uint64_t seed = 20140901, random_state;

static uint32_t random_bits(void) {
  random_state = random_state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(random_state >> 32);
}
static size_t random_below(size_t n) { return random_bits() % n; }
static real random_real(void) { return (real)((double)random_bits() / 2147483648.0 - 1.0); }

#define GUARD 64
#define BLOCKS 64

typedef struct block {
  unsigned char *start;
  size_t offset, bytes;
} block;

static block blocks[BLOCKS];
static size_t block_count;

/* `bytes` between guards, `offset` bytes past a 64-byte boundary. */
static void *take_at(size_t bytes, size_t offset) {
  block *b = &blocks[block_count++];
  if (block_count > BLOCKS) exit(2);
  *b = (block){NULL, GUARD + offset, bytes};
  b->start = aligned_alloc(64, (bytes + 3 * GUARD + 63) / 64 * 64);
  if (!b->start) exit(2);
  memset(b->start, 0xa5, bytes + 3 * GUARD);
  return b->start + b->offset;
}

/* n numbers at a random address, in -scale .. scale. */
static real *take(size_t n, double scale) {
  real *x = take_at(n * sizeof *x, random_below(GUARD / sizeof *x) * sizeof *x);
  for (size_t j = 0; j < n; j++) x[j] = (real)(scale * (double)random_real());
  return x;
}

/* The same numbers elsewhere. */
static real *copy(size_t n, const real *x) {
  real *y = take(n, 0);
  if (n > 0) memcpy(y, x, n * sizeof *x);
  return y;
}

static int guards_stand(void) {
  for (size_t i = 0; i < block_count; i++) {
    const block *b = &blocks[i];
    for (size_t j = 0; j < b->bytes + 3 * GUARD; j++) {
      if (j == b->offset) j += b->bytes;
      if (b->start[j] != 0xa5) return 0;
    }
  }
  return 1;
}

/* Frees all arrays; false when something was written outside of them. */
static int release(void) {
  const int stand = guards_stand();
  if (!stand) diag("written outside of an array");
  while (block_count > 0) free(blocks[--block_count].start);
  return stand;
}

static int same_bits(size_t n, const real *x, const real *y) { return n == 0 || memcmp(x, y, n * sizeof *x) == 0; }

/* |got - wanted| <= roundings * UNIT * (size + |wanted|), `size` being that of the terms. */
static int near(const char *what, size_t n, const real *got, const real *wanted, double roundings, double size) {
  for (size_t j = 0; j < n; j++) {
    const double g = (double)got[j], w = (double)wanted[j];
    if (isnan(g) && isnan(w)) continue;
    if (isfinite(w) ? fabs(g - w) <= roundings * UNIT * (size + fabs(w)) : g == w) continue;
    diag("%s: [%zu] of %zu is %.9g, wanted %.9g", what, j, n, g, w);
    return 0;
  }
  return 1;
}

static const size_t sizes[] = {0,  1,  2,  3,  4,  5,  7,  8,  9,  12,  15,  16,  17,  23,  31,
                               32, 33, 40, 47, 48, 63, 64, 65, 96, 100, 127, 129, 255, 513, 1000};
#define SIZES (sizeof sizes / sizeof sizes[0])

typedef struct level {
  const s2s__kernels *kernels, *c; /* the level, and portable C */
} level;

typedef struct check {
  const char *name; /* what must hold */
  int (*run)(const level *l);
} check;

#endif
