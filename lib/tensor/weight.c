/* SPDX-License-Identifier: MIT
 *
 * Weights, their products and their gradient, over the kernel table. See weight.h for the layout.
 *
 * Products of WEIGHT_SHARED_WORK operations and more are cut into parts for the threads of a pool: groups of rows, each
 * with its own share of A to copy, or where there are few rows groups of whole panels. A kernel's result does not
 * depend on how M and N are cut, so neither does the product on the threads.
 */
#include "tensor/weight.h"

#include "tensor/half.h"

#include <math.h>
#include <string.h>

#define WEIGHT_SHARED_WORK 4e6 /* multiplications and additions; waking a thread costs as much as some thousands */
#define WEIGHT_ROWS 48         /* that make a part: fewer would read all of B too often */
#define WEIGHT_PARTS 4         /* a thread, so that one that is held up leaves its parts to the others */

/* ---- memory ------------------------------------------------------------------------------------------------------ */

/* Rows of panels are counted in whole panels, zero-padded. */
static size_t weight_padded(const s2s__kernels *kernels, size_t n) {
  return (n + kernels->panel - 1) / kernels->panel * kernels->panel;
}

size_t s2s__weight_bytes(const s2s__kernels *kernels, size_t out, size_t in, s2s__weight_use use,
                         s2s__storage storage) {
  static const size_t width[] = {sizeof(s2s__real), sizeof(uint16_t), sizeof(int8_t)};
  const int panels = use == S2S__WEIGHT_MULTIPLY, whole = storage == S2S__STORAGE_I8;
  const size_t rows = panels ? weight_padded(kernels, out) : out;
  const size_t columns = panels && whole ? S2S__PACKED_I8_BYTES(1, in) : in;
  size_t count, bytes;
  const int fits = rows >= out && columns >= in && s2s__multiply_fits(rows, columns, &count) &&
                   s2s__multiply_fits(count, width[storage], &bytes);
  return fits ? bytes : 0;
}

int32_t s2s__weight_init(s2s__weight *weight, s2s__arena *arena, const s2s__kernels *kernels, size_t out, size_t in,
                         s2s__weight_use use, s2s__storage storage, s2s__error *error) {
  const size_t bytes = s2s__weight_bytes(kernels, out, in, use, storage);
  *weight = (s2s__weight){.kernels = kernels, .out = out, .in = in, .use = use, .storage = storage};
  if (bytes == 0 && out > 0 && in > 0)
    return s2s__fail(error, S2S_LIMIT, "a weight of %zu x %zu numbers is too large", out, in);
  if (storage == S2S__STORAGE_I8) {
    if (in > S2S__K_LIMIT_I8)
      return s2s__fail(error, S2S_LIMIT, "a weight of %zu inputs is too wide for int8, which takes %d", in,
                       S2S__K_LIMIT_I8);
    weight->scale = S2S__TAKE(arena, s2s__real, out);
    if (!weight->scale) return s2s__fail_memory(error, out * sizeof(s2s__real), "the scales of a weight");
  }
  weight->data = s2s__arena_take(arena, bytes);
  return weight->data ? S2S_OK : s2s__fail_memory(error, bytes, "a weight");
}

/* No memory: the arena as it was. */
static int32_t weight_abandon(const s2s__work *work, s2s__mark mark, size_t bytes, const char *what) {
  s2s__arena_rewind(work->arena, mark);
  return s2s__fail_memory(work->error, bytes, what);
}

/* ---- packing ----------------------------------------------------------------------------------------------------- */

/* Rows first .. first + count - 1 of W and where they are. */
typedef struct weight_piece {
  size_t first, count;
  const s2s__real *values; /* element (first + o, i) at o * out_stride + i * in_stride */
  size_t out_stride, in_stride;
} weight_piece;

static void weight_pack_rows(const s2s__weight *weight, const weight_piece *piece) {
  s2s__real *numbers = (s2s__real *)weight->data + piece->first * weight->in;
  uint16_t *halves = (uint16_t *)weight->data + piece->first * weight->in;
  for (size_t o = 0; o < piece->count; o++) {
    const s2s__real *from = piece->values + o * piece->out_stride;
    for (size_t i = 0; i < weight->in; i++) {
      if (weight->storage == S2S__STORAGE_F16)
        halves[o * weight->in + i] = s2s__half_of_real(from[i * piece->in_stride]);
      else
        numbers[o * weight->in + i] = from[i * piece->in_stride];
    }
  }
}

/* q[i] = values[i * stride] / scale, rounded; returns the scale. As the kernels' quantize: zeros with scale zero where
 * the inverse is infinite, with scale NaN where a value is not finite. */
static s2s__real weight_quantize(size_t n, const s2s__real *values, size_t stride, int8_t *q) {
  s2s__real most = 0;
  int finite = 1;
  for (size_t i = 0; i < n; i++) {
    const s2s__real x = values[i * stride], size = x < 0 ? -x : x;
    if (size > most) most = size;
    finite = finite && isfinite(x);
  }
  const s2s__real inverse = 127 / most;
  const int flat = !finite || !isfinite(inverse);
  for (size_t i = 0; i < n; i++) q[i] = (int8_t)(flat ? 0 : rint((double)(values[i * stride] * inverse)));
  return !finite ? (s2s__real)NAN : flat ? 0 : most / 127;
}

void s2s__weight_put_i8(s2s__weight *weight, size_t first, size_t count, const int8_t *q) {
  int8_t *data = weight->data;
  if (weight->use == S2S__WEIGHT_ROWS)
    memcpy(data + first * weight->in, q, count * weight->in);
  else
    weight->kernels->pack_i8(count, weight->in, q, 1, weight->in, data + S2S__PACKED_I8_BYTES(first, weight->in));
}

/* Panel by panel, over a matrix of whole numbers for one of them. */
static int32_t weight_pack_i8(s2s__weight *weight, const s2s__work *work, const weight_piece *piece) {
  const s2s__mark mark = s2s__arena_mark(work->arena);
  const size_t panel = weight->kernels->panel, in = weight->in;
  int8_t *q = S2S__TAKE(work->arena, int8_t, panel * in);
  if (!q) return weight_abandon(work, mark, panel * in, "packing a weight");
  for (size_t o = 0; o < piece->count; o += panel) {
    const size_t rows = piece->count - o < panel ? piece->count - o : panel;
    for (size_t r = 0; r < rows; r++)
      weight->scale[piece->first + o + r] =
          weight_quantize(in, piece->values + (o + r) * piece->out_stride, piece->in_stride, q + r * in);
    s2s__weight_put_i8(weight, piece->first + o, rows, q);
  }
  s2s__arena_rewind(work->arena, mark);
  return S2S_OK;
}

static int32_t weight_pack_piece(s2s__weight *weight, const s2s__work *work, const weight_piece *piece) {
  const s2s__kernels *kernels = weight->kernels;
  const size_t at = piece->first * weight->in, out = piece->out_stride, in = piece->in_stride;
  if (weight->storage == S2S__STORAGE_I8) return weight_pack_i8(weight, work, piece);
  if (weight->use == S2S__WEIGHT_ROWS)
    weight_pack_rows(weight, piece);
  else if (weight->storage == S2S__STORAGE_F16)
    kernels->pack_f16(piece->count, weight->in, piece->values, in, out, (uint16_t *)weight->data + at);
  else
    kernels->pack(piece->count, weight->in, piece->values, in, out, (s2s__real *)weight->data + at);
  return S2S_OK;
}

int32_t s2s__weight_pack(s2s__weight *weight, const s2s__work *work, const s2s__real *values, size_t out_stride,
                         size_t in_stride) {
  const weight_piece all = {0, weight->out, values, out_stride, in_stride};
  return weight_pack_piece(weight, work, &all);
}

int32_t s2s__weight_put(s2s__weight *weight, const s2s__work *work, size_t first, size_t count,
                        const s2s__real *values) {
  const weight_piece piece = {first, count, values, weight->in, 1};
  return weight_pack_piece(weight, work, &piece);
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

/* Element i of an output's part of the data: its place, whatever the width of a number. */
static size_t weight_place(const s2s__weight *weight, size_t out_index, size_t i) {
  const size_t panel = weight->kernels->panel, column = out_index % panel, block = out_index / panel;
  if (weight->use == S2S__WEIGHT_ROWS) return out_index * weight->in + i;
  if (weight->storage == S2S__STORAGE_I8)
    return block * S2S__PACKED_I8_BYTES(panel, weight->in) + 4 * panel + i / 4 * 4 * panel + 4 * column + i % 4;
  return block * panel * weight->in + i * panel + column;
}

void s2s__weight_row(const s2s__weight *weight, size_t out_index, s2s__real *row) {
  const s2s__real *numbers = weight->data;
  const uint16_t *halves = weight->data;
  const int8_t *whole = weight->data;
  for (size_t i = 0; i < weight->in; i++) {
    const size_t at = weight_place(weight, out_index, i);
    if (weight->storage == S2S__STORAGE_F32)
      row[i] = numbers[at];
    else if (weight->storage == S2S__STORAGE_F16)
      row[i] = s2s__half_widen(halves[at]);
    else
      row[i] = whole[at] * weight->scale[out_index];
  }
}

void s2s__weight_row_i8(const s2s__weight *weight, size_t out_index, int8_t *row) {
  const int8_t *whole = weight->data;
  for (size_t i = 0; i < weight->in; i++) row[i] = whole[weight_place(weight, out_index, i)];
}

/* Where an output's numbers lie: `count` units of `size` bytes, `stride` bytes from one to the next. */
typedef struct weight_units {
  unsigned char *at;
  size_t size, stride, count;
} weight_units;

static weight_units weight_units_of(const s2s__weight *weight, size_t out_index) {
  static const size_t width[] = {sizeof(s2s__real), sizeof(uint16_t), 4 * sizeof(int8_t)}; /* int8: groups of four */
  const size_t panel = weight->kernels->panel, column = out_index % panel, block = out_index - column;
  const size_t in = weight->in, size = width[weight->storage];
  unsigned char *data = weight->data;
  const int whole = weight->storage == S2S__STORAGE_I8;
  if (weight->use == S2S__WEIGHT_ROWS) {
    const size_t row = in * (whole ? sizeof(int8_t) : size);
    return (weight_units){data + out_index * row, row, row, 1};
  }
  if (whole)
    return (weight_units){data + S2S__PACKED_I8_BYTES(block, in) + (panel + column) * size, size, panel * size, (in + 3) / 4};
  return (weight_units){data + (block * in + column) * size, size, panel * size, in};
}

/* Constant sizes are a move each, and not a call. */
static void weight_copy_units(weight_units from, weight_units to) {
  for (size_t i = 0; i < from.count; i++, from.at += from.stride, to.at += to.stride) {
    if (from.size == 4) memcpy(to.at, from.at, 4);
    else if (from.size == 2) memcpy(to.at, from.at, 2);
    else memcpy(to.at, from.at, from.size);
  }
}

/* The 32-bit number of a column's own at the head of its panel. */
static char *weight_head(const s2s__weight *weight, size_t out_index) {
  const size_t panel = weight->kernels->panel, whole = out_index / panel * panel;
  return (char *)weight->data + S2S__PACKED_I8_BYTES(whole, weight->in) + out_index % panel * sizeof(int32_t);
}

void s2s__weight_gather(const s2s__weight *from, const int32_t *ids, s2s__weight *to) {
  const size_t bytes = s2s__weight_bytes(to->kernels, to->out, to->in, to->use, to->storage);
  const int whole = to->storage == S2S__STORAGE_I8, panels = to->use == S2S__WEIGHT_MULTIPLY;
  if (bytes > 0 && panels && to->out % to->kernels->panel) {
    const size_t last = s2s__weight_bytes(to->kernels, to->kernels->panel, to->in, to->use, to->storage);
    memset((char *)to->data + bytes - last, 0, last); /* padding */
  }
  for (size_t o = 0; o < to->out; o++) {
    const size_t row = (size_t)ids[o];
    weight_copy_units(weight_units_of(from, row), weight_units_of(to, o));
    if (whole) to->scale[o] = from->scale[row];
    if (whole && panels) memcpy(weight_head(to, o), weight_head(from, row), sizeof(int32_t));
  }
}

/* ---- products ---------------------------------------------------------------------------------------------------- */

/* One product in parts: `rows` by `columns` each, `across` parts side by side. */
typedef struct weight_job {
  void (*multiply)(const s2s__gemm *g);
  const s2s__gemm *g;
  size_t width; /* bytes of a number of B */
  const s2s__kernels *kernels;
  const s2s__gemm_i8 *g_i8;
  size_t rows, columns, across;
  char *scratch; /* `scratch_bytes` a worker */
  size_t scratch_bytes;
} weight_job;

static size_t weight_rest(size_t whole, size_t from, size_t most) { return whole - from < most ? whole - from : most; }

static void weight_part(void *data, size_t part, size_t worker) {
  const weight_job *job = data;
  const size_t row = part / job->across * job->rows, column = part % job->across * job->columns;
  s2s__gemm g = *job->g;
  g.m = weight_rest(g.m, row, job->rows), g.n = weight_rest(g.n, column, job->columns);
  g.a += row * g.a_row;
  g.b = (const char *)g.b + column * g.k * job->width;
  g.c += row * g.c_row + column;
  if (g.bias) g.bias += column;
  g.scratch = job->scratch ? job->scratch + worker * job->scratch_bytes : NULL;
  job->multiply(&g);
}

static void weight_part_i8(void *data, size_t part, size_t worker) {
  const weight_job *job = data;
  const size_t column = part * job->columns;
  s2s__gemm_i8 g = *job->g_i8;
  (void)worker;
  g.n = weight_rest(g.n, column, job->columns);
  g.b = (const char *)g.b + S2S__PACKED_I8_BYTES(column, g.k);
  g.b_scale += column;
  g.c += column;
  if (g.bias) g.bias += column;
  job->kernels->gemm_i8(&g);
}

static size_t weight_parts(size_t size, size_t part) { return part > 0 ? (size + part - 1) / part : 1; }

/* How an [m, n] product over k is cut. Returns the parts. */
static size_t weight_cut(weight_job *job, const s2s__pool *pool, size_t m, size_t n, size_t k, int by_rows) {
  const size_t threads = s2s__pool_threads(pool), panel = job->kernels->panel;
  const size_t parts = threads * WEIGHT_PARTS, panels = (n + panel - 1) / panel;
  job->rows = m, job->columns = n, job->across = 1;
  if (threads == 1 || 2.0 * (double)m * (double)n * (double)k < WEIGHT_SHARED_WORK) return 1;
  if (by_rows && (m >= WEIGHT_ROWS * parts || m > n)) {
    job->rows = (m + parts - 1) / parts;
    return weight_parts(m, job->rows);
  }
  job->columns = (panels + parts - 1) / parts * panel;
  return job->across = weight_parts(n, job->columns);
}

/* g without its scratch */
static int32_t weight_run(const s2s__work *work, const s2s__kernels *kernels, s2s__storage storage,
                          const s2s__gemm *g) {
  const int half = storage == S2S__STORAGE_F16;
  weight_job job = {.multiply = half ? kernels->gemm_f16 : kernels->gemm,
                    .g = g,
                    .width = half ? sizeof(uint16_t) : sizeof(s2s__real),
                    .kernels = kernels};
  const size_t parts = weight_cut(&job, work->pool, g->m, g->n, g->k, 1);
  job.scratch_bytes = (s2s__gemm_scratch(g->m, g->k) + S2S__ALIGN - 1) / S2S__ALIGN * S2S__ALIGN;
  const size_t bytes = (parts > 1 ? s2s__pool_threads(work->pool) : 1) * job.scratch_bytes;
  const s2s__mark mark = s2s__arena_mark(work->arena);
  if (g->m > 1) job.scratch = s2s__arena_take(work->arena, bytes);
  if (g->m > 1 && !job.scratch) return weight_abandon(work, mark, bytes, "a multiplication");
  s2s__pool_run(parts > 1 ? work->pool : NULL, parts, weight_part, &job);
  s2s__arena_rewind(work->arena, mark);
  return S2S_OK;
}

/* The product with a weight of whole numbers; g's B is the weight's. */
static int32_t weight_run_i8(const s2s__work *work, const s2s__weight *weight, const s2s__gemm *g) {
  const s2s__mark mark = s2s__arena_mark(work->arena);
  const size_t bytes = S2S__QUANTIZED_BYTES(g->m, g->k);
  void *q = s2s__arena_take(work->arena, bytes);
  s2s__real *scale = S2S__TAKE(work->arena, s2s__real, g->m);
  if (!q || !scale) return weight_abandon(work, mark, bytes, "a multiplication");
  weight->kernels->quantize(g->m, g->k, g->a, g->a_row, q, scale);
  const s2s__gemm_i8 g_i8 = {.m = g->m,
                             .n = g->n,
                             .k = g->k,
                             .a = q,
                             .a_scale = scale,
                             .b = weight->data,
                             .b_scale = weight->scale,
                             .c = g->c,
                             .c_row = g->c_row,
                             .bias = g->bias,
                             .accumulate = g->accumulate};
  weight_job job = {.kernels = weight->kernels, .g_i8 = &g_i8};
  const size_t parts = weight_cut(&job, work->pool, g->m, g->n, g->k, 0);
  s2s__pool_run(parts > 1 ? work->pool : NULL, parts, weight_part_i8, &job);
  s2s__arena_rewind(work->arena, mark);
  return S2S_OK;
}

int32_t s2s__weight_multiply(const s2s__weight *weight, const s2s__work *work, size_t rows, const s2s__real *x,
                             size_t x_row, s2s__real *y, size_t y_row, const s2s__real *bias, int accumulate) {
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
  if (rows == 0) return S2S_OK;
  return weight->storage == S2S__STORAGE_I8 ? weight_run_i8(work, weight, &g)
                                            : weight_run(work, weight->kernels, weight->storage, &g);
}

int32_t s2s__weight_gradient(const s2s__kernels *kernels, const s2s__work *work, size_t rows, const s2s__real *dy,
                             size_t dy_row, size_t out, const s2s__real *x, size_t x_row, size_t in, s2s__real *dw) {
  const s2s__mark mark = s2s__arena_mark(work->arena);
  const size_t padded = weight_padded(kernels, in);
  size_t count;
  if (padded < in || !s2s__multiply_fits(padded, rows, &count))
    return s2s__fail(work->error, S2S_LIMIT, "a gradient over %zu x %zu numbers is too large", rows, in);
  s2s__real *packed = S2S__TAKE(work->arena, s2s__real, count);
  if (!packed) return weight_abandon(work, mark, count * sizeof(s2s__real), "a weight gradient");
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
  const int32_t status = weight_run(work, kernels, S2S__STORAGE_F32, &g);
  s2s__arena_rewind(work->arena, mark);
  return status;
}
