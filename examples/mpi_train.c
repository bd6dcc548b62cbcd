/* SPDX-License-Identifier: MIT
 *
 * Training on several machines by MPI: every process has all pairs, computes its part of each batch, and MPI adds the
 * gradients. Two processes with a shard each give the same model as one process with both.
 *
 *     mpicc -O2 -Iinclude examples/mpi_train.c build/libseq2seq.a -lm -pthread -o build/mpi_train      (or: make mpi)
 *     mpirun -np 2 build/mpi_train TRAIN.tsv DEV.tsv MODEL [OPTIONS]
 *
 * OPTIONS is a file of `key = value` lines. batch_shards, 2 by default, must be 1, 2, 4 ... times the number of
 * processes.
 */
#include <mpi.h>
#include <seq2seq.h>
#include <stdio.h>
#include <stdlib.h>

static int rank;

static void need(int32_t status) {
  if (!status) return;
  fprintf(stderr, "process %d: %s\n", rank, s2s_error_message());
  MPI_Abort(MPI_COMM_WORLD, 1);
}

/* Adds in a binary tree over the ranks, so that the sums, to their last bit, do not depend on how MPI was built. */
static int32_t add_up(void *user, float *values, size_t count) {
  enum { PIECE = 1 << 16 };
  static float other[PIECE];
  int ranks = *(const int *)user;
  for (size_t at = 0; at < count; at += PIECE) {
    int n = (int)(count - at < PIECE ? count - at : PIECE);
    for (int step = 1; step < ranks; step *= 2) {
      if (rank % (2 * step) == step) {
        MPI_Send(values + at, n, MPI_FLOAT, rank - step, 0, MPI_COMM_WORLD);
        break;
      }
      if (rank % (2 * step) == 0 && rank + step < ranks) {
        MPI_Recv(other, n, MPI_FLOAT, rank + step, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        for (int i = 0; i < n; i++) values[at + (size_t)i] += other[i];
      }
    }
    if (MPI_Bcast(values + at, n, MPI_FLOAT, 0, MPI_COMM_WORLD) != MPI_SUCCESS) return 1;
  }
  return 0;
}

static int32_t tell(void *user, int32_t event, int64_t done, int64_t total) {
  (void)done;
  (void)total;
  if (event != S2S_PROGRESS_EVALUATED || rank > 0) return 0;
  const s2s_metrics *metrics = s2s_trainer_metrics(*(s2s_trainer *const *)user);
  double epoch = 0, loss = 0, wrong = 0;
  s2s_metrics_get(metrics, "epochs", &epoch);
  s2s_metrics_get(metrics, "loss", &loss);
  s2s_metrics_get(metrics, "dev_sequence_error_rate", &wrong);
  printf("epoch %.0f: loss %.3f, %.1f %% of the dev pairs wrong\n", epoch, loss, wrong);
  fflush(stdout);
  return 0;
}

int main(int count, char **arguments) {
  int ranks;
  s2s_options *options;
  s2s_corpus *corpus, *dev;
  s2s_model *model, *trained;
  s2s_trainer *trainer = NULL;
  MPI_Init(&count, &arguments);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  if (count < 4) {
    if (rank == 0) fprintf(stderr, "usage: mpi_train TRAIN.tsv DEV.tsv MODEL [OPTIONS]\n");
    MPI_Finalize();
    return 2;
  }
  need(s2s_options_new(&options));
  if (count > 4) need(s2s_options_load(options, arguments[4]));
  need(s2s_options_set_progress(options, tell, &trainer));
  need(s2s_corpus_new(options, &corpus));
  need(s2s_corpus_load(corpus, arguments[1]));
  need(s2s_corpus_new(options, &dev));
  need(s2s_corpus_load(dev, arguments[2]));
  need(s2s_model_create(corpus, options,
                        &model)); /* the same in every process: it depends on corpus, options and seed */
  need(s2s_trainer_new(model, corpus, dev, options, &trainer));
  need(s2s_trainer_set_allreduce(trainer, add_up, &ranks, rank, ranks));
  need(s2s_trainer_run(trainer));
  need(s2s_trainer_model(trainer, &trained));
  if (rank == 0) need(s2s_model_save(trained, arguments[3]));
  s2s_model_free(trained);
  s2s_trainer_free(trainer);
  s2s_model_free(model);
  s2s_corpus_free(dev);
  s2s_corpus_free(corpus);
  s2s_options_free(options);
  MPI_Finalize();
  return 0;
}
