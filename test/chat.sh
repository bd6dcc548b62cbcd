#!/bin/sh
# SPDX-License-Identifier: MIT
# The chat: it answers turn by turn, and says again what nobody has ever named before.
. test/tap.sh

model=examples/models/movie-tickets.safetensors
talk() { printf "$@" | build/examples/chat "$model" >"$tmp/said" 2>&1; }
answers() { grep -c '^you:  it:  .' "$tmp/said"; }

test -x build/examples/chat || skip_all "no build/examples/chat"
check "it talks" talk 'Hi, I want 3 tickets for Zorblax.\nAt AMC Foobar 13 tomorrow at 7:30 pm.\nyes\n'
check "one answer a turn" test "$(answers)" -eq 3
check "with a name that it has never seen" grep -q zorblax "$tmp/said"
check "an empty line forgets" talk 'I want 3 tickets for Zorblax.\n\nI want tickets.\nfor today\n'
check "so the name is gone" eval '! sed "1,/new conversation/d" "$tmp/said" | grep -q zorblax'
check "a long talk is no danger" eval 'i=0; while [ $i -lt 40 ]; do printf "%0900d\n" $i; i=$((i + 1)); done |
  build/examples/chat "$model" >"$tmp/said" && test "$(grep -c "^you:  it:" "$tmp/said")" -eq 40'
check "nor is no model" eval '! build/examples/chat "$tmp/none" </dev/null 2>"$tmp/error" && grep -q none "$tmp/error"'
finish
