// SPDX-License-Identifier: MIT
// Oddities of tables.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "common/format.hpp"
#include "data/table_layout.hpp"

namespace tools {
namespace {

/// At most 5 of the names, with quotes.
std::string list_of(std::vector<std::string> names) {
  for (std::string& name : names) name = quote_cell(name);
  return shortened_list(names, 5);
}

/// The features for which holds(feature, row) in every row.
template <typename Holds>
std::vector<std::size_t> features_where(const TableData& table, Holds holds) {
  std::vector<std::size_t> left(table.feature_names.size());
  std::iota(left.begin(), left.end(), std::size_t{0});
  for (std::size_t row = 0; row < table.rows && !left.empty(); ++row) {
    const auto fails = [&](std::size_t feature) { return !holds(feature, row); };
    left.erase(std::remove_if(left.begin(), left.end(), fails), left.end());
  }
  return left;
}

float feature_of(const TableData& table, std::size_t feature, std::size_t row) {
  return table.features[row * table.feature_names.size() + feature];
}

void warn_of_constants(TableData& table) {
  std::vector<float> values(table.feature_names.size(), NAN);
  std::vector<std::string> names;
  for (const std::size_t i : features_where(table, [&](std::size_t feature, std::size_t row) {
         const float value = feature_of(table, feature, row);
         if (std::isnan(values[feature])) values[feature] = value;
         return std::isnan(value) || value == values[feature];
       })) {
    names.push_back(table.feature_names[i]);
  }
  if (!names.empty() && table.rows > 1) {
    table.warnings.push_back((names.size() == 1 ? "a feature is constant: " : "features are constant: ") +
                             list_of(names));
  }
}

void warn_of_copies(TableData& table) {
  const std::size_t count = table.target_names.size();
  for (std::size_t target = 0; target < count; ++target) {
    const auto equal = [&](std::size_t feature, std::size_t row) {
      return feature_of(table, feature, row) == table.targets[row * count + target];
    };
    for (const std::size_t i : features_where(table, equal)) {
      table.warnings.push_back("feature " + quote_cell(table.feature_names[i]) + " equals the target " +
                               quote_cell(table.target_names[target]) + "; leave it out: --ignore");
    }
  }
}

/// Features that have one value in each class and differ between classes.
std::vector<std::size_t> telling_features(const TableData& table) {
  std::vector<std::size_t> first(table.class_names.size(), 0);  // row of each class
  for (std::size_t row = table.rows; row-- > 0;) first[label_of(table, row)] = row;
  std::vector<std::size_t> telling = features_where(table, [&](std::size_t feature, std::size_t row) {
    return feature_of(table, feature, row) == feature_of(table, feature, first[label_of(table, row)]);
  });
  const auto repeats = [&](std::size_t feature) {
    std::vector<float> values;
    for (const std::size_t row : first) values.push_back(feature_of(table, feature, row));
    std::sort(values.begin(), values.end());
    return std::adjacent_find(values.begin(), values.end()) != values.end();
  };
  telling.erase(std::remove_if(telling.begin(), telling.end(), repeats), telling.end());
  return telling;
}

void warn_of_classes(TableData& table) {
  std::vector<std::size_t> sizes(table.class_names.size());
  for (std::size_t row = 0; row < table.rows; ++row) ++sizes[label_of(table, row)];
  if (sizes.size() == 1) {
    table.warnings.push_back("all rows have one class, " + quote_cell(table.class_names[0]));
    return;
  }
  std::vector<std::string> rare;
  for (std::size_t c = 0; c < sizes.size(); ++c) {
    if (sizes[c] < 2) rare.push_back(table.class_names[c]);
  }
  if (!rare.empty()) {
    table.warnings.push_back((rare.size() == 1 ? "1 class has" : std::to_string(rare.size()) + " classes have") +
                             " fewer than 2 rows: " + list_of(rare));
  }
  std::size_t fractions = 0;
  for (const std::string& name : table.class_names) {
    const ParsedCell<double> cell = parse_cell<double>(name);
    if (cell.kind == CellKind::number && cell.value != std::floor(cell.value)) ++fractions;
  }
  if (fractions > 100) {
    table.warnings.push_back(std::to_string(fractions) + " classes are fractions, such as " +
                             quote_cell(table.class_names[0]) + "; --regression learns " +
                             quote_cell(table.target_names[0]) + " as a number");
  }
  if (table.rows < 2 * sizes.size()) return;
  for (const std::size_t i : telling_features(table)) {
    table.warnings.push_back("feature " + quote_cell(table.feature_names[i]) + " has one value for each class of " +
                             quote_cell(table.target_names[0]) + "; if it is a copy, leave it out: --ignore");
  }
}

}  // namespace

void add_warnings(TableData& table) {
  warn_of_constants(table);
  if (!table.targets.empty()) {
    warn_of_copies(table);
  } else if (!table.class_names.empty()) {
    warn_of_classes(table);
  }
}

}  // namespace tools
