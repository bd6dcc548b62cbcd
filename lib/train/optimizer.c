/* SPDX-License-Identifier: MIT
 *
 * The table of optimisers.
 */
#include "train/optimizer.h"

#include "base/members.h"

#include <string.h>

#define OPTIMIZER_DECLARE(name) extern const s2s__optimizer s2s__optimizer_##name;
#define OPTIMIZER_ROW(name) &s2s__optimizer_##name,
S2S__OPTIMIZERS(OPTIMIZER_DECLARE)
static const s2s__optimizer *const optimizer_table[] = {S2S__OPTIMIZERS(OPTIMIZER_ROW)};

const s2s__optimizer *s2s__optimizer_find(const char *name) {
  for (size_t i = 0; i < sizeof optimizer_table / sizeof *optimizer_table; i++)
    if (strcmp(optimizer_table[i]->name, name) == 0) return optimizer_table[i];
  return NULL;
}
