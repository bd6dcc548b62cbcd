#!/bin/sh
# SPDX-License-Identifier: MIT
# What was promised is kept: headers recorded in test/abi/VERSION/ (make abi-record) still describe the library, and a program
# compiled against one runs on it. That these checks can fail is checked too, on a record of today's header.
. test/tap.sh

shared=build/libseq2seq.so
test -e "$shared" || skip_all "no shared library here"
number() { awk -v name="S2S_VERSION_$1" '$2 == name { print $3 }' include/seq2seq.h; }
major=$(number MAJOR) minor=$(number MINOR)

# statements FOLDER: those of the header that is in it, one a line
statements() {
  echo '#include <seq2seq.h>' | ${CC:-cc} -E -P -I"$1" -x c - | tr '\n' ' ' | sed 's/; */;\
/g'
}
prototypes() { statements "$1" | sed 's/__attribute__((visibility("default"))) *//' | grep -E '\bs2s_[a-z0-9_]+\)? *\('; }
constants() { # S2S_NAME value
  statements "$1" | tr ',{}' '\n\n\n' | sed -n 's/^ *\(S2S_[A-Z0-9_]*\) = \(-\{0,1\}[0-9]*\) *$/\1 \2/p' |
    grep -v '^S2S_STATUS_COUNT '
}
# still_declared FOLDER: every prototype of its header is one of today's, with the same types; no constant has changed.
# A redeclaration with other types does not compile.
still_declared() {
  {
    echo '#include <seq2seq.h>'
    prototypes "$1"
    constants "$1" | sed 's/\(.*\) \(.*\)/_Static_assert((int)\1 == \2, "\1 was \2");/'
  } >"$tmp/old.c"
  test "$(grep -c 's2s_' "$tmp/old.c")" -gt 90 || { echo "not understood: $1/seq2seq.h"; return 1; }
  ${CC:-cc} -std=c11 -Wall -Werror -Iinclude -fsyntax-only "$tmp/old.c"
}
still_exported() {
  prototypes "$1" | grep -v '^typedef' | sed 's/^[^(]*[ *]\(s2s_[a-z0-9_]*\) *(.*/\1/' | sort -u >"$tmp/promised"
  nm -D --defined-only "$shared" | sed 's/.* //; s/@.*//' | sort -u >"$tmp/there"
  test -s "$tmp/promised" && ! comm -23 "$tmp/promised" "$tmp/there" | grep .
}
still_runs() {
  ${CC:-cc} -I"$1" test/abi/program.c "$shared" -o "$tmp/program" &&
    LD_LIBRARY_PATH=build "$tmp/program" "$tmp/model"
}

if have readelf; then
  soname=$(readelf -d "$shared" | sed -n 's/.*SONAME.*\[libseq2seq\.so\.\(.*\)\]/\1/p')
  check "the SONAME has the major version" test "$soname" = "$major"
fi
nodes=$(sed -n 's/^SEQ2SEQ_\([0-9.]*\) {$/\1/p' lib/seq2seq.map)
newest=$(echo "$nodes" | tail -n 1)
node_fits() { test "$newest" = "$major" -a "$major" = 0 || { test "${newest%%.*}" = "$major" && test "${newest#*.}" -le "$minor"; }; }
check "the newest node of the version script is of this version" node_fits

# Nodes: functions of earlier releases keep theirs, and new ones get a node of their own.
releases() {
  rm -rf "$tmp/release" && mkdir -p "$tmp/release/lib" "$tmp/release/include" && cp lib/map.sh "$tmp/release/lib" && (
    cd "$tmp/release" && echo 'S2S_API void s2s_b(void);' >include/seq2seq.h && : >lib/seq2seq.map &&
      sh lib/map.sh 1 0 >new && cp new lib/seq2seq.map && sh lib/map.sh 1 0 | diff - lib/seq2seq.map &&
      echo 'S2S_API int32_t s2s_a(void);' >>include/seq2seq.h && sh lib/map.sh 1 1 >new && cp new lib/seq2seq.map &&
      sh lib/map.sh 1 1 | diff - lib/seq2seq.map && tr -d ' \n' <new |
      grep -qxF 'SEQ2SEQ_1.0{global:s2s_b;local:*;};SEQ2SEQ_1.1{global:s2s_a;}SEQ2SEQ_1.0;'
  )
}
check "a release keeps the nodes of those before it" releases

for folder in test/abi/[0-9]*/; do
  test -d "$folder" || { skip "recorded headers" "none before 1.0 (make abi-record)"; continue; }
  version=$(basename "$folder")
  if test "${version%%.*}" != "$major"; then skip "the header of $version" "another major version"; continue; fi
  check "every declaration of $version holds" still_declared "$folder"
  if have nm comm; then check "every function of $version is exported" still_exported "$folder"; fi
  check "a program compiled against $version runs" still_runs "$folder"
done

mkdir "$tmp/today" "$tmp/changed" && cp include/seq2seq.h "$tmp/today"
changed() { sed "$1" include/seq2seq.h >"$tmp/changed/seq2seq.h" && ! cmp -s include/seq2seq.h "$tmp/changed/seq2seq.h"; }
refused() { changed "$1" && ! still_declared "$tmp/changed" 2>/dev/null; }
check "today's header describes today's library" still_declared "$tmp/today"
check "a program compiled against it runs" still_runs "$tmp/today"
check "an argument of another type is found" refused 's/s2s_option_name(size_t index)/s2s_option_name(int32_t index)/'
check "an argument more is found" refused 's/s2s_option_name(size_t index)/s2s_option_name(size_t index, int32_t more)/'
check "another result is found" refused 's/int32_t s2s_abi_version(void)/int64_t s2s_abi_version(void)/'
check "a changed constant is found" refused 's/S2S_SOURCE = 0/S2S_SOURCE = 7/'
check "a callback of other arguments is found" refused 's/(\*s2s_log_fn)(void \*user, int32_t level/(*s2s_log_fn)(void *user, int64_t level/'
gone() { changed 's/s2s_version(void)/s2s_no_longer(void)/' && ! still_exported "$tmp/changed" >/dev/null; }
if have nm comm; then check "a function that is no longer there is found" gone; fi
finish
