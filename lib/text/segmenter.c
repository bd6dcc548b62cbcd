/* SPDX-License-Identifier: MIT
 *
 * Segmenters: making, counting, and the way through normalisation and back.
 */
#include "text/segmenter.h"

#include "base/stream.h"

#include <string.h>

/* ---- making ------------------------------------------------------------------------------------------------------ */

static const s2s__option_id segmenter_tokens[2] = {S2S__SOURCE_TOKENS, S2S__TARGET_TOKENS};
static const s2s__option_id segmenter_form[2] = {S2S__SOURCE_NORMALIZE, S2S__TARGET_NORMALIZE};
static const s2s__option_id segmenter_casefold[2] = {S2S__SOURCE_CASEFOLD, S2S__TARGET_CASEFOLD};

int32_t s2s__segmenter_new(const s2s__host *host, const s2s_options *options, int32_t side, s2s_segmenter **segmenter,
                           s2s__error *error) {
  s2s_segmenter *s = s2s__allocate_zeroed(host, sizeof *s);
  *segmenter = s;
  if (!s) return s2s__fail_memory(error, sizeof *s, "a segmenter");
  atomic_init(&s->references, 1);
  s2s__host_own(&s->host, host, &s->budget, sizeof *s);
  s2s__arena_init(&s->arena, &s->host);
  s->arena.frugal = 1; /* filled once */
  s->form = (s2s__normal_form)s2s__option_choice(options, segmenter_form[side]);
  s->casefold = s2s__option_bool(options, segmenter_casefold[side]);
  s->splitter = s2s__splitter_find(s2s__option_text(options, segmenter_tokens[side]));
  return S2S_OK;
}

void s2s__segmenter_retain(const s2s_segmenter *segmenter) {
  atomic_fetch_add(&((s2s_segmenter *)(uintptr_t)segmenter)->references, 1);
}

void s2s__segmenter_release(const s2s_segmenter *segmenter) {
  s2s_segmenter *s = (s2s_segmenter *)(uintptr_t)segmenter;
  if (!s || atomic_fetch_sub(&s->references, 1) != 1) return;
  const s2s__host host = s2s__host_given(&s->host, &s->budget);
  s2s__arena_free(&s->arena);
  s2s__free(&host, s, sizeof *s);
}

int32_t s2s__segmenter_parse(s2s_segmenter *segmenter, const void *bytes, size_t size, s2s__error *error) {
  s2s_segmenter *s = segmenter;
  const int32_t status = s2s__pieces_parse(bytes, size, &s->host, &s->arena, &s->pieces, error);
  return s2s__name_limit(&s->host, error, status);
}

int s2s__segmenter_equals(const s2s_segmenter *a, const s2s_segmenter *b) {
  if (a->form != b->form || a->casefold != b->casefold || a->splitter != b->splitter) return 0;
  return a->splitter ||
         (a->pieces->size == b->pieces->size && memcmp(a->pieces->bytes, b->pieces->bytes, a->pieces->size) == 0);
}

/* ---- pieces by the options --------------------------------------------------------------------------------------- */

#define SEGMENTER_MAX_FILE ((size_t)1 << 28) /* bytes of a SentencePiece model */

/* The rest of what is read; the block is the host's, of *capacity bytes, on failure too. */
static int32_t segmenter_read_all(s2s__reader *reader, unsigned char **bytes, size_t *capacity, size_t *size,
                                  s2s__error *error) {
  for (size_t got = 1; got > 0; *size += got) {
    if (*size >= SEGMENTER_MAX_FILE) return s2s__fail(error, S2S_LIMIT, "more than %zu bytes", SEGMENTER_MAX_FILE);
    S2S__TRY(s2s__grow(&reader->host, bytes, capacity, *size + 65536, 1, error));
    S2S__TRY(s2s__reader_some(reader, *bytes + *size, *capacity - *size, &got, error));
  }
  return S2S_OK;
}

static int32_t segmenter_read_file(s2s_segmenter *s, const char *path, s2s__error *error) {
  s2s__reader reader;
  unsigned char *bytes = NULL;
  size_t size = 0, capacity = 0;
  S2S__TRY(s2s__reader_open_path(&reader, &s->host, path, error));
  int32_t status = segmenter_read_all(&reader, &bytes, &capacity, &size, error);
  if (status == S2S_OK) status = s2s__segmenter_parse(s, bytes, size, error);
  if (status != S2S_OK) status = s2s__fail_prefix(error, "%s", path);
  s2s__free(&s->host, bytes, capacity);
  s2s__reader_close(&reader);
  return status;
}

/* Every byte is a token: there are no other pieces, and texts are as they are. */
static int32_t segmenter_make_bytes(s2s_segmenter *s, s2s__error *error) {
  s2s__piece *piece = S2S__TAKE(&s->arena, s2s__piece, 256);
  if (!piece) return s2s__fail_memory(error, 256 * sizeof *piece, "pieces");
  S2S__TRY(s2s__pieces_add_bytes(piece, &s->arena, error));
  return s2s__pieces_new(S2S__PIECES_UNIGRAM, piece, 256, 1, 0, &s->host, &s->arena, &s->pieces, error);
}

static int32_t segmenter_learn(s2s_segmenter *s, const s2s_options *options, int32_t side, const s2s__texts *texts,
                               s2s__error *error) {
  const s2s__option_id id = segmenter_tokens[side];
  const char *tokens = s2s__option_text(options, id), *colon = strchr(tokens, ':');
  if (s->splitter) return S2S_OK;
  if (strcmp(tokens, "bytes") == 0) return segmenter_make_bytes(s, error);
  if (strncmp(tokens, "spm", 3) == 0) {
    if (!colon)
      return s2s__fail(error, S2S_BAD_OPTION, "option '%s': 'spm' needs a file, as in spm:FILE",
                       s2s__option_table[id].key);
    return segmenter_read_file(s, colon + 1, error);
  }
  if (!S2S__TRAINS)
    return s2s__fail(error, S2S_UNSUPPORTED, "this library was built without training: it learns no pieces");
  return s2s__pieces_learn(tokens, options, s->form, s->casefold, texts, &s->host, &s->arena, &s->pieces, error);
}

int32_t s2s__segmenter_learn(s2s_segmenter *segmenter, const s2s_options *options, int32_t side,
                             const s2s__texts *texts, s2s__error *error) {
  return s2s__name_limit(&segmenter->host, error, segmenter_learn(segmenter, options, side, texts, error));
}

/* ---- there and back ---------------------------------------------------------------------------------------------- */

int32_t s2s__segment(const s2s_segmenter *segmenter, const char *text, size_t length, const s2s__sampling *sampling,
                     s2s__tokens *tokens, s2s__error *error) {
  s2s__mapped normal;
  s2s__tokens_clear(tokens);
  S2S__TRY(s2s__text_accept(text, length, &tokens->arena, &tokens->text, error));
  S2S__TRY(s2s__prepare(segmenter->form, segmenter->casefold, tokens->text.text, tokens->text.length, &tokens->arena,
                        &normal, error));
  S2S__TRY(s2s__text_check(normal.text, normal.length, error)); /* it may have grown */
  if (segmenter->splitter)
    S2S__TRY(segmenter->splitter->split(normal.text, normal.length, tokens, error));
  else
    S2S__TRY(s2s__pieces_split(segmenter->pieces, normal.text, normal.length, sampling, tokens, error));
  for (size_t i = 0; i < tokens->count && normal.origin; i++) {
    tokens->item[i].begin = normal.origin[tokens->item[i].begin];
    tokens->item[i].end = normal.origin[tokens->item[i].end];
  }
  return S2S_OK;
}

void s2s__tokens_follow(const s2s__mapped *text, s2s__token *token, size_t count) {
  size_t at = 0;
  for (size_t i = 0; text->origin && i < count; i++) {
    while (at < text->length && text->origin[at] < token[i].begin) at++;
    token[i].begin = (uint32_t)at;
    while (at < text->length && text->origin[at] < token[i].end) at++;
    token[i].end = (uint32_t)at;
  }
}

static int32_t segmenter_join_plain(const char *separator, s2s__token *token, size_t count, s2s__arena *arena,
                                    s2s__text *text, s2s__error *error) {
  const size_t gap = strlen(separator);
  size_t bytes = 1;
  for (size_t i = 0; i < count; i++) bytes += token[i].length + gap;
  char *out = S2S__TAKE(arena, char, bytes), *at = out;
  if (!out) return s2s__fail_memory(error, bytes, "a text");
  for (size_t i = 0; i < count; i++) {
    if (i > 0) memcpy(at, separator, gap), at += gap;
    token[i].begin = (uint32_t)(at - out);
    memcpy(at, token[i].text, token[i].length);
    at += token[i].length;
    token[i].end = (uint32_t)(at - out);
  }
  *at = '\0';
  *text = (s2s__text){out, (size_t)(at - out)};
  return S2S_OK;
}

int32_t s2s__join(const s2s_segmenter *segmenter, s2s__token *token, size_t count, s2s__arena *arena, s2s__text *text,
                  s2s__error *error) {
  if (segmenter->splitter)
    S2S__TRY(segmenter_join_plain(segmenter->splitter->separator, token, count, arena, text, error));
  else
    S2S__TRY(s2s__pieces_join(segmenter->pieces, token, count, arena, text, error));
  if (segmenter->form != S2S__NORMAL_NFD && segmenter->form != S2S__NORMAL_NFKD) return S2S_OK;
  s2s__mapped composed;
  S2S__TRY(s2s__normalize(S2S__NORMAL_NFC, text->text, text->length, arena, &composed, error));
  s2s__tokens_follow(&composed, token, count);
  *text = (s2s__text){composed.text, composed.length};
  return S2S_OK;
}
