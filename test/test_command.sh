#!/bin/sh
# SPDX-License-Identifier: MIT
# The command: train, translate, eval, info, and what bad input gets.
. test/tap.sh

seq2seq=${SEQ2SEQ:-build/seq2seq}
test -x "$seq2seq" || skip_all "no $seq2seq"
out=$tmp/out err=$tmp/err
tab=$(printf '\t')

# Pairs such as "cab<TAB>B A C": the letters backwards, as words.
pairs() {
  awk -v count="$1" -v seed="$2" 'BEGIN {
    for (i = 0; i < count; i++) {
      source = target = ""
      for (n = 2 + i % 5; n > 0; n--) {
        seed = seed * 48271 % 2147483647
        c = substr("abcdef", 1 + seed % 6, 1)
        source = source c
        target = toupper(c) (target == "" ? "" : " ") target
      }
      print source "\t" target
    }
  }'
}
pairs 300 7 >"$tmp/train.tsv"
pairs 40 11 >"$tmp/dev.tsv"

tiny="--source-tokens chars --embedding-dim 8 --encoder-hidden 8 --decoder-hidden 16 --batch-sentences 16"
model=$tmp/tiny.safetensors

# run COMMAND...: the command, with its output in $out and $err
run() { "$seq2seq" "$@" >"$out" 2>"$err"; }
train() { run train --train "$tmp/train.tsv" --dev "$tmp/dev.tsv" $tiny --max-epochs 3 "$@"; }
translate() { run translate -m "$model" "$@"; }

# says STATUS PATTERN COMMAND...: the command ends with the status, and stderr has a line that matches
says() {
  says_status=$1 says_pattern=$2
  shift 2
  "$@"
  found=$?
  test $found = "$says_status" && grep -q -e "$says_pattern" "$err" && return
  echo "status $found, not $says_status; or no line with: $says_pattern"
  cat "$err"
  return 1
}
# prints PATTERN COMMAND...: the command succeeds, and stdout has a line that matches
prints() {
  prints_pattern=$1
  shift
  "$@" || { cat "$err"; return 1; }
  grep -q -e "$prints_pattern" "$out" || { echo "no line with: $prints_pattern"; cat "$out"; return 1; }
}
lines() { test "$(wc -l <"$1")" -eq "$2" || { echo "not $2 lines:"; cat "$1"; return 1; }; }

# no_file PATH
no_file() { test ! -e "$1"; }

# ---- training -------------------------------------------------------------------------------------------------------

check "train succeeds" train -o "$model" --log "$tmp/log"
cp "$out" "$tmp/results" 2>/dev/null
cp "$err" "$tmp/progress" 2>/dev/null
result_names="updates epochs parameters train_seconds tokens_per_second sentences_per_second
dev_loss dev_perplexity dev_token_error_rate dev_sequence_error_rate dev_character_error_rate dev_bleu dev_chrf"
results_named() { test "$(cut -f 1 "$tmp/results" | tr '\n' ' ')" = "$(echo $result_names) "; }
check "train ends with its figures" results_named
check "figures are name, tab, number" test -z "$(grep -vE "^[a-z_]+$tab[0-9]+(\.[0-9]+)?\$" "$tmp/results")"
check "the log has a line for each evaluation" lines "$tmp/log" 3
check "progress is one line for each evaluation" test "$(grep -c '^epoch' "$tmp/progress")" -eq 3
check "no control characters where stderr is no terminal" test -z "$(tr -d '[:print:]\n' <"$tmp/progress")"

same_model() { train -o "$tmp/other.safetensors" "$@" && cmp "$model" "$tmp/other.safetensors"; }
check "the same seed gives the same file, with two threads too" same_model --threads 2
check "--flag=value is --flag value" same_model --seed=1
other_model() { ! same_model --seed 2; }
check "another seed gives another" other_model

small_transformer="--encoder-type transformer --decoder-type transformer --transformer-dim 16 --transformer-heads 2
--transformer-ffn 16 --embedding-tie all --source-tokens chars --target-tokens chars"
attends() { # a Transformer, trained, saved, loaded, run, with its attention drawn
  run train --train "$tmp/train.tsv" --dev "$tmp/dev.tsv" $small_transformer --max-epochs 2 -o "$tmp/t.safetensors" -q &&
    run translate -m "$tmp/t.safetensors" --json --attention <"$tmp/train.source" && grep -q '"attention":\[\[' "$out" &&
    run eval -m "$tmp/t.safetensors" --data "$tmp/dev.tsv"
}
cut -f 1 "$tmp/train.tsv" >"$tmp/train.source"
check "a Transformer with one matrix for all embeddings" attends
cut -f 2 "$tmp/train.tsv" >"$tmp/train.target"
aligned() { run train --train "$tmp/train.source" "$tmp/train.target" --dev "$tmp/dev.tsv" $tiny --max-epochs 3 -o "$tmp/a.safetensors"; }
same_aligned() { aligned && cmp "$model" "$tmp/a.safetensors"; }
check "two aligned files are the same as one" same_aligned

printf '# small\nmax_epochs = 1\n\ndropout = 0.1\n' >"$tmp/config"
check "--config sets options, later flags win" prints "^epochs${tab}2\$" train -o "$tmp/c.safetensors" --config "$tmp/config" --max-epochs 2
no_dev() { run train --train "$tmp/train.tsv" $tiny --max-epochs 1 -o "$tmp/nodev.safetensors" -q; }
check "without --dev a model is written" prints "^epochs${tab}1\$" no_dev
check "and no dev figures are shown" test -z "$(grep dev_ "$out")"
check "-q is quiet" test ! -s "$err"
check "and the model works" run info -m "$tmp/nodev.safetensors"

# No file that is read is written to, under whatever name.
numbers_clash() {
  cp "$model" "$tmp/n.2.safetensors" && cp "$model" "$tmp/n.u5.safetensors" || return
  says 2 'n\.2\.safetensors.*one file' run train --train "$tmp/train.tsv" --from "$tmp/n.2.safetensors" --seeds 2 -o "$tmp/n.safetensors" &&
    says 2 'n\.u5.*keep-best' run train --train "$tmp/train.tsv" --from "$tmp/n.u5.safetensors" --keep-best 2 -o "$tmp/n.safetensors" &&
    cmp "$model" "$tmp/n.2.safetensors" && cmp "$model" "$tmp/n.u5.safetensors" && test ! -e "$tmp/n.1.safetensors"
}
check "a model of --from is not overwritten by one of --seeds or --keep-best" numbers_clash
later_seeds() { says 1 'nowhere' run train --train "$tmp/train.tsv" $tiny --seeds 2 -o "$tmp/nowhere/m.safetensors"; }
check "where the models of --seeds go is looked at first" later_seeds
part_of_an_epoch() { prints '^dev_loss' run train --train "$tmp/train.tsv" --dev "$tmp/dev.tsv" $tiny --max-epochs 0 --max-updates 1 -o "$tmp/c.safetensors" -q; }
check "figures of dev are there for less than an epoch" part_of_an_epoch
check "a flag is no value of another" says 2 '--dev needs a value' run train --train "$tmp/train.tsv" --dev -o "$tmp/c.safetensors"
check "the preset is said" says 0 'preset rnn-tiny, but for the shape of the model: embedding.dim' train -o "$tmp/c.safetensors"
check "and what does nothing" says 0 'warning: optimizer.momentum does nothing' train -o "$tmp/c.safetensors" --optimizer-momentum 0.5
check "nothing is drawn in training" says 2 'temperature does nothing in train' train -o "$tmp/c.safetensors" --temperature 1
check "options without a meaning in training are refused" says 2 'does nothing in train' train -o "$tmp/c.safetensors" --max-source-length 5

# What the library has to say: once, and not into the bar of a terminal.
skips() { says 0 'warning: .* pairs are left out' train -o "$tmp/c.safetensors" --max-train-length 5 "$@"; }
check "skipped pairs are told" skips
check "with -q too, and once" eval 'skips -q && lines "$err" 1'
falling="--learning-rate 1e-9 --schedule-patience 0 --patience 0 --max-epochs 4"
check "a falling learning rate is told" says 0 'the learning rate falls to' train -o "$tmp/c.safetensors" $falling
check "but not with -q" eval 'train -o "$tmp/c.safetensors" $falling -q && test ! -s "$err"'
on_terminal() { python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])' "$@" >"$out" </dev/null; }
bar_wiped() {
  on_terminal "$seq2seq" train --train "$tmp/train.tsv" --dev "$tmp/dev.tsv" $tiny $falling -o "$tmp/c.safetensors" || return
  tr '\r' '\n' <"$out" >"$tmp/drawn"
  grep -q '%.*tokens/s' "$tmp/drawn" && grep -q 'learning rate falls' "$tmp/drawn" || { cat "$tmp/drawn"; return 1; }
  ! grep 'learning rate falls' "$tmp/drawn" | grep -v "^\($(printf '\033')\[K\)\{0,1\}seq2seq train: "
}
if have python3; then check "nor into the bar" bar_wiped
else skip "nor into the bar" "no python3"; fi

# stopped SIGNAL [WRAPPER]: trains without end, is sent the signal when a model was saved, and keeps it
stopped() {
  signal=$1
  shift
  rm -f "$tmp/stop.safetensors"
  "$@" "$seq2seq" train --train "$tmp/train.tsv" --dev "$tmp/dev.tsv" $tiny --max-epochs 0 --patience 0 \
    -o "$tmp/stop.safetensors" >"$out" 2>"$err" &
  trainer=$!
  waited=0
  until test -s "$tmp/stop.safetensors" || test $waited -ge 100; do sleep 0.1 && waited=$((waited + 1)); done
  kill "-$signal" $trainer
  wait $trainer
}
kept() { says 0 stopped stopped "$@" && grep -q '^dev_loss' "$out" && run info -m "$tmp/stop.safetensors"; }
check "a signal stops training and keeps the best model" kept TERM
# A shell's background processes ignore SIGINT, except behind timeout, which passes on what it gets.
if have timeout; then check "so does Ctrl-C" kept INT timeout 60
else skip "so does Ctrl-C" "no timeout command"; fi

# stopped_early SIGNAL OUTPUT [WRAPPER]: is sent the signal long before the first evaluation
pairs 20000 5 >"$tmp/many.tsv"
stopped_early() {
  signal=$1 early=$2
  shift 2
  : >"$err"
  "$@" "$seq2seq" train --train "$tmp/many.tsv" --dev "$tmp/dev.tsv" --source-tokens chars --embedding-dim 8 \
    --encoder-hidden 64 --decoder-hidden 128 --batch-sentences 1 --max-epochs 1 -o "$early" >"$out" 2>"$err" &
  trainer=$!
  waited=0
  until grep -q parameters "$err" || test $waited -ge 100; do sleep 0.05 && waited=$((waited + 1)); done
  kill "-$signal" $trainer
  wait $trainer
}
old_stays() {
  cp "$model" "$tmp/old.safetensors"
  says 1 'old.safetensors is left as it was' stopped_early "$1" "$tmp/old.safetensors" $2 &&
    cmp "$model" "$tmp/old.safetensors" && none_beside
}
none_beside() { test -z "$(find "$tmp" -name 'old.safetensors?*')"; }
check "a stop before the first evaluation leaves the old model" old_stays TERM ""
if have timeout; then check "so does an early Ctrl-C" old_stays INT "timeout 60"
else skip "so does an early Ctrl-C" "no timeout command"; fi
check "where there was no model, there is one then" says 0 stopped stopped_early TERM "$tmp/early.safetensors"
check "that works" run info -m "$tmp/early.safetensors"

# ---- translating ----------------------------------------------------------------------------------------------------

ask() { printf 'abc\n\nfade\n' | translate "$@"; }
check "translate gives a line for a line" ask
check "three of them" lines "$out" 3
check "an empty line stays empty" test -z "$(sed -n 2p "$out")"
cp "$out" "$tmp/plain"
same_answer() { ask "$@" && cmp "$out" "$tmp/plain"; }
check "the batch does not matter" same_answer --batch 1
check "nor do CRLF and a byte order mark" eval \
  'printf "\357\273\277abc\r\n\r\nfade\r\n" | translate && cmp "$out" "$tmp/plain"'
check "nor a missing line end" eval 'printf "abc\n\nfade" | translate && cmp "$out" "$tmp/plain"'
check "files instead of streams" eval \
  'cp "$tmp/plain" "$tmp/was"; printf "abc\n\nfade\n" >"$tmp/in"; translate -i "$tmp/in" -o "$tmp/to" && cmp "$tmp/to" "$tmp/was"'
check "nothing in, nothing out" eval 'translate </dev/null && test ! -s "$out"'
long=$(awk 'BEGIN { for (i = 0; i < 3000; i++) printf "abcdef" }' | cut -c 1-4000)
check "a long line" eval 'echo "$long" | translate --beam 1 && lines "$out" 1'

# A program that waits for each answer before it asks on.
converse() (
  trap '' PIPE
  mkfifo "$tmp/asks" "$tmp/answers" || return
  timeout 5 "$seq2seq" translate -m "$model" --batch 1 <"$tmp/asks" >"$tmp/answers" 2>"$err" &
  exec 3>"$tmp/asks" 4<"$tmp/answers"
  for word in abc '' fade; do echo "$word" >&3 && read -r answer <&4 && echo "$answer"; done >"$out"
  exec 3>&- 4<&-
  wait $! && cmp "$out" "$tmp/plain"
)
if have timeout mkfifo; then check "--batch 1 answers each line before it reads on" converse
else skip "--batch 1 answers each line before it reads on" "no timeout or mkfifo command"; fi

nbest() { ask --nbest 3 --beam 4; }
check "n-best is line, rank, score, text" prints "^1${tab}1${tab}-[0-9.]*${tab}" nbest
check "three of them for a line" test "$(grep -c "^3$tab[123]$tab" "$out")" -eq 3
scores_fall() { grep "^3" "$out" | cut -f 3 >"$tmp/scores" && sort -rn "$tmp/scores" | cmp - "$tmp/scores"; }
check "scores fall" scores_fall
check "--nbest widens the beam" eval 'ask --nbest 7 && test "$(grep -c "^1" "$out")" -gt 5'
check "--json is an object a line" prints '^{"source":"abc","hypotheses":\[{"text":".*","score":-[0-9.e-]*,"log_probability":-[0-9.e-]*,"tokens":[0-9]*,"ending":"end","token_scores":\[[-0-9.,]*\]}\]}$' ask --json
python_reads() {
  python3 -c 'import json, sys
for line in sys.stdin:
  o = json.loads(line)
  assert len(o["hypotheses"]) >= 1 and all(abs(sum(row) - 1) < 0.01 for row in o["hypotheses"][0]["attention"])'
}
if have python3; then check "that is JSON, with the attention's rows adding up to 1" eval 'ask --json --attention --nbest 2 && python_reads <"$out"'
else skip "that is JSON" "no python3"; fi
check "--attention draws a picture" prints '┌──────┐$' ask --attention
check "--stats ends with figures" eval 'ask --stats && grep -q "^sentences${tab}3\$" "$err" && grep -q "^source_tokens${tab}7\$" "$err" &&
  test "$(cut -f 1 "$err" | tr "\n" " ")" = "sentences source_tokens target_tokens load_seconds seconds tokens_per_second peak_memory_bytes "'

# ---- eval and info --------------------------------------------------------------------------------------------------

evaluate() { run eval -m "$model" --data "$tmp/dev.tsv" "$@"; }
check "eval prints its figures" prints "^sequence_error_rate$tab[0-9.]*\$" evaluate
check "eval --json" prints '^{.*"perplexity":[0-9.]*.*}$' evaluate --json
greedy_agrees() {
  evaluate --beam 1 || return
  test "$(grep '^token_error_rate' "$out" | cut -f 2)" = "$(grep '^dev_token_error_rate' "$tmp/results" | cut -f 2)"
}
check "greedy eval agrees with training" greedy_agrees
cut -f 1 "$tmp/dev.tsv" >"$tmp/dev.sources"
translate -i "$tmp/dev.sources" -o "$tmp/answered"
judge() { run eval --data "$tmp/dev.tsv" "$@"; }
same_figure() { # NAME: evaluate has it as judge has
  evaluate && grep "^$1$tab" "$out" >"$tmp/figure" && judge --answers "$tmp/answered" && grep -qxf "$tmp/figure" "$out"
}
check "eval --answers judges them as the model" same_figure bleu
check "by chrF too" same_figure chrf
check "and as whole texts" same_figure sequence_error_rate
check "a model is as good as its answers" prints "^chrf_p_value${tab}1.0000\$" judge -m "$model" --compare "$tmp/answered"
check "and they as the model" prints "^bleu_difference${tab}0.00\$" judge --answers "$tmp/answered" --compare "$model"
cut -f 2 "$tmp/dev.tsv" | awk '{ printf "%s\r\n", $0 }' >"$tmp/right"
check "right answers are better by no chance" prints "^chrf_p_value${tab}0.0010\$" judge --answers "$tmp/right" --compare "$model"
check "eval --compare --json" prints '^{.*"bleu_p_value":0[0-9.]*.*}$' judge -m "$model" --compare "$tmp/right" --json
printf 'b\tz\na\tx\nb\ty\n' >"$tmp/twice.tsv" && printf 'y\nx\nnever read\n' >"$tmp/twice"
check "alternatives have one answer" prints "^sequence_error_rate${tab}0.00\$" run eval --data "$tmp/twice.tsv" --answers "$tmp/twice"
check "too few answers" says 1 'twice has 3 lines, the data 40 pairs' judge --answers "$tmp/twice"
check "answers that are no text" says 1 'NUL' judge --answers "$seq2seq"
check "answers that are not there" says 1 'nosuch' judge --answers "$tmp/nosuch"
printf 'x\n\377\nx\n' >"$tmp/notext"
check "answers that are not UTF-8" says 1 'hypothesis 0' run eval --data "$tmp/twice.tsv" --answers "$tmp/notext"
check "nothing to judge" says 2 'nothing to judge' judge
check "two to judge" says 2 '--compare' judge -m "$model" --answers "$tmp/answered"

# ---- checkpoints ----------------------------------------------------------------------------------------------------

long="--max-epochs 60 --dropout 0.2 --schedule-patience 0 -q"
kept_training() { run train --train "$tmp/train.tsv" --dev "$tmp/dev.tsv" $tiny $long -o "$1" --checkpoint "$tmp/ck" --resume; }
# Killed again and again, each time a little later, until it comes to its end; the checkpoint can always be read.
survives_kills() {
  run train --train "$tmp/train.tsv" --dev "$tmp/dev.tsv" $tiny $long -o "$tmp/whole.safetensors" || return
  rm -f "$tmp/ck"
  for hundredths in 02 03 05 08 12 17 23 30 38 47; do
    timeout -s KILL "0.$hundredths" "$seq2seq" train --train "$tmp/train.tsv" --dev "$tmp/dev.tsv" $tiny $long \
      -o "$tmp/parts.safetensors" --checkpoint "$tmp/ck" --resume >/dev/null 2>&1
    test ! -e "$tmp/ck" || run info -m "$tmp/ck" || return
  done
  kept_training "$tmp/parts.safetensors" && cmp "$tmp/whole.safetensors" "$tmp/parts.safetensors"
}
if have timeout; then check "training survives kill -9, to the same bytes" survives_kills
else skip "training survives kill -9, to the same bytes" "no timeout command"; fi
check "a training that is over stays so" kept_training "$tmp/again.safetensors"
if have timeout; then check "with the same model" cmp "$tmp/whole.safetensors" "$tmp/again.safetensors"
else skip "with the same model" "no timeout command"; fi
cat "$tmp/dev.tsv" >"$tmp/new.tsv" && printf 'xyz\tzyx\n' >>"$tmp/new.tsv"
from() { run train --train "$tmp/new.tsv" -o "$tmp/f.safetensors" --max-epochs 1 -q --from "$model" "$@"; }
check "training goes on from a model" from
check "and adds tokens" from --extend-vocabulary --freeze encoder.rnn
info_of() { "$seq2seq" info -m "$1" | sed -n 's/^source.vocabulary.//p'; }
check "three of them" test "$(info_of "$tmp/f.safetensors")" -eq "$(($(info_of "$model") + 3))"
check "the shape is the model's" says 2 'decoder.hidden shapes a new model' from --decoder-hidden 32
check "tokens are added to a model" says 2 'say which with --from' train -o "$tmp/x.safetensors" --extend-vocabulary
check "--resume needs a checkpoint" says 2 'say which with --checkpoint' train -o "$tmp/x.safetensors" --resume
check "none there yet is said" says 0 'no .*/ck.new yet' train -o "$tmp/x.safetensors" --checkpoint "$tmp/ck.new" --resume
cp "$tmp/ck.new" "$tmp/ck.same"
check "one that is there is not begun anew over" says 1 'with --resume, or remove' \
  train -o "$tmp/x.safetensors" --checkpoint "$tmp/ck.new"
check "and stays as it was" cmp "$tmp/ck.same" "$tmp/ck.new"
cp "$model" "$tmp/ck"
check "a model is no checkpoint" says 1 'no checkpoint' kept_training "$tmp/x.safetensors"
if test -w /dev/full; then
  check "a full disk is told, and training goes on" says 0 'warning: no checkpoint' \
    train -o "$tmp/x.safetensors" --max-epochs 1 --checkpoint /dev/full
else skip "a full disk is told, and training goes on" "no /dev/full"; fi

# ---- tokens and documents -------------------------------------------------------------------------------------------

segment() { run segment "$@"; }
printf 'a b\n\303\251 c\n' >"$tmp/lines"
check "segment cuts lines" prints '^a . b$' segment --source-tokens chars -i "$tmp/lines"
check "and normalises them" prints '^e.* c$' segment --source-tokens words --source-normalize nfd -i "$tmp/lines"
check "segment learns pieces" segment --source-tokens bpe:20 --train "$tmp/dev.sources" -o "$tmp/pieces.model"
check "from any text: blank lines are none" segment --source-tokens unigram:300 --train README.md -o "$tmp/readme.model"
printf '\n \n' >"$tmp/blank"
check "but there must be some" says 1 'has no text in it' segment --source-tokens bpe:20 --train "$tmp/blank"
segment --source-tokens "spm:$tmp/pieces.model" -i "$tmp/dev.sources"
cp "$out" "$tmp/tokens"
goes_back() { run segment --join "$@" -i "$tmp/tokens" && cmp "$out" "$tmp/dev.sources"; }
check "and reads them; --join goes back" goes_back --source-tokens "spm:$tmp/pieces.model"
segment -m "$model" -i "$tmp/dev.sources"
cp "$out" "$tmp/tokens"
check "with a model's tokens too" goes_back -m "$model"
check "a model has its tokens" says 2 'are for a new one' segment -m "$model" --source-tokens chars
check "but runtime options of any work" segment -m "$model" --memory-limit 1000000 -i "$tmp/dev.sources"
check "pieces that are none" says 1 'dev.sources: ' segment --source-tokens "spm:$tmp/dev.sources" -i "$tmp/lines"
check "characters have no pieces to write" says 1 'no pieces' segment --source-tokens chars -o "$tmp/none.model"
printf 'a\377b\n' >"$tmp/invalid"
check "invalid UTF-8 is named" says 1 'line 1: invalid UTF-8 at byte 2' segment --source-tokens chars -i "$tmp/invalid"
check "or replaced" prints "^a$(printf '\357\277\275')b\$" \
  segment --source-tokens words --invalid-utf8 replace -i "$tmp/invalid"
translate -i "$tmp/invalid" --invalid-utf8 replace
check "in a translation too" lines "$out" 1
printf 'Mr. A came. Ab\nab.  B ab\n\n' >"$tmp/document"
check "segment --sentences" prints '^Mr. A came.$' segment --sentences -i "$tmp/document"
check "one a line" lines "$out" 4
check "of lines that were broken" prints '^Ab ab.$' segment --sentences --document-lines join -i "$tmp/document"
sed 's/.*/&. &/' "$tmp/dev.sources" >"$tmp/document"
document_is_lines() { # a document of lines without full stops is as its lines
  translate -i "$tmp/dev.sources" && cp "$out" "$tmp/expected" &&
    translate --document -i "$tmp/dev.sources" && cmp "$out" "$tmp/expected"
}
check "translate --document keeps lines" document_is_lines
check "and long sentences" translate --document -i "$tmp/document" --document-max-length 2
check "in as many lines" lines "$out" 40
check "--document writes text alone" says 2 '--json does not go with it' translate --document --json
check "one text" says 2 '--nbest does not go with it' translate --document --nbest 3
same_answers() { # of a model, and of an ensemble of it with itself
  translate -i "$tmp/dev.sources" && cp "$out" "$tmp/expected" &&
    translate -m "$model" -i "$tmp/dev.sources" && cmp "$out" "$tmp/expected"
}
seeds() {
  train --seeds 2 --seed 3 -o "$tmp/many.safetensors" --log "$tmp/many.log" && lines "$tmp/many.3.log" 3 &&
    evaluate -m "$tmp/many.3.safetensors" -m "$tmp/many.4.safetensors"
}
check "--seeds trains several" seeds
check "and tells their mean" eval 'train --seeds 2 -o "$tmp/many.safetensors"; grep -q "^mean_dev_loss" "$out"'
check "but not none" says 2 'from 1 to 16' train --seeds 0 -o "$tmp/many.safetensors"
cut -f 1 "$tmp/dev.tsv" >"$tmp/bench.txt"
plot() { run plot --log "$1" -o "$tmp/curves.svg"; }
check "plot draws a training" plot "$tmp/log"
check "as an SVG with its curves" test "$(grep -c '<polyline' "$tmp/curves.svg")" -eq 6
check "not of what is no log" says 1 'line 1: no object' plot "$tmp/dev.tsv"
: >"$tmp/none"
check "nor of nothing" says 1 'no evaluation in it' plot "$tmp/none"
check "and the picture is as it was" test "$(grep -c '<polyline' "$tmp/curves.svg")" -eq 6
check "nor of no file" says 2 'nothing to draw' run plot
check "a line that cannot be drawn is named" says 1 'input, line 3: invalid UTF-8' \
  eval 'printf "ab\n\n\377\n" | run plot --attention -m "$model" -o "$tmp/map.svg"'
check "nor two at once" says 2 'one picture at a time' run plot --attention --log "$tmp/log"
sees() { run plot --attention -m "$model" -o "$tmp/map.svg" "$@"; }
printf 'a<b\nabba\n' >"$tmp/seen"
check "plot --attention draws a map for each line" sees -i "$tmp/seen"
check "with labels, escaped, those of unknown tokens too" grep -q ">&lt;</text>" "$tmp/map.svg"
check "and the end" test "$(grep -c '>end</text>' "$tmp/map.svg")" -eq 2
if have xmllint; then check "as good XML" xmllint --noout "$tmp/map.svg" "$tmp/curves.svg"; else skip "as good XML" "no xmllint"; fi
check "not without a text" says 1 'no text' sees -i "$tmp/none"
by_length() { run plot --data "$tmp/dev.tsv" -o "$tmp/lengths.svg" "$@"; }
check "plot --data draws quality by length" by_length -m "$model"
cp "$tmp/bench.txt" "$tmp/a&b.txt"
check "of two systems" by_length --answers "$tmp/a&b.txt" --compare "$model"
check "with their names, escaped" grep -q '>a&amp;b</text>' "$tmp/lengths.svg"
check "with a curve in each panel" test "$(grep -c '<polyline' "$tmp/lengths.svg")" -eq 4
check "not of none" says 2 'needs one system' by_length
bench() { run bench --milliseconds 1 --target-length 3 "$@"; }
small="--embedding-dim 8 --encoder-hidden 4 --decoder-hidden 8 --vocabulary 100"
check "bench measures a model with random weights" prints "^2${tab}3${tab}5${tab}3.0${tab}" bench $small --batch 2 --beam 3 --source-length 5
check "or writes it" run bench $small -o "$tmp/random.safetensors"
check "and one that is there" prints "^32${tab}5${tab}14${tab}3.0${tab}" bench -m "$tmp/random.safetensors"
check "also with lines of a file" prints "^1${tab}1${tab}lines${tab}" bench -m "$model" -i "$tmp/bench.txt"
check "and how time grows" prints "^1${tab}16${tab}14${tab}3.0${tab}" bench $small --lines
check "not a shape that there is not" says 2 'must be rnn, transformer' bench --shape big
check "nor a model of another size" says 2 'has its own encoder.hidden' bench -m "$model" --encoder-hidden 3
check "nor lines for no model" says 2 'goes with -m' bench -i "$tmp/bench.txt"
check "nor no texts" says 2 'from 1 to 1024' bench --batch 0
check "several models decode together" prints '^sequence_error_rate' evaluate -m "$tmp/a.safetensors"
check "alike ones as one" same_answers
check "models that read otherwise do not" says 1 'model 1 has another' translate -m "$tmp/f.safetensors"
check "info shows a model" prints "^encoder.hidden${tab}8\$" run info -m "$model"
check "with its parameters and their shapes" grep -q "^encoder[a-z0-9_.]*$tab[0-9]* x [0-9]*\$" "$out"
check "info shows this build" prints "^cpu c${tab}yes\$" run info
check "info --presets lists the presets" prints "^rnn-tiny${tab}3000${tab}.*batch_sentences=16" run info --presets
check "info --options lists the options" prints "^beam${tab}decode${tab}5$tab" run info --options
cut -f 1 "$out" >"$tmp/keys"
none "no two options have one flag" "$(sed 's/[._]/-/g' "$tmp/keys" | sort | uniq -d)"
flags_of() { "$seq2seq" "$1" --help | sed -n 's/^  \(-., \|    \)\{0,1\}\(--[a-z0-9-]*\).*/\2/p'; }
none "no flag stands twice in a help page" "$(for c in train translate eval info segment plot bench quantize average; do flags_of $c | sort | uniq -d; done)"
check "--help" prints '^usage: seq2seq train' run train --help
check "--version" prints '^seq2seq [0-9.]*$' run --version

# ---- average -------------------------------------------------------------------------------------------------------

# The files that a training keeps are those of its three best evaluations by its log (smaller is better, the earlier of equals).
kept() { (cd "$tmp" && ls kept.u*.safetensors | sed 's/kept.u//; s/.safetensors//' | sort -n | tr '\n' ' '); }
keeps_the_best() {
  rm -f "$tmp"/kept.u*
  run train --train "$tmp/train.tsv" --dev "$tmp/dev.tsv" $tiny --max-epochs 12 --patience 0 --best-by loss --keep-best 3 -q \
    --log "$tmp/kept.jsonl" -o "$tmp/kept.safetensors" || return
  wanted=$(sed 's/.*"updates":\([0-9]*\).*"dev_loss":\([0-9.e+-]*\).*/\2 \1/' "$tmp/kept.jsonl" | LC_ALL=C sort -k 1,1g -k 2,2n |
    head -n 3 | cut -d ' ' -f 2 | sort -n | tr '\n' ' ')
  test "$(kept)" = "$wanted" && test "$(kept | wc -w)" -eq 3
}
check "train --keep-best 3 keeps the three best" keeps_the_best
average() { run average $(for f in "$tmp"/kept.u*.safetensors; do echo "-m $f"; done) -o "$tmp/mean.safetensors"; }
check "average makes one of them" average
check "which translates" run translate -m "$tmp/mean.safetensors" -i "$tmp/dev.sources"
check "not of one" says 2 'two models or more' run average -m "$model" -o "$tmp/x.safetensors"
check "nor of two vocabularies, whose models are numbered as they were named" says 1 'model 1 .*in the order of -m' \
  run average -m "$model" -m "$tmp/f.safetensors" -o "$tmp/x.safetensors"
check "not of strangers" says 1 'model 1' run average -m "$tmp/mean.safetensors" -m "examples/models/english-g2p.safetensors" -o "$tmp/x.safetensors"
check "not onto one of them" says 2 'are one file' run average -m "$model" -m "$tmp/mean.safetensors" -o "$tmp/mean.safetensors"

# ---- quantize ------------------------------------------------------------------------------------------------------

check "quantize makes int8" prints "^weights${tab}int8\$" run quantize -m "$model" -o "$tmp/int8.safetensors"
check "or f16" prints "^weights${tab}f16\$" run quantize -m "$model" -o "$tmp/f16.safetensors" --weights f16
check "info says so" prints "^weights${tab}int8\$" run info -m "$tmp/int8.safetensors"
check "eval takes it" prints "^loss${tab}" run eval -m "$tmp/int8.safetensors" --data "$tmp/dev.tsv"
check "not without a place" says 2 'with -o FILE' run quantize -m "$model"
check "not onto itself" says 2 'are one file' run quantize -m "$model" -o "$model"
check "not in other bits" says 2 'int8|f16|f32' run quantize -m "$model" -o "$tmp/int4.safetensors" --weights int4
check "weights are of quantize alone" says 2 'flag of quantize' run eval -m "$model" --data "$tmp/dev.tsv" --weights f16

# ---- shortlist -----------------------------------------------------------------------------------------------------

check "shortlist learns one" prints "^shortlist${tab}[1-9]" run shortlist -m "$model" --train "$tmp/train.tsv" -o "$tmp/list.safetensors"
check "which is used by option" prints "^loss${tab}" run eval -m "$tmp/list.safetensors" --data "$tmp/dev.tsv" --shortlist yes
check "not where there is none" says 2 's2s_model_shortlist' run eval -m "$model" --data "$tmp/dev.tsv" --shortlist yes
check "not from nothing" says 2 'with --train FILE' run shortlist -m "$model" -o "$tmp/list.safetensors"
check "not onto itself" says 2 'are one file' run shortlist -m "$model" --train "$tmp/train.tsv" -o "$model"
check "bench makes one of random weights" prints "^1${tab}1${tab}" run bench --shape rnn --vocabulary 100 --embedding-dim 8 \
  --encoder-hidden 8 --decoder-hidden 16 --shortlist yes --shortlist-frequent 20 --batch 1 --beam 1 --milliseconds 10

# ---- wrong usage ----------------------------------------------------------------------------------------------------

check "no command is wrong usage" says 2 'seq2seq train' run
check "an unknown command" says 2 "unknown command 'trian'" run trian
check "an unknown flag, with the nearest one" says 2 'unknown flag --epochs; did you mean --max-epochs?' run train --epochs 3
check "a flag of another command" says 2 'json is a flag of translate' run train --json
check "an option of another scope" says 2 'dropout is a train option' run translate --dropout 0.3
check "an option that would do nothing" says 2 'beam does nothing in train' run train --beam 3
check "a bad value, with the range" says 2 "encoder.hidden.*'0'.*1\.\." run train --encoder-hidden 0
check "a bad choice, with the choices" says 2 "encoder.cell.*lstm|gru" run train --encoder-cell lstmm
check "a missing value" says 2 'seed needs a value' run train --seed
check "a value too many" says 2 "unexpected argument 'x'" run train x
check "no model" says 2 '-m FILE' run translate
check "no training pairs" says 2 '--train FILE' run train -o "$tmp/x"
printf 'seed = 2\nsed = 3\n' >"$tmp/config"
check "a bad line in a --config file, with its number" says 2 "config.*line 2.*'sed'.*'seed'" run train --config "$tmp/config"

check "threads where one does it all" says 2 '--threads does nothing in info' run info -m "$model" --threads 2
check "a cpu for info" says 2 '--cpu does nothing in info' run info -m "$model" --cpu c
check "nbest for eval" says 2 '--nbest does nothing in eval' run eval -m "$model" --data "$tmp/dev.tsv" --nbest 2
check "how to load no model" says 2 'verify goes with -m' run info --verify no
check "--options of a model" says 2 'do not go together' run info --options -m "$model"
helps() { flags_of "$1" | grep -cx -e --threads -e --cpu -e --verify -e --memory-limit -e --nbest; }
check "help shows what applies" test "$(helps train) $(helps translate) $(helps eval) $(helps info)" = "4 5 4 2"

# ---- searches ---------------------------------------------------------------------------------------------------------

ask_again() { ask "$@" && cp "$out" "$tmp/first" && ask "$@" && cmp "$out" "$tmp/first"; }
check "samples are drawn" ask_again --temperature 1 --seed 3
differs() { ask "$@" && ! cmp -s "$out" "$tmp/first"; }
check "by the seed" differs --temperature 1 --seed 4
nbest_samples() { ask --temperature 1 --nbest 4 --seed 3 && lines "$out" 9; }
check "several for each line" nbest_samples
check "threads change nothing" same_answer --threads 3
check "whatever the batch" same_answer --threads 2 --batch 2
check "top_k alone is refused" says 2 "top_k.*temperature" ask --top-k 3
check "min-length without room" says 2 "min_length 9.*max_length 9" ask --min-length 9 --max-length 9
long_enough() { ask --min-length 6 --json && test "$(grep -o '"tokens":[0-9]*' "$out" | cut -d : -f 2 | sort -n | sed -n 2p)" -ge 6; }
check "min-length" long_enough
cuts() { printf 'abc\n\nmoon\n' | run translate -m examples/models/english-g2p.safetensors --max-length 2 "$@"; }
check "cut answers are counted" says 0 '2 of 3 answers are cut short' cuts
check "JSON says how they ended" prints '"ending":"length"' cuts --json
check "JSON has the scores of tokens" prints '"token_scores":\[-' ask --json
check "a prefix" prints '^B A' ask --prefix 'B A'
check "a prefix that cannot be" says 1 "prefix.*target vocabulary lacks: 'x'" ask --prefix x
printf 'C\n\nF F\n' >"$tmp/prefixes"
prefixed() { ask --prefixes "$tmp/prefixes" && sed -n 1p "$out" | grep -q '^C' && sed -n 3p "$out" | grep -q '^F F'; }
check "a prefix for each line" prefixed
printf 'C\n\n' >"$tmp/fewer"
check "as many as lines" says 1 'fewer has 2 lines' ask --prefixes "$tmp/fewer"
printf 'C\n\nF\nA\n' >"$tmp/more"
check "and no more" says 1 'more has more lines' ask --prefixes "$tmp/more"
banned() { ask --banned 'A C' && test -z "$(grep -E 'A|C' "$out")"; }
check "banned words do not come" banned
# lacks WORD MODEL TEXT [OPTION...]: answers, and does not say the word
lacks() {
  word=$1 shipped=examples/models/$2.safetensors
  printf '%s\n' "$3" >"$tmp/asked"
  shift 3
  run translate -m "$shipped" --banned "$word" "$@" <"$tmp/asked" && test -s "$out" && ! grep -q "$word" "$out"
}
check "nor inside a text without spaces" lacks 天气 english-chinese 'The weather is nice today.' --nbest 3
check "nor those that could be copied" lacks xyzzy movie-tickets 'xyzzy blorp grok' --nbest 3
capitals() { printf 'Attention\nATTENTION\n' | run translate -m examples/models/english-g2p.safetensors && test "$(grep -cx 'AH T EH N SH AH N' "$out")" = 2; }
check "the shipped pronunciations are those of capitals too" capitals
alignments() { ask --alignment && sed -n 3p "$out" | grep -qE '^[A-F ]+ \|\|\|( [0-3]-[0-9]+)+$'; }
check "words are aligned" alignments
check "JSON says where they stand" prints '"source_begin":[0-3],"source_end":[1-4],"target":0' ask --alignment --json
check "no alignment of a document" says 2 'alignment does not go with it' ask --document --alignment
printf 'abc\tC B A\nfade\tE D A F\n' >"$tmp/pairs.tsv"
score() { run score -m "$model" --data "$tmp/pairs.tsv" "$@"; }
check "pairs are scored" prints '^-[0-9.]*$' score
check "a line each" lines "$out" 2
check "and aligned" prints '^-[0-9.]* ||| [0-3]-0 [0-3]-1 [0-3]-2 [0-3]-3$' score --alignment
scored_json() { score --json && test "$(grep -c '"text":"C B A".*"tokens":3.*"ending":"end"' "$out")" -eq 1; }
check "with all there is as JSON" scored_json
check "scoring needs pairs" says 2 '--data FILE' run score -m "$model"
check "and a model" says 2 '-m FILE' run score --data "$tmp/pairs.tsv"
check "it takes no option of searches" says 2 'beam is a decode option' run score -m "$model" --data "$tmp/pairs.tsv" --beam 3

# ---- files that clash -----------------------------------------------------------------------------------------------

cp "$tmp/train.tsv" "$tmp/a.tsv"
ln -s a.tsv "$tmp/link.tsv"
cp "$model" "$tmp/m.safetensors"
printf 'abc\nfade\n' >"$tmp/w.txt"
cp "$tmp/w.txt" "$tmp/w.was"
printf 'seed = 1\n' >"$tmp/c.config"
kept_all() {
  cmp "$tmp/train.tsv" "$tmp/a.tsv" && cmp "$model" "$tmp/m.safetensors" && cmp "$tmp/w.txt" "$tmp/w.was" && no_file "$tmp/new"
}
# clash NAME PATTERN COMMAND...: exit status 2, the pattern, and every file as it was
clash() {
  clash_name=$1
  shift
  check "$clash_name" refused_whole "$@"
}
refused_whole() { says_both="$1 are one file" && shift && says 2 "$says_both" "$@" && kept_all; }
fit() { run train --train "$tmp/a.tsv" $tiny --max-epochs 1 "$@"; }
put() { run translate -m "$tmp/m.safetensors" "$@"; }
clash "the model over the pairs" '--output .*a.tsv and --train .*a.tsv' fit -o "$tmp/a.tsv"
clash "by another spelling" '--output .* and --train .*' fit -o "$tmp/../$(basename "$tmp")/a.tsv"
clash "by a link" '--output .*link.tsv and --train .*a.tsv' fit -o "$tmp/link.tsv"
clash "over the dev pairs" '--output .* and --dev .*' fit --dev "$tmp/w.txt" -o "$tmp/w.txt"
clash "over the second of two files" '--output .* and --train .*w.txt' run train --train "$tmp/a.tsv" "$tmp/w.txt" -o "$tmp/w.txt"
clash "over the options" '--output .* and --config .*' fit --config "$tmp/c.config" -o "$tmp/c.config"
clash "the log over the pairs" '--log .* and --train .*' fit -o "$tmp/new" --log "$tmp/a.tsv"
clash "the log over the model" '--output .*m.safetensors and --log .*m.safetensors' fit -o "$tmp/m.safetensors" --log "$tmp/m.safetensors"
clash "the log over the model to come" '--output .*new and --log .*new' fit -o "$tmp/new" --log "$tmp/./new"
clash "answers over the lines" '--output .*w.txt and --input .*w.txt' put -i "$tmp/w.txt" -o "$tmp/w.txt"
clash "answers over lines from standard input" '--output .*w.txt and standard input' eval 'put -o "$tmp/w.txt" <"$tmp/w.txt"'
clash "answers over the model" '--output .* and --model .*' put -i "$tmp/w.txt" -o "$tmp/m.safetensors"
clash "answers behind the lines" 'standard output and --input .*w.txt' eval \
  '"$seq2seq" translate -m "$model" -i "$tmp/w.txt" >>"$tmp/w.txt" 2>"$err"'
check "a device may be shared" translate -i /dev/null -o /dev/null
check "so may a file that is only read" fit --dev "$tmp/a.tsv" -o "$tmp/c.safetensors"

# ---- bad files ------------------------------------------------------------------------------------------------------

cp "$model" "$tmp/before"
untouched() { cmp "$model" "$tmp/before" && test -z "$(find "$tmp" -name 'tiny.safetensors?*')"; }
# learn FILE: trains from it, onto the model that is there
learn() { run train --train "$1" $tiny --max-epochs 1 -o "$model"; }
bad_pairs() { printf "$1" >"$tmp/bad.tsv" && says 1 "$2" learn "$tmp/bad.tsv"; }
check "a missing file is named" says 1 'nowhere.tsv' learn "$tmp/nowhere.tsv"
check "an empty file" bad_pairs '' 'bad.tsv'
check "a line with no tab" bad_pairs 'a\tA\nb\n' 'bad.tsv:2: '
check "a line with two tabs" bad_pairs 'a\tA\nb\tB\tB\n' 'bad.tsv:2: '
check "an empty source" bad_pairs 'a\tA\n\tB\n' 'bad.tsv:2: '
check "an empty target" bad_pairs 'a\tA\nb\t\n' 'bad.tsv:2: '
check "invalid UTF-8" bad_pairs 'a\tA\nb\tB\nc\t\303(\n' 'bad.tsv:3: '
printf 'a\nb\n' >"$tmp/two" && printf 'A\n' >"$tmp/one"
check "aligned files of different length" says 1 'one.* ends ' run train --train "$tmp/two" "$tmp/one" $tiny -o "$model"
check "the model that was there is untouched" untouched
check "an output in no folder" says 1 'nowhere/m' train -o "$tmp/nowhere/m"
check "an output that is a folder" says 1 'is a folder' train -o "$tmp"
# cannot_save: no file may grow over 4 KB, so the model cannot be written, but what was there stays
cannot_save() { (trap '' XFSZ && ulimit -f 8 && train -o "$model" "$@"); }
check "a model that cannot be saved is told, training goes on, status 1" says 1 '^epoch  3' cannot_save
check "the reason is given" grep -q 'tiny.safetensors' "$err"
check "the model that was there is untouched still" untouched
cannot_save_once() { says 1 tiny.safetensors cannot_save --max-epochs 1 && test "$(grep -c 'tiny.safetensors' "$err")" -eq 1; }
check "a last save that fails is told once" cannot_save_once

bad_line() { printf 'abc\nbad\n\303(\nfad\n' | translate --batch 2; }
check "invalid UTF-8 to translate, with its line" says 1 'standard input, line 3' bad_line
check "the lines before it are answered" lines "$out" 2
check "a line over the limit, with its line" eval 'printf "abc\nabcdef\n" | says 1 "line 2.*max_source_length" translate --max-source-length 4'

check "no memory to train" says 1 'out of memory' train -o "$model" --memory-limit 100000
check "no memory to translate" eval 'says 1 "out of memory" ask --memory-limit 1000'
check "no memory to evaluate" says 1 'out of memory' evaluate --memory-limit 1000
check "no memory to show a model" says 1 'out of memory' run info -m "$model" --memory-limit 1000

broken=$tmp/broken.safetensors
size=$(wc -c <"$model")
cut_at() { head -c "$1" "$model" >"$broken" && says 1 'broken.safetensors' run info -m "$broken"; }
check "a model that is missing" says 1 'nowhere' run info -m "$tmp/nowhere"
check "a model of no bytes" cut_at 0
check "a model cut in its header" cut_at 100
check "a model cut in its data" cut_at $((size - 1))
damage() { cp "$model" "$broken" && printf 'x!y?' | dd of="$broken" bs=1 seek="$1" conv=notrunc 2>/dev/null; }
damaged() { damage "$1" && says 1 'broken.safetensors' run info -m "$broken"; }
check "a damaged header" damaged 40
check "damaged data" damaged $((size - 40))
damage $((size / 2))
check "damaged data to translate" eval 'says 1 "broken.safetensors" ask -m "$broken"'
check "damaged data to evaluate" says 1 'broken.safetensors' evaluate -m "$broken"
check "--verify no translates with it" ask -m "$broken" --verify no
check "and evaluates" evaluate -m "$broken" --verify no
check "and trains on" run train --train "$tmp/train.tsv" --from "$broken" --verify no --max-epochs 1 -o "$tmp/c.safetensors" -q
run info && sed -n "s/^cpu \\(.*\\)${tab}\\(.*\\)/\\1 \\2/p" "$out" >"$tmp/cpus"
# each_cpu COMMAND...: done with the levels that this machine has, refused with the others
each_cpu() {
  test -s "$tmp/cpus" && while read -r level works; do
    expected=0
    test "$works" != no || expected=1
    "$@" --cpu "$level"
    test $? -eq $expected || { echo "--cpu $level, which info calls $works:"; cat "$err"; return 1; }
  done <"$tmp/cpus"
}
check "--cpu to translate" each_cpu ask
check "--cpu to evaluate" each_cpu evaluate
check "--cpu to train" each_cpu train -q -o "$tmp/c.safetensors"
check "a file that is no model" eval 'printf "abc\n" | says 1 Makefile run translate -m Makefile'
check "an empty file to evaluate on" eval ': >"$tmp/bad.tsv"; says 1 bad.tsv run eval -m "$model" --data "$tmp/bad.tsv"'
if test -w /dev/full; then check "a full disk" eval 'says 1 "/dev/full" eval "echo abc | translate -o /dev/full"'
else skip "a full disk" "no /dev/full"; fi

finish
