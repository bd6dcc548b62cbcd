/* SPDX-License-Identifier: MIT
 *
 * All of the input as one text: `seq2seq translate --document` and `seq2seq segment --sentences`.
 */
#include "command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Flags that are about lines or tokens. */
static int check_document_flags(const flags *given, flag_id document) {
  static const flag_id wrong[] = {FLAG_JSON,  FLAG_ATTENTION, FLAG_STATS,  FLAG_BATCH,     FLAG_JOIN,
                                  FLAG_TEXTS, FLAG_PIECES,    FLAG_TARGET, FLAG_ALIGNMENT, FLAG_PREFIXES};
  const char *nbest;
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    if (given->has[wrong[i]])
      return usage_error("%s takes the input as one text; %s does not go with it", flag_table[document].name,
                         flag_table[wrong[i]].name);
  if (s2s_options_get(given->options, "nbest", &nbest) == S2S_OK && strcmp(nbest, "1") != 0)
    return usage_error("%s writes one text; --nbest does not go with it", flag_table[document].name);
  return 0;
}

/* The input without a byte order mark; the caller frees *file. */
static int read_document(const flags *given, char **file, const char **text, size_t *length) {
  *file = read_file(given->value[FLAG_INPUT][0], length);
  if (!*file) return EXIT_FAILED;
  size_t mark = *length >= 3 && memcmp(*file, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
  *text = *file + mark;
  *length -= mark;
  return 0;
}

static int write_document(const flags *given, const s2s_tokens *translated) {
  const char *path = given->value[FLAG_TEXT_OUTPUT][0];
  FILE *out = path ? fopen(path, "wb") : stdout;
  if (!out) return failed("cannot write %s: %s", path, strerror(errno));
  fputs(s2s_tokens_text(translated), out);
  return close_output(out, path ? path : "standard output");
}

int translate_document(const flags *given) {
  s2s_model *model = NULL;
  s2s_tokens *translated = NULL;
  char *file = NULL;
  const char *text;
  size_t length;
  int status = check_document_flags(given, FLAG_DOCUMENT);
  if (!status) status = read_document(given, &file, &text, &length);
  if (!status) status = load_model(given, &model);
  if (!status) {
    int32_t failure = s2s_translate_document(model, given->options, text, length, &translated);
    status = failure ? library_failed(failure) : write_document(given, translated);
  }
  s2s_tokens_free(translated);
  s2s_model_free(model);
  free(file);
  return status;
}

int write_sentences(const flags *given) {
  s2s_model *model = NULL;
  s2s_tokens *sentences = NULL;
  char *file = NULL;
  const char *text;
  size_t length;
  int status = check_document_flags(given, FLAG_SENTENCES);
  if (!status) status = read_document(given, &file, &text, &length);
  if (!status && given->has[FLAG_MODEL]) status = load_model(given, &model);
  if (!status) {
    int32_t failure = s2s_split_document(model, given->options, text, length, &sentences);
    status = failure ? library_failed(failure) : 0;
  }
  for (size_t i = 0; i < s2s_tokens_count(sentences); i++) puts(s2s_tokens_get(sentences, i));
  s2s_tokens_free(sentences);
  s2s_model_free(model);
  free(file);
  return status;
}
