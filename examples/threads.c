/* SPDX-License-Identifier: MIT
 *
 * One model, N threads: translates the lines of standard input, in their order. The model is shared; each thread has an
 * encoder and a decoder of its own, which keep their memory from batch to batch.
 *
 *     build/examples/threads MODEL [THREADS] < in > out
 */
#include <pthread.h>
#include <seq2seq.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 4096, BATCH = 16, LONGEST = 4096, THREADS = 64 };

typedef struct texts {
  const s2s_model *model;
  const char *lines[MOST];
  s2s_result *results[MOST / BATCH]; /* of lines b * BATCH .. */
  size_t count;
  atomic_size_t next; /* batch that nobody has taken yet */
} texts;

/* What a thread says when it fails: messages belong to their threads. */
typedef struct worker {
  pthread_t thread;
  texts *texts;
  char message[512];
} worker;

static int32_t work(texts *t) {
  s2s_encoder *encoder = NULL;
  s2s_decoder *decoder = NULL;
  int32_t status = s2s_encoder_init(t->model, NULL, &encoder);
  if (!status) status = s2s_decoder_init(t->model, NULL, &decoder);
  for (size_t b; !status && (b = atomic_fetch_add(&t->next, 1)) * BATCH < t->count;) {
    const size_t first = b * BATCH, left = t->count - first;
    s2s_memory *memory = NULL;
    status = s2s_encode(encoder, t->lines + first, NULL, left < BATCH ? left : BATCH, &memory);
    if (!status) status = s2s_decode(decoder, memory, &t->results[b]);
    s2s_memory_free(memory);
  }
  s2s_decoder_free(decoder);
  s2s_encoder_free(encoder);
  return status;
}

static void *work_in_thread(void *data) {
  worker *self = data;
  if (work(self->texts)) snprintf(self->message, sizeof self->message, "%s", s2s_error_message());
  return NULL;
}

/* At most MOST lines of stdin; 0 at its end. */
static size_t read_lines(const char **lines) {
  static char text[LONGEST];
  size_t count = 0;
  while (count < MOST && fgets(text, sizeof text, stdin)) {
    text[strcspn(text, "\r\n")] = '\0';
    char *copy = malloc(strlen(text) + 1);
    if (!copy) exit(1);
    lines[count++] = strcpy(copy, text);
  }
  return count;
}

static int write_results(const texts *t) {
  for (size_t i = 0; i < t->count; i++)
    if (puts(s2s_result_text(t->results[i / BATCH], i % BATCH, 0)) < 0) return 1;
  return 0;
}

/* Translates them in several threads; 0, or 1 when one of them failed. */
static int run(texts *t, size_t threads) {
  static worker workers[THREADS];
  size_t started = 0;
  int failed = 0;
  atomic_store(&t->next, 0);
  for (; started < threads; started++) {
    workers[started] = (worker){.texts = t};
    if (pthread_create(&workers[started].thread, NULL, work_in_thread, &workers[started]) != 0) break;
  }
  for (size_t i = 0; i < started; i++) {
    pthread_join(workers[i].thread, NULL);
    if (*workers[i].message) fprintf(stderr, "threads: %s\n", workers[i].message);
    failed |= *workers[i].message != '\0';
  }
  return failed || !started || write_results(t);
}

int main(int argc, char **argv) {
  const long asked = argc > 2 ? strtol(argv[2], NULL, 10) : 2;
  if (argc < 2 || asked < 1 || asked > THREADS)
    return fprintf(stderr, "usage: threads MODEL [1 .. %d] < in > out\n", THREADS), 2;
  static texts all;
  s2s_model *model = NULL;
  if (s2s_model_load(argv[1], NULL, &model)) return fprintf(stderr, "threads: %s\n", s2s_error_message()), 1;
  all.model = model;
  int failed = 0;
  while (!failed && (all.count = read_lines(all.lines)) > 0) {
    failed = run(&all, (size_t)asked);
    for (size_t i = 0; i < all.count; i++) free((void *)all.lines[i]);
    for (size_t b = 0; b < MOST / BATCH; b++) s2s_result_free(all.results[b]), all.results[b] = NULL;
  }
  s2s_model_free(model);
  return failed;
}
