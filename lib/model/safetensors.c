/* SPDX-License-Identifier: MIT
 *
 * Reading and checking a safetensors header, and making one.
 *
 * Nothing in a header is believed: lengths and counts are bounded before memory is taken, every product is checked for
 * overflow, and the tensors must tile the data exactly.
 */
#include "model/safetensors.h"

#include "base/json.h"

#include <stdio.h>
#include <string.h>

#define SAFETENSORS_CHUNK ((size_t)256 << 10) /* read at a time where the data may not be there */
#define SAFETENSORS_ITEM 128                  /* most bytes of what is sorted */
#define SAFETENSORS_JSON(call)                                                                                         \
  do {                                                                                                                 \
    if (!(call)) return S2S_BAD_FILE;                                                                                  \
  } while (0)

size_t s2s__st_dtype_bytes(const char *dtype) {
  static const struct {
    char name[12];
    unsigned char bytes;
  } known[] = {{"F32", 4}, {"U8", 1},      {"F16", 2},         {"BF16", 2},       {"F64", 8},
               {"I8", 1},  {"I16", 2},     {"I32", 4},         {"I64", 8},        {"U16", 2},
               {"U32", 4}, {"U64", 8},     {"BOOL", 1},        {"F8_E5M2", 1},    {"F8_E4M3", 1},
               {"C64", 8}, {"F8_E8M0", 1}, {"F8_E5M2FNUZ", 1}, {"F8_E4M3FNUZ", 1}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(known[i].name, dtype) == 0) return known[i].bytes;
  return 0;
}

/* ---- buffers ----------------------------------------------------------------------------------------------------- */

void s2s__st_buffer_init(s2s__st_buffer *buffer, const s2s__host *host) { *buffer = (s2s__st_buffer){.host = *host}; }

void s2s__st_buffer_free(s2s__st_buffer *buffer) {
  s2s__free(&buffer->host, buffer->bytes, buffer->capacity);
  buffer->bytes = NULL;
  buffer->capacity = 0;
}

int32_t s2s__st_buffer_read(s2s__st_buffer *buffer, s2s__reader *reader, size_t at, uint64_t size, s2s__error *error) {
  if (size > SIZE_MAX - at) return s2s__fail_memory(error, SIZE_MAX, "a tensor");
  const size_t end = at + (size_t)size;
  const size_t step = reader->size != UINT64_MAX ? (size_t)size : SAFETENSORS_CHUNK;
  while (at < end) {
    const size_t part = step < end - at ? step : end - at;
    S2S__TRY(s2s__grow(&buffer->host, &buffer->bytes, &buffer->capacity, at + part, 1, error));
    S2S__TRY(s2s__reader_exactly(reader, buffer->bytes + at, part, error));
    at += part;
  }
  return S2S_OK;
}

/* ---- sorting ----------------------------------------------------------------------------------------------------- */

/* Heap sort: never slow, whatever order a file comes in. (qsort may be, and may take memory behind the host's back.) */
typedef int (*safetensors_before)(const void *a, const void *b);

static void safetensors_sift(char *items, size_t root, size_t count, size_t size, safetensors_before before) {
  char moved[SAFETENSORS_ITEM];
  memcpy(moved, items + root * size, size);
  for (size_t child; (child = 2 * root + 1) < count; root = child) {
    if (child + 1 < count && before(items + child * size, items + (child + 1) * size)) child++;
    if (!before(moved, items + child * size)) break;
    memcpy(items + root * size, items + child * size, size);
  }
  memcpy(items + root * size, moved, size);
}

static void safetensors_sort(void *array, size_t count, size_t size, safetensors_before before) {
  char *items = array, swap[SAFETENSORS_ITEM];
  for (size_t root = count / 2; root-- > 0;) safetensors_sift(items, root, count, size, before);
  for (size_t last = count; last-- > 1;) {
    memcpy(swap, items, size);
    memcpy(items, items + last * size, size);
    memcpy(items + last * size, swap, size);
    safetensors_sift(items, 0, last, size, before);
  }
}

_Static_assert(sizeof(s2s__st_tensor) <= SAFETENSORS_ITEM && sizeof(s2s__st_entry) <= SAFETENSORS_ITEM, "too large");

static int safetensors_before_key(const void *a, const void *b) {
  const s2s__st_entry *x = a, *y = b;
  return strcmp(x->key, y->key) < 0;
}

static int safetensors_before_name(const void *a, const void *b) {
  const s2s__st_tensor *x = a, *y = b;
  return strcmp(x->name, y->name) < 0;
}

/* By offset; those without bytes before the one that begins where they are. */
static int safetensors_before_offset(const void *a, const void *b) {
  const s2s__st_tensor *x = a, *y = b;
  if (x->begin != y->begin) return x->begin < y->begin;
  return x->end != y->end ? x->end < y->end : strcmp(x->name, y->name) < 0;
}

/* ---- parsing ----------------------------------------------------------------------------------------------------- */

typedef struct safetensors_parse {
  s2s__json json;
  s2s__arena *arena;
  s2s__error *error;
  s2s__st_header *header;
  size_t tensor_capacity, entry_capacity;
  char *pool;  /* decoded strings: each is, with its NUL, shorter than its JSON text, so the text's length is enough */
  size_t left; /* bytes of the pool */
  int has_metadata;
  size_t digits; /* where the checksum's digits are in the text; 0: it has none */
} safetensors_parse;

/* Room for one item more; the block that was outgrown stays behind in the arena. */
static int32_t safetensors_grow(safetensors_parse *p, void *items_pointer, size_t count, size_t *capacity,
                                size_t size) {
  if (count < *capacity) return S2S_OK;
  if (count == S2S__ST_MAX_TENSORS)
    return s2s__fail(p->error, S2S_BAD_FILE, "more than %d entries", S2S__ST_MAX_TENSORS);
  const size_t more = count ? 2 * count : 32;
  void *old, *items = s2s__arena_take_items(p->arena, more, size);
  if (!items) return s2s__fail_memory(p->error, more * size, "a file's header");
  memcpy(&old, items_pointer, sizeof old);
  if (count) memcpy(items, old, count * size);
  memcpy(items_pointer, &items, sizeof items);
  *capacity = more;
  return S2S_OK;
}

/* Makes the string that was decoded to the pool's begin a permanent one. */
static int32_t safetensors_keep(safetensors_parse *p, const char **text, size_t length) {
  if (memchr(p->pool, '\0', length))
    return s2s__fail(p->error, S2S_BAD_FILE, "a NUL in a string at byte %zu", p->json.at);
  *text = p->pool;
  p->pool[length] = '\0';
  p->pool += length + 1;
  p->left -= length + 1;
  return S2S_OK;
}

/* The checksum covers the header itself, so its own digits are found, to be read as zeros. A value that is written with
 * escapes was not written by us: it stays, and the checksum will not match. */
static void safetensors_find_digits(safetensors_parse *p, const s2s__st_entry *entry) {
  const size_t at = p->json.at;
  if (strcmp(entry->key, S2S__ST_CHECKSUM) != 0 || entry->value_length != 8 || at < 10) return;
  if (p->json.text[at - 10] == '"' && memcmp(p->json.text + at - 9, entry->value, 8) == 0) p->digits = at - 9;
}

static int32_t safetensors_entry(safetensors_parse *p, size_t key_length) {
  s2s__st_header *h = p->header;
  S2S__TRY(safetensors_grow(p, &h->metadata, h->entries, &p->entry_capacity, sizeof *h->metadata));
  s2s__st_entry *entry = &h->metadata[h->entries];
  entry->key_length = key_length;
  S2S__TRY(safetensors_keep(p, &entry->key, key_length));
  SAFETENSORS_JSON(s2s__json_string(&p->json, p->pool, p->left - 1, &entry->value_length));
  S2S__TRY(safetensors_keep(p, &entry->value, entry->value_length));
  safetensors_find_digits(p, entry);
  h->entries++;
  return S2S_OK;
}

static int32_t safetensors_metadata(safetensors_parse *p) {
  size_t length;
  if (p->has_metadata) return s2s__fail(p->error, S2S_BAD_FILE, "__metadata__ stands there twice");
  p->has_metadata = 1;
  SAFETENSORS_JSON(s2s__json_open_object(&p->json));
  while (s2s__json_next_key(&p->json, p->pool, p->left - 1, &length)) S2S__TRY(safetensors_entry(p, length));
  return s2s__json_status(&p->json);
}

static int32_t safetensors_shape(safetensors_parse *p, s2s__st_tensor *t) {
  SAFETENSORS_JSON(s2s__json_open_array(&p->json));
  while (s2s__json_next_item(&p->json)) {
    if (t->rank == S2S__ST_MAX_RANK)
      return s2s__fail(p->error, S2S_BAD_FILE, "tensor '%s' has more than %d dimensions", t->name, S2S__ST_MAX_RANK);
    SAFETENSORS_JSON(s2s__json_u64(&p->json, &t->shape[t->rank++]));
  }
  return s2s__json_status(&p->json);
}

static int32_t safetensors_offsets(safetensors_parse *p, s2s__st_tensor *t) {
  uint64_t *const place[] = {&t->begin, &t->end};
  size_t count = 0;
  SAFETENSORS_JSON(s2s__json_open_array(&p->json));
  for (; s2s__json_next_item(&p->json); count++)
    SAFETENSORS_JSON(count < 2 ? s2s__json_u64(&p->json, place[count]) : s2s__json_skip(&p->json));
  S2S__TRY(s2s__json_status(&p->json));
  if (count == 2 && t->begin <= t->end) return S2S_OK;
  return s2s__fail(p->error, S2S_BAD_FILE, "tensor '%s': data_offsets are not [begin, end]", t->name);
}

static int32_t safetensors_dtype(safetensors_parse *p, s2s__st_tensor *t) {
  size_t length;
  SAFETENSORS_JSON(s2s__json_string(&p->json, t->dtype, sizeof t->dtype - 1, &length));
  if (length == strlen(t->dtype) && s2s__st_dtype_bytes(t->dtype) > 0) return S2S_OK;
  return s2s__fail(p->error, S2S_BAD_FILE, "tensor '%s': unknown dtype '%s'", t->name, t->dtype);
}

/* The members of a tensor's object, each exactly once, in any order. */
static int32_t safetensors_members(safetensors_parse *p, s2s__st_tensor *t) {
  static const char *const names[] = {"dtype", "shape", "data_offsets"};
  static int32_t (*const parts[])(safetensors_parse *, s2s__st_tensor *) = {safetensors_dtype, safetensors_shape,
                                                                            safetensors_offsets};
  unsigned seen = 0;
  char key[16];
  size_t length;
  SAFETENSORS_JSON(s2s__json_open_object(&p->json));
  while (s2s__json_next_key(&p->json, key, sizeof key, &length)) {
    size_t i = 0;
    while (i < 3 && !(strlen(names[i]) == length && memcmp(names[i], key, length) == 0)) i++;
    if (i == 3 || (seen & 1u << i))
      return s2s__fail(p->error, S2S_BAD_FILE, "tensor '%s': '%.*s' is unknown or twice there", t->name, (int)length,
                       key);
    seen |= 1u << i;
    S2S__TRY(parts[i](p, t));
  }
  S2S__TRY(s2s__json_status(&p->json));
  if (seen == 7) return S2S_OK;
  return s2s__fail(p->error, S2S_BAD_FILE, "tensor '%s' lacks dtype, shape or data_offsets", t->name);
}

static int32_t safetensors_check_size(safetensors_parse *p, const s2s__st_tensor *t) {
  uint64_t bytes = s2s__st_dtype_bytes(t->dtype);
  char shape[S2S__ST_SHAPE_TEXT];
  for (size_t i = 0; i < t->rank; i++) {
    if (t->shape[i] != 0 && bytes > UINT64_MAX / t->shape[i])
      return s2s__fail(p->error, S2S_BAD_FILE, "tensor '%s': its shape %s is too large", t->name,
                       s2s__st_shape(t->shape, t->rank, shape));
    bytes *= t->shape[i];
  }
  if (bytes == t->end - t->begin) return S2S_OK;
  return s2s__fail(p->error, S2S_BAD_FILE, "tensor '%s': its shape %s of %s needs %llu bytes, its offsets have %llu",
                   t->name, s2s__st_shape(t->shape, t->rank, shape), t->dtype, (unsigned long long)bytes,
                   (unsigned long long)(t->end - t->begin));
}

static int32_t safetensors_tensor(safetensors_parse *p, size_t name_length) {
  s2s__st_header *h = p->header;
  S2S__TRY(safetensors_grow(p, &h->tensor, h->tensors, &p->tensor_capacity, sizeof *h->tensor));
  s2s__st_tensor *t = &h->tensor[h->tensors];
  memset(t, 0, sizeof *t);
  S2S__TRY(safetensors_keep(p, &t->name, name_length));
  S2S__TRY(safetensors_members(p, t));
  S2S__TRY(safetensors_check_size(p, t));
  h->tensors++;
  return S2S_OK;
}

static int32_t safetensors_object(safetensors_parse *p) {
  static const char metadata[] = "__metadata__";
  size_t length;
  SAFETENSORS_JSON(s2s__json_open_object(&p->json));
  while (s2s__json_next_key(&p->json, p->pool, p->left - 1, &length)) {
    const int is_metadata = length == sizeof metadata - 1 && memcmp(p->pool, metadata, length) == 0;
    S2S__TRY(is_metadata ? safetensors_metadata(p) : safetensors_tensor(p, length));
  }
  SAFETENSORS_JSON(s2s__json_end(&p->json));
  return S2S_OK;
}

/* No name twice, and the tensors one after another from 0 on. */
static int32_t safetensors_check(s2s__st_header *h, s2s__error *error) {
  safetensors_sort(h->metadata, h->entries, sizeof *h->metadata, safetensors_before_key);
  for (size_t i = 1; i < h->entries; i++)
    if (strcmp(h->metadata[i - 1].key, h->metadata[i].key) == 0)
      return s2s__fail(error, S2S_BAD_FILE, "the metadata have '%s' twice", h->metadata[i].key);
  safetensors_sort(h->tensor, h->tensors, sizeof *h->tensor, safetensors_before_name);
  for (size_t i = 1; i < h->tensors; i++)
    if (strcmp(h->tensor[i - 1].name, h->tensor[i].name) == 0)
      return s2s__fail(error, S2S_BAD_FILE, "there are two tensors '%s'", h->tensor[i].name);
  safetensors_sort(h->tensor, h->tensors, sizeof *h->tensor, safetensors_before_offset);
  for (size_t i = 0; i < h->tensors; i++) {
    const s2s__st_tensor *t = &h->tensor[i];
    if (t->begin != h->data_bytes)
      return s2s__fail(error, S2S_BAD_FILE, "tensor '%s' begins at offset %llu where %llu was expected", t->name,
                       (unsigned long long)t->begin, (unsigned long long)h->data_bytes);
    h->data_bytes = t->end;
  }
  return S2S_OK;
}

static int32_t safetensors_parse_text(char *text, size_t length, s2s__arena *arena, s2s__st_header *header,
                                      s2s__error *error) {
  safetensors_parse p = {.arena = arena, .error = error, .header = header, .left = length};
  p.pool = s2s__arena_take(arena, length);
  if (!p.pool) return s2s__fail_memory(error, length, "a file's header");
  s2s__json_init(&p.json, text, length, error);
  S2S__TRY(safetensors_object(&p));
  if (p.digits) memset(text + p.digits, '0', 8);
  header->crc = s2s__crc32(0, text, length);
  return safetensors_check(header, error);
}

/* ---- the header -------------------------------------------------------------------------------------------------- */

static int32_t safetensors_read_length(s2s__reader *reader, uint64_t *length, s2s__error *error) {
  unsigned char bytes[8];
  S2S__TRY(s2s__reader_exactly(reader, bytes, sizeof bytes, error));
  *length = 0;
  for (size_t i = sizeof bytes; i-- > 0;) *length = *length << 8 | bytes[i];
  if (*length < 2 || *length > S2S__ST_MAX_HEADER)
    return s2s__fail(error, S2S_BAD_FILE, "%s: not a safetensors file (a header of %llu bytes cannot be)", reader->name,
                     (unsigned long long)*length);
  if (reader->size != UINT64_MAX && *length > reader->size - reader->position)
    return s2s__fail(error, S2S_BAD_FILE, "%s: ends at byte %llu, inside its header of %llu bytes", reader->name,
                     (unsigned long long)reader->size, (unsigned long long)*length);
  return S2S_OK;
}

static int32_t safetensors_parse_buffer(s2s__reader *reader, s2s__st_buffer *buffer, size_t length, s2s__arena *arena,
                                        s2s__st_header *header, s2s__error *error) {
  S2S__TRY(s2s__st_buffer_read(buffer, reader, 0, length, error));
  if (buffer->bytes[0] != '{')
    return s2s__fail(error, S2S_BAD_FILE, "%s: not a safetensors file (no '{' at byte 8)", reader->name);
  if (safetensors_parse_text((char *)buffer->bytes, length, arena, header, error) != S2S_OK)
    return s2s__fail_prefix(error, "%s: header", reader->name);
  if (reader->size == UINT64_MAX || header->data_bytes == reader->size - reader->position) return S2S_OK;
  return s2s__fail(error, S2S_BAD_FILE, "%s: %llu bytes of tensors expected behind the header, %llu found",
                   reader->name, (unsigned long long)header->data_bytes,
                   (unsigned long long)(reader->size - reader->position));
}

int32_t s2s__st_read_header(s2s__reader *reader, s2s__arena *arena, s2s__st_header *header, s2s__error *error) {
  uint64_t length;
  s2s__st_buffer buffer;
  memset(header, 0, sizeof *header);
  S2S__TRY(safetensors_read_length(reader, &length, error));
  s2s__st_buffer_init(&buffer, &arena->host);
  const int32_t status = safetensors_parse_buffer(reader, &buffer, (size_t)length, arena, header, error);
  s2s__st_buffer_free(&buffer);
  return status;
}

const char *s2s__st_metadata(const s2s__st_header *header, const char *key) {
  for (size_t i = 0; i < header->entries; i++)
    if (strcmp(header->metadata[i].key, key) == 0) return header->metadata[i].value;
  return NULL;
}

const s2s__st_tensor *s2s__st_find(const s2s__st_header *header, const char *name) {
  for (size_t i = 0; i < header->tensors; i++)
    if (strcmp(header->tensor[i].name, name) == 0) return &header->tensor[i];
  return NULL;
}

const char *s2s__st_shape(const uint64_t *shape, size_t rank, char text[S2S__ST_SHAPE_TEXT]) {
  size_t at = 1;
  text[0] = '[';
  for (size_t i = 0; i < rank && at + 24 < S2S__ST_SHAPE_TEXT; i++)
    at += (size_t)snprintf(text + at, S2S__ST_SHAPE_TEXT - at, "%s%llu", i ? ", " : "", (unsigned long long)shape[i]);
  memcpy(text + at, "]", 2);
  return text;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

void s2s__st_draft_init(s2s__st_draft *draft, const s2s__host *host) { *draft = (s2s__st_draft){.host = *host}; }

void s2s__st_draft_free(s2s__st_draft *draft) {
  s2s__free(&draft->host, draft->text, draft->capacity);
  draft->text = NULL;
  draft->capacity = 0;
}

static int32_t safetensors_append(s2s__st_draft *draft, const char *text, s2s__error *error) {
  const size_t length = strlen(text);
  S2S__TRY(s2s__grow(&draft->host, &draft->text, &draft->capacity, draft->length + length, 1, error));
  memcpy(draft->text + draft->length, text, length);
  draft->length += length;
  return S2S_OK;
}

static int32_t safetensors_append_quoted(s2s__st_draft *draft, const char *text, s2s__error *error) {
  const size_t length = strlen(text);
  S2S__TRY(s2s__grow(&draft->host, &draft->text, &draft->capacity, draft->length + 6 * length + 2, 1, error));
  draft->length += s2s__json_quote(text, length, draft->text + draft->length);
  return S2S_OK;
}

int32_t s2s__st_draft_metadata(s2s__st_draft *draft, const char *key, const char *value, s2s__error *error) {
  S2S__TRY(safetensors_append(draft, draft->entries++ ? "," : "{\"__metadata__\":{", error));
  S2S__TRY(safetensors_append_quoted(draft, key, error));
  S2S__TRY(safetensors_append(draft, ":", error));
  return safetensors_append_quoted(draft, value, error);
}

int32_t s2s__st_draft_checksum(s2s__st_draft *draft, s2s__error *error) {
  S2S__TRY(s2s__st_draft_metadata(draft, S2S__ST_CHECKSUM, "00000000", error));
  draft->digits = draft->length - 9;
  return S2S_OK;
}

int32_t s2s__st_draft_tensor(s2s__st_draft *draft, const char *name, const char *dtype, const uint64_t *shape,
                             size_t rank, s2s__error *error) {
  char numbers[48];
  uint64_t bytes = s2s__st_dtype_bytes(dtype);
  const char *first = draft->entries ? "}," : "{";
  S2S__TRY(safetensors_append(draft, draft->tensors++ ? "," : first, error));
  S2S__TRY(safetensors_append_quoted(draft, name, error));
  S2S__TRY(safetensors_append(draft, ":{\"dtype\":", error));
  S2S__TRY(safetensors_append_quoted(draft, dtype, error));
  S2S__TRY(safetensors_append(draft, ",\"shape\":[", error));
  for (size_t i = 0; i < rank; i++) {
    snprintf(numbers, sizeof numbers, "%s%llu", i ? "," : "", (unsigned long long)shape[i]);
    S2S__TRY(safetensors_append(draft, numbers, error));
    bytes *= shape[i];
  }
  snprintf(numbers, sizeof numbers, "%llu,%llu", (unsigned long long)draft->data_bytes,
           (unsigned long long)(draft->data_bytes + bytes));
  S2S__TRY(safetensors_append(draft, "],\"data_offsets\":[", error));
  S2S__TRY(safetensors_append(draft, numbers, error));
  draft->data_bytes += bytes;
  return safetensors_append(draft, "]}", error);
}

int32_t s2s__st_draft_finish(s2s__st_draft *draft, uint32_t *crc, s2s__error *error) {
  if (!draft->entries && !draft->tensors) S2S__TRY(safetensors_append(draft, "{", error));
  S2S__TRY(safetensors_append(draft, draft->entries && !draft->tensors ? "}}" : "}", error));
  while ((8 + draft->length) % 8 != 0) S2S__TRY(safetensors_append(draft, " ", error));
  *crc = s2s__crc32(0, draft->text, draft->length);
  return S2S_OK;
}

void s2s__st_checksum_text(uint32_t crc, char text[8]) {
  for (size_t i = 0; i < 8; i++) text[i] = "0123456789abcdef"[crc >> (28 - 4 * i) & 15];
}

int32_t s2s__st_draft_write(s2s__st_draft *draft, uint32_t crc, s2s__writer *writer, s2s__error *error) {
  unsigned char length[8];
  for (size_t i = 0; i < sizeof length; i++) length[i] = (unsigned char)((uint64_t)draft->length >> 8 * i);
  if (draft->digits) s2s__st_checksum_text(crc, draft->text + draft->digits);
  S2S__TRY(s2s__writer_write(writer, length, sizeof length, error));
  return s2s__writer_write(writer, draft->text, draft->length, error);
}

#undef SAFETENSORS_CHUNK
#undef SAFETENSORS_ITEM
#undef SAFETENSORS_JSON
