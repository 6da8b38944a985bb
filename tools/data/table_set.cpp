// SPDX-License-Identifier: MIT
#include "data/table_set.hpp"

#include <algorithm>
#include <numeric>

#include "common/error.hpp"
#include "common/input_file.hpp"
#include "data/row_split.hpp"
#include "mote/folding.hpp"

namespace tools {
namespace {

RowSplit split(const TableData& table, double share, std::uint64_t seed) {
  if (!table.labels.empty()) return split_by_class(table.labels, share, seed);
  if (!table.wide_labels.empty()) return split_by_class(table.wide_labels, share, seed);
  return split_rows(table.rows, share, seed);
}

/// Cuts a table after `rows` rows, and returns the others.
TableData cut(TableData& table, std::size_t rows) {
  TableData others = table;
  others.rows = table.rows - rows;
  table.rows = rows;
  const auto divide = [&](auto& first, auto& second, std::size_t columns) {
    if (first.empty()) return;
    second = first.subspan(rows * columns, others.rows * columns);
    first = first.subspan(0, rows * columns);
  };
  divide(table.features, others.features, table.feature_names.size());
  divide(table.targets, others.targets, table.target_names.size());
  divide(table.labels, others.labels, 1);
  divide(table.wide_labels, others.wide_labels, 1);
  return others;
}

TableData load(const std::string& path, const char* option, mote::Memory memory, const TableFiles& files,
               const TableData* like) {
  InputFile file(path, "a table", option);
  TableData table = load_table(file.source(), path, memory, files.options, files.progress, like);
  if (!table.wide_labels.empty()) {
    throw Error(path + ": found " + std::to_string(table.class_names.size()) + " classes in " +
                quote_cell(table.target_names[0]) +
                ", expected at most 256; choose another --target, or --regression to learn a number");
  }
  return table;
}

/// Holds test rows out of the training rows.
TableData hold_out(TableData& table, const TableFiles& files) {
  const RowSplit rows = split(table, files.test_share, files.seed);
  if (rows.training == table.rows) {
    throw Error(files.training + ": no row is left to test: " +
                (table.class_names.empty() ? "found 1 row, expected at least 2" : "no class has 2 rows") +
                "; give test rows with --test-data");
  }
  arrange_rows(table, {rows.order.data(), rows.order.size()});
  return cut(table, rows.training);
}

void standardize(const mote::Inputs& samples, ColumnScaling& scaling) {
  scaling.offsets.resize(samples.features);
  scaling.scales.resize(samples.features);
  require(mote::standardize(samples, {scaling.offsets.data(), samples.features},
                            {scaling.scales.data(), samples.features}));
}

}  // namespace

TableSet load_table_set(const TableFiles& files, mote::Memory memory, const TableData* like) {
  TableSet set;
  set.training = load(files.training, "--data", memory, files, like);
  set.bytes = set.training.bytes;
  if (files.test.empty()) {
    set.test = hold_out(set.training, files);
  } else {
    const std::size_t end = (set.bytes + mote::kAlignment - 1) / mote::kAlignment * mote::kAlignment;
    const std::size_t used = std::min(memory.size(), end);
    set.test = load(files.test, "--test-data", memory.subspan(used, memory.size() - used), files, &set.training);
    set.bytes = used + set.test.bytes;
  }
  if (files.validation < set.training.rows) {
    const double share = static_cast<double>(files.validation) / static_cast<double>(set.training.rows);
    const RowSplit rows = split(set.training, share, files.seed);
    arrange_rows(set.training, {rows.order.data(), rows.order.size()});
  }
  return set;
}

void fill_missing(TableSet& set, std::size_t rows) {
  if (set.training.missing + set.test.missing == 0) return;
  std::vector<float> means = set.inputs.offsets;
  if (means.empty()) {
    std::vector<std::uint32_t> order(rows);
    std::iota(order.begin(), order.end(), 0u);
    means = fill_missing(set.training, mote::Span<const std::uint32_t>{order.data(), rows});
  }
  for (TableData* table : {&set.training, &set.test}) {
    fill_missing(*table, mote::Span<const float>{means.data(), means.size()});
  }
}

void standardize_inputs(TableSet& set, std::size_t rows) {
  standardize({set.training.features.data(), rows, set.training.feature_names.size()}, set.inputs);
}

void standardize_targets(TableSet& set, std::size_t rows) {
  const mote::Span<float> targets = set.training.targets;
  const std::size_t columns = set.training.target_names.size();
  standardize({targets.data(), rows, columns}, set.targets);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    targets[i] = (targets[i] - set.targets.offsets[i % columns]) * set.targets.scales[i % columns];
  }
}

mote::Dataset dataset_of(const TableSet& set, const TableData& rows, Aim aim) {
  const std::size_t features = rows.feature_names.size();
  mote::Inputs inputs(rows.features.data(), rows.rows, features);
  if (!set.inputs.empty()) inputs.set_transformation(set.inputs.offsets.data(), set.inputs.scales.data());
  const auto view = [&](mote::Span<float> numbers, std::size_t columns) {
    return mote::MatrixView{numbers.data(), rows.rows, columns, columns};
  };
  if (aim == Aim::labels) return {inputs, rows.labels.data(), rows.class_names.size()};
  if (aim == Aim::numbers) return {inputs, view(rows.targets, rows.target_names.size())};
  if (&rows == &set.test) return {inputs, view(rows.features, features)};
  return mote::Dataset(inputs, nullptr, 0).autoencoding();
}

void unscale_outputs(const mote::Topology& topology, const ColumnScaling& targets, mote::Span<float> parameters) {
  if (targets.empty()) return;
  require(mote::fold_targets(topology, {targets.offsets.data(), targets.offsets.size()},
                             {targets.scales.data(), targets.scales.size()}, parameters));
}

void scale_outputs(const mote::Topology& topology, const ColumnScaling& targets, mote::Span<float> parameters) {
  ColumnScaling inverse = targets;
  for (std::size_t i = 0; i < targets.offsets.size(); ++i) {
    inverse.offsets[i] = -targets.offsets[i] * targets.scales[i];
    inverse.scales[i] = 1.0f / targets.scales[i];
  }
  unscale_outputs(topology, inverse, parameters);
}

}  // namespace tools
