#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A small student of the Transformer that multi30k.sh has trained: learns the teacher's answers (distill.sh), is stored in eight
# bits with a lexical shortlist, and is held against the teacher: BLEU, size, and speed on one thread.
#
#     sh multi30k_student.sh OUT [de|fr]        OUT: what multi30k.sh made; MORE="--seed 2" adds options to the training
#
# Speed: the 1,000 sentences of the test greedily, one at a time and 32 at a time; models take turns for seven rounds, and the
# medians of sentences a second are printed, and of the rounds' ratios to the teacher's.
set -eu
out=${1:?what multi30k.sh made} language=${2:-de}
command=${SEQ2SEQ:-build/seq2seq}
teacher=$out/$language.transformer.safetensors
student=$out/$language.student
test -f "$teacher" || { echo "multi30k_student.sh: no $teacher: multi30k.sh makes it" >&2 && exit 2; }

STUDENT="--preset none --embedding-dim 128 --encoder-hidden 128 --decoder-hidden 256 --attention-type general
  --decoder-readout 128 --embedding-tie all --dropout 0.2 --batch-sentences 64 --max-epochs 12 --patience 0 --learning-rate 0.002
  --schedule inverse_sqrt --warmup 800 --moving-average 0.999 --clip-norm 1 --best-by bleu --bleu-tokenize none ${MORE:-}" \
  TOKENS="--source-tokens bpe:10000 --target-tokens bpe:10000" \
  sh "$(dirname "$0")/distill.sh" "$out/$language.train.tsv" "$out/$language.val.tsv" "$student" "$teacher"
"$command" quantize -m "$teacher" -o "$student/teacher.int8.safetensors"
"$command" shortlist -m "$student/student.int8.safetensors" --train "$student/distilled.tsv" \
  -o "$student/student.int8.shortlist.safetensors"
cp "$teacher" "$student/teacher.safetensors"

models="teacher teacher.int8 student student.int8 student.int8.shortlist"
uses() { case $1 in *.shortlist) echo --shortlist yes ;; esac; } # options that a model is asked with
for model in $models; do
  for beam in 1 5; do
    # shellcheck disable=SC2046
    "$command" eval -m "$student/$model.safetensors" --data "$out/$language.test_2016_flickr.tsv" --beam "$beam" \
      --bleu-tokenize none $(uses "$model") | awk -v model="$model" -v beam="$beam" '$1 == "bleu" { print model, "beam", beam, "BLEU", $2 }'
  done
  echo "$model $(wc -c <"$student/$model.safetensors") bytes"
done

# speed MODEL BATCH: sentences a second
speed() {
  # shellcheck disable=SC2046
  "$command" translate -m "$student/$1.safetensors" --beam 1 --batch "$2" --stats $(uses "$1") \
    -i "$out/$language.test_2016_flickr.en" -o "$student/answers" 2>&1 | awk '$1 == "sentences" { lines = $2 } $1 == "seconds" { print lines / $2 }'
}
for batch in 1 32; do
  for round in 1 2 3 4 5 6 7; do
    for model in $models; do echo "$round $model $(speed "$model" "$batch")"; done
  done >"$student/speed.$batch"
  for model in $models; do
    awk -v model="$model" '$2 == "teacher" { teacher = $3 } $2 == model { print $3, $3 / teacher }' "$student/speed.$batch" >"$student/turns"
    echo "$model batch $batch: $(cut -d ' ' -f 1 "$student/turns" | sort -n | sed -n 4p) sentences/s," \
      "$(cut -d ' ' -f 2 "$student/turns" | sort -n | sed -n 4p) of the teacher's"
  done
done
