// SPDX-License-Identifier: MIT
// Values of options: converts text to numbers and names, or throws an Error with the text found and the bound expected.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "common/error.hpp"
#include "common/names.hpp"
#include "mote/topology.hpp"

namespace tools {

/// Throws the Error for a rejected value.
[[noreturn]] inline void refuse(std::string_view option, std::string_view value, const std::string& expected) {
  throw Error(std::string(option) + ": found '" + std::string(value) + "', expected " + expected);
}

/// A whole number in [low, high].
template <typename Number>
Number whole_number(std::string_view option, std::string_view value, Number low, Number high) {
  Number number{};
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || number < low || number > high) {
    refuse(option, value, "a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  }
  return number;
}

inline std::size_t whole_count(std::string_view option, std::string_view value, std::size_t low) {
  return whole_number<std::size_t>(option, value, low, 1000000000);
}

/// For a number that single precision changes to a bound: "; single precision rounds it to 1". Empty for others.
inline std::string rounding(std::string_view value) {
  double exact = 0.0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), exact);
  const float rounded = static_cast<float>(exact);
  if (error != std::errc() || end != value.data() + value.size() || static_cast<double>(rounded) == exact) return "";
  const char* bound = std::isinf(rounded) ? "infinity" : rounded == 0.0f ? "0" : rounded == 1.0f ? "1" : nullptr;
  return bound == nullptr ? "" : std::string("; single precision rounds it to ") + bound;
}

/// A finite number for which accept() returns true. expected: accept() in words, for the error.
inline float real_number(std::string_view option, std::string_view value, const char* expected, bool (*accept)(float)) {
  float number = 0.0f;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || !std::isfinite(number) || !accept(number)) {
    refuse(option, value, expected + rounding(value));
  }
  return number;
}

inline std::vector<std::string> comma_separated(std::string_view value) {
  std::vector<std::string> list;
  for (std::string_view rest = value;;) {
    const std::size_t comma = rest.find(',');
    list.emplace_back(rest.substr(0, comma));
    if (comma == std::string_view::npos) return list;
    rest.remove_prefix(comma + 1);
  }
}

/// Layer sizes separated by commas.
inline std::vector<std::uint32_t> sizes(std::string_view option, std::string_view value) {
  std::vector<std::uint32_t> list;
  for (const std::string& size : comma_separated(value)) {
    list.push_back(whole_number<std::uint32_t>(option, size, 1, mote::kMaxLayerSize));
  }
  return list;
}

template <typename Enum, std::size_t N>
Enum choice(std::string_view option, std::string_view value, const Named<Enum> (&names)[N]) {
  Enum chosen{};
  if (!find_name(names, value, chosen)) refuse(option, value, list_names(names) + did_you_mean(value, names));
  return chosen;
}

/// The value of an option, from the next argument. Throws an Error if there is none, or another option in its place.
inline std::string_view next_value(int count, const char* const* arguments, int& i, const std::string& expected) {
  const std::string option = arguments[i];
  if (++i == count) throw Error(option + ": value " + expected + " missing");
  const std::string_view value = arguments[i];
  if (value.substr(0, 2) != "--") return value;
  throw Error(option + ": value " + expected + " missing, found the option " + std::string(value) + "; write " +
              option + "=" + std::string(value) + " if that is the value");
}

/// An argument, quoted for a shell.
inline std::string quoted(std::string_view argument) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+,./:@%";
  if (!argument.empty() && argument.find_first_not_of(kPlain) == std::string_view::npos) return std::string(argument);
  std::string text = "'";
  for (const char c : argument) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

/// A command as typed, quoted for a shell.
inline std::string command_line(int count, const char* const* arguments) {
  std::string command;
  for (int i = 0; i < count; ++i) command += (i == 0 ? "" : " ") + quoted(arguments[i]);
  return command;
}

inline constexpr const char* kPositive = "a finite number greater than 0";
inline constexpr const char* kNotNegative = "a finite number, at least 0";
inline constexpr const char* kShare = "0 <= X < 1";
inline constexpr const char* kRate = "0 <= P < 1";

inline bool is_positive(float x) {
  return x > 0.0f;
}
inline bool is_not_negative(float x) {
  return x >= 0.0f;
}
inline bool is_share(float x) {
  return x >= 0.0f && x < 1.0f;
}

}  // namespace tools
