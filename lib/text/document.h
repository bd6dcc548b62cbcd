/* SPDX-License-Identifier: MIT
 *
 * Documents: a text of many sentences to sentences, and what was made of each to a text again, with what stood between
 * them: white space, lines, paragraphs.
 */
#ifndef S2S__TEXT_DOCUMENT_H
#define S2S__TEXT_DOCUMENT_H

#include "text/segmenter.h"

typedef enum s2s__document_lines { /* option document.lines */
  S2S__LINES_KEEP, /* a line end ends a sentence */
  S2S__LINES_JOIN  /* only a paragraph's end does: a blank line, or an indented line behind it */
} s2s__document_lines;

typedef struct s2s__document_rules {
  s2s__document_lines lines;
  const s2s_segmenter *segmenter; /* with: a sentence of more than max_tokens is cut; or NULL */
  size_t max_tokens;
} s2s__document_rules;

/* Replaces `sentences` by those of a text: each token's text is the sentence in one line, its range the bytes it had. */
int32_t s2s__document_split(const s2s__document_rules *rules, const char *text, size_t length, s2s__tokens *sentences,
                            s2s__error *error);

/* A text made from one for each sentence: `joined` gets them as tokens, and the text, from its arena and ending with NUL.
 * White space is as it was, but for the spaces that go between sentences in some scripts and not in others, and with
 * S2S__LINES_JOIN for the line ends inside a paragraph. */
int32_t s2s__document_join(s2s__document_lines lines, const s2s__tokens *sentences, const s2s__text *made,
                           s2s__tokens *joined, s2s__error *error);

#endif
