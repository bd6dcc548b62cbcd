/* SPDX-License-Identifier: MIT
 *
 * Speed of cutting text into pieces and of learning them: the command against SentencePiece's own programs, where they
 * are installed (Debian: sentencepiece). Both read the same file and write to nowhere, with the same model.
 *
 *     bench_segment [TEXT]       default: the project's own pages and sources, about a megabyte
 *
 * The two take turns for ROUNDS rounds; a ratio is the median of the rounds' ratios. Rows as `make bench` collects
 * them.
 */
#define _POSIX_C_SOURCE 200809L

#include "bench_measure.h"

#include <string.h>
#include <sys/stat.h>

enum { ROUNDS = 9 };

#define FOLDER "build/tmp/bench_segment"

typedef struct bench_case {
  const char *name, *ours, *peer; /* commands */
} bench_case;

static const bench_case cases[] = {
    {"learn bpe 2000", "build/seq2seq segment --source-tokens bpe:2000 --train " FOLDER "/text -o " FOLDER "/bpe.model",
     "spm_train --model_type=bpe --vocab_size=2000 --num_threads=1 --minloglevel=2 --input=" FOLDER
     "/text --model_prefix=" FOLDER "/peer.bpe"},
    {"learn unigram 2000",
     "build/seq2seq segment --source-tokens unigram:2000 --train " FOLDER "/text -o " FOLDER "/unigram.model",
     "spm_train --model_type=unigram --vocab_size=2000 --num_threads=1 --minloglevel=2 --input=" FOLDER
     "/text --model_prefix=" FOLDER "/peer.unigram"},
    {"cut bpe 2000", "build/seq2seq segment --source-tokens spm:" FOLDER "/bpe.model -i " FOLDER "/text",
     "spm_encode --model=" FOLDER "/bpe.model <" FOLDER "/text"},
    {"cut unigram 2000", "build/seq2seq segment --source-tokens spm:" FOLDER "/unigram.model -i " FOLDER "/text",
     "spm_encode --model=" FOLDER "/unigram.model <" FOLDER "/text"},
};

/* Seconds of a command, or 0 after a failure. */
static double run(const char *command) {
  char line[1024];
  snprintf(line, sizeof line, "%s >/dev/null 2>" FOLDER "/errors", command);
  const double begun = bench_now();
  return system(line) == 0 ? bench_now() - begun : 0;
}

static int measure(const bench_case *c, double megabytes, int with_peer) {
  double ratio[ROUNDS], speed[ROUNDS];
  bench_row row = {
      .area = "text", .name = c->name, .level = "-", .unit = "MB/s", .peer = with_peer ? "SentencePiece" : ""};
  for (int i = 0; i < ROUNDS; i++) {
    const double ours = run(c->ours), theirs = with_peer ? run(c->peer) : 0;
    if (ours <= 0 || (with_peer && theirs <= 0)) {
      fprintf(stderr, "bench_segment: %s failed; see " FOLDER "/errors\n", c->name);
      return 1;
    }
    speed[i] = megabytes / ours;
    ratio[i] = theirs / ours;
  }
  row.value = bench_quartiles_of(speed, ROUNDS).middle;
  if (with_peer) row.vs_peer = bench_quartiles_of(ratio, ROUNDS);
  bench_print(&row);
  return 0;
}

int main(int count, char **arguments) {
  char line[1024];
  struct stat text;
  if (system("mkdir -p " FOLDER) != 0) return 1;
  snprintf(line, sizeof line, "cat %s | grep . >" FOLDER "/text",
           count > 1 ? arguments[1] : "README.md docs/*.md include/*.h lib/*/*.[ch] examples/*/*.[ch] test/*.[ch]");
  if (system(line) != 0 || stat(FOLDER "/text", &text) != 0) return 1;
  const int with_peer = system("command -v spm_train >/dev/null && command -v spm_encode >/dev/null") == 0;
  int status = 0;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0] && !status; i++)
    status = measure(&cases[i], (double)text.st_size / 1e6, with_peer);
  return status;
}
