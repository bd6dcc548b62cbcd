/* SPDX-License-Identifier: MIT
 *
 * seq2seq eval: how well a model, or a file of answers, does on pairs it has not seen; and which of two does better.
 */
#include "judged.h"

static int print_metrics(const flags *given, s2s_metrics *metrics) {
  if (given->has[FLAG_JSON]) json_metrics(stdout, metrics);
  for (size_t i = 0; !given->has[FLAG_JSON] && i < s2s_metrics_count(metrics); i++) {
    print_metric(stdout, s2s_metrics_name(metrics, i), s2s_metrics_value(metrics, i));
  }
  s2s_metrics_free(metrics);
  return EXIT_DONE;
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Judging
 * ------------------------------------------------------------------------------------------------------------------ */

static int judge_texts(const flags *given, const s2s_corpus *corpus) {
  const char *first = given->value[given->has[FLAG_ANSWERS] ? FLAG_ANSWERS : FLAG_MODEL][0];
  const char *second = given->value[FLAG_COMPARE][0];
  judged_texts t = {NULL, 0, 0, 0, NULL, NULL};
  judged_answers one = {NULL, NULL, NULL}, other = {NULL, NULL, NULL};
  s2s_metrics *metrics = NULL;
  int status = judged_texts_fill(&t, corpus);
  if (!status) status = judged_answers_get(&one, given, first, &t);
  if (!status && second) status = judged_answers_get(&other, given, second, &t);
  if (!status) {
    int32_t failure =
        second
            ? s2s_metric_compare(given->options, one.text, other.text, t.reference, t.count, t.alternatives, &metrics)
            : s2s_metric_texts(given->options, one.text, t.reference, t.count, t.alternatives, &metrics);
    status = failure ? library_failed(failure) : print_metrics(given, metrics);
  }
  judged_answers_free(&other);
  judged_answers_free(&one);
  judged_texts_free(&t);
  return status;
}

static int judge_model(const flags *given, const s2s_corpus *corpus) {
  s2s_model *model = NULL;
  s2s_metrics *metrics;
  int status = load_model(given, &model);
  if (!status) {
    int32_t failure = s2s_evaluate(model, corpus, given->options, &metrics);
    status = failure ? library_failed(failure) : print_metrics(given, metrics);
  }
  s2s_model_free(model);
  return status;
}

int command_eval(const flags *given) {
  s2s_corpus *corpus = NULL;
  if (!given->has[FLAG_DATA]) return usage_error("no pairs to compare with; say where they are with --data FILE");
  if (given->has[FLAG_MODEL] == given->has[FLAG_ANSWERS])
    return usage_error(given->has[FLAG_MODEL] ? "-m and --answers are two systems; say the second one with --compare"
                                              : "nothing to judge; say which model with -m FILE, or --answers FILE");
  int status = load_corpus(given, FLAG_DATA, &corpus);
  if (!status)
    status =
        given->has[FLAG_ANSWERS] || given->has[FLAG_COMPARE] ? judge_texts(given, corpus) : judge_model(given, corpus);
  s2s_corpus_free(corpus);
  return status;
}
