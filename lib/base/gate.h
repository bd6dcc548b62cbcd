/* SPDX-License-Identifier: MIT
 *
 * The gate of a handle that serves one call at a time. A second call, from a callback of the first or from another thread,
 * finds it shut; a handle that is freed while a call is inside goes when that call leaves.
 */
#ifndef S2S__BASE_GATE_H
#define S2S__BASE_GATE_H

#include <stdatomic.h>

typedef struct s2s__gate {
  atomic_int state; /* zero: nobody is inside */
} s2s__gate;

enum { S2S__GATE_OPEN, S2S__GATE_SHUT, S2S__GATE_DOOMED };

/* Whether the call may go in. */
static inline int s2s__gate_enter(s2s__gate *gate) {
  int expected = S2S__GATE_OPEN;
  return atomic_compare_exchange_strong(&gate->state, &expected, S2S__GATE_SHUT);
}

static inline int s2s__gate_is_open(const s2s__gate *gate) { return atomic_load(&gate->state) == S2S__GATE_OPEN; }

/* Whether the handle was freed meanwhile: then who leaves must free it. */
static inline int s2s__gate_leave(s2s__gate *gate) {
  return atomic_exchange(&gate->state, S2S__GATE_OPEN) == S2S__GATE_DOOMED;
}

/* Whether the handle can be freed now; otherwise it will be by who is inside. */
static inline int s2s__gate_close(s2s__gate *gate) {
  int expected = S2S__GATE_SHUT;
  return !atomic_compare_exchange_strong(&gate->state, &expected, S2S__GATE_DOOMED) && expected == S2S__GATE_OPEN;
}

#endif
