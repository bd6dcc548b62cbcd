/* SPDX-License-Identifier: MIT
 *
 * Attention as a heat map: source tokens across, target tokens down, a cell the darker the more the decoder looked
 * there. One map for each line of the input, one below the other.
 */
#define _POSIX_C_SOURCE 200809L
#include "attention.h"
#include "plot.h"
#include "svg.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_MOST = 32, EDGE = 24, KEY_ROOM = 46, MAPS_APART = 28 };
#define TURN 52.0 /* degrees by which long labels lean */

typedef struct seen {
  s2s_model *model;
  s2s_memory *memory;
  s2s_result *result;
  char *text[LINES_MOST];
  size_t length[LINES_MOST], line[LINES_MOST], count; /* line: counted from 1 */
} seen;

/* ---------------------------------------------------------------------------------------------------------------------
 * Gathering
 * ------------------------------------------------------------------------------------------------------------------ */

static int read_lines(seen *s, const char *path) {
  FILE *in = path ? fopen(path, "rb") : stdin;
  int status = 0;
  if (!in) return failed("cannot read %s: %s", path, strerror(errno));
  for (size_t room = 0, number = 1; !status; room = 0, number++) {
    char *line = NULL;
    ssize_t length = getline(&line, &room, in);
    if (length < 0 || s->count == LINES_MOST) {
      if (length >= 0) status = usage_error("more than %d lines; a picture of so many is of no use", LINES_MOST);
      free(line);
      break;
    }
    size_t n = strcspn(line, "\r\n");
    if (strspn(line, " \t") >= n) { /* nothing to look at */
      free(line);
      continue;
    }
    s->text[s->count] = line;
    s->line[s->count] = number;
    s->length[s->count++] = n;
  }
  if (!status && ferror(in)) status = failed("cannot read %s: %s", path ? path : "standard input", strerror(errno));
  if (in != stdin) fclose(in);
  return status || s->count ? status : failed("there is no text to translate");
}

/* All texts at once; where that fails one by one, to tell the line. */
static int encode(seen *s, s2s_encoder *encoder, const char *path) {
  int32_t status = s2s_encode(encoder, (const char *const *)s->text, s->length, s->count, &s->memory);
  for (size_t i = 0; i < s->count && (status == S2S_BAD_TEXT || status == S2S_LIMIT); i++) {
    s2s_memory *memory;
    if (s2s_encode(encoder, (const char *const *)s->text + i, s->length + i, 1, &memory))
      return failed("%s, line %zu: %s", path ? path : "standard input", s->line[i], message_of_one());
    s2s_memory_free(memory);
  }
  return status ? library_failed(status) : 0;
}

static int look(seen *s, const flags *given) {
  s2s_encoder *encoder = NULL;
  s2s_decoder *decoder = NULL;
  int32_t status = s2s_encoder_init(s->model, given->options, &encoder);
  if (!status) status = s2s_decoder_init(s->model, given->options, &decoder);
  int failure = status ? library_failed(status) : encode(s, encoder, given->value[FLAG_INPUT][0]);
  if (!failure && (status = s2s_decode(decoder, s->memory, &s->result)) != S2S_OK) failure = library_failed(status);
  s2s_decoder_free(decoder);
  s2s_encoder_free(encoder);
  return failure;
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Layout
 * ------------------------------------------------------------------------------------------------------------------ */

typedef struct layout {
  double cell, font;
  double left, above, right; /* room for labels; right: where the last ones lean out of the map */
  bool upright;
} layout;

/* A space, which would not be seen, as an open box; a piece without the mark of the space before it. */
static const char *shown(const char *label) {
  static const char mark[] = "\xe2\x96\x81", box[] = "\xe2\x90\xa3";
  const size_t skip = strncmp(label, mark, strlen(mark)) == 0 ? strlen(mark) : 0;
  return strcmp(label + skip, "") == 0 || strcmp(label, " ") == 0 ? box : label + skip;
}

static double widest(const char *const *labels, size_t count, double font) {
  double most = 0;
  for (size_t i = 0; i < count; i++) most = fmax(most, svg_text_width(shown(labels[i]), font));
  return most;
}

static double radians(double degrees) { return degrees * 3.14159265358979 / 180; }

static layout lay_out(const picture *p) {
  layout l = {.cell = p->columns > 60 || p->rows > 60 ? 18 : p->columns > 30 || p->rows > 30 ? 24 : 30};
  l.font = l.cell > 20 ? 14 : 11;
  double width = widest(p->source, p->columns, l.font);
  l.upright = width <= l.cell - 2;
  l.left = widest(p->target, p->rows, l.font) + 12;
  l.above = l.upright ? l.font + 8 : width * sin(radians(TURN)) + l.font;
  for (size_t i = 0; i < p->columns && !l.upright; i++) {
    double past = svg_text_width(shown(p->source[i]), l.font) * cos(radians(TURN)) + l.font;
    l.right = fmax(l.right, past - ((double)(p->columns - i) - 0.5) * l.cell);
  }
  return l;
}

static double map_width(const picture *p, const layout *l) { return l->left + (double)p->columns * l->cell + l->right; }
static double map_height(const picture *p, const layout *l) { return l->above + (double)p->rows * l->cell; }

/* ---------------------------------------------------------------------------------------------------------------------
 * Drawing
 * ------------------------------------------------------------------------------------------------------------------ */

static void draw_labels(FILE *out, const picture *p, const layout *l, double x, double y) {
  for (size_t i = 0; i < p->columns; i++) {
    double middle = x + ((double)i + 0.5) * l->cell;
    svg_font font = {l->font, "#1d2939", l->upright ? SVG_MIDDLE : SVG_START, l->upright ? 0 : -TURN, false};
    svg_text(out, l->upright ? middle : middle + l->font * 0.3, y - 7, font, shown(p->source[i]));
  }
  for (size_t r = 0; r < p->rows; r++)
    svg_text(out, x - 9, y + ((double)r + 0.5) * l->cell + l->font * 0.36,
             (svg_font){l->font, strcmp(p->target[r], "end") ? "#1d2939" : "#98a2b3", SVG_END, 0, false},
             shown(p->target[r]));
}

static void draw_cells(FILE *out, const picture *p, const layout *l, double x, double y) {
  char color[8], tip[256];
  for (size_t r = 0; r < p->rows; r++)
    for (size_t c = 0; c < p->columns; c++) {
      double weight = (double)p->weights[r * p->columns + c];
      if (!(weight >= 0.005)) continue; /* the paper's white */
      svg_shade(weight, color);
      snprintf(tip, sizeof tip, "%.100s \xe2\x86\x90 %.100s: %.2f", p->target[r], p->source[c], weight);
      svg_cell(out, x + (double)c * l->cell, y + (double)r * l->cell, l->cell, l->cell, color, tip);
    }
}

static void draw_grid(FILE *out, const picture *p, const layout *l, double x, double y) {
  double width = (double)p->columns * l->cell, height = (double)p->rows * l->cell;
  for (size_t c = 1; c < p->columns; c++)
    svg_line(out, x + (double)c * l->cell, y, x + (double)c * l->cell, y + height, "#f2f4f7", 1);
  for (size_t r = 1; r < p->rows; r++)
    svg_line(out, x, y + (double)r * l->cell, x + width, y + (double)r * l->cell, "#f2f4f7", 1);
  svg_frame(out, x, y, width, height, "#98a2b3");
}

/* What the colours mean. */
static void draw_key(FILE *out, double x, double y) {
  enum { STEPS = 40 };
  const svg_font font = {11, "#667085", SVG_MIDDLE, 0, false};
  char color[8];
  for (int i = 0; i < STEPS; i++) {
    svg_shade((i + 0.5) / STEPS, color);
    svg_rect(out, x + 3.5 * i, y, 3.8, 9, color);
  }
  svg_frame(out, x, y, 3.5 * STEPS, 9, "#d0d5dd");
  svg_text(out, x, y + 23, font, "0");
  svg_text(out, x + 1.75 * STEPS, y + 23, font, "attention");
  svg_text(out, x + 3.5 * STEPS, y + 23, font, "1");
}

static void draw_maps(FILE *out, const void *data) {
  const seen *s = data;
  double width = 200, height = 0, y = EDGE, left = 0;
  picture p;
  for (size_t i = 0; i < s->count; i++) {
    if (!attention_of(s->model, s->memory, s->result, i, 0, &p)) continue;
    layout l = lay_out(&p);
    left = fmax(left, l.left);
    width = fmax(width, map_width(&p, &l) - l.left);
    height += map_height(&p, &l) + MAPS_APART;
    attention_free(&p);
  }
  svg_begin(out, 2 * EDGE + left + width, EDGE + height + KEY_ROOM);
  for (size_t i = 0; i < s->count; i++) {
    if (!attention_of(s->model, s->memory, s->result, i, 0, &p)) continue;
    layout l = lay_out(&p);
    draw_cells(out, &p, &l, EDGE + left, y + l.above);
    draw_grid(out, &p, &l, EDGE + left, y + l.above);
    draw_labels(out, &p, &l, EDGE + left, y + l.above);
    y += map_height(&p, &l) + MAPS_APART;
    attention_free(&p);
  }
  draw_key(out, EDGE + left, y);
  svg_end(out);
}

int plot_attention(const flags *given) {
  seen s = {.count = 0};
  int status = load_model(given, &s.model);
  if (!status) status = attention_check(given, s.model);
  if (!status) status = read_lines(&s, given->value[FLAG_INPUT][0]);
  if (!status) status = look(&s, given);
  if (!status) status = plot_write(given, draw_maps, &s);
  for (size_t i = 0; i < s.count; i++) free(s.text[i]);
  s2s_result_free(s.result);
  s2s_memory_free(s.memory);
  s2s_model_free(s.model);
  return status;
}
