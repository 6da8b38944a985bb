// SPDX-License-Identifier: MIT
#include "run/pictures.hpp"

#include <cstdio>

#include "pictures/page.hpp"
#include "run/html_report.hpp"

namespace tools {

Pictures::Pictures(const Settings& settings) : plot_(settings.plot) {
  if (settings.report.empty()) return;
  page_.emplace("--report", settings.report, page_kind());
}

void Pictures::draw(const RunRecord& record) {
  if (plot_) std::printf("%s", plot_run(record, terminal_style()).c_str());
  if (!page_) return;
  page_->write(html_report(record));
  page_->commit();
}

}  // namespace tools
