#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Generated pages are current, and what README and docs point to is there.
. test/tap.sh

options_are_current() { build/seq2seq info --options --markdown | diff - docs/options.md; }

# dead_links: links of README and docs, relative to the page, that lead nowhere
dead_links() {
  for page in README.md docs/*.md examples/*/README.md; do
    grep -o ']([^)#]*)' "$page" | sed 's/^](//; s/)$//' | grep -v '^https\{0,1\}:' | while read -r link; do
      test -e "$(dirname "$page")/$link" || echo "$page: $link"
    done
  done
}

check "docs/options.md is what seq2seq info --options --markdown prints" options_are_current
none "every link leads somewhere" "$(dead_links)"
finish
