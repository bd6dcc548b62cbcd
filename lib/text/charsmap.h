/* SPDX-License-Identifier: MIT
 *
 * The normaliser of SentencePiece: rules that replace strings, kept in a trie, and the handling of white space.
 */
#ifndef S2S__TEXT_CHARSMAP_H
#define S2S__TEXT_CHARSMAP_H

#include "text/normalize.h"
#include "text/trie.h"

typedef struct s2s__charsmap {
  s2s__trie rules;          /* what is replaced; values are places in `replacements` */
  const char *replacements; /* NUL-terminated strings one after another */
  size_t replacement_bytes;
  const s2s__trie *symbols; /* what is never replaced; NULL: nothing */
  int dummy_prefix;         /* a space is put in front of the text, so that its first word is like all others */
  int space_behind;         /* ... or behind it */
  int remove_extra_spaces;  /* at both ends, and of runs of spaces all but one */
  int escape_spaces;        /* a space becomes a space mark */
  unsigned char plain[16];  /* bit set of the ASCII characters that, before another one, no rule touches */
} s2s__charsmap;

/* Sets the rules from a file's bytes: the size of the trie (32 bits), the trie, the replacements. 0 when they are
 * broken. */
int s2s__charsmap_parse(s2s__charsmap *map, const unsigned char *bytes, size_t size, s2s__arena *arena);

/* Finds out what is plain: when the rules and the symbols are set. */
void s2s__charsmap_finish(s2s__charsmap *map);

/* The text by the rules, from the arena. */
int32_t s2s__charsmap_normalize(const s2s__charsmap *map, const char *text, size_t length, s2s__arena *arena,
                                s2s__mapped *out, s2s__error *error);

#endif
