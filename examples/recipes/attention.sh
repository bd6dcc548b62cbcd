#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The experiments and pictures of docs/attention.md: phrases of 1 to 6 words are taught to five models, four of them the same
# but for how the decoder looks back, and asked of them with 1 to 12 words.
#
#     sh examples/recipes/attention.sh OUT             MORE="--cpu avx2" adds options
#
# A phrase is words of the sample of CMUdict (examples/data) in chance order: its letters and spaces are the source, the phonemes of
# its words, with _ between them, the target. 20,000 phrases to learn from, 500 to judge by, 100 of each length to be asked.
set -eu
out=${1:?a folder for what is made}
command=${SEQ2SEQ:-build/seq2seq}
words=examples/data/cmudict-sample.train.tsv
mkdir -p "$out"

# phrases COUNT LEAST MOST SEED: so many phrases of LEAST to MOST words; the generator is Park and Miller's.
phrases() {
  awk -F '\t' -v count="$1" -v least="$2" -v most="$3" -v seed="$4" '
    function chance(n) { seed = (seed * 16807) % 2147483647; return int(seed / 2147483647 * n) }
    { source[NR - 1] = $1; target[NR - 1] = $2 }
    END {
      for (i = 0; i < 16; i++) chance(1)
      for (i = 0; i < count; i++) {
        length_ = least + chance(most - least + 1); s = t = ""
        for (j = 0; j < length_; j++) { w = chance(NR); s = s (j ? " " : "") source[w]; t = t (j ? " _ " : "") target[w] }
        print s "\t" t
      }
    }' "$words"
}
phrases 20000 1 6 11 >"$out/train.tsv"
phrases 500 1 6 12 >"$out/dev.tsv"
for n in 1 2 3 4 5 6 8 10 12; do phrases 100 "$n" "$n" "$((100 + n))" >"$out/test.$n.tsv"; done
cat "$out"/test.[1-9].tsv "$out"/test.1[02].tsv >"$out/test.tsv"

options() {
  case $1 in
  none) echo --attention-type none ;;
  additive) echo --decoder-order bahdanau --attention-type additive --decoder-readout 128 ;;
  general) echo --attention-type general ;;
  feeding) echo --attention-type general --attention-input-feeding yes ;;
  transformer) echo --encoder-type transformer --decoder-type transformer --transformer-dim 128 --transformer-ffn 512 \
    --encoder-layers 3 --decoder-layers 3 --optimizer-beta2 0.98 --warmup 1000 ;;
  esac
}
models=${MODELS:-none additive general feeding transformer}
for model in $models; do
  test -f "$out/$model.safetensors" || { # shellcheck disable=SC2046,SC2086
    "$command" train --preset none --train "$out/train.tsv" --dev "$out/dev.tsv" --source-tokens chars --target-tokens words \
      --embedding-dim 64 --encoder-hidden 128 --decoder-hidden 256 --dropout 0.2 --batch-sentences 64 --max-epochs 12 \
      --patience 0 --warmup 200 --schedule cosine --seed 1 -q $(options "$model") ${MORE:-} --log "$out/$model.jsonl" \
      -o "$out/$model.part"
    mv "$out/$model.part" "$out/$model.safetensors"
  }
done

# Phoneme errors in percent, by the number of words.
{
  printf 'words'; for model in $models; do printf '\t%s' "$model"; done; echo
  for n in 1 2 3 4 5 6 8 10 12; do
    printf '%s' "$n"
    for model in $models; do
      printf '\t%s' "$("$command" eval -m "$out/$model.safetensors" --data "$out/test.$n.tsv" --beam 1 --max-length-ratio 5 |
        awk '$1 == "token_error_rate" { printf "%.1f", $2 }')"
    done
    echo
  done
} | tee "$out/by_words.tsv"

# Pictures: where each looks, and exact answers by length without and with attention.
echo "attention looks back" >"$out/phrase"
for model in $models; do
  cut -f 1 "$out/test.tsv" | "$command" translate -m "$out/$model.safetensors" --beam 1 --max-length-ratio 5 >"$out/$model.answers"
  test "$model" = none || "$command" plot --attention -m "$out/$model.safetensors" --beam 1 -i "$out/phrase" -o "$out/$model.svg"
done
case " $models " in *" none "*" additive "*)
  "$command" plot --data "$out/test.tsv" --answers "$out/none.answers" --compare "$out/additive.answers" -o "$out/length.svg" ;;
esac
