// SPDX-License-Identifier: MIT
// A run as one web page, which loads nothing and runs no script.
#pragma once

#include <string>

#include "run_record.hpp"

namespace tools {

/// What a page of ours begins with.
inline constexpr const char* kPageStart = "<!DOCTYPE html>\n<!-- mote report -->\n";

/// The page, UTF-8 and well-formed as XML: settings, results, curves, responses of the layers, confusion matrix, worst
/// mistakes, first layer. For light and dark screens, wide and narrow, and for paper.
std::string html_report(const RunRecord& record);

/// Throws an Error unless `path` may become a report: where nothing is, or an empty file, or an old report.
void check_report_path(const std::string& path);

}  // namespace tools
