/* SPDX-License-Identifier: MIT
 *
 * A program of the kind that people have: it is compiled against each recorded header and runs on today's library.
 * It trains, saves, loads, translates and asks for what the first header has.
 */
#include <seq2seq.h>
#include <stdio.h>
#include <string.h>

static int32_t progress(void *user, int32_t event, int64_t done, int64_t total) {
  (void)event, (void)done, (void)total;
  return ++*(int *)user, 0;
}

static const char *const settings[][2] = {{"source.tokens", "chars"}, {"target.tokens", "chars"},
                                          {"encoder.hidden", "4"},    {"decoder.hidden", "8"},
                                          {"max_epochs", "2"},        {"embedding.dim", "4"}};

static int32_t train(const s2s_options *options, const char *path) {
  static const char *const pairs[][2] = {{"ab", "ba"}, {"abc", "cba"}, {"c", "c"}};
  s2s_corpus *corpus = NULL;
  s2s_model *untrained = NULL, *model = NULL;
  s2s_trainer *trainer = NULL;
  int32_t status = s2s_corpus_new(options, &corpus);
  for (size_t i = 0; !status && i < 3; i++)
    status = s2s_corpus_add(corpus, pairs[i][0], strlen(pairs[i][0]), pairs[i][1], strlen(pairs[i][1]));
  if (!status) status = s2s_model_create(corpus, options, &untrained);
  if (!status) status = s2s_trainer_new(untrained, corpus, corpus, options, &trainer);
  if (!status) status = s2s_trainer_run(trainer);
  if (!status) status = s2s_trainer_model(trainer, &model);
  if (!status) status = s2s_model_save(model, path);
  s2s_trainer_free(trainer);
  s2s_model_free(model);
  s2s_model_free(untrained);
  s2s_corpus_free(corpus);
  return status;
}

static int32_t run(const s2s_options *options, const char *path) {
  const char *const texts[] = {"abc", "c"};
  s2s_model *model = NULL;
  s2s_result *result = NULL;
  int32_t status = s2s_model_load(path, options, &model);
  if (!status) status = s2s_translate(model, options, texts, NULL, 2, &result);
  if (!status && (s2s_result_count(result) != 2 || !s2s_result_text(result, 1, 0))) status = S2S_BAD_ARGUMENT;
  s2s_result_free(result);
  s2s_model_free(model);
  return status;
}

int main(int argc, char **argv) {
  s2s_options *options = NULL;
  int events = 0;
  if (argc != 2 || s2s_abi_version() != S2S_VERSION_MAJOR) return 2;
  int32_t status = s2s_options_new(&options);
  for (size_t i = 0; !status && i < sizeof settings / sizeof *settings; i++)
    status = s2s_options_set(options, settings[i][0], settings[i][1]);
  if (!status) status = s2s_options_set_progress(options, progress, &events);
  if (!status) status = train(options, argv[1]);
  if (!status) status = run(options, argv[1]);
  if (status) fprintf(stderr, "%s: %s\n", s2s_status_name(status), s2s_error_message());
  s2s_options_free(options);
  printf("header %d.%d, library %s\n", S2S_VERSION_MAJOR, S2S_VERSION_MINOR, s2s_version());
  return status || !events;
}
