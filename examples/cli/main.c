/* SPDX-License-Identifier: MIT
 *
 * The `seq2seq` command: finds the subcommand, reads its flags, runs it.
 */
#include "command.h"

#include <string.h>

enum {
  MODEL_SCOPE = 1u << S2S_SCOPE_MODEL,
  TRAIN_SCOPE = 1u << S2S_SCOPE_TRAIN,
  DECODE_SCOPE = 1u << S2S_SCOPE_DECODE,
  RUNTIME_SCOPE = 1u << S2S_SCOPE_RUNTIME
};

const command commands[] = {
    {"train", COMMAND_TRAIN, MODEL_SCOPE | TRAIN_SCOPE | DECODE_SCOPE | RUNTIME_SCOPE,
     "train a model on pairs of texts", "--train A [B] [--dev A [B]] -o FILE [--option value ...]",
     "Learns from pairs of texts and writes a model. Whenever an evaluation on the dev pairs is the best yet the\n"
     "model is written to the output at once; without --dev it is judged by the training loss. Progress goes to\n"
     "stderr: a bar on a terminal, lines otherwise. At the end name<TAB>value lines go to stdout: updates, epochs,\n"
     "parameters, train_seconds, tokens_per_second, sentences_per_second, and with --dev the figures of the model\n"
     "that was kept: dev_loss, dev_token_error_rate, dev_sequence_error_rate (percent) and more. Ctrl-C stops\n"
     "training, keeps the best model so far and ends with status 0; a second Ctrl-C ends the program at once.",
     command_train},
    {"translate", COMMAND_TRANSLATE, DECODE_SCOPE | RUNTIME_SCOPE, "turn lines of text into lines of text",
     "-m FILE [--beam N] [--nbest N] [--json] < in > out",
     "Reads one text a line and writes one text a line. With --nbest N above 1 every hypothesis is a line\n"
     "line<TAB>rank<TAB>score<TAB>text, with lines and ranks counted from 1; a beam narrower than N is widened to N.\n"
     "With --json every line is an object\n"
     "  {\"source\": text, \"hypotheses\": [{\"text\", \"score\", \"log_probability\", \"tokens\", \"ending\",\n"
     "  \"token_scores\"}, ...]}\n"
     "whose ending is \"end\", or \"length\", \"time\" or \"stuck\" for one that was cut or could not go on.\n"
     "The first line that cannot be translated ends the work, after the answers to those before it. With --document\n"
     "the input is one text of sentences, lines and paragraphs; --document-lines join is for one with broken lines.",
     command_translate},
    {"score", COMMAND_SCORE, DECODE_SCOPE | RUNTIME_SCOPE, "say how probable given targets are",
     "-m FILE --data A [B] [--alignment] [--json]",
     "Writes for each pair the natural logarithm of the probability that the model gives its target, end mark included.\n"
     "With --alignment also links between their words; with --json every line is an object as in translate, with the\n"
     "log-probability of each token.",
     command_score},
    {"eval", COMMAND_EVAL, DECODE_SCOPE | RUNTIME_SCOPE, "compare a model's output with references",
     "(-m FILE | --answers FILE) --data A [B] [--compare FILE]",
     "Translates the sources and compares with the targets. Writes name<TAB>value lines; error rates are in percent.\n"
     "Lines with equal sources are alternatives of which any may match; line_... figures take each line by itself.\n"
     "With --answers or --compare only texts are judged: token_error_rate is then of words between white space. After\n"
     "--compare every figure has its other_... of the second system, its _difference, in what range 95 % of resampled\n"
     "texts have that (_difference_low, _high), and how often chance alone would do as much (_p_value).",
     command_eval},
    {"segment", COMMAND_SEGMENT, MODEL_SCOPE | TRAIN_SCOPE | DECODE_SCOPE | RUNTIME_SCOPE,
     "turn text into tokens, or tokens into text",
     "[-m FILE [--target] | --source-tokens bpe:N --train FILE [-o FILE]] [--join | --sentences] < in > out",
     "Reads one text a line and writes its tokens with spaces between them; a token that is itself a space is written\n"
     "as U+2581. The tokens are those of a model, or of the option --source-tokens: bpe and unigram learn them from\n"
     "--train, and -o keeps what was learnt for --source-tokens spm:FILE, here or in training. With --join it goes "
     "back.",
     command_segment},
    {"plot", COMMAND_PLOT, DECODE_SCOPE | RUNTIME_SCOPE, "draw a training, attention, or quality by length",
     "(--log FILE | --attention -m FILE [-i FILE] | --data A [B] --answers FILE [--compare FILE]) [-o picture.svg]",
     "Draws one SVG picture. --log: losses, error rates, BLEU and chrF over updates, from what `seq2seq train --log`\n"
     "wrote, with a dot at the best model; of a training that still runs too. --attention: a heat map for each line of\n"
     "the input, its tokens across, the tokens of the translation down, a cell the darker the more the decoder looked\n"
     "there. --data: exact answers and chrF by the length of the source, of one or two systems.",
     command_plot},
    {"quantize", COMMAND_QUANTIZE, RUNTIME_SCOPE, "make a model smaller and faster",
     "-m FILE -o FILE [--weights int8|f16|f32]",
     "Writes a copy of a model whose matrices are stored in eight bits (a quarter of the size) or in half precision (half\n"
     "of it), at a small loss of quality that `seq2seq eval` measures; or in full precision again, as what they stand for.\n"
     "Ends with name<TAB>value lines: parameters, weights, bytes.",
     command_quantize},
    {"shortlist", COMMAND_SHORTLIST, TRAIN_SCOPE | RUNTIME_SCOPE, "teach a model which words go with which, to answer faster",
     "-m FILE --train A [B] -o FILE [--shortlist-best N] [--shortlist-frequent N]",
     "Writes a copy of a model that also has for each source token the N target tokens that go with it, found by the\n"
     "model's own attention over the pairs, best those it was trained on, and the most frequent ones for any source. With\n"
     "`seq2seq translate --shortlist yes` it chooses among these alone, which is faster where the target vocabulary is\n"
     "large; `seq2seq eval --shortlist yes` says what that costs. Ends with name<TAB>value lines: shortlist, the tokens\n"
     "of all lists, and bytes.",
     command_shortlist},
    {"average", COMMAND_AVERAGE, RUNTIME_SCOPE, "make one model of the mean of several", "-m FILE -m FILE ... -o FILE",
     "Writes the model whose parameters are the means of those of several models of one shape: of the best of one training,\n"
     "which `seq2seq train --keep-best N` writes beside its output, it is often a little better than each.",
     command_average},
    {"bench", COMMAND_BENCH, MODEL_SCOPE | TRAIN_SCOPE | DECODE_SCOPE | RUNTIME_SCOPE, "measure how fast a model answers",
     "[-m FILE [-i FILE] | --shape NAME [--option value ...]] [--batch N] [--beam N]",
     "Answers batches of texts on one thread, encoding included, for about a second each, and writes a table: texts and\n"
     "target tokens a second, milliseconds a text. The model is that of -m, or one of a stated size with random weights,\n"
     "which -o writes to a file. Sources are random words, and answers have --target-length tokens, an end mark counted;\n"
     "with -i they are the file's lines, and answers end where the model ends them.",
     command_bench},
    {"info", COMMAND_INFO, RUNTIME_SCOPE, "show a model, the options, or this build",
     "[-m FILE | --options [--markdown] | --presets]",
     "With -m: the model's options, vocabularies and parameters. With --options: every option of the library with its\n"
     "scope, default, range and meaning. With neither: the version and the instruction sets this machine can use.",
     command_info},
};
const size_t command_count = sizeof commands / sizeof commands[0];

static const command *find_command(const char *name) {
  for (size_t i = 0; i < command_count; i++) {
    if (strcmp(name, commands[i].name) == 0) return &commands[i];
  }
  return NULL;
}

static int run_given(const command *which, const flags *given) {
  int failure = check_clashes(given, which);
  return failure ? failure : which->run(given);
}

static int run_command(const command *which, int argc, char **argv) {
  flags given;
  message_begin(which->name);
  int status = flags_parse(&given, which, argc, argv);
  if (!status && given.has[FLAG_HELP])
    help_command(stdout, which);
  else if (!status)
    status = run_given(which, &given);
  flags_free(&given);
  if (fflush(stdout) && !status) status = failed("cannot write standard output");
  return status;
}

static int unknown_command(const char *name) {
  fprintf(stderr, "seq2seq: unknown command '%s'\n", name);
  help_program(stderr);
  return EXIT_USAGE;
}

int main(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : "";
  bool help = strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0;
  const command *which = find_command(help && argc > 2 ? argv[2] : name);
  if (which && !help) return run_command(which, argc - 2, argv + 2);
  if (strcmp(name, "--version") == 0) return printf("seq2seq %s\n", s2s_version()), EXIT_DONE;
  if (help && argc > 2 && !which) return unknown_command(argv[2]);
  if (argc > 1 && !help) return unknown_command(name);
  if (which)
    help_command(stdout, which);
  else
    help_program(help ? stdout : stderr);
  return help ? EXIT_DONE : EXIT_USAGE;
}
