/* SPDX-License-Identifier: MIT
 *
 * For check_kernels.c: argmax and top_k against a stable sort of the whole row.
 */
#ifndef CHECK_KERNELS_SELECT_H
#define CHECK_KERNELS_SELECT_H

#include "check_kernels_arrays.h"

static const real *rank_row;

/* The higher first, equal ones by place, NaN last. */
static int rank_order(const void *a, const void *b) {
  const size_t i = *(const size_t *)a, j = *(const size_t *)b;
  const real x = rank_row[i], y = rank_row[j];
  if (x > y || (x == x && y != y)) return -1;
  if (x < y || (x != x && y == y)) return 1;
  return i < j ? -1 : 1;
}

enum { ROW_RANDOM, ROW_TIES, ROW_SPECIAL, ROW_LOW, ROW_NAN, ROW_UP, ROW_DOWN, ROW_SAME, ROW_KINDS };

static void fill_row(size_t n, size_t kind, real *x) {
  static const real special[] = {(real)NAN, (real)INFINITY, (real)-INFINITY, 0, (real)-0.0, 1, -1, (real)1e-45};
  for (size_t j = 0; j < n; j++) {
    const uint32_t bits = random_bits();
    if (kind == ROW_TIES) x[j] = (real)(bits >> 30);
    if (kind == ROW_SPECIAL) x[j] = special[bits >> 29];
    if (kind == ROW_LOW) x[j] = (real)(bits >> 31 ? NAN : -INFINITY);
    if (kind == ROW_NAN) x[j] = (real)(bits >> 27 ? NAN : 1);
    if (kind == ROW_UP) x[j] = (real)j;
    if (kind == ROW_DOWN) x[j] = -(real)j;
    if (kind == ROW_SAME) x[j] = 2;
  }
}

static int select_is_right(const level *l, size_t n, size_t kind, const size_t *many, size_t count) {
  real *x = take(n, 3);
  size_t *order = take_at(n * sizeof *order, 0);
  int good = 1;
  fill_row(n, kind, x);
  for (size_t j = 0; j < n; j++) order[j] = j;
  rank_row = x;
  if (n > 0) qsort(order, n, sizeof *order, rank_order);
  good = l->kernels->argmax(n, x) == (n ? order[0] : 0);
  for (size_t i = 0; i < count && good; i++) {
    const size_t k = many[i] < n ? many[i] : n;
    size_t *place = take_at(k * sizeof *place, 0);
    l->kernels->top_k(n, x, k, place);
    good = k == 0 || memcmp(place, order, k * sizeof *place) == 0;
    if (!good) diag("row of kind %zu, n %zu, k %zu", kind, n, k);
  }
  return release() && good;
}

static int check_select(const level *l) {
  static const size_t many[] = {0, 1, 2, 3, 4, 5, 7, 10, 16, 33, 64, 100, 1000, 60000};
  int good = 1;
  for (size_t s = 0; s < SIZES && good; s++)
    for (size_t kind = 0; kind < ROW_KINDS; kind++) good = good && select_is_right(l, sizes[s], kind, many, 14);
  for (size_t kind = 0; kind < ROW_KINDS; kind++) good = good && select_is_right(l, 20011, kind, many, 14);
  return good;
}

#endif
