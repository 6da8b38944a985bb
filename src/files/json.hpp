// SPDX-License-Identifier: MIT
// The tokens of JSON (RFC 8259) that headers of model files are made of: strings, whole numbers and punctuation. What
// follows what is for the caller to ask. Nothing is copied; strings are views of the text between their quotes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/memory.hpp"

namespace mote::detail {

class JsonReader {
 public:
  explicit JsonReader(Bytes text) : text_(text) {}

  // Each skips white space and takes what it is named for, or returns false and takes nothing else.

  /// A character of punctuation.
  bool take(char token);
  /// raw: what is between the quotes: right UTF-8, right escapes, no control characters.
  bool take_string(Bytes& raw);
  /// Digits only, without leading zeros, less than 2^64.
  bool take_number(std::uint64_t& number);

  /// Of the next token.
  std::size_t position();
  bool at_end() { return position() == text_.size(); }

 private:
  Bytes text_;
  std::size_t position_ = 0;
};

/// Whether a string as take_string() gave it says `text`, which is ASCII.
bool json_says(Bytes raw, const char* text);
/// Whether two of them say the same.
bool json_same(Bytes raw, Bytes other);
/// Writes what it says, in UTF-8, to `to`, which may be where it stands; at most raw.size() bytes. Returns how many.
std::size_t resolve_json(Bytes raw, unsigned char* to);

/// Whether bytes are right UTF-8 (RFC 3629).
bool is_utf8(Bytes bytes);

}  // namespace mote::detail
