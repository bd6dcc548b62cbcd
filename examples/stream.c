/* SPDX-License-Identifier: MIT
 *
 * Shows a translation as it grows, and stops it: by Ctrl-C, or where the text is longer than asked for. Only what will
 * not change any more is shown.
 *
 *     build/examples/stream MODEL TEXT [BYTES]
 */
#include <seq2seq.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static s2s_decoder *decoder;

static void interrupted(int signal_number) {
  (void)signal_number;
  s2s_decoder_cancel(decoder); /* may be called from a handler, and from any thread */
}

typedef struct view {
  size_t shown, most;
} view;

/* As s2s_token_fn says: a result other than 0 stops the call. */
static int32_t show(void *user, size_t sequence, const char *text, size_t length, size_t settled, int32_t done) {
  view *v = user;
  (void)sequence, (void)length, (void)done;
  if (settled > v->shown) fwrite(text + v->shown, 1, settled - v->shown, stdout);
  if (settled > v->shown) v->shown = settled;
  fflush(stdout);
  return v->shown >= v->most;
}

static int32_t run(const s2s_model *model, const char *text, view *v) {
  s2s_encoder *encoder = NULL;
  s2s_memory *memory = NULL;
  s2s_result *result = NULL;
  int32_t status = s2s_encoder_init(model, NULL, &encoder);
  if (!status) status = s2s_encode(encoder, &text, NULL, 1, &memory);
  if (!status) status = s2s_decoder_init(model, NULL, &decoder);
  if (!status) status = s2s_decoder_on_token(decoder, show, v);
  if (!status) signal(SIGINT, interrupted);
  if (!status) status = s2s_decode(decoder, memory, &result);
  signal(SIGINT, SIG_DFL);
  s2s_result_free(result);
  s2s_decoder_free(decoder);
  s2s_memory_free(memory);
  s2s_encoder_free(encoder);
  return status;
}

int main(int argc, char **argv) {
  if (argc < 3) return fprintf(stderr, "usage: stream MODEL TEXT [BYTES]\n"), 2;
  view v = {0, argc > 3 ? (size_t)strtoull(argv[3], NULL, 10) : SIZE_MAX};
  s2s_model *model = NULL;
  int32_t status = s2s_model_load(argv[1], NULL, &model);
  if (!status) status = run(model, argv[2], &v);
  printf("\n");
  if (status == S2S_CANCELLED)
    printf("(stopped)\n");
  else if (status)
    fprintf(stderr, "stream: %s\n", s2s_error_message());
  s2s_model_free(model);
  return status && status != S2S_CANCELLED;
}
