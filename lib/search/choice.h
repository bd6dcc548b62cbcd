/* SPDX-License-Identifier: MIT
 *
 * The target tokens that the sentences of a batch choose from, where a lexical shortlist says so.
 *
 * What all of them need of the output layer is gathered and multiplied with once; each row's softmax is over its own
 * sentence's tokens alone, so that a sentence's numbers do not depend on the batch that it is in.
 */
#ifndef S2S__SEARCH_CHOICE_H
#define S2S__SEARCH_CHOICE_H

#include "search/memory.h"

typedef struct s2s__choice {
  s2s__shortlist *list;   /* the output layer for every token that some sentence may have; NULL: the whole vocabulary */
  const uint32_t **place; /* [sentences of the memory] where in the list its tokens are, rising; NULL: not of the batch */
  const size_t *count;    /* [sentences of the memory] */
} s2s__choice;

/* What a sentence chooses from beside its shortlist: a prefix. */
typedef struct s2s__wish {
  size_t sentence; /* of the memory */
  const int32_t *ids;
  size_t count;
} s2s__wish;

/* In the graph's arena, for the sentences of the wishes. */
int32_t s2s__choice_make(s2s__graph *graph, const s2s__network *network, const s2s__lexicon *lexicon,
                         const s2s_memory *memory, const s2s__wish *wish, size_t wishes, s2s__choice *choice);

/* Log-probabilities [rows, target vocabulary], row i of sentence[i]: -infinity for what it does not choose from. */
int32_t s2s__choice_log_probabilities(s2s__graph *graph, const s2s__network *network, const s2s__choice *choice,
                                      const size_t *sentence, s2s__tensor *output, s2s__tensor **log_probabilities);

#endif
