#!/bin/sh
# SPDX-License-Identifier: MIT
#
# [S2S_TRAIN=0] amalgamate.sh DIRECTORY SOURCE...: writes DIRECTORY/seq2seq.c, the sources one after another with the library's own
# headers in the places where they are included, and DIRECTORY/seq2seq.h.
#
# A header with an include guard is put in once; one without is meant to be included again and again, and so it is. A
# guarded header met inside an #if is put in there too, but counts as not yet seen: the #if may be false. Feature-test
# macros (_GNU_SOURCE and the like) must come before any system header, so they stand at the top as well.
set -eu
directory=$1
shift
mkdir -p "$directory"

cp include/seq2seq.h "$directory/seq2seq.h"
awk -v trains="${S2S_TRAIN-1}" '
function path_of(name, from) {
  if ((getline line < ("lib/" name)) >= 0) { close("lib/" name); return "lib/" name }
  sub(/[^\/]*$/, "", from)
  return from name
}
function has_guard(file,   line, guard) {
  while ((getline line < file) > 0 && line !~ /^#/) ;
  guard = line
  getline line < file
  close(file)
  return sub(/^#ifndef /, "", guard) && line == "#define " guard
}
function put(file, top,   line, name, depth, guarded) {
  guarded = file ~ /\.h$/ && has_guard(file)
  if (guarded && file in seen) return
  if (guarded && top) seen[file] = 1
  depth = guarded ? -1 : 0
  while ((getline line < file) > 0) {
    if (line ~ /^ *# *if/) depth++
    if (line ~ /^ *# *endif/) depth--
    if (line ~ /^ *# *include *"/ && line !~ /"seq2seq\.h"/) {
      name = line
      gsub(/^[^"]*"|"[^"]*$/, "", name)
      put(path_of(name, file), top && depth <= 0)
    } else print line
  }
  if (close(file) != 0) { print "amalgamate: cannot read " file > "/dev/stderr"; exit 1 }
}
function put_feature_macros(   i, line, name) {
  for (i = 1; i < ARGC; i++) {
    while ((getline line < ARGV[i]) > 0)
      if (match(line, /^ *# *define _[A-Z0-9_]*(_SOURCE|_OFFSET_BITS)/)) {
        name = substr(line, RSTART, RLENGTH)
        sub(/.* /, "", name)
        if (!(name in macros)) print "#ifndef " name "\n" line "\n#endif"
        macros[name] = 1
      }
    close(ARGV[i])
  }
}
BEGIN {
  print "/* SPDX-License-Identifier: MIT\n *\n * libseq2seq in one file, made by `make amalgamation`. Link with -lm and -pthread. */"
  if (trains == "0") {
    print "#ifndef S2S_TRAIN\n#define S2S_TRAIN 0\n#endif"
    print "#ifdef __GNUC__ /* what only training calls has no caller */"
    print "#pragma GCC diagnostic ignored \"-Wunused-function\"\n#endif"
  }
  print "#ifndef S2S_BUILD\n#define S2S_BUILD\n#endif"
  print "#if defined(__clang__) /* as -ffp-contract=off: no fused operation that the code does not name */"
  print "#pragma STDC FP_CONTRACT OFF\n#elif defined(__GNUC__)\n#pragma GCC optimize(\"fp-contract=off\")\n#endif"
  put_feature_macros()
  for (i = 1; i < ARGC; i++) {
    print "\n/* ======== " ARGV[i] " ======== */\n"
    put(ARGV[i], 1)
  }
}
' "$@" >"$directory/seq2seq.c.new"
mv "$directory/seq2seq.c.new" "$directory/seq2seq.c"
