/* SPDX-License-Identifier: MIT
 *
 * See shortlist.h. Pairs are read with their targets given, a batch at a time; what each token of a target looked at is added
 * to a table of pairs of tokens, from which the strongest of each source token are kept.
 */
#include "train/shortlist.h"

#include "base/sort.h"
#include "search/decoder.h"
#include "train/dataset.h"

#include <string.h>

enum { SHORTLIST_BATCH = 64 };      /* pairs read together */
#define SHORTLIST_LEAST 0.1f        /* attention that counts as a link; less is spread over all tokens */
#define SHORTLIST_NONE UINT64_MAX   /* the key of an empty place */

/* ---- links: pairs of tokens, and how much attention there was between them --------------------------------------- */

typedef struct shortlist_link {
  uint64_t key; /* source id * target tokens + target id */
  double weight;
} shortlist_link;

typedef struct shortlist_links {
  s2s__host host;
  shortlist_link *place; /* [places] by hash, at most half full */
  size_t places, count;  /* places: a power of two, or none */
} shortlist_links;

static void links_free(shortlist_links *links) {
  s2s__free(&links->host, links->place, links->places * sizeof *links->place);
  links->place = NULL;
  links->places = links->count = 0;
}

static shortlist_link *links_find(const shortlist_links *links, uint64_t key) {
  size_t at = (size_t)(s2s__key(key, 0)) & (links->places - 1);
  while (links->place[at].key != SHORTLIST_NONE && links->place[at].key != key) at = (at + 1) & (links->places - 1);
  return &links->place[at];
}

static int32_t links_grow(shortlist_links *links, s2s__error *error) {
  shortlist_links larger = {.host = links->host, .places = links->places ? 2 * links->places : 4096, .count = links->count};
  size_t bytes;
  larger.place = s2s__multiply_fits(larger.places, sizeof *larger.place, &bytes)
                     ? s2s__allocate_zeroed(&links->host, bytes)
                     : NULL;
  if (!larger.place) return s2s__fail_memory(error, larger.places * sizeof *larger.place, "a shortlist");
  for (size_t i = 0; i < larger.places; i++) larger.place[i].key = SHORTLIST_NONE;
  for (size_t i = 0; i < links->places; i++)
    if (links->place[i].key != SHORTLIST_NONE) *links_find(&larger, links->place[i].key) = links->place[i];
  links_free(links);
  *links = larger;
  return S2S_OK;
}

static int32_t links_add(shortlist_links *links, uint64_t key, float weight, s2s__error *error) {
  if (2 * links->count >= links->places) S2S__TRY(links_grow(links, error));
  shortlist_link *link = links_find(links, key);
  if (link->key == SHORTLIST_NONE) *link = (shortlist_link){key, 0}, links->count++;
  link->weight += (double)weight;
  return S2S_OK;
}

/* The links without the empty places between them; they cannot be looked up any more. */
static void links_pack(shortlist_links *links) {
  size_t count = 0;
  for (size_t i = 0; i < links->places; i++)
    if (links->place[i].key != SHORTLIST_NONE) links->place[count++] = links->place[i];
}

/* ---- reading the pairs ------------------------------------------------------------------------------------------- */

typedef struct shortlist_learning {
  s2s__host host;
  const s2s_model *model;
  s2s_decoder *decoder;
  s2s__dataset dataset;
  s2s__arena arena; /* of a batch */
  shortlist_links links;
  size_t *times; /* [target tokens] how often each was there */
  s2s__progress progress;
  s2s__error *error;
} shortlist_learning;

/* What one target looked at, token by token. */
static int32_t learn_pair(shortlist_learning *l, size_t pair, const s2s__hypothesis *h) {
  const size_t targets = l->model->vocabulary[S2S_TARGET].size, length = s2s__dataset_length(&l->dataset, S2S_TARGET, pair);
  const size_t columns = s2s__dataset_length(&l->dataset, S2S_SOURCE, pair);
  const int32_t *source = s2s__dataset_ids(&l->dataset, S2S_SOURCE, pair);
  const int32_t *target = s2s__dataset_ids(&l->dataset, S2S_TARGET, pair);
  for (size_t t = 0; t < length; t++) {
    l->times[target[t]]++;
    for (size_t s = 0; s < columns; s++) {
      const float weight = h->alignment[t * columns + s];
      if (weight < SHORTLIST_LEAST) continue;
      S2S__TRY(links_add(&l->links, (uint64_t)source[s] * targets + (uint64_t)target[t], weight, l->error));
    }
  }
  return S2S_OK;
}

/* The targets of pairs first .. first + count - 1, each with its end mark; and their sources, one after another. */
static int32_t learn_gather(shortlist_learning *l, size_t first, size_t count, s2s__sequences *targets,
                            const int32_t **sources, size_t **lengths) {
  const s2s__dataset *d = &l->dataset;
  const size_t tokens = d->begin[S2S_TARGET][first + count] - d->begin[S2S_TARGET][first];
  int32_t *ids = S2S__TAKE(&l->arena, int32_t, tokens + count), *at = ids;
  size_t *begin = S2S__TAKE(&l->arena, size_t, count + 1);
  *lengths = S2S__TAKE(&l->arena, size_t, count);
  if (!ids || !begin || !*lengths) return s2s__fail_memory(l->error, tokens * sizeof *ids, "a batch");
  for (size_t i = 0; i < count; i++) {
    const size_t length = s2s__dataset_length(d, S2S_TARGET, first + i);
    begin[i] = (size_t)(at - ids);
    memcpy(at, s2s__dataset_ids(d, S2S_TARGET, first + i), length * sizeof *at);
    at += length;
    *at++ = S2S__EOS;
    (*lengths)[i] = s2s__dataset_length(d, S2S_SOURCE, first + i);
  }
  begin[count] = (size_t)(at - ids);
  *targets = (s2s__sequences){ids, begin, count};
  *sources = s2s__dataset_ids(d, S2S_SOURCE, first);
  return S2S_OK;
}

static int32_t learn_batch(shortlist_learning *l, size_t first, size_t count) {
  s2s_memory *memory = NULL;
  s2s_result *result = NULL;
  s2s__sequences targets;
  const int32_t *sources = NULL;
  size_t *lengths = NULL;
  atomic_int cancelled;
  s2s__request request = {.targets = &targets, .cancelled = &cancelled};
  int32_t status;
  atomic_init(&cancelled, 0);
  s2s__arena_reset(&l->arena);
  S2S__TRY(learn_gather(l, first, count, &targets, &sources, &lengths));
  S2S__TRY(s2s__memory_new(l->model, &l->host, sources, lengths, count, NULL, &l->arena, &memory, l->error));
  request.memory = memory;
  S2S__TRY_GOTO(status, s2s__result_new(&l->host, count, 1, &result, l->error), done);
  S2S__TRY_GOTO(status, s2s__decoder_search(l->decoder, &request, result, l->error), done);
  for (size_t i = 0; i < count && status == S2S_OK; i++) status = learn_pair(l, first + i, &result->text[i].item[0]);
done:
  s2s__result_free(result);
  s2s__memory_release(memory);
  return status;
}

static int32_t learn_all(shortlist_learning *l) {
  for (size_t first = 0, count; first < l->dataset.count; first += count) {
    const size_t left = l->dataset.count - first;
    count = left < SHORTLIST_BATCH ? left : SHORTLIST_BATCH;
    S2S__TRY(learn_batch(l, first, count));
    atomic_fetch_add(&l->progress.done, count);
    S2S__TRY(s2s__progress_tell(&l->progress, l->error));
  }
  return S2S_OK;
}

/* ---- keeping the best -------------------------------------------------------------------------------------------- */

static int keep_more_frequent(const void *times, uint32_t a, uint32_t b) {
  const size_t *t = times;
  return t[a] > t[b];
}

/* By source token, then the strongest first, then by target token. */
static int keep_stronger(const void *data, uint32_t a, uint32_t b) {
  const shortlist_learning *l = data;
  const shortlist_link *x = &l->links.place[a], *y = &l->links.place[b];
  const uint64_t targets = l->model->vocabulary[S2S_TARGET].size;
  if (x->key / targets != y->key / targets) return x->key < y->key;
  return x->weight > y->weight || (x->weight >= y->weight && x->key < y->key);
}

/* Numbers 0 .. count - 1 in an order, in the arena. */
static int32_t keep_sorted(shortlist_learning *l, size_t count, s2s__before_fn before, const void *data, uint32_t **order) {
  if (count > UINT32_MAX / 2) return s2s__fail(l->error, S2S_LIMIT, "a shortlist of %zu links", count);
  *order = S2S__TAKE(&l->arena, uint32_t, 2 * count + 1);
  if (!*order) return s2s__fail_memory(l->error, count * sizeof **order, "a shortlist");
  for (size_t i = 0; i < count; i++) (*order)[i] = (uint32_t)i;
  s2s__sort(*order, count, *order + count, before, data);
  return S2S_OK;
}

/* What may stand in any target: the end mark, the unknown token, and the most frequent ones. */
static int32_t keep_frequent(shortlist_learning *l, size_t frequent, uint64_t *set) {
  const size_t targets = l->model->vocabulary[S2S_TARGET].size;
  uint32_t *order;
  S2S__TRY(keep_sorted(l, targets, keep_more_frequent, l->times, &order));
  s2s__lexicon_mark(set, S2S__UNK);
  s2s__lexicon_mark(set, S2S__EOS);
  for (size_t i = 0; i < targets && i < frequent && l->times[order[i]] > 0; i++) s2s__lexicon_mark(set, (int32_t)order[i]);
  return S2S_OK;
}

/* The ids of a set, rising. */
static size_t keep_set(const uint64_t *set, size_t targets, int32_t *ids) {
  size_t count = 0;
  for (size_t id = 0; id < targets; id++)
    if (s2s__lexicon_has(set, (int32_t)id)) ids[count++] = (int32_t)id;
  return count;
}

/* The lists: of any target, then the `best` of each source token that are not in it. */
static int32_t keep_lists(shortlist_learning *l, size_t best, const uint32_t *order, uint64_t *any, uint64_t *own,
                          size_t *first, int32_t *ids) {
  const size_t sources = l->model->vocabulary[S2S_SOURCE].size, targets = l->model->vocabulary[S2S_TARGET].size;
  const size_t words = (targets + 63) / 64;
  size_t at = keep_set(any, targets, ids), link = 0;
  first[0] = 0;
  for (size_t s = 0; s < sources; s++) {
    first[s + 1] = at;
    memset(own, 0, words * sizeof *own);
    for (size_t kept = 0; link < l->links.count && l->links.place[order[link]].key / targets == s; link++) {
      const int32_t id = (int32_t)(l->links.place[order[link]].key % targets);
      if (kept == best || s2s__lexicon_has(any, id)) continue;
      s2s__lexicon_mark(own, id);
      kept++;
    }
    at += keep_set(own, targets, ids + at);
  }
  first[sources + 1] = at;
  return S2S_OK;
}

static int32_t keep_best(shortlist_learning *l, const s2s_options *options, s2s__lexicon *lexicon) {
  const size_t sources = l->model->vocabulary[S2S_SOURCE].size, targets = l->model->vocabulary[S2S_TARGET].size;
  const size_t words = (targets + 63) / 64;
  uint32_t *order;
  s2s__arena_reset(&l->arena);
  uint64_t *any = s2s__arena_take_zeroed(&l->arena, 2 * words * sizeof *any);
  size_t *first = S2S__TAKE(&l->arena, size_t, sources + 2);
  int32_t *ids = S2S__TAKE(&l->arena, int32_t, targets + l->links.count + 1);
  if (!any || !first || !ids) return s2s__fail_memory(l->error, l->links.count * sizeof *ids, "a shortlist");
  S2S__TRY(keep_frequent(l, s2s__option_size(options, S2S__SHORTLIST_FREQUENT), any));
  links_pack(&l->links);
  S2S__TRY(keep_sorted(l, l->links.count, keep_stronger, l, &order));
  S2S__TRY(keep_lists(l, s2s__option_size(options, S2S__SHORTLIST_BEST), order, any, any + words, first, ids));
  *lexicon = (s2s__lexicon){sources, targets, first, ids};
  return S2S_OK;
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static int32_t shortlist_check(const s2s_model *model, const s2s_corpus *corpus, s2s__error *error) {
  S2S__TRY(s2s__model_check_single(model, "given a shortlist", error));
  if (s2s__network_query_dim(&model->network) == 0)
    return s2s__fail(error, S2S_UNSUPPORTED, "a shortlist is learnt from attention, and the model has none");
  if (model->network.config.copy)
    return s2s__fail(error, S2S_UNSUPPORTED, "a model that copies (decoder.copy) cannot use a shortlist");
  if (corpus->count == 0) return s2s__fail(error, S2S_BAD_ARGUMENT, "a shortlist: the corpus is empty");
  return S2S_OK;
}

static int32_t shortlist_prepare(shortlist_learning *l, const s2s_corpus *corpus, const s2s_options *options) {
  s2s__search search;
  S2S__TRY(s2s__search_read(&search, NULL, l->error));
  S2S__TRY(s2s__decoder_new(l->model, &l->host, &search, &l->decoder, l->error));
  l->times = s2s__arena_take_zeroed(&l->decoder->arena, l->model->vocabulary[S2S_TARGET].size * sizeof *l->times);
  if (!l->times) return s2s__fail_memory(l->error, sizeof *l->times, "a shortlist");
  size_t most = s2s__option_size(options, S2S__MAX_TRAIN_LENGTH);
  for (int32_t side = 0; side < 2; side++) { /* a position is for the end mark */
    const size_t longest = s2s__model_longest(l->model, side);
    if (most >= longest) most = longest > 2 ? longest - 1 : 1;
  }
  return s2s__dataset_init(&l->dataset, &l->host, l->model, corpus, corpus->count, most, NULL, l->error);
}

static int32_t shortlist_run(shortlist_learning *l, const s2s_corpus *corpus, const s2s_options *options,
                             const s2s__host *given, s2s_model **with) {
  s2s__lexicon lexicon;
  const s2s__lexicon *own;
  S2S__TRY(shortlist_prepare(l, corpus, options));
  if (l->dataset.count == 0)
    return s2s__fail(l->error, S2S_BAD_ARGUMENT, "a shortlist: all %zu pairs are longer than max_train_length", corpus->count);
  l->progress = (s2s__progress){.host = &l->host, .total = l->dataset.count};
  atomic_init(&l->progress.done, 0);
  S2S__TRY(learn_all(l));
  S2S__TRY(keep_best(l, options, &lexicon));
  S2S__TRY(s2s__model_clone(l->model, given, l->model->kernels, NULL, with, l->error));
  const int32_t status = s2s__lexicon_copy(&lexicon, &(*with)->arena, &own, l->error);
  if (status != S2S_OK) {
    s2s__model_release(*with);
    return *with = NULL, status;
  }
  s2s__model_set_lexicon(*with, own);
  return S2S_OK;
}

int32_t s2s__shortlist_learn(const s2s_model *model, const s2s_corpus *corpus, const s2s_options *options,
                             s2s_model **with, s2s__error *error) {
  const s2s__host given = s2s__options_host(options);
  s2s__budget budget;
  shortlist_learning l = {.model = model, .error = error};
  *with = NULL;
  S2S__TRY(shortlist_check(model, corpus, error));
  s2s__host_own(&l.host, &given, &budget, 0);
  s2s__arena_init(&l.arena, &l.host);
  l.links.host = l.host;
  const int32_t status = s2s__name_limit(&l.host, error, shortlist_run(&l, corpus, options, &given, with));
  links_free(&l.links);
  if (l.dataset.capacity) s2s__dataset_free(&l.dataset);
  s2s__decoder_free(l.decoder);
  s2s__arena_free(&l.arena);
  return status;
}
