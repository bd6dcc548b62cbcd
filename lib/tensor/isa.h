/* SPDX-License-Identifier: MIT
 *
 * Which levels this build has, and their tables.
 *
 * A level's code is compiled with its instruction set by a pair of headers inside the source (isa_avx2_begin.h ...
 * isa_end.h), never by compiler flags, so that separate files and the one-file amalgamation give the same code. Every
 * symbol between the two carries the level's suffix. S2S_NO_SIMD=1, S2S_DOUBLE=1 and other processors than x86-64
 * leave portable C alone.
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
extern const s2s__kernels s2s__kernels_avx512;
#endif

/* Portable multiplication (gemm_c.c). */
void s2s__gemm_pack_c(size_t n, size_t k, const s2s__real *b, size_t b_row, size_t b_step, s2s__real *packed);
void s2s__gemm_c(const s2s__gemm *g);
#define S2S__PANEL_C 8

#endif
