#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Generated pages are current, and what README and docs point to is there.
. test/tap.sh

options_are_current() { build/seq2seq info --options --markdown | diff - docs/options.md; }

api_is_current() { awk -f docs/api.awk include/seq2seq.h | diff - docs/api.md; }
manual_is_current() { sh docs/man.sh build/seq2seq | diff - docs/seq2seq.1; }
manual_has_no_mistake() { test -z "$(groff -man -ww -Tutf8 docs/seq2seq.1 2>&1 >/dev/null)"; }

# functions_without_title: a function of the header that docs/api.md has no title for
functions_without_title() {
  grep -o '^S2S_API [^(]*(' include/seq2seq.h | sed 's/($//; s/.*[ *]//' | while read -r name; do
    grep -q "^### .*\`$name\`" docs/api.md || echo "$name"
  done
}

# dead_links: links of README and docs, relative to the page, that lead nowhere
dead_links() {
  for page in README.md docs/*.md examples/*/README.md; do
    grep -o ']([^)#]*)' "$page" | sed 's/^](//; s/)$//' | grep -v '^https\{0,1\}:' | while read -r link; do
      test -e "$(dirname "$page")/$link" || echo "$page: $link"
    done
  done
}

check "docs/options.md is what seq2seq info --options --markdown prints" options_are_current
check "docs/api.md is what make docs writes" api_is_current
check "docs/seq2seq.1 is what make docs writes" manual_is_current
if have groff; then check "groff finds no mistake in it" manual_has_no_mistake; else skip "no mistake in docs/seq2seq.1" "no groff"; fi
none "docs/api.md has every function" "$(functions_without_title)"
none "every link leads somewhere" "$(dead_links)"
finish
