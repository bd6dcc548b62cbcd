/* SPDX-License-Identifier: MIT
 *
 * Writing a model's file. The tensors are gone through twice, in pieces, since the checksum stands before what it covers.
 */
#include "model/file.h"

#include "tensor/half.h"

#include <stdio.h>
#include <string.h>

/* A parameter's numbers, or the scales of its rows. */
typedef struct file_item {
  const s2s__param *param;
  int scales;
} file_item;

typedef struct file_writing {
  const s2s_model *model;
  const s2s__file_extras *extras;
  s2s__error *error;
  s2s__arena scratch;
  file_item *item; /* in the order of the file; `items` of them, the first `floats` in F32 */
  size_t items, floats;
  void *block; /* holds a piece, any row, any text */
  s2s__st_draft draft;
  s2s__writer writer;
  uint32_t crc;
} file_writing;

/* What goes on: to the checksum, or to the file. */
typedef int32_t (*file_next)(file_writing *w, size_t size);

/* ---- the header -------------------------------------------------------------------------------------------------- */

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
  const int32_t side = s2s__file_text_side(text);
  if (text == S2S__FILE_SHORTLIST) return s2s__lexicon_bytes(model->lexicon);
  return text < S2S__FILE_SEGMENTER ? s2s__vocabulary_bytes(&model->vocabulary[side]) : model->segmenter[side]->pieces->size;
}

static void file_write_text(const s2s_model *model, size_t text, void *out) {
  const int32_t side = s2s__file_text_side(text);
  if (text == S2S__FILE_SHORTLIST)
    s2s__lexicon_write(model->lexicon, out);
  else if (text < S2S__FILE_SEGMENTER)
    s2s__vocabulary_write(&model->vocabulary[side], out);
  else
    memcpy(out, model->segmenter[side]->pieces->bytes, model->segmenter[side]->pieces->size);
}

static s2s__storage file_stored(const s2s__param *param) { return param->is_vector ? S2S__STORAGE_F32 : param->storage; }

/* What there is of parameters, one type after another. */
static int32_t file_list(file_writing *w) {
  const s2s__params *params = &w->model->network.params;
  w->item = S2S__TAKE(&w->scratch, file_item, 2 * params->count);
  if (!w->item) return s2s__fail_memory(w->error, 2 * params->count * sizeof *w->item, "a file's header");
  for (size_t storage = 0; storage < sizeof s2s__file_dtype / sizeof *s2s__file_dtype; storage++) {
    for (size_t i = 0; i < params->count; i++) {
      const s2s__param *param = params->item[i];
      if (file_stored(param) == storage) w->item[w->items++] = (file_item){param, 0};
      if (storage == S2S__STORAGE_F32 && file_stored(param) == S2S__STORAGE_I8)
        w->item[w->items++] = (file_item){param, 1};
    }
    if (storage == S2S__STORAGE_F32) w->floats = w->items;
  }
  return S2S_OK;
}

static int32_t file_draft_item(file_writing *w, const file_item *item) {
  const s2s__param *param = item->param;
  const size_t length = strlen(param->name);
  uint64_t shape[2];
  const size_t rank = s2s__file_shape(param, shape);
  if (!item->scales)
    return s2s__st_draft_tensor(&w->draft, param->name, s2s__file_dtype[file_stored(param)], shape, rank, w->error);
  char *name = s2s__arena_take(&w->scratch, length + sizeof S2S__FILE_SCALE);
  if (!name) return s2s__fail_memory(w->error, length, "a tensor's name");
  memcpy(name, param->name, length);
  memcpy(name + length, S2S__FILE_SCALE, sizeof S2S__FILE_SCALE);
  return s2s__st_draft_tensor(&w->draft, name, "F32", shape, 1, w->error);
}

static int32_t file_draft_extras(file_writing *w) {
  for (size_t i = 0; i < w->extras->vectors; i++) {
    const uint64_t count = w->extras->vector[i].count;
    S2S__TRY(s2s__st_draft_tensor(&w->draft, w->extras->vector[i].name, "F32", &count, 1, w->error));
  }
  return S2S_OK;
}

static int32_t file_draft_texts(file_writing *w) {
  for (size_t text = 0; text < S2S__FILE_TEXTS; text++) {
    if (!s2s__file_has_text(w->model, text)) continue;
    const uint64_t bytes = file_text_bytes(w->model, text);
    S2S__TRY(s2s__st_draft_tensor(&w->draft, s2s__file_text[text], "U8", &bytes, 1, w->error));
  }
  return S2S_OK;
}

static int32_t file_draft(file_writing *w) {
  S2S__TRY(file_draft_metadata(w));
  S2S__TRY(file_list(w));
  for (size_t i = 0; i < w->floats; i++) S2S__TRY(file_draft_item(w, &w->item[i]));
  S2S__TRY(file_draft_extras(w));
  for (size_t i = w->floats; i < w->items; i++) S2S__TRY(file_draft_item(w, &w->item[i]));
  S2S__TRY(file_draft_texts(w));
  return s2s__st_draft_finish(&w->draft, &w->crc, w->error);
}

/* Room for whatever is written at once. */
static int32_t file_take_block(file_writing *w) {
  size_t most = S2S__FILE_PIECE * sizeof(float);
  for (size_t i = 0; i < w->items; i++) {
    const s2s__param *param = w->item[i].param;
    const size_t numbers = param->is_vector || param->rows > param->cols ? param->rows : param->cols;
    if (numbers * sizeof(float) > most) most = numbers * sizeof(float);
  }
  for (size_t text = 0; text < S2S__FILE_TEXTS; text++)
    if (s2s__file_has_text(w->model, text) && file_text_bytes(w->model, text) > most)
      most = file_text_bytes(w->model, text);
  w->block = s2s__arena_take(&w->scratch, most);
  return w->block ? S2S_OK : s2s__fail_memory(w->error, most, "a tensor");
}

/* ---- the data ---------------------------------------------------------------------------------------------------- */

static int32_t file_sum(file_writing *w, size_t size) {
  w->crc = s2s__crc32(w->crc, w->block, size);
  return S2S_OK;
}

static int32_t file_put(file_writing *w, size_t size) {
  return s2s__writer_write(&w->writer, w->block, size, w->error);
}

/* Floats become little-endian bytes, or halves, in place. Returns the bytes. */
static size_t file_encode(void *block, size_t count, int halves) {
  const size_t width = halves ? 2 : 4;
  unsigned char *out = block;
  for (size_t i = 0; i < count; i++) {
    float value;
    uint32_t bits;
    memcpy(&value, (const char *)block + i * sizeof value, sizeof value);
    if (halves) bits = s2s__half_narrow(value);
    else memcpy(&bits, &value, sizeof bits);
    for (size_t b = 0; b < width; b++) *out++ = (unsigned char)(bits >> 8 * b);
  }
  return count * width;
}

static int32_t file_each_vector(file_writing *w, const s2s__real *values, size_t count, file_next next) {
  float *block = w->block;
  for (size_t at = 0; at < count; at += S2S__FILE_PIECE) {
    const size_t left = count - at, n = left < S2S__FILE_PIECE ? left : S2S__FILE_PIECE;
    for (size_t i = 0; i < n; i++) block[i] = (float)values[at + i];
    S2S__TRY(next(w, file_encode(block, n, 0)));
  }
  return S2S_OK;
}

static int32_t file_each_rows(file_writing *w, const s2s__param *param, size_t row, size_t count, file_next next) {
  const size_t numbers = count * param->cols;
  if (param->storage == S2S__STORAGE_I8) {
    s2s__param_get_i8(param, row, count, w->block);
    return next(w, numbers);
  }
  S2S__TRY(s2s__param_get(param, &w->scratch, row, count, w->block, w->error));
  return next(w, file_encode(w->block, numbers, param->storage == S2S__STORAGE_F16));
}

static int32_t file_each_matrix(file_writing *w, const s2s__param *param, file_next next) {
  const size_t fits = S2S__FILE_PIECE / (param->cols ? param->cols : 1), most = fits > 0 ? fits : 1;
  for (size_t row = 0, count; row < param->rows; row += count) {
    const size_t left = param->rows - row;
    count = left < most ? left : most;
    S2S__TRY(file_each_rows(w, param, row, count, next));
  }
  return S2S_OK;
}

static int32_t file_each_item(file_writing *w, const file_item *item, file_next next) {
  const s2s__param *param = item->param;
  if (param->is_vector) return file_each_vector(w, param->value, param->cols, next);
  if (!item->scales) return file_each_matrix(w, param, next);
  s2s__param_get_scales(param, w->block);
  return next(w, file_encode(w->block, param->rows, 0));
}

/* All tensors in the order of the file, on to `next`. */
static int32_t file_each(file_writing *w, file_next next) {
  for (size_t i = 0; i < w->floats; i++) S2S__TRY(file_each_item(w, &w->item[i], next));
  for (size_t i = 0; i < w->extras->vectors; i++)
    S2S__TRY(file_each_vector(w, w->extras->vector[i].values, w->extras->vector[i].count, next));
  for (size_t i = w->floats; i < w->items; i++) S2S__TRY(file_each_item(w, &w->item[i], next));
  for (size_t text = 0; text < S2S__FILE_TEXTS; text++) {
    if (!s2s__file_has_text(w->model, text)) continue;
    file_write_text(w->model, text, w->block);
    S2S__TRY(next(w, file_text_bytes(w->model, text)));
  }
  return S2S_OK;
}

static int32_t file_write(file_writing *w, const char *path) {
  S2S__TRY(file_draft(w));
  S2S__TRY(file_take_block(w));
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
