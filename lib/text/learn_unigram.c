/* SPDX-License-Identifier: MIT
 *
 * The learner `unigram`: a unigram language model of pieces (Kudo 2018). It begins with far too many pieces, all that
 * are frequent in the words (text/learn_seeds.h), and then, again and again, estimates their probabilities by
 * expectation and maximisation, and leaves out a quarter of them: those without which the words lose least likelihood.
 *
 * The maximisation puts the digamma function in place of the logarithm, which lets rare pieces die (a variational
 * Bayesian estimate with a sparse prior, as in SentencePiece).
 */
#include "base/sort.h"
#include "text/learn_seeds.h"

#include <math.h>
#include <string.h>

#define UNIGRAM_KEPT 0.75          /* of the pieces in a round */
#define UNIGRAM_SPARE 1.1          /* times the pieces wanted is when the rounds end */
#define UNIGRAM_LEAST_EXPECTED 0.5 /* a piece expected less often is left out */
#define UNIGRAM_LOST (-1e30)       /* logarithm of no probability */

enum { UNIGRAM_ESTIMATES = 2 }; /* in a round */

typedef struct unigram_piece {
  const char *text;
  uint32_t length;
  int single;   /* a character: is never left out */
  double score; /* logarithm of its probability */
  double expected;
} unigram_piece;

typedef struct learn_unigram {
  s2s__host host;
  s2s__arena *arena;
  const s2s__counted *word;
  size_t words, longest; /* bytes of a word */
  unigram_piece *piece;
  size_t pieces;
  s2s__arena made; /* the trie of a round */
  s2s__trie trie;
  double *forward, *backward; /* [longest + 1] */
  uint32_t *from;             /* [longest + 1] of the best way: where its last piece begins */
  int32_t *last;              /* that piece */
  uint32_t *order;            /* [2 x pieces] */
} learn_unigram;

/* ---- the pieces of a word ---------------------------------------------------------------------------------------- */

static int32_t learn_unigram_index(learn_unigram *u, s2s__error *error) {
  size_t twice;
  s2s__arena_reset(&u->made);
  const char **text = S2S__TAKE(&u->made, const char *, u->pieces);
  uint32_t *length = S2S__TAKE(&u->made, uint32_t, u->pieces), *value = S2S__TAKE(&u->made, uint32_t, u->pieces);
  if (!text || !length || !value) return s2s__fail_memory(error, u->pieces * 16, "learning pieces");
  for (size_t i = 0; i < u->pieces; i++) {
    text[i] = u->piece[i].text;
    length[i] = u->piece[i].length;
    value[i] = (uint32_t)i;
  }
  return s2s__trie_new(&u->trie, text, length, u->pieces, value, &u->host, &u->made, &twice, error);
}

static double learn_unigram_add(double a, double b) {
  const double high = a > b ? a : b, low = a > b ? b : a;
  return low <= UNIGRAM_LOST ? high : high + log1p(exp(low - high));
}

/* Fills forward: the logarithm of the summed probability of all ways to each offset. */
static void learn_unigram_forward(learn_unigram *u, const s2s__counted *word) {
  u->forward[0] = 0;
  for (size_t i = 1; i <= word->length; i++) u->forward[i] = UNIGRAM_LOST;
  for (size_t begin = 0; begin < word->length; begin++) {
    uint32_t node = S2S__TRIE_ROOT;
    if (u->forward[begin] <= UNIGRAM_LOST) continue;
    for (size_t end = begin; end < word->length; end++) {
      if (!s2s__trie_step(&u->trie, &node, (unsigned char)word->text[end])) break;
      const int32_t piece = s2s__trie_value(&u->trie, node);
      if (piece >= 0)
        u->forward[end + 1] = learn_unigram_add(u->forward[end + 1], u->forward[begin] + u->piece[piece].score);
    }
  }
}

/* Fills backward, likewise from each offset to the end, and adds the pieces' expected counts. */
static void learn_unigram_expect(learn_unigram *u, const s2s__counted *word) {
  const double all = u->forward[word->length], count = (double)word->count;
  u->backward[word->length] = 0;
  for (size_t begin = word->length; begin-- > 0;) {
    uint32_t node = S2S__TRIE_ROOT;
    u->backward[begin] = UNIGRAM_LOST;
    if (u->forward[begin] <= UNIGRAM_LOST) continue;
    for (size_t end = begin; end < word->length; end++) {
      if (!s2s__trie_step(&u->trie, &node, (unsigned char)word->text[end])) break;
      const int32_t piece = s2s__trie_value(&u->trie, node);
      if (piece < 0 || u->backward[end + 1] <= UNIGRAM_LOST) continue;
      const double way = u->piece[piece].score + u->backward[end + 1];
      u->backward[begin] = learn_unigram_add(u->backward[begin], way);
      u->piece[piece].expected += count * exp(u->forward[begin] + way - all);
    }
  }
}

/* The best way through a text, without the piece `banned` (or -1): its last pieces and where they begin. Its score. */
static double learn_unigram_best(learn_unigram *u, const char *text, size_t length, int32_t banned) {
  double *score = u->forward;
  score[0] = 0;
  for (size_t i = 1; i <= length; i++) score[i] = UNIGRAM_LOST;
  for (size_t begin = 0; begin < length; begin++) {
    uint32_t node = S2S__TRIE_ROOT;
    if (score[begin] <= UNIGRAM_LOST) continue;
    for (size_t end = begin; end < length; end++) {
      if (!s2s__trie_step(&u->trie, &node, (unsigned char)text[end])) break;
      const int32_t piece = s2s__trie_value(&u->trie, node);
      if (piece < 0 || piece == banned || score[begin] + u->piece[piece].score <= score[end + 1]) continue;
      score[end + 1] = score[begin] + u->piece[piece].score;
      u->from[end + 1] = (uint32_t)begin;
      u->last[end + 1] = piece;
    }
  }
  return score[length];
}

/* ---- estimates --------------------------------------------------------------------------------------------------- */

/* Derivative of the logarithm of the gamma function, by its asymptotic series. */
static double learn_unigram_digamma(double x) {
  double result = 0;
  for (; x < 7; x++) result -= 1 / x;
  x -= 0.5;
  const double y = 1 / (x * x);
  return result + log(x) + y * (1.0 / 24 - y * (7.0 / 960 - y * (31.0 / 8064 - y * 127.0 / 30720)));
}

static int32_t learn_unigram_estimate(learn_unigram *u, s2s__error *error) {
  double sum = 0;
  size_t kept = 0;
  S2S__TRY(learn_unigram_index(u, error));
  for (size_t i = 0; i < u->pieces; i++) u->piece[i].expected = 0;
  for (size_t i = 0; i < u->words; i++) {
    learn_unigram_forward(u, &u->word[i]);
    if (u->forward[u->word[i].length] > UNIGRAM_LOST) learn_unigram_expect(u, &u->word[i]);
  }
  for (size_t i = 0; i < u->pieces; i++) {
    if (u->piece[i].expected < UNIGRAM_LEAST_EXPECTED && !u->piece[i].single) continue;
    u->piece[kept] = u->piece[i];
    if (u->piece[kept].expected < UNIGRAM_LEAST_EXPECTED) u->piece[kept].expected = UNIGRAM_LEAST_EXPECTED;
    sum += u->piece[kept++].expected;
  }
  u->pieces = kept;
  const double all = learn_unigram_digamma(sum);
  for (size_t i = 0; i < kept; i++) u->piece[i].score = learn_unigram_digamma(u->piece[i].expected) - all;
  return S2S_OK;
}

/* ---- leaving pieces out ------------------------------------------------------------------------------------------ */

/* How often each piece is used when every word is cut the best way, in `expected`; returns the sum. */
static double learn_unigram_use(learn_unigram *u) {
  double sum = 0;
  for (size_t i = 0; i < u->pieces; i++) u->piece[i].expected = 0;
  for (size_t i = 0; i < u->words; i++) {
    const double count = (double)u->word[i].count;
    if (learn_unigram_best(u, u->word[i].text, u->word[i].length, -1) <= UNIGRAM_LOST) continue;
    for (size_t at = u->word[i].length; at > 0; at = u->from[at]) {
      u->piece[u->last[at]].expected += count;
      sum += count;
    }
  }
  return sum;
}

/* What the words lose without a piece: wherever it was used, the best way through its own text is used instead. */
static double learn_unigram_loss(learn_unigram *u, size_t number, double sum) {
  const unigram_piece *p = &u->piece[number];
  double others = 0, parts = 0;
  if (learn_unigram_best(u, p->text, p->length, (int32_t)number) <= UNIGRAM_LOST) return HUGE_VAL;
  for (size_t at = p->length; at > 0; at = u->from[at]) parts++;
  const double all = log(sum + p->expected * (parts - 1));
  for (size_t at = p->length; at > 0; at = u->from[at])
    others += log(u->piece[u->last[at]].expected + p->expected) - all;
  return p->expected * (log(p->expected) - log(sum) - others);
}

static int learn_unigram_before(const void *context, uint32_t a, uint32_t b) {
  const unigram_piece *piece = context;
  return piece[a].score > piece[b].score;
}

/* Keeps the pieces order[0..count), in this order. */
static int32_t learn_unigram_keep(learn_unigram *u, size_t count, s2s__error *error) {
  unigram_piece *kept = S2S__TAKE(&u->made, unigram_piece, count);
  if (!kept) return s2s__fail_memory(error, count * sizeof *kept, "learning pieces");
  for (size_t i = 0; i < count; i++) kept[i] = u->piece[u->order[i]];
  memcpy(u->piece, kept, count * sizeof *kept);
  u->pieces = count;
  return S2S_OK;
}

/* Sorts all pieces, the dearest first; characters before all others. */
static int32_t learn_unigram_prune(learn_unigram *u, size_t most, s2s__error *error) {
  S2S__TRY(learn_unigram_index(u, error));
  const double sum = learn_unigram_use(u);
  double *loss = S2S__TAKE(&u->made, double, u->pieces);
  if (!loss) return s2s__fail_memory(error, u->pieces * sizeof *loss, "learning pieces");
  size_t used = 0;
  for (size_t i = 0; i < u->pieces; i++) {
    if (!u->piece[i].single && u->piece[i].expected <= 0) continue;
    loss[i] = u->piece[i].single ? HUGE_VAL : learn_unigram_loss(u, i, sum);
    u->order[used++] = (uint32_t)i;
  }
  for (size_t i = 0; i < u->pieces; i++) u->piece[i].expected = u->piece[i].score;
  for (size_t i = 0; i < used; i++) u->piece[u->order[i]].score = loss[u->order[i]];
  s2s__sort(u->order, used, u->order + used, learn_unigram_before, u->piece);
  for (size_t i = 0; i < u->pieces; i++) u->piece[i].score = u->piece[i].expected;
  return learn_unigram_keep(u, used < most ? used : most, error);
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static int32_t learn_unigram_begin(learn_unigram *u, const s2s__seeds *seeds, s2s__arena *scratch, s2s__error *error) {
  double sum = 0;
  for (size_t i = 0; i < u->words; i++)
    if (u->word[i].length > u->longest) u->longest = u->word[i].length;
  u->piece = S2S__TAKE(scratch, unigram_piece, seeds->count);
  u->order = S2S__TAKE(scratch, uint32_t, 2 * seeds->count);
  u->forward = S2S__TAKE(scratch, double, u->longest + 1);
  u->backward = S2S__TAKE(scratch, double, u->longest + 1);
  u->from = S2S__TAKE(scratch, uint32_t, u->longest + 1);
  u->last = S2S__TAKE(scratch, int32_t, u->longest + 1);
  if (!u->piece || !u->order || !u->forward || !u->backward || !u->from || !u->last)
    return s2s__fail_memory(error, seeds->count * sizeof *u->piece + u->longest * 24, "learning pieces");
  u->pieces = seeds->count;
  for (size_t i = 0; i < seeds->count; i++) sum += seeds->seed[i].weight;
  for (size_t i = 0; i < seeds->count; i++) {
    const s2s__seed *seed = &seeds->seed[i];
    u->piece[i] = (unigram_piece){seed->text, seed->length, i < seeds->characters, log(seed->weight / sum), 0};
  }
  return S2S_OK;
}

static int32_t learn_unigram_rounds(learn_unigram *u, size_t size, s2s__error *error) {
  const size_t enough = (size_t)(UNIGRAM_SPARE * (double)size);
  for (;;) {
    for (int i = 0; i < UNIGRAM_ESTIMATES; i++) S2S__TRY(learn_unigram_estimate(u, error));
    if (u->pieces <= enough) return S2S_OK;
    const size_t kept = (size_t)(UNIGRAM_KEPT * (double)u->pieces);
    S2S__TRY(learn_unigram_prune(u, kept > enough ? kept : enough, error));
  }
}

/* The most probable pieces, and every character: the best first. */
static int32_t learn_unigram_finish(learn_unigram *u, size_t size, size_t characters, s2s__piece **piece,
                                    size_t *pieces, s2s__error *error) {
  size_t room = size - characters, kept = 0;
  for (size_t i = 0; i < u->pieces; i++) u->order[i] = (uint32_t)i;
  s2s__sort(u->order, u->pieces, u->order + u->pieces, learn_unigram_before, u->piece);
  *piece = S2S__TAKE(u->arena, s2s__piece, size);
  if (!*piece) return s2s__fail_memory(error, size * sizeof **piece, "pieces");
  for (size_t i = 0; i < u->pieces; i++) {
    const unigram_piece *p = &u->piece[u->order[i]];
    if (!p->single && room == 0) continue;
    room -= !p->single;
    (*piece)[kept] =
        (s2s__piece){s2s__arena_text(u->arena, p->text, p->length), p->length, (float)p->score, S2S__PIECE_NORMAL};
    if (!(*piece)[kept++].text) return s2s__fail_memory(error, p->length, "a piece");
  }
  *pieces = kept;
  return S2S_OK;
}

static int32_t learn_unigram_learn(const s2s__counted *word, size_t words, size_t size, double coverage,
                                   const s2s__host *host, s2s__arena *arena, s2s__piece **piece, size_t *pieces,
                                   s2s__error *error) {
  learn_unigram u = {.host = *host, .arena = arena};
  s2s__arena scratch;
  s2s__seeds seeds;
  s2s__arena_init(&scratch, host);
  s2s__arena_init(&u.made, host);
  int32_t status = s2s__seeds_find(&seeds, word, words, size, coverage, &scratch, error);
  u.word = seeds.word;
  u.words = seeds.words;
  if (status == S2S_OK) status = learn_unigram_begin(&u, &seeds, &scratch, error);
  if (status == S2S_OK) status = learn_unigram_rounds(&u, size, error);
  if (status == S2S_OK) status = learn_unigram_finish(&u, size, seeds.characters, piece, pieces, error);
  s2s__arena_free(&u.made);
  s2s__arena_free(&scratch);
  return status;
}

const s2s__learner s2s__learner_unigram = {"unigram", S2S__PIECES_UNIGRAM, learn_unigram_learn};
