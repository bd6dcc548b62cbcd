/* SPDX-License-Identifier: MIT
 *
 * The choice of a kernel table: a pure function of the `cpu` option and the machine's features.
 *
 * Its list goes from the plainest level to the best.
 */
#include "tensor/kernels.h"

#include "base/cpu.h"
#include "tensor/isa.h"

#include <string.h>

typedef struct s2s__level {
  const s2s__kernels *kernels;
  uint32_t needs; /* S2S__CPU_... bits */
} s2s__level;

static const s2s__level s2s__levels[] = {
    {&s2s__kernels_c, 0},
#if S2S__X86
    {&s2s__kernels_avx2, S2S__CPU_AVX2},
#if S2S__AVXVNNI
    {&s2s__kernels_avxvnni, S2S__CPU_AVX2 | (S2S__AVXVNNI_IS_AVX512VL ? S2S__CPU_AVX512VNNI : S2S__CPU_AVXVNNI)},
#endif
    {&s2s__kernels_avx512, S2S__CPU_AVX2 | S2S__CPU_AVX512},
    {&s2s__kernels_avx512vnni, S2S__CPU_AVX2 | S2S__CPU_AVX512 | S2S__CPU_AVX512VNNI},
#endif
#if S2S__NEON
    {&s2s__kernels_neon, S2S__CPU_NEON},
    {&s2s__kernels_neondot, S2S__CPU_NEON | S2S__CPU_DOTPROD},
#endif
};

#define S2S__LEVELS (sizeof s2s__levels / sizeof s2s__levels[0])

static int s2s__level_runs(const s2s__level *level, uint32_t features) {
  return (level->needs & features) == level->needs;
}

const s2s__kernels *s2s__kernels_choose(const char *cpu, uint32_t features) {
  const int any = strcmp(cpu, "auto") == 0;
  for (size_t i = S2S__LEVELS; i-- > 0;) {
    const s2s__level *level = &s2s__levels[i];
    if (s2s__level_runs(level, features) && (any || strcmp(cpu, level->kernels->name) == 0)) return level->kernels;
  }
  return NULL;
}

const char *s2s__kernels_level(size_t index, uint32_t features) {
  for (size_t i = 0; i < S2S__LEVELS; i++) {
    if (!s2s__level_runs(&s2s__levels[i], features)) continue;
    if (index-- == 0) return s2s__levels[i].kernels->name;
  }
  return NULL;
}
