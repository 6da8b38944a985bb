// SPDX-License-Identifier: MIT
#include "run/diagnosis.hpp"

#include <algorithm>
#include <cstdio>

#include "common/error.hpp"

namespace tools {
namespace {

/// Number of images in memory at a time: all with batch normalization, which needs one mini-batch.
std::size_t rows_for(const mote::Topology& topology, std::size_t images) {
  constexpr std::size_t kRows = 250;
  const std::size_t count = std::min(images, Diagnosis::kImages);
  return topology.all_scale_floats() != 0 ? count : std::min(kRows, count);
}

struct Plan {
  mote::Part<float> before;  // [parameter_count]
  std::size_t scratch;
  std::size_t bytes;
};

Plan plan_for(const mote::Topology& topology, std::size_t images) {
  mote::MemoryPlan memory;
  Plan plan{};
  plan.before = memory.take<float>(topology.parameter_count());
  plan.scratch = memory.take_bytes(mote::diagnosis_bytes(topology, rows_for(topology, images)));
  plan.bytes = memory.bytes();
  return plan;
}

/// A column of the log, one per layer.
struct Field {
  const char* name;
  float (*value)(const mote::LayerDiagnostics& layer);
};
const Field kFields[] = {
    {"bias_gradient", [](const mote::LayerDiagnostics& l) { return l.bias_gradient; }},
    {"weight_gradient", [](const mote::LayerDiagnostics& l) { return l.weight_gradient; }},
    {"weight_norm", [](const mote::LayerDiagnostics& l) { return l.weight_norm; }},
    {"update_ratio", [](const mote::LayerDiagnostics& l) { return l.update_ratio; }},
    {"delta_deviation", [](const mote::LayerDiagnostics& l) { return l.deltas.deviation; }},
    {"z_mean", [](const mote::LayerDiagnostics& l) { return l.pre_activations.mean; }},
    {"z_deviation", [](const mote::LayerDiagnostics& l) { return l.pre_activations.deviation; }},
    {"a_mean", [](const mote::LayerDiagnostics& l) { return l.activations.mean; }},
    {"a_deviation", [](const mote::LayerDiagnostics& l) { return l.activations.deviation; }},
    {"forward_ratio", [](const mote::LayerDiagnostics& l) { return l.forward_ratio; }},
    {"backward_ratio", [](const mote::LayerDiagnostics& l) { return l.backward_ratio; }},
    {"saturated", [](const mote::LayerDiagnostics& l) { return l.saturated; }},
    {"dead", [](const mote::LayerDiagnostics& l) { return l.dead; }},
};

std::string number(const char* format, float value) {
  char text[40];
  std::snprintf(text, sizeof text, format, static_cast<double>(value));
  return text;
}

}  // namespace

std::size_t Diagnosis::bytes(const mote::Topology& topology, std::size_t images) {
  return plan_for(topology, images).bytes;
}

Diagnosis::Diagnosis(const mote::Topology& topology, const mote::Dataset& images, mote::Memory memory)
    : images_(images.subset(0, std::min(images.count, kImages))),
      memory_(memory),
      before_(plan_for(topology, images.count).before.in(memory)) {}

void Diagnosis::before_batch(const mote::Trainer& trainer) {
  if (!enabled() || trainer.samples_left() > trainer.options().batch_size) return;
  std::copy(trainer.parameters().begin(), trainer.parameters().end(), before_.begin());
}

std::vector<mote::LayerDiagnostics> Diagnosis::layers(const mote::Trainer& trainer) const {
  const mote::Topology& topology = trainer.topology();
  const std::size_t scratch = plan_for(topology, images_.count).scratch;
  std::vector<mote::LayerDiagnostics> layers(topology.layer_count);
  const mote::Span<mote::LayerDiagnostics> all{layers.data(), layers.size()};
  require(mote::diagnose(topology, trainer.parameters(), trainer.options().loss, images_,
                         rows_for(topology, images_.count), memory_.subspan(scratch, memory_.size() - scratch), all));
  mote::measure_updates(topology, before_, trainer.parameters(), all);
  return layers;
}

std::string diagnosis_text(const std::vector<mote::LayerDiagnostics>& layers) {
  std::string text = "gradient norms";
  for (const mote::LayerDiagnostics& layer : layers) {
    text += " " + number("%.3g", layer.bias_gradient);
    if (layer.verdict != mote::Verdict::healthy) text += " (" + std::string(mote::to_string(layer.verdict)) + ")";
  }
  return text;
}

std::string diagnosis_csv_header(std::size_t layers) {
  std::string text;
  for (std::size_t l = 1; l <= layers; ++l) {
    const std::string layer = ",layer" + std::to_string(l) + "_";
    for (const Field& field : kFields) text += layer + field.name;
    text += layer + "verdict";
  }
  return text;
}

std::string diagnosis_csv(const std::vector<mote::LayerDiagnostics>& layers) {
  std::string text;
  for (const mote::LayerDiagnostics& layer : layers) {
    for (const Field& field : kFields) text += "," + number("%.9g", field.value(layer));
    text += "," + std::string(mote::to_string(layer.verdict));
  }
  return text;
}

}  // namespace tools
