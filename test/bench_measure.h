/* SPDX-License-Identifier: MIT
 *
 * How the benchmarks measure: sides that take turns, medians and quartiles of their ratios, and rows of the table that
 * `make bench` collects.
 *
 * On a shared machine a time alone says little: the clock rate and the neighbours change from one second to the next.
 * So everything is a pair. The two sides take turns in slices of wall-clock time, each round gives one ratio, and what
 * is reported is the median of the rounds' ratios with its quartiles. 0.97 or more of a peer's speed counts as equal.
 *
 * Include after a definition of _POSIX_C_SOURCE.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double bench_clock(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double bench_now(void) { return bench_clock(CLOCK_MONOTONIC); }

/* ---- medians ----------------------------------------------------------------------------------------------------- */

typedef struct bench_quartiles {
  double low, middle, high; /* middle 0: not measured */
} bench_quartiles;

static int bench_ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Sorts the values. */
static bench_quartiles bench_quartiles_of(double *values, int count) {
  qsort(values, (size_t)count, sizeof *values, bench_ascending);
  return (bench_quartiles){values[(count - 1) / 4], values[(count - 1) / 2], values[(count - 1) * 3 / 4]};
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

/* area case level value unit wall_share vs_c vs_peer peer; what was not measured stays empty. */
typedef struct bench_row {
  const char *area, *name, *level, *unit, *peer;
  double value;
  bench_quartiles wall_share, vs_c, vs_peer;
} bench_row;

static void bench_print_quartiles(const bench_quartiles *q) {
  printf("\t");
  if (q->middle > 0) printf("%.2f (%.2f..%.2f)", q->middle, q->low, q->high);
}

static void bench_print(const bench_row *row) {
  printf("%s\t%s\t%s\t%.*f\t%s", row->area, row->name, row->level, row->value < 100 ? 1 : 0, row->value, row->unit);
  bench_print_quartiles(&row->wall_share);
  bench_print_quartiles(&row->vs_c);
  bench_print_quartiles(&row->vs_peer);
  printf("\t%s\n", row->peer && row->vs_peer.middle > 0 ? row->peer : "");
  fflush(stdout);
}

#endif
