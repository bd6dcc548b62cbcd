/* SPDX-License-Identifier: MIT
 *
 * Where the model looked: for each token that it wrote, the attention over the tokens that it read, in tenths, and the
 * one that had most.
 *
 *     build/examples/align MODEL TEXT
 */
#include <seq2seq.h>
#include <stdio.h>

/* Encodes, so that source tokens are at hand, and decodes. */
static int32_t run(const s2s_model *model, const char *text, s2s_memory **memory, s2s_result **result) {
  s2s_encoder *encoder = NULL;
  s2s_decoder *decoder = NULL;
  int32_t status = s2s_encoder_init(model, NULL, &encoder);
  if (!status) status = s2s_decoder_init(model, NULL, &decoder);
  if (!status) status = s2s_encode(encoder, &text, NULL, 1, memory);
  if (!status) status = s2s_decode(decoder, *memory, result);
  s2s_decoder_free(decoder);
  s2s_encoder_free(encoder);
  return status;
}

static void show(const s2s_model *model, const s2s_memory *memory, const s2s_result *result) {
  size_t rows, columns, written;
  const int32_t *source = s2s_memory_tokens(memory, 0, NULL), *target = s2s_result_tokens(result, 0, 0, &written);
  const float *weights = s2s_result_alignment(result, 0, 0, &rows, &columns);
  printf("%-8s", "");
  for (size_t s = 0; s < columns; s++) printf(" %3s", s2s_model_token(model, S2S_SOURCE, source[s]));
  printf("\n");
  for (size_t t = 0; t < rows; t++) {
    const float *row = weights + t * columns;
    size_t best = 0;
    printf("%-8s", t < written ? s2s_model_token(model, S2S_TARGET, target[t]) : "(end)");
    for (size_t s = 0; s < columns; s++) {
      best = row[s] > row[best] ? s : best;
      printf(row[s] < 0.05F ? "   ." : " %3.0f", 10 * (double)row[s]);
    }
    printf("   %s\n", s2s_model_token(model, S2S_SOURCE, source[best]));
  }
}

int main(int argc, char **argv) {
  if (argc != 3) return fprintf(stderr, "usage: align MODEL TEXT\n"), 2;
  s2s_model *model = NULL;
  s2s_memory *memory = NULL;
  s2s_result *result = NULL;
  int32_t status = s2s_model_load(argv[1], NULL, &model);
  if (!status) status = run(model, argv[2], &memory, &result);
  if (status)
    fprintf(stderr, "align: %s\n", s2s_error_message());
  else if (!s2s_result_alignment(result, 0, 0, NULL, NULL))
    printf("this model has no attention\n");
  else
    show(model, memory, result);
  s2s_result_free(result);
  s2s_memory_free(memory);
  s2s_model_free(model);
  return status ? 1 : 0;
}
