/* SPDX-License-Identifier: MIT
 *
 * seq2seq info: what a model file holds, what options there are, what this build can do on this machine.
 */
#define _POSIX_C_SOURCE 200809L
#include "command.h"

#include <string.h>
#include <unistd.h>

/* "name<TAB>value" for programs, columns for people. */
static void print_pair(const char *name, const char *value) {
  if (isatty(STDOUT_FILENO))
    printf("%-36s %s\n", name, value);
  else
    printf("%s\t%s\n", name, value);
}

static void print_size(const char *name, size_t size) {
  char text[32];
  snprintf(text, sizeof text, "%zu", size);
  print_pair(name, text);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * A model
 * ------------------------------------------------------------------------------------------------------------------ */

static void print_about(const s2s_model *model, const char *key) {
  const char *value;
  if (s2s_model_get(model, key, &value) == S2S_OK) print_pair(key, value);
}

static void print_parameter(const s2s_model *model, size_t index) {
  char text[64];
  const size_t rows = s2s_model_parameter_dim(model, index, 0);
  if (s2s_model_parameter_dims(model, index) > 1)
    snprintf(text, sizeof text, "%zu x %zu", rows, s2s_model_parameter_dim(model, index, 1));
  else
    snprintf(text, sizeof text, "%zu", rows);
  print_pair(s2s_model_parameter_name(model, index), text);
}

static void print_model(const s2s_model *model) {
  print_about(model, "format");
  print_about(model, "parameters");
  print_about(model, "weights");
  print_size("source.vocabulary", s2s_model_vocabulary_size(model, S2S_SOURCE));
  print_size("target.vocabulary", s2s_model_vocabulary_size(model, S2S_TARGET));
  for (size_t i = 0; i < s2s_option_count(); i++) {
    if (s2s_option_scope(i) == S2S_SCOPE_MODEL) print_about(model, s2s_option_name(i));
  }
  for (size_t i = 0; i < s2s_model_parameter_count(model); i++) print_parameter(model, i);
}

static int info_model(const flags *given) {
  s2s_model *model;
  int failure = load_model(given, &model);
  if (failure) return failure;
  print_model(model);
  s2s_model_free(model);
  return EXIT_DONE;
}

/* ---------------------------------------------------------------------------------------------------------------------
 * The options
 * ------------------------------------------------------------------------------------------------------------------ */

/* key<TAB>scope<TAB>default<TAB>range<TAB>meaning */
static int info_options(const flags *given) {
  if (given->has[FLAG_MARKDOWN]) {
    help_options_markdown(stdout);
    return EXIT_DONE;
  }
  const char *row = isatty(STDOUT_FILENO) ? "%-26s %-8s %-8s %-28s %s\n" : "%s\t%s\t%s\t%s\t%s\n";
  for (size_t i = 0; i < s2s_option_count(); i++) {
    printf(row, s2s_option_name(i), scope_name(s2s_option_scope(i)), s2s_option_default(i), s2s_option_range(i),
           s2s_option_help(i));
  }
  return EXIT_DONE;
}

/* ---------------------------------------------------------------------------------------------------------------------
 * This build
 * ------------------------------------------------------------------------------------------------------------------ */

/* The smallest model there can be, made with a cpu level; its making fails where the machine lacks the level. */
static int32_t tiny_model(const char *cpu, s2s_model **model) {
  s2s_options *options;
  s2s_corpus *corpus = NULL;
  *model = NULL;
  int32_t status = s2s_options_new(&options);
  if (!status) status = s2s_options_set(options, "cpu", cpu);
  if (!status) status = s2s_options_set_int(options, "embedding.dim", 1);
  if (!status) status = s2s_options_set_int(options, "encoder.hidden", 1);
  if (!status) status = s2s_options_set_int(options, "decoder.hidden", 2);
  if (!status) status = s2s_corpus_new(options, &corpus);
  if (!status) status = s2s_corpus_add(corpus, "a", 1, "a", 1);
  if (!status) status = s2s_model_create(corpus, options, model);
  s2s_corpus_free(corpus);
  s2s_options_free(options);
  return status;
}

static void print_cpu(const char *level) {
  char name[64];
  s2s_model *model;
  const char *used = "";
  int32_t status = tiny_model(level, &model);
  if (!status) s2s_model_get(model, "cpu", &used);
  snprintf(name, sizeof name, "cpu %s", level);
  print_pair(name, status ? "no" : strcmp(used, level) == 0 ? "yes" : used);
  s2s_model_free(model);
}

/* Each of the choices of the option cpu, "auto|c|...". */
static void print_cpus(void) {
  char level[32];
  size_t index = 0;
  while (index < s2s_option_count() && strcmp(s2s_option_name(index), "cpu") != 0) index++;
  const char *choices = index < s2s_option_count() ? s2s_option_range(index) : "";
  for (; *choices; choices += strspn(choices, "|")) {
    size_t length = strcspn(choices, "|");
    snprintf(level, sizeof level, "%.*s", (int)length, choices);
    choices += length;
    print_cpu(level);
  }
}

static int info_build(void) {
  print_pair("version", s2s_version());
  print_size("abi", (size_t)s2s_abi_version());
  print_size("options", s2s_option_count());
  print_cpus();
  return EXIT_DONE;
}

/* name<TAB>below how many pairs `auto` takes it<TAB>settings */
static int print_presets(void) {
  for (size_t i = 0; i < s2s_preset_count(); i++) {
    size_t pairs = s2s_preset_pairs(i);
    char below[32] = "-";
    if (pairs) snprintf(below, sizeof below, pairs == SIZE_MAX ? "more" : "%zu", pairs);
    printf("%s\t%s\t%s\n", s2s_preset_name(i), below, s2s_preset_settings(i));
  }
  return EXIT_DONE;
}

int command_info(const flags *given) {
  if (given->has[FLAG_MARKDOWN] && !given->has[FLAG_OPTIONS]) return usage_error("--markdown goes with --options");
  if (given->has[FLAG_PRESETS]) return print_presets();
  if (given->model_count > 1) return usage_error("it shows one model at a time");
  if (given->option && !given->has[FLAG_MODEL]) return usage_error("the option %s goes with -m FILE", given->option);
  if (given->has[FLAG_OPTIONS] && given->has[FLAG_MODEL])
    return usage_error("--options and -m FILE do not go together");
  if (given->has[FLAG_OPTIONS]) return info_options(given);
  return given->has[FLAG_MODEL] ? info_model(given) : info_build();
}
