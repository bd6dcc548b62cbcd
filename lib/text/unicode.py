#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the tables of unicode.c from the Unicode Character Database.

    python3 lib/text/unicode.py FOLDER > lib/text/unicode_tables.h

FOLDER holds UnicodeData.txt, CompositionExclusions.txt, CaseFolding.txt, auxiliary/GraphemeBreakProperty.txt and
emoji/emoji-data.txt, as Debian's package unicode-data has them.
"""
import os
import re
import sys

folder = sys.argv[1]
BREAKS = ["Other", "CR", "LF", "Control", "Extend", "ZWJ", "Regional_Indicator", "Prepend", "SpacingMark", "L", "V", "T",
          "Pictographic"]  # in the order of s2s__unicode_break; LV and LVT come from arithmetic


def lines(name):
    for line in open(os.path.join(folder, name), encoding="utf-8"):
        line = line.split("#")[0].strip()
        if line:
            yield [field.strip() for field in line.split(";")]


def span(text):
    first, _, last = text.partition("..")
    return range(int(first, 16), int(last or first, 16) + 1)


def units(points):
    """UTF-16, so that most characters take one unit."""
    data = "".join(map(chr, points)).encode("utf-16-be", "surrogatepass")
    return [data[i] << 8 | data[i + 1] for i in range(0, len(data), 2)]


def array(kind, name, numbers):
    print(f"\nstatic const {kind} {name}[] = {{")
    row = "   "
    for number in numbers:
        text = f" {number},"
        if len(row) + len(text) > 120:
            print(row)
            row = "   "
        row += text
    print(row + "\n};")


# ---- UnicodeData: combining classes, decompositions -----------------------------------------------------------------

classes, mapping, canonical = {}, {}, {}
for field in lines("UnicodeData.txt"):
    point = int(field[0], 16)
    if int(field[3]):
        classes[point] = int(field[3])
    if field[5]:
        canonical[point] = not field[5].startswith("<")
        mapping[point] = [int(p, 16) for p in re.sub(r"<.*?>", "", field[5]).split()]

# Characters that are decomposed stand in stretches without a gap: where one begins, and how many are before it.
# A place in the pool: bit 15 canonical; bit 14: the units there are preceded by their number (else they are two when
# canonical, one when not).
pool, places = [], {}


def place(point):
    is_canonical, text = canonical[point], units(mapping[point])
    headed = len(text) != (2 if is_canonical else 1)
    if headed:
        text = [len(text)] + text
    key = tuple(text)
    if key not in places:
        for i in range(len(pool) - len(text) + 1):
            if pool[i:i + len(text)] == text:
                places[key] = i
                break
        else:
            places[key] = len(pool)
            pool.extend(text)
    assert places[key] < 1 << 14
    return (1 << 15 if is_canonical else 0) | (1 << 14 if headed else 0) | places[key]


points = sorted(mapping)
excluded = {int(f[0], 16) for f in lines("CompositionExclusions.txt")}
composed = [i for i, p in enumerate(points)
            if canonical[p] and len(mapping[p]) == 2 and p not in excluded
            and p not in classes and mapping[p][0] not in classes]
composed.sort(key=lambda i: mapping[points[i]])


def runs(values, default):
    """(first << 8 | value) for every stretch of equal values."""
    out, before = [], default
    for point in range(0x110000):
        value = values.get(point, default)
        if value != before:
            out.append(point << 8 | value)
        before = value
    return out


# ---- case folding: stretches of characters, every one or every second, that move by the same distance ---------------

folded, long_folded = {}, []
for field in lines("CaseFolding.txt"):
    if field[1] == "C":
        folded[int(field[0], 16)] = int(field[2], 16) - int(field[0], 16)
    elif field[1] == "F":
        long_folded.append((int(field[0], 16), [int(p, 16) for p in field[2].split()]))
stretches = []  # first, last, step, distance
for point in sorted(folded):
    if stretches:
        first, last, step, distance = stretches[-1]
        gap = point - last
        if distance == folded[point] and (gap == step or (first == last and gap in (1, 2))):
            stretches[-1] = (first, point, gap, distance)
            continue
    stretches.append((point, point, 1, folded[point]))

# ---- grapheme clusters ----------------------------------------------------------------------------------------------

breaks = {}
for field in lines("emoji/emoji-data.txt"):
    if field[1] == "Extended_Pictographic":
        breaks.update((p, BREAKS.index("Pictographic")) for p in span(field[0]))
for field in lines("auxiliary/GraphemeBreakProperty.txt"):
    if field[1] not in ("LV", "LVT"):
        breaks.update((p, BREAKS.index(field[1])) for p in span(field[0]))

version = open(os.path.join(folder, "CaseFolding.txt"), encoding="utf-8").readline().split("-")[1].replace(".txt", "")
print(f"""/* SPDX-License-Identifier: MIT
 *
 * Tables of Unicode {version.strip()}, written by unicode.py; what they mean is said there and in unicode.c.
 */
/* clang-format off */""")
starts = [i for i, p in enumerate(points) if i == 0 or points[i - 1] != p - 1]
array("uint32_t", "unicode_first", [points[i] for i in starts])
array("uint16_t", "unicode_index", starts + [len(points)])
array("uint16_t", "unicode_place", [place(p) for p in points])
array("uint16_t", "unicode_pool", pool)
array("uint16_t", "unicode_composed", composed)
array("uint32_t", "unicode_classes", runs(classes, 0))
array("uint32_t", "unicode_breaks", runs(breaks, 0))
array("unicode_stretch", "unicode_folds", [f"{{{a}, {b - a}, {step}, {d}}}" for a, b, step, d in stretches])
array("unicode_long_fold", "unicode_long_folds",
      [f"{{{p}, {{{', '.join(map(str, (t + [0, 0])[:3]))}}}}}" for p, t in long_folded])
print("/* clang-format on */")
