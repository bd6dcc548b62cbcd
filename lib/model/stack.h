/* SPDX-License-Identifier: MIT
 *
 * The parameters of stacked recurrent layers, under PyTorch's names: PREFIX.weight_ih_l0, ..._l0_reverse, ..._l1, ...
 */
#ifndef S2S__MODEL_STACK_H
#define S2S__MODEL_STACK_H

#include "model/network.h"

/* layer[l * directions + d], with layer norm and its PREFIX.norm_ih_l0, PREFIX.norm_hh_l0, ... when `norm`; in the arena of params. Layer 0 reads `in` numbers, the others hidden * directions. */
int32_t s2s__stack_declare(s2s__params *params, const char *prefix, const s2s__cell *cell, size_t layers,
                           size_t directions, size_t in, size_t hidden, int norm, s2s__recurrent **stack,
                           s2s__error *error);

#endif
