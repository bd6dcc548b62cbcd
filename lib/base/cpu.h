/* SPDX-License-Identifier: MIT
 *
 * What the processor and the operating system offer, read afresh at each call (CPUID with OSXSAVE and XGETBV on x86,
 * hwcap on ARM): a bit is set only when the instructions exist *and* the system saves their registers.
 */
#ifndef S2S__BASE_CPU_H
#define S2S__BASE_CPU_H

#include <stdint.h>

enum {
  S2S__CPU_AVX2 = 1 << 0,       /* AVX2 and FMA and F16C */
  S2S__CPU_AVX512 = 1 << 1,     /* F, BW, VL, DQ */
  S2S__CPU_AVX512VNNI = 1 << 2, /* AVX-512 VNNI */
  S2S__CPU_AVXVNNI = 1 << 3,    /* AVX-VNNI (256 bits) */
  S2S__CPU_NEON = 1 << 4,
  S2S__CPU_DOTPROD = 1 << 5
};

uint32_t s2s__cpu_features(void);

#endif
