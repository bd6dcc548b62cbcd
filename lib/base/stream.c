/* SPDX-License-Identifier: MIT
 *
 * Readers, writers, lines and CRC-32, over file descriptors: no stdio, so that all memory is the host's and a write
 * is known to have failed when it failed.
 *
 * A writer is in one of three states: open (file >= 0), failed (file < 0, path kept: commit must fail too) and closed
 * (path NULL). A failure closes the file and removes the temporary one at once.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* the same in every file of base/, for the amalgamation: the first #include settles it */
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif

#include "base/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

#ifdef _WIN32
#include <io.h>
#include <process.h>
#define STREAM_READ_FLAGS (_O_RDONLY | _O_BINARY)
#define STREAM_WRITE_FLAGS (_O_WRONLY | _O_BINARY)
#define STREAM_OPEN _open
#define STREAM_CLOSE _close
#define STREAM_GET(file, bytes, size) _read((file), (bytes), (unsigned)(size))
#define STREAM_PUT(file, bytes, size) _write((file), (bytes), (unsigned)(size))
#define STREAM_SYNC _commit
#define STREAM_UNLINK _unlink
#define STREAM_PID _getpid
#define STREAM_STAT _stat64
#define STREAM_FSTAT _fstat64
#define STREAM_KIND(status, kind) (((status).st_mode & _S_IFMT) == _S_IF##kind)
typedef struct _stat64 stream_status;
#else
#include <unistd.h>
#define STREAM_READ_FLAGS (O_RDONLY | O_CLOEXEC)
#define STREAM_WRITE_FLAGS (O_WRONLY | O_CLOEXEC)
#define STREAM_OPEN open
#define STREAM_CLOSE close
#define STREAM_GET read
#define STREAM_PUT write
#define STREAM_SYNC fsync
#define STREAM_UNLINK unlink
#define STREAM_PID getpid
#define STREAM_STAT stat
#define STREAM_FSTAT fstat
#define STREAM_KIND(status, kind) (((status).st_mode & S_IFMT) == S_IF##kind)
typedef struct stat stream_status;
#endif

#define STREAM_BUFFER ((size_t)64 << 10)
#define STREAM_AT_ONCE ((size_t)1 << 30) /* some systems refuse 2 GiB in one call */

/* strerror() follows the locale and is not safe with threads. */
static const char *stream_reason(int code, char number[32]) {
  static const struct {
    int code;
    const char *text;
  } reasons[] = {{ENOENT, "no such file or folder"},
                 {EACCES, "permission denied"},
                 {EPERM, "operation not permitted"},
                 {EISDIR, "it is a folder"},
                 {ENOTDIR, "a part of the path is not a folder"},
                 {ENOSPC, "no space left on the device"},
                 {EROFS, "the file system is read-only"},
                 {EFBIG, "the file would be too large"},
                 {EIO, "input or output error"},
                 {EMFILE, "too many open files in this process"},
                 {ENFILE, "too many open files in the system"},
                 {ENAMETOOLONG, "the name is too long"},
                 {EEXIST, "the file exists"},
                 {EBUSY, "it is in use"},
                 {EPIPE, "the other end of the pipe is closed"},
                 {EXDEV, "it is on another file system"},
                 {EINVAL, "invalid argument"},
                 {ENXIO, "no such device"},
#ifdef ELOOP
                 {ELOOP, "too many symbolic links"},
#endif
#ifdef EDQUOT
                 {EDQUOT, "the disk quota is used up"},
#endif
                 {ENOMEM, "the system is out of memory"}};
  for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
    if (reasons[i].code == code) return reasons[i].text;
  (void)snprintf(number, 32, "error %d", code);
  return number;
}

static int32_t stream_fail(s2s__error *error, const char *verb, const char *name, int code) {
  char number[32];
  return s2s__fail(error, S2S_IO, "cannot %s '%s': %s", verb, name, stream_reason(code, number));
}

static int stream_open(const char *path, int flags, unsigned mode) {
  int file = -1;
  do file = STREAM_OPEN(path, flags, mode);
  while (file < 0 && errno == EINTR);
  return file;
}

static void stream_reader_clear(s2s__reader *reader, const s2s__host *host, const char *name) {
  memset(reader, 0, sizeof *reader);
  reader->host = *host;
  reader->name = name;
  reader->size = UINT64_MAX;
  reader->file = -1;
}

int32_t s2s__reader_open_path(s2s__reader *reader, const s2s__host *host, const char *path, s2s__error *error) {
  stream_reader_clear(reader, host, path);
  stream_status status;
  const int file = stream_open(path, STREAM_READ_FLAGS, 0);
  if (file < 0) return stream_fail(error, "open", path, errno);
  int code = STREAM_FSTAT(file, &status) != 0 ? errno : 0;
  if (code == 0 && STREAM_KIND(status, DIR)) code = EISDIR;
  if (code != 0) {
    (void)STREAM_CLOSE(file);
    return stream_fail(error, "open", path, code);
  }
  if (STREAM_KIND(status, REG)) reader->size = (uint64_t)status.st_size;
  reader->file = file;
  return S2S_OK;
}

void s2s__reader_open_memory(s2s__reader *reader, const s2s__host *host, const void *bytes, size_t size) {
  stream_reader_clear(reader, host, "memory");
  reader->memory = bytes;
  reader->size = size;
}

void s2s__reader_open_callback(s2s__reader *reader, const s2s__host *host, s2s_read_fn read, void *user) {
  stream_reader_clear(reader, host, "reader");
  reader->read = read;
  reader->user = user;
}

/* One read of at least one byte (size > 0); *got is 0 only at the end. */
static int32_t stream_reader_once(s2s__reader *reader, void *out, size_t size, size_t *got, s2s__error *error) {
  int64_t count = 0;
  *got = 0;
  if (size > STREAM_AT_ONCE) size = STREAM_AT_ONCE;
  if (reader->read) {
    count = reader->read(reader->user, out, size);
    if (count < 0 || (uint64_t)count > size)
      return s2s__fail(error, S2S_IO, "%s: the callback returned %lld at byte %llu", reader->name, (long long)count,
                       (unsigned long long)reader->position);
  } else if (reader->file >= 0) {
    do count = STREAM_GET(reader->file, out, size);
    while (count < 0 && errno == EINTR);
    if (count < 0) return stream_fail(error, "read", reader->name, errno);
  } else if (reader->memory) {
    const uint64_t left = reader->size - reader->position;
    count = (int64_t)(left < size ? left : size);
    if (count > 0) memcpy(out, reader->memory + reader->position, (size_t)count);
  }
  reader->position += (uint64_t)count;
  *got = (size_t)count;
  return S2S_OK;
}

int32_t s2s__reader_some(s2s__reader *reader, void *out, size_t size, size_t *got, s2s__error *error) {
  *got = 0;
  while (*got < size) {
    size_t count = 0;
    S2S__TRY(stream_reader_once(reader, (char *)out + *got, size - *got, &count, error));
    if (count == 0) break;
    *got += count;
  }
  return S2S_OK;
}

int32_t s2s__reader_exactly(s2s__reader *reader, void *out, size_t size, s2s__error *error) {
  size_t got = 0;
  S2S__TRY(s2s__reader_some(reader, out, size, &got, error));
  if (got == size) return S2S_OK;
  return s2s__fail(error, S2S_BAD_FILE, "%s: ends at byte %llu, %zu more expected", reader->name,
                   (unsigned long long)reader->position, size - got);
}

void s2s__reader_close(s2s__reader *reader) {
  if (!reader->name) return; /* zeroed, never opened: descriptor 0 is not ours */
  if (reader->file >= 0) (void)STREAM_CLOSE(reader->file);
  reader->file = -1;
  reader->memory = NULL;
  reader->read = NULL;
}

static size_t stream_writer_temporary_size(const s2s__writer *writer) { return strlen(writer->path) + 64; }

/* Closes and removes what is half written; the path stays. */
static void stream_writer_abandon(s2s__writer *writer) {
  if (writer->file >= 0) {
    (void)STREAM_CLOSE(writer->file);
    if (writer->temporary) (void)STREAM_UNLINK(writer->temporary);
  }
  writer->file = -1;
}

void s2s__writer_discard(s2s__writer *writer) {
  if (!writer->path) return;
  stream_writer_abandon(writer);
  s2s__free(&writer->host, writer->temporary, stream_writer_temporary_size(writer));
  s2s__free(&writer->host, writer->buffer, STREAM_BUFFER);
  s2s__free(&writer->host, writer->path, strlen(writer->path) + 1);
  writer->path = writer->temporary = writer->buffer = NULL;
}

static int32_t stream_writer_fail(s2s__writer *writer, const char *verb, int code, s2s__error *error) {
  stream_writer_abandon(writer);
  return stream_fail(error, verb, writer->path, code);
}

/* A new file beside the path; `old` is the file that stands there, or NULL. */
static int32_t stream_writer_open_temporary(s2s__writer *writer, const stream_status *old, s2s__error *error) {
  const size_t size = stream_writer_temporary_size(writer);
  const int flags = STREAM_WRITE_FLAGS | O_CREAT | O_EXCL;
  writer->temporary = s2s__resize(&writer->host, NULL, 0, size);
  if (!writer->temporary) return s2s__fail_memory(error, size, "a file name");
  for (unsigned n = 0; n < 1000 && writer->file < 0; n++) {
    (void)snprintf(writer->temporary, size, "%s.tmp-%ld-%u", writer->path, (long)STREAM_PID(), n);
    writer->file = stream_open(writer->temporary, flags, old ? 0600 : 0666);
    if (writer->file < 0 && errno != EEXIST) break;
  }
  if (writer->file < 0) return stream_fail(error, "write", writer->path, errno);
#ifndef _WIN32
  if (old && fchmod(writer->file, old->st_mode & 0777) != 0) errno = 0; /* a file system without modes: no reason to fail */
#endif
  return S2S_OK;
}

static int32_t stream_writer_open_file(s2s__writer *writer, s2s__error *error) {
  stream_status status;
  if (writer->path[0] == '\0') return stream_fail(error, "write", "", ENOENT);
  const int exists = STREAM_STAT(writer->path, &status) == 0;
  if (exists && STREAM_KIND(status, DIR)) return stream_fail(error, "write", writer->path, EISDIR);
  if (!exists || STREAM_KIND(status, REG)) return stream_writer_open_temporary(writer, exists ? &status : NULL, error);
  writer->file = stream_open(writer->path, STREAM_WRITE_FLAGS, 0);
  return writer->file < 0 ? stream_fail(error, "write", writer->path, errno) : S2S_OK;
}

int32_t s2s__writer_open(s2s__writer *writer, const s2s__host *host, const char *path, s2s__error *error) {
  memset(writer, 0, sizeof *writer);
  writer->host = *host;
  writer->file = -1;
  const size_t size = strlen(path) + 1;
  writer->path = s2s__resize(host, NULL, 0, size);
  if (!writer->path) return s2s__fail_memory(error, size, "a file name");
  memcpy(writer->path, path, size);
  int32_t status = S2S_OK;
  writer->buffer = s2s__resize(host, NULL, 0, STREAM_BUFFER);
  if (!writer->buffer) status = s2s__fail_memory(error, STREAM_BUFFER, "a file's buffer");
  if (status == S2S_OK) status = stream_writer_open_file(writer, error);
  if (status != S2S_OK) s2s__writer_discard(writer);
  return status;
}

static int32_t stream_writer_put(s2s__writer *writer, const char *bytes, size_t size, s2s__error *error) {
  while (size > 0) {
    const size_t part = size < STREAM_AT_ONCE ? size : STREAM_AT_ONCE;
    const int64_t count = STREAM_PUT(writer->file, bytes, part);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return stream_writer_fail(writer, "write", count < 0 ? errno : EIO, error);
    bytes += count;
    size -= (size_t)count;
  }
  return S2S_OK;
}

static int32_t stream_writer_flush(s2s__writer *writer, s2s__error *error) {
  const size_t size = writer->buffered;
  writer->buffered = 0;
  return stream_writer_put(writer, writer->buffer, size, error);
}

int32_t s2s__writer_write(s2s__writer *writer, const void *bytes, size_t size, s2s__error *error) {
  if (writer->file < 0) return s2s__fail(error, S2S_IO, "an earlier write failed");
  if (size > STREAM_BUFFER - writer->buffered) S2S__TRY(stream_writer_flush(writer, error));
  writer->position += size;
  if (size >= STREAM_BUFFER) return stream_writer_put(writer, bytes, size, error);
  if (size > 0) memcpy(writer->buffer + writer->buffered, bytes, size);
  writer->buffered += size;
  return S2S_OK;
}

/* Makes the new name durable. Best effort: not all file systems can, and the file itself is safe. */
static void stream_writer_sync_folder(const char *path, char *scratch) {
#ifndef _WIN32
  size_t length = strlen(path);
  memcpy(scratch, path, length + 1);
  while (length > 0 && scratch[length - 1] != '/') length--;
  memcpy(scratch + length, ".", 2); /* "folder/." or "." */
  const int folder = stream_open(scratch, STREAM_READ_FLAGS, 0);
  if (folder < 0) return;
  (void)fsync(folder);
  (void)close(folder);
#else
  (void)path, (void)scratch;
#endif
}

/* Puts the temporary file, which is closed, in its place. */
static int32_t stream_writer_rename(s2s__writer *writer, s2s__error *error) {
#ifdef _WIN32
  (void)STREAM_UNLINK(writer->path); /* rename() does not replace there: not atomic, but never half a file */
#endif
  if (rename(writer->temporary, writer->path) == 0) {
    stream_writer_sync_folder(writer->path, writer->temporary);
    return S2S_OK;
  }
  const int code = errno;
  (void)STREAM_UNLINK(writer->temporary);
  return stream_fail(error, "write", writer->path, code);
}

static int32_t stream_writer_finish(s2s__writer *writer, s2s__error *error) {
  if (writer->file < 0) return s2s__fail(error, S2S_IO, "an earlier write failed");
  S2S__TRY(stream_writer_flush(writer, error));
  if (writer->temporary && STREAM_SYNC(writer->file) != 0 && (errno == EIO || errno == ENOSPC)) /* else: cannot sync */
    return stream_writer_fail(writer, "write", errno, error);
  const int closed = STREAM_CLOSE(writer->file);
  const int code = closed != 0 && errno != EINTR ? errno : 0; /* EINTR: closed all the same, or not knowable */
  writer->file = -1;
  if (code == 0) return writer->temporary ? stream_writer_rename(writer, error) : S2S_OK;
  if (writer->temporary) (void)STREAM_UNLINK(writer->temporary);
  return stream_fail(error, "write", writer->path, code);
}

int32_t s2s__writer_commit(s2s__writer *writer, s2s__error *error) {
  const int32_t status = stream_writer_finish(writer, error);
  s2s__writer_discard(writer);
  return status;
}

void s2s__lines_init(s2s__lines *lines, s2s__reader *reader, size_t limit) {
  memset(lines, 0, sizeof *lines);
  lines->reader = reader;
  lines->limit = limit;
}

/* More bytes behind those that are there, which move to the front. */
static int32_t stream_lines_fill(s2s__lines *lines, s2s__error *error) {
  size_t got = 0;
  const size_t length = lines->end - lines->begin;
  if (lines->begin > 0) memmove(lines->buffer, lines->buffer + lines->begin, length);
  lines->begin = 0;
  lines->end = length;
  if (length == lines->capacity) {
    const size_t needed = length < STREAM_BUFFER ? STREAM_BUFFER : length + 1;
    S2S__TRY(s2s__grow(&lines->reader->host, &lines->buffer, &lines->capacity, needed, 1, error));
  }
  S2S__TRY(stream_reader_once(lines->reader, lines->buffer + length, lines->capacity - length, &got, error));
  lines->end += got;
  lines->at_end = got == 0;
  return S2S_OK;
}

/* The byte order mark and the carriage return are not part of a line. */
static int32_t stream_lines_cut(s2s__lines *lines, size_t size, int ended, const char **line, size_t *length,
                                s2s__error *error) {
  const char *start = lines->buffer + lines->begin;
  if (ended && size > 0 && start[size - 1] == '\r') size--;
  if (lines->number == 0 && size >= 3 && memcmp(start, "\xEF\xBB\xBF", 3) == 0) {
    start += 3;
    size -= 3;
  }
  lines->number++;
  if (lines->limit != 0 && size > lines->limit)
    return s2s__fail(error, S2S_LIMIT, "%s: line %llu is longer than %zu bytes", lines->reader->name,
                     (unsigned long long)lines->number, lines->limit);
  *line = start;
  *length = size;
  return S2S_OK;
}

int32_t s2s__lines_next(s2s__lines *lines, const char **line, size_t *length, s2s__error *error) {
  *line = NULL;
  *length = 0;
  size_t seen = 0; /* bytes of this line that hold no LF */
  for (;;) {
    const size_t size = lines->end - lines->begin;
    const char *start = size > seen ? lines->buffer + lines->begin : NULL;
    const char *feed = start ? memchr(start + seen, '\n', size - seen) : NULL;
    if (feed) {
      const size_t cut = (size_t)(feed - start);
      const int32_t status = stream_lines_cut(lines, cut, 1, line, length, error);
      lines->begin += cut + 1;
      return status;
    }
    if (lines->at_end && size == 0) return S2S_OK;
    const int too_long = lines->limit != 0 && size > 4 && size - 4 > lines->limit; /* mark and CR are four bytes */
    if (lines->at_end || too_long) {
      const int32_t status = stream_lines_cut(lines, size, 0, line, length, error);
      lines->begin = lines->end;
      return status;
    }
    seen = size;
    S2S__TRY(stream_lines_fill(lines, error));
  }
}

void s2s__lines_free(s2s__lines *lines) {
  if (lines->reader) s2s__free(&lines->reader->host, lines->buffer, lines->capacity);
  lines->buffer = NULL;
  lines->capacity = lines->begin = lines->end = 0;
}

/* Four bits at a time. */
static uint32_t stream_crc_nibbles(uint32_t crc, const unsigned char *bytes, size_t size) {
  static const uint32_t table[16] = {0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
                                     0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
                                     0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};
  for (size_t i = 0; i < size; i++) {
    crc ^= bytes[i];
    crc = crc >> 4 ^ table[crc & 15];
    crc = crc >> 4 ^ table[crc & 15];
  }
  return crc;
}

/* Four bytes at a time: table[k][b] is the remainder of byte b with k zero bytes behind it. The tables are made for the
 * call, on the stack: a thousand steps are nothing beside a block of data, and 4 KiB of constants would be something.
 */
static uint32_t stream_crc_words(uint32_t crc, const unsigned char *bytes, size_t words) {
  uint32_t table[4][256];
  for (uint32_t b = 0; b < 256; b++) {
    const unsigned char byte = (unsigned char)b;
    table[0][b] = stream_crc_nibbles(0, &byte, 1);
  }
  for (size_t k = 1; k < 4; k++)
    for (size_t b = 0; b < 256; b++) table[k][b] = table[k - 1][b] >> 8 ^ table[0][table[k - 1][b] & 255];
  for (size_t i = 0; i < words; i++, bytes += 4) {
    crc ^= bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    crc = table[3][crc & 255] ^ table[2][crc >> 8 & 255] ^ table[1][crc >> 16 & 255] ^ table[0][crc >> 24];
  }
  return crc;
}

uint32_t s2s__crc32(uint32_t crc, const void *bytes, size_t size) {
  const unsigned char *at = bytes;
  const size_t words = size < 2048 ? 0 : size / 4;
  crc = ~crc;
  if (words > 0) crc = stream_crc_words(crc, at, words);
  if (size > 4 * words) crc = stream_crc_nibbles(crc, at + 4 * words, size - 4 * words);
  return ~crc;
}

#undef STREAM_READ_FLAGS
#undef STREAM_WRITE_FLAGS
#undef STREAM_OPEN
#undef STREAM_CLOSE
#undef STREAM_GET
#undef STREAM_PUT
#undef STREAM_SYNC
#undef STREAM_UNLINK
#undef STREAM_PID
#undef STREAM_STAT
#undef STREAM_FSTAT
#undef STREAM_KIND
#undef STREAM_BUFFER
#undef STREAM_AT_ONCE
