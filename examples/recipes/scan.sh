#!/bin/sh
# SPDX-License-Identifier: MIT
#
# SCAN (Lake and Baroni 2018), commands to actions: exact match with and without attention on its splits.
#
#     sh examples/recipes/scan.sh DATA OUT [SPLIT...]
#
# DATA holds tasks_train_SPLIT.txt and tasks_test_SPLIT.txt of the SCAN repository, gzipped or not. Each SPLIT (simple
# length addprim_turn_left) is trained from SEEDS ("1 2 3") for each of ATTENTIONS ("additive none"); every tenth training
# line is held out to choose the best epoch by. MORE has further options. Prints split, attention, seed, exact match in
# percent; OUT keeps models, logs and answers.
#
# One configuration for all: the paper's best with attention (a GRU of 100 units, Bahdanau's attention, an end mark on the
# source, dropout 0.1). For its half of the updates without teacher forcing, half of the words that the decoder reads are
# dropped; for its 100,000 updates of one line, 25 epochs in batches of four, the rate halved when the held-out tenth stands
# still.
set -eu
data=${1:?folder of SCAN} out=${2:?folder for results}
shift 2
test $# -gt 0 || set -- simple length addprim_turn_left
command=${SEQ2SEQ:-build/seq2seq}
mkdir -p "$out"

# lines SPLIT PART: command<TAB>actions
lines() {
  file=$data/tasks_$2_$1.txt
  { test -e "$file" && cat "$file" || gzip -dc "$file.gz"; } | sed 's/^IN: //; s/ OUT: /\t/'
}

# train SPLIT ATTENTION SEED NAME
train() {
  "$command" train --train "$out/$1.train.tsv" --dev "$out/$1.dev.tsv" -o "$4.safetensors" \
    --source-tokens words --source-eos yes --target-tokens words --embedding-dim 100 \
    --encoder-cell gru --encoder-hidden 100 --encoder-bidirectional no --decoder-cell gru --decoder-hidden 100 \
    --decoder-order bahdanau --attention-type "$2" --dropout 0.1 --word-dropout-target 0.5 --label-smoothing 0 \
    --batch-sentences 4 --batch-shards 1 --max-epochs 25 --patience 0 --schedule-patience 2 \
    --max-length-ratio 0 --max-length 60 --seed "$3" ${MORE:-} >"$4.log" 2>&1
}

for split; do
  lines "$split" train | awk 'NR % 10' >"$out/$split.train.tsv"
  lines "$split" train | awk 'NR % 10 == 0' >"$out/$split.dev.tsv"
  lines "$split" test >"$out/$split.test.tsv"
  for attention in ${ATTENTIONS:-additive none}; do
    for seed in ${SEEDS:-1 2 3}; do
      name=$out/$split.$attention.$seed
      train "$split" "$attention" "$seed" "$name"
      cut -f 1 "$out/$split.test.tsv" | "$command" translate -m "$name.safetensors" --beam 1 --max-length-ratio 0 \
        --max-length 60 >"$name.answers"
      paste "$out/$split.test.tsv" "$name.answers" | awk -F '\t' -v head="$split $attention $seed" \
        '{ exact += ("" $2 == "" $3) } END { printf "%s %.2f\n", head, 100 * exact / NR }'
    done
  done
done
