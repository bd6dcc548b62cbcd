/* SPDX-License-Identifier: MIT
 *
 * The kernels of AVX-512 (F, BW, VL, DQ): its verbs under the common texts.
 */
#include "tensor/isa.h"

#if S2S__X86

#include "tensor/gemm_plan.h"
#include "tensor/math_c.h"
#include "tensor/norm.h"
#include "tensor/select.h"

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "tensor/isa_avx512_begin.h"

#include "tensor/vec_avx512.h"

#include "tensor/math_vec.h"

#include "tensor/kernels_vec.h"

#include "tensor/gemm_vec.h"

#include "tensor/norm_vec.h"

#include "tensor/select_vec.h"

#include "tensor/gates_vec.h"

#define TABLE_NAME "avx512"
#define TABLE_ISA avx512
#include "tensor/table_vec.h"

#define TABLE_NAME "avx512vnni"
#define TABLE_ISA avx512vnni
#include "tensor/table_vec.h"

#include "tensor/vec_end.h"

#include "tensor/isa_end.h"

#endif
