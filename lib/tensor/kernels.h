/* SPDX-License-Identifier: MIT
 *
 * The kernel table: everything that is worth writing once per instruction set.
 *
 * All matrices are row-major. A table is filled by portable C first (kernels_c.c, which defines what each slot means),
 * then by each instruction set for the slots it has; nothing else in the library knows about SIMD.
 *
 * Determinism. For one table, each output element is a fixed function of its inputs: the same bits whatever M is, in
 * whatever row it stands, however the pointers are aligned. gemm adds k = 0, 1, ..., K-1 in this order, each by one
 * fused multiply-add (portable C: one multiplication and one addition), starting from the start value (zero, bias or
 * what stands in C). Reductions along a row (dot, sums) depend only on the row's length.
 *
 * Special values. NaN in gives NaN out; infinities follow the mathematical function. Sizes of zero do nothing (a sum is
 * zero, a maximum minus infinity). No kernel reads or writes outside the sizes given; packed panels are padded with
 * zeros. Outputs may be the same array as an input where a comment says so ("in place"), and must not overlap
 * otherwise.
 */
#ifndef S2S__TENSOR_KERNELS_H
#define S2S__TENSOR_KERNELS_H

#include "tensor/real.h"

/* C[M,N] = start + A[M,K] B[K,N]
 * A(i,k) = a[i * a_row + k * a_step]: a matrix (a_step 1) or a transposed one (a_row 1).
 * B is packed by pack(): panels of `panel` columns, panel p holding rows k = 0..K-1 of columns p*panel ..
 * p*panel+panel-1. start: C itself when accumulate, else bias[j], else zero (bias NULL). accumulate and bias do not go
 * together. */
typedef struct s2s__gemm {
  size_t m, n, k;
  const s2s__real *a;
  size_t a_row, a_step;
  const void *b; /* packed for the slot that is called, 64-byte aligned */
  s2s__real *c;
  size_t c_row;
  const s2s__real *bias; /* [N] or NULL */
  int accumulate;
  void *scratch; /* s2s__gemm_scratch(m, k) bytes, 64-byte aligned, of this call alone; NULL: slower with many rows */
} s2s__gemm;

#define S2S__GEMM_SCRATCH ((size_t)128 * 1024)

/* Room for the copy of A: all of it when it is small (tiles of rows and depths rounded up), else a part at a time. */
static inline size_t s2s__gemm_scratch(size_t m, size_t k) {
  const size_t most = S2S__GEMM_SCRATCH / sizeof(float);
  if (m >= most || k >= most) return S2S__GEMM_SCRATCH;
  const size_t numbers = (2 * m + 16) * ((k + 7) / 8 * 8);
  return numbers < most ? numbers * sizeof(float) : S2S__GEMM_SCRATCH;
}

/* An activation function. */
typedef enum s2s__activation {
  S2S__ACTIVATION_NONE,
  S2S__ACTIVATION_RELU, /* max(x, 0); NaN stays NaN */
  S2S__ACTIVATION_GELU,
  S2S__ACTIVATION_SWISH,
  S2S__ACTIVATION_TANH,
  S2S__ACTIVATION_SIGMOID
} s2s__activation;

/* C[M,N] = activation(start + dequantised(A[M,K] B[K,N])), with whole numbers of eight bits.
 * sum(i,j) = sum over k of qa(i,k) * qb(k,j), exact in int32 (K <= S2S__K_LIMIT_I8);
 * C(i,j) = activation(((float)sum(i,j) * a_scale[i]) * b_scale[j] + start), every operation rounded once, so that all
 * levels give the same bits (before an activation other than relu). start as in s2s__gemm. */
typedef struct s2s__gemm_i8 {
  size_t m, n, k;
  const void *a;            /* by quantize(m, k, ...) of the same table */
  const s2s__real *a_scale; /* [M] */
  const void *b;            /* by pack_i8() of the same table, 64-byte aligned */
  const s2s__real *b_scale; /* [N] */
  s2s__real *c;
  size_t c_row;
  const s2s__real *bias; /* [N] or NULL */
  int accumulate;
  s2s__activation activation;
} s2s__gemm_i8;

#define S2S__K_LIMIT_I8 65536 /* 255 * 127 * 65536 < 2^31 */
/* Bytes of quantize()'s and pack_i8()'s results: whole groups of four k; pack_i8 of whole panels, each with a 32-bit
 * sum a column. */
#define S2S__QUANTIZED_BYTES(m, k) ((m) * (((k) + 3) / 4 * 4))
#define S2S__PACKED_I8_BYTES(padded_n, k) ((padded_n) * (((k) + 3) / 4 * 4 + 4))

/* One query with `heads` heads of d numbers, and the n rows that it sees, which lie anywhere: head h has q[h * d ...], of
 * row j key[j][key_at + h * d ...] and value[j][value_at + h * d ...], the weights w[h * w_row ...] and of the result
 * y[h * d ...]. */
typedef struct s2s__attend {
  size_t n, heads, d;
  s2s__real scale;
  const s2s__real *q;
  const s2s__real *const *key, *const *value;
  size_t key_at, value_at;
  s2s__real *w;
  size_t w_row;
  s2s__real *y;
} s2s__attend;

typedef struct s2s__kernels {
  const char *name; /* "c", "avx2", ... */
  size_t panel;     /* columns of a packed panel */

  /* Packs B[K,N], B(k,j) = b[k * b_row + j * b_step], into ceil(N/panel) * panel * K numbers. Either stride may be 1:
   * weights [out,in] are packed as B = W^T with b_row 1, b_step in. */
  void (*pack)(size_t n, size_t k, const s2s__real *b, size_t b_row, size_t b_step, s2s__real *packed);
  void (*gemm)(const s2s__gemm *g);

  /* The same with B stored as IEEE 754 binary16, in panels of the same layout: pack_f16 rounds to nearest even (beyond
   * 65504: infinity; denormals are kept), gemm_f16 widens, exactly, and computes as gemm does: its result has the bits
   * of gemm's on the rounded numbers. */
  void (*pack_f16)(size_t n, size_t k, const s2s__real *b, size_t b_row, size_t b_step, uint16_t *packed);
  void (*gemm_f16)(const s2s__gemm *g);

  /* Whole numbers of eight bits, symmetric, -127 .. 127.
   * pack_i8 lays out B(k,j) = b[k * b_row + j * b_step] in panels: panel p holds `panel` 32-bit numbers of the table's
   * own (a column's sum, or zero), then for each group of four k `panel` columns of four bytes; zeros past K and N.
   * quantize turns each row of x into whole numbers: with most = the largest |x|, q = x * (127 / most) rounded to
   * nearest even, scale[i] = most / 127. Where 127 / most is infinite (all but zero) q and scale are zero; a row with
   * NaN or infinity has scale NaN and q zero, so its results are NaN. q's layout is the table's own. */
  void (*pack_i8)(size_t n, size_t k, const int8_t *b, size_t b_row, size_t b_step, void *packed);
  void (*quantize)(size_t m, size_t k, const s2s__real *x, size_t x_row, void *q, s2s__real *scale);
  void (*gemm_i8)(const s2s__gemm_i8 *g);

  /* Vectors of n numbers. */
  s2s__real (*dot)(size_t n, const s2s__real *x, const s2s__real *y);
  void (*axpy)(size_t n, s2s__real alpha, const s2s__real *x, s2s__real *y);            /* y += alpha x */
  void (*add)(size_t n, const s2s__real *x, s2s__real *y);                              /* y += x */
  void (*scale)(size_t n, s2s__real alpha, s2s__real *x);                               /* x *= alpha */
  s2s__real (*sum)(size_t n, const s2s__real *x);
  s2s__real (*max)(size_t n, const s2s__real *x);      /* NaN when there is one */
  double (*sum_squares)(size_t n, const s2s__real *x); /* added in double */

  /* The place of the highest number, the first of equal ones; NaN is below all. 0 when n is 0. */
  size_t (*argmax)(size_t n, const s2s__real *x);
  /* The places of the k highest numbers, the highest first, equal ones by place, NaN below all; k <= n. Selects without
   * sorting the rest. */
  void (*top_k)(size_t n, const s2s__real *x, size_t k, size_t *place);

  /* y = f(x), in place allowed. Errors over the whole float range are at most 2 ULP (exp, log), 4 (tanh, sigmoid,
   * swish) and 8 (gelu). log of zero is -infinity, of less NaN. gelu(x) = x Phi(x), the exact form (Hendrycks and
   * Gimpel 2016); swish(x) = x sigmoid(x) (Ramachandran et al. 2017, SiLU). */
  void (*exp)(size_t n, const s2s__real *x, s2s__real *y);
  void (*log)(size_t n, const s2s__real *x, s2s__real *y);
  void (*tanh)(size_t n, const s2s__real *x, s2s__real *y);
  void (*sigmoid)(size_t n, const s2s__real *x, s2s__real *y);
  void (*relu)(size_t n, const s2s__real *x, s2s__real *y);
  void (*gelu)(size_t n, const s2s__real *x, s2s__real *y);
  void (*swish)(size_t n, const s2s__real *x, s2s__real *y);
  void (*tanh_backward)(size_t n, const s2s__real *y, const s2s__real *dy, s2s__real *dx); /* dx += dy (1 - y^2) */
  /* dx += dy f'(x), from the input x. relu's slope at 0 is 0. */
  void (*relu_backward)(size_t n, const s2s__real *x, const s2s__real *dy, s2s__real *dx);
  void (*gelu_backward)(size_t n, const s2s__real *x, const s2s__real *dy, s2s__real *dx);
  void (*swish_backward)(size_t n, const s2s__real *x, const s2s__real *dy, s2s__real *dx);

  /* Layer normalisation of one row (Ba et al. 2016): y = (x - mean) / sqrt(variance + eps) * gain + bias, the variance
   * biased, taken about the mean in a second pass and corrected for what that mean was rounded by; in place allowed.
   * moments[2] gets mean and 1 / sqrt(variance + eps). */
  void (*layer_norm)(size_t n, const s2s__real *x, const s2s__real *gain, const s2s__real *bias, s2s__real eps,
                     s2s__real *moments, s2s__real *y);
  /* dx, dgain and dbias are added to. */
  void (*layer_norm_backward)(size_t n, const s2s__real *x, const s2s__real *gain, const s2s__real *moments,
                              const s2s__real *dy, s2s__real *dx, s2s__real *dgain, s2s__real *dbias);

  /* x becomes softmax(x): exp(x - max) / sum, in place. A row that has +inf, or nothing but -inf, becomes NaN. */
  void (*softmax)(size_t n, s2s__real *x);
  /* dx += p * (dp - sum(p dp)) */
  void (*softmax_backward)(size_t n, const s2s__real *p, const s2s__real *dp, s2s__real *dx);
  /* y = x - max - log(sum(exp(x - max))), in place allowed. */
  void (*log_softmax)(size_t n, const s2s__real *x, s2s__real *y);

  /* Softmax cross-entropy of one row with label smoothing (Szegedy et al. 2016; PyTorch's definition):
   * loss = (1 - eps) * -log p[target] + eps * mean over all n classes of -log p.
   * logits become scale * d loss / d logits = scale * (p - (1 - eps) [j = target] - eps / n). Returns the loss
   * (unscaled); *plain gets -log p[target] alone. */
  s2s__real (*cross_entropy)(size_t n, s2s__real *logits, size_t target, s2s__real eps, s2s__real scale,
                             s2s__real *plain);

  /* One LSTM step for one row (Hochreiter and Schmidhuber 1997, with forget gates; gate order i f g o as PyTorch's).
   * a[4H] = x W_ih^T + b_ih (in), r[4H] = h W_hh^T + b_hh (in)
   * i,f,o = sigmoid(a + r), g = tanh(a + r); c = f * c_prev + i * g; h = o * tanh(c)
   * gates[4H] gets i f g o (it may be a). c may be c_prev. */
  void (*lstm)(size_t hidden, const s2s__real *a, const s2s__real *r, const s2s__real *c_prev, s2s__real *gates,
               s2s__real *c, s2s__real *h);
  /* dh: gradient of h; dc: in: gradient of c from the future, out: gradient of c_prev; da[4H]: gradient of a + r. */
  void (*lstm_backward)(size_t hidden, const s2s__real *gates, const s2s__real *c_prev, const s2s__real *c,
                        const s2s__real *dh, s2s__real *dc, s2s__real *da);

  /* One GRU step for one row (Cho et al. 2014 in the reset-after form of PyTorch and cuDNN; gate order r z n).
   * r = sigmoid(a_r + u_r), z = sigmoid(a_z + u_z), n = tanh(a_n + r * u_n), h = (1 - z) * n + z * h_prev
   * a[3H] = x W_ih^T + b_ih, u[3H] = h_prev W_hh^T + b_hh. gates[4H] gets r z n u_n. h may be h_prev. */
  void (*gru)(size_t hidden, const s2s__real *a, const s2s__real *u, const s2s__real *h_prev, s2s__real *gates,
              s2s__real *h);
  /* dh: in: gradient of h, out: the part of the gradient of h_prev that does not pass through u (dh * z);
   * da[3H], du[3H]: gradients of a and u. */
  void (*gru_backward)(size_t hidden, const s2s__real *gates, const s2s__real *h_prev, s2s__real *dh, s2s__real *da,
                       s2s__real *du);

  /* Attention, see s2s__attend. look: w[h][j] = scale * dot(query h, key h of row j). mix: y[h] = sum over j of w[h][j]
   * (value h of row j), from zero and in this order, as axpy adds. */
  void (*look)(const s2s__attend *a);
  void (*mix)(const s2s__attend *a);

  /* Additive attention's score (Bahdanau 2014): sum of v * tanh(q + k). */
  s2s__real (*additive)(size_t n, const s2s__real *q, const s2s__real *k, const s2s__real *v);
  /* With t = tanh(q + k): dv += ds t; e = ds v (1 - t^2); dq += e; dk += e. */
  void (*additive_backward)(size_t n, const s2s__real *q, const s2s__real *k, const s2s__real *v, s2s__real ds,
                            s2s__real *dq, s2s__real *dk, s2s__real *dv);

  /* Dropout of one row (Srivastava et al. 2014, inverted): y[j] = x[j] * scale where bits(key, j) >= threshold, else 0.
   * bits(key, j) is a 32-bit hash, the same on every instruction set: u = j * 0x9E3779B9 + (key & 0xFFFFFFFF);
   * u ^= u >> 16; u *= 0x85EBCA6B; u ^= key >> 32; u ^= u >> 13; u *= 0xC2B2AE35; u ^= u >> 16. In place allowed. */
  void (*dropout)(size_t n, uint64_t key, uint32_t threshold, s2s__real scale, const s2s__real *x, s2s__real *y);

  /* Adam (Kingma and Ba 2015) over n parameters: g = gradient * gradient_scale; m = b1 m + (1-b1) g; v = b2 v + (1-b2)
   * g^2; p -= rate * m / (sqrt(v) * v_scale + eps); the caller folds the bias corrections into rate and v_scale: rate =
   * lr / (1 - b1^t), v_scale = 1 / sqrt(1 - b2^t). b1 and b2 are double so that 1 - b is rounded once. */
  void (*adam)(size_t n, const s2s__real *gradient, s2s__real gradient_scale, double b1, double b2, s2s__real rate,
               s2s__real v_scale, s2s__real eps, s2s__real *m, s2s__real *v, s2s__real *p);
} s2s__kernels;

/* The table for a `cpu` option ("auto", "c", "avx2", "avxvnni", "avx512", "avx512vnni", "neon", "neondot") on a machine with `features`
 * (s2s__cpu_features()), or NULL when the machine, or this build, lacks it. Tables are constant; the pointer lives as
 * long as the program. */
const s2s__kernels *s2s__kernels_choose(const char *cpu, uint32_t features);

/* Names of all levels of this build that `features` can run, from "c" upwards; NULL past the last. For tests and
 * messages. */
const char *s2s__kernels_level(size_t index, uint32_t features);

#endif
