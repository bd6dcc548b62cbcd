/* SPDX-License-Identifier: MIT
 *
 * A model's file: safetensors with the options and a checksum in its metadata (docs/format.md).
 *
 *     __metadata__   format, producer, crc32, every option of scope model
 *     data           the parameters, F32, in the order of the network's list; the vocabularies and, of sides that have
 *                    them, the segmenters' pieces, U8, last, so that the numbers stay aligned
 *
 * Reading takes tensors in whatever order they come. The network is built from the options and, for the sizes of the
 * vocabularies, from the embeddings' shapes; each tensor is then packed straight into its place. At the peak there is
 * the model, and beside it the largest tensor and FILE_GROUP bytes.
 */
#include "base/number.h"
#include "model/model.h"

#include <stdio.h>
#include <string.h>

/* Tensors are read in groups of about so many bytes. The first must have arrived before memory is taken for the model:
 * a stream of a few bytes that promises gigabytes gets nothing. */
#define FILE_GROUP ((uint64_t)64 << 10)

enum { FILE_PIECE = 16384 }; /* numbers of a vector that are written at once */

/* What is text: a vocabulary for each side, and pieces where the segmenter has some. */
enum { FILE_SEGMENTER = 2, FILE_TEXTS = 4 }; /* the first segmenter; how many texts there are */
static const char *const file_text[FILE_TEXTS] = {"text.source.vocabulary", "text.target.vocabulary",
                                                  "text.source.segmenter", "text.target.segmenter"};

static int32_t file_text_side(size_t text) { return text % 2 ? S2S_TARGET : S2S_SOURCE; }

static int file_is_extra(const char *name) { return strncmp(name, S2S__EXTRA, sizeof S2S__EXTRA - 1) == 0; }

static int file_has_text(const s2s_model *model, size_t text) {
  return text < FILE_SEGMENTER || !model->segmenter[file_text_side(text)]->splitter;
}

/* ---- reading: the header ----------------------------------------------------------------------------------------- */

typedef struct file_reading {
  s2s__reader *reader;
  s2s__error *error;
  s2s_model *model;
  s2s__arena scratch; /* the header, and what packing needs */
  s2s__st_buffer buffer;
  s2s__st_header header;
  const s2s__param **param; /* [header.tensors] where each goes; NULL: a text */
  int parameters_only;      /* the model stands already: texts are passed over */
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

/* ---- reading: header and network must agree ---------------------------------------------------------------------- */

static size_t file_shape(const s2s__param *param, uint64_t shape[2]) {
  shape[0] = param->is_vector ? param->cols : param->rows;
  shape[1] = param->cols;
  return param->is_vector ? 1 : 2;
}

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

/* Where the tensor goes. */
static int32_t file_match(const file_reading *r, const s2s__st_tensor *t, const s2s__param **param) {
  const s2s__params *params = &r->model->network.params;
  uint64_t shape[2] = {t->end - t->begin, 0};
  *param = NULL;
  for (size_t i = 0; i < params->count; i++)
    if (strcmp(params->item[i]->name, t->name) == 0) *param = params->item[i];
  if (*param) return file_expect(r, t, "F32", shape, file_shape(*param, shape));
  if (file_is_extra(t->name)) return S2S_OK;
  for (size_t text = 0; text < FILE_TEXTS; text++)
    if (strcmp(file_text[text], t->name) == 0 && (r->parameters_only || file_has_text(r->model, text)))
      return file_expect(r, t, "U8", shape, 1);
  return s2s__fail(r->error, S2S_BAD_FILE, "%s: tensor '%.100s' is not part of this model", r->reader->name, t->name);
}

static int32_t file_match_all(file_reading *r) {
  const s2s__params *params = &r->model->network.params;
  const s2s__st_header *h = &r->header;
  r->param = S2S__TAKE(&r->scratch, const s2s__param *, h->tensors);
  if (!r->param) return s2s__fail_memory(r->error, h->tensors * sizeof *r->param, "a file's header");
  for (size_t i = 0; i < h->tensors; i++) S2S__TRY(file_match(r, &h->tensor[i], &r->param[i]));
  for (size_t i = 0; i < params->count; i++)
    if (!s2s__st_find(h, params->item[i]->name)) return file_fail_missing(r, params->item[i]->name);
  for (size_t text = 0; text < FILE_TEXTS && !r->parameters_only; text++)
    if (file_has_text(r->model, text) && !s2s__st_find(h, file_text[text])) return file_fail_missing(r, file_text[text]);
  return S2S_OK;
}

/* ---- reading: the data ------------------------------------------------------------------------------------------- */

/* Little-endian floats, in place. They may not be aligned, in a file that was saved by something else; they then move
 * down to the border below: what is there has been used already. */
static const float *file_decode(unsigned char *bytes, size_t count) {
  unsigned char *out = bytes - (uintptr_t)bytes % sizeof(float);
  for (size_t i = 0; i < count; i++) {
    const unsigned char *b = bytes + 4 * i;
    const uint32_t bits = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    float value;
    memcpy(&value, &bits, sizeof value);
    memcpy(out + 4 * i, &value, sizeof value);
  }
  return (const float *)(void *)out;
}

static int32_t file_take_parameter(file_reading *r, const s2s__param *param, const float *values) {
  s2s__error found = {.status = S2S_OK};
  if (s2s__param_check(param, values, &found) != S2S_OK)
    return s2s__fail(r->error, S2S_BAD_FILE, "%s: tensor %s", r->reader->name, found.text);
  return s2s__param_write(param, &r->scratch, values, r->error);
}

static int32_t file_take_vocabulary(file_reading *r, int32_t side, const unsigned char *bytes, size_t size) {
  s2s__vocabulary *vocabulary = &r->model->vocabulary[side];
  const size_t expected = vocabulary->size;
  if (s2s__vocabulary_parse(vocabulary, &r->model->arena, (const char *)bytes, size, r->error) != S2S_OK)
    return s2s__fail_prefix(r->error, "%s: tensor '%s'", r->reader->name, file_text[side]);
  if (vocabulary->size == expected) return S2S_OK;
  return s2s__fail(r->error, S2S_BAD_FILE, "%s: tensor '%s' has %zu tokens, '%s' has %zu", r->reader->name,
                   file_text[side], vocabulary->size,
                   s2s__network_embedding_name(&r->model->options, side), expected);
}

static int32_t file_take(file_reading *r, size_t index, unsigned char *bytes) {
  const s2s__st_tensor *t = &r->header.tensor[index];
  const s2s__param *param = r->param[index];
  if (param) return file_take_parameter(r, param, file_decode(bytes, s2s__param_size(param)));
  if (r->parameters_only || file_is_extra(t->name)) return S2S_OK;
  size_t text = 0;
  while (strcmp(t->name, file_text[text]) != 0) text++;
  const int32_t side = file_text_side(text);
  if (text < FILE_SEGMENTER) return file_take_vocabulary(r, side, bytes, (size_t)(t->end - t->begin));
  if (s2s__segmenter_parse(r->model->segmenter[side], bytes, (size_t)(t->end - t->begin), r->error) == S2S_OK)
    return S2S_OK;
  return s2s__fail_prefix(r->error, "%s: tensor '%s'", r->reader->name, t->name);
}

/* One past the last tensor of the group that begins with tensor `from`. */
static size_t file_group_end(const s2s__st_header *h, size_t from) {
  size_t to = from + 1;
  while (to < h->tensors && h->tensor[to - 1].end - h->tensor[from].begin < FILE_GROUP) to++;
  return to;
}

/* Where the header has been held against a known size, the buffer gets its final size at once. */
static int32_t file_reserve(file_reading *r) {
  const s2s__st_header *h = &r->header;
  uint64_t most = 0;
  for (size_t from = 0, to; from < h->tensors && r->reader->size != UINT64_MAX; from = to) {
    to = file_group_end(h, from);
    const uint64_t bytes = h->tensor[to - 1].end - h->tensor[from].begin;
    if (bytes > most) most = bytes;
  }
  if (most > SIZE_MAX) return s2s__fail_memory(r->error, SIZE_MAX, "a tensor");
  return s2s__grow(&r->buffer.host, &r->buffer.bytes, &r->buffer.capacity, (size_t)most, 1, r->error);
}

static int32_t file_read_data(file_reading *r) {
  const s2s__st_header *h = &r->header;
  S2S__TRY(file_reserve(r));
  for (size_t from = 0, to; from < h->tensors; from = to) {
    to = file_group_end(h, from);
    const uint64_t begin = h->tensor[from].begin, bytes = h->tensor[to - 1].end - begin;
    S2S__TRY(s2s__st_buffer_read(&r->buffer, r->reader, bytes, r->error));
    if (r->verify) r->crc = s2s__crc32(r->crc, r->buffer.bytes, (size_t)bytes);
    if (from == 0 && !r->parameters_only) S2S__TRY(s2s__params_allocate(&r->model->network.params, r->error));
    for (size_t i = from; i < to; i++) S2S__TRY(file_take(r, i, r->buffer.bytes + (h->tensor[i].begin - begin)));
  }
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

int32_t s2s__model_read(s2s__reader *reader, const s2s_options *options, s2s_model **model, s2s__error *error) {
  file_reading r = {.reader = reader, .error = error, .verify = s2s__option_bool(options, S2S__VERIFY)};
  *model = NULL;
  const s2s__host host = s2s__options_host(options);
  S2S__TRY(s2s__model_new(&host, options, &r.model, error));
  s2s__options_clear(&r.model->options); /* the shape is the file's matter */
  s2s__arena_init(&r.scratch, &r.model->host);
  s2s__st_buffer_init(&r.buffer, &r.model->host);
  const int32_t status = file_read(&r);
  s2s__st_buffer_free(&r.buffer);
  s2s__arena_free(&r.scratch);
  if (status != S2S_OK) return s2s__model_abandon(r.model, status, error);
  *model = r.model;
  return S2S_OK;
}

/* ---- reading: the parameters of a model that stands already ------------------------------------------------------ */

static int32_t file_read_parameters(file_reading *r) {
  S2S__TRY(s2s__st_read_header(r->reader, &r->scratch, &r->header, r->error));
  r->crc = r->header.crc;
  S2S__TRY(file_match_all(r));
  S2S__TRY(file_read_data(r));
  return file_read_end(r);
}

int32_t s2s__model_read_parameters(s2s__reader *reader, s2s_model *model, s2s__error *error) {
  file_reading r = {.reader = reader, .error = error, .verify = 1, .parameters_only = 1};
  S2S__TRY(s2s__model_clone(model, &model->host, model->kernels, NULL, &r.model, error));
  s2s__arena_init(&r.scratch, &r.model->host);
  s2s__st_buffer_init(&r.buffer, &r.model->host);
  int32_t status = file_read_parameters(&r);
  s2s__st_buffer_free(&r.buffer);
  s2s__arena_free(&r.scratch);
  if (status == S2S_OK) status = s2s__model_copy_values(r.model, model, error);
  s2s__model_release(r.model);
  return status;
}

/* ---- reading: what stands beside a model ------------------------------------------------------------------------- */

static int32_t file_take_vector(s2s__reader *reader, s2s__st_buffer *buffer, const s2s__st_tensor *t,
                                const s2s__file_vector *vector, s2s__error *error) {
  const uint64_t bytes = t->end - t->begin;
  S2S__TRY(s2s__st_buffer_read(buffer, reader, bytes, error));
  if (!vector) return S2S_OK;
  if (strcmp(t->dtype, "F32") != 0 || t->rank != 1 || t->shape[0] != vector->count)
    return s2s__fail(error, S2S_BAD_FILE, "%s: tensor '%s' is not of %zu numbers F32", reader->name, t->name,
                     vector->count);
  const float *values = file_decode(buffer->bytes, vector->count);
  for (size_t i = 0; i < vector->count; i++) vector->values[i] = (s2s__real)values[i];
  return S2S_OK;
}

static int32_t file_read_vectors(s2s__reader *reader, s2s__arena *arena, s2s__st_buffer *buffer,
                                 const s2s__file_vector *vector, size_t vectors, s2s__error *error) {
  s2s__st_header header;
  S2S__TRY(s2s__st_read_header(reader, arena, &header, error));
  for (size_t v = 0; v < vectors; v++)
    if (!s2s__st_find(&header, vector[v].name))
      return s2s__fail(error, S2S_BAD_FILE, "%s: tensor '%s' is missing", reader->name, vector[v].name);
  for (size_t i = 0; i < header.tensors; i++) {
    const s2s__file_vector *wanted = NULL;
    for (size_t v = 0; v < vectors; v++)
      if (strcmp(vector[v].name, header.tensor[i].name) == 0) wanted = &vector[v];
    S2S__TRY(file_take_vector(reader, buffer, &header.tensor[i], wanted, error));
  }
  return S2S_OK;
}

int32_t s2s__file_read_vectors(s2s__reader *reader, const s2s__host *host, const s2s__file_vector *vector,
                               size_t vectors, s2s__error *error) {
  s2s__arena arena;
  s2s__st_buffer buffer;
  s2s__arena_init(&arena, host);
  s2s__st_buffer_init(&buffer, host);
  const int32_t status = file_read_vectors(reader, &arena, &buffer, vector, vectors, error);
  s2s__st_buffer_free(&buffer);
  s2s__arena_free(&arena);
  return status;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

typedef struct file_writing {
  const s2s_model *model;
  const s2s__file_extras *extras;
  s2s__error *error;
  s2s__arena scratch;
  void *block; /* holds any one tensor of the model, and FILE_PIECE numbers */
  s2s__st_draft draft;
  s2s__writer writer;
  uint32_t crc;
} file_writing;

static int32_t file_draft_metadata(file_writing *w) {
  char text[48];
  snprintf(text, sizeof text, "%d", S2S__FILE_FORMAT);
  S2S__TRY(s2s__st_draft_metadata(&w->draft, "format", text, w->error));
  snprintf(text, sizeof text, "libseq2seq %d.%d.%d", S2S_VERSION_MAJOR, S2S_VERSION_MINOR, S2S_VERSION_PATCH);
  S2S__TRY(s2s__st_draft_metadata(&w->draft, "producer", text, w->error));
  S2S__TRY(s2s__st_draft_checksum(&w->draft, w->error));
  for (size_t i = 0; i < S2S__OPTION_COUNT; i++) {
    if (s2s__option_table[i].scope != S2S_SCOPE_MODEL) continue;
    const char *value = s2s__option_text(&w->model->options, (s2s__option_id)i);
    S2S__TRY(s2s__st_draft_metadata(&w->draft, s2s__option_table[i].key, value, w->error));
  }
  for (size_t i = 0; i < w->extras->entries; i++)
    S2S__TRY(s2s__st_draft_metadata(&w->draft, w->extras->metadata[i].key, w->extras->metadata[i].value, w->error));
  return S2S_OK;
}

static size_t file_text_bytes(const s2s_model *model, size_t text) {
  const int32_t side = file_text_side(text);
  return text < FILE_SEGMENTER ? s2s__vocabulary_bytes(&model->vocabulary[side]) : model->segmenter[side]->pieces->size;
}

static void file_write_text(const s2s_model *model, size_t text, void *out) {
  const int32_t side = file_text_side(text);
  if (text < FILE_SEGMENTER) s2s__vocabulary_write(&model->vocabulary[side], out);
  else memcpy(out, model->segmenter[side]->pieces->bytes, model->segmenter[side]->pieces->size);
}

/* The header, and room for the largest tensor. */
static int32_t file_draft(file_writing *w) {
  const s2s__params *params = &w->model->network.params;
  uint64_t shape[2], most = FILE_PIECE * sizeof(float);
  S2S__TRY(file_draft_metadata(w));
  for (size_t i = 0; i < params->count; i++) {
    const size_t rank = file_shape(params->item[i], shape), bytes = s2s__param_size(params->item[i]) * sizeof(float);
    if (bytes > most) most = bytes;
    S2S__TRY(s2s__st_draft_tensor(&w->draft, params->item[i]->name, "F32", shape, rank, w->error));
  }
  for (size_t i = 0; i < w->extras->vectors; i++) {
    shape[0] = w->extras->vector[i].count;
    S2S__TRY(s2s__st_draft_tensor(&w->draft, w->extras->vector[i].name, "F32", shape, 1, w->error));
  }
  for (size_t text = 0; text < FILE_TEXTS; text++) {
    if (!file_has_text(w->model, text)) continue;
    shape[0] = file_text_bytes(w->model, text);
    if (shape[0] > most) most = shape[0];
    S2S__TRY(s2s__st_draft_tensor(&w->draft, file_text[text], "U8", shape, 1, w->error));
  }
  S2S__TRY(s2s__st_draft_finish(&w->draft, &w->crc, w->error));
  w->block = s2s__arena_take(&w->scratch, (size_t)most);
  return w->block ? S2S_OK : s2s__fail_memory(w->error, (size_t)most, "a tensor");
}

static int32_t file_sum(file_writing *w, size_t size) {
  w->crc = s2s__crc32(w->crc, w->block, size);
  return S2S_OK;
}

static int32_t file_put(file_writing *w, size_t size) {
  return s2s__writer_write(&w->writer, w->block, size, w->error);
}

/* Floats become little-endian bytes, in place. */
static void file_encode(void *block, size_t count) {
  unsigned char *bytes = block;
  for (size_t i = 0; i < count; i++, bytes += 4) {
    uint32_t bits;
    memcpy(&bits, bytes, sizeof bits);
    for (size_t b = 0; b < 4; b++) bytes[b] = (unsigned char)(bits >> 8 * b);
  }
}

static int32_t file_each_piece(file_writing *w, const s2s__file_vector *vector,
                               int32_t (*next)(file_writing *w, size_t size)) {
  float *block = w->block;
  for (size_t at = 0; at < vector->count; at += FILE_PIECE) {
    const size_t left = vector->count - at, n = left < FILE_PIECE ? left : FILE_PIECE;
    for (size_t i = 0; i < n; i++) block[i] = (float)vector->values[at + i];
    file_encode(block, n);
    S2S__TRY(next(w, n * sizeof(float)));
  }
  return S2S_OK;
}

/* Every tensor into the block, in the order of the file, and on to `next`. */
static int32_t file_each(file_writing *w, int32_t (*next)(file_writing *w, size_t size)) {
  const s2s__params *params = &w->model->network.params;
  for (size_t i = 0; i < params->count; i++) {
    const size_t size = s2s__param_size(params->item[i]);
    S2S__TRY(s2s__param_read(params->item[i], &w->scratch, w->block, w->error));
    file_encode(w->block, size);
    S2S__TRY(next(w, size * sizeof(float)));
  }
  for (size_t i = 0; i < w->extras->vectors; i++) S2S__TRY(file_each_piece(w, &w->extras->vector[i], next));
  for (size_t text = 0; text < FILE_TEXTS; text++) {
    if (!file_has_text(w->model, text)) continue;
    file_write_text(w->model, text, w->block);
    S2S__TRY(next(w, file_text_bytes(w->model, text)));
  }
  return S2S_OK;
}

/* The checksum stands before what it covers, so the tensors are gone through twice. */
static int32_t file_write(file_writing *w, const char *path) {
  S2S__TRY(file_draft(w));
  S2S__TRY(s2s__writer_open(&w->writer, &w->model->host, path, w->error));
  S2S__TRY(file_each(w, file_sum));
  S2S__TRY(s2s__st_draft_write(&w->draft, w->crc, &w->writer, w->error));
  S2S__TRY(file_each(w, file_put));
  return s2s__writer_commit(&w->writer, w->error);
}

int32_t s2s__model_write(const s2s_model *model, const s2s__file_extras *extras, const char *path, s2s__error *error) {
  static const s2s__file_extras none = {NULL, 0, NULL, 0};
  file_writing w = {.model = model, .extras = extras ? extras : &none, .error = error};
  s2s__arena_init(&w.scratch, &model->host);
  s2s__st_draft_init(&w.draft, &model->host);
  const int32_t status = file_write(&w, path);
  s2s__writer_discard(&w.writer);
  s2s__st_draft_free(&w.draft);
  s2s__arena_free(&w.scratch);
  return s2s__name_limit(&model->host, error, status);
}

#undef FILE_GROUP
