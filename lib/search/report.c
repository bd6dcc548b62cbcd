/* SPDX-License-Identifier: MIT
 *
 * What the host hears while a search works: the text as it grows, and how many texts are done.
 *
 * The text is that of the best hypothesis there is at the moment. Its settled beginning is what all hypotheses that may
 * still be returned share, as far as no later token can change how it is written: the bytes of a character that is not
 * complete, and a character onto which a mark may still be composed, wait.
 */
#include "search/batch.h"

#include "base/utf8.h"
#include "text/unicode.h"

#include <string.h>

/* ---- what is settled --------------------------------------------------------------------------------------------- */

static const s2s__node *report_common(const s2s__node *a, const s2s__node *b) {
  while (a != b) {
    const size_t length_a = a ? a->length : 0, length_b = b ? b->length : 0;
    if (length_a >= length_b) a = a->previous;
    if (length_b >= length_a) b = b->previous;
  }
  return a;
}

/* The tokens that all hypotheses share which may be the best in the end. */
static size_t report_settled_tokens(const s2s__sentence *s, const s2s__node *best) {
  const s2s__node *common = best;
  for (size_t i = 0; i < s->live_count; i++) common = report_common(common, s->live[i]);
  if (s->live_count > 0 && s->finished_kept > 0) common = report_common(common, s->finished[0].node);
  return common ? common->length - (common->token == S2S__EOS) : 0;
}

/* The length without the last character that begins one, and what stands on it. */
static size_t report_before_last_character(const char *text, size_t length) {
  const size_t end = length;
  while (length > 0) {
    uint32_t c;
    do length--;
    while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80);
    const size_t bytes = s2s__utf8_decode(text + length, end - length, &c);
    if (bytes == 0 || s2s__unicode_class(c) == 0) break;
  }
  return length;
}

static size_t report_without_incomplete(const char *text, size_t length) {
  while (length >= 3 && memcmp(text + length - 3, "\xEF\xBF\xBD", 3) == 0) length -= 3;
  return length;
}

static size_t report_same_bytes(s2s__text a, s2s__text b) {
  size_t n = 0;
  while (n < a.length && n < b.length && a.text[n] == b.text[n]) n++;
  while (n > 0 && n < b.length && ((unsigned char)b.text[n] & 0xC0) == 0x80) n--; /* whole characters */
  return n;
}

static int32_t report_settled(const s2s__batch *batch, const s2s__sentence *s, const s2s__node *best, s2s__text whole,
                              size_t *settled) {
  const s2s_segmenter *segmenter = batch->decoder->model->segmenter[S2S_TARGET];
  s2s__text begin;
  *settled = 0;
  if (!segmenter->splitter && segmenter->pieces->denormalize.rules.units > 0) return S2S_OK; /* rules of any reach */
  S2S__TRY(s2s__batch_join(batch, s, best, report_settled_tokens(s, best), &begin, NULL));
  *settled = report_same_bytes(begin, whole);
  if (!segmenter->splitter) *settled = report_without_incomplete(whole.text, *settled);
  if (segmenter->form == S2S__NORMAL_NFD || segmenter->form == S2S__NORMAL_NFKD)
    *settled = report_before_last_character(whole.text, *settled);
  return S2S_OK;
}

/* ---- calling ----------------------------------------------------------------------------------------------------- */

int32_t s2s__batch_report(s2s__batch *batch, const s2s__sentence *sentence) {
  const s2s_decoder *d = batch->decoder;
  if (!d->on_token || !batch->reports) return S2S_OK;
  const int done = sentence->live_count == 0;
  const s2s__node *last = sentence->finished_kept > 0 ? sentence->finished[0].node : NULL; /* an empty source has none */
  const s2s__node *best = done ? last : sentence->live[0];
  const s2s__mark mark = s2s__arena_mark(&batch->searcher->arena);
  const size_t length = best ? best->length - (best->token == S2S__EOS) : 0;
  s2s__text text;
  S2S__TRY(s2s__batch_join(batch, sentence, best, length, &text, NULL));
  size_t settled = text.length;
  if (!done) S2S__TRY(report_settled(batch, sentence, best, text, &settled));
  const int32_t stop = d->on_token(d->on_token_user, sentence->number, text.text, text.length, settled, done);
  s2s__arena_rewind(&batch->searcher->arena, mark);
  if (stop == 0) return S2S_OK;
  return s2s__fail(batch->error, S2S_CANCELLED, "the token callback stopped decoding after %zu tokens", batch->length);
}

int32_t s2s__progress_tell(s2s__progress *progress, s2s__error *error) {
  const s2s__host *host = progress->host;
  const size_t done = atomic_load(&progress->done);
  if (!host->progress || done == progress->told) return S2S_OK;
  progress->told = done;
  if (host->progress(host->progress_user, S2S_PROGRESS_TRANSLATED, (int64_t)done, (int64_t)progress->total) == 0)
    return S2S_OK;
  return s2s__fail(error, S2S_CANCELLED, "the progress callback stopped after text %zu of %zu", done, progress->total);
}
