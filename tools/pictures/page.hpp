// SPDX-License-Identifier: MIT
// Web pages that load nothing and run no script: for light and dark screens, wide and narrow, and for paper.
// Well-formed as XML, too.
#pragma once

#include <string>

namespace tools {

/// What every page of ours begins with.
inline constexpr const char* kPageStart = "<!DOCTYPE html>\n<!-- mote report -->\n";

/// A whole page: its heading, the command that made it, and a body of elements.
std::string html_page(const std::string& heading, const std::string& command, const std::string& body);

/// <name class="style">content</name>; content is markup, not text: see escape().
std::string element(const char* name, const std::string& content, const char* style = "");

/// A part of a page; heading and note are text.
std::string section(const std::string& heading, const std::string& note, const std::string& content);

/// A picture with a caption, both markup.
std::string figure(const std::string& content, const std::string& caption);

/// Throws an Error unless `path` may become a page: where nothing is, or an empty file, or an old page of ours.
void check_report_path(const std::string& path);

}  // namespace tools
