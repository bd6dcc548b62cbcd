/* SPDX-License-Identifier: MIT
 *
 * Where a sentence ends: at the marks that end one in the scripts of the world, unless what stands around a full stop
 * says that it ends an abbreviation, an initial or a number. The rules follow Unicode Standard Annex 29 (SB6 to SB11), with
 * what it leaves to a tailoring: abbreviations, ordinals, and what a speaker's words are followed by.
 */
#ifndef S2S__TEXT_SENTENCE_H
#define S2S__TEXT_SENTENCE_H

#include <stddef.h>
#include <stdint.h>

/* End of the sentence that begins at text[begin], its last mark and closing quotes included, white space behind it not. The
 * text is valid UTF-8, and all of one line or paragraph. */
size_t s2s__sentence_end(const char *text, size_t length, size_t begin);

/* Whether a character is of a script that is written without spaces between sentences: Chinese, Japanese. */
int s2s__is_wide(uint32_t character);

#endif
