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
unset DESTDIR PREFIX prefix EXEC_PREFIX exec_prefix BINDIR bindir LIBDIR libdir INCLUDEDIR includedir MANDIR mandir
unset DATAROOTDIR datarootdir PKGCONFIGDIR pkgconfigdir datadir

# left FOLDER: what is in it still, folders too
left() { find "$1" ! -path "$1" 2>/dev/null; }

# spelling NAME LIBDIR INCLUDEDIR VARIABLE...: a staged installation, and its removal
spelling() {
  name=$1 library=$tmp/stage/$2 include=$tmp/stage/$3
  shift 3
  check "install with $name" $make -s install DESTDIR="$root/stage" "$@"
  check "puts files in place with $name" test -f "$library/libseq2seq.a" -a -f "$include/seq2seq.h" -a \
    -f "$library/${pkgconfig-pkgconfig}/seq2seq.pc" -a -f "$include/seq2seq.hpp" -a -f "$include/seq2seq/module.modulemap" -a \
    -f "$library/cmake/seq2seq/seq2seqConfig.cmake" -a -f "$tmp/stage/${bin-opt/a/bin}/seq2seq"
  check "uninstall with $name" $make -s uninstall DESTDIR="$root/stage" "$@"
  none "leaves nothing with $name" "$(left "$tmp/stage")"
  rm -rf "$tmp/stage"
}
bin=usr/local/bin spelling "DESTDIR alone" usr/local/lib usr/local/include
spelling PREFIX opt/a/lib opt/a/include PREFIX=/opt/a
spelling prefix opt/a/lib opt/a/include prefix=/opt/a
all="BINDIR=/usr/b LIBDIR=/usr/lib/x INCLUDEDIR=/usr/include/x MANDIR=/usr/m PKGCONFIGDIR=/usr/lib/x/p"
bin=usr/b pkgconfig=p spelling "each folder by itself" usr/lib/x usr/include/x PREFIX=/usr $all
bin=usr/b pkgconfig=p spelling "the same in small letters" usr/lib/x usr/include/x $(echo "PREFIX=/usr $all" |
  awk '{ for (i = 1; i <= NF; i++) { n = index($i, "="); print tolower(substr($i, 1, n - 1)) substr($i, n) } }')
bin=opt/a/e/bin spelling exec_prefix opt/a/e/lib opt/a/include prefix=/opt/a exec_prefix=/opt/a/e
spelling "a slash at the end" opt/a/lib opt/a/include PREFIX=/opt/a/
spelling datadir opt/a/lib opt/a/include prefix=/opt/a datarootdir=/opt/d/share datadir=/opt/e/share mandir=/opt/f/g/man
pkgconfig=../../p/q/r spelling "folders inside each other" opt/a/x/y/z opt/a/x/y PREFIX=/opt/a libdir=/opt/a/x/y/z \
  includedir=/opt/a/x/y pkgconfigdir=/opt/a/x/p/q/r datarootdir=/opt/a/x

# What was there before stays: a folder with something in it, and the staging folder itself.
mkdir -p "$tmp/stage/usr/local/include/seq2seq" && touch "$tmp/stage/usr/local/include/seq2seq/other.h"
check "install beside other files" $make -s install DESTDIR="$root/stage/"
check "uninstall beside other files" $make -s uninstall DESTDIR="$root/stage/"
check "leaves them" test "$(find "$tmp/stage" ! -type d)" = "$tmp/stage/usr/local/include/seq2seq/other.h"
rm -rf "$tmp/stage" && mkdir "$tmp/stage" && $make -s uninstall DESTDIR="$root/stage"
check "uninstall where nothing is leaves the staging folder" test -d "$tmp/stage"
rm -rf "$tmp/stage"

# smaller FILE INSTALLED
smaller() { test "$(wc -c <"$1")" -gt "$(wc -c <"$tmp/stage/usr/local/$2")"; }
if have "${STRIP:-strip}"; then
  check "install-strip" $make -s install-strip DESTDIR="$root/stage"
  check "makes the shared library smaller" smaller build/libseq2seq.so lib/libseq2seq.so
  check "the static one" smaller build/libseq2seq.a lib/libseq2seq.a
  check "and the command" smaller build/seq2seq bin/seq2seq
  check "which runs" "$tmp/stage/usr/local/bin/seq2seq" --version
  stripped() { ${CC:-cc} "$tmp/program.c" -I"$tmp/stage/usr/local/include" -o "$tmp/program" "$@" && "$tmp/program"; }
  check "a program links the static library" stripped "$tmp/stage/usr/local/lib/libseq2seq.a" -lm -pthread
  check "and the shared one" stripped "$tmp/stage/usr/local/lib/libseq2seq.so" -Wl,-rpath,"$root/stage/usr/local/lib"
  check "uninstall takes them away" $make -s uninstall DESTDIR="$root/stage"
  none "and leaves nothing of install-strip" "$(left "$tmp/stage")"
  rm -rf "$tmp/stage"
else
  skip "install-strip" "no strip"
fi
in_environment() { (prefix=/opt/a && export prefix && $make -s "$1" DESTDIR="$root/stage"); }
check "prefix from the environment" in_environment install
check "is where files go" test -f "$tmp/stage/opt/a/lib/libseq2seq.a"
touch "$tmp/stage/opt/a/include/other.h"
check "and uninstall" in_environment uninstall
check "leaves what is not ours" test "$(find "$tmp/stage" ! -type d)" = "$tmp/stage/opt/a/include/other.h"
rm -rf "$tmp/stage"

prefix=$root/prefix
check "install without DESTDIR" $make -s install PREFIX="$prefix"
build() { ${CC:-cc} "$tmp/program.c" -o "$tmp/program" "$@"; }
shared() { build "$@" && LD_LIBRARY_PATH=$prefix/lib "$tmp/program"; }
static() { build "$@" && "$tmp/program"; }
check "a program links the shared library" shared -I"$prefix/include" -L"$prefix/lib" -lseq2seq
check "a program links the static library" static -I"$prefix/include" "$prefix/lib/libseq2seq.a" -lm -pthread

# The README's own lines, in a folder with app.c, or at the top of the tree with hello.c, the program of the README.
# line_of HOW: the command in that row of the table under "Linking"
line_of() { sed -n "s/^| $1 | \`\\(.*\\)\` |\$/\\1/p" README.md; }
# follow FOLDER LINE: runs it there; its cc is the compiler of these tests
follow() {
  echo "$2"
  case $2 in "cc "*) (cd "$1" && eval "${CC:-cc} ${2#cc }") ;; *) echo "no line of the README"; return 1 ;; esac
}
mkdir "$tmp/app" && cp "$tmp/program.c" "$tmp/app/app.c" && cp "$prefix/lib/libseq2seq.a" "$tmp/app"
app() { rm -f "$tmp/app/a.out" && follow "$tmp/app" "$(line_of "$1")"; }
# where_installed COMMAND...: with the compiler looking there, as it does in /usr/local
where_installed() { (CPATH=$prefix/include LIBRARY_PATH=$prefix/lib && export CPATH LIBRARY_PATH && "$@"); }
runs() { test "$("$tmp/app/a.out")" = S2S_OK; }
runs_shared() { (LD_LIBRARY_PATH=$prefix/lib && export LD_LIBRARY_PATH && runs) && ! runs 2>/dev/null; }
check "README, by hand, shared" eval 'where_installed app "by hand, shared" && runs_shared'
check "README, by hand, static" eval 'where_installed app "by hand, static" && runs'
awk '/^```c$/ { code = 1; next } /^```$/ { code = 0 } code' README.md >"$tmp/hello.c"
hello_line=$(sed -n 's/^    \(cc hello\.c .*\) && \.\/hello$/\1/p' README.md)
hello_there=$(echo "$hello_line" | sed "s|hello\.c|$tmp/hello.c|; s|-o hello|-o $tmp/hello|")
check "README, ten lines of C" follow . "$hello_there"
if test -f examples/models/english-g2p.safetensors; then
  check "and they speak" eval '"$tmp/hello" | grep -q "^sequence: [A-Z]"'
else
  skip "and they speak" "no shipped model"
fi

if have pkg-config; then
  PKG_CONFIG_PATH=$prefix/lib/pkgconfig
  export PKG_CONFIG_PATH
  check "pkg-config knows the version" test "$(pkg-config --modversion seq2seq)" = "$version"
  check "pkg-config links the shared library" shared $(pkg-config --cflags --libs seq2seq)
  check "README, pkg-config" eval 'app pkg-config && runs_shared'
  check "README, pkg-config, static, beside the shared one" eval 'app "pkg-config, static" && runs'
  rm -f "$prefix"/lib/*.so*
  check "pkg-config --static links the static library" static $(pkg-config --static --cflags --libs seq2seq)
else
  skip "building through pkg-config" "no pkg-config"
fi
check "uninstall without DESTDIR" $make -s uninstall PREFIX="$prefix"
check "leaves nothing without DESTDIR" test ! -e "$prefix"
finish
