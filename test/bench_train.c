/* SPDX-License-Identifier: MIT
 *
 * Training speed, on the default model: against portable C, and against the same model in PyTorch where that is installed.
 *
 *     bench_train [PAIRS.tsv]       default: the sample corpus
 *
 * Ours, portable C and the peer take turns for ROUNDS rounds; a ratio is the median of the rounds' ratios. The peer is run
 * by the command $PYTHON (default python3). Rows as `make bench` collects them.
 */
#define _POSIX_C_SOURCE 200809L

#include "bench_measure.h"
#include "seq2seq.h"

#include <string.h>

enum { ROUNDS = 7, SECONDS = 5, THREADS = 2 };

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

static int32_t open_bench(bench *b, const char *path, const char *cpu) {
  memset(b, 0, sizeof *b);
  int32_t status = s2s_options_new(&b->options);
  if (!status) status = s2s_options_set(b->options, "preset", "none"); /* whatever the number of pairs */
  if (!status) status = s2s_options_set(b->options, "source.tokens", "chars");
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
static double run_peer(const char *path) {
  char command[1024], line[64] = "";
  const char *python = getenv("PYTHON");
  snprintf(command, sizeof command, "%s test/bench_train.py '%s' %d %d 2>/dev/null", python ? python : "python3", path,
           SECONDS, THREADS);
  FILE *peer = popen(command, "r");
  if (!peer) return 0;
  if (!fgets(line, sizeof line, peer)) line[0] = '\0';
  return pclose(peer) == 0 ? atof(line) : 0;
}

int main(int argc, char **argv) {
  const char *path = argc > 1 ? argv[1] : "examples/data/cmudict-sample.train.tsv";
  bench ours, c;
  double speed[ROUNDS], vs_c[ROUNDS], vs_peer[ROUNDS];
  int failed = open_bench(&ours, path, "auto") || open_bench(&c, path, "c"), with_peer = 1;
  for (int round = 0; round < ROUNDS && !failed; round++) {
    speed[round] = run(&ours);
    vs_c[round] = speed[round] / run(&c);
    const double peer = with_peer ? run_peer(path) : 0;
    with_peer = peer > 0;
    vs_peer[round] = with_peer ? speed[round] / peer : 0;
  }
  if (!failed) {
    char name[32];
    bench_row row = {.area = "train", .name = name, .unit = "sentences/s", .peer = "PyTorch"};
    snprintf(name, sizeof name, "g2p, %d threads", THREADS);
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
