#!/bin/sh
# SPDX-License-Identifier: MIT
#
# English to German on Multi30k, as in docs/results.md: trains on the lower-cased, tokenised files of a folder and prints BLEU of
# the test set of 2016.
#
#     sh multi30k.sh FOLDER OUT [transformer|rnn]      FOLDER has train, val and test_2016_flickr .lc.norm.tok.en and .de, or
#                                                      the same with .gz behind; MORE="--seed 2" adds options
set -eu
data=${1:?a folder with the corpus} out=${2:?a folder for what is made} kind=${3:-transformer}
command=${SEQ2SEQ:-build/seq2seq}
case $kind in
transformer) options="--preset transformer-base" ;;
rnn)
  options="--preset none --embedding-dim 256 --attention-type general --decoder-readout 256 --dropout 0.5 --word-dropout 0.1
    --batch-sentences 64 --max-epochs 20 --patience 0 --learning-rate 0.002 --schedule inverse_sqrt --warmup 800
    --moving-average 0.999 --clip-norm 1" ;;
*) echo "multi30k.sh: no model '$kind': transformer or rnn" >&2 && exit 2 ;;
esac
mkdir -p "$out"
for part in train val test_2016_flickr; do
  for language in en de; do
    file=$data/$part.lc.norm.tok.$language
    if test -f "$file.gz"; then gzip -dc "$file.gz"; else cat "$file"; fi >"$out/$part.$language"
  done
done
paste "$out/test_2016_flickr.en" "$out/test_2016_flickr.de" >"$out/test.tsv"
# shellcheck disable=SC2086
"$command" train --train "$out/train.en" "$out/train.de" --dev "$out/val.en" "$out/val.de" \
  --source-tokens bpe:10000 --target-tokens bpe:10000 --embedding-tie all --best-by bleu --bleu-tokenize none \
  --threads 2 $options ${MORE:-} -o "$out/$kind.safetensors" --log "$out/$kind.jsonl"
"$command" eval -m "$out/$kind.safetensors" --data "$out/test.tsv" --beam 5 --bleu-tokenize none --threads 2
