/* SPDX-License-Identifier: MIT
 *
 * Adam (Kingma and Ba 2015), eps 1e-8; weight decay w is that of an L2 penalty, g += w p.
 *   m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  p -= lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
 */
#include "train/optimizer.h"

#include <math.h>

void s2s__update_adam(const s2s__update *update, double scale, size_t begin, size_t end) {
  const s2s__update *u = update;
  const double b1 = u->settings.beta1, b2 = u->settings.beta2, t = (double)u->number;
  const double rate = u->learning_rate / (1.0 - pow(b1, t)), v_scale = 1.0 / sqrt(1.0 - pow(b2, t));
  u->kernels->adam(end - begin, u->gradient + begin, (s2s__real)scale, b1, b2, (s2s__real)rate, (s2s__real)v_scale,
                   (s2s__real)1e-8, u->state[0] + begin, u->state[1] + begin, u->value + begin);
}

static void optimizer_adam_apply(const s2s__update *u, size_t begin, size_t end) {
  const int decays = u->settings.weight_decay > 0;
  if (decays) s2s__update_prepare(u, begin, end);
  s2s__update_adam(u, decays ? 1 : u->gradient_scale, begin, end);
}

const s2s__optimizer s2s__optimizer_adam = {"adam", 2, optimizer_adam_apply};
