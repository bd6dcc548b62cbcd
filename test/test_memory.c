/* SPDX-License-Identifier: MIT
 *
 * Memory through the public API: each allocation of each operation is refused once, memory limits are kept, and
 * updates and decoder steps make no allocation once they are warm.
 *
 * An operation runs with its first allocation refused, then its second, and so on until it asks for no more; once
 * alone, and once with all that follow. Each run either fails with S2S_OUT_OF_MEMORY or gives what it gives without
 * refusals, and leaves no block behind.
 */
#include "tiny.h"

#include <dirent.h>
#include <sys/stat.h>

#define FOLDER "build/tmp/test_memory"
#define PATH FOLDER "/model.safetensors"

static tiny_watch watch;
static int is_larger; /* the second of the two models */
static s2s_options *options;
static s2s_corpus *corpus;
static s2s_model *model; /* made through the watch, before anything is refused */
static s2s_encoder *encoder;
static s2s_decoder *decoder;
static char *file; /* the model as saved */
static size_t file_size;
static const char *const texts[] = {"abc", "", "ca", "abca"};

/* Does one thing from start to end, frees what it made, and mixes what came out into the digest. */
typedef int32_t (*operation_fn)(tiny_digest *digest);

/* ---- operations -------------------------------------------------------------------------------------------------- */

static int32_t operation_model(int32_t status, s2s_model *made, tiny_digest *digest) {
  if (status == S2S_OK) tiny_mix_model(digest, made);
  s2s_model_free(made);
  return status;
}

static int32_t do_load_buffer(tiny_digest *digest) {
  s2s_model *made;
  const int32_t status = s2s_model_load_buffer(file, file_size, options, &made);
  const size_t fail_at = watch.memory.fail_at, fail_only = watch.fail_only;
  watch.memory.fail_at = watch.fail_only = 0; /* reading the parameters to compare them is no part of it */
  (void)operation_model(status, made, digest);
  watch.memory.fail_at = fail_at, watch.fail_only = fail_only;
  return status;
}

static int32_t do_load(tiny_digest *digest) {
  s2s_model *made;
  const int32_t status = s2s_model_load(PATH, options, &made);
  if (status == S2S_OK) tiny_mix_number(digest, (double)s2s_model_parameter_count(made));
  s2s_model_free(made);
  return status;
}

static int32_t do_shortlist(tiny_digest *digest) {
  s2s_model *made;
  const char *size = "";
  const int32_t status = s2s_model_shortlist(model, corpus, options, &made);
  if (status == S2S_OK && s2s_model_get(made, "shortlist", &size) == S2S_OK) tiny_mix(digest, size, strlen(size));
  s2s_model_free(made);
  return status;
}

static int32_t do_create(tiny_digest *digest) {
  s2s_model *made;
  const int32_t status = s2s_model_create(corpus, options, &made);
  if (status == S2S_OK) tiny_mix_number(digest, (double)s2s_model_vocabulary_size(made, S2S_SOURCE));
  s2s_model_free(made);
  return status;
}

static int32_t do_ensemble(tiny_digest *digest) {
  const s2s_model *const members[] = {model, model, model};
  s2s_model *ensemble;
  s2s_result *result = NULL;
  int32_t status = s2s_model_ensemble(members, 3, options, &ensemble);
  if (status == S2S_OK) status = s2s_translate(ensemble, options, texts, NULL, 2, &result);
  if (status == S2S_OK) tiny_mix_result(digest, result);
  s2s_result_free(result);
  s2s_model_free(ensemble);
  return status;
}

static int32_t do_average(tiny_digest *digest) {
  const s2s_model *const members[] = {model, model};
  s2s_model *average;
  const int32_t status = s2s_model_average(members, 2, options, &average);
  if (status == S2S_OK) tiny_mix_number(digest, (double)s2s_model_parameter_count(average));
  s2s_model_free(average);
  return status;
}

static int32_t do_extend(tiny_digest *digest) {
  s2s_corpus *more;
  s2s_model *extended = NULL;
  int32_t status = s2s_corpus_new(options, &more);
  if (status == S2S_OK) status = tiny_add(more, "xyz a", "zyx b");
  if (status == S2S_OK) status = s2s_model_extend(model, more, options, &extended);
  if (status == S2S_OK) tiny_mix_number(digest, (double)s2s_model_vocabulary_size(extended, S2S_SOURCE));
  s2s_model_free(extended);
  s2s_corpus_free(more);
  return status;
}

static int32_t do_read_parameters(tiny_digest *digest) {
  int32_t status = S2S_OK;
  for (size_t i = 0; i < s2s_model_parameter_count(model) && status == S2S_OK; i++) {
    size_t size;
    (void)tiny_parameter(model, s2s_model_parameter_name(model, i), &size);
    float *values = malloc(size * sizeof *values);
    status = s2s_model_parameter_read(model, i, values, size);
    if (status == S2S_OK) tiny_mix(digest, values, size * sizeof *values);
    free(values);
  }
  return status;
}

static int32_t do_load_parameters(tiny_digest *digest) {
  s2s_model *fresh;
  int32_t status = s2s_model_load(PATH, options, &fresh);
  if (status != S2S_OK) return status;
  status = s2s_model_load_parameters(fresh, PATH);
  tiny_mix_number(digest, 1);
  s2s_model_free(fresh);
  return status;
}

static int32_t do_translate(tiny_digest *digest) {
  s2s_result *result;
  const int32_t status = s2s_translate(model, options, texts, NULL, 4, &result);
  if (status == S2S_OK) tiny_mix_result(digest, result);
  s2s_result_free(result);
  return status;
}

static int32_t do_document(tiny_digest *digest) {
  static const char text[] = "abc. Ca!\n\nabca, ca\xFF b. \n";
  s2s_tokens *sentences, *translated = NULL;
  int32_t status = s2s_split_document(model, options, text, sizeof text - 1, &sentences);
  if (status == S2S_OK) status = s2s_translate_document(model, options, text, sizeof text - 1, &translated);
  tiny_mix_number(digest, (double)s2s_tokens_count(sentences));
  if (status == S2S_OK) tiny_mix(digest, s2s_tokens_text(translated), strlen(s2s_tokens_text(translated)));
  s2s_tokens_free(translated);
  s2s_tokens_free(sentences);
  return status;
}

static int32_t do_segmenter(tiny_digest *digest) {
  s2s_segmenter *segmenter;
  s2s_tokens *tokens = NULL, *joined = NULL;
  int32_t status = s2s_segmenter_new(options, S2S_TARGET, texts, NULL, 4, &segmenter);
  if (status == S2S_OK) status = s2s_segment(segmenter, "abc\xE2\x82 a", 7, &tokens);
  if (status == S2S_OK) {
    const char *const token = s2s_tokens_get(tokens, 0);
    status = s2s_join(segmenter, &token, 1, &joined);
  }
  tiny_mix_number(digest, (double)s2s_tokens_count(tokens));
  s2s_tokens_free(joined);
  s2s_tokens_free(tokens);
  s2s_segmenter_free(segmenter);
  return status;
}

static int32_t do_metrics(tiny_digest *digest) {
  s2s_metrics *metrics;
  const int32_t status = s2s_metric_compare(options, texts, &texts[1], texts, 3, 1, &metrics);
  for (size_t i = 0; i < s2s_metrics_count(metrics); i++) tiny_mix_number(digest, s2s_metrics_value(metrics, i));
  s2s_metrics_free(metrics);
  return status;
}

static int32_t do_checkpoint(tiny_digest *digest) {
  s2s_trainer *trainer, *resumed = NULL;
  int32_t status = s2s_trainer_new(model, corpus, corpus, options, &trainer);
  if (status == S2S_OK) status = s2s_trainer_step(trainer, NULL);
  if (status == S2S_OK) status = s2s_trainer_evaluate(trainer);
  if (status == S2S_OK) status = s2s_trainer_save(trainer, FOLDER "/checkpoint");
  if (status == S2S_OK) status = s2s_trainer_resume(FOLDER "/checkpoint", corpus, corpus, options, &resumed);
  if (status == S2S_OK) status = s2s_trainer_step(resumed, NULL);
  tiny_mix_number(digest, 1);
  s2s_trainer_free(resumed);
  s2s_trainer_free(trainer);
  return status;
}

static int32_t do_evaluate(tiny_digest *digest) {
  s2s_metrics *metrics;
  const int32_t status = s2s_evaluate(model, corpus, options, &metrics);
  for (size_t i = 0; i < s2s_metrics_count(metrics); i++) tiny_mix_number(digest, s2s_metrics_value(metrics, i));
  s2s_metrics_free(metrics);
  return status;
}

static int32_t use_trainer(s2s_trainer *trainer, tiny_digest *digest) {
  s2s_model *snapshot = NULL;
  double loss = 0;
  int32_t status = s2s_trainer_step(trainer, &loss);
  if (status == S2S_OK) status = s2s_trainer_step(trainer, &loss);
  if (status == S2S_OK) status = s2s_trainer_evaluate(trainer);
  if (status == S2S_OK) status = s2s_trainer_model(trainer, &snapshot);
  tiny_mix_number(digest, loss);
  if (snapshot) tiny_mix_number(digest, (double)s2s_model_parameter_count(snapshot));
  s2s_model_free(snapshot);
  return status;
}

static int32_t do_train(tiny_digest *digest) {
  s2s_trainer *trainer;
  int32_t status = s2s_trainer_new(model, corpus, corpus, options, &trainer);
  if (status == S2S_OK) status = use_trainer(trainer, digest);
  s2s_trainer_free(trainer);
  return status;
}

static int32_t do_run(tiny_digest *digest) {
  s2s_trainer *trainer;
  double rate = 0;
  int32_t status = s2s_trainer_new(model, corpus, corpus, options, &trainer);
  if (status == S2S_OK) status = s2s_trainer_run(trainer);
  if (status == S2S_OK) status = s2s_metrics_get(s2s_trainer_metrics(trainer), "dev_loss", &rate);
  tiny_mix_number(digest, rate);
  s2s_trainer_free(trainer);
  return status;
}

static int32_t do_corpus(tiny_digest *digest) {
  s2s_corpus *made;
  int32_t status = s2s_corpus_new(options, &made);
  if (status == S2S_OK) status = tiny_add(made, "a", "b");
  if (status == S2S_OK) status = s2s_corpus_load(made, FOLDER "/pairs");
  if (status == S2S_OK) status = s2s_corpus_load_aligned(made, FOLDER "/model.source", FOLDER "/model.target");
  if (status == S2S_OK) tiny_mix_number(digest, (double)s2s_corpus_size(made));
  s2s_corpus_free(made);
  return status;
}

static int32_t use_attention(const s2s_memory *memory, tiny_digest *digest) {
  s2s_attention *attention;
  const float queries[200] = {0, 1, 2};
  float weights[16], contexts[200];
  size_t rows;
  (void)s2s_memory_states(memory, 0, &rows);
  int32_t status = s2s_attention_init(model, options, &attention);
  if (status == S2S_OK) status = s2s_attend(attention, memory, 0, queries, 2, weights, contexts);
  if (status == S2S_OK) tiny_mix(digest, weights, 2 * rows * sizeof *weights);
  if (status == S2S_OK) tiny_mix(digest, contexts, 2 * s2s_memory_dim(memory) * sizeof *contexts);
  s2s_attention_free(attention);
  return status;
}

static int32_t use_steps(s2s_decoder *d, const s2s_memory *memory, size_t steps, tiny_digest *digest) {
  const int32_t tokens[] = {1, 1, 1, 1}, parents[] = {0, 1, 2, 3};
  const float *p;
  int32_t status = s2s_decoder_start(d, memory);
  for (size_t i = 0; i < steps && status == S2S_OK; i++) {
    status = s2s_decoder_step(d, tokens, parents, 4, &p);
    if (status == S2S_OK) tiny_mix(digest, p, 4 * s2s_model_vocabulary_size(model, S2S_TARGET) * sizeof *p);
  }
  return status;
}

static int32_t use_decoder(s2s_decoder *d, const s2s_memory *memory, tiny_digest *digest) {
  s2s_result *result = NULL;
  int32_t status = s2s_decode(d, memory, &result);
  if (status == S2S_OK) tiny_mix_result(digest, result);
  s2s_result_free(result);
  return status == S2S_OK ? use_steps(d, memory, 3, digest) : status;
}

static int32_t use_encoder(s2s_encoder *e, s2s_decoder *d, tiny_digest *digest) {
  s2s_memory *memory = NULL, *again = NULL;
  const size_t length = 3;
  int32_t status = s2s_encode(e, texts, NULL, 4, &memory);
  if (status == S2S_OK) status = s2s_encode_ids(e, s2s_memory_tokens(memory, 0, NULL), &length, 1, &again);
  if (status == S2S_OK) tiny_mix(digest, s2s_memory_states(again, 0, NULL), 3 * s2s_memory_dim(again) * sizeof(float));
  if (status == S2S_OK) status = use_attention(memory, digest);
  if (status == S2S_OK) status = use_decoder(d, memory, digest);
  s2s_memory_free(again);
  s2s_memory_free(memory);
  return status;
}

static int32_t do_handles(tiny_digest *digest) {
  s2s_encoder *e = NULL;
  s2s_decoder *d = NULL;
  int32_t status = s2s_encoder_init(model, options, &e);
  if (status == S2S_OK) status = s2s_decoder_init(model, options, &d);
  if (status == S2S_OK) status = use_encoder(e, d, digest);
  s2s_decoder_free(d);
  s2s_encoder_free(e);
  return status;
}

static int32_t do_old_handles(tiny_digest *digest) { return use_encoder(encoder, decoder, digest); }

/* ---- saving: the old file or the new one, and nothing else ------------------------------------------------------- */

static size_t folder_entries(void) {
  size_t count = 0;
  DIR *folder = opendir(FOLDER);
  for (const struct dirent *entry; folder && (entry = readdir(folder)) != NULL;) count += entry->d_name[0] != '.';
  if (folder) closedir(folder);
  return count;
}

static int32_t do_save(tiny_digest *digest) {
  static const char old[] = "the old file";
  size_t size;
  tiny_write_file(PATH, old);
  const size_t entries = folder_entries();
  const int32_t status = s2s_model_save(model, PATH);
  char *bytes = tiny_read_file(PATH, &size);
  const int whole = status == S2S_OK ? size == file_size && memcmp(bytes, file, size) == 0 : strcmp(bytes, old) == 0;
  if (!whole || folder_entries() != entries) tiny_mix_number(digest, 1), diag("a failed save left something");
  free(bytes);
  return whole && folder_entries() == entries ? status : S2S_IO;
}

/* ---- refusing ---------------------------------------------------------------------------------------------------- */

typedef struct refusal {
  size_t runs, failures;
  int good;
} refusal;

/* Without refusals. */
static int32_t run_freely(operation_fn operation, tiny_digest *digest) {
  *digest = TINY_DIGEST;
  watch.memory.fail_at = watch.fail_only = 0;
  return operation(digest);
}

/* Runs with request n refused; returns whether that request was made at all. */
static int run_refused(operation_fn operation, size_t n, int alone, tiny_digest wanted, int keeps, refusal *seen) {
  const size_t blocks = watch.memory.live_blocks, bytes = watch.memory.live_bytes;
  tiny_digest digest = TINY_DIGEST;
  watch.memory.requests = watch.refused = 0;
  *(alone ? &watch.fail_only : &watch.memory.fail_at) = n;
  const int32_t status = operation(&digest);
  const int refused = watch.refused > 0;
  watch.memory.fail_at = watch.fail_only = 0;
  const char *message = s2s_error_message();
  int good = status == S2S_OK ? digest == wanted : status == S2S_OUT_OF_MEMORY && strstr(message, "memory") != NULL;
  if (!keeps) good = good && watch.memory.live_blocks == blocks && watch.memory.live_bytes == bytes;
  if (!good && seen->good)
    diag("request %zu: %s (%s), %zu blocks before, %zu after", n, s2s_status_name(status), message, blocks,
         watch.memory.live_blocks);
  seen->good = seen->good && good;
  seen->runs++;
  seen->failures += status != S2S_OK;
  return refused;
}

/* keeps: the operation works on handles made before, which may hold more memory afterwards. */
static void refuse_each(const char *name, operation_fn operation, int keeps) {
  tiny_digest wanted, again;
  refusal seen = {0, 0, 1};
  ok(run_freely(operation, &wanted) == S2S_OK, "%s: works", name);
  for (int alone = 0; alone < (is_larger ? 1 : 2); alone++)
    for (size_t n = 1; run_refused(operation, n, alone, wanted, keeps, &seen) && n < 5000;) n++;
  ok(seen.good && seen.failures > 0, "%s: with any allocation refused it fails cleanly or does the same", name);
  diag("%s: %zu runs, %zu failures", name, seen.runs, seen.failures);
  ok(run_freely(operation, &again) == S2S_OK && again == wanted, "%s: afterwards everything still works", name);
}

/* With handles that are warm before each run, and must work right after it. */
static void refuse_to_old_handles(void) {
  tiny_digest wanted, again;
  refusal seen = {0, 0, 1};
  int good = run_freely(do_old_handles, &wanted) == S2S_OK, more = 1;
  for (size_t n = 1; more && n < 5000; n++) {
    more = run_refused(do_old_handles, n, 0, wanted, 1, &seen);
    good = good && run_freely(do_old_handles, &again) == S2S_OK && again == wanted;
  }
  ok(seen.good && seen.failures > 0, "handles made before fail cleanly");
  ok(good, "and work again at once, with the same results");
}

/* Threads take requests in any order, so only what must always hold is looked at. */
static void refuse_to_threads(void) {
  tiny_digest wanted;
  refusal seen = {0, 0, 1};
  tiny_set(options, "threads", "2");
  ok(run_freely(do_train, &wanted) == S2S_OK, "two threads train");
  for (size_t n = 1; run_refused(do_train, n, 0, wanted, 0, &seen) && n < 5000;) n++;
  ok(seen.good && seen.failures > 0, "with any allocation refused in any of them, training fails cleanly");
  ok(run_freely(do_evaluate, &wanted) == S2S_OK, "two threads evaluate");
  seen = (refusal){0, 0, 1};
  for (size_t n = 1; run_refused(do_evaluate, n, 0, wanted, 0, &seen) && n < 5000;) n++;
  ok(seen.good && seen.failures > 0, "with any allocation refused in any of them, evaluation fails cleanly");
  tiny_set(options, "threads", "1");
}

/* A trainer that could not make a step makes the same one later. */
static void refuse_a_step(void) {
  s2s_trainer *trainer, *other;
  double loss = 0, wanted = 0;
  s2s_trainer_new(model, corpus, NULL, options, &trainer);
  s2s_trainer_new(model, corpus, NULL, options, &other);
  (void)s2s_trainer_step(other, &wanted);
  watch.memory.requests = 0;
  watch.memory.fail_at = 1;
  const int32_t status = s2s_trainer_step(trainer, &loss);
  watch.memory.fail_at = 0;
  is_int(status, S2S_OUT_OF_MEMORY, "a step without memory fails");
  ok(s2s_trainer_step(trainer, &loss) == S2S_OK && loss == wanted, "and is made later as if nothing had been");
  for (int i = 0; i < 5; i++) (void)s2s_trainer_step(trainer, &loss), (void)s2s_trainer_step(other, &wanted);
  ok(loss == wanted && loss > 0, "and so are those that follow");
  s2s_trainer_free(trainer);
  s2s_trainer_free(other);
}

/* ---- limits ------------------------------------------------------------------------------------------------------ */

enum { LIMIT_STRUCTS = 1024 }; /* what does not count: handles' structs that are larger than the limit, and figures */

/* An operation that holds at most so many handles at once may hold so many times the limit. */
static void limit_memory(const char *name, operation_fn operation, size_t handles) {
  tiny_digest wanted, digest;
  size_t refused = 0;
  int good = run_freely(operation, &wanted) == S2S_OK;
  int32_t status = S2S_OUT_OF_MEMORY;
  for (int64_t limit = 1; limit < (int64_t)1 << 30 && status != S2S_OK; limit += limit / 16 + 8) {
    const size_t blocks = watch.memory.live_blocks, bytes = watch.memory.live_bytes;
    s2s_options_set_int(options, "memory_limit", limit);
    digest = TINY_DIGEST;
    watch.memory.peak_bytes = bytes;
    status = operation(&digest);
    refused += status != S2S_OK;
    const size_t held = watch.memory.peak_bytes - bytes;
    const char *message = s2s_error_message();
    good = good &&
           (status == S2S_OK ? digest == wanted : status == S2S_OUT_OF_MEMORY && strstr(message, "out of memory")) &&
           (status == S2S_OK || limit < 4096 || strstr(message, "would pass memory_limit ")) &&
           held <= handles * (size_t)limit + LIMIT_STRUCTS && watch.memory.live_blocks == blocks;
    if (!good) diag("limit %lld: held %zu, %s %s", (long long)limit, held, s2s_status_name(status), message);
    if (!good) break;
  }
  s2s_options_set(options, "memory_limit", NULL);
  ok(good && refused > 0, "%s: a memory_limit is kept, and is S2S_OUT_OF_MEMORY until it is large enough", name);
}

static void limit_threads(void) {
  tiny_set(options, "threads", "2");
  limit_memory("training on two threads", do_run, 1);
  limit_memory("evaluating on two threads", do_evaluate, 1);
  tiny_set(options, "threads", "1");
}

/* What was too much for a handle leaves it as good as new. */
static void limit_and_go_on(void) {
  enum { ROWS = 20000 };
  s2s_encoder *e;
  s2s_decoder *d;
  s2s_memory *memory = NULL;
  tiny_digest wanted = TINY_DIGEST, digest = TINY_DIGEST;
  const float *p;
  char *text = calloc(ROWS + 1, 1);
  int32_t *tokens = calloc(ROWS, sizeof *tokens), *parents = calloc(ROWS, sizeof *parents);
  const char *long_text = text;
  (void)use_encoder(encoder, decoder, &wanted);
  memset(text, 'a', ROWS);
  tiny_set(options, "memory_limit", "400000");
  tiny_set(options, "max_source_length", "100000");
  s2s_encoder_init(model, options, &e);
  s2s_decoder_init(model, options, &d);
  is_int(s2s_encode(e, &long_text, NULL, 1, &memory), S2S_OUT_OF_MEMORY, "a long text passes a limit");
  ok(strstr(s2s_error_message(), "would pass memory_limit 400000") != NULL, "%s", s2s_error_message());
  is_int(s2s_encode(e, texts, NULL, 4, &memory), S2S_OK, "a short one does not");
  is_int(s2s_decoder_start(d, memory), S2S_OK, "a decoder starts");
  is_int(s2s_decoder_step(d, tokens, parents, ROWS, &p), S2S_OUT_OF_MEMORY, "and many rows pass its limit");
  ok(strstr(s2s_error_message(), "would pass memory_limit 400000") != NULL, "%s", s2s_error_message());
  is_int(use_encoder(e, d, &digest), S2S_OK, "both go on");
  ok(digest == wanted, "as if nothing had been");
  tiny_set(options, "memory_limit", NULL);
  tiny_set(options, "max_source_length", NULL);
  s2s_encoder_free(e);
  s2s_decoder_free(d); /* before the memory, which holds none of their memory */
  ok(s2s_memory_count(memory) == 4, "a memory outlives its encoder");
  s2s_memory_free(memory);
  free(text), free(tokens), free(parents);
}

/* ---- no allocation when warm ------------------------------------------------------------------------------------- */

static s2s_corpus *make_even_corpus(void) {
  s2s_corpus *even;
  s2s_corpus_new(options, &even);
  for (int i = 0; i < 16; i++) {
    const char text[] = {"abc"[i % 3], "abc"[i / 3 % 3], "abc"[(i + 1) % 3], '\0'};
    tiny_add(even, text, text);
  }
  return even;
}

static void stay_quiet_in_training(const char *threads) {
  s2s_corpus *even = make_even_corpus();
  s2s_trainer *trainer;
  int32_t status = S2S_OK;
  tiny_set(options, "threads", threads);
  s2s_trainer_new(model, even, NULL, options, &trainer);
  for (int i = 0; i < 6; i++) status = status ? status : s2s_trainer_step(trainer, NULL);
  watch.memory.requests = 0;
  for (int i = 0; i < 20; i++) status = status ? status : s2s_trainer_step(trainer, NULL);
  is_int(status, S2S_OK, "26 updates on batches of one shape are made with threads %s", threads);
  is_int((int64_t)watch.memory.requests, 0, "without an allocation after the first six");
  s2s_trainer_free(trainer);
  s2s_corpus_free(even);
  tiny_set(options, "threads", "1");
}

static void stay_quiet_in_steps(void) {
  s2s_memory *memory;
  tiny_digest digest = TINY_DIGEST;
  s2s_encode(encoder, texts, NULL, 4, &memory);
  is_int(use_steps(decoder, memory, 4, &digest), S2S_OK, "four decoder steps are made");
  watch.memory.requests = 0;
  const int32_t tokens[] = {1, 1, 1, 1}, parents[] = {3, 2, 1, 0};
  const float *p;
  int32_t status = S2S_OK;
  for (int i = 0; i < 50; i++) status = status ? status : s2s_decoder_step(decoder, tokens, parents, 4, &p);
  is_int(status, S2S_OK, "and fifty more");
  is_int((int64_t)watch.memory.requests, 0, "without an allocation");
  is_int(use_steps(decoder, memory, 4, &digest), S2S_OK, "and from a new start");
  is_int((int64_t)watch.memory.requests, 0, "without an allocation");
  s2s_memory_free(memory);
}

/* Decoding again and again allocates the result alone. */
static void stay_quiet_in_decoding(void) {
  s2s_memory *memory;
  s2s_result *result = NULL;
  s2s_encode(encoder, texts, NULL, 4, &memory);
  for (int i = 0; i < 3; i++) s2s_decode(decoder, memory, &result), s2s_result_free(result);
  const size_t blocks = watch.memory.live_blocks;
  watch.memory.requests = 0;
  is_int(s2s_decode(decoder, memory, &result), S2S_OK, "a warm decoder decodes");
  is_int((int64_t)watch.memory.requests, (int64_t)(watch.memory.live_blocks - blocks),
         "and allocates its result alone");
  s2s_result_free(result);
  s2s_memory_free(memory);
}

/* ---- all of it, for three models -----------------------------------------------------------------------------------
 */

typedef struct model_shape {
  const char *name;
  const char *const (*settings)[2]; /* beside the tiny ones; ends with NULL */
} model_shape;

/* Large enough that arenas need several blocks, and with the parts that the tiny one lacks. */
static const char *const larger_settings[][2] = {{"embedding.dim", "12"},
                                                 {"encoder.hidden", "14"},
                                                 {"decoder.hidden", "28"},
                                                 {"encoder.layers", "2"},
                                                 {"decoder.layers", "2"},
                                                 {"attention.type", "additive"},
                                                 {"attention.input_feeding", "yes"},
                                                 {"decoder.readout", "10"},
                                                 {"beam", "8"},
                                                 {"batch_sentences", "16"},
                                                 {"max_epochs", "1"},
                                                 {"source.eos", "yes"},
                                                 {"target.tokens", "bpe:12"},
                                                 {NULL, NULL}};

static const char *const transformer_settings[][2] = {{"encoder.type", "transformer"},
                                                      {"decoder.type", "transformer"},
                                                      {"transformer.dim", "8"},
                                                      {"transformer.heads", "2"},
                                                      {"transformer.ffn", "12"},
                                                      {"encoder.layers", "2"},
                                                      {"embedding.tie", "target"},
                                                      {"target.tokens", "unigram:12"},
                                                      {"transformer.positions", "learned"},
                                                      {NULL, NULL}};

static const char *const tiny_settings[][2] = {{NULL, NULL}};

static const model_shape tiny_shape = {"tiny", tiny_settings}, larger_shape = {"larger", larger_settings},
                         transformer_shape = {"transformer", transformer_settings};

static void prepare(const model_shape *shape) {
  diag("%s", shape->name);
  (void)mkdir("build", 0777);
  (void)mkdir("build/tmp", 0777);
  (void)mkdir(FOLDER, 0777);
  tiny_watch_init(&watch);
  options = tiny_options(&watch);
  tiny_set(options, "nbest", "2");
  tiny_set(options, "invalid_utf8", "replace");
  tiny_set(options, "bootstrap.samples", "40");
  for (size_t i = 0; shape->settings[i][0]; i++) tiny_set(options, shape->settings[i][0], shape->settings[i][1]);
  corpus = tiny_corpus(options);
  model = tiny_model(options);
  tiny_write_file(FOLDER "/pairs", "a\tb\nc\td\n");
  tiny_write_file(FOLDER "/model.source", "a\nb\n");
  tiny_write_file(FOLDER "/model.target", "c\nd\n");
  is_int(s2s_model_save(model, PATH), S2S_OK, "a model is saved");
  file = tiny_read_file(PATH, &file_size);
  is_int(s2s_encoder_init(model, options, &encoder), S2S_OK, "an encoder is made");
  is_int(s2s_decoder_init(model, options, &decoder), S2S_OK, "and a decoder");
}

static void finish(void) {
  s2s_decoder_free(decoder);
  s2s_encoder_free(encoder);
  s2s_model_free(model);
  s2s_corpus_free(corpus);
  s2s_options_free(options);
  free(file);
  ok(tiny_watch_is_clean(&watch), "at the end nothing is held");
}

static void test_model(const model_shape *shape) {
  is_larger = shape == &larger_shape;
  prepare(shape);
  refuse_each("loading a file", do_load, 0);
  refuse_each("loading from memory", do_load_buffer, 0);
  refuse_each("creating a model", do_create, 0);
  refuse_each("learning a shortlist", do_shortlist, 0);
  refuse_each("extending a model", do_extend, 0);
  refuse_each("an ensemble", do_ensemble, 0);
  refuse_each("an average", do_average, 0);
  refuse_each("reading parameters", do_read_parameters, 0);
  refuse_each("loading parameters", do_load_parameters, 0);
  refuse_each("translating", do_translate, 0);
  refuse_each("a document", do_document, 0);
  refuse_each("a segmenter, tokens, a text", do_segmenter, 0);
  refuse_each("comparing texts", do_metrics, 0);
  refuse_each("encoder, attention, decoder", do_handles, 0);
  refuse_each("a corpus", do_corpus, 0);
  refuse_each("evaluating", do_evaluate, 0);
  refuse_each("trainer, step, evaluation, snapshot", do_train, 0);
  if (!is_larger) refuse_each("a checkpoint", do_checkpoint, 0);
  if (!is_larger) refuse_each("a training run", do_run, 0);
  refuse_each("saving", do_save, 0);
  refuse_to_old_handles();
  refuse_to_threads();
  refuse_a_step();
  limit_memory("loading a file", do_load, 3); /* two segmenters */
  limit_memory("creating a model", do_create, 3);
  limit_memory("translating", do_translate, 2);
  limit_memory("a document", do_document, 2);
  limit_memory("a segmenter, tokens, a text", do_segmenter, 2);
  limit_memory("comparing texts", do_metrics, 1);
  limit_memory("encoder, attention, decoder", do_handles, 6);
  limit_memory("a corpus", do_corpus, 1);
  limit_memory("evaluating", do_evaluate, 1);
  limit_memory("trainer, step, evaluation, snapshot", do_train, 2);
  limit_memory("a checkpoint", do_checkpoint, 5);
  limit_memory("a training run", do_run, 1);
  limit_threads();
  limit_and_go_on();
  stay_quiet_in_training("1");
  stay_quiet_in_training("2");
  stay_quiet_in_steps();
  stay_quiet_in_decoding();
  finish();
}

int main(void) {
  test_model(&tiny_shape);
  test_model(&larger_shape);
  test_model(&transformer_shape);
  return done();
}
