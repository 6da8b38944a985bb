// SPDX-License-Identifier: MIT
// The options of tools/train: three tables, in the order of --help.
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

/// Data and network: layers, loss, initialization.
mote::Span<const Option> network_options();
/// Learning: optimizers, penalties, dropout, schedules, early stopping, ensembles.
mote::Span<const Option> learning_options();
/// One run: batches, epochs, threads, output files.
mote::Span<const Option> run_options();

}  // namespace tools
