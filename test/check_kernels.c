/* SPDX-License-Identifier: MIT
 *
 * The kernels of every level that this machine has, held against a reference in double (multiplication, exp, tanh,
 * sigmoid, gelu ...) or against portable C (the rest): odd sizes, odd addresses, guard bytes around every array,
 * special values, equal bits for a row alone and in any batch.
 *
 *     check_kernels [--seed N] [--stride N] [--bench]
 *
 * --stride: exp, tanh and their like are tried on every N-th pattern of bits (1999). --bench prints the speed of each
 * kernel on each level instead. S2S_TEST_STRIDE is another way to say --stride, S2S_TEST_CPU limits the levels to one.
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include "base/cpu.h"
#include "check_kernels_arrays.h"
#include "check_kernels_bench.h"
#include "check_kernels_bench_i8.h"
#include "check_kernels_gemm.h"
#include "check_kernels_i8.h"
#include "check_kernels_math.h"
#include "check_kernels_rows.h"
#include "check_kernels_select.h"
#include "check_kernels_weight.h"
#include "tap.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* ---- all of them ------------------------------------------------------------------------------------------------- */

static const check checks[] = {
    {"pack puts every number in its place, zeros around", check_pack},
    {"gemm is within its bound of the exact product", check_gemm},
    {"gemm gives a row the same bits alone and in any batch", check_rows},
    {"gemm at the depths where its blocks begin and end, with scratch and without", check_gemm_depths},
    {"gemm keeps NaN and infinity in their row", check_gemm_special},
    {"every half widens exactly", check_half_widen},
    {"pack_f16 rounds to the nearest half, ties to even", check_half_narrow},
    {"gemm_f16 has the bits of gemm on the rounded numbers", check_gemm_f16},
    {"a weight's rows come back as stored", check_weight},
    {"a weight's product is within its bound, over threads the same", check_weight_multiply},
    {"a weight with NaN or infinity gives NaN in that output alone", check_weight_special},
    {"a weight that is too large is refused", check_weight_limits},
    {"weight_gradient is within its bound, over threads the same", check_weight_gradient},
    {"quantize gives the numbers and scales of its definition", check_i8_quantize},
    {"gemm_i8 is exact", check_i8_gemm},
    {"gemm_i8 is exact at the highest sums", check_i8_deep},
    {"gemm_i8 gives a row the same bits alone and in any batch", check_i8_rows},
    {"gemm_i8's activations are those of the table", check_i8_activations},
    {"gemm_i8 makes a row with NaN or infinity NaN", check_i8_special},
    {"dot, sum, sum_squares and max", check_sums},
    {"max of NaN and infinities", check_max_special},
    {"axpy, add, scale and tanh_backward", check_updates},
    {"exp is within 2 ULP", check_exp},
    {"tanh is within 4 ULP", check_tanh},
    {"sigmoid is within 4 ULP", check_sigmoid},
    {"log is within 2 ULP", check_log},
    {"relu is exact", check_relu},
    {"gelu is within 8 ULP", check_gelu},
    {"swish is within 4 ULP", check_swish},
    {"relu_backward", check_relu_backward},
    {"gelu_backward", check_gelu_backward},
    {"swish_backward", check_swish_backward},
    {"layer_norm is within its bound", check_layer_norm},
    {"layer_norm of equal numbers, NaN and infinity", check_layer_norm_special},
    {"layer_norm_backward is within its bound", check_layer_norm_backward},
    {"argmax and top_k agree with a stable sort", check_select},
    {"softmax, its gradient and log_softmax", check_softmax},
    {"softmax of NaN and infinities", check_softmax_special},
    {"cross_entropy", check_cross_entropy},
    {"lstm, forward and backward", check_lstm},
    {"gru, forward and backward", check_gru},
    {"look and mix", check_look_and_mix},
    {"additive, forward and backward", check_additive},
    {"dropout follows its hash", check_dropout},
    {"adam", check_adam},
};

/* ---- illegal instructions ---------------------------------------------------------------------------------------- */

static sigjmp_buf before_check;

static void on_illegal(int number) {
  (void)number;
  siglongjmp(before_check, 1);
}

/* Runs a check; what an illegal instruction ends has failed, and says so. */
static int run_check(const level *l, const check *c) {
  if (sigsetjmp(before_check, 1) == 0) return c->run(l);
  diag("%s: illegal instruction", l->kernels->name);
  (void)release();
  return 0;
}

static void illegal_exp(size_t n, const real *x, real *y) {
  (void)n, (void)x, (void)y;
  raise(SIGILL);
}

static int check_illegal(void) {
  s2s__kernels broken = *s2s__kernels_choose("c", 0);
  const level l = {&broken, &broken};
  const check exp_check = {"exp", check_exp};
  broken.name = "broken";
  broken.exp = illegal_exp;
  return !run_check(&l, &exp_check);
}

static int check_choice(uint32_t features) {
  const s2s__kernels *best = s2s__kernels_choose("auto", features);
  size_t count = 0;
  while (s2s__kernels_level(count, features)) count++;
  return best && strcmp(best->name, s2s__kernels_level(count - 1, features)) == 0 &&
         !s2s__kernels_choose("mmx", features) && !s2s__kernels_choose("avx2", 0) &&
         !s2s__kernels_choose("neondot", S2S__CPU_NEON) && s2s__kernels_choose("c", 0);
}

static void check_level(const s2s__kernels *kernels, const s2s__kernels *c) {
  const level l = {kernels, c};
  for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
    random_state = seed + i;
    ok(run_check(&l, &checks[i]), "%s: %s", kernels->name, checks[i].name);
  }
}

int main(int argc, char **argv) {
  const char *only = getenv("S2S_TEST_CPU"), *name;
  const uint32_t features = s2s__cpu_features();
#if !(defined(S2S_DOUBLE) && S2S_DOUBLE)
  if (getenv("S2S_TEST_STRIDE")) stride = (uint32_t)strtoul(getenv("S2S_TEST_STRIDE"), NULL, 0) | 1;
#endif
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--bench") == 0) return bench(features) || bench_i8(features);
    if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) seed = strtoull(argv[++i], NULL, 0);
#if !(defined(S2S_DOUBLE) && S2S_DOUBLE)
    if (strcmp(argv[i], "--stride") == 0 && i + 1 < argc) stride = (uint32_t)strtoul(argv[++i], NULL, 0) | 1;
#endif
  }
  signal(SIGILL, on_illegal);
  diag("seed %llu", (unsigned long long)seed);
  ok(check_illegal(), "an illegal instruction fails the check that it ends");
  ok(check_choice(features), "the best level is chosen, and none that the machine lacks");
  if (only && strcmp(only, "auto") != 0) ok(s2s__kernels_choose(only, features) != NULL, "this machine has %s", only);
  for (size_t i = 0; (name = s2s__kernels_level(i, features)) != NULL; i++) {
    if (only && strcmp(only, "auto") != 0 && strcmp(only, name) != 0) continue;
    check_level(s2s__kernels_choose(name, features), s2s__kernels_choose("c", features));
  }
  return done();
}
