/* SPDX-License-Identifier: MIT
 *
 * From here to isa_end.h functions are compiled for AArch64 with the dot products of Armv8.2 (FEAT_DotProd), on top of
 * the compiler's own flags: gcc inlines only what needs no more than the function that calls it, and knows no plain
 * "+dotprod" below Armv8.2. Included outside of functions, after <arm_neon.h>, as often as wanted.
 */
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#else
#pragma GCC push_options
#if defined(__ARM_FEATURE_DOTPROD)
#elif defined(__ARM_FEATURE_FP16_VECTOR_ARITHMETIC) || defined(__ARM_FEATURE_SVE) /* Armv8.2 at least */
#pragma GCC target("+dotprod")
#elif defined(__ARM_FEATURE_CRYPTO)
#pragma GCC target("arch=armv8.2-a+crypto+dotprod")
#else
#pragma GCC target("arch=armv8.2-a+dotprod")
#endif
#endif
