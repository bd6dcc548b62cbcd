#!/bin/sh
# SPDX-License-Identifier: MIT
#
# SCAN (Lake and Baroni 2018), commands to actions: exact match with and without attention on its splits.
#
#     sh examples/recipes/scan.sh DATA OUT [SPLIT...]
#
# DATA holds tasks_train_SPLIT.txt and tasks_test_SPLIT.txt of the SCAN repository, gzipped or not. Each SPLIT (simple
# length addprim_turn_left) is trained from SEEDS ("1 2 3") for each of ATTENTIONS ("general none"); every tenth training
# line is held out to choose the best epoch by. MORE has further options. Prints split, attention, seed, exact match in
# percent; OUT keeps models and logs.
set -eu
data=${1:?folder of SCAN} out=${2:?folder for results}
shift 2
test $# -gt 0 || set -- simple length addprim_turn_left
command=${COMMAND:-build/seq2seq}
mkdir -p "$out"

# lines SPLIT PART: command<TAB>actions
lines() {
  file=$data/tasks_$2_$1.txt
  { test -e "$file" && cat "$file" || gzip -dc "$file.gz"; } | sed 's/^IN: //; s/ OUT: /\t/'
}

for split; do
  lines "$split" train | awk 'NR % 10' >"$out/$split.train.tsv"
  lines "$split" train | awk 'NR % 10 == 0' >"$out/$split.dev.tsv"
  lines "$split" test >"$out/$split.test.tsv"
  for attention in ${ATTENTIONS:-general none}; do
    for seed in ${SEEDS:-1 2 3}; do
      name=$out/$split.$attention.$seed
      "$command" train --train "$out/$split.train.tsv" --dev "$out/$split.dev.tsv" -o "$name.safetensors" \
        --source-tokens words --target-tokens words --embedding-dim 64 --encoder-hidden 100 --decoder-hidden 200 \
        --attention-type "$attention" --dropout 0.4 --label-smoothing 0 --batch-sentences 32 --max-epochs 30 \
        --patience 0 --schedule-patience 2 --max-length-ratio 0 --max-length 60 --seed "$seed" --threads "${THREADS:-1}" ${MORE:-} \
        >"$name.log" 2>&1
      "$command" eval -m "$name.safetensors" --data "$out/$split.test.tsv" --beam 1 --max-length-ratio 0 --max-length 60 |
        awk -F '\t' -v head="$split $attention $seed" \
          '$1 == "line_sequence_error_rate" { printf "%s %.2f\n", head, 100 - $2 }' OFS='\t'
    done
  done
done
