/* SPDX-License-Identifier: MIT
 *
 * The graph: layers compute at once into an arena and, while the graph is recording, leave a record of how to go back.
 *
 *     forward:   layer 1 ... layer n           each takes tensors, gives tensors, pushes a record
 *     backward:  record n ... record 1         each adds to the gradients of its inputs and parameters
 *
 * A layer is one function with its backward right beside it. Training and inference run the same layer functions;
 * `recording` and `dropout` are the only switches. Everything a layer makes lives in the graph's arena until the arena
 * is reset; nothing has to be freed.
 *
 * Rows are packed: a tensor is [rows, cols], row-major, and a batch's rows are the real tokens of its sentences, one
 * sentence after another. s2s__rows says which rows belong to which sentence.
 */
#ifndef S2S__NN_GRAPH_H
#define S2S__NN_GRAPH_H

#include "base/memory.h"
#include "base/random.h"
#include "nn/param.h"
#include "tensor/weight.h"

typedef struct s2s__tensor {
  s2s__real *data; /* [rows, cols] */
  s2s__real *grad; /* the same shape, or NULL as long as no gradient has reached it */
  size_t rows, cols;
} s2s__tensor;

/* The rows of a batch. Sentence s owns rows offset[s] .. offset[s] + length[s] - 1. */
typedef struct s2s__rows {
  size_t count;           /* sentences */
  size_t total;           /* rows */
  size_t steps;           /* length of the longest */
  const size_t *length;   /* [count] */
  const size_t *offset;   /* [count] */
  const size_t *order;    /* [count] sentences from the longest to the shortest; equal ones in their order */
  const size_t *active;   /* [steps] sentences longer than t: order[0 .. active[t]-1] */
  const uint64_t *stream; /* [count] dropout stream of each sentence, or NULL: its number in the batch */
  size_t position;        /* position of every sentence's first row in its sequence (in a decoder's loop: the step) */
} s2s__rows;

/* Copies lengths into the arena and derives the rest. */
int32_t s2s__rows_init(s2s__rows *rows, s2s__arena *arena, const size_t *length, size_t count, s2s__error *error);
/* `count` sentences of one row each (the rows of one decoder step). */
int32_t s2s__rows_init_step(s2s__rows *rows, s2s__arena *arena, size_t count, size_t position, s2s__error *error);

typedef struct s2s__graph s2s__graph;
typedef int32_t (*s2s__backward_fn)(s2s__graph *graph, void *op);

typedef struct s2s__record s2s__record;
typedef struct s2s__pending s2s__pending;

struct s2s__graph {
  s2s__arena *arena;
  const s2s__kernels *kernels;
  s2s__error *error;
  s2s__pool *pool; /* shares out large multiplications; NULL: this thread alone */
  int recording;
  s2s__real *gradient;         /* flat, by s2s__param.offset; needed while recording */
  double dropout;              /* rate; 0 outside training */
  double attention_dropout;    /* of attention weights, likewise */
  double feed_forward_dropout; /* of a transformer's inner units, likewise */
  double word_dropout[2];      /* rate of whole words, by side; 0 outside training */
  int dropout_variational;     /* one draw a sentence, not one a token */
  uint64_t dropout_key;        /* of this update: a function of seed and update number */
  /* private */
  s2s__record *tape;
  s2s__pending *pending; /* weight gradients of few rows, waiting to become one multiplication */
};

/* A graph over an arena; not recording, no dropout. */
void s2s__graph_init(s2s__graph *graph, s2s__arena *arena, const s2s__kernels *kernels, s2s__error *error);

static inline int s2s__graph_records(const s2s__graph *graph) { return S2S__TRAINS && graph->recording; }

/* What the graph's multiplications work with. */
s2s__work s2s__graph_work(const s2s__graph *graph);

/* A tensor with undefined data. */
int32_t s2s__graph_tensor(s2s__graph *graph, size_t rows, size_t cols, s2s__tensor **tensor);
/* A block for a layer's own use; undefined content. */
#define S2S__GRAPH_TAKE(graph, type, count, pointer)                                                                   \
  do {                                                                                                                 \
    (pointer) = S2S__TAKE((graph)->arena, type, (count));                                                              \
    if (!(pointer)) return s2s__fail_memory((graph)->error, (count) * sizeof(type), "a layer");                        \
  } while (0)

/* Pushes a record: `op` is the layer's own struct, in the arena. */
int32_t s2s__graph_record(s2s__graph *graph, s2s__backward_fn backward, void *op);

/* The gradient of a tensor, to be added to: zeros when it is new. */
int32_t s2s__graph_gradient(s2s__graph *graph, s2s__tensor *tensor, s2s__real **grad);
/* The same for a layer that can overwrite: *fresh is true when the memory is new and undefined. */
int32_t s2s__graph_gradient_or_fresh(s2s__graph *graph, s2s__tensor *tensor, s2s__real **grad, int *fresh);

/* Gradient of a parameter: where to add. */
s2s__real *s2s__graph_parameter(const s2s__graph *graph, const s2s__param *param);

/* dW += dy^T x, dy: [rows, out] dense, x: [rows, in] dense. Few rows (steps of a loop) wait and are multiplied together
 * at the end of the backward pass; both arrays must stay as they are until then. */
int32_t s2s__graph_weight_gradient(s2s__graph *graph, const s2s__param *param, size_t rows, const s2s__real *dy,
                                   const s2s__real *x);
/* The same, multiplied at once: the arrays may go. */
int32_t s2s__graph_weight_gradient_now(s2s__graph *graph, const s2s__param *param, size_t rows, const s2s__real *dy,
                                       const s2s__real *x);
/* db += column sums of dy [rows, cols] */
void s2s__graph_bias_gradient(s2s__graph *graph, const s2s__param *param, size_t rows, const s2s__real *dy);

/* Walks the tape once, from the last record to the first. The gradients of the outputs must have been set before. */
int32_t s2s__graph_backward(s2s__graph *graph);

#endif
