#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The manual page, from what the command says of itself: sh docs/man.sh build/seq2seq > docs/seq2seq.1
set -eu
command=${1:?the command}

# troff TEXT: what would be a request or an escape is text; of help pages, flags and what they mean become items
troff() {
  awk '
    function plain(text) {
      gsub(/\\/, "\\e", text)
      gsub(/-/, "\\-", text)
      return text ~ /^[.\047]/ ? "\\&" text : text
    }
    # "  -m, --model FILE                  the model": two columns, the second from 37 on
    /^  ( |-)/ && in_flags && substr($0, 3, 34) ~ /[^ ]/ {
      flag = substr($0, 3)
      means = ""
      if (match(flag, /[^ ]   *[^ ]/) && flag !~ /^ *$/) {
        at = match(substr(flag, 7), /  +[^ ]/) + 6
        if (at > 6) { means = substr(flag, at); flag = substr(flag, 1, at - 1) }
      }
      sub(/^ +/, "", flag); sub(/^ +/, "", means)
      print ".TP\n.B " plain(flag)
      if (means != "") print plain(means)
      next
    }
    /^                 / && in_flags { sub(/^ +/, ""); print plain($0); next }
    /^Flags/ { in_flags = 1; next }
    /options: |options for/ && in_flags { exit }
    /^$/ { if (!in_flags) print ".PP"; next }
    /^usage: / { print ".PP\n.B " plain(substr($0, 8)); next }
    /^  / { if (!shown) print ".nf"; shown = 1; print plain($0); next }
    { if (shown) print ".fi"; shown = 0; print plain($0) }
    END { if (shown) print ".fi" }'
}

commands=$("$command" --help | sed -n 's/^  seq2seq \([a-z]*\)  .*/\1/p')
version=$("$command" info | sed -n 's/^version[^0-9]*//p')
cat <<END
.\\" Written by docs/man.sh from the command's help pages (make docs).
.TH SEQ2SEQ 1 "" "libseq2seq $version" "User commands"
.nh
.ad l
.SH NAME
seq2seq \\- train and run sequence\\-to\\-sequence models with attention
.SH SYNOPSIS
.B seq2seq
.I command
.RI [ flags ]
.PP
.B seq2seq
.I command
.B \\-\\-help
.SH DESCRIPTION
An encoder turns a sequence of any length into states, an attention looks back into them at every step, and a decoder writes
another sequence: translation, pronunciation, dialogue, generation. Results go to standard output, progress and messages to
standard error.
.PP
Each command takes the library's options too, those that it uses: option
.I a.b_c
is the flag
.B \\-\\-a\\-b\\-c
.IR value ;
.B seq2seq
.I command
.B \\-\\-help
lists them with their defaults,
.B seq2seq info \\-\\-options
lists all.
.SH COMMANDS
END
for name in $commands; do
  help=$("$command" "$name" --help)
  printf '.SS "%s"\n' "$(printf '%s\n' "$help" | sed -n '1s/^seq2seq //p' | sed 's/-/\\-/g')"
  printf '%s\n' "$help" | sed '1,2d' | troff
done
cat <<'END'
.SH EXIT STATUS
0 when the work is done, 1 when it failed (a sentence on standard error says why), 2 for wrong usage.
.SH EXAMPLES
.nf
seq2seq train \-\-train pairs.tsv \-\-dev dev.tsv \-\-source\-tokens chars \-o model.safetensors
echo attention | seq2seq translate \-m model.safetensors
seq2seq eval \-m model.safetensors \-\-data test.tsv
seq2seq quantize \-m model.safetensors \-o small.safetensors
seq2seq shortlist \-m model.safetensors \-\-train pairs.tsv \-o fast.safetensors
.fi
END
