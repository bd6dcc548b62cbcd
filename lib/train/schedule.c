/* SPDX-License-Identifier: MIT
 *
 * Warm-up and plateau decay.
 */
#include "train/schedule.h"

void s2s__schedule_init(s2s__schedule *schedule, const s2s_options *options) {
  *schedule = (s2s__schedule){.learning_rate = s2s__option_real(options, S2S__LEARNING_RATE),
                              .warmup = (double)s2s__option_int(options, S2S__WARMUP),
                              .plateau = s2s__option_choice(options, S2S__SCHEDULE) == 1,
                              .factor = s2s__option_real(options, S2S__SCHEDULE_FACTOR),
                              .patience = s2s__option_size(options, S2S__SCHEDULE_PATIENCE),
                              .scale = 1.0};
}

double s2s__schedule_rate(const s2s__schedule *schedule, uint64_t number) {
  const double n = (double)number, rise = n < schedule->warmup ? n / schedule->warmup : 1.0;
  return schedule->learning_rate * schedule->scale * rise;
}

void s2s__schedule_evaluated(s2s__schedule *schedule, int improved) {
  if (improved) {
    schedule->bad = 0;
  } else if (++schedule->bad > schedule->patience && schedule->plateau) {
    schedule->scale *= schedule->factor;
    schedule->bad = 0;
  }
}
