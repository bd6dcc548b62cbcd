/* SPDX-License-Identifier: MIT
 *
 * Command-line flags. There are two kinds: those of the command itself, one row each in FLAGS below, and the library's
 * options, which flags.c reads from s2s_option_*: the option a.b_c is the flag --a-b-c VALUE. A value may follow as the
 * next argument or behind an equals sign. Flags are taken from left to right; the last one counts.
 */
#ifndef FLAGS_H
#define FLAGS_H

#include <seq2seq.h>
#include <stdbool.h>

struct command;

enum {
  COMMAND_TRAIN = 1,
  COMMAND_TRANSLATE = 2,
  COMMAND_EVAL = 4,
  COMMAND_INFO = 8,
  COMMAND_SEGMENT = 16,
  COMMAND_PLOT = 32,
  COMMAND_BENCH = 64,
  COMMAND_QUANTIZE = 128,
  COMMAND_SCORE = 256,
  COMMAND_AVERAGE = 512,
  COMMAND_SHORTLIST = 1024,
  COMMAND_ALL = 2047
};
enum { FILE_NONE = 0, FILE_READ, FILE_WRITTEN };

/* X(ID, "--name", letter, values, "VALUE", file, commands, "help")
 *   values  how many may follow, 2 standing for one or two
 *   file    what is done with the files that the values name, if they do */
#define FLAGS(X)                                                                                                       \
  X(TRAIN, "--train", 0, 2, "A [B]", FILE_READ, COMMAND_TRAIN | COMMAND_SHORTLIST,                                                         \
    "pairs to learn from: one file of source<TAB>target lines, or two line-aligned files")                             \
  X(DEV, "--dev", 0, 2, "A [B]", FILE_READ, COMMAND_TRAIN,                                                             \
    "pairs to judge by after every epoch; the best model is kept")                                                     \
  X(DATA, "--data", 0, 2, "A [B]", FILE_READ, COMMAND_EVAL | COMMAND_SCORE,                                            \
    "the pairs: one file of source<TAB>target lines, or two line-aligned files")                           \
  X(ANSWERS, "--answers", 0, 1, "FILE", FILE_READ, COMMAND_EVAL,                                                       \
    "instead of a model: its answers, one for each line of the data")                                                  \
  X(COMPARE, "--compare", 0, 1, "FILE", FILE_READ, COMMAND_EVAL,                                                       \
    "a second model, or its answers: whether the two differ by more than chance")                                      \
  X(MODEL, "--model", 'm', 1, "FILE", FILE_READ,                                                                       \
    COMMAND_TRANSLATE | COMMAND_EVAL | COMMAND_INFO | COMMAND_SEGMENT | COMMAND_PLOT | COMMAND_BENCH |                 \
      COMMAND_QUANTIZE | COMMAND_SCORE | COMMAND_AVERAGE | COMMAND_SHORTLIST,                                                              \
    "the model; of translate, score and eval also several, which decode together as an ensemble; of average two or more") \
  X(TEXTS, "--train", 0, 1, "FILE", FILE_READ, COMMAND_SEGMENT, "texts to learn pieces from, one a line")              \
  X(PIECES, "--output", 'o', 1, "FILE", FILE_WRITTEN, COMMAND_SEGMENT,                                                 \
    "write the pieces to this file, as a SentencePiece model, and end")                                                \
  X(JOIN, "--join", 0, 0, "", FILE_NONE, COMMAND_SEGMENT, "the other way: lines of tokens to lines of text")           \
  X(TARGET, "--target", 0, 0, "", FILE_NONE, COMMAND_SEGMENT, "with -m: the target's segmenter, not the source's")     \
  X(OUTPUT, "--output", 'o', 1, "FILE", FILE_WRITTEN,                                                                \
    COMMAND_TRAIN | COMMAND_QUANTIZE | COMMAND_AVERAGE | COMMAND_SHORTLIST,                                             \
    "where the model goes")                                                                                            \
  X(SEEDS, "--seeds", 0, 1, "N", FILE_NONE, COMMAND_TRAIN,                                                             \
    "train N models for an ensemble, with as many seeds from --seed on: FILE.1.safetensors, FILE.2.safetensors ...")    \
  X(FROM, "--from", 0, 1, "MODEL", FILE_READ, COMMAND_TRAIN,                                                           \
    "go on from this model, with new data and a fresh optimiser, instead of from nothing")                             \
  X(EXTEND, "--extend-vocabulary", 0, 0, "", FILE_NONE, COMMAND_TRAIN,                                                 \
    "with --from: add the tokens of the new pairs that the model does not know")                                       \
  X(CHECKPOINT, "--checkpoint", 0, 1, "FILE", FILE_WRITTEN, COMMAND_TRAIN,                                             \
    "keep all that training needs to go on in this file: after every evaluation, every ten minutes, at Ctrl-C; one that is there needs --resume")        \
  X(RESUME, "--resume", 0, 0, "", FILE_NONE, COMMAND_TRAIN,                                                            \
    "go on from the checkpoint where there is one, to the same bytes as without a stop; options given anew hold")      \
  X(LOG, "--log", 0, 1, "FILE", FILE_WRITTEN, COMMAND_TRAIN,                                                           \
    "write every evaluation's figures to this file, as JSON lines")                                                    \
  X(CURVES, "--log", 0, 1, "FILE", FILE_READ, COMMAND_PLOT, "the JSON lines of a training")                            \
  X(PICTURE, "--output", 'o', 1, "FILE", FILE_WRITTEN, COMMAND_PLOT, "write the SVG to this file")                     \
  X(ATTENTION_PICTURE, "--attention", 0, 0, "", FILE_NONE, COMMAND_PLOT,                                               \
    "where the model of -m looks as it translates each line of the input")                                             \
  X(JUDGED, "--data", 0, 2, "A [B]", FILE_READ, COMMAND_PLOT,                                                          \
    "how good answers are by the length of what was asked: the pairs, as for eval")                                    \
  X(JUDGED_ANSWERS, "--answers", 0, 1, "FILE", FILE_READ, COMMAND_PLOT, "the answers, one for each line of the data")  \
  X(JUDGED_OTHERS, "--compare", 0, 1, "FILE", FILE_READ, COMMAND_PLOT, "a second system's answers, drawn beside them") \
  X(INPUT, "--input", 'i', 1, "FILE", FILE_READ, COMMAND_TRANSLATE | COMMAND_SEGMENT | COMMAND_BENCH | COMMAND_PLOT,                  \
    "read lines from this file instead of standard input")                                                             \
  X(TEXT_OUTPUT, "--output", 'o', 1, "FILE", FILE_WRITTEN, COMMAND_TRANSLATE,                                          \
    "write to this file instead of standard output")                                                                   \
  X(PREFIXES, "--prefixes", 0, 1, "FILE", FILE_READ, COMMAND_TRANSLATE,                                                \
    "what the answer to each line begins with, line by line; may be empty")                                            \
  X(BATCH, "--batch", 0, 1, "N", FILE_NONE, COMMAND_TRANSLATE,                                                         \
    "lines read and answered at once, default 64, on a terminal 1; a program that waits for each answer needs 1")      \
  X(DOCUMENT, "--document", 0, 0, "", FILE_NONE, COMMAND_TRANSLATE,                                                    \
    "the input is one text: its sentences are translated, its lines and paragraphs kept")                              \
  X(SENTENCES, "--sentences", 0, 0, "", FILE_NONE, COMMAND_SEGMENT,                                                    \
    "the input is one text: write its sentences, one a line; with -m as --document would cut it")                      \
  X(JSON, "--json", 0, 0, "", FILE_NONE, COMMAND_TRANSLATE | COMMAND_SCORE | COMMAND_EVAL,                               \
    "write JSON: one object a line")                                                                                   \
  X(ATTENTION, "--attention", 0, 0, "", FILE_NONE, COMMAND_TRANSLATE,                                                  \
    "draw each hypothesis's attention, source across and target down; with --json add it as numbers")                  \
  X(ALIGNMENT, "--alignment", 0, 0, "", FILE_NONE, COMMAND_TRANSLATE | COMMAND_SCORE,                                  \
    "add the word alignment: ||| and links source-target, words counted from 0; with --json also where they stand")   \
  X(STATS, "--stats", 0, 0, "", FILE_NONE, COMMAND_TRANSLATE,                                                          \
    "end with name<TAB>value lines on stderr: speed and memory")                                                       \
  X(SHAPE, "--shape", 0, 1, "NAME", FILE_NONE, COMMAND_BENCH,                                                          \
    "random weights of this size: rnn (LSTM 2 x 256 and 512), transformer (3+3, 256), transformer-big (6+6, 512)")     \
  X(WORDS, "--vocabulary", 0, 1, "N", FILE_NONE, COMMAND_BENCH, "their words on each side, default 8000")              \
  X(RANDOM, "--output", 'o', 1, "FILE", FILE_WRITTEN, COMMAND_BENCH, "write the model with random weights, and end")   \
  X(BENCH_BATCH, "--batch", 0, 1, "N", FILE_NONE, COMMAND_BENCH, "texts answered at once, default 1, then 32")         \
  X(SOURCE_LENGTH, "--source-length", 0, 1, "N", FILE_NONE, COMMAND_BENCH, "tokens of a source text, default 14")      \
  X(TARGET_LENGTH, "--target-length", 0, 1, "N", FILE_NONE, COMMAND_BENCH, "tokens of an answer, default 20")          \
  X(LINES, "--lines", 0, 0, "", FILE_NONE, COMMAND_BENCH, "also how time grows with the source and with the beam")     \
  X(MILLISECONDS, "--milliseconds", 0, 1, "N", FILE_NONE, COMMAND_BENCH, "what a figure may take, default 1000")       \
  X(OPTIONS, "--options", 0, 0, "", FILE_NONE, COMMAND_INFO, "list every option of the library")                       \
  X(PRESETS, "--presets", 0, 0, "", FILE_NONE, COMMAND_INFO, "list the presets: options that go well together")        \
  X(MARKDOWN, "--markdown", 0, 0, "", FILE_NONE, COMMAND_INFO, "with --options: as a Markdown page")                   \
  X(CONFIG, "--config", 0, 1, "FILE", FILE_READ, COMMAND_ALL,                                                          \
    "read options from a file of `key = value` lines; those that the command does not use are passed over")            \
  X(QUIET, "--quiet", 'q', 0, "", FILE_NONE, COMMAND_TRAIN, "no progress, only warnings and errors")                   \
  X(HELP, "--help", 'h', 0, "", FILE_NONE, COMMAND_ALL, "show this page")

#define FLAG_ID(id, name, letter, values, value, file, commands, help) FLAG_##id,
typedef enum flag_id { FLAGS(FLAG_ID) FLAG_COUNT } flag_id;
#undef FLAG_ID

typedef struct flag {
  const char *name;
  char letter; /* of the short form, or 0 */
  int values;
  const char *value; /* what the help calls the value */
  int file;          /* FILE_... */
  unsigned commands; /* COMMAND_... bits */
  const char *help;
} flag;

extern const flag flag_table[FLAG_COUNT];

enum { MOST_MODELS = 16 };

typedef struct flags {
  bool has[FLAG_COUNT];
  const char *value[FLAG_COUNT][2]; /* NULL where none was given; pointers into argv */
  const char *models[MOST_MODELS]; /* every -m, the last one too */
  size_t model_count;
  s2s_options *options;
  const char *option;      /* key of the last library option that was a flag, or NULL */
  const char *not_runtime; /* the same without runtime options, which any work may have */
  const char *model_option; /* the same of model options alone */
} flags;

/* Reads the arguments behind the command's name. 0, or an exit status after a message. */
int flags_parse(flags *out, const struct command *which, int argc, char **argv);
void flags_free(flags *given);

/* Writes the flag of option `index`, "--encoder-hidden", into `text`. */
enum { FLAG_NAME_SIZE = 64 };
void flag_of_option(size_t index, char text[FLAG_NAME_SIZE]);

#endif
