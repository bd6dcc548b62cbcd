/* SPDX-License-Identifier: MIT
 *
 * From the nodes of a sentence that is done to the hypotheses of its result: ids, scores, text, places, alignment.
 */
#include "search/batch.h"

#include "base/utf8.h"

#include <string.h>

/* ---- unknown tokens ---------------------------------------------------------------------------------------------- */

/* The source token, no end mark, that got most of the weights. */
static size_t outcome_most_attended(const int32_t *ids, size_t count, const float *weights) {
  size_t best = 0;
  for (size_t j = 1; j < count; j++)
    if (ids[j] != S2S__EOS && weights[j] > weights[best]) best = j;
  return best;
}

static int outcome_begins_word(s2s__text text, size_t at) {
  uint32_t c;
  if (at == 0) return 1;
  size_t before = at - 1;
  while (before > 0 && ((unsigned char)text.text[before] & 0xC0) == 0x80) before--;
  if (s2s__utf8_decode(text.text + before, text.length - before, &c) && s2s__utf8_is_space(c)) return 1;
  return s2s__utf8_decode(text.text + at, text.length - at, &c) && s2s__utf8_is_space(c);
}

/* The text of a source token without white space around it; among pieces a space goes before the beginning of a word.
 */
static int32_t outcome_copy_source(const s2s__batch *batch, s2s__text text, s2s__span span, int apart,
                                   s2s__token *token) {
  uint32_t c;
  size_t begin = span.begin, bytes;
  while (begin < span.end && (bytes = s2s__utf8_decode(text.text + begin, text.length - begin, &c)) > 0 &&
         s2s__utf8_is_space(c))
    begin += bytes;
  if (begin == span.end) begin = span.begin;
  char *copy;
  S2S__BATCH_TAKE(batch, char, span.end - begin + 1, copy);
  copy[0] = ' ';
  memcpy(copy + apart, text.text + begin, span.end - begin);
  token->text = copy;
  token->length = (uint32_t)(span.end - begin + (size_t)apart);
  return S2S_OK;
}

static int32_t outcome_replace(const s2s__batch *batch, const s2s__sentence *s, const s2s__node *node,
                               s2s__token *token) {
  const s2s_memory *memory = batch->request->memory;
  const s2s_model *model = batch->decoder->model;
  const size_t offset = memory->rows.offset[s->number];
  const size_t j = offset + outcome_most_attended(memory->ids + offset, s->columns, node->weights);
  if (!memory->text) {
    const s2s__vocabulary *v = &model->vocabulary[S2S_SOURCE];
    token->text = v->text[memory->ids[j]];
    token->length = v->length[memory->ids[j]];
    return S2S_OK;
  }
  const s2s__text text = memory->text[s->number];
  const int apart =
      !model->segmenter[S2S_TARGET]->splitter && node->length > 1 && outcome_begins_word(text, memory->span[j].begin);
  return outcome_copy_source(batch, text, memory->span[j], apart, token);
}

/* What stands in for an unknown token may be a word that shall not be written. */
static int outcome_is_banned(const s2s__batch *batch, const s2s__token *token) {
  const char *banned = batch->decoder->search.banned;
  const size_t space = token->length > 0 && token->text[0] == ' ';
  return *banned && s2s__words_have(banned, token->text + space, token->length - space);
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

/* Of the vocabulary, or a word of the sentence's own. */
static s2s__token outcome_token(const s2s__batch *batch, const s2s__sentence *s, int32_t id) {
  const s2s__vocabulary *v = &batch->decoder->model->vocabulary[S2S_TARGET];
  if ((size_t)id < v->size) return (s2s__token){v->text[id], v->length[id], 0, 0};
  const s2s__own_words *own = &batch->request->memory->own;
  const s2s__text *word = &own->word[own->first[s->number] + (size_t)id - v->size];
  return (s2s__token){word->text, (uint32_t)word->length, 0, 0};
}

int32_t s2s__batch_join(const s2s__batch *batch, const s2s__sentence *sentence, const s2s__node *node, size_t length,
                        s2s__text *text, const s2s__token **tokens) {
  const s2s_model *model = batch->decoder->model;
  s2s__token *token;
  S2S__BATCH_TAKE(batch, s2s__token, length, token);
  for (const s2s__node *n = node; n; n = n->previous) {
    if (n->length > length) continue;
    s2s__token *t = &token[n->length - 1];
    const s2s__token written = outcome_token(batch, sentence, n->token);
    *t = written;
    if (n->token == S2S__UNK && batch->decoder->search.replace_unknown && n->weights)
      S2S__TRY(outcome_replace(batch, sentence, n, t));
    if (outcome_is_banned(batch, t)) *t = written;
  }
  if (tokens) *tokens = token;
  return s2s__join(model->segmenter[S2S_TARGET], token, length, &batch->searcher->arena, text, batch->error);
}

static int32_t outcome_text(s2s__batch *batch, const s2s__sentence *s, const s2s__node *node, s2s__hypothesis *h) {
  const s2s__token *tokens;
  s2s__text text;
  S2S__TRY(s2s__batch_join(batch, s, node, h->length, &text, &tokens));
  s2s__span *span = S2S__TAKE(batch->out, s2s__span, h->length + 1);
  h->text = s2s__arena_text(batch->out, text.text, text.length);
  if (!h->text || !span) return s2s__fail_memory(batch->error, text.length, "a result's text");
  for (size_t i = 0; i < h->length; i++) span[i] = (s2s__span){tokens[i].begin, tokens[i].end};
  h->span = span;
  return S2S_OK;
}

/* ---- alignment --------------------------------------------------------------------------------------------------- */

static int32_t outcome_links(const s2s__batch *batch, const s2s__sentence *s, s2s__hypothesis *h) {
  const s2s_memory *memory = batch->request->memory;
  const s2s_model *model = batch->decoder->model;
  if (!h->alignment || !memory->text) return S2S_OK;
  const s2s__aligned source = {model->segmenter[S2S_SOURCE], memory->text[s->number],
                               memory->span + memory->rows.offset[s->number], s->columns};
  const s2s__aligned target = {model->segmenter[S2S_TARGET], {h->text, strlen(h->text)}, h->span, h->length};
  return s2s__align(&source, &target, h->alignment, h->columns, batch->out, &batch->searcher->arena, &h->link,
                    &h->links, batch->error);
}

/* ---- hypotheses -------------------------------------------------------------------------------------------------- */

static int32_t outcome_numbers(const s2s__batch *batch, const s2s__sentence *s, const s2s__node *node,
                               s2s__hypothesis *h) {
  const size_t steps = node ? node->length : 0;
  const int attends = node && node->weights;
  int32_t *ids = S2S__TAKE(batch->out, int32_t, steps + 1);
  float *scores = S2S__TAKE(batch->out, float, steps + 1);
  float *alignment = attends ? S2S__TAKE(batch->out, float, steps * s->columns) : NULL;
  if (!ids || !scores || (attends && !alignment))
    return s2s__fail_memory(batch->error, steps * (s->columns + 2) * sizeof(float), "a result");
  for (const s2s__node *n = node; n; n = n->previous) {
    ids[n->length - 1] = n->token;
    scores[n->length - 1] = n->own;
    if (attends) memcpy(alignment + (n->length - 1) * s->columns, n->weights, s->columns * sizeof *alignment);
  }
  *h = (s2s__hypothesis){.ids = ids, .length = steps, .token_scores = scores, .scores = steps, .alignment = alignment};
  if (attends) h->rows = steps, h->columns = s->columns;
  if (node) h->log_probability = node->log_probability;
  if (node && node->token == S2S__EOS) h->length--;
  return S2S_OK;
}

static int32_t outcome_hypothesis(s2s__batch *batch, const s2s__sentence *s, const s2s__finished *f,
                                  s2s__hypothesis *h) {
  const s2s__mark mark = s2s__arena_mark(&batch->searcher->arena);
  S2S__TRY(outcome_numbers(batch, s, f->node, h));
  h->score = f->score;
  h->ending = f->ending;
  S2S__TRY(outcome_text(batch, s, f->node, h));
  S2S__TRY(outcome_links(batch, s, h));
  s2s__arena_rewind(&batch->searcher->arena, mark);
  return S2S_OK;
}

/* A sentence without tokens has the empty hypothesis. */
int32_t s2s__batch_results(s2s__batch *batch, const s2s__sentence *sentence, s2s__hypotheses *out) {
  static const s2s__finished empty = {NULL, 0, S2S_ENDING_MARK};
  const size_t nbest = batch->decoder->search.nbest, kept = sentence->finished_kept;
  out->count = kept < nbest ? kept : nbest;
  if (out->count == 0) out->count = 1;
  out->item = S2S__TAKE(batch->out, s2s__hypothesis, out->count);
  if (!out->item) return s2s__fail_memory(batch->error, out->count * sizeof *out->item, "a result");
  for (size_t i = 0; i < out->count; i++)
    S2S__TRY(outcome_hypothesis(batch, sentence, kept ? &sentence->finished[i] : &empty, &out->item[i]));
  return S2S_OK;
}
