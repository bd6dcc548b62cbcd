/* SPDX-License-Identifier: MIT
 *
 * The `seq2seq` command is a small program over seq2seq.h alone, so it is also the largest example of its use. Each
 * subcommand is one row of the table in main.c and one file command_NAME.c. Here is what they share: messages, exit
 * statuses, loading, and the ways figures are written.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include "flags.h"

#include <seq2seq.h>
#include <stdio.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

typedef struct command {
  const char *name;
  unsigned bit;        /* COMMAND_TRAIN ...: which rows of the flag table it takes */
  unsigned scopes;     /* 1u << S2S_SCOPE_...: which library options it takes */
  const char *summary; /* one line for `seq2seq --help` */
  const char *usage;   /* what follows `seq2seq NAME` */
  const char *about;   /* for `seq2seq NAME --help`: what goes in, what comes out */
  int (*run)(const flags *given);
} command;

int command_train(const flags *given);
int command_translate(const flags *given);
int command_score(const flags *given);
int command_eval(const flags *given);
int command_info(const flags *given);
int command_segment(const flags *given);
int command_plot(const flags *given);
int command_bench(const flags *given);
int command_quantize(const flags *given);
int command_average(const flags *given);
int command_shortlist(const flags *given);

/* help.c */
extern const command commands[];
extern const size_t command_count;
void help_program(FILE *out);
void help_command(FILE *out, const command *which);
void help_options_markdown(FILE *out);
/* Name and help of a scope ("model", "stored in the file"). */
const char *scope_name(int32_t scope);
const char *scope_help(int32_t scope);

/* Messages go to stderr as "seq2seq NAME: ...". The name is set once. */
void message_begin(const char *command_name);
#if defined(__GNUC__)
#define LIKE_PRINTF __attribute__((format(printf, 1, 2)))
#else
#define LIKE_PRINTF
#endif
void message(const char *format, ...) LIKE_PRINTF;
int failed(const char *format, ...) LIKE_PRINTF;      /* a message; EXIT_FAILED */
int usage_error(const char *format, ...) LIKE_PRINTF; /* a message and where to find help; EXIT_USAGE */
const char *message_of_one(void);   /* the library's, of a call with one text: without its number, 0 */
int library_failed(int32_t status); /* the library's own message; EXIT_USAGE for a bad option */
int models_failed(int32_t status);  /* the same of several -m, whose numbers it explains */

/* document.c: all of the input, `translate --document` and `segment --sentences` */
int translate_document(const flags *given);
int write_sentences(const flags *given);

/* flags.c: whether a command takes an option of the library. */
bool takes_option(const command *which, size_t option);

/* 0, or an exit status after a message. */
int check_clashes(const flags *given, const command *which); /* clash.c: of files written with others; opens none */
int load_model(const flags *given, s2s_model **model);
int load_corpus(const flags *given, flag_id which, s2s_corpus **corpus);
/* All of it, or with path NULL of standard input, and a NUL; else NULL. */
char *read_file(const char *path, size_t *size);
int close_output(FILE *file, const char *name); /* flushes and closes what was written; a full disk is a failure */

double seconds_now(void); /* of a clock that only goes forward */

/* "name<TAB>value": rates with two decimals, counts with none. */
void print_metric(FILE *out, const char *name, double value);
void json_text(FILE *out, const char *text, size_t length); /* quoted and escaped */
void json_number(FILE *out, double value);                  /* null where JSON has no number for it */
void json_metrics(FILE *out, const s2s_metrics *metrics);   /* {"name":value,...} and a line end */

#endif
