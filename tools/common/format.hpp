// SPDX-License-Identifier: MIT
// Text made of numbers and names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tools {

/// The text that printf() prints.
__attribute__((format(printf, 1, 2))) std::string format(const char* pattern, ...);

/// "1 seed", "3 seeds".
std::string counted(std::uint64_t count, const char* noun);

/// Bytes of the control character that a text begins with, in UTF-8; 0: none. Terminals obey control characters. They
/// include those that change the direction of a text, which show other names than there are.
std::size_t control_at(std::string_view text);

/// Replaces control characters by question marks.
std::string printable(std::string_view text);

/// "a, b and 3 more": at most `most` of the names.
std::string shortened_list(const std::vector<std::string>& names, std::size_t most);

}  // namespace tools
