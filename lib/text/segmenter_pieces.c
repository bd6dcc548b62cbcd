/* SPDX-License-Identifier: MIT
 *
 * Segmenting by pieces, and joining pieces, as SentencePiece does it.
 */
#include "base/utf8.h"
#include "text/segmenter.h"

#include <string.h>

/* ---- text to pieces ---------------------------------------------------------------------------------------------- */

/* The bytes of what no piece covers; the last of them stands for the whole. */
static int32_t pieces_split_bytes(const s2s__pieces *p, const char *text, const s2s__token *whole, s2s__tokens *tokens,
                                  s2s__error *error) {
  for (uint32_t i = 0; i < whole->length; i++) {
    const s2s__piece *piece = &p->piece[p->byte[(unsigned char)text[i]]];
    const uint32_t end = i + 1 == whole->length ? whole->end : whole->begin;
    S2S__TRY(s2s__tokens_push(tokens, (s2s__token){piece->text, piece->length, whole->begin, end}, error));
  }
  return S2S_OK;
}

static int32_t pieces_collect(const s2s__pieces *p, const s2s__mapped *text, const s2s__cut *cut, size_t count,
                              s2s__tokens *tokens, s2s__error *error) {
  int was_unknown = 0;
  uint32_t at = 0;
  for (size_t i = 0; i < count; i++) {
    const char *here = text->text + at;
    const int unknown = cut[i].piece == p->unknown;
    const s2s__token token = {here, cut[i].length, text->origin[at], text->origin[at + cut[i].length]};
    if (unknown && p->byte_fallback) {
      S2S__TRY(pieces_split_bytes(p, here, &token, tokens, error));
    } else if (unknown && was_unknown) {
      tokens->item[tokens->count - 1].length += token.length;
      tokens->item[tokens->count - 1].end = token.end;
    } else {
      S2S__TRY(s2s__tokens_push(tokens, token, error));
    }
    was_unknown = unknown;
    at += cut[i].length;
  }
  return S2S_OK;
}

int32_t s2s__pieces_split(const s2s__pieces *pieces, const char *text, size_t length, const s2s__sampling *sampling,
                          s2s__tokens *tokens, s2s__error *error) {
  s2s__mapped normal;
  s2s__cut *cut = NULL;
  size_t count;
  S2S__TRY(s2s__charsmap_normalize(&pieces->normalize, text, length, &tokens->arena, &normal, error));
  S2S__TRY(s2s__pieces_cut(pieces, normal.text, normal.length, sampling, &tokens->arena, &cut, &count, error));
  return pieces_collect(pieces, &normal, cut, count, tokens, error);
}

/* ---- pieces to text ---------------------------------------------------------------------------------------------- */

typedef struct pieces_joiner {
  const s2s__pieces *pieces;
  char *out, *run; /* run: bytes of byte pieces, until their characters are complete */
  size_t length, run_length;
  s2s__token *last; /* of the run, whose tokens stand side by side */
  int begun; /* the text has begun: a space mark is a space from now on */
} pieces_joiner;

static void pieces_write(pieces_joiner *j, const char *text, size_t length) {
  memcpy(j->out + j->length, text, length);
  j->length += length;
}

/* Bytes become characters; those that make none, and a NUL, become U+FFFD each. A character is its last byte's. */
static void pieces_end_run(pieces_joiner *j) {
  if (j->run_length == 0) return;
  s2s__token *token = j->last - j->run_length;
  for (size_t at = 0, bytes; at < j->run_length; at += bytes) {
    uint32_t character;
    const size_t valid = s2s__utf8_decode(j->run + at, j->run_length - at, &character);
    const int fine = valid > 0 && character != 0;
    bytes = fine ? valid : 1;
    for (size_t i = 0; i < bytes; i++) {
      token++;
      token->begin = token->end = (uint32_t)j->length;
    }
    pieces_write(j, fine ? j->run + at : "\xEF\xBF\xBD", fine ? bytes : 3);
    token->end = (uint32_t)j->length;
  }
  j->run_length = 0;
}

static void pieces_write_word(pieces_joiner *j, const char *text, size_t length) {
  const s2s__charsmap *rules = &j->pieces->normalize;
  const size_t mark = strlen(S2S__SPACE_MARK);
  size_t at = 0;
  if (!j->begun && (rules->dummy_prefix || rules->remove_extra_spaces) && length >= mark &&
      memcmp(text, S2S__SPACE_MARK, mark) == 0) {
    at = mark;
    j->begun = !rules->remove_extra_spaces; /* else all of them at the beginning are left out */
  }
  while (at < length) {
    const int is_mark = length - at >= mark && memcmp(text + at, S2S__SPACE_MARK, mark) == 0;
    pieces_write(j, is_mark ? " " : text + at, 1);
    at += is_mark ? mark : 1;
  }
}

static void pieces_join_token(pieces_joiner *j, s2s__token *token) {
  const s2s__pieces *p = j->pieces;
  const int32_t number = s2s__pieces_find(p, token->text, token->length);
  const s2s__piece *piece = &p->piece[number];
  if (piece->type == S2S__PIECE_BYTE) {
    j->run[j->run_length++] = (char)s2s__piece_byte(piece);
    j->last = token;
    return;
  }
  pieces_end_run(j);
  token->begin = (uint32_t)j->length;
  j->begun |= j->length > 0;
  if (piece->type == S2S__PIECE_UNKNOWN) {
    const int named = piece->length == token->length && memcmp(piece->text, token->text, token->length) == 0;
    pieces_write(j, named ? p->unknown_text : token->text, named ? strlen(p->unknown_text) : token->length);
  } else if (piece->type != S2S__PIECE_CONTROL) {
    pieces_write_word(j, token->text, token->length);
  }
  token->end = (uint32_t)j->length;
}

int32_t s2s__pieces_join(const s2s__pieces *pieces, s2s__token *token, size_t count, s2s__arena *arena,
                         s2s__text *text, s2s__error *error) {
  pieces_joiner joiner = {.pieces = pieces};
  const size_t unknown = strlen(pieces->unknown_text) + 3; /* 3: U+FFFD for a byte */
  size_t bytes = 1;
  for (size_t i = 0; i < count; i++) bytes += token[i].length + unknown;
  joiner.out = S2S__TAKE(arena, char, bytes);
  joiner.run = S2S__TAKE(arena, char, count);
  if (!joiner.out || !joiner.run) return s2s__fail_memory(error, bytes + count, "a text");
  for (size_t i = 0; i < count; i++) pieces_join_token(&joiner, &token[i]);
  pieces_end_run(&joiner);
  joiner.out[joiner.length] = '\0';
  *text = (s2s__text){joiner.out, joiner.length};
  if (pieces->denormalize.rules.units == 0) return S2S_OK;
  s2s__mapped plain;
  S2S__TRY(s2s__charsmap_normalize(&pieces->denormalize, text->text, text->length, arena, &plain, error));
  s2s__tokens_follow(&plain, token, count);
  *text = (s2s__text){plain.text, plain.length};
  return S2S_OK;
}
