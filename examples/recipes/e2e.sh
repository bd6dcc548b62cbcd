#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Restaurant descriptions from attributes (E2E NLG), with and without coverage: BLEU against all references of the test part, and
# slot error rate by rule (e2e_score.sh).
#
#     sh examples/recipes/e2e.sh DATA OUT
#
# DATA holds devset.csv and testset_w_refs.csv (e2e_prepare.sh). Trains COVERAGE ("no yes") from SEEDS ("1"), with MORE further
# options; prints a line for each model and way to search: a beam of 5, longer answers by two beams, and drawn at random.
set -eu
data=${1:?folder of the E2E challenge} out=${2:?folder for results}
here=$(dirname "$0") command=${SEQ2SEQ:-build/seq2seq}
sh "$here/e2e_prepare.sh" "$data" "$out"
cut -f 1 "$out/test.tsv" | awk '!seen[$0]++' >"$out/test.sources"

# figures NAME: of NAME.answers, one for each source
figures() {
  awk -F '\t' 'NR == FNR { answer[FNR] = $0; next } FILENAME ~ /sources$/ { of[$0] = answer[FNR]; next } { print of[$1] }' \
    "$1.answers" "$out/test.sources" "$out/test.tsv" >"$1.lines"
  "$command" eval --data "$out/test.tsv" --answers "$1.lines" | awk '$1 == "bleu" { printf "bleu %s ", $2 }'
  sh "$here/e2e_score.sh" "$out/test.sources" "$1.answers"
}

for coverage in ${COVERAGE:-no yes}; do
  for seed in ${SEEDS:-1}; do
    name=$out/coverage-$coverage.$seed
    # shellcheck disable=SC2086
    "$command" train --train "$out/train.tsv" --dev "$out/dev.tsv" -o "$name.safetensors" --seed "$seed" \
      --source-tokens words --target-tokens words --embedding-dim 64 --encoder-hidden 96 --decoder-hidden 192 \
      --attention-type additive --attention-input-feeding yes --attention-coverage "$coverage" --decoder-copy yes \
      --vocabulary-min-count 3 --label-smoothing 0.1 --dropout 0.4 --batch-sentences 32 --max-epochs 10 --best-by bleu \
      --log "$name.jsonl" ${MORE:-} >"$name.log" 2>&1
    while read -r search; do
      # shellcheck disable=SC2086
      "$command" translate -m "$name.safetensors" -i "$out/test.sources" $search >"$name.answers"
      echo "coverage $coverage seed $seed $search: $(figures "$name")"
    done <<'END'
--beam 5
--beam 5 --beam-stop safe --length-penalty 1.5
--beam 10 --beam-stop safe --length-penalty 2
--temperature 0.6 --top-p 0.9 --seed 1
END
  done
done
