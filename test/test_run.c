/* SPDX-License-Identifier: MIT
 *
 * A shipped model at work, by what a library without training has, too; and in such a library (S2S_TRAIN=0) that the
 * training functions are there and say so.
 */
#include "tiny.h"

#include "base/train.h"

#define MODEL "examples/models/english-g2p.safetensors"
#define PATH "build/tmp/test_run.safetensors"

static s2s_options *options;
static s2s_model *model;
static const char *const words[] = {"attention", "station", "library"};
static const char *const said[] = {"AH T EH N SH AH N", "S T EY SH AH N", "L AY B R EH R IY"};

static int says_all(const s2s_model *of, const char *key, const char *value) {
  s2s_result *result = NULL;
  int good = 1;
  tiny_set(options, key, value);
  if (s2s_translate(of, options, words, NULL, TINY_COUNT(words), &result) != S2S_OK) diag("%s", s2s_error_message());
  for (size_t i = 0; i < TINY_COUNT(words); i++) {
    const char *text = s2s_result_text(result, i, 0);
    const int right = text && strcmp(text, said[i]) == 0;
    if (!right) diag("%s: %s", words[i], text ? text : "nothing");
    good = good && right;
  }
  (void)s2s_options_set(options, key, NULL);
  s2s_result_free(result);
  return good;
}

static void test_translation(void) {
  s2s_model *small = NULL, *again = NULL;
  ok(says_all(model, "beam", "1"), "words are said, greedily");
  ok(says_all(model, "beam", "5"), "with a beam");
  ok(says_all(model, "threads", "2"), "by two threads");
  is_int(s2s_model_quantize(model, options, &small), S2S_OK, "the model is made smaller");
  ok(says_all(small, "beam", "5"), "and says the same");
  is_int(s2s_model_save(small, PATH), S2S_OK, "it is saved");
  is_int(s2s_model_load(PATH, options, &again), S2S_OK, "and loaded");
  ok(says_all(again, "beam", "5"), "and says the same");
  s2s_model_free(small), s2s_model_free(again);
}

static void test_score(void) {
  s2s_result *result = NULL;
  is_int(s2s_score(model, options, words, NULL, said, NULL, TINY_COUNT(words), &result), S2S_OK, "pairs are scored");
  ok(s2s_result_log_probability(result, 0, 0) > -2 && s2s_result_log_probability(result, 0, 0) < 0, "as likely");
  s2s_result_free(result);
}

/* The parts that s2s_translate() is made of, and the steps of a search of one's own. */
static void test_parts(void) {
  s2s_encoder *encoder = NULL;
  s2s_decoder *decoder = NULL;
  s2s_memory *memory = NULL;
  s2s_result *result = NULL;
  const float *p = NULL;
  const int32_t tokens[] = {1, 1, 1}, parents[] = {0, 1, 2};
  is_int(s2s_encoder_init(model, options, &encoder), S2S_OK, "there is an encoder");
  is_int(s2s_decoder_init(model, options, &decoder), S2S_OK, "a decoder");
  is_int(s2s_encode(encoder, words, NULL, TINY_COUNT(words), &memory), S2S_OK, "a memory");
  is_int(s2s_decode(decoder, memory, &result), S2S_OK, "a result");
  ok(strcmp(s2s_result_text(result, 2, 0), said[2]) == 0, "which says it");
  is_int(s2s_decoder_start(decoder, memory), S2S_OK, "there are steps");
  is_int(s2s_decoder_step(decoder, tokens, parents, 3, &p), S2S_OK, "of which one is made");
  ok(p && p[0] < 0, "with log-probabilities");
  s2s_result_free(result);
  s2s_memory_free(memory);
  s2s_decoder_free(decoder);
  s2s_encoder_free(encoder);
}

static void test_tokens(void) {
  s2s_segmenter *segmenter = NULL;
  s2s_tokens *tokens = NULL;
  is_int(s2s_segmenter_of(model, S2S_SOURCE, &segmenter), S2S_OK, "a model has segmenters");
  is_int(s2s_segment(segmenter, "abc", 3, &tokens), S2S_OK, "which cut a text");
  is_int((int64_t)s2s_tokens_count(tokens), 3, "into characters");
  s2s_tokens_free(tokens);
  s2s_segmenter_free(segmenter);
}

#if !S2S__TRAINS
#define UNSUPPORTED(call) failed(call, S2S_UNSUPPORTED, "built without training", #call)

/* A handle that no function can have made, since none of these looks at it. */
static void test_no_training(void) {
  s2s_corpus *corpus = NULL;
  s2s_trainer *trainer = (s2s_trainer *)(void *)&corpus;
  s2s_model *made = (s2s_model *)(void *)&corpus;
  s2s_metrics *metrics = NULL;
  s2s_segmenter *pieces = NULL;
  double loss;
  UNSUPPORTED(s2s_corpus_new(options, &corpus));
  UNSUPPORTED(s2s_corpus_add(corpus, "a", 1, "b", 1));
  UNSUPPORTED(s2s_corpus_load(corpus, "Makefile"));
  UNSUPPORTED(s2s_model_create(corpus, options, &made));
  ok(!made && !corpus, "what they would make is NULL");
  UNSUPPORTED(s2s_model_extend(model, corpus, options, &made));
  UNSUPPORTED(s2s_trainer_step(trainer, &loss));
  UNSUPPORTED(s2s_trainer_new(model, corpus, NULL, options, &trainer));
  UNSUPPORTED(s2s_trainer_resume("Makefile", corpus, NULL, options, &trainer));
  UNSUPPORTED(s2s_trainer_run(trainer));
  UNSUPPORTED(s2s_evaluate(model, corpus, options, &metrics));
  UNSUPPORTED(s2s_metric_texts(options, words, words, 3, 1, &metrics));
  tiny_set(options, "source.tokens", "bpe:10");
  UNSUPPORTED(s2s_segmenter_new(options, S2S_SOURCE, words, NULL, 3, &pieces));
  s2s_trainer_cancel(trainer), s2s_trainer_free(trainer), s2s_corpus_free(corpus), s2s_metrics_free(metrics);
  ok(s2s_corpus_size(corpus) == 0 && !s2s_trainer_metrics(trainer) && s2s_metrics_count(metrics) == 0,
     "and nothing has nothing in it");
}
#else
static void test_no_training(void) {}
#endif

int main(void) {
  options = tiny_plain_options(NULL);
  if (s2s_model_load(MODEL, options, &model) != S2S_OK) diag("%s", s2s_error_message());
  ok(model != NULL, "a shipped model loads");
  if (!model) return done();
  test_translation();
  test_score();
  test_parts();
  test_tokens();
  test_no_training();
  s2s_model_free(model);
  s2s_options_free(options);
  return done();
}
