/* SPDX-License-Identifier: MIT
 *
 * Cutting a text by byte-pair encoding (Sennrich, Haddow and Birch 2016): characters, of which again and again the two
 * neighbours are merged whose union is the piece with the highest score, the leftmost of equal ones; with
 * BPE-dropout (Provilkov et al. 2020) a merge is sometimes passed over.
 *
 * Pairs wait in a heap. A symbol keeps its place in the trie of pieces, so that its union with the next one is looked
 * up by walking on from there.
 */
#include "base/random.h"
#include "base/utf8.h"
#include "text/pieces.h"

#include <string.h>

#define BPE_NONE UINT32_MAX

typedef struct bpe_symbol {
  uint32_t begin, length;  /* length 0: merged into the one before */
  uint32_t previous, next; /* symbols, or BPE_NONE */
  uint32_t node;           /* in the trie; BPE_NONE: no piece begins like this */
  int frozen;              /* a user-defined symbol: never merged */
} bpe_symbol;

typedef struct bpe_pair {
  float score;
  uint32_t left, right; /* symbols */
  uint32_t length;      /* of their union, when they were paired: else one of them has changed */
  uint32_t node;
} bpe_pair;

typedef struct bpe_cutter {
  const s2s__pieces *pieces;
  const s2s__sampling *sampling;
  s2s__arena *arena;
  const char *text;
  bpe_symbol *symbol;
  bpe_pair *heap;
  uint32_t *split; /* [pieces] length of the left part of an unused piece; NULL when there are no unused ones */
  s2s__cut *cut;
  size_t symbols, pairs, cuts;
  uint64_t drawn;
} bpe_cutter;

/* ---- the heap: the best pair first ------------------------------------------------------------------------------- */

static int bpe_is_better(const bpe_pair *a, const bpe_pair *b) {
  return a->score > b->score || (a->score >= b->score && a->left < b->left);
}

static void bpe_push(bpe_cutter *c, bpe_pair pair) {
  size_t at = c->pairs++;
  for (; at > 0 && bpe_is_better(&pair, &c->heap[(at - 1) / 2]); at = (at - 1) / 2) c->heap[at] = c->heap[(at - 1) / 2];
  c->heap[at] = pair;
}

static bpe_pair bpe_pop(bpe_cutter *c) {
  const bpe_pair best = c->heap[0], last = c->heap[--c->pairs];
  size_t at = 0;
  for (size_t child = 1; child < c->pairs; child = 2 * at + 1) {
    if (child + 1 < c->pairs && bpe_is_better(&c->heap[child + 1], &c->heap[child])) child++;
    if (!bpe_is_better(&c->heap[child], &last)) break;
    c->heap[at] = c->heap[child];
    at = child;
  }
  c->heap[at] = last;
  return best;
}

/* ---- merging ----------------------------------------------------------------------------------------------------- */

static uint32_t bpe_walk(const bpe_cutter *c, uint32_t node, uint32_t begin, uint32_t length) {
  if (c->pieces->words.units == 0) return BPE_NONE;
  for (uint32_t i = 0; i < length && node != BPE_NONE; i++)
    if (!s2s__trie_step(&c->pieces->words, &node, (unsigned char)c->text[begin + i])) node = BPE_NONE;
  return node;
}

static void bpe_pair_up(bpe_cutter *c, uint32_t left, uint32_t right) {
  if (left == BPE_NONE || right == BPE_NONE) return;
  const bpe_symbol *l = &c->symbol[left], *r = &c->symbol[right];
  if (l->frozen || r->frozen || l->node == BPE_NONE) return;
  const uint32_t node = bpe_walk(c, l->node, r->begin, r->length);
  const int32_t piece = node == BPE_NONE ? -1 : s2s__trie_value(&c->pieces->words, node);
  if (piece < 0) return;
  if (c->split && c->pieces->piece[piece].type == S2S__PIECE_UNUSED) c->split[piece] = l->length;
  bpe_push(c, (bpe_pair){c->pieces->piece[piece].score, left, right, l->length + r->length, node});
}

static int bpe_is_dropped(bpe_cutter *c) {
  return c->sampling && c->sampling->dropout > 0 && s2s__uniform(c->sampling->key, c->drawn++) < c->sampling->dropout;
}

static void bpe_merge(bpe_cutter *c) {
  while (c->pairs > 0) {
    const bpe_pair pair = bpe_pop(c);
    bpe_symbol *left = &c->symbol[pair.left], *right = &c->symbol[pair.right];
    if (left->length == 0 || right->length == 0 || left->length + right->length != pair.length) continue;
    if (bpe_is_dropped(c)) continue;
    left->length = pair.length;
    left->node = pair.node;
    left->next = right->next;
    if (right->next != BPE_NONE) c->symbol[right->next].previous = pair.left;
    right->length = 0;
    bpe_pair_up(c, left->previous, pair.left);
    bpe_pair_up(c, pair.left, left->next);
  }
}

/* ---- what comes out ---------------------------------------------------------------------------------------------- */

/* A symbol as a piece; an unused one as the two that it was merged from. The parts that are still to do wait on a stack
 * of lengths, which is what is left of the room for pairs. */
static void bpe_emit(bpe_cutter *c, const bpe_symbol *symbol) {
  uint32_t *stack = (uint32_t *)c->heap, begin = symbol->begin;
  size_t depth = 0;
  for (stack[depth++] = symbol->length; depth > 0;) {
    const uint32_t length = stack[--depth];
    const int32_t piece = s2s__pieces_find(c->pieces, c->text + begin, length);
    const int unused = c->split && c->pieces->piece[piece].type == S2S__PIECE_UNUSED;
    if (unused && c->split[piece] > 0 && c->split[piece] < length) {
      stack[depth++] = length - c->split[piece];
      stack[depth++] = c->split[piece];
    } else {
      c->cut[c->cuts++] = (s2s__cut){length, piece};
      begin += length;
    }
  }
}

/* ---- a text ------------------------------------------------------------------------------------------------------ */

static void bpe_add_symbol(bpe_cutter *c, size_t at, size_t length, int frozen) {
  const uint32_t number = (uint32_t)c->symbols++;
  c->symbol[number] = (bpe_symbol){.begin = (uint32_t)at,
                                   .length = (uint32_t)length,
                                   .previous = number ? number - 1 : BPE_NONE,
                                   .next = number + 1,
                                   .frozen = frozen};
  c->symbol[number].node = bpe_walk(c, S2S__TRIE_ROOT, (uint32_t)at, (uint32_t)length);
}

/* Characters and user-defined symbols of text[at..end). */
static void bpe_read(bpe_cutter *c, size_t at, size_t end) {
  c->symbols = 0;
  while (at < end) {
    uint32_t code_point;
    size_t bytes = 0;
    const int frozen = s2s__trie_longest(&c->pieces->symbols, c->text + at, end - at, &bytes) >= 0;
    if (!frozen) bytes = s2s__utf8_decode(c->text + at, end - at, &code_point);
    if (bytes == 0) bytes = 1;
    bpe_add_symbol(c, at, bytes, frozen);
    at += bytes;
  }
  c->symbol[c->symbols - 1].next = BPE_NONE;
}

static void bpe_cut_part(bpe_cutter *c, size_t begin, size_t end) {
  bpe_read(c, begin, end);
  for (uint32_t i = 1; i < c->symbols; i++) bpe_pair_up(c, i - 1, i);
  bpe_merge(c);
  for (uint32_t i = 0; i != BPE_NONE; i = c->symbol[i].next) bpe_emit(c, &c->symbol[i]);
}

/* Where the next word begins: what is merged never reaches beyond it. */
static size_t bpe_part_end(const bpe_cutter *c, size_t begin, size_t length) {
  if (!c->pieces->marks_lead) return length;
  for (size_t at = begin + 1; at + 3 <= length; at++) {
    const char *found = memchr(c->text + at, S2S__SPACE_MARK[0], length - at);
    if (!found) return length;
    at = (size_t)(found - c->text);
    if (at + 3 <= length && memcmp(found, S2S__SPACE_MARK, 3) == 0) return at;
  }
  return length;
}

static size_t bpe_characters(const char *text, size_t length) {
  size_t count = 0;
  for (size_t i = 0; i < length; i++) count += ((unsigned char)text[i] & 0xC0u) != 0x80u;
  return count;
}

static int32_t bpe_make_room(bpe_cutter *c, size_t length, s2s__error *error) {
  size_t most = 0; /* characters of a part */
  for (size_t begin = 0, end; begin < length; begin = end) {
    end = bpe_part_end(c, begin, length);
    const size_t characters = bpe_characters(c->text + begin, end - begin);
    if (characters > most) most = characters;
  }
  const size_t all = bpe_characters(c->text, length);
  c->symbol = S2S__TAKE(c->arena, bpe_symbol, most);
  c->heap = S2S__TAKE(c->arena, bpe_pair, 2 * most); /* one for two neighbours, and one more with each merge */
  c->cut = S2S__TAKE(c->arena, s2s__cut, all);
  if (!c->symbol || !c->heap || !c->cut)
    return s2s__fail_memory(error, most * (sizeof *c->symbol + 2 * sizeof *c->heap) + all * sizeof *c->cut,
                            "the pieces of a text");
  if (c->pieces->marks_lead) return S2S_OK;
  c->split = s2s__arena_take_zeroed(c->arena, c->pieces->count * sizeof *c->split);
  return c->split ? S2S_OK : s2s__fail_memory(error, c->pieces->count * sizeof *c->split, "the pieces of a text");
}

int32_t s2s__pieces_cut_bpe(const s2s__pieces *pieces, const char *text, size_t length, const s2s__sampling *sampling,
                            s2s__arena *arena, s2s__cut **cut, size_t *count, s2s__error *error) {
  bpe_cutter cutter = {.pieces = pieces, .sampling = sampling, .arena = arena, .text = text};
  S2S__TRY(bpe_make_room(&cutter, length, error));
  for (size_t begin = 0, end; begin < length; begin = end) {
    end = bpe_part_end(&cutter, begin, length);
    bpe_cut_part(&cutter, begin, end);
  }
  *cut = cutter.cut;
  *count = cutter.cuts;
  return S2S_OK;
}
