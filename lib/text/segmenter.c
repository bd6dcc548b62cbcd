/* SPDX-License-Identifier: MIT
 *
 * The table of segmenters, and what they share: the array of spans, and the check a text must pass before it is split.
 *
 * A new segmenter is a file segmenter_NAME.c that defines s2s__segmenter_NAME, and one name in base/members.h.
 */
#include "text/segmenter.h"

#include "base/members.h"
#include "base/utf8.h"

#include <string.h>

#define SEGMENTER_DECLARE(name) extern const s2s__segmenter s2s__segmenter_##name;
S2S__SEGMENTERS(SEGMENTER_DECLARE)
#undef SEGMENTER_DECLARE

const s2s__segmenter *s2s__segmenter_find(const char *name) {
#define SEGMENTER_COMPARE(id)                                                                                          \
  if (strcmp(name, s2s__segmenter_##id.name) == 0) return &s2s__segmenter_##id;
  S2S__SEGMENTERS(SEGMENTER_COMPARE)
#undef SEGMENTER_COMPARE
  return NULL;
}

void s2s__spans_init(s2s__spans *spans, const s2s__host *host) {
  memset(spans, 0, sizeof *spans);
  spans->host = *host;
}

void s2s__spans_free(s2s__spans *spans) {
  s2s__free(&spans->host, spans->item, spans->capacity * sizeof *spans->item);
  spans->item = NULL;
  spans->count = spans->capacity = 0;
}

int32_t s2s__spans_add(s2s__spans *spans, size_t begin, size_t end, s2s__error *error) {
  if (spans->count == spans->capacity)
    S2S__TRY(s2s__grow(&spans->host, &spans->item, &spans->capacity, spans->count + 1, sizeof *spans->item, error));
  spans->item[spans->count++] = (s2s__span){(uint32_t)begin, (uint32_t)(end - begin)};
  return S2S_OK;
}

int32_t s2s__text_check(const char *text, size_t length, s2s__error *error) {
  if (length > UINT32_MAX)
    return s2s__fail(error, S2S_BAD_TEXT, "%zu bytes of text, at most %lu are allowed", length,
                     (unsigned long)UINT32_MAX);
  const size_t valid = s2s__utf8_check(text, length);
  if (valid < length) return s2s__fail(error, S2S_BAD_TEXT, "invalid UTF-8 at byte %zu", valid + 1);
  return S2S_OK;
}
