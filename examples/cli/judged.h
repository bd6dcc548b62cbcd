/* SPDX-License-Identifier: MIT
 *
 * Texts to judge answers on, and the answers of a system: what `seq2seq eval` and `seq2seq plot` have in common.
 */
#ifndef JUDGED_H
#define JUDGED_H

#include "command.h"

/* Every source once, with all its targets. */
typedef struct judged_line { /* of the corpus */
  const char *source, *target;
  size_t number; /* from 0 */
  size_t text;   /* which of the texts its source is */
} judged_line;

typedef struct judged_texts {
  judged_line *lines; /* in the corpus's order */
  size_t line_count;
  size_t count, alternatives; /* different sources, and the most lines that one of them has */
  const char **source;        /* [count] */
  const char **reference;     /* [alternatives, count] */
} judged_texts;

/* Of a system: a model, or a file of answers. */
typedef struct judged_answers {
  const char **text;  /* [count] as the texts */
  s2s_result *result; /* of a model: holds them */
  char *file;         /* of a file: holds them */
} judged_answers;

/* 0, or an exit status after a message; all zero before, and freed also after a failure. Texts of the corpus are borrowed. */
int judged_texts_fill(judged_texts *t, const s2s_corpus *corpus);
void judged_texts_free(judged_texts *t);

/* What the model at `path` answers, or what stands there. */
int judged_answers_get(judged_answers *a, const flags *given, const char *path, const judged_texts *t);
void judged_answers_free(judged_answers *a);

#endif
