/* SPDX-License-Identifier: MIT
 *
 * Vocabularies, and the counter they are made from. Both find a token by an open-addressing hash table with linear
 * probing that is at most half full; a slot holds the token's index + 1, and 0 is a free slot:
 *
 *     slots:  [0 | 3 | 0 | 1 | 2 | 0 ...]   hash(token) & mask -> the slot where the search begins
 *
 * The special tokens stand in the table as well, so that a file in which a token has a special one's text is refused; a
 * search that ends at one of them answers S2S__UNK. No order of anything depends on the hash.
 */
#include "text/vocabulary.h"

#include "base/random.h"
#include "base/utf8.h"

#include <string.h>

#define VOCABULARY_MIN_SLOTS 16
#define VOCABULARY_MAX_COUNTED 0x40000000u /* different tokens a counter can hold: slots are 32 bits wide */

static const char *const vocabulary_special[S2S__SPECIALS] = {"<unk>", "<s>", "</s>"};

/* FNV-1a (Fowler, Noll, Vo), mixed once more because the low bits choose the slot. */
static uint64_t vocabulary_hash(const char *text, size_t length) {
  uint64_t hash = UINT64_C(0xCBF29CE484222325);
  for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001B3);
  return s2s__mix(hash);
}

/* A power of two, at least twice `count`. */
static size_t vocabulary_slots_for(size_t count) {
  size_t slots = VOCABULARY_MIN_SLOTS;
  while (slots / 2 < count) slots *= 2;
  return slots;
}

static int vocabulary_can_hold(const char *token, size_t length) {
  return length > 0 && length <= S2S__MAX_TOKEN_BYTES && !memchr(token, '\n', length) && !memchr(token, 0, length);
}

static int vocabulary_is_special(const char *token, size_t length) {
  for (size_t i = 0; i < S2S__SPECIALS; i++)
    if (strlen(vocabulary_special[i]) == length && memcmp(vocabulary_special[i], token, length) == 0) return 1;
  return 0;
}

/* ---- Counting ---------------------------------------------------------------------------------------------------- */

typedef struct token_counter_entry {
  size_t begin; /* of its bytes in the counter's */
  uint64_t count;
  uint32_t length;
  uint32_t hash; /* the low half: spares most comparisons, and hashing again when the table grows */
} token_counter_entry;

struct s2s__token_counter {
  s2s__host host;
  token_counter_entry *entry;
  size_t count, capacity;
  char *bytes; /* the tokens, one after another */
  size_t used, bytes_capacity;
  uint32_t *slots;
  size_t slot_count; /* a power of two, or 0 before the first token */
};

int32_t s2s__token_counter_new(const s2s__host *host, s2s__token_counter **counter, s2s__error *error) {
  *counter = s2s__allocate_zeroed(host, sizeof **counter);
  if (!*counter) return s2s__fail_memory(error, sizeof **counter, "a token counter");
  (*counter)->host = *host;
  return S2S_OK;
}

void s2s__token_counter_free(s2s__token_counter *counter) {
  if (!counter) return;
  const s2s__host host = counter->host;
  s2s__free(&host, counter->entry, counter->capacity * sizeof *counter->entry);
  s2s__free(&host, counter->bytes, counter->bytes_capacity);
  s2s__free(&host, counter->slots, counter->slot_count * sizeof *counter->slots);
  s2s__free(&host, counter, sizeof *counter);
}

/* Makes room in the table for one token more. */
static int32_t token_counter_reserve(s2s__token_counter *counter, s2s__error *error) {
  const size_t wanted = vocabulary_slots_for(counter->count + 1);
  if (wanted <= counter->slot_count) return S2S_OK;
  if (counter->count >= VOCABULARY_MAX_COUNTED)
    return s2s__fail(error, S2S_LIMIT, "more than %lu different tokens", (unsigned long)VOCABULARY_MAX_COUNTED);
  size_t bytes;
  uint32_t *slots =
      s2s__multiply_fits(wanted, sizeof *slots, &bytes) ? s2s__allocate_zeroed(&counter->host, bytes) : NULL;
  if (!slots) return s2s__fail_memory(error, wanted * sizeof *slots, "a token counter");
  for (size_t i = 0; i < counter->count; i++) {
    size_t slot = counter->entry[i].hash & (wanted - 1);
    while (slots[slot]) slot = (slot + 1) & (wanted - 1);
    slots[slot] = (uint32_t)(i + 1);
  }
  s2s__free(&counter->host, counter->slots, counter->slot_count * sizeof *slots);
  counter->slots = slots;
  counter->slot_count = wanted;
  return S2S_OK;
}

/* The slot where the token is, or the free one where it belongs. */
static uint32_t *token_counter_probe(const s2s__token_counter *counter, const char *token, size_t length,
                                     uint32_t hash) {
  const size_t mask = counter->slot_count - 1;
  for (size_t slot = hash & mask;; slot = (slot + 1) & mask) {
    if (counter->slots[slot] == 0) return &counter->slots[slot];
    const token_counter_entry *entry = &counter->entry[counter->slots[slot] - 1];
    if (entry->hash == hash && entry->length == length && memcmp(counter->bytes + entry->begin, token, length) == 0)
      return &counter->slots[slot];
  }
}

/* A failure leaves the counter as it was: what can fail comes first. */
static int32_t token_counter_append(s2s__token_counter *counter, const char *token, size_t length, uint32_t hash,
                                    uint64_t times, s2s__error *error) {
  S2S__TRY(s2s__grow(&counter->host, &counter->bytes, &counter->bytes_capacity, counter->used + length, 1, error));
  S2S__TRY(s2s__grow(&counter->host, &counter->entry, &counter->capacity, counter->count + 1, sizeof *counter->entry,
                     error));
  memcpy(counter->bytes + counter->used, token, length);
  counter->entry[counter->count++] = (token_counter_entry){counter->used, times, (uint32_t)length, hash};
  counter->used += length;
  return S2S_OK;
}

int32_t s2s__token_counter_add(s2s__token_counter *counter, const char *token, size_t length, s2s__error *error) {
  return s2s__token_counter_add_many(counter, token, length, 1, error);
}

int32_t s2s__token_counter_add_many(s2s__token_counter *counter, const char *token, size_t length, uint64_t times,
                                    s2s__error *error) {
  if (!vocabulary_can_hold(token, length)) return S2S_OK;
  S2S__TRY(token_counter_reserve(counter, error));
  const uint32_t hash = (uint32_t)vocabulary_hash(token, length);
  uint32_t *slot = token_counter_probe(counter, token, length, hash);
  if (*slot) {
    counter->entry[*slot - 1].count += times;
    return S2S_OK;
  }
  S2S__TRY(token_counter_append(counter, token, length, hash, times, error));
  *slot = (uint32_t)counter->count;
  return S2S_OK;
}

/* Whether entry a stands before entry b in a vocabulary: the more frequent first, equal ones by their bytes. */
static int token_counter_before(const s2s__token_counter *counter, uint32_t a, uint32_t b) {
  const token_counter_entry *x = &counter->entry[a], *y = &counter->entry[b];
  if (x->count != y->count) return x->count > y->count;
  const size_t common = x->length < y->length ? x->length : y->length;
  const int order = memcmp(counter->bytes + x->begin, counter->bytes + y->begin, common);
  return order != 0 ? order < 0 : x->length < y->length;
}

/* Heap sort of entry numbers. (The qsort of some libcs takes memory from malloc, which is not the host's allocator, and
 * its comparison has no context.) */
static void token_counter_sift(const s2s__token_counter *counter, uint32_t *order, size_t root, size_t count) {
  const uint32_t moved = order[root];
  for (size_t child; (child = 2 * root + 1) < count; root = child) {
    if (child + 1 < count && token_counter_before(counter, order[child], order[child + 1])) child++;
    if (!token_counter_before(counter, moved, order[child])) break;
    order[root] = order[child];
  }
  order[root] = moved;
}

static void token_counter_sort(const s2s__token_counter *counter, uint32_t *order, size_t count) {
  for (size_t root = count / 2; root-- > 0;) token_counter_sift(counter, order, root, count);
  for (size_t last = count; last-- > 1;) {
    const uint32_t swap = order[0];
    order[0] = order[last];
    order[last] = swap;
    token_counter_sift(counter, order, 0, last);
  }
}

/* Writes the entries that may enter a vocabulary into `order`, sorted; returns how many. */
static size_t token_counter_select(const s2s__token_counter *counter, uint64_t min_count, uint32_t *order) {
  size_t count = 0;
  for (size_t i = 0; i < counter->count; i++) {
    const token_counter_entry *entry = &counter->entry[i];
    if (entry->count < min_count || vocabulary_is_special(counter->bytes + entry->begin, entry->length)) continue;
    order[count++] = (uint32_t)i;
  }
  token_counter_sort(counter, order, count);
  return count;
}

/* ---- Building ---------------------------------------------------------------------------------------------------- */

/* A vocabulary while it is written: its arrays once more, without const. */
typedef struct vocabulary_draft {
  s2s__vocabulary made;
  const char **text;
  uint32_t *length;
  uint32_t *slots;
  char *bytes; /* where the next token's bytes go */
} vocabulary_draft;

/* Takes the memory for `count` tokens that have `bytes` bytes together, a NUL after each counted. */
static int32_t vocabulary_draft_take(vocabulary_draft *draft, s2s__arena *arena, size_t count, size_t bytes,
                                     s2s__error *error) {
  const size_t slots = vocabulary_slots_for(count);
  draft->text = S2S__TAKE(arena, const char *, count);
  draft->length = S2S__TAKE(arena, uint32_t, count);
  draft->slots = S2S__TAKE(arena, uint32_t, slots);
  draft->bytes = s2s__arena_take(arena, bytes);
  if (!draft->text || !draft->length || !draft->slots || !draft->bytes)
    return s2s__fail_memory(error, bytes + count * (sizeof(char *) + 4) + slots * 4, "a vocabulary");
  memset(draft->slots, 0, slots * sizeof *draft->slots);
  draft->made = (s2s__vocabulary){0, draft->text, draft->length, draft->slots, slots - 1};
  return S2S_OK;
}

/* Index of the slot where the token is, or of the free one where it belongs. */
static size_t vocabulary_probe(const s2s__vocabulary *vocabulary, const char *token, size_t length) {
  size_t slot = (size_t)vocabulary_hash(token, length) & vocabulary->slot_mask;
  for (; vocabulary->slots[slot]; slot = (slot + 1) & vocabulary->slot_mask) {
    const uint32_t id = vocabulary->slots[slot] - 1;
    if (vocabulary->length[id] == length && memcmp(vocabulary->text[id], token, length) == 0) break;
  }
  return slot;
}

/* Adds a copy of the token. Returns its id: the next one, or that of the equal token that is there already. */
static size_t vocabulary_draft_add(vocabulary_draft *draft, const char *token, size_t length) {
  const size_t slot = vocabulary_probe(&draft->made, token, length);
  if (draft->slots[slot]) return draft->slots[slot] - 1;
  const size_t id = draft->made.size++;
  memcpy(draft->bytes, token, length);
  draft->bytes[length] = 0;
  draft->text[id] = draft->bytes;
  draft->length[id] = (uint32_t)length;
  draft->slots[slot] = (uint32_t)(id + 1);
  draft->bytes += length + 1;
  return id;
}

int32_t s2s__vocabulary_of(s2s__vocabulary *vocabulary, s2s__arena *arena, const s2s__counted *token, size_t count,
                           s2s__error *error) {
  size_t bytes = 0;
  for (size_t i = 0; i < S2S__SPECIALS; i++) bytes += strlen(vocabulary_special[i]) + 1;
  for (size_t i = 0; i < count; i++) bytes += token[i].length + (size_t)1;
  vocabulary_draft draft;
  S2S__TRY(vocabulary_draft_take(&draft, arena, S2S__SPECIALS + count, bytes, error));
  for (size_t i = 0; i < S2S__SPECIALS; i++)
    vocabulary_draft_add(&draft, vocabulary_special[i], strlen(vocabulary_special[i]));
  for (size_t i = 0; i < count; i++) vocabulary_draft_add(&draft, token[i].text, token[i].length);
  *vocabulary = draft.made;
  return S2S_OK;
}

static s2s__counted token_counter_get(const s2s__token_counter *counter, size_t number) {
  const token_counter_entry *entry = &counter->entry[number];
  return (s2s__counted){counter->bytes + entry->begin, entry->length, entry->count};
}

int32_t s2s__token_counter_list(const s2s__token_counter *counter, s2s__arena *arena, const s2s__counted **counted,
                                size_t *count, s2s__error *error) {
  s2s__counted *list = S2S__TAKE(arena, s2s__counted, counter->count);
  if (!list) return s2s__fail_memory(error, counter->count * sizeof *list, "counted tokens");
  for (size_t i = 0; i < counter->count; i++) list[i] = token_counter_get(counter, i);
  *counted = list;
  *count = counter->count;
  return S2S_OK;
}

/* The tokens that enter a vocabulary, in its order, into an array with room for all. */
static size_t vocabulary_choose(const s2s__token_counter *counter, uint64_t min_count, size_t max_size, uint32_t *order,
                                s2s__counted *token) {
  const size_t room = max_size > S2S__SPECIALS ? max_size - S2S__SPECIALS : 0;
  const size_t known = token_counter_select(counter, min_count, order), count = known < room ? known : room;
  for (size_t i = 0; i < count; i++) token[i] = token_counter_get(counter, order[i]);
  return count;
}

int32_t s2s__vocabulary_build(s2s__vocabulary *vocabulary, s2s__arena *arena, const s2s__token_counter *counter,
                              uint64_t min_count, size_t max_size, s2s__error *error) {
  const s2s__mark mark = s2s__arena_mark(arena);
  const size_t scratch = (counter->count + 1) * (sizeof(s2s__counted) + sizeof(uint32_t));
  s2s__counted *token = s2s__resize(&counter->host, NULL, 0, scratch);
  if (!token) return s2s__fail_memory(error, scratch, "the order of a vocabulary");
  if (max_size > S2S__MAX_VOCABULARY) max_size = S2S__MAX_VOCABULARY; /* what is written must be read again */
  const size_t count = vocabulary_choose(counter, min_count, max_size, (uint32_t *)(token + counter->count + 1), token);
  const int32_t status = s2s__vocabulary_of(vocabulary, arena, token, count, error);
  s2s__free(&counter->host, token, scratch);
  if (status != S2S_OK) s2s__arena_rewind(arena, mark);
  return status;
}

/* ---- The file ---------------------------------------------------------------------------------------------------- */

static int32_t vocabulary_count_tokens(const char *bytes, size_t size, size_t *count, s2s__error *error) {
  *count = 0;
  for (size_t i = 0; i < size; i++) *count += bytes[i] == '\n';
  if (*count > S2S__MAX_VOCABULARY)
    return s2s__fail(error, S2S_BAD_FILE, "%zu tokens, at most %d are allowed", *count, S2S__MAX_VOCABULARY);
  if (size > 0 && bytes[size - 1] != '\n')
    return s2s__fail(error, S2S_BAD_FILE, "token %zu does not end with a line feed", *count);
  if (*count < S2S__SPECIALS)
    return s2s__fail(error, S2S_BAD_FILE, "%zu tokens, where at least the %d special ones were expected", *count,
                     S2S__SPECIALS);
  return S2S_OK;
}

static int32_t vocabulary_check_token(const char *token, size_t length, size_t id, s2s__error *error) {
  if (length == 0) return s2s__fail(error, S2S_BAD_FILE, "token %zu is empty", id);
  if (length > S2S__MAX_TOKEN_BYTES)
    return s2s__fail(error, S2S_BAD_FILE, "token %zu has %zu bytes, at most %d are allowed", id, length,
                     S2S__MAX_TOKEN_BYTES);
  const size_t valid = s2s__utf8_check(token, length);
  if (valid < length) return s2s__fail(error, S2S_BAD_FILE, "token %zu: invalid UTF-8 at byte %zu", id, valid + 1);
  const char *nul = memchr(token, 0, length);
  if (nul) return s2s__fail(error, S2S_BAD_FILE, "token %zu: a NUL byte at byte %zu", id, (size_t)(nul - token) + 1);
  return S2S_OK;
}

static int32_t vocabulary_parse_tokens(s2s__vocabulary *vocabulary, s2s__arena *arena, const char *bytes, size_t size,
                                       s2s__error *error) {
  size_t count;
  S2S__TRY(vocabulary_count_tokens(bytes, size, &count, error));
  vocabulary_draft draft;
  S2S__TRY(vocabulary_draft_take(&draft, arena, count, size, error));
  for (size_t id = 0; id < count; id++) {
    const char *end = memchr(bytes, '\n', size);
    const size_t length = (size_t)(end - bytes);
    S2S__TRY(vocabulary_check_token(bytes, length, id, error));
    const size_t found = vocabulary_draft_add(&draft, bytes, length);
    if (found != id) return s2s__fail(error, S2S_BAD_FILE, "token %zu is the same as token %zu", id, found);
    bytes = end + 1;
    size -= length + 1;
  }
  *vocabulary = draft.made;
  return S2S_OK;
}

int32_t s2s__vocabulary_parse(s2s__vocabulary *vocabulary, s2s__arena *arena, const char *bytes, size_t size,
                              s2s__error *error) {
  const s2s__mark mark = s2s__arena_mark(arena);
  const int32_t status = vocabulary_parse_tokens(vocabulary, arena, bytes, size, error);
  if (status == S2S_OK) return S2S_OK;
  s2s__arena_rewind(arena, mark);
  return s2s__fail_prefix(error, "vocabulary");
}

size_t s2s__vocabulary_bytes(const s2s__vocabulary *vocabulary) {
  size_t bytes = 0;
  for (size_t id = 0; id < vocabulary->size; id++) bytes += vocabulary->length[id] + (size_t)1;
  return bytes;
}

void s2s__vocabulary_write(const s2s__vocabulary *vocabulary, char *out) {
  for (size_t id = 0; id < vocabulary->size; id++) {
    memcpy(out, vocabulary->text[id], vocabulary->length[id]);
    out += vocabulary->length[id];
    *out++ = '\n';
  }
}

int32_t s2s__vocabulary_find(const s2s__vocabulary *vocabulary, const char *token, size_t length) {
  const uint32_t found = vocabulary->slots[vocabulary_probe(vocabulary, token, length)];
  return found > S2S__SPECIALS ? (int32_t)(found - 1) : S2S__UNK;
}
