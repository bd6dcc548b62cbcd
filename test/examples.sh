#!/bin/sh
# SPDX-License-Identifier: MIT
# Every example runs, and says what it promises.
. test/tap.sh

model=examples/models/english-g2p.safetensors
dev=examples/data/cmudict-sample.dev.tsv
test -f $model || skip_all "no shipped model"
example() { name=$1 && shift && "build/examples/$name" "$@"; }
# says PATTERN EXAMPLE ARGUMENT...: it succeeds, with a line that matches
says() {
  pattern=$1
  shift
  example "$@" >"$tmp/said" || { cat "$tmp/said"; return 1; }
  grep -q -e "$pattern" "$tmp/said" || { echo "no line with: $pattern"; cat "$tmp/said"; return 1; }
}
# refuses PATTERN EXAMPLE ARGUMENT...: it fails, and says why
refuses() {
  pattern=$1
  shift
  ! example "$@" >"$tmp/said" 2>&1 && grep -q -e "$pattern" "$tmp/said"
}
tab=$(printf '\t')
pronounced="attention${tab}AH T EH N SH AH N"

check "translate" says "^$pronounced\$" translate $model sequence attention
check "from English into Chinese" says '车站' translate examples/models/english-chinese.safetensors 'Where is the station?'
check "and back" says 'station' translate examples/models/chinese-english.safetensors '车站在哪里？'
check "align" says '^SH .* 10 .* t$' align $model attention
check "memory, with enough" says "^$pronounced\$" memory $model attention
check "and without" grep -q '^S2S_OUT_OF_MEMORY: .*memory' "$tmp/said"
check "and nothing is left behind" grep -qx '0 bytes are left behind' "$tmp/said"
check "buffer" says "^$pronounced\$" buffer $model attention
check "twice the same" test "$(uniq "$tmp/said" | wc -l)" -eq 1

cut -f 1 $dev | sed 300q >"$tmp/words"
threads() { example threads $model "$1" <"$tmp/words" >"$tmp/threads.$1"; }
check "threads, one" threads 1
check "threads, four" threads 4
check "in the same order, with the same results" cmp "$tmp/threads.1" "$tmp/threads.4"
check "a line for each" test "$(wc -l <"$tmp/threads.4")" -eq 300

check "stream" says '^AH T EH N SH AH N$' stream $model attention
stopped() { says '^(stopped)$' stream $model "$1" 5 && test "$(sed -n 1p "$tmp/said" | wc -c)" -lt 20; }
check "and stops where it shall" stopped counterintelligence

check "personalize" says '^[0-9]* of 10 right, then 10; ' personalize
check "train" says '^ *407  four hundred seven$' train

for name in translate align memory buffer threads stream; do
  check "$name says what it wants" refuses 'usage: ' $name
  check "$name says what is wrong" refuses 'nowhere' $name nowhere 2
done
tested="align buffer chat memory personalize stream threads train translate" # chat by chat.sh
none "no example is without a test" "$(for source in examples/*.c; do
  name=$(basename "$source" .c)
  case " $tested mpi_train " in *" $name "*) ;; *) echo "$source" ;; esac
done)"
finish
