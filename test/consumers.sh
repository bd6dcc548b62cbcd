#!/bin/sh
# SPDX-License-Identifier: MIT
# Others build against an installation: by CMake's find_package, also after the tree was moved, and by clang's modules.
. test/tap.sh

unset DESTDIR PREFIX prefix EXEC_PREFIX exec_prefix BINDIR bindir LIBDIR libdir INCLUDEDIR includedir
top=$PWD
there=$top/$tmp/here
check "install" $make -s install PREFIX="$there"
version=$(awk '$2 ~ /^S2S_VERSION_(MAJOR|MINOR|PATCH)$/ { v = v dot $3; dot = "." } END { print v }' include/seq2seq.h)

mkdir "$tmp/project"
cat >"$tmp/project/app.c" <<'END_C'
#include <seq2seq.h>
#include <stdio.h>
int main(void) { return printf("%s\n", s2s_version()) < 0; }
END_C
cat >"$tmp/project/app.cpp" <<'END_CPP'
#include <seq2seq.hpp>
#include <iostream>
int main() { std::cout << s2s::options{{"beam", 7}}.get("beam") << '\n'; }
END_CPP
cat >"$tmp/project/CMakeLists.txt" <<'END_CMAKE'
cmake_minimum_required(VERSION 3.13)
project(consumer C ${LANGUAGES})
find_package(seq2seq ${WANTED} REQUIRED)
add_executable(shared app.c)
target_link_libraries(shared seq2seq::seq2seq)
add_executable(static app.c)
target_link_libraries(static seq2seq::static)
if(CMAKE_CXX_COMPILER)
  add_executable(cxx app.cpp)
  target_compile_features(cxx PRIVATE cxx_std_17)
  target_link_libraries(cxx seq2seq::seq2seq)
endif()
END_CMAKE

# configure [OPTION...]: the project against $there
configure() {
  rm -rf "$tmp/project/build"
  cmake -S "$tmp/project" -B "$tmp/project/build" -DCMAKE_PREFIX_PATH="$there" -DCMAKE_C_COMPILER="${CC:-cc}" "$@"
}
builds() { configure "$@" && cmake --build "$tmp/project/build"; }
runs() { test "$("$tmp/project/build/$1")" = "$2"; }
refuses() { ! configure "$@" && configure "$@" 2>&1 | grep -q 'compatible with'; }
needs_shared() { readelf -d "$tmp/project/build/$1" | grep -q 'NEEDED.*libseq2seq'; }
cxx=
have "${CXX:-c++}" && cxx="-DLANGUAGES=CXX -DCMAKE_CXX_COMPILER=${CXX:-c++}"

if have cmake; then
  check "find_package(seq2seq) builds C and C++" builds -DWANTED="$version" $cxx
  check "the program with the shared library runs" runs shared "$version"
  check "the program with the static library runs" runs static "$version"
  if have readelf && test -e build/libseq2seq.so; then
    check "and each has its own kind" eval 'needs_shared shared && ! needs_shared static'
  fi
  if test -n "$cxx"; then
    check "so does the one in C++" runs cxx 7
  else
    skip "so does the one in C++" "no C++ compiler"
  fi
  check "a later version is refused" refuses -DWANTED=99
  moved() { mv "$there" "$tmp/moved" && there=$top/$tmp/moved && builds && runs shared "$version"; }
  check "it works where the tree was moved to" moved
  mkdir "$tmp/linked" && ln -s "$there/lib" "$tmp/linked/lib"
  linked() { there=$top/$tmp/linked builds && runs shared "$version"; }
  check "and where a link leads to the libraries alone" linked
  mkdir -p "$tmp/farm/lib/cmake" && ln -s "$there/lib/cmake/seq2seq" "$tmp/farm/lib/cmake/seq2seq"
  farm() { there=$top/$tmp/farm builds && runs static "$version"; }
  check "or to CMake's files alone" farm
  apart() {
    $make -s install PREFIX="$top/$tmp/apart/p/" LIBDIR="$top/$tmp/apart/lib64/x" INCLUDEDIR="$top/$tmp/apart/inc" &&
      ! grep -n "$top" "$tmp/apart/lib64/x/cmake/seq2seq"/*.cmake && mv "$tmp/apart" "$tmp/anywhere" &&
      builds -DCMAKE_PREFIX_PATH= -Dseq2seq_DIR="$top/$tmp/anywhere/lib64/x/cmake/seq2seq" && runs shared "$version"
  }
  check "folders apart from each other are moved together" apart
else
  skip "find_package(seq2seq)" "no cmake"
fi

map="$there/include/seq2seq/module.modulemap"
if have clang; then
  printf '@import CSeq2seq;\nint main(void) { s2s_model *model = 0; s2s_model_free(model); return S2S_OK; }\n' >"$tmp/app.m"
  check "clang imports it as a module" clang -fmodules -fmodules-cache-path="$tmp/modules" -fmodule-map-file="$map" \
    -fsyntax-only "$tmp/app.m"
  check "by its folder, too" clang -fmodules -fmodules-cache-path="$tmp/modules" -I"$there/include/seq2seq" \
    -fsyntax-only "$tmp/app.m"
else
  skip "clang imports it as a module" "no clang"
fi
swift_runs() {
  printf 'import CSeq2seq\nprint(String(cString: s2s_version()))\n' >"$tmp/app.swift" &&
    swiftc -I "$there/include/seq2seq" -L "$there/lib" "$tmp/app.swift" -o "$tmp/swift" &&
    test "$(LD_LIBRARY_PATH=$there/lib "$tmp/swift")" = "$version"
}
if have swiftc; then check "Swift imports it" swift_runs; else skip "Swift imports it" "no swiftc"; fi
finish
