// SPDX-License-Identifier: MIT
#include "json.hpp"

namespace mote::detail {
namespace {

bool is_in(std::uint32_t x, std::uint32_t first, std::uint32_t last) {
  return first <= x && x <= last;
}

// take_...(text, at) returns the code point that begins at text[at] and moves `at` past it, or returns kNoCodePoint.

/// A code point in UTF-8, in its shortest form only.
std::uint32_t take_utf8(Bytes text, std::size_t& at) {
  const std::uint32_t first = text[at];
  if (first < 0x80) return ++at, first;
  const std::size_t more = is_in(first, 0xc2, 0xdf)   ? 1
                           : is_in(first, 0xe0, 0xef) ? 2
                           : is_in(first, 0xf0, 0xf4) ? 3
                                                      : 0;
  if (more == 0 || text.size() - at <= more) return kNoCodePoint;
  std::uint32_t point = first & (0x3fu >> more);
  for (std::size_t i = 1; i <= more; ++i) {
    const std::uint32_t byte = text[at + i];
    if (!is_in(byte, 0x80, 0xbf)) return kNoCodePoint;
    point = point << 6 | (byte & 0x3f);
  }
  constexpr std::uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
  if (point < kLeast[more] || point > 0x10ffff || is_in(point, 0xd800, 0xdfff)) return kNoCodePoint;
  at += more + 1;
  return point;
}

/// Four hexadecimal digits.
std::uint32_t take_hex(Bytes text, std::size_t& at) {
  if (text.size() - at < 4) return kNoCodePoint;
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const std::uint32_t c = text[at++];
    const std::uint32_t digit = is_in(c, '0', '9') ? c - '0' : is_in(c | 0x20, 'a', 'f') ? (c | 0x20) - 'a' + 10 : 16;
    if (digit == 16) return kNoCodePoint;
    value = value << 4 | digit;
  }
  return value;
}

/// The text after "\u": one code unit of UTF-16, or a surrogate pair.
std::uint32_t take_utf16(Bytes text, std::size_t& at) {
  const std::uint32_t high = take_hex(text, at);
  if (!is_in(high, 0xd800, 0xdfff)) return high;
  if (high > 0xdbff || text.size() - at < 2 || text[at] != '\\' || text[at + 1] != 'u') return kNoCodePoint;
  at += 2;
  const std::uint32_t low = take_hex(text, at);
  return is_in(low, 0xdc00, 0xdfff) ? 0x10000 + ((high & 0x3ff) << 10 | (low & 0x3ff)) : kNoCodePoint;
}

/// The text after a backslash.
std::uint32_t take_escaped(Bytes text, std::size_t& at) {
  if (at == text.size()) return kNoCodePoint;
  switch (text[at++]) {
    case '"': return '"';
    case '\\': return '\\';
    case '/': return '/';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'u': return take_utf16(text, at);
    default: return kNoCodePoint;
  }
}

std::size_t put_utf8(std::uint32_t point, unsigned char* to) {
  const auto byte = [](std::uint32_t bits) { return static_cast<unsigned char>(bits); };
  if (point < 0x80) return to[0] = byte(point), 1;
  const std::size_t more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  for (std::size_t i = more; i > 0; --i, point >>= 6) to[i] = byte(0x80 | (point & 0x3f));
  to[0] = byte((0xff00u >> (more + 1)) | point);
  return more + 1;
}

}  // namespace

std::uint32_t take_code_point(Bytes text, std::size_t& at) {
  if (at == text.size() || text[at] == '"' || text[at] < 0x20) return kNoCodePoint;
  if (text[at] != '\\') return take_utf8(text, at);
  std::size_t end = at + 1;
  const std::uint32_t point = take_escaped(text, end);
  if (point != kNoCodePoint) at = end;
  return point;
}

bool JsonReader::take_string(Bytes& raw) {
  if (at_end() || text_[position_] != '"') return false;
  const std::size_t start = position_ + 1;
  std::size_t end = start;
  while (take_code_point(text_, end) != kNoCodePoint) continue;
  if (end == text_.size() || text_[end] != '"') return false;
  raw = text_.subspan(start, end - start);
  position_ = end + 1;
  return true;
}

bool JsonReader::take_number(std::uint64_t& number) {
  std::size_t end = position();
  std::uint64_t value = 0;
  for (; end < text_.size() && is_in(text_[end], '0', '9'); ++end) {
    const std::uint64_t digit = text_[end] - std::uint64_t{'0'};
    if (value > (~std::uint64_t{0} - digit) / 10) return false;
    value = 10 * value + digit;
  }
  const std::size_t digits = end - position_;
  if (digits == 0 || (digits > 1 && text_[position_] == '0')) return false;
  number = value;
  position_ = end;
  return true;
}

bool JsonReader::skip_word(const char* word) {
  std::size_t at = position();
  for (; *word != '\0'; ++word, ++at) {
    if (at == text_.size() || text_[at] != static_cast<unsigned char>(*word)) return false;
  }
  position_ = at;
  return true;
}

bool JsonReader::skip_number() {
  std::size_t at = position();
  const auto skip = [&](char c) {
    const bool is_here = at < text_.size() && text_[at] == static_cast<unsigned char>(c);
    at += is_here ? 1 : 0;
    return is_here;
  };
  const auto skip_digits = [&] {
    const std::size_t start = at;
    while (at < text_.size() && is_in(text_[at], '0', '9')) ++at;
    return at > start;
  };
  static_cast<void>(skip('-'));
  if (!skip('0') && !skip_digits()) return false;
  if (skip('.') && !skip_digits()) return false;
  if (skip('e') || skip('E')) {
    if (!skip('+')) static_cast<void>(skip('-'));
    if (!skip_digits()) return false;
  }
  position_ = at;
  return true;
}

bool JsonReader::skip_value(std::size_t depth) {
  Bytes string;
  if (take_string(string) || skip_word("true") || skip_word("false") || skip_word("null") || skip_number()) return true;
  const bool is_object = take('{');
  if (depth == 0 || (!is_object && !take('['))) return false;
  const char closing = is_object ? '}' : ']';
  if (take(closing)) return true;
  do {
    if (is_object && !(take_string(string) && take(':'))) return false;
    if (!skip_value(depth - 1)) return false;
  } while (take(','));
  return take(closing);
}

bool json_says(Bytes raw, const char* text) {
  std::size_t at = 0;
  for (; *text != '\0'; ++text) {
    if (take_code_point(raw, at) != static_cast<unsigned char>(*text)) return false;
  }
  return at == raw.size();
}

bool json_same(Bytes raw, Bytes other) {
  std::size_t at = 0, other_at = 0;
  while (at < raw.size() && other_at < other.size()) {
    if (take_code_point(raw, at) != take_code_point(other, other_at)) return false;
  }
  return at == raw.size() && other_at == other.size();
}

std::size_t resolve_json(Bytes raw, unsigned char* to) {
  std::size_t size = 0;
  for (std::size_t at = 0; at < raw.size();) size += put_utf8(take_code_point(raw, at), to + size);
  return size;
}

bool is_utf8(Bytes bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    if (take_utf8(bytes, at) == kNoCodePoint) return false;
  }
  return true;
}

}  // namespace mote::detail
