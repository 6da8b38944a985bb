// SPDX-License-Identifier: MIT
// Fair comparison on a machine whose speed changes from second to second: all take turns, round after round, and what
// is compared is their times within the same round.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/table.hpp"
#include "common/timing.hpp"

namespace peers {

struct Contender {
  std::string name;
  tools::Work prepare;  ///< not timed; may be empty
  tools::Work run;
  std::size_t calls = 0;  ///< of run in each turn; 0: several samples of as many as make a good one, the best counts
  int samples = 0;        ///< set by race()
};

struct RaceResult {
  std::vector<double> seconds;  ///< median of each contender, for one call
  std::vector<double> ratios;   ///< median over the rounds of first contender / each other; element 0 is 1
  std::size_t best = 0;         ///< the fastest but the first; 0 if there is no other
};

RaceResult race(std::vector<Contender> contenders, std::size_t rounds);

/// Columns for a table of results, times in seconds x `unit`: "mote_UNIT", "OpenBLAS_UNIT", ... "mote/OpenBLAS", ...
/// "mote/best". Names: of the contenders.
std::vector<tools::Column> time_columns(const std::vector<std::string>& names, const std::string& unit, int decimals);
std::vector<double> time_values(const RaceResult& result, double unit);

}  // namespace peers
