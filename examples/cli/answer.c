/* SPDX-License-Identifier: MIT
 *
 * Hypotheses as text. See answer.h.
 */
#include "answer.h"
#include "attention.h"

#include <string.h>

static void json_scores(FILE *out, const s2s_result *result, size_t text, size_t rank) {
  size_t count;
  const float *scores = s2s_result_token_scores(result, text, rank, &count);
  fputs(",\"token_scores\":[", out);
  for (size_t i = 0; i < count; i++) fprintf(out, "%s%.6g", i ? "," : "", (double)scores[i]);
  putc(']', out);
}

static void json_attention(FILE *out, const s2s_result *result, size_t text, size_t rank) {
  size_t rows, columns;
  const float *weights = s2s_result_alignment(result, text, rank, &rows, &columns);
  fputs(",\"attention\":[", out);
  for (size_t row = 0; weights && row < rows; row++) {
    fputs(row ? ",[" : "[", out);
    for (size_t i = 0; i < columns; i++) fprintf(out, "%s%.4f", i ? "," : "", (double)weights[row * columns + i]);
    putc(']', out);
  }
  putc(']', out);
}

static void json_links(FILE *out, const s2s_result *result, size_t text, size_t rank) {
  size_t count = s2s_result_links(result, text, rank);
  fputs(",\"alignment\":[", out);
  for (size_t i = 0; i < count; i++) {
    size_t from[3] = {0, 0, 0}, to[3] = {0, 0, 0};
    s2s_result_link(result, text, rank, i, from, to);
    fprintf(out,
            "%s{\"source\":%zu,\"source_begin\":%zu,\"source_end\":%zu,"
            "\"target\":%zu,\"target_begin\":%zu,\"target_end\":%zu}",
            i ? "," : "", from[0], from[1], from[2], to[0], to[1], to[2]);
  }
  putc(']', out);
}

void json_hypothesis(FILE *out, const flags *given, const s2s_result *result, size_t text, size_t rank) {
  static const char *const endings[] = {"end", "length", "time", "stuck"};
  const char *answer = s2s_result_text(result, text, rank);
  size_t tokens = 0;
  s2s_result_tokens(result, text, rank, &tokens);
  fputs("{\"text\":", out);
  json_text(out, answer, strlen(answer));
  fputs(",\"score\":", out);
  json_number(out, s2s_result_score(result, text, rank));
  fputs(",\"log_probability\":", out);
  json_number(out, s2s_result_log_probability(result, text, rank));
  fprintf(out, ",\"tokens\":%zu,\"ending\":\"%s\"", tokens, endings[s2s_result_ending(result, text, rank)]);
  json_scores(out, result, text, rank);
  if (given->has[FLAG_ATTENTION]) json_attention(out, result, text, rank);
  if (given->has[FLAG_ALIGNMENT]) json_links(out, result, text, rank);
  putc('}', out);
}

void write_links(FILE *out, const flags *given, const s2s_result *result, size_t text, size_t rank) {
  if (!given->has[FLAG_ALIGNMENT]) return;
  fputs(" |||", out);
  for (size_t i = 0; i < s2s_result_links(result, text, rank); i++) {
    size_t from[3] = {0, 0, 0}, to[3] = {0, 0, 0};
    s2s_result_link(result, text, rank, i, from, to);
    fprintf(out, " %zu-%zu", from[0], to[0]);
  }
}

int check_alignment(const flags *given, const s2s_model *model) {
  return given->has[FLAG_ALIGNMENT] || given->has[FLAG_ATTENTION] ? attention_check(given, model) : 0;
}
