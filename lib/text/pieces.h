/* SPDX-License-Identifier: MIT
 *
 * Pieces: the subwords that the segmenters bpe, unigram and spm know, and how text is prepared for them. The same thing
 * as a SentencePiece model (Kudo and Richardson 2018), and in files it has that format: the tensor
 * text.source.segmenter of a model file is a whole SentencePiece .model.
 *
 * Text goes through three steps: it is normalised (text/charsmap.h), cut into pieces by one of two algorithms, and what
 * no piece covers becomes byte pieces or is unknown. The results are SentencePiece's, piece for piece.
 */
#ifndef S2S__TEXT_PIECES_H
#define S2S__TEXT_PIECES_H

#include "text/charsmap.h"
#include "text/piece.h"
#include "text/vocabulary.h"

/* Read-only once made: shared by threads without a lock. All memory is from the arena it was made in. */
typedef struct s2s__pieces {
  s2s__piece *piece; /* [count] in the order of the file; texts are NUL-terminated */
  size_t count;
  s2s__trie words;    /* pieces that stand in texts: normal, user-defined and unused ones */
  s2s__trie reserved; /* the others: unknown, control, bytes */
  s2s__trie symbols;  /* user-defined ones alone */
  s2s__piece_algorithm algorithm;
  s2s__charsmap normalize, denormalize;
  int byte_fallback;
  int marks_lead; /* in every piece the space mark can only be its first character, and none is unused */
  int32_t unknown;
  int32_t byte[256];
  const char *unknown_text;   /* what <unk> is on output */
  float least, most;          /* scores of normal pieces */
  const unsigned char *bytes; /* the file */
  size_t size;
} s2s__pieces;

/* From the bytes of a SentencePiece .model, which are copied. S2S_BAD_FILE says what is wrong, and at which byte where
 * that helps. The file is not trusted. */
int32_t s2s__pieces_parse(const unsigned char *bytes, size_t size, const s2s__host *host, s2s__arena *arena,
                          const s2s__pieces **pieces, s2s__error *error);

/* From learnt pieces, in front of which <unk>, <s> and </s> are put, without a normalisation of their own. `marks`: a
 * space mark stands in front of texts and for each run of spaces; else texts are as they are. */
int32_t s2s__pieces_new(s2s__piece_algorithm algorithm, const s2s__piece *piece, size_t count, int byte_fallback,
                        int marks, const s2s__host *host, s2s__arena *arena, const s2s__pieces **pieces,
                        s2s__error *error);

/* The 256 byte pieces, into an array with room for them; texts are from the arena. */
int32_t s2s__pieces_add_bytes(s2s__piece *piece, s2s__arena *arena, s2s__error *error);

/* Number of the piece of this text, of whatever type; that of <unk> when there is none. */
int32_t s2s__pieces_find(const s2s__pieces *pieces, const char *text, size_t length);

/* A vocabulary of all pieces that can be tokens, in the order of the file behind the special ones. */
int32_t s2s__pieces_vocabulary(const s2s__pieces *pieces, s2s__vocabulary *vocabulary, s2s__arena *arena,
                               s2s__error *error);

/* The byte that a piece "<0x00>" to "<0xFF>" stands for, or -1. */
int32_t s2s__piece_byte(const s2s__piece *piece);

/* How texts are cut in training; NULL elsewhere: always the best way. */
typedef struct s2s__sampling {
  uint64_t key;   /* of the random numbers (base/random.h): one for each text */
  double dropout; /* bpe: share of merges left out (Provilkov et al. 2020) */
  double alpha;   /* unigram: a cut is drawn with its probability to this power (Kudo 2018); 0: the best one */
} s2s__sampling;

typedef struct s2s__cut { /* of a normalised text: pieces one after another, without a gap */
  uint32_t length;        /* bytes */
  int32_t piece;
} s2s__cut;

/* A normalised text as pieces: *count of them in the arena, in which scratch is taken too. */
int32_t s2s__pieces_cut(const s2s__pieces *pieces, const char *text, size_t length, const s2s__sampling *sampling,
                        s2s__arena *arena, s2s__cut **cut, size_t *count, s2s__error *error);

/* The algorithms behind it. */
int32_t s2s__pieces_cut_unigram(const s2s__pieces *pieces, const char *text, size_t length,
                                const s2s__sampling *sampling, s2s__arena *arena, s2s__cut **cut, size_t *count,
                                s2s__error *error);
int32_t s2s__pieces_cut_bpe(const s2s__pieces *pieces, const char *text, size_t length, const s2s__sampling *sampling,
                            s2s__arena *arena, s2s__cut **cut, size_t *count, s2s__error *error);

#endif
