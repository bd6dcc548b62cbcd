/* SPDX-License-Identifier: MIT
 *
 * BLEU and chrF, against values worked out by hand: the arithmetic stands beside each.
 */
#include "tap.h"
#include "test_base.h"

#include "base/random.h"
#include "text/chrf.h"
#include "text/ngram.h"

#include <math.h>

static const char *const token_names[] = {"13a", "zh", "char", "none"};

static s2s__text text_of(const char *text) { return (s2s__text){text, strlen(text)}; }

/* The answer holds to the last digit printed. */
static int near(double a, double b) { return fabs(a - b) < 1e-9; }

/* ---- tokens ------------------------------------------------------------------------------------------------------ */

static void test_tokens(void) {
  static const struct {
    s2s__bleu_tokens tokens;
    const char *text, *expected;
  } cases[] = {
      {S2S__BLEU_13A, "Hello, world.", "Hello , world ."},
      {S2S__BLEU_13A, "It costs $3.50, or 1,000-2,000.", "It costs $ 3.50 , or 1,000 - 2,000 ."},
      {S2S__BLEU_13A, "&quot;a&amp;b&quot; (c)", "\" a & b \" ( c )"},
      {S2S__BLEU_13A, "a..b", "a . . b"},
      {S2S__BLEU_13A, "don't e-mail", "don't e-mail"},
      {S2S__BLEU_13A, "&amp;lt;", "<"}, /* the escapes are undone one after another */
      {S2S__BLEU_13A, "a<skipped>b", "ab"},
      {S2S__BLEU_13A, "3.", "3 ."},
      {S2S__BLEU_13A, ".5 5.", ". 5 5 ."},
      {S2S__BLEU_13A, "\xE2\x80\x9Cgr\xC3\xBC\xC3\x9F\x65\xE2\x80\x9D",
       "\xE2\x80\x9Cgr\xC3\xBC\xC3\x9F\x65\xE2\x80\x9D"},
      {S2S__BLEU_13A, "  a \t\xC2\xA0 b ", "a b"},
      {S2S__BLEU_13A, "", ""},
      {S2S__BLEU_13A, " ", ""},
      {S2S__BLEU_ZH, "\xE6\x88\x91\xE7\x88\xB1 NLP\xEF\xBC\x8C\x32.5\xE3\x80\x82",
       "\xE6\x88\x91 \xE7\x88\xB1 NLP \xEF\xBC\x8C 2.5 \xE3\x80\x82"},
      {S2S__BLEU_ZH, "&quot;", "& quot ;"}, /* nothing is undone */
      {S2S__BLEU_CHAR, "ab \xC3\xA9", "a b \xC3\xA9"},
      {S2S__BLEU_NONE, " a,b  c. ", "a,b c."},
  };
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__arena arena;
  s2s__arena_init(&arena, &host);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const s2s__text text = text_of(cases[i].text);
    s2s__text out;
    s2s__error error;
    s2s__error_clear(&error);
    const int32_t status = s2s__bleu_tokenize(&arena, cases[i].tokens, &text, &out, &error);
    ok(status == S2S_OK && strcmp(out.text, cases[i].expected) == 0 && out.length == strlen(out.text),
       "%s parts \"%s\" into \"%s\" (\"%s\")", token_names[cases[i].tokens], cases[i].text, cases[i].expected,
       out.text);
  }
  s2s__arena_free(&arena);
}

/* The worst growth of every kind, on every byte twice and thrice: no pass may leave its room (AddressSanitizer looks).
 */
static void test_token_room(void) {
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__arena arena;
  s2s__arena_init(&arena, &host);
  static const char *const parts[] = {".", ",", "-", "1", "a", "&", "\xE6\x88\x91", " ", "$", "&lt;"};
  enum { PARTS = sizeof parts / sizeof *parts };
  int same = 1;
  for (int choice = 0; choice < PARTS * PARTS * PARTS; choice++) {
    char text[256] = "";
    for (int i = 0; i < 20; i++) {
      strcat(text, parts[choice % PARTS]);
      strcat(text, parts[choice / PARTS % PARTS]);
      strcat(text, parts[choice / PARTS / PARTS]);
    }
    for (int tokens = 0; tokens <= S2S__BLEU_NONE; tokens++) {
      const s2s__text all = text_of(text);
      s2s__text once, again;
      s2s__error error;
      s2s__error_clear(&error);
      s2s__bleu_tokenize(&arena, (s2s__bleu_tokens)tokens, &all, &once, &error);
      s2s__bleu_tokenize(&arena, S2S__BLEU_NONE, &once, &again, &error);
      same &= strcmp(once.text, again.text) == 0 && strstr(once.text, "  ") == NULL;
      s2s__arena_reset(&arena);
    }
  }
  ok(same, "tokens stand between single spaces whatever the text");
  s2s__arena_free(&arena);
}

/* ---- n-grams ----------------------------------------------------------------------------------------------------- */

static size_t count_of(const uint32_t *item, size_t length, const uint32_t *gram, size_t n) {
  size_t count = 0;
  for (size_t i = 0; i + n <= length; i++) count += memcmp(item + i, gram, n * sizeof *gram) == 0;
  return count;
}

/* Each different n-gram of a as often as it is there, at most as often as in the one of b, c that has most of it. */
static size_t match_by_force(const uint32_t *a, size_t na, const uint32_t *b, size_t nb, const uint32_t *c, size_t nc,
                             size_t n) {
  size_t matches = 0;
  for (size_t i = 0; i + n <= na; i++) {
    if (count_of(a, i + n - 1, a + i, n) > 0) continue; /* seen before */
    const size_t here = count_of(a, na, a + i, n), in_b = count_of(b, nb, a + i, n), in_c = count_of(c, nc, a + i, n);
    const size_t most = in_b > in_c ? in_b : in_c;
    matches += here < most ? here : most;
  }
  return matches;
}

static void test_ngrams(void) {
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__arena arena;
  uint64_t drawn = 0;
  s2s__arena_init(&arena, &host);
  int right = 1;
  for (int round = 0; round < 2000; round++) {
    uint32_t item[3][24];
    size_t length[3];
    s2s__error error;
    s2s__error_clear(&error);
    for (int t = 0; t < 3; t++) {
      length[t] = s2s__below(1, drawn++, 25);
      for (size_t i = 0; i < length[t]; i++) item[t][i] = s2s__below(1, drawn++, 3);
    }
    for (size_t n = 1; n <= 6; n++) {
      s2s__ngrams grams[3];
      for (int t = 0; t < 3; t++) s2s__ngrams_init(&grams[t], &arena, item[t], length[t], n, &error);
      right &= s2s__ngrams_match(&grams[0], grams + 1, 2) ==
               match_by_force(item[0], length[0], item[1], length[1], item[2], length[2], n);
    }
    s2s__arena_reset(&arena);
  }
  ok(right, "n-grams in common are counted as by looking for each, in 2,000 random triples");
  s2s__arena_free(&arena);
}

/* ---- BLEU -------------------------------------------------------------------------------------------------------- */

/* Of one segment per hypothesis, each with the references up to a NULL. */
static s2s__bleu bleu_of(const char *const *hypothesis, const char *const (*reference)[3], size_t count,
                         s2s__bleu_tokens tokens) {
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__arena arena;
  s2s__bleu sum = {{0}, {0}, 0, 0};
  s2s__error error;
  s2s__error_clear(&error);
  s2s__arena_init(&arena, &host);
  for (size_t i = 0; i < count; i++) {
    const s2s__text text = text_of(hypothesis[i]);
    s2s__text references[3];
    size_t n = 0;
    for (; n < 3 && reference[i][n]; n++) references[n] = text_of(reference[i][n]);
    ok(s2s__bleu_add(&sum, &arena, tokens, &text, references, n, &error) == S2S_OK, "a segment is counted");
  }
  s2s__arena_free(&arena);
  return sum;
}

static double bleu_value(const char *hypothesis, const char *a, const char *b, int smooth) {
  const char *const references[1][3] = {{a, b, NULL}};
  const s2s__bleu sum = bleu_of(&hypothesis, references, 1, S2S__BLEU_NONE);
  return s2s__bleu_score(&sum, smooth);
}

static void test_bleu(void) {
  /* the, cat, the, mat and on of 6 words are there too: 5/6; "the cat", "on the", "the mat": 3/5; "on the mat": 1/4; no
   * 4-gram of 3, which counts as half a one: 1/6. Equal lengths. */
  const char *sat = "the cat sat on the mat", *is = "the cat is on the mat";
  ok(near(bleu_value(sat, is, NULL, 1), 100 * pow(5.0 / 6 * 3 / 5 * 1 / 4 * 1 / 6, 0.25)), "BLEU smoothed: 37.99");
  ok(near(bleu_value(sat, is, NULL, 0), 0), "without smoothing an order without a match gives 0");
  ok(near(bleu_value(is, is, NULL, 0), 100), "equal texts give 100");
  /* all four orders are right; four words for six */
  ok(near(bleu_value("the cat is on", is, NULL, 0), 100 * exp(1 - 6.0 / 4)), "a short text is penalised: 60.65");
  ok(near(bleu_value("the cat is on the mat", "the cat is on", NULL, 0),
          100 * pow(4.0 / 6 * 3 / 5 * 2 / 4 * 1 / 3, 0.25)),
     "a long one is not, but its precisions are lower: 50.81");
  ok(near(bleu_value("a b c", "a b c", NULL, 1), 0), "a text too short for 4-grams gives 0");
  ok(near(bleu_value("x y z w", "a b c d", NULL, 1), 0), "no word in common gives 0");
  ok(near(bleu_value("", "a b c d", NULL, 1), 0), "an empty text gives 0");

  const char *clipped = "the the the the the the the";
  const char *const two[1][3] = {{"the cat is on the mat", "there is a cat on the mat", NULL}};
  const s2s__bleu counts = bleu_of(&clipped, two, 1, S2S__BLEU_NONE);
  ok(counts.match[0] == 2 && counts.total[0] == 7,
     "seven times \"the\" matches as often as the first reference has it");
  ok(counts.hypothesis == 7 && counts.reference == 7, "the length of the closest reference counts");
  const char *five = "a b c d e";
  const char *const tie[1][3] = {{"a b c d e f", "a b c d", NULL}};
  ok(bleu_of(&five, tie, 1, S2S__BLEU_NONE).reference == 4, "of two equally close ones the shorter");

  /* Two segments: words 5 + 2 of 6 + 3, 2-grams 3 + 1 of 5 + 2, 3-grams 1 + 0 of 4 + 1, 4-grams 0 of 3 + 0 */
  const char *const both[] = {sat, "a b x"};
  const char *const refs[2][3] = {{is, NULL}, {"a b c d", NULL}};
  const s2s__bleu sum = bleu_of(both, refs, 2, S2S__BLEU_NONE);
  ok(near(s2s__bleu_score(&sum, 1), 100 * exp(1 - 10.0 / 9) * pow(7.0 / 9 * 4 / 7 * 1 / 5 * 1 / 6, 0.25)),
     "a corpus's score is that of the sums");
}

/* ---- chrF -------------------------------------------------------------------------------------------------------- */

static double chrf_value(const char *hypothesis, const char *a, const char *b) {
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__arena arena;
  s2s__chrf sum = {{0}, {0}, {0}};
  s2s__error error;
  s2s__error_clear(&error);
  s2s__arena_init(&arena, &host);
  const s2s__text text = text_of(hypothesis), references[2] = {text_of(a), text_of(b ? b : "")};
  ok(s2s__chrf_add(&sum, &arena, &text, references, b ? 2 : 1, &error) == S2S_OK, "a segment is counted");
  s2s__arena_free(&arena);
  return s2s__chrf_score(&sum);
}

static void test_chrf(void) {
  /* 1-grams: 2 of 2, and 2 of 3 of the reference; 2-grams: 1 of 1, and 1 of 2. Precision 1, recall (2/3 + 1/2) / 2. */
  const double recall = (2.0 / 3 + 1.0 / 2) / 2;
  ok(near(chrf_value("ab", "abc", NULL), 100 * 5 * recall / (4 + recall)), "chrF of \"ab\" for \"abc\": 63.64");
  ok(near(chrf_value("a b", " ab\tc", NULL), 100 * 5 * recall / (4 + recall)), "white space does not count");
  ok(near(chrf_value("abcdefg", "abcdefg", NULL), 100), "equal texts give 100");
  ok(near(chrf_value("ab", "xyz", "abc"), 100 * 5 * recall / (4 + recall)), "the best of the references counts");
  ok(near(chrf_value("xyz", "abc", NULL), 0), "nothing in common gives 0");
  ok(near(chrf_value("", "abc", NULL), 0) && near(chrf_value("", "", NULL), 0), "an empty text gives 0");
  ok(near(chrf_value("\xE6\x88\x91\xE7\x88\xB1", "\xE6\x88\x91\xE7\x88\xB1\xE4\xBD\xA0", NULL),
          100 * 5 * recall / (4 + recall)),
     "characters are code points");
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

static void test_no_memory(void) {
  test_memory memory;
  s2s__host host = test_host(&memory);
  const s2s__text text = text_of("the cat, sat on the mat."),
                  references[2] = {text_of("a cat"), text_of("it sat on a mat.")};
  int32_t status = S2S_OUT_OF_MEMORY;
  int clean = 1;
  size_t tries = 0;
  for (; status == S2S_OUT_OF_MEMORY && tries < 1000; tries++) {
    s2s__arena arena;
    s2s__bleu bleu = {{0}, {0}, 0, 0};
    s2s__chrf chrf = {{0}, {0}, {0}};
    s2s__error error;
    s2s__error_clear(&error);
    memory.requests = 0;
    memory.fail_at = tries + 1;
    s2s__arena_init(&arena, &host);
    status = s2s__bleu_add(&bleu, &arena, S2S__BLEU_13A, &text, references, 2, &error);
    if (status == S2S_OK) s2s__arena_free(&arena); /* chrF then asks for memory of its own */
    if (status == S2S_OK) status = s2s__chrf_add(&chrf, &arena, &text, references, 2, &error);
    clean &= status == S2S_OK || (error.text[0] != '\0' && chrf.reference[0] == 0);
    s2s__arena_free(&arena);
    clean &= memory.live_blocks == 0;
  }
  ok(status == S2S_OK && tries > 2 && clean && memory.wrong_sizes == 0,
     "every allocation that fails is reported and leaves nothing behind (%zu failed)", tries - 1);
}

int main(void) {
  test_tokens();
  test_token_room();
  test_ngrams();
  test_bleu();
  test_chrf();
  test_no_memory();
  return done();
}
