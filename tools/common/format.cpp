// SPDX-License-Identifier: MIT
#include "common/format.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace tools {

std::string format(const char* pattern, ...) {
  va_list arguments, again;
  va_start(arguments, pattern);
  va_copy(again, arguments);
  std::string text(static_cast<std::size_t>(std::vsnprintf(nullptr, 0, pattern, arguments)) + 1, '\0');
  std::vsnprintf(text.data(), text.size(), pattern, again);
  va_end(again);
  va_end(arguments);
  text.pop_back();
  return text;
}

std::string printable(std::string text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool is_second = i != 0 && text[i - 1] == '\xc2' && c < 0xa0;  // of the two bytes of U+0080 to U+009F
    if (c < 0x20 || c == 0x7f) text[i] = '?';
    if (is_second) text.replace(--i, 2, "?");
  }
  return text;
}

std::string shortened_list(const std::vector<std::string>& names, std::size_t most) {
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), most); ++i) list += (i == 0 ? "" : ", ") + names[i];
  return names.size() > most ? list + format(" and %zu more", names.size() - most) : list;
}

}  // namespace tools
