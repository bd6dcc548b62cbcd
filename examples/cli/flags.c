/* SPDX-License-Identifier: MIT
 *
 * Reads command-line flags: finds each in the command's table or among the library's options, and says what was meant
 * where it is neither.
 */
#include "flags.h"
#include "command.h"

#include <string.h>

const flag flag_table[FLAG_COUNT] = {
#define FLAG_ROW(id, name, letter, values, value, file, commands, help)                                                \
  {name, letter, values, value, file, commands, help},
    FLAGS(FLAG_ROW)
#undef FLAG_ROW
};

/* The arguments that are left, and the value behind an equals sign if there was one. */
typedef struct arguments {
  int count;
  char **text;
  const char *attached;
} arguments;

void flag_of_option(size_t index, char text[FLAG_NAME_SIZE]) {
  const char *key = s2s_option_name(index);
  size_t n = 2;
  memcpy(text, "--", 2);
  for (; *key && n + 1 < FLAG_NAME_SIZE; key++) text[n++] = (*key == '.' || *key == '_') ? '-' : *key;
  text[n] = '\0';
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Finding
 * ------------------------------------------------------------------------------------------------------------------ */

/* The flag of this name or letter that the command takes, else the same of another command, else FLAG_COUNT. */
static size_t find_flag(const char *name, const command *which) {
  size_t found = FLAG_COUNT;
  for (size_t i = 0; i < FLAG_COUNT; i++) {
    bool short_form = flag_table[i].letter && name[0] == '-' && name[1] == flag_table[i].letter && !name[2];
    if (!short_form && strcmp(name, flag_table[i].name) != 0) continue;
    if (flag_table[i].commands & which->bit) return i;
    found = i;
  }
  return found;
}

static size_t find_option(const char *name) {
  char text[FLAG_NAME_SIZE];
  for (size_t i = 0; i < s2s_option_count(); i++) {
    flag_of_option(i, text);
    if (strcmp(name, text) == 0) return i;
  }
  return s2s_option_count();
}

/* Why a command takes no option of this key although it takes others of the scope, or NULL. */
static const char *refusal(const command *which, const char *key) {
  static const struct {
    unsigned command;
    const char *key, *why;
  } rows[] = {
      {COMMAND_TRAIN, "document.lines", "no document is cut"},
      {COMMAND_TRAIN, "document.max_length", "no document is cut"},
      {COMMAND_TRAIN, "bootstrap.samples", "no two systems are compared"},
      {COMMAND_TRAIN, "max_source_length", "the dev pairs are taken as they are"},
      {COMMAND_TRAIN, "beam", "the dev pairs are decoded with --evaluate-beam"},
      {COMMAND_TRAIN, "nbest", "the best hypothesis alone is judged"},
      {COMMAND_TRAIN, "temperature", "the dev pairs' answers are searched for, not drawn"},
      {COMMAND_TRAIN, "top_k", "the dev pairs' answers are searched for, not drawn"},
      {COMMAND_TRAIN, "top_p", "the dev pairs' answers are searched for, not drawn"},
      {COMMAND_TRAIN, "shortlist", "the dev pairs are decoded with the whole vocabulary"},
      {COMMAND_EVAL, "nbest", "it compares the best hypothesis alone"},
      {COMMAND_BENCH, "threads", "it measures one thread"},
      {COMMAND_BENCH, "nbest", "it counts the best hypothesis alone"},
      {COMMAND_BENCH, "max_length", "--target-length says how long answers are"},
      {COMMAND_BENCH, "min_length", "--target-length says how long answers are"},
      {COMMAND_BENCH, "max_length_ratio", "--target-length says how long answers are"},
      {COMMAND_QUANTIZE, "threads", "one thread does it all"},
      {COMMAND_QUANTIZE, "cpu", "the result is the same on each"},
      {COMMAND_QUANTIZE, "invalid_utf8", "it reads no text"},
      {COMMAND_AVERAGE, "threads", "one thread does it all"},
      {COMMAND_AVERAGE, "cpu", "the result is the same on each"},
      {COMMAND_AVERAGE, "invalid_utf8", "it reads no text"},
      {COMMAND_SHORTLIST, "threads", "one thread does it all"},
      {COMMAND_SHORTLIST, "cpu", "it takes the best level of the machine"},
      {COMMAND_INFO, "threads", "one thread does it all"},
      {COMMAND_INFO, "cpu", "it does not compute; `seq2seq info` alone lists what this machine has"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (rows[i].command == which->bit && strcmp(rows[i].key, key) == 0) return rows[i].why;
  }
  return NULL;
}

/* Whether the option says how text is cut, all that `segment` does. */
static bool is_of_segmenter(const char *key) {
  static const char *const begins[] = {"source.tokens",         "source.normalize", "source.casefold",
                                       "subword.byte_fallback", "subword.coverage", "subword.symbols",
                                       "memory_limit",          "invalid_utf8",     "document.lines",
                                       "document.max_length",   "max_source_length"};
  for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++)
    if (strcmp(key, begins[i]) == 0) return true;
  return false;
}

/* Whether the option plays a part where targets are given: what scores are made by. */
static bool is_of_scoring(const char *key) {
  static const char *const keys[] = {"length_penalty", "length_norm", "coverage_penalty", "max_source_length"};
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
    if (strcmp(key, keys[i]) == 0) return true;
  return false;
}

/* Whether the option says how a shortlist is made. */
static bool is_of_shortlist(const char *key) { return strncmp(key, "shortlist.", strlen("shortlist.")) == 0; }

static bool takes_scope(const command *which, size_t option) {
  const bool makes = (which->bit & (COMMAND_SHORTLIST | COMMAND_BENCH)) != 0; /* a shortlist */
  if (is_of_shortlist(s2s_option_name(option))) return makes;
  if (makes && s2s_option_scope(option) == S2S_SCOPE_TRAIN)
    return which->bit == COMMAND_SHORTLIST && strcmp(s2s_option_name(option), "max_train_length") == 0;
  if (which->bit == COMMAND_SCORE && s2s_option_scope(option) == S2S_SCOPE_DECODE)
    return is_of_scoring(s2s_option_name(option));
  if (which->bit != COMMAND_QUANTIZE && strcmp(s2s_option_name(option), "weights") == 0) return false;
  if (which->bit == COMMAND_SEGMENT && !is_of_segmenter(s2s_option_name(option))) return false;
  return (which->scopes >> s2s_option_scope(option)) & 1u;
}

bool takes_option(const command *which, size_t option) {
  return takes_scope(which, option) && !refusal(which, s2s_option_name(option));
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Levenshtein distance; names longer than the row are compared by their beginning. */
static size_t edit_distance(const char *a, const char *b) {
  size_t row[FLAG_NAME_SIZE + 1];
  size_t n = least(strlen(b), FLAG_NAME_SIZE);
  for (size_t j = 0; j <= n; j++) row[j] = j;
  for (size_t i = 1; *a; a++, i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= n; j++) {
      size_t replaced = diagonal + (*a != b[j - 1]);
      diagonal = row[j];
      row[j] = least(replaced, least(row[j], row[j - 1]) + 1);
    }
  }
  return row[n];
}

/* How far a known flag is from what was typed; a flag that begins or ends with it is near. */
static size_t flag_distance(const char *typed, const char *known) {
  const char *part = strstr(known + 2, typed + strspn(typed, "-"));
  size_t distance = edit_distance(typed, known);
  return part && strlen(typed) > 4 ? least(distance, 1) : distance;
}

/* The command's flag that looks most like `typed`, or "" where none does. */
static void nearest_flag(const char *typed, const command *which, char best[FLAG_NAME_SIZE]) {
  size_t limit = strlen(typed) / 3 + 1;
  char text[FLAG_NAME_SIZE];
  best[0] = '\0';
  for (size_t i = 0; i < FLAG_COUNT + s2s_option_count(); i++) {
    if (i < FLAG_COUNT ? !(flag_table[i].commands & which->bit) : !takes_option(which, i - FLAG_COUNT)) continue;
    if (i < FLAG_COUNT)
      strcpy(text, flag_table[i].name);
    else
      flag_of_option(i - FLAG_COUNT, text);
    size_t distance = flag_distance(typed, text);
    if (distance < limit) {
      limit = distance;
      strcpy(best, text);
    }
  }
}

/* ---------------------------------------------------------------------------------------------------------------------
 * What is wrong
 * ------------------------------------------------------------------------------------------------------------------ */

/* Names of the commands for which `takes` holds: "translate, eval". */
static void command_names(unsigned bits, char *text, size_t size) {
  text[0] = '\0';
  for (size_t i = 0; i < command_count; i++) {
    if (!(commands[i].bit & bits)) continue;
    if (text[0]) strncat(text, " and ", size - strlen(text) - 1);
    strncat(text, commands[i].name, size - strlen(text) - 1);
  }
}

static int wrong_command(const char *name, unsigned bits, const char *why, const command *which) {
  char names[128];
  command_names(bits, names, sizeof names);
  return usage_error("%s is a %sflag of %s, not of %s", name, why, names, which->name);
}

static int wrong_option(const char *name, size_t option, const command *which) {
  unsigned bits = 0;
  char why[64];
  if (takes_scope(which, option)) {
    return usage_error("%s does nothing in %s: %s", name, which->name, refusal(which, s2s_option_name(option)));
  }
  for (size_t i = 0; i < command_count; i++) {
    if (takes_option(&commands[i], option)) bits |= commands[i].bit;
  }
  snprintf(why, sizeof why, "%s option, a ", scope_name(s2s_option_scope(option)));
  return wrong_command(name, bits, why, which);
}

static int unknown_flag(const char *name, const command *which) {
  char best[FLAG_NAME_SIZE];
  nearest_flag(name, which, best);
  if (best[0]) return usage_error("unknown flag %s; did you mean %s?", name, best);
  return usage_error("unknown flag %s", name);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Reading
 * ------------------------------------------------------------------------------------------------------------------ */

static bool is_value(const char *text) { return text[0] != '-' || text[1] != '-'; }

/* Whether the next argument is a flag's letter, as -o is: no name of a file, though it may be an option's text. */
static bool is_letter_next(const arguments *left) {
  if (left->attached || left->count == 0 || left->text[0][0] != '-' || !left->text[0][1]) return false;
  for (size_t i = 0; i < FLAG_COUNT; i++)
    if (flag_table[i].letter == left->text[0][1] && !left->text[0][2]) return true;
  return false;
}

/* The next value of a flag, or NULL. */
static const char *take_value(arguments *left) {
  const char *value = left->attached;
  left->attached = NULL;
  if (value) return value;
  if (left->count == 0 || !is_value(left->text[0])) return NULL;
  left->count--;
  return *left->text++;
}

static bool more_values(const arguments *left) { return left->count > 0 && left->text[0][0] != '-'; }

static int read_option(flags *out, const char *name, size_t option, arguments *left) {
  const char *value = take_value(left);
  if (!value) return usage_error("%s needs a value: %s", name, s2s_option_range(option));
  out->option = s2s_option_name(option);
  if (s2s_option_scope(option) != S2S_SCOPE_RUNTIME) out->not_runtime = out->option;
  if (s2s_option_scope(option) == S2S_SCOPE_MODEL) out->model_option = out->option;
  int32_t status = s2s_options_set(out->options, s2s_option_name(option), value);
  return status ? usage_error("%s", s2s_error_message()) : 0;
}

static int read_config(flags *out, const char *path) {
  int32_t status = s2s_options_load(out->options, path);
  return status ? library_failed(status) : 0;
}

static int read_flag(flags *out, const char *name, size_t id, arguments *left) {
  const flag *row = &flag_table[id];
  if (row->values == 0 && left->attached) return usage_error("%s takes no value", name);
  out->has[id] = true;
  out->value[id][0] = row->values > 0 && !is_letter_next(left) ? take_value(left) : NULL;
  if (row->values > 0 && !out->value[id][0]) return usage_error("%s needs a value: %s", name, row->value);
  out->value[id][1] = row->values > 1 && more_values(left) ? take_value(left) : NULL;
  if (id == FLAG_MODEL) {
    if (out->model_count == MOST_MODELS) return usage_error("more than %d models", MOST_MODELS);
    out->models[out->model_count++] = out->value[id][0];
  }
  return id == FLAG_CONFIG ? read_config(out, out->value[id][0]) : 0;
}

/* One flag with its values. `name` is the argument without what stands behind an equals sign. */
static int read_named(flags *out, const command *which, const char *name, arguments *left) {
  size_t option = find_option(name), id = find_flag(name, which);
  if (option < s2s_option_count()) {
    return takes_option(which, option) ? read_option(out, name, option, left) : wrong_option(name, option, which);
  }
  if (id == FLAG_COUNT) return unknown_flag(name, which);
  if (!(flag_table[id].commands & which->bit)) return wrong_command(name, flag_table[id].commands, "", which);
  return read_flag(out, name, id, left);
}

static int read_argument(flags *out, const command *which, arguments *left) {
  char name[FLAG_NAME_SIZE];
  const char *argument = *left->text++, *equals = strchr(argument, '=');
  size_t length = equals ? (size_t)(equals - argument) : strlen(argument);
  left->count--;
  if (argument[0] != '-' || !argument[1]) return usage_error("unexpected argument '%s'", argument);
  if (length >= sizeof name) return usage_error("unknown flag %s", argument);
  memcpy(name, argument, length);
  name[length] = '\0';
  left->attached = equals ? equals + 1 : NULL;
  return read_named(out, which, name, left);
}

int flags_parse(flags *out, const command *which, int argc, char **argv) {
  arguments left = {argc, argv, NULL};
  memset(out, 0, sizeof *out);
  int32_t status = s2s_options_new(&out->options);
  if (status) return library_failed(status);
  while (left.count > 0 && !out->has[FLAG_HELP]) {
    int failure = read_argument(out, which, &left);
    if (failure) return failure;
  }
  return 0;
}

void flags_free(flags *given) { s2s_options_free(given->options); }
