/* SPDX-License-Identifier: MIT
 *
 * seq2seq segment: lines of text to tokens and back, with a model's segmenter or one that is learnt, read or needs
 * neither.
 */
#define _POSIX_C_SOURCE 200809L
#include "command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SPACE_MARK                                                                                                     \
  "\xe2\x96\x81" /* U+2581: stands for a token that is white space, which could not be told from the gaps */

/* ---------------------------------------------------------------------------------------------------------------------
 * The segmenter
 * ------------------------------------------------------------------------------------------------------------------ */

/* A file of texts, one a line; blank lines are no texts. */
typedef struct text_file {
  char *bytes;
  const char **text;
  size_t *length;
  size_t count;
} text_file;

static void free_texts(text_file *file) {
  free(file->bytes);
  free(file->text);
  free(file->length);
}

static int load_texts(const char *path, text_file *file) {
  size_t size, lines = 1;
  file->bytes = read_file(path, &size);
  if (!file->bytes) return EXIT_FAILED;
  for (size_t i = 0; i < size; i++) lines += file->bytes[i] == '\n';
  file->text = malloc(lines * sizeof *file->text);
  file->length = malloc(lines * sizeof *file->length);
  if (!file->text || !file->length) return failed("no memory");
  const char *at = file->bytes, *end = at + size;
  if (size >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0) at += 3;
  while (at < end) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    if (!stop) stop = end;
    size_t length = (size_t)(stop - at);
    if (length && at[length - 1] == '\r') length--;
    file->text[file->count] = at;
    file->length[file->count] = length;
    file->count += strspn(at, " \t\r") < length;
    at = stop + 1;
  }
  return file->count ? 0 : failed("%s has no text in it", path);
}

static int learn_segmenter(const flags *given, s2s_segmenter **segmenter) {
  const char *path = given->value[FLAG_TEXTS][0];
  text_file file = {NULL, NULL, NULL, 0};
  int status = path ? load_texts(path, &file) : 0;
  if (!status) {
    int32_t failure = s2s_segmenter_new(given->options, S2S_SOURCE, file.text, file.length, file.count, segmenter);
    if (failure) status = failed("%s%s%s", path ? path : "", path ? ": " : "", s2s_error_message());
    if (failure == S2S_BAD_OPTION) status = EXIT_USAGE;
  }
  free_texts(&file);
  return status;
}

static int model_segmenter(const flags *given, s2s_segmenter **segmenter) {
  s2s_model *model = NULL;
  int status = load_model(given, &model);
  if (!status) {
    int32_t failure = s2s_segmenter_of(model, given->has[FLAG_TARGET] ? S2S_TARGET : S2S_SOURCE, segmenter);
    status = failure ? library_failed(failure) : 0;
  }
  s2s_model_free(model);
  return status;
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Lines
 * ------------------------------------------------------------------------------------------------------------------ */

typedef struct segmentation {
  const s2s_segmenter *segmenter;
  const char **token; /* of a line that is joined; room for `most` */
  size_t most;
} segmentation;

static int32_t write_tokens(const segmentation *s, const char *line, size_t length) {
  s2s_tokens *tokens;
  int32_t status = s2s_segment(s->segmenter, line, length, &tokens);
  if (status) return status;
  for (size_t i = 0; i < s2s_tokens_count(tokens); i++) {
    const char *text = s2s_tokens_get(tokens, i);
    printf("%s%s", i ? " " : "", strcmp(text, " ") == 0 ? SPACE_MARK : text);
  }
  putchar('\n');
  s2s_tokens_free(tokens);
  return S2S_OK;
}

/* Tokens of chars and graphemes may be spaces; pieces have the mark inside, and know what it means. */
static bool has_spaces(const s2s_segmenter *segmenter) {
  s2s_tokens *tokens;
  if (s2s_segment(segmenter, "a a", 3, &tokens)) return false;
  bool spaces = s2s_tokens_count(tokens) == 3 && strcmp(s2s_tokens_get(tokens, 1), " ") == 0;
  s2s_tokens_free(tokens);
  return spaces;
}

/* Cuts the line at its spaces. */
static int split_line(segmentation *s, char *line, size_t *count) {
  bool spaces = has_spaces(s->segmenter);
  *count = 0;
  for (char *token = strtok(line, " "); token; token = strtok(NULL, " ")) {
    if (*count == s->most) {
      size_t most = 2 * s->most + 64;
      const char **room = realloc(s->token, most * sizeof *room);
      if (!room) return failed("no memory");
      s->token = room;
      s->most = most;
    }
    s->token[(*count)++] = spaces && strcmp(token, SPACE_MARK) == 0 ? " " : token;
  }
  return 0;
}

static int32_t write_text(segmentation *s, char *line) {
  size_t count;
  s2s_tokens *joined;
  if (split_line(s, line, &count)) return S2S_OUT_OF_MEMORY;
  int32_t status = s2s_join(s->segmenter, s->token, count, &joined);
  if (status) return status;
  printf("%s\n", s2s_tokens_text(joined));
  s2s_tokens_free(joined);
  return S2S_OK;
}

static int segment_lines(const flags *given, segmentation *s, FILE *in, const char *name) {
  char *line = NULL;
  size_t room = 0, number = 0;
  ssize_t got;
  int status = 0;
  while (!status && (got = getline(&line, &room, in)) >= 0) {
    size_t length = (size_t)got;
    number++;
    while (length && (line[length - 1] == '\n' || line[length - 1] == '\r')) line[--length] = '\0';
    int32_t failure = given->has[FLAG_JOIN] ? write_text(s, line) : write_tokens(s, line, length);
    if (failure) status = failed("%s, line %zu: %s", name, number, s2s_error_message());
  }
  if (!status && ferror(in)) status = failed("cannot read %s: %s", name, strerror(errno));
  free(line);
  return status;
}

static int segment_input(const flags *given, const s2s_segmenter *segmenter) {
  const char *name = given->has[FLAG_INPUT] ? given->value[FLAG_INPUT][0] : "standard input";
  FILE *in = given->has[FLAG_INPUT] ? fopen(name, "r") : stdin;
  segmentation s = {segmenter, NULL, 0};
  if (!in) return failed("cannot open %s: %s", name, strerror(errno));
  int status = segment_lines(given, &s, in, name);
  if (in != stdin) fclose(in);
  free(s.token);
  return status;
}

int command_segment(const flags *given) {
  s2s_segmenter *segmenter = NULL;
  if (given->has[FLAG_SENTENCES]) return write_sentences(given);
  if (given->has[FLAG_MODEL] && (given->has[FLAG_TEXTS] || given->not_runtime))
    return usage_error("a model (-m) has its segmenter; --train and options are for a new one");
  if (given->has[FLAG_TARGET] && !given->has[FLAG_MODEL])
    return usage_error("--target is of a model; say which with -m FILE");
  int status = given->has[FLAG_MODEL] ? model_segmenter(given, &segmenter) : learn_segmenter(given, &segmenter);
  if (!status && given->has[FLAG_PIECES]) {
    int32_t failure = s2s_segmenter_save(segmenter, given->value[FLAG_PIECES][0]);
    status = failure ? library_failed(failure) : 0;
  } else if (!status) {
    status = segment_input(given, segmenter);
  }
  s2s_segmenter_free(segmenter);
  return status;
}
