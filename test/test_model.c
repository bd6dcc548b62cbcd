/* SPDX-License-Identifier: MIT
 *
 * model, search and train: two complete models against PyTorch, from their parameters to 20 updates of training and the
 * hypotheses of a beam, within 1e-4 (largest difference over largest value, tensor by tensor); clipping of the
 * gradient.
 *
 * The options come from the golden file's metadata and shapes, the sentences from its ids: each token's text is its id.
 */
#include "fixture.h"
#include "golden.h"
#include "tap.h"

#include "train/trainer.h"

#include <math.h>
#include <stdlib.h>

#define TOLERANCE 1e-4
enum { UPDATES = 20, FIRST_UPDATES = 8, MOST_TOKENS = 12, MOST_DIM = 16, OPTIONS = 1024 };

typedef struct subject {
  golden g;
  s2s_model *model;
  s2s_corpus *corpus;
  s2s__arena arena; /* of a test */
  s2s__error error;
  size_t *source_length, *target_length, sentences; /* the end mark included */
} subject;

static double worst_of_all;

static void must(subject *s, int32_t status) { fixture_must(status, &s->error); }

static int near_golden(const char *what, const s2s__real *got, const float *wanted, size_t count) {
  const double error = got ? golden_error(got, wanted, count) : HUGE_VAL;
  if (error > worst_of_all) worst_of_all = error;
  if (error < TOLERANCE) return 1;
  diag("%s: error %.2e", what, error);
  return 0;
}

/* ---- the model --------------------------------------------------------------------------------------------------- */

static size_t golden_dim(const golden *g, const char *name, size_t axis) {
  const golden_tensor t = golden_find(g, "param.%s", name);
  return t.value ? t.shape[axis] : 0;
}

static size_t golden_layers(const golden *g, const char *stack) {
  size_t n = 0;
  while (golden_find(g, "param.%s.weight_ih_l%zu", stack, n).value) n++;
  return n;
}

static size_t golden_transformer_layers(const golden *g, const char *stack) {
  size_t n = 0;
  while (golden_find(g, "param.transformer.%s.layers.%zu.linear1.weight", stack, n).value) n++;
  return n;
}

static int golden_is_transformer(const golden *g) { return golden_transformer_layers(g, "encoder") > 0; }

static void transformer_options(const golden *g, char options[OPTIONS]) {
  snprintf(options, OPTIONS,
           "source.eos yes encoder.type transformer decoder.type transformer encoder.layers %zu decoder.layers %zu "
           "transformer.dim %zu transformer.ffn %zu transformer.heads %zu transformer.norm %s "
           "transformer.activation %s embedding.tie %s",
           golden_transformer_layers(g, "encoder"), golden_transformer_layers(g, "decoder"),
           golden_dim(g, "src_embedding.weight", 1),
           golden_dim(g, "transformer.encoder.layers.0.linear1.weight", 0), golden_number(g, "num_heads"),
           golden_number(g, "norm_first") ? "pre" : "post", golden_text(g, "activation"),
           golden_dim(g, "generator.weight", 0) ? "none" : "target");
}

static void implied_options(const golden *g, char options[OPTIONS]) {
  const char *kind = golden_text(g, "kind");
  const int additive = golden_dim(g, "attention.v.weight", 0) != 0;
  int n = snprintf(options, OPTIONS,
                   "source.eos yes embedding.dim %zu encoder.cell %s encoder.layers %zu encoder.hidden %zu ",
                   golden_dim(g, "encoder.embedding.weight", 1), kind, golden_layers(g, "encoder.rnn"),
                   golden_dim(g, "encoder.rnn.weight_hh_l0", 1));
  n += snprintf(options + n, (size_t)(OPTIONS - n),
                "encoder.bidirectional %s decoder.cell %s decoder.layers %zu decoder.hidden %zu ",
                golden_dim(g, "encoder.rnn.weight_hh_l0_reverse", 0) ? "yes" : "no", kind,
                golden_layers(g, "decoder.rnn"), golden_dim(g, "decoder.rnn.weight_hh_l0", 1));
  n += snprintf(options + n, (size_t)(OPTIONS - n), "decoder.order %s decoder.bridge %s decoder.readout %zu ",
                strcmp(golden_text(g, "attention"), "bahdanau") == 0 ? "bahdanau" : "luong",
                golden_dim(g, "bridge.weight", 0) ? "linear" : "copy", golden_dim(g, "readout.weight", 0));
  snprintf(options + n, (size_t)(OPTIONS - n), "attention.type %s attention.dim %zu attention.input_feeding %s",
           additive ? "additive" : "general", golden_dim(g, "attention.key.weight", 0),
           golden_number(g, "input_feeding") ? "yes" : "no");
}

static size_t golden_params(const golden *g) {
  size_t n = 0;
  for (size_t i = 0; i < g->header.tensors; i++) n += strncmp(g->header.tensor[i].name, "param.", 6) == 0;
  return n;
}

/* Writes every parameter; whether names and shapes are the golden ones. */
static int subject_fill(subject *s) {
  const s2s__params *params = &s->model->network.params;
  int same = params->count == golden_params(&s->g);
  for (size_t i = 0; i < params->count; i++) {
    const s2s__param *p = params->item[i];
    const golden_tensor t = golden_get(&s->g, "param.%s", p->name);
    const int fits = p->is_vector ? t.rank == 1 && t.shape[0] == p->cols
                                  : t.rank == 2 && t.shape[0] == p->rows && t.shape[1] == p->cols;
    if (!fits) diag("%s has another shape", p->name);
    if (fits) must(s, s2s__param_write(p, &s->model->arena, t.value, &s->error));
    same = same && fits;
  }
  return same;
}

/* "5 9 3": the ids of a padded row up to its end mark. */
static size_t subject_text(const float *ids, char *text) {
  size_t n = 0;
  text[0] = '\0';
  for (size_t i = 0; ids[i] != (float)S2S__EOS; i++) n += (size_t)sprintf(text + n, "%s%d", i ? " " : "", (int)ids[i]);
  return n;
}

static void subject_corpus(subject *s) {
  const golden_tensor source = golden_get(&s->g, "const.src"), target = golden_get(&s->g, "const.tgt_out");
  need(s2s_corpus_new(NULL, &s->corpus));
  s->sentences = source.shape[0];
  s->source_length = golden_sizes(&s->g, golden_get(&s->g, "const.src_lengths"));
  s->target_length = S2S__TAKE(&s->g.arena, size_t, s->sentences);
  for (size_t i = 0; i < s->sentences; i++) {
    const float *row = target.value + i * target.shape[1];
    char from[64], to[64];
    const size_t n = subject_text(source.value + i * source.shape[1], from), m = subject_text(row, to);
    need(s2s_corpus_add(s->corpus, from, n, to, m));
    s->target_length[i] = 1;
    for (size_t t = 0; row[t] != (float)S2S__EOS; t++) s->target_length[i]++;
  }
}

static void subject_open(subject *s, const char *name) {
  char options[OPTIONS];
  memset(s, 0, sizeof *s);
  golden_open(&s->g, name);
  s2s__arena_init(&s->arena, &s->g.arena.host);
  const int transformer = golden_is_transformer(&s->g);
  if (transformer) transformer_options(&s->g, options);
  else implied_options(&s->g, options);
  s->model = fixture_model(options,
                           golden_dim(&s->g, transformer ? "src_embedding.weight" : "encoder.embedding.weight", 0),
                           golden_dim(&s->g, transformer ? "tgt_embedding.weight" : "decoder.embedding.weight", 0));
  ok(subject_fill(s), "%s: parameters have PyTorch's names and shapes", name);
  subject_corpus(s);
}

static void subject_close(subject *s) {
  s2s_corpus_free(s->corpus);
  s2s_model_free(s->model);
  s2s__arena_free(&s->arena);
  golden_close(&s->g);
}

/* ---- values and gradients ---------------------------------------------------------------------------------------- */

static s2s_trainer *trainer_of(subject *s, const char *more) {
  char text[OPTIONS];
  s2s_trainer *trainer;
  snprintf(text, sizeof text,
           "dropout 0 label_smoothing 0.1 learning_rate 0.01 warmup 0 schedule constant clip_norm 1 %s", more);
  s2s_options *options = fixture_options(text);
  need(s2s_trainer_new(s->model, s->corpus, NULL, options, &trainer));
  s2s_options_free(options);
  return trainer;
}

/* The first length[s] rows of each sentence of a padded [B, T, C]. */
static float *packed(subject *s, const char *name, const size_t *length) {
  const golden_tensor t = golden_get(&s->g, "%s", name);
  const size_t cols = t.shape[2];
  float *rows = S2S__TAKE(&s->arena, float, t.count);
  size_t at = 0;
  for (size_t i = 0; i < s->sentences; at += length[i] * cols, i++)
    memcpy(rows + at, t.value + i * t.shape[1] * cols, length[i] * cols * sizeof *rows);
  return rows;
}

static int gradients_agree(subject *s, const s2s__network *network, const s2s__graph *graph) {
  int agree = 1;
  for (size_t i = 0; i < network->params.count; i++) {
    const s2s__param *p = network->params.item[i];
    agree &= near_golden(p->name, s2s__graph_parameter(graph, p), golden_get(&s->g, "grad.param.%s", p->name).value,
                         s2s__param_size(p));
  }
  return agree;
}

static void check_forward(subject *s) {
  static const uint32_t pair[3] = {0, 1, 2};
  s2s_trainer *t = trainer_of(s, "");
  s2s__graph graph;
  s2s__example example;
  s2s__encoding encoding;
  s2s__outputs outputs;
  s2s__tensor *logits;
  double loss, plain, tokens;
  s2s__graph_init(&graph, &s->arena, t->kernels, &s->error);
  graph.recording = 1;
  graph.gradient = s2s__arena_take_zeroed(&s->arena, t->network.params.total * sizeof(s2s__real));
  must(s, s2s__dataset_example(&t->dataset, pair, s->sentences, 0, 1, &s->arena, &example, &s->error));
  must(s, s2s__network_forward(&graph, &t->network, &example, &encoding, &outputs));
  must(s, s2s__network_logits(&graph, &t->network, NULL, outputs.rows, &logits));
  tokens = (double)logits->rows;
  ok(near_golden("memory", encoding.states->data, packed(s, "output.memory", s->source_length),
                 encoding.states->rows * encoding.states->cols),
     "%s: encoder states", s->g.name);
  ok(near_golden("logits", logits->data, packed(s, "output.logits", s->target_length), logits->rows * logits->cols),
     "%s: logits", s->g.name);
  must(s, s2s__cross_entropy(&graph, logits, example.expected, 0.1, 1 / tokens, &loss, &plain));
  const s2s__real mean = (s2s__real)(loss / tokens);
  ok(near_golden("loss", &mean, golden_get(&s->g, "output.loss").value, 1), "%s: loss with label smoothing", s->g.name);
  must(s, s2s__graph_backward(&graph));
  ok(gradients_agree(s, &t->network, &graph), "%s: all gradients", s->g.name);
  s2s_trainer_free(t);
}

/* ---- training ---------------------------------------------------------------------------------------------------- */

/* A Transformer's trajectory in f32 turns on rounding: the gradient of the keys' bias is zero but for it (softmax does
 * not see what is added to all scores), and Adam makes steps of full size of that; then a relu switches an update sooner
 * or later. So in f32 only its first losses are held, up to FIRST_UPDATES; in double all is. */
static int trajectory_is_exact(const subject *s) {
  return sizeof(s2s__real) == sizeof(double) || !golden_is_transformer(&s->g);
}

static void check_training(subject *s, const char *more) {
  static const uint32_t pair[3] = {0, 1, 2};
  s2s_trainer *t = trainer_of(s, more);
  s2s__real losses[UPDATES], norms[UPDATES];
  for (size_t i = 0; i < UPDATES; i++) {
    double loss, norm;
    must(s, s2s__trainer_update(t, pair, s->sentences, &loss, &norm, &s->error));
    losses[i] = (s2s__real)loss;
    norms[i] = (s2s__real)norm;
  }
  const size_t held = trajectory_is_exact(s) ? UPDATES : FIRST_UPDATES;
  ok(near_golden("losses", losses, golden_get(&s->g, "output.train_losses").value, held),
     "%s: losses of %zu updates, %s", s->g.name, held, more);
  if (trajectory_is_exact(s))
    ok(near_golden("norms", norms, golden_get(&s->g, "output.train_grad_norms").value, UPDATES),
     "%s: gradient norms of 20 updates, %s", s->g.name, more);
  s2s_trainer_free(t);
}

/* An optimiser that only notes what it is given. */
static struct { double scale, square; } spied;

static void spy_apply(const s2s__update *u, size_t begin, size_t end) {
  spied.scale = u->gradient_scale;
  for (size_t i = begin; i < end; i++) spied.square += (double)u->gradient[i] * (double)u->gradient[i];
}

static const s2s__optimizer spy = {"spy", 2, spy_apply};

static void check_clipping(subject *s, const char *option, double most) {
  static const uint32_t pair[3] = {0, 1, 2};
  s2s_trainer *t = trainer_of(s, option);
  double loss, norm;
  t->optimizer = &spy;
  spied.square = 0;
  must(s, s2s__trainer_update(t, pair, s->sentences, &loss, &norm, &s->error));
  ok(fabs(spied.scale - (most > 0 ? golden_clip(norm, most) : 1)) < 1e-12 && fabs(sqrt(spied.square) - norm) < 1e-9,
     "%s: %s gives a gradient of norm %.3f the right scale", s->g.name, option, norm);
  s2s_trainer_free(t);
}

/* ---- step by step ------------------------------------------------------------------------------------------------ */

static s2s_memory *memory_of(const subject *s) {
  const char *texts[3];
  s2s_encoder *encoder;
  s2s_memory *memory;
  for (size_t i = 0; i < s->sentences; i++) texts[i] = s2s_corpus_text(s->corpus, i, S2S_SOURCE);
  need(s2s_encoder_init(s->model, NULL, &encoder));
  need(s2s_encode(encoder, texts, NULL, s->sentences, &memory));
  s2s_encoder_free(encoder);
  return memory;
}

#if !(defined(S2S_DOUBLE) && S2S_DOUBLE) /* there the public interface gives floats, which are not the state's numbers */

static void log_softmax(const float *logits, size_t n, float *out) {
  double sum = 0;
  for (size_t j = 0; j < n; j++) sum += exp((double)logits[j]);
  for (size_t j = 0; j < n; j++) out[j] = (float)((double)logits[j] - log(sum));
}

/* One step of all sentences against [sentences, steps, *]: log-probabilities and attention. */
static int step_agrees(subject *s, const s2s_decoder *decoder, const float *got, size_t step) {
  const golden_tensor logits = golden_get(&s->g, "output.logits"), attention = golden_find(&s->g, "output.attention");
  const size_t classes = logits.shape[2], steps = logits.shape[1];
  const s2s__stepper *stepper = &decoder->searcher[0].stepper;
  float wanted[16];
  int agree = classes <= 16;
  for (size_t i = 0; agree && i < s->sentences; i++) {
    log_softmax(logits.value + (i * steps + step) * classes, classes, wanted);
    agree = near_golden("log-probabilities", got + i * classes, wanted, classes);
    if (!attention.value) continue; /* PyTorch's Transformer keeps its weights to itself */
    agree = agree &&
            near_golden("attention", stepper->weights->data + stepper->ragged.offset[i],
                        attention.value + (i * steps + step) * attention.shape[2], stepper->ragged.length[i]);
  }
  return agree;
}

/* The top layer's state, what an attention is asked with: before a step (bahdanau) or after it (luong). */
static void copy_queries(const subject *s, const s2s_decoder *decoder, s2s__order order, float *queries) {
  const s2s__config *config = &s->model->network.config;
  const s2s__tensor *h = decoder->searcher[0].stepper.state.tensor[config->decoder_layers - 1];
  if (config->order == order) memcpy(queries, h->data, h->rows * h->cols * sizeof *queries);
}

static int attend_agrees(subject *s, const s2s_memory *memory, const float *queries, size_t step) {
  const golden_tensor wanted = golden_get(&s->g, "output.attention");
  const size_t dim = s2s_memory_dim(memory);
  s2s_attention *attention;
  int agree = 1;
  need(s2s_attention_init(s->model, NULL, &attention));
  for (size_t i = 0; i < s->sentences; i++) {
    size_t rows;
    float weights[MOST_TOKENS], context[MOST_DIM], sum[MOST_DIM] = {0};
    const float *states = s2s_memory_states(memory, i, &rows);
    need(s2s_attend(attention, memory, i, queries + i * s2s_attention_query_dim(attention), 1, weights, context));
    for (size_t j = 0; j < rows * dim; j++) sum[j % dim] += weights[j / dim] * states[j];
    agree = near_golden("s2s_attend's weights", weights, wanted.value + (i * wanted.shape[1] + step) * wanted.shape[2],
                        rows) &&
            near_golden("s2s_attend's context", context, sum, dim) && agree;
  }
  s2s_attention_free(attention);
  return agree;
}

/* Teacher-forced, over the padded steps too: PyTorch computes these as well. */
static void check_steps(subject *s) {
  static const int32_t parents[3] = {0, 1, 2};
  const golden_tensor input = golden_get(&s->g, "const.tgt_in");
  s2s_memory *memory = memory_of(s);
  s2s_decoder *decoder;
  const int has_attention = golden_find(&s->g, "output.attention").value != NULL;
  int agree = 1, attended = 1;
  need(s2s_decoder_init(s->model, NULL, &decoder));
  need(s2s_decoder_start(decoder, memory));
  for (size_t step = 0; step < input.shape[1]; step++) {
    int32_t tokens[3];
    const float *log_probabilities;
    float queries[3 * MOST_DIM];
    for (size_t i = 0; i < s->sentences; i++) tokens[i] = (int32_t)input.value[i * input.shape[1] + step];
    if (has_attention) copy_queries(s, decoder, S2S__ORDER_BAHDANAU, queries);
    need(s2s_decoder_step(decoder, tokens, parents, s->sentences, &log_probabilities));
    agree = step_agrees(s, decoder, log_probabilities, step) && agree;
    if (!has_attention) continue;
    copy_queries(s, decoder, S2S__ORDER_LUONG, queries);
    attended = attend_agrees(s, memory, queries, step) && attended;
  }
  ok(agree, "%s: log-probabilities and attention weights, step by step", s->g.name);
  if (has_attention)
    ok(attended, "%s: s2s_attend with the decoder's queries gives the same weights", s->g.name);
  s2s_decoder_free(decoder);
  s2s_memory_free(memory);
}

#else

static void check_steps(subject *s) { (void)s; }

#endif

/* ---- search ------------------------------------------------------------------------------------------------------ */

static s2s_result *decoded(const subject *s, const char *search) {
  char text[OPTIONS];
  s2s_decoder *decoder;
  s2s_result *result;
  snprintf(text, sizeof text, "max_length 12 max_length_ratio 0 beam_stop first %s", search);
  s2s_options *options = fixture_options(text);
  s2s_memory *memory = memory_of(s);
  need(s2s_decoder_init(s->model, options, &decoder));
  need(s2s_decode(decoder, memory, &result));
  s2s_decoder_free(decoder);
  s2s_memory_free(memory);
  s2s_options_free(options);
  return result;
}

static int has_ended(const s2s_result *result, size_t text, size_t rank) {
  size_t tokens, rows;
  s2s_result_tokens(result, text, rank, &tokens);
  s2s_result_alignment(result, text, rank, &rows, NULL);
  return rows == tokens + 1;
}

/* Whether a hypothesis is these 12 numbers: tokens, the end mark where it has one, zeros. */
static int same_tokens(const s2s_result *result, size_t text, size_t rank, const float *wanted) {
  size_t n;
  float got[MOST_TOKENS + 1] = {0};
  const int32_t *ids = s2s_result_tokens(result, text, rank, &n);
  if (!ids || n > MOST_TOKENS) return 0;
  for (size_t t = 0; t < n; t++) got[t] = (float)ids[t];
  if (has_ended(result, text, rank)) got[n] = (float)S2S__EOS;
  return memcmp(got, wanted, MOST_TOKENS * sizeof *got) == 0;
}

static void check_beam(subject *s, const char *name, const char *search) {
  s2s_result *result = decoded(s, search);
  const golden_tensor tokens = golden_get(&s->g, "output.%s.tokens", name);
  const golden_tensor scores = golden_get(&s->g, "output.%s.scores", name);
  const golden_tensor sums = golden_find(&s->g, "output.%s.sum_logp", name);
  const size_t best = tokens.rank == 3 ? tokens.shape[1] : 1;
  int same = 1, near = 1;
  for (size_t n = 0; n < s->sentences * best; n++) {
    const size_t text = n / best, rank = n % best;
    const s2s__real score = (s2s__real)s2s_result_score(result, text, rank);
    const s2s__real sum = (s2s__real)s2s_result_log_probability(result, text, rank);
    same &=
        s2s_result_hypotheses(result, text) == best && same_tokens(result, text, rank, tokens.value + n * MOST_TOKENS);
    near &= near_golden("score", &score, scores.value + n, 1);
    near &= near_golden("sum", &sum, (sums.value ? sums : scores).value + n, 1);
  }
  ok(same, "%s: %s finds the same tokens", s->g.name, name);
  ok(near, "%s: %s gives the same scores", s->g.name, name);
  s2s_result_free(result);
}

/* The best sequences that end, among those a wide beam finds. */
static void check_exact(subject *s, const char *search) {
  s2s_result *result = decoded(s, search);
  const golden_tensor tokens = golden_get(&s->g, "output.exact4.tokens");
  const golden_tensor sums = golden_get(&s->g, "output.exact4.sum_logp");
  const size_t best = tokens.shape[1];
  int same = 1;
  for (size_t i = 0; i < s->sentences; i++) {
    size_t found = 0;
    for (size_t rank = 0; rank < s2s_result_hypotheses(result, i) && found < best; rank++) {
      const s2s__real sum = (s2s__real)s2s_result_log_probability(result, i, rank);
      if (!has_ended(result, i, rank)) continue;
      same &= same_tokens(result, i, rank, tokens.value + (i * best + found) * MOST_TOKENS);
      same &= near_golden("sum", &sum, sums.value + i * best + found++, 1);
    }
    same &= found == best;
  }
  ok(same, "%s: a wide beam finds the four best of all sequences", s->g.name);
  s2s_result_free(result);
}

static void check_subject(const char *name) {
  subject s;
  subject_open(&s, name);
  check_forward(&s);
  check_steps(&s);
  check_training(&s, "batch_shards 1");
  check_training(&s, "batch_shards 2 threads 2");
  check_training(&s, "batch_shards 5"); /* more than sentences */
  check_clipping(&s, "clip_norm 0.5", 0.5);
  check_clipping(&s, "clip_norm 100", 100);
  check_clipping(&s, "clip_norm 0", 0);
  check_beam(&s, "greedy", "beam 1 length_penalty 0");
  check_beam(&s, "beam4_a0", "beam 4 nbest 4 length_penalty 0");
  check_beam(&s, "beam4_a1", "beam 4 nbest 4 length_penalty 1");
  check_exact(&s, "beam 1000 nbest 1000 length_penalty 0 beam_stop safe");
  subject_close(&s);
}

int main(void) {
  diag("cpu %s", fixture_kernels()->name);
  check_subject("model_lstm_luong");
  check_subject("model_gru_bahdanau");
  check_subject("model_transformer_post");
  check_subject("model_transformer_pre_tied");
  diag("worst error %.2e", worst_of_all);
  return done();
}
