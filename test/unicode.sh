#!/bin/sh
# SPDX-License-Identifier: MIT
# Normal forms and grapheme clusters by the tests of the Unicode Character Database (Debian: unicode-data), and the tables
# that were made from it.
. test/tap.sh

data=${UNICODE_DATA:-/usr/share/unicode}
program=build/test/test_normalize
test -f "$data/UnicodeData.txt" || skip_all "no Unicode Character Database (Debian: unicode-data)"

cases() {
  if test -f "$data/$1"; then cat "$data/$1"; else bzcat "$data/$1.bz2"; fi >"$tmp/cases" 2>/dev/null
}

cases NormalizationTest.txt
check "every case of its normalisation test" "$program" "$tmp/cases"
cases auxiliary/GraphemeBreakTest.txt
check "every case of its test of grapheme clusters" "$program" "$tmp/cases" graphemes

if ! have python3; then
  skip "the tables are what the script writes" "no python3"
elif test "$(sed -n 's/.*CaseFolding-\(.*\)\.txt.*/\1/p' "$data/CaseFolding.txt")" != \
  "$(sed -n 's/.*Tables of Unicode \([0-9.]*\),.*/\1/p' lib/text/unicode_tables.h)"; then
  skip "the tables are what the script writes" "the database is of another version"
else
  python3 lib/text/unicode.py "$data" >"$tmp/tables" 2>&1
  check "the tables are what the script writes" cmp "$tmp/tables" lib/text/unicode_tables.h
fi
finish
