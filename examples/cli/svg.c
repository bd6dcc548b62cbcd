/* SPDX-License-Identifier: MIT
 *
 * The SVG writer. See svg.h.
 */
#include "svg.h"

#include "letters.h"

#include <math.h>
#include <string.h>

#define FONTS                                                                                                          \
  "'Noto Sans','Noto Sans CJK SC','Noto Sans CJK JP','PingFang SC','Hiragino Sans','Microsoft YaHei','DejaVu "        \
  "Sans',Helvetica,Arial,sans-serif"

const char *const svg_colors[] = {"#2b6cb0", "#d1495b", "#e09f1f", "#3a9d6e", "#7b5ea7", "#5b8c99"};

/* ---------------------------------------------------------------------------------------------------------------------
 * Shapes
 * ------------------------------------------------------------------------------------------------------------------ */

void svg_begin(FILE *out, double width, double height) {
  fprintf(out,
          "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" "
          "font-family=\"" FONTS "\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
          width, height, width, height);
}

void svg_end(FILE *out) { fputs("</svg>\n", out); }

static void put_escaped(FILE *out, const char *text) {
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    if (c == '&') fputs("&amp;", out);
    else if (c == '<') fputs("&lt;", out);
    else if (c == '>') fputs("&gt;", out);
    else if (c < 0x20) putc(' ', out); /* what XML has no place for */
    else putc(c, out);
  }
}

void svg_rect(FILE *out, double x, double y, double width, double height, const char *fill) {
  fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n", x, y, width, height, fill);
}

void svg_cell(FILE *out, double x, double y, double width, double height, const char *fill, const char *tip) {
  fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"><title>", x, y, width, height,
          fill);
  put_escaped(out, tip);
  fputs("</title></rect>\n", out);
}

void svg_frame(FILE *out, double x, double y, double width, double height, const char *stroke) {
  fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"none\" stroke=\"%s\"/>\n", x, y,
          width, height, stroke);
}

void svg_line(FILE *out, double x1, double y1, double x2, double y2, const char *stroke, double width) {
  fprintf(out, "<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"%s\" stroke-width=\"%g\"/>\n", x1, y1, x2, y2, stroke, width);
}

void svg_dot(FILE *out, double x, double y, double radius, const char *fill, const char *tip) {
  fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%g\" fill=\"%s\" stroke=\"#fff\" stroke-width=\"1.5\"><title>", x, y,
          radius, fill);
  put_escaped(out, tip);
  fputs("</title></circle>\n", out);
}

void svg_text(FILE *out, double x, double y, svg_font font, const char *text) {
  static const char *const anchors[] = {"start", "middle", "end"};
  fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%g\" fill=\"%s\" text-anchor=\"%s\"", x, y, font.size,
          font.color, anchors[font.anchor]);
  if (font.bold) fputs(" font-weight=\"600\"", out);
  if (font.turn < 0 || font.turn > 0) fprintf(out, " transform=\"rotate(%g %.1f %.1f)\"", font.turn, x, y);
  putc('>', out);
  put_escaped(out, text);
  fputs("</text>\n", out);
}

/* The first point of a path begins with M, the others with a blank: all the same line. */
void svg_curve_begin(FILE *out, const char *stroke, double width) {
  fprintf(out, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"%g\" stroke-linejoin=\"round\" points=\"", stroke,
          width);
}

void svg_curve_to(FILE *out, double x, double y) { fprintf(out, "%.1f,%.1f ", x, y); }

void svg_curve_end(FILE *out) { fputs("\"/>\n", out); }

/* ---------------------------------------------------------------------------------------------------------------------
 * Measures
 * ------------------------------------------------------------------------------------------------------------------ */

static double letter_width(const char *letter) {
  unsigned char c = (unsigned char)*letter;
  if (c >= 0x80) return letter_columns(letter_code(letter)) * (letter_is_wide(letter_code(letter)) ? 0.5 : 0.6);
  if (strchr("iljtfrI.,:;'|!()[] ", c)) return 0.34;
  if (strchr("mwMW@%", c)) return 0.88;
  return c >= 'A' && c <= 'Z' ? 0.68 : 0.58;
}

double svg_text_width(const char *text, double size) {
  double width = 0;
  for (; *text; text += letter_bytes(text)) width += letter_width(text);
  return width * size;
}

double svg_tick(double most, int ticks) {
  static const double steps[] = {1, 2, 5, 10};
  double unit = pow(10, floor(log10(most > 0 ? most / ticks : 1)));
  for (size_t i = 0; i < 4; i++)
    if (steps[i] * unit * ticks >= most) return steps[i] * unit;
  return 10 * unit;
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Colours
 * ------------------------------------------------------------------------------------------------------------------ */

/* Through five blues whose lightness falls evenly. */
void svg_shade(double share, char color[8]) {
  static const double stops[5][3] = {
      {255, 255, 255}, {198, 219, 239}, {107, 174, 214}, {33, 113, 181}, {8, 48, 107}};
  double at = share > 0 ? share < 1 ? 4 * share : 4 : 0;
  size_t i = at >= 4 ? 3 : (size_t)at;
  unsigned rgb[3];
  for (size_t k = 0; k < 3; k++)
    rgb[k] = (unsigned)(stops[i][k] + (at - (double)i) * (stops[i + 1][k] - stops[i][k]) + 0.5);
  snprintf(color, 8, "#%02x%02x%02x", rgb[0] & 255, rgb[1] & 255, rgb[2] & 255);
}
