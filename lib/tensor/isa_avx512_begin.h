/* SPDX-License-Identifier: MIT
 *
 * From here to isa_end.h functions are compiled for AVX-512 F, BW, VL and DQ, on top of AVX2, FMA and F16C. Included
 * outside of functions, after <immintrin.h>, as often as wanted.
 */
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq"))),              \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq")
#endif
