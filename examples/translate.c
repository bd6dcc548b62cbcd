/* SPDX-License-Identifier: MIT
 *
 * Loads a model and translates what is given on the command line:
 *     build/examples/translate examples/models/english-g2p.safetensors sequence attention
 */
#include <seq2seq.h>
#include <stdio.h>

int main(int argc, char **argv) {
  if (argc < 3) return fprintf(stderr, "usage: %s MODEL TEXT...\n", argv[0]), 2;
  const char *const *texts = (const char *const *)argv + 2;
  size_t count = (size_t)argc - 2;
  s2s_model *model = NULL;
  s2s_result *result = NULL;

  int32_t status = s2s_model_load(argv[1], NULL, &model);
  if (!status) status = s2s_translate(model, NULL, texts, NULL, count, &result);
  if (status) fprintf(stderr, "%s: %s\n", argv[0], s2s_error_message());
  for (size_t i = 0; !status && i < count; i++) printf("%s\t%s\n", texts[i], s2s_result_text(result, i, 0));

  s2s_result_free(result);
  s2s_model_free(model);
  return status ? 1 : 0;
}
