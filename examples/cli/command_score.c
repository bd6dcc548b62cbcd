/* SPDX-License-Identifier: MIT
 *
 * seq2seq score: how probable a model takes given targets for, line by line, and how their words are aligned.
 */
#include "answer.h"

#include <stdlib.h>
#include <string.h>

enum { SCORE_PAIRS = 1024 }; /* scored at once */

typedef struct scoring {
  const flags *given;
  s2s_model *model;
  s2s_corpus *corpus;
  const char *source[SCORE_PAIRS], *target[SCORE_PAIRS];
} scoring;

static void write_score(const scoring *s, const s2s_result *result, size_t pair) {
  if (s->given->has[FLAG_JSON])
    json_hypothesis(stdout, s->given, result, pair, 0);
  else
    printf("%.6f", s2s_result_log_probability(result, pair, 0));
  if (!s->given->has[FLAG_JSON]) write_links(stdout, s->given, result, pair, 0);
  putchar('\n');
}

/* Which of them it is, where one of several cannot be scored. */
static int score_failed(const scoring *s, size_t first, size_t count) {
  for (size_t i = 0; i < count; i++) {
    s2s_result *result;
    if (s2s_score(s->model, s->given->options, s->source + i, NULL, s->target + i, NULL, 1, &result))
      return failed("pair %zu: %s", first + i + 1, message_of_one());
    s2s_result_free(result);
  }
  return failed("pairs from %zu on cannot be scored", first + 1);
}

/* Pairs from `first` on. */
static int score_pairs(scoring *s, size_t first, size_t count) {
  s2s_result *result;
  for (size_t i = 0; i < count; i++) {
    s->source[i] = s2s_corpus_text(s->corpus, first + i, S2S_SOURCE);
    s->target[i] = s2s_corpus_text(s->corpus, first + i, S2S_TARGET);
  }
  int32_t status = s2s_score(s->model, s->given->options, s->source, NULL, s->target, NULL, count, &result);
  if (status) return score_failed(s, first, count);
  for (size_t i = 0; i < count; i++) write_score(s, result, i);
  s2s_result_free(result);
  return 0;
}

static int score_all(scoring *s) {
  size_t size = s2s_corpus_size(s->corpus);
  int status = 0;
  for (size_t first = 0; first < size && !status; first += SCORE_PAIRS)
    status = score_pairs(s, first, size - first < SCORE_PAIRS ? size - first : SCORE_PAIRS);
  return status;
}

int command_score(const flags *given) {
  if (!given->has[FLAG_DATA]) return usage_error("no pairs to score; say where they are with --data FILE");
  if (!given->has[FLAG_MODEL]) return usage_error("no model; say which one with -m FILE");
  scoring *s = calloc(1, sizeof *s);
  if (!s) return failed("no memory");
  s->given = given;
  int status = load_corpus(given, FLAG_DATA, &s->corpus);
  if (!status) status = load_model(given, &s->model);
  if (!status) status = check_alignment(given, s->model);
  if (!status) status = score_all(s);
  s2s_model_free(s->model);
  s2s_corpus_free(s->corpus);
  free(s);
  return status;
}
