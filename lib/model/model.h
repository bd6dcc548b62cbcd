/* SPDX-License-Identifier: MIT
 *
 * A model: network, vocabularies, segmenters and options, in one arena; shared and counted.
 */
#ifndef S2S__MODEL_MODEL_H
#define S2S__MODEL_MODEL_H

#include "model/lexicon.h"
#include "model/network.h"
#include "model/safetensors.h"
#include "text/segmenter.h"
#include "text/vocabulary.h"

#include <stdatomic.h>

#define S2S__FILE_FORMAT 1

struct s2s_model {
  atomic_size_t references;
  atomic_int in_use; /* a handle was made from it: parameters are fixed */
  s2s__host host;
  s2s__budget budget;
  s2s__arena arena;
  s2s_options options; /* those of scope model count; the others are defaults */
  const s2s__kernels *kernels;
  s2s__vocabulary vocabulary[2]; /* S2S_SOURCE, S2S_TARGET */
  s2s_segmenter *segmenter[2];   /* counted: they may be another model's too */
  s2s__network network;
  const s2s__lexicon *lexicon;   /* NULL: it has no shortlist; of an ensemble that of its first member */
  const s2s_model *const *member; /* of an ensemble, [members], retained */
  size_t members;                 /* 0: a model by itself */
  char parameters[24], shortlist[24]; /* how many numbers, and ids in the shortlist, as text for s2s_model_get */
};

/* The kernels of the `cpu` option on this machine. S2S_UNSUPPORTED names what the machine has. */
int32_t s2s__kernels_for(const s2s_options *options, const s2s__kernels **kernels, s2s__error *error);

/* A model without vocabularies and network: options (only those of scope model) copied, kernels chosen, one reference.
 * The host may be that of the handle which the model is for. */
int32_t s2s__model_new(const s2s__host *host, const s2s_options *options, s2s_model **model, s2s__error *error);
/* Gives up a model that could not be finished; returns `status`. */
int32_t s2s__model_abandon(s2s_model *model, int32_t status, s2s__error *error);
/* The segmenters of both sides by the model's options, where there is none yet; those of pieces are still without them.
 */
int32_t s2s__model_make_segmenters(s2s_model *model, s2s__error *error);
/* The second half, when model->options and the sizes of model->vocabulary are there: segmenters, network, values
 * undefined. _declare stops before the memory of the values is taken: for a file, whose tensors are first held against
 * the network. */
int32_t s2s__model_declare(s2s_model *model, s2s__error *error);
int32_t s2s__model_build(s2s_model *model, s2s__error *error);

/* A new model of the same options and vocabularies for these kernels; the values are `flat` (by s2s__param.offset) in f32,
 * or those of the model, stored as they are there, when NULL. */
int32_t s2s__model_clone(const s2s_model *model, const s2s__host *host, const s2s__kernels *kernels,
                         const s2s__real *flat, s2s_model **clone, s2s__error *error);

/* A new model with the matrices stored as the option `weights` says. */
int32_t s2s__model_quantize(const s2s_model *model, const s2s_options *options, s2s_model **quantized,
                            s2s__error *error);

/* From here on it has this shortlist, which is the arena's; NULL: none. */
void s2s__model_set_lexicon(s2s_model *model, const s2s__lexicon *lexicon);

/* extend.c: a model that also has the tokens of texts[side] which `model` lacks, behind its own; their rows are drawn from the
 * seed. Reads seed, vocabulary.* and runtime options. */
int32_t s2s__model_extend(const s2s_model *model, const s2s__texts texts[2], const s2s_options *options,
                          s2s_model **extended, s2s__error *error);

/* ensemble.c: models with equal vocabularies, segmenters and kernels as one. */
int32_t s2s__model_ensemble(const s2s_model *const *models, size_t count, const s2s_options *options,
                            s2s_model **ensemble, s2s__error *error);
size_t s2s__model_members(const s2s_model *model); /* at least 1: a model by itself is its own member */
const s2s_model *s2s__model_member(const s2s_model *model, size_t number);
/* The most tokens that a sequence of a side may have in all members. */
size_t s2s__model_longest(const s2s_model *model, int32_t side);
/* Whether `other` reads and writes as the first does: S2S_BAD_ARGUMENT; whole: "an ensemble". */
int32_t s2s__model_check_alike(const s2s_model *first, const s2s_model *other, size_t number, const char *whole,
                               s2s__error *error);
/* average.c: the mean of the parameters of models of one shape, in f32. */
int32_t s2s__model_average(const s2s_model *const *models, size_t count, const s2s_options *options,
                           s2s_model **average, s2s__error *error);
/* S2S_UNSUPPORTED for an ensemble; what: "saved". */
int32_t s2s__model_check_single(const s2s_model *model, const char *what, s2s__error *error);

void s2s__model_retain(const s2s_model *model);  /* for a handle: the parameters are fixed from here on */
void s2s__model_release(const s2s_model *model); /* frees it with the last reference; NULL does nothing */

/* Text to ids with the segmenter and vocabulary of a side, appended to ids (a growing array of the host's). An end mark
 * is added to a source when source.eos says so. Checks UTF-8. */
typedef struct s2s__ids {
  s2s__host host;
  int32_t *item;
  size_t count, capacity;
} s2s__ids;
void s2s__ids_init(s2s__ids *ids, const s2s__host *host);
void s2s__ids_free(s2s__ids *ids);
int32_t s2s__ids_push(s2s__ids *ids, int32_t id, s2s__error *error);
int32_t s2s__model_tokenize(const s2s_model *model, int32_t side, const char *text, size_t length,
                            const s2s__sampling *sampling, s2s__tokens *scratch, s2s__ids *ids, s2s__error *error);

/* Counts the tokens of texts, less those that a vocabulary has (NULL: none). */
int32_t s2s__model_count_tokens(const s2s_model *model, int32_t side, const s2s__texts *texts,
                                const s2s__vocabulary *known, s2s__token_counter *counter, s2s__error *error);

/* Ids to text, by the segmenter: in the arena, where scratch is taken too. Ids from the vocabulary's size on are words own[0] ..
 * (NULL where there are none). */
int32_t s2s__model_join(const s2s_model *model, int32_t side, const int32_t *ids, size_t count, const s2s__text *own,
                        s2s__arena *arena, s2s__text *text, s2s__error *error);

/* file.c: the safetensors file. */
/* Takes all parameters from a file of tensors; the model is as it was when that fails. */
int32_t s2s__model_read_parameters(s2s__reader *reader, s2s_model *model, s2s__error *error);
/* Parameters of a model of the same shape. */
int32_t s2s__model_copy_values(const s2s_model *from, s2s_model *to, s2s__error *error);
int32_t s2s__model_read(s2s__reader *reader, const s2s_options *options, s2s_model **model, s2s__error *error);

/* What a file may hold beside a model, for training to go on: metadata and F32 vectors. All their names begin with
 * S2S__EXTRA, and whoever wants the model alone passes them over. */
#define S2S__EXTRA "train."
typedef struct s2s__file_vector {
  const char *name;
  s2s__real *values;
  size_t count;
} s2s__file_vector;
typedef struct s2s__file_extras {
  const s2s__st_entry *metadata; /* key and value end with NUL; their lengths play no part */
  size_t entries;
  const s2s__file_vector *vector;
  size_t vectors;
} s2s__file_extras;

/* extras may be NULL. */
int32_t s2s__model_write(const s2s_model *model, const s2s__file_extras *extras, const char *path, s2s__error *error);
/* Fills the vectors from a file that s2s__model_read has accepted. S2S_BAD_FILE: one is missing or of another size. */
int32_t s2s__file_read_vectors(s2s__reader *reader, const s2s__host *host, const s2s__file_vector *vector,
                               size_t vectors, s2s__error *error);

#endif
