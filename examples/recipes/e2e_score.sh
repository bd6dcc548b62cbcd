#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Slot error rate by rule: which attributes of a restaurant its description leaves out, and which it adds.
#
#     sh examples/recipes/e2e_score.sh SOURCES ANSWERS
#
# SOURCES holds attributes as e2e_prepare.sh writes them, one restaurant a line, ANSWERS a description for each. A name must be
# there to the letter; another attribute is there when one of the words for its value is. Prints missing (attributes whose
# value is not said), added (attributes said that the restaurant has not) and their sum over the attributes that there are,
# in percent.
set -eu
sources=${1:?attributes} answers=${2:?descriptions}
paste "$sources" "$answers" | awk -F '\t' '
  # the words for a value; with value "" those for any
  function words(slot, value,    v) {
    v = tolower(value)
    if (slot == "eatType") return v == "" ? "pub|coffee shop" : v == "restaurant" ? "restaurant|place|serv|food|dining|eat" : v
    if (slot == "food") return v == "" ? "french|italian|english|british|japanese|chinese|indian|fast food|sushi|pasta" \
      : v == "english" ? "english|british" : v == "japanese" ? "japanese|sushi" : v == "italian" ? "italian|pasta|pizza" \
      : v == "chinese" ? "chinese" : v == "fast food" ? "fast food|fast-food|burger" : v
    if (slot == "area") return v == "" ? "riverside|river|city cent|center of the city|centre of the city" \
      : v == "riverside" ? "river" : "cent(er|re)"
    if (slot == "priceRange") return v == "" ? "cheap|price|expensive|£|inexpensive|cost" \
      : v == "cheap" ? "cheap|inexpensive|low[- ]|affordable|less than" \
      : v ~ /less/ ? "less than|under|cheap|low|below|inexpensive|affordable" \
      : v == "moderate" ? "moderate|mid|average|reasonabl|fair|medium" \
      : v ~ /20-25/ ? "20|moderate|mid|average" : v ~ /more/ ? "more than|over|30|expensive|high" : "high|expensive|pricey|upscale"
    if (slot == "customer rating") return v == "" ? "rating|rated|star|out of|customer" \
      : v == "low" || v ~ /^1/ ? "low|1|one|poor|bad|not well" \
      : v == "average" || v ~ /^3/ ? "average|3|three|decent|moderate|mediocre" : "5|five|high|excellent|great|well|good|top|best"
    if (slot == "familyFriendly") return "famil|kid|child|adult"
    return v
  }
  {
    text = tolower($2); n = split($1, attribute, " ; "); split("", has)
    for (i = 1; i <= n; i++) {
      slot = attribute[i]; sub(/ .*/, "", slot)
      if (slot == "customer") slot = "customer rating"
      value = substr(attribute[i], length(slot) + 2); has[slot]; all++
      if (slot == "name" || slot == "near") there = index(text, tolower(value)) > 0
      else there = text ~ words(slot, value)
      missing += !there; of[slot]++; lacks[slot] += !there
    }
    n = split("food,area,priceRange,customer rating,familyFriendly", slots, ",")
    for (i = 1; i <= n; i++) if (!(slots[i] in has) && text ~ words(slots[i], "")) added++
  }
  END { printf "missing %.2f added %.2f slot_error_rate %.2f\n", 100 * missing / all, 100 * added / all, 100 * (missing + added) / all
    if (ENVIRON["DETAILS"]) for (s in of) printf "%s %.1f\n", s, 100 * lacks[s] / of[s] > "/dev/stderr" }'
