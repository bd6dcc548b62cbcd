/* SPDX-License-Identifier: MIT
 *
 * Weights and their gradient, over the kernel table. See weight.h for the layout.
 */
#include "tensor/weight.h"

#include <string.h>

/* Rows of panels are counted in whole panels, zero-padded. */
static size_t weight_padded_out(const s2s__weight *weight) {
  const size_t panel = weight->kernels->panel;
  return weight->use == S2S__WEIGHT_ROWS ? weight->out : (weight->out + panel - 1) / panel * panel;
}

int32_t s2s__weight_init(s2s__weight *weight, s2s__arena *arena, const s2s__kernels *kernels, size_t out, size_t in,
                         s2s__weight_use use, s2s__error *error) {
  size_t count;
  *weight = (s2s__weight){.kernels = kernels, .out = out, .in = in, .use = use};
  if (weight_padded_out(weight) < out || !s2s__multiply_fits(weight_padded_out(weight), in, &count))
    return s2s__fail(error, S2S_LIMIT, "a weight of %zu x %zu numbers is too large", out, in);
  weight->data = S2S__TAKE(arena, s2s__real, count);
  return weight->data ? S2S_OK : s2s__fail_memory(error, count * sizeof(s2s__real), "a weight");
}

void s2s__weight_pack(s2s__weight *weight, const s2s__real *values, size_t out_stride, size_t in_stride) {
  if (weight->use == S2S__WEIGHT_MULTIPLY) {
    weight->kernels->pack(weight->out, weight->in, values, in_stride, out_stride, weight->data);
    return;
  }
  for (size_t o = 0; o < weight->out; o++) {
    s2s__real *row = weight->data + o * weight->in;
    const s2s__real *from = values + o * out_stride;
    for (size_t i = 0; i < weight->in; i++) row[i] = from[i * in_stride];
  }
}

void s2s__weight_multiply(const s2s__weight *weight, size_t rows, const s2s__real *x, size_t x_row, s2s__real *y,
                          size_t y_row, const s2s__real *bias, int accumulate) {
  const s2s__gemm g = {.m = rows,
                       .n = weight->out,
                       .k = weight->in,
                       .a = x,
                       .a_row = x_row,
                       .a_step = 1,
                       .b = weight->data,
                       .c = y,
                       .c_row = y_row,
                       .bias = bias,
                       .accumulate = accumulate};
  weight->kernels->gemm(&g);
}

void s2s__weight_row(const s2s__weight *weight, size_t out_index, s2s__real *row) {
  if (weight->use == S2S__WEIGHT_ROWS) {
    if (weight->in > 0) memcpy(row, weight->data + out_index * weight->in, weight->in * sizeof *row);
    return;
  }
  const size_t panel = weight->kernels->panel;
  const s2s__real *from = weight->data + out_index / panel * panel * weight->in + out_index % panel;
  for (size_t i = 0; i < weight->in; i++) row[i] = from[i * panel];
}

int32_t s2s__weight_gradient(const s2s__kernels *kernels, s2s__arena *arena, size_t rows, const s2s__real *dy,
                             size_t dy_row, size_t out, const s2s__real *x, size_t x_row, size_t in, s2s__real *dw,
                             s2s__error *error) {
  const s2s__mark mark = s2s__arena_mark(arena);
  const size_t padded = (in + kernels->panel - 1) / kernels->panel * kernels->panel;
  s2s__real *packed = NULL;
  size_t count;
  if (padded < in || !s2s__multiply_fits(padded, rows, &count))
    return s2s__fail(error, S2S_LIMIT, "a gradient over %zu x %zu numbers is too large", rows, in);
  packed = S2S__TAKE(arena, s2s__real, count);
  if (!packed) return s2s__fail_memory(error, count * sizeof(s2s__real), "a weight gradient");
  kernels->pack(in, rows, x, x_row, 1, packed);
  const s2s__gemm g = {.m = out,
                       .n = in,
                       .k = rows,
                       .a = dy,
                       .a_row = 1,
                       .a_step = dy_row,
                       .b = packed,
                       .c = dw,
                       .c_row = in,
                       .accumulate = 1};
  kernels->gemm(&g);
  s2s__arena_rewind(arena, mark);
  return S2S_OK;
}
