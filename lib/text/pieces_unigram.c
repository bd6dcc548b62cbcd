/* SPDX-License-Identifier: MIT
 *
 * Cutting a text by a unigram language model of pieces (Kudo 2018, "Subword regularization"): the most probable
 * sequence of pieces by Viterbi's algorithm, or one drawn from all by forward filtering and backward sampling.
 *
 * A character that is no piece can still be read, as unknown, for much less than any piece. Sums are rounded as in
 * SentencePiece, so that of nearly equal cuts the same one wins.
 */
#include "base/random.h"
#include "base/utf8.h"
#include "text/pieces.h"

#include <math.h>

#define UNIGRAM_UNKNOWN_PENALTY 10.0f

typedef struct unigram_end { /* the best way to an offset */
  float score;
  uint32_t length; /* of its last piece; 0: no way is known yet */
  int32_t piece;
} unigram_end;

typedef struct unigram_edge { /* a piece that begins at an offset */
  uint32_t length;
  int32_t piece;
  double score;
} unigram_edge;

static size_t unigram_character(const char *text, size_t length) {
  uint32_t code_point;
  const size_t bytes = s2s__utf8_decode(text, length, &code_point);
  return bytes ? bytes : 1;
}

static double unigram_score(const s2s__pieces *pieces, int32_t piece, size_t length) {
  const s2s__piece *p = &pieces->piece[piece];
  if (p->type == S2S__PIECE_USER) return (double)((float)length * pieces->most) - 0.1; /* better than its parts */
  return (double)p->score;
}

/* Calls for every piece that begins the text, the unknown one last if no piece is just the character; returns the
 * character's bytes. */
typedef void (*unigram_visit)(void *data, const unigram_edge *edge);

static inline size_t unigram_edges(const s2s__pieces *pieces, const char *text, size_t length, unigram_visit visit,
                                   void *data) {
  const size_t character = unigram_character(text, length);
  uint32_t position = S2S__TRIE_ROOT;
  int covered = 0;
  for (size_t i = 0; i < length && pieces->words.units; i++) {
    if (!s2s__trie_step(&pieces->words, &position, (unsigned char)text[i])) break;
    const int32_t piece = s2s__trie_value(&pieces->words, position);
    if (piece < 0 || pieces->piece[piece].type == S2S__PIECE_UNUSED) continue;
    const unigram_edge edge = {(uint32_t)i + 1, piece, unigram_score(pieces, piece, i + 1)};
    visit(data, &edge);
    covered |= i + 1 == character;
  }
  if (!covered) {
    const unigram_edge edge = {(uint32_t)character, pieces->unknown, (double)(pieces->least - UNIGRAM_UNKNOWN_PENALTY)};
    visit(data, &edge);
  }
  return character;
}

/* ---- the best cut ------------------------------------------------------------------------------------------------ */

static inline void unigram_improve(void *data, const unigram_edge *edge) {
  const unigram_end *from = data;
  unigram_end *to = (unigram_end *)data + edge->length;
  const double score = edge->score + (double)from->score;
  if (to->length == 0 || score > (double)to->score) *to = (unigram_end){(float)score, edge->length, edge->piece};
}

static int32_t unigram_best(const s2s__pieces *pieces, const char *text, size_t length, s2s__arena *arena,
                            s2s__cut **cut, size_t *count, s2s__error *error) {
  unigram_end *end = s2s__arena_take_zeroed(arena, (length + 1) * sizeof *end);
  if (!end) return s2s__fail_memory(error, (length + 1) * sizeof *end, "the pieces of a text");
  for (size_t at = 0; at < length;) at += unigram_edges(pieces, text + at, length - at, unigram_improve, &end[at]);
  *count = 0;
  for (size_t at = length; at > 0; at -= end[at].length) ++*count;
  *cut = S2S__TAKE(arena, s2s__cut, *count);
  if (!*cut) return s2s__fail_memory(error, *count * sizeof **cut, "the pieces of a text");
  size_t i = *count;
  for (size_t at = length; at > 0; at -= end[at].length) (*cut)[--i] = (s2s__cut){end[at].length, end[at].piece};
  return S2S_OK;
}

/* ---- a cut drawn ------------------------------------------------------------------------------------------------- */

/* The way back from an offset is drawn while going forward: an edge replaces the one that stands there with its share
 * of the probability of all edges seen so far, which is a draw from all of them in the end. */
typedef struct unigram_sampled {
  double mass; /* log of the summed probability of all ways here, to the power alpha */
  uint32_t length;
  int32_t piece;
} unigram_sampled;

typedef struct unigram_sampler {
  unigram_sampled *from;
  double alpha;
  uint64_t key, drawn;
} unigram_sampler;

static double unigram_log_add(double a, double b) {
  const double high = a > b ? a : b, low = a > b ? b : a;
  return high + log1p(exp(low - high));
}

static void unigram_draw(void *data, const unigram_edge *edge) {
  unigram_sampler *s = data;
  unigram_sampled *to = s->from + edge->length;
  const double mass = s->from->mass + s->alpha * edge->score;
  const double sum = to->length == 0 ? mass : unigram_log_add(to->mass, mass);
  if (to->length == 0 || s2s__uniform(s->key, s->drawn) < exp(mass - sum)) {
    to->length = edge->length;
    to->piece = edge->piece;
  }
  s->drawn++;
  to->mass = sum;
}

static int32_t unigram_sample(const s2s__pieces *pieces, const char *text, size_t length, const s2s__sampling *sampling,
                              s2s__arena *arena, s2s__cut **cut, size_t *count, s2s__error *error) {
  unigram_sampled *end = s2s__arena_take_zeroed(arena, (length + 1) * sizeof *end);
  if (!end) return s2s__fail_memory(error, (length + 1) * sizeof *end, "the pieces of a text");
  unigram_sampler sampler = {end, sampling->alpha, sampling->key, 0};
  for (size_t at = 0; at < length;) {
    sampler.from = &end[at];
    at += unigram_edges(pieces, text + at, length - at, unigram_draw, &sampler);
  }
  *count = 0;
  for (size_t at = length; at > 0; at -= end[at].length) ++*count;
  *cut = S2S__TAKE(arena, s2s__cut, *count);
  if (!*cut) return s2s__fail_memory(error, *count * sizeof **cut, "the pieces of a text");
  size_t i = *count;
  for (size_t at = length; at > 0; at -= end[at].length) (*cut)[--i] = (s2s__cut){end[at].length, end[at].piece};
  return S2S_OK;
}

int32_t s2s__pieces_cut_unigram(const s2s__pieces *pieces, const char *text, size_t length,
                                const s2s__sampling *sampling, s2s__arena *arena, s2s__cut **cut, size_t *count,
                                s2s__error *error) {
  if (sampling && sampling->alpha > 0) return unigram_sample(pieces, text, length, sampling, arena, cut, count, error);
  return unigram_best(pieces, text, length, arena, cut, count, error);
}
