// SPDX-License-Identifier: MIT
// Prints the classes and outputs that a saved network computes for images.
#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "common/error.hpp"
#include "common/program.hpp"
#include "data/image_input.hpp"
#include "mote/mote.hpp"
#include "run/model_files.hpp"

namespace tools {
namespace {

constexpr const char* kHelp =
    "Usage: predict MODEL IMAGES...\n"
    "Runs the network of a model file, saved by train --save or by PyTorch, on images. Prints one line of\n"
    "comma-separated values per image: file, number of the image in the file, class (of a network that\n"
    "learned classes), outputs of the network (probabilities for softmax). Images are IDX files, which gzip may have "
    "compressed, or binary PGM files of one\n"
    "image. They must have the size of the network's training images, and use 255 for bright.\n\n"
    "Exit status: 0 done; 1 the output could not be written; 2 a file was rejected.\n";

constexpr std::size_t kRows = 256;  // images at a time

mote::Storage<std::size_t{MOTE_MEMORY_MB} << 20> network_memory;
mote::Storage<std::size_t{MOTE_DATA_MB} << 20> data_memory;

/// A network with its parameters and a buffer for kRows images.
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
  const mote::Memory memory = network_memory;
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

void print_header(const Predictor& predictor) {
  std::string line = predictor.has_classes ? "file,image,class" : "file,image";
  for (const std::string& name : predictor.names) line += "," + csv_field(name);
  std::printf("%s\n", line.c_str());
}

void predict(const Predictor& predictor, const std::string& path, const mote::Dataset& images) {
  for (std::size_t first = 0; first < images.count; first += kRows) {
    const std::size_t rows = std::min(kRows, images.count - first);
    if (const mote::Result result = mote::gather(images, nullptr, first, rows, predictor.inputs.data()); !result.ok()) {
      throw Error(path + ": " + describe(result));
    }
    const mote::MatrixView outputs = predictor.network.forward(predictor.inputs.data(), rows);
    for (std::size_t i = 0; i < rows; ++i) {
      const mote::Span<const float> row = outputs.row(i);
      std::string line = csv_field(path) + "," + std::to_string(first + i);
      const std::size_t best = mote::argmax(row);  // none if an output is NaN
      if (predictor.has_classes) line += "," + (best < row.size() ? csv_field(predictor.names[best]) : "");
      for (const float output : row) {
        char number[32];
        std::snprintf(number, sizeof number, ",%.9g", static_cast<double>(output));
        line += number;
      }
      std::printf("%s\n", line.c_str());
    }
    flush_output();
  }
}

int run(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (argument == "--help") {
      std::printf("%s", kHelp);
      return 0;
    }
    if (argument.size() > 1 && argument[0] == '-') {
      throw Error("unknown option '" + argument + "'; --help shows the usage");
    }
  }
  if (arguments.size() < 2) throw Error("arguments missing: a model file and at least one file of images; see --help");
  ModelFile model(arguments[0]);
  Predictor predictor;
  prepare(predictor, model);
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    Images images = load_images(arguments[i], data_memory, model.description());
    if (i == 1) print_header(predictor);
    if (const std::string hint = brightness_hint(images); !hint.empty()) {
      std::fprintf(stderr, "predict: %s: %s\n", arguments[i].c_str(), hint.c_str());
    }
    model.description().set_transformation(images.samples);
    predict(predictor, arguments[i], images.samples);
  }
  return 0;
}

}  // namespace
}  // namespace tools

int main(int count, char** arguments) {
  return tools::run_program("predict", [&] { return tools::run({arguments + 1, arguments + count}); });
}
