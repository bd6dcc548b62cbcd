/* SPDX-License-Identifier: MIT
 *
 * Training speed of four models, against portable C, and against the same models in PyTorch where that is installed.
 *
 *     bench_train [PAIRS.tsv]       spellings and phones for the first two models; default: the sample corpus
 *
 * The other two learn from random sentences of a translation's shape. Ours, portable C and the peer take turns for ROUNDS
 * rounds; a ratio is the median of the rounds' ratios. The peer is run by the command $PYTHON (default python3), with memory
 * that it keeps instead of asking the system for it in every update (MALLOC_*), which makes it faster, up to twice. Rows as
 * `make bench` collects them.
 */
#define _POSIX_C_SOURCE 200809L

#include "bench_measure.h"
#include "seq2seq.h"

#include <math.h>
#include <string.h>

enum { ROUNDS = 7, SECONDS = 5, THREADS = 2, RANDOM_PAIRS = 10000, RANDOM_WORDS = 7700 };

typedef struct bench_case {
  const char *name; /* as bench_train.py knows it */
  int is_translation;
  const char *settings[24]; /* keys and values, besides the defaults */
} bench_case;

static const bench_case cases[] = {
    {"g2p", 0, {"source.tokens", "chars"}},
    {"g2p-feeding", 0, {"source.tokens", "chars", "attention.input_feeding", "yes"}},
    {"translation", 1, {"vocabulary.joint", "yes", "embedding.dim", "256", "batch_sentences", "64"}},
    {"transformer",
     1,
     {"vocabulary.joint", "yes", "batch_sentences", "64", "encoder.type", "transformer", "decoder.type", "transformer",
      "transformer.norm", "post", "encoder.layers", "3", "decoder.layers", "3", "dropout", "0.1", "dropout.attention",
      "0.1"}},
};

/* Sentences of 5 to 22 words, the words as frequent as in a language: the r-th is met about 1/r times as often. */
static int write_random_pairs(const char *path) {
  uint64_t random = 1;
  FILE *file = fopen(path, "w");
  if (!file) return 1;
  for (int pair = 0; pair < RANDOM_PAIRS; pair++)
    for (int side = 0; side < 2; side++) {
      random = random * 6364136223846793005u + 1442695040888963407u;
      const int words = 5 + (int)(random >> 33) % 18;
      for (int i = 0; i < words; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        const double share = (double)(random >> 11) / 9007199254740992.0;
        fprintf(file, "%sw%d", i ? " " : "", (int)pow(RANDOM_WORDS, share));
      }
      fputs(side ? "\n" : "\t", file);
    }
  return fclose(file) != 0;
}

typedef struct bench {
  s2s_options *options;
  s2s_corpus *corpus;
  s2s_model *model;
  s2s_trainer *trainer;
} bench;

static void close_bench(bench *b) {
  s2s_trainer_free(b->trainer);
  s2s_model_free(b->model);
  s2s_corpus_free(b->corpus);
  s2s_options_free(b->options);
}

static int32_t open_bench(bench *b, const bench_case *kind, const char *path, const char *cpu) {
  memset(b, 0, sizeof *b);
  int32_t status = s2s_options_new(&b->options);
  if (!status) status = s2s_options_set(b->options, "preset", "none"); /* whatever the number of pairs */
  for (int i = 0; kind->settings[i] && !status; i += 2)
    status = s2s_options_set(b->options, kind->settings[i], kind->settings[i + 1]);
  if (!status) status = s2s_options_set(b->options, "cpu", cpu);
  if (!status) status = s2s_options_set_int(b->options, "threads", THREADS);
  if (!status) status = s2s_corpus_new(b->options, &b->corpus);
  if (!status) status = s2s_corpus_load(b->corpus, path);
  if (!status) status = s2s_model_create(b->corpus, b->options, &b->model);
  if (!status) status = s2s_trainer_new(b->model, b->corpus, NULL, b->options, &b->trainer);
  for (int i = 0; i < 10 && !status; i++) status = s2s_trainer_step(b->trainer, NULL);
  if (status) fprintf(stderr, "bench_train: %s\n", s2s_error_message());
  return status;
}

static double seconds_and_sentences(const bench *b, double *sentences) {
  double seconds = 0, rate = 0;
  s2s_metrics_get(s2s_trainer_metrics(b->trainer), "train_seconds", &seconds);
  s2s_metrics_get(s2s_trainer_metrics(b->trainer), "sentences_per_second", &rate);
  *sentences = rate * seconds;
  return seconds;
}

/* Sentences per second over SECONDS seconds. */
static double run(const bench *b) {
  double before, after;
  const double start = bench_now();
  (void)seconds_and_sentences(b, &before);
  while (bench_now() - start < SECONDS)
    if (s2s_trainer_step(b->trainer, NULL)) return 0;
  const double seconds = bench_now() - start;
  (void)seconds_and_sentences(b, &after);
  return (after - before) / seconds;
}

/* 0 when there is no such peer. */
static double run_peer(const bench_case *kind, const char *path) {
  char command[1024], line[64] = "";
  const char *python = getenv("PYTHON");
  snprintf(command, sizeof command,
           "MALLOC_MMAP_THRESHOLD_=4294967296 MALLOC_TRIM_THRESHOLD_=8589934592 MALLOC_TOP_PAD_=268435456 "
           "%s test/bench_train.py '%s' %d %d %s 2>/dev/null",
           python ? python : "python3", path, SECONDS, THREADS, kind->name);
  FILE *peer = popen(command, "r");
  if (!peer) return 0;
  if (!fgets(line, sizeof line, peer)) line[0] = '\0';
  return pclose(peer) == 0 ? atof(line) : 0;
}

static int measure(const bench_case *kind, const char *path) {
  bench ours, c = {0};
  double speed[ROUNDS], vs_c[ROUNDS], vs_peer[ROUNDS];
  int failed = open_bench(&ours, kind, path, "auto") || open_bench(&c, kind, path, "c"), with_peer = 1;
  for (int round = 0; round < ROUNDS && !failed; round++) {
    speed[round] = run(&ours);
    vs_c[round] = speed[round] / run(&c);
    const double peer = with_peer ? run_peer(kind, path) : 0;
    with_peer = peer > 0;
    vs_peer[round] = with_peer ? speed[round] / peer : 0;
  }
  if (!failed) {
    char name[48];
    bench_row row = {.area = "train", .name = name, .unit = "sentences/s", .peer = "PyTorch"};
    snprintf(name, sizeof name, "%s, %d threads", kind->name, THREADS);
    s2s_model_get(ours.model, "cpu", &row.level);
    row.value = bench_quartiles_of(speed, ROUNDS).middle;
    row.vs_c = bench_quartiles_of(vs_c, ROUNDS);
    if (with_peer) row.vs_peer = bench_quartiles_of(vs_peer, ROUNDS);
    bench_print(&row);
  }
  close_bench(&c);
  close_bench(&ours);
  return failed;
}

int main(int argc, char **argv) {
  const char *words = argc > 1 ? argv[1] : "examples/data/cmudict-sample.train.tsv";
  const char *sentences = "build/tmp/bench_train.tsv";
  int failed = write_random_pairs(sentences);
  if (failed) fprintf(stderr, "bench_train: cannot write %s\n", sentences);
  for (size_t i = 0; i < sizeof cases / sizeof *cases && !failed; i++)
    failed = measure(&cases[i], cases[i].is_translation ? sentences : words);
  return failed;
}
