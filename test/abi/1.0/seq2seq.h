/* SPDX-License-Identifier: MIT
 *
 * libseq2seq: sequence-to-sequence models with attention, trained and run by one small C library.
 * This header is the whole C API and its manual. It is C99 and C++-clean.
 *
 * =====================================================================================================================
 * Introduction
 * =====================================================================================================================
 *
 * An encoder turns a source sequence of any length into states (a "memory"), an attention looks back into them at every
 * step, and a decoder writes a target sequence of any length. A model file holds the weights, the vocabularies and the
 * options they were made with, so text goes in and text comes out:
 *
 *     #include <seq2seq.h>
 *     #include <stdio.h>
 *
 *     int main(void) {
 *       const char *words[] = {"sequence", "attention"};
 *       s2s_model *model;
 *       s2s_result *result;
 *       if (s2s_model_load("english-g2p.safetensors", NULL, &model) || s2s_translate(model, NULL, words, NULL, 2, &result))
 *         return fprintf(stderr, "%s\n", s2s_error_message()), 1;
 *       for (size_t i = 0; i < 2; i++) printf("%s: %s\n", words[i], s2s_result_text(result, i, 0));
 *       s2s_result_free(result);
 *       s2s_model_free(model);
 *     }
 *
 * The page is in this order: version and status, options, translation of texts and of documents in one call, results,
 * models, segmenters, encoder, attention, decoder (beam search, then step by step), corpora, training, evaluation.
 *
 * Rules that hold for every function
 * ----------------------------------
 * Status     Functions that can fail return an int32_t status: S2S_OK (0) or one of S2S_STATUSES. After a failure
 *            s2s_error_message() has a sentence that says what was wrong and where. Outputs are the last parameters; they
 *            are written only on success, except that a handle or pointer output is set to NULL on failure. NULL where a
 *            pointer is needed is S2S_BAD_ARGUMENT, never a crash. Functions that return a value instead give NULL or 0 for
 *            a NULL handle and out of range.
 * Ownership  Whoever makes a handle frees it, with the free function of its kind; free(NULL) does nothing. Handles retain
 *            what they were made from, so they may be freed in any order. Pointers that a function hands out belong to
 *            the handle they came from and live as long as it does, unless the function says less. Inputs are borrowed
 *            for the call alone.
 * Order      Parameters come in this order: the handles, file or bytes that a call works from, options, texts and other
 *            inputs, outputs.
 * Threads    Functions that take a handle as const only read it, and any number of threads may do so at once: an s2s_model
 *            is shared by all (but see s2s_model_parameter_write), and so are results, memories, segmenters, tokens,
 *            corpora and options while nobody changes them. An encoder, attention, decoder or trainer serves one call at a
 *            time: a second one, from another thread or from a callback of the first, is S2S_BUSY, and freeing it meanwhile
 *            cancels a decoder's or trainer's call, and frees it when the call ends. The _cancel functions may be called at
 *            any time from any thread. No thread is created unless the option `threads` asks for more than one.
 * Callbacks  May call the library, with other handles as they like; what they may do with the handle that calls them is
 *            said where it is more than nothing. They return normally: no longjmp, no exception.
 * Text       UTF-8 without NUL inside, going in and coming out. Lengths in bytes go with texts; a lengths array of NULL, or
 *            none among the parameters, says that they end with NUL. NULL may be a text of length 0. One that is no valid
 *            UTF-8 is S2S_BAD_TEXT, unless the option `invalid_utf8` says that U+FFFD shall replace what is invalid in it,
 *            a NUL too. Texts that are handed out end with NUL.
 * Numbers    of enumerations (statuses, endings, events, levels, types, scopes) may be more in a newer library: what is not
 *            listed here is to be borne.
 * Memory     Through the allocator of the options a handle was made with (malloc unless set). The option `memory_limit`
 *            bounds what one handle may hold, a model's segmenters being handles of their own. A failed allocation is
 *            S2S_OUT_OF_MEMORY and leaves every handle usable.
 * Host       The library never aborts, exits, prints, reads the environment, or changes locale, signals or (after return)
 *            the floating-point mode. Its only global state is the thread-local text of s2s_error_message().
 * Same bits  For one `cpu` level a text's result is bit-identical whatever batch it is in, whatever the number of threads
 *            and however often it is run (unless `time_limit` cuts it), and training from one seed gives the same model
 *            whatever the number of threads.
 */
#ifndef SEQ2SEQ_H
#define SEQ2SEQ_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(S2S_STATIC) || !(defined(_WIN32) || defined(__GNUC__))
#define S2S_API
#elif defined(_WIN32) && defined(S2S_BUILD)
#define S2S_API __declspec(dllexport)
#elif defined(_WIN32)
#define S2S_API __declspec(dllimport)
#else
#define S2S_API __attribute__((visibility("default")))
#endif

/* =====================================================================================================================
 * Version, status, message
 * ================================================================================================================== */

#define S2S_VERSION_MAJOR 1
#define S2S_VERSION_MINOR 0
#define S2S_VERSION_PATCH 0
/* One number that grows with every version, for #if. */
#define S2S_VERSION_NUMBER (S2S_VERSION_MAJOR * 10000 + S2S_VERSION_MINOR * 100 + S2S_VERSION_PATCH)

/* "1.0.0": of the library that is linked, which may be newer than this header. Never fails. */
S2S_API const char *s2s_version(void);

/* Number that changes when a program compiled against an older header can no longer use the library (its SONAME has the
 * same number). A program that wants to be sure compares it with the S2S_VERSION_MAJOR it was compiled with. Never fails. */
S2S_API int32_t s2s_abi_version(void);

/* X(NAME, value, "what it means"). Whatever is not S2S_OK is a failure. */
#define S2S_STATUSES(X)                                                                                                \
  X(S2S_OK, 0, "success")                                                                                              \
  X(S2S_BAD_ARGUMENT, 1, "an argument is NULL, out of range or does not fit the others")                               \
  X(S2S_BAD_OPTION, 2, "an option is unknown, its value is not allowed, or options contradict each other")             \
  X(S2S_BAD_TEXT, 3, "a text is not valid UTF-8, or not in the form that was asked for")                               \
  X(S2S_BAD_FILE, 4, "a file is damaged, cut short, or not what it should be")                                         \
  X(S2S_IO, 5, "the operating system refused to open, read or write")                                                  \
  X(S2S_OUT_OF_MEMORY, 6, "no memory, or a memory limit was reached")                                                  \
  X(S2S_LIMIT, 7, "an input is longer or larger than an option allows")                                                \
  X(S2S_UNSUPPORTED, 8, "this build, machine or model cannot do it")                                                   \
  X(S2S_BUSY, 9, "the handle is in use in a way that forbids the call")                                                \
  X(S2S_CANCELLED, 10, "a cancel call or a callback asked to stop")                                                    \
  X(S2S_DIVERGED, 11, "training left the range of numbers: the loss is not finite")

enum {
#define S2S_STATUS_ENUM(name, value, text) name = value,
  S2S_STATUSES(S2S_STATUS_ENUM)
#undef S2S_STATUS_ENUM
};

/* "S2S_BAD_FILE" for S2S_BAD_FILE; "unknown status" for a number that is none. Never fails. */
S2S_API const char *s2s_status_name(int32_t status);

/* What went wrong in this thread's last call that failed: one sentence, at most 511 bytes, naming the file, line, option
 * or tensor, what was expected and what was found. "" when nothing has failed yet. It stays until the thread's next
 * failure. Never fails. */
S2S_API const char *s2s_error_message(void);

/* =====================================================================================================================
 * Options
 *
 * Every setting is a key with a text value, so that a new one never changes a function. Each has a scope:
 *   model    shapes the model; stored in its file; read when a model is created
 *   train    read by s2s_trainer_new and _resume, s2s_model_create (vocabulary.*, subword.*, preset), s2s_model_extend
 *            (vocabulary.*), s2s_model_shortlist (shortlist.*, max_train_length) and s2s_segmenter_new (subword.*)
 *   decode   read by s2s_encoder_init (max_source_length), s2s_decoder_init, s2s_translate*, s2s_score, s2s_split_document,
 *            s2s_evaluate and s2s_metric_*, and for evaluations by s2s_trainer_new; seed wherever something is drawn
 *   runtime  never stored: memory_limit and invalid_utf8 are read wherever a handle is made, cpu where a model or trainer
 *            is made, verify where a model is loaded, threads by s2s_trainer_new, s2s_evaluate, s2s_decoder_init,
 *            s2s_translate* and s2s_score, weights by s2s_model_quantize
 * A function ignores options of a scope it does not read. Where it takes options, NULL means all defaults.
 * docs/options.md lists them; the s2s_option_* functions give the same list to a program.
 * ================================================================================================================== */

typedef struct s2s_options s2s_options;

/* New options, every one at its default. Fails with S2S_OUT_OF_MEMORY. */
S2S_API int32_t s2s_options_new(s2s_options **options);
S2S_API void s2s_options_free(s2s_options *options);

/* Sets one option; the value is checked and copied. value NULL puts the default back. Yes and no may be true and false, on
 * and off, 1 and 0 as well.
 * S2S_BAD_OPTION: unknown key (the message names the nearest known one), or a value outside the option's range. */
S2S_API int32_t s2s_options_set(s2s_options *options, const char *key, const char *value);
/* The same with a number, as its text: set_real takes whole numbers for an int, and set_int and set_real 1 and 0 for yes
 * and no. */
S2S_API int32_t s2s_options_set_int(s2s_options *options, const char *key, int64_t value);
S2S_API int32_t s2s_options_set_real(s2s_options *options, const char *key, double value);

/* The value as text, the default where none was set; valid until the option is set again or the options are freed.
 * S2S_BAD_OPTION: unknown key. */
S2S_API int32_t s2s_options_get(const s2s_options *options, const char *key, const char **value);

/* Reads lines "key = value" from a file; blank lines and lines that begin with # are skipped. What stood before the line
 * that fails stays set. S2S_IO, S2S_BAD_OPTION (the message names file and line). */
S2S_API int32_t s2s_options_load(s2s_options *options, const char *path);

/* One function for all memory, as Lua's: block NULL allocates new_size bytes, new_size 0 frees, otherwise resizes; old_size
 * is what was asked for before. It returns the block, aligned for any type, or NULL when it cannot (a block to be resized
 * then stays as it was; freeing returns NULL). Handles made with these options afterwards use it until they are freed, from
 * whatever thread works for them. The options object itself uses malloc. allocate NULL puts malloc back. */
typedef void *(*s2s_allocate_fn)(void *user, void *block, size_t old_size, size_t new_size);
S2S_API int32_t s2s_options_set_allocator(s2s_options *options, s2s_allocate_fn allocate, void *user);

/* Receives what the library wants to say (never more than a line, without a line end): the preset that was taken, some options
 * that do nothing beside the others, pairs left out of training, a learning rate that falls. Called in the thread of the call. */
enum { S2S_LOG_ERROR = 0, S2S_LOG_WARNING = 1, S2S_LOG_INFO = 2 };
typedef void (*s2s_log_fn)(void *user, int32_t level, const char *message);
S2S_API int32_t s2s_options_set_log(s2s_options *options, s2s_log_fn log, void *user);

/* Called by s2s_trainer_run in its own thread: after every update (S2S_PROGRESS_UPDATE, `done` of `total` updates in this
 * epoch) and after every evaluation (S2S_PROGRESS_EVALUATED, `done` epochs of `total`, 0 where there is no end). The
 * trainer may be asked for its metrics and models, and saved, from inside. And by s2s_translate, s2s_translate_document,
 * s2s_score, s2s_decode,
 * s2s_evaluate and s2s_model_shortlist in the caller's thread whenever more texts are done (S2S_PROGRESS_TRANSLATED,
 * `done` of `total`, in the end all; s2s_evaluate counts different sources). A result other than 0 stops the call with
 * S2S_CANCELLED. */
enum { S2S_PROGRESS_UPDATE = 0, S2S_PROGRESS_EVALUATED = 1, S2S_PROGRESS_TRANSLATED = 2 };
typedef int32_t (*s2s_progress_fn)(void *user, int32_t event, int64_t done, int64_t total);
S2S_API int32_t s2s_options_set_progress(s2s_options *options, s2s_progress_fn progress, void *user);

/* The table of all options, for help texts and bindings: index 0 .. s2s_option_count() - 1. Texts are constant. Past the
 * end the texts are NULL and the numbers -1. */
enum { S2S_OPTION_INT = 0, S2S_OPTION_REAL = 1, S2S_OPTION_BOOL = 2, S2S_OPTION_CHOICE = 3, S2S_OPTION_TEXT = 4 };
enum { S2S_SCOPE_MODEL = 0, S2S_SCOPE_TRAIN = 1, S2S_SCOPE_DECODE = 2, S2S_SCOPE_RUNTIME = 3 };
S2S_API size_t s2s_option_count(void);
S2S_API const char *s2s_option_name(size_t index);    /* "encoder.hidden" */
S2S_API int32_t s2s_option_type(size_t index);        /* S2S_OPTION_INT ... */
S2S_API int32_t s2s_option_scope(size_t index);       /* S2S_SCOPE_MODEL ... */
S2S_API const char *s2s_option_default(size_t index); /* "256" */
S2S_API const char *s2s_option_range(size_t index);   /* "1..65536", "a|b|c" */
S2S_API const char *s2s_option_help(size_t index);    /* one sentence without a full stop */

/* Presets: options that go well together. Option `preset` names one, or is `auto`: then the first counts whose `pairs` is
 * more than the corpus has. It sets what is not set; `auto` chooses a model's shape only where no option of it is set
 * that might not fit the rest (attention.type, .dim and .coverage, decoder.copy and .readout, residual and layer_norm of
 * both do). `auto` also takes source.normalize nfd, where nothing is said of it, for source.tokens
 * chars when most sources have syllables of Hangul. Read by s2s_model_create and s2s_trainer_new. Past the end NULL and 0. */
S2S_API size_t s2s_preset_count(void);
S2S_API const char *s2s_preset_name(size_t index);     /* "rnn-tiny" */
S2S_API const char *s2s_preset_settings(size_t index); /* "encoder.hidden=128 decoder.hidden=256 ..." */
S2S_API size_t s2s_preset_pairs(size_t index);         /* 3000; SIZE_MAX: any number; 0: never chosen by `auto` */

/* =====================================================================================================================
 * Translation in one call: of texts, of whole documents
 * ================================================================================================================== */

typedef struct s2s_model s2s_model;
typedef struct s2s_result s2s_result;

/* Encodes, attends and decodes `count` texts (0 is allowed). texts[i] has lengths[i] bytes; lengths NULL: all end with NUL.
 * Texts are sorted by length inside and go in batches to `threads` threads; results are in the order of the texts, and bit
 * by bit what each gives alone. Reads decode and runtime options. To translate again and again keep an encoder and a
 * decoder instead: they keep their memory from call to call.
 * S2S_BAD_TEXT: a text is not UTF-8 (the message names which and the byte). S2S_LIMIT: a text has more tokens than
 * max_source_length. S2S_BAD_OPTION, and S2S_BAD_TEXT and S2S_LIMIT of the option `prefix`: as s2s_decoder_init says.
 * S2S_CANCELLED: by the progress callback. S2S_OUT_OF_MEMORY. A text without tokens gives one hypothesis with empty text,
 * no tokens and log-probability 0, whatever prefix, min_length and nbest say. */
S2S_API int32_t s2s_translate(const s2s_model *model, const s2s_options *options, const char *const *texts,
                              const size_t *lengths, size_t count, s2s_result **result);

/* The log-probability of given targets: of each pair one hypothesis, with the target's tokens, log-probability, token
 * scores, attention and links, as a search without repetition_penalty and other rules gives them. Reads decode
 * (length_penalty and the like for the score) and runtime options. A token that the target vocabulary lacks counts as the
 * unknown token. An empty target is the end mark alone.
 * S2S_BAD_TEXT: invalid UTF-8, or an empty source. S2S_LIMIT: longer than max_source_length or than the model's learned
 * positions. Messages name the pair. S2S_BAD_OPTION as s2s_decoder_init. S2S_CANCELLED: by the progress callback. */
S2S_API int32_t s2s_score(const s2s_model *model, const s2s_options *options, const char *const *sources,
                          const size_t *source_lengths, const char *const *targets, const size_t *target_lengths,
                          size_t count, s2s_result **result);

typedef struct s2s_tokens s2s_tokens;

/* The sentences of a text of `length` bytes: parts of it, in order, between which nothing but white space is left out. A
 * sentence ends at the marks that end one in the scripts of the world, but not behind an abbreviation, an initial or an
 * ordinal number, nor before a small letter (Unicode Standard Annex 29, with abbreviations of European languages), and
 * at each line end, or with document.lines `join` at the end of each paragraph: a blank line, or an indented line behind
 * it. With a model (or NULL), one of more tokens than document.max_length, max_source_length or the model's learned
 * positions is cut: best behind a comma, else between words, else between characters.
 * Each token's text is a sentence, a line end inside it having become a space; s2s_tokens_range() says where it stands.
 * Reads document.*, max_source_length and runtime options. S2S_BAD_TEXT. */
S2S_API int32_t s2s_split_document(const s2s_model *model, const s2s_options *options, const char *text, size_t length,
                                   s2s_tokens **sentences);

/* Translates such sentences and puts each into the place of its source: lines, paragraphs and other white space stay as
 * they are, but for spaces that the script of one language has between sentences and the other's has not, and for the
 * line ends that document.lines `join` takes out. s2s_tokens_text() is the whole; the tokens are the translated sentences,
 * as many as s2s_split_document() gives.
 * Reads decode and runtime options. S2S_BAD_TEXT, S2S_BAD_OPTION (as s2s_decoder_init),
 * S2S_OUT_OF_MEMORY, S2S_CANCELLED (by the progress callback). */
S2S_API int32_t s2s_translate_document(const s2s_model *model, const s2s_options *options, const char *text,
                                       size_t length, s2s_tokens **translated);

/* =====================================================================================================================
 * Results: for each text, hypotheses from the best to the worst
 *
 * `text` counts the input texts from 0, `rank` the hypotheses of a text from 0 (the best). Out of range: NULL, or 0.
 * ================================================================================================================== */

S2S_API size_t s2s_result_count(const s2s_result *result);                        /* texts */
S2S_API size_t s2s_result_hypotheses(const s2s_result *result, size_t text);      /* 1 .. nbest */
S2S_API const char *s2s_result_text(const s2s_result *result, size_t text, size_t rank); /* UTF-8, NUL-terminated */

/* What hypotheses are ranked by: the log-probability (as repetition_penalty has left it) divided by length ^
 * length_penalty, or with length_norm wu by ((5 + length) / 6) ^ length_penalty, the length counting the end mark; and what
 * coverage_penalty takes off. */
S2S_API double s2s_result_score(const s2s_result *result, size_t text, size_t rank);
/* Natural logarithm of the probability that the model gives the whole hypothesis, end mark included; of an ensemble the
 * mean of its members' (s2s_model_ensemble). */
S2S_API double s2s_result_log_probability(const s2s_result *result, size_t text, size_t rank);
/* The same of each token, in order, which adds up to it; the end mark's last where there is one. *count gets how many; it
 * may be NULL. */
S2S_API const float *s2s_result_token_scores(const s2s_result *result, size_t text, size_t rank, size_t *count);

/* How a hypothesis ended: with the end mark; cut where it had as many tokens as max_length, max_length_ratio or the model's
 * positions allow; cut because time_limit was up; or stuck, where the rules (min_length, banned words ...) left nothing
 * that could follow, or probabilities were no numbers. -1 when out of range. */
enum { S2S_ENDING_MARK = 0, S2S_ENDING_LENGTH = 1, S2S_ENDING_TIME = 2, S2S_ENDING_STUCK = 3 };
S2S_API int32_t s2s_result_ending(const s2s_result *result, size_t text, size_t rank);

/* Token ids, without begin and end mark. *count gets how many; it may be NULL. */
S2S_API const int32_t *s2s_result_tokens(const s2s_result *result, size_t text, size_t rank, size_t *count);

/* Of a model that copies (decoder.copy): ids from the size of the target vocabulary on are words of this text's own source,
 * which the vocabulary lacks. The word of such an id; NULL for others. */
S2S_API const char *s2s_result_copied(const s2s_result *result, size_t text, int32_t id);

/* Attention weights [rows, columns], row-major: row t holds the weights over the source tokens when target token t was
 * chosen; it adds up to 1. rows counts the target tokens, with one more for the end mark where the hypothesis has one
 * (it lacks it when it was cut at max_length); columns counts the source tokens, with source.eos the end mark too. NULL
 * with 0 rows when the model has no attention or the source no tokens. rows and columns may be NULL. */
S2S_API const float *s2s_result_alignment(const s2s_result *result, size_t text, size_t rank, size_t *rows,
                                          size_t *columns);

/* Where target token `token` stands in the hypothesis's text, in bytes: from *begin to before *end, as s2s_tokens_range()
 * says of a source. Where the source's stand: s2s_memory_range(). */
S2S_API void s2s_result_range(const s2s_result *result, size_t text, size_t rank, size_t token, size_t *begin, size_t *end);

/* The hard alignment: for each word of the target the word of the source that got most of the attention while it was
 * written. A word is a token of chars, graphemes or words; pieces are together one up to the next white space (Chinese,
 * Japanese, Thai and their like: each piece is one). White space and end marks are in none. s2s_result_links() is how many
 * words the target has; 0 when out of range, without attention, or for sources that were given as ids. Of link `index`,
 * source[] and target[] (may be NULL) get the word's number on its side, from 0, and its place in bytes, begin and end.
 * S2S_BAD_ARGUMENT: out of range. */
S2S_API size_t s2s_result_links(const s2s_result *result, size_t text, size_t rank);
S2S_API int32_t s2s_result_link(const s2s_result *result, size_t text, size_t rank, size_t index, size_t source[3],
                                size_t target[3]);
S2S_API void s2s_result_free(s2s_result *result);

/* =====================================================================================================================
 * Models
 * ================================================================================================================== */

typedef struct s2s_corpus s2s_corpus;

/* A new, untrained model: learns the vocabularies of both sides from the corpus and draws the parameters from `seed`.
 * Reads model options, seed, vocabulary.*, subword.*, preset, and runtime options.
 * S2S_BAD_ARGUMENT: the corpus is empty. S2S_BAD_OPTION: options contradict each other (the message names them). S2S_IO,
 * S2S_BAD_FILE: of spm:FILE. S2S_OUT_OF_MEMORY. */
S2S_API int32_t s2s_model_create(const s2s_corpus *corpus, const s2s_options *options, s2s_model **model);

/* A copy of a model which also has the tokens of a corpus that its vocabularies lack, as many as vocabulary.min_count and
 * vocabulary.max_size allow: for training on with s2s_trainer_new, on other data. Old tokens keep their ids; the new rows
 * of embeddings and output are drawn from `seed`. Pieces cover any text already, and are left as they are. A shortlist,
 * which would not know the new tokens, is left out.
 * Reads seed, vocabulary.*, and runtime options. S2S_UNSUPPORTED: an ensemble. S2S_OUT_OF_MEMORY. */
S2S_API int32_t s2s_model_extend(const s2s_model *model, const s2s_corpus *corpus, const s2s_options *options,
                                 s2s_model **extended);

/* A copy of a model whose matrices are stored as the option `weights` says: in int8, a quarter of the size, or f16, half,
 * for less memory, a smaller file and faster decoding, at a small loss of quality; or in f32 again, as what they stand for.
 * Each row of an int8 matrix has a scale, the largest size in it over 127, and each number is the nearest multiple of it;
 * what is multiplied with the matrix is rounded in the same way, row by row, as it comes. Vectors, and matrices of a single
 * row, stay in f32. Training on from it begins with the rounded numbers, in f32. Reads weights and runtime options, except
 * cpu.
 * S2S_UNSUPPORTED: an ensemble. S2S_BAD_ARGUMENT: a number beyond f16. S2S_LIMIT: a matrix too wide for int8. */
S2S_API int32_t s2s_model_quantize(const s2s_model *model, const s2s_options *options, s2s_model **quantized);

/* A copy of a model that also has a lexical shortlist (L'Hostis, Grangier and Auli 2016): for each source token the
 * shortlist.best target tokens that looked at it most, by the model's own attention, over the pairs of a corpus, best the
 * one that it was trained on; and the shortlist.frequent most frequent ones for any source. It is stored in the model's
 * file, and used by decoders whose option `shortlist` says so: what is not on the lists of a source's tokens then cannot
 * come (but a prefix can), and probabilities are shared out among what is. Pairs longer than max_train_length are left out.
 * Reads shortlist.best, shortlist.frequent, max_train_length and runtime options, except cpu; tells its progress
 * (S2S_PROGRESS_TRANSLATED).
 * S2S_UNSUPPORTED: an ensemble, a model that copies or has no attention. S2S_BAD_ARGUMENT: nothing is left of the corpus.
 * S2S_CANCELLED: by the progress callback. S2S_OUT_OF_MEMORY. */
S2S_API int32_t s2s_model_shortlist(const s2s_model *model, const s2s_corpus *corpus, const s2s_options *options,
                                    s2s_model **with);

/* Several models as one, which runs wherever a model does: all read the source, and the log-probabilities of a token are
 * the mean of theirs, not normalised again, so that they add up to less than 1 where members disagree (attention weights
 * are the mean too, where all have some, else the first member's, if it has). What the model says of itself is what the
 * first says. It retains its members, and cannot be saved, trained or extended. Reads runtime options, except cpu.
 * S2S_BAD_ARGUMENT: none, or models of different vocabularies, segmenters or cpu levels (the message says which). */
S2S_API int32_t s2s_model_ensemble(const s2s_model *const *models, size_t count, const s2s_options *options,
                                   s2s_model **ensemble);

/* The mean of the parameters of several models of one shape, best those of one training at different times (checkpoint
 * averaging, Vaswani et al. 2017): often a little better than each, at the cost of one. A new model in f32 that keeps none
 * of them. Reads runtime options, except cpu. S2S_BAD_ARGUMENT: none, an ensemble, or models of different vocabularies,
 * options of scope model, shapes or cpu levels (the message says which). */
S2S_API int32_t s2s_model_average(const s2s_model *const *models, size_t count, const s2s_options *options,
                                  s2s_model **average);

/* A model from a file, from `size` bytes in memory (borrowed for the call), or from a callback that reads the next bytes of
 * a file: read(user, bytes, size) returns how many it wrote, 0 at the end, negative on failure. Reads runtime options.
 * S2S_IO, S2S_BAD_FILE (damaged, cut short, no model of ours, of a newer format, or with a weight that is not finite: the
 * message names the byte, tensor or option), S2S_UNSUPPORTED (cpu), S2S_OUT_OF_MEMORY. */
typedef int64_t (*s2s_read_fn)(void *user, void *bytes, size_t size);
S2S_API int32_t s2s_model_load(const char *path, const s2s_options *options, s2s_model **model);
S2S_API int32_t s2s_model_load_buffer(const void *bytes, size_t size, const s2s_options *options, s2s_model **model);
S2S_API int32_t s2s_model_load_reader(s2s_read_fn read, void *user, const s2s_options *options, s2s_model **model);

/* Writes a safetensors file (docs/format.md): first under a temporary name in the same folder, then flushed and renamed, so
 * that `path` holds the old file or the new one, whole, at any moment. A symbolic link is replaced by the file. S2S_IO: the
 * message has the system's reason. S2S_UNSUPPORTED: an ensemble. */
S2S_API int32_t s2s_model_save(const s2s_model *model, const char *path);
S2S_API void s2s_model_free(s2s_model *model);

/* What the model says of itself: any model option ("encoder.cell"), "format", "parameters" (how many numbers), "weights"
 * (how matrices are stored: f32, f16, int8, or mixed), "shortlist" (how many tokens its lists have; 0 without), "cpu" (the
 * kernels in use). S2S_BAD_OPTION for a key that is none. */
S2S_API int32_t s2s_model_get(const s2s_model *model, const char *key, const char **value);

/* Vocabularies: ids 0 .. size - 1. Three are special, on both sides: the unknown token, and what begins and ends a
 * sequence, which text never produces. */
enum { S2S_SOURCE = 0, S2S_TARGET = 1 };
enum { S2S_TOKEN_UNKNOWN = 0, S2S_TOKEN_BEGIN = 1, S2S_TOKEN_END = 2 };
S2S_API size_t s2s_model_vocabulary_size(const s2s_model *model, int32_t side);
/* The token's text ("<unk>", "<s>", "</s>" for the special ones); NULL when side or id is out of range. */
S2S_API const char *s2s_model_token(const s2s_model *model, int32_t side, int32_t id);

/* Parameters by index 0 .. count - 1, in the order of the file. Names and shapes are PyTorch's
 * ("encoder.rnn.weight_ih_l0"): a vector has one dimension, a matrix two, its rows and columns. Past the end NULL and 0. */
S2S_API size_t s2s_model_parameter_count(const s2s_model *model);
S2S_API const char *s2s_model_parameter_name(const s2s_model *model, size_t index);
S2S_API size_t s2s_model_parameter_size(const s2s_model *model, size_t index); /* how many numbers */
S2S_API size_t s2s_model_parameter_dims(const s2s_model *model, size_t index); /* how many dimensions */
S2S_API size_t s2s_model_parameter_dim(const s2s_model *model, size_t index, size_t dimension); /* numbers along one */
/* Copies all values, row-major; of int8 and f16, what they stand for. `count` must be their exact number (S2S_BAD_ARGUMENT
 * otherwise). */
S2S_API int32_t s2s_model_parameter_read(const s2s_model *model, size_t index, float *values, size_t count);
/* Replaces all values, rounded where they are stored as f16 or int8. Only before the model is first used: S2S_BUSY once an
 * encoder, attention, decoder or trainer was made of it, an ensemble has it, or a call ran it. S2S_UNSUPPORTED: an
 * ensemble.
 * S2S_BAD_ARGUMENT: another count, or a value that is not finite, or beyond f16 in a model of such. */
S2S_API int32_t s2s_model_parameter_write(s2s_model *model, size_t index, const float *values, size_t count);
/* Replaces all parameters by those of a safetensors file, such as a PyTorch state_dict: exactly the model's names and
 * shapes, dtype F32, matrices also F16; metadata are not read, tensors named text.* are passed over. Needs memory for a
 * second copy meanwhile; after a failure the model is as it was. S2S_BAD_FILE names the tensor that is missing, too many or
 * of another shape or type, with what was expected and found; S2S_BUSY and S2S_UNSUPPORTED as above. */
S2S_API int32_t s2s_model_load_parameters(s2s_model *model, const char *path);

/* =====================================================================================================================
 * Segmenters: text to tokens and back, with a model or alone
 * ================================================================================================================== */

typedef struct s2s_segmenter s2s_segmenter;

/* The segmenter of a side (S2S_SOURCE, S2S_TARGET) by the options source.tokens or target.tokens, *.normalize, *.casefold
 * and subword.*: bpe and unigram learn their pieces from `count` texts (lengths as s2s_translate takes them), fewer than
 * were asked for where the texts have no more; spm:FILE reads them; the others learn nothing, and texts may be NULL with
 * count 0.
 * S2S_BAD_OPTION: fewer pieces than characters. S2S_BAD_ARGUMENT: pieces, and no texts. S2S_BAD_TEXT: a text is not UTF-8.
 * S2S_IO, S2S_BAD_FILE. S2S_UNSUPPORTED: bpe and unigram where the library was built with S2S_TRAIN=0. */
S2S_API int32_t s2s_segmenter_new(const s2s_options *options, int32_t side, const char *const *texts,
                                  const size_t *lengths, size_t count, s2s_segmenter **segmenter);
/* That of a model's side. It may be freed before or after the model. */
S2S_API int32_t s2s_segmenter_of(const s2s_model *model, int32_t side, s2s_segmenter **segmenter);
/* Writes the pieces as a SentencePiece model, as s2s_model_save writes files: spm:FILE and SentencePiece's own programs
 * read it. Normalisation by options is not in it. S2S_UNSUPPORTED: the tokens are no pieces (chars, words, graphemes).
 * S2S_IO. */
S2S_API int32_t s2s_segmenter_save(const s2s_segmenter *segmenter, const char *path);
S2S_API void s2s_segmenter_free(s2s_segmenter *segmenter);

/* The tokens of a text of `length` bytes. Many threads may use one segmenter. S2S_BAD_TEXT: it is not UTF-8. */
S2S_API int32_t s2s_segment(const s2s_segmenter *segmenter, const char *text, size_t length, s2s_tokens **tokens);
/* The text of tokens, which end with NUL: what can be undone is undone (spaces; nfd and nfkd become nfc). It is the text of
 * the result, s2s_tokens_text(), and its tokens are those that were given. S2S_BAD_TEXT: a token is not UTF-8. */
S2S_API int32_t s2s_join(const s2s_segmenter *segmenter, const char *const *tokens, size_t count, s2s_tokens **joined);

S2S_API size_t s2s_tokens_count(const s2s_tokens *tokens);
S2S_API const char *s2s_tokens_get(const s2s_tokens *tokens, size_t index); /* ends with NUL; NULL when out of range */
/* Where in the text the token stands, in bytes: from *begin to before *end (equal for all but the last token of a character
 * that was cut into bytes or taken apart; 0 and 0 when out of range). Both may be NULL. */
S2S_API void s2s_tokens_range(const s2s_tokens *tokens, size_t index, size_t *begin, size_t *end);
S2S_API const char *s2s_tokens_text(const s2s_tokens *tokens); /* the whole text, given or joined */
S2S_API void s2s_tokens_free(s2s_tokens *tokens);

/* =====================================================================================================================
 * Encoder: sequences in, memory out
 * ================================================================================================================== */

typedef struct s2s_encoder s2s_encoder;
typedef struct s2s_memory s2s_memory;

/* Reads max_source_length and runtime options. */
S2S_API int32_t s2s_encoder_init(const s2s_model *model, const s2s_options *options, s2s_encoder **encoder);

/* Encodes a batch of texts, as s2s_translate takes them. The memory is independent of the encoder and of the texts. An
 * empty text is a sequence without states. S2S_BAD_TEXT: a text is not UTF-8. S2S_LIMIT: one has more tokens than
 * max_source_length or than the model has learned positions. S2S_OUT_OF_MEMORY. S2S_BUSY. */
S2S_API int32_t s2s_encode(s2s_encoder *encoder, const char *const *texts, const size_t *lengths, size_t count,
                           s2s_memory **memory);
/* The same from token ids: lengths[i] ids of sequence i, one sequence after another. No end mark is added. lengths must not
 * be NULL. S2S_BAD_ARGUMENT: an id outside the source vocabulary (the message names it). S2S_LIMIT, S2S_OUT_OF_MEMORY,
 * S2S_BUSY as above. */
S2S_API int32_t s2s_encode_ids(s2s_encoder *encoder, const int32_t *ids, const size_t *lengths, size_t count,
                               s2s_memory **memory);
S2S_API void s2s_encoder_free(s2s_encoder *encoder);

S2S_API size_t s2s_memory_count(const s2s_memory *memory); /* sequences */
S2S_API size_t s2s_memory_dim(const s2s_memory *memory);   /* numbers in a state */
/* States of sequence `index`, [rows, dim], row-major: one row for each source token. rows may be NULL. NULL when out of
 * range. */
S2S_API const float *s2s_memory_states(const s2s_memory *memory, size_t index, size_t *rows);
/* Source token ids of sequence `index`; count may be NULL. */
S2S_API const int32_t *s2s_memory_tokens(const s2s_memory *memory, size_t index, size_t *count);
/* How many target tokens a step over this memory chooses from: the target vocabulary, and of a model that copies
 * (decoder.copy) behind it the words of its own that a sequence has, which the vocabulary lacks: as many as the sequence
 * with the most. Of sequence `index`, the word of such an id; NULL for others. Ids that were encoded copy what they stand
 * for. */
S2S_API size_t s2s_memory_target_size(const s2s_memory *memory);
S2S_API const char *s2s_memory_copied(const s2s_memory *memory, size_t index, int32_t id);
/* The text of sequence `index`, in which invalid_utf8 may have replaced bytes, and its length in bytes (may be NULL); and
 * where token `token` stands in it, from *begin to before *end. NULL, and 0 and 0, when out of range or when ids were
 * encoded. */
S2S_API const char *s2s_memory_text(const s2s_memory *memory, size_t index, size_t *length);
S2S_API void s2s_memory_range(const s2s_memory *memory, size_t index, size_t token, size_t *begin, size_t *end);
S2S_API void s2s_memory_free(s2s_memory *memory);

/* =====================================================================================================================
 * Attention: a query in, weights and context out
 * ================================================================================================================== */

typedef struct s2s_attention s2s_attention;

/* The attention of the model's decoder, for queries of one's own: of a Transformer that of its last layer, of an ensemble
 * that of its first model. Reads runtime options. S2S_UNSUPPORTED: the model has attention.type none. */
S2S_API int32_t s2s_attention_init(const s2s_model *model, const s2s_options *options, s2s_attention **attention);
/* Numbers in a query: the decoder's hidden size, or the Transformer's dim. What the decoder itself asked with, step by
 * step, s2s_decoder_query() has. 0 for NULL. */
S2S_API size_t s2s_attention_query_dim(const s2s_attention *attention);

/* For `count` queries [count, query_dim] into sequence `index` of a memory with S states: weights [count, S], each row a
 * softmax, and contexts [count, s2s_memory_dim]. With one score a state (attention.type additive, dot, general, concat) a
 * context is the sum of the states by their weights. With heads (multihead, and the Transformer) the weights are the mean
 * of the heads' and the context is what the heads' own sums become behind their output projection, bias included. With
 * attention.coverage nothing is covered yet. weights or contexts may be NULL; sums over a sequence without states are 0.
 * S2S_BAD_ARGUMENT: index out of range, a memory of another model, or a number that is not finite. S2S_OUT_OF_MEMORY.
 * S2S_BUSY. */
S2S_API int32_t s2s_attend(s2s_attention *attention, const s2s_memory *memory, size_t index, const float *queries,
                           size_t count, float *weights, float *contexts);
S2S_API void s2s_attention_free(s2s_attention *attention);

/* =====================================================================================================================
 * Decoder: memory in, sequences out
 * ================================================================================================================== */

typedef struct s2s_decoder s2s_decoder;

/* Reads decode and runtime options. S2S_BAD_OPTION: options that contradict each other (top_k without temperature,
 * min_length that leaves no room below max_length) or the model (coverage_penalty without attention, shortlist without
 * one). S2S_BAD_TEXT, S2S_LIMIT: the option `prefix`, as s2s_decoder_set_prefixes() says. */
S2S_API int32_t s2s_decoder_init(const s2s_model *model, const s2s_options *options, s2s_decoder **decoder);

/* Finds or draws targets for every sequence of the memory: greedily (beam 1), with a beam, or with temperature above 0 by
 * sampling, where a draw depends on `seed`, the source and the number of the sample alone. The sequences are sorted by
 * length and go in batches to `threads` threads. Never endless: a hypothesis ends after max_length tokens, or 10 +
 * max_length_ratio * source tokens, whichever is less; s2s_result_ending() says when that cut it. With nbest above beam the
 * beam is as wide as nbest. Once it works it ends what s2s_decoder_start began, and uses the prefixes up, also where it
 * then fails.
 * S2S_BAD_ARGUMENT: a memory of another model, or other than as many prefixes as sequences. S2S_CANCELLED: after
 * s2s_decoder_cancel, or by a callback. S2S_OUT_OF_MEMORY. S2S_BUSY. */
S2S_API int32_t s2s_decode(s2s_decoder *decoder, const s2s_memory *memory, s2s_result **result);

/* What each target of the next s2s_decode begins with: as many texts as its memory has sequences, given as to s2s_encode;
 * with count 0 none has a prefix of its own; a call that fails leaves none. They go before the option `prefix`, and before
 * all rules. They are cut as target texts are, so pieces go on with a new piece.
 * S2S_BAD_TEXT: invalid UTF-8, or a token that the target vocabulary lacks. S2S_LIMIT: no room is left below max_length.
 * S2S_BUSY. */
S2S_API int32_t s2s_decoder_set_prefixes(s2s_decoder *decoder, const char *const *texts, const size_t *lengths, size_t count);

/* Called by s2s_decode, in its own thread, after every step for each sequence that goes on: `text` of `length` bytes, NUL
 * behind it, is what its best hypothesis says by now. Its first `settled` bytes stay as they are whatever comes, and never
 * get fewer: what is new among them can be shown. `done` is not 0 in the sequence's last call, where the text is that of
 * the result. A result other than 0 stops the call with S2S_CANCELLED. While there is a callback, s2s_decode uses one
 * thread. NULL: no more calls. From inside, the decoder may be cancelled, and freed: then it goes when s2s_decode returns.
 * S2S_BUSY. */
typedef int32_t (*s2s_token_fn)(void *user, size_t sequence, const char *text, size_t length, size_t settled, int32_t done);
S2S_API int32_t s2s_decoder_on_token(s2s_decoder *decoder, s2s_token_fn on_token, void *user);

/* The same step by step, for a search of your own. start() prepares one row for each sequence of the memory, which the
 * decoder retains until another start, a decode, or its end. step() then advances n rows: row i continues row parents[i] of
 * the step before (at the first step: sequence parents[i]) with token tokens[i] (S2S_TOKEN_BEGIN at the first step), and
 * *log_probabilities [n, s2s_memory_target_size] gets each row's log-probabilities of the next token (-infinity for words
 * that the row's sequence lacks), valid until the next start, step, decode or free of this decoder. n is at most INT32_MAX.
 * A row that no later row names as parent is dropped; a row may be named several times. A step of no rows (n 0) is a step,
 * behind which there is only another start.
 * S2S_BAD_ARGUMENT: a token or parent out of range (nothing has happened: another step may be tried); step before start; a
 * memory of another model. S2S_LIMIT, more steps than the model has learned positions, and S2S_OUT_OF_MEMORY: the steps are
 * over, and start() begins anew. S2S_BUSY. A copied id that the row's sequence lacks counts as the unknown token. */
S2S_API int32_t s2s_decoder_start(s2s_decoder *decoder, const s2s_memory *memory);
S2S_API int32_t s2s_decoder_step(s2s_decoder *decoder, const int32_t *tokens, const int32_t *parents, size_t n,
                                 const float **log_probabilities);

/* What row `row` of the last step asked the memory with, a query for s2s_attend(): in Luong's order the state behind the
 * step, in Bahdanau's the one before it, of a Transformer what goes into its last layer's attention to the memory, of an
 * ensemble the first model's; *dim (may be NULL) gets how many numbers. Valid as long as the log-probabilities. NULL when
 * out of range, before the first step, without attention, and while the decoder is at work. */
S2S_API const float *s2s_decoder_query(s2s_decoder *decoder, size_t row, size_t *dim);

/* Attention weights of that row over its source tokens; *count (may be NULL) gets how many. NULL as above. */
S2S_API const float *s2s_decoder_attention(s2s_decoder *decoder, size_t row, size_t *count);

/* A decoder of the same options that stands where this one is between its steps: both go on by themselves, so a search can
 * come back to a step. (Rows of one step need no copy: name them as parents more than once.) Token callback and prefixes
 * are not copied, and the copy has attention and query from its next step on.
 * S2S_BAD_ARGUMENT: before s2s_decoder_start. S2S_OUT_OF_MEMORY. S2S_BUSY. */
S2S_API int32_t s2s_decoder_copy(s2s_decoder *decoder, s2s_decoder **copy);

/* Bytes that the decoder holds now; *peak (may be NULL) gets the most that it ever held. The option `memory_limit` bounds
 * both. It keeps what it has worked with for the next call, so texts no longer than earlier ones need nothing more. What a
 * call hands out (a result, a copy) and the model, which all its decoders share, are not in it. 0 for NULL. */
S2S_API size_t s2s_decoder_memory(const s2s_decoder *decoder, size_t *peak);

/* Makes the s2s_decode that runs, or else the next one, return S2S_CANCELLED soon. From any thread; also from a signal
 * handler. One cancel stops one call. Clearing takes back what no call has seen, so that a cancel that came too late stops
 * nothing. */
S2S_API void s2s_decoder_cancel(s2s_decoder *decoder);
S2S_API void s2s_decoder_clear_cancel(s2s_decoder *decoder);
S2S_API void s2s_decoder_free(s2s_decoder *decoder);

/* =====================================================================================================================
 * Corpora: parallel text
 *
 * A library that was built with S2S_TRAIN=0 has no training: there s2s_model_create, s2s_model_extend, s2s_model_shortlist
 * and all functions from here on that have a status fail with S2S_UNSUPPORTED; others give 0 or NULL.
 * ================================================================================================================== */

/* Reads runtime options (memory_limit, invalid_utf8). */
S2S_API int32_t s2s_corpus_new(const s2s_options *options, s2s_corpus **corpus);

/* Adds one pair; the texts are copied. S2S_BAD_TEXT: invalid UTF-8, a line break, or a side that is empty or blank. */
S2S_API int32_t s2s_corpus_add(s2s_corpus *corpus, const char *source, size_t source_length, const char *target,
                               size_t target_length);

/* Adds all pairs of a file with lines source<TAB>target, exactly one tab in each; or of two line-aligned files. A UTF-8
 * byte order mark and CRLF line ends are accepted. On failure the corpus is as it was.
 * S2S_IO; S2S_BAD_TEXT: the message names file and line (no tab, two tabs, an empty side, invalid UTF-8, files of different
 * length, an empty file). */
S2S_API int32_t s2s_corpus_load(s2s_corpus *corpus, const char *path);
S2S_API int32_t s2s_corpus_load_aligned(s2s_corpus *corpus, const char *source_path, const char *target_path);

S2S_API size_t s2s_corpus_size(const s2s_corpus *corpus); /* pairs */
/* Text of pair `index` on a side (S2S_SOURCE, S2S_TARGET), NUL-terminated; NULL when out of range. */
S2S_API const char *s2s_corpus_text(const s2s_corpus *corpus, size_t index, int32_t side);
S2S_API void s2s_corpus_free(s2s_corpus *corpus);

/* =====================================================================================================================
 * Training
 * ================================================================================================================== */

typedef struct s2s_trainer s2s_trainer;
typedef struct s2s_metrics s2s_metrics;

/* A trainer starts from a copy of `model` (which it leaves alone), learns from `corpus`, and judges itself on `dev` (NULL:
 * by the training loss), both as they are now: what is added to them later is not seen. Reads train and runtime options,
 * and for evaluations those that shape a search, but for beam (evaluate.beam), nbest, threads, shortlist and
 * max_source_length. Uses `threads` threads; their number does not change the result. Warns by the log callback where the
 * model's vocabulary has none of the tokens of a side.
 * S2S_BAD_ARGUMENT: the dev corpus is empty, or nothing is left of the corpus (all pairs longer than max_train_length or
 * than a Transformer's learned positions allow). S2S_LIMIT: some are, and long_pairs says `error`; or one of dev is longer
 * than the positions allow. S2S_UNSUPPORTED: an ensemble. S2S_OUT_OF_MEMORY. */
S2S_API int32_t s2s_trainer_new(const s2s_model *model, const s2s_corpus *corpus, const s2s_corpus *dev,
                                const s2s_options *options, s2s_trainer **trainer);

/* One update on the next batch. *loss (may be NULL) gets its smoothed cross-entropy per target token, in nats. S2S_BUSY, as
 * for all calls that change the trainer: in another thread's call, or from inside a callback of its own.
 * S2S_DIVERGED: the loss or the gradient is not finite; the parameters stay as they were before the update. */
S2S_API int32_t s2s_trainer_step(s2s_trainer *trainer, double *loss);

/* Updates, an evaluation at the end of each epoch or after every evaluate.every updates, and an end by max_epochs,
 * max_updates or patience. The best model by the dev set's figure best_by, then token error rate, then loss, is kept. Where
 * the loss leaves the range of numbers, training goes back to the best model so far at half the learning rate, and says so
 * by the log callback; eight times without an evaluation between are S2S_DIVERGED. S2S_CANCELLED: the best model so far is
 * kept too. */
S2S_API int32_t s2s_trainer_run(s2s_trainer *trainer);

/* Evaluates the present parameters on the dev set, as s2s_trainer_run does after each epoch; the figures are in the
 * metrics.
 * S2S_BAD_ARGUMENT: the trainer has no dev set. */
S2S_API int32_t s2s_trainer_evaluate(s2s_trainer *trainer);

/* The trainer's figures, live: they belong to the trainer and change as it works.
 * updates, epochs, parameters, skipped_pairs, learning_rate, loss (running mean of the epoch), train_seconds,
 * tokens_per_second (real source and target tokens), sentences_per_second, seconds_left (of the epoch); of the last
 * evaluation dev_loss, dev_perplexity, dev_token_error_rate, dev_sequence_error_rate, dev_character_error_rate, dev_bleu
 * and dev_chrf as s2s_evaluate gives them, by a beam of evaluate.beam; improved (1 when the last evaluation was the best
 * yet), best_epoch, and of the best evaluation best_dev_loss and so on; peak_memory_bytes. Those of evaluations are there
 * from the first one on. To be read by the trainer's thread: in callbacks, or between calls. */
S2S_API const s2s_metrics *s2s_trainer_metrics(const s2s_trainer *trainer);

/* A new model: the best one so far, or the present one when nothing was evaluated yet. */
S2S_API int32_t s2s_trainer_model(s2s_trainer *trainer, s2s_model **model);

/* A new model: always the present one (its moving average, where there is one), which in S2S_PROGRESS_EVALUATED is the one
 * that was judged. With keep_best N the metric `kept` is 1 when it is among the N best so far, and `dropped_update` the
 * update whose model no longer is, 0 for none: who keeps these has the N best of a training, for s2s_model_average or
 * s2s_model_ensemble. */
S2S_API int32_t s2s_trainer_present(s2s_trainer *trainer, s2s_model **model);

/* Writes a checkpoint, as s2s_model_save writes files: the present model (which s2s_model_load reads), the optimiser's
 * state, the place in the data, the best model, the options of scope train and decode. Between two calls, or inside the
 * trainer's own callbacks; so also the two functions above. S2S_BUSY: while it works for another thread. S2S_IO: the file
 * that was there is as it was, and training can go on. */
S2S_API int32_t s2s_trainer_save(s2s_trainer *trainer, const char *path);

/* The trainer that a checkpoint was written of, with the same corpora: it goes on to the very bytes that it would have come
 * to without a stop. Options that are not set in `options` are those of the checkpoint; what is set, such as a later end
 * or another rate, holds from here on. Runtime options are read as by s2s_trainer_new.
 * Another optimiser begins with states of its own. S2S_BAD_FILE: damaged, or no checkpoint. S2S_BAD_ARGUMENT: of another
 * corpus or dev set, with another model option or preset, with a moving average where it had none or the other way about,
 * inside an epoch of other batches, or after an evaluation by another best_by, bleu.tokenize or bleu.smoothing. S2S_IO. */
S2S_API int32_t s2s_trainer_resume(const char *path, const s2s_corpus *corpus, const s2s_corpus *dev,
                                   const s2s_options *options, s2s_trainer **trainer);

/* Several processes, each with a trainer of its own made from the same model, corpora, options and seed, train one model:
 * each computes its part of every batch (batch_shards / ranks of the shards: 1, 2, 4 ...), and the host's collective adds
 * them up. It is called in the trainer's thread, as often and in the same order in every process, replaces values[0..count)
 * by their sums over all processes, and returns 0; anything else is S2S_CANCELLED. For the same bytes in every process, and
 * as from one process with all the shards, it must add in a binary tree over the ranks, which any order does for two.
 * Before the first update; a later one holds from the next update on. With one rank it is never called. S2S_BAD_ARGUMENT:
 * the shards cannot be divided so, or rank is not in 0 .. ranks - 1. */
typedef int32_t (*s2s_allreduce_fn)(void *user, float *values, size_t count);
S2S_API int32_t s2s_trainer_set_allreduce(s2s_trainer *trainer, s2s_allreduce_fn allreduce, void *user, int32_t rank,
                                          int32_t ranks);

/* As s2s_decoder_cancel() and its clearing: stops the run, step or evaluation that works, or else the next one. */
S2S_API void s2s_trainer_cancel(s2s_trainer *trainer);
S2S_API void s2s_trainer_clear_cancel(s2s_trainer *trainer);
S2S_API void s2s_trainer_free(s2s_trainer *trainer);

/* =====================================================================================================================
 * Evaluation
 * ================================================================================================================== */

/* Decodes the sources of a corpus and compares. Reads decode and runtime options. Figures:
 * loss (cross-entropy per target token, end mark included, nats), perplexity (its exponential), token_error_rate (edit
 * distance over reference tokens, percent), sequence_error_rate (share of texts that equal none of their references,
 * percent), line_token_error_rate, line_sequence_error_rate (each line by itself), character_error_rate (as the token error
 * rate, of the texts' code points), bleu and chrf (0 to 100, of the texts, by sacreBLEU's definitions; bleu.tokenize and
 * bleu.smoothing set its kind), sentences, lines. Error rates over references without any token are 0.
 * S2S_BAD_ARGUMENT: the corpus is empty. S2S_BAD_OPTION as s2s_decoder_init. S2S_LIMIT: a source is longer than
 * max_source_length. S2S_CANCELLED: by the
 * progress callback.
 * Lines with equal sources are alternatives: the nearest one counts; for bleu and chrf they are several references. */
S2S_API int32_t s2s_evaluate(const s2s_model *model, const s2s_corpus *corpus, const s2s_options *options,
                             s2s_metrics **metrics);

/* Figures of `count` texts that some system wrote, against references[a * count + i]: alternative a of text i, at least one
 * each; NULL where a text has fewer than `alternatives`. Texts end with NUL. Reads seed and decode and runtime options.
 * Figures: bleu (Papineni 2002) and chrf (Popovic 2015), by sacreBLEU's definitions; token_error_rate (words between white
 * space), character_error_rate (code points), sequence_error_rate, as above; texts.
 * S2S_BAD_ARGUMENT: no texts, or one without a reference. S2S_BAD_TEXT: one is not UTF-8 (the message says which). */
S2S_API int32_t s2s_metric_texts(const s2s_options *options, const char *const *hypotheses, const char *const *references,
                                 size_t count, size_t alternatives, s2s_metrics **metrics);

/* Of two systems on the same texts, and whether they differ by more than chance: beside the figures of `hypotheses`, for
 * each NAME of them also other_NAME, NAME_difference (hypotheses less others), and from bootstrap.samples resamples of the
 * texts, both systems having the same texts in each (Koehn 2004): NAME_difference_low and _high, between which 95 % of the
 * resamples' differences are, and NAME_p_value, the share of resamples, the real one counted in, whose difference is as far
 * from the resamples' mean as the real one is from 0: how often texts like these would show such a difference if there were
 * none. */
S2S_API int32_t s2s_metric_compare(const s2s_options *options, const char *const *hypotheses, const char *const *others,
                                   const char *const *references, size_t count, size_t alternatives, s2s_metrics **metrics);

/* Figures by name or by index 0 .. count - 1. s2s_metrics_get fails with S2S_BAD_ARGUMENT for a name that is not there. */
S2S_API size_t s2s_metrics_count(const s2s_metrics *metrics);
S2S_API const char *s2s_metrics_name(const s2s_metrics *metrics, size_t index);
S2S_API double s2s_metrics_value(const s2s_metrics *metrics, size_t index);
S2S_API int32_t s2s_metrics_get(const s2s_metrics *metrics, const char *name, double *value);
/* Only for metrics from s2s_evaluate and s2s_metric_*; those of a trainer are freed with it. */
S2S_API void s2s_metrics_free(s2s_metrics *metrics);

#ifdef __cplusplus
}
#endif
#endif
