/* SPDX-License-Identifier: MIT
 *
 * The two users of counter-based numbers that are too long to be inline. Both are pure functions of their key.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* the same in every file of base/, for the amalgamation: the first #include settles it */
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif

#include "base/random.h"

#include <math.h>

void s2s__shuffle(uint32_t *items, size_t count, uint64_t key) {
  for (size_t i = count; i > 1; i--) {
    const size_t other = s2s__below(key, i, (uint32_t)i);
    const uint32_t item = items[i - 1];
    items[i - 1] = items[other];
    items[other] = item;
  }
}

double s2s__normal(uint64_t key, uint64_t counter) {
  const uint64_t pair = s2s__key(key, counter);
  const double radius = sqrt(-2.0 * log(1.0 - s2s__uniform(pair, 0))); /* 1 - u is never 0 */
  return radius * cos(6.283185307179586476925 * s2s__uniform(pair, 1));
}
