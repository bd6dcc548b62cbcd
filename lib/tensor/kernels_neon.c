/* SPDX-License-Identifier: MIT
 *
 * The kernels of Advanced SIMD on AArch64 (NEON): its verbs under the common texts.
 */
#include "tensor/isa.h"

#if S2S__NEON

#include "tensor/gemm_plan.h"
#include "tensor/math_c.h"
#include "tensor/norm.h"
#include "tensor/select.h"

#include <arm_neon.h>
#include <math.h>
#include <string.h>

#include "tensor/isa_neon_begin.h"

#include "tensor/vec_neon.h"

#include "tensor/math_vec.h"

#include "tensor/kernels_vec.h"

#include "tensor/gemm_vec.h"

#include "tensor/norm_vec.h"

#include "tensor/select_vec.h"

#include "tensor/gates_vec.h"

#define TABLE_NAME "neon"
#define TABLE_ISA neon
#include "tensor/table_vec.h"

#define TABLE_NAME "neondot"
#define TABLE_ISA neondot
#include "tensor/table_vec.h"

#include "tensor/vec_end.h"

#include "tensor/isa_end.h"

#endif
