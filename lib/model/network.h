/* SPDX-License-Identifier: MIT
 *
 * A network: an encoder, an attention and a decoder joined, and the tables they come from.
 *
 *     ids --encoder--> encoding: states (the memory), final states
 *         --attention.prepare--> keys
 *         --decoder.start--> decoder state
 *     (ids, state) --decoder.block, which asks the attention--> (output rows, state) --generator--> logits
 *
 * A decoder block works on rows of any length: all target tokens of a sentence at once where nothing the network says
 * is fed back (training without input feeding), one token each otherwise. Training and inference call the same block.
 *
 * Adding an encoder, an attention or a decoder is one new file and one name in base/members.h.
 */
#ifndef S2S__MODEL_NETWORK_H
#define S2S__MODEL_NETWORK_H

#include "model/config.h"
#include "model/params.h"
#include "nn/attend.h"
#include "nn/copy.h"
#include "nn/layers.h"
#include "nn/past.h"
#include "nn/recurrent.h"

typedef struct s2s__network s2s__network;

/* What the encoder made of a batch. */
typedef struct s2s__encoding {
  const s2s__rows *rows;      /* sentences of source tokens */
  s2s__tensor *states;        /* [rows, memory_dim] */
  s2s__tensor *keys;          /* [rows, *] by the attention's prepare; NULL without attention */
  s2s__recurrent_state *last; /* [layers] final states, [sentences, memory_dim], directions side by side */
  size_t layers;
  s2s__tensor **cross; /* by the decoder's prepare: what it makes of the states once, for each layer */
} s2s__encoding;

typedef struct s2s__encoder_type {
  const char *name;      /* the value of encoder.type */
  const char *embedding; /* the name of the source embedding */
  int32_t (*declare)(s2s__network *network, s2s__error *error);
  int32_t (*forward)(s2s__graph *graph, const s2s__network *network, const int32_t *ids, const s2s__rows *rows,
                     s2s__encoding *encoding);
} s2s__encoder_type;

typedef struct s2s__block s2s__block; /* one call of a decoder block, below */

typedef struct s2s__attention_type {
  const char *name; /* the value of attention.type */
  int32_t (*declare)(s2s__network *network, s2s__error *error);
  /* Keys [rows, *] of the memory, once for each batch. */
  int32_t (*prepare)(s2s__graph *graph, const s2s__network *network, s2s__tensor *memory, s2s__tensor **keys);
  /* Scores of queries [n, decoder_hidden] against the keys; softmax and the weighted sum of the memory follow. */
  int32_t (*score)(s2s__graph *graph, const s2s__network *network, s2s__tensor *queries, s2s__tensor *keys,
                   const s2s__ragged *ragged, s2s__tensor **scores);
  /* Or, for an attention that is not of this form (score NULL): context [n, memory_dim] and block->weights [1, total].
   */
  int32_t (*attend)(s2s__graph *graph, const s2s__network *network, s2s__block *block, s2s__tensor *queries,
                    s2s__tensor **context);
} s2s__attention_type;

/* A decoder's state: row tensors, one row for each hypothesis, and what hypotheses keep of all their tokens; reordered
 * generically. */
#define S2S__MAX_STATES 130
typedef struct s2s__decoder_state {
  size_t count;
  s2s__tensor *tensor[S2S__MAX_STATES]; /* NULL: not used yet (zero) */
  s2s__past past;                       /* kept NULL: nothing */
} s2s__decoder_state;

/* One call of a decoder block. */
struct s2s__block {
  const s2s__encoding *encoding;
  const s2s__rows *rows;    /* rows of target tokens */
  const size_t *sentence;   /* [rows->count] memory sentence each looks at; NULL: its own number */
  const int32_t *ids;       /* [rows->total] tokens that were written last */
  s2s__decoder_state state; /* in and out: one row for each of rows->count */
  s2s__tensor *output;      /* out: [rows->total, output_dim] */
  s2s__tensor *weights;     /* out: attention weights, ragged; NULL without attention */
  s2s__tensor *query;       /* out: [rows->total, query_dim] what they were asked with; NULL without attention */
  s2s__ragged ragged;       /* out: their shape */
  s2s__tensor *gate;        /* out, of a decoder that copies: [rows->total, 1] (see nn/copy.h) */
  s2s__tensor *coverage;    /* in and out, with coverage: [rows->total, *]; NULL: zero (see nn/coverage.h) */
  s2s__tensor *penalty;     /* out, with coverage: [rows->total, 1] */
};

typedef struct s2s__decoder_type {
  const char *name;      /* the value of decoder.type */
  const char *embedding; /* the name of the target embedding */
  int32_t (*declare)(s2s__network *network, s2s__error *error);
  /* What is made of a memory once for each batch; NULL: nothing. */
  int32_t (*prepare)(s2s__graph *graph, const s2s__network *network, s2s__encoding *encoding);
  /* The graph's arena outlives the steps, and is not theirs. */
  int32_t (*start)(s2s__graph *graph, const s2s__network *network, const s2s__encoding *encoding,
                   s2s__decoder_state *state);
  int32_t (*block)(s2s__graph *graph, const s2s__network *network, s2s__block *block);
  /* An attention of its own for s2s_attend, where attention.type plays no part: context and weights of queries
   * [n, query_dim]; NULL: attention.type's. */
  int32_t (*attend)(s2s__graph *graph, const s2s__network *network, s2s__tensor *queries, const s2s__encoding *encoding,
                    const s2s__ragged *ragged, s2s__tensor **context, s2s__tensor **weights);
  /* Whether a token's output is needed before the next token's: such a decoder is stepped through time. */
  int (*is_stepwise)(const s2s__network *network);
} s2s__decoder_type;

struct s2s__network {
  s2s__config config;
  const s2s__kernels *kernels;
  s2s__params params;
  const s2s__encoder_type *encoder_type;
  const s2s__attention_type *attention_type; /* NULL: none */
  const s2s__decoder_type *decoder_type;
  void *encoder, *attention, *decoder; /* each part's own parameters */
  const s2s__param *embedding[2];      /* source and target; one and the same when all are tied */
  s2s__real *positions;                /* the first sinusoidal ones of transformers; NULL: of none */
  size_t output_dim;                   /* of the decoder's output, set by its declare */
  const s2s__param *generator_weight, *generator_bias;
  const s2s__param *gate_weight, *gate_bias; /* of a decoder that copies */
  const s2s__param *coverage;                /* vector [a key's size]; NULL: none */
};

/* Declares embedding[side], under its type's name. Called by the encoder's and the decoder's declare. */
int32_t s2s__network_embedding(s2s__network *network, int32_t side, s2s__error *error);

/* x[rows, embedding dim]: the rows of embedding[side] for the ids, words dropped. */
int32_t s2s__network_embed(s2s__graph *graph, const s2s__network *network, int32_t side, const int32_t *ids,
                           const s2s__rows *rows, s2s__tensor **x);

/* For a decoder's declare: the gate between generating and copying, for `in` numbers, where the options ask for it. */
int32_t s2s__network_declare_gate(s2s__network *network, size_t in, s2s__error *error);
/* block->gate from what a decoder has of each row, side by side (NULL parts are left out), where the network copies. */
int32_t s2s__network_gate(s2s__graph *graph, const s2s__network *network, s2s__block *block, s2s__tensor *const *parts,
                          size_t count);
/* For an attention's declare: coverage of keys of `dim` numbers, where the options ask for it. */
int32_t s2s__network_declare_coverage(s2s__network *network, size_t dim, s2s__error *error);

/* The name of the embedding of a side, of a model of these options; NULL when a type is unknown. */
const char *s2s__network_embedding_name(const s2s_options *options, int32_t side);

/* Declares all parameters: names and shapes stand, their memory is still to be taken. */
int32_t s2s__network_declare(s2s__network *network, s2s__arena *arena, const s2s__kernels *kernels,
                             const s2s_options *options, size_t source_vocabulary, size_t target_vocabulary,
                             int training, s2s__error *error);

/* After that: takes the memory of all values, which are undefined. */
int32_t s2s__network_allocate(s2s__network *network, s2s__error *error);

/* Both. */
int32_t s2s__network_init(s2s__network *network, s2s__arena *arena, const s2s__kernels *kernels,
                          const s2s_options *options, size_t source_vocabulary, size_t target_vocabulary, int training,
                          s2s__error *error);

/* Encoder and the attention's keys. */
int32_t s2s__network_encode(s2s__graph *graph, const s2s__network *network, const int32_t *ids, const s2s__rows *rows,
                            s2s__encoding *encoding);

/* Keys of an encoding whose states stand already (a memory kept from an earlier call). */
int32_t s2s__network_prepare(s2s__graph *graph, const s2s__network *network, s2s__encoding *encoding);

/* Numbers in a query of the network's attention; 0 when it has none. */
size_t s2s__network_query_dim(const s2s__network *network);

/* context [n, memory_dim] and weights for queries [n, query_dim]; used by recurrent decoders and s2s_attend. */
int32_t s2s__network_attend(s2s__graph *graph, const s2s__network *network, s2s__block *block, s2s__tensor *queries,
                            s2s__tensor **context);

/* A part of the target vocabulary, the output layer's rows for it packed by themselves: with it a step multiplies by as
 * many rows as the list has, and gives exactly the logits that the whole layer gives for them. Not while recording. */
typedef struct s2s__shortlist {
  size_t count;
  const int32_t *ids; /* [count] */
  s2s__weight weight;
  s2s__real *bias;
} s2s__shortlist;

/* In the graph's arena; the ids are borrowed. */
int32_t s2s__network_shortlist(s2s__graph *graph, const s2s__network *network, const int32_t *ids, size_t count,
                               s2s__shortlist **shortlist);

/* logits [rows, target vocabulary], or [rows, shortlist->count] in the order of its ids; shortlist NULL: all. */
int32_t s2s__network_logits(s2s__graph *graph, const s2s__network *network, const s2s__shortlist *shortlist,
                            s2s__tensor *output, s2s__tensor **logits);

/* What the decoder made of target rows: what the output layer reads. */
typedef struct s2s__outputs {
  s2s__tensor *rows; /* [rows, output_dim] */
  /* of a decoder that copies, else NULL: */
  s2s__tensor *gate;    /* [rows, 1] */
  s2s__tensor *weights; /* [1, ragged.total] */
  s2s__ragged ragged;   /* of the rows over the sources */
  /* with coverage, else NULL: */
  s2s__tensor *penalty; /* [rows, 1] */
} s2s__outputs;
s2s__outputs s2s__block_outputs(const s2s__block *block);

/* loss.c: the whole output layer: log-probabilities [rows, target vocabulary], of a decoder that copies behind them
 * those of each sentence's own words [copies->extra]. copies may be NULL for a decoder that does not copy. Not while
 * recording. */
int32_t s2s__network_log_probabilities(s2s__graph *graph, const s2s__network *network, const s2s__outputs *outputs,
                                       const s2s__copies *copies, s2s__tensor **log_probabilities);

/* The most tokens that a sequence of a side may have: SIZE_MAX, or the learned positions. */
size_t s2s__network_longest(const s2s__network *network, int32_t side);

/* state'[i] = state[index[i]] */
int32_t s2s__decoder_state_select(s2s__graph *graph, const s2s__decoder_state *state, const size_t *index, size_t n,
                                  s2s__decoder_state *selected);

/* One batch with its targets, teacher-forced. input: begin mark and tokens; expected: tokens and end mark, among them
 * with copying ids of the sentence's own words. */
typedef struct s2s__example {
  const int32_t *source;
  s2s__rows source_rows;
  const int32_t *input, *expected;
  s2s__rows target_rows;
  s2s__copies copies; /* for a decoder that copies */
} s2s__example;

/* The decoder's outputs in the order of target_rows. The encoding may be given back for tests (may be NULL). */
int32_t s2s__network_forward(s2s__graph *graph, const s2s__network *network, const s2s__example *example,
                             s2s__encoding *encoding, s2s__outputs *outputs);

typedef struct s2s__loss_settings {
  double smoothing;
  double scale;    /* of the gradient */
  double coverage; /* weight of the coverage penalty */
} s2s__loss_settings;

/* loss.c: the output layer over all rows, and its loss against the expected tokens: *loss and *plain as
 * s2s__cross_entropy's, the coverage penalty in *loss. When recording, the gradients of what the outputs hold are ready
 * for s2s__graph_backward. */
int32_t s2s__network_loss(s2s__graph *graph, const s2s__network *network, const s2s__example *example,
                          const s2s__outputs *outputs, const s2s__loss_settings *settings, double *loss, double *plain);

#endif
