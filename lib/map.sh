#!/bin/sh
# SPDX-License-Identifier: MIT
#
# map.sh MAJOR MINOR: prints the linker's version script, lib/seq2seq.map: a node for each release of this major version,
# with the functions that it added. Nodes of earlier releases stay as the file has them; the node of this one gets what
# include/seq2seq.h declares beyond them. Before 1.0 there is one node for all.
set -eu
node=SEQ2SEQ_$1
test "$1" = 0 || node=SEQ2SEQ_$1.$2
awk -v node="$node" -v major="SEQ2SEQ_$1" '
  FILENAME ~ /\.map$/ {
    if ($1 ~ /^SEQ2SEQ_/ && $2 == "{") name = $1
    if ($0 == "" || name == node || (name != major && index(name, major ".") != 1)) next
    if (/[{]$/ && before != "") print ""
    print
    if (match($0, /s2s_[a-z0-9_]+;/)) listed[substr($0, RSTART, RLENGTH - 1)] = 1
    if (/^}/) before = " " name
    next
  }
  /^S2S_API/ { api = 1 }
  api && match($0, /s2s_[a-z0-9_]+\(/) {
    api = 0
    function_name = substr($0, RSTART, RLENGTH - 1)
    if (function_name in listed) next
    if (!count++) print (before == "" ? "" : "\n") node " {\n  global:"
    print "    " function_name ";"
  }
  END { if (count) print (before == "" ? "  local: *;\n" : "") "}" before ";" }
' lib/seq2seq.map include/seq2seq.h
