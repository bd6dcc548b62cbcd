/* SPDX-License-Identifier: MIT
 *
 * The vector verbs of Advanced SIMD on AArch64 (NEON): four floats. What each means stands in vec_avx2.h. Included
 * after isa_neon_begin.h; vec_end.h forgets the macros.
 *
 * FMIN and FMAX give NaN when either operand is, where the verbs promise the second operand: so these compare and
 * select. Denormals and the IEEE form of binary16 rest on FPCR being zero, as s2s__float_mode_enter() leaves it.
 */
#define VEC(verb) S2S__JOIN(vec_##verb, neon)
#define KERNEL(name) S2S__JOIN(name, neon)
#define VEC_WIDTH 4
#define VEC_TILE_ROWS 12 /* of a multiplication's tile: 2 registers a row, 2 for B, 3 for A, of 32 */
#define VEC_TILE_DEPTH 256
#define VEC_A_AHEAD 0
#define VEC_B_AHEAD 0
#define VEC_SQUARE 4

typedef float32x4_t VEC(real);
typedef float64x2_t VEC(wide);
typedef uint32x4_t VEC(word);

S2S__INLINE VEC(real) VEC(load)(const float *p) { return vld1q_f32(p); }
S2S__INLINE void VEC(store)(float *p, VEC(real) x) { vst1q_f32(p, x); }
S2S__INLINE VEC(real) VEC(load_f16)(const uint16_t *p) { return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p))); }
S2S__INLINE void VEC(store_f16)(uint16_t *p, VEC(real) x) { vst1_u16(p, vreinterpret_u16_f16(vcvt_f16_f32(x))); }
S2S__INLINE VEC(real) VEC(set1)(float x) { return vdupq_n_f32(x); }
S2S__INLINE VEC(real) VEC(zero)(void) { return vdupq_n_f32(0); }

S2S__INLINE VEC(word) VEC(lanes)(void) {
  static const uint32_t lanes_neon[4] = {0, 1, 2, 3};
  return vld1q_u32(lanes_neon);
}
/* There are no masked accesses: fewer than four are moved by twos and ones, in functions of their own. */
S2S__APART VEC(real) VEC(get_some)(const float *p, size_t count) {
  VEC(real) x = vdupq_n_f32(0);
  if (count == 1) return vld1q_lane_f32(p, x, 0);
  if (count >= 2) x = vcombine_f32(vld1_f32(p), vdup_n_f32(0));
  return count == 3 ? vld1q_lane_f32(p + 2, x, 2) : x;
}
S2S__APART void VEC(put_some)(float *p, size_t count, VEC(real) x) {
  if (count >= 2) vst1_f32(p, vget_low_f32(x));
  if (count == 1) vst1q_lane_f32(p, x, 0);
  if (count == 3) vst1q_lane_f32(p + 2, x, 2);
}
S2S__INLINE VEC(real) VEC(get)(const float *p, size_t count) {
  return count == VEC_WIDTH ? vld1q_f32(p) : VEC(get_some)(p, count);
}
S2S__INLINE void VEC(put)(float *p, size_t count, VEC(real) x) {
  if (count == VEC_WIDTH)
    vst1q_f32(p, x);
  else
    VEC(put_some)(p, count, x);
}

S2S__INLINE VEC(real) VEC(add)(VEC(real) a, VEC(real) b) { return vaddq_f32(a, b); }
S2S__INLINE VEC(real) VEC(sub)(VEC(real) a, VEC(real) b) { return vsubq_f32(a, b); }
S2S__INLINE VEC(real) VEC(mul)(VEC(real) a, VEC(real) b) { return vmulq_f32(a, b); }
S2S__INLINE VEC(real) VEC(div)(VEC(real) a, VEC(real) b) { return vdivq_f32(a, b); }
S2S__INLINE VEC(real) VEC(sqrt)(VEC(real) a) { return vsqrtq_f32(a); }
S2S__INLINE VEC(real) VEC(fma)(VEC(real) a, VEC(real) b, VEC(real) c) { return vfmaq_f32(c, a, b); }
S2S__INLINE VEC(real) VEC(fnma)(VEC(real) a, VEC(real) b, VEC(real) c) { return vfmsq_f32(c, a, b); }
/* lane i of a, times b, plus c; i a constant */
#define VEC_FMA_LANE(a, i, b, c) vfmaq_laneq_f32(c, b, a, i)
S2S__INLINE VEC(real) VEC(min)(VEC(real) a, VEC(real) b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
S2S__INLINE VEC(real) VEC(max)(VEC(real) a, VEC(real) b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
S2S__INLINE VEC(real) VEC(round)(VEC(real) a) { return vrndnq_f32(a); }

S2S__INLINE VEC(real) VEC(abs)(VEC(real) x) { return vabsq_f32(x); }
S2S__INLINE VEC(real) VEC(copy_sign)(VEC(real) size, VEC(real) sign) {
  return vbslq_f32(vdupq_n_u32(0x80000000u), sign, size);
}
S2S__INLINE VEC(real) VEC(select_sign)(VEC(real) x, VEC(real) a, VEC(real) b) {
  return vbslq_f32(vcltzq_s32(vreinterpretq_s32_f32(x)), a, b);
}
S2S__INLINE VEC(real) VEC(keep_nan)(VEC(real) m, VEC(real) x) { return vbslq_f32(vceqq_f32(x, x), m, x); }

S2S__INLINE VEC(real) VEC(greater)(VEC(real) a, VEC(real) b, VEC(real) x, VEC(real) y) {
  return vbslq_f32(vcgtq_f32(a, b), x, y);
}
S2S__INLINE int VEC(any_greater)(VEC(real) a, VEC(real) b) { return vmaxvq_u32(vcgtq_f32(a, b)) != 0; }

S2S__INLINE int VEC(all_less)(VEC(real) a, VEC(real) b) { return vminvq_u32(vcltq_f32(a, b)) != 0; }

S2S__INLINE VEC(real) VEC(raise)(VEC(real) p, VEC(real) s) {
  const VEC(word) exponent = vshlq_n_u32(vreinterpretq_u32_f32(s), 23);
  return vreinterpretq_f32_u32(vaddq_u32(vreinterpretq_u32_f32(p), exponent));
}
/* The table's entries are looked up by their bytes: 4 (m & 7) + 0, 1, 2, 3. */
S2S__INLINE VEC(real) VEC(eighth_power)(VEC(real) s) {
  static const uint32_t eighths_neon[8] = {S2S__EIGHTHS};
  const uint8x16x2_t table = {
      {vreinterpretq_u8_u32(vld1q_u32(eighths_neon)), vreinterpretq_u8_u32(vld1q_u32(eighths_neon + 4))}};
  const VEC(word) m = vreinterpretq_u32_f32(s), part = vandq_u32(m, vdupq_n_u32(7));
  const VEC(word) bytes = vmlaq_u32(vdupq_n_u32(0x03020100u), part, vdupq_n_u32(0x04040404u));
  const VEC(word) entry = vreinterpretq_u32_u8(vqtbl2q_u8(table, vreinterpretq_u8_u32(bytes)));
  return vreinterpretq_f32_u32(vaddq_u32(entry, vshlq_n_u32(m, 20)));
}
S2S__INLINE VEC(real) VEC(split)(VEC(real) x, VEC(real) * n) {
  const int32x4_t bits = vreinterpretq_s32_f32(x);
  const int32x4_t whole = vshrq_n_s32(vsubq_s32(bits, vdupq_n_s32(0x3f3504f3)), 23);
  *n = vcvtq_f32_s32(whole);
  return vreinterpretq_f32_s32(vsubq_s32(bits, vshlq_n_s32(whole, 23)));
}
S2S__INLINE VEC(real) VEC(power_of)(int32x4_t n) {
  return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(n, vdupq_n_s32(127)), 23));
}
S2S__INLINE VEC(real) VEC(power)(VEC(real) n) { return VEC(power_of)(vcvtnq_s32_f32(n)); }
S2S__INLINE VEC(real) VEC(scale_power)(VEC(real) p, VEC(real) n) {
  const int32x4_t whole = vcvtnq_s32_f32(n), half = vshrq_n_s32(whole, 1);
  const VEC(real) partly = vmulq_f32(p, VEC(power_of)(half)); /* exact */
  return vmulq_f32(partly, VEC(power_of)(vsubq_s32(whole, half)));
}

S2S__INLINE float VEC(sum)(VEC(real) x) { return vaddvq_f32(x); }     /* neighbours, then the two sums */
S2S__INLINE float VEC(highest)(VEC(real) x) { return vmaxvq_f32(x); } /* no NaN */
S2S__INLINE int VEC(any_nan)(VEC(real) x) { return vminvq_u32(vceqq_f32(x, x)) == 0; }

S2S__INLINE VEC(wide) VEC(wide_zero)(void) { return vdupq_n_f64(0); }
S2S__INLINE VEC(wide) VEC(wide_low)(VEC(real) x) { return vcvt_f64_f32(vget_low_f32(x)); }
S2S__INLINE VEC(wide) VEC(wide_high)(VEC(real) x) { return vcvt_high_f64_f32(x); }
/* x^2 + sum */
S2S__INLINE VEC(wide) VEC(wide_square)(VEC(wide) x, VEC(wide) sum) { return vfmaq_f64(sum, x, x); }
S2S__INLINE double VEC(wide_sum)(VEC(wide) x) { return vaddvq_f64(x); }

S2S__INLINE VEC(word) VEC(word_set1)(uint32_t x) { return vdupq_n_u32(x); }
S2S__INLINE VEC(word) VEC(word_add)(VEC(word) a, VEC(word) b) { return vaddq_u32(a, b); }
S2S__INLINE VEC(word) VEC(word_mul)(VEC(word) a, VEC(word) b) { return vmulq_u32(a, b); }
S2S__INLINE VEC(word) VEC(word_xor)(VEC(word) a, VEC(word) b) { return veorq_u32(a, b); }
S2S__INLINE VEC(word) VEC(word_right)(VEC(word) a, int bits) { return vshlq_u32(a, vdupq_n_s32(-bits)); }
S2S__INLINE VEC(real) VEC(where_at_least)(VEC(word) a, VEC(word) b, VEC(real) x) {
  return vreinterpretq_f32_u32(vandq_u32(vcgeq_u32(a, b), vreinterpretq_u32_f32(x)));
}

/* to[i * to_row + j] = from[i + j * from_row] for i, j < VEC_SQUARE */
S2S__INLINE void VEC(transpose)(const float *from, size_t from_row, float *to, size_t to_row) {
  const VEC(real) r0 = vld1q_f32(from), r1 = vld1q_f32(from + from_row);
  const VEC(real) r2 = vld1q_f32(from + 2 * from_row), r3 = vld1q_f32(from + 3 * from_row);
  const float64x2_t even01 = vreinterpretq_f64_f32(vtrn1q_f32(r0, r1)),
                    odd01 = vreinterpretq_f64_f32(vtrn2q_f32(r0, r1));
  const float64x2_t even23 = vreinterpretq_f64_f32(vtrn1q_f32(r2, r3)),
                    odd23 = vreinterpretq_f64_f32(vtrn2q_f32(r2, r3));
  vst1q_f32(to, vreinterpretq_f32_f64(vtrn1q_f64(even01, even23)));
  vst1q_f32(to + to_row, vreinterpretq_f32_f64(vtrn1q_f64(odd01, odd23)));
  vst1q_f32(to + 2 * to_row, vreinterpretq_f32_f64(vtrn2q_f64(even01, even23)));
  vst1q_f32(to + 3 * to_row, vreinterpretq_f32_f64(vtrn2q_f64(odd01, odd23)));
}
S2S__INLINE void VEC(prefetch)(const void *p) { __builtin_prefetch(p, 0, 3); }
