/* SPDX-License-Identifier: MIT
 *
 * decoder.copy and attention.coverage: the mixture of generating and copying against its definition; models that learn to say
 * words they have never seen; and what becomes of those words in results, memories, steps, files and ensembles.
 */
#include "tiny.h"

#include "fixture.h"
#include "nn/copy.h"

#include <math.h>

/* ---- the mixture ------------------------------------------------------------------------------------------------- */

enum { VOCABULARY = 7, EXTRA = 2, SOURCES = 6 };

typedef struct mixture {
  s2s__arena arena;
  s2s__graph graph;
  s2s__error error;
  s2s__copies copies;
  s2s__ragged ragged;
  s2s__pointers pointers;
  s2s__tensor *logits;
  double expected[VOCABULARY + EXTRA];
} mixture;

static void draw_mixture(mixture *m, uint64_t *random, double gate) {
  static size_t first = 0, length = SOURCES, offset = 0;
  int32_t *ids = S2S__TAKE(&m->arena, int32_t, SOURCES);
  double sum = 0, all = 0, g = 1 / (1 + exp(-gate));
  fixture_must(s2s__graph_tensor(&m->graph, 1, 1, &m->pointers.gate), &m->error);
  fixture_must(s2s__graph_tensor(&m->graph, 1, SOURCES, &m->pointers.weights), &m->error);
  fixture_must(s2s__graph_tensor(&m->graph, 1, VOCABULARY, &m->logits), &m->error);
  m->pointers.gate->data[0] = (s2s__real)gate;
  for (size_t j = 0; j < SOURCES; j++) {
    ids[j] = (int32_t)fixture_below(random, VOCABULARY + EXTRA);
    m->pointers.weights->data[j] = (s2s__real)fixture_uniform(random, 0.01, 1);
    sum += (double)m->pointers.weights->data[j];
  }
  for (size_t v = 0; v < VOCABULARY; v++) {
    m->logits->data[v] = (s2s__real)fixture_uniform(random, -3, 3);
    all += exp((double)m->logits->data[v]);
  }
  for (size_t v = 0; v < VOCABULARY + EXTRA; v++)
    m->expected[v] = v < VOCABULARY ? g * exp((double)m->logits->data[v]) / all : 0;
  for (size_t j = 0; j < SOURCES; j++) {
    m->pointers.weights->data[j] /= (s2s__real)sum;
    m->expected[ids[j]] += (1 - g) * (double)m->pointers.weights->data[j];
  }
  m->copies = (s2s__copies){VOCABULARY, EXTRA, ids};
  m->ragged = (s2s__ragged){1, SOURCES, &first, &length, &offset};
  m->pointers.copies = &m->copies;
  m->pointers.ragged = &m->ragged;
}

static double smoothed(const double *p, size_t target, double eps) {
  double loss = -(1 - eps) * log(p[target]);
  for (size_t v = 0; v < VOCABULARY; v++) loss -= eps / VOCABULARY * log(p[v]);
  return loss;
}

static void check_mixture(void) {
  mixture m;
  s2s__host host;
  uint64_t random = 7;
  double worst = 0, worst_loss = 0, total = 0;
  memset(&m, 0, sizeof m);
  s2s__host_init(&host);
  s2s__arena_init(&m.arena, &host);
  s2s__graph_init(&m.graph, &m.arena, fixture_kernels(), &m.error);
  for (int round = 0; round < 300; round++) {
    s2s__real lp[VOCABULARY + EXTRA];
    double loss, plain;
    draw_mixture(&m, &random, fixture_uniform(&random, -6, 6));
    s2s__copy_mix(m.graph.kernels, &m.pointers, 0, m.logits->data, lp);
    total = 0;
    for (size_t v = 0; v < VOCABULARY + EXTRA; v++) {
      worst = fmax(worst, fabs(exp((double)lp[v]) - m.expected[v]));
      total += exp((double)lp[v]);
    }
    worst = fmax(worst, fabs(total - 1));
    int32_t target = m.copies.id[fixture_below(&random, SOURCES)];
    fixture_must(s2s__copy_cross_entropy(&m.graph, m.logits, &m.pointers, 0, &target, 0.1, 1, &loss, &plain), &m.error);
    worst_loss = fmax(worst_loss, fabs(loss - smoothed(m.expected, (size_t)target, 0.1)));
    worst_loss = fmax(worst_loss, fabs(plain + log(m.expected[target])));
    s2s__arena_reset(&m.arena);
  }
  if (!ok(worst < 1e-6, "P is g softmax + (1 - g) attention, and adds up to 1")) diag("error %g", worst);
  if (!ok(worst_loss < 1e-5, "the loss is that of P, smoothing spread over the vocabulary")) diag("error %g", worst_loss);
  s2s__arena_free(&m.arena);
}

/* Gates and weights at the edges of what numbers can be. */
static void check_edges(void) {
  static const double gates[] = {-1e4, -90, 90, 1e4};
  mixture m;
  s2s__host host;
  uint64_t random = 3;
  int finite = 1;
  memset(&m, 0, sizeof m);
  s2s__host_init(&host);
  s2s__arena_init(&m.arena, &host);
  s2s__graph_init(&m.graph, &m.arena, fixture_kernels(), &m.error);
  m.graph.recording = 1;
  for (size_t i = 0; i < TINY_COUNT(gates); i++) {
    double loss, plain;
    draw_mixture(&m, &random, gates[i]);
    memset(m.pointers.weights->data, 0, SOURCES * sizeof(s2s__real));
    const int32_t target = m.copies.id[0];
    m.pointers.weights->data[SOURCES - 1] = 1;
    fixture_must(s2s__copy_cross_entropy(&m.graph, m.logits, &m.pointers, 0, &target, 0.1, 1, &loss, &plain), &m.error);
    finite &= isfinite(loss) && isfinite(plain) && isfinite((double)m.pointers.gate->grad[0]);
    for (size_t j = 0; j < SOURCES; j++) finite &= isfinite((double)m.pointers.weights->grad[j]);
    for (size_t v = 0; v < VOCABULARY; v++) finite &= isfinite((double)m.logits->grad[v]);
  }
  ok(finite, "loss and gradients are finite where gate or weights are at their ends");
  s2s__arena_free(&m.arena);
}

/* ---- a model that has learnt to copy ------------------------------------------------------------------------------ */

static uint64_t names = 1;

/* One or two words that no other pair has. */
static void invent(char *name) {
  static const char letters[] = "bdfgklmnprstvz", vowels[] = "aeiou";
  char *at = name;
  for (size_t words = 1 + fixture_below(&names, 2); words > 0; words--) {
    for (size_t i = 0; i < 3; i++) {
      *at++ = letters[fixture_below(&names, sizeof letters - 1)];
      *at++ = vowels[fixture_below(&names, sizeof vowels - 1)];
    }
    *at++ = words > 1 ? ' ' : '\0';
  }
}

/* "please say NAME now" and "NAME !", or "and who is NAME" and "i know NAME". */
static s2s_corpus *name_corpus(const s2s_options *options, size_t pairs) {
  s2s_corpus *corpus = NULL;
  need(s2s_corpus_new(options, &corpus));
  for (size_t i = 0; i < pairs; i++) {
    char name[32], source[64], target[64];
    invent(name);
    snprintf(source, sizeof source, i % 2 ? "and who is %s" : "please say %s now", name);
    snprintf(target, sizeof target, i % 2 ? "i know %s" : "%s !", name);
    need(tiny_add(corpus, source, target));
  }
  return corpus;
}

static s2s_options *name_options(tiny_watch *watch, const char *more) {
  char text[1024];
  s2s_options *options = tiny_plain_options(watch);
  snprintf(text, sizeof text,
           "source.tokens words target.tokens words decoder.copy yes embedding.dim 12 encoder.cell gru decoder.cell gru "
           "encoder.hidden 16 decoder.hidden 32 attention.type additive decoder.order bahdanau dropout 0 "
           "label_smoothing 0 vocabulary.min_count 20 batch_sentences 8 learning_rate 0.01 max_epochs 12 patience 0 "
           "best_by loss beam_stop safe seed 3 warmup 10 preset none %s",
           more);
  char *key = strtok(text, " ");
  for (; key; key = strtok(NULL, " ")) tiny_set(options, key, strtok(NULL, " "));
  return options;
}

static s2s_model *name_model(const s2s_options *options) {
  s2s_model *fresh = NULL, *model = NULL;
  s2s_trainer *trainer = NULL;
  names = 1;
  s2s_corpus *corpus = name_corpus(options, 240), *dev = name_corpus(options, 40);
  need(s2s_model_create(corpus, options, &fresh));
  need(s2s_trainer_new(fresh, corpus, dev, options, &trainer));
  need(s2s_trainer_run(trainer));
  need(s2s_trainer_model(trainer, &model));
  s2s_trainer_free(trainer);
  s2s_model_free(fresh);
  s2s_corpus_free(corpus);
  s2s_corpus_free(dev);
  return model;
}

static double errors_on_new_names(const s2s_model *model, const s2s_options *options, double *loss) {
  s2s_metrics *metrics = NULL;
  double errors = 100;
  names = 99;
  s2s_corpus *corpus = name_corpus(options, 50);
  need(s2s_evaluate(model, corpus, options, &metrics));
  need(s2s_metrics_get(metrics, "sequence_error_rate", &errors));
  need(s2s_metrics_get(metrics, "loss", loss));
  s2s_metrics_free(metrics);
  s2s_corpus_free(corpus);
  return errors;
}

static void check_learns(const char *what, const char *more) {
  s2s_options *options = name_options(NULL, more);
  s2s_model *model = name_model(options);
  double loss = 0, errors = errors_on_new_names(model, options, &loss);
  if (!ok(errors <= 10, "%s: names that it has never seen are copied", what)) diag("%.1f %% errors, loss %.3f", errors, loss);
  s2s_model_free(model);
  s2s_options_free(options);
}

/* ---- what becomes of the words ------------------------------------------------------------------------------------ */

static const char *const asked[] = {"please say qwertz uiop now", "and who is asdf", "please say \xE7\x8E\x8B now", ""};
static const char *const wanted[] = {"qwertz uiop !", "i know asdf", "\xE7\x8E\x8B !", ""};
/* Of the first, please, say, qwertz, uiop and now are words that the target vocabulary lacks; of the second all four. */
enum { ASKED = TINY_COUNT(asked) };

static void check_results(const s2s_model *model, s2s_options *options) {
  s2s_result *result = NULL;
  size_t tokens = 0;
  for (int beam = 1; beam <= 5; beam += 4) {
    int same = 1;
    need(s2s_options_set_int(options, "beam", beam));
    need(s2s_translate(model, options, asked, NULL, ASKED, &result));
    for (size_t i = 0; i < ASKED; i++) same &= strcmp(s2s_result_text(result, i, 0), wanted[i]) == 0;
    if (!ok(same, "beam %d puts out words that no vocabulary has", beam)) diag("%s", s2s_result_text(result, 0, 0));
    if (beam == 1) s2s_result_free(result);
  }
  const int32_t size = (int32_t)s2s_model_vocabulary_size(model, S2S_TARGET);
  const int32_t *ids = s2s_result_tokens(result, 0, 0, &tokens);
  ok(tokens == 3 && ids[0] == size + 2 && ids[1] == size + 3 && ids[2] < size, "they have ids behind the vocabulary");
  is_text(s2s_result_copied(result, 0, size + 3), "uiop", "by which the result knows them");
  ok(!s2s_result_copied(result, 0, size + 5) && !s2s_result_copied(result, 0, 0) && !s2s_result_copied(result, 3, size) &&
         !s2s_result_copied(result, 9, size) && !s2s_result_copied(NULL, 0, size) && !s2s_result_copied(result, 0, -1),
     "and no others");
  s2s_result_free(result);
}

/* A step's row over the tokens that it has, and forced through the words. */
static void check_steps(const s2s_model *model, const s2s_options *options) {
  s2s_encoder *encoder = NULL;
  s2s_decoder *decoder = NULL;
  s2s_memory *memory = NULL;
  const float *lp = NULL;
  const int32_t size = (int32_t)s2s_model_vocabulary_size(model, S2S_TARGET);
  need(s2s_encoder_init(model, options, &encoder));
  need(s2s_decoder_init(model, options, &decoder));
  need(s2s_encode(encoder, asked, NULL, 2, &memory));
  is_int((int64_t)s2s_memory_target_size(memory), size + 5, "a step chooses from the vocabulary and five words more");
  is_text(s2s_memory_copied(memory, 0, size + 3), "uiop", "a memory knows a sequence's own words");
  ok(!s2s_memory_copied(memory, 1, size + 4) && !s2s_memory_copied(memory, 0, 3) && !s2s_memory_copied(NULL, 0, size) &&
         !s2s_memory_copied(memory, 5, size) && s2s_memory_target_size(NULL) == 0,
     "and no others");
  need(s2s_decoder_start(decoder, memory));
  need(s2s_decoder_step(decoder, (int32_t[]){1, 1}, (int32_t[]){0, 1}, 2, &lp));
  double sum[2] = {0, 0};
  for (int32_t v = 0; v < size + 5; v++) sum[0] += exp((double)lp[v]), sum[1] += exp((double)lp[size + 5 + v]);
  ok(fabs(sum[0] - 1) < 1e-4 && fabs(sum[1] - 1) < 1e-4, "their probabilities add up to 1");
  ok(lp[size + 5 + size + 4] == -INFINITY, "a word that the sequence lacks has none");
  need(s2s_decoder_step(decoder, (int32_t[]){size + 2}, (int32_t[]){0}, 1, &lp));
  ok(exp((double)lp[size + 3]) > 0.5, "after the first word comes the second");
  failed(s2s_decoder_step(decoder, (int32_t[]){size + 5}, (int32_t[]){0}, 1, &lp), S2S_BAD_ARGUMENT, "outside",
         "a word that there is not cannot be read");
  s2s_memory_free(memory);
  const int32_t id = 3; /* a known word, and an unknown one */
  need(s2s_encode_ids(encoder, (int32_t[]){id, 0}, (size_t[]){2}, 1, &memory));
  is_int((int64_t)s2s_memory_target_size(memory), size + (tiny_target_id(model, s2s_model_token(model, S2S_SOURCE, id)) < 0),
         "ids copy what they stand for");
  s2s_memory_free(memory);
  s2s_decoder_free(decoder);
  s2s_encoder_free(encoder);
}

static int says(const s2s_model *model, const s2s_options *options, const char *text) {
  s2s_result *result = NULL;
  need(s2s_translate(model, options, asked, NULL, 1, &result));
  const int same = strcmp(s2s_result_text(result, 0, 0), text) == 0;
  if (!same) diag("%s", s2s_result_text(result, 0, 0));
  s2s_result_free(result);
  return same;
}

static void check_files(const s2s_model *model, const s2s_options *options, const char *folder) {
  char path[512];
  s2s_model *loaded = NULL, *both = NULL;
  snprintf(path, sizeof path, "%s/copy.safetensors", folder);
  need(s2s_model_save(model, path));
  need(s2s_model_load(path, options, &loaded));
  ok(says(loaded, options, wanted[0]), "a model file keeps it");
  need(s2s_model_ensemble((const s2s_model *[]){model, loaded}, 2, options, &both));
  ok(says(both, options, wanted[0]), "and an ensemble");
  s2s_model_free(both);
  s2s_model_free(loaded);
  remove(path);
}

/* The probability that the search gives is that which the loss is of. */
static void check_search_and_loss(const s2s_model *model, const s2s_options *options) {
  s2s_corpus *corpus = NULL;
  s2s_metrics *metrics = NULL;
  s2s_result *result = NULL;
  double loss = 0;
  need(s2s_corpus_new(options, &corpus));
  need(tiny_add(corpus, asked[0], wanted[0]));
  need(s2s_evaluate(model, corpus, options, &metrics));
  need(s2s_metrics_get(metrics, "loss", &loss));
  need(s2s_translate(model, options, asked, NULL, 1, &result));
  const double found = -s2s_result_log_probability(result, 0, 0) / 4;
  if (!ok(fabs(found - loss) < 1e-4, "search and loss agree on a text's probability")) diag("%g, %g", found, loss);
  s2s_result_free(result);
  s2s_metrics_free(metrics);
  s2s_corpus_free(corpus);
}

static void check_refused(const char *more, const char *word, const char *name) {
  s2s_options *options = name_options(NULL, more);
  s2s_corpus *corpus = name_corpus(options, 4);
  s2s_model *model = NULL;
  failed(s2s_model_create(corpus, options, &model), S2S_BAD_OPTION, word, name);
  s2s_model_free(model);
  s2s_corpus_free(corpus);
  s2s_options_free(options);
}

static void check_other_ensemble(const s2s_model *model) {
  s2s_options *options = name_options(NULL, "decoder.copy no");
  names = 1;
  s2s_corpus *corpus = name_corpus(options, 240);
  s2s_model *plain = NULL, *both = NULL;
  need(s2s_model_create(corpus, options, &plain));
  failed(s2s_model_ensemble((const s2s_model *[]){model, plain}, 2, options, &both), S2S_BAD_ARGUMENT, "decoder.copy",
         "an ensemble copies with all its members or with none");
  s2s_model_free(plain);
  s2s_corpus_free(corpus);
  s2s_options_free(options);
}

int main(void) {
  static tiny_watch watch;
  const char *folder = getenv("TMPDIR");
  check_mixture();
  check_edges();
  tiny_watch_init(&watch);
  s2s_options *options = name_options(&watch, "attention.coverage yes coverage_loss 0.5");
  s2s_model *model = name_model(options);
  check_results(model, options);
  check_steps(model, options);
  check_search_and_loss(model, options);
  check_files(model, options, folder ? folder : "/tmp");
  check_other_ensemble(model);
  s2s_model_free(model);
  s2s_options_free(options);
  ok(tiny_watch_is_clean(&watch), "nothing is held in the end");
  check_learns("luong, general, input feeding", "attention.type general decoder.order luong attention.input_feeding yes");
  check_learns("multihead", "attention.type multihead attention.heads 2");
  check_learns("transformer", "encoder.type transformer decoder.type transformer transformer.dim 32 transformer.heads 2 "
                              "transformer.ffn 32 source.eos yes max_epochs 25 learning_rate 0.003");
  check_refused("attention.type none", "decoder.copy yes needs an attention", "copying needs attention");
  check_refused("target.tokens chars", "source.tokens and target.tokens to be the same", "and the same tokens");
  check_refused("decoder.copy no attention.coverage yes attention.type none", "attention.coverage yes needs",
                "coverage needs attention too");
  check_refused("attention.coverage yes attention.type multihead", "not for attention.type multihead",
                "and one with scores");
  check_refused("attention.coverage yes encoder.type transformer decoder.type transformer", "needs decoder.type rnn",
                "of a recurrent decoder");
  return done();
}
