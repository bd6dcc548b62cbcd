/* SPDX-License-Identifier: MIT
 *
 * A model's file: what is saved is loaded again to the bit, from a path, from memory and from a callback; whatever is
 * damaged, cut short, foreign or too new is refused with a sentence that says where; memory may end at any point; a
 * file that cannot be written leaves the old one as it was.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include "tap.h"
#include "test_base.h"

#include "base/random.h"
#include "model/model.h"
#include "model/safetensors.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "build/tmp/test_file"
#define PATH FOLDER "/model.safetensors"

typedef struct blob {
  unsigned char *bytes;
  size_t size;
} blob;

/* What the host's allocator was asked for, at most. */
typedef struct watch {
  test_memory memory;
  size_t largest, peak;
} watch;

static watch watched;
static s2s_options *options; /* small sizes, and the allocator above */
static s2s_model *model;
static blob saved; /* the model's file */

static void *watch_allocate(void *user, void *block, size_t old_size, size_t new_size) {
  watch *w = user;
  void *result = test_allocate(&w->memory, block, old_size, new_size);
  if (new_size > w->largest) w->largest = new_size;
  if (w->memory.live_bytes > w->peak) w->peak = w->memory.live_bytes;
  return result;
}

static blob get_file(const char *path) {
  blob b = {malloc((size_t)1 << 24), 0};
  FILE *file = fopen(path, "rb");
  if (file) b.size = fread(b.bytes, 1, (size_t)1 << 24, file);
  if (file) fclose(file);
  unsigned char *exact = malloc(b.size + (b.size == 0)); /* for AddressSanitizer */
  memcpy(exact, b.bytes, b.size);
  free(b.bytes);
  b.bytes = exact;
  return b;
}

static int same_bytes(blob a, blob b) { return a.size == b.size && memcmp(a.bytes, b.bytes, a.size) == 0; }

static int file_is(const char *path, blob wanted) {
  const blob found = get_file(path);
  const int same = same_bytes(found, wanted);
  free(found.bytes);
  return same;
}

static int files_in_folder(void) {
  int count = 0;
  DIR *folder = opendir(FOLDER);
  for (const struct dirent *entry; folder && (entry = readdir(folder)) != NULL;) count += entry->d_name[0] != '.';
  if (folder) closedir(folder);
  return count;
}

/* ---- a small model ----------------------------------------------------------------------------------------------- */

static void set(const char *key, const char *value) {
  if (s2s_options_set(options, key, value) != S2S_OK) diag("%s", s2s_error_message());
}

static s2s_options *make_options(const char *const settings[][2], size_t count) {
  const char *cpu = getenv("S2S_TEST_CPU");
  options = NULL;
  s2s_options_new(&options);
  s2s_options_set_allocator(options, watch_allocate, &watched);
  if (cpu && *cpu) set("cpu", cpu);
  for (size_t i = 0; i < count; i++) set(settings[i][0], settings[i][1]);
  return options;
}

static s2s_options *make_small_options(void) {
  static const char *const settings[][2] = {
      {"source.tokens", "chars"}, {"target.tokens", "words"}, {"embedding.dim", "4"}, {"encoder.hidden", "2"},
      {"decoder.hidden", "4"},    {"max_length", "5"},        {"beam", "2"}};
  return make_options(settings, sizeof settings / sizeof *settings);
}

static s2s_model *make_model(void) {
  static const char *const pairs[][2] = {{"abc", "A B C"}, {"cab", "C A B"}, {"\xc3\xa9", "\xc3\x89 \"q\\"}};
  s2s_corpus *corpus;
  s2s_model *made = NULL;
  s2s_corpus_new(options, &corpus);
  for (size_t i = 0; i < 3; i++)
    s2s_corpus_add(corpus, pairs[i][0], strlen(pairs[i][0]), pairs[i][1], strlen(pairs[i][1]));
  if (s2s_model_create(corpus, options, &made) != S2S_OK) diag("%s", s2s_error_message());
  s2s_corpus_free(corpus);
  return made;
}

static float *values_of(const s2s_model *from, size_t index, size_t *count) {
  *count = s2s_model_parameter_size(from, index);
  float *values = malloc(*count * sizeof *values);
  if (s2s_model_parameter_read(from, index, values, *count) != S2S_OK) diag("%s", s2s_error_message());
  return values;
}

static int same_parameter(const s2s_model *a, const s2s_model *b, size_t index) {
  size_t n, m;
  float *x = values_of(a, index, &n), *y = values_of(b, index, &m);
  const char *name = s2s_model_parameter_name(b, index);
  const int same =
      n == m && name && memcmp(x, y, n * sizeof *x) == 0 && strcmp(s2s_model_parameter_name(a, index), name) == 0;
  free(x);
  free(y);
  return same;
}

static int same_parameters(const s2s_model *a, const s2s_model *b) {
  int same = s2s_model_parameter_count(a) == s2s_model_parameter_count(b);
  for (size_t i = 0; i < s2s_model_parameter_count(a); i++) same = same && same_parameter(a, b, i);
  return same;
}

static int same_vocabularies(const s2s_model *a, const s2s_model *b) {
  int same = 1;
  for (int32_t side = 0; side < 2; side++) {
    same = same && s2s_model_vocabulary_size(a, side) == s2s_model_vocabulary_size(b, side);
    for (int32_t id = 0; same && s2s_model_token(a, side, id); id++)
      same = strcmp(s2s_model_token(a, side, id), s2s_model_token(b, side, id)) == 0;
  }
  return same;
}

static int same_options(const s2s_model *a, const s2s_model *b) {
  int same = 1;
  for (size_t i = 0; i < s2s_option_count(); i++) {
    const char *x, *y;
    if (s2s_option_scope(i) != S2S_SCOPE_MODEL) continue;
    same = same && s2s_model_get(a, s2s_option_name(i), &x) == S2S_OK &&
           s2s_model_get(b, s2s_option_name(i), &y) == S2S_OK && strcmp(x, y) == 0;
  }
  return same;
}

static s2s_result *translate(const s2s_model *with) {
  static const char *const texts[] = {"abc", "c", "\xc3\xa9z", ""};
  s2s_result *result = NULL;
  s2s_translate(with, options, texts, NULL, 4, &result);
  return result;
}

static int same_translations(const s2s_model *a, const s2s_model *b) {
  s2s_result *x = translate(a), *y = translate(b);
  int same = x && y;
  for (size_t i = 0; same && i < 4; i++) {
    const double p = s2s_result_score(x, i, 0), q = s2s_result_score(y, i, 0);
    same = strcmp(s2s_result_text(x, i, 0), s2s_result_text(y, i, 0)) == 0 && memcmp(&p, &q, sizeof p) == 0;
  }
  s2s_result_free(x);
  s2s_result_free(y);
  return same;
}

/* ---- loading ----------------------------------------------------------------------------------------------------- */

typedef struct stream {
  blob from;
  size_t at, step;
} stream;

static int64_t stream_read(void *user, void *bytes, size_t size) {
  stream *s = user;
  size_t part = s->from.size - s->at;
  if (part > size) part = size;
  if (part > s->step) part = s->step;
  if (part > 0) memcpy(bytes, s->from.bytes + s->at, part);
  s->at += part;
  return (int64_t)part;
}

static int32_t load(blob from, int by_callback, s2s_model **loaded) {
  stream s = {from, 0, 7};
  return by_callback ? s2s_model_load_reader(stream_read, &s, options, loaded)
                     : s2s_model_load_buffer(from.bytes, from.size, options, loaded);
}

static void is_same_model(s2s_model *loaded, const char *from) {
  ok(loaded && same_parameters(model, loaded), "%s: the parameters are the same to the bit", from);
  ok(loaded && same_vocabularies(model, loaded), "%s: the vocabularies are the same", from);
  ok(loaded && same_options(model, loaded), "%s: the options are the same", from);
  ok(loaded && same_translations(model, loaded), "%s: the translations are the same", from);
  is_int(loaded ? s2s_model_save(loaded, FOLDER "/again") : -1, S2S_OK, "%s: saved again", from);
  ok(file_is(FOLDER "/again", saved), "%s: to the same bytes", from);
  remove(FOLDER "/again");
  s2s_model_free(loaded);
}

/* Where the numbers begin. */
static size_t data_at(void) { return 8 + saved.bytes[0] + ((size_t)saved.bytes[1] << 8); }

static void test_round_trip(void) {
  s2s_model *loaded, *twin = make_model();
  ok(data_at() % 8 == 0 && saved.bytes[8] == '{', "the numbers begin at a multiple of eight");
  is_int(s2s_model_save(twin, FOLDER "/twin"), S2S_OK, "the same model made again is saved");
  ok(file_is(FOLDER "/twin", saved), "to the same bytes");
  remove(FOLDER "/twin");
  s2s_model_free(twin);
  set("embedding.dim", "64"); /* the file's are taken */
  is_int(s2s_model_load(PATH, options, &loaded), S2S_OK, "loaded from a path");
  is_same_model(loaded, "path");
  is_int(load(saved, 0, &loaded), S2S_OK, "loaded from memory");
  is_same_model(loaded, "memory");
  is_int(load(saved, 1, &loaded), S2S_OK, "loaded from a callback that gives seven bytes at a time");
  is_same_model(loaded, "callback");
  set("embedding.dim", "4");
}

/* The numbers need not make sense. */
static void test_odd_numbers(void) {
  const uint32_t odd[] = {0, 0x80000000, 1, 0x807fffff, 0x00800000, 0x7f7fffff, 0xff7fffff, 0x3f800001};
  s2s_model *strange = make_model(), *loaded = NULL;
  size_t count;
  for (size_t p = 0; p < s2s_model_parameter_count(strange); p++) {
    float *values = values_of(strange, p, &count);
    for (size_t i = 0; i < count; i++) memcpy(&values[i], &odd[(i + p) % 8], sizeof *values);
    s2s_model_parameter_write(strange, p, values, count);
    free(values);
  }
  is_int(s2s_model_save(strange, FOLDER "/odd"), S2S_OK, "zeros, denormals and the largest numbers are saved");
  is_int(s2s_model_load(FOLDER "/odd", options, &loaded), S2S_OK, "and loaded");
  ok(loaded && same_parameters(strange, loaded), "to the bit");
  s2s_result_free(loaded ? translate(loaded) : NULL); /* whatever comes of it */
  s2s_model_free(strange);
  s2s_model_free(loaded);
  remove(FOLDER "/odd");
}

/* Weights that are no numbers make no model: neither by hand nor from a file whose checksum is right. */
static void test_not_finite(void) {
  static const uint32_t bad[] = {0x7f800000, 0xff800000, 0x7fc00000, 0xffc12345};
  s2s__error error = {.status = S2S_OK};
  for (size_t i = 0; i < 4; i++) {
    s2s_model *strange = make_model(), *loaded = NULL;
    size_t count;
    float *values = values_of(strange, 1, &count);
    memcpy(&values[count - 1], &bad[i], sizeof *values);
    is_int(s2s_model_parameter_write(strange, 1, values, count), S2S_BAD_ARGUMENT, "a weight that is not finite is refused");
    is_int(s2s__param_write(strange->network.params.item[1], &strange->arena, values, &error), S2S_OK, "forced in,");
    is_int(s2s_model_save(strange, FOLDER "/odd"), S2S_OK, "it is saved,");
    is_int(s2s_model_load(FOLDER "/odd", options, &loaded), S2S_BAD_FILE, "and refused on loading");
    ok(strstr(s2s_error_message(), s2s_model_parameter_name(strange, 1)) != NULL, "by name: %s", s2s_error_message());
    free(values);
    s2s_model_free(strange);
  }
  remove(FOLDER "/odd");
}

/* ---- damage ------------------------------------------------------------------------------------------------------ */

static void test_truncations(void) {
  for (int by_callback = 0; by_callback < 2; by_callback++) {
    size_t refused = 0;
    for (size_t size = 0; size < saved.size; size++) {
      s2s_model *loaded;
      const blob cut = {size ? malloc(size) : NULL, size};
      if (size) memcpy(cut.bytes, saved.bytes, size);
      const blob given = {cut.bytes ? cut.bytes : saved.bytes, size};
      const int32_t status = load(given, by_callback, &loaded);
      if (status == S2S_BAD_FILE && !loaded && *s2s_error_message()) refused++;
      s2s_model_free(loaded);
      free(cut.bytes);
    }
    is_int((int64_t)refused, (int64_t)saved.size, "cut short anywhere it is refused%s",
           by_callback ? " (callback)" : "");
  }
}

/* A thousand single bits, half of them in the header. What loads in spite of it must work, and with the checksum
 * verified must be the model that was saved. */
static void test_flips(int verify, uint64_t seed) {
  blob copy = {malloc(saved.size), saved.size};
  int harmless = 1, refused = 0, by_callback = 0;
  set("verify", verify ? "yes" : "no");
  for (uint64_t n = 0; n < 1000; n++, by_callback = !by_callback) {
    s2s_model *loaded;
    const size_t range = n % 2 ? copy.size : data_at();
    const size_t bit = s2s__below(seed, n, (uint32_t)range * 8);
    memcpy(copy.bytes, saved.bytes, copy.size);
    copy.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    const int32_t status = load(copy, by_callback, &loaded);
    refused += status != S2S_OK;
    int held = status == S2S_OK ? loaded != NULL : status == S2S_BAD_FILE && !loaded;
    if (loaded && verify) held = same_parameters(model, loaded) && same_vocabularies(model, loaded);
    if (loaded && verify) held = held && same_options(model, loaded);
    if (loaded) s2s_result_free(translate(loaded));
    if (!held) diag("bit %zu: status %d: %s", bit, (int)status, s2s_error_message());
    harmless = harmless && held;
    s2s_model_free(loaded);
  }
  set("verify", NULL);
  ok(harmless, "a thousand flipped bits, verify=%s, seed %d: refused (%d) or harmless", verify ? "yes" : "no",
     (int)seed, refused);
  free(copy.bytes);
}

/* ---- changes that leave the container whole ---------------------------------------------------------------------- */

typedef struct change {
  const char *drop;          /* a tensor that goes */
  const char *rename, *name; /* a tensor and its new name */
  const char *reshape;       /* a tensor that gets shape[0..rank) */
  uint64_t shape[3];
  size_t rank;
  const char *retype, *dtype; /* a tensor that gets another dtype of the same size */
  const char *shorten;        /* a U8 tensor that loses its last `by` bytes */
  size_t by;
  const char *add;         /* a new empty tensor */
  const char *key, *value; /* metadata set, or dropped (NULL) */
  int backwards;           /* tensors in the opposite order */
  int checksum;            /* 0: none, 1: right, 2: wrong */
} change;

static int is_name(const char *wanted, const char *name) { return wanted && strcmp(wanted, name) == 0; }

static void change_metadata(const s2s__st_header *h, const change *c, s2s__st_draft *draft, s2s__error *error) {
  for (size_t i = 0; i < h->entries; i++)
    if (!is_name(c->key, h->metadata[i].key) && strcmp(h->metadata[i].key, S2S__ST_CHECKSUM) != 0)
      s2s__st_draft_metadata(draft, h->metadata[i].key, h->metadata[i].value, error);
  if (c->key && c->value) s2s__st_draft_metadata(draft, c->key, c->value, error);
  if (c->checksum) s2s__st_draft_checksum(draft, error);
}

/* One tensor to the draft, and its bytes to data[*size...]. */
static void change_tensor(const s2s__st_tensor *t, const unsigned char *from, const change *c, s2s__st_draft *draft,
                          unsigned char *data, size_t *size, s2s__error *error) {
  uint64_t shape[S2S__ST_MAX_RANK];
  size_t rank = t->rank, bytes = (size_t)(t->end - t->begin);
  if (is_name(c->drop, t->name)) return;
  memcpy(shape, t->shape, sizeof shape);
  if (is_name(c->reshape, t->name)) {
    memcpy(shape, c->shape, sizeof c->shape);
    rank = c->rank;
    bytes = 4;
    for (size_t i = 0; i < rank; i++) bytes *= (size_t)shape[i];
  }
  if (is_name(c->shorten, t->name)) bytes = (size_t)(shape[0] -= c->by);
  memcpy(data + *size, from + t->begin, bytes);
  *size += bytes;
  s2s__st_draft_tensor(draft, is_name(c->rename, t->name) ? c->name : t->name,
                       is_name(c->retype, t->name) ? c->dtype : t->dtype, shape, rank, error);
}

/* The model's file with a change, in a block of its own. */
static blob changed(change c) {
  s2s__host host;
  s2s__host_init(&host);
  s2s__arena arena;
  s2s__reader reader;
  s2s__st_header h;
  s2s__st_draft draft;
  s2s__error error = {0};
  uint32_t crc;
  size_t size = 0;
  unsigned char *data = calloc(2, saved.size);
  s2s__arena_init(&arena, &host);
  s2s__st_draft_init(&draft, &host);
  s2s__reader_open_memory(&reader, &host, saved.bytes, saved.size);
  s2s__st_read_header(&reader, &arena, &h, &error);
  const unsigned char *from = saved.bytes + reader.position;
  change_metadata(&h, &c, &draft, &error);
  for (size_t i = 0; i < h.tensors; i++)
    change_tensor(&h.tensor[c.backwards ? h.tensors - 1 - i : i], from, &c, &draft, data, &size, &error);
  if (c.add) s2s__st_draft_tensor(&draft, c.add, "F32", (const uint64_t[]){0}, 1, &error);
  s2s__st_draft_finish(&draft, &crc, &error);
  crc = s2s__crc32(crc, data, size);
  if (c.checksum) s2s__st_checksum_text(c.checksum == 1 ? crc : ~crc, draft.text + draft.digits);
  blob b = {calloc(1, 8 + draft.length + size), 8 + draft.length + size};
  for (size_t i = 0; i < 8; i++) b.bytes[i] = (unsigned char)((uint64_t)draft.length >> 8 * i);
  memcpy(b.bytes + 8, draft.text, draft.length);
  memcpy(b.bytes + 8 + draft.length, data, size);
  if (error.status != S2S_OK) diag("change: %s", error.text);
  s2s__st_draft_free(&draft);
  s2s__arena_free(&arena);
  free(data);
  return b;
}

static void accepts(const char *what, change c) {
  const blob b = changed(c);
  for (int by_callback = 0; by_callback < 2; by_callback++) {
    s2s_model *loaded;
    if (!ok(load(b, by_callback, &loaded) == S2S_OK && same_parameters(model, loaded) &&
                same_vocabularies(model, loaded) && same_options(model, loaded),
            "%s is accepted%s", what, by_callback ? " (callback)" : ""))
      diag("%s", s2s_error_message());
    s2s_model_free(loaded);
  }
  free(b.bytes);
}

static void refuses(const char *what, change c, const char *sentence) {
  const blob b = changed(c);
  for (int by_callback = 0; by_callback < 2; by_callback++) {
    s2s_model *loaded;
    char wanted[600];
    snprintf(wanted, sizeof wanted, "%s: %s", by_callback ? "reader" : "memory", sentence);
    const int32_t status = load(b, by_callback, &loaded);
    if (!ok(status == S2S_BAD_FILE && !loaded && strncmp(s2s_error_message(), wanted, strlen(wanted)) == 0,
            "%s is refused%s", what, by_callback ? " (callback)" : ""))
      diag("%s: %s", s2s_status_name(status), s2s_error_message());
    s2s_model_free(loaded);
  }
  free(b.bytes);
}

static void test_checksum(void) {
  accepts("a file without checksum", (change){0});
  accepts("a right checksum", (change){.checksum = 1});
  refuses("a wrong checksum", (change){.checksum = 2},
          "checksum does not match: the file is damaged; load with verify=no to try anyway");
  refuses("a checksum that is none", (change){.key = "note", .value = "x", .checksum = 2}, "checksum does not match");
  set("verify", "no");
  accepts("a wrong checksum with verify=no", (change){.checksum = 2});
  set("verify", NULL);
  accepts("a file whose tensors are in the opposite order", (change){.backwards = 1, .checksum = 1});
}

static void test_metadata(void) {
  refuses("no format", (change){.key = "format"}, "not a seq2seq model (no format in its metadata)");
  refuses("PyTorch's format", (change){.key = "format", .value = "pt"},
          "not a seq2seq model (format 'pt' in its metadata)");
  refuses("format 0", (change){.key = "format", .value = "0"}, "not a seq2seq model (format '0' in its metadata)");
  refuses("format 2", (change){.key = "format", .value = "2"},
          "written by a newer version (format 2; this library reads up to 1)");
  refuses("an unknown option", (change){.key = "encoder.magic", .value = "yes"},
          "unknown option 'encoder.magic': the file was written by a newer version");
  refuses("an option that no file has", (change){.key = "vocabulary.min_count", .value = "1"},
          "unknown option 'vocabulary.min_count'");
  refuses("a bad value", (change){.key = "encoder.cell", .value = "lstn"},
          "option 'encoder.cell': 'lstn' is not one of");
  refuses("a value out of range", (change){.key = "embedding.dim", .value = "0"}, "option 'embedding.dim'");
  refuses("options that contradict each other", (change){.key = "decoder.hidden", .value = "6"}, "decoder.bridge copy");
  accepts("a remark", (change){.key = "note", .value = "trained on a \xe2\x98\x83"});
  accepts("a setting of another kind", (change){.key = "threads", .value = "many"});
  accepts("a file that lacks an option of today", (change){.key = "source.eos"});
}

static void test_tensors(void) {
  const size_t tokens = s2s_model_vocabulary_size(model, S2S_SOURCE);
  char sentence[200];
  refuses("a missing matrix", (change){.drop = "generator.weight"}, "tensor 'generator.weight' is missing");
  refuses("a missing vector", (change){.drop = "generator.bias"}, "tensor 'generator.bias' is missing");
  refuses("a missing embedding", (change){.drop = "decoder.embedding.weight"},
          "tensor 'decoder.embedding.weight' is missing");
  refuses("a missing vocabulary", (change){.drop = "text.target.vocabulary"},
          "tensor 'text.target.vocabulary' is missing");
  refuses("an extra tensor", (change){.add = "encoder.rnn.weight_hh_l1"},
          "tensor 'encoder.rnn.weight_hh_l1' is not part of this model");
  refuses("a renamed tensor", (change){.rename = "generator.bias", .name = "generator.Bias"},
          "tensor 'generator.Bias' is not part of this model");
  refuses("a matrix on its side", (change){.reshape = "encoder.rnn.weight_hh_l0", .shape = {2, 8}, .rank = 2},
          "tensor 'encoder.rnn.weight_hh_l0': expected shape [8, 2], found [2, 8]");
  refuses("a vector as a matrix", (change){.reshape = "encoder.rnn.bias_hh_l0", .shape = {1, 8}, .rank = 2},
          "tensor 'encoder.rnn.bias_hh_l0': expected shape [8], found [1, 8]");
  refuses("a shorter vector", (change){.reshape = "encoder.rnn.bias_hh_l0", .shape = {7}, .rank = 1},
          "tensor 'encoder.rnn.bias_hh_l0': expected shape [8], found [7]");
  refuses("whole numbers", (change){.retype = "generator.bias", .dtype = "I32"},
          "tensor 'generator.bias': expected F32, found I32");
  refuses("a vocabulary of another type", (change){.retype = "text.source.vocabulary", .dtype = "I8"},
          "tensor 'text.source.vocabulary': expected U8, found I8");
  refuses("a flat embedding", (change){.reshape = "encoder.embedding.weight", .shape = {4 * tokens}, .rank = 1},
          "tensor 'encoder.embedding.weight': expected shape [3..16777216 tokens, embedding.dim], found [");
  refuses("an embedding of two tokens", (change){.reshape = "encoder.embedding.weight", .shape = {2, 4}, .rank = 2},
          "tensor 'encoder.embedding.weight': expected shape [3..16777216 tokens, embedding.dim], found [2, 4]");
  snprintf(sentence, sizeof sentence,
           "tensor 'text.source.vocabulary' has %zu tokens, 'encoder.embedding.weight' has %zu", tokens - 1, tokens);
  refuses("a vocabulary that lacks a token", (change){.shorten = "text.source.vocabulary", .by = 3}, sentence);
  refuses("a vocabulary that is cut", (change){.shorten = "text.source.vocabulary", .by = 1},
          "tensor 'text.source.vocabulary': vocabulary: token");
  refuses("another size of embeddings", (change){.key = "embedding.dim", .value = "3"},
          "tensor 'encoder.embedding.weight': ");
}

/* ---- streams without a known end --------------------------------------------------------------------------------- */

static void test_trailing(void) {
  blob longer = {malloc(saved.size + 1), saved.size + 1};
  s2s_model *loaded;
  memcpy(longer.bytes, saved.bytes, saved.size);
  longer.bytes[saved.size] = 0;
  is_int(load(longer, 0, &loaded), S2S_BAD_FILE, "a byte too many is refused");
  is_int(load(longer, 1, &loaded), S2S_BAD_FILE, "a byte too many is refused (callback)");
  ok(strstr(s2s_error_message(), "reader: more bytes behind the last tensor, at byte ") != NULL, "and named");
  free(longer.bytes);
}

static int64_t broken_read(void *user, void *bytes, size_t size) {
  stream *s = user;
  return s->at > 1000 ? -5 : stream_read(user, bytes, size);
}

static void test_broken_stream(void) {
  stream s = {saved, 0, 7};
  s2s_model *loaded;
  is_int(s2s_model_load_reader(broken_read, &s, options, &loaded), S2S_IO, "a callback that fails is S2S_IO");
}

/* A header alone, which promises gigabytes: of tensors that are not there, or by options that its tensors do not fit.
 */
static void test_promises(void) {
#define TWO_EMBEDDINGS(shape, middle, end)                                                                             \
  "\"decoder.embedding.weight\":{\"dtype\":\"F32\",\"shape\":[" shape "],\"data_offsets\":[0," middle "]},"            \
  "\"encoder.embedding.weight\":{\"dtype\":\"F32\",\"shape\":[4,64],\"data_offsets\":[" middle "," end "]}}"
  static const char *const headers[] = {
      "{\"__metadata__\":{\"format\":\"1\",\"embedding.dim\":\"64\"}," TWO_EMBEDDINGS("8000000,64", "2048000000",
                                                                                      "2048001024"),
      "{\"__metadata__\":{\"format\":\"1\",\"embedding.dim\":\"64\",\"encoder.hidden\":\"8192\",\"decoder.hidden\":"
      "\"16384\"}," TWO_EMBEDDINGS("4,64", "1024", "2048")};
  for (size_t i = 0; i < 4; i++) {
    const char *header = headers[i / 2];
    const size_t length = strlen(header), data = i / 2 * 2048;
    const blob small = {calloc(1, 8 + length + data), 8 + length + data};
    s2s_model *loaded;
    small.bytes[0] = (unsigned char)length;
    small.bytes[1] = (unsigned char)(length >> 8);
    memcpy(small.bytes + 8, header, length);
    watched.largest = 0;
    is_int(load(small, i % 2, &loaded), S2S_BAD_FILE, "a small file that promises gigabytes is refused");
    ok(watched.largest <= (size_t)1 << 20, "and costs no more than a megabyte (%zu bytes)", watched.largest);
    free(small.bytes);
  }
#undef TWO_EMBEDDINGS
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

/* Fails the 1st, 2nd, ... request until the loading needs no more. */
static void test_load_memory_ends(int by_callback) {
  const size_t before = watched.memory.live_blocks;
  s2s_model *loaded = NULL;
  int32_t status = S2S_OUT_OF_MEMORY;
  size_t n = 0;
  int clean = 1;
  while (status == S2S_OUT_OF_MEMORY && n < 10000) {
    watched.memory.requests = 0;
    watched.memory.fail_at = ++n;
    status = by_callback ? load(saved, 1, &loaded) : s2s_model_load(PATH, options, &loaded);
    clean = clean && (status == S2S_OK || (!loaded && watched.memory.live_blocks == before));
  }
  watched.memory.fail_at = 0;
  ok(status == S2S_OK && clean, "each of %zu allocations of a load may fail%s", n - 1,
     by_callback ? " (callback)" : "");
  ok(loaded && same_parameters(model, loaded), "and without failure it loads");
  s2s_model_free(loaded);
  is_int((int64_t)watched.memory.live_blocks, (int64_t)before, "nothing is left behind");
}

static void test_save_memory_ends(void) {
  static const unsigned char old[] = "the old file";
  const size_t before = watched.memory.live_blocks;
  const blob old_file = {(unsigned char *)(uintptr_t)old, sizeof old};
  int32_t status = S2S_OUT_OF_MEMORY;
  size_t n = 0;
  int clean = 1;
  FILE *file = fopen(FOLDER "/old", "wb");
  fwrite(old, 1, sizeof old, file);
  fclose(file);
  while (status == S2S_OUT_OF_MEMORY && n < 10000) {
    watched.memory.requests = 0;
    watched.memory.fail_at = ++n;
    status = s2s_model_save(model, FOLDER "/old");
    clean = clean && watched.memory.live_blocks == before && files_in_folder() == 2;
    clean = clean && (status == S2S_OK || file_is(FOLDER "/old", old_file));
  }
  watched.memory.fail_at = 0;
  ok(status == S2S_OK && clean, "each of %zu allocations of a save may fail, and the old file stays", n - 1);
  ok(file_is(FOLDER "/old", saved), "and without failure it is saved");
  remove(FOLDER "/old");
}

static void test_memory_limit(void) {
  s2s_model *loaded;
  set("memory_limit", "4096");
  is_int(load(saved, 0, &loaded), S2S_OUT_OF_MEMORY, "memory_limit holds");
  set("memory_limit", NULL);
}

/* ---- paths ------------------------------------------------------------------------------------------------------- */

static void test_paths(void) {
  s2s_model *loaded;
  is_int(s2s_model_save(model, FOLDER "/none/model"), S2S_IO, "a folder that is not there cannot be written to");
  is_int(s2s_model_save(model, FOLDER), S2S_IO, "a folder cannot be overwritten");
  is_int(s2s_model_save(model, ""), S2S_IO, "an empty path cannot be written");
  is_int(s2s_model_load(FOLDER "/none", options, &loaded), S2S_IO, "a file that is not there cannot be read");
  ok(strstr(s2s_error_message(), FOLDER "/none") != NULL, "and is named");
  is_int(s2s_model_load(FOLDER, options, &loaded), S2S_IO, "a folder cannot be read");
  ok(file_is(PATH, saved) && files_in_folder() == 1, "the file that stands there was not touched");
}

/* A disk that is full: the system lets a file have 1000 bytes. Nothing is printed in between: that may be a file too.
 */
static void test_full_disk(void) {
  struct rlimit usual, little;
  if (getrlimit(RLIMIT_FSIZE, &usual) != 0) {
    skip("no limit for files here");
    return;
  }
  little = usual;
  little.rlim_cur = 1000;
  void (*old)(int) = signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &little);
  const int32_t status = s2s_model_save(model, PATH);
  setrlimit(RLIMIT_FSIZE, &usual);
  signal(SIGXFSZ, old);
  is_int(status, S2S_IO, "a full disk is S2S_IO");
  ok(file_is(PATH, saved), "the previous file is as it was");
  is_int(files_in_folder(), 1, "and nothing else is left there");
}

/* ---- a larger model ---------------------------------------------------------------------------------------------- */

static void test_peak(void) {
  static const char *const settings[][2] = {
      {"embedding.dim", "128"}, {"encoder.hidden", "128"}, {"decoder.hidden", "256"}};
  s2s_options *small = options, *large = make_options(settings, 3);
  s2s_model *made = make_model(), *loaded = NULL;
  is_int(s2s_model_save(made, FOLDER "/large"), S2S_OK, "a larger model is saved");
  const size_t before = watched.memory.live_bytes;
  watched.peak = before;
  is_int(s2s_model_load(FOLDER "/large", large, &loaded), S2S_OK, "and loaded");
  struct stat status = {0};
  stat(FOLDER "/large", &status);
  const double file = (double)status.st_size;
  diag("file %.0f bytes, model %.2f of it, peak %.2f of it", file, (double)(watched.memory.live_bytes - before) / file,
       (double)(watched.peak - before) / file);
  ok((double)(watched.peak - before) < 1.3 * file * (double)(sizeof(s2s__real) / sizeof(float)),
     "with little memory beside the model");
  ok(loaded && same_parameters(made, loaded), "to the bit, over several groups of tensors");
  s2s_model_free(made);
  s2s_model_free(loaded);
  s2s_options_free(large);
  options = small;
  remove(FOLDER "/large");
}

int main(void) {
  mkdir("build", 0777);
  mkdir("build/tmp", 0777);
  mkdir(FOLDER, 0777);
  make_small_options();
  model = make_model();
  if (!model || s2s_model_save(model, PATH) != S2S_OK) {
    printf("Bail out! %s\n", s2s_error_message());
    return 1;
  }
  saved = get_file(PATH);
  diag("the file has %zu bytes", saved.size);
  test_round_trip();
  test_odd_numbers();
  test_not_finite();
  test_truncations();
  test_flips(1, 1);
  test_flips(0, 2);
  test_checksum();
  test_metadata();
  test_tensors();
  test_trailing();
  test_broken_stream();
  test_promises();
  test_load_memory_ends(0);
  test_load_memory_ends(1);
  test_save_memory_ends();
  test_memory_limit();
  test_paths();
  test_full_disk();
  test_peak();
  s2s_model_free(model);
  s2s_options_free(options);
  ok(watched.memory.live_blocks == 0 && watched.memory.wrong_sizes == 0, "nothing leaked, all sizes were right");
  free(saved.bytes);
  remove(PATH);
  is_int(rmdir(FOLDER), 0, "no file is left behind");
  return done();
}
