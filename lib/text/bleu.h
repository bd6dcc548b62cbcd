/* SPDX-License-Identifier: MIT
 *
 * BLEU (Papineni et al. 2002) by the definitions of sacreBLEU (Post 2018), and of multi-bleu (Moses) with the tokens
 * `none` and no smoothing.
 */
#ifndef S2S__TEXT_BLEU_H
#define S2S__TEXT_BLEU_H

#include "text/text.h"

#define S2S__BLEU_ORDER 4

typedef enum s2s__bleu_tokens {                 /* in the order of the option bleu.tokenize */
                                S2S__BLEU_13A,  /* mteval-v13a: punctuation apart, but not inside numbers */
                                S2S__BLEU_ZH,   /* the same, and every Chinese character by itself */
                                S2S__BLEU_CHAR, /* every code point that is no white space */
                                S2S__BLEU_NONE  /* what white space parts: for texts that are tokenised already */
} s2s__bleu_tokens;

typedef struct s2s__bleu { /* sums over segments: what a corpus's score is made from */
  uint64_t match[S2S__BLEU_ORDER], total[S2S__BLEU_ORDER];
  uint64_t hypothesis,
      reference; /* lengths in tokens; the reference's is the closest, of equally close ones the shorter */
} s2s__bleu;

/* Adds a segment with its references (at least one). Scratch from the arena, rewound on return. */
int32_t s2s__bleu_add(s2s__bleu *sum, s2s__arena *arena, s2s__bleu_tokens tokens, const s2s__text *hypothesis,
                      const s2s__text *reference, size_t references, s2s__error *error);

void s2s__bleu_sum(s2s__bleu *sum, const s2s__bleu *added);

/* 0..100. `smooth`: an order without a match counts 1/2, the next 1/4, ... (sacreBLEU's exp); else the score is 0 then.
 */
double s2s__bleu_score(const s2s__bleu *sum, int smooth);

/* The tokens of a text with single spaces between them, NUL-terminated, in the arena. */
int32_t s2s__bleu_tokenize(s2s__arena *arena, s2s__bleu_tokens tokens, const s2s__text *text, s2s__text *out,
                           s2s__error *error);

#endif
