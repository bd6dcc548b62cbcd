/* SPDX-License-Identifier: MIT
 *
 * Eight-bit multiplication with AVX-512 BW, without VNNI.
 */
#include "tensor/i8.h"

#if S2S__X86

#include <immintrin.h>

#include "tensor/isa_avx512_begin.h"

#define I8_ISA avx512
#define I8_DOT_PRODUCT 0
#include "tensor/vec_i8_avx512.h"

#include "tensor/i8_vec.h"

#undef I8_DOT_PRODUCT

#include "tensor/isa_end.h"

#endif
