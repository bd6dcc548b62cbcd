/* SPDX-License-Identifier: MIT
 *
 * The table of optimisers, and what several of them do.
 */
#include "train/optimizer.h"

#include "base/members.h"

#include <string.h>

#define OPTIMIZER_DECLARE(name) extern const s2s__optimizer s2s__optimizer_##name;
#define OPTIMIZER_ROW(name) &s2s__optimizer_##name,
S2S__OPTIMIZERS(OPTIMIZER_DECLARE)
static const s2s__optimizer *const optimizer_table[] = {S2S__OPTIMIZERS(OPTIMIZER_ROW)};

const s2s__optimizer *s2s__optimizer_find(const char *name) {
  for (size_t i = 0; i < sizeof optimizer_table / sizeof *optimizer_table; i++)
    if (strcmp(optimizer_table[i]->name, name) == 0) return optimizer_table[i];
  return NULL;
}

void s2s__optimizer_read(s2s__optimizer_settings *settings, const s2s_options *options) {
  *settings = (s2s__optimizer_settings){.momentum = s2s__option_real(options, S2S__MOMENTUM),
                                        .beta1 = s2s__option_real(options, S2S__BETA1),
                                        .beta2 = s2s__option_real(options, S2S__BETA2),
                                        .weight_decay = s2s__option_real(options, S2S__WEIGHT_DECAY),
                                        .nesterov = s2s__option_bool(options, S2S__NESTEROV)};
}

void s2s__update_prepare(const s2s__update *update, size_t begin, size_t end) {
  const s2s__update *u = update;
  u->kernels->scale(end - begin, (s2s__real)u->gradient_scale, u->gradient + begin);
  if (u->settings.weight_decay > 0)
    u->kernels->axpy(end - begin, (s2s__real)u->settings.weight_decay, u->value + begin, u->gradient + begin);
}
