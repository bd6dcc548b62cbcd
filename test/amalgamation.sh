#!/bin/sh
# SPDX-License-Identifier: MIT
# The library as one file compiles without a warning, also as plain `cc -O2`, links and runs.
. test/tap.sh

check "make amalgamation" $make -s amalgamation
cp build/amalgamation/seq2seq.[ch] "$tmp"
cat >"$tmp/main.c" <<'END'
#include "seq2seq.h"
#include <stdio.h>
int main(void) { return puts(s2s_status_name(S2S_OK)) < 0; }
END

runs() { $compiler -O2 "$tmp/main.c" "$tmp/seq2seq.o" -o "$tmp/main" -lm -pthread && "$tmp/main"; }

compilers "${CC:-cc}" gcc clang >"$tmp/compilers"
while read -r compiler; do
  if have "${compiler%% *}"; then
    rm -f "$tmp/seq2seq.o" "$tmp/main"
    check "compiles with $compiler" $compiler -O2 -Wall -Wextra -Werror -c "$tmp/seq2seq.c" -o "$tmp/seq2seq.o"
    check "links with $compiler and runs" runs
  else
    skip "compiles with $compiler" "no $compiler"
  fi
done <"$tmp/compilers"
finish
