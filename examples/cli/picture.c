/* SPDX-License-Identifier: MIT
 *
 * Draws attention with the Unicode shades U+2591 .. U+2593 and the full block U+2588, two columns a cell, which makes
 * cells about square. Source labels are written downwards over their columns, so that words take no more room than
 * letters.
 */
#include "picture.h"

#include "letters.h"

#include <string.h>

enum { LABEL_MOST = 16 }; /* characters of a label that are shown */

#define ELLIPSIS "\xe2\x80\xa6"
#define SPACE_SIGN "\xe2\x90\xa3"
#define DOTTED_CIRCLE "\xe2\x97\x8c"
#define LINE_ACROSS "\xe2\x94\x80"
#define LINE_DOWN "\xe2\x94\x82"

/* ---------------------------------------------------------------------------------------------------------------------
 * Characters
 * ------------------------------------------------------------------------------------------------------------------ */

static size_t characters_of(const char *text) {
  size_t n = 0;
  for (; *text; text += letter_bytes(text)) n++;
  return n < LABEL_MOST ? n : LABEL_MOST;
}

static const char *character_at(const char *text, size_t index) {
  while (index-- > 0) text += letter_bytes(text);
  return text;
}

/* Prints one character, whatever it is, and returns the columns it took. */
static size_t print_character(FILE *out, const char *text, int alone) {
  uint32_t code = letter_code(text);
  if (code <= ' ' || (code >= 0x7f && code <= 0x9f)) return fputs(SPACE_SIGN, out), 1;
  if (letter_is_mark(code) && alone) fputs(DOTTED_CIRCLE, out);
  fwrite(text, 1, letter_bytes(text), out);
  return letter_is_mark(code) && alone ? 1 : (size_t)letter_columns(code);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Labels
 * ------------------------------------------------------------------------------------------------------------------ */

static size_t most_characters(const char *const *labels, size_t count) {
  size_t most = 0;
  for (size_t i = 0; i < count; i++) {
    size_t n = characters_of(labels[i]);
    if (n > most) most = n;
  }
  return most;
}

/* Columns a target label takes, cut at LABEL_MOST characters. */
static size_t label_columns(const char *text) {
  size_t columns = 0;
  for (size_t i = 0, n = characters_of(text); i < n; i++)
    columns += (size_t)letter_columns(letter_code(character_at(text, i)));
  return columns;
}

static size_t most_columns(const char *const *labels, size_t count) {
  size_t most = 0;
  for (size_t i = 0; i < count; i++) {
    size_t n = label_columns(labels[i]);
    if (n > most) most = n;
  }
  return most;
}

static void print_blank(FILE *out, size_t columns) { fprintf(out, "%*s", (int)columns, ""); }

/* Line `line` of a source label written downwards, its last character on line height - 1; two columns. */
static void print_down(FILE *out, const char *label, size_t line, size_t height) {
  size_t n = characters_of(label), above = height - n, index = line - above;
  if (line < above)
    print_blank(out, 2);
  else if (index == LABEL_MOST - 1 && *character_at(label, LABEL_MOST))
    fputs(ELLIPSIS " ", out);
  else
    print_blank(out, 2 - print_character(out, character_at(label, index), 1));
}

static void print_heading(FILE *out, const picture *drawn, size_t margin) {
  size_t height = most_characters(drawn->source, drawn->columns);
  for (size_t line = 0; line < height; line++) {
    print_blank(out, margin + 2);
    for (size_t i = 0; i < drawn->columns; i++) print_down(out, drawn->source[i], line, height);
    putc('\n', out);
  }
}

static void print_label(FILE *out, const char *label, size_t margin) {
  print_blank(out, margin - label_columns(label));
  for (size_t i = 0, n = characters_of(label); i < n; i++) print_character(out, character_at(label, i), 0);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * The picture
 * ------------------------------------------------------------------------------------------------------------------ */

static const char *cell(float weight) {
  if (weight >= 0.75f) return "\xe2\x96\x88\xe2\x96\x88";
  if (weight >= 0.45f) return "\xe2\x96\x93\xe2\x96\x93";
  if (weight >= 0.20f) return "\xe2\x96\x92\xe2\x96\x92";
  return weight >= 0.06f ? "\xe2\x96\x91\xe2\x96\x91" : "  ";
}

static void print_rule(FILE *out, size_t margin, size_t columns, const char *left, const char *right) {
  print_blank(out, margin + 1);
  fputs(left, out);
  for (size_t i = 0; i < 2 * columns; i++) fputs(LINE_ACROSS, out);
  fprintf(out, "%s\n", right);
}

static void print_row(FILE *out, const picture *drawn, size_t row, size_t margin) {
  print_label(out, drawn->target[row], margin);
  fputs(" " LINE_DOWN, out);
  for (size_t i = 0; i < drawn->columns; i++) fputs(cell(drawn->weights[row * drawn->columns + i]), out);
  fputs(LINE_DOWN "\n", out);
}

void picture_draw(FILE *out, const picture *drawn) {
  size_t margin = most_columns(drawn->target, drawn->rows) + 2;
  print_heading(out, drawn, margin);
  print_rule(out, margin, drawn->columns, "\xe2\x94\x8c", "\xe2\x94\x90");
  for (size_t row = 0; row < drawn->rows; row++) print_row(out, drawn, row, margin);
  print_rule(out, margin, drawn->columns, "\xe2\x94\x94", "\xe2\x94\x98");
}
