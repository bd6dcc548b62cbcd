/* SPDX-License-Identifier: MIT
 *
 * seq2seq eval: how well a model does on pairs it has not seen.
 */
#include "command.h"

static void print_metrics(const s2s_metrics *metrics, bool as_json) {
  if (as_json) {
    json_metrics(stdout, metrics);
    return;
  }
  for (size_t i = 0; i < s2s_metrics_count(metrics); i++) {
    print_metric(stdout, s2s_metrics_name(metrics, i), s2s_metrics_value(metrics, i));
  }
}

static int evaluate(const flags *given, const s2s_model *model, const s2s_corpus *corpus) {
  s2s_metrics *metrics;
  int32_t status = s2s_evaluate(model, corpus, given->options, &metrics);
  if (status) return library_failed(status);
  print_metrics(metrics, given->has[FLAG_JSON]);
  s2s_metrics_free(metrics);
  return EXIT_DONE;
}

int command_eval(const flags *given) {
  s2s_model *model = NULL;
  s2s_corpus *corpus = NULL;
  if (!given->has[FLAG_DATA]) return usage_error("no pairs to compare with; say where they are with --data FILE");
  int status = load_model(given, &model);
  if (!status) status = load_corpus(given, FLAG_DATA, &corpus);
  if (!status) status = evaluate(given, model, corpus);
  s2s_corpus_free(corpus);
  s2s_model_free(model);
  return status;
}
