/* SPDX-License-Identifier: MIT
 *
 * The fused kernels of recurrent cells, attention, dropout and Adam, over the verbs of a level. kernels_c.c
 * says what each means. Included once for each level, after kernels_vec.h and gemm_vec.h.
 */

/* ---- LSTM: i, f, o = sigmoid, g = tanh; c = f c_prev + i g; h = o tanh(c) ---------------------------------------- */

S2S__INLINE void KERNEL(lstm_at)(size_t hidden, size_t count, const float *a, const float *r, const float *c_prev,
                                 float *gates, float *c, float *h) {
  const size_t f = hidden, g = 2 * hidden, o = 3 * hidden;
  const VEC(real) in = VEC(sigmoid)(VEC(add)(VEC(get)(a, count), VEC(get)(r, count)));
  const VEC(real) forget = VEC(sigmoid)(VEC(add)(VEC(get)(a + f, count), VEC(get)(r + f, count)));
  const VEC(real) cell = VEC(tanh)(VEC(add)(VEC(get)(a + g, count), VEC(get)(r + g, count)));
  const VEC(real) out = VEC(sigmoid)(VEC(add)(VEC(get)(a + o, count), VEC(get)(r + o, count)));
  const VEC(real) state = VEC(fma)(forget, VEC(get)(c_prev, count), VEC(mul)(in, cell));
  VEC(put)(gates, count, in);
  VEC(put)(gates + f, count, forget);
  VEC(put)(gates + g, count, cell);
  VEC(put)(gates + o, count, out);
  VEC(put)(c, count, state);
  VEC(put)(h, count, VEC(mul)(out, VEC(tanh)(state)));
}

static void KERNEL(lstm)(size_t hidden, const float *a, const float *r, const float *c_prev, float *gates, float *c,
                         float *h) {
  VEC_EACH(hidden, KERNEL(lstm_at)(hidden, count, a + j, r + j, c_prev + j, gates + j, c + j, h + j));
}

S2S__INLINE void KERNEL(lstm_backward_at)(size_t hidden, size_t count, const float *gates, const float *c_prev,
                                          const float *c, const float *dh_in, float *dc, float *da) {
  const size_t f = hidden, g = 2 * hidden, o = 3 * hidden;
  const VEC(real) in = VEC(get)(gates, count), forget = VEC(get)(gates + f, count);
  const VEC(real) cell = VEC(get)(gates + g, count), out = VEC(get)(gates + o, count);
  const VEC(real) dh = VEC(get)(dh_in, count), t = VEC(tanh)(VEC(get)(c, count));
  const VEC(real) d = VEC(fma)(VEC(mul)(dh, out), KERNEL(tanh_slope)(t), VEC(get)(dc, count)); /* of c */
  VEC(put)(da, count, VEC(mul)(VEC(mul)(d, cell), KERNEL(sigmoid_slope)(in)));
  VEC(put)(da + f, count, VEC(mul)(VEC(mul)(d, VEC(get)(c_prev, count)), KERNEL(sigmoid_slope)(forget)));
  VEC(put)(da + g, count, VEC(mul)(VEC(mul)(d, in), KERNEL(tanh_slope)(cell)));
  VEC(put)(da + o, count, VEC(mul)(VEC(mul)(dh, t), KERNEL(sigmoid_slope)(out)));
  VEC(put)(dc, count, VEC(mul)(d, forget));
}

static void KERNEL(lstm_backward)(size_t hidden, const float *gates, const float *c_prev, const float *c,
                                  const float *dh, float *dc, float *da) {
  VEC_EACH(hidden, KERNEL(lstm_backward_at)(hidden, count, gates + j, c_prev + j, c + j, dh + j, dc + j, da + j));
}

/* ---- GRU: r, z = sigmoid; n = tanh(a_n + r u_n); h = n + z (h_prev - n) ------------------------------------------ */

S2S__INLINE void KERNEL(gru_at)(size_t hidden, size_t count, const float *a, const float *u, const float *h_prev,
                                float *gates, float *h) {
  const size_t z = hidden, n = 2 * hidden, un = 3 * hidden;
  const VEC(real) reset = VEC(sigmoid)(VEC(add)(VEC(get)(a, count), VEC(get)(u, count)));
  const VEC(real) keep = VEC(sigmoid)(VEC(add)(VEC(get)(a + z, count), VEC(get)(u + z, count)));
  const VEC(real) u_n = VEC(get)(u + n, count), old = VEC(get)(h_prev, count);
  const VEC(real) fresh = VEC(tanh)(VEC(fma)(reset, u_n, VEC(get)(a + n, count)));
  VEC(put)(gates, count, reset);
  VEC(put)(gates + z, count, keep);
  VEC(put)(gates + n, count, fresh);
  VEC(put)(gates + un, count, u_n);
  VEC(put)(h, count, VEC(fma)(keep, VEC(sub)(old, fresh), fresh));
}

static void KERNEL(gru)(size_t hidden, const float *a, const float *u, const float *h_prev, float *gates, float *h) {
  VEC_EACH(hidden, KERNEL(gru_at)(hidden, count, a + j, u + j, h_prev + j, gates + j, h + j));
}

S2S__INLINE void KERNEL(gru_backward_at)(size_t hidden, size_t count, const float *gates, const float *h_prev,
                                         float *dh, float *da, float *du) {
  const size_t z = hidden, n = 2 * hidden, un = 3 * hidden;
  const VEC(real) reset = VEC(get)(gates, count), keep = VEC(get)(gates + z, count);
  const VEC(real) fresh = VEC(get)(gates + n, count), u_n = VEC(get)(gates + un, count), d = VEC(get)(dh, count);
  const VEC(real) dn = VEC(mul)(VEC(mul)(d, VEC(sub)(VEC(set1)(1.0f), keep)), KERNEL(tanh_slope)(fresh)); /* of a_n */
  const VEC(real) dr = VEC(mul)(VEC(mul)(dn, u_n), KERNEL(sigmoid_slope)(reset));
  const VEC(real) old_less_new = VEC(sub)(VEC(get)(h_prev, count), fresh);
  const VEC(real) dz = VEC(mul)(VEC(mul)(d, old_less_new), KERNEL(sigmoid_slope)(keep));
  VEC(put)(da, count, dr);
  VEC(put)(da + z, count, dz);
  VEC(put)(da + n, count, dn);
  VEC(put)(du, count, dr);
  VEC(put)(du + z, count, dz);
  VEC(put)(du + n, count, VEC(mul)(dn, reset));
  VEC(put)(dh, count, VEC(mul)(d, keep));
}

static void KERNEL(gru_backward)(size_t hidden, const float *gates, const float *h_prev, float *dh, float *da,
                                 float *du) {
  VEC_EACH(hidden, KERNEL(gru_backward_at)(hidden, count, gates + j, h_prev + j, dh + j, da + j, du + j));
}

/* ---- attention of one query to rows anywhere --------------------------------------------------------------------- */

#define LOOK_AHEAD 6 /* rows */

S2S__INLINE void KERNEL(look_ask)(size_t n, const float *row) {
  for (size_t i = 0; i < n; i += 16) VEC(prefetch)(row + i);
}

/* Rows lie anywhere, and most of the time would be spent waiting for their first numbers: so all heads of a row are read
 * one after another, and keys to come and the row's values are asked for meanwhile. */
static void KERNEL(look)(const s2s__attend *a) {
  const size_t all = a->heads * a->d;
  for (size_t j = 0; j < a->n && j < LOOK_AHEAD; j++) KERNEL(look_ask)(all, a->key[j] + a->key_at);
  for (size_t j = 0; j < a->n; j++) {
    const float *key = a->key[j] + a->key_at, *q = a->q;
    if (j + LOOK_AHEAD < a->n) KERNEL(look_ask)(all, a->key[j + LOOK_AHEAD] + a->key_at);
    if (a->value) KERNEL(look_ask)(all, a->value[j] + a->value_at);
    for (size_t h = 0; h < a->heads; h++, key += a->d, q += a->d)
      a->w[h * a->w_row + j] = a->scale * KERNEL(dot_of)(a->d, q, key);
  }
}

#undef LOOK_AHEAD

/* Columns at .. at+d-1 of the rows by four vectors, whose sums stay in registers. */
S2S__INLINE void KERNEL(mix_head)(size_t n, size_t d, const float *w, const float *const *row, size_t at, float *y) {
  size_t i = 0;
  for (; i + 4 * VEC_WIDTH <= d; i += 4 * VEC_WIDTH) {
    VEC(real) s0 = VEC(zero)(), s1 = s0, s2 = s0, s3 = s0;
    for (size_t j = 0; j < n; j++) {
      const float *x = row[j] + at + i;
      const VEC(real) share = VEC(set1)(w[j]);
      s0 = VEC(fma)(share, VEC(load)(x), s0), s1 = VEC(fma)(share, VEC(load)(x + VEC_WIDTH), s1);
      s2 = VEC(fma)(share, VEC(load)(x + 2 * VEC_WIDTH), s2), s3 = VEC(fma)(share, VEC(load)(x + 3 * VEC_WIDTH), s3);
    }
    VEC(store)(y + i, s0), VEC(store)(y + i + VEC_WIDTH, s1);
    VEC(store)(y + i + 2 * VEC_WIDTH, s2), VEC(store)(y + i + 3 * VEC_WIDTH, s3);
  }
  for (size_t count; i < d; i += count) {
    count = d - i < VEC_WIDTH ? d - i : VEC_WIDTH;
    VEC(real) sum = VEC(zero)();
    for (size_t j = 0; j < n; j++) sum = VEC(fma)(VEC(set1)(w[j]), VEC(get)(row[j] + at + i, count), sum);
    VEC(put)(y + i, count, sum);
  }
}

static void KERNEL(mix)(const s2s__attend *a) {
  for (size_t h = 0; h < a->heads; h++)
    KERNEL(mix_head)(a->n, a->d, a->w + h * a->w_row, a->value, a->value_at + h * a->d, a->y + h * a->d);
}

/* ---- additive attention: sum of v tanh(q + k) -------------------------------------------------------------------- */

static float KERNEL(additive)(size_t n, const float *q, const float *k, const float *v) {
  VEC(real) sum = VEC(zero)();
  VEC_EACH(n, sum = VEC(fma)(AT(v), VEC(tanh)(VEC(add)(AT(q), AT(k))), sum));
  return VEC(sum)(sum);
}

S2S__INLINE void KERNEL(additive_backward_at)(size_t count, const float *q, const float *k, const float *v,
                                              VEC(real) ds, float *dq, float *dk, float *dv) {
  const VEC(real) t = VEC(tanh)(VEC(add)(VEC(get)(q, count), VEC(get)(k, count)));
  const VEC(real) e = VEC(mul)(VEC(mul)(ds, VEC(get)(v, count)), KERNEL(tanh_slope)(t));
  VEC(put)(dv, count, VEC(fma)(ds, t, VEC(get)(dv, count)));
  VEC(put)(dq, count, VEC(add)(VEC(get)(dq, count), e));
  VEC(put)(dk, count, VEC(add)(VEC(get)(dk, count), e));
}

static void KERNEL(additive_backward)(size_t n, const float *q, const float *k, const float *v, float ds, float *dq,
                                      float *dk, float *dv) {
  const VEC(real) all_ds = VEC(set1)(ds);
  VEC_EACH(n, KERNEL(additive_backward_at)(count, q + j, k + j, v + j, all_ds, dq + j, dk + j, dv + j));
}

/* ---- dropout ----------------------------------------------------------------------------------------------------- */

S2S__INLINE VEC(word) KERNEL(dropout_bits)(uint64_t key, size_t j) {
  const uint32_t step = 0x9E3779B9u;
  const VEC(word) start = VEC(word_set1)((uint32_t)j * step + (uint32_t)key);
  VEC(word) u = VEC(word_add)(VEC(word_mul)(VEC(lanes)(), VEC(word_set1)(step)), start);
  u = VEC(word_mul)(VEC(word_xor)(u, VEC(word_right)(u, 16)), VEC(word_set1)(0x85EBCA6Bu));
  u = VEC(word_xor)(u, VEC(word_set1)((uint32_t)(key >> 32)));
  u = VEC(word_mul)(VEC(word_xor)(u, VEC(word_right)(u, 13)), VEC(word_set1)(0xC2B2AE35u));
  return VEC(word_xor)(u, VEC(word_right)(u, 16));
}

static void KERNEL(dropout)(size_t n, uint64_t key, uint32_t threshold, float scale, const float *x, float *y) {
  const VEC(word) bound = VEC(word_set1)(threshold);
  const VEC(real) factor = VEC(set1)(scale);
  VEC_MAP(n, y, VEC(where_at_least)(KERNEL(dropout_bits)(key, j), bound, VEC(mul)(AT(x), factor)));
}

/* ---- Adam -------------------------------------------------------------------------------------------------------- */

typedef struct KERNEL(adam_rates) {
  VEC(real) scale, b1, b2, one_b1, one_b2, rate, v_scale, eps;
} KERNEL(adam_rates);

S2S__INLINE void KERNEL(adam_at)(const KERNEL(adam_rates) * by, size_t count, const float *gradient, float *m, float *v,
                                 float *p) {
  const VEC(real) g = VEC(mul)(VEC(get)(gradient, count), by->scale);
  const VEC(real) mean = VEC(fma)(by->b1, VEC(get)(m, count), VEC(mul)(by->one_b1, g));
  const VEC(real) square = VEC(fma)(by->b2, VEC(get)(v, count), VEC(mul)(by->one_b2, VEC(mul)(g, g)));
  const VEC(real) below = VEC(fma)(VEC(sqrt)(square), by->v_scale, by->eps);
  VEC(put)(m, count, mean);
  VEC(put)(v, count, square);
  VEC(put)(p, count, VEC(sub)(VEC(get)(p, count), VEC(div)(VEC(mul)(by->rate, mean), below)));
}

static void KERNEL(adam)(size_t n, const float *gradient, float gradient_scale, double b1, double b2, float rate,
                         float v_scale, float eps, float *m, float *v, float *p) {
  const KERNEL(adam_rates) by = {.scale = VEC(set1)(gradient_scale),
                                 .b1 = VEC(set1)((float)b1),
                                 .b2 = VEC(set1)((float)b2),
                                 .one_b1 = VEC(set1)((float)(1 - b1)),
                                 .one_b2 = VEC(set1)((float)(1 - b2)),
                                 .rate = VEC(set1)(rate),
                                 .v_scale = VEC(set1)(v_scale),
                                 .eps = VEC(set1)(eps)};
  VEC_EACH(n, KERNEL(adam_at)(&by, count, gradient + j, m + j, v + j, p + j));
}

#undef VEC_EACH
#undef VEC_MAP
#undef AT
