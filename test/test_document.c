/* SPDX-License-Identifier: MIT
 *
 * text/sentence and text/document: where sentences end, long ones, and documents to sentences and back.
 */
#include "tap.h"
#include "test_base.h"

#include "base/random.h"
#include "base/utf8.h"
#include "text/document.h"
#include "text/sentence.h"

static test_memory memory;
static s2s__host host;

/* ---- sentences --------------------------------------------------------------------------------------------------- */

/* The sentences of a text with a bar between them. */
static const char *bars(s2s__document_rules rules, const char *text, size_t length) {
  static char out[4096];
  s2s__error error = {.status = S2S_OK};
  s2s__tokens sentences;
  char *at = out;
  s2s__tokens_init(&sentences, &host);
  if (s2s__document_split(&rules, text, length, &sentences, &error) != S2S_OK)
    strcpy(out, error.text);
  else
    for (size_t i = 0, bytes; i < sentences.count; i++, at += bytes) {
      bytes = (size_t)snprintf(at, sizeof out - (size_t)(at - out), "%s%s", i ? "|" : "", sentences.item[i].text);
      if (bytes >= sizeof out - (size_t)(at - out)) break;
    }
  if (sentences.count == 0 && error.status == S2S_OK) *out = '\0';
  s2s__tokens_free(&sentences);
  return out;
}

static void splits(s2s__document_lines lines, const char *text, const char *wanted) {
  const s2s__document_rules rules = {lines, NULL, 0};
  is_text(bars(rules, text, strlen(text)), wanted, "%.60s", wanted);
}

static void keep(const char *text, const char *wanted) { splits(S2S__LINES_KEEP, text, wanted); }

static void test_ends(void) {
  keep("", "");
  keep(" \n\t\n", "");
  keep("one", "one");
  keep("  one  ", "one");
  keep("One. Two! Three? Four", "One.|Two!|Three?|Four");
  keep("What?! No... Yes.", "What?!|No...|Yes.");
  keep("No end .. here", "No end .. here");
  keep("It costs 3.5 or 1,000.25 pounds. Cheap", "It costs 3.5 or 1,000.25 pounds.|Cheap");
  keep("See www.example.org/a?b=c! now. Then", "See www.example.org/a?b=c!|now.|Then");
  keep("wait... what. then", "wait... what. then");
  keep("(One.) [Two.] \"Three.\" 'Four.' Five", "(One.)|[Two.]|\"Three.\"|'Four.'|Five");
  keep("\"Go!\" she said. \"Go!\" She said", "\"Go!\" she said.|\"Go!\"|She said");
  keep("Ja\xE2\x80\xA6 Nein. \xE2\x80\x9EJa.\xE2\x80\x9C Und", "Ja\xE2\x80\xA6|Nein.|\xE2\x80\x9EJa.\xE2\x80\x9C|Und");
  keep("\xC2\xBFQu\xC3\xA9? \xC2\xA1No! \xC3\x81lvaro", "\xC2\xBFQu\xC3\xA9?|\xC2\xA1No!|\xC3\x81lvaro");
}

static void test_abbreviations(void) {
  keep("Mr. Smith met Dr. Brown. They left", "Mr. Smith met Dr. Brown.|They left");
  keep("J. R. R. Tolkien of the U.S. Army. End", "J. R. R. Tolkien of the U.S. Army.|End");
  keep("at 5 p.m. Then at 6 p.m. sharp", "at 5 p.m.|Then at 6 p.m. sharp");
  keep("e.g. This, i.e. That. So", "e.g. This, i.e. That.|So");
  keep("(Cf. Prof. X.) Next", "(Cf. Prof. X.)|Next");
  keep("See Fig. 3 and no. 5. No. He left", "See Fig. 3 and no. 5.|No.|He left");
  keep("Such is art. Art. 5 says", "Such is art.|Art. 5 says");
  keep("On Jan. 5. In Jan. It", "On Jan. 5.|In Jan.|It");
  keep("Am 3. Oktober, z. B. Autos, usw. Das sind 5 Mio. Euro. Gut",
       "Am 3. Oktober, z. B. Autos, usw.|Das sind 5 Mio. Euro.|Gut");
  keep("1. Begin\n2. End. It was 1984. Then", "1. Begin|2. End.|It was 1984.|Then");
  keep("MR. X. Then mr. Y", "MR. X. Then mr.|Y"); /* an initial; and a name has a capital */
  keep("\xD0\xBD\xD0\xB0 \xD1\x83\xD0\xBB. \xD0\x9C\xD0\xB8\xD1\x80\xD0\xB0. \xD0\x98 \xD1\x82. \xD0\xB4. "
       "\xD0\x9E\xD0\xBD",
       "\xD0\xBD\xD0\xB0 \xD1\x83\xD0\xBB. \xD0\x9C\xD0\xB8\xD1\x80\xD0\xB0.|\xD0\x98 \xD1\x82. "
       "\xD0\xB4.|\xD0\x9E\xD0\xBD");
  keep("5 m. Then m. Then", "5 m.|Then m. Then");
  keep("x/Dr. No", "x/Dr. No");
  keep("Dr.", "Dr.");
  keep(". One . Two", ".|One .|Two");
}

static void test_scripts(void) {
  keep("\xE4\xBD\xA0\xE5\xA5\xBD\xE3\x80\x82\xE4\xBD\xA0\xE6\x98\xAF\xE8\xB0\x81\xEF\xBC\x9F\xE6\x88\x91",
       "\xE4\xBD\xA0\xE5\xA5\xBD\xE3\x80\x82|\xE4\xBD\xA0\xE6\x98\xAF\xE8\xB0\x81\xEF\xBC\x9F|\xE6\x88\x91");
  keep("\xE2\x80\x9C\xE8\xB5\xB0\xE3\x80\x82\xE2\x80\x9D\xE4\xBB\x96",
       "\xE2\x80\x9C\xE8\xB5\xB0\xE3\x80\x82\xE2\x80\x9D|\xE4\xBB\x96");
  keep("\xE3\x80\x8C\xE8\xA1\x8C\xE3\x81\x8F\xE3\x80\x82\xE3\x80\x8D\xE3\x81\xA8\xE8\xA8\x80\xE3\x81\xA3\xE3\x81\x9F"
       "\xE3\x80\x82"
       "\xE6\xAC\xA1",
       "\xE3\x80\x8C\xE8\xA1\x8C\xE3\x81\x8F\xE3\x80\x82\xE3\x80\x8D\xE3\x81\xA8\xE8\xA8\x80\xE3\x81\xA3\xE3\x81\x9F"
       "\xE3\x80\x82|"
       "\xE6\xAC\xA1");
  keep("\xEA\xB0\x84\xEB\x8B\xA4. \xEC\x98\xA8\xEB\x8B\xA4.", "\xEA\xB0\x84\xEB\x8B\xA4.|\xEC\x98\xA8\xEB\x8B\xA4.");
  keep("\xE0\xA4\x97\xE0\xA4\xAF\xE0\xA4\xBE\xE0\xA5\xA4\xE0\xA4\xB5\xE0\xA4\xB9",
       "\xE0\xA4\x97\xE0\xA4\xAF\xE0\xA4\xBE\xE0\xA5\xA4|\xE0\xA4\xB5\xE0\xA4\xB9");
  keep("\xD9\x85\xD9\x86\xD8\x9F \xD8\xA3\xD9\x86\xD8\xA7. \xD9\x85",
       "\xD9\x85\xD9\x86\xD8\x9F|\xD8\xA3\xD9\x86\xD8\xA7.|\xD9\x85");
}

static void test_lines(void) {
  keep("one\ntwo\r\nthree\rfour\xE2\x80\xA8"
       "five",
       "one|two|three|four|five");
  keep("\xEF\xBB\xBF"
       "one\n\n \n two",
       "one|two");
  splits(S2S__LINES_JOIN, "one\ntwo. Three\r\nfour\n\nfive\n \nsix", "one two.|Three four|five|six");
  splits(S2S__LINES_JOIN, "one \n two\n\tthree", "one|two|three"); /* indented */
  splits(S2S__LINES_JOIN, "one \ntwo\xE2\x80\xA9three\ffour", "one two|three|four");
  splits(S2S__LINES_JOIN, "\xE4\xBD\xA0\n\xE5\xA5\xBD\nx\n\xE5\xA5\xBD", "\xE4\xBD\xA0\xE5\xA5\xBD x \xE5\xA5\xBD");
}

/* ---- long sentences ---------------------------------------------------------------------------------------------- */

static s2s_segmenter *make_segmenter(const char *tokens) {
  s2s_options options;
  s2s__error error = {.status = S2S_OK};
  s2s_segmenter *segmenter = NULL;
  const s2s__texts none = {NULL, 0, NULL};
  s2s__options_init(&options, &host);
  (void)s2s__options_set(&options, "source.tokens", tokens, &error);
  if (s2s__segmenter_new(&host, &options, S2S_SOURCE, &segmenter, &error) == S2S_OK)
    (void)s2s__segmenter_learn(segmenter, &options, S2S_SOURCE, &none, &error);
  s2s__options_clear(&options);
  return segmenter;
}

static void cuts(const char *tokens, size_t most, const char *text, const char *wanted) {
  s2s_segmenter *segmenter = make_segmenter(tokens);
  const s2s__document_rules rules = {S2S__LINES_KEEP, segmenter, most};
  is_text(bars(rules, text, strlen(text)), wanted, "%zu %s: %.50s", most, tokens, wanted);
  s2s__segmenter_release(segmenter);
}

static void test_long(void) {
  cuts("words", 3, "a b c", "a b c");
  cuts("words", 3, "a b c d e f g", "a b c|d e f|g");
  cuts("words", 4, "a b, c, d e f", "a b, c,|d e f");
  cuts("words", 4, "a, b c d e f", "a, b c d|e f"); /* a comma in the first half is too near */
  cuts("chars", 5, "abc def ghi", "abc|def|ghi");
  cuts("chars", 5, "abcdefgh", "abcde|fgh");
  cuts("chars", 4,
       "abcde\xCC\x81"
       "f",
       "abcd|e\xCC\x81"
       "f"); /* a letter keeps its accent */
  cuts("chars", 3,
       "xye\xCC\x81"
       "f",
       "xy|e\xCC\x81"
       "f");
  cuts("chars", 1, "e\xCC\x81", "e|\xCC\x81"); /* unless both are too many */
  cuts("bytes", 4, "a\xE2\x82\xAC\xE2\x82\xAC", "a\xE2\x82\xAC|\xE2\x82\xAC");
  cuts("bytes", 2,
       "a\xE2\x82\xAC"
       "b",
       "a|\xE2\x82\xAC|b"); /* a character is never cut */
  cuts("chars", 4, "\xE4\xBD\xA0\xE5\xA5\xBD\xEF\xBC\x8C\xE4\xBD\xA0\xE5\xA5\xBD",
       "\xE4\xBD\xA0\xE5\xA5\xBD\xEF\xBC\x8C|\xE4\xBD\xA0\xE5\xA5\xBD");
}

/* ---- joining ----------------------------------------------------------------------------------------------------- */

/* Each sentence becomes what `change` makes of it, or stays (NULL); the whole. */
static const char *joins(s2s__document_rules rules, const char *text, size_t length, const char *const *change) {
  static char out[65536];
  s2s__error error = {.status = S2S_OK};
  s2s__tokens sentences, joined;
  s2s__text made[4096];
  s2s__tokens_init(&sentences, &host);
  s2s__tokens_init(&joined, &host);
  int32_t status = s2s__document_split(&rules, text, length, &sentences, &error);
  for (size_t i = 0; i < sentences.count && i < 4096; i++)
    made[i] = change ? (s2s__text){change[i], strlen(change[i])}
                     : (s2s__text){sentences.item[i].text, sentences.item[i].length};
  if (status == S2S_OK) status = s2s__document_join(rules.lines, &sentences, made, &joined, &error);
  snprintf(out, sizeof out, "%s", status == S2S_OK ? joined.text.text : error.text);
  for (size_t i = 0; i < joined.count; i++) /* the tokens are parts of it */
    if (joined.item[i].length != made[i].length ||
        memcmp(joined.text.text + joined.item[i].begin, made[i].text, made[i].length) != 0)
      strcpy(out, "a token is not what it was made of");
  if (joined.count != sentences.count) strcpy(out, "another number of tokens");
  s2s__tokens_free(&joined);
  s2s__tokens_free(&sentences);
  return out;
}

static void becomes(s2s__document_lines lines, const char *text, const char *const *change, const char *wanted) {
  const s2s__document_rules rules = {lines, NULL, 0};
  is_text(joins(rules, text, strlen(text), change), wanted, "joined: %.50s", wanted);
}

static void test_join(void) {
#define LIST(...) (const char *const[]){__VA_ARGS__}
  becomes(S2S__LINES_KEEP, "  Ab.  B!\n\n\tC\n", LIST("x.", "y!", "z"), "  x.  y!\n\n\tz\n");
  becomes(S2S__LINES_KEEP, "\n \n", NULL, "\n \n");
  becomes(S2S__LINES_KEEP, "Ab. Bc. Cd.", LIST("x", "", "z"), "x  z");
  becomes(S2S__LINES_KEEP, "\xE4\xBD\xA0\xE3\x80\x82\xE5\xA5\xBD\xE3\x80\x82\n\xE5\xA5\xBD",
          LIST("You.", "Good.", "Good"), "You. Good.\nGood");
  becomes(S2S__LINES_KEEP, "You. Good. X.", LIST("\xE4\xBD\xA0\xE3\x80\x82", "\xE5\xA5\xBD\xE3\x80\x82", "X."),
          "\xE4\xBD\xA0\xE3\x80\x82\xE5\xA5\xBD\xE3\x80\x82 X.");
  becomes(S2S__LINES_JOIN, "A\nbc. C\nde.\nEf.\n\nF", LIST("x", "y", "z", "w"), "x y z\n\nw");
  becomes(S2S__LINES_JOIN, "Ab.\n  Bc.\nC", LIST("x", "y", "z"), "x\n  y z");
#undef LIST
}

/* ---- any text ---------------------------------------------------------------------------------------------------- */

static size_t random_text(uint64_t seed, char *out, size_t most) {
  static const char *const part[] = {"a",
                                     "B",
                                     "word",
                                     "Dr",
                                     ".",
                                     ".",
                                     "!",
                                     "?",
                                     ",",
                                     " ",
                                     " ",
                                     "  ",
                                     "\n",
                                     "\r\n",
                                     "\n\n",
                                     "3",
                                     "\"",
                                     ")",
                                     "e\xCC\x81",
                                     "\xE4\xBD\xA0",
                                     "\xE3\x80\x82",
                                     "\xE3\x80\x8D",
                                     "\xE0\xA5\xA4",
                                     "\xF0\x9F\x98\x80",
                                     "\xE2\x80\xA9",
                                     "\t",
                                     "\xC2\xA0",
                                     "\xEF\xBB\xBF"};
  const size_t parts = s2s__below(seed, 0, 60);
  size_t length = 0;
  for (size_t i = 0; i < parts && length + 8 < most; i++) {
    const char *text = part[s2s__below(seed, i + 1, sizeof part / sizeof *part)];
    memcpy(out + length, text, strlen(text));
    length += strlen(text);
  }
  out[length] = '\0';
  return length;
}

/* Sentences stand in order, lose nothing but white space, and have not too many tokens. */
static int is_split_well(s2s__document_rules rules, const char *text, size_t length) {
  s2s__error error = {.status = S2S_OK};
  s2s__tokens sentences, tokens;
  size_t at = 0;
  int right = 1;
  s2s__tokens_init(&sentences, &host);
  s2s__tokens_init(&tokens, &host);
  right &= s2s__document_split(&rules, text, length, &sentences, &error) == S2S_OK;
  for (size_t i = 0; i <= sentences.count; i++) {
    const size_t begin = i < sentences.count ? sentences.item[i].begin : length;
    for (uint32_t c; at < begin; at += s2s__utf8_decode(text + at, length - at, &c)) {
      c = 0;
      (void)s2s__utf8_decode(text + at, length - at, &c);
      right &= s2s__utf8_is_space(c) || (at == 0 && c == 0xFEFF);
    }
    if (i == sentences.count) break;
    right &= at == begin && sentences.item[i].end > begin;
    at = sentences.item[i].end;
    if (!rules.segmenter) continue;
    right &= s2s__segment(rules.segmenter, text + begin, at - begin, NULL, &tokens, &error) == S2S_OK;
    right &= tokens.count <= rules.max_tokens;
  }
  s2s__tokens_free(&tokens);
  s2s__tokens_free(&sentences);
  return right && at == length;
}

static void test_any_text(void) {
  s2s_segmenter *segmenter = make_segmenter("chars");
  int badly = 0, changed = 0;
  for (uint64_t seed = 0; seed < 5000; seed++) {
    char text[512];
    const size_t length = random_text(seed, text, sizeof text);
    const s2s__document_rules keeping = {S2S__LINES_KEEP, NULL, 0},
                              cutting = {S2S__LINES_KEEP, segmenter, 1 + (size_t)(seed % 9)},
                              joining = {S2S__LINES_JOIN, segmenter, 1 + (size_t)(seed % 5)};
    badly += !is_split_well(keeping, text, length) + !is_split_well(cutting, text, length) +
             !is_split_well(joining, text, length);
    changed += strcmp(joins(keeping, text, length, NULL), text) != 0;
    changed += strcmp(joins(cutting, text, length, NULL), text) != 0;
  }
  is_int(badly, 0, "5,000 random texts lose nothing but white space, and no part is too long");
  is_int(changed, 0, "and joined unchanged they are as they were");
  s2s__segmenter_release(segmenter);
}

static void test_large(void) {
  const size_t size = (size_t)10 << 20;
  s2s__error error = {.status = S2S_OK};
  s2s__tokens sentences;
  s2s_segmenter *segmenter = make_segmenter("chars");
  const s2s__document_rules rules = {S2S__LINES_KEEP, segmenter, 200};
  char *text = malloc(size);
  memset(text, 'x', size);
  s2s__tokens_init(&sentences, &host);
  is_int(s2s__document_split(&rules, text, size, &sentences, &error), S2S_OK, "10 MB without a space are cut");
  is_int((int64_t)sentences.count, (int64_t)((size + 199) / 200), "into parts of 200 characters");
  const size_t less = size / 10;
  memset(text, '.', less);
  is_int(s2s__document_split(&rules, text, less, &sentences, &error), S2S_OK, "1 MB of full stops too");
  memset(text, ' ', less);
  is_int(s2s__document_split(&rules, text, less, &sentences, &error), S2S_OK, "and of spaces");
  is_int((int64_t)sentences.count, 0, "which are no sentence");
  for (size_t i = 0; i < less; i += 2) text[i] = '.';
  is_int(s2s__document_split(&rules, text, less, &sentences, &error), S2S_OK, "and of both");
  s2s__tokens_free(&sentences);
  s2s__segmenter_release(segmenter);
  free(text);
}

static void test_bad(void) {
  const s2s__document_rules rules = {S2S__LINES_KEEP, NULL, 0};
  is_text(bars(rules, "One. \xFF", 6), "invalid UTF-8 at byte 6", "invalid UTF-8 is refused");
}

int main(void) {
  host = test_host(&memory);
  test_ends();
  test_abbreviations();
  test_scripts();
  test_lines();
  test_long();
  test_join();
  test_any_text();
  test_large();
  test_bad();
  is_int((int64_t)memory.live_bytes, 0, "all memory is given back");
  return done();
}
