/* SPDX-License-Identifier: MIT
 *
 * The table of presets, found by the sweeps of docs/results.md, how one is applied, and what else is chosen by the
 * data. Adding one is a row here and its name among the choices of option preset.
 */
#include "train/preset.h"
#include "base/utf8.h"
#include "model/config.h"
#include "text/unicode.h"

#include <stdio.h>
#include <string.h>

const s2s__preset s2s__presets[] = {
    {"rnn-tiny", 3000,
     "embedding.dim=64 encoder.hidden=128 decoder.hidden=256 decoder.order=bahdanau attention.type=additive "
     "decoder.readout=128 batch_sentences=16 warmup=50 max_epochs=100 patience=15 schedule.patience=4"},
    {"rnn-small", 20000,
     "embedding.dim=64 encoder.hidden=128 decoder.hidden=256 decoder.order=bahdanau attention.type=additive "
     "decoder.readout=128 batch_sentences=32 warmup=100 max_epochs=50 patience=8 schedule.patience=2"},
    {"rnn-base", SIZE_MAX,
     "embedding.dim=128 encoder.hidden=256 decoder.hidden=512 batch_sentences=128 warmup=200 max_epochs=30 patience=6 "
     "schedule.patience=1"},
    {"transformer-tiny", 0,
     "encoder.type=transformer decoder.type=transformer transformer.dim=128 transformer.ffn=512 transformer.heads=4 "
     "encoder.layers=2 decoder.layers=2 embedding.tie=target dropout=0.3 optimizer.beta2=0.98 batch_sentences=16 "
     "warmup=400 max_epochs=100 patience=20 schedule.patience=5"},
    {"transformer-small", 0,
     "encoder.type=transformer decoder.type=transformer transformer.dim=128 transformer.ffn=512 transformer.heads=4 "
     "encoder.layers=3 decoder.layers=3 embedding.tie=target dropout=0.3 optimizer.beta2=0.98 batch_sentences=16 "
     "warmup=400 max_epochs=100 patience=20 schedule.patience=5"},
    {"transformer-base", 0,
     "encoder.type=transformer decoder.type=transformer transformer.dim=128 transformer.ffn=256 transformer.heads=4 "
     "encoder.layers=4 decoder.layers=4 dropout=0.3 optimizer.beta2=0.98 learning_rate=0.004 schedule=inverse_sqrt "
     "warmup=1500 batch_tokens=6000 batch_sentences=2000 max_updates=7000 max_epochs=0 patience=0 moving_average=0.999 "
     "evaluate.every=500 clip_norm=1"},
};
const size_t s2s__preset_count = sizeof s2s__presets / sizeof *s2s__presets;

enum { PRESET_KEY = 64, PRESET_VALUE = 64 };

static const s2s__preset *preset_find(const char *name, size_t pairs) {
  const int by_size = strcmp(name, "auto") == 0;
  for (size_t i = 0; i < s2s__preset_count; i++)
    if (by_size ? s2s__presets[i].pairs > pairs : strcmp(s2s__presets[i].name, name) == 0) return &s2s__presets[i];
  return NULL;
}

/* Whether an option of a model's shape goes with every recurrent shape, so that the rest of a preset's still fits. */
static int preset_fits(s2s__option_id id) {
  static const s2s__option_id additions[] = {S2S__ATTENTION_TYPE,   S2S__ATTENTION_DIM,      S2S__ATTENTION_COVERAGE,
                                             S2S__DECODER_COPY,     S2S__DECODER_READOUT,    S2S__ENCODER_RESIDUAL,
                                             S2S__DECODER_RESIDUAL, S2S__ENCODER_LAYER_NORM, S2S__DECODER_LAYER_NORM};
  for (size_t i = 0; i < sizeof additions / sizeof *additions; i++)
    if (additions[i] == id) return 1;
  return 0;
}

/* Whether somebody has set an option of the model's shape that might not fit the rest. */
static int preset_is_shaped(const s2s_options *options) {
  for (int32_t id = S2S__EMBEDDING_DIM; id <= S2S__TRANSFORMER_SCALE_EMBEDDING; id++)
    if (s2s__option_is_set(options, (s2s__option_id)id) && !preset_fits((s2s__option_id)id)) return 1;
  return 0;
}

/* The next "key=value"; returns what is behind it, NULL at the end. */
static const char *preset_next(const char *settings, char key[PRESET_KEY], char value[PRESET_VALUE]) {
  const size_t key_length = strcspn(settings, "=");
  if (!settings[key_length]) return NULL;
  const size_t value_length = strcspn(settings + key_length + 1, " ");
  snprintf(key, PRESET_KEY, "%.*s", (int)key_length, settings);
  snprintf(value, PRESET_VALUE, "%.*s", (int)value_length, settings + key_length + 1);
  settings += key_length + 1 + value_length;
  return settings + (*settings == ' ');
}

int32_t s2s__preset_apply(s2s_options *options, size_t pairs, s2s__error *error) {
  const char *name = s2s__option_text(options, S2S__PRESET);
  const s2s__preset *preset = preset_find(name, pairs);
  const int keep_shape = strcmp(name, "auto") == 0 && preset_is_shaped(options);
  char key[PRESET_KEY], value[PRESET_VALUE];
  if (!preset) return S2S_OK; /* none */
  for (const char *at = preset->settings; (at = preset_next(at, key, value)) != NULL;) {
    const int32_t id = s2s__option_find(key);
    if (s2s__option_is_set(options, (s2s__option_id)id)) continue;
    if (keep_shape && s2s__option_table[id].scope == S2S_SCOPE_MODEL) continue;
    S2S__TRY(s2s__options_set(options, key, value, error));
  }
  return S2S_OK;
}

void s2s__preset_describe(const s2s_options *options, const s2s_options *shape, size_t pairs,
                          char text[S2S__PRESET_TEXT]) {
  const char *name = s2s__option_text(options, S2S__PRESET);
  const s2s__preset *preset = preset_find(name, pairs);
  char key[PRESET_KEY], value[PRESET_VALUE];
  text[0] = '\0';
  if (!preset) return;
  snprintf(text, S2S__PRESET_TEXT, "preset %s%s", preset->name,
           strcmp(name, "auto") == 0 ? ", by the number of pairs" : "");
  for (const char *at = preset->settings; (at = preset_next(at, key, value)) != NULL;) {
    const int32_t id = s2s__option_find(key);
    const char *has = s2s__option_text(shape, (s2s__option_id)id);
    if (s2s__option_table[id].scope != S2S_SCOPE_MODEL || strcmp(has, value) == 0) continue;
    snprintf(text, S2S__PRESET_TEXT, "preset %s, but for the shape of the model: %s is %s", preset->name, key, has);
    return;
  }
}

/* ---- the form of the text ---------------------------------------------------------------------------------------- */

static int preset_has_syllable(const char *text, size_t length) {
  uint32_t c;
  for (size_t at = 0, size; at < length && (size = s2s__utf8_decode(text + at, length - at, &c)) > 0; at += size)
    if (s2s__unicode_is_hangul(c)) return 1;
  return 0;
}

int32_t s2s__preset_choose_text(s2s_options *options, const s2s_corpus *corpus, s2s__error *error) {
  size_t syllables = 0;
  if (strcmp(s2s__option_text(options, S2S__PRESET), "auto") != 0) return S2S_OK;
  if (strcmp(s2s__option_text(options, S2S__SOURCE_TOKENS), "chars") != 0) return S2S_OK;
  if (s2s__option_choice(options, S2S__EMBEDDING_TIE) == S2S__TIE_ALL ||
      s2s__option_bool(options, S2S__VOCABULARY_JOINT))
    return S2S_OK; /* one vocabulary: both sides have to be read alike */
  if (s2s__option_is_set(options, S2S__SOURCE_NORMALIZE)) return S2S_OK;
  for (size_t i = 0; i < corpus->count; i++)
    syllables += preset_has_syllable(corpus->pair[i].text[S2S_SOURCE], corpus->pair[i].length[S2S_SOURCE]) != 0;
  if (syllables * 2 <= corpus->count) return S2S_OK;
  return s2s__options_set(options, s2s__option_table[S2S__SOURCE_NORMALIZE].key, "nfd", error);
}
