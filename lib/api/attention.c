/* SPDX-License-Identifier: MIT
 *
 * s2s_attention_* and s2s_attend.
 */
#include "api/api.h"
#include "search/memory.h"

#include <math.h>
#include <string.h>

struct s2s_attention {
  s2s__gate gate;
  s2s__host host;
  s2s__budget budget;
  const s2s_model *model; /* retained */
  s2s__arena arena;
};

int32_t s2s_attention_init(const s2s_model *model, const s2s_options *options, s2s_attention **attention) {
  S2S__API_OUT(attention);
  S2S__API_NEED(model);
  s2s__error error = {.status = S2S_OK};
  if (s2s__network_query_dim(&model->network) == 0)
    return s2s__api_finish(&error, s2s__fail(&error, S2S_UNSUPPORTED, "the model has no attention (attention.type none)"));
  const s2s__host host = s2s__options_host(options);
  s2s_attention *a = s2s__allocate_zeroed(&host, sizeof *a);
  if (!a) return s2s__api_finish(&error, s2s__fail_memory(&error, sizeof *a, "an attention"));
  s2s__host_own(&a->host, &host, &a->budget, sizeof *a);
  a->model = model;
  s2s__arena_init(&a->arena, &a->host);
  s2s__model_retain(model);
  *attention = a;
  return S2S_OK;
}

size_t s2s_attention_query_dim(const s2s_attention *attention) {
  return attention ? s2s__network_query_dim(&attention->model->network) : 0;
}

static void attention_free(s2s_attention *attention) {
  const s2s__host host = s2s__host_given(&attention->host, &attention->budget);
  s2s__arena_free(&attention->arena);
  s2s__model_release(attention->model);
  s2s__free(&host, attention, sizeof *attention);
}

void s2s_attention_free(s2s_attention *attention) {
  if (attention && s2s__gate_close(&attention->gate)) attention_free(attention);
}

/* The encoding of one sequence of a memory, its keys prepared. */
static int32_t attend_encoding(s2s__graph *graph, const s2s_memory *memory, size_t index, s2s__rows *rows,
                               s2s__encoding *encoding) {
  const s2s__tensor *all = memory->encoding.states;
  s2s__tensor *states;
  S2S__TRY(s2s__rows_init(rows, graph->arena, &memory->rows.length[index], 1, graph->error));
  S2S__GRAPH_TAKE(graph, s2s__tensor, 1, states);
  *states = (s2s__tensor){all->data + memory->rows.offset[index] * all->cols, NULL, rows->total, all->cols};
  memset(encoding, 0, sizeof *encoding);
  encoding->rows = rows;
  encoding->states = states;
  return s2s__network_prepare(graph, &memory->model->network, encoding);
}

static int32_t attend_queries(s2s__graph *graph, const s2s_attention *attention, const float *queries, size_t count,
                              s2s__tensor **tensor) {
  const size_t dim = s2s_attention_query_dim(attention);
  S2S__TRY(s2s__graph_tensor(graph, count, dim, tensor));
  for (size_t i = 0; i < count * dim; i++) {
    if (!isfinite(queries[i]))
      return s2s__fail(graph->error, S2S_BAD_ARGUMENT, "s2s_attend: number %zu of query %zu is not finite", i % dim, i / dim);
    (*tensor)->data[i] = (s2s__real)queries[i];
  }
  return S2S_OK;
}

static void attend_copy(const s2s__tensor *from, float *to) {
  for (size_t i = 0; to && i < from->rows * from->cols; i++) to[i] = (float)from->data[i];
}

static int32_t attend_run(s2s_attention *attention, const s2s_memory *memory, size_t index, const float *queries,
                          size_t count, float *weights, float *contexts, s2s__error *error) {
  s2s__graph graph;
  s2s__rows memory_rows, query_rows;
  s2s__encoding encoding;
  s2s__tensor *query, *context;
  s2s__arena_reset(&attention->arena);
  s2s__graph_init(&graph, &attention->arena, attention->model->kernels, error);
  S2S__TRY(attend_encoding(&graph, memory, index, &memory_rows, &encoding));
  S2S__TRY(attend_queries(&graph, attention, queries, count, &query));
  S2S__TRY(s2s__rows_init(&query_rows, &attention->arena, &count, 1, error));
  s2s__block block;
  memset(&block, 0, sizeof block);
  block.encoding = &encoding;
  block.rows = &query_rows;
  S2S__TRY(s2s__network_attend(&graph, &attention->model->network, &block, query, &context));
  attend_copy(block.weights, weights);
  attend_copy(context, contexts);
  return S2S_OK;
}

int32_t s2s_attend(s2s_attention *attention, const s2s_memory *memory, size_t index, const float *queries,
                   size_t count, float *weights, float *contexts) {
  S2S__API_NEED(attention);
  S2S__API_NEED(memory);
  if (count) S2S__API_NEED(queries);
  s2s__error error = {.status = S2S_OK};
  if (memory->model != attention->model)
    return s2s__api_finish(&error, s2s__fail(&error, S2S_BAD_ARGUMENT, "s2s_attend: the memory is of another model"));
  if (index >= memory->rows.count)
    return s2s__api_finish(&error, s2s__fail(&error, S2S_BAD_ARGUMENT, "s2s_attend: sequence %zu of a memory of %zu",
                                             index, memory->rows.count));
  S2S__API_ENTER(attention);
  const s2s__float_mode mode = s2s__float_mode_enter();
  const int32_t status = attend_run(attention, memory, index, queries, count, weights, contexts, &error);
  s2s__float_mode_leave(mode);
  if (status == S2S_OUT_OF_MEMORY) s2s__arena_free(&attention->arena);
  S2S__API_LEAVE(attention, attention_free, s2s__api_finish(&error, s2s__name_limit(&attention->host, &error, status)));
}
