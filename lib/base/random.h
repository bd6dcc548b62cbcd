/* SPDX-License-Identifier: MIT
 *
 * Counter-based random numbers: a value is a pure function of a key and a counter, so nothing has to be stored, and
 * the same draw can be made again in the backward pass, on any thread, in any order.
 *
 * Mixing is the finaliser of SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators").
 */
#ifndef S2S__BASE_RANDOM_H
#define S2S__BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t s2s__mix(uint64_t x) {
  x += UINT64_C(0x9E3779B97F4A7C15);
  x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
  return x ^ (x >> 31);
}

/* A key from a key and one more number: s2s__key(s2s__key(seed, update), sentence). */
static inline uint64_t s2s__key(uint64_t key, uint64_t number) { return s2s__mix(key ^ s2s__mix(number)); }

/* Uniform in [0, 1), 53 bits. */
static inline double s2s__uniform(uint64_t key, uint64_t counter) {
  return (double)(s2s__key(key, counter) >> 11) * (1.0 / 9007199254740992.0);
}

/* Uniform whole number below `bound` (bound > 0), by the multiply-shift of Lemire 2019 without rejection: the bias is
 * below bound / 2^32. */
static inline uint32_t s2s__below(uint64_t key, uint64_t counter, uint32_t bound) {
  return (uint32_t)(((s2s__key(key, counter) >> 32) * bound) >> 32);
}

/* Fisher-Yates of items[0..count). */
void s2s__shuffle(uint32_t *items, size_t count, uint64_t key);

/* Standard normal by Box and Muller (1958), from two uniform draws. */
double s2s__normal(uint64_t key, uint64_t counter);

#endif
