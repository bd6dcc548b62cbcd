/* SPDX-License-Identifier: MIT
 *
 * The table of splitters. A new one is a file splitter_NAME.c that defines s2s__splitter_NAME, and one name in
 * base/members.h.
 */
#include "text/splitter.h"

#include "base/members.h"

#include <string.h>

#define SPLITTER_DECLARE(name) extern const s2s__splitter s2s__splitter_##name;
S2S__SPLITTERS(SPLITTER_DECLARE)
#undef SPLITTER_DECLARE

const s2s__splitter *s2s__splitter_find(const char *name) {
#define SPLITTER_COMPARE(id)                                                                                           \
  if (strcmp(name, s2s__splitter_##id.name) == 0) return &s2s__splitter_##id;
  S2S__SPLITTERS(SPLITTER_COMPARE)
#undef SPLITTER_COMPARE
  return NULL;
}
