/* SPDX-License-Identifier: MIT
 *
 * The options that hang on others, one row each.
 */
#include "train/notes.h"
#include "train/preset.h"

#include <stdio.h>
#include <string.h>

typedef enum note_need {
  NOTE_SGD,
  NOTE_ADAM,
  NOTE_PLATEAU,
  NOTE_DEV,
  NOTE_ATTENTION,
  NOTE_COVERAGE,
  NOTE_TRANSFORMER,
  NOTE_PIECES
} note_need;

typedef struct note_row {
  s2s__option_id id;
  note_need need;
} note_row;

static const note_row note_rows[] = {
    {S2S__MOMENTUM, NOTE_SGD},
    {S2S__NESTEROV, NOTE_SGD},
    {S2S__BETA1, NOTE_ADAM},
    {S2S__BETA2, NOTE_ADAM},
    {S2S__SCHEDULE_FACTOR, NOTE_PLATEAU},
    {S2S__SCHEDULE_PATIENCE, NOTE_PLATEAU},
    {S2S__BEST_BY, NOTE_DEV},
    {S2S__EVALUATE_BEAM, NOTE_DEV},
    {S2S__DROPOUT_ATTENTION, NOTE_ATTENTION},
    {S2S__COVERAGE_LOSS, NOTE_COVERAGE},
    {S2S__SUBWORD_COVERAGE, NOTE_PIECES},
    {S2S__DROPOUT_FEED_FORWARD, NOTE_TRANSFORMER},
    {S2S__SUBWORD_SYMBOLS, NOTE_PIECES},
    {S2S__SUBWORD_BYTE_FALLBACK, NOTE_PIECES},
};

/* Why an option with that need does nothing, or NULL. */
static const char *note_lack(const s2s_trainer *t, note_need need) {
  const s2s__config *c = &t->origin->network.config;
  const char *optimizer = t->optimizer->name;
  switch (need) {
  case NOTE_SGD:
    return strcmp(optimizer, "sgd") == 0 ? NULL : "the optimizer is not sgd";
  case NOTE_ADAM:
    return strncmp(optimizer, "adam", 4) == 0 ? NULL : "the optimizer is neither adam nor adamw";
  case NOTE_PLATEAU:
    return t->schedule.kind == S2S__SCHEDULE_PLATEAU ? NULL : "the schedule is not plateau";
  case NOTE_DEV:
    return t->has_dev ? NULL : "there are no pairs to judge by";
  case NOTE_ATTENTION:
    return c->has_attention || c->is_transformer[0] || c->is_transformer[1] ? NULL : "the model has no attention";
  case NOTE_COVERAGE:
    return c->coverage ? NULL : "the model has no coverage";
  case NOTE_TRANSFORMER:
    return c->is_transformer[0] || c->is_transformer[1] ? NULL : "the model is no transformer";
  case NOTE_PIECES:
    break;
  }
  const int pieces = t->origin->segmenter[S2S_SOURCE]->pieces || t->origin->segmenter[S2S_TARGET]->pieces;
  return pieces ? NULL : "the model's tokens are not pieces";
}

void s2s__trainer_note_options(const s2s_trainer *trainer, const s2s_options *options) {
  const s2s__host *host = &trainer->host;
  char line[S2S__PRESET_TEXT];
  if (!host->log) return;
  s2s__preset_describe(options, &trainer->origin->options, trainer->pairs, line);
  if (line[0]) host->log(host->log_user, S2S_LOG_INFO, line);
  for (size_t i = 0; i < sizeof note_rows / sizeof *note_rows; i++) {
    const char *lack = note_lack(trainer, note_rows[i].need);
    if (!lack || !s2s__option_is_set(options, note_rows[i].id)) continue;
    snprintf(line, sizeof line, "%s does nothing: %s", s2s__option_table[note_rows[i].id].key, lack);
    host->log(host->log_user, S2S_LOG_WARNING, line);
  }
}
