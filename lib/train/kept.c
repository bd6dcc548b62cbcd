/* SPDX-License-Identifier: MIT
 *
 * The best evaluations, in order.
 */
#include "train/kept.h"

int s2s__score_is_better(const s2s__score *a, const s2s__score *b) {
  for (size_t i = 0; i < 2; i++)
    if (a->figure[i] != b->figure[i]) return a->figure[i] < b->figure[i];
  return a->figure[2] < b->figure[2];
}

int32_t s2s__kept_init(s2s__kept *kept, s2s__arena *arena, size_t most, s2s__error *error) {
  *kept = (s2s__kept){.most = most};
  kept->update = S2S__TAKE(arena, uint64_t, most);
  kept->score = S2S__TAKE(arena, s2s__score, most);
  return kept->update && kept->score ? S2S_OK : s2s__fail_memory(error, most * sizeof *kept->score, "a trainer");
}

int s2s__kept_add(s2s__kept *kept, uint64_t update, const s2s__score *score, uint64_t *dropped) {
  size_t at = kept->count;
  *dropped = 0;
  while (at > 0 && s2s__score_is_better(score, &kept->score[at - 1])) at--;
  if (at == kept->most) return 0;
  if (kept->count == kept->most) *dropped = kept->update[--kept->count];
  for (size_t i = kept->count++; i > at; i--) {
    kept->update[i] = kept->update[i - 1];
    kept->score[i] = kept->score[i - 1];
  }
  kept->update[at] = update;
  kept->score[at] = *score;
  return 1;
}
