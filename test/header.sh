#!/bin/sh
# SPDX-License-Identifier: MIT
# The public headers compile alone, without a warning, in every language and compiler that may include them.
. test/tap.sh

strict="-Iinclude -Wall -Wextra -Wpedantic -Werror -fsyntax-only"

# alone HEADER LANGUAGE STANDARD COMPILERS
alone() {
  echo "#include \"$1\"" >"$tmp/alone"
  printf '%s\n' "$4" >"$tmp/compilers"
  while read -r compiler; do
    name="$1 compiles alone as $3 with $compiler"
    if have "${compiler%% *}"; then
      check "$name" $compiler -x "$2" -std="$3" $strict "$tmp/alone"
    else
      skip "$name" "no $compiler"
    fi
  done <"$tmp/compilers"
}

c=$(compilers "${CC:-cc}" gcc clang)
cxx=$(compilers "${CXX:-c++}" g++ clang++)
for standard in c99 c11; do alone seq2seq.h c $standard "$c"; done
for standard in c++11 c++17; do
  alone seq2seq.h c++ $standard "$cxx"
done
alone seq2seq.hpp c++ c++17 "$cxx"
finish
