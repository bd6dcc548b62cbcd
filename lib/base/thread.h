/* SPDX-License-Identifier: MIT
 *
 * Threads behind one small interface: a pool that belongs to a handle. No thread exists unless a handle asked for more
 * than one; workers sleep on a condition variable between calls and never spin. All signals are blocked in them, so
 * that the host's handlers run in the host's threads.
 */
#ifndef S2S__BASE_THREAD_H
#define S2S__BASE_THREAD_H

#include "base/memory.h"

#define S2S__MAX_THREADS 256

typedef struct s2s__pool s2s__pool;

/* One part of a job. `part` runs over 0 .. parts-1, each exactly once; `worker` is 0 .. threads-1 (0 is the caller). */
typedef void (*s2s__job_fn)(void *job, size_t part, size_t worker);

/* `threads` counts the calling thread: 1 makes no thread at all. */
int32_t s2s__pool_new(const s2s__host *host, size_t threads, s2s__pool **pool, s2s__error *error);
void s2s__pool_free(s2s__pool *pool); /* joins; NULL does nothing */
size_t s2s__pool_threads(const s2s__pool *pool); /* NULL counts as 1 */

/* Runs all parts and returns when the last is done. pool NULL runs them here, in order. Makes no allocation. The
 * floating-point mode of the call is that of s2s__float_mode_enter() in every worker. */
void s2s__pool_run(s2s__pool *pool, size_t parts, s2s__job_fn function, void *job);

/* Processors this process may run on, at least 1. */
size_t s2s__processors(void);

/* Round to nearest, no flush-to-zero, no trap: saved, set, restored around every computing call. */
typedef struct s2s__float_mode {
  uint64_t saved;
} s2s__float_mode;
s2s__float_mode s2s__float_mode_enter(void);
void s2s__float_mode_leave(s2s__float_mode mode);

/* Seconds of a clock that never runs backwards; only for reports, never for decisions. */
double s2s__clock(void);

#endif
