// SPDX-License-Identifier: MIT
// The options of tools/train as a table in three parts, in the order of its help.
#pragma once

#include <string_view>

#include "mote/memory.hpp"
#include "run/settings.hpp"
#include "run/settings_checks.hpp"

namespace tools {

struct Option {
  const char* name;
  const char* argument;  ///< null: a flag
  const char* help;
  void (*set)(Settings&, Given&, std::string_view value);
};

/// What is learnt from, and the network: its layers, loss and start.
mote::Span<const Option> network_options();
/// How the network learns: optimizers, penalties, dropout, schedules, stopping, ensembles.
mote::Span<const Option> learning_options();
/// One run: what it is shown, what computes, and what it writes.
mote::Span<const Option> run_options();

}  // namespace tools
