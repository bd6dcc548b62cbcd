#!/bin/sh
# SPDX-License-Identifier: MIT
# A new attention is one file and one name in base/members.h: here one that looks at all states alike.
. test/tap.sh

cc=${CC:-cc}
mkdir -p "$tmp/base"
sed 's|X(multihead)|X(multihead) X(even)|' lib/base/members.h >"$tmp/base/members.h"
cat >"$tmp/attention_even.c" <<'END'
/* Every score is zero, so the context is the mean of the states. */
#include "model/network.h"
#include <string.h>

static int32_t even_declare(s2s__network *network, s2s__error *error) { return (void)network, (void)error, S2S_OK; }

static int32_t even_prepare(s2s__graph *graph, const s2s__network *network, s2s__tensor *memory, s2s__tensor **keys) {
  return (void)graph, (void)network, *keys = memory, S2S_OK;
}

static int32_t even_score(s2s__graph *graph, const s2s__network *network, s2s__tensor *queries, s2s__tensor *keys,
                          const s2s__ragged *ragged, s2s__tensor **scores) {
  (void)network, (void)queries, (void)keys;
  S2S__TRY(s2s__graph_tensor(graph, 1, ragged->total, scores));
  memset((*scores)->data, 0, ragged->total * sizeof *(*scores)->data);
  return S2S_OK;
}

const s2s__attention_type s2s__attention_even = {
    .name = "even", .declare = even_declare, .prepare = even_prepare, .score = even_score};
END

# The files that read the lists, compiled with the longer one; the rest as the library has it.
build_with_it() {
  for file in lib/base/option.c lib/model/network.c "$tmp/attention_even.c"; do
    $cc -std=c11 -O1 -ffp-contract=off -DS2S_BUILD -I"$tmp" -Iinclude -Ilib -c "$file" \
      -o "$tmp/$(basename "$file" .c).o" || return
  done
  $cc build/obj/examples/cli/*.o "$tmp"/*.o build/libseq2seq.a -lm -pthread -o "$tmp/seq2seq"
}
printf 'ab\tba\nabc\tcba\nb\tb\nca\tac\n' >"$tmp/train.tsv"
trains() {
  "$tmp/seq2seq" train --train "$tmp/train.tsv" --dev "$tmp/train.tsv" -o "$tmp/m.safetensors" --source-tokens chars \
    --target-tokens chars --attention-type even --encoder-hidden 4 --decoder-hidden 8 --max-epochs 1
}
looks_evenly() {
  echo abca | "$tmp/seq2seq" translate -m "$tmp/m.safetensors" --json --attention >"$tmp/answer" && cat "$tmp/answer" &&
    grep -q '0.2500,0.2500,0.2500,0.2500' "$tmp/answer"
}

check "an attention of one file and one name in base/members.h is built" build_with_it
check "its option is offered" sh -c "'$tmp/seq2seq' info --options | grep 'attention.type' | grep -q even"
check "a model with it is trained" trains
check "and used: it looks at all states alike" looks_evenly
check "the command without it names what there is" sh -c \
  "build/seq2seq translate -m '$tmp/m.safetensors' 2>&1 </dev/null | grep -q \"'even' is not one of none|additive\""
finish
