/* SPDX-License-Identifier: MIT
 *
 * Figures by name: what a trainer and an evaluation report.
 */
#ifndef S2S__TRAIN_METRICS_H
#define S2S__TRAIN_METRICS_H

#include "base/memory.h"

#define S2S__MAX_METRICS 40

struct s2s_metrics {
  s2s__host host; /* of one that is a handle of its own */
  size_t count;
  const char *name[S2S__MAX_METRICS]; /* constant texts */
  double value[S2S__MAX_METRICS];
};

/* Sets a figure, or adds it at the end. */
void s2s__metrics_set(s2s_metrics *metrics, const char *name, double value);
/* NULL when it is not there. */
const double *s2s__metrics_find(const s2s_metrics *metrics, const char *name);

#endif
