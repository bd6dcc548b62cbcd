/* SPDX-License-Identifier: MIT
 *
 * What reading and writing a model's file have in common (docs/format.md): safetensors with the options and a checksum in
 * its metadata.
 *
 *     __metadata__   format, producer, crc32, every option of scope model
 *     data           the parameters in the order of the network's list: first what is F32, then the matrices in F16, then
 *                    those in I8, whose scales, one F32 a row, are among the F32 as NAME.scale; last, U8, the vocabularies
 *                    and, of sides that have them, the segmenters' pieces, and the shortlist, which a model may lack. So
 *                    all numbers are aligned.
 */
#ifndef S2S__MODEL_FILE_H
#define S2S__MODEL_FILE_H

#include "model/model.h"

/* What is bytes: a vocabulary for each side, pieces where the segmenter has some, and the shortlist where there is one. */
enum { S2S__FILE_SEGMENTER = 2, S2S__FILE_SHORTLIST = 4, S2S__FILE_TEXTS = 5 }; /* the first segmenter ... how many */

#define S2S__FILE_SCALE ".scale" /* behind the name of an int8 matrix: that of its scales */

enum { S2S__FILE_PIECE = 16384 }; /* numbers that are read or written at once, about */

static const char *const s2s__file_text[S2S__FILE_TEXTS] = {"text.source.vocabulary", "text.target.vocabulary",
                                                            "text.source.segmenter", "text.target.segmenter",
                                                            "text.shortlist"};
static const char *const s2s__file_dtype[] = {"F32", "F16", "I8"}; /* by s2s__storage */

static inline int32_t s2s__file_text_side(size_t text) { return text % 2 ? S2S_TARGET : S2S_SOURCE; }

static inline int s2s__file_has_text(const s2s_model *model, size_t text) {
  if (text == S2S__FILE_SHORTLIST) return model->lexicon != NULL;
  return text < S2S__FILE_SEGMENTER || !model->segmenter[s2s__file_text_side(text)]->splitter;
}

/* Returns the rank. */
static inline size_t s2s__file_shape(const s2s__param *param, uint64_t shape[2]) {
  shape[0] = param->is_vector ? param->cols : param->rows;
  shape[1] = param->cols;
  return param->is_vector ? 1 : 2;
}

#endif
