// SPDX-License-Identifier: MIT
#include "run/exported_header.hpp"

#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "common/error.hpp"
#include "common/float_array.hpp"
#include "common/format.hpp"
#include "common/names.hpp"
#include "run/cpp_source.hpp"
#include "run/export_check.hpp"
#include "run/integer_header.hpp"

namespace tools {
namespace {

/// Weights of all layers, each layer under a comment with its number and shape.
template <typename T>
std::string weights_array(const char* type, const mote::Topology& topology, const std::vector<T>& weights) {
  std::string text = std::string("alignas(16) inline constexpr ") + type + " kWeights[] = {\n";
  const T* layer = weights.data();
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    const std::size_t inputs = topology.inputs_of(l), outputs = topology.outputs_of(l);
    text +=
        "  // layer " + std::to_string(l + 1) + ": [" + std::to_string(inputs) + "][" + std::to_string(outputs) + "]\n";
    for (std::size_t k = 0; k < inputs; ++k, layer += outputs) text += list(layer, outputs);
  }
  return text + "};\n";
}

/// The place and value of the weight that make_flash_weights() rejected.
std::string weight_of(const Export& what, const mote::Result& result) {
  auto index = static_cast<std::size_t>(result.found);
  if (result.status != mote::Status::weight_out_of_range) return "";
  std::size_t l = 0;
  for (; index >= what.topology.inputs_of(l) * what.topology.outputs_of(l); ++l) {
    index -= what.topology.inputs_of(l) * what.topology.outputs_of(l);
  }
  const std::size_t input = index / what.topology.outputs_of(l), output = index % what.topology.outputs_of(l);
  const float weight = what.parameters[what.topology.weights_offset(l) + input * what.topology.stride_of(l) + output];
  char text[128];
  std::snprintf(text, sizeof text, ": layer %zu, from its input %zu to its output %zu, is %g", l + 1, input, output,
                static_cast<double>(weight));
  return text;
}

/// A flash model with its memory.
struct OwnedModel {
  std::vector<float> floats, biases, factors;
  std::vector<mote::Half> halves;
  std::vector<std::int8_t> bytes;
  mote::FlashModel model;

  explicit OwnedModel(const Export& what) {
    const mote::Topology& t = what.topology;
    const std::size_t weights = mote::flash_weight_count(t), rows = mote::flash_row_count(t);
    biases.resize(rows);
    const mote::Span<float> b{biases.data(), rows};
    switch (what.format) {
      case HeaderFormat::float32:
        floats.resize(weights);
        require_weights(what,
                        mote::make_flash_weights(t, what.parameters, mote::Span<float>{floats.data(), weights}, b));
        model = {t, mote::Span<const float>{floats.data(), weights}, b};
        return;
      case HeaderFormat::float16:
        halves.resize(weights);
        require_weights(
            what, mote::make_flash_weights(t, what.parameters, mote::Span<mote::Half>{halves.data(), weights}, b));
        model = {t, mote::Span<const mote::Half>{halves.data(), weights}, b};
        return;
      case HeaderFormat::int8:
      case HeaderFormat::integer:
      case HeaderFormat::integer16: break;
    }
    bytes.resize(weights);
    factors.resize(rows);
    const mote::Span<float> f{factors.data(), rows};
    require_weights(what,
                    mote::make_flash_weights(t, what.parameters, mote::Span<std::int8_t>{bytes.data(), weights}, b, f));
    model = {t, mote::Span<const std::int8_t>{bytes.data(), weights}, b, f};
  }

  static void require_weights(const Export& what, const mote::Result& result) {
    if (result.ok()) return;
    throw Error("--export-header: " + describe(result) + weight_of(what, result) +
                    "; --export-weights float32 takes any finite weight, found " +
                    std::string(name_of(kHeaderFormats, what.format)),
                kExitFailed);
  }

  std::string source() const {
    const mote::Topology& t = model.topology;
    std::string text;
    if (!floats.empty()) text += weights_array("float", t, floats);
    if (!halves.empty()) text += weights_array("mote::Half", t, halves);
    if (!bytes.empty()) text += weights_array("std::int8_t", t, bytes);
    text += "// One row per layer, padded to a multiple of 16.\n" + array("float", "kBiases", biases);
    if (!factors.empty()) {
      text += "// A weight is its byte times the factor of its column.\n" + array("float", "kFactors", factors);
    }
    return text + "inline constexpr mote::FlashModel kModel{kTopology, kWeights, kBiases" +
           (factors.empty() ? "" : ", kFactors") +
           "};\nstatic_assert(kModel.checked.ok(), \"kModel.checked has the reason; for more layers define "
           "MOTE_MAX_LAYERS\");\n";
  }
  std::size_t size() const {
    return floats.size() * sizeof(float) + halves.size() * sizeof(mote::Half) + bytes.size() +
           (biases.size() + factors.size()) * sizeof(float);
  }
};

template <typename T>
std::string golden_elements(const char* type, const mote::Inputs& sample) {
  const auto* first = static_cast<const T*>(sample.data);
  return array(type, "kGoldenInputs", std::vector<T>(first, first + sample.features));
}

std::string golden_elements(const mote::Inputs& sample) {
  switch (sample.type) {
    case mote::ElementType::uint8: return golden_elements<std::uint8_t>("std::uint8_t", sample);
    case mote::ElementType::int8: return golden_elements<std::int8_t>("std::int8_t", sample);
    case mote::ElementType::int16: return golden_elements<std::int16_t>("std::int16_t", sample);
    case mote::ElementType::float32: break;
  }
  return golden_elements<float>("float", sample);
}

/// The first arguments of the constructor of Golden.
std::string golden_view(const mote::Inputs& sample) {
  const bool is_byte = sample.type == mote::ElementType::uint8 && sample.scales == nullptr && sample.offset == 0.0f;
  return is_byte ? "kGoldenInputs, " + number(sample.scale) : "inputs(kGoldenInputs)";
}

/// The text of the header.
std::string header_source(const std::string& name, const OwnedModel& owned, const Export& what,
                          const mote::FlashNetwork& network) {
  const mote::Inputs& test = what.test;
  const auto answer = network.forward(test.subset(0, 1));
  const std::vector<float> outputs(answer.begin(), answer.end());
  char checksum[16];
  std::snprintf(checksum, sizeof checksum, "0x%08" PRIx32, mote::checksum(owned.model));
  return header_start({"mote/flash_network.hpp"}, what.comment) + "namespace " + name +
         " {\n\ninline constexpr mote::Topology kTopology" + topology_text(owned.model.topology) + ";\n" +
         owned.source() + output_names(what.output_names) + "\n" + inputs_function(test) +
         "\n// The first test sample and its outputs, for mote::verify().\n" + golden_elements(test) +
         array("float", "kGoldenOutputs", outputs) + "inline constexpr mote::Golden kGolden{" + golden_view(test) +
         ", kGoldenOutputs, " + (mote::arithmetic_is_fused() ? "true, " : "false, ") + checksum +
         "};\n\n}  // namespace " + name + "\n";
}

}  // namespace

FileKind header_kind(const std::string& path) {
  if (std::filesystem::path(path).filename() == "mote.hpp") {  // included by every exported header
    throw Error("--export-header: " + path + ": mote.hpp is the library's header; name another file");
  }
  return {"a header of this program", kHeaderStart};
}

Exported write_header(AtomicFile& file, const Export& what) {
  if (what.format == HeaderFormat::integer || what.format == HeaderFormat::integer16) {
    return write_integer_header(file, what);
  }
  const OwnedModel owned(what);
  FloatArray scratch(mote::flash_network_bytes(what.topology) / sizeof(float));
  mote::FlashNetwork network;
  require(network.bind(owned.model, scratch.memory()));
  file.write(header_source(identifier_of(file.path()), owned, what, network));
  file.commit();
  const std::string weights(name_of(kHeaderFormats, what.format));
  const mote::LossTotals totals = evaluate_exported(
      [&](std::size_t i, const float*) { return network.forward(what.test.subset(i, 1)); }, what.loss, what.test);
  return summarize(file.path(), format("%zu bytes of %s weights and their biases", owned.size(), weights.c_str()), what,
                   totals,
                   " with " + weights + " weights" +
                       (what.format == HeaderFormat::int8
                            ? ": a large weight makes the steps of its unit's other weights coarse; --export-weights "
                              "float16 is finer"
                            : ""));
}

}  // namespace tools
