/* SPDX-License-Identifier: MIT
 *
 * The life of a decoder and its settings.
 */
#include "search/decoder.h"

void s2s__search_read(s2s__search *search, const s2s_options *options) {
  search->beam = s2s__option_size(options, S2S__BEAM);
  search->nbest = s2s__option_size(options, S2S__NBEST);
  if (search->nbest > search->beam) search->nbest = search->beam;
  search->stop_safe = s2s__option_choice(options, S2S__BEAM_STOP) == 1;
  search->length_penalty = s2s__option_real(options, S2S__LENGTH_PENALTY);
  search->max_length = s2s__option_size(options, S2S__MAX_LENGTH);
  search->max_length_ratio = s2s__option_real(options, S2S__MAX_LENGTH_RATIO);
}

int32_t s2s__decoder_new(const s2s_model *model, const s2s__host *host, const s2s__search *search,
                         s2s_decoder **decoder, s2s__error *error) {
  s2s_decoder *d = s2s__allocate_zeroed(host, sizeof *d);
  *decoder = NULL;
  if (!d) return s2s__fail_memory(error, sizeof *d, "a decoder");
  s2s__host_own(&d->host, host, &d->budget, sizeof *d);
  d->model = model;
  d->search = *search;
  s2s__model_retain(model);
  s2s__stepper_init(&d->stepper, model, &d->host);
  s2s__arena_init(&d->arena, &d->host);
  atomic_init(&d->cancelled, 0);
  *decoder = d;
  return S2S_OK;
}

static void decoder_free_parents(s2s_decoder *decoder) {
  s2s__free(&decoder->host, decoder->parents, decoder->parents_capacity * sizeof *decoder->parents);
  decoder->parents = NULL;
  decoder->parents_capacity = 0;
}

int32_t s2s__decoder_finish(s2s_decoder *decoder, int32_t status, s2s__error *error) {
  if (status == S2S_OUT_OF_MEMORY) {
    decoder->stepper.started = 0;
    s2s__stepper_free(&decoder->stepper);
    s2s__arena_free(&decoder->arena);
    decoder_free_parents(decoder);
  }
  return s2s__name_limit(&decoder->host, error, status);
}

void s2s__decoder_free(s2s_decoder *decoder) {
  if (!decoder) return;
  const s2s__host host = s2s__host_given(&decoder->host, &decoder->budget);
  s2s__stepper_free(&decoder->stepper);
  s2s__arena_free(&decoder->arena);
  decoder_free_parents(decoder);
  s2s__model_release(decoder->model);
  s2s__free(&host, decoder, sizeof *decoder);
}
