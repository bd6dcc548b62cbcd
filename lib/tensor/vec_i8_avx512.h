/* SPDX-License-Identifier: MIT
 *
 * The verbs of i8_vec.h in 512 bits: sixteen columns. For AVX-512 (F, BW, VL, DQ) and, with I8_DOT_PRODUCT, for its
 * VNNI. What each means, and what the includer does, stands in vec_i8_avx2.h; i8_vec.h forgets the macros.
 */
#define I8(verb) S2S__JOIN(i8_##verb, I8_ISA)
#define I8_WIDTH 16

typedef __m512i I8(ints);
typedef __m512 I8(reals);

S2S__INLINE I8(ints) I8(ints_zero)(void) { return _mm512_setzero_si512(); }
S2S__INLINE I8(ints) I8(ints_load)(const void *p) { return _mm512_load_si512(p); }
S2S__INLINE void I8(ints_store)(int32_t *p, I8(ints) x) { _mm512_store_si512(p, x); }
S2S__INLINE I8(ints) I8(plus)(I8(ints) x, I8(ints) y) { return _mm512_add_epi32(x, y); }
S2S__INLINE I8(ints) I8(values)(const uint8_t *p) {
  int32_t four;
  memcpy(&four, p, sizeof four);
  return _mm512_set1_epi32(four);
}
S2S__INLINE void I8(fetch)(const void *p) { _mm_prefetch((const char *)p, _MM_HINT_T0); }

#if I8_DOT_PRODUCT

#define I8_OFFSET 128
#define I8_TILE_ROWS 12 /* 27 of 32 registers */
typedef __m512i I8(weights);
S2S__INLINE I8(weights) I8(weights_load)(const void *p) { return _mm512_load_si512(p); }
S2S__INLINE I8(ints) I8(dot)(I8(ints) s, I8(ints) x, I8(weights) w) { return _mm512_dpbusd_epi32(s, x, w); }
typedef __m512i I8(sized);
S2S__INLINE I8(sized) I8(sized_values)(const uint8_t *p) { return I8(values)(p); }
S2S__INLINE I8(ints) I8(sized_dot)(I8(ints) s, I8(sized) x, I8(ints) w) { return _mm512_dpbusd_epi32(s, x, w); }

#else /* as in AVX2; the sign of x is changed where w is negative */

#define I8_OFFSET 0
#define I8_TILE_ROWS 12
typedef struct I8(weights) {
  __m512i size;
  __mmask64 negative;
} I8(weights);
S2S__INLINE I8(weights) I8(weights_load)(const void *p) {
  const __m512i plain = _mm512_load_si512(p);
  return (I8(weights)){_mm512_abs_epi8(plain), _mm512_movepi8_mask(plain)};
}
S2S__INLINE I8(ints) I8(dot)(I8(ints) s, I8(ints) x, I8(weights) w) {
  const __m512i signed_x = _mm512_mask_sub_epi8(x, w.negative, _mm512_setzero_si512(), x);
  const __m512i pairs = _mm512_maddubs_epi16(w.size, signed_x);
  return _mm512_add_epi32(s, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
}
typedef struct I8(sized) {
  __m512i size;
  __mmask64 negative;
} I8(sized);
S2S__INLINE I8(sized) I8(sized_values)(const uint8_t *p) {
  const __m512i x = I8(values)(p);
  return (I8(sized)){_mm512_abs_epi8(x), _mm512_movepi8_mask(x)};
}
S2S__INLINE I8(ints) I8(sized_dot)(I8(ints) s, I8(sized) x, I8(ints) w) {
  const __m512i signed_w = _mm512_mask_sub_epi8(w, x.negative, _mm512_setzero_si512(), w);
  const __m512i pairs = _mm512_maddubs_epi16(x.size, signed_w);
  return _mm512_add_epi32(s, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
}

#endif

S2S__INLINE __mmask16 I8(first)(size_t count) { return (__mmask16)((1u << count) - 1u); }
S2S__INLINE I8(reals) I8(get)(const float *p, size_t count) {
  return count == I8_WIDTH ? _mm512_loadu_ps(p) : _mm512_maskz_loadu_ps(I8(first)(count), p);
}
S2S__INLINE void I8(put)(float *p, size_t count, I8(reals) x) {
  if (count == I8_WIDTH)
    _mm512_storeu_ps(p, x);
  else
    _mm512_mask_storeu_ps(p, I8(first)(count), x);
}

S2S__INLINE I8(reals) I8(set1)(float x) { return _mm512_set1_ps(x); }
S2S__INLINE I8(reals) I8(real)(I8(ints) x) { return _mm512_cvtepi32_ps(x); }
S2S__INLINE I8(reals) I8(mul)(I8(reals) x, I8(reals) y) { return _mm512_mul_ps(x, y); }
S2S__INLINE I8(reals) I8(add)(I8(reals) x, I8(reals) y) { return _mm512_add_ps(x, y); }
S2S__INLINE I8(reals) I8(relu)(I8(reals) x) { return _mm512_max_ps(_mm512_setzero_ps(), x); }

S2S__INLINE I8(ints) I8(more)(I8(ints) x, I8(ints) y) { return _mm512_max_epi32(x, y); }
S2S__INLINE I8(ints) I8(most)(I8(ints) m, I8(reals) x) {
  return _mm512_max_epi32(m, _mm512_castps_si512(_mm512_abs_ps(x)));
}
S2S__INLINE int32_t I8(highest)(I8(ints) x) { return _mm512_reduce_max_epi32(x); }
S2S__INLINE void I8(put_bytes)(uint8_t *to, size_t step, size_t groups, I8(reals) x) {
  const __m128i bytes = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(x));
  const __m128i moved = _mm_xor_si128(bytes, _mm_set1_epi8((char)I8_OFFSET));
  const int32_t four[4] = {_mm_cvtsi128_si32(moved), _mm_extract_epi32(moved, 1), _mm_extract_epi32(moved, 2),
                           _mm_extract_epi32(moved, 3)};
  for (size_t i = 0; i < 4 && i < groups; i++) memcpy(to + i * step, &four[i], sizeof four[i]);
}
S2S__INLINE void I8(put_four_bytes)(uint8_t *to, size_t step, size_t groups, I8(reals) x0, I8(reals) x1, I8(reals) x2,
                                    I8(reals) x3) {
  const __m512i low = _mm512_packs_epi32(_mm512_cvtps_epi32(x0), _mm512_cvtps_epi32(x1));
  const __m512i high = _mm512_packs_epi32(_mm512_cvtps_epi32(x2), _mm512_cvtps_epi32(x3));
  const __m512i bytes = _mm512_xor_si512(_mm512_packs_epi16(low, high), _mm512_set1_epi8((char)I8_OFFSET));
  _mm_storeu_si128((__m128i *)(void *)to, _mm512_castsi512_si128(bytes));
  if (groups > 1) _mm_storeu_si128((__m128i *)(void *)(to + step), _mm512_extracti32x4_epi32(bytes, 1));
  if (groups > 2) _mm_storeu_si128((__m128i *)(void *)(to + 2 * step), _mm512_extracti32x4_epi32(bytes, 2));
  if (groups > 3) _mm_storeu_si128((__m128i *)(void *)(to + 3 * step), _mm512_extracti32x4_epi32(bytes, 3));
}
