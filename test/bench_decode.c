/* SPDX-License-Identifier: MIT
 *
 * Decoding speed on random-weight models of stated sizes: as a share of this machine's walls, and against ONNX Runtime
 * and PyTorch where they are installed. docs/performance.md says how to read it, and where ONNX Runtime is looked for.
 *
 *     bench_decode [SHAPE...]       rnn transformer transformer-big shipped; default: all
 *
 * A case is a number of texts answered at once, greedily or by a beam of 5: 14 source tokens, 20 target tokens each,
 * one thread, encoding included. Ours and each peer take turns, with the same weights and the same sources, and have to
 * come to the same greedy tokens (nearly: sums in another order may decide between two that are about as likely).
 * `shipped` are the models of examples/models as they are, against the same in portable C. Rows as `make bench`
 * collects them.
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include "bench_decode_peer.h"
#include "bench_walls.h"
#include "seq2seq.h"

enum { FEW_ROWS = 12, SOURCE = 14, TARGET = 20, WORDS = 8000, SHORTLIST = 500 };
enum { ONNX_F32, TORCH_F32, ONNX_I8, PEERS };

/* How weights are stored, what a number takes, and whom it is held against: bits of 1 << ONNX_F32 ... */
typedef struct decode_storage {
  const char *name;
  double bytes;
  unsigned peers;
} decode_storage;
static const decode_storage storages[] = {
    {"f32", 4, 1u << ONNX_F32 | 1u << TORCH_F32}, {"f16", 2, 1u << ONNX_F32}, {"int8", 1, 1u << ONNX_I8}};

/* ---- ours ---------------------------------------------------------------------------------------------------------
 */

typedef struct decode_ours {
  const char *shape;
  const decode_storage *storage;
  s2s_options *options;
  s2s_model *model;
  s2s_encoder *encoder;
  s2s_decoder *decoder;
  decode_question question;
  int32_t ids[DECODE_BATCH * SOURCE], token[DECODE_TOKENS];
  size_t length[DECODE_BATCH];
} decode_ours;

static void decode_must(int32_t status) {
  if (status == S2S_OK) return;
  fprintf(stderr, "bench_decode: %s\n", s2s_error_message());
  exit(2);
}

/* One batch, from ids to tokens. */
static void decode_run(void *job) {
  decode_ours *ours = job;
  s2s_memory *memory;
  s2s_result *result;
  size_t count;
  decode_must(s2s_encode_ids(ours->encoder, ours->ids, ours->length, (size_t)ours->question.batch, &memory));
  decode_must(s2s_decode(ours->decoder, memory, &result));
  const int32_t *tokens = s2s_result_tokens(result, 0, 0, &count);
  memcpy(ours->token, tokens, (count < DECODE_TOKENS ? count : DECODE_TOKENS) * sizeof *tokens);
  s2s_result_free(result);
  s2s_memory_free(memory);
}

static void decode_load(decode_ours *ours, const char *shape, const decode_storage *storage, const char *path,
                        const char *cpu) {
  s2s_model *model;
  memset(ours, 0, sizeof *ours);
  ours->shape = shape, ours->storage = storage;
  decode_must(s2s_options_new(&ours->options));
  decode_must(s2s_options_set_int(ours->options, "max_length", TARGET));
  decode_must(s2s_options_set_int(ours->options, "max_length_ratio", 0));
  decode_must(s2s_options_set_int(ours->options, "min_length", TARGET - 1)); /* the end mark is counted */
  decode_must(s2s_options_set(ours->options, "cpu", cpu));
  decode_must(s2s_options_set(ours->options, "weights", storage->name));
  decode_must(s2s_model_load(path, ours->options, &model));
  decode_must(s2s_model_quantize(model, ours->options, &ours->model));
  s2s_model_free(model);
  decode_must(s2s_encoder_init(ours->model, ours->options, &ours->encoder));
}

static void decode_ask_ours(decode_ours *ours, const decode_question *q) {
  s2s_decoder_free(ours->decoder);
  ours->question = *q;
  decode_sources(q, ours->ids);
  for (int32_t i = 0; i < q->batch; i++) ours->length[i] = SOURCE;
  decode_must(s2s_options_set_int(ours->options, "beam", q->beam));
  decode_must(s2s_decoder_init(ours->model, ours->options, &ours->decoder));
}

/* The same model with a shortlist: random weights link nothing, so it has SHORTLIST words for any source. */
static void decode_use_shortlist(decode_ours *ours) {
  s2s_corpus *corpus;
  s2s_model *model;
  char text[SHORTLIST * 8 + 1];
  size_t at = 0;
  for (int i = 0; i < SHORTLIST; i++) at += (size_t)snprintf(text + at, 9, "w%06d ", i);
  decode_must(s2s_options_set_int(ours->options, "shortlist.frequent", SHORTLIST));
  decode_must(s2s_options_set_int(ours->options, "max_train_length", 2 * SHORTLIST));
  decode_must(s2s_corpus_new(NULL, &corpus));
  decode_must(s2s_corpus_add(corpus, "w000000", 7, text, at));
  decode_must(s2s_model_shortlist(ours->model, corpus, ours->options, &model));
  s2s_corpus_free(corpus);
  s2s_encoder_free(ours->encoder);
  s2s_model_free(ours->model);
  ours->model = model;
  decode_must(s2s_encoder_init(ours->model, ours->options, &ours->encoder));
  decode_must(s2s_options_set(ours->options, "shortlist", "yes"));
}

static void decode_unload(decode_ours *ours) {
  s2s_decoder_free(ours->decoder);
  s2s_encoder_free(ours->encoder);
  s2s_model_free(ours->model);
  s2s_options_free(ours->options);
}

/* ---- what a text costs at least ------------------------------------------------------------------------------------
 */

/* Weights that are multiplied for each target token, and for each source token. */
typedef struct decode_cost {
  double target, source;
} decode_cost;

static decode_cost decode_cost_of(const s2s_model *model) {
  decode_cost cost = {0, 0};
  for (size_t i = 0; i < s2s_model_parameter_count(model); i++) {
    const char *name = s2s_model_parameter_name(model, i);
    const double weights = (double)s2s_model_parameter_size(model, i);
    if (strstr(name, "embedding") || s2s_model_parameter_dims(model, i) == 1) continue;
    const int source = strstr(name, "encoder") || strstr(name, "linear_in"),
              both = strstr(name, "multihead_attn.in") != NULL;
    cost.source += both ? weights * 2 / 3 : source ? weights : 0;
    cost.target += both ? weights / 3 : source ? 0 : weights;
  }
  return cost;
}

/* Few rows read the weights of a step again and again, and nothing can be quicker than that; many rows multiply with
 * each number that was read, and nothing can be quicker than the multiplications. A core makes some six to twelve
 * operations in the time it reads a byte from beyond its own caches, and a number of four bytes is used twice a row. */
static bench_side decode_wall(const decode_ours *ours, const decode_cost *cost, double *work, bench_read *read) {
  const decode_question *q = &ours->question;
  const char *level = "";
  decode_must(s2s_model_get(ours->model, "cpu", &level));
  if (q->batch * q->beam > FEW_ROWS) {
    *work = 2 * q->batch * (cost->target * q->beam * TARGET + cost->source * SOURCE);
    return ours->storage->bytes > 1 ? bench_wall_fma(level) : bench_wall_i8(level);
  }
  const size_t bytes = (size_t)(cost->target * ours->storage->bytes) / 64 * 64;
  *work = (double)bytes * TARGET + cost->source * ours->storage->bytes;
  return bench_wall_read(level, bench_numbers(bytes / sizeof(float), -1, 1), bytes, read); /* kept to the end */
}

/* ---- cases ---------------------------------------------------------------------------------------------------------
 */

/* How many of the first text's tokens two ways have in common, from the first on. */
static int decode_alike(const int32_t *a, const int32_t *b) {
  int t = 0;
  while (t < TARGET && a[t] == b[t]) t++;
  return t;
}

static void decode_check(const char *name, const decode_ours *ours, const decode_peer *peer) {
  const int alike = decode_alike(ours->token, peer->answer.token);
  if (alike < TARGET)
    fprintf(stderr, "bench: %s: %s chose %d of %d tokens as ours did\n", name, peer->name, alike, TARGET);
}

static void decode_print(const char *name, const decode_ours *ours, double seconds, const bench_quartiles *share,
                         const bench_rival *rival, const char *peer) {
  bench_row row = {.area = "decode", .name = name, .unit = "tokens/s", .peer = peer};
  decode_must(s2s_model_get(ours->model, "cpu", &row.level));
  row.value = (double)ours->question.batch * TARGET / seconds;
  row.wall_share = *share;
  if (rival) row.vs_peer = rival->ratio;
  bench_print(&row);
}

/* One row for each peer that answers, or one without any; rivals: the wall, whose ratio is the share of it, and peers.
 */
static void decode_rows(const decode_ours *ours, const decode_peer *peers, const bench_rival *rivals, double seconds) {
  const decode_question *q = &ours->question;
  char name[96];
  int printed = 0;
  snprintf(name, sizeof name, "%s, %s, batch %d, %s", ours->shape, ours->storage->name, (int)q->batch,
           q->beam > 1 ? "beam 5" : "greedy");
  for (int i = 0; i < PEERS; i++) {
    if (!(rivals[1 + i].ratio.middle > 0)) continue;
    if (q->beam == 1 && ours->storage->bytes > 2) decode_check(name, ours, &peers[i]);
    decode_print(name, ours, seconds, &rivals[0].ratio, &rivals[1 + i], peers[i].name);
    printed++;
  }
  if (!printed) decode_print(name, ours, seconds, &rivals[0].ratio, NULL, NULL);
}

static void decode_case(decode_ours *ours, decode_peer *peers, int32_t batch, int32_t beam) {
  const decode_question q = {.batch = batch, .source = SOURCE, .target = TARGET, .beam = beam, .vocabulary = WORDS};
  const decode_cost cost = decode_cost_of(ours->model);
  bench_rival rivals[1 + PEERS] = {{.rounds = BENCH_ROUNDS}};
  decode_way ways[PEERS];
  bench_read read;
  double work;
  decode_ask_ours(ours, &q);
  rivals[0].side = decode_wall(ours, &cost, &work, &read);
  for (int i = 0; i < PEERS; i++) {
    ways[i] = (decode_way){&peers[i], q};
    rivals[1 + i].rounds = BENCH_ROUNDS;
    if (peers[i].child && (ours->storage->peers >> i & 1) && decode_peer_ask(&ways[i], 0) > 0)
      rivals[1 + i].side = (bench_side){NULL, decode_peer_ask, &ways[i], work};
  }
  const double seconds = bench_race(&(bench_side){decode_run, NULL, ours, work}, rivals, 1 + PEERS);
  decode_rows(ours, peers, rivals, seconds);
}

/* With a shortlist, against the whole vocabulary. */
static void decode_case_shortlist(decode_ours *whole, decode_ours *listed, int32_t batch) {
  const decode_question q = {.batch = batch, .source = SOURCE, .target = TARGET, .beam = 1, .vocabulary = WORDS};
  bench_row row = {.area = "decode", .unit = "tokens/s", .peer = "own, whole vocabulary"};
  char name[96];
  decode_ask_ours(whole, &q);
  decode_ask_ours(listed, &q);
  bench_rival rival = {.side = {decode_run, NULL, whole, 1}, .rounds = BENCH_ROUNDS};
  const double seconds = bench_race(&(bench_side){decode_run, NULL, listed, 1}, &rival, 1);
  snprintf(name, sizeof name, "%s, %s, batch %d, greedy, %d words a text", listed->shape, listed->storage->name,
           (int)batch, SHORTLIST);
  row.name = name;
  decode_must(s2s_model_get(listed->model, "cpu", &row.level));
  row.value = (double)batch * TARGET / seconds;
  row.vs_peer = rival.ratio;
  bench_print(&row);
}

static void decode_shortlists(decode_ours *whole, const char *path) {
  decode_ours listed;
  decode_load(&listed, whole->shape, whole->storage, path, "auto");
  decode_use_shortlist(&listed);
  for (int32_t batch = 1; batch <= 32; batch += 31) decode_case_shortlist(whole, &listed, batch);
  decode_unload(&listed);
}

static int decode_command(const char *format, const char *a, const char *b) {
  char command[2048];
  snprintf(command, sizeof command, format, a, b);
  return system(command) == 0;
}

/* ONNX Runtime with the graphs that the script writes of a model, in this storage ("" or "int8"). */
static void decode_open_onnx(decode_peer *peer, const char *name, const char *model, const char *storage) {
  const char *python = getenv("PYTHON") ? getenv("PYTHON") : "python3";
  char library[1024], graphs[300], arguments[700];
  const char *onnx = decode_find_onnxruntime(library, sizeof library);
  snprintf(graphs, sizeof graphs, "%s%s", model, storage);
  snprintf(arguments, sizeof arguments, "%s.safetensors %s %s", model, graphs, storage);
  if (*onnx && decode_command("%s test/bench_decode_onnx.py %s", python, arguments))
    decode_peer_open(peer, name, onnx, NULL, graphs, "");
  else
    fprintf(stderr, "bench: SKIP peer %s: no libonnxruntime.so.1 (npm's onnxruntime-node, or ONNXRUNTIME=PATH)\n",
            name);
}

/* The same weights for all: written by the command, read by the peers. */
static void decode_shape(const char *shape) {
  char model[256], path[512];
  decode_ours ours;
  decode_peer peers[PEERS] = {{.child = 0}};
  const char *cpu = "";
  snprintf(model, sizeof model, "build/tmp/bench-%s", shape);
  snprintf(path, sizeof path, "%s.safetensors", model);
  if (!decode_command("mkdir -p build/tmp && build/seq2seq bench --shape %s -o %s", shape, path)) exit(2);
  decode_open_onnx(&peers[ONNX_F32], "ONNX Runtime f32", model, "");
  decode_open_onnx(&peers[ONNX_I8], "ONNX Runtime int8", model, "int8");
  for (size_t s = 0; s < sizeof storages / sizeof *storages; s++) {
    decode_load(&ours, shape, &storages[s], path, "auto");
    decode_must(s2s_model_get(ours.model, "cpu", &cpu));
    if (s == 0)
      decode_peer_open(&peers[TORCH_F32], "PyTorch f32", NULL, "test/bench_decode_torch.py", model,
                       bench_width(cpu) == 64 ? "SkylakeX" : "Haswell");
    for (int32_t batch = 1; batch <= 32; batch += 31)
      for (int32_t beam = 1; beam <= 5; beam += 4) decode_case(&ours, peers, batch, beam);
    decode_shortlists(&ours, path);
    decode_unload(&ours);
  }
  for (int i = 0; i < PEERS; i++) decode_peer_close(&peers[i]);
}

/* ---- shipped models ---------------------------------------------------------------------------------------------- */

static void decode_case_portable(decode_ours *ours, decode_ours *portable, int32_t batch, int32_t beam) {
  const int32_t words = (int32_t)s2s_model_vocabulary_size(ours->model, S2S_SOURCE);
  const decode_question q = {.batch = batch, .source = SOURCE, .target = TARGET, .beam = beam, .vocabulary = words};
  bench_row row = {.area = "decode", .unit = "tokens/s"};
  char name[96];
  decode_ask_ours(ours, &q);
  decode_ask_ours(portable, &q);
  bench_rival rival = {.side = {decode_run, NULL, portable, 1}, .rounds = BENCH_ROUNDS};
  const double seconds = bench_race(&(bench_side){decode_run, NULL, ours, 1}, &rival, 1);
  snprintf(name, sizeof name, "%s, %s, batch %d, %s", ours->shape, ours->storage->name, (int)batch,
           beam > 1 ? "beam 5" : "greedy");
  row.name = name;
  decode_must(s2s_model_get(ours->model, "cpu", &row.level));
  row.value = (double)batch * TARGET / seconds;
  row.vs_c = rival.ratio;
  bench_print(&row);
}

static void decode_shipped(void) {
  static const char *const models[] = {"english-g2p", "english-chinese", "chinese-english", "movie-tickets"};
  for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
    decode_ours ours, portable;
    char path[128];
    snprintf(path, sizeof path, "examples/models/%s.safetensors", models[i]);
    decode_load(&ours, models[i], &storages[2], path, "auto");
    decode_load(&portable, models[i], &storages[2], path, "c");
    for (int32_t batch = 1; batch <= 32; batch += 31)
      for (int32_t beam = 1; beam <= 5; beam += 4) decode_case_portable(&ours, &portable, batch, beam);
    decode_unload(&portable);
    decode_unload(&ours);
  }
}

static void decode_named(const char *name) {
  if (strcmp(name, "shipped") == 0)
    decode_shipped();
  else
    decode_shape(name);
}

int main(int argc, char **argv) {
  static const char *const names[] = {"rnn", "transformer", "transformer-big", "shipped"};
  for (int i = 1; i < argc; i++) decode_named(argv[i]);
  for (size_t i = 0; i < sizeof names / sizeof *names && argc == 1; i++) decode_named(names[i]);
  return 0;
}
