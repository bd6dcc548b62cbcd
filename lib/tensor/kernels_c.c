/* SPDX-License-Identifier: MIT
 *
 * The portable table: what each slot of s2s__kernels means, written over s2s__real.
 *
 * Sums of s2s__real run in eight parts (element j goes to part j mod 8), which are then added as a tree: more exact than
 * one part, quicker, and a function of the length alone.
 */
#include "tensor/isa.h"
#include "tensor/math_c.h"
#include "tensor/norm.h"
#include "tensor/select.h"

#include <math.h>
#include <string.h>

#define S2S__PARTS 8

static s2s__real parts_sum_c(const s2s__real *part) {
  return ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
}

static s2s__real dot_c(size_t n, const s2s__real *x, const s2s__real *y) {
  s2s__real part[S2S__PARTS] = {0};
  size_t j = 0;
  for (; j + S2S__PARTS <= n; j += S2S__PARTS)
    for (size_t p = 0; p < S2S__PARTS; p++) part[p] += x[j + p] * y[j + p];
  for (size_t p = 0; j + p < n; p++) part[p] += x[j + p] * y[j + p];
  return parts_sum_c(part);
}

static s2s__real sum_c(size_t n, const s2s__real *x) {
  s2s__real part[S2S__PARTS] = {0};
  size_t j = 0;
  for (; j + S2S__PARTS <= n; j += S2S__PARTS)
    for (size_t p = 0; p < S2S__PARTS; p++) part[p] += x[j + p];
  for (size_t p = 0; j + p < n; p++) part[p] += x[j + p];
  return parts_sum_c(part);
}

static void axpy_c(size_t n, s2s__real alpha, const s2s__real *x, s2s__real *y) {
  for (size_t j = 0; j < n; j++) y[j] += alpha * x[j];
}

static void add_c(size_t n, const s2s__real *x, s2s__real *y) {
  for (size_t j = 0; j < n; j++) y[j] += x[j];
}

static void scale_c(size_t n, s2s__real alpha, s2s__real *x) {
  for (size_t j = 0; j < n; j++) x[j] *= alpha;
}

static s2s__real max_c(size_t n, const s2s__real *x) {
  s2s__real most = (s2s__real)-INFINITY;
  for (size_t j = 0; j < n; j++)
    if (x[j] > most || x[j] != x[j]) most = x[j]; /* nothing is more than NaN */
  return most;
}

static double sum_squares_c(size_t n, const s2s__real *x) {
  double sum = 0;
  for (size_t j = 0; j < n; j++) sum += (double)x[j] * (double)x[j];
  return sum;
}

/* y = f(x), in blocks of a constant length without aliases, which compilers turn into vectors at -O2 already. */
#define S2S__BLOCK 16
#define S2S__MAP_C(name, f)                                                                                            \
  static void name(size_t n, const s2s__real *x, s2s__real *y) {                                                       \
    s2s__real block[S2S__BLOCK] = {0};                                                                                 \
    for (size_t j = 0; j < n; j += S2S__BLOCK) {                                                                       \
      const size_t count = n - j < S2S__BLOCK ? n - j : S2S__BLOCK;                                                    \
      memcpy(block, x + j, count * sizeof *x);                                                                         \
      for (size_t i = 0; i < S2S__BLOCK; i++) block[i] = f(block[i]);                                                  \
      memcpy(y + j, block, count * sizeof *y);                                                                         \
    }                                                                                                                  \
  }
S2S__MAP_C(exp_c, s2s__exp_c)
S2S__MAP_C(log_c, s2s__log_c)
S2S__MAP_C(tanh_c, s2s__tanh_c)
S2S__MAP_C(sigmoid_c, s2s__sigmoid_c)
S2S__MAP_C(relu_c, s2s__relu_c)
S2S__MAP_C(gelu_c, s2s__gelu_c)
S2S__MAP_C(swish_c, s2s__swish_c)
S2S__MAP_C(gelu_slopes_c, s2s__gelu_slope_c)
S2S__MAP_C(swish_slopes_c, s2s__swish_slope_c)

/* A statement for each block of n numbers, from j on. */
#define S2S__EACH_BLOCK(n, statement)                                                                                  \
  for (size_t j = 0; j < (n); j += S2S__BLOCK) {                                                                       \
    const size_t count = (n)-j < S2S__BLOCK ? (n)-j : S2S__BLOCK;                                                      \
    statement;                                                                                                         \
  }

static void tanh_backward_c(size_t n, const s2s__real *y, const s2s__real *dy, s2s__real *dx) {
  for (size_t j = 0; j < n; j++) dx[j] += dy[j] * (1 - y[j] * y[j]);
}

static void relu_backward_c(size_t n, const s2s__real *x, const s2s__real *dy, s2s__real *dx) {
  for (size_t j = 0; j < n; j++) dx[j] += x[j] > 0 ? dy[j] : x[j] != x[j] ? x[j] : 0;
}

/* dx += dy * slope */
static void add_slopes_c(size_t n, const s2s__real *slope, const s2s__real *dy, s2s__real *dx) {
  for (size_t j = 0; j < n; j++) dx[j] += dy[j] * slope[j];
}

static void gelu_backward_c(size_t n, const s2s__real *x, const s2s__real *dy, s2s__real *dx) {
  s2s__real slope[S2S__BLOCK];
  S2S__EACH_BLOCK(n, gelu_slopes_c(count, x + j, slope); add_slopes_c(count, slope, dy + j, dx + j));
}

static void swish_backward_c(size_t n, const s2s__real *x, const s2s__real *dy, s2s__real *dx) {
  s2s__real slope[S2S__BLOCK];
  S2S__EACH_BLOCK(n, swish_slopes_c(count, x + j, slope); add_slopes_c(count, slope, dy + j, dx + j));
}

/* y = exp(x - most), in place allowed; returns the sum. */
static s2s__real exp_shifted_c(size_t n, const s2s__real *x, s2s__real most, s2s__real *y) {
  for (size_t j = 0; j < n; j++) y[j] = x[j] - most;
  exp_c(n, y, y);
  return sum_c(n, y);
}

static void softmax_c(size_t n, s2s__real *x) {
  const s2s__real sum = exp_shifted_c(n, x, max_c(n, x), x);
  scale_c(n, 1 / sum, x);
}

static void softmax_backward_c(size_t n, const s2s__real *p, const s2s__real *dp, s2s__real *dx) {
  const s2s__real mean = dot_c(n, p, dp);
  for (size_t j = 0; j < n; j++) dx[j] += p[j] * (dp[j] - mean);
}

static void log_softmax_c(size_t n, const s2s__real *x, s2s__real *y) {
  const s2s__real most = max_c(n, x);
  s2s__real part[S2S__PARTS] = {0}, e[S2S__BLOCK];
  S2S__EACH_BLOCK(n, exp_shifted_c(count, x + j, most, e);
                  for (size_t i = 0; i < count; i++) part[i % S2S__PARTS] += e[i]);
  const s2s__real log_sum = s2s__log_c(parts_sum_c(part));
  for (size_t j = 0; j < n; j++) y[j] = (x[j] - most) - log_sum;
}

static s2s__real cross_entropy_c(size_t n, s2s__real *logits, size_t target, s2s__real eps, s2s__real scale,
                                 s2s__real *plain) {
  *plain = 0;
  if (n == 0) return 0;
  const s2s__real most = max_c(n, logits), at_target = logits[target] - most, share = eps / (s2s__real)n;
  s2s__real part[S2S__PARTS] = {0};
  if (eps > 0) /* else classes of probability zero would give 0 * inf */
    for (size_t j = 0; j < n; j++) part[j % S2S__PARTS] += logits[j] - most;
  const s2s__real shifted_sum = parts_sum_c(part);
  const s2s__real sum = exp_shifted_c(n, logits, most, logits), log_sum = s2s__log_c(sum), inverse = 1 / sum;
  const s2s__real target_gradient = logits[target] * inverse - (1 - eps) - share;
  for (size_t j = 0; j < n; j++) logits[j] = scale * (logits[j] * inverse - share);
  logits[target] = scale * target_gradient;
  *plain = log_sum - at_target;
  return (1 - eps) * *plain + (eps > 0 ? eps * log_sum - share * shifted_sum : 0);
}

static void lstm_c(size_t hidden, const s2s__real *a, const s2s__real *r, const s2s__real *c_prev, s2s__real *gates,
                   s2s__real *c, s2s__real *h) {
  const size_t f = hidden, g = 2 * hidden, o = 3 * hidden; /* offsets of the gates; i is at 0 */
  for (size_t j = 0; j < 4 * hidden; j++) gates[j] = a[j] + r[j];
  sigmoid_c(2 * hidden, gates, gates);
  tanh_c(hidden, gates + g, gates + g);
  sigmoid_c(hidden, gates + o, gates + o);
  for (size_t j = 0; j < hidden; j++) c[j] = gates[f + j] * c_prev[j] + gates[j] * gates[g + j];
  tanh_c(hidden, c, h);
  for (size_t j = 0; j < hidden; j++) h[j] *= gates[o + j];
}

static void lstm_backward_c(size_t hidden, const s2s__real *gates, const s2s__real *c_prev, const s2s__real *c,
                            const s2s__real *dh, s2s__real *dc, s2s__real *da) {
  const size_t f = hidden, g = 2 * hidden, o = 3 * hidden;
  tanh_c(hidden, c, da + o);
  for (size_t j = 0; j < hidden; j++) {
    const s2s__real in = gates[j], forget = gates[f + j], cell = gates[g + j], out = gates[o + j], t = da[o + j];
    const s2s__real d = dc[j] + dh[j] * out * (1 - t * t); /* of c */
    da[j] = d * cell * (in * (1 - in));
    da[f + j] = d * c_prev[j] * (forget * (1 - forget));
    da[g + j] = d * in * (1 - cell * cell);
    da[o + j] = dh[j] * t * (out * (1 - out));
    dc[j] = d * forget;
  }
}

static void gru_c(size_t hidden, const s2s__real *a, const s2s__real *u, const s2s__real *h_prev, s2s__real *gates,
                  s2s__real *h) {
  const size_t z = hidden, n = 2 * hidden, un = 3 * hidden; /* offsets; r is at 0 */
  for (size_t j = 0; j < n; j++) gates[j] = a[j] + u[j];
  sigmoid_c(n, gates, gates);
  for (size_t j = 0; j < hidden; j++) gates[un + j] = u[n + j], gates[n + j] = a[n + j] + gates[j] * u[n + j];
  tanh_c(hidden, gates + n, gates + n);
  for (size_t j = 0; j < hidden; j++) h[j] = (1 - gates[z + j]) * gates[n + j] + gates[z + j] * h_prev[j];
}

static void gru_backward_c(size_t hidden, const s2s__real *gates, const s2s__real *h_prev, s2s__real *dh, s2s__real *da,
                           s2s__real *du) {
  const size_t z = hidden, n = 2 * hidden, un = 3 * hidden;
  for (size_t j = 0; j < hidden; j++) {
    const s2s__real reset = gates[j], keep = gates[z + j], fresh = gates[n + j], d = dh[j];
    const s2s__real dn = d * (1 - keep) * (1 - fresh * fresh); /* of a_n */
    const s2s__real dr = dn * gates[un + j] * (reset * (1 - reset));
    const s2s__real dz = d * (h_prev[j] - fresh) * (keep * (1 - keep));
    da[j] = dr, da[z + j] = dz, da[n + j] = dn;
    du[j] = dr, du[z + j] = dz, du[n + j] = dn * reset;
    dh[j] = d * keep;
  }
}

static void look_c(const s2s__attend *a) {
  for (size_t j = 0; j < a->n; j++)
    for (size_t h = 0; h < a->heads; h++)
      a->w[h * a->w_row + j] = a->scale * dot_c(a->d, a->q + h * a->d, a->key[j] + a->key_at + h * a->d);
}

static void mix_c(const s2s__attend *a) {
  for (size_t i = 0; i < a->heads * a->d; i++) a->y[i] = 0;
  for (size_t h = 0; h < a->heads; h++)
    for (size_t j = 0; j < a->n; j++)
      axpy_c(a->d, a->w[h * a->w_row + j], a->value[j] + a->value_at + h * a->d, a->y + h * a->d);
}

/* t = tanh(q + k) of a block */
static void additive_tanh_c(size_t count, const s2s__real *q, const s2s__real *k, s2s__real *t) {
  for (size_t i = 0; i < count; i++) t[i] = q[i] + k[i];
  tanh_c(count, t, t);
}

static s2s__real additive_c(size_t n, const s2s__real *q, const s2s__real *k, const s2s__real *v) {
  s2s__real part[S2S__PARTS] = {0}, t[S2S__BLOCK];
  S2S__EACH_BLOCK(n, additive_tanh_c(count, q + j, k + j, t);
                  for (size_t i = 0; i < count; i++) part[i % S2S__PARTS] += v[j + i] * t[i]);
  return parts_sum_c(part);
}

static void additive_backward_c(size_t n, const s2s__real *q, const s2s__real *k, const s2s__real *v, s2s__real ds,
                                s2s__real *dq, s2s__real *dk, s2s__real *dv) {
  s2s__real t[S2S__BLOCK];
  S2S__EACH_BLOCK(
      n, additive_tanh_c(count, q + j, k + j, t); for (size_t i = 0; i < count; i++) {
        const s2s__real e = ds * v[j + i] * (1 - t[i] * t[i]);
        dv[j + i] += ds * t[i];
        dq[j + i] += e;
        dk[j + i] += e;
      });
}

static uint32_t dropout_bits_c(uint64_t key, size_t j) {
  uint32_t u = (uint32_t)j * 0x9E3779B9u + (uint32_t)key;
  u ^= u >> 16;
  u *= 0x85EBCA6Bu;
  u ^= (uint32_t)(key >> 32);
  u ^= u >> 13;
  u *= 0xC2B2AE35u;
  return u ^ u >> 16;
}

static void dropout_c(size_t n, uint64_t key, uint32_t threshold, s2s__real scale, const s2s__real *x, s2s__real *y) {
  for (size_t j = 0; j < n; j++) y[j] = dropout_bits_c(key, j) >= threshold ? x[j] * scale : 0;
}

static void adam_c(size_t n, const s2s__real *gradient, s2s__real gradient_scale, double b1, double b2, s2s__real rate,
                   s2s__real v_scale, s2s__real eps, s2s__real *m, s2s__real *v, s2s__real *p) {
  const s2s__real keep1 = (s2s__real)b1, take1 = (s2s__real)(1 - b1), keep2 = (s2s__real)b2,
                  take2 = (s2s__real)(1 - b2);
  for (size_t j = 0; j < n; j++) {
    const s2s__real g = gradient[j] * gradient_scale;
    m[j] = keep1 * m[j] + take1 * g;
    v[j] = keep2 * v[j] + take2 * (g * g);
    p[j] -= rate * m[j] / (s2s__sqrt_c(v[j]) * v_scale + eps);
  }
}

const s2s__kernels s2s__kernels_c = {
    .name = "c",
    .panel = S2S__PANEL_C,
    .pack = s2s__gemm_pack_c,
    .gemm = s2s__gemm_c,
    .pack_f16 = s2s__gemm_pack_f16_c,
    .gemm_f16 = s2s__gemm_f16_c,
    .pack_i8 = s2s__i8_pack_c,
    .quantize = s2s__i8_quantize_c,
    .gemm_i8 = s2s__i8_gemm_c,
    .dot = dot_c,
    .axpy = axpy_c,
    .add = add_c,
    .scale = scale_c,
    .sum = sum_c,
    .max = max_c,
    .sum_squares = sum_squares_c,
    .argmax = s2s__argmax_c,
    .top_k = s2s__top_k_c,
    .exp = exp_c,
    .log = log_c,
    .tanh = tanh_c,
    .sigmoid = sigmoid_c,
    .relu = relu_c,
    .gelu = gelu_c,
    .swish = swish_c,
    .tanh_backward = S2S__IF_TRAINS(tanh_backward_c),
    .relu_backward = S2S__IF_TRAINS(relu_backward_c),
    .gelu_backward = S2S__IF_TRAINS(gelu_backward_c),
    .swish_backward = S2S__IF_TRAINS(swish_backward_c),
    .layer_norm = s2s__layer_norm_c,
    .layer_norm_backward = S2S__IF_TRAINS(s2s__layer_norm_backward_c),
    .softmax = softmax_c,
    .softmax_backward = S2S__IF_TRAINS(softmax_backward_c),
    .log_softmax = log_softmax_c,
    .cross_entropy = S2S__IF_TRAINS(cross_entropy_c),
    .lstm = lstm_c,
    .lstm_backward = S2S__IF_TRAINS(lstm_backward_c),
    .gru = gru_c,
    .gru_backward = S2S__IF_TRAINS(gru_backward_c),
    .look = look_c,
    .mix = mix_c,
    .additive = additive_c,
    .additive_backward = S2S__IF_TRAINS(additive_backward_c),
    .dropout = S2S__IF_TRAINS(dropout_c),
    .adam = S2S__IF_TRAINS(adam_c),
};
