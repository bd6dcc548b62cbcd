/* SPDX-License-Identifier: MIT
 *
 * Merge sort.
 */
#include "base/sort.h"

#include <string.h>

void s2s__sort(uint32_t *item, size_t n, uint32_t *scratch, s2s__before_fn before, const void *context) {
  if (n < 2) return;
  const size_t half = n / 2;
  s2s__sort(item, half, scratch, before, context);
  s2s__sort(item + half, n - half, scratch, before, context);
  memcpy(scratch, item, half * sizeof *item);
  size_t a = 0, b = half, at = 0;
  while (a < half && b < n) item[at++] = before(context, item[b], scratch[a]) ? item[b++] : scratch[a++];
  memcpy(item + at, scratch + a, (half - a) * sizeof *item);
}
