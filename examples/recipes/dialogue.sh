#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A dialogue assistant that sells cinema tickets, trained on Google's simulated dialogues (Sim-M): it reads the conversation so
# far and writes the next turn; names and times it copies from what the user said.
#
#     sh examples/recipes/dialogue.sh DATA OUT
#
# DATA holds sim-m_train.tsv, sim-m_dev.tsv and sim-m_test.tsv (dialogue_prepare.sh). Trains from SEEDS ("1"), with MORE further
# options; writes OUT/SEED.safetensors and the same in eight bits, OUT/SEED.i8.safetensors, and prints BLEU, values right and
# values wrong (dialogue_score.sh) of both on the test part.
set -eu
data=${1:?folder of sim-m_train.tsv and others} out=${2:?folder for results}
here=$(dirname "$0") command=${SEQ2SEQ:-build/seq2seq}
sh "$here/dialogue_prepare.sh" "$data" "$out"

# judge NAME: one line of figures
judge() {
  cut -f 1 "$out/test.tsv" | "$command" translate -m "$1.safetensors" --beam 5 >"$1.answers"
  bleu=$("$command" eval --data "$out/test.tsv" --answers "$1.answers" --bleu-tokenize none | awk '$1 == "bleu" { print $2 }')
  echo "$(basename "$1") bleu $bleu $(sh "$here/dialogue_score.sh" "$out/test.tsv" "$1.answers" "$out/values.txt")"
}

for seed in ${SEEDS:-1}; do
  name=$out/$seed
  "$command" train --train "$out/train.tsv" --dev "$out/dev.tsv" -o "$name.safetensors" --seed "$seed" \
    --source-tokens words --target-tokens words --embedding-dim 64 --encoder-hidden 96 --decoder-hidden 192 \
    --attention-type additive --attention-input-feeding yes --decoder-copy yes --vocabulary-min-count 25 \
    --label-smoothing 0 --dropout 0.3 --batch-sentences 16 --max-epochs 10 --best-by bleu --threads 1 \
    --log "$name.jsonl" ${MORE:-} >"$name.log" 2>&1
  "$command" quantize -m "$name.safetensors" -o "$name.i8.safetensors"
  judge "$name"
  judge "$name.i8"
done
