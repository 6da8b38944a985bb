// SPDX-License-Identifier: MIT
// A training run as a web page.
#pragma once

#include <string>

#include "run/run_record.hpp"

namespace tools {

/// Settings, results, curves, responses of the layers, confusion matrix, worst mistakes, first layer.
std::string html_report(const RunRecord& record);

}  // namespace tools
