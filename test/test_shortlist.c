/* SPDX-License-Identifier: MIT
 *
 * Lexical shortlists: as bytes, learnt from pairs, in a model's file and its copies, and in searches, where a sentence's
 * tokens and bits depend on it alone.
 */
#include "model/lexicon.h"
#include "tiny.h"

#include <math.h>
#include <stdlib.h>

static tiny_watch watch;
static s2s_options *options; /* with the shortlist in use */
static s2s_model *model, *listed;

/* ---- bytes ------------------------------------------------------------------------------------------------------- */

static int parses(s2s__arena *arena, const unsigned char *bytes, size_t size, const s2s__lexicon **lexicon) {
  s2s__error error = {.status = S2S_OK};
  return s2s__lexicon_parse(bytes, size, 2, 300, arena, lexicon, &error) == S2S_OK;
}

static void test_bytes(void) {
  static const size_t first[] = {0, 2, 2, 6};
  static const int32_t ids[] = {0, 2, 3, 130, 131, 299};
  const s2s__lexicon made = {2, 300, first, ids}, *read;
  unsigned char bytes[32];
  s2s__host host;
  s2s__arena arena;
  s2s__host_init(&host);
  s2s__arena_init(&arena, &host);
  const size_t size = s2s__lexicon_bytes(&made);
  ok(size == 3 + 6 + 1, "a number below 128 is one byte, 168 two");
  s2s__lexicon_write(&made, bytes);
  ok(parses(&arena, bytes, size, &read) && read->sources == 2 && read->targets == 300 &&
         memcmp(read->first, first, sizeof first) == 0 && memcmp(read->ids, ids, sizeof ids) == 0,
     "what was written is read");
  uint64_t set[5] = {0};
  s2s__lexicon_choose(read, (const int32_t[]){0, 0}, 2, set);
  ok(set[0] == 5 && !set[1] && !set[2] && !set[4], "a token without a list has what any has");
  s2s__lexicon_choose(read, (const int32_t[]){1}, 1, set);
  ok(set[0] == 13 && set[2] == 12 && set[4] == UINT64_C(1) << 43, "another has its own besides");
  size_t cut = 0;
  for (size_t i = 0; i < size; i++) cut += parses(&arena, bytes, i, &read) != 0;
  ok(cut == 0, "cut anywhere it is damaged");
  ok(!parses(&arena, bytes, size + 1, &read), "so it is with more behind");
  static const unsigned char bad[][6] = {{1, 0, 0, 0}, {1, 0xAD, 2, 0, 0}, {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F}, {2, 1, 0, 0, 0}};
  for (size_t i = 0; i < TINY_COUNT(bad); i++) ok(!parses(&arena, bad[i], i == 2 ? 6 : 4 + (i & 1), &read), "damaged bytes %zu", i);
  s2s__arena_free(&arena);
}

/* ---- learning ---------------------------------------------------------------------------------------------------- */

static const char *shortlist_size(const s2s_model *m) {
  const char *value = NULL;
  return s2s_model_get(m, "shortlist", &value) == S2S_OK ? value : "?";
}

static s2s_model *with_list(const s2s_model *from, const char *best, const char *frequent) {
  s2s_options *o = tiny_options(&watch);
  s2s_corpus *corpus = tiny_corpus(o);
  s2s_model *made = NULL;
  tiny_set(o, "shortlist.best", best);
  tiny_set(o, "shortlist.frequent", frequent);
  if (s2s_model_shortlist(from, corpus, o, &made) != S2S_OK) diag("%s", s2s_error_message());
  s2s_corpus_free(corpus);
  s2s_options_free(o);
  return made;
}

/* Log-probabilities of the first token for a text; -infinity where it cannot come. */
static void first_row(const s2s_model *m, const s2s_options *o, const char *text, float *row) {
  const size_t size = s2s_model_vocabulary_size(m, S2S_TARGET);
  s2s_encoder *encoder;
  s2s_memory *memory;
  s2s_decoder *decoder;
  const float *rows;
  s2s_encoder_init(m, o, &encoder);
  s2s_encode(encoder, &text, NULL, 1, &memory);
  s2s_decoder_init(m, o, &decoder);
  s2s_decoder_start(decoder, memory);
  s2s_decoder_step(decoder, &(int32_t){S2S_TOKEN_BEGIN}, &(int32_t){0}, 1, &rows);
  memcpy(row, rows, size * sizeof *row);
  s2s_decoder_free(decoder);
  s2s_memory_free(memory);
  s2s_encoder_free(encoder);
}

/* Whether some pair has the character of the source and that of the target. */
static int together(const char *source, const char *target) {
  for (size_t i = 0; i < TINY_COUNT(tiny_pairs); i++)
    if (strstr(tiny_pairs[i][0], source) && strstr(tiny_pairs[i][1], target)) return 1;
  return 0;
}

static void test_learnt(void) {
  s2s_model *none = with_list(model, "0", "0"), *own = with_list(model, "9", "0"), *frequent = with_list(model, "0", "2");
  float row[64];
  size_t wrong = 0, there = 0;
  is_text(shortlist_size(model), "0", "a model has no shortlist");
  is_text(shortlist_size(none), "2", "of no tokens it has the unknown token and the end mark");
  is_text(shortlist_size(frequent), "4", "and the two most frequent ones");
  first_row(own, options, "c", row);
  for (int32_t id = 3; id < (int32_t)s2s_model_vocabulary_size(own, S2S_TARGET); id++) {
    const int on = isfinite(row[id]);
    there += (size_t)on;
    wrong += on && !together("c", s2s_model_token(own, S2S_TARGET, id));
  }
  ok(wrong == 0 && there > 0, "a source token has target tokens that it stood beside");
  ok(isfinite(row[S2S_TOKEN_END]) && isfinite(row[S2S_TOKEN_UNKNOWN]) && isinf(row[S2S_TOKEN_BEGIN]), "and the marks");
  first_row(frequent, options, "c", row);
  ok(isfinite(row[tiny_target_id(model, "c")]) && isfinite(row[tiny_target_id(model, "a")]) &&
         isinf(row[tiny_target_id(model, "\xc3\x89")]),
     "the most frequent tokens are there for any source, others not");
  s2s_model_free(none);
  s2s_model_free(own);
  s2s_model_free(frequent);
}

static int32_t stop(void *user, int32_t event, int64_t done_, int64_t total) {
  return (void)user, (void)event, (void)done_, (void)total, 1;
}

static s2s_model *model_like(const char *key, const char *value) {
  s2s_options *o = tiny_options(&watch);
  tiny_set(o, key, value);
  s2s_model *made = tiny_model(o);
  s2s_options_free(o);
  return made;
}

static void test_refused(void) {
  s2s_options *o = tiny_options(&watch);
  s2s_corpus *corpus = tiny_corpus(o), *empty;
  s2s_model *blind = model_like("attention.type", "none"), *copier = model_like("decoder.copy", "yes"), *both, *made;
  s2s_decoder *decoder;
  s2s_model_ensemble((const s2s_model *const[]){model, model}, 2, o, &both);
  s2s_corpus_new(o, &empty);
  failed(s2s_model_shortlist(blind, corpus, o, &made), S2S_UNSUPPORTED, "attention", "a model without attention");
  failed(s2s_model_shortlist(copier, corpus, o, &made), S2S_UNSUPPORTED, "decoder.copy", "a model that copies");
  failed(s2s_model_shortlist(both, corpus, o, &made), S2S_UNSUPPORTED, "ensemble", "an ensemble");
  failed(s2s_model_shortlist(model, empty, o, &made), S2S_BAD_ARGUMENT, "empty", "no pairs");
  tiny_set(o, "max_train_length", "1");
  s2s_corpus_add(empty, "abc", 3, "cba", 3);
  failed(s2s_model_shortlist(model, empty, o, &made), S2S_BAD_ARGUMENT, "max_train_length", "pairs that are all too long");
  tiny_set(o, "max_train_length", NULL);
  s2s_options_set_progress(o, stop, NULL);
  failed(s2s_model_shortlist(model, corpus, o, &made), S2S_CANCELLED, "progress callback", "a callback that stops it");
  failed(s2s_decoder_init(model, options, &decoder), S2S_BAD_OPTION, "shortlist", "a decoder where there is none");
  failed(s2s_decoder_init(copier, options, &decoder), S2S_BAD_OPTION, "decoder.copy", "a decoder that copies");
  s2s_model_free(blind);
  s2s_model_free(copier);
  s2s_model_free(both);
  s2s_corpus_free(corpus);
  s2s_corpus_free(empty);
  s2s_options_free(o);
}

/* ---- copies and files -------------------------------------------------------------------------------------------- */

#define PATH "build/tmp/shortlist.safetensors"

static void test_kept(void) {
  s2s_options *o = tiny_options(&watch);
  s2s_corpus *more;
  s2s_model *loaded, *small, *mean, *both, *larger;
  float row[64], read[64];
  ok(s2s_model_save(listed, PATH) == S2S_OK && s2s_model_load(PATH, o, &loaded) == S2S_OK, "it is stored");
  is_text(shortlist_size(loaded), shortlist_size(listed), "and loaded");
  first_row(listed, options, "ab", row);
  first_row(loaded, options, "ab", read);
  ok(memcmp(row, read, s2s_model_vocabulary_size(listed, S2S_TARGET) * sizeof *row) == 0, "to the same bits");
  ok(s2s_model_quantize(listed, NULL, &small) == S2S_OK, "in eight bits");
  is_text(shortlist_size(small), shortlist_size(listed), "it is kept");
  ok(s2s_model_average((const s2s_model *const[]){listed, listed}, 2, NULL, &mean) == S2S_OK, "an average");
  is_text(shortlist_size(mean), shortlist_size(listed), "keeps the first model's");
  ok(s2s_model_ensemble((const s2s_model *const[]){listed, model}, 2, NULL, &both) == S2S_OK, "an ensemble");
  is_text(shortlist_size(both), shortlist_size(listed), "too");
  first_row(both, options, "ab", read);
  first_row(listed, options, "ab", row);
  int alike = 1;
  for (size_t i = 0; i < s2s_model_vocabulary_size(model, S2S_TARGET); i++) alike &= !isfinite(row[i]) == !isfinite(read[i]);
  ok(alike, "all of whose members choose from it");
  s2s_corpus_new(o, &more);
  tiny_add(more, "xyz", "zyx");
  ok(s2s_model_extend(listed, more, o, &larger) == S2S_OK, "a larger vocabulary");
  is_text(shortlist_size(larger), "0", "which the lists do not know, has none");
  s2s_model_free(loaded);
  s2s_model_free(small);
  s2s_model_free(mean);
  s2s_model_free(both);
  s2s_model_free(larger);
  s2s_corpus_free(more);
  s2s_options_free(o);
}

/* ---- searches ---------------------------------------------------------------------------------------------------- */

static tiny_digest digest_of(const s2s_model *m, const s2s_options *o, const char *const *texts, size_t count) {
  tiny_digest digest = TINY_DIGEST;
  s2s_result *result;
  if (s2s_translate(m, o, texts, NULL, count, &result) != S2S_OK) diag("%s", s2s_error_message());
  else tiny_mix_result(&digest, result);
  s2s_result_free(result);
  return digest;
}

static tiny_digest digest_alone(const s2s_model *m, const s2s_options *o, const char *const *texts, size_t count) {
  tiny_digest digest = TINY_DIGEST;
  for (size_t i = 0; i < count; i++) {
    s2s_result *result;
    if (s2s_translate(m, o, &texts[i], NULL, 1, &result) != S2S_OK) diag("%s", s2s_error_message());
    tiny_mix_result(&digest, result);
    s2s_result_free(result);
  }
  return digest;
}

static const char *const texts[] = {"abc", "c", "", "\xc3\xa9", "cab", "cc", "bbbb", "abca", "a", "zab"};

static void test_alone_and_together(const s2s_model *m, const char *what) {
  static const char *const searches[][2] = {{"beam", "1"}, {"beam", "4"}, {"temperature", "1"}};
  for (size_t i = 0; i < TINY_COUNT(searches); i++) {
    s2s_options *o = tiny_options(&watch);
    tiny_set(o, "shortlist", "yes");
    tiny_set(o, searches[i][0], searches[i][1]);
    const tiny_digest together_ = digest_of(m, o, texts, TINY_COUNT(texts));
    ok(together_ == digest_alone(m, o, texts, TINY_COUNT(texts)), "%s, %s %s: the same bits alone and in a batch", what,
       searches[i][0], searches[i][1]);
    tiny_set(o, "threads", "2");
    ok(together_ == digest_of(m, o, texts, TINY_COUNT(texts)), "%s: and by two threads", what);
    s2s_options_free(o);
  }
}

/* A list of all tokens changes nothing but what the begin mark is worth. */
static void test_all(void) {
  s2s_options *whole = tiny_options(&watch);
  s2s_model *all = with_list(model, "0", "1000");
  float with[64], without[64];
  first_row(all, options, "abc", with);
  first_row(all, whole, "abc", without);
  int alike = 1;
  const double begin = 1 - exp((double)without[S2S_TOKEN_BEGIN]);
  for (size_t i = 0; i < s2s_model_vocabulary_size(all, S2S_TARGET); i++)
    alike &= i == S2S_TOKEN_BEGIN || fabs((double)(with[i] - without[i]) + log(begin)) < 1e-5;
  ok(alike, "of all tokens, probabilities are the model's without the begin mark");
  s2s_options_free(whole);
  s2s_model_free(all);
}

static void test_prefix(void) {
  s2s_model *none = with_list(model, "0", "0");
  s2s_options *o = tiny_options(&watch);
  s2s_result *result;
  tiny_set(o, "shortlist", "yes");
  ok(s2s_translate(none, o, texts, NULL, 2, &result) == S2S_OK &&
         !strpbrk(s2s_result_text(result, 0, 0), "abc"), "what no list has does not come");
  s2s_result_free(result);
  tiny_set(o, "prefix", "ba");
  ok(s2s_translate(none, o, texts, NULL, 2, &result) == S2S_OK && strncmp(s2s_result_text(result, 1, 0), "ba", 2) == 0 &&
         isfinite(s2s_result_score(result, 1, 0)),
     "a prefix does");
  s2s_result_free(result);
  s2s_options_free(o);
  s2s_model_free(none);
}

/* A copy between steps chooses as its original. */
static void test_copied_decoder(void) {
  s2s_encoder *encoder;
  s2s_memory *memory;
  s2s_decoder *decoder, *copy;
  const float *one, *other;
  const size_t size = s2s_model_vocabulary_size(listed, S2S_TARGET);
  s2s_encoder_init(listed, options, &encoder);
  s2s_encode(encoder, texts, NULL, 2, &memory);
  s2s_decoder_init(listed, options, &decoder);
  s2s_decoder_start(decoder, memory);
  s2s_decoder_step(decoder, (const int32_t[]){1, 1}, (const int32_t[]){0, 1}, 2, &one);
  ok(s2s_decoder_copy(decoder, &copy) == S2S_OK, "a decoder is copied between its steps");
  s2s_decoder_step(decoder, (const int32_t[]){2, 0}, (const int32_t[]){1, 0}, 2, &one);
  s2s_decoder_step(copy, (const int32_t[]){2, 0}, (const int32_t[]){1, 0}, 2, &other);
  ok(memcmp(one, other, 2 * size * sizeof *one) == 0, "and chooses from the same tokens");
  s2s_decoder_free(decoder);
  s2s_decoder_free(copy);
  s2s_memory_free(memory);
  s2s_encoder_free(encoder);
}

static void test_nothing(void) {
  s2s_encoder *encoder;
  s2s_memory *memory;
  s2s_decoder *decoder;
  s2s_result *result;
  const float *rows;
  s2s_encoder_init(listed, options, &encoder);
  s2s_encode(encoder, NULL, NULL, 0, &memory);
  s2s_decoder_init(listed, options, &decoder);
  ok(s2s_decode(decoder, memory, &result) == S2S_OK && s2s_result_count(result) == 0, "no sequences are decoded");
  ok(s2s_decoder_start(decoder, memory) == S2S_OK && s2s_decoder_step(decoder, NULL, NULL, 0, &rows) == S2S_OK,
     "and stepped through");
  s2s_result_free(result);
  s2s_decoder_free(decoder);
  s2s_memory_free(memory);
  s2s_encoder_free(encoder);
}

static void test_shapes(void) {
  static const char *const shapes[][2] = {{"decoder.order", "bahdanau"}, {"attention.type", "additive"},
                                          {"embedding.tie", "target"}};
  for (size_t i = 0; i < TINY_COUNT(shapes); i++) {
    s2s_options *o = tiny_options(&watch);
    tiny_set(o, shapes[i][0], shapes[i][1]);
    tiny_set(o, "embedding.dim", "6");
    s2s_model *one = tiny_model(o), *lists = with_list(one, "2", "1"), *small;
    test_alone_and_together(lists, shapes[i][1]);
    s2s_options_set(o, "weights", "f16");
    if (s2s_model_quantize(lists, o, &small) == S2S_OK) test_alone_and_together(small, "f16");
    s2s_model_free(one);
    s2s_model_free(lists);
    s2s_model_free(small);
    s2s_options_free(o);
  }
}

int main(void) {
  tiny_watch_init(&watch);
  options = tiny_options(&watch);
  tiny_set(options, "shortlist", "yes");
  model = tiny_model(options);
  listed = with_list(model, "2", "1");
  s2s_model *small;
  if (!ok(listed != NULL, "a shortlist is learnt")) return done();
  test_bytes();
  test_learnt();
  test_refused();
  test_kept();
  test_alone_and_together(listed, "f32");
  if (s2s_model_quantize(listed, NULL, &small) == S2S_OK) test_alone_and_together(small, "int8");
  s2s_model_free(small);
  test_shapes();
  test_all();
  test_prefix();
  test_copied_decoder();
  test_nothing();
  s2s_model_free(model);
  s2s_model_free(listed);
  s2s_options_free(options);
  ok(tiny_watch_is_clean(&watch), "all memory is given back");
  return done();
}
