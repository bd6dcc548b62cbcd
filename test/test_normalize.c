/* SPDX-License-Identifier: MIT
 *
 * text/normalize and text/unicode: normal forms, case folding, grapheme clusters.
 *
 *     test_normalize                                          hand-chosen cases
 *     test_normalize NormalizationTest.txt                    every case of the Unicode Character Database's test
 *     test_normalize GraphemeBreakTest.txt graphemes          likewise
 */
#include "tap.h"
#include "test_base.h"

#include "base/utf8.h"
#include "text/normalize.h"
#include "text/splitter.h"

static test_memory memory;
static s2s__host host;
static const char *const form_name[] = {"none", "nfc", "nfd", "nfkc", "nfkd"};

static s2s__error fresh_error(void) {
  s2s__error error;
  s2s__error_clear(&error);
  return error;
}

/* "E9 301" as UTF-8. */
static size_t points(const char *text, char *out) {
  char *at = out, *end;
  for (unsigned long c = strtoul(text, &end, 16); end != text; c = strtoul(text, &end, 16)) {
    at += s2s__utf8_encode((uint32_t)c, at);
    text = end;
  }
  *at = '\0';
  return (size_t)(at - out);
}

/* Whether origins never fall and end where the text ends. */
static int origins_are_right(const s2s__mapped *mapped, size_t length) {
  if (!mapped->origin) return 1;
  for (size_t i = 0; i < mapped->length; i++)
    if (mapped->origin[i] > mapped->origin[i + 1]) return 0;
  return mapped->origin[mapped->length] == length && mapped->text[mapped->length] == '\0';
}

/* Normalises a text (or folds its case: form -1) and compares. */
static int becomes(int form, const char *text, size_t length, const char *wanted, size_t wanted_length) {
  s2s__error error = fresh_error();
  s2s__arena arena;
  s2s__mapped out;
  s2s__arena_init(&arena, &host);
  const int32_t status = form < 0 ? s2s__casefold(text, length, &arena, &out, &error)
                                  : s2s__normalize((s2s__normal_form)form, text, length, &arena, &out, &error);
  const int right = status == S2S_OK && out.length == wanted_length && memcmp(out.text, wanted, wanted_length) == 0 &&
                    origins_are_right(&out, length);
  s2s__arena_free(&arena);
  return right;
}

/* ---- hand-chosen ------------------------------------------------------------------------------------------------- */

static void test_forms(void) {
  static const struct {
    const char *name, *text, *form[4]; /* code points; nfc, nfd, nfkc, nfkd */
  } cases[] = {
      {"the empty text", "", {"", "", "", ""}},
      {"ASCII", "61 20 7E", {"61 20 7E", "61 20 7E", "61 20 7E", "61 20 7E"}},
      {"a composed letter", "E9", {"E9", "65 301", "E9", "65 301"}},
      {"a decomposed one", "65 301 78", {"E9 78", "65 301 78", "E9 78", "65 301 78"}},
      {"a Hangul syllable", "D55C", {"D55C", "1112 1161 11AB", "D55C", "1112 1161 11AB"}},
      {"jamo",
       "1112 1161 11AB AC00",
       {"D55C AC00", "1112 1161 11AB 1100 1161", "D55C AC00", "1112 1161 11AB 1100 1161"}},
      {"a syllable and a final", "AC00 11A8", {"AC01", "1100 1161 11A8", "AC01", "1100 1161 11A8"}},
      {"a final that is none", "AC00 11A7", {"AC00 11A7", "1100 1161 11A7", "AC00 11A7", "1100 1161 11A7"}},
      {"a ligature", "FB01", {"FB01", "FB01", "66 69", "66 69"}},
      {"full width", "FF21 3000", {"FF21 3000", "FF21 3000", "41 20", "41 20"}},
      {"the angstrom sign", "212B", {"C5", "41 30A", "C5", "41 30A"}},
      {"marks out of order", "61 301 323", {"1EA1 301", "61 323 301", "1EA1 301", "61 323 301"}},
      {"marks of one class keep theirs", "61 308 301", {"E4 301", "61 308 301", "E4 301", "61 308 301"}},
      {"a mark that is between", "61 328 301", {"105 301", "61 328 301", "105 301", "61 328 301"}},
      {"one that is excluded from composition", "958", {"915 93C", "915 93C", "915 93C", "915 93C"}},
      {"one beyond the basic plane", "1D15E", {"1D157 1D165", "1D157 1D165", "1D157 1D165", "1D157 1D165"}},
      {"a CJK compatibility character", "2F800", {"4E3D", "4E3D", "4E3D", "4E3D"}},
      {"the longest expansion",
       "FDFA",
       {"FDFA", "FDFA", "635 644 649 20 627 644 644 647 20 639 644 64A 647 20 648 633 644 645",
        "635 644 649 20 627 644 644 647 20 639 644 64A 647 20 648 633 644 645"}},
      {"private and unassigned ones",
       "E000 378 10FFFF",
       {"E000 378 10FFFF", "E000 378 10FFFF", "E000 378 10FFFF", "E000 378 10FFFF"}},
      {"a mark alone", "301 301", {"301 301", "301 301", "301 301", "301 301"}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    for (int form = 1; form <= 4; form++) {
      char text[200], wanted[200];
      const size_t length = points(cases[i].text, text), wanted_length = points(cases[i].form[form - 1], wanted);
      ok(becomes(form, text, length, wanted, wanted_length), "%s: %s", form_name[form], cases[i].name);
    }
}

static void test_folding(void) {
  static const char *const cases[][3] = {{"41 5A 61", "61 7A 61", "ASCII"},
                                         {"DF", "73 73", "sharp s"},
                                         {"1E9E", "73 73", "capital sharp s"},
                                         {"130", "69 307", "I with a dot"},
                                         {"3A3 3C2 3C3", "3C3 3C3 3C3", "sigmas"},
                                         {"100 101 139 13A", "101 101 13A 13A", "pairs of neighbours"},
                                         {"10400", "10428", "beyond the basic plane"},
                                         {"13F8 AB70", "13F0 13A0", "Cherokee"},
                                         {"FB03", "66 66 69", "a ligature of three"},
                                         {"4E2D 31 2E", "4E2D 31 2E", "what has no case"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[100], wanted[100];
    const size_t length = points(cases[i][0], text), wanted_length = points(cases[i][1], wanted);
    ok(becomes(-1, text, length, wanted, wanted_length), "folding: %s", cases[i][2]);
  }
}

static void test_origins(void) {
  s2s__error error = fresh_error();
  s2s__arena arena;
  s2s__mapped out;
  s2s__arena_init(&arena, &host);
  /* x, e with acute in three bytes, fi: x at 0, e and acute from 1 and 2, fi from 4 */
  s2s__normalize(S2S__NORMAL_NFKC, "xe\xCC\x81\xEF\xAC\x81z", 8, &arena, &out, &error);
  ok(out.length == 6 && out.origin[0] == 0 && out.origin[1] == 1 && out.origin[2] == 1 && out.origin[3] == 4 &&
         out.origin[4] == 4 && out.origin[5] == 7 && out.origin[6] == 8,
     "each byte knows where it comes from");
  s2s__prepare(S2S__NORMAL_NFD, 1,
               "\xC3\x89"
               "A",
               3, &arena, &out, &error);
  ok(out.length == 4 &&
         memcmp(out.text,
                "e\xCC\x81"
                "a",
                4) == 0 &&
         out.origin[0] == 0 && out.origin[1] == 0 && out.origin[3] == 2 && out.origin[4] == 3,
     "through folding and normalisation too");
  ok(s2s__normalize(S2S__NORMAL_NFC, "abc\xC3\xA9", 5, &arena, &out, &error) == S2S_OK && out.origin == NULL,
     "a text that is in the form already is not copied");
  ok(s2s__normalize(S2S__NORMAL_NFD, "\xC3\xA9\xFF", 3, &arena, &out, &error) == S2S_BAD_TEXT &&
         strcmp(error.text, "invalid UTF-8 at byte 3") == 0,
     "invalid UTF-8 is refused");
  s2s__arena_free(&arena);
}

/* Half a million marks on one letter, of two classes in turn: sorting them must not take for ever. */
static void test_many_marks(void) {
  enum { MARKS = 250000 };
  char *text = malloc(1 + 4 * MARKS), *wanted = malloc(1 + 4 * MARKS);
  text[0] = wanted[0] = 'x';
  for (size_t i = 0; i < MARKS; i++) {
    memcpy(text + 1 + 4 * i, "\xCC\x81\xCC\xA3", 4); /* above, below */
    memcpy(wanted + 1 + 2 * i, "\xCC\xA3", 2);       /* below first */
    memcpy(wanted + 1 + 2 * (MARKS + i), "\xCC\x81", 2);
  }
  ok(becomes(S2S__NORMAL_NFD, text, 1 + 4 * MARKS, wanted, 1 + 4 * MARKS), "half a million marks are put in order");
  free(text);
  free(wanted);
}

static void test_no_memory(void) {
  char text[400] = "";
  for (int i = 0; i < 60; i++) strcat(text, i % 2 ? "e\xCC\xA3\xCC\x81" : "\xCC\x81\xCC\xA3");
  int32_t status = S2S_OUT_OF_MEMORY;
  size_t failed = 0;
  int clean = 1;
  for (size_t at = 1; status == S2S_OUT_OF_MEMORY && at < 1000; at++, failed++) {
    s2s__error error = fresh_error();
    s2s__arena arena;
    s2s__mapped mapped;
    memory.requests = 0;
    memory.fail_at = at;
    s2s__arena_init(&arena, &host);
    status = s2s__prepare(S2S__NORMAL_NFKC, 1, text, strlen(text), &arena, &mapped, &error);
    clean &= status == S2S_OK || error.text[0];
    s2s__arena_free(&arena);
    clean &= memory.live_blocks == 0;
  }
  memory.fail_at = 0;
  ok(status == S2S_OK && clean && failed > 1, "every failed allocation is reported and leaves nothing (%zu)",
     failed - 1);
}

/* ---- the database's own tests ------------------------------------------------------------------------------------ */

/* Lines "source;nfc;nfd;nfkc;nfkd;": the first three columns have the same C and D forms, all five the same K forms. */
static size_t check_line(char *line) {
  char column[5][600];
  size_t length[5], wrong = 0;
  for (int i = 0; i < 5; i++) {
    char *end = strchr(line, ';');
    if (!end) return 1;
    *end = '\0';
    length[i] = points(line, column[i]);
    line = end + 1;
  }
  for (int i = 0; i < 5; i++)
    for (int form = 1; form <= 4; form++) {
      const int wanted = form >= 3 || i < 3 ? form : form + 2;
      wrong += !becomes(form, column[i], length[i], column[wanted], length[wanted]);
    }
  return wrong;
}

static void test_database(FILE *file) {
  char line[4000];
  size_t lines = 0, wrong = 0;
  while (fgets(line, sizeof line, file)) {
    if (line[0] == '#' || line[0] == '@') continue;
    lines++;
    wrong += check_line(line);
  }
  ok(lines > 18000 && wrong == 0, "%zu lines of the Unicode Character Database's test, %zu cases wrong", lines, wrong);
}

/* Lines "÷ 0020 × 0308 ÷ 0020 ÷ # ...": breaks and no breaks between characters. White space at both ends may be missing:
 * the splitter drops it. */
static int check_breaks(const char *line) {
  char text[300] = "", wanted[600] = "", got[600] = "", *end;
  s2s__error error = fresh_error();
  s2s__tokens tokens;
  for (const char *at = line; *at && *at != '#' && *at != '\t';) {
    const unsigned long c = strtoul(at, &end, 16);
    if (strncmp(at, "\xC3\xB7", 2) == 0) strcat(wanted, "|");
    if (end == at || (unsigned char)*at >= 0x80) {
      at++;
      continue;
    }
    char bytes[5] = "";
    s2s__utf8_encode((uint32_t)c, bytes);
    if (c == 0) return 1;
    strcat(text, bytes);
    strcat(wanted, bytes);
    at = end;
  }
  s2s__tokens_init(&tokens, &host);
  s2s__splitter_find("graphemes")->split(text, strlen(text), &tokens, &error);
  for (size_t i = 0; i < tokens.count; i++)
    sprintf(got + strlen(got), "|%.*s", (int)tokens.item[i].length, tokens.item[i].text);
  s2s__tokens_free(&tokens);
  const size_t blank = strlen(wanted) - strlen(got); /* white space at the ends is dropped */
  return strstr(wanted, got) != NULL && blank <= 12;
}

static void test_break_database(FILE *file) {
  char line[4000];
  size_t lines = 0, wrong = 0;
  while (fgets(line, sizeof line, file)) {
    if (line[0] == '#') continue;
    lines++;
    const int right = check_breaks(line);
    if (!right) diag("%s", line);
    wrong += !right;
  }
  ok(lines > 500 && wrong == 0, "%zu lines of its test of grapheme clusters, %zu wrong", lines, wrong);
}

int main(int arguments, char **argument) {
  host = test_host(&memory);
  FILE *file = arguments > 1 ? fopen(argument[1], "r") : NULL;
  if (arguments > 1 && !ok(file != NULL, "%s is there", argument[1])) return done();
  if (file && arguments > 2)
    test_break_database(file);
  else if (file)
    test_database(file);
  if (file) {
    fclose(file);
    return done();
  }
  test_forms();
  test_folding();
  test_origins();
  test_many_marks();
  test_no_memory();
  ok(memory.live_bytes == 0 && memory.wrong_sizes == 0, "all memory is given back");
  return done();
}
