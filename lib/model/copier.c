/* SPDX-License-Identifier: MIT
 *
 * Collecting what can be copied. See copier.h.
 */
#include "model/copier.h"

#include <string.h>

void s2s__copier_init(s2s__copier *copier, const s2s__host *host) {
  memset(copier, 0, sizeof *copier);
  copier->host = *host;
  s2s__ids_init(&copier->ids, host);
}

void s2s__copier_free(s2s__copier *copier) {
  const s2s__host host = copier->host;
  s2s__ids_free(&copier->ids);
  s2s__free(&host, copier->token, copier->token_capacity * sizeof *copier->token);
  s2s__free(&host, copier->first, copier->first_capacity * sizeof *copier->first);
  s2s__free(&host, copier->word, copier->word_capacity * sizeof *copier->word);
  s2s__free(&host, copier->bytes, copier->capacity);
  s2s__copier_init(copier, &host);
}

void s2s__copier_truncate(s2s__copier *copier, size_t sentences) {
  if (sentences >= copier->sentences) return;
  copier->ids.count = copier->token[sentences];
  copier->words = copier->first[sentences];
  copier->used = copier->words ? copier->word[copier->words - 1].begin + copier->word[copier->words - 1].length + 1 : 0;
  copier->sentences = sentences;
}

/* ---- adding ------------------------------------------------------------------------------------------------------ */

static int32_t copier_begin(s2s__copier *c, s2s__error *error) {
  const size_t n = c->sentences + 1;
  S2S__TRY(s2s__grow(&c->host, &c->token, &c->token_capacity, n, sizeof *c->token, error));
  S2S__TRY(s2s__grow(&c->host, &c->first, &c->first_capacity, n, sizeof *c->first, error));
  c->token[c->sentences] = c->ids.count;
  c->first[c->sentences] = c->words;
  c->sentences = n;
  return S2S_OK;
}

/* The present sentence's own word of this text; c->words when there is none. */
static size_t copier_own(const s2s__copier *c, const char *text, size_t length) {
  size_t w = c->first[c->sentences - 1];
  while (w < c->words && (c->word[w].length != length || memcmp(c->bytes + c->word[w].begin, text, length) != 0)) w++;
  return w;
}

static int32_t copier_new_word(s2s__copier *c, const char *text, size_t length, s2s__error *error) {
  S2S__TRY(s2s__grow(&c->host, &c->bytes, &c->capacity, c->used + length + 1, 1, error));
  S2S__TRY(s2s__grow(&c->host, &c->word, &c->word_capacity, c->words + 1, sizeof *c->word, error));
  memcpy(c->bytes + c->used, text, length);
  c->bytes[c->used + length] = 0;
  c->word[c->words++] = (s2s__copier_word){c->used, length};
  c->used += length + 1;
  return S2S_OK;
}

static int32_t copier_own_id(const s2s__copier *c, const s2s_model *model, size_t word) {
  return (int32_t)(model->vocabulary[S2S_TARGET].size + (word - c->first[c->sentences - 1]));
}

static int32_t copier_add_text(s2s__copier *c, const s2s_model *model, const char *text, size_t length,
                               s2s__error *error) {
  const int32_t known = s2s__vocabulary_find(&model->vocabulary[S2S_TARGET], text, length);
  if (known != S2S__UNK || length == 0) return s2s__ids_push(&c->ids, known, error);
  const size_t w = copier_own(c, text, length);
  if (w == c->words) S2S__TRY(copier_new_word(c, text, length, error));
  return s2s__ids_push(&c->ids, copier_own_id(c, model, w), error);
}

int32_t s2s__copier_add(s2s__copier *copier, const s2s_model *model, const s2s__tokens *tokens, s2s__error *error) {
  S2S__TRY(copier_begin(copier, error));
  for (size_t i = 0; i < tokens->count; i++)
    S2S__TRY(copier_add_text(copier, model, tokens->item[i].text, tokens->item[i].length, error));
  if (tokens->count == 0 || !s2s__option_bool(&model->options, S2S__SOURCE_EOS)) return S2S_OK;
  return s2s__ids_push(&copier->ids, S2S__EOS, error);
}

int32_t s2s__copier_add_ids(s2s__copier *copier, const s2s_model *model, const int32_t *ids, size_t count,
                            s2s__error *error) {
  const s2s__vocabulary *source = &model->vocabulary[S2S_SOURCE];
  S2S__TRY(copier_begin(copier, error));
  for (size_t i = 0; i < count; i++) {
    if (ids[i] < S2S__SPECIALS) S2S__TRY(s2s__ids_push(&copier->ids, ids[i], error));
    else S2S__TRY(copier_add_text(copier, model, source->text[ids[i]], source->length[ids[i]], error));
  }
  return S2S_OK;
}

int32_t s2s__copier_find(const s2s__copier *copier, const s2s_model *model, const char *text, size_t length) {
  const int32_t known = s2s__vocabulary_find(&model->vocabulary[S2S_TARGET], text, length);
  if (known != S2S__UNK) return known;
  const size_t w = copier_own(copier, text, length);
  return w < copier->words ? copier_own_id(copier, model, w) : S2S__UNK;
}

/* ---- batches ----------------------------------------------------------------------------------------------------- */

static size_t copier_end(const size_t *begin, size_t sentences, size_t number, size_t all) {
  return number + 1 < sentences ? begin[number + 1] : all;
}

typedef struct copier_span {
  size_t ids, id_count, words, word_count;
} copier_span;

static copier_span copier_sentence(s2s__copier_part part, size_t i) {
  const s2s__copier *c = part.copier;
  const size_t number = part.sentence ? part.sentence[i] : i;
  const size_t ids = c->token[number], words = c->first[number];
  return (copier_span){ids, copier_end(c->token, c->sentences, number, c->ids.count) - ids, words,
                       copier_end(c->first, c->sentences, number, c->words) - words};
}

int32_t s2s__copier_copies(s2s__copier_part part, const s2s_model *model, s2s__arena *arena, s2s__copies *copies,
                           s2s__error *error) {
  size_t ids = 0, extra = 0;
  for (size_t i = 0; i < part.count; i++) {
    const copier_span span = copier_sentence(part, i);
    ids += span.id_count;
    if (span.word_count > extra) extra = span.word_count;
  }
  int32_t *id = S2S__TAKE(arena, int32_t, ids);
  if (!id) return s2s__fail_memory(error, ids * sizeof *id, "tokens to copy");
  *copies = (s2s__copies){model->vocabulary[S2S_TARGET].size, extra, id};
  for (size_t i = 0; i < part.count; i++) {
    const copier_span span = copier_sentence(part, i);
    if (span.id_count) memcpy(id, part.copier->ids.item + span.ids, span.id_count * sizeof *id);
    id += span.id_count;
  }
  return S2S_OK;
}

static int32_t copier_word_texts(const s2s__copier *c, copier_span span, s2s__arena *arena, s2s__text *word,
                                 s2s__error *error) {
  for (size_t w = 0; w < span.word_count; w++) {
    const s2s__copier_word *from = &c->word[span.words + w];
    word[w] = (s2s__text){s2s__arena_text(arena, c->bytes + from->begin, from->length), from->length};
    if (!word[w].text) return s2s__fail_memory(error, from->length, "words to copy");
  }
  return S2S_OK;
}

int32_t s2s__copier_words(s2s__copier_part part, s2s__arena *arena, s2s__own_words *own, s2s__error *error) {
  size_t *first = S2S__TAKE(arena, size_t, part.count + 1);
  if (!first) return s2s__fail_memory(error, part.count * sizeof *first, "words to copy");
  first[0] = 0;
  for (size_t i = 0; i < part.count; i++) first[i + 1] = first[i] + copier_sentence(part, i).word_count;
  s2s__text *word = S2S__TAKE(arena, s2s__text, first[part.count]);
  if (!word) return s2s__fail_memory(error, first[part.count] * sizeof *word, "words to copy");
  for (size_t i = 0; i < part.count; i++)
    S2S__TRY(copier_word_texts(part.copier, copier_sentence(part, i), arena, word + first[i], error));
  *own = (s2s__own_words){first, word};
  return S2S_OK;
}
