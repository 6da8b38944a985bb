// SPDX-License-Identifier: MIT
#include "run/integer_header.hpp"

#include <algorithm>
#include <cinttypes>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "common/error.hpp"
#include "common/float_array.hpp"
#include "common/format.hpp"
#include "run/c_source.hpp"
#include "run/cpp_source.hpp"
#include "run/export_check.hpp"

namespace tools {
namespace {

template <typename T>
mote::Span<T> span(std::vector<T>& values) {
  return {values.data(), values.size()};
}

/// An integer model with its memory. T: int8 or int16.
template <typename T>
struct IntegerNetworkMemory {
  std::vector<mote::BasicIntegerLayer<T>> layers;
  std::vector<std::int8_t> weights, shifts;
  std::vector<T> tables, rows;
  std::vector<std::int32_t> biases, multipliers;
  mote::BasicIntegerModel<T> model;
  mote::BasicIntegerNetwork<T> network;

  explicit IntegerNetworkMemory(const Export& what)
      : layers(what.topology.layer_count),
        weights(mote::flash_weight_count(what.topology)),
        shifts(mote::integer_output_count(what.topology)),
        tables(kTable * layers.size()),
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
    if (!result.ok()) throw Error((what.is_c ? "--export-c: " : "--export-header: ") + describe(result), kExitFailed);
    rows.resize(mote::integer_network_bytes(model.layers) / sizeof(T));
    require(network.bind(model, {reinterpret_cast<unsigned char*>(rows.data()), rows.size() * sizeof(T)}));
  }
  IntegerNetworkMemory(const IntegerNetworkMemory&) = delete;

  static constexpr std::size_t kTable = mote::BasicIntegerLayer<T>::kTable;

  static bool is_byte(const mote::Inputs& inputs) {
    return mote::size_of(inputs.type) == 1 && inputs.scales == nullptr;
  }
  /// The inputs of all bytes, so that quantizing only shifts them.
  static mote::Range byte_range(const mote::Inputs& inputs) {
    const float least = inputs.type == mote::ElementType::uint8 ? 0.0f : -128.0f;
    const float a = (least - inputs.offset) * inputs.scale, b = (least + 255.0f - inputs.offset) * inputs.scale;
    if (sizeof(T) == 2) {  // a step for each byte, if there are as many
      const float most = static_cast<float>(mote::largest_int16(inputs.features)) * std::abs(inputs.scale);
      if (most >= std::max(std::abs(a), std::abs(b))) return {-most, most};
    }
    return {std::min(a, b), std::max(a, b)};
  }

  std::size_t bytes() const {
    std::size_t used_tables = 0;
    for (const auto& layer : layers) used_tables += layer.table == nullptr ? 0 : kTable * sizeof(T);
    return weights.size() + shifts.size() + used_tables + (biases.size() + multipliers.size()) * sizeof(std::int32_t);
  }
};

template <typename T>
void dequantize(mote::Span<const T> q, mote::Quantization from, float* x) {
  for (std::size_t j = 0; j < q.size(); ++j) x[j] = mote::dequantize(q[j], from);
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

  /// Outputs of the last of layers [first, end) for the outputs x of the layer before.
  std::vector<float> run(std::size_t first, std::size_t end, std::vector<float> x) const {
    for (std::size_t l = first; l < end; ++l) {
      const mote::Span<const float> y = layers_[l].network.forward(x.data(), 1).row(0);
      x.assign(y.begin(), y.end());
    }
    return x;
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
template <typename T>
class IntegerCheck {
 public:
  IntegerCheck(const Export& what, const IntegerNetworkMemory<T>& memory)
      : what_(what), memory_(memory), layers_(what) {}

  mote::LossTotals evaluate() const {
    std::vector<T> q(what_.topology.inputs);
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
    const mote::BasicIntegerLayer<T>& layer = memory_.layers[l];
    const mote::Quantization input = l == 0 ? memory_.model.input : memory_.layers[l - 1].output;
    std::vector<T> q(layer.inputs), z(layer.outputs);
    std::vector<float> y;
    return evaluate_exported(
        [&](std::size_t i, const float* inputs) {
          if (l == 0) {
            mote::quantize(what_.test.subset(i, 1), input, q.data());
          } else {
            const std::vector<float> x = layers_.run(0, l, {inputs, inputs + what_.topology.inputs});
            mote::quantize(x.data(), x.size(), input, q.data());
          }
          mote::integer_product(layer, q.data(), z.data());
          y = layers_.run(l + 1, memory_.layers.size(), outputs_of(l, {z.data(), z.size()}));
          return mote::Span<const float>(y.data(), y.size());
        },
        what_.loss, what_.test);
  }

 private:
  /// The numbers that the outputs q of layer l stand for, after a softmax.
  std::vector<float> outputs_of(std::size_t l, mote::Span<const T> q) const {
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
  const IntegerNetworkMemory<T>& memory_;
  FloatLayers layers_;
};

/// The names of types that the header has.
template <typename T>
constexpr const char* kInteger = sizeof(T) == 1 ? "std::int8_t" : "std::int16_t";
template <typename T>
std::string suffixed(const std::string& type) {
  return sizeof(T) == 1 ? type : type + "16";
}

template <typename T>
std::string text_of(mote::Quantization q) {
  return "{" + number(q.scale) + ", " + number(q.zero) + (sizeof(T) == 1 ? "" : ", " + number(q.most)) + "}";
}

template <typename T>
std::string layers_text(const IntegerNetworkMemory<T>& memory) {
  std::string text = "inline constexpr " + suffixed<T>("mote::IntegerLayer") + " kLayers[] = {\n";
  std::size_t weight = 0, output = 0, table = 0;
  for (const mote::BasicIntegerLayer<T>& layer : memory.layers) {
    text += format("    {%u, %u, kWeights + %zu, kBiases + %zu, kMultipliers + %zu, kShifts + %zu, ", layer.inputs,
                   layer.outputs, weight, output, output, output);
    text += (layer.table == nullptr ? "nullptr" : format("kTables + %zu", table)) + ",\n     " + number(layer.least) +
            ", " + number(layer.most) + ", " + text_of<T>(layer.z) + ", " + text_of<T>(layer.output) + "},\n";
    weight += std::size_t{layer.inputs} * layer.outputs;
    output += layer.outputs;
    if (layer.table != nullptr) table += layer.kTable;
  }
  return text + "};\n";
}

template <typename T>
std::string header_source(const std::string& name, const Export& what, IntegerNetworkMemory<T>& memory) {
  const mote::Inputs& test = what.test;
  std::vector<T> inputs(test.features), tables;
  mote::quantize(what.test.subset(0, 1), memory.model.input, inputs.data());
  const mote::Span<const T> answer = memory.network.forward(inputs.data());
  for (const mote::BasicIntegerLayer<T>& layer : memory.layers) {
    if (layer.table != nullptr) tables.insert(tables.end(), layer.table, layer.table + layer.kTable);
  }
  std::string softmax;
  if (sizeof(T) == 1 && what.topology.output_activation() == mote::Activation::softmax) {
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
         (tables.empty() ? "" : array(kInteger<T>, "kTables", tables)) + layers_text(memory) + "inline constexpr " +
         suffixed<T>("mote::IntegerModel") + " kModel{kLayers, " + text_of<T>(memory.model.input) + "};\n" + softmax +
         output_names(what.output_names) +
         "\n// Give quantize() a sample as inputs(sample), and kModel.input. An output q stands for "
         "mote::dequantize(q, "
         "kModel.output())" +
         (what.topology.output_activation() == mote::Activation::softmax ? ",\n// before the softmax.\n" : ".\n") +
         inputs_function(test) + "\n// The first test sample, quantized, and its outputs, for mote::verify().\n" +
         array(kInteger<T>, "kGoldenInputs", inputs) +
         array(kInteger<T>, "kGoldenOutputs", std::vector<T>(answer.begin(), answer.end())) + "inline constexpr " +
         suffixed<T>("mote::IntegerGolden") +
         format(" kGolden{kGoldenInputs, kGoldenOutputs, 0x%08" PRIx32 "};\n", mote::checksum(memory.model)) +
         "\n}  // namespace " + name + "\n";
}

/// Options that may lose less; int8 activations have more of them.
template <typename T>
std::string advice(const Export& what) {
  const std::string calibration = what.calibration == mote::Calibration::extremes ? "least-squares" : "extremes";
  const std::string scales = what.scale_per == mote::ScalePer::layer ? "--scale-per output or " : "";
  if (what.is_c) {
    return " in integers; --calibration " + calibration + ", " + scales +
           "a C++ header with --export-weights integer16 or float16 may lose less";
  }
  return " in integers; " + (sizeof(T) == 1 ? "--calibration " + calibration + ", --export-weights integer16, " : "") +
         scales + "--export-weights float16 may lose less";
}

template <typename T>
Exported write_integers(AtomicFile& file, const Export& what) {
  IntegerNetworkMemory<T> memory(what);
  const std::string name = identifier_of(file.path());
  if constexpr (sizeof(T) == 1) {
    file.write(what.is_c ? c_source(name, what, memory.network) : header_source(name, what, memory));
  } else {
    file.write(header_source(name, what, memory));
  }
  file.commit();
  const IntegerCheck<T> check(what, memory);
  Exported exported = summarize(file.path(), format("%zu bytes of integer weights and their biases", memory.bytes()),
                                what, check.evaluate(), advice<T>(what));
  for (std::size_t l = 0; l < what.topology.layer_count; ++l) {
    exported.details += (l == 0 ? "" : "\n") + format("  only layer %zu in integers: ", l + 1) +
                        result_text(check.evaluate_layer(l), what);
  }
  return exported;
}

}  // namespace

Exported write_integer_header(AtomicFile& file, const Export& what) {
  return what.format == HeaderFormat::integer16 ? write_integers<std::int16_t>(file, what)
                                                : write_integers<std::int8_t>(file, what);
}

}  // namespace tools
