/* SPDX-License-Identifier: MIT
 *
 * How hypotheses are written: as JSON objects, and their alignments as links between words.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include "command.h"

/* {"text": ..., "score": ...}, with what the flags ask for. */
void json_hypothesis(FILE *out, const flags *given, const s2s_result *result, size_t text, size_t rank);

/* Behind a line, where --alignment asks for it: " ||| 0-0 1-2", source word and target word of each link, from 0. */
void write_links(FILE *out, const flags *given, const s2s_result *result, size_t text, size_t rank);

/* 0, or a message that the model has nothing to align by. */
int check_alignment(const flags *given, const s2s_model *model);

#endif
