/* SPDX-License-Identifier: MIT
 *
 * For check_kernels.c: weights of every storage, alone and over threads.
 */
#ifndef CHECK_KERNELS_WEIGHT_H
#define CHECK_KERNELS_WEIGHT_H

#include "check_kernels_gemm.h"
#include "tensor/half.h"
#include "tensor/weight.h"

typedef struct weight_bench {
  s2s__host host;
  s2s__arena arena;
  s2s__error error;
  s2s__pool *pool;
  s2s__work alone, shared; /* without and with the pool */
} weight_bench;

static weight_bench *weight_bench_open(weight_bench *b) {
  memset(b, 0, sizeof *b);
  s2s__host_init(&b->host);
  s2s__arena_init(&b->arena, &b->host);
  if (s2s__pool_new(&b->host, 3, &b->pool, &b->error) != S2S_OK) exit(2);
  b->alone = (s2s__work){.arena = &b->arena, .error = &b->error};
  b->shared = (s2s__work){.arena = &b->arena, .pool = b->pool, .error = &b->error};
  return b;
}

static void weight_bench_close(weight_bench *b) {
  s2s__pool_free(b->pool);
  s2s__arena_free(&b->arena);
}

/* Row o of what the storage keeps of W. The values are in -1 .. 1, so an int8 row is within half a step of its scale.
 */
static int row_as_stored(const s2s__weight *weight, size_t o, const real *row, const real *w, size_t step) {
  for (size_t i = 0; i < weight->in; i++) {
    const real wanted = w[i * step];
    if (weight->storage == S2S__STORAGE_F32 && !same_bits(1, &row[i], &wanted)) return 0;
    const real half = s2s__half_widen(s2s__half_of_real(wanted));
    if (weight->storage == S2S__STORAGE_F16 && !same_bits(1, &row[i], &half)) return 0;
    if (weight->storage == S2S__STORAGE_I8 &&
        !(fabs((double)(row[i] - wanted)) <= 0.5001 * (double)weight->scale[o] && fabs((double)row[i]) <= 1))
      return 0;
  }
  return 1;
}

static int check_weight(const level *l) {
  weight_bench bench, *b = weight_bench_open(&bench);
  int good = 1;
  for (size_t t = 0; t < 120 && good; t++) {
    const size_t out = 1 + random_below(100), in = 1 + random_below(50);
    const real *w = take(out * in, 1);
    const int transposed = t % 4 >= 2;
    const s2s__storage storage = (s2s__storage)(t / 4 % (l->kernels->gemm_i8 ? 3 : 1));
    s2s__weight weight;
    good = s2s__weight_init(&weight, &b->arena, l->kernels, out, in, t % 2 ? S2S__WEIGHT_ROWS : S2S__WEIGHT_MULTIPLY,
                            storage, &b->error) == S2S_OK;
    good = good && s2s__weight_pack(&weight, &b->alone, w, transposed ? 1 : in, transposed ? out : 1) == S2S_OK;
    real *row = take(in, 0);
    for (size_t o = 0; o < out && good; o++) {
      s2s__weight_row(&weight, o, row);
      good = row_as_stored(&weight, o, row, w + (transposed ? o : o * in), transposed ? out : 1);
    }
    if (!good) diag("storage %d, %zu x %zu", (int)storage, out, in);
    good = release() && good;
    s2s__arena_reset(&b->arena);
  }
  weight_bench_close(b);
  return good;
}

/* What a product may differ by from the exact one with the rows as stored: roundings of the sum; with int8 also half a
 * step of x's scale for each k. */
static double multiply_bound(const s2s__weight *weight, size_t k, double size, double x_most, double w_size) {
  const double steps = weight->storage == S2S__STORAGE_I8 ? 0.5001 * x_most / 127 * w_size : 0;
  return (double)(k + 4) * UNIT * size + steps;
}

static int product_of_weight(const s2s__weight *weight, size_t rows, const real *x, const real *y, const real *bias) {
  const size_t in = weight->in;
  real *row = take(in, 0);
  for (size_t o = 0; o < weight->out; o++) {
    s2s__weight_row(weight, o, row);
    for (size_t r = 0; r < rows; r++) {
      double sum = (double)bias[o], size = fabs(sum), most = 0, w_size = 0;
      for (size_t i = 0; i < in; i++) {
        const double a = (double)x[r * in + i], w = (double)row[i];
        sum += a * w, size += fabs(a * w), w_size += fabs(w);
        if (fabs(a) > most) most = fabs(a);
      }
      if (!(fabs((double)y[r * weight->out + o] - sum) <= multiply_bound(weight, in, size, most, w_size)))
        return diag("storage %d, %zu of %zu x %zu: %g, wanted %g", (int)weight->storage, rows, weight->out, in,
                    (double)y[r * weight->out + o], sum),
               0;
    }
  }
  return 1;
}

/* Against the rows as stored; the same bits over threads; the arena as it was. */
static int multiply_case(const level *l, weight_bench *b, s2s__storage storage, size_t rows, size_t out, size_t in) {
  s2s__weight weight;
  const real *w = take(out * in, 1), *x = take(rows * in, 2), *bias = take(out, 1);
  real *y = take(rows * out, 0), *shared = take(rows * out, 0);
  int good =
      s2s__weight_init(&weight, &b->arena, l->kernels, out, in, S2S__WEIGHT_MULTIPLY, storage, &b->error) == S2S_OK &&
      s2s__weight_pack(&weight, &b->alone, w, in, 1) == S2S_OK;
  const size_t used = b->arena.used;
  good = good && s2s__weight_multiply(&weight, &b->alone, rows, x, in, y, out, bias, 0) == S2S_OK;
  good = good && s2s__weight_multiply(&weight, &b->shared, rows, x, in, shared, out, bias, 0) == S2S_OK;
  good = good && b->arena.used == used && same_bits(rows * out, y, shared);
  if (rows * out * in < 2000000) good = good && product_of_weight(&weight, rows, x, y, bias);
  if (!good) diag("storage %d, %zu rows, %zu x %zu", (int)storage, rows, out, in);
  good = release() && good;
  s2s__arena_reset(&b->arena);
  return good;
}

static int check_weight_multiply(const level *l) {
  weight_bench bench, *b = weight_bench_open(&bench);
  int good = 1;
  for (s2s__storage storage = S2S__STORAGE_F32;
       storage <= (l->kernels->gemm_i8 ? S2S__STORAGE_I8 : S2S__STORAGE_F32) && good; storage++) {
    for (size_t t = 0; t < 12 && good; t++)
      good = multiply_case(l, b, storage, random_below(20), 1 + random_below(90), 1 + random_below(90));
    good = good && multiply_case(l, b, storage, 33, 1000, 100) && multiply_case(l, b, storage, 1, 5000, 401);
    good = good && multiply_case(l, b, storage, 1003, 40, 64) && multiply_case(l, b, storage, 7, 2050, 257);
  }
  weight_bench_close(b);
  return good;
}

/* An output whose row of W has NaN or infinity is not finite, on every storage; the others are as without it. */
static int check_weight_special(const level *l) {
  enum { OUT = 21, IN = 30, ROWS = 7, BAD = 11 };
  weight_bench bench, *b = weight_bench_open(&bench);
  int good = 1;
  for (int n = 0; n < 6 && good; n++) {
    const s2s__storage storage = (s2s__storage)(n / 2);
    s2s__weight clean, bad;
    real *w = take(OUT * IN, 1), *x = take(ROWS * IN, 2), *y = take(ROWS * OUT, 3), *z = copy(ROWS * OUT, y);
    s2s__weight_init(&clean, &b->arena, l->kernels, OUT, IN, S2S__WEIGHT_MULTIPLY, storage, &b->error);
    s2s__weight_init(&bad, &b->arena, l->kernels, OUT, IN, S2S__WEIGHT_MULTIPLY, storage, &b->error);
    s2s__weight_pack(&clean, &b->alone, w, IN, 1);
    w[BAD * IN + 3] = (real)(n % 2 ? NAN : -INFINITY);
    s2s__weight_pack(&bad, &b->alone, w, IN, 1);
    s2s__weight_multiply(&clean, &b->alone, ROWS, x, IN, y, OUT, NULL, 1);
    s2s__weight_multiply(&bad, &b->alone, ROWS, x, IN, z, OUT, NULL, 1);
    for (size_t i = 0; i < ROWS * OUT; i++)
      good = good && (i % OUT == BAD ? !isfinite(z[i]) : same_bits(1, y + i, z + i));
    good = release() && good;
  }
  weight_bench_close(b);
  return good;
}

/* Sizes that overflow or are too wide are refused. */
static int check_weight_limits(const level *l) {
  weight_bench bench, *b = weight_bench_open(&bench);
  s2s__weight weight;
  int good = 1;
  for (s2s__storage storage = S2S__STORAGE_F32;
       storage <= (l->kernels->gemm_i8 ? S2S__STORAGE_I8 : S2S__STORAGE_F32) && good; storage++)
    for (s2s__weight_use use = S2S__WEIGHT_MULTIPLY; use <= S2S__WEIGHT_ROWS && good; use++) {
      const size_t large[][2] = {{SIZE_MAX, 1}, {SIZE_MAX / 2, 40}, {40, SIZE_MAX / 2}, {1, SIZE_MAX}};
      for (size_t i = 0; i < 4; i++)
        good = good && s2s__weight_init(&weight, &b->arena, l->kernels, large[i][0], large[i][1], use, storage,
                                        &b->error) != S2S_OK;
      good = good && s2s__weight_init(&weight, &b->arena, l->kernels, 0, 0, use, storage, &b->error) == S2S_OK;
    }
  good = good && s2s__weight_init(&weight, &b->arena, l->kernels, 1, S2S__K_LIMIT_I8 + 1, S2S__WEIGHT_MULTIPLY,
                                  S2S__STORAGE_I8, &b->error) == S2S_LIMIT;
  weight_bench_close(b);
  return good;
}

static int gradient_case(const level *l, weight_bench *b, size_t rows, size_t out, size_t in) {
  const size_t dy_row = out + random_below(4), x_row = in + random_below(4), used = b->arena.used;
  product p = {.g = {.m = out, .n = in, .k = rows, .a_row = 1, .a_step = dy_row, .c_row = in, .accumulate = 1},
               .b_row = x_row,
               .b_step = 1};
  p.g.a = take(rows * dy_row, 1);
  p.b = take(rows * x_row, 1);
  p.g.c = take(out * in, 1);
  const real *before = copy(out * in, p.g.c);
  real *shared = copy(out * in, p.g.c);
  int good = s2s__weight_gradient(l->kernels, &b->alone, rows, p.g.a, dy_row, out, p.b, x_row, in, p.g.c) == S2S_OK &&
             s2s__weight_gradient(l->kernels, &b->shared, rows, p.g.a, dy_row, out, p.b, x_row, in, shared) == S2S_OK;
  good = good && b->arena.used == used && same_bits(out * in, p.g.c, shared);
  if (rows * out * in < 2000000) good = good && product_right(&p, before, l->kernels != l->c);
  return release() && good;
}

static int check_weight_gradient(const level *l) {
  weight_bench bench, *b = weight_bench_open(&bench);
  int good = 1;
  for (size_t t = 0; t < 30 && good; t++)
    good = gradient_case(l, b, random_below(300), 1 + random_below(70), 1 + random_below(90));
  good = good && gradient_case(l, b, 130, 500, 130) && gradient_case(l, b, 130, 60, 900);
  weight_bench_close(b);
  return good;
}

#endif
