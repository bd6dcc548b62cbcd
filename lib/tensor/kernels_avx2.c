/* SPDX-License-Identifier: MIT
 *
 * The kernels of AVX2 with FMA: its verbs under the common texts.
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

#include "tensor/isa_avx2_begin.h"

#include "tensor/vec_avx2.h"

#include "tensor/math_vec.h"

#include "tensor/kernels_vec.h"

#include "tensor/gemm_vec.h"

#include "tensor/norm_vec.h"

#include "tensor/select_vec.h"

#include "tensor/gates_vec.h"

#define TABLE_NAME "avx2"
#define TABLE_ISA avx2
#include "tensor/table_vec.h"

#if S2S__AVXVNNI
#define TABLE_NAME "avxvnni"
#define TABLE_ISA avxvnni
#include "tensor/table_vec.h"
#endif

#include "tensor/vec_end.h"

#include "tensor/isa_end.h"

#endif
