/* SPDX-License-Identifier: MIT
 *
 * Adagrad (Duchi, Hazan and Singer 2011), eps 1e-10; weight decay w: g += w p.
 *   s += g^2;  p -= lr g / (sqrt(s) + eps)
 */
#include "train/optimizer.h"

#include <math.h>

static void optimizer_adagrad_apply(const s2s__update *u, size_t begin, size_t end) {
  const s2s__real rate = (s2s__real)u->learning_rate, eps = (s2s__real)1e-10;
  const s2s__real *g = u->gradient;
  s2s__real *s = u->state[0], *p = u->value;
  s2s__update_prepare(u, begin, end);
  for (size_t i = begin; i < end; i++) {
    s[i] += g[i] * g[i];
    p[i] -= rate * g[i] / ((s2s__real)sqrt((double)s[i]) + eps);
  }
}

const s2s__optimizer s2s__optimizer_adagrad = {"adagrad", 1, optimizer_adagrad_apply};
