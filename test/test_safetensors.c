/* SPDX-License-Identifier: MIT
 *
 * model/safetensors: what the format allows is read, from memory and from a callback that gives a few bytes at a time;
 * everything else is refused with a sentence; what is written is read back; nothing leaks when memory runs out.
 */
#include "tap.h"
#include "test_base.h"

#include "model/safetensors.h"

#define MIB ((size_t)1 << 20)
#define T(name, dtype, shape, offsets)                                                                                 \
  "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":[" shape "],\"data_offsets\":[" offsets "]}"

static const char path[] = "build/tmp/test_safetensors.bin";
static test_memory memory;
static s2s__host host;

/* One reading of bytes[0..size). */
typedef struct reading {
  const unsigned char *bytes;
  size_t size, at;
  s2s__arena arena;
  s2s__st_header header;
  s2s__error error;
  s2s__reader reader;
} reading;

static int64_t few_bytes(void *user, void *out, size_t size) {
  reading *r = user;
  size_t part = r->size - r->at;
  if (part > size) part = size;
  if (part > 7) part = 7;
  if (part > 0) memcpy(out, r->bytes + r->at, part);
  r->at += part;
  return (int64_t)part;
}

static int32_t begin(reading *r, const void *bytes, size_t size, int by_callback) {
  memset(r, 0, sizeof *r);
  r->bytes = bytes;
  r->size = size;
  s2s__arena_init(&r->arena, &host);
  if (by_callback)
    s2s__reader_open_callback(&r->reader, &host, few_bytes, r);
  else
    s2s__reader_open_memory(&r->reader, &host, bytes, size);
  return s2s__st_read_header(&r->reader, &r->arena, &r->header, &r->error);
}

static void end(reading *r) {
  s2s__reader_close(&r->reader);
  s2s__arena_free(&r->arena);
}

/* Length, header, and `data` zero bytes, in a block of the exact size. */
static unsigned char *make(const char *header, size_t length, size_t data, size_t *size) {
  *size = 8 + length + data;
  unsigned char *bytes = calloc(*size, 1);
  for (size_t i = 0; i < 8; i++) bytes[i] = (unsigned char)((uint64_t)length >> 8 * i);
  memcpy(bytes + 8, header, length);
  return bytes;
}

static void refused_bytes(const char *what, const void *bytes, size_t size, int by_callback, const char *sentence) {
  reading r;
  const int32_t status = begin(&r, bytes, size, by_callback);
  const int named = strncmp(r.error.text, by_callback ? "reader: " : "memory: ", 8) == 0;
  if (!ok(status == S2S_BAD_FILE && named && strstr(r.error.text, sentence), "%s is refused%s", what,
          by_callback ? " from a callback" : ""))
    diag("%s: %s", s2s_status_name(status), r.error.text);
  end(&r);
}

static void refused(const char *what, const char *header, size_t data, const char *sentence) {
  size_t size;
  unsigned char *bytes = make(header, strlen(header), data, &size);
  refused_bytes(what, bytes, size, 0, sentence);
  free(bytes);
}

static void accepted(const char *what, const char *header, size_t data, size_t tensors) {
  size_t size;
  unsigned char *bytes = make(header, strlen(header), data, &size);
  for (int by_callback = 0; by_callback < 2; by_callback++) {
    reading r;
    if (!ok(begin(&r, bytes, size, by_callback) == S2S_OK && r.header.tensors == tensors && r.header.data_bytes == data,
            "%s is read%s", what, by_callback ? " from a callback" : ""))
      diag("%s", r.error.text);
    end(&r);
  }
  free(bytes);
}

/* ---- a good file ------------------------------------------------------------------------------------------------- */

/* Made by Python's json, struct and zlib. */
static const char good_header[] = "{\"__metadata__\":{\"note\":\"caf\\u00e9 \\\"x\\\"\",\"crc32\":\"5879888a\"},"
                                  "\"b\":{\"shape\":[2,2],\"dtype\":\"F32\",\"data_offsets\":[8,24]},"
                                  "\"a\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},"
                                  "\"none\":{\"dtype\":\"F16\",\"shape\":[0,7],\"data_offsets\":[24,24]},"
                                  "\"text\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[24,27]}} ";
static const unsigned char good_data[27] = {0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0,
                                            0,    0x80, 0x3f, 0,    0,    0,    0xbf, 0,    0,
                                            0,    0,    0,    0,    0x50, 0x40, 0x61, 0x62, 0x63};

static int is_tensor(const s2s__st_tensor *t, const char *name, const char *dtype, size_t rank, uint64_t begin_at,
                     uint64_t end_at) {
  return strcmp(t->name, name) == 0 && strcmp(t->dtype, dtype) == 0 && t->rank == rank && t->begin == begin_at &&
         t->end == end_at;
}

static void test_good(int by_callback) {
  size_t size;
  const size_t data = sizeof good_data;
  unsigned char *bytes = make(good_header, sizeof good_header - 1, data, &size);
  memcpy(bytes + size - data, good_data, data);
  reading r;
  if (!is_int(begin(&r, bytes, size, by_callback), S2S_OK, "a good file is read")) diag("%s", r.error.text);
  const s2s__st_header *h = &r.header;
  is_int((int64_t)h->tensors, 4, "it has four tensors");
  ok(is_tensor(&h->tensor[0], "a", "I64", 0, 0, 8) && is_tensor(&h->tensor[1], "b", "F32", 2, 8, 24) &&
         is_tensor(&h->tensor[2], "none", "F16", 2, 24, 24) && is_tensor(&h->tensor[3], "text", "U8", 1, 24, 27),
     "in the order of their offsets, an empty one before the one at its place");
  ok(h->tensor[1].shape[0] == 2 && h->tensor[1].shape[1] == 2 && h->tensor[2].shape[0] == 0, "with their shapes");
  ok(s2s__st_find(h, "text") == &h->tensor[3] && !s2s__st_find(h, "tex"), "found by name");
  is_text(s2s__st_metadata(h, "note"), "caf\xc3\xa9 \"x\"", "metadata are decoded");
  ok(!s2s__st_metadata(h, "not") && h->entries == 2, "and only what is there is found");
  is_int((int64_t)r.reader.position, (int64_t)(size - data), "the reader stands at the data");
  s2s__st_buffer buffer;
  char digits[9] = "";
  s2s__st_buffer_init(&buffer, &host);
  is_int(s2s__st_buffer_read(&buffer, &r.reader, 0, data, &r.error), S2S_OK, "which can be read");
  s2s__st_checksum_text(s2s__crc32(h->crc, buffer.bytes, data), digits);
  is_text(digits, s2s__st_metadata(h, "crc32"), "the checksum is the one that Python wrote");
  s2s__st_buffer_free(&buffer);
  end(&r);
  free(bytes);
}

static void test_accepted(void) {
  accepted("a file without tensors", "{}", 0, 0);
  accepted("a padded header", "{\"__metadata__\":{}}     ", 0, 0);
  accepted("white space in the header", "{ \"a\" : { \"dtype\" : \"U8\" ,\n\"shape\":[ 1 ],\"data_offsets\":[0, 1]}}",
           1, 1);
  accepted("a tensor without dimensions", "{" T("a", "F64", "", "0,8") "}", 8, 1);
  accepted("a tensor without numbers", "{" T("a", "F32", "3,0", "0,0") "}", 0, 1);
  accepted("a tensor of eight dimensions", "{" T("a", "U8", "1,1,1,2,1,1,1,1", "0,2") "}", 2, 1);
  accepted("a name in Unicode, an empty name",
           "{" T("\\ud83d\\ude00", "U8", "1", "0,1") "," T("", "U8", "1", "1,2") "}", 2, 2);
  accepted("an unused checksum of another form", "{\"__metadata__\":{\"crc32\":\"\\u0030\"}}", 0, 0);
  accepted("every size of number",
           "{" T("a", "BOOL", "1", "0,1") "," T("b", "BF16", "1", "1,3") "," T("c", "F8_E4M3FNUZ", "1", "3,4") "}", 4,
           3);
}

/* ---- malformed headers ------------------------------------------------------------------------------------------- */

static void test_length(void) {
  static const unsigned char huge[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, '{', '}'};
  static const unsigned char large[] = {1, 0, 0, 1, 0, 0, 0, 0, '{', '}'}; /* one more than allowed */
  static const unsigned char most[] = {0, 0, 0, 1, 0, 0, 0, 0, '{', '}'};
  static const unsigned char none[] = {0, 0, 0, 0, 0, 0, 0, 0, '{', '}'};
  static const char text[] = "hello, this is a text and not a model\n";
  for (int by_callback = 0; by_callback < 2; by_callback++) {
    refused_bytes("an empty file", "", 0, by_callback, "ends at byte 0, 8 more expected");
    refused_bytes("a file of seven bytes", none, 7, by_callback, "ends at byte 7, 1 more expected");
    refused_bytes("a length of zero", none, sizeof none, by_callback, "not a safetensors file");
    refused_bytes("a length of 2^64 - 1", huge, sizeof huge, by_callback, "not a safetensors file");
    refused_bytes("a length past the limit", large, sizeof large, by_callback, "a header of 16777217 bytes cannot be");
    refused_bytes("a length past the end", most, sizeof most, by_callback, "ends at byte 10");
    refused_bytes("a text", text, sizeof text - 1, by_callback, "not a safetensors file");
  }
}

static void test_json(void) {
  refused("an array", "[]", 0, "no '{' at byte 8");
  refused("a space before the header", " {}", 0, "no '{' at byte 8");
  refused("a header cut short", "{\"a\":{\"dtype\":\"F32\"", 0, "header: JSON: ");
  refused("an open brace", "{ ", 0, "header: JSON: unexpected end");
  refused("something behind the header", "{}x", 0, "header: JSON: more text");
  refused("a second object", "{}{}", 0, "header: JSON: more text");
  refused("invalid UTF-8", "{" T("\xff", "U8", "1", "0,1") "}", 1, "invalid UTF-8");
  refused("a lone surrogate", "{" T("\\ud83d", "U8", "1", "0,1") "}", 1, "lone surrogate");
  refused("a NUL in a name", "{" T("a\\u0000b", "U8", "1", "0,1") "}", 1, "a NUL in a string");
  refused("a comma too many", "{" T("a", "U8", "1", "0,1") ",}", 1, "JSON");
  refused("a tensor that is a number", "{\"a\":1}", 0, "expected '{'");
  refused("a tensor that is null", "{\"a\":null}", 0, "expected '{'");
}

static void test_metadata(void) {
  refused("metadata that are a string", "{\"__metadata__\":\"x\"}", 0, "expected '{'");
  refused("a metadata number", "{\"__metadata__\":{\"a\":1}}", 0, "expected a string");
  refused("a metadata null", "{\"__metadata__\":{\"a\":null}}", 0, "expected a string");
  refused("a metadata object", "{\"__metadata__\":{\"a\":{}}}", 0, "expected a string");
  refused("a metadata key twice", "{\"__metadata__\":{\"a\":\"1\",\"b\":\"\",\"a\":\"1\"}}", 0,
          "the metadata have 'a' twice");
  refused("metadata twice", "{\"__metadata__\":{},\"__metadata__\":{}}", 0, "__metadata__ stands there twice");
  refused("a NUL in metadata", "{\"__metadata__\":{\"a\":\"\\u0000\"}}", 0, "a NUL in a string");
}

static void test_tensors(void) {
  refused("an empty tensor object", "{\"a\":{}}", 0, "tensor 'a' lacks dtype, shape or data_offsets");
  refused("no dtype", "{\"a\":{\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "tensor 'a' lacks");
  refused("no shape", "{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1, "tensor 'a' lacks");
  refused("no offsets", "{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1, "tensor 'a' lacks");
  refused("an unknown member", "{\"a\":{\"dtype\":\"U8\",\"strides\":[1],\"shape\":[1],\"data_offsets\":[0,1]}}", 1,
          "tensor 'a': 'strides' is unknown or twice there");
  refused("a long unknown member", "{\"a\":{\"a member with a very long name\":\"U8\"}}", 0, "too long");
  refused("a member twice", "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1,
          "'dtype' is unknown or twice there");
  refused("an unknown dtype", "{" T("a", "F31", "1", "0,4") "}", 4, "tensor 'a': unknown dtype 'F31'");
  refused("an empty dtype", "{" T("a", "", "1", "0,4") "}", 4, "unknown dtype ''");
  refused("a dtype with a NUL", "{" T("a", "U8\\u0000", "1", "0,1") "}", 1, "unknown dtype");
  refused("a long dtype", "{" T("a", "F32F32F32F32F32", "1", "0,4") "}", 4, "too long");
  refused("a dtype in small letters", "{" T("a", "f32", "1", "0,4") "}", 4, "unknown dtype 'f32'");
  refused("a dtype that is a number", "{\"a\":{\"dtype\":32,\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
          "expected a string");
  refused("a shape that is a number", "{\"a\":{\"dtype\":\"U8\",\"shape\":1,\"data_offsets\":[0,1]}}", 1,
          "expected '['");
  refused("a negative dimension", "{" T("a", "U8", "-1", "0,1") "}", 1, "expected a whole number");
  refused("a broken dimension", "{" T("a", "U8", "1.0", "0,1") "}", 1, "expected a whole number");
  refused("a dimension of 1e0", "{" T("a", "U8", "1e0", "0,1") "}", 1, "expected a whole number");
  refused("a dimension of 2^64", "{" T("a", "U8", "18446744073709551616", "0,1") "}", 1, "past 2^64");
  refused("nine dimensions", "{" T("a", "U8", "1,1,1,1,1,1,1,1,1", "0,1") "}", 1,
          "tensor 'a' has more than 8 dimensions");
  refused("a shape that overflows", "{" T("a", "U8", "4294967296,4294967296", "0,0") "}", 0, "is too large");
  refused("bytes that overflow", "{" T("a", "F32", "4611686018427387904", "0,0") "}", 0,
          "its shape [4611686018427387904]");
  refused("a tensor given twice",
          "{" T("a", "U8", "1", "0,1") "," T("b", "U8", "1", "1,2") "," T("a", "U8", "1", "2,3") "}", 3,
          "there are two tensors 'a'");
}

static void test_offsets(void) {
  refused("no end", "{" T("a", "U8", "1", "0") "}", 1, "tensor 'a': data_offsets are not [begin, end]");
  refused("empty offsets", "{" T("a", "U8", "0", "") "}", 0, "data_offsets are not");
  refused("three offsets", "{" T("a", "U8", "1", "0,1,2") "}", 1, "data_offsets are not");
  refused("a negative offset", "{" T("a", "U8", "1", "-1,0") "}", 1, "expected a whole number");
  refused("an end before the begin", "{" T("a", "U8", "1", "1,0") "}", 1, "data_offsets are not");
  refused("too few bytes", "{" T("a", "F32", "2,3", "0,20") "}", 20,
          "tensor 'a': its shape [2, 3] of F32 needs 24 bytes, its offsets have 20");
  refused("too many bytes", "{" T("a", "F32", "2", "0,9") "}", 9, "needs 8 bytes, its offsets have 9");
  refused("a hole at the begin", "{" T("a", "U8", "1", "1,2") "}", 2,
          "tensor 'a' begins at offset 1 where 0 was expected");
  refused("a hole", "{" T("a", "U8", "1", "0,1") "," T("b", "U8", "1", "2,3") "}", 3, "'b' begins at offset 2 where 1");
  refused("an overlap", "{" T("a", "U8", "2", "0,2") "," T("b", "U8", "2", "1,3") "}", 3,
          "'b' begins at offset 1 where 2");
  refused("the same bytes twice", "{" T("a", "U8", "2", "0,2") "," T("b", "U8", "2", "0,2") "}", 2,
          "'b' begins at offset 0 where 2");
  refused("an empty tensor inside another", "{" T("a", "U8", "2", "0,2") "," T("b", "U8", "0", "1,1") "}", 2,
          "'b' begins at offset 1 where 2");
  refused("too little data", "{" T("a", "U8", "4", "0,4") "}", 3,
          "4 bytes of tensors expected behind the header, 3 found");
  refused("too much data", "{" T("a", "U8", "4", "0,4") "}", 5,
          "4 bytes of tensors expected behind the header, 5 found");
  refused("offsets near 2^64", "{" T("a", "U8", "18446744073709551615", "0,18446744073709551615") "}", 0,
          "18446744073709551615 bytes of tensors expected");
}

/* Every prefix of a good header, padded or not, in a block of exactly its size. */
static void test_prefixes(void) {
  const size_t length = sizeof good_header - 2; /* without the padding, which may be missing */
  int all = 1;
  for (size_t cut = 0; cut < length; cut++) {
    size_t size;
    unsigned char *bytes = make(good_header, cut, 0, &size);
    reading r;
    all = begin(&r, bytes, size, 0) == S2S_BAD_FILE && all;
    end(&r);
    free(bytes);
  }
  ok(all, "every beginning of a header is refused");
}

static void test_many(void) {
  char *header = malloc(8 * MIB), *at = header;
  size_t size;
  for (int i = 0; i < S2S__ST_MAX_TENSORS; i++)
    at += sprintf(at, "%c" T("t%d", "U8", "1", "%d,%d"), i ? ',' : '{', i, S2S__ST_MAX_TENSORS - 1 - i,
                  S2S__ST_MAX_TENSORS - i);
  memcpy(at, "}", 2);
  unsigned char *bytes = make(header, strlen(header), S2S__ST_MAX_TENSORS, &size);
  reading r;
  is_int(begin(&r, bytes, size, 0), S2S_OK, "65536 tensors in the wrong order are read");
  ok(r.header.tensors == S2S__ST_MAX_TENSORS && strcmp(r.header.tensor[0].name, "t65535") == 0, "and sorted");
  end(&r);
  free(bytes);
  memcpy(at, ",", 1);
  memcpy(at + 1, T("x", "U8", "0", "0,0") "}", sizeof(T("x", "U8", "0", "0,0") "}"));
  refused("one more", header, S2S__ST_MAX_TENSORS, "more than 65536 entries");
  free(header);
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

static void test_memory_ends(void) {
  size_t size, fail_at = 1;
  unsigned char *bytes = make(good_header, sizeof good_header - 1, 27, &size);
  int32_t status = S2S_OUT_OF_MEMORY;
  int honest = 1;
  for (; status == S2S_OUT_OF_MEMORY && fail_at < 100; fail_at++) {
    reading r;
    memory.requests = 0;
    memory.fail_at = fail_at;
    status = begin(&r, bytes, size, fail_at % 2 == 0);
    honest = honest && (status == S2S_OK || strstr(r.error.text, "out of memory"));
    end(&r);
    honest = honest && memory.live_blocks == 0;
  }
  memory.fail_at = 0;
  ok(status == S2S_OK && honest && fail_at > 2, "every allocation may fail: %zu of them", fail_at - 2);
  free(bytes);
}

/* A stream that promises much and gives ten bytes costs no more than a first step. */
static void test_promises(void) {
  static const unsigned char most[] = {0, 0, 0, 1, 0, 0, 0, 0, '{', '}'};
  reading r;
  s2s__st_buffer buffer;
  memset(&r, 0, sizeof r);
  r.bytes = most;
  r.size = sizeof most;
  s2s__arena_init(&r.arena, &host);
  s2s__reader_open_callback(&r.reader, &host, few_bytes, &r);
  s2s__st_buffer_init(&buffer, &host);
  is_int(s2s__st_buffer_read(&buffer, &r.reader, 0, UINT64_C(1) << 40, &r.error),
         sizeof(size_t) > 4 ? S2S_BAD_FILE : S2S_OUT_OF_MEMORY, "a terabyte that is not there is refused");
  ok(buffer.capacity <= MIB, "before it costs a megabyte");
  s2s__st_buffer_free(&buffer);
  end(&r);
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static int32_t draft_all(s2s__st_draft *draft, uint32_t *crc, s2s__error *error) {
  const uint64_t matrix[] = {2, 3}, vector[] = {5};
  S2S__TRY(s2s__st_draft_metadata(draft, "note", "\"quoted\"\n\xc3\xa9", error));
  S2S__TRY(s2s__st_draft_checksum(draft, error));
  S2S__TRY(s2s__st_draft_metadata(draft, "last", "", error));
  S2S__TRY(s2s__st_draft_tensor(draft, "matrix", "F32", matrix, 2, error));
  S2S__TRY(s2s__st_draft_tensor(draft, "scalar \\", "F64", NULL, 0, error));
  S2S__TRY(s2s__st_draft_tensor(draft, "bytes", "U8", vector, 1, error));
  return s2s__st_draft_finish(draft, crc, error);
}

static size_t load(unsigned char *bytes, size_t capacity) {
  FILE *file = fopen(path, "rb");
  if (!file) return 0;
  const size_t size = fread(bytes, 1, capacity, file);
  fclose(file);
  return size;
}

static void test_written(void) {
  static const unsigned char data[37] = {1, 2, 3, [36] = 4};
  unsigned char bytes[1024];
  s2s__st_draft draft;
  s2s__writer writer = {0};
  s2s__error error = {0};
  uint32_t crc = 0;
  s2s__st_draft_init(&draft, &host);
  is_int(draft_all(&draft, &crc, &error), S2S_OK, "a header is made");
  is_int((int64_t)(draft.length % 8), 0, "padded to a multiple of eight");
  is_int((int64_t)draft.data_bytes, sizeof data, "it adds up its data");
  crc = s2s__crc32(crc, data, sizeof data);
  is_int(s2s__writer_open(&writer, &host, path, &error), S2S_OK, "a file is opened");
  is_int(s2s__st_draft_write(&draft, crc, &writer, &error), S2S_OK, "the header is written");
  ok(s2s__writer_write(&writer, data, sizeof data, &error) == S2S_OK && s2s__writer_commit(&writer, &error) == S2S_OK,
     "and the data");
  s2s__st_draft_free(&draft);
  const size_t size = load(bytes, sizeof bytes);
  reading r;
  char digits[9] = "";
  if (!is_int(begin(&r, bytes, size, 0), S2S_OK, "it is read back")) diag("%s", r.error.text);
  ok(r.header.tensors == 3 && is_tensor(&r.header.tensor[0], "matrix", "F32", 2, 0, 24) &&
         is_tensor(&r.header.tensor[1], "scalar \\", "F64", 0, 24, 32) &&
         is_tensor(&r.header.tensor[2], "bytes", "U8", 1, 32, 37),
     "with its tensors");
  is_text(s2s__st_metadata(&r.header, "note"), "\"quoted\"\n\xc3\xa9", "and its metadata");
  s2s__st_checksum_text(s2s__crc32(r.header.crc, data, sizeof data), digits);
  is_text(s2s__st_metadata(&r.header, "crc32"), digits, "and its checksum");
  end(&r);
  remove(path);
}

static void test_written_small(void) {
  static const char *const wanted[] = {"{}      ", "{\"__metadata__\":{\"a\":\"b\"}}      ",
                                       "{" T("a", "U8", "", "0,1") "}    "};
  for (int i = 0; i < 3; i++) {
    s2s__st_draft draft;
    s2s__error error = {0};
    uint32_t crc;
    s2s__st_draft_init(&draft, &host);
    if (i == 1) s2s__st_draft_metadata(&draft, "a", "b", &error);
    if (i == 2) s2s__st_draft_tensor(&draft, "a", "U8", NULL, 0, &error);
    s2s__st_draft_finish(&draft, &crc, &error);
    ok(draft.length % 8 == 0 && draft.length == strlen(wanted[i]) && memcmp(draft.text, wanted[i], draft.length) == 0,
       "the smallest headers: %s", wanted[i]);
    s2s__st_draft_free(&draft);
  }
}

static void test_written_memory_ends(void) {
  int32_t status = S2S_OUT_OF_MEMORY;
  size_t fail_at = 1;
  for (; status == S2S_OUT_OF_MEMORY && fail_at < 100; fail_at++) {
    s2s__st_draft draft;
    s2s__error error = {0};
    uint32_t crc;
    memory.requests = 0;
    memory.fail_at = fail_at;
    s2s__st_draft_init(&draft, &host);
    status = draft_all(&draft, &crc, &error);
    s2s__st_draft_free(&draft);
  }
  memory.fail_at = 0;
  ok(status == S2S_OK && memory.live_blocks == 0, "every allocation of a header in the making may fail");
}

static void test_shape_text(void) {
  char text[S2S__ST_SHAPE_TEXT];
  const uint64_t shape[] = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, 1};
  is_text(s2s__st_shape(NULL, 0, text), "[]", "a shape without dimensions");
  is_text(s2s__st_shape((const uint64_t[]){2, 3}, 2, text), "[2, 3]", "a matrix's shape");
  ok(strlen(s2s__st_shape(shape, 8, text)) < sizeof text, "a long shape is cut");
}

int main(void) {
  host = test_host(&memory);
  test_good(0);
  test_good(1);
  test_accepted();
  test_length();
  test_json();
  test_metadata();
  test_tensors();
  test_offsets();
  test_prefixes();
  test_many();
  test_memory_ends();
  test_promises();
  test_written();
  test_written_small();
  test_written_memory_ends();
  test_shape_text();
  ok(memory.live_blocks == 0 && memory.wrong_sizes == 0, "nothing leaked, all sizes were right");
  return done();
}
