/* SPDX-License-Identifier: MIT
 *
 * BLEU: counting segments, and the score of the sums.
 */
#include "text/bleu.h"

#include "base/sort.h"
#include "text/ngram.h"

#include <math.h>
#include <string.h>

/* ---- words as numbers: equal words of the texts of a segment get the same one ------------------------------------ */

typedef struct bleu_words {
  s2s__text *word;
  uint32_t *number;
  size_t count;
} bleu_words;

static int bleu_compare(const s2s__text *a, const s2s__text *b) {
  const size_t common = a->length < b->length ? a->length : b->length;
  const int order = memcmp(a->text, b->text, common);
  return order != 0 || a->length == b->length ? order : a->length < b->length ? -1 : 1;
}

static int bleu_before(const void *context, uint32_t a, uint32_t b) {
  const bleu_words *words = context;
  return bleu_compare(&words->word[a], &words->word[b]) < 0;
}

static size_t bleu_count_words(const s2s__text *text) {
  size_t count = text->length > 0;
  for (size_t i = 0; i < text->length; i++) count += text->text[i] == ' ';
  return count;
}

static void bleu_cut(const s2s__text *text, bleu_words *words) {
  const char *at = text->text, *end = at + text->length;
  while (at < end) {
    const char *space = memchr(at, ' ', (size_t)(end - at));
    const size_t length = (size_t)((space ? space : end) - at);
    words->word[words->count++] = (s2s__text){at, length};
    at += length + 1;
  }
}

/* The words of all texts, text after text. */
static int32_t bleu_number(s2s__arena *arena, const s2s__text *text, size_t texts, bleu_words *words,
                           s2s__error *error) {
  size_t count = 0;
  for (size_t i = 0; i < texts; i++) count += bleu_count_words(&text[i]);
  uint32_t *order = S2S__TAKE(arena, uint32_t, 2 * count);
  words->word = S2S__TAKE(arena, s2s__text, count);
  words->number = S2S__TAKE(arena, uint32_t, count);
  words->count = 0;
  if (!order || !words->word || !words->number) return s2s__fail_memory(error, count * sizeof *words->word, "words");
  for (size_t i = 0; i < texts; i++) bleu_cut(&text[i], words);
  for (size_t i = 0; i < count; i++) order[i] = (uint32_t)i;
  s2s__sort(order, count, order + count, bleu_before, words);
  for (size_t i = 0; i < count; i++) {
    const int new = i == 0 || bleu_compare(&words->word[order[i - 1]], &words->word[order[i]]) != 0;
    words->number[order[i]] = new ? (uint32_t)i : words->number[order[i - 1]];
  }
  return S2S_OK;
}

/* ---- a segment --------------------------------------------------------------------------------------------------- */

/* text[0] is the hypothesis, the others its references; all of them tokenised. */
static int32_t bleu_count(s2s__bleu *sum, s2s__arena *arena, const s2s__text *text, size_t texts, s2s__error *error) {
  bleu_words words;
  s2s__ngrams *grams = S2S__TAKE(arena, s2s__ngrams, texts);
  if (!grams) return s2s__fail_memory(error, texts * sizeof *grams, "n-grams");
  S2S__TRY(bleu_number(arena, text, texts, &words, error));
  const size_t length = bleu_count_words(&text[0]);
  size_t closest = 0, least = SIZE_MAX;
  for (size_t i = 1; i < texts; i++) {
    const size_t other = bleu_count_words(&text[i]), apart = other > length ? other - length : length - other;
    if (apart > least || (apart == least && other >= closest)) continue;
    least = apart;
    closest = other;
  }
  s2s__bleu added = {.hypothesis = length, .reference = closest};
  for (size_t n = 1; n <= S2S__BLEU_ORDER; n++) {
    const uint32_t *at = words.number;
    for (size_t i = 0; i < texts; at += bleu_count_words(&text[i]), i++)
      S2S__TRY(s2s__ngrams_init(&grams[i], arena, at, bleu_count_words(&text[i]), n, error));
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
