/* SPDX-License-Identifier: MIT
 *
 * seq2seq plot: the curves of a training, from the JSON lines of `train --log`, as one SVG picture: losses on the left,
 * what is in percent on the right, over updates.
 */
#define _POSIX_C_SOURCE 200809L
#include "command.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CURVES = 6, PANELS = 2, WIDTH = 960, HEIGHT = 400, TOP = 44, BOTTOM = 48, PANEL_WIDTH = 400, TICKS = 5 };

typedef struct curve {
  const char *name, *label, *color;
  int panel;
} curve;

static const curve curves[CURVES] = {{"loss", "training loss", "#4c78a8", 0},
                                     {"dev_loss", "dev loss", "#e45756", 0},
                                     {"dev_sequence_error_rate", "sequence errors", "#e45756", 1},
                                     {"dev_token_error_rate", "token errors", "#f58518", 1},
                                     {"dev_bleu", "BLEU", "#54a24b", 1},
                                     {"dev_chrf", "chrF", "#72b7b2", 1}};
static const char *const titles[PANELS] = {"loss, nats a token", "percent"};

typedef struct point {
  double updates, value[CURVES]; /* not a number where the line has none */
  bool improved;
} point;

typedef struct plot {
  point *at;
  size_t count, room;
  double most_updates, most[PANELS];
  FILE *out;
} plot;

/* ---------------------------------------------------------------------------------------------------------------------
 * Reading
 * ------------------------------------------------------------------------------------------------------------------ */

/* A number of a line that is one flat JSON object. */
static double json_value(const char *line, const char *name) {
  char key[64];
  snprintf(key, sizeof key, "\"%s\":", name);
  const char *found = strstr(line, key);
  char *end;
  if (!found) return NAN;
  double value = strtod(found + strlen(key), &end);
  return end == found + strlen(key) ? NAN : value;
}

static int add_point(plot *p, const char *line, const char *path, size_t number) {
  point at = {.updates = json_value(line, "updates"), .improved = json_value(line, "improved") > 0};
  if (!(at.updates >= 0))
    return failed("%s, line %zu: no object with \"updates\", as train --log writes them", path, number);
  for (size_t c = 0; c < CURVES; c++) {
    at.value[c] = json_value(line, curves[c].name);
    if (at.value[c] > p->most[curves[c].panel]) p->most[curves[c].panel] = at.value[c];
  }
  if (at.updates > p->most_updates) p->most_updates = at.updates;
  if (p->count == p->room) {
    size_t room = 2 * p->room + 64;
    point *more = realloc(p->at, room * sizeof *more);
    if (!more) return failed("no memory");
    p->at = more;
    p->room = room;
  }
  p->at[p->count++] = at;
  return 0;
}

static int read_log(plot *p, const char *path) {
  FILE *in = fopen(path, "r");
  char *line = NULL;
  size_t room = 0, number = 0;
  int status = 0;
  if (!in) return failed("cannot read %s: %s", path, strerror(errno));
  while (!status && getline(&line, &room, in) >= 0) status = add_point(p, line, path, ++number);
  if (!status && ferror(in)) status = failed("cannot read %s: %s", path, strerror(errno));
  free(line);
  fclose(in);
  return status || p->count ? status : failed("%s has no evaluation in it", path);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Drawing
 * ------------------------------------------------------------------------------------------------------------------ */

/* 1, 2 or 5 times a power of ten, so that at most TICKS of them reach the number. */
static double tick_of(double most) {
  static const double steps[] = {1, 2, 5, 10};
  double unit = pow(10, floor(log10(most > 0 ? most / TICKS : 1)));
  for (size_t i = 0; i < 4; i++)
    if (steps[i] * unit * TICKS >= most) return steps[i] * unit;
  return 10 * unit;
}

static double left_of(int panel) { return 60 + (double)panel * (PANEL_WIDTH + 80); }
static double x_of(const plot *p, int panel, double updates) {
  return left_of(panel) + (p->most_updates > 0 ? updates / p->most_updates : 0) * PANEL_WIDTH;
}
static double top_value(const plot *p, int panel) {
  double tick = tick_of(p->most[panel]);
  return p->most[panel] > 0 ? ceil(p->most[panel] / tick) * tick : 1;
}
static double y_of(const plot *p, int panel, double value) {
  return TOP + (1 - value / top_value(p, panel)) * (HEIGHT - TOP - BOTTOM);
}

static void draw_text(FILE *out, double x, double y, const char *anchor, const char *color, const char *text) {
  fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"%s\">%s</text>\n", x, y, anchor, color, text);
}

static void draw_axes(const plot *p, int panel) {
  double left = left_of(panel), tick = tick_of(p->most[panel]), step = tick_of(p->most_updates);
  char text[32];
  draw_text(p->out, left, TOP - 22, "start", "#333", titles[panel]);
  for (double v = 0; v <= top_value(p, panel) + tick / 2; v += tick) {
    fprintf(p->out, "<path d=\"M%.1f %.1fh%d\" stroke=\"#ddd\"/>\n", left, y_of(p, panel, v), PANEL_WIDTH);
    snprintf(text, sizeof text, "%g", v);
    draw_text(p->out, left - 6, y_of(p, panel, v) + 4, "end", "#666", text);
  }
  for (double u = 0; u <= p->most_updates && step > 0; u += step) {
    snprintf(text, sizeof text, "%g", u);
    draw_text(p->out, x_of(p, panel, u), HEIGHT - BOTTOM + 18, "middle", "#666", text);
  }
  draw_text(p->out, left + PANEL_WIDTH / 2.0, HEIGHT - 10, "middle", "#666", "updates");
}

/* The curve, a dot where the best model was, and its name with its last value in the legend. */
static bool draw_curve(const plot *p, size_t c, size_t place) {
  const curve *k = &curves[c];
  const point *best = NULL, *last = NULL;
  char text[64];
  for (size_t i = 0; i < p->count; i++) {
    if (!isfinite(p->at[i].value[c])) continue;
    fprintf(p->out, "%s%.1f %.1f", last ? "L" : "<path fill=\"none\" stroke-width=\"2\" d=\"M",
            x_of(p, k->panel, p->at[i].updates), y_of(p, k->panel, p->at[i].value[c]));
    last = &p->at[i];
    if (last->improved) best = last;
  }
  if (!last) return false;
  fprintf(p->out, "\" stroke=\"%s\"/>\n", k->color);
  if (best)
    fprintf(p->out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"><title>best: %g</title></circle>\n",
            x_of(p, k->panel, best->updates), y_of(p, k->panel, best->value[c]), k->color, best->value[c]);
  snprintf(text, sizeof text, "%s %.*f", k->label, k->panel ? 1 : 3, last->value[c]);
  draw_text(p->out, left_of(k->panel) + PANEL_WIDTH - 4, TOP + 12 + 16 * (double)place, "end", k->color, text);
  return true;
}

static void draw(const plot *p) {
  fprintf(p->out,
          "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
          "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
          WIDTH, HEIGHT, WIDTH, HEIGHT);
  for (int panel = 0; panel < PANELS; panel++) {
    size_t place = 0;
    draw_axes(p, panel);
    for (size_t c = 0; c < CURVES; c++)
      if (curves[c].panel == panel) place += draw_curve(p, c, place);
  }
  fprintf(p->out, "</svg>\n");
}

int command_plot(const flags *given) {
  plot p = {.count = 0};
  const char *path = given->value[FLAG_PICTURE][0];
  if (!given->has[FLAG_CURVES]) return usage_error("no log to draw; say which with --log FILE");
  int status = read_log(&p, given->value[FLAG_CURVES][0]);
  if (!status) {
    p.out = path ? fopen(path, "wb") : stdout;
    status = p.out ? 0 : failed("cannot write %s: %s", path, strerror(errno));
  }
  if (!status) {
    draw(&p);
    status = close_output(p.out, path ? path : "standard output");
  }
  free(p.at);
  return status;
}
