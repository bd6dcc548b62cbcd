/* SPDX-License-Identifier: MIT
 *
 * CPUID with OSXSAVE and XGETBV on x86 (Intel SDM volume 1, 14.3: the operating system must save the registers, or the
 * first context switch destroys them); the kernel's word on ARM, where the feature registers are not readable by all.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* the same in every file of base/, for the amalgamation: the first #include settles it */
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif

#include "base/cpu.h"

#if defined(__x86_64__) || defined(__i386__) || defined(_M_X64) || defined(_M_IX86)

#if defined(_MSC_VER) && !defined(__clang__)
#include <immintrin.h>
#include <intrin.h>
#else
#include <cpuid.h>
#endif

typedef struct cpu_registers {
  uint32_t a, b, c, d;
} cpu_registers;

/* All zero when the leaf does not exist. */
static cpu_registers cpu_leaf(uint32_t leaf, uint32_t sub_leaf) {
  cpu_registers r = {0, 0, 0, 0};
#if defined(_MSC_VER) && !defined(__clang__)
  int v[4];
  __cpuid(v, 0);
  if ((uint32_t)v[0] < leaf) return r;
  __cpuidex(v, (int)leaf, (int)sub_leaf);
  r.a = (uint32_t)v[0], r.b = (uint32_t)v[1], r.c = (uint32_t)v[2], r.d = (uint32_t)v[3];
#else
  if (!__get_cpuid_count(leaf, sub_leaf, &r.a, &r.b, &r.c, &r.d)) return (cpu_registers){0, 0, 0, 0};
#endif
  return r;
}

/* XCR0: which register sets the system saves. */
static uint32_t cpu_saved_registers(void) {
#if defined(_MSC_VER) && !defined(__clang__)
  return (uint32_t)_xgetbv(0);
#else
  uint32_t low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
#endif
}

static int cpu_all(uint32_t value, uint32_t bits) { return (value & bits) == bits; }

uint32_t s2s__cpu_features(void) {
  const uint32_t fma_osxsave_avx_f16c = 1u << 12 | 1u << 27 | 1u << 28 | 1u << 29;
  const uint32_t f_dq_bw_vl = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;
  const uint32_t xmm_ymm = 0x06, xmm_ymm_zmm = 0xE6;
  if (!cpu_all(cpu_leaf(1, 0).c, fma_osxsave_avx_f16c)) return 0;
  const uint32_t saved = cpu_saved_registers();
  const cpu_registers seven = cpu_leaf(7, 0);
  if (!cpu_all(saved, xmm_ymm) || !cpu_all(seven.b, 1u << 5)) return 0;
  uint32_t features = S2S__CPU_AVX2;
  if (seven.a >= 1 && cpu_all(cpu_leaf(7, 1).a, 1u << 4)) features |= S2S__CPU_AVXVNNI;
  if (!cpu_all(saved, xmm_ymm_zmm) || !cpu_all(seven.b, f_dq_bw_vl)) return features;
  features |= S2S__CPU_AVX512;
  if (cpu_all(seven.c, 1u << 11)) features |= S2S__CPU_AVX512VNNI;
  return features;
}

#elif defined(__aarch64__) || defined(_M_ARM64)

#if defined(__linux__)
#include <sys/auxv.h>
#elif defined(__APPLE__)
#include <sys/types.h>

#include <sys/sysctl.h>
#endif

static int cpu_has_dotprod(void) {
#if defined(__ARM_FEATURE_DOTPROD)
  return 1; /* the whole build demands it */
#elif defined(__linux__)
  return (getauxval(AT_HWCAP) >> 20 & 1) != 0; /* HWCAP_ASIMDDP */
#elif defined(__APPLE__)
  int has = 0;
  size_t size = sizeof has;
  return sysctlbyname("hw.optional.arm.FEAT_DotProd", &has, &size, NULL, 0) == 0 && has != 0;
#else
  return 0;
#endif
}

uint32_t s2s__cpu_features(void) { /* Advanced SIMD is part of every AArch64 system with floating point */
  return (uint32_t)S2S__CPU_NEON | (cpu_has_dotprod() ? (uint32_t)S2S__CPU_DOTPROD : 0u);
}

#elif defined(__arm__) && defined(__linux__)

#include <sys/auxv.h>

uint32_t s2s__cpu_features(void) { return getauxval(AT_HWCAP) >> 12 & 1 ? S2S__CPU_NEON : 0; }

#else

uint32_t s2s__cpu_features(void) { return 0; }

#endif
