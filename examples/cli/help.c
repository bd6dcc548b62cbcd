/* SPDX-License-Identifier: MIT
 *
 * Help pages, drawn from the flag table and the library's option table, so that they cannot go stale.
 */
#include "command.h"

#include <string.h>

enum { HELP_WIDTH = 110, HELP_COLUMN = 36, SCOPE_COUNT = 4 };

const char *scope_name(int32_t scope) {
  static const char *const names[SCOPE_COUNT] = {"model", "train", "decode", "runtime"};
  return scope >= 0 && scope < SCOPE_COUNT ? names[scope] : "unknown";
}

const char *scope_help(int32_t scope) {
  static const char *const helps[SCOPE_COUNT] = {
      "shape the model; stored in its file",
      "how it learns",
      "how output is searched for",
      "how this machine is used; never stored",
  };
  return scope >= 0 && scope < SCOPE_COUNT ? helps[scope] : "";
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Text in two columns
 * ------------------------------------------------------------------------------------------------------------------ */

/* Words of `text` from column `at` on, broken so that no line is wider than HELP_WIDTH; returns the column reached. */
static size_t print_words(FILE *out, size_t at, const char *text) {
  while (*text) {
    size_t spaces = strspn(text, " "), length = strcspn(text + spaces, " ");
    bool fits = at + spaces + length <= HELP_WIDTH;
    if (fits)
      fprintf(out, "%*s", (int)spaces, "");
    else
      fprintf(out, "\n%*s", HELP_COLUMN, "");
    fprintf(out, "%.*s", (int)length, text + spaces);
    at = (fits ? at + spaces : HELP_COLUMN) + length;
    text += spaces + length;
  }
  return at;
}

static void print_row(FILE *out, const char *name, const char *value, const char *help, const char *fallback) {
  char tail[64];
  int left = fprintf(out, "  %s%s%s", name, *value ? " " : "", value);
  if (left >= HELP_COLUMN) left = fprintf(out, "\n") - 1;
  fprintf(out, "%*s", HELP_COLUMN - left, "");
  size_t at = print_words(out, HELP_COLUMN, help);
  if (fallback) {
    snprintf(tail, sizeof tail, " [%s]", fallback);
    print_words(out, at, tail);
  }
  putc('\n', out);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Pages
 * ------------------------------------------------------------------------------------------------------------------ */

void help_program(FILE *out) {
  fprintf(out, "seq2seq %s: sequence-to-sequence models with attention, trained and run\n\n", s2s_version());
  for (size_t i = 0; i < command_count; i++)
    fprintf(out, "  seq2seq %-10s %s\n", commands[i].name, commands[i].summary);
  fprintf(out,
          "\n  seq2seq COMMAND --help    what a command takes and gives\n"
          "  seq2seq --version\n\n"
          "Results go to stdout, progress and messages to stderr. Exit status: 0 done, 1 failed, 2 wrong usage.\n");
}

static void print_flags(FILE *out, const command *which) {
  char name[FLAG_NAME_SIZE];
  fprintf(out, "\nFlags\n");
  for (size_t i = 0; i < FLAG_COUNT; i++) {
    const flag *row = &flag_table[i];
    if (!(row->commands & which->bit)) continue;
    if (row->letter)
      snprintf(name, sizeof name, "-%c, %s", row->letter, row->name);
    else
      snprintf(name, sizeof name, "    %s", row->name);
    print_row(out, name, row->value, row->help, NULL);
  }
}

/* What stands for an option's value: its choices, or N for a number. */
static const char *value_of(size_t option) {
  bool number = s2s_option_type(option) == S2S_OPTION_INT || s2s_option_type(option) == S2S_OPTION_REAL;
  return number ? "N" : s2s_option_range(option);
}

static void print_option(FILE *out, size_t option) {
  char name[FLAG_NAME_SIZE];
  flag_of_option(option, name);
  print_row(out, name, value_of(option), s2s_option_help(option), s2s_option_default(option));
}

static void print_scope(FILE *out, const command *which, int32_t scope) {
  const char *name = scope_name(scope);
  fprintf(out, "\n%c%s options: %s  [default]\n", name[0] - 'a' + 'A', name + 1, scope_help(scope));
  for (size_t i = 0; i < s2s_option_count(); i++) {
    if (s2s_option_scope(i) == scope && takes_option(which, i)) print_option(out, i);
  }
}

void help_command(FILE *out, const command *which) {
  fprintf(out, "seq2seq %s: %s\n\nusage: seq2seq %s %s\n\n%s\n", which->name, which->summary, which->name, which->usage,
          which->about);
  print_flags(out, which);
  for (int32_t scope = 0; scope < SCOPE_COUNT; scope++) {
    if ((which->scopes >> scope) & 1u) print_scope(out, which, scope);
  }
  fprintf(out, "\n`seq2seq info --options` lists the options with their ranges.\n");
}

/* ---------------------------------------------------------------------------------------------------------------------
 * docs/options.md
 * ------------------------------------------------------------------------------------------------------------------ */

/* Text inside a table cell: a bar would end the cell. */
static void print_cell(FILE *out, const char *text) {
  for (; *text; text++) {
    if (*text == '|') putc('\\', out);
    putc(*text, out);
  }
}

static void markdown_option(FILE *out, size_t option) {
  fprintf(out, "| `%s` | ", s2s_option_name(option));
  if (*s2s_option_default(option)) fprintf(out, "`%s`", s2s_option_default(option));
  fprintf(out, " | ");
  print_cell(out, s2s_option_range(option));
  fprintf(out, " | ");
  print_cell(out, s2s_option_help(option));
  fprintf(out, " |\n");
}

static void markdown_scope(FILE *out, int32_t scope) {
  fprintf(out, "\n## %s: %s\n\n| option | default | values | meaning |\n|---|---|---|---|\n", scope_name(scope),
          scope_help(scope));
  for (size_t i = 0; i < s2s_option_count(); i++) {
    if (s2s_option_scope(i) == scope) markdown_option(out, i);
  }
}

void help_options_markdown(FILE *out) {
  fprintf(out,
          "# Options\n\n"
          "Every setting of the library is a key with a text value, set with `s2s_options_set`. In the command the\n"
          "option `a.b_c` is the flag `--a-b-c VALUE`; in a `--config` file it is a line `a.b_c = VALUE`.\n\n"
          "In training, options that are not set may come from a preset, by the number of pairs, before they come from their\n"
          "defaults: `seq2seq info --presets`.\n\n"
          "This page is written by `seq2seq info --options --markdown`.\n");
  for (int32_t scope = 0; scope < SCOPE_COUNT; scope++) markdown_scope(out, scope);
}
