/* SPDX-License-Identifier: MIT
 *
 * Peers: other libraries' matrix multiplication, each in a process of its own, so that the variables that choose its
 * kernels are set before it is loaded. Nothing is linked; a library that is not installed is skipped, and said so.
 *
 *     parent: a question (what to multiply, in which way, for how long) -> pipe -> child
 *     child:  seconds of one call, 0 when it cannot                     -> pipe -> parent
 *
 * A child keeps the operands of its last question, loads its library once, and is ended by the parent, or by its pipe.
 * Each library answers in several ways (the weights stored either way round, packed or not); ours is held against the
 * fastest of them all. A variable that is set already is left as it is, so that other kernels can be tried:
 *
 *     OPENBLAS_CORETYPE=Zen build/test/bench_kernels gemm_f32
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include "bench_sides.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef enum bench_type { BENCH_F32, BENCH_I8 } bench_type;

/* C[m,n] = A[m,k] B[k,n]; a gradient: C[m,n] += A[k,m]^T B[k,n]. Eight-bit: A and B are, C is of 32 bits. */
typedef struct bench_shape {
  size_t m, n, k;
  int gradient;
} bench_shape;

typedef struct bench_question {
  bench_type type;
  bench_shape shape;
  int way;
  double slice; /* seconds */
} bench_question;

/* What a library does in the child. */
typedef struct bench_library {
  const char *name;
  const char *variable;                       /* that chooses its kernels */
  int (*load)(char *core, size_t size);       /* 0 when it is not there; core: a name for the kernels it uses */
  const char *(*way)(const bench_question *); /* the name of that way, NULL when there is none */
  int (*prepare)(const bench_question *);     /* makes the operands, frees the old ones; 0 when it cannot */
  bench_run *run;
} bench_library;

enum { BENCH_PEERS = 3, BENCH_PEER_NAME = 64, BENCH_PEER_WAYS = 4 };

typedef struct bench_peer {
  const bench_library *library;
  pid_t child; /* 0: not there */
  int to, from;
  char name[BENCH_PEER_NAME];
} bench_peer;

/* ---- the child --------------------------------------------------------------------------------------------------- */

static void bench_answer(const bench_library *library, int from, int to) {
  bench_question last = {.way = -1}, question;
  while (read(from, &question, sizeof question) == (ssize_t)sizeof question) {
    const double slice = question.slice;
    double seconds = 0;
    question.slice = 0;
    const int same = memcmp(&question, &last, sizeof question) == 0;
    memcpy(&last, &question, sizeof last);
    if (same || library->prepare(&question))
      seconds = bench_time(library->run, NULL, slice);
    else
      last.way = -1;
    if (write(to, &seconds, sizeof seconds) != (ssize_t)sizeof seconds) return;
  }
}

static void bench_child(const bench_library *library, const char *kernels, int from, int to) {
  char name[BENCH_PEER_NAME] = "";
  setenv("OMP_NUM_THREADS", "1", 1);
  setenv("OPENBLAS_NUM_THREADS", "1", 1);
  if (kernels) setenv(library->variable, kernels, 0);
  const int there = library->load(name, sizeof name);
  if (!there) name[0] = '\0';
  if (write(to, name, sizeof name) == (ssize_t)sizeof name && there) bench_answer(library, from, to);
  _exit(0);
}

/* ---- the parent -------------------------------------------------------------------------------------------------- */

static void bench_peer_close(bench_peer *peer) {
  if (!peer->child) return;
  close(peer->to);
  close(peer->from);
  kill(peer->child, SIGTERM); /* later children hold its pipe open */
  waitpid(peer->child, NULL, 0);
  peer->child = 0;
}

static void bench_peer_lost(bench_peer *peer, const char *why) {
  fprintf(stderr, "bench: SKIP peer %s: %s\n", peer->library->name, why);
  bench_peer_close(peer);
}

/* Starts the library with these kernels; NULL: those of its own choice. */
static void bench_peer_open(bench_peer *peer, const bench_library *library, const char *kernels) {
  int to[2], from[2];
  *peer = (bench_peer){.library = library};
  if (pipe(to) || pipe(from)) return;
  signal(SIGPIPE, SIG_IGN);
  peer->child = fork();
  if (peer->child == 0) {
    close(to[1]);
    close(from[0]);
    bench_child(library, kernels, to[0], from[1]);
  }
  close(to[0]);
  close(from[1]);
  peer->to = to[1];
  peer->from = from[0];
  if (peer->child < 0)
    peer->child = 0;
  else if (read(peer->from, peer->name, sizeof peer->name) != (ssize_t)sizeof peer->name || !peer->name[0])
    bench_peer_lost(peer, "it cannot be loaded here");
}

/* One way of one peer, as a side. */
typedef struct bench_peer_way {
  bench_peer *peer;
  bench_question question;
} bench_peer_way;

static double bench_peer_ask(void *job, double slice) {
  const bench_peer_way *way = job;
  bench_question question;
  double seconds = 0;
  memcpy(&question, &way->question, sizeof question); /* with its padding, which the child compares */
  question.slice = slice;
  if (!way->peer->child) return 0;
  if (write(way->peer->to, &question, sizeof question) == (ssize_t)sizeof question &&
      read(way->peer->from, &seconds, sizeof seconds) == (ssize_t)sizeof seconds)
    return seconds;
  bench_peer_lost(way->peer, "its process ended");
  return 0;
}

/* The fastest way of the fastest of BENCH_PEERS peers: its side, which points to *best, and a name for it. */
static bench_side bench_peers_fastest(bench_peer *peers, bench_type type, bench_shape shape, double work,
                                      bench_peer_way *best, char *name, size_t size) {
  bench_peer_way ways[BENCH_PEERS * BENCH_PEER_WAYS];
  bench_side sides[BENCH_PEERS * BENCH_PEER_WAYS];
  size_t found = 0;
  for (size_t p = 0; p < BENCH_PEERS; p++)
    for (int w = 0; w < BENCH_PEER_WAYS && peers[p].child; w++) {
      memset(&ways[found], 0, sizeof ways[found]);
      ways[found].peer = &peers[p];
      ways[found].question.type = type, ways[found].question.way = w, ways[found].question.shape = shape;
      if (!peers[p].library->way(&ways[found].question)) continue;
      sides[found] = (bench_side){NULL, bench_peer_ask, &ways[found], work};
      found++;
    }
  bench_side fastest = *bench_fastest(sides, found);
  if (!fastest.ask) return fastest;
  memcpy(best, fastest.job, sizeof *best);
  fastest.job = best;
  snprintf(name, size, "%s %s", best->peer->name, best->peer->library->way(&best->question));
  return fastest;
}

#endif
