// SPDX-License-Identifier: MIT
// What options must have to do with each other.
#pragma once

#include <set>
#include <string_view>

#include "common/names.hpp"
#include "run/settings.hpp"

namespace tools {

/// What the defaults and the checks of contradictions need to know besides the settings.
struct Given {
  bool layers = false, hidden = false, learning_rate = false, loss = false;
  std::set<std::string_view> names;  // of all options
};

/// Fills in what was left open and depends on the rest, and throws an Error for what contradicts itself or has no
/// meaning.
void resolve(Settings& s, const Given& given);

inline constexpr Named<RateSchedule> kSchedules[] = {{"constant", RateSchedule::constant},
                                                     {"step", RateSchedule::step},
                                                     {"exponential", RateSchedule::exponential},
                                                     {"cosine", RateSchedule::cosine},
                                                     {"plateau", RateSchedule::plateau}};

}  // namespace tools
