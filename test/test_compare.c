/* SPDX-License-Identifier: MIT
 *
 * s2s_metric_texts and s2s_metric_compare: figures worked out by hand, and bootstraps whose outcome is known.
 */
#include "tap.h"
#include "test_base.h"

#include <math.h>
#include <seq2seq.h>

static const char *const figures[] = {"bleu", "chrf", "token_error_rate", "character_error_rate",
                                      "sequence_error_rate"};
enum { FIGURES = sizeof figures / sizeof *figures };

static double figure(const s2s_metrics *metrics, const char *begin, const char *name, const char *end) {
  char text[64];
  double value = NAN;
  snprintf(text, sizeof text, "%s%s%s", begin, name, end);
  return s2s_metrics_get(metrics, text, &value) == S2S_OK ? value : NAN;
}

static int is(const s2s_metrics *metrics, const char *name, double expected) {
  return fabs(figure(metrics, "", name, "") - expected) < 1e-9;
}

/* ---- one system -------------------------------------------------------------------------------------------------- */

static void test_texts(void) {
  const char *const hypotheses[] = {"a b c", "x", "\xC3\xA4 \xE2\x82\xAC"};
  const char *const references[] = {"a b c d", "x y", "\xC3\xA4\xE2\x82\xAC", /* the first of each */
                                    "a c",     "x",   NULL};
  s2s_metrics *m = NULL;
  ok(s2s_metric_texts(NULL, hypotheses, references, 3, 1, &m) == S2S_OK, "texts with one reference each");
  /* words: 1 of 4, 1 of 2, 2 of 1; characters: 2 of 7 ("a b c" + " d"), 2 of 3 (" y"), 1 of 2 (the space) */
  ok(is(m, "token_error_rate", 100.0 * 4 / 7), "words are counted over all texts");
  ok(is(m, "character_error_rate", 100.0 * 5 / 12), "characters are code points");
  ok(is(m, "sequence_error_rate", 100) && is(m, "texts", 3), "no text is right");
  s2s_metrics_free(m);

  ok(s2s_metric_texts(NULL, hypotheses, references, 3, 2, &m) == S2S_OK, "texts with up to two references");
  /* words: 1 of 4 is less than 1 of 2; 0 of 1; 2 of 1. Characters: 2 of 7 is less than 2 of 3; 0 of 1; 1 of 2. */
  ok(is(m, "token_error_rate", 100.0 * 3 / 6), "the reference with the fewest errors for its length counts");
  ok(is(m, "character_error_rate", 100.0 * 3 / 10), "by characters too");
  ok(is(m, "sequence_error_rate", 100.0 * 2 / 3), "a text is right when it is one of them");
  ok(isnan(figure(m, "other_", "bleu", "")), "there is no other system");
  s2s_metrics_free(m);

  const char *const same[] = {"the cat sat on the mat", "it is here now"};
  ok(s2s_metric_texts(NULL, same, same, 2, 1, &m) == S2S_OK && is(m, "bleu", 100) && is(m, "chrf", 100) &&
         is(m, "token_error_rate", 0) && is(m, "character_error_rate", 0) && is(m, "sequence_error_rate", 0),
     "what is asked for is perfect");
  s2s_metrics_free(m);
  const char *const spaced[] = {"  the cat\tsat on  the mat ", "it is here\xC2\xA0now"};
  ok(s2s_metric_texts(NULL, spaced, same, 2, 1, &m) == S2S_OK && is(m, "token_error_rate", 0) &&
         is(m, "sequence_error_rate", 100),
     "white space makes no word");
  s2s_metrics_free(m);
  const char *const empty[] = {"", ""};
  ok(s2s_metric_texts(NULL, empty, same, 2, 1, &m) == S2S_OK && is(m, "bleu", 0) && is(m, "token_error_rate", 100) &&
         is(m, "character_error_rate", 100),
     "nothing said is all wrong");
  s2s_metrics_free(m);
  ok(s2s_metric_texts(NULL, same, empty, 2, 1, &m) == S2S_OK && is(m, "token_error_rate", 0) &&
         is(m, "sequence_error_rate", 100),
     "against empty references rates have nothing to divide by, and are 0");
  s2s_metrics_free(m);
}

/* ---- two systems ------------------------------------------------------------------------------------------------- */

enum { TEXTS = 60 };
static const char *const good = "the quick brown fox jumps over it", *const bad = "the quick brown dog jumps over",
                         *const reference[] = {"the quick brown fox jumps over the dog"};

typedef struct two {
  const char *one[TEXTS], *other[TEXTS], *reference[TEXTS];
} two;

static void fill(two *t, size_t better, size_t worse) { /* so many texts are better in the one, then worse */
  for (size_t i = 0; i < TEXTS; i++) {
    t->one[i] = i < better ? good : bad;
    t->other[i] = i >= better && i < better + worse ? good : bad;
    t->reference[i] = reference[0];
  }
}

static s2s_metrics *compare(const two *t, const s2s_options *options) {
  s2s_metrics *m = NULL;
  ok(s2s_metric_compare(options, t->one, t->other, t->reference, TEXTS, 1, &m) == S2S_OK, "two systems are compared");
  return m;
}

static void test_compare(void) {
  two t;
  fill(&t, 0, 0);
  s2s_metrics *m = compare(&t, NULL);
  int right = 1;
  for (int f = 0; f < FIGURES; f++)
    right &= figure(m, "", figures[f], "_difference") == 0 && figure(m, "", figures[f], "_p_value") == 1 &&
             figure(m, "", figures[f], "_difference_low") == 0 && figure(m, "", figures[f], "_difference_high") == 0;
  ok(right, "equal systems differ by nothing");
  s2s_metrics_free(m);

  fill(&t, TEXTS, 0); /* every resample has the same texts: all differences are the real one */
  m = compare(&t, NULL);
  right = 1;
  for (int f = 0; f < FIGURES - 1; f++) {
    const double real = figure(m, "", figures[f], "_difference");
    right &= fabs(figure(m, "", figures[f], "") - figure(m, "other_", figures[f], "") - real) < 1e-12;
    right &= (f < 2 ? real : -real) > 1 && fabs(figure(m, "", figures[f], "_p_value") - 1.0 / 1001) < 1e-12;
    right &= fabs(figure(m, "", figures[f], "_difference_low") - real) < 1e-9 &&
             fabs(figure(m, "", figures[f], "_difference_high") - real) < 1e-9;
  }
  ok(right, "what is better in every text is so by no chance");
  ok(figure(m, "", "sequence_error_rate", "_p_value") == 1, "but whole texts are wrong in both");
  s2s_metrics_free(m);

  /* Texts that are better by one word each in 20 of 60, worse in 10: the difference of a resample is that of two
   * binomials, with a mean of 10 and a variance of 60 (1/3 + 1/6 - 1/36) = 28.3 texts: 95 % are within 1.96 sqrt(28.3)
   * = 10.4 of it, so that the range just takes in 0 and the p-value is near 0.06. */
  fill(&t, 20, 10);
  m = compare(&t, NULL);
  const double p = figure(m, "", "token_error_rate", "_p_value"),
               real = figure(m, "", "token_error_rate", "_difference"), text = -real / 10,
               low = figure(m, "", "token_error_rate", "_difference_low"),
               high = figure(m, "", "token_error_rate", "_difference_high");
  ok(p > 0.03 && p < 0.1, "a difference that chance may make has p = %.3f", p);
  ok(fabs(low - real + 10.4 * text) < 2 * text && fabs(high - real - 10.4 * text) < 2 * text,
     "its range is that of the binomials: %.1f to %.1f texts", -high / text, -low / text);
  two turned = t;
  memcpy(turned.one, t.other, sizeof t.other);
  memcpy(turned.other, t.one, sizeof t.one);
  s2s_metrics *n = compare(&turned, NULL);
  ok(figure(n, "", "token_error_rate", "_p_value") == p && figure(n, "", "token_error_rate", "_difference") == -real &&
         figure(n, "other_", "bleu", "") == figure(m, "", "bleu", ""),
     "it is as likely the other way round");
  s2s_metrics_free(n);
  n = compare(&t, NULL);
  right = s2s_metrics_count(n) == s2s_metrics_count(m) && s2s_metrics_count(n) == 6 * FIGURES + 1;
  for (size_t i = 0; i < s2s_metrics_count(n); i++) right &= s2s_metrics_value(n, i) == s2s_metrics_value(m, i);
  ok(right, "and the same each time");
  s2s_metrics_free(n);

  s2s_options *options = NULL;
  s2s_options_new(&options);
  s2s_options_set(options, "seed", "7");
  n = compare(&t, options);
  ok(figure(n, "", "token_error_rate", "_p_value") != p, "another seed draws other resamples");
  s2s_metrics_free(n);
  s2s_options_set(options, "bootstrap.samples", "99");
  fill(&t, TEXTS, 0);
  n = compare(&t, options);
  ok(is(n, "bleu_p_value", 0.01), "bootstrap.samples is their number");
  s2s_metrics_free(n);
  s2s_options_free(options);
  s2s_metrics_free(m);
}

/* ---- what is refused --------------------------------------------------------------------------------------------- */

static void refused(int32_t status, int32_t expected, const char *says, const char *what) {
  ok(status == expected && strstr(s2s_error_message(), says), "%s: %s", what, s2s_error_message());
}

static void test_bad(void) {
  const char *const texts[] = {"a", "b"}, *const hole[] = {"a", NULL}, *const broken[] = {"a", "b\xFF"};
  s2s_metrics *m = NULL;
  refused(s2s_metric_texts(NULL, texts, texts, 0, 1, &m), S2S_BAD_ARGUMENT, "no texts", "no texts");
  refused(s2s_metric_texts(NULL, texts, texts, 2, 0, &m), S2S_BAD_ARGUMENT, "text 0", "no alternatives");
  refused(s2s_metric_texts(NULL, hole, texts, 2, 1, &m), S2S_BAD_ARGUMENT, "hypothesis 1", "a hypothesis missing");
  refused(s2s_metric_texts(NULL, texts, hole, 2, 1, &m), S2S_BAD_ARGUMENT, "text 1", "a reference missing");
  refused(s2s_metric_compare(NULL, texts, hole, texts, 2, 1, &m), S2S_BAD_ARGUMENT, "other hypothesis 1",
          "one of the others missing");
  refused(s2s_metric_texts(NULL, broken, texts, 2, 1, &m), S2S_BAD_TEXT, "hypothesis 1", "bytes that are no text");
  refused(s2s_metric_texts(NULL, texts, broken, 2, 1, &m), S2S_BAD_TEXT, "reference 0 of text 1", "in a reference");
  refused(s2s_metric_texts(NULL, texts, texts, SIZE_MAX / 2, 3, &m), S2S_LIMIT, "too many", "more than there can be");
  ok(!m, "and no figures are given");
}

static void test_no_memory(void) {
  test_memory memory;
  test_host(&memory);
  two t;
  fill(&t, 20, 10);
  s2s_options *options = NULL;
  s2s_options_new(&options);
  s2s_options_set_allocator(options, test_allocate, &memory);
  s2s_options_set(options, "bootstrap.samples", "40");
  int32_t status = S2S_OUT_OF_MEMORY;
  int clean = 1;
  size_t tries = 0;
  for (; status == S2S_OUT_OF_MEMORY && tries < 1000; tries++) {
    s2s_metrics *m = NULL;
    memory.requests = 0;
    memory.fail_at = tries + 1;
    status = s2s_metric_compare(options, t.one, t.other, t.reference, TEXTS, 1, &m);
    memory.fail_at = 0;
    clean &= (status == S2S_OK) == (m != NULL);
    s2s_metrics_free(m);
    clean &= memory.live_blocks == 0;
  }
  ok(status == S2S_OK && tries > 2 && clean && memory.wrong_sizes == 0,
     "every allocation that fails is reported and leaves nothing behind (%zu failed)", tries - 1);
  s2s_options_free(options);
}

int main(void) {
  test_texts();
  test_compare();
  test_bad();
  test_no_memory();
  return done();
}
