/* SPDX-License-Identifier: MIT
 *
 * Source texts as what can be copied of them: for each source token the id of the target token of the same text, or of a
 * word of the sentence's own where the target vocabulary has none (nn/copy.h). Sentence after sentence, in growing arrays.
 */
#ifndef S2S__MODEL_COPIER_H
#define S2S__MODEL_COPIER_H

#include "model/model.h"

/* Words of the sentences of a batch that the target vocabulary lacks. */
typedef struct s2s__own_words {
  const size_t *first;   /* [sentences + 1] where a sentence's begin in word[] */
  const s2s__text *word; /* NUL-terminated */
} s2s__own_words;

typedef struct s2s__copier_word {
  size_t begin, length; /* in bytes */
} s2s__copier_word;

typedef struct s2s__copier {
  s2s__host host;
  s2s__ids ids; /* of all sentences' tokens */
  size_t *token, *first; /* [sentences] where a sentence's ids and own words begin */
  size_t sentences, token_capacity, first_capacity;
  s2s__copier_word *word;
  size_t words, word_capacity;
  char *bytes; /* each word's NUL-terminated */
  size_t used, capacity;
} s2s__copier;

void s2s__copier_init(s2s__copier *copier, const s2s__host *host);
void s2s__copier_free(s2s__copier *copier);

/* Forgets all sentences but the first `sentences`. */
void s2s__copier_truncate(s2s__copier *copier, size_t sentences);

/* Adds a sentence of source tokens (with its end mark, where source.eos says so), or of ids of the source vocabulary, of which
 * those that stand for no text copy nothing but themselves. */
int32_t s2s__copier_add(s2s__copier *copier, const s2s_model *model, const s2s__tokens *tokens, s2s__error *error);
int32_t s2s__copier_add_ids(s2s__copier *copier, const s2s_model *model, const int32_t *ids, size_t count,
                            s2s__error *error);

/* The id of a target token's text in the sentence that was added last. */
int32_t s2s__copier_find(const s2s__copier *copier, const s2s_model *model, const char *text, size_t length);

/* Some of its sentences. */
typedef struct s2s__copier_part {
  const s2s__copier *copier;
  const size_t *sentence; /* [count] their numbers; NULL: 0 .. count - 1 */
  size_t count;
} s2s__copier_part;

/* In the arena: what can be copied of them, one after another; and their own words' texts. */
int32_t s2s__copier_copies(s2s__copier_part part, const s2s_model *model, s2s__arena *arena, s2s__copies *copies,
                           s2s__error *error);
int32_t s2s__copier_words(s2s__copier_part part, s2s__arena *arena, s2s__own_words *own, s2s__error *error);

#endif
