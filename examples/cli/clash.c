/* SPDX-License-Identifier: MIT
 *
 * No file may be written that is also read, or written twice: the first write would destroy what the other needs. Files
 * are compared by device and number, so that links and other spellings of a path are seen through; a file that is not
 * there yet by its folder and its name in it. Devices and pipes may be shared.
 */
#define _POSIX_C_SOURCE 200809L
#include "command.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { USED_MOST = 2 * FLAG_COUNT + MOST_MODELS + 2 };

typedef struct used_file {
  const char *flag, *path; /* path NULL: a standard stream, which `flag` names */
  bool written;
  dev_t device; /* of the file, or of the folder it will be in */
  ino_t number;
  const char *name; /* in that folder; "" for a file that is there */
} used_file;

typedef struct used_files {
  used_file file[USED_MOST];
  size_t count;
} used_files;

/* ---------------------------------------------------------------------------------------------------------------------
 * Which files
 * ------------------------------------------------------------------------------------------------------------------ */

static const char *name_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static bool find_folder(const char *path, struct stat *found) {
  char folder[4096];
  size_t length = (size_t)(name_of(path) - path);
  if (length == 0) return stat(".", found) == 0;
  if (length >= sizeof folder) return false;
  memcpy(folder, path, length);
  folder[length] = '\0';
  return stat(folder, found) == 0;
}

static void add_file(used_files *used, used_file file, const struct stat *found) {
  file.device = found->st_dev;
  file.number = found->st_ino;
  used->file[used->count++] = file;
}

static void add_path(used_files *used, const flag *row, const char *path) {
  used_file file = {.flag = row->name, .path = path, .written = row->file == FILE_WRITTEN, .name = ""};
  struct stat found;
  if (stat(path, &found) == 0) {
    if (S_ISREG(found.st_mode)) add_file(used, file, &found);
  } else if (find_folder(path, &found)) {
    file.name = name_of(path);
    add_file(used, file, &found);
  }
}

static void add_stream(used_files *used, int stream, const char *called, bool written) {
  used_file file = {.flag = called, .written = written, .name = ""};
  struct stat found;
  if (fstat(stream, &found) == 0 && S_ISREG(found.st_mode)) add_file(used, file, &found);
}

static void find_files(used_files *used, const flags *given, const command *which) {
  used->count = 0;
  for (size_t id = 0; id < FLAG_COUNT; id++) {
    for (size_t i = 0; i < 2 && flag_table[id].file != FILE_NONE; i++) {
      if (given->value[id][i]) add_path(used, &flag_table[id], given->value[id][i]);
    }
  }
  for (size_t i = 0; i + 1 < given->model_count; i++) add_path(used, &flag_table[FLAG_MODEL], given->models[i]);
  if (which->bit & (COMMAND_TRANSLATE | COMMAND_SEGMENT) && !given->has[FLAG_INPUT]) {
    add_stream(used, STDIN_FILENO, "standard input", false);
  }
  add_stream(used, STDOUT_FILENO, "standard output", true);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Whether two are one
 * ------------------------------------------------------------------------------------------------------------------ */

static bool clash(const used_file *a, const used_file *b) {
  return (a->written || b->written) && a->device == b->device && a->number == b->number &&
         strcmp(a->name, b->name) == 0;
}

static int tell_clash(const used_file *a, const used_file *b) {
  bool swap = b->written && !a->written;
  const used_file *out = swap ? b : a, *other = swap ? a : b;
  return usage_error("%s%s%s and %s%s%s are one file: it would be overwritten", out->flag, out->path ? " " : "",
                     out->path ? out->path : "", other->flag, other->path ? " " : "", other->path ? other->path : "");
}

/* Whether `name` is `model` with ".u", digits and nothing else before its extension, as --keep-best calls its files. */
static bool is_kept_name(const char *name, const char *model) {
  const char *dot = strrchr(model, '.');
  size_t stem = dot && dot > model ? (size_t)(dot - model) : strlen(model);
  if (strncmp(name, model, stem) != 0 || strncmp(name + stem, ".u", 2) != 0) return false;
  size_t digits = strspn(name + stem + 2, "0123456789");
  return digits > 0 && strcmp(name + stem + 2 + digits, model + stem) == 0;
}

static int check_kept_clash(const flag *row, const char *path, const char *model) {
  struct stat a, b;
  if (path == model || !is_kept_name(name_of(path), name_of(model))) return 0;
  if (!find_folder(path, &a) || !find_folder(model, &b) || a.st_dev != b.st_dev || a.st_ino != b.st_ino) return 0;
  return usage_error("%s %s has the name of a model that --keep-best writes beside -o %s", row->name, path, model);
}

/* What --keep-best will write. */
static int check_kept_clashes(const flags *given) {
  const char *most = "1", *model = given->value[FLAG_OUTPUT][0];
  int failure = 0;
  s2s_options_get(given->options, "keep_best", &most);
  if (!model || strcmp(most, "1") == 0) return 0;
  for (size_t id = 0; id < FLAG_COUNT && !failure; id++) {
    for (size_t i = 0; i < 2 && flag_table[id].file != FILE_NONE && !failure; i++) {
      if (given->value[id][i]) failure = check_kept_clash(&flag_table[id], given->value[id][i], model);
    }
  }
  return failure;
}

int check_clashes(const flags *given, const command *which) {
  used_files used;
  find_files(&used, given, which);
  for (size_t i = 0; i < used.count; i++) {
    for (size_t j = 0; j < i; j++) {
      if (clash(&used.file[j], &used.file[i])) return tell_clash(&used.file[j], &used.file[i]);
    }
  }
  return which->bit == COMMAND_TRAIN ? check_kept_clashes(given) : 0;
}
