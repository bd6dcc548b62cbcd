/* SPDX-License-Identifier: MIT
 *
 * The verbs of i8_vec.h in 256 bits: eight columns. For AVX2 and, with I8_DOT_PRODUCT, for AVX-VNNI. The includer has
 * defined I8_ISA (the level's suffix) and includes this between the level's isa_*_begin.h and isa_end.h; i8_vec.h
 * forgets the macros.
 *
 *   ints, reals       vectors of int32, of float
 *   values(p)         four bytes of an activation, the same for every column; each is q + I8_OFFSET
 *   weights           a vector of B, four bytes a column, as `dot` takes it: what is done to B is done once for many rows
 *
 *   dot(s, x, w)      s + the sum of the four products, exact
 *
 *   sized             four bytes of an activation as `sized_dot` takes them, for few rows, with B as it stands
 *
 *   get, put          `count` numbers, at most I8_WIDTH; get fills up with zeros, put writes no more than count
 *
 *   most(m, x)        the higher of m and of the bits of |x|; more: of two; highest: over the lanes
 *
 *   put_bytes         x rounded to nearest even, plus I8_OFFSET, as bytes: group g of four, of g < groups, at
 *                     to + g * step; |x| <= 127.5. put_four_bytes: of four rows, group g's at to + g * step, + 4, ...
 *
 *   relu(x)           x where x is NaN or a zero of either sign, else max(x, 0)
 *   fetch(p)          fetches p's line into the first-level cache
 *
 * AVX2's product of bytes (u8 * s8, pairs added in 16 bits) saturates past 32767. With |w| as the unsigned operand and
 * x times the sign of w as the other (sized: |x|, and w times the sign of x), a pair is at most 2 * 127 * 127 = 32258:
 * exact. The dot product of bytes does not saturate; its activations are unsigned, q + 128, and the sums start from
 * -128 times the column's sum.
 */
#define I8(verb) S2S__JOIN(i8_##verb, I8_ISA)
#define I8_WIDTH 8

typedef __m256i I8(ints);
typedef __m256 I8(reals);

S2S__INLINE I8(ints) I8(ints_zero)(void) { return _mm256_setzero_si256(); }
S2S__INLINE I8(ints) I8(ints_load)(const void *p) { return _mm256_load_si256((const __m256i *)p); }
S2S__INLINE void I8(ints_store)(int32_t *p, I8(ints) x) { _mm256_store_si256((__m256i *)(void *)p, x); }
S2S__INLINE I8(ints) I8(plus)(I8(ints) x, I8(ints) y) { return _mm256_add_epi32(x, y); }
S2S__INLINE I8(ints) I8(values)(const uint8_t *p) {
  int32_t four;
  memcpy(&four, p, sizeof four);
  return _mm256_set1_epi32(four);
}
S2S__INLINE void I8(fetch)(const void *p) { _mm_prefetch((const char *)p, _MM_HINT_T0); }

#if I8_DOT_PRODUCT

#define I8_OFFSET 128
#define I8_TILE_ROWS 6 /* 15 of 16 registers */
typedef __m256i I8(weights);
S2S__INLINE I8(weights) I8(weights_load)(const void *p) { return _mm256_load_si256((const __m256i *)p); }
S2S__INLINE I8(ints) I8(dot)(I8(ints) s, I8(ints) x, I8(weights) w) { return I8_DPBUSD(s, x, w); }
typedef __m256i I8(sized);
S2S__INLINE I8(sized) I8(sized_values)(const uint8_t *p) { return I8(values)(p); }
S2S__INLINE I8(ints) I8(sized_dot)(I8(ints) s, I8(sized) x, I8(ints) w) { return I8_DPBUSD(s, x, w); }

#else

#define I8_OFFSET 0
#define I8_TILE_ROWS 4 /* 15 of 16 registers */
typedef struct I8(weights) {
  __m256i plain, size;
} I8(weights);
S2S__INLINE I8(weights) I8(weights_load)(const void *p) {
  const __m256i plain = _mm256_load_si256((const __m256i *)p);
  return (I8(weights)){plain, _mm256_abs_epi8(plain)};
}
S2S__INLINE I8(ints) I8(dot)(I8(ints) s, I8(ints) x, I8(weights) w) {
  const __m256i pairs = _mm256_maddubs_epi16(w.size, _mm256_sign_epi8(x, w.plain));
  return _mm256_add_epi32(s, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}
typedef struct I8(sized) {
  __m256i plain, size;
} I8(sized);
S2S__INLINE I8(sized) I8(sized_values)(const uint8_t *p) {
  const __m256i x = I8(values)(p), opposite = _mm256_sub_epi8(_mm256_setzero_si256(), x);
  return (I8(sized)){x, _mm256_min_epu8(x, opposite)};
}
S2S__INLINE I8(ints) I8(sized_dot)(I8(ints) s, I8(sized) x, I8(ints) w) {
  const __m256i pairs = _mm256_maddubs_epi16(x.size, _mm256_sign_epi8(w, x.plain));
  return _mm256_add_epi32(s, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

#endif

S2S__INLINE __m256i I8(first)(size_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
S2S__INLINE I8(reals) I8(get)(const float *p, size_t count) {
  return count == I8_WIDTH ? _mm256_loadu_ps(p) : _mm256_maskload_ps(p, I8(first)(count));
}
S2S__INLINE void I8(put)(float *p, size_t count, I8(reals) x) {
  if (count == I8_WIDTH)
    _mm256_storeu_ps(p, x);
  else
    _mm256_maskstore_ps(p, I8(first)(count), x);
}

S2S__INLINE I8(reals) I8(set1)(float x) { return _mm256_set1_ps(x); }
S2S__INLINE I8(reals) I8(real)(I8(ints) x) { return _mm256_cvtepi32_ps(x); }
S2S__INLINE I8(reals) I8(mul)(I8(reals) x, I8(reals) y) { return _mm256_mul_ps(x, y); }
S2S__INLINE I8(reals) I8(add)(I8(reals) x, I8(reals) y) { return _mm256_add_ps(x, y); }
S2S__INLINE I8(reals) I8(relu)(I8(reals) x) { return _mm256_max_ps(_mm256_setzero_ps(), x); }

S2S__INLINE I8(ints) I8(more)(I8(ints) x, I8(ints) y) { return _mm256_max_epi32(x, y); }
S2S__INLINE I8(ints) I8(most)(I8(ints) m, I8(reals) x) {
  return _mm256_max_epi32(m, _mm256_castps_si256(_mm256_andnot_ps(_mm256_set1_ps(-0.0f), x)));
}
S2S__INLINE int32_t I8(highest)(I8(ints) x) {
  const __m128i four = _mm_max_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
  const __m128i two = _mm_max_epi32(four, _mm_unpackhi_epi64(four, four));
  return _mm_cvtsi128_si32(_mm_max_epi32(two, _mm_shuffle_epi32(two, 1)));
}
S2S__INLINE void I8(put_bytes)(uint8_t *to, size_t step, size_t groups, I8(reals) x) {
  const __m256i words = _mm256_cvtps_epi32(x);
  const __m128i halves = _mm_packs_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  const __m128i bytes = _mm_xor_si128(_mm_packs_epi16(halves, halves), _mm_set1_epi8((char)I8_OFFSET));
  const int32_t low = _mm_cvtsi128_si32(bytes), high = _mm_extract_epi32(bytes, 1);
  memcpy(to, &low, sizeof low);
  if (groups > 1) memcpy(to + step, &high, sizeof high);
}
S2S__INLINE void I8(put_four_bytes)(uint8_t *to, size_t step, size_t groups, I8(reals) x0, I8(reals) x1, I8(reals) x2,
                                    I8(reals) x3) {
  const __m256i low = _mm256_packs_epi32(_mm256_cvtps_epi32(x0), _mm256_cvtps_epi32(x1));
  const __m256i high = _mm256_packs_epi32(_mm256_cvtps_epi32(x2), _mm256_cvtps_epi32(x3));
  const __m256i bytes = _mm256_xor_si256(_mm256_packs_epi16(low, high), _mm256_set1_epi8((char)I8_OFFSET));
  _mm_storeu_si128((__m128i *)(void *)to, _mm256_castsi256_si128(bytes));
  if (groups > 1) _mm_storeu_si128((__m128i *)(void *)(to + step), _mm256_extracti128_si256(bytes, 1));
}
