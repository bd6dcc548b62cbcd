#!/bin/sh
# SPDX-License-Identifier: MIT
#
# English to German or French on Multi30k, as in docs/results.md: trains on lower-cased, tokenised text and prints BLEU of the
# test set of 2016.
#
#     sh multi30k.sh FOLDER OUT [transformer|rnn] [de|fr]
#
# FOLDER has train, val and test_2016_flickr, each with .lc.norm.tok.en and .de, or the same with .gz behind. A file that is
# there only as it was written, such as train.fr, is lower-cased and tokenised here, by perl. MORE="--seed 2" adds options to
# the training. The files made are OUT/LANGUAGE.*.
set -eu
data=${1:?a folder with the corpus} out=${2:?a folder for what is made} kind=${3:-transformer} language=${4:-de}
command=${SEQ2SEQ:-build/seq2seq}
case $language in de | fr) ;; *) echo "multi30k.sh: no language '$language': de or fr" >&2 && exit 2 ;; esac
case $kind in
transformer) options="--preset transformer-base" ;;
rnn)
  options="--preset none --embedding-dim 256 --attention-type general --decoder-readout 256 --dropout 0.5 --word-dropout 0.1
    --batch-sentences 64 --max-epochs 20 --patience 0 --learning-rate 0.002 --schedule inverse_sqrt --warmup 800
    --moving-average 0.999 --clip-norm 1" ;;
*) echo "multi30k.sh: no model '$kind': transformer or rnn" >&2 && exit 2 ;;
esac

# Lower case; marks stand alone, but for those inside of numbers and words; l'eau is l' eau; nearly as Moses does it.
tokenize() {
  perl -CSD -Mutf8 -pe '$_ = lc; s/[\x{2019}`\x{b4}]/\x27/g; s/[\x{ab}\x{bb}\x{201c}\x{201d}]|\x27\x27/"/g; s/\x{2026}/.../g;
    s/([^\w\s.,\x27-])/ $1 /g; s/([,.])(?!\d)/ $1 /g; s/(?<!\d)([,.])/ $1 /g; s/(\. +)+\. /.../g;
    s/(?<=\pL)\x27(?=\pL)/\x27 /g; s/(?<!\pL)\x27|\x27(?![\pL ])/ \x27 /g; s/[ \t]+/ /g; s/^ | (?=\n)//g'
}

# part NAME LANGUAGE: a part of the corpus, tokenised
part() {
  for file in "$data/$1.lc.norm.tok.$2" "$data/$1.$2"; do
    test -f "$file" || test -f "$file.gz" || continue
    if test -f "$file.gz"; then gzip -dc "$file.gz"; else cat "$file"; fi |
      case $file in *.tok.*) cat ;; *) tokenize ;; esac
    return
  done
  echo "multi30k.sh: neither $1.lc.norm.tok.$2 nor $1.$2 in $data, with .gz or without" >&2 && exit 1
}

mkdir -p "$out"
for set in train val test_2016_flickr; do
  part $set en >"$out/$language.$set.en"
  part $set "$language" >"$out/$language.$set.$language"
  paste "$out/$language.$set.en" "$out/$language.$set.$language" >"$out/$language.$set.tsv"
done
# shellcheck disable=SC2086
"$command" train --train "$out/$language.train.tsv" --dev "$out/$language.val.tsv" \
  --source-tokens bpe:10000 --target-tokens bpe:10000 --embedding-tie all --best-by bleu --bleu-tokenize none \
  --threads 2 $options ${MORE:-} -o "$out/$language.$kind.safetensors" --log "$out/$language.$kind.jsonl"
"$command" eval -m "$out/$language.$kind.safetensors" --data "$out/$language.test_2016_flickr.tsv" --beam 5 --bleu-tokenize none \
  --threads 2
