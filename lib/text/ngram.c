/* SPDX-License-Identifier: MIT
 *
 * n-grams are sorted by where they begin, and equal ones then stand together: exact, and quick for sequences as short
 * as sentences.
 */
#include "text/ngram.h"

#include "base/sort.h"

static int ngram_compare(const uint32_t *a, const uint32_t *b, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  return 0;
}

static int ngram_before(const void *context, uint32_t a, uint32_t b) {
  const s2s__ngrams *grams = context;
  return ngram_compare(grams->item + a, grams->item + b, grams->n) < 0;
}

int32_t s2s__ngrams_init(s2s__ngrams *ngrams, s2s__arena *arena, const uint32_t *item, size_t length, size_t n,
                         s2s__error *error) {
  const size_t count = length < n ? 0 : length - n + 1;
  uint32_t *order = S2S__TAKE(arena, uint32_t, 2 * count);
  if (!order) return s2s__fail_memory(error, 2 * count * sizeof *order, "n-grams");
  *ngrams = (s2s__ngrams){item, order, count, n};
  for (size_t i = 0; i < count; i++) order[i] = (uint32_t)i;
  s2s__sort(order, count, order + count, ngram_before, ngrams);
  return S2S_OK;
}

/* How often the n-gram is there. */
static size_t ngram_count(const s2s__ngrams *grams, const uint32_t *gram) {
  size_t low = 0, high = grams->count; /* the first that is not before it lies in low..high */
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (ngram_compare(grams->item + grams->order[middle], gram, grams->n) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  size_t end = low;
  while (end < grams->count && ngram_compare(grams->item + grams->order[end], gram, grams->n) == 0) end++;
  return end - low;
}

size_t s2s__ngrams_match(const s2s__ngrams *a, const s2s__ngrams *others, size_t count) {
  size_t matches = 0;
  for (size_t begin = 0, end; begin < a->count; begin = end) {
    const uint32_t *gram = a->item + a->order[begin];
    size_t most = 0;
    for (end = begin + 1; end < a->count && ngram_compare(a->item + a->order[end], gram, a->n) == 0;) end++;
    for (size_t i = 0; i < count; i++) {
      const size_t there = ngram_count(&others[i], gram);
      if (there > most) most = there;
    }
    matches += most < end - begin ? most : end - begin;
  }
  return matches;
}
