/* SPDX-License-Identifier: MIT
 *
 * Words from tokens, and links between words. See align.h.
 */
#include "search/align.h"

#include "base/utf8.h"
#include "text/sentence.h"

#include <string.h>

#define ALIGN_NO_WORD SIZE_MAX

typedef struct align_words {
  size_t *of; /* [tokens] word, or ALIGN_NO_WORD */
  s2s__span *span;
  size_t count;
  size_t waiting; /* tokens before the present one without text of their own: first bytes of a character */
  int joins;      /* pieces: tokens can be parts of words */
  uint32_t last;  /* character of the last word */
} align_words;

/* Scripts that put no space between words, beside those that put none between sentences: Thai, Lao, Burmese, Khmer. */
static int align_stands_alone(uint32_t c) {
  return s2s__is_wide(c) || (c >= 0x0E00 && c <= 0x0EFF) || (c >= 0x1000 && c <= 0x109F) ||
         (c >= 0x1780 && c <= 0x17FF);
}

/* The span without white space at its ends, its first and last characters. */
static s2s__span align_trim(s2s__text text, s2s__span span, uint32_t *first, uint32_t *last) {
  s2s__span inked = {span.end, span.end};
  for (size_t at = span.begin; at < span.end;) {
    uint32_t c;
    const size_t bytes = s2s__utf8_decode(text.text + at, text.length - at, &c);
    if (bytes == 0) break;
    if (!s2s__utf8_is_space(c)) {
      if (inked.begin == inked.end) inked.begin = (uint32_t)at, *first = c;
      inked.end = (uint32_t)(at + bytes);
      *last = c;
    }
    at += bytes;
  }
  return inked;
}

static int align_is_parted(s2s__text text, size_t begin, size_t end) {
  for (size_t at = begin; at < end;) {
    uint32_t c;
    const size_t bytes = s2s__utf8_decode(text.text + at, text.length - at, &c);
    if (bytes == 0 || s2s__utf8_is_space(c)) return 1;
    at += bytes;
  }
  return 0;
}

static void align_take(align_words *w, s2s__text text, size_t token, s2s__span span) {
  uint32_t first = 0, last = 0;
  const s2s__span inked = align_trim(text, span, &first, &last);
  w->of[token] = ALIGN_NO_WORD;
  if (span.begin == span.end) {
    w->waiting++;
    return;
  }
  if (inked.begin == inked.end) {
    w->waiting = 0;
    return;
  }
  const int goes_on = w->joins && w->count > 0 && !align_is_parted(text, w->span[w->count - 1].end, inked.begin) &&
                      !align_stands_alone(w->last) && !align_stands_alone(first);
  if (!goes_on) w->span[w->count++] = inked;
  w->span[w->count - 1].end = inked.end;
  for (; w->waiting > 0; w->waiting--) w->of[token - w->waiting] = w->count - 1;
  w->of[token] = w->count - 1;
  w->last = last;
}

static int32_t align_find_words(const s2s__aligned *side, s2s__arena *arena, align_words *words, s2s__error *error) {
  *words = (align_words){.of = S2S__TAKE(arena, size_t, side->count + 1),
                         .span = S2S__TAKE(arena, s2s__span, side->count + 1),
                         .joins = !side->segmenter->splitter};
  if (!words->of || !words->span) return s2s__fail_memory(error, side->count * sizeof(size_t), "an alignment");
  for (size_t i = 0; i < side->count; i++) align_take(words, side->text, i, side->span[i]);
  return S2S_OK;
}

/* sums[target word, source word] of the weights between their tokens */
static void align_add(const align_words *source, size_t sources, const align_words *target, size_t targets,
                      const float *weights, size_t columns, double *sums) {
  for (size_t t = 0; t < targets; t++)
    for (size_t s = 0; s < sources && target->of[t] != ALIGN_NO_WORD; s++)
      if (source->of[s] != ALIGN_NO_WORD)
        sums[target->of[t] * source->count + source->of[s]] += (double)weights[t * columns + s];
}

static s2s__link align_best(const align_words *source, const align_words *target, size_t word, const double *sums) {
  size_t best = 0;
  for (size_t s = 1; s < source->count; s++)
    if (sums[s] > sums[best]) best = s;
  return (s2s__link){best, word, source->span[best], target->span[word]};
}

static int32_t align_link(const s2s__aligned *source, const s2s__aligned *target, const float *weights, size_t columns,
                          s2s__arena *arena, s2s__arena *scratch, const s2s__link **link, size_t *links,
                          s2s__error *error) {
  align_words from, to;
  size_t cells;
  const size_t sources = source->count < columns ? source->count : columns;
  S2S__TRY(align_find_words(source, scratch, &from, error));
  S2S__TRY(align_find_words(target, scratch, &to, error));
  if (from.count == 0 || to.count == 0) return S2S_OK;
  s2s__link *made = S2S__TAKE(arena, s2s__link, to.count);
  double *sums =
      s2s__multiply_fits(from.count, to.count * sizeof *sums, &cells) ? s2s__arena_take_zeroed(scratch, cells) : NULL;
  if (!made || !sums) return s2s__fail_memory(error, to.count * sizeof *made, "an alignment");
  align_add(&from, sources, &to, target->count, weights, columns, sums);
  for (size_t t = 0; t < to.count; t++) made[t] = align_best(&from, &to, t, sums + t * from.count);
  *link = made;
  *links = to.count;
  return S2S_OK;
}

int32_t s2s__align(const s2s__aligned *source, const s2s__aligned *target, const float *weights, size_t columns,
                   s2s__arena *arena, s2s__arena *scratch, const s2s__link **link, size_t *links, s2s__error *error) {
  const s2s__mark mark = s2s__arena_mark(scratch);
  *link = NULL;
  *links = 0;
  const int32_t status = align_link(source, target, weights, columns, arena, scratch, link, links, error);
  s2s__arena_rewind(scratch, mark);
  return status;
}

#undef ALIGN_NO_WORD
