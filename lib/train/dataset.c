/* SPDX-License-Identifier: MIT
 *
 * Tokenising a corpus once, and cutting it into batches of similar length.
 */
#include "train/dataset.h"

#include "base/random.h"
#include "base/sort.h"

#include <string.h>

/* ---- dataset ----------------------------------------------------------------------------------------------------- */

typedef struct dataset_source {
  const s2s_model *model;
  const s2s_corpus *corpus;
  size_t max_length;
  const s2s__sampling *sampling; /* or NULL */
  s2s__tokens scratch;
} dataset_source;

/* What can be copied of the source that was just cut; then for targets, the ids from `first` on with what is copied in them.
 */
static int32_t dataset_copy(s2s__dataset *d, const dataset_source *from, int32_t side, size_t first,
                            s2s__error *error) {
  if (side == S2S_SOURCE) return s2s__copier_add(&d->copier, from->model, &from->scratch, error);
  for (size_t i = 0; i < from->scratch.count; i++) {
    const s2s__token *token = &from->scratch.item[i];
    d->ids[side].item[first + i] = s2s__copier_find(&d->copier, from->model, token->text, token->length);
  }
  return S2S_OK;
}

/* Appends the ids of a pair behind those of d->count pairs, in place of what stands there; says whether it is too long.
 */
static int32_t dataset_tokenize(s2s__dataset *d, dataset_source *from, size_t number, const s2s__sampling *sampling,
                                int *too_long, s2s__error *error) {
  const s2s__pair *pair = &from->corpus->pair[number];
  *too_long = 0;
  s2s__copier_truncate(&d->copier, d->count);
  for (int32_t side = 0; side < 2; side++) {
    s2s__sampling own = {0, 0, 0};
    if (sampling) own = *sampling;
    own.key = s2s__key(own.key, 2 * number + (size_t)side);
    d->ids[side].count = d->begin[side][d->count];
    S2S__TRY(s2s__model_tokenize(from->model, side, pair->text[side], pair->length[side], sampling ? &own : NULL,
                                 &from->scratch, &d->ids[side], error));
    if (d->copies) S2S__TRY(dataset_copy(d, from, side, d->begin[side][d->count], error));
    d->begin[side][d->count + 1] = d->ids[side].count;
    *too_long |= from->max_length && s2s__dataset_length(d, side, d->count) > from->max_length;
  }
  return S2S_OK;
}

static int32_t dataset_add(s2s__dataset *d, dataset_source *from, size_t number, s2s__error *error) {
  int too_long, sampled_too_long = 0;
  S2S__TRY(dataset_tokenize(d, from, number, NULL, &too_long, error));
  if (too_long) {
    d->skipped++;
    for (int32_t side = 0; side < 2; side++) d->ids[side].count = d->begin[side][d->count];
    return S2S_OK;
  }
  if (from->sampling) S2S__TRY(dataset_tokenize(d, from, number, from->sampling, &sampled_too_long, error));
  if (sampled_too_long) S2S__TRY(dataset_tokenize(d, from, number, NULL, &too_long, error));
  d->count++;
  return S2S_OK;
}

int32_t s2s__dataset_init(s2s__dataset *dataset, const s2s__host *host, const s2s_model *model,
                          const s2s_corpus *corpus, size_t pairs, size_t max_length, const s2s__sampling *sampling,
                          s2s__error *error) {
  s2s__dataset *d = dataset;
  memset(d, 0, sizeof *d);
  d->capacity = pairs + 1;
  s2s__copier_init(&d->copier, host);
  if (model->network.config.copy) d->copies = model;
  for (int side = 0; side < 2; side++) {
    s2s__ids_init(&d->ids[side], host);
    d->begin[side] = s2s__allocate_zeroed(host, d->capacity * sizeof *d->begin[side]);
    if (!d->begin[side]) return s2s__fail_memory(error, d->capacity * sizeof *d->begin[side], "a dataset");
  }
  dataset_source from = {.model = model, .corpus = corpus, .max_length = max_length, .sampling = sampling};
  s2s__tokens_init(&from.scratch, host);
  int32_t status = S2S_OK;
  for (size_t i = 0; i < pairs && status == S2S_OK; i++) status = dataset_add(d, &from, i, error);
  s2s__tokens_free(&from.scratch);
  return status;
}

void s2s__dataset_free(s2s__dataset *dataset) {
  for (int side = 0; side < 2; side++) {
    s2s__free(&dataset->ids[side].host, dataset->begin[side], dataset->capacity * sizeof *dataset->begin[side]);
    if (dataset->ids[side].item) s2s__ids_free(&dataset->ids[side]);
    dataset->begin[side] = NULL;
  }
  s2s__copier_free(&dataset->copier);
}

/* ---- examples ---------------------------------------------------------------------------------------------------- */

typedef struct dataset_shape {
  size_t count, rows[2];
  size_t *length[2];
  uint64_t *stream;
} dataset_shape;

static int32_t dataset_measure(const s2s__dataset *d, const uint32_t *pair, size_t count, size_t first, size_t step,
                               s2s__arena *arena, dataset_shape *shape, s2s__error *error) {
  const size_t most = count / step + 1;
  memset(shape, 0, sizeof *shape);
  shape->length[0] = S2S__TAKE(arena, size_t, most);
  shape->length[1] = S2S__TAKE(arena, size_t, most);
  shape->stream = S2S__TAKE(arena, uint64_t, most);
  if (!shape->length[0] || !shape->length[1] || !shape->stream)
    return s2s__fail_memory(error, 3 * most * sizeof(size_t), "a batch");
  for (size_t i = first; i < count; i += step, shape->count++) {
    shape->stream[shape->count] = i;
    shape->length[0][shape->count] = s2s__dataset_length(d, S2S_SOURCE, pair[i]);
    shape->length[1][shape->count] = s2s__dataset_length(d, S2S_TARGET, pair[i]) + 1; /* the end mark */
    for (int side = 0; side < 2; side++) shape->rows[side] += shape->length[side][shape->count];
  }
  return S2S_OK;
}

static int32_t dataset_rows(const dataset_shape *shape, s2s__arena *arena, s2s__example *example, s2s__error *error) {
  S2S__TRY(s2s__rows_init(&example->source_rows, arena, shape->length[0], shape->count, error));
  S2S__TRY(s2s__rows_init(&example->target_rows, arena, shape->length[1], shape->count, error));
  example->source_rows.stream = example->target_rows.stream = shape->stream;
  return S2S_OK;
}

/* What the examples' sources can copy; the decoder reads its own words as unknown ones. */
static int32_t dataset_example_copies(const s2s__dataset *d, const uint32_t *pair, size_t count, size_t first,
                                      size_t step, s2s__arena *arena, s2s__example *example, int32_t *input,
                                      s2s__error *error) {
  const size_t n = example->source_rows.count;
  size_t *sentence = S2S__TAKE(arena, size_t, n);
  if (!sentence) return s2s__fail_memory(error, n * sizeof *sentence, "a batch");
  for (size_t i = first, s = 0; i < count; i += step) sentence[s++] = pair[i];
  const s2s__copier_part part = {&d->copier, sentence, n};
  S2S__TRY(s2s__copier_copies(part, d->copies, arena, &example->copies, error));
  for (size_t t = 0; t < example->target_rows.total; t++)
    if ((size_t)input[t] >= example->copies.vocabulary) input[t] = S2S__UNK;
  return S2S_OK;
}

int32_t s2s__dataset_example(const s2s__dataset *dataset, const uint32_t *pair, size_t count, size_t first, size_t step,
                             s2s__arena *arena, s2s__example *example, s2s__error *error) {
  dataset_shape shape;
  S2S__TRY(dataset_measure(dataset, pair, count, first, step, arena, &shape, error));
  S2S__TRY(dataset_rows(&shape, arena, example, error));
  int32_t *source = S2S__TAKE(arena, int32_t, shape.rows[0] + 1);
  int32_t *input = S2S__TAKE(arena, int32_t, shape.rows[1] + 1),
          *expected = S2S__TAKE(arena, int32_t, shape.rows[1] + 1);
  if (!source || !input || !expected) return s2s__fail_memory(error, shape.rows[1] * sizeof *input, "a batch");
  size_t s = 0, t = 0;
  for (size_t i = first; i < count; i += step) {
    const size_t n = s2s__dataset_length(dataset, S2S_SOURCE, pair[i]),
                 m = s2s__dataset_length(dataset, S2S_TARGET, pair[i]);
    const int32_t *target = s2s__dataset_ids(dataset, S2S_TARGET, pair[i]);
    memcpy(source + s, s2s__dataset_ids(dataset, S2S_SOURCE, pair[i]), n * sizeof *source);
    input[t] = S2S__BOS;
    memcpy(input + t + 1, target, m * sizeof *input);
    memcpy(expected + t, target, m * sizeof *expected);
    expected[t + m] = S2S__EOS;
    s += n;
    t += m + 1;
  }
  example->source = source;
  example->input = input;
  example->expected = expected;
  if (!dataset->copies) return S2S_OK;
  return dataset_example_copies(dataset, pair, count, first, step, arena, example, input, error);
}

/* ---- epochs ------------------------------------------------------------------------------------------------------ */

enum { EPOCH_POOL = 100 }; /* batches sorted together */

int32_t s2s__epoch_init(s2s__epoch *epoch, const s2s__host *host, size_t count, size_t most_sentences,
                        size_t most_tokens, s2s__error *error) {
  memset(epoch, 0, sizeof *epoch);
  epoch->host = *host;
  if (count > UINT32_MAX) return s2s__fail(error, S2S_LIMIT, "a corpus of %zu pairs: at most %u", count, UINT32_MAX);
  epoch->count = count;
  epoch->most_sentences = most_sentences;
  epoch->most_tokens = most_tokens;
  epoch->pair = s2s__allocate_zeroed(host, 2 * count * sizeof *epoch->pair); /* the second half is the sort's scratch */
  epoch->batch = s2s__allocate_zeroed(host, count * sizeof *epoch->batch);
  epoch->begin = s2s__allocate_zeroed(host, (count + 1) * sizeof *epoch->begin);
  if (!epoch->pair || !epoch->batch || !epoch->begin)
    return s2s__fail_memory(error, 2 * count * sizeof *epoch->pair, "an epoch");
  return S2S_OK;
}

void s2s__epoch_free(s2s__epoch *epoch) {
  s2s__free(&epoch->host, epoch->pair, 2 * epoch->count * sizeof *epoch->pair);
  s2s__free(&epoch->host, epoch->batch, epoch->count * sizeof *epoch->batch);
  s2s__free(&epoch->host, epoch->begin, (epoch->count + 1) * sizeof *epoch->begin);
  epoch->pair = epoch->batch = epoch->begin = NULL;
}

/* Source length first: it decides the encoder's steps; target length next. */
static uint64_t epoch_size(const s2s__dataset *d, uint32_t pair) {
  return (uint64_t)s2s__dataset_length(d, S2S_SOURCE, pair) << 32 | s2s__dataset_length(d, S2S_TARGET, pair);
}

static int epoch_before(const void *dataset, uint32_t a, uint32_t b) {
  return epoch_size(dataset, a) < epoch_size(dataset, b);
}

static size_t epoch_tokens(const s2s__dataset *d, uint32_t pair) {
  return s2s__dataset_length(d, S2S_SOURCE, pair) + s2s__dataset_length(d, S2S_TARGET, pair) + 1;
}

/* Cuts the ordered pairs into batches. */
static void epoch_cut(s2s__epoch *epoch, const s2s__dataset *dataset) {
  size_t tokens = 0, sentences = 0;
  epoch->batches = 0;
  for (size_t i = 0; i < epoch->count; i++, sentences++) {
    const size_t more = epoch_tokens(dataset, epoch->pair[i]);
    const int is_full =
        sentences == epoch->most_sentences || (epoch->most_tokens && tokens + more > epoch->most_tokens);
    if (i == 0 || is_full) {
      epoch->begin[epoch->batches++] = (uint32_t)i;
      tokens = sentences = 0;
    }
    tokens += more;
  }
  epoch->begin[epoch->batches] = (uint32_t)epoch->count;
}

void s2s__epoch_shuffle(s2s__epoch *epoch, const s2s__dataset *dataset, uint64_t key) {
  const size_t pool = EPOCH_POOL * epoch->most_sentences;
  for (size_t i = 0; i < epoch->count; i++) epoch->pair[i] = (uint32_t)i;
  s2s__shuffle(epoch->pair, epoch->count, s2s__key(key, 0));
  for (size_t at = 0; at < epoch->count; at += pool) {
    const size_t n = epoch->count - at < pool ? epoch->count - at : pool;
    s2s__sort(epoch->pair + at, n, epoch->pair + epoch->count, epoch_before, dataset);
  }
  epoch_cut(epoch, dataset);
  for (size_t i = 0; i < epoch->batches; i++) epoch->batch[i] = (uint32_t)i;
  s2s__shuffle(epoch->batch, epoch->batches, s2s__key(key, 1));
}

const uint32_t *s2s__epoch_batch(const s2s__epoch *epoch, size_t n, size_t *count) {
  const uint32_t begin = epoch->begin[epoch->batch[n]];
  *count = epoch->begin[epoch->batch[n] + 1] - begin;
  return epoch->pair + begin;
}
