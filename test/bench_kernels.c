/* SPDX-License-Identifier: MIT
 *
 * The kernels' speed: as a share of this machine's walls, against portable C, and against OpenBLAS and oneDNN where
 * they are installed. docs/performance.md says how to read it.
 *
 *     bench_kernels [AREA...]       wall gemm_f32 gemm_f16 gemm_i8 math threads; default: all, in about three minutes
 *
 * Rows as `make bench` collects them; what is under way goes to standard error.
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include "bench_gemm.h"
#include "tensor/weight.h"

#include <math.h>

/* ---- walls ------------------------------------------------------------------------------------------------------- */

static void bench_wall_row(const char *name, const char *level, const char *unit, const bench_side *side) {
  if (!bench_side_is_there(side)) return;
  const double seconds = bench_alone(side, BENCH_ROUNDS);
  bench_print(
      &(bench_row){.area = "wall", .name = name, .level = level, .unit = unit, .value = side->work / seconds / 1e9});
}

static void bench_read_row(const char *level, size_t kilobytes) {
  const size_t bytes = kilobytes * 1024;
  float *numbers = bench_numbers(bytes / sizeof *numbers, -1, 1);
  char name[64];
  bench_read read;
  const bench_side side = bench_wall_read(level, numbers, bytes, &read);
  if (kilobytes < 1024)
    snprintf(name, sizeof name, "read %zu KB", kilobytes);
  else
    snprintf(name, sizeof name, "read %zu MB", kilobytes / 1024);
  bench_wall_row(name, level, "GB/s", &side);
  free(numbers);
}

static void bench_walls(bench_machine *machine) {
  static const size_t kilobytes[] = {256, 1024, 4096, 16 * 1024, 256 * 1024};
  for (size_t l = 0; l < machine->count; l++) {
    const char *level = machine->levels[l]->name;
    const bench_side fma = bench_wall_fma(level), i8 = bench_wall_i8(level);
    bench_wall_row("int8 multiply-add", level, "GOP/s", &i8);
    if (bench_width(level) == 0 || !bench_level_is_own(&bench_gemm_f32, machine, l)) continue;
    bench_wall_row("f32 multiply-add", level, "GFLOP/s", &fma);
    for (size_t i = 0; i < sizeof kilobytes / sizeof kilobytes[0]; i++) bench_read_row(level, kilobytes[i]);
  }
}

/* ---- vector math ------------------------------------------------------------------------------------------------- */

enum { BENCH_NUMBERS = 4096 };

typedef void bench_map_fn(size_t n, const float *x, float *y);

typedef struct bench_map {
  bench_map_fn *function;
  const float *x;
  float *y;
} bench_map;

static void bench_run_map(void *job) {
  const bench_map *map = job;
  map->function(BENCH_NUMBERS, map->x, map->y);
}

#define BENCH_LIBM(name, value)                                                                                        \
  static void name(size_t n, const float *x, float *y) {                                                               \
    for (size_t j = 0; j < n; j++) y[j] = value;                                                                       \
  }
BENCH_LIBM(libm_exp, expf(x[j]))
BENCH_LIBM(libm_log, logf(x[j]))
BENCH_LIBM(libm_tanh, tanhf(x[j]))
BENCH_LIBM(libm_sigmoid, 1 / (1 + expf(-x[j])))
BENCH_LIBM(libm_gelu, 0.5f * x[j] * erfcf(-0.70710678f * x[j]))
BENCH_LIBM(libm_swish, x[j] / (1 + expf(-x[j])))

static void bench_math_row(const char *name, const bench_machine *machine, size_t level, bench_map_fn *function,
                           bench_map_fn *plain, bench_map_fn *libm) {
  float *x = bench_numbers(BENCH_NUMBERS, libm == libm_log ? 0.01 : -8, 8), *y = bench_numbers(BENCH_NUMBERS, 0, 1);
  bench_map maps[] = {{function, x, y}, {plain, x, y}, {libm, x, y}};
  const bench_side ours = {bench_run_map, NULL, &maps[0], BENCH_NUMBERS};
  bench_rival rivals[] = {
      {.side = {level > 0 ? bench_run_map : NULL, NULL, &maps[1], BENCH_NUMBERS}, .rounds = BENCH_ROUNDS},
      {.side = {bench_run_map, NULL, &maps[2], BENCH_NUMBERS}, .rounds = BENCH_ROUNDS}};
  const double value = BENCH_NUMBERS / bench_race(&ours, rivals, 2) / 1e6;
  bench_print(&(bench_row){.area = "math",
                           .name = name,
                           .level = machine->levels[level]->name,
                           .unit = "M/s",
                           .peer = "libm",
                           .value = value,
                           .vs_c = rivals[0].ratio,
                           .vs_peer = rivals[1].ratio});
  free(x), free(y);
}

/* One function on all levels that have their own. */
#define BENCH_MATH(slot)                                                                                               \
  for (size_t l = 0; l < machine->count; l++) {                                                                        \
    bench_map_fn *own = machine->levels[l]->slot, *below = l > 0 ? machine->levels[l - 1]->slot : NULL;                \
    if (own && own != below) bench_math_row(#slot, machine, l, own, machine->levels[0]->slot, libm_##slot);            \
  }

static void bench_math(bench_machine *machine) {
  BENCH_MATH(exp)
  BENCH_MATH(tanh)
  BENCH_MATH(sigmoid)
  BENCH_MATH(log)
  BENCH_MATH(gelu)
  BENCH_MATH(swish)
}

/* ---- two threads ------------------------------------------------------------------------------------------------- */

enum { BENCH_THREADS = 2 };

/* A product as layers make it, by s2s__weight_multiply, which shares it out over the pool. */
typedef struct bench_threads {
  const s2s__weight *weight;
  const s2s__work *work;
  const float *x;
  float *y;
  size_t rows;
} bench_threads;

static void bench_run_threads(void *job) {
  const bench_threads *t = job;
  const size_t in = t->weight->in, out = t->weight->out;
  if (s2s__weight_multiply(t->weight, t->work, t->rows, t->x, in, t->y, out, NULL, 0)) exit(2);
}

/* Half of the time two threads run, half of it one: 1.5 seconds of the processors a second, if they are to be had. */
static double bench_threads_race(const bench_side *ours, bench_rival *rival) {
  const double start = bench_now(), processors = bench_clock(CLOCK_PROCESS_CPUTIME_ID);
  const double seconds = bench_race(ours, rival, 1);
  const double share = (bench_clock(CLOCK_PROCESS_CPUTIME_ID) - processors) / (bench_now() - start);
  if (share < 1.4) fprintf(stderr, "bench: threads: only %.2f of 1.5 processors were free; not a measurement\n", share);
  return seconds;
}

static void bench_threads_row(const s2s__kernels *kernels, const s2s__work *two, bench_shape s) {
  const double flop = bench_operations(s);
  const s2s__work one = {.arena = two->arena, .error = two->error};
  float *w = bench_numbers(s.n * s.k, -1, 1), *x = bench_numbers(s.m * s.k, -1, 1), *y = bench_numbers(s.m * s.n, 0, 1);
  char name[64];
  s2s__weight weight;
  if (s2s__weight_init(&weight, two->arena, kernels, s.n, s.k, S2S__WEIGHT_MULTIPLY, S2S__STORAGE_F32, two->error) ||
      s2s__weight_pack(&weight, two, w, s.k, 1))
    exit(2);
  bench_threads jobs[] = {{&weight, two, x, y, s.m}, {&weight, &one, x, y, s.m}};
  const bench_side ours = {bench_run_threads, NULL, &jobs[0], flop};
  bench_rival rival = {.side = {bench_run_threads, NULL, &jobs[1], flop}, .rounds = BENCH_ROUNDS};
  bench_row row = {.area = "threads", .name = name, .level = kernels->name, .unit = "GFLOP/s", .peer = "own 1 thread"};
  snprintf(name, sizeof name, "(%zu,%zu,%zu) on %d", s.m, s.n, s.k, BENCH_THREADS);
  row.value = flop / bench_threads_race(&ours, &rival) / 1e9;
  row.vs_peer = rival.ratio;
  bench_print(&row);
  free(w), free(x), free(y);
}

static void bench_two_threads(bench_machine *machine) {
  static const bench_shape shapes[] = {{1024, 1024, 1024, 0}, {640, 8000, 512, 0}};
  s2s__host host;
  s2s__arena arena;
  s2s__error error;
  s2s__work work = {.arena = &arena, .error = &error};
  s2s__host_init(&host);
  s2s__arena_init(&arena, &host);
  if (s2s__processors() < BENCH_THREADS || s2s__pool_new(&host, BENCH_THREADS, &work.pool, &error)) {
    fprintf(stderr, "bench: SKIP threads: fewer than %d processors, or no thread\n", BENCH_THREADS);
    return;
  }
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
    for (size_t l = 1; l < machine->count; l++)
      if (bench_level_is_own(&bench_gemm_f32, machine, l)) bench_threads_row(machine->levels[l], &work, shapes[i]);
  s2s__pool_free(work.pool);
  s2s__arena_free(&arena);
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

/* The libraries, each with the kernels that are best for a width of vectors; OpenBLAS has two candidates for 512 bits.
 * On processors other than x86 (width 0) they choose for themselves. */
typedef struct bench_candidate {
  const bench_library *library;
  const char *kernels;
} bench_candidate;

static const bench_candidate bench_wide[] = {
    {&bench_openblas, "SkylakeX"}, {&bench_openblas, "Haswell"}, {&bench_onednn, "ALL"}};
static const bench_candidate bench_narrow[] = {{&bench_openblas, "Haswell"}, {&bench_onednn, "AVX2"}};

static void bench_open_peers(bench_machine *machine, size_t width) {
  const bench_candidate *candidates = width == 64 ? bench_wide : bench_narrow;
  bench_peer *peers = width == 64 ? machine->wide : machine->narrow;
  const int count = width == 64 ? 3 : 2;
  for (int p = 0; p < count && !peers[p].library; p++)
    bench_peer_open(&peers[p], candidates[p].library, width ? candidates[p].kernels : NULL);
}

/* To be called before any thread is made. */
static void bench_open(bench_machine *machine) {
  const uint32_t features = s2s__cpu_features();
  const char *name;
  *machine = (bench_machine){.count = 0};
  for (; machine->count < BENCH_LEVELS && (name = s2s__kernels_level(machine->count, features)) != NULL;
       machine->count++) {
    machine->levels[machine->count] = s2s__kernels_choose(name, features);
    if (machine->count > 0) bench_open_peers(machine, bench_width(name));
  }
}

static void bench_close(bench_machine *machine) {
  for (int p = 0; p < BENCH_PEERS; p++) bench_peer_close(&machine->wide[p]), bench_peer_close(&machine->narrow[p]);
}

typedef struct bench_area {
  const char *name;
  void (*run)(bench_machine *machine);
} bench_area;

static void bench_run_gemm_f32(bench_machine *machine) { bench_gemm(&bench_gemm_f32, machine); }
static void bench_run_gemm_f16(bench_machine *machine) { bench_gemm(&bench_gemm_f16, machine); }
static void bench_run_gemm_i8(bench_machine *machine) { bench_gemm(&bench_gemm_i8, machine); }

static const bench_area bench_areas[] = {{"wall", bench_walls},
                                         {"gemm_f32", bench_run_gemm_f32},
                                         {"gemm_f16", bench_run_gemm_f16},
                                         {"gemm_i8", bench_run_gemm_i8},
                                         {"math", bench_math},
                                         {"threads", bench_two_threads}};
enum { BENCH_AREAS = sizeof bench_areas / sizeof bench_areas[0] };

/* The place of a name among the arguments; 0 when it is not there. */
static int bench_argument(const char *name, int argc, char **argv) {
  for (int i = 1; i < argc; i++)
    if (strcmp(argv[i], name) == 0) return i;
  return 0;
}

int main(int argc, char **argv) {
  bench_machine machine;
  int known = 0;
  for (int i = 0; i < BENCH_AREAS; i++) known += bench_argument(bench_areas[i].name, argc, argv) > 0;
  if (known != argc - 1) {
    fprintf(stderr, "usage: bench_kernels [wall] [gemm_f32] [gemm_f16] [gemm_i8] [math] [threads]\n");
    return 2;
  }
  bench_open(&machine);
  for (int i = 0; i < BENCH_AREAS; i++) {
    if (argc > 1 && !bench_argument(bench_areas[i].name, argc, argv)) continue;
    fprintf(stderr, "bench: %s\n", bench_areas[i].name);
    bench_areas[i].run(&machine);
  }
  bench_close(&machine);
  return 0;
}
