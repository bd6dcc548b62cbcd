/* SPDX-License-Identifier: MIT
 *
 * Reading a model's file. Nothing in it is believed before it was checked: the header is held against the network, which is
 * built from the options and, for the sizes of the vocabularies, from the embeddings' shapes; then the tensors, in whatever
 * order they come, are read in pieces, and each piece is packed straight into its place. At the peak there is the model,
 * and beside it FILE_GROUP bytes, a piece and a text.
 */
#include "model/file.h"

#include "base/number.h"
#include "tensor/half.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* So many bytes must have arrived before memory is taken for the model: a stream of a few bytes that promises gigabytes
 * gets nothing. */
#define FILE_GROUP ((size_t)64 << 10)

static int file_is_extra(const char *name) { return strncmp(name, S2S__EXTRA, sizeof S2S__EXTRA - 1) == 0; }

/* ---- the header -------------------------------------------------------------------------------------------------- */

/* Where a tensor goes. */
typedef enum file_kind { FILE_EXTRA, FILE_TEXT, FILE_VALUES, FILE_SCALES } file_kind;

typedef struct file_place {
  file_kind kind;
  size_t text;
  s2s__param *param;
} file_place;

typedef struct file_reading {
  s2s__reader *reader;
  s2s__error *error;
  s2s_model *model;
  s2s__arena scratch; /* the header, and what packing needs */
  s2s__st_header header;
  file_place *place;     /* [header.tensors] */
  s2s__st_buffer buffer; /* bytes at .. filled - 1 were read and not used yet */
  size_t at, filled;
  uint64_t left;       /* bytes of tensors still to be read */
  int parameters_only; /* the model stands already: texts are passed over */
  int verify;
  uint32_t crc;
} file_reading;

/* What the options in a file got wrong is the file's fault. */
static int32_t file_blame(const file_reading *r) {
  s2s__error *error = r->error;
  if (error->status == S2S_BAD_OPTION || error->status == S2S_LIMIT) error->status = S2S_BAD_FILE;
  return s2s__fail_prefix(error, "%s", r->reader->name);
}

static int32_t file_check_format(const file_reading *r) {
  const char *name = r->reader->name, *text = s2s__st_metadata(&r->header, "format");
  int64_t format;
  if (!text) return s2s__fail(r->error, S2S_BAD_FILE, "%s: not a seq2seq model (no format in its metadata)", name);
  if (!s2s__parse_int(text, strlen(text), &format) || format < 1)
    return s2s__fail(r->error, S2S_BAD_FILE, "%s: not a seq2seq model (format '%.40s' in its metadata)", name, text);
  if (format <= S2S__FILE_FORMAT) return S2S_OK;
  return s2s__fail(r->error, S2S_BAD_FILE, "%s: written by a newer version (format %lld; this library reads up to %d)",
                   name, (long long)format, S2S__FILE_FORMAT);
}

/* Metadata whose key has no dot and is no option are remarks. */
static int32_t file_read_options(file_reading *r) {
  for (size_t i = 0; i < r->header.entries; i++) {
    const s2s__st_entry *entry = &r->header.metadata[i];
    const int32_t id = s2s__option_find(entry->key);
    const int known = id >= 0 && s2s__option_table[id].scope == S2S_SCOPE_MODEL;
    if (known && s2s__options_set(&r->model->options, entry->key, entry->value, r->error) != S2S_OK)
      return file_blame(r);
    if (!known && strchr(entry->key, '.') && !file_is_extra(entry->key))
      return s2s__fail(r->error, S2S_BAD_FILE, "%s: unknown option '%.100s': the file was written by a newer version",
                       r->reader->name, entry->key);
  }
  return S2S_OK;
}

static int32_t file_fail_missing(const file_reading *r, const char *tensor) {
  return s2s__fail(r->error, S2S_BAD_FILE, "%s: tensor '%s' is missing", r->reader->name, tensor);
}

/* How many tokens a side has, before its vocabulary has been read. */
static int32_t file_read_size(file_reading *r, int32_t side) {
  const char *name = s2s__network_embedding_name(&r->model->options, side);
  const s2s__st_tensor *t = s2s__st_find(&r->header, name);
  char shape[S2S__ST_SHAPE_TEXT];
  if (!t) return file_fail_missing(r, name);
  if (t->rank != 2 || t->shape[0] < S2S__SPECIALS || t->shape[0] > S2S__MAX_VOCABULARY)
    return s2s__fail(r->error, S2S_BAD_FILE, "%s: tensor '%s': expected shape [%d..%d tokens, embedding.dim], found %s",
                     r->reader->name, t->name, S2S__SPECIALS, S2S__MAX_VOCABULARY,
                     s2s__st_shape(t->shape, t->rank, shape));
  r->model->vocabulary[side].size = (size_t)t->shape[0];
  return S2S_OK;
}

static int32_t file_read_header(file_reading *r) {
  S2S__TRY(s2s__st_read_header(r->reader, &r->scratch, &r->header, r->error));
  S2S__TRY(file_check_format(r));
  S2S__TRY(file_read_options(r));
  S2S__TRY(file_read_size(r, S2S_SOURCE));
  S2S__TRY(file_read_size(r, S2S_TARGET));
  r->crc = r->header.crc;
  return S2S_OK;
}

/* ---- header and network must agree ------------------------------------------------------------------------------- */

static int32_t file_expect(const file_reading *r, const s2s__st_tensor *t, const char *dtype, const uint64_t *shape,
                           size_t rank) {
  char wanted[S2S__ST_SHAPE_TEXT], found[S2S__ST_SHAPE_TEXT];
  if (strcmp(t->dtype, dtype) != 0)
    return s2s__fail(r->error, S2S_BAD_FILE, "%s: tensor '%s': expected %s, found %s", r->reader->name, t->name, dtype,
                     t->dtype);
  if (t->rank == rank && memcmp(t->shape, shape, rank * sizeof *shape) == 0) return S2S_OK;
  return s2s__fail(r->error, S2S_BAD_FILE, "%s: tensor '%s': expected shape %s, found %s", r->reader->name, t->name,
                   s2s__st_shape(shape, rank, wanted), s2s__st_shape(t->shape, t->rank, found));
}

/* A parameter by its name, or by that of its scales. */
static s2s__param *file_find(const file_reading *r, const char *name, int *scales) {
  const s2s__params *params = &r->model->network.params;
  for (size_t i = 0; i < params->count; i++) {
    const size_t length = strlen(params->item[i]->name);
    if (strncmp(params->item[i]->name, name, length) != 0) continue;
    *scales = strcmp(name + length, S2S__FILE_SCALE) == 0;
    if (*scales || name[length] == '\0') return params->item[i];
  }
  return NULL;
}

static int file_is_text(const file_reading *r, const char *name, size_t *text) {
  for (*text = 0; *text < S2S__FILE_TEXTS; ++*text)
    if (strcmp(s2s__file_text[*text], name) == 0)
      return r->parameters_only || *text == S2S__FILE_SHORTLIST || s2s__file_has_text(r->model, *text);
  return 0;
}

/* Where the tensor goes. */
static int32_t file_match(const file_reading *r, const s2s__st_tensor *t, file_place *place) {
  int scales = 0;
  place->param = file_find(r, t->name, &scales);
  if (place->param) place->kind = scales ? FILE_SCALES : FILE_VALUES;
  else if (file_is_extra(t->name)) place->kind = FILE_EXTRA;
  else if (file_is_text(r, t->name, &place->text)) place->kind = FILE_TEXT;
  else
    return s2s__fail(r->error, S2S_BAD_FILE, "%s: tensor '%.100s' is not part of this model", r->reader->name, t->name);
  return S2S_OK;
}

static s2s__storage file_storage(const s2s__st_tensor *t) {
  s2s__storage storage = S2S__STORAGE_F32;
  for (size_t i = 0; i < sizeof s2s__file_dtype / sizeof *s2s__file_dtype; i++)
    if (strcmp(t->dtype, s2s__file_dtype[i]) == 0) storage = (s2s__storage)i;
  return storage;
}

/* Type and shape of a parameter's numbers. How a matrix is stored is the file's to say, in a model that does not stand yet. */
static int32_t file_match_values(const file_reading *r, const s2s__st_tensor *t, s2s__param *param) {
  uint64_t shape[2];
  const size_t rank = s2s__file_shape(param, shape);
  const s2s__storage storage = file_storage(t), most = r->parameters_only ? S2S__STORAGE_F16 : S2S__STORAGE_I8;
  const int allowed = !param->is_vector && storage <= most;
  S2S__TRY(file_expect(r, t, s2s__file_dtype[allowed ? storage : S2S__STORAGE_F32], shape, rank));
  if (!r->parameters_only) param->storage = storage;
  return S2S_OK;
}

/* Of the texts and scales. Only what is stored as int8 has scales. */
static int32_t file_match_others(const file_reading *r, const s2s__st_tensor *t, const file_place *place) {
  const uint64_t bytes = t->end - t->begin, rows = place->param ? place->param->rows : 0;
  if (place->kind == FILE_TEXT) return file_expect(r, t, "U8", &bytes, 1);
  if (place->kind != FILE_SCALES) return S2S_OK;
  if (place->param->is_vector || place->param->storage != S2S__STORAGE_I8 || r->parameters_only)
    return s2s__fail(r->error, S2S_BAD_FILE, "%s: tensor '%s' is of no use: '%s' is not I8", r->reader->name, t->name,
                     place->param->name);
  return file_expect(r, t, "F32", &rows, 1);
}

static int32_t file_need_scales(const file_reading *r, const s2s__param *param) {
  const s2s__st_header *h = &r->header;
  if (param->is_vector || param->storage != S2S__STORAGE_I8 || r->parameters_only) return S2S_OK;
  for (size_t i = 0; i < h->tensors; i++)
    if (r->place[i].kind == FILE_SCALES && r->place[i].param == param) return S2S_OK;
  return s2s__fail(r->error, S2S_BAD_FILE, "%s: tensor '%s' is I8, and '%s" S2S__FILE_SCALE "' is missing",
                   r->reader->name, param->name, param->name);
}

static int32_t file_need_all(const file_reading *r) {
  const s2s__params *params = &r->model->network.params;
  for (size_t i = 0; i < params->count; i++)
    if (!s2s__st_find(&r->header, params->item[i]->name)) return file_fail_missing(r, params->item[i]->name);
  for (size_t text = 0; text < S2S__FILE_TEXTS && !r->parameters_only; text++)
    if (s2s__file_has_text(r->model, text) && !s2s__st_find(&r->header, s2s__file_text[text]))
      return file_fail_missing(r, s2s__file_text[text]);
  return S2S_OK;
}

/* Everything that is there is wanted, everything that is wanted is there. */
static int32_t file_match_all(file_reading *r) {
  const s2s__st_header *h = &r->header;
  const s2s__params *params = &r->model->network.params;
  r->place = S2S__TAKE(&r->scratch, file_place, h->tensors);
  if (!r->place) return s2s__fail_memory(r->error, h->tensors * sizeof *r->place, "a file's header");
  for (size_t i = 0; i < h->tensors; i++) {
    S2S__TRY(file_match(r, &h->tensor[i], &r->place[i]));
    if (r->place[i].kind == FILE_VALUES) S2S__TRY(file_match_values(r, &h->tensor[i], r->place[i].param));
  }
  S2S__TRY(file_need_all(r));
  for (size_t i = 0; i < h->tensors; i++) S2S__TRY(file_match_others(r, &h->tensor[i], &r->place[i]));
  for (size_t i = 0; i < params->count; i++) S2S__TRY(file_need_scales(r, params->item[i]));
  return S2S_OK;
}

/* ---- bytes ------------------------------------------------------------------------------------------------------- */

/* The next `size` bytes of the tensors, valid until the next call. Reads ahead, as far as FILE_GROUP. */
static int32_t file_fetch(file_reading *r, uint64_t size, const unsigned char **bytes) {
  const size_t have = r->filled - r->at;
  if (have < size) {
    const uint64_t most = have + r->left, group = most < FILE_GROUP ? most : FILE_GROUP, end = size > group ? size : group;
    if (have > 0) memmove(r->buffer.bytes, r->buffer.bytes + r->at, have);
    r->at = 0, r->filled = have;
    S2S__TRY(s2s__st_buffer_read(&r->buffer, r->reader, have, end - have, r->error));
    if (r->verify) r->crc = s2s__crc32(r->crc, r->buffer.bytes + have, (size_t)(end - have));
    r->left -= end - have;
    r->filled = (size_t)end;
  }
  *bytes = r->buffer.bytes + r->at;
  r->at += (size_t)size;
  return S2S_OK;
}

static void file_decode_floats(const unsigned char *b, size_t count, float *values) {
  for (size_t i = 0; i < count; i++, b += 4) {
    const uint32_t bits = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    memcpy(&values[i], &bits, sizeof bits);
  }
}

static void file_decode_halves(const unsigned char *b, size_t count, float *values) {
  for (size_t i = 0; i < count; i++, b += 2) values[i] = s2s__half_widen((uint16_t)(b[0] | b[1] << 8));
}

/* The next `count` numbers as floats, in the scratch arena. */
static int32_t file_fetch_values(file_reading *r, s2s__storage storage, size_t count, float **values) {
  const unsigned char *bytes;
  const int half = storage == S2S__STORAGE_F16;
  *values = S2S__TAKE(&r->scratch, float, count);
  if (!*values) return s2s__fail_memory(r->error, count * sizeof **values, "a tensor");
  S2S__TRY(file_fetch(r, (uint64_t)count * (half ? 2 : 4), &bytes));
  (half ? file_decode_halves : file_decode_floats)(bytes, count, *values);
  return S2S_OK;
}

/* ---- the data ---------------------------------------------------------------------------------------------------- */

static int32_t file_check_values(const file_reading *r, const s2s__param *param, size_t first, size_t count,
                                 const float *values) {
  s2s__error found = {.status = S2S_OK};
  if (s2s__param_check(param, first, count, values, &found) == S2S_OK) return S2S_OK;
  return s2s__fail(r->error, S2S_BAD_FILE, "%s: tensor %s", r->reader->name, found.text);
}

/* -128 has no opposite: it is not used, so that products of pairs fit where kernels add them up. */
static int32_t file_take_whole(file_reading *r, const s2s__param *param, size_t row, size_t count) {
  const size_t numbers = count * param->cols;
  const unsigned char *bytes, *low;
  S2S__TRY(file_fetch(r, numbers, &bytes));
  low = memchr(bytes, 0x80, numbers);
  if (low)
    return s2s__fail(r->error, S2S_BAD_FILE, "%s: tensor %s: value %zu is -128; int8 goes from -127 to 127",
                     r->reader->name, param->name, row * param->cols + (size_t)(low - bytes));
  s2s__param_put_i8(param, row, count, (const int8_t *)bytes);
  return S2S_OK;
}

static int32_t file_take_piece(file_reading *r, const s2s__st_tensor *t, const s2s__param *param, size_t row,
                               size_t count) {
  const s2s__storage storage = file_storage(t);
  const size_t numbers = count * param->cols;
  float *values;
  if (storage == S2S__STORAGE_I8) return file_take_whole(r, param, row, count);
  S2S__TRY(file_fetch_values(r, storage, numbers, &values));
  S2S__TRY(file_check_values(r, param, row * param->cols, numbers, values));
  return s2s__param_put(param, &r->scratch, row, count, values, r->error);
}

static int32_t file_take_parameter(file_reading *r, const s2s__st_tensor *t, const s2s__param *param) {
  for (size_t row = 0, count; row < param->rows; row += count) {
    const s2s__mark mark = s2s__arena_mark(&r->scratch);
    count = s2s__param_piece(param, row, S2S__FILE_PIECE);
    S2S__TRY(file_take_piece(r, t, param, row, count));
    s2s__arena_rewind(&r->scratch, mark);
  }
  return S2S_OK;
}

static int32_t file_take_scales(file_reading *r, const s2s__param *param) {
  const s2s__mark mark = s2s__arena_mark(&r->scratch);
  float *scales;
  S2S__TRY(file_fetch_values(r, S2S__STORAGE_F32, param->rows, &scales));
  for (size_t i = 0; i < param->rows; i++)
    if (!(scales[i] >= 0 && scales[i] <= FLT_MAX / 127))
      return s2s__fail(r->error, S2S_BAD_FILE, "%s: tensor '%s" S2S__FILE_SCALE "': value %zu is no scale: %g",
                       r->reader->name, param->name, i, (double)scales[i]);
  s2s__param_put_scales(param, scales);
  s2s__arena_rewind(&r->scratch, mark);
  return S2S_OK;
}

static int32_t file_take_vocabulary(file_reading *r, int32_t side, const unsigned char *bytes, size_t size) {
  s2s__vocabulary *vocabulary = &r->model->vocabulary[side];
  const size_t expected = vocabulary->size;
  if (s2s__vocabulary_parse(vocabulary, &r->model->arena, (const char *)bytes, size, r->error) != S2S_OK)
    return s2s__fail_prefix(r->error, "%s: tensor '%s'", r->reader->name, s2s__file_text[side]);
  if (vocabulary->size == expected) return S2S_OK;
  return s2s__fail(r->error, S2S_BAD_FILE, "%s: tensor '%s' has %zu tokens, '%s' has %zu", r->reader->name,
                   s2s__file_text[side], vocabulary->size, s2s__network_embedding_name(&r->model->options, side),
                   expected);
}

static int32_t file_take_shortlist(file_reading *r, const unsigned char *bytes, size_t size) {
  s2s_model *m = r->model;
  const s2s__lexicon *lexicon;
  if (s2s__lexicon_parse(bytes, size, m->vocabulary[S2S_SOURCE].size, m->vocabulary[S2S_TARGET].size, &m->arena, &lexicon,
                         r->error) != S2S_OK)
    return s2s__fail_prefix(r->error, "%s: tensor '%s'", r->reader->name, s2s__file_text[S2S__FILE_SHORTLIST]);
  s2s__model_set_lexicon(m, lexicon);
  return S2S_OK;
}

static int32_t file_take_text(file_reading *r, const s2s__st_tensor *t, size_t text) {
  const int32_t side = s2s__file_text_side(text);
  const size_t size = (size_t)(t->end - t->begin);
  const unsigned char *bytes;
  S2S__TRY(file_fetch(r, t->end - t->begin, &bytes));
  if (r->parameters_only) return S2S_OK;
  if (text == S2S__FILE_SHORTLIST) return file_take_shortlist(r, bytes, size);
  if (text < S2S__FILE_SEGMENTER) return file_take_vocabulary(r, side, bytes, size);
  if (s2s__segmenter_parse(r->model->segmenter[side], bytes, size, r->error) == S2S_OK) return S2S_OK;
  return s2s__fail_prefix(r->error, "%s: tensor '%s'", r->reader->name, t->name);
}

static int32_t file_pass_over(file_reading *r, uint64_t size) {
  const unsigned char *bytes;
  for (uint64_t at = 0; at < size; at += FILE_GROUP)
    S2S__TRY(file_fetch(r, size - at < FILE_GROUP ? size - at : FILE_GROUP, &bytes));
  return S2S_OK;
}

static int32_t file_take(file_reading *r, const s2s__st_tensor *t, const file_place *place) {
  switch (place->kind) {
  case FILE_VALUES:
    return file_take_parameter(r, t, place->param);
  case FILE_SCALES:
    return file_take_scales(r, place->param);
  case FILE_TEXT:
    return file_take_text(r, t, place->text);
  case FILE_EXTRA:
  default:
    return file_pass_over(r, t->end - t->begin);
  }
}

static int32_t file_read_data(file_reading *r) {
  const s2s__st_header *h = &r->header;
  const unsigned char *first;
  r->left = h->data_bytes;
  S2S__TRY(file_fetch(r, h->data_bytes < FILE_GROUP ? h->data_bytes : FILE_GROUP, &first));
  r->at = 0; /* it had to be there; now it is used */
  if (!r->parameters_only && s2s__network_allocate(&r->model->network, r->error) != S2S_OK) return file_blame(r);
  for (size_t i = 0; i < h->tensors; i++) S2S__TRY(file_take(r, &h->tensor[i], &r->place[i]));
  return S2S_OK;
}

static int32_t file_read_end(file_reading *r) {
  const char *stored = s2s__st_metadata(&r->header, S2S__ST_CHECKSUM);
  unsigned char byte;
  char crc[9] = "";
  size_t got;
  S2S__TRY(s2s__reader_some(r->reader, &byte, 1, &got, r->error));
  if (got)
    return s2s__fail(r->error, S2S_BAD_FILE, "%s: more bytes behind the last tensor, at byte %llu", r->reader->name,
                     (unsigned long long)r->reader->position - 1);
  s2s__st_checksum_text(r->crc, crc);
  if (!r->verify || !stored || strcmp(stored, crc) == 0) return S2S_OK;
  return s2s__fail(r->error, S2S_BAD_FILE,
                   "%s: checksum does not match: the file is damaged; load with verify=no to try anyway",
                   r->reader->name);
}

static int32_t file_read(file_reading *r) {
  S2S__TRY(file_read_header(r));
  if (s2s__model_declare(r->model, r->error) != S2S_OK) return file_blame(r);
  S2S__TRY(file_match_all(r));
  S2S__TRY(file_read_data(r));
  return file_read_end(r);
}

/* ---- the parameters of a model that stands already --------------------------------------------------------------- */

static int32_t file_read_parameters(file_reading *r) {
  S2S__TRY(s2s__st_read_header(r->reader, &r->scratch, &r->header, r->error));
  r->crc = r->header.crc;
  S2S__TRY(file_match_all(r));
  S2S__TRY(file_read_data(r));
  return file_read_end(r);
}

/* ---- what stands beside a model ---------------------------------------------------------------------------------- */

/* Each vector that is wanted, in pieces; the rest is passed over. */
static int32_t file_take_vector(file_reading *r, const s2s__st_tensor *t, const s2s__file_vector *vector) {
  if (!vector) return file_pass_over(r, t->end - t->begin);
  if (strcmp(t->dtype, "F32") != 0 || t->rank != 1 || t->shape[0] != vector->count)
    return s2s__fail(r->error, S2S_BAD_FILE, "%s: tensor '%s' is not of %zu numbers F32", r->reader->name, t->name,
                     vector->count);
  for (size_t at = 0; at < vector->count; at += S2S__FILE_PIECE) {
    const s2s__mark mark = s2s__arena_mark(&r->scratch);
    const size_t left = vector->count - at, n = left < S2S__FILE_PIECE ? left : S2S__FILE_PIECE;
    float *values;
    S2S__TRY(file_fetch_values(r, S2S__STORAGE_F32, n, &values));
    for (size_t i = 0; i < n; i++) vector->values[at + i] = (s2s__real)values[i];
    s2s__arena_rewind(&r->scratch, mark);
  }
  return S2S_OK;
}

static int32_t file_read_vectors(file_reading *r, const s2s__file_vector *vector, size_t vectors) {
  S2S__TRY(s2s__st_read_header(r->reader, &r->scratch, &r->header, r->error));
  r->left = r->header.data_bytes;
  for (size_t v = 0; v < vectors; v++)
    if (!s2s__st_find(&r->header, vector[v].name)) return file_fail_missing(r, vector[v].name);
  for (size_t i = 0; i < r->header.tensors; i++) {
    const s2s__file_vector *wanted = NULL;
    for (size_t v = 0; v < vectors; v++)
      if (strcmp(vector[v].name, r->header.tensor[i].name) == 0) wanted = &vector[v];
    S2S__TRY(file_take_vector(r, &r->header.tensor[i], wanted));
  }
  return S2S_OK;
}

/* ---- doing it ---------------------------------------------------------------------------------------------------- */

static void file_open(file_reading *r, const s2s__host *host) {
  s2s__arena_init(&r->scratch, host);
  s2s__st_buffer_init(&r->buffer, host);
}

static int32_t file_close(file_reading *r, int32_t status) {
  s2s__st_buffer_free(&r->buffer);
  s2s__arena_free(&r->scratch);
  return status;
}

int32_t s2s__file_read_vectors(s2s__reader *reader, const s2s__host *host, const s2s__file_vector *vector,
                               size_t vectors, s2s__error *error) {
  file_reading r = {.reader = reader, .error = error};
  file_open(&r, host);
  return file_close(&r, file_read_vectors(&r, vector, vectors));
}

int32_t s2s__model_read(s2s__reader *reader, const s2s_options *options, s2s_model **model, s2s__error *error) {
  file_reading r = {.reader = reader, .error = error, .verify = s2s__option_bool(options, S2S__VERIFY)};
  *model = NULL;
  const s2s__host host = s2s__options_host(options);
  S2S__TRY(s2s__model_new(&host, options, &r.model, error));
  s2s__options_clear(&r.model->options); /* the shape is the file's matter */
  file_open(&r, &r.model->host);
  const int32_t status = file_close(&r, file_read(&r));
  if (status != S2S_OK) return s2s__model_abandon(r.model, status, error);
  *model = r.model;
  return S2S_OK;
}

int32_t s2s__model_read_parameters(s2s__reader *reader, s2s_model *model, s2s__error *error) {
  file_reading r = {.reader = reader, .error = error, .verify = 1, .parameters_only = 1};
  S2S__TRY(s2s__model_clone(model, &model->host, model->kernels, NULL, &r.model, error));
  file_open(&r, &r.model->host);
  int32_t status = file_close(&r, file_read_parameters(&r));
  if (status == S2S_OK) status = s2s__model_copy_values(r.model, model, error);
  s2s__model_release(r.model);
  return status;
}

#undef FILE_GROUP
