/* SPDX-License-Identifier: MIT
 *
 * Stable sorting of numbers that stand for things (the libc's qsort is not stable, and may ask malloc for memory).
 */
#ifndef S2S__BASE_SORT_H
#define S2S__BASE_SORT_H

#include <stddef.h>
#include <stdint.h>

/* Whether a comes before b, and is not its equal. */
typedef int (*s2s__before_fn)(const void *context, uint32_t a, uint32_t b);

/* Merge sort of item[0..n); scratch has n / 2 places. Equal items stay in their order. */
void s2s__sort(uint32_t *item, size_t n, uint32_t *scratch, s2s__before_fn before, const void *context);

#endif
