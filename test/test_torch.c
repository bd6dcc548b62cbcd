/* SPDX-License-Identifier: MIT
 *
 * What PyTorch saved (test/data/torch, by examples/python/export_torch.py): a complete model loads; a bare state_dict
 * loads into a model of the same options; both give PyTorch's log-probabilities. And what a file of parameters can get
 * wrong.
 */
#include "tap.h"
#include "tiny.h"

#include <math.h>

#define FOLDER "test/data/torch"
#define OUT "build/tmp/test_torch"

static s2s_options *shape_options(void) {
  static const char *const settings[][2] = {{"source.tokens", "chars"}, {"target.tokens", "words"},
                                            {"embedding.dim", "5"},     {"encoder.hidden", "4"},
                                            {"decoder.hidden", "8"},    {"attention.type", "general"}};
  s2s_options *options = tiny_plain_options(NULL);
  for (size_t i = 0; i < TINY_COUNT(settings); i++) tiny_set(options, settings[i][0], settings[i][1]);
  return options;
}

/* A model of the same vocabularies, its parameters drawn. The most frequent tokens get the first ids. */
static s2s_model *fresh_model(const s2s_options *options) {
  s2s_corpus *corpus;
  s2s_model *model = NULL;
  s2s_corpus_new(options, &corpus);
  static const char *const pairs[][2] = {
      {"a", "A"}, {"ab", "A B"}, {"abc", "A B CH"}, {"abcd", "A B CH D"}, {"abcde", "A B CH D"}};
  for (size_t i = 0; i < TINY_COUNT(pairs); i++) tiny_add(corpus, pairs[i][0], pairs[i][1]);
  if (s2s_model_create(corpus, options, &model) != S2S_OK) diag("%s", s2s_error_message());
  s2s_corpus_free(corpus);
  return model;
}

static int32_t token_id(const s2s_model *model, const char *text, size_t length) {
  for (size_t id = 0; id < s2s_model_vocabulary_size(model, S2S_TARGET); id++) {
    const char *token = s2s_model_token(model, S2S_TARGET, (int32_t)id);
    if (strlen(token) == length && memcmp(token, text, length) == 0) return (int32_t)id;
  }
  return 0;
}

/* The sum over the target's tokens and the end mark, step by step. */
static double log_probability(const s2s_model *model, const char *source, const char *target) {
  s2s_encoder *encoder;
  s2s_memory *memory;
  s2s_decoder *decoder;
  const float *row;
  double sum = 0;
  int32_t token = 1, parent = 0;
  if (s2s_encoder_init(model, NULL, &encoder) || s2s_encode(encoder, &source, NULL, 1, &memory) ||
      s2s_decoder_init(model, NULL, &decoder) || s2s_decoder_start(decoder, memory))
    return NAN;
  for (const char *at = target; token != 2;) {
    if (s2s_decoder_step(decoder, &token, &parent, 1, &row) != S2S_OK) return NAN;
    const size_t length = strcspn(at, " ");
    token = length ? token_id(model, at, length) : 2;
    at += length + (at[length] == ' ');
    sum += (double)row[token];
  }
  s2s_decoder_free(decoder);
  s2s_memory_free(memory);
  s2s_encoder_free(encoder);
  return sum;
}

static void check_expected(const s2s_model *model, const char *what) {
  char line[200];
  int lines = 0;
  double worst = 0;
  FILE *file = fopen(FOLDER "/expected.tsv", "r");
  while (file && fgets(line, sizeof line, file)) {
    char *target = strchr(line, '\t'), *score = target ? strchr(target + 1, '\t') : NULL;
    if (!score) continue;
    *target++ = *score++ = '\0';
    const double error = fabs(log_probability(model, line, target) / atof(score) - 1);
    if (!(error <= worst)) worst = error;
    lines++;
  }
  if (file) fclose(file);
  if (!ok(lines == 4 && worst < 1e-5, "%s: PyTorch's log-probabilities", what)) diag("error %.2e", worst);
}

/* A copy of the state with `from` put in the place of `to`, of one length. */
static const char *changed_state(const char *from, const char *to) {
  size_t size;
  char *bytes = tiny_read_file(FOLDER "/state.safetensors", &size);
  for (size_t i = 0; bytes && i + strlen(from) <= size; i++)
    if (memcmp(bytes + i, from, strlen(from)) == 0) memcpy(bytes + i, to, strlen(to));
  FILE *file = fopen(OUT "/changed.safetensors", "wb");
  if (file) fwrite(bytes, 1, size, file), fclose(file);
  free(bytes);
  return OUT "/changed.safetensors";
}

static void check_refused(s2s_model *model, const char *from, const char *to, const char *expected) {
  const tiny_digest before = tiny_model_digest(model);
  const int32_t status = s2s_model_load_parameters(model, changed_state(from, to));
  ok(status == S2S_BAD_FILE && strstr(s2s_error_message(), expected), "refused: %s", s2s_error_message());
  ok(before == tiny_model_digest(model), "and the model is as it was");
}

int main(void) {
  s2s_options *options = shape_options();
  s2s_model *whole = NULL, *model = fresh_model(options);
  s2s_encoder *encoder = NULL;
  if (system("mkdir -p " OUT) != 0) return 2;
  is_int(s2s_model_load(FOLDER "/model.safetensors", options, &whole), S2S_OK, "a model that PyTorch made is loaded");
  check_expected(whole, "the whole model");
  s2s_model_free(whole);
  check_refused(model, "generator.bias", "generator.bios", "'generator.bios' is not part of this model");
  check_refused(model, "[7, 8]", "[8, 7]", "tensor 'generator.weight': expected shape [7, 8], found [8, 7]");
  check_refused(model, "F32", "U32", "expected F32, found U32");
  is_int(s2s_model_load_parameters(model, "build/none.safetensors"), S2S_IO, "no file: %s", s2s_error_message());
  is_int(s2s_model_load_parameters(model, FOLDER "/expected.tsv"), S2S_BAD_FILE, "another file: %s",
         s2s_error_message());
  is_int(s2s_model_load_parameters(model, FOLDER "/state.safetensors"), S2S_OK, "a state_dict is loaded");
  check_expected(model, "the state_dict");
  s2s_encoder_init(model, NULL, &encoder);
  is_int(s2s_model_load_parameters(model, FOLDER "/state.safetensors"), S2S_BUSY, "in use: %s", s2s_error_message());
  s2s_encoder_free(encoder);
  s2s_model_free(model);
  s2s_options_free(options);
  return done();
}
