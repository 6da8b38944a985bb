// SPDX-License-Identifier: MIT
#include "files/json.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using mote::Bytes;
using mote::detail::JsonReader;

Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

/// What the string between the quotes says, or "refused".
std::string read_string(const std::string& inside) {
  const std::string text = "\"" + inside + "\"";
  JsonReader json(bytes_of(text));
  Bytes raw;
  if (!json.take_string(raw) || !json.at_end()) return "refused";
  std::string said(raw.size(), '\0');
  said.resize(mote::detail::resolve_json(raw, reinterpret_cast<unsigned char*>(said.data())));
  return said;
}

std::string read_number(const std::string& text) {
  JsonReader json(bytes_of(text));
  std::uint64_t number = 0;
  return json.take_number(number) && json.at_end() ? std::to_string(number) : "refused";
}

TEST(Json, ReadsStringsWithEscapes) {
  EXPECT_EQ(read_string(""), "");
  EXPECT_EQ(read_string("layers.0.weight"), "layers.0.weight");
  EXPECT_EQ(read_string(R"(\"\\\/\b\f\n\r\t)"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(read_string(R"(\u0041\u00e9\u20AC\ud834\udd1e)"), "A\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e");
  EXPECT_EQ(read_string(R"(\ud800\udc00\udbff\udfff)"), "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");  // first and last of pairs
  EXPECT_EQ(read_string("A\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e"), "A\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e");
  EXPECT_EQ(read_string(R"(\u0000x)"), std::string("\0x", 2));
}

TEST(Json, RefusesStringsThatAreNone) {
  for (const char* inside : {"\n",
                             "\x1f",
                             "\\",
                             "\\x",
                             "\\u",
                             "\\u12",
                             "\\u123g",
                             "a\"b",
                             "\\ud834",
                             "\\ud834x",
                             "\\ud834xudd1e",
                             "\\ud834\\ndd1e",
                             "\\ud834\\ue000",
                             "\\udc00\\udc00",
                             "\\ud834\\n",
                             "\\ud834\\u0041",
                             "\\udd1e",
                             "\xff",
                             "\xc3",
                             "\xc3(",
                             "\xc0\xaf",
                             "\xe0\x80\xaf",
                             "\xed\xa0\x80",
                             "\xf0\x80\x80\x80",
                             "\xf4\x90\x80\x80",
                             "\xf5\x80\x80\x80",
                             "\xe2\x82",
                             "\x80"}) {
    EXPECT_EQ(read_string(inside), "refused") << inside;
  }
  for (const char* text : {"", "\"", "\"abc", "'abc'", "abc", "\"\\\""}) {
    const std::string whole = text;
    JsonReader json(bytes_of(whole));
    Bytes raw;
    EXPECT_FALSE(json.take_string(raw)) << text;
  }
}

TEST(Json, ReadsWholeNumbers) {
  for (const char* text : {"0", "7", "10", "18446744073709551615"}) EXPECT_EQ(read_number(text), text);
  EXPECT_EQ(read_number(" \t\r\n12 "), "12");
  for (const char* text : {"", "-1", "+1", "00", "01", "1.0", "1e3", "0x10", "18446744073709551616",
                           "18446744073709551620", "99999999999999999999", "a", "\"1\""}) {
    EXPECT_EQ(read_number(text), "refused") << text;
  }
}

TEST(Json, SkipsAnyValue) {
  const auto skips = [](const std::string& text) {
    JsonReader json(bytes_of(text));
    return json.skip_value() && json.at_end();
  };
  for (const char* text : {"0", "-0", "-12.5e+3", "0.5E-2", "10", "1e9", "true", " false", "null", "\"a\\u0041\"", "[]",
                           "{}", "[1, [2, {}], \"]\"]", R"({"a": {"b": [null, true]}, "c": -1.5})"}) {
    EXPECT_TRUE(skips(text)) << text;
  }
  for (const char* text :
       {"",     "-",     "01", "1.",      ".5",       "1e",    "1e+",        "+1", "tru", "nul", "[",   "[1",
        "[1,]", "[1 2]", "{",  "{\"a\"}", "{\"a\":}", "{1:2}", "{\"a\":1,}", "]",  "}",   "a",   "\"a", "NaN"}) {
    EXPECT_FALSE(skips(text)) << text;
  }
  EXPECT_TRUE(skips(std::string(32, '[') + "1" + std::string(32, ']')));
  EXPECT_FALSE(skips(std::string(33, '[') + "1" + std::string(33, ']')));
  EXPECT_FALSE(skips(std::string(1000000, '['))) << "the stack is bounded";
}

TEST(Json, TakesNothingElseWhenItRefuses) {
  const std::string text = "  {\"a\"";
  JsonReader json(bytes_of(text));
  Bytes raw;
  std::uint64_t number;
  EXPECT_FALSE(json.take('['));
  EXPECT_FALSE(json.take_string(raw));
  EXPECT_FALSE(json.take_number(number));
  EXPECT_EQ(json.position(), 2u);
  EXPECT_TRUE(json.take('{'));
  EXPECT_TRUE(json.take_string(raw));
  EXPECT_EQ(raw.size(), 1u);
  EXPECT_TRUE(json.at_end());
  EXPECT_FALSE(json.take('}'));
}

TEST(Json, ComparesWhatStringsSay) {
  using mote::detail::json_same;
  using mote::detail::json_says;
  const std::string plain = "sizes", escaped = R"(\u0073izes)", longer = "sizes2";
  EXPECT_TRUE(json_says(bytes_of(plain), "sizes"));
  EXPECT_TRUE(json_says(bytes_of(escaped), "sizes"));
  EXPECT_FALSE(json_says(bytes_of(longer), "sizes"));
  EXPECT_FALSE(json_says(bytes_of(plain), "sizes2"));
  EXPECT_TRUE(json_same(bytes_of(plain), bytes_of(escaped)));
  EXPECT_FALSE(json_same(bytes_of(plain), bytes_of(longer)));
  EXPECT_FALSE(json_same(bytes_of(longer), bytes_of(plain)));
}

TEST(Json, KnowsUtf8) {
  const std::string right = "A\xc3\xa9\n\"", wrong = "A\xc3";
  EXPECT_TRUE(mote::detail::is_utf8(bytes_of(right)));
  EXPECT_FALSE(mote::detail::is_utf8(bytes_of(wrong)));
}

}  // namespace
