// SPDX-License-Identifier: MIT
// Checks of options against each other, and defaults that depend on other options.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "common/names.hpp"
#include "run/settings.hpp"

namespace tools {

/// The options given, for defaults and checks.
struct Given {
  bool layers = false, hidden = false, learning_rate = false, loss = false;
  std::set<std::string_view> names;  // of all options given
};

/// Fills in the defaults that depend on other options. Throws an Error for options that contradict each other or have
/// no effect.
void resolve(Settings& s, const Given& given);

/// Throws the Error for an option that --load decides.
[[noreturn]] void refuse_with_load(const std::string& option);

inline constexpr Named<MissingValues> kMissingValues[] = {
    {"reject", MissingValues::reject}, {"drop", MissingValues::drop}, {"mean", MissingValues::mean}};

inline constexpr Named<RateSchedule> kSchedules[] = {{"constant", RateSchedule::constant},
                                                     {"step", RateSchedule::step},
                                                     {"exponential", RateSchedule::exponential},
                                                     {"cosine", RateSchedule::cosine},
                                                     {"plateau", RateSchedule::plateau}};

}  // namespace tools
