/* SPDX-License-Identifier: MIT
 *
 * s2s_result_*.
 */
#include "search/result.h"
#include "api/api.h"

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

int32_t s2s_result_ending(const s2s_result *result, size_t text, size_t rank) {
  const s2s__hypothesis *h = result_hypothesis(result, text, rank);
  return h ? h->ending : -1;
}

const float *s2s_result_token_scores(const s2s_result *result, size_t text, size_t rank, size_t *count) {
  const s2s__hypothesis *h = result_hypothesis(result, text, rank);
  const size_t n = h ? h->scores : 0;
  if (count) *count = n;
  return n > 0 ? h->token_scores : NULL;
}

void s2s_result_range(const s2s_result *result, size_t text, size_t rank, size_t token, size_t *begin, size_t *end) {
  const s2s__hypothesis *h = result_hypothesis(result, text, rank);
  const s2s__span span = h && token < h->length ? h->span[token] : (s2s__span){0, 0};
  if (begin) *begin = span.begin;
  if (end) *end = span.end;
}

size_t s2s_result_links(const s2s_result *result, size_t text, size_t rank) {
  const s2s__hypothesis *h = result_hypothesis(result, text, rank);
  return h ? h->links : 0;
}

int32_t s2s_result_link(const s2s_result *result, size_t text, size_t rank, size_t index, size_t source[3],
                        size_t target[3]) {
  S2S__API_NEED(result);
  s2s__error error = {.status = S2S_OK};
  const size_t links = s2s_result_links(result, text, rank);
  if (index >= links)
    return s2s__api_finish(&error,
                           s2s__fail(&error, S2S_BAD_ARGUMENT, "s2s_result_link: link %zu of %zu", index, links));
  const s2s__link *l = &result->text[text].item[rank].link[index];
  if (source) source[0] = l->source, source[1] = l->source_span.begin, source[2] = l->source_span.end;
  if (target) target[0] = l->target, target[1] = l->target_span.begin, target[2] = l->target_span.end;
  return S2S_OK;
}

void s2s_result_free(s2s_result *result) { s2s__result_free(result); }
