/* SPDX-License-Identifier: MIT
 *
 * text/learn*: pieces learnt by bpe and unigram.
 */
#include "tap.h"
#include "test_base.h"

#include "base/random.h"
#include "text/learn_seeds.h"
#include "text/segmenter.h"

#include <math.h>

#define MARK "\xE2\x96\x81"

static test_memory memory;
static s2s__host host;

static s2s__error fresh_error(void) {
  s2s__error error;
  s2s__error_clear(&error);
  return error;
}

typedef struct corpus {
  s2s__counted word[16];
  size_t words;
} corpus;

static corpus words_of(const char *const *text, const uint64_t *count, size_t words) {
  corpus c = {.words = words};
  for (size_t i = 0; i < words; i++) c.word[i] = (s2s__counted){text[i], (uint32_t)strlen(text[i]), count[i]};
  return c;
}

/* Pieces with a space between them, in their order. */
static const char *learnt(const char *learner, const corpus *c, size_t size, double coverage, char *out) {
  s2s__error error = fresh_error();
  s2s__arena arena;
  s2s__piece *piece;
  size_t pieces = 0;
  char *at = out;
  s2s__arena_init(&arena, &host);
  const int32_t status = s2s__learner_find(learner, strlen(learner))
                             ->learn(c->word, c->words, size, coverage, &host, &arena, &piece, &pieces, &error);
  *out = '\0';
  for (size_t i = 0; i < pieces && status == S2S_OK; i++)
    at += sprintf(at, "%s%.*s", i ? " " : "", (int)piece[i].length, piece[i].text);
  if (status != S2S_OK) sprintf(out, "%s", error.text);
  s2s__arena_free(&arena);
  return out;
}

/* ---- bpe --------------------------------------------------------------------------------------------------------- */

/* The example of Sennrich, Haddow and Birch (2016), without marks at the ends of words: low 5, lower 2, newest 6,
 * widest 3. Characters: e 17 (6 * 2 + 2 + 3), w 16, s 9, t 9, l 7, o 7, n 6, d 3, i 3, r 2. Merges: es   9, as st is: e
 * comes before s est  9 lo   7, as ow is: l comes before o low  7 ew   6 (in newest; the e of lower stands behind low),
 * as ne and w-est are: e comes before n and w new  6, as ew-est is: n comes before the younger ew */
static void test_bpe(void) {
  static const char *const text[] = {"low", "lower", "newest", "widest"};
  static const uint64_t count[] = {5, 2, 6, 3};
  const corpus c = words_of(text, count, 4);
  char out[500];
  is_text(learnt("bpe", &c, 16, 1, out), "es est lo low ew new e w s t l o n d i r", "the textbook's merges");
  is_text(learnt("bpe", &c, 10, 1, out), "e w s t l o n d i r", "no merge when there is only room for the characters");
  is_text(learnt("bpe", &c, 9, 1, out),
          "9 pieces are fewer than the 10 characters that are to be covered: more pieces are needed, or a lower "
          "subword.coverage",
          "too few pieces are refused");
  ok(strlen(learnt("bpe", &c, 1000, 1, out)) < 120, "it ends where every pair is seen once: %s", out);
  is_text(learnt("bpe", &c, 10, 0.97, out), "es e w s t l o n d i", "a rare character can be left out");
}

static void test_bpe_repeats(void) {
  static const char *const text[] = {"aaaaa", "aab"};
  static const uint64_t count[] = {1, 1};
  const corpus c = words_of(text, count, 2);
  char out[100];
  /* aa: 4 + 1 = 5 places; merged from the left: aa aa a and aa b. Then (aa aa) 1, (aa a) 1, (aa b) 1: seen once. */
  is_text(learnt("bpe", &c, 10, 1, out), "aa a b", "pairs that overlap are merged from the left");
}

/* ---- the substrings that unigram begins with --------------------------------------------------------------------- */

static size_t count_in(const corpus *c, const char *text, size_t length) {
  size_t count = 0;
  for (size_t i = 0; i < c->words; i++)
    for (size_t at = 0; at + length <= c->word[i].length; at++)
      if (memcmp(c->word[i].text + at, text, length) == 0) count += (size_t)c->word[i].count;
  return count;
}

static void test_seeds(void) {
  char text[10][13];
  corpus c = {.words = 10};
  int right = 1, complete = 1;
  for (uint64_t round = 0, drawn = 0; round < 200; round++) {
    for (size_t i = 0; i < c.words; i++) {
      const uint32_t length = 1 + s2s__below(round, drawn++, 12);
      for (uint32_t j = 0; j < length; j++) text[i][j] = (char)('a' + s2s__below(round, drawn++, 3));
      c.word[i] = (s2s__counted){text[i], length, 1 + s2s__below(round, drawn++, 3)};
    }
    s2s__error error = fresh_error();
    s2s__arena arena;
    s2s__seeds seeds;
    s2s__arena_init(&arena, &host);
    right &= s2s__seeds_find(&seeds, c.word, c.words, 100, 1, &arena, &error) == S2S_OK;
    for (size_t i = seeds.characters; i < seeds.count && right; i++) {
      const s2s__seed *s = &seeds.seed[i];
      right &= s->length >= 2 && s->weight == (double)(count_in(&c, s->text, s->length) * s->length);
      for (size_t j = seeds.characters; j < i; j++)
        right &= seeds.seed[j].length != s->length || memcmp(seeds.seed[j].text, s->text, s->length) != 0;
    }
    /* A substring seen at least twice is a seed, or part of one that is seen as often. */
    for (size_t w = 0; w < c.words; w++)
      for (uint32_t begin = 0; begin < c.word[w].length; begin++)
        for (uint32_t end = begin + 2; end <= c.word[w].length; end++) {
          const size_t seen = count_in(&c, c.word[w].text + begin, end - begin);
          int found = seen < 2;
          for (size_t i = seeds.characters; i < seeds.count && !found; i++)
            found = seeds.seed[i].length >= end - begin &&
                    memcmp(seeds.seed[i].text, c.word[w].text + begin, end - begin) == 0 &&
                    seeds.seed[i].weight >= (double)(seen * seeds.seed[i].length);
          complete &= found;
        }
    s2s__arena_free(&arena);
  }
  ok(right, "every seed is there once, with its count times its length, in 200 random corpora");
  ok(complete, "and no frequent substring is missing");
}

/* ---- unigram ----------------------------------------------------------------------------------------------------- */

static void test_unigram(void) {
  static const char *const text[] = {MARK "dog", MARK "dogs", MARK "cat", MARK "cats", MARK "catdog"};
  static const uint64_t count[] = {100, 50, 100, 50, 20};
  const corpus c = words_of(text, count, 5);
  s2s__error error = fresh_error();
  s2s__arena arena;
  s2s__piece *piece;
  size_t pieces;
  char out[500];
  double sum = 0;
  learnt("unigram", &c, 11, 1, out);
  ok(strstr(out, MARK "dog") && strstr(out, MARK "cat"), "the words that others are made of are pieces: %s", out);
  s2s__arena_init(&arena, &host);
  s2s__learner_find("unigram", 7)->learn(c.word, 5, 30, 1, &host, &arena, &piece, &pieces, &error);
  for (size_t i = 0; i < pieces; i++) sum += exp((double)piece[i].score);
  ok(sum > 0.9 && sum < 1.0001, "scores are logarithms of probabilities, which add up to 1, less a prior's share: %.3f",
     sum);
  int sorted = 1;
  for (size_t i = 1; i < pieces; i++) sorted &= piece[i].score <= piece[i - 1].score;
  ok(sorted, "the best come first");
  s2s__arena_free(&arena);
  char again[500];
  is_text(learnt("unigram", &c, 11, 1, again), out, "the same words give the same pieces");
  is_text(learnt("unigram", &c, 5, 1, out) + 2,
          "pieces are fewer than the 8 characters that are to be covered: more pieces are needed, or a lower "
          "subword.coverage",
          "too few pieces are refused");
}

/* ---- by options -------------------------------------------------------------------------------------------------- */

static s2s__text list_get(const void *data, size_t number) {
  const char *text = ((const char *const *)data)[number];
  return (s2s__text){text, strlen(text)};
}

static const char *const sample[] = {"the cat and the dog.", "the <name> saw the cat", "a dog and a cat <name>",
                                     "the the the",          "der Hund, die Katze",    "cats and dogs and cats"};
enum { SAMPLES = sizeof sample / sizeof *sample };

/* The tokens of a text by a segmenter of these options, learnt from the sample; or what was wrong. */
static const char *segmented(const char *const (*option)[2], const char *text, char *out) {
  const s2s__texts texts = {sample, SAMPLES, list_get};
  s2s__error error = fresh_error();
  s2s_options options;
  s2s_segmenter *segmenter = NULL;
  s2s__tokens tokens;
  char *at = out;
  memory.requests = 0;
  s2s__options_init(&options, &host);
  s2s__tokens_init(&tokens, &host);
  int32_t status = S2S_OK;
  for (; (*option)[0] && status == S2S_OK; option++)
    status = s2s__options_set(&options, (*option)[0], (*option)[1], &error);
  if (status == S2S_OK) status = s2s__segmenter_new(&host, &options, S2S_SOURCE, &segmenter, &error);
  if (status == S2S_OK) status = s2s__segmenter_learn(segmenter, &options, S2S_SOURCE, &texts, &error);
  if (status == S2S_OK) status = s2s__segment(segmenter, text, strlen(text), NULL, &tokens, &error);
  for (size_t i = 0; i < tokens.count && status == S2S_OK; i++)
    at += sprintf(at, "%s%.*s", i ? " " : "", (int)tokens.item[i].length, tokens.item[i].text);
  *at = '\0';
  s2s__text joined;
  if (status == S2S_OK) status = s2s__join(segmenter, tokens.item, tokens.count, &tokens.arena, &joined, &error);
  if (status == S2S_OK) sprintf(at, " = %s", joined.text);
  if (status != S2S_OK) sprintf(out, "%d: %s", (int)status, error.text);
  s2s__tokens_free(&tokens);
  s2s__segmenter_release(segmenter);
  s2s__options_clear(&options);
  return out;
}
#define OPTIONS(...) ((const char *const[][2]){__VA_ARGS__, {NULL, NULL}})

#define has(found, ...) ok((found) != NULL, __VA_ARGS__)

static void test_options(void) {
  char out[2000];
  is_text(segmented(OPTIONS({"source.tokens", "bpe:60"}), "the cats and the dog", out),
          MARK "the " MARK "cats " MARK "and " MARK "the " MARK "dog = the cats and the dog",
          "bpe learns words of pieces");
  is_text(segmented(OPTIONS({"source.tokens", "unigram:40"}), "the cat and the dog", out),
          MARK "the " MARK "cat " MARK "and " MARK "the " MARK "dog = the cat and the dog", "so does unigram");
  is_text(segmented(OPTIONS({"source.tokens", "bpe:300"}, {"subword.byte_fallback", "yes"}), "a \xC3\xA9", out),
          MARK "a " MARK " <0xC3> <0xA9> = a \xC3\xA9", "with byte fallback nothing is unknown");
  is_text(segmented(OPTIONS({"source.tokens", "bpe:60"}), "a \xC3\xA9\xC3\xA9", out),
          MARK "a " MARK " \xC3\xA9\xC3\xA9 = a \xC3\xA9\xC3\xA9",
          "without it a run of unknown characters is one token");
  is_text(segmented(OPTIONS({"source.tokens", "bpe:60"}, {"subword.symbols", "<name> and"}), "the<name>and", out),
          MARK "the <name> and = the<name>and", "symbols are tokens of their own");
  is_text(segmented(OPTIONS({"source.tokens", "bpe:60"}, {"source.casefold", "yes"}), "THE Cats", out),
          MARK "the " MARK "cats = the cats", "case is folded first");
  is_text(segmented(OPTIONS({"source.tokens", "chars"}, {"source.normalize", "nfd"}), "\xED\x95\x9C", out),
          "\xE1\x84\x92 \xE1\x85\xA1 \xE1\x86\xAB = \xED\x95\x9C",
          "nfd takes Hangul apart, and it is put together again");
  is_text(segmented(OPTIONS({"source.tokens", "bytes"}), "a\xC3\xA9 b", out),
          "<0x61> <0xC3> <0xA9> <0x20> <0x62> = a\xC3\xA9 b", "bytes are as they are");
  is_text(segmented(OPTIONS({"source.tokens", "spm"}), "a", out),
          "2: option 'source.tokens': 'spm' needs a file, as in spm:FILE", "spm needs a file");
  has(strstr(segmented(OPTIONS({"source.tokens", "spm:test/data/none.model"}), "a", out), "cannot open"),
      "that is there: %s", out);
  has(strstr(segmented(OPTIONS({"source.tokens", "spm:test/data/segment.txt"}), "a", out),
             "test/data/segment.txt: not a SentencePiece model"),
      "and is one: %s", out);
  has(strstr(segmented(OPTIONS({"source.tokens", "bpe:5"}), "a", out), "5 pieces are fewer than"), "bpe:5: %s", out);
  has(strstr(segmented(OPTIONS({"source.tokens", "bpe:200"}, {"subword.byte_fallback", "yes"}), "a", out),
             "bpe:200 leaves no room beside 256 symbols and bytes"),
      "%s", out);
  has(strstr(segmented(OPTIONS({"source.tokens", "bpe:0"}), "a", out), "is not one of"), "%s", out);
  has(strstr(segmented(OPTIONS({"source.tokens", "bpe:x"}), "a", out), "is not one of"), "bpe:x neither");
  has(strstr(segmented(OPTIONS({"source.tokens", "chars:3"}), "a", out), "is not one of"), "chars:3 neither");
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

static void test_no_memory(const char *tokens) {
  char out[2000] = "2: out of memory";
  size_t failed = 0;
  int clean = 1;
  for (size_t at = 1; strstr(out, "out of memory") && at < 5000; at++, failed++) {
    memory.fail_at = at;
    segmented(OPTIONS({"source.tokens", tokens}, {"subword.symbols", "<name>"}, {"source.normalize", "nfkd"}),
              "the cat", out);
    clean &= memory.live_blocks == 0;
  }
  memory.fail_at = 0;
  ok(strstr(out, MARK "the") && clean && failed > 20,
     "%s: every failed allocation is reported and leaves nothing (%zu): %s", tokens, failed - 1, out);
}

int main(void) {
  host = test_host(&memory);
  test_bpe();
  test_bpe_repeats();
  test_seeds();
  test_unigram();
  test_options();
  test_no_memory("bpe:60");
  test_no_memory("unigram:40");
  ok(memory.live_bytes == 0 && memory.wrong_sizes == 0, "all memory is given back");
  return done();
}
