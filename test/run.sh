#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run.sh [-j N] [-v] [--exec WRAPPER] PROGRAM...: runs programs that speak TAP, one after another, where there is no
# prove. Shows what failed (-v: everything), then a line of totals; fails when a test, a plan or a program did.
set -u
verbose=0 wrapper=
while :; do
  case ${1-} in
    -j) shift 2 ;;
    -v) verbose=1 && shift ;;
    --exec) wrapper=$2 && shift 2 ;;
    *) break ;;
  esac
done

passed=0 failed=0 skipped=0
output=build/tmp/run.$$
for program; do
  $wrapper "$program" >"$output"
  status=$?
  set -- $(awk '
    /^1\.\.[0-9]+/ { plan = substr($1, 4); planned = 1; all = /# *[Ss][Kk][Ii][Pp]/ }
    /^ok/ { if (/# *[Ss][Kk][Ii][Pp]/) skip++; else pass++ }
    /^not ok/ { fail++ }
    END { print pass + 0, fail + 0, skip + 0, (planned && plan == pass + fail + skip ? "whole" : "cut"), all + 0 }' "$output")
  passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3 + $5))
  verdict=ok
  test "$5" = 0 || verdict="skipped: $(sed -n 's/^1\.\.0 # *SKIP *//p' "$output")"
  test "$2" = 0 || verdict="FAILED $2 of $(($1 + $2 + $3))"
  if test "$2" = 0 && { test "$status" != 0 || test "$4" = cut; }; then
    failed=$((failed + 1)) verdict="FAILED (status $status, plan $4 after $(($1 + $3)) tests)"
  fi
  case $verdict in FAILED*) cat "$output" ;; *) test "$verbose" = 0 || cat "$output" ;; esac
  echo "$program .. $verdict"
done
rm -f "$output"
echo "$passed passed, $failed failed, $skipped skipped"
test "$failed" = 0
