// SPDX-License-Identifier: MIT
// Runs of neighbouring active inputs. Internal linkage, for numeric files too.
#pragma once

#include "mote/parallel.hpp"
#include "mote/weight_update.hpp"

namespace mote::detail {
namespace {

/// Takes the first run of neighbours off the list. Short gaps are taken along: they cost less than another call.
Share take_run(ActiveInputs& active) {
  constexpr std::size_t kGap = 6;
  const std::size_t begin = active.list[0];
  std::size_t end = begin;
  do {
    end = *active.list++ + std::size_t{1};
  } while (--active.count != 0 && *active.list < end + kGap);
  return {begin, end};
}

}  // namespace
}  // namespace mote::detail
