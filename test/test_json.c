/* SPDX-License-Identifier: MIT
 *
 * base/json: what RFC 8259 allows is read, everything else is refused with the byte where it went wrong, and nothing
 * is read past the end. Each text is copied to a block of its exact size, so that AddressSanitizer sees an overrun.
 */
#include "tap.h"
#include "test_base.h"

#include "base/json.h"

typedef struct parse {
  s2s__json json;
  s2s__error error;
  char *copy;
} parse;

static void begin_bytes(parse *p, const char *text, size_t length) {
  p->copy = malloc(length + (length == 0));
  if (length > 0) memcpy(p->copy, text, length);
  s2s__error_clear(&p->error);
  s2s__json_init(&p->json, p->copy, length, &p->error);
}

static void begin(parse *p, const char *text) { begin_bytes(p, text, strlen(text)); }

static int skips(const char *text, size_t length) {
  parse p;
  begin_bytes(&p, text, length);
  const int good = s2s__json_skip(&p.json) && s2s__json_end(&p.json);
  const int agrees = good == (s2s__json_status(&p.json) == S2S_OK) && good == (p.error.status == S2S_OK);
  free(p.copy);
  return agrees ? good : -1;
}

static void test_valid(void) {
  static const char *const texts[] = {"0",
                                      "-0",
                                      "12",
                                      "-1.5",
                                      "1e5",
                                      "1E+5",
                                      "0.1e-7",
                                      "true",
                                      "false",
                                      "null",
                                      "\"\"",
                                      "\"a\"",
                                      " [ ] ",
                                      "{}",
                                      "[[],{}]",
                                      "\t\n\r {\"a\" : [1 , 2.5, \"x\", null], \"b\":{\"c\":{}}} \n",
                                      "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\"",
                                      "\"\\ud83d\\ude00\"",
                                      "\"\xF0\x9F\x98\x80\"",
                                      "[0]",
                                      "[-0.0]",
                                      "{\"\":\"\"}",
                                      "\"\\u0000\"",
                                      "[[[[[[[[[[]]]]]]]]]]",
                                      "123456789012345678901234567890",
                                      "\"\x7F\""};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    is_int(skips(texts[i], strlen(texts[i])), 1, "valid: %zu", i + 1);
}

static void test_malformed(void) {
  static const char *const texts[] = {"",
                                      " ",
                                      "tru",
                                      "True",
                                      "nul",
                                      "nulll",
                                      "01",
                                      "-",
                                      "-a",
                                      "+1",
                                      ".5",
                                      "1.",
                                      "1.e5",
                                      "1e",
                                      "1e+",
                                      "0x10",
                                      "00",
                                      "-01",
                                      "[",
                                      "]",
                                      "[1",
                                      "[1,",
                                      "[1,]",
                                      "[,1]",
                                      "[1 2]",
                                      "[1}",
                                      "{",
                                      "}",
                                      "{\"a\"",
                                      "{\"a\":",
                                      "{\"a\":1",
                                      "{\"a\":1,",
                                      "{\"a\":1,}",
                                      "{,}",
                                      "{a:1}",
                                      "{\"a\" 1}",
                                      "{\"a\":1 \"b\":2}",
                                      "{\"a\":}",
                                      "{\"a\":1]",
                                      "{1:2}",
                                      "\"",
                                      "\"a",
                                      "\"\\\"",
                                      "\"\\",
                                      "\"\\x\"",
                                      "\"\\u\"",
                                      "\"\\u12\"",
                                      "\"\\u12G4\"",
                                      "\"\\u123",
                                      "\"\\ud800\"",
                                      "\"\\udc00\"",
                                      "\"\\ud800x\"",
                                      "\"\\ud800\\n\"",
                                      "\"\\ud800\\u0041\"",
                                      "\"\\ud800\\ud800\"",
                                      "\"\\ud800\\u\"",
                                      "\"\\ud800\\",
                                      "\"\n\"",
                                      "\"\t\"",
                                      "\"\x01\"",
                                      "\"\xFF\"",
                                      "\"\xC3\"",
                                      "\"\xC0\x80\"",
                                      "\"\xED\xA0\x80\"",
                                      "\"\xE2\x82\"",
                                      "'a'",
                                      "1 2",
                                      "{} {}",
                                      "[] x",
                                      "nan",
                                      "Infinity",
                                      "-Infinity",
                                      "/**/1",
                                      "1//",
                                      "\xEF\xBB\xBF{}",
                                      "[1,,2]",
                                      "{\"a\":1,,\"b\":2}",
                                      "\"a\"b",
                                      "\f1",
                                      "{\"a\":tru}",
                                      "[nul]"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    is_int(skips(texts[i], strlen(texts[i])), 0, "malformed: %zu", i + 1);
  is_int(skips("\"\0\"", 3), 0, "malformed: a NUL in a string");
  is_int(skips("\0", 1), 0, "malformed: a NUL");
  is_int(skips("1\0", 2), 0, "malformed: a NUL behind");
  is_int(skips("\"\\\0\"", 4), 0, "malformed: an escaped NUL");
}

/* Every prefix of a valid object is invalid, and no byte replaced by any other makes the parser read astray. */
static void test_damage(void) {
  static const char text[] = "{\"a\":[1,2.5e-3,\"\\u00e4\\ud83d\\ude00x\",null],\"b\":{\"c\":{},\"d\":[true,false]}}";
  const size_t length = sizeof text - 1;
  int good = skips(text, length) == 1;
  for (size_t i = 0; i < length; i++) good = good && skips(text, i) == 0;
  ok(good, "every prefix is refused");
  size_t inconsistent = 0;
  char damaged[sizeof text];
  for (size_t i = 0; i < length; i++)
    for (int byte = 0; byte < 256; byte += 3) {
      memcpy(damaged, text, sizeof text);
      damaged[i] = (char)byte;
      inconsistent += skips(damaged, length) < 0;
    }
  is_int((int64_t)inconsistent, 0, "damage at any byte is read safely");
}

static void test_depth(void) {
  char text[2 * 1000 + 1];
  for (int depth = S2S__JSON_DEPTH; depth <= S2S__JSON_DEPTH + 1; depth++) {
    memset(text, '[', (size_t)depth);
    memset(text + depth, ']', (size_t)depth);
    is_int(skips(text, 2 * (size_t)depth), depth <= S2S__JSON_DEPTH, "%d deep", depth);
  }
  memset(text, '[', 1000);
  is_int(skips(text, 1000), 0, "a thousand open brackets");
  static const char object[] = "{\"a\":";
  char *deep = malloc(5 * 40);
  for (size_t i = 0; i < 40; i++) memcpy(deep + 5 * i, object, 5);
  is_int(skips(deep, 5 * 40), 0, "forty open objects");
  free(deep);
}

static void test_strings(void) {
  parse p;
  char out[64];
  size_t length = 99;
  begin(&p, " \"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\u20AC\\uD83D\\uDE00\\u0000z\xC3\xB6\"");
  static const char wanted[] = "a\"\\/\b\f\n\r\t\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\0z\xC3\xB6";
  ok(s2s__json_string(&p.json, out, sizeof out, &length), "a string with every escape is read");
  is_int((int64_t)length, (int64_t)sizeof wanted - 1, "its length");
  ok(length < sizeof out && memcmp(out, wanted, length) == 0 && s2s__json_end(&p.json), "its bytes");
  free(p.copy);
  begin(&p, "\"abc\"");
  ok(s2s__json_string(&p.json, out, 3, &length) && length == 3, "a string that just fits");
  free(p.copy);
  begin(&p, "\"abcd\"");
  ok(!s2s__json_string(&p.json, out, 3, &length), "one that does not");
  is_text(p.error.text, "JSON: a string that is too long at byte 5", "is refused with its place");
  free(p.copy);
  begin(&p, "12");
  ok(!s2s__json_string(&p.json, out, sizeof out, &length) && length == 0, "a number is no string");
  is_text(p.error.text, "JSON: expected a string at byte 0", "and that is said");
  free(p.copy);
}

static void test_numbers(void) {
  static const struct {
    const char *text;
    int good;
    uint64_t value;
  } cases[] = {{"0", 1, 0},
               {" 42 ", 1, 42},
               {"18446744073709551615", 1, UINT64_MAX},
               {"18446744073709551616", 0, 0},
               {"99999999999999999999999", 0, 0},
               {"-1", 0, 0},
               {"1.0", 0, 0},
               {"1e3", 0, 0},
               {"01", 0, 0},
               {"", 0, 0},
               {"\"1\"", 0, 0},
               {"1x", 0, 0},
               {"[1]", 0, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    parse p;
    uint64_t value = 0;
    begin(&p, cases[i].text);
    const int good = s2s__json_u64(&p.json, &value) && s2s__json_end(&p.json);
    ok(good == cases[i].good && (!good || value == cases[i].value), "whole number '%s'", cases[i].text);
    free(p.copy);
  }
}

/* As a safetensors header is read. */
static void test_walk(void) {
  parse p;
  char key[16], name[16], log[256] = "";
  size_t length = 0;
  uint64_t number = 0;
  begin(&p, "{\"__metadata__\":{\"format\":\"1\"},\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"x\":{\"y\":[{}]},"
            "\"data_offsets\":[0,24]},\"e\":{\"shape\":[]}}   ");
  ok(s2s__json_open_object(&p.json), "the header opens");
  while (s2s__json_next_key(&p.json, name, sizeof name, &length)) {
    snprintf(log + strlen(log), sizeof log - strlen(log), "%.*s(", (int)length, name);
    int good = s2s__json_open_object(&p.json);
    while (good && s2s__json_next_key(&p.json, key, sizeof key, &length)) {
      snprintf(log + strlen(log), sizeof log - strlen(log), " %.*s", (int)length, key);
      if (length == 5 && memcmp(key, "shape", 5) == 0) {
        s2s__json_open_array(&p.json);
        while (s2s__json_next_item(&p.json) && s2s__json_u64(&p.json, &number))
          snprintf(log + strlen(log), sizeof log - strlen(log), ":%d", (int)number);
      } else {
        s2s__json_skip(&p.json);
      }
    }
    strcat(log, " )");
  }
  ok(s2s__json_end(&p.json), "and ends");
  is_text(log, "__metadata__( format )w( dtype shape:2:3 x data_offsets )e( shape )",
          "every member was visited in order");
  is_int(s2s__json_status(&p.json), S2S_OK, "without failure");
  free(p.copy);
}

static void test_sticky(void) {
  parse p;
  char key[8];
  size_t length = 0;
  uint64_t value = 5;
  begin(&p, "{\"a\":x, \"b\":2}");
  ok(s2s__json_open_object(&p.json) && s2s__json_next_key(&p.json, key, sizeof key, &length), "up to the fault");
  ok(!s2s__json_u64(&p.json, &value) && value == 5, "the fault is found");
  ok(!s2s__json_skip(&p.json) && !s2s__json_next_key(&p.json, key, sizeof key, &length) &&
         !s2s__json_open_object(&p.json) && !s2s__json_open_array(&p.json) && !s2s__json_next_item(&p.json) &&
         !s2s__json_string(&p.json, key, sizeof key, &length) && !s2s__json_u64(&p.json, &value) &&
         !s2s__json_end(&p.json),
     "it sticks");
  is_int(s2s__json_status(&p.json), S2S_BAD_FILE, "it is a bad file");
  is_text(p.error.text, "JSON: expected a whole number at byte 5", "and the first message is kept");
  free(p.copy);
  begin(&p, "{\"too long\":1}");
  ok(s2s__json_open_object(&p.json) && !s2s__json_next_key(&p.json, key, 4, &length), "a key past its capacity fails");
  is_int(s2s__json_status(&p.json), S2S_BAD_FILE, "which is told from the end of the object");
  free(p.copy);
  begin(&p, "[1]");
  ok(!s2s__json_next_item(&p.json), "no item before an array is open");
  free(p.copy);
  begin(&p, "[1]");
  ok(s2s__json_open_array(&p.json) && !s2s__json_next_key(&p.json, key, sizeof key, &length), "an array has no keys");
  free(p.copy);
  begin(&p, "{\"a\":1");
  ok(s2s__json_open_object(&p.json) && !s2s__json_end(&p.json), "an open object is no end");
  free(p.copy);
}

static void test_quote(void) {
  static const char text[] = "a\"b\\c/\b\f\n\r\t\x01\x1F\x7F\xC3\xA4\xF0\x9F\x98\x80\0z";
  char out[6 * sizeof text + 2], back[64];
  size_t length = s2s__json_quote(text, sizeof text - 1, out);
  out[length] = '\0';
  is_text(out, "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\x7F\xC3\xA4\xF0\x9F\x98\x80\\u0000z\"", "a text is quoted");
  parse p;
  size_t read = 0;
  begin_bytes(&p, out, length);
  ok(s2s__json_string(&p.json, back, sizeof back, &read) && read == sizeof text - 1 && memcmp(back, text, read) == 0,
     "and read back");
  free(p.copy);
  length = s2s__json_quote("", 0, out);
  ok(length == 2 && memcmp(out, "\"\"", 2) == 0, "an empty text");
  length = s2s__json_quote("x\xFFy\xE2\x82", 5, out);
  out[length] = '\0';
  is_text(out, "\"x\xEF\xBF\xBDy\xEF\xBF\xBD\xEF\xBF\xBD\"", "invalid bytes become U+FFFD, so that it is JSON");
  char bytes[256], *most = malloc(6 * 256 + 2);
  memset(bytes, 1, sizeof bytes);
  is_int((int64_t)s2s__json_quote(bytes, sizeof bytes, most), 6 * 256 + 2, "at most 6 bytes for one, and the quotes");
  for (int i = 0; i < 256; i++) bytes[i] = (char)i;
  length = s2s__json_quote(bytes, sizeof bytes, most);
  is_int(skips(most, length), 1, "any bytes become JSON");
  free(most);
}

int main(void) {
  test_valid();
  test_malformed();
  test_damage();
  test_depth();
  test_strings();
  test_numbers();
  test_walk();
  test_sticky();
  test_quote();
  return done();
}
