/* SPDX-License-Identifier: MIT
 *
 * One panel of a picture: axes with a grid, curves over them, their names and last values at the end of each.
 */
#ifndef CHART_H
#define CHART_H

#include "svg.h"

#include <stddef.h>

typedef struct chart {
  FILE *out;
  double left, top, width, height; /* of the plane between the axes */
  double right_value, top_value;   /* where it ends; it begins at 0 */
  const char *title, *below;       /* over it; under the horizontal axis */
} chart;

/* The first tick of a good scale at or above `most`. */
double chart_top(double most);

/* Title, grid, numbers. */
void chart_axes(const chart *drawn, bool numbers_below);
double chart_x(const chart *drawn, double value);
double chart_y(const chart *drawn, double value); /* of what is above, the upper edge */

/* Names of curves beside their ends, as near as there is room: y[] are the ends, from the chart's plane. */
enum { CHART_MOST = 8 };
typedef struct chart_name {
  double y;
  const char *color;
  char text[64];
} chart_name;
void chart_names(const chart *drawn, chart_name *name, size_t count);

#endif
