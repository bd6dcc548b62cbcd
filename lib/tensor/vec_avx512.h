/* SPDX-License-Identifier: MIT
 *
 * The vector verbs of AVX-512 (F, BW, VL, DQ): sixteen floats. What each means stands in vec_avx2.h. Included between
 * isa_avx512_begin.h and isa_end.h; vec_end.h forgets the macros.
 */
#define VEC(verb) S2S__JOIN(vec_##verb, avx512)
#define KERNEL(name) S2S__JOIN(name, avx512)
#define VEC_WIDTH 16
#define VEC_TILE_ROWS 12 /* 27 of 32 registers */
#define VEC_TILE_DEPTH 512
#define VEC_A_AHEAD 0
#define VEC_B_AHEAD 8

typedef __m512 VEC(real);
typedef __m512d VEC(wide);
typedef __m512i VEC(word);

S2S__INLINE VEC(real) VEC(load)(const float *p) { return _mm512_loadu_ps(p); }
S2S__INLINE void VEC(store)(float *p, VEC(real) x) { _mm512_storeu_ps(p, x); }
S2S__INLINE VEC(real) VEC(load_f16)(const uint16_t *p) {
  const __m256 low = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p));
  return _mm512_insertf32x8(_mm512_castps256_ps512(low), _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(p + 8))), 1);
}
S2S__INLINE void VEC(store_f16)(uint16_t *p, VEC(real) x) {
  _mm256_storeu_si256((__m256i *)p, _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
S2S__INLINE VEC(real) VEC(set1)(float x) { return _mm512_set1_ps(x); }
S2S__INLINE VEC(real) VEC(zero)(void) { return _mm512_setzero_ps(); }

S2S__INLINE VEC(word) VEC(lanes)(void) {
  return _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}
S2S__INLINE __mmask16 VEC(first)(size_t count) { return (__mmask16)((1u << count) - 1u); }
S2S__INLINE VEC(real) VEC(get)(const float *p, size_t count) {
  return count == VEC_WIDTH ? _mm512_loadu_ps(p) : _mm512_maskz_loadu_ps(VEC(first)(count), p);
}
S2S__INLINE void VEC(put)(float *p, size_t count, VEC(real) x) {
  if (count == VEC_WIDTH)
    _mm512_storeu_ps(p, x);
  else
    _mm512_mask_storeu_ps(p, VEC(first)(count), x);
}

S2S__INLINE VEC(real) VEC(add)(VEC(real) a, VEC(real) b) { return _mm512_add_ps(a, b); }
S2S__INLINE VEC(real) VEC(sub)(VEC(real) a, VEC(real) b) { return _mm512_sub_ps(a, b); }
S2S__INLINE VEC(real) VEC(mul)(VEC(real) a, VEC(real) b) { return _mm512_mul_ps(a, b); }
S2S__INLINE VEC(real) VEC(div)(VEC(real) a, VEC(real) b) { return _mm512_div_ps(a, b); }
S2S__INLINE VEC(real) VEC(sqrt)(VEC(real) a) { return _mm512_sqrt_ps(a); }
S2S__INLINE VEC(real) VEC(fma)(VEC(real) a, VEC(real) b, VEC(real) c) { return _mm512_fmadd_ps(a, b, c); }
S2S__INLINE VEC(real) VEC(fnma)(VEC(real) a, VEC(real) b, VEC(real) c) { return _mm512_fnmadd_ps(a, b, c); }
S2S__INLINE VEC(real) VEC(min)(VEC(real) a, VEC(real) b) { return _mm512_min_ps(a, b); }
S2S__INLINE VEC(real) VEC(max)(VEC(real) a, VEC(real) b) { return _mm512_max_ps(a, b); }
S2S__INLINE VEC(real) VEC(round)(VEC(real) a) {
  return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

S2S__INLINE VEC(real) VEC(abs)(VEC(real) x) { return _mm512_andnot_ps(_mm512_set1_ps(-0.0f), x); }
S2S__INLINE VEC(real) VEC(copy_sign)(VEC(real) size, VEC(real) sign) {
  return _mm512_or_ps(size, _mm512_and_ps(_mm512_set1_ps(-0.0f), sign));
}
S2S__INLINE VEC(real) VEC(select_sign)(VEC(real) x, VEC(real) a, VEC(real) b) {
  return _mm512_mask_blend_ps(_mm512_movepi32_mask(_mm512_castps_si512(x)), b, a);
}
S2S__INLINE VEC(real) VEC(keep_nan)(VEC(real) m, VEC(real) x) {
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q), m, x);
}

S2S__INLINE VEC(real) VEC(greater)(VEC(real) a, VEC(real) b, VEC(real) x, VEC(real) y) {
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_GT_OQ), y, x);
}
S2S__INLINE int VEC(any_greater)(VEC(real) a, VEC(real) b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ) != 0; }

S2S__INLINE int VEC(all_less)(VEC(real) a, VEC(real) b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ) == 0xffff; }

S2S__INLINE VEC(real) VEC(raise)(VEC(real) p, VEC(real) s) {
  const VEC(word) exponent = _mm512_slli_epi32(_mm512_castps_si512(s), 23);
  return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(p), exponent));
}
S2S__INLINE VEC(real) VEC(eighth_power)(VEC(real) s) {
  const VEC(word) m = _mm512_castps_si512(s), part = _mm512_broadcast_i32x8(_mm256_setr_epi32(S2S__EIGHTHS));
  return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_permutexvar_epi32(m, part), _mm512_slli_epi32(m, 20)));
}
S2S__INLINE VEC(real) VEC(split)(VEC(real) x, VEC(real) * n) {
  const VEC(word) bits = _mm512_castps_si512(x);
  const VEC(word) whole = _mm512_srai_epi32(_mm512_sub_epi32(bits, _mm512_set1_epi32(0x3f3504f3)), 23);
  *n = _mm512_cvtepi32_ps(whole);
  return _mm512_castsi512_ps(_mm512_sub_epi32(bits, _mm512_slli_epi32(whole, 23)));
}
S2S__INLINE VEC(real) VEC(scale_power)(VEC(real) p, VEC(real) n) { return _mm512_scalef_ps(p, n); }

S2S__INLINE float VEC(sum)(VEC(real) x) {
  const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
S2S__INLINE float VEC(highest)(VEC(real) x) { /* no NaN */
  const __m256 eight = _mm256_max_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}
S2S__INLINE int VEC(any_nan)(VEC(real) x) { return _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q) != 0; }

S2S__INLINE VEC(wide) VEC(wide_zero)(void) { return _mm512_setzero_pd(); }
S2S__INLINE VEC(wide) VEC(wide_low)(VEC(real) x) { return _mm512_cvtps_pd(_mm512_castps512_ps256(x)); }
S2S__INLINE VEC(wide) VEC(wide_high)(VEC(real) x) { return _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1)); }
/* x^2 + sum */
S2S__INLINE VEC(wide) VEC(wide_square)(VEC(wide) x, VEC(wide) sum) { return _mm512_fmadd_pd(x, x, sum); }
S2S__INLINE double VEC(wide_sum)(VEC(wide) x) {
  const __m256d four = _mm256_add_pd(_mm512_castpd512_pd256(x), _mm512_extractf64x4_pd(x, 1));
  const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
  return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

S2S__INLINE VEC(word) VEC(word_set1)(uint32_t x) { return _mm512_set1_epi32((int)x); }
S2S__INLINE VEC(word) VEC(word_add)(VEC(word) a, VEC(word) b) { return _mm512_add_epi32(a, b); }
S2S__INLINE VEC(word) VEC(word_mul)(VEC(word) a, VEC(word) b) { return _mm512_mullo_epi32(a, b); }
S2S__INLINE VEC(word) VEC(word_xor)(VEC(word) a, VEC(word) b) { return _mm512_xor_si512(a, b); }
S2S__INLINE VEC(word) VEC(word_right)(VEC(word) a, int bits) { return _mm512_srli_epi32(a, (unsigned)bits); }
S2S__INLINE VEC(real) VEC(where_at_least)(VEC(word) a, VEC(word) b, VEC(real) x) {
  return _mm512_maskz_mov_ps(_mm512_cmpge_epu32_mask(a, b), x);
}

/* Half a vector: widening binary16 is quicker by 256 bits, so that one row, all widening, is multiplied by these. */
#define VEC_SLIM_WIDTH 8
typedef __m256 VEC(slim);
S2S__INLINE VEC(slim) VEC(slim_load_f16)(const uint16_t *p) {
  return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p));
}
S2S__INLINE VEC(slim) VEC(slim_load)(const float *p) { return _mm256_loadu_ps(p); }
S2S__INLINE void VEC(slim_store)(float *p, VEC(slim) x) { _mm256_storeu_ps(p, x); }
S2S__INLINE VEC(slim) VEC(slim_set1)(float x) { return _mm256_set1_ps(x); }
S2S__INLINE VEC(slim) VEC(slim_fma)(VEC(slim) a, VEC(slim) b, VEC(slim) c) { return _mm256_fmadd_ps(a, b, c); }

#include "tensor/vec_x86.h"
