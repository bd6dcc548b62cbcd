/* SPDX-License-Identifier: MIT
 *
 * What the host gave us (allocator, logger, progress), and the arenas that own the library's memory.
 *
 * s2s__host hangs on every handle; there is no global allocator. One function does it all, as Lua's:
 * allocate(user, pointer, old_size, new_size) allocates (pointer NULL), resizes or frees (new_size 0).
 *
 * An arena is a list of chunks from the host's allocator, bumped through from the start of the newest:
 *
 *     arena -> [chunk n | used ........ free] -> [chunk n-1 | full] -> ... -> NULL
 *
 * All of a handle's memory is charged to its budget: whatever it makes for its own use (arenas, arrays, a trainer's
 * decoders) gets a host that points there. What it hands out is a handle of its own and gets one of its own.
 *
 * Blocks are 64-byte aligned (S2S__ALIGN, the widest vector). s2s__arena_reset() forgets every block but keeps the
 * memory, and replaces several chunks by one of their total size, so that a loop which resets its arena once a
 * round makes no allocation after its first rounds.
 */
#ifndef S2S__BASE_MEMORY_H
#define S2S__BASE_MEMORY_H

#include "base/status.h"

#include <stdatomic.h>

#define S2S__ALIGN 64

/* What a handle holds in all; several threads may work for one handle. */
typedef struct s2s__budget {
  size_t limit; /* option memory_limit; 0 is no limit */
  atomic_size_t held, peak;
  atomic_int refused; /* the limit was reached since s2s__name_limit() was last asked */
} s2s__budget;

typedef struct s2s__host {
  s2s_allocate_fn allocate; /* never NULL once s2s__host_init has run */
  void *allocate_user;
  s2s_log_fn log; /* may be NULL */
  void *log_user;
  s2s_progress_fn progress; /* may be NULL */
  void *progress_user;
  int replace_invalid; /* option invalid_utf8: a text gets U+FFFD where it is no valid UTF-8 */
  size_t limit;        /* for the budget of a handle that is made with this host; 0 is no limit */
  s2s__budget *budget; /* charged with all that is asked of this host; NULL: of no handle */
} s2s__host;

/* malloc-backed allocator, no logger, no progress. */
void s2s__host_init(s2s__host *host);

/* The host that a handle of `size` bytes, itself asked of `given`, uses for all else: `given` with the handle's own budget,
 * or as it is when `given` belongs to a handle, for which this one is then made. And the way back, to free the handle with
 * and to make handles that are handed out. */
void s2s__host_own(s2s__host *own, const s2s__host *given, s2s__budget *budget, size_t size);
s2s__host s2s__host_given(const s2s__host *own, const s2s__budget *budget);

/* Adds to the message of a S2S_OUT_OF_MEMORY that it was memory_limit, where it was. Returns `status`. */
int32_t s2s__name_limit(const s2s__host *host, s2s__error *error, int32_t status);

/* Plain blocks, for handles and growing arrays. `old_size` must be what was asked for. NULL when out of memory or over the
 * limit (the old block then stays as it was). s2s__free(host, NULL, 0) does nothing. Zero bytes are never asked of the host. */
void *s2s__resize(const s2s__host *host, void *block, size_t old_size, size_t new_size);
void *s2s__allocate_zeroed(const s2s__host *host, size_t size);
void s2s__free(const s2s__host *host, void *block, size_t size);

/* Grows `*items` (of `item_size` bytes each, `*capacity` of them) to hold at least `needed`, by half again at least.
 * S2S_OUT_OF_MEMORY leaves everything as it was. */
int32_t s2s__grow(const s2s__host *host, void *items_pointer, size_t *capacity, size_t needed, size_t item_size,
                  s2s__error *error);

/* False when a * b does not fit a size_t. */
int s2s__multiply_fits(size_t a, size_t b, size_t *product);

typedef struct s2s__chunk s2s__chunk;

typedef struct s2s__arena {
  s2s__host host;
  s2s__chunk *newest;
  s2s__chunk *spare; /* emptied by rewind, kept for the next take */
  size_t used;     /* bytes handed out since the last reset */
  size_t reserved; /* bytes held from the host, headers included */
  int frugal;      /* set after init: chunks grow no larger than is needed, in an arena that is filled once */
} s2s__arena;

void s2s__arena_init(s2s__arena *arena, const s2s__host *host);
void s2s__arena_free(s2s__arena *arena); /* gives all back to the host; the arena may be used again */
void s2s__arena_reset(s2s__arena *arena);

/* 64-byte aligned, not cleared; NULL when out of memory or over the limit. Zero bytes give a valid pointer. */
void *s2s__arena_take(s2s__arena *arena, size_t size);
void *s2s__arena_take_zeroed(s2s__arena *arena, size_t size);

/* A NUL-terminated copy of `length` bytes. */
char *s2s__arena_text(s2s__arena *arena, const char *text, size_t length);

/* count items of a type with overflow check; NULL when out of memory. */
void *s2s__arena_take_items(s2s__arena *arena, size_t count, size_t item_size);
#define S2S__TAKE(arena, type, count) ((type *)s2s__arena_take_items((arena), (count), sizeof(type)))

/* A mark, and the way back to it: everything taken since is forgotten (its memory is kept for the next). */
typedef struct s2s__mark {
  s2s__chunk *chunk;
  size_t chunk_used;
  size_t used;
} s2s__mark;
s2s__mark s2s__arena_mark(const s2s__arena *arena);
void s2s__arena_rewind(s2s__arena *arena, s2s__mark mark);

#endif
