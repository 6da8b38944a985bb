// SPDX-License-Identifier: MIT
#include "run/run_data.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>

#include "common/error.hpp"
#include "common/format.hpp"
#include "common/input_file.hpp"
#include "common/names.hpp"
#include "data/table_layout.hpp"
#include "run/class_shares.hpp"
#include "run/model_files.hpp"
#include "run/progress.hpp"
#include "run/report.hpp"

namespace tools {
namespace {

/// Draws a bar while a file is read.
TableProgress reading_bar() {
  return [bar = std::shared_ptr<Progress>()](std::uint64_t done, std::uint64_t total) mutable {
    constexpr int kMegabyte = 20;  // bits
    if (bar == nullptr) bar = std::make_shared<Progress>(true, static_cast<std::size_t>(total >> kMegabyte), "MB");
    bar->update("reading", static_cast<std::size_t>(done >> kMegabyte));
    if (done == total) bar.reset();
  };
}

TableFiles files_of(const Settings& settings) {
  TableFiles files;
  files.training = settings.data;
  files.test = settings.test_data;
  files.options.targets = settings.targets;
  files.options.ignored = settings.ignored;
  files.options.has_targets = settings.aim != Aim::inputs;
  files.options.regression = settings.aim == Aim::numbers;
  files.options.missing = settings.missing;
  files.test_share = static_cast<double>(settings.test_share);
  files.validation = settings.validation.value_or(0);
  files.seed = settings.seed;
  if (!settings.quiet && isatty(STDOUT_FILENO) != 0) files.progress = reading_bar();
  return files;
}

TableSet load_tables(const Settings& settings, mote::Memory memory, const mote::ModelDescription* model) {
  TableFiles files = files_of(settings);
  if (model == nullptr) return load_table_set(files, memory);
  InputFile file(files.training, "a table", "--data");
  const std::vector<std::string> features = list_of(model->feature_names), targets = list_of(model->target_names);
  const std::string oddity = choose_features(features, file.source(), files.training, files.options);
  if (!oddity.empty()) warn(files.training + ": " + oddity);
  if (settings.targets.empty() && files.options.features == features) files.options.targets = targets;
  TableData like;
  like.class_names = list_of(model->class_names);
  like.feature_names.resize(model->topology.inputs);
  like.target_names.resize(settings.aim == Aim::labels    ? 1
                           : settings.aim == Aim::numbers ? model->topology.outputs()
                                                          : 0);
  return load_table_set(files, memory, like.class_names.empty() ? nullptr : &like);
}

void print_warnings(const std::string& file, const TableData& table) {
  for (const std::string& warning : table.warnings) warn(file + ": " + warning);
}

/// Integers have the scale of their type; floats are taken as they are.
void warn_of_large_inputs(const mote::Dataset& images) {
  if (images.type != mote::ElementType::float32) return;
  double squares = 0.0;
  for (std::size_t i = 0; i < images.count; ++i) {
    for (std::size_t f = 0; f < images.features; ++f) {
      const double input = static_cast<double>(mote::input_at(images, i, f));
      squares += input * input;
    }
  }
  const double size = std::sqrt(squares / static_cast<double>(images.count * images.features));
  if (size <= 10.0) return;
  warn(
      format("the inputs have a root mean square of %.3g; networks learn best from about 1: divide them, or store "
             "integers, which are divided by the largest of their type",
             size));
}

/// Fills missing values and standardizes by the rows that make_split() will train on.
void fit(const Settings& settings, const mote::ModelDescription* model, TableSet& table) {
  const std::size_t all = table.training.rows, held_out = settings.validation.value_or(0);
  const std::size_t most = held_out < all ? all - held_out : all;
  const std::size_t rows = settings.train_limit == 0 ? most : std::min(most, settings.train_limit);
  if (model != nullptr) {
    table.inputs.offsets.assign(model->input_offsets.begin(), model->input_offsets.end());
    table.inputs.scales.assign(model->input_scales.begin(), model->input_scales.end());
  }
  // Rows split from one file count the values of the whole file.
  const std::size_t missing = table.training.missing + (settings.test_data.empty() ? 0 : table.test.missing);
  if (missing != 0) {
    warn(settings.data + format(": %zu missing values are replaced by the means of their columns", missing));
  }
  fill_missing(table, rows);
  if (!settings.standardize) return;
  if (model == nullptr) standardize_inputs(table, rows);
  if (settings.evaluate || settings.output_activation != mote::Activation::identity) return;
  if (settings.aim == Aim::numbers) standardize_targets(table, rows);
  if (settings.aim == Aim::inputs) table.targets = table.inputs;
}

void check_targets(const Settings& settings, const mote::Dataset& rows) {
  const mote::Result result = mote::check_targets(settings.loss.kind, rows);
  if (result.ok()) return;
  const std::size_t row = static_cast<std::size_t>(result.found);
  const float found = rows.targets.data != nullptr ? rows.targets.row(row)[0] : mote::input_at(rows, row, 0);
  throw Error(settings.data + ": found target " + std::to_string(found) + ", expected " +
              (settings.loss.kind == mote::Loss::cross_entropy ? "numbers from 0 to 1 that add up to 1"
                                                               : "numbers from 0 to 1") +
              " for --loss " + std::string(name_of(kLosses, settings.loss.kind)));
}

}  // namespace

std::vector<std::string> RunData::output_names() const {
  if (!table) return class_names;
  const TableData& names = table->training;
  return !names.class_names.empty()    ? names.class_names
         : !names.target_names.empty() ? names.target_names
                                       : names.feature_names;
}

RunData load_data(const Settings& settings, mote::Memory memory, const mote::ModelDescription* model) {
  RunData data;
  data.name = settings.data.empty() ? mnist_folder() : settings.data;
  if (!settings.is_table) {
    const ImageSet images = load_image_set(data.name, memory, settings.aim, settings.loss.kind);
    data.train = images.train;
    spread_classes(settings, data.train, memory);
    warn_of_large_inputs(data.train);
    data.test = images.test;
    data.rows = images.rows;
    data.columns = images.columns;
    data.bytes = images.bytes;
    return data;
  }
  TableSet& table = data.table.emplace(load_tables(settings, memory, model));
  print_warnings(settings.data, table.training);
  if (!settings.test_data.empty()) print_warnings(settings.test_data, table.test);
  fit(settings, model, table);
  data.bytes = table.bytes;
  data.train = dataset_of(table, table.training, settings.aim);
  data.test = dataset_of(table, table.test, settings.aim);
  for (const mote::Dataset* part : {&data.train, &data.test}) check_targets(settings, *part);
  return data;
}

}  // namespace tools
