// SPDX-License-Identifier: MIT
// Inference, one sample at a time, of a trained network whose weights stay in flash, as floats or smaller. What
// `tools/train --export-header` writes, and what it takes in RAM is two rows of activations:
//
//   #include "model.hpp"
//   static mote::Storage<mote::flash_network_bytes(model::kTopology)> scratch;
//   mote::FlashNetwork network;
//   if (!network.bind(model::kModel, scratch).ok() || !verify(network, model::kGolden).ok()) halt();
//   const std::size_t digit = mote::argmax(network.forward(pixels, 1.0f / 255.0f));
#pragma once

#include <cstddef>
#include <cstdint>

#include "mote/detail/flash_product.hpp"
#include "mote/memory.hpp"
#include "mote/network.hpp"  // argmax
#include "mote/topology.hpp"

namespace mote {

/// What the weights of a FlashModel are; their sizes in bytes are 4, 2 and 1.
enum class WeightFormat : std::uint8_t { float32, float16, int8 };

/// Weights of all layers without padding.
constexpr std::size_t flash_weight_count(const Topology& topology) {
  std::size_t count = 0;
  for (std::size_t l = 0; l < topology.layer_count; ++l) count += topology.inputs_of(l) * topology.outputs_of(l);
  return count;
}
/// Floats of all biases, and of all factors: flash_stride() for every layer.
constexpr std::size_t flash_row_count(const Topology& topology) {
  std::size_t count = 0;
  for (std::size_t l = 0; l < topology.layer_count; ++l) count += flash_stride(topology.outputs_of(l));
  return count;
}

inline namespace MOTE_LAYOUT {
/// A trained network, all of it constant. A view: what it points to must outlive it. Constructors check it, for a
/// constexpr model at compile time.
struct FlashModel {
  Topology topology;
  WeightFormat format = WeightFormat::float32;
  const void* weights = nullptr;  ///< layer by layer, [inputs_of(l)][outputs_of(l)]
  std::size_t weight_count = 0;
  Span<const float> biases;   ///< layer by layer, [flash_stride(outputs_of(l))], padded with 0
  Span<const float> factors;  ///< int8: what each column of weights is to be multiplied by, laid out as the biases
  FlashProduct product = nullptr;
  /// ok; what check(topology) finds; batch_norm_not_folded; model_size_mismatch when there are not exactly as many
  /// weights, biases or factors as the topology says.
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
        checked(check_parts()) {}

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

/// Bytes of scratch memory of a FlashNetwork.
constexpr std::size_t flash_network_bytes(const Topology& topology) {
  return 2 * flash_stride(topology.max_outputs()) * sizeof(float);
}

class FlashNetwork {
 public:
  /// Refuses models that are not model.checked, and checks the memory (at least flash_network_bytes(model.topology));
  /// both must outlive this. layers: how many of the first are computed, 0 for all.
  Result bind(const FlashModel& model, Memory scratch, std::size_t layers = 0);
  Result bind(FlashModel&& model, Memory scratch, std::size_t layers = 0) = delete;  // it would not outlive this

  /// Activations of the last layer computed, a view of the scratch memory that is good until the next call.
  Span<const float> forward(const float* inputs) const;
  /// The same for inputs of bytes, each standing for byte * scale: Dataset::scale in training.
  Span<const float> forward(const std::uint8_t* inputs, float scale) const;

  const FlashModel& model() const { return *model_; }

 private:
  Span<const float> run(const FlashInputs& first) const;

  const FlashModel* model_ = nullptr;
  std::size_t layers_ = 0;
  float* rows_[2] = {};
};

/// What a model is known to answer.
struct Golden {
  const std::uint8_t* inputs;
  float scale;
  const float* outputs;
  bool fused;              ///< the arithmetic that computed them; the same gives the same bits
  std::uint32_t checksum;  ///< of the model
};

/// CRC-32 of all weights, then biases, then factors, as little-endian numbers without padding.
std::uint32_t checksum(const FlashModel& model);

/// For start-up: ok; model_damaged when the model has another checksum; golden_mismatch (found: the first such output)
/// when outputs differ from the golden ones, at all or, in the other class of arithmetic, by more than 2^-12 of 1 +
/// |y|.
Result verify(const FlashNetwork& network, const Golden& golden);

/// Writes the weights and biases of `parameters`, laid out as topology.hpp says, as a FlashModel wants them.
/// model_size_mismatch unless each span has exactly the room. float32: weight_out_of_range (found: index of the weight)
/// for what is not finite. float16 rounds to nearest, ties to even: weight_out_of_range
/// (found: index of the weight) for what is not finite or rounds to 65,520 or more. int8: factors are the largest
/// magnitude of each column / 127; weights that are not finite: weight_out_of_range.
Result make_flash_weights(const Topology& topology, Span<const float> parameters, Span<float> weights,
                          Span<float> biases);
Result make_flash_weights(const Topology& topology, Span<const float> parameters, Span<Half> weights,
                          Span<float> biases);
Result make_flash_weights(const Topology& topology, Span<const float> parameters, Span<std::int8_t> weights,
                          Span<float> biases, Span<float> factors);

}  // namespace mote
