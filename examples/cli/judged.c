/* SPDX-License-Identifier: MIT
 *
 * Texts and answers to judge. See judged.h.
 */
#define _POSIX_C_SOURCE 200809L
#include "judged.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---------------------------------------------------------------------------------------------------------------------
 * The texts: every source once, with all its targets
 * ------------------------------------------------------------------------------------------------------------------ */

static int by_source(const void *a, const void *b) {
  const judged_line *x = a, *y = b;
  int order = strcmp(x->source, y->source);
  return order ? order : (x->number > y->number) - (x->number < y->number);
}

static int by_number(const void *a, const void *b) {
  const judged_line *x = a, *y = b;
  return (x->number > y->number) - (x->number < y->number);
}

/* Numbers the different sources, in their alphabetical order, and finds how often the most frequent one is there. */
static void texts_number(judged_texts *t) {
  qsort(t->lines, t->line_count, sizeof *t->lines, by_source);
  for (size_t i = 0, same = 0; i < t->line_count; i++) {
    bool again = i && strcmp(t->lines[i].source, t->lines[i - 1].source) == 0;
    same = again ? same + 1 : 1;
    if (!again) t->count++;
    if (same > t->alternatives) t->alternatives = same;
    t->lines[i].text = t->count - 1;
  }
  qsort(t->lines, t->line_count, sizeof *t->lines, by_number);
}

int judged_texts_fill(judged_texts *t, const s2s_corpus *corpus) {
  t->line_count = s2s_corpus_size(corpus);
  t->lines = calloc(t->line_count + 1, sizeof *t->lines);
  if (!t->lines) return failed("no memory");
  for (size_t i = 0; i < t->line_count; i++)
    t->lines[i] = (judged_line){s2s_corpus_text(corpus, i, S2S_SOURCE), s2s_corpus_text(corpus, i, S2S_TARGET), i, 0};
  texts_number(t);
  t->source = calloc(t->count + 1, sizeof *t->source);
  t->reference =
      t->alternatives < SIZE_MAX / (t->count + 1) ? calloc(t->alternatives * t->count + 1, sizeof *t->reference) : NULL;
  if (!t->source || !t->reference) return failed("no memory");
  for (size_t i = 0; i < t->line_count; i++) {
    const char **reference = t->reference + t->lines[i].text;
    while (*reference) reference += t->count;
    *reference = t->lines[i].target;
    t->source[t->lines[i].text] = t->lines[i].source;
  }
  return 0;
}

void judged_texts_free(judged_texts *t) {
  free(t->lines);
  free(t->source);
  free(t->reference);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Systems: a model, or a file of answers
 * ------------------------------------------------------------------------------------------------------------------ */

void judged_answers_free(judged_answers *a) {
  free(a->text);
  free(a->file);
  s2s_result_free(a->result);
}

static int answers_translate(judged_answers *a, const flags *given, const char *path, const judged_texts *t) {
  s2s_model *model;
  int32_t status = s2s_model_load(path, given->options, &model);
  if (!status) {
    status = s2s_translate(model, given->options, t->source, NULL, t->count, &a->result);
    s2s_model_free(model);
  }
  for (size_t i = 0; !status && i < t->count; i++) a->text[i] = s2s_result_text(a->result, i, 0);
  return status ? library_failed(status) : 0;
}

/* The line at `at` ends with NUL from now on; the result is where the next one begins. */
static char *end_line(char *at, char *end) {
  char *stop = memchr(at, '\n', (size_t)(end - at));
  if (!stop) stop = end;
  *stop = '\0';
  if (stop > at && stop[-1] == '\r') stop[-1] = '\0';
  return stop < end ? stop + 1 : end;
}

/* One answer for each line of the data; of lines with equal sources the first one's counts. */
static int answers_read(judged_answers *a, const char *path, const judged_texts *t) {
  size_t size, count = 0;
  a->file = read_file(path, &size);
  if (!a->file) return EXIT_FAILED;
  if (memchr(a->file, '\0', size)) return failed("%s is neither a model nor text: it has a NUL byte", path);
  char *at = a->file, *end = a->file + size;
  if (size >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0) at += 3;
  for (; at < end; count++) {
    char *next = end_line(at, end);
    if (count < t->line_count && !a->text[t->lines[count].text]) a->text[t->lines[count].text] = at;
    at = next;
  }
  return count == t->line_count ? 0 : failed("%s has %zu lines, the data %zu pairs", path, count, t->line_count);
}

/* A model begins with eight bytes of a length, the upper ones zero, and a brace. */
static bool is_model(const char *path) {
  char begin[9] = "";
  struct stat found; /* what a pipe gives can be read once only */
  FILE *in = stat(path, &found) == 0 && S_ISREG(found.st_mode) ? fopen(path, "rb") : NULL;
  size_t got = in ? fread(begin, 1, sizeof begin, in) : 0;
  if (in) fclose(in);
  return got == sizeof begin && begin[7] == '\0' && begin[8] == '{';
}

int judged_answers_get(judged_answers *a, const flags *given, const char *path, const judged_texts *t) {
  a->text = calloc(t->count + 1, sizeof *a->text);
  if (!a->text) return failed("no memory");
  return is_model(path) ? answers_translate(a, given, path, t) : answers_read(a, path, t);
}
