/* SPDX-License-Identifier: MIT
 *
 * train/corpus: pairs in memory and from files, good and bad.
 */
#include "tap.h"
#include "test_base.h"

#include "train/corpus.h"

static s2s__error fresh_error(void) {
  s2s__error error;
  s2s__error_clear(&error);
  return error;
}

/* A corpus with one pair, so that it can be seen whether a failure leaves it as it was. */
static s2s_corpus *corpus_of_one(const s2s__host *given, size_t limit) {
  s2s__host host = *given;
  host.limit = limit;
  s2s__error error = fresh_error();
  s2s_corpus *corpus = NULL;
  if (s2s__corpus_new(&host, &corpus, &error) == S2S_OK)
    (void)s2s__corpus_add(corpus, "first", 5, "F ER1 S T", 9, &error);
  return corpus;
}

static int holds(const s2s_corpus *corpus, size_t index, const char *source, const char *target) {
  if (index >= corpus->count) return 0;
  const s2s__pair *pair = &corpus->pair[index];
  return strcmp(pair->text[S2S_SOURCE], source) == 0 && strcmp(pair->text[S2S_TARGET], target) == 0 &&
         pair->length[S2S_SOURCE] == strlen(source) && pair->length[S2S_TARGET] == strlen(target);
}

static int holds_first_alone(const s2s_corpus *corpus) {
  return corpus->count == 1 && holds(corpus, 0, "first", "F ER1 S T");
}

/* A reader over a copy that ends where the bytes end, under a name of its own. */
static s2s__reader named_reader(const s2s__host *host, const char *name, const char *bytes, size_t size, char **copy) {
  s2s__reader reader;
  *copy = malloc(size + (size == 0));
  memcpy(*copy, bytes, size);
  s2s__reader_open_memory(&reader, host, *copy, size);
  reader.name = name;
  return reader;
}

/* ---- One pair ---------------------------------------------------------------------------------------------------- */

static void test_add(void) {
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__error error = fresh_error();
  s2s_corpus *corpus = corpus_of_one(&host, 0);
  char text[32];
  size_t same = 0;
  ok(holds_first_alone(corpus), "a pair is added");
  for (int i = 1; i < 5000; i++) {
    const size_t length = (size_t)snprintf(text, sizeof text, "w%d", i);
    same += s2s__corpus_add(corpus, text, length, text + 1, length - 1, &error) == S2S_OK;
  }
  for (size_t i = 1; i < 5000; i++) {
    snprintf(text, sizeof text, "w%zu", i);
    same += (size_t)holds(corpus, i, text, text + 1);
  }
  is_int((int64_t)same, 2 * 4999, "as are thousands more");
  ok(holds(corpus, 0, "first", "F ER1 S T"), "texts stay where they are");
  is_int(s2s__corpus_add(corpus, " a\tb ", 5, "\xE3\x80\x80z", 4, &error), S2S_OK, "white space in a text is kept");
  ok(holds(corpus, 5000, " a\tb ", "\xE3\x80\x80z"), "as it is");
  is_int(s2s__corpus_add(corpus, "abc", 2, "xyz", 1, &error), S2S_OK, "texts need not end with NUL");
  ok(holds(corpus, 5001, "ab", "x"), "their lengths count");
  s2s__corpus_release(corpus);
  s2s__corpus_release(NULL);
  ok(memory.live_bytes == 0 && memory.wrong_sizes == 0, "all memory is given back");
}

static void is_refused(const char *source, size_t source_length, const char *target, size_t target_length,
                       const char *message) {
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__error error = fresh_error();
  s2s_corpus *corpus = corpus_of_one(&host, 0);
  is_int(s2s__corpus_add(corpus, source, source_length, target, target_length, &error), S2S_BAD_TEXT, "refused: %s",
         message);
  is_text(error.text, message, "with this message");
  ok(holds_first_alone(corpus), "and the corpus is as it was");
  s2s__corpus_release(corpus);
}

static void test_bad_pairs(void) {
  is_refused("", 0, "x", 1, "source is empty");
  is_refused("x", 1, "", 0, "target is empty");
  is_refused(NULL, 0, "x", 1, "source is empty");
  is_refused(" \t", 2, "x", 1, "source is blank");
  is_refused("x", 1, "\xC2\xA0\xE3\x80\x80 ", 6, "target is blank");
  is_refused("ab\xFF", 3, "x", 1, "source: invalid UTF-8 at byte 3");
  is_refused("x", 1, "\xE6\x97", 2, "target: invalid UTF-8 at byte 1");
  is_refused("a\0b", 3, "x", 1, "source: a NUL byte at byte 2");
  is_refused("x", 1, "b\0", 2, "target: a NUL byte at byte 2");
  is_refused("a\nb", 3, "x", 1, "source: a line break at byte 2");
  is_refused("x", 1, "yy\r", 3, "target: a line break at byte 3");
}

/* ---- A file of pairs --------------------------------------------------------------------------------------------- */

static int32_t read_pairs(s2s_corpus *corpus, const s2s__host *host, const char *bytes, size_t size,
                          s2s__error *error) {
  char *copy;
  s2s__reader reader = named_reader(host, "data.tsv", bytes, size, &copy);
  const int32_t status = s2s__corpus_read_pairs(corpus, &reader, error);
  s2s__reader_close(&reader);
  free(copy);
  return status;
}

/* A file of the pairs a-x and bb-y z, whatever its form. */
static void is_read(const char *bytes, size_t size, const char *name) {
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__error error = fresh_error();
  s2s_corpus *corpus = corpus_of_one(&host, 0);
  is_int(read_pairs(corpus, &host, bytes, size, &error), S2S_OK, "%s is read", name);
  ok(corpus->count == 3 && holds(corpus, 0, "first", "F ER1 S T") && holds(corpus, 1, "a", "x") &&
         holds(corpus, 2, "bb", "y z"),
     "%s: the pairs come behind those that were there", name);
  s2s__corpus_release(corpus);
  ok(memory.live_bytes == 0 && memory.wrong_sizes == 0, "%s: all memory is given back", name);
}

#define READ(text, name) is_read(text, sizeof(text) - 1, name)

static void test_good_files(void) {
  READ("a\tx\nbb\ty z\n", "a plain file");
  READ("a\tx\nbb\ty z", "a file without a last line end");
  READ("a\tx\r\nbb\ty z\r\n", "a file with CRLF");
  READ("\xEF\xBB\xBF" "a\tx\nbb\ty z\n", "a file with a byte order mark");
  READ("\xEF\xBB\xBF" "a\tx\r\nbb\ty z", "a file with all of it");
}

static void is_bad_file(const char *bytes, size_t size, int32_t status, const char *message) {
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__error error = fresh_error();
  s2s_corpus *corpus = corpus_of_one(&host, 0);
  const size_t used = corpus->arena.used;
  is_int(read_pairs(corpus, &host, bytes, size, &error), status, "refused: %s", message);
  is_text(error.text, message, "with this message");
  ok(holds_first_alone(corpus) && corpus->arena.used == used, "and the corpus is as it was");
  s2s__error_clear(&error);
  ok(read_pairs(corpus, &host, "a\tb\n", 4, &error) == S2S_OK && holds(corpus, 1, "a", "b"), "and can be used");
  s2s__corpus_release(corpus);
  ok(memory.live_bytes == 0 && memory.wrong_sizes == 0, "and gives all memory back");
}

#define BAD_FILE(text, message) is_bad_file(text, sizeof(text) - 1, S2S_BAD_TEXT, "data.tsv:" message)

static void test_bad_files(void) {
  BAD_FILE("", " the file is empty");
  BAD_FILE("a\tb\nabc\n", "2: no tab between source and target");
  BAD_FILE("a\tb\n\n", "2: no tab between source and target");
  BAD_FILE("\n", "1: no tab between source and target");
  BAD_FILE("a\tb\nc\td\na\tb\tc\n", "3: more than one tab, where one stands between source and target");
  BAD_FILE("a\t\tb\n", "1: more than one tab, where one stands between source and target");
  BAD_FILE("a\tb\n\tb\n", "2: source is empty");
  BAD_FILE("a\tb\na\t\n", "2: target is empty");
  BAD_FILE("a\tb\na\t\r\n", "2: target is empty");
  BAD_FILE("a\tb\n  \tb\n", "2: source is blank");
  BAD_FILE("a\tb\na\t \xC2\xA0\n", "2: target is blank");
  BAD_FILE("a\tb\nab\x80\tb\n", "2: source: invalid UTF-8 at byte 3");
  BAD_FILE("a\tb\nab\tb\xC3", "2: target: invalid UTF-8 at byte 2");
  BAD_FILE("a\tb\nab\xC3\t\xA9\n", "2: source: invalid UTF-8 at byte 3");
  BAD_FILE("a\tb\na\0\tb\n", "2: source: a NUL byte at byte 2");
  BAD_FILE("a\tb\rc\td\r", "1: more than one tab, where one stands between source and target");
  BAD_FILE("a\tb\rc\n", "1: target: a line break at byte 2");
  BAD_FILE("\xFF\xFE" "a\0\t\0b\0\n\0", "1: source: invalid UTF-8 at byte 1");
}

static void test_byte_order_mark_alone(void) {
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__error error = fresh_error();
  s2s_corpus *corpus = corpus_of_one(&host, 0);
  is_int(read_pairs(corpus, &host, "\xEF\xBB\xBF", 3, &error), S2S_BAD_TEXT, "a byte order mark alone is refused");
  ok(strncmp(error.text, "data.tsv:", 9) == 0 && holds_first_alone(corpus), "like an empty file: %s", error.text);
  s2s__corpus_release(corpus);
}

static void test_long_line(void) {
  const size_t size = (size_t)S2S__MAX_LINE_BYTES + 20;
  char *bytes = malloc(size);
  memset(bytes, 'x', size);
  memcpy(bytes, "a\tb\ny\t", 6);
  is_bad_file(bytes, size, S2S_LIMIT, "data.tsv: line 2 is longer than 16777216 bytes");
  free(bytes);
}

/* A bad line behind so many good ones that arena and array have grown. */
static void test_rollback(void) {
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__error error = fresh_error();
  s2s_corpus *corpus = corpus_of_one(&host, 0);
  const size_t lines = 20000;
  char *bytes = malloc(lines * 16 + 16), *at = bytes;
  for (size_t i = 0; i < lines; i++) at += sprintf(at, "s%zu\tt%zu\n", i, i);
  const size_t good = (size_t)(at - bytes);
  at += sprintf(at, "bad\n");
  const size_t used = corpus->arena.used;
  is_int(read_pairs(corpus, &host, bytes, (size_t)(at - bytes), &error), S2S_BAD_TEXT, "the 20001st line is bad");
  is_text(error.text, "data.tsv:20001: no tab between source and target", "which the message says");
  ok(holds_first_alone(corpus) && corpus->arena.used == used, "all lines before it are forgotten");
  const size_t held = memory.live_bytes;
  s2s__error_clear(&error);
  is_int(read_pairs(corpus, &host, bytes, good, &error), S2S_OK, "without it the file is read");
  ok(corpus->count == lines + 1 && holds(corpus, lines, "s19999", "t19999") && memory.live_bytes <= held,
     "into the memory that was kept");
  s2s__corpus_release(corpus);
  is_int((int64_t)memory.live_bytes, 0, "all memory is given back");
  free(bytes);
}

/* ---- Two aligned files ------------------------------------------------------------------------------------------- */

static int32_t read_aligned(s2s_corpus *corpus, const s2s__host *host, const char *source, const char *target,
                            s2s__error *error) {
  char *copy[2];
  s2s__reader reader[2] = {named_reader(host, "a.en", source, strlen(source), &copy[0]),
                           named_reader(host, "a.de", target, strlen(target), &copy[1])};
  const int32_t status = s2s__corpus_read_aligned(corpus, &reader[0], &reader[1], error);
  for (int side = 0; side < 2; side++) {
    s2s__reader_close(&reader[side]);
    free(copy[side]);
  }
  return status;
}

static void is_bad_aligned(const char *source, const char *target, const char *message) {
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__error error = fresh_error();
  s2s_corpus *corpus = corpus_of_one(&host, 0);
  is_int(read_aligned(corpus, &host, source, target, &error), S2S_BAD_TEXT, "refused: %s", message);
  is_text(error.text, message, "with this message");
  ok(holds_first_alone(corpus), "and the corpus is as it was");
  s2s__corpus_release(corpus);
  is_int((int64_t)memory.live_bytes, 0, "and gives all memory back");
}

static void test_aligned(void) {
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__error error = fresh_error();
  s2s_corpus *corpus = corpus_of_one(&host, 0);
  is_int(read_aligned(corpus, &host, "\xEF\xBB\xBF" "one two\nthree\n", "eins zwei\r\ndrei", &error), S2S_OK,
         "aligned files are read, each in its own form");
  ok(corpus->count == 3 && holds(corpus, 1, "one two", "eins zwei") && holds(corpus, 2, "three", "drei"),
     "line by line");
  s2s__corpus_release(corpus);
  is_int((int64_t)memory.live_bytes, 0, "all memory is given back");
  is_bad_aligned("", "", "a.en: the file is empty");
  is_bad_aligned("", "a\n", "a.en:1: the file ends here, but 'a.de' goes on");
  is_bad_aligned("a\nb\nc\n", "a\nb\n", "a.de:3: the file ends here, but 'a.en' goes on");
  is_bad_aligned("a\n", "a\nb\n", "a.en:2: the file ends here, but 'a.de' goes on");
  is_bad_aligned("a\n\nc\n", "a\nb\nc\n", "a.en:2: source is empty");
  is_bad_aligned("a\nb\nc\n", "a\nb\n \n", "a.de:3: target is blank");
  is_bad_aligned("a\nb\xF0\x9F\n", "a\nb\n", "a.en:2: source: invalid UTF-8 at byte 2");
  is_bad_aligned("a\nb\n", "\xFC\nb\n", "a.de:1: target: invalid UTF-8 at byte 1");
  is_bad_aligned("a\rb\n", "x\n", "a.en:1: source: a line break at byte 2");
}

/* ---- What the system refuses ------------------------------------------------------------------------------------- */

static int64_t broken_read(void *user, void *out, size_t size) {
  int *calls = user;
  if ((*calls)++ > 0 || size < 8) return -1;
  memcpy(out, "a\tb\nc\td\n", 8);
  return 8;
}

static int write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "wb");
  const int written = file && fputs(text, file) >= 0;
  return file && fclose(file) == 0 && written;
}

static void test_readers(void) {
  static const char path[] = "build/tmp/test_corpus.tsv";
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__error error = fresh_error();
  s2s_corpus *corpus = corpus_of_one(&host, 0);
  s2s__reader reader;
  int calls = 0;
  is_int(s2s__reader_open_path(&reader, &host, "build/tmp/no-such-file.tsv", &error), S2S_IO, "a missing file");
  ok(strstr(error.text, "no-such-file.tsv") != NULL, "is named: %s", error.text);
  s2s__error_clear(&error);
  s2s__reader_open_callback(&reader, &host, broken_read, &calls);
  is_int(s2s__corpus_read_pairs(corpus, &reader, &error), S2S_IO, "a reader that breaks after two lines");
  ok(holds_first_alone(corpus), "leaves the corpus as it was");
  s2s__reader_close(&reader);
  s2s__error_clear(&error);
  if (!write_file(path, "a\tb\nc\n")) {
    skip("cannot write %s", path);
  } else {
    is_int(s2s__reader_open_path(&reader, &host, path, &error), S2S_OK, "a file by its path");
    is_int(s2s__corpus_read_pairs(corpus, &reader, &error), S2S_BAD_TEXT, "with a bad line");
    is_text(error.text, "build/tmp/test_corpus.tsv:2: no tab between source and target", "is named by its path");
    s2s__reader_close(&reader);
    remove(path);
  }
  s2s__corpus_release(corpus);
  is_int((int64_t)memory.live_bytes, 0, "all memory is given back");
}

/* ---- No memory --------------------------------------------------------------------------------------------------- */

static void test_limit(void) {
  const size_t limit = 1000000;
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__error error = fresh_error();
  s2s_corpus *corpus = corpus_of_one(&host, limit);
  size_t added = 1, over = 0;
  while (s2s__corpus_add(corpus, "source", 6, "target", 6, &error) == S2S_OK && added < limit) {
    added++;
    over += memory.live_bytes > limit;
  }
  is_int(error.status, S2S_OUT_OF_MEMORY, "a corpus grows up to its limit: %s", error.text);
  ok(over == 0 && memory.live_bytes <= limit, "which holds for all it asked of the host");
  ok(added > limit / 300 && corpus->count == added && holds(corpus, added - 1, "source", "target"),
     "and leaves a fair number of pairs, %zu", added);
  s2s__error_clear(&error);
  is_int(read_pairs(corpus, &host, "a\tb\n", 4, &error), S2S_OUT_OF_MEMORY, "a file is refused then");
  ok(strncmp(error.text, "data.tsv:1: out of memory", 25) == 0, "at its line: %s", error.text);
  s2s__corpus_release(corpus);
  is_int((int64_t)memory.live_bytes, 0, "all memory is given back");
  for (size_t small = 1; small < 3000; small++) {
    s2s__error_clear(&error);
    corpus = corpus_of_one(&host, small);
    over += memory.live_bytes > small;
    over += corpus && corpus->count == 0 && corpus->capacity > 0 && corpus->pair == NULL;
    s2s__corpus_release(corpus);
  }
  ok(over == 0 && memory.live_bytes == 0, "tiny limits are kept too");
}

/* A failed load under a limit keeps its memory, and smaller files can still be read into it. */
static void test_limit_rollback(void) {
  test_memory memory;
  const s2s__host host = test_host(&memory);
  s2s__error error = fresh_error();
  s2s_corpus *corpus = corpus_of_one(&host, 300000);
  char *bytes = malloc(40000 + 1);
  for (size_t i = 0; i < 10000; i++) memcpy(bytes + 4 * i, "a\tb\n", 4);
  is_int(read_pairs(corpus, &host, bytes, 40000, &error), S2S_OUT_OF_MEMORY, "a file that does not fit is refused");
  ok(holds_first_alone(corpus), "and the corpus is as it was");
  s2s__error_clear(&error);
  is_int(read_pairs(corpus, &host, bytes, 400, &error), S2S_OK, "one that fits is read");
  is_int((int64_t)corpus->count, 101, "whole");
  s2s__corpus_release(corpus);
  is_int((int64_t)memory.live_bytes, 0, "all memory is given back");
  free(bytes);
}

typedef int32_t (*load_fn)(s2s_corpus *corpus, const s2s__host *host, const char *bytes, s2s__error *error);

static int32_t load_pairs(s2s_corpus *corpus, const s2s__host *host, const char *bytes, s2s__error *error) {
  return read_pairs(corpus, host, bytes, strlen(bytes), error);
}

static int32_t load_aligned(s2s_corpus *corpus, const s2s__host *host, const char *bytes, s2s__error *error) {
  return read_aligned(corpus, host, bytes, bytes, error);
}

/* Fails one request and grants those before and after it: there must be no way on from a half-made state. */
typedef struct one_failure {
  test_memory memory;
  size_t requests, fail_at;
} one_failure;

static void *allocate_but_one(void *user, void *block, size_t old_size, size_t new_size) {
  one_failure *failure = user;
  if (new_size != 0 && ++failure->requests == failure->fail_at) return NULL;
  return test_allocate(&failure->memory, block, old_size, new_size);
}

/* Loads into a corpus of one pair, with the n-th request of the load failing, until none fails. */
static void fails_safely(load_fn load, const char *bytes, size_t lines, int once, const char *name) {
  size_t failures = 0, wrong = 0, granted = 0;
  for (size_t n = 1; granted == 0; n++) {
    one_failure failure = {0};
    s2s__host host;
    s2s__host_init(&host);
    host.allocate = allocate_but_one;
    host.allocate_user = &failure;
    s2s__error error = fresh_error();
    s2s_corpus *corpus = corpus_of_one(&host, 0);
    if (once) failure.fail_at = failure.requests + n;
    if (!once) failure.memory.fail_at = failure.memory.requests + n;
    const size_t requests = failure.requests;
    const int32_t status = load(corpus, &host, bytes, &error);
    granted = failure.requests < requests + n;
    failures += status != S2S_OK;
    failure.memory.fail_at = 0;
    if (status == S2S_OK) {
      wrong += corpus->count != lines + 1; /* the arena may have got along with a smaller chunk */
    } else {
      wrong += status != S2S_OUT_OF_MEMORY || !strstr(error.text, "out of memory") || !holds_first_alone(corpus);
      s2s__error_clear(&error);
      wrong += load(corpus, &host, bytes, &error) != S2S_OK || corpus->count != lines + 1;
    }
    s2s__corpus_release(corpus);
    wrong += failure.memory.live_bytes != 0 || failure.memory.wrong_sizes != 0;
  }
  ok(failures > 5, "%s: %zu requests failed in turn", name, failures);
  is_int((int64_t)wrong, 0, "%s: a status, nothing lost, and the corpus works on", name);
}

static void test_out_of_memory(void) {
  const size_t lines = 3000;
  char *pairs = malloc(lines * 100 + 1), *aligned = malloc(lines * 100 + 1), *p = pairs, *a = aligned;
  for (size_t i = 0; i < lines; i++) {
    p += sprintf(p, "source %zu with some words\tand its target %zu\n", i, i);
    a += sprintf(a, "line %zu of a file that is aligned with itself, not short\n", i);
  }
  fails_safely(load_pairs, pairs, lines, 0, "pairs, no memory any more");
  fails_safely(load_pairs, pairs, lines, 1, "pairs, one request refused");
  fails_safely(load_aligned, aligned, lines, 0, "aligned files, no memory any more");
  fails_safely(load_aligned, aligned, lines, 1, "aligned files, one request refused");
  free(pairs);
  free(aligned);
}

static void test_out_of_memory_at_birth(void) {
  size_t wrong = 0;
  for (size_t fail_at = 1; fail_at <= 4; fail_at++) {
    test_memory memory;
    const s2s__host host = test_host(&memory);
    s2s__error error = fresh_error();
    s2s_corpus *corpus = NULL;
    memory.fail_at = fail_at;
    const int32_t status = s2s__corpus_new(&host, &corpus, &error);
    wrong += (status == S2S_OK) != (corpus != NULL) || (status != S2S_OK && status != S2S_OUT_OF_MEMORY);
    if (corpus) {
      const int32_t added = s2s__corpus_add(corpus, "a", 1, "b", 1, &error);
      wrong += (added == S2S_OK) != (corpus->count == 1);
      memory.fail_at = 0;
      s2s__error_clear(&error);
      wrong += s2s__corpus_add(corpus, "c", 1, "d", 1, &error) != S2S_OK || !holds(corpus, corpus->count - 1, "c", "d");
    }
    s2s__corpus_release(corpus);
    wrong += memory.live_bytes != 0;
  }
  is_int((int64_t)wrong, 0, "no memory for a new corpus or its first pair is a status, and later pairs are added");
}

int main(void) {
  test_add();
  test_bad_pairs();
  test_good_files();
  test_bad_files();
  test_byte_order_mark_alone();
  test_long_line();
  test_rollback();
  test_aligned();
  test_readers();
  test_limit();
  test_limit_rollback();
  test_out_of_memory();
  test_out_of_memory_at_birth();
  return done();
}
