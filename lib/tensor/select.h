/* SPDX-License-Identifier: MIT
 *
 * The highest numbers of a row: portable C (select_c.c), and what the vector levels share with it.
 *
 * The k best so far stand as a heap in place[], the worst at its root, place[0]: of two numbers the lower is worse, of
 * equal ones the later (for few k a sorted list, which is a heap too). A row is read from left to right, so that a
 * number comes in only when it is above the root; a vector level looks at many numbers at once for one that is (the
 * root rises quickly, so nearly none are). NaN never comes into the heap; where numbers run out, places of NaN fill the
 * rest, in order.
 */
#ifndef S2S__TENSOR_SELECT_H
#define S2S__TENSOR_SELECT_H

#include "tensor/isa.h"

size_t s2s__argmax_c(size_t n, const s2s__real *x);
void s2s__top_k_c(size_t n, const s2s__real *x, size_t k, size_t *place);

/* The first place in from .. to-1 where x is `value`; `from` where there is none. */
size_t s2s__select_find(const s2s__real *x, size_t from, size_t to, s2s__real value);

/* Makes the heap of the first k numbers, or of all when there are fewer: *count. Returns the place to go on from. */
size_t s2s__top_k_begin(size_t n, const s2s__real *x, size_t k, size_t *place, size_t *count);
/* Takes in what is above the root in from .. to-1. */
void s2s__top_k_offer(const s2s__real *x, size_t from, size_t to, size_t k, size_t *place);
/* Sorts the heap of `count`, the highest first, and fills up with places of NaN. */
void s2s__top_k_end(size_t n, const s2s__real *x, size_t count, size_t k, size_t *place);

#endif
