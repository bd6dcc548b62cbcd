/* SPDX-License-Identifier: MIT
 *
 * Trains a model from C, on pairs made in memory: it learns to read numbers aloud, "407" -> "four hundred seven", from
 * a quarter of those up to 9999, and is then asked for numbers it has not seen. Takes a few seconds.
 */
#include <seq2seq.h>
#include <stdio.h>
#include <string.h>

static const char *const small[] = {"zero",     "one",     "two",     "three",     "four",     "five",    "six",
                                    "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",  "thirteen",
                                    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
static const char *const tens[] = {"",      "",      "twenty",  "thirty", "forty",
                                   "fifty", "sixty", "seventy", "eighty", "ninety"};

/* Appends the words for n, 0 .. 9999. */
static void say(char *words, int n) {
  if (n >= 1000) {
    strcat(strcat(words, small[n / 1000]), " thousand");
  } else if (n >= 100) {
    strcat(strcat(words, small[n / 100]), " hundred");
  } else {
    strcat(words, n < 20 ? small[n] : tens[n / 10]);
  }
  int rest = n >= 1000 ? n % 1000 : n >= 100 ? n % 100 : n >= 20 ? n % 10 : 0;
  if (rest) say(strcat(words, " "), rest);
}

/* Which share of the numbers n is in, 0 .. 63, as good as at random. */
static unsigned share(int n) { return ((unsigned)n * 2654435761u) >> 26; }

static int32_t add_numbers(s2s_corpus *corpus, unsigned first_share, unsigned last_share) {
  int32_t status = S2S_OK;
  for (int n = 0; n < 10000 && !status; n++) {
    char digits[16], words[128] = "";
    if (share(n) < first_share || share(n) > last_share) continue;
    say(words, n);
    status = s2s_corpus_add(corpus, digits, (size_t)snprintf(digits, sizeof digits, "%d", n), words, strlen(words));
  }
  return status;
}

static int32_t set_options(s2s_options *options) {
  static const char *const settings[][2] = {
      {"source.tokens", "chars"}, {"embedding.dim", "32"},   {"encoder.hidden", "32"}, {"decoder.hidden", "64"},
      {"dropout", "0.1"},         {"batch_sentences", "32"}, {"max_epochs", "12"},     {"learning_rate", "0.004"}};
  int32_t status = S2S_OK;
  for (size_t i = 0; i < sizeof settings / sizeof settings[0] && !status; i++)
    status = s2s_options_set(options, settings[i][0], settings[i][1]);
  return status;
}

/* Called by the library while it trains. */
static int32_t show(void *user, int32_t event, int64_t done, int64_t total) {
  s2s_trainer *const *trainer = user;
  double wrong = 0;
  (void)total;
  if (event != S2S_PROGRESS_EVALUATED) return 0;
  s2s_metrics_get(s2s_trainer_metrics(*trainer), "dev_sequence_error_rate", &wrong);
  return printf("after %2d rounds it misreads %5.1f %% of new numbers\n", (int)done, wrong) < 0;
}

static int32_t ask(const s2s_model *model) {
  static const char *const numbers[] = {"42", "110", "407", "1066", "1815", "2024", "9999"};
  size_t count = sizeof numbers / sizeof numbers[0];
  s2s_result *result;
  int32_t status = s2s_translate(model, NULL, numbers, NULL, count, &result);
  for (size_t i = 0; i < count && !status; i++) printf("%6s  %s\n", numbers[i], s2s_result_text(result, i, 0));
  s2s_result_free(result);
  return status;
}

int main(void) {
  s2s_options *options = NULL;
  s2s_corpus *pairs = NULL, *dev = NULL;
  s2s_model *untrained = NULL, *model = NULL;
  s2s_trainer *trainer = NULL;

  int32_t status = s2s_options_new(&options);
  if (!status) status = set_options(options);
  if (!status) status = s2s_options_set_progress(options, show, &trainer);
  if (!status) status = s2s_corpus_new(options, &pairs);
  if (!status) status = add_numbers(pairs, 0, 15);
  if (!status) status = s2s_corpus_new(options, &dev);
  if (!status) status = add_numbers(dev, 16, 18);

  if (!status) status = s2s_model_create(pairs, options, &untrained);
  if (!status) status = s2s_trainer_new(untrained, pairs, dev, options, &trainer);
  if (!status) status = s2s_trainer_run(trainer);
  if (!status) status = s2s_trainer_model(trainer, &model);
  if (!status) status = ask(model);
  if (status) fprintf(stderr, "train: %s\n", s2s_error_message());

  s2s_trainer_free(trainer);
  s2s_model_free(model);
  s2s_model_free(untrained);
  s2s_corpus_free(dev);
  s2s_corpus_free(pairs);
  s2s_options_free(options);
  return status ? 1 : 0;
}
