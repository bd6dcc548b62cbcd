/* SPDX-License-Identifier: MIT
 *
 * Verbs whose text is the same for AVX2 and AVX-512. Included at the end of vec_avx2.h and vec_avx512.h.
 */
#define VEC_SQUARE 8

/* to[i * to_row + j] = from[i + j * from_row] for i, j < VEC_SQUARE */
S2S__INLINE void VEC(transpose)(const float *from, size_t from_row, float *to, size_t to_row) {
  const __m256 r0 = _mm256_loadu_ps(from), r1 = _mm256_loadu_ps(from + from_row);
  const __m256 r2 = _mm256_loadu_ps(from + 2 * from_row), r3 = _mm256_loadu_ps(from + 3 * from_row);
  const __m256 r4 = _mm256_loadu_ps(from + 4 * from_row), r5 = _mm256_loadu_ps(from + 5 * from_row);
  const __m256 r6 = _mm256_loadu_ps(from + 6 * from_row), r7 = _mm256_loadu_ps(from + 7 * from_row);
  const __m256 s0 = _mm256_unpacklo_ps(r0, r1), s1 = _mm256_unpackhi_ps(r0, r1);
  const __m256 s2 = _mm256_unpacklo_ps(r2, r3), s3 = _mm256_unpackhi_ps(r2, r3);
  const __m256 s4 = _mm256_unpacklo_ps(r4, r5), s5 = _mm256_unpackhi_ps(r4, r5);
  const __m256 s6 = _mm256_unpacklo_ps(r6, r7), s7 = _mm256_unpackhi_ps(r6, r7);
  const __m256 t0 = _mm256_shuffle_ps(s0, s2, 0x44), t1 = _mm256_shuffle_ps(s0, s2, 0xee);
  const __m256 t2 = _mm256_shuffle_ps(s1, s3, 0x44), t3 = _mm256_shuffle_ps(s1, s3, 0xee);
  const __m256 t4 = _mm256_shuffle_ps(s4, s6, 0x44), t5 = _mm256_shuffle_ps(s4, s6, 0xee);
  const __m256 t6 = _mm256_shuffle_ps(s5, s7, 0x44), t7 = _mm256_shuffle_ps(s5, s7, 0xee);
  _mm256_storeu_ps(to, _mm256_permute2f128_ps(t0, t4, 0x20));
  _mm256_storeu_ps(to + to_row, _mm256_permute2f128_ps(t1, t5, 0x20));
  _mm256_storeu_ps(to + 2 * to_row, _mm256_permute2f128_ps(t2, t6, 0x20));
  _mm256_storeu_ps(to + 3 * to_row, _mm256_permute2f128_ps(t3, t7, 0x20));
  _mm256_storeu_ps(to + 4 * to_row, _mm256_permute2f128_ps(t0, t4, 0x31));
  _mm256_storeu_ps(to + 5 * to_row, _mm256_permute2f128_ps(t1, t5, 0x31));
  _mm256_storeu_ps(to + 6 * to_row, _mm256_permute2f128_ps(t2, t6, 0x31));
  _mm256_storeu_ps(to + 7 * to_row, _mm256_permute2f128_ps(t3, t7, 0x31));
}

/* Asks for the cache line of `p`, which may be anywhere. */
S2S__INLINE void VEC(prefetch)(const void *p) { _mm_prefetch((const char *)p, _MM_HINT_T0); }
