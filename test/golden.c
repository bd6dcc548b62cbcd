/* SPDX-License-Identifier: MIT
 *
 * Reading golden files, with the library's own reader of safetensors headers.
 */
#include "golden.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void golden_bail(const golden *g, const char *what) {
  printf("Bail out! golden file %s: %s\n", g->name, what);
  exit(1);
}

/* Floats in the order of bytes of this machine; a file has them little-endian. */
static void golden_decode(unsigned char *bytes, size_t count) {
  for (size_t i = 0; i < count; i++, bytes += 4) {
    const uint32_t bits = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    memcpy(bytes, &bits, sizeof bits);
  }
}

static int32_t golden_read(golden *g, s2s__reader *reader, s2s__error *error) {
  S2S__TRY(s2s__st_read_header(reader, &g->arena, &g->header, error));
  unsigned char *data = s2s__arena_take(&g->arena, (size_t)g->header.data_bytes);
  if (!data) return s2s__fail_memory(error, (size_t)g->header.data_bytes, "a golden file");
  g->data = data;
  S2S__TRY(s2s__reader_exactly(reader, data, (size_t)g->header.data_bytes, error));
  for (size_t i = 0; i < g->header.tensors; i++) {
    const s2s__st_tensor *t = &g->header.tensor[i];
    if (strcmp(t->dtype, "F32") == 0) golden_decode(data + t->begin, (size_t)(t->end - t->begin) / 4);
  }
  return S2S_OK;
}

void golden_open(golden *g, const char *name) {
  char path[128];
  s2s__host host;
  s2s__error error;
  s2s__reader reader;
  memset(g, 0, sizeof *g);
  g->name = name;
  s2s__host_init(&host);
  s2s__error_clear(&error);
  s2s__arena_init(&g->arena, &host);
  snprintf(path, sizeof path, "test/data/golden/%s.safetensors", name);
  int32_t status = s2s__reader_open_path(&reader, &host, path, &error);
  if (status == S2S_OK) status = golden_read(g, &reader, &error);
  s2s__reader_close(&reader);
  if (status != S2S_OK) golden_bail(g, error.text);
}

void golden_close(golden *g) { s2s__arena_free(&g->arena); }

static golden_tensor golden_named(const golden *g, const char *name) {
  const s2s__st_tensor *found = s2s__st_find(&g->header, name);
  golden_tensor t;
  memset(&t, 0, sizeof t);
  if (!found) return t;
  if (strcmp(found->dtype, "F32") != 0) golden_bail(g, "a tensor is not F32");
  t.value = (const float *)(const void *)(g->data + found->begin);
  t.rank = found->rank;
  t.count = (size_t)(found->end - found->begin) / sizeof(float);
  for (size_t i = 0; i < t.rank; i++) t.shape[i] = (size_t)found->shape[i];
  return t;
}

golden_tensor golden_find(const golden *g, const char *format, ...) {
  char name[160];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(name, sizeof name, format, arguments);
  va_end(arguments);
  return golden_named(g, name);
}

golden_tensor golden_get(const golden *g, const char *format, ...) {
  char name[160];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(name, sizeof name, format, arguments);
  va_end(arguments);
  const golden_tensor tensor = golden_named(g, name);
  if (!tensor.value) golden_bail(g, name);
  return tensor;
}

const char *golden_text(const golden *g, const char *key) {
  const char *text = s2s__st_metadata(&g->header, key);
  return text ? text : "";
}

size_t golden_number(const golden *g, const char *key) { return (size_t)strtoul(golden_text(g, key), NULL, 10); }

int32_t *golden_ids(golden *g, golden_tensor tensor) {
  int32_t *ids = S2S__TAKE(&g->arena, int32_t, tensor.count);
  if (!ids) golden_bail(g, "no memory");
  for (size_t i = 0; i < tensor.count; i++) ids[i] = (int32_t)tensor.value[i];
  return ids;
}

size_t *golden_sizes(golden *g, golden_tensor tensor) {
  size_t *sizes = S2S__TAKE(&g->arena, size_t, tensor.count);
  if (!sizes) golden_bail(g, "no memory");
  for (size_t i = 0; i < tensor.count; i++) sizes[i] = (size_t)tensor.value[i];
  return sizes;
}

double golden_error(const s2s__real *got, const float *wanted, size_t count) {
  double difference = 0, most = 0;
  for (size_t i = 0; i < count; i++) {
    const double d = fabs((double)got[i] - (double)wanted[i]);
    if (!(d <= HUGE_VAL)) return HUGE_VAL;
    if (d > difference) difference = d;
    if (fabs((double)wanted[i]) > most) most = fabs((double)wanted[i]);
  }
  return most > 0 ? difference / most : difference;
}

double golden_clip(double norm, double most) {
  const double scale = most / (norm + 1e-6);
  return scale < 1 ? scale : 1;
}
