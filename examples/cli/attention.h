/* SPDX-License-Identifier: MIT
 *
 * A hypothesis's attention with labels for its rows and columns: what pictures of it are drawn from.
 */
#ifndef ATTENTION_H
#define ATTENTION_H

#include "command.h"
#include "picture.h"

/* 0, or an exit status after a message: the model has none to draw. */
int attention_check(const flags *given, const s2s_model *model);

/* Labels are texts of tokens, unknown ones of the source as they were given, "end" for the end mark. False without memory, or where there is
 * no attention, as of an empty text. */
bool attention_of(const s2s_model *model, const s2s_memory *memory, const s2s_result *result, size_t text, size_t rank,
                  picture *drawn);
void attention_free(picture *drawn);

#endif
