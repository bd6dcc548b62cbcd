/* SPDX-License-Identifier: MIT
 *
 * The safetensors container, read from a stream and written to one: 8 bytes header length (little-endian), a JSON
 * header, raw little-endian tensors in the order of their offsets. The public format, strict: a file is not trusted.
 *
 *     [N: 8 bytes]
 *     [{"__metadata__":{"key":"value",...},"name":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},...}: N bytes,
 *      padded with spaces so that 8 + N is a multiple of 8]
 *     [tensor][tensor]...   without holes; offsets count from the first tensor's first byte
 */
#ifndef S2S__MODEL_SAFETENSORS_H
#define S2S__MODEL_SAFETENSORS_H

#include "base/stream.h"

#define S2S__ST_MAX_HEADER (16u << 20)
#define S2S__ST_MAX_TENSORS 65536
#define S2S__ST_MAX_RANK 8
#define S2S__ST_CHECKSUM "crc32" /* the metadata key whose value, 8 hex digits, is the file's checksum */

/* Bytes of an element, 0 for an unknown dtype. */
size_t s2s__st_dtype_bytes(const char *dtype);

/* ---- reading ----------------------------------------------------------------------------------------------------- */

typedef struct s2s__st_tensor {
  const char *name;
  char dtype[12]; /* "F32", "U8", ... */
  size_t rank;
  uint64_t shape[S2S__ST_MAX_RANK];
  uint64_t begin, end; /* in the data part */
} s2s__st_tensor;

typedef struct s2s__st_entry {
  const char *key, *value;
  size_t key_length, value_length;
} s2s__st_entry;

/* A header, in an arena: tensors sorted by offset, without holes or overlaps; metadata sorted by key. */
typedef struct s2s__st_header {
  s2s__st_tensor *tensor;
  size_t tensors;
  s2s__st_entry *metadata;
  size_t entries;
  uint64_t data_bytes;
  uint32_t crc; /* CRC-32 of the header's N bytes with the checksum's digits read as 00000000 */
} s2s__st_header;

/* Reads length and header; the reader then stands at the first tensor's data. S2S_BAD_FILE: not safetensors, malformed,
 * too large, a dtype unknown, a shape that does not fit its bytes, holes, overlaps, duplicates; data that does not
 * match a known reader->size. */
int32_t s2s__st_read_header(s2s__reader *reader, s2s__arena *arena, s2s__st_header *header, s2s__error *error);

/* NULL when not there. */
const char *s2s__st_metadata(const s2s__st_header *header, const char *key);
const s2s__st_tensor *s2s__st_find(const s2s__st_header *header, const char *name);

/* "[2, 3]" for messages, cut when it is too long. */
#define S2S__ST_SHAPE_TEXT 64
const char *s2s__st_shape(const uint64_t *shape, size_t rank, char text[S2S__ST_SHAPE_TEXT]);

/* A block that grows with what is read into it. Where the size of the whole is not known, it grows as bytes arrive: a
 * stream that promises much and holds little costs little. */
typedef struct s2s__st_buffer {
  s2s__host host;
  unsigned char *bytes; /* aligned for any type */
  size_t capacity;
} s2s__st_buffer;

void s2s__st_buffer_init(s2s__st_buffer *buffer, const s2s__host *host);
void s2s__st_buffer_free(s2s__st_buffer *buffer);
/* bytes[at..at + size) becomes the reader's next `size` bytes. */
int32_t s2s__st_buffer_read(s2s__st_buffer *buffer, s2s__reader *reader, size_t at, uint64_t size, s2s__error *error);

/* ---- writing ----------------------------------------------------------------------------------------------------- */

/* A header in the making: metadata, then tensors in the order of their data, then _finish. */
typedef struct s2s__st_draft {
  s2s__host host;
  char *text;
  size_t length, capacity;
  size_t entries, tensors;
  size_t digits; /* place of the checksum's digits in the text; 0: it has none */
  uint64_t data_bytes;
} s2s__st_draft;

void s2s__st_draft_init(s2s__st_draft *draft, const s2s__host *host);
void s2s__st_draft_free(s2s__st_draft *draft);
int32_t s2s__st_draft_metadata(s2s__st_draft *draft, const char *key, const char *value, s2s__error *error);
/* A place for the checksum, as metadata. */
int32_t s2s__st_draft_checksum(s2s__st_draft *draft, s2s__error *error);
int32_t s2s__st_draft_tensor(s2s__st_draft *draft, const char *name, const char *dtype, const uint64_t *shape,
                             size_t rank, s2s__error *error);
/* Ends and pads it. *crc is that of the header, to be continued over the data. */
int32_t s2s__st_draft_finish(s2s__st_draft *draft, uint32_t *crc, s2s__error *error);
/* Puts the checksum in its place, and writes length and header. */
int32_t s2s__st_draft_write(s2s__st_draft *draft, uint32_t crc, s2s__writer *writer, s2s__error *error);

/* crc as text: 8 lower-case hex digits, no NUL. */
void s2s__st_checksum_text(uint32_t crc, char text[8]);

#endif
