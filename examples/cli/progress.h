/* SPDX-License-Identifier: MIT
 *
 * How training goes, on stderr. On a terminal a bar for the epoch, redrawn in place; elsewhere a line now and then.
 * Either way one lasting line for every evaluation.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <seq2seq.h>
#include <stdbool.h>

typedef struct progress {
  bool quiet;
  bool has_dev;
  const char *best_by; /* "dev_bleu": a figure to show beside those that always are; "" */
  bool terminal;
  double begun; /* seconds_now() */
  double shown; /* when something was last written */
} progress;

/* best_by: the option of that name. */
void progress_begin(progress *shown, bool quiet, bool has_dev, const char *best_by);
void progress_update(progress *shown, const s2s_metrics *metrics, int64_t done, int64_t total);
/* `note` is a word behind the figures: "saved", or "". */
void progress_evaluated(progress *shown, const s2s_metrics *metrics, const char *note);

/* Takes the bar off the screen, if there is one, so that a message can be written. */
void progress_wipe(void);

/* A figure by name; not a number where the metrics have none of that name. */
double figure(const s2s_metrics *metrics, const char *name);

#endif
