/* SPDX-License-Identifier: MIT
 *
 * What learners share: the words of a corpus are counted, and what is learnt from them is put behind the pieces that
 * are always there: the user's symbols, and bytes.
 */
#include "text/learn.h"

#include "base/members.h"
#include "base/number.h"
#include "base/utf8.h"
#include "text/vocabulary.h"

#include <string.h>

#define LEARN_DEFAULT_SIZE 8000 /* pieces when no number is given */

typedef struct learn_plan {
  const s2s__learner *learner;
  const s2s_options *options;
  const s2s__host *host;
  s2s__arena *scratch;
  size_t size;
  s2s__normal_form form;
  int casefold;
  int byte_fallback;
} learn_plan;

/* ---- the table --------------------------------------------------------------------------------------------------- */

#define LEARNER_DECLARE(name) extern const s2s__learner s2s__learner_##name;
S2S__LEARNERS(LEARNER_DECLARE)
#undef LEARNER_DECLARE

const s2s__learner *s2s__learner_find(const char *name, size_t length) {
#define LEARNER_COMPARE(id)                                                                                            \
  if (strlen(#id) == length && memcmp(name, #id, length) == 0) return &s2s__learner_##id;
  S2S__LEARNERS(LEARNER_COMPARE)
#undef LEARNER_COMPARE
  return NULL;
}

/* ---- pieces that are always there -------------------------------------------------------------------------------- */

static size_t learn_count_symbols(const char *symbols) {
  size_t count = 0;
  for (const char *at = symbols; *(at += strspn(at, " ")); at += strcspn(at, " ")) count++;
  return count;
}

/* The user's symbols, and bytes: *count pieces at the beginning of an array with room for `more`. */
static int32_t learn_fixed(const s2s_options *options, size_t more, s2s__arena *arena, s2s__piece **piece,
                           size_t *count, s2s__error *error) {
  const char *symbols = s2s__option_text(options, S2S__SUBWORD_SYMBOLS);
  const int bytes = s2s__option_bool(options, S2S__SUBWORD_BYTE_FALLBACK);
  const size_t room = learn_count_symbols(symbols) + (bytes ? 256 : 0) + more;
  s2s__piece *p = *piece = S2S__TAKE(arena, s2s__piece, room);
  *count = 0;
  if (!p) return s2s__fail_memory(error, room * sizeof *p, "pieces");
  for (const char *at = symbols; *(at += strspn(at, " ")); at += strcspn(at, " "))
    p[(*count)++] = (s2s__piece){at, (uint32_t)strcspn(at, " "), 0, S2S__PIECE_USER};
  if (bytes) S2S__TRY(s2s__pieces_add_bytes(p + *count, arena, error));
  if (bytes) *count += 256;
  return S2S_OK;
}

/* ---- words ------------------------------------------------------------------------------------------------------- */

/* Kinds of characters that no piece mixes: about the scripts, which stand in blocks of their own, and what is no
 * letter. Marks that follow a letter are of its kind. */
enum { LEARN_MARK, LEARN_OTHER, LEARN_LATIN, LEARN_HAN, LEARN_HANGUL, LEARN_SCRIPTS };

static uint32_t learn_kind(uint32_t c) {
  static const struct {
    uint32_t first, last, kind;
  } range[] = {{'A', 'Z', LEARN_LATIN},         {'a', 'z', LEARN_LATIN},        {0, 0xBF, LEARN_OTHER},
               {0xC0, 0x2AF, LEARN_LATIN},      {0x2B0, 0x36F, LEARN_MARK},     {0x1100, 0x11FF, LEARN_HANGUL},
               {0x1E00, 0x1EFF, LEARN_LATIN},   {0x200C, 0x200D, LEARN_MARK},   {0x2000, 0x2BFF, LEARN_OTHER},
               {0x2E80, 0x2FFF, LEARN_HAN},     {0x3000, 0x3004, LEARN_OTHER},  {0x3005, 0x3007, LEARN_HAN},
               {0x3008, 0x3030, LEARN_OTHER},   {0x3031, 0x312F, LEARN_HAN},    {0x3130, 0x318F, LEARN_HANGUL},
               {0x3190, 0x9FFF, LEARN_HAN},     {0xA960, 0xA97F, LEARN_HANGUL}, {0xAC00, 0xD7FF, LEARN_HANGUL},
               {0xF900, 0xFAFF, LEARN_HAN},     {0xFE00, 0xFE0F, LEARN_MARK},   {0xFE10, 0xFE6F, LEARN_OTHER},
               {0xFF00, 0xFF20, LEARN_OTHER},   {0xFF21, 0xFF3A, LEARN_LATIN},  {0xFF3B, 0xFF40, LEARN_OTHER},
               {0xFF41, 0xFF5A, LEARN_LATIN},   {0xFF5B, 0xFF65, LEARN_OTHER},  {0xFF66, 0xFF9F, LEARN_HAN},
               {0x1F000, 0x1FAFF, LEARN_OTHER}, {0x20000, 0x3FFFF, LEARN_HAN}};
  for (size_t i = 0; i < sizeof range / sizeof *range; i++)
    if (c >= range[i].first && c <= range[i].last) return range[i].kind;
  return LEARN_SCRIPTS + (c >> 7);
}

typedef struct learn_cutter { /* cuts a text into words and counts them */
  s2s__token_counter *counter;
  const char *text;
  size_t begin; /* of the word that is being read */
  uint32_t kind;
} learn_cutter;

static int32_t learn_end_word(learn_cutter *c, size_t end, size_t next, s2s__error *error) {
  const size_t begin = c->begin;
  c->begin = next;
  c->kind = LEARN_MARK;
  return end > begin ? s2s__token_counter_add(c->counter, c->text + begin, end - begin, error) : S2S_OK;
}

/* A word ends before a space mark, before and behind a symbol, and where the kind of character changes. */
static int32_t learn_count_words(const s2s__pieces *fixed, const s2s__mapped *text, s2s__token_counter *counter,
                                 s2s__error *error) {
  learn_cutter c = {counter, text->text, 0, LEARN_MARK};
  for (size_t at = 0, bytes; at < text->length; at += bytes) {
    uint32_t character = 0;
    if (s2s__trie_longest(&fixed->symbols, text->text + at, text->length - at, &bytes) >= 0) {
      S2S__TRY(learn_end_word(&c, at, at + bytes, error));
      continue;
    }
    bytes = s2s__utf8_decode(text->text + at, text->length - at, &character);
    if (bytes == 0) bytes = 1;
    const int is_mark = bytes == 3 && memcmp(text->text + at, S2S__SPACE_MARK, 3) == 0;
    const uint32_t kind = is_mark ? LEARN_MARK : learn_kind(character);
    if (is_mark || (kind != LEARN_MARK && c.kind != LEARN_MARK && kind != c.kind))
      S2S__TRY(learn_end_word(&c, at, at, error));
    if (kind != LEARN_MARK) c.kind = kind;
  }
  return learn_end_word(&c, text->length, text->length, error);
}

static int32_t learn_count_text(const learn_plan *plan, const s2s__pieces *fixed, s2s__text text, s2s__arena *scratch,
                                s2s__token_counter *counter, s2s__error *error) {
  s2s__mapped normal;
  S2S__TRY(s2s__text_accept(text.text, text.length, scratch, &text, error));
  S2S__TRY(s2s__prepare(plan->form, plan->casefold, text.text, text.length, scratch, &normal, error));
  S2S__TRY(s2s__charsmap_normalize(&fixed->normalize, normal.text, normal.length, scratch, &normal, error));
  return learn_count_words(fixed, &normal, counter, error);
}

static int32_t learn_count_texts(const learn_plan *plan, const s2s__pieces *fixed, const s2s__texts *texts,
                                 s2s__token_counter *counter, s2s__error *error) {
  s2s__arena scratch;
  int32_t status = S2S_OK;
  s2s__arena_init(&scratch, plan->host);
  for (size_t i = 0; i < texts->count && status == S2S_OK; i++) {
    s2s__arena_reset(&scratch);
    status = learn_count_text(plan, fixed, texts->get(texts->data, i), &scratch, counter, error);
    if (status == S2S_BAD_TEXT) status = s2s__fail_prefix(error, "text %zu", i);
  }
  s2s__arena_free(&scratch);
  return status;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static int32_t learn_plan_read(learn_plan *plan, const char *tokens, const s2s_options *options, s2s__error *error) {
  const char *colon = strchr(tokens, ':');
  int64_t size = LEARN_DEFAULT_SIZE;
  if (colon) (void)s2s__parse_int(colon + 1, strlen(colon + 1), &size);
  plan->learner = s2s__learner_find(tokens, colon ? (size_t)(colon - tokens) : strlen(tokens));
  plan->options = options;
  plan->size = (size_t)size;
  plan->byte_fallback = s2s__option_bool(options, S2S__SUBWORD_BYTE_FALLBACK);
  if (size > S2S__MAX_VOCABULARY)
    return s2s__fail(error, S2S_BAD_OPTION, "%s: more than %d pieces", tokens, S2S__MAX_VOCABULARY);
  return S2S_OK;
}

static int32_t learn_from(const learn_plan *plan, const s2s__texts *texts, s2s__token_counter *counter,
                          s2s__arena *arena, const s2s__pieces **pieces, s2s__error *error) {
  const s2s__pieces *fixed;
  const s2s__counted *word;
  s2s__piece *always, *learnt, *all;
  size_t fixed_count, count, words;
  S2S__TRY(learn_fixed(plan->options, 0, plan->scratch, &always, &fixed_count, error));
  if (fixed_count >= plan->size)
    return s2s__fail(error, S2S_BAD_OPTION, "%s:%zu leaves no room beside %zu symbols and bytes", plan->learner->name,
                     plan->size, fixed_count);
  S2S__TRY(s2s__pieces_new(plan->learner->algorithm, always, fixed_count, plan->byte_fallback, 1, plan->host,
                           plan->scratch, &fixed, error));
  S2S__TRY(learn_count_texts(plan, fixed, texts, counter, error));
  S2S__TRY(s2s__token_counter_list(counter, plan->scratch, &word, &words, error));
  S2S__TRY(plan->learner->learn(word, words, plan->size - fixed_count,
                                s2s__option_real(plan->options, S2S__SUBWORD_COVERAGE), plan->host, plan->scratch,
                                &learnt, &count, error));
  S2S__TRY(learn_fixed(plan->options, count, plan->scratch, &all, &fixed_count, error));
  memcpy(all + fixed_count, learnt, count * sizeof *learnt);
  return s2s__pieces_new(plan->learner->algorithm, all, fixed_count + count, plan->byte_fallback, 1, plan->host, arena,
                         pieces, error);
}

int32_t s2s__pieces_learn(const char *tokens, const s2s_options *options, s2s__normal_form form, int casefold,
                          const s2s__texts *texts, const s2s__host *host, s2s__arena *arena, const s2s__pieces **pieces,
                          s2s__error *error) {
  learn_plan plan = {.host = host, .form = form, .casefold = casefold};
  s2s__arena scratch;
  s2s__token_counter *counter;
  if (texts->count == 0)
    return s2s__fail(error, S2S_BAD_ARGUMENT, "%s: there are no texts to learn pieces from", tokens);
  S2S__TRY(learn_plan_read(&plan, tokens, options, error));
  S2S__TRY(s2s__token_counter_new(host, &counter, error));
  s2s__arena_init(&scratch, host);
  plan.scratch = &scratch;
  const int32_t status = learn_from(&plan, texts, counter, arena, pieces, error);
  s2s__arena_free(&scratch);
  s2s__token_counter_free(counter);
  return status;
}
