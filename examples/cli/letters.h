/* SPDX-License-Identifier: MIT
 *
 * Characters of labels, in valid UTF-8, and the room they take.
 */
#ifndef LETTERS_H
#define LETTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

size_t letter_bytes(const char *text); /* of the character at `text`; 0 at the end */
uint32_t letter_code(const char *text);
bool letter_is_mark(uint32_t code); /* stands on the letter before it */
bool letter_is_wide(uint32_t code); /* of East Asia, and emoji */
int letter_columns(uint32_t code);  /* of a terminal: 0, 1 or 2 */

#endif
