/* SPDX-License-Identifier: MIT
 *
 * Forgets the macros of vec_*.h, so that the next level can define its own.
 */
#undef VEC
#undef KERNEL
#undef VEC_WIDTH
#undef VEC_TILE_ROWS
#undef VEC_SQUARE
#undef VEC_TILE_DEPTH
#undef VEC_A_AHEAD
#undef VEC_B_AHEAD
#undef VEC_SLIM_WIDTH
#undef VEC_FMA_LANE
