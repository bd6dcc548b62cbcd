/* SPDX-License-Identifier: MIT
 *
 * Declares the parameters of stacked recurrent layers.
 */
#include "model/stack.h"

#include <math.h>
#include <stdio.h>

enum { STACK_NAME = 96 };

static void stack_name(char *name, const char *prefix, const char *kind, size_t layer, size_t direction) {
  snprintf(name, STACK_NAME, "%s.%s_l%zu%s", prefix, kind, layer, direction ? "_reverse" : "");
}

static int32_t stack_layer(s2s__params *params, const char *prefix, size_t layer, size_t direction, size_t in,
                           s2s__recurrent *out, s2s__error *error) {
  const size_t width = out->cell->gates * out->hidden;
  const double bound = 1.0 / sqrt((double)out->hidden);
  char name[STACK_NAME];
  stack_name(name, prefix, "weight_ih", layer, direction);
  S2S__TRY(s2s__params_matrix(params, name, width, in, S2S__WEIGHT_MULTIPLY, S2S__INIT_UNIFORM, bound, &out->weight_ih,
                              error));
  stack_name(name, prefix, "weight_hh", layer, direction);
  S2S__TRY(s2s__params_matrix(params, name, width, out->hidden, S2S__WEIGHT_MULTIPLY, S2S__INIT_UNIFORM, bound,
                              &out->weight_hh, error));
  stack_name(name, prefix, "bias_ih", layer, direction);
  S2S__TRY(s2s__params_vector(params, name, width, bound, &out->bias_ih, error));
  stack_name(name, prefix, "bias_hh", layer, direction);
  return s2s__params_vector(params, name, width, bound, &out->bias_hh, error);
}

static int32_t stack_norm(s2s__params *params, const char *prefix, size_t layer, size_t direction, s2s__recurrent *out,
                          s2s__error *error) {
  const size_t width = out->cell->gates * out->hidden;
  char name[STACK_NAME];
  stack_name(name, prefix, "norm_ih", layer, direction);
  S2S__TRY(s2s__params_constant(params, name, width, 1, &out->norm_ih, error));
  stack_name(name, prefix, "norm_hh", layer, direction);
  return s2s__params_constant(params, name, width, 1, &out->norm_hh, error);
}

int32_t s2s__stack_declare(s2s__params *params, const char *prefix, const s2s__cell *cell, size_t layers,
                           size_t directions, size_t in, size_t hidden, int norm, s2s__recurrent **stack,
                           s2s__error *error) {
  *stack = S2S__TAKE(params->arena, s2s__recurrent, layers * directions);
  if (!*stack) return s2s__fail_memory(error, layers * directions * sizeof **stack, "the recurrent layers");
  for (size_t l = 0; l < layers; l++)
    for (size_t d = 0; d < directions; d++) {
      s2s__recurrent *layer = &(*stack)[l * directions + d];
      *layer = (s2s__recurrent){.cell = cell, .hidden = hidden};
      S2S__TRY(stack_layer(params, prefix, l, d, l ? hidden * directions : in, layer, error));
      if (norm) S2S__TRY(stack_norm(params, prefix, l, d, layer, error));
    }
  return S2S_OK;
}
