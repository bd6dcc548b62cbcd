/* SPDX-License-Identifier: MIT
 *
 * One batch of sentences on its way through a search.
 *
 * Each sentence has up to `width` live hypotheses, each a row of the next decoder step. After a step, a sentence's
 * advance function (beam.c, single.c) turns its rows into new live hypotheses and finished ones. A sentence whose live
 * hypotheses are gone has left the batch. Hypotheses share their beginnings: a node is a token and a link to the node
 * before it.
 */
#ifndef S2S__SEARCH_BATCH_H
#define S2S__SEARCH_BATCH_H

#include "search/decoder.h"

typedef struct s2s__node {
  const struct s2s__node *previous; /* NULL: the begin mark */
  int32_t token;
  float own;              /* log-probability of the token, the model's */
  size_t length;          /* tokens up to here */
  double total;           /* what the search goes by: log-probabilities as the rules have left them */
  double log_probability; /* of all tokens, the model's */
  const float *weights;   /* attention when this token was chosen; NULL without */
} s2s__node;

typedef struct s2s__finished {
  const s2s__node *node; /* NULL: nothing was written */
  double score;
  int32_t ending; /* S2S_ENDING_MARK ... */
} s2s__finished;

typedef struct s2s__candidate {
  size_t row; /* of the step */
  int32_t token;
  double total;
} s2s__candidate;

typedef struct s2s__sentence {
  size_t number;         /* in the memory */
  size_t columns;        /* source tokens */
  size_t limit;          /* most tokens of a hypothesis */
  const int32_t *prefix; /* what it begins with */
  size_t prefix_length;
  uint64_t key;           /* of its random draws */
  const s2s__node **live; /* [width] */
  size_t live_count;
  size_t *sample;          /* [width] of each live one, its number; only in sampling */
  s2s__finished *finished; /* [width] best first; others are counted only */
  size_t finished_count, finished_kept;
} s2s__sentence;

typedef struct s2s__batch s2s__batch;
struct s2s__batch {
  const s2s_decoder *decoder; /* its settings; what works is the searcher */
  s2s__searcher *searcher;
  const s2s__request *request;
  s2s_result *result;
  s2s__arena *out; /* one of the result's */
  int reports;     /* this thread is the caller's: it may call the host back */
  s2s__error *error;
  size_t width; /* most hypotheses of a sentence */
  int32_t (*advance)(s2s__batch *batch, s2s__sentence *sentence, size_t first);
  s2s__sentence *sentence; /* [count] */
  size_t count;
  size_t length;  /* tokens after this step */
  int32_t *token; /* rows of the next step */
  size_t *parent, rows;
  /* scratch of one sentence */
  s2s__candidate *candidate; /* [2 * width] */
  size_t candidates;
  size_t *best;    /* [2 * width] or [vocabulary]: places in a row */
  s2s__real *copy; /* [vocabulary] of a row, for sampling */
  int32_t *before; /* [limit] tokens of a hypothesis */
  s2s__rule_changes changes;
  const s2s__node **old; /* [width] the live ones of the step before */
  size_t old_count;
  const float **weights; /* [width] their rows' attention, kept when first asked for */
};

#define S2S__BATCH_TAKE(batch, type, count, pointer)                                                                   \
  do {                                                                                                                 \
    (pointer) = S2S__TAKE(&(batch)->searcher->arena, type, (count));                                                   \
    if (!(pointer)) return s2s__fail_memory((batch)->error, (count) * sizeof(type), "a search");                       \
  } while (0)

/* ---- batch.c: for the advance functions -------------------------------------------------------------------------- */

/* Row `row` of the step, changed by the rules for what comes behind `node` of a sentence; s2s__batch_undo() puts the
 * model's numbers back. */
s2s__real *s2s__batch_row(s2s__batch *batch, const s2s__sentence *sentence, const s2s__node *node, size_t row);
void s2s__batch_undo(s2s__batch *batch, size_t row);

/* batch->old become the live hypotheses, of which none is left; their rows begin at `first`. */
void s2s__batch_turn(s2s__batch *batch, s2s__sentence *sentence);
/* Hypothesis `number` of old ones goes on with a token: a new live one and a row of the next step, or when it is the
 * end mark a finished one. `total` is that of the new one. The row must be the model's. */
int32_t s2s__batch_extend(s2s__batch *batch, s2s__sentence *sentence, size_t first, size_t number, int32_t token,
                          double total);
/* Keeps the best `width`, equal ones in the order they came. */
void s2s__batch_finish(s2s__batch *batch, s2s__sentence *sentence, const s2s__node *node, int32_t ending);

/* beam.c, single.c */
int32_t s2s__beam_advance(s2s__batch *batch, s2s__sentence *sentence, size_t first);
int32_t s2s__greedy_advance(s2s__batch *batch, s2s__sentence *sentence, size_t first);
int32_t s2s__sample_advance(s2s__batch *batch, s2s__sentence *sentence, size_t first);
/* Each live one goes on with its prefix. */
int32_t s2s__forced_advance(s2s__batch *batch, s2s__sentence *sentence, size_t first);
/* NULL is 0 tokens long. */
static inline double s2s__node_total(const s2s__node *node) { return node ? node->total : 0; }

/* outcome.c: the hypotheses of a sentence that is done. */
int32_t s2s__batch_results(s2s__batch *batch, const s2s__sentence *sentence, s2s__hypotheses *out);
/* The text of a hypothesis, or of its beginning, and the places of its tokens (may be NULL); all in the searcher's
 * arena. */
int32_t s2s__batch_join(const s2s__batch *batch, const s2s__sentence *sentence, const s2s__node *node, size_t length,
                        s2s__text *text, const s2s__token **tokens);

/* report.c: tells the host how far a sentence has come. */
int32_t s2s__batch_report(s2s__batch *batch, const s2s__sentence *sentence);

/* Searches for sentences number[0 .. count) of the memory. */
int32_t s2s__batch_run(s2s__batch *batch, const size_t *number, size_t count);

#endif
