// SPDX-License-Identifier: MIT
// Inference from flash, one sample at a time: the weights of a trained network stay in flash, as floats, half floats or
// bytes; RAM holds two rows of activations. `tools/train --export-header` writes the model:
//
//   #include "model.hpp"
//   static mote::Storage<mote::flash_network_bytes(model::kTopology)> scratch;
//   mote::FlashNetwork network;
//   if (!network.bind(model::kModel, scratch).ok() || !verify(network, model::kGolden).ok()) halt();
//   const std::size_t digit = mote::argmax(network.forward(pixels, 1.0f / 255.0f));
//
// Samples of other types are Inputs: network.forward(mote::Inputs(readings, 1, 3, 1.0f / 16384.0f)) takes three int16.
#ifndef MOTE_FLASH_NETWORK_HPP
#define MOTE_FLASH_NETWORK_HPP

#include <cstddef>
#include <cstdint>

#include "mote/detail/activation.hpp"
#include "mote/detail/flash_product.hpp"
#include "mote/inputs.hpp"
#include "mote/memory.hpp"
#include "mote/network.hpp"  // argmax
#include "mote/topology.hpp"

namespace mote {

/// Type of the weights of a FlashModel: 4, 2 and 1 bytes.
enum class WeightFormat : std::uint8_t { float32, float16, int8 };
constexpr std::size_t size_of(WeightFormat format) {
  return format == WeightFormat::float32 ? 4 : format == WeightFormat::float16 ? 2 : 1;
}

/// Number of weights of all layers, without padding.
constexpr std::size_t flash_weight_count(const Topology& topology) {
  std::size_t count = 0;
  for (std::size_t l = 0; l < topology.layer_count; ++l) count += topology.inputs_of(l) * topology.outputs_of(l);
  return count;
}
/// Number of floats of the biases, and of the factors: flash_stride() of every layer.
constexpr std::size_t flash_row_count(const Topology& topology) {
  std::size_t count = 0;
  for (std::size_t l = 0; l < topology.layer_count; ++l) count += flash_stride(topology.outputs_of(l));
  return count;
}

inline namespace MOTE_LAYOUT {
/// View of a constant trained network; its arrays must outlive it. Constructors check it (constexpr: at compile time).
struct FlashModel {
  Topology topology;
  WeightFormat format = WeightFormat::float32;
  const void* weights = nullptr;  ///< layer by layer, [inputs_of(l)][outputs_of(l)]
  std::size_t weight_count = 0;
  Span<const float> biases;   ///< layer by layer, [flash_stride(outputs_of(l))], padded with 0
  Span<const float> factors;  ///< int8: factor of each column of weights, laid out as the biases
  FlashProduct product = nullptr;
  detail::ActivateFunction activations[kMaxLayers] = {};  ///< of each layer: a program links only those
  /// ok, an error of check(topology), batch_norm_not_folded, or model_size_mismatch for a wrong size of an array.
  Result checked = Status::no_layers;

  constexpr FlashModel() = default;
  constexpr FlashModel(const Topology& t, Span<const float> w, Span<const float> b)
      : FlashModel(t, WeightFormat::float32, w.data(), w.size(), b, {}, flash_product_float32) {}
  constexpr FlashModel(const Topology& t, Span<const Half> w, Span<const float> b)
      : FlashModel(t, WeightFormat::float16, w.data(), w.size(), b, {}, flash_product_float16) {}
  constexpr FlashModel(const Topology& t, Span<const std::int8_t> w, Span<const float> b, Span<const float> f)
      : FlashModel(t, WeightFormat::int8, w.data(), w.size(), b, f, flash_product_int8) {}

 private:
  constexpr FlashModel(const Topology& t, WeightFormat kind, const void* w, std::size_t count, Span<const float> b,
                       Span<const float> f, FlashProduct compute)
      : topology(t),
        format(kind),
        weights(w),
        weight_count(count),
        biases(b),
        factors(f),
        product(compute),
        checked(check_parts()) {
    for (std::size_t l = 0; l < t.layer_count; ++l) activations[l] = detail::activate_function(t.layers[l].activation);
  }

  constexpr Result check_parts() const {
    if (const Result result = check(topology); !result.ok()) return result;
    if (topology.all_scale_floats() != 0) return Status::batch_norm_not_folded;
    const std::size_t wanted = flash_weight_count(topology), rows = flash_row_count(topology);
    if (weight_count != wanted) return {Status::model_size_mismatch, weight_count, wanted};
    if (biases.size() != rows) return {Status::model_size_mismatch, biases.size(), rows};
    const std::size_t factor_rows = format == WeightFormat::int8 ? rows : 0;
    if (factors.size() != factor_rows) return {Status::model_size_mismatch, factors.size(), factor_rows};
    return Status::ok;
  }
};
}  // namespace MOTE_LAYOUT

namespace detail {
/// Floats of the row that layers `parity`, `parity` + 2, ... of the first `layers` write.
constexpr std::size_t flash_row(const Topology& topology, std::size_t layers, std::size_t parity) {
  std::size_t most = 0;
  for (std::size_t l = parity; l < layers; l += 2) most = topology.outputs_of(l) > most ? topology.outputs_of(l) : most;
  return flash_stride(most);
}
}  // namespace detail

/// Bytes of scratch memory of a FlashNetwork that runs the first `layers` layers: two rows, which layers write in turn.
constexpr std::size_t flash_network_bytes(const Topology& topology, std::size_t layers) {
  return (detail::flash_row(topology, layers, 0) + detail::flash_row(topology, layers, 1)) * sizeof(float);
}
constexpr std::size_t flash_network_bytes(const Topology& topology) {
  return flash_network_bytes(topology, topology.layer_count);
}

/// A FlashModel ready for inference: one for each thread, with its own scratch memory. Not copyable: a copy would share
/// that memory.
class FlashNetwork {
 public:
  FlashNetwork() = default;
  FlashNetwork(const FlashNetwork&) = delete;
  FlashNetwork& operator=(const FlashNetwork&) = delete;

  /// Binds the network to a model and to scratch memory of at least flash_network_bytes(model.topology). Both must
  /// outlive the network. Errors: model.checked; all of check(scratch).
  Result bind(const FlashModel& model, Memory scratch) { return bind(model, model.topology.layer_count, scratch); }
  Result bind(FlashModel&& model, Memory scratch) = delete;  // a temporary does not outlive the network
  /// Binds only the first `layers` layers, 1 to layer_count; scratch: at least flash_network_bytes(topology, layers).
  Result bind(const FlashModel& model, std::size_t layers, Memory scratch);
  Result bind(FlashModel&& model, std::size_t layers, Memory scratch) = delete;

  /// Returns the activations of the last layer: a view of the scratch memory, valid until the next call. Takes the
  /// first sample of `inputs`, which must have the features of the network; check(inputs) tells whether its scales are
  /// valid. An input that is not finite makes every output NaN, for which argmax() finds no class.
  Span<const float> forward(const Inputs& inputs) const {
    MOTE_ASSERT(model_ != nullptr && inputs.count != 0 && inputs.features == model_->topology.inputs);
    FlashInputs x = first_sample(inputs, read_flash_inputs);
    x.view = &inputs;
    return run(x);
  }
  /// Takes inputs as floats, which must be finite.
  Span<const float> forward(const float* inputs) const { return run({inputs}); }
  /// Takes inputs of bytes; a byte stands for byte * scale. Links less code than forward(Inputs).
  Span<const float> forward(const std::uint8_t* inputs, float scale) const {
    return run({inputs, read_flash_bytes, ElementType::uint8, scale});
  }

  const FlashModel& model() const { return *model_; }

 private:
  friend class FineTuning;
  friend class FlashPass;
  friend class Verification;
  /// The place of an inference between two slices.
  struct Place {
    FlashInputs x;  // of the layer
    std::size_t layer, output;
    const unsigned char* weights;  // of the layer, like those that follow
    const float* biases;
    const float* factors;
  };
  Place begin(const FlashInputs& first) const;
  bool advance(Place& place, std::size_t multiply_adds) const;
  Span<const float> outputs() const;
  Span<const float> run(const FlashInputs& first) const;

  const FlashModel* model_ = nullptr;
  std::size_t layers_ = 0;
  float* rows_[2] = {};
};

/// An inference in slices of bounded time, between which other work is done or a watchdog is fed:
///   mote::FlashPass pass(network, inputs);
///   while (!pass.advance(20000)) feed_watchdog();
///   const std::size_t digit = mote::argmax(pass.outputs());
/// The outputs have the bits of FlashNetwork::forward(). The network must do no other inference meanwhile.
class FlashPass {
 public:
  /// As FlashNetwork::forward(); the elements, and the view's scales, must stay until the end.
  FlashPass(const FlashNetwork& network, const Inputs& inputs)
      : network_(network), inputs_(inputs), place_(network.begin(first_sample(inputs_, read_flash_inputs))) {
    MOTE_ASSERT(inputs.count != 0 && inputs.features == network.model().topology.inputs);
    place_.x.view = &inputs_;
  }
  FlashPass(const FlashNetwork& network, const float* inputs) : network_(network), place_(network.begin({inputs})) {}
  FlashPass(const FlashNetwork& network, const std::uint8_t* inputs, float scale)
      : network_(network), place_(network.begin({inputs, read_flash_bytes, ElementType::uint8, scale})) {}
  FlashPass(const FlashPass&) = delete;
  FlashPass& operator=(const FlashPass&) = delete;

  /// Makes at most `multiply_adds` more multiply-adds, but at least those of one unit, and returns whether all is done.
  bool advance(std::size_t multiply_adds) { return network_.advance(place_, multiply_adds); }
  /// When all is done: as returned by FlashNetwork::forward().
  Span<const float> outputs() const { return network_.outputs(); }

 private:
  const FlashNetwork& network_;
  Inputs inputs_;
  FlashNetwork::Place place_;
};

/// One sample and the outputs of the exporting machine, for verify(). A view: its arrays must outlive it.
struct Golden {
  Inputs inputs;  ///< features 0: the number of bytes that the network takes
  const float* outputs;
  bool fused;              ///< arithmetic class of the machine that computed the outputs
  std::uint32_t checksum;  ///< checksum() of the model

  constexpr Golden(const Inputs& sample, const float* outputs_of_it, bool is_fused, std::uint32_t model_checksum)
      : Golden(sample, outputs_of_it, is_fused, model_checksum, read_flash_inputs) {}
  /// Bytes; a byte stands for byte * scale. A program with no other Golden links no other reader.
  constexpr Golden(const std::uint8_t* bytes, float scale, const float* outputs_of_it, bool is_fused,
                   std::uint32_t model_checksum)
      : Golden(Inputs(bytes, 1, 0, scale), outputs_of_it, is_fused, model_checksum, read_flash_bytes) {}

 private:
  friend class Verification;
  constexpr Golden(const Inputs& sample, const float* outputs_of_it, bool is_fused, std::uint32_t model_checksum,
                   FlashInputs::Read read)
      : inputs(sample),
        outputs(outputs_of_it),
        fused(is_fused),
        checksum(model_checksum),
        first_(first_sample(sample, read)) {}

  FlashInputs first_;  // its view is null: only Verification knows where this object lies
};

/// CRC-32 of all weights, then biases, then factors, as little-endian numbers without padding.
std::uint32_t checksum(const FlashModel& model);

/// verify() in slices:
///   mote::Verification verification(network, model::kGolden);
///   while (!verification.advance(20000)) feed_watchdog();
///   if (!verification.result().ok()) halt();
class Verification {
 public:
  Verification(const FlashNetwork& network, const Golden& golden);
  Verification(const Verification&) = delete;
  Verification& operator=(const Verification&) = delete;

  /// Reads at most `work` more weights, or makes so many multiply-adds but at least those of one unit. Returns whether
  /// all is done.
  bool advance(std::size_t work);
  /// The result of verify(), when all is done.
  const Result& result() const { return result_; }

 private:
  const FlashNetwork& network_;
  const Golden& golden_;
  FlashNetwork::Place place_;
  std::size_t weight_ = 0;  // weights that were read
  std::uint32_t crc_ = 0;
  Result result_;
};

/// Checks the model at start-up. Errors: model_damaged for another checksum; golden_mismatch (found: index of the
/// output) for an output that differs from the golden y; in the other arithmetic class by more than 2^-12 (1 + |y|).
Result verify(const FlashNetwork& network, const Golden& golden);

/// Rounds a float to the nearest half float, ties to even. Returns false for NaN and magnitudes from 65,520 on.
bool to_half(float x, Half& half);

/// Converts parameters, laid out as in topology.hpp, to the weights and biases of a FlashModel. Half floats are rounded
/// to nearest, ties to even. Bytes are rounded to nearest, ties away from 0, with the largest magnitude of the column /
/// 127 as factor. Errors: all of check(topology); batch_norm_not_folded; model_size_mismatch for a span that is not
/// of exactly the size needed; weight_out_of_range (found: index of the weight) for a weight that is not finite, or
/// whose magnitude is at least 65,520, where half floats end.
Result make_flash_weights(const Topology& topology, Span<const float> parameters, Span<float> weights,
                          Span<float> biases);
Result make_flash_weights(const Topology& topology, Span<const float> parameters, Span<Half> weights,
                          Span<float> biases);
Result make_flash_weights(const Topology& topology, Span<const float> parameters, Span<std::int8_t> weights,
                          Span<float> biases, Span<float> factors);

}  // namespace mote

#endif  // MOTE_FLASH_NETWORK_HPP
