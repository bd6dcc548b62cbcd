/* SPDX-License-Identifier: MIT
 *
 * The marks that end a sentence, and what stands behind and before them.
 *
 *     He said: "See Fig. 3, please." Then ...
 *                  ^   a full stop behind an abbreviation that a number follows
 *                                 ^^ a mark, what closes with it, and then a space and no small letter: the end
 */
#include "text/sentence.h"

#include "base/utf8.h"
#include "text/unicode.h"

#include <string.h>

/* ---- characters -------------------------------------------------------------------------------------------------- */

static int sentence_among(const uint32_t *list, size_t count, uint32_t c) {
  for (size_t i = 0; i < count; i++)
    if (list[i] == c) return 1;
  return 0;
}
#define AMONG(list, c) sentence_among(list, sizeof(list) / sizeof *(list), c)

typedef enum sentence_mark {
  MARK_NONE,
  MARK_STOP,  /* a full stop or dots: also ends abbreviations, so that what stands around it counts */
  MARK_SPACE, /* ends a sentence where white space follows */
  MARK_ALWAYS /* ends it even if none does */
} sentence_mark;

static sentence_mark sentence_mark_of(uint32_t c) {
  static const uint32_t always[] = {0x0589, 0x061D, 0x061E, 0x061F, 0x06D4, 0x0700, 0x0701, 0x0964,
                                    0x0965, 0x104A, 0x104B, 0x1362, 0x1367, 0x1368, 0x166E, 0x17D4,
                                    0x17D5, 0x1803, 0x1809, 0x203C, 0x203D, 0x2047, 0x2048, 0x2049,
                                    0x3002, 0xFE52, 0xFE56, 0xFE57, 0xFF01, 0xFF0E, 0xFF1F, 0xFF61};
  if (c == '.' || c == 0x2026 || c == 0x2024) return MARK_STOP;
  if (c == '!' || c == '?') return MARK_SPACE;
  return AMONG(always, c) ? MARK_ALWAYS : MARK_NONE;
}

static int sentence_closes(uint32_t c) {
  static const uint32_t closing[] = {'"',    '\'',   ')',    ']',    '}',    0x00AB, 0x00BB, 0x2018, 0x2019, 0x201C,
                                     0x201D, 0x2039, 0x203A, 0x3009, 0x300B, 0x300D, 0x300F, 0x3011, 0x3015, 0x3017,
                                     0x301E, 0x301F, 0xFF02, 0xFF07, 0xFF09, 0xFF3D, 0xFF5D, 0xFF63};
  return AMONG(closing, c);
}

/* What may stand before the first word of a sentence. */
static int sentence_opens(uint32_t c) {
  static const uint32_t opening[] = {'"',    '\'',   '(',    '[',    '{',    '-',    '*',    0x00A1, 0x00AB, 0x00BB,
                                     0x00BF, 0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2018, 0x2019, 0x201A,
                                     0x201C, 0x201D, 0x201E, 0x2022, 0x2039, 0x203A, 0x3008, 0x300A, 0x300C, 0x300E,
                                     0x3010, 0x3014, 0x3016, 0x301D, 0xFF08, 0xFF3B, 0xFF5B, 0xFF62};
  return AMONG(opening, c);
}

static int sentence_is_hiragana(uint32_t c) { return c >= 0x3041 && c <= 0x309F; }
static int sentence_is_digit(uint32_t c) { return c >= '0' && c <= '9'; }

int s2s__is_wide(uint32_t c) {
  static const uint32_t ranges[][2] = {{0x2E80, 0x312F}, {0x3190, 0x321C},   {0x3220, 0x325F},
                                       {0x3280, 0xA4CF}, {0xF900, 0xFAFF},   {0xFE30, 0xFE4F},
                                       {0xFF00, 0xFF9F}, {0x1AFF0, 0x1B2FF}, {0x20000, 0x3FFFD}};
  for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
    if (c >= ranges[i][0] && c <= ranges[i][1]) return 1;
  return 0;
}

/* A letter that case folding makes another one. */
static int sentence_is_upper(uint32_t c) {
  uint32_t folded[3];
  if (c == 0x00B5 || c == 0x017F || c == 0x03C2) return 0; /* small letters, folded to others */
  return s2s__unicode_fold(c, folded) == 1 ? folded[0] != c : c == 0x0130 || c == 0x1E9E;
}

/* A small letter of the scripts that have capital ones: there, what case folding leaves as it is, but for what is no
 * letter, or makes two of. */
static int sentence_is_lower(uint32_t c) {
  static const uint32_t ranges[][2] = {{'a', 'z'},       {0x00DF, 0x00F6}, {0x00F8, 0x02AF}, {0x0371, 0x0373},
                                       {0x0377, 0x037D}, {0x0390, 0x0482}, {0x048A, 0x052F}, {0x0560, 0x0588},
                                       {0x1E00, 0x1FBC}, {0x1FC2, 0x1FCC}, {0x1FD0, 0x1FDB}, {0x1FE0, 0x1FEC},
                                       {0x1FF2, 0x1FFC}, {0xFF41, 0xFF5A}};
  for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
    if (c >= ranges[i][0] && c <= ranges[i][1]) return !sentence_is_upper(c);
  return 0;
}

static size_t sentence_read(const char *text, size_t length, size_t at, uint32_t *c) {
  const size_t bytes = s2s__utf8_decode(text + at, length - at, c);
  if (bytes > 0) return bytes;
  *c = 0; /* no valid text: never loop on it */
  return at < length;
}

/* The first character at or behind `at` that is neither white space nor an opening mark; 0 at the end. */
static uint32_t sentence_next(const char *text, size_t length, size_t at) {
  while (at < length) {
    uint32_t c;
    at += sentence_read(text, length, at, &c);
    if (!s2s__utf8_is_space(c) && !sentence_opens(c)) return c;
  }
  return 0;
}

/* ---- words before a full stop ------------------------------------------------------------------------------------ */

/* Abbreviations, without their last full stop. One with a capital letter counts only with a capital letter. */
static const char *const sentence_abbreviations[] = {
    /* English */
    "Mr", "Mrs", "Ms", "Messrs", "Dr", "Drs", "Prof", "Rev", "Hon", "St", "Sts", "Ste", "Jr", "Sr", "Gen", "Col", "Maj",
    "Capt", "Cpt", "Lt", "Sgt", "Cpl", "Pvt", "Cmdr", "Adm", "Gov", "Sen", "Rep", "Reps", "Pres", "Supt", "Insp", "Mt",
    "Ft", "Univ", "Dept", "vs", "cf", "viz", "approx", "al",
    /* German */
    "bzw", "evtl", "ggf", "inkl", "exkl", "zzgl", "vgl", "sog", "bspw", "Hr", "Fr", "Frl", "Hrsg", "Dipl", "Ing", "geb",
    "gest", "ehem", "mio", "mrd", "tsd", "Str", "Tel", "Abs", "Abt", "d.h", "u.a", "z.B", "i.d.R", "Chr",
    /* French */
    "MM", "Mme", "Mmes", "Mlle", "Mlles", "Mgr", "env", "p.ex",
    /* Spanish, Portuguese, Italian, Catalan */
    "Sra", "Sres", "Srta", "Sras", "Dra", "Dña", "Ud", "Uds", "Vd", "Vds", "Lic", "Arq", "Avda", "Exmo", "Exma",
    "Profa", "Sig", "Sigg", "Sig.ra", "Dott", "Dott.ssa", "Avv", "Geom", "p.ej", "aprox",
    /* Dutch, Swedish, Danish, Norwegian */
    "dhr", "mevr", "bijv", "Ir", "bl.a", "t.ex", "f.eks", "dvs", "ca", "jfr", "inkl",
    /* Polish, Czech, Slovak, Hungarian, Turkish, Vietnamese */
    "np", "tzw", "tzn", "inż", "hab", "ul", "tys", "mln", "mld", "např", "tzv", "tj", "resp", "JUDr", "MUDr", "PhDr",
    "RNDr", "nám", "pl", "ún", "Doç", "Yrd", "bkz", "örn", "ThS", "PGS",
    /* Russian, Ukrainian, Bulgarian, Greek */
    "гг", "ул", "просп", "обл", "им", "тыс", "тис", "млн", "млрд", "руб", "коп", "напр", "св", "ср", "акад", "проф",
    "доц", "вул", "π.χ", "δηλ"};

/* The same, if a number follows. */
static const char *const sentence_before_numbers[] = {
    "no",   "nos",  "nr",    "nrs", "p",    "pp",  "pg",   "pag", "pagg", "pág",  "págs", "art",  "arts", "fig",
    "figs", "eq",   "eqs",   "vol", "vols", "ch",  "chap", "cap", "sec",  "sect", "par",  "para", "ver",  "op",
    "ed",   "bd",   "bde",   "s",   "str",  "kap", "abb",  "tab", "núm",  "nº",   "blz",  "hst",  "kl",   "afl",
    "ok",   "godz", "rozdz", "sz",  "Jan",  "Feb", "Mar",  "Apr", "Jun",  "Jul",  "Aug",  "Sep",  "Sept", "Oct",
    "Okt",  "Nov",  "Dec",   "Dez", "стр",  "рис", "табл", "гл",  "см",   "σελ",  "αρ"};

/* Words that an ordinal number follows, written with a full stop in German, the Nordic and the Slavic languages. */
static const char *const sentence_before_ordinals[] = {
    "am",    "der", "die",  "das",   "den",  "dem",   "des",   "vom",   "zum",  "zur",    "im",     "ab",  "bis",
    "seit",  "und", "oder", "jeder", "jede", "jedes", "jedem", "jeden", "sein", "seinem", "seinen", "ihr", "ihrem",
    "ihren", "den", "det",  "dne",   "do",   "od",    "dnia",  "w",     "v",    "og",     "i"};

/* Whether a word is in a list: letters are compared without case, but a first capital must be one. */
static int sentence_is_word(const char *word, size_t length, const char *entry) {
  const size_t entry_length = strlen(entry);
  uint32_t first_word, first_entry;
  (void)sentence_read(word, length, 0, &first_word);
  (void)sentence_read(entry, entry_length, 0, &first_entry);
  if (sentence_is_upper(first_entry) && !sentence_is_upper(first_word)) return 0;
  size_t a = 0, b = 0;
  while (a < length && b < entry_length) {
    uint32_t c, d, folded_c[3], folded_d[3];
    a += sentence_read(word, length, a, &c);
    b += sentence_read(entry, entry_length, b, &d);
    if (s2s__unicode_fold(c, folded_c) != s2s__unicode_fold(d, folded_d) || folded_c[0] != folded_d[0]) return 0;
  }
  return a == length && b == entry_length;
}

static int sentence_in_list(const char *word, size_t length, const char *const *list, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (sentence_is_word(word, length, list[i])) return 1;
  return 0;
}
#define IN_LIST(word, length, list) sentence_in_list(word, length, list, sizeof(list) / sizeof *(list))

enum { SENTENCE_WORD_BYTES = 40 }; /* no word of interest is longer */

/* Begin of the word that ends at `end`, not before `begin`: behind white space, or what opens. */
static size_t sentence_word(const char *text, size_t begin, size_t end) {
  size_t at = end;
  while (at > begin && end - at < SENTENCE_WORD_BYTES) {
    size_t before = at - 1;
    while (before > begin && ((unsigned char)text[before] & 0xC0) == 0x80) before--;
    uint32_t c;
    (void)sentence_read(text, end, before, &c);
    if (s2s__utf8_is_space(c) || sentence_opens(c) || c == '/') break;
    at = before;
  }
  return at;
}

/* Letters with full stops between them: U.S, e.g, z.B. One letter alone is an initial. */
static int sentence_is_initials(const char *word, size_t length) {
  size_t at = 0;
  while (at < length) {
    uint32_t c;
    at += sentence_read(word, length, at, &c);
    if (!sentence_is_upper(c) && !sentence_is_lower(c)) return 0;
    if (at < length && word[at++] != '.') return 0;
  }
  return length > 0;
}

/* Initials that end a sentence more often than not: a unit behind a number, and what is Russian for "etc.". */
static int sentence_is_final(const char *text, size_t begin, size_t word, size_t stop) {
  static const char *const etc[] = {"т.д", "т. д", "т.п", "т. п"};
  for (size_t i = 0; i < sizeof etc / sizeof *etc; i++) {
    const size_t bytes = strlen(etc[i]);
    if (stop - begin >= bytes && memcmp(text + stop - bytes, etc[i], bytes) == 0) return 1;
  }
  uint32_t c;
  const size_t bytes = sentence_read(text, stop, word, &c);
  if (word + bytes < stop || !sentence_is_lower(c) || word < begin + 2) return 0;
  return text[word - 1] == ' ' && sentence_is_digit((unsigned char)text[word - 2]);
}

/* A number of one or two digits behind a word that ordinals follow, or at the begin, where it numbers what follows. */
static int sentence_is_ordinal(const char *text, size_t begin, size_t word, size_t end) {
  if (end - word > 2) return 0;
  for (size_t i = word; i < end; i++)
    if (!sentence_is_digit((unsigned char)text[i])) return 0;
  if (word == begin) return 1;
  if (text[word - 1] != ' ') return 0;
  const size_t before = sentence_word(text, begin, word - 1);
  return IN_LIST(text + before, word - 1 - before, sentence_before_ordinals);
}

/* Whether the full stop at `stop`, `next` being the first character of the next word, ends a word and not the sentence.
 */
static int sentence_is_abbreviated(const char *text, size_t begin, size_t stop, uint32_t next) {
  const size_t at = sentence_word(text, begin, stop), length = stop - at;
  const char *word = text + at;
  if (length == 0 || length >= SENTENCE_WORD_BYTES) return 0;
  if (length == 3 && (memcmp(word, "a.m", 3) == 0 || memcmp(word, "p.m", 3) == 0)) return 0;
  if (sentence_is_initials(word, length)) return !sentence_is_final(text, begin, at, stop);
  return sentence_is_ordinal(text, begin, at, stop) || IN_LIST(word, length, sentence_abbreviations) ||
         (sentence_is_digit(next) && IN_LIST(word, length, sentence_before_numbers));
}

/* ---- the end ----------------------------------------------------------------------------------------------------- */

typedef struct sentence_marks { /* a run of marks and of what closes behind them */
  size_t begin, end;
  sentence_mark strongest;
  uint32_t closing; /* the last that closes, or 0 */
  int single;       /* one full stop alone */
} sentence_marks;

static void sentence_read_marks(const char *text, size_t length, sentence_marks *m) {
  size_t at = m->begin, stops = 0;
  m->strongest = MARK_NONE;
  m->closing = 0;
  while (at < length) {
    uint32_t c;
    const size_t bytes = sentence_read(text, length, at, &c);
    const sentence_mark mark = m->closing ? MARK_NONE : sentence_mark_of(c);
    if (mark == MARK_NONE && !sentence_closes(c)) break;
    if (mark == MARK_NONE) m->closing = c;
    if (mark > m->strongest) m->strongest = mark;
    stops += mark != MARK_NONE;
    at += bytes;
  }
  m->end = at;
  m->single = stops == 1 && text[m->begin] == '.' && !m->closing;
}

static int sentence_ends_at(const char *text, size_t length, size_t begin, const sentence_marks *m) {
  if (m->end == length) return 1;
  uint32_t behind;
  (void)sentence_read(text, length, m->end, &behind);
  const int space = s2s__utf8_is_space(behind);
  if (m->strongest == MARK_ALWAYS) return space || !m->closing || !sentence_is_hiragana(behind);
  if (!space) return 0;
  const uint32_t next = sentence_next(text, length, m->end);
  if ((m->strongest == MARK_STOP || m->closing) && sentence_is_lower(next)) return 0;
  return !m->single || !sentence_is_abbreviated(text, begin, m->begin, next);
}

size_t s2s__sentence_end(const char *text, size_t length, size_t begin) {
  for (size_t at = begin; at < length;) {
    uint32_t c;
    const size_t bytes = sentence_read(text, length, at, &c);
    if (sentence_mark_of(c) == MARK_NONE) {
      at += bytes;
      continue;
    }
    sentence_marks marks = {.begin = at};
    sentence_read_marks(text, length, &marks);
    if (sentence_ends_at(text, length, begin, &marks)) return marks.end;
    at = marks.end;
  }
  while (length > begin) { /* white space at the end is not the sentence's */
    size_t last = length - 1;
    while (last > begin && ((unsigned char)text[last] & 0xC0) == 0x80) last--;
    uint32_t c;
    (void)sentence_read(text, length, last, &c);
    if (!s2s__utf8_is_space(c)) break;
    length = last;
  }
  return length;
}
