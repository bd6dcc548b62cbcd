/* SPDX-License-Identifier: MIT
 *
 * A chat on the terminal with a model of dialogues, whose answers appear word by word: it reads what has been said so
 * far and writes the next turn. Names and times that it has never seen it copies from what you said.
 *
 *     build/examples/chat [MODEL]
 *
 * The model shipped sells cinema tickets (examples/recipes/dialogue_prepare.sh says how its texts look). An empty line
 * begins a new conversation; the end of the input, Ctrl-D, is the end.
 */
#include <ctype.h>
#include <seq2seq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 1024, TALK = 8000, MOST_WORDS = 80, BEGIN = 1, END = 2 };

typedef struct chat {
  s2s_model *model;
  s2s_encoder *encoder;
  s2s_decoder *decoder;
  char said[TALK]; /* "<user> hello <system> which film ? <user> ..." */
} chat;

static void need(int32_t status) {
  if (!status) return;
  fprintf(stderr, "%s\n", s2s_error_message());
  exit(1);
}

/* Turns of long ago are forgotten, one by one. */
static void add(chat *c, const char *text) {
  while (strlen(c->said) + strlen(text) + 2 > TALK) {
    const char *next = c->said[0] ? strstr(c->said + 1, "<user>") : NULL;
    memmove(c->said, next ? next : "", next ? strlen(next) + 1 : 1);
    if (!next) break;
  }
  size_t used = strlen(c->said);
  snprintf(c->said + used, TALK - used, "%s%s", used ? " " : "", text);
}

/* A line of the user's, or of one that is too long its beginning. */
static int hear(char *line) {
  if (!fgets(line, LINE, stdin)) return 0;
  if (strchr(line, '\n')) return 1;
  for (int c = getchar(); c != '\n' && c != EOF; c = getchar()) continue;
  return 1;
}

static int joins(const char *at) { /* 8:00, 7.30 */
  return (*at == ':' || *at == '.') && isdigit((unsigned char)at[-1]) && isdigit((unsigned char)at[1]);
}

/* In small letters, with punctuation in words of its own, as the model's texts are. */
static void tidy(const char *line, char *out) {
  char *end = out + 2 * LINE - 4;
  for (const char *at = line; *at && *at != '\n' && out < end; at++) {
    const int alone = strchr(",.!?:;'\"()", *at) && !(at > line && joins(at));
    if (alone) *out++ = ' ';
    *out++ = (char)tolower((unsigned char)*at);
    if (alone) *out++ = ' ';
  }
  *out = '\0';
}

/* The most likely word that is a text: neither a mark nor unknown, but the end. */
static int32_t best_word(const float *log_probabilities, size_t count) {
  int32_t best = END;
  for (int32_t v = 0; (size_t)v < count; v++)
    if (v != 0 && v != BEGIN && log_probabilities[v] > log_probabilities[best]) best = v;
  return best;
}

/* Puts a word out at once. */
static void show(const char *word, const char *before) {
  const int close = strchr(",.!?:;'", *word) || (before && strcmp(before, "'") == 0);
  printf("%s%s", close ? "" : " ", word);
  fflush(stdout);
}

static const char *word_of(const chat *c, const s2s_memory *memory, int32_t token) {
  const char *word = s2s_model_token(c->model, S2S_TARGET, token);
  return word ? word : s2s_memory_copied(memory, 0, token); /* a word that only this conversation has */
}

static void answer(chat *c) {
  const char *talk = c->said, *before = NULL;
  const float *log_probabilities;
  const int32_t first = 0;
  int32_t token = BEGIN;
  s2s_memory *memory;
  need(s2s_encode(c->encoder, &talk, NULL, 1, &memory));
  need(s2s_decoder_start(c->decoder, memory));
  add(c, "<system>");
  for (int words = 0; words < MOST_WORDS; words++) {
    need(s2s_decoder_step(c->decoder, &token, &first, 1, &log_probabilities));
    token = best_word(log_probabilities, s2s_memory_target_size(memory));
    if (token == END) break;
    const char *word = word_of(c, memory, token);
    show(word, before);
    add(c, word);
    before = word;
  }
  printf("\n");
  s2s_memory_free(memory);
}

int main(int argc, char **argv) {
  static chat c;
  static char line[LINE], tidied[2 * LINE];
  s2s_options *options;
  if (argc > 2 || (argc > 1 && argv[1][0] == '-')) return fprintf(stderr, "usage: chat [MODEL]\n"), 2;
  need(s2s_options_new(&options));
  need(s2s_options_set(options, "invalid_utf8", "replace")); /* whatever a keyboard sends */
  need(s2s_model_load(argc > 1 ? argv[1] : "examples/models/movie-tickets.safetensors", NULL, &c.model));
  need(s2s_encoder_init(c.model, options, &c.encoder));
  s2s_options_free(options);
  need(s2s_decoder_init(c.model, NULL, &c.decoder));
  printf("Cinema tickets: say what you would like to see, where and when. An empty line begins anew, Ctrl-D ends.\n");
  for (;;) {
    printf("\nyou:  ");
    fflush(stdout);
    if (!hear(line)) break;
    tidy(line, tidied);
    if (strspn(tidied, " ") == strlen(tidied)) {
      c.said[0] = '\0';
      printf("      (a new conversation)\n");
      continue;
    }
    add(&c, "<user>");
    add(&c, tidied);
    printf("it:  ");
    answer(&c);
  }
  printf("\n");
  s2s_decoder_free(c.decoder);
  s2s_encoder_free(c.encoder);
  s2s_model_free(c.model);
  return 0;
}
