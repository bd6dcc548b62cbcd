/* SPDX-License-Identifier: MIT
 *
 * Models in int8 and f16: what is rounded, and how; files of them, whole and damaged; decoding with them.
 */
#include "fixture.h"
#include "tiny.h"

#include "base/cpu.h"
#include "base/random.h"
#include "model/safetensors.h"
#include "tensor/half.h"

#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>

#define FOLDER "build/tmp/test_quantize"

enum { WORDS = 11 };

/* Every kind of matrix: tied and not, in one part and in two, of many rows and of one. */
static const char *const shapes[] = {
    "embedding.dim 6 encoder.hidden 5 decoder.hidden 10 attention.type general",
    "embedding.dim 10 encoder.cell gru decoder.cell gru encoder.hidden 5 decoder.hidden 10 attention.type additive "
    "decoder.order bahdanau decoder.bridge linear encoder.layers 2 embedding.tie target decoder.readout 10",
    "embedding.dim 7 encoder.hidden 4 decoder.hidden 8 attention.type concat attention.input_feeding yes",
    "embedding.dim 8 encoder.hidden 4 decoder.hidden 8 attention.type multihead attention.heads 2",
    "encoder.type transformer decoder.type transformer transformer.dim 12 transformer.heads 3 transformer.ffn 20 "
    "embedding.tie all transformer.positions learned transformer.max_positions 30",
};

static s2s_options *options_with(const char *weights) {
  s2s_options *options = fixture_options("max_length 8");
  need(s2s_options_set(options, "weights", weights));
  return options;
}

static s2s_model *quantized(const s2s_model *model, const char *weights) {
  s2s_options *options = options_with(weights);
  s2s_model *made;
  need(s2s_model_quantize(model, options, &made));
  s2s_options_free(options);
  return made;
}

static const char *weights_of(const s2s_model *model) {
  const char *value;
  need(s2s_model_get(model, "weights", &value));
  return value;
}

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

/* A parameter's values. */
typedef struct numbers {
  size_t rows, cols;
  int is_vector;
  float *value;
} numbers;

static numbers numbers_of(const s2s_model *model, size_t index) {
  const size_t dims = s2s_model_parameter_dims(model, index), cols = s2s_model_parameter_dim(model, index, dims - 1);
  numbers n = {s2s_model_parameter_size(model, index) / cols, cols, dims == 1, NULL};
  n.value = malloc(n.rows * n.cols * sizeof *n.value);
  need(s2s_model_parameter_read(model, index, n.value, n.rows * n.cols));
  return n;
}

/* By the definition, in double. */
static int is_row_of_int8(const float *from, const float *to, size_t cols) {
  double most = 0, scale;
  for (size_t i = 0; i < cols; i++) most = fmax(most, fabs((double)from[i]));
  scale = most / 127;
  for (size_t i = 0; i < cols; i++) {
    const double q = (double)to[i] / scale, near = (double)from[i] / scale;
    if (fabs(q - rint(q)) > 1e-4 || fabs(q) > 127.001 || fabs(q - near) > 0.5001) return 0;
  }
  return 1;
}

static int is_rounded(const numbers *from, const numbers *to, const char *weights) {
  const size_t size = from->rows * from->cols;
  if (from->is_vector || from->rows == 1 || strcmp(weights, "f32") == 0)
    return memcmp(from->value, to->value, size * sizeof(float)) == 0;
  for (size_t r = 0; r < from->rows; r++) {
    const float *a = from->value + r * from->cols, *b = to->value + r * from->cols;
    if (strcmp(weights, "int8") == 0 && !is_row_of_int8(a, b, from->cols)) return 0;
    for (size_t i = 0; i < from->cols; i++)
      if (strcmp(weights, "f16") == 0 && b[i] != s2s__half_widen(s2s__half_narrow(a[i]))) return 0;
  }
  return 1;
}

static int all_rounded(const s2s_model *from, const s2s_model *to, const char *weights) {
  int good = s2s_model_parameter_count(from) == s2s_model_parameter_count(to);
  for (size_t i = 0; good && i < s2s_model_parameter_count(from); i++) {
    const numbers a = numbers_of(from, i), b = numbers_of(to, i);
    good = is_rounded(&a, &b, weights);
    if (!good) diag("%s", s2s_model_parameter_name(from, i));
    free(a.value);
    free(b.value);
  }
  return good;
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

typedef struct blob {
  char *bytes;
  size_t size;
} blob;

static blob saved(const s2s_model *model) {
  blob b;
  need(s2s_model_save(model, FOLDER "/model"));
  b.bytes = tiny_read_file(FOLDER "/model", &b.size);
  return b;
}

static int same_blob(blob a, blob b) { return a.size == b.size && memcmp(a.bytes, b.bytes, a.size) == 0; }

static int32_t load_as(blob b, const char *key, const char *value, s2s_model **model) {
  s2s_options *options = fixture_options("");
  need(s2s_options_set(options, key, value));
  const int32_t status = s2s_model_load_buffer(b.bytes, b.size, options, model);
  s2s_options_free(options);
  return status;
}

static s2s_model *loaded(blob b) {
  s2s_model *model;
  need(load_as(b, "verify", "yes", &model));
  return model;
}

static tiny_digest translations(const s2s_model *model, int together) {
  static const char *const texts[] = {"3 4 5", "6", "7 8 9 10 3 3 4", "5 5"};
  s2s_options *options = fixture_options("max_length 8 beam 3 nbest 3");
  tiny_digest digest = TINY_DIGEST;
  for (size_t i = 0, n = together ? 4 : 1; i < 4; i += n) {
    s2s_result *result;
    need(s2s_translate(model, options, texts + i, NULL, n, &result));
    tiny_mix_result(&digest, result);
    s2s_result_free(result);
  }
  s2s_options_free(options);
  return digest;
}

/* ---- whole ------------------------------------------------------------------------------------------------------- */

static void test_one(const s2s_model *model, const char *weights, size_t shape) {
  s2s_model *small = quantized(model, weights);
  is_text(weights_of(small), weights, "shape %zu: it says that it is %s", shape, weights);
  ok(all_rounded(model, small, weights), "every matrix is rounded to %s by the definition, all else is as it was", weights);
  const blob file = saved(small);
  s2s_model *again = loaded(file), *twice = quantized(small, weights);
  ok(all_rounded(small, again, "f32"), "loaded, every number is the same");
  const blob file_again = saved(again), file_twice = saved(twice);
  ok(same_blob(file, file_again), "saved again, every byte");
  ok(same_blob(file, file_twice), "and quantized once more");
  ok(translations(small, 1) == translations(again, 1), "translations are the same to the bit");
  ok(translations(small, 1) == translations(small, 0), "alone or together");
  s2s_model *full = quantized(small, "f32");
  is_text(weights_of(full), "f32", "f32 again");
  ok(all_rounded(small, full, "f32"), "it has the numbers that these stand for");
  free(file.bytes);
  free(file_again.bytes);
  free(file_twice.bytes);
  s2s_model_free(small);
  s2s_model_free(again);
  s2s_model_free(twice);
  s2s_model_free(full);
}

static void test_shapes(void) {
  static const char *const kinds[] = {"f32", "f16", "int8"};
  for (size_t shape = 0; shape < TINY_COUNT(shapes); shape++) {
    s2s_model *model = fixture_model(shapes[shape], WORDS, WORDS);
    for (size_t k = 0; k < 3; k++) test_one(model, kinds[k], shape);
    s2s_model_free(model);
  }
}

/* The same file from every level of instructions. */
static void test_levels(void) {
  s2s_model *model = fixture_model(shapes[4], WORDS, WORDS);
  const blob file = saved(model);
  blob first = {NULL, 0};
  int same = 1;
  const char *level;
  for (size_t i = 0; (level = s2s__kernels_level(i, s2s__cpu_features())) != NULL; i++) {
    s2s_model *here;
    need(load_as(file, "cpu", level, &here));
    s2s_model *small = quantized(here, "int8");
    const blob bytes = saved(small);
    if (i > 0) same = same && same_blob(first, bytes);
    else first = bytes;
    if (i > 0) free(bytes.bytes);
    s2s_model_free(small);
    s2s_model_free(here);
  }
  ok(same, "every level of instructions makes the same int8 file");
  free(file.bytes);
  free(first.bytes);
  s2s_model_free(model);
}

/* Zeros, and rows whose sizes differ by powers. */
static void test_extremes(void) {
  s2s_model *model = fixture_model(shapes[0], WORDS, WORDS);
  size_t size;
  const size_t index = tiny_parameter(model, "generator.weight", &size), cols = size / WORDS;
  float *values = calloc(size, sizeof *values);
  for (size_t r = 1; r < WORDS; r++)
    for (size_t c = 0; c < cols; c++) values[r * cols + c] = ldexpf((float)c - 3, (int)(r * 20) - 100);
  values[size - 1] = 1e-44f; /* beside 6 * 2^100 */
  need(s2s_model_parameter_write(model, index, values, size));
  s2s_model *small = quantized(model, "int8");
  const numbers n = numbers_of(small, index);
  int zeros = 1, good = 1;
  for (size_t c = 0; c < cols; c++) zeros = zeros && n.value[c] == 0;
  for (size_t r = 1; r < WORDS; r++) good = good && is_row_of_int8(values + r * cols, n.value + r * cols, cols);
  ok(zeros, "a row of zeros is one of zeros");
  ok(good, "each row has its own scale");
  values[0] = 65520;
  need(s2s_model_parameter_write(model, index, values, size));
  s2s_options *options = options_with("f16");
  s2s_model *nothing;
  failed(s2s_model_quantize(model, options, &nothing), S2S_BAD_ARGUMENT, "65504", "what f16 cannot say is refused");
  ok(!nothing, "and no model made");
  free(values);
  free(n.value);
  s2s_options_free(options);
  s2s_model_free(small);
  s2s_model_free(model);
}

/* Parameters written by hand, or from a file in f32, are rounded like all. */
static void test_written(void) {
  s2s_model *model = fixture_model(shapes[2], WORDS, WORDS), *other = fixture_model("seed 5", WORDS, WORDS);
  s2s_model_free(other);
  s2s_model *small = quantized(model, "int8"), *half = quantized(model, "f16"), *wanted = quantized(model, "int8");
  for (size_t i = 0; i < s2s_model_parameter_count(model); i++) {
    const numbers n = numbers_of(model, i);
    float *zeros = calloc(n.rows * n.cols, sizeof *zeros);
    need(s2s_model_parameter_write(small, i, zeros, n.rows * n.cols));
    need(s2s_model_parameter_write(small, i, n.value, n.rows * n.cols));
    zeros[0] = 1e6f;
    if (!n.is_vector && n.rows > 1)
      failed(s2s_model_parameter_write(half, i, zeros, n.rows * n.cols), S2S_BAD_ARGUMENT, "f16", "not 1e6 into f16");
    free(zeros);
    free(n.value);
  }
  ok(all_rounded(wanted, small, "f32"), "parameters written are rounded");
  need(s2s_model_save(model, FOLDER "/f32"));
  need(s2s_model_load_parameters(small, FOLDER "/f32"));
  ok(all_rounded(wanted, small, "f32"), "so are those of a file");
  need(s2s_model_save(half, FOLDER "/f16"));
  need(s2s_model_load_parameters(model, FOLDER "/f16"));
  ok(all_rounded(half, model, "f32"), "those in f16 go into a model of f32");
  need(s2s_model_save(wanted, FOLDER "/int8"));
  failed(s2s_model_load_parameters(model, FOLDER "/int8"), S2S_BAD_FILE, "expected F32, found I8", "those in int8 do not");
  s2s_model_free(model);
  s2s_model_free(small);
  s2s_model_free(half);
  s2s_model_free(wanted);
}

/* A quarter and a half, where matrices are what a model has. */
static void test_sizes(void) {
  s2s_model *model = fixture_model("embedding.dim 128 encoder.hidden 64 decoder.hidden 128", 500, 500);
  s2s_model *small = quantized(model, "int8"), *half = quantized(model, "f16");
  const blob a = saved(model), b = saved(small), c = saved(half);
  ok(b.size * 100 < a.size * 28, "int8 has %zu of %zu bytes", b.size, a.size);
  ok(c.size * 100 < a.size * 52, "f16 has %zu", c.size);
  free(a.bytes);
  free(b.bytes);
  free(c.bytes);
  s2s_model_free(model);
  s2s_model_free(small);
  s2s_model_free(half);
}

/* What int8 says is near to what the numbers say that it stands for: the activations alone are rounded. */
static void test_near(void) {
  s2s_model *model = fixture_model("embedding.dim 64 encoder.hidden 32 decoder.hidden 64", WORDS, WORDS);
  s2s_model *small = quantized(model, "int8"), *full = quantized(small, "f32");
  s2s_options *options = fixture_options("beam 1 max_length 8");
  const char *const texts[] = {"3 4 5 6 7 8"};
  s2s_result *a, *b;
  need(s2s_translate(small, options, texts, NULL, 1, &a));
  need(s2s_translate(full, options, texts, NULL, 1, &b));
  const double x = s2s_result_log_probability(a, 0, 0), y = s2s_result_log_probability(b, 0, 0);
  ok(x != y && fabs(x - y) < 0.02 * fabs(y), "int8 is near to what it stands for: %g, %g", x, y);
  s2s_result_free(a);
  s2s_result_free(b);
  s2s_options_free(options);
  s2s_model_free(model);
  s2s_model_free(small);
  s2s_model_free(full);
}

/* ---- training ---------------------------------------------------------------------------------------------------- */

static void test_training(void) {
  s2s_options *options = tiny_options(NULL);
  s2s_corpus *corpus = tiny_corpus(options);
  s2s_model *model = tiny_model(options), *small = quantized(model, "int8"), *trained;
  s2s_trainer *trainer;
  need(s2s_trainer_new(small, corpus, NULL, options, &trainer));
  need(s2s_trainer_model(trainer, &trained));
  is_text(weights_of(trained), "f32", "training goes on in f32");
  ok(all_rounded(small, trained, "f32"), "from the rounded numbers");
  need(s2s_trainer_step(trainer, NULL));
  s2s_model_free(trained);
  s2s_trainer_free(trainer);
  s2s_corpus_free(corpus);
  s2s_model_free(model);
  s2s_model_free(small);
  s2s_options_free(options);
}

/* ---- damage ------------------------------------------------------------------------------------------------------ */

/* A file of tensors from others. */
typedef struct change {
  const char *tensor;
  int drop;
  const char *dtype;         /* another, of the same width or of that of `shape` */
  const uint64_t *shape;     /* another, `rank` numbers */
  size_t rank;
  const unsigned char *data; /* `bytes` of them from offset `at` on */
  size_t at, bytes;
  const char *add; /* an F32 vector of that name behind it, of no numbers */
} change;

static void change_tensor(const s2s__st_tensor *t, char *bytes, const change *c, s2s__st_draft *draft, blob *data,
                          s2s__error *error) {
  const int here = strcmp(t->name, c->tensor) == 0;
  const uint64_t *shape = here && c->shape ? c->shape : t->shape;
  const size_t rank = here && c->shape ? c->rank : t->rank;
  const char *dtype = here && c->dtype ? c->dtype : t->dtype;
  size_t size = s2s__st_dtype_bytes(dtype);
  for (size_t i = 0; i < rank; i++) size *= (size_t)shape[i];
  if (here && c->add) s2s__st_draft_tensor(draft, c->add, "F32", (const uint64_t[]){0}, 1, error);
  if (here && c->drop) return;
  if (here && c->data) memcpy(bytes + c->at, c->data, c->bytes);
  s2s__st_draft_tensor(draft, t->name, dtype, shape, rank, error);
  memcpy(data->bytes + data->size, bytes, size);
  data->size += size;
}

static blob changed(blob from, change c) {
  s2s__host host;
  s2s__arena arena;
  s2s__reader reader;
  s2s__st_header h;
  s2s__st_draft draft;
  s2s__error error = {.status = S2S_OK};
  uint32_t crc;
  blob data = {calloc(2, from.size), 0};
  char *copy = malloc(2 * from.size);
  memcpy(copy, from.bytes, from.size);
  s2s__host_init(&host);
  s2s__arena_init(&arena, &host);
  s2s__st_draft_init(&draft, &host);
  s2s__reader_open_memory(&reader, &host, from.bytes, from.size);
  s2s__st_read_header(&reader, &arena, &h, &error);
  for (size_t i = 0; i < h.entries; i++)
    if (strcmp(h.metadata[i].key, S2S__ST_CHECKSUM) != 0)
      s2s__st_draft_metadata(&draft, h.metadata[i].key, h.metadata[i].value, &error);
  for (size_t i = 0; i < h.tensors; i++)
    change_tensor(&h.tensor[i], copy + reader.position + h.tensor[i].begin, &c, &draft, &data, &error);
  s2s__st_draft_finish(&draft, &crc, &error);
  fixture_must(error.status, &error);
  blob b = {calloc(1, 8 + draft.length + data.size), 8 + draft.length + data.size};
  for (size_t i = 0; i < 8; i++) b.bytes[i] = (char)((uint64_t)draft.length >> 8 * i & 0xff);
  memcpy(b.bytes + 8, draft.text, draft.length);
  memcpy(b.bytes + 8 + draft.length, data.bytes, data.size);
  s2s__st_draft_free(&draft);
  s2s__arena_free(&arena);
  free(data.bytes);
  free(copy);
  return b;
}

static void refuses(blob from, const char *what, change c, const char *sentence) {
  const blob b = changed(from, c);
  s2s_model *model;
  failed(load_as(b, "verify", "no", &model), S2S_BAD_FILE, sentence, what);
  ok(!model, "and no model made");
  free(b.bytes);
}

static void test_damage(void) {
  static const unsigned char least[] = {0x80}, nan[] = {0, 0, 0xc0, 0x7f}, negative[] = {0, 0, 0x80, 0xbf},
                             infinite[] = {0, 0, 0x80, 0x7f}, half_nan[] = {0, 0x7e};
  static const uint64_t fewer[] = {10}, turned[] = {10, 11};
  s2s_model *model = fixture_model(shapes[0], WORDS, WORDS);
  s2s_model *small = quantized(model, "int8"), *halves = quantized(model, "f16");
  const blob f32 = saved(model), int8 = saved(small), f16 = saved(halves);
  refuses(int8, "-128 is refused", (change){"generator.weight", .data = least, .at = 13, .bytes = 1},
          "generator.weight: value 13 is -128");
  refuses(int8, "NaN as a scale", (change){"generator.weight.scale", .data = nan, .at = 8, .bytes = 4},
          "'generator.weight.scale': value 2 is no scale");
  refuses(int8, "a negative scale", (change){"generator.weight.scale", .data = negative, .bytes = 4}, "value 0 is no scale: -1");
  refuses(int8, "an infinite scale", (change){"generator.weight.scale", .data = infinite, .bytes = 4}, "is no scale");
  refuses(int8, "a scale that is missing", (change){"generator.weight.scale", .drop = 1},
          "tensor 'generator.weight' is I8, and 'generator.weight.scale' is missing");
  refuses(int8, "scales of too few rows", (change){"generator.weight.scale", .shape = fewer, .rank = 1},
          "expected shape [11], found [10]");
  refuses(int8, "scales in another type", (change){"generator.weight.scale", .dtype = "I32"}, "expected F32, found I32");
  refuses(int8, "a matrix turned over", (change){"generator.weight", .shape = turned, .rank = 2},
          "expected shape [11, 10], found [10, 11]");
  refuses(int8, "a matrix in U8", (change){"generator.weight", .dtype = "U8"}, "expected F32, found U8");
  refuses(int8, "a matrix that is missing", (change){"generator.weight", .drop = 1}, "'generator.weight' is missing");
  refuses(f32, "scales of what is F32", (change){"generator.weight", .add = "generator.weight.scale"},
          "tensor 'generator.weight.scale' is of no use: 'generator.weight' is not I8");
  refuses(f32, "scales of a vector", (change){"generator.weight", .add = "generator.bias.scale"},
          "tensor 'generator.bias.scale' is of no use: 'generator.bias' is not I8");
  refuses(f32, "a vector in F16", (change){"generator.bias", .dtype = "F16"}, "'generator.bias': expected F32, found F16");
  refuses(f16, "a matrix in BF16", (change){"generator.weight", .dtype = "BF16"}, "expected F32, found BF16");
  refuses(f16, "NaN in halves", (change){"generator.weight", .data = half_nan, .at = 4, .bytes = 2},
          "generator.weight: value 2 is not a finite number");
  s2s_model *mixed;
  unsigned char halved[WORDS * 10 * 2] = {0};
  const blob some =
      changed(f32, (change){"generator.weight", .dtype = "F16", .data = halved, .bytes = sizeof halved});
  need(load_as(some, "verify", "no", &mixed));
  is_text(weights_of(mixed), "mixed", "a file may have one matrix in F16 among others in F32");
  translations(mixed, 1);
  s2s_model_free(mixed);
  free(some.bytes);
  free(f32.bytes);
  free(int8.bytes);
  free(f16.bytes);
  s2s_model_free(model);
  s2s_model_free(small);
  s2s_model_free(halves);
}

/* Single bits and lost ends. */
static void test_flips(void) {
  s2s_model *model = fixture_model(shapes[3], WORDS, WORDS), *small = quantized(model, "int8");
  const blob file = saved(small);
  size_t refused = 0, cut = 0;
  for (uint64_t n = 0; n < 600; n++) {
    s2s_model *damaged;
    const size_t bit = s2s__below(11, n, (uint32_t)(n % 2 ? file.size : 3000) * 8);
    file.bytes[bit / 8] ^= (char)(1u << bit % 8);
    if (load_as(file, "verify", "no", &damaged) == S2S_OK) translations(damaged, 1);
    else refused++;
    s2s_model_free(damaged);
    file.bytes[bit / 8] ^= (char)(1u << bit % 8);
  }
  ok(refused > 100, "600 flipped bits: refused (%zu) or harmless", refused);
  for (size_t size = 0; size < file.size; size += 7) {
    s2s_model *damaged;
    cut += load_as((blob){file.bytes, size}, "verify", "no", &damaged) == S2S_BAD_FILE && !damaged;
  }
  is_int((int64_t)cut, (int64_t)((file.size + 6) / 7), "cut short it is refused");
  free(file.bytes);
  s2s_model_free(model);
  s2s_model_free(small);
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

/* Fails each request once, until nothing is refused. */
static void test_no_memory(void) {
  tiny_watch watch;
  tiny_watch_init(&watch);
  s2s_options *plain = tiny_options(NULL), *options = tiny_options(&watch);
  s2s_model *model = tiny_model(plain);
  size_t refused = 0, wrong = 0;
  for (int by_file = 0; by_file < 2; by_file++) {
    s2s_model *source = by_file ? quantized(model, "int8") : NULL, *made = NULL;
    const blob file = source ? saved(source) : (blob){NULL, 0};
    for (size_t at = 1; !made && at < 1000; at++) {
      watch.fail_only = watch.memory.requests + at;
      const int32_t status = source ? s2s_model_load_buffer(file.bytes, file.size, options, &made)
                                    : s2s_model_quantize(model, options, &made);
      refused += status != S2S_OK;
      wrong += status != S2S_OK && (status != S2S_OUT_OF_MEMORY || made || !tiny_watch_is_clean(&watch));
    }
    watch.fail_only = 0;
    s2s_model_free(made);
    s2s_model_free(source);
    free(file.bytes);
  }
  ok(refused > 10 && wrong == 0, "every request refused once (%zu): out of memory, and nothing left behind", refused);
  ok(tiny_watch_is_clean(&watch), "all is given back");
  s2s_model_free(model);
  s2s_options_free(plain);
  s2s_options_free(options);
}

static void *peak_allocate(void *user, void *block, size_t old_size, size_t new_size) {
  size_t *peak = user; /* held, and most that was */
  void *result = new_size ? realloc(block, new_size) : (free(block), NULL);
  if (!result && new_size) return NULL;
  peak[0] = peak[0] - (block ? old_size : 0) + new_size;
  if (peak[0] > peak[1]) peak[1] = peak[0];
  return result;
}

static double peak_of_loading(blob file) {
  size_t peak[2] = {0, 0};
  s2s_options *options = fixture_options("");
  s2s_model *model;
  need(s2s_options_set_allocator(options, peak_allocate, peak));
  need(s2s_model_load_buffer(file.bytes, file.size, options, &model));
  s2s_model_free(model);
  s2s_options_free(options);
  return (double)peak[1] / (double)file.size;
}

/* Beside the model there is a piece of one tensor, whatever the tensors' sizes. */
static void test_peak(void) {
  static const char *const kinds[] = {"f32", "f16", "int8"};
  s2s_model *model = fixture_model("embedding.dim 192 encoder.hidden 160 decoder.hidden 320", 1000, 2000);
  for (size_t k = 0; k < 3; k++) {
    s2s_model *small = quantized(model, kinds[k]);
    const blob file = saved(small);
    const double peak = peak_of_loading(file);
    ok(peak < 1.3 * (double)(sizeof(s2s__real) / sizeof(float)), "loading %s takes %.2f of the file at most", kinds[k], peak);
    free(file.bytes);
    s2s_model_free(small);
  }
  s2s_model_free(model);
}

int main(void) {
  (void)mkdir("build/tmp", 0777);
  (void)mkdir(FOLDER, 0777);
  test_shapes();
  test_levels();
  test_extremes();
  test_written();
  test_sizes();
  test_near();
  test_training();
  test_damage();
  test_flips();
  test_no_memory();
  test_peak();
  return done();
}
