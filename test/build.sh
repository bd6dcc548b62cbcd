#!/bin/sh
# SPDX-License-Identifier: MIT
# The build honours what its user sets. (That two builds give the same bytes: make check-reproducible.)
. test/tap.sh

unset CFLAGS CPPFLAGS LDFLAGS LDLIBS AR WERROR
library=build/libseq2seq.a
commands_of() { $make -n -B "$@" 2>/dev/null; }
compiles() { commands_of "$@" | grep -e '-c lib/base/json.c'; }
links() { commands_of "$@" | grep -e '-shared'; }

each() { # each PATTERN COMMAND...: there is output, and every line of it has the pattern
  each_pattern=$1
  shift
  "$@" >"$tmp/commands"
  test -s "$tmp/commands" && ! grep -v -e "$each_pattern" "$tmp/commands"
}
check "CC" each 'cc-of-mine ' compiles $library CC=cc-of-mine
check "CFLAGS instead of -O2 -g" eval 'each " -Os -DMINE " compiles $library CFLAGS="-Os -DMINE" && ! grep -e " -O2" "$tmp/commands"'
check "CPPFLAGS" each ' -Imine ' compiles $library CPPFLAGS=-Imine
check "CFLAGS from the environment" eval '(CFLAGS=-O1; export CFLAGS; each " -O1 " compiles $library)'
check "AR" each 'ar-of-mine rcs' eval 'commands_of $library AR=ar-of-mine | grep "rcs build/"'
if test -e build/libseq2seq.so; then
  check "LDFLAGS and LDLIBS" each ' -Lmine .* -lmine' links build/libseq2seq.so LDFLAGS=-Lmine LDLIBS=-lmine
else
  skip "LDFLAGS and LDLIBS" "no shared library here"
fi
check "S2S_SIMD=none" each 'S2S_NO_SIMD=1' compiles $library S2S_SIMD=none
without() { ! compiles $library | grep -e S2S_NO_SIMD; }
check "and not without it" without
check "S2S_SIMD=avx2, which is none of its values, is refused" eval '! commands_of $library S2S_SIMD=avx2'
none "nothing is tuned for this machine" "$(commands_of all | grep -e '-march=native\|-mtune=native\|-ffast-math')"
finish
