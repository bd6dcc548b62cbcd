/* SPDX-License-Identifier: MIT
 *
 * Metrics on token sequences.
 *
 * The edit distance is the dynamic programme of Wagner and Fischer (1974) in one row: row[j] is the distance between
 * the part of `a` read so far and b[0..j). What both sequences begin and end with costs nothing and is left out first,
 * so that equal or nearly equal sequences, the usual case when a model is judged, take time linear in their length.
 */
#include "text/metric.h"

/* One step down: `row` held the distances to a[0..i), and now holds those to a[0..i], whose last token is `token`. */
static void metric_edit_row(size_t *row, int32_t token, const int32_t *b, size_t nb) {
  size_t diagonal = row[0];
  row[0]++;
  for (size_t j = 1; j <= nb; j++) {
    const size_t above = row[j];
    size_t best = diagonal + (size_t)(token != b[j - 1]);
    if (above + 1 < best) best = above + 1;
    if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
    row[j] = best;
    diagonal = above;
  }
}

int32_t s2s__edit_distance(s2s__arena *arena, const int32_t *a, size_t na, const int32_t *b, size_t nb,
                           size_t *distance, s2s__error *error) {
  while (na > 0 && nb > 0 && a[na - 1] == b[nb - 1]) na--, nb--;
  while (na > 0 && nb > 0 && a[0] == b[0]) a++, b++, na--, nb--;
  if (na == 0 || nb == 0) {
    *distance = na + nb;
    return S2S_OK;
  }
  const s2s__mark mark = s2s__arena_mark(arena);
  size_t *row = S2S__TAKE(arena, size_t, nb + 1);
  if (!row) return s2s__fail_memory(error, (nb + 1) * sizeof *row, "an edit distance");
  for (size_t j = 0; j <= nb; j++) row[j] = j;
  for (size_t i = 0; i < na; i++) metric_edit_row(row, a[i], b, nb);
  *distance = row[nb];
  s2s__arena_rewind(arena, mark);
  return S2S_OK;
}
