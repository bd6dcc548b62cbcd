/* SPDX-License-Identifier: MIT
 *
 * s2s__real: float, or double in the test build that checks gradients by finite differences (S2S_DOUBLE=1, portable
 * kernels only, never shipped).
 */
#ifndef S2S__TENSOR_REAL_H
#define S2S__TENSOR_REAL_H

#include "base/train.h"

#include <stddef.h>
#include <stdint.h>

#if defined(S2S_DOUBLE) && S2S_DOUBLE
typedef double s2s__real;
#else
typedef float s2s__real;
#endif

#endif
