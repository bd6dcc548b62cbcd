/* SPDX-License-Identifier: MIT
 *
 * Vocabularies: token texts to ids and back. Ids 0, 1 and 2 are special in models made here (unknown, begin, end);
 * their texts are never looked up, so that user text cannot produce them.
 *
 * In a model file a vocabulary is one U8 tensor: the tokens in id order, each followed by a line feed
 * ("<unk>\n<s>\n</s>\na\n...").
 */
#ifndef S2S__TEXT_VOCABULARY_H
#define S2S__TEXT_VOCABULARY_H

#include "base/memory.h"

#define S2S__UNK 0
#define S2S__BOS 1
#define S2S__EOS 2
#define S2S__SPECIALS 3
#define S2S__MAX_VOCABULARY 16777216 /* most tokens that are read from a file */
#define S2S__MAX_TOKEN_BYTES 65535

/* Read-only once built: shared by threads without a lock. All memory is from the arena it was built in. */
typedef struct s2s__vocabulary {
  size_t size;
  const char *const *text; /* [size], NUL-terminated */
  const uint32_t *length;  /* [size] bytes */
  const uint32_t *slots;   /* open-addressing hash table: id + 1, or 0 */
  size_t slot_mask;
} s2s__vocabulary;

/* Counts tokens, then makes a vocabulary of them. Tokens that no vocabulary can hold (empty, longer than
 * S2S__MAX_TOKEN_BYTES, with a line feed or a NUL in them) are passed over, and so become unknown. */
typedef struct s2s__token_counter s2s__token_counter;
int32_t s2s__token_counter_new(const s2s__host *host, s2s__token_counter **counter, s2s__error *error);
int32_t s2s__token_counter_add(s2s__token_counter *counter, const char *token, size_t length, s2s__error *error);
int32_t s2s__token_counter_add_many(s2s__token_counter *counter, const char *token, size_t length, uint64_t times,
                                    s2s__error *error);
void s2s__token_counter_free(s2s__token_counter *counter);

typedef struct s2s__counted {
  const char *text; /* not NUL-terminated */
  uint32_t length;
  uint64_t count; /* how often it was seen */
} s2s__counted;
/* All that were counted, in the order in which they were seen first: an array in the arena, of texts that are the
 * counter's until the next is added. */
int32_t s2s__token_counter_list(const s2s__token_counter *counter, s2s__arena *arena, const s2s__counted **counted,
                                size_t *count, s2s__error *error);

/* Special tokens first, then those seen at least min_count times, the most frequent first, equal ones by their bytes;
 * at most max_size in all (the specials count, and are there even if max_size is smaller than their number). On
 * failure, here and in parsing, arena and vocabulary are as they were. */
int32_t s2s__vocabulary_build(s2s__vocabulary *vocabulary, s2s__arena *arena, const s2s__token_counter *counter,
                              uint64_t min_count, size_t max_size, s2s__error *error);

/* Special tokens first, then these, of which none may be there twice. */
int32_t s2s__vocabulary_of(s2s__vocabulary *vocabulary, s2s__arena *arena, const s2s__counted *token, size_t count,
                           s2s__error *error);

/* From the bytes of a file: checks UTF-8, that every token ends with a line feed, that there are at least the specials,
 * no empty token, no NUL, no token twice (specials included), and the size limits. S2S_BAD_FILE names the token's
 * number, its id. */
int32_t s2s__vocabulary_parse(s2s__vocabulary *vocabulary, s2s__arena *arena, const char *bytes, size_t size,
                              s2s__error *error);
size_t s2s__vocabulary_bytes(const s2s__vocabulary *vocabulary);          /* of the file's tensor */
void s2s__vocabulary_write(const s2s__vocabulary *vocabulary, char *out); /* that many bytes */

/* S2S__UNK for what is not there, special tokens included. */
int32_t s2s__vocabulary_find(const s2s__vocabulary *vocabulary, const char *token, size_t length);

#endif
