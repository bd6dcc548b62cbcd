/* SPDX-License-Identifier: MIT
 *
 * From here to isa_end.h functions are compiled for AArch64 as the compiler's own flags have it: Advanced SIMD is part
 * of its base. Included outside of functions, after <arm_neon.h>, as often as wanted.
 */
#if defined(__clang__)
#pragma clang attribute push
#else
#pragma GCC push_options
#endif
