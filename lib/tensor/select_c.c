/* SPDX-License-Identifier: MIT
 *
 * argmax and top-k in portable C; select.h says how it is done.
 */
#include "tensor/select.h"

#include <math.h>

size_t s2s__select_find(const s2s__real *x, size_t from, size_t to, s2s__real value) {
  for (size_t j = from; j < to; j++)
    if (x[j] == value) return j;
  return from;
}

#define S2S__SELECT_BLOCK 16

/* Whether one of a block's numbers is above `value`; without a branch, so that compilers can make vectors of it. */
static int select_any(const s2s__real *x, s2s__real value) {
  int any = 0;
  for (size_t i = 0; i < S2S__SELECT_BLOCK; i++) any |= x[i] > value;
  return any;
}

size_t s2s__argmax_c(size_t n, const s2s__real *x) {
  s2s__real most = (s2s__real)-INFINITY;
  size_t at = 0;
  for (size_t j = 0; j < n; j += S2S__SELECT_BLOCK) {
    const size_t end = n - j < S2S__SELECT_BLOCK ? n : j + S2S__SELECT_BLOCK;
    if (end - j == S2S__SELECT_BLOCK && !select_any(x + j, most)) continue;
    for (size_t i = j; i < end; i++)
      if (x[i] > most) most = x[i], at = i;
  }
  return s2s__select_find(x, at, n, most); /* looks further only when nothing is above minus infinity */
}

/* Whether x[a] ranks below x[b]; neither is NaN. */
static int select_worse(const s2s__real *x, size_t a, size_t b) { return x[a] < x[b] || (x[a] == x[b] && a > b); }

/* Puts `entry` into the heap of k places at or below `at`, whose own place is free. */
static void select_sift(const s2s__real *x, size_t k, size_t *place, size_t at, size_t entry) {
  for (size_t child; (child = 2 * at + 1) < k; at = child) {
    if (child + 1 < k && select_worse(x, place[child + 1], place[child])) child++;
    if (!select_worse(x, place[child], entry)) break;
    place[at] = place[child];
  }
  place[at] = entry;
}

/* Up to this many places are kept sorted, the worst first: a heap too, but one that is better predicted. */
#define S2S__SELECT_SORTED 64

/* Puts `entry`, later than all, among k sorted places, in the room of the worst. */
static void select_insert(const s2s__real *x, size_t k, size_t *place, size_t entry) {
  const s2s__real value = x[entry];
  size_t at = 0;
  for (; at + 1 < k && x[place[at + 1]] < value; at++) place[at] = place[at + 1];
  place[at] = entry;
}

/* Puts places in order that stand as in the row. */
static void select_sort(const s2s__real *x, size_t count, size_t *place) {
  for (size_t i = 1; i < count; i++) {
    const size_t entry = place[i];
    size_t at = i;
    for (; at > 0 && x[place[at - 1]] >= x[entry]; at--) place[at] = place[at - 1];
    place[at] = entry;
  }
}

size_t s2s__top_k_begin(size_t n, const s2s__real *x, size_t k, size_t *place, size_t *count) {
  size_t j = 0, filled = 0;
  for (; j < n && filled < k; j++)
    if (x[j] == x[j]) place[filled++] = j;
  *count = filled;
  if (k <= S2S__SELECT_SORTED)
    select_sort(x, filled, place);
  else
    for (size_t at = filled / 2; at-- > 0;) select_sift(x, filled, place, at, place[at]);
  return j;
}

void s2s__top_k_offer(const s2s__real *x, size_t from, size_t to, size_t k, size_t *place) {
  for (size_t j = from; j < to; j++) {
    if (!(x[j] > x[place[0]])) continue;
    if (k <= S2S__SELECT_SORTED)
      select_insert(x, k, place, j);
    else
      select_sift(x, k, place, 0, j);
  }
}

void s2s__top_k_end(size_t n, const s2s__real *x, size_t count, size_t k, size_t *place) {
  const int sorted = k <= S2S__SELECT_SORTED;
  for (size_t low = 0; sorted && low < count / 2; low++) {
    const size_t high = count - 1 - low, worse = place[low];
    place[low] = place[high], place[high] = worse;
  }
  for (size_t left = count; !sorted && left-- > 1;) { /* the worst of those left goes to the end of them */
    const size_t last = place[left];
    place[left] = place[0];
    select_sift(x, left, place, 0, last);
  }
  for (size_t j = 0; j < n && count < k; j++)
    if (x[j] != x[j]) place[count++] = j;
}

void s2s__top_k_c(size_t n, const s2s__real *x, size_t k, size_t *place) {
  size_t count;
  if (k == 0) return;
  size_t j = s2s__top_k_begin(n, x, k, place, &count);
  for (; j + S2S__SELECT_BLOCK <= n; j += S2S__SELECT_BLOCK)
    if (select_any(x + j, x[place[0]])) s2s__top_k_offer(x, j, j + S2S__SELECT_BLOCK, k, place);
  s2s__top_k_offer(x, j, n, k, place);
  s2s__top_k_end(n, x, count, k, place);
}
