/* SPDX-License-Identifier: MIT
 *
 * Ways to do the same work, measured in turns: ours, a wall, portable C, another library in its own process.
 *
 *     a round:   ours wall, ours C, ours peer       one slice each; one ratio of each pair a round
 */
#ifndef BENCH_SIDES_H
#define BENCH_SIDES_H

#include "bench_measure.h"

#define BENCH_SLICE_SECONDS 0.02
enum { BENCH_ROUNDS = 9, BENCH_ROUNDS_SLOW = 7, BENCH_MOST_ROUNDS = 16, BENCH_MOST_RIVALS = 4 };

typedef void bench_run(void *job);

typedef struct bench_side {
  bench_run *run;                         /* here; or NULL and */
  double (*ask)(void *job, double slice); /* seconds of one call somewhere else, 0 when it is gone */
  void *job;
  double work; /* of one call: operations, bytes, numbers; the same unit on both sides of a pair */
} bench_side;

static int bench_side_is_there(const bench_side *side) { return side->run != NULL || side->ask != NULL; }

/* Seconds of one call: calls once to warm up (which is all, when that took a slice), then until `slice` seconds are
 * over; the clocks are read once a batch.
 * The time is the wall clock's, or the processor's where that is less: then other processes had a part of the slice.
 * (Of two threads the processor's time is the sum, and the wall clock's counts.) */
static double bench_time(bench_run *run, void *job, double slice) {
  long done = 0, batch = 1;
  double start = bench_now(), start_processor = bench_clock(CLOCK_PROCESS_CPUTIME_ID), seconds;
  run(job);
  seconds = bench_now() - start;
  if (seconds >= slice)
    done = 1;
  else
    start += seconds, start_processor = bench_clock(CLOCK_PROCESS_CPUTIME_ID), seconds = 0;
  for (; seconds < slice; seconds = bench_now() - start) {
    if (done > 0 && seconds < slice / 8) batch *= 2;
    for (long i = 0; i < batch; i++) run(job);
    done += batch;
  }
  const double processor = bench_clock(CLOCK_PROCESS_CPUTIME_ID) - start_processor;
  return (processor < seconds ? processor : seconds) / (double)done;
}

static double bench_side_seconds(const bench_side *side, double slice) {
  return side->run ? bench_time(side->run, side->job, slice) : side->ask(side->job, slice);
}

/* The median time of one call. */
static double bench_alone(const bench_side *side, int rounds) {
  double times[BENCH_MOST_ROUNDS];
  for (int r = 0; r < rounds; r++) times[r] = bench_side_seconds(side, BENCH_SLICE_SECONDS);
  return bench_quartiles_of(times, rounds).middle;
}

/* The other side of a pair, and how many times as fast as it ours is, by the work done; ratio.middle 0 when it is not
 * there, or failed. */
typedef struct bench_rival {
  bench_side side;
  int rounds;
  bench_quartiles ratio;
  double ratios[BENCH_MOST_ROUNDS];
} bench_rival;

/* Each round goes through all rivals, with a slice of ours before each. Returns the median of ours, in seconds a call.
 */
static double bench_race(const bench_side *ours, bench_rival *rivals, size_t count) {
  double times[BENCH_MOST_ROUNDS * BENCH_MOST_RIVALS];
  int taken = 0;
  for (int r = 0; r < BENCH_ROUNDS; r++)
    for (size_t i = 0; i < count; i++) {
      bench_rival *rival = &rivals[i];
      if (!bench_side_is_there(&rival->side) || r >= rival->rounds) continue;
      times[taken] = bench_side_seconds(ours, BENCH_SLICE_SECONDS);
      const double theirs = bench_side_seconds(&rival->side, BENCH_SLICE_SECONDS);
      if (!(theirs > 0)) rival->side = (bench_side){.work = 0};
      rival->ratios[r] = theirs / times[taken++] * (ours->work / rival->side.work);
    }
  for (size_t i = 0; i < count; i++)
    if (bench_side_is_there(&rivals[i].side)) rivals[i].ratio = bench_quartiles_of(rivals[i].ratios, rivals[i].rounds);
  if (taken == 0) return bench_alone(ours, BENCH_ROUNDS);
  return bench_quartiles_of(times, taken).middle;
}

/* The fastest of some sides by their best of three slices; a side that is not there is never the fastest. */
static const bench_side *bench_fastest(const bench_side *sides, size_t count) {
  static const bench_side none;
  const bench_side *fastest = &none;
  double least = 0;
  for (size_t i = 0; i < count; i++) {
    if (!bench_side_is_there(&sides[i])) continue;
    for (int r = 0; r < 3; r++) {
      const double seconds = bench_side_seconds(&sides[i], BENCH_SLICE_SECONDS) / sides[i].work;
      if (seconds > 0 && (!(least > 0) || seconds < least)) least = seconds, fastest = &sides[i];
    }
  }
  return fastest;
}

/* Numbers to compute with, between low and high, the same ones each time. Stops the program without memory. */
static void *bench_memory(size_t size) {
  void *memory = aligned_alloc(64, (size + 63) / 64 * 64);
  if (memory) return memory;
  fprintf(stderr, "bench: no memory\n");
  exit(2);
}

static float *bench_numbers(size_t n, double low, double high) {
  float *x = bench_memory(n * sizeof *x);
  uint32_t state = 1;
  for (size_t j = 0; j < n; j++) {
    state = state * 1664525u + 1013904223u;
    x[j] = (float)(low + (high - low) * (state >> 8) / 16777216.0);
  }
  return x;
}

static inline int8_t *bench_bytes(size_t n) {
  int8_t *x = bench_memory(n);
  uint32_t state = 1;
  for (size_t j = 0; j < n; j++) {
    state = state * 1664525u + 1013904223u;
    x[j] = (int8_t)((int)(state >> 8) % 255 - 127);
  }
  return x;
}

#endif
