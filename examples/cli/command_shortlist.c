/* SPDX-License-Identifier: MIT
 *
 * seq2seq shortlist: a model that knows which target tokens go with which source tokens.
 */
#define _POSIX_C_SOURCE 200809L
#include "command.h"

#include <sys/stat.h>

static void print_figures(const s2s_model *model, const char *path) {
  const char *value;
  struct stat file;
  if (!s2s_model_get(model, "shortlist", &value)) printf("shortlist\t%s\n", value);
  if (stat(path, &file) == 0) printf("bytes\t%lld\n", (long long)file.st_size);
}

static int32_t learn(const flags *given, const s2s_model *model, const s2s_corpus *corpus, const char *path) {
  s2s_model *with;
  int32_t status = s2s_model_shortlist(model, corpus, given->options, &with);
  if (!status) status = s2s_model_save(with, path);
  if (!status) print_figures(with, path);
  s2s_model_free(with);
  return status;
}

int command_shortlist(const flags *given) {
  const char *path = given->value[FLAG_OUTPUT][0];
  s2s_model *model = NULL;
  s2s_corpus *corpus = NULL;
  if (!path) return usage_error("nowhere to write the model; say where with -o FILE");
  if (given->model_count > 1) return usage_error("it works on one model at a time");
  if (!given->has[FLAG_TRAIN]) return usage_error("nothing to learn from; name the pairs with --train FILE");
  int failure = load_model(given, &model);
  if (!failure) failure = load_corpus(given, FLAG_TRAIN, &corpus);
  const int32_t status = failure ? S2S_OK : learn(given, model, corpus, path);
  s2s_corpus_free(corpus);
  s2s_model_free(model);
  return failure ? failure : status ? library_failed(status) : EXIT_DONE;
}
