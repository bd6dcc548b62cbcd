/* SPDX-License-Identifier: MIT
 *
 * Learning a lexical shortlist from parallel text, by the model's own attention: how much of it each source token got
 * while each target token was written, over all pairs.
 */
#ifndef S2S__TRAIN_SHORTLIST_H
#define S2S__TRAIN_SHORTLIST_H

#include "train/corpus.h"

/* A copy of the model that has a shortlist. Reads shortlist.*, max_train_length and runtime options. */
int32_t s2s__shortlist_learn(const s2s_model *model, const s2s_corpus *corpus, const s2s_options *options,
                             s2s_model **with, s2s__error *error);

#endif
