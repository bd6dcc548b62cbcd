/* SPDX-License-Identifier: MIT
 *
 * Figures by name.
 */
#include "train/metrics.h"

#include <string.h>

static size_t metrics_index(const s2s_metrics *metrics, const char *name) {
  size_t i = 0;
  while (i < metrics->count && strcmp(metrics->name[i], name) != 0) i++;
  return i;
}

void s2s__metrics_set(s2s_metrics *metrics, const char *name, double value) {
  const size_t i = metrics_index(metrics, name);
  if (i == S2S__MAX_METRICS) return;
  metrics->name[i] = name;
  metrics->value[i] = value;
  if (i == metrics->count) metrics->count++;
}

const double *s2s__metrics_find(const s2s_metrics *metrics, const char *name) {
  const size_t i = metrics_index(metrics, name);
  return i < metrics->count ? &metrics->value[i] : NULL;
}
