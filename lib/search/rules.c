/* SPDX-License-Identifier: MIT
 *
 * The rules, one function each. The begin mark is never written.
 */
#include "search/rules.h"

#include "base/utf8.h"

#include <math.h>
#include <string.h>

int32_t s2s__rule_changes_init(s2s__rule_changes *changes, const s2s__rules *rules, size_t vocabulary, size_t own,
                               size_t longest, s2s__arena *arena, s2s__error *error) {
  const size_t most = 3 + own + (rules->look_back ? 2 * longest + rules->banned.count : 0);
  *changes = (s2s__rule_changes){.item = S2S__TAKE(arena, s2s__rule_change, most)};
  if (!changes->item) return s2s__fail_memory(error, most * sizeof *changes->item, "a search");
  if (!(rules->repetition_penalty > 1 || rules->repetition_penalty < 1)) return S2S_OK;
  changes->seen = s2s__arena_take_zeroed(arena, vocabulary * sizeof *changes->seen);
  return changes->seen ? S2S_OK : s2s__fail_memory(error, vocabulary * sizeof *changes->seen, "a search");
}

static void rules_set(s2s__real *row, size_t token, s2s__real value, s2s__rule_changes *changes) {
  changes->item[changes->count++] = (s2s__rule_change){token, row[token]};
  row[token] = value;
}

void s2s__rules_ban(s2s__real *row, size_t token, s2s__rule_changes *changes) {
  rules_set(row, token, -(s2s__real)INFINITY, changes);
}

/* Each token that was written once, whatever it is. */
static void rules_repetition(const s2s__rules *rules, const int32_t *before, size_t length, s2s__real *row,
                             s2s__rule_changes *changes) {
  changes->round++;
  for (size_t i = 0; i < length; i++) {
    const size_t token = (size_t)before[i];
    if (changes->seen[token] == changes->round) continue;
    changes->seen[token] = changes->round;
    rules_set(row, token, (s2s__real)((double)row[token] * rules->repetition_penalty), changes);
  }
}

/* The last n - 1 tokens stood somewhere before: what followed them there may not follow again. */
static void rules_ngram(size_t n, const int32_t *before, size_t length, s2s__real *row, s2s__rule_changes *changes) {
  if (length < n) return;
  const int32_t *last = before + length - (n - 1);
  for (size_t i = 0; i + n <= length; i++)
    if (memcmp(before + i, last, (n - 1) * sizeof *last) == 0) s2s__rules_ban(row, (size_t)before[i + n - 1], changes);
}

static void rules_banned(const s2s__sequences *banned, const int32_t *before, size_t length, s2s__real *row,
                         s2s__rule_changes *changes) {
  for (size_t i = 0; i < banned->count; i++) {
    const int32_t *ids = banned->ids + banned->first[i];
    const size_t n = banned->first[i + 1] - banned->first[i] - 1; /* tokens before the last one */
    if (n <= length && memcmp(before + length - n, ids, n * sizeof *ids) == 0)
      s2s__rules_ban(row, (size_t)ids[n], changes);
  }
}

void s2s__rules_apply(const s2s__rules *rules, const int32_t *before, size_t length, s2s__real *row,
                      s2s__rule_changes *changes) {
  changes->count = 0;
  s2s__rules_ban(row, S2S__BOS, changes);
  if (length < rules->min_length) s2s__rules_ban(row, S2S__EOS, changes);
  if (rules->ban_unknown) s2s__rules_ban(row, S2S__UNK, changes);
  if (!rules->look_back) return;
  if (changes->seen) rules_repetition(rules, before, length, row, changes);
  if (rules->no_repeat_ngram > 0) rules_ngram(rules->no_repeat_ngram, before, length, row, changes);
  rules_banned(&rules->banned, before, length, row, changes);
}

void s2s__rules_undo(s2s__real *row, s2s__rule_changes *changes) {
  for (; changes->count > 0; changes->count--) {
    const s2s__rule_change *c = &changes->item[changes->count - 1];
    row[c->token] = c->value;
  }
}

/* ---- banned words ------------------------------------------------------------------------------------------------ */

/* Sequences that are being collected. */
typedef struct sequences_draft {
  const s2s_model *model;
  s2s__tokens scratch;
  s2s__ids ids, first; /* first: where the last one to be begun begins, and the ones before it */
} sequences_draft;

/* Ends the sequence of what was added since the last one ended, or forgets that: with unknown tokens it cannot come
 * anyway. */
static int32_t sequences_end(sequences_draft *d, s2s__error *error) {
  const size_t begin = (size_t)d->first.item[d->first.count - 1];
  int keep = d->ids.count > begin;
  for (size_t i = begin; i < d->ids.count; i++) keep &= d->ids.item[i] != S2S__UNK;
  if (keep) return s2s__ids_push(&d->first, (int32_t)d->ids.count, error);
  d->ids.count = begin;
  return S2S_OK;
}

/* Whether words of its script stand without spaces between them: from the scripts of Thai to Khmer, and from CJK on,
 * but for Hangul. */
static int sequences_is_unspaced(const s2s__token *word) {
  uint32_t c;
  if (s2s__utf8_decode(word->text, word->length, &c) == 0) return 0;
  const int hangul = (c >= 0x3130 && c < 0x3190) || (c >= 0xAC00 && c < 0xD7B0);
  return (c >= 0x0E00 && c < 0x10A0) || (c >= 0x1780 && c < 0x1800) || (c >= 0x2E80 && c < 0xFB00 && !hangul) ||
         c >= 0x20000;
}

static int sequences_holds(const s2s__vocabulary *v, size_t id, const s2s__token *word) {
  for (size_t at = 0; at + word->length <= v->length[id]; at++)
    if (memcmp(v->text[id] + at, word->text, word->length) == 0) return 1;
  return 0;
}

/* Where pieces stand in the midst of a text without a space before them: the word's own without the mark of a space,
 * and each piece that holds the whole word. */
static int32_t sequences_inside(sequences_draft *d, const s2s__token *word, s2s__error *error) {
  const s2s__vocabulary *v = &d->model->vocabulary[S2S_TARGET];
  const size_t mark = strlen(S2S__SPACE_MARK);
  for (size_t i = 0; i < d->scratch.count; i++) {
    const s2s__token *t = &d->scratch.item[i];
    const int marked = i == 0 && t->length >= mark && memcmp(t->text, S2S__SPACE_MARK, mark) == 0;
    const size_t skip = marked ? mark : 0;
    if (t->length == skip) continue;
    S2S__TRY(s2s__ids_push(&d->ids, s2s__vocabulary_find(v, t->text + skip, t->length - skip), error));
  }
  S2S__TRY(sequences_end(d, error));
  for (size_t id = S2S__SPECIALS; id < v->size; id++)
    if (sequences_holds(v, id, word)) {
      S2S__TRY(s2s__ids_push(&d->ids, (int32_t)id, error));
      S2S__TRY(sequences_end(d, error));
    }
  return S2S_OK;
}

static int32_t sequences_cut(sequences_draft *d, const s2s__tokens *words, s2s__error *error) {
  S2S__TRY(s2s__ids_push(&d->first, 0, error));
  for (size_t i = 0; i < words->count; i++) {
    const s2s__token *word = &words->item[i];
    S2S__TRY(s2s__model_tokenize(d->model, S2S_TARGET, word->text, word->length, NULL, &d->scratch, &d->ids, error));
    S2S__TRY(sequences_end(d, error));
    if (d->model->segmenter[S2S_TARGET]->pieces && sequences_is_unspaced(word))
      S2S__TRY(sequences_inside(d, word, error));
  }
  return S2S_OK;
}

static int32_t sequences_copy(const sequences_draft *d, s2s__arena *arena, s2s__sequences *sequences,
                              s2s__error *error) {
  size_t *first = S2S__TAKE(arena, size_t, d->first.count);
  int32_t *ids = S2S__TAKE(arena, int32_t, d->ids.count + 1);
  if (!first || !ids) return s2s__fail_memory(error, d->ids.count * sizeof *ids, "banned words");
  for (size_t i = 0; i < d->first.count; i++) first[i] = (size_t)d->first.item[i];
  if (d->ids.count) memcpy(ids, d->ids.item, d->ids.count * sizeof *ids);
  *sequences = (s2s__sequences){ids, first, d->first.count - 1};
  return S2S_OK;
}

int32_t s2s__sequences_of(const s2s_model *model, const char *words, const s2s__host *host, s2s__arena *arena,
                          s2s__sequences *sequences, s2s__error *error) {
  s2s__tokens list;
  sequences_draft d = {.model = model};
  *sequences = (s2s__sequences){NULL, NULL, 0};
  s2s__tokens_init(&list, host);
  s2s__tokens_init(&d.scratch, host);
  s2s__ids_init(&d.ids, host);
  s2s__ids_init(&d.first, host);
  int32_t status = s2s__splitter_find("words")->split(words, strlen(words), &list, error);
  if (status == S2S_OK) status = sequences_cut(&d, &list, error);
  if (status == S2S_OK) status = sequences_copy(&d, arena, sequences, error);
  s2s__ids_free(&d.first);
  s2s__ids_free(&d.ids);
  s2s__tokens_free(&d.scratch);
  s2s__tokens_free(&list);
  return status;
}

int s2s__words_have(const char *words, const char *text, size_t length) {
  uint32_t c;
  for (size_t at = 0, bytes; words[at]; at += bytes) {
    size_t end = at;
    while ((bytes = s2s__utf8_decode(words + end, strlen(words + end), &c)) > 0 && !s2s__utf8_is_space(c)) end += bytes;
    if (end > at && end - at == length && memcmp(words + at, text, length) == 0) return 1;
    bytes = end > at ? end - at : bytes ? bytes : 1;
  }
  return 0;
}
