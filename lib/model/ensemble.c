/* SPDX-License-Identifier: MIT
 *
 * Ensembles: models that decode together. To all that runs it an ensemble is a model: text, vocabularies and network
 * are those of its first member, and whoever makes states or probabilities asks the others too (search/memory.c,
 * search/stepper.c, train/evaluate.c).
 */
#include "model/model.h"

#include <string.h>

static int32_t ensemble_fail(const char *whole, size_t number, const char *what, s2s__error *error) {
  return s2s__fail(error, S2S_BAD_ARGUMENT, "%s: model %zu has %s than model 0", whole, number, what);
}

static int ensemble_same_vocabulary(const s2s__vocabulary *a, const s2s__vocabulary *b) {
  if (a->size != b->size) return 0;
  for (size_t i = 0; i < a->size; i++)
    if (a->length[i] != b->length[i] || memcmp(a->text[i], b->text[i], a->length[i]) != 0) return 0;
  return 1;
}

int32_t s2s__model_check_alike(const s2s_model *first, const s2s_model *other, size_t number, const char *whole,
                               s2s__error *error) {
  static const char *const names[2] = {"source", "target"};
  char what[48];
  if (other->members > 0)
    return s2s__fail(error, S2S_BAD_ARGUMENT, "%s: model %zu is an ensemble itself", whole, number);
  if (other->kernels != first->kernels) return ensemble_fail(whole, number, "another cpu level", error);
  if (s2s__option_bool(&other->options, S2S__SOURCE_EOS) != s2s__option_bool(&first->options, S2S__SOURCE_EOS))
    return ensemble_fail(whole, number, "another source.eos", error);
  if (other->network.config.copy != first->network.config.copy)
    return ensemble_fail(whole, number, "another decoder.copy", error);
  for (int side = 0; side < 2; side++) {
    const int same = s2s__segmenter_equals(first->segmenter[side], other->segmenter[side]) &&
                     ensemble_same_vocabulary(&first->vocabulary[side], &other->vocabulary[side]);
    if (same) continue;
    strcpy(what, "another ");
    return ensemble_fail(whole, number, strcat(strcat(what, names[side]), " vocabulary"), error);
  }
  return S2S_OK;
}

static int32_t ensemble_fill(s2s_model *e, const s2s_model *const *models, size_t count, s2s__error *error) {
  const s2s_model *first = models[0];
  const s2s_model **member = S2S__TAKE(&e->arena, const s2s_model *, count);
  if (!member) return s2s__fail_memory(error, count * sizeof *member, "an ensemble");
  for (size_t i = 0; i < count; i++) S2S__TRY(s2s__model_check_alike(first, models[i], i, "an ensemble", error));
  S2S__TRY(s2s__options_copy(&e->options, &first->options, error));
  e->kernels = first->kernels;
  e->network = first->network;
  for (int side = 0; side < 2; side++) {
    e->vocabulary[side] = first->vocabulary[side];
    s2s__segmenter_retain(first->segmenter[side]);
    e->segmenter[side] = first->segmenter[side];
  }
  for (size_t i = 0; i < count; i++) {
    s2s__model_retain(models[i]);
    member[i] = models[i];
  }
  memcpy(e->parameters, first->parameters, sizeof e->parameters);
  s2s__model_set_lexicon(e, first->lexicon);
  e->member = member;
  e->members = count;
  return S2S_OK;
}

int32_t s2s__model_ensemble(const s2s_model *const *models, size_t count, const s2s_options *options,
                            s2s_model **ensemble, s2s__error *error) {
  const s2s__host host = s2s__options_host(options);
  s2s_model *e;
  *ensemble = NULL;
  if (count == 0) return s2s__fail(error, S2S_BAD_ARGUMENT, "an ensemble of no models");
  S2S__TRY(s2s__model_new(&host, NULL, &e, error));
  const int32_t status = ensemble_fill(e, models, count, error);
  if (status != S2S_OK) return s2s__model_abandon(e, status, error);
  *ensemble = e;
  return S2S_OK;
}

const s2s_model *s2s__model_member(const s2s_model *model, size_t number) {
  return model->members > 0 ? model->member[number] : model;
}

size_t s2s__model_members(const s2s_model *model) { return model->members > 0 ? model->members : 1; }

size_t s2s__model_longest(const s2s_model *model, int32_t side) {
  size_t longest = SIZE_MAX;
  for (size_t i = 0; i < s2s__model_members(model); i++) {
    const size_t own = s2s__network_longest(&s2s__model_member(model, i)->network, side);
    if (own < longest) longest = own;
  }
  return longest;
}

int32_t s2s__model_check_single(const s2s_model *model, const char *what, s2s__error *error) {
  if (model->members == 0) return S2S_OK;
  return s2s__fail(error, S2S_UNSUPPORTED, "an ensemble cannot be %s; its members can", what);
}
