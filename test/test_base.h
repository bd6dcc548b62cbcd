/* SPDX-License-Identifier: MIT
 *
 * An allocator for tests: counts, checks that every old size is what was asked for, aligns to 16 bytes and not to
 * more, and fails the n-th request on demand. Fault tests run a piece of code with fail_at = 1, 2, ... until it
 * succeeds, and look at live_blocks after each run.
 */
#ifndef TEST_BASE_H
#define TEST_BASE_H

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

typedef struct test_memory {
  size_t live_blocks, live_bytes;
  size_t peak_bytes;  /* most of live_bytes so far */
  size_t requests;    /* allocations and resizes so far */
  size_t fail_at;     /* this request and all later ones fail; 0: none */
  size_t wrong_sizes; /* old sizes that were not what was asked for, and requests for no bytes */
} test_memory;

#define TEST_HEAD ((size_t)16) /* the block's size stands before it */

static void *test_allocate(void *user, void *block, size_t old_size, size_t new_size) {
  test_memory *memory = user;
  char *whole = block ? (char *)block - TEST_HEAD : NULL;
  size_t known = 0;
  if (whole) memcpy(&known, whole, sizeof known);
  if (known != old_size || (!block && new_size == 0)) memory->wrong_sizes++;
  if (new_size == 0) {
    memory->live_blocks -= whole != NULL;
    memory->live_bytes -= known;
    free(whole);
    return NULL;
  }
  memory->requests++;
  if (memory->fail_at != 0 && memory->requests >= memory->fail_at) return NULL;
  if (new_size > SIZE_MAX / 4) return NULL;
  char *fresh = realloc(whole, new_size + TEST_HEAD);
  if (!fresh) return NULL;
  memcpy(fresh, &new_size, sizeof new_size);
  memory->live_blocks += whole == NULL;
  memory->live_bytes += new_size - known;
  if (memory->live_bytes > memory->peak_bytes) memory->peak_bytes = memory->live_bytes;
  return fresh + TEST_HEAD;
}

static inline s2s__host test_host(test_memory *memory) {
  s2s__host host;
  memset(memory, 0, sizeof *memory);
  s2s__host_init(&host);
  host.allocate = test_allocate;
  host.allocate_user = memory;
  return host;
}

#endif
