/* SPDX-License-Identifier: MIT
 *
 * AdamW (Loshchilov and Hutter 2019): Adam, with weight decay w beside the gradient instead of in it.
 *   p *= 1 - lr w, then Adam's step
 */
#include "train/optimizer.h"

static void optimizer_adamw_apply(const s2s__update *u, size_t begin, size_t end) {
  const double keep = 1.0 - u->learning_rate * u->settings.weight_decay;
  if (u->settings.weight_decay > 0) u->kernels->scale(end - begin, (s2s__real)keep, u->value + begin);
  s2s__update_adam(u, u->gradient_scale, begin, end);
}

const s2s__optimizer s2s__optimizer_adamw = {"adamw", 2, optimizer_adamw_apply};
