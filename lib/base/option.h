/* SPDX-License-Identifier: MIT
 *
 * The option table, and s2s_options behind the public calls. One row an option drives validation, the command's flags
 * and help, docs/options.md, and what a model file stores. Adding an option is one line in S2S__OPTIONS.
 *
 * Values are kept as text, checked when they are set (type, range, choice), so that what is read later is always good.
 */
#ifndef S2S__BASE_OPTION_H
#define S2S__BASE_OPTION_H

#include "base/members.h"
#include "base/memory.h"
#include "base/stream.h"

/* X(NAME, key, type, scope, default, range, help)
 *   type   INT REAL BOOL CHOICE TEXT
 *   range  INT and REAL: "min..max" (both included); CHOICE: "a|b|c", where c may be "name:N" or "name:TEXT" (with or
 *          without an argument); BOOL: "yes|no"; TEXT: a word for the help
 *   scope  MODEL (stored in the file), TRAIN, DECODE, RUNTIME (never stored) */
#define S2S__OPTIONS(X)                                                                                                \
  X(SOURCE_TOKENS, "source.tokens", CHOICE, MODEL, "words", S2S__TOKENS, "what a source token is: a Unicode code point, a word between spaces, a byte; one of N pieces learnt by merging or by a unigram model (8000 when no N is given); or a piece of a SentencePiece model") \
  X(TARGET_TOKENS, "target.tokens", CHOICE, MODEL, "words", S2S__TOKENS, "what a target token is, likewise") \
  X(SOURCE_NORMALIZE, "source.normalize", CHOICE, MODEL, "none", "none|nfc|nfd|nfkc|nfkd", "Unicode normalisation form of the source before it is cut") \
  X(TARGET_NORMALIZE, "target.normalize", CHOICE, MODEL, "none", "none|nfc|nfd|nfkc|nfkd", "the same of the target; what is put out is nfc again if it was nfd or nfkd") \
  X(SOURCE_CASEFOLD, "source.casefold", BOOL, MODEL, "no", "yes|no", "whether differences of case in the source are left out") \
  X(TARGET_CASEFOLD, "target.casefold", BOOL, MODEL, "no", "yes|no", "the same of the target") \
  X(SOURCE_EOS, "source.eos", BOOL, MODEL, "no", "yes|no", "whether an end mark is added to the source") \
  X(EMBEDDING_DIM, "embedding.dim", INT, MODEL, "128", "1..65536", "size of the source and target embeddings") \
  X(EMBEDDING_TIE, "embedding.tie", CHOICE, MODEL, "none", "none|target|all", "share the target embedding with the output layer (target), and with the source embedding too, over one vocabulary (all)") \
  X(ENCODER_TYPE, "encoder.type", CHOICE, MODEL, "rnn", S2S__CHOICES(S2S__ENCODERS), "kind of encoder") \
  X(ENCODER_CELL, "encoder.cell", CHOICE, MODEL, "lstm", S2S__CHOICES(S2S__CELLS), "recurrent cell of the encoder") \
  X(ENCODER_LAYERS, "encoder.layers", INT, MODEL, "1", "1..64", "layers of the encoder") \
  X(ENCODER_HIDDEN, "encoder.hidden", INT, MODEL, "256", "1..65536", "units of an encoder layer, per direction") \
  X(ENCODER_BIDIRECTIONAL, "encoder.bidirectional", BOOL, MODEL, "yes", "yes|no", "whether the encoder also reads from right to left") \
  X(ENCODER_RESIDUAL, "encoder.residual", BOOL, MODEL, "no", "yes|no", "whether the layers above the first add their input to their output") \
  X(ENCODER_LAYER_NORM, "encoder.layer_norm", BOOL, MODEL, "no", "yes|no", "whether recurrent cells normalise the two projections that meet in them") \
  X(DECODER_TYPE, "decoder.type", CHOICE, MODEL, "rnn", S2S__CHOICES(S2S__DECODERS), "kind of decoder") \
  X(DECODER_CELL, "decoder.cell", CHOICE, MODEL, "lstm", S2S__CHOICES(S2S__CELLS), "recurrent cell of the decoder") \
  X(DECODER_LAYERS, "decoder.layers", INT, MODEL, "1", "1..64", "layers of the decoder") \
  X(DECODER_HIDDEN, "decoder.hidden", INT, MODEL, "512", "1..65536", "units of a decoder layer") \
  X(DECODER_ORDER, "decoder.order", CHOICE, MODEL, "luong", "luong|bahdanau", "attend with the new state after the cell (luong) or with the old state before it (bahdanau)") \
  X(DECODER_BRIDGE, "decoder.bridge", CHOICE, MODEL, "copy", "copy|linear", "start from the encoder's final states as they are, or through a learned layer") \
  X(DECODER_READOUT, "decoder.readout", INT, MODEL, "0", "0..65536", "units of a tanh layer over embedding, context and state before the output; 0 for none") \
  X(DECODER_RESIDUAL, "decoder.residual", BOOL, MODEL, "no", "yes|no", "whether the layers above the first add their input to their output") \
  X(DECODER_LAYER_NORM, "decoder.layer_norm", BOOL, MODEL, "no", "yes|no", "whether recurrent cells normalise the two projections that meet in them") \
  X(DECODER_COPY, "decoder.copy", BOOL, MODEL, "no", "yes|no", "whether the decoder can copy source tokens to the output, those too that its vocabulary lacks") \
  X(ATTENTION_TYPE, "attention.type", CHOICE, MODEL, "general", "none" S2S__ATTENTIONS(S2S__OR), "how a recurrent decoder scores the encoder's states; a transformer has its own heads") \
  X(ATTENTION_DIM, "attention.dim", INT, MODEL, "0", "0..65536", "units of the additive and concat attention; 0 means decoder.hidden") \
  X(ATTENTION_HEADS, "attention.heads", INT, MODEL, "4", "1..1024", "heads of the multihead attention; they divide decoder.hidden") \
  X(ATTENTION_INPUT_FEEDING, "attention.input_feeding", BOOL, MODEL, "no", "yes|no", "whether the attentional state is fed to the next step (luong order)") \
  X(ATTENTION_COVERAGE, "attention.coverage", BOOL, MODEL, "no", "yes|no", "whether the score knows how much attention each source token has had so far") \
  X(TRANSFORMER_DIM, "transformer.dim", INT, MODEL, "256", "1..65536", "size of a transformer's states and embeddings") \
  X(TRANSFORMER_HEADS, "transformer.heads", INT, MODEL, "4", "1..1024", "heads of a transformer's attention; they divide transformer.dim") \
  X(TRANSFORMER_FFN, "transformer.ffn", INT, MODEL, "1024", "1..65536", "units between a transformer layer's two linear ones") \
  X(TRANSFORMER_ACTIVATION, "transformer.activation", CHOICE, MODEL, "relu", "relu|gelu|swish", "function of those units") \
  X(TRANSFORMER_NORM, "transformer.norm", CHOICE, MODEL, "pre", "pre|post", "normalise before each sublayer, or after it") \
  X(TRANSFORMER_POSITIONS, "transformer.positions", CHOICE, MODEL, "sinusoidal", "sinusoidal|learned", "what is added to embeddings to tell positions apart") \
  X(TRANSFORMER_MAX_POSITIONS, "transformer.max_positions", INT, MODEL, "512", "1..1000000", "learned positions, the most tokens that a source or a target may have") \
  X(TRANSFORMER_SCALE_EMBEDDING, "transformer.scale_embedding", BOOL, MODEL, "yes", "yes|no", "whether embeddings are multiplied by the square root of transformer.dim") \
  X(PRESET, "preset", CHOICE, TRAIN, "auto", "auto|none|rnn-tiny|rnn-small|rnn-base|transformer-tiny|transformer-small|transformer-base", "options that go well together and hold where nothing else is set; auto chooses by the number of pairs, the model's shape only where no option of it is set that might not fit, and source.normalize nfd for chars in Hangul") \
  X(VOCABULARY_JOINT, "vocabulary.joint", BOOL, TRAIN, "no", "yes|no", "whether both sides share one vocabulary, learnt from both; embedding.tie all always does") \
  X(SUBWORD_BYTE_FALLBACK, "subword.byte_fallback", BOOL, TRAIN, "no", "yes|no", "whether bpe and unigram also have the 256 bytes as pieces, so that nothing is unknown") \
  X(SUBWORD_COVERAGE, "subword.coverage", REAL, TRAIN, "0.9995", "0.5..1", "share of the characters of a corpus that bpe and unigram make pieces of; the rarest are left out") \
  X(SUBWORD_SYMBOLS, "subword.symbols", TEXT, TRAIN, "", "WORDS", "texts with spaces between them that bpe and unigram always keep as tokens of their own") \
  X(SUBWORD_DROPOUT, "subword.dropout", REAL, TRAIN, "0", "0..0.95", "share of merges that bpe leaves out at random in training, anew in each epoch") \
  X(SUBWORD_ALPHA, "subword.alpha", REAL, TRAIN, "0", "0..10", "unigram draws how it cuts a text in training, anew in each epoch, with probability to this power; 0 means always the best cut") \
  X(SEED, "seed", INT, DECODE, "1", "0..9223372036854775807", "start of every random choice, in training, sampling and resampling") \
  X(DROPOUT, "dropout", REAL, TRAIN, "0.3", "0..0.95", "share of units set to zero in training, on embeddings, between layers and before the output") \
  X(WORD_DROPOUT, "word_dropout", REAL, TRAIN, "0", "0..0.95", "share of words that are hidden in training: their whole embedding is zero") \
  X(WORD_DROPOUT_TARGET, "word_dropout.target", REAL, TRAIN, "-1", "-1..0.95", "the same of the words that the decoder reads, where it differs from that of the source; -1 means word_dropout") \
  X(DROPOUT_ATTENTION, "dropout.attention", REAL, TRAIN, "0", "0..0.95", "share of attention weights that are set to zero in training") \
  X(DROPOUT_FEED_FORWARD, "dropout.feed_forward", REAL, TRAIN, "-1", "-1..0.95", "share of the units between the linear layers of a transformer that are, where it differs from dropout; -1 means dropout") \
  X(DROPOUT_VARIATIONAL, "dropout.variational", BOOL, TRAIN, "no", "yes|no", "draw the units that dropout sets to zero once for a sentence, not for every token") \
  X(LABEL_SMOOTHING, "label_smoothing", REAL, TRAIN, "0.1", "0..0.9", "probability mass spread evenly over the vocabulary") \
  X(COVERAGE_LOSS, "coverage_loss", REAL, TRAIN, "1", "0..1000", "of attention.coverage: weight of the penalty for attention to where there was attention already") \
  X(OPTIMIZER, "optimizer", CHOICE, TRAIN, "adam", S2S__CHOICES(S2S__OPTIMIZERS), "update rule") \
  X(MOMENTUM, "optimizer.momentum", REAL, TRAIN, "0", "0..0.9999", "of sgd: share of the last step that is gone again") \
  X(NESTEROV, "optimizer.nesterov", BOOL, TRAIN, "no", "yes|no", "of sgd with momentum: look one step ahead (Nesterov 1983)") \
  X(BETA1, "optimizer.beta1", REAL, TRAIN, "0.9", "0..0.9999", "of adam and adamw: how slowly the mean of the gradient moves") \
  X(BETA2, "optimizer.beta2", REAL, TRAIN, "0.999", "0..0.999999", "of adam and adamw: how slowly the mean of its square moves; 0.98 for a transformer") \
  X(WEIGHT_DECAY, "weight_decay", REAL, TRAIN, "0", "0..1", "what is taken off every parameter in an update: of adamw this share of it times the learning rate, else it is added to the gradient") \
  X(LEARNING_RATE, "learning_rate", REAL, TRAIN, "0.001", "0..10", "step size after the warm-up") \
  X(SCHEDULE, "schedule", CHOICE, TRAIN, "plateau", "constant|plateau|cosine|inverse_sqrt", "after the warm-up keep the learning rate; multiply it by schedule.factor when the dev set stops improving; let it fall to zero at max_updates or max_epochs like a cosine; or divide it by the square root of updates over warm-up") \
  X(SCHEDULE_FACTOR, "schedule.factor", REAL, TRAIN, "0.5", "0.01..1", "what the learning rate is multiplied by on a plateau") \
  X(SCHEDULE_PATIENCE, "schedule.patience", INT, TRAIN, "1", "0..1000", "evaluations without improvement that are borne before the learning rate falls; those in the warm-up do not count") \
  X(WARMUP, "warmup", INT, TRAIN, "200", "0..1000000000", "updates over which the learning rate rises from zero") \
  X(FREEZE, "freeze", TEXT, TRAIN, "", "NAMES", "parameters that training leaves alone: beginnings of their names with spaces between, such as encoder") \
  X(MOVING_AVERAGE, "moving_average", REAL, TRAIN, "0", "0..0.99999", "evaluate and keep a moving average of the parameters, with this share of it left after an update; 0 for the parameters themselves") \
  X(CLIP_NORM, "clip_norm", REAL, TRAIN, "5", "0..1e9", "largest global norm of the gradient; 0 for no limit") \
  X(BATCH_SENTENCES, "batch_sentences", INT, TRAIN, "128", "1..65536", "sentence pairs in a batch") \
  X(BATCH_TOKENS, "batch_tokens", INT, TRAIN, "0", "0..100000000", "most tokens of both sides in a batch, end marks included; 0 for no such limit; a pair that has more is a batch by itself") \
  X(ACCUMULATE, "accumulate", INT, TRAIN, "1", "1..1024", "batches that one update learns from, computed one after another in the memory of one") \
  X(PIECE_TOKENS, "piece_tokens", INT, TRAIN, "512", "0..100000000", "most tokens of both sides that a shard computes at once; more are computed one piece after another, in the memory of one; 0 for no such limit; changes the last bits of the result") \
  X(BATCH_SHARDS, "batch_shards", INT, TRAIN, "2", "1..64", "parts a batch is cut into, computed side by side by the threads there are; changes the result, threads do not") \
  X(MAX_UPDATES, "max_updates", INT, TRAIN, "0", "0..9223372036854775807", "updates after which training ends; 0 for no limit") \
  X(MAX_EPOCHS, "max_epochs", INT, TRAIN, "30", "0..1000000000", "passes over the data after which training ends; 0 for no limit") \
  X(PATIENCE, "patience", INT, TRAIN, "6", "0..1000000", "evaluations without improvement after which training ends; those in the warm-up do not count; 0 for no early stop") \
  X(BEST_BY, "best_by", CHOICE, TRAIN, "sequence_error_rate", "sequence_error_rate|token_error_rate|character_error_rate|loss|perplexity|bleu|chrf", "figure of the dev set by which a model is the best, training stops and the learning rate falls") \
  X(KEEP_BEST, "keep_best", INT, TRAIN, "1", "1..64", "best evaluated models that are told to be kept; seq2seq train writes each, beyond the best, to a file of its own") \
  X(EVALUATE_BEAM, "evaluate.beam", INT, TRAIN, "1", "1..64", "beam with which the dev set is decoded in training; 1 is greedy") \
  X(EVALUATE_EVERY, "evaluate.every", INT, TRAIN, "0", "0..1000000000", "updates between two evaluations; 0 for one at the end of each epoch") \
  X(MAX_TRAIN_LENGTH, "max_train_length", INT, TRAIN, "256", "1..65536", "most tokens of a side of a pair in training") \
  X(LONG_PAIRS, "long_pairs", CHOICE, TRAIN, "skip", "skip|error", "leave out pairs that are longer, and count them, or refuse the corpus") \
  X(VOCABULARY_MIN_COUNT, "vocabulary.min_count", INT, TRAIN, "1", "1..1000000000", "tokens seen less often become unknown") \
  X(VOCABULARY_MAX_SIZE, "vocabulary.max_size", INT, TRAIN, "50000", "4..1000000", "most tokens a vocabulary holds, the most frequent ones") \
  X(SHORTLIST_BEST, "shortlist.best", INT, TRAIN, "40", "0..10000", "target tokens that a shortlist keeps for each source token, those most linked to it") \
  X(SHORTLIST_FREQUENT, "shortlist.frequent", INT, TRAIN, "100", "0..1000000", "target tokens, the most frequent ones, that a shortlist has for any source") \
  X(SHORTLIST, "shortlist", BOOL, DECODE, "no", "yes|no", "choose among the target tokens that the model's shortlist has for the source's: faster, and a little worse where it lacks one") \
  X(BEAM, "beam", INT, DECODE, "5", "1..1024", "hypotheses kept at each step; 1 is greedy; without part in sampling") \
  X(BEAM_STOP, "beam_stop", CHOICE, DECODE, "first", "first|safe", "stop when as many hypotheses as the beam are finished, or only when none left can become better than those returned") \
  X(NBEST, "nbest", INT, DECODE, "1", "1..1024", "hypotheses returned for a text, for which the beam is made as wide; samples drawn for it where temperature is above 0") \
  X(LENGTH_PENALTY, "length_penalty", REAL, DECODE, "1", "0..10", "power of the length that a log-probability is divided by; 0 for none") \
  X(LENGTH_NORM, "length_norm", CHOICE, DECODE, "power", "power|wu", "what is raised to that power: the length, or (5 + length) / 6 (Wu et al. 2016); lengths count the end mark") \
  X(COVERAGE_PENALTY, "coverage_penalty", REAL, DECODE, "0", "0..100", "what is added to a score, times this: for every source token the logarithm of the attention it got in all, which is nothing once that is 1 (Wu et al. 2016)") \
  X(MIN_LENGTH, "min_length", INT, DECODE, "0", "0..100000", "fewest target tokens before the end mark may come; goes before max_length_ratio") \
  X(MAX_LENGTH, "max_length", INT, DECODE, "256", "1..100000", "most target tokens of a hypothesis, the end mark included") \
  X(MAX_LENGTH_RATIO, "max_length_ratio", REAL, DECODE, "3", "0..1000", "most target tokens for a source of n tokens: 10 + n times this; 0 for no such limit") \
  X(TIME_LIMIT, "time_limit", REAL, DECODE, "0", "0..1e9", "seconds of decoding, encoding not counted, after which a call (of the command: a batch of lines) ends with what it has, however unfinished; 0 for no limit") \
  X(NO_REPEAT_NGRAM, "no_repeat_ngram", INT, DECODE, "0", "0..1000", "no sequence of this many tokens is written twice; 0 for no such rule") \
  X(REPETITION_PENALTY, "repetition_penalty", REAL, DECODE, "1", "0.01..100", "what the log-probability of a token that was written already is multiplied by (Keskar et al. 2019); 1 for nothing") \
  X(BANNED, "banned", TEXT, DECODE, "", "WORDS", "words with spaces between them that are never written: each is cut into tokens as a target text is, and these are never written one after another; of a script without spaces also as inside a text, and no piece that holds the word; nor is the word copied") \
  X(BAN_UNKNOWN, "ban_unknown", BOOL, DECODE, "no", "yes|no", "whether the unknown token is never written") \
  X(REPLACE_UNKNOWN, "replace_unknown", BOOL, DECODE, "no", "yes|no", "whether an unknown token is written as the source token that got most attention then") \
  X(PREFIX, "prefix", TEXT, DECODE, "", "TEXT", "what every target begins with") \
  X(TEMPERATURE, "temperature", REAL, DECODE, "0", "0..100", "above 0, targets are not searched but drawn, from probabilities to the power of 1 over this; 1 draws from the model's own") \
  X(TOP_K, "top_k", INT, DECODE, "0", "0..1000000", "draw from the most probable tokens only, this many; 0 for all") \
  X(TOP_P, "top_p", REAL, DECODE, "1", "0.001..1", "draw from the fewest most probable tokens that have this much probability together (Holtzman et al. 2020)") \
  X(MAX_SOURCE_LENGTH, "max_source_length", INT, DECODE, "4096", "1..10000000", "most tokens of a source text; longer ones are refused") \
  X(DOCUMENT_LINES, "document.lines", CHOICE, DECODE, "keep", "keep|join", "whether every line of a document stands for itself, or the lines of a paragraph are one text that was broken to fit") \
  X(DOCUMENT_MAX_LENGTH, "document.max_length", INT, DECODE, "200", "1..100000", "most tokens of a document's sentence; longer ones are cut, best behind a comma, else between words or characters") \
  X(BLEU_TOKENIZE, "bleu.tokenize", CHOICE, DECODE, "13a", "13a|zh|char|none", "how an evaluation cuts texts for BLEU: as mteval-v13a; that with every Chinese character by itself; every character; or only at white space, for tokenised text") \
  X(BLEU_SMOOTHING, "bleu.smoothing", CHOICE, DECODE, "exp", "exp|none", "what BLEU makes of an n-gram length without a match: one half, then one quarter and so on of a match, or a score of 0") \
  X(THREADS, "threads", INT, RUNTIME, "1", "1..256", "threads that training, an evaluation or a decoding may use, the calling one included; the result is the same for any number") \
  X(BOOTSTRAP_SAMPLES, "bootstrap.samples", INT, DECODE, "1000", "40..1000000", "resamples of the texts from which a comparison of two systems tells chance from difference") \
  X(INVALID_UTF8, "invalid_utf8", CHOICE, RUNTIME, "error", "error|replace", "refuse a text that is no valid UTF-8, or take it with U+FFFD in the place of what is invalid") \
  X(CPU, "cpu", CHOICE, RUNTIME, "auto", "auto|c|avx2|avxvnni|avx512|avx512vnni|neon|neondot", "instructions to use: the best the machine has, or just these") \
  X(WEIGHTS, "weights", CHOICE, RUNTIME, "int8", "int8|f16|f32", "how seq2seq quantize stores matrices: in eight bits with a scale for each row, in half precision, or in full") \
  X(VERIFY, "verify", BOOL, RUNTIME, "yes", "yes|no", "whether a model file's checksum is verified on load") \
  X(MEMORY_LIMIT, "memory_limit", INT, RUNTIME, "0", "0..9223372036854775807", "most bytes a handle may hold; 0 for no limit")

typedef enum s2s__option_id {
#define S2S__OPTION_ID(name, key, type, scope, fallback, range, help) S2S__##name,
  S2S__OPTIONS(S2S__OPTION_ID)
#undef S2S__OPTION_ID
  S2S__OPTION_COUNT
} s2s__option_id;

typedef struct s2s__option {
  const char *key;
  int32_t type;  /* S2S_OPTION_INT ... of seq2seq.h */
  int32_t scope; /* S2S_SCOPE_MODEL ... */
  const char *fallback;
  const char *range;
  const char *help;
} s2s__option;

extern const s2s__option s2s__option_table[S2S__OPTION_COUNT];

struct s2s_options {
  s2s__host host;  /* where the values live */
  s2s__host given; /* what the host set: handles made with these options use it */
  char *value[S2S__OPTION_COUNT]; /* NULL: the default; else owned, NUL-terminated */
};

/* Index of a key, or -1. */
int32_t s2s__option_find(const char *key);

/* Checks and copies a value. S2S_BAD_OPTION names the key, what was given and what is allowed; an unknown key's message
 * names the nearest known one. value NULL puts the default back. */
int32_t s2s__options_set(s2s_options *options, const char *key, const char *value, s2s__error *error);

/* `options` may be NULL: all defaults. They cannot fail: values were checked when set. */
const char *s2s__option_text(const s2s_options *options, s2s__option_id id);
int64_t s2s__option_int(const s2s_options *options, s2s__option_id id);
size_t s2s__option_size(const s2s_options *options, s2s__option_id id); /* an INT that is never negative */
double s2s__option_real(const s2s_options *options, s2s__option_id id);
int s2s__option_bool(const s2s_options *options, s2s__option_id id);
/* Position of the value in its "a|b|c". */
int32_t s2s__option_choice(const s2s_options *options, s2s__option_id id);
int s2s__option_is_set(const s2s_options *options, s2s__option_id id);

/* What a handle made with these options (may be NULL) uses, memory_limit included. */
s2s__host s2s__options_host(const s2s_options *options);

void s2s__options_init(s2s_options *options, const s2s__host *host);
void s2s__options_clear(s2s_options *options);
/* dst (initialised, empty) becomes a copy of src (may be NULL). */
int32_t s2s__options_copy(s2s_options *dst, const s2s_options *src, s2s__error *error);
/* Lines "key = value"; blank lines and lines that begin with # are skipped. Messages name file and line. */
int32_t s2s__options_read(s2s_options *options, s2s__reader *reader, s2s__error *error);

#endif
