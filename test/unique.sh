#!/bin/sh
# SPDX-License-Identifier: MIT
# Static names and macros of lib/*/*.c are unique, so that all can be one file. A macro that its file or a
# header takes back with #undef clashes with none.
. test/tap.sh

# Prints NAME FILE for each static function or variable at the left margin.
statics() {
  awk '/^static / {
    line = $0
    sub(/[(=;[].*/, "", line)
    sub(/ +$/, "", line)
    sub(/.*[ *]/, "", line)
    if (line != "") print line, FILENAME
  }' lib/*/*.c
}

# Prints NAME FILE for each macro.
macros() {
  awk '
    { sub(/^ *# */, "#") }
    /^#define/ { sub(/\(.*/, "", $2); if ($2 !~ /^_/) defined[$2 " " FILENAME] = 1 }
    /^#undef/ { taken_back[FILENAME ~ /\.h$/ ? $2 : $2 " " FILENAME] = 1 }
    END {
      for (key in defined) {
        split(key, name)
        if (!(key in taken_back) && !(name[1] in taken_back)) print key
      }
    }' lib/*/*.h lib/*/*.c
}

twice() { sort -u | awk '$1 == name { print name ": " file " and " $2 } { name = $1; file = $2 }'; }

none "static names are unique" "$(statics | twice)"
none "macros are unique" "$(macros | twice | grep '\.c')"
finish
