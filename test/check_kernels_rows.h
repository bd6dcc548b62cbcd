/* SPDX-License-Identifier: MIT
 *
 * For check_kernels.c: sums, updates, layer norm, softmax, cells, attention, dropout, Adam.
 */
#ifndef CHECK_KERNELS_ROWS_H
#define CHECK_KERNELS_ROWS_H

#include "check_kernels_arrays.h"

/* ---- vectors ----------------------------------------------------------------------------------------------------- */

/* Sums: against a sum in long double; and the same bits at another address. */
static int check_sums(const level *l) {
  int good = 1;
  for (size_t s = 0; s < SIZES && good; s++) {
    const size_t n = sizes[s];
    const real *x = take(n, 3), *y = take(n, 3), *x2 = copy(n, x), *y2 = copy(n, y);
    long double dot = 0, sum = 0, squares = 0, dot_size = 0, sum_size = 0;
    real most = (real)-INFINITY;
    for (size_t j = 0; j < n; j++) {
      dot += (long double)x[j] * y[j], dot_size += fabsl((long double)x[j] * y[j]);
      sum += x[j], sum_size += fabsl((long double)x[j]);
      squares += (long double)x[j] * x[j];
      if (x[j] > most) most = x[j];
    }
    const real d = l->kernels->dot(n, x, y), d2 = l->kernels->dot(n, x2, y2);
    const real t = l->kernels->sum(n, x), t2 = l->kernels->sum(n, x2);
    const double q = l->kernels->sum_squares(n, x), q2 = l->kernels->sum_squares(n, x2);
    good = same_bits(1, &d, &d2) && same_bits(1, &t, &t2) && q == q2 && l->kernels->max(n, x) == most;
    good = good && fabs((double)(d - dot)) <= (double)(n + 1) * UNIT * (double)dot_size;
    good = good && fabs((double)(t - sum)) <= (double)(n + 1) * UNIT * (double)sum_size;
    good = good && fabs((double)(q - squares)) <= (double)(n + 1) * DBL_EPSILON * (double)squares;
    if (!good) diag("size %zu", n);
    good = release() && good;
  }
  return good;
}

static int check_max_special(const level *l) {
  int good = l->kernels->max(0, NULL) == (real)-INFINITY;
  for (size_t n = 1; n < 70; n++) {
    real *x = take(n, 3);
    const size_t at = random_below(n);
    x[at] = (real)INFINITY;
    good = good && l->kernels->max(n, x) == (real)INFINITY;
    x[random_below(n)] = (real)NAN;
    good = good && isnan(l->kernels->max(n, x));
    for (size_t j = 0; j < n; j++) x[j] = (real)-INFINITY;
    good = good && l->kernels->max(n, x) == (real)-INFINITY;
    good = release() && good;
  }
  return good;
}

/* y += alpha x and its like: one rounding, or two, of terms no larger than 10. */
static int check_updates(const level *l) {
  int good = 1;
  for (size_t s = 0; s < SIZES && good; s++) {
    const size_t n = sizes[s];
    const real *x = take(n, 3), *z = take(n, 3), *y = take(n, 3);
    real *got = copy(n, y), *wanted = copy(n, y);
    l->kernels->axpy(n, (real)0.7, x, got), l->c->axpy(n, (real)0.7, x, wanted);
    good = near("axpy", n, got, wanted, 2, 3);
    memcpy(got, wanted, n * sizeof *got);
    l->kernels->add(n, x, got), l->c->add(n, x, wanted);
    good = good && same_bits(n, got, wanted);
    l->kernels->scale(n, (real)1.3, got), l->c->scale(n, (real)1.3, wanted);
    good = good && same_bits(n, got, wanted);
    l->kernels->tanh_backward(n, x, z, got), l->c->tanh_backward(n, x, z, wanted);
    good = good && near("tanh_backward", n, got, wanted, 4, 40);
    good = release() && good;
  }
  return good;
}

/* ---- softmax ----------------------------------------------------------------------------------------------------- */

static int check_softmax(const level *l) {
  int good = 1;
  for (size_t s = 0; s < SIZES && good; s++) {
    const size_t n = sizes[s];
    const real *x = take(n, 20), *dp = take(n, 3), *dx = take(n, 3);
    real *got = copy(n, x), *again = copy(n, x), *wanted = copy(n, x), *got_dx = copy(n, dx), *wanted_dx = copy(n, dx);
    l->kernels->softmax(n, got), l->kernels->softmax(n, again), l->c->softmax(n, wanted);
    good = same_bits(n, got, again) && near("softmax", n, got, wanted, 40, 0);
    l->kernels->softmax_backward(n, wanted, dp, got_dx), l->c->softmax_backward(n, wanted, dp, wanted_dx);
    good = good && near("softmax_backward", n, got_dx, wanted_dx, 40, 6);
    l->kernels->log_softmax(n, x, got), l->kernels->log_softmax(n, copy(n, x), again), l->c->log_softmax(n, x, wanted);
    good = good && same_bits(n, got, again) && near("log_softmax", n, got, wanted, 4, 40);
    memcpy(again, x, n * sizeof *x);
    l->kernels->log_softmax(n, again, again);
    good = good && same_bits(n, got, again);
    good = release() && good;
  }
  return good;
}

/* A row with plus infinity has shares of infinity over infinity; one of minus infinities, of nothing: NaN. */
static int softmax_has_no_share(const level *l, size_t n) {
  real *x = take(n, 1), *y = take(n, 1);
  int good = 1;
  x[random_below(n)] = (real)INFINITY;
  for (size_t j = 0; j < n; j++) y[j] = (real)-INFINITY;
  l->kernels->softmax(n, x), l->kernels->softmax(n, y);
  for (size_t j = 0; j < n; j++) good = good && isnan(x[j]) && isnan(y[j]);
  return release() && good;
}

/* Minus infinity is probability zero; NaN makes the row NaN. */
static int check_softmax_special(const level *l) {
  int good = 1;
  for (size_t n = 2; n < 70; n++) {
    real *x = take(n, 1), *y = copy(n, x), sum = 0;
    const size_t at = random_below(n);
    x[at] = (real)-INFINITY;
    l->kernels->log_softmax(n, x, y);
    good = good && y[at] == (real)-INFINITY;
    l->kernels->softmax(n, x);
    for (size_t j = 0; j < n; j++) sum += x[j];
    good = good && x[at] == 0 && fabs((double)sum - 1) < 100 * UNIT;
    x[at] = (real)NAN;
    l->kernels->softmax(n, x);
    for (size_t j = 0; j < n; j++) good = good && isnan(x[j]);
    good = release() && good && softmax_has_no_share(l, n);
  }
  return good;
}

static int check_cross_entropy(const level *l) {
  int good = 1;
  for (size_t s = 1; s < 2 * SIZES && good; s++) {
    const size_t n = sizes[s / 2], target = n ? random_below(n) : 0;
    const real *x = take(n, 10);
    real *got = copy(n, x), *wanted = copy(n, x), *again = copy(n, x), out[6];
    const real eps = (real)(s % 2 ? 0.1 : 0);
    out[0] = l->kernels->cross_entropy(n, got, target, eps, (real)0.3, out + 1);
    out[2] = l->c->cross_entropy(n, wanted, target, eps, (real)0.3, out + 3);
    out[4] = l->kernels->cross_entropy(n, again, target, eps, (real)0.3, out + 5);
    good = same_bits(n, got, again) && same_bits(2, out, out + 4) && near("loss", 2, out, out + 2, 10, 20);
    good = good && near("cross_entropy", n, got, wanted, 40, 0.05);
    good = release() && good;
  }
  return good;
}

/* ---- layer norm -------------------------------------------------------------------------------------------------- */

/* Mean and deviation in long double. */
static void moments_of(size_t n, const real *x, long double eps, long double *mean, long double *inverse) {
  long double sum = 0, squares = 0;
  for (size_t j = 0; j < n; j++) sum += x[j];
  *mean = sum / (long double)n;
  for (size_t j = 0; j < n; j++) squares += (x[j] - *mean) * (x[j] - *mean);
  *inverse = 1 / sqrtl(squares / (long double)n + eps);
}

/* Rows of spread 1 about `offset`, in place and not. The mean is rounded once; a sum's error is that of n / 4 roundings
 * at most, of which a variance hands on half. */
static int norm_row(const level *l, size_t n, double offset) {
  const double chain = (double)n / 4 + 12;
  real *x = take(n, 1), moments[2], again_moments[2];
  const real *gain = take(n, 2), *bias = take(n, 2), eps = (real)1e-5;
  for (size_t j = 0; j < n; j++) x[j] += (real)offset;
  real *y = take(n, 0), *again = copy(n, x);
  long double mean, inverse;
  l->kernels->layer_norm(n, x, gain, bias, eps, moments, y);
  l->kernels->layer_norm(n, again, gain, bias, eps, again_moments, again);
  int good = same_bits(n, y, again) && same_bits(2, moments, again_moments);
  moments_of(n, x, (long double)eps, &mean, &inverse);
  for (size_t j = 0; j < n; j++) {
    const double xhat = (double)((x[j] - mean) * inverse), g = (double)gain[j];
    const double moved = (2 * fabs(offset) + chain) * (double)inverse; /* by the mean's error */
    const real wanted = (real)(xhat * g + (double)bias[j]);
    good = good && near("layer_norm", 1, y + j, &wanted, 1,
                        fabs(g) * (moved + fabs(xhat) * chain) + 4 * fabs(xhat * g) + fabs((double)bias[j]));
  }
  return release() && good;
}

static int check_layer_norm(const level *l) {
  int good = 1;
  for (size_t s = 0; s < SIZES && good; s++)
    good = norm_row(l, sizes[s], 0) && norm_row(l, sizes[s], 1000) && norm_row(l, sizes[s], -3);
  return good;
}

/* One number, and equal ones: the bias; NaN and infinity: NaN everywhere. */
static int check_layer_norm_special(const level *l) {
  int good = 1;
  for (size_t n = 1; n < 70; n++) {
    real *x = take(n, 1), *y = take(n, 0), moments[2];
    const real *gain = take(n, 2), *bias = take(n, 2);
    for (size_t j = 0; j < n; j++) x[j] = (real)0.7;
    l->kernels->layer_norm(n, x, gain, bias, (real)1e-5, moments, y);
    good = good && near("equal", n, y, bias, 2, 0.1) && near("mean", 1, moments, x, 4, 0);
    x[random_below(n)] = (real)(n % 3 ? NAN : INFINITY);
    l->kernels->layer_norm(n, x, gain, bias, (real)1e-5, moments, y);
    for (size_t j = 0; j < n; j++) good = good && isnan(y[j]);
    good = release() && good;
  }
  return good;
}

/* Against sums in long double, from the moments as they are handed over. */
static int norm_backward_row(const level *l, size_t n, double offset) {
  const double chain = (double)n / 4 + 12;
  real *x = take(n, 1), moments[2];
  const real *gain = take(n, 2), *dy = take(n, 1), *start = take(n, 1);
  for (size_t j = 0; j < n; j++) x[j] += (real)offset;
  real *out = take(n, 0), *dx = copy(n, start), *dgain = copy(n, start), *dbias = copy(n, start);
  l->kernels->layer_norm(n, x, gain, start, (real)1e-5, moments, out);
  l->kernels->layer_norm_backward(n, x, gain, moments, dy, dx, dgain, dbias);
  const double mean = (double)moments[0], inverse = (double)moments[1];
  double mean_g = 0, mean_gx = 0, size_g = 0, size_gx = 0;
  for (size_t j = 0; j < n; j++) {
    const double g = (double)dy[j] * (double)gain[j], xhat = ((double)x[j] - mean) * inverse;
    mean_g += g / (double)n, mean_gx += g * xhat / (double)n;
    size_g += fabs(g) / (double)n, size_gx += fabs(g * xhat) / (double)n;
  }
  int good = 1;
  for (size_t j = 0; j < n && good; j++) {
    const double g = (double)dy[j] * (double)gain[j], xhat = ((double)x[j] - mean) * inverse, first = (double)start[j];
    const double size = inverse * (6 * fabs(g) + chain * (size_g + fabs(xhat) * size_gx));
    const real wanted[3] = {(real)(first + inverse * (g - mean_g - xhat * mean_gx)),
                            (real)(first + (double)dy[j] * xhat), (real)(first + (double)dy[j])};
    good = near("dx", 1, dx + j, wanted, 2, fabs(first) + size) && near("dbias", 1, dbias + j, wanted + 2, 2, 0);
    good = good && near("dgain", 1, dgain + j, wanted + 1, 4, fabs(first) + fabs((double)dy[j] * xhat));
  }
  return release() && good;
}

static int check_layer_norm_backward(const level *l) {
  int good = 1;
  for (size_t s = 0; s < SIZES && good; s++)
    good = norm_backward_row(l, sizes[s], 0) && norm_backward_row(l, sizes[s], 1000);
  return good;
}

/* ---- cells, attention, dropout, Adam ----------------------------------------------------------------------------- */

static int check_lstm(const level *l) {
  int good = 1;
  for (size_t s = 0; s < SIZES && good; s++) {
    const size_t n = sizes[s];
    const real *a = take(4 * n, 4), *r = take(4 * n, 4), *c_prev = take(n, 2), *dh = take(n, 1), *dc = take(n, 1);
    real *gates = copy(4 * n, a), *c = copy(n, c_prev), *h = take(n, 0);
    real *gates2 = take(4 * n, 0), *c2 = take(n, 0), *h2 = take(n, 0);
    l->kernels->lstm(n, gates, r, c, gates, c, h); /* gates over a, c over c_prev */
    l->c->lstm(n, a, r, c_prev, gates2, c2, h2);
    good = near("gates", 4 * n, gates, gates2, 24, 0) && near("c", n, c, c2, 24, 3) && near("h", n, h, h2, 40, 1);
    real *da = take(4 * n, 0), *da2 = take(4 * n, 0), *got_dc = copy(n, dc), *dc2 = copy(n, dc);
    l->kernels->lstm_backward(n, gates2, c_prev, c2, dh, got_dc, da);
    l->c->lstm_backward(n, gates2, c_prev, c2, dh, dc2, da2);
    good = good && near("dc", n, got_dc, dc2, 24, 2) && near("da", 4 * n, da, da2, 24, 2);
    good = release() && good;
  }
  return good;
}

static int check_gru(const level *l) {
  int good = 1;
  for (size_t s = 0; s < SIZES && good; s++) {
    const size_t n = sizes[s];
    const real *a = take(3 * n, 4), *u = take(3 * n, 4), *h_prev = take(n, 1), *dh = take(n, 1);
    real *gates = take(4 * n, 0), *h = copy(n, h_prev), *gates2 = take(4 * n, 0), *h2 = take(n, 0);
    l->kernels->gru(n, a, u, h, gates, h); /* h over h_prev */
    l->c->gru(n, a, u, h_prev, gates2, h2);
    good = near("gates", 4 * n, gates, gates2, 24, 4) && near("h", n, h, h2, 40, 2);
    real *da = take(3 * n, 0), *du = take(3 * n, 0), *got_dh = copy(n, dh);
    real *da2 = take(3 * n, 0), *du2 = take(3 * n, 0), *dh2 = copy(n, dh);
    l->kernels->gru_backward(n, gates2, h_prev, got_dh, da, du);
    l->c->gru_backward(n, gates2, h_prev, dh2, da2, du2);
    good = good && near("dh", n, got_dh, dh2, 4, 0) && near("da", 3 * n, da, da2, 24, 4);
    good = good && near("du", 3 * n, du, du2, 24, 4);
    good = release() && good;
  }
  return good;
}

/* look and mix have the bits of dot and axpy on the same level, wherever the rows lie. */
static int check_look_and_mix(const level *l) {
  enum { ROWS = 9, HEADS = 3 };
  int good = 1;
  for (size_t s = 0; s < SIZES && good; s++) {
    const size_t d = sizes[s], heads = 1 + s % HEADS, all = heads * d;
    const real *key[ROWS], *value[ROWS], *q = take(all, 3);
    real *w = take(HEADS * ROWS, 3), *y = take(all, 3), *wanted = take(all, 3), score;
    s2s__attend a = {.n = s % (ROWS + 1), .heads = heads, .d = d, .scale = (real)0.4, .q = q, .key = key};
    a.key_at = s % 3, a.value_at = s % 4, a.w = w, a.w_row = ROWS, a.y = y;
    for (size_t j = 0; j < a.n; j++) key[j] = take(a.key_at + all, 3), value[j] = take(a.value_at + all, 3);
    a.value = s % 2 ? value : NULL;
    l->kernels->look(&a);
    for (size_t h = 0; h < heads; h++)
      for (size_t j = 0; j < a.n; j++) {
        score = (real)0.4 * l->kernels->dot(d, q + h * d, key[j] + a.key_at + h * d);
        good = good && same_bits(1, &w[h * ROWS + j], &score);
      }
    a.value = value;
    l->kernels->mix(&a);
    memset(wanted, 0, all * sizeof *wanted);
    for (size_t h = 0; h < heads; h++)
      for (size_t j = 0; j < a.n; j++)
        l->kernels->axpy(d, w[h * ROWS + j], value[j] + a.value_at + h * d, wanted + h * d);
    good = good && same_bits(all, y, wanted);
    if (!good) diag("%zu rows of %zu", a.n, d);
    good = release() && good;
  }
  return good;
}

static int check_additive(const level *l) {
  int good = 1;
  for (size_t s = 0; s < SIZES && good; s++) {
    const size_t n = sizes[s];
    const real *q = take(n, 2), *k = take(n, 2), *v = take(n, 1), *dq = take(n, 1), *dk = take(n, 1), *dv = take(n, 1);
    const real got = l->kernels->additive(n, q, k, v),
               again = l->kernels->additive(n, copy(n, q), copy(n, k), copy(n, v));
    const real wanted = l->c->additive(n, q, k, v);
    real *g[3] = {copy(n, dq), copy(n, dk), copy(n, dv)}, *w[3] = {copy(n, dq), copy(n, dk), copy(n, dv)};
    good = same_bits(1, &got, &again) && near("additive", 1, &got, &wanted, 20 + (double)n, (double)n);
    l->kernels->additive_backward(n, q, k, v, (real)0.6, g[0], g[1], g[2]);
    l->c->additive_backward(n, q, k, v, (real)0.6, w[0], w[1], w[2]);
    for (size_t i = 0; i < 3; i++) good = good && near("additive_backward", n, g[i], w[i], 16, 2);
    good = release() && good;
  }
  return good;
}

/* The hash as kernels.h gives it. */
static uint32_t hash_of(uint64_t key, size_t j) {
  uint32_t u = (uint32_t)j * 0x9E3779B9u + (uint32_t)(key & 0xFFFFFFFFu);
  u ^= u >> 16, u *= 0x85EBCA6Bu, u ^= (uint32_t)(key >> 32), u ^= u >> 13, u *= 0xC2B2AE35u, u ^= u >> 16;
  return u;
}

static int check_dropout(const level *l) {
  static const uint32_t thresholds[] = {0, 1, 0x33333333u, 0x80000000u, 0xF0000000u, 0xFFFFFFFFu};
  int good = 1;
  for (size_t s = 0; s < SIZES && good; s++) {
    const size_t n = sizes[s];
    real *x = take(n, 3), *y = take(n, 0);
    if (n > 0) x[random_below(n)] = (real)NAN;
    const uint64_t key = (uint64_t)random_bits() << 32 | random_bits();
    const uint32_t threshold = thresholds[s % 6];
    l->kernels->dropout(n, key, threshold, (real)1.7, x, y);
    for (size_t j = 0; j < n; j++) {
      const real wanted = hash_of(key, j) >= threshold ? x[j] * (real)1.7 : 0;
      good = good && (isnan(wanted) ? isnan(y[j]) : same_bits(1, y + j, &wanted));
    }
    l->kernels->dropout(n, key, threshold, (real)1.7, x, x);
    good = good && same_bits(n, x, y);
    good = release() && good;
  }
  return good;
}

static int check_adam(const level *l) {
  int good = 1;
  for (size_t s = 0; s < SIZES && good; s++) {
    const size_t n = sizes[s];
    const real *g = take(n, 1), *m = take(n, 1), *p = take(n, 1);
    real *v = take(n, 1);
    for (size_t j = 0; j < n; j++) v[j] = j % 5 ? v[j] * v[j] : 0;
    real *m1 = copy(n, m), *v1 = copy(n, v), *p1 = copy(n, p), *m2 = copy(n, m), *v2 = copy(n, v), *p2 = copy(n, p);
    const double b1 = 0.9, b2 = 0.999;
    const real rate = (real)0.01, v_scale = (real)1.5, eps = (real)1e-4;
    l->kernels->adam(n, g, (real)0.5, b1, b2, rate, v_scale, eps, m1, v1, p1);
    l->c->adam(n, g, (real)0.5, b1, b2, rate, v_scale, eps, m2, v2, p2);
    good = near("m", n, m1, m2, 4, 1) && near("v", n, v1, v2, 4, 0);
    for (size_t j = 0; j < n; j++) { /* the step's relative error is that of m, v and five operations */
      const double step = 0.01 / (sqrt((double)v2[j]) * 1.5 + 1e-4);
      good = good && near("p", 1, p1 + j, p2 + j, 2, 16 * step * (1 + fabs((double)m2[j])));
    }
    good = release() && good;
  }
  return good;
}

#endif
