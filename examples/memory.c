/* SPDX-License-Identifier: MIT
 *
 * An allocator of one's own, with a hard limit: how much a model and its work need, and what happens when that is not
 * there. Nothing is lost then but the call that failed.
 *
 *     build/examples/memory MODEL TEXT...
 */
#include <seq2seq.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct pool {
  size_t held, most, limit, calls;
} pool;

/* As s2s_allocate_fn says: old_size is what was asked for before, new_size 0 frees. */
static void *allocate(void *user, void *block, size_t old_size, size_t new_size) {
  pool *p = user;
  if (!block) old_size = 0;
  if (new_size > old_size && new_size - old_size > p->limit - p->held) return NULL;
  void *moved = NULL;
  if (new_size) {
    moved = realloc(block, new_size);
    if (!moved) return NULL;
  } else {
    free(block);
  }
  p->calls++;
  p->held = p->held - old_size + new_size;
  if (p->held > p->most) p->most = p->held;
  return moved;
}

/* Translates with what the pool allows; prints what came of it. */
static int32_t translate(const char *path, const s2s_options *options, pool *p, const char *const *texts,
                         size_t count) {
  s2s_model *model = NULL;
  s2s_result *result = NULL;
  int32_t status = s2s_model_load(path, options, &model);
  const size_t loaded = p->held;
  if (!status) status = s2s_translate(model, options, texts, NULL, count, &result);
  for (size_t i = 0; !status && i < count; i++) printf("%s\t%s\n", texts[i], s2s_result_text(result, i, 0));
  if (!status)
    printf("%zu bytes for the model, at most %zu in all, %zu calls\n", loaded, p->most, p->calls);
  else
    printf("%s: %s\n", s2s_status_name(status), s2s_error_message());
  s2s_result_free(result);
  s2s_model_free(model);
  return status;
}

int main(int argc, char **argv) {
  if (argc < 3) return fprintf(stderr, "usage: memory MODEL TEXT...\n"), 2;
  const char *const *texts = (const char *const *)argv + 2;
  pool p = {.limit = (size_t)1 << 30};
  s2s_options *options = NULL;
  if (s2s_options_new(&options) || s2s_options_set_allocator(options, allocate, &p))
    return fprintf(stderr, "memory: %s\n", s2s_error_message()), 1;

  int32_t status = translate(argv[1], options, &p, texts, (size_t)argc - 2);
  if (!status) {
    p = (pool){.limit = p.most / 2};
    printf("with half of that:\n");
    const int32_t refused = translate(argv[1], options, &p, texts, (size_t)argc - 2);
    printf("%zu bytes are left behind\n", p.held);
    status = refused == S2S_OUT_OF_MEMORY && p.held == 0 ? S2S_OK : refused;
  }
  s2s_options_free(options);
  return status != S2S_OK;
}
