/* SPDX-License-Identifier: MIT
 *
 * What a hypothesis may go on with: rules that change a row of log-probabilities before the search looks at it. A token
 * that is ruled out gets -infinity. What was changed is kept and put back, so that the model's own numbers can be read
 * then.
 */
#ifndef S2S__SEARCH_RULES_H
#define S2S__SEARCH_RULES_H

#include "model/model.h"

/* Sequences of tokens, one after another. */
typedef struct s2s__sequences {
  const int32_t *ids;
  const size_t *first; /* [count + 1] */
  size_t count;
} s2s__sequences;

typedef struct s2s__rules {
  size_t min_length;
  size_t no_repeat_ngram;    /* 0: none */
  double repetition_penalty; /* 1: none */
  int ban_unknown;
  s2s__sequences banned;
  int look_back; /* some rule asks for the tokens before */
} s2s__rules;

typedef struct s2s__rule_change {
  size_t token;
  s2s__real value; /* before */
} s2s__rule_change;

/* What one row was, and scratch. */
typedef struct s2s__rule_changes {
  s2s__rule_change *item; /* [3 + own words + 2 * tokens of a hypothesis + banned sequences] */
  size_t count;
  uint32_t *seen; /* [vocabulary] round in which a token was met; NULL without repetition_penalty */
  uint32_t round;
} s2s__rule_changes;

/* own: words of a sentence's own, of which some may be banned one by one. */
int32_t s2s__rule_changes_init(s2s__rule_changes *changes, const s2s__rules *rules, size_t vocabulary, size_t own,
                               size_t longest, s2s__arena *arena, s2s__error *error);

/* row[vocabulary] after the tokens before[0 .. length), which count only where rules->look_back. */
void s2s__rules_apply(const s2s__rules *rules, const int32_t *before, size_t length, s2s__real *row,
                      s2s__rule_changes *changes);
/* One token more, after s2s__rules_apply(). */
void s2s__rules_ban(s2s__real *row, size_t token, s2s__rule_changes *changes);
void s2s__rules_undo(s2s__real *row, s2s__rule_changes *changes);

/* The sequences of the words of a text, each cut by the target's segmenter; those with unknown tokens cannot come
 * anyway and are left out. A word of a script without spaces, of a target in pieces, has several: as at the beginning
 * of a text, as inside one, and each piece that holds it. */
int32_t s2s__sequences_of(const s2s_model *model, const char *words, const s2s__host *host, s2s__arena *arena,
                          s2s__sequences *sequences, s2s__error *error);

/* Whether a text is one of some words with white space between them. */
int s2s__words_have(const char *words, const char *text, size_t length);

#endif
