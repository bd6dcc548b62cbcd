/* SPDX-License-Identifier: MIT
 *
 * The vector verbs of AVX2 with FMA: eight floats. VEC(verb) names one; kernels_vec.h, math_vec.h and gemm_vec.h are
 * written over them. Included between isa_avx2_begin.h and isa_end.h; vec_end.h forgets the macros.
 *
 *   real, wide, word     vectors of float, of double (half as many), of uint32_t
 *   get, put             `count` numbers, at most VEC_WIDTH; get fills up with zeros, put writes no more than count
 *   min, max             the second operand when either is NaN
 *   scale_power(p, n)    p * 2^n rounded once, n a whole number in -250 .. 250; p in 2^-20 .. 2^20 (or zero), or n zero
 *   split(x, &n)         m with x = m 2^n, sqrt(1/2) <= m < sqrt(2), n a whole number; x positive and normal
 *   greater(a, b, x, y)  x where a > b, else y (so also when either is NaN)
 *   any_greater(a, b)    whether a > b in any lane
 *   all_less(a, b)       whether a < b in every lane
 *   eighth_power(s)      2^(m / 8), where s = 1.5 * 2^23 + m, a normal number; from S2S__EIGHTHS
 *   raise(p, s)          p 2^n, where s = 1.5 * 2^23 + n holds n in its lowest bits; p and the result normal numbers
 *   keep_nan(m, x)       x where x is NaN, else m
 *   sum, highest         over the lanes, as a fixed tree
 *   load_f16(p)          VEC_WIDTH numbers of IEEE 754 binary16, widened exactly
 *   store_f16(p, x)      VEC_WIDTH numbers rounded to binary16, to nearest even; denormals kept
 *   transpose            a square of VEC_SQUARE numbers (vec_x86.h)
 *   prefetch(p)          asks for p's cache line; p may be anywhere
 */
#define VEC(verb) S2S__JOIN(vec_##verb, avx2)
#define KERNEL(name) S2S__JOIN(name, avx2)
#define VEC_WIDTH 8
#define VEC_TILE_ROWS 6    /* of a multiplication's tile: 2 registers a row, 2 for B, 1 for A, of 16 */
#define VEC_TILE_DEPTH 256 /* of a block of k: a panel of B stays in the first-level cache */
#define VEC_A_AHEAD 8      /* steps of k that a tile asks for A and B ahead; 0: leaves it to the machine */
#define VEC_B_AHEAD 0

typedef __m256 VEC(real);
typedef __m256d VEC(wide);
typedef __m256i VEC(word);

S2S__INLINE VEC(real) VEC(load)(const float *p) { return _mm256_loadu_ps(p); }
S2S__INLINE void VEC(store)(float *p, VEC(real) x) { _mm256_storeu_ps(p, x); }
S2S__INLINE VEC(real) VEC(load_f16)(const uint16_t *p) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p)); }
S2S__INLINE void VEC(store_f16)(uint16_t *p, VEC(real) x) {
  _mm_storeu_si128((__m128i *)p, _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
S2S__INLINE VEC(real) VEC(set1)(float x) { return _mm256_set1_ps(x); }
S2S__INLINE VEC(real) VEC(zero)(void) { return _mm256_setzero_ps(); }

S2S__INLINE VEC(word) VEC(lanes)(void) { return _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7); }
S2S__INLINE VEC(word) VEC(first)(size_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), VEC(lanes)());
}
S2S__INLINE VEC(real) VEC(get)(const float *p, size_t count) {
  return count == VEC_WIDTH ? _mm256_loadu_ps(p) : _mm256_maskload_ps(p, VEC(first)(count));
}
S2S__INLINE void VEC(put)(float *p, size_t count, VEC(real) x) {
  if (count == VEC_WIDTH)
    _mm256_storeu_ps(p, x);
  else
    _mm256_maskstore_ps(p, VEC(first)(count), x);
}

S2S__INLINE VEC(real) VEC(add)(VEC(real) a, VEC(real) b) { return _mm256_add_ps(a, b); }
S2S__INLINE VEC(real) VEC(sub)(VEC(real) a, VEC(real) b) { return _mm256_sub_ps(a, b); }
S2S__INLINE VEC(real) VEC(mul)(VEC(real) a, VEC(real) b) { return _mm256_mul_ps(a, b); }
S2S__INLINE VEC(real) VEC(div)(VEC(real) a, VEC(real) b) { return _mm256_div_ps(a, b); }
S2S__INLINE VEC(real) VEC(sqrt)(VEC(real) a) { return _mm256_sqrt_ps(a); }
S2S__INLINE VEC(real) VEC(fma)(VEC(real) a, VEC(real) b, VEC(real) c) { return _mm256_fmadd_ps(a, b, c); }
S2S__INLINE VEC(real) VEC(fnma)(VEC(real) a, VEC(real) b, VEC(real) c) { return _mm256_fnmadd_ps(a, b, c); }
S2S__INLINE VEC(real) VEC(min)(VEC(real) a, VEC(real) b) { return _mm256_min_ps(a, b); }
S2S__INLINE VEC(real) VEC(max)(VEC(real) a, VEC(real) b) { return _mm256_max_ps(a, b); }
S2S__INLINE VEC(real) VEC(round)(VEC(real) a) {
  return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

S2S__INLINE VEC(real) VEC(abs)(VEC(real) x) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x); }
S2S__INLINE VEC(real) VEC(copy_sign)(VEC(real) size, VEC(real) sign) {
  return _mm256_or_ps(size, _mm256_and_ps(_mm256_set1_ps(-0.0f), sign));
}
/* a where x has its sign bit set, else b */
S2S__INLINE VEC(real) VEC(select_sign)(VEC(real) x, VEC(real) a, VEC(real) b) { return _mm256_blendv_ps(b, a, x); }
S2S__INLINE VEC(real) VEC(keep_nan)(VEC(real) m, VEC(real) x) {
  return _mm256_blendv_ps(m, x, _mm256_cmp_ps(x, x, _CMP_UNORD_Q));
}

S2S__INLINE VEC(real) VEC(greater)(VEC(real) a, VEC(real) b, VEC(real) x, VEC(real) y) {
  return _mm256_blendv_ps(y, x, _mm256_cmp_ps(a, b, _CMP_GT_OQ));
}
S2S__INLINE int VEC(any_greater)(VEC(real) a, VEC(real) b) {
  return _mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_GT_OQ)) != 0;
}

S2S__INLINE int VEC(all_less)(VEC(real) a, VEC(real) b) {
  return _mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_LT_OQ)) == 0xff;
}

S2S__INLINE VEC(real) VEC(raise)(VEC(real) p, VEC(real) s) {
  const VEC(word) exponent = _mm256_slli_epi32(_mm256_castps_si256(s), 23);
  return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(p), exponent));
}
S2S__INLINE VEC(real) VEC(eighth_power)(VEC(real) s) {
  const VEC(word) m = _mm256_castps_si256(s), part = _mm256_setr_epi32(S2S__EIGHTHS);
  return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_permutevar8x32_epi32(part, m), _mm256_slli_epi32(m, 20)));
}
S2S__INLINE VEC(real) VEC(split)(VEC(real) x, VEC(real) * n) {
  const VEC(word) bits = _mm256_castps_si256(x);
  const VEC(word) whole = _mm256_srai_epi32(_mm256_sub_epi32(bits, _mm256_set1_epi32(0x3f3504f3)), 23);
  *n = _mm256_cvtepi32_ps(whole);
  return _mm256_castsi256_ps(_mm256_sub_epi32(bits, _mm256_slli_epi32(whole, 23)));
}
S2S__INLINE VEC(real) VEC(power_of)(VEC(word) n) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}
S2S__INLINE VEC(real) VEC(scale_power)(VEC(real) p, VEC(real) n) {
  const VEC(word) whole = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(whole, 1);
  const VEC(real) partly = _mm256_mul_ps(p, VEC(power_of)(half)); /* exact */
  return _mm256_mul_ps(partly, VEC(power_of)(_mm256_sub_epi32(whole, half)));
}

S2S__INLINE float VEC(sum)(VEC(real) x) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
S2S__INLINE float VEC(highest)(VEC(real) x) { /* no NaN */
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}
S2S__INLINE int VEC(any_nan)(VEC(real) x) { return _mm256_movemask_ps(_mm256_cmp_ps(x, x, _CMP_UNORD_Q)) != 0; }

S2S__INLINE VEC(wide) VEC(wide_zero)(void) { return _mm256_setzero_pd(); }
S2S__INLINE VEC(wide) VEC(wide_low)(VEC(real) x) { return _mm256_cvtps_pd(_mm256_castps256_ps128(x)); }
S2S__INLINE VEC(wide) VEC(wide_high)(VEC(real) x) { return _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1)); }
/* x^2 + sum */
S2S__INLINE VEC(wide) VEC(wide_square)(VEC(wide) x, VEC(wide) sum) { return _mm256_fmadd_pd(x, x, sum); }
S2S__INLINE double VEC(wide_sum)(VEC(wide) x) {
  const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(x), _mm256_extractf128_pd(x, 1));
  return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

S2S__INLINE VEC(word) VEC(word_set1)(uint32_t x) { return _mm256_set1_epi32((int)x); }
S2S__INLINE VEC(word) VEC(word_add)(VEC(word) a, VEC(word) b) { return _mm256_add_epi32(a, b); }
S2S__INLINE VEC(word) VEC(word_mul)(VEC(word) a, VEC(word) b) { return _mm256_mullo_epi32(a, b); }
S2S__INLINE VEC(word) VEC(word_xor)(VEC(word) a, VEC(word) b) { return _mm256_xor_si256(a, b); }
S2S__INLINE VEC(word) VEC(word_right)(VEC(word) a, int bits) { return _mm256_srli_epi32(a, bits); }
/* x where a >= b, unsigned, else zero */
S2S__INLINE VEC(real) VEC(where_at_least)(VEC(word) a, VEC(word) b, VEC(real) x) {
  return _mm256_and_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_max_epu32(a, b), a)), x);
}

#include "tensor/vec_x86.h"
