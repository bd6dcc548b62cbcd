#!/bin/sh
# SPDX-License-Identifier: MIT
# The tree is laid out as docs/design.md says, and its texts hold nothing that belongs elsewhere.
. test/tap.sh

have git || skip_all "no git"
git ls-files >"$tmp/tracked" 2>/dev/null || skip_all "not a git working tree"

top_level() { sed 's|/.*||' "$tmp/tracked" | sort -u | grep -vE '^(Makefile|seq2seq\.pc\.in|include|lib|examples|test|docs|LICENSE|README\.md|\..*)$'; }
sources() { grep -E '(\.(c|h|hpp|cpp|sh|py|in)|^Makefile|^\.ci/run)$' "$tmp/tracked" | while read -r f; do test ! -f "$f" || echo "$f"; done; }
texts() { sources; grep -E '\.(md|1|txt|json|toml)$' "$tmp/tracked"; }
without_licence() { for f in $(sources); do head -n 2 "$f" | grep -q 'SPDX-License-Identifier: MIT' || echo "$f"; done; }
grep_texts() { grep -nE "$1" $(texts) /dev/null; }

none "nothing else stands at the top level" "$(top_level)"
none "every source file begins with its licence" "$(without_licence)"
none "no text names a path of some machine" "$(grep_texts '(^|[^A-Za-z0-9._])/(work|home|root|Users|mnt)/[A-Za-z]')"
none "no text names a package registry's host" \
  "$(grep_texts '(registry|npmjs|pypi|pythonhosted|crates|proxy|mirror)[a-z0-9.-]*\.(org|com|io|net|dev)')"
none "nothing is left to be done" "$(grep -nwE '(TO[D]O|FIX[M]E|XX[X])' $(sources) /dev/null)"
none "no line ends in a space" "$(grep -nE '[ 	]$' $(sources) /dev/null)"
none "no build product is tracked" "$(grep -E '^build/|\.(o|a|so)$' "$tmp/tracked")"
finish
