// SPDX-License-Identifier: MIT
#include "run/network_files.hpp"

#include <algorithm>

#include "common/error.hpp"
#include "common/format.hpp"
#include "common/names.hpp"
#include "run/c_source.hpp"
#include "run/exported_header.hpp"
#include "run/report.hpp"

namespace tools {
namespace {

mote::ModelTargets targets_of(Aim aim) {
  return aim == Aim::labels    ? mote::ModelTargets::labels
         : aim == Aim::numbers ? mote::ModelTargets::numbers
                               : mote::ModelTargets::inputs;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) text += (i == 0 ? "" : "\n") + names[i];
  return text;
}

}  // namespace

ForeignNetwork foreign_network(const Settings& settings) {
  ForeignNetwork network;
  network.layers = settings.layers;
  if (settings.activation_given) network.activation = settings.activation;
  network.output_activation = settings.output_activation;
  network.loss = settings.loss;
  // Pixels are bytes, and such networks take them from 0 to 1.
  const double largest = settings.is_table ? 1.0 : 255.0;
  network.offset = largest * static_cast<double>(settings.input_mean);
  network.scale = 1.0 / (largest * static_cast<double>(settings.input_deviation));
  return network;
}

void take_model(Settings& settings, const mote::ModelDescription& model) {
  settings.loss = model.loss;
  settings.activation = model.topology.layers[0].activation;
  settings.output_activation = model.topology.output_activation();
  settings.batch_norm = model.topology.all_scale_floats() != 0;
  const std::string loss(name_of(kLosses, model.loss.kind));
  if (settings.class_names.empty() && !model.class_names.empty()) {
    settings.class_names = list_of(model.class_names);
  }
  const mote::ModelTargets targets = targets_of(settings.aim);
  if (settings.is_table && targets != model.targets) {
    const char* option = model.targets == mote::ModelTargets::labels    ? "leave out --regression and --autoencoder"
                         : model.targets == mote::ModelTargets::numbers ? "add --regression"
                                                                        : "add --autoencoder";
    throw Error("--load: " + settings.load + ": the network learned " + name_of(model.targets) + ", not " +
                name_of(targets) + "; " + option);
  }
  if (settings.aim == Aim::inputs && model.loss.kind == mote::Loss::cross_entropy) {
    throw Error("--autoencoder: found the loss " + loss + " in " + settings.load + ", whose targets add up to 1");
  }
}

void fit_to_model(const Settings& settings, const mote::ModelDescription& model, RunData& data) {
  const std::size_t inputs = model.topology.inputs, outputs = model.topology.outputs();
  if (data.train.features != inputs) {
    throw Error("--load: " + settings.load + ": the network has " + std::to_string(inputs) + " inputs, the " +
                data.samples() + " have " + std::to_string(data.train.features) + " " + data.features());
  }
  if (settings.aim == Aim::labels && data.train.outputs() < outputs) {  // classes that the data lack
    data.train.classes = data.test.classes = outputs;
    std::vector<std::string> none;
    std::vector<std::string>& names = data.table ? data.table->training.class_names : none;
    for (std::size_t i = names.size(); !names.empty() && i < outputs; ++i) names.push_back(std::to_string(i));
  }
  if (data.train.outputs() != outputs) {
    throw Error("--load: " + settings.load + ": the network has " + std::to_string(outputs) +
                " outputs, the data need " + std::to_string(data.train.outputs()));
  }
  if (model.topology.layer_count == 1 && (settings.dropout != std::vector<float>{0.0f} || settings.max_norm != 0.0f)) {
    throw Error("--dropout, --max-norm: need hidden units, and the network of " + settings.load + " has none");
  }
  model.set_transformation(data.train);
  model.set_transformation(data.test);
  if (settings.aim == Aim::inputs && !mote::check_targets(model.loss.kind, data.train).ok()) {
    throw Error("--load: " + settings.load + ": input scale: found " + std::to_string(model.input_scale) +
                ", expected at most 1/255 for --autoencoder with its loss, whose targets are at most 1");
  }
}

mote::ModelDescription describe_network(const Settings& settings, const mote::Topology& topology, const RunData& data,
                                        ModelNames& names) {
  if (!settings.class_names.empty() && settings.class_names.size() != topology.outputs()) {
    throw Error("--class-names: found " + std::to_string(settings.class_names.size()) + " names, expected " +
                std::to_string(topology.outputs()) + ", one for each output");
  }
  for (auto name = settings.class_names.begin(); name != settings.class_names.end(); ++name) {
    const std::ptrdiff_t others = std::count(name + 1, settings.class_names.end(), *name);
    const bool is_first = std::find(settings.class_names.begin(), name, *name) == name;
    if (is_first && others != 0) warn(std::to_string(others + 1) + " classes are called '" + *name + "'");
  }
  names.classes = joined(settings.class_names);
  if (data.table) {
    const TableData& table = data.table->training;
    names.features = joined(table.feature_names);
    (settings.aim == Aim::labels ? names.classes : names.targets) = joined(data.output_names());
    if (settings.aim == Aim::inputs) names.targets.clear();
  }
  mote::ModelDescription model;
  model.topology = topology;
  model.loss = settings.loss;
  model.take_transformation(data.train);
  model.targets = targets_of(settings.aim);
  model.rows = data.rows;
  model.columns = data.columns;
  const auto bytes = [](const std::string& text) {
    return mote::Bytes(reinterpret_cast<const unsigned char*>(text.data()), text.size());
  };
  model.class_names = bytes(names.classes);
  model.target_names = bytes(names.targets);
  model.feature_names = bytes(names.features);
  if (const mote::Result result = check(model); !settings.class_names.empty() && !result.ok()) {
    throw Error("--class-names: " + describe(result) + "; expected UTF-8 without line breaks");
  }
  return model;
}

namespace {

/// "// Inputs: a, b, c.", in lines of at most 120 bytes unless a name is longer.
std::string comment_list(const std::string& what, const std::vector<std::string>& names) {
  std::string text, line = "// " + what;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string next = printable(names[i]) + (i + 1 == names.size() ? "." : ", ");
    if (line.size() + next.size() > 120) {
      line.back() = '\n';  // was a space
      text += line;
      line = "// ";
    }
    line += next;
  }
  return text + line + "\n";
}

}  // namespace

NetworkFiles::NetworkFiles(const Settings& settings)
    : format_(settings.header_weights), calibration_(settings.calibration), scale_per_(settings.scale_per) {
  if (!settings.save.empty()) model_.emplace("--save", settings.save, model_kind());
  if (!settings.header.empty()) header_.emplace("--export-header", settings.header, header_kind(settings.header));
  if (!settings.c_header.empty()) {
    c_header_.emplace("--export-c", settings.c_header, FileKind{"a C header of this program", kCHeaderStart});
  }
}

Exported NetworkFiles::write(mote::Trainer& trainer, const mote::ModelDescription& model, const RunData& data,
                             const mote::LossTotals& trained) {
  if (model_) save_model(*model_, model, trainer.parameters(), trainer.running_statistics());
  Exported exported;
  if (header_) exported = write(*header_, trainer, model, data, trained, format_, false);
  if (!c_header_) return exported;
  const Exported c = write(*c_header_, trainer, model, data, trained, HeaderFormat::integer, true);
  const auto append = [](std::string& text, const std::string& more) { text += (text.empty() ? "" : "\n") + more; };
  append(exported.line, c.line);
  append(exported.details, c.details);
  append(exported.warning, c.warning);
  return exported;
}

Exported NetworkFiles::write(AtomicFile& file, mote::Trainer& trainer, const mote::ModelDescription& model,
                             const RunData& data, const mote::LossTotals& trained, HeaderFormat format,
                             bool is_c) const {
  const mote::Topology topology = trainer.inference_topology();
  std::string comment;
  if (data.table) {
    comment = comment_list("Inputs, as in the table: ", data.table->training.feature_names) +
              comment_list("Outputs: ", data.output_names());
  }
  return write_header(file, {topology, trainer.inference_parameters(), data.train, data.test, format, calibration_,
                             scale_per_, model.loss, trained, comment, data.output_names(), is_c});
}

}  // namespace tools
