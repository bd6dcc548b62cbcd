/* SPDX-License-Identifier: MIT
 *
 * Version, status names, and the one thread-local text of the library.
 */
#include "api/api.h"

#include <string.h>

static _Thread_local _Alignas(16) char api_message[S2S__ERROR_TEXT];

#define API_VERSION(major, minor, patch) S2S__API_TEXT(major) "." S2S__API_TEXT(minor) "." S2S__API_TEXT(patch)

const char *s2s_version(void) { return API_VERSION(S2S_VERSION_MAJOR, S2S_VERSION_MINOR, S2S_VERSION_PATCH); }

int32_t s2s_abi_version(void) { return S2S_VERSION_MAJOR; }

const char *s2s_status_name(int32_t status) {
  switch (status) {
#define API_STATUS_CASE(name, value, text)                                                                             \
  case name: return #name;
    S2S_STATUSES(API_STATUS_CASE)
#undef API_STATUS_CASE
  default: return "unknown status";
  }
}

const char *s2s_error_message(void) { return api_message; }

uintptr_t s2s__api_thread(void) { return (uintptr_t)api_message; }

int32_t s2s__api_fail_busy(const char *function, const char *handle) {
  s2s__error error = {.status = S2S_OK};
  return s2s__api_finish(&error, s2s__fail(&error, S2S_BUSY, "%s: the %s is at work: in a call around the callback that asks, "
                                           "or in another thread; each thread needs one of its own", function, handle));
}

int32_t s2s__api_finish(const s2s__error *error, int32_t status) {
  if (status != S2S_OK) memcpy(api_message, error->text, sizeof api_message);
  return status;
}
