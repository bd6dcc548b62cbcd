/* SPDX-License-Identifier: MIT
 *
 * The pictures of `seq2seq plot`. Each gathers what it shows, and only then opens the file it goes to, so that a mistake
 * leaves an older picture as it was. They give 0, or an exit status after a message.
 */
#ifndef PLOT_H
#define PLOT_H

#include "command.h"

/* The curves of a training, from the JSON lines of `train --log`. */
int plot_curves(const flags *given);

/* How good answers are, by the length of what was asked. */
int plot_lengths(const flags *given);

/* Where the model looks: a heat map for each line of the input. */
int plot_attention(const flags *given);

/* Opens what --output names, or else standard output, draws and closes it. */
int plot_write(const flags *given, void (*draw)(FILE *out, const void *data), const void *data);

#endif
