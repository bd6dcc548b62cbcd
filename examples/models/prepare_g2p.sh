#!/bin/sh
# SPDX-License-Identifier: MIT
#
# prepare_g2p.sh PACKAGE OUTPUT: makes training data for English pronunciation from the unpacked npm package
# cmu-pronouncing-dictionary (3.0.0). README.md beside this file says what is kept and how it is split.
#
#   OUTPUT/stress/{train,dev,test}.tsv     word<TAB>phonemes, vowels with their stress: AH0, EY1
#   OUTPUT/nostress/{train,dev,test}.tsv   the same without: AH, EY
#   OUTPUT/sample/{train,dev}.tsv          4,000 and 500 words of nostress/train.tsv
set -eu
LC_ALL=C
export LC_ALL
test $# = 2 || { echo "usage: $0 PACKAGE OUTPUT" >&2; exit 2; }
package=$1 output=$2
mkdir -p "$output/stress" "$output/nostress" "$output/sample"

# Lines   "word(2)": "F OW1 N Z # note",   become   word<TAB>F OW1 N Z   where the word is of letters and apostrophes.
pairs() {
  awk -F '"' 'NF == 5 {
    word = $2; phonemes = $4
    sub(/\([0-9]+\)$/, "", word)
    sub(/ *#.*/, "", phonemes)
    if (word ~ /^[a-z\047]+$/ && word ~ /[a-z]/) print word "\t" phonemes
  }' "$package/index.js"
}

# Puts a hash of the word, from 0 to 2^31 - 2, before each line: a word falls into the same part whatever words there are.
# h starts as 1; for each character h = (48271 h + code) mod (2^31 - 1); then twice h = 48271 h mod (2^31 - 1).
hashed() {
  awk -F '\t' '
    BEGIN {
      letters = "abcdefghijklmnopqrstuvwxyz"
      code["\047"] = 39
      for (i = 1; i <= 26; i++) code[substr(letters, i, 1)] = 96 + i
    }
    {
      h = 1
      for (i = 1; i <= length($1); i++) h = (h * 48271 + code[substr($1, i, 1)]) % 2147483647
      for (i = 0; i < 2; i++) h = h * 48271 % 2147483647
      printf "%d\t%s\n", h, $0
    }'
}

# Each pronunciation of a word once, in the order of the dictionary; by the hash modulo 20: 0 test, 1 dev, the rest train.
split_into() {
  awk -F '\t' -v folder="$1" '!seen[$2, $3]++ {
    part = $1 % 20 == 0 ? "test" : $1 % 20 == 1 ? "dev" : "train"
    print $2 "\t" $3 > (folder "/" part ".tsv")
  }'
}

without_stress() { awk -F '\t' '{ gsub(/[0-9]/, "", $3); print $1 "\t" $2 "\t" $3 }'; }

# The training words with the lowest hashes: 4,000 to train on, the next 500 to judge by.
sample() {
  hashed <"$output/nostress/train.tsv" | sort -t "$(printf '\t')" -k 1,1n -k 2,2 -s |
    awk -F '\t' -v folder="$output/sample" '
      $2 != word { word = $2; words++ }
      words <= 4500 { print $2 "\t" $3 > (folder "/" (words <= 4000 ? "train" : "dev") ".tsv") }'
  for part in train dev; do sort -t "$(printf '\t')" -k 1,1 -s -o "$output/sample/$part.tsv" "$output/sample/$part.tsv"; done
}

pairs | hashed | split_into "$output/stress"
pairs | hashed | without_stress | split_into "$output/nostress"
sample

printf '%-24s %8s %8s\n' file words lines
for file in stress/train stress/dev stress/test nostress/train nostress/dev nostress/test sample/train sample/dev; do
  printf '%-24s %8d %8d\n' "$file.tsv" "$(cut -f 1 "$output/$file.tsv" | sort -u | wc -l)" "$(wc -l <"$output/$file.tsv")"
done
