// SPDX-License-Identifier: MIT
// Text made of numbers and names.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tools {

/// The text that printf() prints.
__attribute__((format(printf, 1, 2))) std::string format(const char* pattern, ...);

/// Replaces control characters, which terminals would obey, by question marks.
std::string printable(std::string text);

/// "a, b and 3 more": at most `most` of the names.
std::string shortened_list(const std::vector<std::string>& names, std::size_t most);

}  // namespace tools
