/* SPDX-License-Identifier: MIT
 *
 * Multiplications of every storage type, on every level that has one of its own: against the wall, portable C and the
 * fastest peer.
 *
 *   gemm_f32   wall: FMAs, for M = 1 reading B. C's peer is the plain loop nest, compiled with -O3.
 *              The gradient packs B within the measured time: it is no weight, and the peers pack it too.
 *   gemm_f16   the same; the peer is our own f32 (what storage of half the size gains or costs)
 *   gemm_i8    ours is quantize and gemm_i8 with dequantisation, bias and relu, the peer's a bare product; its wall
 *              is that of eight-bit multiply-adds, for M = 1 reading B. A second row has our own f32 as the peer.
 */
#ifndef BENCH_GEMM_H
#define BENCH_GEMM_H

#include "bench_peer_onednn.h"
#include "bench_walls.h"
#include "tensor/kernels.h"

enum { BENCH_LEVELS = 8, BENCH_C_ROWS = 64 };

static const bench_shape bench_shapes[] = {{1024, 1024, 1024, 0}, {64, 2048, 512, 0},  {128, 2048, 640, 0},
                                           {32, 1024, 256, 0},    {32, 2048, 512, 0},  {640, 8000, 512, 0},
                                           {1, 2048, 512, 0},     {1, 8000, 512, 0},   {4, 2048, 512, 0},
                                           {8, 2048, 512, 0},     {2048, 512, 1000, 1}};
enum { BENCH_SHAPES = sizeof bench_shapes / sizeof bench_shapes[0] };

/* The levels of this machine, from c upwards, and the peers for vectors of 512 bits (wide) and 256. */
typedef struct bench_machine {
  const s2s__kernels *levels[BENCH_LEVELS];
  size_t count;
  bench_peer wide[BENCH_PEERS], narrow[BENCH_PEERS];
} bench_machine;

static double bench_operations(bench_shape s) { return 2.0 * (double)s.m * (double)s.n * (double)s.k; }

/* ---- one product ------------------------------------------------------------------------------------------------- */

/* The f32 product is always there; the two others where the level has them. */
typedef struct bench_product {
  const s2s__kernels *kernels;
  bench_shape shape;
  s2s__gemm f32, f16;
  s2s__gemm_i8 i8;
  float *a, *b, *c, *bias, *scale, *packed;
  uint16_t *packed_f16;
  int8_t *q, *packed_i8, *bytes;
  void *scratch;
} bench_product;

static void bench_product_i8(bench_product *p, size_t padded) {
  const bench_shape *s = &p->shape;
  p->q = bench_memory(S2S__QUANTIZED_BYTES(s->m, s->k));
  p->scale = bench_numbers(s->m > s->n ? s->m : s->n, 0.01, 0.02);
  p->bytes = bench_bytes(s->n * s->k);
  p->packed_i8 = bench_memory(S2S__PACKED_I8_BYTES(padded, s->k));
  p->kernels->pack_i8(s->n, s->k, p->bytes, s->n, 1, p->packed_i8);
  p->i8 = (s2s__gemm_i8){.m = s->m,
                         .n = s->n,
                         .k = s->k,
                         .a = p->q,
                         .a_scale = p->scale,
                         .b = p->packed_i8,
                         .b_scale = p->scale,
                         .c = p->c,
                         .c_row = s->n,
                         .bias = p->bias,
                         .activation = S2S__ACTIVATION_RELU};
}

static void bench_product_init(bench_product *p, const s2s__kernels *kernels, bench_shape s) {
  const size_t padded = (s.n + kernels->panel - 1) / kernels->panel * kernels->panel;
  *p = (bench_product){.kernels = kernels, .shape = s};
  p->a = bench_numbers(s.m * s.k, -1, 1);
  p->b = bench_numbers(s.n * s.k, -1, 1);
  p->c = bench_numbers(s.m * s.n, -1, 1);
  p->bias = bench_numbers(s.n, -1, 1);
  p->packed = bench_numbers(padded * s.k, -1, 1);
  p->scratch = bench_memory(S2S__GEMM_SCRATCH);
  kernels->pack(s.n, s.k, p->b, s.n, 1, p->packed);
  p->f32 = (s2s__gemm){.m = s.m,
                       .n = s.n,
                       .k = s.k,
                       .a = p->a,
                       .a_row = s.gradient ? 1 : s.k,
                       .a_step = s.gradient ? s.m : 1,
                       .b = p->packed,
                       .c = p->c,
                       .c_row = s.n,
                       .accumulate = s.gradient,
                       .scratch = p->scratch};
  p->f16 = p->f32;
  if (kernels->gemm_f16 && kernels->pack_f16) {
    p->packed_f16 = bench_memory(padded * s.k * sizeof *p->packed_f16);
    kernels->pack_f16(s.n, s.k, p->b, s.n, 1, p->packed_f16);
    p->f16.b = p->packed_f16;
  }
  if (kernels->gemm_i8 && kernels->pack_i8 && kernels->quantize) bench_product_i8(p, padded);
}

static void bench_product_free(bench_product *p) {
  free(p->a), free(p->b), free(p->c), free(p->bias), free(p->scale), free(p->packed), free(p->packed_f16);
  free(p->q), free(p->packed_i8), free(p->bytes), free(p->scratch);
}

static void bench_run_f32(void *job) {
  const bench_product *p = job;
  if (p->shape.gradient) p->kernels->pack(p->shape.n, p->shape.k, p->b, p->shape.n, 1, p->packed);
  p->kernels->gemm(&p->f32);
}

static void bench_run_f16(void *job) {
  const bench_product *p = job;
  p->kernels->gemm_f16(&p->f16);
}

static void bench_run_i8(void *job) {
  const bench_product *p = job;
  p->kernels->quantize(p->shape.m, p->shape.k, p->a, p->shape.k, p->q, p->scale);
  p->kernels->gemm_i8(&p->i8);
}

/* The loop nest that one would write without a library; the compiler makes vectors of the innermost loop. */
#if defined(__GNUC__) && !defined(__clang__)
__attribute__((optimize("O3", "align-loops=64")))
#endif
static void
bench_run_loops(void *job) {
  const bench_product *p = job;
  const bench_shape s = p->shape;
  const size_t a_row = p->f32.a_row, a_step = p->f32.a_step;
  for (size_t i = 0; i < s.m; i++) {
    float *restrict c = p->c + i * s.n;
    for (size_t j = 0; j < s.n && !s.gradient; j++) c[j] = 0;
    for (size_t k = 0; k < s.k; k++) {
      const float x = p->a[i * a_row + k * a_step];
      const float *restrict b = p->b + k * s.n;
      for (size_t j = 0; j < s.n; j++) c[j] += x * b[j];
    }
  }
}

/* ---- an area ----------------------------------------------------------------------------------------------------- */

typedef struct bench_gemm_area {
  const char *name, *unit;
  bench_type type;
  bench_run *run;
  size_t bytes;    /* of a number of B */
  int first_level; /* 0: portable C has a row of its own */
} bench_gemm_area;

static const bench_gemm_area bench_gemm_f32 = {"gemm_f32", "GFLOP/s", BENCH_F32, bench_run_f32, 4, 0};
static const bench_gemm_area bench_gemm_f16 = {"gemm_f16", "GFLOP/s", BENCH_F32, bench_run_f16, 2, 1};
static const bench_gemm_area bench_gemm_i8 = {"gemm_i8", "GOP/s", BENCH_I8, bench_run_i8, 1, 1};

/* The slot that the area is about, as a number to compare; 0 where it is empty. */
static uintptr_t bench_slot(const bench_gemm_area *area, const s2s__kernels *kernels) {
  if (area->run == bench_run_f16) return kernels->pack_f16 ? (uintptr_t)kernels->gemm_f16 : 0;
  if (area->run == bench_run_i8) return kernels->pack_i8 && kernels->quantize ? (uintptr_t)kernels->gemm_i8 : 0;
  return (uintptr_t)kernels->gemm;
}

/* Whether a level has a kernel, and not that of the level below. */
static int bench_level_is_own(const bench_gemm_area *area, const bench_machine *machine, size_t level) {
  const uintptr_t slot = bench_slot(area, machine->levels[level]);
  return slot != 0 && (level == 0 || slot != bench_slot(area, machine->levels[level - 1]));
}

/* The wall, in the unit of `work`: for one row of A, all of B must be read once. */
static bench_side bench_gemm_wall(const bench_gemm_area *area, const bench_product *p, double work, bench_read *read) {
  const char *level = p->kernels->name;
  const void *b = area->bytes == 4   ? (const void *)p->packed
                  : area->bytes == 2 ? (const void *)p->packed_f16
                                     : p->packed_i8;
  if (p->shape.m > 1) return area->type == BENCH_I8 ? bench_wall_i8(level) : bench_wall_fma(level);
  const size_t bytes = p->shape.n * p->shape.k * area->bytes;
  bench_side wall = bench_wall_read(level, b, bytes, read);
  wall.work = work;
  return wall;
}

static bench_side bench_gemm_peer(const bench_gemm_area *area, bench_machine *machine, bench_product *p, double work,
                                  bench_peer_way *best, char *name, size_t size) {
  const int wide = bench_width(p->kernels->name) == 64;
  if (area->run == bench_run_f16) {
    snprintf(name, size, "own f32");
    return (bench_side){bench_run_f32, NULL, p, work};
  }
  if (area->type == BENCH_I8 && wide && !strstr(p->kernels->name, "vnni"))
    return (bench_side){.work = work}; /* theirs has */
  return bench_peers_fastest(wide ? machine->wide : machine->narrow, area->type, p->shape, work, best, name, size);
}

/* Portable C, in *plain; on its own level what it is held against, the loop nest. Neither gains by more rows than
 * BENCH_C_ROWS, so it gets that many at most. */
static bench_side bench_gemm_c(const bench_gemm_area *area, const s2s__kernels *c, bench_shape s, bench_product *plain,
                               bench_run *run) {
  if (s.m > BENCH_C_ROWS && !s.gradient) s.m = BENCH_C_ROWS;
  if (!bench_slot(area, c)) return (bench_side){.work = 0};
  bench_product_init(plain, c, s);
  return (bench_side){run, NULL, plain, bench_operations(s)};
}

enum { BENCH_WITH_WALL, BENCH_WITH_C, BENCH_WITH_PEER, BENCH_WITH_F32, BENCH_RIVALS };

/* Prints what came out; int8 against our own f32 has a row of its own. */
static void bench_gemm_print(bench_row row, const bench_rival *rivals) {
  row.wall_share = rivals[BENCH_WITH_WALL].ratio;
  row.vs_c = rivals[BENCH_WITH_C].ratio;
  row.vs_peer = rivals[BENCH_WITH_PEER].ratio;
  bench_print(&row);
  if (!bench_side_is_there(&rivals[BENCH_WITH_F32].side)) return;
  row.wall_share = row.vs_c = (bench_quartiles){0, 0, 0};
  row.vs_peer = rivals[BENCH_WITH_F32].ratio;
  row.peer = "own f32";
  bench_print(&row);
}

/* Portable C against the loop nest. */
static void bench_gemm_c_row(const bench_machine *machine, bench_row row, bench_shape s) {
  const s2s__kernels *c = machine->levels[0];
  bench_product p, plain;
  bench_product_init(&p, c, s);
  const bench_side ours = {bench_run_f32, NULL, &p, bench_operations(s)};
  bench_rival loops = {.side = bench_gemm_c(&bench_gemm_f32, c, s, &plain, bench_run_loops),
                       .rounds = BENCH_ROUNDS_SLOW};
  row.value = ours.work / bench_race(&ours, &loops, 1) / 1e9;
  row.vs_peer = loops.ratio;
  row.peer = "loops -O3";
  bench_print(&row);
  bench_product_free(&plain);
  bench_product_free(&p);
}

static void bench_gemm_vector_row(const bench_gemm_area *area, bench_machine *machine, size_t level, bench_row row,
                                  bench_shape s) {
  const double work = bench_operations(s);
  char peer[2 * BENCH_PEER_NAME] = "";
  bench_product p, plain = {.kernels = NULL};
  bench_peer_way way;
  bench_read read;
  bench_product_init(&p, machine->levels[level], s);
  const bench_side ours = {area->run, NULL, &p, work};
  bench_rival rivals[BENCH_RIVALS] = {
      [BENCH_WITH_WALL] = {.side = bench_gemm_wall(area, &p, work, &read), .rounds = BENCH_ROUNDS},
      [BENCH_WITH_C] = {.side = bench_gemm_c(area, machine->levels[0], s, &plain, area->run),
                        .rounds = BENCH_ROUNDS_SLOW},
      [BENCH_WITH_PEER] = {.side = bench_gemm_peer(area, machine, &p, work, &way, peer, sizeof peer),
                           .rounds = BENCH_ROUNDS},
      [BENCH_WITH_F32] = {.side = {area->type == BENCH_I8 ? bench_run_f32 : NULL, NULL, &p, work},
                          .rounds = BENCH_ROUNDS}};
  row.value = work / bench_race(&ours, rivals, BENCH_RIVALS) / 1e9;
  row.peer = peer;
  bench_gemm_print(row, rivals);
  bench_product_free(&plain);
  bench_product_free(&p);
}

static void bench_gemm_row(const bench_gemm_area *area, bench_machine *machine, size_t level, bench_shape s) {
  char name[64];
  const bench_row row = {.area = area->name, .name = name, .level = machine->levels[level]->name, .unit = area->unit};
  snprintf(name, sizeof name, "(%zu,%zu,%zu)%s", s.m, s.n, s.k, s.gradient ? " A^T" : "");
  if (level == 0)
    bench_gemm_c_row(machine, row, s);
  else
    bench_gemm_vector_row(area, machine, level, row, s);
}

static void bench_gemm(const bench_gemm_area *area, bench_machine *machine) {
  for (size_t i = 0; i < BENCH_SHAPES; i++)
    for (size_t l = (size_t)area->first_level; l < machine->count; l++)
      if (bench_level_is_own(area, machine, l) && !(bench_shapes[i].gradient && area->run != bench_run_f32))
        bench_gemm_row(area, machine, l, bench_shapes[i]);
}

#endif
