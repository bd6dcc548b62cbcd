/* SPDX-License-Identifier: MIT
 *
 * Eight-bit multiplication with AVX-512 VNNI's dot product of bytes.
 */
#include "tensor/i8.h"

#if S2S__X86

#include <immintrin.h>

#include "tensor/isa_avx512vnni_begin.h"

#define I8_ISA avx512vnni
#define I8_DOT_PRODUCT 1
#include "tensor/vec_i8_avx512.h"

#include "tensor/i8_vec.h"

#undef I8_DOT_PRODUCT

#include "tensor/isa_end.h"

#endif
