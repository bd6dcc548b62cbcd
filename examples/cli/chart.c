/* SPDX-License-Identifier: MIT
 *
 * Axes, grid and names of a panel. See chart.h.
 */
#include "chart.h"

#include <math.h>

enum { CHART_TICKS = 5 };

static const svg_font small_end = {12, "#667085", SVG_END, 0, false};
static const svg_font small_middle = {12, "#667085", SVG_MIDDLE, 0, false};

double chart_top(double most) {
  double tick = svg_tick(most, CHART_TICKS);
  return most > 0 ? ceil(most / tick - 1e-9) * tick : 1;
}

double chart_x(const chart *drawn, double value) {
  return drawn->left + (drawn->right_value > 0 ? value / drawn->right_value : 0) * drawn->width;
}

double chart_y(const chart *drawn, double value) {
  return drawn->top + (1 - fmin(value / drawn->top_value, 1)) * drawn->height;
}

static void draw_numbers_below(const chart *c) {
  double step = svg_tick(c->right_value, CHART_TICKS);
  char text[32];
  for (double v = 0; v <= c->right_value * (1 + 1e-9) && step > 0; v += step) {
    snprintf(text, sizeof text, "%g", v);
    svg_line(c->out, chart_x(c, v), c->top + c->height, chart_x(c, v), c->top + c->height + 4, "#98a2b3", 1);
    svg_text(c->out, chart_x(c, v), c->top + c->height + 19, small_middle, text);
  }
}

void chart_axes(const chart *c, bool numbers_below) {
  double tick = svg_tick(c->top_value, CHART_TICKS), bottom = c->top + c->height;
  char text[32];
  svg_text(c->out, c->left, c->top - 16, (svg_font){14, "#1d2939", SVG_START, 0, true}, c->title);
  for (double v = 0; v <= c->top_value + tick / 2; v += tick) {
    if (v > 0) svg_line(c->out, c->left, chart_y(c, v), c->left + c->width, chart_y(c, v), "#eaecf0", 1);
    snprintf(text, sizeof text, "%g", v);
    svg_text(c->out, c->left - 8, chart_y(c, v) + 4, small_end, text);
  }
  svg_line(c->out, c->left, bottom, c->left + c->width, bottom, "#98a2b3", 1);
  if (numbers_below) draw_numbers_below(c);
  svg_text(c->out, c->left + c->width / 2, bottom + 40, small_middle, c->below);
}

/* From the highest down, none nearer to the next than a line; then up again from the bottom where they came out of it. */
static void spread_names(const chart *c, chart_name *name, size_t count) {
  const double line = 16, bottom = c->top + c->height;
  for (size_t i = 1; i < count; i++)
    for (size_t j = i; j > 0 && name[j].y < name[j - 1].y; j--) {
      chart_name moved = name[j];
      name[j] = name[j - 1];
      name[j - 1] = moved;
    }
  for (size_t i = 1; i < count; i++) name[i].y = fmax(name[i].y, name[i - 1].y + line);
  if (count && name[count - 1].y > bottom) name[count - 1].y = bottom;
  for (size_t i = count; i-- > 1;) name[i - 1].y = fmin(name[i - 1].y, name[i].y - line);
}

void chart_names(const chart *drawn, chart_name *name, size_t count) {
  spread_names(drawn, name, count);
  for (size_t i = 0; i < count; i++)
    svg_text(drawn->out, drawn->left + drawn->width + 10, name[i].y + 4,
             (svg_font){12, name[i].color, SVG_START, 0, true}, name[i].text);
}
