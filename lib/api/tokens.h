/* SPDX-License-Identifier: MIT
 *
 * Tokens that are handed out: of a segmenter, or the sentences of a document.
 */
#ifndef S2S__API_TOKENS_H
#define S2S__API_TOKENS_H

#include "api/api.h"
#include "text/text.h"

struct s2s_tokens {
  s2s__host host;
  s2s__budget budget;
  s2s__tokens tokens; /* their texts end with NUL, once they are owned; so does the whole text */
};

/* With a budget of their own: they may outlive whatever made them. */
int32_t s2s__api_tokens_new(const s2s__host *host, s2s_tokens **tokens, s2s__error *error);

/* Copies the texts of the tokens and the whole text, wherever they are, into the arena, with a NUL behind each. */
int32_t s2s__api_tokens_own(s2s_tokens *tokens, s2s__error *error);

/* Ends a call: hands the tokens out, or frees them (NULL is none) and leaves the message. */
int32_t s2s__api_tokens_finish(s2s_tokens *made, int32_t status, s2s__error *error, s2s_tokens **tokens);

#endif
