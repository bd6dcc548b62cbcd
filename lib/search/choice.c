/* SPDX-License-Identifier: MIT
 *
 * Shortlists at work. See choice.h.
 */
#include "search/choice.h"

#include <math.h>
#include <string.h>

/* ---- choosing ---------------------------------------------------------------------------------------------------- */

/* What is worked with while a choice is made. */
typedef struct choice_making {
  s2s__graph *graph;
  const s2s__lexicon *lexicon;
  const s2s_memory *memory;
  uint64_t *all, *own; /* sets: of the batch, and of each wish */
  size_t words;
} choice_making;

static void choice_mark(const choice_making *m, const s2s__wish *wish, uint64_t *set) {
  const s2s__rows *rows = &m->memory->rows;
  s2s__lexicon_choose(m->lexicon, m->memory->ids + rows->offset[wish->sentence], rows->length[wish->sentence], set);
  for (size_t i = 0; i < wish->count; i++) s2s__lexicon_mark(set, wish->ids[i]);
  for (size_t w = 0; w < m->words; w++) m->all[w] |= set[w];
}

/* The members of a set, rising: their number, and they themselves unless `ids` is NULL. */
static size_t choice_members(const choice_making *m, const uint64_t *set, int32_t *ids) {
  size_t count = 0;
  for (size_t w = 0; w < m->words; w++) {
    for (uint64_t left = set[w]; left; left &= left - 1) {
      size_t bit = 0;
      while (!(left >> bit & 1)) bit++;
      if (ids) ids[count] = (int32_t)(64 * w + bit);
      count++;
    }
  }
  return count;
}

/* Where each of a sentence's tokens is among those of the batch. */
static int32_t choice_places(const choice_making *m, const uint64_t *set, const int32_t *all, size_t count,
                             const uint32_t **place, size_t *places) {
  uint32_t *own;
  *places = choice_members(m, set, NULL);
  S2S__GRAPH_TAKE(m->graph, uint32_t, *places, own);
  for (size_t i = 0, at = 0; i < count; i++)
    if (s2s__lexicon_has(set, all[i])) own[at++] = (uint32_t)i;
  *place = own;
  return S2S_OK;
}

static int32_t choice_sets(choice_making *m, size_t wishes) {
  uint64_t *sets;
  size_t numbers;
  m->words = s2s__lexicon_words(m->lexicon);
  if (!s2s__multiply_fits(wishes + 1, m->words, &numbers))
    return s2s__fail_memory(m->graph->error, SIZE_MAX, "a shortlist");
  S2S__GRAPH_TAKE(m->graph, uint64_t, numbers, sets);
  memset(sets, 0, numbers * sizeof *sets);
  m->all = sets;
  m->own = sets + m->words;
  return S2S_OK;
}

int32_t s2s__choice_make(s2s__graph *graph, const s2s__network *network, const s2s__lexicon *lexicon,
                         const s2s_memory *memory, const s2s__wish *wish, size_t wishes, s2s__choice *choice) {
  choice_making m = {.graph = graph, .lexicon = lexicon, .memory = memory};
  int32_t *ids;
  size_t *count;
  S2S__TRY(choice_sets(&m, wishes));
  for (size_t i = 0; i < wishes; i++) choice_mark(&m, &wish[i], m.own + i * m.words);
  const size_t all = choice_members(&m, m.all, NULL);
  S2S__GRAPH_TAKE(graph, int32_t, all, ids);
  (void)choice_members(&m, m.all, ids);
  S2S__GRAPH_TAKE(graph, const uint32_t *, memory->rows.count, choice->place);
  S2S__GRAPH_TAKE(graph, size_t, memory->rows.count, count);
  memset(choice->place, 0, memory->rows.count * sizeof *choice->place);
  for (size_t i = 0; i < wishes; i++)
    S2S__TRY(choice_places(&m, m.own + i * m.words, ids, all, &choice->place[wish[i].sentence], &count[wish[i].sentence]));
  choice->count = count;
  return s2s__network_shortlist(graph, network, ids, all, &choice->list);
}

/* ---- probabilities ----------------------------------------------------------------------------------------------- */

/* One row: its own tokens' logits, side by side, their softmax, and each to its place. */
static void choice_row(const s2s__graph *graph, const s2s__choice *choice, size_t sentence, const s2s__real *logits,
                       s2s__real *own, s2s__real *row) {
  const uint32_t *place = choice->place[sentence];
  const size_t count = choice->count[sentence];
  for (size_t i = 0; i < count; i++) own[i] = logits[place[i]];
  graph->kernels->log_softmax(count, own, own);
  for (size_t i = 0; i < count; i++) row[choice->list->ids[place[i]]] = own[i];
}

int32_t s2s__choice_log_probabilities(s2s__graph *graph, const s2s__network *network, const s2s__choice *choice,
                                      const size_t *sentence, s2s__tensor *output, s2s__tensor **log_probabilities) {
  const size_t rows = output->rows, width = network->generator_weight->rows;
  s2s__tensor *logits;
  s2s__real *own;
  S2S__TRY(s2s__graph_tensor(graph, rows, width, log_probabilities));
  S2S__TRY(s2s__network_logits(graph, network, choice->list, output, &logits));
  S2S__GRAPH_TAKE(graph, s2s__real, choice->list->count, own);
  s2s__real *lp = (*log_probabilities)->data;
  for (size_t i = 0; i < rows * width; i++) lp[i] = (s2s__real)-HUGE_VAL;
  for (size_t r = 0; r < rows; r++)
    choice_row(graph, choice, sentence[r], logits->data + r * logits->cols, own, lp + r * width);
  return S2S_OK;
}
