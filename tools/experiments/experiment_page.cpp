// SPDX-License-Identifier: MIT
#include "experiments/experiment_page.hpp"

#include <algorithm>
#include <cctype>

#include "pictures/chart_svg.hpp"
#include "pictures/page.hpp"
#include "pictures/svg.hpp"

namespace tools {
namespace {

/// The text with a capital at its start.
std::string capitalized(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

/// Names of columns, in heads and texts, for readers: "near_0_%" becomes "near 0 %".
std::string spaced(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

std::string html_table(const Table& table) {
  std::string heads = element("th", ""), rows;
  for (const Column& column : table.columns) heads += element("th", escape(spaced(column.name)));
  for (const Row& row : table.rows) {
    std::string cells = "<th scope=\"row\">" + escape(row.name) + "</th>";
    for (std::size_t c = 0; c < row.values.size(); ++c) cells += element("td", escape(cell(table, row, c)));
    rows += element("tr", cells);
  }
  const std::string body = element("thead", element("tr", heads)) + element("tbody", rows);
  return element("div", element("table", element("caption", escape(spaced(table.title))) + body, "numbers"), "wide");
}

std::string contents(const std::vector<Experiment>& experiments) {
  std::string lists;
  for (std::size_t i = 0; i < experiments.size();) {
    const Text text = experiments[i].text;
    std::string items;
    for (; i < experiments.size() && experiments[i].text == text; ++i) {
      const Experiment& experiment = experiments[i];
      items += element("li", "<a href=\"#" + experiment.name + "\">" + escape(experiment.title) + "</a>");
    }
    lists += element("h3", escape(title_of(text))) + element("ul", items);
  }
  return element("nav", element("h2", "Contents") + lists);
}

}  // namespace

std::string experiment_section(const Experiment& experiment, const Findings& findings) {
  std::string sentences, charts, tables, notes;
  for (const std::string& sentence : findings.sentences) sentences += element("p", escape(sentence), "seen");
  for (const LineChart& chart : findings.charts) charts += figure(to_svg(chart), escape(chart.title));
  for (const std::string& drawing : findings.drawings) charts += drawing;
  for (const Table& table : findings.tables) tables += html_table(table);
  for (const std::string& note : findings.notes) notes += element("p", escape(spaced(note)));
  const std::string seeds = std::to_string(findings.seeds) + "\u00a0seed" + (findings.seeds == 1 ? "" : "s");
  const std::string head = "<h3 id=\"" + experiment.name + "\">" + escape(experiment.title) + "</h3>\n" +
                           element("p", escape(capitalized(experiment.summary) + "; " + seeds + "; ./tools/lesson ") +
                                            experiment.name + ".");
  return element("section",
                 head + sentences + (charts.empty() ? "" : element("div", charts, "charts")) + tables + notes);
}

std::string lesson_body(const std::vector<Experiment>& experiments, const std::vector<Findings>& findings) {
  std::string body = contents(experiments);
  for (std::size_t i = 0; i < experiments.size(); ++i) {
    const bool is_first = i == 0 || experiments[i].text != experiments[i - 1].text;
    if (is_first) body += element("h2", escape(title_of(experiments[i].text)));
    body += experiment_section(experiments[i], findings[i]);
  }
  return body;
}

}  // namespace tools
