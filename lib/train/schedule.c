/* SPDX-License-Identifier: MIT
 *
 * Warm-up, and what follows it.
 */
#include "train/schedule.h"

#include <math.h>

int32_t s2s__schedule_init(s2s__schedule *schedule, const s2s_options *options, size_t batches, s2s__error *error) {
  const double updates = (double)s2s__option_int(options, S2S__MAX_UPDATES);
  const double by_epochs = (double)s2s__option_int(options, S2S__MAX_EPOCHS) * (double)batches;
  *schedule = (s2s__schedule){.kind = (s2s__schedule_kind)s2s__option_choice(options, S2S__SCHEDULE),
                              .learning_rate = s2s__option_real(options, S2S__LEARNING_RATE),
                              .warmup = (double)s2s__option_int(options, S2S__WARMUP),
                              .total = updates > 0 && (updates < by_epochs || by_epochs <= 0) ? updates : by_epochs,
                              .factor = s2s__option_real(options, S2S__SCHEDULE_FACTOR),
                              .patience = s2s__option_size(options, S2S__SCHEDULE_PATIENCE),
                              .scale = 1.0};
  if (schedule->kind == S2S__SCHEDULE_COSINE && schedule->total <= 0)
    return s2s__fail(error, S2S_BAD_OPTION, "schedule cosine needs an end: max_updates or max_epochs");
  return S2S_OK;
}

/* What is left of the peak after the warm-up. */
static double schedule_fall(const s2s__schedule *schedule, double n) {
  const double pi = 3.14159265358979323846, warmup = schedule->warmup > 1 ? schedule->warmup : 1;
  const double span = schedule->total - schedule->warmup, over = n - schedule->warmup;
  switch (schedule->kind) {
  case S2S__SCHEDULE_CONSTANT:
  case S2S__SCHEDULE_PLATEAU: /* it is in the scale */
    break;
  case S2S__SCHEDULE_COSINE:
    return over >= span ? 0 : 0.5 * (1 + cos(pi * over / span));
  case S2S__SCHEDULE_INVERSE_SQRT:
    return sqrt(warmup / n);
  }
  return 1;
}

double s2s__schedule_rate(const s2s__schedule *schedule, uint64_t number) {
  const double n = (double)number;
  const double part = n < schedule->warmup ? n / schedule->warmup : schedule_fall(schedule, n);
  return schedule->learning_rate * schedule->scale * part;
}

void s2s__schedule_evaluated(s2s__schedule *schedule, int improved) {
  if (improved) {
    schedule->bad = 0;
  } else if (++schedule->bad > schedule->patience && schedule->kind == S2S__SCHEDULE_PLATEAU) {
    schedule->scale *= schedule->factor;
    schedule->bad = 0;
  }
}
