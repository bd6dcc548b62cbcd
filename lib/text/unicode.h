/* SPDX-License-Identifier: MIT
 *
 * Properties of characters: what normalisation (Unicode Standard Annex 15), case folding and grapheme clusters (Annex
 * 29) ask for. Hangul syllables are computed, all else stands in tables that unicode.py writes.
 */
#ifndef S2S__TEXT_UNICODE_H
#define S2S__TEXT_UNICODE_H

#include <stddef.h>
#include <stdint.h>

#define S2S__UNICODE_EXPANSION 18 /* most characters that one becomes */

/* Canonical_Combining_Class: 0 for what begins a character, else where a mark stands on it. */
uint8_t s2s__unicode_class(uint32_t c);

/* The full decomposition, canonical or compatible, into out[S2S__UNICODE_EXPANSION]; returns how many characters. */
size_t s2s__unicode_decompose(uint32_t c, int compatible, uint32_t *out);

/* The character that two make in a normal form C, or 0. */
uint32_t s2s__unicode_compose(uint32_t a, uint32_t b);

/* Whether it is a syllable of Hangul, which decomposes into two or three letters. */
int s2s__unicode_is_hangul(uint32_t c);

/* Full case folding, into out[3]; returns how many characters. */
size_t s2s__unicode_fold(uint32_t c, uint32_t *out);

typedef enum s2s__unicode_break {
  S2S__BREAK_OTHER,
  S2S__BREAK_CR,
  S2S__BREAK_LF,
  S2S__BREAK_CONTROL,
  S2S__BREAK_EXTEND,
  S2S__BREAK_ZWJ,
  S2S__BREAK_REGIONAL_INDICATOR,
  S2S__BREAK_PREPEND,
  S2S__BREAK_SPACING_MARK,
  S2S__BREAK_L,
  S2S__BREAK_V,
  S2S__BREAK_T,
  S2S__BREAK_PICTOGRAPHIC,
  S2S__BREAK_LV,
  S2S__BREAK_LVT
} s2s__unicode_break;

/* Grapheme_Cluster_Break, with Extended_Pictographic. */
s2s__unicode_break s2s__unicode_break_of(uint32_t c);

#endif
