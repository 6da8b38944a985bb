// SPDX-License-Identifier: MIT
#include "run/integer_header.hpp"

#include <cinttypes>
#include <cstdint>
#include <string>
#include <vector>

#include "common/error.hpp"
#include "common/float_array.hpp"
#include "common/format.hpp"
#include "run/cpp_source.hpp"
#include "run/export_check.hpp"
#include "run/report.hpp"

namespace tools {
namespace {

template <typename T>
mote::Span<T> span(std::vector<T>& values) {
  return {values.data(), values.size()};
}

/// An integer model with its memory.
struct IntegerNetworkMemory {
  std::vector<mote::IntegerLayer> layers;
  std::vector<std::int8_t> weights, shifts, tables, rows;
  std::vector<std::int32_t> biases, multipliers;
  mote::IntegerModel model;
  mote::IntegerNetwork network;

  explicit IntegerNetworkMemory(const Export& what)
      : layers(what.topology.layer_count),
        weights(mote::flash_weight_count(what.topology)),
        shifts(mote::integer_output_count(what.topology)),
        tables(256 * layers.size()),
        biases(shifts.size()),
        multipliers(shifts.size()) {
    const mote::Topology& topology = what.topology;
    std::vector<mote::Range> ranges(layers.size() + 1);
    FloatArray scratch(mote::calibration_bytes(topology, what.calibration) / sizeof(float) + 1);
    require(
        mote::calibrate(topology, what.parameters, what.training, what.calibration, scratch.memory(), span(ranges)));
    if (is_byte(what.test)) ranges[0] = byte_range(what.test);
    const mote::Result result = mote::make_integer_model(
        topology, what.parameters, span(ranges), what.scale_per,
        {span(layers), span(weights), span(biases), span(multipliers), span(shifts), span(tables)}, model);
    if (!result.ok()) throw Error("--export-header: " + describe(result), kExitFailed);
    rows.resize(mote::integer_network_bytes(model.layers));
    require(network.bind(model, {reinterpret_cast<unsigned char*>(rows.data()), rows.size()}));
  }
  IntegerNetworkMemory(const IntegerNetworkMemory&) = delete;

  static bool is_byte(const mote::Inputs& inputs) {
    return mote::size_of(inputs.type) == 1 && inputs.scales == nullptr;
  }
  /// The inputs of all bytes, so that quantizing only shifts them.
  static mote::Range byte_range(const mote::Inputs& inputs) {
    const float least = inputs.type == mote::ElementType::uint8 ? 0.0f : -128.0f;
    const float a = (least - inputs.offset) * inputs.scale, b = (least + 255.0f - inputs.offset) * inputs.scale;
    return {a < b ? a : b, a < b ? b : a};
  }

  std::size_t bytes() const {
    std::size_t used_tables = 0;
    for (const mote::IntegerLayer& layer : layers) used_tables += layer.table == nullptr ? 0 : 256;
    return weights.size() + shifts.size() + used_tables + (biases.size() + multipliers.size()) * sizeof(std::int32_t);
  }
};

void dequantize(mote::Span<const std::int8_t> q, mote::Quantization from, float* x) {
  for (std::size_t j = 0; j < q.size(); ++j) x[j] = static_cast<float>(q[j] - from.zero) * from.scale;
}

/// The layers of a float network, one by one.
class FloatLayers {
 public:
  explicit FloatLayers(const Export& what) : topology_(what.topology), layers_(topology_.layer_count) {
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      const mote::Topology one{static_cast<std::uint32_t>(topology_.inputs_of(l)), topology_.layers[l]};
      Layer& layer = layers_[l];
      layer.parameters = FloatArray(one.parameter_count());
      const float* all = what.parameters.data();
      std::copy_n(all + topology_.weights_offset(l), one.weight_floats(0), layer.parameters.data());
      std::copy_n(all + topology_.biases_offset(l), one.stride_of(0), layer.parameters.data() + one.biases_offset(0));
      layer.scratch = FloatArray(mote::inference_bytes(one, 1) / sizeof(float));
      require(layer.network.bind(one, {layer.parameters.data(), one.parameter_count()}, 1, layer.scratch.memory()));
    }
  }

  /// Outputs of layers [first, end) for the outputs x of the layer before.
  std::vector<float> run(std::size_t first, std::vector<float> x) const {
    for (std::size_t l = first; l < layers_.size(); ++l) x = forward(l, x);
    return x;
  }
  std::vector<float> forward(std::size_t l, const std::vector<float>& x) const {
    const mote::Span<const float> y = layers_[l].network.forward(x.data(), 1).row(0);
    return {y.begin(), y.end()};
  }

 private:
  struct Layer {
    FloatArray parameters, scratch;
    mote::Network network;
  };
  mote::Topology topology_;
  std::vector<Layer> layers_;
};

/// Integer networks on samples, with the loss of the float network.
class IntegerCheck {
 public:
  IntegerCheck(const Export& what, const IntegerNetworkMemory& memory) : what_(what), memory_(memory), layers_(what) {}

  mote::LossTotals evaluate() const {
    std::vector<std::int8_t> q(what_.topology.inputs);
    std::vector<float> y;
    return evaluate_exported(
        [&](std::size_t i, const float*) {
          mote::quantize(what_.test.subset(i, 1), memory_.model.input, q.data());
          y = outputs_of(what_.topology.layer_count - 1, memory_.network.forward(q.data()));
          return mote::Span<const float>(y.data(), y.size());
        },
        what_.loss, what_.test);
  }

  /// With layer l in integers, and the others in floats.
  mote::LossTotals evaluate_layer(std::size_t l) const {
    const mote::IntegerLayer& layer = memory_.layers[l];
    const mote::Quantization input = l == 0 ? memory_.model.input : memory_.layers[l - 1].output;
    std::vector<std::int8_t> q(layer.inputs), z(layer.outputs);
    std::vector<float> y;
    return evaluate_exported(
        [&](std::size_t i, const float* inputs) {
          if (l == 0) {
            mote::quantize(what_.test.subset(i, 1), input, q.data());
          } else {
            std::vector<float> x(inputs, inputs + what_.topology.inputs);
            for (std::size_t below = 0; below < l; ++below) x = layers_.forward(below, x);
            mote::quantize(x.data(), x.size(), input, q.data());
          }
          mote::integer_product(layer, q.data(), z.data());
          y = layers_.run(l + 1, outputs_of(l, {z.data(), z.size()}));
          return mote::Span<const float>(y.data(), y.size());
        },
        what_.loss, what_.test);
  }

 private:
  /// The numbers that the outputs q of layer l stand for, after a softmax.
  std::vector<float> outputs_of(std::size_t l, mote::Span<const std::int8_t> q) const {
    std::vector<float> y(mote::row_stride(q.size()));
    dequantize(q, memory_.layers[l].output, y.data());
    if (what_.topology.layers[l].activation == mote::Activation::softmax) {
      const std::vector<float> no_biases(y.size());
      mote::add_biases_and_activate(mote::Activation::softmax, 1, q.size(), y.size(), no_biases.data(), y.data());
    }
    y.resize(q.size());
    return y;
  }

  const Export& what_;
  const IntegerNetworkMemory& memory_;
  FloatLayers layers_;
};

std::string text_of(mote::Quantization q) {
  return "{" + number(q.scale) + ", " + number(q.zero) + "}";
}

std::string layers_text(const IntegerNetworkMemory& memory) {
  std::string text = "inline constexpr mote::IntegerLayer kLayers[] = {\n";
  std::size_t weight = 0, output = 0, table = 0;
  for (const mote::IntegerLayer& layer : memory.layers) {
    text += format("    {%u, %u, kWeights + %zu, kBiases + %zu, kMultipliers + %zu, kShifts + %zu, ", layer.inputs,
                   layer.outputs, weight, output, output, output);
    text += (layer.table == nullptr ? "nullptr" : format("kTables + %zu", table)) + ",\n     " + number(layer.least) +
            ", " + number(layer.most) + ", " + text_of(layer.z) + ", " + text_of(layer.output) + "},\n";
    weight += std::size_t{layer.inputs} * layer.outputs;
    output += layer.outputs;
    if (layer.table != nullptr) table += 256;
  }
  return text + "};\n";
}

std::string header_source(const std::string& name, const Export& what, IntegerNetworkMemory& memory) {
  const mote::Inputs& test = what.test;
  std::vector<std::int8_t> inputs(test.features), tables;
  mote::quantize(what.test.subset(0, 1), memory.model.input, inputs.data());
  const mote::Span<const std::int8_t> answer = memory.network.forward(inputs.data());
  for (const mote::IntegerLayer& layer : memory.layers) {
    if (layer.table != nullptr) tables.insert(tables.end(), layer.table, layer.table + 256);
  }
  std::string softmax;
  if (what.topology.output_activation() == mote::Activation::softmax) {
    std::vector<std::uint16_t> exponentials(256);
    mote::make_exponentials(memory.model.output().scale, span(exponentials));
    softmax = "// For mote::softmax(), if probabilities are wanted.\n" +
              array("std::uint16_t", "kExponentials", exponentials);
  }
  return header_start({"mote/integer_network.hpp", "mote/topology.hpp"}, what.comment) + "namespace " + name +
         " {\n\ninline constexpr mote::Topology kTopology" + topology_text(what.topology) +
         ";\n// Of all layers, each [outputs][inputs].\n" + array("std::int8_t", "kWeights", memory.weights) +
         array("std::int32_t", "kBiases", memory.biases) + array("std::int32_t", "kMultipliers", memory.multipliers) +
         array("std::int8_t", "kShifts", memory.shifts) +
         (tables.empty() ? "" : array("std::int8_t", "kTables", tables)) + layers_text(memory) +
         "inline constexpr mote::IntegerModel kModel{kLayers, " + text_of(memory.model.input) + "};\n" + softmax +
         transformation_arrays(test, "give quantize() a sample as ") +
         "\n// The first test sample, quantized, and its outputs, for mote::verify().\n" +
         array("std::int8_t", "kGoldenInputs", inputs) +
         array("std::int8_t", "kGoldenOutputs", std::vector<std::int8_t>(answer.begin(), answer.end())) +
         format("inline constexpr mote::IntegerGolden kGolden{kGoldenInputs, kGoldenOutputs, 0x%08" PRIx32 "};\n",
                mote::checksum(memory.model)) +
         "\n}  // namespace " + name + "\n";
}

}  // namespace

Exported write_integer_header(AtomicFile& file, const Export& what) {
  IntegerNetworkMemory memory(what);
  file.write(header_source(identifier_of(file.path()), what, memory));
  file.commit();
  const IntegerCheck check(what, memory);
  Exported exported = summarize(
      file.path(), format("%zu bytes of integer weights and their biases", memory.bytes()), what, check.evaluate(),
      " in integers; --calibration " +
          std::string(what.calibration == mote::Calibration::extremes ? "least-squares" : "extremes") +
          (what.scale_per == mote::ScalePer::layer ? ", --scale-per output" : "") +
          " or --export-weights int8 may lose less");
  for (std::size_t l = 0; l < what.topology.layer_count; ++l) {
    const mote::LossTotals totals = check.evaluate_layer(l);
    exported.details += (l == 0 ? "" : "\n") + format("  only layer %zu in integers: test loss ", l + 1) +
                        loss_text(totals.mean_loss());
    if (what.test.labels != nullptr) {
      exported.details += format(", test accuracy %.4f (%u/%u)", static_cast<double>(totals.accuracy()), totals.correct,
                                 totals.samples);
    }
  }
  return exported;
}

}  // namespace tools
