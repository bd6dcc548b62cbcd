/* SPDX-License-Identifier: MIT
 *
 * The learner `bpe`: byte-pair encoding (Gage 1994; Sennrich, Haddow and Birch 2016). Words are sequences of symbols,
 * at first characters; the most frequent pair of neighbours becomes one symbol, again and again.
 *
 * All words stand in one row of places, with gaps between them. A pair knows its places, so that a merge only touches
 * these; pairs wait in a heap by their counts, of which those that are out of date are put right when they come up.
 * Of equally frequent pairs the one of the more frequent characters comes first, else of the older symbols.
 */
#include "text/learn_symbols.h"

#include <string.h>

#define BPE_GAP UINT32_MAX /* no symbol: between words, at characters that are left out, and where a merge closed up   \
                            */
#define BPE_NO_PAIR UINT32_MAX
#define BPE_LEAST_COUNT 2 /* a pair seen once says nothing */

typedef struct learn_bpe_symbol {
  const char *text;
  uint32_t length, characters;
} learn_bpe_symbol;

typedef struct learn_bpe_pair {
  uint32_t left, right, first; /* symbols, and the first of its places in the list */
  uint64_t count;
} learn_bpe_pair;

typedef struct learn_bpe_place { /* an element of a pair's list */
  uint32_t at, next;
} learn_bpe_place;

typedef struct learn_bpe_waiting {
  uint64_t count;
  uint32_t pair;
} learn_bpe_waiting;

typedef struct learn_bpe {
  s2s__host host;
  s2s__arena *arena;
  uint32_t *symbol_at, *next, *previous; /* [places] */
  uint32_t *word_at;                     /* whose count is that of the place */
  const s2s__counted *word;
  size_t places;
  learn_bpe_symbol *symbol;
  learn_bpe_pair *pair;
  learn_bpe_place *place;
  learn_bpe_waiting *heap;
  uint32_t *slots;        /* pairs by their symbols: number + 1 */
  uint32_t *symbol_slots; /* symbols by their texts */
  size_t symbols, symbol_capacity, pairs, pair_capacity, listed, list_capacity, waiting, heap_capacity;
  size_t slot_count, symbol_slot_count;
} learn_bpe;

/* ---- finding pairs and symbols ----------------------------------------------------------------------------------- */

/* Doubles a table of numbers when it is more than half full, and puts them in again. */
static int32_t learn_bpe_rehash(learn_bpe *b, uint32_t **slots, size_t *slot_count, size_t used,
                                uint64_t (*hash)(const learn_bpe *, size_t), s2s__error *error) {
  const size_t count = *slot_count ? 2 * *slot_count : 1024;
  if (2 * (used + 1) <= *slot_count) return S2S_OK;
  uint32_t *fresh = s2s__allocate_zeroed(&b->host, count * sizeof *fresh);
  if (!fresh) return s2s__fail_memory(error, count * sizeof *fresh, "learning pieces");
  for (size_t i = 0; i < used; i++) {
    size_t slot = (size_t)hash(b, i) & (count - 1);
    while (fresh[slot]) slot = (slot + 1) & (count - 1);
    fresh[slot] = (uint32_t)i + 1;
  }
  s2s__free(&b->host, *slots, *slot_count * sizeof **slots);
  *slots = fresh;
  *slot_count = count;
  return S2S_OK;
}

static uint64_t learn_bpe_hash(uint32_t left, uint32_t right) { return s2s__key(left, right); }

static uint64_t learn_bpe_pair_hash(const learn_bpe *b, size_t i) {
  return learn_bpe_hash(b->pair[i].left, b->pair[i].right);
}

static uint64_t learn_bpe_text_hash(const char *text, size_t length) {
  uint64_t hash = UINT64_C(0xCBF29CE484222325); /* FNV-1a */
  for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001B3);
  return hash ^ hash >> 32;
}

static uint64_t learn_bpe_symbol_hash(const learn_bpe *b, size_t i) {
  return learn_bpe_text_hash(b->symbol[i].text, b->symbol[i].length);
}

/* The pair of two symbols, made if it is new. */
static int32_t learn_bpe_find_pair(learn_bpe *b, uint32_t left, uint32_t right, uint32_t *found, s2s__error *error) {
  S2S__TRY(learn_bpe_rehash(b, &b->slots, &b->slot_count, b->pairs, learn_bpe_pair_hash, error));
  size_t slot = (size_t)learn_bpe_hash(left, right) & (b->slot_count - 1);
  for (; b->slots[slot]; slot = (slot + 1) & (b->slot_count - 1)) {
    *found = b->slots[slot] - 1;
    if (b->pair[*found].left == left && b->pair[*found].right == right) return S2S_OK;
  }
  S2S__TRY(s2s__grow(&b->host, &b->pair, &b->pair_capacity, b->pairs + 1, sizeof *b->pair, error));
  b->pair[b->pairs] = (learn_bpe_pair){left, right, BPE_NO_PAIR, 0};
  *found = (uint32_t)b->pairs++;
  b->slots[slot] = *found + 1;
  return S2S_OK;
}

/* The symbol of a text (which then is the arena's), made if it is new. */
static int32_t learn_bpe_find_symbol(learn_bpe *b, learn_bpe_symbol symbol, uint32_t *found, int *is_new,
                                     s2s__error *error) {
  S2S__TRY(learn_bpe_rehash(b, &b->symbol_slots, &b->symbol_slot_count, b->symbols, learn_bpe_symbol_hash, error));
  const size_t mask = b->symbol_slot_count - 1;
  size_t slot = (size_t)learn_bpe_text_hash(symbol.text, symbol.length) & mask;
  *is_new = 0;
  for (; b->symbol_slots[slot]; slot = (slot + 1) & mask) {
    const learn_bpe_symbol *known = &b->symbol[ *found = b->symbol_slots[slot] - 1];
    if (known->length == symbol.length && memcmp(known->text, symbol.text, symbol.length) == 0) return S2S_OK;
  }
  S2S__TRY(s2s__grow(&b->host, &b->symbol, &b->symbol_capacity, b->symbols + 1, sizeof *b->symbol, error));
  b->symbol[b->symbols] = symbol;
  *found = (uint32_t)b->symbols++;
  b->symbol_slots[slot] = *found + 1;
  *is_new = 1;
  return S2S_OK;
}

/* ---- pairs by their counts --------------------------------------------------------------------------------------- */

static int learn_bpe_before(const learn_bpe *b, const learn_bpe_waiting *x, const learn_bpe_waiting *y) {
  const learn_bpe_pair *p = &b->pair[x->pair], *q = &b->pair[y->pair];
  if (x->count != y->count) return x->count > y->count;
  return p->left != q->left ? p->left < q->left : p->right < q->right;
}

static int32_t learn_bpe_wait(learn_bpe *b, uint32_t pair, s2s__error *error) {
  const learn_bpe_waiting fresh = {b->pair[pair].count, pair};
  if (fresh.count < BPE_LEAST_COUNT) return S2S_OK;
  S2S__TRY(s2s__grow(&b->host, &b->heap, &b->heap_capacity, b->waiting + 1, sizeof *b->heap, error));
  size_t at = b->waiting++;
  for (; at > 0 && learn_bpe_before(b, &fresh, &b->heap[(at - 1) / 2]); at = (at - 1) / 2)
    b->heap[at] = b->heap[(at - 1) / 2];
  b->heap[at] = fresh;
  return S2S_OK;
}

static learn_bpe_waiting learn_bpe_first(learn_bpe *b) {
  const learn_bpe_waiting first = b->heap[0], last = b->heap[--b->waiting];
  size_t at = 0;
  for (size_t child = 1; child < b->waiting; child = 2 * at + 1) {
    if (child + 1 < b->waiting && learn_bpe_before(b, &b->heap[child + 1], &b->heap[child])) child++;
    if (!learn_bpe_before(b, &b->heap[child], &last)) break;
    b->heap[at] = b->heap[child];
    at = child;
  }
  b->heap[at] = last;
  return first;
}

/* The most frequent pair, or BPE_NO_PAIR. */
static int32_t learn_bpe_best(learn_bpe *b, uint32_t *best, s2s__error *error) {
  while (b->waiting > 0) {
    const learn_bpe_waiting first = learn_bpe_first(b);
    const uint64_t count = b->pair[first.pair].count;
    *best = first.pair;
    if (count == first.count) return S2S_OK;
    if (count < first.count) S2S__TRY(learn_bpe_wait(b, first.pair, error)); /* else it waits with the new count */
  }
  *best = BPE_NO_PAIR;
  return S2S_OK;
}

/* ---- places ------------------------------------------------------------------------------------------------------ */

static uint64_t learn_bpe_weight(const learn_bpe *b, uint32_t at) { return b->word[b->word_at[at]].count; }

/* The symbol that stands behind a place makes a pair with it. */
static int32_t learn_bpe_enlist(learn_bpe *b, uint32_t at, int waits, s2s__error *error) {
  const uint32_t right = b->next[at];
  uint32_t pair;
  if (right == BPE_GAP) return S2S_OK;
  const learn_bpe_symbol *l = &b->symbol[b->symbol_at[at]], *r = &b->symbol[b->symbol_at[right]];
  if (l->characters + r->characters > S2S__LEARN_MAX_CHARACTERS) return S2S_OK;
  S2S__TRY(learn_bpe_find_pair(b, b->symbol_at[at], b->symbol_at[right], &pair, error));
  S2S__TRY(s2s__grow(&b->host, &b->place, &b->list_capacity, b->listed + 1, sizeof *b->place, error));
  b->place[b->listed] = (learn_bpe_place){at, b->pair[pair].first};
  b->pair[pair].first = (uint32_t)b->listed++;
  b->pair[pair].count += learn_bpe_weight(b, at);
  return waits ? learn_bpe_wait(b, pair, error) : S2S_OK;
}

/* That pair is there no longer; its list keeps the place, which is looked at again before it is used. */
static int32_t learn_bpe_delist(learn_bpe *b, uint32_t at, s2s__error *error) {
  const uint32_t right = b->next[at];
  uint32_t pair;
  if (right == BPE_GAP) return S2S_OK;
  const learn_bpe_symbol *l = &b->symbol[b->symbol_at[at]], *r = &b->symbol[b->symbol_at[right]];
  if (l->characters + r->characters > S2S__LEARN_MAX_CHARACTERS) return S2S_OK;
  S2S__TRY(learn_bpe_find_pair(b, b->symbol_at[at], b->symbol_at[right], &pair, error));
  b->pair[pair].count -= learn_bpe_weight(b, at);
  return S2S_OK;
}

static int32_t learn_bpe_merge_at(learn_bpe *b, uint32_t at, uint32_t merged, s2s__error *error) {
  const uint32_t right = b->next[at], left = b->previous[at], after = b->next[right];
  if (left != BPE_GAP) S2S__TRY(learn_bpe_delist(b, left, error));
  S2S__TRY(learn_bpe_delist(b, at, error));
  S2S__TRY(learn_bpe_delist(b, right, error));
  b->symbol_at[at] = merged;
  b->symbol_at[right] = BPE_GAP;
  b->next[at] = after;
  if (after != BPE_GAP) b->previous[after] = at;
  if (left != BPE_GAP) S2S__TRY(learn_bpe_enlist(b, left, 1, error));
  return learn_bpe_enlist(b, at, 1, error);
}

static int32_t learn_bpe_merge(learn_bpe *b, uint32_t pair, uint32_t merged, s2s__error *error) {
  const uint32_t l = b->pair[pair].left, r = b->pair[pair].right;
  for (uint32_t i = b->pair[pair].first; i != BPE_NO_PAIR; i = b->place[i].next) {
    const uint32_t at = b->place[i].at;
    if (b->symbol_at[at] != l || b->next[at] == BPE_GAP || b->symbol_at[b->next[at]] != r) continue;
    S2S__TRY(learn_bpe_merge_at(b, at, merged, error));
  }
  b->pair[pair].count = 0;
  return S2S_OK;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static int32_t learn_bpe_take(learn_bpe *b, s2s__arena *scratch, size_t places, s2s__error *error) {
  b->symbol_at = S2S__TAKE(scratch, uint32_t, places);
  b->next = S2S__TAKE(scratch, uint32_t, places);
  b->previous = S2S__TAKE(scratch, uint32_t, places);
  b->word_at = S2S__TAKE(scratch, uint32_t, places);
  if (!b->symbol_at || !b->next || !b->previous || !b->word_at || places > UINT32_MAX - 1)
    return s2s__fail_memory(error, 4 * places * sizeof(uint32_t), "learning pieces");
  b->places = places;
  return S2S_OK;
}

/* Words as rows of symbols, numbered as the characters are. */
static int32_t learn_bpe_fill(learn_bpe *b, const s2s__learn_symbols *symbols, size_t words, s2s__error *error) {
  uint32_t at = 0, found;
  int is_new;
  for (size_t i = 0; i < symbols->count; i++)
    S2S__TRY(
        learn_bpe_find_symbol(b, (learn_bpe_symbol){symbols->text[i], symbols->length[i], 1}, &found, &is_new, error));
  for (size_t i = 0; i < words; i++) {
    const char *text = b->word[i].text;
    for (size_t j = 0, bytes; j < b->word[i].length; j += bytes, at++) {
      b->symbol_at[at] = s2s__learn_symbol(symbols, text + j, b->word[i].length - j, &bytes);
      b->word_at[at] = (uint32_t)i;
      b->next[at] = b->previous[at] = BPE_GAP;
      if (j == 0 || b->symbol_at[at] == BPE_GAP || b->symbol_at[at - 1] == BPE_GAP) continue;
      b->next[at - 1] = at;
      b->previous[at] = at - 1;
    }
  }
  for (at = (uint32_t)b->places; at-- > 0;)
    S2S__TRY(learn_bpe_enlist(b, at, 0, error)); /* lists are from left to right */
  for (uint32_t pair = 0; pair < b->pairs; pair++) S2S__TRY(learn_bpe_wait(b, pair, error));
  return S2S_OK;
}

static int32_t learn_bpe_run(learn_bpe *b, size_t size, s2s__piece *piece, size_t *pieces, s2s__error *error) {
  for (uint32_t best, merged; *pieces < size;) {
    S2S__TRY(learn_bpe_best(b, &best, error));
    if (best == BPE_NO_PAIR) break;
    const learn_bpe_symbol l = b->symbol[b->pair[best].left], r = b->symbol[b->pair[best].right];
    learn_bpe_symbol joined = {NULL, l.length + r.length, l.characters + r.characters};
    char *text = s2s__arena_take(b->arena, joined.length + 1);
    if (!text) return s2s__fail_memory(error, joined.length + 1, "a piece");
    memcpy(text, l.text, l.length);
    memcpy(text + l.length, r.text, r.length);
    text[joined.length] = '\0';
    joined.text = text;
    int is_new;
    S2S__TRY(learn_bpe_find_symbol(b, joined, &merged, &is_new, error));
    if (is_new) {
      piece[*pieces] = (s2s__piece){text, joined.length, -(float)*pieces, S2S__PIECE_NORMAL};
      ++*pieces;
    }
    S2S__TRY(learn_bpe_merge(b, best, merged, error));
  }
  return S2S_OK;
}

static void learn_bpe_free(learn_bpe *b) {
  s2s__free(&b->host, b->symbol, b->symbol_capacity * sizeof *b->symbol);
  s2s__free(&b->host, b->pair, b->pair_capacity * sizeof *b->pair);
  s2s__free(&b->host, b->place, b->list_capacity * sizeof *b->place);
  s2s__free(&b->host, b->heap, b->heap_capacity * sizeof *b->heap);
  s2s__free(&b->host, b->slots, b->slot_count * sizeof *b->slots);
  s2s__free(&b->host, b->symbol_slots, b->symbol_slot_count * sizeof *b->symbol_slots);
}

static int32_t learn_bpe_learn(const s2s__counted *word, size_t words, size_t size, double coverage,
                               const s2s__host *host, s2s__arena *arena, s2s__piece **piece, size_t *pieces,
                               s2s__error *error) {
  learn_bpe b = {.host = *host, .arena = arena, .word = word};
  s2s__learn_symbols symbols;
  S2S__TRY(s2s__learn_symbols_init(&symbols, word, words, size, coverage, arena, error));
  *piece = S2S__TAKE(arena, s2s__piece, size);
  if (!*piece) return s2s__fail_memory(error, size * sizeof **piece, "pieces");
  *pieces = 0;
  int32_t status = learn_bpe_take(&b, arena, symbols.characters, error);
  if (status == S2S_OK) status = learn_bpe_fill(&b, &symbols, words, error);
  if (status == S2S_OK) status = learn_bpe_run(&b, size - symbols.count, *piece, pieces, error);
  learn_bpe_free(&b);
  for (size_t i = 0; i < symbols.count && status == S2S_OK; i++, ++*pieces)
    (*piece)[*pieces] = (s2s__piece){symbols.text[i], symbols.length[i], -(float)*pieces, S2S__PIECE_NORMAL};
  return status;
}

const s2s__learner s2s__learner_bpe = {"bpe", S2S__PIECES_BPE, learn_bpe_learn};
