/* SPDX-License-Identifier: MIT
 *
 * The characters of a corpus: what learners begin with. Each that is covered is a piece.
 */
#ifndef S2S__TEXT_LEARN_SYMBOLS_H
#define S2S__TEXT_LEARN_SYMBOLS_H

#include "base/random.h"
#include "text/learn.h"

#define S2S__LEARN_MAX_CHARACTERS 16 /* of a learnt piece */

typedef struct s2s__learn_symbols { /* the most frequent first, equal ones by their code points */
  const char **text;                /* [count] */
  uint32_t *length;
  uint64_t *seen;
  size_t count;      /* characters that are covered */
  size_t characters; /* of all words together, each word once */
  s2s__trie trie;    /* gives their numbers */
} s2s__learn_symbols;

/* S2S_BAD_OPTION when more than `size` characters are needed for the coverage. */
int32_t s2s__learn_symbols_init(s2s__learn_symbols *symbols, const s2s__counted *word, size_t words, size_t size,
                                double coverage, s2s__arena *arena, s2s__error *error);

/* Number of the character that the text begins with, UINT32_MAX when it is not covered; and its bytes. */
uint32_t s2s__learn_symbol(const s2s__learn_symbols *symbols, const char *text, size_t length, size_t *bytes);

#endif
