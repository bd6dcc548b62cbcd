/* SPDX-License-Identifier: MIT
 *
 * Metrics on token sequences.
 */
#ifndef S2S__TEXT_METRIC_H
#define S2S__TEXT_METRIC_H

#include "base/memory.h"

/* Levenshtein distance (insertions, deletions, substitutions cost 1) between a[0..na) and b[0..nb). Scratch from the
 * arena, rewound on return. */
int32_t s2s__edit_distance(s2s__arena *arena, const int32_t *a, size_t na, const int32_t *b, size_t nb,
                           size_t *distance, s2s__error *error);

#endif
