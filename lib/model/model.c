/* SPDX-License-Identifier: MIT
 *
 * The life of a model, and its text in and out.
 */
#include "model/model.h"

#include "base/cpu.h"
#include "base/number.h"

#include <stdio.h>
#include <string.h>

int32_t s2s__kernels_for(const s2s_options *options, const s2s__kernels **kernels, s2s__error *error) {
  const char *cpu = s2s__option_text(options, S2S__CPU);
  const uint32_t features = s2s__cpu_features();
  *kernels = s2s__kernels_choose(cpu, features);
  if (*kernels) return S2S_OK;
  char levels[96] = "";
  for (size_t i = 0; s2s__kernels_level(i, features); i++) {
    const size_t used = strlen(levels);
    snprintf(levels + used, sizeof levels - used, "%s%s", i ? ", " : "", s2s__kernels_level(i, features));
  }
  return s2s__fail(error, S2S_UNSUPPORTED, "option 'cpu': this machine cannot run %s; it has %s", cpu, levels);
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

static int32_t model_copy_options(s2s_model *model, const s2s_options *options, s2s__error *error) {
  for (size_t i = 0; i < S2S__OPTION_COUNT; i++) {
    const s2s__option *option = &s2s__option_table[i];
    if (option->scope != S2S_SCOPE_MODEL || !s2s__option_is_set(options, (s2s__option_id)i)) continue;
    const char *value = s2s__option_text(options, (s2s__option_id)i);
    if (strncmp(value, "spm:", 4) == 0) value = "spm"; /* the file's pieces become the model's own */
    S2S__TRY(s2s__options_set(&model->options, option->key, value, error));
  }
  return S2S_OK;
}

int32_t s2s__model_new(const s2s__host *host, const s2s_options *options, s2s_model **model, s2s__error *error) {
  s2s_model *m = s2s__allocate_zeroed(host, sizeof *m);
  *model = NULL;
  if (!m) return s2s__fail_memory(error, sizeof *m, "a model");
  atomic_init(&m->references, 1);
  atomic_init(&m->in_use, 0);
  s2s__host_own(&m->host, host, &m->budget, sizeof *m);
  s2s__arena_init(&m->arena, &m->host);
  m->arena.frugal = 1;
  s2s__options_init(&m->options, &m->host);
  int32_t status = s2s__kernels_for(options, &m->kernels, error);
  if (status == S2S_OK) status = model_copy_options(m, options, error);
  if (status != S2S_OK) return s2s__model_abandon(m, status, error);
  *model = m;
  return S2S_OK;
}

int32_t s2s__model_abandon(s2s_model *model, int32_t status, s2s__error *error) {
  (void)s2s__name_limit(&model->host, error, status);
  s2s__model_release(model);
  return status;
}

int32_t s2s__model_make_segmenters(s2s_model *model, s2s__error *error) {
  const s2s__host host = s2s__host_given(&model->host, &model->budget); /* a segmenter may outlive its model */
  for (int32_t side = 0; side < 2; side++)
    if (!model->segmenter[side])
      S2S__TRY(s2s__segmenter_new(&host, &model->options, side, &model->segmenter[side], error));
  return S2S_OK;
}

int32_t s2s__model_declare(s2s_model *model, s2s__error *error) {
  S2S__TRY(s2s__model_make_segmenters(model, error));
  S2S__TRY(s2s__network_declare(&model->network, &model->arena, model->kernels, &model->options,
                                model->vocabulary[S2S_SOURCE].size, model->vocabulary[S2S_TARGET].size, 0, error));
  snprintf(model->parameters, sizeof model->parameters, "%zu", model->network.params.total);
  s2s__model_set_lexicon(model, model->lexicon);
  return S2S_OK;
}

int32_t s2s__model_build(s2s_model *model, s2s__error *error) {
  S2S__TRY(s2s__model_declare(model, error));
  return s2s__network_allocate(&model->network, error);
}

/* Counting is the one thing that happens to a shared model, so const is cast away here and nowhere else. */
void s2s__model_retain(const s2s_model *model) {
  s2s_model *m = (s2s_model *)(uintptr_t)model;
  atomic_store(&m->in_use, 1);
  atomic_fetch_add(&m->references, 1);
}

void s2s__model_release(const s2s_model *model) {
  s2s_model *m = (s2s_model *)(uintptr_t)model;
  if (!m || atomic_fetch_sub(&m->references, 1) != 1) return;
  const s2s__host host = s2s__host_given(&m->host, &m->budget);
  s2s__options_clear(&m->options);
  for (int side = 0; side < 2; side++) s2s__segmenter_release(m->segmenter[side]);
  for (size_t i = 0; i < m->members; i++) s2s__model_release(m->member[i]);
  s2s__arena_free(&m->arena);
  s2s__free(&host, m, sizeof *m);
}

void s2s__model_set_lexicon(s2s_model *model, const s2s__lexicon *lexicon) {
  model->lexicon = lexicon;
  snprintf(model->shortlist, sizeof model->shortlist, "%zu", lexicon ? s2s__lexicon_size(lexicon) : 0);
}

/* ---- copies ------------------------------------------------------------------------------------------------------ */

static int32_t model_copy_vocabulary(const s2s__vocabulary *from, s2s__vocabulary *to, s2s__arena *arena,
                                     s2s__error *error) {
  const size_t size = s2s__vocabulary_bytes(from);
  char *bytes = s2s__arena_take(arena, size);
  if (!bytes) return s2s__fail_memory(error, size, "a vocabulary");
  s2s__vocabulary_write(from, bytes);
  return s2s__vocabulary_parse(to, arena, bytes, size, error);
}

/* `flat` by s2s__param.offset, or NULL: those of the model. */
static int32_t model_copy_values(const s2s_model *model, const s2s__real *flat, s2s_model *to, s2s__error *error) {
  for (size_t i = 0; i < to->network.params.count; i++) {
    const s2s__param *p = to->network.params.item[i];
    const s2s__mark mark = s2s__arena_mark(&to->arena);
    const size_t size = s2s__param_size(p);
    float *values = flat ? S2S__TAKE(&to->arena, float, size) : NULL;
    if (flat && !values) return s2s__fail_memory(error, size * sizeof *values, p->name);
    for (size_t j = 0; flat && j < size; j++) values[j] = (float)flat[p->offset + j];
    S2S__TRY(flat ? s2s__param_write(p, &to->arena, values, error)
                  : s2s__param_copy(model->network.params.item[i], p, &to->arena, error));
    s2s__arena_rewind(&to->arena, mark);
  }
  return S2S_OK;
}

/* All scratch is asked for before the first value is written, so that nothing can fail half way. */
int32_t s2s__model_copy_values(const s2s_model *from, s2s_model *to, s2s__error *error) {
  const s2s__mark mark = s2s__arena_mark(&to->arena);
  size_t most = 0;
  for (size_t i = 0; i < to->network.params.count; i++) {
    const s2s__param *p = to->network.params.item[i];
    const size_t rows = p->rows > to->kernels->panel ? p->rows : to->kernels->panel; /* as packing takes them */
    if (rows * p->cols > most) most = rows * p->cols;
  }
  const size_t bytes = 2 * most * sizeof(s2s__real) + 4 * S2S__ALIGN;
  if (!s2s__arena_take(&to->arena, bytes)) return s2s__fail_memory(error, bytes, "the parameters");
  s2s__arena_rewind(&to->arena, mark);
  return model_copy_values(from, NULL, to, error);
}

/* Stored as `storage` says, or each matrix as the model's own where that is NULL. */
static int32_t model_fill_clone(const s2s_model *model, const s2s__real *flat, const s2s__storage *storage,
                                s2s_model *to, s2s__error *error) {
  for (int side = 0; side < 2; side++) {
    s2s__segmenter_retain(model->segmenter[side]);
    to->segmenter[side] = model->segmenter[side];
    S2S__TRY(model_copy_vocabulary(&model->vocabulary[side], &to->vocabulary[side], &to->arena, error));
  }
  S2S__TRY(s2s__model_declare(to, error));
  const s2s__lexicon *lexicon = NULL;
  if (model->lexicon) S2S__TRY(s2s__lexicon_copy(model->lexicon, &to->arena, &lexicon, error));
  s2s__model_set_lexicon(to, lexicon);
  for (size_t i = 0; !storage && i < to->network.params.count; i++)
    to->network.params.item[i]->storage = model->network.params.item[i]->storage;
  if (storage) s2s__params_store(&to->network.params, *storage);
  S2S__TRY(s2s__network_allocate(&to->network, error));
  return model_copy_values(model, flat, to, error);
}

static int32_t model_clone(const s2s_model *model, const s2s__host *host, const s2s__kernels *kernels,
                           const s2s__real *flat, const s2s__storage *storage, s2s_model **clone, s2s__error *error) {
  s2s_model *to;
  *clone = NULL;
  S2S__TRY(s2s__model_new(host, &model->options, &to, error));
  to->kernels = kernels;
  const int32_t status = model_fill_clone(model, flat, storage, to, error);
  if (status != S2S_OK) return s2s__model_abandon(to, status, error);
  *clone = to;
  return S2S_OK;
}

int32_t s2s__model_clone(const s2s_model *model, const s2s__host *host, const s2s__kernels *kernels,
                         const s2s__real *flat, s2s_model **clone, s2s__error *error) {
  static const s2s__storage trained = S2S__STORAGE_F32;
  return model_clone(model, host, kernels, flat, flat ? &trained : NULL, clone, error);
}

int32_t s2s__model_quantize(const s2s_model *model, const s2s_options *options, s2s_model **quantized,
                            s2s__error *error) {
  static const s2s__storage storages[] = {S2S__STORAGE_I8, S2S__STORAGE_F16, S2S__STORAGE_F32};
  const s2s__host host = s2s__options_host(options);
  const s2s__storage storage = storages[s2s__option_choice(options, S2S__WEIGHTS)];
  return model_clone(model, &host, model->kernels, NULL, &storage, quantized, error);
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

void s2s__ids_init(s2s__ids *ids, const s2s__host *host) { *ids = (s2s__ids){.host = *host}; }

void s2s__ids_free(s2s__ids *ids) {
  s2s__free(&ids->host, ids->item, ids->capacity * sizeof *ids->item);
  ids->item = NULL;
  ids->count = ids->capacity = 0;
}

int32_t s2s__ids_push(s2s__ids *ids, int32_t id, s2s__error *error) {
  S2S__TRY(s2s__grow(&ids->host, &ids->item, &ids->capacity, ids->count + 1, sizeof *ids->item, error));
  ids->item[ids->count++] = id;
  return S2S_OK;
}

int32_t s2s__model_tokenize(const s2s_model *model, int32_t side, const char *text, size_t length,
                            const s2s__sampling *sampling, s2s__tokens *scratch, s2s__ids *ids, s2s__error *error) {
  S2S__TRY(s2s__segment(model->segmenter[side], text, length, sampling, scratch, error));
  for (size_t i = 0; i < scratch->count; i++) {
    const s2s__token *token = &scratch->item[i];
    S2S__TRY(s2s__ids_push(ids, s2s__vocabulary_find(&model->vocabulary[side], token->text, token->length), error));
  }
  if (side == S2S_SOURCE && scratch->count > 0 && s2s__option_bool(&model->options, S2S__SOURCE_EOS))
    return s2s__ids_push(ids, S2S__EOS, error);
  return S2S_OK;
}

int32_t s2s__model_count_tokens(const s2s_model *model, int32_t side, const s2s__texts *texts,
                                const s2s__vocabulary *known, s2s__token_counter *counter, s2s__error *error) {
  s2s__tokens tokens;
  s2s__tokens_init(&tokens, &model->host);
  int32_t status = S2S_OK;
  for (size_t i = 0; i < texts->count && status == S2S_OK; i++) {
    const s2s__text text = texts->get(texts->data, i);
    status = s2s__segment(model->segmenter[side], text.text, text.length, NULL, &tokens, error);
    for (size_t j = 0; j < tokens.count && status == S2S_OK; j++) {
      const s2s__token *token = &tokens.item[j];
      if (!known || s2s__vocabulary_find(known, token->text, token->length) == S2S__UNK)
        status = s2s__token_counter_add(counter, token->text, token->length, error);
    }
  }
  s2s__tokens_free(&tokens);
  return status;
}

static s2s__token model_token(const s2s__vocabulary *vocabulary, int32_t id, const s2s__text *own) {
  if ((size_t)id < vocabulary->size) return (s2s__token){vocabulary->text[id], vocabulary->length[id], 0, 0};
  const s2s__text *word = &own[(size_t)id - vocabulary->size];
  return (s2s__token){word->text, (uint32_t)word->length, 0, 0};
}

int32_t s2s__model_join(const s2s_model *model, int32_t side, const int32_t *ids, size_t count, const s2s__text *own,
                        s2s__arena *arena, s2s__text *text, s2s__error *error) {
  const s2s__vocabulary *vocabulary = &model->vocabulary[side];
  s2s__token *token = S2S__TAKE(arena, s2s__token, count);
  if (!token) return s2s__fail_memory(error, count * sizeof *token, "a text");
  for (size_t i = 0; i < count; i++) token[i] = model_token(vocabulary, ids[i], own);
  return s2s__join(model->segmenter[side], token, count, arena, text, error);
}
