#!/bin/sh
# SPDX-License-Identifier: MIT
#
# English to Chinese and Chinese to English on the pairs of tatoeba.org (CC BY 2.0 FR): splits them, trains both directions,
# stores the models in eight bits and prints BLEU and chrF of the test part, greedy and with a beam of 5.
#
#     sh tatoeba.sh DATA OUT [en-zh|zh-en|split]      DATA has eng-cmn.tsv.gz or eng-cmn.tsv: English, Chinese, attribution;
#                                                     MORE="--cpu avx2" adds options to the training
#
# OUT/train, dev and test.tsv are English and Chinese; OUT/DIRECTION.i8.safetensors the models; OUT/attribution.txt has the
# sentences' numbers and authors of every pair that is used, OUT/authors.txt the authors once each, as the licence asks.
set -eu
data=${1:?a folder with the pairs} out=${2:?a folder for what is made} what=${3:-both}
command=${SEQ2SEQ:-build/seq2seq}
case $what in both | en-zh | zh-en | split) ;; *) echo "tatoeba.sh: no direction '$what': en-zh, zh-en or split" >&2 && exit 2 ;; esac
mkdir -p "$out"

pairs() { if test -f "$data/eng-cmn.tsv.gz"; then gzip -dc "$data/eng-cmn.tsv.gz"; else cat "$data/eng-cmn.tsv"; fi; }

# Puts a hash of the English, from 0 to 2^31 - 2, before each line, so that all translations of a sentence are in one part.
# h starts as 1; for each byte h = (48271 h + byte) mod (2^31 - 1); then twice h = 48271 h mod (2^31 - 1).
hashed() {
  LC_ALL=C awk -F '\t' '
    BEGIN { for (i = 1; i < 256; i++) code[sprintf("%c", i)] = i }
    NF >= 2 && $1 != "" && $2 != "" {
      h = 1
      for (i = 1; i <= length($1); i++) h = (h * 48271 + code[substr($1, i, 1)]) % 2147483647
      for (i = 0; i < 2; i++) h = h * 48271 % 2147483647
      printf "%d\t%s\n", h, $0
    }'
}

# By the hash modulo 28: 0 test, 1 dev, the rest train. Test goes before dev and dev before train: a pair is left out where
# its English or its Chinese stands in a part before, and in test and dev also where it stood in the same part already.
split_into() {
  LC_ALL=C awk -F '\t' -v folder="$1" '
    { part = $1 % 28 == 0 ? 1 : $1 % 28 == 1 ? 2 : 3; english[NR] = $2; chinese[NR] = $3; authors[NR] = $4; of[NR] = part }
    function taken(i, part,  p) {
      for (p = 1; p <= (part < 3 ? part : 2); p++) if ((p, english[i]) in en || (p, chinese[i]) in zh) return 1
      return part == 3 && (english[i], chinese[i]) in seen
    }
    function keep(i, part) {
      en[part, english[i]]; zh[part, chinese[i]]; seen[english[i], chinese[i]]
      print english[i] "\t" chinese[i] > (folder "/" name[part] ".tsv")
      print authors[i] > (folder "/attribution.txt")
    }
    END {
      split("test dev train", name, " ")
      for (part = 1; part <= 3; part++)
        for (i = 1; i <= NR; i++) if (of[i] == part && !taken(i, part)) keep(i, part)
    }'
}

# No sentence of test or dev, on either side, is one of training: says so, or ends.
check_apart() {
  for part in dev test; do
    LC_ALL=C awk -F '\t' -v part="$part" '
      NR == FNR { en[$1]; zh[$2]; next }
      $1 in en || $2 in zh { shared++ }
      END { if (shared) { print "tatoeba.sh: " shared " pairs of " part " share a side with train" > "/dev/stderr"; exit 1 } }
    ' "$out/train.tsv" "$out/$part.tsv"
  done
}

# judge MODEL TEST TOKENIZE
judge() {
  for beam in 1 5; do
    echo "$(basename "$1") beam $beam" \
      "$("$command" eval -m "$1" --data "$2" --beam "$beam" --bleu-tokenize "$3" | awk '$1 == "bleu" || $1 == "chrf"' | tr '\n' ' ')"
  done
}

# learn DIRECTION TOKENIZE UPDATES, from OUT/DIRECTION.PART.tsv
learn() {
  # shellcheck disable=SC2086
  "$command" train --train "$out/$1.train.tsv" --dev "$out/$1.dev.tsv" -o "$out/$1.safetensors" --log "$out/$1.jsonl" \
    --preset transformer-base --max-updates "$3" --source-tokens bpe:6000 --target-tokens bpe:6000 \
    --embedding-tie target --best-by bleu --bleu-tokenize "$2" --threads 1 ${MORE:-}
  "$command" quantize -m "$out/$1.safetensors" --weights int8 -o "$out/$1.i8.safetensors"
  judge "$out/$1.safetensors" "$out/$1.test.tsv" "$2"
  judge "$out/$1.i8.safetensors" "$out/$1.test.tsv" "$2"
}

# Whoever wrote a sentence, those of the most first.
authors() {
  LC_ALL=C grep -o '([^)]*)' "$out/attribution.txt" | grep -v '^(France)$' | tr -d '()' | LC_ALL=C sort | uniq -c |
    LC_ALL=C sort -k 1,1rn -k 2 | sed 's/^ *[0-9]* //'
}

pairs | hashed | split_into "$out"
authors >"$out/authors.txt"
check_apart
wc -l "$out/train.tsv" "$out/dev.tsv" "$out/test.tsv"
for part in train dev test; do
  cp "$out/$part.tsv" "$out/en-zh.$part.tsv"
  awk -F '\t' '{ print $2 "\t" $1 }' "$out/$part.tsv" >"$out/zh-en.$part.tsv"
done
case $what in both | en-zh) learn en-zh zh 5000 ;; esac
case $what in both | zh-en) learn zh-en 13a 4000 ;; esac
