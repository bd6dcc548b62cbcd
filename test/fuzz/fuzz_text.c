/* SPDX-License-Identifier: MIT
 *
 * Text: whatever the bytes, a text is refused or cut, normalised and joined; where it was replaced it is sound; a
 * document loses nothing but white space. The first byte chooses how.
 */
#include "fuzz.h"

#include "base/utf8.h"
#include "text/document.h"

#define FOLDER FUZZ_FOLDER "fuzz_text"

static const char *const kinds[] = {"chars", "words", "graphemes", "bytes"};
static const char *const forms[] = {"none", "nfc", "nfd", "nfkc", "nfkd"};

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  static char folder[] = FOLDER;
  static const char *const inputs[] = {
      "0Mr. A came. \"Go!\" she said.\n\nEnd", "1e\xcc\x81\xea\xb0\x81\xf0\x9f\x91\xa9\xe2\x80\x8d",
      "2\xe4\xbd\xa0\xe3\x80\x82\xe3\x80\x8d\xe3\x81\xa8\n\xe5\xa5\xbd", "3a\xff\xc3 \xed\xa0\x80.",
      "4\xef\xac\x81\xef\xb7\xba\xe1\x84\x80\xe1\x85\xa1 x, y; z"};
  fuzz_use_folder(argc, argv, folder);
  if (strcmp((*argv)[*argc - 1], FOLDER) == 0) fuzz_write_inputs(FOLDER, inputs, TINY_COUNT(inputs));
  return 0;
}

static void use_tokens(const s2s_segmenter *segmenter, const char *text, size_t length) {
  s2s_tokens *tokens, *joined = NULL;
  if (s2s_segment(segmenter, text, length, &tokens) != S2S_OK) {
    fuzz_must(*s2s_error_message() != 0, "a failure has a message");
    return;
  }
  const char *whole = s2s_tokens_text(tokens);
  size_t last = 0;
  fuzz_must(s2s__utf8_check(whole, strlen(whole)) == strlen(whole), "what is cut is UTF-8");
  const size_t count = s2s_tokens_count(tokens);
  const char **list = malloc((count + 1) * sizeof *list);
  for (size_t i = 0; i < count; i++) {
    size_t begin, end;
    s2s_tokens_range(tokens, i, &begin, &end);
    fuzz_must(begin <= end && begin >= last, "tokens stand in order");
    last = end;
    list[i] = s2s_tokens_get(tokens, i);
  }
  fuzz_must(s2s_join(segmenter, list, count, &joined) == S2S_OK, "tokens can be joined");
  whole = s2s_tokens_text(joined);
  fuzz_must(s2s__utf8_check(whole, strlen(whole)) == strlen(whole), "to UTF-8");
  free(list);
  s2s_tokens_free(joined);
  s2s_tokens_free(tokens);
}

static void use_document(const s2s_options *options, const s2s_segmenter *segmenter, size_t most, const char *text,
                         size_t length) {
  const s2s__host host = s2s__options_host(options);
  const s2s__document_rules rules = {(s2s__document_lines)(most & 1), segmenter, most};
  s2s__error error = {.status = S2S_OK};
  s2s__tokens sentences, joined;
  s2s__tokens_init(&sentences, &host);
  s2s__tokens_init(&joined, &host);
  if (s2s__document_split(&rules, text, length, &sentences, &error) == S2S_OK) {
    s2s__text *made = malloc((sentences.count + 1) * sizeof *made);
    for (size_t i = 0; i < sentences.count; i++)
      made[i] = (s2s__text){sentences.item[i].text, sentences.item[i].length};
    fuzz_must(s2s__document_join(rules.lines, &sentences, made, &joined, &error) == S2S_OK, "sentences can be joined");
    fuzz_must(rules.lines == S2S__LINES_JOIN || (joined.text.length == sentences.text.length &&
                                                 !memcmp(joined.text.text, sentences.text.text, joined.text.length)),
              "unchanged they are the text");
    free(made);
  }
  s2s__tokens_free(&joined);
  s2s__tokens_free(&sentences);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const uint8_t how = size ? data[0] : 0;
  const char *text = (const char *)data + (size > 0);
  const size_t length = size - (size > 0);
  s2s_options *options;
  s2s_segmenter *segmenter = NULL;
  fuzz_must(s2s_options_new(&options) == S2S_OK, "options are made");
  tiny_set(options, "source.tokens", kinds[how % 4]);
  tiny_set(options, "source.normalize", forms[how / 4 % 5]);
  tiny_set(options, "source.casefold", how / 20 % 2 ? "yes" : "no");
  tiny_set(options, "invalid_utf8", how / 40 % 2 ? "replace" : "error");
  fuzz_must(s2s_segmenter_new(options, S2S_SOURCE, NULL, NULL, 0, &segmenter) == S2S_OK, "a segmenter is made");
  use_tokens(segmenter, text, length);
  use_document(options, segmenter, 1 + how % 7, text, length);
  s2s_segmenter_free(segmenter);
  s2s_options_free(options);
  return 0;
}
