/* SPDX-License-Identifier: MIT
 *
 * A decoder moved step by step: rows of hypotheses, each continuing a row of the step before.
 *
 * Two arenas take turns: a step reads the state that the step before left in one and builds its own in the other, which is
 * reset first. After the first few steps neither asks the host for memory any more.
 */
#ifndef S2S__SEARCH_STEPPER_H
#define S2S__SEARCH_STEPPER_H

#include "search/choice.h"

typedef struct s2s__stepper {
  const s2s_model *model; /* borrowed */
  s2s__arena base;        /* keys and first state of the memory */
  s2s__arena step[2];
  size_t turn;
  s2s__encoding encoding;
  const s2s__copies *copies; /* the memory's; NULL: the decoder does not copy */
  s2s__mark prepared;       /* of base: behind it is what steps add */
  s2s__decoder_state first; /* of the memory's sentences, in base */
  s2s__decoder_state state;
  s2s__choice choice;       /* in base, behind what is prepared */
  const s2s_memory *memory; /* borrowed */
  size_t rows;            /* of the last step; before the first: sentences */
  size_t position;        /* steps made */
  int started;
  const size_t *sentence; /* [rows] memory sentence of each row; NULL before the first step */
  /* what the last step gave, valid until the next */
  s2s__tensor *log_probabilities; /* [rows, target vocabulary and the sentences' own words] */
  s2s__tensor *weights;           /* ragged; NULL without attention */
  s2s__tensor *query;             /* [rows, query_dim]; NULL without attention */
  s2s__ragged ragged;
  /* an ensemble's members 1 .. others, which make the same steps; made by the first start */
  struct s2s__stepper *other;
  size_t others;
  s2s__host host;
} s2s__stepper;

void s2s__stepper_init(s2s__stepper *stepper, const s2s_model *model, const s2s__host *host);
void s2s__stepper_free(s2s__stepper *stepper);

/* The memory must outlive the steps. */
int32_t s2s__stepper_start(s2s__stepper *stepper, const s2s_memory *memory, s2s__error *error);
/* The same with what another stepper, which must not start anew meanwhile, has made of its memory. */
int32_t s2s__stepper_share(s2s__stepper *stepper, const s2s__stepper *started, s2s__error *error);
/* Back to the first step of the memory. */
int32_t s2s__stepper_rewind(s2s__stepper *stepper, s2s__error *error);
/* From here to the next rewind the sentences of the wishes, and there must be no others, choose from what the lexicon and
 * their wish have; an ensemble's members all from the same. */
int32_t s2s__stepper_choose(s2s__stepper *stepper, const s2s__lexicon *lexicon, const s2s__wish *wish, size_t wishes,
                            s2s__error *error);
/* `copy`, of the same model, comes to where the started `stepper` is, of the same memory; both then go on by themselves. */
int32_t s2s__stepper_copy(s2s__stepper *copy, const s2s__stepper *stepper, s2s__error *error);
/* parents and tokens must be in range; they are borrowed for the call. */
int32_t s2s__stepper_step(s2s__stepper *stepper, const int32_t *tokens, const size_t *parents, size_t n,
                          s2s__error *error);

#endif
