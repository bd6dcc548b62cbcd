/* SPDX-License-Identifier: MIT
 *
 * seq2seq translate: lines of text in, lines of text out, a batch at a time. A line that the library refuses is found
 * by translating its batch again line by line, so that the lines before it are answered and its number can be told.
 */
#define _POSIX_C_SOURCE 200809L
#include "answer.h"
#include "attention.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Lines of a batch, without their ends; the room is used again for the next batch. */
typedef struct line_batch {
  char **text;
  size_t *length, *room;
  size_t count, most;
} line_batch;

typedef struct translation {
  const flags *given;
  s2s_model *model;
  s2s_encoder *encoder;
  s2s_decoder *decoder;
  FILE *in, *out, *prefixes_in;
  const char *in_name, *out_name;
  line_batch lines, prefixes;
  bool numbered;       /* more than one hypothesis may be written for a line */
  size_t lines_before; /* lines of the batches before this one */
  size_t source_tokens, target_tokens;
  size_t cut; /* answers that did not come to their end */
  double load_seconds, seconds;
} translation;

/* ---------------------------------------------------------------------------------------------------------------------
 * Lines
 * ------------------------------------------------------------------------------------------------------------------ */

static int lines_init(line_batch *lines, size_t most) {
  lines->text = calloc(most, sizeof *lines->text);
  lines->length = calloc(most, sizeof *lines->length);
  lines->room = calloc(most, sizeof *lines->room);
  lines->most = most;
  return lines->text && lines->length && lines->room ? 0 : failed("no memory");
}

static void lines_free(line_batch *lines) {
  for (size_t i = 0; lines->text && i < lines->most; i++) free(lines->text[i]);
  free(lines->text);
  free(lines->length);
  free(lines->room);
}

static bool lines_read_one(line_batch *lines, FILE *in) {
  size_t i = lines->count;
  ssize_t length = getline(&lines->text[i], &lines->room[i], in);
  if (length < 0) return false;
  size_t n = (size_t)length;
  if (n && lines->text[i][n - 1] == '\n') n--;
  if (n && lines->text[i][n - 1] == '\r') n--;
  lines->length[i] = n;
  lines->count++;
  return true;
}

static bool lines_read(line_batch *lines, FILE *in) {
  lines->count = 0;
  while (lines->count < lines->most && lines_read_one(lines, in)) continue;
  return lines->count > 0;
}

/* A file's byte order mark is no part of its first line. */
static void drop_mark(line_batch *lines) {
  if (lines->length[0] < 3 || memcmp(lines->text[0], "\xef\xbb\xbf", 3) != 0) return;
  lines->length[0] -= 3;
  memmove(lines->text[0], lines->text[0] + 3, lines->length[0]);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Answers
 * ------------------------------------------------------------------------------------------------------------------ */

static void draw_attention(const translation *t, const s2s_memory *memory, const s2s_result *result, size_t text,
                           size_t rank) {
  picture drawn;
  if (!attention_of(t->model, memory, result, text, rank, &drawn)) return;
  picture_draw(t->out, &drawn);
  attention_free(&drawn);
}

static void write_plain(const translation *t, const s2s_memory *memory, const s2s_result *result, size_t text,
                        size_t line) {
  for (size_t rank = 0; rank < s2s_result_hypotheses(result, text); rank++) {
    if (t->numbered) fprintf(t->out, "%zu\t%zu\t%.4f\t", line, rank + 1, s2s_result_score(result, text, rank));
    fputs(s2s_result_text(result, text, rank), t->out);
    write_links(t->out, t->given, result, text, rank);
    putc('\n', t->out);
    if (t->given->has[FLAG_ATTENTION]) draw_attention(t, memory, result, text, rank);
  }
}

static void write_json(const translation *t, const s2s_result *result, size_t text, size_t line_in_batch) {
  fputs("{\"source\":", t->out);
  json_text(t->out, t->lines.text[line_in_batch], t->lines.length[line_in_batch]);
  fputs(",\"hypotheses\":[", t->out);
  for (size_t rank = 0; rank < s2s_result_hypotheses(result, text); rank++) {
    if (rank) putc(',', t->out);
    json_hypothesis(t->out, t->given, result, text, rank);
  }
  fputs("]}\n", t->out);
}

static void write_answers(translation *t, size_t first, const s2s_memory *memory, const s2s_result *result) {
  for (size_t i = 0; i < s2s_result_count(result); i++) {
    size_t source = 0, target = 0;
    s2s_memory_tokens(memory, i, &source);
    s2s_result_tokens(result, i, 0, &target);
    t->source_tokens += source;
    t->target_tokens += target;
    t->cut += s2s_result_ending(result, i, 0) != S2S_ENDING_MARK;
    if (t->given->has[FLAG_JSON])
      write_json(t, result, i, first + i);
    else
      write_plain(t, memory, result, i, t->lines_before + first + i + 1);
  }
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Batches
 * ------------------------------------------------------------------------------------------------------------------ */

/* Translates `count` lines of the batch from `first` on and writes the answers. */
static int32_t translate_lines(translation *t, size_t first, size_t count) {
  s2s_memory *memory = NULL;
  s2s_result *result = NULL;
  double begun = seconds_now();
  const char *const *texts = (const char *const *)(t->lines.text + first);
  int32_t status = s2s_encode(t->encoder, texts, t->lines.length + first, count, &memory);
  if (!status && t->prefixes_in)
    status = s2s_decoder_set_prefixes(t->decoder, (const char *const *)(t->prefixes.text + first),
                                      t->prefixes.length + first, count);
  if (!status) status = s2s_decode(t->decoder, memory, &result);
  t->seconds += seconds_now() - begun;
  if (!status) write_answers(t, first, memory, result);
  s2s_result_free(result);
  s2s_memory_free(memory);
  return status;
}

/* Line by line up to the one that cannot be translated. */
static int find_bad_line(translation *t) {
  for (size_t i = 0; i < t->lines.count; i++) {
    int32_t status = translate_lines(t, i, 1);
    if (status) return failed("%s, line %zu: %s", t->in_name, t->lines_before + i + 1, message_of_one());
  }
  return 0;
}

static int translate_batch(translation *t) {
  int32_t status = translate_lines(t, 0, t->lines.count);
  if (status == S2S_BAD_TEXT || status == S2S_LIMIT) return find_bad_line(t);
  return status ? library_failed(status) : 0;
}

/* As many prefixes as lines. */
static int read_prefixes(translation *t) {
  if (!t->prefixes_in) return 0;
  t->prefixes.most = t->lines.count;
  bool some = lines_read(&t->prefixes, t->prefixes_in);
  if (some && t->lines_before == 0) drop_mark(&t->prefixes);
  return t->prefixes.count == t->lines.count ? 0
                                             : failed("%s has %zu lines, %s more", t->given->value[FLAG_PREFIXES][0],
                                                      t->lines_before + t->prefixes.count, t->in_name);
}

static int translate_all(translation *t) {
  while (lines_read(&t->lines, t->in)) {
    if (t->lines_before == 0) drop_mark(&t->lines);
    int failure = read_prefixes(t);
    if (!failure) failure = translate_batch(t);
    if (failure) return failure;
    t->lines_before += t->lines.count;
    if (fflush(t->out)) break; /* somebody may wait for these before asking more */
  }
  if (t->prefixes_in && getc(t->prefixes_in) != EOF)
    return failed("%s has more lines than %s", t->given->value[FLAG_PREFIXES][0], t->in_name);
  return ferror(t->in) ? failed("cannot read %s: %s", t->in_name, strerror(errno)) : 0;
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Start and end
 * ------------------------------------------------------------------------------------------------------------------ */

static int64_t option_int(const s2s_options *options, const char *key) {
  const char *text;
  return s2s_options_get(options, key, &text) ? 0 : strtoll(text, NULL, 10);
}

static int make_batch(translation *t) {
  const char *text = t->given->value[FLAG_BATCH][0];
  char *end = NULL;
  if (!text)
    return lines_init(&t->lines, isatty(fileno(t->in)) ? 1 : 64 * (size_t)option_int(t->given->options, "threads"));
  long long size = strtoll(text, &end, 10);
  if (size >= 1 && size <= 65536 && !*end) return lines_init(&t->lines, (size_t)size);
  return usage_error("--batch %s: it must be a whole number from 1 to 65536", text);
}

static int open_input(translation *t) {
  const char *path = t->given->value[FLAG_INPUT][0];
  t->in_name = path ? path : "standard input";
  t->in = path ? fopen(path, "rb") : stdin;
  return t->in ? 0 : failed("cannot read %s: %s", path, strerror(errno));
}

static int open_prefixes(translation *t) {
  const char *path = t->given->value[FLAG_PREFIXES][0];
  if (!path) return 0;
  t->prefixes_in = fopen(path, "rb");
  return t->prefixes_in ? lines_init(&t->prefixes, t->lines.most) : failed("cannot read %s: %s", path, strerror(errno));
}

static int open_output(translation *t) {
  const char *path = t->given->value[FLAG_TEXT_OUTPUT][0];
  t->out_name = path ? path : "standard output";
  t->out = path ? fopen(path, "wb") : stdout;
  return t->out ? 0 : failed("cannot write %s: %s", path, strerror(errno));
}

static int make_handles(translation *t) {
  double begun = seconds_now();
  int failure = load_model(t->given, &t->model);
  if (failure) return failure;
  int32_t status = s2s_encoder_init(t->model, t->given->options, &t->encoder);
  if (!status) status = s2s_decoder_init(t->model, t->given->options, &t->decoder);
  t->load_seconds = seconds_now() - begun;
  if (status) return library_failed(status);
  return check_alignment(t->given, t->model);
}

static int prepare(translation *t) {
  t->numbered = option_int(t->given->options, "nbest") > 1;
  int failure = open_input(t);
  if (!failure) failure = make_batch(t);
  if (!failure) failure = open_prefixes(t);
  if (!failure) failure = make_handles(t);
  return failure ? failure : open_output(t);
}

static double peak_memory_bytes(void) {
  struct rusage usage;
  if (getrusage(RUSAGE_SELF, &usage)) return 0;
#ifdef __APPLE__
  return (double)usage.ru_maxrss;
#else
  return (double)usage.ru_maxrss * 1024;
#endif
}

static void print_stats(const translation *t) {
  double tokens = (double)(t->source_tokens + t->target_tokens);
  print_metric(stderr, "sentences", (double)t->lines_before);
  print_metric(stderr, "source_tokens", (double)t->source_tokens);
  print_metric(stderr, "target_tokens", (double)t->target_tokens);
  fprintf(stderr, "load_seconds\t%.4f\nseconds\t%.4f\n", t->load_seconds, t->seconds);
  print_metric(stderr, "tokens_per_second", t->seconds > 0 ? tokens / t->seconds : 0);
  print_metric(stderr, "peak_memory_bytes", peak_memory_bytes());
}

static int end(translation *t, int status) {
  if (t->out && close_output(t->out, t->out_name) && !status) status = EXIT_FAILED;
  if (t->in && t->in != stdin) fclose(t->in);
  s2s_decoder_free(t->decoder);
  s2s_encoder_free(t->encoder);
  s2s_model_free(t->model);
  if (t->prefixes_in) fclose(t->prefixes_in);
  t->prefixes.most = t->lines.most;
  lines_free(&t->lines);
  lines_free(&t->prefixes);
  return status;
}

int command_translate(const flags *given) {
  translation t;
  if (given->has[FLAG_DOCUMENT]) return translate_document(given);
  memset(&t, 0, sizeof t);
  t.given = given;
  int failure = prepare(&t);
  if (!failure) failure = translate_all(&t);
  if (!failure && t.cut)
    message("%zu of %zu answers are cut short (max_length, max_length_ratio, time_limit) or stuck; --json says which",
            t.cut, t.lines_before);
  if (!failure && given->has[FLAG_STATS]) print_stats(&t);
  return end(&t, failure);
}
