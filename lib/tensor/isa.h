/* SPDX-License-Identifier: MIT
 *
 * Which levels this build has, and their tables.
 *
 * A level's code is compiled with its instruction set by a pair of headers inside the source (isa_avx2_begin.h ...
 * isa_end.h), never by compiler flags, so that separate files and the one-file amalgamation give the same code. Every
 * symbol between the two carries the level's suffix. S2S_NO_SIMD=1, S2S_DOUBLE=1 and other processors than x86-64 and
 * little-endian AArch64 leave portable C alone.
 */
#ifndef S2S__TENSOR_ISA_H
#define S2S__TENSOR_ISA_H

#include "tensor/kernels.h"

#if defined(__x86_64__) && defined(__GNUC__) && !(defined(S2S_NO_SIMD) && S2S_NO_SIMD) &&                              \
    !(defined(S2S_DOUBLE) && S2S_DOUBLE)
#define S2S__X86 1
#else
#define S2S__X86 0
#endif

/* Compilers that know AVX-VNNI: gcc from 11, clang from 12. */
#if S2S__X86 && (defined(__clang__) ? __clang_major__ >= 12 : __GNUC__ >= 11)
#define S2S__AVXVNNI 1
#else
#define S2S__AVXVNNI 0
#endif

#if defined(__aarch64__) && !defined(__AARCH64EB__) && defined(__ARM_NEON) && defined(__GNUC__) &&                     \
    !(defined(S2S_NO_SIMD) && S2S_NO_SIMD) && !(defined(S2S_DOUBLE) && S2S_DOUBLE)
#define S2S__NEON 1
#else
#define S2S__NEON 0
#endif

/* For the verbs and the innermost pieces of kernels, whose arguments must become constants and registers; and for what
 * must keep its own stack frame. */
#if defined(__GNUC__)
#define S2S__INLINE static inline __attribute__((always_inline, unused))
#define S2S__APART static __attribute__((noinline, unused))
#else
#define S2S__INLINE static inline
#define S2S__APART static
#endif

/* name, suffix -> name_suffix, both expanded first */
#define S2S__JOIN(name, suffix) S2S__JOIN_EXPANDED(name, suffix)
#define S2S__JOIN_EXPANDED(name, suffix) name##_##suffix

extern const s2s__kernels s2s__kernels_c;
#if S2S__X86
extern const s2s__kernels s2s__kernels_avx2;
extern const s2s__kernels s2s__kernels_avxvnni;
extern const s2s__kernels s2s__kernels_avx512;
extern const s2s__kernels s2s__kernels_avx512vnni;
#endif
#if S2S__NEON
extern const s2s__kernels s2s__kernels_neon;
extern const s2s__kernels s2s__kernels_neondot;
#endif

/* S2S_AVXVNNI_AS_AVX512VL=1 is for tests, on machines with AVX-512 VNNI but without AVX-VNNI: the level "avxvnni" is
 * then made of the same dot product of 256 bits in AVX-512's encoding, and needs that. */
#if defined(S2S_AVXVNNI_AS_AVX512VL) && S2S_AVXVNNI_AS_AVX512VL
#define S2S__AVXVNNI_IS_AVX512VL 1
#else
#define S2S__AVXVNNI_IS_AVX512VL 0
#endif

/* Portable multiplication (gemm_c.c). */
void s2s__gemm_pack_c(size_t n, size_t k, const s2s__real *b, size_t b_row, size_t b_step, s2s__real *packed);
void s2s__gemm_c(const s2s__gemm *g);
void s2s__gemm_pack_f16_c(size_t n, size_t k, const s2s__real *b, size_t b_row, size_t b_step, uint16_t *packed);
void s2s__gemm_f16_c(const s2s__gemm *g);
#define S2S__PANEL_C 8

/* Eight-bit multiplication (i8_c.c, i8_avx2.c, ...), which has levels of its own. */
#define S2S__I8_DECLARE(isa)                                                                                           \
  void s2s__i8_pack_##isa(size_t n, size_t k, const int8_t *b, size_t b_row, size_t b_step, void *packed);             \
  void s2s__i8_quantize_##isa(size_t m, size_t k, const s2s__real *x, size_t x_row, void *q, s2s__real *scale);        \
  void s2s__i8_gemm_##isa(const s2s__gemm_i8 *g);
S2S__I8_DECLARE(c)
#if S2S__X86
S2S__I8_DECLARE(avx2)
S2S__I8_DECLARE(avxvnni)
S2S__I8_DECLARE(avx512)
S2S__I8_DECLARE(avx512vnni)
#endif
#if S2S__NEON
S2S__I8_DECLARE(neon)
S2S__I8_DECLARE(neondot)
#endif
#undef S2S__I8_DECLARE

#endif
