// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace peers {

/// Throws a tools::Error unless the two differ by at most `tolerance`: whoever computes something else is no rival.
void require_close(double found, double expected, double tolerance, const std::string& what);

}  // namespace peers
