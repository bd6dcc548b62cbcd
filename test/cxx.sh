#!/bin/sh
# SPDX-License-Identifier: MIT
# include/seq2seq.hpp has every function of seq2seq.h, and does what it says with each C++ compiler that is here.
. test/tap.sh

# Functions of the C header that the C++ one never calls. Those that C++ has another way to say: none yet.
missing() {
  $make -s map | sed -n 's/^    \(s2s_[a-z0-9_]*\);$/\1/p' | while read -r name; do
    grep -qw "$name" include/seq2seq.hpp || echo "$name"
  done
}
none "seq2seq.hpp wraps every function of seq2seq.h" "$(missing)"

# runs COMPILER: builds the test of the wrapper, with all warnings, and runs it; shows what failed
runs() {
  $1 -std=c++17 -O0 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -DS2S_STATIC -Iinclude test/cxx/wrapper.cpp \
    build/libseq2seq.a -lm -pthread -o "$tmp/wrapper" || return
  TEST_TMP=$tmp "$tmp/wrapper" >"$tmp/wrapper.out"
  wrapper_status=$?
  grep -A 2 '^not ok' "$tmp/wrapper.out"
  grep -q '^1\.\.[1-9]' "$tmp/wrapper.out" && return $wrapper_status
}
# readme COMPILER: builds the README's program in C++, and runs it
readme() {
  awk '/^```cpp$/ { code = 1; next } /^```$/ { code = 0 } code' README.md >"$tmp/readme.cpp" && test -s "$tmp/readme.cpp" &&
    $1 -std=c++17 -Wall -Wextra -Werror -Iinclude "$tmp/readme.cpp" build/libseq2seq.a -lm -pthread -o "$tmp/readme" &&
    { test ! -f examples/models/english-g2p.safetensors || "$tmp/readme" | grep '^S IY'; }
}
compilers "${CXX:-c++}" g++ clang++ >"$tmp/compilers"
while read -r compiler; do
  if have "${compiler%% *}"; then
    check "the wrapper does what it says with $compiler" runs "$compiler"
    check "the README's program in C++ with $compiler" readme "$compiler"
  else
    skip "the wrapper does what it says with $compiler" "no $compiler"
  fi
done <"$tmp/compilers"
finish
