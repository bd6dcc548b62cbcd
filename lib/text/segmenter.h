/* SPDX-License-Identifier: MIT
 *
 * s2s_segmenter: a text to tokens and back, as the options of a side say. Normalisation comes first, then a splitter
 * (text/splitter.h) or pieces (text/pieces.h); what of it can be undone is undone when tokens are joined.
 */
#ifndef S2S__TEXT_SEGMENTER_H
#define S2S__TEXT_SEGMENTER_H

#include "base/option.h"
#include "text/learn.h"
#include "text/pieces.h"
#include "text/splitter.h"

/* Read-only once it is made: shared by threads without a lock, and counted. */
struct s2s_segmenter {
  atomic_int references;
  s2s__host host;
  s2s__budget budget;
  s2s__arena arena;
  s2s__normal_form form;
  int casefold;
  const s2s__splitter *splitter; /* or: */
  const s2s__pieces *pieces;     /* NULL until they are learnt or read */
};

/* By the options of a side. One whose tokens are pieces must then be given them by one of the next two. */
int32_t s2s__segmenter_new(const s2s__host *host, const s2s_options *options, int32_t side, s2s_segmenter **segmenter,
                           s2s__error *error);
/* Pieces as the options say: learnt from texts, read from a file, or made of bytes. Does nothing for splitters. */
int32_t s2s__segmenter_learn(s2s_segmenter *segmenter, const s2s_options *options, int32_t side,
                             const s2s__texts *texts, s2s__error *error);
/* Pieces from the bytes of a SentencePiece model. */
int32_t s2s__segmenter_parse(s2s_segmenter *segmenter, const void *bytes, size_t size, s2s__error *error);

void s2s__segmenter_retain(const s2s_segmenter *segmenter);
void s2s__segmenter_release(const s2s_segmenter *segmenter);

/* Replaces `tokens` by those of a text, and their text by that, accepted. S2S_BAD_TEXT when it is no valid UTF-8. */
int32_t s2s__segment(const s2s_segmenter *segmenter, const char *text, size_t length, const s2s__sampling *sampling,
                     s2s__tokens *tokens, s2s__error *error);

/* The text of tokens, of which text and length are enough: NUL-terminated, in the arena, where scratch is taken too. Each
 * token's begin and end become its place in that text. */
int32_t s2s__join(const s2s_segmenter *segmenter, s2s__token *token, size_t count, s2s__arena *arena, s2s__text *text,
                  s2s__error *error);

/* Whether every text is cut the same way by both. */
int s2s__segmenter_equals(const s2s_segmenter *a, const s2s_segmenter *b);

/* What they do with a normalised text. */
int32_t s2s__pieces_split(const s2s__pieces *pieces, const char *text, size_t length, const s2s__sampling *sampling,
                          s2s__tokens *tokens, s2s__error *error);
int32_t s2s__pieces_join(const s2s__pieces *pieces, s2s__token *token, size_t count, s2s__arena *arena,
                         s2s__text *text, s2s__error *error);
/* Tokens in the order of the text that `text` was made of, moved to their places in it. */
void s2s__tokens_follow(const s2s__mapped *text, s2s__token *token, size_t count);

#endif
