/* SPDX-License-Identifier: MIT
 *
 * Attention with its labels. See attention.h.
 */
#include "attention.h"

#include <stdlib.h>
#include <string.h>

int attention_check(const flags *given, const s2s_model *model) {
  const char *decoder = "", *type = "";
  s2s_model_get(model, "decoder.type", &decoder);
  s2s_model_get(model, "attention.type", &type);
  if (strcmp(decoder, "transformer") == 0 || strcmp(type, "none") != 0) return 0;
  return failed("%s has no attention to draw", given->models[0]); /* of an ensemble the first is drawn */
}

/* Where the model copies, the source's own words have ids too. */
static const char *token_label(const s2s_model *model, int32_t side, int32_t id, const s2s_result *result,
                               size_t text) {
  const char *label = id ? s2s_model_token(model, side, id) : NULL;
  if (!label && side == S2S_TARGET) label = s2s_result_copied(result, text, id);
  return label ? label : "?";
}

static const char **token_labels(const s2s_model *model, int32_t side, const int32_t *ids, size_t count, size_t rows,
                                 const s2s_result *result, size_t text) {
  const char **labels = malloc((rows + 1) * sizeof *labels);
  for (size_t i = 0; labels && i < rows; i++)
    labels[i] = i < count && ids[i] != 2 ? token_label(model, side, ids[i], result, text) : "end";
  return labels;
}

/* Unknown source tokens as they stand in their text, copied into one block behind the labels' own. */
static char *name_unknown(const s2s_memory *memory, size_t text, const int32_t *source, size_t count,
                          const char **labels) {
  size_t length, begin, end;
  const char *all = s2s_memory_text(memory, text, &length);
  char *names = all ? malloc(length + count + 1) : NULL, *at = names;
  for (size_t i = 0; names && i < count; i++) {
    s2s_memory_range(memory, text, i, &begin, &end);
    if (source[i] != 0 || begin >= end) continue;
    memcpy(at, all + begin, end - begin);
    at[end - begin] = '\0';
    labels[i] = at;
    at += end - begin + 1;
  }
  return names;
}

bool attention_of(const s2s_model *model, const s2s_memory *memory, const s2s_result *result, size_t text, size_t rank,
                  picture *drawn) {
  size_t source_count, target_count;
  memset(drawn, 0, sizeof *drawn);
  drawn->weights = s2s_result_alignment(result, text, rank, &drawn->rows, &drawn->columns);
  const int32_t *source = s2s_memory_tokens(memory, text, &source_count);
  const int32_t *target = s2s_result_tokens(result, text, rank, &target_count);
  if (!drawn->weights || !drawn->rows || !drawn->columns) return false;
  drawn->source = token_labels(model, S2S_SOURCE, source, source_count, drawn->columns, result, text);
  drawn->target = token_labels(model, S2S_TARGET, target, target_count, drawn->rows, result, text);
  if (drawn->source && drawn->target) {
    drawn->names = name_unknown(memory, text, source, source_count, drawn->source);
    return true;
  }
  attention_free(drawn);
  return false;
}

void attention_free(picture *drawn) {
  free((void *)drawn->source);
  free((void *)drawn->target);
  free(drawn->names);
  drawn->names = NULL;
  drawn->source = drawn->target = NULL;
}
