/* SPDX-License-Identifier: MIT
 *
 * Plain blocks and arenas over the host's allocator.
 *
 * A chunk is one block of the host: this header, padding up to the first 64-byte border, then its bytes (the host need
 * not align to more than 16). An arena holds two lists of chunks: those in use, newest first, and spare ones that
 * s2s__arena_rewind() emptied. When the newest chunk is full, the first spare one with room is taken; when none has
 * room, the spare ones are given back and one chunk at least as large as all of them is asked for, so that a loop of
 * mark, take, rewind comes to rest with one large chunk.
 *
 * Under AddressSanitizer every byte that was not handed out is poisoned, and a gap is left behind each block: an
 * overrun inside an arena is then found like one of malloc's.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* the same in every file of base/, for the amalgamation: the first #include settles it */
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MEMORY_POISONS 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define MEMORY_POISONS 1
#endif

#ifdef MEMORY_POISONS
#include <sanitizer/asan_interface.h>
#define MEMORY_GAP S2S__ALIGN
#define MEMORY_HIDE(bytes, size) __asan_poison_memory_region((bytes), (size))
#define MEMORY_SHOW(bytes, size) __asan_unpoison_memory_region((bytes), (size))
#else
#define MEMORY_GAP 0
#define MEMORY_HIDE(bytes, size) ((void)(bytes), (void)(size))
#define MEMORY_SHOW(bytes, size) ((void)(bytes), (void)(size))
#endif

#define MEMORY_CHUNK_MIN ((size_t)64 << 10)
#define MEMORY_CHUNK_MAX ((size_t)64 << 20) /* growth beyond what is asked for stops here */

struct s2s__chunk {
  s2s__chunk *older;
  unsigned char *base; /* the first 64-byte border behind this header */
  size_t size;         /* as asked of the host */
  size_t capacity;     /* bytes from base on, a multiple of 64 */
  size_t used;         /* a multiple of 64 */
};

#define MEMORY_OVERHEAD (sizeof(struct s2s__chunk) + S2S__ALIGN - 1)

static void *memory_malloc(void *user, void *block, size_t old_size, size_t new_size) {
  (void)user;
  (void)old_size;
  if (new_size != 0) return realloc(block, new_size);
  free(block);
  return NULL;
}

void s2s__host_init(s2s__host *host) {
  memset(host, 0, sizeof *host);
  host->allocate = memory_malloc;
}

/* A block of no bytes has one, so that NULL always means out of memory. */
static size_t memory_size(size_t size) { return size == 0 ? 1 : size; }

/* ---- budgets ----------------------------------------------------------------------------------------------------- */

void s2s__host_own(s2s__host *own, const s2s__host *given, s2s__budget *budget, size_t size) {
  *own = *given;
  budget->limit = given->limit;
  atomic_init(&budget->held, size);
  atomic_init(&budget->peak, size);
  atomic_init(&budget->refused, 0);
  if (!own->budget) own->budget = budget;
}

s2s__host s2s__host_given(const s2s__host *own, const s2s__budget *budget) {
  s2s__host given = *own;
  if (given.budget == budget) given.budget = NULL;
  return given;
}

int32_t s2s__name_limit(const s2s__host *host, s2s__error *error, int32_t status) {
  if (!host->budget || !atomic_exchange(&host->budget->refused, 0) || status != S2S_OUT_OF_MEMORY) return status;
  return s2s__fail_suffix(error, ": that would pass memory_limit %zu", host->budget->limit);
}

/* What the limit leaves of a budget that holds `held`. */
static size_t memory_free_of(const s2s__budget *budget, size_t held) {
  const size_t limit = budget->limit ? budget->limit : SIZE_MAX;
  return limit > held ? limit - held : 0;
}

static int memory_charge(const s2s__host *host, size_t size) {
  s2s__budget *budget = host->budget;
  if (!budget) return host->limit == 0 || size <= host->limit; /* a handle's struct */
  size_t held = atomic_load(&budget->held);
  do {
    if (size > memory_free_of(budget, held)) {
      atomic_store(&budget->refused, 1);
      return 0;
    }
  } while (!atomic_compare_exchange_weak(&budget->held, &held, held + size));
  size_t peak = atomic_load(&budget->peak);
  while (peak < held + size && !atomic_compare_exchange_weak(&budget->peak, &peak, held + size)) continue;
  return 1;
}

static void memory_discharge(const s2s__host *host, size_t size) {
  if (host->budget) atomic_fetch_sub(&host->budget->held, size);
}

/* ---- plain blocks ------------------------------------------------------------------------------------------------ */

void *s2s__resize(const s2s__host *host, void *block, size_t old_size, size_t new_size) {
  const size_t before = block ? memory_size(old_size) : 0, after = memory_size(new_size);
  const size_t more = after > before ? after - before : 0, less = before > after ? before - after : 0;
  if (!memory_charge(host, more)) return NULL;
  void *result = host->allocate(host->allocate_user, block, before, after);
  memory_discharge(host, result ? less : more);
  return result;
}

void *s2s__allocate_zeroed(const s2s__host *host, size_t size) {
  void *block = s2s__resize(host, NULL, 0, size);
  if (block) memset(block, 0, memory_size(size));
  return block;
}

void s2s__free(const s2s__host *host, void *block, size_t size) {
  if (!block) return;
  host->allocate(host->allocate_user, block, memory_size(size), 0);
  memory_discharge(host, memory_size(size));
}

int s2s__multiply_fits(size_t a, size_t b, size_t *product) {
  if (b != 0 && a > SIZE_MAX / b) return 0;
  *product = a * b;
  return 1;
}

int32_t s2s__grow(const s2s__host *host, void *items_pointer, size_t *capacity, size_t needed, size_t item_size,
                  s2s__error *error) {
  if (needed <= *capacity) return S2S_OK;
  const size_t half_again = *capacity + *capacity / 2;
  size_t count = needed, bytes = 0;
  if (half_again > needed && half_again > *capacity) count = half_again;
  if (!s2s__multiply_fits(count, item_size, &bytes)) return s2s__fail_memory(error, SIZE_MAX, "a growing array");
  void *items = NULL; /* through memcpy: what items_pointer points at is a T *, not a void * */
  memcpy(&items, items_pointer, sizeof items);
  items = s2s__resize(host, items, *capacity * item_size, bytes);
  if (!items) return s2s__fail_memory(error, bytes, "a growing array");
  memcpy(items_pointer, &items, sizeof items);
  *capacity = count;
  return S2S_OK;
}

/* ---- arenas ------------------------------------------------------------------------------------------------------ */

/* Up to the next multiple of 64, at least 64; false when it does not fit. */
static int memory_round(size_t size, size_t *rounded) {
  const size_t least = memory_size(size);
  if (least > SIZE_MAX - S2S__ALIGN - MEMORY_GAP) return 0;
  *rounded = ((least + S2S__ALIGN - 1) & ~(size_t)(S2S__ALIGN - 1)) + MEMORY_GAP;
  return 1;
}

void s2s__arena_init(s2s__arena *arena, const s2s__host *host) {
  memset(arena, 0, sizeof *arena);
  arena->host = *host;
}

/* Gives a list of chunks back; returns the bytes it could hold. */
static size_t memory_release(s2s__arena *arena, s2s__chunk **list) {
  size_t capacity = 0;
  while (*list) {
    s2s__chunk *chunk = *list;
    *list = chunk->older;
    capacity += chunk->capacity;
    arena->reserved -= chunk->size;
    MEMORY_SHOW(chunk->base, chunk->capacity);
    s2s__free(&arena->host, chunk, chunk->size);
  }
  return capacity;
}

/* Makes a chunk of `capacity` bytes the newest. */
static int memory_add(s2s__arena *arena, size_t capacity) {
  if (capacity > SIZE_MAX - MEMORY_OVERHEAD) return 0;
  const size_t size = capacity + MEMORY_OVERHEAD;
  if (size > SIZE_MAX - arena->reserved) return 0;
  s2s__chunk *chunk = s2s__resize(&arena->host, NULL, 0, size);
  if (!chunk) return 0;
  unsigned char *first = (unsigned char *)chunk + sizeof *chunk;
  chunk->base = first + ((0 - (uintptr_t)first) & (S2S__ALIGN - 1));
  chunk->size = size;
  chunk->capacity = capacity;
  chunk->used = 0;
  chunk->older = arena->newest;
  MEMORY_HIDE(chunk->base, capacity);
  arena->newest = chunk;
  arena->reserved += size;
  return 1;
}

/* The most bytes that the handle's limit leaves for a chunk. */
static size_t memory_left(const s2s__arena *arena) {
  const s2s__budget *budget = arena->host.budget;
  if (!budget || budget->limit == 0) return SIZE_MAX;
  const size_t left = memory_free_of(budget, atomic_load(&budget->held));
  return left < MEMORY_OVERHEAD ? 0 : (left - MEMORY_OVERHEAD) & ~(size_t)(S2S__ALIGN - 1);
}

/* Makes the first spare chunk with room the newest. */
static int memory_reuse(s2s__arena *arena, size_t room) {
  for (s2s__chunk **link = &arena->spare; *link; link = &(*link)->older) {
    s2s__chunk *chunk = *link;
    if (chunk->capacity < room) continue;
    *link = chunk->older;
    chunk->older = arena->newest;
    arena->newest = chunk;
    return 1;
  }
  return 0;
}

/* Sees to it that the newest chunk is empty and has room. It may be larger than needed, but the handle's other arenas are
 * left most of what the limit leaves. */
static int memory_more(s2s__arena *arena, size_t room) {
  if (memory_reuse(arena, room)) return 1;
  size_t want = arena->frugal ? 0 : arena->reserved / 2;
  if (want < MEMORY_CHUNK_MIN) want = MEMORY_CHUNK_MIN;
  if (want > MEMORY_CHUNK_MAX) want = MEMORY_CHUNK_MAX;
  want &= ~(size_t)(S2S__ALIGN - 1);
  const size_t spare = memory_release(arena, &arena->spare);
  const size_t left = memory_left(arena);
  const size_t share = (left > spare ? left - spare : 0) / 8 & ~(size_t)(S2S__ALIGN - 1);
  if (want > share) want = share;
  if (want < spare) want = spare < left ? spare : left;
  if (want < room) want = room;
  return memory_add(arena, want) || (want > room && memory_add(arena, room));
}

void *s2s__arena_take(s2s__arena *arena, size_t size) {
  size_t room = 0;
  if (!memory_round(size, &room)) return NULL;
  s2s__chunk *chunk = arena->newest;
  if (!chunk || chunk->capacity - chunk->used < room) {
    if (!memory_more(arena, room)) return NULL;
    chunk = arena->newest;
  }
  unsigned char *block = chunk->base + chunk->used;
  chunk->used += room;
  arena->used += room;
  MEMORY_SHOW(block, size);
  return block;
}

void *s2s__arena_take_zeroed(s2s__arena *arena, size_t size) {
  void *block = s2s__arena_take(arena, size);
  if (block) memset(block, 0, size);
  return block;
}

char *s2s__arena_text(s2s__arena *arena, const char *text, size_t length) {
  char *copy = length < SIZE_MAX ? s2s__arena_take(arena, length + 1) : NULL;
  if (!copy) return NULL;
  if (length != 0) memcpy(copy, text, length);
  copy[length] = '\0';
  return copy;
}

void *s2s__arena_take_items(s2s__arena *arena, size_t count, size_t item_size) {
  size_t size = 0;
  return s2s__multiply_fits(count, item_size, &size) ? s2s__arena_take(arena, size) : NULL;
}

s2s__mark s2s__arena_mark(const s2s__arena *arena) {
  const s2s__mark mark = {arena->newest, arena->newest ? arena->newest->used : 0, arena->used};
  return mark;
}

void s2s__arena_rewind(s2s__arena *arena, s2s__mark mark) {
  while (arena->newest && arena->newest != mark.chunk) {
    s2s__chunk *chunk = arena->newest;
    arena->newest = chunk->older;
    chunk->used = 0;
    MEMORY_HIDE(chunk->base, chunk->capacity);
    chunk->older = arena->spare;
    arena->spare = chunk;
  }
  if (arena->newest) {
    arena->newest->used = mark.chunk_used;
    MEMORY_HIDE(arena->newest->base + mark.chunk_used, arena->newest->capacity - mark.chunk_used);
  }
  arena->used = mark.used;
}

void s2s__arena_reset(s2s__arena *arena) {
  const s2s__mark start = {NULL, 0, 0};
  s2s__arena_rewind(arena, start);
  if (!arena->spare || !arena->spare->older) return;
  const size_t total = memory_release(arena, &arena->spare);
  (void)memory_add(arena, total); /* when refused, the next take asks again */
}

void s2s__arena_free(s2s__arena *arena) {
  (void)memory_release(arena, &arena->newest);
  (void)memory_release(arena, &arena->spare);
  arena->used = 0;
}

#undef MEMORY_POISONS
#undef MEMORY_GAP
#undef MEMORY_HIDE
#undef MEMORY_SHOW
#undef MEMORY_CHUNK_MIN
#undef MEMORY_CHUNK_MAX
#undef MEMORY_OVERHEAD
