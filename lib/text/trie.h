/* SPDX-License-Identifier: MIT
 *
 * Tries in one array, for looking up many strings at once along a text: double arrays with XOR (Aoe 1989; the layout is
 * that of Darts-clone, so that the tries inside SentencePiece models are read as they are).
 *
 * A unit is 32 bits: 0-7 the byte that leads here, 8 whether a key ends here, 9-31 the distance to its children; a
 * child stands at `position ^ distance ^ byte`. Where a key ends, the unit at byte 0 holds its value, with bit 31 set.
 */
#ifndef S2S__TEXT_TRIE_H
#define S2S__TEXT_TRIE_H

#include "base/memory.h"

typedef struct s2s__trie {
  const uint32_t *unit;
  size_t units; /* 0: a trie without keys */
} s2s__trie;

/* A trie of key[0..count), each a different one of length[i] > 0 bytes without NUL, that gives value[i] (below 2^31)
 * for key i; of equal keys *twice is the number of one, and the status is S2S_BAD_ARGUMENT. The array is from the
 * arena, scratch from the host. */
int32_t s2s__trie_new(s2s__trie *trie, const char *const *key, const uint32_t *length, size_t count,
                      const uint32_t *value, const s2s__host *host, s2s__arena *arena, size_t *twice,
                      s2s__error *error);

#define S2S__TRIE_ROOT 0
#define S2S__TRIE_LEAF 0x80000000u

static inline uint32_t s2s__trie_distance(uint32_t unit) { return (unit >> 10) << ((unit & 0x200u) >> 6); }

/* From a position along a byte: whether there is a way. The array may be a stranger's: it is never left. */
static inline int s2s__trie_step(const s2s__trie *trie, uint32_t *position, unsigned char byte) {
  const uint32_t next = *position ^ s2s__trie_distance(trie->unit[*position]) ^ byte;
  if (next >= trie->units || (trie->unit[next] & (S2S__TRIE_LEAF | 0xFFu)) != byte) return 0;
  *position = next;
  return 1;
}

/* The value of the key that ends at a position, or -1. */
static inline int32_t s2s__trie_value(const s2s__trie *trie, uint32_t position) {
  if (!(trie->unit[position] & 0x100u)) return -1;
  const uint32_t leaf = position ^ s2s__trie_distance(trie->unit[position]);
  return leaf < trie->units ? (int32_t)(trie->unit[leaf] & ~S2S__TRIE_LEAF) : -1;
}

/* The value of a whole key, or -1. */
int32_t s2s__trie_find(const s2s__trie *trie, const char *key, size_t length);

/* The value of the longest key that the text begins with, and its length; or -1. */
int32_t s2s__trie_longest(const s2s__trie *trie, const char *text, size_t length, size_t *matched);

#endif
