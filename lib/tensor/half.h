/* SPDX-License-Identifier: MIT
 *
 * IEEE 754 binary16 and back, by arithmetic on bits that compilers can turn into vectors.
 *
 * Widening is exact. Narrowing rounds to nearest, ties to even: denormals are kept, 65520 and more become infinity. NaN
 * stays NaN with its sign and the upper bits of its payload; narrowing makes it a quiet one.
 */
#ifndef S2S__TENSOR_HALF_H
#define S2S__TENSOR_HALF_H

#include "tensor/bits.h"

S2S__INLINE float s2s__half_widen(uint16_t half) {
  const uint32_t sign = (uint32_t)(half & 0x8000u) << 16, size = (uint32_t)(half & 0x7fffu) << 13;
  const uint32_t bits = s2s__bits_of_float(s2s__float_of_bits(size) * 0x1p112f); /* the exponents' biases: 127 - 15 */
  const uint32_t special = (uint32_t) - (int32_t)((int32_t)size >= 0x0f800000) & 0x7f800000u;
  return s2s__float_of_bits(sign | bits | special);
}

S2S__INLINE uint16_t s2s__half_narrow(float x) {
  const uint32_t bits = s2s__bits_of_float(x), size = bits & 0x7fffffffu;
  const uint32_t normal = (size - (112u << 23) + 0xfffu + (size >> 13 & 1u)) >> 13;
  /* beside 0.5 a float's last bit is 2^-24, as a denormal half's: the addition rounds */
  const uint32_t denormal =
      s2s__bits_of_float(s2s__float_of_bits(size < (113u << 23) ? size : 0u) + 0.5f) - (126u << 23);
  const uint32_t special = size > 0x7f800000u ? 0x7e00u | (size >> 13 & 0x3ffu) : 0x7c00u;
  const uint32_t half = size >= (143u << 23) ? special : size < (113u << 23) ? denormal : normal;
  return (uint16_t)((bits >> 16 & 0x8000u) | half);
}

/* A number of either s2s__real, rounded once: a double goes through the float that is rounded to odd, whose last bit
 * says that something was cut off. */
S2S__INLINE uint16_t s2s__half_of_real(s2s__real x) {
#if defined(S2S_DOUBLE) && S2S_DOUBLE
  const float near = (float)x;
  uint32_t bits = s2s__bits_of_float(near);
  if ((double)near != x && x == x) {
    const double size = x < 0 ? -x : x, near_size = x < 0 ? -(double)near : (double)near;
    bits = (bits - (near_size > size)) | 1u;
  }
  return s2s__half_narrow(s2s__float_of_bits(bits));
#else
  return s2s__half_narrow(x);
#endif
}

#endif
