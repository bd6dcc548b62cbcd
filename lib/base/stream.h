/* SPDX-License-Identifier: MIT
 *
 * Where bytes come from and go to: a path, memory, or the host's callback.
 *
 * A writer to a path writes "PATH.tmp-<pid>-<n>" beside it; s2s__writer_commit() flushes it to the disk and renames it
 * over PATH, so that a reader of PATH sees the old file or the new one, whole, whatever happens in between;
 * s2s__writer_discard() (or a failure) removes it. What is no regular file (a pipe, /dev/stdout) is written to directly.
 * stream.c and thread.c are the only files that know POSIX or Win32.
 */
#ifndef S2S__BASE_STREAM_H
#define S2S__BASE_STREAM_H

#include "base/memory.h"

typedef struct s2s__reader {
  s2s__host host;
  const char *name;  /* for messages: the path, "memory" or "reader"; borrowed until close */
  uint64_t size;     /* bytes in all; UINT64_MAX when not known (pipes, callbacks) */
  uint64_t position; /* bytes read so far */
  /* private */
  const unsigned char *memory;
  s2s_read_fn read;
  void *user;
  int file; /* descriptor, or -1 */
} s2s__reader;

/* S2S_IO "cannot open 'PATH': reason"; a folder is refused. */
int32_t s2s__reader_open_path(s2s__reader *reader, const s2s__host *host, const char *path, s2s__error *error);
void s2s__reader_open_memory(s2s__reader *reader, const s2s__host *host, const void *bytes, size_t size);
void s2s__reader_open_callback(s2s__reader *reader, const s2s__host *host, s2s_read_fn read, void *user);

/* Up to `size` bytes; *got less than `size` only at the end. */
int32_t s2s__reader_some(s2s__reader *reader, void *out, size_t size, size_t *got, s2s__error *error);
/* Exactly `size` bytes, or S2S_BAD_FILE "NAME: ends at byte N, M more expected". */
int32_t s2s__reader_exactly(s2s__reader *reader, void *out, size_t size, s2s__error *error);
void s2s__reader_close(s2s__reader *reader); /* does nothing the second time, after a failed open, or when zeroed */

typedef struct s2s__writer {
  s2s__host host;
  uint64_t position; /* bytes written so far */
  /* private */
  char *path;      /* owned copies */
  char *temporary; /* NULL for a device or pipe, which is written to directly */
  char *buffer;
  size_t buffered;
  int file; /* descriptor, or -1 when closed */
} s2s__writer;

int32_t s2s__writer_open(s2s__writer *writer, const s2s__host *host, const char *path, s2s__error *error);
int32_t s2s__writer_write(s2s__writer *writer, const void *bytes, size_t size, s2s__error *error);
/* Closes, whatever it returns; fails when an earlier write did. An existing file's mode is kept. */
int32_t s2s__writer_commit(s2s__writer *writer, s2s__error *error);
/* Closes; does nothing after commit, after a failed open, or on a zeroed writer. */
void s2s__writer_discard(s2s__writer *writer);

/* One text line after another: UTF-8 BOM stripped from the first, LF or CRLF cut off, the last line may lack its LF.
 * The line is valid until the next call. Lines longer than `limit` bytes (0: no limit) are S2S_LIMIT, naming the line. */
typedef struct s2s__lines {
  s2s__reader *reader;
  uint64_t number; /* of the line last returned, from 1 */
  size_t limit;
  /* private */
  char *buffer;
  size_t capacity, begin, end;
  int at_end;
} s2s__lines;

void s2s__lines_init(s2s__lines *lines, s2s__reader *reader, size_t limit);
/* *line is NULL at the end. A read error or an over-long line fails; NUL bytes are left in. */
int32_t s2s__lines_next(s2s__lines *lines, const char **line, size_t *length, s2s__error *error);
void s2s__lines_free(s2s__lines *lines);

/* CRC-32 as zlib's (polynomial 0xEDB88320), continued from `crc` (0 at the start). */
uint32_t s2s__crc32(uint32_t crc, const void *bytes, size_t size);

#endif
