/* SPDX-License-Identifier: MIT
 *
 * The table of optimisers.
 */
#include "train/optimizer.h"

#include <string.h>

static const s2s__optimizer *const optimizer_table[] = {&s2s__optimizer_adam};

const s2s__optimizer *s2s__optimizer_find(const char *name) {
  for (size_t i = 0; i < sizeof optimizer_table / sizeof *optimizer_table; i++)
    if (strcmp(optimizer_table[i]->name, name) == 0) return optimizer_table[i];
  return NULL;
}
