# SPDX-License-Identifier: MIT
#
# TAP for shell tests, which begin with `. test/tap.sh` and end with `finish`. They run from the top of the tree; $tmp is
# a directory of their own. What make passes on through its environment is not for the makes that tests start.

set -u
tmp=build/tmp/$(basename "$0" .sh)
rm -rf "$tmp" && mkdir -p "$tmp" || exit 1
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES VARIANT
make=${MAKE:-make}
tests=0 failures=0

# have TOOL...: whether all of them are installed
have() { for tool; do command -v "$tool" >/dev/null 2>&1 || return 1; done; }

# compilers COMMAND...: those of them that differ, one a line; a missing one counts as different
compilers() {
  for compiler; do
    echo "$($compiler -v 2>&1 | grep ' version [0-9]' || echo "$compiler")|$compiler"
  done | awk -F '|' '!seen[$1]++ { print $2 }'
}

# check NAME COMMAND...: passes when the command succeeds; else shows what it printed
check() {
  check_name=$1 tests=$((tests + 1))
  shift
  if "$@" >"$tmp/output" 2>&1; then
    echo "ok $tests - $check_name"
  else
    failures=$((failures + 1))
    echo "not ok $tests - $check_name"
    sed 's/^/#   /' "$tmp/output"
  fi
}

# none NAME TEXT: passes when the text, the offenders found, is empty
none() { check "$1" offenders "$2"; }
offenders() { test -z "$1" || { printf '%s\n' "$1"; return 1; }; }

# skip NAME REASON: loudly
skip() {
  tests=$((tests + 1))
  echo "ok $tests - $1 # SKIP $2"
  echo "# skipped: $1: $2" >&2
}

# skip_all REASON: the whole file
skip_all() {
  echo "1..0 # SKIP $1"
  exit 0
}

finish() {
  echo "1..$tests"
  rm -rf "$tmp"
  test "$failures" -eq 0
  exit
}
