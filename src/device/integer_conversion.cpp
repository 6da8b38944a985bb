// SPDX-License-Identifier: MIT
#include "mote/integer_conversion.hpp"

#include "../core/arithmetic.hpp"
#include "mote/detail/activation.hpp"
#include "mote/detail/finite.hpp"
#include "mote/detail/vector_math.hpp"
#include "mote/flash_network.hpp"

namespace mote {
namespace {

constexpr std::size_t kExponentials = 256;

template <typename T>
Result check_arrays(const Topology& topology, const BasicIntegerArrays<T>& arrays) {
  const std::size_t layers = topology.layer_count, outputs = integer_output_count(topology);
  const std::size_t sizes[][2] = {
      {arrays.layers.size(), layers},  {arrays.weights.size(), flash_weight_count(topology)},
      {arrays.biases.size(), outputs}, {arrays.multipliers.size(), outputs},
      {arrays.shifts.size(), outputs}, {arrays.tables.size(), BasicIntegerLayer<T>::kTable * layers}};
  for (const auto& size : sizes) {
    if (size[0] != size[1]) return {Status::model_size_mismatch, size[0], size[1]};
  }
  return Status::ok;
}

std::int32_t rounded(double x) {
  constexpr double kMost = 2147483647.0;
  const double limited = x > kMost ? kMost : x < -kMost ? -kMost : x;
  return static_cast<std::int32_t>(limited < 0.0 ? limited - 0.5 : limited + 0.5);
}

/// Of a range with 0, so that 0 is exact. most: largest magnitude of an int16.
template <typename T>
Quantization quantization_of(const Range& range, std::int16_t most) {
  if (sizeof(T) == 2) {
    const float scale = (range.most > -range.least ? range.most : -range.least) / static_cast<float>(most);
    return {scale > 0.0f ? scale : 1.0f, 0, most};
  }
  const float scale = (range.most - range.least) / 255.0f;
  if (!(scale > 0.0f)) return {};
  const std::int32_t zero = rounded(-128.0 - static_cast<double>(range.least) / static_cast<double>(scale));
  return {scale, static_cast<std::int8_t>(zero < -128 ? -128 : zero > 127 ? 127 : zero)};
}

/// factor = multiplier / 2^31 2^shift; 0 for factors below 2^-32. factor: >= 0, finite.
void split(double factor, std::int32_t& multiplier, std::int8_t& shift) {
  multiplier = 0;
  shift = 0;
  if (factor < 0x1p-32) return;
  std::int32_t exponent = 0;
  for (; factor >= 1.0 && exponent < 30; ++exponent) factor *= 0.5;
  for (; factor < 0.5; --exponent) factor *= 2.0;
  multiplier = rounded(factor * 0x1p31);  // 2^31 - 1 where it rounds to 1
  shift = static_cast<std::int8_t>(exponent);
}

bool has_table(Activation activation) {
  return activation != Activation::identity && activation != Activation::relu && activation != Activation::softmax;
}

/// Fills `table` with the activation of the numbers that the whole range of T stands for, and returns what its entries
/// stand for. most: largest magnitude of an int16 entry.
template <typename T>
Quantization fill_table(Activation activation, Quantization from, std::int16_t most, T* table) {
  constexpr std::size_t kTable = BasicIntegerLayer<T>::kTable;
  constexpr std::int32_t kStep = sizeof(T) == 1 ? 1 : 256;
  alignas(kAlignment) static constexpr float kNoBiases[row_stride(kTable)] = {};
  float y[row_stride(kTable)] = {};
  for (std::size_t i = 0; i < kTable; ++i) {
    y[i] = static_cast<float>((static_cast<std::int32_t>(i) - 128) * kStep - from.zero) * from.scale;
  }
  add_biases_and_activate(activation, 1, kTable, row_stride(kTable), kNoBiases, y);
  Quantization to;
  if (sizeof(T) == 1 && activation == Activation::sigmoid) {
    to = {0x1p-8f, -128};  // TFLite's, like the next
  } else if (sizeof(T) == 1 && activation == Activation::tanh) {
    to = {0x1p-7f, 0};
  } else {
    Range range;
    range.widen({y, kTable});
    to = quantization_of<T>(range, most);
  }
  quantize(y, kTable, to, table);
  return to;
}

/// The range of pre-activations in which the activation changes: beyond, sigmoid and tanh of int16 differ from their
/// limits by less than half a step.
template <typename T>
Range range_of(Activation activation, Range range) {
  constexpr float kEnd = 12.0f;
  if (activation == Activation::relu) range.least = 0.0f;
  if (sizeof(T) == 1 || (activation != Activation::sigmoid && activation != Activation::tanh)) return range;
  return {range.least < -kEnd ? -kEnd : range.least, range.most > kEnd ? kEnd : range.most};
}

/// A layer's place in the parameters and the arrays.
template <typename T>
struct Conversion {
  const float* weights;  // [inputs][stride]
  std::size_t stride;
  const float* biases;
  BasicIntegerLayer<T>& layer;
  std::int8_t* bytes;  // [outputs][inputs]
  std::int32_t* sums;  // biases, then multipliers and shifts: [outputs]
  std::int32_t* multipliers;
  std::int8_t* shifts;

  double largest(std::size_t first, std::size_t end) const {
    double most = 0.0;
    for (std::size_t k = 0; k < layer.inputs; ++k) {
      for (std::size_t j = first; j < end; ++j) {
        const auto w = static_cast<double>(weights[k * stride + j]);
        most = (w < 0.0 ? -w : w) > most ? (w < 0.0 ? -w : w) : most;
      }
    }
    return most;
  }

  /// Output j, whose weights have at most this magnitude.
  void convert(std::size_t j, double most, Quantization from, Quantization to) const {
    constexpr double kMostBias = 0x1p30 - 1.0;  // a large bias makes the steps of its weights coarse
    const double bias = biases[j] < 0.0f ? -static_cast<double>(biases[j]) : static_cast<double>(biases[j]);
    const double for_bias = bias / kMostBias / static_cast<double>(from.scale);
    double scale = most / 127.0 > for_bias ? most / 127.0 : for_bias;
    if (!(scale > 0.0)) scale = 1.0;
    std::int32_t sum = 0;
    for (std::size_t k = 0; k < layer.inputs; ++k) {
      const std::int32_t byte = rounded(static_cast<double>(weights[k * stride + j]) / scale);
      bytes[j * layer.inputs + k] = static_cast<std::int8_t>(byte);
      sum += byte;
    }
    const double unit = static_cast<double>(from.scale) * scale;
    sums[j] = rounded(static_cast<double>(biases[j]) / unit - static_cast<double>(from.zero) * sum);
    split(unit / static_cast<double>(to.scale), multipliers[j], shifts[j]);
  }
};

}  // namespace

template <typename T>
Result make_integer_model(const Topology& topology, Span<const float> parameters, Span<const Range> ranges,
                          ScalePer per, const BasicIntegerArrays<T>& arrays, BasicIntegerModel<T>& model) {
  if (const Result result = detail::check_conversion(topology, parameters, ranges.size()); !result.ok()) return result;
  if (const Result result = check_arrays(topology, arrays); !result.ok()) return result;
  if (per > ScalePer::output) return detail::unknown(per);
  constexpr std::int16_t kMost = 32767;
  Quantization from = quantization_of<T>(ranges[0], largest_int16(topology.inputs));
  model.input = from;
  std::size_t weight = 0, output = 0;
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    const std::size_t inputs = topology.inputs_of(l), outputs = topology.outputs_of(l), stride = topology.stride_of(l);
    const Activation activation = topology.layers[l].activation;
    const Span<const float> weights = parameters.subspan(topology.weights_offset(l), topology.weight_floats(l));
    const Span<const float> biases = parameters.subspan(topology.biases_offset(l), stride);
    const Range range = range_of<T>(activation, ranges[l + 1]);
    const bool are_good =
        detail::all_finite(weights) && detail::all_finite(biases) && detail::is_finite(range.most - range.least);
    if (!are_good) return {Status::weight_out_of_range, l};
    const std::int16_t most = l + 1 == topology.layer_count ? kMost : largest_int16(outputs);
    const Quantization to = quantization_of<T>(range, has_table(activation) ? kMost : most);
    BasicIntegerLayer<T>& layer = arrays.layers[l] = {};
    layer.inputs = static_cast<std::uint32_t>(inputs);
    layer.outputs = static_cast<std::uint32_t>(outputs);
    layer.z = layer.output = to;
    if (sizeof(T) == 2) {
      layer.least = static_cast<T>(-to.most);
      layer.most = static_cast<T>(to.most);
    }
    if (activation == Activation::relu) layer.least = to.zero;
    const Conversion<T> conversion{weights.data(),
                                   stride,
                                   biases.data(),
                                   layer,
                                   arrays.weights.data() + weight,
                                   arrays.biases.data() + output,
                                   arrays.multipliers.data() + output,
                                   arrays.shifts.data() + output};
    layer.weights = conversion.bytes;
    layer.biases = conversion.sums;
    layer.multipliers = conversion.multipliers;
    layer.shifts = conversion.shifts;
    const bool is_shared = per == ScalePer::layer;
    const double of_layer = is_shared ? conversion.largest(0, outputs) : 0.0;
    for (std::size_t j = 0; j < outputs; ++j) {
      conversion.convert(j, is_shared ? of_layer : conversion.largest(j, j + 1), from, to);
    }
    if (has_table(activation)) {
      T* table = arrays.tables.data() + layer.kTable * l;
      layer.table = table;
      layer.output = fill_table(activation, to, most, table);
    }
    from = layer.output;
    weight += inputs * outputs;
    output += outputs;
  }
  model.layers = {arrays.layers.data(), arrays.layers.size()};
  return Status::ok;
}
template Result make_integer_model(const Topology&, Span<const float>, Span<const Range>, ScalePer,
                                   const IntegerArrays&, IntegerModel&);
template Result make_integer_model(const Topology&, Span<const float>, Span<const Range>, ScalePer,
                                   const IntegerArrays16&, IntegerModel16&);

void make_exponentials(float scale, Span<std::uint16_t> exponentials) {
  MOTE_ASSERT(exponentials.size() == kExponentials);
  float e[kExponentials];
  for (std::size_t i = 0; i < kExponentials; ++i) e[i] = -scale * static_cast<float>(i);
  exp(e, e, kExponentials);
  for (std::size_t i = 0; i < kExponentials; ++i) {
    exponentials[i] = static_cast<std::uint16_t>(rounded(static_cast<double>(65535.0f * e[i])));
  }
}

}  // namespace mote
