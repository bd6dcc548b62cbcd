#!/bin/sh
# SPDX-License-Identifier: MIT
# What the libraries export, need and keep: the interface and nothing else, and no writable state.
. test/tap.sh

static=build/libseq2seq.a
shared=build/libseq2seq.so
have nm || skip_all "no nm"

# Fields of `nm -f sysv`: name, value, class, type, size, line, section. A file's line has no bars.
symbols() { nm -f sysv "$@" 2>/dev/null | sed 's/ *| */|/g' | awk -F '|' 'NF >= 7 && $1 !~ /^[.$]/'; }

declared() { $make -s map; }
exported() { nm -D --defined-only "$shared" | awk '$2 != "A" { print $3 }' | sed 's/@.*//' | sort; }
listed() { sed -n 's/^    \(s2s_[a-z0-9_]*\);$/\1/p' lib/seq2seq.map | sort; }

check "the version script lists what the header declares (make symbols)" sh -c "$make -s map | diff - lib/seq2seq.map"
if test -e "$shared"; then
  exported >"$tmp/exported"
  listed >"$tmp/listed"
  check "the shared library exports what the version script lists, and only that" diff "$tmp/exported" "$tmp/listed"
else
  skip "exports of the shared library" "no $shared"
fi
none "every global name of the static library begins with s2s_" \
  "$(nm -g --defined-only $static 2>/dev/null | awk 'NF == 3 && $3 !~ /^_?s2s_/ { print $3 }')"
none "no writable variable but thread-local ones" "$(symbols $static |
  awk -F '|' '$7 ~ /^\.(data|bss)|COM/ && $7 !~ /^\.data\.rel\.ro/ && $4 != "TLS" { print $1 " in " $7 }')"
none "every file built for an instruction set defines only names that end in it" "$(
  for object in build/obj/lib/*/*_avx2.o build/obj/lib/*/*_avx512.o build/obj/lib/*/*_neon.o; do
    test ! -f "$object" || symbols --defined-only "$object" | awk -F '|' -v object="$object" '
      BEGIN { suffix = object; sub(/.*_/, "_", suffix); sub(/\.o$/, "", suffix) }
      $4 == "FUNC" || $4 == "OBJECT" {
        sub(/\..*/, "", $1)
        if (substr($1, length($1) - length(suffix) + 1) != suffix) print object ": " $1
      }'
  done)"

none "test/test_api.c calls every function of the interface" \
  "$(listed | while read -r name; do grep -q "$name(" test/test_api.c || echo "$name"; done)"

if test -e "$shared" && have readelf; then
  none "the shared library needs only the C library" "$(readelf -d "$shared" |
    sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -vE '^(libc|libm|libpthread|ld-linux[a-z0-9_-]*|ld|libc\.musl-[a-z0-9_]*)\.so(\.[0-9]+)*$')"
  none "its stack is not executable" "$(readelf -lW "$shared" | grep GNU_STACK | grep RWE)"
  none "it changes no host's floating-point mode when loaded" "$(nm "$shared" | grep set_fast_math)"
else
  skip "what the shared library needs" "no readelf or no $shared"
fi
finish
