# SPDX-License-Identifier: MIT
#
# The header as a page: awk -f docs/api.awk include/seq2seq.h > docs/api.md. What the header is made of: the comment at its top;
# sections, comments framed by lines of "="; and groups with a blank line behind each, of comments and what they are about.

BEGIN {
  print "# The C API\n"
  print "The manual of `include/seq2seq.h`, and written from it by `make docs`.\n"
}

# Markdown of a line of text: names as code, what would be markup as itself.
function marked(text) {
  gsub(/</, "\\&lt;", text)
  gsub(/\*/, "\\*", text)
  gsub(/ _/, " \\_", text)
  gsub(/[sS]2[sS]_[A-Za-z0-9_]*(\(\))?/, "`&`", text)
  return text
}

# Text of comments: what is indented is shown as it is. An empty line waits until it is known whether it is inside.
function put_text(text) {
  if (text == "") { blank = 1; return }
  if (text !~ /^  /) { fence(""); print (blank ? "\n" : "") marked(text) }
  else { fence(text ~ /^    / ? "```c" : "```"); print (blank ? "\n" : "") (indent == 4 ? substr(text, 5) : text) }
  blank = 0
}

function fence(mark) {
  if ((mark != "") == (fenced != "")) return
  if (mark != "") { print "\n" mark; indent = mark == "```c" ? 4 : 0 }
  else { print "```"; blank = 1 }
  fenced = mark
  if (mark != "") blank = 0
}

function put_end() { fence(""); blank = 0; print "" }

function uncomment(line) {
  sub(/^ ?\/?\*+ ?/, "", line)
  sub(/ ?\*+\/$/, "", line)
  return line
}

# The comment at the top: titles have "=" around or "-" below; "Term       text" is an item, and goes on below the text.
function put_top(line) {
  if (line ~ /^=+$/ || line ~ /^-+$/ || line ~ /^libseq2seq: /) return
  if (line == "Introduction") { put_end(); print "## Introduction" }
  else if (line ~ /^Rules that hold/) { put_end(); print "## " line "\n"; rules = 1 }
  else if (rules && line ~ /^[A-Z][a-z ]*   *[^ ]/) {
    match(line, /^[A-Z][a-z]*( [a-z]+)?/)
    print "- **" substr(line, 1, RLENGTH) "** " marked(substr(line, 12))
  } else if (rules) print "  " marked(substr(line, 12))
  else put_text(line)
}

# A group is held until its end, for its title is the functions in it.
function add(line) { group[++lines] = line }
function add_code_end() { if (in_code) add("```"); in_code = 0 }
function put_group(   i) {
  add_code_end()
  if (names != "") print "### " names "\n"
  for (i = 1; i <= lines; i++) {
    if (group[i] == "```c" && i > 1) print ""
    print group[i]
    if (group[i] == "```" && i < lines) print ""
  }
  if (lines) print ""
  lines = 0
  names = ""
}

/^#ifndef SEQ2SEQ_H/ { print ""; top_is_over = 1; next }
!top_is_over { if (NR > 2 && !/\*\/$/) put_top(uncomment($0)); next }
/^\/\* =====/ { put_group(); in_section = 1; has_title = 0; next }
in_section && /=====/ { if (has_text) put_end(); in_section = has_text = 0; began = 1; next }
in_section && !has_title { print "## " uncomment($0) "\n"; has_title = 1; next }
in_section { line = uncomment($0); if (has_text || line != "") { put_text(line); has_text = 1 } next }
!began { next }
/^#ifdef __cplusplus/ { exit }
/^$/ { put_group(); next }
/^\/\*/ || in_comment {
  add_code_end()
  in_comment = !/\*\/$/
  add(marked(uncomment($0)))
  next
}
{
  if (!in_code) add("```c")
  in_code = 1
  line = $0
  if (sub(/^S2S_API /, "", line)) {
    indented = 1
    match(line, /s2s_[a-z0-9_]*\(/)
    names = names (names == "" ? "" : ", ") "`" substr(line, RSTART, RLENGTH - 1) "`"
  } else if (indented) sub(/^        /, "", line)
  if (line ~ /;/) indented = 0
  add(line)
}
END { put_group() }
