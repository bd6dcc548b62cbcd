/* SPDX-License-Identifier: MIT
 *
 * s2s_options_* and s2s_option_*.
 */
#include "api/api.h"
#include "base/number.h"
#include "train/preset.h"

#include <stdio.h>

int32_t s2s_options_new(s2s_options **options) {
  S2S__API_OUT(options);
  s2s__error error = {.status = S2S_OK};
  s2s__host host;
  s2s__host_init(&host);
  s2s_options *o = s2s__allocate_zeroed(&host, sizeof *o);
  if (!o) return s2s__api_finish(&error, s2s__fail_memory(&error, sizeof *o, "options"));
  s2s__options_init(o, &host);
  o->given = host;
  *options = o;
  return S2S_OK;
}

void s2s_options_free(s2s_options *options) {
  if (!options) return;
  const s2s__host host = options->host;
  s2s__options_clear(options);
  s2s__free(&host, options, sizeof *options);
}

int32_t s2s_options_set(s2s_options *options, const char *key, const char *value) {
  S2S__API_NEED(options);
  S2S__API_NEED(key);
  s2s__error error = {.status = S2S_OK};
  return s2s__api_finish(&error, s2s__options_set(options, key, value, &error));
}

int32_t s2s_options_set_int(s2s_options *options, const char *key, int64_t value) {
  S2S__API_NEED(options);
  S2S__API_NEED(key);
  char text[24];
  snprintf(text, sizeof text, "%lld", (long long)value);
  return s2s_options_set(options, key, text);
}

int32_t s2s_options_set_real(s2s_options *options, const char *key, double value) {
  S2S__API_NEED(options);
  S2S__API_NEED(key);
  char text[32];
  s2s__format_real(value, text);
  return s2s_options_set(options, key, text);
}

/* Index of a key, or a failure that names it. */
static int32_t options_find(const char *key, int32_t *index, s2s__error *error) {
  *index = s2s__option_find(key);
  return *index >= 0 ? S2S_OK : s2s__fail(error, S2S_BAD_OPTION, "unknown option '%.100s'", key);
}

int32_t s2s_options_get(const s2s_options *options, const char *key, const char **value) {
  S2S__API_OUT(value);
  S2S__API_NEED(options);
  S2S__API_NEED(key);
  s2s__error error = {.status = S2S_OK};
  int32_t index;
  const int32_t status = options_find(key, &index, &error);
  if (status == S2S_OK) *value = s2s__option_text(options, (s2s__option_id)index);
  return s2s__api_finish(&error, status);
}

int32_t s2s_options_load(s2s_options *options, const char *path) {
  S2S__API_NEED(options);
  S2S__API_NEED(path);
  s2s__error error = {.status = S2S_OK};
  s2s__reader reader;
  int32_t status = s2s__reader_open_path(&reader, &options->host, path, &error);
  if (status != S2S_OK) return s2s__api_finish(&error, status);
  status = s2s__options_read(options, &reader, &error);
  s2s__reader_close(&reader);
  return s2s__api_finish(&error, status);
}

int32_t s2s_options_set_allocator(s2s_options *options, s2s_allocate_fn allocate, void *user) {
  S2S__API_NEED(options);
  options->given.allocate = allocate ? allocate : options->host.allocate;
  options->given.allocate_user = allocate ? user : options->host.allocate_user;
  return S2S_OK;
}

int32_t s2s_options_set_log(s2s_options *options, s2s_log_fn log, void *user) {
  S2S__API_NEED(options);
  options->given.log = log;
  options->given.log_user = user;
  return S2S_OK;
}

int32_t s2s_options_set_progress(s2s_options *options, s2s_progress_fn progress, void *user) {
  S2S__API_NEED(options);
  options->given.progress = progress;
  options->given.progress_user = user;
  return S2S_OK;
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

static const s2s__option *option_at(size_t index) {
  return index < S2S__OPTION_COUNT ? &s2s__option_table[index] : NULL;
}

size_t s2s_option_count(void) { return S2S__OPTION_COUNT; }
const char *s2s_option_name(size_t index) { return option_at(index) ? option_at(index)->key : NULL; }
int32_t s2s_option_type(size_t index) { return option_at(index) ? option_at(index)->type : -1; }
int32_t s2s_option_scope(size_t index) { return option_at(index) ? option_at(index)->scope : -1; }
const char *s2s_option_default(size_t index) { return option_at(index) ? option_at(index)->fallback : NULL; }
const char *s2s_option_range(size_t index) { return option_at(index) ? option_at(index)->range : NULL; }
const char *s2s_option_help(size_t index) { return option_at(index) ? option_at(index)->help : NULL; }

/* ---- presets ----------------------------------------------------------------------------------------------------- */

size_t s2s_preset_count(void) { return s2s__preset_count; }
const char *s2s_preset_name(size_t index) { return index < s2s__preset_count ? s2s__presets[index].name : NULL; }
const char *s2s_preset_settings(size_t index) {
  return index < s2s__preset_count ? s2s__presets[index].settings : NULL;
}
size_t s2s_preset_pairs(size_t index) { return index < s2s__preset_count ? s2s__presets[index].pairs : 0; }
