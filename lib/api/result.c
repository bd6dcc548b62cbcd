/* SPDX-License-Identifier: MIT
 *
 * s2s_result_*.
 */
#include "search/result.h"

static const s2s__hypothesis *result_hypothesis(const s2s_result *result, size_t text, size_t rank) {
  if (!result || text >= result->count || rank >= result->text[text].count) return NULL;
  return &result->text[text].item[rank];
}

size_t s2s_result_count(const s2s_result *result) { return result ? result->count : 0; }

size_t s2s_result_hypotheses(const s2s_result *result, size_t text) {
  return result && text < result->count ? result->text[text].count : 0;
}

const char *s2s_result_text(const s2s_result *result, size_t text, size_t rank) {
  const s2s__hypothesis *h = result_hypothesis(result, text, rank);
  return h ? h->text : NULL;
}

double s2s_result_score(const s2s_result *result, size_t text, size_t rank) {
  const s2s__hypothesis *h = result_hypothesis(result, text, rank);
  return h ? h->score : 0;
}

double s2s_result_log_probability(const s2s_result *result, size_t text, size_t rank) {
  const s2s__hypothesis *h = result_hypothesis(result, text, rank);
  return h ? h->log_probability : 0;
}

const int32_t *s2s_result_tokens(const s2s_result *result, size_t text, size_t rank, size_t *count) {
  const s2s__hypothesis *h = result_hypothesis(result, text, rank);
  if (count) *count = h ? h->length : 0;
  return h ? h->ids : NULL;
}

const char *s2s_result_copied(const s2s_result *result, size_t text, int32_t id) {
  const s2s__hypotheses *h = result && text < result->count ? &result->text[text] : NULL;
  if (!h || id < 0 || (size_t)id < h->vocabulary || (size_t)id - h->vocabulary >= h->own_count) return NULL;
  return h->own[(size_t)id - h->vocabulary].text;
}

const float *s2s_result_alignment(const s2s_result *result, size_t text, size_t rank, size_t *rows, size_t *columns) {
  const s2s__hypothesis *h = result_hypothesis(result, text, rank);
  if (rows) *rows = h ? h->rows : 0;
  if (columns) *columns = h ? h->columns : 0;
  return h ? h->alignment : NULL;
}

void s2s_result_free(s2s_result *result) { s2s__result_free(result); }
