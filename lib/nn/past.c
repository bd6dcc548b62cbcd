/* SPDX-License-Identifier: MIT
 *
 * Rows that are kept where they are, and ways through them. See past.h.
 */
#include "nn/past.h"

#include <string.h>

struct s2s__past_kept {
  s2s__arena *arena;
  size_t layers, cols;
  size_t tokens, room;
  s2s__real **at; /* [room, layers]: rows [hypotheses then, cols] */
};

int32_t s2s__past_init(s2s__graph *graph, size_t layers, size_t cols, s2s__past *past) {
  s2s__past_kept *kept;
  S2S__GRAPH_TAKE(graph, s2s__past_kept, 1, kept);
  *kept = (s2s__past_kept){.arena = graph->arena, .layers = layers, .cols = cols};
  *past = (s2s__past){.kept = kept};
  return S2S_OK;
}

int32_t s2s__past_init_like(s2s__graph *graph, const s2s__past *other, s2s__past *past) {
  return s2s__past_init(graph, other->kept->layers, other->kept->cols, past);
}

int32_t s2s__past_select(s2s__graph *graph, const s2s__past *past, const size_t *index, size_t n, s2s__past *selected) {
  const size_t before = past->kept->tokens;
  size_t *way, count;
  if (!s2s__multiply_fits(n, before + 1, &count)) return s2s__fail_memory(graph->error, SIZE_MAX, "a step");
  S2S__GRAPH_TAKE(graph, size_t, count, way);
  *selected = (s2s__past){past->kept, way};
  for (size_t i = 0; i < n; i++, way += before + 1) {
    if (before) memcpy(way, past->way + index[i] * before, before * sizeof *way);
    way[before] = i;
  }
  return S2S_OK;
}

/* Room for one more token, twice as much each time. */
static int32_t past_grow(s2s__past_kept *kept, s2s__error *error) {
  if (kept->tokens < kept->room) return S2S_OK;
  const size_t room = kept->room ? 2 * kept->room : 32;
  s2s__real **at = S2S__TAKE(kept->arena, s2s__real *, room * kept->layers);
  if (!at) return s2s__fail_memory(error, room * kept->layers * sizeof *at, "a step");
  if (kept->tokens) memcpy(at, kept->at, kept->tokens * kept->layers * sizeof *at);
  kept->at = at;
  kept->room = room;
  return S2S_OK;
}

int32_t s2s__past_keep(const s2s__past *past, size_t layer, const s2s__tensor *x, size_t first, s2s__error *error) {
  s2s__past_kept *kept = past->kept;
  const size_t cols = kept->cols;
  S2S__TRY(past_grow(kept, error));
  s2s__real *rows = S2S__TAKE(kept->arena, s2s__real, x->rows * cols);
  if (!rows) return s2s__fail_memory(error, x->rows * cols * sizeof *rows, "a step");
  for (size_t r = 0; r < x->rows; r++) memcpy(rows + r * cols, x->data + r * x->cols + first, cols * sizeof *rows);
  kept->at[kept->tokens * kept->layers + layer] = rows;
  return S2S_OK;
}

void s2s__past_next(const s2s__past *past) { past->kept->tokens++; }

size_t s2s__past_tokens(const s2s__past *past) { return past->kept->tokens + 1; }

void s2s__past_rows(const s2s__past *past, size_t layer, size_t i, const s2s__real **row) {
  const s2s__past_kept *kept = past->kept;
  const size_t tokens = kept->tokens + 1, *way = past->way + i * tokens;
  for (size_t t = 0; t < tokens; t++) row[t] = kept->at[t * kept->layers + layer] + way[t] * kept->cols;
}

/* One token's rows of a layer, gathered: hypothesis i's becomes row i. */
static void past_copy_rows(const s2s__past *past, size_t token, size_t layer, size_t n, s2s__real *rows) {
  const s2s__past_kept *kept = past->kept;
  const s2s__real *from = kept->at[token * kept->layers + layer];
  for (size_t i = 0; i < n; i++)
    memcpy(rows + i * kept->cols, from + past->way[i * kept->tokens + token] * kept->cols, kept->cols * sizeof *rows);
}

int32_t s2s__past_copy(s2s__graph *graph, const s2s__past *past, size_t n, s2s__past *copy) {
  const s2s__past_kept *kept = past->kept;
  size_t *way;
  S2S__TRY(s2s__past_init_like(graph, past, copy));
  for (; copy->kept->tokens < kept->tokens; copy->kept->tokens++) {
    S2S__TRY(past_grow(copy->kept, graph->error));
    for (size_t l = 0; l < kept->layers; l++) {
      s2s__real *rows;
      S2S__GRAPH_TAKE(graph, s2s__real, n * kept->cols, rows);
      past_copy_rows(past, copy->kept->tokens, l, n, rows);
      copy->kept->at[copy->kept->tokens * kept->layers + l] = rows;
    }
  }
  S2S__GRAPH_TAKE(graph, size_t, n * kept->tokens, way);
  for (size_t i = 0; i < n * kept->tokens; i++) way[i] = i / kept->tokens;
  copy->way = way;
  return S2S_OK;
}
