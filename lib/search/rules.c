/* SPDX-License-Identifier: MIT
 *
 * The rules, one function each. The begin mark is never written.
 */
#include "search/rules.h"

#include <math.h>
#include <string.h>

int32_t s2s__rule_changes_init(s2s__rule_changes *changes, const s2s__rules *rules, size_t vocabulary, size_t longest,
                               s2s__arena *arena, s2s__error *error) {
  const size_t most = 3 + (rules->look_back ? 2 * longest + rules->banned.count : 0);
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

static void rules_ban(s2s__real *row, size_t token, s2s__rule_changes *changes) {
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
    if (memcmp(before + i, last, (n - 1) * sizeof *last) == 0) rules_ban(row, (size_t)before[i + n - 1], changes);
}

static void rules_banned(const s2s__sequences *banned, const int32_t *before, size_t length, s2s__real *row,
                         s2s__rule_changes *changes) {
  for (size_t i = 0; i < banned->count; i++) {
    const int32_t *ids = banned->ids + banned->first[i];
    const size_t n = banned->first[i + 1] - banned->first[i] - 1; /* tokens before the last one */
    if (n <= length && memcmp(before + length - n, ids, n * sizeof *ids) == 0) rules_ban(row, (size_t)ids[n], changes);
  }
}

void s2s__rules_apply(const s2s__rules *rules, const int32_t *before, size_t length, s2s__real *row,
                      s2s__rule_changes *changes) {
  changes->count = 0;
  rules_ban(row, S2S__BOS, changes);
  if (length < rules->min_length) rules_ban(row, S2S__EOS, changes);
  if (rules->ban_unknown) rules_ban(row, S2S__UNK, changes);
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

static int sequences_keep(const s2s__ids *ids, size_t first) {
  for (size_t i = first; i < ids->count; i++)
    if (ids->item[i] == S2S__UNK) return 0;
  return ids->count > first;
}

static int32_t sequences_cut(const s2s_model *model, const s2s__tokens *words, s2s__tokens *scratch, s2s__ids *ids,
                             size_t *first, size_t *count, s2s__error *error) {
  for (size_t i = 0; i < words->count; i++) {
    const s2s__token *word = &words->item[i];
    S2S__TRY(s2s__model_tokenize(model, S2S_TARGET, word->text, word->length, NULL, scratch, ids, error));
    if (sequences_keep(ids, first[*count]))
      first[++*count] = ids->count;
    else
      ids->count = first[*count];
  }
  return S2S_OK;
}

static int32_t sequences_make(const s2s_model *model, const s2s__tokens *words, s2s__tokens *scratch, s2s__ids *ids,
                              s2s__arena *arena, s2s__sequences *sequences, s2s__error *error) {
  size_t *first = S2S__TAKE(arena, size_t, words->count + 1);
  if (!first) return s2s__fail_memory(error, words->count * sizeof *first, "banned words");
  first[0] = 0;
  sequences->first = first;
  S2S__TRY(sequences_cut(model, words, scratch, ids, first, &sequences->count, error));
  int32_t *kept = S2S__TAKE(arena, int32_t, ids->count + 1);
  if (!kept) return s2s__fail_memory(error, ids->count * sizeof *kept, "banned words");
  if (ids->count) memcpy(kept, ids->item, ids->count * sizeof *kept);
  sequences->ids = kept;
  return S2S_OK;
}

int32_t s2s__sequences_of(const s2s_model *model, const char *words, const s2s__host *host, s2s__arena *arena,
                          s2s__sequences *sequences, s2s__error *error) {
  s2s__tokens list, scratch;
  s2s__ids ids;
  *sequences = (s2s__sequences){NULL, NULL, 0};
  s2s__tokens_init(&list, host);
  s2s__tokens_init(&scratch, host);
  s2s__ids_init(&ids, host);
  int32_t status = s2s__splitter_find("words")->split(words, strlen(words), &list, error);
  if (status == S2S_OK) status = sequences_make(model, &list, &scratch, &ids, arena, sequences, error);
  s2s__ids_free(&ids);
  s2s__tokens_free(&scratch);
  s2s__tokens_free(&list);
  return status;
}
