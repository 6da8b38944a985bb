// SPDX-License-Identifier: MIT
// Web pages that run no script and load no other file, for light and dark screens, wide and narrow, and for paper. A
// page is well-formed XML.
#pragma once

#include <string>

#include "common/atomic_file.hpp"

namespace tools {

/// The first line of every page.
inline constexpr const char* kPageStart = "<!DOCTYPE html>\n<!-- mote report -->\n";

/// A whole page: its heading, the command that made it, and a body of elements.
std::string html_page(const std::string& heading, const std::string& command, const std::string& body);

/// <name class="style">content</name>; content is markup, not text: see escape().
std::string element(const char* name, const std::string& content, const char* style = "");

/// A section of a page; heading and note are text.
std::string section(const std::string& heading, const std::string& note, const std::string& content);

/// A picture with a caption, both markup.
std::string figure(const std::string& content, const std::string& caption);

/// The files that a page may replace.
inline FileKind page_kind() {
  return {"a report of this program", kPageStart};
}

}  // namespace tools
