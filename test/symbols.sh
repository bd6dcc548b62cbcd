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
# functions and variables by which a library would end its host, write to its streams, or change what all of it shares
ending='abort|_?exit|_Exit|quick_exit|atexit|__assert_fail|raise|kill|system|popen|fork|execv[pe]?'
printing='v?f?printf|__v?f?printf_chk|f?puts|f?putc|putchar|fwrite|perror|stdin|stdout|stderr|fopen|freopen'
sharing='signal|sigaction|setlocale|uselocale|localeconv|getenv|secure_getenv|setenv|putenv|s?rand|s?random|strtok|fese.*|feenable.*|chdir|umask|setr?limit'
none "nothing that it calls ends the host, prints, or changes what is the host's" "$(nm -u $static 2>/dev/null |
  awk '$1 == "U" { print $2 }' | sed 's/@.*//' | sort -u | grep -xE "_?($ending|$printing|$sharing)")"
# strays NM ISA OBJECT: names in the object that do not end in _ISA
strays() {
  test ! -f "$3" || "$1" -f sysv --defined-only "$3" | sed 's/ *| */|/g' | awk -F '|' -v isa="$2" -v object="$3" '
    BEGIN {
      suffix = "_" isa
      tables["avx2"] = "s2s__kernels_avxvnni" # a table may stand in the file that has most of its kernels
      tables["avx512"] = "s2s__kernels_avx512vnni"
      tables["neon"] = "s2s__kernels_neondot"
    }
    NF >= 7 && $1 !~ /^[.$]/ && ($4 == "FUNC" || $4 == "OBJECT") {
      sub(/\..*/, "", $1)
      if ($4 == "OBJECT" && $1 == tables[isa]) next
      if (substr($1, length($1) - length(suffix) + 1) != suffix) print object ": " $1
    }'
}
suffixes="every file built for an instruction set defines only names that end in it"
none "$suffixes" "$(for isa in avx2 avxvnni avx512 avx512vnni neon neondot; do
  for object in build/obj/lib/*/*_$isa.o; do strays nm $isa "$object"; done
done)"
other=aarch64-linux-gnu
if have $other-gcc $other-nm; then
  none "$suffixes, on AArch64" "$(for isa in neon neondot; do for source in lib/tensor/*_$isa.c; do
    object=$tmp/$(basename "$source" .c).o
    $other-gcc -std=c11 -O1 -ffp-contract=off -fPIC -Iinclude -Ilib -c "$source" -o "$object" || echo "$source"
    strays $other-nm $isa "$object"
  done; done)"
else
  skip "$suffixes, on AArch64" "no $other-gcc"
fi

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
