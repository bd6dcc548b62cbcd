/* SPDX-License-Identifier: MIT
 *
 * Eight-bit multiplication with Advanced SIMD (NEON).
 */
#include "tensor/i8.h"

#if S2S__NEON

#include <arm_neon.h>

#include "tensor/isa_neon_begin.h"

#define I8_ISA neon
#define I8_DOT_PRODUCT 0
#include "tensor/vec_i8_neon.h"

#include "tensor/i8_vec.h"

#undef I8_DOT_PRODUCT

#include "tensor/isa_end.h"

#endif
