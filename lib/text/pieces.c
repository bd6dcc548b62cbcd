/* SPDX-License-Identifier: MIT
 *
 * Pieces from and to SentencePiece's format: protocol buffers, of which this reads and writes the few forms that are
 * needed. A message is a sequence of fields; a field is a number with a wire type, and a value.
 *
 *   model        1 piece (message, many)   2 trainer (message)   3 normalizer (message)   5 denormalizer (message)
 *   piece        1 text   2 score (float)   3 type
 *   trainer      3 algorithm   24 space mark behind   35 byte fallback   44 text for <unk>
 *   normalizer   2 rules   3 space in front   4 no extra spaces   5 spaces as marks
 */
#include "text/pieces.h"

#include "base/utf8.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PIECES_VARINT = 0, PIECES_FIXED64 = 1, PIECES_BYTES = 2, PIECES_FIXED32 = 5 }; /* wire types */

/* ---- reading messages -------------------------------------------------------------------------------------------- */

typedef struct pieces_field {
  uint64_t number;
  uint32_t wire;
  uint64_t value; /* of a number; the size of bytes */
  const unsigned char *bytes;
} pieces_field;

typedef struct pieces_reader {
  const unsigned char *start; /* of the file */
  const unsigned char *at, *end;
} pieces_reader;

static int32_t pieces_broken(const pieces_reader *reader, const char *what, s2s__error *error) {
  return s2s__fail(error, S2S_BAD_FILE, "not a SentencePiece model: %s at byte %zu", what,
                   (size_t)(reader->at - reader->start) + 1);
}

static int pieces_varint(pieces_reader *reader, uint64_t *value) {
  *value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (reader->at == reader->end) return 0;
    const unsigned char byte = *reader->at++;
    *value |= (uint64_t)(byte & 0x7Fu) << shift;
    if (!(byte & 0x80u)) return 1;
  }
  return 0;
}

/* The next field; *more is 0 at the end of the message. */
static int32_t pieces_next(pieces_reader *reader, pieces_field *field, int *more, s2s__error *error) {
  uint64_t key;
  *more = reader->at < reader->end;
  if (!*more) return S2S_OK;
  if (!pieces_varint(reader, &key)) return pieces_broken(reader, "a field is cut off", error);
  *field = (pieces_field){.number = key >> 3, .wire = (uint32_t)(key & 7)};
  const size_t left = (size_t)(reader->end - reader->at);
  switch (field->wire) {
  case PIECES_VARINT:
    return pieces_varint(reader, &field->value) ? S2S_OK : pieces_broken(reader, "a number is cut off", error);
  case PIECES_BYTES:
    if (!pieces_varint(reader, &field->value) || field->value > (size_t)(reader->end - reader->at))
      return pieces_broken(reader, "a string is longer than the file", error);
    field->bytes = reader->at;
    break;
  case PIECES_FIXED32:
  case PIECES_FIXED64:
    field->bytes = reader->at;
    field->value = field->wire == PIECES_FIXED32 ? 4 : 8;
    if (left < field->value) return pieces_broken(reader, "a number is cut off", error);
    break;
  default:
    return pieces_broken(reader, "an unknown kind of field", error);
  }
  reader->at += field->value;
  return S2S_OK;
}

static pieces_reader pieces_inside(const pieces_reader *outer, const pieces_field *field) {
  return (pieces_reader){outer->start, field->bytes, field->bytes + field->value};
}

static float pieces_float(const unsigned char *bytes) {
  const uint32_t bits =
      (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* ---- a model ----------------------------------------------------------------------------------------------------- */

static int32_t pieces_read_piece(pieces_reader *reader, s2s__arena *arena, s2s__piece *piece, s2s__error *error) {
  const pieces_reader begin = *reader;
  pieces_field field;
  *piece = (s2s__piece){.text = "", .type = S2S__PIECE_NORMAL};
  for (int more = 1;;) {
    S2S__TRY(pieces_next(reader, &field, &more, error));
    if (!more) break;
    if (field.number == 1 && field.wire == PIECES_BYTES) {
      if (field.value > S2S__MAX_TOKEN_BYTES) return pieces_broken(&begin, "a piece of more than 65,535 bytes", error);
      piece->length = (uint32_t)field.value;
      piece->text = s2s__arena_text(arena, (const char *)field.bytes, piece->length);
      if (!piece->text) return s2s__fail_memory(error, piece->length, "a piece");
    } else if (field.number == 2 && field.wire == PIECES_FIXED32) {
      piece->score = pieces_float(field.bytes);
    } else if (field.number == 3 && field.wire == PIECES_VARINT) {
      if (field.value < S2S__PIECE_NORMAL || field.value > S2S__PIECE_BYTE)
        return pieces_broken(&begin, "a piece of an unknown type", error);
      piece->type = (s2s__piece_type)field.value;
    }
  }
  if (piece->length == 0) return pieces_broken(&begin, "an empty piece", error);
  if (memchr(piece->text, 0, piece->length)) return pieces_broken(&begin, "a NUL inside a piece", error);
  if (memchr(piece->text, '\n', piece->length)) return pieces_broken(&begin, "a line feed inside a piece", error);
  if (s2s__utf8_check(piece->text, piece->length) < piece->length)
    return pieces_broken(&begin, "invalid UTF-8 in a piece", error);
  if (!isfinite(piece->score)) return pieces_broken(&begin, "a score that is no number", error);
  return S2S_OK;
}

static int32_t pieces_read_trainer(pieces_reader *reader, s2s__arena *arena, s2s__pieces *p, s2s__error *error) {
  pieces_field field;
  for (int more = 1;;) {
    S2S__TRY(pieces_next(reader, &field, &more, error));
    if (!more) return S2S_OK;
    const int number = field.wire == PIECES_VARINT;
    if (field.number == 3 && number) p->algorithm = field.value <= 4 ? (s2s__piece_algorithm)field.value : 0;
    if (field.number == 24 && number) p->normalize.space_behind = field.value != 0;
    if (field.number == 35 && number) p->byte_fallback = field.value != 0;
    if (field.number == 44 && field.wire == PIECES_BYTES) {
      p->unknown_text = s2s__arena_text(arena, (const char *)field.bytes, (size_t)field.value);
      if (!p->unknown_text) return s2s__fail_memory(error, (size_t)field.value, "pieces");
    }
  }
}

static int32_t pieces_read_rules(pieces_reader *reader, s2s__arena *arena, s2s__charsmap *map, s2s__error *error) {
  pieces_field field;
  for (int more = 1;;) {
    S2S__TRY(pieces_next(reader, &field, &more, error));
    if (!more) return S2S_OK;
    if (field.number == 2 && field.wire == PIECES_BYTES &&
        !s2s__charsmap_parse(map, field.bytes, (size_t)field.value, arena))
      return pieces_broken(reader, "broken rules of normalisation", error);
    if (field.wire != PIECES_VARINT) continue;
    if (field.number == 3) map->dummy_prefix = field.value != 0;
    if (field.number == 4) map->remove_extra_spaces = field.value != 0;
    if (field.number == 5) map->escape_spaces = field.value != 0;
  }
}

static int32_t pieces_count(pieces_reader reader, size_t *count, s2s__error *error) {
  pieces_field field;
  *count = 0;
  for (int more = 1;;) {
    S2S__TRY(pieces_next(&reader, &field, &more, error));
    if (!more) break;
    *count += field.number == 1 && field.wire == PIECES_BYTES;
  }
  if (*count == 0) return pieces_broken(&reader, "no piece", error);
  if (*count > S2S__MAX_VOCABULARY) return pieces_broken(&reader, "too many pieces", error);
  return S2S_OK;
}

static int32_t pieces_read(s2s__pieces *p, s2s__arena *arena, s2s__error *error) {
  pieces_reader reader = {p->bytes, p->bytes, p->bytes + p->size};
  pieces_field field;
  size_t count;
  S2S__TRY(pieces_count(reader, &count, error));
  p->piece = S2S__TAKE(arena, s2s__piece, count);
  if (!p->piece) return s2s__fail_memory(error, count * sizeof *p->piece, "pieces");
  for (int more = 1;;) {
    S2S__TRY(pieces_next(&reader, &field, &more, error));
    if (!more) return S2S_OK;
    if (field.wire != PIECES_BYTES) continue;
    pieces_reader inside = pieces_inside(&reader, &field);
    if (field.number == 1) S2S__TRY(pieces_read_piece(&inside, arena, &p->piece[p->count++], error));
    if (field.number == 2) S2S__TRY(pieces_read_trainer(&inside, arena, p, error));
    if (field.number == 3) S2S__TRY(pieces_read_rules(&inside, arena, &p->normalize, error));
    if (field.number == 5)
      p->denormalize = (s2s__charsmap){.dummy_prefix = 1, .remove_extra_spaces = 1, .escape_spaces = 1};
    if (field.number == 5) S2S__TRY(pieces_read_rules(&inside, arena, &p->denormalize, error));
  }
}

/* ---- what is looked up ------------------------------------------------------------------------------------------- */

static int pieces_is_word(const s2s__piece *piece) {
  return piece->type == S2S__PIECE_NORMAL || piece->type == S2S__PIECE_USER || piece->type == S2S__PIECE_UNUSED;
}

static int pieces_hex(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }

int32_t s2s__piece_byte(const s2s__piece *piece) {
  if (piece->length != 6 || memcmp(piece->text, "<0x", 3) != 0 || piece->text[5] != '>') return -1;
  const int high = pieces_hex(piece->text[3]), low = pieces_hex(piece->text[4]);
  return high < 0 || low < 0 ? -1 : 16 * high + low;
}

static int32_t pieces_note_special(s2s__pieces *p, size_t i, s2s__error *error) {
  const s2s__piece *piece = &p->piece[i];
  if (piece->type == S2S__PIECE_UNKNOWN) {
    if (p->unknown >= 0) return s2s__fail(error, S2S_BAD_FILE, "a SentencePiece model with two unknown pieces");
    p->unknown = (int32_t)i;
  }
  if (piece->type == S2S__PIECE_BYTE) {
    const int32_t byte = s2s__piece_byte(piece);
    if (byte < 0) return s2s__fail(error, S2S_BAD_FILE, "a SentencePiece model whose '%.40s' is no byte", piece->text);
    p->byte[byte] = (int32_t)i;
  }
  return S2S_OK;
}

/* A trie of the pieces for which `chosen` holds, whose values are numbers of pieces. */
static int32_t pieces_index(s2s__pieces *p, s2s__trie *trie, int (*chosen)(const s2s__piece *), const s2s__host *host,
                            s2s__arena *arena, s2s__error *error) {
  const size_t size = p->count * (sizeof(char *) + 2 * sizeof(uint32_t));
  const char **key = s2s__resize(host, NULL, 0, size);
  if (!key) return s2s__fail_memory(error, size, "pieces");
  uint32_t *length = (uint32_t *)(key + p->count), *number = length + p->count;
  size_t count = 0, twice = 0;
  for (size_t i = 0; i < p->count; i++) {
    if (!chosen(&p->piece[i])) continue;
    key[count] = p->piece[i].text;
    length[count] = p->piece[i].length;
    number[count++] = (uint32_t)i;
  }
  int32_t status = s2s__trie_new(trie, key, length, count, number, host, arena, &twice, error);
  if (status == S2S_BAD_ARGUMENT) {
    s2s__error_clear(error);
    status = s2s__fail(error, S2S_BAD_FILE, "a SentencePiece model with the piece '%.40s' twice", key[twice]);
  }
  s2s__free(host, key, size);
  return status;
}

static int pieces_is_reserved(const s2s__piece *piece) { return !pieces_is_word(piece); }
static int pieces_is_symbol(const s2s__piece *piece) { return piece->type == S2S__PIECE_USER; }

static void pieces_measure(s2s__pieces *p) {
  p->least = 3.402823466e38f;
  p->most = 1.175494351e-38f; /* as SentencePiece has it: only a positive score is more */
  p->marks_lead = 1;
  for (size_t i = 0; i < p->count; i++) {
    const s2s__piece *piece = &p->piece[i];
    if (pieces_is_word(piece) && piece->length > 1 && strstr(piece->text + 1, S2S__SPACE_MARK)) p->marks_lead = 0;
    if (piece->type == S2S__PIECE_UNUSED) p->marks_lead = 0;
    if (piece->type != S2S__PIECE_NORMAL) continue;
    if (piece->score < p->least) p->least = piece->score;
    if (piece->score > p->most) p->most = piece->score;
  }
}

static int32_t pieces_prepare(s2s__pieces *p, const s2s__host *host, s2s__arena *arena, s2s__error *error) {
  if (p->algorithm != S2S__PIECES_UNIGRAM && p->algorithm != S2S__PIECES_BPE)
    return s2s__fail(error, S2S_BAD_FILE, "a SentencePiece model that is neither unigram nor bpe");
  for (size_t i = 0; i < p->count; i++) S2S__TRY(pieces_note_special(p, i, error));
  if (p->unknown < 0) return s2s__fail(error, S2S_BAD_FILE, "a SentencePiece model without an unknown piece");
  for (int byte = 0; byte < 256 && p->byte_fallback; byte++)
    if (p->byte[byte] < 0)
      return s2s__fail(error, S2S_BAD_FILE, "a SentencePiece model with byte fallback, but without <0x%02X>",
                       (unsigned)byte);
  S2S__TRY(pieces_index(p, &p->words, pieces_is_word, host, arena, error));
  S2S__TRY(pieces_index(p, &p->reserved, pieces_is_reserved, host, arena, error));
  S2S__TRY(pieces_index(p, &p->symbols, pieces_is_symbol, host, arena, error));
  pieces_measure(p);
  p->normalize.symbols = &p->symbols;
  s2s__charsmap_finish(&p->normalize);
  s2s__charsmap_finish(&p->denormalize);
  return S2S_OK;
}

int32_t s2s__pieces_parse(const unsigned char *bytes, size_t size, const s2s__host *host, s2s__arena *arena,
                          const s2s__pieces **pieces, s2s__error *error) {
  const s2s__mark mark = s2s__arena_mark(arena);
  s2s__pieces *p = s2s__arena_take_zeroed(arena, sizeof *p);
  unsigned char *copy = s2s__arena_take(arena, size);
  *pieces = NULL;
  if (!p || !copy) return s2s__fail_memory(error, size + sizeof *p, "pieces");
  if (size) memcpy(copy, bytes, size);
  p->bytes = copy;
  p->size = size;
  p->algorithm = S2S__PIECES_UNIGRAM;
  p->unknown_text = " \xE2\x81\x87 ";
  p->unknown = -1;
  for (int byte = 0; byte < 256; byte++) p->byte[byte] = -1;
  p->normalize.dummy_prefix = p->normalize.remove_extra_spaces = p->normalize.escape_spaces = 1;
  int32_t status = pieces_read(p, arena, error);
  if (status == S2S_OK) status = pieces_prepare(p, host, arena, error);
  if (status == S2S_OK)
    *pieces = p;
  else
    s2s__arena_rewind(arena, mark);
  return status;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

typedef struct pieces_writer {
  unsigned char *at; /* NULL: only counts */
  size_t size;
} pieces_writer;

static void pieces_put(pieces_writer *w, const void *bytes, size_t size) {
  if (w->at) memcpy(w->at + w->size, bytes, size);
  w->size += size;
}

static void pieces_put_number(pieces_writer *w, uint64_t value) {
  for (; value >= 0x80; value >>= 7) pieces_put(w, &(unsigned char){(unsigned char)(value | 0x80)}, 1);
  pieces_put(w, &(unsigned char){(unsigned char)value}, 1);
}

static void pieces_put_bytes(pieces_writer *w, uint64_t field, const void *bytes, size_t size) {
  pieces_put_number(w, field << 3 | PIECES_BYTES);
  pieces_put_number(w, size);
  pieces_put(w, bytes, size);
}

static void pieces_put_field(pieces_writer *w, uint64_t field, uint64_t value) {
  pieces_put_number(w, field << 3 | PIECES_VARINT);
  pieces_put_number(w, value);
}

static void pieces_put_inside(pieces_writer *w, const s2s__piece *piece) {
  uint32_t bits;
  memcpy(&bits, &piece->score, sizeof bits);
  const unsigned char score[4] = {(unsigned char)bits, (unsigned char)(bits >> 8), (unsigned char)(bits >> 16),
                                  (unsigned char)(bits >> 24)};
  pieces_put_bytes(w, 1, piece->text, piece->length);
  pieces_put_number(w, 2 << 3 | PIECES_FIXED32);
  pieces_put(w, score, sizeof score);
  if (piece->type != S2S__PIECE_NORMAL) pieces_put_field(w, 3, piece->type);
}

static void pieces_put_piece(pieces_writer *w, const s2s__piece *piece) {
  pieces_writer inside = {NULL, 0};
  pieces_put_inside(&inside, piece);
  pieces_put_number(w, 1 << 3 | PIECES_BYTES);
  pieces_put_number(w, inside.size);
  pieces_put_inside(w, piece);
}

static void pieces_put_model(pieces_writer *w, s2s__piece_algorithm algorithm, const s2s__piece *piece, size_t count,
                             int byte_fallback, int marks) {
  static const s2s__piece special[S2S__SPECIALS] = {
      {"<unk>", 5, 0, S2S__PIECE_UNKNOWN}, {"<s>", 3, 0, S2S__PIECE_CONTROL}, {"</s>", 4, 0, S2S__PIECE_CONTROL}};
  unsigned char trainer[32];
  pieces_writer inside = {trainer, 0};
  for (size_t i = 0; i < S2S__SPECIALS; i++) pieces_put_piece(w, &special[i]);
  for (size_t i = 0; i < count; i++) pieces_put_piece(w, &piece[i]);
  pieces_put_field(&inside, 3, algorithm);
  pieces_put_field(&inside, 4, S2S__SPECIALS + count);
  if (byte_fallback) pieces_put_field(&inside, 35, 1);
  pieces_put_bytes(w, 2, trainer, inside.size);
  unsigned char normalizer[32];
  inside = (pieces_writer){normalizer, 0};
  pieces_put_bytes(&inside, 1, "identity", 8);
  for (uint64_t field = 3; field <= 5 && !marks; field++) pieces_put_field(&inside, field, 0);
  pieces_put_bytes(w, 3, normalizer, inside.size);
}

int32_t s2s__pieces_add_bytes(s2s__piece *piece, s2s__arena *arena, s2s__error *error) {
  enum { PIECES_BYTE_ROOM = sizeof "<0x00>" };
  char *text = S2S__TAKE(arena, char, 256 * PIECES_BYTE_ROOM);
  if (!text) return s2s__fail_memory(error, 256 * PIECES_BYTE_ROOM, "pieces");
  for (unsigned byte = 0; byte < 256; byte++, text += PIECES_BYTE_ROOM) {
    snprintf(text, PIECES_BYTE_ROOM, "<0x%02X>", byte);
    piece[byte] = (s2s__piece){.text = text, .length = PIECES_BYTE_ROOM - 1, .type = S2S__PIECE_BYTE};
  }
  return S2S_OK;
}

int32_t s2s__pieces_new(s2s__piece_algorithm algorithm, const s2s__piece *piece, size_t count, int byte_fallback,
                        int marks, const s2s__host *host, s2s__arena *arena, const s2s__pieces **pieces,
                        s2s__error *error) {
  pieces_writer writer = {NULL, 0};
  *pieces = NULL;
  pieces_put_model(&writer, algorithm, piece, count, byte_fallback, marks);
  const size_t size = writer.size;
  writer = (pieces_writer){s2s__resize(host, NULL, 0, size), 0};
  if (!writer.at) return s2s__fail_memory(error, size, "pieces");
  pieces_put_model(&writer, algorithm, piece, count, byte_fallback, marks);
  const int32_t status = s2s__pieces_parse(writer.at, size, host, arena, pieces, error);
  s2s__free(host, writer.at, size);
  return status;
}

/* ---- using ------------------------------------------------------------------------------------------------------- */

int32_t s2s__pieces_find(const s2s__pieces *pieces, const char *text, size_t length) {
  int32_t found = s2s__trie_find(&pieces->reserved, text, length);
  if (found < 0) found = s2s__trie_find(&pieces->words, text, length);
  return found < 0 ? pieces->unknown : found;
}

int32_t s2s__pieces_vocabulary(const s2s__pieces *pieces, s2s__vocabulary *vocabulary, s2s__arena *arena,
                               s2s__error *error) {
  const size_t size = pieces->count * sizeof(s2s__counted);
  s2s__counted *token = s2s__resize(&arena->host, NULL, 0, size);
  size_t count = 0;
  if (!token) return s2s__fail_memory(error, size, "a vocabulary");
  for (size_t i = 0; i < pieces->count; i++) {
    const s2s__piece *p = &pieces->piece[i];
    if (p->type == S2S__PIECE_NORMAL || p->type == S2S__PIECE_USER || p->type == S2S__PIECE_BYTE)
      token[count++] = (s2s__counted){p->text, p->length, 0};
  }
  const int32_t status = s2s__vocabulary_of(vocabulary, arena, token, count, error);
  s2s__free(&arena->host, token, size);
  return status;
}

int32_t s2s__pieces_cut(const s2s__pieces *pieces, const char *text, size_t length, const s2s__sampling *sampling,
                        s2s__arena *arena, s2s__cut **cut, size_t *count, s2s__error *error) {
  *count = 0;
  if (length == 0) return S2S_OK;
  return (pieces->algorithm == S2S__PIECES_BPE ? s2s__pieces_cut_bpe : s2s__pieces_cut_unigram)(
      pieces, text, length, sampling, arena, cut, count, error);
}
