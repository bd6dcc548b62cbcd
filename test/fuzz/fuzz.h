/* SPDX-License-Identifier: MIT
 *
 * What the fuzzers share. Each makes its own first inputs: when it is started without files or folders, it writes them
 * to build/tmp/NAME and works from there, so that what one run finds the next begins with.
 */
#ifndef TEST_FUZZ_FUZZ_H
#define TEST_FUZZ_FUZZ_H

#include "tiny.h"

#include <sys/stat.h>

#define FUZZ_FOLDER "build/tmp/"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program, so that libFuzzer keeps the input. */
static inline void fuzz_must(int holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "does not hold: %s\n", what);
  abort();
}

/* Appends the folder to the arguments, unless a file or folder is among them. */
static inline void fuzz_use_folder(int *argc, char ***argv, char *folder) {
  static char *all[64];
  if (*argc + 2 > (int)TINY_COUNT(all)) return;
  for (int i = 0; i < *argc; i++) {
    all[i] = (*argv)[i];
    if (i > 0 && all[i][0] != '-') return;
  }
  (void)mkdir("build", 0777);
  (void)mkdir("build/tmp", 0777);
  (void)mkdir(folder, 0777);
  all[*argc] = folder;
  all[*argc + 1] = NULL;
  *argv = all;
  ++*argc;
}

static inline void fuzz_write_inputs(const char *folder, const char *const *inputs, size_t count) {
  for (size_t i = 0; i < count; i++) {
    char path[128];
    snprintf(path, sizeof path, "%s/input-%zu", folder, i);
    tiny_write_file(path, inputs[i]);
  }
}

#endif
