/* SPDX-License-Identifier: MIT
 *
 * A model from memory: from bytes that the program has (an app's resource, an embedded array), and piece by piece from
 * wherever they come (an archive, a socket). Neither needs the file once it is loaded.
 *
 *     build/examples/buffer MODEL TEXT...
 */
#include <seq2seq.h>
#include <stdio.h>
#include <stdlib.h>

/* All bytes of a file, as an app would have them from elsewhere; NULL when it cannot be read. */
static void *read_all(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  char *bytes = NULL;
  size_t room = 0, got = 0;
  for (*size = 0; !ferror(file); *size += got) {
    if (*size == room) {
      char *larger = realloc(bytes, room = room ? 2 * room : 65536);
      if (!larger) break;
      bytes = larger;
    }
    got = fread(bytes + *size, 1, room - *size, file);
    if (!got) return fclose(file), bytes;
  }
  free(bytes);
  return fclose(file), NULL;
}

/* As s2s_read_fn says: how many bytes were read, 0 at the end, negative on failure. */
static int64_t next_bytes(void *user, void *bytes, size_t size) {
  FILE *source = user;
  const size_t got = fread(bytes, 1, size, source);
  return got || !ferror(source) ? (int64_t)got : -1;
}

static int32_t say(const s2s_model *model, const char *const *texts, size_t count) {
  s2s_result *result = NULL;
  const int32_t status = s2s_translate(model, NULL, texts, NULL, count, &result);
  for (size_t i = 0; !status && i < count; i++) printf("%s\t%s\n", texts[i], s2s_result_text(result, i, 0));
  s2s_result_free(result);
  return status;
}

int main(int argc, char **argv) {
  if (argc < 3) return fprintf(stderr, "usage: buffer MODEL TEXT...\n"), 2;
  const char *const *texts = (const char *const *)argv + 2;
  s2s_model *whole = NULL, *streamed = NULL;
  size_t size = 0;

  void *bytes = read_all(argv[1], &size);
  if (!bytes) return perror(argv[1]), 1;
  int32_t status = s2s_model_load_buffer(bytes, size, NULL, &whole);
  free(bytes); /* they were borrowed for the call alone */
  if (!status) status = say(whole, texts, (size_t)argc - 2);

  FILE *source = fopen(argv[1], "rb");
  if (!source) return perror(argv[1]), 1;
  if (!status) status = s2s_model_load_reader(next_bytes, source, NULL, &streamed);
  fclose(source);
  if (!status) status = say(streamed, texts, (size_t)argc - 2);

  if (status) fprintf(stderr, "buffer: %s\n", s2s_error_message());
  s2s_model_free(streamed);
  s2s_model_free(whole);
  return status ? 1 : 0;
}
