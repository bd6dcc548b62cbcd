/* SPDX-License-Identifier: MIT
 *
 * The verbs of i8_vec.h in 128 bits: four columns. What each means stands in vec_i8_avx2.h. For plain NEON and, with
 * I8_DOT_PRODUCT, for SDOT. The includer has defined I8_ISA (the level's suffix) and includes this between the level's
 * isa_*_begin.h and isa_end.h; i8_vec.h forgets the macros.
 *
 * Both sides are signed, -127 .. 127. Without SDOT the sixteen products are made in 16 bits, neighbours are added there
 * (at most 2 * 127 * 127 = 32258: exact), and their pairs are added to the sums in 32 bits.
 */
#define I8(verb) S2S__JOIN(i8_##verb, I8_ISA)
#define I8_WIDTH 4
#define I8_OFFSET 0
/* 2 registers a row, 2 for B, the rest of 32 for A and products: with more rows gcc 12 loads A too early and spills. */
#define I8_TILE_ROWS (I8_DOT_PRODUCT ? 8 : 4)

typedef int32x4_t I8(ints);
typedef float32x4_t I8(reals);
typedef int8x16_t I8(weights);

S2S__INLINE I8(ints) I8(ints_zero)(void) { return vdupq_n_s32(0); }
S2S__INLINE I8(ints) I8(ints_load)(const void *p) { return vld1q_s32((const int32_t *)p); }
S2S__INLINE void I8(ints_store)(int32_t *p, I8(ints) x) { vst1q_s32(p, x); }
S2S__INLINE I8(ints) I8(plus)(I8(ints) x, I8(ints) y) { return vaddq_s32(x, y); }
/* Four bytes of an activation. SDOT takes them from the lowest lane, and one instruction loads that: compilers make two
 * or three of any intrinsics that say so. */
S2S__INLINE I8(ints) I8(values)(const uint8_t *p) {
#if I8_DOT_PRODUCT
  I8(ints) x;
  __asm__("ldr %s0, %1" : "=w"(x) : "m"(*(const uint8_t(*)[4])p));
  return x;
#else
  int32_t four;
  memcpy(&four, p, sizeof four);
  return vdupq_n_s32(four);
#endif
}
S2S__INLINE void I8(fetch)(const void *p) { __builtin_prefetch(p, 0, 3); }

S2S__INLINE I8(weights) I8(weights_load)(const void *p) { return vld1q_s8((const int8_t *)p); }
S2S__INLINE I8(ints) I8(dot)(I8(ints) s, I8(ints) x, I8(weights) w) {
  const int8x16_t bytes = vreinterpretq_s8_s32(x);
#if !I8_DOT_PRODUCT
  const int16x8_t low = vmull_s8(vget_low_s8(bytes), vget_low_s8(w)), high = vmull_high_s8(bytes, w);
  return vpadalq_s16(s, vpaddq_s16(low, high));
#elif defined(__clang__) && !defined(__ARM_FEATURE_DOTPROD) /* before version 16 vdotq_... is not declared then */
  __asm__("sdot %0.4s, %1.16b, %2.4b[0]" : "+w"(s) : "w"(w), "w"(bytes));
  return s;
#else
  return vdotq_laneq_s32(s, w, bytes, 0);
#endif
}
typedef I8(ints) I8(sized);
S2S__INLINE I8(sized) I8(sized_values)(const uint8_t *p) { return I8(values)(p); }
S2S__INLINE I8(ints) I8(sized_dot)(I8(ints) s, I8(sized) x, I8(ints) w) {
  return I8(dot)(s, x, vreinterpretq_s8_s32(w));
}

/* There are no masked accesses: two numbers, one, or both. */
S2S__INLINE I8(reals) I8(get)(const float *p, size_t count) {
  if (count == I8_WIDTH) return vld1q_f32(p);
  I8(reals) x = vdupq_n_f32(0);
  if (count == 1) return vld1q_lane_f32(p, x, 0);
  if (count >= 2) x = vcombine_f32(vld1_f32(p), vdup_n_f32(0));
  return count == 3 ? vld1q_lane_f32(p + 2, x, 2) : x;
}
S2S__INLINE void I8(put)(float *p, size_t count, I8(reals) x) {
  if (count == I8_WIDTH) {
    vst1q_f32(p, x);
    return;
  }
  if (count >= 2) vst1_f32(p, vget_low_f32(x));
  if (count == 1) vst1q_lane_f32(p, x, 0);
  if (count == 3) vst1q_lane_f32(p + 2, x, 2);
}

S2S__INLINE I8(reals) I8(set1)(float x) { return vdupq_n_f32(x); }
S2S__INLINE I8(reals) I8(real)(I8(ints) x) { return vcvtq_f32_s32(x); }
S2S__INLINE I8(reals) I8(mul)(I8(reals) x, I8(reals) y) { return vmulq_f32(x, y); }
S2S__INLINE I8(reals) I8(add)(I8(reals) x, I8(reals) y) { return vaddq_f32(x, y); }
S2S__INLINE I8(reals) I8(relu)(I8(reals) x) { return vbslq_f32(vcltzq_f32(x), vdupq_n_f32(0), x); }

S2S__INLINE I8(ints) I8(more)(I8(ints) x, I8(ints) y) { return vmaxq_s32(x, y); }
S2S__INLINE I8(ints) I8(most)(I8(ints) m, I8(reals) x) { return vmaxq_s32(m, vreinterpretq_s32_f32(vabsq_f32(x))); }
S2S__INLINE int32_t I8(highest)(I8(ints) x) { return vmaxvq_s32(x); }
S2S__INLINE void I8(put_bytes)(uint8_t *to, size_t step, size_t groups, I8(reals) x) { /* one group */
  const int16x4_t halves = vqmovn_s32(vcvtnq_s32_f32(x));
  const int8x8_t bytes = vqmovn_s16(vcombine_s16(halves, halves));
  const int32_t four = vget_lane_s32(vreinterpret_s32_s8(bytes), 0);
  (void)step, (void)groups;
  memcpy(to, &four, sizeof four);
}
S2S__INLINE void I8(put_four_bytes)(uint8_t *to, size_t step, size_t groups, I8(reals) x0, I8(reals) x1, I8(reals) x2,
                                    I8(reals) x3) {
  const int16x8_t low = vqmovn_high_s32(vqmovn_s32(vcvtnq_s32_f32(x0)), vcvtnq_s32_f32(x1));
  const int16x8_t high = vqmovn_high_s32(vqmovn_s32(vcvtnq_s32_f32(x2)), vcvtnq_s32_f32(x3));
  (void)step, (void)groups;
  vst1q_s8((int8_t *)to, vqmovn_high_s16(vqmovn_s16(low), high));
}
