/* SPDX-License-Identifier: MIT
 *
 * text/pieces and what it stands on: tries, SentencePiece models read, written, used and refused.
 *
 * test/data/spm holds three small models that SentencePiece made, and what it made of test/data/segment.txt with them:
 *   unigram   byte fallback, user symbols, rules of normalisation
 *   bpe       user symbols, rules, and rules that are undone on output
 *   plain     bpe; spaces as they are, nothing in front, pieces with spaces inside
 */
#include "tap.h"
#include "test_base.h"

#include "base/random.h"
#include "text/segmenter.h"

#include <math.h>

static test_memory memory;
static s2s__host host;

static s2s__error fresh_error(void) {
  s2s__error error;
  s2s__error_clear(&error);
  return error;
}

static char *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  char *bytes = NULL;
  size_t capacity = 0, got = 1;
  for (*size = 0; file && got > 0; *size += got) {
    if (capacity - *size < 4096) bytes = realloc(bytes, capacity = 2 * capacity + 8192);
    got = fread(bytes + *size, 1, capacity - *size - 1, file);
  }
  if (file) fclose(file);
  if (bytes) bytes[*size] = '\0';
  return bytes;
}

/* ---- tries ------------------------------------------------------------------------------------------------------- */

enum { TRIE_KEYS = 3000, TRIE_KEY_BYTES = 12 };

typedef struct trie_keys {
  char text[TRIE_KEYS + 1][TRIE_KEY_BYTES + 1]; /* one more, that is there twice */
  const char *key[TRIE_KEYS + 1];
  uint32_t length[TRIE_KEYS + 1], value[TRIE_KEYS + 1];
  size_t count;
} trie_keys;

/* Random different keys over a few bytes, so that many begin alike. */
static trie_keys *make_keys(uint64_t seed, uint32_t bytes, size_t count) {
  trie_keys *keys = calloc(1, sizeof *keys);
  for (uint64_t drawn = 0; keys->count < count && drawn < 1000000;) {
    char text[TRIE_KEY_BYTES + 1] = "";
    const uint32_t length = 1 + s2s__below(seed, drawn++, TRIE_KEY_BYTES);
    for (uint32_t i = 0; i < length; i++) text[i] = (char)(1 + s2s__below(seed, drawn++, bytes));
    size_t same = 0;
    while (same < keys->count && strcmp(keys->text[same], text) != 0) same++;
    if (same < keys->count) continue;
    strcpy(keys->text[keys->count], text);
    keys->key[keys->count] = keys->text[keys->count];
    keys->length[keys->count] = length;
    keys->value[keys->count] = (uint32_t)(7 * keys->count);
    keys->count++;
  }
  return keys;
}

static int32_t build_trie(s2s__trie *trie, const trie_keys *keys, s2s__arena *arena, size_t *twice, s2s__error *error) {
  return s2s__trie_new(trie, keys->key, keys->length, keys->count, keys->value, &host, arena, twice, error);
}

static int trie_has_all(const s2s__trie *trie, const trie_keys *keys) {
  for (size_t i = 0; i < keys->count; i++)
    if (s2s__trie_find(trie, keys->key[i], keys->length[i]) != (int32_t)keys->value[i]) return 0;
  return 1;
}

static int trie_has_no_other(const s2s__trie *trie, const trie_keys *keys, uint32_t bytes) {
  for (uint64_t drawn = 0; drawn < 20000;) {
    char text[TRIE_KEY_BYTES + 1] = "";
    const uint32_t length = s2s__below(99, drawn++, TRIE_KEY_BYTES + 1);
    for (uint32_t i = 0; i < length; i++) text[i] = (char)s2s__below(99, drawn++, bytes + 2);
    int32_t expected = -1;
    for (size_t i = 0; i < keys->count; i++)
      if (keys->length[i] == length && memcmp(keys->text[i], text, length) == 0) expected = (int32_t)keys->value[i];
    if (s2s__trie_find(trie, text, length) != expected) return 0;
  }
  return 1;
}

static void test_trie(void) {
  static const struct {
    uint32_t bytes;
    size_t count;
  } shapes[] = {{2, 1}, {2, 300}, {5, 2000}, {250, 3000}};
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    trie_keys *keys = make_keys(s, shapes[s].bytes, shapes[s].count);
    s2s__error error = fresh_error();
    s2s__arena arena;
    s2s__trie trie;
    size_t twice;
    s2s__arena_init(&arena, &host);
    is_int(build_trie(&trie, keys, &arena, &twice, &error), S2S_OK, "a trie of %zu keys", keys->count);
    ok(trie_has_all(&trie, keys), "has every key with its value");
    ok(trie_has_no_other(&trie, keys, shapes[s].bytes), "and no other, NUL bytes neither");
    keys->key[keys->count] = keys->key[0];
    keys->length[keys->count] = keys->length[0];
    keys->value[keys->count] = keys->value[0];
    keys->count++;
    ok(build_trie(&trie, keys, &arena, &twice, &error) == S2S_BAD_ARGUMENT && keys->key[twice] == keys->key[0],
       "a key that is there twice is named");
    s2s__arena_free(&arena);
    free(keys);
  }
  static const char *const key[] = {"a", "ab", "abcd"};
  static const uint32_t length[] = {1, 2, 4}, value[] = {0, 1, 2};
  s2s__error error = fresh_error();
  s2s__arena arena;
  s2s__trie trie;
  size_t twice, matched = 99;
  s2s__arena_init(&arena, &host);
  s2s__trie_new(&trie, key, length, 3, value, &host, &arena, &twice, &error);
  ok(s2s__trie_longest(&trie, "abcx", 4, &matched) == 1 && matched == 2, "the longest key that a text begins with");
  ok(s2s__trie_longest(&trie, "xabc", 4, &matched) == -1, "or none");
  ok(s2s__trie_longest(&trie, "abcd", 3, &matched) == 1 && matched == 2, "not beyond the text's end");
  s2s__arena_free(&arena);
}

/* ---- models of SentencePiece ------------------------------------------------------------------------------------- */

static const char *const models[] = {"unigram", "bpe", "plain"};
enum { MODELS = sizeof models / sizeof *models };

static unsigned char *read_model(const char *name, size_t *size) {
  char path[100];
  snprintf(path, sizeof path, "test/data/spm/%s.model", name);
  return (unsigned char *)read_file(path, size);
}

static char *read_expected(const char *name, const char *what) {
  char path[100];
  size_t size;
  snprintf(path, sizeof path, "test/data/spm/%s.%s", name, what);
  return read_file(path, &size);
}

static const char *next_line(const char *text, size_t *length) {
  *length = strcspn(text, "\n");
  return text[*length] ? text + *length + 1 : text + *length;
}

/* Tokens with a space between them. */
static size_t write_tokens(const s2s__tokens *tokens, char *out) {
  char *at = out;
  for (size_t i = 0; i < tokens->count; i++)
    at += sprintf(at, "%s%.*s", i ? " " : "", (int)tokens->item[i].length, tokens->item[i].text);
  *at = '\0';
  return (size_t)(at - out);
}

/* Ranges are in order, inside the text, and cover everything but spaces that were left out. */
static int ranges_are_right(const s2s__tokens *tokens, size_t length) {
  uint32_t at = 0;
  for (size_t i = 0; i < tokens->count; i++) {
    const s2s__token *t = &tokens->item[i];
    if (t->begin < at || t->end < t->begin || t->end > length) return 0;
    at = t->end;
  }
  return 1;
}

static void test_model(const char *name) {
  size_t size, length, line_length, text_length;
  unsigned char *bytes = read_model(name, &size);
  char *input = read_file("test/data/segment.txt", &length), *pieces = read_expected(name, "pieces");
  char *texts = read_expected(name, "text"), *out = malloc(100000);
  s2s__error error = fresh_error();
  s2s__arena arena;
  const s2s__pieces *p;
  s2s__tokens tokens;
  s2s__arena_init(&arena, &host);
  s2s__tokens_init(&tokens, &host);
  if (!ok(bytes && input && pieces && texts, "the model %s and what SentencePiece does with it", name)) exit(1);
  is_int(s2s__pieces_parse(bytes, size, &host, &arena, &p, &error), S2S_OK, "it is read");
  int cut = 1, ranged = 1, joined = 1, lines = 0;
  const char *expected = pieces, *text = texts;
  for (const char *line = input, *next; *line && !error.status; line = next, lines++) {
    next = next_line(line, &line_length);
    s2s__tokens_clear(&tokens);
    s2s__pieces_split(p, line, line_length, NULL, &tokens, &error);
    const size_t got = write_tokens(&tokens, out);
    const char *after = next_line(expected, &length), *text_after = next_line(text, &text_length);
    if (got != length || memcmp(out, expected, got) != 0) cut = 0, diag("line %d: %s", lines + 1, out);
    ranged &= ranges_are_right(&tokens, line_length);
    s2s__text whole;
    s2s__pieces_join(p, tokens.item, tokens.count, &tokens.arena, &whole, &error);
    if (whole.length != text_length || memcmp(whole.text, text, text_length) != 0)
      joined = 0, diag("line %d: %s", lines + 1, whole.text);
    expected = after;
    text = text_after;
  }
  ok(lines == 31 && cut, "its pieces of %d lines are SentencePiece's", lines);
  ok(ranged, "they know where they stand");
  ok(joined, "and are joined as SentencePiece does it");
  s2s__tokens_free(&tokens);
  s2s__arena_free(&arena);
  free(bytes), free(input), free(pieces), free(texts), free(out);
}

/* ---- cutting at random ------------------------------------------------------------------------------------------- */

static size_t cut_sampled(const s2s__pieces *p, const char *text, const s2s__sampling *sampling, char *out) {
  s2s__error error = fresh_error();
  s2s__tokens tokens;
  s2s__tokens_init(&tokens, &host);
  s2s__pieces_split(p, text, strlen(text), sampling, &tokens, &error);
  const size_t count = tokens.count;
  write_tokens(&tokens, out);
  s2s__tokens_free(&tokens);
  return count;
}

/* a 0.4, b 0.3, ab 0.2 and so ab as a whole has 0.2 / (0.2 + 0.12) = 0.625 of the probability; to the power 0.5,
 * 0.4472 / (0.4472 + 0.3464) = 0.5635. */
static void test_sampling(void) {
  const s2s__piece unigram[] = {{"a", 1, logf(0.4f), S2S__PIECE_NORMAL},
                                {"b", 1, logf(0.3f), S2S__PIECE_NORMAL},
                                {"ab", 2, logf(0.2f), S2S__PIECE_NORMAL}};
  const s2s__piece bpe[] = {{"ab", 2, 0, S2S__PIECE_NORMAL},
                            {"abab", 4, -1, S2S__PIECE_NORMAL},
                            {"a", 1, -2, S2S__PIECE_NORMAL},
                            {"b", 1, -3, S2S__PIECE_NORMAL}};
  static const struct { double alpha, share; } powers[] = {{1, 0.625}, {0.5, 0.5635}};
  enum { DRAWS = 20000 };
  s2s__error error = fresh_error();
  s2s__arena arena;
  const s2s__pieces *p;
  char out[200];
  s2s__arena_init(&arena, &host);
  s2s__pieces_new(S2S__PIECES_UNIGRAM, unigram, 3, 0, 0, &host, &arena, &p, &error);
  for (size_t i = 0; i < 2; i++) {
    int whole = 0;
    for (int draw = 0; draw < DRAWS; draw++) {
      const s2s__sampling sampling = {s2s__key(5, (uint64_t)draw), 0, powers[i].alpha};
      whole += cut_sampled(p, "ab", &sampling, out) == 1;
    }
    ok(fabs((double)whole / DRAWS - powers[i].share) < 0.015,
       "unigram draws by probability to the power %g: %.3f (%.3f)", powers[i].alpha, (double)whole / DRAWS,
       powers[i].share);
  }
  s2s__pieces_new(S2S__PIECES_BPE, bpe, 4, 0, 0, &host, &arena, &p, &error);
  int apart = 0;
  for (int draw = 0; draw < DRAWS; draw++) {
    const s2s__sampling sampling = {s2s__key(6, (uint64_t)draw), 0.25, 0};
    apart += cut_sampled(p, "ab", &sampling, out) == 2;
  }
  ok(fabs((double)apart / DRAWS - 0.25) < 0.015, "bpe leaves out a quarter of the merges: %.3f", (double)apart / DRAWS);
  const s2s__sampling never = {1, 0, 0}, key = {77, 0.5, 0};
  char again[200];
  cut_sampled(p, "ababab", &never, out);
  is_text(out, "abab ab", "without dropout the merges are all made, from the left");
  cut_sampled(p, "ababababababab", &key, out);
  cut_sampled(p, "ababababababab", &key, again);
  is_text(again, out, "the same key cuts the same way");
  s2s__arena_free(&arena);
}

/* ---- models that are refused ------------------------------------------------------------------------------------- */

static void is_refused(const void *bytes, size_t size, const char *wanted) {
  s2s__error error = fresh_error();
  s2s__arena arena;
  const s2s__pieces *p;
  s2s__arena_init(&arena, &host);
  const int32_t status = s2s__pieces_parse(bytes, size, &host, &arena, &p, &error);
  ok(status == S2S_BAD_FILE && p == NULL && strstr(error.text, wanted), "refused: %s (%s)", wanted, error.text);
  s2s__arena_free(&arena);
}
#define REFUSED(bytes, wanted) is_refused(bytes, sizeof(bytes) - 1, wanted)
#define UNK "\x0A\x09\x0A\x05<unk>\x18\x02"
#define PIECE_A                                                                                                        \
  "\x0A\x03\x0A\x01"                                                                                                   \
  "a"

static void test_refused(void) {
  REFUSED("", "no piece");
  REFUSED("hello", "at byte");
  REFUSED("\x0A", "longer than the file at byte 2");
  REFUSED("\x0A\x7F"
          "a",
          "longer than the file at byte 3");
  REFUSED("\x0B", "an unknown kind of field");
  REFUSED("\x15\x01\x02", "cut off");
  REFUSED("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "cut off");
  REFUSED(PIECE_A, "without an unknown piece");
  REFUSED(UNK UNK, "two unknown pieces");
  REFUSED(UNK PIECE_A PIECE_A, "the piece 'a' twice");
  REFUSED(UNK "\x0A\x02\x0A\x00", "an empty piece at byte 14");
  REFUSED(UNK "\x0A\x04\x0A\x02"
              "a\0",
          "a NUL inside a piece");
  REFUSED(UNK "\x0A\x03\x0A\x01\n", "a line feed inside a piece");
  REFUSED(UNK "\x0A\x03\x0A\x01\xFF", "invalid UTF-8 in a piece");
  REFUSED(UNK "\x0A\x08\x0A\x01"
              "a\x15\x00\x00\xC0\x7F",
          "a score that is no number");
  REFUSED(UNK "\x0A\x05\x0A\x01"
              "a\x18\x09",
          "of an unknown type");
  REFUSED(UNK "\x0A\x05\x0A\x01"
              "a\x18\x06",
          "'a' is no byte");
  REFUSED(UNK "\x12\x02\x18\x03", "neither unigram nor bpe");
  REFUSED(UNK "\x12\x03\x98\x02\x01", "without <0x00>");
  REFUSED(UNK "\x1A\x04\x12\x02\x01\x02", "broken rules of normalisation");
  REFUSED(UNK "\x1A\x0B\x12\x09\x04\0\0\0\0\0\0\0a", "broken rules of normalisation");
}

/* A model cut short anywhere, or with a byte changed anywhere, is refused or works; AddressSanitizer looks on. */
static void test_damaged(void) {
  size_t size, good = 0, refused = 0;
  unsigned char *bytes = read_model("unigram", &size);
  for (size_t i = 0; i < 600; i++) {
    const size_t at = i < 300 ? i * size / 300 : s2s__below(3, i, (uint32_t)size);
    unsigned char *copy = malloc(size);
    memcpy(copy, bytes, size);
    if (i >= 300) copy[at] = (unsigned char)(copy[at] ^ 1u << s2s__below(4, i, 8));
    s2s__error error = fresh_error();
    s2s__arena arena;
    s2s__tokens tokens;
    const s2s__pieces *p;
    s2s__arena_init(&arena, &host);
    s2s__tokens_init(&tokens, &host);
    const int32_t status = s2s__pieces_parse(copy, i < 300 ? at : size, &host, &arena, &p, &error);
    if (status == S2S_OK)
      good++, s2s__pieces_split(p, "The <name>\xEF\xAC\x81ne A\xCC\x8A fox.", 21, NULL, &tokens, &error);
    else
      refused += status == S2S_BAD_FILE && error.text[0];
    s2s__tokens_free(&tokens);
    s2s__arena_free(&arena);
    free(copy);
  }
  ok(good + refused == 600 && good > 50 && refused > 250, "damaged models are refused (%zu) or work (%zu)", refused,
     good);
  free(bytes);
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

static int32_t use_model(const unsigned char *bytes, size_t size, s2s__arena *arena, s2s__tokens *tokens,
                         s2s__error *error) {
  const s2s__pieces *p;
  s2s__text text;
  S2S__TRY(s2s__pieces_parse(bytes, size, &host, arena, &p, error));
  S2S__TRY(s2s__pieces_split(p, "The quick <name>\xE6\x88\x91 fox ...", 28, NULL, tokens, error));
  const s2s__sampling sampling = {1, 0.5, 0.5};
  S2S__TRY(s2s__pieces_split(p, "The quick", 9, &sampling, tokens, error));
  return s2s__pieces_join(p, tokens->item, tokens->count, arena, &text, error);
}

static void test_no_memory(const char *name) {
  size_t size, failed = 0;
  unsigned char *bytes = read_model(name, &size);
  int32_t status = S2S_OUT_OF_MEMORY;
  int clean = 1;
  for (size_t at = 1; status == S2S_OUT_OF_MEMORY && at < 1000; at++, failed++) {
    s2s__error error = fresh_error();
    s2s__arena arena;
    s2s__tokens tokens;
    memory.requests = 0;
    memory.fail_at = at;
    s2s__arena_init(&arena, &host);
    s2s__tokens_init(&tokens, &host);
    status = use_model(bytes, size, &arena, &tokens, &error);
    clean &= status == S2S_OK || error.text[0] != '\0';
    s2s__tokens_free(&tokens);
    s2s__arena_free(&arena);
    clean &= memory.live_blocks == 0;
  }
  memory.fail_at = 0;
  ok(status == S2S_OK && clean && failed > 10, "%s: every failed allocation is reported and leaves nothing (%zu)", name,
     failed - 1);
  free(bytes);
}

int main(void) {
  host = test_host(&memory);
  test_trie();
  for (size_t i = 0; i < MODELS; i++) test_model(models[i]);
  test_sampling();
  test_refused();
  test_damaged();
  for (size_t i = 0; i < MODELS; i++) test_no_memory(models[i]);
  ok(memory.live_bytes == 0 && memory.wrong_sizes == 0, "all memory is given back");
  return done();
}
