// SPDX-License-Identifier: MIT
#include "closeness.hpp"

#include <cmath>

#include "common/error.hpp"

namespace peers {

void require_close(double found, double expected, double tolerance, const std::string& what) {
  if (std::abs(found - expected) <= tolerance) return;
  throw tools::Error(what + ": found " + std::to_string(found) + ", but mote has " + std::to_string(expected) +
                         "; the comparison would be unfair",
                     tools::kExitFailed);
}

}  // namespace peers
