/* SPDX-License-Identifier: MIT
 *
 * The safetensors container, read from a stream and written to one: 8 bytes header length (little-endian), a JSON header,
 * raw little-endian tensors in the order of their offsets. The public format, strict: a file is not trusted.
 */
#ifndef S2S__MODEL_SAFETENSORS_H
#define S2S__MODEL_SAFETENSORS_H

#include "base/stream.h"

#define S2S__ST_MAX_HEADER (16u << 20)
#define S2S__ST_MAX_TENSORS 65536
#define S2S__ST_MAX_RANK 8

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

/* A header, in an arena: tensors sorted by offset, without holes or overlaps. */
typedef struct s2s__st_header {
  s2s__st_tensor *tensor;
  size_t tensors;
  s2s__st_entry *metadata;
  size_t entries;
  uint64_t data_bytes;
  uint32_t crc; /* CRC-32 of the header's JSON bytes with the value of the metadata key "crc32" (8 hex digits) read as 00000000 */
} s2s__st_header;

/* Reads length and header; the reader then stands at the first tensor's data. S2S_BAD_FILE: not safetensors, malformed, too
 * large, a dtype unknown, a shape that does not fit its bytes, holes, overlaps, duplicates; data that does not match a known
 * reader->size. */
int32_t s2s__st_read_header(s2s__reader *reader, s2s__arena *arena, s2s__st_header *header, s2s__error *error);

/* NULL when not there. */
const char *s2s__st_metadata(const s2s__st_header *header, const char *key);

/* Bytes of an element, 0 for an unknown dtype. */
size_t s2s__st_dtype_bytes(const char *dtype);

#endif
