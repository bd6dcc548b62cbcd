/* SPDX-License-Identifier: MIT
 *
 * Ends what isa_*_begin.h began.
 */
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
