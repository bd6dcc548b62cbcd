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

#define S2S__SPLITTERS(X) X(chars) X(words) X(graphemes)                            /* text/splitter_NAME.c */
#define S2S__LEARNERS(X) X(bpe) X(unigram)                                          /* text/learn_NAME.c */
#define S2S__CELLS(X) X(lstm) X(gru) X(rnn)                                         /* nn/cell_NAME.c */
#define S2S__ENCODERS(X) X(rnn) X(transformer)                                      /* model/encoder_NAME.c */
#define S2S__ATTENTIONS(X) X(additive) X(dot) X(general) X(concat) X(multihead)     /* model/attention_NAME.c; or none */
#define S2S__DECODERS(X) X(rnn) X(transformer)                                      /* model/decoder_NAME.c */
#define S2S__OPTIMIZERS(X) X(adam) X(adamw) X(sgd) X(adagrad)                       /* train/optimizer_NAME.c */

/* The choices of an option: "a|b|c", or to follow others "|a|b|c". */
#define S2S__CHOICES(FAMILY) (&("" FAMILY(S2S__OR))[1])
#define S2S__OR(name) "|" #name
#define S2S__OR_N(name) "|" #name ":N" /* with a number, as in bpe:8000 */

#define S2S__TOKENS (&("" S2S__SPLITTERS(S2S__OR) "|bytes" S2S__LEARNERS(S2S__OR_N) "|spm:FILE")[1])

#endif
