/* SPDX-License-Identifier: MIT
 *
 * From here to isa_end.h functions are compiled for AVX-VNNI, on top of what isa_avx2_begin.h names; or for the same
 * dot product in AVX-512's encoding (isa.h: S2S_AVXVNNI_AS_AVX512VL). Included outside of functions, after
 * <immintrin.h>, as often as wanted.
 */
#if defined(__clang__) && S2S__AVXVNNI_IS_AVX512VL
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avx512f,avx512vl,avx512vnni"))), apply_to = function)
#elif defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avxvnni"))), apply_to = function)
#elif S2S__AVXVNNI_IS_AVX512VL
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c,avx512f,avx512vl,avx512vnni")
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c,avxvnni")
#endif
