/* SPDX-License-Identifier: MIT
 *
 * text/: vocabularies, splitters, edit distance.
 */
#include "tap.h"
#include "test_base.h"

#include "base/random.h"
#include "text/metric.h"
#include "text/splitter.h"
#include "text/vocabulary.h"

static s2s__error fresh_error(void) {
  s2s__error error;
  s2s__error_clear(&error);
  return error;
}

/* ---- Vocabularies ------------------------------------------------------------------------------------------------ */

/* Adds the words of a text that stand between single spaces. */
static int32_t count_words(s2s__token_counter *counter, const char *text, s2s__error *error) {
  while (*text) {
    const size_t length = strcspn(text, " ");
    S2S__TRY(s2s__token_counter_add(counter, text, length, error));
    text += length + (text[length] == ' ');
  }
  return S2S_OK;
}

static int32_t build(s2s__vocabulary *vocabulary, s2s__arena *arena, const s2s__host *host, const char *text,
                     uint64_t min_count, size_t max_size, s2s__error *error) {
  s2s__token_counter *counter;
  S2S__TRY(s2s__token_counter_new(host, &counter, error));
  int32_t status = count_words(counter, text, error);
  if (status == S2S_OK) status = s2s__vocabulary_build(vocabulary, arena, counter, min_count, max_size, error);
  s2s__token_counter_free(counter);
  return status;
}

/* The vocabulary of a text as its file, which must be `wanted`. */
static void is_built(const char *text, uint64_t min_count, size_t max_size, const char *wanted, const char *name) {
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__error error = fresh_error();
  s2s__arena arena;
  s2s__vocabulary vocabulary;
  char file[1000];
  s2s__arena_init(&arena, &host);
  if (!is_int(build(&vocabulary, &arena, &host, text, min_count, max_size, &error), S2S_OK, "%s: builds", name)) return;
  const size_t bytes = s2s__vocabulary_bytes(&vocabulary);
  s2s__vocabulary_write(&vocabulary, file);
  file[bytes] = 0;
  is_text(file, wanted, "%s", name);
  s2s__arena_free(&arena);
  ok(memory.live_bytes == 0 && memory.wrong_sizes == 0, "%s: all memory is given back", name);
}

#define SPECIALS "<unk>\n<s>\n</s>\n"

static void test_build(void) {
  is_built("b a b c b a", 1, 100, SPECIALS "b\na\nc\n", "the most frequent comes first");
  is_built("b c a ab aa \xC3\xA9 z", 1, 100, SPECIALS "a\naa\nab\nb\nc\nz\n\xC3\xA9\n", "equal counts go by bytes");
  is_built("b a b c b a", 2, 100, SPECIALS "b\na\n", "min_count leaves rare tokens out");
  is_built("b a b c b a", 4, 100, SPECIALS, "min_count may leave out all");
  is_built("b a b c b a", 1, 4, SPECIALS "b\n", "max_size keeps the most frequent, specials counted");
  is_built("b a b c b a", 1, 3, SPECIALS, "max_size of the specials keeps them alone");
  is_built("b a b c b a", 1, 1, SPECIALS, "the specials are there whatever max_size says");
  is_built("", 1, 100, SPECIALS, "no tokens at all");
  is_built("<s> a <unk> <unk> <unk> </s> </s> <s>x", 1, 100, SPECIALS "<s>x\na\n", "special texts are not learnt");
}

static void test_uncountable(void) {
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__error error = fresh_error();
  s2s__arena arena;
  s2s__vocabulary vocabulary;
  s2s__token_counter *counter;
  char *longest = calloc(1, S2S__MAX_TOKEN_BYTES + 2);
  memset(longest, 'x', S2S__MAX_TOKEN_BYTES + 1);
  s2s__arena_init(&arena, &host);
  s2s__token_counter_new(&host, &counter, &error);
  int held = s2s__token_counter_add(counter, "", 0, &error) == S2S_OK;
  held &= s2s__token_counter_add(counter, "a\nb", 3, &error) == S2S_OK;
  held &= s2s__token_counter_add(counter, "a\0b", 3, &error) == S2S_OK;
  held &= s2s__token_counter_add(counter, longest, S2S__MAX_TOKEN_BYTES + 1, &error) == S2S_OK;
  held &= s2s__token_counter_add(counter, longest, S2S__MAX_TOKEN_BYTES, &error) == S2S_OK;
  ok(held, "tokens that no file can hold are no failure");
  s2s__vocabulary_build(&vocabulary, &arena, counter, 1, 100, &error);
  is_int((int64_t)vocabulary.size, 4, "but are passed over; the longest that fits is not");
  is_int(s2s__vocabulary_find(&vocabulary, longest, S2S__MAX_TOKEN_BYTES), 3, "and is found");
  is_int(s2s__vocabulary_find(&vocabulary, longest, S2S__MAX_TOKEN_BYTES + 1), S2S__UNK, "one byte more is unknown");
  s2s__token_counter_free(counter);
  s2s__token_counter_free(NULL);
  s2s__arena_free(&arena);
  free(longest);
}

static void test_find(void) {
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__error error = fresh_error();
  s2s__arena arena;
  s2s__vocabulary vocabulary;
  s2s__arena_init(&arena, &host);
  build(&vocabulary, &arena, &host, "b a b c b a", 1, 100, &error);
  is_int(s2s__vocabulary_find(&vocabulary, "b", 1), 3, "the first token has id 3");
  is_int(s2s__vocabulary_find(&vocabulary, "c", 1), 5, "the last one is found");
  is_int(s2s__vocabulary_find(&vocabulary, "cb", 2), S2S__UNK, "a longer text is unknown");
  is_int(s2s__vocabulary_find(&vocabulary, "cb", 1), 5, "the length counts, not a NUL");
  is_int(s2s__vocabulary_find(&vocabulary, "", 0), S2S__UNK, "the empty text is unknown");
  is_int(s2s__vocabulary_find(&vocabulary, "<unk>", 5), S2S__UNK, "<unk> is unknown");
  is_int(s2s__vocabulary_find(&vocabulary, "<s>", 3), S2S__UNK, "<s> is unknown");
  is_int(s2s__vocabulary_find(&vocabulary, "</s>", 4), S2S__UNK, "</s> is unknown");
  is_text(vocabulary.text[S2S__EOS], "</s>", "texts end with NUL");
  is_int(vocabulary.length[S2S__EOS], 4, "and have their length");
  s2s__arena_free(&arena);
}

static void test_parse(void) {
  static const char file[] = "<pad>\n[B]\n[E]\nz\na b\n \n\xE6\x97\xA5\n";
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__error error = fresh_error();
  s2s__arena arena;
  s2s__vocabulary vocabulary;
  char again[sizeof file] = "";
  s2s__arena_init(&arena, &host);
  is_int(s2s__vocabulary_parse(&vocabulary, &arena, file, sizeof file - 1, &error), S2S_OK, "a file is read");
  is_int((int64_t)vocabulary.size, 7, "all tokens are there");
  is_int((int64_t)s2s__vocabulary_bytes(&vocabulary), sizeof file - 1, "its size is what it was");
  s2s__vocabulary_write(&vocabulary, again);
  is_text(again, file, "written again it is the same");
  is_int(s2s__vocabulary_find(&vocabulary, "\xE6\x97\xA5", 3), 6, "a token of several bytes is found");
  is_int(s2s__vocabulary_find(&vocabulary, " ", 1), 5, "a space is a token like another");
  is_int(s2s__vocabulary_find(&vocabulary, "[B]", 3), S2S__UNK, "special tokens with other texts are unknown too");
  is_int(s2s__vocabulary_find(&vocabulary, "<s>", 3), S2S__UNK, "and so are the usual ones where they are not there");
  s2s__arena_free(&arena);
}

static void is_refused(const char *bytes, size_t size, const char *message, const char *name) {
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__error error = fresh_error();
  s2s__arena arena;
  s2s__vocabulary vocabulary = {0};
  char *exact = malloc(size + (size == 0)); /* no byte behind the end may be read */
  memcpy(exact, bytes, size);
  s2s__arena_init(&arena, &host);
  s2s__arena_take(&arena, 10);
  const size_t used = arena.used;
  is_int(s2s__vocabulary_parse(&vocabulary, &arena, exact, size, &error), S2S_BAD_FILE, "%s is refused", name);
  is_text(error.text, message, "%s: the message", name);
  ok(vocabulary.size == 0 && arena.used == used, "%s: nothing was changed", name);
  s2s__arena_free(&arena);
  free(exact);
}

#define REFUSED(text, message, name) is_refused(text, sizeof(text) - 1, "vocabulary: " message, name)

static void test_malformed(void) {
  REFUSED("", "0 tokens, where at least the 3 special ones were expected", "an empty file");
  REFUSED("a\nb\n", "2 tokens, where at least the 3 special ones were expected", "too few tokens");
  REFUSED("a\nb\nc", "token 2 does not end with a line feed", "a file cut short");
  REFUSED(SPECIALS "a\nb", "token 4 does not end with a line feed", "a last token cut short");
  REFUSED("abc", "token 0 does not end with a line feed", "no line feed at all");
  REFUSED(SPECIALS "a\n\nb\n", "token 4 is empty", "an empty token");
  REFUSED("\n\n\n", "token 0 is empty", "an empty special token");
  REFUSED(SPECIALS "\n", "token 3 is empty", "an empty last token");
  REFUSED(SPECIALS "a\nb\na\n", "token 5 is the same as token 3", "a token twice");
  REFUSED(SPECIALS "a\n</s>\n", "token 4 is the same as token 2", "a special token's text again");
  REFUSED("x\ny\nx\n", "token 2 is the same as token 0", "equal special tokens");
  REFUSED(SPECIALS "a\nb\xC3\n", "token 4: invalid UTF-8 at byte 2", "a cut code point");
  REFUSED(SPECIALS "\xC0\x80\n", "token 3: invalid UTF-8 at byte 1", "an overlong form");
  REFUSED(SPECIALS "x\xED\xA0\x80\n", "token 3: invalid UTF-8 at byte 2", "a surrogate");
  REFUSED(SPECIALS "x\0y\n", "token 3: a NUL byte at byte 2", "a NUL");
}

static void test_size_limits(void) {
  const size_t specials = strlen(SPECIALS), most = S2S__MAX_VOCABULARY;
  char *file = malloc(2 * most + 100);
  memcpy(file, SPECIALS, specials);
  memset(file + specials, 'x', S2S__MAX_TOKEN_BYTES + 1);
  memcpy(file + specials + S2S__MAX_TOKEN_BYTES + 1, "\n", 2);
  is_refused(file, specials + S2S__MAX_TOKEN_BYTES + 2,
             "vocabulary: token 3 has 65536 bytes, at most 65535 are allowed", "a token that is too long");
  memset(file, '\n', most + 1);
  is_refused(file, most + 1, "vocabulary: 16777217 tokens, at most 16777216 are allowed", "a file of too many tokens");
  free(file);
}

/* Enough tokens that many share a slot, and some the low half of the hash. */
static void test_many(void) {
  enum { MANY = 100000 };
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__error error = fresh_error();
  s2s__arena arena;
  s2s__vocabulary vocabulary, again;
  s2s__token_counter *counter;
  char token[32];
  s2s__arena_init(&arena, &host);
  s2s__token_counter_new(&host, &counter, &error);
  for (int round = 0; round < 2; round++)
    for (int i = 0; i < MANY; i++)
      if (round == 0 || i % 2 == 0)
        s2s__token_counter_add(counter, token, (size_t)snprintf(token, sizeof token, "t%d", i), &error);
  is_int(s2s__vocabulary_build(&vocabulary, &arena, counter, 1, 1000000, &error), S2S_OK, "100000 tokens are built");
  is_int((int64_t)vocabulary.size, MANY + S2S__SPECIALS, "all of them are there");
  size_t found = 0, ordered = 0;
  for (int i = 0; i < MANY; i++) {
    const size_t length = (size_t)snprintf(token, sizeof token, "t%d", i);
    const int32_t id = s2s__vocabulary_find(&vocabulary, token, length);
    found += id >= S2S__SPECIALS && strcmp(vocabulary.text[id], token) == 0;
    ordered += (i % 2 == 0) == (id < MANY / 2 + S2S__SPECIALS);
  }
  is_int((int64_t)found, MANY, "each is found under its own id");
  is_int((int64_t)ordered, MANY, "the more frequent half comes first");
  size_t sorted = 0;
  for (size_t id = S2S__SPECIALS + 1; id < vocabulary.size; id++)
    sorted += strcmp(vocabulary.text[id - 1], vocabulary.text[id]) < 0;
  is_int((int64_t)sorted, MANY - 2, "within each half they go by their bytes");
  size_t unknown = 0;
  for (int i = 0; i < MANY; i++)
    unknown += s2s__vocabulary_find(&vocabulary, token, (size_t)snprintf(token, sizeof token, "u%d", i)) == S2S__UNK;
  is_int((int64_t)unknown, MANY, "and nothing else is");
  const size_t bytes = s2s__vocabulary_bytes(&vocabulary);
  char *file = malloc(bytes);
  s2s__vocabulary_write(&vocabulary, file);
  is_int(s2s__vocabulary_parse(&again, &arena, file, bytes, &error), S2S_OK, "the file is read again");
  size_t same = 0;
  for (size_t id = 0; id < again.size && again.size == vocabulary.size; id++)
    same += strcmp(again.text[id], vocabulary.text[id]) == 0 && again.length[id] == vocabulary.length[id];
  is_int((int64_t)same, MANY + S2S__SPECIALS, "with the same ids");
  free(file);
  s2s__token_counter_free(counter);
  s2s__arena_free(&arena);
  ok(memory.live_bytes == 0 && memory.wrong_sizes == 0, "all memory is given back");
}

/* ---- Splitters --------------------------------------------------------------------------------------------------- */

/* The tokens of a text, each in brackets. */
static const char *split(const char *name, const char *text, size_t length, char *out) {
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__error error = fresh_error();
  s2s__tokens tokens;
  char *exact = malloc(length + (length == 0));
  memcpy(exact, text, length);
  s2s__tokens_init(&tokens, &host);
  const int32_t status = s2s__splitter_find(name)->split(exact, length, &tokens, &error);
  char *at = out;
  for (size_t i = 0; i < tokens.count; i++)
    at += sprintf(at, "[%.*s]", (int)tokens.item[i].length, tokens.item[i].text);
  *at = 0;
  if (status != S2S_OK) sprintf(at, "%s", error.text);
  s2s__tokens_free(&tokens);
  free(exact);
  return memory.live_bytes == 0 && memory.wrong_sizes == 0 ? out : "memory is lost";
}

static void is_split(const char *splitter, const char *text, const char *wanted, const char *name) {
  char out[1000];
  is_text(split(splitter, text, strlen(text), out), wanted, "%s: %s", splitter, name);
}

static void test_chars(void) {
  is_split("chars", "", "", "the empty text has no tokens");
  is_split("chars", "abc", "[a][b][c]", "ASCII");
  is_split("chars", "na\xC3\xAFve", "[n][a][\xC3\xAF][v][e]", "two bytes");
  is_split("chars", "e\xCC\x81t", "[e][\xCC\x81][t]", "a combining accent is a token of its own");
  is_split("chars", "\xE6\x97\xA5\xE6\x9C\xAC", "[\xE6\x97\xA5][\xE6\x9C\xAC]", "Chinese characters");
  is_split("chars", "\xF0\x9F\x98\x80!", "[\xF0\x9F\x98\x80][!]", "an emoji");
  is_split("chars", "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x94\xAC",
           "[\xF0\x9F\x91\xA9][\xE2\x80\x8D][\xF0\x9F\x94\xAC]", "an emoji with a joiner is its code points");
  is_split("chars", "a  b\tc", "[a][ ][ ][b][\t][c]", "white space inside is kept");
  is_split("chars", " \t\xC2\xA0 ab \xE3\x80\x80\n", "[a][b]", "white space at both ends is dropped");
  is_split("chars", " \xE3\x80\x80 ", "", "a blank text has no tokens");
  is_split("chars", " a", "[a]", "only in front");
  is_split("chars", "a ", "[a]", "only behind");
}

static void test_words(void) {
  is_split("words", "", "", "the empty text has no tokens");
  is_split("words", "one", "[one]", "one word");
  is_split("words", "HH AH0 L OW1", "[HH][AH0][L][OW1]", "several");
  is_split("words", "  a\t\tb \t c  ", "[a][b][c]", "runs of spaces and tabs");
  is_split("words",
           "a\xC2\xA0"
           "b",
           "[a][b]", "a no-break space parts");
  is_split("words", "\xE3\x80\x80\xE6\x97\xA5\xE3\x80\x80\xE6\x9C\xAC", "[\xE6\x97\xA5][\xE6\x9C\xAC]",
           "an ideographic space parts");
  is_split("words",
           "a\xE2\x80\x8B"
           "b c",
           "[a\xE2\x80\x8B"
           "b][c]",
           "a zero-width space does not");
  is_split("words", "a\nb\r\nc", "[a][b][c]", "line ends part");
  is_split("words", " \t\xE2\x80\xA9 ", "", "a blank text has no tokens");
  is_split("words", "<s> </s>", "[<s>][</s>]", "special texts are words");
}

static void test_graphemes(void) {
  is_split("graphemes", "", "", "the empty text has no tokens");
  is_split("graphemes", "e\xCC\x81t", "[e\xCC\x81][t]", "a combining accent belongs to its letter");
  is_split("graphemes", "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x94\xAC!",
           "[\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x94\xAC][!]", "an emoji is one with what is joined to it");
  is_split("graphemes", "\xF0\x9F\x87\xA9\xF0\x9F\x87\xAA\xF0\x9F\x87\xAB\xF0\x9F\x87\xB7",
           "[\xF0\x9F\x87\xA9\xF0\x9F\x87\xAA][\xF0\x9F\x87\xAB\xF0\x9F\x87\xB7]", "flags are pairs of letters");
  is_split("graphemes", "\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB\xEA\xB5\xAD",
           "[\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB][\xEA\xB5\xAD]", "jamo make a syllable");
  is_split("graphemes", " a  b ", "[a][ ][ ][b]", "white space is kept inside");
  is_split("graphemes", "a\r\nb", "[a][\r\n][b]", "CR and LF are one");
}

static void test_splitters(void) {
  char out[1000];
  ok(s2s__splitter_find("chars") && s2s__splitter_find("words"), "chars and words are known");
  ok(!s2s__splitter_find("") && !s2s__splitter_find("char") && !s2s__splitter_find("words "), "others are not");
  is_text(s2s__splitter_find("chars")->separator, "", "chars are joined by nothing");
  is_text(s2s__splitter_find("words")->separator, " ", "words are joined by a space");
  is_text(s2s__splitter_find("words")->name, "words", "a splitter knows its name");
  is_text(split("chars", "a\xFF", 2, out), "invalid UTF-8 at byte 2", "chars refuse what is not UTF-8");
  is_text(split("words", "a b\xE2\x82", 5, out), "invalid UTF-8 at byte 4", "words too");
  is_text(split("words", "a\0b c", 5, out), "[a]" /* what sprintf shows of it */ "[c]", "a NUL is inside a word");
}

static void test_append(void) {
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__error error = fresh_error();
  s2s__tokens tokens;
  s2s__tokens_init(&tokens, &host);
  for (int i = 0; i < 1000; i++) s2s__splitter_find(i % 2 ? "chars" : "words")->split(" a b ", 5, &tokens, &error);
  is_int((int64_t)tokens.count, 2500, "split appends to what is there");
  ok(tokens.item[2497].begin == 1 && tokens.item[2498].begin == 2 && tokens.item[2499].begin == 3, "in order");
  s2s__splitter_find("chars")->split("ab\xFF", 3, &tokens, &error);
  s2s__splitter_find("words")->split("a b \xFF", 5, &tokens, &error);
  is_int((int64_t)tokens.count, 2500, "a failure appends nothing");
  s2s__tokens_free(&tokens);
  s2s__tokens_free(&tokens);
  is_int((int64_t)memory.live_bytes, 0, "all memory is given back");
}

static void is_checked(const char *text, size_t length, const char *wanted, const char *name) {
  s2s__error error = fresh_error();
  const int32_t status = s2s__text_check(text, length, &error);
  is_int(status, *wanted ? S2S_BAD_TEXT : S2S_OK, "text: %s", name);
  is_text(error.text, wanted, "text: %s: the message", name);
}

static void test_text_check(void) {
  is_checked("", 0, "", "empty");
  is_checked("\xF0\x9F\x98\x80", 4, "", "four bytes");
  is_checked("\xF0\x9F\x98\x80", 3, "invalid UTF-8 at byte 1", "cut short");
  is_checked("ab\x80", 3, "invalid UTF-8 at byte 3", "a continuation byte alone");
  is_checked("a\xF4\x90\x80\x80", 5, "invalid UTF-8 at byte 2", "past U+10FFFF");
#if SIZE_MAX > UINT32_MAX
  is_checked("", (size_t)UINT32_MAX + 1, "4294967296 bytes of text, at most 4294967295 are allowed", "4 GiB");
#endif
}

static void is_accepted(const char *text, const char *wanted, const char *name) {
  s2s__error error = fresh_error();
  s2s__host host;
  s2s__arena arena;
  s2s__text out;
  s2s__host_init(&host);
  host.replace_invalid = 1;
  s2s__arena_init(&arena, &host);
  is_int(s2s__text_accept(text, strlen(text), &arena, &out, &error), S2S_OK, "replacing: %s", name);
  ok(out.length == strlen(wanted) && memcmp(out.text, wanted, out.length) == 0, "replacing: %s: the text", name);
  s2s__arena_free(&arena);
}

/* The examples of the Unicode Standard 3.9, tables 3-8 to 3-11, and more. */
static void test_text_accept(void) {
#define R "\xEF\xBF\xBD"
  is_accepted("", "", "empty");
  is_accepted("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", "valid");
  is_accepted("a\xFFz", "a" R "z", "a byte that begins nothing");
  is_accepted("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", R R R R R R R R "A", "overlong forms, a byte each");
  is_accepted("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", R R R R R R R R "A", "surrogates, a byte each");
  is_accepted("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", R R R R R "A" R R "B", "past U+10FFFF");
  is_accepted("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", R R R R "A", "cut characters, one for each");
  is_accepted("a\xF0\x9F\x98", "a" R, "cut at the end");
#undef R
}

/* ---- Edit distance ----------------------------------------------------------------------------------------------- */

static size_t ids(const char *text, int32_t *out) {
  size_t count = 0;
  for (; text[count]; count++) out[count] = text[count];
  return count;
}

static size_t distance(s2s__arena *arena, const char *a, const char *b) {
  int32_t x[64], y[64];
  s2s__error error = fresh_error();
  size_t result = SIZE_MAX;
  s2s__edit_distance(arena, x, ids(a, x), y, ids(b, y), &result, &error);
  return result;
}

/* The definition, by recursion over the last tokens. */
static size_t distance_defined(const char *a, size_t na, const char *b, size_t nb) {
  if (na == 0 || nb == 0) return na + nb;
  size_t best = distance_defined(a, na - 1, b, nb - 1) + (a[na - 1] != b[nb - 1]);
  const size_t without_a = distance_defined(a, na - 1, b, nb) + 1, without_b = distance_defined(a, na, b, nb - 1) + 1;
  if (without_a < best) best = without_a;
  return without_b < best ? without_b : best;
}

static void test_distance(void) {
  static const struct {
    const char *a, *b;
    size_t distance;
  } known[] = {{"", "", 0},
               {"a", "", 1},
               {"", "abc", 3},
               {"abc", "abc", 0},
               {"a", "b", 1},
               {"kitten", "sitting", 3},
               {"saturday", "sunday", 3},
               {"intention", "execution", 5},
               {"flaw", "lawn", 2},
               {"gumbo", "gambol", 2},
               {"abc", "xabcy", 2},
               {"aaaa", "aa", 2},
               {"abab", "baba", 2},
               {"rosettacode", "raisethysword", 8},
               {"aba", "aa", 1},
               {"ab", "abab", 2}};
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__arena arena;
  s2s__arena_init(&arena, &host);
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    is_int((int64_t)distance(&arena, known[i].a, known[i].b), (int64_t)known[i].distance, "distance of '%s' and '%s'",
           known[i].a, known[i].b);
    is_int((int64_t)distance(&arena, known[i].b, known[i].a), (int64_t)known[i].distance, "and back");
  }
  is_int((int64_t)arena.used, 0, "the scratch is given back");
  size_t agree = 0;
  for (uint64_t round = 0; round < 500; round++) {
    char text[2][8] = {"", ""};
    for (uint64_t side = 0; side < 2; side++)
      for (uint64_t i = 0; i < s2s__below(round, side, 7); i++)
        text[side][i] = (char)('a' + s2s__below(round, 10 + 8 * side + i, 3));
    agree += distance(&arena, text[0], text[1]) == distance_defined(text[0], strlen(text[0]), text[1], strlen(text[1]));
  }
  is_int((int64_t)agree, 500, "random pairs agree with the definition");
  s2s__arena_free(&arena);
}

/* ---- No memory --------------------------------------------------------------------------------------------------- */

/* Everything of this room, once. */
static int32_t use_all(const s2s__host *host, s2s__arena *arena, s2s__tokens *tokens, s2s__error *error) {
  s2s__vocabulary vocabulary, again;
  size_t result;
  char text[4000] = "", *at = text;
  for (int i = 0; i < 500; i++) at += sprintf(at, "t%d ", i);
  S2S__TRY(build(&vocabulary, arena, host, text, 1, 1000, error));
  char file[8000];
  s2s__vocabulary_write(&vocabulary, file);
  S2S__TRY(s2s__vocabulary_parse(&again, arena, file, s2s__vocabulary_bytes(&vocabulary), error));
  S2S__TRY(s2s__splitter_find("words")->split(text, strlen(text), tokens, error));
  S2S__TRY(s2s__splitter_find("chars")->split(text, strlen(text), tokens, error));
  int32_t long_a[100] = {0}, long_b[90];
  memset(long_b, 1, sizeof long_b);
  return s2s__edit_distance(arena, long_a, 100, long_b, 90, &result, error);
}

static void test_out_of_memory(void) {
  size_t failures = 0, wrong = 0;
  for (size_t fail_at = 1;; fail_at++) {
    test_memory memory;
    const s2s__host host = test_host(&memory);
    s2s__error error = fresh_error();
    s2s__arena arena;
    s2s__tokens tokens;
    memory.fail_at = fail_at;
    s2s__arena_init(&arena, &host);
    s2s__tokens_init(&tokens, &host);
    const int32_t status = use_all(&host, &arena, &tokens, &error);
    wrong += status != S2S_OK && (status != S2S_OUT_OF_MEMORY || error.text[0] == 0);
    s2s__tokens_free(&tokens);
    s2s__arena_free(&arena);
    wrong += memory.live_bytes != 0 || memory.live_blocks != 0 || memory.wrong_sizes != 0;
    if (status == S2S_OK) break;
    failures++;
  }
  ok(failures > 20, "%zu allocations failed in turn", failures);
  is_int((int64_t)wrong, 0, "each gave a status and a message, and nothing leaked");
}

/* A counter goes on after a failure as if the token had never come. */
static void test_counter_after_failure(void) {
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__error error = fresh_error();
  s2s__arena arena;
  s2s__vocabulary vocabulary;
  s2s__token_counter *counter;
  char token[32];
  size_t failures = 0;
  s2s__arena_init(&arena, &host);
  s2s__token_counter_new(&host, &counter, &error);
  for (int i = 0; i < 1000; i++) {
    const size_t length = (size_t)snprintf(token, sizeof token, "t%d", i);
    int32_t status = S2S_OUT_OF_MEMORY;
    for (size_t n = 1; status != S2S_OK; n++) {
      memory.fail_at = memory.requests + n;
      status = s2s__token_counter_add(counter, token, length, &error);
      failures += status != S2S_OK;
    }
  }
  memory.fail_at = 0;
  s2s__vocabulary_build(&vocabulary, &arena, counter, 1, 2000, &error);
  ok(failures > 10 && vocabulary.size == 1000 + S2S__SPECIALS, "a counter works on after %zu failures", failures);
  s2s__token_counter_free(counter);
  counter = NULL;
  memory.fail_at = 1;
  s2s__error_clear(&error);
  ok(s2s__token_counter_new(&host, &counter, &error) == S2S_OUT_OF_MEMORY && !counter, "a refused counter is NULL");
  s2s__arena_free(&arena);
}

static void test_arena_limit(void) {
  test_memory memory;
  s2s__host given = test_host(&memory), host;
  s2s__budget budget;
  given.limit = 100;
  s2s__host_own(&host, &given, &budget, 0);
  s2s__error error = fresh_error();
  s2s__arena arena;
  s2s__vocabulary vocabulary;
  size_t result = 7;
  const int32_t a[2] = {1, 2}, b[2] = {3, 4};
  s2s__arena_init(&arena, &host);
  is_int(s2s__vocabulary_parse(&vocabulary, &arena, SPECIALS, strlen(SPECIALS), &error), S2S_OUT_OF_MEMORY,
         "a limit is kept by a vocabulary");
  s2s__error_clear(&error);
  is_int(s2s__edit_distance(&arena, a, 2, b, 2, &result, &error), S2S_OUT_OF_MEMORY, "and by an edit distance");
  is_int((int64_t)result, 7, "which then leaves its output alone");
  s2s__arena_free(&arena);
}

int main(void) {
  test_build();
  test_uncountable();
  test_find();
  test_parse();
  test_malformed();
  test_size_limits();
  test_many();
  test_chars();
  test_words();
  test_graphemes();
  test_splitters();
  test_append();
  test_text_check();
  test_text_accept();
  test_distance();
  test_out_of_memory();
  test_counter_after_failure();
  test_arena_limit();
  return done();
}
