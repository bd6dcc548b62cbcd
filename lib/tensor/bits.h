/* SPDX-License-Identifier: MIT
 *
 * A float as its 32 bits (IEEE 754 binary32: a sign, eight bits of exponent, 23 of fraction), and back.
 */
#ifndef S2S__TENSOR_BITS_H
#define S2S__TENSOR_BITS_H

#include "tensor/isa.h"

#include <string.h>

S2S__INLINE float s2s__float_of_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

S2S__INLINE uint32_t s2s__bits_of_float(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

#endif
