#!/bin/sh
# SPDX-License-Identifier: MIT
# How many bits a character of a text costs in tokens, each coded by how often it was seen in training (a unigram code with
# add-one smoothing): what tokens say of a text beside their number.
#
#     sh examples/recipes/bits.sh TRAIN.tokens TEXT.tokens TEXT        tokens as `seq2seq segment` writes them
set -eu
characters=$(LC_ALL=C.UTF-8 wc -m <"$3")
awk -v characters="$characters" '
  FNR == NR { for (i = 1; i <= NF; i++) { seen[$i]++; all++ } next }
  FNR == 1 { for (t in seen) types++ }
  { for (i = 1; i <= NF; i++) { tokens++; nats -= log((seen[$i] + 1) / (all + types + 1)) } }
  END { printf "%.4f bits a character, %.2f characters a token\n", nats / log(2) / characters, characters / tokens }
' "$1" "$2"
