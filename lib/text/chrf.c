/* SPDX-License-Identifier: MIT
 *
 * chrF: counting segments, and the score of the sums.
 */
#include "text/chrf.h"

#include "base/utf8.h"
#include "text/ngram.h"

typedef struct chrf_text {
  uint32_t *character;
  size_t length;
  s2s__ngrams grams[S2S__CHRF_ORDER];
} chrf_text;

static int32_t chrf_read(s2s__arena *arena, const s2s__text *text, chrf_text *out, s2s__error *error) {
  out->length = 0;
  out->character = S2S__TAKE(arena, uint32_t, text->length);
  if (!out->character) return s2s__fail_memory(error, text->length * sizeof *out->character, "characters");
  for (size_t i = 0, bytes; i < text->length; i += bytes) {
    uint32_t c = 0;
    bytes = s2s__utf8_decode(text->text + i, text->length - i, &c);
    if (bytes == 0) bytes = 1;
    if (!s2s__utf8_is_space(c)) out->character[out->length++] = c;
  }
  for (size_t n = 1; n <= S2S__CHRF_ORDER; n++)
    S2S__TRY(s2s__ngrams_init(&out->grams[n - 1], arena, out->character, out->length, n, error));
  return S2S_OK;
}

/* An order that the reference is too short for counts nothing, the hypothesis's n-grams neither. */
static s2s__chrf chrf_count(const chrf_text *hypothesis, const chrf_text *reference) {
  s2s__chrf count;
  for (size_t n = 0; n < S2S__CHRF_ORDER; n++) {
    count.match[n] = s2s__ngrams_match(&hypothesis->grams[n], &reference->grams[n], 1);
    count.reference[n] = reference->grams[n].count;
    count.hypothesis[n] = count.reference[n] ? hypothesis->grams[n].count : 0;
  }
  return count;
}

void s2s__chrf_sum(s2s__chrf *sum, const s2s__chrf *added) {
  for (size_t n = 0; n < S2S__CHRF_ORDER; n++) {
    sum->match[n] += added->match[n];
    sum->hypothesis[n] += added->hypothesis[n];
    sum->reference[n] += added->reference[n];
  }
}

static int32_t chrf_add(s2s__chrf *sum, s2s__arena *arena, const s2s__text *hypothesis, const s2s__text *reference,
                        size_t references, s2s__error *error) {
  chrf_text ours, theirs;
  s2s__chrf best;
  S2S__TRY(chrf_read(arena, hypothesis, &ours, error));
  for (size_t i = 0; i < references; i++) {
    S2S__TRY(chrf_read(arena, &reference[i], &theirs, error));
    const s2s__chrf count = chrf_count(&ours, &theirs);
    if (i == 0 || s2s__chrf_score(&count) > s2s__chrf_score(&best)) best = count;
  }
  s2s__chrf_sum(sum, &best);
  return S2S_OK;
}

int32_t s2s__chrf_add(s2s__chrf *sum, s2s__arena *arena, const s2s__text *hypothesis, const s2s__text *reference,
                      size_t references, s2s__error *error) {
  const s2s__mark mark = s2s__arena_mark(arena);
  const int32_t status = chrf_add(sum, arena, hypothesis, reference, references, error);
  s2s__arena_rewind(arena, mark);
  return status;
}

/* F of beta 2 of the mean precision and the mean recall, over the orders that both have n-grams of. */
double s2s__chrf_score(const s2s__chrf *sum) {
  double precision = 0, recall = 0, orders = 0;
  for (size_t n = 0; n < S2S__CHRF_ORDER; n++) {
    if (sum->hypothesis[n] == 0 || sum->reference[n] == 0) continue;
    precision += (double)sum->match[n] / (double)sum->hypothesis[n];
    recall += (double)sum->match[n] / (double)sum->reference[n];
    orders++;
  }
  if (precision + recall <= 0) return 0;
  precision /= orders;
  recall /= orders;
  return 100 * 5 * precision * recall / (4 * precision + recall);
}
