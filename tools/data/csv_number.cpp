// SPDX-License-Identifier: MIT
// Numbers in the cells of a CSV file.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <iterator>
#include <string>

#include "data/csv.hpp"

namespace tools {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

/// The parts of a decimal number: digits * 10^(exponent - fraction_digits).
struct Decimal {
  bool is_negative = false;
  std::uint64_t digits = 0;  // modulo 2^64: exact for at most 19 digits
  std::size_t whole_digits = 0;
  std::size_t fraction_digits = 0;
  std::int64_t exponent = 0;  // clamped far outside of what any number has
  bool has_mark = false;
};

const char* scan_digits(const char* at, const char* end, std::uint64_t& value) {
  for (; at != end && is_digit(*at); ++at) value = 10 * value + static_cast<std::uint64_t>(*at - '0');
  return at;
}

/// Reads "e-12" and returns its end.
const char* scan_exponent(const char* at, const char* end, std::int64_t& exponent) {
  constexpr std::int64_t kLargest = 1000000000;
  ++at;
  const bool is_negative = at != end && *at == '-';
  if (at != end && (*at == '-' || *at == '+')) ++at;
  for (; at != end && is_digit(*at); ++at) exponent = std::min(kLargest, 10 * exponent + (*at - '0'));
  if (is_negative) exponent = -exponent;
  return at;
}

bool scan(std::string_view text, char mark, Decimal& decimal) {
  const char* at = text.data();
  const char* const end = at + text.size();
  if (at != end && (*at == '-' || *at == '+')) decimal.is_negative = *at++ == '-';
  const char* first = at;
  at = scan_digits(at, end, decimal.digits);
  decimal.whole_digits = static_cast<std::size_t>(at - first);
  if (at != end && *at == mark) {
    decimal.has_mark = true;
    first = ++at;
    at = scan_digits(at, end, decimal.digits);
    decimal.fraction_digits = static_cast<std::size_t>(at - first);
  }
  if (decimal.whole_digits + decimal.fraction_digits == 0) return false;
  if (at != end && (*at | 0x20) == 'e') {
    if (!is_digit(end[-1])) return false;
    at = scan_exponent(at, end, decimal.exponent);
  }
  return at == end;
}

/// Rounds once more only if that cannot change the result: `exact` is within half a unit in the last place of double
/// of the number meant, and no midpoint between two floats lies between the two.
bool round_to(double exact, float& value) {
  std::uint64_t bits;
  std::memcpy(&bits, &exact, sizeof bits);
  value = static_cast<float>(exact);
  return (bits & 0x1fffffff) != 0x10000000;
}
bool round_to(double exact, double& value) {
  value = exact;
  return true;
}

/// Clinger 1990: up to 15 digits and powers of ten up to 22 are exact in double, so that one operation rounds once.
template <typename Float>
bool convert_short(const Decimal& decimal, Float& value) {
  constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (decimal.whole_digits + decimal.fraction_digits > 15) return false;
  const std::int64_t power = decimal.exponent - static_cast<std::int64_t>(decimal.fraction_digits);
  if (power < -22 || power > 22) return false;
  const double digits = static_cast<double>(decimal.digits);
  const double exact = power < 0 ? digits / kPowers[-power] : digits * kPowers[power];
  return round_to(decimal.is_negative ? -exact : exact, value);
}

/// Whether a number that is out of range is a large one: the place of its first digit but 0 tells.
bool is_large(std::string_view text, const Decimal& decimal) {
  std::int64_t place = static_cast<std::int64_t>(decimal.whole_digits) + decimal.exponent;
  for (const char c : text) {
    if (c >= '1' && c <= '9') return place > 0;
    if (c == '0') --place;
  }
  return false;
}

template <typename Float>
CellKind convert(std::string_view text, char mark, const Decimal& decimal, Float& value) {
  if (convert_short(decimal, value)) return CellKind::number;
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  std::string copy;
  if (mark != '.' && decimal.has_mark) {
    copy = text;
    std::replace(copy.begin(), copy.end(), mark, '.');
    text = copy;
  }
  const std::from_chars_result result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec == std::errc::result_out_of_range) {
    if (is_large(text, decimal)) return CellKind::not_finite;
    value = decimal.is_negative ? -Float{0} : Float{0};
  }
  return std::isfinite(value) ? CellKind::number : CellKind::not_finite;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  const auto equal = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; };
  return text.size() == lower.size() && std::equal(text.begin(), text.end(), lower.begin(), equal);
}

CellKind kind_of_word(std::string_view text) {
  if (text.size() > 9) return CellKind::text;
  for (const std::string_view word : {"", "na", "n/a", "null", "?"}) {
    if (equals_ignoring_case(text, word)) return CellKind::missing;
  }
  if (text[0] == '+' || text[0] == '-') text.remove_prefix(1);
  if (equals_ignoring_case(text, "nan")) return CellKind::missing;
  if (equals_ignoring_case(text, "inf") || equals_ignoring_case(text, "infinity")) return CellKind::not_finite;
  return CellKind::text;
}

}  // namespace

template <typename Float>
ParsedCell<Float> parse_cell(std::string_view text, char decimal_mark) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  ParsedCell<Float> cell;
  Decimal decimal;
  if (!scan(text, decimal_mark, decimal)) {
    cell.kind = kind_of_word(text);
    return cell;
  }
  cell.has_mark = decimal.has_mark;
  cell.kind = convert(text, decimal_mark, decimal, cell.value);
  return cell;
}

template ParsedCell<float> parse_cell<float>(std::string_view, char);
template ParsedCell<double> parse_cell<double>(std::string_view, char);

}  // namespace tools
