/* SPDX-License-Identifier: MIT
 *
 * The gate of a handle that serves one call at a time. A second call, from a callback of the first or from another thread,
 * finds it shut; a handle that is freed while a call is inside goes when that call leaves.
 *
 * Threads are told apart by numbers that are even and not zero: addresses of what each thread has one of.
 */
#ifndef S2S__BASE_GATE_H
#define S2S__BASE_GATE_H

#include <stdatomic.h>
#include <stdint.h>

typedef struct s2s__gate {
  atomic_uintptr_t state; /* zero: nobody is inside; else the thread that is, and 1 more where the handle is to go */
} s2s__gate;

/* Whether the call may go in. */
static inline int s2s__gate_enter(s2s__gate *gate, uintptr_t thread) {
  uintptr_t expected = 0;
  return atomic_compare_exchange_strong(&gate->state, &expected, thread);
}

static inline int s2s__gate_is_open(const s2s__gate *gate) { return atomic_load(&gate->state) == 0; }

/* Whether this thread is inside: it asks from a callback. */
static inline int s2s__gate_is_mine(const s2s__gate *gate, uintptr_t thread) {
  return (atomic_load(&gate->state) & ~(uintptr_t)1) == thread;
}

/* Whether the handle was freed meanwhile: then who leaves must free it. */
static inline int s2s__gate_leave(s2s__gate *gate) { return (int)(atomic_exchange(&gate->state, 0) & 1); }

/* Whether the handle can be freed now; otherwise it will be by who is inside. */
static inline int s2s__gate_close(s2s__gate *gate) {
  uintptr_t inside = atomic_load(&gate->state);
  while (inside && !atomic_compare_exchange_weak(&gate->state, &inside, inside | 1)) {}
  return !inside;
}

#endif
