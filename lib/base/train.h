/* SPDX-License-Identifier: MIT
 *
 * S2S_TRAIN=0 builds a library that runs models and makes none: without train/, learners, gradients. S2S__TRAINS is what
 * code asks, S2S__IF_TRAINS(pointer) a pointer to what is then left out.
 */
#ifndef S2S__BASE_TRAIN_H
#define S2S__BASE_TRAIN_H

#if defined(S2S_TRAIN) && !S2S_TRAIN
#define S2S__TRAINS 0
#define S2S__IF_TRAINS(pointer) NULL
#else
#define S2S__TRAINS 1
#define S2S__IF_TRAINS(pointer) (pointer)
#endif

#endif
