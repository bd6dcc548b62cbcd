/* SPDX-License-Identifier: MIT
 *
 * Eight-bit multiplication with Armv8.2's dot product of bytes.
 */
#include "tensor/i8.h"

#if S2S__NEON

#include <arm_neon.h>

#include "tensor/isa_neondot_begin.h"

#define I8_ISA neondot
#define I8_DOT_PRODUCT 1
#include "tensor/vec_i8_neon.h"

#include "tensor/i8_vec.h"

#undef I8_DOT_PRODUCT

#include "tensor/isa_end.h"

#endif
