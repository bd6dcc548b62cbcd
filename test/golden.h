/* SPDX-License-Identifier: MIT
 *
 * Reference values from test/data/golden: tensors by name, and how far a result is from them.
 */
#ifndef TEST_GOLDEN_H
#define TEST_GOLDEN_H

#include "model/safetensors.h"
#include "tensor/real.h"

typedef struct golden {
  const char *name;
  s2s__arena arena;
  s2s__st_header header;
  const unsigned char *data;
} golden;

typedef struct golden_tensor {
  const float *value; /* NULL: not there */
  size_t rank, count;
  size_t shape[S2S__ST_MAX_RANK];
} golden_tensor;

/* Reads test/data/golden/NAME.safetensors. This and golden_get stop the program ("Bail out!") when it is not there. */
void golden_open(golden *g, const char *name);
void golden_close(golden *g);

/* The tensor whose name is made by the format. */
golden_tensor golden_get(const golden *g, const char *format, ...) S2S__PRINTF(2, 3);
golden_tensor golden_find(const golden *g, const char *format, ...) S2S__PRINTF(2, 3);
/* A whole number from the metadata; 0 when it is not there. */
size_t golden_number(const golden *g, const char *key);
const char *golden_text(const golden *g, const char *key);

/* Numbers as ids and sizes, in the golden's arena. */
int32_t *golden_ids(golden *g, golden_tensor tensor);
size_t *golden_sizes(golden *g, golden_tensor tensor);

/* max |got - wanted| / max |wanted|; without the division where all wanted ones are zero; infinite for a NaN. */
double golden_error(const s2s__real *got, const float *wanted, size_t count);

/* What PyTorch's clip_grad_norm_ multiplies a gradient of this norm by; held against clip_grad_norm in test_nn. */
double golden_clip(double norm, double most);

#endif
