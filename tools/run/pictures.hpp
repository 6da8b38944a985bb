// SPDX-License-Identifier: MIT
// The pictures of a run that its settings ask for: plots in the terminal, a page.
#pragma once

#include <optional>
#include <string>

#include "common/atomic_file.hpp"
#include "run/run_record.hpp"
#include "run/settings.hpp"

namespace tools {

class Pictures {
 public:
  /// Opens the page's file, so that a path that will not do is known before training. Throws an Error.
  explicit Pictures(const Settings& settings);

  bool wanted() const { return plot_ || page_; }
  /// Prints the plots and writes the page. Throws an Error.
  void draw(const RunRecord& record);

 private:
  bool plot_;
  std::optional<AtomicFile> page_;
};

}  // namespace tools
