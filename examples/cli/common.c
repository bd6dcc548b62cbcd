/* SPDX-License-Identifier: MIT
 *
 * What the subcommands share: messages and exit statuses, loading, clocks, figures and JSON.
 */
#define _POSIX_C_SOURCE 200809L
#include "command.h"
#include "progress.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *message_command = "";

void message_begin(const char *command_name) { message_command = command_name; }

static void print_message(const char *format, va_list values) {
  progress_wipe();
  fprintf(stderr, "seq2seq %s: ", message_command);
  vfprintf(stderr, format, values);
  putc('\n', stderr);
}

void message(const char *format, ...) {
  va_list values;
  va_start(values, format);
  print_message(format, values);
  va_end(values);
}

int failed(const char *format, ...) {
  va_list values;
  va_start(values, format);
  print_message(format, values);
  va_end(values);
  return EXIT_FAILED;
}

int usage_error(const char *format, ...) {
  va_list values;
  va_start(values, format);
  print_message(format, values);
  va_end(values);
  fprintf(stderr, "`seq2seq %s --help` lists what it takes.\n", message_command);
  return EXIT_USAGE;
}

const char *message_of_one(void) {
  static const char *const numbers[] = {"text 0: ", "pair 0: "};
  const char *text = s2s_error_message();
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
    if (strncmp(text, numbers[i], strlen(numbers[i])) == 0) return text + strlen(numbers[i]);
  return text;
}

int library_failed(int32_t status) {
  failed("%s", s2s_error_message());
  return status == S2S_BAD_OPTION ? EXIT_USAGE : EXIT_FAILED;
}

int models_failed(int32_t status) {
  if (status != S2S_BAD_ARGUMENT) return library_failed(status);
  failed("%s (models are counted from 0, in the order of -m)", s2s_error_message());
  return EXIT_FAILED;
}

static int32_t join_models(const flags *given, s2s_model *const *members, s2s_model **model) {
  const s2s_model *all[MOST_MODELS];
  for (size_t i = 0; i < given->model_count; i++) all[i] = members[i];
  return s2s_model_ensemble(all, given->model_count, given->options, model);
}

int load_model(const flags *given, s2s_model **model) {
  s2s_model *members[MOST_MODELS] = {NULL};
  int32_t status = S2S_OK;
  if (!given->has[FLAG_MODEL]) return usage_error("no model; say which with -m FILE");
  for (size_t i = 0; i < given->model_count && !status; i++)
    status = s2s_model_load(given->models[i], given->options, &members[i]);
  if (!status && given->model_count == 1) {
    *model = members[0];
    return 0;
  }
  int failure = status ? library_failed(status) : 0;
  if (!failure && (status = join_models(given, members, model)) != S2S_OK) failure = models_failed(status);
  for (size_t i = 0; i < given->model_count; i++) s2s_model_free(members[i]);
  return failure;
}

int load_corpus(const flags *given, flag_id which, s2s_corpus **corpus) {
  const char *const *paths = given->value[which];
  int32_t status = s2s_corpus_new(given->options, corpus);
  if (!status)
    status = paths[1] ? s2s_corpus_load_aligned(*corpus, paths[0], paths[1]) : s2s_corpus_load(*corpus, paths[0]);
  if (!status) return 0;
  s2s_corpus_free(*corpus);
  *corpus = NULL;
  return library_failed(status);
}

static char *read_all(FILE *in, size_t *size) {
  char *bytes = NULL;
  size_t room = 0, got;
  *size = 0;
  do {
    room = 2 * room + 65536;
    char *more = realloc(bytes, room);
    if (!more) {
      free(bytes);
      errno = ENOMEM;
      return NULL;
    }
    bytes = more;
    got = fread(bytes + *size, 1, room - *size - 1, in);
    *size += got;
  } while (got);
  bytes[*size] = '\0';
  if (!ferror(in)) return bytes;
  free(bytes);
  return NULL;
}

char *read_file(const char *path, size_t *size) {
  FILE *in = path ? fopen(path, "rb") : stdin;
  char *bytes = in ? read_all(in, size) : NULL;
  if (!bytes) failed("cannot read %s: %s", path ? path : "standard input", strerror(errno));
  if (in && in != stdin) fclose(in);
  return bytes;
}

int close_output(FILE *file, const char *name) {
  bool bad = ferror(file) != 0 || fflush(file) != 0;
  if (file != stdout) bad = fclose(file) != 0 || bad;
  return bad ? failed("cannot write %s", name) : 0;
}

double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Figures
 * ------------------------------------------------------------------------------------------------------------------ */

static bool ends_with(const char *text, const char *end) {
  size_t n = strlen(text), m = strlen(end);
  return n >= m && strcmp(text + n - m, end) == 0;
}

static int decimals_of(const char *name) {
  static const struct {
    const char *end;
    int decimals;
  } table[] = {{"loss", 4},       {"perplexity", 4}, {"p_value", 4}, {"error_rate", 2},      {"_seconds", 2},
               {"difference", 2}, {"bleu", 2},       {"chrf", 2},    {"_difference_low", 2}, {"_difference_high", 2}};
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    if (ends_with(name, table[i].end)) return table[i].decimals;
  }
  return strcmp(name, "seconds") == 0 ? 2 : 0;
}

void print_metric(FILE *out, const char *name, double value) {
  fprintf(out, "%s\t%.*f\n", name, decimals_of(name), value);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * JSON
 * ------------------------------------------------------------------------------------------------------------------ */

static void json_character(FILE *out, unsigned char c) {
  if (c == '"' || c == '\\')
    fprintf(out, "\\%c", c);
  else if (c == '\t')
    fputs("\\t", out);
  else if (c < 0x20)
    fprintf(out, "\\u%04x", (unsigned)c);
  else
    putc(c, out);
}

void json_text(FILE *out, const char *text, size_t length) {
  putc('"', out);
  for (size_t i = 0; i < length; i++) json_character(out, (unsigned char)text[i]);
  putc('"', out);
}

void json_number(FILE *out, double value) {
  if (isfinite(value))
    fprintf(out, "%.9g", value);
  else
    fputs("null", out);
}

void json_metrics(FILE *out, const s2s_metrics *metrics) {
  for (size_t i = 0; i < s2s_metrics_count(metrics); i++) {
    const char *name = s2s_metrics_name(metrics, i);
    putc(i ? ',' : '{', out);
    json_text(out, name, strlen(name));
    putc(':', out);
    json_number(out, s2s_metrics_value(metrics, i));
  }
  fputs("}\n", out);
}
