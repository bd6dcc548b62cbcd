/* SPDX-License-Identifier: MIT
 *
 * Draws the progress of training.
 */
#define _POSIX_C_SOURCE 200809L
#include "progress.h"
#include "command.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

enum { BAR_WIDTH = 24, DURATION_SIZE = 32 };
static const double BAR_EVERY = 0.1, LINE_EVERY = 10; /* seconds */

static bool bar_is_shown = false;

void progress_wipe(void) {
  if (bar_is_shown) fputs("\r\033[K", stderr);
  bar_is_shown = false;
}

double figure(const s2s_metrics *metrics, const char *name) {
  double value;
  return s2s_metrics_get(metrics, name, &value) ? (double)NAN : value;
}

/* "0:07", "12:34", "1:02:03". */
static const char *duration(double seconds, char text[DURATION_SIZE]) {
  long long s = seconds >= 0 && seconds < 1e9 ? (long long)(seconds + 0.5) : 0;
  if (s < 3600)
    snprintf(text, DURATION_SIZE, "%lld:%02lld", s / 60, s % 60);
  else
    snprintf(text, DURATION_SIZE, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
  return text;
}

/* "epoch  3": the one at work while updates run, the one just done at an evaluation. */
static void print_epoch(double epoch) { fprintf(stderr, "epoch %2.0f", epoch); }

/* After an epoch's last update `epochs` counts it already. */
static double epoch_at_work(const s2s_metrics *metrics, int64_t done, int64_t total) {
  return figure(metrics, "epochs") + (done < total ? 1 : 0);
}

/* A bar of heavy dashes, the part still to do in light ones. */
static void print_bar(double share) {
  int full = (int)(share * BAR_WIDTH + 0.5);
  for (int i = 0; i < BAR_WIDTH; i++) fputs(i < full ? "\xe2\x94\x81" : "\xe2\x94\x88", stderr); /* U+2501, U+2508 */
}

static void print_speed(const s2s_metrics *metrics) {
  char left[DURATION_SIZE];
  double seconds_left = figure(metrics, "seconds_left");
  fprintf(stderr, "  loss %.3f  %.0f tokens/s", figure(metrics, "loss"), figure(metrics, "tokens_per_second"));
  if (isfinite(seconds_left)) fprintf(stderr, "  %s left", duration(seconds_left, left));
}

static void draw_bar(const s2s_metrics *metrics, int64_t done, int64_t total) {
  double share = total > 0 ? (double)done / (double)total : 0;
  progress_wipe();
  print_epoch(epoch_at_work(metrics, done, total));
  fputs("  ", stderr);
  print_bar(share);
  fprintf(stderr, " %3.0f %%", share * 100);
  print_speed(metrics);
  fflush(stderr);
  bar_is_shown = true;
}

static void print_line(const s2s_metrics *metrics, int64_t done, int64_t total) {
  print_epoch(epoch_at_work(metrics, done, total));
  fprintf(stderr, "  update %lld of %lld", (long long)done, (long long)total);
  print_speed(metrics);
  putc('\n', stderr);
}

/* Rates and losses are shown anyway. */
static const char *best_figure(const char *best_by) {
  static const char *const names[][2] = {{"bleu", "dev_bleu"},
                                         {"chrf", "dev_chrf"},
                                         {"perplexity", "dev_perplexity"},
                                         {"character_error_rate", "dev_character_error_rate"}};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (strcmp(best_by, names[i][0]) == 0) return names[i][1];
  return "";
}

void progress_begin(progress *shown, bool quiet, bool has_dev, const char *best_by) {
  shown->quiet = quiet;
  shown->has_dev = has_dev;
  shown->best_by = best_figure(best_by);
  shown->terminal = isatty(STDERR_FILENO);
  shown->begun = seconds_now();
  shown->shown = shown->begun;
}

void progress_update(progress *shown, const s2s_metrics *metrics, int64_t done, int64_t total) {
  double now = seconds_now(), every = shown->terminal ? BAR_EVERY : LINE_EVERY;
  if (shown->quiet || (now - shown->shown < every && !(shown->terminal && done == total))) return;
  shown->shown = now;
  if (shown->terminal)
    draw_bar(metrics, done, total);
  else
    print_line(metrics, done, total);
}

void progress_evaluated(progress *shown, const s2s_metrics *metrics, const char *note) {
  char spent[DURATION_SIZE];
  double now = seconds_now();
  if (shown->quiet) return;
  shown->shown = now;
  progress_wipe();
  print_epoch(figure(metrics, "epochs"));
  fprintf(stderr, "  loss %.3f", figure(metrics, "loss"));
  if (shown->has_dev) {
    fprintf(stderr, "  dev loss %.3f  token errors %5.2f %%  sequence errors %5.2f %%", figure(metrics, "dev_loss"),
            figure(metrics, "dev_token_error_rate"), figure(metrics, "dev_sequence_error_rate"));
    if (*shown->best_by) fprintf(stderr, "  %s %.2f", shown->best_by + 4, figure(metrics, shown->best_by));
  }
  fprintf(stderr, "  %s%s%s\n", duration(now - shown->begun, spent), *note ? "  " : "", note);
}
