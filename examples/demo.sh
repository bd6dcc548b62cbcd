#!/bin/sh
# SPDX-License-Identifier: MIT
#
# `make demo`: the shipped model pronounces English words, then a small one is trained before your eyes. Runs from the top
# of the tree, takes about a minute, and leaves its files in build/demo.
set -eu
seq2seq=build/seq2seq
shipped=examples/models/english-g2p.safetensors
train=examples/data/cmudict-sample.train.tsv
dev=examples/data/cmudict-sample.dev.tsv
work=build/demo
mkdir -p "$work"

title() { printf '\n\033[1m%s\033[0m\n' "$1"; }
test -t 1 || title() { printf '\n== %s\n' "$1"; }

# pronounce MODEL WORD...: a table of words and phonemes
pronounce() {
  model=$1
  shift
  printf '%s\n' "$@" >"$work/words"
  "$seq2seq" translate -m "$model" -i "$work/words" -o "$work/answers"
  paste "$work/words" "$work/answers" | awk -F '\t' '{ printf "  %-16s %s\n", $1, $2 }'
}

title "English words, pronounced by the shipped model"
echo "It learnt from 112,540 words of the CMU dictionary. These were not among them:"
pronounce "$shipped" diaphragm journey lingerie paleontology poltergeist thoroughfares
echo "and these are in no dictionary:"
pronounce "$shipped" blorptastic phlogistry quizzacious snorkeldom

title "More than one answer"
echo "Five ways to say 'minestrone', the likeliest first, with their scores:"
echo minestrone | "$seq2seq" translate -m "$shipped" --nbest 5 --beam 10 | cut -f 3- | sed 's/^/  /'

title "Where it looked"
echo "Each row is a phoneme; the darker a letter's cell, the more the decoder attended to it:"
echo thoroughfares | "$seq2seq" translate -m "$shipped" --attention | sed 's/^/  /'

title "Now from scratch"
echo "A small model learns from 4,000 words for half a minute. Watch the errors on 500 other words fall:"
"$seq2seq" train --train "$train" --dev "$dev" -o "$work/small.safetensors" --source-tokens chars --target-tokens words \
  --embedding-dim 64 --encoder-layers 2 --encoder-hidden 64 --decoder-layers 2 --decoder-hidden 128 \
  --batch-sentences 16 --learning-rate 0.003 --max-epochs 30 --threads 2 >"$work/results"
awk -F '\t' '
  { value[$1] = $2 }
  END {
    printf "%d updates in %.0f s, %d tokens/s; ", value["updates"], value["train_seconds"], value["tokens_per_second"]
    printf "%.1f %% of the phonemes are still wrong.\n", value["dev_token_error_rate"]
  }' "$work/results"

title "What it learnt"
pronounce "$work/small.safetensors" attention decoder demonstration quizzacious
echo
echo "Train your own: $seq2seq train --help"
