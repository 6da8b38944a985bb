// SPDX-License-Identifier: MIT
// Prints the classes and outputs that a saved network computes for images or rows of a table.
#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/error.hpp"
#include "common/format.hpp"
#include "common/input_file.hpp"
#include "common/nearest.hpp"
#include "common/program.hpp"
#include "common/run_memory.hpp"
#include "data/image_input.hpp"
#include "data/table_layout.hpp"
#include "mote/mote.hpp"
#include "run/model_files.hpp"
#include "run/unusual_inputs.hpp"

namespace tools {
namespace {

constexpr const char* kHelp = R"(Usage: predict [--missing mean | --fit] MODEL FILES...
Runs the network of a model file, saved by train --save or by PyTorch, on images or on rows of tables. Prints one
line of comma-separated values per image or row: file, its number in the file (from 0), class (of a network that
learned classes), outputs of the network (probabilities for softmax; numbers in the units of the training table).

Images are IDX files, which gzip may have compressed, or PGM or PPM files of one image. They must have the size
of the network's training images, and use 255 for bright, unless --fit is given. Tables are CSV files. Their
columns are found by the names that the network learned from, in any order and among others; or, without names,
they are its inputs in order.

  --missing mean  fill missing values with the means of the training rows (default: reject the table)
  --fit           find the digit in a PGM or PPM image of any size, dark on light or light on dark, and show it to
                  the network as MNIST does: in 20 x 20 of 28 x 28 pixels, its center of mass in the middle
  --help, -h      print this and stop
  --version       print the version and stop

Exit status: 0 done; 1 the output could not be written, or is not finite; 2 a file was rejected.
)";

constexpr std::size_t kRows = 256;  // samples at a time

/// A network with its parameters and a buffer for kRows samples.
struct Predictor {
  mote::Network network;
  mote::Span<float> inputs;        // [kRows][inputs]
  std::vector<std::string> names;  // of the outputs
  bool has_classes = false;        // whether the largest output names a class
};

void prepare(Predictor& predictor, ModelFile& model) {
  const mote::Topology& topology = model.description().topology;
  const mote::Topology plain = without_batch_norm(topology);
  mote::MemoryPlan plan;
  const auto parameters_part = plan.take<float>(topology.parameter_count());
  const auto running_part = plan.take<float>(mote::running_statistics_count(topology));
  const auto inputs_part = plan.take<float>(kRows, topology.inputs);
  const auto scratch_part = plan.take<unsigned char>(mote::inference_bytes(plain, kRows));
  const mote::Memory memory = network_memory();
  if (plan.bytes() > memory.size()) {
    throw Error(model.name() + ": the network needs " + std::to_string(plan.bytes()) + " bytes of static memory, but " +
                std::to_string(memory.size()) +
                " are built in; rebuild with: make MEMORY_MB=" + std::to_string((plan.bytes() >> 20) + 1));
  }
  const mote::Span<float> parameters = parameters_part.in(memory);
  const mote::Span<float> running = running_part.in(memory);
  model.load(parameters, running);
  require(mote::fold_batch_norm(topology, parameters, running, parameters));
  require(
      predictor.network.bind(plain, parameters.subspan(0, plain.parameter_count()), kRows, scratch_part.in(memory)));
  predictor.inputs = inputs_part.in(memory);
  predictor.names = names_of(model.description());
  predictor.has_classes = model.description().targets == mote::ModelTargets::labels;
}

/// A field of comma-separated values (RFC 4180).
std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

void print_header(const Predictor& predictor, const char* sample) {
  std::string line = std::string("file,") + sample + (predictor.has_classes ? ",class" : "");
  for (const std::string& name : predictor.names) line += "," + csv_field(name);
  std::printf("%s\n", line.c_str());
}

void warn(const std::string& path, const std::string& text) {
  if (!text.empty()) std::fprintf(stderr, "predict: %s\n", printable(path + ": " + text).c_str());
}

/// Whether a file is a table: by its ending, or because nothing tells that it holds images.
bool is_table(const std::string& path, const mote::ModelDescription& model) {
  const std::string ending = std::filesystem::path(path).extension().string();
  if (ending == ".csv" || ending == ".tsv" || ending == ".txt") return true;
  if (model.rows != 0) return false;
  InputFile file(path, "a table, or IDX or PGM images");
  unsigned char start[3] = {};
  const mote::ByteSource source = file.source();
  if (source.size < sizeof start || !source.read(source.context, 0, mote::Memory(start))) return true;
  const std::string_view magic(reinterpret_cast<const char*>(start), sizeof start);
  const bool is_picture = magic[0] == 'P' && magic.find_first_of("2356") == 1 && magic.find_first_of(" \t\r\n#") == 2;
  return magic.substr(0, 2) != std::string_view("\0\0", 2) && !is_picture && magic.substr(0, 2) != "\x1f\x8b";
}

/// Reads the columns of a table that are the inputs of the network.
mote::Inputs load_rows(const std::string& path, const mote::ModelDescription& model, MissingValues missing) {
  InputFile file(path, "a table");
  TableOptions options;
  options.has_targets = false;
  options.is_for_network = true;
  options.missing = missing;
  const std::string other_names = choose_features(list_of(model.feature_names), file.source(), path, options);
  const std::size_t found = find_layout(file.source(), path, options).features.size(), inputs = model.topology.inputs;
  if (found != inputs) {
    throw Error(path + ": found " + std::to_string(found) + " columns, expected the " + std::to_string(inputs) +
                " inputs of the network" + (model.feature_names.empty() ? "" : ", or a first row with their names"));
  }
  TableData table = load_table(file.source(), path, data_memory(), options);
  warn(path, other_names);
  if (table.missing != 0) {
    if (model.input_offsets.empty())
      throw Error("--missing mean: the model has no means; it learned no standardized table");
    const auto first = std::find_if(table.features.begin(), table.features.end(), [](float x) { return x != x; });
    const auto place = static_cast<std::size_t>(first - table.features.begin());
    warn(path, "row " + std::to_string(place / inputs) + ", column " + quote_cell(table.feature_names[place % inputs]) +
                   ": found a missing value, the first of " + std::to_string(table.missing) +
                   "; the means of the training rows stand for them");
    fill_missing(table, model.input_offsets);
  }
  return {table.features.data(), table.rows, inputs};
}

/// Prints a line for each sample. Returns the number of lines with an output that is not finite.
std::size_t predict(const Predictor& predictor, const std::string& path, const mote::Inputs& samples) {
  std::size_t overflows = 0;
  for (std::size_t first = 0; first < samples.count; first += kRows) {
    const std::size_t rows = std::min(kRows, samples.count - first);
    if (const mote::Result result = mote::gather(samples, nullptr, first, rows, predictor.inputs.data());
        !result.ok()) {
      throw Error(path + ": " + describe(result));
    }
    const mote::MatrixView outputs = predictor.network.forward(predictor.inputs.data(), rows);
    for (std::size_t i = 0; i < rows; ++i) {
      const mote::Span<const float> row = outputs.row(i);
      std::string line = csv_field(printable(path)) + "," + std::to_string(first + i);
      const std::size_t best = mote::argmax(row);  // none if an output is NaN
      if (predictor.has_classes) line += "," + (best < row.size() ? csv_field(predictor.names[best]) : "");
      bool is_finite = true;
      for (const float output : row) {
        is_finite = is_finite && std::isfinite(output);
        char number[32];
        const float unsigned_nan = std::isnan(output) ? std::nanf("") : output;  // "-nan" depends on the processor
        std::snprintf(number, sizeof number, ",%.9g", static_cast<double>(unsigned_nan));
        line += number;
      }
      overflows += is_finite ? 0 : 1;
      std::printf("%s\n", line.c_str());
    }
    flush_output();
  }
  return overflows;
}

/// The options.
struct Choices {
  MissingValues missing = MissingValues::reject;
  bool fit = false;
};

/// Rows or images of a file, as the network takes them.
mote::Inputs load_samples(const std::string& path, const mote::ModelDescription& model, const Choices& choices) {
  if (choices.fit) return load_digit(path, data_memory(), model).samples;
  if (is_table(path, model)) return load_rows(path, model, choices.missing);
  const Images images = load_images(path, data_memory(), model);
  warn(path, brightness_hint(images));
  return images.samples;
}

int run(std::vector<std::string> arguments) {
  Choices choices;
  for (std::size_t i = 0; i < arguments.size();) {
    const std::string argument = arguments[i];
    const bool is_value = argument == "--missing" && i + 1 < arguments.size();
    if (argument == "--missing=mean" || (is_value && arguments[i + 1] == "mean")) {
      choices.missing = MissingValues::mean;
      const auto first = arguments.begin() + static_cast<std::ptrdiff_t>(i);
      arguments.erase(first, first + (is_value ? 2 : 1));
      continue;
    }
    if (argument == "--fit") {
      choices.fit = true;
      arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(i));
      continue;
    }
    if (argument.rfind("--missing", 0) == 0) throw Error("--missing: expected mean");
    if (argument.size() > 1 && argument[0] == '-') {
      throw Error("unknown option '" + argument + "'" + did_you_mean(argument, {"--missing", "--fit"}) +
                  "; --help shows the usage");
    }
    ++i;
  }
  if (arguments.size() < 2) {
    throw Error("arguments missing: a model file and at least one file of images or table; see --help");
  }
  ModelFile model(arguments[0]);
  Predictor predictor;
  prepare(predictor, model);
  std::vector<std::string> feature_names = list_of(model.description().feature_names);
  for (std::size_t i = feature_names.size(); i < model.description().topology.inputs; ++i) {
    feature_names.push_back(std::to_string(i));
  }
  std::size_t overflows = 0;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    mote::Inputs samples = load_samples(arguments[i], model.description(), choices);
    const bool has_rows = !choices.fit && is_table(arguments[i], model.description());
    if (i == 1) print_header(predictor, has_rows ? "row" : "image");
    model.description().set_transformation(samples);
    warn(arguments[i], unusual_inputs_text(samples, has_rows ? feature_names : std::vector<std::string>()));
    overflows += predict(predictor, arguments[i], samples);
  }
  if (overflows != 0) {
    throw Error(arguments[0] + ": outputs of " + counted(overflows, "line") +
                    " are not finite: the sums of a layer are too large for single precision; check the weights of the "
                    "network and the inputs",
                kExitFailed);
  }
  return 0;
}

}  // namespace
}  // namespace tools

int main(int count, char** arguments) {
  return tools::run_program(
      "predict", count, arguments, [] { return std::string(tools::kHelp); },
      [&] {
        std::signal(SIGPIPE, SIG_DFL);  // `predict ... | head` ends without a message: there is no file to finish
        return tools::run({arguments + 1, arguments + count});
      });
}
