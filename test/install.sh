#!/bin/sh
# SPDX-License-Identifier: MIT
# make install puts everything where each spelling of the variables says, programs build against it, and make uninstall
# takes all of it away again.
. test/tap.sh

cat >"$tmp/program.c" <<'END'
#include <seq2seq.h>
#include <stdio.h>
int main(void) { return puts(s2s_status_name(S2S_OK)) < 0; }
END
version=$(awk '$2 ~ /^S2S_VERSION_(MAJOR|MINOR|PATCH)$/ { v = v dot $3; dot = "." } END { print v }' include/seq2seq.h)
root=$PWD/$tmp
unset DESTDIR PREFIX prefix BINDIR bindir LIBDIR libdir INCLUDEDIR includedir MANDIR mandir

left() { find "$1" ! -type d; }

# spelling NAME LIBDIR INCLUDEDIR VARIABLE...: a staged installation, and its removal
spelling() {
  name=$1 library=$tmp/stage/$2 include=$tmp/stage/$3
  shift 3
  check "install with $name" $make -s install DESTDIR="$root/stage" "$@"
  check "puts files in place with $name" test -f "$library/libseq2seq.a" -a -f "$include/seq2seq.h" -a \
    -f "$library/pkgconfig/seq2seq.pc"
  check "uninstall with $name" $make -s uninstall DESTDIR="$root/stage" "$@"
  none "leaves nothing with $name" "$(left "$tmp/stage")"
  rm -rf "$tmp/stage"
}
spelling "DESTDIR alone" usr/local/lib usr/local/include
spelling PREFIX opt/a/lib opt/a/include PREFIX=/opt/a
spelling prefix opt/a/lib opt/a/include prefix=/opt/a
spelling "LIBDIR and INCLUDEDIR" usr/lib/x usr/include/x PREFIX=/usr LIBDIR=/usr/lib/x INCLUDEDIR=/usr/include/x
spelling "libdir and includedir" usr/lib/x usr/include/x prefix=/usr libdir=/usr/lib/x includedir=/usr/include/x

prefix=$root/prefix
check "install without DESTDIR" $make -s install PREFIX="$prefix"
build() { ${CC:-cc} "$tmp/program.c" -o "$tmp/program" "$@"; }
shared() { build "$@" && LD_LIBRARY_PATH=$prefix/lib "$tmp/program"; }
static() { build "$@" && "$tmp/program"; }
check "a program links the shared library" shared -I"$prefix/include" -L"$prefix/lib" -lseq2seq
check "a program links the static library" static -I"$prefix/include" "$prefix/lib/libseq2seq.a" -lm -pthread

if have pkg-config; then
  PKG_CONFIG_PATH=$prefix/lib/pkgconfig
  export PKG_CONFIG_PATH
  check "pkg-config knows the version" test "$(pkg-config --modversion seq2seq)" = "$version"
  check "pkg-config links the shared library" shared $(pkg-config --cflags --libs seq2seq)
  rm -f "$prefix"/lib/*.so*
  check "pkg-config --static links the static library" static $(pkg-config --static --cflags --libs seq2seq)
else
  skip "building through pkg-config" "no pkg-config"
fi
check "uninstall without DESTDIR" $make -s uninstall PREFIX="$prefix"
none "leaves nothing without DESTDIR" "$(left "$prefix")"
finish
