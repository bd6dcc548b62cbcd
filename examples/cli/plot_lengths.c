/* SPDX-License-Identifier: MIT
 *
 * Quality by length: exact answers and chrF of texts whose sources are about equally long, of one or two systems.
 * Lengths are in words, or in characters where sources are single words.
 */
#include "chart.h"
#include "judged.h"
#include "letters.h"
#include "plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
  SYSTEMS = 2,
  PANELS = 2,
  BINS = 8,
  WIDTH = 1120,
  HEIGHT = 430,
  TOP = 56,
  BOTTOM = 76,
  PANEL_WIDTH = 350,
  PANEL_STEP = 560,
  NAME_MOST = 18
};

static const char *const titles[PANELS] = {"Exact answers, percent", "chrF"};

typedef struct bin {
  size_t texts;
  double value[SYSTEMS][PANELS];
} bin;

typedef struct by_length {
  const char *name[SYSTEMS]; /* of files */
  size_t systems, bins, width;
  bool in_words;
  bin bin[BINS];
} by_length;

/* ---------------------------------------------------------------------------------------------------------------------
 * Counting
 * ------------------------------------------------------------------------------------------------------------------ */

static size_t words_of(const char *text) {
  size_t words = 0;
  for (; *text; text++) words += *text != ' ' && (text[1] == ' ' || text[1] == '\0');
  return words;
}

static size_t characters_of(const char *text) {
  size_t characters = 0;
  for (; *text; text += letter_bytes(text)) characters++;
  return characters;
}

static size_t length_of(const by_length *b, const char *text) {
  return b->in_words ? words_of(text) : characters_of(text);
}

static size_t bin_of(const by_length *b, const char *source) {
  size_t length = length_of(b, source), number = length ? (length - 1) / b->width : 0;
  return number < BINS ? number : BINS - 1;
}

/* As wide as there are few of them: 1, 2, 5, 10 ... */
static void choose_bins(by_length *b, const judged_texts *t) {
  size_t words = 0, most = 1;
  for (size_t i = 0; i < t->count; i++) words += words_of(t->source[i]);
  b->in_words = words > t->count + t->count / 2;
  for (size_t i = 0; i < t->count; i++) most = length_of(b, t->source[i]) > most ? length_of(b, t->source[i]) : most;
  b->width = (size_t)fmax(1, svg_tick((double)most, BINS));
  b->bins = (most + b->width - 1) / b->width;
}

static double metric(const s2s_metrics *metrics, const char *name) {
  double value = 0;
  s2s_metrics_get(metrics, name, &value);
  return value;
}

/* One system on the texts of one bin: their answers and references put together. */
static int judge_bin(by_length *b, size_t number, size_t system, const flags *given, const judged_texts *t,
                     const judged_answers *a) {
  size_t count = b->bin[number].texts, at = 0;
  const char **text = calloc(count + 1, sizeof *text), **reference = calloc(t->alternatives * count + 1, sizeof *text);
  s2s_metrics *metrics = NULL;
  for (size_t i = 0; text && reference && i < t->count; i++) {
    if (bin_of(b, t->source[i]) != number) continue;
    text[at] = a->text[i];
    for (size_t r = 0; r < t->alternatives; r++) reference[r * count + at] = t->reference[r * t->count + i];
    at++;
  }
  int32_t status = text && reference
                       ? s2s_metric_texts(given->options, text, reference, count, t->alternatives, &metrics)
                       : S2S_OUT_OF_MEMORY;
  if (!status) {
    b->bin[number].value[system][0] = 100 - metric(metrics, "sequence_error_rate");
    b->bin[number].value[system][1] = metric(metrics, "chrf");
  }
  s2s_metrics_free(metrics);
  free(text);
  free(reference);
  return status ? library_failed(status) : 0;
}

static int judge_system(by_length *b, size_t system, const flags *given, const char *path, const judged_texts *t) {
  judged_answers a = {NULL, NULL, NULL};
  int status = judged_answers_get(&a, given, path, t);
  for (size_t i = 0; i < b->bins && !status; i++)
    if (b->bin[i].texts) status = judge_bin(b, i, system, given, t, &a);
  judged_answers_free(&a);
  b->name[system] = path;
  return status;
}

static int judge_all(by_length *b, const flags *given, const s2s_corpus *corpus) {
  const char *first = given->value[given->has[FLAG_JUDGED_ANSWERS] ? FLAG_JUDGED_ANSWERS : FLAG_MODEL][0];
  judged_texts t = {NULL, 0, 0, 0, NULL, NULL};
  int status = judged_texts_fill(&t, corpus);
  if (!status) choose_bins(b, &t);
  for (size_t i = 0; i < t.count && !status; i++) b->bin[bin_of(b, t.source[i])].texts++;
  if (!status) status = judge_system(b, 0, given, first, &t);
  if (!status && b->systems > 1) status = judge_system(b, 1, given, given->value[FLAG_JUDGED_OTHERS][0], &t);
  judged_texts_free(&t);
  return status;
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Drawing
 * ------------------------------------------------------------------------------------------------------------------ */

static double middle_of(const chart *c, const by_length *b, size_t number) {
  return c->left + ((double)number + 0.5) * c->width / (double)b->bins;
}

/* Ranges under the axis, and how many texts each has. */
static void draw_ranges(const chart *c, const by_length *b) {
  for (size_t i = 0; i < b->bins; i++) {
    char range[48], texts[32];
    if (b->width == 1)
      snprintf(range, sizeof range, "%zu", i + 1);
    else
      snprintf(range, sizeof range, "%zu\xe2\x80\x93%zu", i * b->width + 1, (i + 1) * b->width);
    snprintf(texts, sizeof texts, "%zu", b->bin[i].texts);
    double x = middle_of(c, b, i), y = c->top + c->height;
    double size = b->bins > 6 ? 10 : 11;
    svg_text(c->out, x, y + 17, (svg_font){size, "#475467", SVG_MIDDLE, 0, false}, range);
    svg_text(c->out, x, y + 32, (svg_font){size - 1, "#98a2b3", SVG_MIDDLE, 0, false}, texts);
  }
}

/* A file's name without folder and ending. */
static void name_of(const char *path, char *name, size_t size) {
  const char *slash = strrchr(path, '/');
  snprintf(name, size, "%s", slash ? slash + 1 : path);
  char *dot = strrchr(name, '.');
  if (dot && dot > name) *dot = '\0';
  size_t end = 0; /* of as many letters as there is room for */
  for (int letters = 0; name[end] && letters < NAME_MOST; letters++) end += letter_bytes(name + end);
  if (name[end] && end + 4 <= size) strcpy(name + end, "\xe2\x80\xa6");
}

static bool draw_system(const chart *c, const by_length *b, size_t system, int panel, chart_name *name) {
  const char *color = svg_colors[system];
  double y = 0;
  bool any = false;
  svg_curve_begin(c->out, color, 2.2);
  for (size_t i = 0; i < b->bins; i++) {
    if (!b->bin[i].texts) continue;
    y = chart_y(c, b->bin[i].value[system][panel]);
    svg_curve_to(c->out, middle_of(c, b, i), y);
    any = true;
  }
  svg_curve_end(c->out);
  for (size_t i = 0; i < b->bins; i++) {
    char tip[64];
    double value = b->bin[i].value[system][panel];
    snprintf(tip, sizeof tip, "%.1f of %zu texts", value, b->bin[i].texts);
    if (b->bin[i].texts) svg_dot(c->out, middle_of(c, b, i), chart_y(c, value), 4.5, color, tip);
  }
  *name = (chart_name){y, color, ""};
  name_of(b->name[system], name->text, sizeof name->text);
  return any;
}

static double best_of(const by_length *b, int panel) {
  double best = 0;
  for (size_t i = 0; i < b->bins; i++)
    for (size_t s = 0; s < b->systems; s++) best = fmax(best, b->bin[i].value[s][panel]);
  return chart_top(best);
}

static void draw_lengths(FILE *out, const void *data) {
  const by_length *b = data;
  svg_begin(out, WIDTH, HEIGHT);
  for (int panel = 0; panel < PANELS; panel++) {
    chart c = {out,
               60 + panel * (double)PANEL_STEP,
               TOP,
               PANEL_WIDTH,
               HEIGHT - TOP - BOTTOM,
               0,
               best_of(b, panel),
               titles[panel],
               ""};
    chart_name names[SYSTEMS];
    size_t count = 0;
    chart_axes(&c, false);
    draw_ranges(&c, b);
    svg_text(out, c.left + c.width / 2, c.top + c.height + 56, (svg_font){12, "#667085", SVG_MIDDLE, 0, false},
             b->in_words ? "words of the source; texts" : "characters of the source; texts");
    for (size_t i = 0; i < b->systems; i++) count += draw_system(&c, b, i, panel, &names[count]);
    chart_names(&c, names, count);
  }
  svg_end(out);
}

int plot_lengths(const flags *given) {
  by_length b = {.systems = given->has[FLAG_JUDGED_OTHERS] ? 2 : 1};
  s2s_corpus *corpus = NULL;
  if (given->has[FLAG_MODEL] == given->has[FLAG_JUDGED_ANSWERS])
    return usage_error("--data needs one system: -m MODEL or --answers FILE; say a second one with --compare");
  int status = load_corpus(given, FLAG_JUDGED, &corpus);
  if (!status) status = judge_all(&b, given, corpus);
  if (!status) status = plot_write(given, draw_lengths, &b);
  s2s_corpus_free(corpus);
  return status;
}
