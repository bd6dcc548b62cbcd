/* SPDX-License-Identifier: MIT
 *
 * Personalisation on a device: teaches a pronunciation model a handful of corrections in a second or two, hardly
 * forgetting what it knew. To that end it also learns what it says itself of some other words.
 *
 *     build/examples/personalize [MODEL [WORDS]]
 */
#include <seq2seq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const corrections[][2] = {
    {"Siobhan", "SH IH V AO N"},      {"Nguyen", "W IH N"},         {"Saoirse", "S ER SH AH"},
    {"Xochitl", "S OW CH IY L"},      {"Joaquin", "W AA K IY N"},   {"Leicester", "L EH S T ER"},
    {"Cholmondeley", "CH AH M L IY"}, {"Worcester", "W UH S T ER"}, {"Niamh", "N IY V"},
    {"Goethe", "G ER T AH"}};
enum { CORRECTIONS = sizeof corrections / sizeof corrections[0], EPOCHS = 24, REHEARSED = 238, JUDGED = 300 };

static void need(int32_t status) {
  if (!status) return;
  fprintf(stderr, "%s\n", s2s_error_message());
  exit(1);
}

static void lower(const char *word, char *out) {
  size_t i = 0;
  for (; word[i] && i < 63; i++) out[i] = (char)(word[i] >= 'A' && word[i] <= 'Z' ? word[i] - 'A' + 'a' : word[i]);
  out[i] = '\0';
}

/* What the model says of each correction, printed below a title if there is one; returns how many are right. */
static int recite(const s2s_model *model, const char *title) {
  int right = 0;
  if (title) printf("%s\n", title);
  for (size_t i = 0; i < CORRECTIONS; i++) {
    char word[64];
    const char *text = word;
    s2s_result *result;
    lower(corrections[i][0], word);
    need(s2s_translate(model, NULL, &text, NULL, 1, &result));
    const char *said = s2s_result_text(result, 0, 0);
    const int good = strcmp(said, corrections[i][1]) == 0;
    if (title) printf("  %-14s %-24s%s\n", corrections[i][0], said, good ? "" : "  (wrong)");
    right += good;
    s2s_result_free(result);
  }
  return right;
}

/* The error rate on words that nobody corrected: what must not be forgotten. */
static double judge(const s2s_model *model, const s2s_corpus *words) {
  s2s_metrics *metrics;
  double rate = 0;
  need(s2s_evaluate(model, words, NULL, &metrics));
  need(s2s_metrics_get(metrics, "sequence_error_rate", &rate));
  s2s_metrics_free(metrics);
  return rate;
}

/* Each correction, and the model's own answers to words first .. of a corpus. */
static s2s_corpus *lessons(const s2s_model *model, const s2s_corpus *words, size_t first) {
  s2s_corpus *corpus;
  need(s2s_corpus_new(NULL, &corpus));
  for (size_t i = 0; i < CORRECTIONS; i++) {
    char word[64];
    lower(corrections[i][0], word);
    need(s2s_corpus_add(corpus, word, strlen(word), corrections[i][1], strlen(corrections[i][1])));
  }
  for (size_t i = first; i < first + REHEARSED && i < s2s_corpus_size(words); i++) {
    const char *word = s2s_corpus_text(words, i, S2S_SOURCE);
    s2s_result *result;
    need(s2s_translate(model, NULL, &word, NULL, 1, &result));
    const char *said = s2s_result_text(result, 0, 0);
    if (*said) need(s2s_corpus_add(corpus, word, strlen(word), said, strlen(said)));
    s2s_result_free(result);
  }
  return corpus;
}

/* No longer than it takes until all are right, since every further step forgets something. */
static void teach(s2s_trainer *trainer) {
  double epochs = 0;
  for (int right = 0; right < CORRECTIONS && epochs < EPOCHS;) {
    const double before = epochs;
    s2s_model *now;
    need(s2s_trainer_step(trainer, NULL));
    need(s2s_metrics_get(s2s_trainer_metrics(trainer), "epochs", &epochs));
    if (!(epochs > before)) continue;
    need(s2s_trainer_present(trainer, &now));
    right = recite(now, NULL);
    s2s_model_free(now);
  }
}

int main(int count, char **arguments) {
  const char *path = count > 1 ? arguments[1] : "examples/models/english-g2p.safetensors";
  const char *words_path = count > 2 ? arguments[2] : "examples/data/cmudict-sample.dev.tsv";
  s2s_model *model, *taught;
  s2s_corpus *words, *judged, *corpus;
  s2s_options *options;
  s2s_trainer *trainer;
  double seconds;
  need(s2s_model_load(path, NULL, &model));
  need(s2s_corpus_new(NULL, &words));
  need(s2s_corpus_load(words, words_path));
  need(s2s_corpus_new(NULL, &judged));
  for (size_t i = 0; i < JUDGED && i < s2s_corpus_size(words); i++) {
    const char *source = s2s_corpus_text(words, i, S2S_SOURCE), *target = s2s_corpus_text(words, i, S2S_TARGET);
    need(s2s_corpus_add(judged, source, strlen(source), target, strlen(target)));
  }

  need(s2s_options_new(&options));
  /* What is known of letters and sounds stays. */
  need(s2s_options_set(options, "freeze", "encoder decoder.embedding attention"));
  need(s2s_options_set(options, "learning_rate", "0.001"));
  need(s2s_options_set(options, "warmup", "0"));
  need(s2s_options_set(options, "schedule", "constant"));
  need(s2s_options_set(options, "dropout", "0"));
  need(s2s_options_set(options, "batch_sentences", "16"));
  need(s2s_options_set_int(options, "threads", 2));

  int before = recite(model, "Before:");
  corpus = lessons(model, words, JUDGED);
  need(s2s_trainer_new(model, corpus, NULL, options, &trainer));
  teach(trainer);
  need(s2s_metrics_get(s2s_trainer_metrics(trainer), "train_seconds", &seconds));
  need(s2s_trainer_model(trainer, &taught));
  int after = recite(taught, "After:");
  printf("%d of %d right, then %d; taught in %.1f s.\n", before, CORRECTIONS, after, seconds);
  printf("Other words wrong: %.1f %%, then %.1f %%.\n", judge(model, judged), judge(taught, judged));

  s2s_trainer_free(trainer);
  s2s_options_free(options);
  s2s_corpus_free(corpus);
  s2s_corpus_free(judged);
  s2s_corpus_free(words);
  s2s_model_free(taught);
  s2s_model_free(model);
  return 0;
}
