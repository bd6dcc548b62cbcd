/* SPDX-License-Identifier: MIT
 *
 * BLEU: counting segments, and the score of the sums.
 */
#include "text/bleu.h"

#include "text/ngram.h"
#include "text/words.h"

#include <math.h>
#include <string.h>

/* ---- a segment --------------------------------------------------------------------------------------------------- */

/* text[0] is the hypothesis, the others its references; all of them tokenised. */
static int32_t bleu_count(s2s__bleu *sum, s2s__arena *arena, const s2s__text *text, size_t texts, s2s__error *error) {
  s2s__words words;
  s2s__ngrams *grams = S2S__TAKE(arena, s2s__ngrams, texts);
  if (!grams) return s2s__fail_memory(error, texts * sizeof *grams, "n-grams");
  S2S__TRY(s2s__words_number(&words, arena, text, texts, error));
  const size_t length = s2s__words_count(&text[0]);
  size_t closest = 0, least = SIZE_MAX;
  for (size_t i = 1; i < texts; i++) {
    const size_t other = s2s__words_count(&text[i]), apart = other > length ? other - length : length - other;
    if (apart > least || (apart == least && other >= closest)) continue;
    least = apart;
    closest = other;
  }
  s2s__bleu added = {.hypothesis = length, .reference = closest};
  for (size_t n = 1; n <= S2S__BLEU_ORDER; n++) {
    const uint32_t *at = words.number;
    for (size_t i = 0; i < texts; at += s2s__words_count(&text[i]), i++)
      S2S__TRY(s2s__ngrams_init(&grams[i], arena, at, s2s__words_count(&text[i]), n, error));
    added.match[n - 1] = s2s__ngrams_match(&grams[0], grams + 1, texts - 1);
    added.total[n - 1] = grams[0].count;
  }
  s2s__bleu_sum(sum, &added);
  return S2S_OK;
}

void s2s__bleu_sum(s2s__bleu *sum, const s2s__bleu *added) {
  for (size_t n = 0; n < S2S__BLEU_ORDER; n++) {
    sum->match[n] += added->match[n];
    sum->total[n] += added->total[n];
  }
  sum->hypothesis += added->hypothesis;
  sum->reference += added->reference;
}

static int32_t bleu_add(s2s__bleu *sum, s2s__arena *arena, s2s__bleu_tokens tokens, const s2s__text *hypothesis,
                        const s2s__text *reference, size_t references, s2s__error *error) {
  s2s__text *text = S2S__TAKE(arena, s2s__text, references + 1);
  if (!text) return s2s__fail_memory(error, (references + 1) * sizeof *text, "the tokens of a text");
  S2S__TRY(s2s__bleu_tokenize(arena, tokens, hypothesis, &text[0], error));
  for (size_t i = 0; i < references; i++)
    S2S__TRY(s2s__bleu_tokenize(arena, tokens, &reference[i], &text[i + 1], error));
  return bleu_count(sum, arena, text, references + 1, error);
}

int32_t s2s__bleu_add(s2s__bleu *sum, s2s__arena *arena, s2s__bleu_tokens tokens, const s2s__text *hypothesis,
                      const s2s__text *reference, size_t references, s2s__error *error) {
  const s2s__mark mark = s2s__arena_mark(arena);
  const int32_t status = bleu_add(sum, arena, tokens, hypothesis, reference, references, error);
  s2s__arena_rewind(arena, mark);
  return status;
}

/* ---- the score: brevity penalty times the geometric mean of the precisions --------------------------------------- */

double s2s__bleu_score(const s2s__bleu *sum, int smooth) {
  double logs = 0, missed = 1;
  if (sum->match[0] == 0) return 0;
  for (size_t n = 0; n < S2S__BLEU_ORDER; n++) {
    double match = (double)sum->match[n];
    if (sum->total[n] == 0 || (match <= 0 && !smooth)) return 0;
    if (match <= 0) match = 1 / (missed *= 2);
    logs += log(match / (double)sum->total[n]);
  }
  const double hypothesis = (double)sum->hypothesis, reference = (double)sum->reference;
  const double brevity = hypothesis < reference ? exp(1 - reference / hypothesis) : 1;
  return 100 * brevity * exp(logs / S2S__BLEU_ORDER);
}
