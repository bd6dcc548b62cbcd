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

static int32_t params_weight(const s2s__params *params, size_t out, size_t in, s2s__weight_use use,
                             s2s__weight **weight, s2s__error *error) {
  *weight = S2S__TAKE(params->arena, s2s__weight, 1);
  if (!*weight) return s2s__fail_memory(error, sizeof **weight, "a weight");
  return s2s__weight_init(*weight, params->arena, params->kernels, out, in, use, S2S__STORAGE_F32, error);
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
  if (p->part[0]) {
    S2S__TRY(params_allocate_one(params, p->part[0], error));
    return params_allocate_one(params, p->part[1], error);
  }
  if (params->training && p->use == S2S__WEIGHT_ROWS) return params_alias_rows(params, p, error);
  S2S__TRY(params_weight(params, p->rows, p->cols, p->use, &p->weight, error));
  return params->training ? params_weight(params, p->cols, p->rows, p->use, &p->transposed, error) : S2S_OK;
}

/* Room for all values in one block: taking each by itself would leave gaps at the ends of the arena's chunks. */
static int32_t params_reserve(const s2s__params *params, s2s__error *error) {
  const uint64_t panel = params->kernels->panel;
  uint64_t bytes = 0;
  for (size_t i = 0; i < params->count; i++) {
    const s2s__param *p = params->item[i];
    const uint64_t whole = p->rows + (p->part[0] ? panel : 0);
    const uint64_t rows = p->is_vector || p->use == S2S__WEIGHT_ROWS ? p->rows : (whole + panel - 1) / panel * panel;
    bytes += rows * p->cols * sizeof(s2s__real) + (sizeof(s2s__weight) + 4 * S2S__ALIGN) * (p->part[0] ? 2 : 1);
  }
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

int32_t s2s__param_read(const s2s__param *param, s2s__arena *arena, float *values, s2s__error *error) {
  const size_t size = s2s__param_size(param);
  if (param->value) {
    for (size_t i = 0; i < size; i++) values[i] = (float)param->value[i];
    return S2S_OK;
  }
  if (param->part[0]) {
    S2S__TRY(s2s__param_read(param->part[0], arena, values, error));
    return s2s__param_read(param->part[1], arena, values + s2s__param_size(param->part[0]), error);
  }
  const s2s__mark mark = s2s__arena_mark(arena);
  s2s__real *row = S2S__TAKE(arena, s2s__real, param->cols);
  if (!row) return s2s__fail_memory(error, param->cols * sizeof *row, param->name);
  for (size_t r = 0; r < param->rows; r++) {
    s2s__weight_row(param->weight, r, row);
    for (size_t c = 0; c < param->cols; c++) values[r * param->cols + c] = (float)row[c];
  }
  s2s__arena_rewind(arena, mark);
  return S2S_OK;
}

int32_t s2s__param_check(const s2s__param *param, const float *values, s2s__error *error) {
  for (size_t i = 0; i < s2s__param_size(param); i++)
    if (!isfinite(values[i]))
      return s2s__fail(error, S2S_BAD_ARGUMENT, "%s: value %zu is not a finite number", param->name, i);
  return S2S_OK;
}

int32_t s2s__param_write(const s2s__param *param, s2s__arena *arena, const float *values, s2s__error *error) {
  const size_t size = s2s__param_size(param);
  const s2s__work work = {.arena = arena, .error = error};
  if (param->part[0] && !param->value) {
    S2S__TRY(s2s__param_write(param->part[0], arena, values, error));
    return s2s__param_write(param->part[1], arena, values + s2s__param_size(param->part[0]), error);
  }
  const s2s__mark mark = s2s__arena_mark(arena);
  if (!param->value && sizeof(s2s__real) == sizeof(float)) { /* then they can be packed as they are */
    return s2s__weight_pack(param->weight, &work, (const void *)values, param->cols, 1);
  }
  s2s__real *value = param->value;
  if (!value) value = S2S__TAKE(arena, s2s__real, size);
  if (!value) return s2s__fail_memory(error, size * sizeof *value, param->name);
  for (size_t i = 0; i < size; i++) value[i] = (s2s__real)values[i];
  if (param->value)
    s2s__param_pack(param);
  else
    S2S__TRY(s2s__weight_pack(param->weight, &work, value, param->cols, 1));
  s2s__arena_rewind(arena, mark);
  return S2S_OK;
}

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
