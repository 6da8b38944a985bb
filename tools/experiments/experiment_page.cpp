// SPDX-License-Identifier: MIT
#include "experiments/experiment_page.hpp"

#include "pictures/chart_svg.hpp"
#include "pictures/page.hpp"
#include "pictures/svg.hpp"

namespace tools {
namespace {

std::string html_table(const Table& table) {
  std::string heads = element("th", ""), rows;
  for (const Column& column : table.columns) heads += element("th", escape(column.name));
  for (const Row& row : table.rows) {
    std::string cells = "<th scope=\"row\">" + escape(row.name) + "</th>";
    for (std::size_t c = 0; c < row.values.size(); ++c) cells += element("td", escape(cell(table, row, c)));
    rows += element("tr", cells);
  }
  const std::string body = element("thead", element("tr", heads)) + element("tbody", rows);
  return element("div", element("table", element("caption", escape(table.title)) + body, "numbers"), "wide");
}

}  // namespace

std::string experiment_section(const Experiment& experiment, const Laboratory& laboratory) {
  std::string charts, tables, notes;
  for (const LineChart& chart : laboratory.found.charts) charts += figure(to_svg(chart), escape(chart.title));
  for (const Table& table : laboratory.found.tables) tables += html_table(table);
  for (const std::string& note : laboratory.found.notes) notes += element("p", escape(note));
  const std::string seeds = std::to_string(laboratory.seeds) + " seed" + (laboratory.seeds == 1 ? "" : "s");
  return section(experiment.name, experiment.summary + "; " + seeds + ".",
                 (charts.empty() ? "" : element("div", charts, "charts")) + tables + notes);
}

}  // namespace tools
