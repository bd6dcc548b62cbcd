#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Exact match by length: how many lines of each range of lengths a model answers to the letter.
#
#     sh examples/recipes/by_length.sh TEST.tsv SIDE WIDTH ANSWERS...
#
# TEST.tsv holds source<TAB>target; every file of ANSWERS one answer a line, as `seq2seq translate` writes them. Lengths are in
# words of the SIDE (1 source, 2 target), WIDTH to a range. Prints length, lines, exact match in percent of each file. For the
# mean of several runs put their answers one after another in a file, and the test's lines as many times.
set -eu
test=${1:?source and target} side=${2:?1 or 2} width=${3:?width of a range}
shift 3
paste "$test" "$@" | awk -F '\t' -v side="$side" -v width="$width" '
  { range = int((split($side, word, " ") - 1) / width); lines[range]++; if (range > last) last = range
    for (i = 3; i <= NF; i++) exact[range, i] += ("" $i == "" $2) }
  END {
    for (r = 0; r <= last; r++) if (lines[r]) {
      printf "%s\t%d", (width > 1 ? r * width + 1 "-" : "") (r + 1) * width, lines[r]
      for (i = 3; i <= NF; i++) printf "\t%.1f", 100 * exact[r, i] / lines[r]
      print ""
    }
  }'
