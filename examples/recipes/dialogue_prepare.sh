#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Movie-ticket dialogues (Google's simulated dialogues, Sim-M) as pairs of a conversation so far and the system's next turn.
#
#     sh examples/recipes/dialogue_prepare.sh DATA OUT
#
# DATA holds sim-m_train.tsv, sim-m_dev.tsv and sim-m_test.tsv, lines of dialogue, the system's last turn with <user> and the
# user's turn behind it, the system's answer. OUT gets train.tsv, dev.tsv and test.tsv:
#
#     <user> i want 2 tickets for inferno <system> which date ? <user> today<TAB>2 tickets for inferno today , is that right ?
#
# and values.txt: words that the system says only after the user has said them (names, numbers), learnt from the training
# dialogues. Films of dev and test are not those of training. So that a model learns to copy names and not the training
# films, every training dialogue also stands there COPIES (3) more times with others in the place of its values, one to three
# for one: invented words that stand in no other dialogue, and here and there an ordinary word, as in names; and other times.
# Only POSIX tools; always the same files.
set -eu
data=${1:?folder of sim-m_train.tsv and others} out=${2:?folder for results}
mkdir -p "$out"

# The conversation so far, for every answer: dialogue<TAB>source<TAB>target.
conversations() {
  awk -F '\t' '
    { user = $2; sub(/^.*<user>/, "<user>", user)
      said = $1 == last ? said " <system> " answer " " user : user
      print $1 "\t" said "\t" $3
      last = $1; answer = $3 }' "$data/sim-m_$1.tsv"
}

# Of a word that answers have at least twice, but not one in twenty of them: whether the user said it before in 97 of 100. Days
# are none, for the system turns them into dates.
conversations train | awk -F '\t' '
  { said = $2; gsub(/<system>[^<]*/, "", said); gsub(/<user>/, "", said); said = " " said " "
    n = split($3, word, " ")
    for (i = 1; i <= n; i++) { all[word[i]]++; if (index(said, " " word[i] " ")) after[word[i]]++ } }
  END { for (w in all) if (w ~ /[a-z0-9]/ && w !~ /day$|^to(morrow|night)$/ && all[w] > 1 && all[w] < NR / 20 &&
    after[w] >= 0.97 * all[w]) print w }' |
  LC_ALL=C sort >"$out/values.txt"

conversations train | awk -F '\t' -v copies="${COPIES:-3}" -v values="$out/values.txt" '
  function random(n) { state = (48271 * state) % 2147483647; return int(state / 2147483647 * n) }
  function invent(    name, i, k) {
    for (k = random(3) + 1; k > 0; k--) {
      name = name (name == "" ? "" : " ")
      if (random(4) == 0) name = name common[random(commons)]
      else for (i = random(3) + 2; i > 0; i--) name = name substr("bdfghklmnprstvz", random(15) + 1, 1) substr("aeiou", random(5) + 1, 1)
    }
    return name
  }
  function replaced(text,    word, n, i, whole, time) {
    n = split(text, word, " ")
    for (i = 1; i <= n; i++) {
      time = word[i] ~ /^[0-9]+[:.][0-9][0-9]$/
      if ((time || (word[i] in value)) && !(word[i] in instead))
        instead[word[i]] = time ? random(12) + 1 substr(word[i], length(word[i]) - 2, 1) random(6) random(10) : invent()
      whole = whole (i > 1 ? " " : "") ((word[i] in instead) ? instead[word[i]] : word[i])
    }
    return whole
  }
  BEGIN { state = 1; while ((getline word < values) > 0) if (word !~ /[0-9]/) value[word] }
  { n = split($2, token, " ")
    for (i = 1; i <= n; i++) if (token[i] ~ /^[a-z]+$/ && !(token[i] in seen)) { seen[token[i]]; common[commons++] = token[i] }
    source[NR] = $2; target[NR] = $3; dialogue[NR] = $1; print $2 "\t" $3 }
  END {
    for (c = 1; c <= copies; c++) for (i = 1; i <= NR; i++) {
      if (dialogue[i] != dialogue[i - 1]) split("", instead)
      print replaced(source[i]) "\t" replaced(target[i])
    }
  }' >"$out/train.tsv"
for part in dev test; do conversations "$part" | cut -f 2,3 >"$out/$part.tsv"; done
