/* SPDX-License-Identifier: MIT
 *
 * Every exported function in wrong hands: everything NULL, calls in the wrong order, sizes and indexes beyond all
 * reason, names and options that there are none of. Each answers with a status and a sentence, or with nothing where
 * nothing can fail; no call crashes, and every handle works afterwards. A function that lib/seq2seq.map exports and
 * that has no case here fails the last test. (What each single argument's NULL says is in test_api.c.)
 */
#include "tiny.h"

#include <stdlib.h>

#define FARTHEST SIZE_MAX
static const size_t absurd[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2 + 1, SIZE_MAX / 8, SIZE_MAX / 16 + 3};

static s2s_options *options;
static s2s_corpus *corpus;
static s2s_model *model;
static s2s_encoder *encoder;
static s2s_memory *memory;
static s2s_attention *attention;
static s2s_decoder *decoder;
static s2s_segmenter *segmenter;
static s2s_result *result;
static s2s_trainer *trainer;
static s2s_metrics *metrics;
static s2s_tokens *tokens;
static const char *const texts[] = {"abc", "c"};

/* ---- cases ------------------------------------------------------------------------------------------------------- */

static char covered[65536] = " ";

/* Opens the cases of a function. */
static void misuse_of(const char *name) {
  if (strlen(covered) + strlen(name) + 2 < sizeof covered) strcat(strcat(covered, name), " ");
}
#define MISUSE(name) ((void)name, misuse_of(#name))

/* The call is refused with one of the statuses and with a sentence; it leaves the handles as they were. */
static void refused(int32_t status, const char *call) {
  const char *message = s2s_error_message();
  const int held = status > S2S_OK && strcmp(s2s_status_name(status), "unknown status") != 0 && strlen(message) > 12;
  ok(held, "refused: %s", call);
  if (!held) diag("%s: %s", s2s_status_name(status), message);
}
/* The call succeeds. */
static int need_made(int32_t status) {
  const int held = ok(status == S2S_OK, "what the cases need is made");
  if (!held) diag("%s", s2s_error_message());
  return held;
}
#define REFUSED(call) refused(call, #call)
#define NOTHING(call) ok(!(call), "nothing: %s", #call)
#define HARMLESS(call) ((call), ok(1, "harmless: %s", #call))

static void misuse_status(void) {
  MISUSE(s2s_version), MISUSE(s2s_abi_version), MISUSE(s2s_error_message);
  ok(s2s_version() && s2s_abi_version() >= 0 && s2s_error_message(), "what takes no argument cannot be misused");
  MISUSE(s2s_status_name);
  ok(!strcmp(s2s_status_name(INT32_MIN), "unknown status") && !strcmp(s2s_status_name(INT32_MAX), "unknown status"),
     "no such status");
}

static void misuse_options(void) {
  const char *value;
  MISUSE(s2s_options_new);
  REFUSED(s2s_options_new(NULL));
  MISUSE(s2s_options_free);
  HARMLESS(s2s_options_free(NULL));
  MISUSE(s2s_options_set);
  REFUSED(s2s_options_set(NULL, NULL, NULL));
  REFUSED(s2s_options_set(options, "no.such.option", "1"));
  REFUSED(s2s_options_set(options, "beam", "99999999999999999999999999"));
  REFUSED(s2s_options_set(options, "encoder.cell", "\xff\xfe"));
  MISUSE(s2s_options_set_int);
  REFUSED(s2s_options_set_int(NULL, NULL, 0));
  REFUSED(s2s_options_set_int(options, "beam", INT64_MIN));
  REFUSED(s2s_options_set_int(options, "encoder.cell", 1));
  MISUSE(s2s_options_set_real);
  REFUSED(s2s_options_set_real(NULL, NULL, 0));
  REFUSED(s2s_options_set_real(options, "dropout", 1e308 * 10));
  REFUSED(s2s_options_set_real(options, "beam", 0.5));
  MISUSE(s2s_options_get);
  REFUSED(s2s_options_get(NULL, NULL, NULL));
  REFUSED(s2s_options_get(options, "no.such.option", &value));
  MISUSE(s2s_options_load);
  REFUSED(s2s_options_load(NULL, NULL));
  REFUSED(s2s_options_load(options, ""));
  REFUSED(s2s_options_load(options, "build")); /* a folder */
  MISUSE(s2s_options_set_allocator), MISUSE(s2s_options_set_log), MISUSE(s2s_options_set_progress);
  REFUSED(s2s_options_set_allocator(NULL, NULL, NULL));
  REFUSED(s2s_options_set_log(NULL, NULL, NULL));
  REFUSED(s2s_options_set_progress(NULL, NULL, NULL));
}

static void misuse_tables(void) {
  MISUSE(s2s_option_count), MISUSE(s2s_option_name), MISUSE(s2s_option_type), MISUSE(s2s_option_scope);
  MISUSE(s2s_option_default), MISUSE(s2s_option_range), MISUSE(s2s_option_help);
  MISUSE(s2s_preset_count), MISUSE(s2s_preset_name), MISUSE(s2s_preset_settings), MISUSE(s2s_preset_pairs);
  const size_t options_end = s2s_option_count(), presets_end = s2s_preset_count();
  for (size_t i = 0; i < 2; i++) {
    const size_t at = i ? FARTHEST : options_end, preset = i ? FARTHEST : presets_end;
    ok(!s2s_option_name(at) && s2s_option_type(at) == -1 && s2s_option_scope(at) == -1 && !s2s_option_default(at) &&
           !s2s_option_range(at) && !s2s_option_help(at),
       "no option past the end");
    ok(!s2s_preset_name(preset) && !s2s_preset_settings(preset) && !s2s_preset_pairs(preset), "no preset either");
  }
}

static void misuse_translation(void) {
  s2s_result *made;
  s2s_tokens *parts;
  MISUSE(s2s_translate);
  REFUSED(s2s_translate(NULL, NULL, NULL, NULL, FARTHEST, NULL));
  for (size_t i = 0; i < TINY_COUNT(absurd); i++) {
    REFUSED(s2s_translate(model, NULL, texts, NULL, absurd[i], &made));
    REFUSED(s2s_translate(model, NULL, texts, &absurd[i], 1, &made));
    REFUSED(s2s_translate_document(model, NULL, "abc", absurd[i], &parts));
    REFUSED(s2s_split_document(NULL, NULL, "abc", absurd[i], &parts));
  }
  MISUSE(s2s_score);
  REFUSED(s2s_score(NULL, NULL, NULL, NULL, NULL, NULL, FARTHEST, NULL));
  for (size_t i = 0; i < TINY_COUNT(absurd); i++) {
    REFUSED(s2s_score(model, NULL, texts, NULL, texts, NULL, absurd[i], &made));
    REFUSED(s2s_score(model, NULL, texts, NULL, texts, &absurd[i], 1, &made));
  }
  MISUSE(s2s_split_document);
  REFUSED(s2s_split_document(NULL, NULL, NULL, FARTHEST, NULL));
  REFUSED(s2s_split_document(NULL, NULL, "\xff", 1, &parts));
  MISUSE(s2s_translate_document);
  REFUSED(s2s_translate_document(NULL, NULL, NULL, FARTHEST, NULL));
  REFUSED(s2s_translate_document(model, NULL, "\xff", 1, &parts));
}

static void misuse_results(void) {
  size_t a = 1, b = 1;
  MISUSE(s2s_result_count), MISUSE(s2s_result_hypotheses), MISUSE(s2s_result_text), MISUSE(s2s_result_score);
  MISUSE(s2s_result_log_probability), MISUSE(s2s_result_tokens), MISUSE(s2s_result_alignment), MISUSE(s2s_result_free);
  MISUSE(s2s_result_copied);
  NOTHING(s2s_result_count(NULL));
  NOTHING(s2s_result_copied(NULL, 0, 0));
  NOTHING(s2s_result_copied(result, FARTHEST, INT32_MAX));
  NOTHING(s2s_result_copied(result, 0, INT32_MIN));
  NOTHING(s2s_result_hypotheses(result, FARTHEST));
  NOTHING(s2s_result_text(result, FARTHEST, 0));
  NOTHING(s2s_result_text(result, 0, FARTHEST));
  NOTHING(s2s_result_score(result, FARTHEST, FARTHEST) < 0 || s2s_result_score(result, FARTHEST, FARTHEST) > 0);
  NOTHING(s2s_result_log_probability(result, 2, 0) < 0 || s2s_result_log_probability(result, 2, 0) > 0);
  NOTHING(s2s_result_tokens(result, FARTHEST, 0, &a));
  NOTHING(s2s_result_alignment(result, 0, FARTHEST, &a, &b));
  NOTHING(a + b);
  NOTHING(s2s_result_alignment(NULL, 0, 0, NULL, NULL));
  HARMLESS(s2s_result_free(NULL));
}

static void misuse_alignments(void) {
  size_t a = 1, b = 1, source[3], target[3];
  MISUSE(s2s_result_token_scores), MISUSE(s2s_result_ending), MISUSE(s2s_result_range);
  MISUSE(s2s_result_links), MISUSE(s2s_result_link);
  NOTHING(s2s_result_token_scores(NULL, 0, 0, NULL));
  NOTHING(s2s_result_token_scores(result, 0, FARTHEST, &a));
  HARMLESS(s2s_result_ending(NULL, 0, 0));
  HARMLESS(s2s_result_ending(result, FARTHEST, FARTHEST));
  HARMLESS(s2s_result_range(result, 0, 0, FARTHEST, &a, &b));
  NOTHING(a + b);
  HARMLESS(s2s_result_range(NULL, 0, 0, 0, NULL, NULL));
  NOTHING(s2s_result_links(NULL, 0, 0));
  NOTHING(s2s_result_links(result, FARTHEST, 0));
  REFUSED(s2s_result_link(NULL, 0, 0, 0, NULL, NULL));
  REFUSED(s2s_result_link(result, 0, 0, FARTHEST, source, target));
  REFUSED(s2s_result_link(result, FARTHEST, 0, 0, source, target));
}

/* ---- models and corpora ------------------------------------------------------------------------------------------ */

static int64_t too_much(void *user, void *bytes, size_t size) { return (void)user, (void)bytes, (int64_t)size + 1; }
static int64_t too_little(void *user, void *bytes, size_t size) {
  return (void)user, (void)bytes, (void)size, INT64_MIN;
}

static void misuse_loading(void) {
  s2s_model *made;
  MISUSE(s2s_model_load);
  REFUSED(s2s_model_load(NULL, NULL, NULL));
  REFUSED(s2s_model_load("", NULL, &made));
  REFUSED(s2s_model_load("build", NULL, &made));
  REFUSED(s2s_model_load("Makefile", NULL, &made));
  MISUSE(s2s_model_load_buffer);
  REFUSED(s2s_model_load_buffer(NULL, FARTHEST, NULL, &made));
  REFUSED(s2s_model_load_buffer("", 0, NULL, &made));
  for (size_t i = 0; i < TINY_COUNT(absurd); i++)
    REFUSED(s2s_model_load_buffer("\xff\xff\xff\xff\xff\xff\xff\xff{}", absurd[i], NULL, &made));
  MISUSE(s2s_model_load_reader);
  REFUSED(s2s_model_load_reader(NULL, NULL, NULL, NULL));
  REFUSED(s2s_model_load_reader(too_much, NULL, NULL, &made));
  REFUSED(s2s_model_load_reader(too_little, NULL, NULL, &made));
  MISUSE(s2s_model_free);
  HARMLESS(s2s_model_free(NULL));
}

static void misuse_making(void) {
  s2s_model *made, *members[] = {model, NULL};
  s2s_corpus *none;
  s2s_options *odd = tiny_options(NULL);
  MISUSE(s2s_model_create);
  REFUSED(s2s_model_create(NULL, NULL, NULL));
  need_made(s2s_corpus_new(options, &none));
  REFUSED(s2s_model_create(none, options, &made));
  tiny_set(odd, "encoder.hidden", "65536"), tiny_set(odd, "decoder.hidden", "7");
  REFUSED(s2s_model_create(corpus, odd, &made));
  MISUSE(s2s_model_extend);
  REFUSED(s2s_model_extend(NULL, NULL, NULL, NULL));
  MISUSE(s2s_model_ensemble);
  REFUSED(s2s_model_ensemble(NULL, FARTHEST, NULL, NULL));
  REFUSED(s2s_model_ensemble((const s2s_model *const *)members, 0, NULL, &made));
  REFUSED(s2s_model_ensemble((const s2s_model *const *)members, 2, NULL, &made));
  MISUSE(s2s_model_average);
  REFUSED(s2s_model_average(NULL, FARTHEST, NULL, NULL));
  REFUSED(s2s_model_average((const s2s_model *const *)members, 0, NULL, &made));
  REFUSED(s2s_model_average((const s2s_model *const *)members, 2, NULL, &made));
  MISUSE(s2s_model_shortlist);
  REFUSED(s2s_model_shortlist(NULL, NULL, NULL, NULL));
  MISUSE(s2s_model_quantize);
  REFUSED(s2s_model_quantize(NULL, NULL, NULL));
  MISUSE(s2s_model_save);
  REFUSED(s2s_model_save(NULL, NULL));
  REFUSED(s2s_model_save(model, ""));
  REFUSED(s2s_model_save(model, "build/no/such/folder/model"));
  REFUSED(s2s_model_save(model, "build"));
  s2s_corpus_free(none);
  s2s_options_free(odd);
}

static void misuse_model(void) {
  const char *value;
  float number = 0;
  MISUSE(s2s_model_get);
  REFUSED(s2s_model_get(NULL, NULL, NULL));
  REFUSED(s2s_model_get(model, "", &value));
  REFUSED(s2s_model_get(model, "beam", &value));
  MISUSE(s2s_model_vocabulary_size), MISUSE(s2s_model_token);
  NOTHING(s2s_model_vocabulary_size(model, 2));
  NOTHING(s2s_model_vocabulary_size(model, INT32_MIN));
  NOTHING(s2s_model_token(model, S2S_SOURCE, -1));
  NOTHING(s2s_model_token(model, S2S_SOURCE, INT32_MAX));
  NOTHING(s2s_model_token(model, INT32_MAX, 0));
  MISUSE(s2s_model_parameter_count), MISUSE(s2s_model_parameter_name), MISUSE(s2s_model_parameter_size);
  MISUSE(s2s_model_parameter_dims), MISUSE(s2s_model_parameter_dim);
  NOTHING(s2s_model_parameter_count(NULL));
  NOTHING(s2s_model_parameter_name(model, FARTHEST));
  (void)s2s_model_parameter_size(model, FARTHEST);
  (void)s2s_model_parameter_dims(model, FARTHEST), (void)s2s_model_parameter_dim(model, 0, FARTHEST);
  MISUSE(s2s_model_parameter_read);
  REFUSED(s2s_model_parameter_read(NULL, FARTHEST, NULL, FARTHEST));
  REFUSED(s2s_model_parameter_read(model, FARTHEST, &number, 1));
  REFUSED(s2s_model_parameter_read(model, 0, &number, FARTHEST));
  MISUSE(s2s_model_parameter_write);
  REFUSED(s2s_model_parameter_write(NULL, FARTHEST, NULL, FARTHEST));
  REFUSED(s2s_model_parameter_write(model, 0, &number, FARTHEST)); /* in use, or another count */
  MISUSE(s2s_model_load_parameters);
  REFUSED(s2s_model_load_parameters(NULL, NULL));
  REFUSED(s2s_model_load_parameters(model, "Makefile"));
}

static void misuse_corpora(void) {
  MISUSE(s2s_corpus_new);
  REFUSED(s2s_corpus_new(NULL, NULL));
  MISUSE(s2s_corpus_add);
  REFUSED(s2s_corpus_add(NULL, NULL, FARTHEST, NULL, FARTHEST));
  for (size_t i = 0; i < TINY_COUNT(absurd); i++) {
    REFUSED(s2s_corpus_add(corpus, "a", absurd[i], "b", 1));
    REFUSED(s2s_corpus_add(corpus, "a", 1, "b", absurd[i]));
  }
  REFUSED(s2s_corpus_add(corpus, "a", 0, "b", 1));
  MISUSE(s2s_corpus_load), MISUSE(s2s_corpus_load_aligned);
  REFUSED(s2s_corpus_load(NULL, NULL));
  REFUSED(s2s_corpus_load(corpus, "build"));
  REFUSED(s2s_corpus_load_aligned(NULL, NULL, NULL));
  REFUSED(s2s_corpus_load_aligned(corpus, "Makefile", "LICENSE"));
  MISUSE(s2s_corpus_size), MISUSE(s2s_corpus_text), MISUSE(s2s_corpus_free);
  is_int((int64_t)s2s_corpus_size(corpus), TINY_COUNT(tiny_pairs), "the corpus is as it was");
  NOTHING(s2s_corpus_text(corpus, FARTHEST, S2S_SOURCE));
  NOTHING(s2s_corpus_text(corpus, 0, 2));
  NOTHING(s2s_corpus_text(corpus, 0, INT32_MIN));
  HARMLESS(s2s_corpus_free(NULL));
}

/* ---- segmenters and the parts of a model --------------------------------------------------------------------------
 */

static void misuse_segmenters(void) {
  s2s_segmenter *made;
  s2s_tokens *parts;
  size_t begin = 9, end = 9;
  s2s_options *learning = tiny_options(NULL);
  tiny_set(learning, "source.tokens", "bpe:20");
  MISUSE(s2s_segmenter_new);
  REFUSED(s2s_segmenter_new(NULL, INT32_MAX, NULL, NULL, FARTHEST, NULL));
  REFUSED(s2s_segmenter_new(options, INT32_MIN, texts, NULL, 2, &made));
  MISUSE(s2s_segmenter_of);
  REFUSED(s2s_segmenter_of(NULL, 7, NULL));
  REFUSED(s2s_segmenter_of(model, 7, &made));
  MISUSE(s2s_segmenter_save), MISUSE(s2s_segmenter_free);
  REFUSED(s2s_segmenter_save(NULL, NULL));
  REFUSED(s2s_segmenter_save(segmenter, "build/no/such/folder/x"));
  HARMLESS(s2s_segmenter_free(NULL));
  MISUSE(s2s_segment), MISUSE(s2s_join);
  REFUSED(s2s_segment(NULL, NULL, FARTHEST, NULL));
  REFUSED(s2s_join(NULL, NULL, FARTHEST, NULL));
  for (size_t i = 0; i < TINY_COUNT(absurd); i++) {
    REFUSED(s2s_segment(segmenter, "abc", absurd[i], &parts));
    REFUSED(s2s_join(segmenter, texts, absurd[i], &parts));
    REFUSED(s2s_segmenter_new(learning, S2S_SOURCE, texts, &absurd[i], 1, &made));
    REFUSED(s2s_segmenter_new(learning, S2S_SOURCE, texts, NULL, absurd[i], &made));
  }
  MISUSE(s2s_tokens_count), MISUSE(s2s_tokens_get), MISUSE(s2s_tokens_range), MISUSE(s2s_tokens_text);
  MISUSE(s2s_tokens_free);
  NOTHING(s2s_tokens_count(NULL));
  NOTHING(s2s_tokens_get(tokens, FARTHEST));
  NOTHING(s2s_tokens_text(NULL));
  HARMLESS(s2s_tokens_range(tokens, FARTHEST, &begin, &end));
  NOTHING(begin + end);
  HARMLESS(s2s_tokens_free(NULL));
  s2s_options_free(learning);
}

static void misuse_encoder(void) {
  s2s_encoder *made;
  s2s_memory *states;
  const int32_t ids[] = {3, INT32_MIN, INT32_MAX};
  size_t count = 9;
  MISUSE(s2s_encoder_init), MISUSE(s2s_encoder_free);
  REFUSED(s2s_encoder_init(NULL, NULL, &made));
  HARMLESS(s2s_encoder_free(NULL));
  MISUSE(s2s_encode), MISUSE(s2s_encode_ids);
  REFUSED(s2s_encode(NULL, NULL, NULL, FARTHEST, NULL));
  REFUSED(s2s_encode_ids(NULL, NULL, NULL, FARTHEST, NULL));
  REFUSED(s2s_encode_ids(encoder, ids, (const size_t[]){2}, 1, &states));
  REFUSED(s2s_encode_ids(encoder, ids + 2, (const size_t[]){1}, 1, &states));
  for (size_t i = 0; i < TINY_COUNT(absurd); i++) {
    REFUSED(s2s_encode(encoder, texts, NULL, absurd[i], &states));
    REFUSED(s2s_encode(encoder, texts, &absurd[i], 1, &states));
    REFUSED(s2s_encode_ids(encoder, ids, &absurd[i], 1, &states));
    REFUSED(s2s_encode_ids(encoder, ids, (const size_t[]){1}, absurd[i], &states));
  }
  MISUSE(s2s_memory_count), MISUSE(s2s_memory_dim), MISUSE(s2s_memory_states), MISUSE(s2s_memory_tokens);
  MISUSE(s2s_memory_target_size), MISUSE(s2s_memory_copied), MISUSE(s2s_memory_free);
  NOTHING(s2s_memory_count(NULL) + s2s_memory_dim(NULL) + s2s_memory_target_size(NULL));
  NOTHING(s2s_memory_states(memory, FARTHEST, &count));
  NOTHING(s2s_memory_tokens(memory, FARTHEST, &count));
  NOTHING(count);
  NOTHING(s2s_memory_copied(memory, FARTHEST, INT32_MAX));
  NOTHING(s2s_memory_copied(memory, 0, INT32_MIN));
  MISUSE(s2s_memory_text), MISUSE(s2s_memory_range);
  size_t begin = 1, end = 1;
  NOTHING(s2s_memory_text(NULL, 0, &count));
  NOTHING(s2s_memory_text(memory, FARTHEST, NULL));
  HARMLESS(s2s_memory_range(memory, 0, FARTHEST, &begin, &end));
  NOTHING(begin + end + count);
  HARMLESS(s2s_memory_free(NULL));
}

static void misuse_attention(void) {
  s2s_attention *made;
  float query[6] = {0}, weights[8];
  MISUSE(s2s_attention_init), MISUSE(s2s_attention_free), MISUSE(s2s_attention_query_dim), MISUSE(s2s_attend);
  REFUSED(s2s_attention_init(NULL, NULL, &made));
  NOTHING(s2s_attention_query_dim(NULL));
  REFUSED(s2s_attend(NULL, NULL, FARTHEST, NULL, FARTHEST, NULL, NULL));
  REFUSED(s2s_attend(attention, memory, FARTHEST, query, 1, weights, NULL));
  for (size_t i = 0; i < TINY_COUNT(absurd); i++)
    REFUSED(s2s_attend(attention, memory, 0, query, absurd[i], weights, NULL));
  query[1] = (float)(1e308 * 10);
  REFUSED(s2s_attend(attention, memory, 0, query, 1, weights, NULL));
  HARMLESS(s2s_attention_free(NULL));
}

static void misuse_decoder(void) {
  s2s_decoder *made;
  s2s_result *found;
  const float *rows;
  const int32_t begin[] = {1, 1}, texts_of[] = {0, 1}, wrong[] = {INT32_MAX, INT32_MIN};
  MISUSE(s2s_decoder_init), MISUSE(s2s_decoder_free), MISUSE(s2s_decode);
  REFUSED(s2s_decoder_init(NULL, NULL, &made));
  REFUSED(s2s_decode(NULL, NULL, NULL));
  MISUSE(s2s_decoder_start), MISUSE(s2s_decoder_step);
  REFUSED(s2s_decoder_step(decoder, begin, texts_of, 2, &rows)); /* before start */
  REFUSED(s2s_decoder_start(NULL, NULL));
  need_made(s2s_decoder_start(decoder, memory));
  REFUSED(s2s_decoder_step(NULL, NULL, NULL, FARTHEST, NULL));
  REFUSED(s2s_decoder_step(decoder, wrong, texts_of, 2, &rows));
  REFUSED(s2s_decoder_step(decoder, begin, wrong, 2, &rows));
  for (size_t i = 0; i < TINY_COUNT(absurd); i++) REFUSED(s2s_decoder_step(decoder, begin, texts_of, absurd[i], &rows));
  MISUSE(s2s_decoder_query);
  NOTHING(s2s_decoder_query(NULL, FARTHEST, NULL));
  NOTHING(s2s_decoder_query(decoder, FARTHEST, NULL));
  MISUSE(s2s_decoder_attention), MISUSE(s2s_decoder_copy), MISUSE(s2s_decoder_set_prefixes),
      MISUSE(s2s_decoder_on_token);
  NOTHING(s2s_decoder_attention(NULL, FARTHEST, NULL));
  NOTHING(s2s_decoder_attention(decoder, FARTHEST, NULL));
  REFUSED(s2s_decoder_copy(NULL, NULL));
  REFUSED(s2s_decoder_set_prefixes(NULL, NULL, NULL, FARTHEST));
  for (size_t i = 0; i < TINY_COUNT(absurd); i++) {
    REFUSED(s2s_decoder_set_prefixes(decoder, texts, NULL, absurd[i]));
    REFUSED(s2s_decoder_set_prefixes(decoder, texts, &absurd[i], 1));
  }
  REFUSED(s2s_decoder_on_token(NULL, NULL, NULL));
  MISUSE(s2s_decoder_memory);
  size_t peak = 1;
  NOTHING(s2s_decoder_memory(NULL, &peak));
  NOTHING(peak);
  NOTHING(s2s_decoder_memory(NULL, NULL));
  MISUSE(s2s_decoder_cancel), MISUSE(s2s_decoder_clear_cancel);
  HARMLESS(s2s_decoder_cancel(NULL));
  HARMLESS(s2s_decoder_clear_cancel(NULL));
  s2s_decoder_cancel(decoder), s2s_decoder_cancel(decoder);
  REFUSED(s2s_decode(decoder, memory, &found));
  HARMLESS(s2s_decoder_free(NULL));
}

/* ---- training and evaluation ------------------------------------------------------------------------------------- */

static int32_t no_sum(void *user, float *values, size_t count) { return (void)user, (void)values, (void)count, 1; }

static void misuse_trainer(void) {
  s2s_trainer *made;
  s2s_model *snapshot;
  MISUSE(s2s_trainer_new), MISUSE(s2s_trainer_resume), MISUSE(s2s_trainer_free);
  REFUSED(s2s_trainer_new(NULL, NULL, NULL, NULL, NULL));
  REFUSED(s2s_trainer_resume(NULL, NULL, NULL, NULL, NULL));
  REFUSED(s2s_trainer_resume("Makefile", corpus, NULL, options, &made));
  MISUSE(s2s_trainer_step), MISUSE(s2s_trainer_run), MISUSE(s2s_trainer_evaluate), MISUSE(s2s_trainer_model);
  MISUSE(s2s_trainer_present);
  REFUSED(s2s_trainer_step(NULL, NULL));
  REFUSED(s2s_trainer_run(NULL));
  REFUSED(s2s_trainer_evaluate(NULL));
  REFUSED(s2s_trainer_evaluate(trainer)); /* it has no dev set */
  REFUSED(s2s_trainer_model(NULL, &snapshot));
  REFUSED(s2s_trainer_present(NULL, &snapshot));
  MISUSE(s2s_trainer_metrics), MISUSE(s2s_trainer_save), MISUSE(s2s_trainer_set_allreduce), MISUSE(s2s_trainer_cancel);
  NOTHING(s2s_trainer_metrics(NULL));
  REFUSED(s2s_trainer_save(NULL, NULL));
  REFUSED(s2s_trainer_save(trainer, "build/no/such/folder/x"));
  REFUSED(s2s_trainer_set_allreduce(NULL, NULL, NULL, 0, 0));
  REFUSED(s2s_trainer_set_allreduce(trainer, no_sum, NULL, 0, INT32_MAX));
  REFUSED(s2s_trainer_set_allreduce(trainer, no_sum, NULL, INT32_MIN, 1));
  REFUSED(s2s_trainer_set_allreduce(trainer, no_sum, NULL, 1, 1));
  MISUSE(s2s_trainer_clear_cancel);
  HARMLESS(s2s_trainer_cancel(NULL));
  HARMLESS(s2s_trainer_clear_cancel(NULL));
  s2s_trainer_cancel(trainer);
  REFUSED(s2s_trainer_step(trainer, NULL));
  need_made(s2s_trainer_step(trainer, NULL));
  HARMLESS(s2s_trainer_free(NULL));
}

static void misuse_metrics(void) {
  s2s_metrics *made;
  double value;
  MISUSE(s2s_evaluate), MISUSE(s2s_metric_texts), MISUSE(s2s_metric_compare);
  REFUSED(s2s_evaluate(NULL, NULL, NULL, NULL));
  REFUSED(s2s_metric_texts(NULL, NULL, NULL, FARTHEST, FARTHEST, NULL));
  REFUSED(s2s_metric_compare(NULL, NULL, NULL, NULL, FARTHEST, FARTHEST, NULL));
  REFUSED(s2s_metric_texts(NULL, texts, texts, 2, 0, &made));
  for (size_t i = 0; i < TINY_COUNT(absurd); i++) {
    REFUSED(s2s_metric_texts(NULL, texts, texts, absurd[i], 1, &made));
    REFUSED(s2s_metric_texts(NULL, texts, texts, 2, absurd[i], &made));
    REFUSED(s2s_metric_compare(NULL, texts, texts, texts, absurd[i], 2, &made));
  }
  MISUSE(s2s_metrics_count), MISUSE(s2s_metrics_name), MISUSE(s2s_metrics_value), MISUSE(s2s_metrics_get);
  MISUSE(s2s_metrics_free);
  NOTHING(s2s_metrics_count(NULL));
  NOTHING(s2s_metrics_name(metrics, FARTHEST));
  NOTHING(s2s_metrics_value(metrics, FARTHEST) > 0);
  REFUSED(s2s_metrics_get(NULL, NULL, NULL));
  REFUSED(s2s_metrics_get(metrics, "no_such_figure", &value));
  HARMLESS(s2s_metrics_free(NULL));
}

/* ---- all together ------------------------------------------------------------------------------------------------ */

static int32_t make_handles(void) {
  int32_t status = s2s_encoder_init(model, options, &encoder);
  if (!status) status = s2s_encode(encoder, texts, NULL, 2, &memory);
  if (!status) status = s2s_attention_init(model, options, &attention);
  if (!status) status = s2s_decoder_init(model, options, &decoder);
  if (!status) status = s2s_segmenter_of(model, S2S_SOURCE, &segmenter);
  if (!status) status = s2s_segment(segmenter, "abc", 3, &tokens);
  if (!status) status = s2s_translate(model, options, texts, NULL, 2, &result);
  if (!status) status = s2s_trainer_new(model, corpus, NULL, options, &trainer);
  if (!status) status = s2s_evaluate(model, corpus, options, &metrics);
  return status;
}

static void free_handles(void) {
  s2s_metrics_free(metrics);
  s2s_trainer_free(trainer);
  s2s_result_free(result);
  s2s_tokens_free(tokens);
  s2s_segmenter_free(segmenter);
  s2s_decoder_free(decoder);
  s2s_attention_free(attention);
  s2s_memory_free(memory);
  s2s_encoder_free(encoder);
  s2s_model_free(model);
  s2s_corpus_free(corpus);
  s2s_options_free(options);
}

static void test_still_works(void) {
  s2s_result *again;
  need_made(s2s_decode(decoder, memory, &again));
  is_text(s2s_result_text(again, 0, 0), s2s_result_text(result, 0, 0), "after all that, the handles work as before");
  s2s_result_free(again);
  need_made(s2s_trainer_step(trainer, NULL));
}

/* Every name of the version script is among those covered. */
static void test_covered(void) {
  size_t size, functions = 0, missing = 0;
  char *map = tiny_read_file("lib/seq2seq.map", &size);
  for (char *line = map ? strtok(map, "\n") : NULL; line; line = strtok(NULL, "\n")) {
    char name[80] = " ";
    if (sscanf(line, " s2s_%70[a-z0-9_];", name + 5) != 1) continue;
    memcpy(name, " s2s_", 5);
    functions++;
    strcat(name, " ");
    if (!strstr(covered, name)) diag("no case for%s", name), missing++;
  }
  ok(functions > 90 && missing == 0, "every one of %zu exported functions has a case", functions);
  free(map);
}

int main(void) {
  options = tiny_options(NULL);
  corpus = tiny_corpus(options);
  model = tiny_model(options);
  if (!need_made(make_handles())) return done();
  misuse_status();
  misuse_options();
  misuse_tables();
  misuse_translation();
  misuse_results();
  misuse_alignments();
  misuse_loading();
  misuse_making();
  misuse_model();
  misuse_corpora();
  misuse_segmenters();
  misuse_encoder();
  misuse_attention();
  misuse_decoder();
  misuse_trainer();
  misuse_metrics();
  test_still_works();
  test_covered();
  free_handles();
  return done();
}
