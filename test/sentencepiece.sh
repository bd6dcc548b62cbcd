#!/bin/sh
# SPDX-License-Identifier: MIT
# Beside SentencePiece's own programs (Debian: sentencepiece): models that they train here cut texts the same way, byte for byte,
# and they read the models that are learnt here.
. test/tap.sh

have spm_train spm_encode spm_decode || skip_all "no SentencePiece (Debian: sentencepiece)"
seq2seq=build/seq2seq
text=test/data/segment.txt
cat README.md docs/*.md "$text" "$text" "$text" | grep -v '^$' >"$tmp/train"
cat "$tmp/train" "$text" >"$tmp/lines"

# agree NAME OPTION...: SentencePiece trains; both cut and join all lines
agree() {
  name=$1
  shift
  spm_train --input="$tmp/train" --model_prefix="$tmp/$name" --minloglevel=2 --num_threads=1 "$@" >"$tmp/log" 2>&1 ||
    { cat "$tmp/log"; return 1; }
  same "$tmp/$name.model"
}

same() {
  spm_encode --model="$1" <"$tmp/lines" >"$tmp/pieces" &&
    spm_decode --model="$1" <"$tmp/pieces" >"$tmp/text" &&
    "$seq2seq" segment --source-tokens "spm:$1" <"$tmp/lines" >"$tmp/our.pieces" &&
    "$seq2seq" segment --source-tokens "spm:$1" --join <"$tmp/pieces" >"$tmp/our.text" &&
    cmp "$tmp/pieces" "$tmp/our.pieces" && cmp "$tmp/text" "$tmp/our.text"
}

# learnt TOKENS: what is learnt here means the same to SentencePiece
learnt() {
  "$seq2seq" segment --source-tokens "$1" --subword-symbols "<name> fox" --subword-byte-fallback yes --train "$tmp/train" \
    -o "$tmp/learnt.model" && same "$tmp/learnt.model"
}

check "unigram, NFKC, byte fallback, user symbols" agree unigram --vocab_size=1200 --byte_fallback \
  --user_defined_symbols="<name>,<ent>,fox" --hard_vocab_limit=false
check "bpe, NFKC, user symbols" agree bpe --model_type=bpe --vocab_size=1500 --user_defined_symbols="<name>,und" \
  --character_coverage=0.99
check "bpe, case folding" agree folded --model_type=bpe --vocab_size=1400 --normalization_rule_name=nmt_nfkc_cf
check "unigram, spaces as they are" agree plain --vocab_size=1200 --hard_vocab_limit=false \
  --normalization_rule_name=identity --remove_extra_whitespaces=false --add_dummy_prefix=false
check "unigram, the mark behind words" agree suffix --vocab_size=1200 --hard_vocab_limit=false \
  --treat_whitespace_as_suffix
check "bpe, across spaces" agree across --model_type=bpe --vocab_size=1400 --split_by_whitespace=false
check "bpe learnt here" learnt bpe:1500
check "unigram learnt here" learnt unigram:1500
finish
