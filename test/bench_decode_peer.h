/* SPDX-License-Identifier: MIT
 *
 * Peers of bench_decode.c, each in a process of its own that answers batches of random sources with greedy targets:
 *
 *     parent: a question (how many texts, how long, by what beam, for how long) -> pipe -> child
 *     child:  seconds of one batch, 0 when it cannot, and the first text's tokens -> pipe -> parent
 *
 * ONNX Runtime is loaded while the benchmark runs and called by its C API, a graph for the encoder and one for a step,
 * which hands its outputs on as the next step's inputs without copies. PyTorch is a Python script of ours.
 */
#ifndef BENCH_DECODE_PEER_H
#define BENCH_DECODE_PEER_H

#include "bench_sides.h"

#include <dlfcn.h>
#include <glob.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DECODE_TOKENS = 64, DECODE_NAMES = 32, DECODE_BATCH = 64, FIRST_WORD = 3 };

typedef struct decode_question {
  int32_t batch, source, target, beam, vocabulary, unused;
  double slice; /* seconds */
} decode_question;

typedef struct decode_answer {
  double seconds;
  int32_t token[DECODE_TOKENS];
} decode_answer;

/* The sources of a batch, the same for all. */
static void decode_sources(const decode_question *q, int32_t *ids) {
  uint32_t state = 1;
  for (int32_t i = 0; i < q->batch * q->source; i++) {
    state = state * 1664525u + 1013904223u;
    ids[i] = FIRST_WORD + (int32_t)((state >> 8) % (uint32_t)(q->vocabulary - FIRST_WORD));
  }
}

/* ---- ONNX Runtime in the child ------------------------------------------------------------------------------------ */

/* Its C API is a table of functions whose order never changes; these are the places of those that are used. */
enum {
  ORT_MESSAGE = 2,
  ORT_ENVIRONMENT = 3,
  ORT_SESSION = 7,
  ORT_RUN = 9,
  ORT_OPTIONS = 10,
  ORT_OPTIMISE = 23,
  ORT_THREADS = 24,
  ORT_TENSOR = 49,
  ORT_DATA = 51,
  ORT_CPU = 69,
  ORT_RELEASE_STATUS = 93,
  ORT_RELEASE_VALUE = 96,
  ORT_ALL_OPTIMISATIONS = 99,
  ORT_FLOAT = 1,
  ORT_INT64 = 7
};

typedef struct ort_base {
  const void *const *(*api)(uint32_t version);
  const char *(*version)(void);
} ort_base;

typedef struct ort {
  const void *const *api;
  void *environment, *options, *cpu, *encoder, *decoder;
  int looked_at, states, heads, head_size; /* how many c and s; of empty caches */
  decode_question question;
  int64_t ids[DECODE_BATCH * 4096], token[DECODE_BATCH], position;
  decode_answer *answer;
} ort;
static ort ort_here; /* the child's */

#define ORT_CALL(place, type) ((void *(*)type)(uintptr_t)ort_here.api[place])

/* 0 after a message when a call failed. */
static int ort_did(void *status) {
  if (!status) return 1;
  fprintf(stderr, "bench: ONNX Runtime: %s\n", ((const char *(*)(void *))(uintptr_t)ort_here.api[ORT_MESSAGE])(status));
  ORT_CALL(ORT_RELEASE_STATUS, (void *))(status);
  return 0;
}

static void *ort_tensor(void *data, size_t size, int type, int64_t a, int64_t b, int64_t c, int64_t d) {
  const int64_t shape[] = {a, b, c, d};
  void *value = NULL;
  size_t dimensions = 1;
  while (dimensions < 4 && shape[dimensions] >= 0) dimensions++;
  ort_did(ORT_CALL(ORT_TENSOR, (void *, void *, size_t, const int64_t *, size_t, int, void **))(
      ort_here.cpu, data, size, shape, dimensions, type, &value));
  return value;
}

static void ort_release(void **values, int count) {
  for (int i = 0; i < count; i++)
    if (values[i]) ORT_CALL(ORT_RELEASE_VALUE, (void *))(values[i]), values[i] = NULL;
}

static int ort_run(void *session, const char *const *in, void **inputs, int ins, const char *const *out, void **outputs,
                   int outs) {
  return ort_did(ORT_CALL(ORT_RUN, (void *, const void *, const char *const *, void *const *, size_t,
                                    const char *const *, size_t, void **))(session, NULL, in, inputs, (size_t)ins, out,
                                                                           (size_t)outs, outputs));
}

/* Names c0 ..., s0 ... in a row. */
static void ort_names(char names[][16], const char **pointers, char kind, int from, int count) {
  for (int i = 0; i < count; i++) {
    snprintf(names[from + i], 16, "%c%d", kind, i);
    pointers[from + i] = names[from + i];
  }
}

/* What a step takes: c, s, the token, and of a transformer the position. What it gives: s for the next, and the token. */
static int ort_steps(void **inputs) {
  static char in_names[2 * DECODE_NAMES][16], out_names[DECODE_NAMES + 1][16];
  const char *in[2 * DECODE_NAMES + 2], *out[DECODE_NAMES + 1];
  const int c = ort_here.looked_at, s = ort_here.states, token = c + s, ins = token + 1 + (ort_here.heads > 0);
  void *outputs[DECODE_NAMES + 1] = {NULL};
  ort_names(in_names, in, 'c', 0, c), ort_names(in_names, in, 's', c, s), ort_names(out_names, out, 't', 0, s);
  in[token] = "token", in[token + 1] = "position", out[s] = "next";
  for (int32_t t = 0; t < ort_here.question.target; t++) {
    ort_here.position = t;
    if (!ort_run(ort_here.decoder, in, inputs, ins, out, outputs, s + 1)) return 0;
    ort_release(inputs + c, s + 1);
    memcpy(inputs + c, outputs, (size_t)(s + 1) * sizeof *outputs);
    memset(outputs, 0, sizeof outputs);
    const int64_t *next = NULL;
    if (!ort_did(ORT_CALL(ORT_DATA, (void *, void *))(inputs[token], &next))) return 0;
    if (t < DECODE_TOKENS) ort_here.answer->token[t] = (int32_t)next[0];
  }
  return 1;
}

static int ort_decode(void) {
  static char names[2 * DECODE_NAMES][16];
  const char *in[] = {"ids"}, *out[2 * DECODE_NAMES];
  const decode_question *q = &ort_here.question;
  const int c = ort_here.looked_at, s = ort_here.states, token = c + s;
  const int outs = ort_here.heads ? c : c + s; /* caches are empty at first, and made here */
  void *ids[1], *values[2 * DECODE_NAMES + 2] = {NULL};
  ort_names(names, out, 'c', 0, c), ort_names(names, out, 's', c, s);
  ids[0] = ort_tensor(ort_here.ids, (size_t)(q->batch * q->source) * 8, ORT_INT64, q->batch, q->source, -1, -1);
  for (int32_t i = 0; i < q->batch; i++) ort_here.token[i] = 1; /* the begin mark */
  int good = ids[0] && ort_run(ort_here.encoder, in, ids, 1, out, values, outs);
  for (int i = outs; i < token; i++)
    values[i] = ort_tensor(ort_here.ids, 0, ORT_FLOAT, q->batch, ort_here.heads, 0, ort_here.head_size);
  values[token] = ort_tensor(ort_here.token, (size_t)q->batch * 8, ORT_INT64, q->batch, -1, -1, -1);
  if (ort_here.heads) values[token + 1] = ort_tensor(&ort_here.position, 8, ORT_INT64, 1, -1, -1, -1);
  good = good && ort_steps(values);
  ort_release(values, token + 2), ort_release(ids, 1);
  return good;
}

static void ort_run_batch(void *good) { *(int *)good = *(int *)good && ort_decode(); }

static void *ort_session(const char *model, const char *part) {
  char path[1024];
  void *session = NULL;
  snprintf(path, sizeof path, "%s.%s.onnx", model, part);
  ort_did(ORT_CALL(ORT_SESSION, (void *, const char *, void *, void **))(ort_here.environment, path, ort_here.options,
                                                                         &session));
  return session;
}

static int ort_open(const char *library, const char *model) {
  char path[1024];
  void *loaded = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  void *found = loaded ? dlsym(loaded, "OrtGetApiBase") : NULL;
  snprintf(path, sizeof path, "%s.txt", model);
  FILE *about = fopen(path, "r");
  if (!found || !about) return 0;
  const int read = fscanf(about, "%d %d %d %d", &ort_here.looked_at, &ort_here.states, &ort_here.heads,
                          &ort_here.head_size);
  fclose(about);
  ort_here.api = ((const ort_base *(*)(void))(uintptr_t)found)()->api(1);
  if (read != 4 || !ort_here.api || ort_here.looked_at > DECODE_NAMES || ort_here.states > DECODE_NAMES) return 0;
  int good = ort_did(ORT_CALL(ORT_ENVIRONMENT, (int, const char *, void **))(3, "bench", &ort_here.environment));
  good = good && ort_did(ORT_CALL(ORT_OPTIONS, (void **))(&ort_here.options));
  good = good && ort_did(ORT_CALL(ORT_THREADS, (void *, int))(ort_here.options, 1));
  good = good && ort_did(ORT_CALL(ORT_OPTIMISE, (void *, int))(ort_here.options, ORT_ALL_OPTIMISATIONS));
  good = good && ort_did(ORT_CALL(ORT_CPU, (int, int, void **))(0, 0, &ort_here.cpu));
  if (good) ort_here.encoder = ort_session(model, "encoder"), ort_here.decoder = ort_session(model, "decoder");
  return ort_here.encoder && ort_here.decoder;
}

static void ort_child(const char *library, const char *model, int from, int to) {
  decode_answer answer = {.seconds = ort_open(library, model)};
  int32_t ids[DECODE_BATCH * 64];
  if (write(to, &answer, sizeof answer) != (ssize_t)sizeof answer || !(answer.seconds > 0)) return;
  ort_here.answer = &answer;
  while (read(from, &ort_here.question, sizeof ort_here.question) == (ssize_t)sizeof ort_here.question) {
    int good = ort_here.question.beam == 1 && ort_here.question.batch <= DECODE_BATCH && ort_here.question.source <= 64;
    if (good) decode_sources(&ort_here.question, ids);
    for (int32_t i = 0; good && i < ort_here.question.batch * ort_here.question.source; i++) ort_here.ids[i] = ids[i];
    const double seconds = good ? bench_time(ort_run_batch, &good, ort_here.question.slice) : 0;
    answer.seconds = good ? seconds : 0;
    if (write(to, &answer, sizeof answer) != (ssize_t)sizeof answer) return;
  }
}

/* ---- the parent --------------------------------------------------------------------------------------------------- */

typedef struct decode_peer {
  const char *name;
  pid_t child; /* 0: not there */
  int to, from;
  decode_answer answer; /* the last one */
} decode_peer;

static void decode_peer_close(decode_peer *peer) {
  if (!peer->child) return;
  close(peer->to);
  close(peer->from);
  kill(peer->child, SIGTERM);
  waitpid(peer->child, NULL, 0);
  peer->child = 0;
}

static int decode_peer_hear(decode_peer *peer) {
  char *to = (char *)&peer->answer;
  size_t got = 0;
  while (got < sizeof peer->answer) {
    const ssize_t n = read(peer->from, to + got, sizeof peer->answer - got);
    if (n <= 0) return 0;
    got += (size_t)n;
  }
  return peer->answer.seconds > 0;
}

/* What to start: ONNX Runtime's library, or NULL: a script, whose OpenBLAS may not know the processor. */
static void decode_peer_open(decode_peer *peer, const char *name, const char *library, const char *script,
                             const char *model, const char *kernels) {
  int to[2], from[2];
  *peer = (decode_peer){.name = name};
  if (pipe(to) || pipe(from)) return;
  signal(SIGPIPE, SIG_IGN);
  peer->child = fork();
  if (peer->child == 0) {
    close(to[1]), close(from[0]);
    setenv("OMP_NUM_THREADS", "1", 1);
    setenv("OPENBLAS_CORETYPE", kernels, 0);
    if (library) ort_child(library, model, to[0], from[1]), _exit(0);
    const char *python = getenv("PYTHON");
    dup2(to[0], 0), dup2(from[1], 1);
    execlp(python ? python : "python3", "python3", script, model, (char *)NULL);
    _exit(1);
  }
  close(to[0]), close(from[1]);
  peer->to = to[1], peer->from = from[0];
  if (peer->child > 0 && decode_peer_hear(peer)) return;
  fprintf(stderr, "bench: SKIP peer %s: it cannot be loaded here\n", name);
  decode_peer_close(peer);
}

/* One way of asking it, as a side. */
typedef struct decode_way {
  decode_peer *peer;
  decode_question question;
} decode_way;

static double decode_peer_ask(void *job, double slice) {
  decode_way *way = job;
  way->question.slice = slice;
  if (!way->peer->child) return 0;
  if (write(way->peer->to, &way->question, sizeof way->question) == (ssize_t)sizeof way->question)
    return decode_peer_hear(way->peer) ? way->peer->answer.seconds : 0;
  return 0;
}

/* The library of npm's onnxruntime-node: what ONNXRUNTIME names, or where npm puts it; "" when it is nowhere. */
static const char *decode_find_onnxruntime(char *path, size_t size) {
  static const char *const places[] = {
      "build/peers/node_modules", "node_modules", "/usr/local/lib/node_modules", "/usr/lib/node_modules"};
  const char *given = getenv("ONNXRUNTIME");
  if (given) return given;
  path[0] = '\0';
  for (size_t i = 0; i < sizeof places / sizeof *places && !path[0]; i++) {
    glob_t found;
    char pattern[256];
    snprintf(pattern, sizeof pattern, "%s/onnxruntime-node/bin/napi-v*/linux/x64/libonnxruntime.so.1", places[i]);
    if (glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc > 0) snprintf(path, size, "%s", found.gl_pathv[0]);
    globfree(&found);
  }
  return path;
}

#endif
