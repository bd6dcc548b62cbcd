/* SPDX-License-Identifier: MIT
 *
 * Corpora: whatever stands in a file of pairs, or in two aligned files, it is added whole or not at all; what was added
 * is sound, and a model can be made from it and trained on it. The first byte chooses the form; a byte 1 parts two
 * files.
 */
#include "fuzz.h"

#include "base/utf8.h"
#include "train/corpus.h"

#define FOLDER FUZZ_FOLDER "fuzz_corpus"

enum { SMALL = 64 }; /* bytes of an input that a model is made from */

static s2s_options *options;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  static char folder[] = FOLDER;
  static const char *const inputs[] = {"0a\tb\nc d\te f\n", "0\xef\xbb\xbf\x61\tb\r\nc\td", "1a\nb\n\001c\nd\n",
                                       "0\xc3\xa9\xe2\x82\xac\t\xf0\x9f\x98\x80\n", "0a\t\xc2\xa0\n",
                                       "0sequence\tS IY1 K W AH0 N S\nattention\tAH0 T EH1 N SH AH0 N\nfuzz\tF AH1 Z"};
  fuzz_use_folder(argc, argv, folder);
  if (strcmp((*argv)[*argc - 1], FOLDER) == 0) fuzz_write_inputs(FOLDER, inputs, TINY_COUNT(inputs));
  options = tiny_options(NULL);
  tiny_set(options, "embedding.dim", "1");
  tiny_set(options, "encoder.hidden", "1");
  tiny_set(options, "decoder.hidden", "2");
  tiny_set(options, "max_updates", "1");
  return 0;
}

static int32_t read_corpus(s2s_corpus *corpus, const uint8_t *data, size_t size, s2s__error *error) {
  const s2s__host host = corpus->arena.host;
  const size_t first = size ? 1 : 0;
  const uint8_t *bytes = data + first, *part = memchr(bytes, 1, size - first);
  s2s__reader reader[2];
  if (!size || !(data[0] & 1) || !part) {
    s2s__reader_open_memory(&reader[0], &host, bytes, size - first);
    return s2s__corpus_read_pairs(corpus, &reader[0], error);
  }
  s2s__reader_open_memory(&reader[0], &host, bytes, (size_t)(part - bytes));
  s2s__reader_open_memory(&reader[1], &host, part + 1, (size_t)(data + size - part - 1));
  return s2s__corpus_read_aligned(corpus, &reader[0], &reader[1], error);
}

static void check_pairs(const s2s_corpus *corpus) {
  for (size_t i = 0; i < s2s_corpus_size(corpus); i++)
    for (int32_t side = 0; side < 2; side++) {
      const char *text = s2s_corpus_text(corpus, i, side);
      const size_t length = strlen(text);
      fuzz_must(length > 0 && length == corpus->pair[i].length[side], "a text has its length");
      fuzz_must(s2s__utf8_check(text, length) == length && !strpbrk(text, "\r\n"), "and is a line of UTF-8");
    }
}

static void train(const s2s_corpus *corpus) {
  s2s_model *model;
  s2s_trainer *trainer;
  fuzz_must(s2s_model_create(corpus, options, &model) == S2S_OK, "a model is made from what was read");
  fuzz_must(s2s_trainer_new(model, corpus, corpus, options, &trainer) == S2S_OK, "and a trainer");
  fuzz_must(s2s_trainer_run(trainer) == S2S_OK, "and trained");
  s2s_trainer_free(trainer);
  s2s_model_free(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  s2s__error error = {.status = S2S_OK};
  s2s_corpus *corpus;
  fuzz_must(s2s_corpus_new(options, &corpus) == S2S_OK && tiny_add(corpus, "a", "b") == S2S_OK, "a corpus is made");
  if (read_corpus(corpus, data, size, &error) == S2S_OK) fuzz_must(s2s_corpus_size(corpus) > 1, "pairs were added");
  else fuzz_must(s2s_corpus_size(corpus) == 1 && error.text[0], "a failure leaves the corpus and has a message");
  check_pairs(corpus);
  if (size <= SMALL) train(corpus);
  s2s_corpus_free(corpus);
  return 0;
}
