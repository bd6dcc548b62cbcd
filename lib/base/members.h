/* SPDX-License-Identifier: MIT
 *
 * The members of each family of parts, once. A new member is one file and one name here: the options offer it, the
 * command's help and docs/options.md name it, and the tables of the rooms find it.
 *
 * A name is the value of its option, and the end of the symbol that its file defines: in S2S__ATTENTIONS, `general` is
 * s2s__attention_general of attention_general.c. The first of a family comes first in its option's list of choices.
 */
#ifndef S2S__BASE_MEMBERS_H
#define S2S__BASE_MEMBERS_H

#define S2S__SEGMENTERS(X) X(chars) X(words)                                        /* text/segmenter_NAME.c */
#define S2S__CELLS(X) X(lstm) X(gru) X(rnn)                                         /* nn/cell_NAME.c */
#define S2S__ENCODERS(X) X(rnn) X(transformer)                                      /* model/encoder_NAME.c */
#define S2S__ATTENTIONS(X) X(additive) X(dot) X(general) X(concat) X(multihead)     /* model/attention_NAME.c; or none */
#define S2S__DECODERS(X) X(rnn) X(transformer)                                      /* model/decoder_NAME.c */
#define S2S__OPTIMIZERS(X) X(adam)                                                  /* train/optimizer_NAME.c */

/* The choices of an option: "a|b|c", or to follow others "|a|b|c". */
#define S2S__CHOICES(FAMILY) (&("" FAMILY(S2S__OR))[1])
#define S2S__OR(name) "|" #name

#endif
