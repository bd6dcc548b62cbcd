/* SPDX-License-Identifier: MIT
 *
 * search: what comes out beside the tokens: given targets scored as a search scores them, hard alignments and places in
 * texts, unknown words replaced, texts as they grow, decoders copied between steps; and ensembles in every kind of
 * search.
 *
 *     test_outcome [--seed N]
 */
#include "test_search.h"
#include "tiny.h"

static uint64_t seed = 20241126;

/* "3 8 99 5": n words, some of which the source vocabulary lacks. */
static void draw_text(char *text, size_t size, size_t n, uint64_t *random) {
  size_t at = 0;
  text[0] = '\0';
  for (size_t i = 0; i < n; i++) {
    const size_t word =
        fixture_below(random, 4) ? 3 + fixture_below(random, SOURCES - 3) : 90 + fixture_below(random, 9);
    at += (size_t)snprintf(text + at, size - at, "%s%zu", i ? " " : "", word);
  }
}

static s2s_result *translated(const s2s_model *model, const char *text, const char *settings) {
  s2s_options *options = fixture_options(settings);
  s2s_result *r;
  need(s2s_translate(model, options, &text, NULL, 1, &r));
  s2s_options_free(options);
  return r;
}

/* ---- scoring ----------------------------------------------------------------------------------------------------- */

static int scored_as_found(const s2s_model *model, const char *source, const s2s_result *found, size_t rank) {
  s2s_options *options = fixture_options("");
  const char *target = s2s_result_text(found, 0, rank);
  s2s_result *r;
  need(s2s_score(model, options, &source, NULL, &target, NULL, 1, &r));
  const s2s__hypothesis *a = &found->text[0].item[rank], *b = &r->text[0].item[0];
  int same = b->ending == S2S_ENDING_MARK && a->length == b->length && !strcmp(a->text, b->text);
  same = same && !memcmp(a->token_scores, b->token_scores, a->scores * sizeof *a->token_scores);
  if (a->ending == S2S_ENDING_MARK) /* one that was cut has no end mark, which a given target always has */
    same = same && a->scores == b->scores && !memcmp(&a->score, &b->score, sizeof a->score);
  if (a->alignment) same = same && !memcmp(a->alignment, b->alignment, a->rows * a->columns * sizeof *a->alignment);
  s2s_result_free(r);
  s2s_options_free(options);
  return same;
}

static void check_score(size_t shape, uint64_t *random) {
  int same = 1;
  for (size_t trial = 0; trial < 20; trial++) {
    char text[96];
    s2s_model *model = sharp_model(shape, random);
    draw_text(text, sizeof text, 1 + fixture_below(random, 6), random);
    s2s_result *found = translated(model, text, "beam 3 nbest 3 ban_unknown yes max_length 9");
    for (size_t rank = 0; rank < s2s_result_hypotheses(found, 0); rank++)
      same &= scored_as_found(model, text, found, rank);
    s2s_result_free(found);
    s2s_model_free(model);
  }
  ok(same, "model %zu: a given target has the bits that it has when it is found", shape);
}

static void check_score_many(uint64_t *random) {
  s2s_model *model = sharp_model(0, random);
  static char source[150][64], target[150][64];
  const char *sources[150], *targets[150];
  s2s_options *options = fixture_options("threads 2");
  s2s_result *all, *one;
  int same = 1;
  for (size_t i = 0; i < 150; i++) {
    draw_text(source[i], sizeof source[i], 1 + fixture_below(random, 8), random);
    draw_text(target[i], sizeof target[i], fixture_below(random, 8), random);
    sources[i] = source[i], targets[i] = target[i];
  }
  need(s2s_score(model, options, sources, NULL, targets, NULL, 150, &all));
  for (size_t i = 0; i < 150; i++) {
    need(s2s_score(model, NULL, &sources[i], NULL, &targets[i], NULL, 1, &one));
    const double a = s2s_result_log_probability(all, i, 0), b = s2s_result_log_probability(one, 0, 0);
    same &= !memcmp(&a, &b, sizeof a) && a < 0;
    s2s_result_free(one);
  }
  ok(same, "pairs by two threads, in batches, have the bits of one by one");
  s2s_result_free(all);
  sources[7] = " ", targets[9] = "\xff";
  failed(s2s_score(model, options, sources, NULL, targets, NULL, 8, &all), S2S_BAD_TEXT, "pair 7", "an empty source");
  failed(s2s_score(model, options, sources, NULL, targets, NULL, 10, &all), S2S_BAD_TEXT, "pair 7",
         "the first bad pair");
  sources[7] = "3";
  failed(s2s_score(model, options, sources, NULL, targets, NULL, 10, &all), S2S_BAD_TEXT, "pair 9",
         "a target in no UTF-8");
  targets[9] = NULL;
  failed(s2s_score(model, options, sources, NULL, targets, NULL, 10, &all), S2S_BAD_ARGUMENT, "pair 9",
         "a target of NULL");
  tiny_set(options, "max_source_length", "2");
  sources[0] = "3 4 5";
  failed(s2s_score(model, options, sources, NULL, targets, NULL, 1, &all), S2S_LIMIT, "pair 0", "a source too long");
  s2s_options_free(options);
  s2s_model_free(model);
}

/* ---- alignment --------------------------------------------------------------------------------------------------- */

/* The link of each target word goes to the source word with the most attention, and both stand where they say. */
static int links_hold(const s2s_result *r, const char *source) {
  size_t rows, columns, n;
  const float *w = s2s_result_alignment(r, 0, 0, &rows, &columns);
  const char *target = s2s_result_text(r, 0, 0);
  (void)s2s_result_tokens(r, 0, 0, &n);
  if (s2s_result_links(r, 0, 0) != n) return 0;
  for (size_t i = 0; i < n; i++) {
    size_t from[3], to[3], begin, end, best = 0;
    need(s2s_result_link(r, 0, 0, i, from, to));
    s2s_result_range(r, 0, 0, i, &begin, &end);
    for (size_t j = 1; j < columns; j++)
      if (w[i * columns + j] > w[i * columns + best]) best = j;
    if (from[0] != best || to[0] != i || begin != to[1] || end != to[2]) return 0;
    if ((to[1] && target[to[1] - 1] != ' ') || strcspn(target + to[1], " ") != to[2] - to[1]) return 0;
    if ((from[1] && source[from[1] - 1] != ' ') || strcspn(source + from[1], " ") != from[2] - from[1]) return 0;
  }
  return 1;
}

static void check_links(uint64_t *random) {
  int right = 1;
  for (size_t trial = 0; trial < 40; trial++) {
    char text[96];
    s2s_model *model = sharp_model(trial % 2 ? 3 : trial / 2 % 2, random);
    draw_text(text, sizeof text, 1 + fixture_below(random, 6), random);
    s2s_result *r = translated(model, text, "beam 2 max_length 9");
    right &= links_hold(r, text);
    s2s_result_free(r);
    s2s_model_free(model);
  }
  ok(right, "words are linked by most attention, with their places");
  s2s_model *blind = sharp_model(2, random);
  s2s_result *r = translated(blind, "3 4", "");
  is_int((int64_t)s2s_result_links(r, 0, 0), 0, "without attention there are no links");
  is_int(s2s_result_link(r, 0, 0, 0, NULL, NULL), S2S_BAD_ARGUMENT, "and none can be asked for");
  s2s_result_free(r);
  s2s_model_free(blind);
}

/* Words of pieces, of two scripts, by the weights of their tokens. */
static void check_words_of_pieces(void) {
  static const char *const texts[] = {"low lower lowest", "lower low", "\xe4\xb8\xad\xe6\x96\x87 low"};
  s2s_options *options = NULL;
  s2s_segmenter *segmenter;
  s2s__tokens tokens;
  s2s__host host;
  s2s__arena arena, scratch;
  s2s__error error;
  const s2s__link *link;
  size_t links;
  s2s__host_init(&host);
  s2s__error_clear(&error);
  s2s__arena_init(&arena, &host);
  s2s__arena_init(&scratch, &host);
  s2s__tokens_init(&tokens, &host);
  need(s2s_options_new(&options));
  need(s2s_options_set(options, "source.tokens", "bpe:16"));
  need(s2s_segmenter_new(options, S2S_SOURCE, texts, NULL, 3, &segmenter));
  const char *text = "lowest low \xe4\xb8\xad\xe6\x96\x87";
  fixture_must(s2s__segment(segmenter, text, strlen(text), NULL, &tokens, &error), &error);
  s2s__span span[32];
  float weights[32 * 32] = {0};
  for (size_t i = 0; i < tokens.count; i++) {
    span[i] = (s2s__span){tokens.item[i].begin, tokens.item[i].end};
    weights[i * tokens.count + tokens.count - 1 - i] = 1;
  }
  const s2s__aligned side = {segmenter, {text, strlen(text)}, span, tokens.count};
  fixture_must(s2s__align(&side, &side, weights, tokens.count, &arena, &scratch, &link, &links, &error), &error);
  ok(tokens.count > 4 && links == 4, "pieces are words up to white space, Chinese ones each by itself (%zu)", links);
  ok(link[0].target_span.begin == 0 && link[0].target_span.end == 6 && link[1].target_span.begin == 7 &&
         link[1].target_span.end == 10 && link[3].target_span.end == 17,
     "without the white space around them");
  ok(link[0].source > 0 && link[3].source == 0, "they are linked by what falls on all their tokens");
  s2s__tokens_free(&tokens);
  s2s__arena_free(&arena);
  s2s__arena_free(&scratch);
  s2s_segmenter_free(segmenter);
  s2s_options_free(options);
}

/* ---- unknown words ----------------------------------------------------------------------------------------------- */

static void check_unknown(uint64_t *random) {
  int right = 1, replaced = 0;
  for (size_t trial = 0; trial < 60; trial++) {
    char text[96], wanted[512] = "";
    s2s_model *model = sharp_model(trial % 2 ? 3 : 0, random);
    draw_text(text, sizeof text, 2 + fixture_below(random, 5), random);
    s2s_result *r = translated(model, text, "beam 2 max_length 9 replace_unknown yes");
    size_t n, rows, columns, at = 0;
    const int32_t *ids = s2s_result_tokens(r, 0, 0, &n);
    const float *w = s2s_result_alignment(r, 0, 0, &rows, &columns);
    for (size_t i = 0; i < n; i++) {
      size_t best = 0;
      const char *word = text;
      for (size_t j = 1; j < columns; j++)
        if (w[i * columns + j] > w[i * columns + best]) best = j;
      for (size_t j = 0; j < best; j++) word = strchr(word, ' ') + 1;
      if (ids[i]) word = s2s_model_token(model, S2S_TARGET, ids[i]);
      at += (size_t)snprintf(wanted + at, sizeof wanted - at, "%s%.*s", i ? " " : "", (int)strcspn(word, " "), word);
      replaced += !ids[i];
    }
    right &= strcmp(wanted, s2s_result_text(r, 0, 0)) == 0;
    s2s_result_free(r);
    s2s_model_free(model);
  }
  ok(right && replaced > 0, "an unknown word is written as the source word with most attention (%d)", replaced);
}

/* ---- growing texts ----------------------------------------------------------------------------------------------- */

enum { SEQUENCES = 3 };

typedef struct growth {
  char settled[SEQUENCES][512], last[SEQUENCES][512];
  size_t length[SEQUENCES], calls, stop_after;
  int done[SEQUENCES], right;
} growth;

static int32_t grow(void *user, size_t sequence, const char *text, size_t length, size_t settled, int32_t done) {
  growth *g = user;
  const size_t before = g->length[sequence];
  g->right &= !g->done[sequence] && strlen(text) == length && settled >= before && settled <= length;
  g->right &= memcmp(text, g->settled[sequence], before) == 0 && ((unsigned char)text[settled] & 0xC0) != 0x80;
  memcpy(g->settled[sequence], text, settled);
  g->length[sequence] = settled;
  g->done[sequence] = done;
  memcpy(g->last[sequence], text, length + 1);
  return ++g->calls == g->stop_after;
}

static void check_growth_of(s2s_model *model, const char *const texts[SEQUENCES], const char *settings,
                            const char *name) {
  s2s_options *options = fixture_options(settings);
  s2s_encoder *encoder;
  s2s_memory *memory;
  s2s_decoder *decoder;
  s2s_result *r, *plain;
  growth g;
  memset(&g, 0, sizeof g);
  g.right = 1;
  need(s2s_encoder_init(model, options, &encoder));
  need(s2s_encode(encoder, texts, NULL, SEQUENCES, &memory));
  need(s2s_decoder_init(model, options, &decoder));
  need(s2s_decode(decoder, memory, &plain));
  need(s2s_decoder_on_token(decoder, grow, &g));
  need(s2s_decode(decoder, memory, &r));
  for (size_t i = 0; i < SEQUENCES; i++)
    g.right &= g.done[i] && !strcmp(g.last[i], s2s_result_text(r, i, 0)) &&
               !strcmp(s2s_result_text(plain, i, 0), s2s_result_text(r, i, 0));
  ok(g.right && g.calls > SEQUENCES, "%s, %s: what is settled stays, and all is settled in the end", name, settings);
  memset(&g, 0, sizeof g);
  g.stop_after = 2;
  s2s_result_free(r);
  failed(s2s_decode(decoder, memory, &r), S2S_CANCELLED, "callback", "the callback can stop it");
  need(s2s_decoder_on_token(decoder, NULL, NULL));
  need(s2s_decode(decoder, memory, &r));
  s2s_result_free(r);
  s2s_result_free(plain);
  s2s_decoder_free(decoder);
  s2s_memory_free(memory);
  s2s_encoder_free(encoder);
  s2s_options_free(options);
}

static void check_growth(uint64_t *random) {
  static const char *const searches[] = {"beam 1 max_length 9", "beam 4 max_length 9 threads 2",
                                         "beam 3 beam_stop safe max_length 9", "temperature 1 nbest 2 max_length 9"};
  static const char *const words[SEQUENCES] = {"3 4 5", "6", "7 8 3 5"}, *const letters[SEQUENCES] = {"abc", "\xc3\xa9",
                                                                                                      "ca"};
  for (size_t s = 0; s < 4; s++) {
    s2s_model *model = sharp_model(s, random);
    bias_end(model, -1);
    check_growth_of(model, words, searches[s], "words");
    s2s_model_free(model);
  }
  for (size_t kind = 0; kind < 2; kind++) {
    s2s_options *options = tiny_options(NULL);
    tiny_set(options, kind ? "target.tokens" : "target.normalize", kind ? "bytes" : "nfd");
    for (size_t s = 0; s < 4; s++) {
      s2s_options_set_int(options, "seed", (int64_t)(40 + s));
      s2s_model *model = tiny_model(options);
      check_growth_of(model, letters, searches[s], kind ? "bytes" : "decomposed characters");
      s2s_model_free(model);
    }
    s2s_options_free(options);
  }
}

/* ---- copies of decoders ------------------------------------------------------------------------------------------ */

/* Two hypotheses walked to a fork, then each branch by a copy and by itself from the beginning. */
static void check_copy(size_t shape, uint64_t *random) {
  s2s_model *model = sharp_model(shape, random);
  const int32_t ids[5] = {3, 4, 5, 6, 7}, begin[2] = {S2S__BOS, S2S__BOS}, both[2] = {0, 1};
  const size_t lengths[2] = {2, 3};
  s2s_memory *memory = encoded(model, ids, lengths, 2);
  s2s_decoder *decoder = decoder_with(model, ""), *copy, *early;
  const float *row, *other;
  int same = 1;
  need(s2s_decoder_start(decoder, memory));
  need(s2s_decoder_copy(decoder, &early));
  need(s2s_decoder_step(decoder, begin, both, 2, &row));
  need(s2s_decoder_step(early, begin, both, 2, &other));
  same &= memcmp(row, other, 2 * TARGETS * sizeof *row) == 0;
  for (int32_t step = 0; step < 3; step++) need(s2s_decoder_step(decoder, (int32_t[]){3 + step, 4}, both, 2, &row));
  need(s2s_decoder_copy(decoder, &copy));
  need(s2s_decoder_step(decoder, (int32_t[]){6, 5}, (int32_t[]){1, 0}, 2, &row)); /* elsewhere */
  for (int32_t step = 0; step < 3; step++) {
    need(s2s_decoder_step(early, (int32_t[]){3 + step, 4}, both, 2, &other));
  }
  for (int32_t step = 0; step < 4; step++) {
    const int32_t tokens[2] = {3, 4 + step % 2}, parents[2] = {step % 2, 1};
    need(s2s_decoder_step(copy, tokens, parents, 2, &row));
    need(s2s_decoder_step(early, tokens, parents, 2, &other));
    same &= memcmp(row, other, 2 * TARGETS * sizeof *row) == 0;
    size_t n;
    const float *weights = s2s_decoder_attention(copy, 1, &n);
    same &= shape == 2 ? !weights : n == lengths[1] && fabs((double)(weights[0] + weights[1] + weights[2]) - 1) < 1e-5;
  }
  ok(same, "model %zu: a copy goes on from where it was made, as if nothing else had been", shape);
  ok(!s2s_decoder_attention(copy, 2, NULL), "model %zu: there is no attention of a row that is none", shape);
  s2s_decoder_free(early);
  s2s_decoder_free(decoder);
  s2s_decoder_free(copy);
  s2s_memory_free(memory);
  s2s_model_free(model);
}

/* ---- ensembles --------------------------------------------------------------------------------------------------- */

/* A model twice is the model, whatever the search; and others take part in it. */
static void check_ensemble(uint64_t *random) {
  static const char *const searches[] = {
      "beam 1", "beam 3 nbest 3 beam_stop safe", "beam 3 no_repeat_ngram 2 min_length 2 repetition_penalty 1.3",
      "temperature 1 top_k 4 nbest 2",
      "beam 2 replace_unknown yes coverage_penalty 0.2 length_norm wu prefix 4 banned 5"};
  int same = 1, other = 0;
  for (size_t trial = 0; trial < 20; trial++) {
    char text[96], settings[160];
    s2s_model *model = sharp_model(0, random), *second = sharp_model(0, random), *twice, *mixed;
    draw_text(text, sizeof text, 3, random);
    snprintf(settings, sizeof settings, "%s max_length 8 threads %zu", searches[trial % 5], 1 + trial % 2);
    need(s2s_model_ensemble((const s2s_model *[]){model, model}, 2, NULL, &twice));
    need(s2s_model_ensemble((const s2s_model *[]){model, second}, 2, NULL, &mixed));
    s2s_result *a = translated(model, text, settings), *b = translated(twice, text, settings);
    s2s_result *c = translated(mixed, text, settings);
    tiny_digest x = TINY_DIGEST, y = TINY_DIGEST, z = TINY_DIGEST;
    tiny_mix_result(&x, a);
    tiny_mix_result(&y, b);
    tiny_mix_result(&z, c);
    same &= x == y;
    other += x != z;
    s2s_result_free(a);
    s2s_result_free(b);
    s2s_result_free(c);
    s2s_model_free(twice);
    s2s_model_free(mixed);
    s2s_model_free(model);
    s2s_model_free(second);
  }
  ok(same, "an ensemble of a model with itself has the model's bits in every search");
  ok(other == 20, "and another model takes part in it");
}

/* A banned word of several tokens. */
static void check_banned_sequence(void) {
  s2s_options *options = tiny_options(NULL);
  const char *texts[] = {"abc", "cab", "bb"};
  int with = 0, without = 0;
  for (int64_t s = 0; s < 30; s++)
    for (int banned = 0; banned < 2; banned++) {
      s2s_result *r;
      s2s_options_set_int(options, "seed", s);
      tiny_set(options, "temperature", "1");
      tiny_set(options, "banned", banned ? "cb ab\xc3\xb6 aa" : "");
      s2s_model *model = tiny_model(options);
      need(s2s_translate(model, options, texts, NULL, 3, &r));
      for (size_t i = 0; i < 3; i++) {
        const char *text = s2s_result_text(r, i, 0);
        *(banned ? &with : &without) += strstr(text, "cb") || strstr(text, "aa");
      }
      s2s_result_free(r);
      s2s_model_free(model);
    }
  ok(with == 0 && without > 0, "banned words of several tokens do not come (%d would)", without);
  s2s_options_free(options);
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "--seed") == 0) seed = strtoull(argv[2], NULL, 0);
  diag("seed %llu, cpu %s", (unsigned long long)seed, fixture_kernels()->name);
  uint64_t random = seed;
  for (size_t shape = 0; shape < SHAPES; shape++) {
    check_score(shape, &random);
    check_copy(shape, &random);
  }
  check_score_many(&random);
  check_links(&random);
  check_words_of_pieces();
  check_unknown(&random);
  check_growth(&random);
  check_ensemble(&random);
  check_banned_sequence();
  return done();
}
