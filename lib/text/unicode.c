/* SPDX-License-Identifier: MIT
 *
 * Looking up properties of characters. Every table is sorted, and searched by halves.
 */
#include "text/unicode.h"

typedef struct unicode_stretch { /* characters first, first + step, ... first + span move by a distance */
  uint32_t first, span, step;
  int32_t distance;
} unicode_stretch;

typedef struct unicode_long_fold {
  uint16_t point, to[3];
} unicode_long_fold;

#include "text/unicode_tables.h"

#define UNICODE_COUNT(table) (sizeof(table) / sizeof *(table))

enum {
  HANGUL_SYLLABLE = 0xAC00,
  HANGUL_L = 0x1100,
  HANGUL_V = 0x1161,
  HANGUL_T = 0x11A7,
  HANGUL_LS = 19,
  HANGUL_VS = 21,
  HANGUL_TS = 28,
  HANGUL_SYLLABLES = HANGUL_LS * HANGUL_VS * HANGUL_TS
};

/* The last entry of a table that is not above `wanted`, or SIZE_MAX. */
static size_t unicode_last(const uint32_t *table, size_t count, uint32_t wanted) {
  size_t low = 0, high = count; /* those below `low` are not above it, those from `high` on are */
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (table[middle] <= wanted)
      low = middle + 1;
    else
      high = middle;
  }
  return low - 1;
}

/* The value of a table of (first character << 8 | value). */
static uint8_t unicode_value(const uint32_t *table, size_t count, uint32_t c) {
  const size_t at = unicode_last(table, count, c << 8 | 0xFFu);
  return at == SIZE_MAX ? 0 : (uint8_t)table[at];
}

uint8_t s2s__unicode_class(uint32_t c) {
  return c < 0x300 ? 0 : unicode_value(unicode_classes, UNICODE_COUNT(unicode_classes), c);
}

/* ---- decomposition ----------------------------------------------------------------------------------------------- */

/* Where the character stands among those that are decomposed, or SIZE_MAX. */
static size_t unicode_find(uint32_t c) {
  const size_t stretch = unicode_last(unicode_first, UNICODE_COUNT(unicode_first), c);
  if (stretch == SIZE_MAX) return SIZE_MAX;
  const size_t index = unicode_index[stretch] + (c - unicode_first[stretch]);
  return index < unicode_index[stretch + 1] ? index : SIZE_MAX;
}

static uint32_t unicode_point(size_t index) {
  size_t low = 0, high = UNICODE_COUNT(unicode_first);
  while (high - low > 1) {
    const size_t middle = low + (high - low) / 2;
    if (unicode_index[middle] <= index)
      low = middle;
    else
      high = middle;
  }
  return unicode_first[low] + (uint32_t)(index - unicode_index[low]);
}

/* One step of decomposition: the units of a place, out of UTF-16. */
static size_t unicode_step(uint16_t place, uint32_t *out) {
  const uint16_t *unit = unicode_pool + (place & 0x3FFFu);
  size_t units = place >> 14 & 1 ? *unit++ : place >> 15 ? 2 : 1, count = 0;
  for (; units > 0; units--, unit++) {
    if ((*unit & 0xFC00u) == 0xDC00u)
      out[count - 1] = 0x10000u + ((out[count - 1] & 0x3FFu) << 10 | (*unit & 0x3FFu));
    else
      out[count++] = *unit;
  }
  return count;
}

int s2s__unicode_is_hangul(uint32_t c) { return c - HANGUL_SYLLABLE < HANGUL_SYLLABLES; }

static size_t unicode_hangul(uint32_t c, uint32_t *out) {
  const uint32_t s = c - HANGUL_SYLLABLE;
  out[0] = HANGUL_L + s / (HANGUL_VS * HANGUL_TS);
  out[1] = HANGUL_V + s / HANGUL_TS % HANGUL_VS;
  out[2] = HANGUL_T + s % HANGUL_TS;
  return s % HANGUL_TS ? 3 : 2;
}

size_t s2s__unicode_decompose(uint32_t c, int compatible, uint32_t *out) {
  uint32_t step[S2S__UNICODE_EXPANSION];
  out[0] = c;
  if (c < 0xA0) return 1;
  if (s2s__unicode_is_hangul(c)) return unicode_hangul(c, out);
  const size_t index = unicode_find(c);
  if (index == SIZE_MAX || !(compatible || unicode_place[index] >> 15)) return 1;
  const size_t steps = unicode_step(unicode_place[index], step);
  size_t count = 0;
  for (size_t i = 0; i < steps; i++) count += s2s__unicode_decompose(step[i], compatible, out + count);
  return count;
}

uint32_t s2s__unicode_compose(uint32_t a, uint32_t b) {
  uint32_t pair[S2S__UNICODE_EXPANSION];
  if (a - HANGUL_L < HANGUL_LS && b - HANGUL_V < HANGUL_VS)
    return HANGUL_SYLLABLE + ((a - HANGUL_L) * HANGUL_VS + (b - HANGUL_V)) * HANGUL_TS;
  if (a - HANGUL_SYLLABLE < HANGUL_SYLLABLES && (a - HANGUL_SYLLABLE) % HANGUL_TS == 0 &&
      b - HANGUL_T - 1 < HANGUL_TS - 1)
    return a + (b - HANGUL_T);
  size_t low = 0, high = UNICODE_COUNT(unicode_composed);
  while (low < high) {
    const size_t middle = low + (high - low) / 2, index = unicode_composed[middle];
    unicode_step(unicode_place[index], pair);
    if (pair[0] == a && pair[1] == b) return unicode_point(index);
    if (pair[0] < a || (pair[0] == a && pair[1] < b))
      low = middle + 1;
    else
      high = middle;
  }
  return 0;
}

/* ---- case folding ------------------------------------------------------------------------------------------------ */

static size_t unicode_fold_long(uint32_t c, uint32_t *out) {
  for (size_t low = 0, high = UNICODE_COUNT(unicode_long_folds); low < high;) {
    const size_t middle = low + (high - low) / 2;
    const unicode_long_fold *fold = &unicode_long_folds[middle];
    if (fold->point == c) {
      size_t count = 0;
      for (; count < 3 && fold->to[count]; count++) out[count] = fold->to[count];
      return count;
    }
    if (fold->point < c)
      low = middle + 1;
    else
      high = middle;
  }
  return 0;
}

size_t s2s__unicode_fold(uint32_t c, uint32_t *out) {
  const size_t many = unicode_fold_long(c, out);
  if (many) return many;
  size_t low = 0, high = UNICODE_COUNT(unicode_folds);
  out[0] = c;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    const unicode_stretch *s = &unicode_folds[middle];
    if (c < s->first) {
      high = middle;
    } else if (c > s->first + s->span) {
      low = middle + 1;
    } else {
      if ((c - s->first) % s->step == 0) out[0] = (uint32_t)((int32_t)c + s->distance);
      break;
    }
  }
  return 1;
}

/* ---- grapheme clusters ------------------------------------------------------------------------------------------- */

s2s__unicode_break s2s__unicode_break_of(uint32_t c) {
  if (s2s__unicode_is_hangul(c)) return (c - HANGUL_SYLLABLE) % HANGUL_TS ? S2S__BREAK_LVT : S2S__BREAK_LV;
  return (s2s__unicode_break)unicode_value(unicode_breaks, UNICODE_COUNT(unicode_breaks), c);
}

#undef UNICODE_COUNT
