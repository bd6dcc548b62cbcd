#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Restaurants' attributes and descriptions (E2E NLG challenge, CC BY-SA 4.0) as pairs of texts.
#
#     sh examples/recipes/e2e_prepare.sh DATA OUT
#
# DATA holds devset.csv and testset_w_refs.csv, gzipped or not; the development set, 4,672 descriptions of 547 sets of
# attributes, is what is learnt from here. OUT gets train.tsv, dev.tsv (every twelfth set of attributes) and test.tsv:
#
#     name Blue Spice ; eatType coffee shop ; area city centre<TAB>A coffee shop in the city centre called Blue Spice .
#
# Punctuation stands in words of its own. Only POSIX tools; always the same files.
set -eu
data=${1:?folder of the E2E challenge} out=${2:?folder for results}
mkdir -p "$out"

# pairs FILE: attributes<TAB>description, of the file or its gzipped form
pairs() {
  { test -e "$data/$1" && cat "$data/$1" || gzip -dc "$data/$1.gz"; } | tr -d '\r' | awk '
    NR > 1 {
      gsub(/\t/, " ")
      # a field is quoted where it has commas or quotes in it; a quote in it stands twice
      n = 0; rest = $0
      while (n < 2) {
        if (substr(rest, 1, 1) == "\"") {
          field = ""; rest = substr(rest, 2)
          while ((at = index(rest, "\"")) && substr(rest, at + 1, 1) == "\"") { field = field substr(rest, 1, at); rest = substr(rest, at + 2) }
          field = field substr(rest, 1, at - 1); rest = substr(rest, at + 2)
        } else { at = index(rest ",", ","); field = substr(rest, 1, at - 1); rest = substr(rest, at + 1) }
        column[++n] = field
      }
      said = column[1]
      gsub(/\], /, " ; ", said); sub(/\]$/, "", said); gsub(/\[/, " ", said); gsub(/  +/, " ", said)
      text = column[2]
      gsub(/[.,;:!?()"]/, " & ", text); gsub(/  +/, " ", text); gsub(/^ | $/, "", text)
      print said "\t" text
    }'
}

pairs devset.csv | awk -F '\t' -v out="$out" '{ if (!($1 in set)) set[$1] = ++sets
  print > (out (set[$1] % 12 ? "/train.tsv" : "/dev.tsv")) }'
pairs testset_w_refs.csv >"$out/test.tsv"
