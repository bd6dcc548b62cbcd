/* SPDX-License-Identifier: MIT
 *
 * base/stream: readers over path, memory and callback; writers that replace a file whole or not at all; lines; CRC-32.
 * Works in a fresh folder under TMPDIR or /tmp, which it removes.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include "tap.h"
#include "test_base.h"

#include "base/stream.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[512];
static test_memory memory;
static s2s__host host;
static s2s__error error;

/* folder/name, in one of a few rotating buffers */
static const char *at(const char *name) {
  static char paths[4][1024];
  static size_t turn;
  char *path = paths[turn++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

static void put_file(const char *name, const void *bytes, size_t size) {
  FILE *file = fopen(at(name), "wb");
  if (!file) return;
  if (size > 0) (void)fwrite(bytes, 1, size, file);
  fclose(file);
}

/* What stands in a file, up to 255 bytes; "(none)" when there is no file. */
static const char *get_file(const char *name) {
  static char text[256];
  FILE *file = fopen(at(name), "rb");
  if (!file) return "(none)";
  const size_t size = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[size] = '\0';
  return text;
}

static int files_in_folder(void) {
  int count = 0;
  DIR *handle = opendir(folder);
  for (const struct dirent *entry = NULL; handle && (entry = readdir(handle)) != NULL;)
    count += entry->d_name[0] != '.';
  if (handle) closedir(handle);
  return count;
}

static int open_files(void) {
  int count = 0;
  for (int file = 0; file < 200; file++) count += fcntl(file, F_GETFD) != -1;
  return count;
}

static int message_is(const char *format, const char *path) {
  char wanted[1200];
  const size_t before = (size_t)(strchr(format, '@') - format);
  snprintf(wanted, sizeof wanted, "%.*s%s%s", (int)before, format, path, format + before + 1);
  return is_text(error.text, wanted, "%.60s", format);
}

/* ---- readers ----------------------------------------------------------------------------------------------------- */

static void check_reader(s2s__reader *reader, const char *what) {
  char out[16] = {0};
  size_t got = 99;
  s2s__error_clear(&error);
  ok(s2s__reader_exactly(reader, out, 4, &error) == S2S_OK && memcmp(out, "0123", 4) == 0, "%s: exactly 4", what);
  is_int((int64_t)reader->position, 4, "%s: at byte 4", what);
  ok(s2s__reader_some(reader, out, 4, &got, &error) == S2S_OK && got == 4 && memcmp(out, "4567", 4) == 0, "%s: some 4",
     what);
  ok(s2s__reader_exactly(reader, out, 0, &error) == S2S_OK, "%s: exactly nothing", what);
  ok(s2s__reader_some(reader, out, 16, &got, &error) == S2S_OK && got == 2 && memcmp(out, "89", 2) == 0,
     "%s: the last 2", what);
  ok(s2s__reader_some(reader, out, 16, &got, &error) == S2S_OK && got == 0, "%s: then nothing", what);
  is_int(s2s__reader_exactly(reader, out, 7, &error), S2S_BAD_FILE, "%s: 7 more are too many", what);
  char wanted[1200];
  snprintf(wanted, sizeof wanted, "%s: ends at byte 10, 7 more expected", reader->name);
  is_text(error.text, wanted, "%s: which is said", what);
  s2s__reader_close(reader);
  s2s__reader_close(reader);
}

typedef struct source {
  const char *bytes;
  size_t size, position, step;
  int64_t fail; /* returned at the end instead of 0 */
} source;

static int64_t source_read(void *user, void *bytes, size_t size) {
  source *s = user;
  size_t count = s->size - s->position;
  if (count == 0) return s->fail;
  if (count > s->step) count = s->step;
  if (count > size) count = size;
  memcpy(bytes, s->bytes + s->position, count);
  s->position += count;
  return (int64_t)count;
}

static void test_readers(void) {
  s2s__reader reader;
  put_file("ten", "0123456789", 10);
  const char *path = at("ten");
  s2s__error_clear(&error);
  is_int(s2s__reader_open_path(&reader, &host, path, &error), S2S_OK, "a file is opened");
  is_int((int64_t)reader.size, 10, "its size is known");
  check_reader(&reader, "path");
  s2s__reader_open_memory(&reader, &host, "0123456789", 10);
  is_int((int64_t)reader.size, 10, "the size of memory is known");
  check_reader(&reader, "memory");
  source three = {"0123456789", 10, 0, 3, 0};
  s2s__reader_open_callback(&reader, &host, source_read, &three);
  ok(reader.size == UINT64_MAX, "the size of a callback is not");
  check_reader(&reader, "callback");
  s2s__reader_open_memory(&reader, &host, NULL, 0);
  char byte = 0;
  size_t got = 9;
  s2s__error_clear(&error);
  ok(s2s__reader_some(&reader, &byte, 1, &got, &error) == S2S_OK && got == 0, "no memory is an empty file");
  const int open_before = open_files();
  memset(&reader, 0, sizeof reader);
  s2s__reader_close(&reader);
  is_int(open_files(), open_before, "closing a zeroed reader closes nothing");
}

static int64_t too_much(void *user, void *bytes, size_t size) {
  (void)user, (void)bytes;
  return (int64_t)size + 1;
}

static void test_reader_failures(void) {
  s2s__reader reader;
  char out[16];
  size_t got = 0;
  const int open_before = open_files();
  s2s__error_clear(&error);
  is_int(s2s__reader_open_path(&reader, &host, at("none"), &error), S2S_IO, "a missing file");
  message_is("cannot open '@': no such file or folder", at("none"));
  s2s__reader_close(&reader);
  s2s__error_clear(&error);
  is_int(s2s__reader_open_path(&reader, &host, folder, &error), S2S_IO, "a folder");
  message_is("cannot open '@': it is a folder", folder);
  s2s__error_clear(&error);
  is_int(s2s__reader_open_path(&reader, &host, at("ten/x"), &error), S2S_IO, "a file as a folder");
  message_is("cannot open '@': a part of the path is not a folder", at("ten/x"));
  s2s__error_clear(&error);
  is_int(s2s__reader_open_path(&reader, &host, "", &error), S2S_IO, "no name");
  source fails = {"0123456789", 10, 0, 4, -1};
  s2s__reader_open_callback(&reader, &host, source_read, &fails);
  s2s__error_clear(&error);
  is_int(s2s__reader_some(&reader, out, 16, &got, &error), S2S_IO, "a callback that fails");
  is_text(error.text, "reader: the callback returned -1 at byte 10", "which is said");
  s2s__reader_open_callback(&reader, &host, too_much, NULL);
  s2s__error_clear(&error);
  is_int(s2s__reader_some(&reader, out, 16, &got, &error), S2S_IO, "a callback that returns too much");
  is_int(open_files(), open_before, "no descriptor is left open");
}

static void test_pipe(void) {
  if (mkfifo(at("fifo"), 0600) != 0) {
    skip("no named pipes here");
    return;
  }
  const int both = open(at("fifo"), O_RDWR); /* so that neither side waits */
  s2s__reader reader;
  s2s__writer writer;
  char out[8] = {0};
  s2s__error_clear(&error);
  is_int(s2s__writer_open(&writer, &host, at("fifo"), &error), S2S_OK, "a pipe is opened for writing");
  ok(s2s__writer_write(&writer, "abc", 3, &error) == S2S_OK && s2s__writer_commit(&writer, &error) == S2S_OK,
     "and written to directly");
  is_int(s2s__reader_open_path(&reader, &host, at("fifo"), &error), S2S_OK, "and for reading");
  ok(reader.size == UINT64_MAX && s2s__reader_exactly(&reader, out, 3, &error) == S2S_OK && strcmp(out, "abc") == 0,
     "without a known size");
  s2s__reader_close(&reader);
  struct stat status;
  ok(stat(at("fifo"), &status) == 0 && S_ISFIFO(status.st_mode), "it is still a pipe");
  close(both);
  unlink(at("fifo"));
}

/* ---- writers ----------------------------------------------------------------------------------------------------- */

static int32_t write_all(const char *path, const char *bytes, size_t size, size_t step) {
  s2s__writer writer;
  s2s__error_clear(&error);
  S2S__TRY(s2s__writer_open(&writer, &host, path, &error));
  for (size_t done_bytes = 0; done_bytes < size; done_bytes += step) {
    const size_t part = size - done_bytes < step ? size - done_bytes : step;
    const int32_t status = s2s__writer_write(&writer, bytes + done_bytes, part, &error);
    if (status != S2S_OK) {
      const int32_t commit = s2s__writer_commit(&writer, &error);
      return commit == S2S_OK ? S2S_OK : status;
    }
  }
  return s2s__writer_commit(&writer, &error);
}

static void test_writer(void) {
  const int files = files_in_folder();
  is_int(write_all(at("new"), "hello", 5, 2), S2S_OK, "a new file is written");
  is_text(get_file("new"), "hello", "it holds what was written");
  struct stat status;
  const mode_t mask = umask(0);
  umask(mask);
  ok(stat(at("new"), &status) == 0 && (status.st_mode & 0777) == (0666 & ~mask), "its mode follows the umask");
  chmod(at("new"), 0640);
  s2s__writer writer;
  s2s__error_clear(&error);
  is_int(s2s__writer_open(&writer, &host, at("new"), &error), S2S_OK, "it is opened again");
  (void)s2s__writer_write(&writer, "changed", 7, &error);
  is_int((int64_t)writer.position, 7, "the position is counted");
  is_text(get_file("new"), "hello", "until commit the old file stands");
  is_int(files_in_folder(), files + 2, "the new one stands beside it");
  is_int(s2s__writer_commit(&writer, &error), S2S_OK, "commit");
  is_text(get_file("new"), "changed", "replaces it");
  ok(stat(at("new"), &status) == 0 && (status.st_mode & 0777) == 0640, "and keeps its mode");
  s2s__writer_discard(&writer);
  is_text(get_file("new"), "changed", "discard after commit does nothing");
  (void)s2s__writer_open(&writer, &host, at("new"), &error);
  (void)s2s__writer_write(&writer, "lost", 4, &error);
  s2s__writer_discard(&writer);
  s2s__writer_discard(&writer);
  is_text(get_file("new"), "changed", "discard leaves the old file");
  is_int(files_in_folder(), files + 1, "and nothing else");
  is_int(write_all(at("new"), "", 0, 1), S2S_OK, "an empty file");
  is_text(get_file("new"), "", "is empty");
  s2s__writer zeroed;
  memset(&zeroed, 0, sizeof zeroed);
  s2s__writer_discard(&zeroed);
  s2s__writer two[2]; /* two writers of one path at once must not share a temporary file */
  (void)s2s__writer_open(&two[0], &host, at("new"), &error);
  (void)s2s__writer_open(&two[1], &host, at("new"), &error);
  (void)s2s__writer_write(&two[0], "first", 5, &error);
  (void)s2s__writer_write(&two[1], "second", 6, &error);
  ok(s2s__writer_commit(&two[0], &error) == S2S_OK && s2s__writer_commit(&two[1], &error) == S2S_OK, "two at once");
  is_text(get_file("new"), "second", "the last to commit wins");
  unlink(at("new"));
}

static void test_writer_large(void) {
  const size_t size = 300001;
  char *bytes = malloc(size), *back = malloc(size);
  for (size_t i = 0; i < size; i++) bytes[i] = (char)(i * 7 + i / 251);
  static const size_t steps[] = {1, 1000, 65535, 65536, 65537, 300001};
  for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
    s2s__reader reader;
    const int32_t status = write_all(at("large"), bytes, size, steps[i]);
    s2s__error_clear(&error);
    const int32_t opened = s2s__reader_open_path(&reader, &host, at("large"), &error);
    memset(back, 0, size);
    ok(status == S2S_OK && opened == S2S_OK && reader.size == size &&
           s2s__reader_exactly(&reader, back, size, &error) == S2S_OK && memcmp(bytes, back, size) == 0,
       "in steps of %zu bytes", steps[i]);
    s2s__reader_close(&reader);
  }
  unlink(at("large"));
  free(bytes);
  free(back);
}

static void test_writer_failures(void) {
  s2s__writer writer;
  const int files = files_in_folder(), open_before = open_files();
  is_int(write_all(at("none/file"), "x", 1, 1), S2S_IO, "a folder that is not there");
  message_is("cannot write '@': no such file or folder", at("none/file"));
  is_int(write_all(folder, "x", 1, 1), S2S_IO, "a folder");
  message_is("cannot write '@': it is a folder", folder);
  is_int(write_all("", "x", 1, 1), S2S_IO, "no name");
  s2s__error_clear(&error);
  (void)s2s__writer_open(&writer, &host, at("taken"), &error);
  mkdir(at("taken"), 0700); /* so that the rename fails */
  put_file("taken/x", "", 0);
  is_int(s2s__writer_commit(&writer, &error), S2S_IO, "a path that became a folder");
  unlink(at("taken/x"));
  rmdir(at("taken"));
  s2s__writer_discard(&writer);
  put_file("old", "old", 3);
  for (size_t fail = 1; fail <= 3; fail++) {
    memory.requests = 0;
    memory.fail_at = fail;
    is_int(write_all(at("old"), "new", 3, 3), S2S_OUT_OF_MEMORY, "out of memory at request %zu", fail);
    is_text(get_file("old"), "old", "the old file stands");
  }
  memory.fail_at = 0;
  is_int(files_in_folder(), files + 1, "no temporary file is left");
  is_int(open_files(), open_before, "no descriptor either");
  unlink(at("old"));
}

static void test_full_disk(void) {
  if (access("/dev/full", W_OK) != 0) {
    skip("no /dev/full here");
    return;
  }
  char *bytes = calloc(200000, 1);
  is_int(write_all("/dev/full", "x", 1, 1), S2S_IO, "a full disk is noticed at commit");
  is_text(error.text, "cannot write '/dev/full': no space left on the device", "and said");
  is_int(write_all("/dev/full", bytes, 200000, 1000), S2S_IO, "or while writing");
  s2s__writer writer;
  s2s__error_clear(&error);
  (void)s2s__writer_open(&writer, &host, "/dev/full", &error);
  is_int(s2s__writer_write(&writer, bytes, 100000, &error), S2S_IO, "a large write fails at once");
  s2s__error_clear(&error);
  is_int(s2s__writer_write(&writer, "x", 1, &error), S2S_IO, "a write after a failure fails");
  s2s__error_clear(&error);
  is_int(s2s__writer_commit(&writer, &error), S2S_IO, "and commit too");
  is_int(write_all("/dev/null", bytes, 200000, 1000), S2S_OK, "a device is written to directly");
  struct stat status;
  ok(stat("/dev/null", &status) == 0 && S_ISCHR(status.st_mode), "and not replaced");
  free(bytes);
}

/* A real file that cannot grow: the old one must stand. */
static void test_full_file(void) {
  put_file("kept", "kept", 4);
  s2s__writer writer;
  s2s__error_clear(&error);
  (void)s2s__writer_open(&writer, &host, at("kept"), &error);
  const int real = writer.file;
  writer.file = open("/dev/full", O_WRONLY); /* the disk fills up behind the writer's back */
  if (writer.file < 0) {
    writer.file = real;
    s2s__writer_discard(&writer);
    skip("no /dev/full here");
    return;
  }
  close(real);
  (void)s2s__writer_write(&writer, "new", 3, &error);
  is_int(s2s__writer_commit(&writer, &error), S2S_IO, "a disk that fills up fails the commit");
  is_text(get_file("kept"), "kept", "the old file stands");
  unlink(at("kept"));
  is_int(files_in_folder(), 1, "and the half-written one is gone"); /* "ten" */
}

static void test_link(void) {
  put_file("target", "target", 6);
  if (symlink(at("target"), at("link")) != 0) {
    skip("no symbolic links here");
    return;
  }
  is_int(write_all(at("link"), "new", 3, 3), S2S_OK, "a symbolic link is written");
  is_text(get_file("link"), "new", "and holds the new bytes");
  unlink(at("link"));
  unlink(at("target"));
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

/* All lines, joined by '|', through a reader that gives `step` bytes at a time. */
static const char *joined(const char *text, size_t size, size_t step, size_t limit, int32_t *status, uint64_t *number) {
  static char out[512];
  size_t length = 0, end = 0;
  const char *line = NULL;
  source all = {text, size, 0, step, 0};
  s2s__reader reader;
  s2s__lines lines;
  s2s__error_clear(&error);
  s2s__reader_open_callback(&reader, &host, source_read, &all);
  s2s__lines_init(&lines, &reader, limit);
  while ((*status = s2s__lines_next(&lines, &line, &length, &error)) == S2S_OK && line) {
    for (size_t i = 0; i < length && end < sizeof out - 2; i++) out[end++] = line[i] == '\0' ? '0' : line[i];
    out[end++] = '|';
  }
  *number = lines.number;
  out[end] = '\0';
  s2s__lines_free(&lines);
  return out;
}

static void test_lines(void) {
  static const struct {
    const char *text, *wanted;
  } cases[] = {{"", ""},
               {"\n", "|"},
               {"a", "a|"},
               {"a\n", "a|"},
               {"a\nb", "a|b|"},
               {"a\n\nb\n", "a||b|"},
               {"a\r\nb\r\n", "a|b|"},
               {"a\rb\n", "a\rb|"},
               {"\r\n", "|"},
               {"\xEF\xBB\xBF"
                "a\n\xEF\xBB\xBF"
                "b\n",
                "a|\xEF\xBB\xBF"
                "b|"},
               {"\xEF\xBB\xBF", "|"},
               {"\xEF\xBB", "\xEF\xBB|"},
               {"\xEF\xBB\xBF\r\n", "|"},
               {"a\r\r\n", "a\r|"},
               {"a\r", "a\r|"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    for (size_t step = 1; step <= 100; step += 99) {
      int32_t status = 0;
      uint64_t number = 0;
      const char *got = joined(cases[i].text, strlen(cases[i].text), step, 100, &status, &number);
      ok(strcmp(got, cases[i].wanted) == 0 && status == S2S_OK, "lines of text %zu, %zu bytes at a time", i + 1, step);
    }
  int32_t status = 0;
  uint64_t number = 0;
  is_text(joined("a\0b\nc", 5, 9, 0, &status, &number), "a0b|c|", "NUL bytes are left in");
  is_int((int64_t)number, 2, "lines are numbered from 1");
  is_text(joined("abcd\r\n\xEF", 7, 1, 4, &status, &number), "abcd|\xEF|", "a line as long as the limit");
  is_text(joined("ab\nabcde\nx\n", 11, 2, 4, &status, &number), "ab|", "stops at a longer one");
  is_int(status, S2S_LIMIT, "which is over the limit");
  is_text(error.text, "reader: line 2 is longer than 4 bytes", "and named");
  (void)joined("abcde", 5, 5, 4, &status, &number);
  is_int(status, S2S_LIMIT, "also without a final newline");
}

static void test_long_lines(void) {
  const size_t size = 1000000;
  char *text = malloc(size);
  memset(text, 'x', size);
  text[size / 2] = '\n';
  s2s__reader reader;
  s2s__lines lines;
  const char *line = NULL;
  size_t length = 0;
  s2s__error_clear(&error);
  s2s__reader_open_memory(&reader, &host, text, size);
  s2s__lines_init(&lines, &reader, 0);
  ok(s2s__lines_next(&lines, &line, &length, &error) == S2S_OK && length == size / 2, "a line of half a megabyte");
  ok(s2s__lines_next(&lines, &line, &length, &error) == S2S_OK && length == size - size / 2 - 1, "and another");
  ok(s2s__lines_next(&lines, &line, &length, &error) == S2S_OK && line == NULL, "and the end");
  ok(s2s__lines_next(&lines, &line, &length, &error) == S2S_OK && line == NULL, "which stays");
  s2s__lines_free(&lines);
  s2s__reader_open_memory(&reader, &host, text, size);
  s2s__lines_init(&lines, &reader, 100);
  is_int(s2s__lines_next(&lines, &line, &length, &error), S2S_LIMIT, "an endless line is refused");
  ok(reader.position < 200000, "before much of it is read");
  s2s__lines_free(&lines);
  memory.requests = 0;
  memory.fail_at = 2;
  s2s__error_clear(&error);
  s2s__reader_open_memory(&reader, &host, text, size);
  s2s__lines_init(&lines, &reader, 0);
  is_int(s2s__lines_next(&lines, &line, &length, &error), S2S_OUT_OF_MEMORY, "out of memory in a long line");
  s2s__lines_free(&lines);
  s2s__lines_free(&lines);
  memory.fail_at = 0;
  source fails = {"abc\nde", 6, 0, 6, -7};
  s2s__reader_open_callback(&reader, &host, source_read, &fails);
  s2s__lines_init(&lines, &reader, 0);
  s2s__error_clear(&error);
  ok(s2s__lines_next(&lines, &line, &length, &error) == S2S_OK && length == 3, "a line before a failure is given");
  is_int(s2s__lines_next(&lines, &line, &length, &error), S2S_IO, "then the failure");
  s2s__lines_free(&lines);
  free(text);
}

/* ---- checksum ---------------------------------------------------------------------------------------------------- */

static void test_crc(void) {
  is_int(s2s__crc32(0, "123456789", 9), 0xCBF43926, "the check value of CRC-32");
  is_int(s2s__crc32(0, NULL, 0), 0, "of nothing");
  is_int(s2s__crc32(0, "\0\0\0\0", 4), 0x2144DF1C, "of four zero bytes");
  is_int(s2s__crc32(s2s__crc32(0, "1234", 4), "56789", 5), 0xCBF43926, "continued");
  unsigned char bytes[5003];
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(i * 131 + i / 7);
  int good = 1;
  for (size_t size = 2040; size < 2060; size++) { /* around the change of method, at odd addresses */
    uint32_t bit = 0xFFFFFFFFu;
    for (size_t i = 1; i <= size; i++) {
      bit ^= bytes[i];
      for (int k = 0; k < 8; k++) bit = (bit >> 1) ^ (0xEDB88320u & (0u - (bit & 1u)));
    }
    good = good && s2s__crc32(0, bytes + 1, size) == ~bit;
  }
  ok(good, "agrees with the definition, bit by bit");
  const uint32_t whole = s2s__crc32(0, bytes, sizeof bytes);
  for (size_t cut = 0; cut <= sizeof bytes; cut += 17)
    good = good && s2s__crc32(s2s__crc32(0, bytes, cut), bytes + cut, sizeof bytes - cut) == whole;
  ok(good, "is the same however the bytes are cut");
}

int main(void) {
  const char *base = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/test_stream.XXXXXX", base && *base ? base : "/tmp");
  if (!mkdtemp(folder)) {
    printf("Bail out! no folder %s\n", folder);
    return 1;
  }
  host = test_host(&memory);
  test_readers();
  test_reader_failures();
  test_pipe();
  test_writer();
  test_writer_large();
  test_writer_failures();
  test_full_disk();
  test_full_file();
  test_link();
  test_lines();
  test_long_lines();
  test_crc();
  ok(memory.live_blocks == 0 && memory.wrong_sizes == 0, "nothing leaked, all sizes were right");
  unlink(at("ten"));
  is_int(rmdir(folder), 0, "the folder is empty at the end");
  return done();
}
