/* SPDX-License-Identifier: MIT
 *
 * Presets: options that go well together, by a name or by how much there is to learn from.
 */
#ifndef S2S__TRAIN_PRESET_H
#define S2S__TRAIN_PRESET_H

#include "base/option.h"
#include "train/corpus.h"

typedef struct s2s__preset {
  const char *name;     /* a value of option preset */
  size_t pairs;         /* `auto` takes the first that is for more pairs than there are; 0: never */
  const char *settings; /* "key=value key=value ..." */
} s2s__preset;

extern const s2s__preset s2s__presets[];
extern const size_t s2s__preset_count;

/* Sets what the option preset says and nobody has set. With `auto` a model's shape is only chosen where nobody has set
 * an option of it that might not fit the rest: those that only add something, such as coverage, do. */
int32_t s2s__preset_apply(s2s_options *options, size_t pairs, s2s__error *error);

enum { S2S__PRESET_TEXT = 160 };
/* The preset that s2s__preset_apply takes, and whether a model whose options are `shape` has its shape, in a line:
 * "preset rnn-tiny, by the number of pairs"; empty: none. */
void s2s__preset_describe(const s2s_options *options, const s2s_options *shape, size_t pairs,
                          char text[S2S__PRESET_TEXT]);

/* With preset auto: a source of chars, where no normalisation is set and no vocabulary is shared, is read as nfd when
 * most of its texts have syllables of Hangul. So a syllable is two or three letters, of which there are few, and not
 * one of thousands that are rarely seen. */
int32_t s2s__preset_choose_text(s2s_options *options, const s2s_corpus *corpus, s2s__error *error);

#endif
