/* SPDX-License-Identifier: MIT
 *
 * seq2seq plot: pictures as SVG. Which one is chosen by what is given: a log, a model to look into, or answers to judge.
 */
#include "plot.h"

#include <errno.h>
#include <string.h>

int plot_write(const flags *given, void (*draw)(FILE *out, const void *data), const void *data) {
  const char *path = given->value[FLAG_PICTURE][0];
  FILE *out = path ? fopen(path, "wb") : stdout;
  if (!out) return failed("cannot write %s: %s", path, strerror(errno));
  draw(out, data);
  return close_output(out, path ? path : "standard output");
}

int command_plot(const flags *given) {
  int wanted = given->has[FLAG_CURVES] + given->has[FLAG_ATTENTION_PICTURE] + given->has[FLAG_JUDGED];
  if (wanted == 0)
    return usage_error("nothing to draw; say what: --log FILE, --attention with -m MODEL, or --data FILE with --answers");
  if (wanted > 1) return usage_error("one picture at a time: --log, --attention or --data");
  if (given->has[FLAG_CURVES]) return plot_curves(given);
  return given->has[FLAG_ATTENTION_PICTURE] ? plot_attention(given) : plot_lengths(given);
}
