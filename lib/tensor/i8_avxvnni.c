/* SPDX-License-Identifier: MIT
 *
 * Eight-bit multiplication with AVX-VNNI, the dot product of bytes in 256 bits.
 */
#include "tensor/i8.h"

#if S2S__AVXVNNI

#include <immintrin.h>

#include "tensor/isa_avxvnni_begin.h"

#define I8_ISA avxvnni
#define I8_DOT_PRODUCT 1
#if S2S__AVXVNNI_IS_AVX512VL
#define I8_DPBUSD _mm256_dpbusd_epi32
#else
#define I8_DPBUSD _mm256_dpbusd_avx_epi32
#endif
#include "tensor/vec_i8_avx2.h"

#include "tensor/i8_vec.h"

#undef I8_DOT_PRODUCT
#undef I8_DPBUSD

#include "tensor/isa_end.h"

#endif
