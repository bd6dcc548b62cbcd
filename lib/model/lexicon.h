/* SPDX-License-Identifier: MIT
 *
 * A lexical shortlist (Jean et al. 2015; L'Hostis, Grangier and Auli 2016): for each source token the target tokens that it is
 * likely to become, and those that may stand in any target. A search that chooses among these alone multiplies by a small
 * part of the output layer.
 *
 * As bytes: for the tokens of any target, then for each source token in the order of its id, a list: how many ids it has, and
 * of each, in rising order, by how much it is above the one before (the first: above -1); all as LEB128, seven bits a byte,
 * the low ones first.
 */
#ifndef S2S__MODEL_LEXICON_H
#define S2S__MODEL_LEXICON_H

#include "base/memory.h"

typedef struct s2s__lexicon {
  size_t sources, targets; /* the sizes of both vocabularies */
  const size_t *first;     /* [sources + 2] list 0 is that of any target, list 1 + s that of source token s */
  const int32_t *ids;      /* [first[sources + 1]] */
} s2s__lexicon;

/* Ids in all lists. */
static inline size_t s2s__lexicon_size(const s2s__lexicon *lexicon) { return lexicon->first[lexicon->sources + 1]; }

size_t s2s__lexicon_bytes(const s2s__lexicon *lexicon);
void s2s__lexicon_write(const s2s__lexicon *lexicon, unsigned char *out);
/* Takes memory from the arena; the bytes are borrowed for the call. S2S_BAD_FILE. */
int32_t s2s__lexicon_parse(const unsigned char *bytes, size_t size, size_t sources, size_t targets, s2s__arena *arena,
                           const s2s__lexicon **lexicon, s2s__error *error);
int32_t s2s__lexicon_copy(const s2s__lexicon *from, s2s__arena *arena, const s2s__lexicon **to, s2s__error *error);

/* Sets of target tokens: one bit each. */
static inline size_t s2s__lexicon_words(const s2s__lexicon *lexicon) { return (lexicon->targets + 63) / 64; }
static inline void s2s__lexicon_mark(uint64_t *set, int32_t id) { set[(size_t)id / 64] |= UINT64_C(1) << (size_t)id % 64; }
static inline int s2s__lexicon_has(const uint64_t *set, int32_t id) { return set[(size_t)id / 64] >> (size_t)id % 64 & 1; }

/* Adds what the source tokens ids[0 .. count) may become, and what may stand in any target. */
void s2s__lexicon_choose(const s2s__lexicon *lexicon, const int32_t *ids, size_t count, uint64_t *set);

#endif
