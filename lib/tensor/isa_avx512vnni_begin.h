/* SPDX-License-Identifier: MIT
 *
 * From here to isa_end.h functions are compiled for AVX-512 VNNI, on top of what isa_avx512_begin.h names. Included
 * outside of functions, after <immintrin.h>, as often as wanted.
 */
#if defined(__clang__)
#pragma clang attribute push(                                                                                          \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")
#endif
