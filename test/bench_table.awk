# SPDX-License-Identifier: MIT
# build/bench.tsv as Markdown, the rows of one area:
#     awk -f test/bench_table.awk area=decode build/bench.tsv
BEGIN { FS = "\t" }
function cell(text) { gsub(/\.\./, " to ", text); return " " text " |" }
FNR == 1 || $1 != area { next }
!head++ {
  print "| case | level | " $5 " | share of the wall | over portable C | over the peer | peer |"
  print "|---|---|---|---|---|---|---|"
}
{ print "|" cell($2) cell($3) cell($4) cell($6) cell($7) cell($8) cell($9) }
