/* SPDX-License-Identifier: MIT
 *
 * Options, vocabularies and models for tests.
 */
#include "fixture.h"

#include "base/cpu.h"
#include "base/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fixture_bail(const char *what) {
  printf("Bail out! %s\n", what);
  exit(1);
}

void fixture_must(int32_t status, const s2s__error *error) {
  if (status != S2S_OK) fixture_bail(error->text);
}

void need(int32_t status) {
  if (status != S2S_OK) fixture_bail(s2s_error_message());
}

const char *fixture_cpu(void) {
#if defined(S2S_DOUBLE) && S2S_DOUBLE
  return "c";
#else
  const char *cpu = getenv("S2S_TEST_CPU");
  return cpu ? cpu : "auto";
#endif
}

const s2s__kernels *fixture_kernels(void) {
  const s2s__kernels *kernels = s2s__kernels_choose(fixture_cpu(), s2s__cpu_features());
  if (!kernels) fixture_bail("this machine lacks the level in S2S_TEST_CPU");
  return kernels;
}

/* Copies the next word and returns what follows it; NULL at the end. */
static const char *fixture_word(const char *text, char *word, size_t size) {
  text += strspn(text, " ");
  const size_t n = strcspn(text, " ");
  if (n == 0) return NULL;
  if (n >= size) fixture_bail("a word is too long");
  memcpy(word, text, n);
  word[n] = '\0';
  return text + n;
}

s2s_options *fixture_options(const char *text) {
  char key[64], value[64];
  s2s_options *options;
  need(s2s_options_new(&options));
  need(s2s_options_set(options, "cpu", fixture_cpu()));
  while ((text = fixture_word(text, key, sizeof key)) != NULL) {
    text = fixture_word(text, value, sizeof value);
    if (!text) fixture_bail("an option without a value");
    need(s2s_options_set(options, key, value));
  }
  return options;
}

void fixture_vocabulary(s2s__vocabulary *vocabulary, s2s__arena *arena, size_t size) {
  s2s__error error;
  s2s__error_clear(&error);
  char *bytes = malloc(32 + 12 * size);
  if (!bytes) fixture_bail("no memory");
  int at = sprintf(bytes, "<unk>\n<s>\n</s>\n");
  for (size_t id = S2S__SPECIALS; id < size; id++) at += sprintf(bytes + at, "%zu\n", id);
  fixture_must(s2s__vocabulary_parse(vocabulary, arena, bytes, (size_t)at, &error), &error);
  free(bytes);
}

s2s_model *fixture_model(const char *options, size_t source, size_t target) {
  s2s_options *o = fixture_options(options);
  const s2s__host host = s2s__options_host(o);
  s2s_model *model;
  s2s__error error;
  s2s__error_clear(&error);
  fixture_must(s2s__model_new(&host, o, &model, &error), &error);
  fixture_vocabulary(&model->vocabulary[S2S_SOURCE], &model->arena, source);
  fixture_vocabulary(&model->vocabulary[S2S_TARGET], &model->arena, target);
  fixture_must(s2s__model_build(model, &error), &error);
  fixture_must(s2s__params_draw(&model->network.params, (uint64_t)s2s__option_int(o, S2S__SEED), &error), &error);
  s2s_options_free(o);
  return model;
}

const s2s__param *fixture_param(const s2s_model *model, const char *name) {
  for (size_t i = 0; i < model->network.params.count; i++)
    if (strcmp(model->network.params.item[i]->name, name) == 0) return model->network.params.item[i];
  fixture_bail(name);
  return NULL;
}

void fixture_write(s2s_model *model, const char *name, const float *values) {
  s2s__error error;
  s2s__error_clear(&error);
  fixture_must(s2s__param_write(fixture_param(model, name), &model->arena, values, &error), &error);
}

size_t fixture_below(uint64_t *state, size_t bound) {
  const uint64_t key = (*state)++;
  return s2s__below(key, 0, (uint32_t)bound);
}

double fixture_uniform(uint64_t *state, double low, double high) {
  const uint64_t key = (*state)++;
  return low + (high - low) * s2s__uniform(key, 0);
}
