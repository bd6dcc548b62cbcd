/* SPDX-License-Identifier: MIT
 *
 * s2s_metric_* and s2s_metrics_*.
 */
#include "api/api.h"
#include "train/compare.h"

#include <string.h>

/* ---- figures ----------------------------------------------------------------------------------------------------- */

size_t s2s_metrics_count(const s2s_metrics *metrics) { return metrics ? metrics->count : 0; }

const char *s2s_metrics_name(const s2s_metrics *metrics, size_t index) {
  return metrics && index < metrics->count ? metrics->name[index] : NULL;
}

double s2s_metrics_value(const s2s_metrics *metrics, size_t index) {
  return metrics && index < metrics->count ? metrics->value[index] : 0;
}

int32_t s2s_metrics_get(const s2s_metrics *metrics, const char *name, double *value) {
  S2S__API_NEED(metrics);
  S2S__API_NEED(name);
  S2S__API_NEED(value);
  s2s__error error = {.status = S2S_OK};
  const double *found = s2s__metrics_find(metrics, name);
  if (!found) return s2s__api_finish(&error, s2s__fail(&error, S2S_BAD_ARGUMENT, "there is no figure '%.100s'", name));
  *value = *found;
  return S2S_OK;
}

void s2s_metrics_free(s2s_metrics *metrics) {
  if (!metrics || !metrics->host.allocate) return; /* a trainer's own */
  const s2s__host host = metrics->host;
  s2s__free(&host, metrics, sizeof *metrics);
}

/* ---- texts ------------------------------------------------------------------------------------------------------- */

/* NUL-terminated texts as texts with lengths; what = "hypothesis" or the like, for messages. */
static int32_t metric_read(const char *const *texts, size_t count, const char *what, s2s__arena *arena, s2s__text *out,
                           s2s__error *error) {
  for (size_t i = 0; i < count; i++) {
    if (!texts[i]) return s2s__fail(error, S2S_BAD_ARGUMENT, "%s %zu is NULL", what, i);
    if (s2s__text_accept(texts[i], strlen(texts[i]), arena, &out[i], error) != S2S_OK)
      return s2s__fail_prefix(error, "%s %zu", what, i);
  }
  return S2S_OK;
}

static int32_t metric_read_references(const char *const *texts, size_t count, size_t alternatives, s2s__arena *arena,
                                      s2s__text *out, s2s__error *error) {
  for (size_t i = 0; i < count; i++) {
    size_t there = 0;
    for (size_t a = 0; a < alternatives; a++) {
      const char *text = texts[a * count + i];
      s2s__text *reference = &out[a * count + i];
      *reference = (s2s__text){NULL, 0};
      if (text && s2s__text_accept(text, strlen(text), arena, reference, error) != S2S_OK)
        return s2s__fail_prefix(error, "reference %zu of text %zu", a, i);
      there += text != NULL;
    }
    if (there == 0) return s2s__fail(error, S2S_BAD_ARGUMENT, "text %zu has no reference", i);
  }
  return S2S_OK;
}

typedef struct metric_call { /* the arguments */
  const char *const *hypotheses, *const *others, *const *references;
  size_t count, alternatives;
  const s2s_options *options;
} metric_call;

static int32_t metric_run(const metric_call *call, s2s__arena *arena, s2s_metrics *metrics, s2s__error *error) {
  const size_t count = call->count;
  s2s__text *hypothesis = S2S__TAKE(arena, s2s__text, count), *other = S2S__TAKE(arena, s2s__text, count);
  size_t references;
  if (count == 0) return s2s__fail(error, S2S_BAD_ARGUMENT, "there are no texts to compare");
  if (count > UINT32_MAX || !s2s__multiply_fits(count, call->alternatives, &references))
    return s2s__fail(error, S2S_LIMIT, "%zu texts are too many", count);
  s2s__text *reference = S2S__TAKE(arena, s2s__text, references);
  if (!hypothesis || !other || !reference) return s2s__fail_memory(error, references * sizeof *reference, "texts");
  S2S__TRY(metric_read(call->hypotheses, count, "hypothesis", arena, hypothesis, error));
  if (call->others) S2S__TRY(metric_read(call->others, count, "other hypothesis", arena, other, error));
  S2S__TRY(metric_read_references(call->references, count, call->alternatives, arena, reference, error));
  const s2s__comparison comparison = {{hypothesis, call->others ? other : NULL}, reference, count, call->alternatives};
  return s2s__compare(&comparison, call->options, &arena->host, metrics, error);
}

static int32_t metric_call_run(const metric_call *call, s2s_metrics **metrics) {
  s2s__error error = {.status = S2S_OK};
  const s2s__host host = s2s__options_host(call->options);
  s2s_metrics *m = s2s__allocate_zeroed(&host, sizeof *m);
  if (!m) return s2s__api_finish(&error, s2s__fail_memory(&error, sizeof *m, "the figures"));
  m->host = host;
  s2s__host own;
  s2s__budget budget;
  s2s__arena arena;
  s2s__host_own(&own, &host, &budget, 0);
  s2s__arena_init(&arena, &own);
  const int32_t status = s2s__name_limit(&own, &error, metric_run(call, &arena, m, &error));
  s2s__arena_free(&arena);
  if (status == S2S_OK)
    *metrics = m;
  else
    s2s__free(&host, m, sizeof *m);
  return s2s__api_finish(&error, status);
}

int32_t s2s_metric_texts(const s2s_options *options, const char *const *hypotheses, const char *const *references,
                         size_t count, size_t alternatives, s2s_metrics **metrics) {
  const metric_call call = {hypotheses, NULL, references, count, alternatives, options};
  S2S__API_OUT(metrics);
  S2S__API_NEED(hypotheses);
  S2S__API_NEED(references);
  return metric_call_run(&call, metrics);
}

int32_t s2s_metric_compare(const s2s_options *options, const char *const *hypotheses, const char *const *others,
                           const char *const *references, size_t count, size_t alternatives, s2s_metrics **metrics) {
  const metric_call call = {hypotheses, others, references, count, alternatives, options};
  S2S__API_OUT(metrics);
  S2S__API_NEED(hypotheses);
  S2S__API_NEED(others);
  S2S__API_NEED(references);
  return metric_call_run(&call, metrics);
}
