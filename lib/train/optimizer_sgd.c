/* SPDX-License-Identifier: MIT
 *
 * Stochastic gradient descent with momentum (Sutskever et al. 2013, as PyTorch has it); weight decay w: g += w p.
 *   v = mu v + g;  p -= lr v, or with Nesterov's momentum p -= lr (g + mu v)
 */
#include "train/optimizer.h"

static void optimizer_sgd_apply(const s2s__update *u, size_t begin, size_t end) {
  const size_t n = end - begin;
  const s2s__real mu = (s2s__real)u->settings.momentum;
  s2s__real *g = u->gradient + begin, *v = u->state[0] + begin;
  s2s__update_prepare(u, begin, end);
  u->kernels->scale(n, mu, v);
  u->kernels->add(n, g, v);
  if (u->settings.nesterov) u->kernels->axpy(n, mu, v, g);
  u->kernels->axpy(n, (s2s__real)-u->learning_rate, u->settings.nesterov ? g : v, u->value + begin);
}

const s2s__optimizer s2s__optimizer_sgd = {"sgd", 1, optimizer_sgd_apply};
