/* SPDX-License-Identifier: MIT
 *
 * Making double arrays: nodes are placed breadth first. The children of a node go where all their places are free; free
 * places of the newest blocks are in a ring that is searched, older blocks are given up, so that the time is linear.
 */
#include "text/trie.h"

#include "base/sort.h"

#include <string.h>

enum { TRIE_BLOCK = 256, TRIE_SEARCHED = 16 }; /* units of a block; blocks that are searched for free places */

#define TRIE_NONE UINT32_MAX

typedef struct trie_place {
  uint32_t before, after; /* in the ring of free places */
  uint8_t taken;          /* this unit is in use */
  uint8_t origin;         /* some node's children are counted from here: never two of the same origin */
} trie_place;

typedef struct trie_node { /* of the keys order[low..high), which are equal up to their byte `depth` */
  uint32_t low, high, depth, position;
} trie_node;

typedef struct trie_maker {
  s2s__host host;
  const char *const *key;
  const uint32_t *length, *value;
  uint32_t *order; /* keys sorted by their bytes */
  uint32_t *unit;
  trie_place *place;
  trie_node *queue;
  size_t units, unit_capacity, place_capacity, queued, queue_capacity;
  uint32_t ring; /* the first free place, or none */
} trie_maker;

/* ---- keys in order ----------------------------------------------------------------------------------------------- */

static int trie_compare(const trie_maker *m, uint32_t a, uint32_t b) {
  const uint32_t common = m->length[a] < m->length[b] ? m->length[a] : m->length[b];
  const int order = memcmp(m->key[a], m->key[b], common);
  return order != 0 || m->length[a] == m->length[b] ? order : m->length[a] < m->length[b] ? -1 : 1;
}

static int trie_before(const void *context, uint32_t a, uint32_t b) { return trie_compare(context, a, b) < 0; }

static int32_t trie_sort(trie_maker *m, size_t count, size_t *twice, s2s__error *error) {
  for (size_t i = 0; i < count; i++) m->order[i] = (uint32_t)i;
  s2s__sort(m->order, count, m->order + count, trie_before, m);
  for (size_t i = 1; i < count; i++) {
    if (trie_compare(m, m->order[i - 1], m->order[i]) != 0) continue;
    *twice = m->order[i];
    return s2s__fail(error, S2S_BAD_ARGUMENT, "a key stands twice");
  }
  return S2S_OK;
}

/* ---- free places ------------------------------------------------------------------------------------------------- */

static void trie_unlink(trie_maker *m, uint32_t at) {
  trie_place *place = m->place;
  if (place[at].after == at) {
    m->ring = TRIE_NONE;
  } else {
    place[place[at].before].after = place[at].after;
    place[place[at].after].before = place[at].before;
    if (m->ring == at) m->ring = place[at].after;
  }
}

static void trie_link(trie_maker *m, uint32_t at) {
  trie_place *place = m->place;
  if (m->ring == TRIE_NONE) {
    place[at].before = place[at].after = m->ring = at;
    return;
  }
  place[at].after = m->ring;
  place[at].before = place[m->ring].before;
  place[place[at].before].after = at;
  place[m->ring].before = at;
}

/* A new block; the one that is then too old to be searched leaves the ring. */
static int32_t trie_extend(trie_maker *m, s2s__error *error) {
  const size_t first = m->units, units = first + TRIE_BLOCK;
  S2S__TRY(s2s__grow(&m->host, &m->unit, &m->unit_capacity, units, sizeof *m->unit, error));
  S2S__TRY(s2s__grow(&m->host, &m->place, &m->place_capacity, units, sizeof *m->place, error));
  if (first >= TRIE_SEARCHED * TRIE_BLOCK)
    for (size_t i = first - TRIE_SEARCHED * TRIE_BLOCK, end = i + TRIE_BLOCK; i < end; i++)
      if (!m->place[i].taken) trie_unlink(m, (uint32_t)i);
  m->units = units;
  for (size_t i = first; i < units; i++) {
    m->unit[i] = S2S__TRIE_LEAF; /* equals no byte's label */
    m->place[i] = (trie_place){0, 0, 0, 0};
    trie_link(m, (uint32_t)i);
  }
  return S2S_OK;
}

static void trie_take(trie_maker *m, uint32_t at) {
  trie_unlink(m, at);
  m->place[at].taken = 1;
}

/* ---- nodes ------------------------------------------------------------------------------------------------------- */

/* The byte that leads from a node's key to its child; 0 where the key ends. */
static unsigned char trie_label(const trie_maker *m, size_t i, uint32_t depth) {
  const uint32_t key = m->order[i];
  return depth < m->length[key] ? (unsigned char)m->key[key][depth] : 0;
}

static size_t trie_labels(const trie_maker *m, const trie_node *node, unsigned char *label, uint32_t *first) {
  size_t count = 0;
  for (uint32_t i = node->low; i < node->high; i++) {
    const unsigned char byte = trie_label(m, i, node->depth);
    if (count > 0 && label[count - 1] == byte) continue;
    label[count] = byte;
    first[count++] = i;
  }
  first[count] = node->high;
  return count;
}

/* Whether a node's children can be counted from this origin. Far ones can only be reached at a whole block's distance.
 */
static int trie_fits(const trie_maker *m, const trie_node *node, uint32_t origin, const unsigned char *label,
                     size_t count) {
  const uint32_t distance = node->position ^ origin;
  if (m->place[origin].origin || (distance >= 1u << 21 && (distance & 0xFFu))) return 0;
  for (size_t i = 0; i < count; i++)
    if (m->place[origin ^ label[i]].taken) return 0;
  return 1;
}

static int32_t trie_origin(trie_maker *m, const trie_node *node, const unsigned char *label, size_t count,
                           uint32_t *origin, s2s__error *error) {
  for (;;) {
    uint32_t at = m->ring;
    for (int first = 1; at != TRIE_NONE && (first || at != m->ring); at = m->place[at].after, first = 0) {
      *origin = at ^ label[0];
      if (trie_fits(m, node, *origin, label, count)) return S2S_OK;
    }
    if (m->units >= 1u << 28) return s2s__fail(error, S2S_OUT_OF_MEMORY, "too many keys for a trie");
    S2S__TRY(trie_extend(m, error));
  }
}

static int32_t trie_place_children(trie_maker *m, const trie_node *node, s2s__error *error) {
  unsigned char label[256];
  uint32_t first[257], origin = 0;
  const size_t count = trie_labels(m, node, label, first);
  S2S__TRY(trie_origin(m, node, label, count, &origin, error));
  S2S__TRY(s2s__grow(&m->host, &m->queue, &m->queue_capacity, m->queued + count, sizeof *m->queue, error));
  const uint32_t distance = node->position ^ origin;
  m->place[origin].origin = 1;
  m->unit[node->position] |= distance < 1u << 21 ? distance << 10 : distance << 2 | 0x200u;
  for (size_t i = 0; i < count; i++) {
    const uint32_t child = origin ^ label[i];
    trie_take(m, child);
    m->unit[child] = label[i] ? label[i] : S2S__TRIE_LEAF | m->value[m->order[first[i]]];
    if (label[i])
      m->queue[m->queued++] = (trie_node){first[i], first[i + 1], node->depth + 1, child};
    else
      m->unit[node->position] |= 0x100u;
  }
  return S2S_OK;
}

static int32_t trie_make(trie_maker *m, size_t count, s2s__error *error) {
  S2S__TRY(trie_extend(m, error));
  S2S__TRY(s2s__grow(&m->host, &m->queue, &m->queue_capacity, 1, sizeof *m->queue, error));
  trie_take(m, S2S__TRIE_ROOT);
  m->place[S2S__TRIE_ROOT].origin = 1; /* else a byte 0 could lead to the root, whose label is 0 too */
  m->unit[S2S__TRIE_ROOT] = 0;
  m->queue[m->queued++] = (trie_node){0, (uint32_t)count, 0, S2S__TRIE_ROOT};
  for (size_t i = 0; i < m->queued; i++) {
    const trie_node node = m->queue[i]; /* the queue may move */
    S2S__TRY(trie_place_children(m, &node, error));
  }
  return S2S_OK;
}

int32_t s2s__trie_new(s2s__trie *trie, const char *const *key, const uint32_t *length, size_t count,
                      const uint32_t *value, const s2s__host *host, s2s__arena *arena, size_t *twice,
                      s2s__error *error) {
  trie_maker m = {.host = *host, .key = key, .length = length, .value = value, .ring = TRIE_NONE};
  const size_t order_size = 2 * count * sizeof *m.order;
  *trie = (s2s__trie){NULL, 0};
  if (count == 0) return S2S_OK;
  m.order = s2s__resize(host, NULL, 0, order_size);
  int32_t status = m.order ? trie_sort(&m, count, twice, error) : s2s__fail_memory(error, order_size, "a trie");
  if (status == S2S_OK) status = trie_make(&m, count, error);
  if (status == S2S_OK) {
    uint32_t *unit = S2S__TAKE(arena, uint32_t, m.units);
    if (unit)
      memcpy(unit, m.unit, m.units * sizeof *unit);
    else
      status = s2s__fail_memory(error, m.units * sizeof *unit, "a trie");
    *trie = (s2s__trie){unit, unit ? m.units : 0};
  }
  s2s__free(host, m.order, order_size);
  s2s__free(host, m.unit, m.unit_capacity * sizeof *m.unit);
  s2s__free(host, m.place, m.place_capacity * sizeof *m.place);
  s2s__free(host, m.queue, m.queue_capacity * sizeof *m.queue);
  return status;
}

/* ---- looking up -------------------------------------------------------------------------------------------------- */

int32_t s2s__trie_find(const s2s__trie *trie, const char *key, size_t length) {
  uint32_t position = S2S__TRIE_ROOT;
  if (trie->units == 0) return -1;
  for (size_t i = 0; i < length; i++)
    if (!s2s__trie_step(trie, &position, (unsigned char)key[i])) return -1;
  return s2s__trie_value(trie, position);
}

int32_t s2s__trie_longest(const s2s__trie *trie, const char *text, size_t length, size_t *matched) {
  uint32_t position = S2S__TRIE_ROOT;
  int32_t found = -1;
  if (trie->units == 0) return -1;
  for (size_t i = 0; i < length && s2s__trie_step(trie, &position, (unsigned char)text[i]); i++) {
    const int32_t value = s2s__trie_value(trie, position);
    if (value < 0) continue;
    found = value;
    *matched = i + 1;
  }
  return found;
}
