/* SPDX-License-Identifier: MIT
 *
 * The public functions keep the header's word on arguments: NULLs, sizes, indexes, order of calls, order of freeing;
 * each failure has its status and a sentence that names what was wrong, and leaves its outputs alone.
 */
#include "tiny.h"

#include <math.h>

#define FOLDER "build/tmp/"

static tiny_watch watch;
static s2s_options *options;

/* One of each handle, all of one model. */
typedef struct handles {
  s2s_corpus *corpus;
  s2s_model *model;
  s2s_encoder *encoder;
  s2s_attention *attention;
  s2s_memory *memory;
  s2s_decoder *decoder;
  s2s_result *result;
  s2s_trainer *trainer;
  s2s_model *snapshot;
  s2s_metrics *metrics;
} handles;

static handles h;
static const char *const texts[] = {"abc", "", " \t", "ca"};

static int32_t make_handles(handles *made) {
  memset(made, 0, sizeof *made);
  made->corpus = tiny_corpus(options);
  made->model = tiny_model(options);
  int32_t status = s2s_encoder_init(made->model, options, &made->encoder);
  if (!status) status = s2s_attention_init(made->model, options, &made->attention);
  if (!status) status = s2s_encode(made->encoder, texts, NULL, 4, &made->memory);
  if (!status) status = s2s_decoder_init(made->model, options, &made->decoder);
  if (!status) status = s2s_decode(made->decoder, made->memory, &made->result);
  if (!status) status = s2s_trainer_new(made->model, made->corpus, made->corpus, options, &made->trainer);
  if (!status) status = s2s_trainer_model(made->trainer, &made->snapshot);
  if (!status) status = s2s_evaluate(made->model, made->corpus, options, &made->metrics);
  if (status) diag("%s", s2s_error_message());
  return status;
}

enum { HANDLES = 10 };

static void free_handle(handles *made, size_t which) {
  switch (which) {
  case 0:
    s2s_corpus_free(made->corpus);
    break;
  case 1:
    s2s_model_free(made->model);
    break;
  case 2:
    s2s_encoder_free(made->encoder);
    break;
  case 3:
    s2s_attention_free(made->attention);
    break;
  case 4:
    s2s_memory_free(made->memory);
    break;
  case 5:
    s2s_decoder_free(made->decoder);
    break;
  case 6:
    s2s_result_free(made->result);
    break;
  case 7:
    s2s_trainer_free(made->trainer);
    break;
  case 8:
    s2s_model_free(made->snapshot);
    break;
  default:
    s2s_metrics_free(made->metrics);
  }
}

/* ---- version, status, message ------------------------------------------------------------------------------------ */

static void test_status(void) {
  char version[32];
  snprintf(version, sizeof version, "%d.%d.%d", S2S_VERSION_NUMBER / 10000, S2S_VERSION_NUMBER / 100 % 100,
           S2S_VERSION_NUMBER % 100);
  is_text(s2s_version(), version, "the library's version is its header's");
  is_int(s2s_abi_version(), S2S_VERSION_MAJOR, "the number of the ABI is the major version");
  int good = 1, count = 0;
#define STATUS_NAME(name, value, text) good = good && strcmp(s2s_status_name(value), #name) == 0 && value == count++;
  S2S_STATUSES(STATUS_NAME)
#undef STATUS_NAME
  ok(good && count > S2S_DIVERGED, "every status has its name");
  static const int32_t none[] = {-1, S2S_DIVERGED + 1, INT32_MAX, INT32_MIN};
  for (size_t i = 0; i < TINY_COUNT(none); i++) good = good && !strcmp(s2s_status_name(none[i]), "unknown status");
  ok(good, "a number that is no status has no name");
}

static void *message_of_thread(void *data) {
  int *good = data;
  good[0] = strcmp(s2s_error_message(), "") == 0;
  (void)s2s_options_set(NULL, "seed", "1");
  good[1] = strstr(s2s_error_message(), "s2s_options_set") != NULL;
  return NULL;
}

static void test_message(void) {
  int good[2] = {0, 0};
  char text[600];
  const char *value;
  pthread_t thread;
  (void)s2s_model_save(NULL, "x");
  snprintf(text, sizeof text, "%s", s2s_error_message());
  ok(strstr(text, "s2s_model_save") && strstr(text, "model"), "a message names function and argument");
  is_int(s2s_options_get(options, "beam", &value), S2S_OK, "a call succeeds");
  is_text(s2s_error_message(), text, "the message stays when a call succeeds");
  ok(pthread_create(&thread, NULL, message_of_thread, good) == 0 && pthread_join(thread, NULL) == 0, "a thread runs");
  ok(good[0], "in a thread where nothing failed the message is empty");
  ok(good[1], "a thread has its own message");
  is_text(s2s_error_message(), text, "the message of this thread is not touched by another's failure");
  (void)s2s_options_get(NULL, "beam", &value);
  ok(strcmp(s2s_error_message(), text) != 0, "the next failure replaces the message");
  memset(text, 'k', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  (void)s2s_model_load(text, options, &(s2s_model *){NULL});
  ok(strlen(s2s_error_message()) <= 511 && strstr(s2s_error_message(), "kkk"), "a message has at most 511 bytes");
}

/* ---- NULL -------------------------------------------------------------------------------------------------------- */

static int64_t read_nothing(void *user, void *bytes, size_t size) {
  (void)user, (void)bytes, (void)size;
  return 0;
}

static void null_refused(int32_t status, const char *call, const char *argument) {
  const char *message = s2s_error_message(), *end = strchr(call, '(');
  const int held = status == S2S_BAD_ARGUMENT && end && strncmp(message, call, (size_t)(end - call)) == 0 &&
                   message[end - call] == ':' && strstr(message, argument) && strstr(message, "NULL");
  ok(held, "NULL is refused by its name: %s", call);
  if (!held) diag("%s: %s", s2s_status_name(status), message);
}
#define NULL_REFUSED(argument, call) null_refused(call, #call, argument)

static void test_null_options(void) {
  const char *value;
  NULL_REFUSED("options", s2s_options_new(NULL));
  NULL_REFUSED("options", s2s_options_set(NULL, "seed", "1"));
  NULL_REFUSED("key", s2s_options_set(options, NULL, "1"));
  NULL_REFUSED("options", s2s_options_set_int(NULL, "seed", 1));
  NULL_REFUSED("key", s2s_options_set_int(options, NULL, 1));
  NULL_REFUSED("options", s2s_options_set_real(NULL, "dropout", 0));
  NULL_REFUSED("key", s2s_options_set_real(options, NULL, 0));
  NULL_REFUSED("options", s2s_options_get(NULL, "seed", &value));
  NULL_REFUSED("key", s2s_options_get(options, NULL, &value));
  NULL_REFUSED("value", s2s_options_get(options, "seed", NULL));
  NULL_REFUSED("options", s2s_options_load(NULL, "x"));
  NULL_REFUSED("path", s2s_options_load(options, NULL));
  NULL_REFUSED("options", s2s_options_set_allocator(NULL, NULL, NULL));
  NULL_REFUSED("options", s2s_options_set_log(NULL, NULL, NULL));
  NULL_REFUSED("options", s2s_options_set_progress(NULL, NULL, NULL));
}

static void test_null_models(void) {
  s2s_model *model;
  const char *value;
  float number;
  NULL_REFUSED("corpus", s2s_model_create(NULL, NULL, &model));
  NULL_REFUSED("model", s2s_model_create(h.corpus, NULL, NULL));
  NULL_REFUSED("model", s2s_model_extend(NULL, h.corpus, NULL, &model));
  NULL_REFUSED("corpus", s2s_model_extend(h.model, NULL, NULL, &model));
  NULL_REFUSED("extended", s2s_model_extend(h.model, h.corpus, NULL, NULL));
  NULL_REFUSED("model", s2s_model_shortlist(NULL, h.corpus, NULL, &model));
  NULL_REFUSED("corpus", s2s_model_shortlist(h.model, NULL, NULL, &model));
  NULL_REFUSED("with", s2s_model_shortlist(h.model, h.corpus, NULL, NULL));
  NULL_REFUSED("model", s2s_model_quantize(NULL, NULL, &model));
  NULL_REFUSED("quantized", s2s_model_quantize(h.model, NULL, NULL));
  NULL_REFUSED("models", s2s_model_ensemble(NULL, 1, NULL, &model));
  NULL_REFUSED("ensemble", s2s_model_ensemble((const s2s_model *[]){h.model}, 1, NULL, NULL));
  NULL_REFUSED("path", s2s_model_load(NULL, NULL, &model));
  NULL_REFUSED("model", s2s_model_load("x", NULL, NULL));
  NULL_REFUSED("bytes", s2s_model_load_buffer(NULL, 0, NULL, &model));
  NULL_REFUSED("model", s2s_model_load_buffer("x", 1, NULL, NULL));
  NULL_REFUSED("read", s2s_model_load_reader(NULL, NULL, NULL, &model));
  NULL_REFUSED("model", s2s_model_load_reader(read_nothing, NULL, NULL, NULL));
  NULL_REFUSED("model", s2s_model_save(NULL, "x"));
  NULL_REFUSED("path", s2s_model_save(h.model, NULL));
  NULL_REFUSED("model", s2s_model_get(NULL, "format", &value));
  NULL_REFUSED("key", s2s_model_get(h.model, NULL, &value));
  NULL_REFUSED("value", s2s_model_get(h.model, "format", NULL));
  NULL_REFUSED("model", s2s_model_parameter_read(NULL, 0, &number, 1));
  NULL_REFUSED("values", s2s_model_parameter_read(h.model, 0, NULL, 1));
  NULL_REFUSED("model", s2s_model_load_parameters(NULL, "x"));
  NULL_REFUSED("path", s2s_model_load_parameters(h.model, NULL));
  NULL_REFUSED("model", s2s_model_parameter_write(NULL, 0, &number, 1));
  NULL_REFUSED("values", s2s_model_parameter_write(h.model, 0, NULL, 1));
}

static void test_null_running(void) {
  s2s_result *result;
  s2s_memory *memory;
  const float *p;
  const int32_t id = 0;
  const size_t length = 1;
  float query[6] = {0};
  NULL_REFUSED("model", s2s_translate(NULL, NULL, texts, NULL, 1, &result));
  NULL_REFUSED("texts", s2s_translate(h.model, NULL, NULL, NULL, 1, &result));
  NULL_REFUSED("result", s2s_translate(h.model, NULL, texts, NULL, 1, NULL));
  NULL_REFUSED("text", s2s_split_document(h.model, NULL, NULL, 1, &(s2s_tokens *){NULL}));
  NULL_REFUSED("sentences", s2s_split_document(h.model, NULL, "a", 1, NULL));
  NULL_REFUSED("model", s2s_translate_document(NULL, NULL, "a", 1, &(s2s_tokens *){NULL}));
  NULL_REFUSED("text", s2s_translate_document(h.model, NULL, NULL, 1, &(s2s_tokens *){NULL}));
  NULL_REFUSED("translated", s2s_translate_document(h.model, NULL, "a", 1, NULL));
  NULL_REFUSED("model", s2s_encoder_init(NULL, NULL, &(s2s_encoder *){NULL}));
  NULL_REFUSED("encoder", s2s_encoder_init(h.model, NULL, NULL));
  NULL_REFUSED("encoder", s2s_encode(NULL, texts, NULL, 1, &memory));
  NULL_REFUSED("texts", s2s_encode(h.encoder, NULL, NULL, 1, &memory));
  NULL_REFUSED("memory", s2s_encode(h.encoder, texts, NULL, 1, NULL));
  NULL_REFUSED("encoder", s2s_encode_ids(NULL, &id, &length, 1, &memory));
  NULL_REFUSED("ids", s2s_encode_ids(h.encoder, NULL, &length, 1, &memory));
  NULL_REFUSED("lengths", s2s_encode_ids(h.encoder, &id, NULL, 1, &memory));
  NULL_REFUSED("memory", s2s_encode_ids(h.encoder, &id, &length, 1, NULL));
  NULL_REFUSED("model", s2s_attention_init(NULL, NULL, &(s2s_attention *){NULL}));
  NULL_REFUSED("attention", s2s_attention_init(h.model, NULL, NULL));
  NULL_REFUSED("attention", s2s_attend(NULL, h.memory, 0, query, 1, NULL, NULL));
  NULL_REFUSED("memory", s2s_attend(h.attention, NULL, 0, query, 1, NULL, NULL));
  NULL_REFUSED("queries", s2s_attend(h.attention, h.memory, 0, NULL, 1, NULL, NULL));
  NULL_REFUSED("model", s2s_decoder_init(NULL, NULL, &(s2s_decoder *){NULL}));
  NULL_REFUSED("decoder", s2s_decoder_init(h.model, NULL, NULL));
  NULL_REFUSED("decoder", s2s_decode(NULL, h.memory, &result));
  NULL_REFUSED("memory", s2s_decode(h.decoder, NULL, &result));
  NULL_REFUSED("result", s2s_decode(h.decoder, h.memory, NULL));
  NULL_REFUSED("decoder", s2s_decoder_start(NULL, h.memory));
  NULL_REFUSED("memory", s2s_decoder_start(h.decoder, NULL));
  NULL_REFUSED("decoder", s2s_decoder_step(NULL, &id, &id, 1, &p));
  NULL_REFUSED("tokens", s2s_decoder_step(h.decoder, NULL, &id, 1, &p));
  NULL_REFUSED("parents", s2s_decoder_step(h.decoder, &id, NULL, 1, &p));
  NULL_REFUSED("log_probabilities", s2s_decoder_step(h.decoder, &id, &id, 1, NULL));
  NULL_REFUSED("decoder", s2s_decoder_copy(NULL, &(s2s_decoder *){NULL}));
  NULL_REFUSED("copy", s2s_decoder_copy(h.decoder, NULL));
  NULL_REFUSED("decoder", s2s_decoder_on_token(NULL, NULL, NULL));
  NULL_REFUSED("decoder", s2s_decoder_set_prefixes(NULL, texts, NULL, 1));
  NULL_REFUSED("texts", s2s_decoder_set_prefixes(h.decoder, NULL, NULL, 1));
  NULL_REFUSED("model", s2s_score(NULL, NULL, texts, NULL, texts, NULL, 1, &result));
  NULL_REFUSED("sources", s2s_score(h.model, NULL, NULL, NULL, texts, NULL, 1, &result));
  NULL_REFUSED("targets", s2s_score(h.model, NULL, texts, NULL, NULL, NULL, 1, &result));
  NULL_REFUSED("result", s2s_score(h.model, NULL, texts, NULL, texts, NULL, 1, NULL));
  NULL_REFUSED("result", s2s_result_link(NULL, 0, 0, 0, NULL, NULL));
}

static void test_null_segmenters(void) {
  s2s_segmenter *segmenter;
  s2s_tokens *tokens;
  const char *const one[] = {NULL};
  s2s_segmenter_of(h.model, S2S_SOURCE, &segmenter);
  NULL_REFUSED("segmenter", s2s_segmenter_new(NULL, S2S_SOURCE, NULL, NULL, 0, NULL));
  NULL_REFUSED("segmenter", s2s_segmenter_of(h.model, S2S_SOURCE, NULL));
  NULL_REFUSED("model", s2s_segmenter_of(NULL, S2S_SOURCE, &(s2s_segmenter *){NULL}));
  NULL_REFUSED("segmenter", s2s_segmenter_save(NULL, "x"));
  NULL_REFUSED("path", s2s_segmenter_save(segmenter, NULL));
  NULL_REFUSED("segmenter", s2s_segment(NULL, "a", 1, &tokens));
  NULL_REFUSED("text", s2s_segment(segmenter, NULL, 1, &tokens));
  NULL_REFUSED("tokens", s2s_segment(segmenter, "a", 1, NULL));
  NULL_REFUSED("segmenter", s2s_join(NULL, one, 1, &tokens));
  NULL_REFUSED("tokens", s2s_join(segmenter, NULL, 1, &tokens));
  NULL_REFUSED("joined", s2s_join(segmenter, one, 1, NULL));
  failed(s2s_join(segmenter, one, 1, &tokens), S2S_BAD_ARGUMENT, "token 0 is NULL", "no token is NULL");
  failed(s2s_segmenter_new(options, 2, NULL, NULL, 0, &(s2s_segmenter *){NULL}), S2S_BAD_ARGUMENT, "side",
         "there are two sides");
  failed(s2s_segmenter_of(h.model, -1, &(s2s_segmenter *){NULL}), S2S_BAD_ARGUMENT, "side", "in a model too");
  failed(s2s_segmenter_new(options, 0, one, NULL, 1, &(s2s_segmenter *){NULL}), S2S_BAD_ARGUMENT, "text 0 is NULL",
         "no text is NULL");
  failed(s2s_segmenter_save(segmenter, FOLDER "x"), S2S_UNSUPPORTED, "'chars' has no pieces", "chars have no pieces");
  ok(s2s_tokens_count(NULL) == 0 && !s2s_tokens_get(NULL, 0) && !s2s_tokens_text(NULL), "no tokens are none");
  size_t begin = 9, end = 9;
  s2s_tokens_range(NULL, 0, &begin, &end);
  s2s_tokens_range(NULL, 0, NULL, NULL);
  ok(begin == 0 && end == 0, "and stand nowhere");
  s2s_segmenter_free(segmenter);
  s2s_segmenter_free(NULL);
  s2s_tokens_free(NULL);
}

static int32_t add_nothing(void *user, float *values, size_t count) { return (void)user, (void)values, (void)count, 0; }

static void test_null_training(void) {
  s2s_trainer *trainer;
  s2s_metrics *metrics;
  double value;
  NULL_REFUSED("corpus", s2s_corpus_new(NULL, NULL));
  NULL_REFUSED("corpus", s2s_corpus_add(NULL, "a", 1, "b", 1));
  NULL_REFUSED("source", s2s_corpus_add(h.corpus, NULL, 1, "b", 1));
  NULL_REFUSED("target", s2s_corpus_add(h.corpus, "a", 1, NULL, 1));
  NULL_REFUSED("corpus", s2s_corpus_load(NULL, "x"));
  NULL_REFUSED("path", s2s_corpus_load(h.corpus, NULL));
  NULL_REFUSED("corpus", s2s_corpus_load_aligned(NULL, "x", "y"));
  NULL_REFUSED("source_path", s2s_corpus_load_aligned(h.corpus, NULL, "y"));
  NULL_REFUSED("target_path", s2s_corpus_load_aligned(h.corpus, "x", NULL));
  NULL_REFUSED("model", s2s_trainer_new(NULL, h.corpus, NULL, NULL, &trainer));
  NULL_REFUSED("corpus", s2s_trainer_new(h.model, NULL, NULL, NULL, &trainer));
  NULL_REFUSED("trainer", s2s_trainer_new(h.model, h.corpus, NULL, NULL, NULL));
  NULL_REFUSED("trainer", s2s_trainer_step(NULL, NULL));
  NULL_REFUSED("trainer", s2s_trainer_run(NULL));
  NULL_REFUSED("trainer", s2s_trainer_set_allreduce(NULL, add_nothing, NULL, 0, 1));
  NULL_REFUSED("allreduce", s2s_trainer_set_allreduce(h.trainer, NULL, NULL, 0, 1));
  NULL_REFUSED("trainer", s2s_trainer_save(NULL, "x"));
  NULL_REFUSED("path", s2s_trainer_save(h.trainer, NULL));
  NULL_REFUSED("path", s2s_trainer_resume(NULL, h.corpus, NULL, NULL, &(s2s_trainer *){NULL}));
  NULL_REFUSED("corpus", s2s_trainer_resume("x", NULL, NULL, NULL, &(s2s_trainer *){NULL}));
  NULL_REFUSED("trainer", s2s_trainer_resume("x", h.corpus, NULL, NULL, NULL));
  NULL_REFUSED("trainer", s2s_trainer_evaluate(NULL));
  NULL_REFUSED("trainer", s2s_trainer_model(NULL, &(s2s_model *){NULL}));
  NULL_REFUSED("model", s2s_trainer_model(h.trainer, NULL));
  NULL_REFUSED("trainer", s2s_trainer_present(NULL, &(s2s_model *){NULL}));
  NULL_REFUSED("model", s2s_evaluate(NULL, h.corpus, NULL, &metrics));
  NULL_REFUSED("corpus", s2s_evaluate(h.model, NULL, NULL, &metrics));
  NULL_REFUSED("metrics", s2s_evaluate(h.model, h.corpus, NULL, NULL));
  const char *const text[] = {"a"};
  NULL_REFUSED("hypotheses", s2s_metric_texts(NULL, NULL, text, 1, 1, &metrics));
  NULL_REFUSED("references", s2s_metric_texts(NULL, text, NULL, 1, 1, &metrics));
  NULL_REFUSED("metrics", s2s_metric_texts(NULL, text, text, 1, 1, NULL));
  NULL_REFUSED("hypotheses", s2s_metric_compare(NULL, NULL, text, text, 1, 1, &metrics));
  NULL_REFUSED("others", s2s_metric_compare(NULL, text, NULL, text, 1, 1, &metrics));
  NULL_REFUSED("references", s2s_metric_compare(NULL, text, text, NULL, 1, 1, &metrics));
  NULL_REFUSED("metrics", s2s_metric_compare(NULL, text, text, text, 1, 1, NULL));
  NULL_REFUSED("metrics", s2s_metrics_get(NULL, "loss", &value));
  NULL_REFUSED("name", s2s_metrics_get(h.metrics, NULL, &value));
  NULL_REFUSED("value", s2s_metrics_get(h.metrics, "loss", NULL));
}

static void test_null_asking(void) {
  size_t a = 7, b = 7;
  ok(!s2s_result_count(NULL) && !s2s_result_hypotheses(NULL, 0) && !s2s_result_text(NULL, 0, 0) &&
         s2s_result_score(NULL, 0, 0) == 0 && s2s_result_log_probability(NULL, 0, 0) == 0,
     "no result has nothing in it");
  ok(!s2s_result_tokens(NULL, 0, 0, &a) && a == 0 && !s2s_result_alignment(NULL, 0, 0, &a, &b) && a + b == 0,
     "no result has neither tokens nor an alignment");
  ok(!s2s_result_copied(NULL, 0, 9) && !s2s_memory_copied(NULL, 0, 9) && !s2s_memory_target_size(NULL),
     "and nothing has copied words");
  ok(!s2s_model_vocabulary_size(NULL, 0) && !s2s_model_token(NULL, 0, 0) && !s2s_model_parameter_count(NULL) &&
         !s2s_model_parameter_name(NULL, 0),
     "no model has neither vocabulary nor parameters");
  a = b = 7;
  ok(!s2s_result_token_scores(NULL, 0, 0, &a) && a == 0 && s2s_result_ending(NULL, 0, 0) == -1 &&
         s2s_result_links(NULL, 0, 0) == 0,
     "so have scores, endings and links of NULL");
  s2s_result_range(NULL, 0, 0, 0, &a, &b);
  s2s_memory_range(NULL, 0, 0, NULL, NULL);
  ok(a + b == 0 && !s2s_memory_text(NULL, 0, &a) && a == 0 && !s2s_decoder_attention(NULL, 0, &a) && a == 0 &&
         !s2s_decoder_query(NULL, 0, &a) && a == 0,
     "and ranges, texts and attention");
  ok(!s2s_memory_count(NULL) && !s2s_memory_dim(NULL) && !s2s_memory_states(NULL, 0, &a) &&
         !s2s_memory_tokens(NULL, 0, &b) && a + b == 0,
     "no memory has neither states nor tokens");
  ok(!s2s_attention_query_dim(NULL) && !s2s_corpus_size(NULL) && !s2s_corpus_text(NULL, 0, 0) &&
         !s2s_trainer_metrics(NULL) && !s2s_metrics_count(NULL) && !s2s_metrics_name(NULL, 0) &&
         s2s_metrics_value(NULL, 0) == 0 && s2s_decoder_memory(NULL, NULL) == 0,
     "no attention, decoder, corpus, trainer and metrics have nothing in them");
  handles none;
  memset(&none, 0, sizeof none);
  for (size_t i = 0; i < HANDLES; i++) free_handle(&none, i);
  s2s_options_free(NULL);
  s2s_decoder_cancel(NULL);
  s2s_trainer_cancel(NULL);
  s2s_decoder_clear_cancel(NULL);
  s2s_trainer_clear_cancel(NULL);
  ok(1, "freeing and cancelling NULL does nothing");
}

/* ---- outputs after a failure ------------------------------------------------------------------------------------- */

/* Sets the pointer to something first: a failure must leave NULL. */
#define LEAVES_NULL(type, pointer, call)                                                                               \
  do {                                                                                                                 \
    type *pointer = (type *)(void *)&watch;                                                                            \
    const int32_t status_ = (call);                                                                                    \
    ok(status_ != S2S_OK && pointer == NULL, "a failure leaves NULL: %s", #call);                                      \
  } while (0)

static void test_outputs(void) {
  const int32_t id = -1;
  const size_t length = 1;
  LEAVES_NULL(s2s_result, p, s2s_translate(NULL, NULL, texts, NULL, 1, &p));
  LEAVES_NULL(s2s_result, p, s2s_translate(h.model, NULL, NULL, NULL, 1, &p));
  LEAVES_NULL(s2s_result, p, s2s_translate(h.model, options, &(const char *){"\xff"}, NULL, 1, &p));
  LEAVES_NULL(s2s_model, p, s2s_model_create(NULL, options, &p));
  LEAVES_NULL(s2s_model, p, s2s_model_load("build/tmp/none", options, &p));
  LEAVES_NULL(s2s_model, p, s2s_model_load_buffer("{}", 2, options, &p));
  LEAVES_NULL(s2s_model, p, s2s_model_load_reader(read_nothing, NULL, options, &p));
  LEAVES_NULL(s2s_encoder, p, s2s_encoder_init(NULL, options, &p));
  LEAVES_NULL(s2s_memory, p, s2s_encode(NULL, texts, NULL, 1, &p));
  LEAVES_NULL(s2s_memory, p, s2s_encode(h.encoder, &(const char *){NULL}, NULL, 1, &p));
  LEAVES_NULL(s2s_memory, p, s2s_encode_ids(h.encoder, &id, &length, 1, &p));
  LEAVES_NULL(s2s_attention, p, s2s_attention_init(NULL, options, &p));
  LEAVES_NULL(s2s_decoder, p, s2s_decoder_init(NULL, options, &p));
  LEAVES_NULL(s2s_result, p, s2s_decode(NULL, h.memory, &p));
  LEAVES_NULL(const float, p, s2s_decoder_step(h.decoder, &id, &id, 1, &p));
  LEAVES_NULL(s2s_decoder, p, s2s_decoder_copy(h.decoder, &p));
  LEAVES_NULL(s2s_result, p, s2s_score(h.model, NULL, texts, NULL, NULL, NULL, 1, &p));
  LEAVES_NULL(s2s_trainer, p, s2s_trainer_new(h.model, NULL, NULL, options, &p));
  LEAVES_NULL(s2s_model, p, s2s_trainer_model(NULL, &p));
  LEAVES_NULL(s2s_metrics, p, s2s_evaluate(h.model, NULL, options, &p));
  LEAVES_NULL(s2s_metrics, p, s2s_metric_texts(options, texts, texts, 0, 1, &p));
  LEAVES_NULL(s2s_metrics, p, s2s_metric_compare(options, texts, texts, texts, 0, 1, &p));
  LEAVES_NULL(const char, p, s2s_options_get(NULL, "beam", &p));
  LEAVES_NULL(const char, p, s2s_options_get(options, "bream", &p));
  LEAVES_NULL(const char, p, s2s_model_get(NULL, "format", &p));
  LEAVES_NULL(const char, p, s2s_model_get(h.model, "beam", &p));
}

/* ---- options ----------------------------------------------------------------------------------------------------- */

static const char *value_of(s2s_options *o, const char *key) {
  const char *value = NULL;
  return s2s_options_get(o, key, &value) == S2S_OK ? value : NULL;
}

static void test_option_values(void) {
  s2s_options *o;
  is_int(s2s_options_new(&o), S2S_OK, "options are made");
  is_text(value_of(o, "beam"), "5", "an option that was not set has its default");
  is_int(s2s_options_set(o, "beam", "7"), S2S_OK, "an option is set");
  is_text(value_of(o, "beam"), "7", "and has its value");
  is_int(s2s_options_set(o, "beam", value_of(o, "beam")), S2S_OK, "an option is set to its own value");
  is_text(value_of(o, "beam"), "7", "and keeps it");
  failed(s2s_options_set(o, "beam", "0"), S2S_BAD_OPTION, "1..1024", "a value out of range is refused with the range");
  failed(s2s_options_set(o, "beam", "many"), S2S_BAD_OPTION, "'many'", "a value that is no number is refused");
  failed(s2s_options_set(o, "beam", ""), S2S_BAD_OPTION, "beam", "an empty value is refused");
  failed(s2s_options_set(o, "encoder.cell", "LSTM"), S2S_BAD_OPTION, "lstm|gru", "a wrong choice is refused");
  failed(s2s_options_set(o, "baem", "7"), S2S_BAD_OPTION, "'beam'", "an unknown key's message names the nearest");
  failed(s2s_options_set(o, "", "7"), S2S_BAD_OPTION, "''", "an empty key is refused");
  failed(s2s_options_set(o, "b\xff\n", "7"), S2S_BAD_OPTION, "b??", "a message has no invalid and no control bytes");
  is_text(value_of(o, "beam"), "7", "a refused value leaves the old one");
  is_int(s2s_options_set(o, "beam", NULL), S2S_OK, "NULL puts the default back");
  is_text(value_of(o, "beam"), "5", "and the default is there");
  failed(s2s_options_get(o, "bream", &(const char *){NULL}), S2S_BAD_OPTION, "bream", "getting an unknown key fails");
  s2s_options_free(o);
}

static void test_option_numbers(void) {
  s2s_options *o = tiny_plain_options(NULL);
  is_int(s2s_options_set_int(o, "seed", INT64_MAX), S2S_OK, "the largest number is set");
  is_text(value_of(o, "seed"), "9223372036854775807", "and read back");
  failed(s2s_options_set_int(o, "seed", INT64_MIN), S2S_BAD_OPTION, "-9223372036854775808", "the smallest is refused");
  is_int(s2s_options_set_real(o, "learning_rate", 0.00025), S2S_OK, "a real number is set");
  ok(strtod(value_of(o, "learning_rate"), NULL) == (double)0.00025, "and read back exactly");
  failed(s2s_options_set_real(o, "dropout", (double)NAN), S2S_BAD_OPTION, "dropout", "not-a-number is refused");
  failed(s2s_options_set_real(o, "dropout", (double)INFINITY), S2S_BAD_OPTION, "dropout", "infinity is refused");
  failed(s2s_options_set_real(o, "beam", 2.5), S2S_BAD_OPTION, "beam", "a fraction is no whole number");
  is_int(s2s_options_set_real(o, "beam", 4), S2S_OK, "a whole number may come as a real one");
  is_int(s2s_options_set_int(o, "dropout", 0), S2S_OK, "and a real one as a whole number");
  failed(s2s_options_set_int(o, "unheard.of", 1), S2S_BAD_OPTION, "unheard.of",
         "an unknown key of a number is refused");
  s2s_options_free(o);
}

static void test_option_files(void) {
  s2s_options *o = tiny_plain_options(NULL);
  const char *path = FOLDER "api_options";
  tiny_write_file(path, "\xef\xbb\xbf# remark\r\n\r\n beam = 9 \nseed=4");
  is_int(s2s_options_load(o, path), S2S_OK, "options are loaded from a file");
  ok(!strcmp(value_of(o, "beam"), "9") && !strcmp(value_of(o, "seed"), "4"), "and have the file's values");
  tiny_write_file(path, "beam = 3\nseed 5\n");
  failed(s2s_options_load(o, path), S2S_BAD_OPTION, "line 2", "a line that fails is named");
  ok(strstr(s2s_error_message(), path) != NULL, "with its file");
  is_text(value_of(o, "beam"), "3", "what stood before it stays set");
  tiny_write_file(path, "");
  is_int(s2s_options_load(o, path), S2S_OK, "an empty file sets nothing");
  failed(s2s_options_load(o, FOLDER "api_none"), S2S_IO, "api_none", "a file that is not there is named");
  failed(s2s_options_load(o, "build/tmp"), S2S_IO, "build/tmp", "a folder is refused");
  remove(path);
  s2s_options_free(o);
}

static void test_option_table(void) {
  s2s_options *o = tiny_plain_options(NULL);
  const size_t count = s2s_option_count();
  int good = 1, defaults = 1;
  for (size_t i = 0; i < count; i++) {
    good = good && *s2s_option_name(i) && s2s_option_default(i) && *s2s_option_range(i) && *s2s_option_help(i) &&
           s2s_option_type(i) >= S2S_OPTION_INT && s2s_option_type(i) <= S2S_OPTION_TEXT &&
           s2s_option_scope(i) >= S2S_SCOPE_MODEL && s2s_option_scope(i) <= S2S_SCOPE_RUNTIME;
    defaults = defaults && s2s_options_set(o, s2s_option_name(i), s2s_option_default(i)) == S2S_OK;
  }
  ok(count > 30 && good, "every option has all its columns");
  ok(defaults, "every default is a value that may be set");
  good = 1;
  static const size_t past[] = {0, 1, SIZE_MAX};
  for (size_t i = 0; i < 3; i++) {
    const size_t at = past[i] == SIZE_MAX ? SIZE_MAX : count + past[i];
    good = good && !s2s_option_name(at) && !s2s_option_default(at) && !s2s_option_range(at) && !s2s_option_help(at) &&
           s2s_option_type(at) == -1 && s2s_option_scope(at) == -1;
  }
  ok(good, "past the end the texts are NULL and the numbers -1");
  s2s_options_free(o);
  const size_t presets = s2s_preset_count();
  ok(presets > 0 && strstr(s2s_preset_settings(0), "batch_sentences=") && s2s_preset_pairs(0) > 0 &&
         !strcmp(s2s_preset_name(0), "rnn-tiny"),
     "presets have names, settings and a size");
  ok(!s2s_preset_name(presets) && !s2s_preset_settings(presets) && !s2s_preset_pairs(presets), "past the end nothing");
}

/* ---- translation, results ---------------------------------------------------------------------------------------- */

static void test_translate(void) {
  s2s_result *r;
  is_int(s2s_translate(h.model, options, NULL, NULL, 0, &r), S2S_OK, "no texts are translated");
  ok(r && s2s_result_count(r) == 0 && s2s_result_hypotheses(r, 0) == 0 && !s2s_result_text(r, 0, 0), "to no results");
  s2s_result_free(r);
  is_int(s2s_translate(h.model, options, texts, NULL, 4, &r), S2S_OK, "texts are translated, empty ones too");
  is_int((int64_t)s2s_result_count(r), 4, "each has its place");
  for (size_t i = 1; i < 3; i++) {
    size_t rows = 7, columns = 7, tokens = 7;
    const float *alignment = s2s_result_alignment(r, i, 0, &rows, &columns);
    ok(s2s_result_hypotheses(r, i) == 1 && !strcmp(s2s_result_text(r, i, 0), "") && s2s_result_score(r, i, 0) == 0,
       "%s text gives one hypothesis, and it is empty", i == 1 ? "an empty" : "a blank");
    ok(s2s_result_tokens(r, i, 0, &tokens) && !tokens && !alignment && !rows && !columns, "without tokens or weights");
  }
  s2s_result_free(r);
  const char *const cut[] = {"abcabc", "ca"};
  const size_t lengths[] = {3, 2};
  s2s_result *whole;
  is_int(s2s_translate(h.model, options, cut, lengths, 2, &r), S2S_OK, "texts with lengths need no NUL");
  is_int(s2s_translate(h.model, options, texts, NULL, 1, &whole), S2S_OK, "nor do they differ");
  is_text(s2s_result_text(r, 0, 0), s2s_result_text(whole, 0, 0), "from texts that have one");
  s2s_result_free(r);
  s2s_result_free(whole);
}

static void test_translate_bad_text(void) {
  s2s_result *r;
  const char *many[130];
  for (size_t i = 0; i < 130; i++) many[i] = i == 100 ? "ab\xc3" : "ab";
  failed(s2s_translate(h.model, options, many, NULL, 130, &r), S2S_BAD_TEXT, "text 100: invalid UTF-8 at byte 3",
         "invalid UTF-8 is named by text and byte");
  many[100] = NULL;
  failed(s2s_translate(h.model, options, many, NULL, 130, &r), S2S_BAD_ARGUMENT, "text 100", "a NULL text is named");
  many[100] = "abcabcabcabc";
  s2s_options_set(options, "max_source_length", "11");
  failed(s2s_translate(h.model, options, many, NULL, 130, &r), S2S_LIMIT, "max_source_length 11",
         "a text longer than max_source_length is refused");
  ok(strstr(s2s_error_message(), "text 100") && strstr(s2s_error_message(), "12"), "with its number and its length");
  s2s_options_set(options, "max_source_length", "12");
  is_int(s2s_translate(h.model, options, many, NULL, 130, &r), S2S_OK, "one that is just as long is not");
  s2s_result_free(r);
  s2s_options_set(options, "max_source_length", NULL);
}

/* ---- ensembles --------------------------------------------------------------------------------------------------- */

static s2s_model *seeded_model(const char *seed, const char *attention) {
  s2s_model *model = NULL;
  s2s_options *o = tiny_options(&watch);
  tiny_set(o, "seed", seed);
  tiny_set(o, "attention.type", attention);
  if (s2s_model_create(h.corpus, o, &model)) diag("%s", s2s_error_message());
  s2s_options_free(o);
  return model;
}

/* Log-probabilities of the first two steps, the second after token 4. */
static void two_steps(const s2s_model *model, float *out, size_t vocabulary) {
  s2s_encoder *encoder;
  s2s_memory *memory;
  s2s_decoder *decoder;
  const float *lp;
  s2s_encoder_init(model, options, &encoder);
  s2s_encode(encoder, texts, NULL, 1, &memory);
  s2s_decoder_init(model, options, &decoder);
  s2s_decoder_start(decoder, memory);
  for (int32_t step = 0; step < 2; step++) {
    if (s2s_decoder_step(decoder, &(int32_t){step ? 4 : 1}, &(int32_t){0}, 1, &lp)) diag("%s", s2s_error_message());
    memcpy(out + (size_t)step * vocabulary, lp, vocabulary * sizeof *lp);
  }
  s2s_decoder_free(decoder);
  s2s_memory_free(memory);
  s2s_encoder_free(encoder);
}

/* The worst difference between a model's parameters and the mean of two others'. */
static double off_mean(const s2s_model *mean, const s2s_model *a, const s2s_model *b) {
  double worst = 0;
  for (size_t i = 0; i < s2s_model_parameter_count(mean); i++) {
    size_t size;
    (void)tiny_parameter(mean, s2s_model_parameter_name(mean, i), &size);
    float *v[3] = {malloc(size * sizeof(float)), malloc(size * sizeof(float)), malloc(size * sizeof(float))};
    if (s2s_model_parameter_read(mean, i, v[0], size) || s2s_model_parameter_read(a, i, v[1], size) ||
        s2s_model_parameter_read(b, i, v[2], size))
      worst = 1;
    for (size_t j = 0; j < size; j++)
      worst = fmax(worst, fabs((double)v[0][j] - ((double)v[1][j] + (double)v[2][j]) / 2));
    for (size_t j = 0; j < 3; j++) free(v[j]);
  }
  return worst;
}

static void test_average(void) {
  const s2s_model *models[3] = {seeded_model("1", "general"), seeded_model("2", "general"),
                                seeded_model("3", "additive")};
  s2s_model *average = NULL, *same = NULL, *nothing = NULL;
  s2s_result *result = NULL;
  is_int(s2s_model_average(models, 2, options, &average), S2S_OK, "two models as their mean");
  ok(off_mean(average, models[0], models[1]) < 1e-7 && off_mean(average, models[0], models[0]) > 1e-3,
     "every parameter is the mean of theirs");
  is_int(s2s_model_average((const s2s_model *[]){models[0], models[0]}, 2, options, &same), S2S_OK, "a model twice");
  ok(off_mean(same, models[0], models[0]) == 0, "is itself, to the bit");
  for (size_t i = 0; i < 2; i++) s2s_model_free((s2s_model *)(uintptr_t)models[i]);
  is_int(s2s_translate(average, options, texts, NULL, 2, &result), S2S_OK, "it needs none of them any more");
  failed(s2s_model_average((const s2s_model *[]){same, models[2]}, 2, options, &nothing), S2S_BAD_ARGUMENT,
         "model 1 is of another shape", "models of another shape have no mean");
  failed(s2s_model_average(models, 0, options, &nothing), S2S_BAD_ARGUMENT, "no models", "nor has nothing");
  s2s_result_free(result);
  s2s_model_free(average);
  s2s_model_free(same);
  s2s_model_free((s2s_model *)(uintptr_t)models[2]);
}

static void test_ensemble(void) {
  const s2s_model *members[3] = {seeded_model("1", "general"), seeded_model("2", "additive"),
                                 seeded_model("3", "none")};
  s2s_model *ensemble = NULL, *alone = NULL, *nothing = NULL;
  s2s_result *result[2] = {NULL, NULL};
  s2s_metrics *metrics[4] = {NULL, NULL, NULL, NULL};
  s2s_trainer *trainer;
  const size_t vocabulary = s2s_model_vocabulary_size(members[0], S2S_TARGET);
  float *lp = malloc(8 * vocabulary * sizeof *lp);
  double loss[4] = {0}, worst = 0;
  is_int(s2s_model_ensemble(members, 3, options, &ensemble), S2S_OK, "three models are one");
  two_steps(ensemble, lp + 6 * vocabulary, vocabulary);
  for (size_t i = 0; i < 3; i++) two_steps(members[i], lp + 2 * i * vocabulary, vocabulary);
  for (size_t j = 0; j < 2 * vocabulary; j++) {
    const double mean = ((double)lp[j] + (double)lp[2 * vocabulary + j] + (double)lp[4 * vocabulary + j]) / 3;
    worst = fmax(worst, fabs(mean - (double)lp[6 * vocabulary + j]));
  }
  ok(worst < 1e-6, "its log-probabilities are the means of theirs, at every step");
  for (size_t i = 0; i < 4; i++) {
    s2s_evaluate(i < 3 ? members[i] : ensemble, h.corpus, options, &metrics[i]);
    s2s_metrics_get(metrics[i], "loss", &loss[i]);
    s2s_metrics_free(metrics[i]);
  }
  ok(fabs(loss[3] - (loss[0] + loss[1] + loss[2]) / 3) < 1e-6, "and its loss");
  const s2s_model *twice[2] = {members[0], members[0]};
  is_int(s2s_model_ensemble(twice, 2, options, &alone), S2S_OK, "a model with itself");
  s2s_translate(members[0], options, texts, NULL, 2, &result[0]);
  s2s_translate(alone, options, texts, NULL, 2, &result[1]);
  size_t rows[2], columns[2];
  const float *weights[2] = {s2s_result_alignment(result[0], 0, 0, &rows[0], &columns[0]),
                             s2s_result_alignment(result[1], 0, 0, &rows[1], &columns[1])};
  ok(s2s_result_log_probability(result[0], 0, 0) == s2s_result_log_probability(result[1], 0, 0) &&
         !strcmp(s2s_result_text(result[0], 1, 0), s2s_result_text(result[1], 1, 0)) && rows[0] == rows[1] &&
         memcmp(weights[0], weights[1], rows[0] * columns[0] * sizeof(float)) == 0,
     "says what it says alone, and looks where it looks");
  s2s_result_free(result[0]);
  s2s_result_free(result[1]);
  failed(s2s_model_save(ensemble, FOLDER "x"), S2S_UNSUPPORTED, "saved", "an ensemble is no file");
  failed(s2s_trainer_new(ensemble, h.corpus, NULL, options, &trainer), S2S_UNSUPPORTED, "trained", "nor trained");
  failed(s2s_model_quantize(ensemble, options, &nothing), S2S_UNSUPPORTED, "quantized", "nor quantized");
  failed(s2s_model_parameter_write(ensemble, 0, (const float[]){0}, 1), S2S_UNSUPPORTED, "written", "nor written");
  failed(s2s_model_load_parameters(ensemble, "Makefile"), S2S_UNSUPPORTED, "written", "nor loaded into");
  failed(s2s_model_extend(ensemble, h.corpus, options, &nothing), S2S_UNSUPPORTED, "extended", "nor extended");
  failed(s2s_model_ensemble((const s2s_model *[]){members[0], ensemble}, 2, options, &nothing), S2S_BAD_ARGUMENT,
         "model 1 is an ensemble itself", "nor a member");
  failed(s2s_model_ensemble(members, 0, options, &nothing), S2S_BAD_ARGUMENT, "no models", "nor of nothing");
  failed(s2s_model_ensemble((const s2s_model *[]){members[0], NULL}, 2, options, &nothing), S2S_BAD_ARGUMENT,
         "model 1 is NULL", "nor of NULL");
  s2s_corpus *other;
  s2s_model *stranger;
  s2s_corpus_new(options, &other);
  tiny_add(other, "x", "y");
  s2s_model_create(other, options, &stranger);
  failed(s2s_model_ensemble((const s2s_model *[]){members[0], stranger}, 2, options, &nothing), S2S_BAD_ARGUMENT,
         "model 1 has another source vocabulary", "nor of models that read otherwise");
  s2s_model_free(stranger);
  s2s_corpus_free(other);
  for (size_t i = 0; i < 3; i++) s2s_model_free((s2s_model *)(uintptr_t)members[i]);
  is_int(s2s_translate(ensemble, options, texts, NULL, 1, &result[0]), S2S_OK, "it keeps its members");
  s2s_result_free(result[0]);
  s2s_model_free(ensemble);
  s2s_model_free(alone);
  free(lp);
}

static int32_t stop_documents(void *user, int32_t event, int64_t done, int64_t total) {
  int64_t *seen = user;
  seen[0] += event == S2S_PROGRESS_TRANSLATED && total == 130 && done == (seen[0] + 1) * 64;
  return seen[0] == seen[1];
}

static void test_documents(void) {
  static const char text[] = " abc. Ca! \n\nb";
  s2s_tokens *sentences = NULL, *translated = NULL;
  s2s_result *result = NULL;
  size_t begin, end;
  is_int(s2s_split_document(h.model, options, text, strlen(text), &sentences), S2S_OK, "a document is split");
  is_int((int64_t)s2s_tokens_count(sentences), 3, "into its sentences");
  is_text(s2s_tokens_get(sentences, 1), "Ca!", "of which each is a text");
  s2s_tokens_range(sentences, 1, &begin, &end);
  ok(begin == 6 && end == 9, "at a place");
  is_text(s2s_tokens_text(sentences), text, "of the text");
  is_int(s2s_translate_document(h.model, options, text, strlen(text), &translated), S2S_OK, "a document is translated");
  const char *each[3] = {s2s_tokens_get(sentences, 0), s2s_tokens_get(sentences, 1), s2s_tokens_get(sentences, 2)};
  is_int(s2s_translate(h.model, options, each, NULL, 3, &result), S2S_OK, "so are its sentences");
  char wanted[256];
  snprintf(wanted, sizeof wanted, " %s %s \n\n%s", s2s_result_text(result, 0, 0), s2s_result_text(result, 1, 0),
           s2s_result_text(result, 2, 0));
  is_text(s2s_tokens_text(translated), wanted, "which stand in their places");
  ok(s2s_tokens_count(translated) == 3 && !strcmp(s2s_tokens_get(translated, 2), s2s_result_text(result, 2, 0)),
     "and are the tokens");
  s2s_result_free(result);
  s2s_tokens_free(translated);
  s2s_tokens_free(sentences);
  is_int(s2s_translate_document(h.model, options, "", 0, &translated), S2S_OK, "an empty document");
  is_text(s2s_tokens_text(translated), "", "stays empty");
  s2s_tokens_free(translated);
  s2s_options *o = tiny_options(&watch);
  tiny_set(o, "document.max_length", "2");
  is_int(s2s_split_document(h.model, o, "abcab", 5, &sentences), S2S_OK, "a long sentence");
  is_int((int64_t)s2s_tokens_count(sentences), 3, "is cut to as many tokens as the option says");
  s2s_tokens_free(sentences);
  char many[2 * 130 + 1];
  int64_t seen[2] = {0, 2};
  for (size_t i = 0; i < 130; i++) memcpy(many + 2 * i, "a\n", 2);
  s2s_options_set_progress(o, stop_documents, seen);
  failed(s2s_translate_document(h.model, o, many, sizeof many - 1, &translated), S2S_CANCELLED, "text 128 of 130",
         "a callback that has seen enough stops it");
  failed(s2s_translate_document(h.model, o, "a. \xC3", 4, &translated), S2S_BAD_TEXT, "byte 4", "invalid UTF-8");
  s2s_options_free(o);
}

/* A NUL inside a text would end it for who reads it. */
static void test_nul(void) {
  static const char *const text[] = {"ab\0c"};
  const size_t length[] = {4};
  s2s_options *o = tiny_options(&watch);
  s2s_corpus *corpus;
  s2s_memory *memory;
  s2s_tokens *tokens;
  s2s_segmenter *segmenter;
  failed(s2s_encode(h.encoder, text, length, 1, &memory), S2S_BAD_TEXT, "a NUL byte at byte 3", "a NUL in a source");
  failed(s2s_corpus_add(h.corpus, "a", 1, text[0], 4), S2S_BAD_TEXT, "a NUL byte at byte 3", "in a pair");
  failed(s2s_split_document(NULL, NULL, text[0], 4, &tokens), S2S_BAD_TEXT, "a NUL byte at byte 3", "in a document");
  (void)(s2s_segmenter_of(h.model, S2S_SOURCE, &segmenter));
  failed(s2s_segment(segmenter, text[0], 4, &tokens), S2S_BAD_TEXT, "a NUL byte at byte 3", "in what is cut");
  s2s_segmenter_free(segmenter);
  tiny_set(o, "invalid_utf8", "replace");
  (void)(s2s_corpus_new(o, &corpus));
  is_int(s2s_corpus_add(corpus, text[0], 4, "b\0", 2), S2S_OK, "replacing: a NUL too");
  is_text(s2s_corpus_text(corpus, 0, S2S_SOURCE), "ab\xEF\xBF\xBD" "c", "replacing: by U+FFFD");
  is_text(s2s_corpus_text(corpus, 0, S2S_TARGET), "b\xEF\xBF\xBD", "replacing: at the end as well");
  s2s_corpus_free(corpus);
  s2s_options_free(o);
}

/* Bytes joined to text: each character is its last byte's, and a NUL is no character. */
static void test_bytes(void) {
  s2s_options *o = tiny_options(&watch);
  s2s_segmenter *segmenter = NULL;
  s2s_tokens *cut = NULL, *joined = NULL;
  const char *tokens[8];
  size_t a[2], b[2], count;
  int same = 1;
  tiny_set(o, "source.tokens", "bytes");
  is_int(s2s_segmenter_new(o, S2S_SOURCE, NULL, NULL, 0, &segmenter), S2S_OK, "bytes are tokens");
  is_int(s2s_segment(segmenter, "cd\xC3\xA9\xE2\x82\xAC", 7, &cut), S2S_OK, "of characters of one, two and three");
  count = s2s_tokens_count(cut);
  for (size_t i = 0; i < count && i < 8; i++) tokens[i] = s2s_tokens_get(cut, i);
  is_int(s2s_join(segmenter, tokens, count, &joined), S2S_OK, "joined");
  is_text(s2s_tokens_text(joined), "cd\xC3\xA9\xE2\x82\xAC", "they are the text again");
  for (size_t i = 0; i < count; i++) {
    s2s_tokens_range(cut, i, &a[0], &a[1]);
    s2s_tokens_range(joined, i, &b[0], &b[1]);
    same &= a[0] == b[0] && a[1] == b[1];
  }
  ok(count == 7 && same, "and stand where they stood");
  s2s_tokens_free(joined);
  is_int(s2s_join(segmenter, (const char *const[]){tokens[0], "<0x00>", "<0xC3>", tokens[1]}, 4, &joined), S2S_OK,
         "bytes that are no text");
  is_text(s2s_tokens_text(joined), "c\xEF\xBF\xBD\xEF\xBF\xBD" "d", "and a NUL become U+FFFD each");
  s2s_tokens_range(joined, 1, &a[0], &a[1]);
  s2s_tokens_range(joined, 3, &b[0], &b[1]);
  ok(a[0] == 1 && a[1] == 4 && b[0] == 7 && b[1] == 8, "which their tokens stand for");
  s2s_tokens_free(joined);
  s2s_tokens_free(cut);
  s2s_segmenter_free(segmenter);
  s2s_options_free(o);
}

/* The option invalid_utf8, wherever text comes in: the text is as if it had had U+FFFD in it. */
static void test_replacement(void) {
#define BAD "a\xC3 b"
#define GOOD "a\xEF\xBF\xBD b"
  s2s_options *o = tiny_options(&watch);
  s2s_corpus *corpus = NULL;
  s2s_encoder *encoder = NULL;
  s2s_segmenter *segmenter = NULL;
  s2s_memory *memory[2] = {NULL, NULL};
  s2s_tokens *tokens = NULL;
  s2s_metrics *metrics = NULL;
  double value = 1;
  size_t count[2];
  tiny_set(o, "invalid_utf8", "replace");
  is_int(s2s_corpus_new(o, &corpus), S2S_OK, "replacing: a corpus");
  is_int(s2s_corpus_add(corpus, BAD, strlen(BAD), "\xFF", 1), S2S_OK, "replacing: it takes a pair");
  is_text(s2s_corpus_text(corpus, 0, S2S_SOURCE), GOOD, "replacing: its source");
  is_text(s2s_corpus_text(corpus, 0, S2S_TARGET), "\xEF\xBF\xBD", "replacing: its target");
  is_int(s2s_encoder_init(h.model, o, &encoder), S2S_OK, "replacing: an encoder");
  is_int(s2s_encode(encoder, &(const char *){BAD}, NULL, 1, &memory[0]), S2S_OK, "replacing: it takes a text");
  is_int(s2s_encode(encoder, &(const char *){GOOD}, NULL, 1, &memory[1]), S2S_OK, "replacing: and the right one");
  const int32_t *ids[2] = {s2s_memory_tokens(memory[0], 0, &count[0]), s2s_memory_tokens(memory[1], 0, &count[1])};
  ok(count[0] == 4 && count[1] == 4 && memcmp(ids[0], ids[1], 4 * sizeof *ids[0]) == 0, "replacing: with equal tokens");
  tiny_set(o, "source.tokens", "bpe:6");
  is_int(s2s_segmenter_new(o, S2S_SOURCE, &(const char *){BAD}, NULL, 1, &segmenter), S2S_OK, "replacing: a segmenter");
  is_int(s2s_segment(segmenter, BAD, strlen(BAD), &tokens), S2S_OK, "replacing: it takes a text");
  is_text(s2s_tokens_text(tokens), GOOD, "replacing: which its tokens have");
  is_int(s2s_metric_texts(o, &(const char *){BAD}, &(const char *){GOOD}, 1, 1, &metrics), S2S_OK,
         "replacing: metrics");
  s2s_metrics_get(metrics, "character_error_rate", &value);
  ok(value == 0, "replacing: which compare what was replaced");
  s2s_metrics_free(metrics);
  s2s_tokens_free(tokens);
  s2s_segmenter_free(segmenter);
  s2s_memory_free(memory[0]);
  s2s_memory_free(memory[1]);
  s2s_encoder_free(encoder);
  s2s_corpus_free(corpus);
  s2s_options_free(o);
#undef BAD
#undef GOOD
}

static void test_absurd_sizes(void) {
  const size_t huge = SIZE_MAX;
  const int32_t id = 1;
  float query[6] = {0}, weights[3];
  s2s_result *r;
  s2s_memory *m;
  const float *p;
  s2s_options *o = tiny_options(&watch);
  s2s_corpus *corpus = tiny_corpus(o);
  if (SIZE_MAX > UINT32_MAX) {
    failed(s2s_translate(h.model, options, texts, &huge, 1, &r), S2S_BAD_TEXT, "text 0", "a text of SIZE_MAX bytes");
    failed(s2s_corpus_add(corpus, "a", huge, "b", 1), S2S_BAD_TEXT, "source", "a source of SIZE_MAX bytes");
    failed(s2s_corpus_add(corpus, "a", 1, "b", huge), S2S_BAD_TEXT, "target", "a target of SIZE_MAX bytes");
  }
  failed(s2s_translate(h.model, options, texts, NULL, huge, &r), S2S_OUT_OF_MEMORY, "memory", "SIZE_MAX texts");
  failed(s2s_encode(h.encoder, texts, NULL, huge, &m), S2S_OUT_OF_MEMORY, "memory", "SIZE_MAX texts to encode");
  failed(s2s_encode_ids(h.encoder, &id, &huge, 1, &m), S2S_LIMIT, "max_source_length", "a sequence of SIZE_MAX ids");
  failed(s2s_attend(h.attention, h.memory, 0, query, huge, weights, NULL), S2S_OUT_OF_MEMORY, "memory",
         "SIZE_MAX queries");
  is_int(s2s_decoder_start(h.decoder, h.memory), S2S_OK, "a decoder is started");
  failed(s2s_decoder_step(h.decoder, &id, &id, huge, &p), S2S_OUT_OF_MEMORY, "memory", "a step of SIZE_MAX rows");
  failed(s2s_model_parameter_read(h.model, 0, query, huge), S2S_BAD_ARGUMENT, "values", "SIZE_MAX values read");
  failed(s2s_model_parameter_write(h.snapshot, 0, query, huge), S2S_BAD_ARGUMENT, "values", "SIZE_MAX values written");
  failed(s2s_model_load_buffer("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10, o, &(s2s_model *){NULL}), S2S_BAD_FILE,
         "header", "a file with a header of SIZE_MAX bytes");
  s2s_options_set(o, "embedding.dim", "65536");
  s2s_options_set(o, "encoder.hidden", "65536");
  s2s_options_set(o, "decoder.bridge", "linear");
  failed(s2s_model_create(corpus, o, &(s2s_model *){NULL}), S2S_LIMIT, "encoder.rnn.weight_ih_l0", "a giant model");
  s2s_corpus_free(corpus);
  s2s_options_free(o);
}

/* Better hypotheses stand first, and each is what its tokens say. */
static int result_is_sound(const s2s_result *r, size_t text, size_t columns) {
  int good = s2s_result_hypotheses(r, text) > 0;
  for (size_t rank = 0; rank < s2s_result_hypotheses(r, text); rank++) {
    size_t count, rows, cols;
    const int32_t *ids = s2s_result_tokens(r, text, rank, &count);
    const float *weights = s2s_result_alignment(r, text, rank, &rows, &cols);
    char joined[64] = "";
    for (size_t i = 0; i < count; i++) strcat(joined, s2s_model_token(h.model, S2S_TARGET, ids[i]));
    good = good && !strcmp(joined, s2s_result_text(r, text, rank)) && (rows == count || rows == count + 1) &&
           cols == columns && s2s_result_log_probability(r, text, rank) <= 0;
    if (rank > 0) good = good && s2s_result_score(r, text, rank - 1) >= s2s_result_score(r, text, rank);
    for (size_t row = 0; row < rows; row++) {
      double sum = 0;
      for (size_t c = 0; c < cols; c++) sum += (double)weights[row * cols + c];
      good = good && fabs(sum - 1) < 1e-5;
    }
  }
  return good;
}

static void test_results(void) {
  s2s_result *r;
  size_t count = 7, rows = 7, columns = 7;
  s2s_options_set(options, "beam", "1");
  s2s_options_set(options, "nbest", "3");
  is_int(s2s_translate(h.model, options, texts, NULL, 4, &r), S2S_OK,
         "more hypotheses are asked for than the beam has");
  is_int((int64_t)s2s_result_hypotheses(r, 0), 3, "the beam is made as wide");
  ok(result_is_sound(r, 0, 3) && result_is_sound(r, 3, 2), "best first, tokens as text, weights adding up to 1");
  ok(!s2s_result_text(r, 4, 0) && !s2s_result_text(r, 0, 3) && !s2s_result_text(r, SIZE_MAX, 0) &&
         !s2s_result_text(r, 0, SIZE_MAX) && !s2s_result_hypotheses(r, 4),
     "out of range there is no text");
  ok(s2s_result_score(r, 4, 0) == 0 && s2s_result_log_probability(r, 0, 3) == 0, "and no score");
  ok(!s2s_result_tokens(r, 4, 0, &count) && count == 0 && !s2s_result_tokens(r, 0, 3, NULL), "and no tokens");
  ok(!s2s_result_alignment(r, 0, 3, &rows, &columns) && rows + columns == 0, "and no alignment");
  ok(s2s_result_alignment(r, 0, 0, NULL, NULL) && s2s_result_tokens(r, 0, 0, NULL), "counts need not be asked for");
  s2s_result_free(r);
  s2s_options_set(options, "nbest", NULL);
  s2s_options_set(options, "beam", "3");
}

static void test_lengths(void) {
  s2s_options *o = tiny_options(&watch);
  s2s_model *model = tiny_model(o);
  s2s_result *r;
  size_t tokens, rows;
  tiny_make_constant(model, tiny_target_id(model, "b"), 50);
  s2s_options_set(o, "beam", "1");
  s2s_options_set(o, "max_length", "4");
  is_int(s2s_translate(model, o, texts, NULL, 1, &r), S2S_OK, "a model that never ends is decoded");
  is_text(s2s_result_text(r, 0, 0), "bbbb", "up to max_length tokens");
  (void)s2s_result_tokens(r, 0, 0, &tokens);
  (void)s2s_result_alignment(r, 0, 0, &rows, NULL);
  ok(tokens == 4 && rows == 4, "with a row of weights for each, and none for an end mark");
  s2s_result_free(r);
  s2s_options_set(o, "max_length", "100");
  s2s_options_set(o, "max_length_ratio", "2");
  is_int(s2s_translate(model, o, texts, NULL, 1, &r), S2S_OK, "and with a larger one");
  is_int((int64_t)strlen(s2s_result_text(r, 0, 0)), 16, "up to 10 + max_length_ratio * source tokens");
  s2s_result_free(r);
  s2s_model_free(model);
  s2s_options_free(o);
}

/* ---- models ------------------------------------------------------------------------------------------------------ */

static void test_model_create(void) {
  s2s_options *o = tiny_options(&watch);
  s2s_corpus *empty;
  s2s_model *model;
  is_int(s2s_corpus_new(o, &empty), S2S_OK, "an empty corpus is made");
  failed(s2s_model_create(empty, o, &model), S2S_BAD_ARGUMENT, "empty", "no model is made from an empty corpus");
  s2s_options_set(o, "decoder.hidden", "7");
  failed(s2s_model_create(h.corpus, o, &model), S2S_BAD_OPTION, "decoder.hidden", "options that do not fit are named");
  s2s_options_set(o, "decoder.bridge", "linear");
  is_int(s2s_model_create(h.corpus, o, &model), S2S_OK, "and made to fit");
  s2s_model_free(model);
  s2s_options_set(o, "vocabulary.max_size", "4");
  is_int(s2s_model_create(h.corpus, o, &model), S2S_OK, "the smallest vocabulary makes a model");
  is_int((int64_t)s2s_model_vocabulary_size(model, S2S_SOURCE), 4, "of the marks and one token");
  s2s_model_free(model);
  s2s_corpus_free(empty);
  s2s_options_free(o);
}

static void test_seed(void) {
  s2s_options *o = tiny_options(&watch);
  tiny_digest digest[3];
  static const char *const seeds[] = {"1", "2", "1"};
  for (size_t i = 0; i < 3; i++) {
    tiny_set(o, "seed", seeds[i]);
    s2s_model *model = tiny_model(o);
    digest[i] = tiny_model_digest(model);
    s2s_model_free(model);
  }
  ok(digest[0] == digest[2], "one seed gives one new model");
  ok(digest[0] != digest[1], "another seed another");
  s2s_options_free(o);
}

static void test_model_asking(void) {
  const char *value;
  size_t total = 0, size;
  for (size_t i = 0; i < s2s_model_parameter_count(h.model); i++)
    (void)tiny_parameter(h.model, s2s_model_parameter_name(h.model, i), &size), total += size;
  ok(s2s_model_get(h.model, "parameters", &value) == S2S_OK && strtoul(value, NULL, 10) == total,
     "a model knows how many numbers it has");
  ok(s2s_model_get(h.model, "encoder.hidden", &value) == S2S_OK && !strcmp(value, "3"), "and its options");
  ok(s2s_model_get(h.model, "encoder.cell", &value) == S2S_OK && !strcmp(value, "lstm"), "those not set too");
  ok(s2s_model_get(h.model, "format", &value) == S2S_OK && !strcmp(value, "1"), "and its format");
  ok(s2s_model_get(h.model, "cpu", &value) == S2S_OK && strcmp(value, "auto") != 0, "and the kernels it runs on");
  failed(s2s_model_get(h.model, "beam", &value), S2S_BAD_OPTION, "beam", "what is no model option is unknown to it");
  failed(s2s_model_get(h.model, "", &value), S2S_BAD_OPTION, "''", "an empty key too");
  is_int((int64_t)s2s_model_vocabulary_size(h.model, S2S_SOURCE), 7, "the vocabulary has three marks and the tokens");
  ok(!strcmp(s2s_model_token(h.model, S2S_TARGET, 0), "<unk>") &&
         !strcmp(s2s_model_token(h.model, S2S_TARGET, 1), "<s>") &&
         !strcmp(s2s_model_token(h.model, S2S_TARGET, 2), "</s>"),
     "the marks come first");
  ok(!s2s_model_token(h.model, S2S_SOURCE, 7) && !s2s_model_token(h.model, S2S_SOURCE, -1) &&
         !s2s_model_token(h.model, S2S_SOURCE, INT32_MIN) && !s2s_model_token(h.model, 2, 0) &&
         !s2s_model_token(h.model, -1, 0) && !s2s_model_vocabulary_size(h.model, 2) &&
         !s2s_model_vocabulary_size(h.model, -1),
     "out of range there is no token");
}

static void test_parameters(void) {
  s2s_model *model = tiny_model(options);
  size_t size, count = s2s_model_parameter_count(model);
  float values[512], back[512];
  ok(s2s_model_parameter_dims(model, count) == 0 && s2s_model_parameter_dim(model, count, 0) == 0 &&
         s2s_model_parameter_size(model, count) == 0 && !s2s_model_parameter_name(model, count),
     "no shape and no name past the last parameter");
  failed(s2s_model_parameter_read(model, SIZE_MAX, values, 1), S2S_BAD_ARGUMENT, "index", "nothing to read there");
  failed(s2s_model_parameter_write(model, count, values, 1), S2S_BAD_ARGUMENT, "index", "nothing to write there");
  const size_t at = tiny_parameter(model, "encoder.rnn.weight_ih_l0", &size);
  is_int((int32_t)s2s_model_parameter_dims(model, at), 2, "a matrix has two dimensions");
  ok(s2s_model_parameter_dim(model, at, 0) == 12 && s2s_model_parameter_dim(model, at, 1) == 5 && size == 60 &&
         s2s_model_parameter_dim(model, at, 2) == 0 && s2s_model_parameter_size(model, at) == 60,
     "which are PyTorch's");
  const size_t bias = tiny_parameter(model, "generator.bias", &size);
  ok(s2s_model_parameter_dims(model, bias) == 1 && s2s_model_parameter_dim(model, bias, 0) == size, "a vector of one");
  failed(s2s_model_parameter_read(model, at, values, 59), S2S_BAD_ARGUMENT, "encoder.rnn.weight_ih_l0",
         "one value less");
  failed(s2s_model_parameter_read(model, at, values, 61), S2S_BAD_ARGUMENT, "60", "one value more");
  failed(s2s_model_parameter_write(model, at, values, 0), S2S_BAD_ARGUMENT, "60", "no value to write");
  for (size_t i = 0; i < 60; i++) values[i] = (float)i / 8;
  is_int(s2s_model_parameter_write(model, at, values, 60), S2S_OK, "before the first handle values are written");
  is_int(s2s_model_parameter_read(model, at, back, 60), S2S_OK, "and read");
  ok(memcmp(values, back, 60 * sizeof *values) == 0, "and are the same");
  s2s_model_free(model);
}

/* Makes one handle (or call) of a kind from the model and frees it again. */
static int32_t use_model(const s2s_model *model, int kind) {
  s2s_encoder *encoder = NULL;
  s2s_decoder *decoder = NULL;
  s2s_attention *attention = NULL;
  s2s_trainer *trainer = NULL;
  s2s_result *result = NULL;
  s2s_metrics *metrics = NULL;
  const int32_t status = kind == 0   ? s2s_encoder_init(model, options, &encoder)
                         : kind == 1 ? s2s_decoder_init(model, options, &decoder)
                         : kind == 2 ? s2s_attention_init(model, options, &attention)
                         : kind == 3 ? s2s_trainer_new(model, h.corpus, NULL, options, &trainer)
                         : kind == 4 ? s2s_translate(model, options, texts, NULL, 1, &result)
                                     : s2s_evaluate(model, h.corpus, options, &metrics);
  s2s_encoder_free(encoder);
  s2s_decoder_free(decoder);
  s2s_attention_free(attention);
  s2s_trainer_free(trainer);
  s2s_result_free(result);
  s2s_metrics_free(metrics);
  return status;
}

static void test_busy(void) {
  static const char *const kinds[] = {"an encoder", "a decoder",     "an attention",
                                      "a trainer",  "a translation", "an evaluation"};
  size_t size;
  float values[64] = {0};
  for (int kind = 0; kind < 6; kind++) {
    s2s_model *model = tiny_model(options);
    const size_t at = tiny_parameter(model, "generator.bias", &size);
    if (use_model(model, kind) != S2S_OK) diag("%s", s2s_error_message());
    char name[64];
    snprintf(name, sizeof name, "after %s no parameter is written", kinds[kind]);
    failed(s2s_model_parameter_write(model, at, values, size), S2S_BUSY, "generator.bias", name);
    s2s_model_free(model);
  }
  const size_t at = tiny_parameter(h.snapshot, "generator.bias", &size);
  is_int(s2s_model_parameter_write(h.snapshot, at, values, size), S2S_OK, "a trainer's new model may be written");
}

typedef struct slow_reader {
  const char *bytes;
  size_t left;
  int64_t answer; /* 0: a byte at a time */
} slow_reader;

static int64_t read_slowly(void *user, void *bytes, size_t size) {
  slow_reader *reader = user;
  if (reader->answer) return reader->answer;
  if (size == 0 || reader->left == 0) return 0;
  memcpy(bytes, reader->bytes++, 1);
  reader->left--;
  return 1;
}

static void test_model_files(void) {
  const char *path = FOLDER "api_model.safetensors";
  s2s_model *model, *slow;
  size_t size;
  is_int(s2s_model_save(h.model, path), S2S_OK, "a model is saved");
  is_int(s2s_model_load(path, options, &model), S2S_OK, "and loaded");
  char *bytes = tiny_read_file(path, &size);
  slow_reader reader = {bytes, size, 0};
  is_int(s2s_model_load_reader(read_slowly, &reader, options, &slow), S2S_OK, "and read a byte at a time");
  ok(tiny_model_digest(model) == tiny_model_digest(h.model) && tiny_model_digest(slow) == tiny_model_digest(h.model),
     "and all three are the same");
  s2s_model_free(slow);
  s2s_model_free(model);
  reader = (slow_reader){bytes, size, -1};
  failed(s2s_model_load_reader(read_slowly, &reader, options, &model), S2S_IO, "reader", "a reader that fails");
  reader = (slow_reader){bytes, size, INT64_MAX};
  ok(s2s_model_load_reader(read_slowly, &reader, options, &model) != S2S_OK, "a reader that says it read too much");
  failed(s2s_model_load(FOLDER "api_none", options, &model), S2S_IO, "api_none", "a file that is not there");
  failed(s2s_model_load("", options, &model), S2S_IO, "''", "a path of nothing");
  failed(s2s_model_load("build/tmp", options, &model), S2S_IO, "build/tmp", "a folder");
  failed(s2s_model_load("Makefile", options, &model), S2S_BAD_FILE, "Makefile", "a file of another kind");
  failed(s2s_model_load_buffer(bytes, size - 1, options, &model), S2S_BAD_FILE, "memory", "a file cut short");
  failed(s2s_model_load_buffer("", 0, options, &model), S2S_BAD_FILE, "memory", "a file of nothing");
  failed(s2s_model_save(h.model, FOLDER "none/model"), S2S_IO, "none/model", "a folder to save to that is not there");
  failed(s2s_model_save(h.model, ""), S2S_IO, "''", "a path of nothing to save to");
  remove(path);
  free(bytes);
}

/* ---- encoder, memory --------------------------------------------------------------------------------------------- */

static void test_encode(void) {
  s2s_memory *memory;
  size_t rows = 7, count = 7;
  is_int(s2s_encode(h.encoder, NULL, NULL, 0, &memory), S2S_OK, "no texts are encoded");
  ok(s2s_memory_count(memory) == 0 && !s2s_memory_states(memory, 0, &rows) && rows == 0, "to an empty memory");
  s2s_memory_free(memory);
  ok(s2s_memory_count(h.memory) == 4 && s2s_memory_dim(h.memory) == 6, "a memory has its sequences and its dimension");
  ok(s2s_memory_states(h.memory, 0, &rows) && rows == 3 && s2s_memory_tokens(h.memory, 0, &count) && count == 3,
     "a state for each token");
  ok(s2s_memory_states(h.memory, 1, &rows) && rows == 0 && s2s_memory_tokens(h.memory, 2, &count) && count == 0,
     "and none for a text without tokens");
  ok(!s2s_memory_states(h.memory, 4, &rows) && !s2s_memory_tokens(h.memory, SIZE_MAX, &count) &&
         s2s_memory_states(h.memory, 0, NULL) && s2s_memory_tokens(h.memory, 0, NULL),
     "nothing out of range, and counts need not be asked for");
  failed(s2s_encode(h.encoder, &(const char *){"\xc3\x28"}, NULL, 1, &memory), S2S_BAD_TEXT,
         "text 0: invalid UTF-8 at byte 1", "a text that is not UTF-8");
}

static void test_encode_ids(void) {
  s2s_memory *memory;
  size_t count = 0, rows;
  const int32_t *known = s2s_memory_tokens(h.memory, 0, &count);
  const float *states = s2s_memory_states(h.memory, 0, &rows);
  const size_t lengths[] = {0, 3};
  is_int(s2s_encode_ids(h.encoder, known, lengths, 2, &memory), S2S_OK, "ids are encoded, an empty sequence first");
  ok(s2s_memory_count(memory) == 2 && memcmp(s2s_memory_states(memory, 1, NULL), states, 3 * 6 * sizeof(float)) == 0,
     "to the same states as the text they come from");
  s2s_memory_free(memory);
  is_int(s2s_encode_ids(h.encoder, NULL, NULL, 0, &memory), S2S_OK, "no sequences are encoded");
  s2s_memory_free(memory);
  const int32_t bad[] = {3, 7, -1, INT32_MAX, INT32_MIN};
  const size_t two = 2, one = 1;
  failed(s2s_encode_ids(h.encoder, bad, &two, 1, &memory), S2S_BAD_ARGUMENT, "id 7", "an id past the vocabulary");
  failed(s2s_encode_ids(h.encoder, bad + 2, &one, 1, &memory), S2S_BAD_ARGUMENT, "id -1", "a negative id");
  failed(s2s_encode_ids(h.encoder, bad + 3, &one, 1, &memory), S2S_BAD_ARGUMENT, "2147483647", "a giant id");
  failed(s2s_encode_ids(h.encoder, bad + 4, &one, 1, &memory), S2S_BAD_ARGUMENT, "-2147483648", "a giant negative id");
  s2s_encoder *brief;
  s2s_options_set(options, "max_source_length", "2");
  is_int(s2s_encoder_init(h.model, options, &brief), S2S_OK, "an encoder for two tokens is made");
  failed(s2s_encode_ids(brief, known, lengths, 2, &memory), S2S_LIMIT, "sequence 1", "a sequence that is too long");
  s2s_options_set(options, "max_source_length", NULL);
  s2s_encoder_free(brief);
}

/* ---- attention --------------------------------------------------------------------------------------------------- */

static void test_attend(void) {
  float queries[12], weights[6], contexts[12];
  double worst = 0;
  for (size_t i = 0; i < 12; i++) queries[i] = (float)i / 4 - 1;
  is_int((int64_t)s2s_attention_query_dim(h.attention), 6, "a query is as wide as the decoder");
  is_int(s2s_attend(h.attention, h.memory, 0, queries, 2, weights, contexts), S2S_OK, "two queries are attended");
  const float *states = s2s_memory_states(h.memory, 0, NULL);
  for (size_t q = 0; q < 2; q++) {
    double sum = 0;
    for (size_t s = 0; s < 3; s++) sum += (double)weights[3 * q + s];
    if (fabs(sum - 1) > worst) worst = fabs(sum - 1);
    for (size_t d = 0; d < 6; d++) {
      double context = 0;
      for (size_t s = 0; s < 3; s++) context += (double)weights[3 * q + s] * (double)states[6 * s + d];
      if (fabs(context - (double)contexts[6 * q + d]) > worst) worst = fabs(context - (double)contexts[6 * q + d]);
    }
  }
  ok(worst < 1e-6, "weights add up to 1, and contexts are the weighted sums of the states");
  ok(s2s_attend(h.attention, h.memory, 0, queries, 2, NULL, contexts) == S2S_OK &&
         s2s_attend(h.attention, h.memory, 0, queries, 2, weights, NULL) == S2S_OK &&
         s2s_attend(h.attention, h.memory, 0, queries, 2, NULL, NULL) == S2S_OK,
     "weights and contexts need not be asked for");
  is_int(s2s_attend(h.attention, h.memory, 0, NULL, 0, weights, contexts), S2S_OK, "no queries are attended");
  for (size_t d = 0; d < 6; d++) contexts[d] = 9;
  is_int(s2s_attend(h.attention, h.memory, 1, queries, 1, NULL, contexts), S2S_OK, "a query to an empty sequence");
  int zero = 1;
  for (size_t d = 0; d < 6; d++) zero = zero && contexts[d] == 0;
  ok(zero, "has a context of zeros");
  failed(s2s_attend(h.attention, h.memory, 4, queries, 1, weights, NULL), S2S_BAD_ARGUMENT, "4", "no such sequence");
  failed(s2s_attend(h.attention, h.memory, SIZE_MAX, queries, 1, weights, NULL), S2S_BAD_ARGUMENT, "4", "nor that");
}

static void test_attention_none(void) {
  s2s_options *o = tiny_options(&watch);
  s2s_attention *attention;
  s2s_result *result;
  size_t rows = 7, columns = 7;
  s2s_options_set(o, "attention.type", "none");
  s2s_model *model = tiny_model(o);
  failed(s2s_attention_init(model, o, &attention), S2S_UNSUPPORTED, "attention.type none", "no attention, no handle");
  is_int(s2s_translate(model, o, texts, NULL, 4, &result), S2S_OK, "but translation");
  ok(!s2s_result_alignment(result, 0, 0, &rows, &columns) && rows == 0, "without alignments");
  s2s_result_free(result);
  s2s_model_free(model);
  s2s_options_free(o);
}

/* In Bahdanau's order the first query is the decoder's first state, with bridge copy the encoder's last: the forward
 * half of the last row and the backward half of the first. */
static void test_attention_is_the_decoders(void) {
  static const char *const types[] = {"additive", "general"};
  for (size_t t = 0; t < 2; t++) {
    s2s_options *o = tiny_options(&watch);
    s2s_memory *memory;
    s2s_result *result;
    s2s_encoder *encoder;
    s2s_decoder *decoder;
    s2s_attention *attention;
    float query[6], weights[3];
    size_t rows, columns;
    s2s_options_set(o, "decoder.order", "bahdanau");
    s2s_options_set(o, "attention.type", types[t]);
    s2s_model *model = tiny_model(o);
    s2s_encoder_init(model, o, &encoder), s2s_decoder_init(model, o, &decoder),
        s2s_attention_init(model, o, &attention);
    s2s_encode(encoder, texts, NULL, 4, &memory);
    const float *states = s2s_memory_states(memory, 0, &rows);
    memcpy(query, states + (rows - 1) * 6, 3 * sizeof *query);
    memcpy(query + 3, states + 3, 3 * sizeof *query);
    is_int(s2s_attend(attention, memory, 0, query, 1, weights, NULL), S2S_OK, "the first query of a %s decoder",
           types[t]);
    is_int(s2s_decode(decoder, memory, &result), S2S_OK, "and the decoder itself");
    const float *alignment = s2s_result_alignment(result, 0, 0, &rows, &columns);
    ok(alignment && columns == 3 && memcmp(alignment, weights, sizeof weights) == 0, "have the same weights");
    s2s_result_free(result), s2s_memory_free(memory), s2s_attention_free(attention);
    s2s_decoder_free(decoder), s2s_encoder_free(encoder), s2s_model_free(model), s2s_options_free(o);
  }
}

static void test_other_model(void) {
  s2s_model *model = tiny_model(options);
  s2s_decoder *decoder;
  s2s_attention *attention;
  s2s_result *result;
  const float query[6] = {0};
  is_int(s2s_decoder_init(model, options, &decoder), S2S_OK, "a decoder of another model is made");
  is_int(s2s_attention_init(model, options, &attention), S2S_OK, "and an attention");
  failed(s2s_decode(decoder, h.memory, &result), S2S_BAD_ARGUMENT, "another model", "it decodes no memory of this one");
  failed(s2s_decoder_start(decoder, h.memory), S2S_BAD_ARGUMENT, "another model", "nor does it start on it");
  failed(s2s_attend(attention, h.memory, 0, query, 1, NULL, NULL), S2S_BAD_ARGUMENT, "another model",
         "nor attend to it");
  s2s_attention_free(attention);
  s2s_decoder_free(decoder);
  s2s_model_free(model);
}

/* ---- the decoder step by step ------------------------------------------------------------------------------------ */

static s2s_decoder *fresh_decoder(const char *beam) {
  s2s_decoder *decoder = NULL;
  const char *before = value_of(options, "beam");
  char keep[16];
  snprintf(keep, sizeof keep, "%s", before);
  s2s_options_set(options, "beam", beam);
  if (s2s_decoder_init(h.model, options, &decoder) != S2S_OK) diag("%s", s2s_error_message());
  s2s_options_set(options, "beam", keep);
  return decoder;
}

static void test_step_arguments(void) {
  s2s_decoder *decoder = fresh_decoder("1");
  const int32_t bos[] = {1, 1, 1, 1}, rows[] = {0, 1, 2, 3}, bad[] = {-1, 7, 4, INT32_MIN};
  const float *p;
  failed(s2s_decoder_step(decoder, bos, rows, 1, &p), S2S_BAD_ARGUMENT, "s2s_decoder_start", "no step before a start");
  is_int(s2s_decoder_start(decoder, h.memory), S2S_OK, "a decoder is started");
  failed(s2s_decoder_step(decoder, bad, rows, 1, &p), S2S_BAD_ARGUMENT, "token -1", "a negative token");
  failed(s2s_decoder_step(decoder, bad + 1, rows, 1, &p), S2S_BAD_ARGUMENT, "token 7", "a token past the vocabulary");
  failed(s2s_decoder_step(decoder, bos, bad, 1, &p), S2S_BAD_ARGUMENT, "parent -1", "a negative parent");
  failed(s2s_decoder_step(decoder, bos, bad + 2, 1, &p), S2S_BAD_ARGUMENT, "parent 4", "a parent past the last");
  failed(s2s_decoder_step(decoder, bos, bad + 3, 1, &p), S2S_BAD_ARGUMENT, "-2147483648", "a giant negative parent");
  is_int(s2s_decoder_step(decoder, bos, rows, 4, &p), S2S_OK, "a refused step may be made well again");
  int good = 1;
  for (size_t r = 0; r < 4; r++) {
    double sum = 0;
    for (size_t v = 0; v < 7; v++) sum += exp((double)p[7 * r + v]);
    good = good && fabs(sum - 1) < 1e-5;
  }
  ok(good, "probabilities add up to 1, those after an empty text too");
  is_int(s2s_decoder_step(decoder, NULL, NULL, 0, &p), S2S_OK, "a step of no rows drops all");
  failed(s2s_decoder_step(decoder, bos, rows, 1, &p), S2S_BAD_ARGUMENT, "0 rows", "and leaves none to go on from");
  s2s_result *result;
  is_int(s2s_decoder_start(decoder, h.memory), S2S_OK, "started anew");
  is_int(s2s_decode(decoder, h.memory, &result), S2S_OK, "it may decode at once");
  failed(s2s_decoder_step(decoder, bos, rows, 1, &p), S2S_BAD_ARGUMENT, "s2s_decoder_start", "which ends the steps");
  s2s_result_free(result);
  s2s_decoder_free(decoder);
}

static size_t best_of(const float *p, size_t n) {
  size_t best = 0;
  for (size_t v = 0; v < n; v++)
    if (v != 1 && p[v] > p[best]) best = v;
  return best;
}

static void test_steps_are_decoding(void) {
  s2s_decoder *decoder = fresh_decoder("1");
  s2s_result *result;
  const float *p;
  int32_t token = 1, parent = 0, said[16];
  size_t count = 0, wanted;
  double total = 0;
  is_int(s2s_decode(decoder, h.memory, &result), S2S_OK, "a text is decoded greedily");
  is_int(s2s_decoder_start(decoder, h.memory), S2S_OK, "and step by step");
  while (count < 9) {
    if (s2s_decoder_step(decoder, &token, &parent, 1, &p) != S2S_OK) break;
    token = (int32_t)best_of(p, 7);
    total += (double)p[token];
    said[count++] = token;
    if (token == 2) break;
  }
  const int32_t *ids = s2s_result_tokens(result, 0, 0, &wanted);
  if (count && said[count - 1] == 2) count--;
  ok(count == wanted && memcmp(ids, said, count * sizeof *ids) == 0, "both say the same");
  ok(total == s2s_result_log_probability(result, 0, 0), "with the same probability");
  s2s_result_free(result);
  s2s_decoder_free(decoder);
}

static void test_parents(void) {
  s2s_decoder *decoder = fresh_decoder("1");
  const int32_t bos[] = {1, 1, 1}, sentences[] = {3, 0, 0}, next[] = {4, 3, 4, 4}, parents[] = {1, 0, 2, 0};
  const float *p;
  float first[7], second[7];
  is_int(s2s_decoder_start(decoder, h.memory), S2S_OK, "a decoder is started");
  is_int(s2s_decoder_step(decoder, bos, sentences, 3, &p), S2S_OK, "a sentence may have several rows");
  ok(p && memcmp(p + 7, p + 14, sizeof first) == 0 && memcmp(p, p + 7, sizeof first) != 0, "which are equal");
  is_int(s2s_decoder_step(decoder, next, parents, 4, &p), S2S_OK, "rows go on from any row");
  ok(p && memcmp(p, p + 14, sizeof first) == 0 && memcmp(p, p + 21, sizeof first) != 0, "by parent and token");
  memcpy(first, p + 21, sizeof first);
  const int32_t alone = 3, row = 0, token = 4;
  s2s_decoder_start(decoder, h.memory);
  s2s_decoder_step(decoder, bos, &alone, 1, &p);
  s2s_decoder_step(decoder, &token, &row, 1, &p);
  memcpy(second, p, sizeof second);
  ok(memcmp(first, second, sizeof first) == 0, "and a row is bit for bit what it is alone");
  s2s_decoder_free(decoder);
}

static void test_decoder_cancel(void) {
  s2s_decoder *decoder = fresh_decoder("2");
  s2s_result *result;
  s2s_memory *empty;
  const float *p;
  const int32_t bos = 1, row = 0;
  s2s_decoder_cancel(decoder);
  failed(s2s_decode(decoder, h.memory, &result), S2S_CANCELLED, "cancelled", "the decode after a cancel is cancelled");
  failed(s2s_decoder_step(decoder, &bos, &row, 1, &p), S2S_BAD_ARGUMENT, "s2s_decoder_start",
         "a cancelled decode leaves no steps to be made");
  is_int(s2s_decode(decoder, h.memory, &result), S2S_OK, "and the one after that is not");
  s2s_result_free(result);
  is_int(s2s_encode(h.encoder, NULL, NULL, 0, &empty), S2S_OK, "there is nothing to decode");
  s2s_decoder_cancel(decoder);
  failed(s2s_decode(decoder, empty, &result), S2S_CANCELLED, "cancelled",
         "the next decode it is, whatever it has to do");
  is_int(s2s_decode(decoder, empty, &result), S2S_OK, "decoding nothing gives a result");
  is_int((int64_t)s2s_result_count(result), 0, "with nothing in it");
  s2s_result_free(result);
  s2s_memory_free(empty);
  s2s_decoder_free(decoder);
}

/* ---- corpora ----------------------------------------------------------------------------------------------------- */

static void test_corpus(void) {
  s2s_corpus *c;
  is_int(s2s_corpus_new(NULL, &c), S2S_OK, "a corpus is made");
  failed(s2s_corpus_add(c, "", 0, "b", 1), S2S_BAD_TEXT, "source", "no empty source");
  failed(s2s_corpus_add(c, "a", 1, " \t", 2), S2S_BAD_TEXT, "target", "no blank target");
  failed(s2s_corpus_add(c, "a", 1, "b\nc", 3), S2S_BAD_TEXT, "byte 2", "no line break");
  failed(s2s_corpus_add(c, "a\xff", 2, "b", 1), S2S_BAD_TEXT, "source: invalid UTF-8 at byte 2", "no invalid UTF-8");
  is_int((int64_t)s2s_corpus_size(c), 0, "what is refused is not added");
  char source[] = "ab", target[] = "cd";
  is_int(s2s_corpus_add(c, source, 1, target, 2), S2S_OK, "a pair is added");
  source[0] = target[0] = 'X';
  is_text(s2s_corpus_text(c, 0, S2S_SOURCE), "a", "as a copy of so many bytes");
  is_text(s2s_corpus_text(c, 0, S2S_TARGET), "cd", "on either side");
  ok(!s2s_corpus_text(c, 1, 0) && !s2s_corpus_text(c, SIZE_MAX, 0) && !s2s_corpus_text(c, 0, 2) &&
         !s2s_corpus_text(c, 0, -1),
     "out of range there is no text");
  s2s_corpus_free(c);
}

static void test_corpus_files(void) {
  s2s_corpus *c;
  const char *path = FOLDER "api_corpus", *other = FOLDER "api_corpus_2";
  s2s_corpus_new(NULL, &c);
  tiny_write_file(path, "\xef\xbb\xbf"
                        "a\tb\r\nc d\te");
  is_int(s2s_corpus_load(c, path), S2S_OK, "a file of pairs is loaded");
  ok(s2s_corpus_size(c) == 2 && !strcmp(s2s_corpus_text(c, 0, 0), "a") && !strcmp(s2s_corpus_text(c, 0, 1), "b"),
     "without its byte order mark and line ends");
  is_int(s2s_corpus_load(c, path), S2S_OK, "a second one is added");
  is_int((int64_t)s2s_corpus_size(c), 4, "to the first");
  tiny_write_file(path, "a\tb\na b\n");
  failed(s2s_corpus_load(c, path), S2S_BAD_TEXT, "api_corpus:2", "a line without a tab is named");
  is_int((int64_t)s2s_corpus_size(c), 4, "and nothing of its file is kept");
  tiny_write_file(other, "x\n");
  failed(s2s_corpus_load_aligned(c, path, other), S2S_BAD_TEXT, "api_corpus_2:2", "files of different length");
  failed(s2s_corpus_load(c, FOLDER "api_none"), S2S_IO, "api_none", "a file that is not there");
  failed(s2s_corpus_load_aligned(c, path, FOLDER "api_none"), S2S_IO, "api_none", "a second file that is not there");
  failed(s2s_corpus_load_aligned(c, FOLDER "api_none", path), S2S_IO, "api_none", "a first file that is not there");
  tiny_write_file(path, "");
  failed(s2s_corpus_load(c, path), S2S_BAD_TEXT, "empty", "an empty file");
  remove(path);
  remove(other);
  s2s_corpus_free(c);
}

/* ---- segmenters -------------------------------------------------------------------------------------------------- */

static const char *const pangrams[] = {"the quick brown fox jumps over the lazy dog",
                                       "the five boxing wizards jump quickly",
                                       "pack my box with five dozen liquor jugs", "the dog and the fox and the box"};

static s2s_segmenter *make_segmenter(const char *tokens) {
  s2s_segmenter *segmenter = NULL;
  s2s_options *o = tiny_plain_options(&watch);
  tiny_set(o, "source.tokens", tokens);
  tiny_set(o, "source.normalize", "nfd");
  if (s2s_segmenter_new(o, S2S_SOURCE, pangrams, NULL, 4, &segmenter)) diag("%s", s2s_error_message());
  s2s_options_free(o);
  return segmenter;
}

static int same_tokens(const s2s_tokens *a, const s2s_tokens *b) {
  if (s2s_tokens_count(a) != s2s_tokens_count(b)) return 0;
  for (size_t i = 0; i < s2s_tokens_count(a); i++)
    if (strcmp(s2s_tokens_get(a, i), s2s_tokens_get(b, i)) != 0) return 0;
  return 1;
}

static void test_segmenter(const char *tokens) {
  static const char text[] = "the qu\xC3\xAF"
                             "ck dog\xED\x95\x9C";
  s2s_segmenter *segmenter = make_segmenter(tokens);
  s2s_tokens *cut, *joined;
  const char *list[100];
  is_int(s2s_segment(segmenter, text, strlen(text), &cut), S2S_OK, "%s: a text is cut", tokens);
  const size_t count = s2s_tokens_count(cut);
  size_t begin, end, before = 0, ordered = 1;
  for (size_t i = 0; i < count && i < 100; i++) {
    list[i] = s2s_tokens_get(cut, i);
    s2s_tokens_range(cut, i, &begin, &end);
    ordered &= begin >= before && end >= begin && end <= strlen(text);
    before = end;
  }
  ok(count > 2 && count < 100 && ordered && before == strlen(text), "into tokens that know where they stand (%zu)",
     count);
  ok(!s2s_tokens_get(cut, count) && strcmp(s2s_tokens_text(cut), text) == 0, "the text is kept");
  is_int(s2s_join(segmenter, list, count, &joined), S2S_OK, "they are joined");
  is_text(s2s_tokens_text(joined), text, "and give the text again, composed");
  ok(same_tokens(cut, joined), "from the tokens that were given");
  s2s_tokens_free(joined);
  failed(s2s_segment(segmenter, "ab\xFF", 3, &joined), S2S_BAD_TEXT, "byte 3", "invalid UTF-8 is refused");
  list[0] = "\xFF";
  failed(s2s_join(segmenter, list, 1, &joined), S2S_BAD_TEXT, "token 0: invalid UTF-8", "in tokens too");
  s2s_segmenter_free(segmenter);
  ok(count > 0 && list[1] == s2s_tokens_get(cut, 1), "tokens outlive the segmenter");
  s2s_tokens_free(cut);
}

/* Pieces that were learnt, saved and read again; and those of a model, through its file. */
static void test_pieces_kept(void) {
  s2s_segmenter *learnt = make_segmenter("bpe:40"), *read = NULL, *own = NULL;
  s2s_tokens *a, *b;
  is_int(s2s_segmenter_save(learnt, FOLDER "pieces.model"), S2S_OK, "pieces are saved");
  read = make_segmenter("spm:" FOLDER "pieces.model");
  s2s_segment(learnt, pangrams[0], strlen(pangrams[0]), &a);
  s2s_segment(read, pangrams[0], strlen(pangrams[0]), &b);
  ok(same_tokens(a, b) && s2s_tokens_count(a) > 9, "and cut the same way when they are read again");
  s2s_tokens_free(b);
  failed(s2s_segmenter_save(learnt, FOLDER "none/pieces.model"), S2S_IO, "none/pieces.model",
         "into a folder that is there");

  s2s_options *o = tiny_options(&watch);
  s2s_corpus *corpus;
  s2s_model *model, *again;
  s2s_result *before, *after;
  tiny_set(o, "source.tokens", "spm:" FOLDER "pieces.model");
  tiny_set(o, "target.tokens", "unigram:30");
  s2s_corpus_new(o, &corpus);
  for (size_t i = 0; i < 4; i++) tiny_add(corpus, pangrams[i], pangrams[3 - i]);
  is_int(s2s_model_create(corpus, o, &model), S2S_OK, "a model is made with pieces");
  const char *value;
  ok(s2s_model_get(model, "source.tokens", &value) == S2S_OK && strcmp(value, "spm") == 0,
     "it has them itself, and forgets the file");
  is_int(s2s_model_save(model, FOLDER "pieces.safetensors"), S2S_OK, "it is saved");
  is_int(s2s_model_load(FOLDER "pieces.safetensors", o, &again), S2S_OK, "and loaded");
  is_int(s2s_segmenter_of(again, S2S_SOURCE, &own), S2S_OK, "its segmenter");
  s2s_translate(model, o, pangrams, NULL, 4, &before);
  s2s_translate(again, o, pangrams, NULL, 4, &after);
  is_text(s2s_result_text(after, 0, 0), s2s_result_text(before, 0, 0), "it translates as before");
  s2s_model_free(again);
  s2s_segment(own, pangrams[0], strlen(pangrams[0]), &b);
  ok(same_tokens(a, b), "its segmenter, which outlives it, cuts as before");
  s2s_tokens_free(a);
  s2s_tokens_free(b);
  s2s_result_free(before);
  s2s_result_free(after);
  s2s_segmenter_free(own);
  s2s_segmenter_free(learnt);
  s2s_segmenter_free(read);
  s2s_model_free(model);
  s2s_corpus_free(corpus);
  s2s_options_free(o);
}

static void test_joint_vocabulary(void) {
  s2s_options *o = tiny_options(&watch);
  s2s_corpus *corpus;
  s2s_model *model = NULL;
  s2s_corpus_new(o, &corpus);
  tiny_add(corpus, "ab", "cd");
  tiny_set(o, "vocabulary.joint", "yes");
  s2s_model_create(corpus, o, &model);
  ok(s2s_model_vocabulary_size(model, S2S_SOURCE) == 7 && s2s_model_vocabulary_size(model, S2S_TARGET) == 7,
     "with vocabulary.joint both sides know the tokens of both");
  s2s_model_free(model);
  tiny_set(o, "target.tokens", "words");
  failed(s2s_model_create(corpus, o, &model), S2S_BAD_OPTION, "vocabulary.joint yes", "which must be of one kind");
  s2s_corpus_free(corpus);
  s2s_options_free(o);
}

/* ---- training, evaluation ---------------------------------------------------------------------------------------- */

static void test_training_arguments(void) {
  s2s_corpus *empty;
  s2s_trainer *trainer;
  s2s_metrics *metrics;
  s2s_corpus_new(NULL, &empty);
  failed(s2s_trainer_new(h.model, empty, NULL, options, &trainer), S2S_BAD_ARGUMENT, "no pairs", "no empty corpus to learn");
  failed(s2s_trainer_new(h.model, h.corpus, empty, options, &trainer), S2S_BAD_ARGUMENT, "empty", "no empty dev set");
  failed(s2s_evaluate(h.model, empty, options, &metrics), S2S_BAD_ARGUMENT, "empty", "no empty corpus to be judged by");
  is_int(s2s_trainer_new(h.model, h.corpus, NULL, NULL, &trainer), S2S_OK, "options may be NULL, and the dev set");
  failed(s2s_trainer_evaluate(trainer), S2S_BAD_ARGUMENT, "dev", "without a dev set there is no evaluation");
  double loss = 0;
  ok(s2s_trainer_step(trainer, &loss) == S2S_OK && loss > 0 && s2s_trainer_step(trainer, NULL) == S2S_OK,
     "a step's loss may be asked for, or not");
  s2s_trainer_free(trainer);
  s2s_corpus_free(empty);
}

static void test_metrics(void) {
  static const char *const names[] = {"loss",
                                      "perplexity",
                                      "token_error_rate",
                                      "sequence_error_rate",
                                      "line_token_error_rate",
                                      "line_sequence_error_rate",
                                      "character_error_rate",
                                      "bleu",
                                      "chrf",
                                      "sentences",
                                      "lines"};
  const size_t count = s2s_metrics_count(h.metrics);
  double value = 7;
  int good = count == TINY_COUNT(names);
  for (size_t i = 0; i < TINY_COUNT(names); i++)
    good = good && s2s_metrics_get(h.metrics, names[i], &value) == S2S_OK && isfinite(value);
  ok(good, "an evaluation has the documented figures");
  for (size_t i = 0; i < count; i++)
    good = good && s2s_metrics_get(h.metrics, s2s_metrics_name(h.metrics, i), &value) == S2S_OK &&
           value == s2s_metrics_value(h.metrics, i);
  ok(good, "by name and by index alike");
  ok(!s2s_metrics_name(h.metrics, count) && s2s_metrics_value(h.metrics, count) == 0 &&
         !s2s_metrics_name(h.metrics, SIZE_MAX),
     "and none past the end");
  value = 7;
  failed(s2s_metrics_get(h.metrics, "bleurgh", &value), S2S_BAD_ARGUMENT, "bleurgh", "a figure that is not there");
  ok(value == 7, "is not written");
  const s2s_metrics *live = s2s_trainer_metrics(h.trainer);
  good = s2s_metrics_get(live, "updates", &value) == S2S_OK && value == 0;
  ok(good && s2s_metrics_get(live, "parameters", &value) == S2S_OK && value > 0,
     "a trainer has figures from the start");
}

/* ---- freeing ----------------------------------------------------------------------------------------------------- */

static void test_free_orders(void) {
  int good = 1;
  uint32_t draw = 1;
  for (int round = 0; round < 40; round++) {
    tiny_watch own;
    tiny_watch_init(&own);
    handles made;
    s2s_options_set_allocator(options, tiny_allocate, &own);
    good = make_handles(&made) == S2S_OK && good;
    size_t order[HANDLES];
    for (size_t i = 0; i < HANDLES; i++) order[i] = i;
    for (size_t i = HANDLES; i-- > 1;) {
      draw = draw * 1664525u + 1013904223u;
      const size_t other = (draw >> 8) % (i + 1), keep = order[i];
      order[i] = order[other];
      order[other] = keep;
    }
    for (size_t i = 0; i < HANDLES; i++) free_handle(&made, order[i]);
    good = good && tiny_watch_is_clean(&own);
  }
  s2s_options_set_allocator(options, tiny_allocate, &watch);
  ok(good, "handles are freed in any order, and nothing is left");
}

static void test_use_after_origins(void) {
  handles made;
  s2s_options *o = tiny_options(&watch), *keep = options;
  options = o;
  make_handles(&made);
  options = keep;
  s2s_result *result;
  s2s_memory *memory;
  s2s_model *snapshot;
  float query[6] = {1, 2}, weights[3];
  s2s_model_free(made.model);
  s2s_corpus_free(made.corpus);
  s2s_options_free(o);
  is_int(s2s_encode(made.encoder, texts, NULL, 4, &memory), S2S_OK, "an encoder works when its model was freed");
  s2s_encoder_free(made.encoder);
  is_int(s2s_decode(made.decoder, memory, &result), S2S_OK, "a decoder too, and the encoder");
  s2s_decoder_free(made.decoder);
  is_int(s2s_attend(made.attention, memory, 0, query, 1, weights, NULL), S2S_OK, "and an attention");
  s2s_memory_free(memory);
  is_text(s2s_result_text(result, 0, 0), s2s_result_text(made.result, 0, 0), "a result outlives all");
  is_int(s2s_trainer_run(made.trainer), S2S_OK, "a trainer runs when model, corpus and options were freed");
  is_int(s2s_trainer_model(made.trainer, &snapshot), S2S_OK, "and gives its model");
  s2s_trainer_free(made.trainer);
  s2s_result_free(made.result);
  is_int(s2s_translate(snapshot, NULL, texts, NULL, 4, &made.result), S2S_OK, "which outlives the trainer");
  s2s_result_free(made.result);
  s2s_model_free(snapshot);
  s2s_model_free(made.snapshot);
  s2s_result_free(result);
  s2s_memory_free(made.memory);
  s2s_attention_free(made.attention);
  s2s_metrics_free(made.metrics);
}

int main(void) {
  tiny_watch_init(&watch);
  options = tiny_options(&watch);
  is_text(s2s_error_message(), "", "before anything has failed the message is empty");
  is_int(make_handles(&h), S2S_OK, "one handle of each kind is made");
  test_status();
  test_message();
  test_null_options();
  test_null_models();
  test_null_running();
  test_null_segmenters();
  test_null_training();
  test_null_asking();
  test_outputs();
  test_option_values();
  test_option_numbers();
  test_option_files();
  test_option_table();
  test_translate();
  test_translate_bad_text();
  test_ensemble();
  test_average();
  test_documents();
  test_nul();
  test_bytes();
  test_replacement();
  test_absurd_sizes();
  test_results();
  test_lengths();
  test_model_create();
  test_seed();
  test_model_asking();
  test_parameters();
  test_busy();
  test_model_files();
  test_encode();
  test_encode_ids();
  test_attend();
  test_attention_none();
  test_attention_is_the_decoders();
  test_other_model();
  test_step_arguments();
  test_steps_are_decoding();
  test_parents();
  test_decoder_cancel();
  test_corpus();
  test_corpus_files();
  test_segmenter("chars");
  test_segmenter("graphemes");
  test_segmenter("bytes");
  test_segmenter("bpe:40");
  test_segmenter("unigram:40");
  test_pieces_kept();
  test_joint_vocabulary();
  test_training_arguments();
  test_metrics();
  test_free_orders();
  test_use_after_origins();
  for (size_t i = 0; i < HANDLES; i++) free_handle(&h, i);
  s2s_options_free(options);
  ok(tiny_watch_is_clean(&watch), "at the end nothing is held");
  return done();
}
