/* SPDX-License-Identifier: MIT
 *
 * Forgets the macros of vec_avx2.h and vec_avx512.h, so that the next level can define its own.
 */
#undef VEC
#undef KERNEL
#undef VEC_NAME
#undef VEC_WIDTH
#undef VEC_TILE_ROWS
