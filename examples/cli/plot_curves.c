/* SPDX-License-Identifier: MIT
 *
 * The curves of a training, from the JSON lines of `train --log`: losses on the left, what is in percent on the right, over
 * updates, with a dot where the best model was.
 */
#define _POSIX_C_SOURCE 200809L
#include "chart.h"
#include "plot.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CURVES = 6, PANELS = 2, WIDTH = 1130, HEIGHT = 420, TOP = 56, BOTTOM = 60, PANEL_WIDTH = 350, PANEL_STEP = 560 };

typedef struct curve {
  const char *name, *label;
  int color, panel;
} curve;

static const curve curves[CURVES] = {{"loss", "training", 0, 0},
                                     {"dev_loss", "dev", 1, 0},
                                     {"dev_sequence_error_rate", "sequence errors", 1, 1},
                                     {"dev_token_error_rate", "token errors", 2, 1},
                                     {"dev_bleu", "BLEU", 3, 1},
                                     {"dev_chrf", "chrF", 5, 1}};
static const char *const titles[PANELS] = {"Loss, nats a token", "Dev set, percent"};

typedef struct point {
  double updates, value[CURVES]; /* not a number where the line has none */
  bool improved;
} point;

typedef struct log_plot {
  point *at;
  size_t count, room;
  double most_updates, most[PANELS];
} log_plot;

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

static int add_point(log_plot *p, const char *line, const char *path, size_t number) {
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

static int read_log(log_plot *p, const char *path) {
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

static void draw_best(const chart *c, const curve *k, const point *best, double value) {
  char tip[64];
  snprintf(tip, sizeof tip, "best: %g", value);
  svg_dot(c->out, chart_x(c, best->updates), chart_y(c, value), 5, svg_colors[k->color], tip);
}

/* The curve and a dot where the best model was; its name for the margin. Whether the log has it. */
static bool draw_curve(const log_plot *p, const chart *c, size_t number, chart_name *name) {
  const curve *k = &curves[number];
  const point *best = NULL, *last = NULL;
  for (size_t i = 0; i < p->count; i++) {
    if (!isfinite(p->at[i].value[number])) continue;
    if (!last) svg_curve_begin(c->out, svg_colors[k->color], 2.2);
    last = &p->at[i];
    svg_curve_to(c->out, chart_x(c, last->updates), chart_y(c, last->value[number]));
    if (last->improved) best = last;
  }
  if (!last) return false;
  svg_curve_end(c->out);
  if (best) draw_best(c, k, best, best->value[number]);
  *name = (chart_name){chart_y(c, last->value[number]), svg_colors[k->color], ""};
  snprintf(name->text, sizeof name->text, "%s %.*f", k->label, k->panel ? 1 : 3, last->value[number]);
  return true;
}

/* Error rates can be far above 100 at first; what is above leaves the picture at its edge. */
static double panel_top(const log_plot *p, int panel) {
  return chart_top(panel == 1 && p->most[panel] > 100 ? 100 : p->most[panel]);
}

static void draw_panel(const log_plot *p, int panel, FILE *out) {
  chart c = {out, 60 + panel * (double)PANEL_STEP, TOP, PANEL_WIDTH, HEIGHT - TOP - BOTTOM, p->most_updates,
             panel_top(p, panel), titles[panel], "updates"};
  chart_name names[CURVES];
  size_t count = 0;
  chart_axes(&c, true);
  for (size_t i = 0; i < CURVES; i++)
    if (curves[i].panel == panel) count += draw_curve(p, &c, i, &names[count]);
  chart_names(&c, names, count);
}

static void draw_log(FILE *out, const void *data) {
  svg_begin(out, WIDTH, HEIGHT);
  for (int panel = 0; panel < PANELS; panel++) draw_panel(data, panel, out);
  svg_end(out);
}

int plot_curves(const flags *given) {
  log_plot p = {.count = 0};
  int status = read_log(&p, given->value[FLAG_CURVES][0]);
  if (!status) status = plot_write(given, draw_log, &p);
  free(p.at);
  return status;
}
