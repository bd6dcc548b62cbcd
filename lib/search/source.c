/* SPDX-License-Identifier: MIT
 *
 * Cutting texts for an encoder, and keeping what their tokens stand for.
 */
#include "search/source.h"

#include <string.h>

void s2s__sources_init(s2s__sources *sources, const s2s__host *host) {
  memset(sources, 0, sizeof *sources);
  sources->host = *host;
  s2s__tokens_init(&sources->scratch, host);
  s2s__ids_init(&sources->ids, host);
  s2s__copier_init(&sources->copier, host);
}

void s2s__sources_clear(s2s__sources *sources) {
  sources->ids.count = sources->text_length = sources->count = 0;
  s2s__copier_truncate(&sources->copier, 0);
}

void s2s__sources_free(s2s__sources *sources) {
  s2s__sources *s = sources;
  s2s__tokens_free(&s->scratch);
  s2s__ids_free(&s->ids);
  s2s__copier_free(&s->copier);
  s2s__free(&s->host, s->span, s->span_capacity * sizeof *s->span);
  s2s__free(&s->host, s->text, s->text_capacity);
  s2s__free(&s->host, s->item, s->item_capacity * sizeof *s->item);
  s->span = NULL, s->text = NULL, s->item = NULL;
  s->span_capacity = s->text_capacity = s->item_capacity = 0;
  s2s__sources_clear(s);
}

static int32_t sources_keep(s2s__sources *s, size_t first, s2s__error *error) {
  const s2s__text text = s->scratch.text;
  const size_t tokens = s->ids.count - first;
  S2S__TRY(s2s__grow(&s->host, &s->span, &s->span_capacity, s->ids.count, sizeof *s->span, error));
  S2S__TRY(s2s__grow(&s->host, &s->text, &s->text_capacity, s->text_length + text.length + 1, 1, error));
  S2S__TRY(s2s__grow(&s->host, &s->item, &s->item_capacity, s->count + 1, sizeof *s->item, error));
  for (size_t i = 0; i < tokens; i++)
    s->span[first + i] = i < s->scratch.count ? (s2s__span){s->scratch.item[i].begin, s->scratch.item[i].end}
                                              : (s2s__span){(uint32_t)text.length, (uint32_t)text.length};
  if (text.length) memcpy(s->text + s->text_length, text.text, text.length);
  s->text[s->text_length + text.length] = '\0';
  s->item[s->count++] = (s2s__source){first, tokens, s->text_length, text.length};
  s->text_length += text.length + 1;
  return S2S_OK;
}

/* Unknown words of a target may be words of its source's own. */
static void sources_find_own(s2s__sources *s, const s2s_model *model, size_t first, const s2s__sources *from) {
  for (size_t i = 0; i < s->scratch.count; i++) {
    const s2s__token *t = &s->scratch.item[i];
    if (s->ids.item[first + i] == S2S__UNK)
      s->ids.item[first + i] = s2s__copier_find(&from->copier, model, t->text, t->length);
  }
}

int32_t s2s__sources_add(s2s__sources *sources, const s2s_model *model, int32_t side, const char *text, size_t length,
                         const s2s__sources *from, s2s__error *error) {
  s2s__sources *s = sources;
  const size_t first = s->ids.count;
  const int copies = model->network.config.copy;
  S2S__TRY(s2s__model_tokenize(model, side, text, length, NULL, &s->scratch, &s->ids, error));
  if (copies && side == S2S_SOURCE) S2S__TRY(s2s__copier_add(&s->copier, model, &s->scratch, error));
  if (copies && from) sources_find_own(s, model, first, from);
  return sources_keep(s, first, error);
}

static int32_t sources_add_checked(s2s__sources *s, const s2s_model *model, int32_t side, const char *text,
                                   const size_t *length, size_t most, s2s__error *error) {
  if (!text && !(length && *length == 0)) return s2s__fail(error, S2S_BAD_ARGUMENT, "the text is NULL");
  if (!text) text = "";
  S2S__TRY(s2s__sources_add(s, model, side, text, length ? *length : strlen(text), NULL, error));
  const size_t tokens = s->item[s->count - 1].tokens;
  if (tokens <= most) return S2S_OK;
  return s2s__fail(error, S2S_LIMIT, "%zu tokens are more than %s %zu", tokens,
                   side == S2S_SOURCE ? "max_source_length" : "max_length", most);
}

int32_t s2s__sources_add_all(s2s__sources *sources, const s2s_model *model, int32_t side, const char *const *texts,
                             const size_t *lengths, size_t count, size_t most, s2s__error *error) {
  s2s__sources *s = sources;
  S2S__TRY(s2s__check_count(count, "texts", error));
  S2S__TRY(s2s__grow(&s->host, &s->item, &s->item_capacity, s->count + count, sizeof *s->item, error));
  for (size_t i = 0; i < count; i++)
    if (sources_add_checked(sources, model, side, texts[i], lengths ? &lengths[i] : NULL, most, error) != S2S_OK)
      return s2s__fail_prefix(error, "text %zu", i);
  return S2S_OK;
}
