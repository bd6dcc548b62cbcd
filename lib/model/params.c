/* SPDX-License-Identifier: MIT
 *
 * Declaring, drawing, reading, writing and packing parameters.
 */
#include "model/params.h"

#include "base/random.h"

#include <math.h>
#include <string.h>

void s2s__params_init(s2s__params *params, s2s__arena *arena, const s2s__kernels *kernels, int training) {
  memset(params, 0, sizeof *params);
  params->arena = arena;
  params->kernels = kernels;
  params->training = training;
}

/* ---- declaration ------------------------------------------------------------------------------------------------- */

static int32_t params_grow(s2s__params *params, s2s__error *error) {
  if (params->count < params->capacity) return S2S_OK;
  const size_t capacity = params->capacity ? 2 * params->capacity : 32;
  s2s__param **item = S2S__TAKE(params->arena, s2s__param *, capacity);
  if (!item) return s2s__fail_memory(error, capacity * sizeof *item, "the parameter list");
  if (params->count) memcpy(item, params->item, params->count * sizeof *item);
  params->item = item;
  params->capacity = capacity;
  return S2S_OK;
}

static int32_t params_declare(s2s__params *params, const char *name, size_t rows, size_t cols, s2s__param **param,
                              s2s__error *error) {
  size_t size;
  if (!s2s__multiply_fits(rows, cols, &size) || size > S2S__MAX_PARAMETERS - params->total)
    return s2s__fail(error, S2S_LIMIT, "parameter %s [%zu, %zu] makes the model larger than %zu numbers", name, rows,
                     cols, S2S__MAX_PARAMETERS);
  S2S__TRY(params_grow(params, error));
  s2s__param *p = s2s__arena_take_zeroed(params->arena, sizeof *p);
  char *copy = s2s__arena_text(params->arena, name, strlen(name));
  if (!p || !copy) return s2s__fail_memory(error, sizeof *p, "a parameter");
  *p = (s2s__param){.name = copy, .rows = rows, .cols = cols, .offset = params->total};
  params->item[params->count++] = p;
  params->total += size;
  *param = p;
  return S2S_OK;
}

int32_t s2s__params_matrix(s2s__params *params, const char *name, size_t rows, size_t cols, s2s__weight_use use,
                           s2s__param_init init, double bound, const s2s__param **param, s2s__error *error) {
  s2s__param *p;
  S2S__TRY(params_declare(params, name, rows, cols, &p, error));
  p->use = use;
  p->init = init;
  p->bound = bound;
  *param = p;
  return S2S_OK;
}

static int32_t params_vector(s2s__params *params, const char *name, size_t size, s2s__param_init init, double bound,
                             const s2s__param **param, s2s__error *error) {
  s2s__param *p;
  S2S__TRY(params_declare(params, name, 1, size, &p, error));
  p->is_vector = 1;
  p->init = init;
  p->bound = bound;
  *param = p;
  return S2S_OK;
}

int32_t s2s__params_vector(s2s__params *params, const char *name, size_t size, double bound, const s2s__param **param,
                           s2s__error *error) {
  return params_vector(params, name, size, S2S__INIT_UNIFORM, bound, param, error);
}

int32_t s2s__params_constant(s2s__params *params, const char *name, size_t size, double value,
                             const s2s__param **param, s2s__error *error) {
  return params_vector(params, name, size, S2S__INIT_CONSTANT, value, param, error);
}

static int32_t params_part(s2s__params *params, const s2s__param *whole, size_t from, size_t to, s2s__param **part,
                           s2s__error *error) {
  *part = S2S__TAKE(params->arena, s2s__param, 1);
  if (!*part) return s2s__fail_memory(error, sizeof **part, "a parameter");
  **part = *whole;
  if (whole->is_vector)
    (*part)->cols = to - from;
  else
    (*part)->rows = to - from;
  (*part)->offset = whole->offset + from * (whole->is_vector ? 1 : whole->cols);
  return S2S_OK;
}

int32_t s2s__params_split(s2s__params *params, const s2s__param *param, size_t first, const s2s__param *part[2],
                          s2s__error *error) {
  s2s__param *p = params->item[0], *made[2];
  for (size_t i = 0; i < params->count; i++)
    if (params->item[i] == param) p = params->item[i];
  S2S__TRY(params_part(params, p, 0, first, &made[0], error));
  S2S__TRY(params_part(params, p, first, p->is_vector ? p->cols : p->rows, &made[1], error));
  for (size_t i = 0; i < 2; i++) part[i] = p->part[i] = made[i];
  return S2S_OK;
}

/* "prefix" + "suffix", in the arena. */
static const char *params_name(s2s__params *params, const char *prefix, const char *suffix) {
  const size_t n = strlen(prefix), m = strlen(suffix);
  char *name = s2s__arena_take(params->arena, n + m + 1);
  if (!name) return NULL;
  memcpy(name, prefix, n);
  memcpy(name + n, suffix, m + 1);
  return name;
}

int32_t s2s__params_linear(s2s__params *params, const char *prefix, size_t out, size_t in, const s2s__param **weight,
                           const s2s__param **bias, s2s__error *error) {
  const double bound = 1.0 / sqrt((double)in);
  const char *weight_name = params_name(params, prefix, ".weight"), *bias_name = params_name(params, prefix, ".bias");
  if (!weight_name || !bias_name) return s2s__fail_memory(error, strlen(prefix) + 8, "a parameter's name");
  S2S__TRY(
      s2s__params_matrix(params, weight_name, out, in, S2S__WEIGHT_MULTIPLY, S2S__INIT_UNIFORM, bound, weight, error));
  return bias ? s2s__params_vector(params, bias_name, out, bound, bias, error) : S2S_OK;
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

static int32_t params_weight(const s2s__params *params, const s2s__param *p, size_t out, size_t in,
                             s2s__weight **weight, s2s__error *error) {
  const s2s__storage storage = params->training ? S2S__STORAGE_F32 : p->storage;
  *weight = S2S__TAKE(params->arena, s2s__weight, 1);
  if (!*weight) return s2s__fail_memory(error, sizeof **weight, "a weight");
  if (s2s__weight_init(*weight, params->arena, params->kernels, out, in, p->use, storage, error) == S2S_OK)
    return S2S_OK;
  return s2s__fail_prefix(error, "parameter %s", p->name);
}

/* A matrix that is only read by row needs no second copy in training: its weight is the flat array itself. */
static int32_t params_alias_rows(const s2s__params *params, s2s__param *p, s2s__error *error) {
  p->weight = S2S__TAKE(params->arena, s2s__weight, 1);
  if (!p->weight) return s2s__fail_memory(error, sizeof *p->weight, "a weight");
  *p->weight = (s2s__weight){
      .kernels = params->kernels, .out = p->rows, .in = p->cols, .use = S2S__WEIGHT_ROWS, .data = p->value};
  return S2S_OK;
}

static int32_t params_allocate_vector(const s2s__params *params, s2s__param *p, s2s__error *error) {
  if (!p->value) p->value = S2S__TAKE(params->arena, s2s__real, p->cols);
  if (!p->value) return s2s__fail_memory(error, p->cols * sizeof(s2s__real), p->name);
  for (size_t i = 0; i < 2 && p->part[i]; i++) p->part[i]->value = p->value + (p->part[i]->offset - p->offset);
  return S2S_OK;
}

static int32_t params_allocate_one(const s2s__params *params, s2s__param *p, s2s__error *error) {
  if (params->training) p->value = params->value + p->offset;
  if (p->is_vector) return params_allocate_vector(params, p, error);
  for (size_t i = 0; i < 2 && p->part[i]; i++) {
    p->part[i]->storage = p->storage;
    S2S__TRY(params_allocate_one(params, p->part[i], error));
  }
  if (p->part[0]) return S2S_OK;
  if (params->training && p->use == S2S__WEIGHT_ROWS) return params_alias_rows(params, p, error);
  S2S__TRY(params_weight(params, p, p->rows, p->cols, &p->weight, error));
  return params->training ? params_weight(params, p, p->cols, p->rows, &p->transposed, error) : S2S_OK;
}

/* What one takes of the arena, at most. */
static uint64_t params_room(const s2s__params *params, const s2s__param *p) {
  const uint64_t once = sizeof(s2s__weight) + 4 * S2S__ALIGN, scales = p->storage == S2S__STORAGE_I8 ? p->rows : 0;
  if (p->is_vector) return p->cols * sizeof(s2s__real) + once;
  const size_t rows = p->rows + (p->part[0] ? params->kernels->panel : 0);
  return s2s__weight_bytes(params->kernels, rows, p->cols, p->use, p->storage) + scales * sizeof(s2s__real) + 2 * once;
}

/* Room for all values in one block: taking each by itself would leave gaps at the ends of the arena's chunks. */
static int32_t params_reserve(const s2s__params *params, s2s__error *error) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < params->count; i++) bytes += params_room(params, params->item[i]);
  const s2s__mark mark = s2s__arena_mark(params->arena);
  if (bytes > SIZE_MAX || !s2s__arena_take(params->arena, (size_t)bytes))
    return s2s__fail_memory(error, bytes > SIZE_MAX ? SIZE_MAX : (size_t)bytes, "the parameters");
  s2s__arena_rewind(params->arena, mark);
  return S2S_OK;
}

int32_t s2s__params_allocate(s2s__params *params, s2s__error *error) {
  if (params->training) {
    params->value = S2S__TAKE(params->arena, s2s__real, params->total);
    if (!params->value) return s2s__fail_memory(error, params->total * sizeof(s2s__real), "the parameters");
  } else
    S2S__TRY(params_reserve(params, error));
  for (size_t i = 0; i < params->count; i++) S2S__TRY(params_allocate_one(params, params->item[i], error));
  return S2S_OK;
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

void s2s__param_pack(const s2s__param *param) {
  if (param->is_vector) return;
  if (param->part[0]) {
    s2s__param_pack(param->part[0]);
    s2s__param_pack(param->part[1]);
    return;
  }
  if (param->weight->data == param->value) return;
  (void)s2s__weight_pack(param->weight, NULL, param->value, param->cols, 1); /* f32 in training: cannot fail */
  if (param->transposed) (void)s2s__weight_pack(param->transposed, NULL, param->value, 1, param->cols);
}

/* The one of a parameter's parts that has a row, and the row's number there. */
static const s2s__param *params_part_of(const s2s__param *param, size_t *row) {
  if (!param->part[0]) return param;
  const size_t upper = param->part[0]->rows, lower = *row >= upper;
  *row -= lower ? upper : 0;
  return param->part[lower];
}

int32_t s2s__param_get(const s2s__param *param, s2s__arena *arena, size_t first, size_t count, float *values,
                       s2s__error *error) {
  const s2s__mark mark = s2s__arena_mark(arena);
  s2s__real *row = S2S__TAKE(arena, s2s__real, param->cols);
  if (!row) return s2s__fail_memory(error, param->cols * sizeof *row, param->name);
  for (size_t r = 0; r < count; r++, values += param->cols) {
    size_t at = first + r;
    const s2s__real *from = param->value ? param->value + at * param->cols : row;
    const s2s__param *part = params_part_of(param, &at);
    if (!param->value) s2s__weight_row(part->weight, at, row);
    for (size_t c = 0; c < param->cols; c++) values[c] = (float)from[c];
  }
  s2s__arena_rewind(arena, mark);
  return S2S_OK;
}

int32_t s2s__param_read(const s2s__param *param, s2s__arena *arena, float *values, s2s__error *error) {
  for (size_t i = 0; param->value && i < s2s__param_size(param); i++) values[i] = (float)param->value[i];
  return param->value ? S2S_OK : s2s__param_get(param, arena, 0, param->rows, values, error);
}

/* Whether all are finite and, for halves, none becomes infinite there. */
static int params_are_fine(size_t count, const float *values, uint32_t most) {
  uint32_t bad = 0;
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, &values[i], sizeof bits);
    bad |= (bits & 0x7fffffffu) >= most;
  }
  return !bad;
}

int32_t s2s__param_check(const s2s__param *param, size_t first, size_t count, const float *values, s2s__error *error) {
  const int half = !param->value && param->storage == S2S__STORAGE_F16;
  if (params_are_fine(count, values, half ? 0x477ff000u /* 65520 */ : 0x7f800000u)) return S2S_OK;
  size_t i = 0;
  while (params_are_fine(1, &values[i], half ? 0x477ff000u : 0x7f800000u)) i++;
  if (!isfinite(values[i]))
    return s2s__fail(error, S2S_BAD_ARGUMENT, "%s: value %zu is not a finite number", param->name, first + i);
  return s2s__fail(error, S2S_BAD_ARGUMENT, "%s: value %zu is %g, and f16 goes to 65504", param->name, first + i,
                   (double)values[i]);
}

size_t s2s__param_piece(const s2s__param *param, size_t first, size_t numbers) {
  if (param->is_vector) return 1;
  const s2s__param *part = params_part_of(param, &first);
  const size_t panel = part->weight->kernels->panel, rows = numbers / (param->cols ? param->cols : 1);
  const size_t whole = rows < panel ? panel : rows / panel * panel, left = part->rows - first;
  return whole < left ? whole : left;
}

/* Values as they are packed: in place, or converted where a real is a double. */
static int32_t params_put_matrix(const s2s__param *part, s2s__arena *arena, size_t first, size_t count,
                                 const float *values, s2s__error *error) {
  const s2s__work work = {.arena = arena, .error = error};
  if (sizeof(s2s__real) == sizeof(float))
    return s2s__weight_put(part->weight, &work, first, count, (const void *)values);
  const s2s__mark mark = s2s__arena_mark(arena);
  s2s__real *real = S2S__TAKE(arena, s2s__real, count * part->cols);
  if (!real) return s2s__fail_memory(error, count * part->cols * sizeof *real, part->name);
  for (size_t i = 0; i < count * part->cols; i++) real[i] = (s2s__real)values[i];
  S2S__TRY(s2s__weight_put(part->weight, &work, first, count, real));
  s2s__arena_rewind(arena, mark);
  return S2S_OK;
}

int32_t s2s__param_put(const s2s__param *param, s2s__arena *arena, size_t first, size_t count, const float *values,
                       s2s__error *error) {
  s2s__real *to = param->value ? param->value + first * param->cols : NULL;
  for (size_t i = 0; to && i < count * param->cols; i++) to[i] = (s2s__real)values[i];
  const s2s__param *part = params_part_of(param, &first);
  return to ? S2S_OK : params_put_matrix(part, arena, first, count, values, error);
}

#define PARAMS_PIECE 16384 /* numbers that are converted at a time */

int32_t s2s__param_write(const s2s__param *param, s2s__arena *arena, const float *values, s2s__error *error) {
  if (param->value) {
    S2S__TRY(s2s__param_put(param, arena, 0, param->rows, values, error));
    s2s__param_pack(param);
    return S2S_OK;
  }
  for (size_t row = 0, count; row < param->rows; row += count) {
    count = s2s__param_piece(param, row, PARAMS_PIECE);
    S2S__TRY(s2s__param_put(param, arena, row, count, values + row * param->cols, error));
  }
  return S2S_OK;
}

void s2s__param_get_i8(const s2s__param *param, size_t first, size_t count, int8_t *q) {
  for (size_t r = 0; r < count; r++, q += param->cols) {
    size_t at = first + r;
    const s2s__param *part = params_part_of(param, &at);
    s2s__weight_row_i8(part->weight, at, q);
  }
}

void s2s__param_put_i8(const s2s__param *param, size_t first, size_t count, const int8_t *q) {
  const s2s__param *part = params_part_of(param, &first);
  s2s__weight_put_i8(part->weight, first, count, q);
}

void s2s__param_get_scales(const s2s__param *param, float *scales) {
  for (size_t r = 0; r < param->rows; r++) {
    size_t at = r;
    const s2s__param *part = params_part_of(param, &at);
    scales[r] = (float)part->weight->scale[at];
  }
}

void s2s__param_put_scales(const s2s__param *param, const float *scales) {
  for (size_t r = 0; r < param->rows; r++) {
    size_t at = r;
    const s2s__param *part = params_part_of(param, &at);
    part->weight->scale[at] = (s2s__real)scales[r];
  }
}

/* ---- copies ------------------------------------------------------------------------------------------------------ */

static int params_are_whole(const s2s__param *from, const s2s__param *to) {
  return !from->value && !to->value && from->storage == S2S__STORAGE_I8 && to->storage == S2S__STORAGE_I8;
}

static int32_t params_copy_rows(const s2s__param *from, const s2s__param *to, size_t row, size_t count,
                                s2s__arena *arena, s2s__error *error) {
  const size_t numbers = count * from->cols;
  float *values = S2S__TAKE(arena, float, numbers);
  if (!values) return s2s__fail_memory(error, numbers * sizeof *values, from->name);
  if (params_are_whole(from, to)) {
    s2s__param_get_i8(from, row, count, (int8_t *)(void *)values);
    s2s__param_put_i8(to, row, count, (int8_t *)(void *)values);
    return S2S_OK;
  }
  S2S__TRY(s2s__param_get(from, arena, row, count, values, error));
  if (to->storage == S2S__STORAGE_F16) S2S__TRY(s2s__param_check(to, row * to->cols, numbers, values, error));
  return s2s__param_put(to, arena, row, count, values, error);
}

static int32_t params_copy_scales(const s2s__param *from, const s2s__param *to, s2s__arena *arena, s2s__error *error) {
  const s2s__mark mark = s2s__arena_mark(arena);
  float *scales = S2S__TAKE(arena, float, from->rows);
  if (!scales) return s2s__fail_memory(error, from->rows * sizeof *scales, from->name);
  s2s__param_get_scales(from, scales);
  s2s__param_put_scales(to, scales);
  s2s__arena_rewind(arena, mark);
  return S2S_OK;
}

int32_t s2s__param_copy(const s2s__param *from, const s2s__param *to, s2s__arena *arena, s2s__error *error) {
  for (size_t row = 0, count; row < to->rows; row += count) {
    const s2s__mark mark = s2s__arena_mark(arena);
    count = to->value ? to->rows : s2s__param_piece(to, row, PARAMS_PIECE);
    S2S__TRY(params_copy_rows(from, to, row, count, arena, error));
    s2s__arena_rewind(arena, mark);
  }
  if (to->value) s2s__param_pack(to);
  return params_are_whole(from, to) ? params_copy_scales(from, to, arena, error) : S2S_OK;
}

/* ---- storage ----------------------------------------------------------------------------------------------------- */

const char *s2s__params_storage(const s2s__params *params) {
  static const char *const names[] = {"f32", "f16", "int8"};
  const char *name = NULL;
  for (size_t i = 0; i < params->count; i++) {
    const s2s__param *p = params->item[i];
    if (p->is_vector || p->rows == 1) continue;
    if (name && name != names[p->storage]) return "mixed";
    name = names[p->storage];
  }
  return name ? name : names[S2S__STORAGE_F32];
}

void s2s__params_store(const s2s__params *params, s2s__storage storage) {
  for (size_t i = 0; i < params->count; i++) {
    s2s__param *p = params->item[i];
    p->storage = p->is_vector || p->rows == 1 ? S2S__STORAGE_F32 : storage;
  }
}

/* ---- drawing ----------------------------------------------------------------------------------------------------- */

static float params_draw_value(const s2s__param *p, uint64_t key, size_t i) {
  if (p->init == S2S__INIT_CONSTANT) return (float)p->bound;
  if (p->init == S2S__INIT_NORMAL) return (float)(p->bound * s2s__normal(key, i));
  return (float)(p->bound * (2.0 * s2s__uniform(key, i) - 1.0));
}

int32_t s2s__params_draw(const s2s__params *params, uint64_t seed, s2s__error *error) {
  for (size_t n = 0; n < params->count; n++) {
    const s2s__param *p = params->item[n];
    const uint64_t key = s2s__key(s2s__key(seed, 0x706172616DU), n);
    const size_t size = s2s__param_size(p);
    const s2s__mark mark = s2s__arena_mark(params->arena);
    float *values = S2S__TAKE(params->arena, float, size);
    if (!values) return s2s__fail_memory(error, size * sizeof *values, p->name);
    for (size_t i = 0; i < size; i++) values[i] = params_draw_value(p, key, i);
    S2S__TRY(s2s__param_write(p, params->arena, values, error));
    s2s__arena_rewind(params->arena, mark);
  }
  return S2S_OK;
}

#undef PARAMS_PIECE
