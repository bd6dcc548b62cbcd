/* SPDX-License-Identifier: MIT
 *
 * chrF (Popovic 2015) by the definitions of sacreBLEU: character n-grams up to 6 without white space, beta 2.
 */
#ifndef S2S__TEXT_CHRF_H
#define S2S__TEXT_CHRF_H

#include "text/bleu.h"

#define S2S__CHRF_ORDER 6

typedef struct s2s__chrf { /* sums over segments */
  uint64_t match[S2S__CHRF_ORDER], hypothesis[S2S__CHRF_ORDER], reference[S2S__CHRF_ORDER];
} s2s__chrf;

/* Adds a segment with that of its references (at least one) which gives it the best score. Scratch from the arena,
 * rewound on return. */
int32_t s2s__chrf_add(s2s__chrf *sum, s2s__arena *arena, const s2s__text *hypothesis, const s2s__text *reference,
                      size_t references, s2s__error *error);
void s2s__chrf_sum(s2s__chrf *sum, const s2s__chrf *added);

double s2s__chrf_score(const s2s__chrf *sum); /* 0..100 */

#endif
