/* SPDX-License-Identifier: MIT
 *
 * What a decoder holds: as s2s_decoder_memory() says it, as the allocator sees it, and that a warm one asks for nothing.
 * For recurrent and transformer models of each storage, and each way to search.
 */
#include "tiny.h"

static tiny_watch watch;
static s2s_options *options;

/* ---- models and searches ----------------------------------------------------------------------------------------- */

enum { MOST_SETTINGS = 8 };

typedef struct named {
  const char *name;
  const char *settings[MOST_SETTINGS][2];
} named;

static const named shapes[] = {
    {"recurrent", {{"encoder.hidden", "20"}, {"decoder.hidden", "40"}, {"attention.input_feeding", "yes"}}},
    {"copying", {{"decoder.copy", "yes"}, {"attention.coverage", "yes"}, {"attention.type", "additive"}}},
    {"transformer",
     {{"encoder.type", "transformer"},
      {"decoder.type", "transformer"},
      {"transformer.dim", "16"},
      {"transformer.heads", "2"},
      {"transformer.ffn", "24"},
      {"encoder.layers", "2"},
      {"decoder.layers", "2"}}}};

static const char *const storages[] = {"f32", "f16", "int8"};

static const named searches[] = {
    {"greedy", {{"beam", "1"}}},
    {"a beam", {{"beam", "5"}, {"nbest", "3"}, {"beam_stop", "safe"}}},
    {"a beam with rules", {{"beam", "4"}, {"no_repeat_ngram", "2"}, {"min_length", "4"}, {"repetition_penalty", "1.5"}}},
    {"sampling", {{"temperature", "1"}, {"top_k", "5"}, {"top_p", "0.9"}, {"nbest", "4"}}},
    {"two threads", {{"beam", "3"}, {"threads", "2"}}}};

static void make_options(void) {
  options = tiny_options(&watch);
  tiny_set(options, "max_length", "20");
}

static void set_all(const named *of) {
  for (size_t i = 0; i < MOST_SETTINGS && of->settings[i][0]; i++)
    tiny_set(options, of->settings[i][0], of->settings[i][1]);
}

static void unset_all(const named *of) {
  for (size_t i = 0; i < MOST_SETTINGS && of->settings[i][0]; i++)
    (void)s2s_options_set(options, of->settings[i][0], NULL);
}

static void need(int32_t status) {
  if (status != S2S_OK) diag("%s", s2s_error_message());
  if (status != S2S_OK) exit(1);
}

/* ---- texts ------------------------------------------------------------------------------------------------------- */

enum { TEXTS = 70, LONGEST = 14 }; /* more than one batch */

static char text[TEXTS][LONGEST + 1];

/* Two sets of texts of the same lengths. */
static s2s_memory *encode(s2s_encoder *encoder, size_t count, size_t set) {
  const char *texts[TEXTS];
  s2s_memory *memory;
  for (size_t i = 0; i < count; i++) {
    const size_t length = 1 + i * 5 % LONGEST;
    for (size_t at = 0; at < length; at++) text[i][at] = "abc"[(i * 7 + at * (set + 1) + at / 3) % 3];
    text[i][length] = '\0';
    texts[i] = text[i];
  }
  need(s2s_encode(encoder, texts, NULL, count, &memory));
  return memory;
}

/* Blocks asked for by a decoding, and how many of them are the result's. */
static size_t decode(s2s_decoder *decoder, const s2s_memory *memory, size_t *own) {
  s2s_result *result;
  const size_t requests = watch.memory.requests, blocks = watch.memory.live_blocks;
  need(s2s_decode(decoder, memory, &result));
  const size_t asked = watch.memory.requests - requests;
  *own = watch.memory.live_blocks - blocks;
  s2s_result_free(result);
  return asked;
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

/* Warm after a few rounds over texts of these lengths, whatever they say. */
static int stays_quiet(s2s_encoder *encoder, s2s_decoder *decoder, size_t count) {
  s2s_memory *const memory[] = {encode(encoder, count, 0), encode(encoder, count, 1)};
  size_t own, asked = 0, results = 0;
  for (size_t round = 0; round < 12; round++) {
    const size_t n = decode(decoder, memory[round % 2], &own);
    if (round < 8) continue;
    asked += n;
    results += own;
  }
  s2s_memory_free(memory[0]), s2s_memory_free(memory[1]);
  if (asked != results) diag("%zu texts: %zu blocks asked for, %zu of them the results'", count, asked, results);
  return asked == results;
}

static void test_search(const s2s_model *model, const char *name, const named *search) {
  s2s_encoder *encoder;
  s2s_decoder *decoder;
  set_all(search);
  const size_t before = watch.memory.live_bytes;
  need(s2s_encoder_init(model, options, &encoder));
  need(s2s_decoder_init(model, options, &decoder));
  const int one = stays_quiet(encoder, decoder, 1), many = stays_quiet(encoder, decoder, TEXTS);
  ok(one && many && stays_quiet(encoder, decoder, 1), "%s, %s: a warm decoder asks for no memory", name, search->name);
  s2s_encoder_free(encoder);
  size_t peak;
  const size_t held = s2s_decoder_memory(decoder, &peak);
  ok(held == watch.memory.live_bytes - before && held <= peak && held > 0,
     "%s, %s: it holds what it says", name, search->name);
  s2s_decoder_free(decoder);
  unset_all(search);
}

static void test_model(const named *shape, const char *storage) {
  char name[64];
  make_options();
  set_all(shape);
  s2s_model *model = tiny_model(options), *stored;
  if (!model) exit(1);
  snprintf(name, sizeof name, "%s, %s", shape->name, storage);
  tiny_set(options, "weights", storage);
  need(s2s_model_quantize(model, options, &stored));
  for (size_t i = 0; i < TINY_COUNT(searches); i++) test_search(stored, name, &searches[i]);
  s2s_model_free(stored);
  s2s_model_free(model);
  s2s_options_free(options);
}

/* The peak is the most that was ever held, the limit bounds it, and a copy counts for itself. */
static void test_peak(void) {
  make_options();
  s2s_model *model = tiny_model(options);
  s2s_encoder *encoder;
  s2s_decoder *decoder, *copy;
  size_t peak, later, own;
  need(s2s_encoder_init(model, options, &encoder));
  s2s_memory *one = encode(encoder, 1, 0), *many = encode(encoder, TEXTS, 0);
  s2s_options_set_int(options, "memory_limit", 3000000);
  need(s2s_decoder_init(model, options, &decoder));
  const size_t fresh = s2s_decoder_memory(decoder, NULL);
  (void)decode(decoder, one, &own);
  const size_t small = s2s_decoder_memory(decoder, &peak);
  ok(fresh > 0 && fresh < small && peak >= small, "a decoder grows with its first text");
  (void)decode(decoder, many, &own);
  const size_t large = s2s_decoder_memory(decoder, &later);
  ok(large >= small && later >= peak && later <= 3000000, "and with a batch, up to memory_limit");
  need(s2s_decoder_start(decoder, one));
  need(s2s_decoder_copy(decoder, &copy));
  const size_t before = s2s_decoder_memory(decoder, NULL), copied = s2s_decoder_memory(copy, &peak);
  ok(before >= large && copied > 0 && copied <= peak, "a copy counts for itself");
  s2s_decoder_free(copy);
  is_int((int64_t)s2s_decoder_memory(decoder, NULL), (int64_t)before, "and its end changes nothing");
  peak = 1;
  ok(s2s_decoder_memory(NULL, &peak) == 0 && peak == 0, "no decoder holds nothing");
  s2s_memory_free(one), s2s_memory_free(many);
  s2s_decoder_free(decoder);
  s2s_encoder_free(encoder);
  s2s_model_free(model);
  s2s_options_free(options);
}

int main(void) {
  tiny_watch_init(&watch);
  for (size_t i = 0; i < TINY_COUNT(shapes); i++)
    for (size_t s = 0; s < TINY_COUNT(storages); s++) test_model(&shapes[i], storages[s]);
  test_peak();
  ok(tiny_watch_is_clean(&watch), "at the end nothing is held");
  return done();
}
