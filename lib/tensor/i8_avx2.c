/* SPDX-License-Identifier: MIT
 *
 * Eight-bit multiplication with AVX2.
 */
#include "tensor/i8.h"

#if S2S__X86

#include <immintrin.h>

#include "tensor/isa_avx2_begin.h"

#define I8_ISA avx2
#define I8_DOT_PRODUCT 0
#include "tensor/vec_i8_avx2.h"

#include "tensor/i8_vec.h"

#undef I8_DOT_PRODUCT

#include "tensor/isa_end.h"

#endif
