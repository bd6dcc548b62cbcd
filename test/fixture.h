/* SPDX-License-Identifier: MIT
 *
 * What the tests of networks begin with: kernels of the level to be tested, options from one line of text, models
 * with drawn parameters whose tokens are the decimal numbers of their ids. All stop the program ("Bail out!") when they
 * fail.
 */
#ifndef TEST_FIXTURE_H
#define TEST_FIXTURE_H

#include "model/model.h"

/* The `cpu` option under test: S2S_TEST_CPU, else "auto". */
const char *fixture_cpu(void);
const s2s__kernels *fixture_kernels(void);

/* "key value key value ...", and the cpu under test. */
s2s_options *fixture_options(const char *text);

/* Vocabularies of these sizes (at least 3); parameters drawn from the option `seed`. */
s2s_model *fixture_model(const char *options, size_t source, size_t target);

/* Tokens of a side as the model's file has them: specials, then "3", "4", ... below `size`. */
void fixture_vocabulary(s2s__vocabulary *vocabulary, s2s__arena *arena, size_t size);

/* A parameter by name, and new values for it. */
const s2s__param *fixture_param(const s2s_model *model, const char *name);
void fixture_write(s2s_model *model, const char *name, const float *values);

/* Stops the program with the message unless status is S2S_OK; need() is for public calls. */
void fixture_must(int32_t status, const s2s__error *error);
void need(int32_t status);

/* Random numbers below `bound`, one after another. */
size_t fixture_below(uint64_t *state, size_t bound);
double fixture_uniform(uint64_t *state, double low, double high);

#endif
