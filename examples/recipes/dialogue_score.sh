#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Whether a system says the values of a dialogue: names, numbers and times that the user has named.
#
#     sh examples/recipes/dialogue_score.sh TEST.tsv ANSWERS VALUES
#
# By rule: a word of a conversation is a value when it has a digit, when it stands in VALUES (as dialogue_prepare.sh writes
# them), or when no system turn of the test says it before the user does. Prints
#     right    of the values in the test's answer, those that the system says too, percent (it may ask something else first)
#     wrong    of the values that the system says, those that the test's answer lacks, percent
#     unsaid   of the values that the system says, those that neither it nor the conversation has, percent: invented
set -eu
test=${1:?conversation and answer} answers=${2:?the answers of a system} values=${3:?words that are values}
paste "$test" "$answers" | awk -F '\t' -v values="$values" '
  BEGIN { while ((getline known < values) > 0) value[known] }
  { line[NR] = $0; n = split($2, word, " ")
    for (i = 1; i <= n; i++) if (!index(" " $1 " ", " " word[i] " ")) free[word[i]] }
  function collect(text, into,    word, n, i) {
    split("", into); n = split(text, word, " ")
    for (i = 1; i <= n; i++)
      if (word[i] ~ /[0-9]/ || (word[i] in value) || (word[i] ~ /[a-z]/ && !(word[i] in free) && index(users, " " word[i] " ")))
        into[word[i]]
  }
  END {
    for (k = 1; k <= NR; k++) {
      split(line[k], part, "\t")
      users = part[1]; gsub(/<system>[^<]*/, "", users); users = " " users " "
      collect(part[2], wanted); collect(part[3], said)
      for (w in wanted) { all++; right += (w in said) }
      for (w in said) { put++; wrong += !(w in wanted); unsaid += !(w in wanted) && !index(" " part[1] " ", " " w " ") }
    }
    printf "right %.1f wrong %.1f unsaid %.1f\n", 100 * right / all, put ? 100 * wrong / put : 0, put ? 100 * unsaid / put : 0
  }'
