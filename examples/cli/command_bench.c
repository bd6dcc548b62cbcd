/* SPDX-License-Identifier: MIT
 *
 * seq2seq bench: how fast a model answers, on one thread. The model is one from a file, or one of a stated size with random
 * weights, whose speed is that of a trained one: what a step costs does not depend on the values. Sources are random tokens
 * and targets of a given length, or the lines of a file with answers of their own length. Every figure includes encoding.
 */
#define _POSIX_C_SOURCE 200809L
#include "command.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { MOST_BATCH = 1024, MOST_IDS = 1 << 20, END_MARK = 2, FIRST_WORD = 3 };

typedef struct bench {
  const flags *given;
  s2s_options *options; /* given->options, and those of the case that is measured */
  s2s_model *model;
  s2s_encoder *encoder;
  double load_seconds;
  size_t source, target; /* tokens of a text */
  double seconds;        /* a figure takes */
  char *text;            /* of the lines, NULL: random tokens */
  const char **line;
  size_t *length, lines;
  /* of a batch */
  int32_t ids[MOST_IDS];
  const char *texts[MOST_BATCH];
  size_t lengths[MOST_BATCH];
} bench;

/* One figure: how often a batch was answered, and how long that took. */
typedef struct figures {
  size_t batch, beam, source;
  double texts, tokens, seconds;
} figures;

/* ---------------------------------------------------------------------------------------------------------------------
 * A model of a stated size
 * ------------------------------------------------------------------------------------------------------------------ */

static const struct {
  const char *name, *settings[12];
} shapes[] = {
    {"rnn", {"embedding.dim", "256", "encoder.hidden", "256", "decoder.hidden", "512"}},
    {"transformer",
     {"encoder.type", "transformer", "decoder.type", "transformer", "encoder.layers", "3", "decoder.layers", "3"}},
    {"transformer-big",
     {"encoder.type", "transformer", "decoder.type", "transformer", "encoder.layers", "6", "decoder.layers", "6",
      "transformer.dim", "512", "transformer.ffn", "2048"}},
};

static bool is_default(const s2s_options *options, const char *key) {
  const char *value = "";
  size_t i = 0;
  while (i < s2s_option_count() && strcmp(s2s_option_name(i), key) != 0) i++;
  return s2s_options_get(options, key, &value) == S2S_OK && strcmp(value, s2s_option_default(i)) == 0;
}

/* The shape's settings, where no flag says otherwise. */
static int set_shape(s2s_options *options, const char *name) {
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
    if (strcmp(shapes[i].name, name) != 0) continue;
    for (const char *const *s = shapes[i].settings; s < shapes[i].settings + 12 && *s; s += 2)
      if (is_default(options, s[0]) && s2s_options_set(options, s[0], s[1])) return library_failed(S2S_BAD_OPTION);
    return 0;
  }
  return usage_error("--shape %s: it must be rnn, transformer or transformer-big", name);
}

/* One pair of texts with all the words. */
static int32_t add_words(s2s_corpus *corpus, size_t words) {
  char *text = malloc(words * 8 + 1);
  size_t at = 0;
  if (!text) return S2S_OUT_OF_MEMORY;
  for (size_t i = 0; i < words; i++) at += (size_t)snprintf(text + at, 9, "w%06zu ", i % 1000000);
  const int32_t status = s2s_corpus_add(corpus, text, at, text, at);
  free(text);
  return status;
}

/* Its texts never end by themselves: the end mark gets a bias that nothing outweighs. */
static int32_t forbid_end(s2s_model *model) {
  size_t i = 0;
  while (i < s2s_model_parameter_count(model) && strcmp(s2s_model_parameter_name(model, i), "generator.bias") != 0) i++;
  const size_t size = s2s_model_parameter_size(model, i);
  float *bias = malloc((size + 1) * sizeof *bias);
  int32_t status = bias ? s2s_model_parameter_read(model, i, bias, size) : S2S_OUT_OF_MEMORY;
  if (!status) bias[END_MARK] = -1e4f;
  if (!status) status = s2s_model_parameter_write(model, i, bias, size);
  free(bias);
  return status;
}

/* With --shortlist yes: random weights link nothing, so the lists have --shortlist-frequent words for any source. */
static int32_t add_shortlist(bench *b, const s2s_corpus *corpus) {
  s2s_model *with;
  if (is_default(b->options, "shortlist")) return S2S_OK;
  const int32_t status = s2s_model_shortlist(b->model, corpus, b->options, &with);
  if (status) return status;
  s2s_model_free(b->model);
  b->model = with;
  return S2S_OK;
}

static int make_model(bench *b, size_t words) {
  s2s_corpus *corpus = NULL;
  int failure = set_shape(b->options, b->given->has[FLAG_SHAPE] ? b->given->value[FLAG_SHAPE][0] : "rnn");
  if (failure) return failure;
  int32_t status = s2s_options_set_int(b->options, "vocabulary.max_size", (int64_t)words);
  if (!status) status = s2s_options_set(b->options, "preset", "none");
  if (!status) status = s2s_corpus_new(b->options, &corpus);
  if (!status) status = add_words(corpus, words - FIRST_WORD);
  if (!status) status = s2s_model_create(corpus, b->options, &b->model);
  if (!status) status = forbid_end(b->model);
  if (!status) status = add_shortlist(b, corpus);
  s2s_corpus_free(corpus);
  return status ? library_failed(status) : 0;
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Texts
 * ------------------------------------------------------------------------------------------------------------------ */

static int split_lines(bench *b, size_t size) {
  for (size_t i = 0; i < size; i++) b->lines += b->text[i] == '\n';
  b->line = malloc((b->lines + 1) * sizeof *b->line);
  b->length = malloc((b->lines + 1) * sizeof *b->length);
  if (!b->line || !b->length) return failed("no memory");
  b->lines = 0;
  for (char *at = b->text, *end; at < b->text + size; at = end + 1) {
    end = memchr(at, '\n', (size_t)(b->text + size - at));
    if (!end) end = b->text + size;
    b->line[b->lines] = at;
    b->length[b->lines] = (size_t)(end - at);
    b->lines += end > at;
  }
  return b->lines ? 0 : failed("%s: no lines to translate", b->given->value[FLAG_INPUT][0]);
}

static int read_lines(bench *b) {
  size_t size = 0;
  if (!b->given->has[FLAG_INPUT]) return 0;
  b->text = read_file(b->given->value[FLAG_INPUT][0], &size);
  return b->text ? split_lines(b, size) : EXIT_FAILED;
}

/* The batch number `round`: random words, or the next lines, from the first again after the last. */
static int32_t encode_batch(bench *b, const figures *f, size_t round, s2s_memory **memory) {
  const size_t words = s2s_model_vocabulary_size(b->model, S2S_SOURCE) - FIRST_WORD;
  uint32_t state = (uint32_t)round;
  for (size_t i = 0; i < f->batch * f->source; i++) {
    state = state * 1664525u + 1013904223u;
    b->ids[i] = FIRST_WORD + (int32_t)((state >> 8) % words);
  }
  for (size_t i = 0; i < f->batch; i++) b->lengths[i] = f->source;
  return s2s_encode_ids(b->encoder, b->ids, b->lengths, f->batch, memory);
}

static int32_t encode_lines(bench *b, const figures *f, size_t round, s2s_memory **memory) {
  for (size_t i = 0; i < f->batch; i++) {
    b->texts[i] = b->line[(round * f->batch + i) % b->lines];
    b->lengths[i] = b->length[(round * f->batch + i) % b->lines];
  }
  return s2s_encode(b->encoder, b->texts, b->lengths, f->batch, memory);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Figures
 * ------------------------------------------------------------------------------------------------------------------ */

/* The processor's time, which other work on the machine changes less than the wall clock's; one thread does it all. */
static double processor_seconds(void) {
  struct timespec used;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return (double)used.tv_sec + (double)used.tv_nsec * 1e-9;
}

static int32_t answer(bench *b, s2s_decoder *decoder, figures *f, size_t round) {
  s2s_memory *memory = NULL;
  s2s_result *result = NULL;
  const double begun = processor_seconds();
  int32_t status = b->text ? encode_lines(b, f, round, &memory) : encode_batch(b, f, round, &memory);
  if (!status) status = s2s_decode(decoder, memory, &result);
  f->seconds += processor_seconds() - begun;
  for (size_t i = 0, count; result && i < s2s_result_count(result); i++) {
    s2s_result_tokens(result, i, 0, &count);
    f->tokens += (double)count;
    f->texts++;
  }
  s2s_result_free(result);
  s2s_memory_free(memory);
  return status;
}

/* After a first batch, which takes the memory, as many as fit into the time. */
static int32_t measure(bench *b, figures *f) {
  s2s_decoder *decoder = NULL;
  int32_t status = s2s_options_set_int(b->options, "beam", (int64_t)f->beam);
  if (!status) status = s2s_decoder_init(b->model, b->options, &decoder);
  if (!status) status = answer(b, decoder, f, 0);
  f->texts = f->tokens = f->seconds = 0;
  for (size_t round = 0; !status && f->seconds < b->seconds; round++) status = answer(b, decoder, f, round);
  s2s_decoder_free(decoder);
  return status;
}

static int print_figures(bench *b, figures f) {
  const int32_t status = measure(b, &f);
  if (status) return library_failed(status);
  printf("%zu\t%zu\t", f.batch, f.beam);
  if (b->text)
    printf("lines");
  else
    printf("%zu", f.source);
  printf("\t%.1f\t%.1f\t%.0f\t%.3f\n", f.tokens / f.texts, f.texts / f.seconds, f.tokens / f.seconds,
         1e3 * f.seconds / f.texts);
  fflush(stdout);
  return 0;
}

/* Batches and beams that were asked for, else some. */
static int print_table(bench *b, const size_t *batches, const size_t *beams) {
  int failure = 0;
  printf("batch\tbeam\tsource\ttarget\ttexts_per_second\ttokens_per_second\tmilliseconds_per_text\n");
  for (const size_t *batch = batches; *batch && !failure; batch++)
    for (const size_t *beam = beams; *beam && !failure; beam++)
      failure = print_figures(b, (figures){.batch = *batch, .beam = *beam, .source = b->source});
  return failure;
}

/* How the time of a text grows with its length, and with the beam. */
static int print_lines(bench *b) {
  static const size_t lengths[] = {7, 14, 28, 56, 112, 224}, beams[] = {1, 2, 3, 4, 5, 8, 12, 16};
  int failure = 0;
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths && !failure && !b->text; i++)
    failure = print_figures(b, (figures){.batch = 1, .beam = 1, .source = lengths[i]});
  for (size_t i = 0; i < sizeof beams / sizeof *beams && !failure; i++)
    failure = print_figures(b, (figures){.batch = 1, .beam = beams[i], .source = b->source});
  return failure;
}

static void print_process(const bench *b) {
  struct rusage usage;
  if (b->given->has[FLAG_MODEL]) printf("load_seconds\t%.4f\n", b->load_seconds);
  if (getrusage(RUSAGE_SELF, &usage)) return;
#ifdef __APPLE__
  print_metric(stdout, "peak_memory_bytes", (double)usage.ru_maxrss);
#else
  print_metric(stdout, "peak_memory_bytes", (double)usage.ru_maxrss * 1024);
#endif
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Start and end
 * ------------------------------------------------------------------------------------------------------------------ */

/* A flag's whole number in a range, or the default. */
static int number(const flags *given, flag_id id, size_t least, size_t most, size_t *value) {
  const char *text = given->value[id][0];
  char *end = NULL;
  if (!text) return 0;
  const long long size = strtoll(text, &end, 10);
  if (size < (long long)least || size > (long long)most || *end || end == text)
    return usage_error("%s %s: it must be a whole number from %zu to %zu", flag_table[id].name, text, least, most);
  *value = (size_t)size;
  return 0;
}

/* Every answer takes as many steps as asked, where the model does not read lines: the last one may give the end mark. */
static int32_t force_length(bench *b) {
  if (b->text) return S2S_OK;
  int32_t status = s2s_options_set_int(b->options, "max_length", (int64_t)b->target);
  if (!status) status = s2s_options_set_int(b->options, "min_length", (int64_t)b->target - 1);
  if (!status) status = s2s_options_set_int(b->options, "max_length_ratio", 0);
  return status;
}

static int open_model(bench *b, size_t words) {
  const double begun = seconds_now();
  int failure = b->given->has[FLAG_MODEL] ? load_model(b->given, &b->model) : make_model(b, words);
  b->load_seconds = seconds_now() - begun;
  return failure;
}

static int save_model(const bench *b) {
  const int32_t status = s2s_model_save(b->model, b->given->value[FLAG_RANDOM][0]);
  return status ? library_failed(status) : 0;
}

static int run_bench(bench *b, size_t batch, size_t beam) {
  const size_t batches[] = {batch ? batch : 1, batch ? 0 : 32, 0}, beams[] = {beam != 5 ? beam : 1, beam != 5 ? 0 : 5, 0};
  const char *cpu = "";
  int32_t status = force_length(b);
  if (!status) status = s2s_encoder_init(b->model, b->options, &b->encoder);
  if (status) return library_failed(status);
  s2s_model_get(b->model, "cpu", &cpu);
  printf("cpu\t%s\n", cpu);
  print_process(b);
  int failure = print_table(b, batches, beams);
  if (!failure && b->given->has[FLAG_LINES]) failure = print_lines(b);
  if (!failure) print_process(b);
  return failure;
}

static int check_usage(const flags *given) {
  if (given->has[FLAG_MODEL] && given->has[FLAG_RANDOM])
    return usage_error("-o FILE is where a model with random weights goes; -m FILE measures one that is there");
  if (given->has[FLAG_MODEL] && given->model_option)
    return usage_error("the model of -m has its own %s", given->model_option);
  if (given->has[FLAG_MODEL] && (given->has[FLAG_SHAPE] || given->has[FLAG_WORDS]))
    return usage_error("the model of -m has its own shape and vocabulary");
  if (given->has[FLAG_INPUT] && !given->has[FLAG_MODEL]) return usage_error("-i FILE goes with -m FILE");
  return 0;
}

static int read_numbers(bench *b, size_t *words, size_t *batch) {
  size_t milliseconds = 1000;
  int failure = number(b->given, FLAG_WORDS, 100, 1000000, words);
  if (!failure) failure = number(b->given, FLAG_BENCH_BATCH, 1, MOST_BATCH, batch);
  if (!failure) failure = number(b->given, FLAG_SOURCE_LENGTH, 1, MOST_IDS / MOST_BATCH, &b->source);
  if (!failure) failure = number(b->given, FLAG_TARGET_LENGTH, 1, 65536, &b->target);
  if (!failure) failure = number(b->given, FLAG_MILLISECONDS, 1, 600000, &milliseconds);
  b->seconds = 1e-3 * (double)milliseconds;
  return failure;
}

static void bench_free(bench *b) {
  s2s_encoder_free(b->encoder);
  s2s_model_free(b->model);
  free(b->text);
  free(b->line);
  free(b->length);
  free(b);
}

int command_bench(const flags *given) {
  const char *beam = "5";
  size_t words = 8000, batch = 0;
  bench *b = calloc(1, sizeof *b);
  if (!b) return failed("no memory");
  b->given = given, b->options = given->options;
  b->source = 14, b->target = 20;
  s2s_options_get(given->options, "beam", &beam);
  int failure = check_usage(given);
  const size_t asked = (size_t)strtoul(beam, NULL, 10);
  if (!failure) failure = read_numbers(b, &words, &batch);
  if (!failure) failure = read_lines(b);
  if (!failure) failure = open_model(b, words);
  if (!failure) failure = given->has[FLAG_RANDOM] ? save_model(b) : run_bench(b, batch, asked);
  bench_free(b);
  return failure;
}
