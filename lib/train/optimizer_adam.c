/* SPDX-License-Identifier: MIT
 *
 * Adam (Kingma and Ba 2015) with PyTorch's constants: b1 0.9, b2 0.999, eps 1e-8, no weight decay.
 *   m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  p -= lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
 */
#include "train/optimizer.h"

#include <math.h>

static void optimizer_adam_apply(const s2s__update *u, size_t begin, size_t end) {
  const double b1 = 0.9, b2 = 0.999, t = (double)u->number;
  const double rate = u->learning_rate / (1.0 - pow(b1, t)), v_scale = 1.0 / sqrt(1.0 - pow(b2, t));
  u->kernels->adam(end - begin, u->gradient + begin, (s2s__real)u->gradient_scale, b1, b2, (s2s__real)rate,
                   (s2s__real)v_scale, (s2s__real)1e-8, u->state[0] + begin, u->state[1] + begin,
                   u->value + begin);
}

const s2s__optimizer s2s__optimizer_adam = {"adam", 2, optimizer_adam_apply};
