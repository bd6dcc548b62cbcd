/* SPDX-License-Identifier: MIT
 *
 * SentencePiece models: whatever the bytes, they are refused with a message or cut and join any text.
 */
#include "fuzz.h"

#include "base/utf8.h"
#include "text/segmenter.h"

#define FOLDER FUZZ_FOLDER "fuzz_pieces"

/* The first inputs: what is learnt here, of either kind. */
static void write_inputs(void) {
  static const char *const texts[] = {"the quick brown fox", "a lazy dog, the fox", "\xe4\xbd\xa0\xe5\xa5\xbd the dog"};
  static const char *const kinds[] = {"bpe:60", "unigram:60", "bpe:320", "unigram:320"};
  for (size_t i = 0; i < TINY_COUNT(kinds); i++) {
    s2s_options *options;
    s2s_segmenter *segmenter;
    char path[64];
    fuzz_must(s2s_options_new(&options) == S2S_OK, "options are made");
    tiny_set(options, "source.tokens", kinds[i]);
    tiny_set(options, "subword.byte_fallback", i < 2 ? "no" : "yes");
    tiny_set(options, "subword.symbols", "fox <x>");
    fuzz_must(s2s_segmenter_new(options, S2S_SOURCE, texts, NULL, TINY_COUNT(texts), &segmenter) == S2S_OK, "learnt");
    snprintf(path, sizeof path, FOLDER "/input-%zu", i);
    fuzz_must(s2s_segmenter_save(segmenter, path) == S2S_OK, "and saved");
    s2s_segmenter_free(segmenter);
    s2s_options_free(options);
  }
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  static char folder[] = FOLDER;
  fuzz_use_folder(argc, argv, folder);
  if (strcmp((*argv)[*argc - 1], FOLDER) == 0) write_inputs();
  return 0;
}

static void use(const s2s_segmenter *segmenter, const char *text, size_t length) {
  s2s_tokens *tokens, *joined = NULL;
  fuzz_must(s2s_segment(segmenter, text, length, &tokens) == S2S_OK, "a text is cut");
  const size_t count = s2s_tokens_count(tokens);
  const char **list = malloc((count + 1) * sizeof *list);
  for (size_t i = 0; i < count; i++) list[i] = s2s_tokens_get(tokens, i);
  if (s2s_join(segmenter, list, count, &joined) == S2S_OK) {
    const char *text_again = s2s_tokens_text(joined);
    fuzz_must(s2s__utf8_check(text_again, strlen(text_again)) == strlen(text_again), "and joined to UTF-8");
  }
  free(list);
  s2s_tokens_free(joined);
  s2s_tokens_free(tokens);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char text[] =
      "The quick  fox <x> \xe4\xbd\xa0\xef\xac\x81\xf0\x9f\x98\x80 aaaaaaaaaaaaaaaa\t\xe2\x96\x81 end.";
  s2s_options *options;
  s2s_segmenter *segmenter;
  s2s__error error = {.status = S2S_OK};
  fuzz_must(s2s_options_new(&options) == S2S_OK, "options are made");
  const s2s__host host = s2s__options_host(options);
  tiny_set(options, "source.tokens", "bpe:60");
  fuzz_must(s2s__segmenter_new(&host, options, S2S_SOURCE, &segmenter, &error) == S2S_OK, "a segmenter is made");
  if (s2s__segmenter_parse(segmenter, data, size, &error) == S2S_OK) {
    use(segmenter, text, sizeof text - 1);
    use(segmenter, "", 0);
  } else {
    fuzz_must(error.text[0] != 0, "a failure has a message");
  }
  s2s__segmenter_release(segmenter);
  s2s_options_free(options);
  return 0;
}
