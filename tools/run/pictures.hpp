// SPDX-License-Identifier: MIT
// The pictures of a run: plots in the terminal and a web page.
#pragma once

#include <optional>
#include <string>

#include "common/atomic_file.hpp"
#include "run/run_record.hpp"
#include "run/settings.hpp"

namespace tools {

class Pictures {
 public:
  /// Opens the file of the page, so that a bad path fails before training. Throws an Error.
  explicit Pictures(const Settings& settings);

  bool wanted() const { return plot_ || page_; }
  /// Prints the plots and writes the page. Throws an Error.
  void draw(const RunRecord& record);

 private:
  bool plot_;
  std::optional<AtomicFile> page_;
};

}  // namespace tools
