/* SPDX-License-Identifier: MIT
 *
 * A decoder handle: the settings of a search, and for each of its threads what a search works with. See batch.h for the
 * search itself.
 */
#ifndef S2S__SEARCH_DECODER_H
#define S2S__SEARCH_DECODER_H

#include "base/gate.h"
#include "base/thread.h"
#include "search/result.h"
#include "search/rules.h"
#include "search/stepper.h"

typedef enum s2s__stop { /* as in the option beam_stop; the last for tests: at the limit of length alone */
                         S2S__STOP_FIRST,
                         S2S__STOP_SAFE,
                         S2S__STOP_NEVER
} s2s__stop;

typedef struct s2s__search {
  size_t beam, nbest;
  s2s__stop stop;
  double length_penalty;
  int length_wu; /* length_norm wu */
  double coverage_penalty;
  size_t max_length;
  double max_length_ratio, time_limit;
  s2s__rules rules; /* the banned sequences are the decoder's */
  int replace_unknown, shortlist;
  double temperature, top_p; /* 0: no sampling */
  size_t top_k;
  uint64_t seed;
  size_t threads;
  const char *banned, *prefix; /* of the options; a decoder has copies */
} s2s__search;

/* What one thread searches with. */
typedef struct s2s__searcher {
  s2s__stepper stepper;
  s2s__arena arena; /* of one batch: hypotheses, candidates */
} s2s__searcher;

struct s2s_decoder {
  s2s__gate gate;
  s2s__host host;
  s2s__budget budget;
  const s2s_model *model; /* retained */
  s2s__search search;
  s2s__arena arena;        /* banned sequences, the prefix, the results' room */
  s2s__sequences prefix;   /* one, of the option; none when it is empty */
  s2s__sources prefixes;   /* of s2s_decoder_set_prefixes, for the next search */
  s2s__pool *pool;         /* NULL: one thread */
  s2s__searcher *searcher; /* [threads]; the first is also the public steps' */
  size_t searchers;
  const s2s_memory *memory; /* retained, of the public steps; NULL: not started */
  size_t *parents;          /* the public step's, converted */
  size_t parents_capacity;
  s2s_token_fn on_token;
  void *on_token_user;
  atomic_int cancelled;
};

/* S2S_BAD_OPTION: options that contradict each other. */
int32_t s2s__search_read(s2s__search *search, const s2s_options *options, s2s__error *error);
/* What a log-probability of so many tokens, the end mark included, is worth. Of less than nothing it grows with the
 * length. */
double s2s__search_normalise(const s2s__search *search, double log_probability, size_t length);

int32_t s2s__decoder_new(const s2s_model *model, const s2s__host *host, const s2s__search *search,
                         s2s_decoder **decoder, s2s__error *error);
/* What the sentences of the next search begin with, as many as its memory has. S2S_BAD_TEXT, S2S_LIMIT. */
int32_t s2s__decoder_set_prefixes(s2s_decoder *decoder, const char *const *texts, const size_t *lengths, size_t count,
                                  s2s__error *error);
/* Where the options ask for it: from here on the first searcher's steps choose from the shortlist, for all sentences. */
int32_t s2s__decoder_choose(s2s_decoder *decoder, s2s__error *error);
/* Ends the public steps, if there were any. */
void s2s__decoder_end_steps(s2s_decoder *decoder);
/* Ends a call: one that found no memory gives back what it took, so that the next can have it. Names the limit; returns
 * `status`. */
int32_t s2s__decoder_finish(s2s_decoder *decoder, int32_t status, s2s__error *error);
void s2s__decoder_free(s2s_decoder *decoder);

/* How many texts of a call are done, and what the host was told of it. */
typedef struct s2s__progress {
  const s2s__host *host;
  atomic_size_t done;
  size_t told, total;
} s2s__progress;
/* Tells it when there is more, in the caller's thread. S2S_CANCELLED when it says so. */
int32_t s2s__progress_tell(s2s__progress *progress, s2s__error *error);

/* What a call asks for. */
typedef struct s2s__request {
  const s2s_memory *memory;
  const size_t *place; /* [sentences of the memory] text of the result that each becomes; NULL: first, first + 1 ... */
  size_t first;
  const s2s__sequences *targets; /* one for each sentence, which it is forced to be, end mark and all; NULL: search */
  double deadline;               /* on s2s__clock(); 0: none */
  atomic_int *cancelled;         /* the host's; set here, too, when the call fails */
  s2s__progress *progress;       /* NULL: nobody listens */
  int reports;                   /* this is the caller's thread */
  size_t arena;                  /* the result's first one to use; there must be as many as the decoder has threads */
} s2s__request;

/* Searches for all sentences of the memory. */
int32_t s2s__decoder_search(s2s_decoder *decoder, const s2s__request *request, s2s_result *result, s2s__error *error);
/* The deadline of a call that begins now. */
double s2s__search_deadline(const s2s__search *search);

#endif
