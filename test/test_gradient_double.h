/* SPDX-License-Identifier: MIT
 *
 * What the tests of gradients share: random numbers, differences of fourth order, the largest error.
 */
#ifndef TEST_GRADIENT_DOUBLE_H
#define TEST_GRADIENT_DOUBLE_H

#include "fixture.h"
#include "tap.h"

#include <math.h>
#include <stdlib.h>

#if !(defined(S2S_DOUBLE) && S2S_DOUBLE)
#error "for the double variant"
#endif

#define TOLERANCE 1e-7
#define STEP 1e-3

static uint64_t seed = 20240608, random_state;
static double worst_of_all;

static inline double draw(void) { return fixture_uniform(&random_state, -1, 1); }
static inline size_t below(size_t bound) { return fixture_below(&random_state, bound); }

/* The larger one; a NaN is the largest. */
static inline double worse(double a, double b) { return b <= a ? a : b; }

static inline void params_fill(const s2s__params *params, double scale) {
  for (size_t i = 0; i < params->total; i++) params->value[i] = scale * draw();
  for (size_t i = 0; i < params->count; i++) s2s__param_pack(params->item[i]);
}

/* f'(0) from f(+-h) and f(+-2h), to h^4. */
static inline double slope(double f1, double f_1, double f2, double f_2) {
  return (8 * (f1 - f_1) - (f2 - f_2)) / (12 * STEP);
}

/* Reads --seed N. */
static inline void begin_with_seed(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "--seed") == 0) seed = strtoull(argv[2], NULL, 0);
  random_state = seed;
  diag("seed %llu", (unsigned long long)seed);
}

#endif
