/* SPDX-License-Identifier: MIT
 *
 * A piece: a subword that bpe, unigram and spm know.
 */
#ifndef S2S__TEXT_PIECE_H
#define S2S__TEXT_PIECE_H

#include <stdint.h>

#define S2S__SPACE_MARK "\xE2\x96\x81" /* U+2581, which stands for a space inside pieces */

typedef enum s2s__piece_type { /* numbers of the SentencePiece format */
                               S2S__PIECE_NORMAL = 1,
                               S2S__PIECE_UNKNOWN,
                               S2S__PIECE_CONTROL,
                               S2S__PIECE_USER,   /* user-defined: one token wherever it stands in a text */
                               S2S__PIECE_UNUSED, /* never a token itself */
                               S2S__PIECE_BYTE    /* "<0x00>" .. "<0xFF>": a byte of a character that no piece covers */
} s2s__piece_type;

typedef enum s2s__piece_algorithm {                          /* numbers of the format */
                                    S2S__PIECES_UNIGRAM = 1, /* the most probable cut (Kudo 2018) */
                                    S2S__PIECES_BPE          /* merges in their order (Sennrich et al. 2016) */
} s2s__piece_algorithm;

typedef struct s2s__piece {
  const char *text;
  uint32_t length; /* bytes */
  float score;
  s2s__piece_type type;
} s2s__piece;

#endif
