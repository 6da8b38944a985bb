// SPDX-License-Identifier: MIT
// Tokens of JSON (RFC 8259) in the headers of model files: strings, whole numbers and punctuation. The caller knows the
// grammar. Strings are views of the text between their quotes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/memory.hpp"

namespace mote::detail {

class JsonReader {
 public:
  explicit JsonReader(Bytes text) : text_(text) {}

  // Each function skips white space and takes one token. Returns false if the next token is of another kind.

  /// A character of punctuation.
  bool take(char token) {
    if (at_end() || text_[position_] != static_cast<unsigned char>(token)) return false;
    ++position_;
    return true;
  }
  /// A string. raw: text between the quotes, with valid UTF-8 and escapes, without control characters.
  bool take_string(Bytes& raw);
  /// Digits without leading zeros, less than 2^64.
  bool take_number(std::uint64_t& number);
  /// Any value: of a key that the caller does not know. Arrays and objects may be nested `depth` deep.
  bool skip_value(std::size_t depth = 32);

  /// Offset of the next token.
  std::size_t position() {
    const auto is_space = [](unsigned char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
    while (position_ < text_.size() && is_space(text_[position_])) ++position_;
    return position_;
  }
  bool at_end() { return position() == text_.size(); }

 private:
  bool skip_word(const char* word);
  bool skip_number();

  Bytes text_;
  std::size_t position_ = 0;
};

constexpr std::uint32_t kNoCodePoint = 0xffffffff;
/// The code point that begins at text[at], in UTF-8 or as an escape; moves `at` past it. kNoCodePoint, without moving
/// `at`, at the end, at a quote and at invalid text.
std::uint32_t take_code_point(Bytes text, std::size_t& at);

/// Whether a string from take_string() spells `text`, which is ASCII.
bool json_says(Bytes raw, const char* text);
/// Whether two strings from take_string() spell one text.
bool json_same(Bytes raw, Bytes other);
/// Resolves the escapes of a string from take_string() and writes UTF-8 to `to`, which may be raw.data(). Returns the
/// number of bytes, at most raw.size().
std::size_t resolve_json(Bytes raw, unsigned char* to);

/// Whether bytes are valid UTF-8 (RFC 3629).
bool is_utf8(Bytes bytes);

}  // namespace mote::detail
