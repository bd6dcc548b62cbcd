/* SPDX-License-Identifier: MIT
 *
 * Comparing texts: every text is counted once, for each system; a resample of the texts (Koehn 2004, "Statistical
 * significance tests for machine translation evaluation") then is nothing but a sum of counts.
 */
#include "train/compare.h"

#include "base/random.h"
#include "base/sort.h"
#include "base/utf8.h"
#include "text/metric.h"
#include "text/words.h"

#include <math.h>
#include <string.h>

/* ---- counting ---------------------------------------------------------------------------------------------------- */

typedef struct compare_sequence { /* of numbers, equal where words or characters are */
  int32_t *item;
  size_t count;
} compare_sequence;

static int32_t compare_characters(const s2s__text *text, s2s__arena *arena, compare_sequence *out, s2s__error *error) {
  *out = (compare_sequence){S2S__TAKE(arena, int32_t, text->length), 0};
  if (!out->item) return s2s__fail_memory(error, text->length * sizeof *out->item, "characters");
  for (size_t at = 0, bytes; at < text->length; at += bytes) {
    uint32_t c = 0;
    bytes = s2s__utf8_decode(text->text + at, text->length - at, &c);
    if (bytes == 0) bytes = 1;
    out->item[out->count++] = (int32_t)c;
  }
  return S2S_OK;
}

/* The nearest reference: the first of those with the fewest edits for its length. */
static int32_t compare_nearest(const compare_sequence *sequence, size_t references, s2s__arena *arena, size_t *edits,
                               size_t *length, s2s__error *error) {
  size_t best_edits = 0, best_length = 0;
  for (size_t i = 1; i <= references; i++) {
    size_t distance;
    S2S__TRY(s2s__edit_distance(arena, sequence[0].item, sequence[0].count, sequence[i].item, sequence[i].count,
                                &distance, error));
    if (i > 1 && distance * best_length >= best_edits * sequence[i].count) continue;
    best_edits = distance;
    best_length = sequence[i].count;
  }
  *edits += best_edits;
  *length += best_length;
  return S2S_OK;
}

static int32_t compare_words(const s2s__text *text, size_t texts, s2s__arena *arena, compare_sequence *sequence,
                             s2s__error *error) {
  s2s__text *tidy = S2S__TAKE(arena, s2s__text, texts);
  s2s__words words;
  if (!tidy) return s2s__fail_memory(error, texts * sizeof *tidy, "words");
  for (size_t i = 0; i < texts; i++) S2S__TRY(s2s__bleu_tokenize(arena, S2S__BLEU_NONE, &text[i], &tidy[i], error));
  S2S__TRY(s2s__words_number(&words, arena, tidy, texts, error));
  int32_t *number = (int32_t *)words.number; /* they are small */
  for (size_t i = 0; i < texts; i++) {
    sequence[i] = (compare_sequence){number, s2s__words_count(&tidy[i])};
    number += sequence[i].count;
  }
  return S2S_OK;
}

static int32_t compare_count(s2s__text_counts *counts, s2s__arena *arena, const s2s__text *text, size_t texts,
                             s2s__error *error) {
  compare_sequence *sequence = S2S__TAKE(arena, compare_sequence, texts);
  int right = 0;
  if (!sequence) return s2s__fail_memory(error, texts * sizeof *sequence, "texts");
  S2S__TRY(compare_words(text, texts, arena, sequence, error));
  S2S__TRY(compare_nearest(sequence, texts - 1, arena, &counts->edits, &counts->words, error));
  for (size_t i = 0; i < texts; i++) S2S__TRY(compare_characters(&text[i], arena, &sequence[i], error));
  S2S__TRY(compare_nearest(sequence, texts - 1, arena, &counts->character_edits, &counts->characters, error));
  for (size_t i = 1; i < texts; i++)
    right |= text[i].length == text[0].length && memcmp(text[i].text, text[0].text, text[0].length) == 0;
  counts->wrong += !right;
  counts->texts++;
  return S2S_OK;
}

int32_t s2s__text_counts_add(s2s__text_counts *counts, s2s__arena *arena, s2s__bleu_tokens tokens,
                             const s2s__text *hypothesis, const s2s__text *reference, size_t references,
                             s2s__error *error) {
  const s2s__mark mark = s2s__arena_mark(arena);
  s2s__text *text = S2S__TAKE(arena, s2s__text, references + 1);
  if (!text) return s2s__fail_memory(error, (references + 1) * sizeof *text, "texts");
  text[0] = *hypothesis;
  memcpy(text + 1, reference, references * sizeof *text);
  int32_t status = compare_count(counts, arena, text, references + 1, error);
  if (status == S2S_OK) status = s2s__bleu_add(&counts->bleu, arena, tokens, text, text + 1, references, error);
  if (status == S2S_OK) status = s2s__chrf_add(&counts->chrf, arena, text, text + 1, references, error);
  s2s__arena_rewind(arena, mark);
  return status;
}

void s2s__text_counts_sum(s2s__text_counts *sum, const s2s__text_counts *added) {
  s2s__bleu_sum(&sum->bleu, &added->bleu);
  s2s__chrf_sum(&sum->chrf, &added->chrf);
  sum->edits += added->edits;
  sum->words += added->words;
  sum->character_edits += added->character_edits;
  sum->characters += added->characters;
  sum->wrong += added->wrong;
  sum->texts += added->texts;
}

/* ---- figures ----------------------------------------------------------------------------------------------------- */

/* X(name): what is computed of counts, in the order in which it is reported. */
#define COMPARE_FIGURES(X) X(bleu) X(chrf) X(token_error_rate) X(character_error_rate) X(sequence_error_rate)

#define COMPARE_ID(name) COMPARE_##name,
enum { COMPARE_FIGURES(COMPARE_ID) COMPARE_FIGURE_COUNT };
#undef COMPARE_ID

typedef struct compare_names {
  const char *first, *other, *difference, *low, *high, *p_value;
} compare_names;

#define COMPARE_NAMES(name)                                                                                            \
  {#name, "other_" #name, #name "_difference", #name "_difference_low", #name "_difference_high", #name "_p_value"},
static const compare_names compare_name[COMPARE_FIGURE_COUNT] = {COMPARE_FIGURES(COMPARE_NAMES)};
#undef COMPARE_NAMES
#undef COMPARE_FIGURES

static double compare_percent(size_t part, size_t whole) { return whole ? 100.0 * (double)part / (double)whole : 0; }

static double compare_figure(const s2s__text_counts *c, size_t figure, int smooth) {
  switch (figure) {
  case COMPARE_bleu:
    return s2s__bleu_score(&c->bleu, smooth);
  case COMPARE_chrf:
    return s2s__chrf_score(&c->chrf);
  case COMPARE_token_error_rate:
    return compare_percent(c->edits, c->words);
  case COMPARE_character_error_rate:
    return compare_percent(c->character_edits, c->characters);
  default:
    return compare_percent(c->wrong, c->texts);
  }
}

/* ---- two systems ------------------------------------------------------------------------------------------------- */

typedef struct compare_job {
  const s2s__comparison *texts;
  s2s__bleu_tokens tokens;
  int smooth;
  size_t samples;
  uint64_t key;
  s2s__arena arena;
  s2s__text_counts *counts[2]; /* [count] of each text */
  s2s__text_counts sum[2];
  double *difference; /* [figures, samples] */
  s2s_metrics *metrics;
} compare_job;

static int32_t compare_count_all(compare_job *job, int system, s2s__error *error) {
  const s2s__comparison *t = job->texts;
  s2s__text *reference = S2S__TAKE(&job->arena, s2s__text, t->alternatives);
  job->counts[system] = s2s__arena_take_zeroed(&job->arena, t->count * sizeof *job->counts[system]);
  if (!reference || !job->counts[system])
    return s2s__fail_memory(error, t->count * sizeof *job->counts[system], "a comparison");
  for (size_t i = 0; i < t->count; i++) {
    size_t references = 0;
    for (size_t a = 0; a < t->alternatives; a++)
      if (t->reference[a * t->count + i].text) reference[references++] = t->reference[a * t->count + i];
    S2S__TRY(s2s__text_counts_add(&job->counts[system][i], &job->arena, job->tokens, &t->system[system][i], reference,
                                  references, error));
    s2s__text_counts_sum(&job->sum[system], &job->counts[system][i]);
  }
  return S2S_OK;
}

/* The differences of all figures in resamples of as many texts; both systems have the same texts in each. */
static void compare_resample(compare_job *job) {
  for (size_t s = 0; s < job->samples; s++) {
    s2s__text_counts sum[2];
    memset(sum, 0, sizeof sum);
    for (size_t i = 0; i < job->texts->count; i++) {
      const uint32_t chosen = s2s__below(s2s__key(job->key, s), i, (uint32_t)job->texts->count);
      for (int system = 0; system < 2; system++) s2s__text_counts_sum(&sum[system], &job->counts[system][chosen]);
    }
    for (size_t f = 0; f < COMPARE_FIGURE_COUNT; f++)
      job->difference[f * job->samples + s] =
          compare_figure(&sum[0], f, job->smooth) - compare_figure(&sum[1], f, job->smooth);
  }
}

static int compare_before(const void *context, uint32_t a, uint32_t b) {
  const double *value = context;
  return value[a] < value[b];
}

static int32_t compare_report(compare_job *job, size_t figure, double real, s2s__error *error) {
  const compare_names *name = &compare_name[figure];
  const double *value = job->difference + figure * job->samples;
  const size_t n = job->samples, out = n / 40; /* a fortieth is left out at each end */
  uint32_t *order = S2S__TAKE(&job->arena, uint32_t, 2 * n);
  double mean = 0;
  size_t as_far = 0;
  if (!order) return s2s__fail_memory(error, 2 * n * sizeof *order, "a comparison");
  for (size_t i = 0; i < n; i++) {
    order[i] = (uint32_t)i;
    mean += value[i] / (double)n;
  }
  s2s__sort(order, n, order + n, compare_before, value);
  for (size_t i = 0; i < n; i++) as_far += fabs(value[i] - mean) >= fabs(real);
  s2s__metrics_set(job->metrics, name->difference, real);
  s2s__metrics_set(job->metrics, name->low, value[order[out]]);
  s2s__metrics_set(job->metrics, name->high, value[order[n - 1 - out]]);
  s2s__metrics_set(job->metrics, name->p_value, (double)(as_far + 1) / (double)(n + 1));
  return S2S_OK;
}

static int32_t compare_bootstrap(compare_job *job, s2s__error *error) {
  job->difference = S2S__TAKE(&job->arena, double, COMPARE_FIGURE_COUNT * job->samples);
  if (!job->difference) return s2s__fail_memory(error, COMPARE_FIGURE_COUNT * job->samples * 8, "a comparison");
  compare_resample(job);
  for (size_t f = 0; f < COMPARE_FIGURE_COUNT; f++)
    s2s__metrics_set(job->metrics, compare_name[f].other, compare_figure(&job->sum[1], f, job->smooth));
  for (size_t f = 0; f < COMPARE_FIGURE_COUNT; f++)
    S2S__TRY(compare_report(
        job, f, compare_figure(&job->sum[0], f, job->smooth) - compare_figure(&job->sum[1], f, job->smooth), error));
  return S2S_OK;
}

static int32_t compare_run(compare_job *job, s2s__error *error) {
  S2S__TRY(compare_count_all(job, 0, error));
  for (size_t f = 0; f < COMPARE_FIGURE_COUNT; f++)
    s2s__metrics_set(job->metrics, compare_name[f].first, compare_figure(&job->sum[0], f, job->smooth));
  if (job->texts->system[1]) {
    S2S__TRY(compare_count_all(job, 1, error));
    S2S__TRY(compare_bootstrap(job, error));
  }
  s2s__metrics_set(job->metrics, "texts", (double)job->texts->count);
  return S2S_OK;
}

int32_t s2s__compare(const s2s__comparison *comparison, const s2s_options *options, const s2s__host *host,
                     s2s_metrics *metrics, s2s__error *error) {
  compare_job job = {.texts = comparison,
                     .tokens = (s2s__bleu_tokens)s2s__option_choice(options, S2S__BLEU_TOKENIZE),
                     .smooth = s2s__option_choice(options, S2S__BLEU_SMOOTHING) == 0,
                     .samples = s2s__option_size(options, S2S__BOOTSTRAP_SAMPLES),
                     .key = s2s__key((uint64_t)s2s__option_int(options, S2S__SEED), 0x626F6F74u),
                     .metrics = metrics};
  s2s__arena_init(&job.arena, host);
  const int32_t status = compare_run(&job, error);
  s2s__arena_free(&job.arena);
  return status;
}
