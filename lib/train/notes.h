/* SPDX-License-Identifier: MIT
 *
 * What a new trainer says about its options, to the host's log.
 */
#ifndef S2S__TRAIN_NOTES_H
#define S2S__TRAIN_NOTES_H

#include "train/trainer.h"

/* The preset that was taken (S2S_LOG_INFO), and options that somebody set and that do nothing beside the others
 * (S2S_LOG_WARNING). options: those given to the trainer, or NULL. */
void s2s__trainer_note_options(const s2s_trainer *trainer, const s2s_options *options);

#endif
