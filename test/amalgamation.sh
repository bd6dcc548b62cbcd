#!/bin/sh
# SPDX-License-Identifier: MIT
# The library as one file compiles without a warning, also as plain `cc -O2`, links and runs.
. test/tap.sh

check "make amalgamation" $make -s amalgamation
cp build/amalgamation/seq2seq.[ch] "$tmp"
cat >"$tmp/main.c" <<'END'
#include "seq2seq.h"
#include <stdio.h>
int main(int count, char **arguments) {
  const char *word = "attention", *cpu;
  s2s_model *model;
  s2s_result *result;
  if (count < 2) return puts(s2s_status_name(S2S_OK)) < 0;
  if (s2s_model_load(arguments[1], NULL, &model) || s2s_translate(model, NULL, &word, NULL, 1, &result) ||
      s2s_model_get(model, "cpu", &cpu))
    return puts(s2s_error_message()), 1;
  printf("%s %s %a\n", cpu, s2s_result_text(result, 0, 0), s2s_result_score(result, 0, 0));
  s2s_result_free(result);
  s2s_model_free(model);
}
END
model=examples/models/english-g2p.safetensors
test -f $model || model=

runs() { $compiler -O2 "$tmp/main.c" "$tmp/seq2seq.o" -o "$tmp/main" -lm -pthread && "$tmp/main"; }
# The library as it is built here gives the same bits, by the same instructions.
same_bits() {
  ${CC:-cc} -O2 -Iinclude "$tmp/main.c" build/libseq2seq.a -o "$tmp/usual" -lm -pthread &&
    "$tmp/usual" $model >"$tmp/usual.out" && "$tmp/main" $model | diff - "$tmp/usual.out"
}
tables() { nm "$1" 2>/dev/null | sed -n 's/.* \(s2s__kernels_[a-z0-9]*\)$/\1/p' | sort -u; }
all_levels() { tables build/libseq2seq.a >"$tmp/wanted" && grep -q s2s__kernels_c "$tmp/wanted" && tables "$tmp/seq2seq.o" | diff - "$tmp/wanted"; }

compilers "${CC:-cc}" gcc clang >"$tmp/compilers"
while read -r compiler; do
  if have "${compiler%% *}"; then
    rm -f "$tmp/seq2seq.o" "$tmp/main"
    check "compiles with $compiler" $compiler -O2 -Wall -Wextra -Werror -c "$tmp/seq2seq.c" -o "$tmp/seq2seq.o"
    check "links with $compiler and runs" runs
    if have nm; then
      check "has every instruction set with $compiler" all_levels
    else
      skip "has every instruction set with $compiler" "no nm"
    fi
    if test -n "$model"; then
      check "gives the same bits as the library with $compiler" same_bits
    else
      skip "gives the same bits as the library with $compiler" "no shipped model"
    fi
  else
    skip "compiles with $compiler" "no $compiler"
  fi
done <"$tmp/compilers"
finish
