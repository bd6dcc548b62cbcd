#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Sequence-level knowledge distillation (Kim and Rush 2016): a small student learns what a large teacher, or an ensemble of them,
# answers to the training sources, which is more regular than what people wrote.
#
#     sh distill.sh TRAIN.tsv DEV.tsv OUT TEACHER.safetensors [TEACHER ...]
#
# STUDENT   options of the student, by default half of rnn-small
# DROP      percent of the answers that are left out, those that the teacher thinks least probable by the word; default 5
# BEAM      with which the teacher answers; default 5
# THREADS   default 2
#
# Writes OUT/distilled.tsv, OUT/student.safetensors and, for the telephone, OUT/student.int8.safetensors.
set -eu
train=${1:?training pairs} dev=${2:?dev pairs} out=${3:?a folder for what is made}
shift 3
test $# -gt 0 || { echo "distill.sh: no teacher" >&2 && exit 2; }
command=${SEQ2SEQ:-build/seq2seq}
threads=${THREADS:-2}
student=${STUDENT:---preset rnn-small --encoder-hidden 64 --decoder-hidden 128}
teachers=
for teacher; do teachers="$teachers -m $teacher"; done
mkdir -p "$out"
# shellcheck disable=SC2086
{
  cut -f 1 "$train" | sort -u >"$out/sources" # a source with several targets is asked once
  "$command" translate $teachers --beam "${BEAM:-5}" --threads "$threads" -i "$out/sources" -o "$out/answers"
  paste "$out/sources" "$out/answers" | awk -F '\t' '$1 != "" && $2 != ""' >"$out/answered.tsv" # an answer may be empty
  "$command" score $teachers --data "$out/answered.tsv" --threads "$threads" >"$out/scores"
  keep=$(($(wc -l <"$out/answered.tsv") * (100 - ${DROP:-5}) / 100))
  paste "$out/scores" "$out/answered.tsv" | awk -F '\t' -v OFS='\t' '{ print $1 / (split($3, words, " ") + 1), $2, $3 }' |
    LC_ALL=C sort -k 1,1gr | head -n "$keep" | cut -f 2- >"$out/kept.tsv"
  # what people wrote stays beside it: the teacher is not always right
  cat "$train" "$out/kept.tsv" >"$out/distilled.tsv"
  "$command" train $student --train "$out/distilled.tsv" --dev "$dev" ${TOKENS:---source-tokens chars --target-tokens words} \
    --threads "$threads" -o "$out/student.safetensors" --log "$out/student.jsonl"
  "$command" quantize -m "$out/student.safetensors" -o "$out/student.int8.safetensors"
}
