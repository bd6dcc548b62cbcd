/* SPDX-License-Identifier: MIT
 *
 * A small SVG writer: what the pictures of `seq2seq plot` are drawn with. Coordinates are pixels from the top left corner;
 * text is escaped. Beside the shapes it knows about how wide a text will be, good ticks for an axis, and colours.
 */
#ifndef SVG_H
#define SVG_H

#include <stdbool.h>
#include <stdio.h>

typedef enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END } svg_anchor;

typedef struct svg_font {
  double size;
  const char *color;
  svg_anchor anchor;
  double turn; /* degrees, clockwise, about the anchor */
  bool bold;
} svg_font;

void svg_begin(FILE *out, double width, double height);
void svg_end(FILE *out);
void svg_rect(FILE *out, double x, double y, double width, double height, const char *fill);
/* A rectangle with a text that a viewer shows under the pointer. */
void svg_cell(FILE *out, double x, double y, double width, double height, const char *fill, const char *tip);
void svg_frame(FILE *out, double x, double y, double width, double height, const char *stroke);
void svg_line(FILE *out, double x1, double y1, double x2, double y2, const char *stroke, double width);
void svg_dot(FILE *out, double x, double y, double radius, const char *fill, const char *tip);
void svg_text(FILE *out, double x, double y, svg_font font, const char *text);

/* A curve, point after point. */
void svg_curve_begin(FILE *out, const char *stroke, double width);
void svg_curve_to(FILE *out, double x, double y);
void svg_curve_end(FILE *out);

/* About how wide a text is in the fonts that pictures ask for; signs of East Asia are square. */
double svg_text_width(const char *text, double size);

/* 1, 2 or 5 times a power of ten, so that at most `ticks` of them reach `most`. */
double svg_tick(double most, int ticks);

/* White for 0 to dark blue for 1, even steps to the eye: "#rrggbb" and NUL. */
void svg_shade(double share, char color[8]);
extern const char *const svg_colors[]; /* of curves, easy to tell apart, for the colour-blind too */
enum { SVG_COLORS = 6 };

#endif
