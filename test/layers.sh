#!/bin/sh
# SPDX-License-Identifier: MIT
# The rooms of lib/ lean one way, and only base/ knows the system beneath.
. test/tap.sh

# "file: line" for each #include of one of our own headers that the rooms forbid.
leaning() {
  awk '
    BEGIN {
      n = split("base tensor nn text model search train api", order)
      for (i = 1; i <= n; i++) rank[order[i]] = i
      rank["convert"] = rank["train"]
    }
    FNR == 1 { split(FILENAME, part, "/"); room = part[2] }
    /^ *# *include *"/ {
      split($0, quoted, "\"")
      if (quoted[2] == "seq2seq.h") next
      split(quoted[2], part, "/")
      other = part[1]
      ok = other == room || other in rank && rank[other] < rank[room]
      if (room == "text") ok = other == "text" || other == "base"
      if (!ok) print FILENAME ": " $0
    }' lib/*/*.[ch]
}

# "file:line: text" of the code, comments and strings taken out, where a word of $1 is called; $2...: the files
calls() {
  words=$1
  shift
  awk -v words="$words" '
    FNR == 1 { comment = 0 }
    {
      line = $0
      gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
      while (1) {
        if (comment) {
          if (!(i = index(line, "*/"))) { line = ""; break }
          line = substr(line, i + 2)
          comment = 0
        }
        if (!(i = index(line, "/*"))) break
        rest = substr(line, i + 2)
        code = code substr(line, 1, i - 1)
        line = rest
        comment = 1
      }
      line = code line
      code = ""
      sub(/\/\/.*/, "", line)
      if (line ~ "(^|[^A-Za-z0-9_>.])(" words ") *\\(") print FILENAME ":" FNR ": " $0
    }' "$@"
}

others() { ls lib/*/*.[ch] | grep -v '^lib/base/'; }
system_headers() {
  grep -nE '^ *# *include *<' $(others) |
    grep -vE '<(stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|inttypes|float|limits|math|string|[a-z]*mmintrin|immintrin|arm_neon)\.h>'
}
stray() { find lib -name '*.[ch]' | grep -vE '^lib/(base|tensor|nn|text|model|search|train|convert|api)/[a-z0-9_]+\.[ch]$'; }

none "every file of lib/ is in one of its rooms" "$(stray)"
none "a file includes only from its own room and rooms to the left" "$(leaning)"
none "only base/ includes system headers beyond those of computing" "$(system_headers)"
none "nothing prints" "$(calls 'v?f?printf|puts|fputs|putchar|putc|fputc|perror' lib/*/*.[ch])"
none "nothing aborts or exits" "$(calls 'abort|exit|_exit|_Exit|quick_exit|atexit|assert|longjmp' lib/*/*.[ch])"
none "nothing reads the environment, changes locale or signals" \
  "$(calls 'getenv|secure_getenv|setlocale|uselocale|signal|sigaction|raise|srand|rand' lib/*/*.[ch])"
none "only base/ calls the system's allocator" "$(calls 'malloc|calloc|realloc|free|strdup|alloca' $(others))"
none "only base/ touches files" "$(calls 'fopen|freopen|fread|fwrite|fclose|fseek|tmpfile|rename|remove' $(others))"
none "nothing runs at load or exit" "$(grep -nE '__attribute__ *\(\( *_*(constructor|destructor)' lib/*/*.[ch])"
finish
